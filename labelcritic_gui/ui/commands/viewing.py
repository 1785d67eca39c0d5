"""The commands of the stage: what is drawn, and how near. Layer: ui."""

from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition

_C = Condition


def _cycle_projection(hand: Hand) -> None:
    reading = hand.station.reading
    if reading and reading.stage:
        hand.station.display.cycle_projection(tuple(reading.stage.pictures))


def _thinner(hand: Hand) -> None:
    hand.station.display.step_opacity(-1)


def _denser(hand: Hand) -> None:
    hand.station.display.step_opacity(1)


VIEWING: tuple[Command, ...] = (
    Command("view.projection", "Next projection window", ("W",), _cycle_projection, _C.ITEM_OPEN, "View"),
    Command(
        "view.overlay", "Masks on or off", ("O",), lambda h: h.station.display.toggle_overlay(), _C.REVIEW_OPEN, "View"
    ),
    Command(
        "view.style", "Fill, outline or both", ("F",), lambda h: h.station.display.cycle_style(), _C.REVIEW_OPEN, "View"
    ),
    Command("view.thinner", "Thinner fill", ("[",), _thinner, _C.REVIEW_OPEN, "View", repeat=True),
    Command("view.denser", "Denser fill", ("]",), _denser, _C.REVIEW_OPEN, "View", repeat=True),
    Command("view.zoom_in", "Zoom in", ("+", "="), lambda h: h.face.zoom(1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.zoom_out", "Zoom out", ("-",), lambda h: h.face.zoom(-1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.reset", "Show the whole picture", ("R",), lambda h: h.face.reset_view(), _C.ITEM_OPEN, "View"),
    Command("view.files", "About these files", ("I",), lambda h: h.face.show_files(), _C.ITEM_OPEN, "View"),
)
