"""What the reader looks at: place, zoom, planes, window, masks; one for the whole station. Layer: viewmodels."""

from labelcritic_gui.viewmodels.looking.looking import Looking
from labelcritic_gui.viewmodels.looking.measuring import Measurement
from labelcritic_gui.viewmodels.looking.windows import PRESET_NAMES, starting_window

__all__ = ["PRESET_NAMES", "Looking", "Measurement", "starting_window"]
