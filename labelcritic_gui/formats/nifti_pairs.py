"""Which two files make a NIfTI pair: the header in .hdr, the voxels in .img, either of them gzipped. Layer: formats."""

from pathlib import Path

from labelcritic_gui.core.errors import UnreadableFileError

_HINT = "Put both files of the pair into one folder, or convert them to .nii.gz."


def _partners(path: Path, here: str, there: str) -> list[Path]:
    """Return how the other file of a pair may be called, the likeliest first; empty if the name is not `here`'s."""
    name = path.name
    gz = name.lower().endswith(".gz")
    stem = name[:-3] if gz else name
    if not stem.lower().endswith(here):
        return []
    other = stem[: -len(here)] + (there if stem.endswith(here) else there.upper())
    names = (f"{other}.gz", other) if gz else (other, f"{other}.gz")
    return [path.with_name(n) for n in names]


def header_file_of(path: Path) -> Path:
    """Return the file with the header: the .hdr beside an .img, else the file itself. Raises UnreadableFileError."""
    partners = _partners(path, ".img", ".hdr")
    if not partners or not path.exists():
        return path
    for partner in partners:
        if partner.is_file():
            return partner
    raise UnreadableFileError(f"{path} has no header {partners[0].name} beside it.", _HINT)


def data_file_of(path: Path) -> Path:
    """Return the file with the voxels of a pair, whichever of the two is named. Raises UnreadableFileError."""
    if _partners(path, ".img", ".hdr"):
        return path
    partners = _partners(path, ".hdr", ".img")
    for partner in partners:
        if partner.is_file():
            return partner
    missing = partners[0].name if partners else "of its name"
    raise UnreadableFileError(
        f"{path} keeps its voxels in a separate .img file ({missing}), which is not beside it.", _HINT
    )


def files_of(path: Path) -> list[Path]:
    """Return the two files of a pair (header first), or the file alone."""
    if _partners(path, ".img", ".hdr"):
        return [header_file_of(path), path]
    return [path, *[partner for partner in _partners(path, ".hdr", ".img") if partner.is_file()][:1]]
