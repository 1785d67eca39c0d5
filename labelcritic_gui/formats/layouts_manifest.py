"""Read a CSV manifest (case, image, label set, structure, path, value), which fits every layout. Layer: formats."""

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError, UnreadableFileError
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.formats.layouts_cases import CaseIndex
from labelcritic_gui.formats.layouts_words import ImageFile, LabelFile, bare_name

COLUMNS = {
    "case": ("case", "case_id", "caseid"),
    "image": ("image", "image_path", "ct", "scan", "volume"),
    "label_set": ("label_set", "labelset", "set", "source", "model"),
    "structure": ("structure", "organ", "class", "structure_name"),
    "path": ("path", "label", "label_path", "mask", "mask_path", "segmentation", "file"),
    "value": ("value", "label_value", "labelvalue"),
}
DELIMITERS = ",;\t"
SUFFIXES = (".csv", ".tsv")


def is_manifest(path: Path) -> bool:
    """Say whether a path names a manifest."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


class Manifest:
    """A manifest's rows; paths are relative to its folder, with / between their parts, or absolute."""

    def __init__(self, file: Path) -> None:
        """Open it; raises UnreadableFileError when it cannot be read or lacks its columns."""
        self.file = file
        self._columns, self._delimiter = _header(file)

    def images(self) -> Iterator[ImageFile]:
        """Yield each case with its image, once; raises ReviewError when one case has two."""
        if "image" not in self._columns:
            raise ReviewError(f"The manifest {self.file} has no column image.", "Name the folder of the images.")
        seen: dict[str, str] = {}
        for line, row in self._rows():
            image = _portable(row["image"])
            if not image:
                continue
            case = row["case"] or _case_of(image)
            if case in seen:
                if seen[case] != image:
                    raise ReviewError(
                        f"Two images of one case: line {line} of {self.file} gives {case} {image}, after {seen[case]}.",
                        "Keep one of them.",
                    )
                continue
            seen[case] = image
            yield ImageFile(CaseId(case), image)

    def labels(self, label_set: str, index: CaseIndex) -> Iterator[LabelFile]:
        """Yield the label files of a label set (all, when no column names sets); raises ReviewError for a bad row."""
        if "path" not in self._columns:
            raise ReviewError(f"The manifest {self.file} has no column path.", "It names the label files.")
        sets: set[str] = set()
        for line, row in self._rows():
            path = _portable(row["path"])
            if not path:
                continue
            sets.add(row["label_set"])
            if label_set and row["label_set"] and normal_name(row["label_set"]) != normal_name(label_set):
                continue
            name = row["case"] or (_case_of(_portable(row["image"])) if row["image"] else "")
            case = index.of(name)
            if not name:
                raise ReviewError(f"Line {line} of {self.file} names no case.", "Fill the column case.")
            if case is not None:
                value = self._value(line, row)
                yield LabelFile(case, row["structure"] or None, path, value=value)
        if label_set and sets and "" not in sets and normal_name(label_set) not in {normal_name(s) for s in sets}:
            raise ReviewError(
                f"The manifest {self.file} has no label set {label_set!r}; it has {', '.join(sorted(sets))}.",
                "Use a name of the column label_set.",
            )

    def _value(self, line: int, row: dict[str, str]) -> int | None:
        if not row["value"]:
            return None
        if not row["value"].isdigit() or not int(row["value"]):
            raise ReviewError(
                f"Line {line} of {self.file} has the value {row['value']!r}.", "A label value is a whole number from 1."
            )
        if not row["structure"]:
            raise ReviewError(f"Line {line} of {self.file} has a value but no structure.", "Say what it means.")
        return int(row["value"])

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            with self.file.open(encoding="utf-8-sig", newline="") as text:
                reader = csv.reader(text, delimiter=self._delimiter)
                next(reader)
                for row in reader:
                    if any(cell.strip() for cell in row):
                        cells = {n: row[at].strip() if at < len(row) else "" for n, at in self._columns.items()}
                        yield reader.line_num, {name: cells.get(name, "") for name in COLUMNS}
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise UnreadableFileError(f"The manifest {self.file} cannot be read: {error}.", "Check it.") from error


def _header(file: Path) -> tuple[dict[str, int], str]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            line = text.readline()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UnreadableFileError(f"The manifest {file} cannot be read: {why}.", "Check the path.") from error
    delimiter = max(DELIMITERS, key=line.count)
    found = [normal_name(name) for name in next(csv.reader([line], delimiter=delimiter), [])]
    columns = {
        column: next(n for n, name in enumerate(found) if name in names)
        for column, names in COLUMNS.items()
        if not set(names).isdisjoint(found)
    }
    if not {"case", "image"} & set(columns) or not {"image", "path"} & set(columns):
        raise UnreadableFileError(
            f"{file} is no manifest: its columns are {', '.join(found) or 'none'}.",
            "Needed are case, image (for --images) and path (for --labels), besides label_set, structure, value.",
        )
    return columns, delimiter


def _portable(path: str) -> str:
    """Return a path with / between its parts, wherever it was written."""
    return path.replace("\\", "/")


def _case_of(image: str) -> str:
    """Return the case of an image whose row names none: its path without suffix, its name when that is absolute."""
    bare = bare_name(image)
    pure = PurePosixPath(bare)
    return pure.name if pure.is_absolute() or ":" in bare else bare.removeprefix("./")
