"""What was sent about an item and what came back, laid out for reading. Layer: viewmodels."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.verdict import OrderRecord
from labelcritic_gui.services.sent import SentItem, SentPicture, SentQuestion
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

OVERVIEW = N_("Overview")
HEAD_LINES = 4
"""Of what is said about the opinions, so many lines stand at the head of the window; the overview has them all."""
FREE = N_("free text")
NOT_KEPT = N_("An older version of this program asked this; it did not keep the words.")
_MEANINGS = {
    "equal": N_("both are right and equally good"),
    "wrong": N_("neither can be used"),
    "good": N_("good"),
    "bad": N_("bad"),
    "read": N_("read as asked for"),
    "unparsable": N_("could not be read"),
}
_PLACES = {"first": 0, "second": 1}
_SHORT = {
    "first": N_("first picture"),
    "second": N_("second picture"),
    "equal": N_("equally good"),
    "wrong": N_("neither"),
}


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """An answer: what it means, the text as it came, probabilities by meaning and by first token, and what it took.

    `shares` and `tokens` are (name, probability), likeliest first; `lines` are (name, value).
    """

    meaning: str
    raw: str
    shares: tuple[tuple[str, float], ...]
    tokens: tuple[tuple[str, float], ...]
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class QuestionSheet:
    """One question, sent or not: pictures in their order, texts, what holds the answer; `note` says what is missing."""

    title: str
    pictures: tuple[SentPicture, ...] = ()
    system: str = ""
    text: str = ""
    held_to: str = ""
    sampling: str = ""
    note: str = ""
    answer: AnswerSheet | None = None


def sheet_of(question: SentQuestion) -> QuestionSheet:
    """Lay a question out."""
    asked = bool(question.text)
    return QuestionSheet(
        title=question.title,
        pictures=question.pictures,
        system=question.system,
        text=question.text,
        held_to=(question.held_to or tr(FREE)) if asked else "",
        sampling=question.sampling,
        note="" if asked else tr(NOT_KEPT),
        answer=_answer(question.record, question.pictures) if question.record is not None else None,
    )


def head_of(sent: SentItem) -> tuple[str, ...]:
    """Return the lines for the head: who was asked with what, and what came of it; indented ones are details."""
    lines = [line for line in sent.lines if not line.startswith(" ")]
    return ("  ·  ".join(lines[:2]), *lines[2 : HEAD_LINES + 1])


def _answer(record: OrderRecord, pictures: tuple[SentPicture, ...]) -> AnswerSheet:
    shares = sorted(record.distribution.items(), key=lambda entry: -entry[1])
    weighed = {
        token: math.exp(min(0.0, logprob)) for token, logprob in record.first_token
    }  # the chosen one comes twice
    tokens = sorted(weighed.items(), key=lambda entry: -entry[1])
    lines = [
        (tr("Ended"), record.finish_reason),
        (
            tr("Tokens"),
            tr("{prompt_tokens} asked, {completion_tokens} answered").format(
                prompt_tokens=record.prompt_tokens, completion_tokens=record.completion_tokens
            )
            if record.prompt_tokens
            else "",
        ),
        (tr("Took"), f"{record.seconds:.2f} s" if record.seconds else ""),
        (tr("Answered by"), record.server),
        (tr("Request"), record.key),
    ]
    return AnswerSheet(
        meaning=_meaning(record.answer, pictures),
        raw=record.raw,
        shares=tuple((tr(_SHORT.get(name, name)), share) for name, share in shares),
        tokens=tuple((repr(token), share) for token, share in tokens),
        lines=tuple((name, value) for name, value in lines if value),
    )


def _meaning(answer: str, pictures: tuple[SentPicture, ...]) -> str:
    place = _PLACES.get(answer)
    if place is None:
        return tr(_MEANINGS.get(answer, answer.replace("-", " ")))
    judged = pictures[-2:]  # examples come before the two that are judged
    shown = f", {judged[place].caption}," if len(judged) == 2 and judged[place].png is not None else ""
    return tr("the {answer} picture{shown} is better").format(answer=answer, shown=shown)


class SentViewer:
    """Fetches what was sent about one item, with its pictures. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, item: ItemId, fetch: Callable[[ItemId, Cancel], SentItem], runner: Runner) -> None:
        self.item = item
        self.sent: SentItem | None = None
        self.sheets: tuple[QuestionSheet, ...] = ()
        self.failure: Message | None = None
        self.job: Job | None = None
        self._fetch = fetch
        self._runner = runner

    def start(self) -> None:
        """Begin; `changed` tells when it is there, or failed."""
        job = self.job = Job(tr("Looking up what was sent about {item}").format(item=self.item))
        self.sent, self.failure = None, None
        self.changed.emit()
        self._runner.run(
            Lane.CPU, lambda: self._fetch(self.item, job), self._fetched, key="sent", on_error=self._failed
        )

    def cancel(self) -> None:
        """Ask the work to stop."""
        if self.job is not None:
            self.job.cancel()

    def _fetched(self, sent: SentItem) -> None:
        self.job, self.sent = None, sent
        self.sheets = tuple(sheet_of(question) for question in sent.questions)
        self.changed.emit()

    def _failed(self, error: BaseException) -> None:
        self.job = None
        if not isinstance(error, UserError):
            self.failure = Message(tr("What was sent could not be looked up."), tr("The report says why."), error=True)
            self.changed.emit()
            raise error
        self.failure = Message(error.message) if isinstance(error, CancelledError) else of_error(error)
        self.changed.emit()
