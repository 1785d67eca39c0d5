"""Small datasets on disk for tests: two cases, three structures, two label sets, in seconds' fraction."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.bootstrap import Services, build_services
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings

SHAPE = (48, 40, 44)
STRUCTURES = ("liver", "spleen", "pancreas")
CENTRES: Mapping[str, tuple[int, int, int]] = {"liver": (33, 22, 24), "spleen": (12, 16, 26), "pancreas": (24, 24, 20)}
RADII: Mapping[str, float] = {"liver": 9.0, "spleen": 5.0, "pancreas": 4.0}


def grid(spacing: float = 8.0) -> Geometry:
    """A canonical grid large enough for a trunk."""
    affine = np.diag([spacing, spacing, spacing, 1.0])
    affine[:3, 3] = (-190.0, -160.0, -170.0)
    return Geometry(SHAPE, affine)


def ball(centre: tuple[int, int, int], radius: float) -> NDArray[np.bool_]:
    """A ball on the grid, in voxels."""
    x, y, z = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    found: NDArray[np.bool_] = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= radius**2
    return found


def trunk(seed: int = 0) -> Volume:
    """A body of soft tissue with a spine and three brighter balls, in HU."""
    rng = np.random.default_rng(seed)
    x, y, _ = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    hu = np.full(SHAPE, -1000.0)
    body = ((x - 24) / 20.0) ** 2 + ((y - 20) / 15.0) ** 2 <= 1
    hu[np.broadcast_to(body, SHAPE)] = 30.0
    spine = (x - 24) ** 2 + (y - 8) ** 2 <= 9
    hu[np.broadcast_to(spine, SHAPE)] = 400.0
    for name in STRUCTURES:
        hu[ball(CENTRES[name], RADII[name])] = 110.0
    hu += rng.normal(0, 8, SHAPE)
    return Volume(np.asfortranarray(hu.round().astype(np.int16)), grid())


def write_dataset(root: Path, cases: tuple[str, ...] = ("case_1", "case_2")) -> None:
    """Write `images/`, `labels/good`, `labels/bad` in the AbdomenAtlas layout; the bad set lacks half of each ball."""
    for n, case in enumerate(cases):
        image = root / "images" / case / "ct.nii.gz"
        image.parent.mkdir(parents=True)
        nifti.write_ct(image, trunk(n))
        for label_set in ("good", "bad"):
            folder = root / "labels" / label_set / case / "segmentations"
            folder.mkdir(parents=True)
            for name in STRUCTURES:
                voxels = ball(CENTRES[name], RADII[name])
                if label_set == "bad":
                    voxels[:, :, CENTRES[name][2] :] = False
                nifti.write_mask(folder / f"{name}.nii.gz", Mask.from_array(voxels, grid()))


@dataclass(frozen=True)
class Dataset:
    """A small dataset with its review."""

    root: Path
    folder: Path
    services: Services

    def open(self) -> OpenReview:
        """Open the review."""
        return self.services.open_review(self.folder)


def request(root: Path, **changes: object) -> Request:
    """The request that makes the review of a small dataset."""
    values: dict[str, object] = {
        "folder": root / "review",
        "images": root / "images",
        "labels": (
            LabelSource("good", root / "labels" / "good"),
            LabelSource("bad", root / "labels" / "bad"),
        ),
    }
    return Request(**{**values, **changes})  # type: ignore[arg-type]


def make_dataset(root: Path) -> Dataset:
    """Write a small dataset and make its review."""
    write_dataset(root)
    services = build_services(Settings(reader="ann"))
    create_review(request(root), services.structures)
    return Dataset(root, root / "review", services)
