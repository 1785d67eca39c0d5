"""Examples for a question: labels of other cases whose worth is known, from this review's decisions or a folder.

Layer: services.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice, zip_longest
from pathlib import Path

import numpy as np

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, ReviewError, UserError
from labelcritic_gui.core.review import Status
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.critic.base import Example, PictureCritic
from labelcritic_gui.formats import picture_cache
from labelcritic_gui.formats.example_folder import example_files, read_example
from labelcritic_gui.services.model_pictures import ModelPictures
from labelcritic_gui.services.pictures import FORM, PICTURES
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions

CLEARLY_WORSE_DICE = 0.9
"""A candidate that was not accepted is a bad example only below this Dice to the accepted one: both may be good."""
MOST_LOOKED_AT = 40
"""Labels looked at for each example wanted, before less of a kind is put up with."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A label whose worth is known; `name` says where it comes from, `draw` makes the example when it is chosen."""

    name: str
    good: bool
    draw: Callable[[], Example]


class ExampleShelf:
    """Finds the examples for the questions about one case; never takes one of that case.

    What is chosen follows from the decisions of that moment, and from what is measured of them by then: a rival counts
    as bad only once its Dice to the accepted one is known. The same of both give the same examples.
    """

    def __init__(
        self, review: OpenReview, case: CaseId, critic: PictureCritic, *, cancel: Cancel | None = None
    ) -> None:
        self._review = review
        self._case = case
        self._critic = critic
        self._cancel = cancel
        self._found: dict[str, tuple[Example, ...]] = {}

    def of(self, structure: str) -> tuple[Example, ...]:
        """Return up to as many examples of a structure as the critic wants, good and bad in turn.

        Raises UnreadableFileError when the examples folder is missing or holds something else than pictures.
        """
        if not self._critic.how.shots:
            return ()
        if structure not in self._found:
            folder = self._critic.how.examples_folder
            known = self._from_folder(Path(folder), structure) if folder else self._from_decisions(structure)
            self._found[structure] = tuple(self._chosen(known))
        return self._found[structure]

    def again(self, name: str, structure: str, views: Sequence[str]) -> Example | None:
        """Return an example that was shown before, by its name; None when it cannot be made again."""
        folder = self._critic.how.examples_folder
        kind, _, file = name.partition("/")
        if folder and kind in {"good", "bad"} and "/" not in file:
            return _read(Path(folder) / structure / kind / file, kind == "good", name)
        if name.count("/") < 2:
            return None  # of a folder that the settings do not name any more
        case, label_set, rest = name.rsplit("/", 2)
        shown, _, version = rest.rpartition(".v")
        candidate = CandidateId(CaseId(case), shown, label_set, int(version))
        known = {c.id for c in index.candidates_of(self._review.database, candidate.case)}
        return self._draw(candidate, name, good=True, views=views) if candidate in known else None

    def _chosen(self, known: Iterable[_Known]) -> Iterator[Example]:
        """Draw good and bad ones in turn; what cannot be drawn is passed over."""
        shots = self._critic.how.shots
        sides: dict[bool, list[_Known]] = {True: [], False: []}
        for one in islice(known, MOST_LOOKED_AT * shots):
            sides[one.good].append(one)
            if min(len(side) for side in sides.values()) >= shots:
                break
        turns = (k for pair in zip_longest(*sides.values()) for k in pair if k is not None)
        return islice(chain.from_iterable(self._drawn(k) for k in turns), shots)

    def _drawn(self, known: _Known) -> Iterator[Example]:
        try:
            yield known.draw()
        except CancelledError:
            raise
        except UserError:
            if self._critic.how.examples_folder:
                raise
            # a mask of another case that went away must not stop the questions about this one

    def _from_folder(self, folder: Path, structure: str) -> Iterator[_Known]:
        for file, good in sorted(example_files(folder, structure), key=lambda entry: _shuffled(entry[0].name)):
            if _same_case(file.stem, self._case):
                continue
            name = f"{'good' if good else 'bad'}/{file.name}"
            yield _Known(name, good, lambda file=file, good=good, name=name: _read(file, good, name))  # type: ignore[misc]

    def _from_decisions(self, structure: str) -> Iterator[_Known]:
        settled = index.settled_items(self._review.database, structure)
        for item, status, accepted, version in sorted(settled, key=lambda one: _shuffled(str(one[0]))):
            if item.case == self._case:
                continue
            rivals = [c.id for c in index.candidates_of(self._review.database, item.case, structure)]
            if status is Status.ACCEPTED:
                chosen = CandidateId(item.case, structure, accepted, version)
                rivals = [c for c in rivals if c.label_set != accepted and self._clearly_worse(item, chosen.key, c)]
                if not self._spoilt_beside(chosen):
                    yield self._candidate(chosen, good=True)
            yield from (self._candidate(c, good=False) for c in rivals)

    def _spoilt_beside(self, accepted: CandidateId) -> bool:
        """Say whether the other side of a pair, which is drawn together with this one, was decided otherwise."""
        other = self._review.table.get(accepted.structure).pair
        if not other or other not in self._review.structures:
            return False
        try:
            row = index.item_row(self._review.database, ItemId(accepted.case, other))
        except ReviewError:
            return False
        return row["status"] != Status.OPEN and (row["status"], row["label_set"]) != (
            Status.ACCEPTED,
            accepted.label_set,
        )

    def _candidate(self, candidate: CandidateId, *, good: bool) -> _Known:
        name = f"{candidate.case}/{candidate.label_set}/{candidate.structure}.v{candidate.version}"
        return _Known(name, good, lambda: self._draw(candidate, name, good=good))

    def _draw(self, candidate: CandidateId, name: str, *, good: bool, views: Sequence[str] = ()) -> Example:
        """Draw a candidate in the critic's views (or these), or take the picture that was drawn of it before."""
        review, wanted = self._review, tuple(views or self._critic.how.views)
        beside = candidate._replace(structure=review.table.get(candidate.structure).pair)  # may be drawn with it
        sources = [c for c in index.candidates_of(review.database, candidate.case) if c.id in {candidate, beside}]
        files = picture_cache.file_stamp(review.image_path(candidate.case), *(review.mask_path(c) for c in sources))
        hashes = [c.content_hash for c in sources]
        stamp = f"{FORM}:{name}:{hashes}:{wanted}:{self._critic.identity.prompts}:{files}"
        place = picture_cache.cache_file(review.folder / PICTURES / "examples", f"{name}:{wanted}")
        kept = picture_cache.load_arrays(place, stamp)
        if kept is not None and "png" in kept:
            return Example(kept["png"].tobytes(), good, name)
        pictures = ModelPictures(review, candidate.case, self._critic, cancel=self._cancel)
        shown = pictures.of(candidate.item, (candidate,), views=wanted)
        picture_cache.save_arrays(place, stamp, {"png": np.frombuffer(shown.pictures[0], dtype=np.uint8)})
        return Example(shown.pictures[0], good, name)

    def _clearly_worse(self, item: ItemId, accepted: str, rival: CandidateId) -> bool:
        stored: Mapping[str, Mapping[str, object]] = opinions.facts_of(self._review.database, item)
        for sets in (f"{accepted}:{rival.key}", f"{rival.key}:{accepted}"):
            dice = stored.get(sets, {}).get("dice")
            if isinstance(dice, float):
                return dice < CLEARLY_WORSE_DICE
        return False


def _read(file: Path, good: bool, name: str) -> Example:
    return Example(read_example(file, good=good).picture, good, name)


def taught_by(structure: Structure, asked_as: str) -> str:
    """Return whose examples a question shows: of a pair that is drawn together, one side's for both.

    Both sides are then one question, which is asked once.
    """
    return min(structure.name, structure.pair) if asked_as and structure.pair else structure.name


def _shuffled(name: str) -> str:
    """Return a sort key by which names stand in an order that says nothing, the same every time."""
    return sha256(name.encode()).hexdigest()


def _same_case(stem: str, case: CaseId) -> bool:
    """Say whether a file names a case anywhere, whole words alone: its id, or the last part of it."""
    words = _words(stem)
    for named in (_words(case), _words(case.rsplit("/", 1)[-1])):
        starts = range(len(words) - len(named) + 1)
        if named and any(words[start : start + len(named)] == named for start in starts):
            return True
    return False


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if word]
