"""One item on the contact sheet: what is seen of it, and what the reader would write. Layer: viewmodels."""

from dataclasses import dataclass
from typing import Literal

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.verdict import Outcome, Verdict
from labelcritic_gui.services.comparison import Opinions, Panel
from labelcritic_gui.services.thumbnails import SmallStage
from labelcritic_gui.viewmodels.messages import Message

ABSENCE = 0
"""The position of a mark that says: the structure is rightly absent."""
How = Literal["key", "click", "sure"]


@dataclass(frozen=True, slots=True)
class Mark:
    """What will be written of an item: the candidate at a position (from 1), or ABSENCE; and how it was marked."""

    position: int
    how: How


@dataclass(frozen=True, eq=False, slots=True)
class Cell:
    """An item on the sheet. `small` is None while its picture is loaded, `failure` says why there is none.

    `written` is set when the mark is in the journal and the sheet has not gone on yet.
    """

    item: ItemId
    small: SmallStage | None = None
    opinions: Opinions | None = None
    failure: Message | None = None
    mark: Mark | None = None
    written: bool = False

    @property
    def verdict(self) -> Verdict | None:
        """The critic's verdict, when it has spoken."""
        return self.opinions.verdict if self.opinions else None

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The candidates from left to right."""
        return self.small.panels if self.small else ()

    @property
    def pick(self) -> int | None:
        """The position of what the critic would accept, ABSENCE where that is right; None without a pick."""
        verdict = self.verdict
        if verdict is None:
            return None
        if verdict.outcome is Outcome.ABSENT_RIGHT:
            return ABSENCE
        wanted = verdict.pick
        return next((n for n in self.acceptable if wanted and self.candidate(n) == wanted), None)

    @property
    def acceptable(self) -> tuple[int, ...]:
        """The positions of what can be accepted: a candidate that can be seen."""
        return tuple(n for n, p in enumerate(self.panels, 1) if p.candidate is not None and not p.refused)

    def candidate(self, position: int) -> CandidateId | None:
        """Return the candidate at a position, from 1; None for ABSENCE and where there is none."""
        return self.panels[position - 1].candidate if 0 < position <= len(self.panels) else None

    def findings(self, position: int) -> tuple[Finding, ...]:
        """Return what was noticed about the candidate at a position."""
        candidate = self.candidate(position)
        if self.opinions is None or candidate is None:
            return ()
        found = (q for q in self.opinions.qualities if q is not None and q.subject.candidates == (candidate,))
        quality = next(found, None)
        return quality.findings if quality is not None else ()

    def turns(self, *, advised: bool) -> tuple[int, ...]:
        """Return what a key marks one after the other: the critic's pick first when the reader may know it."""
        pick = self.pick if advised else None
        if pick is None:
            return self.acceptable or ((ABSENCE,) if self.small is not None and not advised else ())
        return (pick, *(n for n in self.acceptable if n != pick))

    def turned(self, *, advised: bool) -> Mark | None:
        """Return the mark after one more stroke of the cell's key; None leaves the item open."""
        turns = self.turns(advised=advised)
        here = turns.index(self.mark.position) + 1 if self.mark and self.mark.position in turns else 0
        return Mark(turns[here], "key") if here < len(turns) else None

    def sure(self, least: float) -> bool:
        """Say whether the critic's pick is at least so sure, in both orders, and nothing severe speaks against it."""
        verdict, pick = self.verdict, self.pick
        if verdict is None or pick is None or verdict.confidence < least or verdict.orders_agree is False:
            return False
        return all(finding.severity < Severity.MAJOR for finding in self.findings(pick))
