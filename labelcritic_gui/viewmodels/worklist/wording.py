"""What a filter says, in words. Layer: viewmodels."""

from labelcritic_gui.core.query.fields import FIELDS, Kind, Op
from labelcritic_gui.core.query.query import Query, Term
from labelcritic_gui.translation import N_, tr

_OPS = {Op.IS: "", Op.LT: N_("below"), Op.LE: N_("at most"), Op.GT: N_("above"), Op.GE: N_("at least")}


def understood(query: Query) -> str:
    """Return a filter as one line: `liver or spleen · Dice below 0.8 · not status open`."""
    return "  ·  ".join(_phrase(term) for term in query.terms)


def _phrase(term: Term) -> str:
    minus = tr("not") + " " if term.negated else ""
    values = f" {tr('or')} ".join(term.values)
    if not term.field:
        return minus + "“" + values + "”"
    if FIELDS[term.field].kind is Kind.TEXT:
        values = "“" + values + "”"
    between = tr(_OPS[term.op])
    return f"{minus}{term.field} {between} {values}".replace("  ", " ")
