"""The commands that decide an item: accept, edit, none, absent, skip, undo, redo, reasons, quality, note. Layer: ui."""

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.review import Choice
from labelcritic_gui.translation import N_
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
"""The reasons a reader may attach, in the order of the chips."""
_REASON_KEYS = (*(f"Alt+{n}" for n in range(1, 10)), "Alt+0", "Alt+-")
_QUALITIES = {
    3: N_("Quality 3: use as is"),
    2: N_("Quality 2: minor edit"),
    1: N_("Quality 1: major edit"),
    0: N_("Quality 0: redo, or the wrong structure"),
}

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


def _redo(hand: Hand) -> None:
    if hand.station.reading:
        hand.face.flash("decide.redo")
        hand.station.reading.redo()


def _rate(hand: Hand, quality: int) -> None:
    if hand.station.reading:
        hand.station.reading.rate(quality)


def _go_on(hand: Hand) -> None:
    if hand.station.reading:
        hand.station.reading.go_on()


def _recall(hand: Hand, by: int) -> None:
    """Go to the decision before or after among the last ten."""
    if hand.station.reading:
        hand.station.reading.recall(by)


def _toggle_advance(hand: Hand) -> None:
    hand.station.change(auto_advance=not hand.station.settings.auto_advance)


def _toggle_reason(hand: Hand, number: int) -> None:
    """Move the reason on a chip, from 1, to its next state."""
    if hand.station.reading and 0 < number <= len(CHIPS):
        hand.station.reading.toggle_reason(CHIPS[number - 1].value)


def _ask_again(hand: Hand) -> None:
    if hand.station.reading:
        hand.station.reading.ask_again()


DECIDING: tuple[Command, ...] = (
    Command(
        "decide.accept_1",
        N_("Accept candidate 1"),
        ("1",),
        lambda h: _accept(h, 1),
        _C.CANDIDATE_1,
        "Decide",
        N_("accept"),
    ),
    Command(
        "decide.accept_2",
        N_("Accept candidate 2"),
        ("2",),
        lambda h: _accept(h, 2),
        _C.CANDIDATE_2,
        "Decide",
        N_("accept"),
    ),
    Command(
        "decide.accept_3",
        N_("Accept candidate 3"),
        ("3",),
        lambda h: _accept(h, 3),
        _C.CANDIDATE_3,
        "Decide",
        N_("accept"),
    ),
    Command(
        "decide.accept_4",
        N_("Accept candidate 4"),
        ("4",),
        lambda h: _accept(h, 4),
        _C.CANDIDATE_4,
        "Decide",
        N_("accept"),
    ),
    Command(
        "decide.accept_pick",
        N_("Accept the critic's pick"),
        ("Return", "Enter"),
        _accept_pick,
        _C.HAS_PICK,
        "Decide",
        N_("critic's pick"),
        "pick",
    ),
    Command(
        "decide.edit",
        N_("Queue for editing"),
        ("E",),
        lambda h: _choose(h, Choice.EDIT, "decide.edit"),
        _C.ITEM_OPEN,
        "Decide",
        N_("edit"),
        "edit",
    ),
    Command(
        "decide.none",
        N_("None acceptable"),
        ("X",),
        lambda h: _choose(h, Choice.NONE, "decide.none"),
        _C.ITEM_OPEN,
        "Decide",
        N_("none"),
        "none",
    ),
    Command(
        "decide.absent",
        N_("Absence is right"),
        ("0",),
        lambda h: _choose(h, Choice.ABSENT, "decide.absent"),
        _C.ITEM_OPEN,
        "Decide",
        N_("absent"),
        "absent",
    ),
    Command(
        "decide.unjudged",
        N_("Cannot be judged: the image, not the label"),
        ("U",),
        lambda h: _choose(h, Choice.UNJUDGED, "decide.unjudged"),
        _C.ITEM_OPEN,
        "Decide",
        N_("can't judge"),
        "absent",
    ),
    Command(
        "decide.skip",
        N_("Skip: leave it open, at the end"),
        ("S",),
        lambda h: _choose(h, Choice.SKIP, "decide.skip"),
        _C.ITEM_OPEN,
        "Decide",
        N_("skip"),
        "skip",
    ),
    Command(
        "decide.undo",
        N_("Undo my last decision"),
        ("Backspace", "Ctrl+Z"),
        _undo,
        _C.REVIEW_OPEN,
        "Decide",
        N_("undo"),
        "undo",
    ),
    Command(
        "decide.redo",
        N_("Redo what I undid last"),
        ("Shift+Backspace", "Ctrl+Y", "Ctrl+Shift+Z"),
        _redo,
        _C.REVIEW_OPEN,
        "Decide",
        N_("redo"),
        "undo",
    ),
    Command("decide.go_on", N_("Go on to the next open item"), ("Z",), _go_on, _C.ITEM_OPEN, "Go"),
    Command("decide.auto_advance", N_("Go on by itself after a decision, or not"), (), _toggle_advance, menu="Decide"),
    Command(
        "go.recall_back",
        N_("Back to my decision before"),
        ("Ctrl+Left",),
        lambda h: _recall(h, -1),
        _C.REVIEW_OPEN,
        "Go",
    ),
    Command(
        "go.recall_on",
        N_("On to my decision after, then to the open item"),
        ("Ctrl+Right",),
        lambda h: _recall(h, 1),
        _C.REVIEW_OPEN,
        "Go",
    ),
    Command(
        "note.focus", N_("Write a note"), ("Y",), lambda h: h.face.focus_note(), _C.ITEM_OPEN, "Decide", icon="note"
    ),
    Command("critic.ask_again", N_("Ask the critic again"), ("A",), _ask_again, _C.ITEM_OPEN, "Decide"),
    Command(
        "critic.sent",
        N_("Show what was sent to the critic"),
        ("T",),
        lambda h: h.face.show_sent(),
        _C.ADVISED,
        "Decide",
    ),
    *(
        Command(
            f"reason.{n}",
            f"{code.value}: {code.meaning}",
            (key,),
            lambda h, n=n: _toggle_reason(h, n),  # type: ignore[misc]
            _C.ITEM_OPEN,
        )
        for n, (code, key) in enumerate(zip(CHIPS, _REASON_KEYS, strict=True), 1)
    ),
    *(
        Command(
            f"quality.{quality}",
            title,
            (f"Ctrl+{quality}",),
            lambda h, quality=quality: _rate(h, quality),  # type: ignore[misc]
            _C.ITEM_OPEN,
        )
        for quality, title in _QUALITIES.items()
    ),
)
