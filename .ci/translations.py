"""Collect every text that can be translated into resources/translations/labelcritic.pot: make translations.

What is marked in the code (tr, ntr, N_), and the sentences of expected errors that are fixed. With --check nothing is
written: it fails when the file is not what the code says. Places are without line numbers, so that the file changes
only when a text does. With --update the catalogues take the new texts over, untranslated.
"""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"
TEMPLATE = FOLDER / "labelcritic.pot"
ERRORS = (
    "UserError",
    "StorageError",
    "UnreadableFileError",
    "GeometryMismatchError",
    "ReviewError",
    "CriticError",
    "CancelledError",
    "QueryError",
    "CannotPlantError",
    "RecipeError",
    "ConsentError",
)
HEADLESS = "labelcritic_gui/cli/"
"""The command line speaks English."""
WIDTH = 118


def collect() -> Catalog:
    """Return the catalogue of all texts, without translations."""
    from labelcritic_gui.ui.commands import BY_ID

    found = Catalog(project="labelcritic", fuzzy=False)
    for file in sorted((ROOT / "labelcritic_gui").rglob("*.py")):
        where = file.relative_to(ROOT).as_posix()
        if where.startswith(HEADLESS):
            continue
        for text in texts_of(ast.parse(file.read_text("utf-8"))):
            if text not in BY_ID:
                found.add(text, locations=[(where, 0)])
    for text in table_texts():
        found.add(text)
    return found


def texts_of(tree: ast.AST) -> Iterator[str | tuple[str, str]]:
    """Return the marked texts of a module, also those inside f-strings, and the sentences of its errors."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        fixed = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else "" for a in call.args[:2]]
        if name in {"tr", "N_"} and fixed and fixed[0]:
            yield fixed[0]
        elif name == "ntr" and len(fixed) == 2 and all(fixed):
            yield fixed[0], fixed[1]
        elif name in ERRORS:  # a sentence and its hint
            yield from filter(None, fixed)


def table_texts() -> list[str]:
    """Return texts of tables: titles that are put together, meanings of codes, of structures and of our critic."""
    from labelcritic_gui.catalogue import load_catalogue
    from labelcritic_gui.core.findings import FindingCode
    from labelcritic_gui.critic.rule_based import IDENTITY
    from labelcritic_gui.ui.commands import COMMANDS

    shipped = load_catalogue(ROOT / "resources" / "no-own-structures")
    names = sorted({name for structure in shipped for name in (structure.shown, structure.pair_title) if name})
    codes = [code.meaning for code in FindingCode]
    return [*(command.title for command in COMMANDS), *codes, *names, IDENTITY.title]


def written(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file, without dates and names in its head, so that it is the same every time."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=WIDTH, sort_output=True, omit_header=True, include_lineno=False)
    return stream.getvalue()


def head_of(catalogue: Catalog) -> bytes:
    """Return the head of a language's catalogue."""
    lines = (
        f"Language: {catalogue.locale_identifier}",
        f"Plural-Forms: {catalogue.plural_forms}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
    )
    entries = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{entries}\n'.encode()


def update(file: Path, found: Catalog) -> None:
    """Let a catalogue take over new texts and forget those that are gone."""
    with file.open("rb") as stream:
        known = read_po(stream, locale=file.stem)
    known.update(found, no_fuzzy_matching=True, update_header_comment=False, keep_user_comments=True)
    known.obsolete.clear()
    file.write_bytes(head_of(known) + written(known))


def main() -> int:
    """Write the template, or check it."""
    found = collect()
    text = written(found)
    if "--check" in sys.argv:
        same = TEMPLATE.is_file() and TEMPLATE.read_bytes() == text
        print("The template is up to date." if same else "The template is out of date: run make translations.")
        return 0 if same else 1
    TEMPLATE.write_bytes(text)
    if "--update" in sys.argv:
        for file in sorted(FOLDER.glob("*.po")):
            update(file, found)
    print(f"{TEMPLATE.relative_to(ROOT)}: {len(found)} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
