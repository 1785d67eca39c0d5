"""Take parts away: an end, a lobe, a flat cut, all but a fragment, everything. Layer: faults."""

import numpy as np

from labelcritic_gui.faults.kinds import DIRECTIONS, GROSS
from labelcritic_gui.faults.site import Outcome, Site
from labelcritic_gui.faults.space import (
    Bits,
    Field,
    Patch,
    first_of,
    nothing_on,
    patch_of,
    principal_axes,
    rows_of,
    volume_radius,
)

_LOBES = {"mild": (0.05, 0.2), "moderate": (0.22, 0.45), "gross": (0.45, 0.68)}


def missing(site: Site) -> Outcome:
    """Take away the part that lies furthest in one direction, with an uneven edge; or a lobe."""
    if site.recipe.where == "lobe":
        return _lobe(site)
    patch = patch_of(site.truth, margin_mm=0.0)
    where = site.recipe.where or _an_end(site, patch)
    share = site.recipe.amount or site.lost_share
    uneven = min(0.12 * volume_radius(site.truth), 5.0)
    order = -patch.along(DIRECTIONS[where]) + patch.ripples(site.rng, wave=18.0) * np.float32(uneven)
    lost = first_of(patch.inside, order, site.count_for(share))
    return _kept(site, patch, lost, f"the {where} {{share}} of it is missing", where=where)


def _an_end(site: Site, patch: Patch) -> str:
    """Pick one of the patient's directions, the likelier the longer the mask is along it."""
    points = patch.world(rows_of(patch.inside, most=4000))
    spans = np.ptp(points, axis=0) ** 2 + 1e-6
    axis = int(site.rng.choice(3, p=spans / spans.sum()))
    names = (("left", "right"), ("back", "front"), ("bottom", "top"))[axis]
    return names[int(site.rng.integers(2))]


def _kept(site: Site, patch: Patch, lost: Bits, text: str, *, where: str = "") -> Outcome:
    """Return the mask without `lost`; refuse when nothing is left of it or nothing was lost."""
    gone, whole = int(np.count_nonzero(lost)), site.truth.count
    if gone == 0 or gone == whole:
        raise site.refusal("it has too few voxels for a part to be missing", "Use a finer grid.")
    share = gone / whole
    said = float(np.clip(share, 0.01, 0.99))
    return Outcome(patch.mask(patch.inside & ~lost), text.format(share=f"{said:.0%}"), amount=said, where=where)


def _lobe(site: Site) -> Outcome:
    """Take away what lies beyond the narrowest section across the longest axis, within the severity's share."""
    patch = patch_of(site.truth, margin_mm=0.0)
    order = patch.along(principal_axes(patch)[0])
    if site.rng.random() < 0.5:
        order = -order
    values = np.sort(order.T[patch.inside.T])
    low, high = _LOBES[site.recipe.severity.value]
    step = max(2.0, 1.5 * max(site.truth.geometry.spacing))
    edges = np.arange(values[0], values[-1] + step, step)
    sections = np.histogram(values, edges)[0].astype(float)
    shares = np.cumsum(sections) / len(values)
    open_to = np.flatnonzero((shares >= low) & (shares <= high))
    if len(open_to) == 0 or len(sections) < 4:
        raise site.refusal("it is too short to have lobes", "Remove an end of it.")
    smooth = np.convolve(np.pad(sections, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    neck = int(open_to[int(np.argmin(smooth[open_to]))])
    lost = patch.inside & (order < np.float32(edges[neck + 1]))
    made = _kept(site, patch, lost, "a lobe ({share} of it) is missing")
    return Outcome(made.mask, made.text, where="lobe")


def cut(site: Site) -> Outcome:
    """Cut the mask along a flat plane: of the grid (axial, coronal, sagittal), or oblique."""
    share = site.recipe.amount or site.lost_share
    patch = patch_of(site.truth, margin_mm=0.0)
    if site.recipe.where == "oblique":
        tilted = principal_axes(patch)[0] + site.rng.choice([-1.0, 1.0], 3) * site.rng.uniform(0.35, 0.6, 3)
        order = patch.along(tilted / np.linalg.norm(tilted))
        order = order if site.rng.random() < 0.5 else -order
        lost = first_of(patch.inside, order, site.count_for(share))
        return _kept(site, patch, lost, "{share} of it is cut off along an oblique plane", where="oblique")
    where = site.recipe.where or _an_end(site, patch)
    axis = int(np.argmax(np.abs(DIRECTIONS[where])))
    sums = patch.inside.sum(axis=tuple(a for a in range(3) if a != axis))
    from_low = DIRECTIONS[where][axis] < 0
    gone = np.cumsum(sums if from_low else sums[::-1])[:-1] / site.truth.count
    if len(gone) == 0:
        raise site.refusal("it is one voxel thick there", "Cut it along another direction.")
    planes = int(np.argmin(np.abs(gone - share))) + 1
    lost = patch.inside.copy(order="F")
    beyond = [slice(None)] * 3
    beyond[axis] = slice(planes, None) if from_low else slice(0, len(sums) - planes)
    lost[tuple(beyond)] = False
    name = ("sagittal", "coronal", "axial")[axis]
    return _kept(site, patch, lost, f"the {where} {{share}} of it is cut off along a flat {name} plane", where=where)


def fragment(site: Site) -> Outcome:
    """Leave a small piece of the mask, or break it into pieces with gaps between."""
    amount = site.recipe.amount
    patch = patch_of(site.truth, margin_mm=0.0)
    if amount is None and site.recipe.severity is GROSS:
        amount = float(site.rng.uniform(0.08, 0.25))
    if amount is not None and amount < 1:
        heart = patch.world(rows_of(patch.inside, most=100_000))
        centre = heart[int(site.rng.integers(len(heart)))]
        uneven = np.float32(0.12 * volume_radius(site.truth))
        order = -patch.distance(centre) + patch.ripples(site.rng, wave=15.0) * uneven
        lost = first_of(patch.inside, order, site.count_for(1 - amount))
        made = _kept(site, patch, lost, "all but a fragment of it is missing")
        return Outcome(made.mask, made.text, amount=float(np.clip(made.mask.count / site.truth.count, 0.01, 0.95)))
    pieces = int(amount or site.by_severity(2, 3, 3) + site.rng.integers(3))
    lost = first_of(patch.inside, _from_gaps(site, patch, pieces), site.count_for(_gap_share(site)))
    made = _kept(site, patch, lost, f"broken into {pieces} pieces, {{share}} of it is missing")
    return Outcome(made.mask, made.text, amount=pieces)


def _gap_share(site: Site) -> float:
    return min(site.lost_share, 0.5)


def _from_gaps(site: Site, patch: Patch, pieces: int) -> Field:
    """Return each voxel's distance from the nearest of the gaps that break the mask along its longest axis."""
    along = patch.along(principal_axes(patch)[0]) + patch.ripples(site.rng, wave=15.0) * np.float32(1.5)
    shares = (np.arange(1, pieces) + site.rng.uniform(-0.2, 0.2, pieces - 1)) / pieces
    planes = np.quantile(along.T[patch.inside.T], shares)
    gaps = np.full(along.shape, np.inf, dtype=np.float32, order="F")
    for plane in planes:
        np.minimum(gaps, np.abs(along - np.float32(plane)), out=gaps)
    return gaps


def empty(site: Site) -> Outcome:
    """Leave nothing."""
    return Outcome(nothing_on(site.truth.geometry), "empty although the structure is in the scan")
