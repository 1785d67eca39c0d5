"""Looks at images and label sets on disk, case by case: what fits, what is refused and why. Layer: services."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import GeometryMismatchError, ReviewError, UserError
from labelcritic_gui.core.geometry import Fit, Geometry, require_fit
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import layouts, nifti
from labelcritic_gui.formats.class_maps import read_class_map
from labelcritic_gui.store.index import FoundCase, Refusal

NOTED = "its grid is within a tenth of a voxel of the image's"
RESAMPLED = "resampled (nearest) onto the image's grid"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """A label set to be compared: its slug, where it lies, and its class map (FILE.json or FILE.json#KEY) if any."""

    slug: str
    path: Path
    classes: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A review to be made. Empty `structures` and `cases` mean all that are found.

    Of several label sets a structure that only one of them knows has no competitor; it becomes an item only with
    `unmatched`, or when it is named in `structures`. `renames` says what found names stand for; with `resample`,
    labels on another grid are resampled (nearest neighbour) instead of refused.
    """

    folder: Path
    images: Path
    labels: tuple[LabelSource, ...]
    trusted: str = ""
    structures: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    title: str = ""
    unmatched: bool = False
    renames: Mapping[str, str] = field(default_factory=dict)
    resample: bool = False


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """A label set with its files listed by case, and the numbers of its maps."""

    source: LabelSource
    labels: layouts.Labels
    classes: Mapping[int, str]
    by_case: Mapping[CaseId, tuple[layouts.LabelFile, ...]]


@dataclass
class Names:
    """Resolves found names, and remembers those that stand for another."""

    table: StructureTable
    renames: Mapping[str, str]
    renamed: dict[str, str] = field(default_factory=dict)

    def known(self, found: str) -> str:
        """Return the structure a found name stands for."""
        name = self.table.name_of(self.renames.get(found, found))
        if name != found:
            self.renamed[found] = name
        return name


@dataclass(frozen=True)
class Plan:
    """All that is to be scanned."""

    request: Request
    images: layouts.Images
    files: tuple[layouts.ImageFile, ...]
    sets: tuple[PlannedSet, ...]
    names: Names
    wanted: frozenset[str]

    def is_wanted(self, structure: str) -> bool:
        """Say whether a structure was asked for."""
        return not self.wanted or structure in self.wanted


@dataclass(frozen=True, slots=True)
class CaseScan:
    """What was found of one case. `present` are the candidates with a voxel or a file of their own."""

    found: FoundCase
    candidates: tuple[Candidate, ...] = ()
    present: frozenset[CandidateId] = frozenset()
    refused: tuple[Refusal, ...] = ()

    @property
    def items(self) -> list[ItemId]:
        """The items to decide, in order: what at least one label set has."""
        return sorted({c.item for c in self.present})


def plan_scan(request: Request, table: StructureTable) -> Plan:
    """List images and labels; raises UserError when there is nothing to scan or something was not said."""
    images = layouts.find_images(request.images)
    files = _chosen(images.files, request)
    cases = [f.case for f in files]
    sets = []
    for source in request.labels:
        labels = layouts.find_labels(source.path, cases)
        by_case: dict[CaseId, list[layouts.LabelFile]] = defaultdict(list)
        for file in labels.files:
            by_case[file.case].append(file)
        listed = {case: tuple(found) for case, found in by_case.items()}
        sets.append(PlannedSet(source, labels, _classes_for(source, labels), listed))
    names = Names(table, dict(request.renames))
    return Plan(request, images, files, tuple(sets), names, frozenset(names.known(s) for s in request.structures))


def scan(plan: Plan, *, skip: frozenset[CaseId], cancel: Cancel) -> Iterator[CaseScan]:
    """Yield what is found of every case but those to skip; raises CancelledError."""
    for file in plan.files:
        stop_if(cancel)
        if file.case not in skip:
            yield scan_case(plan, file)


def scan_case(plan: Plan, file: layouts.ImageFile) -> CaseScan:
    """Look at one case's image and labels; what cannot be used is refused alone."""
    try:
        geometry = nifti.read_geometry(plan.images.root / file.path)
    except UserError as error:
        refusal = Refusal(file.case, "", "", file.path, error.message)
        return CaseScan(FoundCase(file.case, file.path, error.message), refused=(refusal,))
    case = _Case(plan, file.case, geometry)
    for one in plan.sets:
        case.take_set(one)
    found = FoundCase(file.case, file.path)
    return CaseScan(found, tuple(case.candidates.values()), frozenset(case.present), tuple(case.refused))


@dataclass
class _Case:
    """What is gathered of one case."""

    plan: Plan
    case: CaseId
    geometry: Geometry
    candidates: dict[CandidateId, Candidate] = field(default_factory=dict)
    present: set[CandidateId] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)

    def take_set(self, one: PlannedSet) -> None:
        """Look at a label set's files of the case."""
        by_structure: dict[str, list[layouts.LabelFile]] = defaultdict(list)
        for file in one.by_case.get(self.case, ()):
            by_structure[self.plan.names.known(file.structure) if file.structure else ""].append(file)
        for structure, same in by_structure.items():
            if structure and not self.plan.is_wanted(structure):
                continue
            if len(same) > 1:
                self._refuse_twins(one, structure, same)
            elif structure:
                self._take_mask(one, structure, same[0])
            else:
                self._take_map(one, same[0])

    def _refuse_twins(self, one: PlannedSet, structure: str, same: Iterable[layouts.LabelFile]) -> None:
        both = " and ".join(f.path for f in same)
        what = f"of {structure}" if structure else "of all structures"
        self._refuse(one, structure, both, f"Two label files {what} in label set {one.source.slug}: {both}.")

    def _take_mask(self, one: PlannedSet, structure: str, file: layouts.LabelFile) -> None:
        try:
            note = self._fitting(one, file)
        except UserError as error:
            self._refuse(one, structure, file.path, error.message)
            return
        self._add(one, structure, MaskSource(file.path), note=note, there=True)

    def _take_map(self, one: PlannedSet, file: layouts.LabelFile) -> None:
        try:
            note = self._fitting(one, file)
            counts = nifti.count_values(one.labels.root / file.path)
        except UserError as error:
            self._refuse(one, "", file.path, error.message)
            return
        for value in sorted(v for v, n in counts.items() if v and n and v not in one.classes):
            reason = f"The label value {value} in {file.path} is not in the class map of label set {one.source.slug}."
            self._refuse(one, "", file.path, reason)
        by_structure: dict[str, list[int]] = defaultdict(list)
        for value, found in one.classes.items():
            by_structure[self.plan.names.known(found)].append(value)
        for structure, values in by_structure.items():
            if not self.plan.is_wanted(structure):
                continue
            if len(values) > 1:
                reason = f"The class map of label set {one.source.slug} gives {structure} the values {values}."
                self._refuse(one, structure, file.path, reason)
                continue
            there = counts.get(values[0], 0) > 0
            self._add(one, structure, MaskSource(file.path, (values[0],)), note=note, there=there)

    def _fitting(self, one: PlannedSet, file: layouts.LabelFile) -> str:
        """Return the note on how a file's grid fits; raises GeometryMismatchError when it does not."""
        path = one.labels.root / file.path
        try:
            fit = require_fit(self.geometry, nifti.read_geometry(path), name=str(path))
        except GeometryMismatchError:
            if not self.plan.request.resample:
                raise
            return RESAMPLED
        return NOTED if fit is Fit.NOTED else ""

    def _add(self, one: PlannedSet, structure: str, source: MaskSource, *, note: str, there: bool) -> None:
        candidate = CandidateId(self.case, structure, one.source.slug)
        self.candidates[candidate] = Candidate(candidate, source, note=note)
        if there:
            self.present.add(candidate)

    def _refuse(self, one: PlannedSet, structure: str, path: str, reason: str) -> None:
        self.refused.append(Refusal(self.case, structure, one.source.slug, path, reason))


def _chosen(files: tuple[layouts.ImageFile, ...], request: Request) -> tuple[layouts.ImageFile, ...]:
    if not request.cases:
        return files
    wanted = dict.fromkeys(request.cases)
    known = {f.case for f in files}
    unknown = [case for case in wanted if case not in known]
    if unknown:
        raise ReviewError(
            f"{len(unknown)} of the cases asked for have no image under {request.images}, such as {unknown[0]}.",
            "Case ids are the images' paths under the image root, without suffixes.",
        )
    return tuple(f for f in files if f.case in wanted)


def _classes_for(source: LabelSource, labels: layouts.Labels) -> Mapping[int, str]:
    if source.classes:
        return read_class_map(source.classes)
    first = next((f for f in labels.files if f.structure is None), None)
    if first is not None:
        raise ReviewError(
            f"The label set {source.slug!r} has multi-label maps such as {first.path}, and nobody said which "
            "number is which structure.",
            f"Give --classes {source.slug}=FILE.json (or FILE.json#KEY).",
        )
    return {}
