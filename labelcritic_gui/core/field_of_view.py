"""Which part of the body an image shows: landmarks in view, not in view, or not known. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


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
