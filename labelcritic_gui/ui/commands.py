"""The command table: menus, buttons, tooltips, the key sheet and the README's key table come from it. Layer: ui."""

from collections.abc import Callable
from dataclasses import dataclass

from labelcritic_gui.ui.actions import Actions
from labelcritic_gui.viewmodels.context import Condition

MENUS = ("Review", "Decide", "View", "Go", "Help")


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can do. `keys` are alternatives in Qt's portable spelling; the first is shown.

    `repeat` lets a held key repeat the command: never for decisions. `short` is the word on a button.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    call: Callable[[Actions], None]
    when: Condition = Condition.ALWAYS
    menu: str = ""
    short: str = ""
    icon: str = ""
    repeat: bool = False


_C = Condition

COMMANDS: tuple[Command, ...] = (
    Command("review.new", "New review…", ("Ctrl+N",), Actions.new_review, menu="Review", icon="new"),
    Command("review.open", "Open a review…", ("Ctrl+O",), Actions.open_review, menu="Review", icon="open"),
    Command(
        "review.demonstrate", "Open the demonstration", (), Actions.demonstrate, menu="Review", icon="demonstration"
    ),
    Command(
        "review.export",
        "Export what was accepted…",
        ("Ctrl+E",),
        Actions.export,
        _C.REVIEW_OPEN,
        "Review",
        icon="export",
    ),
    Command("review.critic", "Critic and server…", ("Ctrl+L",), Actions.choose_critic, menu="Review", icon="server"),
    Command("review.serve", "Model server…", ("Ctrl+M",), Actions.serve_model, menu="Review", icon="server"),
    Command("review.audit", "Audit the critic…", ("Ctrl+U",), Actions.audit, _C.REVIEW_OPEN, "Review", icon="audit"),
    Command(
        "review.bench",
        "Can I trust this critic? The bench…",
        ("Ctrl+B",),
        Actions.bench,
        _C.REVIEW_OPEN,
        "Review",
        icon="audit",
    ),
    Command(
        "review.outliers",
        "Outliers of this review…",
        ("Ctrl+D",),
        Actions.outliers,
        _C.REVIEW_OPEN,
        "Review",
        icon="search",
    ),
    Command("review.prompts", "Edit the prompts…", ("Ctrl+P",), Actions.edit_prompts, menu="Review", icon="note"),
    Command("review.close", "Close the review", ("Ctrl+W",), Actions.close_review, _C.REVIEW_OPEN, "Review"),
    Command("app.quit", "Quit", ("Ctrl+Q",), Actions.quit, menu="Review"),
    Command("decide.accept_1", "Accept candidate 1", ("1",), lambda a: a.accept(1), _C.CANDIDATE_1, "Decide", "accept"),
    Command("decide.accept_2", "Accept candidate 2", ("2",), lambda a: a.accept(2), _C.CANDIDATE_2, "Decide", "accept"),
    Command("decide.accept_3", "Accept candidate 3", ("3",), lambda a: a.accept(3), _C.CANDIDATE_3, "Decide", "accept"),
    Command("decide.accept_4", "Accept candidate 4", ("4",), lambda a: a.accept(4), _C.CANDIDATE_4, "Decide", "accept"),
    Command(
        "decide.accept_pick",
        "Accept the critic's pick",
        ("Return", "Enter"),
        Actions.accept_pick,
        _C.HAS_PICK,
        "Decide",
        "critic's pick",
        "pick",
    ),
    Command("decide.edit", "Queue for editing", ("E",), Actions.queue_edit, _C.ITEM_OPEN, "Decide", "edit", "edit"),
    Command("decide.none", "None acceptable", ("X",), Actions.reject_all, _C.ITEM_OPEN, "Decide", "none", "none"),
    Command("decide.absent", "Absence is right", ("0",), Actions.absent, _C.ITEM_OPEN, "Decide", "absent", "absent"),
    Command(
        "decide.skip", "Skip: leave it open, at the end", ("S",), Actions.skip, _C.ITEM_OPEN, "Decide", "skip", "skip"
    ),
    Command(
        "decide.undo", "Undo my last decision", ("Backspace",), Actions.undo, _C.REVIEW_OPEN, "Decide", "undo", "undo"
    ),
    Command("note.focus", "Write a note", ("N",), Actions.focus_note, _C.ITEM_OPEN, "Decide", icon="note"),
    Command("critic.ask_again", "Ask the critic again", ("A",), Actions.ask_again, _C.ITEM_OPEN, "Decide"),
    Command("critic.sent", "Show what was sent to the critic", ("T",), Actions.show_sent, _C.ITEM_OPEN, "Decide"),
    Command("view.projection", "Next projection window", ("W",), Actions.cycle_projection, _C.ITEM_OPEN, "View"),
    Command("view.overlay", "Masks on or off", ("O",), Actions.toggle_overlay, _C.REVIEW_OPEN, "View"),
    Command("view.style", "Fill, outline or both", ("F",), Actions.cycle_style, _C.REVIEW_OPEN, "View"),
    Command("view.thinner", "Thinner fill", ("[",), lambda a: a.step_opacity(-1), _C.REVIEW_OPEN, "View", repeat=True),
    Command("view.denser", "Denser fill", ("]",), lambda a: a.step_opacity(1), _C.REVIEW_OPEN, "View", repeat=True),
    Command("view.zoom_in", "Zoom in", ("+", "="), lambda a: a.zoom(1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.zoom_out", "Zoom out", ("-",), lambda a: a.zoom(-1), _C.ITEM_OPEN, "View", repeat=True),
    Command("view.reset", "Show the whole picture", ("R",), Actions.reset_view, _C.ITEM_OPEN, "View"),
    Command("view.files", "About these files", ("I",), Actions.show_files, _C.ITEM_OPEN, "View"),
    Command("view.theme", "Dark or light", ("Ctrl+T",), Actions.toggle_theme, menu="View"),
    Command("view.larger", "Larger type", ("Ctrl++", "Ctrl+="), lambda a: a.scale_type(1), menu="View"),
    Command("view.smaller", "Smaller type", ("Ctrl+-",), lambda a: a.scale_type(-1), menu="View"),
    Command("go.next", "Next in the list", ("J", "Down"), lambda a: a.walk(1), _C.REVIEW_OPEN, "Go", repeat=True),
    Command(
        "go.previous", "Previous in the list", ("K", "Up"), lambda a: a.walk(-1), _C.REVIEW_OPEN, "Go", repeat=True
    ),
    Command("go.filter", "Filter the list", ("/",), Actions.focus_filter, _C.REVIEW_OPEN, "Go", icon="search"),
    Command("go.order", "Order the list anew", ("Ctrl+R",), Actions.reorder, _C.REVIEW_OPEN, "Go"),
    Command("go.stage", "Leave a text field", ("Esc",), Actions.leave_field, menu="Go"),
    Command("help.keys", "Keys", ("F1",), Actions.show_keys, menu="Help", icon="info"),
    Command("help.about", "About Label Critic", (), Actions.about, menu="Help"),
    *(
        Command(f"reason.{n}", f"Reason {n} on or off", (f"Alt+{n}",), lambda a, n=n: a.toggle_reason(n), _C.ITEM_OPEN)  # type: ignore[misc]
        for n in range(1, 10)
    ),
)

BY_ID = {command.id: command for command in COMMANDS}


def key_table_markdown() -> str:
    """Return the keys as a Markdown table, for the README."""
    lines = ["| key | what it does |", "|---|---|"]
    for command in COMMANDS:
        if command.keys:
            keys = " or ".join(f"`{key}`" for key in command.keys)
            lines.append(f"| {keys} | {command.title} |")
    return "\n".join(lines) + "\n"
