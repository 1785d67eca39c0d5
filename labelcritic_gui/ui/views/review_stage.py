"""The stage: one panel per candidate on the same anatomy, linked. Layer: ui."""

from collections.abc import Sequence

from PySide6.QtCore import QElapsedTimer, QPointF, QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.imaging.projection import WINDOWS
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.camera import STEP, Camera
from labelcritic_gui.ui.views.panel import Mark, PanelView, Scene
from labelcritic_gui.ui.views.words import plain_label
from labelcritic_gui.viewmodels.calls import Panel, Stage
from labelcritic_gui.viewmodels.cards import Placed, colour_of
from labelcritic_gui.viewmodels.display import Display
from labelcritic_gui.viewmodels.messages import Message

PLACE_ZOOM = 2.5
MOST_PANELS = 4
PATIENCE_MS = 500
"""A wait shorter than this is not worth a word."""


class ReviewStage(QWidget):
    """Shows a stage; `painted` tells that its picture is on the screen."""

    painted = Signal()
    retry = Signal()

    def __init__(self, theme: Theme, display: Display, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageGround")
        self._theme = theme
        self._display = display
        self._stage: Stage | None = None
        self._label_sets: tuple[LabelSet, ...] = ()
        self._findings: tuple[Placed, ...] = ()
        self._lit: Placed | None = None
        self.camera = Camera(self)
        self.panels = [PanelView(self.camera, theme, self) for _ in range(MOST_PANELS)]
        self.panels[0].painted.connect(self.painted)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        self._failure = Failure(self)
        self._failure.again.clicked.connect(self.retry)
        self._failure.hide()
        self._arrange(2)
        self._waiting = QElapsedTimer()
        self._patience = QTimer(self, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._say_waiting)
        self._words = ""
        display.changed.connect(self._redraw)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        for panel in self.panels:
            panel.set_theme(theme)

    def show_waiting(self, words: str) -> None:
        """Clear the panels; say what is being waited for, and how long, once it takes a while."""
        self._stage = None
        self._findings, self._lit = (), None
        self._words = words
        self._failure.hide()
        for panel in self.panels:
            panel.set_scene(None)
            panel.set_marks(())
        self._waiting.start()
        self._patience.start()

    def show_failure(self, failure: Message) -> None:
        """Say why there is no picture, with one button."""
        self._patience.stop()
        self._failure.say(failure)
        self._failure.setGeometry(self.rect())
        self._failure.show()
        self._failure.raise_()

    def show_stage(self, stage: Stage, label_sets: Sequence[LabelSet]) -> None:
        """Show an item's candidates."""
        self._patience.stop()
        self._failure.hide()
        self._stage, self._label_sets = stage, tuple(label_sets)
        self.camera.set_frame(stage.frame)
        self._arrange(len(stage.panels))
        self._redraw()

    def clear(self) -> None:
        """Show nothing."""
        self.show_waiting("")
        self._patience.stop()

    def show_findings(self, findings: Sequence[Placed]) -> None:
        """Mark the places of findings; a place where the candidates differ is marked only once it is gone to."""
        self._findings = tuple(findings)
        self._lit = None
        self._mark()

    def go_to(self, row: Placed) -> None:
        """Zoom every panel to a place and light its mark."""
        point = self._point(row)
        if point is not None:
            self._lit = row
            self.camera.go_to(point, zoom=max(PLACE_ZOOM, self.camera.zoom))
            self._mark()

    def zoom(self, steps: int) -> None:
        """Zoom every panel by steps."""
        self.camera.zoom_by(STEP**steps)

    def _arrange(self, count: int) -> None:
        shown = max(1, min(count, MOST_PANELS))
        for panel in self.panels:
            self._grid.removeWidget(panel)
        for index, panel in enumerate(self.panels):
            panel.setVisible(index < shown)
            if index < shown:
                row, column = divmod(index, 2) if shown == MOST_PANELS else (0, index)
                self._grid.addWidget(panel, row, column)

    def _redraw(self) -> None:
        stage, display = self._stage, self._display
        if stage is None:
            return
        window = display.projection if display.projection in stage.pictures else next(iter(stage.pictures))
        for index, (view, panel) in enumerate(zip(self.panels, stage.panels, strict=False)):
            view.set_overlay(shown=display.overlay, style=display.style, opacity=display.opacity)
            view.set_scene(self._scene(stage, panel, index, window))
        self._mark()

    def _scene(self, stage: Stage, panel: Panel, index: int, window: str) -> Scene:
        note = ""
        if panel.candidate is None and not panel.refused:
            note = f"{panel.label_set.title} has no mask of this structure"
        elif panel.empty:
            note = "The mask is empty"
        return Scene(
            frame=stage.frame,
            picture=stage.pictures[window],
            silhouette=panel.silhouette,
            companion=panel.companion,
            title=panel.label_set.title,
            key=str(index + 1),
            colour=max(0, colour_of(self._label_sets, panel.label_set.slug)),
            caption=_caption(window, overlay=self._display.overlay),
            note=note,
            refusal=panel.refused,
        )

    def _point(self, row: Placed) -> QPointF | None:
        if row.place is None or self._stage is None:
            return None
        line, column = self._stage.frame.to_picture(row.place)
        return QPointF(column + 0.5, line + 0.5)

    def _mark(self) -> None:
        placed = [(row, point) for row in self._findings if (point := self._point(row)) is not None]
        for index, view in enumerate(self.panels):
            view.set_marks(_together([Mark(r.mark, p, r.panel == index, r == self._lit) for r, p in placed]))

    def _say_waiting(self) -> None:
        seconds = self._waiting.elapsed() // 1000
        words = f"{self._words}  {seconds} s" if seconds >= 1 else self._words
        for panel in self.panels:
            panel.set_scene(None, waiting=words)


def _caption(window: str, *, overlay: bool) -> str:
    """Name a projection window with its numbers in HU."""
    known = WINDOWS.get(window)
    words = f"{window}  W{known.high - known.low} L{(known.high + known.low) // 2}" if known else window
    return words if overlay else f"{words}  masks off"


def _together(marks: Sequence[Mark]) -> list[Mark]:
    """Give marks at one place one ring that carries all their numbers."""
    found: dict[tuple[int, int], Mark] = {}
    for mark in marks:
        key = (round(mark.point.x()), round(mark.point.y()))
        before = found.get(key)
        if before is not None and (mark.own or mark.lit):
            mark = Mark(f"{before.number}, {mark.number}", mark.point, before.own or mark.own, before.lit or mark.lit)
        elif before is not None:
            continue
        if mark.own or mark.lit:
            found[key] = mark
    return list(found.values())


class Failure(QWidget):
    """A sentence, the cause, one button."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        column = QVBoxLayout(self)
        column.setContentsMargins(48, 48, 48, 48)
        column.setSpacing(12)
        column.addStretch()
        self._text: QLabel = plain_label(role="title", wrap=True)
        self._hint: QLabel = plain_label(role="quiet", wrap=True)
        self.again = QPushButton("Try again")
        column.addWidget(self._text)
        column.addWidget(self._hint)
        column.addWidget(self.again, 0)
        column.addStretch()

    def say(self, message: Message) -> None:
        """Show a failure."""
        self._text.setText(message.text)
        self._hint.setText(message.hint)
