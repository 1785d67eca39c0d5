"""The commands of the list: next, previous, filter, order. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_C = Condition


def _walk(hand: Hand, by: int) -> None:
    """Go up or down the list."""
    if hand.station.reading:
        hand.station.reading.walk(by)


def _reorder(hand: Hand) -> None:
    if hand.station.worklist:
        hand.station.worklist.load()


def _leave(hand: Hand) -> None:
    """Put the ruler away, or else end the tour, and take the cursor out of a text field."""
    if not hand.station.looking.clear_measure() and hand.station.tour is not None:
        hand.station.tour.leave()
    hand.face.focus_stage()


GOING: tuple[Command, ...] = (
    Command("go.next", N_("Next in the list"), ("J", "Down"), lambda h: _walk(h, 1), _C.REVIEW_OPEN, "Go", repeat=True),
    Command(
        "go.previous",
        N_("Previous in the list"),
        ("K", "Up"),
        lambda h: _walk(h, -1),
        _C.REVIEW_OPEN,
        "Go",
        repeat=True,
    ),
    Command(
        "go.filter", N_("Filter the list"), ("/",), lambda h: h.face.focus_filter(), _C.REVIEW_OPEN, "Go", icon="search"
    ),
    Command("go.order", N_("Order the list anew"), ("Ctrl+R",), _reorder, _C.REVIEW_OPEN, "Go"),
    Command("go.stage", N_("Leave a text field; put the ruler away; end the tour"), ("Esc",), _leave, menu="Go"),
)
