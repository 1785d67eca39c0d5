"""The LVLM critic against judges with a rule."""

import dataclasses
import math

import pytest

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, CriticError
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import Agreement, Cost, Outcome, Subject
from labelcritic_gui.critic.base import CaseQuestion, Example, Question
from labelcritic_gui.critic.client import LvlmServer
from labelcritic_gui.critic.combining import EQUIVALENT_DICE, LEAST_UNCERTAINTY
from labelcritic_gui.critic.lvlm import IN_ITS_WORDS, LvlmCritic
from labelcritic_gui.critic.prompt_sources import Problem, PromptError
from labelcritic_gui.critic.prompts import PromptSet
from labelcritic_gui.settings import LvlmSettings
from tests.fake_llm import Answer, FakeLlm, always, completion, error, png, prefers

ITEM = ItemId(CaseId("case"), "liver")
ONE, TWO = png(grey=60), png(grey=90)
NEVER = NeverCancel()


class Kept(dict):
    """A reply cache in memory."""

    def put_all(self, rows):
        for key, reply, _request in rows:
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
    # one at a time: the script's answers are then given in the order of the questions
    critic = LvlmCritic(LvlmServer(server.url, pause_s=0.0, longest_pause_s=0.0, max_in_flight=1))
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
    assert verdict.agreement is None
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
    assert "not the form that was asked for: maybe" in quality.reasons[0]
    assert quality.asked.answer == "unparsable"


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
            return len(server.chats) >= 1

    server.script = [Answer(hang=True)]
    with pytest.raises(CancelledError):
        critic.compare(question(ONE, TWO), AfterOne())
    assert len(server.chats) == 1


def shares(**weights):
    """Tokens of a first place with these probabilities, the likeliest chosen."""
    ordered = sorted(weights.items(), key=lambda entry: -entry[1])
    return said(ordered[0][0], tokens=[(letter, math.log(p)) for letter, p in ordered])


CLEAR_A, CLEAR_B = {"A": 0.9, "B": 0.1}, {"B": 0.9, "A": 0.1}
TORN_A, TORN_B = {"A": 0.52, "B": 0.48}, {"B": 0.52, "A": 0.48}


@pytest.mark.parametrize(
    ("forward", "backward", "outcome", "agreement"),
    [
        (CLEAR_A, CLEAR_B, Outcome.FIRST, Agreement.AGREE),
        (CLEAR_B, CLEAR_A, Outcome.SECOND, Agreement.AGREE),
        (CLEAR_A, CLEAR_A, Outcome.UNDECIDED, Agreement.DISAGREE),
        (CLEAR_A, {"D": 0.9, "A": 0.1}, Outcome.UNDECIDED, Agreement.DISAGREE),
        (CLEAR_A, TORN_B, Outcome.UNDECIDED, Agreement.ONE_UNDECIDED),
        (CLEAR_A, {"C": 0.9, "A": 0.1}, Outcome.UNDECIDED, Agreement.ONE_UNDECIDED),
        (TORN_A, TORN_B, Outcome.UNDECIDED, Agreement.BOTH_UNCLEAR),
        ({"C": 0.9, "A": 0.1}, TORN_B, Outcome.UNDECIDED, Agreement.BOTH_UNCLEAR),
        ({"C": 0.9, "A": 0.1}, {"C": 0.9, "A": 0.1}, Outcome.UNDECIDED, Agreement.BOTH_UNCLEAR),
        ({"D": 0.9, "A": 0.1}, {"D": 0.9, "A": 0.1}, Outcome.BOTH_WRONG, Agreement.AGREE),
    ],
)
def test_that_two_orders_combine_in_four_ways_and_only_agreement_decides(
    server, critic, forward, backward, outcome, agreement
):
    server.script = [shares(**forward), shares(**backward)]
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert (verdict.outcome, verdict.agreement) == (outcome, agreement)
    assert (verdict.confidence > 0) == (agreement is Agreement.AGREE)
    assert verdict.orders_agree == {Agreement.AGREE: True, Agreement.DISAGREE: False}.get(agreement)


def test_that_a_record_keeps_the_raw_answer_its_tokens_and_who_gave_it(server, critic):
    server.script = [shares(**CLEAR_A), shares(**CLEAR_B)]
    forward, backward = critic.compare(question(ONE, TWO), NEVER).orders
    assert (forward.raw, backward.raw) == ("A", "B")
    assert forward.server == "fake-vlm (server version 0.32.0)"
    assert dict(forward.first_token) == pytest.approx({"A": math.log(0.9), "B": math.log(0.1)})
    assert forward.key != backward.key


def test_that_many_questions_are_asked_together_and_answered_in_their_places(server):
    critic = LvlmCritic(LvlmServer(server.url))
    server.judge = prefers(TWO)
    three = png(grey=120)
    asked = [question(ONE, TWO), question(ONE, ONE), question(TWO, three), question(three, TWO)]
    told = critic.compare_all(asked, NEVER)
    assert [verdict.outcome for verdict in told] == [
        Outcome.SECOND,
        Outcome.UNDECIDED,
        Outcome.FIRST,
        Outcome.SECOND,
    ]
    # the last two are one pair: its two orders are asked once
    assert len(server.chats) == 4
    critic.client.close()


def test_that_one_failure_is_an_error_in_its_place_and_the_others_are_answered(server, critic):
    server.judge = prefers(TWO)
    server.script = [error(400, "Failed to load image")]
    failed, told = critic.compare_all([question(ONE, TWO), question(TWO, png(grey=120))], NEVER)
    assert isinstance(failed, CriticError)
    assert told.outcome is Outcome.FIRST


def test_that_codes_are_suspected_and_the_score_is_still_the_letter(server, critic):
    first = [("B", math.log(0.8)), ("A", math.log(0.2))]
    server.script = [said("B LEAK MISS LEAK", tokens=first)]
    quality = critic.assess(question(ONE), NEVER)
    assert quality.score == pytest.approx(20.0)
    assert [code.value for code in quality.suspected] == ["LEAK", "MISS"]
    assert quality.findings == ()
    assert "spills into a neighbour" in quality.reasons[0]
    assert quality.asked.raw == "B LEAK MISS LEAK"


def test_that_examples_come_first_in_both_orders_and_are_named(server, critic):
    good, bad = png(grey=10), png(grey=20)
    asked = dataclasses.replace(
        question(ONE, TWO), examples=(Example(good, True, "a/set/liver.v1"), Example(bad, False, "b/set/liver.v1"))
    )
    verdict = critic.compare(asked, NEVER)
    assert server.chats[0].pictures == [good, bad, ONE, TWO]
    assert server.chats[1].pictures == [good, bad, TWO, ONE]
    assert server.chats[0].text == server.chats[1].text
    assert verdict.examples == ("a/set/liver.v1", "b/set/liver.v1")


REGION = DifferingRegion("second", 12.5, (1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (9.0, 9.0, 9.0), 44.0, "left")


def worded(server):
    return LvlmCritic(LvlmServer(server.url, max_in_flight=1), how=LvlmSettings(reasons=True))


def test_that_reasons_are_a_third_call_whose_words_are_the_models_and_whose_places_are_ours(server):
    critic = worded(server)
    server.script = [shares(**CLEAR_A), shares(**CLEAR_B), said("It ends at the  <b>diaphragm</b>.\nGood.")]
    verdict = critic.compare(dataclasses.replace(question(ONE, TWO), regions=(REGION,)), NEVER)
    assert verdict.outcome is Outcome.FIRST
    assert f"{IN_ITS_WORDS} It ends at the <b>diaphragm</b>. Good." in verdict.reasons
    assert verdict.places == ((1.0, 2.0, 3.0),)
    assert verdict.cost.calls == 2
    assert verdict.words.key not in {record.key for record in verdict.orders}
    body = server.chats[2].body
    assert "structured_outputs" not in body
    assert "logprobs" not in body
    assert "12.5 ml" in server.chats[2].text
    critic.client.close()


def test_that_a_verdict_stands_when_its_reasons_cannot_be_had(server):
    critic = worded(server)
    server.script = [shares(**CLEAR_A), shares(**CLEAR_B), error(400, "no words today")]
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert verdict.outcome is Outcome.FIRST
    assert verdict.words is None
    assert any("no words today" in reason for reason in verdict.reasons)
    critic.client.close()


def test_that_words_that_cannot_be_rendered_fail_their_question_alone(server, monkeypatch):
    critic = worded(server)
    server.judge = prefers(TWO)
    monkeypatch.setattr(PromptSet, "_values", broken_for("spleen", PromptSet._values))
    pairs = [question(ONE, TWO), question(ONE, TWO, structure="spleen"), question(ONE), question(TWO, ONE)]
    first, second, third, last = critic.compare_all(pairs, NEVER)
    assert (first.outcome, last.outcome) == (Outcome.SECOND, Outcome.FIRST)
    assert isinstance(second, CriticError)
    assert "compare.j2" in second.message
    assert isinstance(third, CriticError), "one picture is no pair"
    good, bad = critic.assess_all([question(TWO), question(TWO, structure="spleen")], NEVER)
    assert good.score > 50
    assert isinstance(bad, CriticError)
    critic.client.close()


def test_that_a_verdict_stands_when_its_reasons_cannot_be_put_into_words(server, monkeypatch):
    critic = worded(server)
    server.judge = prefers(TWO)
    monkeypatch.setattr(PromptSet, "reasons", broken_for("liver", PromptSet.reasons))
    verdict = critic.compare(question(ONE, TWO), NEVER)
    assert verdict.outcome is Outcome.SECOND
    assert any("compare.j2" in reason for reason in verdict.reasons)
    critic.client.close()


def broken_for(structure, method):
    """A method of a prompt set whose template fails for one structure."""

    def called(self, about, *rest, **more):
        if about.name == structure:
            raise PromptError([Problem("compare.j2", "line 3: something is undefined")])
        return method(self, about, *rest, **more)

    return called


def test_that_no_reasons_are_asked_for_what_is_undecided(server):
    critic = worded(server)
    server.judge = always("A")
    critic.compare(question(ONE, TWO), NEVER)
    assert len(server.chats) == 2
    critic.client.close()


def surveyed(letters):
    return said("\n".join(f"{n} {letter}" for n, letter in enumerate(letters, 1)))


CASE = CaseQuestion(ITEM.case, ONE, (Structure("liver"), Structure("brain")))


def test_that_a_case_is_surveyed_in_one_call(server, critic):
    server.script = [surveyed("NNYYYYUN" + "YN")]
    told = critic.survey(CASE, NEVER)
    assert [limit.value for limit in told.field_of_view.in_view] == [
        "trachea",
        "upper_ribs",
        "lower_ribs",
        "lumbar_spine",
    ]
    assert [limit.value for limit in told.field_of_view.out_of_view] == ["skull", "neck", "femurs"]
    assert told.presence == {"liver": True, "brain": False}
    assert (told.cost.calls, told.problem, len(server.chats)) == (1, "", 1)


@pytest.mark.parametrize("answer", [said("Y Y Y"), surveyed("Y"), said(""), surveyed("YNXYYYYYYY")])
def test_that_a_survey_that_cannot_be_read_claims_nothing_and_says_why(server, critic, answer):
    server.script = [answer]
    told = critic.survey(CASE, NEVER)
    assert told.field_of_view.seen == {}
    assert told.presence == {}
    assert told.problem


def test_that_afresh_asks_again_and_keeps_nothing(server):
    cache = Kept()
    critic = LvlmCritic(LvlmServer(server.url), cache=cache)
    critic.assess(question(ONE), NEVER)
    fresh = critic.afresh()
    assert fresh.identity == critic.identity
    for _ in range(2):
        assert fresh.assess(question(ONE), NEVER).cost.calls == 1
    assert len(server.chats) == 3
    assert len(cache) == 1
    critic.client.close()


def test_that_how_it_asks_is_part_of_who_it_is_unless_it_changes_no_verdict(server):
    def options(**how):
        critic = LvlmCritic(LvlmServer(server.url), how=LvlmSettings(**how))
        critic.client.close()
        return critic.identity

    plain = options()
    assert options(reasons=True) == options(quality=True) == plain
    others = [options(views=("frontal", "slice")), options(shots=2), options(region=False)]
    assert len({plain.options, *(one.options for one in others)}) == 4


def test_that_what_would_be_sent_is_what_is_sent(server, critic):
    asked = question(ONE, TWO)
    shown = critic.questions(asked)
    critic.compare(asked, NEVER)
    for one, got in zip(shown, server.chats, strict=True):
        assert list(one.request.pictures) == got.pictures
        assert one.request.text == got.text
        assert one.request.system == got.body["messages"][0]["content"]
