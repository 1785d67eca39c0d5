"""Draws a line of the worklist: an item, a heading, or a row that is on its way. Layer: ui."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.review import Status
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.worklist.model import PLACE, Index, WorklistModel
from labelcritic_gui.viewmodels.calls import ItemRow
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.worklist.columns import COLUMNS
from labelcritic_gui.viewmodels.worklist.grouping import Heading

ROW_H = 24
_MARK, _CASE, _STRUCTURE = PLACE["mark"], PLACE["case"], PLACE["structure"]
_SIGNS = {Status.QUEUED: "E", Status.NONE: "X", Status.ABSENT: "0", Status.UNJUDGED: "U"}
_ELIDED_LEFT = {_CASE}
_MIDDLE = {_STRUCTURE}


class RowDelegate(QStyledItemDelegate):
    """Draws status as a shape, the critic's pick as its colour, and decided rows quietly.

    `told` says whether the reader may know what the critic thinks, and whose label is which.
    """

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self.theme = theme
        self.label_sets: tuple[LabelSet, ...] = ()
        self.told = True
        self.grouped = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), self.theme.px(ROW_H))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, WorklistModel):
            return
        heading = model.heading(index)
        if heading is not None:
            self._heading(painter, option, heading, model.decided_in(heading))
            return
        row = model.row(index)
        if row is None:
            self._placeholder(painter, option, index)
            return
        rect = QRect(option.rect)
        chosen = bool(option.state & option.state.State_Selected)
        if chosen:
            painter.fillRect(rect, self.theme.colour("pressed"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.column() == _MARK:
            if chosen:
                painter.fillRect(QRect(rect.left(), rect.top(), 2, rect.height()), self.theme.colour("focus"))
            self._status(painter, row, QRectF(rect))
            return
        self._cell(painter, rect, index, row, chosen=chosen)

    def _cell(self, painter: QPainter, rect: QRect, index: Index, row: ItemRow, *, chosen: bool) -> None:
        theme, column = self.theme, index.column()
        quiet = row.status is not Status.OPEN or row.skipped
        painter.setFont(theme.font("base", strong=chosen and column == _STRUCTURE))
        painter.setPen(theme.colour("text-quiet" if quiet or column != _STRUCTURE else "text"))
        gap = theme.px(4)
        room = rect.adjusted(gap, 0, -gap, 0)
        if column == _STRUCTURE and self.told and (row.findings or row.orders_agree is False or row.audit):
            room.adjust(0, 0, -theme.px(12), 0)
            self._flag(painter, row, QRectF(rect))
        # a case id differs at its end, a structure's name at both
        mode = Qt.TextElideMode.ElideLeft if column in _ELIDED_LEFT else Qt.TextElideMode.ElideRight
        mode = Qt.TextElideMode.ElideMiddle if column in _MIDDLE else mode
        words = painter.fontMetrics().elidedText(str(index.data() or ""), mode, room.width())
        side = Qt.AlignmentFlag.AlignRight if COLUMNS[column].right else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), words)

    def _placeholder(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Say quietly that a row is on its way."""
        painter.setFont(self.theme.font("base"))
        painter.setPen(self.theme.colour("text-quiet"))
        room = QRect(option.rect).adjusted(4, 0, -4, 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), str(index.data() or ""))

    def _heading(self, painter: QPainter, option: QStyleOptionViewItem, heading: Heading, done: int) -> None:
        """Draw the part of a heading that lies in a cell: it runs through all columns."""
        theme, cell = self.theme, QRect(option.rect)
        line = QRect(0, cell.top(), self._view.viewport().width(), cell.height())
        painter.save()
        painter.setClipRect(cell)
        painter.fillRect(cell, theme.colour("raised"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._arrow(painter, QPointF(theme.px(11), line.center().y() + 0.5), folded=heading.folded)
        gap = theme.px(4)
        total = heading.end - heading.first
        painter.setFont(theme.font("small"))
        painter.setPen(theme.colour("text-quiet"))
        counted = f"{done} / {total}"
        right = line.adjusted(0, 0, -gap * 2, 0)
        painter.drawText(right, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), counted)
        taken = painter.fontMetrics().horizontalAdvance(counted) + gap * 4
        painter.setFont(theme.font("base", strong=True))
        painter.setPen(theme.colour("text-quiet" if done == total else "text"))
        room = line.adjusted(theme.px(22), 0, -taken, 0)
        words = painter.fontMetrics().elidedText(heading.case, Qt.TextElideMode.ElideLeft, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)
        share = QRectF(0, line.bottom() - 1, line.width() * done / max(1, total), 2)
        painter.fillRect(share, theme.colour("focus"))
        painter.restore()

    def _arrow(self, painter: QPainter, centre: QPointF, *, folded: bool) -> None:
        x, y, r = centre.x(), centre.y(), self.theme.px(3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.colour("text-quiet"))
        if folded:
            painter.drawPolygon([QPointF(x - r / 2, y - r), QPointF(x - r / 2, y + r), QPointF(x + r, y)])
        else:
            painter.drawPolygon([QPointF(x - r, y - r / 2), QPointF(x + r, y - r / 2), QPointF(x, y + r)])

    def _status(self, painter: QPainter, row: ItemRow, rect: QRectF) -> None:
        """Open: a ring in the picked colour. Accepted: a filled dot in the accepted colour. Others: their sign."""
        theme, centre = self.theme, rect.center()
        picked = row.pick if row.status is Status.OPEN else row.accepted or row.pick
        place = colour_of(self.label_sets, picked) if self.told else -1
        colour = theme.label(place) if place >= 0 else theme.colour("text-quiet")
        radius = theme.px(4)
        if row.status is Status.ACCEPTED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawEllipse(centre, radius, radius)
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if row.status is Status.OPEN:
            painter.setPen(QPen(colour, 1.5))
            painter.drawEllipse(centre, radius - 0.5, radius - 0.5)
            return
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font("small", strong=True))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, _SIGNS[row.status])

    def _flag(self, painter: QPainter, row: ItemRow, rect: QRectF) -> None:
        """Two crossing strokes for orders that disagree, a triangle for findings, a square for the audit share."""
        theme = self.theme
        x, y, r = rect.right() - theme.px(9), rect.center().y(), theme.px(3)
        painter.save()
        if row.orders_agree is False:
            painter.setPen(QPen(theme.colour("doubt"), 1.5))
            painter.drawLine(round(x - r), round(y - r), round(x + r), round(y + r))
            painter.drawLine(round(x - r), round(y + r), round(x + r), round(y - r))
        elif row.findings:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("bad" if row.severity >= 2 else "doubt"))
            painter.drawPolygon([QPointF(x - r - 1, y + r), QPointF(x + r + 1, y + r), QPointF(x, y - r - 1)])
        else:
            painter.setPen(QPen(theme.colour("text-quiet"), 1.5))
            painter.drawRect(QRectF(x - r, y - r, 2 * r, 2 * r))
        painter.restore()
