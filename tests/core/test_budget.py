"""The store that is bounded by bytes: laws over any order of calls."""

from collections import OrderedDict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from labelcritic_gui.core.budget import BudgetStore

Value = tuple[NDArray[np.uint8], ...]


def bytes_of(count: int) -> NDArray[np.uint8]:
    return np.zeros(count, dtype=np.uint8)


def store(capacity: int) -> BudgetStore[str, Value]:
    return BudgetStore(capacity, lambda value: value)


def test_that_the_least_recently_used_goes_first() -> None:
    kept = store(300)
    for name in "abc":
        kept.put(name, (bytes_of(100),))
    assert kept.get("a") is not None
    kept.put("d", (bytes_of(100),))
    assert list(kept) == ["c", "a", "d"]
    assert kept.held == 300


def test_that_asking_whether_a_value_is_kept_is_no_use_of_it() -> None:
    kept = store(200)
    kept.put("a", (bytes_of(100),))
    kept.put("b", (bytes_of(100),))
    assert "a" in kept
    kept.put("c", (bytes_of(100),))
    assert "a" not in kept
    assert kept.get("a") is None


def test_that_what_is_put_last_is_kept_even_when_it_is_larger_than_the_budget() -> None:
    kept = store(50)
    kept.put("a", (bytes_of(20),))
    kept.put("b", (bytes_of(80),))
    assert list(kept) == ["b"]
    assert kept.full


def test_that_the_number_of_values_is_bounded_too() -> None:
    kept: BudgetStore[str, Value] = BudgetStore(1000, lambda value: value, 2)
    for name in "abc":
        kept.put(name, (bytes_of(1),))
    assert list(kept) == ["b", "c"]


def test_that_spared_values_are_not_dropped() -> None:
    kept = store(200)
    kept.put("a", (bytes_of(100),))
    kept.put("b", (bytes_of(100),))
    kept.put("c", (bytes_of(100),), spare={"a"})
    assert list(kept) == ["a", "c"]
    kept.put("d", (bytes_of(100),), spare={"a", "c"})
    assert kept.held == 300


def test_that_an_array_shared_by_values_counts_once_and_until_its_last_user_goes() -> None:
    shared = bytes_of(100)
    kept = store(1000)
    kept.put("a", (shared, bytes_of(10)))
    kept.put("b", (shared[10:20], bytes_of(10)))
    assert kept.held == 120
    kept.drop("a")
    assert kept.held == 110
    kept.drop("b")
    assert kept.held == 0


def test_that_a_view_counts_as_the_memory_it_keeps_alive() -> None:
    kept = store(1000)
    kept.put("a", (bytes_of(500)[::-1][:3],))
    assert kept.held == 500


CALLS = st.lists(
    st.tuples(st.sampled_from(["put", "get", "drop"]), st.sampled_from("abcdef"), st.integers(0, 120)), max_size=60
)


@given(CALLS, st.integers(0, 300))
def test_that_any_order_of_calls_keeps_the_budget_and_the_order_of_use(
    calls: list[tuple[str, str, int]], capacity: int
) -> None:
    kept = store(capacity)
    model: OrderedDict[str, int] = OrderedDict()
    for call, key, size in calls:
        if call == "put":
            kept.put(key, (bytes_of(size),))
            model.pop(key, None)
            model[key] = size
            while sum(model.values()) > capacity and len(model) > 1:
                model.popitem(last=False)
        elif call == "get":
            assert (kept.get(key) is None) == (key not in model)
            if key in model:
                model.move_to_end(key)
        else:
            kept.drop(key)
            model.pop(key, None)
        assert list(kept) == list(model)
        assert kept.held == sum(model.values())
    kept.clear()
    assert kept.held == len(kept) == 0
