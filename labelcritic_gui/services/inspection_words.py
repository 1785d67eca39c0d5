"""An inspection as one document and as lines of text; nothing new is found out here. Layer: services."""

from typing import Any

import numpy as np

from labelcritic_gui.core.geometry import Geometry
from labelcritic_gui.services.inspection import Inspection, LabelRow


def as_document(found: Inspection) -> dict[str, Any]:
    """Return all that was found as plain JSON values; lengths in mm, volumes in ml, world coordinates RAS+."""
    return {
        "path": found.path,
        "kind": found.kind.value,
        "why": found.why,
        "format": found.format,
        "dtype": found.dtype,
        "stored": _grid(found.stored, found.orientation),
        "canonical": _grid(found.canonical, "RAS"),
        "oblique_degrees": round(found.oblique, 3) if found.oblique is not None else None,
        "values": [found.low, found.high] if found.low is not None else None,
        "labels": [{"value": r.value, "name": r.name, "voxels": r.voxels, "ml": round(r.ml, 4)} for r in found.labels],
        "sha256_voxels": found.voxel_sha256,
        "sha256_file": found.file_sha256,
        "notes": list(found.notes),
    }


def _grid(geometry: Geometry | None, codes: str) -> dict[str, Any] | None:
    if geometry is None:
        return None
    return {
        "shape": list(geometry.shape),
        "spacing": [round(s, 6) for s in geometry.spacing],
        "orientation": codes,
        "affine": (np.round(geometry.affine, 6) + 0.0).tolist(),
    }


def as_lines(found: Inspection) -> list[str]:
    """Return all that was found as lines for a person: the file, what it is, then what is known of it."""
    lines = [found.path, f"  {found.sentence}"]
    lines += [f"  {name:<12} {value}" for name, value in properties(found)]
    lines += [f"  {'note':<12} {note}" for note in found.notes]
    if found.labels:
        lines += ["", *(f"  {line}" for line in label_lines(found.labels))]
    return lines


def properties(found: Inspection) -> list[tuple[str, str]]:
    """Return what is known of a file as (name, value), without kind, labels and notes; unknown ones are left out."""
    rows = [("format", found.format), ("numbers", found.dtype)]
    if found.stored is not None and found.canonical is not None:
        rows += [
            ("stored", found.stored.describe()),
            ("shown as", found.canonical.describe() if found.orientation != "RAS" else "stored"),
            ("oblique", f"by {found.oblique:.1f} degrees; shown on its own grid" if found.oblique else ""),
            *(("affine" if n == 0 else "", row) for n, row in enumerate(affine_rows(found.canonical))),
        ]
    rows += [("voxels", f"sha256 {found.voxel_sha256}" if found.voxel_sha256 else "")]
    rows += [("file", f"sha256 {found.file_sha256}" if found.file_sha256 else "")]
    return [(name, value) for name, value in rows if value]


def affine_rows(geometry: Geometry) -> list[str]:
    """Return the upper three rows of the affine, in mm, in columns."""
    return [" ".join(f"{x + 0.0:10.4f}" for x in np.round(row, 4)) for row in geometry.affine[:3]]


def label_lines(labels: tuple[LabelRow, ...]) -> list[str]:
    """Return a table of label values, names, voxels and millilitres."""
    rows = [("value", "name", "voxels", "ml"), *((str(r.value), r.name, f"{r.voxels}", f"{r.ml:.1f}") for r in labels)]
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    return [
        f"{v:>{widths[0]}}  {name:<{widths[1]}}  {voxels:>{widths[2]}}  {ml:>{widths[3]}}"
        for v, name, voxels, ml in rows
    ]
