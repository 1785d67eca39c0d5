"""The new-review dialog: choose or drop, see what was recognised, put names right, create. Layer: ui."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from psygnal import SignalInstance
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from labelcritic_gui.translation import tr
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.ui.views.dialogs import Sheet
from labelcritic_gui.ui.views.first_case_view import FirstCaseView
from labelcritic_gui.ui.views.misfit_list import MisfitList
from labelcritic_gui.ui.views.mode_dialog import mode_box, mode_in, share_box, share_in
from labelcritic_gui.ui.views.recognised_table import RecognisedTable
from labelcritic_gui.ui.views.source_rows import LabelRow, SourceRow
from labelcritic_gui.ui.views.words import ElidedLabel, plain_label, set_state
from labelcritic_gui.viewmodels.new_review import NewReview
from labelcritic_gui.viewmodels.previews import MOST_LABEL_SETS, misfits_of, summary_of

POLL_MS = 100
SIZE = (1160, 690)
LEAST = (940, 560)
ROWS_SHOWN = 3
PICTURE_W = 300


class NewReviewDialog(Sheet):
    """Follows a `NewReview`; emits `made` with the folder of the review when it is on disk."""

    made = Signal(object)

    def __init__(self, review: NewReview, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("New review"), parent, width=LEAST[0])
        self.review = review
        self._theme = theme
        self.labels: list[LabelRow] = []
        self.setAcceptDrops(True)
        self._fill()
        for signal, follower in self._followed():
            signal.connect(follower)
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._show_job)
        self._changed()
        self._found()
        self._pictured()
        self._fit_screen()
        self.images.path.setFocus()

    def _followed(self) -> tuple[tuple[SignalInstance, Callable[..., None]], ...]:
        review = self.review
        return (
            (review.changed, self._changed),
            (review.found, self._found),
            (review.pictured, self._pictured),
            (review.working, self._working),
            (review.created, self._created),
        )

    def _fit_screen(self) -> None:
        room = self.screen().availableGeometry()
        self.setMinimumHeight(min(LEAST[1], room.height() - 40))
        self.resize(min(SIZE[0], room.width() - 24), min(SIZE[1], room.height() - 48))

    # --- building ----------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        self.rows.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(plain_label(tr("New review"), role="headline"))
        head.addSpacing(12)
        hint = tr("Choose the images and the label sets to compare, or drop their folders here.")
        head.addWidget(ElidedLabel(hint, role="quiet"), 1)
        self.rows.addLayout(head)
        self.rows.addLayout(self._sources())
        self.rows.addLayout(self._recognised(), 1)
        self.rows.addLayout(self._target())
        self.rows.addLayout(self._reading())
        self._foot()

    def _sources(self) -> QLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.images = SourceRow(tr("images"), self._theme)
        self.images.chosen.connect(self.review.set_images)
        grid.addWidget(_caption(tr("Images")), 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.images, 0, 1)
        self._label_column = QVBoxLayout()
        self._label_column.setContentsMargins(0, 0, 0, 0)
        self._label_column.setSpacing(4)
        inner = QWidget()
        inner.setLayout(self._label_column)
        self._label_area = QScrollArea(widgetResizable=True)
        self._label_area.setFrameShape(QFrame.Shape.NoFrame)
        self._label_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._label_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._label_area.setWidget(inner)
        self.add = QPushButton(tr("Add a label set"))
        self.add.setProperty("link", True)
        self.add.setAutoDefault(False)
        self.add.clicked.connect(lambda _=False: self._add_label_set())
        grid.addWidget(_caption(tr("Label sets")), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._label_area, 1, 1)
        grid.addWidget(self.add, 2, 1, Qt.AlignmentFlag.AlignLeft)
        return grid

    def _recognised(self) -> QLayout:
        words = QVBoxLayout()
        words.setSpacing(4)
        self.summary = ElidedLabel(role="strong")
        words.addWidget(self.summary)
        self.table = RecognisedTable(self.review, self._theme)
        words.addWidget(self.table, 3)
        self.misfits_title = ElidedLabel(role="quiet")
        words.addWidget(self.misfits_title)
        self.misfits = MisfitList(self._theme)
        words.addWidget(self.misfits, 1)
        self.picture = FirstCaseView(self._theme)
        self.picture.setFixedWidth(PICTURE_W)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addLayout(words, 1)
        both.addWidget(self.picture)
        return both

    def _target(self) -> QLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        self.title = QLineEdit()
        self.title.setAccessibleName(tr("Title of the review"))
        self.title.setFixedWidth(self._theme.px(180))
        self.title.editingFinished.connect(lambda: _told(self.title, self.review.set_title))
        self.folder = QLineEdit()
        self.folder.setAccessibleName(tr("Folder of the review"))
        self.folder.editingFinished.connect(lambda: _told(self.folder, self.review.set_folder))
        self.browse = QPushButton(tr("Browse…"))
        self.browse.setAccessibleName(tr("Browse for the folder of the review"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(lambda _=False: self._ask_folder())
        self.take_all = QCheckBox(tr("also what only one label set has"))
        self.take_all.toggled.connect(self.review.set_take_all)
        for field in (self.title, self.folder):
            field.setAcceptDrops(False)
        for words, widget, stretch in ((tr("Title"), self.title, 0), (tr("Folder"), self.folder, 1)):
            line.addWidget(_caption(words))
            line.addWidget(widget, stretch)
            line.addSpacing(4)
        line.addWidget(self.browse)
        line.addSpacing(8)
        line.addWidget(self.take_all)
        return line

    def _reading(self) -> QLayout:
        """When the verdict is seen, and what share comes again; both can be changed later."""
        self.mode, self.share = mode_box(self.review.mode), share_box(self.review.repeats)
        self.mode.currentIndexChanged.connect(lambda _: setattr(self.review, "mode", mode_in(self.mode)))
        self.share.valueChanged.connect(lambda _: setattr(self.review, "repeats", share_in(self.share)))
        line = QHBoxLayout()
        line.setSpacing(8)
        for words, widget in ((tr("Read it"), self.mode), (tr("Hidden repeats"), self.share)):
            line.addWidget(_caption(words))
            line.addWidget(widget)
            line.addSpacing(12)
        line.addStretch()
        return line

    def _foot(self) -> None:
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedWidth(160)
        keep = self.bar.sizePolicy()
        keep.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(keep)
        self.status = plain_label(wrap=True, copyable=True)
        self.stop = QPushButton(tr("Stop"))
        self.stop.setAutoDefault(False)
        self.stop.clicked.connect(lambda _=False: self.review.stop())
        self.buttons.takeAt(0)
        self.buttons.addWidget(self.status, 1)
        self.buttons.addWidget(self.bar)
        self.buttons.addWidget(self.stop)
        self.close_button = self.add_button(tr("Cancel"), self.reject)
        self.create_button = self.add_button(tr("Create"), self.review.create, primary=True)

    # --- following the view-model ------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.images.show_path(self.review.images)
        while len(self.labels) > len(self.review.drafts):
            row = self.labels.pop()
            self._label_column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self.labels) < len(self.review.drafts):
            self._new_label_row(len(self.labels))
        for place, (row, draft) in enumerate(zip(self.labels, self.review.drafts, strict=True)):
            row.show_draft(draft, trusted=self.review.trusted == place)
        self.add.setEnabled(len(self.labels) < MOST_LABEL_SETS)
        height = max((row.sizeHint().height() for row in self.labels), default=0) + 4
        self._label_area.setFixedHeight(height * min(ROWS_SHOWN, len(self.labels)))
        self._order_tabs()
        self._found()

    def _new_label_row(self, place: int) -> None:
        row = LabelRow(self.review.schemes, self._theme)
        row.chosen.connect(lambda text: self.review.set_draft(place, path=text))
        row.named.connect(lambda text: self.review.set_draft(place, slug=text))
        row.numbered.connect(lambda text: self.review.set_draft(place, classes=text))
        row.trusted.connect(lambda: self.review.trust(place))
        row.removed.connect(lambda: self.review.remove_draft(place))
        self.labels.append(row)
        self._label_column.addWidget(row)

    def _order_tabs(self) -> None:
        order: list[QWidget] = [self.images.path, self.images.browse]
        for row in self.labels:
            order += [row.name, row.path, row.browse, row.numbers, row.trust, row.remove]
        order += [self.add, self.table, self.misfits, self.title, self.folder, self.browse, self.take_all]
        order += [self.stop, self.close_button, self.create_button]
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    def _add_label_set(self) -> None:
        self.review.add_draft()
        row = self.labels[-1]
        row.name.setFocus()
        self._label_area.ensureWidgetVisible(row)

    def _found(self) -> None:
        review = self.review
        error = review.error
        self.images.say(error.text if error else review.recognised_images, bad=error is not None)
        for place, row in enumerate(self.labels):
            problem = review.problem_of(place)
            row.say(problem or review.recognised(place), bad=bool(problem))
        for field, text in ((self.title, review.title), (self.folder, review.folder)):
            if field.text() != text and not (field.hasFocus() and field.isModified()):
                field.setText(text)
        self.summary.setText(summary_of(review.preview, review.rows))
        self.misfits.show_groups(review.preview.refusals if review.preview else ())
        self.misfits_title.setText(misfits_of(review.preview))
        self._working()

    def _pictured(self) -> None:
        words = tr("Drawing the first case…") if self.review.drawing else tr("The first case will be shown here.")
        self.picture.show_case(self.review.picture, words=words)

    def _working(self) -> None:
        running = self.review.job is not None
        (self._poll.start if running else self._poll.stop)()
        for widget in (self.images, self._label_area, self.add, self.title, self.folder, self.browse, self.take_all):
            widget.setEnabled(not self.review.creating)
        self.table.setEnabled(not self.review.creating)
        self.close_button.setText(tr("Cancel"))
        self._show_job()

    def _show_job(self) -> None:
        job, review = self.review.job, self.review
        self.create_button.setEnabled(review.ready)
        self.bar.setVisible(job is not None)
        self.stop.setVisible(job is not None and not review.creating)
        if job is not None:
            self.bar.setMaximum(job.total)
            self.bar.setValue(job.done)
            far = f"  {job.done:,} of {job.total:,}".replace(",", "\u202f") if job.total else ""
            self.status.setText(f"{job.title}{far}")
            set_state(self.status, "state", "")
            return
        trouble = review.trouble
        self.status.setText(trouble.text if trouble else review.obstacle)
        set_state(self.status, "state", "bad" if trouble and trouble.error else "")

    def _created(self, folder: Path) -> None:
        self.made.emit(folder)
        self.accept()

    # --- coming and going --------------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Folder to make the review in"), str(Path.home()))
        if chosen:
            self.review.set_folder(str(Path(chosen) / Path(self.review.folder or "review").name))

    def done(self, result: int) -> None:
        if self.review.creating:  # the first Esc stops the creation, and leaves what was chosen as it is
            self.review.stop()
            return
        self._poll.stop()
        for signal, follower in self._followed():
            signal.disconnect(follower)
        self.table.model_.detach()
        self.review.close()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event) and not self.review.creating:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _paths(event)
        if not paths or self.review.creating:
            return
        event.acceptProposedAction()
        row = self._row_at(event.position().toPoint()) if len(paths) == 1 else None
        if row is self.images:
            self.review.set_images(str(paths[0]))
        elif isinstance(row, LabelRow):
            self.review.set_draft(self.labels.index(row), path=str(paths[0]))
        else:
            self.review.drop(paths)

    def _row_at(self, point: QPoint) -> SourceRow | None:
        for row in (self.images, *self.labels):
            if row.isVisible() and row.rect().contains(row.mapFrom(self, point)):
                return row
        return None


def _caption(words: str) -> QWidget:
    label = plain_label(words, role="quiet")
    label.setMinimumHeight(28)
    return label


def _told(field: QLineEdit, tell: Callable[[str], None]) -> None:
    """Pass on what was typed, not what was shown."""
    if field.isModified():
        field.setModified(False)
        tell(field.text())


def _paths(event: QDropEvent) -> Sequence[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
