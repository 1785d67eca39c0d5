"""Where a person was in each review, in one file beside the settings; written whole or not at all. Layer: settings.

It belongs to the person and the machine, not to the review, which others read too. It can always be lost: reading then
begins where the review's own bookmark says.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from labelcritic_gui.paths import config_dir

FORM = 1
REVIEWS = 20
"""Reviews whose place is kept; the one left longest ago goes first."""


def session_file() -> Path:
    """Return where the places are kept."""
    return config_dir() / "session.json"


def load_place(folder: Path) -> dict[str, Any]:
    """Return where the person was in a review; empty for a new one, and where the file cannot be understood."""
    place = _read().get(str(folder.resolve()))
    return dict(place) if isinstance(place, Mapping) else {}


def keep_place(folder: Path, place: Mapping[str, Any]) -> None:
    """Keep where the person is in a review. A place that cannot be written is no loss worth a word."""
    here = str(folder.resolve())
    kept = {name: one for name, one in _read().items() if name != here}
    reviews = {here: dict(place), **dict(list(kept.items())[: REVIEWS - 1])}
    file = session_file()
    part: Path | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".session", delete=False, encoding="utf-8") as s:
            part = Path(s.name)
            json.dump({"form": FORM, "reviews": reviews}, s, ensure_ascii=False)
            s.flush()
            os.fsync(s.fileno())
        part.replace(file)
    except OSError:
        if part is not None:
            with suppress(OSError):
                part.unlink()


def _read() -> dict[str, Any]:
    try:
        found = json.loads(session_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict) or found.get("form") != FORM or not isinstance(found.get("reviews"), dict):
        return {}
    return dict(found["reviews"])
