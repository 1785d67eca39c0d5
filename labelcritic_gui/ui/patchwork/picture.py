"""The anatomy with the patchwork on it: the result outlined, open regions in their colours, the current one lit.

Layer: ui.
"""

from collections.abc import Container, Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.imaging.composition import Layer
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.overlay import Colour
from labelcritic_gui.imaging.slices import mask_slice
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.candidate import CandidateView
from labelcritic_gui.ui.stage.gestures import BAR_REACH, CLICK_PX
from labelcritic_gui.ui.stage.marking import slice_bar_of
from labelcritic_gui.ui.stage.pages import WaitCard
from labelcritic_gui.ui.stage.pane import GreyShelf, PaneView
from labelcritic_gui.ui.stage.scenes import LINE_PX, SceneMaker
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.calls import Stage
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork

OPEN_FILL, LIT_FILL, LIT_LINE_PX = 0.3, 0.45, 3.0
RESULT_LINE_PX = 2.25


class RegionClick:
    """A click on a region is for the patchwork; a drag is the stage's. Fits `ui.stage.gestures.Tool`."""

    def __init__(self, picture: "PatchworkPicture") -> None:
        self._picture = picture
        self._from: QPointF | None = None

    def press(self, pane: PaneView, event: QMouseEvent) -> bool:
        """Remember where the button went down, where that may become a choice: not on the bar, not with the ruler."""
        plain = event.button() is Qt.MouseButton.LeftButton and event.modifiers() == Qt.KeyboardModifier.NoModifier
        on_bar = event.position().x() >= slice_bar_of(pane.area).left() - BAR_REACH
        meant = plain and not on_bar and not self._picture.looking.measuring
        self._from = event.position() if meant else None
        return False

    def move(self, pane: PaneView, event: QMouseEvent) -> bool:  # noqa: ARG002  (the protocol's)
        """Leave every move to the stage."""
        return False

    def release(self, pane: PaneView, event: QMouseEvent) -> bool:
        """Tell a click from a drag."""
        start, self._from = self._from, None
        place = pane.to_world(event.position())
        if start is not None and place is not None and (event.position() - start).manhattanLength() < CLICK_PX:
            self._picture.clicked.emit(place)
        return False


class PatchworkPicture(QWidget):
    """One large plane, or three, of the item; `clicked` carries the world point of a click."""

    clicked = Signal(object)

    def __init__(self, theme: Theme, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageGround")
        self.setAccessibleName(tr("Patchwork on the anatomy"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme, self.looking = theme, looking
        self._shelf = GreyShelf()
        self._patchwork: Patchwork | None = None
        self.candidate = CandidateView(looking, theme, self._shelf, 0, self)
        self.candidate.painted.connect(self._take_note)
        self.card = WaitCard(self)
        self.card.cancelled.connect(lambda: self._patchwork.leave() if self._patchwork is not None else None)
        self.card.hide()
        click = RegionClick(self)
        for pane in self.candidate.panes:
            pane.take_tool(click)
        looking.changed.connect(self.redraw)
        looking.pointed.connect(self._pointed)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self.candidate.set_theme(theme)
        self.redraw()

    def attach(self, patchwork: Patchwork | None) -> None:
        """Show a patchwork, or none."""
        self._patchwork = patchwork
        self._shelf.clear()
        if patchwork is None:
            for pane in self.candidate.panes:
                pane.set_scene(None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.candidate.setGeometry(self.rect())
        self.card.place(self.width(), self.candidate.title.height() + self._theme.px(8))

    # --- drawing -----------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show the patchwork as it is now."""
        patchwork, looking = self._patchwork, self.looking
        stage = patchwork.reading.stage if patchwork is not None else None
        if patchwork is None or stage is None or not patchwork.active:
            return
        if looking.volume is None:
            self._wait(patchwork)
            return
        self.card.hide()
        self._show_title(patchwork)
        maker = SceneMaker(
            _alone(stage, looking.volume.refused),
            looking,
            self._theme,
            colour_of=patchwork.reading.colour_of,
            ratio=self.devicePixelRatioF(),
            special=self._layers,
        )
        views = looking.views
        if len(self.candidate.shown) != len(views):
            self.candidate.show_panes(len(views))
        for pane, view in zip(self.candidate.shown, views, strict=True):
            pane.set_scene(maker.scene(0, view))

    def _show_title(self, patchwork: Patchwork) -> None:
        """Say what is pieced together, in the colour of the label set whose new version it becomes."""
        names, start = patchwork.names, patchwork.start
        base = start - 1 if isinstance(start, int) else 0
        if not names:
            return
        words = tr("Patchwork of {names}").format(names=" + ".join(names))
        mark = tr("becomes a new version of {name}").format(name=names[base])
        self.candidate.title.show_title("P", words, mark, patchwork.colours[base])

    def _wait(self, patchwork: Patchwork) -> None:
        failure = patchwork.reading.slicing.failure
        if failure is not None:
            self.card.say(f"{failure.text} {failure.hint}".strip())
        else:
            share = patchwork.reading.loading
            words = tr("Loading the slices…")
            self.card.say(words if share is None else f"{words}  {share:.0%}")
        self.card.place(self.width(), self.candidate.title.height() + self._theme.px(8))
        self.card.show()
        self.card.raise_()

    def _layers(self, maker: SceneMaker, position: int, view: View) -> Sequence[Layer]:  # noqa: ARG002  (LayerMaker)
        """Return open regions, then the result, then the current region on top."""
        patchwork = self._patchwork
        preview = patchwork.preview if patchwork is not None else None
        if patchwork is None or preview is None:
            return ()
        index, ratio = self.looking.index_of(view), maker.ratio
        colours = [_rgb(self._theme.label(c)) for c in patchwork.colours]
        found = [
            Layer(mask_slice(mask, view, index), colours[base - 1], fill=OPEN_FILL, line=LINE_PX * ratio, strength=0.6)
            for base, mask in preview.open.items()
        ]
        both = _rgb(self._theme.colour("both"))
        fill = 0.0 if self.looking.style == "outline" else self.looking.opacity * 0.25
        found.append(Layer(mask_slice(preview.mask, view, index), both, fill=fill, line=RESULT_LINE_PX * ratio))
        if preview.lit is not None and patchwork.board is not None and patchwork.current >= 0:
            claimants = patchwork.board.regions[patchwork.current].claimants
            colour = both if len(claimants) == len(colours) and len(colours) > 1 else colours[claimants[0] - 1]
            lit = mask_slice(preview.lit, view, index)
            found.append(Layer(lit, colour, fill=LIT_FILL, line=LIT_LINE_PX * ratio))
        return found

    def _take_note(self) -> None:
        """Take note for the ledger of the slices that were on the screen."""
        if self.looking.volume is not None:
            for view in self.looking.views:
                self.looking.saw(view)

    def _pointed(self) -> None:
        if self._patchwork is not None and self._patchwork.active:
            for pane in self.candidate.shown:
                pane.update()


def _alone(stage: Stage, refused: Container[CandidateId]) -> Stage:
    """Return a stage of one panel, which is always there to be drawn on: a candidate that could not be read is not."""
    readable = (p for p in stage.panels if p.candidate is not None and p.candidate not in refused)
    first = next(readable, stage.panels[0])
    return replace(stage, panels=(replace(first, refused="", empty=False),))


def _rgb(colour: QColor) -> Colour:
    return colour.red(), colour.green(), colour.blue()
