"""Which label sets stand on the stage, and in which order: what is third from the left is accepted by 3.

Layer: viewmodels.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from labelcritic_gui.core.cases import ItemId, LabelSet
from labelcritic_gui.services.comparison import MOST_PANELS, Opinions, Stage
from labelcritic_gui.translation import tr


class Sides:
    """Puts panels and opinions into the order of the screen.

    A swap lasts as long as its item is on the screen: the next one stands as usual. A choice of label sets lasts as
    long as the review is open. With shuffling, chance stands for the order: by review, reader and item, so that an
    item looks the same whenever one comes back to it.
    """

    def __init__(
        self,
        label_sets: Sequence[LabelSet],
        *,
        seed: str = "",
        reader: str = "",
        shuffled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._titles = {s.slug: s.title for s in label_sets}
        self._seed = seed
        self._reader = reader
        self._shuffled = shuffled
        self._item: ItemId | None = None
        self._turns = 0
        self._chosen: tuple[str, ...] = ()
        self._imposed: dict[ItemId, tuple[str, ...]] = {}
        self._known: tuple[str, ...] = ()
        self._having: tuple[str, ...] = ()
        self.shown: tuple[str, ...] = ()
        """The label sets on the stage, left to right; empty before the first stage."""

    def begin(self, item: ItemId | None) -> None:
        """Begin with another item: a swap is forgotten."""
        if item != self._item:
            self._turns = 0
        self._item = item
        self._known = self._having = self.shown = ()

    def impose(self, item: ItemId, sides: Sequence[str]) -> None:
        """Say how an item's sides have to stand, whatever chance or habit says; no sides take it back."""
        if sides:
            self._imposed[item] = tuple(sides)
        else:
            self._imposed.pop(item, None)

    def arrange(self, stage: Stage) -> Stage:
        """Return a stage with its panels in the order of the screen; keeps note of that order."""
        panels = {panel.label_set.slug: panel for panel in stage.panels}
        self._known = tuple(panels)
        self._having = tuple(slug for slug, panel in panels.items() if panel.candidate is not None)
        order = self._order(stage.item)
        turn = self._turns % max(1, len(order))
        self.shown = order[turn:] + order[:turn]
        return replace(stage, panels=tuple(panels[slug] for slug in self.shown))

    def _order(self, item: ItemId) -> tuple[str, ...]:
        imposed = tuple(s for s in self._imposed.get(item, ()) if s in self._known)
        if imposed:
            return imposed
        standing = self._standing()
        slugs = sorted(self._titles) if self._shuffled() else list(self._known)
        if self._shuffled():
            Random("\n".join((self._seed, self._reader, item.case, item.structure))).shuffle(slugs)
        return tuple(slug for slug in slugs if slug in standing)

    def _standing(self) -> tuple[str, ...]:
        """Return the label sets on the stage, in the order of the review: as chosen, else the first with a mask."""
        chosen = tuple(slug for slug in self._known if slug in self._chosen)
        if chosen:
            return chosen
        if len(self._known) <= MOST_PANELS:
            return self._known
        return self._having[:MOST_PANELS] or self._known[:MOST_PANELS]

    def opinions(self, opinions: Opinions) -> Opinions:
        """Return opinions per panel, and the facts of the pair as it stands; what the critic said is untouched."""
        sets = opinions.sets or tuple(self._titles)[: len(opinions.facts)]
        if not self.shown or self.shown == sets:
            return opinions
        at = [sets.index(slug) if slug in sets else -1 for slug in self.shown]
        return replace(
            opinions,
            qualities=tuple(opinions.qualities[n] if n >= 0 else None for n in at),
            facts=tuple(opinions.facts[n] if n >= 0 else None for n in at),
            unusual=tuple(opinions.unusual[n] if 0 <= n < len(opinions.unusual) else () for n in at),
            pair=opinions.pair_of(self.shown),
            sets=self.shown,
        )

    @property
    def off_stage(self) -> int:
        """How many label sets have a mask of this item and do not stand on the stage."""
        return sum(slug not in self.shown for slug in self._having)

    def swap(self) -> None:
        """Let the sides change places; of more than two, everyone moves on by one place to the left."""
        self._turns += 1

    def choose(self, slugs: Sequence[str]) -> None:
        """Say which label sets stand on the stage from now on; none of the review's means: as usual."""
        self._chosen = tuple(slug for slug in self._titles if slug in slugs)[:MOST_PANELS]

    def page(self, by: int) -> str:
        """Put the next or previous four label sets on the stage; return what stands against it, or an empty text."""
        if len(self._having) <= MOST_PANELS:
            if not self.off_stage:
                return tr("All label sets that have a mask here stand on the stage already.")
            self.choose(())
            return ""
        last = len(self._having) - MOST_PANELS
        here = self._having.index(self._standing()[0]) if self._standing()[0] in self._having else 0
        there = min(here + MOST_PANELS, last) if by > 0 else max(here - MOST_PANELS, 0)
        if there == here:
            there = 0 if by > 0 else last
        self.choose(self._having[there : there + MOST_PANELS])
        return ""

    def toggle(self, number: int) -> str:
        """Put a label set (counted from 1 in the order of the review) on the stage or take it off; see `page`."""
        slugs = tuple(self._titles)
        if not 0 < number <= len(slugs):
            return tr("This review has {n} label sets.").format(n=len(slugs))
        slug, standing = slugs[number - 1], self._standing()
        if slug not in self._known:
            return tr("{name} has no mask of this structure here.").format(name=self._titles[slug])
        if slug in standing and len(standing) == 1:
            return tr("One label set has to stay on the stage.")
        if slug not in standing and len(standing) >= MOST_PANELS:
            return tr("Four label sets stand on the stage already; take one off first.")
        self.choose([s for s in standing if s != slug] if slug in standing else [*standing, slug])
        return ""
