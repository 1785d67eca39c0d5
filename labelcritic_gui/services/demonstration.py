"""Makes the demonstration review: phantoms, two label sets with planted errors, the truth. Layer: services."""

import json
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import nifti
from labelcritic_gui.phantom.demonstration import DemoCase, demonstration_cases
from labelcritic_gui.services.new_review import CreationReport, LabelSource, Request, create_review

CASES = 6
SHAPE = (192, 192, 192)
SEED = 912
PLANTED = "planted.json"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Where the demonstration lies: its review folder, and the record of the planted errors."""

    review: Path
    planted: Path
    report: CreationReport


def create_demonstration(
    folder: Path,
    table: StructureTable,
    *,
    count: int = CASES,
    shape: tuple[int, int, int] = SHAPE,
    seed: int = SEED,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> Demonstration:
    """Write `count` phantom cases with two competing label sets under `folder` and make a review of them.

    The anatomy is procedural: no person's data. Raises ReviewError when the folder is not empty.
    """
    stop = cancel or NeverCancel()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReviewError(f"{folder} exists already and is not empty.", "Choose another folder.")
    planted = []
    sets: dict[str, None] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for n, case in enumerate(demonstration_cases(count=count, shape=shape, seed=seed)):
            stop_if(stop)
            progress(n, count + 1, f"making {case.case_id}")
            _write_case(folder, case)
            sets |= dict.fromkeys(case.label_sets)
            planted += [
                {
                    "case": p.case,
                    "structure": p.structure,
                    "label_set": p.label_set,
                    "code": p.code.value,
                    "severity": str(p.severity),
                    "text": p.text,
                    "place": list(p.place) if p.place else None,
                }
                for p in case.planted
            ]
        (folder / PLANTED).write_text(json.dumps(planted, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise StorageError(f"The demonstration could not be written to {folder}: {error.strerror}.") from error
    progress(count, count + 1, "making the review")
    request = Request(
        folder=folder / "review",
        images=folder / "images",
        labels=tuple(LabelSource(slug, folder / "labels" / slug) for slug in sets),
        title="Demonstration",
    )
    report = create_review(request, table, cancel=stop)
    progress(count + 1, count + 1, "done")
    return Demonstration(request.folder, folder / PLANTED, report)


def _write_case(folder: Path, case: DemoCase) -> None:
    image = folder / "images" / case.case_id / "ct.nii.gz"
    image.parent.mkdir(parents=True, exist_ok=True)
    nifti.write_ct(image, case.phantom.volume)
    for slug, masks in case.label_sets.items():
        target = folder / "labels" / slug / case.case_id / "segmentations"
        target.mkdir(parents=True, exist_ok=True)
        for structure, mask in masks.items():
            nifti.write_mask(target / f"{structure}.nii.gz", mask)
