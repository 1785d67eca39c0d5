"""The regions of a patchwork in words, for the list beside the picture. Layer: viewmodels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.geometry import Index3, Point
from labelcritic_gui.core.patchwork.partition import Region
from labelcritic_gui.services.patchwork_words import ml_words
from labelcritic_gui.translation import tr

__all__ = ["RegionRow", "Remark", "ml_words", "region_rows"]

ALMOST = 0.5


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the critic says of a place, in a few words; `place` in world mm."""

    place: Point
    words: str


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A line of the list. `colours` are the claimants' indices of label sets; `inside`: it is in the mask.

    `choice` is the base that counts there, 0 for nobody, None where the start decides.
    """

    number: int
    region: Region
    size: str
    claim: str
    state: str
    inside: bool
    choice: int | None
    colours: tuple[int, ...]
    remark: str

    @property
    def sentence(self) -> str:
        """The whole line, for who cannot see it."""
        parts = (str(self.number), self.size, self.claim, self.state, self.remark)
        return ", ".join(part for part in parts if part)


def region_rows(
    regions: Sequence[Region],
    *,
    names: Sequence[str],
    colours: Sequence[int],
    choices: Mapping[Index3, int],
    inside: Mapping[Index3, float],
    remarks: Mapping[Index3, str],
) -> tuple[RegionRow, ...]:
    """Return the lines; `names` and `colours` are the bases', in order."""
    rows = []
    for number, region in enumerate(regions, start=1):
        within = inside.get(region.name, 0.0) > ALMOST
        choice = choices.get(region.name)
        rows.append(
            RegionRow(
                number=number,
                region=region,
                size=ml_words(region.ml),
                claim=_claim(region, names),
                state=_state(within, choice, names),
                inside=within,
                choice=choice,
                colours=tuple(colours[n - 1] for n in region.claimants),
                remark=remarks.get(region.name, ""),
            )
        )
    return tuple(rows)


def _claim(region: Region, names: Sequence[str]) -> str:
    if region.common:
        return tr("in all") if len(names) > 1 else tr("a part of its own")
    return tr("only {names}").format(names=", ".join(names[n - 1] for n in region.claimants))


def _state(within: bool, choice: int | None, names: Sequence[str]) -> str:
    word = tr("in") if within else tr("out")
    if choice is None:
        return word
    return tr("{word}: dropped").format(word=word) if choice == 0 else f"{word}: {names[choice - 1]}"
