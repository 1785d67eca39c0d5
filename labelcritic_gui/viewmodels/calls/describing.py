"""What is known of an open review: folder, title, mode, label sets. Layer: viewmodels."""

from pathlib import Path
from typing import Protocol

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.viewmodels.calls.bound import Bound


class DescribingCalls(Protocol):
    """What is known of an open review: folder, title, mode, label sets."""

    @property
    def folder(self) -> Path:
        """The review folder."""

    @property
    def title(self) -> str:
        """What the review is called."""

    @property
    def mode(self) -> str:
        """How verdicts are shown, such as "assisted"."""

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets in the order that fixes their colours."""

    @property
    def worded_names(self) -> tuple[str, ...]:
        """The names that words for a model can be written for: structures, and titles of pairs shown together."""


class Describing(Bound):
    """The real thing."""

    @property
    def folder(self) -> Path:
        """The review folder."""
        return self._review.folder

    @property
    def title(self) -> str:
        """What the review is called."""
        return self._review.title

    @property
    def mode(self) -> str:
        """How verdicts are shown."""
        return self._review.mode

    @property
    def label_sets(self) -> tuple[LabelSet, ...]:
        """The label sets in the order that fixes their colours."""
        return self._review.label_sets

    @property
    def worded_names(self) -> tuple[str, ...]:
        """The names that words for a model can be written for."""
        known = [self._review.table.get(name) for name in self._review.structures]
        return tuple(dict.fromkeys(name for s in known for name in (s.name, s.pair_title) if name))
