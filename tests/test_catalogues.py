"""The catalogues: the template is what the code says, German is whole, nothing that is filled in gets lost."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from labelcritic_gui.translation import LANGUAGES, SOURCE_LANGUAGE

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "resources" / "translations"
OTHERS = [code for code in LANGUAGES if code != SOURCE_LANGUAGE]
FIELD = re.compile(r"\{[^{}]*\}")
SAME = re.compile(r"^[\W\d]*((\{[^{}]*\}|Dice|kappa|CSV|GPU|GiB|Port|HU|ml|mm|min|s|v|p|sha256)[\W\d]*)*$")


@pytest.fixture(scope="module")
def collector() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translations", ROOT / ".ci" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(code: str) -> Catalog:
    with (FOLDER / f"{code}.po").open("rb") as stream:
        return read_po(stream, locale=code)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def texts(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def test_the_template_is_what_the_code_says(collector):
    wanted = collector.written(collector.collect()).decode()
    assert (FOLDER / "labelcritic.pot").read_text("utf-8") == wanted, "run make translations"


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_every_text_and_nothing_else(code):
    with (FOLDER / "labelcritic.pot").open("rb") as stream:
        wanted = {message.id for message in texts(read_po(stream))}
    catalogue = read(code)
    assert {message.id for message in texts(catalogue)} == wanted
    assert [m.id for m in texts(catalogue) if not all(forms(m.string)) or m.fuzzy] == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_filled_in_is_the_same_in_every_language(code):
    for message in texts(read(code)):
        wanted = set(FIELD.findall(" ".join(forms(message.id))))
        assert set(FIELD.findall(" ".join(forms(message.string)))) == wanted, message.id


@pytest.mark.parametrize("code", OTHERS)
def test_spaces_at_the_ends_and_lines_stay(code):
    for message in texts(read(code)):
        first = forms(message.id)[0]
        for text in forms(message.string):
            assert text[: len(text) - len(text.lstrip())] == first[: len(first) - len(first.lstrip())], message.id
            assert text[len(text.rstrip()) :] == first[len(first.rstrip()) :], message.id
            assert text.count("\n") == first.count("\n"), message.id


def test_hardly_a_german_text_is_the_english_one():
    same = [m.id for m in texts(read("de")) if m.id == m.string and not SAME.match(str(m.id))]
    assert len(same) < 60, same
