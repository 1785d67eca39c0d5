"""The bench panel on a real review: what is planned is what is asked, and the files are in its folder."""

from pathlib import Path

import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cancel import NeverCancel, no_progress
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.faults.kinds import FaultKind, FaultSeverity
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.services.bench_files import load_bench
from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import LvlmSettings, ServerSettings, Settings
from labelcritic_gui.viewmodels import bench_calls
from labelcritic_gui.viewmodels.bench import Bench
from labelcritic_gui.viewmodels.bench_choice import OTHER_PHANTOMS, PHANTOMS, BenchChoice
from labelcritic_gui.viewmodels.calls import ServiceCalls
from labelcritic_gui.viewmodels.runner import InlineRunner, Job
from tests.audit_judges import always_second
from tests.fake_llm import FakeLlm
from tests.making import STRUCTURES, request, write_dataset

CUT = Recipe(FaultKind.CUT, FaultSeverity.GROSS, 0.5, "top")
SHRUNK = Recipe(FaultKind.FRAGMENT, FaultSeverity.GROSS, 0.3)
SIZE = 56


def made(root: Path, *, trusted: str = "good", url: str = "") -> OpenReview:
    """A review of two small cases; with a `url` its critic is the LVLM there."""
    write_dataset(root)
    settings = Settings(reader="ann")
    if url:
        server = ServerSettings(url=f"{url}/v1")
        settings = Settings(reader="ann", critic="lvlm", server=server, lvlm=LvlmSettings(region=False))
    services = build_services(settings)
    create_review(request(root, trusted=trusted), services.structures)
    return services.open_review(root / "review")


def chosen(opened: OpenReview, **changes: int) -> BenchChoice:
    truth = Bench(ServiceCalls(opened, "ann"), InlineRunner()).truth
    return BenchChoice(truth, (CUT, SHRUNK), **{"per_structure": 1, "cases": 4, **changes})


def test_that_the_trusted_labels_are_put_on_the_bench_and_kept_in_the_reviews_folder(tmp_path: Path) -> None:
    opened = made(tmp_path)
    calls = ServiceCalls(opened, "ann")
    choice = chosen(opened)
    plan = calls.bench_plan(choice)
    steps: list[tuple[int, int]] = []
    found = calls.bench(choice, NeverCancel(), lambda done, total, _: steps.append((done, total)))
    assert found.folder == opened.folder / "bench"
    assert load_bench(found.folder / "bench.json").trials == found.report.trials
    assert all((found.folder / name).stat().st_size for name in found.files)
    assert found.report.cases == ("case_1", "case_2")
    assert plan.cases == 2
    assert 0 < len(found.report.trials) <= plan.pairs
    assert 0 < len(found.report.singles) <= plan.singles
    assert not plan.asks
    assert steps[-1][0] == steps[-1][1] > 0
    opened.close()


def test_that_words_are_read_with_the_reviews_structures_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    opened = made(tmp_path)
    calls = ServiceCalls(opened, "ann")
    first, second = calls.bench_errors("remove the lower third; leak 15 mm into the liver")
    assert (first.kind, first.where, second.target) == (FaultKind.MISSING, "bottom", "liver")
    with pytest.raises(UserError, match=r'"livver" is no structure that is known\. This review has liver'):
        calls.bench_errors("leak 15 mm into the livver")
    with pytest.raises(UserError, match="not understood"):
        calls.bench_errors("make it worse")
    opened.close()


def test_that_no_more_cases_are_taken_than_wanted_and_always_the_same(tmp_path: Path) -> None:
    opened = made(tmp_path)
    choice = chosen(opened, cases=1)
    first, again = (bench_calls.run(opened, choice, NeverCancel(), no_progress).report for _ in range(2))
    assert len(first.cases) == 1
    assert first.cases == again.cases
    assert bench_calls.plan_of(opened, choice).cases == 1
    opened.close()


def test_that_every_error_is_planted_where_none_is_left_out(tmp_path: Path) -> None:
    opened = made(tmp_path)
    report = bench_calls.run(opened, chosen(opened, per_structure=0, cases=1), NeverCancel(), no_progress).report
    planted = {(one.structure, one.kind) for one in report.singles if one.kind}
    assert planted == {(name, recipe.kind) for name in STRUCTURES for recipe in (CUT, SHRUNK)}
    opened.close()


def test_that_phantoms_are_put_on_the_bench_without_touching_the_reviews_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_calls, "SIZE", SIZE)
    opened = made(tmp_path, trusted="")
    choice = BenchChoice(PHANTOMS, (CUT,), 1, 1)
    assert bench_calls.plan_of(opened, choice).cases == 1
    found = bench_calls.run(opened, choice, NeverCancel(), no_progress)
    assert found.report.cases == ("phantom_000",)
    assert "phantom" in found.report.source
    opened.close()


def test_that_a_critic_that_looks_at_pictures_is_shown_those_of_phantoms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_calls, "SIZE", SIZE)
    monkeypatch.setattr(bench_calls, "cache_dir", lambda: tmp_path / "cache")
    with FakeLlm(always_second) as server:
        opened = made(tmp_path, url=server.url)
        left = tmp_path / "cache" / "bench" / "phantoms-other-56-1" / "images" / "left by a bench that was stopped"
        left.mkdir(parents=True)
        choice = BenchChoice(OTHER_PHANTOMS, (CUT,), 1, 1)
        assert bench_calls.plan_of(opened, choice).asks
        found = bench_calls.run(opened, choice, NeverCancel(), no_progress)
        asked = len(server.chats)
        assert all(chat.pictures for chat in server.chats)
        again = bench_calls.run(opened, choice, NeverCancel(), no_progress)
        assert len(server.chats) == asked > 0
        opened.critic.client.close()  # type: ignore[attr-defined]
        opened.close()
    assert not left.exists()
    assert [t.outcome for t in again.report.trials] == [t.outcome for t in found.report.trials]
    assert found.report.source == "1 phantom of other settings, 56 voxels wide, seed 0"
    assert [entry.name for entry in (tmp_path / "cache" / "bench").iterdir()] == ["phantoms-other-56-1"]


def test_that_stopping_leaves_no_report(tmp_path: Path) -> None:
    opened = made(tmp_path)
    job = Job("bench")
    job.cancel()
    with pytest.raises(CancelledError):
        bench_calls.run(opened, chosen(opened), job, job)
    assert not (opened.folder / "bench").exists()
    opened.close()
