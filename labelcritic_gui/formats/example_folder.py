"""Reads example pictures from a folder: FOLDER/STRUCTURE/good/*.png and bad/*.png. Layer: formats."""

from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.imaging.panel import decode_png, encode_png, fitted

LARGEST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """One example picture: 8-bit RGB PNG of at most 512 pixels a side, whether it is good, and the file's stem."""

    picture: bytes = field(repr=False)
    good: bool
    stem: str


def example_files(folder: Path, structure: str) -> tuple[tuple[Path, bool], ...]:
    """Return the example files of a structure with whether they are good, sorted by name.

    Raises UnreadableFileError when the folder is missing; a structure without examples has none.
    """
    if not folder.is_dir():
        raise UnreadableFileError(
            f"The examples folder {folder} is not there.", "It holds STRUCTURE/good/*.png and STRUCTURE/bad/*.png."
        )
    found = [(file, kind == "good") for kind in ("good", "bad") for file in (folder / structure / kind).glob("*.png")]
    return tuple(sorted(found, key=lambda entry: entry[0].name))


def read_example(file: Path, *, good: bool) -> ExampleFile:
    """Read an example picture; raises UnreadableFileError that names the file."""
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise UnreadableFileError(f"The example {file} is larger than {LARGEST_BYTES >> 20} MiB.", "Scale it down.")
        image = decode_png(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UnreadableFileError(f"The example {file} cannot be read: {error}.", "Take it away.") from error
    if image.ndim == 2:
        import numpy as np

        image = np.repeat(image[:, :, None], 3, axis=2)
    return ExampleFile(encode_png(fitted(image)), good, file.stem)
