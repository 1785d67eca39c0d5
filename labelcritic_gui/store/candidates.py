"""Candidates as rows of integers: names and path templates are stored once. Layer: store."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, ItemId, MaskSource
from labelcritic_gui.core.errors import ReviewError
from labelcritic_gui.core.patchwork.versions import FIRST_VERSION, withdrawn_versions
from labelcritic_gui.core.review import DECISIONS, EventKind
from labelcritic_gui.store import journal
from labelcritic_gui.store.database import Database

CASE, STRUCTURE, AS_IS = "\x01", "\x02", "\x03"
"""In a path template: the case id, the structure's name; a template that starts with AS_IS is a path as it is."""
_CHUNK = 500
_DECIDING = (*sorted(DECISIONS), EventKind.UNDONE)
_INSERT = (
    "INSERT INTO candidate (case_no, structure_no, set_no, version, template_no, present, label_values, content_hash, "
    "source_sha256, size, mtime, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FROM = (
    'SELECT c."case", s.text, l.text, version, t.text, label_values, content_hash, source_sha256, note, size, mtime '
    "FROM cases c JOIN candidate ON case_no = c.no JOIN name s ON s.no = structure_no JOIN name l ON l.no = set_no "
    'JOIN name t ON t.no = template_no WHERE c."case" = ?'
)
_WHICH = (
    'case_no = (SELECT no FROM cases WHERE "case" = ?) AND structure_no = (SELECT no FROM name WHERE text = ?) '
    "AND set_no = (SELECT no FROM name WHERE text = ?) AND version = ?"
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was known of a source file when it was last believed: bytes, time of change (ns), sha256; None or "" if not.

    `content_hash` is that of the candidate read from it ("" for an image, or when it was never read).
    """

    size: int | None = None
    mtime: int | None = None
    sha256: str = ""
    content_hash: str = ""


@dataclass(frozen=True, slots=True)
class FoundMask:
    """A mask that a scan found. `present` is false when its file has no voxel of the structure."""

    candidate: Candidate
    present: bool = True
    size: int | None = None
    mtime: int | None = None


class Names:
    """Numbers for texts, made as they are met; one per transaction or scan."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, int] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Give every text a number, in the order they come."""
        new = [t for t in dict.fromkeys(texts) if t not in self._known]
        for start in range(0, len(new), _CHUNK):
            part = new[start : start + _CHUNK]
            self._connection.exec_driver_sql("INSERT OR IGNORE INTO name (text) VALUES (?)", [(t,) for t in part])
            marks = ", ".join("?" * len(part))
            rows = self._connection.exec_driver_sql(f"SELECT text, no FROM name WHERE text IN ({marks})", tuple(part))
            self._known |= {str(text): int(no) for text, no in rows}

    def __getitem__(self, text: str) -> int:
        """Return the number of a text that was learnt."""
        return self._known[text]


def insert_masks(
    connection: Connection, names: Names, case_numbers: dict[str, int], masks: Sequence[FoundMask]
) -> None:
    """Write the rows of masks, by driver tuples; label sets rank in the order in which they come."""
    templates = [_template(m.candidate) for m in masks]
    names.learn(m.candidate.id.label_set for m in masks)
    names.learn(m.candidate.id.structure for m in masks)
    names.learn(templates)
    if masks:
        rows = [_row(names, case_numbers, m, t) for m, t in zip(masks, templates, strict=True)]
        connection.exec_driver_sql(_INSERT, rows)


def candidates_of(
    database: Database, one: CaseId, structure: str | None = None, *, withdrawn: bool = False
) -> tuple[Candidate, ...]:
    """Return the candidates of a case (of one structure if named), by structure, label set and version.

    A version that was made and that nobody stands by any more is left out, unless `withdrawn`.
    """
    return tuple(candidate for candidate, _ in sources_of(database, one, structure, withdrawn=withdrawn))


def sources_of(
    database: Database, one: CaseId, structure: str | None = None, *, withdrawn: bool = False
) -> tuple[tuple[Candidate, FileFacts], ...]:
    """Return the candidates of a case, as `candidates_of`, with what is known of their files."""
    query, values = _FROM, [one]
    if structure is not None:
        query += " AND s.text = ?"
        values = [one, CaseId(structure)]
    with database.reading() as connection:
        rows = connection.exec_driver_sql(f"{query} ORDER BY s.text, set_no, version", tuple(values)).all()
        gone: frozenset[CandidateId] = frozenset()
        if not withdrawn and any(row[3] > FIRST_VERSION for row in rows):
            gone = withdrawn_versions(journal.events_of(connection, one, _DECIDING))
    found = ((_candidate_from(row), FileFacts(row[9], row[10], _text(row[7]), _text(row[6]))) for row in rows)
    return tuple((candidate, facts) for candidate, facts in found if candidate.id not in gone)


def number_of_case(connection: Connection, case: CaseId) -> int:
    """Return the number of a case; raises ReviewError for an unknown one."""
    found = connection.exec_driver_sql('SELECT no FROM cases WHERE "case" = ?', (case,)).scalar_one_or_none()
    if found is None:
        raise ReviewError(f"There is no case {case} in this review.", "`labelcritic list REVIEW` shows all.")
    return int(found)


def image_facts(database: Database, one: CaseId) -> FileFacts:
    """Return what is known of a case's image file."""
    query = 'SELECT image_size, image_mtime, image_sha256 FROM cases WHERE "case" = ?'
    with database.reading() as connection:
        row = connection.exec_driver_sql(query, (one,)).one()
    return FileFacts(*row)


def save_facts(
    database: Database,
    masks: Iterable[tuple[CandidateId, FileFacts]],
    images: Iterable[tuple[CaseId, FileFacts]] = (),
) -> None:
    """Remember what files look like now; empty hashes make a candidate one that was never read."""
    rows = [(_bytes(f.content_hash), _bytes(f.sha256), f.size, f.mtime, *_key(c)) for c, f in masks]
    scans = [(f.sha256, f.size, f.mtime, case) for case, f in images]
    with database.writing() as connection:
        if rows:
            change = "UPDATE candidate SET content_hash = ?, source_sha256 = ?, size = ?, mtime = ? WHERE "
            connection.exec_driver_sql(change + _WHICH, rows)
        if scans:
            change = 'UPDATE cases SET image_sha256 = ?, image_size = ?, image_mtime = ? WHERE "case" = ?'
            connection.exec_driver_sql(change, scans)


def set_hashes(connection: Connection, hashes: Iterable[tuple[CandidateId, tuple[str, str]]]) -> None:
    """Write content hash and source sha256 of candidates."""
    rows = [(_bytes(content), _bytes(source), *_key(c)) for c, (content, source) in hashes]
    if rows:
        connection.exec_driver_sql(f"UPDATE candidate SET content_hash = ?, source_sha256 = ? WHERE {_WHICH}", rows)


def forget_times(database: Database, *, images: bool, label_sets: Sequence[str]) -> None:
    """Forget when files were last changed, of images and label sets that were moved: a copy has another time."""
    with database.writing() as connection:
        if images:
            connection.exec_driver_sql("UPDATE cases SET image_mtime = NULL")
        for slug in label_sets:
            which = "UPDATE candidate SET mtime = NULL WHERE set_no = (SELECT no FROM name WHERE text = ?)"
            connection.exec_driver_sql(which, (slug,))


def forget_opinions(database: Database, stale: Iterable[ItemId]) -> None:
    """Make items unseen again: what was said of masks that changed is kept, under another critic's name."""
    rows = [(item.case, item.structure) for item in dict.fromkeys(stale)]
    which = '"case" = ? AND structure = ?'
    cleared = (
        "outcome = '', pick = '', confidence = NULL, orders_agree = NULL, dice = NULL, findings = 0, severity = 0, "
        "attention = 0.5"
    )
    with database.writing() as connection:
        for change in (
            f"DELETE FROM fact WHERE {which}",
            f"UPDATE opinion SET critic = 'outdated:' || critic WHERE {which} AND critic NOT LIKE 'outdated:%'",
            f"UPDATE item SET {cleared} WHERE {which}",
        ):
            if rows:
                connection.exec_driver_sql(change, rows)


def _template(mask: Candidate) -> str:
    path = mask.source.path
    if any(mark in path for mark in (CASE, STRUCTURE, AS_IS)) or not mask.id.case:
        return AS_IS + path
    found = path.replace(mask.id.case, CASE)
    return found.replace(mask.id.structure, STRUCTURE) if mask.id.structure else found


def _path(template: str, case: str, structure: str) -> str:
    if template.startswith(AS_IS):
        return template.removeprefix(AS_IS)
    return template.replace(STRUCTURE, structure).replace(CASE, case)


def _row(names: Names, case_numbers: dict[str, int], mask: FoundMask, template: str) -> tuple[Any, ...]:
    one = mask.candidate
    values = one.source.values
    return (
        case_numbers[one.id.case],
        names[one.id.structure],
        names[one.id.label_set],
        one.id.version,
        names[template],
        int(mask.present),
        json.dumps(values) if values is not None else None,
        _bytes(one.content_hash),
        _bytes(one.source_sha256),
        mask.size,
        mask.mtime,
        one.note or None,
    )


def _candidate_from(row: Any) -> Candidate:
    case, structure, label_set, version, template, values = row[:6]
    return Candidate(
        id=CandidateId(CaseId(case), structure, label_set, version),
        source=MaskSource(_path(template, case, structure), tuple(json.loads(values)) if values is not None else None),
        content_hash=_text(row[6]),
        source_sha256=_text(row[7]),
        note=row[8] or "",
    )


def _key(one: CandidateId) -> tuple[Any, ...]:
    return one.case, one.structure, one.label_set, one.version


def _bytes(text: str) -> bytes | str | None:
    """Store a sha256 as its 32 bytes; anything else as it is."""
    if not text:
        return None
    try:
        packed = bytes.fromhex(text)
    except ValueError:
        return text
    return packed if packed.hex() == text else text


def _text(stored: bytes | str | None) -> str:
    if stored is None:
        return ""
    return stored.hex() if isinstance(stored, bytes) else stored
