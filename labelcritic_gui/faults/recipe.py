"""A recipe: which error to plant, how far, where; its sentence; and the standard recipes. Layer: faults."""

from dataclasses import dataclass

from labelcritic_gui.faults.kinds import (
    GROSS,
    MILD,
    MODERATE,
    NATURES,
    FaultKind,
    FaultSeverity,
    RecipeError,
    usual_severity,
)
from labelcritic_gui.faults.scene import shown

__all__ = ["STANDARD", "FaultKind", "FaultSeverity", "Recipe", "usual_severity"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """An error to plant, as data.

    `amount` is in mm (to 0.1), a share of the volume (to 0.01) or a count, by kind; None lets the severity choose what
    suits the structure. `where` is a direction of the patient (top, bottom, left, right, front, back), or one of lobe
    (missing), oblique (cut), tissue (leak), far (other), or empty. `target` names another structure. Raises RecipeError
    when the kind takes no such amount, place or target.
    """

    kind: FaultKind
    severity: FaultSeverity
    amount: float | None = None
    where: str = ""
    target: str = ""

    def __post_init__(self) -> None:
        nature = NATURES[self.kind]
        if self.where and self.where not in nature.wheres:
            raise RecipeError(
                f"The error {self.kind} takes no place {self.where!r}.",
                f"It takes {', '.join(nature.wheres)}." if nature.wheres else "Leave the place out.",
            )
        if self.target and (not nature.takes_target or self.where):
            raise RecipeError(f"The error {self.kind} takes no other structure there.", "Leave it out.")
        if self.amount is not None:
            # rounded, so that the sentence, which people read, says all of it
            object.__setattr__(self, "amount", self._rounded(self.amount))

    def _rounded(self, amount: float) -> float:
        nature = NATURES[self.kind]
        shares = nature.measure == "share" or (nature.measure == "share or count" and amount < 1)
        places = 2 if shares else 1 if nature.measure == "mm" else 0
        value = round(float(amount), places)
        broken = self.kind is FaultKind.FRAGMENT and 0.95 < value < 2
        if nature.measure == "none" or broken or not nature.least <= value <= nature.most or self.where in _NO_AMOUNT:
            raise RecipeError(f"The error {self.kind} takes no amount of {amount:g}.", _range_of(self.kind, self.where))
        return value

    @property
    def text(self) -> str:
        """The sentence of the grammar that says this recipe; `grammar.parse` gives it back."""
        usual = usual_severity(self.kind, self.amount)
        if self.amount is None and self.kind is FaultKind.SWAP:
            usual = self.severity  # each severity has words of its own
        elif self.amount is None and self.kind is FaultKind.FRAGMENT and self.severity is not GROSS:
            usual = MODERATE
        sentence = _SENTENCES[self.kind](self)
        return sentence if self.severity is usual else f"{_ADVERBS[self.severity]} {sentence}"


_NO_AMOUNT = ("lobe", "far")
_ADVERBS = {MILD: "mildly", MODERATE: "moderately", GROSS: "grossly"}
_WAYS = {
    "top": "up",
    "bottom": "down",
    "left": "to the left",
    "right": "to the right",
    "front": "to the front",
    "back": "to the back",
}


def _range_of(kind: FaultKind, where: str) -> str:
    nature = NATURES[kind]
    if nature.measure == "none" or where in _NO_AMOUNT:
        return "Leave the amount out."
    if kind is FaultKind.FRAGMENT:
        return "It takes the share that is kept, 1 to 95 %, or 2 to 20 pieces."
    if nature.measure == "share":
        return f"It takes {nature.least:.0%} to {nature.most:.0%}."
    return f"It takes {nature.least:g} to {nature.most:g}{' mm' if nature.measure == 'mm' else ''}."


def spoken(structure: str) -> str:
    """Return a structure's name for a sentence, so that it can be read back: side first; bare or quoted if need be."""
    plain = shown(structure)
    words = plain.split()
    back = "_".join([*words[1:], words[0]]) if words and words[0] in ("left", "right") else "_".join(words)
    if back == structure.lower() == structure:
        return plain
    return structure if len(structure.split()) == 1 and structure.isidentifier() else f'"{structure}"'


def _mm(recipe: Recipe) -> str:
    return f"{recipe.amount:g} mm"


def _share(recipe: Recipe) -> str:
    return f"{100 * (recipe.amount or 0):.0f} %"


def _leak(r: Recipe) -> str:
    into = f"the {spoken(r.target)}" if r.target else "unlabelled tissue" if r.where else "a neighbour"
    return f"leak into {into}" if r.amount is None else f"leak {_mm(r)} into {into}"


def _missing(r: Recipe) -> str:
    if r.where == "lobe":
        return "remove a lobe"
    if r.amount is None:
        return f"remove the {r.where} part" if r.where else "remove a part"
    return f"remove the {r.where} {_share(r)}" if r.where else f"remove {_share(r)}"


def _cut(r: Recipe) -> str:
    plane = "an oblique plane" if r.where == "oblique" else "a flat plane"
    side = "" if r.where == "oblique" else r.where
    what = "part" if r.amount is None else _share(r)
    part = f"the {side} {what}" if side else "a part" if r.amount is None else what
    return f"cut off {part} with {plane}"


def _swap(r: Recipe) -> str:
    if r.amount is not None:
        return f"take {_share(r)} of the other side"
    return {MILD: "take part of the other side", MODERATE: "take both sides", GROSS: "swap left and right"}[r.severity]


def _shift(r: Recipe) -> str:
    way = f" {_WAYS[r.where]}" if r.where else ""
    return f"shift{way}" if r.amount is None else f"shift by {_mm(r)}{way}"


def _other(r: Recipe) -> str:
    if r.where == "far":
        return "move to an impossible place"
    by = f"the {spoken(r.target)}" if r.target else "a neighbour"
    return f"replace by {by}" if r.amount is None else f"replace {_share(r)} by {by}"


def _counted(r: Recipe, verb: str, noun: str) -> str:
    if r.amount is None:
        return f"{verb} {noun}s"
    return f"{verb} {r.amount:.0f} {noun}{'' if r.amount == 1 else 's'}"


def _outside(r: Recipe) -> str:
    side = f" on the {r.where}" if r.where else ""
    return f"run outside the body{side}" if r.amount is None else f"run {_mm(r)} outside the body{side}"


def _fragment(r: Recipe) -> str:
    if r.amount is None:
        return "keep only a fragment" if r.severity is GROSS else "break into pieces"
    return f"break into {r.amount:.0f} pieces" if r.amount >= 1 else f"keep only a fragment of {_share(r)}"


def _merged(r: Recipe) -> str:
    other = f"the {spoken(r.target)}" if r.target else "a neighbour"
    return f"merge with {other}" if r.amount is None else f"merge with {_share(r)} of {other}"


def _by_mm(r: Recipe, verb: str) -> str:
    return verb if r.amount is None else f"{verb} by {_mm(r)}"


_SENTENCES = {
    FaultKind.LEAK: _leak,
    FaultKind.MISSING: _missing,
    FaultKind.CUT: _cut,
    FaultKind.SWAP: _swap,
    FaultKind.SHIFT: _shift,
    FaultKind.OTHER: _other,
    FaultKind.ISLANDS: lambda r: _counted(r, "add", "island"),
    FaultKind.HOLES: lambda r: _counted(r, "punch", "hole"),
    FaultKind.OUTSIDE: _outside,
    FaultKind.EMPTY: lambda _: "empty",
    FaultKind.ROUGH: lambda r: _by_mm(r, "roughen the edge"),
    FaultKind.OVER: lambda r: _by_mm(r, "grow"),
    FaultKind.UNDER: lambda r: _by_mm(r, "shrink"),
    FaultKind.FRAGMENT: _fragment,
    FaultKind.MERGED: _merged,
}

_ALL = (MILD, MODERATE, GROSS)

STANDARD: tuple[Recipe, ...] = (
    *(Recipe(kind, severity) for kind in FaultKind if kind is not FaultKind.EMPTY for severity in _ALL),
    Recipe(FaultKind.EMPTY, GROSS),
    *(Recipe(FaultKind.MISSING, severity, where="lobe") for severity in _ALL),
    *(Recipe(FaultKind.CUT, severity, where="oblique") for severity in _ALL),
    *(Recipe(FaultKind.LEAK, severity, where="tissue") for severity in _ALL),
    Recipe(FaultKind.OTHER, GROSS, where="far"),
)
"""Every kind at every severity that makes sense; what is left open (side, neighbour, amount) suits each structure."""
