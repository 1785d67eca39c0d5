"""All that a reading asks of the services, bound to one review. Layer: viewmodels."""

from pathlib import Path
from typing import Protocol

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.services import export
from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.viewmodels.calls.deciding import Deciding, DecidingCalls
from labelcritic_gui.viewmodels.calls.describing import Describing, DescribingCalls
from labelcritic_gui.viewmodels.calls.judging import Judging, JudgingCalls
from labelcritic_gui.viewmodels.calls.listing import ListingCalls
from labelcritic_gui.viewmodels.calls.modes import ModeCalls
from labelcritic_gui.viewmodels.calls.piecing import Piecing, PiecingCalls
from labelcritic_gui.viewmodels.calls.showing import Showing, ShowingCalls
from labelcritic_gui.viewmodels.calls.veiled import VeiledListing


class ReviewCalls(
    DescribingCalls, DecidingCalls, ModeCalls, ListingCalls, ShowingCalls, JudgingCalls, PiecingCalls, Protocol
):
    """The use-cases of one open review; each is synchronous and belongs on the lane that its comment names."""

    def export(self, out: Path, cancel: Cancel, progress: Progress) -> ExportReport:
        """Write what was accepted. Lane CPU."""

    def close(self) -> None:
        """Let go of the review's files."""


class ServiceCalls(Describing, Deciding, VeiledListing, Showing, Judging, Piecing):
    """The real thing: the service functions with the review and the reader filled in."""

    def export(self, out: Path, cancel: Cancel, progress: Progress) -> ExportReport:
        """Write what was accepted."""
        return export.export_review(self._review, out, progress=progress, cancel=cancel)

    def close(self) -> None:
        """Let go of the review's files."""
        self._review.close()
