"""Strict reading of replies: a vote only where everything fits."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.critic.parsing import (
    LONGEST_TEXT,
    Reply,
    plain_text,
    read_choice,
    read_pattern,
    read_text,
    stored_reply,
)

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


def test_that_a_faulty_reply_is_never_read_whatever_it_says():
    faulty = Reply("B", "stop", (("B", -0.1),), problem="A picture was lost.")
    for reading in (read_choice(faulty, CHOICES), read_pattern(faulty, "A|B", ("A", "B"))):
        assert (reading.answer, dict(reading.distribution), reading.problem) == ("", {}, "A picture was lost.")
    assert read_text(faulty) == ""


PATTERN = "A|B( (LEAK|MISS)){0,3}"
LETTERS = ("A", "B")


@pytest.mark.parametrize(
    ("content", "tokens", "answer", "rest", "good"),
    [
        ("A", (("A", -0.1), ("B", -2.4)), "A", "", 0.909),
        ("B LEAK", (("B", -0.1), ("A", -2.4)), "B", " LEAK", 0.091),
        ("B LEAK", (("B ", -0.1), ("A", -2.4)), "B", " LEAK", 0.091),
        ("B LEAK MISS", (("B L", -1.0), ("B ", -1.0), ("B", -2.0), ("A", -1.5)), "B", " LEAK MISS", 0.204),
        ("B LEAK", (("B", -0.1), ("A", -9999.0), ("<|im_end|>", -9999.0)), "B", " LEAK", 0.0),
    ],
)
def test_that_an_answer_to_a_pattern_is_measured_by_the_letter_its_first_token_begins_with(
    content, tokens, answer, rest, good
):
    reading = read_pattern(Reply(content, "stop", tokens), PATTERN, LETTERS)
    assert (reading.answer, reading.rest, reading.measured) == (answer, rest, True)
    assert reading.distribution["A"] == pytest.approx(good, abs=0.001)
    assert sum(reading.distribution.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (Reply("B LEAK", "length"), "did not end by itself"),
        (Reply("B LEA", "stop"), "has not the form"),
        (Reply("B LEAK\n", "stop"), "has not the form"),
        (Reply(" B LEAK", "stop"), "has not the form"),
        (Reply("A LEAK", "stop"), "has not the form"),
        (Reply("LEAK", "stop"), "has not the form"),
        (Reply("", "stop"), "nothing readable"),
        (Reply("B LEAK", "stop", (("A", -0.1), ("B", -3.0))), "contradicts"),
        (Reply("B LEAK", "stop", (("x", -0.1),)), "name none"),
        (Reply("B LEAK", "stop", (("B", math.nan),)), "are none"),
    ],
)
def test_that_what_does_not_fit_the_pattern_whole_is_unparsable_and_says_why(bad, says):
    reading = read_pattern(bad, PATTERN, LETTERS)
    assert (reading.answer, reading.rest, dict(reading.distribution)) == ("", "", {})
    assert says in reading.problem


def test_that_a_pattern_without_letters_is_read_whole_and_not_measured():
    reading = read_pattern(Reply("1 Y\n2 N", "stop", (("1", 0.0),)), "1 (Y|N)\n2 (Y|N)", ())
    assert (reading.answer, reading.measured, dict(reading.distribution)) == ("1 Y\n2 N", False, {})
    assert read_pattern(Reply("", "stop"), ".*", ()).answer == ""


def test_that_an_empty_answer_of_a_pattern_that_allows_it_is_no_answer():
    assert read_pattern(Reply("", "stop"), "A?", ("A",)).answer == ""


@given(
    st.text(alphabet="AB LEAKMIS\n", max_size=24),
    st.lists(st.tuples(st.sampled_from(["A", "B", "B ", "BL", "", "C"]), st.floats(-20, 0)), max_size=6),
)
def test_that_a_reading_of_a_pattern_is_whole_or_says_why_not(content, tokens):
    reading = read_pattern(Reply(content, "stop", tuple(tokens)), PATTERN, LETTERS)
    assert bool(reading.answer) != bool(reading.problem)
    if reading.answer:
        assert reading.answer + reading.rest == content
        assert sum(reading.distribution.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("content", "finish", "shown"),
    [
        ("It leaks\ninto the stomach.", "stop", "It leaks into the stomach."),
        ("It leaks into", "length", "It leaks into…"),
        ("It leaks into ", "content_filter", "It leaks into…"),
        ("It leaks into…", "length", "It leaks into…"),
        ("\u202eevil\x1b[0m", "stop", "evil[0m"),
        (" \n\u200b", "stop", ""),
        ("", "length", ""),
    ],
)
def test_that_free_text_is_plain_and_says_that_it_was_cut_off(content, finish, shown):
    assert read_text(Reply(content, finish), 60) == shown


@given(st.text(max_size=200), st.sampled_from(["stop", "length", ""]), st.integers(2, 80))
def test_that_free_text_is_one_bounded_line(content, finish, longest):
    shown = read_text(Reply(content, finish), longest)
    assert len(shown) <= longest
    assert plain_text(shown, longest) == shown


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

    for kept in (reply(), Reply("A", "stop", model="m", image_tokens=512, problem="A picture was lost.")):
        assert stored_reply(json.loads(json.dumps(kept.to_json()))) == kept


def test_that_a_reply_stored_by_an_older_program_is_read():
    older = {"content": "B", "finish_reason": "stop", "first_token": [["B", -0.1]], "prompt_tokens": 9}
    assert stored_reply(older) == Reply("B", "stop", (("B", -0.1),), 9)


@pytest.mark.parametrize("stored", [{}, {"content": "A"}, {"content": 3, "finish_reason": "stop"}])
def test_that_a_damaged_stored_reply_is_none(stored):
    assert stored_reply(stored) is None
