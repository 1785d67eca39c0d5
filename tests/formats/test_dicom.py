"""DICOM CT series and SEG: written here by pydicom and highdicom, and a real one."""

import numpy as np
import pytest

from labelcritic_gui.core.errors import GeometryMismatchError, UnreadableFileError
from labelcritic_gui.core.geometry import Geometry, axis_codes, content_hash
from labelcritic_gui.formats import nifti, volumes

pydicom = pytest.importorskip("pydicom")

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
SHAPE = (10, 12, 6)
"""Columns, rows, slices."""


def slice_of(pixels, position, *, uid="1.2.3.1", turn=(1, 0, 0, 0, 1, 0), modality="CT", slope=1, inter=-1024):
    """A slice of stored int16 pixels (rows, columns), 0.8 mm between rows and 0.5 mm between columns."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CT if modality == "CT" else MR
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesDescription = modality, uid, f"series {uid[-1]}"
    dataset.StudyInstanceUID, dataset.FrameOfReferenceUID, dataset.PatientID = "1.2.3", "1.2.4", "nobody"
    dataset.PatientName = dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyDate = dataset.StudyTime = ""
    dataset.AccessionNumber = dataset.StudyID = dataset.ReferringPhysicianName = ""
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.PixelSpacing, dataset.SliceThickness = [0.8, 0.5], 2.0
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [float(x) for x in position], list(turn)
    dataset.RescaleSlope, dataset.RescaleIntercept = slope, inter
    dataset.PixelData = pixels.astype("<i2").tobytes()
    return dataset


def stored(seed=0):
    return np.random.default_rng(seed).integers(0, 2000, (SHAPE[2], SHAPE[1], SHAPE[0])).astype(np.int16)


def series(folder, *, places=range(SHAPE[2]), step=(0, 0, 2.0), origin=(-5.0, -6, 30), seed=0, prefix="s", **changes):
    """Write a series whose slice k lies at origin + places[k] * step; names are in no useful order."""
    folder.mkdir(exist_ok=True)
    pixels = stored(seed)
    datasets = []
    for k, place in enumerate(places):
        position = np.array(origin) + place * np.array(step)
        dataset = slice_of(pixels[k % SHAPE[2]], position, **changes)
        dataset.InstanceNumber = k + 1
        dataset.save_as(folder / f"{prefix}{(k * 5) % 7}{k}", enforce_file_format=True)
        datasets.append(dataset)
    return datasets


def test_that_a_series_is_sorted_scaled_and_placed_as_simpleitk_has_it(tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    series(tmp_path / "d")
    (tmp_path / "d" / "notes.txt").write_text("not DICOM")
    assert volumes.format_of(tmp_path / "d") == "dicom series"
    found = volumes.load_ct(tmp_path / "d")
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path / "d")))
    image = reader.Execute()
    sitk.WriteImage(image, str(tmp_path / "d.nii"))
    expected = nifti.load_ct(tmp_path / "d.nii")
    assert found.voxels.dtype == np.int16
    assert np.array_equal(found.voxels, expected.voxels)
    assert np.allclose(found.geometry.affine, expected.geometry.affine, atol=1e-4)
    assert np.array_equal(found.voxels[::-1, ::-1].transpose(2, 1, 0), stored() - 1024)
    assert np.array_equal(volumes.read_geometry(tmp_path / "d").affine, found.geometry.affine)


@pytest.mark.parametrize("turn", [(1, 0, 0, 0, 0, -1), (0, 1, 0, 0, 0, -1), (-1, 0, 0, 0, -1, 0)])
def test_that_other_planes_are_turned_by_their_directions(tmp_path, turn):
    series(tmp_path / "d", turn=turn, step=2.0 * np.cross(turn[:3], turn[3:]))
    found = volumes.load_ct(tmp_path / "d")
    assert axis_codes(found.geometry.affine) == "RAS"
    index = found.geometry.to_index(np.array([5.0, 6, 30]))
    assert found.voxels[tuple(np.rint(index).astype(int))] == stored()[0, 0, 0] - 1024


def as_jpeg(pixels, path):
    """Encode pixels (rows, columns) as lossless JPEG by GDCM, the only encoder at hand; return the encoded dataset."""
    sitk = pytest.importorskip("SimpleITK")
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetUseCompression(True)
    writer.SetCompressor("JPEG")
    writer.SetFileName(str(path))
    writer.Execute(sitk.GetImageFromArray(pixels.astype(np.uint16)[None]))
    return pydicom.dcmread(path)


@pytest.mark.parametrize(
    "syntax", ["RLELossless", "JPEG2000Lossless", "JPEGLSLossless", "JPEGLosslessSV1", "DeflatedExplicitVRLittleEndian"]
)
def test_that_compressed_slices_are_read_alike(tmp_path, syntax):
    folders = [tmp_path / name for name in ("plain", "packed")]
    for folder in folders:
        folder.mkdir()
    for n, pixels in enumerate(np.random.default_rng(1).integers(0, 2000, (4, 70, 80))):
        dataset = slice_of(pixels, (0, 0, n))
        dataset.PixelRepresentation = 0
        dataset.save_as(folders[0] / f"{n}.dcm", enforce_file_format=True)
        if syntax == "JPEGLosslessSV1":
            encoded = as_jpeg(pixels, tmp_path / "one.dcm")
            dataset.PixelData = encoded.PixelData
            dataset["PixelData"].is_undefined_length = True
            dataset.file_meta.TransferSyntaxUID = encoded.file_meta.TransferSyntaxUID
        elif syntax.startswith("Deflated"):
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
        else:
            dataset.compress(getattr(pydicom.uid, syntax))
        dataset.save_as(folders[1] / f"{n}.dcm", enforce_file_format=True)
        assert pydicom.dcmread(folders[1] / f"{n}.dcm").file_meta.TransferSyntaxUID == getattr(pydicom.uid, syntax)
    one, two = (volumes.load_ct(folder) for folder in folders)
    assert np.array_equal(one.voxels, two.voxels)
    assert np.array_equal(one.geometry.affine, two.geometry.affine)


def test_that_each_slice_has_its_own_scale(tmp_path):
    folder = tmp_path / "d"
    series(folder, places=range(3), slope=2)
    series(folder, places=range(3, 6), slope=1, inter=0.5, prefix="t")
    found = volumes.load_ct(folder).voxels[::-1, ::-1].transpose(2, 1, 0)
    assert np.array_equal(found[:3], stored()[:3] * 2.0 - 1024)
    assert np.array_equal(found[3:], stored()[:3] + 0.5)


def refused(path, match):
    for read in (volumes.read_geometry, volumes.load_ct):
        with pytest.raises(UnreadableFileError, match=match) as caught:
            read(path)
        assert str(path) in caught.value.message


def test_that_missing_slices_are_refused_saying_where(tmp_path):
    series(tmp_path / "one", places=(0, 1, 2, 4, 5, 6))
    refused(tmp_path / "one", r"1 missing slice\(s\) between 34\.00 and 38\.00 mm")
    series(tmp_path / "more", places=(0, 1, 2, 3, 7, 9))
    refused(tmp_path / "more", r"3 missing slice\(s\) between .* and 1 more such place")
    series(tmp_path / "uneven", places=(0, 1, 2, 3.3, 4.3, 5.3))
    refused(tmp_path / "uneven", r"2 mm apart, but 2\.6 mm between")
    series(tmp_path / "rounded", places=(0, 1, 2.001, 3.002, 4, 5))
    assert volumes.load_ct(tmp_path / "rounded").voxels.shape == SHAPE


def test_that_slices_at_the_same_position_are_refused_naming_the_files(tmp_path):
    series(tmp_path / "d", places=(0, 1, 2, 2, 3, 4))
    refused(tmp_path / "d", r"same position: s13 and s32|same position: s32 and s13")


def test_that_gantry_tilt_is_refused_in_degrees(tmp_path):
    series(tmp_path / "d", step=(0, 2 * np.tan(np.radians(12)), 2.0))
    refused(tmp_path / "d", r"tilted by 12\.0 degrees")


def test_that_another_modality_is_refused_by_name(tmp_path):
    series(tmp_path / "d", modality="MR")
    refused(tmp_path / "d", "1 of MR")
    file = next((tmp_path / "d").iterdir())
    refused(file, "modality MR, not CT")


def test_that_one_slice_is_refused_with_the_folder_to_name(tmp_path):
    series(tmp_path / "d")
    file = next((tmp_path / "d").iterdir())
    with pytest.raises(UnreadableFileError, match=r"one slice of a CT series") as caught:
        volumes.load_ct(file)
    assert str(tmp_path / "d") in caught.value.hint


def test_that_of_several_series_one_must_be_named(tmp_path):
    folder = tmp_path / "d"
    series(folder, uid="1.2.3.1")
    series(folder, uid="1.2.3.2", seed=5, prefix="t")
    series(folder, uid="1.2.3.3", modality="MR", prefix="m")
    refused(folder, r'2 CT series: "series 1" of 6 files \(.*#1\.2\.3\.1\); "series 2" of 6 files \(.*#1\.2\.3\.2\)')
    assert [(s.uid, s.modality, s.count) for s in volumes.series_in(folder)] == [
        ("1.2.3.1", "CT", 6),
        ("1.2.3.2", "CT", 6),
        ("1.2.3.3", "MR", 6),
    ]
    for n, seed in ((1, 0), (2, 5)):
        found = volumes.load_ct(f"{folder}#1.2.3.{n}")
        assert np.array_equal(found.voxels[::-1, ::-1].transpose(2, 1, 0), stored(seed) - 1024)
    refused(f"{folder}#1.2.3.3", "modality MR, not CT")
    with pytest.raises(UnreadableFileError, match=r"no series 9\.9"):
        volumes.load_ct(f"{folder}#9.9")
    assert volumes.file_sha256(f"{folder}#1.2.3.1") != volumes.file_sha256(f"{folder}#1.2.3.2")


def test_that_a_localizer_beside_a_series_does_not_matter(tmp_path):
    series(tmp_path / "d")
    overview = slice_of(stored()[0], (0, 0, 0), uid="1.2.3.7", turn=(1, 0, 0, 0, 0, -1))
    overview.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    overview.save_as(tmp_path / "d" / "scout", enforce_file_format=True)
    assert volumes.load_ct(tmp_path / "d").voxels.shape == SHAPE


def test_that_damaged_slices_are_refused(tmp_path):
    first = series(tmp_path / "d")[0]
    path = tmp_path / "d" / "s00"
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    with pytest.raises(UnreadableFileError, match=r"no readable picture|damaged"):
        volumes.load_ct(tmp_path / "d")
    for tenth in range(2, 10):
        path.write_bytes(whole[: len(whole) * tenth // 10])
        with pytest.raises(UnreadableFileError):
            volumes.load_ct(tmp_path / "d")
    del first.ImagePositionPatient
    first.save_as(path, enforce_file_format=True)
    with pytest.raises(UnreadableFileError, match="ImagePositionPatient is missing"):
        volumes.load_ct(tmp_path / "d")


def test_that_slices_of_other_sizes_or_directions_are_refused(tmp_path):
    series(tmp_path / "d", places=range(5))
    odd = slice_of(stored()[0][:, :8], (-5, -6, 40))
    odd.save_as(tmp_path / "d" / "odd", enforce_file_format=True)
    refused(tmp_path / "d", "different sizes")
    odd = slice_of(stored()[0], (-5, -6, 40), turn=(1, 0, 0, 0, 0, 1))
    odd.save_as(tmp_path / "d" / "odd", enforce_file_format=True)
    refused(tmp_path / "d", "different orientations")


def segmentation(folder, masks, path, *, names=(), kind="BINARY", skip_empty=True):
    """Write a SEG of masks (slices, rows, columns, segments) on a folder's series, by highdicom."""
    hd = pytest.importorskip("highdicom")
    sources = sorted((pydicom.dcmread(p) for p in folder.iterdir()), key=lambda d: d.ImagePositionPatient[2])
    segments = [
        hd.seg.SegmentDescription(
            segment_number=n + 1,
            segment_label=names[n][0],
            segmented_property_category=hd.sr.CodedConcept("123037004", "SCT", "Anatomical Structure"),
            segmented_property_type=hd.sr.CodedConcept(str(n), "99X", names[n][1]),
            algorithm_type="MANUAL",
        )
        for n in range(masks.shape[3])
    ]
    written = hd.seg.Segmentation(
        source_images=sources,
        pixel_array=masks,
        segmentation_type=kind,
        segment_descriptions=segments,
        series_instance_uid=hd.UID(),
        series_number=9,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="x",
        manufacturer_model_name="x",
        software_versions="1",
        device_serial_number="1",
        omit_empty_frames=skip_empty,
    )
    written.save_as(path)


@pytest.fixture
def seg(tmp_path):
    """A series, and overlapping masks (slices, rows, columns, 3) that leave outer slices empty."""
    series(tmp_path / "d")
    masks = np.zeros((SHAPE[2], SHAPE[1], SHAPE[0], 3), dtype=np.uint8)
    masks[1:4, 2:7, 3:8, 0] = 1
    masks[2:5, 4:9, 1:5, 1] = 1
    masks[3, 0, 9, 2] = 1
    names = (("Liver", "Liver"), ("Segment_2", "Spleen"), ("3", "Pancreas"))
    segmentation(tmp_path / "d", masks, tmp_path / "seg.dcm", names=names)
    return tmp_path, masks


def test_that_a_seg_with_overlaps_lies_on_its_series(seg):
    folder, masks = seg
    image = volumes.read_geometry(folder / "d")
    assert volumes.format_of(folder / "seg.dcm") == "dicom seg"
    assert volumes.label_names(folder / "seg.dcm") == {1: "Liver", 2: "Spleen", 3: "Pancreas"}
    own = volumes.read_geometry(folder / "seg.dcm")
    assert own.shape == (SHAPE[0], SHAPE[1], 4)
    assert volumes.fit_on(folder / "seg.dcm", image).value == "same"
    wanted = [(1,), (2,), (3,), (1, 2), None, (9,)]
    expected = [*np.moveaxis(masks, 3, 0), masks[..., 0] | masks[..., 1], masks.max(axis=3), masks[..., 0] * 0]
    for mask, theirs in zip(volumes.load_masks_on(folder / "seg.dcm", wanted, image), expected, strict=True):
        assert mask.geometry.shape == image.shape
        assert np.array_equal(mask.full()[::-1, ::-1].transpose(2, 1, 0), theirs)
    counts = volumes.count_values(folder / "seg.dcm")
    assert {n: counts[n] for n in (1, 2, 3)} == {n + 1: int(masks[..., n].sum()) for n in range(3)}
    assert counts[0] == np.prod(own.shape) - masks.max(axis=3).sum()
    with pytest.raises(UnreadableFileError, match=r"segmentation.*not an image"):
        volumes.load_ct(folder / "seg.dcm")


def test_that_a_seg_and_the_same_masks_as_nifti_are_one(seg):
    folder, _ = seg
    volume = volumes.load_ct(folder / "d")
    nifti.write_ct(folder / "ct.nii.gz", volume)
    mask = volumes.load_masks_on(folder / "seg.dcm", [(2,)], volume.geometry)[0]
    nifti.write_mask(folder / "m.nii.gz", mask, like=folder / "ct.nii.gz")
    again = volumes.load_masks_on(folder / "m.nii.gz", [None], volume.geometry)[0]
    assert np.array_equal(again.full(), mask.full())
    grid = volumes.read_geometry(folder / "ct.nii.gz")
    assert content_hash(volumes.load_masks_on(folder / "seg.dcm", [(2,)], grid)[0]) == content_hash(
        volumes.load_masks_on(folder / "m.nii.gz", [None], grid)[0]
    )


def test_that_a_seg_off_the_slices_is_refused_naming_both(seg):
    folder, _ = seg
    image = volumes.read_geometry(folder / "d")
    for shift, fine in ((0.05, True), (0.3, False), (20.0, False)):
        moved = image.affine.copy()
        moved[2, 3] += shift * 2.0
        other = Geometry(image.shape, moved)
        if fine:
            assert volumes.fit_on(folder / "seg.dcm", other).value == "noted"
        else:
            with pytest.raises(GeometryMismatchError, match=r"the segmentation has 10x12x4 .* the image 10x12x6"):
                volumes.load_masks_on(folder / "seg.dcm", [(1,)], other)
    with pytest.raises(GeometryMismatchError):
        volumes.fit_on(folder / "seg.dcm", Geometry((20, 12, 6), image.affine))


def test_that_fractions_are_refused_and_label_maps_and_full_fractions_read(tmp_path):
    series(tmp_path / "d")
    masks = np.zeros((SHAPE[2], SHAPE[1], SHAPE[0], 1), dtype=np.float32)
    masks[1:4, 2:7, 3:8] = 1.0
    names = (("Liver", "Liver"),)
    image = volumes.read_geometry(tmp_path / "d")
    segmentation(tmp_path / "d", masks, tmp_path / "full.dcm", names=names, kind="FRACTIONAL")
    segmentation(tmp_path / "d", masks.astype(np.uint8), tmp_path / "map.dcm", names=names, kind="LABELMAP")
    for name in ("full.dcm", "map.dcm"):
        mask = volumes.load_masks_on(tmp_path / name, [(1,)], image)[0]
        assert np.array_equal(mask.full()[::-1, ::-1].transpose(2, 1, 0), masks[..., 0] > 0), name
    masks[2, 2, 3] = 0.5
    segmentation(tmp_path / "d", masks, tmp_path / "half.dcm", names=names, kind="FRACTIONAL")
    with pytest.raises(UnreadableFileError, match="fractions"):
        volumes.load_mask(tmp_path / "half.dcm")


@pytest.mark.shared
def test_that_a_real_series_and_its_seg_are_what_other_readers_have(shared_data, tmp_path):
    sitk = pytest.importorskip("SimpleITK")
    hd = pytest.importorskip("highdicom")
    folder = shared_data / "dcmqi_ct3"
    volume = volumes.load_ct(folder)
    names = [str(folder / f"0{n}.dcm") for n in (3, 2, 1)]
    sitk.WriteImage(sitk.ReadImage(names), str(tmp_path / "ct.nii"))
    expected = nifti.load_ct(tmp_path / "ct.nii")
    assert np.array_equal(volume.voxels, expected.voxels)
    assert np.allclose(volume.geometry.affine, expected.geometry.affine, atol=1e-3)

    assert volumes.label_names(folder / "liver.dcm") == {1: "Liver"}
    liver = volumes.load_masks_on(folder / "liver.dcm", [(1,)], volume.geometry)[0]
    nrrd = volumes.load_masks_on(folder / "liver_seg.nrrd", [None], volume.geometry)[0]
    assert np.array_equal(liver.full(), nrrd.full())

    theirs = hd.seg.segread(folder / "partial_overlaps.dcm")
    found = volumes.load_masks_on(folder / "partial_overlaps.dcm", [(n,) for n in range(1, 6)], volume.geometry)
    uids = [pydicom.dcmread(name).SOPInstanceUID for name in names]
    pixels = theirs.get_pixels_by_source_instance(
        uids, ignore_spatial_locations=True, assert_missing_frames_are_empty=True
    )
    for n, mask in enumerate(found):
        assert np.array_equal(mask.full()[::-1, ::-1].transpose(2, 1, 0), pixels[..., n] > 0)
    assert (
        sum(m.count for m in found)
        > volumes.load_masks_on(folder / "partial_overlaps.dcm", [None], volume.geometry)[0].count
    ), "some of its segments overlap"
