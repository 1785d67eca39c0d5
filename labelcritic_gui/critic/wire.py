"""What goes over the wire and comes back: the request, its key, its body, and the shapes of answers. Layer: critic."""

import binascii
import hashlib
import json
import struct
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.parsing import Reply, plain_text

Body = TypeVar("Body", bound=BaseModel)
CONTROL_MARK = "<|"
"""Starts a control token of chat models; typed into a text it can take a picture's place, so it is never sent."""
LARGEST_PIXELS = 12_845_056
"""What the models take without shrinking: 16,384 tokens of 28 x 28 pixels."""
LARGEST_BYTES = 16 * 2**20
LARGEST_ASPECT = 200
_PNG_HEAD = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_RGB8 = (8, 2)
_PICTURES_KNOWN = 32
"""Whose sha256 and base64 are remembered: a picture is sent at least twice, in both orders."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question, canonically: system text, pictures (8-bit RGB PNG, sent before the text), text, choices, sampling.

    The answer is held to `choices`, else to the regular expression `pattern`, else it is free text. The choices' first
    tokens must differ: use single letters; of a pattern, what is measured is the letter that it begins with, one of
    `letters` where those are given (they are not sent). All sampling fields are always sent, because models bring
    defaults of their own.
    """

    system: str
    pictures: tuple[bytes, ...] = field(repr=False)
    text: str
    choices: tuple[str, ...] = ()
    pattern: str = ""
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_tokens: int = 8
    logprobs: bool = True
    top_logprobs: int = 8
    letters: tuple[str, ...] = ()

    def canonical(self) -> dict[str, Any]:
        """Return all that makes the answer, JSON-able, with pictures named by their sha256, in their order."""
        told = {name: getattr(self, name) for name in _TOLD}
        return {**told, "pictures": [_sha256(picture) for picture in self.pictures]}

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each picture in pixels, as its head says."""
        return tuple(struct.unpack(">II", picture[16:24]) for picture in self.pictures)


_TOLD = tuple(f.name for f in fields(ChatRequest) if f.name not in {"pictures", "letters"})


@lru_cache(_PICTURES_KNOWN)
def _sha256(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


@lru_cache(_PICTURES_KNOWN)
def _base64(picture: bytes) -> bytes:
    return binascii.b2a_base64(picture, newline=False)


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """The model as the server reports it: name, weights behind the name, longest conversation in tokens (0: not said).

    `server` is the version of the server's program, empty when it does not say.
    """

    model: str
    root: str = ""
    context: int = 0
    server: str = ""


def request_key(request: ChatRequest, model: ModelIdentity) -> str:
    """Return the sha256 (hex) under which the reply of a model to a request is kept."""
    return key_of(request.canonical(), model)


def key_of(canonical: Mapping[str, Any], model: ModelIdentity) -> str:
    """Return the `request_key` of a request in canonical form."""
    body = {"request": canonical, "model": [model.model, model.root, model.context, model.server]}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def request_body(request: ChatRequest, model: str) -> bytes:
    """Return the body of POST /v1/chat/completions (JSON): pictures first, then the text, every sampling field named.

    The pictures are most of it by far, and written once.
    """
    sampling = {"temperature": request.temperature, "top_p": request.top_p, "seed": request.seed}
    asked_back = {"logprobs": True, "top_logprobs": request.top_logprobs} if request.logprobs else {}
    rest = {**sampling, "max_tokens": request.max_tokens, **_held_to(request), **asked_back}
    system = {"role": "system", "content": request.system}
    parts: list[bytes] = [b'{"model":', _json(model), b',"messages":[', _json(system), b',{"role":"user","content":[']
    for picture in request.pictures:
        parts += (_PICTURE_HEAD, _base64(picture), _PICTURE_TAIL)
    parts += (_json({"type": "text", "text": request.text}), b"]}],", _json(rest)[1:])
    return b"".join(parts)


_PICTURE_HEAD = b'{"type":"image_url","image_url":{"url":"data:image/png;base64,'
_PICTURE_TAIL = b'"}},'


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _held_to(request: ChatRequest) -> dict[str, Any]:
    """Return what holds the answer to a form; nothing for free text."""
    if request.choices:
        return {"structured_outputs": {"choice": list(request.choices)}}
    return {"structured_outputs": {"regex": request.pattern}} if request.pattern else {}


def refuse_unsendable(request: ChatRequest) -> None:
    """Raise CriticError for control marks in texts and for pictures that a server would refuse, blend or shrink."""
    _refuse_control_marks(request)
    for picture in request.pictures:
        _refuse_unfit_picture(picture)


def _refuse_control_marks(request: ChatRequest) -> None:
    for text in (request.system, request.text, request.pattern, *request.choices):
        folded = text.translate(_ASCII_CONTROLS) if text.isascii() else _folded(text)
        if CONTROL_MARK in folded:
            at = folded.index(CONTROL_MARK)
            raise CriticError(
                f"A text for the model holds the control mark {CONTROL_MARK!r}: {plain_text(folded[at : at + 40])!r}.",
                "Take it out of the prompt or of the structure's name; nothing was sent.",
            )


def _folded(text: str) -> str:
    """Return a text as a tokenizer might see it: compatible characters made one, invisible ones left out."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if c.isspace() or not _is_unseen(c))
    return unicodedata.normalize("NFKC", seen)


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Mn"} or character in _FILLERS


_ASCII_CONTROLS = {n: None for n in (*range(32), 127) if not chr(n).isspace()}
_FILLERS = "\u115f\u1160\u3164\uffa0"
"""Letters (Lo) that show nothing."""


def _refuse_unfit_picture(picture: bytes) -> None:
    if len(picture) < 45 or picture[:8] != _PNG_HEAD or picture[12:16] != b"IHDR":
        raise CriticError("A picture for the model is no PNG.", "Render the item's pictures again.")
    if not picture.endswith(_PNG_END):
        raise CriticError("A picture for the model is cut off.", "Render the item's pictures again.")
    width, height, depth, colour = struct.unpack(">IIBB", picture[16:26])
    if (depth, colour) != _RGB8:
        raise CriticError("A picture for the model is not 8-bit RGB.", "Render the item's pictures again.")
    shorter, longer = sorted((width, height))
    if not shorter or width * height > LARGEST_PIXELS or longer > LARGEST_ASPECT * shorter:
        raise CriticError(f"A picture for the model measures {width} x {height}, which no model takes.")
    if len(picture) > LARGEST_BYTES:
        raise CriticError(f"A picture for the model has {len(picture)} bytes; the most is {LARGEST_BYTES}.")


class ModelCard(BaseModel):
    """One entry of GET /v1/models."""

    id: str
    root: str | None = None
    max_model_len: int | None = None


class ModelList(BaseModel):
    """The body of GET /v1/models."""

    data: list[ModelCard]


class ServerVersion(BaseModel):
    """The body of GET /version of vLLM."""

    version: str


class _Token(BaseModel):
    token: str
    logprob: float


class _Place(_Token):
    top_logprobs: list[_Token] | None = None


class _Logprobs(BaseModel):
    content: list[_Place] | None = None


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Usage(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    prompt_tokens_details: Any = None

    @property
    def image_tokens(self) -> int | None:
        """Read `{"multimodal_tokens": {"image": N}}`, which vLLM adds on demand; None for anything else."""
        found = self.prompt_tokens_details
        for name in ("multimodal_tokens", "image"):
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, int) and not isinstance(found, bool) else None


class _Completion(BaseModel):
    choices: list[_Choice]
    model: str | None = None
    usage: _Usage | None = None
    system_fingerprint: str | None = None


def read_body(shape: type[Body], text: str, where: str) -> Body:
    """Read a 200 body of the given shape; raises CriticError saying what came instead, from where."""
    try:
        return shape.model_validate_json(text)
    except ValidationError:
        raise CriticError(
            f"The LVLM server at {where} answered with something else than a model's answer: {said(text).rstrip('.')}.",
            "Check that the address is that of an OpenAI-compatible server such as vLLM.",
        ) from None


def read_completion(text: str, where: str) -> Reply:
    """Read the body of a chat completion; raises CriticError when it is none."""
    completion = read_body(_Completion, text, where)
    if not completion.choices:
        raise CriticError(
            f"The LVLM server at {where} sent a completion without an answer.", "Look at the server's log."
        )
    choice, usage = completion.choices[0], completion.usage or _Usage()
    places = (choice.logprobs.content if choice.logprobs else None) or []
    listed = [places[0], *(places[0].top_logprobs or [])] if places else []
    return Reply(
        content=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        first_token=tuple((t.token, t.logprob) for t in listed) or None,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens or 0,
        fingerprint=plain_text(completion.system_fingerprint or "", 80),
        model=plain_text(completion.model or "", 120),
        image_tokens=usage.image_tokens,
    )


def said(text: str) -> str:
    """Return what an error body says, in plain text, whichever of the known shapes it has."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return "a web page" if "<html" in text[:2000].lower() else plain_text(text, 160) or "nothing"
    if not isinstance(body, dict):
        return plain_text(text, 160)
    found = body.get("error", body.get("detail", body.get("message", text)))
    if isinstance(found, dict):
        found = found.get("message", text)
    return plain_text(found if isinstance(found, str) else json.dumps(found)) or "nothing"
