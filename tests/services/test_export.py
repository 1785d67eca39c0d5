"""Exports: only what was accepted, byte for byte, whole or not at all."""

import csv
import errno
import shutil
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.review import Choice, Remarks
from labelcritic_gui.formats import nifti
from labelcritic_gui.services import review
from labelcritic_gui.services.export import export_review, verify_export
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.review import OpenReview
from tests.making import Dataset

CASE = CaseId("case_1")


def item(structure: str) -> ItemId:
    return ItemId(CASE, structure)


REMARKS = Remarks(("MISS",), denied=("LEAK", "CUT"), quality=1)


def read(opened: OpenReview) -> None:
    ensure_opinions(opened, CASE)
    liver = item("liver")
    review.decide(opened, "ann", liver, Choice.ACCEPT, candidate=CandidateId(*liver, "bad"), remarks=REMARKS)
    review.decide(opened, "ann", item("spleen"), Choice.ABSENT)
    review.decide(opened, "ann", item("pancreas"), Choice.EDIT, remarks=Remarks(("LEAK",)))
    review.decide(opened, "ann", ItemId(CaseId("case_2"), "liver"), Choice.SKIP)
    review.decide(opened, "ann", ItemId(CaseId("case_2"), "pancreas"), Choice.UNJUDGED, remarks=Remarks(("IMG",)))


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_an_export_holds_exactly_what_was_accepted(dataset: Dataset) -> None:
    import nibabel as nib

    opened = dataset.open()
    read(opened)
    out = dataset.root / "out"
    report = export_review(opened, out)
    opened.close()
    assert (report.written, report.absent, report.left_out) == (2, 1, 4)
    source = dataset.root / "labels" / "bad" / "case_1" / "segmentations" / "liver.nii.gz"
    assert (out / "case_1" / "segmentations" / "liver.nii.gz").read_bytes() == source.read_bytes()
    empty = nib.load(out / "case_1" / "segmentations" / "spleen.nii.gz")
    assert empty.get_data_dtype() == np.uint8
    assert not np.asanyarray(empty.dataobj).any()
    image = nib.load(dataset.root / "images" / "case_1" / "ct.nii.gz")
    assert np.allclose(empty.affine, image.affine)
    manifest = {r["structure"]: r for r in rows(out / "manifest.csv")}
    assert (manifest["liver"]["stance"], manifest["liver"]["label_set"]) == ("overriding", "bad")
    assert manifest["liver"]["verdict_pick"] == "good"
    assert manifest["spleen"]["status"] == "absent"
    why = {(r["case"], r["structure"]): r["why"] for r in rows(out / "left_out.csv")}
    assert why[("case_1", "pancreas")] == "queued"
    assert why[("case_2", "liver")] == "skipped"
    assert why[("case_2", "spleen")] == "undecided"
    assert why[("case_2", "pancreas")] == "cannot be judged"
    told = manifest["liver"]
    assert (told["reasons"], told["denied"], told["quality"]) == ("MISS", "LEAK CUT", "1")
    assert manifest["spleen"]["quality"] == ""


def test_the_same_decisions_give_the_same_bytes(dataset: Dataset) -> None:
    opened = dataset.open()
    read(opened)
    export_review(opened, dataset.root / "one")
    export_review(opened, dataset.root / "two")
    opened.close()
    assert tree(dataset.root / "one") == tree(dataset.root / "two")


def test_verify_finds_every_kind_of_change(dataset: Dataset) -> None:
    opened = dataset.open()
    read(opened)
    out = dataset.root / "out"
    export_review(opened, out)
    opened.close()
    assert verify_export(out) == (2, ())
    liver = out / "case_1" / "segmentations" / "liver.nii.gz"
    spleen = out / "case_1" / "segmentations" / "spleen.nii.gz"
    liver.write_bytes(liver.read_bytes()[:-1] + b"x")
    shutil.copy(spleen, spleen.with_name("extra.nii.gz"))
    spleen.unlink()
    problems = {f.file.rsplit("/", 1)[1]: f.problem for f in verify_export(out)[1]}
    assert "sha256" in problems["liver.nii.gz"]
    assert "missing" in problems["spleen.nii.gz"]
    assert "manifest" in problems["extra.nii.gz"]


def test_a_mask_that_changed_since_it_was_accepted_is_left_out(dataset: Dataset) -> None:
    opened = dataset.open()
    read(opened)
    folder = dataset.root / "labels" / "bad" / "case_1" / "segmentations"
    shutil.copy(folder / "spleen.nii.gz", folder / "liver.nii.gz")
    report = export_review(opened, dataset.root / "out")
    opened.close()
    assert report.changed == 1
    left = {(r["case"], r["structure"]): r["explanation"] for r in rows(dataset.root / "out" / "left_out.csv")}
    assert "changed since" in left[("case_1", "liver")]


def test_nothing_accepted_is_an_error_not_an_empty_export(dataset: Dataset) -> None:
    opened = dataset.open()
    review.decide(opened, "ann", item("liver"), Choice.NONE)
    with pytest.raises(ReviewError, match="Nothing was accepted"):
        export_review(opened, dataset.root / "out")
    opened.close()
    assert not (dataset.root / "out").exists()


def test_an_export_is_never_written_over_another(dataset: Dataset) -> None:
    opened = dataset.open()
    read(opened)
    (dataset.root / "out").mkdir()
    with pytest.raises(ReviewError, match="exists already"):
        export_review(opened, dataset.root / "out")
    opened.close()


def test_a_disk_that_fills_leaves_nothing_that_looks_finished(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = dataset.open()
    read(opened)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nifti, "write_mask", full)
    with pytest.raises(StorageError, match="No space left"):
        export_review(opened, dataset.root / "out")
    opened.close()
    assert not (dataset.root / "out").exists()
    assert not (dataset.root / "out.partial").exists()


def test_a_name_cannot_leave_the_export_folder() -> None:
    from labelcritic_gui.services.export import FORMATS

    place = FORMATS["abdomenatlas"](ItemId(CaseId("../../etc/x"), "..\\..\\liver"))
    assert ".." not in Path(place).parts
    assert not Path(place).is_absolute()
