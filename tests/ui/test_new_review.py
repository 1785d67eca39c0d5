"""The new-review dialog by real keys, mouse and drops, on a real tiny dataset."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.settings import Settings
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.ui.views.new_review_dialog import NewReviewDialog
from labelcritic_gui.ui.views.recognised_table import IS
from labelcritic_gui.viewmodels.previews import ServicePreviews
from labelcritic_gui.viewmodels.station import Station
from tests.making import write_dataset
from tests.ui.conftest import _deliver_deletions

Key = Qt.Key


@dataclass
class Desk:
    """A window without a review, a dataset, and hands."""

    root: Path
    window: MainWindow
    station: Station
    wait: Callable[[Callable[[], object]], None]

    @property
    def dialog(self) -> NewReviewDialog:
        dialog = self.window._dialog
        assert isinstance(dialog, NewReviewDialog)
        return dialog

    def ask(self) -> NewReviewDialog:
        QTest.keyClick(self.window, Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        self.wait(lambda: isinstance(self.window._dialog, NewReviewDialog))
        self.dialog.activateWindow()
        self.wait(lambda: self.dialog.isActiveWindow() and QApplication.focusWidget() is not None)
        return self.dialog

    def settled(self) -> None:
        review = self.dialog.review
        self.wait(lambda: review.job is None and not review.drawing)

    def drop(self, *paths: Path, on: QWidget | None = None) -> None:
        place = QPointF(on.mapTo(self.dialog, QPoint(5, 5)) if on else QPoint(8, 8))
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        action, button, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(place.toPoint(), action, mime, button, none)
        QApplication.sendEvent(self.dialog, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.dialog, QDropEvent(place, action, mime, button, none))

    def drop_all(self) -> NewReviewDialog:
        dialog = self.ask()
        self.drop(self.root / "labels/good", self.root / "images", self.root / "labels/bad")
        self.wait(lambda: dialog.review.preview is not None)
        self.settled()
        return dialog

    def cell(self, name: str, column: int = IS) -> Any:
        names = [row.name for row in self.dialog.table.model_.rows]
        return self.dialog.table.model_.index(names.index(name), column)

    def edit(self, name: str, to: str) -> None:
        """Type a name into the table, as a person does."""
        table = self.dialog.table
        index = self.cell(name)
        table.setFocus()
        table.setCurrentIndex(index)
        QTest.keyClick(table, Key.Key_F2)
        field = table.findChild(QLineEdit)
        assert field is not None
        field.selectAll()
        QTest.keyClicks(field, to)
        QTest.keyClick(field, Key.Key_Return)
        self.wait(lambda: not self.dialog.table.model_.held)


@pytest.fixture
def desk(nothing_left: None, qtbot: Any, tmp_path: Path) -> Iterator[Desk]:
    root = tmp_path / "set"
    write_dataset(root)
    runner = TaskRunner(default_lanes(2))
    failed: list[BaseException] = []
    runner.failed.connect(failed.append)
    station = Station(build_services(Settings(reader="ann", notice_accepted=True)), runner)
    window = MainWindow(station, runner, default_keys())
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield Desk(root, window, station, lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=15_000))
    window.close()
    runner.shutdown()
    assert failed == []
    window.deleteLater()
    _deliver_deletions()


def test_that_dropped_folders_become_a_review_that_opens(desk: Desk) -> None:
    dialog = desk.drop_all()
    assert dialog.images.path.text() == str(desk.root / "images")
    assert [row.name.text() for row in dialog.labels] == ["good", "bad"]
    assert "2 cases" in dialog.images.status.text()
    assert "AbdomenAtlas" in dialog.labels[0].status.text()
    assert dialog.table.model_.rowCount() == 3
    assert dialog.misfits_title.text() == "Everything fits."
    assert dialog.picture._image is not None
    QTest.keyClick(dialog, Key.Key_Return)
    desk.wait(lambda: desk.station.reading is not None)
    assert desk.window._dialog is None
    assert desk.station.calls is not None
    assert desk.station.calls.folder == desk.root / "set-review"


def test_that_it_can_be_filled_by_keys_alone(desk: Desk) -> None:
    dialog = desk.ask()
    assert dialog.images.path.hasFocus()
    QTest.keyClicks(dialog.images.path, str(desk.root / "images"))
    QTest.keyClick(dialog.images.path, Key.Key_Tab)
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Tab)
    assert dialog.labels[0].name.hasFocus()
    QTest.keyClicks(dialog.labels[0].name, "mine")
    QTest.keyClick(dialog.labels[0].name, Key.Key_Tab)
    QTest.keyClicks(dialog.labels[0].path, str(desk.root / "labels/good"))
    QTest.keyClick(dialog.labels[0].path, Key.Key_Return)
    desk.wait(lambda: dialog.review.preview is not None and dialog.review.rows)
    desk.settled()
    assert desk.window._dialog is dialog  # the first Enter took the path; it did not create
    assert dialog.create_button.isEnabled()
    QTest.keyClick(dialog.labels[0].path, Key.Key_Return)
    desk.wait(lambda: desk.station.reading is not None)
    assert desk.station.calls is not None
    assert [s.slug for s in desk.station.calls.label_sets] == ["mine"]


def test_that_tab_reaches_everything_once(desk: Desk) -> None:
    dialog = desk.drop_all()
    dialog.images.path.setFocus()
    seen = [QApplication.focusWidget()]
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Tab)
        if QApplication.focusWidget() is seen[0]:
            break
        seen.append(QApplication.focusWidget())
    wanted = [dialog.images.path, dialog.labels[0].name, dialog.labels[1].path, dialog.add, dialog.table]
    wanted += [dialog.title, dialog.folder, dialog.take_all, dialog.close_button, dialog.create_button]
    places = [seen.index(widget) for widget in wanted]
    assert places == sorted(places)
    assert len(set(map(id, seen))) == len(seen)
    assert [w for w in seen if not (w.accessibleName() or getattr(w, "text", str)())] == []


def test_that_a_folder_dropped_on_a_row_goes_there(desk: Desk) -> None:
    dialog = desk.ask()
    desk.drop(desk.root / "images", on=dialog.images)
    desk.drop(desk.root / "labels/bad", on=dialog.labels[1])
    assert dialog.images.path.text() == str(desk.root / "images")
    assert dialog.labels[1].path.text() == str(desk.root / "labels/bad")
    assert dialog.labels[1].name.text() == "bad"
    desk.settled()


def test_that_what_does_not_fit_is_shown_by_reason(desk: Desk) -> None:
    for case in ("case_1", "case_2"):
        (desk.root / f"labels/bad/{case}/segmentations/liver.nii.gz").write_text("no volume")
    dialog = desk.drop_all()
    assert dialog.misfits_title.text().startswith("2 ")
    assert dialog.misfits.topLevelItemCount() == 1
    item = dialog.misfits.topLevelItem(0)
    assert item.text(0) == "2 ×"
    assert item.text(1).startswith("liver.nii.gz")
    assert [item.child(n).text(1).split()[0] for n in range(2)] == ["case_1", "case_2"]
    row = next(row for row in dialog.table.model_.rows if row.name == "liver")
    assert row.cases == (2, 0)


def test_that_a_name_put_right_is_in_the_review(desk: Desk) -> None:
    for case in ("case_1", "case_2"):
        folder = desk.root / f"labels/bad/{case}/segmentations"
        (folder / "spleen.nii.gz").rename(folder / "Milz_AI.nii.gz")
    dialog = desk.drop_all()
    assert dialog.table.model_.data(desk.cell("Milz_AI")) == "Milz_AI"
    order = [row.name for row in dialog.table.model_.rows]
    desk.edit("Milz_AI", "spleen")
    desk.wait(lambda: dialog.table.model_.data(desk.cell("Milz_AI")) == "spleen")
    assert [row.name for row in dialog.table.model_.rows] == order
    assert all(row.taken for row in dialog.table.model_.rows)
    assert desk.window._dialog is dialog
    QTest.keyClick(dialog.table, Key.Key_Return)
    desk.wait(lambda: desk.station.reading is not None)
    assert desk.station.worklist is not None
    desk.wait(lambda: desk.station.worklist.rows)
    assert {row.item.structure for row in desk.station.worklist.rows} == {"liver", "spleen", "pancreas"}


def test_that_counting_on_does_not_take_a_name_out_of_the_hand(desk: Desk) -> None:
    dialog = desk.drop_all()
    table = dialog.table
    table.setFocus()
    table.setCurrentIndex(desk.cell("liver"))
    QTest.keyClick(table, "s")
    field = table.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "to")
    assert field.text() == "sto"
    dialog.review.found.emit()
    dialog.review.set_take_all(True)
    assert table.findChild(QLineEdit) is field
    QTest.keyClick(field, Key.Key_Escape)
    desk.wait(lambda: not table.model_.held)
    assert table.model_.data(desk.cell("liver")) == "liver"
    assert dialog.isVisible()


def test_that_a_faulty_place_is_said_in_its_row(desk: Desk) -> None:
    dialog = desk.drop_all()
    field = dialog.labels[1].path
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, str(desk.root / "nowhere"))
    QTest.keyClick(field, Key.Key_Tab)
    desk.wait(lambda: "nowhere" in dialog.labels[1].status.text())
    desk.settled()
    assert dialog.labels[1].status.property("state") == "bad"
    assert not dialog.create_button.isEnabled()
    QTest.mouseClick(dialog.labels[1].remove, Qt.MouseButton.LeftButton)
    desk.wait(lambda: dialog.create_button.isEnabled())
    assert len(dialog.labels) == 1


def test_that_the_trusted_set_is_one_or_none(desk: Desk) -> None:
    dialog = desk.drop_all()
    for clicks, checked in (([0], [True, False]), ([1], [False, True]), ([1], [False, False])):
        for place in clicks:
            QTest.mouseClick(dialog.labels[place].trust, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
        assert [row.trust.isChecked() for row in dialog.labels] == checked


def test_that_a_running_creation_is_stopped_by_escape_and_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = desk.drop_all()
    before = sorted(desk.root.rglob("*"))
    create = ServicePreviews.create

    def slow(self: ServicePreviews, request: Any, progress: Any, cancel: Any) -> Any:
        def waiting(done: int, total: int, what: str) -> None:
            progress(done, total, what)
            while not cancel.is_set():
                pass
            stop_if(cancel)

        return create(self, request, waiting, cancel)

    monkeypatch.setattr(ServicePreviews, "create", slow)
    QTest.mouseClick(dialog.create_button, Qt.MouseButton.LeftButton)
    desk.wait(lambda: "Creating the review" in dialog.status.text() and " of 2" in dialog.status.text())
    assert not dialog.images.isEnabled()
    QTest.keyClick(dialog, Key.Key_Escape)
    desk.wait(lambda: not dialog.review.creating)
    assert dialog.isVisible()
    assert "nothing was written" in dialog.status.text()
    assert sorted(desk.root.rglob("*")) == before
    monkeypatch.undo()
    QTest.keyClick(dialog, Key.Key_Escape)
    desk.wait(lambda: desk.window._dialog is None)
    assert desk.station.reading is None


def test_that_a_long_look_can_be_stopped_and_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(self: ServicePreviews, images: Path, labels: Any, limit: Any, *, job: Any) -> Any:
        job(3, 20_000, "case_3")
        while not job.is_set():
            pass
        stop_if(job)

    monkeypatch.setattr(ServicePreviews, "preview", endless)
    dialog = desk.ask()
    dialog.review.set_images(str(desk.root / "images"))
    desk.wait(lambda: "3 of 20\u202f000" in dialog.status.text())
    assert dialog.bar.isVisible()
    QTest.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)
    desk.wait(lambda: dialog.review.job is None)
    assert not dialog.bar.isVisible()
    dialog.review.rescan()
    desk.wait(lambda: dialog.review.job is not None)
    QTest.keyClick(dialog, Key.Key_Escape)
    desk.wait(lambda: desk.window._dialog is None)


def test_that_it_fits_a_small_screen(desk: Desk) -> None:
    dialog = desk.drop_all()
    dialog.review.add_draft()
    dialog.review.add_draft()
    desk.settled()
    least = dialog.minimumSizeHint()
    assert least.width() <= 1000
    assert least.height() <= 600


def test_that_the_start_page_has_its_button(desk: Desk) -> None:
    QTest.mouseClick(desk.window.start.new, Qt.MouseButton.LeftButton)
    desk.wait(lambda: isinstance(desk.window._dialog, NewReviewDialog))
    QTest.keyClick(desk.dialog, Key.Key_Escape)
    desk.wait(lambda: desk.window._dialog is None)


def test_that_closing_the_window_stops_what_the_dialog_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(self: ServicePreviews, images: Path, labels: Any, limit: Any, *, job: Any) -> Any:
        while not job.is_set():
            pass
        stop_if(job)

    monkeypatch.setattr(ServicePreviews, "preview", endless)
    dialog = desk.ask()
    dialog.review.set_images(str(desk.root / "images"))
    job = dialog.review.job
    assert job is not None
    desk.window.close()
    assert job.is_set()


def test_that_the_mode_is_chosen_where_the_review_is_made(desk: Desk) -> None:
    dialog = desk.drop_all()
    assert [dialog.mode.itemText(n) for n in range(dialog.mode.count())] == ["assisted", "blind-first", "blind"]
    dialog.mode.setCurrentIndex(1)
    dialog.share.setValue(5)
    assert (dialog.review.mode.value, dialog.review.repeats) == ("blind-first", 0.05)
