"""How a model is served by vLLM: a table of documented models, and the command line that follows. Layer: critic."""

import re
import shlex
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from labelcritic_gui.core.errors import CriticError, UnreadableFileError
from labelcritic_gui.core.hosts import is_this_machine
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.paths import resources_dir

FILE = "served_models.toml"
OURS = ("--port", "--model", "--tensor-parallel-size")
"""Flags that are arguments of our own, and must not be given a second time."""
_FILLED = re.compile(r"\{(port|context|pictures|side)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _flags_in_pairs(flags: tuple[str, ...]) -> tuple[str, ...]:
    if flags and not flags[0].startswith("--"):
        raise ValueError(f"the first of these flags is {flags[0]!r}, which is no flag")
    return flags


class Plan(_Strict):
    """How a model is spread over GPUs. `gpu_gb` is what each of them should have, in GB of 10^9 bytes."""

    gpus: int = Field(ge=1, le=16)
    gpu_gb: float = Field(gt=0)
    flags: tuple[str, ...] = ()
    context: int | None = Field(default=None, ge=1024)
    note: str = ""

    _checked = field_validator("flags")(_flags_in_pairs)


class ServedModel(_Strict):
    """A documented model; `weights_gb` in GB of 10^9 bytes, `source` says where its flags are documented."""

    name: str = Field(min_length=1)
    title: str = Field(min_length=1)
    family: str
    weights_gb: float = Field(gt=0)
    source: str = Field(pattern=r"^https://")
    flags: tuple[str, ...] = ()
    note: str = ""
    vllm: str = ""
    plans: tuple[Plan, ...] = Field(alias="plan", min_length=1)

    _checked = field_validator("flags")(_flags_in_pairs)

    @field_validator("plans")
    @classmethod
    def _in_order(cls, plans: tuple[Plan, ...]) -> tuple[Plan, ...]:
        counts = [plan.gpus for plan in plans]
        if counts != sorted(set(counts)):
            raise ValueError("the plans are not in the order of their GPUs")
        return plans

    @property
    def counts(self) -> tuple[int, ...]:
        """For how many GPUs it is documented."""
        return tuple(plan.gpus for plan in self.plans)


class _Family(_Strict):
    marks: tuple[str, ...] = Field(min_length=1)
    flags: tuple[str, ...] = ()

    _checked = field_validator("flags")(_flags_in_pairs)


class _General(_Strict):
    vllm: str
    context: int = Field(ge=1024)
    pictures: int = Field(ge=2)
    side: int = Field(ge=64)
    flags: tuple[str, ...]

    _checked = field_validator("flags")(_flags_in_pairs)


class Failure(_Strict):
    """How vLLM says in its log that it cannot start (a regular expression), what it means, and what to do."""

    said: str
    means: str
    hint: str

    @field_validator("said")
    @classmethod
    def _compiles(cls, said: str) -> str:
        try:
            re.compile(said)
        except re.error as error:
            raise ValueError(f"this is no regular expression: {error}") from error
        return said


class ModelTable(_Strict):
    """The whole file."""

    general: _General
    families: dict[str, _Family]
    models: tuple[ServedModel, ...] = Field(alias="model")
    failures: tuple[Failure, ...] = Field(alias="failure")

    @model_validator(mode="after")
    def _consistent(self) -> "ModelTable":
        names = [model.name for model in self.models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} is listed twice")
        for model in self.models:
            if model.family not in self.families:
                raise ValueError(f"{model.name} is of a family that is not listed: {model.family}")
        return self

    def find(self, name: str) -> ServedModel | None:
        """Return a documented model by its name, or by the folder of a copy of it; None for any other."""
        wanted = name.rstrip("/").casefold()
        last = wanted.rsplit("/", 1)[-1]
        exact = next((model for model in self.models if model.name.casefold() == wanted), None)
        return exact or next((model for model in self.models if model.name.casefold().rsplit("/", 1)[-1] == last), None)

    def explain(self, log: Iterable[str]) -> Failure | None:
        """Return what the lines of a log say about why the server could not start; None when nothing known."""
        text = "\n".join(log)
        return next((failure for failure in self.failures if re.search(failure.said, text)), None)


@cache
def served_models() -> ModelTable:
    """Read the table of the resources."""
    return read_table(resources_dir() / FILE)


def read_table(file: Path) -> ModelTable:
    """Read and check a table; raises UnreadableFileError naming what is wrong."""
    try:
        with file.open("rb") as stream:
            return ModelTable.model_validate(tomllib.load(stream))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "it"
        raise UnreadableFileError(f"{file} is not right at {place}: {first['msg']}.", "Correct it.") from error
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{file} cannot be read: {error}.", "Install Label Critic again.") from error


@dataclass(frozen=True, slots=True)
class Launch:
    """A command line for vLLM, and what a person should know of it. `gpu_gb` is 0 where nothing is documented."""

    command: tuple[str, ...]
    model: str
    port: int
    gpus: int
    gpu_gb: float = 0.0
    weights_gb: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command as it would be typed into a shell."""
        return shlex.join(self.command)

    @property
    def url(self) -> str:
        """Where the server will answer."""
        return f"http://127.0.0.1:{self.port}/v1"


def launch(
    program: str, model: str, *, gpus: int = 0, port: int = 8000, extra: Sequence[str] = (), table: ModelTable
) -> Launch:
    """Compose the command line that serves a model; 0 GPUs mean as few as are documented.

    Further arguments take the place of ours. Raises CriticError for a model without a name, a number of GPUs that is
    not documented for it, and arguments that may not be given.
    """
    if not model.strip() or model.startswith("-"):
        raise CriticError("No model is named.", f"Name one, such as {table.models[1].name}, or a folder with one.")
    _refuse(extra)
    known = table.find(model)
    if known is None:
        return _unknown(program, model, gpus=gpus or 1, port=port, extra=extra, table=table)
    plan = next((one for one in known.plans if one.gpus == (gpus or known.counts[0])), None)
    if plan is None:
        counts = ", ".join(str(count) for count in known.counts)
        raise CriticError(
            f"{known.title} is not documented for {gpus} GPU{'s' if gpus > 1 else ''}.", f"Choose one of: {counts}."
        )
    flags = (*table.general.flags, *table.families[known.family].flags, *known.flags, *plan.flags)
    return Launch(
        _command(program, model, flags, extra, port=port, context=plan.context, table=table),
        model,
        port,
        plan.gpus,
        plan.gpu_gb,
        known.weights_gb,
        tuple(note for note in (known.note, plan.note, *_words(extra)) if note),
    )


def _unknown(program: str, model: str, *, gpus: int, port: int, extra: Sequence[str], table: ModelTable) -> Launch:
    lowered = model.casefold()
    family = next((f for f in table.families.values() if any(mark in lowered for mark in f.marks)), None)
    spread = ("--tensor-parallel-size", str(gpus), "--mm-encoder-tp-mode", "data") if gpus > 1 else ()
    flags = (*table.general.flags, *(family.flags if family else ()), *spread)
    warning = (
        f"{plain_text(model, 80)} is not among the documented models: it is served with the general arguments, and "
        "must be one that sees pictures."
    )
    command = _command(program, model, flags, extra, port=port, context=None, table=table)
    return Launch(command, model, port, gpus, warnings=(warning, *_words(extra)))


def _command(
    program: str,
    model: str,
    flags: Sequence[str],
    extra: Sequence[str],
    *,
    port: int,
    context: int | None,
    table: ModelTable,
) -> tuple[str, ...]:
    general = table.general
    numbers = {"port": port, "context": context or general.context, "pictures": general.pictures, "side": general.side}
    replaced = {flag.split("=", 1)[0].split(".", 1)[0] for flag in extra if flag.startswith("--")}
    kept: list[str] = []
    dropping = False
    for flag in flags:
        if flag.startswith("--"):
            dropping = flag in replaced
        if not dropping:
            kept.append(_FILLED.sub(lambda found: str(numbers[found[1]]), flag))
    return (program, "serve", model, *kept, *extra)


def _refuse(extra: Sequence[str]) -> None:
    """Raise for arguments that are ours, and for a key, which everybody on this machine could read."""
    for argument in extra:
        flag = argument.split("=", 1)[0]
        if flag == "--api-key":
            raise CriticError(
                "A key given as an argument can be read by everybody on this machine.",
                "Set the environment variable VLLM_API_KEY instead, and give this program the same key.",
            )
        if flag in OURS:
            raise CriticError(f"{flag} may not be among the further arguments.", "It is an argument of its own.")


def _words(extra: Sequence[str]) -> tuple[str, ...]:
    """Say what of the further arguments deserves a word: a server that other machines can reach."""
    hosts = [value for flag, value in pairwise(extra) if flag == "--host"]
    hosts += [argument.split("=", 1)[1] for argument in extra if argument.startswith("--host=")]
    return tuple(
        f"With --host {plain_text(host, 40)} other machines can reach this server, and anybody there can use it."
        for host in hosts
        if not is_this_machine(host)
    )
