"""The volume of the case on the screen, for slices: loaded when it is wanted or ahead of time. Layer: viewmodels."""

from collections.abc import Iterable
from typing import ClassVar

from psygnal import Signal

from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.services.slices import CaseVolume
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Runner
from labelcritic_gui.viewmodels.volumes import VolumeShelf


class Slicing:
    """Keeps the volume of the item on the screen. GUI thread only.

    `volume` is None until it is here; `failure` says why it cannot be. Loading begins with `open` while slices are on,
    else with `ahead`, after what projections need was asked for. A reader who cancels gets it at the next `want`.
    """

    volume_changed: ClassVar[Signal] = Signal()

    def __init__(self, calls: ReviewCalls, runner: Runner, *, budget: int) -> None:
        self.shelf = VolumeShelf(calls, runner, budget=budget)
        self.volume: CaseVolume | None = None
        self.failure: Message | None = None
        self._case: CaseId | None = None
        self._slices = False
        self._asked = False
        self._stopped = False

    @property
    def loading(self) -> float | None:
        """How much of the volume on its way is here, 0..1; None when none is on its way to the screen."""
        if self._case is None or not self._asked:
            return None
        job = self.shelf.job_of(self._case)
        return job.done / job.total if job is not None and job.total else 0.0

    def show_slices(self, shown: bool) -> None:
        """Take note whether slices are on the screen; where they are, the volume is loaded at once."""
        self._slices = shown
        if shown:
            self.want()

    def want(self) -> None:
        """Load the volume of the item on the screen, unless it is here or on its way."""
        if self._case is None or self._asked or self.volume is not None:
            return
        self._asked, self._stopped, self.failure = True, False, None
        self.shelf.fetch(self._case, self._take, self._fail)
        if self._asked:
            self.volume_changed.emit()

    def open(self, item: ItemId | None) -> None:
        """Go to an item: one of the same case has the same volume."""
        case = item.case if item is not None else None
        if case == self._case:
            return
        self._case, self._asked, self._stopped = case, False, False
        self.volume = self.failure = None
        if case is None:
            self.shelf.leave()
        elif self._slices or case in self.shelf:
            self.want()
            return
        self.volume_changed.emit()

    def ahead(self, items: Iterable[ItemId]) -> None:
        """Load the volumes of the item on the screen and of coming items, in their order."""
        if not self._stopped and self.failure is None:
            self.want()
        coming = dict.fromkeys(item.case for item in items)
        self.shelf.prefetch(case for case in coming if case != self._case)

    def renew(self) -> None:
        """Read the masks of the case anew, because a version was added."""
        if self._case is not None:
            self.shelf.renew(self._case)
            self.volume, self._asked = None, False
            self.want()

    def cancel(self) -> None:
        """Stop loading the volume of the item on the screen."""
        if self._asked:
            self._asked, self._stopped = False, True
            self.shelf.leave()
            self.volume_changed.emit()

    def close(self) -> None:
        """Stop what is being loaded and let go of everything."""
        self.shelf.leave()
        self.shelf.clear()
        self._case = self.volume = None
        self._asked = False

    def _take(self, volume: CaseVolume) -> None:
        if volume.case == self._case:
            self.volume, self._asked = volume, False
            self.volume_changed.emit()

    def _fail(self, case: CaseId, error: BaseException) -> None:
        if case != self._case:
            return
        self._asked = False
        if not isinstance(error, UserError):
            self.failure = Message(tr("The slices could not be loaded."), tr("The report says why."), error=True)
            self.volume_changed.emit()
            raise error
        self.failure = of_error(error)
        self.volume_changed.emit()
