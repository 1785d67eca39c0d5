"""Where a reader was, as plain values for the next session. Layer: viewmodels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.projection import Ray
from labelcritic_gui.imaging.window import Window
from labelcritic_gui.services.comparison import Stage

Mode = Literal["projection", "slices"]
Planes = Literal["one", "three"]


class Looked(Protocol):
    """The part of `Looking` that a session keeps."""

    mode: Mode
    plane: View
    side: View
    planes: Planes
    ray: Ray
    crosshair: bool
    neighbours: bool
    stage: Stage | None
    centre: Point
    middle: Point
    zoom: float
    window: Window


@dataclass(frozen=True, slots=True)
class Kept:
    """The place on one item: `item` is (case, structure), points are world mm, `window` width and level."""

    item: tuple[str, str]
    centre: Point
    middle: Point
    zoom: float
    window: tuple[float, float]


def state_of(looking: Looked) -> dict[str, Any]:
    """Return where the reader is."""
    item = looking.stage.item if looking.stage is not None else None
    return {
        "mode": looking.mode,
        "plane": looking.plane.value,
        "side": looking.side.value,
        "planes": looking.planes,
        "ray": looking.ray,
        "crosshair": looking.crosshair,
        "neighbours": looking.neighbours,
        "item": [item.case, item.structure] if item is not None else None,
        "centre": list(looking.centre),
        "middle": list(looking.middle),
        "zoom": looking.zoom,
        "window": [looking.window.width, looking.window.level],
    }


def kept_of(looking: Looked, state: Mapping[str, Any]) -> Kept | None:
    """Take over how a reader looked; return the place, where all of it is understood."""
    looking.mode = "slices" if state.get("mode") == "slices" else "projection"
    looking.plane = _view(state.get("plane"), looking.plane)
    looking.side = _view(state.get("side"), looking.side)
    looking.planes = "three" if state.get("planes") == "three" else "one"
    looking.ray = "max" if state.get("ray") == "max" else "mean"
    looking.crosshair = bool(state.get("crosshair", looking.crosshair))
    looking.neighbours = bool(state.get("neighbours", looking.neighbours))
    item, zoom = state.get("item"), state.get("zoom")
    centre, middle, window = (_numbers(state.get(name), n) for name, n in (("centre", 3), ("middle", 3), ("window", 2)))
    named = isinstance(item, (list, tuple)) and len(item) == 2 and all(isinstance(part, str) for part in item)
    if not (named and centre and middle and window and isinstance(zoom, (int, float))):
        return None
    (x, y, z), (u, v, w) = centre, middle
    return Kept((item[0], item[1]), (x, y, z), (u, v, w), float(zoom), (window[0], window[1]))  # type: ignore[index]


def _view(name: object, otherwise: View) -> View:
    return next((view for view in View if view.value == name), otherwise)


def _numbers(found: object, size: int) -> Sequence[float]:
    """Return so many numbers, or nothing when it is something else."""
    if not isinstance(found, (list, tuple)) or len(found) != size:
        return ()
    return [float(n) for n in found] if all(isinstance(n, (int, float)) for n in found) else ()
