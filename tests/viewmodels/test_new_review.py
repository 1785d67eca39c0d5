"""The new-review dialog's view-model, with the real services on a tiny dataset."""

from pathlib import Path

import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.settings import Settings
from labelcritic_gui.store.index import case_ids
from labelcritic_gui.viewmodels import new_review as module
from labelcritic_gui.viewmodels.new_review import NewReview
from labelcritic_gui.viewmodels.previews import CLASSES_HINT, ServicePreviews, clean_path, in_dialog, slug_of
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from tests.making import write_dataset
from tests.viewmodels.fakes import HeldRunner

SERVICES = build_services(Settings(reader="ann"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_dataset(tmp_path, ("case_1", "case_2", "case_3"))
    return tmp_path


def make(runner=None) -> NewReview:
    return NewReview(ServicePreviews(SERVICES.structures), runner or InlineRunner())


def filled(root: Path, runner=None) -> NewReview:
    review = make(runner)
    review.set_images(str(root / "images"))
    for place, name in enumerate(("good", "bad")):
        review.set_draft(place, path=str(root / "labels" / name))
    return review


def rename_on_disk(root: Path, label_set: str, old: str, new: str) -> None:
    for case in sorted((root / "labels" / label_set).iterdir()):
        (case / "segmentations" / f"{old}.nii.gz").rename(case / "segmentations" / f"{new}.nii.gz")


def test_that_what_is_missing_is_said_step_by_step(root: Path) -> None:
    review = make()
    assert review.obstacle.startswith("Choose the images")
    review.set_images(str(root / "images"))
    assert review.recognised_images.startswith("3 cases")
    assert review.obstacle == "Choose at least one label set."
    review.set_draft(0, path=str(root / "labels/good"))
    assert review.obstacle == ""
    assert review.ready
    assert review.drafts[0].slug == "good"


def test_that_dropping_everything_at_once_is_enough(root: Path) -> None:
    review = make()
    review.drop([root / "labels/bad", root / "images", root / "labels/good"])
    assert review.images == str(root / "images")
    assert [d.slug for d in review.drafts] == ["bad", "good"]
    assert [(r.name, r.cases, r.taken) for r in review.rows] == [
        ("liver", (3, 3), True),
        ("pancreas", (3, 3), True),
        ("spleen", (3, 3), True),
    ]
    assert review.picture is not None
    assert review.picture.case == "case_1"
    assert review.folder == str(root.parent / root.name / f"{root.name}-review")
    assert review.ready


def test_that_creating_makes_the_review_with_title_and_trusted_set(root: Path) -> None:
    review = filled(root)
    made: list[Path] = []
    review.created.connect(made.append)
    review.set_title("Abdomen")
    review.set_folder(str(root / "mine"))
    review.trust(1)
    review.create()
    assert made == [root / "mine"]
    opened = SERVICES.open_review(made[0])
    assert opened.title == "Abdomen"
    assert [s.slug for s in opened.label_sets if s.trusted] == ["bad"]
    opened.close()


def test_that_a_review_is_made_to_be_read_as_it_was_asked_for(root: Path) -> None:
    review = filled(root)
    assert (review.mode, review.repeats) == (Mode.ASSISTED, 0.0)
    review.mode, review.repeats = Mode.BLIND_FIRST, 0.05
    made: list[Path] = []
    review.created.connect(made.append)
    review.create()
    opened = SERVICES.open_review(made[0])
    assert (opened.mode, opened.file.repeats) == ("blind-first", 0.05)
    opened.close()


def test_that_a_name_put_right_joins_what_belongs_together(root: Path) -> None:
    rename_on_disk(root, "bad", "spleen", "Milz_AI")
    review = filled(root)
    first, second = review.rows[:2]
    assert (first.name, first.remark, first.taken) == ("Milz_AI", "unknown name, left out: only in bad", False)
    assert (second.name, second.taken) == ("spleen", False)
    review.rename("Milz_AI", "Spleen")
    assert all(row.taken for row in review.rows)
    assert [(r.stands_for, r.fixed) for r in review.rows if r.name == "Milz_AI"] == [("spleen", True)]
    review.create()
    opened = SERVICES.open_review(Path(review.folder))
    assert sorted(opened.structures) == ["liver", "pancreas", "spleen"]
    opened.close()


def test_that_a_name_put_right_can_be_taken_back(root: Path) -> None:
    rename_on_disk(root, "bad", "spleen", "Milz_AI")
    review = filled(root)
    review.rename("Milz_AI", "liver")
    review.rename("Milz_AI", "")
    assert review.renames == {}
    assert not next(r for r in review.rows if r.name == "Milz_AI").taken


def test_that_every_name_on_disk_of_a_structure_is_put_right(root: Path) -> None:
    rename_on_disk(root, "bad", "spleen", "Spleen")
    review = filled(root)
    review.rename("spleen", "stomach")
    assert review.renames == {"spleen": "stomach", "Spleen": "stomach"}
    review.create()
    opened = SERVICES.open_review(Path(review.folder))
    assert "stomach" in opened.structures
    opened.close()


def test_that_what_only_one_set_has_is_taken_on_request(root: Path) -> None:
    rename_on_disk(root, "bad", "spleen", "thing")
    review = filled(root)
    review.set_take_all(True)
    assert [r.remark for r in review.rows if r.name == "thing"] == ["unknown name, only in bad"]
    assert all(r.taken for r in review.rows)
    review.create()
    opened = SERVICES.open_review(Path(review.folder))
    assert "thing" in opened.structures
    opened.close()


def test_that_label_sets_without_a_common_structure_cannot_be_created_yet(root: Path) -> None:
    for name in ("liver", "spleen", "pancreas"):
        rename_on_disk(root, "bad", name, f"x_{name}")
    review = filled(root)
    assert "no structure in common" in review.obstacle
    review.rename("x_liver", "liver")
    assert review.ready


def test_that_a_faulty_label_set_is_said_in_its_row_and_the_others_are_shown(root: Path) -> None:
    review = filled(root)
    review.set_draft(1, path=str(root / "nowhere"))
    assert "nowhere" in review.problem_of(1)
    assert review.problem_of(0) == ""
    assert not review.ready
    assert len(review.rows) == 3
    review.remove_draft(1)
    assert review.ready


def test_that_faulty_images_are_said_in_their_row(root: Path) -> None:
    review = make()
    review.set_images(str(root / "nowhere"))
    assert review.error is not None
    assert "nowhere" in review.error.text
    assert not review.ready


def test_that_two_label_sets_never_share_a_name(root: Path) -> None:
    review = make()
    review.set_draft(0, path=str(root / "labels/good"))
    review.set_draft(1, path=str(root / "labels/good"))
    assert [d.slug for d in review.drafts] == ["good", "good_2"]
    review.set_draft(1, slug="good")
    assert "Another label set is called good" in review.problem_of(1)
    review.set_draft(1, slug="My model!")
    assert review.drafts[1].slug == "My_model"


def test_that_a_large_dataset_is_seen_at_once_and_counted_after(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE", 2)
    runner = HeldRunner()
    review = make(runner)
    review.drop([root / "images", root / "labels/good", root / "labels/bad"])
    runner.go()
    runner.go()
    assert review.preview is not None
    assert (review.preview.scanned, review.preview.complete) == (2, False)
    assert review.ready
    assert review.job is not None
    runner.settle()
    assert review.preview.complete
    assert review.job is None


def test_that_counting_can_be_stopped_and_creating_goes_on(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAMPLE", 1)
    runner = HeldRunner()
    review = filled(root, runner)
    runner.go()
    assert review.job is not None
    review.stop()
    runner.settle()
    assert review.trouble is not None
    assert review.trouble.text == "Stopped."
    assert review.preview is not None
    assert review.preview.scanned == 1
    review.create()
    runner.settle()
    opened = SERVICES.open_review(Path(review.folder))
    assert len(case_ids(opened.database)) == 3
    opened.close()


def test_that_a_stopped_creation_leaves_nothing_behind(root: Path) -> None:
    before = sorted(root.rglob("*"))
    runner = HeldRunner()
    review = filled(root, runner)
    runner.settle()
    review.create()
    assert review.creating
    review.stop()
    runner.settle()
    assert not review.creating
    assert review.trouble is not None
    assert review.trouble.text == "Stopped; nothing was written."
    assert sorted(root.rglob("*")) == before
    assert review.ready


def test_that_a_creation_that_fails_says_why_and_may_be_tried_again(root: Path) -> None:
    review = filled(root)
    (root / "full").mkdir()
    (root / "full" / "note.txt").write_text("mine")
    review.set_folder(str(root / "full"))
    review.create()
    assert review.trouble is not None
    assert "not empty" in review.trouble.text
    review.set_folder("")
    assert not review.ready
    review.set_folder(str(root / "other"))
    review.create()
    assert (root / "other" / "review.toml").is_file()


def test_that_what_was_superseded_is_never_shown(root: Path) -> None:
    runner = HeldRunner()
    review = make(runner)
    review.set_images(str(root / "images"))
    review.set_images(str(root / "labels"))
    review.set_images(str(root / "images"))
    runner.go(Lane.CPU)
    assert review.recognised_images.startswith("3 cases")
    review.close()
    runner.settle()
    assert review.error is None


def test_that_the_own_title_and_folder_stay_when_the_images_change(root: Path) -> None:
    review = filled(root)
    review.set_title("Mine")
    review.set_images(str(root / "images/case_1/ct.nii.gz"))
    assert review.title == "Mine"
    assert review.folder.startswith(str(root / "images"))


def test_that_advice_for_the_command_line_is_not_given_in_a_dialog() -> None:
    told = "The set has maps such as a.nii.gz. Give --classes a=FILE.json (or FILE.json#KEY)."
    assert in_dialog(told) == f"The set has maps such as a.nii.gz. {CLASSES_HINT}"
    assert in_dialog("Nothing in common. Take them with --unmatched.") == "Nothing in common."
    assert in_dialog("It is empty. Check it.") == "It is empty. Check it."


def test_that_maps_nobody_explained_are_asked_for_in_the_words_of_the_dialog(root: Path) -> None:
    (root / "maps").mkdir()
    for case in ("case_1", "case_2", "case_3"):
        source = root / "labels/good" / case / "segmentations/liver.nii.gz"
        (root / "maps" / f"{case}.nii.gz").write_bytes(source.read_bytes())
    review = make()
    review.drop([root / "images", root / "maps"])
    assert review.rows == ()
    assert review.obstacle.startswith("Nothing of the labels can be used yet")
    assert review.preview is not None
    assert review.preview.refusals[0].count == 3
    assert in_dialog(review.preview.refusals[0].reason).endswith(CLASSES_HINT)
    (root / "numbers.json").write_text('{"liver": 1}')
    review.set_draft(0, classes=str(root / "numbers.json"))
    assert [row.name for row in review.rows] == ["liver"]
    assert review.ready


def test_that_paths_are_taken_as_people_paste_them() -> None:
    assert clean_path('"/a/b c" ') == "/a/b c"
    assert clean_path("file:///a/b%20c") == "/a/b c"
    assert clean_path("~/x") == str(Path.home() / "x")
    assert clean_path("  ") == ""
    assert slug_of("nn-U-Net (v2)!") == "nn-U-Net_v2"
