"""Find the case that a file or folder name means. Layer: formats."""

from collections.abc import Iterator, Sequence

from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.formats.layouts_words import CHANNEL, IMAGE_NAMES, MAP_WORDS, cuts, without_words


class CaseIndex:
    """The cases by id, and by the other names they go by: the last part of the path, without `_ct` or `_0000`."""

    def __init__(self, cases: Sequence[CaseId]) -> None:
        self.cases = tuple(cases)
        self._exact = set(self.cases)
        self._others: dict[str, CaseId | None] = {}
        for case in self.cases:
            for name in other_names(case):
                # A name that two cases go by means neither.
                self._others[name] = case if self._others.get(name, case) == case else None

    def __len__(self) -> int:
        return len(self.cases)

    def of(self, name: str) -> CaseId | None:
        """Return the case of a name, or None when it is none's or more than one's."""
        return CaseId(name) if name in self._exact else self._others.get(name)

    def of_map(self, stem: str) -> CaseId | None:
        """Return the case of a multi-label map's name, with or without a word such as `_seg`."""
        return self.of(stem) or self.of(without_words(stem, MAP_WORDS))

    def split(self, stem: str) -> tuple[CaseId, str] | None:
        """Return case and structure of `CASE_STRUCTURE`, by the longest name of a case that begins it.

        Where a number follows the case (`p_10_liver` of a case p), the file is another case's.
        """
        for before, after in cuts(stem):
            case = self.of(before)
            if case is not None:
                return None if after.split("_")[0].isdigit() else (case, after)
        return None

    def folders(self, names: Sequence[str]) -> Iterator[tuple[CaseId, str]]:
        """Yield (case, folder relative to the root) for every case that may have one, in the order of the cases.

        `names` are the folders in the root; of a case whose id is a path only the first part is checked.
        """
        there: dict[CaseId, str] = {}
        for name in names:
            case = self.of(name)
            if case is not None and (case not in there or name == case):
                there[case] = name
        tops = set(names)
        for case in self.cases:
            if case in there:
                yield case, there[case]
            elif "/" in case and case.split("/", 1)[0] in tops:
                yield case, case


def other_names(case: str) -> list[str]:
    """Return the names a case may go by besides its id."""
    last = case.rsplit("/", 1)[-1]
    plain = without_words(last, IMAGE_NAMES)
    match = CHANNEL.fullmatch(last)
    found = dict.fromkeys([last, plain, *([match[1]] if match and match[2] == "0000" else [])])
    return [name for name in found if name and name != case]
