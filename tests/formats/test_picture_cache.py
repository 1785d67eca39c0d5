"""The rebuildable files of a review: kept under a stamp, never trusted when damaged."""

import os
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.formats import picture_cache


def test_that_arrays_come_back_as_they_were_kept(tmp_path: Path) -> None:
    file = picture_cache.cache_file(tmp_path / "pictures", "case_1")
    arrays = {"a": np.arange(12, dtype=np.int16).reshape(3, 4), "empty": np.zeros(0, dtype=np.uint8)}
    picture_cache.save_arrays(file, "now", arrays)
    kept = picture_cache.load_arrays(file, "now")
    assert kept is not None
    assert {name: array.tolist() for name, array in kept.items()} == {n: a.tolist() for n, a in arrays.items()}
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_that_arrays_under_another_stamp_or_not_there_are_none(tmp_path: Path) -> None:
    file = tmp_path / "kept.npz"
    assert picture_cache.load_arrays(file, "now") is None
    picture_cache.save_arrays(file, "before", {"a": np.zeros(3)})
    assert picture_cache.load_arrays(file, "now") is None


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_that_a_file_cut_short_is_none(tmp_path: Path, share: float) -> None:
    file = tmp_path / "kept.npz"
    picture_cache.save_arrays(file, "now", {"a": np.arange(1000), "b": np.ones((5, 5))})
    whole = file.read_bytes()
    file.write_bytes(whole[: int(share * len(whole))])
    assert picture_cache.load_arrays(file, "now") is None


@pytest.mark.parametrize("place", range(5, 4000, 331))
def test_that_a_file_with_flipped_bytes_is_none_or_unharmed(tmp_path: Path, place: int) -> None:
    file = tmp_path / "kept.npz"
    picture_cache.save_arrays(file, "now", {"a": np.arange(400)})
    damaged = bytearray(file.read_bytes())
    damaged[place % len(damaged)] ^= 0xFF
    file.write_bytes(bytes(damaged))
    kept = picture_cache.load_arrays(file, "now")
    assert kept is None or kept["a"].tolist() == list(range(400))


def test_that_names_of_cases_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    for case in ("../x", "a/b", "..", "", "C:\\x", "a" * 500):
        assert picture_cache.cache_file(tmp_path, case).parent == tmp_path


def test_that_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file where the folder should be")
    picture_cache.save_arrays(tmp_path / "pictures" / "kept.npz", "now", {"a": np.zeros(3)})
    assert picture_cache.load_arrays(tmp_path / "pictures" / "kept.npz", "now") is None


def test_that_a_stamp_changes_with_size_time_and_absence(tmp_path: Path) -> None:
    file = tmp_path / "a.nii.gz"
    stamps = {picture_cache.file_stamp(file)}
    file.write_bytes(b"one")
    stamps.add(picture_cache.file_stamp(file))
    file.write_bytes(b"three")
    os.utime(file, ns=(1, 1))
    stamps.add(picture_cache.file_stamp(file))
    os.utime(file, ns=(2, 2))
    stamps.add(picture_cache.file_stamp(file))
    assert len(stamps) == 4
    assert picture_cache.file_stamp(file) in stamps
