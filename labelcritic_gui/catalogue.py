"""Reads and validates the structure files, the program's own and the user's, into core's table. Layer: catalogue."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.core.structures import Expectation, Span, Structure, StructureTable
from labelcritic_gui.paths import config_dir, resources_dir

FOLDER = "structures"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Range(_Strict):
    low: float
    high: float

    @model_validator(mode="before")
    @classmethod
    def _from_pair(cls, found: object) -> object:
        """Accept the written form, [low, high]."""
        if isinstance(found, list) and len(found) == 2:
            return {"low": found[0], "high": found[1]}
        raise ValueError("write a range as [low, high]")

    @model_validator(mode="after")
    def _ordered(self) -> "_Range":
        if self.low > self.high:
            raise ValueError(f"the low end {self.low:g} is above the high end {self.high:g}")
        return self

    def span(self) -> Span:
        """Return it as core has it."""
        return Span(self.low, self.high)


class _Names(_Strict):
    title: str = ""
    aliases: tuple[str, ...] = ()


class _Display(_Strict):
    window: tuple[float, float] | None = None
    side: Literal["left", "right", ""] = ""
    pair: str = ""
    pair_title: str = ""


class _Expect(_Strict):
    volume_ml: _Range | None = None
    hu: _Range | None = None
    lateral_mm: _Range | None = None
    anterior_mm: _Range | None = None
    height: _Range | None = None
    reach: _Range | None = None
    tall_mm: _Range | None = None
    volume_by_size: _Range | None = None
    hu_plain: _Range | None = None
    hu_arterial: _Range | None = None
    hu_portal: _Range | None = None
    sphericity: _Range | None = None
    elongation: _Range | None = None
    diameter_mm: _Range | None = None
    edge_share: float | None = Field(default=None, ge=0, le=1)
    edge_peak: float | None = Field(default=None, ge=0, le=1)
    pair_share: float | None = Field(default=None, gt=0, le=1)
    blind_share: float | None = Field(default=None, gt=0)
    contains: tuple[str, ...] = ()
    part_of: tuple[str, ...] = ()
    apart_from: tuple[str, ...] = ()
    parts: int | None = Field(default=None, ge=1)
    tubular: bool = False
    hollow: bool = False
    thin: bool = False
    flat_ends: bool = False
    may_be_absent: bool = False
    often_absent: bool = False
    crosses_midline: bool = False
    uniform: bool = False
    source: str = ""


class _File(_Strict):
    extends: bool = False
    names: _Names = _Names()
    ids: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    display: _Display = _Display()
    expect: _Expect | None = None


def _expectation(found: _Expect, side: Literal["left", "right", ""]) -> Expectation:
    values: dict[str, Any] = {name: getattr(found, name) for name in _Expect.model_fields}
    values |= {name: value.span() for name, value in values.items() if isinstance(value, _Range)}
    return Expectation(side=side, **values)


def read_structure(path: Path, *, shipped: Path | None = None) -> Structure:
    """Read one structure file; raises UnreadableFileError that names the file and the field.

    A file that says `extends = true` adds to the shipped one: its aliases come on top, its ids, display and
    expectations replace those of the same key. Without it the file stands alone.
    """
    content = _content(path)
    if content.get("extends") is True and shipped is not None:
        content = _extended(_content(shipped), content)
    try:
        read = _File.model_validate(content)
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UnreadableFileError(
            f"In the structure file {path}, {field} is wrong: {first['msg']}.", "Correct that line or remove it."
        ) from problem
    return Structure(
        name=path.stem,
        title=read.names.title,
        aliases=read.names.aliases,
        ids=dict(read.ids),
        side=read.display.side,
        pair=read.display.pair,
        pair_title=read.display.pair_title,
        window=read.display.window,
        expect=_expectation(read.expect, read.display.side) if read.expect else None,
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise UnreadableFileError(
            f"The structure file {path} cannot be read: {problem}.", "Correct it or remove it."
        ) from problem


def _extended(shipped: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """Lay the tables of a user's file over the shipped ones, key by key; lists of names are joined."""
    merged = dict(shipped)
    for key, value in added.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _extended(below, value)
        elif key == "aliases" and isinstance(below, list) and isinstance(value, list):
            merged[key] = [*below, *value]
        else:
            merged[key] = value
    return merged


def load_catalogue(user_folder: Path | None = None) -> StructureTable:
    """Return the table of all structures; a file in the user's folder replaces the shipped one of the same name.

    With `extends = true` it adds to it instead. A name that two files claim stands for the user's structure.
    `user_folder` defaults to `structures` in the configuration folder and need not exist. Raises UnreadableFileError.
    """
    overlay = user_folder if user_folder is not None else config_dir() / FOLDER
    shipped = {path.stem: path for path in sorted((resources_dir() / FOLDER).glob("*.toml"))}
    own = {path.stem: path for path in sorted(overlay.glob("*.toml"))}
    mine = [read_structure(path, shipped=shipped.get(name)) for name, path in own.items()]
    rest = [read_structure(path) for name, path in shipped.items() if name not in own]
    return StructureTable([*mine, *rest])
