"""The text headers of NRRD and MetaImage, checked before a library may open the file. Layer: formats.

What is checked here is what a library would simply believe: that the voxels are in the folder of the header, that
there are as many bytes as the size promises, and that the file is one volume of numbers.
"""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.errors import UnreadableFileError

MAX_HEADER = 256 * 1024
_DEFLATE_RATIO = 1032
_MAX_SIDE = 32767
_REMAKE = "Export it again from the program that made it."
_ONE = "Give one 3-D volume of whole or real numbers per file."

_META_BYTES = {
    "CHAR": 1,
    "UCHAR": 1,
    "SHORT": 2,
    "USHORT": 2,
    "INT": 4,
    "UINT": 4,
    "LONG": 8,
    "ULONG": 8,
    "LONG_LONG": 8,
    "ULONG_LONG": 8,
    "FLOAT": 4,
    "DOUBLE": 8,
}
_NRRD_BYTES = {
    1: {"signed char", "int8", "int8_t", "uchar", "unsigned char", "uint8", "uint8_t"},
    2: {"short", "short int", "signed short", "signed short int", "int16", "int16_t"}
    | {"ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"},
    4: {"int", "signed int", "int32", "int32_t", "uint", "unsigned int", "uint32", "uint32_t", "float"},
    8: {"longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"}
    | {"ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t", "double"},
}
_NRRD_ENCODINGS = {"raw": "raw", "gz": "gzip", "gzip": "gzip", "txt": "text", "text": "text", "ascii": "text"}
_SAMPLES = {"domain", "space", "time", "???", "none", ""}


@dataclass(frozen=True, slots=True)
class TextHeader:
    """A checked header: `sides` of all axes, bytes per voxel, where and how the voxels are kept."""

    sides: tuple[int, ...]
    voxel_bytes: int
    encoding: str
    data_file: Path
    data_start: int
    names: dict[int, str] = field(default_factory=dict)

    @property
    def data_bytes(self) -> int:
        """Bytes that the voxels take, uncompressed."""
        return math.prod(self.sides) * self.voxel_bytes


def parse_nrrd(path: Path, raw: bytes) -> TextHeader:
    """Return the checked header of an NRRD or NHDR file from its first bytes. Raises UnreadableFileError."""
    if not re.match(rb"NRRD000[1-5]\s", raw):
        raise UnreadableFileError(
            f"{path} is of an unknown version of NRRD ({_shown(raw[:8].decode('latin-1'))}).", _REMAKE
        )
    end = re.search(rb"\r?\n\r?\n", raw)
    text = raw[: end.start() if end else len(raw)].decode("latin-1")
    if end is None and len(raw) >= MAX_HEADER:
        raise UnreadableFileError(f"{path} has a damaged header: it does not end.", _REMAKE)
    fields, keys = _nrrd_fields(path, text)
    kind = fields.get("type", "").lower()
    size = next((n for n, names in _NRRD_BYTES.items() if kind in names), 0)
    if not size:
        raise UnreadableFileError(f"{path} holds voxels of the type {kind!r}, which is no CT and no label.", _ONE)
    sides = _sides(path, fields.get("sizes", ""), fields.get("dimension", ""))
    _require_scalar(path, fields.get("kinds", "").lower().split(), sides)
    _require_one_volume(path, sides)
    encoding = _NRRD_ENCODINGS.get(fields.get("encoding", "").lower())
    if encoding is None:
        raise UnreadableFileError(
            f"{path} is encoded as {fields.get('encoding', '')!r}, which is not supported.", "Save it as raw or gzip."
        )
    if {"byteskip", "lineskip"} & {key.replace(" ", "") for key in fields}:
        raise UnreadableFileError(f"{path} skips bytes before its voxels, which is not supported.", "Save it anew.")
    detached = fields.get("data file", fields.get("datafile"))
    if detached is None and end is None:
        raise UnreadableFileError(f"{path} is truncated: it ends within its header.", "Copy it again.")
    data_file = path if detached is None else _beside(path, detached)
    start = end.end() if end is not None and detached is None else 0
    return TextHeader(sides, size, encoding, data_file, start, _segment_names(path, keys))


def _nrrd_fields(path: Path, text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the fields (`name: value`) and the key/value pairs (`key:=value`)."""
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        key, mark, value = line.partition(":=")
        if mark:
            keys[key.strip()] = value.strip()
            continue
        key, mark, value = line.partition(":")
        if mark:
            if key.strip().lower() in fields:
                raise UnreadableFileError(f"{path} has a damaged header: it says {_shown(key)} twice.", _REMAKE)
            fields[key.strip().lower()] = value.strip()
    return fields, keys


def _segment_names(path: Path, keys: dict[str, str]) -> dict[int, str]:
    """Return label value -> name of a 3D Slicer segmentation. Raises UnreadableFileError for several layers."""
    names: dict[int, str] = {}
    for key, value in keys.items():
        found = re.fullmatch(r"Segment(\d+)_LabelValue", key)
        name = keys.get(f"Segment{found[1]}_Name", "").strip() if found else ""
        if found and name and re.fullmatch(r"\d{1,9}", value):
            if int(keys.get(f"Segment{found[1]}_Layer", "0") or 0) != 0:
                raise UnreadableFileError(
                    f"{path} holds overlapping segments in several layers.", "Export its segments as one label map."
                )
            names[int(value)] = name
    return names


def _require_scalar(path: Path, kinds: list[str], sides: tuple[int, ...]) -> None:
    for kind, side in zip(kinds, sides, strict=False):
        if kind not in _SAMPLES and side != 1:
            what = "colours" if "color" in kind or "colour" in kind else f"several numbers per voxel ({kind})"
            raise UnreadableFileError(f"{path} holds {what}, which is no CT and no label.", _ONE)


def parse_metaimage(path: Path, raw: bytes) -> TextHeader:
    """Return the checked header of an MHA or MHD file from its first bytes. Raises UnreadableFileError."""
    fields, start = _metaimage_fields(path, raw)
    kind = fields.get("ElementType", "").upper().removeprefix("MET_")
    if fields.get("ElementNumberOfChannels", "1") not in {"1", ""} or kind.endswith("_ARRAY"):
        raise UnreadableFileError(f"{path} holds several numbers per voxel (such as colours).", _ONE)
    if kind not in _META_BYTES:
        raise UnreadableFileError(f"{path} holds voxels of the type {_shown(kind)}, which is no CT and no label.", _ONE)
    sides = _sides(path, fields.get("DimSize", ""), fields.get("NDims", ""))
    _require_one_volume(path, sides)
    if fields.get("HeaderSize", "0") not in {"0", ""}:
        raise UnreadableFileError(f"{path} skips bytes before its voxels (HeaderSize).", "Save it anew.")
    local = fields["ElementDataFile"].upper() in {"LOCAL", "LOCAL."}
    data_file = path if local else _beside(path, fields["ElementDataFile"])
    packed = fields.get("CompressedData", "").lower() in {"true", "1"}
    binary = fields.get("BinaryData", "").lower() in {"true", "1"}
    start = start if local else 0
    if packed:
        said = fields.get("CompressedDataSize", "missing" if local else "")
        _require_packed(path, said, data_file.stat().st_size - start)
    encoding = "zlib" if packed else "raw" if binary else "text"
    return TextHeader(sides, _META_BYTES[kind], encoding, data_file, start)


def _require_packed(path: Path, size: str, there: int) -> None:
    """Raise UnreadableFileError unless the size that compressed data is said to have is the size it has.

    The library believes it, and fills what it does not reach with anything.
    """
    if size not in {"", str(there)}:
        raise UnreadableFileError(
            f"{path} is truncated or has a damaged header: its compressed data should be {_shown(size)} "
            f"bytes, but is {there}.",
            "Copy it again from where it came.",
        )


def _metaimage_fields(path: Path, raw: bytes) -> tuple[dict[str, str], int]:
    """Return the fields up to ElementDataFile, and the byte after them.

    The first time that name occurs anywhere it must be the field itself, so that the library cannot see another one.
    """
    last = raw.find(b"ElementDataFile")
    end = raw.find(b"\n", last)
    end = end if end >= 0 else len(raw)
    if last < 0:
        raise UnreadableFileError(f"{path} has a damaged header: it names no ElementDataFile.", _REMAKE)
    fields: dict[str, str] = {}
    for line in re.split(r"[\r\n]+", raw[:end].decode("latin-1")):
        key, value = (part.strip() for part in [*re.split("[=:]", line, maxsplit=1), ""][:2])
        if not key.isascii() or re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line):
            raise UnreadableFileError(f"{path} has a damaged header: {_shown(key)} is no text.", _REMAKE)
        if key and key in fields:
            raise UnreadableFileError(f"{path} has a damaged header: it says {_shown(key)} twice.", _REMAKE)
        fields[key] = value
    if not fields.get("ElementDataFile"):
        raise UnreadableFileError(f"{path} has a damaged header: it names no ElementDataFile.", _REMAKE)
    return fields, min(end + 1, len(raw))


def _shown(text: str) -> str:
    return repr(text.strip()[:40])


def _sides(path: Path, sizes: str, dimension: str) -> tuple[int, ...]:
    """Return the length of every axis."""
    words = sizes.split()
    if not words or not all(re.fullmatch(r"\d{1,9}", w) for w in words) or dimension != str(len(words)):
        message = f"{path} has a damaged header: {dimension[:9] or 'no'} dimensions of the size {_shown(sizes)}."
        raise UnreadableFileError(message, _REMAKE)
    sides = tuple(int(w) for w in words)
    if min(sides) < 1 or max(sides) > _MAX_SIDE:
        raise UnreadableFileError(f"{path} has a damaged header: its size is {'x'.join(words)}.", _REMAKE)
    return sides


def _require_one_volume(path: Path, sides: tuple[int, ...]) -> None:
    if not 3 <= len(sides) <= 4 or any(n != 1 for n in sides[3:]):
        size = "x".join(map(str, sides))
        raise UnreadableFileError(f"{path} is no single volume: it has {len(sides)} dimensions ({size}).", _ONE)


def _beside(path: Path, name: str) -> Path:
    """Return the data file that a header names: a plain name in its own folder, or UnreadableFileError."""
    if name.upper().startswith("LIST") or "%" in name:
        raise UnreadableFileError(f"{path} names several data files ({_shown(name)}).", "Save it as one file.")
    if re.search(r"[/\\:\x00]", name) or name in {"", ".", ".."}:
        raise UnreadableFileError(
            f"{path} points outside its own folder ({_shown(name)}), so it is not opened.", "Save it as one file."
        )
    found = path.parent / name
    if not found.is_file():
        raise UnreadableFileError(f"{path} names the data file {name}, which is not beside it.", "Copy both files.")
    if found.resolve().parent != path.parent.resolve():
        raise UnreadableFileError(f"{path} points outside its own folder (through a link {name}).", "Copy the file.")
    return found


def require_room(path: Path, header: TextHeader) -> None:
    """Raise UnreadableFileError where the voxels that the header promises cannot be in the file."""
    there = header.data_file.stat().st_size - header.data_start
    most = {"raw": there, "text": there * header.voxel_bytes}.get(header.encoding, there * _DEFLATE_RATIO)
    if header.data_bytes > most:
        size = "x".join(map(str, header.sides))
        message = f"{path} is truncated or has a damaged header: {size} voxels do not fit into its {there} bytes."
        raise UnreadableFileError(message, "Copy it again from where it came.")
