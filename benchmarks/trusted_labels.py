"""Real cases whose labels count as right, as `trusted.toml` lists them, for the bench of a critic."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelcritic_gui.core.cancel import Cancel, stop_if
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, MaskSource
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import volumes
from labelcritic_gui.services.bench_cases import BenchCase
from labelcritic_gui.services.masks import load_masks

LIST = Path(__file__).with_name("trusted.toml")


def _name(case: dict[str, Any], label_set: dict[str, Any]) -> str:
    return f"{case['case']}:{label_set['name']}"


@dataclass(frozen=True)
class TrustedLabels:
    """The trusted labels under a folder of real data, one case for each label set of an image ("CASE:LABEL_SET").

    Cases whose image is not there are left out, and of the others all but `only`.
    """

    folder: Path
    table: StructureTable
    only: tuple[str, ...] = ()

    @property
    def structures(self) -> dict[str, tuple[str, ...]]:
        """The structures that count as right, by the case's name."""
        return {_name(case, label_set): tuple(names) for case, label_set, names in self._entries()}

    @property
    def words(self) -> str:
        """What the cases are."""
        return f"{self.labels(())} trusted labels of real scans ({self.count} label sets)"

    @property
    def count(self) -> int:
        """How many label sets there are."""
        return len(self._entries())

    def labels(self, only: Sequence[str]) -> int:
        """Say how many labels of some structures there are."""
        return sum(not only or name in only for *_, names in self._entries() for name in names)

    def cases(self, cancel: Cancel) -> Iterator[BenchCase | tuple[str, UserError]]:
        """Read each label set with its image."""
        for number, (case, label_set, names) in enumerate(self._entries()):
            stop_if(cancel)
            name = _name(case, label_set)
            try:
                yield self._read(name, number, case, label_set, names, cancel)
            except UserError as error:
                yield name, error

    def _entries(self) -> list[tuple[dict[str, Any], dict[str, Any], list[str]]]:
        """Return image, label set and trusted structures of each label set that has any."""
        listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
        found = []
        for case in listed.get("case", []):
            if not (self.folder / case["image"]).exists():
                continue
            for label_set in case.get("label_set", []):
                if self.only and _name(case, label_set) not in self.only:
                    continue
                own = [
                    one["structure"]
                    for one in listed.get("label", [])
                    if (one["case"], one["label_set"]) == (case["case"], label_set["name"])
                ]
                if own:
                    found.append((case, label_set, own))
        return found

    def _read(
        self, name: str, number: int, case: dict[str, Any], label_set: dict[str, Any], names: list[str], cancel: Cancel
    ) -> BenchCase:
        volume = volumes.load_ct(self.folder / case["image"])
        file = self.folder / label_set["file"]
        scheme = label_set.get("scheme", "")
        values = {known: value for value, known in self.table.scheme(scheme).items()} if scheme else {}
        candidates = []
        for structure in names:
            wanted = (values[structure],) if scheme else label_set.get("values")
            source = MaskSource(str(file), tuple(wanted) if wanted else None)
            candidates.append(Candidate(CandidateId(CaseId(name), structure, label_set["name"]), source))
        loaded = load_masks({c.id: file for c in candidates}, candidates, image=volume.geometry, cancel=cancel)
        masks = {c.structure: mask for c, mask in loaded.masks.items()}
        refused = {c.structure: error for c, error in loaded.refused.items()}
        return BenchCase(name, number, volume, masks, trusted=True, refused=refused)
