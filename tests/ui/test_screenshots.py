"""Screenshots of the stage, by real keys: files that replace nothing, and the clipboard."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog

from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.settings import load_settings
from labelcritic_gui.ui.screenshots import as_png, safe, write_new
from tests.ui.conftest import Scene

K, M = Qt.Key, Qt.KeyboardModifier
BOTH = M.ControlModifier | M.ShiftModifier


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a person names; every further question fails the test."""
    asked: list[str] = []

    def answer(*_: object) -> str:
        asked.append("")
        assert len(asked) == 1, "the folder was asked for twice"
        return str(tmp_path / "shots")

    (tmp_path / "shots").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", answer)
    return tmp_path / "shots"


def test_that_the_stage_goes_to_a_file_named_after_the_item_and_the_folder_is_asked_once(
    opened: Scene, folder: Path
) -> None:
    opened.press(K.Key_S, BOTH)
    opened.wait(lambda: len(list(folder.glob("*.png"))) == 1)
    opened.wait(lambda: load_settings().screenshot_folder == str(folder))
    opened.press(K.Key_S, BOTH)
    opened.wait(lambda: len(list(folder.glob("*.png"))) == 2)
    item, stage = opened.reading.item, opened.window.screen_.stage
    assert item is not None
    for file in folder.iterdir():
        assert file.name.startswith(f"{item.case}_{item.structure}_2")
        picture = QImage(str(file))
        assert picture.size() == stage.size() * stage.devicePixelRatioF()
        assert picture.convertToFormat(QImage.Format.Format_RGB32) == stage.grab().toImage().convertToFormat(
            QImage.Format.Format_RGB32
        )
    message = opened.window.screen_.message.message
    assert message is not None
    assert str(folder) in message.text


def test_that_the_stage_goes_to_the_clipboard(opened: Scene) -> None:
    QGuiApplication.clipboard().clear()
    opened.press(K.Key_C, BOTH)
    found, stage = QGuiApplication.clipboard().image(), opened.window.screen_.stage
    assert found.size() == stage.size() * stage.devicePixelRatioF()
    message = opened.window.screen_.message.message
    assert message is not None
    assert "clipboard" in message.text


def test_that_the_contact_sheet_can_be_taken_too(opened: Scene) -> None:
    opened.press(K.Key_G)
    made, sheet = opened.station.sheet(), opened.window.screen_.sheet
    assert made is not None
    opened.wait(lambda: made.loaded == 9 and made.board.settled)
    opened.press(K.Key_C, BOTH)
    assert QGuiApplication.clipboard().image().size() == sheet.size() * sheet.devicePixelRatioF()


def test_that_a_folder_that_takes_nothing_is_said(opened: Scene, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("labelcritic_gui.ui.screenshots.tempfile.NamedTemporaryFile", full)
    opened.press(K.Key_S, BOTH)
    message = opened.window.screen_.message
    opened.wait(lambda: message.message is not None and message.message.error)
    assert message.message is not None
    assert "No space left" in message.message.text
    assert list(folder.iterdir()) == []


def test_that_a_file_is_never_replaced(tmp_path: Path) -> None:
    made = [write_new(tmp_path, "a_b", str(n).encode()) for n in range(4)]
    assert [file.name for file in made] == ["a_b.png", "a_b_2.png", "a_b_3.png", "a_b_4.png"]
    assert [file.read_bytes() for file in made] == [b"0", b"1", b"2", b"3"]
    assert sorted(tmp_path.iterdir()) == sorted(made)


def test_that_a_disk_without_links_takes_pictures_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("os.link", refuses)
    made = [write_new(tmp_path, "a", str(n).encode()) for n in range(2)]
    assert [file.read_bytes() for file in made] == [b"0", b"1"]
    assert sorted(tmp_path.iterdir()) == sorted(made)


def test_that_a_folder_that_is_gone_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="gone"):
        write_new(tmp_path / "gone", "a", b"")


@given(st.text())
def test_that_names_lead_nowhere_and_are_never_empty(text: str) -> None:
    name = safe(text)
    assert name
    assert not set(name) & set('/\\:*?"<>| \n\t\0')
    assert not name.startswith((".", "-"))
    assert Path(name).name == name


def test_that_png_bytes_are_the_image(qapp: object) -> None:
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(1, 2, 3))
    back = QImage.fromData(as_png(image))
    assert back.size() == image.size()
    assert back.pixelColor(2, 1) == QColor(1, 2, 3)
