"""What would be sent with prompts that are being written is what is sent with them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, ReviewError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.critic.prompt_files import PromptFiles
from labelcritic_gui.critic.prompts import load_prompts
from labelcritic_gui.formats import nifti
from labelcritic_gui.services import sent
from labelcritic_gui.services.new_review import LabelSource, create_review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.prompt_preview import Ask, Preview, preview, sample
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.services.switching import choose_critic
from labelcritic_gui.settings import LvlmSettings, Settings
from labelcritic_gui.store.replies import StoredReplies
from labelcritic_gui.viewmodels.runner import Job
from tests.fake_llm import FakeLlm, always, sha256
from tests.making import Dataset, grid, request
from tests.services.test_judging import CASES, made

CASE = CaseId("case_1")
LIVER = ItemId(CASE, "liver")
ALL = LvlmSettings(quality=True, reasons=True)


@pytest.fixture
def opened(dataset: Dataset) -> Iterator[OpenReview]:
    review = dataset.open()
    yield review
    review.close()


def rendering(review: OpenReview, how: LvlmSettings | None = None, url: str = "http://127.0.0.1:9/v1") -> LvlmCritic:
    return LvlmCritic(LvlmServer(url, attempts=1), how=how or ALL, cache=StoredReplies(review.database, now))


def told(found: Preview) -> list[tuple[str, str, str, list[str]]]:
    return [(q.system, q.text, q.held_to, [p.sha256 for p in q.pictures]) for q in found.questions]


@pytest.mark.parametrize("views", [("frontal",), ("frontal", "lateral", "slice")])
def test_that_what_is_previewed_is_what_is_sent_then(opened: OpenReview, views: tuple[str, ...]) -> None:
    how = replace_views(views)
    critic = rendering(opened, how)
    before = {ask: told(preview(opened, LIVER, critic, ask)) for ask in Ask}
    with FakeLlm(lambda a: {"A": 0.9, "B": 0.1} if sha256(a.judged[0]) == liked(before) else {"B": 1.0}) as server:
        asking = rendering(opened, how, server.url)
        review = choose_critic(opened, "lvlm", asking)
        ensure_opinions(review, CASE)
        came = [(a.body["messages"][0]["content"], a.text, [sha256(p) for p in a.pictures]) for a in server.chats]
        asking.client.close()
    for ask in Ask:
        for system, text, _, pictures in before[ask]:
            assert (system, text, pictures) in came, ask
    # and the same again from what is stored, without measuring anew
    assert {ask: told(preview(review, LIVER, critic, ask)) for ask in Ask} == before
    shown = sent.sent_item(review, LIVER).questions
    assert {q.text for q in shown} == {text for ask in Ask for _, text, _, _ in before[ask]}
    assert all(p.png is not None for q in shown for p in q.pictures)


def replace_views(views: tuple[str, ...]) -> LvlmSettings:
    return LvlmSettings.model_validate({**ALL.model_dump(), "views": views})


def liked(before: dict[Ask, list[tuple[str, str, str, list[str]]]]) -> str:
    """The first candidate's picture: a verdict for it is what the previewed reasons take for granted."""
    return before[Ask.COMPARE][0][3][0]


def test_that_both_orders_differ_only_in_the_order_of_the_pictures(opened: OpenReview) -> None:
    found = preview(opened, LIVER, rendering(opened), Ask.COMPARE)
    first, second = found.questions
    assert (first.title, second.title) == ("Order AB", "Order BA")
    assert (first.system, first.text, first.held_to) == (second.system, second.text, second.held_to)
    assert [p.caption for p in first.pictures] == [p.caption for p in second.pictures][::-1]
    assert all(p.png is not None and sha256(p.png) == p.sha256 for p in first.pictures)
    assert first.held_to == "A | B | C | D"
    assert "judged by the anatomy critic, which sends nothing" in found.notes[0]


def test_that_unsaved_words_are_in_the_preview_and_their_hash_is_another(opened: OpenReview, tmp_path: Path) -> None:
    files = PromptFiles(tmp_path / "own")
    text = files.file("structures/liver.toml").text.replace("The largest organ", "The very largest organ")
    critic = rendering(opened).with_prompts(files.preview({"structures/liver.toml": text}))
    found = preview(opened, LIVER, critic, Ask.COMPARE)
    assert "The very largest organ" in found.questions[0].text
    assert found.prompts == critic.identity.prompts != load_prompts().hash


def test_that_the_case_is_shown_by_an_item_that_is_about_the_words(opened: OpenReview) -> None:
    critic = rendering(opened)
    found = preview(opened, LIVER, critic, Ask.ASSESS, words_of="spleen")
    assert found.item == ItemId(CASE, "spleen")
    assert [q.title for q in found.questions] == ["Quality of good", "Quality of bad"]
    other = preview(opened, LIVER, critic, Ask.ASSESS, words_of="femurs")
    assert other.item == LIVER
    assert "Nothing in this case is asked about with these words; shown is the liver." in other.notes


def test_that_what_the_settings_leave_out_is_said(opened: OpenReview) -> None:
    critic = rendering(opened, LvlmSettings(region=False))
    for ask, words in (
        (Ask.REGION, "told by the bones alone"),
        (Ask.ASSESS, "not to ask for scores"),
        (Ask.REASONS, "not to ask for reasons"),
    ):
        assert any(words in note for note in preview(opened, LIVER, critic, ask).notes), ask


def test_that_an_item_with_one_candidate_has_no_pair(tmp_path: Path, dataset: Dataset) -> None:
    root = dataset.root
    alone = request(root, folder=tmp_path / "alone", labels=(LabelSource("good", root / "labels" / "good"),))
    create_review(alone, dataset.services.structures)
    review = dataset.services.open_review(tmp_path / "alone")
    with pytest.raises(ReviewError, match="one candidate only"):
        preview(review, LIVER, rendering(review), Ask.COMPARE)
    assert len(preview(review, LIVER, rendering(review), Ask.ASSESS).questions) == 1
    review.close()


def test_that_labels_that_are_nearly_equal_are_said_not_to_be_asked_about(tmp_path: Path, dataset: Dataset) -> None:
    root = dataset.root
    twins = tuple(LabelSource(name, root / "labels" / "good") for name in ("one", "two"))
    create_review(request(root, folder=tmp_path / "twins", labels=twins), dataset.services.structures)
    review = dataset.services.open_review(tmp_path / "twins")
    notes = preview(review, LIVER, rendering(review), Ask.COMPARE).notes
    assert any("decided without asking: the labels are nearly equal (Dice 1.000)" in note for note in notes)
    review.close()


def test_that_it_can_be_stopped(opened: OpenReview) -> None:
    job = Job("preview")
    job.cancel()
    with pytest.raises(CancelledError):
        preview(opened, LIVER, rendering(opened), Ask.COMPARE, cancel=job)


@pytest.mark.parametrize("ask", Ask)
def test_that_without_a_review_the_words_are_shown_without_pictures(ask: Ask) -> None:
    found = sample(load_prompts(), ask, words_of="gall_bladder")
    assert found.item is None
    assert found.questions[0].pictures == ()
    assert "gall bladder" in found.questions[0].text
    assert "No review is open" in found.notes[0]


def test_that_nothing_is_sent_by_a_preview(opened: OpenReview) -> None:
    with FakeLlm(always("A")) as server:
        for ask in Ask:
            preview(opened, LIVER, rendering(opened, url=server.url), ask)
        assert server.asked == []


def test_that_a_kidney_is_shown_with_the_words_for_both(tmp_path: Path) -> None:
    review = made(tmp_path, ("vera", "curta"), CASES[:1])
    left, right = (ItemId(CASES[0], side) for side in ("kidney_left", "kidney_right"))
    found = preview(review, left, rendering(review), Ask.COMPARE, words_of="kidney_left")
    assert "Here both sides are asked about together, with the words for the kidneys." in found.notes
    assert "label of the kidneys" in found.questions[0].text
    same = preview(review, right, rendering(review), Ask.COMPARE, words_of="kidneys")
    assert same.item == right
    assert not any("together" in note for note in same.notes)
    review.close()


def test_that_what_is_in_view_is_asked_with_the_bare_skeleton(opened: OpenReview) -> None:
    (asked,) = preview(opened, LIVER, rendering(opened), Ask.REGION).questions
    assert [p.caption for p in asked.pictures] == ["the skeleton, without any label"]
    assert asked.record is None
    assert all(name in asked.text for name in ("liver", "spleen", "pancreas"))


def test_that_a_case_which_lacks_a_structure_or_a_side_is_previewed_as_it_is_asked(tmp_path: Path) -> None:
    nothing = Mask.from_array(np.zeros(grid().shape, dtype=bool), grid())
    made(tmp_path, ("vera", "curta"), CASES[:2]).close()
    places = {s: tmp_path / "labels" / s / CASES[0] / "segmentations" for s in ("vera", "curta")}
    nifti.write_mask(places["vera"] / "kidney_left.nii.gz", nothing)
    for place in places.values():
        (place / "liver.nii.gz").unlink()
    labels = tuple(LabelSource(s, tmp_path / "labels" / s) for s in places)
    services = build_services(Settings())
    create_review(request(tmp_path, folder=tmp_path / "later", labels=labels), services.structures)
    opened = services.open_review(tmp_path / "later")
    item = ItemId(CASES[0], "kidney_right")
    how = LvlmSettings(views=("frontal", "slice"))
    before = [told(preview(opened, item, rendering(opened, how), ask)) for ask in (Ask.REGION, Ask.COMPARE)]
    with FakeLlm(always("A")) as server:
        asking = rendering(opened, how, server.url)
        review = choose_critic(opened, "lvlm", asking)
        ensure_opinions(review, CASES[0])
        came = [(a.body["messages"][0]["content"], a.text, [sha256(p) for p in a.pictures]) for a in server.chats]
        asking.client.close()
    for system, text, _, pictures in (question for questions in before for question in questions):
        assert (system, text, pictures) in came
    assert [told(preview(opened, item, asking, ask)) for ask in (Ask.REGION, Ask.COMPARE)] == before
    opened.close()
