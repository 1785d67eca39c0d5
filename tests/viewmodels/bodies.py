"""A small case in memory: a ball of tissue with two candidates for the liver and a spleen in the corner."""

import numpy as np

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.imaging.frame import PictureFrame
from labelcritic_gui.imaging.projection import project, silhouette_of
from labelcritic_gui.services.comparison import Panel, Stage
from labelcritic_gui.services.slices import CaseVolume
from tests.viewmodels.fakes import SETS

SIDE = 40
CASE = CaseId("case_0")
ITEM = ItemId(CASE, "liver")


def ball(radius: float, *, geometry: Geometry, at: float = SIDE / 2) -> Mask:
    """A ball, in voxels, on the grid."""
    x, y, z = np.ogrid[:SIDE, :SIDE, :SIDE]
    return Mask.from_array((x - at) ** 2 + (y - at) ** 2 + (z - at) ** 2 <= radius**2, geometry)


def case_volume(geometry: Geometry | None = None) -> CaseVolume:
    """Air with a ball of soft tissue; the second liver is smaller than the first."""
    grid = geometry or Geometry((SIDE, SIDE, SIDE), np.eye(4))
    voxels = np.full((SIDE, SIDE, SIDE), -1000, dtype=np.int16, order="F")
    voxels[1:-1, 1:-1, 1:-1] = 20
    corner = np.zeros((SIDE, SIDE, SIDE), dtype=np.bool_)
    corner[-8:, -8:, :] = True
    masks = {
        CandidateId(CASE, "liver", "alpha"): ball(9, geometry=grid),
        CandidateId(CASE, "liver", "beta"): ball(8.5, geometry=grid),
        CandidateId(CASE, "spleen", "alpha"): Mask.from_array(corner, grid),
    }
    return CaseVolume(CASE, Volume(voxels, grid), masks, {})


def stage_of(volume: CaseVolume, *, structure: str = "liver") -> Stage:
    """The stage of the case's item."""
    frame = PictureFrame.of(volume.volume.geometry)
    panels = []
    for label_set in SETS:
        candidate = CandidateId(CASE, structure, label_set.slug)
        mask = volume.masks.get(candidate)
        silhouette = np.zeros(frame.shape, dtype=np.bool_) if mask is None else silhouette_of(mask)
        panels.append(Panel(label_set, candidate if mask is not None else None, silhouette))
    item = ItemId(CASE, structure)
    return Stage(item, Structure(structure), frame, project(volume.volume), tuple(panels))
