"""Looks at images and label sets on disk, case by case: what fits, what is refused and why. Layer: services."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import GeometryMismatchError, ReviewError, UserError
from labelcritic_gui.core.geometry import Fit, Geometry, fitting
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import layouts, volumes
from labelcritic_gui.formats.class_maps import read_class_map
from labelcritic_gui.services.masks import RESAMPLED
from labelcritic_gui.services.source_files import file_stamp
from labelcritic_gui.store.index import FoundCase, FoundMask, Refusal, ScannedCase


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
    labels on another grid are resampled (nearest neighbour) instead of refused. `mode` and `repeats` say how the review
    is read (`services.modes`).
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
    mode: str = "assisted"
    repeats: float = 0.0


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
    """What was found of one case."""

    scanned: ScannedCase

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every candidate found."""
        return tuple(m.candidate for m in self.scanned.masks)

    @property
    def present(self) -> frozenset[CandidateId]:
        """The candidates with a voxel, or a file of their own."""
        return frozenset(m.candidate.id for m in self.scanned.masks if m.present)

    @property
    def items(self) -> list[ItemId]:
        """The items to decide, in order: what at least one label set has."""
        return sorted({c.item for c in self.present})


def plan_scan(request: Request, table: StructureTable) -> Plan:
    """List images and labels; raises UserError when there is nothing to scan or something was not said."""
    images = find_images(request.images, table)
    files = _chosen(images.files, request)
    cases = [f.case for f in files]
    sets = []
    for source in request.labels:
        labels = layouts.find_labels(source.path, cases, label_set=source.slug, table=table, images=images)
        by_case: dict[CaseId, list[layouts.LabelFile]] = defaultdict(list)
        for file in labels.files:
            by_case[file.case].append(file)
        listed = {case: tuple(found) for case, found in by_case.items()}
        classes = read_class_map(source.classes, table) if source.classes else {}
        sets.append(PlannedSet(source, labels, classes, listed))
    names = Names(table, dict(request.renames))
    return Plan(request, images, files, tuple(sets), names, frozenset(names.known(s) for s in request.structures))


def find_images(path: Path, table: StructureTable) -> layouts.Images:
    """List the cases under a path; labels among images are known by their names, DICOM series by their headers."""
    return layouts.find_images(path, table=table, series_of=_ct_series)


def _ct_series(folder: Path) -> list[str]:
    return [s.uid for s in volumes.series_in(folder) if s.modality == "CT" and not s.localizer]


def scan(plan: Plan, *, skip: frozenset[CaseId], cancel: Cancel) -> Iterator[CaseScan]:
    """Yield what is found of every case but those to skip; raises CancelledError."""
    for position, file in enumerate(plan.files):
        stop_if(cancel)
        if file.case not in skip:
            yield scan_case(plan, file, position)


def scan_case(plan: Plan, file: layouts.ImageFile, position: int = 0) -> CaseScan:
    """Look at one case's image and labels; what cannot be used is refused alone."""
    path = plan.images.root / file.path
    size, mtime = _stamp(path)
    try:
        with volumes.open_stream(path) as stream:
            geometry = stream.geometry
    except UserError as error:
        refusal = Refusal(file.case, "", "", file.path, error.message)
        found = FoundCase(file.case, file.path, error.message)
        return CaseScan(ScannedCase(found, position, refusals=(refusal,), size=size, mtime=mtime))
    case = _Case(plan, file.case, geometry)
    for one in plan.sets:
        case.take_set(one)
    found = FoundCase(file.case, file.path)
    masks = tuple(case.masks.values())
    return CaseScan(ScannedCase(found, position, masks, tuple(case.refused), size, mtime))


def _stamp(path: Path) -> tuple[int | None, int | None]:
    return file_stamp(path) or (None, None)


@dataclass
class _Case:
    """What is gathered of one case; `geometry` is the image's as stored."""

    plan: Plan
    case: CaseId
    geometry: Geometry
    masks: dict[CandidateId, FoundMask] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def take_set(self, one: PlannedSet) -> None:
        """Look at a label set's files of the case."""
        by_structure: dict[str, list[layouts.LabelFile]] = defaultdict(list)
        for file in one.by_case.get(self.case, ()):
            by_structure[self.plan.names.known(file.structure) if file.structure else ""].append(file)
        for structure, same in by_structure.items():
            if structure and not self.plan.is_wanted(structure):
                continue
            if structure and len(same) > 1:
                self._refuse_twins(one, structure, same)
            elif structure:
                self._take_mask(one, structure, same[0])
            else:
                for file in same:
                    self._take_map(one, file)

    def _refuse_twins(self, one: PlannedSet, structure: str, same: Iterable[layouts.LabelFile]) -> None:
        both = " and ".join(f.path for f in same)
        reason = f"Two label files of {structure} in label set {one.source.slug}: {both}."
        self._refuse(one, structure, both, reason)

    def _take_mask(self, one: PlannedSet, structure: str, file: layouts.LabelFile) -> None:
        path = one.labels.root / file.path
        try:
            note = self._fitting(path)
        except UserError as error:
            self._refuse(one, structure, file.path, error.message)
            return
        values = (file.value,) if file.value is not None else None
        self._add(one, structure, MaskSource(file.path, values), note=note, there=True, stamp=_stamp(path))

    def _take_map(self, one: PlannedSet, file: layouts.LabelFile) -> None:
        path = one.labels.root / file.path
        try:
            note = self._fitting(path)
            classes, regions = self._meanings(one, file, path)
            counts = volumes.count_values(path)
        except UserError as error:
            self._refuse(one, "", file.path, str(error))
            return
        slug = one.source.slug
        for value in sorted(v for v, n in counts.items() if v and n and v not in classes):
            reason = f"The label value {value} in {file.path} is not in the class map of label set {slug}."
            self._refuse(one, "", file.path, reason)
        by_structure: dict[str, list[tuple[int, ...]]] = defaultdict(list)
        for found, values in [*((n, (v,)) for v, n in classes.items()), *regions.items()]:
            by_structure[self.plan.names.known(found)].append(values)
        stamp = _stamp(path)
        for structure, meant in by_structure.items():
            if not self.plan.is_wanted(structure):
                continue
            if len(meant) > 1:
                reason = f"The class map of label set {slug} gives {structure} the values {[*meant]}."
                self._refuse(one, structure, file.path, reason)
                continue
            there = any(counts.get(v, 0) > 0 for v in meant[0])
            self._add(one, structure, MaskSource(file.path, meant[0]), note=note, there=there, stamp=stamp)

    def _meanings(
        self, one: PlannedSet, file: layouts.LabelFile, path: Path
    ) -> tuple[Mapping[int, str], Mapping[str, tuple[int, ...]]]:
        """Return which number means which structure: as said for the set, for the file, or by the file itself."""
        if one.classes:
            return one.classes, {}
        if file.names is not None:
            return file.names, file.regions or {}
        own = volumes.label_names(path)
        if own:
            return own, {}
        slug = one.source.slug
        raise ReviewError(
            f"The label set {slug!r} has multi-label maps such as {file.path}, and nobody said which number is which "
            "structure.",
            f"Give --classes {slug}=FILE.json (or FILE.json#KEY, or a scheme's name).",
        )

    def _fitting(self, path: Path) -> str:
        """Return the note on how a file's grid fits; raises GeometryMismatchError when it does not."""
        try:
            with volumes.open_stream(path) as stream:
                stored = stream.geometry
                _, fit = volumes.on_image(stream, self.geometry.canonical())
        except GeometryMismatchError:
            if not self.plan.request.resample:
                raise
            return RESAMPLED
        found = fitting(self.geometry, stored)
        said = found.fit is not Fit.REFUSED and (found.reoriented or fit is Fit.NOTED)
        return found.sentence if said else ""

    def _add(
        self,
        one: PlannedSet,
        structure: str,
        source: MaskSource,
        *,
        note: str,
        there: bool,
        stamp: tuple[int | None, int | None],
    ) -> None:
        candidate = CandidateId(self.case, structure, one.source.slug)
        before = self.masks.get(candidate)
        if before is not None and before.present and there:
            # several maps of a case may share it out among them; two that both have a structure cannot be told apart
            del self.masks[candidate]
            both = f"{before.candidate.source.path} and {source.path}"
            self._refuse(
                one, structure, both, f"Two label files of {structure} in label set {one.source.slug}: {both}."
            )
            return
        if before is not None and not there:
            return
        self.masks[candidate] = FoundMask(Candidate(candidate, source, note=note), there, *stamp)

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
