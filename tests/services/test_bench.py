"""A bench of critics whose worth is known: what is planted, asked, refused, and written."""

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.bench import BenchReport
from labelcritic_gui.core.bench_report import calibration_of, detection_of, false_alarms, position_of
from labelcritic_gui.core.cancel import Cancel, NeverCancel
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import (
    CancelledError,
    CriticError,
    ReviewError,
    StorageError,
    UnreadableFileError,
    UserError,
)
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Subject, Verdict
from labelcritic_gui.critic.base import Question, one_by_one
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.faults.recipe import STANDARD, FaultKind, FaultSeverity, Recipe
from labelcritic_gui.phantom.anatomy import PhantomSettings
from labelcritic_gui.phantom.person import draw_person
from labelcritic_gui.services.bench import BenchPlan, bench, plan_bench
from labelcritic_gui.services.bench_answers import called_out
from labelcritic_gui.services.bench_cases import BenchCase, PhantomCases, ReviewCases, other_settings
from labelcritic_gui.services.bench_files import (
    ACCURACY,
    CALIBRATION,
    REPORT,
    SUMMARY,
    TEXT,
    TRIALS,
    load_bench,
    save_bench,
)
from labelcritic_gui.services.bench_phantoms import make_phantom_review
from labelcritic_gui.services.bench_plan import BenchRequest, chosen_recipes, pairs_of_errors
from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import LvlmSettings, ServerSettings, Settings
from tests.audit_judges import honest
from tests.fake_llm import Asked, FakeLlm
from tests.making import STRUCTURES, request, write_dataset

TABLE = load_catalogue(Path("no such folder"))
SMALL = PhantomCases((0,), size=56)
FEW = BenchRequest(structures=("spleen", "liver"), recipes=chosen_recipes(("cut", "missing", "over")), per_structure=3)
WHO = CriticIdentity("test", "test critic", "1")


@dataclass
class Known:
    """A critic that answers by a rule; remembers what it was asked."""

    says: Callable[[Question], Outcome]
    score: Callable[[Question], float | None] = lambda _: 90.0
    asked: list[Question] = field(default_factory=list)
    identity: CriticIdentity = WHO
    wants_pictures: bool = False
    how: LvlmSettings = field(default_factory=LvlmSettings)

    def compare(self, question: Question, cancel: Cancel) -> Verdict:
        self.asked.append(question)
        return Verdict(WHO, question.subject, self.says(question), 0.9, ("because",))

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        self.asked.append(question)
        return Quality(WHO, question.subject, self.score(question), 10.0, reasons=("so so",))

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        return one_by_one(self.compare, questions, cancel)

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        return one_by_one(self.assess, questions, cancel)


def always_first(_: Question) -> Outcome:
    return Outcome.FIRST


def silent(_: Question) -> Outcome:
    raise CriticError("Nobody is there.")


@pytest.fixture(scope="module")
def report() -> BenchReport:
    return bench(SMALL, FEW, RuleCritic(), TABLE)


def without_time(found: BenchReport) -> BenchReport:
    """A report without what may differ from run to run."""
    return replace(
        found,
        time="",
        trials=tuple(replace(t, seconds=0.0) for t in found.trials),
        singles=tuple(replace(s, seconds=0.0) for s in found.singles),
    )


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_that_every_error_is_a_pair_and_a_label_of_its_own(report: BenchReport) -> None:
    assert report.cases == ("phantom_000",)
    assert set(report.structures) == {"spleen", "liver"}
    against_truth = [t for t in report.trials if t.against_truth]
    assert len(against_truth) == 6
    assert len({(t.structure, t.text) for t in against_truth}) == 6
    assert len(report.singles) == 8
    assert sum(s.is_truth for s in report.singles) == 2
    for t in against_truth:
        worse, better = (t.dice_first, t.dice_second) if t.better == "second" else (t.dice_second, t.dice_first)
        assert better == 1.0
        assert worse == t.dice < 1.0


def test_that_the_worse_of_two_errors_is_clearly_farther_from_the_truth() -> None:
    found = bench(SMALL, replace(FEW, worse_worst=1.0, singles=False), RuleCritic(), TABLE)
    pairs = [t for t in found.trials if not t.against_truth]
    assert pairs
    assert not found.singles
    for t in pairs:
        worse, better = (t.dice_first, t.dice_second) if t.better == "second" else (t.dice_second, t.dice_first)
        assert better - worse >= 0.10
        assert t.rival_text
    assert pairs_of_errors([0.9, 0.85], 5, np.random.default_rng(0)) == []


def test_that_the_same_request_gives_the_same_answers_and_another_seed_others(report: BenchReport) -> None:
    assert without_time(bench(SMALL, FEW, RuleCritic(), TABLE)) == without_time(report)
    other = bench(SMALL, replace(FEW, seed=1), RuleCritic(), TABLE)
    assert [t.better for t in other.trials] != [t.better for t in report.trials] or [t.dice for t in other.trials] != [
        t.dice for t in report.trials
    ]


def test_that_the_critic_is_given_measured_pairs_that_do_not_tell_which_is_which() -> None:
    critic = Known(always_first)
    found = bench(SMALL, FEW, critic, TABLE)
    pairs = [q for q in critic.asked if len(q.facts) == 2]
    assert len(pairs) == len(found.trials)
    for question, t in zip(pairs, found.trials, strict=True):
        assert [c.label_set for c in question.subject.candidates] == ["first", "second"]
        assert question.pair is not None
        assert question.pair.dice == pytest.approx(t.dice)
        assert all(question.subject.hashes)
    assert sum(bool(question.regions) for question in pairs) > len(pairs) // 2


def test_that_one_that_always_says_first_is_seen_by_its_place() -> None:
    found = bench(SMALL, replace(FEW, per_structure=0), Known(always_first), TABLE)
    first, second = position_of(found.trials)
    assert first.value == 1.0
    assert second.value == 0.0
    assert first.n > 3
    assert second.n > 3
    assert calibration_of(found.trials).error == pytest.approx(abs(0.9 - first.n / (first.n + second.n)))


def test_that_every_recipe_has_its_turn() -> None:
    asked = BenchRequest(per_structure=4)
    turns = [recipe for n in range(len(STANDARD)) for recipe in list(asked.turn("liver", n))[:4]]
    counts = {recipe: turns.count(recipe) for recipe in STANDARD}
    assert set(counts.values()) == {4}
    assert list(asked.turn("liver", 0)) != list(asked.turn("spleen", 0))


def test_that_a_plan_counts_what_is_asked_at_most(report: BenchReport) -> None:
    plan = plan_bench(SMALL, FEW, RuleCritic())
    assert plan == BenchPlan(cases=1, pairs=8, singles=8, asks=False)
    assert len(report.trials) <= plan.pairs
    assert len(report.singles) == plan.singles


# --- what is answered ------------------------------------------------------------------------------------------------


def test_that_a_label_is_called_out_by_a_serious_finding_or_a_low_score() -> None:
    quality = Quality(WHO, Subject(ItemId(CaseId("one"), "liver"), (), ()), 90.0, 5.0)
    serious, slight = (Finding(FindingCode.CUT, severity, "flat") for severity in (Severity.MAJOR, Severity.MINOR))
    assert called_out(quality) is False
    assert called_out(replace(quality, findings=(slight,))) is False
    assert called_out(replace(quality, findings=(serious,))) is True
    assert called_out(replace(quality, score=49.0)) is True
    assert called_out(replace(quality, score=None)) is None


def test_that_a_critic_that_calls_everything_out_has_every_truth_as_a_false_alarm() -> None:
    found = bench(SMALL, FEW, Known(always_first, lambda _: 10.0), TABLE)
    assert {(s.case, s.structure) for s in false_alarms(found.singles)} == {
        ("phantom_000", "spleen"),
        ("phantom_000", "liver"),
    }
    assert detection_of(found.singles).balanced == 0.5


def test_that_no_answer_at_all_is_an_error_and_some_are_counted() -> None:
    with pytest.raises(CriticError, match="did not answer a single question"):
        bench(SMALL, FEW, Known(silent), TABLE)
    turns = iter(range(1000))

    def now_and_then(question: Question) -> Outcome:
        return silent(question) if next(turns) % 2 else Outcome.FIRST

    found = bench(SMALL, FEW, Known(now_and_then), TABLE)
    failed = [t for t in found.trials if t.outcome is Outcome.FAILED]
    assert len(failed) == len(found.trials) // 2
    assert failed[0].reasons == ("Nobody is there.",)
    assert failed[0].correct is None


# --- what cannot be done ---------------------------------------------------------------------------------------------


def test_that_an_error_that_cannot_be_planted_is_named() -> None:
    leak = Recipe(FaultKind.LEAK, FaultSeverity.MILD, 15.0, target="femur_left")
    cut = Recipe(FaultKind.CUT, FaultSeverity.GROSS)
    found = bench(SMALL, BenchRequest(structures=("liver",), recipes=(leak, cut), per_structure=2), RuleCritic(), TABLE)
    (refusal,) = found.refused
    assert (refusal.case, refusal.structure, refusal.text) == ("phantom_000", "liver", leak.text)
    assert "femur" in refusal.why
    assert [t.kind for t in found.trials] == ["cut"]


def test_that_nothing_to_ask_is_an_error_that_says_what_was_looked_for() -> None:
    with pytest.raises(
        ReviewError, match=r"planted in femur_left of 1 phantom, 56 voxels wide, seed 0; 1 were refused"
    ):
        bench(SMALL, replace(FEW, structures=("femur_left",)), RuleCritic(), TABLE)


@pytest.mark.parametrize(
    ("kinds", "severities", "says"),
    [(("blur",), (), "'blur'"), ((), ("worst",), "'worst'"), (("empty",), ("mild",), "No standard error is mild")],
)
def test_that_unknown_errors_are_refused(kinds: Sequence[str], severities: Sequence[str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        chosen_recipes(kinds, severities)


@pytest.mark.parametrize("wrong", [{"recipes": ()}, {"per_structure": -1}, {"worse_worst": 1.5}, {"seed": -1}])
def test_that_a_request_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        BenchRequest(**wrong)  # type: ignore[arg-type]


def test_that_progress_goes_from_label_to_label_to_the_end() -> None:
    told: list[tuple[int, int, str]] = []
    bench(SMALL, FEW, RuleCritic(), TABLE, progress=lambda done, total, what: told.append((done, total, what)))
    assert told == [(0, 2, "phantom_000, spleen"), (1, 2, "phantom_000, liver"), (2, 2, "done")]


def test_that_it_stops_as_soon_as_it_is_told_to() -> None:
    class Stop:
        asked = 0

        def is_set(self) -> bool:
            self.asked += 1
            return self.asked > 4

    with pytest.raises(CancelledError):
        bench(SMALL, FEW, RuleCritic(), TABLE, cancel=Stop())


# --- phantoms --------------------------------------------------------------------------------------------------------


def test_that_a_phantom_that_cannot_be_made_is_named_and_the_others_go_on() -> None:
    found = list(PhantomCases((0, 1), size=12).cases(NeverCancel()))
    assert [isinstance(one, tuple) and one[0] for one in found] == ["phantom_000", "phantom_001"]


def test_that_the_second_set_differs_in_what_scans_differ_in() -> None:
    settings = [other_settings(seed, 192) for seed in range(10)]
    assert len({s.seed for s in settings}) == 10
    assert min(s.seed for s in settings) >= 50_000
    assert {s.phase for s in settings} == {"portal", "arterial", "plain"}
    assert any(s.noise_hu > 20 for s in settings)
    assert any(s.shape == (192, 192, 76) for s in settings)
    assert {s.scoliosis_mm for s in settings} >= {22.0, -22.0}
    assert {s.body_size for s in settings} >= {0.92, 1.08}


# --- reviews ---------------------------------------------------------------------------------------------------------


FEW_CUTS = BenchRequest(recipes=chosen_recipes(("cut",), ("gross",)), per_structure=1, singles=False)


def made_review(root: Path, *, trusted: str = "good", url: str = "", **server: float) -> OpenReview:
    """A review of two small cases; with a `url` its critic is the LVLM there."""
    if not (root / "images").exists():
        write_dataset(root)
    settings = Settings(reader="ann")
    if url:
        asked, how = ServerSettings(url=f"{url}/v1", **server), LvlmSettings(region=False)  # type: ignore[arg-type]
        settings = Settings(reader="ann", critic="lvlm", server=asked, lvlm=how)
    services = build_services(settings)
    create_review(request(root, trusted=trusted), services.structures)
    return services.open_review(root / "review")


def test_that_the_trusted_labels_of_a_review_are_the_truth(tmp_path: Path) -> None:
    opened = made_review(tmp_path)
    found = bench(ReviewCases(opened), BenchRequest(per_structure=2), opened.critic, opened.table)
    opened.close()
    assert found.cases == ("case_1", "case_2")
    assert set(found.structures) == set(STRUCTURES)
    assert all(s.trusted == s.is_truth for s in found.singles)
    assert "truth: good" in found.source


def test_that_another_label_set_can_be_named_as_the_truth_and_an_unknown_one_not(tmp_path: Path) -> None:
    opened = made_review(tmp_path, trusted="")
    with pytest.raises(ReviewError, match="no trusted label set"):
        ReviewCases(opened)
    with pytest.raises(ReviewError, match="no label set 'best'"):
        ReviewCases(opened, "best")
    assert ReviewCases(opened, "bad", ("case_2",)).count == 1
    assert ReviewCases(opened, "bad").labels(("liver",)) == 2
    opened.close()


def test_that_a_label_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    opened = made_review(tmp_path)
    (tmp_path / "labels" / "good" / "case_1" / "segmentations" / "liver.nii.gz").write_bytes(b"nothing")
    (tmp_path / "images" / "case_2" / "ct.nii.gz").write_bytes(b"nothing")
    found = bench(ReviewCases(opened), BenchRequest(per_structure=1), opened.critic, opened.table)
    opened.close()
    assert [(r.case, r.structure) for r in found.refused if r.text.startswith("reading")] == [
        ("case_1", "liver"),
        ("case_2", ""),
    ]
    assert found.cases == ("case_1",)


def test_that_a_critic_behind_a_server_is_put_on_the_bench_with_pictures_and_remembers(tmp_path: Path) -> None:
    recipes = (Recipe(FaultKind.CUT, FaultSeverity.GROSS, 0.5, "top"), Recipe(FaultKind.FRAGMENT, FaultSeverity.GROSS))
    asked = BenchRequest(recipes=recipes, per_structure=2, worse_worst=0.0)

    def judge(asked: Asked) -> dict[str, float]:
        return honest(asked) if len(asked.choices) == 4 else dict(zip(asked.choices, (0.9, 0.1), strict=True))

    with FakeLlm(judge) as server:
        opened = made_review(tmp_path, url=server.url)
        found = bench(ReviewCases(opened), asked, opened.critic, opened.table)
        calls = len(server.chats)
        again = bench(ReviewCases(opened), asked, opened.critic, opened.table)
        assert len(server.chats) == calls > 0
        opened.critic.client.close()  # type: ignore[attr-defined]
        opened.close()
    assert without_time(again) == without_time(found)
    assert [t.correct for t in found.trials] == [True] * 12
    assert [s.score for s in found.singles] == [pytest.approx(90.0)] * 18


def test_that_a_server_that_is_gone_ends_the_bench_and_says_so(tmp_path: Path) -> None:
    with FakeLlm(honest) as server:
        opened = made_review(tmp_path, url=server.url, patience_s=0.0)
    with pytest.raises(CriticError):
        bench(ReviewCases(opened), FEW_CUTS, opened.critic, opened.table)
    opened.critic.client.close()  # type: ignore[attr-defined]
    opened.close()


def test_that_a_critic_that_needs_pictures_is_told_that_a_phantom_has_none() -> None:
    with pytest.raises(ReviewError, match="looks at pictures"):
        bench(SMALL, FEW, Known(always_first, wants_pictures=True), TABLE)


def test_that_phantoms_become_a_review_once_and_the_same_review_again(tmp_path: Path) -> None:
    folder = make_phantom_review(SMALL, tmp_path / "phantoms", TABLE)
    stamp = (folder / "review.db").stat().st_mtime_ns
    assert make_phantom_review(SMALL, tmp_path / "phantoms", TABLE) == folder
    assert (folder / "review.db").stat().st_mtime_ns == stamp
    opened = build_services(Settings(reader="ann")).open_review(folder)
    (case,) = ReviewCases(opened).cases(NeverCancel())
    (made,) = SMALL.cases(NeverCancel())
    assert isinstance(case, BenchCase)
    assert isinstance(made, BenchCase)
    assert {n: m.count for n, m in case.masks.items()} == {n: m.count for n, m in made.masks.items()}
    opened.close()
    with pytest.raises(ReviewError, match="not empty"):
        make_phantom_review(PhantomCases((1,), size=56), tmp_path / "phantoms", TABLE)


# --- files -----------------------------------------------------------------------------------------------------------


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_that_the_files_hold_every_question_and_every_count(report: BenchReport, tmp_path: Path) -> None:
    files = save_bench(report, tmp_path / "out")
    assert {file.name for file in files} == {REPORT, TRIALS, SUMMARY, TEXT, ACCURACY, CALIBRATION}
    assert load_bench(tmp_path / "out" / REPORT) == report
    rows = read_csv(tmp_path / "out" / TRIALS)
    assert len(rows) == len(report.trials) + len(report.singles)
    assert {row["question"] for row in rows} == {"pair", "truth", "error"}
    summary = read_csv(tmp_path / "out" / SUMMARY)
    whole = next(r for r in summary if (r["measure"], r["group"], r["band"]) == ("decided", "all", "all"))
    assert int(whole["n"]) <= len(report.trials)
    text = (tmp_path / "out" / TEXT).read_text(encoding="utf-8")
    assert text.startswith("# anatomy critic on the bench\n")
    for name in (ACCURACY, CALIBRATION):
        assert name in text
        ET.fromstring((tmp_path / "out" / name).read_text(encoding="utf-8"))


def test_that_json_says_what_it_comes_to(report: BenchReport, tmp_path: Path) -> None:
    save_bench(report, tmp_path)
    body = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    assert {"headline", "targets", "rows", "detection", "false_alarms", "calibration", "trials"} <= set(body)
    assert len(body["targets"]) == 6


def test_that_a_place_that_cannot_be_written_and_a_file_that_is_none_are_user_errors(
    report: BenchReport, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("{}")
    with pytest.raises(StorageError):
        save_bench(report, tmp_path / "file")
    with pytest.raises(UnreadableFileError):
        load_bench(tmp_path / "file")


def test_of_a_removed_organ_the_ghost_is_put_against_the_empty_label() -> None:
    seed = next(s for s in range(1000) if "gall_bladder" in draw_person(PhantomSettings(seed=s)).absent)
    request = BenchRequest(structures=("gall_bladder", "liver"), per_structure=1, singles=False)
    report = bench(PhantomCases((seed,), 64), request, RuleCritic(), load_catalogue())
    (ghost,) = [trial for trial in report.trials if trial.kind == "ghost"]
    assert (ghost.structure, ghost.dice, ghost.severity) == ("gall_bladder", 0.0, "gross")
    assert {ghost.dice_first, ghost.dice_second} == {0.0, 1.0}
    assert ghost.correct
