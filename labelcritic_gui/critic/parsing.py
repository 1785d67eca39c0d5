"""What a reply is, and what may be read from one, strictly: text of a model is never trusted. Layer: critic."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

LONGEST_TEXT = 300
"""Characters of a model's or server's text that are ever shown."""
MASKED = -1000.0
"""Log-probabilities at or below this mean "cannot be chosen" (vLLM reports -9999.0)."""
TOLERANCE = 0.02
"""How far an answer may be reported below the likeliest choice before it contradicts itself (half floats)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the server, reduced to what is read and kept.

    `first_token` are (token, natural logarithm of its probability) at the first place of the answer, in the server's
    order, the chosen one among them; None when the server gave none. `calls` counts the requests that it took,
    repeated ones included. `image_tokens` is what the server says that the pictures took, None when it does not say.
    `model` is the name the server answered under. A `problem` says why nothing may be read from the reply.
    """

    content: str
    finish_reason: str
    first_token: tuple[tuple[str, float], ...] | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    calls: int = 1
    fingerprint: str = ""
    model: str = ""
    image_tokens: int | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the reply as a JSON-able dictionary."""
        return {name: getattr(self, name) for name in _KEPT}


_KEPT = tuple(f.name for f in fields(Reply))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says. `answer` is one of the choices, or empty when the reply is unparsable (then never a vote).

    `distribution` maps each choice to its probability and sums to 1 (empty when unparsable). Without `measured` the
    server gave no probabilities, and the distribution is the bare answer. `rest` is what follows the first letter of
    an answer to a pattern.
    """

    answer: str
    distribution: Mapping[str, float] = field(default_factory=dict)
    measured: bool = False
    problem: str = ""
    rest: str = ""


def stored_reply(stored: Mapping[str, Any]) -> Reply | None:
    """Read a reply of `Reply.to_json` back; None when it is damaged, so that it is asked again."""
    try:
        return _reply_reader().validate_python(dict(stored))
    except ValidationError:
        return None


@cache
def _reply_reader() -> TypeAdapter[Reply]:
    return TypeAdapter(Reply)


def plain_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Make untrusted text fit to be shown: one line, no control, direction or invisible characters, bounded."""
    shown = "".join(" " if c.isspace() else c for c in text[: 8 * longest] if c.isspace() or _is_visible(c))
    line = " ".join(shown.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] != "C"


def read_choice(reply: Reply, choices: Sequence[str]) -> Reading:
    """Read which of the choices the reply names, and how probable each is (first-token probabilities, renormalised).

    The choices' first tokens must differ. Anything but a finished answer that is exactly one choice, with
    probabilities that do not contradict it, is unparsable and says why.
    """
    fault = _fault(reply)
    if fault:
        return _unparsable(fault)
    if reply.content not in choices:
        shown = plain_text(reply.content, 60) or "nothing readable"
        return _unparsable(f"The answer is none of the choices: {shown}")
    return _weighed(reply.content, reply.first_token, choices, str.startswith)


def read_pattern(reply: Reply, pattern: str, letters: Sequence[str]) -> Reading:
    """Read an answer that must match a regular expression whole and begin with one of the letters.

    How probable each letter is comes from the first token. `Reading.rest` is what follows the letter. Without letters
    the whole answer is the reading's, and nothing is measured. Anything but a finished answer of the pattern, with
    probabilities that do not contradict it, is unparsable and says why.
    """
    fault = _fault(reply)
    if fault:
        return _unparsable(fault)
    letter = next((one for one in letters if reply.content.startswith(one)), "")
    if (letters and not letter) or not reply.content or re.fullmatch(pattern, reply.content) is None:
        shown = plain_text(reply.content, 60) or "nothing readable"
        return _unparsable(f"The answer has not the form that was asked for: {shown}")
    if not letters:
        return Reading(reply.content)
    weighed = _weighed(letter, reply.first_token, letters, _begins_alike)
    return replace(weighed, rest=reply.content[len(letter) :]) if weighed.answer else weighed


def read_text(reply: Reply, longest: int = LONGEST_TEXT) -> str:
    """Read free text: plain, one line, bounded; "…" at its end says that it was cut off. Empty for a faulty reply."""
    if reply.problem:
        return ""
    shown = plain_text(reply.content, longest)
    if not shown or reply.finish_reason == "stop" or shown.endswith("…"):
        return shown
    return shown[: longest - 1].rstrip() + "…"


def _fault(reply: Reply) -> str:
    """Say why nothing may be read from a reply; empty when something may."""
    if reply.problem:
        return reply.problem
    if reply.finish_reason != "stop":
        return f"The answer did not end by itself ({plain_text(reply.finish_reason, 40) or 'no reason'})."
    return ""


def _begins_alike(letter: str, token: str) -> bool:
    return letter.startswith(token) or token.startswith(letter)


def _weighed(
    answer: str,
    tokens: Sequence[tuple[str, float]] | None,
    choices: Sequence[str],
    stands_for: Callable[[str, str], bool],
) -> Reading:
    """Weigh the choices by the tokens at the first place, renormalised; without tokens, the bare answer."""
    if not tokens:
        return Reading(answer, {c: float(c == answer) for c in choices}, measured=False)
    if any(math.isnan(logprob) or logprob > TOLERANCE for _, logprob in tokens):
        return _unparsable("The server reported probabilities that are none.")
    weights = dict.fromkeys(choices, 0.0)
    for token, logprob in dict(tokens).items():
        begun = [choice for choice in choices if token and stands_for(choice, token)]
        if logprob > MASKED and len(begun) == 1:
            weights[begun[0]] += math.exp(logprob)
    total = sum(weights.values())
    if total <= 0.0:
        return _unparsable("The server's probabilities name none of the choices.")
    distribution = {choice: weight / total for choice, weight in weights.items()}
    if distribution[answer] < max(distribution.values()) - TOLERANCE:
        return _unparsable("The answer contradicts the probabilities that came with it.")
    return Reading(answer, distribution, measured=True)


def _unparsable(problem: str) -> Reading:
    return Reading("", problem=problem)
