"""The verdict's card in the window: the orders in a word, the model's own words, places to go to, suspicions."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.verdict import Agreement, OrderRecord
from labelcritic_gui.critic.lvlm import IN_ITS_WORDS
from labelcritic_gui.services.comparison import Opinions
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

WORDS = "The second one <b>leaks</b> into the stomach. " + "And so on and on. " * 20


class Telling(FakeCalls):
    """A review whose verdicts come from a model that explains itself."""

    def load_opinions(self, item) -> Opinions:
        found = super().load_opinions(item)
        if found.verdict is None:
            return found
        verdict = replace(
            found.verdict,
            agreement=Agreement.ONE_UNDECIDED,
            reasons=("Only one order decides.", f"{IN_ITS_WORDS} {WORDS}"),
            words=OrderRecord("words", "read", {}),
            examples=("x", "y", "z"),
            places=((40.0, 30.0, 20.0), (20.0, 30.0, 45.0)),
        )
        first, second = found.qualities
        suspected = replace(second, suspected=(FindingCode.MISS, FindingCode.EDGE))
        return replace(found, verdict=verdict, qualities=(first, suspected), other_prompts="abc" * 20)


@pytest.fixture
def calls() -> Telling:
    return Telling()


def cards(scene: Scene) -> QWidget:
    page = scene.window.screen_.cards.widget()
    assert page is not None
    return page


def labels(scene: Scene) -> list[str]:
    found = [label for label in cards(scene).findChildren(QLabel) if label.isVisibleTo(cards(scene))]
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in found)
    return [label.text() for label in found]


def button(scene: Scene, text: str) -> QPushButton:
    """Return a button of the cards; they come a moment after what they say."""

    def found() -> list[QPushButton]:
        return [b for b in cards(scene).findChildren(QPushButton) if b.text() == text]

    scene.wait(lambda: bool(found()))
    return found()[0]


def press(scene: Scene, text: str) -> None:
    QTest.mouseClick(button(scene, text), Qt.MouseButton.LeftButton)


def test_that_the_card_tells_how_the_orders_go_together_and_what_was_shown(opened: Scene) -> None:
    told = labels(opened)
    for text in ("? one order undecided", "3 examples", "Only one order decides.", "Where they differ"):
        assert text in told


def test_that_the_models_words_are_its_own_plain_and_all_of_them_a_click_away(opened: Scene) -> None:
    told = labels(opened)
    place = told.index("In the model's own words, not checked")
    assert told[place + 1].startswith("The second one <b>leaks</b>")
    assert told[place + 1].endswith(" …")
    assert not any(IN_ITS_WORDS in text for text in told)
    press(opened, "All of them")
    assert WORDS.strip() in labels(opened)


def test_that_suspected_errors_are_chips_with_their_word(opened: Scene) -> None:
    told = labels(opened)
    place = told.index("suspects")
    assert told[place + 1 : place + 3] == ["MISS", "EDGE"]
    assert told.count("suspects") == 1


def test_that_a_place_is_gone_to_and_marked_on_every_panel(opened: Scene) -> None:
    stage = opened.window.screen_.stage
    marks = {m.number for panel in stage.panels for m in panel.panes[0].marks}
    assert not any("differ" in number for number in marks)
    before = stage.looking.zoom
    press(opened, "2")
    assert stage.looking.zoom > before
    for panel in stage.panels[:2]:
        assert [m.number for m in panel.panes[0].marks if m.lit] == ["differ 2"]


def test_that_other_prompts_are_named_and_asked_anew_by_a_click(opened: Scene, calls: Telling) -> None:
    assert "Asked with other prompts than those of now (abcabcabcabc)." in labels(opened)
    opened.wait(lambda: opened.reading.critic.job is None)
    opened.window.screen_._show_cards()
    press(opened, "Ask again with those of now")
    opened.wait(lambda: True in calls.anew)
