"""What a structure's mask may look like: findings from facts and expectations, never from names. Layer: core.

Every rule is a function of a structure and the facts of a candidate that yields findings; what a range is, the
structure files say. A fact that was not measured (None) is never held against a candidate.
"""

from collections.abc import Callable

from labelcritic_gui.core.findings import Finding
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.rules import boundary, company, densities, extent, form, position, presence, rivals
from labelcritic_gui.core.rules.extent import covered_reach
from labelcritic_gui.core.rules.grading import Found
from labelcritic_gui.core.rules.presence import expected_in_view, must_be_there, pre_check
from labelcritic_gui.core.rules.scoring import PENALTY, place_of, quality, worst
from labelcritic_gui.core.rules.together import together
from labelcritic_gui.core.structures import Structure

__all__ = [
    "PENALTY",
    "covered_reach",
    "expected_in_view",
    "findings_of",
    "must_be_there",
    "place_of",
    "pre_check",
    "quality",
    "worst",
]

MASK_RULES: tuple[Callable[[Structure, CandidateFacts], Found], ...] = (
    *form.RULES,
    *position.RULES,
    *densities.RULES,
    *extent.RULES,
    *boundary.RULES,
    *company.RULES,
)
"""The rules for a mask that is not empty, in no order."""


def _order(finding: Finding) -> tuple[int, str, str]:
    return -int(finding.severity), finding.code.value, finding.text


def _of_mask(structure: Structure, facts: CandidateFacts) -> list[Finding]:
    return [finding for rule in MASK_RULES for finding in rule(structure, facts)]


def _joined(whole: list[Finding], main: list[Finding]) -> list[Finding]:
    """Return for every code the findings of the whole mask or those of its largest part, whichever are worse.

    What is wrong with the largest part stays wrong, whatever islands do to sums and means.
    """
    joined = []
    for code in {finding.code for finding in (*whole, *main)}:
        ours, theirs = ([f for f in found if f.code is code] for found in (whole, main))
        worse = max((f.severity for f in theirs), default=-1) > max((f.severity for f in ours), default=-1)
        joined += theirs if worse else ours
    return joined


def findings_of(
    structure: Structure,
    facts: CandidateFacts,
    *,
    rival: CandidateFacts | None = None,
    pair: PairFacts | None = None,
) -> tuple[Finding, ...]:
    """Return what is wrong with a candidate, worst first; an unknown structure is judged only on what needs no ranges.

    With a `rival` and the facts of the `pair` (this candidate first), what only one of both claims is judged too.
    """
    if facts.empty:
        return tuple(presence.absence(structure, facts))
    found = _of_mask(structure, facts)
    if facts.main is not None:
        found = _joined(found, _of_mask(structure, facts.main))
    found = together(structure, facts, found)
    if rival is not None and pair is not None and not rival.empty:
        found += rivals.against(structure, facts, rival, pair)
    return tuple(sorted(found, key=_order))
