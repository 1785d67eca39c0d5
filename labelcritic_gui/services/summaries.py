"""What the worklist shows of an item, from what was said of its candidates as they stand now. Layer: services."""

from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION
from labelcritic_gui.core.verdict import Quality, Verdict
from labelcritic_gui.services.opinions import drawn, latest, summarise
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import index, opinions
from labelcritic_gui.store.opinions import ItemSummary


def renew_summary(review: OpenReview, item: ItemId) -> None:
    """Let the worklist show what was said of the versions that stand now, after one came back or was withdrawn.

    Nothing is done for an item of which no version was made, and nothing is asked.
    """
    known = index.candidates_of(review.database, item.case, item.structure, withdrawn=True)
    if any(c.id.version > FIRST_VERSION for c in known):
        summary = summary_of(review, item, review.critic.identity.kind)
        opinions.save_opinions(review.database, stored=(), summaries=[summary])


def summary_of(review: OpenReview, item: ItemId, kind: str) -> ItemSummary:
    """Summarise what a critic of a kind has said of an item so far."""
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
