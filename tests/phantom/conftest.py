"""Phantoms that several tests look at."""

import pytest

from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """A complete body on a coarse grid."""
    return make_phantom(PhantomSettings(shape=(96, 96, 96), seed=4, absent=()))
