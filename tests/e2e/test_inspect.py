"""`labelcritic inspect`, as it is called."""

import json
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.cli.arguments import build_parser
from labelcritic_gui.cli.inspection import inspect
from labelcritic_gui.cli.output import show
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.formats import nifti
from labelcritic_gui.settings import Settings
from tests.making import CENTRES, ball, grid, trunk

pytestmark = pytest.mark.e2e


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A CT, a mask, and a file that is no image."""
    ct, mask, text = tmp_path / "ct.nii.gz", tmp_path / "liver.nii.gz", tmp_path / "notes.nii"
    nifti.write_ct(ct, trunk())
    nifti.write_mask(mask, Mask.from_array(ball(CENTRES["liver"], 9.0), grid()))
    text.write_text("no image", "utf-8")
    return ct, mask, text


def called(*words: object) -> int:
    arguments = build_parser().parse_args(["inspect", *map(str, words)])
    services: Services = build_services(Settings(reader="ann"))
    return show(inspect(arguments, services), as_json=arguments.json)


def test_that_good_files_are_described_and_the_exit_code_is_0(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*files[:2]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    for words in ("CT: int16, values -10", "mask: two values, 0 and 1", "48x40x44 voxels of 8 x 8 x 8 mm (RAS)"):
        assert words in said.out
    assert said.out.count("sha256") == 4


def test_that_a_refused_file_is_one_line_and_exit_code_2_and_the_others_are_still_shown(
    files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(files[2], files[0], "/nowhere/at.all") == 2
    said = capsys.readouterr()
    assert "CT: int16" in said.out
    assert len(said.err.splitlines()) == 2
    assert str(files[2]) in said.err
    assert "/nowhere/at.all" in said.err


def test_that_json_has_everything(files: tuple[Path, Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert called(*files, "--json", "--classes", "abdomenatlas_1_0") == 2
    body = json.loads(capsys.readouterr().out)
    ct, mask, text = body["files"]
    assert (ct["kind"], mask["kind"], text["kind"]) == ("CT", "mask", "refused")
    assert ct["canonical"]["shape"] == [48, 40, 44]
    assert ct["canonical"]["spacing"] == [8, 8, 8]
    assert np.array(ct["stored"]["affine"]).shape == (4, 4)
    assert ct["values"][0] < -1000 < ct["values"][1]
    assert mask["labels"][0]["name"]
    assert len(ct["sha256_voxels"]) == len(mask["sha256_file"]) == 64
    assert len(body["failed"]) == 1


def test_that_an_unknown_scheme_names_the_known_ones(files: tuple[Path, Path, Path]) -> None:
    from labelcritic_gui.core.errors import UserError

    with pytest.raises(UserError, match="abdomenatlas_1_0"):
        called(files[1], "--classes", "nosuch")
