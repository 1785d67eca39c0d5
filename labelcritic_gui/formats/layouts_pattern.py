"""List files by a pattern with {case} and {structure}. Layer: formats."""

import re
from pathlib import Path

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.formats.layouts_folders import require_folder, what_is_in

FIELDS = ("case", "structure")


def is_pattern(path: Path) -> bool:
    """Say whether a path is a pattern."""
    return any(f"{{{name}}}" in str(path) for name in FIELDS)


def match_pattern(path: Path) -> tuple[Path, list[tuple[str, str, str]]]:
    """Return the fixed root of a pattern and every (case, structure, relative path) that matches it."""
    parts = path.parts
    first = next(n for n, part in enumerate(parts) if "{" in part)
    root = Path(*parts[:first]) if first else Path()
    require_folder(root, "files of the pattern")
    relative = "/".join(parts[first:])
    expression = re.escape(relative).replace(r"\*", "[^/]*")
    for name in FIELDS:
        expression = expression.replace(rf"\{{{name}\}}", f"(?P<{name}>[^/]+?)", 1)
        expression = expression.replace(rf"\{{{name}\}}", f"(?P={name})")
    matcher = re.compile(expression)
    glob = relative.replace("{case}", "*").replace("{structure}", "*")
    found = []
    for file in sorted(root.glob(glob)):
        name = file.relative_to(root).as_posix()
        match = matcher.fullmatch(name)
        if match and not file.name.startswith("."):
            groups = match.groupdict()
            found.append((groups.get("case", ""), groups.get("structure", ""), name))
    if not found:
        raise ReviewError(
            f"No file matches the pattern {path}: looked for {glob} under {root}; {what_is_in(root)}.",
            "Check the pattern.",
        )
    return root, found
