"""Where the words for the model come from: files shipped and a person's own over them, each checked. Layer: critic.

A prompt file is a template ("compare.j2") or the words of a structure ("structures/liver.toml"). Whatever is wrong
with one is said with its name and, where it is known, its line.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Annotated, Literal

from jinja2 import FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.patient.field_of_view import Limit
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.critic.wire import CONTROL_MARK

GENERAL = "_general"
STRUCTURES = "structures"
COMPARE, ASSESS, REGION, REASONS = "compare.j2", "assess.j2", "region.j2", "reasons.j2"
PICTURES, CHECKLIST = "pictures.j2", "checklist.j2"
BLOCKS = ("system", "question")
_PICTURED = frozenset({"title", "colour", "solid", "views", "examples", "judged"})
_LISTED = frozenset({"title", "anatomy", "right", "errors", "hints", "in_view", "out_of_view"})
VARIABLES: Mapping[str, frozenset[str]] = {
    COMPARE: _PICTURED | _LISTED | {"letters"},
    ASSESS: _PICTURED | _LISTED | {"letters", "codes", "most_codes"},
    REGION: frozenset({"landmarks", "structures", "letters"}),
    REASONS: _PICTURED | _LISTED | {"outcome", "places", "most_words"},
    PICTURES: _PICTURED,
    CHECKLIST: _LISTED,
}
"""Every template, and the variables that it may use; the last two are included by others and have no blocks."""
LONGEST_FILE = 40_000
"""Characters of a prompt file."""
VIEWS = ("frontal", "lateral", "slice")
"""What a panel of a picture can show."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a prompt file: its name, the line (0 when it is not known), and the fault in words."""

    name: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        """The fault with its line, without the file's name."""
        return f"line {self.line}: {self.text}" if self.line else self.text


class PromptError(UnreadableFileError):
    """A prompt file that cannot be used; `problems` say why, `problem` is the first of them."""

    def __init__(self, problems: Sequence[Problem], path: Path | None = None) -> None:
        faults = "; ".join(str(problem).rstrip(".") for problem in problems[:3])
        more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
        message = f"The prompts in {path or problems[0].name} cannot be used: {faults}{more}."
        super().__init__(message, "Correct the file or take it away.")
        self.problems = tuple(problems)

    @property
    def problem(self) -> Problem:
        """What is wrong first."""
        return self.problems[0]


def holds_control_mark(text: str) -> bool:
    """Say whether a text can be read as holding a control mark: compatible characters made one, others left out."""
    return CONTROL_MARK in unicodedata.normalize("NFKC", text).encode("ascii", "ignore").decode("ascii")


def _plain(text: str) -> str:
    """Return a text of a TOML file as one line; refuse what a model could take for more than words."""
    line = " ".join(text.split())
    if not line:
        raise ValueError("it is empty")
    if holds_control_mark(line):
        raise ValueError(f"it holds the control mark {CONTROL_MARK!r}")
    if any(unicodedata.category(c)[0] == "C" for c in line):
        raise ValueError("it holds invisible or control characters")
    return line


Line = Annotated[str, Field(max_length=400), AfterValidator(_plain)]
Sentences = Annotated[str, Field(max_length=800), AfterValidator(_plain)]
Title = Annotated[str, Field(max_length=80), AfterValidator(_plain)]
Lines = Annotated[tuple[Line, ...], Field(min_length=1, max_length=12)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ViewHints(_Table):
    """A sentence on what a panel shows of the structure, said only where that panel is shown."""

    frontal: Line | None = None
    lateral: Line | None = None
    slice: Line | None = None


class DrawingHints(_Table):
    """How a structure is drawn for a model: opaque or see-through, and over which projection window."""

    solid: bool = False
    window: Literal["organs", "bone", "skeleton"] = "bone"
    view_hint: ViewHints = Field(default_factory=ViewHints)


class Variant(_Table):
    """Other words for a structure of which only a part can be in view.

    They are taken when all landmarks of `when_missing` are known to be out of view; what is left out stays.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    when_missing: tuple[Limit, ...] = Field(min_length=1)
    title: Title | None = None
    anatomy: Sentences | None = None
    right: Lines | None = None
    errors: Lines | None = None
    view_hint: ViewHints | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Variant":
        if not (self.title or self.anatomy or self.right or self.errors):
            raise ValueError("it replaces nothing: give title, anatomy, right or errors")
        return self


class StructureWords(_Table):
    """One file structures/NAME.toml: where the structure lies, what looks right, which errors are usual."""

    anatomy: Sentences
    right: Lines
    errors: Lines
    drawing: DrawingHints = Field(default_factory=DrawingHints)
    variant: tuple[Variant, ...] = Field(default=(), max_length=8)

    @model_validator(mode="after")
    def _variants_differ(self) -> "StructureWords":
        names = [variant.name for variant in self.variant]
        if len(set(names)) < len(names):
            raise ValueError("two variants have the same name")
        return self


@dataclass(frozen=True, slots=True)
class PromptSources:
    """The texts of all prompt files in use by name, the words read from them by structure, and where each one lies."""

    texts: Mapping[str, str]
    words: Mapping[str, StructureWords]
    paths: Mapping[str, Path]


def name_fault(name: str) -> str:
    """Say what is wrong with a prompt file's name; empty when nothing is."""
    place = PurePosixPath(name)
    if name in VARIABLES:
        return ""
    if place.suffix == ".toml" and place.parts[:-1] == (STRUCTURES,) and re.fullmatch(r"[A-Za-z0-9_\-]+", place.stem):
        return ""
    known = ", ".join(VARIABLES)
    return f"no prompt has this name; the templates are {known}, and words are in {STRUCTURES}/NAME.toml"


def read_sources(folder: Path, overlay: Path | None = None, drafts: Mapping[str, str] | None = None) -> PromptSources:
    """Read the prompt files of a folder, those of `overlay` over them, and unsaved `drafts` over both.

    Raises PromptError that names the first file that is missing, broken, or of an unknown name.
    """
    paths: dict[str, Path] = {}
    for place in (folder, *([overlay] if overlay is not None and overlay.is_dir() else [])):
        for name, file in files_in(place):
            _lay_over(paths, name, file)
    texts = {name: _text_of(name, file) for name, file in paths.items() if name not in (drafts or {})}
    for name, text in (drafts or {}).items():
        _lay_over(paths, name, (overlay or folder) / name, draft=True)
        texts[name] = text
    for name in (*VARIABLES, f"{STRUCTURES}/{GENERAL}.toml"):
        if name not in paths:
            raise PromptError([Problem(name, "it is missing")], folder / name)
    words = {}
    for name in sorted(paths):
        found = problems_in(name, texts[name])
        if found:
            raise PromptError(found, paths[name])
        if name not in VARIABLES:
            words[structure_of(name)] = read_words(texts[name])
    return PromptSources({name: texts[name] for name in sorted(paths)}, words, paths)


def structure_of(name: str) -> str:
    """Return the structure of a words file in its comparable form ("structures/liver.toml": liver)."""
    return normal_name(PurePosixPath(name).stem)


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name and path of each prompt file of a folder, sorted; none when there is no such folder."""
    for file in (*sorted(folder.glob("*.j2")), *sorted((folder / STRUCTURES).glob("*.toml"))):
        yield file.relative_to(folder).as_posix(), file


def read_words(text: str) -> StructureWords:
    """Read the words of a structure; raises tomllib.TOMLDecodeError or pydantic's ValidationError."""
    return StructureWords.model_validate(tomllib.loads(text))


def problems_in(name: str, text: str) -> tuple[Problem, ...]:
    """Return all that is wrong with a prompt file by itself, first line first; nothing when it is sound."""
    if fault := name_fault(name):
        return (Problem(name, fault),)
    if len(text) > LONGEST_FILE:
        return (Problem(name, f"it has more than {LONGEST_FILE} characters"),)
    found = _template_problems(name, text) if name in VARIABLES else _words_problems(name, text)
    return tuple(sorted(found, key=lambda p: (p.line, p.text)))


def template_environment(texts: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    """Return the environment that renders the templates among these texts: strict, sandboxed, and repeatable."""
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,  # an included file ends its last line, as it looks in an editor
        loader=FunctionLoader(lambda name: (texts[name], name, lambda: True) if name in VARIABLES else None),
    )
    environment.globals.pop("lipsum")
    environment.filters.pop("random")
    return environment


def rendering_problem(name: str, error: Exception) -> Problem:
    """Say where in which template rendering failed: the innermost template line of the error's traceback."""
    line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            name, line = template.name, template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return Problem(name, f"it cannot be rendered: {error}", line)


def _lay_over(paths: dict[str, Path], name: str, file: Path, *, draft: bool = False) -> None:
    """Put a file in the place of the one it stands for; two of one folder for the same structure are refused."""
    if fault := name_fault(name):
        raise PromptError([Problem(name, fault)], file)
    for other, path in list(paths.items()):
        if name not in VARIABLES and other not in (name, *VARIABLES) and structure_of(other) == structure_of(name):
            if path.parent == file.parent and not draft:
                raise PromptError([Problem(name, f"{path.name} is for the same structure")], file)
            del paths[other]
    paths[name] = file


def _text_of(name: str, file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError([Problem(name, str(error))], file) from error


def _template_problems(name: str, text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.splitlines(), 1):
        if holds_control_mark(line):
            yield Problem(name, f"it holds the control mark {CONTROL_MARK!r}", number)
    try:
        environment = template_environment({name: text})
        tree = environment.parse(text, name)
        unknown = meta.find_undeclared_variables(tree) - VARIABLES[name]
        environment.compile(tree, name, name)
    except TemplateSyntaxError as error:
        yield Problem(name, str(error.message), error.lineno)
        return
    except (TemplateError, RecursionError) as error:
        yield Problem(name, str(error))
        return
    known = ", ".join(sorted(VARIABLES[name]))
    for variable in sorted(unknown):
        lines = [found.lineno for found in tree.find_all(nodes.Name) if found.name == variable]
        yield Problem(name, f"there is no variable {variable!r}; there are {known}", min(lines, default=0))
    blocks = {block.name for block in tree.find_all(nodes.Block)}
    for block in BLOCKS if name not in (PICTURES, CHECKLIST) else ():
        if block not in blocks:
            yield Problem(name, f"the block {block!r} is missing")
    for other in meta.find_referenced_templates(tree):
        if other not in (PICTURES, CHECKLIST):
            yield Problem(name, f"it includes {other!r}; only {PICTURES} and {CHECKLIST} can be included")


def _words_problems(name: str, text: str) -> Iterator[Problem]:
    try:
        read_words(text)
    except RecursionError:
        yield Problem(name, "it is nested too deeply")
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))  # it says "at end of document" otherwise
        line = int(place[1]) if place else len(text.splitlines())
        yield Problem(name, f"it is not valid TOML: {error}", line)
    except ValidationError as error:
        for one in error.errors():
            field = ".".join(str(part) for part in one["loc"])
            what = one["msg"].removeprefix("Value error, ")
            yield Problem(name, f"{field}: {what}" if field else what, _line_of(text, one["loc"]))


def _line_of(text: str, place: tuple[int | str, ...]) -> int:
    """Return the line of a field as TOML is usually written; 0 when it is not found."""
    lines = text.splitlines()
    headers = [i for i, line in enumerate(lines) if re.match(r"\s*\[\[\s*variant\s*\]\]", line)]
    inside = len(place) > 1 and place[0] == "variant" and isinstance(place[1], int) and place[1] < len(headers)
    start = headers[int(place[1])] if inside else 0
    keys = [part for part in (place[2:] if inside else place) if isinstance(part, str)]
    for key in reversed(keys):
        for number in range(start, len(lines)):
            if re.match(rf'\s*(?:\[[\w.]*\b{re.escape(key)}\s*\]|["\']?{re.escape(key)}["\']?\s*=)', lines[number]):
                return number + 1
    return start + 1 if inside else 0
