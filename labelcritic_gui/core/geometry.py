"""Grids, volumes and masks in patient space. Layer: core.

World coordinates are RAS+ millimetres as in NIfTI. Arrays are indexed [x, y, z] in the closest canonical RAS+ view of
what is stored: axis permutations and flips are views, never copies.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import GeometryMismatchError

Affine = NDArray[np.float64]
Index3 = tuple[int, int, int]
Point = tuple[float, float, float]

SILENT_VOXELS = 0.01
"""Corner deviation, in voxels, below which two grids are the same without a word."""
NOTED_VOXELS = 0.1
"""Corner deviation, in voxels, up to which two grids are accepted and noted; more is refused."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored array becomes canonical: `axes[i]` is the stored axis that becomes canonical axis i; flips after."""

    axes: Index3
    flips: tuple[bool, bool, bool]

    @property
    def is_canonical(self) -> bool:
        """Say whether nothing has to be done."""
        return self.axes == (0, 1, 2) and not any(self.flips)

    def view(self, stored: NDArray[Any]) -> NDArray[Any]:
        """Return the canonical view of a stored array; no copy."""
        turned = stored.transpose(self.axes)
        return turned[tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)]


@dataclass(frozen=True, eq=False, slots=True)
class Geometry:
    """A voxel grid in patient space: shape (x, y, z) and the 4x4 affine from voxel index to RAS+ mm."""

    shape: Index3
    affine: Affine

    @property
    def spacing(self) -> Point:
        """Voxel size along each axis, in mm."""
        x, y, z = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(x), float(y), float(z)

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in millilitres."""
        return float(abs(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    def corners(self) -> NDArray[np.float64]:
        """World positions of the eight corner voxels' centres, shape (8, 3), in mm."""
        ends = np.array(self.shape, dtype=float) - 1.0
        grid = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T * ends
        return self.to_world(grid)

    def to_world(self, index: NDArray[Any]) -> NDArray[np.float64]:
        """Map voxel indices, shape (..., 3), to world mm."""
        world: NDArray[np.float64] = np.asarray(index, dtype=float) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return world

    def to_index(self, world: NDArray[Any]) -> NDArray[np.float64]:
        """Map world mm, shape (..., 3), to fractional voxel indices."""
        inverse = np.linalg.inv(self.affine[:3, :3])
        index: NDArray[np.float64] = (np.asarray(world, dtype=float) - self.affine[:3, 3]) @ inverse.T
        return index

    def orientation(self) -> Orientation:
        """Return how this grid becomes the closest canonical RAS+ grid.

        The direction matrix is brought to its nearest rotation (polar decomposition), then the strongest pairs of
        stored and world axes are matched greedily.
        """
        directions = self.affine[:3, :3] / np.maximum(np.linalg.norm(self.affine[:3, :3], axis=0), 1e-12)
        left, _, right = np.linalg.svd(directions)
        # rounded: at 45 degrees two headers of one grid must not fall to different sides by their last digits
        strength = np.round(np.abs(left @ right), 5)
        signs = left @ right
        axes, flips = [0, 0, 0], [False, False, False]
        for _ in range(3):
            world, stored = (int(i) for i in np.unravel_index(int(np.argmax(strength)), (3, 3)))
            axes[world], flips[world] = stored, bool(signs[world, stored] < 0)
            strength[world, :] = strength[:, stored] = -1.0
        return Orientation((axes[0], axes[1], axes[2]), (flips[0], flips[1], flips[2]))

    def reoriented(self, orientation: Orientation) -> "Geometry":
        """Return the grid of `orientation.view(array)` for an array on this grid."""
        shape = tuple(self.shape[a] for a in orientation.axes)
        step = np.eye(4)
        step[:3, :3] = 0.0
        for canonical, stored in enumerate(orientation.axes):
            flip = orientation.flips[canonical]
            step[stored, canonical] = -1.0 if flip else 1.0
            step[stored, 3] = self.shape[stored] - 1.0 if flip else 0.0
        return Geometry((shape[0], shape[1], shape[2]), self.affine @ step)

    def canonical(self) -> "Geometry":
        """Return the same grid as a canonical RAS+ view has it."""
        return self.reoriented(self.orientation())

    def describe(self) -> str:
        """Say the grid in words: shape, spacing and orientation."""
        size = "x".join(str(n) for n in self.shape)
        spacing = " x ".join(f"{s:.3g}" for s in self.spacing)
        return f"{size} voxels of {spacing} mm ({axis_codes(self.affine)})"


class Fit(StrEnum):
    """How well a label's grid fits an image's: the same, the same within a tenth of a voxel, or not at all."""

    SAME = "same"
    NOTED = "noted"
    REFUSED = "refused"


def corner_deviation(one: Geometry, other: Geometry) -> float:
    """Return how far apart the corners of two grids lie, in voxels of the first; infinite for different shapes."""
    a, b = one.canonical(), other.canonical()
    if a.shape != b.shape:
        return float("inf")
    return float(np.abs(a.to_index(b.corners()) - a.to_index(a.corners())).max())


def fit(image: Geometry, label: Geometry) -> Fit:
    """Say whether a label's grid is the image's, after axis permutations and flips."""
    deviation = corner_deviation(image, label)
    if deviation <= SILENT_VOXELS:
        return Fit.SAME
    return Fit.NOTED if deviation <= NOTED_VOXELS else Fit.REFUSED


def require_fit(image: Geometry, label: Geometry, *, name: str) -> Fit:
    """Return how the label fits; raise GeometryMismatchError naming both grids when it does not."""
    found = fit(image, label)
    if found is Fit.REFUSED:
        raise GeometryMismatchError(
            f"{name} does not lie on its image's grid: {_both_grids(image.canonical(), label.canonical())}.",
            "Use the label made for this image; it is refused, never stretched.",
        )
    return found


def _both_grids(image: Geometry, label: Geometry) -> str:
    """Say what tells two grids apart: their sizes, or, where these are the same, how far they lie from each other."""
    if label.describe() != image.describe():
        return f"the label has {label.describe()}, the image {image.describe()}"
    away = float(np.linalg.norm(label.canonical().corners() - image.canonical().corners(), axis=1).max())
    return f"both have {label.describe()}, but the label lies up to {away:.3g} mm away"


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a label's stored grid fits its image's, and in which words.

    `reoriented` says that axes were permuted or flipped to make it fit; `deviation_voxels` is how far apart the corners
    lie after that, in voxels of the image (infinite for different shapes).
    """

    fit: Fit
    reoriented: bool
    deviation_voxels: float
    sentence: str

    @property
    def note(self) -> str:
        """The sentence, where there is something to note; empty for a label stored as its image is, and refused."""
        return self.sentence if self.fit is Fit.NOTED or (self.reoriented and self.fit is Fit.SAME) else ""


def fitting(image: Geometry, label: Geometry) -> Fitting:
    """Say how a label's grid fits an image's; both as stored in their files, not yet canonical."""
    found, deviation = fit(image, label), corner_deviation(image, label)
    reoriented = image.orientation() != label.orientation()
    if found is Fit.REFUSED:
        return Fitting(found, reoriented, deviation, f"Not on its image's grid: {_both_grids(image, label)}.")
    parts = []
    if reoriented:
        codes = f"{axis_codes(label.affine)} and the image as {axis_codes(image.affine)}"
        parts.append(f"stored as {codes}: its axes were turned, nothing was resampled")
    if found is Fit.NOTED:
        parts.append(f"its corners lie up to {deviation:.2g} voxels off: accepted as they are")
    said = "; ".join(parts) or "stored as the image is"
    return Fitting(found, reoriented, deviation, f"On its image's grid: {said}.")


def oblique_degrees(geometry: Geometry) -> float:
    """Return the largest angle between an axis of the canonical grid and its world axis, in degrees."""
    axes = geometry.canonical().affine[:3, :3]
    cosines = np.diag(axes) / np.linalg.norm(axes, axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines, -1.0, 1.0))).max())


_POSITIVE, _NEGATIVE = "RAS", "LPI"


def axis_codes(affine: Affine) -> str:
    """Return the direction of growing index per axis, such as RAS or LPI."""
    probe = Geometry((2, 2, 2), affine).orientation()
    letters = ["?", "?", "?"]
    for world, stored in enumerate(probe.axes):
        letters[stored] = _NEGATIVE[world] if probe.flips[world] else _POSITIVE[world]
    return "".join(letters)


def world_point(geometry: Geometry, origin: Index3, index: Index3 | NDArray[np.float64]) -> Point:
    """Return the world position in mm of an index of a crop that starts at `origin`."""
    x, y, z = (float(v) for v in geometry.to_world(np.array(origin, dtype=float) + np.array(index, dtype=float)))
    return x, y, z


@dataclass(frozen=True, eq=False, slots=True)
class Volume:
    """A CT in Hounsfield units: `voxels` [x, y, z], a canonical view (any strides), on `geometry` (canonical)."""

    voxels: NDArray[Any]
    geometry: Geometry


@dataclass(frozen=True, eq=False, slots=True)
class Mask:
    """A binary mask as its tight bounding box: `voxels` bool [x, y, z] at index `origin` of the canonical grid.

    An empty mask has voxels of shape (0, 0, 0) at origin (0, 0, 0). The whole grid is never held.
    """

    voxels: NDArray[np.bool_]
    origin: Index3
    geometry: Geometry

    @classmethod
    def from_array(cls, full: NDArray[Any], geometry: Geometry, *, offset: Index3 = (0, 0, 0)) -> "Mask":
        """Crop an array (any dtype; not zero is inside) that starts at `offset` of the canonical grid."""
        inside = full if full.dtype == np.bool_ else full != 0
        spans = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            hits = np.flatnonzero(inside.any(axis=others))
            if hits.size == 0:
                return cls(np.zeros((0, 0, 0), dtype=np.bool_), (0, 0, 0), geometry)
            spans.append((int(hits[0]), int(hits[-1]) + 1))
        crop = inside[tuple(slice(lo, hi) for lo, hi in spans)]
        origin = (spans[0][0] + offset[0], spans[1][0] + offset[1], spans[2][0] + offset[2])
        return cls(np.asfortranarray(crop), origin, geometry)

    @property
    def is_empty(self) -> bool:
        """Say whether no voxel is inside."""
        return self.voxels.size == 0

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The slices of the canonical grid that the bounding box covers."""
        x, y, z = (slice(o, o + n) for o, n in zip(self.origin, self.voxels.shape, strict=True))
        return x, y, z

    @property
    def count(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.voxels))

    @property
    def volume_ml(self) -> float:
        """Volume in millilitres."""
        return self.count * self.geometry.voxel_ml

    def full(self) -> NDArray[np.bool_]:
        """Return the mask on its whole grid, bool [x, y, z] in Fortran order; for writing files only."""
        whole = np.zeros(self.geometry.shape, dtype=np.bool_, order="F")
        whole[self.box] = self.voxels
        return whole

    def within(self, box: tuple[slice, slice, slice]) -> NDArray[np.bool_]:
        """Return the mask on the given box of the grid (slices with start and stop), bool, padded with False."""
        out = np.zeros(tuple(s.stop - s.start for s in box), dtype=np.bool_, order="F")
        mine, theirs = [], []
        for own, want in zip(self.box, box, strict=True):
            lo, hi = max(own.start, want.start), min(own.stop, want.stop)
            if lo >= hi:
                return out
            mine.append(slice(lo - own.start, hi - own.start))
            theirs.append(slice(lo - want.start, hi - want.start))
        out[tuple(theirs)] = self.voxels[tuple(mine)]
        return out


def joint_box(masks: list[Mask], *, margin: int = 0) -> tuple[slice, slice, slice]:
    """Return the smallest box of the grid that holds all masks, grown by `margin` voxels inside the grid."""
    filled = [m for m in masks if not m.is_empty]
    if not filled:
        return slice(0, 0), slice(0, 0), slice(0, 0)
    spans = []
    for axis in range(3):
        low = min(m.box[axis].start for m in filled) - margin
        high = max(m.box[axis].stop for m in filled) + margin
        spans.append(slice(max(low, 0), min(high, filled[0].geometry.shape[axis])))
    return spans[0], spans[1], spans[2]


def content_hash(mask: Mask) -> str:
    """Return the identity of a mask: sha256 over grid and voxels, independent of how the file stored them.

    Hashed are the canonical shape, the canonical affine (float64, rounded to 1e-4), the bounding box and its packed
    bits in Fortran order; a tight box and its bits determine the whole mask.
    """
    digest = hashlib.sha256(_grid_bytes(mask.geometry))
    digest.update(np.array([*mask.origin, *mask.voxels.shape], dtype="<i8").tobytes())
    digest.update(np.packbits(mask.voxels.ravel(order="F")).tobytes())
    return digest.hexdigest()


_HASHED_BYTES = 2**23


def voxel_hash(voxels: NDArray[Any], geometry: Geometry) -> str:
    """Return the identity of an image or a label map: sha256 over grid and voxels, however the file stored them.

    Hashed are the canonical shape and affine as in `content_hash`, then the voxels [x, y, z] of the canonical view in
    Fortran order and little endian, in the type they have (an image: int16 or float32), with -0.0 as 0.0. Worked on in
    blocks of slices: there is never a second copy.
    """
    digest = hashlib.sha256(_grid_bytes(geometry))
    for part in slabs(voxels):
        block = np.array(part, dtype=part.dtype.newbyteorder("<"), order="F")
        if block.dtype.kind == "f":
            block += 0.0
        digest.update(block.ravel(order="F").data)
    return digest.hexdigest()


def slabs(voxels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield views of an array [x, y, z], a few of its slices at a time, some megabytes each."""
    plane = max(1, voxels.shape[0] * voxels.shape[1] * voxels.dtype.itemsize)
    step = max(1, _HASHED_BYTES // plane)
    for first in range(0, voxels.shape[2], step):
        yield voxels[:, :, first : first + step]


def _grid_bytes(geometry: Geometry) -> bytes:
    shape = np.array(geometry.shape, dtype="<i8").tobytes()
    return shape + (np.round(geometry.affine, 4) + 0.0).astype("<f8").tobytes()
