"""Commands on a review as a whole: new, list, show, decide. Layer: cli."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import assignments, names
from labelcritic_gui.cli.output import Outcome, ProgressLine, table
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.opinion_records import quality_to_json, verdict_to_json
from labelcritic_gui.core.review import Choice, ItemState, Remarks, Status
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.services import auditing, comparison, review, worklist
from labelcritic_gui.services.new_review import CreationReport, LabelSource, Request, create_review
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.projection import written
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.sent import SentItem, sent_item
from labelcritic_gui.services.summaries import renew_summary
from labelcritic_gui.store import index, journal, opinions

SHOWN_REFUSALS = 20


def new(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Make a review and report what was found and refused."""
    classes = assignments(arguments.classes, option="--classes")
    labels = assignments(arguments.labels, option="--labels")
    unknown = [name for name in classes if name not in labels]
    if unknown:
        raise UserError(f"--classes names {unknown[0]!r}, which no --labels names.", "Use the label set's name.")
    request = Request(
        folder=Path(arguments.review),
        images=Path(arguments.images),
        labels=tuple(LabelSource(name, Path(path), classes.get(name, "")) for name, path in labels.items()),
        trusted=arguments.trusted,
        structures=names(arguments.structures),
        cases=_case_list(arguments.cases),
        title=arguments.title,
        unmatched=arguments.unmatched,
        resample=arguments.resample,
        mode=arguments.mode,
        repeats=arguments.repeats,
    )
    report = create_review(request, services.structures, progress=ProgressLine(quiet=arguments.json))
    return Outcome(_report_body(report), _report_lines(report), [r.reason for r in report.refused])


def _case_list(file: str) -> tuple[str, ...]:
    if not file:
        return ()
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The case list {file} cannot be read: {error}.", "Check --cases.") from error
    found = tuple(line.strip() for line in lines if line.strip())
    if not found:
        raise UserError(f"The case list {file} names no case.", "Write one case id a line.")
    return found


def _report_body(report: CreationReport) -> dict[str, Any]:
    return {
        "review": str(report.folder),
        "cases": report.cases,
        "items": report.items,
        "in_every_label_set": report.in_every_set,
        "candidates": report.candidates,
        "structures": list(report.structures),
        "layouts": dict(report.layouts),
        "reasons": dict(report.reasons),
        "renamed": dict(report.renamed),
        "cases_without_labels": dict(report.missing),
        "unmatched": dict(report.unmatched),
        "refused": [asdict(r) for r in report.refused],
    }


def _report_lines(report: CreationReport) -> list[str]:
    lines = [
        f"{report.folder}: {report.cases} case(s), {len(report.structures)} structure(s), {report.items} item(s), "
        f"{report.in_every_set} of them in every label set."
    ]
    lines += [f"  {name}: {layout}. {report.reasons.get(name, '')}" for name, layout in report.layouts.items()]
    lines += [f"  {name} has no labels for {n} case(s)" for name, n in report.missing.items()]
    if report.unmatched:
        lone = ", ".join(f"{structure} ({slug})" for structure, slug in report.unmatched.items())
        lines.append(f"  left out, known to one label set only (--unmatched takes them): {lone}")
    if report.renamed:
        lines.append("  names matched: " + ", ".join(f"{a} is {b}" for a, b in report.renamed.items()))
    return lines


def listing(arguments: argparse.Namespace, services: Services) -> Outcome:
    """List items by filter and order."""
    opened = services.open_review(Path(arguments.review))
    try:
        reader = arguments.reader or services.settings.reader
        query = worklist.WorklistQuery(
            text=arguments.text,
            saved=_filter_named(arguments.filter, services),
            sort=arguments.sort,
            reader=reader,
            descending=arguments.descending,
        )
        if arguments.audit_share is not None:
            auditing.set_audit_share(opened, arguments.audit_share)
        most = arguments.limit or worklist.counts(opened, reader).total
        rows = worklist.page(opened, query, most)
        counted = worklist.counts(opened, reader)
    finally:
        opened.close()
    body = {"items": [_row_body(r) for r in rows], "counts": asdict(counted)}
    header = ("#", "case", "structure", "status", "verdict", "pick", "conf", "dice", "findings")
    lines = table([_row_cells(r) for r in rows], header=header)
    told = f"{counted.decided} of {counted.total} decided, {counted.queued} queued for editing"
    return Outcome(body, [*lines, f"{told}, {counted.unjudged} cannot be judged"])


def _filter_named(text: str, services: Services) -> str:
    """Return what a filter stands for: one of the names that every review has, one of the person's, or its own text."""
    known = {**worklist.BUILT_IN, **{one.name: one.text for one in services.settings.filters}}
    return known.get(text, text)


def _row_body(row: worklist.ItemRow) -> dict[str, Any]:
    body = asdict(row)
    body.pop("item")
    return {"case": row.item.case, "structure": row.item.structure, **body, "status": row.status.value}


def _row_cells(row: worklist.ItemRow) -> list[str]:
    status = _standing(row.status, skipped=row.skipped)
    number = "" if row.confidence is None else f"{row.confidence:.2f}"
    dice = "" if row.dice is None else f"{row.dice:.3f}"
    case, structure = row.item
    return [str(row.rank), case, structure, status, row.outcome, row.pick, number, dice, str(row.findings or "")]


def decide(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Write a decision, a note or an undo into the journal."""
    opened = services.open_review(Path(arguments.review))
    reader = arguments.reader or services.settings.reader or review.default_reader()
    try:
        if arguments.undo or arguments.redo:
            _require_that_item(arguments, opened, reader)
            item = _step_back(opened, reader) if arguments.undo else _step_forward(opened, reader)
            renew_summary(opened, item)
        else:
            item = _named_item(arguments, opened)
            _write(arguments, opened, reader, item)
        state = review.item_state(opened, item)
    finally:
        opened.close()
    body = {"case": item.case, "structure": item.structure, "reader": reader, **_state_body(state)}
    return Outcome(body, [f"{item}: {_standing(state.status, skipped=state.skipped)} ({reader})"])


def _standing(status: Status, *, skipped: bool) -> str:
    return "skipped" if skipped else status.value


def _require_that_item(arguments: argparse.Namespace, opened: OpenReview, reader: str) -> None:
    """Refuse to step back or forward on another item than the one that was named, if one was."""
    if not arguments.case and not arguments.structure:
        return
    named = _named_item(arguments, opened)
    step = journal.last_decision if arguments.undo else journal.last_undone
    event = step(opened.database, reader)
    if event is not None and event.item != named:
        raise ReviewError(
            f"The last thing that {reader} {'decided' if arguments.undo else 'undid'} is {event.item}, not {named}.",
            "Leave out --case and --structure to take that one.",
        )


def _step_back(opened: OpenReview, reader: str) -> ItemId:
    item = review.undo(opened, reader)
    if item is None:
        raise ReviewError(f"There is no decision of {reader} to undo.", "Name the reader with --reader.")
    return item


def _step_forward(opened: OpenReview, reader: str) -> ItemId:
    redone = review.redo(opened, reader)
    if redone is None:
        raise ReviewError(
            f"There is nothing that {reader} undid and could do again.", "A new decision leaves nothing to redo."
        )
    return redone[0]


def _write(arguments: argparse.Namespace, opened: OpenReview, reader: str, item: ItemId) -> None:
    if arguments.note is not None:
        review.set_note(opened, reader, item, arguments.note)
        return
    unknown = [code for code in arguments.reason if code not in FindingCode.__members__.values()]
    if unknown:
        raise UserError(f"There is no error code {unknown[0]!r}.", f"Known are: {', '.join(FindingCode)}.")
    flags = {
        Choice.ABSENT: arguments.absent,
        Choice.EDIT: arguments.edit,
        Choice.NONE: arguments.none,
        Choice.UNJUDGED: arguments.unjudged,
    }
    choice = next((c for c, is_set in flags.items() if is_set), Choice.SKIP if arguments.skip else Choice.ACCEPT)
    candidate = None
    if choice is Choice.ACCEPT:
        own = latest(index.candidates_of(opened.database, item.case, item.structure))
        newest = {c.id.label_set: c.id for c in own}
        candidate = newest.get(arguments.accept, CandidateId(item.case, item.structure, arguments.accept))
    review.decide(
        opened,
        reader,
        item,
        choice,
        candidate=candidate,
        remarks=Remarks(reasons=tuple(arguments.reason), quality=arguments.quality),
        seen={"door": "command line"},
    )


def show(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Show everything about an item; without one, about the review."""
    opened = services.open_review(Path(arguments.review))
    try:
        if not arguments.case and not arguments.structure:
            return _show_review(opened)
        return _show_item(opened, _named_item(arguments, opened), arguments.pictures)
    finally:
        opened.close()


def _show_review(opened: OpenReview) -> Outcome:
    counted = worklist.counts(opened)
    refused = index.refusals_of(opened.database)
    body = {
        "title": opened.title,
        "folder": str(opened.folder),
        "critic": opened.critic.identity.title,
        "mode": opened.mode,
        "repeats": opened.file.repeats,
        "label_sets": [asdict(s) for s in opened.label_sets],
        "structures": list(opened.structures),
        "cases": len(index.case_ids(opened.database)),
        "counts": asdict(counted),
        "refused": [asdict(r) for r in refused],
    }
    lines = [
        f"{opened.title}: {body['cases']} case(s), {counted.total} item(s), {counted.decided} decided",
        f"  label sets: {', '.join(s.slug + (' (trusted)' if s.trusted else '') for s in opened.label_sets)}",
        f"  critic: {opened.critic.identity.title}",
        f"  read: {opened.mode}" + (f", {opened.file.repeats:.0%} come again" if opened.file.repeats else ""),
        *(f"  refused: {r.reason}" for r in refused[:SHOWN_REFUSALS]),
    ]
    return Outcome(body, lines)


def _show_item(opened: OpenReview, item: ItemId, pictures: str = "") -> Outcome:
    state = review.item_state(opened, item)
    row = worklist.row(opened, item)
    found = comparison.load_opinions(opened, item)
    kinds = dict.fromkeys((opened.critic.identity.kind, "anatomy", "lvlm"))
    said = [s for kind in kinds for s in opinions.opinions_of(opened.database, item, kind)]
    body = {
        **_row_body(row),
        **_state_body(state),
        "candidates": [
            {"label_set": c.id.label_set, "version": c.id.version, "path": c.source.path, "hash": c.content_hash}
            for c in index.candidates_of(opened.database, item.case, item.structure)
        ],
        "facts": opinions.facts_of(opened.database, item),
        "opinions": [
            {
                "time": s.time,
                **(verdict_to_json(s.opinion) if isinstance(s.opinion, Verdict) else quality_to_json(s.opinion)),
            }
            for s in said
        ],
    }
    lines = [f"{item}: {state.status.value}"]
    if found.verdict:
        pick = found.verdict.pick.label_set if found.verdict.pick else ""
        lines.append(f"  {found.critic}: {found.verdict.outcome.value} {pick} ({found.verdict.confidence:.2f})")
        lines += [f"    {reason}" for reason in found.verdict.reasons]
    for quality in found.qualities:
        if quality:
            score = "no score" if quality.score is None else f"{quality.score:.0f} ± {quality.uncertainty or 0:.0f}"
            lines.append(f"  {quality.subject.candidates[0].label_set}: quality {score}")
            lines += [f"    {f.code.value}: {f.text}" for f in quality.findings]
    asked = sent_item(opened, item, pictures=bool(pictures))
    body["asked"] = _asked_body(asked, Path(pictures)) if pictures else [asdict(q) for q in asked.questions]
    lines += [f"  {line}" for line in asked.as_text.splitlines()]
    return Outcome(body, lines)


def _asked_body(asked: SentItem, out: Path) -> list[dict[str, Any]]:
    """Write the pictures of every question to a folder; return the questions with where each picture is."""
    bodies = []
    for question in asked.questions:
        bare = replace(question, pictures=tuple(replace(picture, png=None) for picture in question.pictures))
        body = asdict(bare)
        for picture, told in zip(question.pictures, body["pictures"], strict=True):
            told["file"] = str(written(out / f"{picture.sha256[:16]}.png", picture.png)) if picture.png else ""
        bodies.append(body)
    return bodies


def _state_body(state: ItemState) -> dict[str, Any]:
    last = state.last
    return {
        "status": state.status.value,
        "note": state.note,
        "decisions": [
            {
                "reader": s.reader,
                "time": s.time,
                "choice": s.decision.choice.value,
                "label_set": s.decision.candidate.label_set if s.decision.candidate else "",
                "stance": s.decision.stance.value,
                "reasons": list(s.decision.reasons),
                "denied": list(s.decision.denied),
                "quality": s.decision.quality,
            }
            for s in state.standing
        ],
        "in_force": last.event if last else "",
    }


def _named_item(arguments: argparse.Namespace, opened: OpenReview) -> ItemId:
    if not arguments.case or not arguments.structure:
        raise UserError("An item needs --case and --structure.", "`labelcritic list REVIEW` shows all items.")
    return ItemId(CaseId(arguments.case), opened.table.name_of(arguments.structure))
