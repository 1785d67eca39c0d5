"""The table of preferences, a frozen row a setting; the dialog and the palette come from it. Layer: settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from labelcritic_gui.imaging.window import PRESETS
from labelcritic_gui.translation import LANGUAGES, N_


class Kind(Enum):
    """How a setting is shown and changed."""

    CHOICE = auto()
    SWITCH = auto()
    NUMBER = auto()
    TEXT = auto()
    WINDOW = auto()
    """Two numbers: width and level, in HU."""


@dataclass(frozen=True, slots=True)
class Preference:
    """One row: the field of `Settings` it changes (a dot goes into a mapping), and how it is shown.

    `choices` are values with their words; `low`, `high` and `step` are those of a number, `unit` stands behind it, and
    with `times` a number is shown so many times as large as it is stored. Words are marked, not translated.
    """

    field: str
    group: str
    label: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0
    times: float = 1.0
    unit: str = ""
    note: str = ""


LOOK, STAGE, READING, WINDOWS, MACHINE = N_("Look"), N_("Stage"), N_("Reading"), N_("Windows"), N_("Machine")

_THEMES = (("dark", N_("Dark")), ("light", N_("Light")))
_LANGUAGES = (("", N_("As the system")), *LANGUAGES.items())
_PALETTES = (
    ("okabe-ito", "Okabe–Ito"),
    ("contrast", N_("Greatest contrast")),
    ("petroff", "Petroff"),
    ("tol-vibrant", "Tol vibrant"),
)
_PROJECTIONS = (("bone", N_("Bone")), ("organs", N_("Organs")), ("skeleton", N_("Skeleton")))
_STYLES = (("fill", N_("Fill")), ("outline", N_("Outline")), ("both", N_("Both")))
_PRESET_TITLES = {
    "abdomen": N_("Abdomen"),
    "liver": N_("Liver"),
    "lung": N_("Lung"),
    "bone": N_("Bone"),
    "mediastinum": N_("Mediastinum"),
    "brain": N_("Brain"),
    "full": N_("Full range"),
}

PREFERENCES: tuple[Preference, ...] = (
    Preference("theme", LOOK, N_("Theme"), Kind.CHOICE, _THEMES),
    Preference("font_scale", LOOK, N_("Size of type"), Kind.NUMBER, (), 70, 250, 10, 100, "%"),
    Preference("language", LOOK, N_("Language"), Kind.CHOICE, _LANGUAGES),
    Preference(
        "palette",
        LOOK,
        N_("Colours of label sets"),
        Kind.CHOICE,
        _PALETTES,
        note=N_("All of them can be told apart by people who are colour blind."),
    ),
    Preference("projection", STAGE, N_("Projection window"), Kind.CHOICE, _PROJECTIONS),
    Preference("overlay_style", STAGE, N_("Masks"), Kind.CHOICE, _STYLES),
    Preference("overlay_opacity", STAGE, N_("Opacity of the fill"), Kind.NUMBER, (), 5, 100, 5, 100, "%"),
    Preference(
        "screenshot_folder",
        STAGE,
        N_("Folder of screenshots"),
        Kind.TEXT,
        note=N_("Empty: you are asked at the first one."),
    ),
    Preference(
        "reader",
        READING,
        N_("Your name or initials"),
        Kind.TEXT,
        note=N_("Every decision is kept with it; in force from the next review that is opened."),
    ),
    Preference("auto_advance", READING, N_("Go on by itself after a decision"), Kind.SWITCH),
    Preference(
        "shuffle_sides",
        READING,
        N_("Shuffle the sides"),
        Kind.SWITCH,
        note=N_("Chance says for every item which label set stands left; the journal records it."),
    ),
    Preference(
        "agreed_goes_on",
        READING,
        N_("Blind-first: go on at once when the critic agrees"),
        Kind.SWITCH,
        note=N_("The verdict is told while the next item comes; otherwise you look at it before you go on."),
    ),
    Preference(
        "pause_after_min",
        READING,
        N_("Suggest a pause after"),
        Kind.NUMBER,
        (),
        0,
        600,
        5,
        1,
        "min",
        N_("Of reading without a break of five minutes. 0: never."),
    ),
    Preference(
        "sheet_confidence",
        READING,
        N_("Sure enough for the contact sheet"),
        Kind.NUMBER,
        (),
        50,
        100,
        1,
        100,
        "%",
        N_("How sure the critic must be for its picks to be marked all at once."),
    ),
    *(Preference(f"presets.{name}", WINDOWS, _PRESET_TITLES[name], Kind.WINDOW, unit="HU") for name in PRESETS),
    Preference(
        "memory_budget_mb",
        MACHINE,
        N_("Memory for what is held ready"),
        Kind.NUMBER,
        (),
        0,
        2**16,
        128,
        1,
        "MB",
        N_("0: an eighth of this machine's, at most 2 GB. In force from the next review that is opened."),
    ),
)

ELSEWHERE: Mapping[str, str] = {
    "notice_accepted": "asked once when the program is first started",
    "recent": "kept by opening reviews",
    "hints_seen": "kept by the hints of the first run",
    "filters": "in the worklist: filters of one's own",
    "columns": "in the worklist: the menu of its header",
    "grouped": "in the worklist",
    "windows": "kept by the stage: the window each structure was last seen through",
    "critic": "in the dialog of the critic, with what it needs",
    "server": "in the dialog of the critic",
    "profiles": "in the dialog of the critic",
    "consented": "in the dialog of the critic, where consent is given and taken back",
    "lvlm": "in the dialog of the critic",
    "served": "in the dialog of the model server",
}
"""Fields of `Settings` that are no preference, and why."""


def group_titles() -> tuple[str, ...]:
    """Return the groups in their order."""
    return tuple(dict.fromkeys(row.group for row in PREFERENCES))
