"""Cases whose truth is known: phantoms, and the cases of a review with a trusted label set. Layer: services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CaseId
from labelcritic_gui.core.errors import CancelledError, ReviewError, UserError
from labelcritic_gui.core.geometry import Mask, Volume
from labelcritic_gui.formats import volumes
from labelcritic_gui.phantom.anatomy import PhantomSettings, make_phantom
from labelcritic_gui.phantom.person import STRUCTURES
from labelcritic_gui.services.masks import load_masks
from labelcritic_gui.services.opinions import latest
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

PHANTOMS, SIZE = 8, 192
OTHER_SEEDS = 50_000
"""Where the seeds of the second set begin: bodies that the first never has."""


@dataclass(frozen=True, eq=False, slots=True)
class BenchCase:
    """A case with its truth by structure; `number` counts the cases of a source.

    `trusted` says that the truth is a trusted label of a real image, `review` where the case comes from.
    `refused` says of structures why their trusted label cannot be used; `ghosts` are masks of structures that are not
    there, as a model that expects them would draw them.
    """

    name: str
    number: int
    volume: Volume = field(repr=False)
    masks: Mapping[str, Mask] = field(repr=False)
    trusted: bool = False
    review: OpenReview | None = field(default=None, repr=False)
    refused: Mapping[str, UserError] = field(default_factory=dict)
    ghosts: Mapping[str, Mask] = field(default_factory=dict, repr=False)


class CaseSource(Protocol):
    """Where cases with known truth come from, one after the other: only one is in memory."""

    @property
    def words(self) -> str:
        """What the cases are, in words."""

    @property
    def count(self) -> int:
        """How many there are."""

    def labels(self, only: Sequence[str]) -> int:
        """Say how many labels of some structures (empty: of all) there are at most, in all cases."""

    def cases(self, cancel: Cancel) -> Iterator[BenchCase | tuple[str, UserError]]:
        """Yield the cases, or the name of one and why it cannot be read."""


@dataclass(frozen=True, slots=True)
class PhantomCases:
    """Phantoms by their seeds, as usual or (`other`) scanned otherwise: see `other_settings`."""

    seeds: tuple[int, ...]
    size: int = SIZE
    other: bool = False

    @property
    def words(self) -> str:
        """What the cases are."""
        what = f"phantom{'' if self.count == 1 else 's'}{' of other settings' if self.other else ''}"
        span = f"seed {self.seeds[0]}" if len(self.seeds) == 1 else f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        return f"{len(self.seeds)} {what}, {self.size} voxels wide, {span}"

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.seeds)

    def labels(self, only: Sequence[str]) -> int:
        """Say how many labels there are at most: a gall bladder or a kidney may have been removed."""
        return len(self.seeds) * len(set(only) & set(STRUCTURES) if only else STRUCTURES)

    def cases(self, cancel: Cancel) -> Iterator[BenchCase | tuple[str, UserError]]:
        """Make the phantoms."""
        for seed in self.seeds:
            stop_if(cancel)
            name = f"phantom_{'other_' if self.other else ''}{seed:03d}"
            try:
                made = make_phantom(self.settings(seed))
            except UserError as error:  # too coarse a grid for this body
                yield name, error
                continue
            yield BenchCase(name, seed, made.volume, made.masks, ghosts=made.ghosts)

    def settings(self, seed: int) -> PhantomSettings:
        """Return the generator's settings of a seed."""
        if self.other:
            return other_settings(seed, self.size)
        return PhantomSettings(shape=(self.size, self.size, self.size), seed=seed)


def other_settings(seed: int, size: int) -> PhantomSettings:
    """Return settings that differ from the usual ones in what real scans differ in, five ways in turn by the seed.

    More noise, another contrast phase, a small lean or a large obese body, a bent spine, slices of 5 mm.
    """
    cube = (size, size, size)
    body = OTHER_SEEDS + seed
    ways = (
        PhantomSettings(shape=cube, seed=body, noise_hu=26.0),
        PhantomSettings(shape=cube, seed=body, phase="arterial" if seed % 2 else "plain"),
        PhantomSettings(
            shape=cube, seed=body, body_size=0.92 if seed % 2 else 1.08, fat=0.05 if seed % 2 else 0.95, noise_hu=18.0
        ),
        PhantomSettings(shape=cube, seed=body, scoliosis_mm=22.0 if seed % 2 else -22.0),
        PhantomSettings(shape=(size, size, 76), seed=body, noise_hu=9.0),
    )
    return ways[seed % len(ways)]


@dataclass(frozen=True, slots=True)
class ReviewCases:
    """The cases of a review, with one label set taken as the truth; raises ReviewError when there is none."""

    review: OpenReview
    label_set: str = ""
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "label_set", trusted_slug(self.review, self.label_set))

    @property
    def words(self) -> str:
        """What the cases are."""
        return f'{self.count} case(s) of "{self.review.title}", truth: {self.label_set}'

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._names())

    def _names(self) -> Sequence[CaseId]:
        return [case for case in index.case_ids(self.review.database) if not self.only or case in self.only]

    def labels(self, only: Sequence[str]) -> int:
        """Say how many trusted labels there are, as the review's files were when they were scanned."""
        return sum(not only or c.id.structure in only for name in self._names() for c in self._trusted(name))

    def cases(self, cancel: Cancel) -> Iterator[BenchCase | tuple[str, UserError]]:
        """Read the cases, each image and each label file once."""
        for number, name in enumerate(self._names()):
            stop_if(cancel)
            try:
                yield self._read(name, number, cancel)
            except CancelledError:
                raise
            except UserError as error:
                yield name, error

    def _trusted(self, name: CaseId) -> list[Candidate]:
        found = latest(index.candidates_of(self.review.database, name))
        return [c for c in found if c.id.label_set == self.label_set]

    def _read(self, name: CaseId, number: int, cancel: Cancel) -> BenchCase:
        review = self.review
        found = self._trusted(name)
        volume = volumes.load_ct(review.image_path(name))
        files = {c.id: review.mask_path(c) for c in found}
        loaded = load_masks(files, found, image=volume.geometry, cancel=cancel, keep=review.folder)
        masks = {c.structure: mask for c, mask in loaded.masks.items()}
        refused = {c.structure: error for c, error in loaded.refused.items()}
        return BenchCase(name, number, volume, masks, trusted=True, review=review, refused=refused)


def trusted_slug(review: OpenReview, named: str = "") -> str:
    """Return the label set that is the truth: the named one, else the trusted one; raises ReviewError for neither."""
    slugs = {s.slug: s for s in review.label_sets}
    if named:
        if named not in slugs:
            raise ReviewError(f"The review has no label set {named!r}.", f"It has: {', '.join(slugs)}.")
        return named
    trusted = [slug for slug, one in slugs.items() if one.trusted]
    if len(trusted) != 1:
        what = "no trusted label set" if not trusted else "several trusted label sets"
        raise ReviewError(f"{review.folder} has {what}.", f"Name the truth: --trusted {next(iter(slugs), 'NAME')}.")
    return trusted[0]
