"""A mask's neighbourhood as an array in mm: blobs, rods, removals and jitter made on it. Layer: phantom."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Geometry, Index3, Mask, Point, Volume
from labelcritic_gui.phantom.anatomy import Phantom
from labelcritic_gui.phantom.texture import Lattice

SMALL_PATCH = 600_000
"""Voxels up to which exact distances are affordable; larger masks are thick enough for a blurred surface."""

Bits = NDArray[np.bool_]
Field = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Patch:
    """Part of a grid around a mask: `inside` bool [x, y, z] from index `origin`."""

    inside: Bits
    origin: Index3
    geometry: Geometry

    @property
    def box(self) -> tuple[slice, slice, slice]:
        """The slices of the whole grid that the patch covers."""
        x, y, z = (slice(o, o + n) for o, n in zip(self.origin, self.inside.shape, strict=True))
        return x, y, z

    def mask(self, voxels: Bits) -> Mask:
        """Make a mask of an array on the patch."""
        return Mask.from_array(voxels, self.geometry, offset=self.origin)

    def world(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Map patch indices (..., 3) to world mm."""
        return self.geometry.to_world(index + np.array(self.origin))

    def points(self) -> NDArray[np.float64]:
        """World points of all voxels inside, shape (n, 3), in index order."""
        return self.world(np.argwhere(self.inside))

    def nearest(self, target: Point) -> Point:
        """Return the inside voxel nearest to a world point, in world mm."""
        points = self.points()
        x, y, z = points[int(np.argmin(np.linalg.norm(points - np.asarray(target), axis=1)))]
        return float(x), float(y), float(z)

    def distance(self, centre: NDArray[np.float64] | Point) -> Field:
        """Distance of every voxel from a world point, in mm."""
        spots = self.geometry.to_index(np.asarray(centre)) - np.array(self.origin)
        total: Field = np.zeros(self.inside.shape, dtype=np.float32)
        for axis, (n, spot, step) in enumerate(zip(self.inside.shape, spots, self.geometry.spacing, strict=True)):
            ruler = (((np.arange(n) - spot) * step) ** 2).astype(np.float32)
            total += ruler.reshape([-1 if a == axis else 1 for a in range(3)])
        return np.sqrt(total)

    def depth(self) -> Field:
        """Depth of every voxel under the mask's surface, in mm; 0 outside."""
        from scipy import ndimage

        return np.asarray(ndimage.distance_transform_edt(self.inside, sampling=self.geometry.spacing), dtype=np.float32)

    def signed_depth(self) -> Field:
        """Depth under the surface in mm, negative outside; the surface lies between the voxels."""
        from scipy import ndimage

        spacing = self.geometry.spacing
        outside = np.asarray(ndimage.distance_transform_edt(~self.inside, sampling=spacing), dtype=np.float32)
        half = np.float32(0.5 * min(spacing))
        return np.where(self.inside, self.depth() - half, half - outside)

    def dilated(self, voxels: Bits) -> Bits:
        """Grow an array by one voxel in every direction."""
        from scipy import ndimage

        return np.asarray(ndimage.binary_dilation(voxels, np.ones((3, 3, 3), dtype=np.bool_)))

    def core(self, voxels: Bits) -> Bits:
        """Strip one voxel off an array, so that thin sheets such as the couch vanish."""
        from scipy import ndimage

        return np.asarray(ndimage.binary_erosion(voxels, np.ones((3, 3, 3), dtype=np.bool_)))

    def softened(self, sigma: float) -> Field:
        """The mask as a soft field 0..1, blurred over `sigma` voxels; its surface is at one half."""
        from scipy import ndimage

        return np.asarray(ndimage.gaussian_filter(self.inside.astype(np.float32), sigma, truncate=3.0))

    def ripples(self, rng: np.random.Generator, *, wave: float) -> Field:
        """A smooth random field on the patch, mean 0, deviation 1, bumps about `wave` mm wide."""
        lattice = Lattice(rng, step=wave)
        x, y, z = (
            ((o + np.arange(n)) * s % 300.0).astype(np.float32)
            for o, n, s in zip(self.origin, self.inside.shape, self.geometry.spacing, strict=True)
        )
        return lattice.sample(x=x, y=y, z=z).transpose(2, 1, 0)


def patch_of(mask: Mask, *, margin_mm: float) -> Patch:
    """Return the patch around a mask, `margin_mm` wider than its box where the grid allows."""
    spans = []
    for span, n, step in zip(mask.box, mask.geometry.shape, mask.geometry.spacing, strict=True):
        margin = int(np.ceil(margin_mm / step))
        spans.append(slice(max(span.start - margin, 0), min(span.stop + margin, n)))
    box = (spans[0], spans[1], spans[2])
    return Patch(mask.within(box), (box[0].start, box[1].start, box[2].start), mask.geometry)


def volume_radius(mask: Mask) -> float:
    """Radius in mm of the ball with the mask's volume."""
    return float((3000.0 * mask.volume_ml / (4.0 * np.pi)) ** (1.0 / 3.0))


def centroid(mask: Mask) -> Point:
    """World point in the middle of a mask."""
    x, y, z = mask.geometry.to_world(np.argwhere(mask.voxels).mean(axis=0) + np.array(mask.origin))
    return float(x), float(y), float(z)


def place_of_change(before: Mask, after: Mask) -> Point | None:
    """World point of a voxel that differs, near the middle of all that differ; None when none does."""
    index = []
    for one, other in ((before, after), (after, before)):
        if not one.is_empty:
            index.append(np.argwhere(one.voxels & ~other.within(one.box)) + np.array(one.origin))
    rows = np.concatenate(index) if index else np.zeros((0, 3), dtype=np.int64)
    if len(rows) == 0:
        return None
    points = before.geometry.to_world(rows)
    x, y, z = points[int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    return float(x), float(y), float(z)


def neighbour_of(mask: Mask, phantom: Phantom, *, similar: float = np.inf) -> tuple[str, Point]:
    """Return the name of the true structure nearest to a mask that is not its own, and its point nearest to it.

    `similar` is the greatest ratio of volumes allowed, either way.
    """
    middle = np.asarray(centroid(mask))
    best: tuple[float, str, Point] | None = None
    for name, other in phantom.masks.items():
        if other.is_empty or np.count_nonzero(other.within(mask.box) & mask.voxels) > 0.4 * min(
            mask.count, other.count
        ):
            continue
        if not 1 / similar <= other.count / mask.count <= similar:
            continue
        rows = np.argwhere(other.voxels)
        points = other.geometry.to_world(rows[:: max(len(rows) // 3000, 1)] + np.array(other.origin))
        gaps = np.linalg.norm(points - middle, axis=1)
        point = points[int(np.argmin(gaps))]
        if best is None or gaps.min() < best[0]:
            best = (float(gaps.min()), name, (float(point[0]), float(point[1]), float(point[2])))
    if best is None and np.isfinite(similar):
        return neighbour_of(mask, phantom)
    if best is None:
        return "other tissue", (float(middle[0]) + 30.0, float(middle[1]), float(middle[2]))
    return best[1], best[2]


def blob(patch: Patch, rng: np.random.Generator, *, centre: NDArray[np.float64] | Point, radius: float) -> Bits:
    """A lump of about `radius` mm around a world point, its surface uneven."""
    uneven = patch.ripples(rng, wave=max(radius * 0.9, 4.0)) * np.float32(0.16 * radius)
    return np.asarray(patch.distance(centre) + uneven < radius)


def rod(patch: Patch, *, start: NDArray[np.float64] | Point, end: NDArray[np.float64] | Point, radius: float) -> Bits:
    """All voxels of the patch within `radius` mm of the line between two world points."""
    steps = max(int(np.linalg.norm(np.subtract(end, start)) / (radius * 0.5)), 1)
    inside = np.zeros_like(patch.inside)
    for t in np.linspace(0.0, 1.0, steps + 1):
        inside |= patch.distance(np.asarray(start) * (1 - t) + np.asarray(end) * t) < radius
    return inside


def fraction_removed(patch: Patch, order: NDArray[np.float64], share: float) -> Mask:
    """Take away the `share` of the inside voxels that come first in `order` (one number per inside voxel)."""
    limit = np.partition(order, int(share * (len(order) - 1)))[int(share * (len(order) - 1))]
    after = np.zeros_like(patch.inside)
    after[patch.inside] = order > limit
    return patch.mask(after)


def moved(mask: Mask, steps: Index3) -> Mask:
    """Move a mask by whole voxels; what leaves the grid is lost."""
    kept, origin = [], []
    for start, step, size, n in zip(mask.origin, steps, mask.voxels.shape, mask.geometry.shape, strict=True):
        low, high = max(-(start + step), 0), min(size, n - start - step)
        kept.append(slice(low, max(high, low)))
        origin.append(max(start + step, 0))
    return Mask.from_array(mask.voxels[tuple(kept)], mask.geometry, offset=(origin[0], origin[1], origin[2]))


def mirrored(mask: Mask) -> Mask:
    """Mirror a mask at the middle of the grid's first axis, where a phantom's body has its middle."""
    x, y, z = mask.origin
    turned = np.asfortranarray(mask.voxels[::-1])
    return Mask(turned, (mask.geometry.shape[0] - x - mask.voxels.shape[0], y, z), mask.geometry)


def outside_point(mask: Mask, volume: Volume) -> tuple[Point, Point]:
    """Return a world point inside the mask and the skin beside it, on the mask's own side of the body."""
    rows = np.argwhere(mask.voxels) + np.array(mask.origin)
    sign = 1 if rows[:, 0].mean() >= (mask.geometry.shape[0] - 1) / 2 else -1
    start = rows[int(np.argmax(rows[:, 0] * sign))]
    ray = volume.voxels[:, start[1], start[2]] > -300
    tissue = np.flatnonzero(ray)
    skin = np.array([tissue.max() if sign > 0 else tissue.min(), start[1], start[2]])
    if skin[0] == start[0]:
        skin[0] += sign
    a, b = mask.geometry.to_world(np.stack([start, skin]))
    return (float(a[0]), float(a[1]), float(a[2])), (float(b[0]), float(b[1]), float(b[2]))


def jitter(mask: Mask, rng: np.random.Generator, *, goal: float) -> Mask:
    """Move the boundary smoothly in and out until the Dice coefficient with the mask is about `goal`."""
    patch = patch_of(mask, margin_mm=3.5 * max(mask.geometry.spacing))
    step = min(mask.geometry.spacing)
    small = patch.inside.size < SMALL_PATCH
    field = patch.signed_depth() / np.float32(4.0 * step) if small else patch.softened(1.3) - np.float32(0.5)
    ripples = patch.ripples(rng, wave=float(rng.uniform(14, 26)))
    ripples += np.float32(rng.normal(0, 0.35))  # A model draws all a little large, or a little small.
    low, high, count = 0.0, 1.0 if small else 0.45, mask.count
    after = patch.inside
    for _ in range(7):
        amount = (low + high) / 2
        trial = field + np.clip(ripples * np.float32(amount), -0.44, 0.44) > 0
        drawn = int(np.count_nonzero(trial))
        both = 2.0 * int(np.count_nonzero(trial & patch.inside)) / max(count + drawn, 1)
        low, high = (amount, high) if both > goal else (low, amount)
        after = trial
    return patch.mask(after) if after.any() else mask
