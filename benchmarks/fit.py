"""Makes the anatomy critic's weights anew, `python -m benchmarks.fit`: prints the tables as the modules hold them.

Errors are planted in phantoms of the usual settings (seeds that the bench never uses) and, where they are beside the
checkout, in trusted real labels; of every part that only one of two labels claims it is known whether it belongs to the
structure, and of every pair which label is the better one. Two logistic regressions, one after the other: `BELONGING`
for `core/measures/belonging.py`, `WEIGHTS` for `critic/weighing.py`. Phantoms and real labels count the same together.
"""

import argparse
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import labelcritic_gui.core.measures.belonging as belonging
from benchmarks.trusted_labels import TrustedLabels
from labelcritic_gui.catalogue import load_catalogue
from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.errors import UserError
from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.core.measures.facts import CandidateFacts, PairFacts
from labelcritic_gui.core.measures.regions import DifferingRegion, claimed_parts
from labelcritic_gui.core.metrics import dice
from labelcritic_gui.core.structures import Structure, StructureTable
from labelcritic_gui.critic.rule_based import SURE, RuleCritic
from labelcritic_gui.critic.weighing import Evidence, weigh
from labelcritic_gui.faults.planting import plant
from labelcritic_gui.faults.scene import Scene
from labelcritic_gui.faults.varying import vary
from labelcritic_gui.paths import config_dir
from labelcritic_gui.services.bench_cases import BenchCase, CaseSource, PhantomCases
from labelcritic_gui.services.bench_plan import BenchRequest, pairs_of_errors
from labelcritic_gui.services.bench_questions import BenchQuestions, Label

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
FIRST_SEED, SEED = 3000, 77
"""Phantoms and errors of their own: those of the bench are never looked at here."""
_STRONG, _ROUNDS = 1.0, 60
_FULL_SHARE = 0.02
_VARIED = 0.4
"""Share of pairs in which the better label is not the truth itself, but as another sound model would draw it."""


@dataclass(frozen=True, eq=False)
class Known:
    """A pair of which the first is better: facts, claimed parts, and which share of each part is the structure."""

    case: str
    kind: str
    structure: Structure
    facts: tuple[CandidateFacts, CandidateFacts]
    pair: PairFacts
    claims: tuple[DifferingRegion, ...]
    true_shares: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; of the structure its name, so that other expectations can be tried on it."""
        return {
            "case": self.case,
            "kind": self.kind,
            "structure": self.structure.name,
            "facts": [facts.to_json() for facts in self.facts],
            "pair": self.pair.to_json(),
            "claims": [claim.to_json() for claim in self.claims],
            "true_shares": list(self.true_shares),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], table: StructureTable) -> "Known":
        """Read it back."""
        first, second = (CandidateFacts.from_json(facts) for facts in stored["facts"])
        return cls(
            stored["case"],
            stored["kind"],
            table.get(stored["structure"]),
            (first, second),
            PairFacts.from_json(stored["pair"]),
            tuple(DifferingRegion.from_json(claim) for claim in stored["claims"]),
            tuple(stored["true_shares"]),
        )


def collect(task: tuple[CaseSource, BenchRequest]) -> list[Known]:
    """Return pairs from some cases; in a process of its own."""
    source, request = task
    table = load_catalogue(config_dir() / "structures")
    found: list[Known] = []
    for case in source.cases(NeverCancel()):
        if isinstance(case, BenchCase):
            found += _of_case(case, request, table)
    return found


def _of_case(case: BenchCase, request: BenchRequest, table: StructureTable) -> Iterator[Known]:
    maker = BenchQuestions(case, table, RuleCritic(), cancel=NeverCancel())
    scene = Scene(case.volume, case.masks, {s.name: s.pair for s in table if s.pair})
    for name, truth in case.masks.items():
        if truth.is_empty:
            continue
        rng = request.rng(case.name, name, 9)
        errors = _errors(case, scene, request, name, truth)
        pairs = [(_sound(truth, rng), error) for error in errors]
        chosen = pairs_of_errors([e.dice for e in errors], len(errors) // 2, rng)
        pairs += [(errors[better], errors[worse]) for worse, better in chosen]
        for better, worse in pairs:
            if better.dice > worse.dice + 0.02 and not (better.mask.is_empty or worse.mask.is_empty):
                yield _known(case, maker, table.get(name), truth, better, worse)


def _errors(case: BenchCase, scene: Scene, request: BenchRequest, name: str, truth: Mask) -> list[Label]:
    errors: list[Label] = []
    for number, recipe in enumerate(request.turn(name, case.number)):
        if len(errors) == request.wanted:
            break
        try:
            made = plant(recipe, name, scene, request.rng(case.name, name, 2, number))
        except UserError:
            continue
        errors.append(Label(made.mask, dice(truth, made.mask), recipe.kind.value, made.severity.value))
    return errors


def _sound(truth: Mask, rng: np.random.Generator) -> Label:
    mask = vary(truth, rng, dice=float(rng.uniform(0.95, 0.99))) if rng.random() < _VARIED else truth
    return Label(mask, dice(truth, mask), "truth")


def _known(
    case: BenchCase, maker: BenchQuestions, structure: Structure, truth: Mask, better: Label, worse: Label
) -> Known:
    facts, pair, _ = maker.measured(structure.name, (better, worse))
    assert pair is not None
    parts = list(claimed_parts(better.mask, worse.mask, case.volume, maker.context(structure.name)))
    claims = tuple(region for region, _ in parts)
    shares = tuple(_inside(truth, at) for _, at in parts)
    return Known(case.name, f"{better.kind}>{worse.kind}", structure, (facts[0], facts[1]), pair, claims, shares)


def _inside(truth: Mask, at: NDArray[np.float64]) -> float:
    index = np.rint(truth.geometry.to_index(at)).astype(int) - np.array(truth.origin)
    held = ((index >= 0) & (index < np.array(truth.voxels.shape))).all(axis=1)
    inside = np.zeros(len(at), dtype=np.bool_)
    inside[held] = truth.voxels[tuple(index[held].T)]
    return float(inside.mean())


# --- fitting ---------------------------------------------------------------------------------------------------------


def logistic(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights of a logistic regression with a ridge, by Newton's method; x (n, terms), y 0..1."""
    w = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - _STRONG * w
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + _STRONG * np.eye(len(w))
        w += np.linalg.solve(curve, gradient)
    return w


def fit_belonging(sets: Sequence[list[Known]], *, alone: bool) -> dict[str, float]:
    """Return the weights for whether a part belongs; each set of pairs counts the same."""
    rows: list[list[float]] = []
    truth: list[float] = []
    weight: list[float] = []
    names: list[str] = []
    for known in sets:
        if not known:
            continue
        for pair in known:
            for region, share in zip(pair.claims, pair.true_shares, strict=True):
                assert region.signs is not None
                terms = belonging.terms_of(region)
                names = [name for name in terms if not (alone and name == "covered")]
                rows.append([terms[name] for name in names])
                truth.append(share)
                weight.append(min(1.0, region.signs.share / _FULL_SHARE) ** 0.5 * len(sets[0]) / len(known))
    found = logistic(np.array(rows), np.array(truth), np.array(weight))
    return dict(zip(names, (float(v) for v in found), strict=True))


def fit_weights(sets: Sequence[list[Known]]) -> dict[str, float]:
    """Return the weights of the evidence, with other structures known and without, which count the same."""
    rows, weight = [], []
    names: list[str] = []
    for known in sets:
        for pair in known:
            for alone in (False, True):
                terms = asdict(_weighed(pair, alone=alone))
                names = list(terms)
                rows += [list(terms.values()), [-v for v in terms.values()]]
                weight += [0.5 * len(sets[0]) / len(known)] * 2
    y = np.tile([1.0, 0.0], len(rows) // 2)
    return dict(zip(names, (float(v) for v in logistic(np.array(rows), y, np.array(weight))), strict=True))


def _weighed(known: Known, *, alone: bool) -> Evidence:
    """Return the evidence on a pair, with the other structures of the case or as if there were none."""
    first, second = known.facts
    if alone:
        first, second = (replace(facts, other_side_ml=None, overlaps=(), touches=()) for facts in known.facts)
    claims = _as_if(known.claims, alone=alone)
    return weigh(known.structure, first, second, pair=known.pair, claims=claims)


def _as_if(claims: Sequence[DifferingRegion], *, alone: bool) -> tuple[DifferingRegion, ...]:
    """Return claims as they are when no other structure is known."""
    if not alone:
        return tuple(claims)
    return tuple(replace(c, signs=replace(c.signs, alone=True, covered=0.0, neighbour="")) for c in claims if c.signs)


# --- telling ---------------------------------------------------------------------------------------------------------


def told(name: str, weights: Mapping[str, float]) -> str:
    """Return a table of weights as it stands in the code."""
    lines = [f'    "{term}": {value:.2f},' for term, value in weights.items()]
    return "\n".join([f"{name}: Mapping[str, float] = {{", *lines, "}"])


def check(title: str, known: Sequence[Known]) -> None:
    """Print how often the weights now in force are right, by band of Dice, where they decide, and how sure they are."""
    for alone in (False, True):
        for low, high in ((0.0, 0.8), (0.8, 0.95), (0.95, 1.01)):
            odds = [_weighed(p, alone=alone).log_odds for p in known if low <= p.pair.dice < high]
            if odds:
                decided = [o for o in odds if 1 / (1 + math.exp(-abs(o))) >= SURE]
                right = sum(o > 0 for o in decided)
                stated = np.mean([1 / (1 + math.exp(-min(abs(o), 4.6))) for o in decided]) if decided else 0
                print(
                    f"{title}{', alone' if alone else ''}, Dice {low:g} to {high:g}: {right} of {len(decided)}, "
                    f"{right / max(len(decided), 1):.3f} (stated {stated:.3f}); decided {len(decided) / len(odds):.3f}"
                )


def main() -> None:
    """Collect, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24, help="how many phantoms")
    parser.add_argument("--per-structure", type=int, default=8, help="errors planted in a structure")
    parser.add_argument("--real", default=str(SHARED), help="folder of real data")
    parser.add_argument("--keep", help="file in which the pairs are kept and looked for")
    asked = parser.parse_args()
    keep = Path(asked.keep) if asked.keep else None
    if keep and keep.exists():
        table = load_catalogue(config_dir() / "structures")
        sets = [[Known.from_json(one, table) for one in known] for known in json.loads(keep.read_text())]
    else:
        sets = _collected(asked.seeds, asked.per_structure, Path(asked.real))
        if keep:
            keep.write_text(json.dumps([[one.to_json() for one in known] for known in sets]))
    for title, known in zip(("phantoms", "real labels"), sets, strict=True):
        check(f"now, {title}", known)
    used = [known for known in sets if known]
    for name, alone in (("WITH_NEIGHBOURS", False), ("ALONE", True)):
        weights = {**fit_belonging(used, alone=alone), **({"covered": 0.0} if alone else {})}
        print(told(name, weights))
        setattr(belonging, name, weights)
    print(told("WEIGHTS", fit_weights(used)))


def _collected(seeds: int, per_structure: int, folder: Path) -> list[list[Known]]:
    table = load_catalogue(config_dir() / "structures")
    request = BenchRequest(per_structure=per_structure, seed=SEED)
    tasks: list[tuple[CaseSource, BenchRequest]] = [
        (PhantomCases((seed,)), request) for seed in range(FIRST_SEED, FIRST_SEED + seeds)
    ]
    real = TrustedLabels(folder, table)
    with ProcessPoolExecutor(2) as pool:
        phantoms = [pair for found in pool.map(collect, tasks) for pair in found]
        return [phantoms, pool.submit(collect, (real, request)).result() if real.count else []]


if __name__ == "__main__":
    main()
