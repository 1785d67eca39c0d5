"""Every numbering scheme in full, as its makers publish it, against the structure files."""

import json
import re
from pathlib import Path

import pytest

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.errors import UnreadableFileError, UserError
from labelcritic_gui.core.structures import Structure, StructureTable, normal_name
from labelcritic_gui.formats.class_maps import read_class_map

NINE = "aorta gall_bladder kidney_left kidney_right liver pancreas postcava spleen stomach"
SCHEMES: dict[str, tuple[str, str]] = {
    "abdomenatlas_1_0": ("class map of AbdomenAtlas 1.0 as its makers' code and data card have it", NINE),
    "abdomenatlas_1_1": (
        "class map of AbdomenAtlas 1.1 (25 classes) as its makers' code and data card have it",
        f"{NINE} adrenal_gland_left adrenal_gland_right bladder celiac_trunk colon duodenum esophagus femur_left "
        "femur_right hepatic_vessel intestine lung_left lung_right portal_vein_and_splenic_vein prostate rectum",
    ),
    "btcv": (
        "Multi-Atlas Labeling Beyond the Cranial Vault, abdomen, Synapse syn3193805",
        "spleen right_kidney left_kidney gallbladder esophagus liver stomach aorta inferior_vena_cava "
        "portal_vein_and_splenic_vein pancreas right_adrenal_gland left_adrenal_gland",
    ),
    "amos": (
        "dataset.json of AMOS22, Zenodo 7262581, spelling included",
        "spleen right_kidney left_kidney gall_bladder esophagus liver stomach arota postcava pancreas "
        "right_adrenal_gland left_adrenal_gland duodenum bladder prostate/uterus",
    ),
    "flare22": (
        "label list of the MICCAI FLARE 2022 challenge",
        "liver right_kidney spleen pancreas aorta inferior_vena_cava right_adrenal_gland left_adrenal_gland "
        "gallbladder esophagus stomach duodenum left_kidney",
    ),
    "word": (
        "dataset.json of WORD V0.1.0, HiLab",
        "liver spleen left_kidney right_kidney stomach gallbladder esophagus pancreas duodenum colon intestine adrenal "
        "rectum bladder Head_of_femur_L Head_of_femur_R",
    ),
}
"""Scheme: its source and the names its makers use, from value 1 on."""

SPINE = [*(f"vertebrae_L{n}" for n in range(5, 0, -1)), *(f"vertebrae_T{n}" for n in range(12, 0, -1))]
SPINE += [f"vertebrae_C{n}" for n in range(7, 0, -1)]
RIBS = [f"rib_{side}_{n}" for side in ("left", "right") for n in range(1, 13)]
LOBES = "lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right"
BONES = (
    "humerus_left humerus_right scapula_left scapula_right clavicula_left clavicula_right femur_left femur_right "
    "hip_left hip_right"
)
MUSCLES = (
    "gluteus_maximus_left gluteus_maximus_right gluteus_medius_left gluteus_medius_right gluteus_minimus_left "
    "gluteus_minimus_right autochthon_left autochthon_right iliopsoas_left iliopsoas_right"
)
TOTAL = {
    "totalsegmentator_v1": " ".join(
        [
            "spleen kidney_right kidney_left gallbladder liver stomach aorta inferior_vena_cava",
            "portal_vein_and_splenic_vein pancreas adrenal_gland_right adrenal_gland_left",
            LOBES,
            *SPINE,
            "esophagus trachea heart_myocardium heart_atrium_left heart_ventricle_left heart_atrium_right",
            "heart_ventricle_right pulmonary_artery brain iliac_artery_left iliac_artery_right iliac_vena_left",
            "iliac_vena_right small_bowel duodenum colon",
            *RIBS,
            BONES,
            "sacrum face",
            MUSCLES,
            "urinary_bladder",
        ]
    ),
    "totalsegmentator_v2": " ".join(
        [
            "spleen kidney_right kidney_left gallbladder liver stomach pancreas adrenal_gland_right",
            "adrenal_gland_left",
            LOBES,
            "esophagus trachea thyroid_gland small_bowel duodenum colon urinary_bladder prostate kidney_cyst_left",
            "kidney_cyst_right sacrum vertebrae_S1",
            *SPINE,
            "heart aorta pulmonary_vein brachiocephalic_trunk subclavian_artery_right subclavian_artery_left",
            "common_carotid_artery_right common_carotid_artery_left brachiocephalic_vein_left",
            "brachiocephalic_vein_right atrial_appendage_left superior_vena_cava inferior_vena_cava",
            "portal_vein_and_splenic_vein iliac_artery_left iliac_artery_right iliac_vena_left iliac_vena_right",
            BONES,
            "spinal_cord",
            MUSCLES,
            "brain skull",
            *RIBS,
            "sternum costal_cartilages",
        ]
    ),
}
"""TotalSegmentator's class maps "total" of v1 (104 classes) and v2 (117), Apache-2.0."""

SIZES = {
    "abdomenatlas_1_0": 9,
    "abdomenatlas_1_1": 25,
    "btcv": 13,
    "amos": 15,
    "flare22": 13,
    "word": 16,
    "totalsegmentator_v1": 104,
    "totalsegmentator_v2": 117,
}
OF_THE_HEART = {"atrial_appendage_left"} | {
    f"heart_{c}_{s}" for c in ("atrium", "ventricle") for s in ("left", "right")
}
"""Left and right in these names are the heart's own, not sides of the body."""


@pytest.fixture(scope="module")
def table() -> StructureTable:
    return load_catalogue(Path("nowhere"))


def published(scheme: str) -> list[str]:
    return (TOTAL[scheme] if scheme in TOTAL else SCHEMES[scheme][1]).split()


def test_that_no_scheme_goes_untested(table: StructureTable) -> None:
    assert set(table.schemes()) == set(SIZES)


@pytest.mark.parametrize("scheme", SIZES)
def test_that_a_scheme_is_the_published_one_number_by_number(scheme: str, table: StructureTable) -> None:
    names = published(scheme)
    assert len(names) == SIZES[scheme]
    assert table.scheme(scheme) == {value: table.name_of(name) for value, name in enumerate(names, 1)}


@pytest.mark.parametrize("scheme", SIZES)
def test_that_every_published_name_stands_for_a_known_structure(scheme: str, table: StructureTable) -> None:
    assert [name for name in published(scheme) if not table.knows(name)] == []


@pytest.mark.parametrize("scheme", SIZES)
def test_that_a_number_belongs_to_one_structure_and_back(scheme: str, table: StructureTable) -> None:
    values = [s.ids[scheme] for s in table if scheme in s.ids]
    assert sorted(values) == list(range(1, SIZES[scheme] + 1))
    assert len(set(table.scheme(scheme).values())) == len(values)


@pytest.mark.parametrize("scheme", SIZES)
def test_that_left_in_a_published_name_is_left_in_the_table(scheme: str, table: StructureTable) -> None:
    for value, name in enumerate(published(scheme), 1):
        written = set(re.split(r"[_/]", name.lower()))
        side = "left" if written & {"left", "l"} else "right" if written & {"right", "r"} else ""
        known = table.scheme(scheme)[value]
        if known not in OF_THE_HEART:
            assert table.get(known).side == side, (name, known)


def test_that_the_side_of_a_structure_is_the_one_in_its_name(table: StructureTable) -> None:
    for structure in table:
        words = structure.name.split("_")
        side = "left" if "left" in words else "right" if "right" in words else ""
        if structure.name in OF_THE_HEART:
            assert structure.side in {"", side}
        else:
            assert structure.side == side, structure.name
        for alias in structure.aliases:
            other = {"left": "right", "right": "left"}.get(side)
            assert other is None or other not in normal_name(alias), (structure.name, alias)


def test_that_pairs_are_symmetric_and_sides_without_a_pair_have_no_mirror(table: StructureTable) -> None:
    names = {s.name for s in table}
    for structure in table:
        if structure.pair:
            other = table.get(structure.pair)
            assert (other.pair, other.pair_title) == (structure.name, structure.pair_title)
            assert {structure.side, other.side} == {"left", "right"}
            assert set(structure.ids) == set(other.ids)
        elif structure.side and "lobe" not in structure.name:
            assert structure.name.replace("left", "?").replace("right", "left").replace("?", "right") not in names


def test_that_no_alias_is_another_structures_name_or_alias(table: StructureTable) -> None:
    owners: dict[str, str] = {}
    for structure in table:
        for name in {normal_name(n) for n in (structure.name, *structure.aliases)}:
            assert owners.setdefault(name, structure.name) == structure.name, name


@pytest.mark.shared
@pytest.mark.parametrize(("key", "scheme"), [("total", "totalsegmentator_v2"), ("total_v1", "totalsegmentator_v1")])
def test_that_totalsegmentators_own_file_says_the_same(
    shared_data: Path, table: StructureTable, key: str, scheme: str
) -> None:
    names = json.loads((shared_data / "ts_class_map.json").read_text())[key]
    assert table.scheme(scheme) == {int(value): table.name_of(name) for value, name in names.items()}
    assert published(scheme) == [names[str(value)] for value in range(1, len(names) + 1)]


@pytest.mark.parametrize("written", ["abdomenatlas_1_1", "AbdomenAtlas 1.1", "abdomenatlas-1.1"])
def test_that_a_schemes_name_serves_as_a_class_map(written: str, table: StructureTable) -> None:
    assert read_class_map(written, table) == table.scheme("abdomenatlas_1_1")
    assert read_class_map(written, table)[12] == "urinary_bladder"


def test_that_a_file_of_a_schemes_name_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: StructureTable
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "btcv").write_text('{"1": "liver"}')
    assert read_class_map("btcv", table) == {1: "liver"}


def test_that_an_unknown_class_map_names_the_schemes(table: StructureTable) -> None:
    with pytest.raises(UnreadableFileError, match=r"no class map btvc.*amos, btcv, flare22"):
        read_class_map("btvc", table)
    with pytest.raises(UserError, match="no numbering scheme 'btvc'"):
        table.scheme("btvc")


def test_that_two_structures_of_one_number_are_named() -> None:
    table = StructureTable([Structure("liver", ids={"own": 3}), Structure("spleen", ids={"own": 3})])
    with pytest.raises(UserError, match="value 3 of the scheme own: liver and spleen"):
        table.scheme("own")


def test_that_a_users_file_extends_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "liver.toml").write_text('extends = true\n[names]\naliases = ["leber"]\n[ids]\nmine = 7\n')
    (tmp_path / "appendix.toml").write_text('[names]\naliases = ["bladder"]\n[ids]\nmine = 8\n')
    table = load_catalogue(tmp_path)
    liver = table.get("Leber")
    assert (liver.name, liver.ids["mine"], liver.ids["btcv"]) == ("liver", 7, 6)
    assert liver.expect is not None
    assert read_class_map("mine", table) == {7: "liver", 8: "appendix"}
    assert table.name_of("bladder") == "appendix", "the user's word wins over the shipped alias"


def test_that_number_zero_is_never_a_structures(tmp_path: Path) -> None:
    (tmp_path / "liver.toml").write_text("[ids]\nmine = 0\n")
    with pytest.raises(UnreadableFileError, match=r"ids\.mine is wrong"):
        load_catalogue(tmp_path)
