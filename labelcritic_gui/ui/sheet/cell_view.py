"""One cell of the contact sheet: candidates side by side, what the critic picks, what the reader marked. Layer: ui."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from labelcritic_gui.imaging.composition import Layer, Placement, composed, magnified
from labelcritic_gui.translation import tr
from labelcritic_gui.ui.sheet.cell_words import Told, caption, marked, missing, overall, spoken, title_of
from labelcritic_gui.ui.theme import Theme, ink_on
from labelcritic_gui.viewmodels.sheet.cell import ABSENCE, Cell

HEAD_H, FOOT_H, GAP, EDGE = 28, 24, 2, 4
BADGE = 20
LINE_PX, COMPANION_STRENGTH = 2.0, 0.35
MARK_PX, PICK_PX = 3, 3
DIMMED = QColor(0, 0, 0, 130)
PLATE = QColor(0, 0, 0, 170)
_ROW = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_END = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CellView(QWidget):
    """Draws a cell. `chosen` carries a candidate's position from 1; `again` asks to load a picture that failed.

    `wanting` asks for `compose`: nine cells composed in one piece would hold the window up on a large screen. `painted`
    tells that all of the cell is on the screen.
    """

    chosen = Signal(int)
    left_open = Signal()
    selected = Signal()
    again = Signal()
    wanting = Signal()
    painted = Signal()

    def __init__(self, place: int, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self._theme = theme
        self._cell: Cell | None = None
        self._told = Told(advised=False, named=False, label_sets=())
        self._lit = False
        self._images: dict[int, QImage] = {}
        self._for: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setMinimumSize(theme.px(160), theme.px(120))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def set_theme(self, theme: Theme) -> None:
        """Take over another theme."""
        self._theme = theme
        self._images.clear()
        self.setMinimumSize(theme.px(160), theme.px(120))
        self.update()

    def show_cell(self, cell: Cell | None, told: Told, *, lit: bool) -> None:
        """Show a cell, or an empty place; `lit` when it is the selected one."""
        if cell is None or self._cell is None or cell.small is not self._cell.small or told != self._told:
            self._images.clear()
        self._cell, self._told, self._lit = cell, told, lit
        self.setAccessibleName(spoken(cell, self._place, told) if cell else "")
        self.update()

    # --- where things are --------------------------------------------------------------------------------------

    @property
    def corner(self) -> QRect:
        """The corner with the cell's number: a click there leaves the item open."""
        px = self._theme.px
        return QRect(px(EDGE), px(EDGE), px(BADGE), px(BADGE))

    def panel_at(self, position: int) -> QRect:
        """Return where the candidate at a position is drawn, with its caption."""
        px, count = self._theme.px, max(1, len(self._cell.panels) if self._cell else 1)
        area = self.rect().adjusted(px(EDGE), px(HEAD_H), -px(EDGE), -px(EDGE))
        rows, columns = (2, 2) if count == 4 else (1, count)
        row, column = divmod(position - 1, columns)
        gap = px(GAP)
        width, height = (area.width() - gap * (columns - 1)) // columns, (area.height() - gap * (rows - 1)) // rows
        return QRect(area.x() + column * (width + gap), area.y() + row * (height + gap), width, height)

    def _picture_at(self, position: int) -> QRect:
        return self.panel_at(position).adjusted(0, 0, 0, -self._theme.px(FOOT_H))

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002  (signature is Qt's)
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.colour("surface"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        cell = self._cell
        if cell is None:
            painter.fillRect(self.rect(), self._theme.colour("ground"))
            return
        self._draw_head(painter, cell)
        if cell.small is None:
            self._draw_waiting(painter, cell)
        for position in range(1, len(cell.panels) + 1):
            self._draw_panel(painter, cell, position)
        composed = len(self._images) == len(cell.panels)
        if cell.mark is not None and cell.mark.position == ABSENCE:
            self._draw_plate(painter, self.rect().adjusted(0, self._theme.px(HEAD_H), 0, 0), marked(cell, self._told))
        if cell.written:
            painter.fillRect(self.rect(), DIMMED)
            self._draw_plate(painter, self.rect(), tr("written"))
        if self._lit:
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        painter.end()
        if not composed:
            self.wanting.emit()
        elif cell.small is not None:
            self.painted.emit()

    def compose(self) -> None:
        """Make the pictures of the candidates for the cell's size, and show them."""
        cell = self._cell
        if cell is not None and cell.small is not None:
            for position in range(1, len(cell.panels) + 1):
                if position not in self._images:
                    self._images[position] = self._composed(cell, position, self._picture_at(position))
            self.update()

    def _draw_head(self, painter: QPainter, cell: Cell) -> None:
        theme = self._theme
        box = QRectF(self.corner)
        colour = self._mark_colour(cell)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour or theme.colour("raised"))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(ink_on(colour) if colour else theme.colour("text"))
        painter.setFont(theme.font("title", strong=True))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(self._place + 1))
        right = theme.px(8)
        room = QRectF(box.right() + 8, 0, self.width() - box.right() - 8 - right, theme.px(HEAD_H))
        said = overall(cell, self._told)
        small, named = QFontMetrics(theme.font("small")), QFontMetrics(theme.font("base", strong=True))
        if small.horizontalAdvance(said) + 8 + named.horizontalAdvance(title_of(cell)) > room.width():
            said = said.rpartition("   ")[2]  # what the item is comes before what is said of it
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-quiet"))
        painter.drawText(room, _END, said)
        room.setWidth(room.width() - painter.fontMetrics().horizontalAdvance(said) - 8)
        painter.setFont(theme.font("base", strong=True))
        painter.setPen(theme.colour("text"))
        title = painter.fontMetrics().elidedText(
            title_of(cell),
            Qt.TextElideMode.ElideRight,
            int(room.width()),
        )
        painter.drawText(room, _ROW, title)
        room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(title) + 8)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-quiet"))
        case = painter.fontMetrics().elidedText(cell.item.case, Qt.TextElideMode.ElideMiddle, int(room.width()))
        painter.drawText(room, _ROW, case)

    def _draw_waiting(self, painter: QPainter, cell: Cell) -> None:
        area = self.rect().adjusted(0, self._theme.px(HEAD_H), 0, 0)
        area.adjust(self._theme.px(EDGE), 0, -self._theme.px(EDGE), -self._theme.px(EDGE))
        painter.fillRect(area, self._theme.colour("stage"))
        words = tr("Loading…")
        if cell.failure is not None:
            words = f"{cell.failure.text}\n{tr('A click tries again.')}"
        painter.setFont(self._theme.font("base"))
        painter.setPen(self._theme.colour("on-stage-quiet"))
        box = area.adjusted(8, 8, -8, -8)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)

    def _draw_panel(self, painter: QPainter, cell: Cell, position: int) -> None:
        theme, area = self._theme, self._picture_at(position)
        if position in self._images:
            painter.drawImage(area.topLeft(), self._images[position])
        else:
            painter.fillRect(area, theme.colour("stage"))
        self._draw_letters(painter, cell, QRectF(area))
        words = missing(cell, position)
        if words:
            self._draw_missing(painter, area, words)
        mark = cell.mark
        if mark is not None and mark.position == position:
            colour = theme.label(self._told.colour(cell, position))
            width = theme.px(MARK_PX)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour, width))
            inset = width / 2
            painter.drawRect(QRectF(area).adjusted(inset, inset, -inset, -inset))
            self._draw_tick(painter, area, colour)
        elif mark is not None:
            painter.fillRect(area, DIMMED)
        self._draw_caption(painter, cell, position)

    def _draw_missing(self, painter: QPainter, area: QRect, words: str) -> None:
        """Say what is not there, on a plate: legible on any anatomy."""
        painter.setFont(self._theme.font("base", strong=True))
        plate = QRectF(painter.fontMetrics().boundingRect(words).adjusted(-8, -4, 8, 4))
        plate.moveCenter(QRectF(area).center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 4, 4)
        painter.setPen(self._theme.colour("on-stage"))
        painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), words)

    def _composed(self, cell: Cell, position: int, area: QRect) -> QImage:
        """Return a panel's picture at the screen's own pixels: the crop fitted, the mask outlined."""
        ratio = self.devicePixelRatioF()
        small = cell.small
        shape = max(1, round(area.height() * ratio)), max(1, round(area.width() * ratio))
        if small is None:
            return QImage()
        tall, wide = small.mm_per_pixel
        rows, columns = small.picture.shape
        scale = min(shape[0] / (rows * tall), shape[1] / (columns * wide))
        down, across = scale * tall, scale * wide
        placement = Placement(down, across, (shape[0] - rows * down) / 2, (shape[1] - columns * across) / 2)
        panel = small.panels[position - 1]
        colour = self._theme.label(self._told.colour(cell, position))
        paint = (colour.red(), colour.green(), colour.blue())
        line = LINE_PX * ratio * self._theme.scale
        layers = [Layer(panel.silhouette, paint, line=line)] if panel.silhouette.any() else []
        if panel.companion is not None and panel.companion.any():
            layers.insert(0, Layer(panel.companion, paint, line=line, strength=COMPANION_STRENGTH))
        canvas = composed(magnified(small.picture, placement, shape), layers, placement)
        # the copy owns its pixels: Qt would otherwise read an array that is gone
        image = QImage(canvas.data, shape[1], shape[0], 4 * shape[1], QImage.Format.Format_RGB32).copy()
        image.setDevicePixelRatio(ratio)
        return image

    def _draw_letters(self, painter: QPainter, cell: Cell, area: QRectF) -> None:
        if cell.small is None:
            return
        painter.setFont(self._theme.font("small", strong=True))
        edges, side = cell.small.edges, self._theme.px(16)
        middle = area.center().y() - side / 2
        for letter, left in ((edges.left, area.left() + 2), (edges.right, area.right() - side - 2)):
            plate = QRectF(left, middle, side, side)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(PLATE)
            painter.drawRoundedRect(plate, 4, 4)
            painter.setPen(self._theme.colour("on-stage"))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, letter)

    def _draw_tick(self, painter: QPainter, area: QRect, colour: QColor) -> None:
        """Draw a plate with a tick in the upper left corner: the mark has a shape, not only a colour."""
        side = self._theme.px(28)
        box = QRectF(area.x(), area.y(), side, side)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRect(box)
        pen = QPen(ink_on(colour), self._theme.px(3))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline([box.topLeft() + QPointF(x, y) * (side / 28) for x, y in ((7, 15), (12, 20), (21, 9))])

    def _draw_caption(self, painter: QPainter, cell: Cell, position: int) -> None:
        theme, said = self._theme, caption(cell, position, self._told)
        whole = self.panel_at(position)
        box = QRectF(whole.x(), whole.bottom() + 1 - theme.px(FOOT_H), whole.width(), theme.px(FOOT_H))
        colour = theme.label(self._told.colour(cell, position))
        swatch = QRectF(box.x() + 2, box.y() + (box.height() - theme.px(10)) / 2, theme.px(10), theme.px(10))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(swatch, 2, 2)
        if said.pick:
            painter.fillRect(QRectF(box.x(), box.y(), box.width(), theme.px(PICK_PX)), colour)
        room = box.adjusted(swatch.width() + 8, theme.px(PICK_PX), -4, 0)
        # from the right: how sure the pick is comes before the names of the findings, and these before the name
        picked = self._end(painter, room, said.pick, "text", strong=True)
        room.setRight(room.right() - picked)
        flags = self._end(painter, room, said.flags, "bad" if said.severe else "doubt")
        room.setRight(room.right() - flags)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text" if said.pick else "text-quiet"))
        words = painter.fontMetrics().elidedText(said.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, _ROW, words)

    def _end(self, painter: QPainter, room: QRectF, words: str, token: str, *, strong: bool = False) -> int:
        """Write at the right end of a line; return what it takes of the room, in px."""
        if not words:
            return 0
        painter.setFont(self._theme.font("small", strong=strong))
        painter.setPen(self._theme.colour(token))
        metrics = painter.fontMetrics()
        written = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(0, int(room.width())))
        painter.drawText(room, _END, written)
        return metrics.horizontalAdvance(written) + 8

    def _draw_plate(self, painter: QPainter, area: QRect, words: str) -> None:
        painter.setFont(self._theme.font("title", strong=True))
        box = painter.fontMetrics().boundingRect(words)
        plate = QRectF(0, 0, box.width() + 24, box.height() + 12)
        plate.moveCenter(QPointF(area.center()))
        painter.setPen(QPen(self._theme.colour("on-stage"), 1))
        painter.setBrush(PLATE)
        painter.drawRoundedRect(plate, 4, 4)
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)

    def _mark_colour(self, cell: Cell) -> QColor | None:
        if cell.mark is None:
            return None
        if cell.mark.position == ABSENCE:
            return self._theme.colour("both")
        return self._theme.label(self._told.colour(cell, cell.mark.position))

    # --- the mouse ---------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._cell is None:
            return
        at = event.position().toPoint()
        self.selected.emit()
        if self._cell.failure is not None:
            self.again.emit()
        elif self.corner.contains(at):
            self.left_open.emit()
        else:
            for position in range(1, len(self._cell.panels) + 1):
                if self.panel_at(position).contains(at):
                    self.chosen.emit(position)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take a quick second click for the tremor it usually is: it would take off what the first one marked."""
        event.accept()

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002  (signature is Qt's)
        self._images.clear()
