"""Read which number means which structure in a multi-label map, from a file or a known scheme. Layer: formats."""

import json
from pathlib import Path

from labelcritic_gui.core.errors import UnreadableFileError, UserError
from labelcritic_gui.core.structures import StructureTable

HINT = 'Give {"1": "liver", ...} or {"liver": 1, ...}, in a file or under a key of it (FILE.json#KEY).'


def read_class_map(reference: str, table: StructureTable | None = None) -> dict[int, str]:
    """Read FILE.json, FILE.json#KEY, or with a table the name of one of its schemes, into label value -> name.

    Names are as written in a file, or the table's own; 0 (background) is dropped. A file of a scheme's name comes
    first. Raises UserError when the file, the key, the scheme, or an entry is not as it must be.
    """
    name, _, key = reference.partition("#")
    file = Path(name)
    if table is not None and not file.is_file() and table.scheme_of(reference):
        return table.scheme(reference)
    try:
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        schemes = f" Or name a scheme: {', '.join(table.schemes())}." if table is not None else ""
        raise UnreadableFileError(f"There is no class map {file}.", f"Check --classes.{schemes}") from error
    except OSError as error:
        raise UnreadableFileError(
            f"The class map {file} cannot be read: {error.strerror}.", "Check --classes."
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UnreadableFileError(f"The class map {file} is not JSON: {error}.", HINT) from error
    if key:
        if not isinstance(content, dict) or key not in content:
            known = ", ".join(content) if isinstance(content, dict) else "none"
            raise UserError(f"The class map {file} has no key {key!r}; it has {known}.", "Check --classes.")
        content = content[key]
    if not isinstance(content, dict) or not content:
        raise UserError(f"The class map {reference} is not a table of numbers and names.", HINT)
    return _checked(dict(content), reference)


def _checked(content: dict[str, object], reference: str) -> dict[int, str]:
    classes: dict[int, str] = {}
    for left, right in content.items():
        number, name = (left, right) if isinstance(right, str) else (right, left)
        try:
            value = int(str(number))
        except ValueError as error:
            raise UserError(f"The class map {reference} has an entry {left!r}: {right!r}.", HINT) from error
        if value < 0 or value in classes:
            raise UserError(f"The class map {reference} names the value {value} twice or below 0.", HINT)
        if value:
            classes[value] = str(name)
    return classes
