"""The command that serves a model with vLLM on this machine, for as long as it runs itself. Layer: cli."""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from labelcritic_gui.bootstrap import Services
from labelcritic_gui.cli.output import Outcome, table
from labelcritic_gui.core.errors import CriticError, UserError
from labelcritic_gui.settings import ServeSettings

if TYPE_CHECKING:
    from labelcritic_gui.critic.served_models import Launch
    from labelcritic_gui.critic.server import Look, ServedProcess

LOOK_S = 0.5
NEWS_S = 30.0
"""Without a terminal, how often it is said that the server is still starting."""


def serve(arguments: argparse.Namespace, services: Services) -> Outcome:
    """Serve a model until Ctrl+C, or print what would be run, or which models are documented."""
    from labelcritic_gui.services.serving import find_vllm, plan_launch, start_server

    if arguments.list:
        return _documented()
    wished = _wished(arguments, services.settings.served)
    if arguments.dry_run:
        return _dry_run(wished)
    program = find_vllm(wished)
    made = plan_launch(wished, program=program)
    _say(*made.warnings, quiet=arguments.json)
    process = start_server(services.settings, made, program)
    _say(f"Starting {made.model}; its log is {process.log}", quiet=arguments.json)
    try:
        look = _watch(process, quiet=arguments.json)
    except KeyboardInterrupt:
        look = None
        _say("Stopping the server…", quiet=arguments.json)
    finally:
        process.close()
    body = {"url": made.url, "model": made.model, "command": list(made.command), "log": str(process.log)}
    if look is None:
        return Outcome(body, ["The server has ended."])
    return Outcome(body, [], [look.reason or "The server has ended."])


def _watch(process: "ServedProcess", *, quiet: bool) -> "Look":
    """Watch until the server ends by itself; say when it is ready, and how it is where there is a terminal."""
    line = _StatusLine(quiet=quiet)
    ready = False
    while True:
        look = process.look()
        if look.phase.is_over:
            line.clear()
            return look
        if look.phase == "ready" and not ready:
            ready = True
            line.clear()
            if not quiet:
                sys.stdout.write(f"Ready: {process.launch.url} serves {process.launch.model}. Ctrl+C stops it.\n")
                sys.stdout.flush()
        line.show(look)
        time.sleep(2 * LOOK_S if ready else LOOK_S)


class _StatusLine:
    """One line about the server that is rewritten on a terminal; elsewhere a line now and then while it starts."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._said = 0.0

    def show(self, look: "Look") -> None:
        if self._quiet:
            return
        if self._live:
            sys.stderr.write(f"\r\x1b[K{_state(look)}"[:200])
            sys.stderr.flush()
        elif look.phase == "starting" and look.seconds - self._said >= NEWS_S:
            self._said = look.seconds
            _say(f"{_state(look)}: {look.log[-1] if look.log else '…'}")

    def clear(self) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _state(look: "Look") -> str:
    cards = "".join(f", GPU {gpu.index} {gpu.used_mb / 1024:.1f} of {gpu.total_mb / 1024:.1f} GiB" for gpu in look.gpus)
    size = f"{look.memory_mb / 1024:.1f} GiB in {look.processes} processes"
    return f"{look.phase} for {look.seconds:.0f} s, {size}{cards}"


def _dry_run(wished: ServeSettings) -> Outcome:
    """Print the exact command line; where vLLM is missing, that is said beside it."""
    from labelcritic_gui.services.serving import find_vllm, plan_launch

    missing = ""
    try:
        program: Path | None = find_vllm(wished)
    except CriticError as error:
        program, missing = None, str(error)
    made = plan_launch(wished, program=program)
    warnings = (*made.warnings, *((missing,) if missing else ()))
    _say(*warnings)
    return Outcome(_body(made, warnings), [made.text])


def _body(made: "Launch", warnings: tuple[str, ...]) -> dict[str, Any]:
    return {**asdict(made), "command": list(made.command), "warnings": list(warnings), "url": made.url}


def _documented() -> Outcome:
    from labelcritic_gui.critic.served_models import served_models

    models = served_models().models
    rows = [
        [m.name, f"{m.weights_gb:.0f} GB", "  ".join(f"{p.gpus} x {p.gpu_gb:.0f} GB" for p in m.plans)] for m in models
    ]
    body = {"models": [m.model_dump(mode="json") for m in models]}
    return Outcome(body, table(rows, header=("model", "weights", "GPUs x memory that each should have")))


def _wished(arguments: argparse.Namespace, settings: ServeSettings) -> ServeSettings:
    """Return how to serve: as in the settings, changed by the call."""
    if not (arguments.model or settings.model):
        raise UserError("No model is named.", "Name one with --model; `labelcritic serve --list` shows the documented.")
    wished = {
        "model": arguments.model or None,
        "gpus": arguments.gpus,
        "port": arguments.port,
        "vllm": str(Path(arguments.vllm).expanduser().absolute()) if arguments.vllm else None,
        "extra": tuple(arguments.extra) or None,
    }
    if arguments.model and arguments.model != settings.model and arguments.gpus is None:
        wished["gpus"] = 0  # the number in the settings was for another model
    try:
        return ServeSettings.model_validate(
            {**settings.model_dump(), **{name: value for name, value in wished.items() if value is not None}}
        )
    except ValidationError as error:
        first = error.errors()[0]
        hint = "See `labelcritic serve --help`."
        raise UserError(f"--{first['loc'][0]} cannot be used: {first['msg']}.", hint) from error


def _say(*lines: str, quiet: bool = False) -> None:
    if not quiet:
        for line in lines:
            sys.stderr.write(f"{line}\n")
