"""Scatter small things: islands around the mask, holes inside it. Layer: faults."""

import numpy as np

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.faults.site import Outcome, Site
from labelcritic_gui.faults.space import Bits, Patch, Vector, patch_at, rows_of, united, volume_radius
from labelcritic_gui.faults.tissue import SKIN_HU, density_of

_AROUND_MM = 60.0
_TRIES = 600


def islands(site: Site) -> Outcome:
    """Scatter small islands in the body around the mask, each apart from it and from the others."""
    wanted = int(site.recipe.amount or site.by_severity(2, 5, 10))
    coarse = max(site.truth.geometry.spacing)
    share = (site.added_share if site.recipe.amount is None else 0.1) / wanted
    radius = float(np.clip(volume_radius(site.truth) * share ** (1 / 3), 4.0, 11.0))
    radius = max(radius, 1.3 * coarse)
    made: list[Mask] = []
    for centre in _spots(site, radius):
        island = _blob(site, centre, radius * site.rng.uniform(0.8, 1.2))
        if island.is_empty or any(_touch(island, m) for m in (site.truth, *made)):
            continue
        made.append(island)
        if len(made) == wanted:
            break
    if not made:
        raise site.refusal("there is no room for an island in the body around it")
    text = f"{len(made)} spurious island{'s' if len(made) != 1 else ''}"
    return Outcome(united(site.truth, *made), text, amount=len(made))


def _spots(site: Site, radius: float) -> Vector:
    """Return places in the body around the mask, in random order but first those whose density is the mask's own."""
    geometry, volume = site.truth.geometry, site.scene.volume
    spans = [
        (max(s.start - _AROUND_MM / step, 0), min(s.stop + _AROUND_MM / step, n))
        for s, n, step in zip(site.truth.box, geometry.shape, geometry.spacing, strict=True)
    ]
    low, high = np.array(spans).T
    rows = np.floor(site.rng.uniform(low, high, (_TRIES, 3))).astype(int)
    solid = np.ones(len(rows), dtype=np.bool_)
    # tissue in the middle and a radius away on all sides: so neither the couch nor the skin
    for offset in np.vstack([np.zeros(3), np.eye(3), -np.eye(3)]) * 0.7 * radius:
        probes = np.clip(np.rint(rows + offset / geometry.spacing).astype(int), 0, np.array(geometry.shape) - 1)
        solid &= volume.voxels[probes[:, 0], probes[:, 1], probes[:, 2]] > SKIN_HU
    rows = rows[solid]
    values = np.asarray(volume.voxels[rows[:, 0], rows[:, 1], rows[:, 2]], dtype=float)
    like = np.abs(values - density_of(site.truth, volume)[0]) < 40.0
    # models scatter islands where the density deceives them: two of three, where there are such places
    rank = np.where(like, 0.0, 1.0) + site.rng.uniform(0.0, 1.5, len(rows))
    return geometry.to_world(rows[np.argsort(rank, kind="stable")])


def _blob(site: Site, centre: Vector, radius: float) -> Mask:
    """Return a lump of about `radius` mm around a world point, its surface uneven."""
    patch = patch_at(site.truth, centre, reach_mm=1.6 * radius + max(site.truth.geometry.spacing))
    uneven = patch.ripples(site.rng, wave=max(radius * 0.9, 4.0)) * np.float32(0.16 * radius)
    return patch.mask(patch.distance(centre) + uneven < radius)


def _touch(one: Mask, other: Mask) -> bool:
    """Say whether two masks overlap or touch, corners included."""
    spans = [slice(s.start - 1, s.stop + 1) for s in one.box]
    if any(a.start >= b.stop or b.start >= a.stop for a, b in zip(spans, other.box, strict=True)):
        return False
    return bool((_dilated(np.pad(one.voxels, 1)) & other.within((spans[0], spans[1], spans[2]))).any())


def _dilated(voxels: Bits) -> Bits:
    """Grow an array by one voxel in every direction, corners included."""
    out = voxels.copy(order="F")
    for axis in range(3):
        before = out.copy(order="F").swapaxes(0, axis)
        after = out.swapaxes(0, axis)
        after[1:] |= before[:-1]
        after[:-1] |= before[1:]
    return out


def holes(site: Site) -> Outcome:
    """Punch closed cavities into the thickest parts of the mask."""
    wanted = int(site.recipe.amount or site.by_severity(1, 4, 10))
    step = max(site.truth.geometry.spacing)
    share = (site.lost_share if site.recipe.amount is None else 0.1) / wanted
    largest = max(volume_radius(site.truth) * share ** (1 / 3), 0.6 * step)
    left, made = site.truth.voxels.copy(order="F"), 0
    points, room = _depths(site)
    for _ in range(wanted + 60):
        if made == wanted or len(room) == 0 or room.max() <= 0:
            break
        likely = np.flatnonzero(room >= 0.75 * room.max())
        chosen = int(likely[int(site.rng.integers(len(likely)))])
        spot, radius = points[chosen], min(largest, max(0.85 * room[chosen] - 0.5 * step, 0.6 * step))
        patch = patch_at(site.truth, spot, reach_mm=radius + 2 * step)
        hole = _hole(site, patch, left, spot, radius)
        room[chosen] = 0.0
        if hole is None:
            continue
        local = tuple(slice(s.start - o, s.stop - o) for s, o in zip(hole.box, site.truth.origin, strict=True))
        left[local] &= ~hole.voxels
        room = np.minimum(room, np.linalg.norm(points - spot, axis=1) - radius - 0.5 * step)
        made += 1
    if not made:
        raise site.refusal("it is too thin for a closed hole", "Use a thicker structure or a finer grid.")
    after = Mask.from_array(left, site.truth.geometry, offset=site.truth.origin)
    return Outcome(after, f"{made} hole{'s' if made != 1 else ''} inside", amount=made)


def _depths(site: Site) -> tuple[Vector, Vector]:
    """Return places inside the mask, shape (n, 3), and their depth under its surface, both in mm."""
    from scipy import ndimage

    truth = site.truth
    steps = [max(int(2.5 / s), 1) for s in truth.geometry.spacing]
    thin = np.pad(truth.voxels[tuple(slice(s // 2, None, s) for s in steps)], 1)
    spacing = [n * s for n, s in zip(steps, truth.geometry.spacing, strict=True)]
    depth = np.asarray(ndimage.distance_transform_edt(thin, sampling=spacing))
    rows = rows_of(np.asfortranarray(thin & (depth > 0.15 * depth.max())), most=12_000)
    index = (rows - 1) * np.array(steps) + np.array([s // 2 for s in steps]) + np.array(truth.origin)
    return truth.geometry.to_world(index), depth[rows[:, 0], rows[:, 1], rows[:, 2]]


def _hole(site: Site, patch: Patch, left: Bits, spot: Vector, radius: float) -> Mask | None:
    """Return a ball around a place that what is left encloses on all sides, as large as it can be; None if none can."""
    whole = Mask(left, site.truth.origin, site.truth.geometry).within(patch.box)
    gaps = patch.distance(spot)
    edge = np.ones(whole.shape, dtype=np.bool_)
    edge[1:-1, 1:-1, 1:-1] = False
    for size in (radius, 0.75 * radius, 0.5 * radius, 0.0):
        ball = gaps <= max(size, 1e-3 + float(gaps.min()))
        shell = _dilated(ball)
        if whole[shell].all() and not (shell & edge).any():
            return patch.mask(ball)
    return None
