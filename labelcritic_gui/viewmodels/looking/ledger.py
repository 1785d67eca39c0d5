"""What was seen of an item, for the ledger of its decision. Layer: viewmodels."""

from dataclasses import dataclass, field
from typing import Any

from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.slices import slice_count

PLANES = {View.AXIAL: "axial", View.FRONTAL: "coronal", View.LATERAL: "sagittal"}
"""What a plane of slices is called."""


@dataclass
class SeenOf:
    """What the reader has had on the screen of one item: the slices of each plane, and whether masks were shown."""

    geometry: Geometry | None = None
    slices: dict[View, set[int]] = field(default_factory=dict)
    projections: set[str] = field(default_factory=set)
    masks: bool = False
    difference: bool = False
    tour: int = 0

    def take_slice(self, view: View, index: int) -> None:
        """Note that a slice was painted."""
        self.slices.setdefault(view, set()).add(index)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many slices of each plane were seen, of how many; planes of which none was seen are left out."""
        if self.geometry is None:
            return {}
        return {
            PLANES[view]: {"seen": len(seen), "of": slice_count(self.geometry, view)}
            for view, seen in self.slices.items()
        }

    def as_record(self) -> dict[str, Any]:
        """Return what goes into the ledger."""
        return {
            "stage": "slices" if self.slices else "projection",
            "projections": sorted(self.projections),
            "slices": self.counts(),
            "masks": self.masks,
            "difference": self.difference,
            "tour": self.tour,
        }
