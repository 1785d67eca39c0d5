"""The words for the model: conversations written once, and what to look for per structure. Layer: critic."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.structures import Structure, normal_name
from labelcritic_gui.paths import prompts_dir

COMPARE = "compare.j2"
ASSESS = "assess.j2"
GENERAL = "_general"
COMPARE_LETTERS: Mapping[str, str] = {"first": "A", "second": "B", "equal": "C", "wrong": "D"}
"""What the answers of a comparison mean, and their letters: one token each, all different."""
ASSESS_LETTERS: Mapping[str, str] = {"good": "A", "bad": "B"}

Line = Annotated[str, Field(min_length=1, max_length=400)]


class StructureWords(BaseModel):
    """One file prompts/structures/NAME.toml: how the structure is shown, what looks right, which errors are usual."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    shown: Line
    right: tuple[Line, ...] = Field(min_length=1, max_length=12)
    errors: tuple[Line, ...] = Field(min_length=1, max_length=12)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A rendered question: system text, question, and the meaning of each letter that may answer it, in order."""

    system: str
    text: str
    meanings: Mapping[str, str]

    @property
    def choices(self) -> tuple[str, ...]:
        """The letters that may answer."""
        return tuple(self.meanings)


class PromptSet:
    """Templates and words, ready to render; `hash` names them all."""

    def __init__(self, templates: Mapping[str, Template], words: Mapping[str, StructureWords], *, colour: str) -> None:
        self._templates = dict(templates)
        self._words = dict(words)
        self._colour = colour

    @property
    def names(self) -> tuple[str, ...]:
        """The structures that have words of their own, sorted."""
        return tuple(sorted(set(self._words) - {GENERAL}))

    def compare(self, structure: Structure, asked_as: str = "") -> Conversation:
        """Return the question which of two labels is better; `asked_as` names a pair that is shown together."""
        return self._conversation(COMPARE, structure, asked_as=asked_as, letters=COMPARE_LETTERS)

    def assess(self, structure: Structure, asked_as: str = "") -> Conversation:
        """Return the question whether one label can be used."""
        return self._conversation(ASSESS, structure, asked_as=asked_as, letters=ASSESS_LETTERS)

    @cached_property
    def hash(self) -> str:
        """The sha256 (hex) of all that these prompts can say: each structure's rendered questions and their letters."""
        said = []
        for name in (*self.names, GENERAL):
            for render in (self.compare, self.assess):
                one = render(Structure(name))
                said.append([name, one.system, one.text, list(one.meanings.items())])
        return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()

    def _conversation(
        self, template: str, structure: Structure, *, asked_as: str, letters: Mapping[str, str]
    ) -> Conversation:
        words = self._words.get(normal_name(asked_as or structure.name), self._words[GENERAL])
        told = {
            "title": asked_as or structure.shown,
            "words": words,
            "colour": self._colour,
            "letters": letters,
        }
        system, text = (_block(self._templates[template], block, told) for block in ("system", "question"))
        return Conversation(system, text, {letter: meaning for meaning, letter in letters.items()})


def load_prompts(overlay: Path | None = None, *, folder: Path | None = None, colour: str = "red") -> PromptSet:
    """Read the program's prompts, a person's `overlay` folder (same layout) over them; `colour` is that of the label.

    Raises UnreadableFileError that names the file when one is missing, broken, or has unknown or empty entries.
    """
    folders = [folder or prompts_dir(), *([overlay] if overlay is not None and overlay.is_dir() else [])]
    files = {file.stem: file for place in folders for file in sorted((place / "structures").glob("*.toml"))}
    if GENERAL not in files:
        raise _unreadable(folders[0] / "structures" / f"{GENERAL}.toml", "it is missing")
    words = {name: _read_words(file) for name, file in files.items()}
    templates = {name: _read_template([place / name for place in folders]) for name in (COMPARE, ASSESS)}
    prompts = PromptSet(templates, words, colour=colour)
    try:
        _ = prompts.hash  # renders everything once, so that a broken template is known now
    except (TemplateError, KeyError) as error:
        raise _unreadable(folders[-1], f"a template cannot be rendered: {error}") from error
    return prompts


def prompt_set_hash(overlay: Path | None = None) -> str:
    """Return the hash of the prompts in use, as stored with each verdict; raises UnreadableFileError."""
    return load_prompts(overlay).hash


def _block(template: Template, name: str, told: Mapping[str, object]) -> str:
    return "".join(template.blocks[name](template.new_context(dict(told)))).strip()


def _read_words(file: Path) -> StructureWords:
    try:
        return StructureWords.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise _unreadable(file, f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error
    except (OSError, ValueError) as error:
        raise _unreadable(file, str(error)) from error


def _read_template(places: list[Path]) -> Template:
    file = [place for place in places if place.is_file()][-1:] or places[:1]
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    try:
        return environment.from_string(file[0].read_text(encoding="utf-8"))
    except (OSError, ValueError, TemplateError) as error:
        raise _unreadable(file[0], str(error)) from error


def _unreadable(file: Path, why: str) -> UnreadableFileError:
    return UnreadableFileError(f"The prompts in {file} cannot be used: {why}.", "Correct the file or take it away.")
