"""Let the mask spill: into a neighbour along low contrast, or through the skin into the air. Layer: faults."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.faults.kinds import DIRECTIONS
from labelcritic_gui.faults.moving import named
from labelcritic_gui.faults.scene import shown
from labelcritic_gui.faults.site import Outcome, Site
from labelcritic_gui.faults.space import (
    Bits,
    Box,
    Field,
    Patch,
    Vector,
    first_of,
    interpolated,
    patch_at,
    united,
    volume_radius,
)
from labelcritic_gui.faults.tissue import SKIN_HU, Neighbour, density_of, neighbours_of, shell_points, way_out

_BRIDGE_MM = 30.0
"""The widest gap to a named neighbour that a leak can cross; to one it finds itself it is `_NEAR_MM`."""
_NEAR_MM = 12.0
_DEAREST = 4.0
_FAR = np.float32(1e6)


@dataclass(frozen=True, eq=False, slots=True)
class _Mouth:
    """Where a leak starts on the mask and where it enters what it runs into; `into` is that neighbour, or None."""

    start: Vector
    entry: Vector
    into: Neighbour | None


def leak(site: Site) -> Outcome:
    """Grow out of the mask from one place, along tissue whose density is near the mask's own.

    The way is geodesic: a mm in tissue of the mask's own density, or in the structure it runs into, counts one mm,
    elsewhere up to four. It ends at the recipe's mm, or where the Dice aimed at is reached.
    """
    middle, deviation = density_of(site.truth, site.scene.volume)
    refused = None
    own_reach = volume_radius(site.truth) * site.by_severity(0.25, 0.45, 0.8)
    for mouth in _mouths(site, middle)[:4]:
        reach = site.recipe.amount or min(site.by_severity(16.0, 36.0, 60.0) + own_reach, 85.0)
        around = patch_at(site.truth, mouth.entry, reach_mm=1.15 * reach + 6.0)
        patch, ways = _ways(site, around, mouth, reach=reach, density=(middle, max(2.0 * deviation, 25.0)))
        added, gone = _spilt(site, patch, ways, reach)
        if np.count_nonzero(added) < max(8, 0.004 * site.truth.count if site.recipe.amount is None else 0):
            refused = site.refusal("there is no tissue beside it to leak into")
            continue
        amount = float(np.clip(gone, 0.5, 100.0))
        spilt = patch.mask(added)
        into = {"target": mouth.into.name} if mouth.into else {"where": "tissue"}
        return Outcome(united(site.truth, spilt), _said(mouth, spilt, gone), amount=amount, **into)
    raise refused or site.refusal("there is no tissue beside it to leak into")


def _said(mouth: _Mouth, spilt: Mask, gone: float) -> str:
    """Say where a leak went; what enters a thin structure soon leaves it again."""
    into = "the tissue beside it"
    if mouth.into is not None:
        inside = metrics.overlap(spilt, mouth.into.mask) / spilt.count
        into = f"the {shown(mouth.into.name)}" + ("" if inside > 0.6 else " and the tissue beside it")
    return f"spills up to {gone:.0f} mm into {into}"


def _mouths(site: Site, middle: float) -> list[_Mouth]:
    """Return where a leak may start, the likeliest first: at the neighbour of the least contrast, else at tissue."""
    recipe = site.recipe
    if recipe.target:
        found = [named(site, recipe.target, within_mm=_BRIDGE_MM)]
    else:
        found = [] if recipe.where == "tissue" else neighbours_of(site, within_mm=_NEAR_MM)
        contrast = {n.name: abs(density_of(n.mask, site.scene.volume)[0] - middle) + 4.0 * n.gap for n in found}
        found.sort(key=lambda n: (contrast[n.name], n.name))
    mouths = [_Mouth(n.start, n.entry, n) for n in found]
    return mouths if recipe.target else [*mouths[:2], *_tissue_mouths(site, middle)]


def _tissue_mouths(site: Site, middle: float) -> list[_Mouth]:
    """Return places on the surface beside which there is unlabelled tissue of nearly the mask's own density."""
    points = shell_points(site.truth, most=600)
    volume, geometry = site.scene.volume, site.truth.geometry
    step = max(3.0, 1.5 * max(geometry.spacing))
    ways = site.rng.normal(size=(len(points), 3))
    ways *= step / np.linalg.norm(ways, axis=1)[:, None]
    beside = points + ways
    rows = np.rint(geometry.to_index(beside)).astype(int)
    fits = np.asarray(((rows >= 0) & (rows < np.array(geometry.shape))).all(axis=1))
    for mask in (site.truth, *site.scene.others(site.structure).values()):
        local = rows - np.array(mask.origin)
        held = fits & ((local >= 0) & (local < np.array(mask.voxels.shape))).all(axis=1)
        fits[held] &= ~mask.voxels[tuple(local[held].T)]
    points, beside, rows = points[fits], beside[fits], rows[fits]
    values = np.asarray(volume.voxels[rows[:, 0], rows[:, 1], rows[:, 2]], dtype=float)
    order = np.argsort(np.abs(values - middle) + site.rng.uniform(0.0, 10.0, len(values)), kind="stable")[:2]
    return [_Mouth(points[i], beside[i], None) for i in order]


def _ways(
    site: Site, patch: Patch, mouth: _Mouth, *, reach: float, density: tuple[float, float]
) -> tuple[Patch, Field]:
    """Return the part of a patch that a leak can reach and the geodesic way in mm from its mouth to every voxel."""
    spacing = patch.geometry.spacing
    steps = [max(round(float(np.clip(reach / 16.0, 1.2, 5.0)) / s), 1) for s in spacing]
    coarse = [n * s for n, s in zip(steps, spacing, strict=True)]
    hu = _block_means(np.asarray(site.scene.volume.voxels[patch.box], dtype=np.float32), steps)
    mask = _block_means(patch.inside, steps) > 0.5
    hu = np.nan_to_num(hu, nan=-1000.0)
    cost = np.minimum(1.0 + np.clip((hu - density[0]) / density[1], -3.0, 3.0) ** 2, _DEAREST)
    if density[0] > SKIN_HU:  # a leak of tissue does not run into the air; that is another error
        cost = np.where(hu < SKIN_HU, 5.0 * _DEAREST, cost)
    rivals = np.zeros(patch.inside.shape, dtype=np.bool_, order="F")
    for name, other in site.scene.others(site.structure).items():
        if mouth.into is None or name != mouth.into.name:
            rivals |= other.within(patch.box)
    cost = np.where(_block_means(rivals, steps) > 0.5, np.maximum(cost, 0.5 * _DEAREST), cost)
    if mouth.into is not None:
        target = _block_means(mouth.into.mask.within(patch.box), steps) > 0.5
        cost = np.where(target, 1.0 + 0.06 * (cost - 1.0), cost)
    uneven = Patch(mask, (0, 0, 0), _scaled(patch, steps)).ripples(site.rng, wave=max(0.4 * reach, 6.0))
    cost = np.asarray(cost * np.exp(np.float32(0.18) * uneven), dtype=np.float32)
    seeds = _seeds(site, patch, mouth, steps, reach)
    ways = _marched(np.where(mask & ~seeds, _FAR, cost).astype(np.float32), seeds, coarse, reach=1.3 * reach)
    return _refined(patch, np.minimum(ways, np.float32(2.0 * reach)), steps, reach)


def _refined(patch: Patch, ways: Field, steps: list[int], reach: float) -> tuple[Patch, Field]:
    """Return the part of the patch within reach and the ways there, interpolated from blocks to voxels."""
    spans, weights = [], []
    for span, n, step in zip(_reached(ways, reach), patch.inside.shape, steps, strict=True):
        fine = slice(span.start * step, min(span.stop * step, n))
        spans.append(fine)
        weights.append(_linear(n, step)[fine])
    x, y, z = (o + s.start for o, s in zip(patch.origin, spans, strict=True))
    part = Patch(patch.inside[spans[0], spans[1], spans[2]], (x, y, z), patch.geometry)
    return part, interpolated(ways, weights)


def _seeds(site: Site, patch: Patch, mouth: _Mouth, steps: list[int], reach: float) -> Bits:
    """Return the blocks of the patch where the leak starts: the mask round its start, and the bridge to the entry."""
    width = float(np.clip(0.3 * reach, 2.5, max(8.0, 0.3 * volume_radius(site.truth))))
    small = patch_at(site.truth, mouth.start, mouth.entry, reach_mm=width + 1.0)
    bits = small.inside & (small.distance(mouth.start) < width)
    bits |= _rod(small, mouth.start, mouth.entry, max(0.6 * max(patch.geometry.spacing), 1.5))
    rows = np.argwhere(bits) + np.array(small.origin) - np.array(patch.origin)
    rows = rows[((rows >= 0) & (rows < np.array(patch.inside.shape))).all(axis=1)] // np.array(steps)
    seeds = np.zeros([-(-n // s) for n, s in zip(patch.inside.shape, steps, strict=True)], dtype=np.bool_)
    seeds[tuple(rows.T)] = True
    return seeds


def _scaled(patch: Patch, steps: list[int]) -> Geometry:
    affine = patch.geometry.affine.copy()
    affine[:3, :3] *= np.array(steps)
    return Geometry(patch.geometry.shape, affine)


def _block_means(array: NDArray[Any], steps: list[int]) -> Field:
    """Return the means of blocks of `steps` voxels; the last block of an axis may be smaller."""
    out = np.asarray(array, dtype=np.float32)
    for axis, step in enumerate(steps):
        if step > 1:
            starts = np.arange(0, out.shape[axis], step)
            sizes = np.diff(np.append(starts, out.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(out, starts, axis=axis)
            out = np.asarray(sums / sizes.reshape([-1 if a == axis else 1 for a in range(3)]), dtype=np.float32)
    return np.asarray(out, dtype=np.float32)


def _linear(n: int, step: int) -> Field:
    """Return the matrix that interpolates n voxels linearly from the centres of blocks of `step`."""
    starts = np.arange(0, n, step)
    centres = (starts + np.minimum(starts + step, n) - 1) / 2.0
    at = np.clip(np.arange(n), centres[0], centres[-1])
    high = np.clip(np.searchsorted(centres, at, side="right"), 1, max(len(centres) - 1, 1))
    matrix = np.zeros((n, len(centres)), dtype=np.float32)
    if len(centres) == 1:
        matrix[:] = 1.0
        return matrix
    weight = (at - centres[high - 1]) / (centres[high] - centres[high - 1])
    matrix[np.arange(n), high - 1] = 1.0 - weight
    matrix[np.arange(n), high] = weight
    return matrix


def _marched(cost: Field, seeds: Bits, spacing: list[float], *, reach: float) -> Field:
    """Return the least sum of cost times mm from the seeds to every voxel, over steps to all 26 neighbours.

    Repeated relaxation (Bellman and Ford): whole-array steps are quicker here than a heap in Python.
    """
    ways = np.where(seeds, np.float32(0), _FAR)
    offsets = [(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1) if (i, j, k) > (0, 0, 0)]
    for _ in range(int(_DEAREST * reach / min(spacing)) + 4):
        box = _reached(ways, reach)
        part, price = ways[box], cost[box]
        before = part.copy()
        for offset in offsets:
            length = np.float32(np.linalg.norm(np.multiply(offset, spacing)) / 2)
            low = tuple(slice(max(-o, 0), n - max(o, 0)) for o, n in zip(offset, part.shape, strict=True))
            high = tuple(slice(max(o, 0), n - max(-o, 0)) for o, n in zip(offset, part.shape, strict=True))
            step = (price[low] + price[high]) * length
            np.minimum(part[high], part[low] + step, out=part[high])
            np.minimum(part[low], part[high] + step, out=part[low])
        if np.array_equal(before, part):
            break
    return ways


def _reached(ways: Field, reach: float) -> Box:
    """Return the box of what has been reached so far, one voxel wider: the rest need not be looked at yet."""
    near = ways <= reach
    spans = []
    for axis, n in enumerate(ways.shape):
        hits = np.flatnonzero(near.any(axis=tuple(a for a in range(3) if a != axis)))
        spans.append(slice(max(int(hits[0]) - 1, 0), min(int(hits[-1]) + 2, n)))
    return spans[0], spans[1], spans[2]


def _spilt(site: Site, patch: Patch, ways: Field, reach: float) -> tuple[Bits, float]:
    """Return the voxels the leak takes, all attached to the mask, and how many mm it goes."""
    from scipy import ndimage

    open_to = ~patch.inside & (ways <= np.float32(reach))
    added = open_to
    if site.recipe.amount is None:
        added = first_of(open_to, ways, site.count_for(site.added_share))
    if not added.any():
        return added, 0.0
    pieces, count = ndimage.label(added | patch.inside)
    if count > 1:
        held = np.bincount(pieces[patch.inside], minlength=count + 1) > 0
        held[0] = False
        added = added & held[pieces]
    gone = float(ways.T[added.T].max()) if added.any() else 0.0
    return added, gone


def outside(site: Site) -> Outcome:
    """Let the mask run through the skin into the air beside the body, by mm past the skin."""
    geometry = site.truth.geometry
    past = site.recipe.amount or site.by_severity(10.0, 20.0, 35.0)
    past = max(past, 1.5 * max(geometry.spacing))
    width = float(np.clip(volume_radius(site.truth) * site.by_severity(0.3, 0.45, 0.65), 4.0, 30.0))
    width = max(width, 0.8 * max(geometry.spacing))
    start, skin = _nearest_way_out(site, past)
    way = skin - start
    length = float(np.linalg.norm(way))
    way = way / length if length > 1e-6 else np.array(DIRECTIONS[site.recipe.where or "front"])
    end = skin + way * past
    patch = patch_at(site.truth, start, end, reach_mm=width + 2.0)
    rod = _rod(patch, start, end, width)
    values = site.scene.volume.voxels[patch.box].T[rod.T]
    if np.count_nonzero(values <= SKIN_HU) < 4:
        raise site.refusal("the image shows no air beside the body there")
    after = united(site.truth, patch.mask(rod))
    return Outcome(after, f"runs {past:.0f} mm outside the body", amount=past, where=_direction_of(way))


def _nearest_way_out(site: Site, past: float) -> tuple[Vector, Vector]:
    """Return where the mask is left and where the skin is, the shortest way; to the back only if there is no other."""
    if site.recipe.where:
        tries = [[DIRECTIONS[site.recipe.where]]]
    else:
        tries = [[DIRECTIONS[w] for w in ("left", "right", "front")], [DIRECTIONS["back"]]]
    for ways in tries:
        found = [out for way in ways if (out := way_out(site, way, past_mm=past)) is not None]
        if found:
            return min(found, key=lambda o: float(np.linalg.norm(o[1] - o[0])))
    raise site.refusal("the image shows no air beside the body there", "Use a scan whose field of view holds the skin.")


def _direction_of(way: Vector) -> str:
    return max(DIRECTIONS, key=lambda w: float(np.dot(DIRECTIONS[w], way)))


def _rod(patch: Patch, start: Vector, end: Vector, width: float) -> Bits:
    """Return all voxels within `width` mm of the line between two world points."""
    way = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    along = patch.along(way) - np.float32(way @ (start - patch.world(np.zeros(3))))
    nearest = np.clip(along, 0, np.float32(np.linalg.norm(end - start)))
    from_start = patch.distance(start)
    return np.asarray(from_start**2 - along**2 + (along - nearest) ** 2 < np.float32(width**2))
