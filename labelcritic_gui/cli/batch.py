"""Commands that go over all cases: project, compare, assess. Layer: cli."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.arguments import names
from labelcritic_gui.cli.consent import with_consent
from labelcritic_gui.cli.lanes import files_at_once, over
from labelcritic_gui.cli.output import Outcome, ProgressLine
from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.critic.base import seeing
from labelcritic_gui.imaging.projection import WINDOWS
from labelcritic_gui.services import worklist
from labelcritic_gui.services.opinions import CaseOpinions, form_opinions, keep_opinions, latest
from labelcritic_gui.services.projection import project_case, write_pictures
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.switching import choose_critic
from labelcritic_gui.settings import LvlmSettings, Settings, server_named
from labelcritic_gui.store import index


def project(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Write every case's projections and overlays."""
    opened = services.open_review(Path(arguments.review))
    try:
        cases = _cases(opened, arguments.cases)
        windows = _windows(arguments.windows)
        structures = {services.structures.name_of(s) for s in names(arguments.structures)}
        out = Path(arguments.out)
        spare = max(1, arguments.jobs // len(cases))

        def work(case: str, cancel: Cancel) -> tuple[list[str], dict[CandidateId, UserError]]:
            return _project_one(
                opened, CaseId(case), out, structures, windows, cancel, pairs=arguments.pairs, jobs=spare
            )

        written: dict[str, list[str]] = {}
        failed: list[str] = []
        progress = ProgressLine(quiet=arguments.json)
        for n, (case, result) in enumerate(over(cases, work, jobs=arguments.jobs), start=1):
            progress(n, len(cases), case)
            if isinstance(result, UserError):
                failed.append(f"{case}: {result}")
            elif isinstance(result, tuple):
                written[case] = result[0]
                failed += [f"{c.item} ({c.label_set}): {e}" for c, e in result[1].items()]
    finally:
        opened.close()
    count = sum(len(files) for files in written.values())
    return Outcome(
        {"out": str(out), "cases": written}, [f"{count} picture(s) of {len(written)} case(s) in {out}"], failed
    )


def _project_one(
    opened: OpenReview,
    case: CaseId,
    out: Path,
    structures: set[str],
    windows: Sequence[str],
    cancel: Cancel,
    *,
    pairs: bool,
    jobs: int,
) -> tuple[list[str], dict[CandidateId, UserError]]:
    found = latest(index.candidates_of(opened.database, case))
    candidates = [c for c in found if not structures or c.id.structure in structures]
    if not candidates:
        raise ReviewError(f"{case} has none of the structures asked for.", "See `labelcritic list`.")
    sources = {c.id: replace(c.source, path=str(opened.mask_path(c))) for c in candidates}
    chosen = [WINDOWS[name] for name in windows]
    with files_at_once(jobs) as each:
        made = project_case(opened.image_path(case), sources, windows=chosen, cancel=cancel, map_function=each)
        if pairs:
            _join_pairs(opened, made.silhouettes)
        files = write_pictures(out, case, made, map_function=each)
    return [p.relative_to(out).as_posix() for p in files], dict(made.refused)


def _join_pairs(opened: OpenReview, silhouettes: dict[CandidateId, Any]) -> None:
    """Draw both sides of a pair in each side's picture."""
    alone = dict(silhouettes)
    for candidate, silhouette in alone.items():
        other = candidate._replace(structure=opened.table.get(candidate.structure).pair)
        if other in alone:
            silhouettes[candidate] = silhouette | alone[other]


def _windows(text: str) -> tuple[str, ...]:
    wanted = names(text) or tuple(WINDOWS)
    unknown = [name for name in wanted if name not in WINDOWS]
    if unknown:
        raise UserError(f"There is no window {unknown[0]!r}.", f"Known are: {', '.join(WINDOWS)}.")
    return wanted


def compare(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Ask which candidate is better, for every item."""
    return _ask(arguments, services, assess=False)


def assess(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Ask how good every candidate is."""
    return _ask(arguments, services, assess=True)


def _ask(arguments: argparse.Namespace, services: Services, *, assess: bool) -> Outcome:
    chosen = services.with_settings(with_consent(arguments, asked_settings(arguments, services.settings)))
    opened = chosen.open_review(Path(arguments.review))
    if arguments.critic or arguments.server:
        kind = arguments.critic or "lvlm"
        opened = choose_critic(opened, kind, chosen.critic_of(kind, opened.database))
    try:
        cases = _cases(opened, arguments.cases)

        def work(case: str, cancel: Cancel) -> CaseOpinions:
            return form_opinions(opened, CaseId(case), assess=assess, again=arguments.again, cancel=cancel)

        failed: list[str] = []
        asked, calls = 0, Counter[str]()
        progress = ProgressLine(quiet=arguments.json)
        if (seer := seeing(opened.critic)) is not None:
            seer.watch(_say_pause)
        for n, (case, result) in enumerate(over(cases, work, jobs=arguments.jobs), start=1):
            progress(n, len(cases), case)
            if isinstance(result, UserError):
                failed.append(f"{case}: {result}")
            elif isinstance(result, CaseOpinions):
                changed = keep_opinions(opened, result)
                asked, calls = asked + len(changed.items), calls + result.calls
                failed += _grouped(case, list(changed.failed.values()))
        body, lines = _summary(opened, asked, assess=assess)
        body["calls"] = dict(calls)
        if calls:
            lines.append("  calls: " + ", ".join(f"{n} for {what}" for what, n in calls.most_common()))
    finally:
        opened.close()
    return Outcome(body, lines, failed)


def _say_pause(sentence: str) -> None:
    """Say on standard error that asking waits for the server, and that it goes on."""
    sys.stderr.write(f"{sentence}\n" if sentence else "The server answers again: asking goes on.\n")
    sys.stderr.flush()


def _grouped(case: str, messages: list[str]) -> list[str]:
    """Say the same failure once a case, with how many items it concerns."""
    return [f"{case}, {n} item(s): {message}" for message, n in Counter(messages).items()]


def asked_settings(arguments: argparse.Namespace, settings: Settings) -> Settings:
    """Return the settings as a call changes them: whom to ask, where, and how."""
    server = server_named(settings, arguments.server)
    wished = {"model": arguments.model or None, "patience_s": arguments.wait}
    server = server.model_copy(update={name: value for name, value in wished.items() if value is not None})
    critic = arguments.critic or ("lvlm" if arguments.server else settings.critic)
    return settings.model_copy(update={"server": server, "critic": critic, "lvlm": _how(arguments, settings.lvlm)})


def _how(arguments: argparse.Namespace, settings: LvlmSettings) -> LvlmSettings:
    """Return how the LVLM critic asks: as in the settings, changed by the call."""
    wished = {
        "views": names(arguments.views) or None,
        "shots": arguments.shots,
        "examples_folder": str(Path(arguments.examples).resolve()) if arguments.examples else None,
        "region": False if arguments.no_region else None,
        "quality": arguments.quality or None,
        "reasons": arguments.reasons or None,
    }
    changed = {**settings.model_dump(), **{name: value for name, value in wished.items() if value is not None}}
    try:
        return LvlmSettings.model_validate(changed)
    except ValidationError as error:
        first = error.errors()[0]
        what = {"views": "--views", "shots": "--shots"}.get(str(first["loc"][0]), str(first["loc"][0]))
        raise UserError(f"{what} cannot be used: {first['msg']}.", "Views are frontal, lateral, slice.") from error


def _summary(opened: OpenReview, asked: int, *, assess: bool) -> tuple[dict[str, Any], list[str]]:
    outcomes, picks = Counter[str](), Counter[str]()
    query = worklist.WorklistQuery(sort="case")
    every = worklist.order(opened, query)
    for start in range(0, every.size, 1000):
        chunk = worklist.rows(opened, every[start : start + 1000].tolist())
        outcomes.update(r.outcome or "not asked" for r in chunk)
        picks.update(r.pick for r in chunk if r.pick and r.outcome in {"first", "second"})
    body = {
        "critic": asdict(opened.critic.identity),
        "asked_now": asked,
        "items": outcomes.total(),
        "outcomes": dict(outcomes),
        "picks": dict(picks),
        "assessed": assess,
    }
    lines = [
        f"{opened.critic.identity.title}: {asked} item(s) asked now, {outcomes.total()} in the review",
        "  " + ", ".join(f"{n} {outcome}" for outcome, n in outcomes.most_common()),
        "  better: " + (", ".join(f"{slug} {n}" for slug, n in picks.most_common()) or "none"),
    ]
    return body, lines


def _cases(opened: OpenReview, wanted: str) -> tuple[str, ...]:
    known = index.case_ids(opened.database)
    chosen = names(wanted)
    unknown = [c for c in chosen if c not in known]
    if unknown:
        raise ReviewError(f"There is no case {unknown[0]} in this review.", "`labelcritic list` shows all.")
    return chosen or tuple(known)
