"""The command that says what files are to us. Layer: cli."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelcritic_gui.cli.output import USER_MISTAKE, Outcome, ProgressLine
from labelcritic_gui.core.cancel import no_progress

if TYPE_CHECKING:
    from labelcritic_gui.bootstrap import Services


class Inspected(Outcome):
    """What was found; a refused file is the caller's to mend."""

    @property
    def exit_code(self) -> int:
        """0, or 2 when a file cannot be used."""
        return USER_MISTAKE if self.failed else super().exit_code


def inspect(arguments: argparse.Namespace, services: "Services") -> Outcome:
    """Inspect every file; a refused one is one line of `failed`, the others are still shown."""
    # here, not above: the words of all commands are read at every start, also of the window
    from labelcritic_gui.services.inspection import classes_of, inspect_file
    from labelcritic_gui.services.inspection_words import as_document, as_lines

    classes = classes_of(arguments.classes, services.structures) if arguments.classes else None
    progress = ProgressLine(quiet=arguments.json)
    documents: list[dict[str, Any]] = []
    lines: list[str] = []
    failed: list[str] = []
    within = progress if len(arguments.files) == 1 else no_progress
    for done, name in enumerate(arguments.files):
        if len(arguments.files) > 1:
            progress(done, len(arguments.files), name)
        found = inspect_file(Path(name), classes=classes, progress=within)
        documents.append(as_document(found))
        if found.refused:
            failed.append(found.why if name in found.why else f"{name}: {found.why}")
            continue
        lines += [*([""] if lines else []), *as_lines(found)]
    progress(1, 1, "")
    return Inspected({"files": documents}, lines, failed)
