"""The commands of the list itself: groups, columns, filters of one's own, orders. Layer: ui."""

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_OPEN = Condition.REVIEW_OPEN
_LIST = "List"


def _group(hand: Hand) -> None:
    kept = hand.station.list_keeping
    kept.group(not kept.grouped)


def _fold(hand: Hand) -> None:
    """Fold the case of the item on the stage, or open it again."""
    if hand.station.worklist and hand.station.reading:
        hand.station.worklist.lines.turn_for(hand.station.reading.item)


def _fold_all(hand: Hand, folded: bool) -> None:
    if hand.station.worklist:
        hand.station.worklist.lines.fold_all(folded)


def _turn(hand: Hand) -> None:
    if hand.station.worklist:
        hand.station.worklist.ask(descending=not hand.station.worklist.query.descending)


def _sort(hand: Hand, sort: str, *, first: bool = False) -> None:
    if hand.station.worklist:
        hand.station.worklist.ask(sort=sort, descending=first)


LISTING: tuple[Command, ...] = (
    Command("list.enter", N_("Go into the list"), ("Alt+L",), lambda h: h.face.focus_list(), _OPEN, _LIST),
    Command("list.clear", N_("Show every item"), ("Alt+A",), lambda h: h.face.clear_filter(), _OPEN, _LIST),
    Command("list.filters", N_("Save and manage filters"), ("Alt+F",), lambda h: h.face.ask_filters(), _OPEN, _LIST),
    Command("list.columns", N_("Choose the columns"), ("Alt+C",), lambda h: h.face.choose_columns(), _OPEN, _LIST),
    Command("list.group", N_("Group by case, or not"), ("Alt+G",), _group, _OPEN, _LIST),
    Command("list.fold", N_("Fold or open this case"), ("Alt+Left",), _fold, _OPEN, _LIST),
    Command("list.fold_all", N_("Fold every case"), ("Alt+Up",), lambda h: _fold_all(h, True), _OPEN, _LIST),
    Command("list.open_all", N_("Open every case"), ("Alt+Down",), lambda h: _fold_all(h, False), _OPEN, _LIST),
    Command("list.turn", N_("Turn the order around"), ("Alt+R",), _turn, _OPEN, _LIST),
    Command("list.by_attention", N_("Sort by attention"), (), lambda h: _sort(h, "attention"), _OPEN, _LIST),
    Command("list.by_case", N_("Sort by case"), (), lambda h: _sort(h, "case"), _OPEN, _LIST),
    Command("list.by_structure", N_("Sort by structure"), (), lambda h: _sort(h, "structure"), _OPEN, _LIST),
    Command("list.by_dice", N_("Sort by Dice"), (), lambda h: _sort(h, "dice"), _OPEN, _LIST),
)
