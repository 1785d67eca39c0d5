"""`labelcritic new --mode`, `mode` and `ledger`, started the way users start them."""

import csv
import json
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.review import Choice
from labelcritic_gui.services import modes, review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.store.review_file import read_review_file
from tests.making import Dataset, write_dataset

pytestmark = pytest.mark.e2e

ITEM = ItemId(CaseId("case_1"), "liver")
GOOD, BAD = (CandidateId(*ITEM, name) for name in ("good", "bad"))


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def new(capsys: pytest.CaptureFixture[str], root: Path, *words: object) -> tuple[int, str, str]:
    labels = [f"--labels={name}={root / 'labels' / name}" for name in ("good", "bad")]
    return run(capsys, "new", root / "review", "--images", root / "images", *labels, *words)


def test_a_review_is_made_in_a_mode_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(tmp_path)
    assert new(capsys, tmp_path, "--mode", "blind-first", "--repeats", "0.05")[0] == 0
    made = read_review_file(tmp_path / "review")
    assert (made.mode, made.repeats) == ("blind-first", 0.05)
    code, out, _ = run(capsys, "mode", tmp_path / "review")
    assert code == 0
    assert out == "review is read blind-first, 5% of the items come again.\n"
    assert "read: blind-first, 5% come again" in run(capsys, "show", tmp_path / "review")[1]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--mode", "sometimes"), "There is no mode 'sometimes'. Known are: assisted, blind-first, blind."),
        (("--repeats", "0.9"), "0.9 is no share of items to come again."),
    ],
)
def test_a_mode_that_does_not_exist_makes_no_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    write_dataset(tmp_path)
    code, _, err = new(capsys, tmp_path, *words)
    assert code == 2
    assert why in err
    assert not (tmp_path / "review").exists()


def test_the_mode_is_changed_and_the_change_refused_in_the_middle_of_an_item(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "mode", dataset.folder, "blind-first", "--json")
    assert code == 0
    assert json.loads(out) == {
        "review": str(dataset.folder),
        "mode": "blind-first",
        "repeats": 0.0,
        "changed": True,
        "failed": [],
    }
    opened = dataset.open()
    ensure_opinions(opened, ITEM.case)
    seen = {"phase": "commitment", "verdict": None, "sides": ["good", "bad"]}
    review.decide(opened, "ann", ITEM, Choice.ACCEPT, candidate=BAD, position=2, seen=seen)
    code, _, err = run(capsys, "mode", dataset.folder, "assisted")
    assert code == 2
    assert f"{ITEM} was committed by ann and the verdict on it was not shown yet." in err
    modes.reveal(opened, "ann", ITEM)
    opened.close()
    assert run(capsys, "mode", dataset.folder, "assisted")[1].endswith("is now read assisted.\n")
    assert run(capsys, "mode", dataset.folder, "assisted")[1].endswith("is read assisted.\n")


def test_the_ledger_is_printed_told_as_json_and_written(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "ledger", dataset.folder)
    assert code == 0
    assert "Nobody has decided anything in this review yet." in out
    opened = modes.change_mode(dataset.open(), "ann", mode="blind-first")
    ensure_opinions(opened, ITEM.case)
    told = {"outcome": "first", "pick": "good", "confidence": 0.9}
    sides = {"sides": ["good", "bad"], "ms": 4200}
    review.decide(
        opened,
        "ann",
        ITEM,
        Choice.ACCEPT,
        candidate=BAD,
        position=2,
        seen={**sides, "phase": "commitment", "verdict": None},
    )
    modes.reveal(opened, "ann", ITEM)
    review.decide(
        opened,
        "ann",
        ITEM,
        Choice.ACCEPT,
        candidate=GOOD,
        position=1,
        seen={**sides, "phase": "change", "verdict": told},
    )
    opened.close()
    file = tmp_path / "ledger.csv"
    code, out, _ = run(capsys, "ledger", dataset.folder, "--csv", file)
    assert code == 0
    assert "ann" in out.splitlines()
    lines = {line.strip()[:30].strip(): line for line in out.splitlines()}
    assert "4.2 s" in lines["Time on an item"]
    assert "1 of 1" in lines["Changed after the verdict"]
    assert "1 towards the critic, 0 away from it" in lines["Changed after the verdict"]
    assert "no label set of this review is trusted" in lines["Changes that helped"]
    assert "no item came again" in lines["As oneself, on hidden repeats"]
    with file.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["reader"], row["flips"], row["flips_towards"], row["kappa"]) == ("ann", "1", "1", "")
    body = json.loads(run(capsys, "ledger", dataset.folder, "--json")[1])
    assert [flip["before"] for flip in body["readers"][0]["flips"]] == ["bad"]
    code, _, err = run(capsys, "ledger", dataset.folder, "--reader", "eve")
    assert code == 2
    assert "eve has decided nothing in this review." in err
