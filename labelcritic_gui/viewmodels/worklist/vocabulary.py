"""The words that a filter may use in this review, for whoever is typing one. Layer: viewmodels."""

from collections.abc import Iterable
from itertools import islice

from labelcritic_gui.core.query.completing import MOST, Completion, complete
from labelcritic_gui.core.query.fields import offered
from labelcritic_gui.services.worklist import Keys
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.runner import Lane, Runner


class Vocabulary:
    """Which values occur, fetched in the background: when the list is loaded. GUI thread only."""

    def __init__(self, calls: ReviewCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self._occurring: dict[str, tuple[str, ...]] = {}

    def refresh(self) -> None:
        """Fetch the values that occur anew."""
        self._runner.run(Lane.STORE, self._calls.occurring, self._take, key="vocabulary")

    def _take(self, occurring: dict[str, tuple[str, ...]]) -> None:
        self._occurring = occurring

    def complete(self, text: str, cursor: int, keys: Keys | None, *, told: bool) -> Completion:
        """Return what may stand at a place of a filter; `told` says whether the critic's opinion may be asked for."""

        def values(field: str, typed: str) -> Iterable[str]:
            if field == "case" and keys is not None:
                low = typed.lower()
                return islice((case for case in keys.cases if case.lower().startswith(low)), MOST)
            if field == "structure" and keys is not None:
                return keys.structures
            return self._occurring.get(field, ())

        return complete(text, cursor, offered(told=told), values)
