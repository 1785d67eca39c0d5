"""Every file of the real data beside the checkout: opened rightly, or refused in one sentence.

`python -m tests.formats.test_stress docs/formats.md` writes the table of all of them (names and outcomes only).
"""

import json
import subprocess
import sys
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.formats import nifti, volumes
from labelcritic_gui.imaging.projection import project
from tests.formats import opener

ROOT = Path(__file__).resolve().parents[2]
CODES = ["".join(c) for axes in permutations(("LR", "PA", "IS")) for c in product(*axes)]


def things_in(data):
    """Every file, and every folder that holds DICOM files."""
    files = sorted(p for p in data.rglob("*") if p.is_file())
    return sorted([*files, *{p.parent for p in files if begins_as_dicom(p)}])


def begins_as_dicom(path):
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def open_all(data):
    """Open everything in a process with limits; return what happened with each, by path, and the peak memory."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.formats.opener"],
        input="\n".join(map(str, things_in(data))),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"the process ended with {done.returncode} after {done.stdout[-500:]}{done.stderr}"
    *rows, last = (json.loads(line) for line in done.stdout.splitlines())
    return {Path(row["path"]): row for row in rows}, last["peak"]


def table_of(rows, data):
    """The Markdown table: names relative to the data folder, formats, outcomes."""
    counts = {outcome: sum(r["outcome"] == outcome for r in rows.values()) for outcome in ("opened", "refused")}
    lines = [
        "# What each file of the test data is to Label Critic",
        "",
        "Written by `python -m tests.formats.test_stress docs/formats.md`; a folder stands for its DICOM series.",
        f"Opened: {counts['opened']}. Refused in one sentence: {counts['refused']}.",
        "",
        "| file | format | outcome |",
        "|---|---|---|",
    ]
    for path, row in rows.items():
        said = str(row["said"]).replace(str(path), "It").replace(f"{data}/", "").replace(str(path.parent), "its folder")
        outcome = said if row["outcome"] == "opened" else f"refused: {said}"
        lines.append(f"| {path.relative_to(data).as_posix()} | {row['format'] or '-'} | {_cell(outcome)} |")
    return "\n".join(lines) + "\n"


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


@pytest.fixture(scope="module")
def opened():
    data = ROOT.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("needs the real data in ../shared/data beside the checkout, which is not here")
    return open_all(data)


@pytest.mark.shared
def test_that_every_file_is_opened_or_refused_in_one_sentence(shared_data, opened, tmp_path):
    rows, peak = opened
    assert set(rows) == set(things_in(shared_data))
    assert [r for r in rows.values() if r["outcome"] == "crashed"] == []
    for path, row in rows.items():
        if row["outcome"] == "refused":
            assert str(path) in row["said"] or str(path.parent) in row["said"], row
            assert row["said"].endswith("."), row
            assert "\n" not in row["said"], row
            assert len(row["said"].replace(str(path), "")) < 300, row
            assert row["hint"], row
    assert max(row["seconds"] for row in rows.values()) < opener.SECONDS
    assert peak < opener.MEMORY
    (tmp_path / "formats.md").write_text(table_of(rows, shared_data))
    assert len((tmp_path / "formats.md").read_text().splitlines()) == len(rows) + 7


REFUSED = {
    "rgb/3D.nii": "RGB colours",
    "rgba/4D.nii": "RGBA colours",
    "complex/complex64.nii": "complex numbers",
    "complex_image.nii.gz": "complex numbers",
    "5D_zeros.nii.gz": "5 dimensions",
    "data/analyze.hdr": "Analyze",
    "data/nifti1.hdr": "separate .img",
    "referring_to_system_file.mhd": "outside its own folder",
    "image128x256RGB.mhd": "numbers per voxel",
    "image10x11x12_compressed.nhdr": "not beside it",
    "testing_data/CT_DICOM": "missing slice",
    "tests/data/0.dcm": "modality MR",
    "dicom_2d/cxr.dcm": "modality CR",
    "invalid_utf8.mhd": "no text",
    "not-nifti.nii": "not a NIfTI file",
    "empty.nii.gz": "empty",
}
OPENED = (
    "ras.hdr", "ras.img", "minimal.img.gz", "big.nii.gz", "27/uint64.nii", "example4d.nii.gz", "FLAIR.nrrd", "mha.mha",
    "image10x10x10.mhd", "image10x10x10-extra-stuff.mhd", "image10x11x12.nhdr", "dicom_slope", "dicom_intercept",
    "dcmqi_ct3", "liver.dcm", "partial_overlaps.dcm", "air.hdr.gz", "air2.img.gz", "avg152T1_LR_nifti2.nii.gz",
    "3DCT_lung.mha", "sample_s0521.nrrd",
)  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", REFUSED)
def test_that_the_refusal_says_what_it_is(opened, name):
    found = [row for path, row in opened[0].items() if path.as_posix().endswith(f"/{name}")]
    assert found
    assert all(row["outcome"] == "refused" and REFUSED[name] in row["said"] for row in found), found


@pytest.mark.shared
@pytest.mark.parametrize("name", [n for n in OPENED if n != "example4d.nii.gz"])
def test_that_what_others_write_opens(opened, name):
    found = [row for path, row in opened[0].items() if path.as_posix().endswith(f"/{name}")]
    assert found
    assert all(row["outcome"] == "opened" for row in found), found


@pytest.mark.shared
def test_that_what_opens_has_the_voxels_and_places_that_other_readers_find(opened):
    sitk = pytest.importorskip("SimpleITK")
    nib = pytest.importorskip("nibabel")
    compared = 0
    for path, row in opened[0].items():
        big = "deepmind" in str(path) and path.stem != "Lens-Lt"
        if row["outcome"] != "opened" or row["format"].startswith("dicom") or big:
            continue
        mine = volumes.load_ct(path)
        if row["format"] == "nifti":
            theirs = nib.load(path)
            if theirs.header["sform_code"] <= 0 and theirs.header["qform_code"] <= 0:
                continue
            array, affine = np.asanyarray(theirs.dataobj), theirs.affine.copy()
            affine[:3] *= {1: 1000.0, 3: 0.001}.get(int(theirs.header["xyzt_units"]) & 7, 1.0)
            array = array.reshape(array.shape[:3])
        else:
            image = sitk.ReadImage(str(path))
            array, affine = sitk.GetArrayFromImage(image).T, np.eye(4)
            affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
            affine[:3, 3] = image.GetOrigin()
            affine[:2] *= -1
        turn = volumes.nifti.Geometry(array.shape, affine)
        assert np.allclose(turn.canonical().affine, mine.geometry.affine, atol=1e-3), path
        expected = turn.orientation().view(array)
        if array.dtype.kind == "f":
            expected = np.nan_to_num(expected, nan=-1024.0)
        same = np.array_equal(mine.voxels, expected)
        assert same or np.allclose(mine.voxels, expected, rtol=1e-5, atol=1e-3), path
        compared += 1
    assert compared > 150


@pytest.mark.shared
def test_that_all_48_orientations_are_one_picture(shared_data):
    folder = next(shared_data.rglob("nifti_space"))
    files = {code: folder / f"{code}.nii.gz" for code in CODES}
    assert all(file.is_file() for file in files.values())
    first = volumes.load_ct(files["RAS"])
    picture = project(first)
    for code, file in files.items():
        found = volumes.load_ct(file)
        assert np.array_equal(found.voxels, first.voxels), code
        assert np.allclose(found.geometry.affine, first.geometry.affine, atol=1e-3), code
        for window, pixels in project(found).items():
            assert np.array_equal(pixels, picture[window]), (code, window)
    assert len(files) == 48


@pytest.mark.shared
@pytest.mark.parametrize("name", ["nrrd", "mha"])
def test_that_a_real_case_in_other_formats_projects_as_its_nifti(shared_data, tmp_path, name):
    from labelcritic_gui.core.cases import MaskSource
    from labelcritic_gui.services.projection import project_case

    sitk = pytest.importorskip("SimpleITK")
    image = shared_data / "elastix_lung" / "3DCT_lung.mha"
    mask = shared_data / "elastix_lung" / "3DCT_lung_baseline_mask.mha"
    for file, new in ((image, "ct"), (mask, "mask")):
        read = sitk.ReadImage(str(file))
        for end in (name, "nii.gz"):
            sitk.WriteImage(read, str(tmp_path / f"{new}.{end}"), useCompression=True)
    cases = [
        project_case(tmp_path / f"ct.{end}", {"m": MaskSource(str(tmp_path / f"mask.{end}"), None)})
        for end in (name, "nii.gz")
    ]
    for window, picture in cases[0].pictures.items():
        assert np.array_equal(picture, cases[1].pictures[window])
    assert cases[0].silhouettes["m"].any()
    assert np.array_equal(cases[0].silhouettes["m"], cases[1].silhouettes["m"])


@pytest.mark.shared
def test_that_a_real_dicom_case_projects_with_its_segmentation(shared_data):
    from labelcritic_gui.core.cases import MaskSource
    from labelcritic_gui.services.projection import project_case

    folder = shared_data / "dcmqi_ct3"
    sources = {
        "seg": MaskSource(str(folder / "liver.dcm"), (1,)),
        "nrrd": MaskSource(str(folder / "liver_seg.nrrd"), None),
    }
    case = project_case(folder, sources)
    assert not case.refused
    assert case.silhouettes["seg"].any()
    assert np.array_equal(case.silhouettes["seg"], case.silhouettes["nrrd"])


def test_that_the_nifti_door_still_reads_what_it_wrote(tmp_path):
    voxels = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    volume = volumes.nifti.Volume(voxels, volumes.nifti.Geometry((3, 4, 5), np.diag([1.0, 2, 3, 1])))
    nifti.write_ct(tmp_path / "a.nii.gz", volume)
    assert np.array_equal(volumes.load_ct(tmp_path / "a.nii.gz").voxels, voxels)


if __name__ == "__main__":
    place = ROOT.parent / "shared" / "data"
    Path(sys.argv[1]).write_text(table_of(open_all(place)[0], place), "utf-8")
