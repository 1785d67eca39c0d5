"""The command that says how versions were pieced together, and makes them again to compare. Layer: cli."""

import argparse
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.output import Outcome, ProgressLine
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.services.patchwork_check import Patchwork, patchworks_of, verify_patchworks
from labelcritic_gui.services.patchwork_words import patchwork_lines
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index
from labelcritic_gui.translation import ntr, tr


def patchwork(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Say the recipes of a review, or of one item; with --verify, follow each again and compare bit for bit."""
    opened = services.open_review(Path(arguments.review))
    try:
        if arguments.verify:
            return _verified(opened, quiet=arguments.json)
        item = _item(arguments, opened)
        made = patchworks_of(opened, item)
    finally:
        opened.close()
    if item is not None and not made:
        raise ReviewError(tr("No patchwork was made of {item}.").format(item=item), tr("Press P in the window."))
    lines = [line for one in made for line in patchwork_lines(one)]
    return Outcome(
        {"review": arguments.review, "patchworks": [_body(one) for one in made]},
        lines or [tr("No patchwork was made in this review.")],
    )


def _verified(opened: OpenReview, *, quiet: bool) -> Outcome:
    count, faults = verify_patchworks(opened, progress=ProgressLine(quiet=quiet))
    good = count - len({fault.candidate for fault in faults})
    said = ntr(
        "{n} patchwork made again from its sources: {good} the same to the bit.",
        "{n} patchworks made again from their sources: {good} the same to the bit.",
        count,
    ).format(n=count, good=max(good, 0))
    body = {"checked": count, "same": max(good, 0), "faults": [f.sentence for f in faults]}
    return Outcome(body, [said], [fault.sentence for fault in faults])


def _item(arguments: argparse.Namespace, opened: OpenReview) -> ItemId | None:
    if not arguments.case:
        return None
    if not arguments.structure:
        raise UserError("An item is named by its case and its structure.", "`labelcritic list REVIEW` shows all items.")
    item = ItemId(CaseId(arguments.case), opened.table.name_of(arguments.structure))
    index.item_row(opened.database, item)
    return item


def _body(made: Patchwork) -> dict[str, Any]:
    return {
        "case": made.candidate.case,
        "structure": made.candidate.structure,
        "label_set": made.candidate.label_set,
        "version": made.candidate.version,
        "standing": made.standing,
        "reader": made.reader,
        "time": made.time,
        "software": made.software,
        "file": made.file,
        "content_hash": made.content_hash,
        "sha256": made.sha256,
        "ml": made.ml,
        "parts": made.parts,
        "recipe": made.recipe.to_json(),
    }
