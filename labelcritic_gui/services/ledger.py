"""The ledger of a review: what its journal says of each reader, as lines for people and as CSV. Layer: services."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CaseId, ItemId
from labelcritic_gui.core.errors import StorageError
from labelcritic_gui.core.ledger import ReaderLine, ledger_of
from labelcritic_gui.core.review import Event
from labelcritic_gui.core.statistics import Interval, Share
from labelcritic_gui.services.audit_stored import trusted_set
from labelcritic_gui.services.result_files import csv_text, write_whole
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.store import journal
from labelcritic_gui.store.audit import StoredSizes, sizes_of_case
from labelcritic_gui.translation import N_

__all__ = ["Ledger", "ReaderLine", "ledger", "save_ledger"]

NOTHING = N_("Nobody has decided anything in this review yet.")
COLUMNS = (
    "reader",
    "items",
    "skipped",
    "median_seconds",
    *(f"agreement_{when}{what}" for when in ("before", "after") for what in ("", "_of", "_low", "_high")),
    "revealed",
    "flips",
    "flips_towards",
    "flips_away",
    "flips_helpful",
    "flips_harmful",
    "repeats",
    "repeats_same",
    "repeats_share",
    "repeats_share_low",
    "repeats_share_high",
    "kappa",
    "kappa_low",
    "kappa_high",
    "left_accepted",
    "left_of",
    "left_share",
    "left_low",
    "left_high",
)
_EVERY = 5000


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a review's journal says of its readers; `trusted` is the label set that flips are held against, or empty."""

    lines: tuple[ReaderLine, ...]
    mode: str
    repeats: float
    trusted: str

    @property
    def nothing(self) -> str:
        """Say why there is no line; empty where there is one."""
        return "" if self.lines else NOTHING

    def csv(self) -> str:
        """Return a row for each reader as CSV."""
        return csv_text(COLUMNS, [_row(line) for line in self.lines])


def ledger(
    review: OpenReview, *, reader: str = "", progress: Progress = no_progress, cancel: Cancel | None = None
) -> Ledger:
    """Count what the journal says of every reader, or of one."""
    stop = cancel or NeverCancel()
    trusted = trusted_set(review)
    sizes: dict[CaseId, StoredSizes] = {}

    def dice(item: ItemId, label_set: str) -> float | None:
        if item.case not in sizes:
            sizes[item.case] = sizes_of_case(review.database, item.case)
        return sizes[item.case].dice_of(item.structure, label_set, trusted)

    events: list[Event] = []
    for n, event in enumerate(journal.all_events(review.database)):
        if n % _EVERY == 0:
            stop_if(stop)
            progress(n, 0, "reading the journal")
        if not reader or event.reader == reader:
            events.append(event)
    lines = ledger_of(events, dice if trusted else None)
    return Ledger(lines, review.mode, review.file.repeats, trusted)


def save_ledger(found: Ledger, file: Path) -> Path:
    """Write the ledger as CSV; raises StorageError."""
    try:
        return write_whole(file, found.csv())
    except OSError as error:
        raise StorageError(
            f"The ledger could not be written to {file}: {error.strerror or error}.", "Choose another place."
        ) from error


def _row(line: ReaderLine) -> Mapping[str, Any]:
    repeats = line.repeats
    return {
        "reader": line.reader,
        "items": line.items,
        "skipped": line.skipped,
        "median_seconds": line.seconds,
        **_share("agreement_before", line.before),
        **_share("agreement_after", line.after),
        "revealed": line.revealed,
        "flips": line.count(),
        "flips_towards": line.count(towards=True),
        "flips_away": line.count(towards=False),
        "flips_helpful": line.count(helpful=True),
        "flips_harmful": line.count(helpful=False),
        "repeats": repeats.raw.n,
        "repeats_same": repeats.raw.k,
        "repeats_share": repeats.raw.value,
        **_range("repeats_share", repeats.raw.interval if repeats.raw.n else None),
        "kappa": repeats.kappa,
        **_range("kappa", repeats.kappa_interval),
        "left_accepted": line.first_side.k,
        "left_of": line.first_side.n,
        "left_share": line.first_side.value,
        **_range("left", line.first_side.interval if line.first_side.n else None),
    }


def _share(name: str, share: Share) -> Mapping[str, Any]:
    return {name: share.value, f"{name}_of": share.n, **_range(name, share.interval if share.n else None)}


def _range(name: str, interval: Interval | None) -> Mapping[str, Any]:
    return {f"{name}_low": interval.low if interval else None, f"{name}_high": interval.high if interval else None}
