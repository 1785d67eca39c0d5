"""The parts of the window that commands reach for. Layer: ui."""

from typing import Protocol


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

    def focus_list(self) -> None:
        """Put the keys of a list in force: page up and down, first, last."""

    def clear_filter(self) -> None:
        """Show every item of the list."""

    def choose_columns(self) -> None:
        """Offer the columns of the list."""

    def ask_filters(self) -> None:
        """Save, rename, move and delete the person's own filters."""

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

    def ask_mode(self) -> None:
        """Ask how the open review is read from now on."""

    def show_ledger(self) -> None:
        """Show what the journal says of each reader."""

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

    def show_palette(self) -> None:
        """Find anything by its name and do it."""

    def show_preferences(self) -> None:
        """Show what a person may set."""

    def show_hints(self) -> None:
        """Show the hints of the first run."""

    def show_about(self) -> None:
        """Show what this program is."""

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back to how the window stood."""

    def toggle_list_apart(self) -> None:
        """Put the worklist into a window of its own, or bring it back."""

    def shoot_to_file(self) -> None:
        """Write a picture of the stage to a file."""

    def shoot_to_clipboard(self) -> None:
        """Put a picture of the stage on the clipboard."""

    def quit(self) -> None:
        """Close the window."""
