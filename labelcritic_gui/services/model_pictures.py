"""The pictures of a case as a model is shown them: one a candidate, its views side by side. Layer: services.

All candidates are drawn in one colour: a colour must not speak for a label set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from labelcritic_gui.core.cancel import Cancel, NeverCancel
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.geometry import Mask, Point, Volume, joint_box
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.critic.base import PictureCritic
from labelcritic_gui.formats import volumes
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.overlay import RgbPicture, to_rgb
from labelcritic_gui.imaging.panel import RED, encode_png, fitted, model_panel
from labelcritic_gui.imaging.projection import ProjectionWindows, silhouette_of
from labelcritic_gui.imaging.views import montage, slice_picture
from labelcritic_gui.imaging.window import PRESETS, Window
from labelcritic_gui.services.masks import load_one
from labelcritic_gui.services.pictures import case_pictures
from labelcritic_gui.services.projection import CasePictures
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index

if TYPE_CHECKING:  # templates are not needed to draw
    from labelcritic_gui.critic.prompts import Drawing

SLICE_MARGIN_MM = 40.0
Extent = tuple[Point, Point]
"""Two corners of a box, world RAS+ mm."""
PROJECTED = {"frontal": View.FRONTAL, "lateral": View.LATERAL}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a model sees of an item: a PNG per candidate, the views in each, and the pair's title if drawn together."""

    pictures: tuple[bytes, ...] = field(repr=False)
    views: tuple[str, ...]
    asked_as: str


class ModelPictures:
    """Makes the pictures of one case for one critic. Slices need the image and the masks; they are read when missing.

    Raises UnreadableFileError when the image cannot be read, ReviewError for a mask that cannot be drawn, and
    CancelledError.
    """

    def __init__(
        self,
        review: OpenReview,
        case: CaseId,
        critic: PictureCritic,
        *,
        field_of_view: FieldOfView | None = None,
        volume: Volume | None = None,
        masks: Mapping[CandidateId, Mask] | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        self._review = review
        self._case = case
        self._critic = critic
        self._field_of_view = field_of_view or FieldOfView()
        self._volume = volume
        self._masks = dict(masks or {})
        self._cancel = cancel or NeverCancel()
        self._projected: dict[View, CasePictures[CandidateId]] = {}

    def skeleton(self) -> bytes:
        """Return the case's skeleton picture, without any label, as PNG."""
        grey = self._projection(View.FRONTAL).pictures[ProjectionWindows.SKELETON.value.name]
        return encode_png(fitted(to_rgb(np.uint32(0x10101) * grey.astype(np.uint32))))

    def of(
        self,
        item: ItemId,
        candidates: Sequence[CandidateId],
        *,
        regions: Sequence[DifferingRegion] = (),
        views: Sequence[str] = (),
    ) -> Shown:
        """Return one picture per candidate in the critic's views (or these), drawn alike.

        Both sides of a pair are drawn where `shows_both_sides` says so. The slice is the one through the largest of the
        `regions`, or through the middle of the mask.
        """
        structure = self._review.table.get(item.structure)
        asked_as = structure.pair_title if self.shows_both_sides(structure, candidates) else ""
        drawing = self._critic.drawing(structure, asked_as, self._field_of_view)
        wanted = tuple(views or self._critic.how.views)
        parts: dict[CandidateId, list[RgbPicture]] = {c: [] for c in candidates}
        for view in wanted:
            if view in PROJECTED:
                for candidate in candidates:
                    parts[candidate].append(self._panel(structure, candidate, drawing, PROJECTED[view], asked_as))
            else:
                self._add_slices(structure, parts, regions, together=bool(asked_as))
        return Shown(tuple(encode_png(montage(parts[c])) for c in candidates), wanted, asked_as)

    def shows_both_sides(self, structure: Structure, candidates: Sequence[CandidateId]) -> bool:
        """Say whether a pair (the kidneys) is drawn together: only where every candidate's label set has both sides.

        Beside a whole pair, one whose other side is empty would lose for what the item is not about.
        """
        drawn = self._projection(View.FRONTAL).silhouettes
        sides = [side for c in candidates for side in (c, c._replace(structure=structure.pair))]
        return bool(structure.pair_title) and all(side in drawn and drawn[side].any() for side in sides)

    def _projection(self, view: View) -> CasePictures[CandidateId]:
        if view not in self._projected:
            case = case_pictures(self._review, self._case, view=view, cancel=self._cancel)
            # masks that are not of the review (an audit's) are drawn like any other
            own = {c: silhouette_of(m, view=view) for c, m in self._masks.items() if c not in case.silhouettes}
            self._projected[view] = replace(case, silhouettes={**case.silhouettes, **own}) if own else case
        return self._projected[view]

    def _panel(
        self, structure: Structure, candidate: CandidateId, drawing: "Drawing", view: View, asked_as: str
    ) -> RgbPicture:
        case = self._projection(view)
        if candidate not in case.silhouettes:
            message = f"The mask of {candidate.item} in {candidate.label_set} cannot be drawn."
            raise ReviewError(message, "See `labelcritic doctor`.")
        silhouette = case.silhouettes[candidate]
        if asked_as:
            silhouette = silhouette | case.silhouettes[candidate._replace(structure=structure.pair)]
        return model_panel(case.pictures[drawing.window], silhouette, colour=RED, solid=drawing.solid)

    def _add_slices(
        self,
        structure: Structure,
        parts: Mapping[CandidateId, list[RgbPicture]],
        regions: Sequence[DifferingRegion],
        *,
        together: bool,
    ) -> None:
        ct = self._ct()
        masks = {c: self._mask(c) for c in parts}
        if together:
            masks = {c: _united(m, self._mask(c._replace(structure=structure.pair))) for c, m in masks.items()}
        extent = _joint_extent(list(masks.values()))
        place = regions[0].place if regions else _middle(extent, ct)
        window = PRESETS["abdomen"]
        if structure.window is not None:
            window = Window.of("own", width=structure.window[0], level=structure.window[1])
        for candidate, mask in masks.items():
            picture = slice_picture(
                ct, mask, axis="axial", place=place, window=window, margin_mm=SLICE_MARGIN_MM, colour=RED, extent=extent
            )
            parts[candidate].append(fitted(picture))

    def _ct(self) -> Volume:
        if self._volume is None:
            self._volume = volumes.load_ct(self._review.image_path(self._case))
        return self._volume

    def _mask(self, candidate: CandidateId) -> Mask:
        if candidate not in self._masks:
            known = index.candidates_of(self._review.database, self._case, candidate.structure)
            found = next(c for c in known if c.id == candidate)
            self._masks[candidate] = load_one(self._review.mask_path(found), found, image=self._ct().geometry)
        return self._masks[candidate]


def _united(one: Mask, other: Mask) -> Mask:
    """Return both sides of a pair as one mask."""
    if one.is_empty or other.is_empty:
        return other if one.is_empty else one
    box = joint_box([one, other])
    start = (box[0].start, box[1].start, box[2].start)
    return Mask.from_array(one.within(box) | other.within(box), one.geometry, offset=start)


def _middle(extent: Extent | None, ct: Volume) -> Point:
    """Return the middle of a box in world mm; without one, the image's middle."""
    corners = np.array(extent) if extent is not None else ct.geometry.corners()
    x, y, z = (float(v) for v in corners.mean(axis=0))
    return x, y, z


def _joint_extent(masks: Sequence[Mask]) -> Extent | None:
    """Return the corners of the box around all masks, in world mm; None when all are empty."""
    corners = [
        mask.geometry.to_world(np.array([[s.start - 0.5 for s in mask.box], [s.stop - 0.5 for s in mask.box]]))
        for mask in masks
        if not mask.is_empty
    ]
    if not corners:
        return None
    ends = np.concatenate(corners)
    low, high = ends.min(axis=0), ends.max(axis=0)
    return (float(low[0]), float(low[1]), float(low[2])), (float(high[0]), float(high[1]), float(high[2]))
