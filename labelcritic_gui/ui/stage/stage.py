"""The stage: one candidate a panel, on the same anatomy, linked; and its states. Layer: ui."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QElapsedTimer, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from labelcritic_gui.imaging.frame import View
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.candidate import CandidateView
from labelcritic_gui.ui.stage.pages import Failure, WaitCard
from labelcritic_gui.ui.stage.pane import GreyShelf, PaneView
from labelcritic_gui.ui.stage.placed import marks_of
from labelcritic_gui.ui.stage.scenes import LayerMaker, SceneMaker
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.calls import Stage
from labelcritic_gui.viewmodels.cards import Placed
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.looking import ZOOM_STEP
from labelcritic_gui.viewmodels.looking.views import CaseView, CaseViews
from labelcritic_gui.viewmodels.messages import Message

MOST_PANELS = 4
PATIENCE_MS = 500
"""A wait shorter than this is not worth a word."""
POLL_MS = 100
PercentOf = Callable[[], "float | None"]


class ReviewStage(QWidget):
    """Shows a stage as `Looking` has it; `painted` tells that its picture is on the screen.

    `layer_maker` may draw something else than each panel's own mask, `loading` says how much of the slices is here
    (0..1; None for not known).
    """

    painted = Signal()
    retry = Signal()
    slices_wanted = Signal(bool)

    def __init__(self, theme: Theme, looking: Looking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageGround")
        self.setAccessibleName(tr("Stage"))
        self.looking = looking
        self.layer_maker: LayerMaker | None = None
        self.loading: PercentOf | None = None
        self._theme = theme
        self._shelf = GreyShelf()
        self._stage: Stage | None = None
        self._colour_of: Callable[[str], int] = _first_colour
        self._named = True
        self._more = 0
        self._views: CaseViews | None = None
        self._findings: tuple[Placed, ...] = ()
        self._lit: Placed | None = None
        self._slices_failed: Message | None = None
        self._painted_once = False
        self._arranged = 0
        self.panels = [CandidateView(looking, theme, self._shelf, n, self) for n in range(MOST_PANELS)]
        self.panels[0].painted.connect(self._panel_painted)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._strips: list[QWidget] = []
        self._grid = QGridLayout()
        self._column.addLayout(self._grid, 1)
        self._grid.setSpacing(1)
        self._failure = Failure(self)
        self._failure.again.clicked.connect(self.retry)
        self._failure.hide()
        self.card = WaitCard(self)
        self.card.cancelled.connect(self._card_pressed)
        self._arrange(2)
        self._waiting = QElapsedTimer()
        self._since = QElapsedTimer()
        self._patience = QTimer(self, interval=POLL_MS)
        self._patience.timeout.connect(self._say_waiting)
        self._words = ""
        looking.changed.connect(self.redraw)
        looking.pointed.connect(self._pointed)

    # --- what stands on it -------------------------------------------------------------------------------------

    @property
    def panes(self) -> list[PaneView]:
        """All panes that are on the screen."""
        return [pane for panel in self.panels[: self._shown_count()] for pane in panel.shown]

    def name_of(self, position: int) -> str:
        """Return what a candidate is called: its label set, or its number where names are hidden."""
        stage = self._stage
        if stage is None or position >= len(stage.panels) or not self._named:
            return str(position + 1)
        return stage.panels[position].label_set.title

    def colour_at(self, position: int) -> int:
        """Return the place of a candidate's colour."""
        stage = self._stage
        if stage is None or position >= len(stage.panels):
            return 0
        return max(0, self._colour_of(stage.panels[position].label_set.slug))

    def add_strip(self, strip: QWidget) -> None:
        """Put a strip under the panels."""
        self._strips.append(strip)
        self._column.addWidget(strip)

    def attach(self, views: CaseViews | None) -> None:
        """Follow another review's projections, or none."""
        self._views = views
        if views is not None:
            views.changed.connect(self.redraw)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        for panel in self.panels:
            panel.set_theme(theme)
        self.redraw()

    def show_waiting(self, words: str) -> None:
        """Clear the panels; say what is being waited for, and how long, once it takes a while."""
        self._stage = None
        self._findings, self._lit = (), None
        self._words = words
        self._slices_failed = None
        self._shelf.clear()
        self._failure.hide()
        self.card.hide()
        for panel in self.panels:
            panel.title.show_title("", "", "", -1)
            for pane in panel.panes:
                pane.set_scene(None)
                pane.set_marks(())
        self._waiting.start()
        self._patience.start()

    def show_failure(self, failure: Message) -> None:
        """Say why there is no picture, with one button."""
        self._patience.stop()
        self.card.hide()
        self._failure.say(failure)
        self._failure.setGeometry(self.rect())
        self._failure.show()
        self._failure.raise_()

    def fail_slices(self, failure: Message | None) -> None:
        """Say why the slices of the case cannot be shown; its projections stay."""
        self._slices_failed = failure
        self.redraw()

    def show_stage(
        self,
        stage: Stage,
        *,
        colours: Callable[[str], int],
        named: bool = True,
        more: int = 0,
    ) -> None:
        """Show an item's candidates; `colours` is a label set's place among the colours, `named` shows their names.

        `more` is how many candidates are not on the stage.
        """
        self._patience.stop()
        self._failure.hide()
        self._stage, self._named, self._colour_of, self._more = stage, named, colours, more
        if self.looking.stage is not stage:
            self.looking.begin(stage)
        if self._views is not None:
            self._views.go_to(stage.item.case)
        self._since.start()
        self._arrange(len(stage.panels))
        self.redraw()

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
        if row.place is not None and self._stage is not None:
            self._lit = row
            self.looking.go_to(row.place)
            self._mark()

    def zoom(self, steps: int) -> None:
        """Zoom every panel by steps, about the cursor where it is over one."""
        cursor = self.looking.cursor
        view, place = cursor if cursor is not None else (None, None)
        self.looking.zoom_by(ZOOM_STEP**steps, about=place, view=view)

    # --- drawing -----------------------------------------------------------------------------------------------

    def maker(self) -> SceneMaker | None:
        """Return what makes the scenes of now; None while there is nothing to show."""
        if self._stage is None:
            return None
        return SceneMaker(
            self._stage,
            self.looking,
            self._theme,
            colour_of=self._colour_of,
            seen=self._seen_view(),
            ratio=self.devicePixelRatioF(),
            special=self.layer_maker,
            named=self._named,
        )

    def redraw(self) -> None:
        """Show the stage as it is to be seen now."""
        maker = self.maker()
        stage = self._stage
        if maker is None or stage is None or self.looking.stage is None:
            return
        views = self._shown_views()
        if self._shown_count() != self._arranged:
            self._arrange(len(stage.panels))
        for position, panel in enumerate(self.panels[: self._shown_count()]):
            self._show_title(position)
            if len(panel.shown) != len(views):
                panel.show_panes(len(views))
            for pane, view in zip(panel.shown, views, strict=True):
                pane.set_scene(maker.scene(position, view))
        self._mark()
        self._show_card()

    def _shown_views(self) -> tuple[View, ...]:
        looking = self.looking
        if looking.mode == "slices" and looking.volume is None:
            return (looking.side,)
        return looking.views

    def _seen_view(self) -> CaseView | None:
        """Return the projections to show, where they are not those of the stage itself."""
        looking = self.looking
        if self._views is None or (looking.mode == "slices" and looking.volume is not None):
            return None
        if looking.side is View.FRONTAL and looking.ray == "mean" and not looking.neighbours:
            return None
        return self._views.get(looking.side, looking.ray)

    def _show_title(self, position: int) -> None:
        stage = self._stage
        if stage is None:
            return
        # while blinking, the title is that of the mask that is shown, with the key that accepts it
        owner = self._owner(position)
        panel = stage.panels[owner]
        version = panel.candidate.version if panel.candidate is not None else 1
        title = self.name_of(owner)
        if self.looking.swipe is not None and len(stage.panels) > 1:
            title = f"{title}  |  {self.name_of(1)}"
        mark = tr("v{n} patchwork").format(n=version) if version > 1 else ""
        if self._more and position == self._shown_count() - 1:
            mark = " · ".join(filter(None, (mark, tr("+{n} not on the stage").format(n=self._more))))
        self.panels[position].title.show_title(
            str(owner + 1), title, mark, max(0, self._colour_of(panel.label_set.slug))
        )

    def _owner(self, position: int) -> int:
        """Return whose mask a panel shows."""
        return (position + self.looking.blink) % len(self._stage.panels) if self._stage is not None else position

    def _mark(self) -> None:
        for position, panel in enumerate(self.panels):
            marks = marks_of(self._findings, self._lit, self._owner(position)) if self._stage is not None else ()
            for pane in panel.panes:
                pane.set_marks(marks)

    def _pointed(self) -> None:
        for pane in self.panes:
            pane.update()

    def _panel_painted(self) -> None:
        stage, looking = self._stage, self.looking
        if stage is None:
            return
        if looking.mode == "slices" and looking.volume is not None:
            for view in looking.views:
                looking.saw(view)
        else:
            looking.saw(looking.side, projection=looking.projection)
        self.painted.emit()

    # --- waiting -----------------------------------------------------------------------------------------------

    def _lacks(self) -> str:
        """Return what the reader asked for and is not here yet, in words; empty for nothing."""
        looking, views = self.looking, self._views
        if looking.mode == "slices":
            return tr("Loading the slices…") if looking.volume is None else ""
        return tr("Making this projection…") if views is not None and views.waiting else ""

    def _failed(self) -> Message | None:
        if self.looking.mode == "slices":
            return self._slices_failed if self.looking.volume is None else None
        return self._views.failure if self._views is not None and self._seen_wanted() else None

    def _seen_wanted(self) -> bool:
        return self.looking.side is not View.FRONTAL or self.looking.ray != "mean" or self.looking.neighbours

    def _show_card(self) -> None:
        """Say over the pictures what is being loaded, or what failed; nothing for the first half second."""
        failure, lacks = self._failed(), self._lacks()
        if failure is not None:
            self.card.say(f"{failure.text} {failure.hint}".strip(), button=tr("Try again"))
        elif lacks:
            if not self._patience.isActive():
                self._since.start()
                self._patience.start()
            if self._since.elapsed() < PATIENCE_MS:
                return
            share = self.loading() if self.loading is not None and self.looking.mode == "slices" else None
            how_far = f"{share:.0%}" if share is not None else f"{self._since.elapsed() // 1000} s"
            self.card.say(f"{lacks}  {how_far}")
        else:
            self._patience.stop()
            self.card.hide()
            return
        self.card.place(self.width(), self.panels[0].title.height() + self._theme.px(8))
        self.card.show()
        self.card.raise_()

    def _card_pressed(self) -> None:
        """Try again what failed; else give up the wait and show what is here."""
        if self._failed() is not None:
            self._slices_failed = None
            if self.looking.mode == "slices":
                self.slices_wanted.emit(True)
            elif self._views is not None:
                self._views.again()
        elif self.looking.mode == "slices":
            self.slices_wanted.emit(False)
            self.looking.show_mode("projection")
        else:
            if self._views is not None:
                self._views.cancel()
            self.looking.show_usual()
        self.redraw()

    def _say_waiting(self) -> None:
        if self._stage is not None:
            self._show_card()
            return
        elapsed = self._waiting.elapsed()
        if elapsed < PATIENCE_MS:
            return
        words = f"{self._words}  {elapsed // 1000} s" if elapsed >= 1000 else self._words
        for panel in self.panels:
            panel.panes[0].set_scene(None, waiting=words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._even_out()
        self._failure.setGeometry(self.rect())
        self.card.place(self.width(), self.panels[0].title.height() + self._theme.px(8))

    def _shown_count(self) -> int:
        """Return how many candidates have a panel of their own: one while two are swiped over each other."""
        count = len(self._stage.panels) if self._stage is not None else 1
        return 1 if self.looking.swipe is not None else max(1, min(count, MOST_PANELS))

    def _even_out(self) -> None:
        """Part the panels by as many px as make them equal: equal panes share their magnified anatomy."""
        across = 2 if self._arranged == MOST_PANELS else self._arranged
        down = 2 if self._arranged == MOST_PANELS else 1
        strip = sum(widget.height() for widget in self._strips if widget.isVisible())
        for count, size, part in (
            (across, self.width(), self._grid.setHorizontalSpacing),
            (down, self.height() - strip, self._grid.setVerticalSpacing),
        ):
            part(next((gap for gap in range(1, count + 1) if (size - (count - 1) * gap) % count == 0), 1))

    def _arrange(self, count: int) -> None:
        shown = 1 if self.looking.swipe is not None else max(1, min(count, MOST_PANELS))
        self._arranged = shown
        for panel in self.panels:
            self._grid.removeWidget(panel)
        for index, panel in enumerate(self.panels):
            panel.setVisible(index < shown)
            if index < shown:
                row, column = divmod(index, 2) if shown == MOST_PANELS else (0, index)
                self._grid.addWidget(panel, row, column)
        self._even_out()


def _first_colour(_: str) -> int:
    return 0
