"""The ledger counts what the journal says, and nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelcritic_gui.core.cases import CandidateId, ItemId
from labelcritic_gui.core.ledger import ReaderLine, ledger_of
from labelcritic_gui.core.review import Choice, Decision, Event, EventKind, decision_payload, item_id
from labelcritic_gui.core.statistics import exact_binomial

DICE = {"a": 0.95, "b": 0.70}


def items(count: int) -> list[ItemId]:
    return [item_id(f"case{n}", "liver") for n in range(count)]


def picks(label_set: str) -> dict[str, Any]:
    return {"outcome": "first", "pick": label_set, "confidence": 0.9}


def word(
    uuid: str,
    item: ItemId,
    label_set: str = "a",
    kind: EventKind = EventKind.DECIDED,
    *,
    reader: str = "ada",
    of: str = "",
    choice: Choice = Choice.ACCEPT,
    **seen: Any,
) -> Event:
    sides = seen.setdefault("sides", ["a", "b"])
    place = sides.index(label_set) + 1 if choice is Choice.ACCEPT else 0
    decision = Decision(choice, CandidateId(*item, label_set) if place else None, position=place)
    payload = decision_payload(decision) | ({"of": of} if of else {})
    return Event(uuid, "2026-01-01T00:00:00Z", reader, item, kind, payload, seen)


def revealed(item: ItemId, *, repeat: bool = False) -> Event:
    payload = {"of": "c", **({"repeat": True} if repeat else {})}
    return Event(f"r-{item.case}", "t", "ada", item, EventKind.REVEALED, payload)


def only(events: list[Event], **more: Any) -> ReaderLine:
    (line,) = ledger_of(events, **more)
    return line


def commitment(item: ItemId, label_set: str, pick: str) -> Event:
    seen = {"phase": "commitment", "verdict": None, "withheld": picks(pick), "ms": 2000}
    return word(f"c-{item.case}", item, label_set, **seen)


def change(item: ItemId, label_set: str, pick: str) -> Event:
    return word(f"d-{item.case}", item, label_set, phase="change", verdict=picks(pick), ms=900)


def test_nothing_said_is_no_line() -> None:
    assert ledger_of([]) == ()
    assert ledger_of([Event("n", "t", "ada", items(1)[0], EventKind.NOTED, {"text": "x"})]) == ()


def test_readers_stand_by_name_with_their_items_their_skips_and_their_median_time() -> None:
    one, two, three = items(3)
    events = [
        word("1", one, ms=1000),
        word("2", two, ms=3000),
        word("3", three, choice=Choice.SKIP, ms=9000),
        word("4", one, reader="ben", ms=500),
    ]
    ada, ben = ledger_of(events)
    assert (ada.reader, ada.items, ada.skipped, ada.seconds) == ("ada", 2, 1, 2.0)
    assert (ben.reader, ben.items, ben.seconds) == ("ben", 1, 0.5)


def test_an_undone_word_never_counts() -> None:
    one, two = items(2)
    events = [word("1", one), word("2", two), Event("u", "t", "ada", two, EventKind.UNDONE, {"of": "2"})]
    assert only(events).items == 1
    assert ledger_of([word("1", one), Event("u", "t", "ada", one, EventKind.UNDONE, {"of": "1"})]) == ()


def test_flips_know_where_they_went_and_whether_they_helped() -> None:
    helped, hurt, away, kept = items(4)
    events = [
        commitment(helped, "b", pick="a"),
        revealed(helped),
        change(helped, "a", pick="a"),  # towards the critic, who is right
        commitment(hurt, "a", pick="b"),
        revealed(hurt),
        change(hurt, "b", pick="b"),  # towards the critic, who is wrong
        commitment(away, "a", pick="a"),
        revealed(away),
        change(away, "b", pick="a"),
        commitment(kept, "a", pick="b"),
        revealed(kept),
    ]
    line = only(events, dice=lambda item, label_set: DICE[label_set])
    assert (line.count(), line.count(towards=True), line.count(towards=False)) == (3, 2, 1)
    assert (line.count(helpful=True), line.count(helpful=False)) == (1, 2)
    assert line.revealed == 4
    assert (line.before.k, line.before.n) == (1, 4)  # only `away` was as the critic had it
    assert (line.after.k, line.after.n) == (2, 4)
    assert line.seconds == 2.0


def test_a_flip_that_nobody_can_judge_neither_helped_nor_harmed() -> None:
    (one,) = items(1)
    events = [commitment(one, "b", pick="a"), revealed(one), change(one, "a", pick="a")]
    for dice in (None, lambda item, label_set: None, lambda item, label_set: 0.9):
        (flip,) = only(events, dice=dice).flips
        assert (flip.towards, flip.helpful) == (True, None)


def test_the_same_word_again_after_the_verdict_is_no_flip() -> None:
    (one,) = items(1)
    line = only([commitment(one, "b", pick="a"), revealed(one), change(one, "b", pick="a")])
    assert line.flips == ()
    assert (line.after.k, line.after.n) == (0, 1)


def test_in_an_assisted_reading_agreement_is_after_and_in_a_blind_one_before() -> None:
    one, two = items(2)
    line = only([word("1", one, "a", verdict=picks("a")), word("2", two, "a", verdict=None, withheld=picks("b"))])
    assert (line.after.k, line.after.n) == (1, 1)
    assert (line.before.k, line.before.n) == (0, 1)
    assert line.revealed == 0


def test_repeats_tell_how_far_a_reader_agrees_with_himself() -> None:
    events = []
    for n, item in enumerate(items(10)):
        first = "ab"[n % 2]
        second = first if n < 8 else "ba"[n % 2]
        events += [word(f"w{n}", item, first), word(f"x{n}", item, second, EventKind.REPEATED, of=f"w{n}")]
    repeats = only(events).repeats
    assert (repeats.raw.k, repeats.raw.n) == (8, 10)
    assert repeats.kappa == pytest.approx(0.6)


def test_a_repeat_that_was_undone_skipped_or_changed_after_the_verdict_does_not_count_twice() -> None:
    one, two, three = items(3)
    events = [
        *(word(f"w{n}", item) for n, item in enumerate((one, two, three))),
        word("x0", one, "b", EventKind.REPEATED, of="w0"),
        Event("u", "t", "ada", one, EventKind.UNDONE, {"of": "x0"}),
        word("x1", two, kind=EventKind.REPEATED, of="w1", choice=Choice.SKIP),
        word("x2", three, "a", EventKind.REPEATED, of="w2", phase="commitment"),
        revealed(three, repeat=True),
        word("x3", three, "b", EventKind.REPEATED, of="w2", phase="change"),
    ]
    line = only(events)
    assert (line.repeats.raw.k, line.repeats.raw.n) == (1, 1)
    assert line.revealed == 0
    assert line.items == 3


def test_a_preference_for_the_left_is_counted_over_pairs_by_the_first_word() -> None:
    one, two, three, four = items(4)
    events = [
        word("1", one, "a", sides=["a", "b"]),
        word("2", two, "a", sides=["b", "a"]),
        word("3", three, "a", sides=["a", "b", "c"]),
        word("4", four, choice=Choice.NONE),
    ]
    left = only(events).first_side
    assert (left.k, left.n) == (1, 2)
    assert left.interval == exact_binomial(1, 2)


@settings(deadline=None)  # the first example imports scipy
@given(n=st.integers(1, 300), data=st.data())
def test_the_exact_interval_holds_the_share_and_is_the_mirror_of_its_complement(n: int, data: st.DataObject) -> None:
    from scipy.stats import binom

    k = data.draw(st.integers(0, n))
    here, there = exact_binomial(k, n), exact_binomial(n - k, n)
    assert here.holds(k / n)
    assert here.low == pytest.approx(1 - there.high)
    if k < n:
        assert binom.cdf(k, n, here.high) == pytest.approx(0.025)
    if k > 0:
        assert binom.sf(k - 1, n, here.low) == pytest.approx(0.025)


def test_the_exact_interval_is_the_published_one() -> None:
    found = exact_binomial(3, 10)  # Clopper and Pearson's tables: 0.067 to 0.652
    assert (found.low, found.high) == (pytest.approx(0.0667, abs=5e-4), pytest.approx(0.6525, abs=5e-4))
    assert (exact_binomial(0, 0).low, exact_binomial(0, 0).high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="no share"):
        exact_binomial(4, 3)
