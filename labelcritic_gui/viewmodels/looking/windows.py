"""Which window a structure's slices start with. Layer: viewmodels."""

from collections.abc import Mapping

from labelcritic_gui.core.structures import Structure
from labelcritic_gui.imaging.window import PRESETS, Window

PRESET_NAMES = tuple(PRESETS)
"""The presets in the order of their keys."""
OWN = "own"
"""What a window is called that is no preset."""
NARROWEST, WIDEST = 2.0, 8000.0
LOWEST, HIGHEST = -2000.0, 4000.0

_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lung", ("lung", "trachea", "bronch", "airway")),
    (
        "bone",
        ("vertebra", "rib_", "femur", "hip", "sacrum", "scapula", "clavicula", "humerus", "sternum", "skull", "costal"),
    ),
    ("brain", ("brain",)),
    ("mediastinum", ("heart", "atri", "ventricle", "pulmonary", "vena_cava", "esophagus", "thyroid", "subclavian")),
)


def starting_window(
    structure: Structure, remembered: Mapping[str, tuple[float, float]], presets: Mapping[str, Window] = PRESETS
) -> Window:
    """Return what a structure's slices start with: what the reader used last, the structure's own, or its kind's."""
    kept = remembered.get(structure.name) or structure.window
    if kept is not None:
        return named(kept[0], kept[1], presets)
    return presets[_kind(structure.name)]


def named(width: float, level: float, presets: Mapping[str, Window] = PRESETS) -> Window:
    """Return a window of so many Hounsfield units, under the name of the preset that it is."""
    width = min(WIDEST, max(NARROWEST, round(width)))
    level = min(HIGHEST, max(LOWEST, round(level)))
    for preset in presets.values():
        if (round(preset.width), round(preset.level)) == (width, level):
            return preset
    return Window.of(OWN, width=width, level=level)


def _kind(name: str) -> str:
    return next((kind for kind, parts in _KINDS if any(part in name for part in parts)), "abdomen")
