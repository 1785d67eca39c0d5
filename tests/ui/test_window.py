"""The window, driven by real key events."""

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

from labelcritic_gui.core.errors import CriticError, UnreadableFileError
from labelcritic_gui.core.review import Choice
from labelcritic_gui.settings import load_settings
from labelcritic_gui.ui.views.critic_dialog import CriticDialog
from labelcritic_gui.ui.views.dialogs import ExportDialog, IntroductionDialog
from labelcritic_gui.ui.views.key_sheet import KeySheet
from labelcritic_gui.ui.views.prompt_editor import PromptEditorDialog
from labelcritic_gui.ui.views.sent_dialog import SentDialog
from labelcritic_gui.ui.window_state import read_state
from labelcritic_gui.viewmodels.reading.remarks import Mark
from labelcritic_gui.viewmodels.runner import Lane
from tests.viewmodels.fakes import FakeCalls, full_disk

Key = Qt.Key


def choices(scene) -> list[tuple[str, str]]:
    return [(d.choice.value, d.candidate.label_set if d.candidate else "") for _, d, _ in scene.calls.written]


def test_that_every_decision_has_its_key_and_the_next_item_follows(opened) -> None:
    for key in (Key.Key_1, Key.Key_2, Key.Key_Return, Key.Key_E, Key.Key_X, Key.Key_0, Key.Key_S):
        opened.heard()
        opened.decide(key)
    assert choices(opened) == [
        ("accept", "alpha"),
        ("accept", "beta"),
        ("accept", "beta"),
        ("edit", ""),
        ("none", ""),
        ("absent", ""),
        ("skip", ""),
    ]
    assert [w[0] for w in opened.calls.written] == opened.calls.items[:7]


def test_that_keys_act_wherever_the_focus_wanders(opened) -> None:
    fair = random.Random(7)
    window = opened.window
    for number in range(8):
        places = [w for w in window.findChildren(object) if hasattr(w, "setFocus") and not isinstance(w, QLineEdit)]
        fair.choice(places).setFocus()
        key = fair.choice([Key.Key_1, Key.Key_2, Key.Key_E, Key.Key_X])
        opened.decide(key)
        assert len(opened.calls.written) == number + 1


def test_that_a_text_field_takes_its_keys_and_escape_gives_them_back(opened) -> None:
    opened.ready()
    opened.press(Key.Key_Y)
    note = opened.window.screen_.bar.note
    assert note.hasFocus()
    for letter in "1 xse0":
        QTest.keyClick(note, letter)
    QTest.keyClick(note, Key.Key_Backspace)
    assert note.text() == "1 xse"
    assert opened.calls.written == []
    item = opened.reading.item
    opened.press(Key.Key_Escape)
    assert not note.hasFocus()
    opened.wait(lambda: opened.calls.states[item].note == "1 xse")
    opened.decide(Key.Key_1)
    assert choices(opened) == [("accept", "alpha")]


def test_that_enter_in_the_filter_filters_and_decides_nothing(opened) -> None:
    opened.ready()
    opened.press(Key.Key_Slash)
    field = opened.window.screen_.worklist.filter
    assert field.hasFocus()
    QTest.keyClicks(field, "spleen")
    QTest.keyClick(field, Key.Key_Return)
    opened.wait(lambda: {row.title for row in opened.station.worklist.rows} == {"spleen"})
    assert opened.calls.written == []
    assert opened.window.screen_.stage.hasFocus()
    assert opened.window.screen_.worklist.model.rowCount() == 3


def test_that_a_double_tap_decides_one_item(opened) -> None:
    opened.ready()
    opened.press(Key.Key_1)
    opened.press(Key.Key_1)
    opened.press(Key.Key_1)
    opened.wait(lambda: not opened.reading.writing and opened.reading.item == opened.calls.items[1])
    opened.press(Key.Key_1)
    opened.ready()
    assert len(opened.calls.written) == 1
    assert "not taken" in opened.window.screen_.message._text.text()


def test_that_a_held_key_decides_one_item(opened) -> None:
    opened.ready()
    target = opened.window.screen_.stage
    QTest.keyPress(target, Key.Key_1)
    for _ in range(20):
        held = QKeyEvent(QKeyEvent.Type.KeyPress, Key.Key_1, Qt.KeyboardModifier.NoModifier, "1", True)
        QApplication.sendEvent(target, held)
        opened.wait(lambda: True)
    QTest.keyRelease(target, Key.Key_1)
    opened.ready()
    assert len(opened.calls.written) == 1


def test_that_backspace_goes_back_to_the_item(opened) -> None:
    opened.decide(Key.Key_2)
    opened.decide(Key.Key_Backspace)
    assert opened.reading.item == opened.calls.items[0]
    assert opened.calls.written == []


def test_that_reasons_are_toggled_by_mouse_and_by_key(opened) -> None:
    chips = opened.window.screen_.bar.chips
    opened.heard()
    QTest.mouseClick(chips[0], Qt.MouseButton.LeftButton)
    opened.press(Key.Key_3, Qt.KeyboardModifier.AltModifier)
    for _ in range(2):
        opened.press(Key.Key_2, Qt.KeyboardModifier.AltModifier)
    assert [chip.mark for chip in chips[:4]] == [Mark.CONFIRMED, Mark.DENIED, Mark.CONFIRMED, Mark.OFF]
    opened.decide(Key.Key_E)
    decision = opened.calls.written[0][1]
    assert (decision.reasons, decision.denied) == (("LEAK", "CUT"), ("MISS",))
    opened.heard()
    assert {chip.mark for chip in chips} <= {Mark.OFF, Mark.SUGGESTED}


def test_that_buttons_decide_like_keys(opened) -> None:
    opened.ready()
    QTest.mouseClick(opened.window.screen_.bar.buttons["decide.accept_2"], Qt.MouseButton.LeftButton)
    opened.wait(lambda: choices(opened) == [("accept", "beta")])


def test_that_view_keys_change_only_the_view(opened) -> None:
    display = opened.station.looking
    opened.press(Key.Key_W)
    assert display.projection == "organs"
    opened.press(Key.Key_Plus)
    opened.press(Key.Key_Plus)
    assert display.zoom > 1.4
    opened.press(Key.Key_O)
    assert not display.overlay
    opened.press(Key.Key_BracketRight)
    assert display.overlay
    opened.press(Key.Key_F)
    assert display.style == "fill"
    opened.press(Key.Key_R)
    assert display.zoom == 1.0
    opened.wait(lambda: load_settings().projection == "organs")
    assert opened.calls.written == []


def test_that_walking_shows_what_was_decided(opened) -> None:
    opened.decide(Key.Key_2)
    opened.press(Key.Key_K)
    opened.ready()
    assert opened.reading.item == opened.calls.items[0]
    opened.wait(lambda: "accepted: Beta" in opened.window.header.place.text())
    opened.press(Key.Key_Down)
    assert opened.reading.item == opened.calls.items[1]
    chosen = opened.window.screen_.worklist.table.selectionModel()
    opened.wait(lambda: [index.row() for index in chosen.selectedRows()] == [1])


def test_that_the_last_decision_ends_the_list_and_undo_reopens_it(scene) -> None:
    scene.calls.items = scene.calls.items[:1]
    scene.open()
    scene.decide(Key.Key_1)
    assert scene.reading.finished
    assert scene.window.screen_.finished.isVisible()
    scene.press(Key.Key_Backspace)
    scene.wait(lambda: scene.reading.item == scene.calls.items[0])
    scene.ready()
    assert not scene.window.screen_.finished.isVisible()


def test_that_a_failed_write_stays_on_the_item_and_its_message_stays(opened) -> None:
    opened.ready()
    opened.calls.broken = full_disk()
    item = opened.reading.item
    opened.press(Key.Key_1)
    line = opened.window.screen_.message
    opened.wait(lambda: line.isVisible())
    assert line.message.error
    assert "NOT written" in line.message.text
    assert opened.reading.item == item
    opened.calls.broken = None
    opened.decide(Key.Key_1)
    assert line.message.error  # news do not replace an error nobody read
    line.dismiss()
    assert not line.isVisible()


def test_that_a_message_moves_nothing(opened) -> None:
    from labelcritic_gui.viewmodels.messages import Message

    before = opened.window.screen_.stage.geometry()
    for error in (False, True):
        opened.window.say(Message("A rather long sentence. " * 12, error=error))
        QApplication.processEvents()
        assert opened.window.screen_.stage.geometry() == before


def test_that_what_a_critic_says_is_never_read_as_markup(opened) -> None:
    cards = opened.window.screen_.cards
    opened.wait(lambda: any("<b>far</b>" in label.text() for label in cards.findChildren(QLabel)))
    formats = {label.textFormat() for label in opened.window.findChildren(QLabel) if label.text()}
    assert formats == {Qt.TextFormat.PlainText}


def test_that_a_click_on_a_finding_goes_to_its_place(opened) -> None:
    from labelcritic_gui.ui.views.cards import FindingButton

    opened.ready()
    button = opened.window.screen_.cards.findChild(FindingButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert opened.station.looking.zoom >= 2.5


def test_that_an_unreadable_item_says_why_and_the_list_goes_on(scene) -> None:
    scene.calls.stage_broken = UnreadableFileError("The image is damaged.", "Copy it again.")
    scene.station.open(scene.calls.folder)
    scene.wait(lambda: scene.station.reading is not None and scene.reading.failure is not None)
    failure = scene.window.screen_.stage._failure
    assert failure.isVisible()
    scene.calls.stage_broken = None
    QTest.mouseClick(failure.again, Qt.MouseButton.LeftButton)
    scene.ready()
    assert not failure.isVisible()


def test_that_the_critic_being_down_is_said_and_the_review_goes_on(scene) -> None:
    scene.calls.critic_broken = CriticError("The server does not answer.", "Start it.")
    scene.open()
    scene.wait(lambda: scene.reading.critic.down is not None)
    assert scene.window.screen_.message.message.text == "The server does not answer."
    scene.decide(Key.Key_1)
    assert len(scene.calls.written) == 1


def test_that_the_sheets_open_by_key_and_close_again(opened) -> None:
    for key, modifier, kind in (
        (Key.Key_F1, Qt.KeyboardModifier.NoModifier, KeySheet),
        (Key.Key_T, Qt.KeyboardModifier.NoModifier, SentDialog),
        (Key.Key_P, Qt.KeyboardModifier.ControlModifier, PromptEditorDialog),
        (Key.Key_L, Qt.KeyboardModifier.ControlModifier, CriticDialog),
    ):
        opened.press(key, modifier)
        opened.wait(lambda: QApplication.activeModalWidget() is not None)
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, kind)
        QTest.keyClick(dialog, Key.Key_1)
        dialog.reject()
        opened.wait(lambda: QApplication.activeWindow() is opened.window)
    assert opened.calls.written == []


def test_that_an_export_runs_and_reports(opened, tmp_path) -> None:
    opened.press(Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ExportDialog)
    dialog.folder.setText(str(tmp_path / "out"))
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    opened.wait(lambda: "written to" in dialog.status.text())
    assert opened.calls.exported == tmp_path / "out"
    dialog.reject()
    assert opened.window._dialog is None


def test_that_the_introduction_wants_a_name_and_consent(scene) -> None:
    began: list[str] = []
    scene.window.introduce(lambda: began.append(scene.station.settings.reader))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, IntroductionDialog)
    dialog.reader.setText("  ")
    dialog.agreed.setChecked(True)
    assert not dialog.start.isEnabled()
    dialog.reader.setText("anna")
    assert dialog.start.isEnabled()
    dialog.accept()
    scene.wait(lambda: began == ["anna"])
    assert load_settings().reader == "anna"


def test_that_a_note_being_written_stays_with_its_item_when_a_button_decides(opened) -> None:
    opened.ready()
    first = opened.reading.item
    opened.press(Key.Key_Y)
    QTest.keyClicks(opened.window.screen_.bar.note, "check the hilum")
    QTest.mouseClick(opened.window.screen_.bar.buttons["decide.accept_1"], Qt.MouseButton.LeftButton)
    opened.wait(lambda: len(opened.calls.written) == 1 and opened.reading.item != first)
    opened.ready()
    assert opened.calls.states[first].note == "check the hilum"
    assert opened.window.screen_.bar.note.text() == ""
    opened.press(Key.Key_Y)
    opened.press(Key.Key_Escape)
    assert opened.calls.states[opened.reading.item].note == ""


def test_that_a_note_being_written_stays_with_its_item_when_another_row_is_clicked(opened) -> None:
    opened.ready()
    first = opened.reading.item
    opened.press(Key.Key_Y)
    QTest.keyClicks(opened.window.screen_.bar.note, "later")
    table = opened.window.screen_.worklist.table
    spot = table.visualRect(opened.window.screen_.worklist.model.index(3, 2)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    opened.wait(lambda: opened.reading.item == opened.calls.items[3])
    opened.ready()
    assert opened.calls.states[first].note == "later"
    assert opened.calls.states[opened.calls.items[3]].note == ""


def test_that_a_server_elsewhere_is_named_in_plain_sight(opened) -> None:
    opened.calls.critic_lane = Lane.NET
    opened.station.change_critic("lvlm", {"url": "https://far.example/v1"})
    opened.wait(lambda: opened.station.settings.critic == "lvlm" and opened.station.job is None)
    opened.wait(lambda: opened.window.header.server.text() == "Nothing goes to far.example yet (Ctrl+L)")
    opened.station.agree("far.example")
    opened.wait(lambda: opened.window.header.server.text() == "Pictures go to far.example")
    assert opened.window.header.server.isVisible()


def test_that_the_card_says_by_itself_that_the_critic_is_down(scene) -> None:
    scene.calls.critic_broken = CriticError("Nobody <b>answers</b>.", "Start it.")
    scene.open()
    cards = scene.window.screen_.cards
    scene.wait(lambda: "Nobody <b>answers</b>. Start it." in [label.text() for label in cards.findChildren(QLabel)])


def test_that_theme_and_type_change_at_once(opened) -> None:
    before = opened.window.grab().toImage().pixelColor(5, 60)
    opened.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    opened.wait(lambda: opened.station.settings.theme == "light")
    assert opened.window.grab().toImage().pixelColor(5, 60).lightness() > before.lightness() + 100
    opened.press(Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    opened.wait(lambda: opened.station.settings.font_scale == pytest.approx(1.1))
    opened.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    opened.wait(lambda: opened.station.settings.theme == "dark")


def test_that_a_menu_enables_what_can_be_done(scene) -> None:
    scene.window._refresh_menus()
    enabled = {action.text().split("\t")[0]: action.isEnabled() for action, _ in scene.window._entries}
    assert not enabled["Accept candidate 1"]
    assert enabled["Open a review…"]
    scene.open()
    scene.window._refresh_menus()
    enabled = {action.text().split("\t")[0]: action.isEnabled() for action, _ in scene.window._entries}
    assert enabled["Accept candidate 1"]
    assert not enabled["Accept candidate 3"]


def test_that_closing_remembers_the_item_and_the_place_of_the_window(opened) -> None:
    item = opened.reading.item
    opened.window.close()
    opened.runner.shutdown()
    assert opened.calls.remembered == item
    assert opened.calls.closed
    assert read_state()["geometry"]


def test_that_a_long_list_is_fetched_only_as_far_as_it_is_scrolled(scene) -> None:
    big = FakeCalls(cases=400)
    scene.services.calls = big
    scene.calls = big
    scene.open()
    worklist = scene.station.worklist
    assert len(worklist.rows) == 1200
    assert scene.window.screen_.worklist.model.rowCount() == 1200
    scene.wait(lambda: worklist.item_at(1199) is not None)
    assert worklist.held(700) is None
    scene.window.screen_.worklist.table.scrollToBottom()
    scene.wait(lambda: worklist.held(1199) is not None)
    assert worklist.held(700) is None


def test_that_decisions_of_every_kind_light_their_button(opened) -> None:
    opened.ready()
    opened.press(Key.Key_X)
    assert opened.window.screen_.bar.buttons["decide.none"]._lit
    opened.ready()
    assert opened.calls.written[0][1].choice is Choice.NONE
