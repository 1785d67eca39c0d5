"""Example pictures of a person: what can be used, and what is said of the others."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.formats.example_folder import example_files, read_example
from labelcritic_gui.imaging.panel import decode_png
from tests.fake_llm import png

RAMP = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)


def test_that_an_example_with_16_bits_looks_as_it_does_elsewhere(tmp_path: Path) -> None:
    import cv2

    file = tmp_path / "deep.png"
    assert cv2.imwrite(str(file), RAMP)
    read = decode_png(read_example(file, good=True).picture)
    plain = cv2.resize((RAMP >> 8).astype(np.uint8), (512, 512), interpolation=cv2.INTER_LINEAR)
    assert np.abs(read[..., 0].astype(int) - plain).max() <= 1


@pytest.mark.parametrize("colour", [0, 2, 6])
def test_that_grey_and_transparent_examples_are_sent_as_rgb(tmp_path: Path, colour: int) -> None:
    file = tmp_path / "one.png"
    file.write_bytes(png(20, 10, grey=77, colour=colour))
    image = decode_png(read_example(file, good=False).picture)
    assert image.shape == (256, 512, 3)


def announced(width: int, height: int) -> bytes:
    """A PNG that says that it is so large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return png()[:8] + chunk + png()[33:]


@pytest.mark.parametrize("content", [b"", b"<html>", png()[:60], announced(60_000, 60_000)])
def test_that_an_example_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.png"
    file.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=r"bad\.png"):
        read_example(file, good=True)


def test_that_good_and_bad_examples_of_a_structure_are_found(tmp_path: Path) -> None:
    for name in ("liver/good/b.png", "liver/bad/a.png", "liver/good/notes.txt", "spleen/good/c.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png())
    found = [(file.name, good) for file, good in example_files(tmp_path, "liver")]
    assert found == [("a.png", False), ("b.png", True)]
    assert example_files(tmp_path, "stomach") == ()
