"""A label written by us and read by nibabel, SimpleITK and ourselves has the same voxels and the same place."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.formats import nifti, volumes

LPS = np.diag([-1.0, -1.0, 1.0])


def oblique() -> np.ndarray:
    turn = np.array([[0.96, -0.28, 0.0], [0.28, 0.96, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn * (0.7, 0.8, 2.5)
    affine[:3, 3] = (-31.0, 12.5, 407.0)
    return affine


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(False, False, False), (True, True, False), (True, False, True)])
def test_three_readers_agree_on_what_we_write(tmp_path: Path, axes: tuple, flips: tuple) -> None:
    import nibabel as nib
    import SimpleITK as sitk

    affine = oblique()
    stored = np.eye(4)
    stored[:3, :3] = affine[:3, :3][:, axes] * np.where(flips, -1.0, 1.0)
    stored[:3, 3] = affine[:3, 3]
    rng = np.random.default_rng(3)
    nib.save(nib.Nifti1Image(np.zeros((6, 7, 8), np.int16), stored), tmp_path / "ct.nii.gz")
    grid = volumes.read_geometry(tmp_path / "ct.nii.gz")
    full = rng.random(grid.shape) > 0.7
    path = tmp_path / "mask.nii.gz"
    nifti.write_mask(path, Mask.from_array(full, grid), like=tmp_path / "ct.nii.gz")

    own = volumes.load_mask(path)
    assert np.array_equal(own.full(), full)
    theirs = nib.load(path)
    voxels = np.asanyarray(theirs.dataobj)
    assert np.allclose(theirs.affine, stored, atol=1e-4)
    turned = Geometry((6, 7, 8), stored).orientation().view(voxels)
    assert np.array_equal(turned > 0, full)
    image = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(image).transpose(2, 1, 0), voxels)
    direction = LPS @ np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    assert np.allclose(direction, stored[:3, :3], atol=1e-4)
    assert np.allclose(LPS @ np.array(image.GetOrigin()), stored[:3, 3], atol=1e-3)
