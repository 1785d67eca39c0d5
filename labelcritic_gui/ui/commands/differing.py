"""The commands for seeing differences: blink, swipe, overlay, and the tour around them. Layer: ui."""

from collections.abc import Callable

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels import differing
from labelcritic_gui.viewmodels.context import Condition
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.tour import Touring

_C = Condition
_MENU = "Differences"


def _look(change: Callable[[Looking], object]) -> Callable[[Hand], None]:
    return lambda hand: _done(change(hand.station.looking))


def _divide(steps: int) -> Callable[[Hand], None]:
    return lambda hand: differing.move_divider(hand.station.looking, steps)


def _tour(go: Callable[[Touring], object]) -> Callable[[Hand], None]:
    return lambda hand: _done(go(hand.station.tour) if hand.station.tour is not None else None)


def _done(_: object) -> None:
    """Nothing is made of what was returned."""


def _end(hand: Hand) -> None:
    """End the tour, or else the overlay, blink or swipe."""
    tour = hand.station.tour
    if tour is None or not tour.leave():
        differing.plain(hand.station.looking)


DIFFERING: tuple[Command, ...] = (
    Command("tour.next", N_("Next difference"), ("N",), _tour(Touring.next), _C.CANDIDATE_2, _MENU),
    Command("tour.previous", N_("Previous difference"), ("Shift+N",), _tour(Touring.previous), _C.CANDIDATE_2, _MENU),
    Command(
        "see.difference", N_("Difference overlay"), ("D",), _look(differing.toggle_difference), _C.CANDIDATE_2, _MENU
    ),
    Command(
        "see.blink",
        N_("Blink: the other mask here"),
        ("B",),
        _look(differing.blink),
        _C.CANDIDATE_2,
        _MENU,
        repeat=True,
    ),
    Command(
        "see.swipe", N_("Swipe: both in one picture"), ("V",), _look(differing.toggle_swipe), _C.CANDIDATE_2, _MENU
    ),
    Command(
        "see.divider_left",
        N_("Divider to the left"),
        ("Ctrl+Shift+Left",),
        _divide(-1),
        _C.CANDIDATE_2,
        _MENU,
        repeat=True,
    ),
    Command(
        "see.divider_right",
        N_("Divider to the right"),
        ("Ctrl+Shift+Right",),
        _divide(1),
        _C.CANDIDATE_2,
        _MENU,
        repeat=True,
    ),
    Command("see.plain", N_("Tour and differences off"), ("Shift+Esc",), _end, _C.ITEM_OPEN, _MENU),
)
