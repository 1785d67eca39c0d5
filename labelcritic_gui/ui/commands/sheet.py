"""The commands of the contact sheet: a digit an item, one key for all that is marked. Layer: ui."""

from collections.abc import Callable

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.ui.commands.leaving import field_first
from labelcritic_gui.viewmodels.context import Condition
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.sheet.sheet import ContactSheet

_OPEN, _SHEET = Condition.REVIEW_OPEN, ScreenMode.SHEET


def _on_sheet(act: Callable[[ContactSheet], object]) -> Callable[[Hand], None]:
    """Return a command that does something with the open review's contact sheet."""

    def call(hand: Hand) -> None:
        sheet = hand.station.sheet()
        if sheet is not None:
            act(sheet)

    return call


def _turn(place: int) -> Callable[[Hand], None]:
    return _on_sheet(lambda sheet: sheet.board.turn(place))


def _move(across: int, down: int) -> Callable[[Hand], None]:
    return _on_sheet(lambda sheet: sheet.board.move(across, down))


_BACK = field_first(_on_sheet(ContactSheet.close))

_MARKS = (
    N_("Mark item 1, or another candidate"),
    N_("Mark item 2, or another candidate"),
    N_("Mark item 3, or another candidate"),
    N_("Mark item 4, or another candidate"),
    N_("Mark item 5, or another candidate"),
    N_("Mark item 6, or another candidate"),
    N_("Mark item 7, or another candidate"),
    N_("Mark item 8, or another candidate"),
    N_("Mark item 9, or another candidate"),
)
"""A title a cell: a number that is put into a text could not be found in a catalogue."""

SHEET: tuple[Command, ...] = (
    Command("go.sheet", N_("Contact sheet: nine at a time"), ("G",), _on_sheet(ContactSheet.open), _OPEN, "Go"),
    *(
        Command(
            f"sheet.mark_{n}",
            title,
            (str(n),),
            _turn(n - 1),
            _OPEN,
            mode=_SHEET,
        )
        for n, title in enumerate(_MARKS, 1)
    ),
    Command(
        "sheet.sure",
        N_("Mark all sure picks"),
        ("A",),
        _on_sheet(ContactSheet.mark_sure),
        _OPEN,
        short=N_("mark sure picks"),
        mode=_SHEET,
    ),
    Command(
        "sheet.write",
        N_("Write what is marked, and go on"),
        ("Return", "Enter"),
        _on_sheet(ContactSheet.write),
        _OPEN,
        short=N_("write and go on"),
        mode=_SHEET,
    ),
    Command(
        "sheet.undo",
        N_("Undo my last decision on the sheet"),
        ("Backspace", "Ctrl+Z"),
        _on_sheet(ContactSheet.undo),
        _OPEN,
        short=N_("undo"),
        mode=_SHEET,
    ),
    Command(
        "sheet.open",
        N_("Open the selected item on the stage"),
        ("O",),
        _on_sheet(ContactSheet.open_selected),
        _OPEN,
        short=N_("open"),
        mode=_SHEET,
    ),
    Command(
        "sheet.next",
        N_("Next nine, writing nothing"),
        ("PgDown",),
        _on_sheet(ContactSheet.next_page),
        _OPEN,
        short=N_("next"),
        mode=_SHEET,
    ),
    Command(
        "sheet.previous",
        N_("The nine before"),
        ("PgUp",),
        _on_sheet(ContactSheet.previous_page),
        _OPEN,
        short=N_("before"),
        mode=_SHEET,
    ),
    Command("sheet.back", N_("Back to the stage"), ("Esc", "G"), _BACK, _OPEN, short=N_("back"), mode=_SHEET),
    Command("sheet.left", N_("Select the item before"), ("Left",), _move(-1, 0), _OPEN, repeat=True, mode=_SHEET),
    Command("sheet.right", N_("Select the next item"), ("Right",), _move(1, 0), _OPEN, repeat=True, mode=_SHEET),
    Command("sheet.up", N_("Select the item above"), ("Up",), _move(0, -1), _OPEN, repeat=True, mode=_SHEET),
    Command("sheet.down", N_("Select the item below"), ("Down",), _move(0, 1), _OPEN, repeat=True, mode=_SHEET),
    Command(
        "sheet.filter",
        N_("Filter the list beside the sheet"),
        ("/",),
        lambda h: h.face.focus_filter(),
        _OPEN,
        mode=_SHEET,
    ),
)
