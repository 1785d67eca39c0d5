"""What is tested of a critic: the tests, and the numbers each of them gives. Layer: core."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AuditTest(StrEnum):
    """What can be tested of a critic. The first five look at what it said anyway, the others ask on purpose."""

    ORDERS = "orders"
    POSITION = "position"
    UNDECIDED = "undecided"
    READERS = "readers"
    TRUSTED = "trusted"
    MARK = "mark"
    BACKGROUND = "background"
    SIZE = "size"
    REPEAT = "repeat"

    @property
    def shown(self) -> str:
        """The test in a word or two."""
        return _WORDS[self][0]

    @property
    def asks(self) -> str:
        """What the test asks, in one sentence."""
        return _WORDS[self][1]

    @property
    def asks_on_purpose(self) -> bool:
        """Say whether the test puts questions of its own to the critic."""
        return self in ON_PURPOSE

    @property
    def needs_pictures(self) -> bool:
        """Say whether the test can only be put to a critic that looks at pictures."""
        return self in {AuditTest.MARK, AuditTest.BACKGROUND}


_WORDS: Mapping[AuditTest, tuple[str, str]] = {
    AuditTest.ORDERS: ("Orders", "Do both orders of a pair name the same candidate?"),
    AuditTest.POSITION: ("Place", "Is the first or the second picture preferred, whatever it shows?"),
    AuditTest.UNDECIDED: ("Undecided", "How much is left open, cannot be read, or gets no answer?"),
    AuditTest.READERS: ("Readers", "Does it agree with what readers accepted?"),
    AuditTest.TRUSTED: ("Trusted labels", "Is it right where a label set is trusted?"),
    AuditTest.MARK: ("Corner mark", "Does a mark burnt into a corner of one picture move the verdict?"),
    AuditTest.BACKGROUND: ("Background", "Does the verdict stand when all but the surroundings is blanked?"),
    AuditTest.SIZE: ("Size", "Is a mask made larger preferred to the same made smaller?"),
    AuditTest.REPEAT: ("Repeat", "Does the same question, asked again, get the same answer?"),
}
ON_PURPOSE = (AuditTest.MARK, AuditTest.BACKGROUND, AuditTest.SIZE, AuditTest.REPEAT)


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a test. `limit` is that of a share of bad cases; None makes it a preference, which has none.

    `title` is short, `asks` says in one sentence what is counted; `fails` says what failing means, `fails_low` the same
    for a preference of the other side. `told_only` measures are reported and never judged. `answers` is how many each
    pair gives: they are shown, the interval is that of the pairs.
    """

    name: str
    title: str
    test: AuditTest
    asks: str
    fails: str
    limit: float | None = None
    fails_low: str = ""
    told_only: bool = False
    answers: int = 1

    @property
    def is_preference(self) -> bool:
        """Say whether it is held against a half instead of a limit."""
        return self.limit is None and not self.told_only


MEASURES: tuple[Measure, ...] = (
    Measure(
        "orders-disagree",
        "Orders disagree",
        AuditTest.ORDERS,
        "Pairs where the two orders name different candidates.",
        "The order of the pictures often decides, not the labels.",
        0.25,
    ),
    Measure(
        "first-picture",
        "First picture preferred",
        AuditTest.POSITION,
        "Answers that name the picture shown first; 50 % if unbiased.",
        "It prefers the first picture, whichever label it shows.",
        fails_low="It prefers the second picture, whichever label it shows.",
        answers=2,
    ),
    Measure(
        "undecided",
        "Left undecided",
        AuditTest.UNDECIDED,
        "Pairs left undecided.",
        "It leaves most pairs undecided.",
        0.5,
    ),
    Measure(
        "unparsable",
        "Not readable",
        AuditTest.UNDECIDED,
        "Pairs whose answer could not be read.",
        "Too many of its answers cannot be read.",
        0.1,
    ),
    Measure(
        "failed",
        "No answer",
        AuditTest.UNDECIDED,
        "Pairs that got no answer at all.",
        "Too many of its questions get no answer.",
        0.1,
    ),
    Measure(
        "readers-unadvised",
        "Readers differ, unadvised",
        AuditTest.READERS,
        "Decisions made without seeing a verdict that accept the other candidate.",
        "It often picks what readers do not choose by themselves.",
        0.25,
    ),
    Measure(
        "readers-assisted",
        "Readers differ, advised",
        AuditTest.READERS,
        "Decisions made after seeing a verdict that accept the other candidate; readers may have been led.",
        "",
        told_only=True,
    ),
    Measure(
        "trusted-wrong",
        "Wrong by the trusted label",
        AuditTest.TRUSTED,
        "Decided pairs where it picks the candidate further from the trusted label.",
        "It often picks the candidate that is further from the trusted label.",
        0.15,
    ),
    Measure(
        "trusted-open",
        "Open by the trusted label",
        AuditTest.TRUSTED,
        "Pairs left open although one candidate is closer to the trusted label.",
        "It leaves most pairs open although one candidate is closer to the trusted label.",
        0.5,
    ),
    Measure(
        "mark",
        "Moved by a mark",
        AuditTest.MARK,
        "Pairs whose verdict moves when a meaningless mark is burnt into the corner of one picture.",
        "It follows a mark in the corner of a picture.",
        0.1,
        fails_low="It shies away from a mark in the corner of a picture.",
    ),
    Measure(
        "background",
        "Changed by the background",
        AuditTest.BACKGROUND,
        "Pairs whose verdict changes when everything far from the structure is blanked.",
        "Its verdicts hang on what is far from the structure.",
        0.25,
    ),
    Measure(
        "larger-mask",
        "Larger mask preferred",
        AuditTest.SIZE,
        "One mask made larger against the same made smaller, neither right: the larger wins; 50 % if unbiased.",
        "It prefers the larger mask.",
        fails_low="It prefers the smaller mask.",
    ),
    Measure(
        "repeat",
        "Changed when repeated",
        AuditTest.REPEAT,
        "Pairs that get another verdict when the same question is asked again.",
        "The same question gets different verdicts.",
        0.1,
    ),
)
MEASURE = {measure.name: measure for measure in MEASURES}
