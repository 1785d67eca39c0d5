"""A reader who is not to be led: what is hidden, the commitment, and the verdict that comes after it.

Layer: viewmodels.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelcritic_gui.core.blinding import CHANGE, COMMITMENT, Mode, Visible, visible
from labelcritic_gui.core.cases import CandidateId, ItemId, LabelSet
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.repeats import Repeat
from labelcritic_gui.core.review import Choice, ItemState
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.services.comparison import Opinions, Stage
from labelcritic_gui.services.modes import Revealed
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.calls.modes import Unfinished
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.showing import Showing
from labelcritic_gui.viewmodels.reading.sides import Sides
from labelcritic_gui.viewmodels.reading.veil import Veil, by_place, measured_only, nameless
from labelcritic_gui.viewmodels.runner import Lane, Runner
from labelcritic_gui.viewmodels.worklist import Worklist

_NO_COMMITMENT = frozenset({Choice.SKIP, Choice.UNJUDGED})
"""Words that settle nothing about the candidates: no verdict comes after them, so nobody skips to see it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a reader said: the choice, and for ACCEPT the label set and its place from 1."""

    choice: Choice
    label_set: str = ""
    position: int = 0


class Blinding(Veil):
    """Hangs before the item on the screen. `repeat` is set while that item is a hidden repeat.

    In a blind-first reading a word is a commitment; `reveal` then shows the verdict on the same item, and `revealed`
    is set until the reader keeps the word (`keeps`) or says another.
    """

    def __init__(
        self,
        calls: ReviewCalls,
        worklist: Worklist,
        runner: Runner,
        showing: Showing,
        sides: Sides,
        *,
        habits: Callable[[], Habits],
        seen: Callable[[], Mapping[str, Any]],
        say: Callable[[Message], None],
    ) -> None:
        self._calls = calls
        self._worklist = worklist
        self._runner = runner
        self._showing = showing
        self._sides = sides
        self._habits = habits
        self._seen = seen
        self._say = say
        self.mode = Mode(calls.mode)
        self.repeat: Repeat | None = None
        self.revealed: Revealed | None = None
        self._word: Word | None = None
        self._known_before = False
        self._coming: Repeat | None = None
        self._since = 0.0
        self._note = ""
        showing.veil = self
        showing.leaving.connect(self._leave)
        showing.item_changed.connect(self._begin)

    # --- what may be seen ----------------------------------------------------------------------------------------

    @property
    def visible(self) -> Visible:
        """What may be on the screen now."""
        return visible(self.mode, revealed=self.revealed is not None or self._known_before)

    @property
    def waits_for_state(self) -> bool:
        """Say whether it is not known yet if the reader has seen the verdict on this item before."""
        return self.mode is Mode.BLIND_FIRST and not self._showing.state_known

    def stage(self, stage: Stage) -> Stage:
        """Return a stage as it may be seen."""
        return stage if self.visible.names else nameless(stage)

    def opinions(self, opinions: Opinions) -> Opinions:
        """Return opinions as they may be seen."""
        return opinions if self.visible.advice else measured_only(opinions)

    def state(self, state: ItemState) -> ItemState:
        """Return where the item stands: nowhere for a repeat, which is to be judged as if for the first time."""
        if self.repeat is not None:
            return ItemState()
        if not self._known_before and self._calls.reader in state.revealed:
            self._known_before = True
            self._showing.rearrange()
        return state

    def label_sets(self) -> tuple[LabelSet, ...]:
        """Return the label sets as this reader knows them: their order gives their colours."""
        if not self.mode.hides:
            return tuple(self._calls.label_sets)
        return by_place(self._calls.label_sets, self._sides.shown, named=self.visible.names)

    @property
    def command(self) -> str:
        """The command that said what was committed, while its verdict is looked at; empty otherwise."""
        word = self._word
        if self.revealed is None or word is None:
            return ""
        if word.choice is not Choice.ACCEPT:
            return f"decide.{word.choice.value}"
        place = _place(self._sides.shown, word.label_set)
        return f"decide.accept_{place}" if place else ""

    @property
    def words(self) -> str:
        """Say why there is no verdict; empty where there may be one."""
        if self.visible.advice:
            return ""
        if self.mode is Mode.BLIND:
            return tr("This review is read blind: what the critic says is not shown.")
        return tr("The verdict is shown after your decision.")

    def takes_note(self, text: str) -> bool:
        """Keep a note on a repeat with its answer: the note of the item, which the reader does not see, stays."""
        if self.repeat is None:
            return False
        self._note = text
        return True

    # --- from item to item ---------------------------------------------------------------------------------------

    def expect(self, repeat: Repeat) -> None:
        """Say that the item that is opened next is a repeat: its sides are swapped, and nothing says so."""
        self._coming = repeat
        self._sides.impose(repeat.item, repeat.swapped)

    def _leave(self) -> None:
        if self.repeat is not None:
            self._sides.impose(self.repeat.item, ())
            self._disguise(None)
        self.repeat = self.revealed = self._word = None
        self._note = ""
        self._known_before = False

    def _begin(self) -> None:
        coming, self._coming = self._coming, None
        if coming is not None and coming.item == self._showing.item:
            self.repeat = coming
            self._sides.impose(coming.item, coming.swapped)
            self._disguise(coming.item)

    def _disguise(self, item: ItemId | None) -> None:
        """Let the worklist show a repeat as open while it is on the stage."""
        self._calls.disguise(item)
        if self.repeat is not None:
            self._worklist.refresh((self.repeat.item,))

    # --- the commitment, and what comes after it -------------------------------------------------------------------

    def phase(self, choice: Choice) -> dict[str, Any]:
        """Return what the journal is told of a word besides what was seen: commitment, or change after the verdict."""
        noted = {"note": self._note} if self._note else {}
        if self.mode is not Mode.BLIND_FIRST:
            return noted
        if self.revealed is not None:
            reveal_ms = round(1000 * (self._showing.seconds - self._since))
            return {**noted, "phase": CHANGE, "reveal_ms": reveal_ms}
        if self._known_before or choice in _NO_COMMITMENT:
            return noted
        return {**noted, "phase": COMMITMENT}

    def commits(self, choice: Choice) -> bool:
        """Say whether a word said now is a commitment."""
        return self.phase(choice).get("phase") == COMMITMENT

    def keeps(self, choice: Choice, candidate: CandidateId | None) -> bool:
        """Say whether a word said now, in sight of the verdict, is the same as before."""
        said = Word(choice, candidate.label_set if candidate else "")
        word = self._word
        return self.revealed is not None and word is not None and said == Word(word.choice, word.label_set)

    def reveal(self, word: Word, go_on: Callable[[], None], over: Callable[[], None]) -> None:
        """Show the verdict after a commitment; `go_on` is called where there is nothing to think over.

        `over` is told first, when the reveal is on the disk, or failed.
        """
        item = self._showing.item
        if item is None:
            over()
            return
        seen = self._seen()

        def told(shown: Revealed | None) -> None:
            over()
            self._told(item, word, shown, go_on)

        def failed(error: BaseException) -> None:
            over()
            go_on()
            if not isinstance(error, UserError):
                raise error
            self._say(of_error(error, prefix=tr("Your decision is written; the verdict could not be shown.") + " "))

        self._runner.run(Lane.DECIDE, lambda: self._calls.reveal(item, seen), told, on_error=failed)

    def resume(self, unfinished: Unfinished) -> None:
        """Take up a commitment where its reader left it: the verdict is shown on its item, which is being opened."""
        word = Word(unfinished.choice, unfinished.label_set, unfinished.position)
        self.reveal(word, go_on=_stay, over=_stay)

    def _told(self, item: ItemId, word: Word, shown: Revealed | None, go_on: Callable[[], None]) -> None:
        if item != self._showing.item:
            return
        if shown is None:
            self._say(Message(tr("The critic has not spoken on this item yet; your decision is kept.")))
            go_on()
            return
        mine = self._said(word)
        habits = self._habits()
        if shown.agrees and habits.agreed_goes_on and habits.auto_advance:
            sure = _sure(shown)
            self._say(Message(tr("{mine} The critic says the same{sure}.").format(mine=mine, sure=sure)))
            go_on()
            return
        if not shown.tells:
            self._say(Message(f"{mine} {self._critic_said(shown)}"))
            go_on()
            return
        self.revealed, self._word = shown, word
        self._since = self._showing.seconds
        self._showing.rearrange()
        hint = tr("Return keeps your decision, another key changes it.")
        self._say(Message(f"{mine} {self._critic_said(shown)}", hint, stays=True))

    def _said(self, word: Word) -> str:
        """Say in one sentence what the reader chose."""
        if word.choice is Choice.ACCEPT:
            return tr("You chose {n}.").format(n=word.position or word.label_set)
        return {
            Choice.ABSENT: tr("You accepted the absence."),
            Choice.EDIT: tr("You queued it for editing."),
            Choice.NONE: tr("You found none acceptable."),
            Choice.UNJUDGED: tr("You could not judge it."),
            Choice.SKIP: tr("You skipped it."),
        }[word.choice]

    def _critic_said(self, shown: Revealed) -> str:
        """Say in one sentence what the critic says, with the place of its pick."""
        advice, sure = shown.advice, _sure(shown)
        if advice.pick is not None and advice.outcome in {Outcome.FIRST, Outcome.SECOND}:
            title = next((s.title for s in self._calls.label_sets if s.slug == advice.pick.label_set), "")
            place = _place(self._sides.shown, advice.pick.label_set)
            said = tr("The critic picks {place}{title}{sure}.") if place else tr("The critic picks {title}{sure}.")
            return said.format(place=place, title=f" {title}" if place else title, sure=sure)
        return {
            Outcome.EQUIVALENT: tr("The critic finds them equivalent{sure}."),
            Outcome.BOTH_WRONG: tr("The critic finds none of them right{sure}."),
            Outcome.ABSENT_RIGHT: tr("The critic says that absence is right{sure}."),
            Outcome.UNDECIDED: tr("The critic is undecided."),
        }.get(advice.outcome, tr("The critic gave no answer that could be read.")).format(sure=sure)


def _place(shown: Sequence[str], slug: str) -> str:
    return str(shown.index(slug) + 1) if slug in shown else ""


def _sure(shown: Revealed) -> str:
    return f" ({shown.advice.confidence:.2f})" if shown.advice.confidence > 0 else ""


def _stay() -> None:
    """Stay on the item."""
