"""The worklist as the reader sees it. Layer: viewmodels."""

from labelcritic_gui.viewmodels.worklist.listing import Worklist

__all__ = ["Worklist"]
