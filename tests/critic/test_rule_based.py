"""The anatomy critic: symmetric, honest, right on planted gross errors, quiet on sound masks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import CandidateId, CaseId, ItemId
from labelcritic_gui.core.errors import CancelledError, CriticError, UserError
from labelcritic_gui.core.findings import FindingCode, Severity
from labelcritic_gui.core.geometry import Mask, Volume
from labelcritic_gui.core.measures.candidate_facts import measure
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.neighbours import Neighbours
from labelcritic_gui.core.measures.pair_facts import measure_pair
from labelcritic_gui.core.measures.regions import Context, Differences, DifferingRegion, differences
from labelcritic_gui.core.measures.signs import Signs
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.core.patient.landmarks import Landmarks, find_landmarks
from labelcritic_gui.core.patient.phase import phase_from_masks
from labelcritic_gui.core.patient.scan import Region, Scan
from labelcritic_gui.core.rules import findings_of
from labelcritic_gui.core.structures import Structure, StructureTable
from labelcritic_gui.core.verdict import Outcome, Subject, Verdict
from labelcritic_gui.critic.base import Question
from labelcritic_gui.critic.rule_based import RuleCritic
from labelcritic_gui.critic.weighing import weigh
from labelcritic_gui.faults.kinds import KIND_OF, FaultSeverity
from labelcritic_gui.faults.planting import plant
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.varying import vary
from labelcritic_gui.phantom.anatomy import Phantom, PhantomSettings, make_phantom
from tests.core.test_rules import EMPTY, GOOD, HERE, KNOWN, UNKNOWN

CRITIC = RuleCritic()
SWAPPED = {Outcome.FIRST: Outcome.SECOND, Outcome.SECOND: Outcome.FIRST}
PLAIN = PairFacts(dice=0.7, both_ml=100.0, only_first_ml=50.0, only_second_ml=10.0, solid_first_ml=40.0)


def question(
    structure: Structure,
    *facts: CandidateFacts,
    pair: PairFacts | None = None,
    claims: tuple[DifferingRegion, ...] = (),
    scan: Scan | None = None,
) -> Question:
    item = ItemId(CaseId("case"), structure.name)
    ids = tuple(CandidateId(item.case, item.structure, name) for name in ("one", "two")[: len(facts)])
    return Question(Subject(item, ids, ("h",) * len(ids)), structure, facts, pair, claims=claims, scan=scan)


def compare(
    structure: Structure,
    first: CandidateFacts,
    second: CandidateFacts,
    pair: PairFacts | None,
    found: Differences | None = None,
) -> Verdict:
    claims = found.claims if found else ()
    return CRITIC.compare(question(structure, first, second, pair=pair, claims=claims), NeverCancel())


def assert_symmetric(
    structure: Structure,
    first: CandidateFacts,
    second: CandidateFacts,
    pair: PairFacts | None,
    found: Differences | None = None,
) -> Verdict:
    forth = compare(structure, first, second, pair, found)
    back = compare(structure, second, first, pair.swapped() if pair else None, found.swapped() if found else None)
    assert back.outcome is SWAPPED.get(forth.outcome, forth.outcome)
    assert back.confidence == forth.confidence
    assert 0.0 <= forth.confidence <= 1.0
    assert 1 <= len(forth.reasons) <= 4
    return forth


MAYBE = st.none() | st.floats(-900, 900)
SHARES = st.none() | st.floats(0, 1)
PAIRS = st.builds(
    PairFacts,
    dice=st.floats(0, 1),
    both_ml=st.floats(0, 500),
    only_first_ml=st.floats(0, 500),
    only_second_ml=st.floats(0, 500),
    solid_first_ml=st.floats(0, 500),
    solid_second_ml=st.floats(0, 500),
    common_hu_mean=st.just(100.0),
    common_hu_sd=st.floats(1, 200),
    only_first_hu=st.floats(-900, 900),
    only_second_hu=st.floats(-900, 900),
    only_first_fit=SHARES,
    only_second_fit=SHARES,
    edge_first=MAYBE,
    edge_second=MAYBE,
)
FACTS = st.builds(
    lambda **change: EMPTY if change.pop("gone") else replace(GOOD, **change),
    gone=st.integers(0, 9).map(lambda n: n == 0),
    volume_ml=st.floats(1, 900),
    hu_mean=st.floats(-900, 900),
    lateral_mm=st.floats(-120, 120),
    side_share_right=st.floats(0, 1),
    holes_ml=st.floats(0, 20),
    flat_face=st.floats(0, 1),
    compactness=st.none() | st.floats(0, 1),
)


@given(st.sampled_from([KNOWN, UNKNOWN]), FACTS, FACTS, PAIRS)
def test_that_swapping_the_pair_swaps_the_outcome_and_keeps_the_confidence(
    structure: Structure, first: CandidateFacts, second: CandidateFacts, pair: PairFacts
) -> None:
    assert_symmetric(structure, first, second, pair)
    if not (first.empty or second.empty):
        forth = weigh(structure, first, second, pair=pair).log_odds
        assert weigh(structure, second, first, pair=pair.swapped()).log_odds == -forth


def test_that_nearly_equal_candidates_are_equivalent_and_the_dice_is_said() -> None:
    verdict = assert_symmetric(KNOWN, GOOD, GOOD, replace(PLAIN, dice=0.985))
    assert verdict.outcome is Outcome.EQUIVALENT
    assert "0.985" in verdict.reasons[0]


def test_that_a_high_dice_does_not_hide_a_serious_finding() -> None:
    islands = replace(GOOD, parts=2, largest_share=0.98, islands=((3.0, HERE),))
    pair = PairFacts(dice=0.99, both_ml=157.0, only_second_ml=3.0, solid_second_ml=2.0)
    apart = DifferingRegion("second", 3.0, HERE, HERE, HERE, -80.0, signs=Signs(share=0.02, fit=-1.5, edge=0.4))
    assert assert_symmetric(KNOWN, GOOD, islands, pair, Differences((apart,))).outcome is Outcome.FIRST


def test_that_two_impossible_candidates_are_both_wrong() -> None:
    far = replace(GOOD, hu_mean=-200.0)
    assert assert_symmetric(KNOWN, far, far, PLAIN).outcome is Outcome.BOTH_WRONG


def test_that_without_evidence_the_item_goes_to_a_person() -> None:
    even = replace(PLAIN, only_second_ml=50.0, solid_second_ml=40.0)
    verdict = assert_symmetric(UNKNOWN, GOOD, GOOD, even)
    assert verdict.outcome is Outcome.UNDECIDED
    assert verdict.confidence == 0.5


@pytest.mark.parametrize(
    ("structure", "first", "second", "outcome"),
    [
        (KNOWN, EMPTY, GOOD, Outcome.SECOND),
        (KNOWN, EMPTY, EMPTY, Outcome.BOTH_WRONG),
        (UNKNOWN, EMPTY, EMPTY, Outcome.UNDECIDED),
        (UNKNOWN, EMPTY, GOOD, Outcome.UNDECIDED),
        (replace(KNOWN, expect=replace(KNOWN.expect, may_be_absent=True)), EMPTY, EMPTY, Outcome.ABSENT_RIGHT),  # type: ignore[type-var]
        (replace(KNOWN, expect=replace(KNOWN.expect, may_be_absent=True)), EMPTY, GOOD, Outcome.SECOND),  # type: ignore[type-var]
        (
            replace(KNOWN, expect=replace(KNOWN.expect, may_be_absent=True)),  # type: ignore[type-var]
            EMPTY,
            replace(GOOD, hu_mean=-500.0),
            Outcome.FIRST,
        ),
    ],
)
def test_that_an_empty_candidate_is_decided_by_what_must_be_in_view(
    structure: Structure, first: CandidateFacts, second: CandidateFacts, outcome: Outcome
) -> None:
    assert assert_symmetric(structure, first, second, None).outcome is outcome


def test_that_a_speck_against_nothing_goes_to_a_person_where_absence_is_possible() -> None:
    removable = replace(KNOWN, expect=replace(KNOWN.expect, may_be_absent=True))  # type: ignore[type-var]
    speck = replace(GOOD, volume_ml=2 * GOOD.voxel_ml, touches_border=("S",))
    assert assert_symmetric(removable, speck, EMPTY, None).outcome is Outcome.UNDECIDED


def test_that_an_assessment_carries_findings_and_its_doubt() -> None:
    sound = CRITIC.assess(question(KNOWN, GOOD), NeverCancel())
    wrong = CRITIC.assess(question(KNOWN, replace(GOOD, hu_mean=-200.0)), NeverCancel())
    assert sound.score is not None
    assert wrong.score is not None
    assert sound.score - wrong.score > 50
    assert sound.reasons
    assert wrong.findings[0].severity is Severity.GROSS
    assert (CRITIC.identity.kind, CRITIC.wants_pictures) == ("anatomy", False)


class Stopped:
    """A cancel that was pressed."""

    def is_set(self) -> bool:
        return True


def test_that_it_stops_when_asked_and_refuses_questions_without_facts() -> None:
    with pytest.raises(CancelledError):
        CRITIC.compare(question(KNOWN, GOOD, GOOD, pair=PLAIN), Stopped())
    with pytest.raises(CriticError, match="two candidates"):
        compare(KNOWN, GOOD, GOOD, None)
    with pytest.raises(CriticError, match="one candidate"):
        CRITIC.assess(question(KNOWN, GOOD, GOOD), NeverCancel())


class Scene:
    """A phantom with its landmarks and structures, each label among the true ones of the rest, as on the bench."""

    def __init__(self, seed: int) -> None:
        self.phantom: Phantom = make_phantom(PhantomSettings(shape=(96, 96, 96), seed=seed))
        self.ct: Volume = self.phantom.volume
        self.landmarks: Landmarks = find_landmarks(self.ct)
        self.table: StructureTable = load_catalogue()
        self.rng = np.random.default_rng(seed)
        others = [(label_set, *one) for label_set in ("one", "two") for one in self.phantom.masks.items()]
        self.neighbours = Neighbours.of(others, self.ct.geometry)
        self.phase = phase_from_masks(self.phantom.masks.items(), self.ct).name

    def facts(self, name: str, mask: Mask) -> CandidateFacts:
        return measure(
            mask,
            self.ct,
            self.landmarks,
            structure=self.table.get(name),
            neighbours=self.neighbours,
            label_set="one",
            phase=self.phase,
        )

    def verdict(self, name: str, truth: Mask, other: Mask) -> Verdict:
        first, second = self.facts(name, truth), self.facts(name, other)
        structure = self.table.get(name)
        context = Context(self.landmarks, self.neighbours, structure, ("one", "two"))
        found = differences(truth, other, self.ct, context)
        return assert_symmetric(structure, first, second, measure_pair(truth, other, self.ct), found)

    def planted(self) -> Iterator[tuple[str, FindingCode, Mask, Mask]]:
        for name, truth in self.phantom.masks.items():
            for code, kind in KIND_OF.items():
                try:
                    recipe = Recipe(kind, FaultSeverity.GROSS)
                    yield name, code, truth, plant(recipe, name, self.phantom.scene, self.rng).mask
                except UserError:
                    continue


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [Scene(seed) for seed in (11, 12, 13)]


@pytest.mark.timeout(240)  # some four hundred pairs measured, on however busy a machine
def test_that_planted_gross_errors_lose_against_the_truth(scenes: list[Scene]) -> None:
    asked, wrong = 0, []
    for scene in scenes:
        for name, code, truth, faulty in scene.planted():
            if dice(truth, faulty) >= 0.8:
                continue
            verdict = scene.verdict(name, truth, faulty)
            asked += 1
            if verdict.outcome is not Outcome.FIRST:
                wrong.append((name, code.value, verdict.outcome.value, round(verdict.confidence, 2)))
    assert asked > 150
    assert len(wrong) <= 0.05 * asked, wrong
    assert sum(1 for row in wrong if row[2] == "second") <= 0.02 * asked, wrong


def test_that_sound_masks_and_their_natural_variation_are_never_called_gross(scenes: list[Scene]) -> None:
    serious = []
    for scene in scenes:
        for name, truth in scene.phantom.masks.items():
            other, structure = vary(truth, scene.rng), scene.table.get(name)
            facts = scene.facts(name, truth), scene.facts(name, other)
            pair = measure_pair(truth, other, scene.ct)
            found = findings_of(structure, facts[0], rival=facts[1], pair=pair)
            found += findings_of(structure, facts[1], rival=facts[0], pair=pair.swapped())
            serious += [(name, f.code.value, f.text) for f in found if f.severity >= Severity.MAJOR]
            assert scene.verdict(name, truth, other).outcome is not Outcome.BOTH_WRONG
    assert not serious


@pytest.mark.shared
def test_that_real_label_sets_raise_few_alarms_and_the_half_femur_loses(shared_data: Path) -> None:
    import json

    from labelcritic_gui.formats.nifti import load_ct, load_label_map

    folder, table = shared_data / "ts_example_ct", load_catalogue()
    ct = load_ct(folder / "example_ct.nii.gz")
    landmarks = find_landmarks(ct)
    names = json.loads((shared_data / "ts_class_map.json").read_text())
    sets: list[dict[str, Mask]] = []
    for file, scheme in (("full_v1_hires_2022-09-15", "total_v1"), ("full_v2_fast_forcesplit_2024-03-14", "total")):
        masks = load_label_map(folder / "labels" / f"{file}.nii.gz", [int(v) for v in names[scheme]])
        sets.append({names[scheme][str(value)]: mask for value, mask in masks.items()})
    outcomes, alarms = {}, []
    for name in sets[0].keys() & sets[1].keys():
        one, two = sets[0][name], sets[1][name]
        if one.is_empty or two.is_empty:
            continue
        structure = table.get(name)
        facts = tuple(measure(m, ct, landmarks, structure=structure) for m in (one, two))
        found = differences(one, two, ct, Context(landmarks, structure=structure))
        verdict = assert_symmetric(structure, facts[0], facts[1], measure_pair(one, two, ct), found)
        outcomes[name] = verdict.outcome
        serious = {f.code for f in (*findings_of(structure, facts[0]), *findings_of(structure, facts[1]))}
        alarms += [name for code in serious if code is not FindingCode.ISLE]
    assert outcomes["femur_left"] is Outcome.SECOND
    assert outcomes["sacrum"] is not Outcome.SECOND
    assert outcomes["pancreas"] is not Outcome.BOTH_WRONG
    assert all(outcomes[n] is Outcome.EQUIVALENT for n in ("liver", "spleen", "urinary_bladder", "kidney_left"))
    assert len(alarms) <= 0.05 * len(outcomes), alarms


NOTHING = Scan(usable=False, why="The image is empty: all its voxels have the same value.")
THORAX = Scan(usable=True, frame_known=True, seen={Region.THORAX: True})


@pytest.mark.parametrize(("scan", "words"), [(NOTHING, "is empty"), (THORAX, "shows the thorax only")])
def test_on_a_scan_that_shows_too_little_nothing_is_guessed(scan: Scan, words: str) -> None:
    pair = replace(PLAIN, only_first_fit=1.0, only_second_fit=0.0)
    said = CRITIC.compare(question(KNOWN, GOOD, GOOD, pair=pair, scan=scan), NeverCancel())
    assert (said.outcome, said.confidence) == (Outcome.UNDECIDED, 0.5)
    assert words in said.reasons[0]
    score = CRITIC.assess(question(KNOWN, GOOD, scan=scan), NeverCancel())
    assert (score.score, score.uncertainty, score.findings) == (None, None, ())
    assert words in score.reasons[0]


def test_of_an_unknown_structure_nothing_is_guessed_unless_both_are_as_good_as_one() -> None:
    said = CRITIC.compare(question(UNKNOWN, GOOD, GOOD, pair=PLAIN), NeverCancel())
    assert said.outcome is Outcome.UNDECIDED
    assert "Nothing is known" in said.reasons[0]
    same = CRITIC.compare(question(UNKNOWN, GOOD, GOOD, pair=PairFacts(dice=0.99, both_ml=100.0)), NeverCancel())
    assert same.outcome is Outcome.EQUIVALENT


def test_a_flawed_mask_in_its_place_wins_against_nothing_and_a_mask_of_something_else_loses() -> None:
    absent = replace(KNOWN, expect=replace(KNOWN.expect, may_be_absent=True)) if KNOWN.expect else KNOWN
    flawed, elsewhere = replace(GOOD, holes_ml=0.2 * GOOD.volume_ml), replace(GOOD, hu_mean=-700.0)
    assert any(f.severity >= Severity.MAJOR for f in findings_of(absent, flawed))
    assert compare(absent, flawed, EMPTY, None).outcome is Outcome.FIRST
    assert compare(absent, elsewhere, EMPTY, None).outcome is Outcome.SECOND
