"""Making a review: what is taken, what is refused, and that nothing is left behind."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.new_review import CreationReport, LabelSource, create_review
from labelcritic_gui.settings import Settings
from tests.making import CENTRES, RADII, Dataset, ball, grid, request, write_dataset

SERVICES = build_services(Settings())


def create(root: Path, **changes: object) -> CreationReport:
    return create_review(request(root, **changes), SERVICES.structures)


def test_the_abdomenatlas_layout_is_recognised(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    report = create(tmp_path)
    assert (report.cases, report.items, report.in_every_set, report.refused) == (2, 6, 6, ())
    assert "AbdomenAtlas" in report.layouts["good"]


def test_inputs_are_not_touched(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*.nii.gz")}
    create(tmp_path)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in tmp_path.rglob("*.nii.gz")} == before


def test_names_are_matched_by_alias(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    folder = tmp_path / "labels" / "bad" / "case_1" / "segmentations"
    (folder / "spleen.nii.gz").rename(folder / "Spleen.nii.gz")
    report = create(tmp_path)
    assert report.items == 6
    assert report.in_every_set == 6
    assert report.renamed == {"Spleen": "spleen"}


def test_two_files_for_one_structure_are_refused_together(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    folder = tmp_path / "labels" / "bad" / "case_1" / "segmentations"
    shutil.copy(folder / "liver.nii.gz", folder / "Liver.nii.gz")
    report = create(tmp_path)
    assert len(report.refused) == 1
    assert "Two label files of liver" in report.refused[0].reason
    assert report.in_every_set == 5


def test_a_label_on_another_grid_is_refused_with_both_shapes(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    small = grid()
    cut = type(small)((48, 40, 20), small.affine)
    mask = Mask.from_array(ball(CENTRES["liver"], RADII["liver"])[:, :, :20], cut)
    nifti.write_mask(tmp_path / "labels" / "bad" / "case_1" / "segmentations" / "liver.nii.gz", mask)
    report = create(tmp_path)
    assert "48x40x20" in report.refused[0].reason
    assert "48x40x44" in report.refused[0].reason


def write_map(path: Path, values: dict[int, str]) -> None:
    import nibabel as nib

    voxels = np.zeros(grid().shape, dtype=np.uint8)
    for value, name in values.items():
        voxels[ball(CENTRES[name], RADII[name])] = value
    nib.save(nib.Nifti1Image(voxels, grid().affine), path)


def test_multi_label_maps_are_matched_by_name_whatever_their_numbers(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    for slug, values in (("one", {1: "liver", 2: "spleen"}), ("two", {7: "spleen", 9: "liver"})):
        (tmp_path / slug).mkdir()
        (tmp_path / f"{slug}.json").write_text(json.dumps({"names": {str(k): v for k, v in values.items()}}))
        for case in ("case_1", "case_2"):
            write_map(tmp_path / slug / f"{case}.nii.gz", values)
    labels = tuple(
        LabelSource(slug, tmp_path / slug / "{case}.nii.gz", f"{tmp_path / slug}.json#names") for slug in ("one", "two")
    )
    report = create(tmp_path, labels=labels)
    assert (report.items, report.in_every_set, report.structures) == (4, 4, ("liver", "spleen"))


def test_a_value_outside_the_class_map_is_named(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "classes.json").write_text('{"liver": 1}')
    write_map(tmp_path / "map.nii.gz", {1: "liver", 3: "spleen"})
    source = LabelSource("m", tmp_path / "map.nii.gz", str(tmp_path / "classes.json"))
    report = create(tmp_path, images=tmp_path / "images" / "case_1" / "ct.nii.gz", labels=(source,))
    assert "label value 3" in report.refused[0].reason
    assert report.structures == ("liver",)


def test_structures_known_to_one_set_only_are_left_out_and_named(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    for case in ("case_1", "case_2"):
        (tmp_path / "labels" / "bad" / case / "segmentations" / "pancreas.nii.gz").unlink()
    report = create(tmp_path)
    assert report.items == 4
    assert report.unmatched == {"pancreas": "good"}
    again = create(tmp_path, folder=tmp_path / "all", unmatched=True)
    assert again.items == 6


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": Path("/nowhere/at/all")}, "no folder /nowhere/at/all"),
        ({"labels": ()}, "No label set"),
        ({"labels": (LabelSource("a b", Path("x")),)}, "cannot name a label set"),
        ({"trusted": "best"}, "trusted label set 'best'"),
        ({"cases": ("case_9",)}, "case_9"),
        ({"structures": ("brain",)}, "brain"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    write_dataset(tmp_path)
    with pytest.raises(UserError, match=said):
        create(tmp_path, **changes)
    assert not (tmp_path / "review").exists()
    assert not (tmp_path / "review.partial").exists()


def test_a_map_without_a_class_map_says_what_to_give(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    write_map(tmp_path / "map.nii.gz", {1: "liver"})
    images = tmp_path / "images" / "case_1" / "ct.nii.gz"
    with pytest.raises(ReviewError, match="--classes m="):
        create(tmp_path, images=images, labels=(LabelSource("m", tmp_path / "map.nii.gz"),))


def test_an_unreadable_image_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    (tmp_path / "images" / "case_1" / "ct.nii.gz").write_text("no image")
    report = create(tmp_path)
    assert report.cases == 1
    assert "case_1" in report.refused[0].reason


def test_a_review_is_never_made_over_another(dataset: Dataset) -> None:
    with pytest.raises(ReviewError, match="exists already"):
        create(dataset.root)


def test_one_label_set_is_enough(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    report = create(tmp_path, labels=(LabelSource("good", tmp_path / "labels" / "good"),))
    assert report.items == 6


def test_a_scan_that_was_killed_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from labelcritic_gui.services import new_review, scanning

    write_dataset(tmp_path, tuple(f"case_{n}" for n in range(5)))
    monkeypatch.setattr(new_review, "BATCH", 1)
    looked: list[str] = []
    look = scanning.scan_case

    def killed(plan: scanning.Plan, file: scanning.layouts.ImageFile, position: int = 0) -> scanning.CaseScan:
        if len(looked) == 3:
            raise KeyboardInterrupt
        looked.append(file.case)
        return look(plan, file, position)

    monkeypatch.setattr(scanning, "scan_case", killed)
    with pytest.raises(KeyboardInterrupt):
        create(tmp_path)
    assert not (tmp_path / "review").exists()
    monkeypatch.setattr(scanning, "scan_case", lambda *a: looked.append(a[1].case) or look(*a))
    report = create(tmp_path)
    assert looked == [f"case_{n}" for n in range(5)]
    assert (report.cases, report.items, report.in_every_set) == (5, 15, 15)
    assert not (tmp_path / "review.partial").exists()


def test_an_interrupted_scan_of_other_data_is_begun_anew(tmp_path: Path) -> None:
    write_dataset(tmp_path)
    partial = tmp_path / "review.partial"
    partial.mkdir()
    (partial / "review.db").write_text("left by something else")
    assert create(tmp_path).items == 6


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    from labelcritic_gui.services.new_review import scan_review

    write_dataset(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    dry = scan_review(request(tmp_path), SERVICES.structures)
    assert sorted(tmp_path.rglob("*")) == before
    assert dry == create(tmp_path)


def test_labels_on_another_grid_are_resampled_only_when_asked_and_it_is_recorded(tmp_path: Path) -> None:
    import csv

    from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
    from labelcritic_gui.core.review import Choice
    from labelcritic_gui.services import review
    from labelcritic_gui.services.comparison import load_stage
    from labelcritic_gui.services.export import export_review, verify_export
    from labelcritic_gui.services.opinions import ensure_opinions
    from labelcritic_gui.store import journal

    write_dataset(tmp_path)
    whole = grid()
    cut = type(whole)((48, 40, 34), whole.affine)
    mask = Mask.from_array(ball(CENTRES["liver"], RADII["liver"])[:, :, :34], cut)
    nifti.write_mask(tmp_path / "labels" / "bad" / "case_1" / "segmentations" / "liver.nii.gz", mask)
    report = create(tmp_path, resample=True)
    assert report.refused == ()
    opened = SERVICES.open_review(tmp_path / "review")
    item = ItemId(CaseId("case_1"), "liver")
    stage = load_stage(opened, item)
    assert (stage.panels[0].silhouette == stage.panels[1].silhouette).all()
    ensure_opinions(opened, item.case)
    review.decide(opened, "ann", item, Choice.ACCEPT, candidate=CandidateId(*item, "bad"))
    assert next(iter(journal.all_events(opened.database))).seen["resampled"] == "nearest"
    export_review(opened, tmp_path / "out")
    opened.close()
    assert verify_export(tmp_path / "out") == (1, ())
    with (tmp_path / "out" / "manifest.csv").open(newline="") as stream:
        row = next(csv.DictReader(stream))
    assert row["resampled"] == "nearest"
    assert nifti.read_geometry(tmp_path / "out" / row["file"]).shape == whole.shape
