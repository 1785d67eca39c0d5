"""Pictures of widgets against stored ones: `LABELCRITIC_SNAPSHOTS=write pytest -m pixel` stores them anew.

The fonts are the program's own, the platform is Qt's offscreen one on Linux; elsewhere glyphs are drawn otherwise.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

STORED = Path(__file__).parent / "snapshots"
LEVELS, SHARE = 24, 0.003
"""A pixel counts when it differs by more grey levels than this; so large a share of them may."""


def assert_looks_as_stored(widget: QWidget, name: str, tmp_path: Path) -> None:
    """Compare a widget's picture with the stored one; leave both and the difference where they do not agree."""
    if not sys.platform.startswith("linux"):
        pytest.skip("stored pictures are of Linux: other systems draw glyphs otherwise")
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    file = STORED / f"{name}.png"
    if os.environ.get("LABELCRITIC_SNAPSHOTS") == "write":
        STORED.mkdir(exist_ok=True)
        assert image.save(str(file))
        return
    assert file.is_file(), f"there is no stored picture {file}; LABELCRITIC_SNAPSHOTS=write makes it"
    stored = QImage(str(file)).convertToFormat(QImage.Format.Format_RGB32)
    assert (image.width(), image.height()) == (stored.width(), stored.height()), name
    apart = np.abs(_pixels(image) - _pixels(stored)).max(axis=-1)
    share = float((apart > LEVELS).mean())
    if share > SHARE:
        image.save(str(tmp_path / f"{name}-now.png"))
        shown = np.ascontiguousarray((apart > LEVELS).astype(np.uint8) * 255)
        QImage(shown.data, image.width(), image.height(), image.width(), QImage.Format.Format_Grayscale8).save(
            str(tmp_path / f"{name}-apart.png")
        )
    assert share <= SHARE, f"{share:.2%} of {name} look otherwise than in {file}; see {tmp_path}"


def _pixels(image: QImage) -> NDArray[np.int_]:
    raw = np.frombuffer(image.constBits(), dtype=np.uint8)
    return raw.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3].astype(int)
