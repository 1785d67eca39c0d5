"""NRRD and MetaImage files: the one door for SimpleITK, where LPS becomes RAS. Layer: formats.

The header is read and checked here first (`itk_header`); the library is then told which reader to use, so that it
never guesses by name, and is imported only when such a file is met.
"""

import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.formats import itk_header
from labelcritic_gui.formats.itk_header import MAX_HEADER, TextHeader
from labelcritic_gui.formats.streams import ArrayStream, out_of_memory

_COPY = "Copy it again from where it came."
_READ_BYTES = 2**20
_PARSERS: dict[str, tuple[str, Callable[[Path, bytes], TextHeader]]] = {
    "nrrd": ("NrrdImageIO", itk_header.parse_nrrd),
    "metaimage": ("MetaImageIO", itk_header.parse_metaimage),
}


def format_of_bytes(first: bytes) -> str | None:
    """Return "nrrd" or "metaimage" when a file begins as one, else None."""
    if first.startswith(b"NRRD"):
        return "nrrd"
    if re.match(rb"[\x20-\x7e\t\r\n]{,400}?\b(ObjectType|NDims)\s*[=:]", first):
        return "metaimage"
    return None


def open_volume(path: Path) -> ArrayStream:
    """Read an NRRD, NHDR, MHA or MHD file whole: integers stay what they are. Raises UnreadableFileError."""
    kind, header = _checked(path)
    reader = _reader(path, kind)
    _geometry(path, reader, header)
    _require_whole(path, header)
    from SimpleITK import GetArrayFromImage

    try:
        image = reader.Execute()
        voxels = GetArrayFromImage(image).T
    except MemoryError:
        raise out_of_memory(path) from None
    except RuntimeError as problem:
        raise _refusal(path, problem) from problem
    if voxels.ndim == 4:
        voxels = voxels[..., 0]
    geometry = _geometry(path, image, header)
    if voxels.shape != geometry.shape:
        raise UnreadableFileError(f"{path} is damaged: its voxels are not of the size it promises.", _COPY)
    return ArrayStream(path, geometry, voxels)


def read_geometry(path: Path) -> Geometry:
    """Return the stored grid from the header alone. Raises UnreadableFileError."""
    kind, header = _checked(path)
    return _geometry(path, _reader(path, kind), header)


def label_names(path: Path) -> dict[int, str]:
    """Return the segment names that 3D Slicer keeps in an NRRD. Raises UnreadableFileError."""
    return _checked(path)[1].names


def files_of(path: Path) -> list[Path]:
    """Return the header's file and, when it is another, the one with the voxels. Raises UnreadableFileError."""
    header = _checked(path)[1]
    return [path] if header.data_file == path else [path, header.data_file]


def _checked(path: Path) -> tuple[str, TextHeader]:
    """Return the format and the header, once everything in it is believable."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_HEADER)
    except OSError as problem:
        raise UnreadableFileError(f"{path} cannot be opened: {problem.strerror}.", "Check the file.") from problem
    kind = format_of_bytes(raw)
    if kind is None:
        raise UnreadableFileError(f"{path} is no NRRD and no MetaImage file.", "Check the file.")
    header = _PARSERS[kind][1](path, raw)
    itk_header.require_room(path, header)
    return kind, header


def _reader(path: Path, kind: str) -> Any:
    """Return SimpleITK's reader with the header's information read."""
    import SimpleITK

    library: Any = SimpleITK
    library.ProcessObject.SetGlobalWarningDisplay(False)
    reader = library.ImageFileReader()
    reader.SetImageIO(_PARSERS[kind][0])
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as problem:
        raise _refusal(path, problem) from problem
    if reader.GetNumberOfComponents() != 1:
        message = f"{path} holds {reader.GetNumberOfComponents()} numbers per voxel, which is no CT and no label."
        raise UnreadableFileError(message, "Give one 3-D volume of whole or real numbers per file.")
    return reader


def _refusal(path: Path, problem: RuntimeError) -> UnreadableFileError:
    """Say in one sentence what SimpleITK says in many lines."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    reason = re.sub(r"^.*?(ERROR|Error)[: ]+", "", lines[-1]) if lines else "it cannot be read"
    reason = re.sub(r"\w+\(0x[0-9a-f]+\): ", "", reason).rstrip(".")
    return UnreadableFileError(f"{path} is damaged or not supported: {reason[:160]}.", _COPY)


def _geometry(path: Path, image: Any, header: TextHeader) -> Geometry:
    """Return the stored grid in RAS+ mm of a reader or an image."""
    size = tuple(int(n) for n in image.GetSize())
    if size != header.sides:
        raise UnreadableFileError(f"{path} is damaged: its voxels are not of the size it promises.", _COPY)
    n = len(size)
    directions = np.array(image.GetDirection(), dtype=np.float64).reshape(n, n)[:3, :3]
    spacing = np.array(image.GetSpacing(), dtype=np.float64)[:3]
    affine = np.eye(4)
    affine[:3, :3] = directions * spacing
    affine[:3, 3] = image.GetOrigin()[:3]
    affine[:2] *= -1.0
    sane = np.isfinite(affine).all() and (spacing > 1e-4).all() and (spacing < 1e4).all()
    if not sane or abs(np.linalg.det(directions)) < 1e-3 or np.abs(affine[:3, 3]).max() > 1e7:
        message = f"{path} has a damaged header: it does not place its voxels in space."
        raise UnreadableFileError(message, "Export it again from the program that made it.")
    return Geometry((size[0], size[1], size[2]), affine)


def _require_whole(path: Path, header: TextHeader) -> None:
    """Raise UnreadableFileError unless compressed voxels are all there: the library would fill up with anything."""
    if header.encoding not in {"gzip", "zlib"}:
        return
    inflate = zlib.decompressobj(wbits=47)
    total = 0
    try:
        with header.data_file.open("rb") as file:
            file.seek(header.data_start)
            while not inflate.eof and total <= header.data_bytes:
                chunk = inflate.unconsumed_tail or file.read(_READ_BYTES)
                if not chunk:
                    break
                total += len(inflate.decompress(chunk, _READ_BYTES))
    except (OSError, zlib.error) as problem:
        raise UnreadableFileError(f"{path} is damaged: {problem}.", _COPY) from problem
    if total > header.data_bytes:
        raise UnreadableFileError(f"{path} has a damaged header: it holds more voxels than it promises.", _COPY)
    if total < header.data_bytes or not inflate.eof:
        raise UnreadableFileError(f"{path} is truncated: its compressed data ends too early.", _COPY)
