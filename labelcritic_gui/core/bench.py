"""A critic on the bench: pairs and single labels whose truth is known, and what the critic said. Layer: core.

A label is the truth, or the truth with an error planted in it; a pair is the truth and an error, or two errors.
Which of two is better is decided by their Dice with the truth, never by the critic or by anything that it reads.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal, Self

from labelcritic_gui.core.verdict import CriticIdentity, Outcome

Better = Literal["first", "second"]
FAR, NEAR = 0.80, 0.95
"""Dice between the two labels: below FAR they differ grossly, above NEAR by what is hard to see."""
SAME = 0.97
"""Dice from which "equivalent" is a right answer: it is then neither right nor undecided, and counted apart."""
PLAIN_ERROR = 0.90
"""Dice with the truth below which a single label should be called out."""


class Band(StrEnum):
    """How much the two labels of a pair overlap; the value is what a reader sees."""

    FAR = "Dice below 0.80"
    MIDDLE = "Dice 0.80 to 0.95"
    NEAR = "Dice above 0.95"


def band_of(dice: float) -> Band:
    """Return the band of a Dice coefficient, 0..1."""
    if dice < FAR:
        return Band.FAR
    return Band.MIDDLE if dice <= NEAR else Band.NEAR


class Answer(StrEnum):
    """What an outcome is worth: SAME is "equivalent" of labels that nearly are, OPEN names no better one."""

    RIGHT = "right"
    WRONG = "wrong"
    OPEN = "undecided"
    SAME = "equivalent"


def _kept(kind: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a dataclass knows; lists become tuples, as they were."""
    names = {f.name for f in fields(kind)}
    return {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items() if k in names}


@dataclass(frozen=True, slots=True)
class Trial:
    """One pair put to the critic, and its answer.

    Attributes:
        case, structure: whose labels they are.
        kind, severity, text: the error of the worse label (`kind` as the faults name it, in small letters).
        rival_kind, rival_text: the error of the better label; empty when the better one is the truth.
        dice: overlap of the two, 0..1.
        dice_first, dice_second: overlap of each with the truth, in the order asked.
        better: which of the two is better, in the order asked.
        outcome: what the critic said; FAILED when it could not answer.
        confidence: the probability that it gave its outcome, 0..1.
        seconds: how long this answer took, its share of the time where many were asked at once.
        reasons: the first sentences of its reasons, or why it failed.
    """

    case: str
    structure: str
    kind: str
    severity: str
    text: str
    dice: float
    dice_first: float
    dice_second: float
    better: Better
    outcome: Outcome
    confidence: float
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()
    rival_kind: str = ""
    rival_text: str = ""

    @property
    def band(self) -> Band:
        """How much the two overlap."""
        return band_of(self.dice)

    @property
    def against_truth(self) -> bool:
        """Say whether the better one is the truth itself."""
        return not self.rival_kind

    @property
    def answer(self) -> Answer:
        """What the outcome is worth.

        "Both wrong" is wrong where one is the truth, and names no better one where neither is. "Absent is right" is
        wrong: errors are planted in structures that are there.
        """
        said = self.outcome
        if said in {Outcome.FIRST, Outcome.SECOND}:
            return Answer.RIGHT if said.value == self.better else Answer.WRONG
        if said is Outcome.EQUIVALENT:
            return Answer.SAME if self.dice >= SAME else Answer.OPEN
        if said is Outcome.ABSENT_RIGHT:
            return Answer.WRONG
        if said is Outcome.BOTH_WRONG and self.against_truth:
            return Answer.WRONG
        return Answer.OPEN

    @property
    def correct(self) -> bool | None:
        """Say whether the critic was right; None when it named neither."""
        return {Answer.RIGHT: True, Answer.WRONG: False}.get(self.answer)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, with what follows from them."""
        said = {"band": self.band.value, "answer": self.answer.value, "correct": self.correct}
        return {**asdict(self), "outcome": self.outcome.value, **said}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back; unknown names are ignored. Raises ValueError or TypeError for what is no trial."""
        return cls(**{**_kept(cls, stored), "outcome": Outcome(stored["outcome"])})


@dataclass(frozen=True, slots=True)
class Single:
    """One label put to the critic by itself: the truth (`kind` empty) or an error.

    Attributes:
        dice: overlap with the truth, 0..1.
        flagged: the critic found something seriously wrong, or scored it below half; None when it could not say.
        score: its quality score 0..100, None when it gave none.
        finding: the sentence of its worst finding or reason.
        trusted: the truth is a trusted label of a real case, not a phantom's own mask.
    """

    case: str
    structure: str
    kind: str
    severity: str
    text: str
    dice: float
    flagged: bool | None
    score: float | None = None
    finding: str = ""
    seconds: float = 0.0
    trusted: bool = False

    @property
    def is_truth(self) -> bool:
        """Say whether nothing is wrong with this label."""
        return not self.kind

    @property
    def false_alarm(self) -> bool:
        """Say whether a right label was called out."""
        return self.is_truth and self.flagged is True

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values, with what follows from them."""
        return {**asdict(self), "false_alarm": self.false_alarm}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back; unknown names are ignored. Raises TypeError for what is no single label."""
        return cls(**_kept(cls, stored))


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that could not be planted, or a case that could not be read: what was wanted, and why not."""

    case: str
    structure: str
    text: str
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back; unknown names are ignored. Raises TypeError for what is no refusal."""
        return cls(**_kept(cls, stored))


@dataclass(frozen=True, slots=True)
class BenchReport:
    """Everything that a critic said on the bench; what it comes to is counted by `bench_report`.

    Attributes:
        source: what the cases are, in words ("8 phantoms of 192 x 192 x 192 voxels, seeds 0 to 7").
        cases: their names, in the order taken.
        refused: errors that could not be planted and cases that could not be read, each named.
    """

    critic: CriticIdentity
    source: str = ""
    seed: int = 0
    time: str = ""
    software: str = ""
    cases: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = field(default=(), repr=False)
    singles: tuple[Single, ...] = field(default=(), repr=False)
    refused: tuple[Refusal, ...] = field(default=(), repr=False)

    @property
    def structures(self) -> tuple[str, ...]:
        """Every structure asked about, by name."""
        return tuple(sorted({t.structure for t in self.trials} | {s.structure for s in self.singles}))

    def joined(self, other: "BenchReport") -> "BenchReport":
        """Return this report and another of the same critic as one; raises ValueError for another critic's."""
        if other.critic != self.critic:
            raise ValueError(f"{other.critic.title} is not {self.critic.title}")
        return BenchReport(
            critic=self.critic,
            source="; ".join(dict.fromkeys(s for s in (self.source, other.source) if s)),
            seed=self.seed,
            time=self.time,
            software=self.software,
            cases=tuple(dict.fromkeys((*self.cases, *other.cases))),
            trials=self.trials + other.trials,
            singles=self.singles + other.singles,
            refused=self.refused + other.refused,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "critic": asdict(self.critic),
            "source": self.source,
            "seed": self.seed,
            "time": self.time,
            "software": self.software,
            "cases": list(self.cases),
            "trials": [trial.to_json() for trial in self.trials],
            "singles": [single.to_json() for single in self.singles],
            "refused": [refusal.to_json() for refusal in self.refused],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read it back; unknown names are ignored. Raises KeyError, TypeError or ValueError for what is no report."""
        told = {name: stored[name] for name in ("source", "seed", "time", "software") if name in stored}
        return cls(
            critic=CriticIdentity(**_kept(CriticIdentity, stored["critic"])),
            cases=tuple(stored.get("cases", ())),
            trials=tuple(Trial.from_json(one) for one in stored.get("trials", ())),
            singles=tuple(Single.from_json(one) for one in stored.get("singles", ())),
            refused=tuple(Refusal.from_json(one) for one in stored.get("refused", ())),
            **told,
        )
