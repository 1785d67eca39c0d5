"""How the stage is drawn: projection, overlay, opacity; remembered between sessions. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from psygnal import Signal

from labelcritic_gui.settings import Settings

STYLES = ("fill", "outline", "both")
OPACITY_STEP = 0.1


class Display:
    """What the reader chose to see. Hiding the overlay keeps everything else as it is."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, settings: Settings, remember: Callable[..., Any]) -> None:
        self.projection: str = settings.projection
        self.style: str = settings.overlay_style
        self.opacity = settings.overlay_opacity
        self.overlay = True
        self._remember = remember

    def cycle_projection(self, available: Sequence[str]) -> None:
        """Show the next of the pictures that the stage has."""
        if not available:
            return
        here = available.index(self.projection) if self.projection in available else -1
        self.projection = available[(here + 1) % len(available)]
        self._remember(projection=self.projection)
        self.changed.emit()

    def toggle_overlay(self) -> None:
        """Hide or show the masks; zoom, style and opacity stay."""
        self.overlay = not self.overlay
        self.changed.emit()

    def cycle_style(self) -> None:
        """Go from fill to outline to both."""
        self.style = STYLES[(STYLES.index(self.style) + 1) % len(STYLES)]
        self.overlay = True
        self._remember(overlay_style=self.style)
        self.changed.emit()

    def step_opacity(self, steps: int) -> None:
        """Make the fill denser (positive) or thinner."""
        self.opacity = round(min(1.0, max(0.1, self.opacity + steps * OPACITY_STEP)), 2)
        self.overlay = True
        self._remember(overlay_opacity=self.opacity)
        self.changed.emit()
