"""The pictures of a case and the crops of slow masks: made once, shared, made again when a file changes."""

import os
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.geometry import Geometry, Mask, content_hash
from labelcritic_gui.formats import nifti
from labelcritic_gui.services import checkup, mask_cache, pictures
from labelcritic_gui.services.comparison import load_stage
from labelcritic_gui.services.mask_cache import cached_masks
from labelcritic_gui.settings import Settings, change_settings, derived_budget_mb, load_settings
from labelcritic_gui.store import index
from tests.making import STRUCTURES, Dataset


def test_that_pictures_are_made_once_and_come_back_the_same(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = dataset.open()
    case = index.case_ids(opened.database)[0]
    made = pictures.case_pictures(opened, case)
    monkeypatch.delattr(pictures, "project_case")
    kept = pictures.case_pictures(opened, case)
    assert kept.silhouettes.keys() == made.silhouettes.keys()
    for key, silhouette in made.silhouettes.items():
        assert np.array_equal(kept.silhouettes[key], silhouette)
    assert kept.pictures.keys() == made.pictures.keys()
    opened.close()


def test_that_stages_of_one_case_share_their_pictures(dataset: Dataset) -> None:
    opened = dataset.open()
    case = index.case_ids(opened.database)[0]
    one, other = (load_stage(opened, ItemId(case, s)) for s in STRUCTURES[:2])
    assert all(one.pictures[name] is other.pictures[name] for name in one.pictures)
    opened.close()


def test_that_pictures_are_made_again_when_a_mask_changes(dataset: Dataset) -> None:
    opened = dataset.open()
    case = index.case_ids(opened.database)[0]
    before = pictures.case_pictures(opened, case)
    candidate = next(c for c in index.candidates_of(opened.database, case) if c.id.structure == "liver")
    path = opened.mask_path(candidate)
    mask = nifti.load_mask(path)
    voxels = mask.voxels.copy()
    voxels[: voxels.shape[0] // 2] = False
    nifti.write_mask(path, Mask.from_array(voxels, mask.geometry, offset=mask.origin))
    os.utime(path, ns=(1, 1))
    after = pictures.case_pictures(opened, case)
    assert after.silhouettes[candidate.id].sum() < before.silhouettes[candidate.id].sum()
    opened.close()


class Reader:
    """Loads masks and counts how often; `seconds` pass at each reading."""

    def __init__(self, seconds: float) -> None:
        self.asked: list[list[tuple[int, ...] | None]] = []
        self.seconds = seconds
        self.now = 0.0

    def __call__(self, file: Path, wanted: mask_cache.Wanted) -> list[Mask]:
        self.asked.append(list(wanted))
        self.now += self.seconds
        return nifti.load_masks(file, wanted)

    def clock(self) -> float:
        return self.now


@pytest.fixture
def mask_file(dataset: Dataset) -> Path:
    return dataset.root / "labels" / "good" / "case_1" / "segmentations" / "liver.nii.gz"


def test_that_the_crops_of_a_slow_file_are_kept(tmp_path: Path, mask_file: Path) -> None:
    reader = Reader(mask_cache.SLOW_S + 1)
    wanted = [None, (1,), (7,)]
    first = cached_masks(tmp_path, mask_file, wanted, reader, clock=reader.clock)
    again = cached_masks(tmp_path, mask_file, wanted, reader, clock=reader.clock)
    assert len(reader.asked) == 1
    assert [content_hash(m) for m in again] == [content_hash(m) for m in first]
    assert [content_hash(m) for m in again] == [content_hash(m) for m in nifti.load_masks(mask_file, wanted)]
    assert again[2].is_empty


def test_that_only_what_is_lacking_is_read(tmp_path: Path, mask_file: Path) -> None:
    reader = Reader(mask_cache.SLOW_S + 1)
    cached_masks(tmp_path, mask_file, [(1,)], reader, clock=reader.clock)
    cached_masks(tmp_path, mask_file, [(2,), (1,), (3, 1)], reader, clock=reader.clock)
    assert reader.asked == [[(1,)], [(2,), (3, 1)]]


def test_that_the_crops_of_a_quick_file_are_not_kept(tmp_path: Path, mask_file: Path) -> None:
    reader = Reader(mask_cache.SLOW_S / 2)
    for _ in range(2):
        cached_masks(tmp_path, mask_file, [None], reader, clock=reader.clock)
    assert len(reader.asked) == 2
    assert not (tmp_path / mask_cache.MASKS).exists()


def test_that_a_changed_file_and_a_damaged_crop_are_read_again(tmp_path: Path, mask_file: Path) -> None:
    reader = Reader(mask_cache.SLOW_S + 1)
    for change in (lambda: None, lambda: os.utime(mask_file, ns=(1, 1)), lambda: _spoil(tmp_path)):
        change()
        (mask,) = cached_masks(tmp_path, mask_file, [None], reader, clock=reader.clock)
        assert content_hash(mask) == content_hash(nifti.load_mask(mask_file))
    assert len(reader.asked) == 3


def test_that_crops_kept_for_another_grid_are_not_taken(tmp_path: Path, mask_file: Path) -> None:
    reader = Reader(mask_cache.SLOW_S + 1)
    grid = nifti.read_geometry(mask_file)
    for wanted_grid in (grid, Geometry(grid.shape, grid.affine * 2), grid):
        cached_masks(tmp_path, mask_file, [None], reader, grid=wanted_grid, clock=reader.clock)
    assert len(reader.asked) == 3


def test_that_what_is_no_file_is_always_read(tmp_path: Path, mask_file: Path) -> None:
    asked: list[Path] = []

    def load(file: Path, wanted: mask_cache.Wanted) -> list[Mask]:
        asked.append(file)
        return nifti.load_masks(mask_file, wanted)

    for _ in range(2):
        cached_masks(tmp_path, mask_file.parent, [None], load, clock=lambda: 100.0 * len(asked))
    assert len(asked) == 2


def _spoil(folder: Path) -> None:
    (kept,) = (folder / mask_cache.MASKS).rglob("*.npz")
    kept.write_bytes(kept.read_bytes()[:-40])


def test_that_a_float_mask_kept_is_the_mask_of_the_file(tmp_path: Path, mask_file: Path) -> None:
    import nibabel as nib

    image = nib.load(mask_file)
    floats = tmp_path / "floats.nii.gz"
    nib.save(nib.Nifti1Image(np.asanyarray(image.dataobj).astype(np.float32), image.affine), floats)
    reader = Reader(mask_cache.SLOW_S + 1)
    for _ in range(2):
        (mask,) = cached_masks(tmp_path, floats, [None], reader, clock=reader.clock)
        assert content_hash(mask) == content_hash(nifti.load_mask(mask_file))
    assert len(reader.asked) == 1


def test_that_the_budget_is_a_share_of_the_memory_within_limits() -> None:
    assert derived_budget_mb(512) == 128
    assert derived_budget_mb(8192) == 1024
    assert derived_budget_mb(512 * 1024) == 2048
    assert derived_budget_mb(None) == 512


def test_that_a_budget_that_is_set_holds_and_is_kept() -> None:
    assert load_settings().memory_budget >= 128 * 2**20
    assert change_settings(memory_budget_mb=300).memory_budget == 300 * 2**20
    assert load_settings().memory_budget == 300 * 2**20


def test_that_doctor_says_the_budget_and_what_is_kept(dataset: Dataset) -> None:
    opened = dataset.open()
    case = index.case_ids(opened.database)[0]
    pictures.case_pictures(opened, case)
    budget = checkup.check_memory(change_settings(memory_budget_mb=300))
    said = {result.name: result for result in checkup.check_review(opened)}
    assert "300 MB" in budget.sentence
    assert budget.well
    assert "in 1 file(s)" in said["kept"].sentence
    opened.close()


def test_that_doctor_calls_a_budget_bad_that_no_machine_has() -> None:
    assert not checkup.check_memory(Settings(memory_budget_mb=2**20)).well
