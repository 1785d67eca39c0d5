"""Deciding, undoing, and what follows from it."""

import pytest

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Choice, Remarks, Stance, Status
from labelcritic_gui.services import comparison, review, worklist
from labelcritic_gui.services.opinions import ensure_opinions, missing_opinions
from labelcritic_gui.services.sent import sent_item
from labelcritic_gui.store import index, journal
from tests.making import Dataset

LIVER = ItemId(CaseId("case_1"), "liver")
GOOD = CandidateId(LIVER.case, "liver", "good")
BAD = CandidateId(LIVER.case, "liver", "bad")


def test_a_decision_without_a_verdict_is_unadvised_and_carries_the_masks_hash(dataset: Dataset) -> None:
    opened = dataset.open()
    state = review.decide(opened, "ann", LIVER, Choice.ACCEPT, candidate=GOOD, position=1)
    opened.close()
    assert state.last is not None
    assert state.last.decision.stance is Stance.UNADVISED
    assert len(state.last.decision.content_hash) == 64


def test_decisions_agree_with_or_override_the_stored_verdict(dataset: Dataset) -> None:
    opened = dataset.open()
    ensure_opinions(opened, LIVER.case)
    verdict = comparison.load_opinions(opened, LIVER).verdict
    assert verdict is not None
    assert verdict.pick == GOOD
    agreeing = review.decide(opened, "ann", LIVER, Choice.ACCEPT, candidate=GOOD).last
    overriding = review.decide(opened, "ann", LIVER, Choice.ACCEPT, candidate=BAD).last
    opened.close()
    assert agreeing is not None
    assert overriding is not None
    assert (agreeing.decision.stance, overriding.decision.stance) == (Stance.AGREEING, Stance.OVERRIDING)


def test_undo_goes_back_decision_by_decision(dataset: Dataset) -> None:
    opened = dataset.open()
    spleen = ItemId(LIVER.case, "spleen")
    review.decide(opened, "ann", LIVER, Choice.NONE)
    review.decide(opened, "ann", spleen, Choice.EDIT, remarks=Remarks(("LEAK",)))
    assert review.undo(opened, "ann") == spleen
    assert review.undo(opened, "ann") == LIVER
    assert review.undo(opened, "ann") is None
    assert worklist.counts(opened).open == 6
    opened.close()


def test_redo_decides_again_with_all_that_was_said_and_survives_a_restart(dataset: Dataset) -> None:
    opened = dataset.open()
    said = Remarks(("LEAK",), denied=("CUT",), suggested=("LEAK", "CUT"), quality=2)
    first = review.decide(opened, "ann", LIVER, Choice.ACCEPT, candidate=GOOD, position=2, remarks=said).last
    review.undo(opened, "ann", seen={"ms": 5})
    opened.close()
    again = dataset.open()
    assert worklist.row(again, LIVER).status is Status.OPEN
    redone = review.redo(again, "ann")
    assert redone is not None
    item, state = redone
    assert first is not None
    assert state.last is not None
    assert (item, state.last.decision) == (LIVER, first.decision)
    assert state.last.decision.remarks == said
    assert state.last.event != first.event
    seen = {e.uuid: e.seen for e in journal.all_events(again.database)}
    assert seen[state.last.event] == {**seen[first.event], "again": {}}
    assert review.redo(again, "ann") is None
    assert review.undo(again, "ann") == LIVER
    review.decide(again, "ann", ItemId(LIVER.case, "spleen"), Choice.NONE)
    assert review.redo(again, "ann") is None
    assert journal.differences(again.database) == []
    again.close()


def test_nobody_redoes_what_another_reader_undid(dataset: Dataset) -> None:
    opened = dataset.open()
    review.decide(opened, "ann", LIVER, Choice.NONE)
    review.undo(opened, "ann")
    assert review.redo(opened, "bob") is None
    review.decide(opened, "bob", LIVER, Choice.EDIT)
    redone = review.redo(opened, "ann")
    assert redone is not None
    assert redone[1].status is Status.NONE
    opened.close()


def test_what_cannot_be_judged_is_decided_counted_and_rebuilt(dataset: Dataset) -> None:
    opened = dataset.open()
    review.decide(opened, "ann", LIVER, Choice.UNJUDGED, remarks=Remarks(("IMG",)))
    counted = worklist.counts(opened)
    assert (counted.unjudged, counted.decided, counted.open) == (1, 1, 5)
    assert worklist.row(opened, LIVER).status is Status.UNJUDGED
    assert worklist.next_open(opened, "ann") != LIVER
    journal.rebuild(opened.database)
    assert journal.differences(opened.database) == []
    assert worklist.counts(opened).unjudged == 1
    opened.close()


@pytest.mark.parametrize("note", ["✂ ناقص בדיקה 🫀", "x" * 10_000, "  two  spaces\tand\nlines "])
def test_a_note_survives_whatever_it_is_written_in(dataset: Dataset, note: str) -> None:
    opened = dataset.open()
    review.set_note(opened, "ann", LIVER, note, seen={"ms": 1})
    opened.close()
    again = dataset.open()
    assert review.item_state(again, LIVER).note == note
    assert index.item_row(again.database, LIVER)["note"] == note
    again.close()


def test_the_last_decisions_are_those_that_stand_oldest_first(dataset: Dataset) -> None:
    opened = dataset.open()
    spleen = ItemId(LIVER.case, "spleen")
    review.decide(opened, "ann", LIVER, Choice.NONE)
    review.decide(opened, "ann", spleen, Choice.EDIT)
    review.decide(opened, "ann", LIVER, Choice.ABSENT)
    review.undo(opened, "ann")
    review.decide(opened, "bob", LIVER, Choice.EDIT)
    found = review.last_decisions(opened, "ann", 10)
    assert [(i, s.decision.choice) for i, s in found] == [(LIVER, Choice.NONE), (spleen, Choice.EDIT)]
    assert [i for i, _ in review.last_decisions(opened, "ann", 1)] == [spleen]
    opened.close()


def test_a_candidate_of_another_label_set_is_refused(dataset: Dataset) -> None:
    opened = dataset.open()
    with pytest.raises(ReviewError, match="It has: good, bad"):
        review.decide(opened, "ann", LIVER, Choice.ACCEPT, candidate=GOOD._replace(label_set="best"))
    opened.close()


def test_reopening_finds_decisions_notes_and_the_place(dataset: Dataset) -> None:
    opened = dataset.open()
    review.decide(opened, "ann", LIVER, Choice.ABSENT)
    review.set_note(opened, "ann", LIVER, "resected ✂ 2019")
    review.remember_item(opened, "ann", ItemId(LIVER.case, "pancreas"))
    opened.close()
    again = dataset.open()
    state = review.item_state(again, LIVER)
    assert (state.status, state.note) == (Status.ABSENT, "resected ✂ 2019")
    assert review.resume_item(again, "ann") == ItemId(LIVER.case, "pancreas")
    assert worklist.row(again, LIVER).note
    again.close()


def test_opinions_are_asked_once_and_kept(dataset: Dataset) -> None:
    opened = dataset.open()
    assert missing_opinions(opened, LIVER.case)
    changed = ensure_opinions(opened, LIVER.case)
    assert len(changed.items) == 3
    assert not missing_opinions(opened, LIVER.case)
    assert ensure_opinions(opened, LIVER.case).items == ()
    found = comparison.load_opinions(opened, LIVER)
    assert found.complete
    assert found.pair is not None
    assert 0.4 < found.pair.dice < 0.9
    assert [f.volume_ml > 0 for f in found.facts if f] == [True, True]
    assert "computed" in sent_item(opened, LIVER).as_text
    opened.close()


def test_the_stage_shows_each_candidate_on_the_same_anatomy(dataset: Dataset) -> None:
    opened = dataset.open()
    stage = comparison.load_stage(opened, LIVER)
    again = comparison.load_stage(opened, LIVER)
    opened.close()
    assert [p.label_set.slug for p in stage.panels] == ["good", "bad"]
    assert set(stage.pictures) == {"organs", "bone", "skeleton"}
    assert stage.panels[0].silhouette.sum() > stage.panels[1].silhouette.sum() > 0
    assert stage.frame.edges.left == "R"
    assert (stage.panels[0].silhouette == again.panels[0].silhouette).all()
    assert (stage.pictures["bone"] == again.pictures["bone"]).all()


def test_a_mask_that_vanished_is_said_and_the_other_is_still_shown(dataset: Dataset) -> None:
    (dataset.root / "labels" / "bad" / "case_1" / "segmentations" / "liver.nii.gz").unlink()
    opened = dataset.open()
    stage = comparison.load_stage(opened, LIVER)
    changed = ensure_opinions(opened, LIVER.case)
    found = comparison.load_opinions(opened, LIVER)
    opened.close()
    assert "liver.nii.gz" in stage.panels[1].refused
    assert not stage.panels[0].refused
    assert LIVER in changed.items
    assert found.qualities[1] is not None
    assert found.qualities[1].score is None
