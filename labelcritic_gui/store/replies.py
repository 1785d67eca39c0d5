"""The LVLM critic's memory in a review: every reply by the key of its request, and what was asked. Layer: store.

A request is kept with its reply, pictures by their sha256 and each text once: half a million questions share a few
hundred texts.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as insert_new

from labelcritic_gui.store.database import Database
from labelcritic_gui.store.schema import reply as replies
from labelcritic_gui.store.schema import sent_text as texts

_TEXTS = ("system", "text")
Row = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""A request's key, its reply, and the request in canonical form."""


class StoredReplies:
    """The reply cache of the LVLM critic, kept in the review: what was answered is never asked again."""

    def __init__(self, database: Database, now: Callable[[], str]) -> None:
        self._database = database
        self._now = now

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the reply to a request, or None."""
        with self._database.reading() as connection:
            body = connection.execute(select(replies.c.body).where(replies.c.key == key)).scalar_one_or_none()
        return dict(body.get("reply", body)) if body is not None else None

    def put_all(self, rows: Sequence[Row]) -> None:
        """Keep replies with their requests, in one transaction; the first one kept under a key stays."""
        if not rows:
            return
        time = self._now()
        with self._database.writing() as connection:
            found = {text for _, _, request in rows for name in _TEXTS if (text := request.get(name))}
            _keep_texts(connection, found)
            kept = [{"key": key, "time": time, "body": _body(reply, request)} for key, reply, request in rows]
            connection.execute(insert_new(replies).on_conflict_do_nothing(), kept)

    def request(self, key: str) -> dict[str, Any] | None:
        """Return what was asked under a key, with its texts; None for an unknown key or one of an older program."""
        with self._database.reading() as connection:
            body = connection.execute(select(replies.c.body).where(replies.c.key == key)).scalar_one_or_none()
            if body is None or "request" not in body:
                return None
            request = dict(body["request"])
            for name in _TEXTS:
                wanted = select(texts.c.body).where(texts.c.sha256 == request.get(name, ""))
                request[name] = connection.execute(wanted).scalar_one_or_none() or ""
        return request


def _body(reply: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: _sha256(request[name]) for name in _TEXTS if request.get(name)}
    return {"reply": dict(reply), "request": {**request, **named}}


def _keep_texts(connection: Connection, found: Iterable[str]) -> None:
    rows = [{"sha256": _sha256(text), "body": text} for text in found]
    if rows:
        connection.execute(insert_new(texts).on_conflict_do_nothing(), rows)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
