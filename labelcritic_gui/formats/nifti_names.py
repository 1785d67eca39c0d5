"""The label table that TotalSegmentator and Connectome Workbench keep in a NIfTI header extension. Layer: formats."""

import re

_LABEL = re.compile(
    rb"<Label\s[^>]{0,400}?\bKey\s*=\s*[\"'](\d{1,9})[\"'][^>]{0,400}>\s*(?:<!\[CDATA\[([^\]]{1,200})\]\]>|([^<]{1,200}))"
)


def label_names(extension: bytes) -> dict[int, str]:
    """Return label value -> name of the label table in what stands between header and voxels; empty without one.

    The XML is searched, not parsed: nothing in it can make this slow or reach outside.
    """
    names: dict[int, str] = {}
    for found in _LABEL.finditer(extension):
        name = (found[2] or found[3]).decode("utf-8", "replace").strip()
        if name and int(found[1]):
            names[int(found[1])] = name
    return names
