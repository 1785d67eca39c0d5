"""Projecting a case from files: each read once, refused alone, written whole."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.cases import CandidateId, CaseId, MaskSource
from labelcritic_gui.core.errors import CancelledError, GeometryMismatchError, StorageError, UnreadableFileError
from labelcritic_gui.core.geometry import Fit, Geometry, Mask, Volume
from labelcritic_gui.formats import nifti
from labelcritic_gui.imaging.frame import Edges, View
from labelcritic_gui.imaging.overlay import compose
from labelcritic_gui.imaging.panel import decode_png
from labelcritic_gui.imaging.projection import project, silhouette_of
from labelcritic_gui.services import projection
from labelcritic_gui.services.projection import project_case, write_pictures

nib = pytest.importorskip("nibabel")

SHAPE = (24, 20, 30)


@pytest.fixture
def case(tmp_path):
    """A CT stored as LPS, and masks: one alike, one stored as SPR, one map of labels."""
    rng = np.random.default_rng(2)
    affine = np.diag([-1.5, -1.5, 2.0, 1.0])
    ct = rng.integers(-1000, 1500, SHAPE).astype(np.int16)
    nib.save(nib.Nifti1Image(ct, affine), tmp_path / "ct.nii.gz")
    labels = np.zeros(SHAPE, np.uint8)
    labels[3:9, 4:9, 5:20] = 1
    labels[12:20, 10:15, 2:9] = 2
    labels[15:18, 3:5, 20:29] = 5
    image = nib.Nifti1Image(labels, affine)
    nib.save(image, tmp_path / "map.nii.gz")
    nib.save(nib.Nifti1Image((labels == 1).astype(np.uint8), affine), tmp_path / "one.nii.gz")
    turn = nib.orientations.ornt_transform(nib.orientations.axcodes2ornt("LPS"), nib.orientations.axcodes2ornt("SPR"))
    two = nib.Nifti1Image((labels == 2).astype(np.float32), affine).as_reoriented(turn)
    nib.save(two, tmp_path / "two.nii.gz")
    return tmp_path


def sources_of(case: Path) -> dict[str, MaskSource]:
    table = str(case / "map.nii.gz")
    return {
        "one": MaskSource(str(case / "one.nii.gz")),
        "two": MaskSource(str(case / "two.nii.gz")),
        "map 1": MaskSource(table, (1,)),
        "map 2": MaskSource(table, (2,)),
        "map 1 and 5": MaskSource(table, (1, 5)),
        "map all": MaskSource(table),
        "map 9": MaskSource(table, (9,)),
    }


@pytest.mark.parametrize("view", View)
def test_that_a_streamed_case_equals_the_case_projected_in_memory(case, view):
    found = project_case(case / "ct.nii.gz", sources_of(case), view=view)
    expected = project(nifti.load_ct(case / "ct.nii.gz"), view=view)
    assert not found.refused
    assert set(found.fits.values()) == {Fit.SAME}
    assert found.geometry.shape == SHAPE
    for name, picture in expected.items():
        assert np.array_equal(found.pictures[name], picture)
        assert picture.shape == found.frame.shape
    for key, source in sources_of(case).items():
        mask = nifti.load_mask(Path(source.path), values=source.values)
        assert np.array_equal(found.silhouettes[key], silhouette_of(mask, view=view)), key
    assert np.array_equal(found.silhouettes["one"], found.silhouettes["map 1"])
    assert np.array_equal(found.silhouettes["two"], found.silhouettes["map 2"])
    assert not found.silhouettes["map 9"].any()


@pytest.mark.parametrize("codes", ["RAS", "LPS", "RPI", "SPR", "AIL", "IRP"])
def test_that_a_lateral_picture_has_anterior_on_the_left_and_superior_on_top(tmp_path, codes):
    canonical = np.full((12, 20, 30), -1000, np.int16)
    canonical[:, 17:, 26:] = 1500  # anterior and superior
    anterior, superior = (np.zeros(canonical.shape, np.uint8) for _ in range(2))
    anterior[4:6, 16:20, 10:14] = 1
    superior[4:6, 8:10, 25:30] = 1
    turn = nib.orientations.axcodes2ornt(codes)
    affine = np.diag([3.0, 2.0, 4.0, 1.0])
    affine[:3, 3] = (-40.0, 12.0, 700.0)
    for name, array in (("ct", canonical), ("anterior", anterior), ("superior", superior)):
        nib.save(nib.Nifti1Image(array, affine).as_reoriented(turn_to(turn)), tmp_path / f"{name}.nii.gz")
    assert "".join(nib.aff2axcodes(nib.load(tmp_path / "ct.nii.gz").affine)) == codes
    sources = {name: MaskSource(str(tmp_path / f"{name}.nii.gz")) for name in ("anterior", "superior")}
    found = project_case(tmp_path / "ct.nii.gz", sources, view=View.LATERAL)
    assert found.frame.edges == Edges("A", "P", "S", "I")
    picture = found.pictures["bone"]
    assert picture.shape == (120, 40)
    assert picture[:14, :5].min() > 200, "bright where anterior meets superior"
    assert max(picture[20:].max(), picture[:, 10:].max()) == 0
    for name, (rows, columns) in {"anterior": ((64, 80), (0, 8)), "superior": ((0, 20), (20, 24))}.items():
        expected = np.zeros(picture.shape, bool)
        expected[slice(*rows), slice(*columns)] = True
        assert np.array_equal(found.silhouettes[name], expected), name
        mask = nifti.load_mask(tmp_path / f"{name}.nii.gz")
        assert np.array_equal(silhouette_of(mask, view=View.LATERAL), expected), name


def turn_to(wanted):
    """Return how a RAS image becomes one of the wanted orientation."""
    return nib.orientations.ornt_transform(nib.orientations.axcodes2ornt("RAS"), wanted)


def test_that_every_file_is_opened_once(case, monkeypatch):
    opened = []

    def counting(path):
        opened.append(Path(path).name)
        return nifti.open_stream(path)

    monkeypatch.setattr(projection, "open_stream", counting)
    project_case(case / "ct.nii.gz", sources_of(case))
    assert sorted(opened) == ["ct.nii.gz", "map.nii.gz", "one.nii.gz", "two.nii.gz"]


def test_that_a_pool_gives_the_same_pictures(case):
    alone = project_case(case / "ct.nii.gz", sources_of(case))
    with ThreadPoolExecutor(2) as pool:
        together = project_case(case / "ct.nii.gz", sources_of(case), map_function=pool.map)
    for name, picture in alone.pictures.items():
        assert np.array_equal(picture, together.pictures[name])
    for key, silhouette in alone.silhouettes.items():
        assert np.array_equal(silhouette, together.silhouettes[key])


def test_that_a_scaled_image_is_projected_in_hounsfield_units(case):
    raw = np.asanyarray(nib.load(case / "ct.nii.gz").dataobj)
    image = nib.Nifti1Image((raw + 1024).astype(np.uint16), np.diag([-1.5, -1.5, 2.0, 1.0]))
    image.header.set_slope_inter(1, -1024)
    nib.save(nib.Nifti1Image(raw, image.affine), case / "plain.nii.gz")
    (case / "scaled.nii").write_bytes(image.to_bytes())
    data = bytearray((case / "scaled.nii").read_bytes())
    data[112:120] = np.array([1, -1024], "<f4").tobytes()
    data[352:] = (raw + 1024).astype("<u2").tobytes(order="F")
    (case / "scaled.nii").write_bytes(data)
    plain, scaled = (project_case(case / name, {}).pictures for name in ("plain.nii.gz", "scaled.nii"))
    assert all(np.array_equal(plain[name], scaled[name]) for name in plain)


def test_that_a_broken_or_stretched_mask_is_refused_alone(case):
    nib.save(nib.Nifti1Image(np.ones((24, 20, 9), np.uint8), np.diag([-1.5, -1.5, 2, 1])), case / "short.nii.gz")
    (case / "text.nii.gz").write_text("no mask")
    nib.save(nib.Nifti1Image(np.full(SHAPE, 0.5, np.float32), np.diag([-1.5, -1.5, 2, 1])), case / "p.nii.gz")
    packed = (case / "one.nii.gz").read_bytes()
    (case / "cut.nii.gz").write_bytes(packed[: len(packed) // 2])
    bad = {name: MaskSource(str(case / f"{name}.nii.gz")) for name in ("short", "text", "p", "cut", "absent")}
    found = project_case(case / "ct.nii.gz", {**bad, "one": MaskSource(str(case / "one.nii.gz"))})
    assert set(found.silhouettes) == {"one"}
    assert set(found.refused) == set(bad)
    assert isinstance(found.refused.pop("short"), GeometryMismatchError)
    assert all(isinstance(problem, UnreadableFileError) for problem in found.refused.values())


@pytest.mark.shared
def test_that_labels_of_30_slices_are_refused_on_the_112_slice_ct_and_both_shapes_are_named(shared_data):
    label = shared_data / "ts_example_ct_sm" / "labels" / "sm_v2_fast_2024-03-14.nii.gz"
    found = project_case(shared_data / "ts_example_ct" / "example_ct.nii.gz", {"liver": MaskSource(str(label), (5,))})
    problem = found.refused["liver"]
    assert isinstance(problem, GeometryMismatchError)
    assert "122x101x30" in problem.message
    assert "122x101x112" in problem.message
    assert not found.silhouettes


@pytest.mark.parametrize("damage", ["cut", "absent"])
def test_that_a_case_without_a_readable_image_fails_as_a_whole(case, damage):
    packed = (case / "ct.nii.gz").read_bytes()
    (case / "cut.nii.gz").write_bytes(packed[:-20])
    with pytest.raises(UnreadableFileError):
        project_case(case / f"{damage}.nii.gz", sources_of(case))


def test_that_work_stops_when_it_is_no_longer_wanted(case):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(CancelledError):
        project_case(case / "ct.nii.gz", sources_of(case), cancel=cancel)


def test_that_all_pictures_are_written_whole_under_their_names(case, tmp_path):
    keys = {
        CandidateId(CaseId("a/b"), "liver", "nnunet"): MaskSource(str(case / "one.nii.gz")),
        CandidateId(CaseId("a/b"), "liver", "nnunet", 2): MaskSource(str(case / "two.nii.gz")),
    }
    found = project_case(case / "ct.nii.gz", keys)
    out = tmp_path / "out"
    paths = write_pictures(out, "a/b", found, colour_of=lambda key: (0, 158, 10 * key.version))
    assert sorted(str(path.relative_to(out / "a" / "b")) for path in paths) == sorted(
        [f"{window}.png" for window in found.pictures]
        + [f"nnunet/liver{version}_{window}.png" for window in found.pictures for version in ("", ".v2")]
    )
    assert sorted(p for p in out.rglob("*") if p.is_file()) == sorted(paths)
    assert np.array_equal(decode_png((out / "a/b/bone.png").read_bytes()), found.pictures["bone"])
    second = list(keys)[1]
    expected = compose(found.pictures["bone"], found.silhouettes[second], (0, 158, 20))
    assert np.array_equal(decode_png((out / "a/b/nnunet/liver.v2_bone.png").read_bytes()), expected)
    again = {path: path.read_bytes() for path in paths}
    assert write_pictures(out, "a/b", found, colour_of=lambda key: (0, 158, 10 * key.version)) == paths
    assert {path: path.read_bytes() for path in paths} == again


@pytest.mark.parametrize("name", ["../b", "/b", "a/../../b"])
def test_that_no_picture_is_written_outside_its_folder(case, tmp_path, name):
    found = project_case(case / "ct.nii.gz", {})
    with pytest.raises(StorageError, match="would leave"):
        write_pictures(tmp_path / "out", name, found)
    assert not (tmp_path / "out").exists()


def test_that_two_masks_of_one_name_never_overwrite_each_other(case, tmp_path):
    found = project_case(case / "ct.nii.gz", sources_of(case))
    with pytest.raises(StorageError, match="Two masks"):
        write_pictures(tmp_path / "out", "c", found, name_of=lambda key: key[:3])


def test_that_a_folder_that_cannot_be_written_is_named(case, tmp_path):
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(StorageError, match="could not be written"):
        write_pictures(tmp_path / "out", "c", project_case(case / "ct.nii.gz", {}))


def test_that_a_case_is_streamed_and_never_held(tmp_path):
    import tracemalloc

    shape = (256, 256, 200)
    geometry = Geometry(shape, np.diag([1.0, 1.0, 1.0, 1.0]))
    nifti.write_ct(tmp_path / "ct.nii.gz", Volume(np.zeros(shape, np.int16), geometry))
    mask = Mask(np.ones((100, 100, 100), bool), (20, 20, 20), geometry)
    nifti.write_mask(tmp_path / "m.nii.gz", mask)
    sources = {n: MaskSource(str(tmp_path / "m.nii.gz")) for n in range(3)}
    project_case(tmp_path / "ct.nii.gz", sources)  # imports
    tracemalloc.start()
    project_case(tmp_path / "ct.nii.gz", sources)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < np.prod(shape) * 2 / 4  # a quarter of the image alone
