"""What belongs to an open review beside its reading, made when it is asked for. Layer: viewmodels."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from labelcritic_gui.settings import Settings
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.screens import ScreenMode

if TYPE_CHECKING:  # what is not needed to open a review is imported when it is asked for
    from labelcritic_gui.viewmodels.audit import Auditor
    from labelcritic_gui.viewmodels.bench import Bench
    from labelcritic_gui.viewmodels.cohort import OutlierSearch
    from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
    from labelcritic_gui.viewmodels.sheet.sheet import ContactSheet


class Companions:
    """The contact sheet, the patchwork, and what the dialogs about the open review follow."""

    def __init__(
        self,
        calls: ReviewCalls,
        reading: Reading,
        runner: Runner,
        *,
        looking: Looking,
        settings: Callable[[], Settings],
        enter: Callable[[ScreenMode], None],
    ) -> None:
        self._calls, self._reading, self._runner = calls, reading, runner
        self._looking, self._settings, self._enter = looking, settings, enter
        self._auditor: Auditor | None = None
        self._bench: Bench | None = None
        self._outliers: OutlierSearch | None = None
        self._sheet: ContactSheet | None = None
        self._patchwork: Patchwork | None = None

    def audit(self) -> "Auditor":
        """Return what the audit dialog follows."""
        from labelcritic_gui.viewmodels.audit import Auditor

        self._auditor = Auditor(self._calls, self._runner)
        return self._auditor

    def bench(self) -> "Bench":
        """Return what the bench dialog follows."""
        from labelcritic_gui.viewmodels.bench import Bench

        self._bench = Bench(self._calls, self._runner)
        return self._bench

    def outliers(self) -> "OutlierSearch":
        """Return what the dialog of outliers follows, the same one while the review is open."""
        from labelcritic_gui.viewmodels.cohort import OutlierSearch

        if self._outliers is None:
            found, go = self._reading.refresh_opinions, self._reading.go_to
            self._outliers = OutlierSearch(self._calls, self._runner, found=found, go=go)
        return self._outliers

    def sheet(self) -> "ContactSheet":
        """Return the contact sheet of the open review, the same one while it is open."""
        from labelcritic_gui.viewmodels.sheet.sheet import sheet_of

        if self._sheet is None:
            self._sheet = sheet_of(
                self._reading, self._runner, looking=self._looking, settings=self._settings, enter=self._enter
            )
        return self._sheet

    def patchwork(self) -> "Patchwork":
        """Return what pieces masks of the open review together, the same one while it is open."""
        from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork

        if self._patchwork is None:
            self._patchwork = Patchwork(self._reading, self._looking, self._runner, enter=self._enter)
        return self._patchwork

    def cancel(self) -> None:
        """Stop what is under way: the review is being closed."""
        for under_way in (self._auditor, self._bench, self._outliers):
            if under_way is not None:
                under_way.cancel()
