"""The headless twins, started the way users start them: words, exit codes, and one line for every mistake."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelcritic_gui.__main__ import main
from tests.making import Dataset, make_dataset, write_dataset

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict:
    found, out, err = run(capsys, *words, "--json")
    assert found == code, err
    return json.loads(out)


def labels(root: Path) -> list[str]:
    return ["--images", f"{root}/images", "--labels", f"good={root}/labels/good", "--labels", f"bad={root}/labels/bad"]


def test_a_whole_review_by_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(tmp_path)
    review, out = tmp_path / "review", tmp_path / "out"
    assert as_json(capsys, "new", review, *labels(tmp_path))["items"] == 6
    assert as_json(capsys, "compare", review)["asked_now"] == 6
    assert as_json(capsys, "compare", review)["asked_now"] == 0
    assert as_json(capsys, "assess", review)["items"] == 6
    listed = as_json(capsys, "list", review, "--filter", "structure:liver -case:*1", "--sort", "case", "--descending")
    assert [(row["case"], row["structure"]) for row in listed["items"]] == [("case_2", "liver")]
    listed = as_json(capsys, "list", review, "--filter", "undecided", "--sort", "dice")
    assert len(listed["items"]) == 6
    first = listed["items"][0]
    where = ["--case", first["case"], "--structure", first["structure"]]
    decided = as_json(capsys, "decide", review, *where, "--accept", "good", "--reader", "ann")
    assert decided["status"] == "accepted"
    shown = as_json(capsys, "show", review, *where)
    assert shown["decisions"][0]["reader"] == "ann"
    assert shown["opinions"]
    pictures = as_json(capsys, "project", review, tmp_path / "pictures", "--pairs")
    assert (tmp_path / "pictures" / "case_1" / "bone.png").read_bytes()[:4] == b"\x89PNG"
    assert len(pictures["cases"]["case_1"]) == 3 + 3 * 6
    assert as_json(capsys, "export", review, out)["written"] == 1
    assert as_json(capsys, "verify", out)["faults"] == []
    assert all(c["well"] for c in as_json(capsys, "doctor", review)["checks"])
    assert as_json(capsys, "show", review)["counts"]["decided"] == 1
    as_json(capsys, "decide", review, "--undo", "--reader", "ann")
    assert as_json(capsys, "show", review)["counts"]["decided"] == 0


def test_every_choice_is_written_as_it_was_meant(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = {"--absent": "absent", "--edit": "queued", "--none": "none", "--unjudged": "unjudged", "--skip": "open"}
    where = ["--case", "case_1", "--structure", "liver", "--reader", "ann"]
    for flag, status in wanted.items():
        assert as_json(capsys, "decide", dataset.folder, *where, flag)["status"] == status
    noted = as_json(capsys, "decide", dataset.folder, *where, "--note", "look again")
    assert noted["note"] == "look again"
    assert [d["choice"] for d in noted["decisions"]] == ["absent", "edit", "none", "unjudged", "skip"]
    assert as_json(capsys, "list", dataset.folder)["counts"]["unjudged"] == 0
    as_json(capsys, "decide", dataset.folder, "--undo", "--reader", "ann")
    assert as_json(capsys, "list", dataset.folder)["counts"]["unjudged"] == 1
    again = as_json(capsys, "decide", dataset.folder, "--redo", "--reader", "ann")
    assert (again["status"], again["decisions"][-1]["choice"]) == ("open", "skip")
    rated = as_json(capsys, "decide", dataset.folder, *where, "--edit", "--quality", "2", "--reason", "LEAK")
    assert (rated["decisions"][-1]["quality"], rated["decisions"][-1]["reasons"]) == (2, ["LEAK"])
    code, _, err = run(capsys, "decide", dataset.folder, "--redo", "--reader", "ann")
    assert_one_sentence(code, err, "nothing that ann undid")


def test_stepping_back_or_forward_on_a_named_item_never_touches_another(
    dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    items = as_json(capsys, "list", dataset.folder)["items"]
    named, other = ([*("--case", i["case"]), *("--structure", i["structure"])] for i in items[:2])
    ann = ["--reader", "ann"]
    as_json(capsys, "decide", dataset.folder, *named, *ann, "--none")
    code, said, _ = run(capsys, "decide", dataset.folder, *other, *ann, "--skip")
    assert (code, said.strip().endswith(": skipped (ann)")) == (0, True)
    code, _, err = run(capsys, "decide", dataset.folder, *named, *ann, "--undo")
    assert_one_sentence(code, err, "The last thing that ann decided is ")
    as_json(capsys, "decide", dataset.folder, *other, *ann, "--undo")
    code, _, err = run(capsys, "decide", dataset.folder, *named, *ann, "--redo")
    assert_one_sentence(code, err, "The last thing that ann undid is ")
    assert as_json(capsys, "decide", dataset.folder, *named, *ann, "--undo")["status"] == "open"


def assert_one_sentence(code: int, err: str, said: str) -> None:
    assert code == 2
    assert err.count("\n") == 1
    assert "Traceback" not in err
    assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "/nowhere"], "There is no review at /nowhere"),
        (["frobnicate"], "invalid choice"),
        (["new"], "required"),
        (["verify", "/nowhere"], "There is no export at /nowhere"),
        (["doctor", "/nowhere"], "There is no review at /nowhere"),
        (["open", "/nowhere"], "/nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    if words[0] == "open":
        said = "display"
    code, _, err = run(capsys, *words)
    assert_one_sentence(code, err, said)


def test_no_such_item_filter_reason_or_label_set(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--case", "case_1", "--structure", "liver"]
    for words, said in (
        (["decide", dataset.folder, "--case", "case_9", "--structure", "liver", "--none"], "no item case_9"),
        (["decide", dataset.folder, *where, "--accept", "best"], "It has: good, bad"),
        (["decide", dataset.folder, *where, "--edit", "--reason", "UGLY"], "no error code 'UGLY'"),
        (["decide", dataset.folder, "--undo", "--reader", "nobody"], "no decision of nobody"),
        (["list", dataset.folder, "--filter", "odd:x"], "There is no field odd"),
        (["export", dataset.folder, dataset.root / "out"], "Nothing was accepted"),
        (["export", dataset.folder, dataset.root / "out", "--format", "odd"], "no export format"),
        (["project", dataset.folder, dataset.root / "out", "--windows", "odd"], "no window 'odd'"),
    ):
        code, _, err = run(capsys, *words)
        assert_one_sentence(code, err, said)


def broken(root: Path, how: str) -> None:
    """Break a dataset's first label file, or what is around it."""
    file = root / "labels" / "bad" / "case_1" / "segmentations" / "liver.nii.gz"
    match how:
        case "text":
            file.write_text("this is text, not an image\n")
        case "truncated":
            file.write_bytes(file.read_bytes()[: len(file.read_bytes()) // 2])
        case "crc":
            content = bytearray(file.read_bytes())
            content[-6] ^= 0xFF
            file.write_bytes(bytes(content))
        case "twins":
            shutil.copy(file, file.with_name("Liver.nii.gz"))
        case "empty":
            file.write_bytes(b"")
        case "not gzip":
            file.write_bytes(gzip.decompress(file.read_bytes()))


@pytest.mark.parametrize("how", ["text", "truncated", "crc", "twins", "empty"])
def test_a_bad_label_file_is_named_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    write_dataset(tmp_path)
    broken(tmp_path, how)
    review = tmp_path / "review"
    code, _, made = run(capsys, "new", review, *labels(tmp_path))
    said = made
    if code == 0:  # damage behind the header shows when the voxels are read
        code, _, said = run(capsys, "compare", review)
        code = max(code, run(capsys, "project", review, tmp_path / "p")[0])
    assert "liver.nii.gz" in said or how in {"truncated", "crc"}
    counted = as_json(capsys, "show", review)["counts"]
    assert counted["total"] == 6
    shown = as_json(capsys, "show", review, "--case", "case_1", "--structure", "liver")
    assert "Traceback" not in said
    if how in {"truncated", "crc"}:
        findings = [f for o in shown["opinions"] for f in o.get("findings", [])]
        assert any("liver.nii.gz" in f["text"] for f in findings)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB; skips where one may not be mounted."""
    mount = tmp_path / "tiny"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mount)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk_while_exporting_loses_nothing(
    tmp_path: Path, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_dataset(tmp_path / "set")
    source = data.root / "labels" / "good" / "case_1" / "segmentations" / "liver.nii.gz"
    content = bytearray(gzip.decompress(source.read_bytes()))
    source.write_bytes(gzip.compress(bytes(content), compresslevel=0, mtime=0))  # 80 kB: more than the disk takes
    where = ["--case", "case_1", "--structure", "liver"]
    as_json(capsys, "decide", data.folder, *where, "--accept", "good")
    code, _, err = run(capsys, "export", data.folder, tiny_disk / "out", "--json")
    assert_one_sentence(code, err, "No space left")
    assert list(tiny_disk.iterdir()) == []
    assert as_json(capsys, "export", data.folder, tmp_path / "out")["written"] == 1


def test_a_read_only_output_is_one_sentence(
    dataset: Dataset, tiny_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    as_json(capsys, "decide", dataset.folder, "--case", "case_1", "--structure", "liver", "--accept", "good")
    code, _, err = run(capsys, "export", dataset.folder, tiny_disk / "out", "--json")
    assert_one_sentence(code, err, "Read-only")
    code, _, err = run(capsys, "new", tiny_disk / "review", *labels(dataset.root), "--json")
    assert_one_sentence(code, err, "Read-only")


def test_a_killed_export_leaves_nothing_that_looks_finished(dataset: Dataset) -> None:
    script = (
        "import os, signal, sys\n"
        "from labelcritic_gui.formats import manifest\n"
        "manifest.write_table = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from labelcritic_gui.__main__ main\n".replace("__main__ main", "__main__ import main")
        + f"main(['decide', {str(dataset.folder)!r}, '--case', 'case_1', '--structure', 'liver', '--accept', 'good'])\n"
        f"main(['export', {str(dataset.folder)!r}, {str(dataset.root / 'out')!r}])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -9
    assert not (dataset.root / "out").exists()
    again = [sys.executable, "main.py", "export", str(dataset.folder), str(dataset.root / "out")]
    assert subprocess.run(again, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert not (dataset.root / "out.partial").exists()


def test_the_program_starts_as_users_start_it() -> None:
    for command in (["main.py"], ["-m", "labelcritic_gui"]):
        done = subprocess.run(
            [sys.executable, *command, "--version"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith("labelcritic ")


def test_without_a_display_open_says_so(dataset: Dataset) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    done = subprocess.run(
        [sys.executable, "main.py", "open", str(dataset.folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_sentence(done.returncode, done.stderr, "display")


def test_a_class_map_that_is_not_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dataset(tmp_path)
    (tmp_path / "classes.json").write_text("[1, 2]")
    words = ["new", tmp_path / "review", *labels(tmp_path), "--classes"]
    for value, said in (
        (f"good={tmp_path}/none.json", "There is no class map"),
        (f"good={tmp_path}/classes.json", "not a table"),
        ("odd=x.json", "no --labels names"),
        ("nothing", "NAME=VALUE"),
    ):
        code, _, err = run(capsys, *words, value)
        assert_one_sentence(code, err, said)
