"""The field in which a prompt is written, with line numbers and faulty lines; a difference in colour. Layer: ui."""

import re
from collections.abc import Collection

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QFontDatabase,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme

_TEMPLATE = (
    (re.compile(r"\{\{.*?\}\}"), "focus"),
    (re.compile(r"\{%.*?%\}"), "doubt"),
)
_WORDS = (
    (re.compile(r"^\s*#.*$"), "text-quiet"),
    (re.compile(r"^\s*\[\[?[\w.]+\]\]?"), "doubt"),
    (re.compile(r"^\s*[\w.]+(?=\s*=)"), "focus"),
)
SIGNS = {"+": "good", "-": "bad", "@": "text-quiet"}
"""What a line of a difference begins with, and its colour."""
_REMARK = 1
"""The state of a line that ends inside a template's remark."""


class PromptColours(QSyntaxHighlighter):
    """Remarks quiet, what is filled in and what steers it in colour."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._formats = {name: _coloured(theme, name) for name in ("text-quiet", "focus", "doubt")}
        self._template = True

    def set_template(self, template: bool) -> None:
        """Colour as a template, or as the words of a structure."""
        if template != self._template:
            self._template = template
            self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for pattern, token in _TEMPLATE if self._template else _WORDS:
            for found in pattern.finditer(text):
                self.setFormat(found.start(), found.end() - found.start(), self._formats[token])
        if self._template:
            self._quieten_remarks(text)

    def _quieten_remarks(self, text: str) -> None:
        self.setCurrentBlockState(0)
        start = 0 if self.previousBlockState() == _REMARK else text.find("{#")
        while start >= 0:
            end = text.find("#}", start)
            length = len(text) - start if end < 0 else end + 2 - start
            self.setFormat(start, length, self._formats["text-quiet"])
            if end < 0:
                self.setCurrentBlockState(_REMARK)
                return
            start = text.find("{#", end)


class DifferenceColours(QSyntaxHighlighter):
    """Lines that came in good, lines that went in bad, places quiet; the sign says it too."""

    def __init__(self, document: QTextDocument, theme: Theme) -> None:
        super().__init__(document)
        self._formats = {
            sign: _coloured(theme, name) for sign, name in (("+", "good"), ("-", "bad"), ("@", "text-quiet"))
        }

    def highlightBlock(self, text: str) -> None:
        if text[:1] in self._formats:
            token = "@" if text.startswith(("+++ ", "--- ")) else text[0]
            self.setFormat(0, len(text), self._formats[token])


def _coloured(theme: Theme, token: str) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setForeground(theme.colour(token))
    return made


class PromptText(QPlainTextEdit):
    """A field for a prompt: text of one width, wrapped, with line numbers; faulty lines are marked at their numbers."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._faulty: frozenset[int] = frozenset()
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Text of the prompt"))
        self.colours = PromptColours(self.document(), theme)
        self.numbers = _Numbers(self)
        self.blockCountChanged.connect(lambda _: self._make_room())
        self.updateRequest.connect(self._scrolled)
        self.cursorPositionChanged.connect(self._light_line)
        self._make_room()

    def show_text(self, text: str, *, template: bool) -> None:
        """Show another file's text; what was done to the one before cannot be undone here."""
        self.colours.set_template(template)
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def mark(self, lines: Collection[int]) -> None:
        """Mark lines (from 1) as faulty."""
        self._faulty = frozenset(lines)
        self.numbers.update()

    def go_to(self, line: int) -> None:
        """Put the cursor at a line, counted from 1."""
        cursor = QTextCursor(self.document().findBlockByNumber(max(0, line - 1)))
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus()

    @property
    def gutter(self) -> int:
        """How wide the line numbers are, in px."""
        return self.fontMetrics().horizontalAdvance("9") * max(2, len(str(self.blockCount()))) + self._theme.px(22)

    def _make_room(self) -> None:
        self.setViewportMargins(self.gutter, 0, 0, 0)

    def _scrolled(self, area: QRect, by: int) -> None:
        if by:
            self.numbers.scroll(0, by)
        else:
            self.numbers.update(0, area.y(), self.numbers.width(), area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()
        inner = self.contentsRect()
        self.numbers.setGeometry(QRect(inner.left(), inner.top(), self.gutter, inner.height()))

    def _light_line(self) -> None:
        line = QTextEdit.ExtraSelection()
        line.format.setBackground(self._theme.colour("hover"))
        line.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        line.cursor = self.textCursor()
        line.cursor.clearSelection()
        self.setExtraSelections([line])
        self.numbers.update()

    def paint_numbers(self, painter: QPainter, area: QRect) -> None:
        """Draw the numbers of the lines in sight."""
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        here = self.textCursor().blockNumber()
        painter.setFont(self.font())
        high, wide = self.fontMetrics().height(), self.numbers.width() - self._theme.px(8)
        while block.isValid() and top <= area.bottom():
            bottom = top + self.blockBoundingRect(block).height()
            if block.isVisible() and bottom >= area.top():
                number = block.blockNumber() + 1
                faulty = number in self._faulty
                painter.setPen(self._theme.colour("bad" if faulty else "text" if number - 1 == here else "text-quiet"))
                words = f"✕ {number}" if faulty else str(number)
                painter.drawText(0, round(top), wide, high, Qt.AlignmentFlag.AlignRight, words)
            block, top = block.next(), bottom


class _Numbers(QWidget):
    """The strip of line numbers beside a text."""

    def __init__(self, text: PromptText) -> None:
        super().__init__(text)
        self._text = text

    def sizeHint(self) -> QSize:
        return QSize(self._text.gutter, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._text.paint_numbers(painter, event.rect())
