"""Opinions come back from JSON as they were, and those of other programs can be read."""

import json

from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.findings import FindingCode
from labelcritic_gui.core.opinion_records import (
    quality_from_json,
    quality_to_json,
    verdict_from_json,
    verdict_to_json,
)
from labelcritic_gui.core.verdict import (
    Agreement,
    Cost,
    CriticIdentity,
    OrderRecord,
    Outcome,
    Quality,
    Subject,
    Verdict,
)

ITEM = ItemId(CaseId("a/b"), "liver")
PAIR = tuple(CandidateId(*ITEM, slug) for slug in ("one", "two"))
CRITIC = CriticIdentity("lvlm", "LVLM at here", "2", "model", "hash", "views frontal, 0 example(s)")
ASKED = OrderRecord(
    "AB",
    "first",
    {"first": 0.9, "second": 0.1},
    "stop",
    "key",
    0.5,
    900,
    2,
    "A",
    "model (server version 1)",
    (("A", -0.1),),
)


def verdict() -> Verdict:
    return Verdict(
        critic=CRITIC,
        subject=Subject(ITEM, PAIR, ("h1", "h2"), "kidneys"),
        outcome=Outcome.FIRST,
        confidence=0.9,
        reasons=("because",),
        orders=(ASKED, ASKED),
        cost=Cost(2, 1800, 4, 1.0, 1),
        agreement=Agreement.AGREE,
        examples=("c/one/liver.v1",),
        places=((1.0, 2.0, 3.0),),
        words=ASKED,
    )


def through(body: dict) -> dict:
    return json.loads(json.dumps(body))


def test_that_a_verdict_comes_back_as_it_was() -> None:
    assert verdict_from_json(through(verdict_to_json(verdict()))) == verdict()


def test_that_a_quality_score_comes_back_as_it_was() -> None:
    quality = Quality(
        critic=CRITIC,
        subject=Subject(ITEM, PAIR[:1], ("h1",)),
        score=80.0,
        uncertainty=10.0,
        suspected=(FindingCode.LEAK,),
        asked=ASKED,
        examples=("x",),
    )
    assert quality_from_json(through(quality_to_json(quality))) == quality


def test_that_a_verdict_of_an_older_program_can_be_read() -> None:
    body = through(verdict_to_json(verdict()))
    for name in ("agreement", "examples", "places", "words"):
        del body[name]
    del body["cost"]["words"]
    del body["critic"]["options"]
    for order in body["orders"]:
        for name in ("raw", "server", "first_token"):
            del order[name]
    read = verdict_from_json(body)
    assert (read.outcome, read.agreement, read.orders_agree, read.words) == (Outcome.FIRST, None, True, None)


def test_that_what_a_newer_program_added_is_left_out() -> None:
    body = through(verdict_to_json(verdict()))
    body["orders"][0]["mood"] = body["cost"]["watts"] = body["critic"]["age"] = 7
    assert verdict_from_json(body) == verdict()
