"""Looks a review over: is its journal consistent, are its files where they were. Layer: services."""

import sys
from dataclasses import dataclass
from pathlib import Path

from labelcritic_gui.core.errors import UserError
from labelcritic_gui.formats import volumes
from labelcritic_gui.services.mask_cache import MASKS
from labelcritic_gui.services.modes import recorded_mode, waiting_commitments
from labelcritic_gui.services.pictures import PICTURES
from labelcritic_gui.services.review import OpenReview
from labelcritic_gui.services.source_files import check_all_sources, forget_changed
from labelcritic_gui.settings import BUDGET_SHARE, Settings, machine_memory_mb
from labelcritic_gui.store import index, journal
from labelcritic_gui.store.database import integrity
from labelcritic_gui.store.versions import made_versions

LISTED = 10


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing looked at: whether it is well, and a sentence."""

    name: str
    well: bool
    sentence: str


def check_review(review: OpenReview) -> list[CheckResult]:
    """Check the database, the fold of the journal, durability, and that images and labels are still there."""
    sound = [_durability(review), _integrity(review), _fold(review), _images(review), _sources(review)]
    sound.append(_reading(review))
    sound += [_made(review)] if made_versions(review.database) else []
    return [*sound, _kept_files(review)]


def check_memory(settings: Settings) -> CheckResult:
    """Say the memory budget, where it comes from, and what this process takes; BAD when it cannot be had."""
    budget, machine = settings.memory_budget // 2**20, machine_memory_mb()
    source = "set by memory_budget_mb" if settings.memory_budget_mb else f"a share of 1/{BUDGET_SHARE}, within limits"
    of = f" of this machine's {machine} MB" if machine else ""
    peak = _peak_mb()
    used = f"; this process has taken at most {peak:.0f} MB in all" if peak is not None else ""
    fits = machine is None or budget < machine
    more = "" if fits else "; that is more than there is: set less"
    return CheckResult("memory", fits, f"stages held ready may take {budget} MB{of} ({source}){used}{more}")


def _peak_mb() -> float | None:
    """Return the most memory this process has had, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _kept_files(review: OpenReview) -> CheckResult:
    """Say what the rebuildable files of a review take on disk."""
    parts = []
    for folder, what in ((PICTURES, "pictures"), (MASKS, "mask crops")):
        count, size = _size_of(review.folder / folder)
        parts.append(f"{what} of {size / 2**20:.1f} MB in {count} file(s) in {review.folder / folder}")
    return CheckResult("kept", True, f"{'; '.join(parts)}; made again when deleted")


def _size_of(folder: Path) -> tuple[int, int]:
    """Return how many files a folder holds, and their bytes."""
    sizes = []
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                sizes.append(path.stat().st_size)
        except OSError:  # another process replaces files here
            continue
    return len(sizes), sum(sizes)


def rebuild(review: OpenReview) -> CheckResult:
    """Write the item rows anew from the journal."""
    count = journal.rebuild(review.database)
    return CheckResult("rebuild", True, f"{count} item(s) written anew from the journal")


def _durability(review: OpenReview) -> CheckResult:
    found = review.database.pragmas()
    well = all(p == {"journal_mode": "wal", "synchronous": "full"} for p in found.values())
    said = ", ".join(f"{name}: {p['journal_mode']} {p['synchronous']}" for name, p in found.items())
    return CheckResult("durability", well, f"connections run {said}")


def _integrity(review: OpenReview) -> CheckResult:
    problem = integrity(review.database)
    return CheckResult("database", not problem, problem or "the database is whole")


def _fold(review: OpenReview) -> CheckResult:
    found = journal.differences(review.database)
    if not found:
        return CheckResult("journal", True, "every item is as its events say")
    first = found[0]
    return CheckResult(
        "journal",
        False,
        f"{len(found)} entries differ from the journal, first {first.item}: {first.column} is {first.row!r}, "
        f"events say {first.events!r}; `labelcritic doctor REVIEW --rebuild` writes them anew",
    )


def _reading(review: OpenReview) -> CheckResult:
    """Say how the review is read, and whether the journal says so too: a change that was cut off stands there alone."""
    recorded, mode = recorded_mode(review), review.mode
    if recorded not in {None, mode}:
        said = f"review.toml says {mode}, the journal {recorded}; `labelcritic mode REVIEW MODE` settles it"
        return CheckResult("mode", False, said)
    waiting = len(waiting_commitments(review))
    more = f"; {waiting} commitment(s) wait for their verdict" if waiting else ""
    return CheckResult("mode", True, f"the review is read {mode}{more}")


def _images(review: OpenReview) -> CheckResult:
    bad = []
    cases = index.case_ids(review.database)
    for case in cases:
        try:
            volumes.read_geometry(review.image_path(case))
        except UserError as error:
            bad.append(error.message)
    return CheckResult("images", not bad, _listed(bad) or f"{len(cases)} image(s) can be opened")


def _sources(review: OpenReview) -> CheckResult:
    found = check_all_sources(review)
    said = [change.sentence for change in found.changes]
    return CheckResult("files", not said, _listed(said) or f"{found.checked} file(s) are where and as they were")


def _made(review: OpenReview) -> CheckResult:
    """Say whether the masks made in the review are there, with their recipes; making them again takes longer."""
    from labelcritic_gui.services.patchwork_check import check_patchworks

    found = [fault.sentence for fault in check_patchworks(review)]
    count = len(made_versions(review.database))
    well = f"{count} patchwork(s) are there with their recipes; `labelcritic patchwork --verify` makes them again"
    return CheckResult("patchworks", not found, _listed(found) or well)


def accept_changes(review: OpenReview) -> CheckResult:
    """Take changed files as they are now, so that they are measured and judged anew."""
    count = forget_changed(review, check_all_sources(review).changes)
    return CheckResult("changed files", True, f"{count} mask(s) will be read and judged anew; decisions stay")


def _listed(problems: list[str]) -> str:
    more = f" and {len(problems) - LISTED} more" if len(problems) > LISTED else ""
    return "; ".join(problems[:LISTED]) + more
