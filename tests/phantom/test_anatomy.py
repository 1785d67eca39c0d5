"""Laws of the procedural anatomy: the same seed the same body, disjoint structures, adult sizes and densities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Mask, axis_codes, content_hash
from labelcritic_gui.faults.space import centroid
from labelcritic_gui.phantom.anatomy import ADULT_RANGES, Phantom, PhantomSettings, make_phantom
from labelcritic_gui.phantom.person import STRUCTURES, draw_person

SMALL = (56, 56, 56)


def densities(phantom: Phantom, name: str) -> np.ndarray:
    mask = phantom.masks[name]
    return phantom.volume.voxels[mask.box][mask.voxels]


def overlap(one: Mask, other: Mask) -> int:
    return int(np.count_nonzero(one.voxels & other.within(one.box)))


def test_that_the_same_settings_give_the_same_voxels():
    one, two = (make_phantom(PhantomSettings(shape=SMALL, seed=3)) for _ in range(2))
    assert np.array_equal(one.volume.voxels, two.volume.voxels)
    assert {n: content_hash(m) for n, m in one.masks.items()} == {n: content_hash(m) for n, m in two.masks.items()}


def test_that_another_seed_gives_another_body():
    one, two = (make_phantom(PhantomSettings(shape=SMALL, seed=s, absent=())) for s in (3, 4))
    assert all(one.masks[n].volume_ml != two.masks[n].volume_ml for n in STRUCTURES)


def test_that_a_seed_has_the_same_body_on_every_grid(phantom: Phantom):
    fine = make_phantom(PhantomSettings(shape=(112, 112, 128), seed=4, absent=()))
    for name, mask in phantom.masks.items():
        assert fine.masks[name].volume_ml == pytest.approx(mask.volume_ml, rel=0.08), name


def test_that_the_volume_is_int16_in_fortran_order_on_a_canonical_grid(phantom: Phantom):
    voxels = phantom.volume.voxels
    assert voxels.dtype == np.int16
    assert voxels.flags.f_contiguous
    assert voxels.shape == phantom.volume.geometry.shape == (96, 96, 96)
    assert axis_codes(phantom.volume.geometry.affine) == "RAS"
    assert all(0.5 < s < 6.0 for s in phantom.volume.geometry.spacing)


def test_that_no_voxel_belongs_to_two_structures(phantom: Phantom):
    names = list(phantom.masks)
    assert names == list(STRUCTURES)
    for i, name in enumerate(names):
        for other in names[i + 1 :]:
            assert overlap(phantom.masks[name], phantom.masks[other]) == 0, (name, other)


def test_that_each_structure_is_one_piece(phantom: Phantom):
    from scipy import ndimage

    for name, mask in phantom.masks.items():
        assert ndimage.label(mask.voxels)[1] == 1, name


def test_that_the_structures_lie_where_anatomy_has_them(phantom: Phantom):
    at = {name: centroid(mask) for name, mask in phantom.masks.items()}
    assert at["kidney_right"][0] > at["postcava"][0] > at["aorta"][0] > at["kidney_left"][0]
    assert at["liver"][0] > at["aorta"][0] + 30
    assert at["spleen"][0] < at["aorta"][0] - 40
    assert at["gall_bladder"][0] > at["aorta"][0]
    assert at["kidney_right"][2] < at["kidney_left"][2] < at["spleen"][2]
    assert at["stomach"][1] > at["aorta"][1] > at["kidney_left"][1]
    assert phantom.masks["liver"].full()[: 96 // 2].any(), "the left lobe crosses the midline"


def test_that_bones_lungs_fat_and_air_are_there(phantom: Phantom):
    voxels = phantom.volume.voxels
    shares = [np.mean(w) for w in (voxels > 350, (voxels > -920) & (voxels < -780), (voxels > -130) & (voxels < -70))]
    assert 0.006 < shares[0] < 0.05
    assert shares[1] > 0.02
    assert shares[2] > 0.05
    assert voxels[:3, 48:].max() < -800, "air beside the body"


@pytest.mark.timeout(300)
def test_that_volumes_and_densities_of_a_hundred_bodies_are_those_of_adults():
    portal = {
        "liver": (80, 135),
        "spleen": (80, 145),
        "kidney_left": (125, 215),
        "kidney_right": (125, 215),
        "pancreas": (60, 125),
        "stomach": (-600, 80),
        "gall_bladder": (-25, 35),
        "aorta": (85, 190),
        "postcava": (85, 175),
    }
    wrong, absent = [], []
    for seed in range(100):
        phantom = make_phantom(PhantomSettings(shape=SMALL, seed=seed))
        absent += phantom.absent
        for name, mask in phantom.masks.items():
            low, high = ADULT_RANGES[name]
            if not low <= mask.volume_ml <= high:
                wrong.append((seed, name, f"{mask.volume_ml:.0f} ml"))
            low, high = portal[name]
            if not low <= (mean := densities(phantom, name).mean()) <= high:
                wrong.append((seed, name, f"{mean:.0f} HU"))
    assert wrong == []
    assert 3 <= absent.count("gall_bladder") <= 22
    assert 1 <= sum(n.startswith("kidney") for n in absent) <= 8


def test_that_the_phase_changes_the_vessels_and_not_the_anatomy():
    made = {p: make_phantom(PhantomSettings(shape=SMALL, seed=8, phase=p)) for p in ("portal", "arterial", "plain")}
    means = {p: densities(m, "aorta").mean() for p, m in made.items()}
    assert means["arterial"] > means["portal"] + 60 > means["plain"] + 120
    assert len({content_hash(m.masks["aorta"]) for m in made.values()}) == 1


def test_that_noise_is_what_was_asked_for():
    quiet, loud = (make_phantom(PhantomSettings(shape=SMALL, seed=8, noise_hu=n)) for n in (0.0, 25.0))
    extra = (loud.volume.voxels.astype(float) - quiet.volume.voxels)[20:36, 20:36, 20:36]
    assert extra.std() == pytest.approx(25.0, rel=0.1)
    assert abs(extra.mean()) < 2.0


def test_that_scoliosis_moves_the_aorta_sideways():
    straight, bent = (
        make_phantom(PhantomSettings(shape=SMALL, seed=8, scoliosis_mm=s)).masks["aorta"] for s in (0.0, 25.0)
    )
    assert centroid(bent)[0] > centroid(straight)[0] + 8


def test_that_a_removed_structure_leaves_a_ghost_and_no_mask():
    made = make_phantom(PhantomSettings(shape=SMALL, seed=8, absent=("gall_bladder", "kidney_left")))
    whole = make_phantom(PhantomSettings(shape=SMALL, seed=8, absent=()))
    assert made.absent == ("gall_bladder", "kidney_left")
    assert not set(made.absent) & set(made.masks)
    assert made.ghosts["gall_bladder"].volume_ml > 5
    assert densities(whole, "kidney_left").mean() > 120
    ghost = made.ghosts["kidney_left"]
    assert made.volume.voxels[ghost.box][ghost.voxels].mean() < 40


def test_that_the_field_of_view_can_be_set():
    made = make_phantom(PhantomSettings(shape=(64, 48, 40), seed=1, extent_mm=(448.0, 336.0, 400.0)))
    assert made.volume.geometry.spacing == pytest.approx((7.0, 7.0, 10.0))


@pytest.mark.parametrize(
    "wrong", [{"shape": (8, 64, 64)}, {"phase": "late"}, {"absent": ("heart",)}], ids=["shape", "phase", "structure"]
)
def test_that_settings_nobody_can_keep_are_refused(wrong: dict):
    with pytest.raises(UserError):
        PhantomSettings(**wrong)


def test_that_a_field_of_view_without_the_abdomen_is_refused():
    with pytest.raises(UserError, match="shows no"):
        make_phantom(PhantomSettings(shape=(32, 32, 32), extent_mm=(60.0, 60.0, 60.0)))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_that_every_drawn_person_is_a_person(seed: int):
    person = draw_person(PhantomSettings(seed=seed))
    assert all(0.85 < s < 1.15 for s in person.scale)
    assert 0 <= person.fat <= 1
    assert 0 <= person.inner_fat <= 1
    assert set(person.absent) <= set(STRUCTURES)
