"""Around the reading: palette, preferences, keys, hints; by real keys and clicks in the real window."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QSpinBox

from labelcritic_gui.settings import load_settings
from labelcritic_gui.ui.keymap import load_keys, shown
from labelcritic_gui.ui.views.hints import Bubble
from labelcritic_gui.ui.views.key_dialog import KeyEditor
from labelcritic_gui.ui.views.key_sheet import KeySheet
from labelcritic_gui.ui.views.palette import PaletteDialog
from labelcritic_gui.ui.views.preferences_dialog import PreferencesDialog

Key, Held = Qt.Key, Qt.KeyboardModifier


def modal(scene, kind):
    scene.wait(lambda: isinstance(QApplication.activeModalWidget(), kind))
    return QApplication.activeModalWidget()


def titles(dialog: PaletteDialog) -> list[str]:
    return [dialog.model.index(row).data() for row in range(dialog.model.rowCount())]


def open_palette(scene, asked: str) -> PaletteDialog:
    scene.press(Key.Key_K, Held.ControlModifier)
    dialog = modal(scene, PaletteDialog)
    QTest.keyClicks(dialog.line, asked)
    return dialog


def open_preferences(scene) -> PreferencesDialog:
    scene.press(Key.Key_Comma, Held.ControlModifier)
    return modal(scene, PreferencesDialog)


# --- palette -----------------------------------------------------------------------------------------------------


def test_that_the_palette_does_what_is_chosen_by_keys_alone(opened) -> None:
    dialog = open_palette(opened, "none acc")
    assert titles(dialog)[0] == "None acceptable"
    QTest.keyClick(dialog.line, Key.Key_Return)
    opened.wait(lambda: len(opened.calls.written) == 1)
    assert opened.calls.written[0][1].choice.value == "none"
    opened.ready()
    dialog = open_palette(opened, "")
    assert titles(dialog)[0] == "None acceptable"  # used lately
    QTest.keyClick(dialog.line, Key.Key_Escape)
    opened.wait(lambda: QApplication.activeModalWidget() is None)
    assert len(opened.calls.written) == 1


def test_that_the_palette_walks_by_arrows_and_goes_round_at_its_ends(opened) -> None:
    dialog = open_palette(opened, "")
    QTest.keyClick(dialog.line, Key.Key_Up)
    assert dialog.list.currentIndex().row() == dialog.model.rowCount() - 1
    QTest.keyClick(dialog.line, Key.Key_Down)
    QTest.keyClick(dialog.line, Key.Key_PageDown)
    assert dialog.list.currentIndex().row() == 10
    dialog.reject()


def test_that_what_cannot_be_done_now_is_shown_with_the_reason_and_not_done(scene) -> None:
    dialog = open_palette(scene, "export")
    entry = dialog.model.index(0).data(Qt.ItemDataRole.UserRole)
    assert entry.reason == "only when a review is open"
    QTest.keyClick(dialog.line, Key.Key_Return)
    assert dialog.isVisible()
    dialog.reject()


def test_that_the_palette_goes_to_an_item_and_a_structure(opened) -> None:
    dialog = open_palette(opened, "spleen case_2")
    opened.wait(lambda: dialog.model.rowCount() > 0)
    QTest.keyClick(dialog.line, Key.Key_Return)
    opened.wait(lambda: str(opened.reading.item) == "case_2 · spleen")
    opened.ready()
    dialog = open_palette(opened, "pancr")
    opened.wait(lambda: dialog.model.rowCount() > 0)
    QTest.keyClick(dialog.line, Key.Key_Return)
    opened.wait(lambda: opened.station.worklist.query.text == "structure:pancreas")


def test_that_the_palette_opens_a_preference_with_the_focus_on_it(opened) -> None:
    dialog = open_palette(opened, "size of type")
    QTest.keyClick(dialog.line, Key.Key_Return)
    preferences = modal(opened, PreferencesDialog)
    opened.wait(lambda: preferences.field("font_scale").hasFocus())
    preferences.reject()


# --- preferences -------------------------------------------------------------------------------------------------


def test_that_a_preference_is_in_force_at_once_and_can_be_put_back(opened) -> None:
    dialog = open_preferences(opened)
    theme, size = dialog.field("theme"), dialog.field("font_scale")
    assert isinstance(theme, QComboBox)
    assert isinstance(size, QSpinBox)
    assert not dialog.back("theme").isVisible()
    QTest.keyClick(theme, Key.Key_Down)
    opened.wait(lambda: opened.window._theme.name == "light")
    assert load_settings().theme == "light"
    size.setValue(150)
    opened.wait(lambda: opened.window._theme.scale == 1.5)
    for name in ("theme", "font_scale"):
        QTest.mouseClick(dialog.back(name), Qt.MouseButton.LeftButton)
    opened.wait(lambda: (opened.window._theme.name, opened.window._theme.scale) == ("dark", 1.0))
    assert not dialog.back("theme").isVisible()
    dialog.reject()


def test_that_another_palette_colours_the_stage_at_once(opened) -> None:
    dialog = open_preferences(opened)
    before = opened.window._theme.label(0)
    opened.station.change(palette="contrast")
    opened.wait(lambda: opened.window._theme.label(0) != before)
    dialog.reject()


def test_that_the_stage_is_drawn_as_preferred_at_once(opened) -> None:
    dialog = open_preferences(opened)
    opacity, style = dialog.field("overlay_opacity"), dialog.field("overlay_style")
    assert isinstance(opacity, QSpinBox)
    opacity.setValue(80)
    QTest.keyClick(style, Key.Key_Up)
    looking = opened.station.looking
    assert (looking.opacity, looking.style) == (0.8, "outline")
    opened.wait(lambda: load_settings().overlay_style == "outline")
    assert load_settings().overlay_opacity == 0.8
    dialog.reject()


def test_that_a_text_that_is_being_written_counts_when_the_dialog_closes(opened) -> None:
    dialog = open_preferences(opened)
    dialog.go_to("reader")
    line = dialog.field("reader")
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "Dr. B")
    dialog.reject()
    opened.wait(lambda: load_settings().reader == "Dr. B")


def test_that_another_language_asks_for_the_window_to_be_built_anew(opened) -> None:
    from labelcritic_gui.translation import use_language

    asked: list[bool] = []
    opened.window.anew_wanted.connect(lambda: asked.append(True))
    try:
        opened.station.change(language="de")
        opened.wait(lambda: asked)
        assert opened.window.review_folder == opened.calls.folder
    finally:
        use_language("en")


# --- keys --------------------------------------------------------------------------------------------------------


def edit_keys(scene, command: str) -> tuple[PreferencesDialog, KeyEditor]:
    dialog = open_preferences(scene)
    dialog.go_to("keys")
    dialog.keys.choose(command)
    return dialog, dialog.keys


def test_that_a_key_that_is_free_is_given_and_in_force_at_once(opened) -> None:
    dialog, editor = edit_keys(opened, "decide.none")
    QTest.mouseClick(editor.change, Qt.MouseButton.LeftButton)
    QTest.keyClick(editor.change, Key.Key_F10)
    dialog.reject()
    opened.wait(lambda: QApplication.activeModalWidget() is None)
    opened.press(Key.Key_X)
    assert opened.calls.written == []
    opened.decide(Key.Key_F10)
    assert opened.calls.written[0][1].choice.value == "none"
    assert load_keys()["decide.none"] == ("F10",)
    bar = opened.window.screen_.bar
    assert bar.buttons["decide.none"]._key == "F10"


def test_that_a_key_of_another_command_is_taken_only_when_the_person_says_so(opened) -> None:
    dialog, editor = edit_keys(opened, "decide.edit")
    for answer, expected in ((editor.leave, ("X",)), (editor.take, ())):
        QTest.mouseClick(editor.give, Qt.MouseButton.LeftButton)
        QTest.keyClick(editor.give, Key.Key_X)
        assert editor.news.text() == "X belongs to “None acceptable”."
        QTest.mouseClick(answer, Qt.MouseButton.LeftButton)
        assert opened.window.keys["decide.none"] == expected
    assert opened.window.keys["decide.edit"] == ("E", "X")
    QTest.mouseClick(editor.reset_all, Qt.MouseButton.LeftButton)
    assert opened.window.keys.overrides == {}
    dialog.reject()


def test_that_esc_leaves_the_key_as_it_was_and_tab_can_be_a_key(opened) -> None:
    dialog, editor = edit_keys(opened, "decide.none")
    QTest.mouseClick(editor.change, Qt.MouseButton.LeftButton)
    assert editor.change.listening
    QTest.keyClick(editor.change, Key.Key_Escape)
    assert not editor.change.listening
    assert opened.window.keys.overrides == {}
    heard: list[str] = []
    editor.change.caught.connect(heard.append)
    QTest.mouseClick(editor.change, Qt.MouseButton.LeftButton)
    QTest.keyClick(editor.change, Key.Key_Tab, Held.ControlModifier)
    assert heard == ["Ctrl+Tab"]
    dialog.reject()


@pytest.mark.parametrize(("asked", "listed"), [("", "Accept candidate 1"), ("f1", "Keys"), ("patch", "Patchwork")])
def test_that_the_key_sheet_is_searched_by_word_and_by_key(opened, asked: str, listed: str) -> None:
    opened.press(Key.Key_F1)
    sheet = modal(opened, KeySheet)
    QTest.keyClicks(sheet.filter, asked)
    assert listed in sheet.words
    if asked:
        assert "Accept candidate 1" not in sheet.words
    QTest.keyClick(sheet.filter, Key.Key_F1)
    opened.wait(lambda: QApplication.activeModalWidget() is None)


def test_that_the_key_sheet_shows_the_keys_in_force_and_leads_to_their_page(opened) -> None:
    opened.window.keys.assign("decide.none", "F10", instead="X")
    opened.press(Key.Key_F1)
    sheet = modal(opened, KeySheet)
    QTest.keyClicks(sheet.filter, "None acceptable")
    assert "F10" in sheet.words
    QTest.mouseClick(sheet.change, Qt.MouseButton.LeftButton)
    dialog = modal(opened, PreferencesDialog)
    assert dialog.pages.currentWidget() is dialog.keys
    dialog.reject()
    assert shown(("Shift+Right",)) == "Shift+→"


# --- hints -------------------------------------------------------------------------------------------------------


def bubble(scene) -> Bubble | None:
    return next((b for b in scene.window.findChildren(Bubble) if b.isVisible()), None)


def show_hints(scene) -> Bubble:
    scene.press(Key.Key_H, Held.ControlModifier | Held.ShiftModifier)
    shown_now = bubble(scene)
    assert shown_now is not None
    return shown_now


def test_that_five_hints_are_walked_and_stay_inside_the_window(opened) -> None:
    hints = show_hints(opened)
    for place in range(5):
        assert hints.place == place
        assert opened.window.rect().contains(hints.geometry())
        assert hints.heading.text()
        QTest.mouseClick(hints.onward, Qt.MouseButton.LeftButton)
    opened.wait(lambda: bubble(opened) is None)
    opened.wait(lambda: load_settings().hints_seen)


def test_that_hints_never_take_a_key_and_turn_as_the_reader_goes_on(opened) -> None:
    hints = show_hints(opened)
    opened.decide(Key.Key_1)
    assert len(opened.calls.written) == 1
    assert hints.place == 1
    opened.press(Key.Key_Escape)
    opened.wait(lambda: bubble(opened) is None)


def test_that_hints_are_shown_once_by_themselves(opened) -> None:
    opened.window.show_hints_once()
    assert bubble(opened) is not None
    opened.press(Key.Key_Escape)
    opened.wait(lambda: opened.station.settings.hints_seen)
    opened.window.show_hints_once()
    assert bubble(opened) is None
