"""What the bench panel asks of the services, for an open review. Layer: viewmodels.

Imported when the panel works, not when a review is opened.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from labelcritic_gui.core.cancel import Cancel, Progress
from labelcritic_gui.core.cases import CaseId
from labelcritic_gui.core.errors import ReviewError, UserError
from labelcritic_gui.critic.base import seeing
from labelcritic_gui.faults.recipe import Recipe
from labelcritic_gui.faults.scene import shown
from labelcritic_gui.paths import cache_dir
from labelcritic_gui.services.bench import BenchPlan, bench, plan_bench
from labelcritic_gui.services.bench_cases import SIZE, CaseSource, PhantomCases, ReviewCases
from labelcritic_gui.services.bench_files import save_bench
from labelcritic_gui.services.bench_phantoms import REVIEW, make_phantom_review
from labelcritic_gui.services.bench_plan import BenchRequest, described_recipes
from labelcritic_gui.services.review import OpenReview, open_review
from labelcritic_gui.store import index
from labelcritic_gui.store.review_file import REVIEW_FILE
from labelcritic_gui.viewmodels.bench_choice import BenchChoice, Benched, TruthKind

MOST_NAMED = 12
FOLDER = "bench"
"""Of a review's folder: where the report of its critic is kept."""


def recipes_of(review: OpenReview, text: str) -> tuple[Recipe, ...]:
    """Return the errors that a text describes; raises UserError for what is not understood or no known structure."""
    found = described_recipes(text, review.table.name_of)
    known = {one.name for one in review.table} | set(review.structures)
    for target in (recipe.target for recipe in found):
        if target and target not in known:
            names = ", ".join(shown(name) for name in review.structures[:MOST_NAMED])
            raise UserError(f'"{shown(target)}" is no structure that is known.', f"This review has {names}.")
    return found


def plan_of(review: OpenReview, choice: BenchChoice) -> BenchPlan:
    """Say what a bench takes at most."""
    if choice.truth.is_phantom:
        return plan_bench(_phantoms(choice), _request(choice), review.critic)
    only = _chosen_cases(review, choice)
    if not only:
        return BenchPlan(0, 0, 0, asks=False)
    return plan_bench(ReviewCases(review, choice.truth.slug, only), _request(choice), review.critic)


def run(review: OpenReview, choice: BenchChoice, cancel: Cancel, progress: Progress) -> Benched:
    """Put the review's critic on the bench and write the report's files into a folder of the review.

    Raises ReviewError when nothing could be asked, CriticError when nothing was answered, StorageError when the files
    cannot be written, and CancelledError.
    """
    source, lent = _source(review, choice, cancel, progress)
    try:
        report = bench(source, _request(choice), review.critic, review.table, cancel=cancel, progress=progress)
    finally:
        if lent is not None:
            lent.close()
    if choice.truth.is_phantom and lent is not None:  # the cases are phantoms, whichever review they are drawn from
        report = replace(report, source=_phantoms(choice).words)
    folder = review.folder / FOLDER
    return Benched(report, folder, tuple(file.name for file in save_bench(report, folder)))


def _request(choice: BenchChoice) -> BenchRequest:
    return BenchRequest(recipes=choice.recipes, per_structure=choice.per_structure)


def _source(
    review: OpenReview, choice: BenchChoice, cancel: Cancel, progress: Progress
) -> tuple[CaseSource, OpenReview | None]:
    """Return the cases, and a review that was opened for them: a critic that looks at pictures needs them drawn."""
    if not choice.truth.is_phantom:
        only = _chosen_cases(review, choice)
        if not only:
            raise ReviewError(f"No case has a label of {choice.truth.slug}.", "Choose another truth.")
        return ReviewCases(review, choice.truth.slug, only), None
    phantoms = _phantoms(choice)
    if seeing(review.critic) is None:
        return phantoms, None
    folder = _phantom_folder(phantoms)
    made = make_phantom_review(phantoms, folder, review.table, progress=progress, cancel=cancel)
    lent = open_review(made, table=review.table, critic=lambda *_: review.critic)
    return ReviewCases(lent), lent


def _phantoms(choice: BenchChoice) -> PhantomCases:
    return PhantomCases(tuple(range(choice.cases)), SIZE, other=choice.truth.kind is TruthKind.OTHER_PHANTOMS)


def _phantom_folder(phantoms: PhantomCases) -> Path:
    """Return where these phantoms are kept to be drawn again; what a stopped bench left there is cleared away."""
    kind = "other" if phantoms.other else "usual"
    folder = cache_dir() / "bench" / f"phantoms-{kind}-{phantoms.size}-{phantoms.count}"
    if folder.is_dir() and not (folder / REVIEW / REVIEW_FILE).is_file():
        shutil.rmtree(folder, ignore_errors=True)  # the next step says so if it is still there
    return folder


def _chosen_cases(review: OpenReview, choice: BenchChoice) -> tuple[CaseId, ...]:
    """Return as many cases as wanted that the truth has a label of: drawn from all of the review, always the same."""
    names = index.case_ids(review.database)
    found: list[CaseId] = []
    for place in np.random.default_rng(0).permutation(len(names)):
        case = names[int(place)]
        if any(one.id.label_set == choice.truth.slug for one in index.candidates_of(review.database, case)):
            found.append(case)
        if len(found) == choice.cases:
            break
    return tuple(sorted(found))
