"""What a reader had before the eyes when deciding, for the journal. Layer: viewmodels."""

from typing import Any

from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.services.comparison import Stage


def seen_of(mode: str, stage: Stage | None, verdict: Verdict | None, seconds: float) -> dict[str, Any]:
    """Return the mode, the label sets left to right, the verdict if it was visible, the milliseconds on the item."""
    return {
        "mode": mode,
        "sides": [panel.label_set.slug for panel in stage.panels] if stage else [],
        "ms": round(1000 * seconds),
        "verdict": _verdict(verdict),
    }


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "critic": verdict.critic.title,
        "outcome": verdict.outcome.value,
        "pick": verdict.pick.label_set if verdict.pick else "",
        "confidence": verdict.confidence,
    }
