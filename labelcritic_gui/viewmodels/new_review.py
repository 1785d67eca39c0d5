"""The new-review dialog: what was chosen, what was recognised, names put right, creation. Layer: viewmodels."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from psygnal import Signal

from labelcritic_gui.core.blinding import Mode
from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.messages import Message
from labelcritic_gui.viewmodels.previews import (
    MOST_LABEL_SETS,
    CreationReport,
    Draft,
    Dropped,
    FirstCase,
    LabelSource,
    Preview,
    PreviewCalls,
    Request,
    Row,
    Suggestion,
    clean_path,
    recognised_as,
    rows_of,
    said,
    shown_name,
    slug_of,
)
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner

T = TypeVar("T")
SAMPLE = 20
"""Cases looked at before all are counted: enough to see whether layout, names and grids are right."""


class NewReview:
    """What was chosen and what was found. GUI thread only; the work runs on the runner's lanes."""

    changed: ClassVar[Signal] = Signal()
    found: ClassVar[Signal] = Signal()
    pictured: ClassVar[Signal] = Signal()
    working: ClassVar[Signal] = Signal()
    created: ClassVar[Signal] = Signal(object)

    def __init__(self, calls: PreviewCalls, runner: Runner) -> None:
        self._calls = calls
        self._runner = runner
        self.images = ""
        self.drafts: list[Draft] = [Draft(), Draft()]
        self.trusted: int | None = None
        self.title = ""
        self.folder = ""
        self.take_all = False
        self.mode = Mode.ASSISTED
        self.repeats = 0.0
        self.preview: Preview | None = None
        self.picture: FirstCase | None = None
        self.error: Message | None = None
        self.trouble: Message | None = None
        self.job: Job | None = None
        self.creating = False
        self._renames: dict[str, str] = {}
        self._own: set[str] = set()
        self._seen: tuple[Any, ...] = ()
        self._picturing: Job | None = None
        self._closed = False

    # --- what was chosen ---------------------------------------------------------------------------------------

    @property
    def structures(self) -> tuple[str, ...]:
        """The names of the known structures."""
        return tuple(sorted(s.name for s in self._calls.table))

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names of the known numbering schemes."""
        return tuple(sorted({scheme for s in self._calls.table for scheme in s.ids}))

    def set_images(self, text: str) -> None:
        """Choose the images."""
        self.images = clean_path(text)
        self.changed.emit()
        self.scan()

    def set_draft(self, place: int, **changes: str) -> None:
        """Change a label set's slug, path or classes; one without a name of its own is named after its folder."""
        draft = self.drafts[place]
        if "path" in changes:
            changes["path"] = clean_path(changes["path"])
        if "slug" in changes:
            changes["slug"] = slug_of(changes["slug"])
            draft = replace(draft, named=bool(changes["slug"]))
        draft = replace(draft, **changes)  # type: ignore[arg-type]  # they are all words
        if not draft.named:
            draft = replace(draft, slug=self._free_name(shown_name(draft.path), place))
        self.drafts[place] = draft
        self.changed.emit()
        self.scan()

    def _free_name(self, name: str, place: int | None) -> str:
        """Return the name, with a number when another label set has it."""
        taken = {d.slug for n, d in enumerate(self.drafts) if n != place}
        free, number = name, 2
        while free and free in taken:
            free, number = f"{name}_{number}", number + 1
        return free

    def add_draft(self) -> None:
        """Make room for another label set."""
        if len(self.drafts) < MOST_LABEL_SETS:
            self.drafts.append(Draft())
            self.changed.emit()

    def remove_draft(self, place: int) -> None:
        """Take a label set away."""
        if self.trusted is not None:
            self.trusted = None if self.trusted == place else self.trusted - (self.trusted > place)
        del self.drafts[place]
        if not self.drafts:
            self.drafts.append(Draft())
        self.changed.emit()
        self.scan()

    def trust(self, place: int) -> None:
        """Call a label set the trusted one, or no longer."""
        self.trusted = None if self.trusted == place else place
        self.changed.emit()

    def set_title(self, text: str) -> None:
        """Name the review; an empty name is suggested anew."""
        self._take_own("title", text.strip())

    def set_folder(self, text: str) -> None:
        """Choose where the review goes; an empty one is suggested anew."""
        self._take_own("folder", clean_path(text))

    def _take_own(self, field: str, text: str) -> None:
        (self._own.add if text else self._own.discard)(field)
        setattr(self, field, text)
        self.trouble = None
        self.found.emit()

    def set_take_all(self, wanted: bool) -> None:
        """Review structures too that only one of several label sets has."""
        self.take_all = wanted
        self.found.emit()

    def drop(self, paths: Sequence[Path]) -> None:
        """Take folders or files dropped on the dialog: those with images, and the others as label sets."""
        self._begin(
            tr("Looking at what was dropped"), lambda job: self._calls.sort_dropped(paths, job), self._take_dropped
        )

    def _take_dropped(self, dropped: Dropped) -> None:
        if dropped.images is not None:
            self.images = str(dropped.images)
        for path in dropped.labels:
            empty = next((n for n, d in enumerate(self.drafts) if not d.path), None)
            if empty is None and len(self.drafts) < MOST_LABEL_SETS:
                self.drafts.append(Draft())
                empty = len(self.drafts) - 1
            if empty is not None:
                name = self._free_name(shown_name(str(path)), empty)
                self.drafts[empty] = replace(self.drafts[empty], slug=name, path=str(path))
        self.changed.emit()
        self.scan()

    # --- what was recognised -----------------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[LabelSource, ...]:
        """The label sets that have a place and a name of their own."""
        chosen: dict[str, LabelSource] = {}
        for draft in self.drafts:
            if draft.path and draft.slug and draft.slug not in chosen:
                chosen[draft.slug] = LabelSource(draft.slug, Path(draft.path), draft.classes)
        return tuple(chosen.values())

    @property
    def usable(self) -> tuple[str, ...]:
        """The slugs of the label sets that can be used, as far as is known."""
        problems = self.preview.problems if self.preview else {}
        return tuple(source.slug for source in self.labels if source.slug not in problems)

    def scan(self) -> None:
        """Look at what was chosen, unless it was looked at already: first at a few cases, then at all."""
        wanted = (self.images, self.labels)
        if wanted == self._seen or self._closed:
            return
        self._seen = wanted
        self.stop()
        self.job = self._picturing = None  # nobody waits for what was stopped
        self.preview = self.picture = self.error = self.trouble = None
        self.found.emit()
        self.pictured.emit()
        if self.images:
            self._look(SAMPLE)

    def rescan(self) -> None:
        """Look again, at all cases."""
        self._seen = ()
        self.scan()

    def stop(self) -> None:
        """Stop looking, or stop creating."""
        for job in (self.job, self._picturing):
            if job is not None:
                job.cancel()

    def _look(self, limit: int | None) -> None:
        images, labels = Path(self.images), self.labels
        self._begin(
            tr("Counting all cases") if limit is None else tr("Looking"),
            lambda job: self._calls.preview(images, labels, limit, job=job),
            lambda result: self._take_preview(*result, limit=limit),
        )

    def _take_preview(self, found: Preview, suggested: Suggestion, *, limit: int | None) -> None:
        self.preview = found
        if "title" not in self._own:
            self.title = suggested.title
        if "folder" not in self._own:
            self.folder = str(suggested.folder)
        self.found.emit()
        if limit is not None:
            self._look_at_first()
            if not found.complete:
                self._look(None)

    def _look_at_first(self) -> None:
        images, good = Path(self.images), tuple(s for s in self.labels if s.slug in self.usable)
        job = self._picturing = Job(tr("Drawing the first case"))
        self._runner.run(
            Lane.CPU,
            lambda: self._calls.first_case(images, good, job),
            lambda picture: self._take_picture(job, picture),
            key="new-review.picture",
            on_error=lambda error: self._no_picture(job, error),
        )
        self.pictured.emit()

    def _take_picture(self, job: Job, picture: FirstCase | None) -> None:
        if job is self._picturing and not self._closed:
            self._picturing = None
            self.picture = picture
            self.pictured.emit()

    def _no_picture(self, job: Job, error: BaseException) -> None:
        if not isinstance(error, UserError):
            raise error
        self._take_picture(job, None)

    @property
    def drawing(self) -> bool:
        """Say whether the picture is being made."""
        return self._picturing is not None

    # --- names -------------------------------------------------------------------------------------------------

    def rename(self, name: str, to: str) -> None:
        """Say what a structure of the table is; its own name, or nothing, takes that back."""
        known = self._calls.table.name_of(to.strip())
        if known and known != name:
            self._renames[name] = known
        else:
            self._renames.pop(name, None)
        self.found.emit()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The structures found, those with a remark first."""
        if self.preview is None:
            return ()
        return rows_of(self.preview, self.usable, self._renames, knows=self._calls.table.knows, take_all=self.take_all)

    @property
    def renames(self) -> dict[str, str]:
        """What found names stand for, as creation takes it."""
        found = self.preview.structures if self.preview else ()
        return {
            name: self._renames[one.name]
            for one in found
            if one.name in self._renames
            for name in (one.name, *one.found_as)
        }

    # --- words -------------------------------------------------------------------------------------------------

    def problem_of(self, place: int) -> str:
        """Say in one sentence why a label set cannot be used; empty when it can."""
        draft = self.drafts[place]
        if draft.path and any(d.slug == draft.slug and d.path for d in self.drafts[:place]):
            return tr("Another label set is called {slug}; give this one its own name.").format(slug=draft.slug)
        problem = self.preview.problems.get(draft.slug) if self.preview and draft.path else None
        return said(problem) if problem else ""

    def recognised(self, place: int) -> str:
        """Say what a label set turned out to be."""
        draft = self.drafts[place]
        if self.preview is None or not draft.path or draft.slug not in self.preview.layouts:
            return ""
        return recognised_as(self.preview, draft.slug)

    @property
    def recognised_images(self) -> str:
        """Say what the images turned out to be."""
        return "" if self.preview is None else recognised_as(self.preview, "images")

    @property
    def obstacle(self) -> str:
        """Say what is missing before the review can be made; empty when nothing is."""
        if not self.images:
            return tr("Choose the images, or drop folders here.")
        if not self.labels:
            return tr("Choose at least one label set.")
        if self.error is not None or self.preview is None:
            return "" if self.error is not None else tr("Looking…")
        if any(self.problem_of(n) for n in range(len(self.drafts))):
            return tr("One label set cannot be used yet: see above, or take it away.")
        if not self.rows:
            return tr("Nothing of the labels can be used yet: see what does not fit.")
        if not any(row.taken for row in self.rows):
            return tr("The label sets have no structure in common: say what the names are, or take them all.")
        return "" if self.folder else tr("Choose a folder for the review.")

    @property
    def ready(self) -> bool:
        """Say whether the review can be made now."""
        return not (self.obstacle or self.creating or self.error)

    # --- creation ----------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the review; `created` carries its folder."""
        if not self.ready:
            return
        self.stop()
        request = Request(
            folder=Path(self.folder),
            images=Path(self.images),
            labels=self.labels,
            trusted="" if self.trusted is None else self.drafts[self.trusted].slug,
            title=self.title,
            unmatched=self.take_all,
            renames=self.renames,
            mode=self.mode.value,
            repeats=self.repeats,
        )
        self.trouble = None
        self.creating = True
        self._begin(tr("Creating the review"), lambda job: self._calls.create(request, job, job), self._created)

    def _created(self, report: CreationReport) -> None:
        self.created.emit(report.folder)

    def close(self) -> None:
        """Let go of everything that still runs."""
        self._closed = True
        self.stop()

    def _begin(self, title: str, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        """Start the one job of the dialog; what an earlier one still brings is dropped."""
        job = self.job = Job(title)
        self.working.emit()

        def finished(result: T) -> None:
            if self._ended(job):
                done(result)

        def failed(error: BaseException) -> None:
            if not isinstance(error, UserError):
                raise error
            creating = self.creating
            if self._ended(job):
                self._failed(error, creating=creating)

        self._runner.run(Lane.CPU, lambda: work(job), finished, key="new-review.job", on_error=failed)

    def _ended(self, job: Job) -> bool:
        """Take note that a job ended; say whether anyone still waits for it."""
        if self.job is not job or self._closed:
            return False
        self.job = None
        self.creating = False
        self.working.emit()
        return True

    def _failed(self, error: UserError, *, creating: bool) -> None:
        if isinstance(error, CancelledError):
            self.trouble = Message(tr("Stopped; nothing was written.") if creating else tr("Stopped."))
        elif creating:
            self.trouble = Message(said(error), error=True)
        else:
            self.error = Message(said(error), error=True)
        self.found.emit()
