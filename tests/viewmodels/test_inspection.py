"""What the dialog about files says, and how its work is asked for and stopped."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labelcritic_gui.core.cancel import stop_if
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry, Orientation, fitting
from labelcritic_gui.services.inspection import InspectedFile, Inspection, Kind, LabelRow
from labelcritic_gui.viewmodels.calls import ServiceCalls
from labelcritic_gui.viewmodels.inspection import NONE, Inspector, table_of
from labelcritic_gui.viewmodels.runner import InlineRunner, Lane
from tests.making import Dataset
from tests.viewmodels.fakes import HeldRunner

ITEM = ItemId(CaseId("case_1"), "kidney_left")
GRID = Geometry((10, 20, 30), np.diag([1.0, 1.5, 2.0, 1.0]))


def files() -> tuple[InspectedFile, ...]:
    turned = GRID.reoriented(Orientation((1, 0, 2), (True, False, False)))
    rows = (LabelRow(3, "kidney_left", 500, 1.5), LabelRow(4, "", 100, 0.3))
    image = Inspection("/data/a/ct.nii.gz", Kind.CT, "int16, values -1024 to 5", "nifti", GRID, "int16", -1024, 5)
    label = Inspection("C:\\data\\b\\map.nrrd", Kind.LABEL_MAP, "2 label values", "nrrd", turned, "uint8", labels=rows)
    bad = Inspection("/data/c.nii", Kind.REFUSED, "/data/c.nii is empty.")
    return (
        InspectedFile("image", -1, image),
        InspectedFile("Alpha", 0, label, (3,), fitting(GRID, turned)),
        InspectedFile("Beta", 1, bad),
    )


def test_that_files_are_laid_out_side_by_side() -> None:
    table = table_of(ITEM, files())
    lines = {line.name: line.texts for line in table.lines}
    assert [c.title for c in table.columns] == ["image", "Alpha", "Beta"]
    assert [c.refused for c in table.columns] == [False, False, True]
    assert lines["File"] == ("a/ct.nii.gz", "b/map.nrrd", "data/c.nii")
    assert lines["Kidney left"] == (NONE, "1.5 ml (500 voxels, value 3)", NONE)
    assert lines["Format"] == ("NIfTI, int16", "NRRD, uint8", NONE)
    assert lines["Voxel size"][0] == "1 × 1.5 × 2 mm"
    assert "nothing was resampled" in lines["Grid"][1]
    assert "Oblique" not in lines
    assert "kidney_left" in table.plain
    assert "Refused" in lines["What it is"][2]


def test_that_a_structure_without_a_voxel_says_so() -> None:
    one = files()[1]
    table = table_of(ITEM, (InspectedFile("Alpha", 0, one.inspection, (9,), one.fitting),))
    assert {line.name: line.texts for line in table.lines}["Kidney left"] == ("no voxel",)


def test_that_a_real_items_files_are_inspected(dataset: Dataset) -> None:
    calls = ServiceCalls(dataset.open(), "ann")
    try:
        inspector = Inspector(ItemId(CaseId("case_1"), "liver"), calls.inspect_item, InlineRunner())
        inspector.start()
    finally:
        calls.close()
    assert inspector.table is not None
    assert [c.title for c in inspector.table.columns] == ["image", "good", "bad"]
    assert Path(inspector.table.lines[0].full[0]).name == "ct.nii.gz"


def test_that_cancelling_is_said_and_leaves_no_table() -> None:
    def work(item: ItemId, cancel: Any, progress: Any) -> tuple[InspectedFile, ...]:
        stop_if(cancel)
        return files()

    runner = HeldRunner()
    inspector = Inspector(ITEM, work, runner)
    heard: list[int] = []
    inspector.changed.connect(lambda: heard.append(1))
    inspector.start()
    inspector.cancel()
    assert runner.go(Lane.CPU) == 1
    assert inspector.table is None
    assert inspector.failure is not None
    assert inspector.failure.text == "Stopped as asked."
    assert len(heard) == 2


@pytest.mark.parametrize("error", [UnreadableFileError("Gone.", "Look."), ZeroDivisionError()])
def test_that_failures_are_said_and_defects_are_also_raised(error: Exception) -> None:
    def work(item: ItemId, cancel: Any, progress: Any) -> tuple[InspectedFile, ...]:
        raise error

    inspector = Inspector(ITEM, work, InlineRunner())
    if isinstance(error, ZeroDivisionError):
        with pytest.raises(ZeroDivisionError):
            inspector.start()
    else:
        inspector.start()
    assert inspector.failure is not None
    assert inspector.job is None
