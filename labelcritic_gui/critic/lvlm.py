"""The critic that shows pictures to a vision-language model and asks in both orders. Layer: critic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ParamSpec, TypeVar

from labelcritic_gui.core.cancel import Cancel
from labelcritic_gui.core.errors import CriticError, UserError
from labelcritic_gui.core.measures.regions import describe
from labelcritic_gui.core.patient.field_of_view import FieldOfView
from labelcritic_gui.core.structures import Structure
from labelcritic_gui.core.verdict import CriticIdentity, Outcome, Quality, Verdict
from labelcritic_gui.critic.asking import Answered, Asker, NoReplyCache, ReplyCache, reading_of
from labelcritic_gui.critic.base import WORTH_REASONS, CaseQuestion, Question, Survey
from labelcritic_gui.critic.client import Client, LvlmServer
from labelcritic_gui.critic.combining import Heard, combine, score, total_cost
from labelcritic_gui.critic.parsing import plain_text, read_text
from labelcritic_gui.critic.prompts import Conversation, Drawing, PromptSet, Told, load_prompts, read_region
from labelcritic_gui.critic.wire import ChatRequest, ModelIdentity
from labelcritic_gui.settings import LvlmSettings

P = ParamSpec("P")
T = TypeVar("T")

VERSION = "2"
"""Changes with how replies are combined."""
MOST_PLACES = 4
LONGEST_REASONS = 600
"""Characters of a model's own words that are kept."""
IN_ITS_WORDS = "In the model's words:"
TOP_LOGPROBS = 8
"""Alternatives asked for at the first token: more than there are letters, since the last one can be lost."""

_SAME_PICTURES = "Not asked: both labels give the same picture, so they differ in depth only."


@dataclass(frozen=True, slots=True)
class Sent:
    """A question as it goes over the wire: its order ("AB", "BA", ""), the conversation, and the request."""

    order: str
    conversation: Conversation
    request: ChatRequest = field(repr=False)


class _Pause:
    """Knows whether questions wait for the server; told by the connection, read by anybody."""

    def __init__(self) -> None:
        self.sentence = ""
        self.tell: Callable[[str], None] | None = None

    def __call__(self, state: str, sentence: str) -> None:
        self.sentence = sentence if state == "open" else ""
        if self.tell is not None:
            self.tell(self.sentence)


class LvlmCritic:
    """Asks a model behind an OpenAI-compatible server; nothing is sent before the first question.

    Its identity follows from the settings alone, so that it is known while the server is down; which model the
    server really ran stands in each order's record and in the keys of its replies.
    """

    def __init__(
        self,
        server: LvlmServer,
        *,
        how: LvlmSettings | None = None,
        cache: ReplyCache | None = None,
        prompts: PromptSet | None = None,
        client: Client | None = None,
        fresh: bool = False,
    ) -> None:
        self._how = how or LvlmSettings()
        self._client = client or Client(server, _Pause())
        self._cache = cache if cache is not None else NoReplyCache()
        self._asker = Asker(self._client, self._cache)
        self._prompts = prompts or load_prompts()
        self._fresh = fresh
        model = server.model.rstrip("/").rsplit("/", 1)[-1]
        title = f"LVLM {model} at {server.host}" if model else f"LVLM at {server.host}"
        self._identity = CriticIdentity("lvlm", title, VERSION, server.model, self._prompts.hash, options_of(self._how))

    @property
    def identity(self) -> CriticIdentity:
        """Who this critic is."""
        return self._identity

    @property
    def wants_pictures(self) -> bool:
        """Say yes: one picture per candidate."""
        return True

    @property
    def how(self) -> LvlmSettings:
        """How it asks."""
        return self._how

    @property
    def client(self) -> Client:
        """The connection, for checks and `close`."""
        return self._client

    @property
    def paused(self) -> str:
        """Why questions wait for the server at this moment; empty when they do not."""
        watching = self._client.on_state
        return watching.sentence if isinstance(watching, _Pause) else ""

    def watch(self, tell: Callable[[str], None]) -> None:
        """Have somebody told whenever questions begin to wait, or go on."""
        if isinstance(self._client.on_state, _Pause):
            self._client.on_state.tell = tell

    def afresh(self) -> "LvlmCritic":
        """Return the same critic without its memory, on the same connection."""
        server, how, prompts = self._client.server, self._how, self._prompts
        return LvlmCritic(server, how=how, prompts=prompts, client=self._client, fresh=True)

    def wordless(self) -> "LvlmCritic":
        """Return the same critic that asks for no reasons in words, with the same memory and connection."""
        how = self._how.model_copy(update={"reasons": False})
        server, prompts = self._client.server, self._prompts
        return LvlmCritic(server, how=how, cache=self._cache, prompts=prompts, client=self._client, fresh=self._fresh)

    def with_prompts(self, prompts: PromptSet) -> "LvlmCritic":
        """Return the same critic with other words, on the same connection."""
        return LvlmCritic(self._client.server, how=self._how, cache=self._cache, prompts=prompts, client=self._client)

    def drawing(self, structure: Structure, asked_as: str, field_of_view: FieldOfView) -> Drawing:
        """Say how a structure is drawn: opaque or not, and in which projection window."""
        return self._prompts.drawing(structure, asked_as, field_of_view=field_of_view)

    # --- what is sent --------------------------------------------------------------------------------------------

    def questions(self, question: Question) -> tuple[Sent, ...]:
        """Return exactly what would be sent about a pair (both orders) or one candidate; nothing is sent by this."""
        if len(question.subject.candidates) == 1:
            return (self._assessment(question),)
        return self._comparison(question)

    def survey_question(self, question: CaseQuestion) -> Sent:
        """Return exactly what would be sent once for a case; nothing is sent by this."""
        conversation = self._prompts.region(question.structures)
        return Sent("region", conversation, _request(conversation, (question.picture,)))

    def reasons_question(self, question: Question, outcome: Outcome) -> Sent:
        """Return exactly what would be sent for reasons after a verdict on a pair; nothing is sent by this."""
        places = [describe(region) for region in question.regions[:MOST_PLACES]]
        conversation = self._prompts.reasons(
            question.structure, replace(self._told(question), examples=()), outcome=outcome.value, places=places
        )
        return Sent("words", conversation, _request(conversation, _pictures(question, 2)))

    def _told(self, question: Question) -> Told:
        return Told(
            asked_as=question.subject.asked_as,
            field_of_view=question.field_of_view,
            views=question.views,
            examples=tuple(example.good for example in question.examples),
        )

    def _comparison(self, question: Question) -> tuple[Sent, Sent]:
        first, second = _pictures(question, 2)
        examples = tuple(example.picture for example in question.examples)
        conversation = self._prompts.compare(question.structure, told=self._told(question))
        return (
            Sent("AB", conversation, _request(conversation, (*examples, first, second))),
            Sent("BA", conversation, _request(conversation, (*examples, second, first))),
        )

    def _assessment(self, question: Question) -> Sent:
        examples = tuple(example.picture for example in question.examples)
        conversation = self._prompts.assess(question.structure, told=self._told(question))
        return Sent("", conversation, _request(conversation, (*examples, *_pictures(question, 1))))

    # --- asking --------------------------------------------------------------------------------------------------

    def compare(self, question: Question, cancel: Cancel) -> Verdict:
        """Ask in both orders; only answers that name the same candidate decide. Raises CriticError, CancelledError."""
        (verdict,) = self.compare_all([question], cancel)
        if isinstance(verdict, CriticError):
            raise verdict
        return verdict

    def assess(self, question: Question, cancel: Cancel) -> Quality:
        """Ask whether one label can be used: the score is 100 x p(good). Raises CriticError, CancelledError."""
        (quality,) = self.assess_all([question], cancel)
        if isinstance(quality, CriticError):
            raise quality
        return quality

    def compare_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Verdict | CriticError]:
        """Compare many pairs, all questions at the same time as far as the server is allowed to be asked."""
        told = [_made(self._without_asking, q) for q in questions]
        sent: dict[int, tuple[Sent, Sent]] = {}
        for n in [n for n, one in enumerate(told) if one is None]:
            pair = _made(self._comparison, questions[n])
            if isinstance(pair, CriticError):
                told[n] = pair
            else:
                sent[n] = pair
        heard = self._hear([one for pair in sent.values() for one in pair], cancel)
        for place, n in enumerate(sent):
            told[n] = self._verdict(questions[n], heard[2 * place : 2 * place + 2])
        if self._how.reasons:
            self._add_words(questions, told, cancel)
        return [one for one in told if one is not None]

    def assess_all(self, questions: Sequence[Question], cancel: Cancel) -> list[Quality | CriticError]:
        """Assess many candidates at the same time."""
        made = [_made(self._assessment, q) for q in questions]
        heard = iter(self._hear([one for one in made if isinstance(one, Sent)], cancel))
        answers = [next(heard) if isinstance(one, Sent) else one for one in made]
        return [self._quality(q, one) for q, one in zip(questions, answers, strict=True)]

    def survey(self, question: CaseQuestion, cancel: Cancel) -> Survey:
        """Ask once a case what is in view; an answer that cannot be read says so and claims nothing."""
        sent = self.survey_question(question)
        one = _heard(sent, self._asker.ask(sent.request, cancel, fresh=self._fresh))
        if not one.answer:
            return Survey(asked=one.record, problem=one.reading.problem, cost=total_cost([one]))
        seen, presence = read_region(one.reply.content, question.structures)
        return Survey(seen, presence, one.record, cost=total_cost([one]))

    def _without_asking(self, question: Question) -> Verdict | None:
        first, second = _pictures(question, 2)
        if first != second:
            return None
        return Verdict(
            self._identity,
            question.subject,
            Outcome.UNDECIDED,
            0.0,
            reasons=(_SAME_PICTURES,),
            places=_places(question),
        )

    def _hear(self, sent: Sequence[Sent], cancel: Cancel) -> list[Heard | CriticError]:
        answers = self._asker.ask_all([one.request for one in sent], cancel, fresh=self._fresh)
        return [a if isinstance(a, CriticError) else _heard(s, a) for s, a in zip(sent, answers, strict=True)]

    def _verdict(self, question: Question, heard: Sequence[Heard | CriticError]) -> Verdict | CriticError:
        whole = [one for one in heard if isinstance(one, Heard)]
        if len(whole) < len(heard):
            return next(one for one in heard if isinstance(one, CriticError))
        combined = combine(whole, question.pair.dice if question.pair is not None else None)
        return Verdict(
            critic=self._identity,
            subject=question.subject,
            outcome=combined.outcome,
            confidence=combined.confidence,
            reasons=(*combined.reasons, f"Asked {whole[0].server}."),
            orders=tuple(one.record for one in whole),
            cost=total_cost(whole),
            agreement=combined.agreement,
            examples=tuple(example.name for example in question.examples),
            places=_places(question),
        )

    def _quality(self, question: Question, heard: Heard | CriticError) -> Quality | CriticError:
        if isinstance(heard, CriticError):
            return heard
        scored = score(heard)
        return Quality(
            critic=self._identity,
            subject=question.subject,
            score=scored.value,
            uncertainty=scored.uncertainty,
            reasons=(*scored.reasons, f"Asked {heard.server}."),
            cost=total_cost([heard]),
            suspected=scored.suspected,
            asked=heard.record,
            examples=tuple(example.name for example in question.examples),
        )

    # --- reasons in words ----------------------------------------------------------------------------------------

    def _add_words(
        self, questions: Sequence[Question], told: list[Verdict | CriticError | None], cancel: Cancel
    ) -> None:
        """Ask for reasons of every verdict that decides; a verdict stands whatever becomes of that."""
        decided = {n: v for n, v in enumerate(told) if isinstance(v, Verdict) and v.outcome in WORTH_REASONS}
        sent: dict[int, Sent] = {}
        for n, verdict in decided.items():
            made = _made(self.reasons_question, questions[n], verdict.outcome)
            if isinstance(made, CriticError):
                told[n] = _wordless(verdict, made)
            else:
                sent[n] = made
        answers = self._asker.ask_all([one.request for one in sent.values()], cancel, fresh=self._fresh)
        for (n, one), answered in zip(sent.items(), answers, strict=True):
            told[n] = _worded(decided[n], one, answered)


def options_of(how: LvlmSettings) -> str:
    """Return how a critic asks in a fixed form; what does not change a verdict (scores, words) is left out."""
    source = f" from {how.examples_folder}" if how.shots and how.examples_folder else ""
    region = "" if how.region else ", field of view not asked"
    return f"views {'+'.join(how.views)}, {how.shots} example(s){source}{region}"


def views_of(options: str) -> tuple[str, ...]:
    """Return the views that a critic with these options shows; see `options_of`."""
    first = options.split(",", 1)[0]
    return tuple(first.removeprefix("views ").split("+")) if first.startswith("views ") else ("frontal",)


def _worded(verdict: Verdict, sent: Sent, answered: Answered | CriticError) -> Verdict:
    """Add the reasons that a model gave; a verdict stands whatever became of them."""
    if isinstance(answered, CriticError):
        return _wordless(verdict, answered)
    text = read_text(answered.reply, LONGEST_REASONS)
    said = f"{IN_ITS_WORDS} {text}" if text else "The model gave no reasons."
    cost = replace(verdict.cost, words=answered.calls)
    return replace(verdict, reasons=(*verdict.reasons, said), words=_heard(sent, answered).record, cost=cost)


def _wordless(verdict: Verdict, error: CriticError) -> Verdict:
    return replace(verdict, reasons=(*verdict.reasons, f"Its reasons could not be had: {error.message}"))


def _made(make: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T | CriticError:
    """Make a question, or say why it cannot be: its pictures are missing, or its words cannot be rendered."""
    try:
        return make(*arguments, **named)
    except CriticError as error:
        return error
    except UserError as error:
        return CriticError(error.message, error.hint)


def _request(conversation: Conversation, pictures: tuple[bytes, ...]) -> ChatRequest:
    letters = conversation.choices
    return ChatRequest(
        conversation.system,
        pictures,
        conversation.text,
        choices=() if conversation.pattern else letters,
        pattern=conversation.pattern,
        letters=letters if conversation.pattern else (),
        max_tokens=conversation.max_tokens,
        logprobs=bool(letters),
        top_logprobs=TOP_LOGPROBS if letters else 0,
    )


def _heard(sent: Sent, answered: Answered) -> Heard:
    """Read an answer in the words of its conversation; one without letters is read as it stands."""
    meanings = sent.conversation.meanings
    reading = reading_of(sent.request, answered.reply)
    shares = {meanings[letter]: p for letter, p in reading.distribution.items()}
    answer = meanings.get(reading.answer, "") if meanings else "read" if reading.answer else ""
    server = _name(answered.identity)
    return Heard(sent.order, answer, shares, reading, answered.reply, answered.key, server, answered.calls)


def _name(who: ModelIdentity) -> str:
    return plain_text(who.model, 80) + (f" (server version {who.server})" if who.server else "")


def _places(question: Question) -> tuple[tuple[float, float, float], ...]:
    return tuple(region.place for region in question.regions[:MOST_PLACES])


def _pictures(question: Question, wanted: int) -> tuple[bytes, ...]:
    if len(question.pictures) != wanted or len(question.subject.candidates) != wanted:
        raise CriticError(
            f"The LVLM critic needs {wanted} picture(s) of {question.subject.item}, and got {len(question.pictures)}.",
            "Render the item's pictures again.",
        )
    return question.pictures
