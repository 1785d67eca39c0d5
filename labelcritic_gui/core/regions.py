"""The regions in which two candidates differ: where, how large, and who claims them. Layer: core."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from labelcritic_gui.core.geometry import Point

Side = Literal["left", "right", ""]


@dataclass(frozen=True, slots=True)
class DifferingRegion:
    """One connected region that only one of two candidates claims.

    `claimant` is "first" or "second"; `place` a point inside it and `low`, `high` the corners of its box, world RAS+
    mm; `hu_mean` what the CT has there; `side` the patient's side that it lies on, empty near the midline or unknown.
    """

    claimant: Literal["first", "second"]
    volume_ml: float
    place: Point
    low: Point
    high: Point
    hu_mean: float
    side: Side = ""

    def swapped(self) -> "DifferingRegion":
        """Return the same region with the candidates named the other way round."""
        other: Literal["first", "second"] = "second" if self.claimant == "first" else "first"
        return DifferingRegion(other, self.volume_ml, self.place, self.low, self.high, self.hu_mean, self.side)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "DifferingRegion":
        """Read it back."""
        points = {name: tuple(stored[name]) for name in ("place", "low", "high")}
        return cls(**{**stored, **points})
