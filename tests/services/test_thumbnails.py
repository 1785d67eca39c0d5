"""Small pictures for the contact sheet, of a review on disk."""

import numpy as np
import pytest

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError
from labelcritic_gui.services.comparison import load_stage
from labelcritic_gui.services.thumbnails import load_small_stages
from labelcritic_gui.viewmodels.runner import Job
from tests.making import STRUCTURES, Dataset

ITEMS = tuple(ItemId(CaseId("case_1"), structure) for structure in STRUCTURES)


def test_that_a_small_picture_shows_the_stages_own_pixels_around_the_structure(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        found = load_small_stages(opened, ITEMS, "organs")
        assert [small.item for small in found] == list(ITEMS)
        for small in found:
            stage = load_stage(opened, small.item)
            assert small.window == "organs"
            assert small.edges == stage.frame.edges
            assert small.picture.size < stage.pictures["organs"].size
            assert [p.candidate for p in small.panels] == [p.candidate for p in stage.panels]
            for mine, whole in zip(small.panels, stage.panels, strict=True):
                assert mine.silhouette.shape == small.picture.shape
                assert mine.silhouette.sum() == whole.silhouette.sum() > 0
            rows, columns = np.nonzero(stage.panels[0].silhouette)
            small_rows, small_columns = np.nonzero(small.panels[0].silhouette)
            inside = stage.pictures["organs"][rows, columns]
            assert np.array_equal(small.picture[small_rows, small_columns], inside)
    finally:
        opened.close()


def test_that_a_projection_nobody_made_is_replaced_by_one_there_is(dataset: Dataset) -> None:
    opened = dataset.open()
    try:
        (small,) = load_small_stages(opened, ITEMS[:1], "x-ray vision")
        assert small.window in load_stage(opened, ITEMS[0]).pictures
    finally:
        opened.close()


def test_that_loading_stops_when_nobody_wants_the_pictures_any_more(dataset: Dataset) -> None:
    opened = dataset.open()
    job = Job("small pictures")
    job.cancel()
    try:
        with pytest.raises(CancelledError):
            load_small_stages(opened, ITEMS, "bone", cancel=job)
    finally:
        opened.close()
