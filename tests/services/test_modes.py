"""How a review is read: kept in the review, changed with a trace, and never in the middle of an item."""

from pathlib import Path
from typing import Any

import pytest

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.review import Choice, EventKind, Stance, Status
from labelcritic_gui.formats import manifest
from labelcritic_gui.services import modes, review
from labelcritic_gui.services.checkup import check_review
from labelcritic_gui.services.export import export_review
from labelcritic_gui.services.ledger import COLUMNS, NOTHING, ledger, save_ledger
from labelcritic_gui.services.new_review import create_review
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.repeats import RepeatBook
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import journal
from labelcritic_gui.store.review_file import read_review_file, write_review_file
from tests.making import Dataset, request

ITEM = ItemId(CaseId("case_1"), "liver")
GOOD, BAD = (CandidateId(*ITEM, name) for name in ("good", "bad"))
SIDES = ["good", "bad"]


@pytest.fixture
def judged(dataset: Dataset) -> OpenReview:
    """The small review in blind-first mode; the critic has spoken on the first case, and picks `good`."""
    opened = dataset.open()
    ensure_opinions(opened, ITEM.case)
    return modes.change_mode(opened, "ann", mode="blind-first")


def commit(opened: OpenReview, candidate: CandidateId = BAD, **more: Any) -> None:
    seen = {"phase": "commitment", "verdict": None, "sides": SIDES, "ms": 1200}
    review.decide(opened, "ann", candidate.item, Choice.ACCEPT, candidate=candidate, position=2, seen=seen, **more)


def last_event(opened: OpenReview) -> Any:
    return list(journal.all_events(opened.database))[-1]


def test_a_new_review_is_assisted_unless_another_mode_was_asked_for(dataset: Dataset, tmp_path: Path) -> None:
    assert (read_review_file(dataset.folder).mode, read_review_file(dataset.folder).repeats) == ("assisted", 0.0)
    other = request(dataset.root, folder=tmp_path / "blind", mode="blind", repeats=0.1)
    create_review(other, dataset.services.structures)
    made = read_review_file(other.folder)
    assert (made.mode, made.repeats) == ("blind", 0.1)
    assert len(made.seed) == 32
    assert made.seed != read_review_file(dataset.folder).seed


@pytest.mark.parametrize("wrong", [{"mode": "sometimes"}, {"repeats": 0.8}, {"repeats": -0.1}])
def test_a_review_cannot_be_made_in_a_mode_that_does_not_exist(
    dataset: Dataset, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    folder = tmp_path / "wrong"
    with pytest.raises(ReviewError):
        create_review(request(dataset.root, folder=folder, **wrong), dataset.services.structures)
    assert not folder.exists()


def test_a_change_of_mode_is_in_the_file_and_in_the_journal(dataset: Dataset) -> None:
    opened = dataset.open()
    changed = modes.change_mode(opened, "ann", mode="blind", repeats=0.2)
    assert (changed.mode, changed.file.repeats) == ("blind", 0.2)
    assert read_review_file(dataset.folder) == changed.file
    event = last_event(opened)
    assert (event.kind, event.reader, event.item) == (EventKind.MODE, "ann", None)
    assert (event.payload["was"], event.payload["mode"]) == ("assisted", "blind")
    assert (event.payload["repeats_were"], event.payload["repeats"]) == (0.0, 0.2)


def test_asking_for_the_mode_that_is_in_force_writes_nothing(dataset: Dataset) -> None:
    opened = dataset.open()
    assert modes.change_mode(opened, "ann", mode="assisted", repeats=0.0) is opened
    assert list(journal.all_events(opened.database)) == []


def test_a_change_that_was_cut_off_is_found_and_settled(dataset: Dataset) -> None:
    opened = dataset.open()
    before = opened.file
    changed = modes.change_mode(opened, "ann", mode="blind")
    write_review_file(dataset.folder, before)  # as if the program had died before the file was written
    cut = dataset.open()
    (found,) = (check for check in check_review(cut) if check.name == "mode")
    assert not found.well
    assert "review.toml says assisted, the journal blind" in found.sentence
    settled = modes.change_mode(cut, "ann", mode="assisted")
    (found,) = (check for check in check_review(settled) if check.name == "mode")
    assert found.well
    assert found.sentence == "the review is read assisted"
    changed.close()
    cut.close()


def test_the_seed_never_changes_once_it_is_there(dataset: Dataset) -> None:
    opened = dataset.open()
    seed = opened.file.seed
    assert seed
    assert modes.change_mode(opened, "ann", repeats=0.2).file.seed == seed


def test_a_commitment_whose_verdict_is_owed_keeps_the_mode(judged: OpenReview) -> None:
    commit(judged)
    with pytest.raises(ReviewError, match="committed by ann"):
        modes.change_mode(judged, "ben", mode="assisted")
    assert read_review_file(judged.folder).mode == "blind-first"
    modes.change_mode(judged, "ben", repeats=0.1)  # the share of repeats may change at any time
    assert modes.reveal(judged, "ann", ITEM) is not None
    assert modes.change_mode(judged, "ben", mode="assisted").mode == "assisted"


def test_a_commitment_is_unadvised_and_keeps_what_was_withheld(judged: OpenReview) -> None:
    commit(judged)
    event = last_event(judged)
    assert event.payload["stance"] == Stance.UNADVISED
    assert event.seen["verdict"] is None
    assert event.seen["withheld"]["pick"] == "good"
    assert event.seen["reveal"] == "owed"
    assert event.seen["mode"] == "blind-first"


def test_what_is_revealed_is_on_disk_with_the_commitment_that_it_answers(judged: OpenReview) -> None:
    commit(judged)
    commitment = last_event(judged)
    shown = modes.reveal(judged, "ann", ITEM, seen={"mode": "blind-first"})
    assert shown is not None
    assert (shown.advice.pick, shown.agrees) == (GOOD, False)
    event = last_event(judged)
    assert (event.kind, event.payload["of"]) == (EventKind.REVEALED, commitment.uuid)
    assert event.payload["verdict"]["pick"] == "good"
    written = len(list(journal.all_events(judged.database)))
    assert modes.reveal(judged, "ann", ITEM) == shown  # told again, written once
    assert len(list(journal.all_events(judged.database))) == written
    assert review.item_state(judged, ITEM).revealed == ("ann",)


def test_a_commitment_is_unfinished_until_its_reader_went_on(judged: OpenReview) -> None:
    assert modes.unfinished(judged, "ann") is None
    commit(judged)
    waiting = modes.unfinished(judged, "ann")
    assert waiting is not None
    assert waiting.item == ITEM
    assert modes.unfinished(judged, "ben") is None
    review.remember_item(judged, "ann", ITEM)
    modes.reveal(judged, "ann", ITEM)
    assert modes.unfinished(judged, "ann") == waiting
    review.remember_item(judged, "ann", ItemId(CaseId("case_2"), "liver"))
    assert modes.unfinished(judged, "ann") is None


def test_nothing_is_revealed_where_the_critic_has_not_spoken(judged: OpenReview) -> None:
    other = CandidateId(CaseId("case_2"), "liver", "good")
    commit(judged, other)
    assert "reveal" not in last_event(judged).seen
    assert modes.reveal(judged, "ann", other.item) is None


def test_a_reveal_says_when_the_reader_chose_what_the_critic_picks(judged: OpenReview) -> None:
    commit(judged, GOOD)
    shown = modes.reveal(judged, "ann", ITEM)
    assert shown is not None
    assert shown.agrees


def test_after_the_reveal_a_change_is_agreeing_or_overriding_and_both_answers_are_kept(judged: OpenReview) -> None:
    commit(judged)
    shown = modes.reveal(judged, "ann", ITEM)
    assert shown is not None
    seen = {"phase": "change", "verdict": {"outcome": "first", "pick": "good", "confidence": 0.9}, "sides": SIDES}
    state = review.decide(judged, "ann", ITEM, Choice.ACCEPT, candidate=GOOD, position=1, seen=seen)
    assert [s.decision.stance for s in state.standing] == [Stance.UNADVISED, Stance.AGREEING]
    (line,) = ledger(judged).lines
    (flip,) = line.flips
    assert (flip.before, flip.after, flip.towards) == ("bad", "good", True)
    assert (line.before.k, line.before.n, line.after.k, line.after.n) == (0, 1, 1, 1)


def test_in_a_blind_review_nobody_is_advised_whatever_door_is_taken(dataset: Dataset) -> None:
    opened = dataset.open()
    ensure_opinions(opened, ITEM.case)
    blind = modes.change_mode(opened, "ann", mode="blind")
    state = review.decide(blind, "ann", ITEM, Choice.ACCEPT, candidate=GOOD, seen={"door": "command line"})
    assert state.last is not None
    assert state.last.decision.stance is Stance.UNADVISED
    assert last_event(blind).seen["verdict"] is None
    assert "reveal" not in last_event(blind).seen


def test_the_manifest_says_what_was_in_sight_in_every_mode(judged: OpenReview, tmp_path: Path) -> None:
    commit(judged)
    modes.reveal(judged, "ann", ITEM)
    export_review(judged, tmp_path / "kept")
    (row,) = manifest.read_table(tmp_path / "kept" / manifest.MANIFEST, manifest.MANIFEST_COLUMNS)
    assert (row["stance"], row["verdict"], row["mode"]) == ("unadvised", "", "blind-first")
    assert (row["revealed"], row["commitment"]) == ("yes", "")
    seen = {"phase": "change", "verdict": {"outcome": "first", "pick": "good", "confidence": 0.9}, "sides": SIDES}
    review.decide(judged, "ann", ITEM, Choice.ACCEPT, candidate=GOOD, position=1, seen=seen)
    export_review(judged, tmp_path / "changed")
    (row,) = manifest.read_table(tmp_path / "changed" / manifest.MANIFEST, manifest.MANIFEST_COLUMNS)
    assert (row["stance"], row["verdict_pick"], row["commitment"]) == ("agreeing", "good", "bad")


def test_an_answer_to_a_repeat_changes_no_item_and_can_be_undone_and_redone(judged: OpenReview) -> None:
    commit(judged, GOOD)
    first = last_event(judged).uuid
    before = review.item_state(judged, ITEM)
    commit(judged, BAD, repeat_of=first)
    answer = last_event(judged)
    assert (answer.kind, answer.payload["of"]) == (EventKind.REPEATED, first)
    assert review.item_state(judged, ITEM) == before
    assert journal.differences(judged.database) == []
    assert review.undo(judged, "ann") == ITEM
    assert last_event(judged).payload["of"] == answer.uuid
    assert review.item_state(judged, ITEM) == before
    assert ledger(judged).lines[0].repeats.raw.n == 0
    redone = review.redo(judged, "ann")
    assert redone is not None
    assert redone[0] == ITEM
    assert last_event(judged).kind is EventKind.REPEATED
    assert review.item_state(judged, ITEM) == before
    (line,) = ledger(judged).lines
    assert (line.repeats.raw.k, line.repeats.raw.n) == (0, 1)
    assert review.redo(judged, "ann") is None
    assert review.undo(judged, "ann") == ITEM
    assert review.undo(judged, "ann") == ITEM
    assert review.item_state(judged, ITEM).status is Status.OPEN


def test_the_book_of_repeats_keeps_up_with_the_journal_and_survives_a_restart(dataset: Dataset) -> None:
    opened = modes.change_mode(dataset.open(), "ann", mode="blind", repeats=0.5)
    book = RepeatBook(opened, "ann")
    assert book.due(others_left=False) == ()
    items = [ItemId(CaseId(case), s) for case in ("case_1", "case_2") for s in ("liver", "spleen", "pancreas")]
    for item in items:
        seen = {"verdict": None, "sides": SIDES, "ms": 900}
        review.decide(opened, "ann", item, Choice.ACCEPT, candidate=CandidateId(*item, "good"), position=1, seen=seen)
    due = book.due(others_left=False)
    again = RepeatBook(opened, "ann").due(others_left=False)
    assert due == again
    assert RepeatBook(opened, "ben").due(others_left=False) == ()
    assert book.due(others_left=True) == ()
    for repeat in due:  # which items come again depends on the review's own seed
        assert book.waiting(repeat.item) == repeat
        assert repeat.swapped == ("bad", "good")


def test_a_review_without_repeats_has_none(dataset: Dataset) -> None:
    assert not RepeatBook(dataset.open(), "ann").active


def test_a_ledger_without_decisions_says_so(dataset: Dataset) -> None:
    found = ledger(dataset.open())
    assert (found.lines, found.nothing) == ((), NOTHING)


def test_the_ledger_is_a_table_with_a_row_for_each_reader(judged: OpenReview, tmp_path: Path) -> None:
    commit(judged)
    modes.reveal(judged, "ann", ITEM)
    review.decide(judged, "ben", ITEM, Choice.NONE, seen={"sides": SIDES, "ms": 500, "verdict": None})
    file = save_ledger(ledger(judged), tmp_path / "ledger.csv")
    rows = manifest.read_table(file, COLUMNS)
    assert [row["reader"] for row in rows] == ["ann", "ben"]
    assert (rows[0]["median_seconds"], rows[0]["agreement_before"], rows[0]["left_of"]) == ("1.2", "0", "1")
    assert [line.reader for line in ledger(judged, reader="ben").lines] == ["ben"]


def test_flips_are_held_against_the_trusted_label_set(dataset: Dataset, tmp_path: Path) -> None:
    trusting = request(dataset.root, folder=tmp_path / "trusting", trusted="good", mode="blind-first")
    create_review(trusting, dataset.services.structures)
    opened = dataset.services.open_review(trusting.folder)
    ensure_opinions(opened, ITEM.case)
    commit(opened)
    modes.reveal(opened, "ann", ITEM)
    seen = {"phase": "change", "verdict": {"outcome": "first", "pick": "good", "confidence": 0.9}, "sides": SIDES}
    review.decide(opened, "ann", ITEM, Choice.ACCEPT, candidate=GOOD, position=1, seen=seen)
    found = ledger(opened)
    assert found.trusted == "good"
    assert [flip.helpful for flip in found.lines[0].flips] == [True]


def test_every_mode_has_a_name_that_review_toml_takes() -> None:
    assert [modes.known_mode(mode.value) for mode in Mode] == list(Mode)
