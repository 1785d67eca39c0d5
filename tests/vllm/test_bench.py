"""The bench of a critic behind a real vLLM, end to end. Its weights are random: nothing is said of what it finds."""

import pytest

from tests.vllm.reviews import demonstration, final_record, said

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]


def test_that_a_bench_asks_both_orders_of_every_pair_and_changes_nothing_of_the_review(tmp_path, door):
    review = demonstration(tmp_path / "demonstration")
    before, record = len(door.passed), final_record(review)
    request = ("bench", review, "--trusted", "model_a", "--critic", "lvlm", "--server", door.url)
    limits = ("--structures", "liver,spleen", "--per-structure", "2", "--out", tmp_path / "out")
    report = said(*request, *limits)
    asked = door.passed[before:]
    pairs, singles = len(report["trials"]), len(report["singles"])
    assert pairs >= 8
    assert singles >= 12
    assert all(trial["outcome"] != "failed" for trial in report["trials"])
    cases = len(report["cases"])
    most = cases + 2 * pairs + singles  # what is in view, both orders, a score; an empty label has none
    assert 1.5 * pairs <= len(asked) <= most
    assert len({one.sha256 for one in asked}) == len(asked), "no question is asked twice"
    after = final_record(review)
    kept = ("opinion", "item", "case_record")
    assert {name: after[name] for name in kept} == {name: record[name] for name in kept}, "a bench changes no verdict"
    again = len(door.passed)
    second = said(*request, *limits)
    assert len(door.passed) == again, "what was answered is not asked again"
    told = [(trial["outcome"], trial["confidence"]) for trial in report["trials"]]
    assert [(trial["outcome"], trial["confidence"]) for trial in second["trials"]] == told
    assert {file.name for file in (tmp_path / "out").iterdir()} >= {"bench.json", "trials.csv", "report.md"}
