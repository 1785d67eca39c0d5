"""Commands that write and check what leaves the program: export, verify, doctor. Layer: cli."""

import argparse
import platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from labelcritic_gui import __version__
from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.output import Outcome, ProgressLine
from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.paths import config_dir, log_dir, prompts_dir, resources_dir
from labelcritic_gui.services import checkup
from labelcritic_gui.services.checkup import CheckResult
from labelcritic_gui.services.export import export_review, verify_export
from labelcritic_gui.settings import server_named

LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "isal", "PySide6-Essentials", "SQLAlchemy", "openai", "pandas")


def export(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Write the accepted label set."""
    opened = services.open_review(Path(arguments.review))
    try:
        progress = ProgressLine(quiet=arguments.json)
        report = export_review(opened, Path(arguments.out), form=arguments.format, progress=progress)
    finally:
        opened.close()
    failed = (
        [f"{report.changed} accepted mask(s) changed or cannot be read; see left_out.csv"] if report.changed else []
    )
    return Outcome({**asdict(report), "out": str(report.out)}, [report.summary], failed)


def verify(arguments: argparse.Namespace, services: Services) -> Outcome:  # noqa: ARG001  (all commands take both)
    """Re-check an export."""
    out = Path(arguments.out)
    checked, faults = verify_export(out, progress=ProgressLine(quiet=arguments.json))
    body = {"out": str(out), "checked": checked, "faults": [asdict(f) for f in faults]}
    lines = [f"{checked} file(s) of {out} checked, {len(faults)} fault(s)"]
    return Outcome(body, lines, [f"{f.file} {f.problem}" for f in faults])


def doctor(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Check the program, a review and a server, each where named."""
    results = [*_program(), checkup.check_memory(services.settings)]
    if arguments.review:
        opened = services.open_review(Path(arguments.review))
        try:
            if arguments.rebuild:
                results.append(checkup.rebuild(opened))
            if arguments.accept_changes:
                results.append(checkup.accept_changes(opened))
            results += checkup.check_review(opened)
        finally:
            opened.close()
    if arguments.server:
        results += _server(arguments, services)
    lines = [f"{'ok  ' if r.well else 'BAD '} {r.name}: {r.sentence}" for r in results]
    body = {"version": __version__, "checks": [asdict(r) for r in results]}
    return Outcome(body, lines, [f"{r.name}: {r.sentence}" for r in results if not r.well])


def _program() -> list[CheckResult]:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)
    places = f"settings in {config_dir()}, logs in {log_dir()}, prompts in {prompts_dir()}, tables in {resources_dir()}"
    return [
        CheckResult("program", True, f"labelcritic {__version__}, Python {platform.python_version()}"),
        CheckResult("libraries", True, versions),
        CheckResult("places", True, places),
    ]


def _server(arguments: argparse.Namespace, services: Services) -> list[CheckResult]:
    from labelcritic_gui.services.servers import check_server

    settings = services.settings
    server = server_named(settings, arguments.server)
    if arguments.model:
        server = server.model_copy(update={"model": arguments.model})
    progress = ProgressLine(quiet=arguments.json)
    return [
        CheckResult(f"server {c.name}", c.ok, c.sentence)
        for c in check_server(server, settings, NeverCancel(), progress)
    ]
