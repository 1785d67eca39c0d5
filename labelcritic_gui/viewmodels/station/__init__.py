"""The station behind the window: settings, the open review, long jobs; one module per concern. Layer: viewmodels."""

from labelcritic_gui.viewmodels.station.opener import Bind, ReviewOpener
from labelcritic_gui.viewmodels.station.station import Station

__all__ = ["Bind", "ReviewOpener", "Station"]
