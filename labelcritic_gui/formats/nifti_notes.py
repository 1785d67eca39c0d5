"""What a NIfTI header leaves open or says twice, and how it was read. Layer: formats."""

from pathlib import Path
from typing import Any

import numpy as np

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Affine, Geometry
from labelcritic_gui.formats.nifti_header import NiftiHeader, rotation
from labelcritic_gui.formats.nifti_stream import open_stream

_UNITS = {1: (1000.0, "metres"), 3: (0.001, "micrometres")}
_SAME_VOXELS = 0.01


def header_notes(path: Path) -> tuple[str, ...]:
    """Return what was assumed or chosen in reading a NIfTI header, each as a sentence without its full stop.

    Raises UnreadableFileError.
    """
    with open_stream(path) as stream:
        header = stream.header
    said = []
    if header.source == "pixdim":
        said.append("it has neither sform nor qform: the patient's sides are assumed to be RAS")
    if header.source == "sform" and header.fields["qform_code"] > 0:
        said += _two_places(header)
    unit = header.fields["xyzt_units"] & 7
    if unit in _UNITS:
        said.append(f"its lengths are in {_UNITS[unit][1]}; they were converted")
    elif unit != 2:
        said.append("its header names no unit of length: millimetres are assumed")
    if header.fields["dim"][0] > 3:
        said.append(f"it has {header.fields['dim'][0]} dimensions with one volume, which was read")
    if header.scaled:
        said.append(f"its stored numbers are scaled: x * {header.slope:g} + {header.inter:g}")
    return tuple(said)


def _two_places(header: NiftiHeader) -> list[str]:
    """Compare sform and qform; the sform was used."""
    try:
        other = Geometry(header.geometry.shape, _qform(header.fields))
    except UserError:
        return ["its qform is damaged; the sform is used"]
    apart = np.linalg.norm(other.corners() - header.geometry.corners(), axis=1).max()
    if apart <= _SAME_VOXELS * min(header.geometry.spacing):
        return []
    return [f"its sform and qform differ by up to {apart:.3g} mm; the sform is used, as the standard prefers"]


def _qform(fields: dict[str, Any]) -> Affine:
    affine = np.eye(4)
    affine[:3, :3] = rotation(fields["quatern"]) * np.abs(np.array(fields["pixdim"][1:4], dtype=np.float64))
    affine[:3, 2] *= -1.0 if fields["pixdim"][0] < 0 else 1.0
    affine[:3, 3] = fields["qoffset"]
    affine[:3] *= _UNITS.get(fields["xyzt_units"] & 7, (1.0, ""))[0]
    return affine
