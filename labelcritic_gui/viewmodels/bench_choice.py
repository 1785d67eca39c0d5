"""What a bench is asked for in the window: the truth, the errors, how many; and what comes back. Layer: viewmodels."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from labelcritic_gui.core.bench import BenchReport
from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.translation import N_, tr


class TruthKind(StrEnum):
    """Where labels known to be right come from."""

    LABELS = "labels"
    PHANTOMS = "phantoms"
    OTHER_PHANTOMS = "other phantoms"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is taken as the truth: a label set of the review (by its slug), or phantoms."""

    kind: TruthKind
    title: str
    note: str
    slug: str = ""
    trusted: bool = False

    @property
    def is_phantom(self) -> bool:
        """Say whether the cases are made, not scanned."""
        return self.kind is not TruthKind.LABELS


PHANTOMS = Truth(
    TruthKind.PHANTOMS,
    N_("Phantoms: made bodies, not your scans"),
    N_("Their anatomy is known to the voxel. How the critic does there says little about scans that look otherwise."),
)
OTHER_PHANTOMS = Truth(
    TruthKind.OTHER_PHANTOMS,
    N_("Phantoms, scanned otherwise"),
    N_("More noise, another contrast phase, small and large bodies, a bent spine, slices of 5 mm."),
)


@dataclass(frozen=True, slots=True)
class BenchChoice:
    """What is put on the bench: `recipes` to plant, in so many cases at most.

    `per_structure` of them are planted in each structure of a case, in turn; 0 plants every one.
    """

    truth: Truth
    recipes: tuple[Recipe, ...]
    per_structure: int
    cases: int


@dataclass(frozen=True, slots=True)
class Benched:
    """A report, the folder that it is kept in, and the names of its files."""

    report: BenchReport
    folder: Path
    files: tuple[str, ...]


def truths_of(label_sets: Iterable[LabelSet]) -> tuple[Truth, ...]:
    """Return what can be taken as the truth: trusted label sets first, then the others, then phantoms."""
    ordered = sorted(label_sets, key=lambda one: not one.trusted)
    return (*(_labels(one) for one in ordered), PHANTOMS, OTHER_PHANTOMS)


def _labels(one: LabelSet) -> Truth:
    if one.trusted:
        title = tr("{title}: trusted labels of this review").format(title=one.title)
        note = tr("Cases of this review that it has labels of; errors are planted in copies, no file is changed.")
    else:
        title = tr("{title}: not marked as trusted").format(title=one.title)
        note = tr(
            "Taken as right all the same: the bench can be no better than these labels. Read the false alarms first."
        )
    return Truth(TruthKind.LABELS, title, note, one.slug, one.trusted)
