"""Trees of tiny files on disk, for the tests of layouts."""

import json
from collections.abc import Iterable
from pathlib import Path

SEG_CLASS = b"1.2.840.10008.5.1.4.1.1.66.4\0"
CT_CLASS = b"1.2.840.10008.5.1.4.1.1.2\0"


def plant(root: Path, *names: str) -> Path:
    """Make empty files; a name with braces stands for several: `{a,b}/ct.nii.gz`."""
    for name in names:
        for one in expanded(name):
            file = root / one
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return root


def expanded(name: str) -> Iterable[str]:
    """Yield the names that a name with braces stands for."""
    start, end = name.find("{"), name.find("}")
    if start < 0:
        yield name
        return
    for part in name[start + 1 : end].split(","):
        yield from expanded(name[:start] + part + name[end + 1 :])


def plant_json(file: Path, content: object) -> None:
    """Write a JSON file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), "utf-8")


def plant_dicom(file: Path, *, segmentation: bool = False) -> None:
    """Write the first bytes of a DICOM file: preamble, mark, and the class in its meta header."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(128) + b"DICM\x02\0\x02\0UI\x1c\0" + (SEG_CLASS if segmentation else CT_CLASS))
