"""What is drawn over a pane while masks are held against each other: legend and divider. Layer: ui."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPen

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.marking import EDGE, PLATE, SHADE, Ink

Named = tuple[str, int]
"""What a candidate is called, and the place of its colour."""
_FLAG = Qt.AlignmentFlag
SWATCH, LINE = 12, 20
WIDEST = 0.62
"""Share of a pane's width that a legend takes at most."""


@dataclass(frozen=True, slots=True)
class Legend:
    """Who is who in the difference overlay; `sizes` in words: only first, only second, both; empty while not known."""

    first: Named
    second: Named
    sizes: tuple[str, str, str]


def draw_legend(ink: Ink, area: QRectF, legend: Legend) -> None:
    """Write who alone claims what, at the upper right; the swatches are filled, striped and outlined as the masks."""
    theme, painter = ink.theme, ink.painter
    painter.setFont(theme.font("small"))
    metrics, room = painter.fontMetrics(), int(WIDEST * area.width())
    rows = []
    only = tr("only {name}")
    names = (only.format(name=legend.first[0]), only.format(name=legend.second[0]), tr("both"))
    for name, size in zip(names, legend.sizes, strict=True):
        wide = metrics.horizontalAdvance(f"  {size}") if size else 0
        rows.append((metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(40, room - wide)), size))
    left = max(metrics.horizontalAdvance(name) for name, _ in rows)
    right = max(metrics.horizontalAdvance(size) for _, size in rows)
    line, box = theme.px(LINE), theme.px(SWATCH)
    width = box + 8 + left + (12 + right if right else 0)
    plate = QRectF(area.right() - EDGE - width - 16, area.top() + EDGE, width + 16, 3 * line + 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    colours = (theme.label(legend.first[1]), theme.label(legend.second[1]), theme.colour("both"))
    for n, ((name, size), colour) in enumerate(zip(rows, colours, strict=True)):
        top = plate.top() + 4 + n * line
        _swatch(ink, QRectF(plate.left() + 8, top + (line - box) / 2, box, box), colour, n)
        row = QRectF(plate.left() + 8 + box + 8, top, width - box - 8, line)
        painter.setPen(theme.colour("on-stage"))
        painter.drawText(row, int(_FLAG.AlignLeft | _FLAG.AlignVCenter), name)
        painter.drawText(row, int(_FLAG.AlignRight | _FLAG.AlignVCenter), size)


def draw_note(ink: Ink, area: QRectF, words: str) -> None:
    """Write where the legend would be that there is nothing to compare."""
    ink.painter.setFont(ink.theme.font("small"))
    room = QRectF(area.left() + (1 - WIDEST) * area.width(), area.top() + EDGE, WIDEST * area.width() - EDGE, 40)
    align = int(_FLAG.AlignRight | _FLAG.AlignTop) | int(Qt.TextFlag.TextWordWrap)
    ink.words(room, words, align, "on-stage")


def _swatch(ink: Ink, box: QRectF, colour: QColor, kind: int) -> None:
    """Draw a swatch: 0 filled, 1 striped, 2 outlined."""
    fills = (QBrush(colour), QBrush(colour, Qt.BrushStyle.BDiagPattern), QBrush(Qt.BrushStyle.NoBrush))
    ink.painter.setPen(QPen(colour, 1.5))
    ink.painter.setBrush(fills[kind])
    ink.painter.drawRect(box)


def draw_divider(ink: Ink, area: QRectF, share: float, names: Sequence[Named]) -> None:
    """Draw the divider with its grip; `names` are whose masks lie to the left and to the right of it."""
    painter, theme = ink.painter, ink.theme
    x = area.left() + share * area.width()
    for colour, width in ((SHADE, 4.0), (theme.colour("both"), 1.5)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(QLineF(x, area.top(), x, area.bottom()))
    grip, middle = theme.px(9), area.center().y()
    painter.setPen(QPen(SHADE, 1))
    painter.setBrush(theme.colour("both"))
    painter.drawEllipse(QRectF(x - grip, middle - grip, 2 * grip, 2 * grip))
    painter.setPen(QPen(QColor("#000000"), 1.5))
    for side in (-1, 1):
        tip = x + side * 0.6 * grip
        painter.drawLine(QLineF(tip, middle, tip - side * 0.3 * grip, middle - 0.3 * grip))
        painter.drawLine(QLineF(tip, middle, tip - side * 0.3 * grip, middle + 0.3 * grip))
    painter.setFont(theme.font("base", strong=True))
    top, line = area.top() + theme.px(28), theme.px(20)
    for n, (name, colour_place) in enumerate(names):
        room = (x - area.left() if n == 0 else area.right() - x) - 2 * EDGE
        words = painter.fontMetrics().elidedText(f"{n + 1}  {name}", Qt.TextElideMode.ElideMiddle, max(0, int(room)))
        if room < theme.px(24):
            continue
        box = QRectF(x - EDGE - room, top, room, line) if n == 0 else QRectF(x + EDGE, top, room, line)
        align = _FLAG.AlignRight if n == 0 else _FLAG.AlignLeft
        plate = ink.words(box, words, align | _FLAG.AlignVCenter, "on-stage")
        painter.fillRect(QRectF(plate.left(), plate.bottom(), plate.width(), 2), theme.label(colour_place))
