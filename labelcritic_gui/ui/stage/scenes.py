"""From what the reader looks at to what each pane shows. Layer: ui."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.imaging.composition import Layer
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.overlay import Colour, dimmed
from labelcritic_gui.imaging.projection import WINDOWS, Silhouette
from labelcritic_gui.imaging.slices import SliceFrame, hu_at, hu_slice, label_slice, mask_slice, slice_count
from labelcritic_gui.imaging.window import to_grey
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.ui.stage.scene import Neighbours, Scene
from labelcritic_gui.ui.theme import Theme
from labelcritic_gui.viewmodels.calls import Panel, Stage
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.ledger import PLANES
from labelcritic_gui.viewmodels.looking.views import CaseView

LINE_PX = 1.5
COMPANION_STRENGTH = 0.35
MOST_NEIGHBOURS = 254
PLANE_WORDS = {"axial": N_("axial"), "coronal": N_("coronal"), "sagittal": N_("sagittal")}
VIEW_WORDS = {View.FRONTAL: N_("frontal"), View.LATERAL: N_("lateral"), View.AXIAL: N_("axial projection")}
WINDOW_WORDS = {
    "organs": N_("organs"), "bone": N_("bone"), "skeleton": N_("skeleton"), "abdomen": N_("abdomen"),
    "liver": N_("liver"), "lung": N_("lung"), "mediastinum": N_("mediastinum"), "brain": N_("brain"),
    "full": N_("full"), "own": "",
}  # fmt: skip
NEIGHBOUR_COLOURS: tuple[Colour, ...] = (
    (112, 128, 144), (143, 124, 104), (104, 140, 120), (140, 110, 136), (128, 134, 92), (96, 124, 156),
)  # fmt: skip
"""Quiet, and never one of a label set's."""
LayerMaker = Callable[["SceneMaker", int, View], "Sequence[Layer] | None"]
"""Makes the layers of a panel from all masks at a view; None leaves them as they are."""


class SceneMaker:
    """Makes the scenes of one stage as `Looking` has it. `ratio` is device px a px: lines grow with it.

    `special` may draw something else than a panel's own mask: differences, blink, swipe, a patchwork's preview.
    """

    def __init__(
        self,
        stage: Stage,
        looking: Looking,
        theme: Theme,
        *,
        colour_of: Callable[[str], int],
        seen: CaseView | None = None,
        ratio: float = 1.0,
        special: LayerMaker | None = None,
        named: bool = True,
    ) -> None:
        self.stage, self.looking, self.theme = stage, looking, theme
        self.seen = seen
        self.ratio = ratio
        self._colour_of, self._special, self._named = colour_of, special, named
        self._masks: dict[View, list[NDArray[np.bool_] | None]] = {}

    # --- for whoever makes special layers ----------------------------------------------------------------------

    def masks(self, view: View) -> list[NDArray[np.bool_] | None]:
        """Return every panel's own mask as the view shows it now, bool (rows, columns); None where there is none."""
        if view not in self._masks:
            self._masks[view] = [self._mask(panel, panel.candidate, view) for panel in self.stage.panels]
        return self._masks[view]

    def owner(self, position: int) -> int:
        """Return whose mask a panel shows: while blinking they are shifted among the panels."""
        return (position + self.looking.blink) % len(self.stage.panels)

    def colour(self, position: int) -> Colour:
        """Return the colour of the label set on a panel."""
        colour = self.theme.label(max(0, self._colour_of(self.stage.panels[position].label_set.slug)))
        return colour.red(), colour.green(), colour.blue()

    def layer(self, mask: NDArray[np.bool_], colour: Colour, *, strength: float = 1.0) -> Layer:
        """Return a mask drawn in the reader's style."""
        looking = self.looking
        fill = looking.opacity if looking.style != "outline" else 0.0
        line = LINE_PX * self.ratio if looking.style != "fill" else 0.0
        return Layer(mask, colour, fill=fill, line=line, strength=strength)

    # --- layers ------------------------------------------------------------------------------------------------

    def layers(self, position: int, view: View) -> Sequence[Layer]:
        """Return what is drawn over the anatomy of a panel."""
        if not self.looking.overlay:
            return ()
        special = self._special(self, position, view) if self._special is not None else None
        return self.own_layers(position, view) if special is None else special

    def own_layers(self, position: int, view: View) -> Sequence[Layer]:
        """Return the mask of a panel, and the paired structure's dimly."""
        found = []
        owner = self.owner(position)
        panel = self.stage.panels[owner]
        companion = self._companion(panel, view)
        if companion is not None:
            found.append(self.layer(companion, dimmed(self.colour(owner)), strength=COMPANION_STRENGTH))
        mask = self.masks(view)[owner]
        if mask is not None:
            found.append(self.layer(mask, self.colour(owner)))
        return found

    def _mask(self, panel: Panel, candidate: CandidateId | None, view: View) -> NDArray[np.bool_] | None:
        if candidate is None:
            return None
        if self.looking.mode == "slices" and self.looking.volume is not None:
            mask = self.looking.volume.masks.get(candidate)
            return None if mask is None else mask_slice(mask, view, self.looking.index_of(view))
        if self.seen is not None:
            return self.seen.silhouettes.get(candidate)
        return panel.silhouette

    def _companion(self, panel: Panel, view: View) -> NDArray[np.bool_] | None:
        pair = self.stage.structure.pair
        if panel.candidate is None or not pair or self.looking.neighbours:
            return None
        if self.looking.mode == "projection" and self.seen is None:
            return panel.companion
        return self._mask(panel, _newest_of(self._known(), panel.label_set.slug).get(pair), view)

    def _known(self) -> Mapping[CandidateId, Mask] | Mapping[CandidateId, Silhouette]:
        """Return all candidates of the case that can be drawn now."""
        if self.looking.mode == "slices":
            return self.looking.volume.masks if self.looking.volume is not None else {}
        return self.seen.silhouettes if self.seen is not None else {}

    # --- scenes ------------------------------------------------------------------------------------------------

    def scene(self, position: int, view: View) -> Scene:
        """Return what a panel shows along a view."""
        if self.looking.mode == "slices" and self.looking.volume is not None:
            return self._slice(position, view)
        return self._projection(position)

    def _projection(self, position: int) -> Scene:
        looking, panel = self.looking, self.stage.panels[self.owner(position)]
        frame = self.stage.frame if self.seen is None else self.seen.frame
        pictures = self.stage.pictures if self.seen is None else self.seen.pictures
        name = looking.projection if looking.projection in pictures else next(iter(pictures))
        picture = pictures[name]
        # while what was asked for is loaded, what is shown must not go by its name
        brightest = looking.ray == "max" and self.seen is not None
        return Scene(
            view=frame.view,
            frame=frame,
            grey=lambda: picture,
            grey_key=id(picture),
            layers=self.layers(position, frame.view),
            head=tr(VIEW_WORDS[frame.view]) + (f" · {tr('maximum')}" if brightest else ""),
            foot=self._foot(_window_words(name)),
            note=self._note(panel),
            refusal=self._refusal(panel.refused),
            neighbours=self._neighbours(panel, frame.view),
            colour=self.theme.label(max(0, self._colour_of(panel.label_set.slug))),
        )

    def _slice(self, position: int, view: View) -> Scene:
        looking, panel, case = self.looking, self.stage.panels[self.owner(position)], self.looking.volume
        assert case is not None
        index, window, volume = looking.index_of(view), looking.window, case.volume
        refused = case.refused.get(panel.candidate) if panel.candidate is not None else None
        return Scene(
            view=view,
            frame=SliceFrame(volume.geometry, view, index),
            grey=lambda: to_grey(hu_slice(volume, view, index), window),
            grey_key=(id(volume), view, index, window),
            layers=self.layers(position, view),
            head=tr(PLANE_WORDS[PLANES[view]]),
            foot=self._foot(_numbers(window.width, window.level, tr(WINDOW_WORDS.get(window.name, "")))),
            note=self._note(panel),
            refusal=self._refusal(panel.refused or (str(refused) if refused is not None else "")),
            neighbours=self._neighbours(panel, view),
            index=index,
            count=slice_count(volume.geometry, view),
            span=looking.slice_span(view),
            colour=self.theme.label(max(0, self._colour_of(panel.label_set.slug))),
            density=lambda place: hu_at(volume, place),
        )

    def _foot(self, window: str) -> str:
        return window if self.looking.overlay else f"{window}  {tr('masks off')}"

    def _refusal(self, reason: str) -> str:
        """Return why a mask is not shown; where label sets are not named, the reason could name one."""
        return reason if self._named or not reason else tr("This mask cannot be shown.")

    def _note(self, panel: Panel) -> str:
        if panel.refused:
            return ""
        if panel.candidate is None:
            return tr("There is no mask of this structure here")
        return tr("The mask is empty") if panel.empty else ""

    def _neighbours(self, panel: Panel, view: View) -> Neighbours | None:
        """Return the other structures of a panel's label set, without those that contain this one by nature."""
        if not self.looking.neighbours:
            return None
        own = self.stage.item.structure
        newest = _newest_of(self._known(), panel.label_set.slug)
        chosen = [newest[name] for name in sorted(newest) if name != own][:MOST_NEIGHBOURS]
        if not chosen:
            return None
        labels = self._labels(chosen, view)
        colours = tuple(NEIGHBOUR_COLOURS[n % len(NEIGHBOUR_COLOURS)] for n in range(len(chosen)))
        return Neighbours(labels, tuple(c.structure.replace("_", " ") for c in chosen), colours)

    def _labels(self, chosen: Sequence[CandidateId], view: View) -> NDArray[np.uint8]:
        case = self.looking.volume
        if self.looking.mode == "slices" and case is not None:
            return label_slice([case.masks[c] for c in chosen], view, self.looking.index_of(view))
        shape = self.stage.frame.shape if self.seen is None else self.seen.frame.shape
        labels = np.zeros(shape, dtype=np.uint8)
        for number, candidate in enumerate(chosen, 1):
            labels[self.seen.silhouettes[candidate] if self.seen is not None else False] = number
        return labels


def _newest_of(known: Iterable[CandidateId], label_set: str) -> dict[str, CandidateId]:
    """Return the newest version of each structure that a label set has a candidate for."""
    found: dict[str, CandidateId] = {}
    for candidate in known:
        if candidate.label_set == label_set:
            before = found.get(candidate.structure)
            if before is None or candidate.version > before.version:
                found[candidate.structure] = candidate
    return found


def _window_words(name: str) -> str:
    """Name a projection window with its numbers in HU."""
    known = WINDOWS.get(name)
    words = tr(WINDOW_WORDS.get(name, name))
    return _numbers(known.high - known.low, (known.high + known.low) / 2, words) if known else words


def _numbers(width: float, level: float, name: str) -> str:
    return f"W{width:.0f} L{level:.0f}" + (f"  {name}" if name else "")
