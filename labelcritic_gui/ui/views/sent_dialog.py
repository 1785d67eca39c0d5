"""The dialog about what was sent: every question on an item with its pictures, words and answer. Layer: ui."""

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import POLL_MS, Sheet
from labelcritic_gui.ui.views.question_view import QuestionView, text_field
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.sent import OVERVIEW, SentViewer, head_of

SIZE = (1240, 712)
LEAST = 860
LIST_W = 200


class SentDialog(Sheet):
    """Shows what a `SentViewer` fetches; closing it stops the work."""

    def __init__(self, viewer: SentViewer, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("What was sent"), parent, width=LEAST)
        self._viewer, self._theme = viewer, theme
        self.head: list[ElidedLabel] = []
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Questions"))
        self.list.setFixedWidth(theme.px(LIST_W))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.overview = text_field(tr("All that was said"))
        self.question = QuestionView(theme)
        self.pages = QStackedWidget()
        self.status = plain_label(role="quiet", wrap=True)
        self._lay_out()
        self.copy: QPushButton = self.add_button(tr("Copy all as text"), self._copy)
        self.close_button = self.add_button(tr("Close"), self.accept, primary=True)
        self.list.currentRowChanged.connect(self._choose)
        self._waited = QElapsedTimer()
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_waiting)
        viewer.changed.connect(self._show)
        self.fit_screen(*SIZE)
        self._show()

    def _lay_out(self) -> None:
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        self.rows.setSpacing(8)
        title = QHBoxLayout()
        title.setSpacing(12)
        title.addWidget(plain_label(tr("What was sent"), role="headline"))
        title.addWidget(ElidedLabel(str(self._viewer.item), role="quiet"), 1)
        self.rows.addLayout(title)
        self._head = QVBoxLayout()
        self._head.setSpacing(2)
        self.rows.addLayout(self._head)
        self.rows.addWidget(self.status)
        body = QHBoxLayout()
        body.setSpacing(16)
        body.addWidget(self.list)
        self.pages.addWidget(self.overview)
        self.pages.addWidget(self.question)
        body.addWidget(self.pages, 1)
        self.rows.addLayout(body, 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._viewer.job is None and self._viewer.sent is None and self._viewer.failure is None:
            self._viewer.start()

    def done(self, result: int) -> None:
        self._viewer.changed.disconnect(self._show)
        self._viewer.cancel()
        self._poll.stop()
        super().done(result)

    def _copy(self) -> None:
        if self._viewer.sent is not None:
            QGuiApplication.clipboard().setText(self._viewer.sent.as_text)

    # --- following the viewer ------------------------------------------------------------------------------------

    def _show(self) -> None:
        sent, failure = self._viewer.sent, self._viewer.failure
        running = sent is None and failure is None
        self.copy.setEnabled(sent is not None)
        self.close_button.setText(tr("Cancel") if running else tr("Close"))
        self.list.setVisible(bool(self._viewer.sheets))
        self.pages.setVisible(sent is not None)
        self.status.setVisible(sent is None)
        if running:
            self._waited.start()
            self._poll.start()
            self._show_waiting()
            return
        self._poll.stop()
        if failure is not None:
            set_state(self.status, "state", "bad" if failure.error else "")
            self.status.setText(f"{failure.text} {failure.hint}".strip())
        elif sent is not None:
            self._fill()

    def _show_waiting(self) -> None:
        seconds = self._waited.elapsed() // 1000
        self.status.setText(tr("Making the pictures again…") + (f"  {seconds} s" if seconds >= 1 else ""))

    def _fill(self) -> None:
        sent, sheets = self._viewer.sent, self._viewer.sheets
        if sent is None:
            return
        if sheets:
            for line in head_of(sent):
                label = ElidedLabel(line)
                self.head.append(label)
                self._head.addWidget(label)
        self.overview.setPlainText("\n".join(sent.lines))
        self.list.clear()
        self.list.addItem(tr(OVERVIEW))
        self.list.addItems([sheet.title for sheet in sheets])
        self.list.setCurrentRow(1 if sheets else 0)
        (self.list if sheets else self.overview).setFocus()

    def _choose(self, row: int) -> None:
        if row <= 0 or row > len(self._viewer.sheets):
            self.pages.setCurrentWidget(self.overview)
            return
        self.question.show_sheet(self._viewer.sheets[row - 1])
        self.pages.setCurrentWidget(self.question)
