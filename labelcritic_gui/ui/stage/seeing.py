"""What differs, on the stage: overlay, swipe, and where the tour stands. Layer: ui."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent

from labelcritic_gui.imaging.composition import Layer
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.overlay import Colour
from labelcritic_gui.imaging.projection import silhouette_of
from labelcritic_gui.imaging.slices import mask_slice
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.gestures import CLICK_PX
from labelcritic_gui.ui.stage.marking import Ink
from labelcritic_gui.ui.stage.pane import PaneView
from labelcritic_gui.ui.stage.scenes import LINE_PX, SceneMaker
from labelcritic_gui.ui.stage.seeing_inks import Legend, draw_divider, draw_legend, draw_note
from labelcritic_gui.ui.stage.seeing_strip import TourStrip
from labelcritic_gui.ui.stage.sight import Sight
from labelcritic_gui.ui.stage.stage import ReviewStage
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.calls import Panel
from labelcritic_gui.viewmodels.tour import Touring, size_words

DIVIDER_REACH = 8.0
HATCH_PX = 3.0
LEAST_FILL = 0.45
"""What differs is filled at least so densely, whatever the reader's opacity: it is what one looks for."""
OUTLINE_PX, RIM_PX = (2.0, 4.0), (1.0, 2.0)
"""A stop's outline and its dark edge."""
_LEFT = Qt.MouseButton.LeftButton


class Seeing(QObject):
    """Draws what differs into a stage's panes and takes the mouse where that means something (`gestures.Tool`).

    The overlay is on both of the first two panels: only in the first is filled, only in the second striped, in both
    outlined thinly. Swiped, the first two lie in one panel. A stop of the tour is outlined in every panel.
    """

    def __init__(self, stage: ReviewStage, theme: Theme) -> None:
        super().__init__(stage)
        self._stage, self._theme = stage, theme
        self._looking = stage.looking
        self._tour: Touring | None = None
        self._silhouettes: dict[tuple[int, View], NDArray[np.bool_]] = {}
        self._dragging: PaneView | None = None
        self._pressed: QPointF | None = None
        self.strip = TourStrip(theme, stage)
        stage.add_strip(self.strip)
        stage.layer_maker = self.layers
        for panel in stage.panels:
            for pane in panel.panes:
                pane.overlays.append(self._paint)
                pane.take_tool(self)
        self._looking.changed.connect(self._prepare)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.strip.set_theme(theme)

    def attach(self, tour: Touring | None) -> None:
        """Follow the tour of another review, or none."""
        self._tour = tour
        self._silhouettes.clear()
        self.strip.attach(tour)
        if tour is not None:
            tour.changed.connect(self._tour_changed)

    def _tour_changed(self) -> None:
        tour = self._tour
        if tour is not None:
            if tour.tour is None:
                self._silhouettes.clear()
            self.strip.show_tour()
            # where the tour went, the stage is drawn anew because the place changed; here only words may have
            for pane in self._stage.panes:
                pane.update()

    def _prepare(self) -> None:
        """Have the sizes measured that the legend shows."""
        if self._looking.difference and self._tour is not None:
            self._tour.prepare()

    # --- layers --------------------------------------------------------------------------------------------------

    def layers(self, maker: SceneMaker, position: int, view: View) -> Sequence[Layer] | None:
        """Return what a panel shows instead of its own mask; None where that is all."""
        base: Sequence[Layer] | None = None
        if self._swiping:
            base = self._swiped(maker, view)
        elif self._looking.difference and position < 2:
            base = self._differing(maker, view)
        outline = self._outline(maker, view)
        if not outline:
            return base
        return (*(maker.own_layers(position, view) if base is None else base), *outline)

    def _differing(self, maker: SceneMaker, view: View) -> Sequence[Layer] | None:
        masks = maker.masks(view)
        if len(masks) < 2:
            return None
        first, second = masks[0], masks[1]
        if first is None or second is None:
            return None
        fill, line = max(LEAST_FILL, self._looking.opacity), LINE_PX * maker.ratio
        both = Layer(first & second, self._both, line=maker.ratio)
        one = Layer(first & ~second, maker.colour(0), fill=fill, line=line)
        other = Layer(second & ~first, maker.colour(1), fill=fill, line=line, hatch=HATCH_PX * maker.ratio)
        return both, one, other

    def _swiped(self, maker: SceneMaker, view: View) -> Sequence[Layer]:
        share = self._looking.swipe
        if share is None:
            return ()
        sides = ((0.0, share), (share, 1.0))
        return tuple(
            replace(maker.layer(mask, maker.colour(n)), between=side)
            for n, (mask, side) in enumerate(zip(maker.masks(view)[:2], sides, strict=False))
            if mask is not None
        )

    def _outline(self, maker: SceneMaker, view: View) -> tuple[Layer, ...]:
        """Return the outline of the place where the tour stands, light with a dark edge."""
        mask = self._stop_at(view)
        if mask is None or not mask.any():
            return ()
        # a boundary drawn elsewhere is hundreds of slivers, which a thick line would bury
        rim = self._tour is not None and self._tour.stop is not None and self._tour.stop.rim
        line, halo = RIM_PX if rim else OUTLINE_PX
        return (Layer(mask, self._both, line=line * maker.ratio, halo=halo * maker.ratio),)

    def _stop_at(self, view: View) -> NDArray[np.bool_] | None:
        tour = self._tour
        if tour is None or tour.stop is None:
            return None
        if self._looking.mode == "slices" and self._looking.volume is not None:
            return mask_slice(tour.stop.mask, view, self._looking.index_of(view))
        return self._silhouette(tour.current, view)

    def _silhouette(self, number: int, view: View) -> NDArray[np.bool_] | None:
        """Return a stop as rays along a view see it."""
        if self._tour is None:
            return None
        if (number, view) not in self._silhouettes:
            self._silhouettes[number, view] = silhouette_of(self._tour.stops[number].mask, view=view)
        return self._silhouettes[number, view]

    @property
    def _both(self) -> Colour:
        colour = self._theme.colour("both")
        return colour.red(), colour.green(), colour.blue()

    # --- drawing -------------------------------------------------------------------------------------------------

    def _paint(self, ink: Ink, pane: PaneView, seen: Sight) -> None:  # noqa: ARG002  (what painters are given)
        large = pane is self._stage.panels[pane.position].panes[0]
        share = self._looking.swipe
        if share is not None and self._swiping:
            names = [self._named(n) for n in range(2)] if large else []
            draw_divider(ink, pane.area, share, names)
        elif self._looking.difference and pane.position < 2 and large and self._looking.overlay:
            if self._comparable:
                draw_legend(ink, pane.area, self._legend())
            else:
                draw_note(ink, pane.area, tr("There are no two masks to compare here"))

    @property
    def _swiping(self) -> bool:
        """Say whether two candidates lie over each other; an item with one candidate has nothing to swipe."""
        return self._looking.swipe is not None and len(self._panels) > 1

    @property
    def _comparable(self) -> bool:
        """Say whether the first two candidates both have a mask."""
        pair = self._panels[:2]
        return len(pair) == 2 and all(panel.candidate is not None and not panel.refused for panel in pair)

    @property
    def _panels(self) -> tuple[Panel, ...]:
        stage = self._looking.stage
        return stage.panels if stage is not None else ()

    def _legend(self) -> Legend:
        tour = self._tour.tour if self._tour is not None else None
        sizes = ("", "", "")
        if tour is not None:
            sizes = (size_words(tour.only_first_ml), size_words(tour.only_second_ml), size_words(tour.both_ml))
        first, second = self._named(0), self._named(1)
        return Legend(first, second, sizes)

    def _named(self, position: int) -> tuple[str, int]:
        return self._stage.name_of(position), self._stage.colour_at(position)

    # --- the mouse -----------------------------------------------------------------------------------------------

    def press(self, pane: PaneView, event: QMouseEvent) -> bool:
        """Take hold of the divider."""
        self._pressed = event.position() if event.button() is _LEFT else None
        if self._pressed is not None and self._near_divider(pane, event.position()):
            self._dragging = pane
            return True
        return False

    def move(self, pane: PaneView, event: QMouseEvent) -> bool:
        """Drag the divider, or show that it can be dragged."""
        if self._dragging is pane:
            self._looking.show_swipe(event.position().x() / max(1, pane.width()))
            return True
        if self._near_divider(pane, event.position()):
            pane.setCursor(Qt.CursorShape.SplitHCursor)
        elif pane.testAttribute(Qt.WidgetAttribute.WA_SetCursor):
            pane.unsetCursor()
        return False

    def release(self, pane: PaneView, event: QMouseEvent) -> bool:
        """Let go of the divider; a click on what differs goes there."""
        if self._dragging is not None:
            self._dragging = None
            return True
        pressed, self._pressed = self._pressed, None
        if pressed is None or (event.position() - pressed).manhattanLength() >= CLICK_PX or event.modifiers():
            return False
        return self._go_to(pane, event.position())

    def _near_divider(self, pane: PaneView, at: QPointF) -> bool:
        share = self._looking.swipe
        return share is not None and self._swiping and abs(at.x() - share * pane.width()) <= DIVIDER_REACH

    def _go_to(self, pane: PaneView, at: QPointF) -> bool:
        """Go to the difference under the mouse, while differences are shown."""
        tour, place, scene = self._tour, pane.to_world(at), pane.scene
        if tour is None or place is None or scene is None or self._looking.measuring:
            return False
        if not (self._looking.difference or tour.current >= 0):
            return False
        row, column = (round(n) for n in scene.frame.to_picture(place))
        for number, stop in enumerate(tour.stops):
            seen = (
                mask_slice(stop.mask, scene.view, scene.index)
                if scene.index is not None
                else self._silhouette(number, scene.view)
            )
            inside = seen is not None and 0 <= row < seen.shape[0] and 0 <= column < seen.shape[1]
            if seen is not None and inside and seen[row, column] and number != tour.current:
                tour.jump(number)
                return True
        return False
