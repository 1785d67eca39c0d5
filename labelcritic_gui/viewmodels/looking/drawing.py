"""How masks and anatomy are drawn; remembered between sessions. Layer: viewmodels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labelcritic_gui.settings import Settings

STYLES = ("fill", "outline", "both")
OPACITY_STEP = 0.1


class Drawing:
    """What the reader chose to see of the masks. Hiding them keeps everything else as it is."""

    def __init__(self, settings: Settings, remember: Callable[..., Any]) -> None:
        self.projection: str = settings.projection
        self.style: str = settings.overlay_style
        self.opacity = settings.overlay_opacity
        self.overlay = True
        self.neighbours = False
        self.crosshair = True
        self._remember = remember

    def tell(self) -> None:
        """Say that something changed."""

    def prefer(self, wished: Mapping[str, Any]) -> None:
        """Show at once what was changed in the preferences, by the names of the settings."""
        self.projection = wished.get("projection", self.projection)
        self.style = wished.get("overlay_style", self.style)
        self.opacity = wished.get("overlay_opacity", self.opacity)
        self.tell()

    def cycle_projection(self, available: Sequence[str]) -> None:
        """Show the next of the projection windows that the stage has."""
        if not available:
            return
        here = available.index(self.projection) if self.projection in available else -1
        self.projection = available[(here + 1) % len(available)]
        self._remember(projection=self.projection)
        self.tell()

    def toggle_overlay(self) -> None:
        """Hide or show the masks; zoom, style and opacity stay."""
        self.overlay = not self.overlay
        self.tell()

    def cycle_style(self) -> None:
        """Go from fill to outline to both."""
        self.style = STYLES[(STYLES.index(self.style) + 1) % len(STYLES)]
        self.overlay = True
        self._remember(overlay_style=self.style)
        self.tell()

    def step_opacity(self, steps: int) -> None:
        """Make the fill denser (positive) or thinner."""
        self.opacity = round(min(1.0, max(0.1, self.opacity + steps * OPACITY_STEP)), 2)
        self.overlay = True
        self._remember(overlay_opacity=self.opacity)
        self.tell()

    def toggle_neighbours(self) -> None:
        """Show the case's other structures dimly, or not."""
        self.neighbours = not self.neighbours
        self.tell()

    def toggle_crosshair(self) -> None:
        """Show or hide the crosshair."""
        self.crosshair = not self.crosshair
        self.tell()
