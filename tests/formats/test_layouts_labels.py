"""Labels on disk: every layout is recognised with a reason and its names, or refused with what was looked for."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError, UnreadableFileError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats.layouts import Labels, bare_name, find_images, find_labels, scan_labels
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_words import SUFFIXES, channels
from tests.formats.layout_trees import plant, plant_dicom, plant_json

CASES = [CaseId("a"), CaseId("b")]
Found = set[tuple[str, str | None, str]]


@pytest.fixture(scope="module")
def table() -> StructureTable:
    return load_catalogue(Path("nowhere"))


def found(labels: Labels) -> Found:
    assert all((labels.root / file.path).is_file() for file in labels.files)
    return {(file.case, file.structure, file.path) for file in labels.files}


TREES: dict[str, tuple[tuple[str, ...], Found, str, str]] = {
    "AbdomenAtlas": (
        ("{a,b}/ct.nii.gz", "{a,b}/segmentations/liver.nii.gz", "a/segmentations/postcava.nii.gz", "{a,z}/readme.txt"),
        {
            ("a", "liver", "a/segmentations/liver.nii.gz"),
            ("a", "postcava", "a/segmentations/postcava.nii.gz"),
            ("b", "liver", "b/segmentations/liver.nii.gz"),
        },
        "AbdomenAtlas (CASE/segmentations/STRUCTURE.nii.gz)",
        "2 of 2 case folders",
    ),
    "AbdomenAtlas's predictions": (
        ("{a,b}/ct.nii.gz", "{a,b}/predictions/liver.nii.gz"),
        {(case, "liver", f"{case}/predictions/liver.nii.gz") for case in "ab"},
        "AbdomenAtlas (CASE/predictions/STRUCTURE.nii.gz)",
        "2 of 2 case folders",
    ),
    "AbdomenAtlas's maps": (
        ("{a,b}/{ct,combined_labels}.nii.gz",),
        {(case, None, f"{case}/combined_labels.nii.gz") for case in "ab"},
        "AbdomenAtlas (CASE/combined_labels.nii.gz)",
        "2 of 2 case folders",
    ),
    "TotalSegmentator's dataset": (
        ("{a,b}/ct.nii.gz", "{a,b}/segmentations/gallbladder.nii.gz"),
        {(case, "gallbladder", f"{case}/segmentations/gallbladder.nii.gz") for case in "ab"},
        "TotalSegmentator (CASE/segmentations/STRUCTURE.nii.gz)",
        "2 of 2 case folders",
    ),
    "TotalSegmentator's output": (
        ("{a,b}/{ct,liver,vertebrae_L1,something_new}.nii.gz",),
        {(c, s, f"{c}/{s}.nii.gz") for c in "ab" for s in ("liver", "vertebrae_L1", "something_new")},
        "TotalSegmentator (CASE/STRUCTURE.nii.gz)",
        "2 of 2 case folders",
    ),
    "one label set in each case": (
        ("{a,b}/ct.nii.gz", "{a,b}/nnunet/segmentations/liver.nii.gz"),
        {(case, "liver", f"{case}/nnunet/segmentations/liver.nii.gz") for case in "ab"},
        "CASE/nnunet/segmentations/STRUCTURE",
        "2 of 2 case folders",
    ),
    "KiTS": (
        ("{a,b}/{imaging,segmentation}.nii.gz",),
        {(case, None, f"{case}/segmentation.nii.gz") for case in "ab"},
        "CASE/segmentation.nii.gz",
        "2 of 2 case folders",
    ),
    "maps named as their folder": (
        ("{a,b}/{a,b}.nii.gz",),
        {(case, None, f"{case}/{case}.nii.gz") for case in "ab"},
        "CASE/CASE.nii.gz",
        "2 of 2 case folders",
    ),
    "flat maps": (
        ("a.nii.gz", "b.seg.nrrd", "z.nii.gz"),
        {("a", None, "a.nii.gz"), ("b", None, "b.seg.nrrd")},
        "multi-label maps named as the case",
        "2 of 3 files",
    ),
    "flat maps with a word": (
        ("a_seg.nii.gz", "labels-b.nii.gz"),
        {("a", None, "a_seg.nii.gz"), ("b", None, "labels-b.nii.gz")},
        "multi-label maps named as the case",
        "2 of 2 files",
    ),
    "flat masks": (
        ("a_liver.nii.gz", "a-left kidney.nii.gz", "b.spleen.nrrd", "b_unheard_of.mha"),
        {
            ("a", "liver", "a_liver.nii.gz"),
            ("a", "left kidney", "a-left kidney.nii.gz"),
            ("b", "spleen", "b.spleen.nrrd"),
            ("b", "unheard_of", "b_unheard_of.mha"),
        },
        "a flat folder (CASE_STRUCTURE)",
        "4 of 4 files",
    ),
    "a folder per structure": (
        ("{liver,left_kidney,odd}/{a,b}.nii.gz",),
        {(c, s, f"{s}/{c}.nii.gz") for c in "ab" for s in ("liver", "left_kidney", "odd")},
        "a folder per structure (STRUCTURE/CASE)",
        "2 folders are named as a structure",
    ),
    "the only set below": (
        ("nnunet/{a,b}/segmentations/liver.nii.gz",),
        {(case, "liver", f"{case}/segmentations/liver.nii.gz") for case in "ab"},
        "AbdomenAtlas",
        "The folder nnunet is the only one with labels: 2 of 2",
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_that_a_layout_of_labels_is_recognised_with_its_reason(
    tmp_path: Path, table: StructureTable, name: str
) -> None:
    files, wanted, layout, reason = TREES[name]
    labels = find_labels(plant(tmp_path, *files), CASES, table=table)
    assert found(labels) == wanted
    assert layout in labels.layout
    assert reason in labels.reason
    assert labels.reason.endswith(".")
    assert all(other.score <= labels.score for other in labels.alternatives)


def test_that_masks_come_before_maps_and_the_other_is_told(tmp_path: Path, table: StructureTable) -> None:
    plant(tmp_path, "{a,b}/{ct,combined_labels}.nii.gz", "{a,b}/{segmentations,predictions}/liver.nii.gz")
    labels = find_labels(tmp_path, CASES, table=table)
    assert "CASE/segmentations" in labels.layout
    assert {one.layout for one in labels.alternatives} == {
        "AbdomenAtlas (CASE/predictions/STRUCTURE.nii.gz)",
        "AbdomenAtlas (CASE/combined_labels.nii.gz)",
    }
    assert "CASE/predictions" in find_labels(tmp_path, CASES, table=table, label_set="predictions").layout


def test_that_combined_labels_are_numbered_as_abdomenatlas_does(tmp_path: Path, table: StructureTable) -> None:
    plant(tmp_path, "{a,b}/combined_labels.nii.gz")
    files = find_labels(tmp_path, CASES, table=table).files
    assert [file.names for file in files] == [table.scheme("abdomenatlas_1_1")] * 2
    assert table.scheme("abdomenatlas_1_0").items() <= table.scheme("abdomenatlas_1_1").items()
    assert find_labels(tmp_path, CASES).files[0].names is None, "without a table nobody said"


@pytest.mark.parametrize("label_set", ["nnunet", "TotalSeg", "dir"])
def test_that_label_sets_in_each_case_are_told_apart_by_name(
    tmp_path: Path, table: StructureTable, label_set: str
) -> None:
    plant(tmp_path, "{a,b}/{nnunet,totalseg}/segmentations/liver.nii.gz", "{a,b}/dir/liver.nii.gz", "{a,b}/ct.nii.gz")
    labels = find_labels(tmp_path, CASES, table=table, label_set=label_set)
    assert {path.split("/")[1] for _, _, path in found(labels)} == {label_set.lower()}
    with pytest.raises(ReviewError, match="several label sets: CASE/dir, CASE/nnunet, CASE/totalseg") as told:
        find_labels(tmp_path, CASES, table=table, label_set="other")
    assert f"--labels dir={tmp_path}" in told.value.hint


def test_that_sibling_roots_are_told_apart_by_name(tmp_path: Path, table: StructureTable) -> None:
    plant(tmp_path, "nnunet/{a,b}/segmentations/liver.nii.gz", "hand/{a,b}.nii.gz")
    assert find_labels(tmp_path, CASES, table=table, label_set="hand").root == tmp_path / "hand"
    chosen = find_labels(tmp_path, CASES, table=table, label_set="nnUNet")
    assert chosen.root == tmp_path / "nnunet"
    assert chosen.reason.startswith("The folder nnunet is named as the label set: ")
    with pytest.raises(ReviewError, match="several label sets: hand, nnunet"):
        find_labels(tmp_path, CASES, table=table)


NNUNET = {"labels": {"background": 0, "liver": 1, "kidneys": [2, 3], "left kidney": [2], "ignore": 4}}
WANTED_NAMES: Mapping[int, str] = {1: "liver", 2: "left kidney"}


@pytest.mark.parametrize("where", ["raw", "labelsTr", "predictions", "parent"])
def test_that_nnunet_says_what_its_numbers_mean(tmp_path: Path, table: StructureTable, where: str) -> None:
    folder = {"raw": "labelsTr", "labelsTr": "labelsTr", "predictions": "", "parent": "fold_0"}[where]
    plant(tmp_path, *(f"{folder}/{case}.nii.gz".lstrip("/") for case in "ab"))
    plant_json(tmp_path / "dataset.json", NNUNET | {"file_ending": ".nii.gz"})
    labels = find_labels(tmp_path if where in {"raw", "predictions"} else tmp_path / folder, CASES, table=table)
    assert len(labels.files) == 2
    assert "nnU-Net" in labels.layout
    assert "dataset.json says what the numbers mean" in labels.reason
    for file in labels.files:
        assert file.structure is None
        assert file.names == WANTED_NAMES
        assert file.regions == {"kidneys": (2, 3)}


def test_that_nnunet_labels_fit_images_with_channels(tmp_path: Path) -> None:
    plant(tmp_path, "imagesTr/{x,y}_0000.nii.gz", "labelsTr/{x,y}.nii.gz")
    plant_json(tmp_path / "dataset.json", NNUNET)
    images = find_images(tmp_path)
    labels = find_labels(tmp_path, [f.case for f in images.files], images=images)
    assert found(labels) == {("x", None, "labelsTr/x.nii.gz"), ("y", None, "labelsTr/y.nii.gz")}
    by_path = find_labels(tmp_path / "labelsTr", [CaseId("x_0000"), CaseId("y_0000")])
    assert {file.case for file in by_path.files} == {"x_0000", "y_0000"}


def test_that_the_decathlon_says_what_its_numbers_mean(tmp_path: Path) -> None:
    plant(tmp_path, "labelsTr/{a,b}.nii.gz", "labelsTr/._a.nii.gz")
    content = {"modality": {"0": "CT"}, "tensorImageSize": "3D", "labels": {"0": "background", "1": "liver"}}
    plant_json(tmp_path / "dataset.json", content)
    labels = find_labels(tmp_path, CASES)
    assert labels.layout == "a Decathlon dataset (labelsTr/CASE)"
    assert [file.names for file in labels.files] == [{1: "liver"}] * 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "has no table of labels"),
        ('{"labels": {"liver": "one"}}', "cannot be understood"),
        ('{"labels": {"liver": []}}', "cannot be understood"),
        ('{"labels": {"liver": -1}}', "cannot be understood"),
        ('{"labels": {"liver": 1, "spleen": 1}}', "names the value 1 twice"),
    ],
)
def test_that_a_broken_dataset_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    plant(tmp_path, "a.nii.gz")
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(UnreadableFileError, match=rf"dataset\.json.*{said}"):
        find_labels(tmp_path, CASES)


BIDS = (
    "sub-01/ses-1/anat/sub-01_ses-1_{ct,T1w}.nii.gz",
    "sub-02/anat/sub-02_ct.nii.gz",
    "derivatives/net/sub-01/ses-1/anat/sub-01_ses-1_space-orig_desc-net_dseg.nii.gz",
    "derivatives/net/sub-02/anat/sub-02_dseg.nii.gz",
    "derivatives/hand/sub-01/ses-1/anat/sub-01_ses-1_label-{liver,kidneyLeft}_mask.nii.gz",
    "derivatives/hand/sub-01/ses-1/anat/sub-01_ses-1_desc-brain_mask.nii.gz",
)


def test_that_bids_derivatives_are_found_by_the_pipelines_name(tmp_path: Path, table: StructureTable) -> None:
    images = find_images(plant(tmp_path, *BIDS), table=table)
    cases = [file.case for file in images.files]
    assert cases == ["sub-01_ses-1", "sub-02"]
    (tmp_path / "derivatives/net/dseg.tsv").write_text("index\tname\n0\tBackground\n1\tliver\n", "utf-8")
    (tmp_path / "derivatives/net/sub-02/anat/sub-02_dseg.tsv").write_text("name\tindex\nspleen\t7\n", "utf-8")
    net = find_labels(tmp_path, cases, table=table, label_set="net", images=images)
    assert {file.case: file.names for file in net.files} == {"sub-01_ses-1": {1: "liver"}, "sub-02": {7: "spleen"}}
    assert net.reason.startswith("derivatives/net holds 2 folders")
    hand = find_labels(tmp_path / "derivatives" / "hand", cases, table=table)
    assert {(file.case, file.structure) for file in hand.files} == {
        ("sub-01_ses-1", "liver"),
        ("sub-01_ses-1", "kidneyLeft"),
    }
    for root in (tmp_path, tmp_path / "derivatives"):
        with pytest.raises(ReviewError, match=r"several label sets: .*hand, .*net"):
            find_labels(root, cases, table=table, label_set="other")


def test_that_a_broken_look_up_table_is_named_with_its_line(tmp_path: Path) -> None:
    plant(tmp_path, "sub-1/sub-1_dseg.nii.gz")
    (tmp_path / "sub-1" / "sub-1_dseg.tsv").write_text("index\tname\n1\tliver\ntwo\tspleen\n", "utf-8")
    with pytest.raises(UnreadableFileError, match=r"Line 3 of .*sub-1_dseg\.tsv"):
        find_labels(tmp_path, [CaseId("sub-1")])


def test_that_the_folder_of_the_only_case_holds_its_labels(tmp_path: Path, table: StructureTable) -> None:
    images = find_images(plant(tmp_path / "patient", "{ct,liver,Larynx}.nii.gz"), table=table)
    labels = find_labels(images.root, [f.case for f in images.files], table=table, images=images)
    assert found(labels) == {("patient", "liver", "liver.nii.gz"), ("patient", "Larynx", "Larynx.nii.gz")}
    assert labels.reason == "The folder is that of the only case, and holds STRUCTURE.nii.gz."


def test_that_images_are_never_taken_for_labels(tmp_path: Path, table: StructureTable) -> None:
    images = find_images(plant(tmp_path, "{a,b}.nii.gz", "{a,b}_{liver,seg}.nii.gz"), table=table)
    labels = find_labels(tmp_path, CASES, table=table, images=images)
    assert len(labels.files) == 4
    assert not {file.path for file in labels.files} & {file.path for file in images.files}
    lone = find_images(plant(tmp_path / "lone", "{a,b}/{a,b}.nii.gz"), table=table)
    with pytest.raises(ReviewError, match="No label was found"):
        find_labels(tmp_path / "lone", CASES, table=table, images=lone)


def test_that_the_longest_name_of_a_case_wins(tmp_path: Path, table: StructureTable) -> None:
    cases = [CaseId("p"), CaseId("p_1"), CaseId("p_1_2")]
    plant(tmp_path, "p_liver.nii.gz", "p_1_liver.nii.gz", "p_1_2_kidney_left.nii.gz", "p_10_liver.nii.gz")
    labels = find_labels(tmp_path, cases, table=table)
    assert found(labels) == {
        ("p", "liver", "p_liver.nii.gz"),
        ("p_1", "liver", "p_1_liver.nii.gz"),
        ("p_1_2", "kidney_left", "p_1_2_kidney_left.nii.gz"),
    }, "p_10 is no case of this review"


def test_that_dicom_segmentations_are_told_from_slices_by_content(tmp_path: Path) -> None:
    for case in "ab":
        plant_dicom(tmp_path / case / "1.dcm")
        plant_dicom(tmp_path / case / "seg.dcm", segmentation=True)
    labels = find_labels(tmp_path, CASES, label_names=lambda path: {1: f"liver of {path.parent.name}"})
    assert found(labels) == {(case, None, f"{case}/seg.dcm") for case in "ab"}
    assert [file.names for file in labels.files] == [{1: "liver of a"}, {1: "liver of b"}]
    plant_dicom(tmp_path / "flat" / "a.dcm", segmentation=True)
    assert found(find_labels(tmp_path / "flat", CASES)) == {("a", None, "a.dcm")}


def test_that_a_maps_own_names_are_read_once_and_shared(tmp_path: Path) -> None:
    plant(tmp_path, "{a,b}.nii.gz")
    files = find_labels(tmp_path, CASES, label_names=lambda path: {5: "liver"}).files
    assert files[0].names == {5: "liver"}
    assert files[0].names is files[1].names

    def damaged(path: Path) -> Mapping[int, str]:
        raise UnreadableFileError(f"{path} is damaged.")

    assert [file.names for file in find_labels(tmp_path, CASES, label_names=damaged).files] == [None, None]


def test_that_a_pattern_and_a_single_file_know_their_names_too(tmp_path: Path) -> None:
    plant(tmp_path, "x/{a,b}/map.nii.gz", "x/a/{liver,spleen}.nii.gz")
    maps = find_labels(tmp_path / "x" / "{case}" / "map.nii.gz", CASES, label_names=lambda path: {1: "liver"})
    assert [(f.case, f.structure, f.names) for f in maps.files] == [(c, None, {1: "liver"}) for c in CASES]
    masks = find_labels(tmp_path / "x" / "{case}" / "{structure}.nii.gz", CASES)
    assert ("a", "spleen", "a/spleen.nii.gz") in found(masks)
    single = find_labels(tmp_path / "x" / "a" / "map.nii.gz", CASES[:1], label_names=lambda path: {2: "aorta"})
    assert [(f.case, f.names) for f in single.files] == [("a", {2: "aorta"})]
    with pytest.raises(ReviewError, match="is one label file, but there are 2 images"):
        find_labels(tmp_path / "x" / "a" / "map.nii.gz", CASES)


def test_that_nothing_found_says_what_was_looked_for_and_what_is_there(tmp_path: Path, table: StructureTable) -> None:
    plant(tmp_path, "{x,y}.png", "other/notes.txt")
    with pytest.raises(ReviewError) as told:
        find_labels(tmp_path, CASES, table=table)
    assert "for 2 case(s) such as a: looked for a/segmentations/STRUCTURE.nii.gz, " in told.value.message
    assert "it holds 1 folder (other/) and 2 files (2 .png: x.png, y.png)" in told.value.message


def test_that_a_scan_of_labels_lists_while_it_is_iterated(tmp_path: Path, table: StructureTable) -> None:
    cases = [CaseId(f"case{n:03d}") for n in range(60)]
    plant(tmp_path, *(f"{case}/segmentations/{{liver,spleen}}.nii.gz" for case in cases))
    scan = scan_labels(tmp_path, cases, table=table)
    assert next(scan.files).path == "case000/segmentations/liver.nii.gz"
    plant(tmp_path, "case059/segmentations/aorta.nii.gz")
    assert sum(1 for _ in scan.files) == 120, "a file that appears before its folder is listed counts"


@given(st.lists(st.text("ab_-. 01", min_size=1, max_size=8), unique=True, max_size=12), st.text("ab_-. 01", max_size=8))
def test_that_a_case_is_found_by_its_exact_id_first(names: list[str], other: str) -> None:
    index = CaseIndex([CaseId(name) for name in names])
    assert all(index.of(name) == name for name in names)
    split = index.split(other)
    if split is not None:
        case, structure = split
        assert case in names
        assert structure
        assert other.endswith(structure)
    assert other in names or index.of(other) in {None, *names}


@given(st.text("ab_.", min_size=1, max_size=6), st.sampled_from(SUFFIXES))
def test_that_a_suffix_is_taken_off_once(stem: str, suffix: str) -> None:
    assert bare_name(f"{stem}{suffix.upper()}") == stem


def test_that_names_without_channel_zero_are_no_channels() -> None:
    assert channels(["a_0000", "a_0001", "b_0000"]) == {"a": ["0000", "0001"], "b": ["0000"]}
    assert channels(["a_0001", "a_0002"]) is None
    assert channels(["a_0000", "a_0002"]) is None
    assert channels([f"a_{n:04d}" for n in range(20)]) is None
    assert channels(["a_0000", "b"]) is None
    assert channels([]) is None
