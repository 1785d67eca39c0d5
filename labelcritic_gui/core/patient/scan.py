"""Whether there is enough of a scan to judge labels on it, and which regions of the body it shows. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from labelcritic_gui.core.geometry import Volume
from labelcritic_gui.core.patient.field_of_view import FieldOfView, Limit, field_of_view
from labelcritic_gui.core.patient.landmarks import Landmarks

LEAST_SLICES = 8
"""Fewest slices that show anything of a shape from foot to head."""
LEAST_MM = 40.0
"""Least height of the body in view, in mm: about one vertebra and its discs."""
LEAST_ACROSS_MM = 60.0
"""Least width and depth of the body in view, in mm."""
_SLICE_CM2 = 20.0
_FAT_HU, _FAT_SHARE = -20.0, 0.005
_TISSUE_HU, _TISSUE_SHARE = (-200.0, 300.0), 0.01
_LEAST_RANGE = 50.0


class Region(StrEnum):
    """A region of the body, from head to foot."""

    HEAD = "head"
    NECK = "neck"
    THORAX = "thorax"
    ABDOMEN = "abdomen"
    PELVIS = "pelvis"
    LEGS = "legs"


_SHOWN_BY = {
    Region.HEAD: (Limit.SKULL,),
    Region.NECK: (Limit.NECK,),
    Region.THORAX: (Limit.UPPER_RIBS, Limit.TRACHEA),
    Region.ABDOMEN: (Limit.LUMBAR_SPINE,),
    Region.PELVIS: (Limit.PELVIS,),
    Region.LEGS: (Limit.FEMURS,),
}
_FROM_HEIGHT = ((4.0, Region.HEAD), (3.1, Region.NECK), (1.4, Region.THORAX), (-0.15, Region.ABDOMEN))
_PELVIS_HEIGHT = -1.6
"""Regions by the anatomical height (0 iliac crest, 1 lowest lung) from which they go up; below the pelvis are legs."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What can be judged on a scan at all.

    Attributes:
        usable: there is enough of a body in Hounsfield units to judge anything.
        why: one sentence why it is not usable; "" when it is.
        frame_known: heights in the patient are known, since the iliac crest or the lungs' base is in view.
        frame_why: one sentence why they are not; "" when they are, and of a scan that is not usable.
        seen: says of a region that it is in view or out of view; a region of which that is not known is left out.
    """

    usable: bool
    why: str = ""
    frame_known: bool = False
    frame_why: str = ""
    seen: Mapping[Region, bool] = field(default_factory=dict)

    @property
    def regions(self) -> tuple[Region, ...]:
        """The regions in view, from head to foot."""
        return tuple(region for region in Region if self.seen.get(region) is True)

    @property
    def shown(self) -> str:
        """What is in view, in words: "thorax and abdomen"; "" when that is not known."""
        names = [region.value for region in self.regions]
        return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)

    def refusal(self, structure: str, height: float | None = None) -> str:
        """Return why labels of a structure cannot be judged on this scan, in one sentence; "" when they can.

        `structure` is its name in words, `height` its usual height (see `Landmarks.height_of`), None when that is not
        known: then only a scan that is not usable is refused. A region whose end the image just reaches counts as out
        of view when it is the abdomen below a thorax.
        """
        if not self.usable:
            return self.why
        region = None if height is None else region_at(height)
        if region is None or not self.regions:
            return ""
        seen = self.seen.get(region)
        below_thorax = region is Region.ABDOMEN and self.seen.get(Region.THORAX) is True
        if seen is True or (seen is None and not below_thorax):
            return ""
        return f"The scan shows the {self.shown} only; the {region.value}, where the {structure} lies, is not in view."


def region_at(height: float) -> Region:
    """Return the region of the body at an anatomical height (0 iliac crest, 1 lowest lung)."""
    for least, region in _FROM_HEIGHT:
        if height >= least:
            return region
    return Region.PELVIS if height >= _PELVIS_HEIGHT else Region.LEGS


def judgeable(ct: Volume, landmarks: Landmarks, view: FieldOfView | None = None) -> Scan:
    """Say whether there is enough of a CT (canonical view) to judge labels on it, and what it shows.

    `view` is its field of view where that was computed already. Looked at on the landmarks' grid of about 4 mm.
    """
    why = _not_hounsfield(ct, landmarks) or _too_little(ct, landmarks)
    if why:
        return Scan(usable=False, why=why)
    known = (view or field_of_view(ct, landmarks)).seen
    seen: dict[Region, bool] = {}
    for region, limits in _SHOWN_BY.items():
        said = [known[limit] for limit in limits if limit in known]
        if any(said) or len(said) == len(limits):
            seen[region] = any(said)
    frame_why = _no_frame(landmarks)
    return Scan(usable=True, frame_known=not frame_why, frame_why=frame_why, seen=seen)


def _no_frame(landmarks: Landmarks) -> str:
    """Return why no heights in the patient are known; "" when they are."""
    if landmarks.height_of(landmarks.bottom_z) is not None:
        return ""
    if landmarks.clipped:
        return "A window has cut off the densities of air and lung, so heights in the body are not known."
    return "Neither the iliac crest nor the lower end of the lungs is in view, so heights in the body are not known."


def _not_hounsfield(ct: Volume, landmarks: Landmarks) -> str:
    """Return why the values cannot be Hounsfield units; "" when they can.

    Every body has fat or air, which are below zero; stored values without their offset, windowed pictures and other
    modalities have nothing below zero.
    """
    steps = landmarks.steps
    values = ct.voxels[:: steps[0], :: steps[1], :: steps[2]].astype(np.float32, order="K").ravel(order="K")
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if low == high:
        return "The image is empty: all its voxels have the same value."
    if high - low < _LEAST_RANGE or np.mean(values < _FAT_HU) < _FAT_SHARE:
        return f"The image is not in Hounsfield units: its values run from {low:.4g} to {high:.4g} without fat or air."
    if np.mean((values > _TISSUE_HU[0]) & (values < _TISSUE_HU[1])) < _TISSUE_SHARE:
        return "The image shows no body: hardly any voxel has the density of soft tissue."
    return ""


def _too_little(ct: Volume, landmarks: Landmarks) -> str:
    """Return what of the body is too little; "" when there is enough."""
    low, high = landmarks.body_low, landmarks.body_high
    if low is None or high is None:
        return "The image shows no body."
    slices = ct.geometry.shape[2]
    if slices < LEAST_SLICES:
        counted = "1 slice" if slices == 1 else f"{slices} slices"
        return f"The scan has only {counted}; at least {LEAST_SLICES} are needed to judge a shape."
    spacing = landmarks.geometry.spacing
    filled = landmarks.body.sum(axis=(0, 1)) * spacing[0] * spacing[1] / 100.0 >= _SLICE_CM2
    tall = float(np.count_nonzero(filled)) * spacing[2]
    tall = min(tall, slices * ct.geometry.spacing[2])
    if tall < LEAST_MM:
        return f"The scan shows only {tall:.0f} mm of a body from foot to head; at least {LEAST_MM:.0f} mm are needed."
    across = min(high[axis] - low[axis] + spacing[axis] for axis in (0, 1))
    if across < LEAST_ACROSS_MM:
        return f"The scan is cut to {across:.0f} mm of the body's section; where that lies in it is not known."
    return ""
