"""The commands about how a review is read: mode, ledger. Layer: cli."""

import argparse
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.output import Outcome, ProgressLine
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.ledger import Flip, ReaderLine
from labelcritic_gui.core.statistics import Share
from labelcritic_gui.services import modes, review
from labelcritic_gui.services.ledger import Ledger, ledger, save_ledger
from labelcritic_gui.services.ledger_text import facts_of, headline_of

NAME_W, VALUE_W = 36, 12


def change_mode(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Say how a review is read, or have it read otherwise from now on."""
    opened = services.open_review(Path(arguments.review))
    try:
        reader = arguments.reader or services.settings.reader or review.default_reader()
        read = modes.change_mode(opened, reader, mode=arguments.mode, repeats=arguments.repeats)
    finally:
        opened.close()
    changed = read is not opened
    body = {"review": arguments.review, "mode": read.mode, "repeats": read.file.repeats, "changed": changed}
    share = f", {read.file.repeats:.0%} of the items come again" if read.file.repeats else ""
    return Outcome(body, [f"{read.title} is {'now ' if changed else ''}read {read.mode}{share}."])


def show_ledger(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Print what the journal says of each reader, and write it as CSV when asked."""
    opened = services.open_review(Path(arguments.review))
    try:
        found = ledger(opened, reader=arguments.reader, progress=ProgressLine(quiet=arguments.json))
    finally:
        opened.close()
    if arguments.reader and not found.lines:
        raise ReviewError(
            f"{arguments.reader} has decided nothing in this review.", "`labelcritic ledger REVIEW` shows every reader."
        )
    file = save_ledger(found, Path(arguments.csv)) if arguments.csv else None
    lines = [headline_of(found), *(lines_of(found) or [found.nothing])]
    return Outcome(_body(found, file), [*lines, *([f"written: {file}"] if file else [])])


def lines_of(found: Ledger) -> list[str]:
    """Return the ledger as lines for people: each reader's name, and below it what is known of that reader."""
    lines = []
    for line in found.lines:
        lines += ["", line.reader]
        for fact in facts_of(line, found.trusted):
            lines.append(f"  {fact.name:<{NAME_W}}{fact.value:<{VALUE_W}}  {fact.note}".rstrip())
    return lines


def _body(found: Ledger, file: Path | None) -> dict[str, Any]:
    return {
        "mode": found.mode,
        "repeats": found.repeats,
        "trusted": found.trusted,
        "nothing": found.nothing,
        "readers": [_reader_body(line) for line in found.lines],
        "files": [str(file)] if file else [],
    }


def _reader_body(line: ReaderLine) -> dict[str, Any]:
    kappa = line.repeats.kappa_interval
    return {
        "reader": line.reader,
        "items": line.items,
        "skipped": line.skipped,
        "median_seconds": line.seconds,
        "agreement_before": _share_body(line.before),
        "agreement_after": _share_body(line.after),
        "revealed": line.revealed,
        "flips": [_flip_body(flip) for flip in line.flips],
        "repeats": {
            **_share_body(line.repeats.raw),
            "kappa": line.repeats.kappa,
            "kappa_interval": [kappa.low, kappa.high] if kappa else None,
        },
        "left_accepted": _share_body(line.first_side),
    }


def _share_body(share: Share) -> dict[str, Any]:
    return {"k": share.k, "n": share.n, "share": share.value, "interval": [share.interval.low, share.interval.high]}


def _flip_body(flip: Flip) -> dict[str, Any]:
    return {
        "case": flip.item.case,
        "structure": flip.item.structure,
        "before": flip.before,
        "after": flip.after,
        "towards": flip.towards,
        "helpful": flip.helpful,
    }
