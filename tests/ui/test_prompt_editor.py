"""The prompt editor, written in by real keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QTreeWidgetItem

from labelcritic_gui.critic.prompt_files import own_prompts_dir
from labelcritic_gui.ui.views.prompt_editor import PromptEditorDialog
from labelcritic_gui.viewmodels.prompt_editor import Ask, Mark
from labelcritic_gui.viewmodels.runner import Lane
from tests.ui.conftest import Scene

Key = Qt.Key
LIVER = "structures/liver.toml"


def shown(scene: Scene) -> PromptEditorDialog:
    scene.press(Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    scene.wait(lambda: scene.window.findChild(PromptEditorDialog) is not None)
    dialog = scene.window.findChild(PromptEditorDialog)
    assert isinstance(dialog, PromptEditorDialog)
    looked(scene, dialog)
    return dialog


def looked(scene: Scene, dialog: PromptEditorDialog) -> None:
    """Wait until the text as it stands has been looked at."""
    scene.wait(lambda: dialog.editor.found is not None and not dialog._pause.isActive() and not dialog.editor.looking)


@pytest.fixture
def dialog(opened: Scene) -> PromptEditorDialog:
    return shown(opened)


def write(scene: Scene, dialog: PromptEditorDialog, words: str) -> None:
    """Type at the beginning of the sentence on what the structure is."""
    dialog.text.setFocus()
    dialog.text.moveCursor(QTextCursor.MoveOperation.Start)
    for _ in 'anatomy = "':
        QTest.keyClick(dialog.text, Key.Key_Right)
    QTest.keyClicks(dialog.text, words)
    looked(scene, dialog)


def entries(dialog: PromptEditorDialog) -> dict[str, str]:
    found: dict[str, str] = {}
    for place in range(dialog.files.topLevelItemCount()):
        group = dialog.files.topLevelItem(place)
        assert group is not None
        for number in range(group.childCount()):
            child = group.child(number)
            assert isinstance(child, QTreeWidgetItem)
            found[child.text(0)] = child.text(1)
    return found


def answer(dialog: PromptEditorDialog, word: str) -> None:
    button = next(b for b in dialog.asking.buttons if b.text() == word)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_that_the_preview_shows_what_would_be_sent_about_the_item(opened: Scene, dialog: PromptEditorDialog) -> None:
    page = dialog.pages.preview
    assert dialog.file_title.text() == LIVER
    assert page.place.text() == str(opened.reading.item)
    assert [page.which.itemText(n) for n in range(page.which.count())] == ["Order AB", "Order BA"]
    assert "The largest organ of the abdomen." in page.view.question.toPlainText()
    captions = [pane.caption.text() for pane in page.view.panes]
    page.which.setCurrentIndex(1)
    assert [pane.caption.text()[3:] for pane in page.view.panes] == [c[3:] for c in captions][::-1]
    assert dialog.verdict.text() == "Nothing wrong with this text."


def test_that_what_is_typed_is_in_the_preview_and_the_difference(opened: Scene, dialog: PromptEditorDialog) -> None:
    write(opened, dialog, "Red. ")
    assert "Red. The largest organ" in dialog.pages.preview.view.question.toPlainText()
    assert entries(dialog)["liver"] == "unsaved"
    QTest.mouseClick(dialog.pages.tabs[1], Qt.MouseButton.LeftButton)
    difference = dialog.pages.difference.text.toPlainText()
    assert '\n+anatomy = "Red. The largest' in difference
    assert '\n-anatomy = "The largest' in difference
    assert dialog.pages.difference.words.text().startswith("+1  −1")
    assert opened.calls.written == []  # letters and digits typed here decide nothing


def test_that_a_fault_is_listed_with_its_line_and_a_click_goes_there(opened: Scene, dialog: PromptEditorDialog) -> None:
    dialog.text.setFocus()
    dialog.text.moveCursor(QTextCursor.MoveOperation.Start)
    QTest.keyClick(dialog.text, Key.Key_Return)
    QTest.keyClicks(dialog.text, "x = 3")
    QTest.keyClick(dialog.text, Key.Key_Return)
    looked(opened, dialog)
    assert dialog.problems.item(0).text() == "line 2: x: Extra inputs are not permitted"
    assert dialog.verdict.text() == "✕ one problem"
    assert dialog.text._faulty == {2}
    assert "Shown is how it was before" in dialog.pages.preview.note.text()
    assert "The largest organ" in dialog.pages.preview.view.question.toPlainText()
    dialog.text.moveCursor(QTextCursor.MoveOperation.End)
    dialog.problems.itemClicked.emit(dialog.problems.item(0))
    assert dialog.text.textCursor().blockNumber() == 1
    dialog.grab()
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    opened.wait(lambda: dialog.status.text().startswith("Not saved."))
    assert not (own_prompts_dir() / LIVER).exists()


def test_that_control_s_saves_and_reset_asks_before_it_takes_back(opened: Scene, dialog: PromptEditorDialog) -> None:
    write(opened, dialog, "Red. ")
    QTest.keyClick(dialog.text, Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    opened.wait(lambda: dialog.status.text() == "Saved.")
    file = own_prompts_dir() / LIVER
    assert "Red. The largest" in file.read_text("utf-8")
    assert dialog.file_mark.text() == "changed by you"
    assert entries(dialog)["liver"] == "changed"
    changed = dialog.set_words.text()
    QTest.mouseClick(dialog.reset, Qt.MouseButton.LeftButton)
    assert "The shipped one counts again" in dialog.asking.text.text()
    QTest.keyClick(dialog.asking, Key.Key_Escape)
    assert not dialog.asking.isVisible()
    assert file.exists()
    QTest.mouseClick(dialog.reset, Qt.MouseButton.LeftButton)
    answer(dialog, "Reset it")
    opened.wait(lambda: dialog.editor.chosen is not None and dialog.editor.chosen.mark is Mark.SHIPPED)
    assert not file.exists()
    assert dialog.text.toPlainText().startswith('anatomy = "The largest')
    assert dialog.set_words.text() != changed


def test_that_unsaved_words_are_asked_about_before_it_closes(opened: Scene, dialog: PromptEditorDialog) -> None:
    write(opened, dialog, "Red. ")
    QTest.keyClick(dialog.text, Key.Key_Escape)
    assert dialog.isVisible()
    assert dialog.asking.text.text() == "Not saved yet: liver."
    answer(dialog, "Keep writing")
    assert dialog.text.hasFocus()
    QTest.mouseClick(dialog.leave, Qt.MouseButton.LeftButton)
    answer(dialog, "Save and close")
    opened.wait(lambda: opened.window._dialog is None)
    assert (own_prompts_dir() / LIVER).exists()


def test_that_unsaved_words_can_be_let_go(opened: Scene, dialog: PromptEditorDialog) -> None:
    write(opened, dialog, "Red. ")
    dialog.close()
    answer(dialog, "Discard")
    opened.wait(lambda: opened.window._dialog is None)
    assert not own_prompts_dir().exists()


def test_that_without_changes_it_closes_at_once(opened: Scene, dialog: PromptEditorDialog) -> None:
    QTest.keyClick(dialog, Key.Key_Escape)
    opened.wait(lambda: QApplication.activeWindow() is opened.window)
    opened.decide(Key.Key_1)  # the keys are the reading's again
    assert len(opened.calls.written) == 1


def test_that_saving_and_closing_stays_open_where_a_text_cannot_be_used(
    opened: Scene, dialog: PromptEditorDialog
) -> None:
    write(opened, dialog, '"')
    QTest.mouseClick(dialog.leave, Qt.MouseButton.LeftButton)
    answer(dialog, "Save and close")
    opened.wait(lambda: dialog.status.text().startswith("Not saved."))
    assert dialog.isVisible()
    assert dialog.problems.count() > 0
    QTest.mouseClick(dialog.leave, Qt.MouseButton.LeftButton)
    answer(dialog, "Discard")


def test_that_a_new_structure_is_offered_from_the_review(opened: Scene, dialog: PromptEditorDialog) -> None:
    QTest.mouseClick(dialog.new, Qt.MouseButton.LeftButton)
    field = dialog.asking.field
    assert [field.itemText(n) for n in range(field.count())] == ["thyroid_gland"]
    QTest.keyClick(field, Key.Key_Return)
    looked(opened, dialog)
    assert dialog.file_title.text() == "structures/thyroid_gland.toml"
    assert dialog.text.toPlainText().startswith("# The words for the thyroid gland.")
    assert entries(dialog)["thyroid_gland"] == "unsaved"
    assert dialog.pages.difference.words.text().startswith("These words are your own")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    opened.wait(lambda: entries(dialog)["thyroid_gland"] == "own")
    assert dialog.reset.text() == "Remove…"


def test_that_the_list_chooses_files_and_about_tells_their_variables(opened: Scene, dialog: PromptEditorDialog) -> None:
    dialog.files.setFocus()
    dialog.files.setCurrentItem(dialog.files.topLevelItem(0).child(1))
    looked(opened, dialog)
    assert dialog.file_title.text() == "assess.j2"
    assert dialog.editor.ask is Ask.ASSESS
    QTest.mouseClick(dialog.pages.tabs[2], Qt.MouseButton.LeftButton)
    about = "\n".join(label.text() for label in dialog.pages.about.widget().findChildren(QLabel))
    assert "most_codes" in about
    assert "how many may be named" in about
    assert "{#" in dialog.text.toPlainText()


def test_that_another_conversation_is_chosen_by_key(opened: Scene, dialog: PromptEditorDialog) -> None:
    ask = dialog.pages.preview.ask
    ask.setFocus()
    QTest.keyClick(ask, Key.Key_Down)
    looked(opened, dialog)
    assert dialog.editor.ask is Ask.ASSESS
    assert opened.calls.previewed[-1][1] is Ask.ASSESS


def test_that_without_a_review_it_works_without_pictures_and_says_why(scene: Scene) -> None:
    dialog = shown(scene)
    assert dialog.file_title.text() == "compare.j2"
    assert "No review is open" in dialog.pages.preview.note.text()
    assert dialog.pages.preview.view.panes == []
    assert "Which label of the liver is better?" in dialog.pages.preview.view.question.toPlainText()


def test_that_enter_in_the_text_writes_a_line_and_saves_nothing(opened: Scene, dialog: PromptEditorDialog) -> None:
    lines = dialog.text.blockCount()
    dialog.text.setFocus()
    QTest.keyClick(dialog.text, Key.Key_Return)
    assert dialog.text.blockCount() == lines + 1
    QTest.keyClick(dialog.files, Key.Key_Return)
    looked(opened, dialog)
    assert dialog.editor.unsaved == (LIVER,)
    assert not any(b.isDefault() for b in dialog.findChildren(QPushButton))


def test_that_a_review_that_asks_a_server_is_opened_anew_behind_it(opened: Scene, dialog: PromptEditorDialog) -> None:
    opened.calls.critic_lane = Lane.NET
    before = opened.station.reading
    write(opened, dialog, "Red. ")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    opened.wait(lambda: opened.station.reading is not None and opened.station.reading is not before)
    opened.wait(lambda: opened.station.reading.item is not None and opened.runner.idle)
    assert dialog.isVisible()
    assert dialog.pages.preview.place.text() == str(opened.reading.item)
    assert QApplication.activeModalWidget() is dialog
