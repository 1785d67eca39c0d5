"""The one door: content decides, pairs are read, refusals name what was found."""

import gzip
import shutil

import numpy as np
import pytest

from labelcritic_gui.core.errors import GeometryMismatchError, UnreadableFileError
from labelcritic_gui.formats import nifti, volumes

nib = pytest.importorskip("nibabel")


@pytest.fixture
def array():
    return np.random.default_rng(3).integers(0, 4, (6, 7, 8)).astype(np.int16)


@pytest.mark.parametrize("kind", ["Nifti1Pair", "Nifti2Pair"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("named", ["hdr", "img"])
def test_that_a_pair_reads_as_the_single_file(tmp_path, array, kind, packed, named):
    affine = np.diag([-1.0, -1, 2, 1])
    end = ".gz" if packed else ""
    pair = tmp_path / f"a.{named}{end}"
    nib.save(getattr(nib, kind)(array, affine), tmp_path / f"a.img{end}")
    nib.save(nib.Nifti1Image(array, affine), tmp_path / "b.nii")
    one, two = volumes.load_ct(pair), volumes.load_ct(tmp_path / "b.nii")
    assert volumes.format_of(pair) == "nifti"
    assert np.array_equal(one.voxels, two.voxels)
    assert np.array_equal(one.geometry.affine, two.geometry.affine)
    assert volumes.count_values(pair) == volumes.count_values(tmp_path / "b.nii")
    assert volumes.is_single_nifti(tmp_path / "b.nii")
    assert not volumes.is_single_nifti(pair)
    assert volumes.file_sha256(tmp_path / f"a.hdr{end}") == volumes.file_sha256(tmp_path / f"a.img{end}")


def test_that_half_a_pair_is_refused_naming_the_other_half(tmp_path, array):
    nib.save(nib.Nifti1Pair(array, np.eye(4)), tmp_path / "a.img")
    shutil.copy(tmp_path / "a.hdr", tmp_path / "head.hdr")
    shutil.copy(tmp_path / "a.img", tmp_path / "data.img")
    with pytest.raises(UnreadableFileError, match=r"separate \.img file \(head\.img\)"):
        volumes.load_ct(tmp_path / "head.hdr")
    with pytest.raises(UnreadableFileError, match=r"no header data\.hdr beside it"):
        volumes.load_ct(tmp_path / "data.img")


def test_that_analyze_is_refused_by_name(tmp_path, array):
    nib.save(nib.AnalyzeImage(array, np.eye(4)), tmp_path / "a.img")
    for name in ("a.img", "a.hdr"):
        with pytest.raises(UnreadableFileError, match=r"Analyze 7\.5"):
            volumes.load_ct(tmp_path / name)


def test_that_a_truncated_half_of_a_pair_is_refused(tmp_path, array):
    nib.save(nib.Nifti1Pair(array, np.eye(4)), tmp_path / "a.img")
    (tmp_path / "a.img").write_bytes((tmp_path / "a.img").read_bytes()[:-1])
    with pytest.raises(UnreadableFileError, match="truncated"):
        volumes.read_geometry(tmp_path / "a.hdr")


@pytest.mark.parametrize(
    ("dtype", "match"), [(np.complex64, "complex"), ("rgb", "RGB colours"), ("rgba", "RGBA colours")]
)
def test_that_colours_and_complex_numbers_are_refused_by_name(tmp_path, dtype, match):
    names = {"rgb": "RGB", "rgba": "RGBA"}
    fields = np.dtype([(c, "u1") for c in names[dtype]]) if isinstance(dtype, str) else np.dtype(dtype)
    nib.save(nib.Nifti1Image(np.zeros((3, 3, 3, 2), fields), np.eye(4)), tmp_path / "a.nii.gz")
    with pytest.raises(UnreadableFileError, match=match):
        volumes.load_ct(tmp_path / "a.nii.gz")


def test_that_one_volume_of_several_is_never_picked_silently(tmp_path, array):
    for shape, fine in (((6, 7, 8, 1), True), ((6, 7, 8, 1, 1), True), ((6, 7, 4, 2), False), ((6, 7, 4, 1, 2), False)):
        nib.save(nib.Nifti1Image(array.reshape(shape), np.eye(4)), tmp_path / "a.nii")
        if fine:
            assert np.array_equal(volumes.load_ct(tmp_path / "a.nii").voxels, array)
        else:
            with pytest.raises(UnreadableFileError, match=f"{len(shape)} dimensions"):
                volumes.load_ct(tmp_path / "a.nii")


def test_that_negative_label_values_are_refused_and_huge_ones_read(tmp_path):
    array = np.zeros((4, 4, 4), np.int64)
    array[0, 0, 0], array[1, 1, 1] = 2**40, 7
    nib.save(nib.Nifti1Image(array, np.eye(4), dtype="int64"), tmp_path / "a.nii.gz")
    assert volumes.count_values(tmp_path / "a.nii.gz") == {0: 62, 7: 1, 2**40: 1}
    assert volumes.load_mask(tmp_path / "a.nii.gz", values=(2**40,)).origin == (0, 0, 0)
    array[2, 2, 2] = -3
    nib.save(nib.Nifti1Image(array, np.eye(4), dtype="int64"), tmp_path / "b.nii.gz")
    with pytest.raises(UnreadableFileError, match="negative values -3"):
        volumes.count_values(tmp_path / "b.nii.gz")


def test_that_infinite_and_missing_voxels_of_a_ct_become_numbers(tmp_path):
    array = np.array([np.nan, np.inf, -np.inf, 0.5, 2e9, -1000, 3, 4], np.float64).reshape(2, 2, 2)
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    found = volumes.load_ct(tmp_path / "a.nii").voxels.ravel()
    assert found.tolist() == [-1024, 32767, -32768, 0.5, 2e9, -1000, 3, 4]


TABLE = (
    b'<?xml version="1.0" encoding="UTF-8"?> <CaretExtension><VolumeInformation Index="0"><LabelTable>\n'
    b'<Label Key="0" Red="0" Green="0" Blue="0" Alpha="0"><![CDATA[background]]></Label>\n'
    b'<Label Key="1" Red="0.0" Green="1.0" Blue="0.0" Alpha="1"><![CDATA[spleen]]></Label>\n'
    b'<Label Key="12" Red="0.0" Green="1.0" Blue="0.0" Alpha="1">left kidney</Label></LabelTable>'
)


@pytest.mark.parametrize("end", ["nii", "nii.gz"])
def test_that_names_in_a_header_extension_are_read(tmp_path, array, end):
    image = nib.Nifti1Image(array, np.eye(4))
    nib.save(image, tmp_path / f"plain.{end}")
    image.header.extensions.append(nib.nifti1.Nifti1Extension(0, TABLE))
    nib.save(image, tmp_path / f"a.{end}")
    assert volumes.label_names(tmp_path / f"a.{end}") == {1: "spleen", 12: "left kidney"}
    assert volumes.label_names(tmp_path / f"plain.{end}") == {}
    assert np.array_equal(volumes.load_ct(tmp_path / f"a.{end}").voxels, array)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"hello, world\n" * 99, "is not a NIfTI file, nor NRRD, MetaImage or DICOM"),
        (gzip.compress(b"hello" * 999, mtime=0), "is not a NIfTI file"),
        (b"NRRD0009\ntype: short\n\n", "unknown version of NRRD"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 400, "DICOM|damaged|modality"),
    ],
    ids=["empty", "text", "packed text", "old nrrd", "damaged dicom"],
)
def test_that_what_is_no_volume_is_refused_in_one_sentence(tmp_path, content, match):
    path = tmp_path / "x"
    path.write_bytes(content)
    for read in (volumes.read_geometry, volumes.load_ct, volumes.count_values, volumes.label_names):
        with pytest.raises(UnreadableFileError, match=match) as caught:
            read(path)
        assert str(path) in caught.value.message
    for missing in (tmp_path / "none", tmp_path / "none#1.2.3"):
        with pytest.raises(UnreadableFileError, match="does not exist"):
            volumes.format_of(missing)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnreadableFileError, match="holds no DICOM files"):
        volumes.format_of(tmp_path / "folder")


def test_that_a_label_on_another_grid_is_refused_naming_both(tmp_path, array):
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    nib.save(nib.Nifti1Image(array, np.diag([1.0, 1, 3, 1])), tmp_path / "b.nii")
    grid = volumes.read_geometry(tmp_path / "a.nii")
    for call in (volumes.fit_on, lambda path, image: volumes.load_masks_on(path, [None], image)):
        with pytest.raises(GeometryMismatchError, match=r"1 x 1 x 3 mm.*1 x 1 x 1 mm"):
            call(tmp_path / "b.nii", grid)


def test_that_what_was_written_is_read_alike_by_three_readers(tmp_path, array):
    import SimpleITK as sitk

    affine = np.array([[-0.7, 0.1, 0, 5], [0.1, 0.7, 0, -3], [0, 0, 2.5, 9], [0, 0, 0, 1]])
    nib.save(nib.Nifti1Image(array, affine), tmp_path / "ct.nii.gz")
    mask = nifti.load_mask(tmp_path / "ct.nii.gz", values=(2,))
    nifti.write_mask(tmp_path / "m.nii.gz", mask, like=tmp_path / "ct.nii.gz")
    theirs = nib.load(tmp_path / "m.nii.gz")
    assert np.array_equal(np.asanyarray(theirs.dataobj), array == 2)
    assert np.allclose(theirs.affine, affine, atol=1e-5)
    image = sitk.ReadImage(str(tmp_path / "m.nii.gz"))
    assert np.array_equal(sitk.GetArrayFromImage(image).T, array == 2)
    sitk.WriteImage(image, str(tmp_path / "m.nrrd"), useCompression=True)
    for name in ("m.nii.gz", "m.nrrd"):
        mine = volumes.load_masks_on(tmp_path / name, [None], mask.geometry)[0]
        assert np.array_equal(mine.full(), mask.full())
        assert np.allclose(mine.geometry.affine, mask.geometry.affine, atol=1e-4)
