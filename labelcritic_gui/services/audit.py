"""Audits a critic on a review: counts what it said anyway, and puts questions to it that show a bias. Layer: services.

Nothing of the review changes: verdicts and decisions stay as they are. Every question but the repeated ones goes
through the critic's own memory, so an audit that was stopped goes on where it was without asking anything twice.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from labelcritic_gui.core.audit import Counting, Observation, Report
from labelcritic_gui.core.audit_answers import (
    Correct,
    of_background,
    of_mark,
    of_no_answer,
    of_orders,
    of_outcome,
    of_repeats,
    of_size,
)
from labelcritic_gui.core.audit_measures import ON_PURPOSE, AuditTest
from labelcritic_gui.core.cancel import Cancel, NeverCancel, Progress, no_progress, stop_if
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import CancelledError, CriticError, ReviewError, UserError
from labelcritic_gui.core.verdict import Verdict
from labelcritic_gui.critic.base import Critic, seeing
from labelcritic_gui.services.audit_questions import (
    BLANKED,
    MARK_FIRST,
    MARK_SECOND,
    PLAIN,
    REPEAT,
    SIZE,
    Asked,
    CaseQuestions,
)
from labelcritic_gui.services.audit_sample import Sample, Sampled, chosen_structures
from labelcritic_gui.services.audit_stored import StoredVerdicts, decisions_of, nothing_said, trusted_set
from labelcritic_gui.services.review import SOFTWARE, OpenReview, now
from labelcritic_gui.store import index

SAMPLE, REPEATS = 12, 3
LARGEST_SAMPLE, MOST_REPEATS = 10_000, 100
AT_ONCE = 32
"""Questions handed to the critic together, at least: enough to keep its server busy."""
VIEW = "field of view"
"""What the calls are counted under that ask once a case what is in view."""
_QUESTIONS = {AuditTest.MARK: 2, AuditTest.BACKGROUND: 1, AuditTest.SIZE: 1}
_NO_PICTURES = "Not applicable: this critic looks at no pictures."
_NOT_AFRESH = "Not applicable: this critic cannot be asked without its memory."
_NONE_LEFT = (
    "No pair was left to ask about: two candidates that can be read, are not empty and differ (3-D Dice below 0.97)."
)


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to test: so many pairs a structure, the repeated ones so often; empty `structures` means all.

    `seed` chooses other pairs.
    """

    tests: tuple[AuditTest, ...] = tuple(AuditTest)
    sample: int = SAMPLE
    repeats: int = REPEATS
    structures: tuple[str, ...] = ()
    seed: str = "0"

    @property
    def on_purpose(self) -> tuple[AuditTest, ...]:
        """The tests that put questions of their own."""
        return tuple(test for test in ON_PURPOSE if test in self.tests)


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """What an audit will take, at most: pairs, and calls by test ("plain" for pairs as they are always asked).

    Answers the critic remembers are not asked again. `reasons` says of a test, chosen or not, why it cannot be put.
    """

    pairs: int
    calls: Mapping[str, int]
    reasons: Mapping[AuditTest, str]
    unmeasured: int

    @property
    def most_calls(self) -> int:
        """Calls in all, at most."""
        return sum(self.calls.values())


@dataclass(frozen=True, slots=True)
class Audit:
    """A report, and each pair against the trusted label where there is one."""

    report: Report
    correct: tuple[Correct, ...]


def plan_audit(review: OpenReview, request: AuditRequest, *, critic: Critic | None = None) -> AuditPlan:
    """Say how many calls an audit takes at most; raises UserError for a request that makes no sense."""
    asked = critic or review.critic
    structures = _checked(review, request)
    reasons = _not_applicable(AuditRequest(), asked)
    tests = tuple(test for test in request.on_purpose if test not in reasons)
    pairs = unmeasured = cases = 0
    if tests:
        sample = _sample(review, request, structures, asked)
        for _, found in sample.walk():
            cases += 1
            for one in found:
                sample.take(one)
                pairs += 1
                unmeasured += not one.known
    seer = seeing(asked)
    each = 2 if seer is not None else 0
    questions = {PLAIN: 1 if tests else 0, **{t.value: _QUESTIONS.get(t, request.repeats) for t in tests}}
    calls = {name: pairs * n * each for name, n in questions.items()}
    if seer is not None and seer.how.region and pairs:
        calls[VIEW] = cases
    return AuditPlan(pairs, calls, reasons, unmeasured)


def audit(
    review: OpenReview,
    request: AuditRequest,
    *,
    critic: Critic | None = None,
    cancel: Cancel | None = None,
    progress: Progress = no_progress,
) -> Audit:
    """Audit a critic (the review's own if none is given) and return the report.

    Raises UserError for a request that makes no sense, ReviewError when there is nothing at all to count, CriticError
    when nobody answers, and CancelledError.
    """
    asked = _wordless(critic or review.critic)
    round_ = _Round(review, request, asked, _checked(review, request), cancel or NeverCancel(), progress)
    return round_.run()


class _Round:
    """One audit under way."""

    def __init__(
        self,
        review: OpenReview,
        request: AuditRequest,
        critic: Critic,
        structures: Sequence[str],
        cancel: Cancel,
        progress: Progress,
    ) -> None:
        self._review = review
        self._request = request
        self._critic = critic
        self._structures = structures
        self._cancel = cancel
        self._progress = progress
        self._counting = Counting()
        self._reasons = _not_applicable(request, critic)
        self._tests = tuple(test for test in request.on_purpose if test not in self._reasons)
        self._calls: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._answered = self._sampled = self._stored = self._done = 0
        self._total = 0

    def run(self) -> Audit:
        correct = self._look_back()
        if self._tests:
            plan = plan_audit(self._review, self._request, critic=self._critic)
            questions = 1 + sum(_QUESTIONS.get(test, self._request.repeats) for test in self._tests)
            self._total = plan.pairs * questions
            self._ask_on_purpose()
        report = self._report()
        if not report.lines:
            raise self._nothing(report)
        return Audit(report, correct)

    # --- what was said before --------------------------------------------------------------------------------------

    def _look_back(self) -> tuple[Correct, ...]:
        tests, trusted = self._request.tests, trusted_set(self._review)
        if all(test.asks_on_purpose for test in tests):
            return ()
        decided = decisions_of(self._review) if AuditTest.READERS in tests else {}
        correct: list[Correct] = []
        cases = index.case_ids(self._review.database)
        for n, case in enumerate(cases):
            stop_if(self._cancel)
            self._progress(n, len(cases), f"what was said of {case}")
            said = StoredVerdicts(self._review, case, self._critic)
            self._stored += len(said.pairs)
            self._counting.add(said.observations(self._structures))
            self._counting.add(said.against_readers(self._structures, decided))
            if trusted and AuditTest.TRUSTED in tests:
                correct += said.against_trusted(self._structures, trusted)
        self._counting.add(seen for row in correct for seen in row.observations)
        return tuple(correct)

    # --- asking on purpose -----------------------------------------------------------------------------------------

    def _ask_on_purpose(self) -> None:
        sample = _sample(self._review, self._request, self._structures, self._critic)
        waiting: list[tuple[Sampled, list[Asked]]] = []
        for case, found in sample.walk():
            stop_if(self._cancel)
            self._progress(self._done, self._total, f"reading {case}")
            for one, questions in self._questions(case, found):
                sample.take(one)
                waiting.append((one, questions))
            if sum(len(questions) for _, questions in waiting) >= AT_ONCE:
                self._ask(waiting)
                waiting = []
        if waiting:
            self._ask(waiting)

    def _questions(self, case: CaseId, found: Sequence[Sampled]) -> list[tuple[Sampled, list[Asked]]]:
        maker = CaseQuestions(
            self._review, case, self._critic, tests=self._tests, seed=self._request.seed, cancel=self._cancel
        )
        try:
            return maker.of(found)
        except (CancelledError, CriticError):
            raise
        except UserError as error:  # a case that cannot be read or drawn is named, and others take its place
            self._failures[f"{case}: {error}"] += 1
            return []
        finally:
            self._calls[VIEW] += maker.calls

    def _ask(self, waiting: Sequence[tuple[Sampled, list[Asked]]]) -> None:
        """Put the questions about some pairs, and count the answers; raises CriticError when none is answered."""
        asked = [question for _, questions in waiting for question in questions]
        once = [one for one in asked if one.role != REPEAT]
        repeated = [one for one in asked if one.role == REPEAT]
        answers: dict[tuple[Sampled, str], list[Verdict | CriticError]] = {}
        self._put(self._critic, once, answers)
        fresh = afresh(self._critic)
        for _ in range(self._request.repeats if repeated else 0):
            self._put(fresh, repeated, answers)
        told = [answer for those in answers.values() for answer in those]
        if all(isinstance(answer, CriticError) for answer in told):
            if self._answered:
                raise CriticError(
                    f"The critic stopped answering: {told[0]}", "Begin the audit again: what was answered is kept."
                )
            raise CriticError(f"The critic did not answer a single question: {told[0]}")
        self._answered += len(told)
        for one, _ in waiting:
            self._sampled += 1
            self._count(one, {role: those for (of, role), those in answers.items() if of == one}, asked)

    def _put(
        self,
        critic: Critic,
        asked: Sequence[Asked],
        answers: dict[tuple[Sampled, str], list[Verdict | CriticError]],
    ) -> None:
        stop_if(self._cancel)
        for start in range(0, len(asked), AT_ONCE):
            part = asked[start : start + AT_ONCE]
            self._progress(self._done, self._total, f"asking about {part[0].of.item}")
            told = critic.compare_all([one.question for one in part], self._cancel)
            for one, answer in zip(part, told, strict=True):
                answers.setdefault((one.of, one.role), []).append(answer)
                name = one.test.value if one.test else PLAIN
                if isinstance(answer, CriticError):
                    self._failures[str(answer)] += 1
                else:
                    self._calls[name] += answer.cost.calls
            self._done += len(part)

    def _count(self, one: Sampled, told: Mapping[str, list[Verdict | CriticError]], asked: Sequence[Asked]) -> None:
        plain = told[PLAIN][0]
        self._counting.add(self._of_plain(one, plain))
        heard = {role: those[0] for role, those in told.items() if isinstance(those[0], Verdict)}
        if isinstance(plain, Verdict):
            if MARK_FIRST in heard and MARK_SECOND in heard:
                self._counting.add(of_mark(plain, heard[MARK_FIRST], heard[MARK_SECOND]))
            if BLANKED in heard:
                self._counting.add(of_background(plain, heard[BLANKED]))
        if SIZE in heard:
            larger_first = next(a.larger_first for a in asked if a.of == one and a.role == SIZE)
            self._counting.add(of_size(heard[SIZE], larger_first=larger_first))
        repeats = [answer for answer in told.get(REPEAT, []) if isinstance(answer, Verdict)]
        if len(repeats) == self._request.repeats:
            self._counting.add(of_repeats(repeats))

    def _of_plain(self, one: Sampled, plain: Verdict | CriticError) -> Iterator[Observation]:
        """Count a pair as it is always asked, unless its verdict is stored and was counted before."""
        if isinstance(plain, CriticError):
            yield of_no_answer(one.family)
        elif not StoredVerdicts(self._review, one.item.case, self._critic).knows(plain):
            yield from of_orders(plain)
            yield from of_outcome(plain)

    # --- the report ------------------------------------------------------------------------------------------------

    def _report(self) -> Report:
        request = self._request
        lines = self._counting.lines(request.tests)
        reasons = dict(self._reasons)
        trusted = trusted_set(self._review)
        for test in request.tests:
            if test not in reasons and not any(line.of.test is test for line in lines):
                reasons[test] = _NONE_LEFT if test.asks_on_purpose else nothing_said(test, trusted=trusted)
        return Report(
            critic=self._critic.identity,
            time=now(),
            software=SOFTWARE,
            tests=request.tests,
            sample=request.sample,
            seed=request.seed,
            repeats=request.repeats,
            lines=lines,
            reasons=reasons,
            calls=dict(self._calls),
            sampled=self._sampled,
            stored=self._stored,
            failures=tuple(f"{n} question(s): {why}" for why, n in self._failures.items()),
        )

    def _nothing(self, report: Report) -> ReviewError:
        looked_for = " ".join(dict.fromkeys(report.reasons.values()))
        return ReviewError(
            f"There is nothing to audit in {self._review.folder}. {looked_for}",
            "Ask the critic first: `labelcritic compare REVIEW`.",
        )


def _wordless(critic: Critic) -> Critic:
    """Return the same critic that is not asked for reasons in words: they cost calls, and change no verdict."""
    seer = seeing(critic)
    return seer.wordless() if seer is not None and seer.how.reasons else critic


def afresh(critic: Critic) -> Critic:
    """Return the critic without its memory; itself when it has none."""
    seer = seeing(critic)
    return critic if seer is None else seer.afresh()


def _checked(review: OpenReview, request: AuditRequest) -> tuple[str, ...]:
    """Return the structures a request is about; raises UserError for a request that makes no sense."""
    if not request.tests:
        raise UserError("No test was chosen.", f"Known are: {', '.join(AuditTest)}.")
    if not 1 <= request.sample <= LARGEST_SAMPLE:
        raise UserError(f"A sample has 1 to {LARGEST_SAMPLE} pairs a structure, not {request.sample}.", "Say another.")
    if not 2 <= request.repeats <= MOST_REPEATS:
        raise UserError(f"A question is repeated 2 to {MOST_REPEATS} times, not {request.repeats}.", "Say another.")
    return chosen_structures(review, request.structures)


def _not_applicable(request: AuditRequest, critic: Critic) -> dict[AuditTest, str]:
    """Say which of the tests cannot be put to this critic, and why."""
    if critic.wants_pictures:
        return {}
    return {test: _NO_PICTURES for test in request.tests if test.needs_pictures}


def _sample(review: OpenReview, request: AuditRequest, structures: Sequence[str], critic: Critic) -> Sample:
    return Sample(review, structures, each=request.sample, seed=request.seed, as_pairs=critic.wants_pictures)


def parsed_tests(text: Sequence[str]) -> tuple[AuditTest, ...]:
    """Return the tests of their names (all for none); raises UserError for an unknown one."""
    known = {test.value: test for test in AuditTest}
    for name in text:
        if name not in known:
            raise UserError(f"There is no audit test {name!r}.", f"Known are: {', '.join(known)}.")
    return tuple(test for test in AuditTest if test.value in text) or tuple(AuditTest)
