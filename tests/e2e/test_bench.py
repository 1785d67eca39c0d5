"""`labelcritic bench`, started the way users start it."""

import json
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from tests.fake_llm import Asked, FakeLlm
from tests.making import Dataset, write_dataset

pytestmark = pytest.mark.e2e
SMALL = ("--phantoms", 1, "--size", 56, "--structures", "liver,spleen", "--per-structure", 2)
FILES = ["accuracy.svg", "bench.json", "calibration.svg", "report.md", "summary.csv", "trials.csv"]


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_that_the_anatomy_critic_is_put_on_the_bench_on_a_phantom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "bench", *SMALL)
    assert code == 0
    assert out.startswith("anatomy critic: ")
    assert "1 phantom, 56 voxels wide, seed 0; seed 0" in out
    assert "accuracy on decided, Dice below 0.80" in out
    assert "right ones left alone" in out
    assert sorted(file.name for file in (tmp_path / "bench-output").iterdir()) == FILES


def test_that_errors_in_words_are_planted_and_the_json_has_every_pair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = "remove the lower third; leak 15 mm into the stomach"
    words = ("bench", "--phantoms", 1, "--size", 72, "--structures", "liver", "--errors", errors, "--worse", 0)
    code, out, _ = run(capsys, *words, "--out", tmp_path / "out", "--json")
    body = json.loads(out)
    assert code == 0
    assert {t["kind"] for t in body["trials"]} == {"missing", "leak"}
    assert {t["outcome"] for t in body["trials"]} <= {"first", "second", "undecided", "equivalent", "both-wrong"}
    assert len(body["singles"]) == 3


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--errors", "make it nicer"), "make it nicer"),
        (("--errors", "empty", "--kinds", "leak"), "--errors says everything"),
        (("--kinds", "blur"), "no kind of error 'blur'"),
        (("--trusted", "good"), "names a label set of a review"),
        (("--phantoms", "0"), "0 phantoms cannot be put on the bench"),
        (("--phantoms", "1", "--size", "8"), "too small"),
        (("--start", "-1"), "must not be negative"),
    ],
)
def test_that_what_makes_no_sense_is_said_in_one_line(
    words: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "bench", *words, "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


def test_that_a_review_is_benched_on_its_trusted_labels_and_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_dataset(tmp_path)
    labels = [w for name in ("good", "bad") for w in ("--labels", f"{name}={tmp_path / 'labels' / name}")]
    folder = tmp_path / "review"
    assert run(capsys, "new", folder, "--images", tmp_path / "images", *labels, "--trusted", "good")[0] == 0
    before = (folder / "review.db").read_bytes()
    code, out, _ = run(capsys, "bench", folder, "--per-structure", 2, "--kinds", "missing,cut")
    assert code == 0
    assert "truth: good" in out
    assert sorted(file.name for file in (folder / "bench").iterdir()) == FILES
    assert (folder / "review.db").read_bytes() == before
    code, _, err = run(capsys, "bench", folder, "--phantoms", 1)
    assert code == 2
    assert "Either a review or phantoms" in err


def test_that_a_review_without_trusted_labels_says_what_to_name(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "bench", dataset.folder)
    assert code == 2
    assert "has no trusted label set. Name the truth: --trusted good." in err
    assert run(capsys, "bench", dataset.folder, "--trusted", "good", "--per-structure", 1)[0] == 0


def test_that_a_critic_behind_a_server_is_benched_on_phantoms_and_never_asked_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def first(asked: Asked) -> dict[str, float]:
        return {choice: 0.9 if n == 0 else 0.1 / (len(asked.choices) - 1) for n, choice in enumerate(asked.choices)}

    with FakeLlm(first) as server:
        words = ("bench", *SMALL, "--server", server.url, "--no-region", "--out", tmp_path / "out", "--json")
        code, out, err = run(capsys, *words)
        assert (code, err) == (0, "")
        asked = len(server.chats)
        again, _, _ = run(capsys, *words)
        assert again == 0
        assert len(server.chats) == asked > 0
    body = json.loads(out)
    assert body["critic"]["kind"] == "lvlm"
    # the first letter in both orders names two candidates: nothing is decided
    assert {t["answer"] for t in body["trials"]} <= {"undecided", "equivalent"}
