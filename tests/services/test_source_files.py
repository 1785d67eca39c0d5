"""Files that vanish or change after they were read are named, and taken anew on request."""

import os
from pathlib import Path

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.services import opinions, source_files, worklist
from labelcritic_gui.store import candidates, index
from tests.making import CENTRES, Dataset, ball, grid

CASE = CaseId("case_1")
LIVER = ItemId(CASE, "liver")


def mask_file(dataset: Dataset, label_set: str = "good") -> Path:
    return dataset.root / "labels" / label_set / CASE / "segmentations" / "liver.nii.gz"


def later(file: Path) -> None:
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))


def test_that_untouched_files_are_well_and_are_remembered(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        report = source_files.check_all_sources(opened)
        assert report.well
        assert report.checked == 14
        (_, facts), *_ = candidates.sources_of(opened.database, CASE, "liver")
        assert facts.size == mask_file(dataset).stat().st_size
    finally:
        opened.close()


def test_that_a_missing_mask_and_a_missing_image_are_named(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        mask_file(dataset).unlink()
        opened.image_path(CASE).unlink()
        report = source_files.check_all_sources(opened)
        assert [(c.label_set, c.kind) for c in report.changes] == [("", "missing"), ("good", "missing")]
        assert "liver.nii.gz (the labels of good of case_1) is missing" in report.sentence
        assert source_files.forget_changed(opened, report.changes) == 0
    finally:
        opened.close()


def test_that_a_file_touched_but_not_changed_is_well_when_its_hash_is_known(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        opinions.ensure_opinions(opened, CASE)
        source_files.check_sources(opened, CASE)
        later(mask_file(dataset))
        assert source_files.check_sources(opened, CASE) == ()
        assert source_files.check_sources(opened, CASE) == ()
    finally:
        opened.close()


def test_that_a_file_touched_whose_hash_is_not_known_counts_as_changed(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        assert source_files.check_sources(opened, CASE) == ()
        later(mask_file(dataset))
        assert [c.kind for c in source_files.check_sources(opened, CASE)] == ["changed"]
    finally:
        opened.close()


def test_that_a_changed_mask_is_found_and_judged_anew_when_it_is_taken(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        opinions.ensure_opinions(opened, CASE)
        source_files.check_sources(opened, CASE)
        before = worklist.row(opened, LIVER)
        nifti.write_mask(mask_file(dataset), Mask.from_array(ball(CENTRES["liver"], 3.0), grid()))
        (change,) = source_files.check_sources(opened, CASE)
        assert (change.kind, change.label_set, [m.item for m in change.masks]) == ("changed", "good", [LIVER])
        assert source_files.forget_changed(opened, [change]) == 1
        good = next(c for c in index.candidates_of(opened.database, CASE, "liver") if c.id.label_set == "good")
        assert good.content_hash == ""
        assert worklist.row(opened, LIVER).outcome == ""
        assert source_files.check_sources(opened, CASE) == ()
        assert LIVER in opinions.ensure_opinions(opened, CASE).items
        after = worklist.row(opened, LIVER)
        assert after.dice is not None
        assert after.dice != before.dice
    finally:
        opened.close()


def test_that_a_folder_of_slices_is_stamped_by_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "1.dcm").write_bytes(b"abc")
    (tmp_path / "series" / "2.dcm").write_bytes(b"de")
    found = source_files.file_stamp(tmp_path / "series")
    assert found is not None
    assert found[0] == 5
    assert source_files.file_stamp(tmp_path / "series#1.2.3") == found
    assert source_files.file_stamp(tmp_path / "nothing#1") is None
