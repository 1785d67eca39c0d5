"""Read errors from sentences: "remove the lower third; leak 15 mm into the stomach". Layer: faults.

The grammar is documented with every form in docs/faults.md. It is a table of patterns over folded text, not a language
model: a sentence is understood as a whole or refused.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from labelcritic_gui.faults.kinds import GROSS, MILD, MODERATE, FaultKind, FaultSeverity, RecipeError
from labelcritic_gui.faults.recipe import Recipe, usual_severity

Names = Callable[[str], str]

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PARTS = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "tenth": 0.1}
_PLACES = {
    "top": ("top", "upper", "superior", "cranial", "uppermost", "up", "upwards", "upward"),
    "bottom": ("bottom", "lower", "inferior", "caudal", "lowest", "down", "downwards", "downward"),
    "left": ("left",),
    "right": ("right",),
    "front": ("front", "anterior", "ventral", "forwards", "forward"),
    "back": ("back", "posterior", "dorsal", "rear", "backwards", "backward"),
}
_PLACE_OF = {word: place for place, words in _PLACES.items() for word in words}
_ADVERBS: dict[str, FaultSeverity] = {
    **dict.fromkeys(("mildly", "slightly"), MILD),
    "moderately": MODERATE,
    **dict.fromkeys(("grossly", "severely", "badly"), GROSS),
}

_PLACE = f"(?P<place>{'|'.join(sorted(_PLACE_OF, key=len, reverse=True))})"
_NUMBER = rf"(?P<number>\d+(?:\.\d+)?|a|an|{'|'.join(_WORDS)})"
_MM = rf"(?:by |about )*{_NUMBER} ?(?P<unit>mm|millimetres?|millimeters?|cm|centimetres?|centimeters?)"
_MM_AFTER = _MM.replace("<number>", "<number2>").replace("<unit>", "<unit2>")
_SHARE = (
    rf"(?:(?:{_NUMBER} ?(?:%|percent|per cent))|(?:(?:(?P<times>a|an|{'|'.join(_WORDS)}) )?"
    rf"(?P<part>{'|'.join(_PARTS)})s?))"
)
_COUNT = rf"(?P<number>\d+|a|an|{'|'.join(_WORDS)})"
_NAME = r"(?:the |a |an )?(?P<name>[^\s;,].*?)"
_NEIGHBOUR = rf"(?:(?P<any>(?:a|the|its) neighbou?r(?:ing structure)?)|{_NAME})"
_THE = r"(?:the )?(?:patient's )?"
_PIECE = "(?: part| end| side| portion)?"

_FORMS: tuple[tuple[FaultKind, str], ...] = (
    (FaultKind.LEAK, rf"(?:leak|spill) into {_NEIGHBOUR} {_MM}"),
    (
        FaultKind.LEAK,
        rf"(?:leak|spill)(?: {_MM})? into (?:{_THE}(?P<tissue>(?:unlabelled |other )?tissue)|{_NEIGHBOUR})",
    ),
    (FaultKind.LEAK, rf"(?:leak|spill)(?: {_MM})?"),
    (
        FaultKind.CUT,
        rf"cut off {_THE}(?:{_PLACE} )?{_SHARE}(?: of it)?(?: (?:with|along) (?P<plane>a flat|an oblique) plane)?",
    ),
    (
        FaultKind.CUT,
        rf"cut off (?:a part|{_THE}{_PLACE}{_PIECE})(?: (?:with|along) (?P<plane>a flat|an oblique) plane)?",
    ),
    (FaultKind.MISSING, r"(?:remove|drop|miss) (?P<lobe>a lobe|one lobe)"),
    (FaultKind.MISSING, rf"(?:remove|drop|miss) {_THE}(?:{_PLACE} )?{_SHARE}(?: of it)?"),
    (FaultKind.MISSING, rf"(?:remove|drop|miss) (?:a part(?: of it)?|an end|{_THE}{_PLACE}{_PIECE})"),
    (FaultKind.SWAP, r"swap(?: (?:the )?(?:left and right|right and left|sides))?"),
    (FaultKind.SWAP, r"take (?P<both>both sides)"),
    (FaultKind.SWAP, rf"take (?:(?P<bit>a? ?part)|{_SHARE}) of the other side(?: as well| too)?"),
    (FaultKind.SHIFT, rf"(?:shift|move)(?: it)?(?: {_MM})?(?: (?:to |towards )?{_THE}{_PLACE})?"),
    (FaultKind.SHIFT, rf"(?:shift|move)(?: it)? (?:to |towards )?{_THE}{_PLACE} {_MM}"),
    (FaultKind.OTHER, r"(?:move|put)(?: it)? to (?P<far>an impossible place)"),
    (FaultKind.OTHER, rf"replace(?: {_THE}{_SHARE}(?: of it)?| it)? (?:by|with) {_NEIGHBOUR}"),
    (FaultKind.ISLANDS, rf"(?:add|scatter)(?: {_COUNT})?(?: small| spurious)? islands?"),
    (FaultKind.HOLES, rf"(?:punch|add|make)(?: {_COUNT})? holes?"),
    (
        FaultKind.OUTSIDE,
        rf"(?:run|leak|go)(?: {_MM})? (?:outside|out of) the body(?: {_MM_AFTER})?"
        rf"(?: on {_THE}{_PLACE}(?: side)?)?",
    ),
    (FaultKind.EMPTY, r"(?:empty|empty it|remove (?:it all|everything|all of it)|leave nothing)"),
    (FaultKind.ROUGH, rf"(?:roughen|make rough)(?: the (?:edge|boundary|surface))?(?: {_MM})?"),
    (FaultKind.OVER, rf"(?:grow|expand|enlarge|dilate)(?: it)?(?: {_MM})?"),
    (FaultKind.UNDER, rf"(?:shrink|erode)(?: it)?(?: {_MM})?"),
    (FaultKind.FRAGMENT, rf"keep only (?:(?:a )?(?P<fragment>fragment|small piece)(?: of {_SHARE})?)"),
    (FaultKind.FRAGMENT, rf"break (?:it )?into(?: {_COUNT})? (?P<pieces>pieces)"),
    (FaultKind.MERGED, rf"merge (?:it )?with (?:{_SHARE} of )?{_NEIGHBOUR}"),
)
_COMPILED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _FORMS)

UNDERSTOOD = (
    "remove the bottom 20 %",
    "remove the lower third",
    "remove a lobe",
    "cut off the front quarter with a flat plane",
    "leak 15 mm into the stomach",
    "leak into unlabelled tissue",
    "swap left and right",
    "take both sides",
    "shift 12 mm up",
    "replace by the pancreas",
    "merge with the left kidney",
    "move to an impossible place",
    "grow by 3 mm",
    "shrink by 2 mm",
    "roughen the edge",
    "add 5 islands",
    "punch 3 holes",
    "keep only a fragment",
    "break into 4 pieces",
    "run 20 mm outside the body",
    "empty",
)
"""One example of every form, for whoever asks what is understood."""


def parse(text: str, *, names: Names) -> tuple[Recipe, ...]:
    """Return the recipes of one or more sentences, apart by ";", a new line, "then" or "and then".

    `names` turns a structure's name or alias as people say it into its one name; an unknown one it returns unchanged
    or refuses with a UserError of its own. Raises RecipeError quoting the sentence that is not understood.
    """
    sentences = [s.strip(" .,\t") for s in re.split(r";|\n|(?:,\s*)?\b(?:and\s+)?then\b", text, flags=re.IGNORECASE)]
    found = tuple(_sentence(s, names) for s in sentences if s)
    if not found:
        raise RecipeError("No error is described.", _hint())
    return found


def _hint() -> str:
    return "Understood are: " + "; ".join(UNDERSTOOD) + "."


def _sentence(sentence: str, names: Names) -> Recipe:
    folded = re.sub(r"\s+", " ", sentence.replace("’", "'")).strip()
    severity: FaultSeverity | None = None
    for word, meant in _ADVERBS.items():
        bare = re.sub(rf"(^{word} | {word}$| {word}(?= ))", " ", folded, count=1, flags=re.IGNORECASE).strip()
        if bare != folded:
            folded, severity = re.sub(r"\s+", " ", bare), meant
            break
    for kind, pattern in _COMPILED:
        match = pattern.fullmatch(folded)
        if match is not None:
            said = {key: value for key, value in match.groupdict().items() if value}
            recipe = _recipe(kind, said, names)
            return recipe if severity is None else replace(recipe, severity=severity)
    raise RecipeError(f"{sentence!r} is not understood.", _hint())


def _recipe(kind: FaultKind, said: dict[str, str], names: Names) -> Recipe:
    amount = _amount(kind, said)
    where = _PLACE_OF.get(said.get("place", "").lower(), "")
    if said.get("plane", "").lower() == "an oblique":
        if where:
            raise RecipeError(
                "An oblique plane has no side of the body.", 'Say "cut off a quarter with an oblique plane".'
            )
        where = "oblique"
    where = next((w for w in ("lobe", "tissue", "far") if w in said), where)
    target = _named(said["name"], names) if "name" in said else ""
    severity = usual_severity(kind, amount)
    if kind is FaultKind.SWAP and amount is None:
        severity = MODERATE if "both" in said else MILD if "bit" in said else GROSS
    elif kind is FaultKind.FRAGMENT and amount is None:
        severity = GROSS if "fragment" in said else MODERATE
    return Recipe(kind, severity, amount, where, target)


def _amount(kind: FaultKind, said: dict[str, str]) -> float | None:
    """Return what was said as mm, share or count; None when nothing was."""
    if "part" in said:
        times = said.get("times", "one").lower()
        return _PARTS[said["part"].lower()] * (1 if times in ("a", "an") else _WORDS.index(times) + 1)
    number = said.get("number", said.get("number2"))
    if number is None:
        return None
    value = _number(number.lower())
    unit = said.get("unit", said.get("unit2", "")).lower()
    if unit:
        return value * (10.0 if unit.startswith("c") else 1.0)
    counted = kind in (FaultKind.ISLANDS, FaultKind.HOLES) or "pieces" in said
    return value if counted else value / 100.0


def _number(word: str) -> float:
    if word in ("a", "an"):
        return 1.0
    return float(_WORDS.index(word) + 1) if word in _WORDS else float(word)


def _named(spoken: str, names: Names) -> str:
    """Return a structure's name: an alias's, else the words joined, a side at their end (left kidney: kidney_left)."""
    plain = spoken.strip(" '")
    if plain.startswith('"'):
        return names(plain.strip('"'))
    words = plain.lower().split()
    tries = [plain] if len(words) < 2 else [plain, "_".join(words)]
    if len(words) > 1 and words[0] in ("left", "right"):
        tries.append("_".join([*words[1:], words[0]]))
    for word in tries:
        known = names(word)
        if known != word:
            return known
    return tries[-1]
