"""The picture of the first case: a frontal projection with the first label set's structures. Layer: ui."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.imaging.overlay import fuse, fuse_table, outline
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.previews import FirstCase

EDGE = 8
OPACITY = 0.45
PLATE = QColor(0, 0, 0, 150)


def structure_colour(theme: Theme, number: int) -> QColor:
    """Return the colour of the n-th structure, from 0: the palette, then lighter and darker rounds of it."""
    turn = number // len(theme.labels)
    colour = theme.label(number)
    return colour if turn == 0 else colour.lighter(100 + 45 * turn) if turn % 2 else colour.darker(100 + 30 * turn)


class FirstCaseView(QWidget):
    """Shows the picture with the letters at its edges, or a word while there is none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._image: QImage | None = None
        self._case: FirstCase | None = None
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(180, 140)
        self.setAccessibleName(tr("Picture of the first case"))

    def sizeHint(self) -> QSize:
        return QSize(300, 300)

    def show_case(self, case: FirstCase | None, *, words: str = "") -> None:
        """Show a case, or words."""
        self._case, self._words = case, words
        self._image = None if case is None else self._composed(case)
        self.setAccessibleDescription(
            "" if case is None else tr("{case}, labels of {label_set}").format(case=case.case, label_set=case.label_set)
        )
        self.update()

    def _composed(self, case: FirstCase) -> QImage:
        paints = [structure_colour(self._theme, n) for n in range(len(case.structures))]
        colours = [(c.red(), c.green(), c.blue()) for c in paints]
        pixels = fuse(case.picture, case.labels, fuse_table(colours, opacity=OPACITY))
        edge = outline(case.labels)
        pixels[edge] = fuse(case.picture, case.labels, fuse_table(colours, opacity=1.0))[edge]
        rows, columns = pixels.shape
        # the copy owns its pixels: Qt would otherwise read an array that is gone
        return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("stage"))
        area = QRectF(self.rect()).adjusted(EDGE, EDGE, -EDGE, -EDGE)
        if self._image is None or self._case is None:
            painter.setPen(self._theme.colour("on-stage-quiet"))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._words)
            painter.end()
            return
        foot = self._theme.px(18)
        room = area.adjusted(0, 0, 0, -foot)
        scale = min(room.width() / self._image.width(), room.height() / self._image.height())
        size = QRectF(0, 0, self._image.width() * scale, self._image.height() * scale)
        size.moveCenter(room.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(size, self._image)
        self._draw_letters(painter, room)
        painter.setFont(self._theme.font("small"))
        painter.setPen(self._theme.colour("on-stage-quiet"))
        words = f"{self._case.case}  ·  {self._case.label_set}"
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, int(area.width()))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom), shown)
        painter.end()

    def _draw_letters(self, painter: QPainter, room: QRectF) -> None:
        assert self._case is not None
        edges, flag = self._case.frame.edges, Qt.AlignmentFlag
        painter.setFont(self._theme.font("title", strong=True))
        for letter, align in (
            (edges.left, flag.AlignLeft | flag.AlignVCenter),
            (edges.right, flag.AlignRight | flag.AlignVCenter),
            (edges.top, flag.AlignTop | flag.AlignHCenter),
            (edges.bottom, flag.AlignBottom | flag.AlignHCenter),
        ):
            plate = painter.boundingRect(room, int(align), letter).adjusted(-4, -1, 4, 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(PLATE)
            painter.drawRoundedRect(plate, 4, 4)
            painter.setPen(self._theme.colour("on-stage"))
            painter.drawText(room, int(align), letter)
