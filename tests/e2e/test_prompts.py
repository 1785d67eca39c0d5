"""`labelcritic prompts`, started the way users start it."""

import json
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from labelcritic_gui.critic.prompt_files import own_prompts_dir
from labelcritic_gui.critic.prompts import load_prompts
from labelcritic_gui.paths import prompts_dir
from tests.fake_llm import sha256
from tests.making import Dataset

pytestmark = pytest.mark.e2e


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main(["prompts", *(str(word) for word in words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def own(name: str, text: str) -> Path:
    file = own_prompts_dir() / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


def changed_liver() -> Path:
    shipped = (prompts_dir() / "structures/liver.toml").read_text("utf-8")
    return own("structures/liver.toml", shipped.replace("The largest organ", "The very largest organ"))


def test_that_files_are_listed_with_whose_text_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    changed_liver()
    own("structures/thyroid_gland.toml", (prompts_dir() / "structures/_general.toml").read_text("utf-8"))
    code, out, _ = run(capsys)
    assert code == 0
    lines = dict(line.rsplit("  ", 1) for line in out.splitlines() if ".toml" in line or ".j2" in line)
    told = {name.strip(): whose.strip() for name, whose in lines.items()}
    assert told["compare.j2"] == "shipped"
    assert told["structures/liver.toml"] == "changed by you"
    assert told["structures/thyroid_gland.toml"] == "your own"
    assert str(own_prompts_dir()) in out
    assert run(capsys, "list", "--json")[1] == run(capsys, "--json")[1]
    body = json.loads(run(capsys, "list", "--json")[1])
    assert {"name": "structures/liver.toml", "text": "changed by you"} in body["files"]


def test_that_a_text_is_shown_compared_and_taken_back(capsys: pytest.CaptureFixture[str]) -> None:
    file = changed_liver()
    for name in ("liver", "structures/liver.toml"):
        assert "The very largest organ" in run(capsys, "show", name)[1]
    assert run(capsys, "show", "compare")[1].startswith("{#")
    assert '+anatomy = "The very largest' in run(capsys, "diff", "liver")[1]
    assert "as it was shipped" in run(capsys, "diff", "spleen")[1]
    assert run(capsys, "reset", "liver")[1] == "structures/liver.toml: the shipped text counts again.\n"
    assert not file.exists()
    assert "in use already" in run(capsys, "reset", "liver")[1]
    code, _, err = run(capsys, "show", "nothing")
    assert (code, err.count("\n")) == (2, 1)
    assert "There is no prompt file 'nothing'" in err


def test_that_a_check_of_sound_files_names_the_set(capsys: pytest.CaptureFixture[str]) -> None:
    changed_liver()
    code, out, err = run(capsys, "check")
    assert (code, err) == (0, "")
    assert "1 of them yours: nothing wrong." in out
    assert load_prompts(own_prompts_dir()).hash in out


def test_that_faults_are_named_with_file_and_line_and_the_exit_code_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    liver = own("structures/liver.toml", 'anatomy = ""\nright = ["a"]\nerrors = ["b"]\nx = 3\n')
    compare = own("compare.j2", "{% block system %}\n{{ nobody }}\n{% endblock %}{% block question %}x{% endblock %}")
    code, _, err = run(capsys, "check")
    assert code == 2
    assert f"failed: {liver}:1: anatomy: it is empty\n" in err
    assert f"failed: {liver}:4: x: Extra inputs are not permitted\n" in err
    assert f"failed: {compare}:2: there is no variable 'nobody'" in err
    body = json.loads(run(capsys, "check", "--json")[1])
    assert {(p["name"], p["line"]) for p in body["problems"]} >= {("structures/liver.toml", 4), ("compare.j2", 2)}


def test_that_a_file_of_an_unknown_name_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    own("compere.j2", "x")
    code, _, err = run(capsys, "check")
    assert code == 2
    assert "compere.j2: no prompt has this name" in err


def test_that_a_preview_prints_the_messages_and_writes_the_pictures(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed_liver()
    item = ("--case", "case_1", "--structure", "liver")
    code, out, _ = run(capsys, "preview", dataset.folder, *item, "--out", tmp_path / "out")
    assert code == 0
    assert out.count("The very largest organ") == 2
    assert out.index("--- Order AB") < out.index("--- Order BA")
    assert "Held to: A | B | C | D" in out
    pictures = list((tmp_path / "out").iterdir())
    assert len(pictures) == 2
    for picture in pictures:
        digest = sha256(picture.read_bytes())
        assert picture.stem == digest[:16]
        assert out.count(f"[picture {digest[:16]}: ") == 2
    body = json.loads(run(capsys, "preview", dataset.folder, *item, "--json", "--ask", "assess", "--views", "slice")[1])
    assert [q["title"] for q in body["questions"]] == ["Quality of good", "Quality of bad"]
    assert "one horizontal cut" in body["questions"][0]["text"]
    assert not (dataset.root / "out").exists()


def test_that_a_preview_of_what_is_not_there_is_one_line(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    for case, structure in (("nobody", "liver"), ("case_1", "nose")):
        code, _, err = run(capsys, "preview", dataset.folder, "--case", case, "--structure", structure)
        assert (code, err.count("\n")) == (2, 1)
