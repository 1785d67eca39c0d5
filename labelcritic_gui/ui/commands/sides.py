"""The commands about which label sets stand on the stage, and on which side. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_C = Condition
_MENU = "Label sets"
_SIDES = (
    N_("Label set 1 on or off the stage"),
    N_("Label set 2 on or off the stage"),
    N_("Label set 3 on or off the stage"),
    N_("Label set 4 on or off the stage"),
    N_("Label set 5 on or off the stage"),
    N_("Label set 6 on or off the stage"),
    N_("Label set 7 on or off the stage"),
    N_("Label set 8 on or off the stage"),
)


def _swap(hand: Hand) -> None:
    if hand.station.reading:
        hand.station.reading.swap_sides()


def _page(hand: Hand, by: int) -> None:
    if hand.station.reading:
        hand.station.reading.page_sides(by)


def _toggle(hand: Hand, number: int) -> None:
    if hand.station.reading:
        hand.station.reading.toggle_side(number)


def _usual(hand: Hand) -> None:
    if hand.station.reading:
        hand.station.reading.choose_sides(())


def _shuffle(hand: Hand) -> None:
    hand.station.change(shuffle_sides=not hand.station.settings.shuffle_sides)


SIDES: tuple[Command, ...] = (
    Command("sides.swap", N_("Swap the sides of this item"), ("Tab",), _swap, _C.ITEM_OPEN, _MENU),
    Command("sides.next", N_("Next label sets on the stage"), ("F9",), lambda h: _page(h, 1), _C.ITEM_OPEN, _MENU),
    Command(
        "sides.previous",
        N_("Previous label sets on the stage"),
        ("Shift+F9",),
        lambda h: _page(h, -1),
        _C.ITEM_OPEN,
        _MENU,
    ),
    Command("sides.usual", N_("The usual label sets on the stage"), (), _usual, _C.ITEM_OPEN, _MENU),
    Command("sides.shuffle", N_("Shuffle the sides of every item, or not"), (), _shuffle, menu=_MENU),
    *(
        Command(
            f"sides.toggle_{n}",
            title,
            (f"Ctrl+F{n}",),
            lambda h, n=n: _toggle(h, n),  # type: ignore[misc]
            _C.ITEM_OPEN,
            _MENU,
        )
        for n, title in enumerate(_SIDES, 1)
    ),
)
