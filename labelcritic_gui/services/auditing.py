"""The audit share: some of what is calm comes back for a human look, drawn by a seed of the review. Layer: services."""

from labelcritic_gui.core.attention import AUDIT_SHARE, is_calm, is_drawn
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions

_SHARE = "audit-share"


def audit_share(review: OpenReview) -> float:
    """Return which share of the calm items is drawn, 0 to 1."""
    return float(index.meta_value(review.database, _SHARE) or AUDIT_SHARE)


def is_audited(review: OpenReview, item: ItemId, *, attention: float, outcome: str, share: float | None = None) -> bool:
    """Say whether an item is drawn for a human look although it is calm."""
    wanted = audit_share(review) if share is None else share
    return is_calm(attention, outcome) and is_drawn(_seed(review), item, wanted)


def set_audit_share(review: OpenReview, share: float) -> int:
    """Draw another share of the calm items; return how many are drawn now. Raises UserError outside 0 to 1.

    A larger share keeps what was drawn before.
    """
    if not 0.0 <= share <= 1.0:
        raise UserError("The audit share is between 0 and 1.", "Write 0.05 for one calm item in twenty.")
    seed = _seed(review)
    drawn = [
        rank
        for rank, case, structure, amount, outcome in index.calm_items(review.database)
        if is_calm(amount, outcome) and is_drawn(seed, ItemId(CaseId(case), structure), share)
    ]
    opinions.mark_audited(review.database, drawn)
    index.remember_meta(review.database, _SHARE, repr(share))
    return len(drawn)


def _seed(review: OpenReview) -> str:
    # when a review was made never changes, and no two reviews are alike in it
    return f"{review.file.created} {review.file.database}"
