"""What is kept of a patchwork that was left, and what the critic says of its regions. Layer: viewmodels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from labelcritic_gui.core.geometry import Index3, Point
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patchwork.recipe import Base, Start, Step, Take
from labelcritic_gui.services.comparison import Opinions
from labelcritic_gui.viewmodels.patchwork.board import Board


@dataclass(frozen=True, slots=True)
class Kept:
    """Steps on some bases, to go on with: also when the sides changed places meanwhile."""

    bases: tuple[Base, ...] = ()
    steps: tuple[Step, ...] = ()

    def steps_for(self, bases: tuple[Base, ...]) -> tuple[Step, ...]:
        """Return the steps in terms of these bases; nothing when they are not the same masks."""
        if set(bases) != set(self.bases):
            return ()
        place = {n: bases.index(base) + 1 for n, base in enumerate(self.bases, start=1)}
        return tuple(_renumbered(step, place) for step in self.steps)


def _renumbered(step: Step, place: Mapping[int, int]) -> Step:
    if isinstance(step, Start):
        return replace(step, source=place[step.source]) if isinstance(step.source, int) else step
    return replace(step, source=place[step.source]) if isinstance(step, Take) else step


def remarks_on(
    board: Board, opinions: Opinions | None, judged: Sequence[tuple[DifferingRegion, str]]
) -> dict[Index3, str]:
    """Return what the critic says of each listed region: findings that lie in it, then what was measured there."""
    said: dict[Index3, list[str]] = {}

    def note(place: Point | None, words: str) -> None:
        row = board.region_at(place) if place is not None else None
        if row is not None and not board.regions[row].common:
            listed = said.setdefault(board.regions[row].name, [])
            if words not in listed:
                listed.append(words)

    for quality in opinions.qualities if opinions is not None else ():
        for finding in quality.findings if quality is not None else ():
            note(finding.place, f"{finding.code.value}: {finding.text}")
    for region, words in judged:
        note(region.place, words)
    return {name: "; ".join(words) for name, words in said.items()}
