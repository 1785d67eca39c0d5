"""Small pictures of items for the contact sheet. Layer: services."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from labelcritic_gui.core.cancel import Cancel, NeverCancel, stop_if
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.imaging.frame import Edges
from labelcritic_gui.imaging.projection import Picture
from labelcritic_gui.imaging.thumbnail import crop, structure_crop
from labelcritic_gui.services.comparison import Panel, load_stage
from labelcritic_gui.services.review import OpenReview


@dataclass(frozen=True, eq=False, slots=True)
class SmallStage:
    """An item on the contact sheet: the part of its projection that holds every candidate, with a margin.

    `picture` is uint8 (rows, columns), the silhouettes of `panels` are bool of the same shape; a pixel is
    `mm_per_pixel` (height, width) large. `window` names the projection.
    """

    item: ItemId
    structure: Structure
    window: str
    picture: Picture
    edges: Edges
    mm_per_pixel: tuple[float, float]
    panels: tuple[Panel, ...]


def load_small_stages(
    review: OpenReview, items: Sequence[ItemId], window: str, *, cancel: Cancel | None = None
) -> tuple[SmallStage, ...]:
    """Return small pictures of items, in their order; best of one case at a time, whose image is read once.

    Without a projection of that name, the first there is. Raises UnreadableFileError when an image cannot be read,
    and CancelledError.
    """
    wanted = cancel or NeverCancel()
    made = []
    for item in items:
        stop_if(wanted)
        made.append(_small(review, item, window, wanted))
    return tuple(made)


def _small(review: OpenReview, item: ItemId, window: str, cancel: Cancel) -> SmallStage:
    stage = load_stage(review, item, cancel=cancel)
    shown = window if window in stage.pictures else next(iter(stage.pictures))
    place = structure_crop([panel.silhouette for panel in stage.panels], stage.frame.shape)
    return SmallStage(
        item=item,
        structure=stage.structure,
        window=shown,
        picture=crop(stage.pictures[shown], place),
        edges=stage.frame.edges,
        mm_per_pixel=stage.frame.mm_per_pixel,
        panels=tuple(_small_panel(panel, place) for panel in stage.panels),
    )


def _small_panel(panel: Panel, place: tuple[slice, slice]) -> Panel:
    companion = None if panel.companion is None else crop(panel.companion, place)
    return replace(panel, silhouette=crop(panel.silhouette, place), companion=companion)
