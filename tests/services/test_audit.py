"""Biased critics behind a server are exposed by the right test; an honest one passes; nothing is asked twice."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.audit import Line, Report, Ruling
from labelcritic_gui.core.audit_measures import AuditTest
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, CriticError, ReviewError, StorageError, UserError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.core.review import Choice
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import LvlmCritic
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.audit import VIEW, AuditRequest, audit, parsed_tests, plan_audit
from labelcritic_gui.services.audit_files import CORRECT, REPORT, TABLE, save_audit
from labelcritic_gui.services.audit_sample import Sample
from labelcritic_gui.services.new_review import LabelSource, create_review
from labelcritic_gui.services.opinions import form_opinions, keep_opinions
from labelcritic_gui.services.review import OpenReview, decide
from labelcritic_gui.settings import LvlmSettings, ServerSettings, Settings
from labelcritic_gui.store import index
from tests.audit_judges import (
    Fickle,
    always_second,
    follows_marks,
    honest,
    looks_elsewhere,
    prefers_larger,
)
from tests.fake_llm import Answer, Asked, FakeLlm, Judge, error
from tests.making import CENTRES, RADII, STRUCTURES, ball, grid, request, write_dataset

ON_PURPOSE = (AuditTest.MARK, AuditTest.BACKGROUND, AuditTest.SIZE)
KIDNEYS = ("kidney_left", "kidney_right")
LOOKING_BACK = tuple(test for test in AuditTest if not test.asks_on_purpose)


def cases(count: int) -> tuple[str, ...]:
    return tuple(f"case_{n:02d}" for n in range(count))


def add_labels(root: Path, name: str, masks: dict[str, np.ndarray], count: int) -> None:
    for case in cases(count):
        folder = root / "labels" / name / case / "segmentations"
        folder.mkdir(parents=True, exist_ok=True)
        for structure, voxels in masks.items():
            nifti.write_mask(folder / f"{structure}.nii.gz", Mask.from_array(voxels, grid()))


def made(
    root: Path, count: int, *, trusted: str = "", sets: tuple[str, ...] = ("good", "bad"), url: str = "", **lvlm: object
) -> OpenReview:
    """A review of so many cases; with a `url` its critic is the LVLM there."""
    if not (root / "images").exists():
        write_dataset(root, cases(count))
    settings = Settings(reader="ann")
    if url:
        how = LvlmSettings(**{"region": False, **lvlm})
        settings = Settings(reader="ann", critic="lvlm", server=ServerSettings(url=f"{url}/v1"), lvlm=how)
    services = build_services(settings)
    labels = tuple(LabelSource(name, root / "labels" / name) for name in sets)
    create_review(request(root, labels=labels, trusted=trusted), services.structures)
    return services.open_review(root / "review")


@contextmanager
def served(
    root: Path, judge: Judge, count: int, *, server: type[FakeLlm] = FakeLlm, **more: object
) -> Iterator[tuple[OpenReview, FakeLlm]]:
    with server(judge) as running:
        opened = made(root, count, url=running.url, **more)  # type: ignore[arg-type]
        try:
            yield opened, running
        finally:
            opened.critic.client.close()  # type: ignore[attr-defined]
            opened.close()


def judged_all(opened: OpenReview) -> None:
    for case in index.case_ids(opened.database):
        keep_opinions(opened, form_opinions(opened, case))


def over_all(report: Report) -> dict[str, Line]:
    return {line.measure: line for line in report.over_all()}


def failing(report: Report) -> set[str]:
    return {name for name, line in over_all(report).items() if line.ruling is Ruling.FAILS}


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass
class StopAfter:
    """Cancels once so many questions were put."""

    questions: int
    done: int = 0

    def __call__(self, done: int, total: int, what: str) -> None:
        self.done = done

    def is_set(self) -> bool:
        return self.done >= self.questions


# --- who is exposed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("judge", "fails", "named"),
    [
        (always_second, {"first-picture", "orders-disagree", "undecided"}, "prefers the second picture"),
        (follows_marks, {"mark"}, "follows a mark in the corner"),
        (looks_elsewhere, {"background"}, "far from the structure"),
        (prefers_larger, {"larger-mask"}, "prefers the larger mask"),
        (Fickle(), {"repeat"}, "same question gets different verdicts"),
    ],
    ids=["second picture", "mark", "background", "larger mask", "repeat"],
)
def test_that_a_biased_server_is_exposed_by_the_right_test_and_named(
    tmp_path: Path, judge: Judge, fails: set[str], named: str
) -> None:
    with served(tmp_path, judge, 2) as (opened, _):
        report = audit(opened, AuditRequest()).report
    assert failing(report) == fails
    assert named in report.headline
    assert report.headline.startswith("Do not trust it blindly.")
    if "mark" in fails:
        assert over_all(report)["mark"].words == {"toward": 6}


@pytest.mark.timeout(180)
def test_that_an_honest_server_passes_every_test(tmp_path: Path) -> None:
    with served(tmp_path, honest, 12, trusted="good") as (opened, _):
        judged_all(opened)
        for case in cases(12):
            accept(opened, case, "liver", "good", seen={"verdict": None})
        report = audit(opened, AuditRequest(repeats=2)).report
    rulings = {name: line.ruling for name, line in over_all(report).items()}
    assert set(rulings) == {
        *("orders-disagree", "first-picture", "undecided", "unparsable", "failed", "readers-unadvised"),
        *("trusted-wrong", "trusted-open", "mark", "background", "larger-mask", "repeat"),
    }
    assert set(rulings.values()) == {Ruling.PASSES}
    assert report.headline == "Nothing speaks against it in 12 measures."
    assert over_all(report)["mark"].n == 36


def test_that_calls_are_planned_counted_per_test_and_not_repeated(tmp_path: Path) -> None:
    with served(tmp_path, honest, 2, region=True) as (opened, server):
        plan = plan_audit(opened, AuditRequest(sample=1))
        first = audit(opened, AuditRequest(sample=1)).report
        asked = len(server.chats)
        again = audit(opened, AuditRequest(sample=1)).report
        repeated = len(server.chats) - asked
    assert plan.pairs == first.sampled == 3
    assert first.calls == plan.calls
    assert plan.calls == {"plain": 6, "mark": 12, "background": 6, "size": 6, "repeat": 18, VIEW: 1}
    assert asked == plan.most_calls
    assert repeated == again.calls["repeat"] == 18
    assert sum(again.calls.values()) == 18
    assert [line.to_json() for line in first.lines] == [line.to_json() for line in again.lines]


def test_that_stored_verdicts_cost_nothing_and_count_once(tmp_path: Path) -> None:
    with served(tmp_path, honest, 2) as (opened, server):
        judged_all(opened)
        asked = len(server.chats)
        looked_back = audit(opened, AuditRequest(tests=LOOKING_BACK)).report
        assert len(server.chats) == asked
        both = audit(opened, AuditRequest(tests=(*LOOKING_BACK, AuditTest.SIZE))).report
        assert len(server.chats) == asked + 12
    assert looked_back.stored == 6
    assert over_all(looked_back)["orders-disagree"].n == 6
    assert over_all(both)["orders-disagree"].n == 6
    assert both.calls["plain"] == 0


def test_that_reasons_in_words_are_not_asked_for_in_an_audit(tmp_path: Path) -> None:
    with served(tmp_path, honest, 1, reasons=True) as (opened, server):
        audit(opened, AuditRequest(tests=(AuditTest.SIZE,)))
        assert len(server.chats) == 12


# --- stopping, failing ---------------------------------------------------------------------------------------------


def test_that_a_stopped_audit_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    wanted = AuditRequest(tests=ON_PURPOSE)
    with served(tmp_path / "stopped", honest, 3) as (opened, server):
        stop = StopAfter(32)
        with pytest.raises(CancelledError):
            audit(opened, wanted, cancel=stop, progress=stop)
        asked = len(server.chats)
        assert 0 < asked < plan_audit(opened, wanted).most_calls
        resumed = audit(opened, wanted).report
        assert set(Counter(chat.key for chat in server.chats).values()) == {1}
    with served(tmp_path / "undisturbed", honest, 3) as (opened, _):
        undisturbed = audit(opened, wanted).report
    assert resumed.lines == undisturbed.lines
    assert sum(resumed.calls.values()) + asked == sum(undisturbed.calls.values())


class Picky(FakeLlm):
    """Refuses to look at a quarter of all questions, the same ones whenever it is asked."""

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/chat/completions" and int(asked.key[0], 16) < 4:
            return error(400, "This picture cannot be processed.")
        return super().answer(asked)


def test_that_questions_without_an_answer_are_told_and_the_others_counted(tmp_path: Path) -> None:
    with served(tmp_path, honest, 4, server=Picky) as (opened, _):
        report = audit(opened, AuditRequest(tests=(AuditTest.UNDECIDED, AuditTest.BACKGROUND))).report
    counted = over_all(report)
    assert counted["failed"].n == 12
    assert 0 < counted["failed"].k < 12
    assert counted["undecided"].n == 12 - counted["failed"].k
    assert 0 < counted["background"].n < 12
    assert len(report.failures) == 1
    assert "cannot be processed" in report.failures[0]


def test_that_a_server_that_is_down_is_an_error_not_a_report(tmp_path: Path) -> None:
    opened = made(tmp_path, 1)
    nobody = LvlmServer(url="http://127.0.0.1:9/v1", model="", attempts=1, timeout_s=5)
    critic = LvlmCritic(nobody, how=LvlmSettings(region=False))
    with pytest.raises(CriticError, match="did not answer a single question"):
        audit(opened, AuditRequest(tests=ON_PURPOSE), critic=critic)
    critic.client.close()
    opened.close()


def test_that_nothing_to_audit_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    opened = made(tmp_path, 1)
    with pytest.raises(ReviewError, match="No item has both an accepted candidate and a verdict") as caught:
        audit(opened, AuditRequest(tests=(AuditTest.READERS, AuditTest.TRUSTED, AuditTest.ORDERS)))
    assert "No label set of this review is marked as trusted." in caught.value.message
    assert "asked in two orders" in caught.value.message
    assert "labelcritic compare" in caught.value.hint
    opened.close()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (AuditRequest(tests=()), "No test"),
        (AuditRequest(sample=0), "sample"),
        (AuditRequest(repeats=1), "repeated"),
        (AuditRequest(structures=("heart",)), "heart"),
    ],
)
def test_that_a_senseless_request_is_a_mistake(tmp_path: Path, wanted: AuditRequest, said: str) -> None:
    opened = made(tmp_path, 1)
    with pytest.raises(UserError, match=said):
        plan_audit(opened, wanted)
    with pytest.raises(UserError, match="Known are: orders, position"):
        parsed_tests(["mirror"])
    opened.close()


# --- the anatomy critic --------------------------------------------------------------------------------------------


def test_that_a_critic_without_pictures_is_told_what_does_not_apply(tmp_path: Path) -> None:
    opened = made(tmp_path, 2)
    plan = plan_audit(opened, AuditRequest())
    report = audit(opened, AuditRequest()).report
    opened.close()
    assert plan.most_calls == 0
    assert "looks at no pictures" in report.reasons[AuditTest.MARK]
    assert "looks at no pictures" in report.reasons[AuditTest.BACKGROUND]
    assert over_all(report)["larger-mask"].n == 6
    assert over_all(report)["repeat"].k == 0
    assert report.calls == {"plain": 0, "size": 0, "repeat": 0, VIEW: 0}


# --- readers -------------------------------------------------------------------------------------------------------


def accept(opened: OpenReview, case: str, structure: str, label_set: str, **more: object) -> None:
    item = ItemId(CaseId(case), structure)
    decide(opened, "ann", item, Choice.ACCEPT, candidate=CandidateId(*item, label_set), **more)  # type: ignore[arg-type]


def test_that_readers_who_saw_a_pick_are_counted_apart(tmp_path: Path) -> None:
    opened = made(tmp_path, 3)
    accept(opened, "case_00", "liver", "bad")  # before anybody said anything
    judged_all(opened)  # the anatomy critic picks "good" everywhere
    accept(opened, "case_00", "spleen", "good", seen={"verdict": None})  # decided before the verdict came
    accept(opened, "case_01", "spleen", "bad", seen={"verdict": {"pick": "good"}, "mode": "blind"})
    accept(opened, "case_01", "liver", "good")
    accept(opened, "case_02", "liver", "bad")
    decide(opened, "ann", ItemId(CaseId("case_02"), "spleen"), Choice.NONE)
    report = audit(opened, AuditRequest(tests=(AuditTest.READERS,))).report
    opened.close()
    counted = over_all(report)
    assert (counted["readers-unadvised"].k, counted["readers-unadvised"].n) == (2, 3)
    assert (counted["readers-assisted"].k, counted["readers-assisted"].n) == (1, 2)
    assert counted["readers-assisted"].ruling is Ruling.NOT_JUDGED


def test_that_a_decision_that_was_undone_or_changed_counts_as_it_stands(tmp_path: Path) -> None:
    opened = made(tmp_path, 1)
    judged_all(opened)
    accept(opened, "case_00", "liver", "bad", seen={"verdict": None})
    accept(opened, "case_00", "liver", "good", seen={"verdict": None})
    report = audit(opened, AuditRequest(tests=(AuditTest.READERS,))).report
    opened.close()
    assert (over_all(report)["readers-unadvised"].k, over_all(report)["readers-unadvised"].n) == (0, 1)


# --- trusted labels ------------------------------------------------------------------------------------------------


def test_that_accuracy_against_a_trusted_label_is_what_a_hand_would_count(tmp_path: Path) -> None:
    """The trusted set is one of two candidates, then neither; always the smaller one is picked by this judge."""
    write_dataset(tmp_path, cases(2))
    third = {name: ball(CENTRES[name], 0.8 * RADII[name]) for name in STRUCTURES}
    add_labels(tmp_path, "third", third, 2)

    def smaller(asked: Asked) -> dict[str, float]:
        weights = prefers_larger(asked)
        return {**weights, "A": weights["B"], "B": weights["A"]}

    with served(tmp_path, smaller, 2, trusted="good", sets=("good", "bad", "third")) as (opened, _):
        judged_all(opened)
        found = audit(opened, AuditRequest(tests=(AuditTest.TRUSTED,), structures=("liver",)))
        save_audit(found, tmp_path / "out")
    rows = read_csv(tmp_path / "out" / CORRECT)
    masks = {
        "good": ball(CENTRES["liver"], RADII["liver"]),
        "third": third["liver"],
        "bad": ball(CENTRES["liver"], RADII["liver"]),
    }
    masks["bad"][:, :, CENTRES["liver"][2] :] = False
    as_mask = {name: Mask.from_array(voxels, grid()) for name, voxels in masks.items()}
    size = {name: int(voxels.sum()) for name, voxels in masks.items()}
    wrong = 0
    for row in rows:
        first, second = (dice(as_mask[row[name]], as_mask["good"]) for name in ("first", "second"))
        assert float(row["dice_first"]) == pytest.approx(first, abs=1e-4)
        assert float(row["dice_second"]) == pytest.approx(second, abs=1e-4)
        assert row["label"] == ("1" if first > second else "2")
        assert (
            row["answer"]
            == row["answer_1"]
            == row["answer_2"]
            == ("1" if size[row["first"]] < size[row["second"]] else "2")
        )
        assert row["correct"] == str(int(row["answer"] == row["label"]))
        wrong += row["correct"] == "0"
    counted = over_all(found.report)
    assert list(rows[0])[:7] == ["case", "answer", "label", "correct", "structure", "answer_1", "answer_2"]
    assert {(row["first"], row["second"]) for row in rows} >= {("good", "bad"), ("bad", "third")}
    assert (counted["trusted-wrong"].k, counted["trusted-wrong"].n) == (wrong, len(rows))
    assert wrong > 0


def test_that_pairs_decided_without_asking_are_listed_and_not_counted(tmp_path: Path) -> None:
    """A liver that lacks a twentieth has Dice 0.974: nearly equal, so nobody is asked; the trusted one is right."""
    write_dataset(tmp_path, cases(1))
    lacking = ball(CENTRES["liver"], RADII["liver"])
    places = np.argwhere(lacking)
    for place in places[: len(places) // 20]:
        lacking[tuple(place)] = False
    add_labels(tmp_path, "bad", {"liver": lacking}, 1)
    with served(tmp_path, honest, 1, trusted="good") as (opened, _):
        judged_all(opened)
        found = audit(opened, AuditRequest(tests=(AuditTest.TRUSTED, AuditTest.ORDERS)))
    why = {row.structure: row.why for row in found.correct}
    assert why == {"liver": "decided without asking", "spleen": "", "pancreas": ""}
    assert over_all(found.report)["trusted-open"].n == 2
    assert over_all(found.report)["orders-disagree"].n == 2


# --- the sample ----------------------------------------------------------------------------------------------------


def sampled(opened: OpenReview, *, each: int, seed: str = "0") -> list[tuple[str, str]]:
    sample = Sample(opened, opened.structures, each=each, seed=seed)
    found = []
    for case, pairs in sample.walk():
        for one in pairs:
            sample.take(one)
            found.append((case, one.item.structure))
    return found


def test_that_the_sample_does_not_depend_on_the_order_of_entry(tmp_path: Path) -> None:
    forward, backward = made(tmp_path, 6), None
    try:
        chosen = sampled(forward, each=2)
        listed = tmp_path / "cases.txt"
        listed.write_text("\n".join(reversed(cases(6))), encoding="utf-8")
        services = build_services(Settings(reader="ann"))
        create_review(
            request(tmp_path, folder=tmp_path / "again", cases=tuple(reversed(cases(6)))), services.structures
        )
        backward = services.open_review(tmp_path / "again")
        assert sorted(sampled(backward, each=2)) == sorted(chosen)
        assert Counter(structure for _, structure in chosen) == dict.fromkeys(STRUCTURES, 2)
        assert len({tuple(sampled(forward, each=2, seed=str(n))) for n in range(6)}) > 1
    finally:
        forward.close()
        if backward is not None:
            backward.close()


def test_that_pairs_nobody_would_ask_about_are_not_sampled(tmp_path: Path) -> None:
    """Equal and empty masks are passed over, whether they were measured before or not."""
    write_dataset(tmp_path, cases(3))
    add_labels(tmp_path, "bad", {"liver": ball(CENTRES["liver"], RADII["liver"])}, 3)
    add_labels(tmp_path, "bad", {"spleen": np.zeros_like(ball((0, 0, 0), 1))}, 3)
    opened = made(tmp_path, 3)
    unmeasured = audit(opened, AuditRequest(tests=(AuditTest.SIZE,))).report
    judged_all(opened)
    assert {structure for _, structure in sampled(opened, each=3)} == {"pancreas"}
    measured = audit(opened, AuditRequest(tests=(AuditTest.SIZE,))).report
    opened.close()
    assert [line.structure for line in unmeasured.lines] == ["", "pancreas"]
    assert unmeasured.lines == measured.lines


def test_that_both_kidneys_are_one_question(tmp_path: Path) -> None:
    write_dataset(tmp_path, cases(2))
    for name, keep in (("good", slice(None)), ("bad", slice(0, 24))):
        masks = {}
        for structure, centre in (("kidney_left", (14, 12, 24)), ("kidney_right", (34, 12, 24))):
            voxels = ball(centre, 4.0)
            cut = np.zeros_like(voxels)
            cut[:, :, keep] = True
            masks[structure] = voxels & cut
        add_labels(tmp_path, name, masks, 2)
    with served(tmp_path, prefers_larger, 2) as (opened, server):
        wanted = AuditRequest(tests=(AuditTest.MARK, AuditTest.SIZE, AuditTest.ORDERS), structures=KIDNEYS)
        assert plan_audit(opened, wanted).pairs == 2
        report = audit(opened, wanted).report
        judged_all(opened)
        stored = audit(opened, AuditRequest(tests=(AuditTest.ORDERS,), structures=KIDNEYS)).report
        assert set(Counter(chat.key for chat in server.chats).values()) == {1}
    assert {line.structure for line in report.lines} == {"", "kidneys"}
    assert over_all(report)["larger-mask"].share == 1.0
    assert over_all(stored)["orders-disagree"].n == 2


# --- files ---------------------------------------------------------------------------------------------------------


def test_that_files_say_what_the_report_says_and_belong_to_one_audit(tmp_path: Path) -> None:
    opened = made(tmp_path, 1, trusted="good")
    judged_all(opened)
    found = audit(opened, AuditRequest())
    files = save_audit(found, opened.folder)
    assert {file.name for file in files} == {REPORT, TABLE, CORRECT}
    body = json.loads((opened.folder / REPORT).read_text("utf-8"))
    rows = read_csv(opened.folder / TABLE)
    assert body["headline"] == found.report.headline
    assert [row["measure"] for row in rows] == [line["measure"] for line in body["lines"]]
    assert {row["verdict"] for row in rows} <= {ruling.value for ruling in Ruling}
    assert rows[0]["structure"] == "all"
    save_audit(audit(opened, AuditRequest(tests=(AuditTest.SIZE,))), opened.folder)
    assert not (opened.folder / CORRECT).exists()
    assert list(opened.folder.glob(".*.part")) == []
    opened.close()


def test_that_a_folder_that_takes_nothing_is_said_in_one_sentence(tmp_path: Path) -> None:
    opened = made(tmp_path, 1)
    found = audit(opened, AuditRequest(tests=(AuditTest.SIZE,)))
    opened.close()
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="could not be written"):
        save_audit(found, tmp_path / "file")
