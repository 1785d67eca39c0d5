"""A patchwork from the key to the export: the real window on real files, then the command line."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from labelcritic_gui.__main__ import main
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.formats import nifti
from labelcritic_gui.ui.keymap import default_keys
from labelcritic_gui.ui.main_window import MainWindow
from labelcritic_gui.ui.tasks import TaskRunner, default_lanes
from labelcritic_gui.viewmodels.station import Station
from tests.making import Dataset

pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
LIVER = ItemId(CaseId("case_1"), "liver")
K, M = Qt.Key, Qt.KeyboardModifier


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> dict[str, Any]:
    found = main([*(str(word) for word in words), "--json"])
    said = capsys.readouterr()
    assert found == code, said.err
    return json.loads(said.out)  # type: ignore[no-any-return]


class Hands:
    """A window on a real review, and keys."""

    def __init__(self, dataset: Dataset, qtbot: Any) -> None:
        self.runner = TaskRunner(default_lanes(2))
        self.failed: list[BaseException] = []
        self.runner.failed.connect(self.failed.append)
        services = dataset.services.with_settings(
            dataset.services.settings.model_copy(update={"notice_accepted": True})
        )
        self.station = Station(services, self.runner)
        self.window = MainWindow(self.station, self.runner, default_keys())
        self.window.show()
        qtbot.waitExposed(self.window)
        self.qtbot = qtbot
        self.station.open(dataset.folder)
        self.wait(lambda: self.station.reading is not None and self.station.reading.ready)
        self.go_to(LIVER)

    def wait(self, condition: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=15_000)

    def go_to(self, item: ItemId) -> None:
        reading = self.station.reading
        reading.go_to(item)
        self.wait(lambda: reading.item == item and reading.ready)

    def press(self, key: Any, modifier: Any = M.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    @property
    def versions(self) -> list[int]:
        stage = self.station.reading.stage
        return [p.candidate.version for p in stage.panels if p.candidate] if stage else []


@pytest.fixture
def hands(dataset: Dataset, qtbot: Any) -> Iterator[Hands]:
    made = Hands(dataset, qtbot)
    yield made
    made.window.close()
    made.runner.shutdown()
    assert made.failed == []
    made.window.deleteLater()


def test_that_a_patchwork_goes_from_the_key_to_the_export(
    hands: Hands, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = hands.station.reading
    good = next(n for n, p in enumerate(reading.stage.panels, 1) if p.label_set.slug == "good")
    hands.press(K.Key_P)
    patchwork = hands.station.patchwork()
    hands.wait(lambda: patchwork.preview is not None and not patchwork.busy)
    hands.press(K.Key_0 + 3 - good, M.ControlModifier)  # from the other one, which lacks half
    hands.press(K.Key_0 + good)
    hands.wait(lambda: not patchwork.busy)
    hands.press(K.Key_Return)
    hands.wait(lambda: reading.item != LIVER and not reading.writing)
    file = dataset.folder / "edits" / "case_1" / "liver.bad.v2.nii.gz"
    source = dataset.root / "labels" / "good" / "case_1" / "segmentations" / "liver.nii.gz"
    assert (nifti.load_mask(file).full() == nifti.load_mask(source).full()).all(), "every region from one is that one"

    hands.go_to(LIVER)
    assert sorted(hands.versions) == [1, 2], "it stands in the panel of its label set"
    title = hands.window.screen_.stage.panels[2 - good if good == 2 else 1].title
    assert title.mark == "v2 patchwork"
    hands.wait(lambda: reading.opinions is not None and all(reading.opinions.facts))
    hands.press(K.Key_Backspace)
    hands.wait(lambda: reading.item == LIVER and reading.ready and hands.versions == [1, 1])
    hands.press(K.Key_Backspace, M.ShiftModifier)
    hands.wait(lambda: reading.item is not None and reading.item != LIVER and not reading.writing)
    hands.window.close()

    told = run(capsys, "patchwork", dataset.folder, "case_1", "liver")
    assert [p["version"] for p in told["patchworks"]] == [2]
    assert told["patchworks"][0]["standing"]
    assert run(capsys, "patchwork", dataset.folder, "--verify")["same"] == 1
    assert all(c["well"] for c in run(capsys, "doctor", dataset.folder)["checks"])
    run(capsys, "export", dataset.folder, dataset.root / "out")
    assert run(capsys, "verify", dataset.root / "out")["faults"] == []


def test_that_the_command_line_says_what_is_wrong(dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["patchwork", str(dataset.folder)]) == 0
    assert "No patchwork was made" in capsys.readouterr().out
    assert main(["patchwork", str(dataset.folder), "case_1", "liver"]) == 2
    assert "No patchwork was made of case_1 · liver" in capsys.readouterr().err
    assert main(["patchwork", str(dataset.folder), "case_1"]) == 2
    assert "its case and its structure" in capsys.readouterr().err
    assert main(["patchwork", str(dataset.folder), "nowhere", "liver"]) == 2
    assert "There is no item" in capsys.readouterr().err
    assert main(["patchwork", str(Path("/nowhere"))]) == 2


def test_that_verify_fails_with_a_sentence_when_a_source_changed(
    hands: Hands, dataset: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = hands.station.reading
    hands.press(K.Key_P)
    patchwork = hands.station.patchwork()
    hands.wait(lambda: patchwork.preview is not None and not patchwork.busy)
    hands.press(K.Key_A)
    hands.wait(lambda: not patchwork.busy)
    hands.press(K.Key_Return)
    hands.wait(lambda: reading.item != LIVER and not reading.writing)
    hands.window.close()
    folder = dataset.root / "labels" / "good" / "case_1" / "segmentations"
    (folder / "liver.nii.gz").write_bytes((folder / "spleen.nii.gz").read_bytes())
    assert main(["patchwork", str(dataset.folder), "--verify"]) == 1
    said = capsys.readouterr()
    assert "0 the same to the bit" in said.out
    assert "is not what the patchwork is made of" in said.err
