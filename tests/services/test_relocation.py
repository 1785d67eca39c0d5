"""A review is pointed at moved data, never at other data."""

import shutil
from pathlib import Path

import pytest

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.services import opinions, source_files
from labelcritic_gui.services.relocation import relocate
from labelcritic_gui.store.review_file import is_foreign, read_review_file, resolved_path, stored_path
from tests.making import CENTRES, Dataset, ball, grid

CASE = CaseId("case_1")


def moved(dataset: Dataset) -> Path:
    new = dataset.root / "elsewhere"
    new.mkdir()
    shutil.move(dataset.root / "images", new / "scans")
    shutil.move(dataset.root / "labels", new / "labels")
    return new


def test_that_a_review_opens_its_data_where_it_was_moved(dataset: Dataset) -> None:
    opened = dataset.open()
    opinions.ensure_opinions(opened, CASE)
    source_files.check_all_sources(opened)
    opened.close()
    new = moved(dataset)
    labels = {slug: str(new / "labels" / slug) for slug in ("good", "bad")}
    moves = relocate(dataset.folder, images=str(new / "scans"), labels=labels)
    assert [(m.name, m.files, m.checked) for m in moves] == [("images", 2, 2), ("good", 6, 6), ("bad", 6, 6)]
    assert moves[1].hashed == 3
    opened = dataset.open()
    try:
        assert source_files.check_all_sources(opened).well
        assert opened.image_path(CASE).is_file()
    finally:
        opened.close()


def test_that_a_folder_without_the_files_is_refused_and_nothing_changes(dataset: Dataset) -> None:
    before = read_review_file(dataset.folder)
    new = moved(dataset)
    (new / "labels" / "good" / CASE / "segmentations" / "liver.nii.gz").unlink()
    with pytest.raises(ReviewError, match=r"1 of 6 files of good .*case_1/segmentations/liver\.nii\.gz"):
        relocate(dataset.folder, images=str(new / "scans"), labels={"good": str(new / "labels" / "good")})
    with pytest.raises(ReviewError, match="There is no folder"):
        relocate(dataset.folder, images=str(new / "nowhere"))
    assert read_review_file(dataset.folder) == before


def test_that_other_data_under_the_same_names_is_refused(dataset: Dataset) -> None:
    opened = dataset.open()
    opinions.ensure_opinions(opened, CASE)
    source_files.check_all_sources(opened)
    opened.close()
    new = moved(dataset)
    file = new / "labels" / "good" / CASE / "segmentations" / "liver.nii.gz"
    nifti.write_mask(file, Mask.from_array(ball(CENTRES["liver"], 3.0), grid()))
    with pytest.raises(ReviewError, match=r"liver\.nii\.gz (has|is not)"):
        relocate(dataset.folder, labels={"good": str(new / "labels" / "good")})


def test_that_unknown_label_sets_and_nothing_at_all_are_refused(dataset: Dataset) -> None:
    with pytest.raises(ReviewError, match="no label set 'other'"):
        relocate(dataset.folder, labels={"other": "x"})
    with pytest.raises(ReviewError, match="Nothing was named"):
        relocate(dataset.folder)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(r"C:\data\images", "C:/data/images"), (r"\\server\share\ct", "//server/share/ct"), ("D:/x", "D:/x")],
)
def test_that_a_windows_path_is_written_for_windows_and_named_here(dataset: Dataset, typed: str, stored: str) -> None:
    with pytest.raises(ReviewError, match="another system"):
        relocate(dataset.folder, images=typed)
    (move,) = relocate(dataset.folder, images=typed, unchecked=True)
    assert move.new == stored
    assert read_review_file(dataset.folder).images == stored
    opened = dataset.open()
    try:
        with pytest.raises(ReviewError, match="a path of Windows"):
            opened.image_path(CASE)
    finally:
        opened.close()
    relocate(dataset.folder, images=str(dataset.root / "images"))
    opened = dataset.open()
    try:
        assert opened.image_path(CASE).is_file()
    finally:
        opened.close()


def test_that_each_system_knows_the_paths_of_the_other() -> None:
    assert is_foreign("/data/ct", windows=True)
    assert not is_foreign("//server/share", windows=True)
    assert not is_foreign("C:/data", windows=True)
    assert not is_foreign("../images", windows=True)
    assert is_foreign("C:/data", windows=False)
    assert is_foreign(r"\\server\share", windows=False)
    assert not is_foreign("/data", windows=False)
    assert not is_foreign("case:1/x", windows=False)


def test_that_backslashes_of_a_relative_path_are_understood(tmp_path: Path) -> None:
    (tmp_path / "review").mkdir()
    assert resolved_path(tmp_path / "review", r"..\data\ct") == tmp_path / "data" / "ct"
    assert stored_path(tmp_path / "review", tmp_path / "data" / "ct") == "../data/ct"
