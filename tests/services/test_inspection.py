"""What a file is to us, and why."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cancel import no_progress
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.geometry import Fit, Mask, content_hash
from labelcritic_gui.core.structures import Structure, StructureTable
from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.services.inspection import (
    Kind,
    classes_of,
    fitting_of,
    inspect_file,
    inspect_item,
    stored_geometry,
)
from labelcritic_gui.services.inspection_words import as_document, as_lines
from tests.making import CENTRES, Dataset, ball, grid, trunk, write_dataset

nib = pytest.importorskip("nibabel")


def saved(path: Path, voxels: np.ndarray, affine: np.ndarray | None = None, **header: object) -> Path:
    """Write a NIfTI file by another program; header fields as named."""
    image = nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 3.0, 1.0]) if affine is None else affine)
    image.header.set_xyzt_units("mm")
    for name, value in header.items():
        image.header[name] = value
    nib.save(image, path)
    return path


@pytest.fixture
def ct(tmp_path: Path) -> Path:
    nifti.write_ct(tmp_path / "ct.nii.gz", trunk())
    return tmp_path / "ct.nii.gz"


def test_that_a_ct_is_one_and_its_hash_is_that_of_its_canonical_voxels(ct: Path) -> None:
    found = inspect_file(ct)
    volume = trunk()
    assert found.kind is Kind.CT
    assert found.why == f"int16, values {volume.voxels.min()} to {volume.voxels.max()}"
    assert (found.format, found.dtype, found.orientation) == ("nifti", "int16", "RAS")
    assert found.file_sha256 == hashlib.sha256(ct.read_bytes()).hexdigest()
    digest = hashlib.sha256(np.array(volume.geometry.shape, "<i8").tobytes())
    digest.update(volume.geometry.affine.astype("<f8").tobytes())
    digest.update(volume.voxels.astype("<i2").tobytes(order="F"))
    assert found.voxel_sha256 == digest.hexdigest()
    assert found.notes == ()
    assert found.oblique is None


def test_that_the_same_ct_stored_otherwise_has_the_same_voxels_but_is_another_file(ct: Path, tmp_path: Path) -> None:
    turned = nib.load(ct).as_reoriented(nib.orientations.axcodes2ornt("PSL"))
    nib.save(nib.Nifti1Image(np.asarray(turned.dataobj), turned.affine), tmp_path / "turned.nii")
    one, other = inspect_file(ct), inspect_file(tmp_path / "turned.nii")
    assert other.orientation == "PSL" or other.orientation != "RAS"
    assert one.voxel_sha256 == other.voxel_sha256
    assert one.file_sha256 != other.file_sha256


def test_that_a_mask_has_the_hash_of_the_journal(tmp_path: Path) -> None:
    mask = Mask.from_array(ball(CENTRES["liver"], 9.0), grid())
    nifti.write_mask(tmp_path / "liver.nii.gz", mask)
    found = inspect_file(tmp_path / "liver.nii.gz", classes={1: "liver"})
    assert found.kind is Kind.MASK
    assert found.why == "two values, 0 and 1"
    assert found.voxel_sha256 == content_hash(mask)
    assert [(r.value, r.name, r.voxels) for r in found.labels] == [(1, "liver", mask.count)]
    assert found.labels[0].ml == pytest.approx(mask.volume_ml)


def test_that_empty_and_full_masks_are_said_to_be_so(tmp_path: Path) -> None:
    assert inspect_file(saved(tmp_path / "a.nii", np.zeros((4, 4, 4), np.uint8))).why == "empty, every voxel is 0"
    assert inspect_file(saved(tmp_path / "b.nii", np.full((4, 4, 4), 7, np.uint8))).why == "every voxel is 7"


def test_that_a_label_map_lists_its_values_in_any_number_type(tmp_path: Path) -> None:
    voxels = np.zeros((12, 12, 12), np.uint8)
    voxels[2:5], voxels[7:9, 3:] = 5, 200
    hashes = set()
    for dtype in (np.uint8, np.int16, np.int32, np.float32, np.float64, np.uint16):
        found = inspect_file(saved(tmp_path / f"{dtype.__name__}.nii.gz", voxels.astype(dtype)), classes={5: "liver"})
        assert found.kind is Kind.LABEL_MAP, dtype
        assert found.why == "2 label values"
        assert [(r.value, r.name) for r in found.labels] == [(5, "liver"), (200, "")]
        assert [r.voxels for r in found.labels] == [int((voxels == 5).sum()), int((voxels == 200).sum())]
        hashes.add(found.voxel_sha256)
    assert len(hashes) == 1


def test_that_classes_never_change_the_kind_or_the_hash(tmp_path: Path) -> None:
    for voxels in (np.eye(5, dtype=np.uint8)[None].repeat(5, axis=0), np.full((5, 5, 5), 3, np.int16)):
        path = saved(tmp_path / "one.nii", voxels)
        bare, named = inspect_file(path), inspect_file(path, classes={1: "liver", 3: "spleen"})
        assert (bare.kind, bare.voxel_sha256) == (named.kind, named.voxel_sha256)
        assert named.labels[0].name


def test_that_what_a_header_leaves_open_is_noted(tmp_path: Path) -> None:
    voxels = np.full((4, 5, 6), -1000, np.int16)
    nib.save(nib.Nifti1Image(voxels, None), tmp_path / "a.nii")
    said = " | ".join(inspect_file(tmp_path / "a.nii").notes)
    assert "neither sform nor qform" in said
    assert "no unit of length" in said
    image = nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 3.0, 1.0]))
    image.header.set_xyzt_units("mm")
    image.set_qform(np.diag([2.0, 2.0, 3.0, 1.0]) + np.eye(4, k=3) * 4.0, code=1)
    nib.save(image, tmp_path / "b.nii")
    assert inspect_file(tmp_path / "b.nii").notes == (
        "its sform and qform differ by up to 4 mm; the sform is used, as the standard prefers",
    )
    four = saved(tmp_path / "c.nii", voxels[..., None])
    assert "4 dimensions with one volume" in inspect_file(four).notes[0]


def test_that_what_is_no_number_is_noted_and_counted(tmp_path: Path) -> None:
    voxels = np.full((6, 6, 6), -1000.0, np.float32)
    voxels[0, 0, :3] = np.nan
    voxels[3:] = 40.5
    found = inspect_file(saved(tmp_path / "nan.nii.gz", voxels))
    assert found.kind is Kind.CT
    assert "3 voxel(s) are no finite number" in found.notes[0]
    assert np.isfinite([found.low, found.high]).all()


def test_that_an_oblique_grid_says_by_how_much(tmp_path: Path) -> None:
    angle = np.radians(15)
    affine = np.eye(4)
    affine[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    found = inspect_file(saved(tmp_path / "o.nii", np.full((4, 4, 4), -500, np.int16), affine))
    assert found.oblique == pytest.approx(15.0, abs=1e-3)
    assert any("by 15.0 degrees" in line for line in as_lines(found))
    assert as_document(found)["oblique_degrees"] == pytest.approx(15.0, abs=1e-3)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"not an image at all, but text", "x.nii"), (None, "x.nii")],
)
def test_that_a_file_that_cannot_be_used_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = tmp_path / "x.nii"
    if content is not None:
        path.write_bytes(content)
    found = inspect_file(path)
    assert found.kind is Kind.REFUSED
    assert said in found.why
    assert found.voxel_sha256 == ""


def test_that_colours_and_truncated_files_are_refused_by_name(tmp_path: Path) -> None:
    colours = np.zeros((4, 4, 4), np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))
    assert "RGB" in inspect_file(saved(tmp_path / "rgb.nii", colours)).why
    whole = saved(tmp_path / "w.nii", np.full((20, 20, 20), -10, np.int16))
    whole.write_bytes(whole.read_bytes()[:9000])
    assert "truncated" in inspect_file(whole).why


class Asked:
    """Cancelled from the n-th look on."""

    def __init__(self, after: int) -> None:
        self.left = after

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("after", [0, 1, 3])
def test_that_looking_can_be_cancelled(ct: Path, after: int) -> None:
    wide = np.zeros((64, 64, 512), np.uint8)
    path = saved(ct.parent / "long.nii", wide)
    with pytest.raises(CancelledError):
        inspect_file(path, cancel=Asked(after))


def test_that_an_items_files_are_told_apart_and_how_they_fit(tmp_path: Path) -> None:
    from tests.making import make_dataset

    dataset: Dataset = make_dataset(tmp_path / "set")
    opened = dataset.open()
    steps: list[tuple[int, int, str]] = []
    try:
        files = inspect_item(
            opened,
            ItemId(CaseId("case_1"), "liver"),
            progress=lambda done, total, what: steps.append((done, total, what)),
        )
    finally:
        opened.close()
    assert [(f.title, f.label_set, f.inspection.kind) for f in files] == [
        ("image", -1, Kind.CT),
        ("good", 0, Kind.MASK),
        ("bad", 1, Kind.MASK),
    ]
    assert files[0].fitting is None
    assert [f.fitting.fit for f in files[1:] if f.fitting] == [Fit.SAME, Fit.SAME]
    assert steps[-1][0] == steps[-1][1] == 3


def test_that_a_flipped_label_fits_and_the_reason_is_said(tmp_path: Path) -> None:
    write_dataset(tmp_path, ("case_1",))
    label = tmp_path / "labels/good/case_1/segmentations/liver.nii.gz"
    turned = nib.load(label).as_reoriented(nib.orientations.axcodes2ornt("LPS"))
    nib.save(turned, label)
    image = stored_geometry(tmp_path / "images/case_1/ct.nii.gz")
    found = fitting_of(label, image)
    assert (found.fit, found.reoriented) == (Fit.SAME, True)
    assert "stored as LPS and the image as RAS" in found.note


def test_that_a_scheme_or_a_file_names_the_values(tmp_path: Path) -> None:
    table = StructureTable([Structure("liver", ids={"btcv": 6}), Structure("spleen", ids={"btcv": 1})])
    assert classes_of("btcv", table) == {1: "spleen", 6: "liver"}
    (tmp_path / "map.json").write_text('{"4": "liver"}', "utf-8")
    assert classes_of(str(tmp_path / "map.json"), table) == {4: "liver"}
    with pytest.raises(UserError, match="btcv"):
        classes_of("nosuch", table)


@pytest.mark.shared
def test_that_a_dicom_series_its_seg_an_nrrd_and_an_mha_are_what_they_are(shared_data: Path) -> None:
    series = inspect_file(shared_data / "dcmqi_ct3")
    assert (series.kind, series.format) == (Kind.CT, volumes.DICOM_SERIES)
    seg = inspect_file(shared_data / "dcmqi_ct3" / "liver.dcm")
    assert (seg.kind, seg.format, seg.labels[0].name) == (Kind.LABEL_MAP, volumes.DICOM_SEG, "Liver")
    assert series.stored is not None
    assert fitting_of(shared_data / "dcmqi_ct3" / "liver.dcm", series.stored).fit is Fit.SAME
    lung = shared_data / "elastix_lung"
    assert inspect_file(lung / "3DCT_lung.mha").kind is Kind.CT
    assert inspect_file(lung / "3DCT_lung_baseline_mask.mha").kind is Kind.MASK
    assert inspect_file(shared_data / "ts2d_s0521" / "sample_s0521.nrrd").format == volumes.NRRD


@pytest.mark.shared
def test_that_a_totalsegmentator_map_brings_its_names(shared_data: Path) -> None:
    found = inspect_file(shared_data / "ts_example_ct_sm/labels/sm_v2_hires_2026-07-16.nii.gz", progress=no_progress)
    assert found.kind is Kind.LABEL_MAP
    assert {r.value: r.name for r in found.labels}[5] == "liver"
