"""What is taken off a stage, off opinions and off an item's state before anybody sees them. Layer: viewmodels."""

from collections.abc import Sequence
from dataclasses import replace

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.review import ItemState
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.translation import tr


class Veil:
    """Hides nothing. Whoever has something to hide hangs another one before the item (`reading.blinding`)."""

    def stage(self, stage: Stage) -> Stage:
        """Return a stage as it may be seen, its panels in the order of the screen."""
        return stage

    def opinions(self, opinions: Opinions) -> Opinions:
        """Return opinions as they may be seen."""
        return opinions

    def state(self, state: ItemState) -> ItemState:
        """Return where an item stands, as far as the reader may know."""
        return state

    def takes_note(self, text: str) -> bool:  # noqa: ARG002  (another veil may)
        """Say whether a note is kept here and not with the item."""
        return False


def nameless(stage: Stage) -> Stage:
    """Return a stage whose label sets are called by their places: "1", "2"."""
    panels = (
        replace(panel, label_set=replace(panel.label_set, title=str(place)))
        for place, panel in enumerate(stage.panels, 1)
    )
    return replace(stage, panels=tuple(panels))


def measured_only(opinions: Opinions) -> Opinions:
    """Return opinions without anything that a critic says: what is measured of the masks stays.

    Measures that are shown only when they are remarkable go too: being shown is a finding by itself.
    """
    none = tuple(None for _ in opinions.qualities)
    facts = tuple(_plain(facts) for facts in opinions.facts)
    return replace(opinions, verdict=None, qualities=none, facts=facts, unusual=(), other_prompts="")


def _plain(facts: CandidateFacts | None) -> CandidateFacts | None:
    return None if facts is None else replace(facts, holes_ml=0.0, outside_body_ml=0.0, flat_face=0.0)


def by_place(label_sets: Sequence[LabelSet], shown: Sequence[str], *, named: bool) -> tuple[LabelSet, ...]:
    """Return a review's label sets so that their order, and with it their colours, is that of the screen.

    Where names are hidden they are called by their places, and those that are not on the screen have no name at all.
    """
    known = {label_set.slug: label_set for label_set in label_sets}
    there = [known[slug] for slug in shown if slug in known]
    rest = [label_set for label_set in label_sets if label_set not in there]
    if named:
        return (*there, *rest)
    called = [replace(label_set, title=str(place)) for place, label_set in enumerate(there, 1)]
    return (*called, *(replace(label_set, title=tr("another candidate")) for label_set in rest))
