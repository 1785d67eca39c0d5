"""The language of what is shown: English texts are the keys, catalogues are gettext .po files. Layer: translation."""

import io
import locale
import os
from collections.abc import Mapping
from gettext import GNUTranslations, NullTranslations

from labelcritic_gui.core.errors import UnreadableFileError
from labelcritic_gui.paths import resources_dir

FOLDER = "translations"
SOURCE_LANGUAGE = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}
"""Every language that can be chosen: its code, and its name in itself."""
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


class _Spoken:
    """The catalogue in force. English needs none, so nothing is read and Babel is not imported for it."""

    code: str = SOURCE_LANGUAGE
    texts: NullTranslations = NullTranslations()


def tr(text: str) -> str:
    """Return a text in the language in force; a text that no catalogue has comes back as it is.

    Fill in with `tr("Undone: {item}.").format(item=...)`: an f-string inside could never be found in a catalogue.
    """
    return _Spoken.texts.gettext(text) if text else ""


def ntr(one: str, many: str, n: int) -> str:
    """Return the form of a text that fits the number: `ntr("{n} item", "{n} items", n).format(n=n)`."""
    return _Spoken.texts.ngettext(one, many, n)


def N_(text: str) -> str:
    """Mark a text of a table for the catalogues; whoever shows it puts it through `tr`."""
    return text


def use_language(code: str) -> str:
    """Speak a language from now on ("" means the system's); return the code that is in force.

    A language without a catalogue, or one that nobody knows, is English. Raises UnreadableFileError for a catalogue
    that is damaged.
    """
    wanted = code or system_language()
    if wanted not in LANGUAGES:
        wanted = SOURCE_LANGUAGE
    if wanted != _Spoken.code:
        _Spoken.texts = NullTranslations() if wanted == SOURCE_LANGUAGE else _read(wanted)
        _Spoken.code = wanted
    return wanted


def language() -> str:
    """Return the code of the language in force."""
    return _Spoken.code


def system_language() -> str:
    """Return the first language the system asks for that there is a catalogue of; English where there is none."""
    asked = [part for name in _VARIABLES for part in os.environ.get(name, "").split(":")]
    asked.append(locale.getlocale()[0] or "")
    for name in asked:
        code = name.replace("-", "_").split("_")[0].split(".")[0].lower()
        if code in LANGUAGES:
            return code
        if code in {"c", "posix"}:
            return SOURCE_LANGUAGE
    return SOURCE_LANGUAGE


def _read(code: str) -> GNUTranslations:
    """Read a catalogue; entries that are empty or marked fuzzy are left out, so that they are shown in English."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import PoFileError, read_po

    file = resources_dir() / FOLDER / f"{code}.po"
    compiled = io.BytesIO()
    try:
        with file.open("rb") as stream:
            write_mo(compiled, read_po(stream, locale=code, abort_invalid=True))
    except (OSError, PoFileError, ValueError) as error:
        raise UnreadableFileError(
            f"The translations {file} cannot be read: {error}.", "Install Label Critic again, or clone it anew."
        ) from error
    compiled.seek(0)
    return GNUTranslations(compiled)
