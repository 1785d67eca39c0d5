"""The structure table: names, aliases, ids per scheme, sides, what to expect. Layer: core."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from labelcritic_gui.core.errors import UserError

Side = Literal["left", "right", ""]


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range; outside it is suspicious, far outside it is wrong."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether the value lies inside."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a right mask of an adult's structure looks like. Every field is optional; None is never judged.

    Volumes in ml, Hounsfield units as the mean inside the mask, offsets in mm from the spine axis at its height
    (right positive: patient right), `parts` the number of connected components of a right mask. Heights are
    anatomical: 0 at the iliac crest, 1 at the lowest lung, linear beyond; `height` is where the centroid of a
    completely imaged structure lies, `reach` from where to where a right mask goes at least, `tall_mm` how long it is
    from head to foot. `hollow` structures hold gas, fluid or food, `thin` ones are a few voxels wide, and the ends of
    `flat_ends` ones are planes by nature. `may_be_absent` structures are sometimes removed or never formed,
    `often_absent` ones so often that an empty mask is as likely right as wrong.

    `hu` holds in any scan; `hu_plain`, `hu_arterial` and `hu_portal` where the contrast phase is known (see `phase`).
    `volume_by_size` is the volume in ml of somebody of body size 1, to be multiplied with the cube of the size (see
    `build.Build`). `sphericity` is that of the surface (1 for a ball), `elongation` the longest principal axis over the
    shortest, `diameter_mm` the median diameter of a tubular one. `edge_share` is at least the share of the surface at
    which the density steps, `blind_share` at most the size of a patch amid like tissue, in cross-sections (see
    `edges.Edges`), `edge_peak` at least the step at the boundary over the largest one beside it; `uniform` ones have
    one density throughout.

    `contains` and `part_of` name structures that overlap this one by nature; no overlap with them is held against it.
    `apart_from` names structures that it never touches; `pair_share` is the least share of its counterpart's volume
    that it has. One that `crosses_midline` may reach to the other side by nature.
    """

    volume_ml: Span | None = None
    hu: Span | None = None
    parts: int | None = None
    side: Side = ""
    lateral_mm: Span | None = None
    anterior_mm: Span | None = None
    height: Span | None = None
    reach: Span | None = None
    tall_mm: Span | None = None
    tubular: bool = False
    hollow: bool = False
    thin: bool = False
    flat_ends: bool = False
    may_be_absent: bool = False
    contains: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    apart_from: tuple[str, ...] = ()
    often_absent: bool = False
    crosses_midline: bool = False
    volume_by_size: Span | None = None
    hu_plain: Span | None = None
    hu_arterial: Span | None = None
    hu_portal: Span | None = None
    sphericity: Span | None = None
    elongation: Span | None = None
    diameter_mm: Span | None = None
    uniform: bool = False
    edge_share: float | None = None
    edge_peak: float | None = None
    blind_share: float | None = None
    pair_share: float | None = None
    source: str = ""

    def hu_in(self, phase: str) -> Span | None:
        """Return the range of the mean density in a contrast phase; that of any scan where the phase is not known.

        What is beyond the range of any scan is beyond that of a phase; ranges without anything in common are not mixed.
        """
        known = {"plain": self.hu_plain, "arterial": self.hu_arterial, "portal": self.hu_portal}.get(phase)
        if known is None or self.hu is None:
            return known or self.hu
        low, high = max(known.low, self.hu.low), min(known.high, self.hu.high)
        return Span(low, high) if low <= high else self.hu


@dataclass(frozen=True, slots=True)
class Structure:
    """One anatomical structure. Only `name` is needed: the rest makes it better known.

    `ids` maps a numbering scheme to the label value in it, `pair` names the counterpart on the other side
    (kidney_right for kidney_left), `pair_title` both together ("kidneys"), `window` is (width, level) in HU.
    """

    name: str
    title: str = ""
    aliases: tuple[str, ...] = ()
    ids: Mapping[str, int] = field(default_factory=dict)
    side: Side = ""
    pair: str = ""
    pair_title: str = ""
    window: tuple[float, float] | None = None
    expect: Expectation | None = None

    @property
    def shown(self) -> str:
        """The name a reader sees."""
        return self.title or self.name.replace("_", " ")


def normal_name(name: str) -> str:
    """Fold a name to its comparable form: lower case, one underscore between words."""
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())


class StructureTable:
    """All structures known by name; unknown names are kept as they are."""

    def __init__(self, structures: Iterable[Structure] = ()) -> None:
        self._structures = {s.name: s for s in structures}
        self._by_alias = {normal_name(s.name): s.name for s in self._structures.values()}
        for structure in self._structures.values():
            for alias in structure.aliases:
                self._by_alias.setdefault(normal_name(alias), structure.name)

    def __iter__(self) -> Iterator[Structure]:
        return iter(self._structures.values())

    def __len__(self) -> int:
        return len(self._structures)

    def name_of(self, found: str) -> str:
        """Return the one name a found name stands for; an unknown one is returned unchanged."""
        return self._by_alias.get(normal_name(found), found)

    def get(self, name: str) -> Structure:
        """Return the structure of a name or alias; an unknown one gets a bare entry."""
        known = self.name_of(name)
        return self._structures.get(known) or Structure(name=known)

    def knows(self, found: str) -> bool:
        """Say whether a name or alias is in the table."""
        return normal_name(found) in self._by_alias

    def schemes(self) -> tuple[str, ...]:
        """Return the names of all numbering schemes, sorted."""
        return tuple(sorted({scheme for structure in self for scheme in structure.ids}))

    def scheme_of(self, found: str) -> str | None:
        """Return the scheme a found name stands for ("AbdomenAtlas 1.1" is abdomenatlas_1_1), or None."""
        wanted = normal_name(found)
        return next((scheme for scheme in self.schemes() if normal_name(scheme) == wanted), None)

    def scheme(self, name: str) -> dict[int, str]:
        """Return label value -> structure of a numbering scheme, by value; 0, the background, is never in it.

        Raises UserError when there is no such scheme, or when two structures claim one value in it.
        """
        known = self.scheme_of(name)
        if known is None:
            raise UserError(
                f"There is no numbering scheme {name!r}.", f"Known schemes: {', '.join(self.schemes()) or 'none'}."
            )
        values: dict[int, str] = {}
        for structure in self:
            value = structure.ids.get(known)
            if value is None:
                continue
            if value in values:
                raise UserError(
                    f"Two structures claim the value {value} of the scheme {known}: {values[value]} and "
                    f"{structure.name}.",
                    "Correct the [ids] of one of their structure files.",
                )
            values[value] = structure.name
        return dict(sorted(values.items()))
