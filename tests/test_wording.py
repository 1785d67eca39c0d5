"""No text reaches a widget, a message or a table of commands without having gone past the catalogues."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "labelcritic_gui"
FILES = sorted(
    file
    for room in ("ui", "viewmodels", "settings")
    for file in (PACKAGE / room).rglob("*.py")
    if file.stem != "scripted"
)
"""The scripted reading writes a report for machines."""
SHOWING = {
    "setText",
    "setToolTip",
    "setWindowTitle",
    "setPlaceholderText",
    "setAccessibleName",
    "setAccessibleDescription",
    "setTitle",
    "setSpecialValueText",
    "addItem",
    "addMenu",
    "addTab",
    "setHeaderLabels",
    "plain_label",
    "flowing",
    "link",
    "ElidedLabel",
    "QLabel",
    "QPushButton",
    "QToolButton",
    "QCheckBox",
    "QRadioButton",
    "QAction",
    "add_button",
    "numbers_line",
    "drawText",
    "Message",
    "Job",
    "TextDialog",
    "Command",
    "Preference",
    "getExistingDirectory",
    "getSaveFileName",
    "getOpenFileName",
}
"""Whatever is given to these is read by a person."""
NAMED = {"placeholderText", "text", "note", "hint", "label", "title", "short", "toolTip"}
KEYWORDS_NOT_READ = {"id", "keys", "menu", "icon", "when", "role", "unit", "object_name", "lane", "key"}
MARKS = {"tr", "ntr", "N_"}
SAME_EVERYWHERE = {"HU", "ml", "mm", "MB", "min", "GPUs", "vLLM", "HD95", "cm", "Label Critic", "sha256"}
"""Units, and names that are the same in every language."""
STATES = {"good", "doubt", "bad"}
"""Names of colours in the style sheet."""
NOT_READ = {
    "Command": {0, 2, 5, 7},
    "Preference": {0, 3, 10},
    "TextDialog": set(),
}
"""Arguments by place that are no text: ids, keys, menus (in a table of their own), icons, units."""


def name_of(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def literals(node: ast.AST) -> Iterator[ast.expr]:
    """Return the texts in an argument that no mark stands around, and that are not inside another call."""
    if isinstance(node, ast.Call | ast.Compare | ast.Subscript | ast.Lambda | ast.Dict):
        return
    if isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if is_read(node.value):
            yield node
        return
    if isinstance(node, ast.JoinedStr):
        if is_read(" ".join(part.value for part in node.values if isinstance(part, ast.Constant))):
            yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from literals(child)


def is_read(text: str) -> bool:
    """Say whether a text has words of a language: letters in a row that are no unit, address or shared name."""
    for same in SAME_EVERYWHERE:
        text = re.sub(rf"\b{same}\b", "", text)
    if (
        text in STATES
        or "://" in text
        or text.startswith(("#", "QLabel", "color:", "structure:"))
        or re.fullmatch(r"[\w-]+(\.[\w-]+)+", text.strip())
    ):
        return False
    return re.search(r"[A-Za-zÄÖÜäöüß]{2,}", text) is not None


def unmarked(file: Path) -> list[str]:
    found = []
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or name_of(call) in MARKS:
            continue
        name = name_of(call)
        arguments: list[ast.expr] = []
        if name in SHOWING:
            arguments += [a for n, a in enumerate(call.args) if n not in NOT_READ.get(name, set())]
            arguments += [k.value for k in call.keywords if k.arg not in KEYWORDS_NOT_READ]
        elif name[:1].isupper() or name in {"plain_label", "said"}:
            arguments += [k.value for k in call.keywords if k.arg in NAMED]
        found += [f"{file.name}:{text.lineno} {ast.unparse(text)}" for a in arguments for text in literals(a)]
    return sorted(set(found))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_every_text_a_person_reads_can_be_translated(file):
    assert unmarked(file) == []


def test_that_what_is_not_marked_is_found(tmp_path):
    probe = tmp_path / "probe.py"
    probe.write_text(
        'label.setText("Hello there")\n'
        'label.setText(tr("Hello there"))\n'
        'label.setText("yes please" if on else tr("no"))\n'
        'button = QPushButton(f"{n} items")\n'
        'line = QLineEdit(placeholderText="Filter")\n'
        'box.addItem("12 HU", "key")\n'
        'Command("a.b", "Do it", ("Ctrl+D",), call, menu="Go")\n'
    )
    assert len(unmarked(probe)) == 6


def test_that_no_text_is_put_together_inside_a_mark():
    """A catalogue cannot find an f-string, nor what is looked up in it after formatting."""
    faults = [
        f"{file.name}:{call.lineno}"
        for file in FILES
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call) and name_of(call) in MARKS
        for argument in call.args[: 2 if name_of(call) == "ntr" else 1]
        if isinstance(argument, ast.JoinedStr | ast.BinOp)
    ]
    assert faults == []
