"""Plant errors of the taxonomy in a mask and say what was done; vary a mask as models differ. Layer: phantom."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.geometry import Mask, Point
from labelcritic_gui.phantom.anatomy import Phantom
from labelcritic_gui.phantom.patch import (
    blob,
    centroid,
    fraction_removed,
    jitter,
    mirrored,
    moved,
    neighbour_of,
    outside_point,
    patch_of,
    place_of_change,
    rod,
    volume_radius,
)


class FaultSeverity(StrEnum):
    """How far a planted error goes."""

    MILD = "mild"
    MODERATE = "moderate"
    GROSS = "gross"


@dataclass(frozen=True, eq=False, slots=True)
class Faulty:
    """A mask with a planted error and its truth: code, plain text, severity, and a world point (RAS+ mm) in it."""

    mask: Mask
    code: FindingCode
    text: str
    severity: FaultSeverity
    place: Point


Fault = Callable[[Mask, Phantom, np.random.Generator, FaultSeverity], Faulty]


def _by(severity: FaultSeverity, mild: float, moderate: float, gross: float) -> float:
    return {FaultSeverity.MILD: mild, FaultSeverity.MODERATE: moderate, FaultSeverity.GROSS: gross}[severity]


def _done(before: Mask, after: Mask, code: FindingCode, text: str, severity: FaultSeverity) -> Faulty:
    """Wrap a planted error up; raise UserError when the mask is too small to show it."""
    place = place_of_change(before, after)
    if place is None:
        raise UserError(f"{code} cannot be planted: the mask is too small for its grid.", "Use a finer grid.")
    return Faulty(after, code, text, severity, place)


def _require(mask: Mask) -> None:
    if mask.is_empty:
        raise UserError("No error can be planted in an empty mask.", "Plant errors in structures that are there.")


def leak(mask: Mask, phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Let the mask spill into its nearest neighbour along a smooth blob (about 8, 20 or 45 % of its volume)."""
    _require(mask)
    name, towards = neighbour_of(mask, phantom)
    share = _by(severity, 0.08, 0.20, 0.45)
    radius = volume_radius(mask) * _by(severity, 0.4, 0.55, 0.75)
    for _ in range(9):
        patch = patch_of(mask, margin_mm=radius * 2.2)
        start = patch.nearest(towards)
        step = np.subtract(towards, start)
        centre = np.add(start, step / max(float(np.linalg.norm(step)), 1e-6) * radius * 0.5)
        grown = patch.inside | blob(patch, rng, centre=centre, radius=radius)
        if np.count_nonzero(grown) >= mask.count * (1 + share):
            break
        radius *= 1.25
    text = f"spills into the {name.replace('_', ' ')}"
    return _done(mask, patch.mask(grown), FindingCode.LEAK, text, severity)


def miss(mask: Mask, _phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Take away one end of the mask along its longest axis (12, 30 or 55 % of its volume), with a round edge."""
    _require(mask)
    share = _by(severity, 0.12, 0.30, 0.55)
    patch = patch_of(mask, margin_mm=0.0)
    points = patch.points()
    axis = np.linalg.svd(points[:: max(len(points) // 4000, 1)] - points.mean(axis=0), full_matrices=False)[2][0]
    end = points[int(np.argmax(points @ axis * rng.choice([-1.0, 1.0])))]
    after = fraction_removed(patch, np.linalg.norm(points - end, axis=1), share)
    return _done(mask, after, FindingCode.MISS, f"one end is missing ({share:.0%} of the volume)", severity)


def cut(mask: Mask, _phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Cut the mask along a flat plane of the grid (10, 25 or 50 % of its extent is lost)."""
    _require(mask)
    share = _by(severity, 0.10, 0.25, 0.50)
    axis = int(rng.choice([0, 1, 2], p=[0.25, 0.15, 0.6]))
    size = mask.voxels.shape[axis]
    lost = max(round(size * share), 1)
    keep = [slice(None)] * 3
    keep[axis] = slice(lost, None) if rng.random() < 0.5 else slice(0, size - lost)
    kept = np.zeros_like(mask.voxels)
    kept[tuple(keep)] = mask.voxels[tuple(keep)]
    after = Mask.from_array(kept, mask.geometry, offset=mask.origin)
    name = ("sagittal", "coronal", "axial")[axis]
    return _done(mask, after, FindingCode.CUT, f"cut off along a flat {name} plane", severity)


def side(mask: Mask, phantom: Phantom, _rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Confuse left and right: part of the other side too (mild), both sides (moderate), swapped (gross)."""
    _require(mask)
    other = _other_side(mask, phantom)
    if severity is FaultSeverity.GROSS:
        return _done(mask, other, FindingCode.SIDE, "lies on the wrong side of the body", severity)
    if severity is FaultSeverity.MILD:
        patch = patch_of(other, margin_mm=0.0)
        points = patch.points()
        other = fraction_removed(patch, np.linalg.norm(points - points[0], axis=1), 0.6)
    both = Mask.from_array(mask.full() | other.full(), mask.geometry)
    what = "part of the other side" if severity is FaultSeverity.MILD else "both sides"
    return _done(mask, both, FindingCode.SIDE, f"takes {what}", severity)


def _other_side(mask: Mask, phantom: Phantom) -> Mask:
    """Return the partner's true mask for one of a pair, the mirrored mask for everything else."""
    kidneys = [phantom.masks.get(n) for n in ("kidney_left", "kidney_right")]
    overlaps = [0 if k is None else int(np.count_nonzero(k.within(mask.box) & mask.voxels)) for k in kidneys]
    partner = kidneys[0] if overlaps[1] > mask.count / 2 else kidneys[1] if overlaps[0] > mask.count / 2 else None
    return partner or mirrored(mask)


def shift(mask: Mask, _phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Move the mask as a whole by about 7, 15 or 30 mm, mostly up or down, never by less than a voxel."""
    _require(mask)
    way = rng.normal(size=3) * np.array([0.5, 0.5, 1.0])
    way *= _by(severity, 7.0, 15.0, 30.0) / np.linalg.norm(way)
    steps = np.rint(way / mask.geometry.spacing).astype(int)
    if not steps.any():
        steps[2] = 1 if way[2] >= 0 else -1
    length = float(np.linalg.norm(steps * np.array(mask.geometry.spacing)))
    after = moved(mask, (int(steps[0]), int(steps[1]), int(steps[2])))
    return _done(mask, after, FindingCode.SHIFT, f"moved by {length:.0f} mm", severity)


def wrong(mask: Mask, phantom: Phantom, _rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Mark something else: half of it is a neighbour (mild), all is (moderate), or an impossible place (gross)."""
    _require(mask)
    if severity is FaultSeverity.GROSS:
        x, y, z = (s.start + n // 2 for s, n in zip(mask.box, mask.voxels.shape, strict=True))
        nx, ny, nz = mask.geometry.shape
        low = nz // 8 if z > nz // 3 else nz * 3 // 4
        after = moved(mask, (nx // 2 - x, ny // 2 - y, low - z))
        return _done(mask, after, FindingCode.WRONG, "lies in an impossible place", severity)
    name, towards = neighbour_of(mask, phantom, similar=8.0)
    other = phantom.masks.get(name)
    if other is None:
        raise UserError("No neighbour is there to mistake the structure for.", "Use a phantom with more structures.")
    shown = name.replace("_", " ")
    if severity is FaultSeverity.MODERATE:
        return _done(mask, other, FindingCode.WRONG, f"is the {shown} instead", severity)
    patch = patch_of(mask, margin_mm=0.0)
    half = fraction_removed(patch, np.linalg.norm(patch.points() - np.asarray(towards), axis=1), 0.5)
    part = patch_of(other, margin_mm=0.0)
    gaps = np.linalg.norm(part.points() - np.asarray(centroid(mask)), axis=1)
    taken = fraction_removed(part, -gaps, float(np.clip(1 - 0.5 * mask.count / other.count, 0.0, 0.95)))
    after = Mask.from_array(half.full() | taken.full(), mask.geometry)
    return _done(mask, after, FindingCode.WRONG, f"half of it is the {shown}", severity)


def isle(mask: Mask, phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Scatter 2, 5 or 10 small islands in the body around the mask, each apart from it."""
    _require(mask)
    wanted, radius = int(_by(severity, 2, 5, 10)), _by(severity, 5.0, 7.0, 9.0)
    radius = max(radius, 1.3 * max(mask.geometry.spacing))
    patch = patch_of(mask, margin_mm=60.0 + 2 * radius)
    taken = patch.inside.copy()
    tissue = phantom.volume.voxels[patch.box] > -300
    candidates = np.argwhere(patch.core(tissue) & ~patch.inside)
    made = 0
    for row in rng.permutation(len(candidates))[:400]:
        centre = patch.world(candidates[row])
        new = blob(patch, rng, centre=centre, radius=radius * rng.uniform(0.8, 1.2))
        if not new.any() or (patch.dilated(new) & taken).any():
            continue
        taken |= new
        made += 1
        if made == wanted:
            break
    text = f"{made} spurious island{'s' if made != 1 else ''}"
    return _done(mask, patch.mask(taken), FindingCode.ISLE, text, severity)


def hole(mask: Mask, _phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Punch 1, 3 or 6 closed cavities into the thickest parts of the mask."""
    _require(mask)
    wanted = int(_by(severity, 1, 3, 6))
    patch = patch_of(mask, margin_mm=2 * max(mask.geometry.spacing))
    depth, after = patch.depth(), patch.inside.copy()
    step = max(mask.geometry.spacing)
    for _ in range(wanted):
        room = float(depth.max())
        if room < 1.5 * step and not np.array_equal(after, patch.inside):
            break
        spots = np.argwhere(depth >= 0.75 * room)
        spot = spots[int(rng.integers(len(spots)))]
        radius = max(min((float(depth[tuple(spot)]) - 1.2 * step) * 0.8, 16.0), 0.6 * step)
        gap = patch.distance(patch.world(spot))
        after &= gap > radius
        depth[gap < radius * 1.3 + step] = 0.0
        depth = np.minimum(depth, np.maximum(gap - radius, 0.0))
    return _done(mask, patch.mask(after), FindingCode.HOLE, "holes inside", severity)


def out(mask: Mask, phantom: Phantom, _rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Let the mask run through the body's wall into the air beside it, by about 10, 20 or 35 mm."""
    _require(mask)
    past = max(_by(severity, 10.0, 20.0, 35.0), 1.5 * max(mask.geometry.spacing))
    width = max(_by(severity, 6.0, 10.0, 16.0), 0.8 * max(mask.geometry.spacing))
    start, skin = outside_point(mask, phantom.volume)
    way = np.subtract(skin, start)
    end = np.add(skin, way / np.linalg.norm(way) * past)
    patch = patch_of(mask, margin_mm=float(np.linalg.norm(end - start)) + width)
    after = patch.inside | rod(patch, start=start, end=end, radius=width)
    return _done(mask, patch.mask(after), FindingCode.OUT, "runs outside the body", severity)


def empty(mask: Mask, _phantom: Phantom, _rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Leave nothing."""
    _require(mask)
    nothing = Mask.from_array(np.zeros((1, 1, 1), dtype=np.bool_), mask.geometry)
    return _done(mask, nothing, FindingCode.EMPTY, "empty although the structure is in the scan", severity)


def edge(mask: Mask, _phantom: Phantom, rng: np.random.Generator, severity: FaultSeverity) -> Faulty:
    """Roughen the boundary voxel by voxel, the more the worse."""
    _require(mask)
    patch = patch_of(mask, margin_mm=3.5 * max(mask.geometry.spacing))
    field = patch.signed_depth() / np.float32(min(mask.geometry.spacing))
    noise = rng.standard_normal(field.shape, dtype=np.float32) * np.float32(_by(severity, 0.6, 1.0, 1.6))
    after = field + noise > 0
    after &= field > -3.0
    return _done(mask, patch.mask(after), FindingCode.EDGE, "rough boundary", severity)


FAULTS: Mapping[FindingCode, Fault] = {
    FindingCode.LEAK: leak,
    FindingCode.MISS: miss,
    FindingCode.CUT: cut,
    FindingCode.SIDE: side,
    FindingCode.SHIFT: shift,
    FindingCode.WRONG: wrong,
    FindingCode.ISLE: isle,
    FindingCode.HOLE: hole,
    FindingCode.OUT: out,
    FindingCode.EMPTY: empty,
    FindingCode.EDGE: edge,
}
"""How each error is planted."""


def vary(mask: Mask, rng: np.random.Generator, *, dice: float | None = None) -> Mask:
    """Return the mask as another sound model would draw it: its boundary moved smoothly in and out.

    `dice` is the overlap aimed at; None draws one of .94 to .98. An empty mask stays empty.
    """
    if mask.is_empty:
        return mask
    goal = float(rng.uniform(0.94, 0.98)) if dice is None else dice
    return jitter(mask, rng, goal=goal)
