"""What a new review would hold: counted, grouped, pictured, and nothing written."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.new_review import LabelSource
from labelcritic_gui.services.preview import Preview, first_case, grouped, preview, sort_dropped, suggest
from labelcritic_gui.settings import Settings
from labelcritic_gui.store.index import Refusal
from tests.making import write_dataset

TABLE = build_services(Settings()).structures


def sources(root: Path, *names: str) -> tuple[LabelSource, ...]:
    return tuple(LabelSource(name, root / "labels" / name) for name in names or ("good", "bad"))


def look(root: Path, *names: str, **changes: object) -> Preview:
    return preview(root / "images", sources(root, *names), TABLE, **changes)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_dataset(tmp_path, ("case_1", "case_2", "case_3"))
    return tmp_path


def misplace(file: Path) -> None:
    """Put a label on a grid that is not its image's."""
    grid = Geometry((5, 6, 7), nifti.read_geometry(file).affine)
    nifti.write_mask(file, Mask.from_array(np.ones((5, 6, 7), dtype=np.bool_), grid))


def test_every_structure_is_counted_by_label_set(root: Path) -> None:
    (root / "labels/bad/case_2/segmentations/spleen.nii.gz").unlink()
    found = look(root)
    assert (found.images, found.scanned, found.readable, found.complete) == (3, 3, 3, True)
    assert {s.name: dict(s.cases) for s in found.structures} == {
        "liver": {"good": 3, "bad": 3},
        "pancreas": {"good": 3, "bad": 3},
        "spleen": {"good": 3, "bad": 2},
    }
    assert "AbdomenAtlas" in found.layouts["images"]


def test_names_on_disk_are_said_beside_what_they_stand_for(root: Path) -> None:
    folder = root / "labels/bad/case_1/segmentations"
    (folder / "liver.nii.gz").rename(folder / "Liver.nii.gz")
    (folder / "spleen.nii.gz").rename(folder / "Milz_AI.nii.gz")
    rows = {s.name: s for s in look(root).structures}
    assert rows["liver"].found_as == ("Liver",)
    assert rows["Milz_AI"].found_as == ("Milz_AI",)
    assert (rows["liver"].known, rows["Milz_AI"].known) == (True, False)


def test_a_few_cases_are_enough_for_a_first_look(root: Path) -> None:
    found = look(root, limit_cases=2)
    assert (found.images, found.scanned, found.complete) == (3, 2, False)
    assert found.structures[0].cases == {"good": 2, "bad": 2}


def test_refusals_of_one_kind_are_one_line_with_a_count(root: Path) -> None:
    for case in ("case_1", "case_2"):
        misplace(root / f"labels/bad/{case}/segmentations/liver.nii.gz")
    (root / "labels/bad/case_3/segmentations/spleen.nii.gz").write_text("no volume")
    found = look(root)
    assert found.refused == 3
    assert [group.count for group in found.refusals] == [2, 1]
    assert found.refusals[0].reason.startswith("liver.nii.gz does not lie on its image's grid")
    assert [r.case for r in found.refusals[0].examples] == ["case_1", "case_2"]


def test_reasons_that_differ_in_more_than_place_and_numbers_stay_apart() -> None:
    one = Refusal("a", "liver", "x", "a/liver.nii", "/d/a/liver.nii has 3 voxels.")
    two = Refusal("b", "spleen", "y", "b/spleen.nii", "/d/b/spleen.nii has 4.5 voxels.")
    other = Refusal("b", "spleen", "y", "b/spleen.nii", "/d/b/spleen.nii is empty.")
    assert [(g.count, g.reason) for g in grouped([other, one, two])] == [
        (2, "liver.nii has 3 voxels."),
        (1, "spleen.nii is empty."),
    ]


def test_a_label_set_that_cannot_be_used_does_not_hide_the_others(root: Path) -> None:
    shutil.rmtree(root / "labels/bad")
    found = look(root)
    assert list(found.problems) == ["bad"]
    assert found.structures[0].cases == {"good": 3}


def test_images_alone_are_counted(root: Path) -> None:
    found = preview(root / "images", (), TABLE)
    assert (found.images, found.structures) == (3, ())
    with pytest.raises(UserError):
        preview(root / "nothing", (), TABLE)


def test_nothing_is_written(root: Path) -> None:
    before = sorted(root.rglob("*"))
    look(root)
    first_case(root / "images", sources(root), TABLE)
    sort_dropped([root], TABLE)
    suggest(root / "images")
    assert sorted(root.rglob("*")) == before


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.left = steps

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_looking_can_be_stopped_and_says_how_far_it_is(root: Path, steps: int) -> None:
    seen: list[tuple[int, int]] = []
    look(root, progress=lambda done, total, what: seen.append((done, total)))
    assert (1, 3) in seen
    with pytest.raises(CancelledError):
        look(root, cancel=StopAfter(steps))


def test_the_picture_is_of_the_first_case_that_can_be_read(root: Path) -> None:
    (root / "images/case_1/ct.nii.gz").write_text("no image")
    picture = first_case(root / "images", sources(root), TABLE)
    assert picture is not None
    assert (picture.case, picture.label_set) == ("case_2", "good")
    assert picture.structures == ("liver", "pancreas", "spleen")
    assert picture.labels.shape == picture.picture.shape == picture.frame.shape
    assert set(np.unique(picture.labels)) == {0, 1, 2, 3}
    columns = {n: np.nonzero(picture.labels == n + 1)[1].mean() for n in (0, 2)}
    assert columns[0] < columns[2]  # the liver is on the patient's right, at the left of the picture


def test_there_is_no_picture_without_an_image(tmp_path: Path) -> None:
    assert first_case(tmp_path, (), TABLE) is None


def test_of_dropped_folders_the_one_with_images_is_found(root: Path) -> None:
    labels = [root / "labels/bad", root / "labels/good"]
    found = sort_dropped([labels[0], root / "images", labels[1]], TABLE)
    assert found.images == root / "images"
    assert list(found.labels) == labels


def test_a_dropped_dataset_is_opened_up(root: Path) -> None:
    found = sort_dropped([root], TABLE)
    assert found.images == root / "images"
    assert sorted(found.labels) == [root / "labels/bad", root / "labels/good"]


def test_labels_beside_their_images_are_a_label_set_too(root: Path) -> None:
    for case in ("case_1", "case_2", "case_3"):
        shutil.copytree(root / f"labels/good/{case}/segmentations", root / f"images/{case}/segmentations")
    assert sort_dropped([root / "images"], TABLE).labels == (root / "images",)


def test_the_review_is_suggested_beside_the_images_under_a_free_name(tmp_path: Path) -> None:
    images = tmp_path / "abdomen" / "imagesTr"
    images.mkdir(parents=True)
    assert suggest(images).folder == tmp_path / "abdomen" / "abdomen-review"
    suggest(images).folder.mkdir()
    assert suggest(images / "{case}.nii.gz").folder == tmp_path / "abdomen" / "abdomen-review-2"
    assert suggest(tmp_path / "abdomen").title == "abdomen"
