"""What the cards on the right say, as plain words and numbers; a view only lays them out. Layer: viewmodels."""

from collections.abc import Sequence
from dataclasses import dataclass

from labelcritic_gui.core.cases import LabelSet
from labelcritic_gui.core.findings import Finding, FindingCode, Severity
from labelcritic_gui.core.geometry import Point
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.review import ItemState, Status
from labelcritic_gui.core.verdict import Agreement, OrderRecord, Outcome, Verdict
from labelcritic_gui.services.comparison import Opinions, Panel
from labelcritic_gui.translation import N_, tr

_HEADLINES = {
    Outcome.EQUIVALENT: N_("Equivalent"),
    Outcome.UNDECIDED: N_("Undecided"),
    Outcome.BOTH_WRONG: N_("Neither is right"),
    Outcome.ABSENT_RIGHT: N_("Absence is right"),
    Outcome.UNPARSABLE: N_("Unreadable answer"),
    Outcome.FAILED: N_("The critic failed"),
}
AGREEMENT_WORDS = {
    Agreement.AGREE: N_("✓ orders agree"),
    Agreement.DISAGREE: N_("✕ orders disagree"),
    Agreement.ONE_UNDECIDED: N_("? one order undecided"),
    Agreement.BOTH_UNCLEAR: N_("? both orders unclear"),
}
SHORT_HASH = 12
_SWAPPED = {"first": "second", "second": "first"}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as a row: "AB" or "BA", what was answered, how sure. `colour` is a label-set index or -1."""

    order: str
    answer: str
    colour: int
    probability: float | None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place where the candidates differ; `number` counts from 1, the largest difference first."""

    number: int
    place: Point
    panel: int = -1

    @property
    def mark(self) -> str:
        """How it is marked on the stage."""
        return tr("differ {number}").format(number=self.number)


@dataclass(frozen=True, slots=True)
class VerdictCard:
    """The verdict in words. `colour` is the picked label set's index, or -1 (no coloured edge).

    `agreement` says how the two orders go together (empty without orders), `agree` whether that is good. `words` are
    the model's own, apart from the reasons; `examples` counts those shown; `other_prompts` names the prompts that were
    used where they are not those of now.
    """

    headline: str
    colour: int
    confidence: float | None
    orders: tuple[OrderRow, ...]
    disagree: bool
    reasons: tuple[str, ...]
    critic: str
    agreement: str = ""
    agree: bool = False
    words: str = ""
    examples: int = 0
    places: tuple[PlaceRow, ...] = ()
    other_prompts: str = ""


@dataclass(frozen=True, slots=True)
class QualityCell:
    """A quality score of one candidate and its uncertainty, as text: "88" and "±6"; score is None without one.

    `suspected` are errors that a model suggests: nobody has said that they are there.
    """

    colour: int
    score: float | None
    text: str
    spread: str = ""
    suspected: tuple[FindingCode, ...] = ()


@dataclass(frozen=True, slots=True)
class FactRow:
    """One measured thing: its name, its unit, and one value per panel."""

    name: str
    unit: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding of one panel (0-based); `number` is how it is marked on the stage, 0 without a place."""

    panel: int
    colour: int
    finding: Finding
    number: int

    @property
    def place(self) -> Point | None:
        """World mm, RAS+."""
        return self.finding.place

    @property
    def mark(self) -> str:
        """How it is marked on the stage."""
        return str(self.number)


Placed = FindingRow | PlaceRow
"""What can be marked on the stage."""


def _headline(outcome: Outcome) -> str:
    return tr(_HEADLINES.get(outcome, outcome.value))


STATUS_WORDS = {
    Status.OPEN: N_("open"),
    Status.ACCEPTED: N_("accepted"),
    Status.ABSENT: N_("absence accepted"),
    Status.QUEUED: N_("queued for editing"),
    Status.NONE: N_("none acceptable"),
    Status.UNJUDGED: N_("cannot be judged"),
}


def standing_words(state: ItemState, label_sets: Sequence[LabelSet]) -> str:
    """Say what was decided on an item, and by whom; empty for one that nobody decided."""
    last = state.last
    if last is None:
        return ""
    candidate = last.decision.candidate
    words = tr("skipped") if state.skipped else tr(STATUS_WORDS[state.status])
    if candidate is not None:
        place = colour_of(label_sets, candidate.label_set)
        words = f"{words}: {label_sets[place].title if place >= 0 else candidate.label_set}"
    return tr("{words}, by {reader}").format(words=words, reader=last.reader) if last.reader else words


def colour_of(label_sets: Sequence[LabelSet], slug: str) -> int:
    """Return the index that fixes a label set's colour, or -1 when the review has no such set."""
    return next((i for i, s in enumerate(label_sets) if s.slug == slug), -1)


def verdict_card(verdict: Verdict, label_sets: Sequence[LabelSet], *, other_prompts: str = "") -> VerdictCard:
    """Put a verdict into words; `other_prompts` is the hash of its prompts where they are not those of now."""
    pick = verdict.pick if verdict.outcome in {Outcome.FIRST, Outcome.SECOND} else None
    confident = verdict.confidence > 0
    colour = colour_of(label_sets, pick.label_set) if pick else -1
    silent = verdict.outcome in {Outcome.FAILED, Outcome.UNPARSABLE} or not (verdict.outcome.is_pick or confident)
    reasons, words = _words_apart(verdict)
    agreement = _agreement(verdict)
    return VerdictCard(
        headline=label_sets[colour].title
        if colour >= 0
        else tr(_HEADLINES.get(verdict.outcome, verdict.outcome.value)),
        colour=colour,
        confidence=None if silent else verdict.confidence,
        orders=tuple(_order_row(record, verdict, label_sets) for record in verdict.orders),
        disagree=verdict.orders_agree is False,
        reasons=reasons,
        critic=verdict.critic.title,
        agreement=tr(AGREEMENT_WORDS[agreement]) if agreement is not None else "",
        agree=agreement is Agreement.AGREE,
        words=words,
        examples=len(verdict.examples),
        places=tuple(PlaceRow(number, place) for number, place in enumerate(verdict.places, 1)),
        other_prompts=other_prompts[:SHORT_HASH],
    )


def _agreement(verdict: Verdict) -> Agreement | None:
    """Return how the orders go together; a verdict of an older program says only whether they do."""
    if verdict.agreement is not None:
        return verdict.agreement
    return {True: Agreement.AGREE, False: Agreement.DISAGREE, None: None}[verdict.orders_agree]


def _words_apart(verdict: Verdict) -> tuple[tuple[str, ...], str]:
    """Return the reasons computed here, and apart from them those in the model's own words."""
    if verdict.words is None:
        return verdict.reasons, ""
    from labelcritic_gui.critic.lvlm import IN_ITS_WORDS  # here: whoever shows no such verdict does without it

    own = [reason for reason in verdict.reasons if not reason.startswith(IN_ITS_WORDS)]
    said = [reason.removeprefix(IN_ITS_WORDS).strip() for reason in verdict.reasons if reason.startswith(IN_ITS_WORDS)]
    return tuple(own), " ".join(said)


def _order_row(record: OrderRecord, verdict: Verdict, label_sets: Sequence[LabelSet]) -> OrderRow:
    meant = _SWAPPED.get(record.answer, record.answer) if record.order == "BA" else record.answer
    probability = record.distribution.get(record.answer)
    place = {"first": 0, "second": 1}.get(meant)
    if place is None or place >= len(verdict.subject.candidates):
        return OrderRow(record.order, record.answer.replace("-", " ") or tr("no answer"), -1, probability)
    colour = colour_of(label_sets, verdict.subject.candidates[place].label_set)
    answer = label_sets[colour].title if colour >= 0 else meant
    return OrderRow(record.order, answer, colour, probability)


def quality_cells(
    panels: Sequence[Panel], opinions: Opinions, label_sets: Sequence[LabelSet]
) -> tuple[QualityCell, ...]:
    """Return one quality score per panel."""
    cells = []
    for panel, quality in zip(panels, opinions.qualities, strict=False):
        colour = colour_of(label_sets, panel.label_set.slug)
        suspected = quality.suspected if quality is not None else ()
        if quality is None or quality.score is None:
            words = tr("no mask") if panel.candidate is None else "–"
            cells.append(QualityCell(colour, None, words, suspected=suspected))
            continue
        spread = f"±{quality.uncertainty:.0f}" if quality.uncertainty is not None else "–"
        cells.append(QualityCell(colour, quality.score, f"{quality.score:.0f}", spread, suspected))
    return tuple(cells)


def _number(value: float | None, digits: int = 0) -> str:
    # adding zero turns a rounded -0 into 0
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _volume(facts: CandidateFacts) -> str:
    return _number(facts.volume_ml, 1 if facts.volume_ml < 100 else 0)


def fact_rows(facts: Sequence[CandidateFacts | None]) -> tuple[FactRow, ...]:
    """Return what was measured, one row a thing; what is nothing for every candidate gets no row."""

    def values(make: object) -> tuple[str, ...]:
        return tuple("–" if f is None or f.empty else str(make(f)) for f in facts)  # type: ignore[operator]

    known = [f for f in facts if f is not None and not f.empty]
    if not known:
        return ()
    rows = [
        FactRow(tr("Volume"), "ml", values(_volume)),
        FactRow(tr("Parts"), "", values(lambda f: f.parts)),
        FactRow(tr("Largest part"), "%", values(lambda f: _number(100 * f.largest_share))),
        FactRow(tr("Mean"), "HU", values(lambda f: _number(f.hu_mean))),
        FactRow(tr("Spread"), "HU", values(lambda f: f"±{_number(f.hu_sd)}")),
    ]
    if any(f.holes_ml >= 0.05 for f in known):
        rows.append(FactRow(tr("Holes"), "ml", values(lambda f: _number(f.holes_ml, 1))))
    if any(f.outside_body_ml >= 0.05 for f in known):
        rows.append(FactRow(tr("Outside body"), "ml", values(lambda f: _number(f.outside_body_ml, 1))))
    if any(f.flat_face >= 0.2 for f in known):
        rows.append(FactRow(tr("Flat face"), "%", values(lambda f: _number(100 * f.flat_face))))
    if any(f.touches_border for f in known):
        rows.append(FactRow(tr("Cut by image"), "", values(lambda f: " ".join(f.touches_border) or "no")))
    return tuple(rows)


def pair_lines(pair: PairFacts | None) -> tuple[tuple[str, str], ...]:
    """Return how two candidates differ, as (name, value)."""
    if pair is None:
        return ()
    lines = [
        (tr("Dice"), f"{pair.dice:.3f}"),
        (tr("Only in 1"), f"{pair.only_first_ml:.1f} ml"),
        (tr("Only in 2"), f"{pair.only_second_ml:.1f} ml"),
    ]
    if pair.surface_dice_2mm is not None and pair.hd95_mm is not None:
        lines += [(tr("Surface 2 mm"), f"{pair.surface_dice_2mm:.3f}"), ("HD95", f"{pair.hd95_mm:.1f} mm")]
    return tuple(lines)


def finding_rows(panels: Sequence[Panel], opinions: Opinions, label_sets: Sequence[LabelSet]) -> tuple[FindingRow, ...]:
    """Return the findings of all panels, worst first, numbered as they are marked on the stage."""
    found = [
        (finding, index, colour_of(label_sets, panel.label_set.slug))
        for index, panel in enumerate(panels)
        for finding in (*_findings_of(opinions, index), *_unusual_in(opinions, index))
    ]
    found.sort(key=lambda entry: (-int(entry[0].severity), entry[1]))
    rows = []
    number = 0
    for finding, index, colour in found:
        number += finding.place is not None
        rows.append(FindingRow(index, colour, finding, number if finding.place is not None else 0))
    return tuple(rows)


def _findings_of(opinions: Opinions, index: int) -> tuple[Finding, ...]:
    quality = opinions.qualities[index] if index < len(opinions.qualities) else None
    return quality.findings if quality is not None else ()


def _unusual_in(opinions: Opinions, index: int) -> tuple[Finding, ...]:
    """Return what is unusual about a candidate among the review's cases, as notes: nobody has said that it is wrong."""
    unusual = opinions.unusual[index] if index < len(opinions.unusual) else ()
    return tuple(Finding(FindingCode.ODD, Severity.NOTE, one.text) for one in unusual)
