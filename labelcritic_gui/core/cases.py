"""The nouns of a review: case, label set, candidate, item. Layer: core."""

from dataclasses import dataclass
from typing import NamedTuple, NewType

CaseId = NewType("CaseId", str)
"""The path of the image relative to the image root, without suffixes; compared exactly."""


class ItemId(NamedTuple):
    """The unit of review: one structure in one case."""

    case: CaseId
    structure: str

    def __str__(self) -> str:
        return f"{self.case} · {self.structure}"


@dataclass(frozen=True, slots=True)
class LabelSet:
    """One source of labels over many cases. `slug` is unique in a review and never changes."""

    slug: str
    title: str
    trusted: bool = False


class CandidateId(NamedTuple):
    """One label set's mask of one structure in one case, at one version (1 is the source as found)."""

    case: CaseId
    structure: str
    label_set: str
    version: int = 1

    @property
    def item(self) -> ItemId:
        """The item this candidate competes for."""
        return ItemId(self.case, self.structure)

    @property
    def key(self) -> str:
        """Under what its facts are kept: its label set, and behind an @ the version where it is not the source."""
        return self.label_set if self.version == 1 else f"{self.label_set}@{self.version}"


@dataclass(frozen=True, slots=True)
class MaskSource:
    """Where a mask is on disk: a file, and which label values in it (None: every voxel that is not zero)."""

    path: str
    values: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate as the review knows it.

    `content_hash` is empty until its voxels were read once (see `geometry.content_hash`).
    """

    id: CandidateId
    source: MaskSource
    content_hash: str = ""
    source_sha256: str = ""
    note: str = ""
