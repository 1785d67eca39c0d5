"""A person's own prompts over the shipped ones, file by file: list, check, save, take back. Layer: critic."""

import difflib
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.critic.prompt_sources import (
    GENERAL,
    VARIABLES,
    Problem,
    PromptError,
    files_in,
    name_fault,
    problems_in,
    structure_of,
)
from labelcritic_gui.critic.prompts import PromptSet, load_prompts
from labelcritic_gui.paths import config_dir, prompts_dir

FOLDER = "prompts"


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A file that can be edited: its name, the shipped text, and the person's own; either may be None, not both."""

    name: str
    shipped: str | None
    own: str | None = None

    @property
    def text(self) -> str:
        """The text in use."""
        return self.own if self.own is not None else self.shipped or ""

    @property
    def is_template(self) -> bool:
        """Say whether it is a template, and not the words of a structure."""
        return self.name in VARIABLES

    @property
    def structure(self) -> str:
        """The structure whose words these are, in its comparable form; empty for a template."""
        return "" if self.is_template else structure_of(self.name)


def own_prompts_dir() -> Path:
    """Return the folder of a person's own prompts; it may not exist yet."""
    return config_dir() / FOLDER


class PromptFiles:
    """The files of `overlay` (a person's) over those of `folder` (the program's); only `save` and `reset` write."""

    def __init__(self, overlay: Path, *, folder: Path | None = None) -> None:
        self._overlay = overlay
        self._folder = folder or prompts_dir()

    def all(self) -> tuple[PromptFile, ...]:
        """Return every file: templates, the general words, then structures by name; raises StorageError."""
        shipped = {_meaning(name): (name, path) for name, path in files_in(self._folder)}
        own = {_meaning(name): (name, path) for name, path in files_in(self._overlay) if not name_fault(name)}
        files = []
        for meaning in {**shipped, **own}:
            name, _ = own.get(meaning) or shipped[meaning]
            texts = (_read(found[meaning][1]) if meaning in found else None for found in (shipped, own))
            files.append(PromptFile(name, *texts))
        templates = list(VARIABLES)
        return tuple(
            sorted(
                files,
                key=lambda f: (
                    (0, templates.index(f.name), "") if f.is_template else (1, f.structure != GENERAL, f.structure)
                ),
            )
        )

    def file(self, name: str) -> PromptFile:
        """Return one file; of a structure that has none yet, one without any text. Raises PromptError for the name."""
        if fault := name_fault(name):
            raise PromptError([Problem(name, fault)])
        found = (file for file in self.all() if _meaning(file.name) == _meaning(name))
        return next(found, PromptFile(name, None))

    def validate(self, name: str, text: str) -> tuple[Problem, ...]:
        """Return all that would be wrong with a file if it had this text; nothing is written.

        It is rendered together with the person's other files; where one of those is at fault, with the shipped ones.
        """
        found = problems_in(name, text)
        if found:
            return found
        try:
            self.preview({name: text})
        except PromptError as first:
            try:
                load_prompts(folder=self._folder, drafts={name: text})
            except PromptError as error:
                return error.problems
            return first.problems if first.problem.name == name else ()
        return ()

    def difference(self, name: str, text: str) -> tuple[str, ...]:
        """Return how a text differs from the shipped one, as lines of a unified diff; nothing when it does not."""
        shipped = (self.file(name).shipped or "").splitlines()
        return tuple(difflib.unified_diff(shipped, text.splitlines(), "shipped", "yours", lineterm=""))

    def preview(self, drafts: Mapping[str, str]) -> PromptSet:
        """Return the prompts as they would be with these texts, by file name; raises PromptError."""
        return load_prompts(self._overlay, folder=self._folder, drafts=drafts)

    def save(self, name: str, text: str) -> None:
        """Write a person's text of a file, whole or not at all; the shipped text is taken back instead.

        Raises PromptError for a text that cannot be used, StorageError where the disk does not take it.
        """
        problems = self.validate(name, text)
        if problems:
            raise PromptError(problems)
        text = text.replace("\r\n", "\n").rstrip("\n") + "\n"
        file = self.file(name)
        if text == file.shipped:
            self.reset(name)
        else:
            _write(self._overlay / file.name, text)

    def reset(self, name: str) -> bool:
        """Take a person's text of a file away, so that the shipped one counts; say whether there was one.

        A structure that the program has no words for gets the general ones again. Raises StorageError.
        """
        file = self.file(name)
        if file.own is None:
            return False
        try:
            (self._overlay / file.name).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._overlay / file.name} could not be removed: {error.strerror}.") from error
        return True


def _meaning(name: str) -> str:
    return name if name in VARIABLES else structure_of(name)


def _read(path: Path) -> str:
    """Return a file's text; what is no text is shown as such, so that it can be mended."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror}.") from error


def _write(path: Path, text: str) -> None:
    """Write a file: temporary file, fsync, atomic replace."""
    made: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=".prompt", delete=False) as stream:
            made = Path(stream.name)
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(path)
    except OSError as error:
        if made is not None:
            with suppress(OSError):
                made.unlink(missing_ok=True)
        raise StorageError(f"The prompt could not be written to {path}: {error.strerror}.") from error
