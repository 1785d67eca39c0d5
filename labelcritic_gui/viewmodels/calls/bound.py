"""What the real calls stand on: one open review, one reader. Layer: viewmodels."""

from functools import cached_property

from labelcritic_gui.services import review
from labelcritic_gui.services.naming import Naming
from labelcritic_gui.services.review import OpenReview


class Bound:
    """The service functions of a family with the review and the reader filled in."""

    def __init__(self, opened: OpenReview, reader: str) -> None:
        self._review = opened
        self._reader = reader or review.default_reader()

    @cached_property
    def _naming(self) -> Naming:
        """The names that a reader knows, for what critics wrote."""
        return Naming(self._review)
