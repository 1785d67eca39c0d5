"""What a reading asks of the services, one module per family, so that tests can hand in another. Layer: viewmodels."""

from labelcritic_gui.services.comparison import Changed, Opinions, Panel, Stage
from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.worklist import Counts, ItemRow, WorklistQuery
from labelcritic_gui.viewmodels.calls.calls import ReviewCalls, ServiceCalls

__all__ = [
    "Changed",
    "Counts",
    "ExportReport",
    "ItemRow",
    "OpenReview",
    "Opinions",
    "Panel",
    "ReviewCalls",
    "ServiceCalls",
    "Stage",
    "WorklistQuery",
]
