"""Volumes of cases in memory, for view-models that are tested without files."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId, LabelSet
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.tour import Tour
from labelcritic_gui.services.slices import CaseVolume
from labelcritic_gui.services.tour import Pair, Remarks, find_differences

DEPTH = 60


class FakeVolumes:
    """The part of `FakeCalls` that loads volumes; `read` says which, `volume_broken` makes it fail.

    `shapes` are masks by label set, instead of balls; `refused` ones cannot be read; `remarks` is what is said at the
    stops of a tour.
    """

    items: list[ItemId]
    label_sets: tuple[LabelSet, ...]
    missing: set[CandidateId]

    def __init__(self) -> None:
        super().__init__()
        self.read: list[CaseId] = []
        self.renewed: list[CaseId] = []
        self.volume_broken: Exception | None = None
        self.toured: list[Pair] = []
        self.remarks: Remarks = ()
        self.shapes: dict[str, Mask] = {}
        self.refused: dict[CandidateId, UserError] = {}

    def load_volume(self, case: CaseId, cancel: Any, progress: Any, *, image: Volume | None = None) -> CaseVolume:
        """Return a soft cube with a ball per candidate, the second a little further on."""
        (self.read if image is None else self.renewed).append(case)
        progress(0, 2, "image")
        stop_if(cancel)
        if self.volume_broken is not None:
            raise self.volume_broken
        geometry = Geometry((DEPTH, DEPTH, DEPTH), np.eye(4))
        volume = image or Volume(np.full(geometry.shape, 40, np.int16, order="F"), geometry)
        masks = {}
        for item in (item for item in self.items if item.case == case):
            for number, label_set in enumerate(self.label_sets):
                candidate = CandidateId(item.case, item.structure, label_set.slug)
                if candidate not in self.missing and candidate not in self.refused:
                    usual = (34.0, 30.0, 40.0 - 5 * number)
                    mask = self.shapes.get(label_set.slug) or _usual_ball(usual)
                    masks[candidate] = replace(mask, voxels=mask.voxels.copy(order="F"))
        progress(2, 2, "masks")
        return CaseVolume(case, volume, masks, {c: e for c, e in self.refused.items() if c.case == case})

    def find_differences(self, held: CaseVolume, pair: Pair, cancel: Any) -> Tour:
        """Return where two of the balls differ."""
        self.toured.append(pair)
        return find_differences(held, pair, cancel=cancel)

    def remarks_at(self, pair: Pair, tour: Tour) -> Remarks:
        """Return what the test wants to be said at the first stops."""
        return tuple(self.remarks[n] if n < len(self.remarks) else () for n in range(len(tour.stops)))


@cache
def _usual_ball(middle: tuple[float, float, float]) -> Mask:
    return ball(Geometry((DEPTH, DEPTH, DEPTH), np.eye(4)), middle, 9.0)


def ball(geometry: Geometry, middle: tuple[float, float, float], radius: float) -> Mask:
    """Return a ball, in voxels."""
    x, y, z = np.ogrid[: geometry.shape[0], : geometry.shape[1], : geometry.shape[2]]
    inside = (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2 <= radius**2
    return Mask.from_array(inside, geometry)
