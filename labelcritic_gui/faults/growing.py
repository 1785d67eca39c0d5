"""Move the boundary: outwards or inwards by mm, or roughen it voxel by voxel. Layer: faults."""

import numpy as np

from labelcritic_gui.faults.site import Outcome, Site
from labelcritic_gui.faults.space import Bits, Field, Patch, first_of, near, patch_of, volume_radius


def over(site: Site) -> Outcome:
    """Let the mask be too large all around, by mm (between voxel centres) or to the Dice aimed at."""
    radius, amount = volume_radius(site.truth), site.recipe.amount
    # a ball has the least surface, so it has to grow furthest: any other shape reaches the goal sooner
    reach = amount or radius * ((1 + site.added_share) ** (1 / 3) - 1)
    patch = patch_of(site.truth, margin_mm=reach + 2 * max(site.truth.geometry.spacing))
    gaps = near(patch.inside, site.truth.geometry.spacing, limit=reach + 1.5 * max(site.truth.geometry.spacing))
    outside = ~patch.inside & (gaps < gaps.max())
    if not outside.any():
        raise site.refusal("it fills the image")
    wanted = None if amount is not None else site.count_for(site.added_share)
    added, grown = _shell(site, patch, outside, gaps, amount=amount, wanted=wanted)
    text = f"drawn about {grown:.1f} mm too large all around"
    return Outcome(patch.mask(patch.inside | added), text, amount=grown)


def under(site: Site) -> Outcome:
    """Let the mask be too small all around, by mm (between voxel centres) or to the Dice aimed at."""
    radius, amount = volume_radius(site.truth), site.recipe.amount
    reach = amount or radius * (1 - (1 - site.lost_share) ** (1 / 3))
    patch = patch_of(site.truth, margin_mm=max(site.truth.geometry.spacing))
    depth = near(~patch.inside, site.truth.geometry.spacing, limit=reach + 1.5 * max(site.truth.geometry.spacing))
    wanted = None if amount is not None else site.count_for(site.lost_share)
    lost, shrunk = _shell(site, patch, patch.inside, depth, amount=amount, wanted=wanted)
    after = patch.inside & ~lost
    if not after.any():
        raise site.refusal("nothing would be left of it", "Shrink it by less.")
    return Outcome(patch.mask(after), f"drawn about {shrunk:.1f} mm too small all around", amount=shrunk)


def _shell(
    site: Site, patch: Patch, open_to: Bits, gaps: Field, *, amount: float | None, wanted: int | None
) -> tuple[Bits, float]:
    """Return the voxels of `open_to` nearest to the boundary, and how deep in mm they go.

    Up to `amount` mm, or `wanted` voxels. Where the outermost voxels are already too much, a smooth choice of them is
    taken: a boundary moved by part of a voxel.
    """
    step = patch.step
    if amount is not None and amount >= step:
        return open_to & (gaps <= np.float32(amount + 1e-4)), amount
    if wanted is None:
        first = int(np.count_nonzero(open_to & (gaps <= np.float32(step * 1.01))))
        wanted = max(round(first * (amount or step) / step), 1)
    soft = np.clip(patch.ripples(site.rng, wave=20.0) * np.float32(0.25), -0.5, 0.5) * np.float32(step)
    order = gaps + soft
    chosen = first_of(open_to, order, wanted)
    if amount is None:
        amount = _depth_of(gaps.T[open_to.T], wanted, step)
    return chosen, float(np.clip(amount, 0.1, 50.0))


def _depth_of(gaps: Field, count: int, step: float) -> float:
    """Return how deep in mm the `count` voxels nearest to the boundary go; less than a voxel for part of a layer."""
    first = int(np.count_nonzero(gaps <= np.float32(step * 1.01)))
    if count <= first:
        return step * count / first
    place = min(count, gaps.size) - 1
    return float(np.partition(gaps, place)[place])


def rough(site: Site) -> Outcome:
    """Roughen the boundary voxel by voxel, by mm or towards the Dice aimed at."""
    spacing = site.truth.geometry.spacing
    step = min(spacing)
    most = site.recipe.amount or max(1.6 * step, site.by_severity(2.0, 3.5, 5.5))
    deepest = 2.0 * most
    patch = patch_of(site.truth, margin_mm=deepest + max(spacing))
    field = _signed(patch, deepest + max(spacing))
    noise: Field = site.rng.standard_normal(field.shape[::-1], dtype=np.float32).transpose()
    np.clip(noise, -2.5, 2.5, out=noise)
    band = np.abs(field) < np.float32(deepest)
    amount = site.recipe.amount or _noise_for(site, field.T[band.T], noise.T[band.T], (0.33 * step, most))
    after = patch.inside.copy(order="F")
    after[band] = field[band] + noise[band] * np.float32(amount) > 0
    after = _attached(after, patch.inside)
    if not after.any():
        raise site.refusal("nothing would be left of it", "Roughen it by less.")
    text = f"rough boundary, about {amount:.1f} mm up and down"
    return Outcome(patch.mask(after), text, amount=max(amount, 0.1))


def _attached(after: Bits, before: Bits) -> Bits:
    """Drop the pieces of an array that do not touch what was there before, corners included."""
    from scipy import ndimage

    pieces, count = ndimage.label(after, np.ones((3, 3, 3), dtype=np.bool_))
    held = np.bincount(pieces[before], minlength=count + 1) > 0
    held[0] = False
    return np.asarray(held[pieces])


def _signed(patch: Patch, limit: float) -> Field:
    """Depth under the surface in mm, negative outside; the surface lies half a voxel between the centres."""
    spacing = patch.geometry.spacing
    half = np.float32(0.5 * min(spacing))
    depth = near(~patch.inside, spacing, limit=limit) - half
    return np.where(patch.inside, depth, half - near(patch.inside, spacing, limit=limit))


def _noise_for(site: Site, field: Field, noise: Field, span: tuple[float, float]) -> float:
    """Return the noise in mm, within a span, that brings the Dice aimed at."""
    low, high = span
    inside = field > 0
    whole = site.truth.count
    for _ in range(7):
        amount = (low + high) / 2
        after = field + noise * np.float32(amount) > 0
        lost, gained = int(np.count_nonzero(inside & ~after)), int(np.count_nonzero(after & ~inside))
        both = 2 * (whole - lost) / (2 * whole - lost + gained)
        low, high = (amount, high) if both > site.goal else (low, amount)
    return (low + high) / 2
