"""Phantoms and the case they make, for the planted errors."""

import pytest

from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """A complete body on a coarse grid."""
    return make_phantom(PhantomSettings(shape=(88, 88, 88), seed=4, absent=()))


@pytest.fixture(scope="session")
def scene(phantom: Phantom) -> Scene:
    """That body as a case in which errors are planted."""
    return phantom.scene
