"""The contrast phase: of numbers, of phantoms in three phases, and of a real scan."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.patient.phase import PHASES, TYPICAL, core_density, phase_from_masks, phase_of
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom


@pytest.fixture(scope="module", params=["plain", "arterial", "portal"])
def phantom(request: pytest.FixtureRequest) -> Phantom:
    return make_phantom(PhantomSettings(shape=(80, 64, 64), seed=2101, phase=request.param))


def moved(mask: Mask, voxels: int) -> Mask:
    """Return a mask shifted towards the right of the patient, inside its grid."""
    full = np.zeros(mask.geometry.shape, bool)
    full[voxels:] = mask.full()[:-voxels]
    return Mask.from_array(full, mask.geometry)


def test_that_a_phantom_has_the_phase_it_was_made_in(phantom: Phantom) -> None:
    found = phase_from_masks(phantom.masks.items(), phantom.volume)
    assert found.name == phantom.settings.phase
    assert "aorta" in found.why
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_that_no_one_bad_mask_changes_the_phase(phantom: Phantom) -> None:
    for name in sorted(set(TYPICAL) & set(phantom.masks)):
        for bad in (moved(phantom.masks[name], 9), phantom.masks["stomach"]):
            masks = {**phantom.masks, name: bad}
            found = phase_from_masks(masks.items(), phantom.volume)
            assert found.name in ("", phantom.settings.phase), (name, found.why)
            if name != "aorta":
                assert found.name == phantom.settings.phase, (name, found.why)
            both = phase_from_masks([*phantom.masks.items(), (name, bad)], phantom.volume)
            assert both.name == phantom.settings.phase, "another label set has the right one"


def test_that_a_shell_of_something_else_around_an_organ_does_not_matter(phantom: Phantom) -> None:
    from scipy import ndimage

    spleen = phantom.masks["spleen"]
    wide = Mask.from_array(ndimage.binary_dilation(spleen.full()), spleen.geometry)
    assert core_density(wide, phantom.volume) == pytest.approx(core_density(spleen, phantom.volume), abs=6.0)


def test_that_nothing_to_go_by_gives_no_phase_and_says_so() -> None:
    grid = Geometry((8, 8, 8), np.eye(4))
    ct = Volume(np.full((8, 8, 8), 40, np.int16), grid)
    empty, tiny = Mask.from_array(np.zeros((8, 8, 8), bool), grid), np.zeros((8, 8, 8), bool)
    tiny[3, 3, 3] = True
    for found in (
        phase_of({}),
        phase_of({"femur_left": 300.0}),
        phase_of({"aorta": []}),
        phase_of({"aorta": float("nan")}),
        phase_from_masks([("aorta", empty), ("spleen", Mask.from_array(tiny, grid))], ct),
    ):
        assert found.name == ""
        assert found.why.endswith("tells the contrast phase.")


@pytest.mark.parametrize(
    ("hu", "phase"),
    [
        ({"aorta": 38.0}, "plain"),
        ({"aorta": 28.0, "liver": 20.0}, "plain"),  # anaemia and a fatty liver
        ({"aorta": 330.0, "spleen": 150.0, "liver": 75.0}, "arterial"),
        ({"aorta": 560.0, "spleen": 140.0}, "arterial"),  # low tube voltage
        ({"aorta": 155.0, "spleen": 120.0, "liver": 118.0}, "portal"),
        ({"aorta": 150.0, "liver": 60.0, "spleen": 122.0}, "portal"),  # a fatty liver
        ({"aorta": 100.0, "postcava": 102.0, "spleen": 92.0, "liver": 88.0}, "late"),
        ({"aorta": 39.0, "spleen": 130.0}, ""),  # they contradict each other
        ({"aorta": -700.0, "spleen": -650.0}, ""),  # both are lung
        ({"spleen": 110.0}, ""),
        ({"liver": 70.0}, ""),
    ],
)
def test_that_densities_tell_the_phase_or_are_not_clear(hu: dict[str, float], phase: str) -> None:
    assert phase_of(hu).name == phase, phase_of(hu)


@given(phase=st.sampled_from(PHASES), wrong=st.floats(-1024, 3071), kind=st.sampled_from(sorted(TYPICAL)))
def test_that_one_wrong_density_never_gives_another_phase(phase: str, wrong: float, kind: str) -> None:
    hu = {name: TYPICAL[name][phase][0] for name in TYPICAL}
    assert phase_of(hu).name == phase
    assert phase_of({**hu, kind: wrong}).name in ("", phase)
    assert phase_of({**hu, kind: [hu[kind], wrong]}).name == phase


@given(st.dictionaries(st.sampled_from(sorted(TYPICAL)), st.floats(-1024, 3071), min_size=1))
def test_that_shares_add_up_and_a_phase_is_only_said_when_it_is_clear(hu: dict[str, float]) -> None:
    found = phase_of(hu)
    assert sum(found.shares.values()) == pytest.approx(1.0)
    if found.name:
        assert found.shares[found.name] >= 0.9


@pytest.mark.shared
def test_that_a_real_scan_without_contrast_is_one(shared_data: Path) -> None:
    from labelcritic_gui.formats.nifti import load_label_map
    from labelcritic_gui.formats.volumes import load_ct

    folder = shared_data / "ts_example_ct"
    stored = json.loads((shared_data / "ts_class_map.json").read_text())["total_v1"]
    values = {name: int(value) for value, name in stored.items()}
    names = {name: values["inferior_vena_cava" if name == "postcava" else name] for name in TYPICAL}
    masks = load_label_map(folder / "labels" / "full_v1_hires_2022-09-15.nii.gz", list(names.values()))
    found = phase_from_masks(
        ((name, masks[value]) for name, value in names.items()), load_ct(folder / "example_ct.nii.gz")
    )
    assert found.name == "plain", found.why
    assert found.why.startswith("Densities of a scan without contrast: aorta 4")
