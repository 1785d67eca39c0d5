"""The language of what is shown."""

import subprocess
import sys

import pytest

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.translation import N_, language, ntr, system_language, tr, use_language


@pytest.fixture(autouse=True)
def _english_again():
    yield
    use_language("en")


def test_english_texts_are_their_own_keys():
    assert (tr("Close"), N_("Close"), tr("")) == ("Close", "Close", "")
    assert [ntr("{n} item", "{n} items", n).format(n=n) for n in (0, 1, 2)] == ["0 items", "1 item", "2 items"]


def test_a_chosen_language_is_spoken_until_another_is_chosen():
    assert use_language("de") == "de"
    assert tr("Close") == "Schließen"
    assert ntr("{n} item", "{n} items", 1).format(n=1) == "1 Eintrag"
    assert tr("a text that no catalogue has") == "a text that no catalogue has"
    assert use_language("en") == language() == "en"
    assert tr("Close") == "Close"


def test_the_header_of_a_catalogue_is_never_shown():
    use_language("de")
    assert tr("") == ""


def test_an_unknown_language_is_english():
    assert use_language("tlh") == "en"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "fr:de"}, "de"),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_systems_language_is_the_first_one_with_a_catalogue(monkeypatch, variables, expected):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("locale.getlocale", lambda: (None, None))
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert system_language() == expected


def test_a_damaged_catalogue_is_an_error_and_not_an_empty_one(monkeypatch, tmp_path):
    (tmp_path / "translations").mkdir()
    (tmp_path / "translations" / "de.po").write_text('msgid "Undo\n', encoding="utf-8")
    monkeypatch.setattr("labelcritic_gui.translation.resources_dir", lambda: tmp_path)
    with pytest.raises(UnreadableFileError, match=r"de\.po"):
        use_language("de")
    assert language() == "en"


def test_english_costs_no_import():
    script = (
        "import sys; from labelcritic_gui.translation import tr, use_language; use_language('en'); tr('Close');"
        "sys.exit('babel' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
