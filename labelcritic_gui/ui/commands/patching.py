"""The commands of the patchwork: whose opinion counts where, islands, holes, the largest part. Layer: ui."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from labelcritic_gui.core.patchwork.recipe import Source
from labelcritic_gui.translation import N_
from labelcritic_gui.ui.commands.command import Command, Hand
from labelcritic_gui.ui.commands.leaving import field_first
from labelcritic_gui.viewmodels.context import Condition
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
from labelcritic_gui.viewmodels.screens import ScreenMode

_OPEN, _ITEM, _MODE = Condition.REVIEW_OPEN, Condition.ITEM_OPEN, ScreenMode.PATCHWORK
LEFT_OUT = ("view.mode", "view.ray", "view.files", "view.neighbours")
"""Of the stage's commands, those that have no place here, or whose key means something else."""


def _on_patchwork(act: Callable[[Patchwork], object]) -> Callable[[Hand], None]:
    """Return a command that does something with the open review's patchwork."""

    def call(hand: Hand) -> None:
        patchwork = hand.station.patchwork()
        if patchwork is not None:
            act(patchwork)

    return call


def _take(source: int) -> Callable[[Hand], None]:
    return _on_patchwork(lambda patchwork: patchwork.take(source))


def _start(source: Source) -> Callable[[Hand], None]:
    return _on_patchwork(lambda patchwork: patchwork.begin_with(source))


def _leave(hand: Hand) -> None:
    """Put the ruler away first, then leave."""
    if not hand.station.looking.clear_measure():
        _on_patchwork(Patchwork.leave)(hand)


_OWN: tuple[Command, ...] = (
    *(
        Command(
            f"patchwork.take_{n}",
            N_("Take the region as candidate {n} has it").format(n=n),
            (str(n),),
            _take(n),
            _ITEM,
            mode=_MODE,
        )
        for n in range(1, 5)
    ),
    Command(
        "patchwork.drop",
        N_("Leave the region out"),
        ("0",),
        _on_patchwork(Patchwork.drop),
        _ITEM,
        short=N_("drop"),
        mode=_MODE,
    ),
    Command(
        "patchwork.toggle",
        N_("Region in or out"),
        ("Space",),
        _on_patchwork(Patchwork.toggle),
        _ITEM,
        mode=_MODE,
    ),
    Command(
        "patchwork.next",
        N_("Next region"),
        ("N", "Down"),
        _on_patchwork(lambda p: p.go(1)),
        _ITEM,
        short=N_("next"),
        repeat=True,
        mode=_MODE,
    ),
    Command(
        "patchwork.previous",
        N_("Previous region"),
        ("Shift+N", "Up"),
        _on_patchwork(lambda p: p.go(-1)),
        _ITEM,
        repeat=True,
        mode=_MODE,
    ),
    Command(
        "patchwork.islands",
        N_("Drop the islands"),
        ("I",),
        _on_patchwork(Patchwork.drop_islands),
        _ITEM,
        short=N_("islands"),
        mode=_MODE,
    ),
    Command(
        "patchwork.holes",
        N_("Fill the holes"),
        ("H",),
        _on_patchwork(Patchwork.fill_holes),
        _ITEM,
        short=N_("holes"),
        mode=_MODE,
    ),
    Command(
        "patchwork.largest",
        N_("Keep the largest part only"),
        ("K",),
        _on_patchwork(Patchwork.keep_largest),
        _ITEM,
        short=N_("largest"),
        mode=_MODE,
    ),
    *(
        Command(
            f"patchwork.start_{n}",
            N_("Start from candidate {n}").format(n=n),
            (f"Ctrl+{n}",),
            _start(n),
            _ITEM,
            mode=_MODE,
        )
        for n in range(1, 5)
    ),
    Command("patchwork.start_all", N_("Start from what all claim"), ("A",), _start("intersection"), _ITEM, mode=_MODE),
    Command("patchwork.start_any", N_("Start from what any claims"), ("Shift+A",), _start("union"), _ITEM, mode=_MODE),
    Command(
        "patchwork.undo",
        N_("Take the last step back"),
        ("Backspace", "Ctrl+Z"),
        _on_patchwork(Patchwork.undo),
        _ITEM,
        short=N_("undo"),
        mode=_MODE,
    ),
    Command(
        "patchwork.redo",
        N_("Do the step again"),
        ("Shift+Backspace", "Ctrl+Y", "Ctrl+Shift+Z"),
        _on_patchwork(Patchwork.redo),
        _ITEM,
        mode=_MODE,
    ),
    Command(
        "patchwork.make",
        N_("Make the candidate and accept it"),
        ("Return", "Enter"),
        _on_patchwork(Patchwork.make),
        _ITEM,
        short=N_("accept"),
        mode=_MODE,
    ),
    Command(
        "patchwork.leave",
        N_("Leave without making anything"),
        ("Esc", "P"),
        field_first(_leave),
        _OPEN,
        short=N_("leave"),
        mode=_MODE,
    ),
)


def lent(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return the stage's commands with the patchwork as one more screen of theirs, where they have a place there."""
    return tuple(c if c.id in LEFT_OUT else replace(c, also=(*c.also, _MODE)) for c in commands)


PATCHING: tuple[Command, ...] = (
    Command(
        "go.patchwork",
        N_("Patchwork: piece a mask together"),
        ("P",),
        _on_patchwork(Patchwork.open),
        _ITEM,
        "Go",
        short=N_("patchwork"),
    ),
    *_OWN,
)
