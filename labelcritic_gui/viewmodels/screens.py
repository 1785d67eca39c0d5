"""The screens of the window, each with keys of its own. Layer: viewmodels."""

from enum import StrEnum


class ScreenMode(StrEnum):
    """Which screen the keys are meant for: items one by one, the contact sheet, or a patchwork being made."""

    READING = "reading"
    SHEET = "sheet"
    PATCHWORK = "patchwork"
