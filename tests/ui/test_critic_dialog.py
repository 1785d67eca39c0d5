"""The dialogs of critic, consent and model server, by keys and buttons."""

import os
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from labelcritic_gui.settings import ServerSettings, ServeSettings, load_settings
from labelcritic_gui.ui.views.audit_dialog import AuditDialog
from labelcritic_gui.ui.views.consent_dialog import ConsentDialog
from labelcritic_gui.ui.views.critic_dialog import CriticDialog
from labelcritic_gui.ui.views.server_dialog import ServerDialog
from labelcritic_gui.viewmodels.runner import Lane
from tests.critic.test_server import FAKE, free_port, is_alive, until
from tests.fake_llm import FakeLlm
from tests.ui.conftest import Scene
from tests.viewmodels.fakes import FakeCalls

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
FAR = "https://gpu.example/v1"


def take(scene: Scene, **changes: Any) -> None:
    """Have settings stored and taken over."""
    scene.station.change(reader="reader", notice_accepted=True, **changes)
    scene.wait(lambda: scene.runner.idle)


def shown(scene: Scene, kind: type) -> Any:
    scene.wait(lambda: isinstance(scene.window._dialog, kind) and scene.window._dialog.isVisible())
    scene.wait(lambda: QApplication.activeWindow() is scene.window._dialog)
    return scene.window._dialog


def asked(scene: Scene) -> CriticDialog:
    scene.ready()
    scene.press(Key.Key_L, CONTROL)
    found = shown(scene, CriticDialog)
    assert isinstance(found, CriticDialog)
    return found


def closed(scene: Scene) -> None:
    scene.wait(lambda: scene.window._dialog is None)


def written(field: Any, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Key.Key_Delete)
    QTest.keyClicks(field, text)


def chosen(box: Any, text: str) -> None:
    box.setFocus()
    QTest.keyClicks(box, text)
    box.activated.emit(box.currentIndex())


def results(dialog: CriticDialog) -> str:
    return "\n".join(label.text() for label in dialog._area.widget().findChildren(QLabel))


# --- critic and server -----------------------------------------------------------------------------------------


def test_that_a_server_is_named_tried_out_and_used_by_keys(opened: Scene) -> None:
    with FakeLlm() as server:
        dialog = asked(opened)
        assert not dialog.url.isEnabled()
        assert dialog.where.text() == "The anatomy critic measures here: nothing leaves this machine."
        chosen(dialog.critic, "LVLM")
        assert dialog.url.isEnabled()
        written(dialog.name, "ward")
        written(dialog.url, server.url)
        written(dialog.in_flight, "3")
        written(dialog.shots, "2")
        QTest.keyClick(dialog.shots, Key.Key_Tab)
        QTest.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
        opened.wait(lambda: "It has all that is needed." in dialog.status.text())
        assert "Answers are held to the choices." in results(dialog)
        for view in ("lateral", "slice"):
            dialog.views[view].click()
        dialog.views["frontal"].click()
        dialog.switches["reasons"].click()
        QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
        closed(opened)
        opened.wait(lambda: load_settings().critic == "lvlm")
    stored = load_settings()
    assert (stored.server.name, stored.server.url, stored.server.max_in_flight) == ("ward", server.url, 3)
    assert stored.profiles == (stored.server,)
    assert (stored.lvlm.shots, stored.lvlm.views, stored.lvlm.reasons) == (2, ("lateral", "slice"), True)
    opened.wait(lambda: opened.runner.idle)


def test_that_what_is_wrong_with_a_server_is_told_in_words(opened: Scene) -> None:
    dialog = asked(opened)
    chosen(dialog.critic, "LVLM")
    written(dialog.url, "http://127.0.0.1:1/v1")
    dialog.test.click()
    opened.wait(lambda: "1 of 3 is not well." in dialog.status.text())
    assert results(dialog).startswith("BAD")  # what is wrong comes first
    assert "No LVLM server answers" in results(dialog)
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in dialog._area.widget().findChildren(QLabel))
    written(dialog.url, "nowhere")
    assert not dialog.use.isEnabled()
    assert dialog.where.text().startswith("A server address looks like")
    QTest.keyClick(dialog, Key.Key_Escape)
    closed(opened)
    assert load_settings().critic == "anatomy"


def test_that_a_test_can_be_stopped_and_closing_stops_it_too(opened: Scene) -> None:
    with FakeLlm() as server:
        server.judge = None
        dialog = asked(opened)
        chosen(dialog.critic, "LVLM")
        written(dialog.url, server.url)
        dialog.test.click()
        assert dialog.test.text() == "Stop"
        dialog.test.click()
        assert dialog.test.text() == "Test connection"
        dialog.test.click()
        QTest.keyClick(dialog, Key.Key_Escape)
        closed(opened)
        opened.wait(lambda: opened.runner.idle)


def test_that_profiles_are_added_and_removed(opened: Scene) -> None:
    dialog = asked(opened)
    chosen(dialog.critic, "LVLM")
    dialog.add.click()
    assert dialog.name.text() == "server"
    dialog.add.click()
    assert dialog.name.text() == "server 2"
    assert dialog.profile.count() == 3
    dialog.remove.click()
    assert dialog.profile.count() == 2
    QTest.keyClick(dialog, Key.Key_Escape)
    closed(opened)
    assert load_settings().profiles == ()


def test_that_a_key_is_write_only(opened: Scene) -> None:
    dialog = asked(opened)
    chosen(dialog.critic, "LVLM")
    assert dialog.key.echoMode() is dialog.key.EchoMode.Password
    written(dialog.key, "very-secret")
    dialog.store.click()
    assert dialog.key.text() == ""
    opened.wait(lambda: "keyring" in dialog.status.text() or "keyring" in dialog.key_words.text())
    QTest.keyClick(dialog, Key.Key_Escape)
    closed(opened)


# --- consent ---------------------------------------------------------------------------------------------------


@pytest.fixture
def far(scene: Scene, calls: FakeCalls) -> Scene:
    """A window whose next review asks a server that is not this machine."""
    calls.critic_lane = Lane.NET
    take(scene, critic="lvlm", server=ServerSettings(url=FAR))
    scene.station.open(Path("/nowhere/review"))
    return scene


def test_that_opening_a_review_asks_once_and_enter_does_not_agree(far: Scene) -> None:
    dialog = shown(far, ConsentDialog)
    assert "Projected pictures of the CT" in dialog.words.text()
    assert "gpu.example is not this machine" in dialog.words.text()
    QTest.keyClick(dialog, Key.Key_Return)
    closed(far)
    assert load_settings().consented == ()
    far.station.open(Path("/nowhere/review"))
    far.wait(lambda: far.station.job is None and far.runner.idle)
    assert far.window._dialog is None


def test_that_agreeing_is_kept_and_the_review_goes_on(far: Scene) -> None:
    dialog = shown(far, ConsentDialog)
    first = far.station.reading
    dialog.agree.click()
    far.wait(lambda: load_settings().consented == ("gpu.example",))
    far.wait(lambda: far.station.reading is not None and far.station.reading is not first)
    assert far.station.host_to_agree == ""
    far.wait(lambda: far.runner.idle)
    assert far.window._dialog is None


def test_that_the_audit_asks_again_and_goes_on_once_agreed(far: Scene) -> None:
    shown(far, ConsentDialog).refuse.click()
    closed(far)
    far.ready()
    far.press(Key.Key_U, CONTROL)
    shown(far, ConsentDialog).agree.click()
    audit = shown(far, AuditDialog)
    assert far.station.host_to_agree == ""
    far.wait(lambda: far.runner.idle)
    audit.close_button.click()
    closed(far)


def test_that_the_dialog_says_where_pictures_go_and_takes_the_consent(far: Scene) -> None:
    shown(far, ConsentDialog).refuse.click()
    closed(far)
    dialog = asked(far)
    assert dialog.where.text().endswith("You have not agreed to that yet.")
    assert dialog.consent.text() == "Agree to send to gpu.example"
    QTest.mouseClick(dialog.consent, Qt.MouseButton.LeftButton)
    far.wait(lambda: dialog.where.text().endswith("You agreed to that."))
    assert load_settings().consented == ("gpu.example",)
    assert dialog.consent.text() == "No longer send to gpu.example"
    far.wait(lambda: far.runner.idle and far.station.job is None)
    QTest.mouseClick(dialog.consent, Qt.MouseButton.LeftButton)
    far.wait(lambda: dialog.where.text().endswith("You have not agreed to that yet."))
    assert load_settings().consented == ()
    far.wait(lambda: far.station.host_to_agree == "gpu.example")
    QTest.keyClick(dialog, Key.Key_Escape)
    closed(far)  # and is not asked again about what was just answered
    far.wait(lambda: far.runner.idle and far.station.job is None)
    assert QApplication.activeModalWidget() is None


# --- model server ----------------------------------------------------------------------------------------------


def pids_of(file: Path) -> list[int]:
    return [int(line.split()[1]) for line in file.read_text("ascii").splitlines()] if file.exists() else []


@pytest.fixture
def pids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: Scene) -> Path:
    monkeypatch.setenv("FAKE_VLLM_PIDS", str(tmp_path / "pids"))
    monkeypatch.setattr("labelcritic_gui.critic.server.GRACE_S", 0.5)
    served = ServeSettings(model="some/model", vllm=str(FAKE), port=free_port())
    take(scene, served=served)
    return tmp_path / "pids"


def panel(scene: Scene) -> ServerDialog:
    scene.press(Key.Key_M, CONTROL)
    found = shown(scene, ServerDialog)
    assert isinstance(found, ServerDialog)
    return found


posix = pytest.mark.skipif(os.name != "posix", reason="vLLM is for Linux and macOS")


@posix
def test_that_a_model_server_starts_shows_its_log_is_used_and_stops(pids: Path, opened: Scene) -> None:
    dialog = panel(opened)
    opened.wait(lambda: dialog.command.toPlainText().startswith(f"{FAKE} serve some/model"))
    QTest.mouseClick(dialog.start, Qt.MouseButton.LeftButton)
    opened.wait(lambda: dialog.state.text().startswith("Ready at http://127.0.0.1:"))
    opened.wait(lambda: "INFO starting" in dialog.log.toPlainText() and "3 processes" in dialog.memory.text())
    assert not dialog.model.isEnabled()
    assert not dialog.start.isEnabled()
    dialog.use.click()
    closed(opened)
    opened.wait(lambda: load_settings().server.name == "model here")
    dialog = panel(opened)
    assert dialog.stop.isEnabled()
    dialog.stop.click()
    opened.wait(lambda: dialog.state.text() == "Stopped.")
    until(lambda: not any(map(is_alive, pids_of(pids))), "the end of the server")
    dialog.close_button.click()
    closed(opened)


@posix
def test_that_closing_the_window_ends_the_server(pids: Path, opened: Scene) -> None:
    dialog = panel(opened)
    opened.wait(lambda: dialog.start.isEnabled())
    dialog.start.click()
    opened.wait(lambda: dialog.use.isEnabled())
    dialog.close_button.click()
    closed(opened)
    until(lambda: len(pids_of(pids)) == 3, "all three processes")
    opened.window.close()
    opened.wait(lambda: opened.runner.idle)
    until(lambda: not any(map(is_alive, pids_of(pids))), "the end of the server")


@posix
def test_that_a_server_that_fails_says_why(pids: Path, opened: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_VLLM_MODE", "crash")
    dialog = panel(opened)
    opened.wait(lambda: dialog.start.isEnabled())
    dialog.start.click()
    opened.wait(lambda: "enough free memory" in dialog.state.text())
    assert "CUDA out of memory" in dialog.log.toPlainText()
    opened.wait(lambda: dialog.start.isEnabled())
    dialog.close_button.click()
    closed(opened)


@posix
def test_that_the_command_line_follows_what_is_written(pids: Path, opened: Scene) -> None:
    dialog = panel(opened)
    written(dialog.model.lineEdit(), "Qwen/Qwen2.5-VL-72B-Instruct")
    QTest.keyClick(dialog.model.lineEdit(), Key.Key_Tab)
    opened.wait(lambda: "--tensor-parallel-size 2" in dialog.command.toPlainText())
    assert [dialog.gpus.itemText(n) for n in range(dialog.gpus.count())][1:] == ["2", "4"]
    written(dialog.extra, "--api-key x")
    QTest.keyClick(dialog.extra, Key.Key_Tab)
    opened.wait(lambda: "VLLM_API_KEY" in dialog.remarks.text())
    assert not dialog.start.isEnabled()
    dialog.close_button.click()
    closed(opened)
    assert not pids.exists()
