"""Files stored in all 48 orientations, seen through the real window: sides and letters are always the patient's."""

import os
from collections.abc import Iterator
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from labelcritic_gui.app import build_window, name_application
from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.settings import change_settings
from labelcritic_gui.ui.scripted import wait_for
from labelcritic_gui.ui.stage.pane import PaneView

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.gui,
    pytest.mark.timeout(300),
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SHAPE, SPACING = (44, 40, 48), (4.0, 4.5, 3.5)
ORNTS = [
    np.array(list(zip(axes, signs, strict=True)))
    for axes in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]
BRIGHT, LABEL = (10, 9, 11), (31, 29, 35)
"""The middles of two cubes, in voxels of the canonical grid: patient's left, back and feet; right, front and head."""
EXPECTED = {View.AXIAL: ("left", "top"), View.FRONTAL: ("left", "top"), View.LATERAL: ("left", "top")}
"""Where the label is seen: right on screen left, front on top or left, head on top. The bright cube: opposite."""
LETTERS = {View.AXIAL: "RLAP", View.FRONTAL: "RLSI", View.LATERAL: "APSI"}


def cube(at: tuple[int, int, int]) -> NDArray[np.bool_]:
    found = np.zeros(SHAPE, dtype=bool)
    found[tuple(slice(n - 4, n + 5) for n in at)] = True
    return found


def write(file: Path, voxels: NDArray[np.generic], ornt: NDArray[np.int_]) -> None:
    import nibabel as nib

    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = (-80.0, -95.0, 410.0)
    file.parent.mkdir(parents=True, exist_ok=True)
    stored = nib.Nifti1Image(voxels, affine).as_reoriented(ornt)
    nib.save(stored, file)


@pytest.fixture
def review(tmp_path: Path) -> Path:
    ct = np.full(SHAPE, -1000, dtype=np.int16)
    ct[4:-4, 4:-4, 4:-4] = 20
    ct[cube(BRIGHT)] = 900
    for n, ornt in enumerate(ORNTS):
        write(tmp_path / "images" / f"case_{n:02}" / "ct.nii.gz", ct, ornt)
        mine = ORNTS[(7 * n + 5) % len(ORNTS)]  # a label need not be stored as its image is
        write(
            tmp_path / "labels" / f"case_{n:02}" / "segmentations" / "liver.nii.gz", cube(LABEL).astype(np.uint8), mine
        )
    labels = (LabelSource("one", tmp_path / "labels"),)
    request = Request(folder=tmp_path / "review", images=tmp_path / "images", labels=labels)
    services = build_services(change_settings(reader="reader", notice_accepted=True, overlay_style="fill"))
    create_review(request, services.structures)
    return tmp_path / "review"


@pytest.fixture
def window(qapp: QApplication) -> Iterator[object]:
    name_application(qapp)
    change_settings(reader="reader", notice_accepted=True, overlay_style="fill", theme="dark", overlay_opacity=1.0)
    from labelcritic_gui.settings import load_settings

    window, station, runner = build_window(build_services(load_settings()))
    window.resize(1366, 768)
    window.show()
    caught: list[BaseException] = []
    runner.failed.connect(caught.append)
    yield window, station, caught
    window.close()
    runner.shutdown()
    window.deleteLater()


def test_that_all_48_storage_orientations_look_the_same(review: Path, window: tuple) -> None:
    shown, station, caught = window
    station.open(review)
    wait_for(lambda: bool(caught) or (station.reading is not None and station.reading.ready), "the review is open")
    looking = station.looking
    affine = np.diag([*SPACING, 1.0])
    affine[:3, 3] = (-80.0, -95.0, 410.0)
    bright, label = ((affine @ (*at, 1))[:3] for at in (BRIGHT, LABEL))
    checked = 0
    for n in range(len(ORNTS)):
        item = ItemId(CaseId(f"case_{n:02}"), "liver")
        looking.show_usual()
        station.reading.go_to(item)
        wait_for(lambda: bool(caught) or (station.reading.item == item and station.reading.ready), f"item {n}")  # noqa: B023
        assert not caught
        (pane,) = shown.screen_.stage.panes
        _is_seen(pane, View.FRONTAL, _coloured(pane), EXPECTED[View.FRONTAL], f"projection of {n}")
        _has_letters(pane, View.FRONTAL)
        looking.planes = "three"
        looking.show_mode("slices")
        wait_for(lambda: bool(caught) or looking.volume is not None, f"slices of {n}")
        for place, seen, opposite in ((label, _coloured, False), (bright, _brightest, True)):
            looking.set_centre(tuple(float(v) for v in place))
            QApplication.processEvents()
            panes = shown.screen_.stage.panes
            assert {pane.view for pane in panes} == set(View)
            for pane in panes:
                side = EXPECTED[pane.view]
                wanted = ("right", "bottom") if opposite else side
                _is_seen(pane, pane.view, seen(pane), wanted, f"slice of {n}")
        _has_letters(shown.screen_.stage.panes[0], View.AXIAL)
        looking.planes = "one"
        checked += 1
    assert checked == 48


def _pixels(pane: PaneView) -> NDArray[np.int_]:
    image = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return raw[:, : image.width(), 2::-1].astype(int)


def _coloured(pane: PaneView) -> NDArray[np.bool_]:
    """Return where the first label set's orange is."""
    red, green, blue = np.moveaxis(_pixels(pane), -1, 0)
    return (red > 150) & (green > 80) & (red - blue > 100)


def _brightest(pane: PaneView) -> NDArray[np.bool_]:
    """Return where the bright cube is: white in the abdominal window, and larger than a letter."""
    import cv2

    white = (_pixels(pane).min(axis=-1) > 250).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(white, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8)) > 0)


def _is_seen(pane: PaneView, view: View, where: NDArray[np.bool_], wanted: tuple[str, str], what: str) -> None:
    rows, columns = np.nonzero(where)
    assert rows.size > 60, f"{what}, {view.value}: not seen"
    middle = pane.sight.to_pane(pane._looking.whole_middle)
    found = (
        "left" if columns.mean() < middle.x() else "right",
        "top" if rows.mean() < middle.y() else "bottom",
    )
    assert found == wanted, f"{what}, {view.value}"


def _has_letters(pane: PaneView, view: View) -> None:
    """Read the four letters off the picture: the glyph that fits best at each edge."""
    import cv2

    grey = _pixels(pane).max(axis=-1).astype(np.uint8)
    height, width = grey.shape
    band = 64
    strips = (
        grey[height // 2 - band : height // 2 + band, :48],
        grey[height // 2 - band : height // 2 + band, -72:],
        grey[:72, width // 2 - band : width // 2 + band],
        grey[-96:, width // 2 - band : width // 2 + band],
    )
    for strip, letter in zip(strips, LETTERS[view], strict=True):
        scores = {c: float(cv2.matchTemplate(strip, _glyph(pane, c), cv2.TM_CCOEFF_NORMED).max()) for c in "RLAPSI"}
        best = max(scores, key=lambda c: scores[c])
        assert best == letter, f"{view.value}: {letter} expected, scores {scores}"


def _glyph(pane: PaneView, letter: str) -> NDArray[np.uint8]:
    font = pane._theme.font("title", strong=True)
    image = QImage(20, 22, QImage.Format.Format_Grayscale8)
    image.fill(QColor("#000000"))
    painter = QPainter(image)
    painter.setFont(font)
    painter.setPen(QColor("#E6E9EC"))
    painter.drawText(image.rect(), int(Qt.AlignmentFlag.AlignCenter), letter)
    painter.end()
    raw = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return raw[:, : image.width()].copy()
