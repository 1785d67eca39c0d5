"""The named conditions that enable commands; no widget decides for itself whether it is enabled. Layer: viewmodels."""

from enum import StrEnum
from typing import TYPE_CHECKING

from labelcritic_gui.translation import N_

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.station import Station


class Condition(StrEnum):
    """What must hold for a command to make sense."""

    ALWAYS = "always"
    REVIEW_OPEN = N_("a review is open")
    ITEM_OPEN = N_("an item is on the stage")
    CANDIDATE_1 = N_("the item has a first candidate")
    CANDIDATE_2 = N_("the item has a second candidate")
    CANDIDATE_3 = N_("the item has a third candidate")
    CANDIDATE_4 = N_("the item has a fourth candidate")
    SLICES = N_("slices are on the stage")
    HAS_PICK = N_("the critic picked something to accept")
    ADVISED = N_("the verdict may be seen")
    ASSISTED = N_("the review is read assisted")


PANEL_CONDITIONS = (Condition.CANDIDATE_1, Condition.CANDIDATE_2, Condition.CANDIDATE_3, Condition.CANDIDATE_4)


def holding(station: "Station") -> frozenset[Condition]:
    """Return the conditions that hold now."""
    found = {Condition.ALWAYS}
    reading = station.reading
    if reading is None:
        return frozenset(found)
    found.add(Condition.REVIEW_OPEN)
    if not reading.blinding.mode.hides:
        found.add(Condition.ASSISTED)
    if reading.item is None:
        return frozenset(found)
    found.add(Condition.ITEM_OPEN)
    if reading.stage is not None:
        found |= {c for c, p in zip(PANEL_CONDITIONS, reading.stage.panels, strict=False) if p.candidate is not None}
    if station.looking.mode == "slices":
        found.add(Condition.SLICES)
    if reading.verdict_visible:
        found.add(Condition.ADVISED)
    if reading.revealed or (reading.verdict is not None and reading.verdict.outcome.is_pick):
        found.add(Condition.HAS_PICK)
    return frozenset(found)
