"""The dialog about the files of the open item."""

import threading
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry, fitting
from labelcritic_gui.services.inspection import InspectedFile, Inspection, Kind, LabelRow
from labelcritic_gui.ui.views.inspection_dialog import InspectionDialog
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

GRID = Geometry((60, 60, 60), np.diag([1.0, 1.0, 1.0, 1.0]))


class FiledCalls(FakeCalls):
    """A review whose items have files. `gate` holds the work, `file_error` fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.gate: threading.Event | None = None
        self.file_error: Exception | None = None
        self.cancelled = False

    def inspect_item(self, item: Any, cancel: Any, progress: Any) -> tuple[InspectedFile, ...]:
        progress(1, 3, "Alpha")
        if self.file_error is not None:
            raise self.file_error
        while self.gate is not None and not self.gate.wait(0.01):
            self.cancelled = cancel.is_set()
            stop_if(cancel)
        ct = Inspection("/data/case/ct.nii.gz", Kind.CT, "int16, values -1024 to 3071", "nifti", GRID, "int16")
        row = LabelRow(5, "liver", 1000, 1.0)
        label = Inspection("/data/a.nrrd", Kind.LABEL_MAP, "2 label values", "nrrd", GRID, "uint8", labels=(row,))
        bad = Inspection("/data/b.nii", Kind.REFUSED, "/data/b.nii holds RGB colours.")
        return (
            InspectedFile("image", -1, ct),
            InspectedFile("Alpha", 0, label, (5,), fitting(GRID, GRID)),
            InspectedFile("Beta", 1, bad),
        )


@pytest.fixture
def calls() -> FiledCalls:
    return FiledCalls()


def asked(scene: Scene) -> InspectionDialog:
    scene.press(Qt.Key.Key_I)
    scene.wait(lambda: scene.window.findChild(InspectionDialog) is not None)
    found = scene.window.findChild(InspectionDialog)
    assert isinstance(found, InspectionDialog)
    return found


def words(dialog: InspectionDialog) -> str:
    return "\n".join(label.text() for label in dialog.area.widget().findChildren(QLabel))


def test_that_i_shows_image_and_candidates_side_by_side(opened: Scene) -> None:
    dialog = asked(opened)
    opened.wait(lambda: dialog.area.widget() is not None)
    shown = words(dialog).replace("\u200b", "")
    for text in ("Image", "Alpha", "Beta", "CT: int16", "1.0 ml (1000 voxels, value 5)", "holds RGB colours"):
        assert text in shown
    assert not dialog.bar.isVisible()
    dialog.copy.click()
    assert "/data/case/ct.nii.gz" in QApplication.clipboard().text()
    dialog.close_button.click()
    opened.wait(lambda: opened.window.findChild(InspectionDialog) is None)


def test_that_closing_stops_the_work(opened: Scene, calls: FiledCalls) -> None:
    calls.gate = threading.Event()
    dialog = asked(opened)
    opened.wait(lambda: "Alpha" in dialog.status.text())
    assert dialog.bar.isVisible()
    assert dialog.close_button.text() == "Cancel"
    dialog.close_button.click()
    opened.wait(lambda: opened.runner.idle)
    assert calls.cancelled
    assert opened.window.findChild(InspectionDialog) is None


def test_that_a_failure_is_said_in_the_dialog(opened: Scene, calls: FiledCalls) -> None:
    calls.file_error = UnreadableFileError("The disk is gone.", "Plug it in.")
    dialog = asked(opened)
    opened.wait(lambda: "The disk is gone. Plug it in." in dialog.status.text())
    assert not dialog.copy.isEnabled()
    dialog.close_button.click()
    opened.wait(lambda: opened.window.findChild(InspectionDialog) is None)
