"""The prompts as a person writes them: files, unsaved texts, what is wrong, what would be sent. Layer: viewmodels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal

from labelcritic_gui.core.errors import CancelledError, UserError
from labelcritic_gui.core.structures import normal_name
from labelcritic_gui.critic.prompt_files import PromptFile, PromptFiles, own_prompts_dir
from labelcritic_gui.critic.prompt_help import about
from labelcritic_gui.critic.prompt_sources import COMPARE, GENERAL, STRUCTURES, PromptError, name_fault
from labelcritic_gui.critic.prompts import PromptSet
from labelcritic_gui.services.prompt_preview import Ask, Preview, sample
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.prompt_look import Looked, Prepare, look_at
from labelcritic_gui.viewmodels.runner import Job, Lane, Runner
from labelcritic_gui.viewmodels.sent import QuestionSheet, sheet_of

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.station import Station

__all__ = ["ASKS", "GENERAL_NAME", "Ask", "FileRow", "Mark", "PromptEditor", "edit_prompts"]

GENERAL_NAME = f"{STRUCTURES}/{GENERAL}.toml"
ASKS: tuple[tuple[Ask, str], ...] = (
    (Ask.COMPARE, N_("Which label is better")),
    (Ask.ASSESS, N_("How good one label is")),
    (Ask.REGION, N_("What is in view")),
    (Ask.REASONS, N_("Reasons for a verdict")),
)
"""The conversations, as a person chooses among them."""
_ASK_OF = {"assess.j2": Ask.ASSESS, "region.j2": Ask.REGION, "reasons.j2": Ask.REASONS}


_Read = tuple[dict[str, PromptFile], str]
"""The files by name, and the hash of what is on disk."""


class Mark(StrEnum):
    """Whose text of a file is in use."""

    SHIPPED = N_("shipped")
    CHANGED = N_("changed by you")
    OWN = N_("your own")


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as the list shows it. `unsaved`: it has a text that is not on disk."""

    name: str
    title: str
    template: bool
    mark: Mark
    unsaved: bool


class PromptEditor:
    """Edits prompt files; a text is looked at off the GUI thread when the view says so. GUI thread only.

    `files_changed`: the list; `chosen_changed`: another file, or another text of it from outside; `looked`: problems,
    difference and preview are new; `saved`: the prompts on disk changed.
    """

    files_changed: ClassVar[Signal] = Signal()
    chosen_changed: ClassVar[Signal] = Signal()
    looked: ClassVar[Signal] = Signal()
    saved: ClassVar[Signal] = Signal()
    said: ClassVar[Signal] = Signal(Message)

    def __init__(self, files: PromptFiles, station: "Station", runner: Runner) -> None:
        self._files = files
        self._station = station
        self._runner = runner
        self._known: dict[str, PromptFile] = {}
        self._drafts: dict[str, str] = {}
        self._job: Job | None = None
        self._closed = False
        self.name = ""
        self.ask = Ask.COMPARE
        self.found: Looked | None = None
        self.hash = ""
        """Of the prompts on disk; empty while they cannot be used."""

    # --- files -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the files and show the words of the item on the stage, or the question about two labels."""
        self._station.review_changed.connect(self._another_review)
        self._another_review()
        wanted = self._words_of_item()
        self._run(self._read, lambda found: self._take(found, choose=wanted))

    def close(self) -> None:
        """Stop; texts that are not saved are gone."""
        self._closed = True
        self._station.review_changed.disconnect(self._another_review)
        if self._job is not None:
            self._job.cancel()

    def _another_review(self) -> None:
        if self._station.reading is not None:
            self._station.reading.item_changed.connect(self.look)
        self.look()

    def _words_of_item(self) -> str:
        reading = self._station.reading
        return f"{STRUCTURES}/{reading.item.structure}.toml" if reading is not None and reading.item else COMPARE

    @property
    def rows(self) -> tuple[FileRow, ...]:
        """All files: templates, the general words, then structures by name, those not saved yet among them."""
        rows = [self._row(self._file(name)) for name in (*self._known, *self._drafts.keys() - self._known.keys())]
        return tuple(sorted(rows, key=_place))

    def _row(self, file: PromptFile) -> FileRow:
        mark = Mark.SHIPPED if file.own is None else Mark.CHANGED if file.shipped is not None else Mark.OWN
        mark = Mark.OWN if file.shipped is None else mark
        title = file.name if file.is_template else file.structure
        if file.name == GENERAL_NAME:
            title = tr("any other structure")
        return FileRow(file.name, title, file.is_template, mark, file.name in self._drafts)

    def _file(self, name: str) -> PromptFile:
        return self._known.get(name) or PromptFile(name, None)

    @property
    def chosen(self) -> FileRow | None:
        """The file that is edited; None before the files are read."""
        return self._row(self._file(self.name)) if self.name else None

    @property
    def text(self) -> str:
        """The text of the chosen file as it stands in the editor."""
        return self._drafts.get(self.name, self._file(self.name).text)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The files with a text that is not on disk."""
        return tuple(self._drafts)

    @property
    def about(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What the chosen file is for, and what it may hold: (name, meaning) each."""
        shipped = {file.name: file.shipped or "" for file in self._known.values() if file.is_template}
        return about(self.name, shipped) if self.name else ("", ())

    @property
    def wordless(self) -> tuple[str, ...]:
        """Names of the open review, structures and pairs, that have no words of their own yet."""
        known = {row.title for row in self.rows if not row.template}
        calls = self._station.calls
        return tuple(name for name in calls.worded_names if normal_name(name) not in known) if calls else ()

    def choose(self, name: str) -> None:
        """Edit another file; what was written stays unsaved, and is not lost."""
        if name == self.name or (name not in self._known and name not in self._drafts):
            return
        self._choose(name)

    def _choose(self, name: str) -> None:
        self.name = name
        self.ask = self._fitting(name)
        self.found = None
        self.chosen_changed.emit()
        self.look()

    def _fitting(self, name: str) -> Ask:
        """Return the conversation to look at: one that has to do with the file, and that the review has."""
        if name in _ASK_OF:
            return _ASK_OF[name]
        calls = self._station.calls
        pairs = calls is None or len(calls.label_sets) > 1
        if name == COMPARE or self.ask is Ask.REGION or not pairs:
            return Ask.COMPARE if pairs else Ask.ASSESS
        return self.ask

    def edit(self, text: str) -> None:
        """Take over what is written; `look` says what to make of it."""
        before = self.unsaved
        if text == self._file(self.name).text and self.name in self._known:
            self._drafts.pop(self.name, None)
        else:
            self._drafts[self.name] = text
        if self.unsaved != before:
            self.files_changed.emit()

    def add(self, structure: str) -> None:
        """Begin the words of a structure with the general ones; they are a file once they are saved."""
        name = f"{STRUCTURES}/{normal_name(structure)}.toml"
        if fault := name_fault(name):
            self.said.emit(
                Message(
                    tr("{structure!r} cannot be a structure's name: {fault}.").format(structure=structure, fault=fault),
                    error=True,
                )
            )
            return
        if name not in self._known and name not in self._drafts:
            body = self._file(GENERAL_NAME).text.splitlines()
            while body and body[0].startswith("#"):
                body.pop(0)
            self._drafts[name] = "\n".join([f"# The words for the {structure.strip().replace('_', ' ')}.", *body, ""])
        self.files_changed.emit()
        self._choose(name)

    # --- writing ---------------------------------------------------------------------------------------------------

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write the chosen file's text; what cannot be used is refused with its problems."""
        self._write([self.name], then)

    def save_all(self, then: Callable[[], None] | None = None) -> None:
        """Write every unsaved text; the first one that cannot be used is chosen, and the rest is still unsaved."""
        self._write(list(self._drafts), then)

    def _write(self, names: list[str], then: Callable[[], None] | None) -> None:
        texts = {name: self._drafts[name] for name in names if name in self._drafts}
        if texts:
            self._run(lambda: self._written(texts), lambda result: self._take_written(texts, *result, then=then))
        elif then is not None:
            then()

    def _written(self, texts: Mapping[str, str]) -> tuple[list[str], PromptError | None, _Read]:
        """Write texts in a worker, up to the first that cannot be used; return what is written, and why no more is."""
        done: list[str] = []
        for name, text in texts.items():
            try:
                self._files.save(name, text)
            except PromptError as error:
                return done, error, self._read()
            done.append(name)
        return done, None, self._read()

    def _take_written(
        self,
        texts: Mapping[str, str],
        done: list[str],
        refused: PromptError | None,
        found: _Read,
        *,
        then: Callable[[], None] | None,
    ) -> None:
        for name in done:
            if self._drafts.get(name) == texts[name]:  # it may have been written on meanwhile
                del self._drafts[name]
        self._take(found)
        if done:
            self._changed_on_disk()
        if refused is not None:
            self.said.emit(
                Message(
                    tr("Not saved. {message}").format(message=refused.message),
                    tr("See the problems below the text."),
                    error=True,
                )
            )
            self.choose(refused.problem.name)
        elif then is not None:
            then()

    def reset(self) -> None:
        """Take the person's text of the chosen file away: the shipped one counts again, or the general words."""
        name = self.name

        def work() -> tuple[bool, _Read]:
            return self._files.reset(name), self._read()

        def done(result: tuple[bool, _Read]) -> None:
            was_own, found = result
            self._drafts.pop(name, None)
            self._take(found, choose=name, anew=True)
            if was_own:
                self._changed_on_disk()

        self._run(work, done)

    def discard(self) -> None:
        """Forget every unsaved text."""
        self._drafts.clear()
        self.files_changed.emit()

    def _changed_on_disk(self) -> None:
        self.saved.emit()
        self._station.take_prompts()

    def _read(self) -> _Read:
        files = {file.name: file for file in self._files.all()}
        try:
            return files, self._files.preview({}).hash
        except PromptError:  # a file that was broken by hand: it is mended here
            return files, ""

    def _take(self, found: _Read, *, choose: str = "", anew: bool = False) -> None:
        self._known, self.hash = found
        self.files_changed.emit()
        wanted = choose or self.name
        if wanted not in self._known and wanted not in self._drafts:
            wanted = GENERAL_NAME
        if wanted != self.name or anew:
            self._choose(wanted)
        else:
            self.look()

    # --- looking at what is written ------------------------------------------------------------------------------

    def choose_ask(self, ask: Ask) -> None:
        """Preview another conversation."""
        self.ask = ask
        self.look()

    @property
    def sheets(self) -> tuple[QuestionSheet, ...]:
        """The questions that would be sent, laid out."""
        preview = self.found.preview if self.found is not None else None
        return tuple(sheet_of(question) for question in preview.questions) if preview is not None else ()

    @property
    def looking(self) -> bool:
        """Say whether something newer than `found` is being looked at."""
        return self._job is not None

    def look(self) -> None:
        """Say what is wrong with the text, how it differs from the shipped one, and what would be sent with it."""
        if self._job is not None:
            self._job.cancel()
        if not self.name or self._closed:
            return
        job = self._job = Job(tr("Looking at {name}").format(name=self.name))
        name, drafts, prepare = self.name, {**self._drafts, self.name: self.text}, self._prepare(job)
        self._runner.run(
            Lane.CPU,
            lambda: look_at(self._files, name, drafts, prepare, job),
            lambda found: self._found(job, found),
            key="prompts",
            on_error=self._failed,
        )

    def _prepare(self, job: Job) -> Prepare:
        """Return what says what would be sent about the item on the stage; it is called in a worker."""
        ask, station = self.ask, self._station
        reading, calls = station.reading, station.calls
        item = reading.item if reading is not None else None

        def prepare(prompts: PromptSet, words_of: str) -> Preview:
            if calls is None or item is None:
                return sample(prompts, ask, words_of=words_of)
            return calls.preview(item, ask, lambda db: station.rendering_critic(db, prompts), words_of, job)

        return prepare

    def _found(self, job: Job, found: Looked) -> None:
        if self._job is job:
            self._job = None
        self.found = found
        self.looked.emit()

    def _failed(self, error: BaseException) -> None:
        self._job = None
        if isinstance(error, UserError):
            if not isinstance(error, CancelledError):
                self.said.emit(of_error(error))
            return
        raise error

    def _run(self, work: Callable[[], object], done: Callable[..., None]) -> None:
        self._runner.run(Lane.STORE, work, done, on_error=self._failed)


def _place(row: FileRow) -> tuple[bool, bool, str]:
    """Return the sort key of a file: templates as they are known, the general words, then structures by name."""
    return not row.template, row.name != GENERAL_NAME, "" if row.template else row.title


def edit_prompts(station: "Station", runner: Runner) -> PromptEditor:
    """Return an editor of the person's own prompts."""
    return PromptEditor(PromptFiles(own_prompts_dir()), station, runner)
