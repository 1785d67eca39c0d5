"""Telling an image from a label map by its numbers."""

import numpy as np
import pytest

from labelcritic_gui.core.survey import AIR, Survey

RNG = np.random.default_rng(0)


def taken(voxels: np.ndarray) -> Survey:
    survey = Survey()
    for k in range(0, voxels.shape[2], 4):
        survey.take_whole(voxels[:, :, k : k + 4])
    return survey


def areas(count: int) -> np.ndarray:
    """Blocks of 5 voxels edge length, each with one of `count` values."""
    return np.kron(RNG.integers(0, count, (6, 6, 6)), np.ones((5, 5, 5), int))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.uint64])
def test_that_areas_of_many_values_are_a_label_map_and_are_counted(dtype: type) -> None:
    voxels = areas(117).astype(dtype)
    survey = taken(voxels)
    assert survey.is_label
    values, counts = np.unique(voxels, return_counts=True)
    assert survey.counts == dict(zip(values.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_that_negative_values_are_counted_rightly_and_are_no_label(dtype: type) -> None:
    voxels = RNG.integers(-100, 120, (8, 8, 8)).astype(dtype)
    survey = taken(voxels)
    values, counts = np.unique(voxels, return_counts=True)
    assert survey.counts == dict(zip(values.tolist(), counts.tolist(), strict=True))
    assert not survey.is_label


def test_that_an_image_without_negative_values_is_no_label_map() -> None:
    survey = taken(RNG.integers(0, 255, (20, 20, 20)).astype(np.uint8))
    assert not survey.is_label
    assert "hardly Hounsfield" in survey.notes(0, 254)[0]


def test_that_few_values_are_labels_however_they_lie() -> None:
    assert taken(RNG.integers(0, 4, (9, 9, 9))).is_label
    assert taken(np.zeros((3, 3, 3), np.uint8)).is_label


def test_that_air_settles_it() -> None:
    survey = taken(np.full((4, 4, 4), AIR - 1, np.int16))
    assert survey.settled
    assert not survey.is_label


def test_that_a_few_negative_label_values_are_named() -> None:
    survey = taken(np.repeat(np.array([-1, 0, 1, 2]), 16).reshape(4, 4, 4))
    assert not survey.is_label
    assert survey.notes(-1, 2) == ("only 4 different values, some negative: as a label it would be refused",)


def test_that_fractions_are_an_image_and_what_is_no_number_is_counted() -> None:
    survey = Survey()
    survey.take_real(np.array([[[0.25, np.nan, np.inf, 1.0]]]))
    assert not survey.is_label
    said = survey.notes(0.0, 1.0)
    assert said[0].startswith("2 voxel(s) are no finite number")
    assert "probabilities" in said[1]


def test_that_too_many_values_are_an_image() -> None:
    survey = Survey()
    survey.take_whole(np.arange(70_000).reshape(-1, 10, 10))
    survey.take_whole(np.zeros((2, 2, 2), np.int64))
    assert not survey.is_label
