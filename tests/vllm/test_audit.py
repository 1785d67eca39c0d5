"""An audit of a real vLLM, end to end: every test put, every call counted. Its weights are random, so that nothing is
said of what the audit finds.
"""

import json
from collections import Counter

import pytest

from tests.vllm.reviews import demonstration, final_record, opinions, rows, said

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]
STRUCTURES = "liver,spleen,stomach"
TESTS = {"orders", "position", "undecided", "readers", "trusted", "mark", "background", "size", "repeat"}


def test_that_an_audit_puts_every_test_and_counts_its_calls(tmp_path, door):
    review = demonstration(tmp_path / "demonstration")
    asked = ("--critic", "lvlm", "--server", door.url)
    said("compare", review, *asked)
    for case in sorted({row["case"] for row in rows(review, "item")}):
        said("decide", review, "--case", case, "--structure", "liver", "--accept", "model_a", "--reader", "ann")
    before, record = len(door.passed), final_record(review)
    request = ("audit", review, *asked, "--structures", STRUCTURES, "--sample", "2", "--repeats", "2")
    report = said(*request, "--out", tmp_path / "out")
    assert set(report["tests"]) == TESTS
    assert report["failures"] == []
    assert report["sampled"] > 0
    assert report["stored"] > 0
    answered = {line["test"] for line in report["lines"] if line["n"]}
    assert {"orders", "position", "undecided", "mark", "background", "size", "repeat"} <= answered
    repeats = [line for line in report["lines"] if line["test"] == "repeat" and not line["structure"] and line["n"]]
    assert repeats
    assert all(line["k"] == 0 for line in repeats), "float32 answers the same question alike"
    now = door.passed[before:]
    assert len(now) == sum(report["calls"].values())
    assert report["calls"]["mark"] == 2 * report["calls"]["background"] == 4 * report["sampled"]
    assert report["calls"]["repeat"] == 2 * 2 * report["sampled"]
    again = Counter(one.sha256 for one in now)
    assert sorted(again.values())[-1] == 2, "only what is repeated on purpose is asked twice"
    after = final_record(review)
    assert {name: after[name] for name in ("opinion", "item", "case_record")} == {
        name: record[name] for name in ("opinion", "item", "case_record")
    }, "an audit changes no verdict"
    written = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert written
    assert all(opinion["critic"]["model"] == "" for opinion in opinions(review, "verdict"))

    before = len(door.passed)
    second = said(*request, "--out", tmp_path / "out")
    repeated = len(door.passed) - before
    assert repeated == report["calls"]["repeat"] == sum(second["calls"].values()), "all else is remembered"
    assert json.dumps(second["lines"]) == json.dumps(report["lines"])
