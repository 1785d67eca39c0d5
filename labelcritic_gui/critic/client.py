"""The one door to an OpenAI-compatible server: who answers, what is repeated, what errors mean. Layer: critic."""

import logging
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from labelcritic_gui.core.cancel import Cancel, NeverCancel, stop_if
from labelcritic_gui.core.errors import CriticError
from labelcritic_gui.critic.parsing import Reply, plain_text, read_choice
from labelcritic_gui.critic.wire import (
    ChatRequest,
    ModelIdentity,
    ModelList,
    ServerVersion,
    read_body,
    read_completion,
    refuse_unsendable,
    request_body,
    said,
)

if TYPE_CHECKING:
    from openai import OpenAI, OpenAIError

_LOG = logging.getLogger(__name__)
LEAST_CONTEXT = 4096
"""Tokens that two pictures and their question may need."""
LONGEST_CONNECT_S = 10.0
_BUSY = frozenset({429, 502, 503, 504})
_HINTS = {
    400: "The request does not fit this server: see its message; more pictures or tokens need other start options.",
    401: "Set the server's API key in the environment variable named in the settings.",
    403: "Set the server's API key in the environment variable named in the settings.",
    404: "Check the address and the model's name.",
    405: "Check the address: it should be that of an OpenAI-compatible server such as vLLM.",
    413: "Use smaller pictures.",
    422: "This server lacks what the critic needs (choices and probabilities); vLLM has both.",
    501: "This server lacks what the critic needs (choices and probabilities); vLLM has both.",
}


@dataclass(frozen=True, slots=True)
class LvlmServer:
    """Where the LVLM critic asks. `url` may end in /v1 or not; an empty `model` means the only one served.

    Times in seconds. `max_in_flight` is for whoever asks from several lanes; the client itself is synchronous.
    A request is tried up to `attempts` times, with pauses that grow from `pause_s` to `longest_pause_s`.
    """

    url: str
    model: str = ""
    api_key: str = field(default="EMPTY", repr=False, kw_only=True)
    timeout_s: float = field(default=120.0, kw_only=True)
    max_in_flight: int = field(default=8, kw_only=True)
    attempts: int = field(default=5, kw_only=True)
    pause_s: float = field(default=0.5, kw_only=True)
    longest_pause_s: float = field(default=8.0, kw_only=True)

    @property
    def root(self) -> str:
        """The server's address without /v1; raises CriticError when it is no http address."""
        try:
            parts = urlsplit(self.url.strip())
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.query or parts.fragment or "@" in parts.netloc:
            raise CriticError(
                f"{plain_text(self.url, 80)!r} is no server address.", "Write it like http://127.0.0.1:8000/v1."
            )
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        return f"{parts.scheme}://{parts.netloc}{path}"

    @property
    def host(self) -> str:
        """The machine's name."""
        return urlsplit(self.root).hostname or ""

    @property
    def is_this_machine(self) -> bool:
        """Say whether what is sent stays on this machine."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


class Check(NamedTuple):
    """One line of `Client.check`."""

    name: str
    ok: bool
    sentence: str


class Client:
    """Asks one server and nobody else: follows no redirects, uses no proxies, netrc or organisation headers.

    It is synchronous, may be used from several lanes, and notices a cancel between attempts.
    """

    def __init__(self, server: LvlmServer) -> None:
        self.server = server
        self._opened: OpenAI | None = None
        self._identity: ModelIdentity | None = None

    def close(self) -> None:
        """Close the connections; a request that is under way on another lane then fails."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _api(self) -> "OpenAI":
        if self._opened is None:
            self._opened = _open(self.server)
            weakref.finalize(self, self._opened.close)  # for owners who only let go of the critic
        return self._opened

    def identity(self, cancel: Cancel) -> ModelIdentity:
        """Return who answers, asked once; raises CriticError when nobody does or the model is not served."""
        if self._identity is None:
            self._identity = self._find_model(cancel)
        return self._identity

    def ask(self, request: ChatRequest, cancel: Cancel) -> Reply:
        """Send a request and return the reply; raises CriticError saying what is wrong, or CancelledError."""
        refuse_unsendable(request)
        body = request_body(request, self.identity(cancel).model)
        begun = time.monotonic()
        text, calls = self._send(lambda: self._api.post("/chat/completions", body=body, cast_to=str), cancel)
        return replace(read_completion(text, self.server.root), seconds=time.monotonic() - begun, calls=calls)

    def check(self) -> list[Check]:
        """Probe reachability, model, context length, choices, probabilities and sight with one tiny picture."""
        prober = Client(replace(self.server, attempts=min(self.server.attempts, 2)))
        try:
            return prober._check()
        finally:
            prober.close()

    def _check(self) -> list[Check]:
        try:
            who = self.identity(NeverCancel())
        except CriticError as error:
            return [Check("server", False, str(error))]
        version = f" (version {who.server})" if who.server else ""
        context = f"It takes {who.context} tokens." if who.context else "It does not say how many tokens it takes."
        lines = [
            Check("server", True, f"An LVLM server answers at {self.server.root}{version}."),
            Check("model", True, f"It serves {who.model}."),
            Check("context", not 0 < who.context < LEAST_CONTEXT, context),
        ]
        return lines + self._probe()

    def _probe(self) -> list[Check]:
        seeing = ChatRequest("Answer with one letter.", (_tiny_picture(),), "Answer A or B.", ("A", "B"))
        try:
            reply = self.ask(seeing, NeverCancel())
            blind = self.ask(replace(seeing, pictures=()), NeverCancel())
        except CriticError as error:
            return [Check("answer", False, str(error))]
        reading = read_choice(reply, seeing.choices)
        obeys, sees = reading.answer != "", reply.prompt_tokens > blind.prompt_tokens
        numbered = "come with probabilities" if reading.measured else "come without probabilities: confidence is coarse"
        return [
            Check("choices", obeys, "Answers keep to the choices." if obeys else reading.problem),
            Check("probabilities", reading.measured, f"Answers {numbered}."),
            Check("pictures", sees, "Pictures reach the model." if sees else "Pictures do not reach the model."),
        ]

    def _find_model(self, cancel: Cancel) -> ModelIdentity:
        text, _ = self._send(lambda: self._api.get("/models", cast_to=str), cancel)
        served = read_body(ModelList, text, self.server.root).data
        wanted = self.server.model
        found = [card for card in served if card.id == wanted or (not wanted and len(served) == 1)]
        if not found:
            names = ", ".join(plain_text(card.id, 60) for card in served[:8]) or "none"
            what = f"not serve the model {wanted!r}" if wanted else "not serve exactly one model"
            raise CriticError(f"The LVLM server at {self.server.root} does {what}.", f"It serves: {names}.")
        card = found[0]
        return ModelIdentity(card.id, card.root or "", card.max_model_len or 0, self._version())

    def _version(self) -> str:
        import openai

        try:
            text = self._api.get(f"{self.server.root}/version", cast_to=str)
            return plain_text(read_body(ServerVersion, text, self.server.root).version, 60)
        except (openai.OpenAIError, CriticError):  # only vLLM has this page; its absence is no fault
            return ""

    def _send(self, call: Callable[[], str], cancel: Cancel) -> tuple[str, int]:
        """Return the body and how many requests it took."""
        import openai

        server = self.server
        try:
            for attempt in stamina.retry_context(
                on=_Repeat(server, cancel),
                attempts=server.attempts,
                timeout=None,
                wait_initial=server.pause_s,
                wait_max=server.longest_pause_s,
                wait_jitter=server.pause_s,
            ):
                with attempt:
                    stop_if(cancel)
                    return call(), attempt.num
        except openai.OpenAIError as error:
            stop_if(cancel)
            raise _explained(error, server) from error
        raise AssertionError("a retry loop ends by an answer or an error")


def _note_repeat(details: RetryDetails) -> None:
    _LOG.info("The question is asked again in %.1f s: %s", details.wait_for, plain_text(str(details.caused_by)))


def _open(server: LvlmServer) -> "OpenAI":
    import openai

    set_on_retry_hooks([_note_repeat])  # in place of a bare warning on the terminal at every repetition

    # A proxy, a netrc entry or a redirect would carry patients' pictures or the key to somebody who was not named.
    http = openai.DefaultHttpxClient(follow_redirects=False, trust_env=False)
    opened = openai.OpenAI(
        api_key=server.api_key or "EMPTY",
        base_url=f"{server.root}/v1",
        timeout=openai.Timeout(server.timeout_s, connect=min(server.timeout_s, LONGEST_CONNECT_S)),
        max_retries=0,
        http_client=http,
        organization="",
        project="",
    )
    opened.organization = opened.project = None  # given empty so that the environment is not asked, then left out
    return opened


class _Repeat:
    """Says which failures are worth repeating, and when: the whole retry policy."""

    def __init__(self, server: LvlmServer, cancel: Cancel) -> None:
        self._server = server
        self._cancel = cancel
        self._broken = 0
        self._failed_inside = 0

    def __call__(self, error: Exception) -> bool | float:
        """Return False to give up, True to pause and repeat, or the seconds to pause."""
        import openai

        if self._cancel.is_set() or isinstance(error, openai.APITimeoutError):
            return False
        if isinstance(error, openai.APIConnectionError):
            # vLLM resets the connection after every 500, so that the first break says nothing about the server.
            self._broken += 1
            return 0.0 if self._broken == 1 else True
        if not isinstance(error, openai.APIStatusError):
            return False
        if error.status_code in _BUSY:
            return _asked_pause(error.response.headers.get("retry-after", ""), self._server.longest_pause_s)
        if error.status_code == 500:
            # Many 500 are deterministic (a picture too large, say): once more, never again.
            self._failed_inside += 1
            return self._failed_inside == 1
        return False


def _asked_pause(header: str, longest: float) -> bool | float:
    return min(float(header), longest) if header.isascii() and header.isdigit() else True


def _explained(error: "OpenAIError", server: LvlmServer) -> CriticError:
    """Translate an error to what happened, where, and what to do."""
    import openai

    root, cause = server.root, error.__cause__
    if isinstance(error, openai.APIConnectionError):
        why = plain_text(str(cause), 120) or "no connection"
        if type(cause).__name__ in {"ConnectError", "ConnectTimeout"}:
            return CriticError(f"No LVLM server answers at {root} ({why}).", "Start it, or choose the anatomy critic.")
        if isinstance(error, openai.APITimeoutError):
            return CriticError(
                f"The LVLM server at {root} did not answer within {server.timeout_s:g} s.",
                "Allow it more time in the settings, or ask fewer questions at once.",
            )
        return CriticError(
            f"The LVLM server at {root} broke the connection ({why}).", "Look at its log; it may have stopped."
        )
    if isinstance(error, openai.APIStatusError):
        return _refused(
            error.status_code, error.response.text, server, where=error.response.headers.get("location", "")
        )
    return CriticError(f"The LVLM server at {root} could not be asked: {plain_text(str(error), 160)}.")


def _refused(status: int, text: str, server: LvlmServer, *, where: str) -> CriticError:
    root, message = server.root, said(text).rstrip(".")
    if 300 <= status < 400:
        return CriticError(
            f"{root} points on to {plain_text(where, 120) or 'somewhere else'}, where nothing was sent.",
            "Name that address as the server if you trust it.",
        )
    if status in _BUSY:
        return CriticError(
            f"The LVLM server at {root} stayed too busy to answer ({status}: {message}).",
            "Try again later, or ask fewer questions at once.",
        )
    if status >= 500 and status not in _HINTS:
        return CriticError(
            f"The LVLM server at {root} failed inside ({status}: {message}).", "Look at its log; it may need a restart."
        )
    hint = _HINTS.get(status, "Look at the server's log.")
    return CriticError(f"The LVLM server at {root} refused the question ({status}: {message}).", hint)


def _tiny_picture() -> bytes:
    """Return a grey 64 x 64 8-bit RGB PNG."""
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\x00" + b"\x80" * 64 * 3) * 64
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
