"""What is put on the bench: how many errors of which kinds, and which pairs of them, from a seed. Layer: services."""

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.faults.grammar import parse
from labelcritic_gui.faults.recipe import STANDARD, FaultKind, FaultSeverity, Recipe

PER_STRUCTURE = 4
WORSE_WORST = 0.25
CLEARLY_WORSE = 0.10
"""Dice with the truth by which one of two errors must be worse than the other: nearer, nobody could say."""
MOST_PER_STRUCTURE = 1000


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """What to put on the bench.

    Attributes:
        structures: only these; empty for all that have a trusted label.
        recipes: the errors to plant.
        per_structure: how many of them in a structure of a case, in turn; 0 plants every one.
        worse_worst: pairs of two errors for each error planted, 0..1.
        singles: also every label by itself, and the truth.
        seed: draws another choice, other places, and another order of the two.
    """

    structures: tuple[str, ...] = ()
    recipes: tuple[Recipe, ...] = STANDARD
    per_structure: int = PER_STRUCTURE
    worse_worst: float = WORSE_WORST
    singles: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.recipes:
            raise UserError("No error was chosen.", "Name kinds and severities, or errors in words.")
        if not 0 <= self.per_structure <= MOST_PER_STRUCTURE:
            raise UserError(
                f"{self.per_structure} errors a structure cannot be planted.",
                f"Ask for 1 to {MOST_PER_STRUCTURE}, or 0 for all.",
            )
        if not 0 <= self.worse_worst <= 1:
            raise UserError("The share of pairs of two errors lies between 0 and 1.", "Say 0.25, for example.")
        if self.seed < 0:
            raise UserError("The seed must not be negative.", "Say 0 or more.")

    @property
    def wanted(self) -> int:
        """Errors wanted in a structure of a case."""
        return min(self.per_structure, len(self.recipes)) or len(self.recipes)

    def rng(self, case: str, structure: str, *more: int) -> np.random.Generator:
        """Return the random stream of one structure of one case, whatever else is on the bench."""
        return np.random.default_rng([self.seed, zlib.crc32(case.encode()), zlib.crc32(structure.encode()), *more])

    def turn(self, structure: str, number: int) -> Iterator[Recipe]:
        """Yield all recipes, each once, beginning where the case before (`number` counts them) left off.

        So that every error has its turn in every structure as evenly as the number of cases allows.
        """
        order = np.random.default_rng([self.seed, zlib.crc32(structure.encode())]).permutation(len(self.recipes))
        start = number * self.wanted
        for n in range(len(order)):
            yield self.recipes[int(order[(start + n) % len(order)])]


def pairs_of_errors(dices: Sequence[float], count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return up to `count` pairs (worse, better) of errors by their Dice with the truth, those clearly apart only."""
    pairs = [(a, b) if dices[a] < dices[b] else (b, a) for a, b in itertools.combinations(range(len(dices)), 2)]
    pairs = [(a, b) for a, b in pairs if dices[b] - dices[a] >= CLEARLY_WORSE]
    return [pairs[int(n)] for n in rng.permutation(len(pairs))[:count]]


def chosen_recipes(kinds: Sequence[str] = (), severities: Sequence[str] = ()) -> tuple[Recipe, ...]:
    """Return the standard recipes of some kinds and severities; raises UserError for an unknown name or none left."""
    _require_known("kind of error", kinds, [kind.value for kind in FaultKind])
    _require_known("severity", severities, [severity.value for severity in FaultSeverity])
    found = tuple(
        recipe
        for recipe in STANDARD
        if (not kinds or recipe.kind.value in kinds) and (not severities or recipe.severity.value in severities)
    )
    if not found:
        raise UserError(
            f"No standard error is {' or '.join(severities)} and of kind {' or '.join(kinds)}.", "Choose fewer limits."
        )
    return found


def described_recipes(text: str, names: Callable[[str], str]) -> tuple[Recipe, ...]:
    """Return the errors that a text describes ("remove the lower third; leak 15 mm into the stomach").

    `names` turns a name as written into a structure's. Raises UserError that says what is understood.
    """
    return parse(text, names=names)


def _require_known(what: str, asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise UserError(f"There is no {what} {name!r}.", f"Known are: {', '.join(known)}.")


def counted(reasons: Sequence[str]) -> Mapping[str, int]:
    """Return how often each reason was given, the commonest first."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
