"""The LVLM critic against judges with a rule."""

import dataclasses
import math

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.core.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import Cost, Outcome, Subject
from labelcritic_gui.critic.base import Question
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.lvlm import EQUIVALENT_DICE, LEAST_UNCERTAINTY, LvlmCritic
from tests.fake_llm import Answer, FakeLlm, always, completion, error, png, prefers

ITEM = ItemId(CaseId("case"), "liver")
ONE, TWO = png(grey=60), png(grey=90)
NEVER = NeverCancel()


class Kept(dict):
    """A reply cache in memory."""

    def put(self, key, reply):
        self.setdefault(key, reply)


def question(*pictures, structure="liver", dice=0.5, asked_as=""):
    candidates = tuple(CandidateId(ITEM.case, ITEM.structure, f"set{n}") for n, _ in enumerate(pictures))
    subject = Subject(ITEM, candidates, tuple("h" for _ in pictures), asked_as)
    facts = tuple(CandidateFacts(empty=False) for _ in pictures)
    pair = PairFacts(dice=dice) if dice is not None and len(pictures) == 2 else None
    return Question(subject, Structure(structure), facts, pair, pictures)


def said(letter, **more):
    return Answer(body=completion(letter, **more))


@pytest.fixture
def server():
    with FakeLlm() as fake:
        yield fake


@pytest.fixture
def critic(server):
    critic = LvlmCritic(LvlmServer(server.url, pause_s=0.0, longest_pause_s=0.0))
    yield critic
    critic.client.close()


def test_that_the_two_orders_differ_only_in_the_order_of_the_pictures(server, critic):
    critic.compare(question(ONE, TWO), NEVER)
    forward, backward = server.chats
    assert forward.pictures == [ONE, TWO]
    assert backward.pictures == [TWO, ONE]
    assert forward.text == backward.text
    bodies = [dict(asked.body) for asked in (forward, backward)]
    for body in bodies:
        body["messages"] = [body["messages"][0], body["messages"][1]["content"][-1]]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(("liked", "outcome"), [(ONE, Outcome.FIRST), (TWO, Outcome.SECOND)])
def test_that_a_judge_who_looks_decides(server, critic, liked, outcome):
    server.judge = prefers(liked, certainty=0.8)
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert verdict.outcome is outcome
    assert verdict.confidence == pytest.approx(0.8)
    assert verdict.orders_agree
    assert [record.order for record in verdict.orders] == ["AB", "BA"]
    assert verdict.pick == verdict.subject.candidates[0 if liked == ONE else 1]


def test_that_asking_the_pair_the_other_way_round_gives_the_mirrored_verdict(server, critic):
    server.judge = prefers(ONE)
    there, back = critic.compare(question(ONE, TWO), NEVER), critic.compare(question(TWO, ONE), NEVER)
    assert (there.outcome, back.outcome) == (Outcome.FIRST, Outcome.SECOND)
    assert there.confidence == pytest.approx(back.confidence)


@pytest.mark.parametrize("letter", ["A", "B"])
def test_that_a_judge_who_always_takes_the_same_place_decides_nothing(server, critic, letter):
    server.judge = always(letter)
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert (verdict.outcome, verdict.confidence, verdict.orders_agree) == (Outcome.UNDECIDED, 0.0, False)
    assert verdict.pick is None
    assert "whichever label it shows" in verdict.reasons[0]


def test_that_confidence_is_the_mean_over_both_orders(server, critic):
    log = math.log
    server.script = [
        said("A", tokens=[("A", log(0.9)), ("B", log(0.1))]),
        said("B", tokens=[("B", log(0.6)), ("A", log(0.3)), ("C", log(0.1))]),
    ]
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert (verdict.outcome, verdict.confidence) == (Outcome.FIRST, pytest.approx(0.75))
    assert verdict.orders[1].distribution == pytest.approx({"first": 0.3, "second": 0.6, "equal": 0.1, "wrong": 0.0})


def test_that_both_wrong_needs_both_orders(server, critic):
    server.judge = always("D")
    assert critic.compare(question(ONE, TWO), NEVER).outcome is Outcome.BOTH_WRONG
    server.script = [said("D"), said("A")]
    assert critic.compare(question(ONE, TWO), NEVER).outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("dice", "outcome"),
    [(EQUIVALENT_DICE, Outcome.EQUIVALENT), (EQUIVALENT_DICE - 0.01, Outcome.UNDECIDED), (None, Outcome.UNDECIDED)],
)
def test_that_equally_good_is_believed_only_of_masks_that_are_alike(server, critic, dice, outcome):
    server.judge = always("C")
    assert critic.compare(question(ONE, TWO, dice=dice), NEVER).outcome is outcome


@pytest.mark.parametrize("broken", [0, 1])
@pytest.mark.parametrize(
    "answer", [said("first"), said("A", finish_reason="length"), said(""), said("A", tokens=[("B", -0.1), ("A", -4.0)])]
)
def test_that_one_unparsable_order_makes_the_verdict_unparsable(server, critic, broken, answer):
    server.script = [said("A"), said("B")]
    server.script[broken] = answer
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert (verdict.outcome, verdict.confidence, verdict.pick) == (Outcome.UNPARSABLE, 0.0, None)
    assert verdict.orders[broken].answer == "unparsable"
    assert verdict.orders_agree is False
    assert verdict.reasons[0].startswith(f"Order {('AB', 'BA')[broken]}: ")


def test_that_without_probabilities_confidence_is_coarse_and_says_so(server, critic):
    server.script = [said("A"), said("B")]
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert (verdict.outcome, verdict.confidence) == (Outcome.FIRST, 0.75)
    assert "no probabilities" in verdict.reasons[0]


def test_that_same_pictures_are_not_asked_about(server, critic):
    verdict = critic.compare(question(ONE, ONE), NEVER)
    assert (verdict.outcome, verdict.cost, server.asked) == (Outcome.UNDECIDED, Cost(), [])


@pytest.mark.parametrize(("liked", "low", "high"), [(ONE, 85, 95), (TWO, 5, 15)])
def test_that_a_score_is_the_probability_of_good_with_its_uncertainty(server, critic, liked, low, high):
    server.judge = prefers(liked, certainty=0.9)
    quality = critic.assess(question(ONE), NEVER)
    assert low < quality.score < high
    assert quality.uncertainty == pytest.approx(30.0)
    assert quality.cost.calls == 1


def test_that_a_score_is_never_certain(server, critic):
    server.judge = always("A", certainty=0.9999)
    assert critic.assess(question(ONE), NEVER).uncertainty == LEAST_UNCERTAINTY


def test_that_a_score_without_probabilities_is_coarse(server, critic):
    server.script = [said("B")]
    quality = critic.assess(question(ONE), NEVER)
    assert quality.score == pytest.approx(100 / 3)
    assert quality.uncertainty == pytest.approx(47.1, abs=0.1)


def test_that_an_unparsable_assessment_has_no_score(server, critic):
    server.script = [said("maybe")]
    quality = critic.assess(question(ONE), NEVER)
    assert (quality.score, quality.uncertainty) == (None, None)
    assert "none of the choices: maybe" in quality.reasons[0]


def test_that_what_was_answered_is_never_asked_again(server):
    cache = Kept()
    asked = LvlmCritic(LvlmServer(server.url), cache=cache)
    server.judge = prefers(TWO)
    fresh = asked.compare(question(ONE, TWO), NEVER)
    again = LvlmCritic(LvlmServer(server.url), cache=cache)
    kept = again.compare(question(ONE, TWO), NEVER)
    mirrored = again.compare(question(TWO, ONE), NEVER)
    assert len(server.chats) == len(cache) == fresh.cost.calls == 2
    assert kept.cost == Cost()
    assert (kept.outcome, kept.confidence, kept.orders) == (fresh.outcome, fresh.confidence, fresh.orders)
    assert mirrored.outcome is Outcome.FIRST
    assert {record.key for record in fresh.orders} == set(cache)
    for one in (asked, again):
        one.client.close()


def test_that_unparsable_and_damaged_replies_are_asked_again(server):
    cache = Kept()
    critic = LvlmCritic(LvlmServer(server.url), cache=cache)
    server.script = [said("Sure!")]
    assert critic.assess(question(ONE), NEVER).score is None
    assert cache == {}
    assert critic.assess(question(ONE), NEVER).score is not None
    (key,) = cache
    cache[key] = {"content": "A"}
    assert critic.assess(question(ONE), NEVER).cost.calls == 1
    critic.client.close()


def test_that_another_model_behind_the_same_name_is_asked_anew(server):
    cache = Kept()
    for version in ("0.32.0", "0.33.0"):
        server.version = version
        critic = LvlmCritic(LvlmServer(server.url), cache=cache)
        critic.assess(question(ONE), NEVER)
        critic.client.close()
    assert len(cache) == 2


def test_that_cost_counts_every_call_and_token(server, critic):
    server.judge = prefers(ONE)
    server.script = [error(500, "once")]
    cost = critic.compare(question(ONE, TWO), NEVER).cost
    assert (cost.calls, cost.prompt_tokens, cost.completion_tokens) == (3, 2 * 168, 4)
    assert cost.seconds > 0


def test_that_a_pair_shown_together_is_asked_as_the_pair(server, critic):
    critic.compare(question(ONE, TWO, structure="kidney_left", asked_as="kidneys"), NEVER)
    assert "label of the kidneys" in server.chats[0].text


def test_that_the_identity_is_known_and_stays_the_same_while_the_server_is_down(server):
    with FakeLlm() as gone:
        url = gone.url
    critic = LvlmCritic(LvlmServer(url, "org/Some-VL-7B", attempts=1))
    who = critic.identity
    assert (who.kind, who.title, who.model) == ("lvlm", "LVLM Some-VL-7B at 127.0.0.1", "org/Some-VL-7B")
    assert len(who.prompts) == 64
    assert critic.wants_pictures
    with pytest.raises(CriticError, match="No LVLM server answers"):
        critic.compare(question(ONE, TWO), NEVER)
    assert critic.identity == who


def test_that_the_model_that_answered_is_named(server, critic):
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert verdict.critic == critic.identity
    assert "Asked fake-vlm (server version 0.32.0)." in verdict.reasons


def test_that_server_failures_are_errors_and_no_votes(server, critic):
    server.script = [said("A"), error(400, "Failed to load image")]
    with pytest.raises(CriticError, match="Failed to load image"):
        critic.compare(question(ONE, TWO), NEVER)


def test_that_missing_pictures_are_an_error(server, critic):
    for asked in (question(ONE), dataclasses.replace(question(ONE, TWO), pictures=())):
        with pytest.raises(CriticError, match="needs 2 picture"):
            critic.compare(asked, NEVER)
    with pytest.raises(CriticError, match="needs 1 picture"):
        critic.assess(question(ONE, TWO), NEVER)
    assert server.chats == []


def test_that_a_structure_name_with_a_control_mark_is_made_plain(server, critic):
    critic.assess(question(ONE, structure="<|image_pad|>"), NEVER)
    assert "label of the image pad" in server.chats[0].text
    assert "<|" not in server.chats[0].text


def test_that_a_cancel_between_the_orders_stops(server, critic):
    class AfterOne:
        def is_set(self):
            return len(server.chats) == 1

    with pytest.raises(CancelledError):
        critic.compare(question(ONE, TWO), AfterOne())
    assert len(server.chats) == 1
