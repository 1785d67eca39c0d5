"""Small reviews of phantoms, what the program wrote into them, and the program as people start it."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import build_services
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.demonstration import create_demonstration
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.settings import Settings

SHAPE = (64, 64, 64)
PASSING = frozenset({"id", "uuid", "time", "seconds", "calls", "cost"})
"""What may differ between two runs that say the same. (No request has an id that is kept.)

Cost is what an opinion took in the run that formed it: less where answers were remembered from a run that was cut off,
more where a question was lost with its server; and of two kidneys shown together, that one pays which asks first.
"""


def demonstration(folder: Path, *, cases: int = 2) -> Path:
    """Make the demonstration under a folder and return its review: cases of 64³, nine structures, two label sets."""
    table = build_services(Settings()).structures
    return create_demonstration(folder, table, count=cases, shape=SHAPE).review


def part_of(folder: Path, structures: tuple[str, ...]) -> Path:
    """Return another review of the demonstration under a folder, of these structures alone."""
    sources = tuple(LabelSource(name, folder / "labels" / name) for name in ("model_a", "model_b"))
    request = Request(folder / "part", folder / "images", sources, structures=structures)
    create_review(request, build_services(Settings()).structures)
    return request.folder


def three_label_sets(folder: Path, *, cases: int = 2) -> Path:
    """Make the demonstration with a third label set, in which a slab is cut out of every mask; return its review."""
    demonstration(folder, cases=cases)
    for file in sorted((folder / "labels" / "model_a").rglob("*.nii.gz")):
        target = folder / "labels" / "model_c" / file.relative_to(folder / "labels" / "model_a")
        target.parent.mkdir(parents=True, exist_ok=True)
        nifti.write_mask(target, _without_slab(nifti.load_mask(file)))
    review = folder / "review_of_three"
    sources = tuple(LabelSource(name, folder / "labels" / name) for name in ("model_a", "model_b", "model_c"))
    create_review(Request(review, folder / "images", sources), build_services(Settings()).structures)
    return review


def _without_slab(mask: Mask) -> Mask:
    if mask.is_empty:
        return mask
    voxels, height = mask.voxels.copy(), mask.voxels.shape[2]
    voxels[:, :, height // 3 : height // 2 + 1] = False
    return Mask.from_array(voxels, mask.geometry, offset=mask.origin)


class Program:
    """`labelcritic`, started as its own process."""

    def __init__(self, *words: object) -> None:
        command = [sys.executable, "-m", "labelcritic_gui", *(str(word) for word in words)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
        )

    def wait_until(self, condition: Callable[[], object], *, within_s: float = 60.0) -> None:
        """Wait until something holds while it runs."""
        waited = 0.0
        while not condition():
            assert waited < within_s, f"not within {within_s:g} s"
            try:
                self.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                waited += 0.1
            else:
                raise AssertionError(f"the program ended: {self.end()}")

    def kill(self) -> None:
        """Kill it at once (SIGKILL)."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def end(self, *, within_s: float = 120.0) -> tuple[int, str, str]:
        """Wait for its end; return its exit code and what it said."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"the program did not end within {within_s:g} s:\n{out}\n{err}") from None
        return self.process.returncode, out, err


def said(*words: object, code: int = 0, within_s: float = 120.0) -> Any:
    """Run `labelcritic WORDS --json` to its end and return the document; the exit code must be as expected."""
    found, out, err = Program(*words, "--json").end(within_s=within_s)
    assert found == code, f"exit {found}\n{out}\n{err}"
    return json.loads(out)


def rows(review: Path, table: str) -> list[dict[str, Any]]:
    """Return a table of a review, JSON columns read."""
    with closing(sqlite3.connect(f"file:{review / 'review.db'}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f"SELECT * FROM {table}")]
    for row in found:
        if isinstance(row.get("body"), str) and table != "sent_text":
            row["body"] = json.loads(row["body"])
    return found


def opinions(review: Path, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of the LVLM critic's verdicts ("verdict") or scores ("quality")."""
    return [row["body"] for row in rows(review, "opinion") if row["kind"] == kind and row["critic"] == "lvlm"]


def final_record(review: Path) -> dict[str, list[str]]:
    """Return all that a review holds of opinions and replies, without what differs between runs that say the same.

    Rows stand in an order of their own: that of writing says nothing.
    """
    tables = ("opinion", "case_record", "item", "fact", "reply", "sent_text")
    return {table: sorted(map(_plain, rows(review, table))) for table in tables}


def newest_record(review: Path) -> dict[str, list[str]]:
    """Return the same of what stands now: of several opinions of one critic on one subject, the last one."""
    newest = {}
    for row in sorted(rows(review, "opinion"), key=lambda row: row["id"]):
        newest[row["kind"], row["critic"], json.dumps(row["body"]["subject"], sort_keys=True)] = _plain(row)
    return {**final_record(review), "opinion": sorted(newest.values())}


def _plain(row: dict[str, Any]) -> str:
    return json.dumps(_without(row, PASSING), sort_keys=True)


def _without(value: Any, names: frozenset[str]) -> Any:
    """Leave these fields out at every depth."""
    if isinstance(value, dict):
        return {k: _without(v, names) for k, v in value.items() if k not in names}
    return [_without(v, names) for v in value] if isinstance(value, list) else value
