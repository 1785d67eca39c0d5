"""The anatomy critic's reasons in words: where the candidates differ, and what the CT and the anatomy say there.

Layer: critic.
"""

from labelcritic_gui.core.findings import Severity
from labelcritic_gui.core.measures.belonging import belongs
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion, describe, size_of
from labelcritic_gui.core.rules import findings_of
from labelcritic_gui.core.verdict import Outcome
from labelcritic_gui.critic.base import Question

MOST = 4
_FROM_CLAIMS, _FROM_FINDINGS = 2, 2
_LEAST_WEIGHT = 0.004
_MUCH, _SOME = 0.5, 0.25
_EVEN, _CLEARLY = 0.5, 0.3


def names_of(question: Question) -> tuple[str, str]:
    """Return what the reasons call the two candidates: their label sets, or versions of one."""
    ids = question.subject.candidates
    if len(ids) == 2 and ids[0].label_set != ids[1].label_set:
        return ids[0].label_set, ids[1].label_set
    return ("version 1", "version 2") if len(ids) != 2 else (f"version {ids[0].version}", f"version {ids[1].version}")


def sizes(pair: PairFacts, first: CandidateFacts, second: CandidateFacts) -> str:
    """Say how large both are and how far they overlap."""
    return f"Dice {pair.dice:.3f}; {first.volume_ml:.1f} ml against {second.volume_ml:.1f} ml."


def why_picked(question: Question, outcome: Outcome) -> tuple[str, ...]:
    """Return one to four sentences for a pick: the parts that decide, what is wrong with the other one, the sizes."""
    first_wins, pair = outcome is Outcome.FIRST, question.pair
    names, (first, second) = names_of(question), question.facts
    assert pair is not None  # a pair was compared
    told = list(_claims(question, winner="first" if first_wins else "second"))[:_FROM_CLAIMS]
    loser, rival = (second, first) if first_wins else (first, second)
    against = findings_of(
        question.structure, loser, rival=None if told else rival, pair=pair.swapped() if first_wins else pair
    )
    name = names[1] if first_wins else names[0]
    told += [f"{name}: {finding.text}" for finding in against if finding.severity > Severity.NOTE][:_FROM_FINDINGS]
    if not told:
        told = list(_edges(names, pair, first_wins=first_wins))
    return (*told[: MOST - 1], sizes(pair, first, second))


def why_undecided(question: Question) -> tuple[str, ...]:
    """Say what there is to look at where the measurements do not tell."""
    assert question.pair is not None  # a pair was compared
    largest = question.regions[:2]
    where = tuple(f"Where they differ: {describe(region, names_of(question))}." for region in largest)
    return ("The measurements do not tell which one is better.", *where, sizes(question.pair, *question.facts))


def _claims(question: Question, *, winner: str) -> list[str]:
    """Say what speaks for the winner, part by part, the weightiest first."""
    weighed = []
    for region in question.claims:
        share = 0.0 if region.signs is None else region.signs.share
        speaks = share * (2.0 * belongs(region) - 1.0) * (1.0 if region.claimant == winner else -1.0)
        if speaks >= _LEAST_WEIGHT:
            weighed.append((speaks, region))
    weighed.sort(key=lambda entry: (-entry[0], entry[1].place))
    return [sentence(region, question) for _, region in weighed]


def sentence(region: DifferingRegion, question: Question) -> str:
    """Say of one claimed part what it is, and why it belongs to the structure or does not."""
    names = names_of(question)
    claimant, rival = names if region.claimant == "first" else names[::-1]
    where = " along the boundary" if region.rim else f" on the patient's {region.side}" if region.side else ""
    given = _given(region, rival)
    head = f"{claimant} alone claims {size_of(region)}{where} ({region.hu_mean:.0f} HU{given}),"
    return f"{head} {judgement(region, question)}."


def judgement(region: DifferingRegion, question: Question) -> str:
    """Say of one claimed part, without naming anybody, whether it belongs to the structure and why."""
    share = belongs(region)
    right = share >= _EVEN
    sure = "" if abs(share - _EVEN) >= _CLEARLY else "probably "
    told = _for(region) if right else _against(region, question)
    return f"{sure}{'rightly' if right else 'wrongly'}{': ' if told else ''}{', '.join(told[:2])}"


def _given(region: DifferingRegion, rival: str) -> str:
    """Say what the other label set makes of a part, where it makes most of it one other structure."""
    signs = region.signs
    if signs is None or signs.given < _MUCH:
        return ""
    return f"; {signs.given_to.replace('_', ' ')} in {rival}"


def _for(region: DifferingRegion) -> list[str]:
    """Return what speaks for a part, the strongest sign first."""
    signs = region.signs
    assert signs is not None  # only parts with signs are weighed
    told = []
    if signs.contact > 0.75:
        told.append("it fills a gap in what both claim")
    if signs.local > _SOME and signs.contrast > 0:
        told.append("as dense as what both claim beside it")
    elif signs.fit is not None and signs.fit > _SOME:
        told.append("as dense as what both claim")
    if signs.edge > 0.15:
        told.append("the image has its edge beyond it")
    return told


def _against(region: DifferingRegion, question: Question) -> list[str]:
    """Return what speaks against a part, the strongest sign first."""
    signs = region.signs
    assert signs is not None  # only parts with signs are weighed
    told = []
    if signs.outside > _SOME:
        told.append(f"{signs.outside:.0%} of it outside the body")
    if signs.across > _SOME:
        told.append(f"{signs.across:.0%} of it on the other side of the patient")
    if signs.covered > _SOME:
        told.append(f"{signs.covered:.0%} of it are {signs.neighbour.replace('_', ' ')}")
    if signs.contact < 0.02 and not region.rim:
        told.append("apart from what both claim")
    if signs.local < -_SOME and signs.contrast > 0:
        told.append("as dense as what lies beyond it")
    elif signs.fit is not None and signs.fit < -_SOME:
        common = question.pair.common_hu_mean if question.pair else None
        told.append("of another density than the rest" + (f" ({common:.0f} HU)" if common is not None else ""))
    if signs.edge < -0.15:
        told.append("the image has its edge between it and the rest")
    return told


def _edges(names: tuple[str, str], pair: PairFacts, *, first_wins: bool) -> tuple[str, ...]:
    """Say whose boundary follows the image, when the winner's does."""
    if pair.edge_first is None or pair.edge_second is None:
        return ()
    winner, loser = (pair.edge_first, pair.edge_second) if first_wins else (pair.edge_second, pair.edge_first)
    if winner <= max(loser, 0.0):
        return ()
    return (
        f"Where they part, the boundary of {names[0] if first_wins else names[1]} follows a step of {winner:.0f} HU "
        f"above the noise, the other one's {max(loser, 0.0):.0f} HU.",
    )
