"""A language of long words: every text 40 % longer and in brackets, in the window at 1366 x 768 and in its dialogs."""

import math
from gettext import NullTranslations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QPushButton, QRadioButton, QWidget

from labelcritic_gui import translation
from labelcritic_gui.ui.deciding.key_button import KeyButton

LONGER = 0.4
DIALOGS = (
    "ask_new_review",
    "ask_export",
    "ask_critic",
    "ask_audit",
    "ask_bench",
    "ask_mode",
    "ask_filters",
    "show_outliers",
    "ask_prompts",
    "show_keys",
    "show_preferences",
    "show_ledger",
)


class LongWords(NullTranslations):
    """Makes every text longer without touching what is filled in."""

    def gettext(self, message: str) -> str:
        return f"[{message}{'·' * math.ceil(LONGER * len(message))}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture(autouse=True)
def _long_words(monkeypatch: pytest.MonkeyPatch) -> None:
    # set before the window is made: `scene` is asked for after autouse fixtures
    monkeypatch.setattr(translation._Spoken, "texts", LongWords())
    monkeypatch.setattr(translation._Spoken, "code", "long")
    monkeypatch.setattr("labelcritic_gui.ui.around_window.use_language", lambda code: "long")


def buttons(root: QWidget) -> list[QAbstractButton]:
    return [b for b in root.findChildren(QAbstractButton) if b.isVisibleTo(root) and b.text()]


def cut(root: QWidget) -> list[str]:
    """Return the buttons that are narrower than their text."""
    return [
        f"{button.text()} ({button.width()} of {button.sizeHint().width()})"
        for button in buttons(root)
        if isinstance(button, QPushButton | QCheckBox | QRadioButton) and button.width() < button.sizeHint().width()
    ]


def test_that_every_text_of_the_window_is_one_that_can_be_translated(opened) -> None:
    opened.ready()
    window = opened.window
    words = [action.text() for action in window.header.menus.actions()]
    words += [button.text() for button in window.screen_.bar.buttons.values() if button.isVisible()]
    mine = [w for w in words if not w.startswith("[")]
    assert [w for w in mine if w not in {"Alpha", "Beta"}] == []


def test_that_no_button_of_the_window_is_cut_where_there_is_room(opened) -> None:
    opened.ready()
    window = opened.window
    window.resize(1366, 768)
    opened.wait(lambda: window.width() == 1366)
    assert cut(window) == []
    bar = window.screen_.bar
    short = [b for b in bar.buttons.values() if b.isVisible() and b.width() < b.sizeHint().width()]
    assert all(isinstance(b, KeyButton) for b in short)
    if short:  # words give way to an ellipsis only when the note has given way before
        assert bar.note.width() <= bar.note.minimumWidth() + 16
    assert all(b.geometry().right() <= bar.width() for b in bar.buttons.values() if b.isVisible())


@pytest.mark.parametrize("key", [Qt.Key.Key_G, Qt.Key.Key_P])
def test_that_no_button_of_the_other_screens_is_cut(opened, key) -> None:
    opened.ready()
    opened.window.resize(1366, 768)
    opened.wait(lambda: opened.window.width() == 1366)
    opened.press(key)
    assert cut(opened.window) == []
    opened.press(Qt.Key.Key_Escape)


def test_that_the_start_page_has_room_for_its_buttons(scene) -> None:
    scene.window.resize(1366, 768)
    scene.wait(lambda: scene.window.width() == 1366)
    assert cut(scene.window.start) == []


@pytest.mark.parametrize("name", DIALOGS)
def test_that_no_button_of_a_dialog_is_cut(opened, name: str) -> None:
    opened.ready()
    getattr(opened.window, name)()
    opened.wait(lambda: QApplication.activeModalWidget() is not None)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.resize(min(1342, max(1040, dialog.width())), 700)  # the screen of the tests is smaller than 1366 x 768
    opened.wait(lambda: dialog.width() >= 1040)
    found = cut(dialog)
    wide = dialog.width()
    dialog.close()
    opened.wait(lambda: QApplication.activeModalWidget() is None)
    assert found == []
    assert wide <= 1366
