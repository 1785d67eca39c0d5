"""Every setting with its default, and what follows from it. Layer: settings."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.imaging.window import PRESETS, Window
from labelcritic_gui.settings.listing import ListColumn, SavedFilter
from labelcritic_gui.settings.servers import LvlmSettings, ServerSettings, ServeSettings

BUDGET_SHARE = 8
"""Without a wish of the reader's, pictures held ready may take one part in so many of the machine's memory."""
SMALLEST_BUDGET_MB, LARGEST_BUDGET_MB = 128, 2048
WIDEST_HU = 8000
"""No window is wider, and none is farther from water."""
USUAL_MEMORY_MB = 4096
"""Taken where the machine does not say how much memory it has."""


class Settings(BaseModel):
    """All settings with their defaults; frozen, changed through `change_settings`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reader: str = ""
    notice_accepted: bool = False
    recent: tuple[str, ...] = ()
    theme: Literal["dark", "light"] = "dark"
    font_scale: float = Field(default=1.0, ge=0.7, le=2.5)
    palette: str = "okabe-ito"
    """The colours of the label sets: a file of resources/palettes."""
    language: Literal["", "en", "de"] = ""
    """Empty: the system's."""
    hints_seen: bool = False
    """The hints of the first run were shown."""
    presets: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """Width and level in HU of window presets that differ from `imaging.window.PRESETS`."""
    projection: Literal["bone", "organs", "skeleton"] = "bone"
    overlay_style: Literal["fill", "outline", "both"] = "both"
    overlay_opacity: float = Field(default=0.45, ge=0.05, le=1.0)
    windows: dict[str, tuple[float, float]] = Field(default_factory=dict)
    """The width and level in HU that slices of a structure were last seen through."""
    filters: tuple[SavedFilter, ...] = ()
    """The person's own filters of the worklist, over all reviews, in their order."""
    columns: tuple[ListColumn, ...] = ()
    """The wanted columns of the worklist from left to right; empty means the usual ones."""
    grouped: bool = False
    """The worklist is grouped by case."""
    auto_advance: bool = True
    """A decision goes on to the next item by itself."""
    shuffle_sides: bool = False
    """Chance says, item by item, which label set stands left."""
    agreed_goes_on: bool = True
    """In a blind-first reading, a verdict that says what the reader said is told while the next item comes."""
    pause_after_min: int = Field(default=50, ge=0, le=600)
    """Minutes of reading without a break after which a pause is suggested; 0 is never."""
    sheet_confidence: float = Field(default=0.9, ge=0.5, le=1.0)
    """How sure the critic must be for the contact sheet to mark its picks all at once."""
    screenshot_folder: str = ""
    """Where screenshots of the stage go; empty until the person was asked."""
    critic: Literal["anatomy", "lvlm"] = "anatomy"
    server: ServerSettings = Field(default_factory=ServerSettings)
    """The server in use; a copy of the profile of its name, where it has one."""
    profiles: tuple[ServerSettings, ...] = ()
    consented: tuple[str, ...] = ()
    """Hosts other than this machine that the person agreed to send pictures to."""
    served: ServeSettings = Field(default_factory=ServeSettings)
    lvlm: LvlmSettings = Field(default_factory=LvlmSettings)
    memory_budget_mb: int = Field(default=0, ge=0, le=2**20)
    """What may be held ready in memory, in MB of 2**20 bytes; 0 derives it from the machine's memory."""

    @field_validator("presets")
    @classmethod
    def _known_presets(cls, presets: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for name, (width, level) in presets.items():
            if name not in PRESETS:
                raise ValueError(f"there is no window preset {name!r}")
            if not (1 <= width <= WIDEST_HU and abs(level) <= WIDEST_HU):
                raise ValueError(f"the window {width:g}/{level:g} of {name!r} shows nothing of a CT")
        return presets

    @model_validator(mode="after")
    def _distinct_profiles(self) -> "Settings":
        known = [profile.name.casefold() for profile in self.profiles]
        if "" in known:
            raise ValueError("every server profile needs a name")
        twice = next((p.name for p in self.profiles if known.count(p.name.casefold()) > 1), None)
        if twice is not None:
            raise ValueError(f"two server profiles are called {twice!r}")
        return self

    @property
    def servers(self) -> tuple[ServerSettings, ...]:
        """Every server that can be chosen: the profiles, and the one in use where it is none of them."""
        now = self.server.name
        if now not in {profile.name for profile in self.profiles}:
            return (self.server, *self.profiles)
        return tuple(self.server if profile.name == now else profile for profile in self.profiles)

    def preset(self, name: str) -> Window:
        """Return a window preset with the reader's own numbers, where there are any; raises KeyError."""
        usual = PRESETS[name]
        if name not in self.presets:
            return usual
        width, level = self.presets[name]
        return Window.of(name, width=width, level=level)

    @property
    def memory_budget(self) -> int:
        """How many bytes may be held ready in memory: what the reader set, or a share of this machine's."""
        return (self.memory_budget_mb or derived_budget_mb(machine_memory_mb())) * 2**20


def derived_budget_mb(memory_mb: int | None) -> int:
    """Return the memory budget for a machine with so much memory (None: unknown), in MB."""
    return min(LARGEST_BUDGET_MB, max(SMALLEST_BUDGET_MB, (memory_mb or USUAL_MEMORY_MB) // BUDGET_SHARE))


def machine_memory_mb() -> int | None:
    """Return how much memory this machine, or the container it plays, has, in MB; None where it does not say."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None
    with suppress(OSError, ValueError):  # no container, or "max"
        found = min(found, int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return found // 2**20


def server_named(settings: Settings, text: str) -> ServerSettings:
    """Return the server that a person names: a profile's name, or an address; empty means the one in use.

    An address of a known server brings that server's model and key; for any other address only the time-outs and the
    number of questions at once are as usual, so that no key goes to somebody it was not meant for. Raises UserError
    for a name that no profile has.
    """
    wanted = text.strip()
    if not wanted:
        return settings.server
    for server in settings.servers:
        if server.name and server.name.casefold() == wanted.casefold():
            return server
    if "://" in wanted:
        known = (server for server in settings.servers if _same_address(server.url, wanted))
        usual = settings.server.model_dump(include={"max_in_flight", "timeout_s", "patience_s"})
        return next(known, None) or ServerSettings(url=wanted, **usual)
    names = ", ".join(server.name for server in settings.servers if server.name) or "none yet"
    raise UserError(
        f"There is no server profile {wanted!r}.", f"Known are: {names}. An address looks like {ServerSettings().url}."
    )


def _same_address(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(address: str) -> str:
    return address.strip().rstrip("/").removesuffix("/v1").rstrip("/").lower()
