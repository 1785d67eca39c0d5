"""The real labels that count as right are there as `benchmarks/trusted.toml` lists them."""

from pathlib import Path

import pytest

from benchmarks.trusted_labels import TrustedLabels
from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.services.bench_cases import BenchCase

TABLE = load_catalogue(Path("no such folder"))


@pytest.mark.shared
def test_that_every_trusted_label_can_be_read_and_marks_something(shared_data: Path) -> None:
    source = TrustedLabels(shared_data, TABLE)
    read = list(source.cases(NeverCancel()))
    assert len(read) == source.count > 0
    for case in read:
        assert isinstance(case, BenchCase), case
        assert case.trusted
        assert not case.refused
        assert set(case.masks) == set(source.structures[case.name])
        assert [name for name, mask in case.masks.items() if mask.is_empty] == []


@pytest.mark.shared
def test_that_one_label_set_can_be_chosen(shared_data: Path) -> None:
    whole = TrustedLabels(shared_data, TABLE)
    name = next(iter(whole.structures))
    one = TrustedLabels(shared_data, TABLE, only=(name,))
    assert one.count == 1
    assert one.labels(()) == len(whole.structures[name])
    assert one.labels(("no such structure",)) == 0


def test_that_cases_which_are_not_there_are_left_out(tmp_path: Path) -> None:
    source = TrustedLabels(tmp_path, TABLE)
    assert source.count == 0
    assert list(source.cases(NeverCancel())) == []
