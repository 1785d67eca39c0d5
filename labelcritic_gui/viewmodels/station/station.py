"""The whole station: settings, the open review and its reading, and long jobs such as export. Layer: viewmodels."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import Signal

from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings, remember_review
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ServiceCalls
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.views import CaseViews
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode
from labelcritic_gui.viewmodels.station.companions import Companions
from labelcritic_gui.viewmodels.station.opener import Bind, ReviewOpener
from labelcritic_gui.viewmodels.station.settings_desk import SettingsDesk
from labelcritic_gui.viewmodels.tour import Touring
from labelcritic_gui.viewmodels.worklist import Worklist
from labelcritic_gui.viewmodels.worklist.keeping import ListKeeping

if TYPE_CHECKING:
    from labelcritic_gui.critic.lvlm import LvlmCritic
    from labelcritic_gui.critic.prompts import PromptSet
    from labelcritic_gui.store.database import Database
    from labelcritic_gui.viewmodels.audit import Auditor
    from labelcritic_gui.viewmodels.bench import Bench
    from labelcritic_gui.viewmodels.cohort import OutlierSearch
    from labelcritic_gui.viewmodels.new_review import NewReview
    from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork
    from labelcritic_gui.viewmodels.sheet.sheet import ContactSheet


class Station(SettingsDesk):
    """Opens and closes reviews, keeps the settings, runs one long job at a time. GUI thread only."""

    review_changed: ClassVar[Signal] = Signal()
    mode_changed: ClassVar[Signal] = Signal()
    exported: ClassVar[Signal] = Signal(object)

    def __init__(self, services: ReviewOpener, runner: Runner, *, bind: Bind = ServiceCalls) -> None:
        super().__init__(services, runner)
        self._bind = bind
        self.looking = Looking(self.settings, self.change)
        self.looking.mode_changed.connect(self._want_slices)
        self.list_keeping = ListKeeping(self.settings, self.change)
        self.tour: Touring | None = None
        self.views: CaseViews | None = None
        """The projections of the case on the stage that are loaded when asked for."""
        self.reading: Reading | None = None
        self.worklist: Worklist | None = None
        self.mode = ScreenMode.READING
        self._companions: Companions | None = None
        self._anew = False
        """The open review is to be opened anew when the long job is over."""

    def enter(self, mode: ScreenMode) -> None:
        """Go to another screen: its keys are in force from now on."""
        if mode is not self.mode:
            self.mode = mode
            self.mode_changed.emit()

    def prefer(self, **changes: Any) -> None:
        """Store preferences; what the stage is drawn by is shown before they are stored."""
        self.looking.prefer(changes)
        self.change(**changes)

    def structure_title(self, name: str) -> str:
        """Return what a structure is called."""
        return tr(self._services.structures.get(name).shown)

    def _take_settings(self, settings: Settings) -> None:
        self.looking.take_settings(settings)
        super()._take_settings(settings)

    # --- reviews -----------------------------------------------------------------------------------------------

    def _open(self, folder: Path, then: Callable[[], None] | None = None) -> None:
        def opened(review: OpenReview) -> None:
            self._opened(review)
            if then is not None:
                then()

        self._begin(
            Job(tr("Opening {name}").format(name=folder.name)), lambda _: self._services.open_review(folder), opened
        )

    def _opened(self, opened: OpenReview) -> None:
        self.close_review()
        calls = self._bind(opened, self.settings.reader)
        self.calls = calls
        self.worklist = Worklist(calls, self._runner, reader=self.settings.reader, kept=self.list_keeping)
        self.reading = Reading(
            calls,
            self.worklist,
            self._runner,
            view=self.looking.seen,
            habits=self._habits,
            reader=self.settings.reader,
            budget=self.settings.memory_budget,
        )
        self.views = CaseViews(calls, self._runner)
        self.tour = Touring(calls, self._runner, self.reading, self.looking)
        self.reading.item_changed.connect(self.looking.end)
        self.reading.stage_changed.connect(self._begin_looking)
        self.reading.volume_changed.connect(self._take_volume)
        self._companions = Companions(
            calls,
            self.reading,
            self._runner,
            looking=self.looking,
            settings=lambda: self.settings,
            enter=self.enter,
        )
        self._want_slices()
        self._runner.run(Lane.STORE, lambda: remember_review(calls.folder), self._take_settings, on_error=self._failed)
        self.review_changed.emit()
        self.reading.start()

    def _habits(self) -> Habits:
        wished = self.settings
        return Habits(wished.auto_advance, wished.shuffle_sides, wished.pause_after_min, wished.agreed_goes_on)

    def _take_volume(self) -> None:
        if self.reading is not None:
            self.looking.take_volume(self.reading.volume)

    def _want_slices(self) -> None:
        """Have slices loaded as soon as they are looked at."""
        if self.reading is not None:
            self.reading.slicing.show_slices(self.looking.mode == "slices")

    def _begin_looking(self) -> None:
        reading = self.reading
        if reading is not None and reading.stage is not None:
            self.looking.begin(reading.stage, reading.volume)

    def close_review(self) -> None:
        """Close the open review, if any, after its last write."""
        if self.reading is None or self.calls is None:
            return
        reading, calls = self.reading, self.calls
        self.enter(ScreenMode.READING)
        self.reading = self.worklist = self.calls = self.views = self.tour = None
        self.looking.end(for_good=True)
        if self._companions is not None:
            self._companions.cancel()
        self._companions = None
        reading.close()
        self._runner.run(Lane.DECIDE, calls.close, _nothing)
        self.review_changed.emit()

    def rendering_critic(self, database: "Database", prompts: "PromptSet") -> "LvlmCritic":
        """Return the LVLM critic of the settings with other words, to see what it would send."""
        return self._services.rendering_critic(database, prompts)

    def take_prompts(self) -> None:
        """Take over prompts that changed on disk: a review whose critic uses them is opened anew, after a long job."""
        if self.calls is None or self.calls.critic_lane is not Lane.NET:
            return
        self._anew = self.job is not None
        if not self._anew:
            self.open(self.calls.folder)

    def demonstrate(self, folder: Path) -> None:
        """Make the demonstration in a folder and open its review, or open the one that was made there before."""
        if (folder / "review" / "review.toml").is_file():
            self.open(folder / "review")
            return
        self._begin(
            Job(tr("Making the demonstration")),
            lambda job: self._services.create_demonstration(folder, job, job),
            self._opened,
        )

    # --- what belongs to the open review -----------------------------------------------------------------------

    def new_review(self) -> "NewReview":
        """Return what the new-review dialog follows."""
        # here, not above: what makes reviews is not needed to open one, and would delay the first paint
        from labelcritic_gui.viewmodels.new_review import NewReview
        from labelcritic_gui.viewmodels.previews import ServicePreviews

        return NewReview(ServicePreviews(self._services.structures), self._runner)

    def audit(self) -> "Auditor | None":
        """Return what the audit dialog follows; None without a review."""
        return self._companions.audit() if self._companions is not None else None

    def bench(self) -> "Bench | None":
        """Return what the bench dialog follows; None without a review."""
        return self._companions.bench() if self._companions is not None else None

    def outliers(self) -> "OutlierSearch | None":
        """Return what the dialog of outliers follows, the same one while the review is open; None without a review."""
        return self._companions.outliers() if self._companions is not None else None

    def sheet(self) -> "ContactSheet | None":
        """Return the contact sheet of the open review, the same one while it is open; None without a review."""
        return self._companions.sheet() if self._companions is not None else None

    def patchwork(self) -> "Patchwork | None":
        """Return what pieces masks of the open review together, the same one while it is open; None without one."""
        return self._companions.patchwork() if self._companions is not None else None

    # --- long jobs ---------------------------------------------------------------------------------------------

    def export(self, out: Path) -> None:
        """Write what was accepted to a folder."""
        calls = self.calls
        if calls is not None:
            self._begin(Job(tr("Exporting")), lambda job: calls.export(out, job, job), self._exported)

    def _exported(self, report: ExportReport) -> None:
        self.exported.emit(report)

    def _after_job(self) -> None:
        if self._anew:
            self.take_prompts()


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
