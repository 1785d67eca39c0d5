"""Whole cases put to a server: how often it is asked, what it is shown, and what is kept of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.review import Choice
from labelcritic_gui.core.verdict import Agreement, Outcome, Quality, Verdict
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.formats import nifti
from labelcritic_gui.imaging.panel import decode_png, encode_png
from labelcritic_gui.services import review as reading
from labelcritic_gui.services.judging import FIELD_OF_VIEW
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.services.opinions import form_opinions, keep_opinions
from labelcritic_gui.services.review import OpenReview, now
from labelcritic_gui.services.sent import sent_item
from labelcritic_gui.services.switching import choose_critic
from labelcritic_gui.settings import LvlmSettings, Settings
from labelcritic_gui.store import opinions
from labelcritic_gui.store.replies import StoredReplies
from tests.fake_llm import Asked, FakeLlm, error
from tests.making import ball, grid, trunk

CASES = tuple(CaseId(f"zq_{n}") for n in (1, 2, 3))
PLACES = {"liver": (33, 22, 24), "kidney_right": (32, 14, 18), "kidney_left": (14, 14, 18)}
SIZES = {"vera": 6.0, "curta": 6.0, "parva": 4.0}


def voxels_of(label_set: str, structure: str) -> np.ndarray:
    found = ball(PLACES[structure], SIZES[label_set])
    if label_set == "curta":
        found[:, :, PLACES[structure][2] :] = False
    return found


def made(root: Path, sets: tuple[str, ...], cases: tuple[CaseId, ...]) -> OpenReview:
    """A review of small cases: `vera` is right, `curta` lacks the upper half of everything, `parva` is too small."""
    for n, case in enumerate(cases):
        image = root / "images" / case / "ct.nii.gz"
        image.parent.mkdir(parents=True)
        nifti.write_ct(image, trunk(n))
        for label_set in sets:
            folder = root / "labels" / label_set / case / "segmentations"
            folder.mkdir(parents=True)
            for structure in PLACES:
                mask = Mask.from_array(voxels_of(label_set, structure), grid())
                nifti.write_mask(folder / f"{structure}.nii.gz", mask)
    services = build_services(Settings(reader="ann"))
    labels = tuple(LabelSource(s, root / "labels" / s) for s in sets)
    create_review(Request(folder=root / "review", images=root / "images", labels=labels), services.structures)
    return services.open_review(root / "review")


@pytest.fixture
def server() -> Iterator[FakeLlm]:
    with FakeLlm(most_red) as fake:
        yield fake


def redness(picture: bytes) -> int:
    image = decode_png(picture).astype(int)
    return int((image[..., 0] - image[..., 1] > 40).sum())


def most_red(asked: Asked) -> dict[str, float]:
    """A judge who looks: of two labels the larger one is better, one label is good when it is large."""
    sizes = [redness(p) for p in asked.judged]
    if len(sizes) == 1:
        return {"A": 0.8, "B": 0.2} if sizes[0] > 2000 else {"A": 0.3, "B": 0.7}
    return {"A": 0.9, "B": 0.1} if sizes[0] > sizes[1] else {"A": 0.1, "B": 0.9}


def asking(opened: OpenReview, server: FakeLlm, **how: object) -> tuple[OpenReview, LvlmCritic]:
    address = LvlmServer(server.url, attempts=1, timeout_s=20)
    critic = LvlmCritic(address, how=LvlmSettings(**how), cache=StoredReplies(opened.database, now))
    return choose_critic(opened, "lvlm", critic), critic


def formed(opened: OpenReview, case: CaseId, **more: object) -> dict[str, str]:
    """Form and keep the opinions on a case; return what failed."""
    told = form_opinions(opened, case, **more)
    keep_opinions(opened, told)
    return {item.structure: why for item, why in told.failed.items()}


def verdict_of(opened: OpenReview, structure: str, case: CaseId = CASES[0]) -> Verdict:
    said = opinions.opinions_of(opened.database, ItemId(case, structure), "lvlm")
    return next(s.opinion for s in said if isinstance(s.opinion, Verdict))


@pytest.fixture
def two(tmp_path: Path) -> Iterator[OpenReview]:
    opened = made(tmp_path, ("vera", "curta"), CASES)
    yield opened
    opened.close()


@pytest.fixture
def three(tmp_path: Path) -> Iterator[OpenReview]:
    opened = made(tmp_path, ("curta", "vera", "parva"), CASES[:1])
    yield opened
    opened.close()


def test_that_a_pair_takes_two_calls_and_a_case_one_and_kidneys_are_one_pair(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server)
    assert formed(opened, CASES[0]) == {}
    # one for what is in view, two for the liver, two for both kidneys together
    assert len(server.chats) == 5
    assert set(server.counts.values()) == {1}
    left, right = verdict_of(opened, "kidney_left"), verdict_of(opened, "kidney_right")
    assert (left.subject.asked_as, right.subject.asked_as) == ("kidneys", "kidneys")
    assert [o.key for o in left.orders] == [o.key for o in right.orders]
    assert left.cost.calls + right.cost.calls == 2
    assert verdict_of(opened, "liver").pick == CandidateId(CASES[0], "liver", "vera")
    assert verdict_of(opened, "liver").agreement is Agreement.AGREE
    formed(opened, CASES[0], again=True)
    assert len(server.chats) == 5
    critic.client.close()


def test_that_a_pair_has_places_where_its_candidates_differ(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server)
    formed(opened, CASES[0])
    ((x, y, z), *_) = verdict_of(opened, "liver").places
    middle = grid().to_world(np.array(PLACES["liver"], dtype=float))
    assert abs(x - middle[0]) < 40
    assert abs(y - middle[1]) < 40
    assert 0 < z - middle[2] < 60  # the missing half is the upper one
    critic.client.close()


def test_that_without_the_region_step_the_bones_stand_in(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, region=False)
    formed(opened, CASES[0])
    assert len(server.chats) == 4
    record = opinions.case_record(opened.database, CASES[0], FIELD_OF_VIEW)
    assert record is not None
    assert record["computed"]["source"] in {"computed", ""}
    assert "asked" not in record
    critic.client.close()


def test_that_a_region_step_that_fails_does_not_fail_the_verdicts(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server)
    server.script = [error(400, "no region today")]
    assert formed(opened, CASES[0]) == {}
    record = opinions.case_record(opened.database, CASES[0], FIELD_OF_VIEW)
    assert record is not None
    assert "no region today" in record["problem"]
    assert verdict_of(opened, "liver").outcome in {Outcome.FIRST, Outcome.SECOND}
    critic.client.close()


def test_that_what_was_said_to_be_in_view_outlives_a_server_that_went_away(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server)
    server.line_letter = "Y"
    formed(opened, CASES[0])
    critic.client.close()
    server.stop()
    opened, critic = asking(opened, server)
    assert set(formed(opened, CASES[0], again=True)) == set(PLACES)
    record = opinions.case_record(opened.database, CASES[0], FIELD_OF_VIEW)
    assert record is not None
    assert record["asked"]["seen"]["skull"] is True
    assert record["contradictions"] or record["computed"]["seen"] == {}
    critic.client.close()


def test_that_quality_is_one_call_a_candidate_and_kidneys_are_scored_together(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, quality=True)
    formed(opened, CASES[0])
    # 5 as above, then two livers and two pairs of kidneys
    assert len(server.chats) == 9
    said = opinions.opinions_of(opened.database, ItemId(CASES[0], "liver"), "lvlm")
    scores = {s.opinion.subject.candidates[0].label_set: s.opinion for s in said if isinstance(s.opinion, Quality)}
    assert set(scores) == {"vera", "curta"}
    assert all(q.asked is not None and q.asked.distribution for q in scores.values())
    critic.client.close()


def test_that_reasons_are_one_call_a_decided_pair_and_asked_later_cost_only_themselves(
    two: OpenReview, server: FakeLlm
) -> None:
    opened, critic = asking(two, server)
    formed(opened, CASES[0])
    opened, worded = asking(opened, server, reasons=True)
    formed(opened, CASES[0])
    assert len(server.chats) == 5 + 2
    assert server.words in verdict_of(opened, "liver").reasons[-1]
    assert form_opinions(opened, CASES[0]).opinions == [], "the verdicts without reasons are of yesterday"
    formed(opened, CASES[0])
    assert len(server.chats) == 7
    for one in (critic, worded):
        one.client.close()


def test_that_an_item_whose_labels_are_all_empty_is_not_asked_for_scores_again(tmp_path: Path, server: FakeLlm) -> None:
    opened = made(tmp_path, ("vera", "curta"), CASES[:1])
    nothing = Mask.from_array(np.zeros(grid().shape, dtype=bool), grid())
    for label_set in ("vera", "curta"):
        nifti.write_mask(tmp_path / "labels" / label_set / CASES[0] / "segmentations" / "liver.nii.gz", nothing)
    opened, critic = asking(opened, server, quality=True)
    formed(opened, CASES[0])
    asked = len(server.chats)
    assert form_opinions(opened, CASES[0]).opinions == []
    assert len(server.chats) == asked
    critic.client.close()
    opened.close()


def test_that_lateral_and_slice_views_stand_beside_the_frontal_one(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, views=("frontal", "lateral", "slice"))
    formed(opened, CASES[0])
    assert len(server.chats) == 5
    frontal, wide = decode_png(server.chats[0].pictures[0]), decode_png(server.chats[1].pictures[0])
    assert wide.shape[1] > 1.5 * frontal.shape[1]
    assert len(server.chats[1].pictures) == 2
    assert "panels side by side" in server.chats[1].text
    critic.client.close()


def test_that_of_three_candidates_no_more_pairs_are_asked_than_needed(three: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(three, server, region=False)
    formed(opened, CASES[0])
    # vera beats curta, vera beats parva: two pairs of the liver, two of the kidneys, two orders each
    assert len(server.chats) == 8
    joined = verdict_of(opened, "liver")
    assert joined.pick == CandidateId(CASES[0], "liver", "vera")
    assert set(joined.subject.candidates) == {CandidateId(CASES[0], "liver", s) for s in ("curta", "vera", "parva")}
    critic.client.close()


def test_that_one_item_that_fails_leaves_the_others_and_is_asked_again(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, region=False)
    server.judge = lambda asked: {"A": 0.0, "E": 1.0} if "label of the liver" in asked.text else most_red(asked)
    assert formed(opened, CASES[0]) == {}
    assert verdict_of(opened, "liver").outcome is Outcome.UNPARSABLE
    assert verdict_of(opened, "kidney_left").outcome in {Outcome.FIRST, Outcome.SECOND}
    server.judge = most_red
    before = len(server.chats)
    formed(opened, CASES[0], again=True)
    assert len(server.chats) == before + 2
    assert verdict_of(opened, "liver").pick is not None
    critic.client.close()


# --- examples ----------------------------------------------------------------------------------------------------


def accept(opened: OpenReview, case: CaseId, structure: str, label_set: str) -> None:
    item = ItemId(case, structure)
    reading.decide(opened, "ann", item, Choice.ACCEPT, candidate=CandidateId(case, structure, label_set))


def test_that_examples_are_what_was_accepted_and_rejected_in_other_cases(two: OpenReview, server: FakeLlm) -> None:
    for case in CASES:
        formed(two, case)  # the anatomy critic: Dice is known then
        accept(two, case, "liver", "vera")
    opened, critic = asking(two, server, shots=4, region=False)
    formed(opened, CASES[0])
    verdict = verdict_of(opened, "liver")
    assert len(verdict.examples) == 4
    assert sum("/vera/" in name for name in verdict.examples) == 2
    assert not any(name.startswith(CASES[0]) for name in verdict.examples)
    asked = next(chat for chat in server.chats if "label of the liver" in chat.text)
    assert len(asked.pictures) == 6
    assert not set(asked.pictures[:4]) & set(asked.pictures[4:])
    # nobody has decided on a kidney: there is nothing to learn from
    assert verdict_of(opened, "kidney_left").examples == ()
    critic.client.close()


def test_that_none_acceptable_makes_bad_examples_and_the_same_decisions_the_same_examples(
    two: OpenReview, server: FakeLlm
) -> None:
    reading.decide(two, "ann", ItemId(CASES[1], "liver"), Choice.NONE)
    opened, critic = asking(two, server, shots=10, region=False)
    formed(opened, CASES[0])
    first = verdict_of(opened, "liver").examples
    assert len(first) == 2
    assert {name.split("/")[1] for name in first} == {"vera", "curta"}
    asked = len(server.chats)
    formed(opened, CASES[0], again=True)
    assert verdict_of(opened, "liver").examples == first
    assert len(server.chats) == asked
    critic.client.close()


def test_that_examples_come_from_a_folder_and_never_from_the_case_itself(
    two: OpenReview, server: FakeLlm, tmp_path: Path
) -> None:
    folder = tmp_path / "examples"
    for kind, stem, grey in (("good", "other", 40), ("bad", "another", 50), ("good", "zq_1_liver", 60)):
        place = folder / "liver" / kind
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{stem}.png").write_bytes(encode_png(np.full((40, 30), grey, dtype=np.uint8)))
    opened, critic = asking(two, server, shots=10, region=False, examples_folder=str(folder))
    formed(opened, CASES[0])
    assert set(verdict_of(opened, "liver").examples) == {"good/other.png", "bad/another.png"}
    critic.client.close()


def test_that_a_missing_examples_folder_is_said_and_nothing_is_asked(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, shots=2, region=False, examples_folder="/nowhere/examples")
    failed = formed(opened, CASES[0])
    assert set(failed) == set(PLACES)
    assert "examples folder /nowhere/examples is not there" in failed["liver"]
    assert server.chats == []
    critic.client.close()


# --- what was sent -----------------------------------------------------------------------------------------------


def test_that_both_kidneys_learn_from_the_same_examples_and_stay_one_question(two: OpenReview, server: FakeLlm) -> None:
    for case in CASES[1:]:
        for side in ("kidney_left", "kidney_right"):
            reading.decide(two, "ann", ItemId(case, side), Choice.NONE)
    opened, critic = asking(two, server, shots=2, region=False)
    formed(opened, CASES[0])
    left, right = verdict_of(opened, "kidney_left"), verdict_of(opened, "kidney_right")
    assert len(left.examples) == 2
    assert left.examples == right.examples
    assert [o.key for o in left.orders] == [o.key for o in right.orders]
    assert len(server.chats) == 4
    pictures = [p for q in sent_item(opened, ItemId(CASES[0], "kidney_right")).questions for p in q.pictures]
    assert all(picture.png is not None for picture in pictures)
    critic.client.close()


def test_that_what_was_sent_is_shown_to_the_letter_with_the_very_pictures(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, quality=True, reasons=True)
    formed(opened, CASES[0])
    told = sent_item(opened, ItemId(CASES[0], "liver"))
    titles = [question.title for question in told.questions]
    assert len([t for t in titles if t.startswith("Order")]) == 2
    assert {"Quality of vera", "Quality of curta"} <= set(titles)
    assert "What is in view, asked once for the case" in titles
    sent = {(chat.text, tuple(chat.pictures)) for chat in server.chats}
    for question in told.questions:
        assert all(picture.png is not None for picture in question.pictures)
        assert (question.text, tuple(picture.png for picture in question.pictures)) in sent
        assert question.record.raw
    assert "Verdict on" in told.as_text
    asked = next(chat for chat in server.chats if "label of the liver" in chat.text)
    assert asked.text in told.as_text
    critic.client.close()


def test_that_pictures_sent_in_other_views_and_with_examples_are_shown_as_they_were(
    two: OpenReview, server: FakeLlm
) -> None:
    reading.decide(two, "ann", ItemId(CASES[1], "liver"), Choice.NONE)
    opened, critic = asking(two, server, views=("lateral", "slice"), shots=2)
    formed(opened, CASES[0])
    later, plain = asking(opened, server)  # the settings have changed since
    told = sent_item(later, ItemId(CASES[0], "liver"))
    order = told.questions[0]
    assert len(order.pictures) == 4
    assert [picture.png is not None for picture in order.pictures] == [True] * 4
    assert [picture.caption for picture in order.pictures][2:] == ["vera", "curta"]
    for one in (critic, plain):
        one.client.close()


def test_that_nothing_sent_names_a_person_a_file_a_date_or_a_path(two: OpenReview, server: FakeLlm) -> None:
    opened, critic = asking(two, server, quality=True, reasons=True, shots=2)
    for case in CASES:
        formed(opened, case)
    said = " ".join(chat.text + chat.body["messages"][0]["content"] for chat in server.chats)
    for secret in (*CASES, "zq", *SIZES, "ann ", "2026", ".nii", ".png", str(opened.folder)):
        assert secret not in said
    for chat in server.chats:
        assert set(chat.body) <= {
            "model",
            "messages",
            "temperature",
            "top_p",
            "seed",
            "max_tokens",
            "structured_outputs",
            "logprobs",
            "top_logprobs",
        }
        for picture in chat.pictures:  # no text chunks, no time stamps
            assert b"tEXt" not in picture
            assert b"tIME" not in picture
            assert b"eXIf" not in picture
    critic.client.close()
