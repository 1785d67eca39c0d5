"""Makes a review of phantoms with their truth, for critics that look at pictures. Layer: services."""

from pathlib import Path

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress
from labelcritic_gui.core.errors import ReviewError, StorageError
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.formats import nifti
from labelcritic_gui.services.bench_cases import BenchCase, PhantomCases
from labelcritic_gui.services.new_review import LabelSource, Request, create_review
from labelcritic_gui.store.review_file import REVIEW_FILE, read_review_file

TRUTH, REVIEW = "truth", "review"


def make_phantom_review(
    source: PhantomCases,
    folder: Path,
    table: StructureTable,
    *,
    progress: Progress = no_progress,
    cancel: Cancel | None = None,
) -> Path:
    """Write phantoms and their truth under a folder, make a review of them there, and return the review's folder.

    A review of the same phantoms that is there already is taken, with all that critics said before. Raises ReviewError
    when the folder holds anything else, StorageError when it cannot be written, and CancelledError.
    """
    stop = cancel or NeverCancel()
    if (folder / REVIEW / REVIEW_FILE).is_file() and read_review_file(folder / REVIEW).title == source.words:
        return folder / REVIEW
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReviewError(f"{folder} exists already and is not empty.", "Choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, case in enumerate(source.cases(stop)):
            if not isinstance(case, BenchCase):
                raise case[1]
            progress(done, source.count, f"making {case.name}")
            _write(folder, case)
    except OSError as error:
        raise StorageError(f"{folder} could not be written: {error.strerror or error}.", "Free some space.") from error
    request = Request(
        folder=folder / REVIEW,
        title=source.words,
        images=folder / "images",
        labels=(LabelSource(TRUTH, folder / "labels" / TRUTH),),
        trusted=TRUTH,
    )
    create_review(request, table, cancel=stop)
    return folder / REVIEW


def _write(folder: Path, case: BenchCase) -> None:
    image = folder / "images" / case.name / "ct.nii.gz"
    image.parent.mkdir(parents=True)
    nifti.write_ct(image, case.volume)
    labels = folder / "labels" / TRUTH / case.name / "segmentations"
    labels.mkdir(parents=True)
    for name, mask in case.masks.items():
        nifti.write_mask(labels / f"{name}.nii.gz", mask)
