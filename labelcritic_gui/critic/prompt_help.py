"""What a prompt file may hold, in words: a template's variables, the fields of a structure's words. Layer: critic."""

import re
from collections.abc import Mapping

from labelcritic_gui.core.patient.field_of_view import Limit
from labelcritic_gui.critic.prompt_sources import BLOCKS, CHECKLIST, PICTURES, VARIABLES

_REMARK = re.compile(r"\{#(.*?)#\}", re.DOTALL)
_ENTRY = re.compile(r"^([a-z_]+) {2,}(\S.*)$")
_INCLUDED = (PICTURES, CHECKLIST)

FIELDS: Mapping[str, str] = {
    "anatomy": "where it lies and how it looks from the front, in a few sentences (at most 800 characters)",
    "right": "what looks right: 1 to 12 sentences, at most 400 characters each",
    "errors": "which mistakes are usual: 1 to 12 sentences, at most 400 characters each",
    "drawing.solid": "true: drawn opaque, not see-through",
    "drawing.window": "the projection below it: bone (usual), organs or skeleton",
    "drawing.view_hint.frontal": "a sentence that is said only where the frontal view is shown",
    "drawing.view_hint.lateral": "a sentence that is said only where the lateral view is shown",
    "drawing.view_hint.slice": "a sentence that is said only where the slice is shown",
    "variant.name": "what these other words are called; the first variant that fits counts",
    "variant.when_missing": f"they fit when all of these are out of view; of {', '.join(Limit)}",
    "variant.title": "what the structure is called then",
    "variant.anatomy": "in place of anatomy",
    "variant.right": "in place of right",
    "variant.errors": "in place of errors",
    "variant.view_hint": "in place of drawing.view_hint",
}
"""The fields of a structure's file, each with its meaning; what is left out of a [[variant]] stays as it is."""


def about(name: str, shipped: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return what a prompt file is for, in a sentence, and what it may hold: (name, meaning) each.

    `shipped` are the texts of the shipped templates by name: their remarks say what their variables hold.
    """
    if name not in VARIABLES:
        return "The words for one structure. A further structure is one more file like this.", tuple(FIELDS.items())
    sentences, own = _remark(shipped[name])
    known = {variable: meaning for other in _INCLUDED for variable, meaning in _remark(shipped[other])[1].items()}
    known |= own
    told = [variable for variable in known if variable in VARIABLES[name]]
    rows = tuple((variable, known.get(variable, "")) for variable in (*told, *sorted(VARIABLES[name] - set(told))))
    blocks = "" if name in _INCLUDED else f" It has two blocks, {BLOCKS[0]} and {BLOCKS[1]}."
    return f"{sentences}{blocks}", rows


def _remark(text: str) -> tuple[str, dict[str, str]]:
    """Read the remark at a template's head: its first paragraph up to the variables, and what each of these holds."""
    found = _REMARK.match(text)
    sentences: list[str] = []
    variables: dict[str, str] = {}
    for line in (found[1] if found else "").strip().splitlines():
        entry = _ENTRY.match(line)
        if entry:
            variables[entry[1]] = entry[2]
        elif not variables:
            sentences.append(line.strip())
    return " ".join(sentences), variables
