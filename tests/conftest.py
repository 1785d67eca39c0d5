"""What every test may ask for."""

from pathlib import Path

import pytest

from tests.making import Dataset, make_dataset

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def shared_data() -> Path:
    """The real data beside the checkout; the test skips where it is absent."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data in ../shared/data beside the checkout, which is not here")
    return folder


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, cache and logs of each test live in a folder of its own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LABELCRITIC_HOME", str(home))
    return home


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A small dataset on disk with its review: two cases, three structures, label sets good and bad."""
    return make_dataset(tmp_path / "set")
