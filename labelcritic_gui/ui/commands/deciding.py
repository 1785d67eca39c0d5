"""The commands that decide an item: accept, edit, none, absent, skip, undo, reasons, note. Layer: ui."""

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

CHIPS = (
    FindingCode.LEAK,
    FindingCode.MISS,
    FindingCode.CUT,
    FindingCode.SIDE,
    FindingCode.SHIFT,
    FindingCode.WRONG,
    FindingCode.ISLE,
    FindingCode.HOLE,
    FindingCode.EDGE,
    FindingCode.OUT,
    FindingCode.IMG,
)
"""The reasons a reader may attach, in the order of the chips; the first nine have Alt and a digit."""

_C = Condition


def _accept(hand: Hand, position: int) -> None:
    """Accept the candidate on a panel, from 1."""
    if hand.station.reading:
        hand.face.flash(f"decide.accept_{position}")
        hand.station.reading.accept(position)


def _accept_pick(hand: Hand) -> None:
    if hand.station.reading:
        hand.face.flash("decide.accept_pick")
        hand.station.reading.accept_pick()


def _choose(hand: Hand, choice: Choice, command: str) -> None:
    if hand.station.reading:
        hand.face.flash(command)
        hand.station.reading.choose(choice)


def _undo(hand: Hand) -> None:
    if hand.station.reading:
        hand.face.flash("decide.undo")
        hand.station.reading.undo()


def _toggle_reason(hand: Hand, number: int) -> None:
    """Attach or take off the reason on a chip, from 1."""
    if hand.station.reading and 0 < number <= len(CHIPS):
        hand.station.reading.toggle_reason(CHIPS[number - 1].value)


def _ask_again(hand: Hand) -> None:
    if hand.station.reading:
        hand.station.reading.ask_again()


DECIDING: tuple[Command, ...] = (
    Command(
        "decide.accept_1", "Accept candidate 1", ("1",), lambda h: _accept(h, 1), _C.CANDIDATE_1, "Decide", "accept"
    ),
    Command(
        "decide.accept_2", "Accept candidate 2", ("2",), lambda h: _accept(h, 2), _C.CANDIDATE_2, "Decide", "accept"
    ),
    Command(
        "decide.accept_3", "Accept candidate 3", ("3",), lambda h: _accept(h, 3), _C.CANDIDATE_3, "Decide", "accept"
    ),
    Command(
        "decide.accept_4", "Accept candidate 4", ("4",), lambda h: _accept(h, 4), _C.CANDIDATE_4, "Decide", "accept"
    ),
    Command(
        "decide.accept_pick",
        "Accept the critic's pick",
        ("Return", "Enter"),
        _accept_pick,
        _C.HAS_PICK,
        "Decide",
        "critic's pick",
        "pick",
    ),
    Command(
        "decide.edit",
        "Queue for editing",
        ("E",),
        lambda h: _choose(h, Choice.EDIT, "decide.edit"),
        _C.ITEM_OPEN,
        "Decide",
        "edit",
        "edit",
    ),
    Command(
        "decide.none",
        "None acceptable",
        ("X",),
        lambda h: _choose(h, Choice.NONE, "decide.none"),
        _C.ITEM_OPEN,
        "Decide",
        "none",
        "none",
    ),
    Command(
        "decide.absent",
        "Absence is right",
        ("0",),
        lambda h: _choose(h, Choice.ABSENT, "decide.absent"),
        _C.ITEM_OPEN,
        "Decide",
        "absent",
        "absent",
    ),
    Command(
        "decide.skip",
        "Skip: leave it open, at the end",
        ("S",),
        lambda h: _choose(h, Choice.SKIP, "decide.skip"),
        _C.ITEM_OPEN,
        "Decide",
        "skip",
        "skip",
    ),
    Command(
        "decide.undo", "Undo my last decision", ("Backspace", "Ctrl+Z"), _undo, _C.REVIEW_OPEN, "Decide", "undo", "undo"
    ),
    Command("note.focus", "Write a note", ("Y",), lambda h: h.face.focus_note(), _C.ITEM_OPEN, "Decide", icon="note"),
    Command("critic.ask_again", "Ask the critic again", ("A",), _ask_again, _C.ITEM_OPEN, "Decide"),
    Command(
        "critic.sent", "Show what was sent to the critic", ("T",), lambda h: h.face.show_sent(), _C.ITEM_OPEN, "Decide"
    ),
    *(
        Command(
            f"reason.{n}",
            f"Reason {n} on or off",
            (f"Alt+{n}",),
            lambda h, n=n: _toggle_reason(h, n),  # type: ignore[misc]
            _C.ITEM_OPEN,
        )
        for n in range(1, 10)
    ),
)
