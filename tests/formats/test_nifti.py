"""Reading and writing NIfTI, with nibabel as the reference."""

from itertools import permutations, product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.errors import GeometryMismatchError, StorageError, UnreadableFileError
from labelcritic_gui.core.geometry import Mask, Volume, axis_codes, content_hash
from labelcritic_gui.formats import nifti
from labelcritic_gui.formats.nifti_header import placement, quaternion, rotation

nib = pytest.importorskip("nibabel")

CODES = ["".join(c) for axes in permutations(("LR", "PA", "IS")) for c in product(*axes)]
DTYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def affine_of(codes: str, spacing=(0.7, 0.8, 2.5)) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = 0
    for stored, letter in enumerate(codes):
        world = next(i for i, pair in enumerate(("LR", "PA", "IS")) if letter in pair)
        affine[world, stored] = spacing[stored] * (1 if letter in "RAS" else -1)
    affine[:3, 3] = (-20.5, 13.25, 100.125)
    return affine


def save(path: Path, array: np.ndarray, affine: np.ndarray, *, two=False, order="<") -> Path:
    kind, header_kind = (nib.Nifti2Image, nib.Nifti2Header) if two else (nib.Nifti1Image, nib.Nifti1Header)
    header = header_kind(endianness=order)
    header.set_data_dtype(array.dtype)
    nib.save(kind(array, affine, header=header), path)
    return path


def canonical(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nib.load(path)
    turned = nib.as_closest_canonical(image)
    return np.asanyarray(turned.dataobj), turned.affine


@settings(max_examples=120, deadline=None)
@given(
    dtype=st.sampled_from(DTYPES),
    codes=st.sampled_from(CODES),
    order=st.sampled_from("<>"),
    two=st.booleans(),
    packed=st.booleans(),
    shape=st.tuples(*[st.integers(1, 5)] * 3),
    trailing=st.booleans(),
    seed=st.integers(0, 99),
)
def test_that_images_of_every_type_order_and_orientation_read_as_nibabel_reads_them(
    dtype, codes, order, two, packed, shape, trailing, seed
):
    low, high = (0, 200) if dtype[0] == "u" else (-100, 100)
    array = np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("a.nii.gz" if packed else "a.nii")
        save(path, array[..., None] if trailing else array, affine_of(codes), two=two, order=order)
        expected, affine = canonical(path)
        volume = nifti.load_ct(path)
        assert volume.voxels.dtype == np.int16
        assert np.array_equal(volume.voxels, expected.reshape(volume.voxels.shape))
        assert np.allclose(volume.geometry.affine, affine, atol=1e-5)
        geometry = nifti.read_geometry(path)
        assert geometry.shape == volume.voxels.shape
        assert np.array_equal(geometry.affine, volume.geometry.affine)
        assert axis_codes(geometry.affine) == "RAS"


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["u1", "i2", "u2", "i4", "f4"]),
    slope=st.sampled_from([1.0, 2.0, -1.0, 0.5, 0.1, 1e-3]),
    inter=st.sampled_from([0.0, -1024.0, 0.25, 40000.0]),
    seed=st.integers(0, 99),
)
def test_that_slope_and_intercept_are_applied_and_whole_results_stay_int16(dtype, slope, inter, seed):
    array = np.random.default_rng(seed).integers(0, 100, (3, 4, 5)).astype(dtype)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.nii"
        nib.save(nib.Nifti1Image(array, np.eye(4)), path)
        raw = bytearray(path.read_bytes())
        raw[112:120] = np.array([slope, inter], "<f4").tobytes()
        path.write_bytes(raw)
        expected, _ = canonical(path)
        assert np.allclose(expected, array * np.float32(slope) + np.float32(inter), rtol=1e-5)
        voxels = nifti.load_ct(path).voxels
        assert np.allclose(voxels, expected, rtol=1e-5, atol=1e-4)
        exact = array.astype(np.float64) * float(np.float32(slope)) + inter
        fits = np.array_equal(exact, np.rint(exact)) and np.abs(exact).max() < 32768
        assert voxels.dtype == (np.int16 if fits else np.float32)


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf])
def test_that_a_slope_without_meaning_leaves_values_as_stored(tmp_path, slope):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[112:120] = np.array([slope, 7], "<f4").tobytes()
    (tmp_path / "a.nii").write_bytes(raw)
    assert np.array_equal(nifti.load_ct(tmp_path / "a.nii").voxels, array)


def test_that_an_int16_image_is_a_view_of_what_was_read(tmp_path):
    save(tmp_path / "a.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    voxels = nifti.load_ct(tmp_path / "a.nii.gz").voxels
    assert voxels.strides == (-2, -8, 40)
    assert voxels.base is not None


@settings(max_examples=40, deadline=None)
@given(angles=st.tuples(*[st.floats(-3.1, 3.1)] * 3), flip=st.booleans(), sized=st.tuples(*[st.floats(0.3, 6)] * 3))
def test_that_a_qform_is_read_as_nibabel_reads_it(angles, flip, sized):
    affine = np.eye(4)
    turn = nib.eulerangles.euler2mat(*angles)
    # nibabel takes more rotations for half turns (3.6e-7) than the standard's reference does (1e-7)
    assume(1.0 - sum(q * q for q in quaternion(turn)) > 1e-6)
    affine[:3, :3] = turn * np.array(sized) * ([1, 1, -1] if flip else [1, 1, 1])
    affine[:3, 3] = (5, -6, 7.5)
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.uint8), None)
    image.set_sform(None, 0)
    image.set_qform(affine, 1)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.nii"
        nib.save(image, path)
        with nifti.open_stream(path) as stream:
            assert stream.header.source == "qform"
            assert np.allclose(stream.geometry.affine, nib.load(path).affine, atol=1e-4)
    assert np.allclose(rotation(quaternion(turn)), turn, atol=1e-6)


def test_that_without_codes_the_voxel_sizes_alone_place_the_grid(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.uint8), np.diag([2.0, 3, 4, 1]))
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    nib.save(image, tmp_path / "a.nii")
    with nifti.open_stream(tmp_path / "a.nii") as stream:
        assert stream.header.source == "pixdim"
    assert nifti.read_geometry(tmp_path / "a.nii").spacing == (2, 3, 4)


def test_that_an_affine_in_metres_is_read_in_millimetres(tmp_path):
    image = nib.Nifti1Image(np.zeros((2, 3, 4), np.uint8), np.diag([0.002, 0.003, 0.004, 1]))
    image.header.set_xyzt_units("meter")
    nib.save(image, tmp_path / "a.nii")
    assert np.allclose(nifti.read_geometry(tmp_path / "a.nii").spacing, (2, 3, 4))


@pytest.mark.parametrize("codes", CODES)
def test_that_a_mask_is_the_same_whatever_order_it_is_stored_in(tmp_path, codes):
    full = np.zeros((6, 7, 8), np.uint8)
    full[1:3, 2:6, 4:7] = 1
    full[2, 3, 5] = 0
    stored = nib.Nifti1Image(full, affine_of("RAS", (1, 1, 1)))
    turned = stored.as_reoriented(
        nib.orientations.ornt_transform(nib.orientations.axcodes2ornt("RAS"), nib.orientations.axcodes2ornt(codes))
    )
    nib.save(turned, tmp_path / "m.nii.gz")
    mask = nifti.load_mask(tmp_path / "m.nii.gz")
    assert mask.origin == (1, 2, 4)
    assert np.array_equal(mask.full(), full > 0)
    reference = Mask.from_array(full, nifti.read_geometry(tmp_path / "m.nii.gz"))
    assert content_hash(mask) == content_hash(reference)


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["u1", "i2", "u2", "i4", "f4", "f8", "i8"]),
    codes=st.sampled_from(CODES),
    values=st.lists(st.integers(0, 300), min_size=1, max_size=6, unique=True),
    seed=st.integers(0, 999),
)
def test_that_a_label_map_gives_each_value_its_mask_in_one_pass(dtype, codes, values, seed):
    rng = np.random.default_rng(seed)
    top = 200 if dtype == "u1" else 300
    array = np.where(rng.random((5, 6, 7)) < 0.5, 0, rng.integers(0, top, (5, 6, 7))).astype(dtype)
    array[0, 0, 0] = values[0] % top
    with TemporaryDirectory() as folder:
        path = Path(folder) / "l.nii.gz"
        save(path, array, affine_of(codes))
        expected, _ = canonical(path)
        masks = nifti.load_label_map(path, values)
        assert list(masks) == values
        for value, mask in masks.items():
            assert np.array_equal(mask.full(), expected == value)
        together = nifti.load_mask(path, values=tuple(values))
        assert np.array_equal(together.full(), np.isin(expected, values))
        assert np.array_equal(nifti.load_mask(path).full(), expected != 0)
        several = nifti.load_masks(path, [None, tuple(values), (values[0],), (values[0],)])
        wanted = [expected != 0, np.isin(expected, values), expected == values[0], expected == values[0]]
        assert all(np.array_equal(mask.full(), full) for mask, full in zip(several, wanted, strict=True))
        kinds, counts = np.unique(array, return_counts=True)
        assert nifti.count_values(path) == {int(v): int(n) for v, n in zip(kinds, counts, strict=True)}


def test_that_large_and_absent_label_values_are_handled(tmp_path):
    array = np.zeros((4, 4, 4), np.int32)
    array[1, 2, 3], array[2, 2, 2] = 1_000_000, 7
    save(tmp_path / "l.nii.gz", array, np.eye(4))
    masks = nifti.load_label_map(tmp_path / "l.nii.gz", [1_000_000, 7, 9])
    assert [mask.count for mask in masks.values()] == [1, 1, 0]
    assert masks[9].is_empty
    assert masks[9].geometry.shape == (4, 4, 4)


def test_that_a_mask_stored_by_a_scale_still_has_whole_values(tmp_path):
    save(tmp_path / "m.nii", np.array([[[0, 255]]], np.uint8), np.eye(4))
    raw = bytearray((tmp_path / "m.nii").read_bytes())
    raw[112:120] = np.array([1 / 255, 0], "<f4").tobytes()
    (tmp_path / "m.nii").write_bytes(raw)
    assert nifti.count_values(tmp_path / "m.nii") == {0: 1, 1: 1}


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf])
def test_that_a_label_with_a_broken_value_is_refused_by_that_value(tmp_path, value):
    array = np.zeros((3, 3, 3), np.float32)
    array[1, 1, 1] = value
    save(tmp_path / "l.nii.gz", array, np.eye(4))
    for read in (nifti.load_mask, nifti.count_values, lambda p: nifti.load_label_map(p, [1, 2])):
        with pytest.raises(UnreadableFileError, match=f"{value:g}"):
            read(tmp_path / "l.nii.gz")


def test_that_negative_label_values_are_named(tmp_path):
    save(tmp_path / "l.nii.gz", np.array([[[-3, 0, 1]]], np.int16), np.eye(4))
    with pytest.raises(UnreadableFileError, match="negative values -3"):
        nifti.count_values(tmp_path / "l.nii.gz")


def a_mask(geometry) -> Mask:
    full = np.zeros(geometry.shape, bool)
    full[1:3, 0:2, 2:4] = True
    full[1, 1, 2] = False
    return Mask.from_array(full, geometry)


@pytest.mark.parametrize("codes", CODES)
def test_that_a_mask_written_like_the_ct_lies_on_its_stored_grid(tmp_path, codes):
    image = nib.Nifti1Image(np.zeros((4, 5, 6), np.int16), affine_of(codes))
    image.set_sform(affine_of(codes), 2)
    image.set_qform(affine_of(codes), 3)
    image.header.set_xyzt_units("mm", "sec")
    nib.save(image, tmp_path / "ct.nii.gz")
    mask = a_mask(nifti.read_geometry(tmp_path / "ct.nii.gz"))
    nifti.write_mask(tmp_path / "m.nii.gz", mask, like=tmp_path / "ct.nii.gz")
    written = nib.load(tmp_path / "m.nii.gz")
    assert written.shape == (4, 5, 6)
    assert written.get_data_dtype() == np.uint8
    assert np.array_equal(written.affine, nib.load(tmp_path / "ct.nii.gz").affine)
    for field in ("qform_code", "sform_code", "xyzt_units", "pixdim", "quatern_b", "srow_x", "qoffset_y"):
        assert np.array_equal(written.header[field], image.header[field]), field
    back = nifti.load_mask(tmp_path / "m.nii.gz")
    assert content_hash(back) == content_hash(mask)


def test_that_a_mask_alone_is_written_on_its_canonical_grid_with_both_codes(tmp_path):
    save(tmp_path / "ct.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    mask = a_mask(nifti.read_geometry(tmp_path / "ct.nii.gz"))
    nifti.write_mask(tmp_path / "m.nii.gz", mask)
    written = nib.load(tmp_path / "m.nii.gz")
    assert (int(written.header["sform_code"]), int(written.header["qform_code"])) == (1, 1)
    assert np.allclose(written.get_qform(), written.get_sform(), atol=1e-5)
    assert np.array_equal(np.asanyarray(written.dataobj), mask.full())
    assert set(np.unique(written.dataobj)) == {0, 1}


def test_that_a_sheared_grid_is_written_without_a_false_qform():
    affine = affine_of("RAS")
    affine[0, 1] = 0.4
    assert placement(affine)["qform_code"] == 0
    assert placement(affine_of("LPI"))["qform_code"] == 1


def test_that_writing_twice_gives_the_same_bytes_and_leaves_nothing_beside(tmp_path):
    save(tmp_path / "ct.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    mask = a_mask(nifti.read_geometry(tmp_path / "ct.nii.gz"))
    hashes = set()
    for name in ("one.nii.gz", "two.nii.gz", "one.nii.gz"):
        nifti.write_mask(tmp_path / name, mask)
        hashes.add(nifti.file_sha256(tmp_path / name))
    assert len(hashes) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ct.nii.gz", "one.nii.gz", "two.nii.gz"]
    assert (tmp_path / "one.nii.gz").read_bytes()[3:8] == b"\0\0\0\0\0"  # no name, no time


def test_that_an_empty_mask_is_written_as_zeros(tmp_path):
    save(tmp_path / "ct.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    empty = Mask(np.zeros((0, 0, 0), bool), (0, 0, 0), nifti.read_geometry(tmp_path / "ct.nii.gz"))
    nifti.write_mask(tmp_path / "m.nii.gz", empty, like=tmp_path / "ct.nii.gz")
    assert nifti.count_values(tmp_path / "m.nii.gz") == {0: 120}
    assert nifti.load_mask(tmp_path / "m.nii.gz").is_empty


def test_that_a_mask_of_another_grid_is_not_written_like_the_ct(tmp_path):
    save(tmp_path / "ct.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    save(tmp_path / "other.nii.gz", np.zeros((4, 5, 9), np.int16), affine_of("LPS"))
    mask = a_mask(nifti.read_geometry(tmp_path / "other.nii.gz"))
    with pytest.raises(GeometryMismatchError):
        nifti.write_mask(tmp_path / "m.nii.gz", mask, like=tmp_path / "ct.nii.gz")
    assert not (tmp_path / "m.nii.gz").exists()


def test_that_an_image_comes_back_as_it_was_written(tmp_path):
    save(tmp_path / "grid.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    geometry = nifti.read_geometry(tmp_path / "grid.nii.gz")
    voxels = np.random.default_rng(1).integers(-1024, 3000, (4, 5, 6)).astype(np.int16)
    nifti.write_ct(tmp_path / "ct.nii.gz", Volume(voxels[::-1], geometry))
    back = nifti.load_ct(tmp_path / "ct.nii.gz")
    assert np.array_equal(back.voxels, voxels[::-1])
    assert np.allclose(back.geometry.affine, geometry.affine, atol=1e-5)
    assert np.array_equal(nib.load(tmp_path / "ct.nii.gz").dataobj, voxels[::-1])


def test_that_an_image_is_not_rounded_silently_and_a_failed_write_keeps_the_old_file(tmp_path):
    save(tmp_path / "ct.nii.gz", np.zeros((4, 5, 6), np.int16), affine_of("LPS"))
    before = nifti.file_sha256(tmp_path / "ct.nii.gz")
    geometry = nifti.read_geometry(tmp_path / "ct.nii.gz")
    with pytest.raises(StorageError, match="whole numbers"):
        nifti.write_ct(tmp_path / "ct.nii.gz", Volume(np.full((4, 5, 6), 0.5, np.float32), geometry))
    assert nifti.file_sha256(tmp_path / "ct.nii.gz") == before
    assert [p.name for p in tmp_path.iterdir()] == ["ct.nii.gz"]
    with pytest.raises(StorageError, match="could not be written"):
        nifti.write_ct(tmp_path / "absent" / "ct.nii.gz", Volume(np.zeros((4, 5, 6), np.int16), geometry))


@pytest.mark.shared
def test_that_real_and_odd_files_read_as_nibabel_reads_them_or_are_refused_in_one_sentence(shared_data):
    read, refused = 0, []
    for path in sorted(shared_data.rglob("*.nii*")):
        if "per_organ_fast" in path.parts:
            continue
        try:
            volume = nifti.load_ct(path)
        except UnreadableFileError as problem:
            refused.append((path, problem))
            continue
        image = nib.load(path)
        if image.header["sform_code"] > 0 or image.header["qform_code"] > 0:
            expected, affine = canonical(path)
            expected = np.nan_to_num(expected.reshape(volume.voxels.shape), nan=-1024.0)
            assert np.allclose(volume.voxels, expected, rtol=1e-5), path
            assert np.allclose(volume.geometry.affine, affine, atol=1e-4), path
            read += 1
    assert read > 100
    assert len(refused) > 15
    assert all(str(path) in problem.message and problem.hint for path, problem in refused)
