"""What the commands do, said once: to the reading, to the stage, or by a dialog. Layer: ui."""

from typing import Protocol

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.review import Choice
from labelcritic_gui.viewmodels.station import Station

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
"""The reasons a reader may attach, in the order of the chips; the first nine have Alt and a digit."""

TYPE_STEP = 0.1


class Face(Protocol):
    """The parts of the window that commands reach for."""

    def zoom(self, steps: int) -> None:
        """Zoom every panel."""

    def reset_view(self) -> None:
        """Show the whole picture in every panel."""

    def focus_note(self) -> None:
        """Put the cursor in the note."""

    def focus_filter(self) -> None:
        """Put the cursor in the filter."""

    def focus_stage(self) -> None:
        """Take the cursor out of any text field."""

    def flash(self, command: str) -> None:
        """Light the button of a decision."""

    def ask_new_review(self) -> None:
        """Ask for images and label sets, make a review of them and open it."""

    def ask_review(self) -> None:
        """Ask for a review folder and open it."""

    def ask_demonstration(self) -> None:
        """Open the demonstration, made where it belongs."""

    def ask_export(self) -> None:
        """Ask for an empty folder and export."""

    def ask_critic(self) -> None:
        """Ask which critic, and which server."""

    def ask_model_server(self) -> None:
        """Start, watch and stop a model server on this machine."""

    def ask_audit(self) -> None:
        """Ask which tests to put to the critic, and put them."""

    def ask_bench(self) -> None:
        """Ask which errors to plant in known labels, and put the critic to them."""

    def show_outliers(self) -> None:
        """Show what is unusual among the cases of the review."""

    def ask_prompts(self) -> None:
        """Edit what models are told."""

    def show_sent(self) -> None:
        """Show what the critic was asked."""

    def show_files(self) -> None:
        """Show what the files of the open item are."""

    def show_keys(self) -> None:
        """Show the key sheet."""

    def show_about(self) -> None:
        """Show what this program is."""

    def quit(self) -> None:
        """Close the window."""


class Actions:
    """One method per command; each does nothing when its condition does not hold."""

    def __init__(self, station: Station, face: Face) -> None:
        self._station = station
        self._face = face

    def accept(self, position: int) -> None:
        """Accept the candidate on a panel, from 1."""
        if self._station.reading:
            self._face.flash(f"decide.accept_{position}")
            self._station.reading.accept(position)

    def accept_pick(self) -> None:
        """Accept what the critic picked."""
        if self._station.reading:
            self._face.flash("decide.accept_pick")
            self._station.reading.accept_pick()

    def queue_edit(self) -> None:
        """Queue the item for editing."""
        self._choose(Choice.EDIT, "decide.edit")

    def reject_all(self) -> None:
        """Say that no candidate is acceptable."""
        self._choose(Choice.NONE, "decide.none")

    def absent(self) -> None:
        """Say that the structure is rightly absent."""
        self._choose(Choice.ABSENT, "decide.absent")

    def skip(self) -> None:
        """Put the item off to the end of the list."""
        self._choose(Choice.SKIP, "decide.skip")

    def undo(self) -> None:
        """Undo the reader's last decision."""
        if self._station.reading:
            self._face.flash("decide.undo")
            self._station.reading.undo()

    def _choose(self, choice: Choice, command: str) -> None:
        if self._station.reading:
            self._face.flash(command)
            self._station.reading.choose(choice)

    def toggle_reason(self, number: int) -> None:
        """Attach or take off the reason on a chip, from 1."""
        if self._station.reading and 0 < number <= len(CHIPS):
            self._station.reading.toggle_reason(CHIPS[number - 1].value)

    def walk(self, by: int) -> None:
        """Go up or down the list."""
        if self._station.reading:
            self._station.reading.walk(by)

    def reorder(self) -> None:
        """Order the list anew."""
        if self._station.worklist:
            self._station.worklist.load()

    def ask_again(self) -> None:
        """Ask the critic again."""
        if self._station.reading:
            self._station.reading.ask_again()

    def cycle_projection(self) -> None:
        """Show the next projection window."""
        reading = self._station.reading
        if reading and reading.stage:
            self._station.display.cycle_projection(tuple(reading.stage.pictures))

    def toggle_overlay(self) -> None:
        """Hide or show the masks."""
        self._station.display.toggle_overlay()

    def cycle_style(self) -> None:
        """Go from fill to outline to both."""
        self._station.display.cycle_style()

    def step_opacity(self, steps: int) -> None:
        """Make the fill denser or thinner."""
        self._station.display.step_opacity(steps)

    def zoom(self, steps: int) -> None:
        """Zoom every panel."""
        self._face.zoom(steps)

    def reset_view(self) -> None:
        """Show the whole picture."""
        self._face.reset_view()

    def toggle_theme(self) -> None:
        """Change between dark and light."""
        self._station.change(theme="light" if self._station.settings.theme == "dark" else "dark")

    def scale_type(self, steps: int) -> None:
        """Make the type larger or smaller."""
        scale = round(self._station.settings.font_scale + steps * TYPE_STEP, 2)
        self._station.change(font_scale=min(2.5, max(0.7, scale)))

    def focus_note(self) -> None:
        """Write a note."""
        self._face.focus_note()

    def focus_filter(self) -> None:
        """Filter the list."""
        self._face.focus_filter()

    def leave_field(self) -> None:
        """Leave a text field."""
        self._face.focus_stage()

    def new_review(self) -> None:
        """Make a review."""
        self._face.ask_new_review()

    def open_review(self) -> None:
        """Open a review."""
        self._face.ask_review()

    def demonstrate(self) -> None:
        """Open the demonstration."""
        self._face.ask_demonstration()

    def export(self) -> None:
        """Export what was accepted."""
        self._face.ask_export()

    def choose_critic(self) -> None:
        """Choose the critic."""
        self._face.ask_critic()

    def serve_model(self) -> None:
        """Start, watch and stop a model server."""
        self._face.ask_model_server()

    def audit(self) -> None:
        """Audit the critic."""
        self._face.ask_audit()

    def bench(self) -> None:
        """Put the critic on the bench."""
        self._face.ask_bench()

    def outliers(self) -> None:
        """Show what is unusual among the cases of the review."""
        self._face.show_outliers()

    def edit_prompts(self) -> None:
        """Edit what models are told."""
        self._face.ask_prompts()

    def close_review(self) -> None:
        """Close the review."""
        self._station.close_review()

    def show_sent(self) -> None:
        """Show what the critic was asked."""
        self._face.show_sent()

    def show_files(self) -> None:
        """Show what the files of the open item are."""
        self._face.show_files()

    def show_keys(self) -> None:
        """Show the keys."""
        self._face.show_keys()

    def about(self) -> None:
        """Show what this program is."""
        self._face.show_about()

    def quit(self) -> None:
        """Close the window."""
        self._face.quit()
