"""What is kept and counted of an item when some of its questions fail, or some of its masks cannot be used."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.services.opinions import form_opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from tests.fake_llm import Answer, Asked, FakeLlm, error
from tests.services.test_judging import CASES, asking, formed, made, most_red, verdict_of

CASE = CASES[0]
LIVER = ItemId(CASE, "liver")


class Choosy(FakeLlm):
    """Refuses the questions that `refuses` says, and answers the others."""

    refuses: Callable[[Asked], bool] = staticmethod(lambda _: False)

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/chat/completions" and self.refuses(asked):
            return error(400, "not this one")
        return super().answer(asked)


@pytest.fixture
def server() -> Iterator[Choosy]:
    with Choosy(most_red) as fake:
        yield fake


@pytest.fixture
def two(tmp_path: Path) -> Iterator[OpenReview]:
    opened = made(tmp_path, ("vera", "curta"), CASES[:1])
    yield opened
    opened.close()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[OpenReview]:
    opened = made(tmp_path, ("curta", "vera", "parva"), CASES[:1])
    yield opened
    opened.close()


def after(number: int, named: str) -> Callable[[Asked], bool]:
    """Refuse questions whose text has these words, but for the first few."""
    met: list[Asked] = []

    def refuses(asked: Asked) -> bool:
        if named not in asked.text:
            return False
        met.append(asked)
        return len(met) > number

    return refuses


def line_of(opened: OpenReview, item: ItemId) -> tuple[str, str]:
    row = index.item_row(opened.database, item)
    return row["outcome"], row["pick"]


# --- best of N ---------------------------------------------------------------------------------------------------


def test_that_a_best_of_three_that_failed_halfway_is_no_answer_and_is_asked_on(
    three: OpenReview, server: Choosy
) -> None:
    opened, critic = asking(three, server, region=False)
    server.refuses = after(2, "label of the liver")
    told = form_opinions(opened, CASE)
    assert told.calls["verdict"] == 6, "two calls were made for the liver, whatever became of it"
    assert set(formed(opened, CASE)) == {"liver"}
    assert line_of(opened, LIVER) == ("failed", "")
    server.refuses = lambda _: False
    assert formed(opened, CASE) == {}
    joined = verdict_of(opened, "liver")
    assert joined.pick == CandidateId(CASE, "liver", "vera")
    assert len(joined.subject.candidates) == 3
    assert line_of(opened, LIVER) == ("first", "vera")
    critic.client.close()


def test_that_a_best_of_three_that_fails_when_asked_again_leaves_the_answer_of_before(
    three: OpenReview, server: Choosy
) -> None:
    opened, critic = asking(three, server, region=False)
    formed(opened, CASE)
    before = verdict_of(opened, "liver")
    server.refuses = after(2, "label of the liver")
    assert "liver" in formed(opened, CASE, critic=critic.afresh(), again=True)
    assert verdict_of(opened, "liver") == before
    assert line_of(opened, LIVER) == ("first", "vera")
    critic.client.close()
