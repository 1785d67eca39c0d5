"""The preferences: what is in force, changed and put back."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psygnal import Signal

from labelcritic_gui.settings import Settings
from labelcritic_gui.settings.table import PREFERENCES, Kind, Preference
from labelcritic_gui.viewmodels.preferences import Preferences, preference


class Station:
    """Takes settings over as the real one does, without a file."""

    settings_changed: ClassVar[Signal] = Signal()

    def __init__(self) -> None:
        self.settings = Settings()
        self.stored: list[dict[str, Any]] = []

    def prefer(self, **changes: Any) -> None:
        self.stored.append(changes)
        self.settings = Settings.model_validate({**self.settings.model_dump(), **changes})
        self.settings_changed.emit()


def other_value(row: Preference) -> st.SearchStrategy[Any]:
    if row.kind is Kind.CHOICE:
        return st.sampled_from([value for value, _ in row.choices])
    if row.kind is Kind.SWITCH:
        return st.booleans()
    if row.kind is Kind.TEXT:
        return st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20)
    if row.kind is Kind.WINDOW:
        return st.tuples(st.integers(1, 4000).map(float), st.integers(-1000, 3000).map(float))
    return st.integers(int(row.low), int(row.high)).map(float)


@given(st.data())
def test_what_is_changed_is_in_force_and_can_be_put_back(data):
    station = Station()
    preferences = Preferences(station)
    row = data.draw(st.sampled_from(PREFERENCES))
    value = data.draw(other_value(row))
    preferences.change(row, value)
    assert preferences.value(row) == value
    assert preferences.is_usual(row) == (value == preferences.usual(row))
    assert all(preferences.is_usual(other) for other in PREFERENCES if other is not row)
    preferences.reset(row)
    assert station.settings == Settings()
    preferences.close()


def test_what_is_in_force_already_is_not_stored_again():
    station = Station()
    preferences = Preferences(station)
    for row in PREFERENCES:
        preferences.change(row, preferences.value(row))
        preferences.reset(row)
    assert station.stored == []


def test_a_window_that_is_put_back_leaves_nothing_in_the_settings():
    station = Station()
    preferences = Preferences(station)
    liver, lung = preference("presets.liver"), preference("presets.lung")
    preferences.change(liver, (150.0, 90.0))
    preferences.change(lung, (1400.0, -500.0))
    preferences.reset(liver)
    assert station.settings.presets == {"lung": (1400.0, -500.0)}


def test_a_field_without_a_row_is_an_error():
    with pytest.raises(KeyError):
        preference("no.such")
