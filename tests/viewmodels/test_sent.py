"""What was sent, laid out for reading."""

import math

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, UnreadableFileError
from labelcritic_gui.core.verdict import OrderRecord
from labelcritic_gui.services.sent import SentItem, SentPicture, SentQuestion
from labelcritic_gui.viewmodels.runner import InlineRunner
from labelcritic_gui.viewmodels.sent import FREE, NOT_KEPT, SentViewer, head_of, sheet_of
from tests.viewmodels.fakes import PICTURES, HeldRunner

ITEM = ItemId(CaseId("case_0"), "liver")
PAIR = (SentPicture("a" * 64, "alpha", PICTURES[0]), SentPicture("b" * 64, "beta", PICTURES[1]))


def record(answer: str = "second", **more: object) -> OrderRecord:
    told = {"first": 0.1, "second": 0.85, "equal": 0.05, "wrong": 0.0}
    tokens = (("B", math.log(0.85)), ("C", math.log(0.05)), ("B", math.log(0.85)), ("A", math.log(0.1)))
    values: dict[str, object] = {"first_token": tokens, "raw": "B", "key": "k" * 64, "seconds": 0.25, **more}
    return OrderRecord("AB", answer, told, "stop", prompt_tokens=300, completion_tokens=2, server="m (0.32)", **values)


def question(answer: str = "second", pictures: tuple[SentPicture, ...] = PAIR) -> SentQuestion:
    return SentQuestion("Order AB", record(answer), "system", "question", "A | B", "seed 0", pictures)


def test_that_an_answer_is_told_by_what_the_picture_shows() -> None:
    answer = sheet_of(question()).answer
    assert answer is not None
    assert answer.meaning == "the second picture, beta, is better"
    assert answer.shares == (
        ("second picture", 0.85),
        ("first picture", 0.1),
        ("equally good", 0.05),
        ("neither", 0.0),
    )
    assert [(token, round(p, 3)) for token, p in answer.tokens] == [("'B'", 0.85), ("'A'", 0.1), ("'C'", 0.05)]
    told = dict(answer.lines)
    assert told["Tokens"] == "300 asked, 2 answered"
    assert told["Took"] == "0.25 s"
    assert told["Answered by"] == "m (0.32)"
    assert told["Request"] == "k" * 64


def test_that_examples_before_the_pair_do_not_shift_it() -> None:
    examples = (SentPicture("c" * 64, "an example, good: x", b""),)
    answer = sheet_of(question("first", (*examples, *PAIR))).answer
    assert answer is not None
    assert answer.meaning == "the first picture, alpha, is better"


def test_that_other_answers_have_words() -> None:
    for given, words in (("equal", "both are right"), ("unparsable", "could not be read"), ("bad", "bad")):
        answer = sheet_of(question(given)).answer
        assert answer is not None
        assert answer.meaning.startswith(words)


def test_that_a_question_without_kept_words_says_so_and_free_text_is_named() -> None:
    old = sheet_of(SentQuestion("Order AB", record()))
    assert (old.note, old.held_to) == (NOT_KEPT, "")
    free = sheet_of(SentQuestion("Reasons", None, "system", "question"))
    assert (free.note, free.held_to, free.answer) == ("", FREE, None)


def test_that_the_head_has_whom_with_what_and_what_came_of_it() -> None:
    lines = ("Critic: x", "Prompt set: y", "Verdict on a, b: first", "  detail", "Quality of a: 80", "Quality of b: 60")
    assert head_of(SentItem(ITEM, lines)) == (
        "Critic: x  ·  Prompt set: y",
        "Verdict on a, b: first",
        "Quality of a: 80",
        "Quality of b: 60",
    )


def test_that_it_is_fetched_and_failures_are_told() -> None:
    viewer = SentViewer(ITEM, lambda item, cancel: SentItem(item, ("Critic: x",), (question(),)), InlineRunner())
    viewer.start()
    assert [sheet.title for sheet in viewer.sheets] == ["Order AB"]
    assert viewer.job is None

    def gone(item: ItemId, cancel: object) -> SentItem:
        raise UnreadableFileError("The disk is gone.", "Plug it in.")

    failed = SentViewer(ITEM, gone, InlineRunner())
    failed.start()
    assert failed.failure is not None
    assert (failed.failure.text, failed.failure.error) == ("The disk is gone.", True)


def test_that_leaving_stops_the_work() -> None:
    def fetch(item: ItemId, cancel) -> SentItem:
        if cancel.is_set():
            raise CancelledError("Stopped.")
        return SentItem(item, ())

    runner = HeldRunner()
    viewer = SentViewer(ITEM, fetch, runner)
    viewer.start()
    viewer.cancel()
    runner.settle()
    assert viewer.sent is None
    assert viewer.failure is not None
    assert not viewer.failure.error
