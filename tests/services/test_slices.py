"""A case in memory for slices: its image as 16 bits, every candidate's newest version, told as it goes."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import CancelledError, UnreadableFileError
from labelcritic_gui.core.geometry import Geometry, Volume
from labelcritic_gui.core.tour import find_tour
from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.services.slices import IMAGE_STEPS, load_case_volume, load_image, volume_arrays
from tests.making import CENTRES, RADII, STRUCTURES, Dataset, ball, trunk

CASE = CaseId("case_1")


class StopAt:
    """Cancels at the n-th question."""

    def __init__(self, number: int) -> None:
        self.left = number

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_that_image_and_masks_are_those_of_the_files(dataset: Dataset) -> None:
    opened = dataset.open()
    told: list[tuple[int, int, str]] = []
    try:
        found = load_case_volume(opened, CASE, cancel=NeverCancel(), progress=lambda *at: told.append(at))
    finally:
        opened.close()
    assert found.volume.voxels.dtype == np.int16
    np.testing.assert_array_equal(found.volume.voxels, trunk(0).voxels)
    assert set(found.masks) == {CandidateId(CASE, s, label_set) for s in STRUCTURES for label_set in ("good", "bad")}
    for structure in STRUCTURES:
        whole = found.masks[CandidateId(CASE, structure, "good")]
        np.testing.assert_array_equal(whole.full(), ball(CENTRES[structure], RADII[structure]))
        assert whole.voxels.nbytes < 8 * whole.count  # a crop, never the whole grid
    assert found.refused == {}
    done = [at[0] for at in told]
    assert done == sorted(done)
    assert told[-1][:2] == (IMAGE_STEPS + 6, IMAGE_STEPS + 6)
    assert {at[2] for at in told} == {"image", "masks"}
    assert len(list(volume_arrays(found))) == 7


def test_that_an_image_at_hand_is_not_read_again(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        first = load_case_volume(opened, CASE, cancel=NeverCancel())
        opened.image_path(CASE).unlink()
        again = load_case_volume(opened, CASE, cancel=NeverCancel(), image=first.volume)
    finally:
        opened.close()
    assert again.volume is first.volume
    assert set(again.masks) == set(first.masks)


def test_that_a_damaged_mask_is_refused_alone_and_a_damaged_image_by_name(dataset: Dataset) -> None:
    opened = dataset.open()
    broken = dataset.root / "labels" / "bad" / CASE / "segmentations" / "liver.nii.gz"
    broken.write_bytes(gzip.compress(b"no mask"))
    try:
        found = load_case_volume(opened, CASE, cancel=NeverCancel())
        assert list(found.refused) == [CandidateId(CASE, "liver", "bad")]
        assert isinstance(found.refused[CandidateId(CASE, "liver", "bad")], UnreadableFileError)
        assert len(found.masks) == 5
        image = opened.image_path(CASE)
        image.write_bytes(image.read_bytes()[:900])
        with pytest.raises(UnreadableFileError, match="ct"):
            load_case_volume(opened, CASE, cancel=NeverCancel())
    finally:
        opened.close()


@pytest.mark.parametrize("after", [0, 1, 3])
def test_that_loading_stops_on_the_way(dataset: Dataset, after: int) -> None:
    opened = dataset.open()
    try:
        with pytest.raises(CancelledError):
            load_case_volume(opened, CASE, cancel=StopAt(after))
    finally:
        opened.close()


def test_that_finer_densities_are_rounded_and_cut_to_16_bits(tmp_path: Path) -> None:
    import nibabel as nib

    values = np.array([-1023.6, 40.4, 40.6, 70000.0, np.nan, -70000.0], np.float32).reshape(1, 2, 3)
    file = tmp_path / "fine.nii.gz"
    nib.save(nib.Nifti1Image(values, np.eye(4)), file)
    found = load_image(file, cancel=NeverCancel())
    assert found.voxels.dtype == np.int16
    assert found.voxels.ravel().tolist() == [-1024, 40, 41, 32767, -1024, -32768]


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, -1, 1), (-1, 1, -1)])
def test_that_a_volume_is_a_view_of_what_was_read_however_it_is_stored(tmp_path: Path, signs: tuple[int, ...]) -> None:
    import nibabel as nib

    stored = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    file = tmp_path / "ct.nii.gz"
    nib.save(nib.Nifti1Image(stored, np.diag([0.8 * signs[0], 0.9 * signs[1], 2.5 * signs[2], 1])), file)
    found = load_image(file, cancel=NeverCancel())
    assert isinstance(found, Volume)
    np.testing.assert_array_equal(found.voxels, stored[:: signs[0], :: signs[1], :: signs[2]])
    assert found.voxels.base is not None
    assert min(abs(s) for s in found.voxels.strides) == abs(found.voxels.strides[0]) == 2
    np.testing.assert_allclose(
        found.geometry.affine, Geometry(stored.shape, nifti.load_ct(file).geometry.affine).affine
    )


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ts_example_ct/example_ct.nii.gz", "dcmqi_ct3", "elastix_lung/3DCT_lung.mha"])
def test_that_real_images_of_three_formats_are_what_the_whole_reading_gives(shared_data: Path, name: str) -> None:
    told: list[int] = []
    found = load_image(shared_data / name, cancel=NeverCancel(), progress=lambda done, total, what: told.append(done))
    whole = volumes.load_ct(shared_data / name)
    np.testing.assert_array_equal(found.voxels, np.clip(np.rint(whole.voxels), -32768, 32767))
    np.testing.assert_allclose(found.geometry.affine, whole.geometry.affine)
    assert told[-1] == max(told) > 0
    with pytest.raises(CancelledError):
        load_image(shared_data / name, cancel=StopAt(0))


@pytest.mark.shared
def test_that_the_tour_of_real_labels_misses_nothing(shared_data: Path) -> None:
    folder = shared_data / "ts_example_ct"
    volume = load_image(folder / "example_ct.nii.gz", cancel=NeverCancel())
    labels = ("full_v1_hires_2022-09-15.nii.gz", "full_v2_fast_forcesplit_2024-03-14.nii.gz")
    for value in (5, 6, 7):  # liver, stomach, pancreas of one class map; whatever the other makes of them
        first, second = (volumes.load_masks_on(folder / "labels" / n, [(value,)], volume.geometry)[0] for n in labels)
        found = find_tour(first, second, volume)
        seen = np.zeros(volume.geometry.shape, np.uint8)
        for stop in found.stops:
            seen[stop.mask.box] += stop.mask.voxels
        np.testing.assert_array_equal(seen, first.full() ^ second.full())
