"""What stands beside a prompt's text: what would be sent, what differs, what may be written. Layer: ui."""

from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.prompt_text import DifferenceColours
from labelcritic_gui.ui.views.question_view import QuestionView, text_field
from labelcritic_gui.ui.views.words import plain_label, set_state
from labelcritic_gui.viewmodels.prompt_editor import ASKS, Ask, Mark, PromptEditor

PATIENCE_MS = 700
"""Looking at a text takes less than this as a rule; a word about it would only flicker."""
POLL_MS = 200
TITLES = (N_("Preview"), N_("Difference"), N_("About"))
SAME = N_("This is the shipped text.")
NO_SHIPPED = N_(
    "These words are your own: none are shipped for this structure. Without them the general ones are used."
)


class PreviewPage(QWidget):
    """What would be sent with the text as it is written, for the item on the stage."""

    def __init__(self, editor: PromptEditor, theme: Theme) -> None:
        super().__init__()
        self._editor = editor
        self.ask = QComboBox()
        self.ask.setAccessibleName(tr("Which conversation"))
        for ask, words in ASKS:
            self.ask.addItem(tr(words), ask)
        self.which = QComboBox()
        self.which.setAccessibleName(tr("Which question of it"))
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.which.setMinimumContentsLength(10)
        self.place = plain_label(role="quiet")
        self.note = plain_label(role="quiet", wrap=True)
        self.view = QuestionView(theme, narrow=True)
        self.view.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.ask)
        line.addWidget(self.which)
        line.addStretch()
        line.addWidget(self.place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(self.note)
        column.addWidget(self.view, 1)
        self._filler = QWidget()
        column.addWidget(self._filler, 1)
        self.ask.activated.connect(lambda _: editor.choose_ask(Ask(self.ask.currentData())))
        self.which.currentIndexChanged.connect(lambda _: self._show_question())
        self._waited = QElapsedTimer()
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_waiting)

    def show_found(self) -> None:
        """Show what was found; a text that cannot be used leaves what was shown before, and says so."""
        editor = self._editor
        self._poll.stop()
        self.ask.setCurrentIndex(self.ask.findData(editor.ask))
        found = editor.found
        if found is None:
            return
        if found.failure is not None:
            before = tr(" Shown is how it was before.") if self.view.isVisible() else ""
            self._say(f"{found.failure.text} {found.failure.hint}{before}".strip(), state="doubt")
            return
        preview = found.preview
        if preview is None:
            return
        self.place.setText(str(preview.item) if preview.item is not None else "")
        self._say(" ".join(preview.notes))
        here = self.which.currentIndex()
        titles = [sheet.title for sheet in editor.sheets]
        if titles != [self.which.itemText(n) for n in range(self.which.count())]:
            self.which.blockSignals(True)
            self.which.clear()
            self.which.addItems(titles)
            self.which.setCurrentIndex(max(0, min(here, len(titles) - 1)))
            self.which.blockSignals(False)
        self.which.setVisible(len(titles) > 1)
        self._show_question()

    def waiting(self) -> None:
        """A newer text is being looked at."""
        self.ask.setCurrentIndex(self.ask.findData(self._editor.ask))
        if not self._poll.isActive():
            self._waited.start()
            self._poll.start()

    def stop(self) -> None:
        """Stop counting the seconds."""
        self._poll.stop()

    def _show_waiting(self) -> None:
        if not self._editor.looking:
            self._poll.stop()
        elif self._waited.elapsed() >= PATIENCE_MS:
            self._say(tr("Preparing what would be sent…  {elapsed} s").format(elapsed=self._waited.elapsed() // 1000))

    def _show_question(self) -> None:
        sheets, place = self._editor.sheets, self.which.currentIndex()
        shown = 0 <= place < len(sheets)
        self.view.setVisible(shown)
        self._filler.setVisible(not shown)
        if shown:
            self.view.show_sheet(sheets[place])

    def _say(self, words: str, *, state: str = "") -> None:
        set_state(self.note, "state", state)
        self.note.setText(words)
        self.note.setVisible(bool(words))


class DifferencePage(QWidget):
    """How the text differs from the shipped one."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.words = plain_label(tr(SAME), role="quiet", wrap=True)
        self.text = text_field(tr("Difference from the shipped text"))
        self._colours = DifferenceColours(self.text.document(), theme)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addWidget(self.text, 1)

    def show_difference(self, lines: tuple[str, ...], mark: Mark) -> None:
        """Show the lines of a unified difference."""
        own = mark is Mark.OWN
        added = sum(line.startswith("+") and not line.startswith("+++") for line in lines)
        gone = sum(line.startswith("-") and not line.startswith("---") for line in lines)
        counted = tr("+{added}  −{gone}  lines, against the shipped text").format(added=added, gone=gone)
        self.words.setText(tr(NO_SHIPPED) if own else counted if lines else tr(SAME))
        text = "\n".join(lines) if not own else ""
        self.text.setVisible(bool(text))
        if text != self.text.toPlainText():
            self.text.setPlainText(text)


class AboutPage(QScrollArea):
    """What a file is for, and what it may hold."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(widgetResizable=True)
        self.setAccessibleName(tr("About"))
        self._theme = theme
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_about(self, sentences: str, rows: tuple[tuple[str, str], ...], *, template: bool) -> None:
        """Show sentences, and rows of (name, meaning)."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        column.addWidget(plain_label(sentences, wrap=True))
        heading = tr("Variables that it may use, written {{ like_this }}") if template else tr("Fields")
        column.addWidget(plain_label(heading, role="caption"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (name, meaning) in enumerate(rows):
            grid.addWidget(plain_label(name, role="strong", copyable=True), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(plain_label(meaning, wrap=True), row, 1)
        column.addLayout(grid)
        column.addStretch()
        self.setWidget(body)


class PromptPages(QWidget):
    """The three pages with their buttons."""

    def __init__(self, editor: PromptEditor, theme: Theme) -> None:
        super().__init__()
        self._editor = editor
        self.preview = PreviewPage(editor, theme)
        self.difference = DifferencePage(theme)
        self.about = AboutPage(theme)
        self.stack = QStackedWidget()
        self.tabs: list[QPushButton] = []
        group = QButtonGroup(self)
        line = QHBoxLayout()
        line.setSpacing(4)
        for place, (title, page) in enumerate(zip(TITLES, (self.preview, self.difference, self.about), strict=True)):
            tab = QPushButton(tr(title))
            tab.setCheckable(True)
            tab.setProperty("flat", True)
            tab.setAutoDefault(False)
            tab.clicked.connect(lambda _=False, n=place: self.stack.setCurrentIndex(n))
            group.addButton(tab)
            self.tabs.append(tab)
            line.addWidget(tab)
            self.stack.addWidget(page)
        line.addStretch()
        self.tabs[0].setChecked(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(line)
        column.addWidget(self.stack, 1)

    def show_file(self) -> None:
        """Show what the chosen file may hold; the rest follows when it has been looked at."""
        chosen = self._editor.chosen
        if chosen is not None:
            self.about.show_about(*self._editor.about, template=chosen.template)
            self.preview.waiting()

    def show_found(self) -> None:
        """Show what was found about the text."""
        found, chosen = self._editor.found, self._editor.chosen
        if found is not None and chosen is not None:
            self.difference.show_difference(found.difference, chosen.mark)
            self.preview.show_found()
