"""Measure a patchwork of two livers: `python -m benchmarks.patchwork [--runs 30]`.

Two masks of about 2.6 l in a CT of 512 x 512 x 400, which differ by dozens of regions and by their boundary. Printed
are medians in ms beside their targets: cutting the masks into regions (once an item, 500), the preview of a region
taken (50), of a step taken back (50), of holes filled (150), and of a region taken after that (150). Above them stands
what the plain way takes to number the parts of one mask. Exit code 1 when a target is missed by more than half.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from labelcritic_gui.core.cases import CandidateId, CaseId
from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.patchwork.recipe import FillHoles, Start, Step, Take
from labelcritic_gui.viewmodels.patchwork.board import Board

SHAPE, SPACING = (512, 512, 400), (0.7, 0.7, 1.0)
BOX, ORIGIN = (290, 240, 190), (100, 120, 90)
SLACK = 1.5


def main() -> None:
    """Measure, print, and say by the exit code whether the targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    arguments = parser.parse_args()
    grid = Geometry(SHAPE, np.diag([*SPACING, 1.0]))
    masks = {CandidateId(CaseId("c"), "liver", name): liver(grid, seed) for seed, name in enumerate(("a", "b"))}
    plain = timed(lambda: numbered(next(iter(masks.values()))), 3)
    print(f"masks of {', '.join(f'{mask.volume_ml:.0f} ml' for mask in masks.values())}; numbering one: {plain:.0f} ms")
    board = Board(masks, grid)
    kept = [told("cut into regions", timed(lambda: Board(masks, grid), 3), 500)]
    kept.append(steps(board, [Start(1)], arguments.runs, "region taken", 50))
    kept.append(told("step taken back", taken_back(board, arguments.runs), 50))
    holes: list[Step] = [Start(1), FillHoles()]
    kept.append(told("holes filled", filled(board, holes, 5), 150))
    kept.append(steps(board, holes, arguments.runs, "region taken after that", 150))
    sys.exit(0 if all(kept) else 1)


def liver(grid: Geometry, seed: int) -> Mask:
    """Return a bumpy ellipsoid; another seed has other bumps."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    x, y, z = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in BOX)]
    coarse = rng.normal(size=tuple(n // 16 + 2 for n in BOX))
    bumps = ndimage.zoom(coarse, [n / m for n, m in zip(BOX, coarse.shape, strict=True)], order=1)
    return Mask.from_array(x**2 + y**2 + z**2 + 0.12 * bumps < 0.85, grid, offset=ORIGIN)


def numbered(mask: Mask) -> None:
    """Number the parts of a mask, voxel by voxel."""
    from scipy import ndimage

    ndimage.label(mask.voxels, structure=np.ones((3, 3, 3)))


def steps(board: Board, before: list[Step], runs: int, what: str, target: float) -> bool:
    """Take regions from the other candidate, one after the other."""
    done, spent = list(before), []
    board.preview(done, None)
    for n in range(min(runs, len(board.regions))):
        region = board.regions[n]
        done.append(Take(region.name, 2))
        spent.append(timed(lambda name=region.name: board.preview(done, name), 1))  # type: ignore[misc]
    return told(what, statistics.median(spent), target)


def filled(board: Board, holes: list[Step], runs: int) -> float:
    """Fill the holes, each time anew."""
    spent = []
    for _ in range(runs):
        board.preview(holes[:1], None)
        spent.append(timed(lambda: board.preview(holes, None), 1))
    return statistics.median(spent)


def taken_back(board: Board, runs: int) -> float:
    """Take regions, then take them back one by one."""
    done: list[Step] = [Start(1), *(Take(region.name, 2) for region in board.regions[:runs])]
    board.preview(done, None)
    spent = []
    while len(done) > 1:
        done.pop()
        spent.append(timed(lambda: board.preview(done, None), 1))
    return statistics.median(spent)


def timed(work: Callable[[], object], runs: int) -> float:
    """Return the median time of some work, in ms."""
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def told(what: str, ms: float, target: float) -> bool:
    """Print a median beside its target; say whether it is kept."""
    print(f"{what:28} {ms:7.1f} ms   (target {target:.0f})")
    return ms <= SLACK * target


if __name__ == "__main__":
    main()
