"""Servers of the LVLM critic as a person sets them; keys stay in the environment or a keyring. Layer: settings."""

import logging
import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.core.hosts import host_of

KEYRING_SERVICE = "labelcritic"
NO_KEY = "EMPTY"
"""Sent where there is no key."""
LONGEST_KEY = 4096
_LOG = logging.getLogger(__name__)


class ServerSettings(BaseModel):
    """An OpenAI-compatible server of the LVLM critic; as a profile it has a name.

    The key comes from the environment variable `key_variable`, else from the system's keyring; it is never stored
    here. `timeout_s` is how long one question may take, `patience_s` how long questions wait for a server that is
    gone (0: they fail at once).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=60, pattern=r"^([^\s/]([^\x00-\x1f\x7f/]*[^\s/])?)?$")
    url: str = "http://127.0.0.1:8000/v1"
    model: str = ""
    key_variable: str = Field(default="LABELCRITIC_API_KEY", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    max_in_flight: int = Field(default=8, ge=1, le=256)
    timeout_s: float = Field(default=120.0, gt=0, le=3600)
    patience_s: float = Field(default=300.0, ge=0, le=7 * 24 * 3600)

    @property
    def title(self) -> str:
        """What the server is called: its profile's name, else its address."""
        return self.name or self.url

    @property
    def host(self) -> str:
        """The machine that the address names; empty for no address."""
        return host_of(self.url)

    @property
    def api_key(self) -> str:
        """The key to send; vLLM without a key accepts any word. May ask the keyring, which can take a moment."""
        return find_key(self)[0] or NO_KEY


class ServeSettings(BaseModel):
    """How `vllm serve` is started on this machine.

    `vllm` is the program, its environment's folder, or empty for what is on PATH; 0 `gpus` are as few as are documented
    for the model; `extra` are further arguments.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vllm: str = ""
    model: str = ""
    gpus: int = Field(default=0, ge=0, le=16)
    port: int = Field(default=8000, ge=1024, le=65535)
    extra: tuple[str, ...] = ()


class LvlmSettings(BaseModel):
    """How the LVLM critic asks.

    `views` are shown side by side in one picture a candidate; `shots` is how many examples of other cases come first,
    from this review's decisions or from `examples_folder` (FOLDER/STRUCTURE/good/*.png and bad/*.png). `region` asks
    once a case what is in view; `quality` asks for a score of every candidate; `reasons` asks for words in a further
    call.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    views: tuple[Literal["frontal", "lateral", "slice"], ...] = Field(default=("frontal",), min_length=1, max_length=3)
    shots: int = Field(default=0, ge=0, le=10)
    examples_folder: str = ""
    region: bool = True
    quality: bool = False
    reasons: bool = False


def find_key(server: ServerSettings) -> tuple[str, str]:
    """Return a server's key and where it comes from, in words; both empty where there is none.

    The environment comes first. A keyring that is not installed, or that cannot be opened, holds no key.
    """
    found = os.environ.get(server.key_variable, "").strip()
    if found:
        return found, f"the environment variable {server.key_variable}"
    try:
        found = (_keyring().get_password(KEYRING_SERVICE, server.title) or "").strip()
    except ImportError:
        return "", ""
    except Exception as error:  # noqa: BLE001  (every system's keyring fails in its own way; without it there is no key)
        _LOG.warning("The keyring could not be asked: %s", type(error).__name__)
        return "", ""
    return (found, "the system's keyring") if found else ("", "")


def store_key(server: ServerSettings, key: str) -> None:
    """Keep a server's key in the system's keyring, or forget it when it is empty; raises StorageError."""
    key = key.strip()
    if not key.isascii() or not key.isprintable() or len(key) > LONGEST_KEY:
        raise StorageError("That is no key: it has characters that cannot be sent.", "Copy it again.")
    instead = f"Set the environment variable {server.key_variable} instead."
    try:
        ring = _keyring()
        if key:
            ring.set_password(KEYRING_SERVICE, server.title, key)
        elif ring.get_password(KEYRING_SERVICE, server.title) is not None:
            ring.delete_password(KEYRING_SERVICE, server.title)
    except ImportError as error:
        raise StorageError(
            "The key was not stored: the system's keyring is not supported by this installation.",
            f'Install it with: pip install "labelcritic[keyring]". Or: {instead}',
        ) from error
    except Exception as error:  # noqa: BLE001  (as above)
        # its message may quote what it was given
        raise StorageError(f"The key was not stored: the keyring failed ({type(error).__name__}).", instead) from None


def _keyring() -> Any:
    import keyring

    return keyring
