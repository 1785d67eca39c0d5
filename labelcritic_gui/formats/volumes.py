"""Any volume file, by its content: the one door for images and labels on disk. Layer: formats.

NIfTI (also .hdr/.img pairs), NRRD and MetaImage, folders of DICOM CT slices, and DICOM SEG. A folder that holds
several series is named as FOLDER#SERIES_INSTANCE_UID. Everything is only ever read; every failure is a UserError with
one sentence. In a CT, voxels that are not a number become air (-1024 HU); in a label they are refused.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.geometry import Fit, Geometry, Mask, Volume, require_fit
from labelcritic_gui.formats import dicom, dicom_seg_read, itk, nifti, nifti_names, nifti_stream
from labelcritic_gui.formats.label_pieces import counts_of, masks_of, pieces
from labelcritic_gui.formats.nifti_pairs import files_of
from labelcritic_gui.formats.streams import Piece, VolumeStream, Wanted, hounsfield

__all__ = [
    "DICOM_SEG",
    "DICOM_SERIES",
    "METAIMAGE",
    "NIFTI",
    "NRRD",
    "Piece",
    "VolumeStream",
    "Wanted",
    "count_values",
    "file_sha256",
    "fit_on",
    "format_of",
    "hounsfield",
    "is_single_nifti",
    "label_names",
    "load_ct",
    "load_label_map",
    "load_mask",
    "load_masks",
    "load_masks_on",
    "on_image",
    "open_labels",
    "open_stream",
    "pieces",
    "read_geometry",
    "series_in",
]

NIFTI, NRRD, METAIMAGE = "nifti", "nrrd", "metaimage"
DICOM_SERIES, DICOM_SEG = "dicom series", "dicom seg"
_NIFTI_SIZES = {size.to_bytes(4, order) for size in (348, 540) for order in ("little", "big")}


def format_of(path: Path) -> str:
    """Return what a file or folder is: "nifti", "nrrd", "metaimage", "dicom series" or "dicom seg".

    Raises UnreadableFileError for everything else, naming other DICOM modalities and single slices.
    """
    place, uid = _place(path)
    if uid is not None or place.is_dir():
        dicom.chosen_series(place, uid)
        return DICOM_SERIES
    first = nifti_stream.first_bytes(place)
    text = itk.format_of_bytes(first)
    if text is not None:
        return text
    if dicom.is_dicom(first):
        if dicom.is_segmentation(place):
            return DICOM_SEG
        raise dicom.refuse_file(place)
    if first[:4] in _NIFTI_SIZES or len(files_of(place)) > 1:
        return NIFTI
    raise UnreadableFileError(
        f"{path} is not a NIfTI file, nor NRRD, MetaImage or DICOM.", "Convert it to .nii.gz, or name another file."
    )


def is_single_nifti(path: Path) -> bool:
    """Say whether a volume is one NIfTI file, which can be copied as it is. Raises UnreadableFileError."""
    return format_of(path) == NIFTI and len(files_of(Path(path))) == 1


def _place(path: Path) -> tuple[Path, str | None]:
    """Return the file or folder, and the series that FOLDER#UID names."""
    path = Path(path)
    folder, mark, uid = str(path).rpartition("#")
    if mark and not path.exists() and Path(folder).is_dir():
        return Path(folder), uid
    return path, None


def series_in(folder: Path) -> list[dicom.Series]:
    """Return the DICOM series of a folder (not of those below it), by UID. Raises UnreadableFileError."""
    return dicom.series_of(Path(folder))


@contextmanager
def open_stream(path: Path) -> Iterator[VolumeStream]:
    """Open a volume to be read once: `geometry` as stored, `header` with slope and intercept, `blocks()`.

    Raises UnreadableFileError.
    """
    path = Path(path)
    kind = format_of(path)
    if kind == NIFTI:
        with nifti.open_stream(path) as stream:
            yield stream
    elif kind == DICOM_SERIES:
        yield dicom.open_series(path, *_place(path))
    elif kind == DICOM_SEG:
        yield dicom_seg_read.open_seg(path)
    else:
        yield itk.open_volume(path)


@contextmanager
def open_labels(path: Path, image: Geometry) -> Iterator[tuple[VolumeStream, Fit]]:
    """Open a label file on its image's grid, for `pieces`; yields the stream and how it fits.

    `image` may be canonical. The planes of a DICOM SEG are placed on the image's slices; a label of any other format
    stays on its own grid, which must be the image's. Raises UnreadableFileError and GeometryMismatchError.
    """
    with open_stream(path) as stream:
        yield on_image(stream, image)


def on_image(stream: VolumeStream, image: Geometry) -> tuple[VolumeStream, Fit]:
    """Return an open label file on its image's grid, as `open_labels` does, and how it fits.

    Raises GeometryMismatchError.
    """
    if isinstance(stream, dicom_seg_read.SegStream):
        return dicom_seg_read.placed_on(stream, image)
    return stream, require_fit(image, stream.geometry, name=str(stream.path))


def read_geometry(path: Path) -> Geometry:
    """Return the canonical grid of a volume, from its header alone. Raises UnreadableFileError."""
    path = Path(path)
    kind = format_of(path)
    if kind == NIFTI:
        return nifti.read_geometry(path)
    if kind == DICOM_SERIES:
        return dicom.open_series(path, *_place(path)).geometry.canonical()
    if kind == DICOM_SEG:
        return dicom_seg_read.read_geometry(path).canonical()
    return itk.read_geometry(path).canonical()


def fit_on(path: Path, image: Geometry) -> Fit:
    """Return how a label file fits its image; of all but DICOM SEG the header alone is read.

    Raises UnreadableFileError, and GeometryMismatchError naming both grids.
    """
    if format_of(path) == DICOM_SEG:
        return dicom_seg_read.placed_on(dicom_seg_read.open_seg(Path(path)), image)[1]
    return require_fit(image, read_geometry(path), name=str(path))


def load_ct(path: Path) -> Volume:
    """Read an image: int16 where that is exact (else float32), as a canonical view of what was read; no copy.

    Slope and intercept are applied; what is not a number becomes air. Raises UnreadableFileError.
    """
    with open_stream(path) as stream:
        return nifti.ct_of(stream)


def load_mask(path: Path, *, values: tuple[int, ...] | None = None) -> Mask:
    """Read a mask on its own grid: the voxels with one of the values, or (None) all that are not zero.

    Raises UnreadableFileError, also for values that are no whole numbers.
    """
    return load_masks(path, [values])[0]


def load_masks(path: Path, wanted: Wanted) -> list[Mask]:
    """Read several masks of one file in one pass, on its own grid, as `load_mask`. Raises UnreadableFileError."""
    with open_stream(path) as stream:
        return masks_of(stream, wanted)


def load_masks_on(path: Path, wanted: Wanted, image: Geometry) -> list[Mask]:
    """Read several masks of one file on its image's grid: as `load_masks` after `require_fit`, but for DICOM SEG.

    A SEG's planes are placed on the image's slices. Raises UnreadableFileError and GeometryMismatchError.
    """
    with open_labels(path, image) as (stream, _):
        return masks_of(stream, wanted)


def load_label_map(path: Path, values: Iterable[int]) -> dict[int, Mask]:
    """Read the masks of many label values in one pass; a value that no voxel has gives an empty mask.

    Raises UnreadableFileError.
    """
    wanted = list(dict.fromkeys(int(v) for v in values))
    return dict(zip(wanted, load_masks(path, [(value,) for value in wanted]), strict=True))


def count_values(path: Path) -> dict[int, int]:
    """Return how many voxels each label value has, by rising value; where segments overlap, each counts its own.

    Raises UnreadableFileError, also naming negative values and values that are no whole numbers.
    """
    with open_stream(path) as stream:
        return counts_of(stream)


def label_names(path: Path) -> dict[int, str]:
    """Return the names that a label file itself carries, by label value; empty when it carries none.

    Read are the label table in a NIfTI header extension (TotalSegmentator), the segments of a 3D Slicer NRRD, and the
    segment labels and codes of a DICOM SEG. Raises UnreadableFileError.
    """
    path = Path(path)
    kind = format_of(path)
    if kind == NIFTI:
        with nifti.open_stream(path) as stream:
            return nifti_names.label_names(stream.extension)
    if kind == DICOM_SEG:
        return dicom_seg_read.label_names(path)
    return itk.label_names(path) if kind == NRRD else {}


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hex; of several files (a DICOM series, a pair) that of their sha256s.

    A series is taken in name order, a detached header before its voxels. Raises UnreadableFileError.
    """
    files = _files(Path(path))
    if len(files) == 1:
        return nifti.file_sha256(files[0])
    digest = hashlib.sha256()
    for file in files:
        digest.update(bytes.fromhex(nifti.file_sha256(file)))
    return digest.hexdigest()


def _files(path: Path) -> list[Path]:
    """Return every file that a volume is made of."""
    place, uid = _place(path)
    if uid is not None or place.is_dir():
        return list(dicom.chosen_series(place, uid).files)
    try:
        kind = format_of(place)
        return itk.files_of(place) if kind in {NRRD, METAIMAGE} else files_of(place) if kind == NIFTI else [place]
    except UnreadableFileError:
        return [place]
