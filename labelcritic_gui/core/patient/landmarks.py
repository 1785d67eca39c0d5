"""The patient's own frame from the CT itself, on a coarse grid: body, lungs, spine, pelvis, build. Layer: core."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Point, Volume
from labelcritic_gui.core.patient.body import (
    COARSE_MM,
    CoarseImage,
    extent,
    find_body,
    has_middle,
    is_cut_sideways,
    median_width,
    room_air,
    thin,
    trunk_of,
)
from labelcritic_gui.core.patient.bones import Bones, find_crest, find_hips, find_rib_ends
from labelcritic_gui.core.patient.build import LUMBAR_HEIGHT, Build, find_build
from labelcritic_gui.core.patient.lungs import Chest, find_chest, find_lungs, is_lung_tissue
from labelcritic_gui.core.patient.spine import SpineLine, find_spine, middles_of

__all__ = [
    "COARSE_MM",
    "LEAST_UNIT",
    "UNIT_MM",
    "Landmarks",
    "find_landmarks",
    "is_cut_sideways",
    "is_lung_tissue",
    "room_air",
]

UNIT_MM = 130.0
"""Usual distance from the iliac crest (L4) to the lowest lung (T12 to L1); used where only one of them is in view."""
LEAST_UNIT = 0.5
"""Least share of the usual distance that a body may have."""
_LUNG_SLICE_CM2 = 3.0
_TRUNK_MM = 200.0


@dataclass(frozen=True, eq=False, slots=True)
class Landmarks:
    """What the image shows of the body; lengths and places in world RAS+ mm.

    Attributes:
        geometry: the coarse grid; `steps` voxels of the image per coarse voxel along x, y, z.
        body: bool on the coarse grid, skin included, table excluded, holes filled.
        body_low: corner of the body's box; `body_high` the opposite one; both None when there is no body.
        slice_z: world z of each coarse slice's centre, rising.
        axis_x: midline at each slice; `axis_y` the spine's centre; both where `axis_seen`, else carried over.
        lung_base_z: lowest lung, or None without lungs; `crest_z` highest iliac bone, or None without pelvis.
        lungs_ml: volume of the lungs in view; `gas_ml` of other air inside the body.
        body_width_mm: median width of the trunk from left to right, without arms beside it.
        bottom_z: lower end of the image; `top_z` upper end.
        cut_sideways: the image shows only part of the body's width.
        clipped: a window has cut off the densities of air and lung, so that no heights are known.
        chest: either lung and its dome; `bones` hip joints and rib ends; `build` the section at mid-lumbar height,
            None where that is not in view.
    """

    geometry: Geometry
    steps: Index3
    body: NDArray[np.bool_] = field(repr=False)
    body_low: Point | None
    body_high: Point | None
    slice_z: NDArray[np.float64] = field(repr=False)
    axis_x: NDArray[np.float64] = field(repr=False)
    axis_y: NDArray[np.float64] = field(repr=False)
    axis_seen: NDArray[np.bool_] = field(repr=False)
    lung_base_z: float | None
    crest_z: float | None
    lungs_ml: float
    body_width_mm: float | None
    bottom_z: float
    top_z: float
    gas_ml: float = 0.0
    cut_sideways: bool = False
    clipped: bool = False
    chest: Chest = field(default_factory=Chest)
    bones: Bones = field(default_factory=Bones)
    build: Build | None = None

    def axis_at(self, z: float) -> tuple[float, float, bool] | None:
        """Return the midline's x and the spine's y at a height, and whether the spine was seen there; None without."""
        if self.body_low is None:
            return None
        seen = self.axis_seen[int(np.argmin(np.abs(self.slice_z - z)))]
        x, y = (float(np.interp(z, self.slice_z, values)) for values in (self.axis_x, self.axis_y))
        return x, y, bool(seen)

    def height_of(self, z: float) -> float | None:
        """Return the anatomical height: 0 at the iliac crest, 1 at the lowest lung, linear beyond; None without both.

        Where only one of the two is in view, the usual distance between them stands in.
        """
        return _height(z, self.crest_z, self.lung_base_z)


def _height(z: float, crest: float | None, base: float | None) -> float | None:
    if crest is None:
        return None if base is None else 1.0 + (z - base) / UNIT_MM
    return (z - crest) / _unit(crest, base)


def _unit(crest: float | None, base: float | None) -> float:
    """Return the millimetres from the iliac crest to the lowest lung; the usual ones unless both are in view."""
    if crest is None or base is None:
        return UNIT_MM
    return min(max(base - crest, LEAST_UNIT * UNIT_MM), 1.8 * UNIT_MM)


def _z_of(height: float, crest: float | None, base: float | None) -> float | None:
    """Return the world z of an anatomical height; None when neither end of the scale is in view."""
    if crest is None:
        return None if base is None else base + (height - 1.0) * UNIT_MM
    return crest + height * _unit(crest, base)


def find_landmarks(ct: Volume) -> Landmarks:
    """Find body, lungs, spine, pelvis and build of a CT (canonical view); works on a grid of about 4 mm."""
    image = thin(ct)
    body = find_body(image)
    cut = is_cut_sideways(body)
    trunk = trunk_of(body, image.geometry.spacing)
    low, high = extent(body, image.geometry)
    lungs, gas_ml = find_lungs(image, body)
    slice_z = image.slice_z
    base = _lung_base(image, lungs)
    width = median_width(trunk, image.geometry.spacing[0])
    clipped = image.clipped
    adult = width is not None and width >= _TRUNK_MM and not clipped  # without lungs ribs look like iliac wings
    spine, crest = _spine_and_crest(image, trunk, base=base, adult=adult, centred=has_middle(body))
    base_z = float(slice_z[base]) if base is not None and _end_in_view(base, body) else None
    crest_z = None if crest is None else float(slice_z[crest])
    axis = image.geometry.to_world(np.column_stack([spine.x, spine.y, np.arange(slice_z.size)]))
    lumbar_z = _z_of(LUMBAR_HEIGHT, crest_z, base_z)
    return Landmarks(
        geometry=image.geometry,
        steps=image.steps,
        body=body,
        body_low=low,
        body_high=high,
        slice_z=slice_z,
        axis_x=axis[:, 0],
        axis_y=axis[:, 1],
        axis_seen=spine.seen,
        lung_base_z=base_z,
        crest_z=crest_z,
        lungs_ml=float(np.count_nonzero(lungs)) * image.geometry.voxel_ml,
        body_width_mm=width,
        bottom_z=float(ct.geometry.corners()[:, 2].min()),
        top_z=float(ct.geometry.corners()[:, 2].max()),
        gas_ml=gas_ml,
        cut_sideways=cut,
        clipped=clipped,
        chest=find_chest(image, lungs, body, spine.x, spine.x if cut else middles_of(trunk)),
        bones=_bones(image, trunk, spine, base=base if base_z is not None else None, crest=crest),
        build=None if cut or lumbar_z is None or low is None else find_build(image, trunk, lumbar_z),
    )


def _spine_and_crest(
    image: CoarseImage, trunk: NDArray[np.bool_], *, base: int | None, adult: bool, centred: bool
) -> tuple[SpineLine, int | None]:
    """Return the spine's line and the slice of the iliac crest.

    Where the trunk is `centred` the crest is found about its middle, and only in an `adult` trunk: bones beside a
    midline may be of a neck. In an image that is cut on one side the spine is found first.
    """
    least = round(LEAST_UNIT * UNIT_MM / image.geometry.spacing[2])  # nearer to the lungs are ribs
    below = trunk.shape[2] if base is None else max(base - least, 0)
    if not centred:
        spine = _or_middle(find_spine(image, trunk, None), trunk)
        # the hips may have drawn it aside, but not beside the ribs
        sure = spine.x if base is None else spine.x[max(base - 2 * least, 0) : base + 1]
        middle = np.full_like(spine.x, np.median(sure))
        crest = None if image.clipped else find_crest(image, trunk, middle, below=below, one_side=True)
        if crest is not None:
            spine = _or_middle(find_spine(image, trunk, middle, crest=crest), trunk)
        return spine, crest
    middle = middles_of(trunk)
    crest = find_crest(image, trunk, middle, below=below, one_side=False) if adult else None
    return _or_middle(find_spine(image, trunk, middle, crest=crest), trunk), crest


def _or_middle(spine: SpineLine, trunk: NDArray[np.bool_]) -> SpineLine:
    """Return the spine's line; where no spine is seen at all, the middle of the trunk and of the image stand in."""
    if spine.seen.any():
        return spine
    across = np.flatnonzero(trunk.any(axis=(1, 2)))
    middle = float(across.mean()) if across.size else 0.5 * (trunk.shape[0] - 1)
    slices = spine.seen.size
    return SpineLine(np.full(slices, middle), np.full(slices, 0.5 * (trunk.shape[1] - 1)), spine.seen)


def _lung_base(image: CoarseImage, lungs: NDArray[np.bool_]) -> int | None:
    """Return the lowest slice with more than a trace of lung; None without lungs."""
    slices = np.flatnonzero(lungs.sum(axis=(0, 1)) * image.pixel_cm2 >= _LUNG_SLICE_CM2)
    return int(slices[0]) if slices.size else None


def _end_in_view(base: int, body: NDArray[np.bool_]) -> bool:
    """Say whether the lungs end above the lowest slice of the body; else they go on below the image."""
    return base > int(np.flatnonzero(body.any(axis=(0, 1)))[0])


def _bones(
    image: CoarseImage, trunk: NDArray[np.bool_], spine: SpineLine, *, base: int | None, crest: int | None
) -> Bones:
    """Return the bones that are found from the lungs and the iliac crest."""
    if not trunk.any():
        return Bones()
    right, left = (None, None) if crest is None else find_hips(image, trunk, float(spine.x[crest]), top=crest)
    ribs = find_rib_ends(image, trunk, (spine.x, spine.y), lung_base=base, crest=crest)
    return Bones(right, left, *ribs)
