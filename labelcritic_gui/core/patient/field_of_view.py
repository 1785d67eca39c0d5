"""Which part of the body an image shows: landmarks in view, not in view, or not known. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from labelcritic_gui.core.geometry import Volume
from labelcritic_gui.core.patient.landmarks import Landmarks
from labelcritic_gui.core.patient.skeleton_view import APEX_MM, BASE_MM, CREST_MM, SKULL_MM, Reach, find_reach


class Limit(StrEnum):
    """A landmark by which the field of view is said, from head to foot."""

    SKULL = "skull"
    NECK = "neck"
    TRACHEA = "trachea"
    UPPER_RIBS = "upper_ribs"
    LOWER_RIBS = "lower_ribs"
    LUMBAR_SPINE = "lumbar_spine"
    PELVIS = "pelvis"
    FEMURS = "femurs"

    @property
    def shown(self) -> str:
        """The landmark in words: "upper ribs"."""
        return self.value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """What is in view. `seen` says True, False, or nothing (not known) of each landmark.

    `source` is "computed" (from the bones of the volume), "asked" (a model's answer), or "" when nothing is known.
    """

    seen: Mapping[Limit, bool] = field(default_factory=dict)
    source: str = ""

    def shows(self, limit: Limit) -> bool | None:
        """Say whether a landmark is in view; None when that is not known."""
        return self.seen.get(limit)

    @property
    def in_view(self) -> tuple[Limit, ...]:
        """The landmarks in view, from head to foot."""
        return tuple(limit for limit in Limit if self.seen.get(limit) is True)

    @property
    def out_of_view(self) -> tuple[Limit, ...]:
        """The landmarks known to be outside the image, from head to foot."""
        return tuple(limit for limit in Limit if self.seen.get(limit) is False)

    def contradicted_by(self, other: "FieldOfView") -> tuple[Limit, ...]:
        """Return the landmarks of which the two say the opposite."""
        return tuple(limit for limit in Limit if {self.seen.get(limit), other.seen.get(limit)} == {True, False})

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"seen": {limit.value: value for limit, value in self.seen.items()}, "source": self.source}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "FieldOfView":
        """Read it back; landmarks of a newer version are left out."""
        known = {limit.value: limit for limit in Limit}
        seen = {known[name]: bool(value) for name, value in stored.get("seen", {}).items() if name in known}
        return cls(seen, str(stored.get("source", "")))


_ENOUGH_MM, _NOTHING_MM = 20.0, 10.0
"""So much of a landmark must surely be in view to be called in view; less than this at most is called out of view."""
_FROM_TO = {
    Limit.SKULL: (SKULL_MM, 2.0 * SKULL_MM),
    Limit.NECK: (APEX_MM + 10.0, SKULL_MM),
    Limit.TRACHEA: (APEX_MM - 75.0, APEX_MM + 50.0),
    Limit.UPPER_RIBS: (APEX_MM - 90.0, APEX_MM + 10.0),
    Limit.LOWER_RIBS: (BASE_MM - 40.0, BASE_MM + 100.0),
    Limit.LUMBAR_SPINE: (CREST_MM - 35.0, BASE_MM - 15.0),
    Limit.PELVIS: (CREST_MM - 200.0, CREST_MM),
    Limit.FEMURS: (-2.0 * SKULL_MM, CREST_MM - 115.0),
}
"""Where each landmark lies, in mm of an adult above the iliac crest. Ribs: 1 to 5 and 8 to 12; femurs from the head."""


def field_of_view(ct: Volume, landmarks: Landmarks) -> FieldOfView:
    """Return which landmarks an image (canonical view) shows, from its bones, lungs and air on a grid of about 4 mm.

    A landmark is left out where the image does not tell: too little of the body, densities of air cut off, none of the
    levels that tie it to the body (iliac crest, lungs, skull base) near, or an end that lies about at the landmark's
    own.
    """
    reach = None if landmarks.clipped else find_reach(ct, landmarks)
    if reach is None:
        return FieldOfView()
    told = {limit: _told(limit, reach) for limit in Limit}
    return FieldOfView({limit: seen for limit, seen in told.items() if seen is not None}, "computed")


def _told(limit: Limit, reach: Reach) -> bool | None:
    low, high = _FROM_TO[limit]
    surely = min(high, reach.high[0]) - max(low, reach.low[1])
    perhaps = min(high, reach.high[1]) - max(low, reach.low[0])
    seen = True if surely >= _ENOUGH_MM else False if perhaps <= _NOTHING_MM else None
    if limit is Limit.SKULL:
        return True if reach.skull else False if reach.trunk_at_top or seen is False else None
    if limit is Limit.PELVIS and reach.wings:
        return True
    if limit is Limit.TRACHEA and reach.cut_sideways and seen is not False:
        return True if reach.airway else None
    return seen
