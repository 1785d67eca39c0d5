"""Strict reading of replies: a vote only where everything fits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.critic.parsing import LONGEST_TEXT, Reply, plain_text, read_choice, stored_reply

CHOICES = ("A", "B", "C")


def reply(content="B", finish="stop", tokens=(("B", -0.65), ("A", -1.33), ("C", -1.54))):
    return Reply(content, finish, tokens)


def test_that_first_token_probabilities_become_the_distribution():
    reading = read_choice(reply(), CHOICES)
    weights = {"A": math.exp(-1.33), "B": math.exp(-0.65), "C": math.exp(-1.54)}
    assert reading.answer == "B"
    assert reading.measured
    for choice, weight in weights.items():
        assert reading.distribution[choice] == pytest.approx(weight / sum(weights.values()))


def test_that_the_order_of_the_servers_list_does_not_matter():
    tokens = (("C", -3.0), ("B", -0.2), ("A", -2.0))
    assert read_choice(reply(tokens=tokens), CHOICES) == read_choice(reply(tokens=tokens[::-1]), CHOICES)


def test_that_masked_tokens_are_dropped():
    reading = read_choice(reply(tokens=(("B", 0.0), ("A", -9999.0), ("<|im_start|>", -9999.0))), CHOICES)
    assert reading.distribution == {"A": 0.0, "B": 1.0, "C": 0.0}


def test_that_a_choice_is_known_by_the_beginning_of_its_word():
    reading = read_choice(Reply("tie", "stop", (("t", -0.1), ("A", -2.5), ("ti", -5.0))), ("A", "B", "tie"))
    assert reading.distribution["tie"] > 0.9
    assert sum(reading.distribution.values()) == pytest.approx(1.0)


def test_that_a_token_that_begins_two_choices_votes_for_neither():
    assert read_choice(Reply("good", "stop", (("g", -0.1),)), ("good", "great")).answer == ""


def test_that_unconstrained_probabilities_are_renormalised_over_the_choices():
    reading = read_choice(reply(tokens=(("B", -2.0), (" the", -0.4), ("A", -3.0))), CHOICES)
    assert sum(reading.distribution.values()) == pytest.approx(1.0)
    assert reading.answer == "B"


@pytest.mark.parametrize("tokens", [None, ()])
def test_that_missing_probabilities_leave_the_bare_answer_flagged(tokens):
    reading = read_choice(reply(tokens=tokens), CHOICES)
    assert reading.distribution == {"A": 0.0, "B": 1.0, "C": 0.0}
    assert not reading.measured


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (reply("B", "length"), "did not end by itself"),
        (reply("B", ""), "no reason"),
        (reply(""), "none of the choices"),
        (reply("b"), "none of the choices"),
        (reply(" B"), "none of the choices"),
        (reply("B."), "none of the choices"),
        (reply("AB"), "none of the choices"),
        (reply("The first is better, so B"), "none of the choices"),
        (reply(tokens=(("B", math.nan),)), "are none"),
        (reply(tokens=(("B", 3.0),)), "are none"),
        (reply(tokens=(("x", -0.1),)), "name none"),
        (reply(tokens=(("A", -9999.0), ("B", -9999.0))), "name none"),
        (reply(tokens=(("A", -0.1), ("B", -3.0))), "contradicts"),
    ],
)
def test_that_anything_else_is_unparsable_and_says_why(bad, says):
    reading = read_choice(bad, CHOICES)
    assert reading.answer == ""
    assert reading.distribution == {}
    assert says in reading.problem


def test_that_text_of_a_model_is_shown_without_control_direction_and_invisible_characters():
    assert plain_text("a\x1b[31mred\x00\u202eevil\u2066\u200b\ufeff\nnext\tline") == "a[31mredevil next line"


@given(st.text(max_size=2000))
def test_that_shown_text_is_one_bounded_line_and_stays_as_it_is(text):
    shown = plain_text(text)
    assert len(shown) <= LONGEST_TEXT
    assert not any(c in shown for c in "\n\r\x00\x1b\u202e")
    assert plain_text(shown) == shown


@given(
    st.lists(st.tuples(st.sampled_from(["A", "B", "C", "D", ""]), st.floats(-20, 0)), max_size=6),
    st.sampled_from(["A", "B", "C", "x"]),
)
def test_that_a_distribution_sums_to_one_or_is_empty(tokens, answer):
    reading = read_choice(Reply(answer, "stop", tuple(tokens)), CHOICES)
    assert sum(reading.distribution.values()) == pytest.approx(1.0 if reading.answer else 0.0)
    assert bool(reading.answer) != bool(reading.problem)


def test_that_a_reply_is_the_same_after_it_was_stored():
    import json

    kept = reply()
    assert stored_reply(json.loads(json.dumps(kept.to_json()))) == kept


@pytest.mark.parametrize("stored", [{}, {"content": "A"}, {"content": 3, "finish_reason": "stop"}])
def test_that_a_damaged_stored_reply_is_none(stored):
    assert stored_reply(stored) is None
