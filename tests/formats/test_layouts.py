"""Images on disk: every layout is recognised with a reason, or refused with what was looked for."""

import os
from pathlib import Path

import pytest

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.errors import ReviewError, UnreadableFileError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats.layouts import Images, find_images, scan_images
from tests.formats.layout_trees import plant, plant_dicom, plant_json


@pytest.fixture(scope="module")
def table() -> StructureTable:
    return load_catalogue(Path("nowhere"))


def found(images: Images) -> dict[str, str]:
    assert all((images.root / file.path.split("#", 1)[0]).exists() for file in images.files)
    return dict(images.files)


ATLAS = ("{a,b}/ct.nii.gz", "{a,b}/segmentations/{liver,spleen}.nii.gz", "{a,b}/combined_labels.nii.gz")
TREES: dict[str, tuple[tuple[str, ...], dict[str, str], str, str]] = {
    "AbdomenAtlas": (ATLAS, {"a": "a/ct.nii.gz", "b": "b/ct.nii.gz"}, "AbdomenAtlas", "2 of 2 folders looked into"),
    "ct among the masks": (
        ("s1/segmentations/{ct,liver}.nii.gz",),
        {"s1": "s1/segmentations/ct.nii.gz"},
        "CASE/ct.nii.gz",
        "1 of 1",
    ),
    "TotalSegmentator's output": (
        ("{s1,s2}/{ct,liver,vertebrae_L1}.nii.gz",),
        {"s1": "s1/ct.nii.gz", "s2": "s2/ct.nii.gz"},
        "CASE/ct.nii.gz",
        "2 of 2",
    ),
    "case folders of groups": (
        ("train/{a,b}/ct.nii.gz", "test/c/ct.nii.gz"),
        {"test/c": "test/c/ct.nii.gz", "train/a": "train/a/ct.nii.gz", "train/b": "train/b/ct.nii.gz"},
        "CASE/ct.nii.gz",
        "2 of 2",
    ),
    "KiTS": (
        ("case_0/{imaging,segmentation}.nii.gz",),
        {"case_0": "case_0/imaging.nii.gz"},
        "CASE/imaging.nii.gz",
        "1 of 1",
    ),
    "image named as its folder": (("a/a.nrrd", "b/b.nrrd"), {"a": "a/a.nrrd", "b": "b/b.nrrd"}, "CASE.nrrd", "2 of 2"),
    "nnU-Net images": (
        ("{x,y}_{0000,0001}.nii.gz",),
        {"x": "x_0000.nii.gz", "y": "y_0000.nii.gz"},
        "nnU-Net",
        "channels",
    ),
    "running numbers of four digits": (
        ("FLARE_{0001,0002}.nii.gz",),
        {"FLARE_0001": "FLARE_0001.nii.gz", "FLARE_0002": "FLARE_0002.nii.gz"},
        "a folder of images",
        "2 volumes",
    ),
    "flat, every format": (
        ("a.nii", "b.nii.gz", "c.nrrd", "d.nhdr", "d.raw", "e.mha", "f.mhd", "f.raw", "g.hdr", "g.img", "h.img"),
        {
            "a": "a.nii",
            "b": "b.nii.gz",
            "c": "c.nrrd",
            "d": "d.nhdr",
            "e": "e.mha",
            "f": "f.mhd",
            "g": "g.hdr",
        },
        "a folder of images",
        "7 volumes",
    ),
    "flat, labels among images": (
        ("{a,b}.nii.gz", "{a,b}_{liver,left_kidney,seg}.nii.gz", "a.seg.nrrd"),
        {"a": "a.nii.gz", "b": "b.nii.gz"},
        "a folder of images",
        "2 volumes, each a case of its own; 6 more",
    ),
    "flat, images marked": (
        ("{a,b}_{ct,liver,tumour}.nii.gz",),
        {"a": "a_ct.nii.gz", "b": "b_ct.nii.gz"},
        "a folder of images",
        "2 volumes",
    ),
    "LiTS": (
        ("volume-{0,1}.nii", "segmentation-{0,1}.nii"),
        {"volume-0": "volume-0.nii", "volume-1": "volume-1.nii"},
        "a folder of images",
        "2 volumes",
    ),
    "images beside labels": (
        ("images/{x,y}_0000.nii.gz", "labels/{x,y}.nii.gz"),
        {"x": "images/x_0000.nii.gz", "y": "images/y_0000.nii.gz"},
        "nnU-Net",
        "Images holds",
    ),
    "BIDS": (
        (
            "sub-01/ses-1/ct/sub-01_ses-1_run-2_ct.nii.gz",
            "sub-02/anat/sub-02_{ct,T1w}.nii.gz",
            "sub-03/sub-03_ct.nii.gz",
            "derivatives/net/sub-02/anat/sub-02_dseg.nii.gz",
        ),
        {
            "sub-01_ses-1_run-2": "sub-01/ses-1/ct/sub-01_ses-1_run-2_ct.nii.gz",
            "sub-02": "sub-02/anat/sub-02_ct.nii.gz",
            "sub-03": "sub-03/sub-03_ct.nii.gz",
        },
        "BIDS",
        "3 folders are named sub-LABEL",
    ),
    "one image a folder": (
        ("a/scan7.mha", "b/deep/other.mha"),
        {"a/scan7": "a/scan7.mha", "b/deep/other": "b/deep/other.mha"},
        "one image a folder",
        "exactly one",
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_that_a_layout_of_images_is_recognised_with_its_reason(
    tmp_path: Path, table: StructureTable, name: str
) -> None:
    files, cases, layout, reason = TREES[name]
    images = find_images(plant(tmp_path / "set", *files), table=table)
    assert found(images) == cases
    assert layout in images.layout
    assert reason in images.reason
    assert images.reason.endswith(".")
    assert images.reason.count(". ") == 0
    assert 0 < images.score <= 1
    assert all(other.score <= images.score for other in images.alternatives)


def test_that_an_nnunet_dataset_gives_its_training_and_test_cases(tmp_path: Path) -> None:
    plant(tmp_path, "imagesTr/{x,y}_0000.nii.gz", "imagesTs/z_0000.nii.gz", "labelsTr/{x,y}.nii.gz")
    plant_json(tmp_path / "dataset.json", {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": 1}})
    images = find_images(tmp_path)
    assert list(found(images)) == ["x", "y", "z"]
    assert images.layout == "an nnU-Net dataset (imagesTr)"
    assert "channel 0 is taken" in images.reason


def test_that_a_decathlon_dataset_keeps_its_names(tmp_path: Path) -> None:
    plant(tmp_path, "imagesTr/spleen_{2,10}.nii.gz", "imagesTr/._spleen_2.nii.gz", "labelsTr/spleen_{2,10}.nii.gz")
    plant_json(tmp_path / "dataset.json", {"modality": {"0": "CT"}, "labels": {"0": "background", "1": "spleen"}})
    images = find_images(tmp_path)
    assert set(found(images)) == {"spleen_2", "spleen_10"}
    assert images.layout == "a Decathlon dataset (imagesTr)"


@pytest.mark.parametrize("kind", ["MRI", "T2", "FLAIR"])
def test_that_a_dataset_of_another_modality_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    plant(tmp_path, "imagesTr/x_0000.nii.gz")
    plant_json(tmp_path / "dataset.json", {"channel_names": {"0": kind}, "labels": {"liver": 1}})
    with pytest.raises(ReviewError, match=f"its images are {kind}, not CT"):
        find_images(tmp_path)


def test_that_a_folder_of_dicom_files_is_one_image(tmp_path: Path) -> None:
    for n in range(3):
        plant_dicom(tmp_path / "scan" / f"{n}.dcm")
    plant_dicom(tmp_path / "scan" / "seg.dcm", segmentation=True)
    images = find_images(tmp_path / "scan")
    assert found(images) == {"scan": "scan"}
    assert images.layout == "a DICOM series"


def test_that_dicom_folders_are_found_below_with_and_without_suffix(tmp_path: Path) -> None:
    for n in range(2):
        plant_dicom(tmp_path / "p1" / "study" / "ct" / f"{n}.dcm")
        plant_dicom(tmp_path / "p2" / f"IM{n}")
    plant_dicom(tmp_path / "p3" / "only.dcm", segmentation=True)
    assert found(find_images(tmp_path)) == {"p1/study/ct": "p1/study/ct", "p2": "p2"}


def test_that_each_of_several_series_in_a_folder_is_a_case(tmp_path: Path) -> None:
    plant_dicom(tmp_path / "scan" / "1.dcm")
    images = find_images(tmp_path / "scan", series_of=lambda folder: ["1.2", "1.3"])
    assert found(images) == {"scan/1.2": "scan#1.2", "scan/1.3": "scan#1.3"}
    below = find_images(tmp_path, series_of=lambda folder: ["1.2"])
    assert found(below) == {"scan": "scan"}
    named = find_images(tmp_path / "scan#1.3")
    assert (named.root, found(named)) == (tmp_path, {"scan": "scan#1.3"})


def test_that_nifti_beside_dicom_is_the_image(tmp_path: Path) -> None:
    plant_dicom(tmp_path / "1.dcm")
    plant(tmp_path, "a.nii.gz")
    assert found(find_images(tmp_path)) == {"a": "a.nii.gz"}


def test_that_the_folder_of_one_case_is_named_as_the_folder(tmp_path: Path, table: StructureTable) -> None:
    images = find_images(plant(tmp_path / "patient", "{ct,liver,Larynx}.nii.gz"), table=table)
    assert found(images) == {"patient": "ct.nii.gz"}
    assert [other.layout for other in images.alternatives] == ["a folder of images"]


def test_that_a_pattern_and_a_single_file_are_taken_as_given(tmp_path: Path) -> None:
    plant(tmp_path, "x/{a,b}/image.nii.gz")
    assert set(found(find_images(tmp_path / "x" / "{case}" / "image.nii.gz"))) == {"a", "b"}
    assert found(find_images(tmp_path / "x" / "a" / "image.nii.gz")) == {"image": "image.nii.gz"}


@pytest.mark.parametrize(
    ("files", "both"),
    [
        (("a/ct.nii", "a/ct.nii.gz"), ("a/ct.nii", "a/ct.nii.gz")),
        (("a.nii", "a.nrrd", "b.nii"), ("a.nii", "a.nrrd")),
        (("imagesTr/a_0000.nii.gz", "imagesTs/a_0000.nii.gz"), ("imagesTr", "imagesTs")),
    ],
)
def test_that_two_images_of_one_case_are_refused_by_name(
    tmp_path: Path, files: tuple[str, ...], both: tuple[str, str]
) -> None:
    plant(tmp_path, *files)
    with pytest.raises(ReviewError, match="Two images of one case, a:") as told:
        find_images(tmp_path)
    assert all(name in str(told.value) for name in both)


def test_that_hidden_and_half_written_files_are_no_images(tmp_path: Path) -> None:
    plant(tmp_path, "a.nii.gz", "._a.nii.gz", ".b.nii.gz", "c.nii.gz.partial", ".hidden/d.nii.gz", "__MACOSX/e.nii.gz")
    assert found(find_images(tmp_path)) == {"a": "a.nii.gz"}


def test_that_an_image_deep_in_a_long_list_decides_when_the_sample_says_nothing(tmp_path: Path) -> None:
    for n in range(60):
        (tmp_path / f"empty{n:02d}").mkdir()
    plant(tmp_path, "empty07/ct.nii.gz")
    assert found(find_images(tmp_path)) == {"empty07": "empty07/ct.nii.gz"}


def test_that_nothing_found_says_what_was_looked_for_and_what_is_there(tmp_path: Path) -> None:
    plant(tmp_path, "{a,b,c,d,e}.png", "notes.txt", "sub/x.pdf")
    with pytest.raises(ReviewError) as told:
        find_images(tmp_path)
    said = told.value.message
    assert "looked for CASE/ct.nii.gz" in said
    assert "1 folder (sub/)" in said
    assert "6 files (5 .png, 1 .txt: a.png, b.png, c.png, d.png, ...)" in said
    with pytest.raises(ReviewError, match="the folder is empty"):
        find_images(plant(tmp_path / "none", ".keep"))


def test_that_a_missing_folder_and_an_unreadable_one_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"There is no folder .*nowhere for the images\."):
        find_images(tmp_path / "nowhere")
    plant(tmp_path, "a/ct.nii.gz")
    (tmp_path / "a").chmod(0)
    try:
        if os.access(tmp_path / "a", os.R_OK):
            pytest.skip("this account reads every folder, whatever its mode")
        with pytest.raises(UnreadableFileError, match=r"The folder .*a cannot be read: Permission denied\."):
            find_images(tmp_path)
    finally:
        (tmp_path / "a").chmod(0o755)


def test_that_a_folder_the_system_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, "{a,b}/ct.nii.gz")
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UnreadableFileError, match=r"The folder .*b cannot be read: Permission denied\."):
        find_images(tmp_path)


def test_that_a_scan_lists_while_it_is_iterated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(300):
        plant(tmp_path, f"case{n:03d}/ct.nii.gz")
    looked: list[str] = []
    scandir = os.scandir

    def noted(path: str) -> object:
        looked.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noted)
    scan = scan_images(tmp_path)
    before = len(looked)
    assert next(scan.files).case == "case000"
    assert before < 150
    assert len(looked) == before + 1
    assert sum(1 for _ in scan.files) == 299
