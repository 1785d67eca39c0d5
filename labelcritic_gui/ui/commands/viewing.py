"""The commands of the stage: what is drawn, from where, and how near. Layer: ui."""

from collections.abc import Callable

from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.viewmodels.context import Condition
from labelcritic_gui.viewmodels.looking import PRESET_NAMES

_C = Condition
SLICES_ON = 10
_SLICES = "Slices"


def _step(by: int) -> Callable[[Hand], None]:
    return lambda hand: hand.station.looking.step_slice(by)


def _preset(name: str) -> Callable[[Hand], None]:
    return lambda hand: hand.station.looking.show_window(name)


PRESET_TITLES = {
    "abdomen": N_("Window: abdomen"),
    "liver": N_("Window: liver"),
    "lung": N_("Window: lung"),
    "bone": N_("Window: bone"),
    "mediastinum": N_("Window: mediastinum"),
    "brain": N_("Window: brain"),
    "full": N_("Window: full"),
}

VIEWING: tuple[Command, ...] = (
    Command(
        "view.mode",
        N_("Projection or slices"),
        ("Space",),
        lambda h: h.station.looking.toggle_mode(),
        _C.ITEM_OPEN,
        "View",
    ),
    Command("view.plane", N_("Next plane"), ("Q",), lambda h: h.station.looking.cycle_plane(), _C.ITEM_OPEN, "View"),
    Command(
        "view.planes",
        N_("One large plane or three"),
        ("L",),
        lambda h: h.station.looking.toggle_planes(),
        _C.ITEM_OPEN,
        _SLICES,
    ),
    Command(
        "view.ray",
        N_("Projection: mean or maximum"),
        ("Shift+W",),
        lambda h: h.station.looking.toggle_ray(),
        _C.ITEM_OPEN,
        "View",
    ),
    Command(
        "view.projection", N_("Next window"), ("W",), lambda h: h.station.looking.cycle_window(), _C.ITEM_OPEN, "View"
    ),
    *(
        Command(f"view.window_{name}", PRESET_TITLES[name], (f"F{n}",), _preset(name), _C.SLICES, _SLICES)
        for n, name in enumerate(PRESET_NAMES, 2)
    ),
    Command(
        "view.overlay",
        N_("Masks on or off"),
        ("O",),
        lambda h: h.station.looking.toggle_overlay(),
        _C.REVIEW_OPEN,
        "View",
    ),
    Command(
        "view.style",
        N_("Fill, outline or both"),
        ("F",),
        lambda h: h.station.looking.cycle_style(),
        _C.REVIEW_OPEN,
        "View",
    ),
    Command(
        "view.thinner",
        N_("Thinner fill"),
        ("[",),
        lambda h: h.station.looking.step_opacity(-1),
        _C.REVIEW_OPEN,
        "View",
        repeat=True,
    ),
    Command(
        "view.denser",
        N_("Denser fill"),
        ("]",),
        lambda h: h.station.looking.step_opacity(1),
        _C.REVIEW_OPEN,
        "View",
        repeat=True,
    ),
    Command(
        "view.neighbours",
        N_("All structures dimly"),
        ("H",),
        lambda h: h.station.looking.toggle_neighbours(),
        _C.ITEM_OPEN,
        "View",
    ),
    Command(
        "view.crosshair",
        N_("Crosshair on or off"),
        ("C",),
        lambda h: h.station.looking.toggle_crosshair(),
        _C.REVIEW_OPEN,
        _SLICES,
    ),
    Command(
        "view.measure",
        N_("Measure a distance"),
        ("M",),
        lambda h: h.station.looking.toggle_measuring(),
        _C.ITEM_OPEN,
        "View",
    ),
    Command("view.zoom_in", N_("Zoom in"), ("+", "="), lambda h: h.face.zoom(1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.zoom_out", N_("Zoom out"), ("-",), lambda h: h.face.zoom(-1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.reset", N_("Show the whole picture"), ("R",), lambda h: h.face.reset_view(), _C.ITEM_OPEN, "View"),
    Command("slice.next", N_("Next slice"), ("Right", "."), _step(1), _C.SLICES, _SLICES, repeat=True),
    Command("slice.previous", N_("Previous slice"), ("Left", ","), _step(-1), _C.SLICES, _SLICES, repeat=True),
    Command(
        "slice.on", N_("Ten slices on"), ("Shift+Right", "PgUp"), _step(SLICES_ON), _C.SLICES, _SLICES, repeat=True
    ),
    Command(
        "slice.back",
        N_("Ten slices back"),
        ("Shift+Left", "PgDown"),
        _step(-SLICES_ON),
        _C.SLICES,
        _SLICES,
        repeat=True,
    ),
    Command(
        "slice.first",
        N_("First slice of the structure"),
        ("Home",),
        lambda h: h.station.looking.to_end(last=False),
        _C.SLICES,
        _SLICES,
    ),
    Command(
        "slice.last",
        N_("Last slice of the structure"),
        ("End",),
        lambda h: h.station.looking.to_end(last=True),
        _C.SLICES,
        _SLICES,
    ),
    Command("view.files", N_("About these files"), ("I",), lambda h: h.face.show_files(), _C.ADVISED, "View"),
)
