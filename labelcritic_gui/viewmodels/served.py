"""A model server of this machine: planned, started, watched, stopped, and used as the critic's. Layer: viewmodels."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import Signal
from pydantic import ValidationError

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.critic.served_models import Launch, ServedModel, served_models
from labelcritic_gui.critic.server import Look, Phase, ServedProcess
from labelcritic_gui.services.serving import find_vllm, plan_launch, profile_of, start_server
from labelcritic_gui.settings import ServeSettings
from labelcritic_gui.translation import N_, tr
from labelcritic_gui.viewmodels.messages import Message, of_error
from labelcritic_gui.viewmodels.runner import Lane, Runner

if TYPE_CHECKING:
    from labelcritic_gui.viewmodels.station import Station

__all__ = ["ModelServer", "Phase", "Planned"]

STATES = {
    Phase.STARTING: N_("Starting: a large model takes minutes."),
    Phase.READY: N_("Ready"),
    Phase.STOPPING: N_("Stopping…"),
    Phase.ENDED: "Stopped.",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be run: the command line, the program where it was found, and what is wrong or worth a word."""

    made: Launch | None = None
    program: Path | None = None
    problem: str = ""


def plan(wish: ServeSettings) -> Planned:
    """Plan a start; what is wrong is in `problem`. May ask the graphics driver."""
    program, missing = None, ""
    try:
        program = find_vllm(wish)
    except UserError as error:
        missing = str(error)
    try:
        return Planned(plan_launch(wish, program=program), program, missing)
    except UserError as error:
        return Planned(None, program, str(error))


class ModelServer:
    """What the panel follows; it outlives the panel, and ends with the window. GUI thread only."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, station: "Station", runner: Runner) -> None:
        self._station = station
        self._runner = runner
        self.models: tuple[ServedModel, ...] = served_models().models
        wish = station.settings.served
        self.wish = wish if wish.model else wish.model_copy(update={"model": self.models[0].name})
        self.planned: Planned | None = None
        self.problem = ""
        self.look: Look | None = None
        self.launch: Launch | None = None
        """What was started last."""
        self._process: ServedProcess | None = None
        self._starting = False
        self._wanted = False
        """A start was asked for before it was planned."""
        self._looking = False
        self._closed = False
        self._news: Message | None = None
        self._plan()

    # --- what is shown -----------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Say whether a server is there, or on its way."""
        return self._starting or self._process is not None

    @property
    def ready(self) -> bool:
        """Say whether a server of ours answers."""
        return self.running and self.look is not None and self.look.phase is Phase.READY

    @property
    def startable(self) -> bool:
        """Say whether a start makes sense, or may when it is planned."""
        planned = self.planned
        if self.running or self.problem:
            return False
        return planned is None or bool(planned.made and planned.program)

    @property
    def gpu_choices(self) -> tuple[int, ...]:
        """For how many GPUs the model is documented; empty for a model of one's own."""
        known = served_models().find(self.wish.model)
        return known.counts if known is not None else ()

    @property
    def command(self) -> str:
        """The command line that is run, or would be."""
        made = self.launch if self.running else self.planned.made if self.planned else None
        return made.text if made is not None else ""

    @property
    def remarks(self) -> str:
        """What is wrong with the plan, or worth a word."""
        if self.problem:
            return self.problem
        planned = self.planned
        if planned is None or self.running:
            return ""
        warnings = planned.made.warnings if planned.made else ()
        return " ".join((*((planned.problem,) if planned.problem else ()), *warnings))

    @property
    def state(self) -> str:
        """How the server is, in words."""
        look = self.look
        if look is None:
            return tr("Starting…") if self._starting else tr("Not started.")
        if look.phase is Phase.FAILED:
            return look.reason
        at = tr(" at {url}").format(url=self.launch.url) if look.phase is Phase.READY and self.launch else ""
        return f"{tr(STATES[look.phase]).rstrip('.')}{at}." if at else tr(STATES[look.phase])

    @property
    def memory(self) -> str:
        """What it takes: time, memory of all its processes, memory of the GPUs."""
        look = self.look
        if look is None or look.phase.is_over or not look.processes:
            return ""
        minutes, seconds = divmod(round(look.seconds), 60)
        parts = [
            tr("{minutes} min {seconds:02d} s").format(minutes=minutes, seconds=seconds),
            tr("{memory_mb:.1f} GiB in {processes} processes").format(
                memory_mb=look.memory_mb / 1024, processes=look.processes
            ),
        ]
        parts += [
            tr("GPU {index}: {used_mb:.1f} of {total_mb:.1f} GiB").format(
                index=g.index, used_mb=g.used_mb / 1024, total_mb=g.total_mb / 1024
            )
            for g in look.gpus
        ]
        return "  ·  ".join(parts)

    # --- planning ----------------------------------------------------------------------------------------------

    def set_extra(self, text: str) -> None:
        """Take further arguments as they would be typed into a shell."""
        try:
            extra = tuple(shlex.split(text))
        except ValueError as error:
            self.problem = tr("The further arguments cannot be read: {error}.").format(error=error)
            self.changed.emit()
            return
        self.set(extra=extra)

    def set(self, **fields: Any) -> None:
        """Change what is to be served, and plan anew."""
        if "model" in fields and fields["model"] != self.wish.model:
            fields.setdefault("gpus", 0)  # the number was for another model
        try:
            wish = ServeSettings.model_validate({**self.wish.model_dump(), **fields})
        except ValidationError as error:
            first = error.errors()[0]
            self.problem = f"{first['loc'][0]}: {first['msg']}."
            self.changed.emit()
            return
        if wish != self.wish or self.problem:
            self.wish, self.problem = wish, ""
            self._plan()

    def _plan(self) -> None:
        wish, self.planned = self.wish, None
        self._runner.run(Lane.NET, lambda: plan(wish), self._has_plan, key="model-server-plan")
        self.changed.emit()

    def _has_plan(self, planned: Planned) -> None:
        self.planned = planned
        wanted, self._wanted = self._wanted, False
        if wanted:
            self.start()
        self.changed.emit()

    # --- running -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start what is planned, and keep it as the settings' wish."""
        planned = self.planned
        if not self.startable:
            return
        if planned is None or planned.made is None or planned.program is None:
            self._wanted = True  # a field that was just left is being planned
            return
        made, program, settings = planned.made, planned.program, self._station.settings
        self._starting, self.look, self.launch = True, None, made
        self._station.change(served=self.wish)
        self._runner.run(
            Lane.NET, lambda: start_server(settings, made, program), self._started, on_error=self._not_started
        )
        self.changed.emit()

    def _started(self, process: ServedProcess) -> None:
        self._starting, self._process = False, process
        if self._closed:
            self.close()
            return
        self.changed.emit()
        self.tick()

    def _not_started(self, error: BaseException) -> None:
        self._starting = False
        if not isinstance(error, UserError):
            raise error
        self.look = Look(Phase.FAILED, str(error))
        self._news = of_error(error)
        self.changed.emit()

    def stop(self) -> None:
        """Ask the server to end; `tick` tells when it has."""
        if self._process is not None:
            self._process.stop()
            self.tick()

    def tick(self) -> None:
        """Look how the server is, off the GUI thread; one look at a time."""
        process = self._process
        if process is None or self._looking or self._closed:
            return
        self._looking = True
        self._runner.run(Lane.NET, process.look, self._looked, on_error=self._not_looked)

    def _looked(self, look: Look) -> None:
        self._looking = False
        if self._closed:
            self.close()
            return
        before, self.look = self.look, look
        if look.phase.is_over:
            self._process = None
            self._plan()
        if look.phase is Phase.FAILED:
            self._news = Message(look.reason, tr("Review > Model server shows its log."), error=True)
        elif look.phase is Phase.READY and (before is None or before.phase is not Phase.READY) and self.launch:
            self._news = Message(tr("{model} is ready at {url}.").format(model=self.launch.model, url=self.launch.url))
        self.changed.emit()

    def _not_looked(self, error: BaseException) -> None:
        self._looking = False
        raise error

    def take_news(self) -> Message | None:
        """Return what the reader should hear of the server now, once."""
        news, self._news = self._news, None
        return news

    def close(self) -> None:
        """Stop the server with the window; nothing is started or looked at after."""
        self._closed = True
        process = self._process
        if process is None:
            return
        process.stop()
        if not self._looking:  # else once that look is over: one thread at a time follows a process
            self._process = None
            self._runner.run(Lane.NET, process.close, _nothing)

    def use(self) -> None:
        """Make it the LVLM critic's server; the open review is read on with it."""
        if self.ready and self.launch is not None:
            settings = self._station.settings
            server = profile_of(self.launch, settings)
            others = tuple(p.model_dump() for p in settings.profiles if p.name != server.name)
            self._station.change_critic("lvlm", server.model_dump(), profiles=(*others, server.model_dump()))


def _nothing(_: None) -> None:
    """Take a result nobody waits for."""
