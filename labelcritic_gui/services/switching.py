"""Changes which critic advises in a review; what the other one said is kept. Layer: services."""

from dataclasses import replace
from typing import Literal, get_args

from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.summaries import summary_of
from labelcritic_gui.store import index, opinions
from labelcritic_gui.store.review_file import write_review_file

Kind = Literal["anatomy", "lvlm"]


def choose_critic(review: OpenReview, kind: str, critic: Critic | None = None) -> OpenReview:
    """Make a kind of critic the review's own; the worklist then shows what that critic said before, if anything.

    Returns the review with it (with its old critic when none is given: open the review anew). Raises ReviewError for
    an unknown kind.
    """
    if kind not in get_args(Kind):
        raise ReviewError(f"There is no critic {kind!r}.", f"Known are: {', '.join(get_args(Kind))}.")
    chosen = replace(review, critic=critic or review.critic)
    if (review.file.critic or "anatomy") == kind:
        return chosen
    file = review.file.model_copy(update={"critic": kind})
    cases = index.case_ids(review.database)
    summaries = [summary_of(review, item, kind) for case in cases for item in index.items_of(review.database, case)]
    opinions.save_opinions(review.database, stored=(), summaries=summaries)
    write_review_file(review.folder, file)  # last: killed before it, choosing again does all of this again
    return replace(chosen, file=file)
