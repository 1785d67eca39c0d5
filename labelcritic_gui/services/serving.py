"""Serving a model on this machine: where vLLM is, what would be run, and the server as a profile. Layer: services."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.footprint import Gpu, gpus
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.critic.served_models import Launch, ModelTable, launch, served_models
from labelcritic_gui.critic.server import ServedProcess
from labelcritic_gui.paths import log_dir
from labelcritic_gui.settings import ServerSettings, ServeSettings, Settings

PROGRAM_VARIABLE = "LABELCRITIC_VLLM"
PROGRAM = "vllm"
LOGS_KEPT = 5
PRIVATE = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""vLLM reports its use to its makers unless told otherwise; nothing leaves this machine."""
PLAIN = {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
HOW_TO_INSTALL = (
    "Install it in an environment of its own (python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm), then say where "
    f"it is: --vllm ~/vllm, {PROGRAM_VARIABLE}, or the window's Model server panel."
)


def find_vllm(settings: ServeSettings) -> Path:
    """Return vLLM's program: as set, as the environment says, or on PATH; raises CriticError saying how to get it.

    What is set may be the program, or the folder of its environment.
    """
    for place, source in ((settings.vllm, "set"), (os.environ.get(PROGRAM_VARIABLE, ""), PROGRAM_VARIABLE)):
        if place.strip():
            found = _program_at(Path(place.strip()).expanduser())
            if found is None:
                shown = plain_text(place, 120)
                raise CriticError(f"There is no program vllm at {shown} (named by {source}).", HOW_TO_INSTALL)
            return found
    beside = _program_at(Path(sys.executable).parent)
    on_path = shutil.which(PROGRAM)
    if on_path is None and beside is None:
        raise CriticError("vLLM was not found on this machine.", HOW_TO_INSTALL)
    return Path(on_path) if on_path else beside or Path()


def _program_at(place: Path) -> Path | None:
    """Return the program that a place names: itself, or within an environment."""
    for file in (place, place / PROGRAM, place / "bin" / PROGRAM):
        if file.is_file() and os.access(file, os.X_OK):
            return file.absolute()
    return None


def version_of(program: Path) -> str:
    """Return the version of an installed vLLM, read from its environment without running it; empty when not found."""
    environment = program.resolve().parent.parent if program.is_symlink() else program.parent.parent
    for folder in environment.glob("lib/python3*/site-packages/vllm-*.dist-info"):
        found = re.fullmatch(r"vllm-([0-9][0-9A-Za-z.+]*)\.dist-info", folder.name)
        if found:
            return found[1]
    return ""


def plan_launch(settings: ServeSettings, *, program: Path | None, cards: tuple[Gpu, ...] | None = None) -> Launch:
    """Return the command line that the settings make, with what should be known of it before it is started.

    Without a program the line is only good to be shown. `cards` are this machine's; None asks for them. Raises
    CriticError for what cannot be served so.
    """
    table = served_models()
    made = launch(
        str(program) if program else PROGRAM,
        settings.model,
        gpus=settings.gpus,
        port=settings.port,
        extra=settings.extra,
        table=table,
    )
    found = gpus() if cards is None else cards
    warnings = (*made.warnings, *_of_cards(made, found), *_of_version(made, program, table))
    return Launch(made.command, made.model, made.port, made.gpus, made.gpu_gb, made.weights_gb, warnings)


def _of_cards(made: Launch, cards: tuple[Gpu, ...]) -> tuple[str, ...]:
    if not made.gpu_gb:
        return ()
    needed = f"{made.gpus} GPU{'s' if made.gpus > 1 else ''} of {made.gpu_gb:.0f} GB"
    if not cards:
        return (f"No NVIDIA GPU was found here; this model wants {needed}.",)
    if len(cards) < made.gpus:
        return (f"This machine has {len(cards)} GPU{'s' if len(cards) > 1 else ''}; this model wants {needed}.",)
    smallest = min(card.total_mb for card in cards[: made.gpus]) * 2**20 / 1e9
    if smallest < 0.95 * made.gpu_gb:  # cards are sold by round numbers
        return (f"A GPU here has {smallest:.0f} GB; this model wants {needed}.",)
    return ()


def _of_version(made: Launch, program: Path | None, table: ModelTable) -> tuple[str, ...]:
    found = version_of(program) if program else ""
    known = table.find(made.model)
    least = (known.vllm if known else "") or table.general.vllm
    if found and _numbers(found) < _numbers(least):
        return (f"This is vLLM {found}; {least} or newer is needed.",)
    return ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def environment_for(program: Path, base: Mapping[str, str], *, secrets: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the environment variables of a server: those of this process, without our keys, and no reporting."""
    kept = {name: value for name, value in base.items() if name not in {*secrets, "PYTHONPATH", "PYTHONHOME"}}
    path = os.pathsep.join(part for part in (str(program.parent), base.get("PATH", "")) if part)
    return {**PRIVATE, **PLAIN, **kept, "PATH": path}


def start_server(settings: Settings, made: Launch, program: Path) -> ServedProcess:
    """Start a planned server; its log goes to the log folder. Raises CriticError when it cannot be started."""
    process = ServedProcess(made, _log_file(made.port), served_models())
    secrets = tuple(server.key_variable for server in settings.servers if server.key_variable != "VLLM_API_KEY")
    process.start(environment_for(program, os.environ, secrets=secrets))
    return process


def _log_file(port: int) -> Path:
    """Return a new log file's path; of the older ones only a few are kept."""
    folder = log_dir()
    for old in sorted(folder.glob("vllm-*.log"), key=lambda file: file.name)[: -(LOGS_KEPT - 1)]:
        old.unlink(missing_ok=True)
    return folder / f"vllm-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{port}.log"


def profile_of(made: Launch, settings: Settings) -> ServerSettings:
    """Return the server as a profile: the one of its address, or a new one; its model is found out by asking."""
    known = next((server for server in settings.profiles if server.url.rstrip("/") == made.url), None)
    if known is not None:
        return known.model_copy(update={"model": ""})
    last = re.sub(r"[^\w.+-]", "", made.model.rstrip("/").rsplit("/", 1)[-1])[:40] or "model"
    taken = {profile.name.casefold() for profile in settings.profiles}
    names = (f"{last} here" if n == 1 else f"{last} here {n}" for n in range(1, len(taken) + 2))
    usual = settings.server.model_dump(include={"max_in_flight", "timeout_s", "patience_s"})
    return ServerSettings(name=next(name for name in names if name.casefold() not in taken), url=made.url, **usual)
