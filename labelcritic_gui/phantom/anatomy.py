"""Build a phantom: a CT of a drawn body and the true masks of its nine structures. Layer: phantom.

Sources of the adult ranges the bodies keep to are given at `ADULT_RANGES`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Affine, Geometry, Mask, Point, Volume
from labelcritic_gui.faults.scene import Scene as KnownScene
from labelcritic_gui.phantom import filler, organs
from labelcritic_gui.phantom.canvas import Slab
from labelcritic_gui.phantom.organs import IDS, PHASES, Densities, Scene
from labelcritic_gui.phantom.person import Person, PhantomSettings, draw_person
from labelcritic_gui.phantom.skeleton import paint_skeleton
from labelcritic_gui.phantom.texture import Lattice, scanner_noise
from labelcritic_gui.phantom.trunk import body_size, build_wall, paint_table, paint_trunk

__all__ = ["ADULT_RANGES", "PAIRS", "Phantom", "PhantomSettings", "make_phantom"]

SLAB_VOXELS = 6_000_000
BOTTOM_MM, TOP_MM = -184.0, 196.0

ADULT_RANGES: dict[str, tuple[float, float]] = {
    "liver": (900.0, 2200.0),
    "spleen": (60.0, 450.0),
    "kidney_left": (90.0, 260.0),
    "kidney_right": (90.0, 260.0),
    "pancreas": (40.0, 150.0),
    "stomach": (60.0, 700.0),
    "gall_bladder": (10.0, 80.0),
    "aorta": (30.0, 150.0),
    "postcava": (25.0, 130.0),
}
"""Volumes in ml of adults. Spleen: Prassopoulos et al., Eur Radiol 1997 (CT, mean 215 ml, 107-315); pancreas: Saisho et
al., Clin Anat 2007 (CT, adults about 70-75 ml with wide spread); liver and kidneys: usual CT volumetry of adults (about
1,500 and 150-200 ml); the vessels' and the stomach's ranges are those of abdominal segments in CT data sets."""


PAIRS = {"kidney_left": "kidney_right", "kidney_right": "kidney_left"}
"""Which structure is which one's other side."""


@dataclass(frozen=True, eq=False, slots=True)
class Phantom:
    """A CT with its truth. `masks` holds the structures that are there; `absent` names those that were removed.

    `ghosts` holds, for removed structures, the mask where they would lie: what a model hallucinates.
    """

    volume: Volume
    masks: dict[str, Mask]
    absent: tuple[str, ...]
    settings: PhantomSettings
    ghosts: dict[str, Mask]

    @property
    def scene(self) -> KnownScene:
        """The phantom as a case in which errors can be planted."""
        return KnownScene(self.volume, self.masks, PAIRS)


def make_phantom(settings: PhantomSettings) -> Phantom:
    """Return the phantom of the settings; the same settings give the same voxels.

    Raises UserError when the grid or the field of view cannot show every structure.
    """
    person = draw_person(settings)
    geometry, start = _grid(settings, person)
    nx, ny, nz = settings.shape
    hu = np.empty((nz, ny, nx), dtype=np.int16)
    label = np.zeros((nz, ny, nx), dtype=np.uint8)
    ghost = np.zeros((nz, ny, nx), dtype=np.uint8) if person.absent else label[:0]
    for slab, rows in _slabs(geometry, start, person, label=label, ghost=ghost):
        _paint(slab, person, settings)
        noise = scanner_noise(
            np.random.default_rng([settings.seed, 5, rows.start]), shape=slab.hu.shape, deviation=settings.noise_hu
        )
        noise += slab.hu
        np.clip(np.rint(noise, out=noise), -1024, 3071, out=noise)
        hu[rows] = noise
    masks = _cut_out(label, hu, geometry)
    lost = sorted(set(IDS) - set(masks) - set(person.absent))
    if lost:
        raise UserError(
            f"The field of view or the grid of {geometry.describe()} shows no {lost[0]}.",
            "Use a finer grid, or a field of view that holds the abdomen.",
        )
    ghosts = {name: _mask(ghost == IDS[name], geometry) for name in person.absent}
    return Phantom(Volume(hu.transpose(2, 1, 0), geometry), masks, person.absent, settings, ghosts)


def _grid(settings: PhantomSettings, person: Person) -> tuple[Geometry, Point]:
    """Return the grid (canonical RAS+) and where its first voxel lies in the body's own frame, in mm."""
    rng = np.random.default_rng([settings.seed, 3])
    nx, ny, nz = settings.shape
    half, back, front = body_size(person)
    if settings.extent_mm is None:
        step = max((2 * half * person.scale[0] + 24) / nx, ((back + front) * person.scale[1] + 46) / ny)
        spacing = (step, step, (TOP_MM - BOTTOM_MM) * person.scale[2] / nz)
    else:
        wide, deep, high = settings.extent_mm
        spacing = (wide / nx, deep / ny, high / nz)
    middle = (0.0, (front - back) / 2 * person.scale[1] - 9.0, (TOP_MM + BOTTOM_MM) / 2 * person.scale[2])
    start = [m - (n - 1) / 2 * s for m, n, s in zip(middle, settings.shape, spacing, strict=True)]
    affine: Affine = np.diag([*spacing, 1.0])
    # Scanners count from the table's and the gantry's marks, not from the body.
    affine[:3, 3] = np.round(start + rng.uniform([-8, -160, -900], [8, -120, -300]), 2)
    return Geometry(settings.shape, affine), (start[0], start[1], start[2])


def _slabs(
    geometry: Geometry, start: Point, person: Person, *, label: NDArray[np.uint8], ghost: NDArray[np.uint8]
) -> Iterator[tuple[Slab, slice]]:
    """Yield the grid in slabs of whole slices, with coordinates and texture, ready to be painted."""
    nx, ny, nz = geometry.shape
    sx, sy, sz = geometry.spacing
    axis_x, axis_y, axis_z = (
        (o + np.arange(n) * s).astype(np.float32)
        for o, n, s in zip(start, geometry.shape, geometry.spacing, strict=True)
    )
    cos, sin = np.float32(np.cos(person.roll)), np.float32(np.sin(person.roll))
    x = (axis_x[None, :] * cos - axis_y[:, None] * sin) / np.float32(person.scale[0])
    y = (axis_x[None, :] * sin + axis_y[:, None] * cos) / np.float32(person.scale[1])
    z = axis_z / np.float32(person.scale[2])
    grain = Lattice(person.rng("grain"), step=3.2)
    cloud = Lattice(person.rng("cloud"), step=7.5)
    depth = max(SLAB_VOXELS // (nx * ny), 1)
    for first in range(0, nz, depth):
        rows = slice(first, min(first + depth, nz))
        textures = [t.sample(x=axis_x, y=axis_y, z=axis_z[rows]) for t in (grain, cloud)]
        yield (
            Slab(
                x=x.astype(np.float32),
                y=y.astype(np.float32),
                z=z[rows],
                pixel=float((sx * sy * sz) ** (1 / 3)),
                hu=np.full((rows.stop - first, ny, nx), -1000.0, dtype=np.float32),
                label=label[rows],
                ghost=ghost[rows] if ghost.size else ghost,
                grain=textures[0],
                cloud=textures[1],
            ),
            rows,
        )


def _paint(slab: Slab, person: Person, settings: PhantomSettings) -> None:
    """Lay the tissues over one another, from the wall inwards and from soft to hard; what comes later presses in."""
    densities = _own_densities(PHASES[settings.phase], person)
    wall = build_wall(slab, person)
    scene = Scene(slab, wall, person, densities)
    paint_trunk(slab, wall, person, muscle_hu=densities.muscle)
    if settings.table:
        paint_table(slab, back_y=-body_size(person)[1])
    filler.paint_mesentery(scene)
    filler.paint_small_bowel(scene)
    filler.paint_colon(scene)
    filler.paint_bladder(scene)
    organs.paint_liver(scene)
    organs.paint_stomach(scene)
    filler.paint_duodenum(scene)
    organs.paint_pancreas(scene)
    organs.paint_spleen(scene)
    for side in (1.0, -1.0):
        organs.paint_kidney(scene, side=side)
    organs.paint_gall_bladder(scene)
    filler.paint_muscles(scene)
    paint_skeleton(slab, person)
    filler.paint_vessels(scene)
    organs.paint_aorta(scene)
    filler.paint_liver_vessels(scene)
    organs.paint_postcava(scene)
    filler.paint_chest(scene)


def _own_densities(usual: Densities, person: Person) -> Densities:
    """This person's densities: the usual ones, each off by a few percent, all enhanced a little more or less."""
    rng = person.rng("densities")
    whole = rng.normal(1.0, 0.04)
    return Densities(**{name: getattr(usual, name) * whole * rng.normal(1.0, 0.02) for name in Densities.__slots__})


def _mask(full: NDArray[np.bool_], geometry: Geometry) -> Mask:
    """Crop a [z, y, x] array to a mask on the [x, y, z] grid."""
    return Mask.from_array(full.transpose(2, 1, 0), geometry)


def _cut_out(label: NDArray[np.uint8], hu: NDArray[np.int16], geometry: Geometry) -> dict[str, Mask]:
    """Return each structure's largest piece; slivers that neighbours cut off become fat in the CT."""
    from scipy import ndimage

    boxes = ndimage.find_objects(label, max_label=len(IDS))
    masks = {}
    for name, number in IDS.items():
        box = boxes[number - 1]
        if not box:
            continue
        inside = label[box] == number
        pieces, count = ndimage.label(inside)
        if count > 1:
            sizes = np.bincount(pieces.ravel())
            keep = pieces == 1 + int(np.argmax(sizes[1:]))
            hu[box][inside & ~keep] = -95
            label[box][inside & ~keep] = 0
            inside = keep
        offset = (box[2].start, box[1].start, box[0].start)
        masks[name] = Mask.from_array(inside.transpose(2, 1, 0), geometry, offset=offset)
    return masks
