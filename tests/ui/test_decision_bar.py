"""The decision bar in the window: every way to decide by key and by mouse, and room for all of it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.review import Choice
from labelcritic_gui.ui import theme as themes
from labelcritic_gui.ui.deciding.decision_bar import ACCEPTS, DecisionBar
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.viewmodels.reading.remarks import Mark
from tests.viewmodels.fakes import FakeCalls

Key, Ctrl, Shift, Alt = (
    Qt.Key,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def bar_of(scene) -> DecisionBar:
    return scene.window.screen_.bar


def click(widget, place: QPoint | None = None) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place or widget.rect().center())


def test_that_what_cannot_be_judged_is_decided_by_key_and_by_mouse(opened) -> None:
    opened.decide(Key.Key_U)
    click(bar_of(opened).buttons["decide.unjudged"])
    opened.wait(lambda: len(opened.calls.written) == 2)
    assert {w[1].choice for w in opened.calls.written} == {Choice.UNJUDGED}


@pytest.mark.parametrize("key", [(Key.Key_Backspace, Shift), (Key.Key_Y, Ctrl), None], ids=["shift", "ctrl", "mouse"])
def test_that_what_was_undone_is_done_again(opened, key) -> None:
    opened.decide(Key.Key_2)
    opened.decide(Key.Key_Backspace)
    assert opened.calls.written == []
    if key is None:
        click(bar_of(opened).buttons["decide.redo"])
    else:
        opened.press(*key)
    opened.wait(lambda: len(opened.calls.written) == 1)
    opened.ready()
    assert opened.calls.written[0][1].position == 2
    assert opened.reading.item == opened.calls.items[1]


def test_that_a_quality_word_is_attached_by_key_and_by_mouse(opened) -> None:
    bar = bar_of(opened)
    opened.press(Key.Key_1, Ctrl)
    assert [word.quality for word in bar.qualities if word.isChecked()] == [1]
    click(bar.qualities[0])
    assert [word.quality for word in bar.qualities if word.isChecked()] == [3]
    opened.decide(Key.Key_1)
    assert opened.calls.written[0][1].quality == 3
    assert not any(word.isChecked() for word in bar.qualities)


def test_that_what_a_critic_suggests_is_told_apart_by_words_too(opened) -> None:
    leak = bar_of(opened).chips[0]
    opened.wait(lambda: leak.mark is Mark.SUGGESTED)
    assert "suggested" in leak.accessibleDescription()
    opened.press(Key.Key_1, Alt)
    assert leak.mark is Mark.CONFIRMED
    assert leak.accessibleDescription() == "confirmed"


def test_that_a_click_on_the_strip_goes_back_and_shows_what_was_decided(opened) -> None:
    bar = bar_of(opened)
    opened.decide(Key.Key_2)
    opened.decide(Key.Key_X)
    here = opened.reading.item
    click(bar.strip, bar.strip.cell(0).center().toPoint())
    opened.ready()
    assert opened.reading.item == opened.calls.items[0]
    opened.wait(lambda: bar.buttons["decide.accept_2"].accessibleDescription())
    opened.decide(Key.Key_E)
    opened.wait(lambda: opened.reading.item == here)
    assert [m.choice for m in opened.reading.made] == [Choice.EDIT, Choice.NONE]


def test_that_keys_walk_the_strip_and_back_to_the_open_item(opened) -> None:
    for key in (Key.Key_1, Key.Key_X):
        opened.decide(key)
    here = opened.reading.item
    for there in (opened.calls.items[1], opened.calls.items[0]):
        opened.press(Key.Key_Left, Ctrl)
        opened.ready()
        assert opened.reading.item == there
    opened.press(Key.Key_Right, Ctrl)
    opened.wait(lambda: opened.reading.item == opened.calls.items[1] and opened.reading.ready)
    opened.press(Key.Key_Right, Ctrl)
    opened.wait(lambda: opened.reading.item == here)


def test_that_tab_swaps_the_sides_and_the_key_means_what_stands_there(opened) -> None:
    assert opened.reading.sides == ("alpha", "beta")
    opened.press(Key.Key_Tab)
    opened.wait(lambda: opened.reading.sides == ("beta", "alpha"))
    opened.wait(lambda: bar_of(opened).buttons["decide.accept_1"].text() == "Beta")
    opened.decide(Key.Key_1)
    assert opened.calls.written[0][1].candidate.label_set == "beta"


def test_that_a_note_that_is_being_written_is_kept_when_the_strip_is_clicked(opened) -> None:
    opened.decide(Key.Key_1)
    item = opened.reading.item
    opened.press(Key.Key_Y)
    QTest.keyClicks(bar_of(opened).note, "later")
    click(bar_of(opened).strip, bar_of(opened).strip.cell(0).center().toPoint())
    opened.wait(lambda: opened.calls.states[item].note == "later")
    opened.ready()
    assert bar_of(opened).note.text() == ""


def test_that_without_going_on_by_itself_the_item_stays_and_z_goes_on(opened) -> None:
    opened.station.change(auto_advance=False)
    opened.wait(lambda: not opened.station.settings.auto_advance)
    item = opened.reading.item
    opened.decide(Key.Key_1)
    assert opened.reading.item == item
    assert bar_of(opened).buttons["decide.accept_1"].accessibleDescription()
    opened.press(Key.Key_Z)
    opened.ready()
    assert opened.reading.item == opened.calls.items[1]


NAMES = ("nnU-Net", "TotalSegmentator", "A very long name of a label set", "STU-Net large, fold 3")


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
@pytest.mark.parametrize("count", [1, 2, 4])
def test_that_nothing_is_cut_off_or_overlaps_at_1366(nothing_left, qtbot, scale: float, count: int) -> None:
    theme = themes.load_theme("dark", scale)
    bar = DecisionBar(theme, default_keys())
    qtbot.addWidget(bar)
    bar.dress(theme, [(name, n) for n, name in enumerate(NAMES[:count])], pick=0)
    bar.show()
    bar.resize(1366, bar.layout().heightForWidth(1366))
    bar.layout().activate()
    shown = [w for w in (*bar.buttons.values(), *bar.chips, *bar.qualities, bar.note, bar.strip) if w.isVisible()]
    rects = [(w, w.rect().translated(w.mapTo(bar, QPoint()))) for w in shown]
    for widget, rect in rects:
        assert bar.rect().contains(rect), widget
        assert rect.width() >= widget.minimumSizeHint().width(), widget
    for n, (_, one) in enumerate(rects):
        assert not any(one.intersects(other) for _, other in rects[n + 1 :])
    assert all(bar.buttons[name].isVisible() for name in ACCEPTS[:count])
    assert bar.message_room().width() >= 300


class TestFourOfSix:
    """A review of six label sets."""

    @pytest.fixture
    def calls(self) -> FakeCalls:
        return FakeCalls(label_sets=tuple(LabelSet(f"set{n}", f"Set {n}") for n in range(1, 7)))

    def test_that_keys_choose_which_label_sets_stand_on_the_stage(self, opened) -> None:
        assert opened.reading.sides == ("set1", "set2", "set3", "set4")
        opened.press(Key.Key_F9)
        assert opened.reading.sides == ("set3", "set4", "set5", "set6")
        opened.press(Key.Key_F9, Shift)
        opened.press(Key.Key_F1, Ctrl)
        opened.press(Key.Key_F6, Ctrl)
        assert opened.reading.sides == ("set2", "set3", "set4", "set6")
        opened.decide(Key.Key_4)
        assert opened.calls.written[0][1].candidate.label_set == "set6"


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5])
def test_that_long_names_in_the_header_give_way_and_never_the_menus(opened, scale: float) -> None:
    header = opened.window.header
    header.set_theme(themes.load_theme("dark", scale))
    header.show_review("A very long title of a second reading of the abdomen, site 42", "assisted")
    header.show_item("BDMAP_00000007", "left common carotid artery", "17 of 54   accepted: TotalSegmentator, by reader")
    header.resize(1366, header.height())
    header.layout().activate()
    shown = [w for w in (header.menus, header.item, header.place, header.mode, header.lamp) if w.width()]
    assert header.menus.width() >= header.menus.sizeHint().width()
    assert all(header.rect().contains(w.geometry()) for w in shown)
    assert header.item.width() >= 0.6 * header.item.fontMetrics().horizontalAdvance(header.item.text())
    assert header.review.width() < header.review.fontMetrics().horizontalAdvance(header.review.text())
