"""Changes which critic advises in a review; what the other one said is kept. Layer: services."""

from dataclasses import replace
from typing import Literal, get_args

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.verdict import Quality, Verdict
from labelcritic_gui.critic.base import Critic
from labelcritic_gui.services.opinions import drawn, latest, summarise
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions
from labelcritic_gui.store.opinions import ItemSummary
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
    summaries = [_said(review, item, kind) for case in cases for item in index.items_of(review.database, case)]
    opinions.save_opinions(review.database, stored=(), summaries=summaries)
    write_review_file(review.folder, file)  # last: killed before it, choosing again does all of this again
    return replace(chosen, file=file)


def _said(review: OpenReview, item: ItemId, kind: str) -> ItemSummary:
    """Summarise what a critic has said of an item so far."""
    said = [s.opinion for s in opinions.opinions_of(review.database, item, kind)]
    measured = [s.opinion for s in opinions.opinions_of(review.database, item, "anatomy")]
    own = {c.id for c in latest(index.candidates_of(review.database, item.case, item.structure))}
    verdict = next((o for o in said if isinstance(o, Verdict) and set(o.subject.candidates) <= own), None)
    newest: dict[object, Quality] = {}
    for opinion in measured:
        if isinstance(opinion, Quality) and set(opinion.subject.candidates) <= own:
            newest.setdefault(opinion.subject.candidates, opinion)
    stored = opinions.facts_of(review.database, item)
    keys = {c.key for c in own}
    pairs = [body for pair, body in stored.items() if ":" in pair and set(pair.split(":")) <= keys]
    findings = [f for q in newest.values() for f in q.findings]
    only = ("only_first_ml", "only_second_ml")
    made = summarise(
        item,
        verdict,
        dice=min((body["dice"] for body in pairs), default=None),
        findings=findings,
        difference_ml=max((sum(body.get(name) or 0.0 for name in only) for body in pairs), default=0.0),
    )
    return drawn(review, made)
