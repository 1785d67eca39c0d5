"""Patchworks on real files: whole or not at all, the same again from the sources, on whatever grid they are stored."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.geometry import Mask, content_hash
from labelcritic_gui.core.patchwork.partition import Partition
from labelcritic_gui.core.patchwork.recipe import Base, Drop, FillHoles, KeepLargest, Recipe, Start, Step, Take
from labelcritic_gui.core.review import Choice, EventKind
from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.services import checkup, comparison, masks, patchwork, review
from labelcritic_gui.services.export import export_review, verify_export
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.services.opinions import ensure_findings, ensure_opinions, latest
from labelcritic_gui.services.patchwork_check import check_patchworks, patchworks_of, verify_patchworks
from labelcritic_gui.services.patchwork_words import patchwork_lines
from labelcritic_gui.services.relocation import relocate
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.summaries import renew_summary
from labelcritic_gui.settings import Settings
from labelcritic_gui.store import index, journal
from tests.making import Dataset, ball, grid, trunk

LIVER = ItemId(CaseId("case_1"), "liver")
LEFT, RIGHT = CandidateId(*LIVER, "left"), CandidateId(*LIVER, "right")


def body_left() -> np.ndarray:
    """A liver with an island and a hole, that leaks to one side."""
    out = ball((24, 20, 22), 8.0) | ball((36, 22, 22), 5.0) | ball((8, 8, 8), 2.0)
    out[24, 20, 22] = False
    return out


def body_right() -> np.ndarray:
    """The same liver that leaks to the other side."""
    return ball((24, 20, 22), 8.0) | ball((11, 20, 24), 5.0)


def wanted() -> np.ndarray:
    """The liver with the part of the left and that of the right, without hole and island."""
    return ball((24, 20, 22), 8.0) | ball((36, 22, 22), 5.0) | ball((11, 20, 24), 5.0)


def stored_as(file: Path, codes: str, full: np.ndarray) -> None:
    """Store voxels of the canonical grid in another order of axes, as nibabel does."""
    import nibabel as nib
    from nibabel.orientations import axcodes2ornt, io_orientation, ornt_transform

    file.parent.mkdir(parents=True, exist_ok=True)
    image = nib.Nifti1Image(np.ascontiguousarray(full), grid().affine)
    turn = ornt_transform(io_orientation(image.affine), axcodes2ornt(codes))
    nib.save(image.as_reoriented(turn), file)


def dataset_of(root: Path, image: str = "RAS", left: str = "RAS", right: str = "RAS") -> Dataset:
    for case in ("case_1", "case_2"):
        stored_as(root / "images" / case / "ct.nii.gz", image, trunk().voxels)
        for name, codes, full in (("left", left, body_left()), ("right", right, body_right())):
            folder = root / "labels" / name / case / "segmentations"
            stored_as(folder / "liver.nii.gz", codes, full.astype(np.uint8))
    services = build_services(Settings(reader="ann"))
    labels = tuple(LabelSource(name, root / "labels" / name) for name in ("left", "right"))
    create_review(Request(folder=root / "review", images=root / "images", labels=labels), services.structures)
    return Dataset(root, root / "review", services)


@pytest.fixture
def livers(tmp_path: Path) -> Dataset:
    return dataset_of(tmp_path / "livers")


def recipe_of(
    opened: OpenReview, *labels: CandidateId, steps: Callable[[Partition], list[Step]] | None = None
) -> Recipe:
    """The recipe of `wanted`, or of other steps, on the masks as they are."""
    known = {c.id: c for c in index.candidates_of(opened.database, LIVER.case, LIVER.structure)}
    image = volumes.read_geometry(opened.image_path(LIVER.case))
    own = labels or (LEFT, RIGHT)
    loaded = [masks.load_one(opened.mask_path(known[c]), known[c], image=image) for c in own]
    bases = tuple(Base(c, content_hash(m)) for c, m in zip(own, loaded, strict=True))
    partition = Partition(loaded)
    return Recipe(bases, tuple((steps or usual)(partition)))


def usual(found: Partition) -> list[Step]:
    only_right = next(n for n in range(len(found)) if found.region(n).claimants == (2,))
    return [Start(1), Take(found.name_of(only_right), 2), FillHoles(), KeepLargest()]


def listed(opened: OpenReview) -> dict[str, object]:
    """What the worklist shows of what a critic said."""
    row = index.item_row(opened.database, LIVER)
    return {name: row[name] for name in ("outcome", "pick", "confidence", "dice", "findings", "severity", "attention")}


def own_ids(opened: OpenReview) -> list[CandidateId]:
    return [c.id for c in latest(index.candidates_of(opened.database, LIVER.case, LIVER.structure))]


@pytest.mark.parametrize("stored", [("RAS", "RAS", "RAS"), ("LPI", "RAS", "LPI"), ("PSR", "LPS", "SAR")])
def test_that_a_patchwork_lies_on_the_images_own_grid_however_files_are_stored(
    tmp_path: Path, stored: tuple[str, str, str]
) -> None:
    import nibabel as nib

    dataset = dataset_of(tmp_path / "set", *stored)
    opened = dataset.open()
    made, state = patchwork.make_and_accept(opened, "ann", recipe_of(opened), position=1)
    assert made == LEFT._replace(version=2)
    assert state.last is not None
    assert state.last.decision.candidate == made
    file = opened.folder / "edits" / "case_1" / "liver.left.v2.nii.gz"
    image, mask = nib.load(opened.image_path(LIVER.case)), nib.load(file)
    assert np.array_equal(mask.affine, image.affine)
    assert mask.shape == image.shape
    assert mask.get_data_dtype() == np.uint8
    assert np.array_equal(nib.as_closest_canonical(mask).get_fdata() > 0, wanted())
    assert set(np.unique(np.asanyarray(mask.dataobj)).tolist()) == {0, 1}
    row = next(c for c in index.candidates_of(opened.database, LIVER.case) if c.id == made)
    assert row.content_hash == state.last.decision.content_hash == content_hash(nifti.load_mask(file))
    assert verify_patchworks(opened) == (1, ())
    opened.close()


def test_that_the_recipe_is_the_same_in_every_orientation(tmp_path: Path) -> None:
    made = set()
    for n, stored in enumerate([("RAS", "RAS", "RAS"), ("LPI", "RAS", "LPI"), ("PSR", "LPS", "SAR")]):
        opened = dataset_of(tmp_path / str(n), *stored).open()
        recipe = recipe_of(opened)
        patchwork.make_version(opened, "ann", recipe)
        made.add((json.dumps(recipe.to_json()), patchworks_of(opened)[0].content_hash))
        opened.close()
    assert len(made) == 1


def test_that_the_new_version_stands_in_its_label_sets_panel_and_undoing_puts_the_old_one_back(livers: Dataset) -> None:
    opened = livers.open()
    ensure_opinions(opened, LIVER.case)
    before = comparison.load_opinions(opened, LIVER)
    assert before.verdict is not None
    made, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    stage = comparison.load_stage(opened, LIVER)
    assert [p.candidate for p in stage.panels] == [made, RIGHT]
    rays = np.count_nonzero(wanted().any(axis=1))
    assert np.count_nonzero(stage.panels[0].silhouette) == rays * 64, "voxels of 8 mm, pixels of 1 mm"
    assert review.undo(opened, "ann") == LIVER
    assert [p.candidate for p in comparison.load_stage(opened, LIVER).panels] == [LEFT, RIGHT]
    assert comparison.load_opinions(opened, LIVER) == before
    assert (opened.folder / "edits" / "case_1" / "liver.left.v2.nii.gz").is_file()
    assert not patchworks_of(opened)[0].standing
    review.redo(opened, "ann")
    assert own_ids(opened) == [made, RIGHT]
    review.undo(opened, "ann")
    again, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    assert again.version == 3, "a number is never used twice"
    assert own_ids(opened) == [again, RIGHT]
    assert verify_patchworks(opened) == (2, ())
    assert all(r.well for r in checkup.check_review(opened))
    opened.close()


def test_that_a_version_that_another_reader_stands_by_is_not_withdrawn(livers: Dataset) -> None:
    opened = livers.open()
    made, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    review.decide(opened, "ben", LIVER, Choice.ACCEPT, candidate=made)
    review.undo(opened, "ann")
    assert own_ids(opened) == [made, RIGHT]
    review.undo(opened, "ben")
    assert own_ids(opened) == [LEFT, RIGHT]
    opened.close()


def test_that_the_new_version_is_measured_and_judged_and_the_old_opinions_stay(livers: Dataset) -> None:
    opened = livers.open()
    ensure_opinions(opened, LIVER.case)
    old = comparison.load_opinions(opened, LIVER)
    said = listed(opened)
    made, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    fresh = comparison.load_opinions(opened, LIVER)
    assert (fresh.verdict, fresh.facts[0], fresh.qualities[0], fresh.pair) == (None, None, None, None)
    assert (fresh.facts[1], fresh.qualities[1]) == (old.facts[1], old.qualities[1])
    ensure_findings(opened, LIVER.case)
    measured = comparison.load_opinions(opened, LIVER)
    assert measured.facts[0] is not None
    assert measured.facts[0].volume_ml == pytest.approx(np.count_nonzero(wanted()) * 0.512)
    assert measured.facts[0].parts == 1
    ensure_opinions(opened, LIVER.case)
    judged = comparison.load_opinions(opened, LIVER)
    assert judged.verdict is not None
    assert set(judged.verdict.subject.candidates) == {made, RIGHT}
    other = listed(opened)
    assert other != said
    review.undo(opened, "ann")
    renew_summary(opened, LIVER)
    assert comparison.load_opinions(opened, LIVER) == old
    assert listed(opened) == said, "the worklist shows what is said of the masks on the stage"
    review.redo(opened, "ann")
    renew_summary(opened, LIVER)
    assert listed(opened) == other
    opened.close()


def test_that_a_patchwork_can_be_pieced_from_a_patchwork(livers: Dataset) -> None:
    opened = livers.open()
    made, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    again = recipe_of(opened, made, RIGHT, steps=lambda p: [Start(2)])
    other, _ = patchwork.make_and_accept(opened, "ann", again)
    assert other == RIGHT._replace(version=2)
    third = recipe_of(opened, made, other, steps=lambda p: [Start("intersection")])
    assert patchwork.make_version(opened, "ann", third) == LEFT._replace(version=3)
    assert verify_patchworks(opened) == (3, ())
    opened.close()


def test_that_it_survives_closing_and_moving_and_knows_a_source_that_changed(livers: Dataset, tmp_path: Path) -> None:
    opened = livers.open()
    made, _ = patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    opened.close()
    moved = tmp_path / "elsewhere"
    shutil.move(livers.root / "labels", moved)
    relocate(livers.folder, labels={name: str(moved / name) for name in ("left", "right")})
    opened = livers.open()
    assert own_ids(opened) == [made, RIGHT]
    assert verify_patchworks(opened) == (1, ())
    file = moved / "right" / "case_1" / "segmentations" / "liver.nii.gz"
    nifti.write_mask(file, Mask.from_array(ball((24, 20, 22), 7.0), grid()))
    count, faults = verify_patchworks(opened)
    assert count == 1
    assert [f.sentence for f in faults] == [
        f"right v1 of case_1 · liver is not what the patchwork is made of: {file} changed. "
        "Put the file back as it was, or piece the patchwork together anew."
    ]
    with pytest.raises(ReviewError, match="is not what the patchwork is made of"):
        patchwork.make_version(opened, "ann", patchworks_of(opened)[0].recipe)
    opened.close()


def test_that_an_export_has_the_mask_and_names_its_recipe(livers: Dataset) -> None:
    import csv

    opened = livers.open()
    patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    out = livers.root / "out"
    export_review(opened, out)
    with (out / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        row = next(csv.DictReader(stream))
    exported = out / "case_1" / "segmentations" / "liver.nii.gz"
    assert np.array_equal(nifti.load_mask(exported).full(), wanted())
    assert (row["version"], row["source"]) == ("2", "edits/case_1/liver.left.v2.nii.gz")
    told = json.loads((out / row["recipe"]).read_text("utf-8"))
    assert told["recipe"] == patchworks_of(opened)[0].recipe.to_json()
    assert told["content_hash"] == row["content_hash"]
    assert verify_export(out) == (1, ())
    (out / row["recipe"]).unlink()
    assert "lost its recipe" in verify_export(out)[1][0].problem
    opened.close()


@pytest.mark.parametrize("damage", ["mask", "mask gone", "recipe", "recipe gone"])
def test_that_damage_to_what_was_made_is_found(livers: Dataset, damage: str) -> None:
    opened = livers.open()
    patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    file = opened.folder / "edits" / "case_1" / "liver.left.v2.nii.gz"
    if damage.startswith("recipe"):
        file = patchwork.recipe_path(file)
    if damage.endswith("gone"):
        file.unlink()
    elif damage == "mask":
        nifti.write_mask(file, Mask.from_array(body_left(), grid()))
    else:
        told = json.loads(file.read_text("utf-8"))
        told["recipe"]["steps"].pop()
        file.write_text(json.dumps(told), "utf-8")
    assert len(check_patchworks(opened)) == 1
    assert file.name in check_patchworks(opened)[0].sentence
    assert len(verify_patchworks(opened)[1]) == 1
    bad = [r for r in checkup.check_review(opened) if not r.well]
    assert "patchworks" in {r.name for r in bad}
    opened.close()


def test_that_a_recipe_of_other_software_is_noticed(livers: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = livers.open()
    patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    recipe = patchworks_of(opened)[0].recipe
    other = replace(recipe, steps=recipe.steps[:-1])
    monkeypatch.setattr("labelcritic_gui.services.patchwork_check.pieced", lambda r, m: patchwork.pieced(other, m))
    assert "gives another mask than was made" in verify_patchworks(opened)[1][0].sentence
    opened.close()


def test_that_nothing_left_is_no_patchwork(livers: Dataset) -> None:
    opened = livers.open()
    empty = recipe_of(opened, steps=lambda p: [Start("union"), *(Drop(p.name_of(n)) for n in range(len(p)))])
    with pytest.raises(ReviewError, match="Nothing is left of case_1 · liver"):
        patchwork.make_version(opened, "ann", empty)
    assert own_ids(opened) == [LEFT, RIGHT]
    assert not list((opened.folder / "edits").rglob("*.*"))
    opened.close()


def test_that_label_maps_are_pieced_value_by_value(tmp_path: Path) -> None:
    root = tmp_path / "maps"
    stored_as(root / "images" / "case_1.nii.gz", "LAS", trunk().voxels)
    for name, body in (("left", body_left()), ("right", body_right())):
        spleen = np.roll(body, 6, axis=0) & ~body
        stored_as(root / name / "case_1.nii.gz", "LPS", (body * 5 + spleen * 1).astype(np.uint8))
    services = build_services(Settings(reader="ann"))
    labels = tuple(LabelSource(name, root / name, classes="totalsegmentator_v2") for name in ("left", "right"))
    create_review(Request(folder=root / "review", images=root / "images", labels=labels), services.structures)
    opened = services.open_review(root / "review")
    patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    file = opened.folder / "edits" / "case_1" / "liver.left.v2.nii.gz"
    assert np.array_equal(nifti.load_mask(file).full(), wanted())
    assert verify_patchworks(opened) == (1, ())
    export_review(opened, root / "out")
    assert np.array_equal(nifti.load_mask(root / "out" / "case_1" / "segmentations" / "liver.nii.gz").full(), wanted())
    opened.close()


def test_that_dicom_segmentations_are_pieced_on_their_series(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    from tests.formats.test_dicom import SHAPE, segmentation, series

    root = tmp_path / "dicom"
    (root / "images").mkdir(parents=True)
    series(root / "images" / "case_1")
    names = (("Liver", "Liver"),)
    for n, name in enumerate(("left", "right")):
        drawn = np.zeros((SHAPE[2], SHAPE[1], SHAPE[0], 1), dtype=np.uint8)
        drawn[1:4, 2:7, 3 + n : 8 + n, 0] = 1
        (root / name).mkdir()
        segmentation(root / "images" / "case_1", drawn, root / name / "case_1.dcm", names=names)
    services = build_services(Settings(reader="ann"))
    labels = tuple(LabelSource(name, root / name) for name in ("left", "right"))
    create_review(Request(folder=root / "review", images=root / "images", labels=labels), services.structures)
    opened = services.open_review(root / "review")
    recipe = recipe_of(opened, steps=lambda p: [Start("union")])
    made, _ = patchwork.make_and_accept(opened, "ann", recipe)
    image = volumes.read_geometry(opened.image_path(LIVER.case))
    known = {c.id: c for c in index.candidates_of(opened.database, LIVER.case)}
    mask = mask_of(opened, known[made])
    assert mask.geometry.shape == image.shape
    assert mask.count == 3 * 5 * 6
    assert np.array_equal(mask.full(), mask_of(opened, known[LEFT]).full() | mask_of(opened, known[RIGHT]).full())
    assert verify_patchworks(opened) == (1, ())
    export_review(opened, root / "out")
    assert verify_export(root / "out")[1] == ()
    opened.close()


def mask_of(opened: OpenReview, candidate: Candidate) -> Mask:
    """The mask of a candidate as everybody reads it."""
    image = volumes.read_geometry(opened.image_path(candidate.id.case))
    return masks.load_one(opened.mask_path(candidate), candidate, image=image)


STEPS = (
    "mkdir",
    "_write_mask",
    "read_back",
    "file_sha256",
    "replace",
    "write_whole",
    "_sync_folder",
    "journal",
    "commit",
)


@pytest.mark.parametrize("step", STEPS)
def test_that_a_failure_at_any_step_leaves_nothing_visible(
    livers: Dataset, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    opened = livers.open()
    recipe = recipe_of(opened)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        if step in {"mkdir", "replace"}:
            patched.setattr(Path, step, fail)
        elif step == "file_sha256":
            patched.setattr("labelcritic_gui.services.patchwork.file_sha256", fail)
        elif step == "journal":
            patched.setattr("labelcritic_gui.store.versions.journal.write", fail)
        elif step == "commit":
            patched.setattr("labelcritic_gui.services.patchwork.versions.NewVersion", fail)
        else:
            patched.setattr(f"labelcritic_gui.services.patchwork.{step}", fail)
        with pytest.raises(StorageError, match="No space left"):
            patchwork.make_version(opened, "ann", recipe)
    assert own_ids(opened) == [LEFT, RIGHT]
    assert [e for e in journal.all_events(opened.database) if e.kind is EventKind.MADE] == []
    assert all(r.well for r in checkup.check_review(opened))
    assert not list((opened.folder / "edits").rglob(".*"))
    made = patchwork.make_version(opened, "ann", recipe)
    assert made.version == 2
    assert verify_patchworks(opened) == (1, ())
    opened.close()


def test_that_only_candidates_of_the_review_are_pieced(livers: Dataset) -> None:
    opened = livers.open()
    stranger = Recipe((Base(LEFT._replace(label_set="other"), "x"),), (Start(1),))
    with pytest.raises(ReviewError, match="other v1 of case_1 · liver"):
        patchwork.make_version(opened, "ann", stranger)
    unknown = Recipe((Base(LEFT._replace(structure="brain"), "x"),), (Start(1),))
    with pytest.raises(ReviewError, match="There is no item"):
        patchwork.make_version(opened, "ann", unknown)
    opened.close()


def test_that_names_never_lead_out_of_the_folder() -> None:
    for case in ("../../etc", "a/../b", "..\\x", "/abs", ""):
        path = patchwork.edit_path(CandidateId(CaseId(case), "../liver", "left", 2))
        assert ".." not in Path(path).parts
        assert not Path(path).is_absolute()


def test_that_a_recipe_is_said_in_words(livers: Dataset) -> None:
    opened = livers.open()
    patchwork.make_and_accept(opened, "ann", recipe_of(opened))
    lines = patchwork_lines(patchworks_of(opened)[0])
    assert "case_1 · liver: left v2, made by ann" in lines[0]
    assert lines[1] == "  1. start from left"
    assert lines[2].startswith("  2. the region of ")
    assert lines[2].endswith("mm, only in right: as right has it")
    assert lines[3:5] == ["  3. holes filled", "  4. only the largest part kept"]
    assert "in 1 part, case_1/liver.left.v2.nii.gz" in lines[5]
    review.undo(opened, "ann")
    assert "withdrawn" in patchwork_lines(patchworks_of(opened)[0])[0]
    opened.close()


@pytest.mark.shared
def test_that_real_label_maps_are_pieced_and_made_again(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "ts_example_ct"
    maps = {
        "old": ("full_v1_hires_2022-09-15.nii.gz", "totalsegmentator_v1"),
        "new": ("full_v2_fast_forcesplit_2024-03-14.nii.gz", "totalsegmentator_v2"),
    }
    (tmp_path / "images").mkdir()
    shutil.copy(source / "example_ct.nii.gz", tmp_path / "images" / "case_1.nii.gz")
    for slug, (name, _) in maps.items():
        (tmp_path / slug).mkdir()
        shutil.copy(source / "labels" / name, tmp_path / slug / "case_1.nii.gz")
    services = build_services(Settings(reader="ann"))
    labels = tuple(LabelSource(slug, tmp_path / slug, classes=classes) for slug, (_, classes) in maps.items())
    request = Request(folder=tmp_path / "review", images=tmp_path / "images", labels=labels)
    create_review(request, services.structures)
    opened = services.open_review(tmp_path / "review")
    image = volumes.read_geometry(opened.image_path(LIVER.case))
    for structure in ("liver", "stomach", "small_bowel", "femur_left"):
        old, new = (CandidateId(LIVER.case, structure, slug) for slug in maps)
        known = {c.id: c for c in index.candidates_of(opened.database, LIVER.case, structure)}
        loaded = [masks.load_one(opened.mask_path(known[c]), known[c], image=image) for c in (old, new)]
        found = Partition(loaded)
        every = [Start(1), *(Take(found.name_of(n), 2) for n in range(len(found)))]
        bases = tuple(Base(c, content_hash(m)) for c, m in zip((old, new), loaded, strict=True))
        made = patchwork.make_version(opened, "ann", Recipe(bases, tuple(every)))
        entered = next(c for c in index.candidates_of(opened.database, LIVER.case, structure) if c.id == made)
        assert np.array_equal(mask_of(opened, entered).full(), loaded[1].full()), "every region from one is that one"
        cleaned = Recipe(bases, (Start("union"), FillHoles(), KeepLargest()))
        patchwork.make_version(opened, "ann", cleaned)
    assert verify_patchworks(opened) == (8, ())
    opened.close()
