"""Recipes: which candidates a patchwork is made of, and what was done step by step. Layer: core."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Index3

RECIPE_SCHEMA = 1
MOST_BASES = 4
Source = int | Literal["intersection", "union"]
"""Whose opinion counts: a base's number from 1, or what all of them claim, or what any of them claims."""


@dataclass(frozen=True, slots=True)
class Base:
    """A candidate that a patchwork is made of, and what its mask must be for the recipe to give the same again."""

    candidate: CandidateId
    content_hash: str


@dataclass(frozen=True, slots=True)
class Start:
    """Begin with what a base claims, or with what all or any of them claim; every earlier step is forgotten."""

    source: Source


@dataclass(frozen=True, slots=True)
class Take:
    """Let base `source` (from 1) say whether a region is inside. `region` is its first voxel, see `partition`."""

    region: Index3
    source: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Leave a region out, whoever claims it."""

    region: Index3


@dataclass(frozen=True, slots=True)
class DropIslands:
    """Leave out the parts of fewer than `below` voxels; never the largest."""

    below: int


@dataclass(frozen=True, slots=True)
class FillHoles:
    """Fill the cavities: background that reaches the outside by no voxel face."""


@dataclass(frozen=True, slots=True)
class KeepLargest:
    """Leave out every part but the largest."""


Step = Start | Take | Drop | DropIslands | FillHoles | KeepLargest


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that is needed to make a patchwork again: the bases (1 to 4, of one item) and the steps, a start first.

    Raises ReviewError for anything else.
    """

    bases: tuple[Base, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.bases) <= MOST_BASES:
            raise ReviewError(f"A patchwork is made of 1 to {MOST_BASES} candidates, not of {len(self.bases)}.")
        if len({base.candidate.item for base in self.bases}) > 1:
            raise ReviewError("A patchwork is made of candidates of one item.")
        if not self.steps or not isinstance(self.steps[0], Start):
            raise ReviewError("A recipe begins with what it starts from.")
        for step in self.steps:
            check_step(step, len(self.bases))

    @property
    def item(self) -> ItemId:
        """The item whose candidates are pieced together."""
        return self.bases[0].candidate.item

    @property
    def started_from(self) -> CandidateId:
        """The base that the last start names; the first one, where it names all of them."""
        start = next(step for step in reversed(self.steps) if isinstance(step, Start))
        return self.bases[start.source - 1 if isinstance(start.source, int) else 0].candidate

    @property
    def in_force(self) -> tuple[Step, ...]:
        """The steps from the last start on: what was done before it makes no difference."""
        last = max(n for n, step in enumerate(self.steps) if isinstance(step, Start))
        return self.steps[last:]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "schema": RECIPE_SCHEMA,
            "bases": [
                {"label_set": b.candidate.label_set, "version": b.candidate.version, "content_hash": b.content_hash}
                for b in self.bases
            ],
            "steps": [step_to_json(step) for step in self.steps],
        }


def recipe_from_json(item: ItemId, stored: Mapping[str, Any]) -> Recipe:
    """Read a recipe of an item back; raises ReviewError when it is damaged or of a newer program."""
    try:
        if stored["schema"] != RECIPE_SCHEMA:
            raise ReviewError(f"The recipe has schema {stored['schema']}; this program knows {RECIPE_SCHEMA}.")
        bases = tuple(
            Base(CandidateId(CaseId(item.case), item.structure, b["label_set"], b["version"]), b["content_hash"])
            for b in stored["bases"]
        )
        return Recipe(bases, tuple(step_from_json(step) for step in stored["steps"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ReviewError(f"The recipe of a patchwork of {item} is damaged: {error!r}.") from error


def check_step(step: Step, bases: int) -> None:
    """Raise ReviewError for a step that names a base that is not there, or a size that is none."""
    source = step.source if isinstance(step, Start | Take) else 1
    if isinstance(source, int) and not 1 <= source <= bases:
        raise ReviewError(f"There is no candidate {source} among the {bases} of this patchwork.")
    if isinstance(step, DropIslands) and step.below < 1:
        raise ReviewError(f"No island is smaller than {step.below} voxels.")


def choices_of(steps: Sequence[Step]) -> dict[Index3, int]:
    """Return what was said of single regions since the last start: the base that counts there, or 0 for none."""
    said: dict[Index3, int] = {}
    for step in steps:
        if isinstance(step, Start):
            said.clear()
        elif isinstance(step, Take | Drop):
            said[step.region] = step.source if isinstance(step, Take) else 0
    return said


_PLAIN: Mapping[str, type[FillHoles] | type[KeepLargest]] = {"fill-holes": FillHoles, "keep-largest": KeepLargest}


def step_to_json(step: Step) -> dict[str, Any]:
    """Return a step as plain JSON values."""
    match step:
        case Start(source):
            return {"do": "start", "from": source}
        case Take(region, source):
            return {"do": "take", "region": list(region), "from": source}
        case Drop(region):
            return {"do": "drop", "region": list(region)}
        case DropIslands(below):
            return {"do": "drop-islands", "below_voxels": below}
        case FillHoles():
            return {"do": "fill-holes"}
        case KeepLargest():
            return {"do": "keep-largest"}


def step_from_json(stored: Mapping[str, Any]) -> Step:
    """Read a step back; raises KeyError, TypeError or ValueError for what is none."""
    known: Mapping[str, Callable[[], Step]] = {
        "start": lambda: Start(_source(stored["from"])),
        "take": lambda: Take(_region(stored["region"]), int(stored["from"])),
        "drop": lambda: Drop(_region(stored["region"])),
        "drop-islands": lambda: DropIslands(int(stored["below_voxels"])),
        **_PLAIN,
    }
    return known[stored["do"]]()


def _source(stored: Any) -> Source:
    return stored if stored in ("intersection", "union") else int(stored)


def _region(stored: Any) -> Index3:
    x, y, z = (int(n) for n in stored)
    return x, y, z
