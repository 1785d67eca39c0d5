"""What a cell of the contact sheet says in words: beside its number, under each candidate, to a screen reader.

Layer: ui.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.findings import Severity
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.translation import tr
from labelcritic_gui.viewmodels.cards import colour_of
from labelcritic_gui.viewmodels.sheet.cell import ABSENCE, Cell

FLAG = "⚑"
WORST = 2
"""Finding codes named under a candidate; more are counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """What may be said on the sheet, and how: `advised` (what the critic thinks), `named` (whose mask is which)."""

    advised: bool
    named: bool
    label_sets: Sequence[LabelSet]

    def colour(self, cell: Cell, position: int) -> int:
        """Return the place of a candidate's colour: its label set's, or the position's where names are hidden."""
        if not self.named:
            return position - 1
        return max(0, colour_of(tuple(self.label_sets), cell.panels[position - 1].label_set.slug))

    def name(self, cell: Cell, position: int) -> str:
        """Return what a candidate is called."""
        return cell.panels[position - 1].label_set.title if self.named else tr("candidate {n}").format(n=position)


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands under a candidate. `pick` is the critic's word where it is the pick, `flags` what was noticed."""

    name: str
    pick: str = ""
    flags: str = ""
    severe: bool = False


def caption(cell: Cell, position: int, told: Told) -> Caption:
    """Return what stands under the candidate at a position."""
    name = told.name(cell, position)
    if not told.advised:
        return Caption(name)
    verdict = cell.verdict
    pick = ""
    if verdict is not None and cell.pick == position:
        word = tr("equal") if verdict.outcome is Outcome.EQUIVALENT else tr("pick")
        pick = f"{word} {round(100 * verdict.confidence)} %"
    worst = sorted(cell.findings(position), key=lambda finding: -finding.severity)
    worth = [finding for finding in worst if finding.severity > Severity.NOTE]
    codes = list(dict.fromkeys(finding.code.value for finding in worth))
    more = f" +{len(codes) - WORST}" if len(codes) > WORST else ""
    flags = f"{FLAG} {' '.join(codes[:WORST])}{more}" if codes else ""
    return Caption(name, pick, flags, any(finding.severity >= Severity.MAJOR for finding in worth))


def title_of(cell: Cell) -> str:
    """Return what the structure is called, also while nothing is loaded of it."""
    return tr(cell.small.structure.shown) if cell.small else cell.item.structure.replace("_", " ")


def missing(cell: Cell, position: int) -> str:
    """Return what is said over a panel without a mask; empty where there is one."""
    panel = cell.panels[position - 1]
    if panel.refused:
        return tr("cannot be shown")
    if panel.candidate is None:
        return tr("no mask")
    return tr("empty") if panel.empty else ""


def overall(cell: Cell, told: Told) -> str:
    """Return what is said of the whole item: the Dice, and a verdict that picks no candidate."""
    pair = cell.opinions.pair if cell.opinions else None
    dice = "" if pair is None or pair.dice is None else f"Dice {pair.dice:.2f}"
    verdict = cell.verdict
    words = ""
    picks = verdict is not None and verdict.pick is not None
    if told.advised and verdict is not None and not picks:
        words = {
            Outcome.ABSENT_RIGHT: tr("absence is right"),
            Outcome.BOTH_WRONG: tr("neither is right"),
        }.get(verdict.outcome, tr("undecided"))
    elif told.advised and verdict is None and cell.small is not None:
        words = tr("no verdict yet")
    return "   ".join(filter(None, (words, dice)))


def marked(cell: Cell, told: Told) -> str:
    """Return what is marked, in words; empty for an open cell."""
    if cell.mark is None:
        return ""
    if cell.mark.position == ABSENCE:
        return tr("absence is right")
    return told.name(cell, cell.mark.position)


def spoken(cell: Cell, place: int, told: Told) -> str:
    """Return what a screen reader says of a cell."""
    title = title_of(cell)
    parts = [f"{place + 1}: {title}, {cell.item.case}"]
    if cell.failure is not None:
        parts.append(cell.failure.text)
    for position in range(1, len(cell.panels) + 1):
        said = caption(cell, position, told)
        parts.append(" ".join(filter(None, (said.name, missing(cell, position), said.pick, said.flags))))
    mark = marked(cell, told)
    parts.append(tr("marked: {mark}").format(mark=mark) if mark else tr("left open"))
    return "; ".join(filter(None, (*parts, overall(cell, told))))
