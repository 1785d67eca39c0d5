"""What the critic needs of a server, tried out with tiny grey pictures, in words. Layer: critic."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from labelcritic_gui.core.cancel import Cancel, Progress, no_progress, stop_if
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.critic.client import Client
from labelcritic_gui.critic.image_tokens import family_of
from labelcritic_gui.critic.parsing import MASKED, Reply, plain_text, read_choice, read_pattern
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity

LEAST_CONTEXT = 4096
"""Tokens that two pictures and their question may need."""
PICTURES = (1, 2, 4, 8, 12)
"""So many pictures are tried in one question: 2 are a pair, 12 a pair and ten examples."""
TINY = 64
"""Side of a tiny picture in pixels."""
STEPS = 5 + len(PICTURES)
NOT_HELD = 0.98
"""Where the choices' probabilities sum to less, they were taken before the answer was held to the choices."""
# A model left to itself answers A or B, so that a server which ignores what an answer is held to is found out.
_SYSTEM, _TEXT = "Answer with one letter.", "Which letter comes first in the alphabet, A or B? Answer A or B."
_CHOICES = ("K", "W")
_PATTERN = "1 (U|P)"


class Check(NamedTuple):
    """One thing looked at: a name, whether it is well, and a sentence that says what to do where it is not."""

    name: str
    ok: bool
    sentence: str


def check_up(client: Client, cancel: Cancel, progress: Progress = no_progress, *, need: int = 2) -> list[Check]:
    """Try a server out: is it there, what does it serve, does it hold answers to a form, does it see pictures.

    `need` is how many pictures the settings may put into one question. Nothing but a grey square is sent. Raises
    CancelledError.
    """
    trial = _Trial(client, cancel, progress)
    trial.step("who answers")
    try:
        who = client.identity(cancel)
    except CancelledError:
        raise
    except CriticError as error:
        return _nobody(client, error, cancel)
    return [*_served(client, who), *_answers(trial, who, need)]


class _Trial:
    """The questions of a check-up, counted."""

    def __init__(self, client: Client, cancel: Cancel, progress: Progress) -> None:
        self._client, self._cancel, self._progress = client, cancel, progress
        self._done = 0

    def step(self, what: str) -> None:
        stop_if(self._cancel)
        self._progress(self._done, STEPS, what)
        self._done += 1

    def ask(self, what: str, request: ChatRequest) -> Reply:
        self.step(what)
        return self._client.ask(request, self._cancel)

    def told(self, check: Callable[["_Trial"], Check], name: str) -> Check:
        """Return what a check says, or that its question failed."""
        try:
            return check(self)
        except CancelledError:
            raise
        except CriticError as error:
            return Check(name, False, str(error))


def _nobody(client: Client, error: CriticError, cancel: Cancel) -> list[Check]:
    """Tell a server that is not there from one that is, but does not serve what it should to who asks."""
    try:
        there = client.alive(cancel)
    except CancelledError:
        raise
    except CriticError:
        there = False
    if not there:
        return [Check("server", False, str(error))]
    return [Check("server", True, f"A server answers at {client.server.root}."), Check("model", False, str(error))]


def _served(client: Client, who: ModelIdentity) -> list[Check]:
    version = f", version {who.server}" if who.server else "; it does not say its version"
    weights = f" (weights: {plain_text(who.root, 120)})" if who.root and who.root != who.model else ""
    if not who.context:
        room, enough = "It does not say how many tokens a question may have.", True
    else:
        room, enough = f"A question may have {who.context} tokens.", who.context >= LEAST_CONTEXT
    more = "" if enough else f" That is too few for a pair: serve it with --max-model-len {2 * LEAST_CONTEXT} or more."
    return [
        Check("server", True, f"A server answers at {client.server.root}{version}."),
        Check("model", True, f"It serves {plain_text(who.model, 120)}{weights}."),
        Check("context", enough, room + more),
    ]


def _answers(trial: _Trial, who: ModelIdentity, need: int) -> list[Check]:
    request = ChatRequest(_SYSTEM, (tiny_picture(),), _TEXT, _CHOICES)
    try:
        held = trial.ask("a choice with a picture", request)
        blind = trial.ask("a choice without a picture", replace(request, pictures=()))
    except CancelledError:
        raise
    except CriticError as error:
        return [Check("answer", False, str(error))]
    return [
        Check("answer", True, f"A tiny question took {held.seconds:.2f} s."),
        _choices(held),
        trial.told(_pattern, "pattern"),
        _probabilities(held),
        _sight(held, blind),
        _counting(who, held),
        _room(trial, request, need),
    ]


def _choices(reply: Reply) -> Check:
    if reply.content in _CHOICES and reply.finish_reason == "stop":
        return Check("choices", True, "Answers are held to the choices.")
    return Check(
        "choices",
        False,
        f"Answers are not held to the choices: {_shown(reply)} came instead of {' or '.join(_CHOICES)}. "
        "The server ignores structured_outputs: use vLLM 0.12 or newer.",
    )


def _shown(reply: Reply) -> str:
    return repr(plain_text(reply.content, 24))


def _pattern(trial: _Trial) -> Check:
    asked = ChatRequest(_SYSTEM, (), _TEXT, pattern=_PATTERN, max_tokens=16)
    reply = trial.ask("an answer of a pattern", asked)
    if read_pattern(replace(reply, first_token=None), _PATTERN, ()).answer:
        return Check("pattern", True, "Answers are held to a pattern.")
    return Check(
        "pattern",
        False,
        f"Answers are not held to a pattern: {_shown(reply)} came. What is in view and quality scores cannot be "
        "asked for: use vLLM 0.12 or newer.",
    )


def _probabilities(reply: Reply) -> Check:
    name = "probabilities"
    if not reply.first_token:
        return Check(
            name, False, "Answers come without probabilities, so confidence is coarse: allow logprobs on the server."
        )
    chances = {token: math.exp(p) for token, p in reply.first_token if MASKED < p <= 0.02}
    named = [choice for choice in _CHOICES if any(choice.startswith(token) and token for token in chances)]
    summed = sum(p for token, p in chances.items() if any(token and c.startswith(token) for c in _CHOICES))
    if len(named) < len(_CHOICES):
        return Check(
            name,
            False,
            f"Probabilities name {len(named)} of {len(_CHOICES)} choices, so confidence is coarse: let the server give "
            "those of the answer as it is held to the choices (vLLM: --logprobs-mode processed_logprobs).",
        )
    if summed < NOT_HELD:
        return Check(name, True, "Answers come with probabilities, taken before the choices; they are scaled here.")
    problem = read_choice(replace(reply, problem=""), _CHOICES).problem
    if problem and reply.content in _CHOICES:
        return Check(name, False, f"{problem} Confidence cannot be read.")
    return Check(name, True, "Answers come with the probabilities of the choices.")


def _sight(seen: Reply, blind: Reply) -> Check:
    name = "pictures"
    if not seen.prompt_tokens:
        return Check(name, True, "The server does not count tokens, so whether pictures reach the model is not known.")
    if seen.prompt_tokens <= blind.prompt_tokens:
        return Check(name, False, "Pictures do not reach the model: serve one that sees (such as Qwen2.5-VL).")
    if seen.problem:
        return Check(name, False, seen.problem)
    return Check(
        name, True, f"Pictures reach the model: a tiny one takes {seen.prompt_tokens - blind.prompt_tokens} tokens."
    )


def _counting(who: ModelIdentity, seen: Reply) -> Check:
    """Say whether a lost picture would be noticed; a server that does not tell is no fault."""
    name, family = "picture tokens", family_of(who.root, who.model)
    if family is None:
        return Check(name, True, "They are not checked, as the model is of an unknown family.")
    if seen.image_tokens is None:
        return Check(
            name,
            True,
            "The server does not say them, so that a lost picture is noticed only by its prompt's length "
            "(vLLM: --enable-prompt-tokens-details).",
        )
    return Check(name, True, f"The server says {seen.image_tokens}; every question is checked as one to {family.name}.")


def _room(trial: _Trial, request: ChatRequest, need: int) -> Check:
    """Say how many pictures one question may have: a server that is asked too many often names its limit."""
    name, fits, refusal = "pictures at once", 0, ""
    for count in PICTURES:
        asked = replace(request, pictures=(tiny_picture(),) * count, max_tokens=1, choices=(), logprobs=False)
        try:
            trial.ask(f"{count} picture{'s' if count > 1 else ''} at once", asked)
        except CancelledError:
            raise
        except CriticError as error:
            refusal = str(error)
            break
        fits = count
    said = re.search(r"[Aa]t most (\d{1,4}) image", refusal)
    most = int(said[1]) if said else fits
    if not refusal:
        return _enough(name, f"It takes at least {fits} pictures in one question", fits, need)
    if said or not most:
        shown = f"It takes {most} picture{'' if most == 1 else 's'} in one question"
    else:
        shown = f"It takes {most} pictures in one question; more were refused: {refusal.rstrip('.')}"
    return _enough(name, shown, most, need)


def _enough(name: str, shown: str, most: int, need: int) -> Check:
    if most < 2:
        return Check(
            name, False, f"{shown}, and a pair needs 2: serve it with --limit-mm-per-prompt '{{\"image\": 12}}'."
        )
    if most < need:
        return Check(
            name,
            False,
            f"{shown}, and the settings ask for {need} ({need - 2} examples): ask for at most {most - 2} examples, or "
            f"serve it with --limit-mm-per-prompt '{{\"image\": {need}}}'.",
        )
    examples = most - 2
    return Check(name, True, f"{shown}: a pair and {examples} example{'' if examples == 1 else 's'}.")


def tiny_picture() -> bytes:
    """Return a grey 8-bit RGB PNG of TINY x TINY pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + b"\x80" * TINY * 3) * TINY
    head = struct.pack(">IIBBBBB", TINY, TINY, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
