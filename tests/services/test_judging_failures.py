"""What is kept and counted of an item when some of its questions fail, or some of its masks cannot be used."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.verdict import Outcome, Quality
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.comparison import load_opinions
from labelcritic_gui.services.opinions import form_opinions, missing_opinions
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions
from tests.fake_llm import Answer, Asked, FakeLlm, error
from tests.making import grid
from tests.services.test_judging import CASES, PLACES, asking, formed, made, most_red, verdict_of

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


def scored(opened: OpenReview, item: ItemId) -> set[str]:
    said = [s.opinion for s in opinions.opinions_of(opened.database, item, "lvlm")]
    return {o.subject.candidates[0].label_set for o in said if isinstance(o, Quality)}


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


# --- scores ------------------------------------------------------------------------------------------------------


def test_that_a_score_that_failed_leaves_the_verdict_and_is_asked_again_alone(two: OpenReview, server: Choosy) -> None:
    opened, critic = asking(two, server, region=False, quality=True)
    second_score = after(1, "Can the label of the liver")
    server.refuses = lambda asked: len(asked.pictures) == 1 and second_score(asked)
    assert set(formed(opened, CASE)) == {"liver"}
    assert line_of(opened, LIVER) == ("first", "vera"), "the verdict stands whatever became of the scores"
    assert len(scored(opened, LIVER)) == 1
    asked = len(server.chats)
    server.refuses = lambda _: False
    assert formed(opened, CASE) == {}
    assert scored(opened, LIVER) == {"vera", "curta"}
    assert len(server.chats) == asked + 1
    assert form_opinions(opened, CASE).opinions == []
    critic.client.close()


def test_that_a_missing_examples_folder_fails_scores_item_by_item(two: OpenReview, server: Choosy) -> None:
    opened, critic = asking(two, server, region=False, quality=True, shots=2, examples_folder="/nowhere/examples")
    failed = formed(opened, CASE)
    assert set(failed) == set(PLACES)
    assert "/nowhere/examples is not there" in failed["liver"]
    assert server.chats == []
    assert line_of(opened, LIVER) == ("failed", "")
    critic.client.close()


# --- masks that cannot be used -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lvlm", "anatomy"])
def test_that_an_item_of_which_one_mask_is_refused_is_judged_by_the_other_and_not_asked_again(
    two: OpenReview, server: Choosy, tmp_path: Path, kind: str
) -> None:
    damaged = tmp_path / "labels" / "curta" / CASE / "segmentations" / "liver.nii.gz"
    damaged.write_bytes(damaged.read_bytes()[:100])
    critic = None
    opened = two
    if kind == "lvlm":
        opened, critic = asking(two, server, region=False)
    assert formed(opened, CASE) == {}
    verdict = verdict_of(opened, "liver") if critic else None
    if verdict is not None:
        assert verdict.outcome is Outcome.FIRST
        assert verdict.pick == CandidateId(CASE, "liver", "vera")
    assert line_of(opened, LIVER)[0] in {"first", "both-wrong", "undecided"}
    again = form_opinions(opened, CASE)
    assert (again.opinions, again.facts) == ([], [])
    if critic is not None:
        critic.client.close()


# --- pairs drawn together ----------------------------------------------------------------------------------------


def test_that_kidneys_are_shown_apart_where_a_label_set_has_one_side_only(
    two: OpenReview, server: Choosy, tmp_path: Path
) -> None:
    nothing = Mask.from_array(np.zeros(grid().shape, dtype=bool), grid())
    nifti.write_mask(tmp_path / "labels" / "vera" / CASE / "segmentations" / "kidney_left.nii.gz", nothing)
    opened, critic = asking(two, server, region=False)
    formed(opened, CASE)
    # together, the missing left one would count against vera's right one, which is the better one
    right = verdict_of(opened, "kidney_right")
    assert right.subject.asked_as == ""
    assert right.pick == CandidateId(CASE, "kidney_right", "vera")
    middle = {s: grid().to_world(np.array(PLACES[s], dtype=float)) for s in PLACES}
    for place in right.places:
        assert np.linalg.norm(place - middle["kidney_right"]) < np.linalg.norm(place - middle["kidney_left"])
    critic.client.close()


# --- asked otherwise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"views": ("lateral",)}, {"quality": True}, {"reasons": True}])
def test_that_the_list_keeps_what_is_shown_when_nobody_answers_what_is_asked_otherwise(
    two: OpenReview, server: Choosy, how: dict[str, object]
) -> None:
    opened, critic = asking(two, server, region=False)
    formed(opened, CASE)
    server.refuses = lambda _: True
    opened, other = asking(opened, server, region=False, **how)
    formed(opened, CASE, critic=other.afresh())
    assert line_of(opened, LIVER) == ("first", "vera")
    shown = load_opinions(opened, LIVER).verdict
    assert shown is not None
    assert shown.pick == CandidateId(CASE, "liver", "vera")
    assert missing_opinions(opened, CASE)
    for one in (critic, other):
        one.client.close()
