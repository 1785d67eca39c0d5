"""The patchwork itself: steps done and undone one by one, and recipes applied from the first to the last. Layer: core.

The same code does both, so that what a reader saw is what the recipe gives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.measures.runs import Ints, cavities_of, parts_of
from labelcritic_gui.core.patchwork.partition import Partition, places_of
from labelcritic_gui.core.patchwork.recipe import (
    Drop,
    DropIslands,
    FillHoles,
    KeepLargest,
    Recipe,
    Start,
    Step,
    Take,
    check_step,
)

_FEW = 64
"""Of a change, the voxels are remembered where they are fewer than one in so many; else all of them, a bit each."""

_NONE: Ints = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class _Done:
    """A step with what it changed: the places of voxels, or a bit for each voxel; and what was whole before."""

    step: Step
    places: Ints | None
    bits: NDArray[np.uint8] | None
    chosen: NDArray[np.bool_] | None


class Patch:
    """A mask in the making. Not safe to be used by two threads at once.

    `chosen` says which regions are inside, as long as the mask is made of whole regions; None after holes were filled.
    """

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self._inside = np.zeros(int(np.prod(partition.shape)), dtype=np.bool_)
        self._done: list[_Done] = []
        self.chosen: NDArray[np.bool_] | None = np.zeros(len(partition), dtype=np.bool_)
        self.count = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps done."""
        return tuple(done.step for done in self._done)

    @property
    def voxels(self) -> NDArray[np.bool_]:
        """The mask on the partition's box, bool [x, y, z]; a view of what the next step changes."""
        return self._inside.reshape(self.partition.shape, order="F")

    @property
    def ml(self) -> float:
        """Its volume in millilitres."""
        return self.count * self.partition.geometry.voxel_ml

    def parts(self) -> int:
        """Return how many 26-connected parts it has."""
        if not self.count:
            return 0
        if self.chosen is None:
            return int(parts_of(self.voxels).sizes.size)
        return int(np.unique(self.partition.parts_among(self.chosen)[self.chosen]).size)

    def mask(self) -> Mask:
        """Return it as a mask of its own."""
        return Mask.from_array(self.voxels, self.partition.geometry, offset=self.partition.origin)

    def show(self, steps: Sequence[Step]) -> None:
        """Do and undo steps until exactly these are done; raises ReviewError for one that cannot be."""
        same = 0
        while same < min(len(steps), len(self._done)) and self._done[same].step == steps[same]:
            same += 1
        while len(self._done) > same:
            self._undo()
        for step in steps[same:]:
            self._do(step)

    def _do(self, step: Step) -> None:
        check_step(step, self.partition.candidates)
        before = self.chosen
        changed = self._change(step)
        self._flip(changed)
        if changed.size * _FEW <= self._inside.size:
            self._done.append(_Done(step, changed, None, before))
            return
        flips = np.zeros_like(self._inside)
        flips[changed] = True
        self._done.append(_Done(step, None, np.packbits(flips), before))

    def _undo(self) -> None:
        done = self._done.pop()
        if done.places is not None:
            self._flip(done.places)
        elif done.bits is not None:
            self._flip(np.flatnonzero(np.unpackbits(done.bits, count=self._inside.size)))
        self.chosen = done.chosen

    def _flip(self, places: Ints) -> None:
        now = ~self._inside[places]
        self._inside[places] = now
        self.count += 2 * int(np.count_nonzero(now)) - now.size

    def _change(self, step: Step) -> Ints:
        """Return which voxels a step changes, as places in the box; takes note of which regions are inside after it."""
        match step:
            case Start(source):
                return self._started(source)
            case Take(name, source):
                number = self.partition.number_of(name)
                return self._region(number, inside=bool(self.partition.claimed_by(source)[number]))
            case Drop(name):
                return self._region(self.partition.number_of(name), inside=False)
            case FillHoles():
                return self._holes()
            case KeepLargest():
                return self._smaller_parts(None)
            case DropIslands(below):
                return self._smaller_parts(below)

    def _started(self, source: int | str) -> Ints:
        partition = self.partition
        if isinstance(source, int):
            chosen = partition.claimed_by(source)
        else:
            chosen = partition.common if source == "intersection" else np.ones(len(partition), dtype=np.bool_)
        wanted = np.zeros_like(self._inside)
        wanted[partition.flat(np.flatnonzero(chosen).tolist())] = True
        self.chosen = np.asarray(chosen, dtype=np.bool_)
        return np.flatnonzero(wanted != self._inside).astype(np.int64)

    def _region(self, number: int, *, inside: bool) -> Ints:
        places = self.partition.flat([number])
        if self.chosen is not None:
            self.chosen = self.chosen.copy()
            self.chosen[number] = inside
        changed: Ints = places[self._inside[places] != inside]
        return changed

    def _holes(self) -> Ints:
        if not self.count:
            return _NONE
        found = cavities_of(self.voxels)
        if not found.sizes.size:
            return _NONE
        self.chosen = None
        return places_of(found.line * self.partition.shape[0] + found.first, found.last - found.first + 1)

    def _smaller_parts(self, below: int | None) -> Ints:
        """Return the voxels of the parts smaller than `below`, or of all (None) but the largest; never the largest."""
        if self.chosen is None:
            return self._smaller_of_voxels(below)
        partition = self.partition
        inside = np.flatnonzero(self.chosen)
        if not inside.size:
            return inside
        part = partition.parts_among(self.chosen)[inside]
        sizes = np.bincount(part, weights=partition.sizes[inside]).astype(np.int64)
        firsts = np.full(sizes.size, np.iinfo(np.int64).max)
        np.minimum.at(firsts, part, partition.rank_of_first(inside))
        largest = np.lexsort((firsts, -sizes))[0]
        gone = sizes < below if below is not None else np.ones(sizes.size, dtype=np.bool_)
        gone[largest] = False
        dropped = inside[gone[part]]
        self.chosen = self.chosen.copy()
        self.chosen[dropped] = False
        return partition.flat(dropped.tolist())

    def _smaller_of_voxels(self, below: int | None) -> Ints:
        if not self.count:
            return _NONE
        found = parts_of(self.voxels)
        gone = found.sizes < below if below is not None else np.ones(found.sizes.size, dtype=np.bool_)
        gone[:1] = False  # the largest comes first; of equal ones, the one with the first voxel
        runs = gone[found.part]
        starts = found.line * self.partition.shape[0] + found.first
        return places_of(starts[runs], (found.last - found.first + 1)[runs])


def apply(recipe: Recipe, masks: Sequence[Mask]) -> Mask:
    """Return what a recipe makes of its bases' masks, in their order and on one grid; the same voxels every time.

    Raises ReviewError when the masks are not as many as the bases, or not those that the recipe was made for.
    """
    if len(masks) != len(recipe.bases):
        raise ReviewError(f"The recipe is made of {len(recipe.bases)} candidates, and {len(masks)} masks were given.")
    patch = Patch(Partition(masks))
    patch.show(recipe.steps)
    return patch.mask()
