"""NRRD and MetaImage: as SimpleITK reads them, and nothing but a refusal for what must not be opened."""

import gzip
import random
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UnreadableFileError, UserError
from labelcritic_gui.formats import nifti, volumes
from tests.formats.test_nifti import CODES, affine_of

sitk = pytest.importorskip("SimpleITK")

TYPES = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
ENDINGS = ["nrrd", "nhdr", "mha", "mhd"]


def image_of(array, affine=None):
    """A SimpleITK image of an array [i, j, k] placed by a RAS+ affine."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    affine = np.diag([0.5, 0.75, 2.0, 1.0]) if affine is None else affine
    lps = np.diag([-1.0, -1, 1, 1]) @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


@pytest.fixture
def array():
    return np.random.default_rng(4).integers(0, 4, (9, 10, 11)).astype(np.int16)


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(TYPES),
    codes=st.sampled_from(CODES),
    ending=st.sampled_from(ENDINGS),
    packed=st.booleans(),
    seed=st.integers(0, 99),
)
def test_that_every_type_and_orientation_reads_as_the_same_nifti_reads(
    tmp_path_factory, dtype, codes, ending, packed, seed
):
    folder = tmp_path_factory.mktemp("v")
    array = np.random.default_rng(seed).integers(0, 100, (3, 4, 5)).astype(dtype)
    image = image_of(array, affine_of(codes))
    sitk.WriteImage(image, str(folder / f"a.{ending}"), useCompression=packed)
    sitk.WriteImage(image, str(folder / "a.nii"))
    found, expected = volumes.load_ct(folder / f"a.{ending}"), nifti.load_ct(folder / "a.nii")
    assert np.array_equal(found.voxels, expected.voxels)
    assert found.voxels.dtype == np.int16
    assert np.allclose(found.geometry.affine, expected.geometry.affine, atol=1e-4)
    assert found.geometry.shape == volumes.read_geometry(folder / f"a.{ending}").shape
    assert volumes.count_values(folder / f"a.{ending}") == nifti.count_values(folder / "a.nii")


@pytest.mark.parametrize("ending", ENDINGS)
def test_that_masks_of_a_label_map_are_those_of_the_nifti(tmp_path, array, ending):
    for name in (f"a.{ending}", "a.nii.gz"):
        sitk.WriteImage(image_of(array), str(tmp_path / name), useCompression=True)
    assert volumes.format_of(tmp_path / f"a.{ending}") == ("nrrd" if ending.startswith("n") else "metaimage")
    grid = volumes.read_geometry(tmp_path / "a.nii.gz")
    wanted = [(1,), (2, 3), None, (9,)]
    found = volumes.load_masks_on(tmp_path / f"a.{ending}", wanted, grid)
    for one, other in zip(found, nifti.load_masks(tmp_path / "a.nii.gz", wanted), strict=True):
        assert np.array_equal(one.voxels, other.voxels)
        assert one.origin == other.origin
    assert volumes.fit_on(tmp_path / f"a.{ending}", grid).value == "same"


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_that_a_name_is_no_reason(tmp_path, array, ending):
    sitk.WriteImage(image_of(array), str(tmp_path / f"a.{ending}"))
    (tmp_path / f"a.{ending}").rename(tmp_path / "b.nii")
    assert volumes.load_ct(tmp_path / "b.nii").voxels.shape == (9, 10, 11)


def test_that_a_trailing_dimension_of_one_is_dropped_and_another_refused(tmp_path, array):
    one, two = image_of(array), image_of(array + 1)
    sitk.WriteImage(sitk.JoinSeries([one]), str(tmp_path / "a.mha"))
    sitk.WriteImage(sitk.JoinSeries([one]), str(tmp_path / "a.nrrd"))
    sitk.WriteImage(one, str(tmp_path / "a.nii"))
    for name in ("a.mha", "a.nrrd"):
        assert np.array_equal(volumes.load_ct(tmp_path / name).voxels, volumes.load_ct(tmp_path / "a.nii").voxels)
    sitk.WriteImage(sitk.JoinSeries([one, two]), str(tmp_path / "b.mha"))
    with pytest.raises(UnreadableFileError, match=r"no single volume: it has 4 dimensions \(9x10x11x2\)"):
        volumes.read_geometry(tmp_path / "b.mha")


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_that_colours_are_refused_by_name(tmp_path, ending):
    colours = sitk.GetImageFromArray(np.zeros((4, 5, 6, 3), dtype=np.uint8), isVector=True)
    sitk.WriteImage(colours, str(tmp_path / f"c.{ending}"))
    with pytest.raises(UnreadableFileError, match=r"colours|numbers per voxel"):
        volumes.load_ct(tmp_path / f"c.{ending}")


def test_that_voxels_that_are_no_number_are_air_in_a_ct_and_refused_in_a_label(tmp_path):
    array = np.full((4, 4, 4), 40.0, dtype=np.float32)
    array[0, 0, 0] = np.nan
    for name in ("n.mha", "n.nrrd", "n.nii.gz"):
        sitk.WriteImage(image_of(array), str(tmp_path / name))
        volume = volumes.load_ct(tmp_path / name)
        assert volume.voxels.dtype == np.int16
        assert sorted(np.unique(volume.voxels)) == [-1024, 40]
        for read in (volumes.load_mask, volumes.count_values):
            with pytest.raises(UnreadableFileError, match="no whole number"):
                read(tmp_path / name)


def test_that_segment_names_of_a_slicer_file_are_read(tmp_path, array):
    image = image_of(array.astype(np.uint8))
    for number, name in enumerate(("liver", "left kidney")):
        image.SetMetaData(f"Segment{number}_Name", name)
        image.SetMetaData(f"Segment{number}_LabelValue", str(number + 2))
        image.SetMetaData(f"Segment{number}_Layer", "0")
    sitk.WriteImage(image, str(tmp_path / "a.seg.nrrd"))
    assert volumes.label_names(tmp_path / "a.seg.nrrd") == {2: "liver", 3: "left kidney"}


MHD = "ObjectType = Image\nNDims = 3\nBinaryData = True\nDimSize = 2 2 2\nElementType = MET_UCHAR\nElementDataFile"
NHDR = "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 2 2 2\nencoding: raw\n"


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../secret.raw", "sub/secret.raw", "C:\\secret.raw", "..\\secret.raw", "http://x/y.raw", "LIST",
     "slice%03d.raw 1 2 1", ".", "..", "link.raw"],
)  # fmt: skip
def test_that_a_header_cannot_reach_outside_its_folder(tmp_path, monkeypatch, name):
    inner = tmp_path / "inner"
    (inner / "sub").mkdir(parents=True)
    for secret in (tmp_path / "secret.raw", inner / "sub" / "secret.raw"):
        secret.write_bytes(b"\1" * 8)
    (inner / "link.raw").symlink_to(tmp_path / "secret.raw")
    (inner / "a.mhd").write_text(f"{MHD} = {name}\n")
    (inner / "b.nhdr").write_text(f"{NHDR}data file: {name}\n")
    monkeypatch.setattr("labelcritic_gui.formats.itk._reader", lambda *_: pytest.fail("the library was asked"))
    for file in ("a.mhd", "b.nhdr"):
        with pytest.raises(UnreadableFileError, match=r"outside its own folder|several data files"):
            volumes.load_ct(inner / file)


@pytest.mark.parametrize(
    "trick",
    ["Comment = ElementDataFile = a.raw\nElementDataFile = /x/y", "ElementDataFile: /x/y\nElementDataFile = a.raw",
     "elementdatafile = a.raw\nElementDataFile = /x/y", "ElementDataFile = ../y\nElementDataFile = a.raw"],
)  # fmt: skip
def test_that_a_second_data_file_cannot_be_smuggled_in(tmp_path, monkeypatch, trick):
    (tmp_path / "a.raw").write_bytes(b"\1" * 8)
    (tmp_path / "a.mhd").write_text(MHD.replace("ElementDataFile", trick) + "\n")
    real = volumes.itk._reader

    def asked(path, kind):
        reader = real(path, kind)
        assert reader is None, "the library was asked"

    monkeypatch.setattr("labelcritic_gui.formats.itk._reader", asked)
    with pytest.raises(UnreadableFileError):
        volumes.load_ct(tmp_path / "a.mhd")


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr"])
def test_that_a_header_without_its_data_is_refused(tmp_path, name):
    sitk.WriteImage(image_of(np.ones((3, 3, 3), np.uint8)), str(tmp_path / name))
    (data,) = [p for p in tmp_path.iterdir() if p.name != name]
    before = volumes.file_sha256(tmp_path / name)
    data.write_bytes(bytes(27))
    assert volumes.file_sha256(tmp_path / name) != before
    data.unlink()
    with pytest.raises(UnreadableFileError, match="not beside it"):
        volumes.load_ct(tmp_path / name)


@pytest.mark.parametrize("size", ["0 2 2", "-1 2 2", "2 2", "30000 30000 30000", "99999 2 2", "2 2 2 2", "a b c"])
@pytest.mark.parametrize("packed", [False, True])
def test_that_absurd_sizes_are_refused_before_memory_is_asked_for(tmp_path, size, packed):
    data = zlib.compress(bytes(8)) if packed else bytes(8)
    mha = MHD.replace("2 2 2", size) + " = LOCAL\n"
    if packed:
        mha = mha.replace("BinaryData", f"CompressedData = True\nCompressedDataSize = {len(data)}\nBinaryData")
    nrrd = NHDR.replace("2 2 2", size).replace("raw", "gzip" if packed else "raw") + "\n"
    (tmp_path / "a.mha").write_bytes(mha.encode() + data)
    (tmp_path / "a.nrrd").write_bytes(nrrd.encode() + (gzip.compress(bytes(8)) if packed else data))
    for name in ("a.mha", "a.nrrd"):
        tracemalloc.start()
        for read in (volumes.read_geometry, volumes.load_ct, volumes.count_values):
            with pytest.raises(UnreadableFileError, match=r"damaged header|no single volume"):
                read(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 5e6
        tracemalloc.stop()


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
@pytest.mark.parametrize("packed", [False, True])
def test_that_a_file_cut_off_at_any_tenth_is_refused(tmp_path, array, ending, packed):
    path = tmp_path / f"a.{ending}"
    sitk.WriteImage(image_of(array), str(path), useCompression=packed)
    whole = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        for read in (volumes.load_ct, volumes.load_mask, volumes.count_values):
            with pytest.raises(UnreadableFileError):
                read(path)


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
@pytest.mark.parametrize("packed", [False, True])
def test_that_flipped_header_bytes_never_crash(tmp_path, array, ending, packed):
    path = tmp_path / f"a.{ending}"
    sitk.WriteImage(image_of(array), str(path), useCompression=packed)
    whole = path.read_bytes()
    length = whole.index(b"LOCAL") + 6 if ending == "mha" else whole.index(b"\n\n") + 2
    rng = random.Random(7)
    messages = []
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(rng.choice((1, 1, 2, 4))):
            raw[rng.randrange(length)] = rng.choice((0, 32, 48, 57, 255, rng.randrange(256)))
        path.write_bytes(raw)
        try:
            volumes.load_ct(path)
            volumes.count_values(path)
        except UserError as problem:
            messages.append(problem.message)
    assert len(messages) > 30
    assert all(str(path) in message and "\n" not in message for message in messages)


@pytest.mark.parametrize("said", ["", "CompressedDataSize = 9\n", "CompressedDataSize = 99999\n", "Compressed = 3\n"])
def test_that_a_metaimage_whose_compressed_size_is_wrong_is_not_filled_with_anything(tmp_path, array, said):
    sitk.WriteImage(image_of(array), str(tmp_path / "a.mha"), useCompression=True)
    head, mark, tail = (tmp_path / "a.mha").read_bytes().partition(b"CompressedDataSize = ")
    (tmp_path / "a.mha").write_bytes(head + said.encode() + tail[tail.index(b"\n") + 1 :])
    assert mark
    with pytest.raises(UnreadableFileError, match="its compressed data should be"):
        volumes.load_ct(tmp_path / "a.mha")


@pytest.mark.parametrize("ending", ["nrrd", "mha"])
def test_that_a_header_that_promises_less_than_there_is_is_refused(tmp_path, array, ending):
    sitk.WriteImage(image_of(array), str(tmp_path / f"a.{ending}"), useCompression=True)
    whole = (tmp_path / f"a.{ending}").read_bytes()
    (tmp_path / f"a.{ending}").write_bytes(whole.replace(b" 9 10 11\n", b" 9 10 10\n"))
    with pytest.raises(UnreadableFileError, match="more voxels than it promises"):
        volumes.load_ct(tmp_path / f"a.{ending}")
