"""The shipped structure files, the user's overlay, and what is said of a broken file."""

import json
from pathlib import Path

import pytest

from labelcritic_gui.catalogue import load_catalogue, read_structure
from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.structures import Span, normal_name
from labelcritic_gui.paths import cache_dir, config_dir, log_dir, prompts_dir, resources_dir

NINE = ("liver", "spleen", "kidney_left", "kidney_right", "pancreas", "stomach", "gall_bladder", "aorta", "postcava")
CANONICAL = {"gallbladder": "gall_bladder", "inferior_vena_cava": "postcava"}


def test_that_the_nine_structures_are_known_in_full() -> None:
    table = load_catalogue()
    for name in NINE:
        structure = table.get(name)
        assert structure.name == name
        assert structure.title
        assert structure.window
        assert structure.expect is not None
        assert structure.expect.volume_ml
        assert structure.expect.hu
        assert structure.expect.source
        assert {"abdomenatlas_1_0", "totalsegmentator_v1", "totalsegmentator_v2", "btcv", "amos"} <= set(structure.ids)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        ("inferior_vena_cava", "postcava"),
        ("IVC", "postcava"),
        ("vena cava", "postcava"),
        ("gallbladder", "gall_bladder"),
        ("left_kidney", "kidney_left"),
        ("Right Kidney", "kidney_right"),
        ("kidney_l", "kidney_left"),
        ("kidneyleft", "kidney_left"),
        ("bladder", "urinary_bladder"),
        ("left_femur", "femur_left"),
    ],
)
def test_that_names_of_other_data_sets_are_recognised(found: str, name: str) -> None:
    assert load_catalogue().name_of(found) == name


def test_that_no_alias_and_no_id_is_claimed_twice() -> None:
    aliases: dict[str, str] = {}
    ids: dict[tuple[str, int], str] = {}
    for structure in load_catalogue():
        for alias in {normal_name(a) for a in (structure.name, *structure.aliases)}:
            assert aliases.setdefault(alias, structure.name) == structure.name, alias
        for key in structure.ids.items():
            assert ids.setdefault(key, structure.name) == structure.name, key


def test_that_pairs_name_each_other_and_mirror_each_other() -> None:
    table = load_catalogue()
    paired = [s for s in table if s.pair]
    assert len(paired) > 30
    for structure in paired:
        other = table.get(structure.pair)
        assert other.pair == structure.name
        assert {structure.side, other.side} == {"left", "right"}
        assert structure.pair_title == other.pair_title
        mine, its = structure.expect and structure.expect.lateral_mm, other.expect and other.expect.lateral_mm
        assert mine == (its and Span(-its.high, -its.low))


@pytest.mark.shared
def test_that_every_totalsegmentator_class_has_its_number(shared_data: Path) -> None:
    table = load_catalogue()
    names = json.loads((shared_data / "ts_class_map.json").read_text())
    for key, scheme in (("total_v1", "totalsegmentator_v1"), ("total", "totalsegmentator_v2")):
        found = {s.ids[scheme]: s.name for s in table if scheme in s.ids}
        assert found == {int(value): CANONICAL.get(name, name) for value, name in names[key].items()}


def test_that_a_user_file_replaces_the_shipped_one_and_adds_new_ones(tmp_path: Path) -> None:
    (tmp_path / "liver.toml").write_text('[names]\ntitle = "my liver"\n')
    (tmp_path / "appendix.toml").write_text('[names]\naliases = ["blinddarm"]\n[expect]\nparts = 1\n')
    table = load_catalogue(tmp_path)
    assert table.get("liver").title == "my liver"
    assert table.get("liver").expect is None
    assert table.name_of("Blinddarm") == "appendix"
    assert table.get("spleen").title == "spleen"


def test_that_the_users_folder_is_in_the_configuration(own_home: Path) -> None:
    folder = own_home / "config" / "structures"
    folder.mkdir(parents=True)
    (folder / "appendix.toml").write_text("")
    assert load_catalogue().knows("appendix")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("[expect]\nvolume_ml = [5, 1]\n", "expect.volume_ml"),
        ("[expect]\nvolume = [1, 5]\n", "expect.volume"),
        ("[expect]\nhu = 30\n", "expect.hu"),
        ("[ids]\nbtcv = 'six'\n", "ids.btcv"),
        ("[display]\nside = 'middle'\n", "display.side"),
        ("[display\n", "cannot be read"),
    ],
)
def test_that_a_broken_file_is_named_with_its_field(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "liver.toml"
    path.write_text(text)
    with pytest.raises(UnreadableFileError) as told:
        read_structure(path)
    assert str(path) in str(told.value)
    assert field in str(told.value)


def test_that_own_folders_follow_the_environment_and_shipped_ones_are_found(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (config_dir(), cache_dir(), log_dir()) == (own_home / "config", own_home / "cache", own_home / "logs")
    monkeypatch.delenv("LABELCRITIC_HOME")
    assert all("labelcritic" in str(folder) for folder in (config_dir(), cache_dir(), log_dir()))
    assert (resources_dir() / "structures" / "liver.toml").is_file()
    assert prompts_dir().is_dir()


def test_that_company_is_known_and_that_what_contains_is_part_of_each_other() -> None:
    table = load_catalogue()
    for structure in table:
        expect = structure.expect
        if expect is None:
            continue
        for other in (*expect.contains, *expect.part_of, *expect.apart_from):
            assert other in {known.name for known in table}, (structure.name, other)
        for part in expect.contains:
            inner = table.get(part).expect
            assert inner is not None, part
            assert structure.name in inner.part_of, (structure.name, part)
        for whole in expect.part_of:
            outer = table.get(whole).expect
            assert outer is not None, whole
            assert structure.name in outer.contains, (structure.name, whole)
        assert not {*expect.apart_from} & {structure.name, *expect.contains, *expect.part_of}


def test_that_every_expectation_says_where_it_comes_from() -> None:
    assert [s.name for s in load_catalogue() if s.expect is not None and not s.expect.source] == []


def test_that_ranges_by_phase_lie_within_that_of_any_scan() -> None:
    for structure in load_catalogue():
        expect = structure.expect
        if expect is None or expect.hu is None:
            continue
        for phase in ("plain", "arterial", "portal"):
            span = expect.hu_in(phase)
            assert span is not None
            assert expect.hu.low <= span.low <= span.high <= expect.hu.high, (structure.name, phase)


def test_that_a_user_file_adds_to_the_expectations(tmp_path: Path) -> None:
    (tmp_path / "liver.toml").write_text("extends = true\n[expect]\nhu_portal = [40, 240]\nblind_share = 1.5\n")
    shipped, mine = load_catalogue(tmp_path / "none").get("liver").expect, load_catalogue(tmp_path).get("liver").expect
    assert shipped is not None
    assert mine is not None
    assert (mine.hu_portal, mine.blind_share) == (Span(40, 240), 1.5)
    assert (mine.volume_ml, mine.contains) == (shipped.volume_ml, shipped.contains)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("edge_share = 1.4", "edge_share"),
        ("blind_share = 0", "blind_share"),
        ("hu_plain = [90, 10]", "hu_plain"),
        ("contains = 3", "contains"),
        ("uniform = 'sometimes'", "uniform"),
    ],
)
def test_that_a_wrong_expectation_is_refused_with_its_key(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "liver.toml"
    file.write_text(f"[expect]\n{line}\n")
    with pytest.raises(UnreadableFileError, match=said):
        read_structure(file)
