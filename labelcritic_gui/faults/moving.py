"""Put the mask elsewhere: shifted, on the other side, on another structure, merged with a neighbour. Layer: faults."""

import numpy as np

from labelcritic_gui.core import metrics
from labelcritic_gui.core.geometry import Index3, Mask
from labelcritic_gui.faults.kinds import DIRECTIONS, GROSS, MILD
from labelcritic_gui.faults.scene import shown
from labelcritic_gui.faults.site import Outcome, Site
from labelcritic_gui.faults.space import Vector, centroid, first_of, patch_of, united, volume_radius, without
from labelcritic_gui.faults.tissue import Neighbour, midline_of, neighbours_of

_SIMILAR = 8.0
"""Greatest ratio of volumes at which one structure is likely to be taken for another."""
_MERGE_GAP_MM = 12.0
_WORDS = {"top": "up", "bottom": "down", "front": "forwards", "back": "backwards"}


def shift(site: Site) -> Outcome:
    """Move the mask as a whole, by whole voxels and at least one; what leaves the image is lost."""
    where, amount = site.recipe.where, site.recipe.amount
    if where:
        way = np.array(DIRECTIONS[where])
    else:
        way = site.rng.normal(size=3) * np.array([0.5, 0.5, 1.0])
        way /= np.linalg.norm(way)
    steps = _steps(site.truth, way * amount) if amount is not None else _steps_to_goal(site, way)
    after = moved(site.truth, steps)
    if after.is_empty:
        raise site.refusal("it would leave the image", "Move it by less.")
    length = float(np.linalg.norm(site.truth.geometry.affine[:3, :3] @ np.array(steps)))
    text = f"moved by {length:.0f} mm" + (f" {_WORDS.get(where, f'to the {where}')}" if where else "")
    return Outcome(after, text, amount=float(np.clip(length, 0.1, 300.0)))


def _steps(mask: Mask, way: Vector) -> Index3:
    """Return a way in mm as whole voxels, never none at all."""
    exact = np.linalg.solve(mask.geometry.affine[:3, :3], way)
    steps = np.rint(exact).astype(int)
    if not steps.any():
        longest = int(np.argmax(np.abs(exact)))
        steps[longest] = 1 if exact[longest] >= 0 else -1
    return int(steps[0]), int(steps[1]), int(steps[2])


def _steps_to_goal(site: Site, way: Vector) -> Index3:
    """Return the whole voxels along a way that bring the Dice nearest to the goal, between 2 and 80 mm."""
    low, high = 2.0, 80.0
    best, least = _steps(site.truth, way * low), np.inf
    for _ in range(7):
        length = float(np.sqrt(low * high))
        steps = _steps(site.truth, way * length)
        reached = metrics.dice(site.truth, moved(site.truth, steps))
        if abs(reached - site.goal) < least:
            best, least = steps, abs(reached - site.goal)
        low, high = (length, high) if reached > site.goal else (low, length)
    return best


def moved(mask: Mask, steps: Index3) -> Mask:
    """Move a mask by whole voxels; what leaves the grid is lost."""
    kept, origin = [], []
    for start, step, size, n in zip(mask.origin, steps, mask.voxels.shape, mask.geometry.shape, strict=True):
        low, high = max(-(start + step), 0), min(size, n - start - step)
        kept.append(slice(low, max(high, low)))
        origin.append(max(start + step, 0))
    return Mask.from_array(mask.voxels[tuple(kept)], mask.geometry, offset=(origin[0], origin[1], origin[2]))


def swap(site: Site) -> Outcome:
    """Confuse left and right: the other side instead, both sides, or part of the other side as well."""
    other = _other_side(site)
    amount, severity = site.recipe.amount, site.recipe.severity
    if amount is None and severity is GROSS:
        return Outcome(other, "lies on the wrong side of the body")
    if amount is None:
        amount = 1.0 if severity is not MILD else float(np.clip(site.added_share, 0.02, 0.4))
    if amount >= 1.0:
        return Outcome(united(site.truth, other), "takes both sides")
    patch = patch_of(other, margin_mm=0.0)
    order = patch.along(site.rng.normal(size=3) * [0.3, 0.3, 1.0]) + patch.ripples(site.rng, wave=15.0)
    part = patch.mask(first_of(patch.inside, order, max(round(amount * other.count), 1)))
    return Outcome(united(site.truth, part), f"takes {amount:.0%} of the other side as well", amount=amount)


def _other_side(site: Site) -> Mask:
    """Return the counterpart's mask where there is one, else the mask mirrored at the body's midline."""
    counterpart = site.scene.counterpart(site.structure)
    if counterpart is not None:
        return counterpart
    other = mirrored(site.truth, at_x=midline_of(site.scene, site.truth))
    if other.is_empty:
        raise site.refusal("its other side lies outside the image")
    if metrics.dice(site.truth, other) > 0.5:
        raise site.refusal("it lies in the middle of the body and has no other side")
    return other


def mirrored(mask: Mask, *, at_x: float) -> Mask:
    """Mirror a mask at a sagittal plane of the grid near world x; what leaves the grid is lost."""
    middle = centroid(mask)
    at = float(mask.geometry.to_index(np.array([at_x, middle[1], middle[2]]))[0])
    first = round(2 * at) - (mask.origin[0] + mask.voxels.shape[0] - 1)
    turned = Mask(mask.voxels[::-1], (0, mask.origin[1], mask.origin[2]), mask.geometry)
    return moved(turned, (first, 0, 0))


def other(site: Site) -> Outcome:
    """Mark something else: another structure instead of all or of part of the mask, or an impossible place."""
    recipe = site.recipe
    if recipe.where == "far":
        return _far(site)
    neighbour = _mistaken(site)
    name = shown(neighbour.name)
    if recipe.amount is None and recipe.severity is GROSS:
        return Outcome(neighbour.mask, f"is the {name} instead", target=neighbour.name)
    share = recipe.amount or min(1 - site.goal, 0.95)
    patch, part = patch_of(site.truth, margin_mm=0.0), patch_of(neighbour.mask, margin_mm=0.0)
    count = site.count_for(share)
    lost = first_of(patch.inside, patch.distance(neighbour.entry), min(count, site.truth.count - 1))
    taken = first_of(part.inside, part.distance(neighbour.start), count)
    after = united(patch.mask(patch.inside & ~lost), part.mask(taken))
    return Outcome(after, f"{share:.0%} of it is the {name} instead", amount=share, target=neighbour.name)


def _far(site: Site) -> Outcome:
    """Move the mask to the middle of the image's front half, where its height is least like its own."""
    mask = site.truth
    middle = [s.start + n // 2 for s, n in zip(mask.box, mask.voxels.shape, strict=True)]
    nx, ny, nz = mask.geometry.shape
    high = nz // 8 if middle[2] > nz // 3 else nz * 3 // 4
    after = moved(mask, (nx // 2 - middle[0], ny // 2 - middle[1], high - middle[2]))
    away = np.linalg.norm(np.subtract(centroid(after), centroid(mask))) if not after.is_empty else 0.0
    if away < max(25.0, volume_radius(mask)):
        raise site.refusal("the image has no place that is far from it")
    return Outcome(after, "lies in an impossible place")


def _mistaken(site: Site) -> Neighbour:
    """Return the structure that is taken for this one: the one named, else the nearest of a similar volume."""
    target = site.recipe.target
    if target:
        return named(site, target, within_mm=np.inf)
    found = neighbours_of(site, within_mm=80.0)
    counts = {n.name: n.mask.count / site.truth.count for n in found}
    similar = [n for n in found if 1 / _SIMILAR <= counts[n.name] <= _SIMILAR]
    if not (similar or found):
        raise site.refusal("no other trusted structure lies near it", "Use a case with more trusted labels.")
    return _one_of(site, similar or found)


def _one_of(site: Site, found: list[Neighbour]) -> Neighbour:
    """Pick one of the nearest of some neighbours, which come sorted by their gaps."""
    nearest = [n for n in found if n.gap <= found[0].gap + 3.0]
    return nearest[int(site.rng.integers(len(nearest)))]


def named(site: Site, target: str, *, within_mm: float) -> Neighbour:
    """Return the neighbour of a name; refuse one that is not there, is the structure itself, or is too far away."""
    if target == site.structure:
        raise site.refusal("it is its own neighbour", "Name another structure.")
    site.scene.truth(target)
    found = neighbours_of(site, within_mm=min(within_mm, 2000.0), only=target)
    if not found:
        apart = f"more than {within_mm:.0f} mm away from it" if within_mm < 2000.0 else "in the same place"
        raise site.refusal(f"the {shown(target)} is {apart}", "Name a nearer structure.")
    return found[0]


def merged(site: Site) -> Outcome:
    """Take a neighbour along: all of it, or the part of it that lies nearest."""
    target, amount = site.recipe.target, site.recipe.amount
    if target:
        neighbour = named(site, target, within_mm=np.inf)
    else:
        found = neighbours_of(site, within_mm=_MERGE_GAP_MM)
        if not found:
            raise site.refusal(f"no other trusted structure lies within {_MERGE_GAP_MM:.0f} mm of it")
        large = [n for n in found if n.mask.count >= 0.6 * site.truth.count]
        neighbour = _one_of(site, large) if large else max(found, key=lambda n: n.mask.count)
    name = shown(neighbour.name)
    added = without(neighbour.mask, site.truth)
    if added.is_empty:
        raise site.refusal(f"the {name} lies within it")
    if amount is None and site.recipe.severity is not GROSS:
        amount = site.added_share * site.truth.count / added.count
    if amount is None or amount >= 1:
        return Outcome(united(site.truth, added), f"takes the {name} along", target=neighbour.name)
    patch = patch_of(added, margin_mm=0.0)
    near = first_of(patch.inside, patch.distance(neighbour.start), max(round(amount * added.count), 1))
    share = float(np.clip(amount, 0.01, 0.99))
    text = f"takes {share:.0%} of the {name} along"
    return Outcome(united(site.truth, patch.mask(near)), text, amount=share, target=neighbour.name)
