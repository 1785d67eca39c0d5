"""Asks, before anything else is done, whether pictures may go to a server that is not this machine. Layer: cli."""

import argparse
import sys
from pathlib import Path

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.hosts import host_of
from labelcritic_gui.critic.parsing import plain_text
from labelcritic_gui.services.servers import WHAT_IS_NOT, WHAT_IS_SENT, agree, host_to_agree, require_consent
from labelcritic_gui.settings import Settings
from labelcritic_gui.store.review_file import read_review_file


def with_consent(arguments: argparse.Namespace, settings: Settings) -> Settings:
    """Return the settings of a call that may send pictures, with the person's consent to the server's host.

    `--allow HOST` or a yes on a terminal gives it, and it is kept. Raises ConsentError without it, and UserError for
    an `--allow` that names another host than the server's. A critic that sends nothing needs none.
    """
    if not _asks_a_server(arguments, settings):
        return settings
    url = settings.server.url
    if arguments.allow:
        _require_same(arguments.allow, url)
    wanted = host_to_agree(settings, url)
    if not wanted:
        return settings
    if not arguments.allow and not (_is_terminal(arguments) and _says_yes(wanted)):
        require_consent(settings, url)
    return settings.model_copy(update={"consented": agree(wanted).consented})


def _asks_a_server(arguments: argparse.Namespace, settings: Settings) -> bool:
    named = arguments.critic or ("lvlm" if arguments.server else "")
    return (named or read_review_file(Path(arguments.review)).critic or settings.critic) == "lvlm"


def _require_same(allowed: str, url: str) -> None:
    host = host_of(url)
    if allowed.strip().lower() != host:
        shown = plain_text(host, 80) or plain_text(url, 80)
        raise UserError(f"--allow names {plain_text(allowed, 80)!r}, but the server is {shown}.", "Name that one.")


def _is_terminal(arguments: argparse.Namespace) -> bool:
    return not arguments.json and sys.stdin.isatty() and sys.stderr.isatty()


def _says_yes(host: str) -> bool:
    sys.stderr.write(
        f"The server is {plain_text(host, 80)}, which is not this machine: {WHAT_IS_SENT} will be sent there "
        f"({WHAT_IS_NOT}).\nSend to {plain_text(host, 80)}, now and from now on? [y/N] "
    )
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
