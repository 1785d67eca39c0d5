"""Holds a critic's answers on the bench against the truth. Layer: services."""

from labelcritic_gui.core.bench import Single, Trial
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.core.findings import Severity
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.core.verdict import Outcome, Quality, Verdict
from labelcritic_gui.services.bench_questions import Ask, PairAsk

HALF_GOOD = 50.0
"""Quality score below which a label counts as called out, whatever the findings."""
TOLD = 3
"""Sentences of a critic's reasons that are kept."""


def trial_of(ask: PairAsk, case: str, answer: Verdict | CriticError, seconds: float) -> Trial:
    """Return what a critic said of a pair; that it could not answer is an answer too."""
    first, second = ask.labels
    reasons: tuple[str, ...]
    if isinstance(answer, CriticError):
        outcome, confidence, reasons = Outcome.FAILED, 0.0, (str(answer),)
    else:
        outcome, confidence, reasons = answer.outcome, answer.confidence, answer.reasons[:TOLD]
    return Trial(
        case=case,
        structure=ask.structure,
        kind=ask.worse.kind,
        severity=ask.worse.severity,
        text=ask.worse.text,
        dice=dice(first.mask, second.mask),
        dice_first=first.dice,
        dice_second=second.dice,
        better=ask.right,
        outcome=outcome,
        confidence=confidence,
        seconds=seconds,
        reasons=reasons,
        rival_kind=ask.better.kind,
        rival_text=ask.better.text,
    )


def single_of(ask: Ask, case: str, answer: Quality | CriticError, seconds: float, *, trusted: bool) -> Single:
    """Return what a critic said of one label."""
    (label,) = ask.labels
    flagged: bool | None = None
    score: float | None = None
    if isinstance(answer, CriticError):
        finding = str(answer)
    else:
        flagged, score, finding = called_out(answer), answer.score, _said(answer)
    return Single(
        case=case,
        structure=ask.structure,
        kind=label.kind,
        severity=label.severity,
        text=label.text,
        dice=label.dice,
        flagged=flagged,
        score=score,
        finding=finding,
        seconds=seconds,
        trusted=trusted and not label.kind,
    )


def called_out(quality: Quality) -> bool | None:
    """Say whether a critic calls a label wrong: a major or gross finding, or a score below half; None if it cannot say.

    Minor findings are a minute's edit, and a right label may have some.
    """
    if any(finding.severity >= Severity.MAJOR for finding in quality.findings):
        return True
    return None if quality.score is None else quality.score < HALF_GOOD


def _said(quality: Quality) -> str:
    """Return the worst finding in words, or the first reason."""
    if quality.findings:
        worst = max(quality.findings, key=lambda finding: finding.severity)
        return f"{worst.code.value}: {worst.text}"
    return quality.reasons[0] if quality.reasons else ""
