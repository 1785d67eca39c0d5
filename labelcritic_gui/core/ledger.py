"""What the journal says of each reader: pace, agreement with the critic, flips, self-agreement, sides. Layer: core.

Counted from events alone. Of every item a reader's latest round counts: a word, or a commitment with what was said
after the verdict was shown. Words that were undone do not count, and repeats count for self-agreement only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from labelcritic_gui.core.blinding import CHANGE, advice_from, said_of
from labelcritic_gui.core.cases import ItemId
from labelcritic_gui.core.review import Choice, Event, EventKind, Stance, decision_from, stance_of
from labelcritic_gui.core.statistics import Concordance, Share, concordance_of, exact_binomial, share_of

TELLING_DICE = 0.005
"""Two candidates this near to each other in their Dice to the trusted one are equally good."""
TrustedDice = Callable[[ItemId, str], float | None]
"""The Dice of a label set's candidate to the trusted one; None where it was not measured."""


@dataclass(frozen=True, slots=True)
class Flip:
    """A word that was changed after the verdict was shown.

    `towards`: True to what the critic says, False away from it, None neither. `helpful`: True where the new candidate
    is nearer to the trusted one, False where it is farther, None where nobody can tell.
    """

    reader: str
    item: ItemId
    before: str
    after: str
    towards: bool | None
    helpful: bool | None


@dataclass(frozen=True, slots=True)
class ReaderLine:
    """One reader's line in the ledger.

    `items` were decided (skips not counted), `skipped` put off; `seconds` is the median time from the picture to the
    word. `before` is the agreement with what the critic said while it was hidden; `after` that of the words in force
    with the verdict in sight; `revealed` counts the items whose verdict came after the commitment. `repeats` compares
    what was said of hidden repeats with what was said the first time. `first_side` is how often the left one of two
    was accepted, with its exact binomial interval.
    """

    reader: str
    items: int
    skipped: int
    seconds: float | None
    before: Share
    after: Share
    revealed: int
    flips: tuple[Flip, ...]
    repeats: Concordance
    first_side: Share

    def count(self, *, towards: bool | None = None, helpful: bool | None = None) -> int:
        """Count flips by where they went, or by whether they helped."""
        if towards is not None:
            return sum(flip.towards is towards for flip in self.flips)
        if helpful is not None:
            return sum(flip.helpful is helpful for flip in self.flips)
        return len(self.flips)


@dataclass
class _Reader:
    """What is gathered of one reader while the journal is gone through."""

    words: dict[ItemId, list[Event]] = field(default_factory=dict)
    repeats: dict[ItemId, list[Event]] = field(default_factory=dict)
    revealed: set[ItemId] = field(default_factory=set)
    gone: dict[str, Event] = field(default_factory=dict)


def ledger_of(events: Iterable[Event], dice: TrustedDice | None = None) -> tuple[ReaderLine, ...]:
    """Return a line for every reader who said anything, by name; `events` in the order they were written."""
    readers: dict[str, _Reader] = {}
    for event in events:
        if event.item is None:
            continue
        if event.kind is EventKind.UNDONE and event.reader in readers:
            _drop(readers[event.reader], event)
        elif event.kind is EventKind.REDONE and event.reader in readers:
            _take_back(readers[event.reader], event)
        elif event.kind is EventKind.DECIDED:
            readers.setdefault(event.reader, _Reader()).words.setdefault(event.item, []).append(event)
        elif event.kind is EventKind.REPEATED:
            readers.setdefault(event.reader, _Reader()).repeats.setdefault(event.item, []).append(event)
        elif event.kind is EventKind.REVEALED and not event.payload.get("repeat"):
            readers.setdefault(event.reader, _Reader()).revealed.add(event.item)
    lines = (_line(name, found, dice) for name, found in sorted(readers.items()) if any(found.words.values()))
    return tuple(lines)


def _drop(reader: _Reader, undone: Event) -> None:
    for kept in (reader.words, reader.repeats):
        if undone.item in kept:
            of = undone.payload["of"]
            reader.gone.update((event.uuid, event) for event in kept[undone.item] if event.uuid == of)
            kept[undone.item] = [event for event in kept[undone.item] if event.uuid != of]


def _take_back(reader: _Reader, redone: Event) -> None:
    """Let a word that was undone and done again stand as it was said."""
    gone = reader.gone.pop(redone.payload["of"], None)
    if gone is not None and gone.item is not None:
        reader.words.setdefault(gone.item, []).append(replace(gone, uuid=redone.uuid))


def _line(name: str, reader: _Reader, dice: TrustedDice | None) -> ReaderLine:
    rounds = [_latest_round(words) for words in reader.words.values() if words]
    decided = [words for words in rounds if said_of(words[-1])[0] is not Choice.SKIP]
    times = [words[0].seen["ms"] / 1000 for words in decided if isinstance(words[0].seen.get("ms"), int | float)]
    # the first of a round is hidden from the critic in blind modes, the last is what is in force
    before = [_stance(words[0], "withheld") for words in decided]
    after = [_stance(words[-1], "verdict") or _kept(words, reader) for words in decided]
    flips = tuple(flip for words in decided if (flip := _flip(name, words, dice)) is not None)
    return ReaderLine(
        reader=name,
        items=len(decided),
        skipped=len(rounds) - len(decided),
        seconds=median(times) if times else None,
        before=_agreement(before),
        after=_agreement(after),
        revealed=sum(words[0].item in reader.revealed for words in decided),
        flips=flips,
        repeats=concordance_of(_repeated(reader)),
        first_side=_first_side(decided),
    )


def _latest_round(words: Sequence[Event]) -> tuple[Event, ...]:
    """Return the last word on an item, after the commitment that it replaced."""
    start = len(words) - 1
    while start > 0 and words[start].seen.get("phase") == CHANGE:
        start -= 1
    return (words[start], words[-1]) if start < len(words) - 1 else (words[-1],)


def _stance(event: Event, told: str) -> Stance | None:
    """Return a word's stance to a verdict that its `seen` tells under a name; None where it tells none."""
    item = event.item
    advice = advice_from(item, event.seen.get(told)) if item is not None else None
    return stance_of(decision_from(item, event.payload), advice) if item is not None and advice is not None else None


def _kept(words: Sequence[Event], reader: _Reader) -> Stance | None:
    """Return the stance of a commitment that was kept when its verdict was shown."""
    return _stance(words[0], "withheld") if len(words) == 1 and words[0].item in reader.revealed else None


def _agreement(stances: Iterable[Stance | None]) -> Share:
    told = [stance for stance in stances if stance in {Stance.AGREEING, Stance.OVERRIDING}]
    return share_of(sum(stance is Stance.AGREEING for stance in told), len(told))


def spoken(event: Event) -> str:
    """Return what a word said as one text: the choice, or the label set that was accepted."""
    choice, label_set = said_of(event)
    return label_set or choice.value


def _flip(reader: str, words: Sequence[Event], dice: TrustedDice | None) -> Flip | None:
    first, last = words[0], words[-1]
    if len(words) < 2 or first.item is None or spoken(first) == spoken(last):
        return None
    was, now = (_stance(event, "verdict") for event in (_told_as(first, last), last))
    towards = {(True, False): False, (False, True): True}.get((was is Stance.AGREEING, now is Stance.AGREEING))
    return Flip(reader, first.item, spoken(first), spoken(last), towards, _helped(first, last, dice))


def _told_as(event: Event, other: Event) -> Event:
    """Return a word as if it had been said with the verdict of another in sight."""
    return replace(event, seen={"verdict": other.seen.get("verdict")})


def _helped(first: Event, last: Event, dice: TrustedDice | None) -> bool | None:
    sets = [said_of(event)[1] for event in (first, last)]
    if dice is None or first.item is None or not all(sets):
        return None
    was, now = (dice(first.item, label_set) for label_set in sets)
    if was is None or now is None or abs(now - was) < TELLING_DICE:
        return None
    return now > was


def _repeated(reader: _Reader) -> list[tuple[str, str]]:
    """Return what was said the first time and the second time, without what was skipped either time."""
    said: list[tuple[str, str]] = []
    for item, events in reader.repeats.items():
        firsts: Mapping[str, Event] = {event.uuid: event for event in reader.words.get(item, ())}
        again = next((event for event in events if event.payload.get("of") in firsts), None)
        if again is not None:
            pair = firsts[again.payload["of"]], again
            if all(said_of(event)[0] is not Choice.SKIP for event in pair):
                said.append((spoken(pair[0]), spoken(pair[1])))
    return said


def _first_side(decided: Iterable[Sequence[Event]]) -> Share:
    """Return how often the left one of two was accepted: by the first word, before anybody advised a change."""
    places = [
        decision_from(words[0].item, words[0].payload).position
        for words in decided
        if words[0].item is not None and said_of(words[0])[0] is Choice.ACCEPT
        if len(words[0].seen.get("sides") or ()) == 2
    ]
    told = [place for place in places if place]
    left = sum(place == 1 for place in told)
    return Share(left, len(told), exact_binomial(left, len(told)))
