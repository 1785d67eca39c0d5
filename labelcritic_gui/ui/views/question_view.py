"""One question as it goes to a model: the pictures, the words, what holds the answer, and the answer. Layer: ui."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import ntr, tr
from labelcritic_gui.ui.theme import BASE_PX, Theme
from labelcritic_gui.ui.views.meter import Meter
from labelcritic_gui.ui.views.picture_pane import PictureLook, PicturePane
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label
from labelcritic_gui.viewmodels.sent import AnswerSheet, QuestionSheet

SIDE_BY_SIDE = 4
"""More pictures than these get a strip that scrolls sideways."""
PANE_W = 190
STRIP_H = 130
FIELD_MARGINS = 14
"""Of a text field, above and below the text: its frame, padding and the document's own margin."""
FACTS_W = 264
SYSTEM_LINES = 3
LONG_ANSWER = 48
"""A longer answer, or one of several lines, gets a field of its own."""
TOKENS_SHOWN = 8


def text_field(name: str) -> QPlainTextEdit:
    """Return a field for text that is read and copied, in type of one width."""
    field = QPlainTextEdit()
    field.setReadOnly(True)
    field.setAccessibleName(name)
    field.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    field.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return field


class QuestionView(QWidget):
    """Shows a `QuestionSheet`. A `narrow` one has what holds the answer under the words, not beside them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, narrow: bool = False) -> None:
        super().__init__(parent)
        self._theme = theme
        self.look = PictureLook(self)
        self.panes: list[PicturePane] = []
        self._shown: tuple[str, ...] = ()
        self.strip = QScrollArea(widgetResizable=True)
        self.strip.setFrameShape(QFrame.Shape.NoFrame)
        self.strip.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.strip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.note = plain_label(role="quiet", wrap=True)
        self.system = text_field(tr("System text"))
        self.question = text_field(tr("Question"))
        self.asked = plain_label(role="caption")
        self.facts = QScrollArea(widgetResizable=True)
        self.facts.setFrameShape(QFrame.Shape.NoFrame)
        self.facts.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.facts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.below = QSplitter(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)
        self._lay_out(narrow=narrow)

    def _lay_out(self, *, narrow: bool) -> None:
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.note)
        self._system_title = plain_label(tr("System text"), role="caption")
        column.addWidget(self._system_title)
        font = self.system.font()
        font.setPixelSize(self._theme.px(BASE_PX))  # as the style sheet will dress it
        lines = SYSTEM_LINES - narrow
        self.system.setFixedHeight(lines * QFontMetrics(font).lineSpacing() + FIELD_MARGINS)
        column.addWidget(self.system)
        column.addSpacing(4)
        column.addWidget(self.asked)
        column.addWidget(self.question, 1)
        self.below.addWidget(words)
        self.below.addWidget(self.facts)
        self.below.setChildrenCollapsible(False)
        self.below.setHandleWidth(self._theme.px(12))
        self.below.setStretchFactor(0, 1)
        if narrow:
            self.facts.setMaximumHeight(self._theme.px(72))
        else:
            self.facts.setMinimumWidth(self._theme.px(FACTS_W))
        whole = QSplitter(Qt.Orientation.Vertical)
        whole.setChildrenCollapsible(False)
        whole.setHandleWidth(self._theme.px(8))
        whole.addWidget(self.strip)
        whole.addWidget(self.below)
        whole.setStretchFactor(0, 1)
        whole.setStretchFactor(1, 1)
        whole.setSizes([1000, 1500] if narrow else [1000, 1000])
        self.strip.setMinimumHeight(self._theme.px(STRIP_H))
        for splitter in (whole, self.below):
            splitter.setStyleSheet("QSplitter::handle { background: transparent; }")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(whole)

    def show_sheet(self, sheet: QuestionSheet) -> None:
        """Show a question; pictures that stay the same keep the place they are looked at."""
        self._show_pictures(sheet)
        self.note.setText(sheet.note)
        self.note.setVisible(bool(sheet.note))
        for widget in (self._system_title, self.system, self.asked, self.question):
            widget.setVisible(bool(sheet.text))
        _show_text(self.system, sheet.system)
        _show_text(self.question, sheet.text)
        count = len(sheet.pictures)
        after = ntr("Question, after the picture", "Question, after the {n} pictures", count).format(n=count)
        self.asked.setText(after if count else tr("Question"))
        self.facts.setWidget(self._facts_of(sheet))

    def _show_pictures(self, sheet: QuestionSheet) -> None:
        shown = tuple(f"{picture.sha256}{picture.caption}" for picture in sheet.pictures)
        self.strip.setVisible(bool(shown))
        if shown == self._shown:
            return
        if {s[:64] for s in shown} != {s[:64] for s in self._shown}:
            self.look.fit()
        self._shown = shown
        body = QWidget()
        line = QHBoxLayout(body)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        self.panes = []
        for place, picture in enumerate(sheet.pictures, 1):
            name = f"{place}  {picture.caption}" if len(sheet.pictures) > 1 else picture.caption
            detail = f"sha256 {picture.sha256[:16]}" if picture.sha256 else ""
            pane = PicturePane(picture.png, name, detail, self.look, self._theme)
            if len(sheet.pictures) > SIDE_BY_SIDE:
                pane.setMinimumWidth(self._theme.px(PANE_W))
            self.panes.append(pane)
            line.addWidget(pane, 1)
        self.strip.setWidget(body)

    # --- what holds the answer, and the answer --------------------------------------------------------------------

    def _facts_of(self, sheet: QuestionSheet) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        if sheet.answer is not None:
            self._add_answer(column, sheet.answer)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        lines = [(tr("Held to"), sheet.held_to), (tr("Sampling"), sheet.sampling)]
        lines += sheet.answer.lines if sheet.answer is not None else ()
        for row, (name, value) in enumerate((n, v) for n, v in lines if v):
            grid.addWidget(plain_label(name, role="quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(_value(value), row, 1)
        column.addLayout(grid)
        column.addStretch()
        return body

    def _add_answer(self, column: QVBoxLayout, answer: AnswerSheet) -> None:
        column.addWidget(plain_label(tr("Answer"), role="caption"))
        meaning = plain_label(answer.meaning[:1].upper() + answer.meaning[1:], role="strong", wrap=True, copyable=True)
        column.addWidget(meaning)
        if answer.shares:
            column.addLayout(self._bars(answer.shares))
        column.addWidget(plain_label(tr("As it came"), role="caption"))
        if len(answer.raw) > LONG_ANSWER or "\n" in answer.raw:
            raw = text_field(tr("The answer as it came"))
            raw.setPlainText(answer.raw)
            raw.setMinimumHeight(self._theme.px(96))
            column.addWidget(raw)
        else:
            column.addWidget(
                plain_label(answer.raw or tr("nothing"), role="" if answer.raw else "quiet", copyable=True)
            )
        if answer.tokens:
            column.addWidget(plain_label(tr("First token, as the server weighed it"), role="caption"))
            column.addLayout(self._bars(answer.tokens[:TOKENS_SHOWN]))

    def _bars(self, shares: tuple[tuple[str, float], ...]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for row, (name, share) in enumerate(shares):
            grid.addWidget(plain_label(name), row, 0)
            meter = Meter(self._theme.colour("text-quiet"), self._theme.colour("line"), value=share)
            grid.addWidget(meter, row, 1)
            grid.addWidget(plain_label(f"{share:.3f}"), row, 2, Qt.AlignmentFlag.AlignRight)
        return grid


def _show_text(field: QPlainTextEdit, text: str) -> None:
    """Put a text into a field; the same text stays where it was scrolled to."""
    if field.toPlainText() != text:
        at = field.verticalScrollBar().value()
        field.setPlainText(text)
        field.verticalScrollBar().setValue(at)


def _value(text: str) -> QLabel:
    """Return a value that wraps where it can, and gives way with an ellipsis where it is one long word."""
    if " " not in text and len(text) > LONG_ANSWER:
        label: QLabel = ElidedLabel(text)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setToolTip(text)
        return label
    label = plain_label(text, wrap=True, copyable=True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
