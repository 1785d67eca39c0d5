"""The whole station: settings, the open review and its reading, and long jobs such as export. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from psygnal import Signal

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.hosts import host_of, is_this_machine
from labelcritic_gui.core.structures import StructureTable
from labelcritic_gui.services.export import ExportReport
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.settings import Settings, change_settings, remember_review
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.calls import ReviewCalls, ServiceCalls
from labelcritic_gui.viewmodels.looking import Looking
from labelcritic_gui.viewmodels.looking.views import CaseViews
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.reading.habits import Habits
from labelcritic_gui.viewmodels.reading.reading import Reading
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner
from labelcritic_gui.viewmodels.screens import ScreenMode
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


class ReviewOpener(Protocol):
    """The part of `bootstrap.Services` that a window needs."""

    @property
    def settings(self) -> Settings:
        """The settings the services were built from."""

    @property
    def structures(self) -> StructureTable:
        """The known structures."""

    def open_review(self, folder: Path) -> OpenReview:
        """Open a review folder."""

    def with_settings(self, settings: Settings) -> "ReviewOpener":
        """Return the same services under other settings."""

    def rendering_critic(self, database: "Database", prompts: "PromptSet") -> "LvlmCritic":
        """Return the LVLM critic of the settings with other words, to see what it would send."""

    def create_demonstration(self, folder: Path, progress: Progress, cancel: Cancel) -> OpenReview:
        """Make the demonstration review, or open it when it is there already."""


Bind = Callable[[OpenReview, str], ReviewCalls]


class Station:
    """Opens and closes reviews, keeps the settings, runs one long job at a time. GUI thread only."""

    review_changed: ClassVar[Signal] = Signal()
    settings_changed: ClassVar[Signal] = Signal()
    job_changed: ClassVar[Signal] = Signal()
    mode_changed: ClassVar[Signal] = Signal()
    said: ClassVar[Signal] = Signal(Message)
    exported: ClassVar[Signal] = Signal(object)

    def __init__(self, services: ReviewOpener, runner: Runner, *, bind: Bind = ServiceCalls) -> None:
        self._services = services
        self._runner = runner
        self._bind = bind
        self.settings: Settings = services.settings
        self.looking = Looking(self.settings, self.change)
        self.looking.mode_changed.connect(self._want_slices)
        self.list_keeping = ListKeeping(self.settings, self.change)
        self.tour: Touring | None = None
        self.views: CaseViews | None = None
        """The projections of the case on the stage that are loaded when asked for."""
        self.calls: ReviewCalls | None = None
        self.reading: Reading | None = None
        self.worklist: Worklist | None = None
        self.job: Job | None = None
        self.mode = ScreenMode.READING
        self._auditor: Auditor | None = None
        self._bench: Bench | None = None
        self._outliers: OutlierSearch | None = None
        self._sheet: ContactSheet | None = None
        self._patchwork: Patchwork | None = None
        self._anew = False
        """The open review is to be opened anew when the long job is over."""

    def enter(self, mode: ScreenMode) -> None:
        """Go to another screen: its keys are in force from now on."""
        if mode is not self.mode:
            self.mode = mode
            self.mode_changed.emit()

    def structure_title(self, name: str) -> str:
        """Return what a structure is called."""
        return self._services.structures.get(name).shown

    @property
    def needs_introduction(self) -> bool:
        """Say whether the reader's name or the consent to the notice is missing."""
        return not self.settings.reader or not self.settings.notice_accepted

    @property
    def remote_server(self) -> str:
        """The host that pictures are sent to, when the critic is a server that is not this machine; else empty."""
        asks = self.settings.critic == "lvlm" if self.calls is None else self.calls.critic_lane is Lane.NET
        if not asks:
            return ""
        host = host_of(self.settings.server.url)
        return "" if not host or is_this_machine(host) else host

    @property
    def host_to_agree(self) -> str:
        """The host that the open review's critic may not send pictures to before the person agreed; else empty."""
        host = "" if self.calls is None else self.remote_server
        return "" if host in self.settings.consented else host

    def change(self, **changes: Any) -> None:
        """Store settings and take them over."""
        self._runner.run(Lane.STORE, lambda: change_settings(**changes), self._take_settings, on_error=self._failed)

    def introduce(self, reader: str, then: Callable[[], None]) -> None:
        """Take the reader's name and the consent to the notice, then go on: a review is read under that name."""

        def introduced(settings: Settings) -> None:
            self._take_settings(settings)
            then()

        self._runner.run(
            Lane.STORE,
            lambda: change_settings(reader=reader.strip(), notice_accepted=True),
            introduced,
            on_error=self._failed,
        )

    def change_critic(
        self, critic: str, server: Mapping[str, Any], *, before: Callable[[], None] | None = None, **changes: Any
    ) -> None:
        """Choose the critic and its server, with other settings; the open review is opened anew with it.

        `before` is done first, on the same lane; where it fails, that is said, and the settings are changed all the
        same.
        """
        merged = {**self.settings.server.model_dump(), **server}
        calls = self.calls

        def store() -> tuple[Settings, UserError | None]:
            if calls is not None:
                calls.choose_critic(critic)
            problem = None
            try:
                if before is not None:
                    before()
            except UserError as error:
                problem = error
            return change_settings(critic=critic, server=merged, **changes), problem

        def stored(found: tuple[Settings, UserError | None]) -> None:
            self._take_critic(found[0])
            if found[1] is not None:
                self._failed(found[1])

        self._runner.run(Lane.STORE, store, stored, on_error=self._failed)

    def agree(self, host: str, then: Callable[[], None] | None = None) -> None:
        """Take the person's consent to send pictures to a host; an open review that waited for it is opened anew."""
        waited = self.host_to_agree == host
        self._change_consent(lambda servers: servers.agree(host), then, anew=waited)

    def withdraw(self, host: str) -> None:
        """Take the consent back: from now on nothing is sent there, and an open review is opened anew without."""
        sends = self.calls is not None and self.remote_server == host
        self._change_consent(lambda servers: servers.withdraw(host), None, anew=sends)

    def _change_consent(
        self, change: Callable[[ModuleType], Settings], then: Callable[[], None] | None, *, anew: bool
    ) -> None:
        def store() -> Settings:
            # here, not above: what asks servers is not needed to open a review
            from labelcritic_gui.services import servers

            return change(servers)

        def stored(settings: Settings) -> None:
            self._services = self._services.with_settings(settings)
            self._take_settings(settings)
            if anew and self.calls is not None:
                self._open(self.calls.folder, then)
            elif then is not None:
                then()

        self._runner.run(Lane.STORE, store, stored, on_error=self._failed)

    def _take_settings(self, settings: Settings) -> None:
        self.settings = settings
        self.looking.take_settings(settings)
        self.settings_changed.emit()

    def _take_critic(self, settings: Settings) -> None:
        self._services = self._services.with_settings(settings)
        self._take_settings(settings)
        if self.calls is not None:
            self.open(self.calls.folder)

    # --- reviews -----------------------------------------------------------------------------------------------

    def open(self, folder: Path) -> None:
        """Open a review folder; the one that is open is closed when that succeeded."""
        self._open(folder)

    def _open(self, folder: Path, then: Callable[[], None] | None = None) -> None:
        def opened(review: OpenReview) -> None:
            self._opened(review)
            if then is not None:
                then()

        self._begin(
            Job(tr("Opening {name}").format(name=folder.name)), lambda _: self._services.open_review(folder), opened
        )

    def new_review(self) -> "NewReview":
        """Return what the new-review dialog follows."""
        # here, not above: what makes reviews is not needed to open one, and would delay the first paint
        from labelcritic_gui.viewmodels.new_review import NewReview
        from labelcritic_gui.viewmodels.previews import ServicePreviews

        return NewReview(ServicePreviews(self._services.structures), self._runner)

    def audit(self) -> "Auditor | None":
        """Return what the audit dialog follows; None without a review."""
        from labelcritic_gui.viewmodels.audit import Auditor

        self._auditor = Auditor(self.calls, self._runner) if self.calls is not None else None
        return self._auditor

    def bench(self) -> "Bench | None":
        """Return what the bench dialog follows; None without a review."""
        from labelcritic_gui.viewmodels.bench import Bench

        self._bench = Bench(self.calls, self._runner) if self.calls is not None else None
        return self._bench

    def outliers(self) -> "OutlierSearch | None":
        """Return what the dialog of outliers follows, the same one while the review is open; None without a review."""
        from labelcritic_gui.viewmodels.cohort import OutlierSearch

        if self._outliers is None and self.calls is not None and (reading := self.reading) is not None:
            self._outliers = OutlierSearch(self.calls, self._runner, found=reading.refresh_opinions, go=reading.go_to)
        return self._outliers

    def sheet(self) -> "ContactSheet | None":
        """Return the contact sheet of the open review, the same one while it is open; None without a review."""
        from labelcritic_gui.viewmodels.sheet.sheet import sheet_of

        if self._sheet is None and self.reading is not None:
            self._sheet = sheet_of(self, self.reading, self._runner)
        return self._sheet

    def patchwork(self) -> "Patchwork | None":
        """Return what pieces masks of the open review together, the same one while it is open; None without one."""
        from labelcritic_gui.viewmodels.patchwork.patchwork import Patchwork

        if self._patchwork is None and self.reading is not None:
            self._patchwork = Patchwork(self.reading, self.looking, self._runner, enter=self.enter)
        return self._patchwork

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
        self.reading = self.worklist = self.calls = self._sheet = self._patchwork = self.views = self.tour = None
        self.looking.end(for_good=True)
        for under_way in (self._auditor, self._bench, self._outliers):
            if under_way is not None:
                under_way.cancel()
        self._outliers = None
        reading.close()
        self._runner.run(Lane.DECIDE, calls.close, _nothing)
        self.review_changed.emit()

    # --- long jobs ---------------------------------------------------------------------------------------------

    def export(self, out: Path) -> None:
        """Write what was accepted to a folder."""
        calls = self.calls
        if calls is not None:
            self._begin(Job(tr("Exporting")), lambda job: calls.export(out, job, job), self._exported)

    def _exported(self, report: ExportReport) -> None:
        self.exported.emit(report)

    def cancel_job(self) -> None:
        """Ask the running job to stop."""
        if self.job is not None:
            self.job.cancel()

    def _begin(self, job: Job, work: Callable[[Job], Any], done: Callable[[Any], None]) -> None:
        if self.job is not None:
            self.said.emit(
                Message(
                    tr("{title} is still running.").format(title=self.job.title), tr("Wait for it or cancel it first.")
                )
            )
            return
        self.job = job
        self.job_changed.emit()

        def finished(result: Any) -> None:
            self._end()
            done(result)
            self._open_anew()

        self._runner.run(Lane.CPU, lambda: work(job), finished, on_error=self._job_failed)

    def _end(self) -> None:
        self.job = None
        self.job_changed.emit()

    def _open_anew(self) -> None:
        if self._anew:
            self.take_prompts()

    def _job_failed(self, error: BaseException) -> None:
        self._end()
        self._open_anew()
        self._failed(error)

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, CancelledError):
            self.said.emit(Message(error.message, error.hint))
        elif isinstance(error, UserError):
            self.said.emit(of_error(error))
        else:
            raise error


def _nothing(_: object) -> None:
    """Take a result nobody waits for."""
