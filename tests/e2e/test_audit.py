"""`labelcritic audit`, started the way users start it."""

import json
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from labelcritic_gui.settings import change_settings
from labelcritic_gui.store.review_file import read_review_file
from tests.audit_judges import always_second
from tests.fake_llm import Answer, Asked, FakeLlm, error
from tests.making import Dataset

pytestmark = pytest.mark.e2e


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_that_the_reviews_own_critic_is_audited(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "compare", dataset.folder)[0] == 0
    code, out, _ = run(capsys, "audit", dataset.folder)
    assert code == 0
    assert out.startswith("anatomy critic: ")
    assert "size: one mask made larger against the same made smaller" in out
    assert "mark: Not applicable: this critic looks at no pictures." in out
    assert "6 stored verdict(s) looked at, 6 pair(s) asked about on purpose; 0 call(s)" in out
    for name in ("audit.json", "audit.csv"):
        assert f"written: {dataset.folder / name}" in out
        assert (dataset.folder / name).is_file()


def test_that_a_failing_critic_is_named_and_the_exit_code_says_that_the_audit_was_done(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeLlm(always_second) as server:
        words = ("audit", dataset.folder, "--server", server.url, "--tests", "position,size", "--out", tmp_path / "out")
        code, out, _ = run(capsys, *words)
        assert code == 0
        assert "It prefers the second picture, whichever label it shows." in out.splitlines()[0]
        assert "FAILS" in out
        asked = len(server.chats)
        code, out, _ = run(capsys, *words, "--json")
        assert len(server.chats) == asked
    body = json.loads(out)
    assert code == 0
    assert body["failed"] == []
    assert {line["measure"]: line["ruling"] for line in body["lines"] if not line["structure"]} == {
        "first-picture": "fails",
        "larger-mask": "too few to say",
    }
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["audit.csv", "audit.json"]
    assert not (dataset.folder / "audit.json").exists()
    assert read_review_file(dataset.folder).critic == ""


class Picky(FakeLlm):
    """Refuses a quarter of all questions."""

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/v1/chat/completions" and int(asked.key[0], 16) < 4:
            return error(400, "This picture cannot be processed.")
        return super().answer(asked)


def test_that_unanswered_questions_are_told_by_the_exit_code(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    with Picky(always_second) as server:
        code, out, err = run(capsys, "audit", dataset.folder, "--server", server.url, "--tests", "undecided,mark")
    assert code == 1
    assert "cannot be processed" in err
    assert "written:" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tests", "mirror"), "There is no audit test 'mirror'."),
        (("--sample", "0"), "pairs a structure"),
        (("--repeats", "1"), "repeated 2 to"),
        (("--structures", "heart"), "There is no structure heart"),
        (("--tests", "readers"), "No item has both an accepted candidate and a verdict"),
        (("--critic", "oracle"), "invalid choice"),
    ],
)
def test_that_a_mistake_is_one_sentence(
    dataset: Dataset, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    code, out, err = run(capsys, "audit", dataset.folder, *words)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert not (dataset.folder / "audit.json").exists()


def test_that_a_server_that_is_down_is_one_sentence(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    change_settings(server={"patience_s": 0.0})
    code, _, err = run(capsys, "audit", dataset.folder, "--server", "http://127.0.0.1:9/v1", "--tests", "size")
    assert code == 2
    assert "did not answer a single question" in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not (dataset.folder / "audit.json").exists()
