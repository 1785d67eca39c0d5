"""The preferences: values of the settings table, changed at once and put back one by one. Layer: viewmodels."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from psygnal import Signal, SignalInstance

from labelcritic_gui.settings import Settings
from labelcritic_gui.settings.table import PREFERENCES, Kind, Preference

Value = str | bool | float | tuple[float, float]


class Changer(Protocol):
    """The part of the station that preferences need."""

    settings: Settings

    @property
    def settings_changed(self) -> SignalInstance:
        """Told when settings were stored and taken over."""

    def prefer(self, **changes: Any) -> None:
        """Store settings and take them over, on the stage at once."""


class Preferences:
    """What the preferences dialog follows. Numbers are as they are shown: a share of 0.45 is 45."""

    changed: ClassVar[Signal] = Signal()

    def __init__(self, station: Changer) -> None:
        self._station = station
        self._usual = Settings()
        station.settings_changed.connect(self._settings_changed)

    def close(self) -> None:
        """Stop following the station."""
        self._station.settings_changed.disconnect(self._settings_changed)

    def _settings_changed(self) -> None:
        self.changed.emit()

    def value(self, row: Preference) -> Value:
        """Return what is in force."""
        return _value(self._station.settings, row)

    def usual(self, row: Preference) -> Value:
        """Return the default."""
        return _value(self._usual, row)

    def is_usual(self, row: Preference) -> bool:
        """Say whether a row stands at its default."""
        return self.value(row) == self.usual(row)

    def change(self, row: Preference, value: Value) -> None:
        """Put a value in force at once, unless it is already."""
        if value == self.value(row):
            return
        field, _, name = row.field.partition(".")
        if name:
            held = dict(getattr(self._station.settings, field))
            held.pop(name, None)
            if value != self.usual(row):
                held[name] = value
            self._station.prefer(**{field: held})
        elif row.kind is Kind.NUMBER:
            assert isinstance(value, int | float)
            kind: Callable[[float], float] = type(getattr(self._usual, field))
            self._station.prefer(**{field: kind(round(value / row.times, 4))})
        else:
            self._station.prefer(**{field: value.strip() if isinstance(value, str) else value})

    def reset(self, row: Preference) -> None:
        """Put a row back to its default."""
        self.change(row, self.usual(row))


def _value(settings: Settings, row: Preference) -> Value:
    field, _, name = row.field.partition(".")
    if row.kind is Kind.WINDOW:
        window = settings.preset(name)
        return (window.width, window.level)
    found = getattr(settings, field)
    if row.kind is Kind.NUMBER:
        return round(float(found) * row.times, 2)
    assert isinstance(found, str | bool)
    return found


def preference(field: str) -> Preference:
    """Return the row of a field; raises KeyError."""
    for row in PREFERENCES:
        if row.field == field:
            return row
    raise KeyError(field)
