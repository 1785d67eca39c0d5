"""Phantoms whose bones lie where the generator put them, and the ways a scanner may show them; for landmarks' tests."""

from collections.abc import Callable

import numpy as np

from labelcritic_gui.core.geometry import Geometry, Point, Volume
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, _grid, make_phantom
from labelcritic_gui.phantom.person import draw_person

CREST, RIB_ENDS, DOME_RIGHT, DOME_LEFT, HIP = -40.0, 65.0, 164.0, 150.0, (90.0, 8.0, -206.0)
"""Where the generator puts them in its own frame, in mm: z of the crest, of the ribs' ends behind and beside the spine,
of the domes; the right femoral head (the left one is its mirror)."""
LUMBAR = (-65.0, 110.0)
"""From L5 to T12 in the generator's own frame."""


class KnownBody:
    """A phantom and the world places of its anatomy."""

    def __init__(self, settings: PhantomSettings) -> None:
        self.phantom: Phantom = make_phantom(settings)
        self.ct: Volume = self.phantom.volume
        self.person = draw_person(settings)
        grid, start = _grid(settings, self.person)
        self.offset = grid.affine[:3, 3] - np.array(start)
        self._found: dict[str, Landmarks] = {}

    def landmarks(self, way: str = "as it is") -> Landmarks:
        """Return the landmarks of the body shown in one of the `WAYS`; each is looked for once."""
        if way not in self._found:
            self._found[way] = find_landmarks(WAYS[way](self))
        return self._found[way]

    def world(self, place: Point) -> np.ndarray:
        """Return the world position in mm of a place in the generator's own frame."""
        x, y, z = (p * s for p, s in zip(place, self.person.scale, strict=True))
        cos, sin = np.cos(self.person.roll), np.sin(self.person.roll)
        return np.array([x * cos + y * sin, y * cos - x * sin, z]) + self.offset

    def own_height(self, z: float) -> float:
        """Return the generator's own z of a world z."""
        return float((z - self.offset[2]) / self.person.scale[2])

    def spine_at(self, z: float) -> np.ndarray:
        """Return the middle of the vertebral bodies at a world height, in world mm."""
        height = self.own_height(z)
        return self.world((*self.person.spine_at(height), height))


def changed(ct: Volume, voxels: np.ndarray, first: tuple[int, int, int] = (0, 0, 0), step: Point = (1, 1, 1)) -> Volume:
    """Return other voxels on a grid that begins at index `first` of the image's, with voxels `step` times as large."""
    affine = ct.geometry.affine.copy()
    affine[:3, 3] = ct.geometry.to_world(np.array(first, dtype=float))
    affine[:3, :3] = affine[:3, :3] * np.array(step, dtype=float)
    return Volume(voxels, Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), affine))


def with_arms(ct: Volume) -> Volume:
    """Return the scan with an arm pressed to either side of the body: skin, fat, muscle, and a bone in each."""
    step, shape = ct.geometry.spacing, ct.voxels.shape
    wide = int(100.0 / step[0])
    voxels = np.pad(ct.voxels, ((wide, wide), (0, 0), (0, 0)), constant_values=-1000)
    inside = np.argwhere((ct.voxels > -300).any(axis=2) & (np.arange(shape[1]) > 0.2 * shape[1])[None])
    low, high = (inside[:, 0].min() + wide) * step[0], (inside[:, 0].max() + wide) * step[0]
    x, y = np.arange(voxels.shape[0])[:, None] * step[0], np.arange(shape[1])[None, :] * step[1]
    for centre in (low - 38.0, high + 38.0):
        radius = np.hypot(x - centre, y - 0.5 * shape[1] * step[1])
        for within, hu, over in ((42.0, -90, -300), (36.0, 55, -80), (11.0, 900, 3000)):
            part = voxels[radius < within]
            voxels[radius < within] = np.where(part <= over, hu, part)
    return changed(ct, voxels, (-wide, 0, 0))


def on_table(ct: Volume) -> Volume:
    """Return the scan with a flat table of two shells under it, wider than the body."""
    voxels = np.pad(ct.voxels, ((0, 0), (16, 0), (0, 0)), constant_values=-1000)
    voxels[3:-3, 3:5], voxels[3:-3, 8:9] = 180, 60
    return changed(ct, voxels, (0, -16, 0))


def with_metal(ct: Volume, place: np.ndarray) -> Volume:
    """Return the scan with a block of metal at a world place, and bright and dark streaks beside it."""
    x, y, z = (round(i) for i in ct.geometry.to_index(place))
    voxels = ct.voxels.astype(np.int32)
    voxels[:, y - 1 : y + 1, z - 1 : z + 1] -= 500
    voxels[:, y - 1 : y + 1, z + 2 : z + 4] += 600
    voxels[x - 2 : x + 3, y - 4 : y + 3, z - 6 : z + 6] = 3071
    return changed(ct, np.clip(voxels, -1024, 3071).astype(np.int16))


def noisy(ct: Volume) -> Volume:
    """Return the scan as float with noise of 60 HU more."""
    noise = np.random.default_rng(0).normal(0.0, 60.0, ct.voxels.shape)
    return changed(ct, (ct.voxels + noise).astype(np.float32))


def padded(ct: Volume, value: int) -> Volume:
    """Return the scan within a rim of padding."""
    return changed(ct, np.pad(ct.voxels, ((6, 6), (8, 8), (4, 4)), constant_values=value), (-6, -8, -4))


def coarser(ct: Volume, mm: Point) -> Volume:
    """Return every n-th voxel, so that they are about `mm` apart."""
    step = [max(1, round(want / have)) for want, have in zip(mm, ct.geometry.spacing, strict=True)]
    return changed(ct, ct.voxels[:: step[0], :: step[1], :: step[2]], step=(step[0], step[1], step[2]))


def cut(ct: Volume, axis: int, low: float, high: float) -> Volume:
    """Return the part between two shares of the image along an axis."""
    size = ct.voxels.shape[axis]
    first, last = round(low * size), round(high * size)
    spans = [slice(None)] * 3
    spans[axis] = slice(first, last)
    at = [0, 0, 0]
    at[axis] = first
    return changed(ct, ct.voxels[tuple(spans)], (at[0], at[1], at[2]))


WAYS: dict[str, Callable[[KnownBody], Volume]] = {
    "as it is": lambda body: body.ct,
    "arms": lambda body: with_arms(body.ct),
    "table": lambda body: on_table(body.ct),
    "metal": lambda body: with_metal(body.ct, body.spine_at(body.offset[2] + 30.0)),
    "noise": lambda body: noisy(body.ct),
    "5 mm slices": lambda body: coarser(body.ct, (0.0, 0.0, 5.0)),
    "8 mm voxels": lambda body: coarser(body.ct, (8.0, 8.0, 8.0)),
    "padding -1024": lambda body: padded(body.ct, -1024),
    "padding -2000": lambda body: padded(body.ct, -2000),
    "padding -3024": lambda body: padded(body.ct, -3024),
    "clipped": lambda body: changed(body.ct, np.clip(body.ct.voxels, -200, 1000)),
    "both sides cut": lambda body: cut(body.ct, 0, 0.2, 0.8),
    "right side cut": lambda body: cut(body.ct, 0, 0.0, 0.65),
    "left side cut": lambda body: cut(body.ct, 0, 0.35, 1.0),
    "lower half": lambda body: cut(body.ct, 2, 0.0, 0.55),
    "middle": lambda body: cut(body.ct, 2, 0.25, 0.8),
    "upper half": lambda body: cut(body.ct, 2, 0.5, 1.0),
}
"""Ways to show a body that leave its landmarks where they are."""
