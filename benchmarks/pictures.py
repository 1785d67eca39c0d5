"""Take the pictures of the documentation: the real window, offscreen, driven by real key events.

`python -m benchmarks.pictures [NAME ...] [--real REVIEW] [--out docs/images] [--cache FOLDER] [--all]` goes through the
table `pictures.toml`: which screen, review, item and settings, and which keys to press. Without names it takes the
pictures that the documentation shows; with `--all` also those that are only looked at. The demonstration and what is
made of it lie in the cache folder and are used again; every picture is taken of a copy. Pictures named real-* need a
review of real scans, named by `--real`.

A step is a key as Qt writes it ("Ctrl+K"), or one of: "go CASE/STRUCTURE", "type TEXT", "drag X Y X Y" and "hover X Y"
(shares of the stage's first panel), "choose TEXT" (a filter for the list), "swipe SHARE" (drags the
divider there), "run COMMAND" (a command without a key),
"at once STEP" (do not wait after it), "until loading" and "shot" (the canvas is taken here, not at the end).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.picture_reviews import review_of

TABLE = Path(__file__).with_name("pictures.toml")
READER = "reader"
WAIT_S = 120.0
CALM_S = 0.12
"""After the lanes fall idle, timers of the window get so long to begin something new."""
REAL, AT_ONCE = "real", "at once "


def main() -> None:
    """Read the call, group the pictures by screen and language, and take each group in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--real", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "labelcritic-pictures")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    table = tomllib.loads(TABLE.read_text("utf-8"))
    if arguments.worker:
        _take_all(table, json.loads(arguments.worker), arguments)
        return
    known = [one["name"] for one in table["picture"]]
    if missing := set(arguments.names) - set(known):
        sys.exit(f"There is no picture {', '.join(sorted(missing))}. Known are: {', '.join(known)}.")
    wanted = [one for one in table["picture"] if _is_wanted(one, arguments)]
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ["LABELCRITIC_HOME"] = str(arguments.cache / "home")
    for review in {one.get("review", "demonstration") for one in wanted} - {REAL, ""}:
        review_of(review, arguments.cache)
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in wanted:
        groups[one.get("screen", "small"), one.get("settings", {}).get("language", "en")].append(one["name"])
    failed = [names for (screen, _), names in groups.items() if _run_group(table["screen"][screen], names, arguments)]
    if failed:
        sys.exit(f"not all of these could be taken: {failed}")


def _is_wanted(one: dict[str, Any], arguments: argparse.Namespace) -> bool:
    if one.get("review") == REAL and arguments.real is None:
        return False
    return one["name"] in arguments.names if arguments.names else bool(arguments.all or one.get("docs", False))


def _run_group(screen: dict[str, Any], names: list[str], arguments: argparse.Namespace) -> int:
    """Take pictures that share a screen in a process of their own: Qt learns of a screen's scale only at its start."""
    scale = float(screen.get("scale", 1))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "screens.json"
        monitors, left = [], 0
        for number, (width, height) in enumerate(screen["monitors"]):
            usual = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
            monitors.append({"name": f"m{number}", "x": left, "y": 0, "width": width, "height": height, **usual})
            left += width
        file.write_text(json.dumps({"synchronousWindowSystemEvents": False, "screens": monitors}), "utf-8")
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": f"offscreen:configfile={file}",
            "QT_SCALE_FACTOR": f"{scale:g}",
            "LABELCRITIC_HOME": str(Path(folder) / "home"),
        }
        command = [sys.executable, "-m", "benchmarks.pictures", "--worker", json.dumps(names)]
        command += ["--out", str(arguments.out), "--cache", str(arguments.cache)]
        command += ["--real", str(arguments.real)] if arguments.real else []
        return subprocess.run(command, env=environment, check=False).returncode


def _take_all(table: dict[str, Any], names: list[str], arguments: argparse.Namespace) -> None:
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    failed = []
    for one in table["picture"]:
        if one["name"] in names:
            started = time.monotonic()
            try:
                Shooting(application, one, arguments).take()
            except Exception as error:  # noqa: BLE001  (the other pictures are taken all the same)
                failed.append(one["name"])
                print(f"{one['name']}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            else:
                print(f"{one['name']}: {time.monotonic() - started:.1f} s", flush=True)
    if failed:
        sys.exit(1)


class Shooting:
    """One picture: a fresh window on a copy of its review, the steps, the canvas."""

    def __init__(self, application: Any, one: dict[str, Any], arguments: argparse.Namespace) -> None:
        self._application, self._one, self._arguments = application, one, arguments
        self._caught: list[BaseException] = []
        self._shots = 0

    def take(self) -> None:
        """Build the window, do the steps, save the canvas; the window is gone afterwards, whatever happened."""
        from labelcritic_gui.app import build_window, name_application, speak
        from labelcritic_gui.bootstrap import build_services
        from labelcritic_gui.settings import change_settings

        home = Path(os.environ["LABELCRITIC_HOME"])
        shutil.rmtree(home, ignore_errors=True)
        wanted = {"reader": READER, "notice_accepted": True, "language": "en", "hints_seen": True}
        review, copy = self._copy()
        if "recent" in self._one:
            wanted["recent"] = tuple(self._one["recent"])
        services = build_services(change_settings(**{**wanted, **self._one.get("settings", {})}))
        name_application(self._application)
        speak(services.settings.language)
        self.window, self.station, self.runner = build_window(services)
        self.runner.failed.connect(self._caught.append)
        self.window.showMaximized()
        self.window.activateWindow()
        try:
            if review is not None:
                self.station.open(review)
                self._wait(lambda: self.station.reading is not None, "the review is open")
            self._settle()
            for step in self._one.get("do", []):
                self._do(step)
            if not self._shots:
                self._shoot()
            if self._caught:
                raise self._caught[0]
        finally:
            while (dialog := self._application.activeModalWidget()) is not None:
                dialog.close()
            self.window.close()
            self.runner.shutdown()
            self.window.deleteLater()
            self._application.processEvents()
            if copy is not None:
                shutil.rmtree(copy, ignore_errors=True)

    def _copy(self) -> tuple[Path | None, Path | None]:
        """Return a copy of the review beside it, so that its relative paths hold; the original stays as it is."""
        name = self._one.get("review", "demonstration")
        if not name:
            return None, None
        review = self._arguments.real if name == REAL else review_of(name, self._arguments.cache)
        copy = review.with_name(f"{review.name}.{os.getpid()}")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(review, copy)
        if "mode" in self._one:
            file = copy / "review.toml"
            file.write_text(
                file.read_text("utf-8").replace('mode = "assisted"', f'mode = "{self._one["mode"]}"'), "utf-8"
            )
        return copy, copy

    # --- steps -------------------------------------------------------------------------------------------------

    def _do(self, step: str) -> None:
        if step.startswith(AT_ONCE):
            self._begin(step.removeprefix(AT_ONCE))
            return
        self._begin(step)
        if step.split(" ")[0] not in {"until", "shot"}:
            self._settle()

    def _begin(self, step: str) -> None:
        word, _, rest = step.partition(" ")
        steps: dict[str, Callable[[str], None]] = {
            "go": self._go,
            "type": self._type,
            "drag": self._drag,
            "hover": self._drag,
            "choose": self._choose,
            "swipe": lambda share: self._drag(f"0.5 0.6 {share} 0.6"),
            "run": self._run,
            "until": self._until,
        }
        if rest and word in steps:
            steps[word](rest)
        elif step == "shot":
            self._shoot()
        else:
            self._press(step)

    def _press(self, key: str) -> None:
        from PySide6.QtGui import QKeySequence
        from PySide6.QtTest import QTest

        combination = QKeySequence.fromString(key)[0]
        QTest.keyClick(self._focus(), combination.key(), combination.keyboardModifiers())

    def _type(self, text: str) -> None:
        from PySide6.QtTest import QTest

        QTest.keyClicks(self._focus(), text)

    def _focus(self) -> Any:
        return self._application.activePopupWidget() or self._application.focusWidget() or self.window

    def _go(self, text: str) -> None:
        from labelcritic_gui.core.cases import CaseId, ItemId

        case, structure = text.split("/")
        self.station.reading.go_to(ItemId(CaseId(case), structure))

    def _choose(self, text: str) -> None:
        self.window.screen_.worklist.filter.setText(text)

    def _run(self, name: str) -> None:
        from labelcritic_gui.ui.commands import BY_ID

        self.window.trigger(BY_ID[name])

    def _drag(self, text: str) -> None:
        """Drag from one place of the first panel to another, or hover over one."""
        from PySide6.QtCore import QPointF, Qt
        from PySide6.QtTest import QTest

        pane = self.window.screen_.stage.panels[0].panes[0]
        shares = [float(n) for n in text.split()]
        places = [
            QPointF(x * pane.width(), y * pane.height()).toPoint()
            for x, y in zip(shares[::2], shares[1::2], strict=True)
        ]
        QTest.mouseMove(pane, places[0])
        if len(places) > 1:
            QTest.mousePress(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[0])
            for n in range(1, 6):
                QTest.mouseMove(pane, places[0] + (places[1] - places[0]) * n / 5)
            QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[1])

    def _until(self, what: str) -> None:
        conditions: dict[str, Callable[[], bool]] = {
            "loading": lambda: self.window.screen_.stage.card.isVisible(),
        }
        self._wait(conditions[what], what)

    # --- waiting and looking -----------------------------------------------------------------------------------

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + WAIT_S
        while not condition():
            self._application.processEvents()
            time.sleep(0.003)
            if self._caught:
                raise self._caught[0]
            if time.monotonic() > end:
                raise TimeoutError(what)

    def _settle(self) -> None:
        """Wait until nothing runs and nothing is to be painted."""
        calm = 0.0

        def is_calm() -> bool:
            nonlocal calm
            reading = self.station.reading
            shown = reading is None or reading.finished or reading.ready or reading.failure is not None
            if not (self.runner.idle and shown):
                calm = 0.0
            elif calm == 0.0:
                calm = time.monotonic()
            return calm > 0.0 and time.monotonic() - calm > CALM_S

        self._wait(is_calm, "the window is calm")

    def _shoot(self) -> None:
        """Save what is on all screens: windows, dialogs and popups where they stand."""
        from PySide6.QtCore import QPoint, Qt
        from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPixmap

        top = [w for w in self._application.topLevelWidgets() if w.isVisible() and w.width() > 1]
        order = {Qt.WindowType.Window: 0, Qt.WindowType.Dialog: 1, Qt.WindowType.Sheet: 1}
        top.sort(key=lambda w: order.get(w.windowType(), 2))
        area = QGuiApplication.primaryScreen().virtualGeometry()
        ratio = self.window.devicePixelRatioF()
        canvas = QPixmap(area.size() * ratio)
        canvas.setDevicePixelRatio(ratio)
        canvas.fill(Qt.GlobalColor.black)
        painter = QPainter(canvas)
        for widget in top:
            painter.drawPixmap(widget.mapToGlobal(QPoint(0, 0)) - area.topLeft(), widget.grab())
        painter.end()
        if (crop := self._one.get("crop")) is not None:
            left, upper, width, height = (round(n * ratio) for n in crop)
            canvas = canvas.copy(left, upper, width, height)
        self._shots += 1
        part = f"-{self._shots}" if self._one.get("do", []).count("shot") > 1 else ""
        file = self._arguments.out / f"{self._one['name']}{part}.png"
        # without an alpha channel, as small as PNG gets
        if not canvas.toImage().convertToFormat(QImage.Format.Format_RGB888).save(str(file), "PNG", 0):
            raise OSError(f"{file} could not be written")


if __name__ == "__main__":
    main()
