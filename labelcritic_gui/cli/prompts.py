"""Commands on what models are told: list, show, check, diff, reset, preview. Layer: cli."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelcritic_gui.cli.batch import asked_settings
from labelcritic_gui.cli.output import USER_MISTAKE, Outcome, table
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.structures import normal_name

if TYPE_CHECKING:
    from labelcritic_gui.bootstrap import Services
    from labelcritic_gui.critic.prompt_files import PromptFile, PromptFiles
    from labelcritic_gui.critic.prompt_sources import Problem
    from labelcritic_gui.services.prompt_preview import Preview

# what reads prompts is imported inside: the words of all commands are read at every start, also of the window


class Checked(Outcome):
    """What was checked; a file that cannot be used is the caller's to mend."""

    @property
    def exit_code(self) -> int:
        """0, or 2 when a prompt file cannot be used."""
        return USER_MISTAKE if self.failed else super().exit_code


def prompts(arguments: argparse.Namespace, services: "Services") -> Outcome:
    """Run one of the commands on prompts."""
    if arguments.action == "preview":
        return _preview(arguments, services)
    return _ACTIONS[arguments.action or "list"](_files(), arguments)


def _files() -> "PromptFiles":
    from labelcritic_gui.critic.prompt_files import PromptFiles, own_prompts_dir

    return PromptFiles(own_prompts_dir())


def _mark(file: "PromptFile") -> str:
    if file.own is None:
        return "shipped"
    return "changed by you" if file.shipped is not None else "your own"


def _list(files: "PromptFiles", arguments: argparse.Namespace) -> Outcome:  # noqa: ARG001  (one shape for all)
    from labelcritic_gui.critic.prompt_files import own_prompts_dir

    rows = [(file.name, _mark(file)) for file in files.all()]
    own = own_prompts_dir()
    lines = [*table(rows, header=("file", "whose text")), "", f"Your own texts are in {own}"]
    return Outcome({"folder": str(own), "files": [{"name": name, "text": mark} for name, mark in rows]}, lines)


def _named(files: "PromptFiles", name: str) -> "PromptFile":
    """Return the file of a name as people say it: compare, compare.j2, liver, structures/liver.toml."""
    meant = (name, f"{name}.j2", f"structures/{normal_name(name)}.toml")
    known = {file.name: file for file in files.all()}
    found = next((known[one] for one in meant if one in known), None)
    if found is None:
        raise UserError(f"There is no prompt file {name!r}.", "`labelcritic prompts list` names them all.")
    return found


def _show(files: "PromptFiles", arguments: argparse.Namespace) -> Outcome:
    file = _named(files, arguments.name)
    return Outcome({"name": file.name, "whose": _mark(file), "text": file.text}, file.text.splitlines())


def _diff(files: "PromptFiles", arguments: argparse.Namespace) -> Outcome:
    file = _named(files, arguments.name)
    lines = files.difference(file.name, file.text)
    same = f"{file.name} is as it was shipped."
    return Outcome({"name": file.name, "difference": list(lines)}, lines or (same,))


def _reset(files: "PromptFiles", arguments: argparse.Namespace) -> Outcome:
    file = _named(files, arguments.name)
    was_own = files.reset(file.name)
    counts = "the shipped text counts again" if file.shipped is not None else "the general words are used for it"
    line = f"{file.name}: {counts}." if was_own else f"{file.name}: the shipped text is in use already."
    return Outcome({"name": file.name, "reset": was_own}, [line])


def _check(files: "PromptFiles", arguments: argparse.Namespace) -> Outcome:  # noqa: ARG001  (one shape for all)
    """Check every file by itself and all of them together."""
    found = files.all()
    own = sum(file.own is not None for file in found)
    problems = list(dict.fromkeys(_problems(files, found)))
    body: dict[str, Any] = {"files": len(found), "own": own, "problems": [asdict(problem) for problem in problems]}
    if problems:
        return Checked(body, [], [_placed(problem) for problem in problems])
    body["prompts"] = files.preview({}).hash
    return Checked(body, [f"{len(found)} prompt files, {own} of them yours: nothing wrong.", f"Set {body['prompts']}"])


def _problems(files: "PromptFiles", found: "tuple[PromptFile, ...]") -> "Iterator[Problem]":
    from labelcritic_gui.critic.prompt_sources import PromptError

    try:
        files.preview({})
    except PromptError as error:
        for file in found:
            if file.own is not None:
                yield from files.validate(file.name, file.own)
        yield from error.problems


def _placed(problem: "Problem") -> str:
    """Say a fault as compilers do: file, line, what is wrong."""
    from labelcritic_gui.critic.prompt_files import own_prompts_dir
    from labelcritic_gui.paths import prompts_dir

    own = own_prompts_dir() / problem.name
    path = own if own.exists() else prompts_dir() / problem.name
    return f"{path}:{problem.line}: {problem.text}" if problem.line else f"{path}: {problem.text}"


_ACTIONS: "dict[str, Callable[[PromptFiles, argparse.Namespace], Outcome]]" = {
    "list": _list,
    "show": _show,
    "check": _check,
    "diff": _diff,
    "reset": _reset,
}


# --- what would be sent --------------------------------------------------------------------------------------------


def _preview(arguments: argparse.Namespace, services: "Services") -> Outcome:
    """Print the exact messages about an item, and write its pictures; nothing is sent."""
    from labelcritic_gui.services.prompt_preview import Ask, preview

    chosen = services.with_settings(asked_settings(arguments, services.settings))
    words = _files().preview({})
    opened = chosen.open_review(Path(arguments.review))
    try:
        item = ItemId(CaseId(arguments.case), opened.table.name_of(arguments.structure))
        critic = chosen.rendering_critic(opened.database, words)
        found = preview(opened, item, critic, Ask(arguments.ask))
    finally:
        opened.close()
    return _told(found, Path(arguments.out) if arguments.out else None)


def _told(found: "Preview", out: Path | None) -> Outcome:
    from labelcritic_gui.services.projection import written
    from labelcritic_gui.services.sent import told

    lines = [f"{found.item}, prompt set {found.prompts[:16]}", *(f"  {note}" for note in found.notes)]
    bodies: list[dict[str, Any]] = []
    files: dict[str, str] = {}
    for question in found.questions:
        bare = replace(question, pictures=tuple(replace(picture, png=None) for picture in question.pictures))
        body = asdict(bare)
        for picture, entry in zip(question.pictures, body["pictures"], strict=True):
            entry.pop("png")
            if out is not None and picture.png is not None:
                files[picture.sha256] = str(written(out / f"{picture.sha256[:16]}.png", picture.png))
                entry["file"] = files[picture.sha256]
        body.pop("record")
        bodies.append(body)
        lines += "\n".join(told(question)).splitlines()
    if out is not None:
        lines += ["", f"{len(files)} picture(s) in {out}, each named by the start of its sha256"]
    return Outcome({"item": found.item, "prompts": found.prompts, "notes": found.notes, "questions": bodies}, lines)
