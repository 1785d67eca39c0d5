"""`labelcritic demo`: the demonstration in the window, or the same job without one, leaving files. Layer: demo."""

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelcritic_gui import app
from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.cli.arguments import NOTICE
from labelcritic_gui.cli.output import Outcome, ProgressLine, show
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.services import demonstration, worklist
from labelcritic_gui.services.export import ExportReport, export_review, verify_export
from labelcritic_gui.services.opinions import ensure_opinions
from labelcritic_gui.services.pictures import case_pictures
from labelcritic_gui.services.projection import write_pictures
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import load_settings
from labelcritic_gui.store import index

DECISIONS = 12
VERDICTS = "verdicts.json"
SMALLEST = 48


def run(arguments: argparse.Namespace) -> int:
    """Run the demonstration as asked: in a window where there is a display, else headless; return the exit code."""
    services = build_services(load_settings())
    folder = Path(arguments.folder)
    _check(arguments)
    if not arguments.headless and app.has_display():
        if arguments.cases != demonstration.CASES or arguments.size != demonstration.SHAPE[0]:
            _make(folder, services, arguments)
        return app.run_window(services, folder, demonstration=True)
    if not arguments.headless:
        sys.stderr.write("There is no display: the demonstration does the same job without a window.\n")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return show(headless(_free(folder), services, arguments), as_json=arguments.json)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.cases < 1 or arguments.size < SMALLEST:
        raise UserError(
            f"A demonstration needs a case and {SMALLEST} voxels or more, not {arguments.cases} and {arguments.size}.",
            "Leave --cases and --size out.",
        )


def _free(folder: Path) -> Path:
    """Return the folder, or the next free one beside it: an earlier demonstration is kept."""
    number = 1
    found = folder
    while found.exists() and (not found.is_dir() or any(found.iterdir())):
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found


def _make(folder: Path, services: Services, arguments: argparse.Namespace) -> demonstration.Demonstration:
    return demonstration.create_demonstration(
        folder,
        services.structures,
        count=arguments.cases,
        shape=(arguments.size, arguments.size, arguments.size),
        seed=arguments.seed,
        progress=ProgressLine(quiet=arguments.json),
    )


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the headless demonstration leaves what it made."""

    root: Path

    @property
    def pictures(self) -> Path:
        return self.root / "pictures"

    @property
    def screenshots(self) -> Path:
        return self.root / "screenshots"

    @property
    def accepted(self) -> Path:
        return self.root / "accepted"

    @property
    def verdicts(self) -> Path:
        return self.root / VERDICTS


def headless(folder: Path, services: Services, arguments: argparse.Namespace) -> Outcome:
    """Make the review, project, ask the critic, read by real key events, export and verify; leave all of it."""
    started = time.monotonic()
    places = _Places(folder)
    made = _make(folder, services, arguments)
    opened = services.open_review(made.review)
    try:
        pictures = _ask_all(opened, places, quiet=arguments.json)
    finally:
        opened.close()
    reading = app.run_scripted_reading(
        services.with_settings(
            services.settings.model_copy(update={"reader": "demonstration", "notice_accepted": True})
        ),
        made.review,
        places.screenshots,
        decisions=DECISIONS,
    )
    opened = services.open_review(made.review)
    try:
        exported = export_review(opened, places.accepted)
        counted = worklist.counts(opened)
    finally:
        opened.close()
    checked, faults = verify_export(places.accepted)
    body: dict[str, Any] = {
        "folder": str(folder.resolve()),
        "cases": made.report.cases,
        "items": made.report.items,
        "pictures": pictures,
        "screenshots": [p.name for p in reading.screenshots],
        "decisions": len(reading.steps),
        "decided": counted.decided,
        "exported": exported.written,
        "verified": checked,
        "seconds": round(time.monotonic() - started, 1),
    }
    return Outcome(body, _lines(folder, body, exported), [f"{f.file} {f.problem}" for f in faults])


def _ask_all(opened: OpenReview, places: _Places, *, quiet: bool) -> int:
    """Project every case and ask the critic about it; return how many pictures were written."""
    cases = index.case_ids(opened.database)
    progress = ProgressLine(quiet=quiet)
    count = 0
    for n, case in enumerate(cases):
        progress(n, len(cases), f"projecting and judging {case}")
        count += len(write_pictures(places.pictures, case, case_pictures(opened, case)))
        ensure_opinions(opened, case)
    rows = worklist.page(opened, worklist.WorklistQuery(sort="case"), limit=100_000)
    verdicts = [
        {
            "case": r.item.case,
            "structure": r.item.structure,
            "outcome": r.outcome,
            "pick": r.pick,
            "confidence": r.confidence,
            "dice": r.dice,
            "findings": r.findings,
        }
        for r in rows
    ]
    places.verdicts.write_text(json.dumps(verdicts, indent=1) + "\n", "utf-8")
    return count


def _lines(folder: Path, body: dict[str, Any], exported: ExportReport) -> list[str]:
    return [
        f"The demonstration is in {folder.resolve()}:",
        f"  review/       {body['cases']} phantom cases, {body['items']} items, two label sets (truth: planted.json)",
        f"  pictures/     {body['pictures']} projections and overlays",
        f"  {VERDICTS}  what the anatomy critic says of every item",
        f"  screenshots/  {len(body['screenshots'])} of the window; {body['decisions']} decisions made by real keys",
        f"  accepted/     {exported.written} masks exported, {body['verified']} verified against the manifest",
        f"Done in {body['seconds']:.0f} s. Open it on a machine with a display: labelcritic open {folder / 'review'}",
        NOTICE,
    ]
