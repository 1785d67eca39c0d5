"""Whole reviews judged by a real vLLM: every record complete, every call counted. Never what it judges: its weights
are random.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.vllm.counting_proxy import CountingProxy
from tests.vllm.reviews import demonstration, opinions, part_of, rows, said, three_label_sets

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(400)]
EQUIVALENT_DICE = 0.97
CASES = 2
MEANINGS = {"first", "second", "equal", "wrong"}


@pytest.fixture
def review(tmp_path) -> Path:
    return demonstration(tmp_path / "demonstration", cases=CASES)


@pytest.fixture
def ask(door):
    """Ask about a review through the counting door."""

    def ask(review: Path, *words: object, command: str = "compare") -> Any:
        return said(command, review, "--critic", "lvlm", "--server", door.url, *words)

    return ask


def pairs_to_ask(review: Path) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The items (case, structure) of two label sets that differ; and those of which one label alone is empty.

    About the latter nobody need be asked where it is known whether the structure must be there.
    """
    dice: dict[tuple[str, str], float] = {}
    empty: Counter[tuple[str, str]] = Counter()
    for row in rows(review, "fact"):
        item = (row["case"], row["structure"])
        if ":" in row["label_sets"]:
            dice[item] = row["body"]["dice"]
        else:
            empty[item] += row["body"]["empty"]
    differ = {item for item, value in dice.items() if value < EQUIVALENT_DICE and not empty[item]}
    return differ, {item for item in dice if empty[item] == 1}


def assert_complete(record: dict[str, Any], replies: dict[str, Any], *, meanings: Iterable[str] = ()) -> None:
    """An answer is kept whole: what was said, how probable, at what cost, by whom, under which key."""
    reply = replies[record["key"]]["reply"]
    assert record["raw"]
    assert record["finish_reason"] == reply["finish_reason"]
    assert re.fullmatch(r".+ \(server version \d+\.\d+.*\)", record["server"])
    assert record["prompt_tokens"] == reply["prompt_tokens"] > reply["image_tokens"] > 0
    assert record["completion_tokens"] == reply["completion_tokens"] > 0
    assert record["seconds"] > 0.0
    if meanings:
        assert set(record["distribution"]) == set(meanings)
        assert sum(record["distribution"].values()) == pytest.approx(1.0)
        assert record["answer"] == max(record["distribution"], key=record["distribution"].get)
        assert record["first_token"]
        assert record["raw"][0] == record["first_token"][0][0]


def kept(review: Path) -> dict[str, Any]:
    return {row["key"]: row["body"] for row in rows(review, "reply")}


def assert_kept_as_asked(review: Path, door: CountingProxy) -> None:
    """What stands beside each reply is what went over the wire, text for text and picture for picture."""
    texts = {row["sha256"]: row["body"] for row in rows(review, "sent_text")}
    for sha, text in texts.items():
        assert hashlib.sha256(text.encode()).hexdigest() == sha
    asked = [one.canonical for one in door.passed]
    stored = [body["request"] for body in kept(review).values()]
    assert sorted(map(repr, map(_ordered, stored))) == sorted(map(repr, map(_ordered, asked)))
    assert {text for request in stored for text in (request["system"], request["text"])} == set(texts)


def _ordered(request: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted(request.items())


def test_that_a_review_takes_two_calls_a_pair_and_one_a_case_and_nothing_a_second_time(review, ask, door):
    done = ask(review)
    assert done["asked_now"] == 9 * CASES
    verdicts = opinions(review, "verdict")
    assert len(verdicts) == 9 * CASES
    asked = [v for v in verdicts if v["orders"]]
    differ, half_empty = pairs_to_ask(review)
    items = {(v["subject"]["case"], v["subject"]["structure"]) for v in asked}
    assert differ <= items <= differ | half_empty
    assert len(differ) > CASES
    assert all(v["reasons"][0].startswith("Decided without asking") for v in verdicts if not v["orders"])
    questions = {(v["subject"]["case"], v["subject"]["asked_as"] or v["subject"]["structure"]) for v in asked}
    keys = {order["key"] for v in asked for order in v["orders"]}
    assert len(keys) == 2 * len(questions)
    assert door.counts == {
        "asked": len(keys) + CASES,
        "answered": len(keys) + CASES,
        "other": 0,
        "cut": 0,
        "waiting": 0,
    }
    assert len({one.sha256 for one in door.passed}) == len(door.passed)
    assert len(kept(review)) == len(door.passed)
    assert sum(v["cost"]["calls"] for v in asked) == len(keys)

    again = ask(review)
    assert again["asked_now"] == 0
    assert ask(review, "--again")["asked_now"] == 9 * CASES
    assert len(door.passed) == len(keys) + CASES, "what was answered is remembered"


def test_that_every_verdict_is_kept_whole_in_both_orders(review, ask, door):
    ask(review)
    replies = kept(review)
    for verdict in opinions(review, "verdict"):
        assert verdict["critic"]["prompts"]
        if not verdict["orders"]:
            assert verdict["agreement"] is None
            continue
        assert [order["order"] for order in verdict["orders"]] == ["AB", "BA"]
        assert verdict["agreement"] in {"agree", "disagree", "one-undecided", "both-unclear"}
        ab, ba = (replies[order["key"]]["request"] for order in verdict["orders"])
        assert ab["pictures"] == ba["pictures"][::-1]
        assert {k: v for k, v in ab.items() if k != "pictures"} == {k: v for k, v in ba.items() if k != "pictures"}
        for order in verdict["orders"]:
            assert_complete(order, replies, meanings=MEANINGS)
    assert_kept_as_asked(review, door)
    records = {row["case"]: row["body"] for row in rows(review, "case_record")}
    assert len(records) == CASES
    for body in records.values():
        assert_complete(body["record"], replies)
        assert body["computed"]["seen"]
        assert body["problem"] == ""
        assert set(body["presence"]) == {v["subject"]["structure"] for v in opinions(review, "verdict")}


def test_that_the_kidneys_are_asked_about_once_and_shown_together(review, ask, door):
    ask(review)
    asked = {}
    for verdict in opinions(review, "verdict"):
        subject = verdict["subject"]
        if subject["asked_as"] and verdict["orders"]:
            keys = tuple(order["key"] for order in verdict["orders"])
            asked.setdefault((subject["case"], subject["asked_as"]), {})[subject["structure"]] = keys
    both = [sides for sides in asked.values() if len(sides) == 2]
    assert both, "some case has both kidneys to ask about"
    assert all(len(set(sides.values())) == 1 for sides in both)
    texts = {row["sha256"]: row["body"] for row in rows(review, "sent_text")}
    for sides in both:
        request = kept(review)[next(iter(sides.values()))[0]]["request"]
        assert "kidneys" in texts[request["text"]].lower()


def test_that_scores_and_reasons_are_asked_only_where_wished_and_counted_apart(review, ask, door):
    ask(review)
    plain = len(door.passed)
    ask(review, "--quality", "--reasons")
    replies = kept(review)
    verdicts, scores = opinions(review, "verdict"), opinions(review, "quality")
    newest = {(v["subject"]["case"], v["subject"]["structure"]): v for v in verdicts}
    decided = [v for v in newest.values() if v["orders"] and v["outcome"] in {"first", "second", "both-wrong"}]
    assert all(v["words"] for v in decided)
    assert not any(v["words"] for v in newest.values() if v not in decided)
    words = {v["words"]["key"] for v in decided}
    quality = {score["asked"]["key"] for score in scores}
    assert len(door.passed) == plain + len(words) + len(quality)
    assert len(replies) == len(door.passed)
    for verdict in decided:
        assert_complete(verdict["words"], replies)
        assert "logprobs" not in verdict["words"]
        assert replies[verdict["words"]["key"]]["request"]["logprobs"] is False
        assert any("In the model's words:" in reason or "no reasons" in reason for reason in verdict["reasons"])
    for score in scores:
        assert_complete(score["asked"], replies, meanings={"good", "bad"})
        assert 0.0 <= score["score"] <= 100.0
        assert 10.0 <= score["uncertainty"] <= 50.0
        assert score["score"] == pytest.approx(100 * score["asked"]["distribution"]["good"])
    assert_kept_as_asked(review, door)
    assert ask(review, "--quality", "--reasons")["asked_now"] == 0


def test_that_examples_of_other_cases_and_all_views_are_sent(review, ask, door):
    review = part_of(review.parent, ("liver", "stomach", "kidney_left", "kidney_right"))
    said("compare", review, "--critic", "anatomy")
    for case in sorted({row["case"] for row in rows(review, "item")}):
        for structure, decided in (("liver", ("--accept", "model_a")), ("stomach", ("--none",))):
            said("decide", review, "--case", case, "--structure", structure, *decided, "--reader", "ann")
    ask(review, "--views", "frontal,lateral,slice", "--shots", "2")
    texts = {row["sha256"]: row["body"] for row in rows(review, "sent_text")}
    shown = {}
    for verdict in opinions(review, "verdict"):
        own, names = verdict["subject"]["case"], verdict["examples"]
        assert not any(name.startswith(f"{own}/") for name in names), "never of the case under judgement"
        if not verdict["orders"]:
            continue
        shown[verdict["subject"]["structure"]] = len(names)
        ab, ba = (kept(review)[order["key"]]["request"] for order in verdict["orders"])
        assert len(ab["pictures"]) == 2 + len(names)
        assert ab["pictures"] == [*ba["pictures"][:-2], *ba["pictures"][:-3:-1]], "examples first, in one order"
        assert verdict["critic"]["options"].startswith("views frontal+lateral+slice, 2 example(s)")
        assert all(view in texts[ab["text"]].lower() for view in ("frontal", "side", "slice"))
    assert shown["stomach"] == 2, "two labels that nobody would accept"
    assert shown["liver"] >= 1
    assert shown["kidney_left"] == 0, "nobody decided on kidneys"
    assert door.counts["other"] == 0
    assert_kept_as_asked(review, door)


def test_that_the_best_of_three_label_sets_is_found_by_pairs(tmp_path, ask, door):
    review = three_label_sets(tmp_path / "three", cases=CASES)
    ask(review)
    verdicts = opinions(review, "verdict")
    keys: dict[tuple[str, str], set[str]] = {}
    pairs: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for verdict in verdicts:
        subject = verdict["subject"]
        item = (subject["case"], subject["structure"])
        sets = tuple(c["label_set"] for c in subject["candidates"])
        if len(sets) == 2:
            pairs.setdefault(item, set()).add(tuple(sorted(sets)))
        keys.setdefault(item, set()).update(order["key"] for order in verdict["orders"])
    assert len(pairs) == 9 * CASES
    assert all(2 <= len(found) <= 3 for found in pairs.values())
    everything = set().union(*keys.values())
    assert len(door.passed) == len({one.sha256 for one in door.passed}) == len(everything) + CASES
    assert max(len(found) for found in keys.values()) >= 4
    summaries = {(row["case"], row["structure"]): row for row in rows(review, "item")}
    assert all(row["outcome"] for row in summaries.values())
    asked = len(door.passed)
    assert ask(review)["asked_now"] == 0
    assert len(door.passed) == asked


def test_that_show_prints_all_that_was_sent_and_answered(review, ask):
    ask(review, "--quality")
    asked = next(v for v in opinions(review, "verdict") if v["orders"])
    case, structure = asked["subject"]["case"], asked["subject"]["structure"]
    shown = said("show", review, "--case", case, "--structure", structure)
    text = str(shown)
    for order in asked["orders"]:
        assert order["key"][:16] in text
        assert str(order["prompt_tokens"]) in text
    assert asked["orders"][0]["server"] in text
