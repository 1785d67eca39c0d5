"""`labelcritic cohort`, started the way users start it."""

import csv
import json
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from tests.making import Dataset
from tests.services.cohort_reviews import ODD, many_cases, measured, opened_at

pytestmark = pytest.mark.e2e


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_odd_one_is_listed_kept_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = many_cases(tmp_path, 20)
    review = opened_at(folder)
    measured(review, cases=18)
    review.close()
    code, out, _ = run(capsys, "cohort", folder)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("1 of 108 candidates is unusual among the other cases")
    assert lines[2].split()[:3] == [ODD.case, ODD.structure, "bad"]
    assert "the distance from the midline (right positive) is 900 mm" in lines[2]
    assert "2 of 20 cases are not measured yet" in out
    assert "Kept: the window shows them" in out
    file = tmp_path / "odd.csv"
    code, out, _ = run(capsys, "cohort", folder, "--label-sets", "bad", "--out", file, "--json")
    body = json.loads(out)
    assert code == 0
    assert [one["measure"] for one in body["outliers"]] == ["lateral"]
    assert {size["label_set"] for size in body["judged"]} == {"bad"}
    with file.open(encoding="utf-8", newline="") as stream:
        assert [row["case"] for row in csv.DictReader(stream)] == [ODD.case]
    code, out, _ = run(capsys, "cohort", folder, "--structures", "liver")
    assert code == 0
    assert out.startswith("None of 36 candidates is unusual")
    assert "Kept" not in out


def test_what_is_missing_is_said_in_one_line(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "cohort", dataset.folder)
    assert (code, out) == (2, "")
    assert "Run `labelcritic compare REVIEW` first." in err
    assert run(capsys, "compare", dataset.folder)[0] == 0
    code, _, err = run(capsys, "cohort", dataset.folder)
    assert code == 2
    assert "it takes 12 of one structure, and the most is 2" in err
