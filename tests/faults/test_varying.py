"""Natural variation stays natural."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.varying import vary
from labelcritic_gui.phantom.person import STRUCTURES


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(STRUCTURES), st.integers(0, 2**32 - 1))
def test_natural_variation_overlaps_as_models_do(scene: Scene, name: str, seed: int) -> None:
    before = scene.masks[name]
    after = vary(before, np.random.default_rng(seed))
    assert 0.91 <= dice(before, after) <= 0.995
    assert 0.75 < after.count / before.count < 1.3


def test_variation_aims_at_the_overlap_asked_for(scene: Scene) -> None:
    for goal in (0.90, 0.95, 0.97):
        after = vary(scene.masks["liver"], np.random.default_rng(1), dice=goal)
        assert dice(scene.masks["liver"], after) == pytest.approx(goal, abs=0.01)


def test_an_empty_mask_varies_to_itself(scene: Scene) -> None:
    nothing = Mask.from_array(np.zeros((2, 2, 2), dtype=bool), scene.volume.geometry)
    assert vary(nothing, np.random.default_rng(0)) is nothing
