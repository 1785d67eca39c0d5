"""What is drawn over the anatomy: letters, scale bar, rulers, crosshair, marks, distances. Layer: ui."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from labelcritic_gui.imaging.frame import Edges, View
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.stage.scene import Mark
from labelcritic_gui.ui.stage.sight import Sight
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.looking import Measurement

EDGE = 8
PLATE = QColor(0, 0, 0, 150)
SHADE = QColor(0, 0, 0, 170)
BARS_MM = (1, 2, 5, 10, 20, 50, 100, 200)
AXES = {View.FRONTAL: ((0, "x"), (2, "z")), View.LATERAL: ((1, "y"), (2, "z")), View.AXIAL: ((0, "x"), (1, "y"))}
RAY_NAME = {View.FRONTAL: "y", View.LATERAL: "x", View.AXIAL: "z"}
TICK_GAP = 6.0
"""Ticks of a ruler lie at least so many px apart."""
CROSS_GAP = 9.0
CORNERS = ((1, -1), (1, 1), (-1, -1), (-1, 1))
"""Where a mark's number may stand at its ring: right or left of it, above or below."""
NUMBER_W = 60
_FLAG = Qt.AlignmentFlag


class Ink:
    """A painter with the theme's colours: everything it writes is legible on any anatomy."""

    def __init__(self, painter: QPainter, theme: Theme) -> None:
        self.painter = painter
        self.theme = theme

    def words(self, box: QRectF, text: str, align: int | Qt.AlignmentFlag, token: str = "on-stage-quiet") -> QRectF:
        """Write on a dark plate; return where."""
        if not text:
            return QRectF()
        flags = int(align) | int(Qt.TextFlag.TextDontClip)
        plate = self.painter.boundingRect(box, flags, text).adjusted(-4, -1, 4, 1)
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(PLATE)
        self.painter.drawRoundedRect(plate, 4, 4)
        self.painter.setPen(self.theme.colour(token))
        self.painter.drawText(box, flags, text)
        return plate

    def letters(self, area: QRectF, edges: Edges, *, head: float, foot: float, side: float) -> None:
        """Write the letters at the four edges: below a head and above a foot full of words, off a bar at the right."""
        self.painter.setFont(self.theme.font("title", strong=True))
        inner = area.adjusted(EDGE, EDGE - 4, -EDGE, -EDGE + 4)
        centre = int(_FLAG.AlignVCenter)
        self.words(inner, edges.left, int(_FLAG.AlignLeft) | centre, "on-stage")
        self.words(inner.adjusted(0, 0, -side, 0), edges.right, int(_FLAG.AlignRight) | centre, "on-stage")
        self.words(inner.adjusted(0, head, 0, 0), edges.top, _FLAG.AlignTop | _FLAG.AlignHCenter, "on-stage")
        low = inner.adjusted(0, 0, 0, -foot)
        self.words(low, edges.bottom, _FLAG.AlignBottom | _FLAG.AlignHCenter, "on-stage")

    def scale_bar(self, area: QRectF, px_per_mm: float) -> float:
        """Draw a bar of a round length with its length; return how far to the right it goes."""
        length = max((mm for mm in BARS_MM if mm * px_per_mm <= 0.22 * area.width()), default=BARS_MM[0])
        left, y = area.left() + EDGE, area.bottom() - EDGE
        right = left + length * px_per_mm
        lines = [QLineF(left, y, right, y), QLineF(left, y - 4, left, y), QLineF(right, y - 4, right, y)]
        for colour, width in ((SHADE, 3), (self.theme.colour("on-stage"), 1)):
            self.painter.setPen(QPen(colour, width))
            self.painter.drawLines(lines)
        text = f"{length // 10} cm" if length >= 10 else f"{length} mm"
        self.painter.setFont(self.theme.font("small"))
        box = QRectF(left, area.top(), area.width(), y - 6 - area.top())
        return max(right, self.words(box, text, _FLAG.AlignLeft | _FLAG.AlignBottom).right())

    def rulers(self, area: QRectF, sight: Sight) -> None:
        """Draw ticks in mm along the left and the lower edge, longer ones at fives and tens of them."""
        step = next((mm for mm in (1, 5, 10, 50) if mm * sight.px_per_mm >= TICK_GAP), 100)
        lines: list[QLineF] = []
        for upright in (True, False):
            start, stop = (area.top(), area.bottom()) if upright else (area.left(), area.right())
            origin = sight.top if upright else sight.left
            first = math.ceil((start - origin) / (step * sight.px_per_mm))
            last = math.floor((stop - origin) / (step * sight.px_per_mm))
            for n in range(first, last + 1):
                at = origin + n * step * sight.px_per_mm
                size = 9 if n % 10 == 0 else 6 if n % 5 == 0 else 3
                if upright:
                    lines.append(QLineF(area.left(), at, area.left() + size, at))
                else:
                    lines.append(QLineF(at, area.bottom() - size, at, area.bottom()))
        self._crisp(lines, self.theme.colour("on-stage-quiet"))

    def crosshair(self, area: QRectF, at: QPointF) -> None:
        """Draw two lines that leave the place itself free."""
        gap = CROSS_GAP
        lines = [
            QLineF(area.left(), at.y(), at.x() - gap, at.y()),
            QLineF(at.x() + gap, at.y(), area.right(), at.y()),
            QLineF(at.x(), area.top(), at.x(), at.y() - gap),
            QLineF(at.x(), at.y() + gap, at.x(), area.bottom()),
        ]
        colour = QColor(self.theme.colour("crosshair"))
        colour.setAlpha(150)
        self._crisp(lines, colour)

    def _crisp(self, lines: Sequence[QLineF], colour: QColor) -> None:
        """Draw upright and level lines a pixel wide; smoothing would blur them, and takes longer."""
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        pen = QPen(colour, max(1, int(self.painter.device().devicePixelRatioF())))
        pen.setCosmetic(True)  # in pixels of the screen: at 125 % some lines would be twice as wide as others
        self.painter.setPen(pen)
        self.painter.drawLines(lines)
        self.painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def cursor(self, at: QPointF) -> None:
        """Draw where the mouse is in another panel."""
        self.painter.setPen(QPen(self.theme.colour("on-stage"), 1))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            self.painter.drawLine(at + QPointF(4 * dx, 4 * dy), at + QPointF(11 * dx, 11 * dy))

    def marks(self, marks: Sequence[Mark], sight: Sight) -> None:
        """Draw rings around numbered places; a number that would lie on another one goes to another corner."""
        self.painter.setFont(self.theme.font("small", strong=True))
        for mark in marks:
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            for colour, width in ((SHADE, 4.0), (self.theme.colour(_ink_of(mark)), 2.0 if mark.lit else 1.5)):
                self.painter.setPen(QPen(colour, width))
                radius = self.theme.px(14 if mark.lit else 9)
                self.painter.drawEllipse(sight.to_pane(mark.place), radius, radius)
        written: list[QRectF] = []
        for mark in marks:
            boxes = [self._number_box(mark, sight, *corner) for corner in CORNERS]
            free = (n for n, (_, plate) in enumerate(boxes) if not any(plate.intersects(one) for one in written))
            chosen = next(free, 0)
            align = _FLAG.AlignLeft if CORNERS[chosen][0] > 0 else _FLAG.AlignRight
            written.append(self.words(boxes[chosen][0], mark.number, align, _ink_of(mark)))

    def _number_box(self, mark: Mark, sight: Sight, right: int, down: int) -> tuple[QRectF, QRectF]:
        """Return where a mark's number is written beside its ring, and the plate that it takes there."""
        at, radius = sight.to_pane(mark.place), self.theme.px(14 if mark.lit else 9)
        left = at.x() + radius if right > 0 else at.x() - radius - NUMBER_W
        box = QRectF(left, at.y() + down * radius - 8, NUMBER_W, 16)
        flags = int(_FLAG.AlignLeft if right > 0 else _FLAG.AlignRight) | int(Qt.TextFlag.TextDontClip)
        return box, self.painter.boundingRect(box, flags, mark.number).adjusted(-4, -1, 4, 1)

    def distance(self, measure: Measurement, sight: Sight) -> None:
        """Draw a measured line with its length."""
        start, end = sight.to_pane(measure.start), sight.to_pane(measure.end)
        along = QLineF(start, end)
        across = along.normalVector().unitVector()
        half = QPointF(across.dx(), across.dy()) * 5.0
        lines = [along, QLineF(start - half, start + half), QLineF(end - half, end + half)]
        for colour, width in ((SHADE, 4), (self.theme.colour("both"), 1.5)):
            self.painter.setPen(QPen(colour, width))
            self.painter.drawLines(lines)
        self.painter.setFont(self.theme.font("base", strong=True))
        text = tr("{mm} mm").format(mm=f"{measure.mm:.1f}")
        box = QRectF(end.x() + 10, end.y() - 20, 10, 18)
        self.words(box, text, _FLAG.AlignLeft | _FLAG.AlignVCenter, "on-stage")

    def slice_bar(self, area: QRectF, *, index: int, count: int, span: tuple[int, int] | None, colour: QColor) -> None:
        """Draw where among the slices one is, at the right edge; the structure's own part is in its colour."""
        bar = slice_bar_of(area)
        self.painter.fillRect(bar, QColor(255, 255, 255, 34))

        def place(at: float) -> float:
            return bar.bottom() - bar.height() * at / max(1, count)

        if span is not None:
            self.painter.fillRect(
                QRectF(bar.left(), place(span[1] + 1), bar.width(), max(2.0, place(span[0]) - place(span[1] + 1))),
                colour,
            )
        middle = place(index + 0.5)
        self.painter.fillRect(QRectF(bar.left() - 3, middle - 1.5, bar.width() + 6, 3), self.theme.colour("on-stage"))


def slice_bar_of(area: QRectF) -> QRectF:
    """Return where the bar of the slices is in a pane."""
    height = 0.42 * area.height()
    return QRectF(area.right() - 7, area.bottom() - 0.06 * area.height() - height - 20, 3, height)


def _ink_of(mark: Mark) -> str:
    return "both" if mark.own else "on-stage-quiet"
