"""Dice, components and the shape of a boundary. Layer: core.

Voxel arrays are bool [x, y, z] crops; sizes are in voxels unless a name says mm or ml.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Index3, Mask, Point

Voxels = NDArray[np.bool_]
FACES = ("L", "R", "P", "A", "I", "S")
"""The faces of a canonical grid: low and high end of x, y, z."""


GAS_HU = -300
"""Below this is air, gas or lung."""
THIN_MM = 2.0
"""Grid, about, on which shapes and densities are judged: finer ones say the same, slower."""


def thinning(spacing: Point) -> Index3:
    """Return how many voxels along each axis make about `THIN_MM`; 1 where the grid is coarser."""
    x, y, z = (max(1, round(THIN_MM / s)) for s in spacing)
    return x, y, z


def thinned(array: NDArray[Any], steps: Index3) -> NDArray[Any]:
    """Return every n-th voxel along each axis, as a copy in Fortran order."""
    return np.asfortranarray(array[:: steps[0], :: steps[1], :: steps[2]])


def overlap(a: Mask, b: Mask) -> int:
    """Return the number of voxels inside both masks, which lie on the same grid."""
    mine, theirs = [], []
    for one, other in zip(a.box, b.box, strict=True):
        low, high = max(one.start, other.start), min(one.stop, other.stop)
        if low >= high:
            return 0
        mine.append(slice(low - one.start, high - one.start))
        theirs.append(slice(low - other.start, high - other.start))
    return int(np.count_nonzero(a.voxels[tuple(mine)] & b.voxels[tuple(theirs)]))


def dice(a: Mask, b: Mask) -> float:
    """Return the 3-D Dice of two masks on the same grid, exact; two empty masks have 1."""
    total = a.count + b.count
    return 2.0 * overlap(a, b) / total if total else 1.0


def components(voxels: Voxels) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the 26-connected parts: an array of part numbers from 1, and the size of each part (see also `runs`)."""
    from scipy import ndimage

    found = np.zeros(voxels.shape[::-1], dtype=np.int32)  # transposed, so that Fortran order is walked in memory order
    count = ndimage.label(voxels.T, structure=np.ones((3, 3, 3)), output=found)
    sizes = np.bincount(found.ravel(), minlength=int(count) + 1)[1:]
    return found.T, sizes.astype(np.int64)


def middle_of(region: NDArray[Any]) -> Index3:
    """Return the voxel of a region (not empty) that is closest to its centre of mass, as an index of the array."""
    points = np.argwhere(region)
    nearest = points[int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    return int(nearest[0]), int(nearest[1]), int(nearest[2])


def largest_part(region: Voxels) -> tuple[Voxels, int, Index3]:
    """Return the largest 26-connected part of a region, its size and its middle; size 0 for an empty region."""
    numbers, sizes = components(region)
    if not sizes.size:
        return region, 0, (0, 0, 0)
    part = numbers == 1 + int(np.argmax(sizes))
    return part, int(sizes.max()), middle_of(part)


def surface(voxels: Voxels) -> Voxels:
    """Return the voxels that have at least one of six neighbours outside; the crop's outside counts as outside."""
    inner = np.zeros_like(voxels)
    core = voxels[1:-1, 1:-1, 1:-1].copy()
    for axis in range(3):
        for shift in (slice(None, -2), slice(2, None)):
            window = [slice(1, -1)] * 3
            window[axis] = shift
            core &= voxels[tuple(window)]
    inner[1:-1, 1:-1, 1:-1] = core
    return voxels & ~inner


def faces_touched(mask: Mask) -> tuple[str, ...]:
    """Return the faces of the grid that a mask reaches, letters of L R P A I S."""
    if mask.is_empty:
        return ()
    reached = []
    for axis, (span, size) in enumerate(zip(mask.box, mask.geometry.shape, strict=True)):
        reached += [FACES[2 * axis]] * (span.start == 0) + [FACES[2 * axis + 1]] * (span.stop == size)
    return tuple(reached)


def flat_face(voxels: Voxels, touched: tuple[str, ...]) -> tuple[float, Index3, str]:
    """Return the largest planar end: its share of the largest cross-section, its middle (crop index), its facing.

    The share that an end has in excess of the plane before it is what counts: a rounded pole shrinks over several
    planes, a cut ends in one. Faces on the image border (`touched`) are not counted.
    """
    best: tuple[float, Index3, str] = (0.0, (0, 0, 0), "")
    for axis in range(3):
        planes = np.moveaxis(voxels, axis, 0)
        widest = max(int(np.count_nonzero(plane)) for plane in planes)
        for facing in (0, 1):
            letter = FACES[2 * axis + facing]
            share, at = _flattest(planes if facing else planes[::-1], widest, open_end=letter not in touched)
            if share > best[0]:
                index = at if facing else len(planes) - 1 - at
                best = (share, _plane_middle(voxels, axis, index, 1 if facing else -1), letter)
    return best


def _flattest(planes: NDArray[np.bool_], widest: int, *, open_end: bool) -> tuple[float, int]:
    """Return the largest excess share that ends between a plane and the next one, and that plane's index."""
    ending = np.array([np.count_nonzero(planes[k] & ~planes[k + 1]) for k in range(len(planes) - 1)], dtype=float)
    last = float(np.count_nonzero(planes[-1])) if open_end else 0.0
    ending = np.append(ending, last)
    before = np.concatenate(([0.0], np.maximum(ending[:-1], np.concatenate(([0.0], ending[:-2])))))
    excess = (ending - before) / widest
    at = int(np.argmax(excess))
    return max(float(excess[at]), 0.0), at


def _plane_middle(voxels: Voxels, axis: int, index: int, toward: int) -> Index3:
    plane = np.take(voxels, index, axis=axis)
    beyond = index + toward
    if 0 <= beyond < voxels.shape[axis]:
        plane = plane & ~np.take(voxels, beyond, axis=axis)
    at = [int(v) for v in middle_of(plane[:, :, None])[:2]]
    at.insert(axis, index)
    return at[0], at[1], at[2]


def face_count(voxels: Voxels) -> int:
    """Return the number of voxel faces between inside and outside; the crop's border counts as outside."""
    total = 0
    for axis in range(3):
        planes = np.moveaxis(voxels, axis, 0)
        total += int(np.count_nonzero(planes[1:] ^ planes[:-1]))
        total += int(np.count_nonzero(planes[0])) + int(np.count_nonzero(planes[-1]))
    return total


def face_area(voxels: Voxels, spacing: Point) -> float:
    """Return the area in mm2 of the faces between inside and outside; the crop's border counts as outside."""
    area = 0.0
    for axis in range(3):
        planes = np.moveaxis(voxels, axis, 0)
        faces = np.count_nonzero(planes[1:] ^ planes[:-1])
        faces += np.count_nonzero(planes[:1]) + np.count_nonzero(planes[-1:])
        area += float(faces) * spacing[(axis + 1) % 3] * spacing[(axis + 2) % 3]
    return area


def compactness(voxels: Voxels, spacing: Point) -> float:
    """Return the volume over that of a cube with the same surface of voxel faces, 0..1; 0 for an empty mask."""
    area = face_area(voxels, spacing)
    volume = float(np.count_nonzero(voxels)) * spacing[0] * spacing[1] * spacing[2]
    return volume / (area / 6.0) ** 1.5 if area else 0.0


def roughness(voxels: Voxels) -> float | None:
    """Return the surface over that of the mask at half resolution: about 1 when smooth, more when ragged.

    None for masks too small to halve (fewer than 64 voxels remain).
    """
    even = voxels[tuple(slice(0, n - n % 2) for n in voxels.shape)]
    count = np.zeros(tuple(n // 2 for n in even.shape), dtype=np.uint8, order="F")
    for corner in np.ndindex(2, 2, 2):
        count += even[corner[0] :: 2, corner[1] :: 2, corner[2] :: 2]
    half = count >= 4
    if np.count_nonzero(half) < 64:
        return None
    return face_count(voxels) / (4.0 * face_count(half))


def eroded(voxels: Voxels) -> Voxels:
    """Return the voxels whose six neighbours are all inside."""
    return voxels & ~surface(voxels)


def dilated(voxels: Voxels) -> Voxels:
    """Return the mask grown by one voxel along each axis, inside the crop."""
    grown = voxels.copy()
    for axis in range(3):
        mine, source = np.moveaxis(grown, axis, 0), np.moveaxis(voxels, axis, 0)
        mine[1:] |= source[:-1]
        mine[:-1] |= source[1:]
    return grown


def opened(voxels: Voxels) -> Voxels:
    """Return what is thicker than a shell: eroded, then grown back within the mask."""
    return dilated(eroded(voxels)) & voxels


def boundary_contrast(hu: NDArray[Any], own: Voxels, rival: Voxels, *, noise: float) -> float | None:
    """Return the mean HU step over `noise` across `own`'s boundary where `rival` has none nearby; None without such.

    Steps are taken over three voxels (from one inside to one beyond the boundary), so that partial volume is bridged.
    """
    total, faces = 0.0, 0
    for axis in range(3):
        values, mine, theirs = (np.moveaxis(array, axis, 0) for array in (hu, own, rival))
        if len(mine) < 4:
            continue
        around = theirs[:-3].astype(np.uint8) + theirs[1:-2] + theirs[2:-1] + theirs[3:]
        here = (mine[1:-2] ^ mine[2:-1]) & ((around == 0) | (around == 4))
        at = np.nonzero(here)
        step = values[3:][at].astype(np.float32) - values[:-3][at].astype(np.float32)
        total += float(np.abs(step).sum())
        faces += int(step.size)
    return total / faces - noise if faces else None


def gas_filled(hu: NDArray[Any], inside: Voxels) -> NDArray[Any]:
    """Return the densities with gas as dense as the rest, where a region holds both (3 to 80 % gas): bowel and stomach.

    The gas in a lumen is no boundary; a region that is mostly air (a lung) stays as it is.
    """
    gas = hu < GAS_HU
    share = np.count_nonzero(gas & inside) / max(int(np.count_nonzero(inside)), 1)
    if not 0.03 <= share <= 0.8:
        return hu
    return np.where(gas, np.median(hu[inside & ~gas]), hu)


def inner_steps(hu: NDArray[Any], inside: Voxels) -> float:
    """Return the mean HU step over three voxels within a region: its noise and texture; 0 when it is too small."""
    total, count = 0.0, 0
    for axis in range(3):
        values, here = np.moveaxis(hu, axis, 0), np.moveaxis(inside, axis, 0)
        if len(here) < 4:
            continue
        whole = here[:-3] & here[1:-2] & here[2:-1] & here[3:]
        at = np.nonzero(whole)
        step = values[3:][at].astype(np.float32) - values[:-3][at].astype(np.float32)
        total += float(np.abs(step).sum())
        count += int(step.size)
    return total / count if count else 0.0
