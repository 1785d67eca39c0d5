"""What the critic needs of a server, tried out with tiny pictures, in words. Layer: critic."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.image_tokens import family_of
from labelcritic_gui.critic.parsing import Reply, read_choice
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity

LEAST_CONTEXT = 4096
"""Tokens that two pictures and their question may need."""
MOST_PICTURES = 12
"""A pair and ten examples."""
TINY = 64
"""Side of a tiny picture in pixels."""
Ask = Callable[[ChatRequest], Reply]


class Check(NamedTuple):
    """One line of `Client.check`."""

    name: str
    ok: bool
    sentence: str


def checks(root: str, identity: Callable[[], ModelIdentity], ask: Ask) -> list[Check]:
    """Probe reachability, model, context length, choices, probabilities, sight, and how many pictures fit."""
    try:
        who = identity()
    except CriticError as error:
        return [Check("server", False, str(error))]
    version = f" (version {who.server})" if who.server else ""
    context = f"It takes {who.context} tokens." if who.context else "It does not say how many tokens it takes."
    lines = [
        Check("server", True, f"An LVLM server answers at {root}{version}."),
        Check("model", True, f"It serves {who.model}."),
        Check("context", not 0 < who.context < LEAST_CONTEXT, context),
    ]
    return lines + _tried(who, ask)


def _tried(who: ModelIdentity, ask: Ask) -> list[Check]:
    seeing = ChatRequest("Answer with one letter.", (tiny_picture(),), "Answer A or B.", ("A", "B"))
    try:
        reply = ask(seeing)
        blind = ask(replace(seeing, pictures=()))
    except CriticError as error:
        return [Check("answer", False, str(error))]
    reading = read_choice(replace(reply, problem=""), seeing.choices)
    obeys = reading.answer != ""
    numbered = "come with probabilities" if reading.measured else "come without probabilities: confidence is coarse"
    return [
        Check("choices", obeys, "Answers keep to the choices." if obeys else reading.problem),
        Check("probabilities", reading.measured, f"Answers {numbered}."),
        _sight(who, reply, blind),
        _room(ask, replace(seeing, pictures=(tiny_picture(),) * MOST_PICTURES)),
    ]


def _sight(who: ModelIdentity, seen: Reply, blind: Reply) -> Check:
    if seen.prompt_tokens <= blind.prompt_tokens:
        return Check("pictures", False, "Pictures do not reach the model.")
    if seen.problem:
        return Check("pictures", False, seen.problem)
    family = family_of(who.root, who.model)
    if family is None:
        counted = "how many tokens they take is not checked, as the model is of an unknown family"
    elif seen.image_tokens is None:
        counted = "the server does not say how many tokens they take (vLLM: --enable-prompt-tokens-details)"
    else:
        counted = f"their tokens are counted as those of {family.name}"
    return Check("pictures", True, f"Pictures reach the model; {counted}.")


def _room(ask: Ask, crowded: ChatRequest) -> Check:
    """Say how many pictures one question may have: a server that is asked too many names its limit."""
    name = "pictures at once"
    try:
        ask(crowded)
    except CriticError as error:
        said = re.search(r"[Aa]t most (\d{1,4}) image", error.message)
        if said is None:
            return Check(name, False, f"{MOST_PICTURES} pictures at once were refused: {error}")
        limit = int(said[1])
        if limit < 2:
            hint = "a pair needs 2: allow more when starting it (vLLM: --limit-mm-per-prompt)"
            return Check(name, False, f"It takes at most {limit} picture(s) at once, and {hint}.")
        return Check(name, True, f"It takes at most {limit} pictures at once: {limit - 2} example(s) and a pair.")
    return Check(name, True, f"It takes {MOST_PICTURES} pictures at once: 10 examples and a pair.")


def tiny_picture() -> bytes:
    """Return a grey 8-bit RGB PNG of TINY x TINY pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + b"\x80" * TINY * 3) * TINY
    head = struct.pack(">IIBBBBB", TINY, TINY, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
