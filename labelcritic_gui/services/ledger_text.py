"""The ledger in words, for the window and for the command line alike. Layer: services."""

from dataclasses import dataclass

from labelcritic_gui.core.ledger import ReaderLine
from labelcritic_gui.core.statistics import Interval, Share
from labelcritic_gui.services.ledger import Ledger
from labelcritic_gui.translation import ntr, tr

EVEN = 0.5
NONE = "–"


@dataclass(frozen=True, slots=True)
class LedgerFact:
    """One thing the ledger says of a reader: its name, its value, and in smaller print what it rests on."""

    name: str
    value: str
    note: str = ""


def facts_of(line: ReaderLine, trusted: str) -> tuple[LedgerFact, ...]:
    """Return what a reader's line says; `trusted` is the label set that flips are held against, or empty."""
    return (
        _items(line),
        LedgerFact(
            tr("Time on an item"),
            NONE if line.seconds is None else tr("{seconds:.1f} s").format(seconds=line.seconds),
            tr("median, from the picture to the first word"),
        ),
        _agreement(
            tr("As the critic, not having seen it"), line.before, tr("no word was said with the verdict hidden")
        ),
        _agreement(tr("As the critic, having seen it"), line.after, tr("no word was said with the verdict in sight")),
        _flips(line),
        _worth(line, trusted),
        _repeats(line),
        _sides(line.first_side),
    )


def _items(line: ReaderLine) -> LedgerFact:
    skipped = ntr("{n} skipped", "{n} skipped", line.skipped).format(n=line.skipped) if line.skipped else ""
    return LedgerFact(tr("Items decided"), str(line.items), skipped)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _between(interval: Interval) -> str:
    return tr("95 %: {low} to {high}").format(low=_percent(interval.low), high=_percent(interval.high))


def _of(share: Share) -> str:
    return tr("{k} of {n}").format(k=share.k, n=share.n)


def _agreement(name: str, share: Share, nothing: str) -> LedgerFact:
    if share.value is None:
        return LedgerFact(name, NONE, nothing)
    return LedgerFact(name, _percent(share.value), f"{_of(share)}; {_between(share.interval)}")


def _flips(line: ReaderLine) -> LedgerFact:
    name = tr("Changed after the verdict")
    if not line.revealed:
        return LedgerFact(name, NONE, tr("no verdict came after a decision"))
    towards, away = line.count(towards=True), line.count(towards=False)
    words = [
        tr("{n} towards the critic").format(n=towards),
        tr("{n} away from it").format(n=away),
    ]
    if rest := line.count() - towards - away:
        words.append(tr("{n} neither").format(n=rest))
    value = tr("{k} of {n}").format(k=line.count(), n=line.revealed)
    return LedgerFact(name, value, ", ".join(words) if line.count() else "")


def _worth(line: ReaderLine, trusted: str) -> LedgerFact:
    name = tr("Changes that helped")
    if not line.count():
        return LedgerFact(name, NONE, tr("nothing was changed"))
    if not trusted:
        return LedgerFact(name, NONE, tr("no label set of this review is trusted"))
    helped, harmed = line.count(helpful=True), line.count(helpful=False)
    told = tr("{n} helpful, {m} harmful").format(n=helped, m=harmed)
    rest = line.count() - helped - harmed
    note = tr("by the Dice to {trusted}").format(trusted=trusted)
    if rest:
        note = tr("{note}; {n} cannot be told").format(note=note, n=rest)
    return LedgerFact(name, told, note)


def _repeats(line: ReaderLine) -> LedgerFact:
    name, found = tr("As oneself, on hidden repeats"), line.repeats
    if found.raw.value is None:
        return LedgerFact(name, NONE, tr("no item came again"))
    note = f"{_of(found.raw)}; {_between(found.raw.interval)}"
    if found.kappa is None:
        return LedgerFact(name, _percent(found.raw.value), f"{note}; {tr('no kappa: the same was said of every item')}")
    kappa = tr("kappa {kappa:.2f}").format(kappa=found.kappa)
    if found.kappa_interval is not None:
        low, high = found.kappa_interval.low, found.kappa_interval.high
        kappa = tr("{kappa} (95 %: {low:.2f} to {high:.2f})").format(kappa=kappa, low=low, high=high)
    return LedgerFact(name, _percent(found.raw.value), f"{note}; {kappa}")


def _sides(share: Share) -> LedgerFact:
    name = tr("The left one of two accepted")
    if share.value is None:
        return LedgerFact(name, NONE, tr("no item with two candidates was accepted"))
    if share.interval.holds(EVEN):
        ruling = tr("no preference shown")
    else:
        ruling = tr("prefers the left") if share.value > EVEN else tr("prefers the right")
    return LedgerFact(name, _percent(share.value), f"{_of(share)}; {_between(share.interval)}: {ruling}")


def headline_of(found: Ledger) -> str:
    """Say in one line how the review is read now."""
    words = tr("This review is read {mode}.").format(mode=found.mode)
    if found.repeats:
        words += " " + tr("{share} of the items come again.").format(share=_percent(found.repeats))
    return words
