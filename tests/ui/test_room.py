"""Where room is short: whole words go before letters do, numbers stand beside each other, nothing is said twice."""

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QHBoxLayout, QWidget

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.deciding.key_button import FittingWords, KeyButton
from labelcritic_gui.ui.stage.marking import Ink
from labelcritic_gui.ui.stage.scene import Mark
from labelcritic_gui.ui.views.dialogs import ExportDialog
from labelcritic_gui.viewmodels.messages import of_error

WORDS = ("accept", "none acceptable", "skip", "undo")


@pytest.mark.parametrize("width", [60, 150, 200, 250, 320, 400, 900])
def test_that_buttons_lose_whole_words_from_the_end(qapp, width) -> None:
    theme = themes.load_theme("dark")
    line = QWidget()
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    buttons = [KeyButton(theme, str(n), word, line, least=0) for n, word in enumerate(WORDS)]
    for button in buttons:
        layout.addWidget(button)
    line.resize(width, 40)
    fitting = FittingWords(line, buttons, line.width, gap=4)
    fitting.fit()
    shown = [button.sizeHint().width() for button in buttons]
    worded = [button.widths()[0] == wide for button, wide in zip(buttons, shown, strict=True)]
    assert worded == sorted(worded, reverse=True)
    assert sum(shown) + 4 * len(buttons) <= width or not any(worded)
    if not all(worded):  # one word more would not have fitted
        first = worded.index(False)
        more = sum(shown) - shown[first] + buttons[first].widths()[0]
        assert more + 4 * len(buttons) > width
    line.deleteLater()


class Flat:
    """A sight in which a place is where it says."""

    def to_pane(self, place):
        return QRectF(place[0], place[1], 0, 0).topLeft()


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_that_numbers_of_marks_in_one_place_can_all_be_read(qapp, count, monkeypatch) -> None:
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    ink = Ink(painter, themes.load_theme("dark"))
    plates = []
    written = ink.words
    monkeypatch.setattr(ink, "words", lambda *arguments: plates.append(written(*arguments)) or plates[-1])
    ink.marks([Mark(str(n), (100.0 + n, 100.0, 0.0), own=True, lit=False) for n in range(count)], Flat())
    painter.end()
    assert len(plates) == count
    for n, one in enumerate(plates):
        assert QRectF(image.rect()).contains(one)
        assert not any(one.intersects(other) for other in plates[n + 1 :])


def test_that_what_the_stage_says_is_not_said_below_it_too(scene) -> None:
    broken = UnreadableFileError("ct.nii.gz is truncated.", "Copy it again.")
    scene.calls.stage_broken = broken
    said = []
    scene.station.open(scene.calls.folder)
    scene.wait(lambda: scene.station.reading is not None and scene.reading.failure is not None)
    scene.reading.said.connect(said.append)
    scene.reading.said.emit(of_error(broken))  # the critic reads the same image
    assert len(said) == 1
    assert not scene.window.screen_.message.isVisible()
    buttons = scene.window.screen_.bar.buttons
    assert not buttons["decide.accept_1"].isEnabled()
    assert not buttons["decide.accept_pick"].isEnabled()
    assert buttons["decide.skip"].isEnabled()


def test_that_a_finished_review_is_exported_by_a_click(scene) -> None:
    scene.calls.items = scene.calls.items[:1]
    scene.open()
    scene.decide(Qt.Key.Key_1)
    page = scene.window.screen_.finished
    assert page.isVisible()
    assert "left" not in scene.window.screen_.worklist.left.text()
    page.export.click()
    assert isinstance(scene.window._dialog, ExportDialog)
    scene.window._dialog.reject()


def test_that_an_item_is_numbered_by_its_place_in_the_list(scene) -> None:
    scene.open()
    scene.window.screen_.worklist.filter.setText("-structure:liver")
    scene.wait(lambda: scene.station.worklist.count < len(scene.calls.items))
    item = scene.station.worklist.rows[1].item
    scene.reading.go_to(item)
    scene.ready()
    scene.wait(lambda: scene.window.header.place.text().startswith(f"2 of {scene.station.worklist.count}"))
