"""What small things weigh together: two of them, or one in a label that is unusual altogether. Layer: core."""

from dataclasses import replace

from labelcritic_gui.core.findings import Finding, Severity
from labelcritic_gui.core.measures.facts import CandidateFacts
from labelcritic_gui.core.measures.strangeness import strangeness
from labelcritic_gui.core.structures import Structure

UNUSUAL = 2.0
"""Sum of squared deviations (see `strangeness`) that trusted labels of a real scan and phantoms stay below."""


def together(structure: Structure, facts: CandidateFacts, found: list[Finding]) -> list[Finding]:
    """Return findings, the first minor one raised to a major one where several small things speak against a label.

    Each by itself is a minute's edit and happens to right labels; two of different kinds, or one in a label far from
    what is usual in other ways, hardly ever do.
    """
    minor = sorted((f for f in found if f.severity is Severity.MINOR), key=lambda f: (f.code.value, f.text))
    if not minor or any(finding.severity > Severity.MINOR for finding in found):
        return found
    others = sorted({finding.code for finding in minor} - {minor[0].code})
    parts = [facts, *([facts.main] if facts.main is not None else [])]
    if others:
        why = f"Together with {' and '.join(others)} more than a minute's edit."
    elif max(strangeness(structure, part) for part in parts) >= UNUSUAL:
        why = "Size, place, shape or density are unusual as well."
    else:
        return found
    raised = replace(minor[0], severity=Severity.MAJOR, text=f"{minor[0].text} {why}")
    return [raised if finding is minor[0] else finding for finding in found]
