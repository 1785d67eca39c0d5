"""Which findings and places are marked on a panel. Layer: ui."""

from collections.abc import Sequence

from labelcritic_gui.ui.stage.scene import Mark
from labelcritic_gui.viewmodels.cards import Placed


def marks_of(findings: Sequence[Placed], lit: Placed | None, panel: int) -> tuple[Mark, ...]:
    """Return the marks of a panel: its own findings and the chosen one; those at one place share a ring."""
    found: dict[tuple[int, ...], Mark] = {}
    for row in findings:
        if row.place is None:
            continue
        own, chosen = row.panel == panel, row == lit
        key = tuple(round(mm) for mm in row.place)
        before = found.get(key)
        if before is not None and (own or chosen):
            found[key] = Mark(f"{before.number}, {row.mark}", row.place, before.own or own, before.lit or chosen)
        elif before is None and (own or chosen):
            found[key] = Mark(row.mark, row.place, own, chosen)
    return tuple(found.values())
