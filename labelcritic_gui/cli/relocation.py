"""The command that points a review at moved data: relocate. Layer: cli."""

import argparse
from dataclasses import asdict
from pathlib import Path

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import assignments
from labelcritic_gui.cli.output import Outcome, ProgressLine
from labelcritic_gui.services.relocation import Move
from labelcritic_gui.services.relocation import relocate as relocate_review


def relocate(arguments: argparse.Namespace, services: Services) -> Outcome:  # noqa: ARG001  (all commands take both)
    """Point a review at moved data."""
    moves = relocate_review(
        Path(arguments.review),
        images=arguments.images,
        labels=assignments(arguments.labels, option="--labels"),
        unchecked=arguments.unchecked,
        progress=ProgressLine(quiet=arguments.json),
    )
    return Outcome({"review": arguments.review, "moved": [asdict(m) for m in moves]}, [_line(m) for m in moves])


def _line(move: Move) -> str:
    seen = f"{move.checked} of {move.files} file(s) seen there" if move.checked else "not looked for there"
    hashed = f", {move.hashed} compared by sha256" if move.hashed else ""
    return f"{move.name}: {move.old} is now {move.new} ({seen}{hashed})"
