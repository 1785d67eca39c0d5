"""What can be measured of one candidate, and of two: plain numbers, words and places. Layer: core."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from labelcritic_gui.core.geometry import Point

Claimant = Literal["first", "second", ""]
Lateral = Literal["left", "right", "both", ""]


def _frozen(value: Any) -> Any:
    """Turn lists, as JSON has them, back into tuples, however deep."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list | tuple) else value


class _Stored:
    """Facts that go to and come from JSON objects."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the facts as a JSON-able dictionary (tuples stay sequences, None stays None)."""
        return asdict(self)  # type: ignore[call-overload, no-any-return]

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read facts back; unknown names (of a newer version) are ignored, missing ones get their default."""
        known = {f.name for f in fields(cls)}  # type: ignore[arg-type]
        values = {name: _frozen(value) for name, value in stored.items() if name in known}
        return cls(**{name: cls.from_json(v) if isinstance(v, Mapping) else v for name, v in values.items()})


@dataclass(frozen=True, slots=True)
class CandidateFacts(_Stored):
    """What was measured of one candidate; None when it cannot be measured.

    Volumes in ml, Hounsfield units inside the mask, places and boxes in world RAS+ mm. Heights are anatomical: 0 at
    the iliac crest, 1 at the lowest lung, linear beyond (see `landmarks.Landmarks.height_of`).

    Attributes:
        empty: no voxel is inside; everything about the mask below is then zero or None.
        volume_ml: volume.
        parts: number of 26-connected components.
        largest_share: share of the volume in the largest component.
        holes_ml: enclosed cavities (6-connected background that does not reach the outside).
        hole_place: a point in the largest cavity.
        hu_mean: mean; `hu_sd` the standard deviation.
        fat_share: share of voxels in -190..-30 HU; `air_share` below -300 HU; `bone_share` above 300 HU.
        centroid: centre of mass; `box_low` and `box_high` the corners of the tight box.
        touches_border: faces of the image that the mask reaches, letters of L R A P S I.
        outside_body_ml: volume outside the patient's skin; `outside_place` a point there.
        lateral_mm: centroid from the midline at its height, patient right positive.
        anterior_mm: centroid from the spine's centre at its height, anterior positive.
        side_share_right: share of the volume right of the midline, 0..1.
        flat_face: share of the largest cross-section that ends in one plane, 0..1, image border not counted.
        flat_place: the middle of that plane; `flat_facing` the letter of the direction that it faces.
        islands: (ml, place) of every part but the largest, biggest first, at most 8.
        roughness: surface area over that of the mask at half resolution; about 1 when smooth.
        compactness: volume over what its surface could enclose, 0..1 (a box-shaped surface counts voxel faces);
            falls when something is appended or bitten off.
        spine_visible: the midline was measured on the spine at this height (else on the skin or a neighbour slice).
        height: of the centroid; `height_low` and `height_high` of the box.
        view_low: height of the image's bottom; `view_high` of its top; None when no landmark tells.
        body_width_mm: median width of the body from left to right.
        voxel_ml: volume of one voxel.
        slice_mm: spacing from slice to slice.
        edge_share: share of the surface where the density steps, 0..1, the image border not counted.
        edge_peak: mean step at the boundary over the largest one within two cells beside it; 1 on the edge.
        edge_beyond: -1..1, positive when the edge lies outside of the boundary (the mask is too small).
        blind_share: area of the largest patch of the surface amid like tissue over the smallest of the three largest
            cross-sections; `blind_place` its middle.
        alike_outside: share of what lies two to three cells outside that is like the inside.
        strange_share: share of the mask in its largest solid region unlike the rest; `strange_place` its middle,
            `strange_hu` its median. For all of these see `edges.Edges`.
        core_hu: median density away from the boundary.
        other_side_ml: volume of the structure's counterpart in the same label set; measured with neighbours only.
        body_size: length scale of the patient's lean section, 1 for a usual adult (`build.Build.size`).
        main: the same facts of the largest part alone, where one part is right and there are more; else None.
        phase: contrast phase of the scan, "plain", "arterial", "portal" or "late"; "" when it is not known (`phase`).
        surface_cm2: area of the surface, the staircase of voxels taken out (`surfaces`).
        sphericity: surface of a ball of the same volume over the surface; 1 for a ball.
        axes_mm: lengths of the principal axes, longest first; `axes` their directions (unit vectors in the world).
        hu_quantiles: densities below which 5, 10 ... 95 % of the voxels lie.
        hu_distance: Wasserstein distance in HU to a normal distribution whose mean is that of the expectation nearest
            to the median, or the median itself (`densities.Histogram.distance_to_normal`); gas in hollow structures is
            left out.
        body_centroid: the centroid in the body's box, 0..1 from left to right, back to front, foot to head;
            `body_low` and `body_high` the mask's box.
        border_gaps_mm: from the mask's box to the faces of the image L R P A I S; 0 where it touches.
        border_share: share of the surface's voxel faces that lie on the image border: how much the view cuts off.
        side: "right" or "left" when at least 80 % of the volume lie on that side of the midline, "both" else; empty
            when there is no midline.
        course_mm: length along its course, of tubular structures only (`tubes`); `radius_mm` the median radius on the
            way, `radius_low_mm` and `radius_high_mm` the extremes, `gaps` how often it breaks off.
        overlaps: (structure, ml) of the same label set that share voxels, largest first; measured with neighbours only.
        touches: (structure, share of the surface) of the same label set that border on it, likewise.
    """

    empty: bool
    volume_ml: float = 0.0
    parts: int = 0
    largest_share: float = 0.0
    holes_ml: float = 0.0
    hole_place: Point | None = None
    hu_mean: float | None = None
    hu_sd: float | None = None
    fat_share: float | None = None
    air_share: float | None = None
    bone_share: float | None = None
    centroid: Point | None = None
    box_low: Point | None = None
    box_high: Point | None = None
    touches_border: tuple[str, ...] = ()
    outside_body_ml: float = 0.0
    outside_place: Point | None = None
    lateral_mm: float | None = None
    anterior_mm: float | None = None
    side_share_right: float | None = None
    flat_face: float = 0.0
    flat_place: Point | None = None
    flat_facing: str = ""
    islands: tuple[tuple[float, Point], ...] = ()
    roughness: float | None = None
    compactness: float | None = None
    spine_visible: bool = False
    height: float | None = None
    height_low: float | None = None
    height_high: float | None = None
    view_low: float | None = None
    view_high: float | None = None
    body_width_mm: float | None = None
    voxel_ml: float = 0.0
    slice_mm: float = 0.0
    edge_share: float | None = None
    edge_peak: float | None = None
    edge_beyond: float | None = None
    blind_share: float | None = None
    blind_place: Point | None = None
    alike_outside: float | None = None
    strange_share: float | None = None
    strange_place: Point | None = None
    strange_hu: float | None = None
    core_hu: float | None = None
    other_side_ml: float | None = None
    body_size: float | None = None
    phase: str = ""
    main: "CandidateFacts | None" = None
    surface_cm2: float | None = None
    sphericity: float | None = None
    axes_mm: tuple[float, ...] = ()
    axes: tuple[Point, ...] = ()
    hu_quantiles: tuple[float, ...] = ()
    hu_distance: float | None = None
    body_centroid: Point | None = None
    body_low: Point | None = None
    body_high: Point | None = None
    border_gaps_mm: tuple[float, ...] = ()
    border_share: float | None = None
    side: Lateral = ""
    course_mm: float | None = None
    radius_mm: float | None = None
    radius_low_mm: float | None = None
    radius_high_mm: float | None = None
    gaps: int | None = None
    overlaps: tuple[tuple[str, float], ...] | None = None
    touches: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class PairFacts(_Stored):
    """What was measured of two candidates of one item, first against second; None when it cannot be measured.

    Hounsfield units are clipped to 500 here, so that metal does not drown everything else, and gas in a lumen counts
    as dense as what is around it.

    Attributes:
        dice: 3-D Dice, exact; 1 for two empty masks.
        volume_difference_ml: first minus second.
        both_ml: volume that both claim.
        only_first_ml: volume that only the first claims; `only_second_ml` only the second.
        solid_first_ml: the part of it thicker than a boundary shell (survives an opening); `solid_second_ml`.
        common_hu_mean: mean HU where both agree; `common_hu_sd` the standard deviation.
        only_first_hu: mean HU where only the first claims (its solid part, if that is a quarter of it or more);
            `only_second_hu`.
        only_first_fit: share of that region whose HU is like the common part's; `only_second_fit`.
        edge_first: mean HU step across the boundary of the first where the second has none, over the noise inside;
            high when the boundary follows something in the image; `edge_second`.
        first_place: middle of the largest solid region that only the first claims (world mm); `second_place`.
        largest_place: the one of both that is larger.
        largest_claimant: who claims it: "first", "second" or "".
        largest_ml: its volume; `largest_hu` its mean HU.
        surface_dice_1mm: share of both surfaces within 1 mm of each other, 0..1; `surface_dice_2mm` and
            `surface_dice_3mm` likewise; `hd95_mm`, `mean_surface_mm` and `hausdorff_mm` their distances (`distances`).
    """

    dice: float
    volume_difference_ml: float = 0.0
    both_ml: float = 0.0
    only_first_ml: float = 0.0
    only_second_ml: float = 0.0
    solid_first_ml: float = 0.0
    solid_second_ml: float = 0.0
    common_hu_mean: float | None = None
    common_hu_sd: float | None = None
    only_first_hu: float | None = None
    only_second_hu: float | None = None
    only_first_fit: float | None = None
    only_second_fit: float | None = None
    edge_first: float | None = None
    edge_second: float | None = None
    first_place: Point | None = None
    second_place: Point | None = None
    largest_place: Point | None = None
    largest_claimant: Claimant = ""
    largest_ml: float = 0.0
    largest_hu: float | None = None
    surface_dice_1mm: float | None = None
    surface_dice_2mm: float | None = None
    surface_dice_3mm: float | None = None
    hd95_mm: float | None = None
    mean_surface_mm: float | None = None
    hausdorff_mm: float | None = None

    def swapped(self) -> "PairFacts":
        """Return the same facts with the second candidate named first; twice is the identity."""
        other: dict[Claimant, Claimant] = {"first": "second", "second": "first", "": ""}
        return replace(
            self,
            volume_difference_ml=-self.volume_difference_ml,
            only_first_ml=self.only_second_ml,
            only_second_ml=self.only_first_ml,
            solid_first_ml=self.solid_second_ml,
            solid_second_ml=self.solid_first_ml,
            only_first_hu=self.only_second_hu,
            only_second_hu=self.only_first_hu,
            only_first_fit=self.only_second_fit,
            only_second_fit=self.only_first_fit,
            edge_first=self.edge_second,
            edge_second=self.edge_first,
            first_place=self.second_place,
            second_place=self.first_place,
            largest_claimant=other[self.largest_claimant],
        )
