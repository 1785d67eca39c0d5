"""The conversations with a model: what is asked, with which words, and the form of the answer. Layer: critic."""

import hashlib
import itertools
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from jinja2 import Template, TemplateError

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.patient.field_of_view import FieldOfView, Limit
from labelcritic_gui.core.structures import Structure, normal_name
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.critic.prompt_sources import (
    ASSESS,
    BLOCKS,
    COMPARE,
    GENERAL,
    REASONS,
    REGION,
    VARIABLES,
    VIEWS,
    Problem,
    PromptError,
    PromptSources,
    StructureWords,
    Variant,
    holds_control_mark,
    read_sources,
    rendering_problem,
    template_environment,
)
from labelcritic_gui.critic.wire import CONTROL_MARK
from labelcritic_gui.paths import prompts_dir

COMPARE_LETTERS: Mapping[str, str] = {"first": "A", "second": "B", "equal": "C", "wrong": "D"}
"""What the answers of a comparison mean, and their letters: one token each, all different."""
ASSESS_LETTERS: Mapping[str, str] = {"good": "A", "bad": "B"}
REGION_LETTERS: Mapping[str, str] = {"yes": "Y", "no": "N", "unknown": "U"}
ASSESS_CODES: tuple[FindingCode, ...] = tuple(
    FindingCode(code) for code in ("LEAK", "MISS", "CUT", "SIDE", "SHIFT", "WRONG", "ISLE", "HOLE", "OUT", "EDGE")
)
"""The errors that a picture can show, as a model may name them."""
MOST_CODES = 3
MOST_STRUCTURES = 120
"""How many structures are asked about in one question about what is in view; of further ones nothing is said."""
MOST_PLACES = 8
MOST_WORDS = 80
"""Of reasons; a word takes two tokens or less, and half as many again are allowed before it is cut off."""
LONGEST_TITLE = 80
LONGEST_PLACE = 160
LONGEST_TEXT = 40_000
"""Characters of a question: more is a template that went wrong."""
ONE_LETTER_TOKENS = 8
REASONS_TOKENS = 3 * MOST_WORDS

_LANDMARKS: Mapping[Limit, str] = {
    Limit.SKULL: "the skull",
    Limit.NECK: "the neck",
    Limit.TRACHEA: "the windpipe",
    Limit.UPPER_RIBS: "the upper ribs",
    Limit.LOWER_RIBS: "the lower ribs",
    Limit.LUMBAR_SPINE: "the lumbar spine",
    Limit.PELVIS: "the pelvis",
    Limit.FEMURS: "the thigh bones",
}
_OUTCOMES: Mapping[str, str] = {
    "first": "first",
    "second": "second",
    "equal": "equal",
    "equivalent": "equal",
    "wrong": "wrong",
    "both-wrong": "wrong",
    "good": "good",
    "assess-good": "good",
    "bad": "bad",
    "assess-bad": "bad",
}
"""What may be asked reasons for, and what it is called in the template."""

_RENDERING = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a person's template can raise."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a question is told besides the structure.

    `asked_as` is the title of a pair drawn together; `views` are the panels of each picture from left to right;
    `examples` has one entry, good or bad, per example picture shown before the pictures that are judged.
    """

    asked_as: str = ""
    field_of_view: FieldOfView = field(default_factory=FieldOfView)
    views: tuple[str, ...] = ("frontal",)
    examples: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        """Refuse views that cannot be described: ValueError."""
        if not self.views or not set(self.views) <= set(VIEWS):
            raise ValueError(f"a picture's views are some of {VIEWS}, not {self.views!r}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A rendered question: system text, question, and the form of the answer.

    `meanings` has the letters that may answer, in order, and what each means. Where `pattern` is given, the whole
    answer matches that regular expression and only begins with one of the letters; without either it is free text.
    """

    system: str
    text: str
    meanings: Mapping[str, str]
    pattern: str = ""
    max_tokens: int = ONE_LETTER_TOKENS

    @property
    def choices(self) -> tuple[str, ...]:
        """The letters that may answer, or that an answer of the pattern may begin with."""
        return tuple(self.meanings)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a structure is drawn for a model: opaque or not, the projection window, and what it is called.

    `variant` is the name of the words that are used because a part is out of view, empty for the usual ones.
    """

    solid: bool
    window: str
    title: str
    variant: str = ""


class PromptSet:
    """Templates and words, ready to render; `hash` names them all."""

    def __init__(self, sources: PromptSources, *, colour: str = "red") -> None:
        environment = template_environment(sources.texts)
        self._templates = {name: environment.get_template(name) for name in VARIABLES}
        self._words = dict(sources.words)
        self._said = {
            name: "".join(t for _, kind, t in environment.lex(sources.texts[name]) if not kind.startswith("comment"))
            for name in VARIABLES
        }
        self._colour = colour

    @property
    def names(self) -> tuple[str, ...]:
        """The structures that have words of their own, sorted."""
        return tuple(sorted(set(self._words) - {GENERAL}))

    def compare(self, structure: Structure, asked_as: str = "", *, told: Told | None = None) -> Conversation:
        """Return the question which of two labels is better; `asked_as` names a pair that is shown together.

        The letters mean first, second, equal and wrong; the text does not depend on the order of the two.
        """
        told = told or Told()
        values = self._values(structure, asked_as, told, pictures=2) | {"letters": COMPARE_LETTERS}
        return self._conversation(COMPARE, values, meanings=_turned(COMPARE_LETTERS))

    def assess(self, structure: Structure, asked_as: str = "", *, told: Told | None = None) -> Conversation:
        """Return the question whether one label can be used: a letter for good, or one for bad and error codes."""
        told = told or Told()
        values = self._values(structure, asked_as, told, pictures=1) | {
            "letters": ASSESS_LETTERS,
            "codes": tuple((code.value, code.meaning) for code in ASSESS_CODES),
            "most_codes": MOST_CODES,
        }
        codes = "|".join(ASSESS_CODES)
        pattern = f"{ASSESS_LETTERS['good']}|{ASSESS_LETTERS['bad']}( ({codes})){{0,{MOST_CODES}}}"
        longest = 1 + MOST_CODES * (1 + max(len(code) for code in ASSESS_CODES))  # a token has one letter or more
        return self._conversation(
            ASSESS, values, meanings=_turned(ASSESS_LETTERS), pattern=pattern, max_tokens=longest + ONE_LETTER_TOKENS
        )

    def region(self, structures: Sequence[Structure]) -> Conversation:
        """Return the question which landmarks a skeleton picture shows, and which structures would usually lie in it.

        The answer is read by `read_region`. No more than MOST_STRUCTURES are asked about.
        """
        asked = tuple(structures)[:MOST_STRUCTURES]
        first = len(Limit) + 1
        values = {
            "letters": REGION_LETTERS,
            "landmarks": tuple((n, limit.value, _LANDMARKS[limit]) for n, limit in enumerate(Limit, 1)),
            "structures": tuple((n, self._title(s, "", None)) for n, s in enumerate(asked, first)),
        }
        lines = len(Limit) + len(asked)
        letters = "|".join(REGION_LETTERS.values())
        pattern = "\n".join(f"{n} ({letters})" for n in range(1, lines + 1))
        longest = sum(len(f"{n} Y\n") for n in range(1, lines + 1))
        return self._conversation(REGION, values, pattern=pattern, max_tokens=longest + ONE_LETTER_TOKENS)

    def reasons(
        self, structure: Structure, told: Told | None = None, *, outcome: str, places: Sequence[str] = ()
    ) -> Conversation:
        """Return the question, put after a verdict, what can be seen that speaks for it: free text, 80 words or so.

        `outcome` is that of the order whose pictures are sent (first, second, equivalent, both-wrong) or of one label
        (assess-good, assess-bad); `places` are words computed here. Raises ValueError for another outcome.
        """
        if outcome not in _OUTCOMES:
            raise ValueError(f"no reasons are asked for the outcome {outcome!r}")
        meaning = _OUTCOMES[outcome]
        told = told or Told()
        values = self._values(structure, "", told, pictures=1 if meaning in ASSESS_LETTERS else 2) | {
            "outcome": meaning,
            "places": tuple(_plain(place, LONGEST_PLACE) for place in places[:MOST_PLACES]),
            "most_words": MOST_WORDS,
        }
        return self._conversation(REASONS, values, max_tokens=REASONS_TOKENS)

    def drawing(self, structure: Structure, asked_as: str = "", field_of_view: FieldOfView | None = None) -> Drawing:
        """Return how a structure is drawn, and which words it gets, in this field of view."""
        words = self._words_of(structure, asked_as)
        variant = _variant(words, field_of_view or FieldOfView())
        title = self._title(structure, asked_as, variant)
        return Drawing(words.drawing.solid, words.drawing.window, title, variant.name if variant else "")

    @cached_property
    def hash(self) -> str:
        """The sha256 (hex) of all that these prompts can say: templates without remarks, words, forms of answers."""
        said = {
            "templates": self._said,
            "words": {name: words.model_dump(mode="json") for name, words in sorted(self._words.items())},
            "rendered": [[one.system, one.text, *one.meanings.items(), one.pattern] for one in self._samples()],
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def _words_of(self, structure: Structure, asked_as: str) -> StructureWords:
        return self._words.get(normal_name(asked_as or structure.name), self._words[GENERAL])

    @staticmethod
    def _title(structure: Structure, asked_as: str, variant: Variant | None) -> str:
        """Return what a structure is called: names of a person's data are made plain, and can hold no marks."""
        if variant is not None and variant.title:
            return variant.title
        return _plain(asked_as or structure.shown, LONGEST_TITLE) or "structure"

    def _values(self, structure: Structure, asked_as: str, told: Told, *, pictures: int) -> dict[str, object]:
        """Return the variables of a question about a structure (see `prompt_sources.VARIABLES`)."""
        asked_as = asked_as or told.asked_as
        words = self._words_of(structure, asked_as)
        variant = _variant(words, told.field_of_view)
        hint = (variant and variant.view_hint) or words.drawing.view_hint
        hints = ((view, getattr(hint, view)) for view in told.views)
        return {
            "title": self._title(structure, asked_as, variant),
            "anatomy": (variant and variant.anatomy) or words.anatomy,
            "right": (variant and variant.right) or words.right,
            "errors": (variant and variant.errors) or words.errors,
            "hints": tuple((view, sentence) for view, sentence in hints if sentence),
            "in_view": _listed(told.field_of_view.in_view),
            "out_of_view": _listed(told.field_of_view.out_of_view),
            "views": told.views,
            "examples": told.examples,
            "judged": _judged(len(told.examples), pictures),
            "colour": self._colour,
            "solid": words.drawing.solid,
        }

    def _conversation(
        self,
        name: str,
        values: Mapping[str, object],
        *,
        meanings: Mapping[str, str] | None = None,
        pattern: str = "",
        max_tokens: int = ONE_LETTER_TOKENS,
    ) -> Conversation:
        system, text = (_block(self._templates[name], block, values) for block in BLOCKS)
        return Conversation(system, text, dict(meanings or {}), pattern, max_tokens)

    def _samples(self) -> Iterator[Conversation]:
        """Render every structure's questions, and the general ones in every circumstance."""
        everywhere = FieldOfView({limit: limit not in (Limit.SKULL, Limit.NECK) for limit in Limit})
        plain, full = Told(), Told("", everywhere, VIEWS, (True, False))
        for name, words in sorted(self._words.items()):
            hidden = [Told("", FieldOfView(dict.fromkeys(v.when_missing, False))) for v in words.variant]
            for told in (plain, full, *hidden):
                yield self.compare(Structure(name), told=told)
                yield self.assess(Structure(name), told=told)
        for outcome, told in itertools.product(_OUTCOMES, (plain, full)):
            yield self.reasons(Structure(GENERAL), told, outcome=outcome)
            yield self.reasons(Structure(GENERAL), told, outcome=outcome, places=("here", "there"))
        yield self.region(())
        yield self.region(tuple(Structure(name) for name in self.names))

    def check(self) -> None:
        """Render what can be rendered; raises PromptError that names the template, and the line where it is known."""
        for _ in self._samples():
            pass


def load_prompts(
    overlay: Path | None = None,
    *,
    folder: Path | None = None,
    colour: str = "red",
    drafts: Mapping[str, str] | None = None,
) -> PromptSet:
    """Read the program's prompts, a person's `overlay` folder (same layout) over them; `colour` is that of the label.

    `drafts` are texts not saved yet, by file name ("structures/liver.toml"), over both. Raises PromptError that names
    the file when one is missing, broken, of an unknown name, or has unknown or empty entries or variables.
    """
    sources = read_sources(folder or prompts_dir(), overlay, drafts)
    prompts = PromptSet(sources, colour=colour)
    try:
        prompts.check()  # so that a broken template is known now
    except PromptError as error:
        raise PromptError(error.problems, sources.paths.get(error.problem.name)) from error
    return prompts


def prompt_set_hash(overlay: Path | None = None) -> str:
    """Return the hash of the prompts in use, as stored with each verdict; raises PromptError."""
    return load_prompts(overlay).hash


def read_region(answer: str, structures: Sequence[Structure]) -> tuple[FieldOfView, dict[str, bool | None]]:
    """Read the answer to `PromptSet.region` for the same structures: what is in view, and what is usually in it.

    Raises CriticError unless each line has its number and one of the letters.
    """
    asked = tuple(structures)[:MOST_STRUCTURES]
    lines = answer.strip().splitlines()
    said: list[bool | None] = []
    meaning = {REGION_LETTERS["yes"]: True, REGION_LETTERS["no"]: False, REGION_LETTERS["unknown"]: None}
    for number, line in enumerate(lines, 1):
        found = re.fullmatch(r"([1-9][0-9]*) ([A-Z])", line, re.ASCII)
        if found is None or int(found[1]) != number or found[2] not in meaning:
            raise CriticError(
                f"Line {number} of the answer about what is in view cannot be read: {plain_text(line, 40)!r}."
            )
        said.append(meaning[found[2]])
    if len(said) != len(Limit) + len(asked):
        raise CriticError(
            f"The answer about what is in view has {len(said)} lines instead of {len(Limit) + len(asked)}."
        )
    seen = {limit: value for limit, value in zip(Limit, said, strict=False) if value is not None}
    presence = {s.name: value for s, value in zip(asked, said[len(Limit) :], strict=True)}
    presence |= {s.name: None for s in structures if s.name not in presence}
    return FieldOfView(seen, "asked"), presence


def _turned(letters: Mapping[str, str]) -> dict[str, str]:
    return {letter: meaning for meaning, letter in letters.items()}


def _variant(words: StructureWords, seen: FieldOfView) -> Variant | None:
    """Return the first variant whose landmarks are all known to be out of view."""
    return next((v for v in words.variant if set(v.when_missing) <= set(seen.out_of_view)), None)


def _judged(examples: int, pictures: int) -> tuple[str, ...]:
    """Return how the pictures that are judged are called: by their place once others come before them."""
    if examples:
        return tuple(f"picture {examples + n}" for n in range(1, pictures + 1))
    return ("the first picture", "the second picture") if pictures == 2 else ("the picture",)


def _listed(limits: Sequence[Limit]) -> str:
    names = [_LANDMARKS[limit] for limit in limits]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _plain(text: str, longest: int) -> str:
    """Make a text from data fit for a prompt: one line, bounded, without the characters of control marks."""
    return plain_text(re.sub(r"[<>|{}]", " ", unicodedata.normalize("NFKC", text)), longest)


def _block(template: Template, name: str, values: Mapping[str, object]) -> str:
    """Render one block; raises PromptError with the template's line."""
    file = template.name or ""
    try:
        text = "".join(template.blocks[name](template.new_context(dict(values)))).strip()
    except _RENDERING as error:
        raise PromptError([rendering_problem(file, error)]) from error
    if len(text) > LONGEST_TEXT:
        raise PromptError([Problem(file, f"its text has more than {LONGEST_TEXT} characters")])
    if holds_control_mark(text):
        raise PromptError([Problem(file, f"the control mark {CONTROL_MARK!r} comes out of it")])
    return text
