"""Every control says what it is: to a screen reader, in the window, on every screen and in every dialog."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTextEdit,
    QWidget,
)

from tests.viewmodels.fakes import FakeCalls

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
)
PARTS = (QScrollBar, QHeaderView)
"""They belong to the list that they are part of."""
DIALOGS = (
    "ask_new_review",
    "ask_export",
    "ask_critic",
    "ask_model_server",
    "ask_audit",
    "ask_bench",
    "show_outliers",
    "ask_prompts",
    "show_sent",
    "show_files",
    "show_keys",
    "show_about",
    "show_palette",
    "show_preferences",
    "ask_filters",
    "ask_mode",
    "show_ledger",
)


def is_part(widget: QWidget) -> bool:
    """Say whether a widget is the inside of another control: the field of a spin box, the list of a combo box."""
    name, parent = widget.objectName(), widget.parentWidget()
    if isinstance(widget, PARTS) or name.startswith("qt_"):
        return True
    while parent is not None:
        if (
            isinstance(parent, QComboBox | QAbstractSpinBox | QLineEdit)
            or type(parent).__name__ == "QComboBoxPrivateContainer"
        ):
            return True
        if isinstance(parent, QAbstractItemView) and isinstance(widget, QAbstractButton) and not widget.text():
            return True
        parent = parent.parentWidget()
    return False


def named(widget: QWidget) -> bool:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    # a button that has nothing to say yet is hidden, and gets its words with its first showing
    return bool(widget.accessibleName().strip() or text.strip()) or (
        isinstance(widget, QAbstractButton) and widget.isHidden()
    )


def nameless(root: QWidget) -> list[str]:
    """Return the interactive widgets below a widget that say nothing."""
    found = []
    for widget in (root, *root.findChildren(QWidget)):
        takes_keys = widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not widget.isWindow() and _is_ours(widget)
        if (takes_keys or isinstance(widget, INTERACTIVE)) and not is_part(widget) and not named(widget):
            path = [type(widget).__name__]
            parent = widget.parentWidget()
            while parent is not None and len(path) < 4:
                path.append(type(parent).__name__)
                parent = parent.parentWidget()
            found.append(" < ".join(path) + (f" ({widget.toolTip()})" if widget.toolTip() else ""))
    return found


def _is_ours(widget: QWidget) -> bool:
    """Say whether a widget that takes keys is one of ours."""
    return type(widget).__module__.startswith("labelcritic_gui")


def test_that_every_control_of_the_window_has_a_name(opened) -> None:
    opened.ready()
    assert nameless(opened.window) == []


def test_that_every_control_of_the_start_page_has_a_name(scene) -> None:
    scene.window.start.show_recent(["/nowhere/review"])
    assert nameless(scene.window) == []


@pytest.mark.parametrize("key", [Qt.Key.Key_G, Qt.Key.Key_P])
def test_that_every_control_of_the_other_screens_has_a_name(opened, key) -> None:
    opened.ready()
    opened.press(key)
    assert nameless(opened.window) == []
    opened.press(Qt.Key.Key_Escape)


@pytest.fixture
def calls() -> FakeCalls:
    found = FakeCalls()
    found.inspect_item = lambda item, cancel, progress: ()
    return found


@pytest.mark.parametrize("name", DIALOGS)
def test_that_every_control_of_a_dialog_has_a_name(opened, name: str) -> None:
    opened.ready()
    getattr(opened.window, name)()
    opened.wait(lambda: QApplication.activeModalWidget() is not None)
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    found = nameless(dialog)
    dialog.close()
    opened.wait(lambda: QApplication.activeModalWidget() is None)
    assert found == []
