"""The dialog about what was sent."""

import threading
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.services.sent import SentItem, SentPicture, SentQuestion
from labelcritic_gui.ui.views.picture_pane import PictureCanvas
from labelcritic_gui.ui.views.sent_dialog import SentDialog
from tests.fake_llm import png
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls
from tests.viewmodels.test_sent import record

LARGE = (png(900, 700, grey=40), png(900, 700, grey=200))
MARKUP = "Which is <b>better</b>?\n<img src='x'>"


class SentCalls(FakeCalls):
    """A review about which something was sent. `gate` holds the work, `sent_error` fails it."""

    def __init__(self) -> None:
        super().__init__()
        self.told: SentItem | None = None
        self.gate: threading.Event | None = None
        self.sent_error: Exception | None = None
        self.stopped = False

    def sent(self, item: Any, cancel: Any) -> SentItem:
        while self.gate is not None and not self.gate.wait(0.01):
            self.stopped = cancel.is_set()
            stop_if(cancel)
        if self.sent_error is not None:
            raise self.sent_error
        if self.told is not None:
            return self.told
        pair = tuple(
            SentPicture(letter * 64, name, content)
            for letter, name, content in zip("ab", ("alpha", "beta"), LARGE, strict=True)
        )
        lines = ("Critic: LVLM", "Prompt set: 123", "Verdict on alpha, beta: second", "  masks abc")
        asked = ("system text", MARKUP, "A | B", "temperature 0.0")
        return SentItem(
            item,
            lines,
            (
                SentQuestion("Order AB", record("second"), *asked, pair),
                SentQuestion("Order BA", record("first", raw="<b>A</b>"), *asked, pair[::-1]),
                SentQuestion("An old one", record("first")),
            ),
        )


@pytest.fixture
def calls() -> SentCalls:
    return SentCalls()


def shown(scene: Scene) -> SentDialog:
    scene.press(Qt.Key.Key_T)
    scene.wait(lambda: scene.window.findChild(SentDialog) is not None)
    dialog = scene.window.findChild(SentDialog)
    assert isinstance(dialog, SentDialog)
    return dialog


def ready(scene: Scene) -> SentDialog:
    dialog = shown(scene)
    scene.wait(lambda: dialog.pages.isVisible() and dialog.copy.isEnabled())
    return dialog


def words(widget: QWidget) -> str:
    labels = [label for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    return "\n".join(label.text() for label in labels)


def canvases(dialog: SentDialog) -> list[PictureCanvas]:
    return [pane.canvas for pane in dialog.question.panes]


def test_that_t_shows_the_questions_with_pictures_words_and_answers(opened: Scene) -> None:
    dialog = ready(opened)
    titles = [dialog.list.item(n).text() for n in range(dialog.list.count())]
    assert titles == ["Overview", "Order AB", "Order BA", "An old one"]
    assert dialog.list.currentRow() == 1
    assert [label.text() for label in dialog.head] == [
        "Critic: LVLM  ·  Prompt set: 123",
        "Verdict on alpha, beta: second",
    ]
    assert dialog.question.system.toPlainText() == "system text"
    assert dialog.question.question.toPlainText() == MARKUP
    told = words(dialog.question)
    for text in ("1  alpha", "2  beta", "900 × 700", "The second picture, beta, is better", "0.850", "A | B", "0.25 s"):
        assert text in told
    assert all(canvas.shown for canvas in canvases(dialog))


def test_that_the_arrows_walk_the_questions(opened: Scene) -> None:
    dialog = ready(opened)
    assert dialog.list.hasFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    told = words(dialog.question)
    assert "1  beta" in told
    assert "<b>A</b>" in told
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    assert "did not keep the words" in words(dialog.question)
    assert not dialog.question.question.isVisible()
    QTest.keyClick(dialog.list, Qt.Key.Key_Home)
    assert "  masks abc" in dialog.overview.toPlainText()
    assert dialog.overview.isVisible()


def test_that_a_click_shows_pixel_by_pixel_in_both_pictures_and_another_the_whole(opened: Scene) -> None:
    dialog = ready(opened)
    first, second = canvases(dialog)
    fitting = first.scale
    assert fitting < 1
    QTest.mouseClick(first, Qt.MouseButton.LeftButton, pos=QPoint(first.width() // 2 + 20, first.height() // 2))
    assert first.scale == second.scale == pytest.approx(1 / first.devicePixelRatioF())
    # the whole again, for every picture
    QTest.mouseClick(second, Qt.MouseButton.LeftButton, pos=second.rect().center())
    assert first.scale == second.scale == fitting
    second.setFocus()
    QTest.keyClick(second, Qt.Key.Key_Space)
    assert first.scale > fitting


def turn(canvas: PictureCanvas, steps: int, at: QPointF) -> None:
    event = QWheelEvent(
        at,
        QPointF(canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_that_the_wheel_keeps_what_is_under_it_and_a_drag_moves_without_a_click(opened: Scene) -> None:
    dialog = ready(opened)
    first, _ = canvases(dialog)
    at = QPointF(first.width() * 0.5, first.height() * 0.4)
    before = first._share(at)
    turn(first, 8, at)
    assert first.scale > 1
    assert first._share(at).x() == pytest.approx(before.x(), abs=1e-6)
    assert first._share(at).y() == pytest.approx(before.y(), abs=1e-6)
    centre, scale = first._shown_centre(), first.scale
    middle = first.rect().center()
    QTest.mousePress(first, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(first, middle + QPoint(30, 0))
    QTest.mouseMove(first, middle + QPoint(60, 0))
    QTest.mouseRelease(first, Qt.MouseButton.LeftButton, pos=middle + QPoint(60, 0))
    assert first.scale == scale
    assert first._shown_centre().x() < centre.x()
    turn(first, -20, at)
    assert first.scale < 1


def test_that_the_other_order_is_looked_at_in_the_same_place(opened: Scene) -> None:
    dialog = ready(opened)
    QTest.mouseClick(canvases(dialog)[0], Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    scale = canvases(dialog)[0].scale
    dialog.list.setCurrentRow(2)
    assert canvases(dialog)[0].scale == scale


def test_that_a_picture_that_cannot_be_made_again_says_so(opened: Scene, calls: SentCalls) -> None:
    gone = SentPicture("c" * 64, "drawn otherwise now: not shown")
    asked = SentQuestion("Order AB", record("first"), "s", "q", "A", "x", (gone, gone))
    calls.told = SentItem(calls.items[0], ("Critic: LVLM",), (asked,))
    dialog = ready(opened)
    told = words(dialog.question)
    assert "drawn otherwise now" in told
    assert "The first picture is better" in told
    assert not any(canvas.shown for canvas in canvases(dialog))
    canvases(dialog)[0].grab()
    QTest.mouseClick(canvases(dialog)[0], Qt.MouseButton.LeftButton)


def test_that_many_examples_get_a_strip_that_scrolls(opened: Scene, calls: SentCalls) -> None:
    many = tuple(SentPicture(f"{n:064d}", f"example {n}", LARGE[0]) for n in range(12))
    calls.told = SentItem(calls.items[0], ("Critic",), (SentQuestion("Order AB", None, "s", "q", "A", "x", many),))
    dialog = ready(opened)
    opened.wait(lambda: dialog.question.strip.horizontalScrollBar().maximum() > 0)
    assert all(pane.width() >= 180 for pane in dialog.question.panes)


def test_that_what_sends_nothing_is_told_without_a_list(opened: Scene, calls: SentCalls) -> None:
    calls.told = SentItem(calls.items[0], ("Critic: anatomy critic", "Nothing was sent anywhere: it was computed."))
    dialog = ready(opened)
    assert not dialog.list.isVisible()
    assert "Nothing was sent anywhere" in dialog.overview.toPlainText()


def test_that_copy_takes_everything_as_text(opened: Scene) -> None:
    dialog = ready(opened)
    dialog.copy.click()
    copied = QApplication.clipboard().text()
    for text in ("Verdict on alpha, beta: second", MARKUP, "--- Order BA", "second 0.850"):
        assert text in copied


def test_that_escape_stops_the_work(opened: Scene, calls: SentCalls) -> None:
    calls.gate = threading.Event()
    dialog = shown(opened)
    opened.wait(lambda: "Making the pictures again" in dialog.status.text())
    assert dialog.close_button.text() == "Cancel"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    opened.wait(lambda: opened.runner.idle)
    assert calls.stopped
    assert opened.window._dialog is None


def test_that_a_failure_is_said(opened: Scene, calls: SentCalls) -> None:
    calls.sent_error = UnreadableFileError("The disk is gone.", "Plug it in.")
    dialog = shown(opened)
    opened.wait(lambda: dialog.status.text() == "The disk is gone. Plug it in.")
    assert not dialog.copy.isEnabled()
    dialog.reject()
