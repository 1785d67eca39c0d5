"""Measure a case and compare with the plain library way, `python -m benchmarks.facts`.

Makes a synthetic CT of 512 x 512 x 400 with nine structures and a second label set with an error in each of them, all
in memory as the program has them. Ours is what a case goes through once it is loaded: landmarks, field of view, all
facts of 18 candidates, pairs with surface distances, differing regions and findings. The plain way measures less, on
whole volumes with SciPy and numpy: the body, and of every candidate its parts, holes, densities, centre and surface, of
every pair Dice, differing parts and surface distances by distance transforms. Fresh processes, one thread each; seconds
of the process's own time, since other work on the machine would count in those of the clock, which are told besides.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SHAPE = (512, 512, 400)
SEED = 3
LABEL_SETS = ("right", "wrong")
ERRORS = {
    "liver": ("leak", "moderate"),
    "spleen": ("over", "moderate"),
    "kidney_left": ("shift", "moderate"),
    "kidney_right": ("swap", "gross"),
    "pancreas": ("missing", "moderate"),
    "stomach": ("cut", "moderate"),
    "gall_bladder": ("holes", "moderate"),
    "aorta": ("islands", "moderate"),
    "postcava": ("rough", "moderate"),
}
MOST_SECONDS, MOST_MB, LEAST_RATIO = 3.0, 1024.0, 5.0
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def make_case(file: Path, shape: tuple[int, int, int]) -> None:
    """Make the phantom and its second label set, and store both."""
    from labelcritic_gui.faults.planting import plant
    from labelcritic_gui.faults.recipe import FaultKind, FaultSeverity, Recipe
    from labelcritic_gui.phantom.anatomy import make_phantom
    from labelcritic_gui.phantom.person import PhantomSettings

    phantom = make_phantom(PhantomSettings(shape=shape, seed=SEED, absent=()))
    stored = {"ct": phantom.volume.voxels, "affine": phantom.volume.geometry.affine}
    for number, (name, (kind, severity)) in enumerate(ERRORS.items()):
        recipe = Recipe(FaultKind(kind), FaultSeverity(severity))
        wrong = plant(recipe, name, phantom.scene, np.random.default_rng(number)).mask
        for label_set, mask in zip(LABEL_SETS, (phantom.masks[name], wrong), strict=True):
            stored[f"{label_set}/{name}"] = mask.voxels
            stored[f"{label_set}/{name}/origin"] = np.array(mask.origin)
    with file.open("wb") as out:
        np.savez(out, **stored)


def load_case(file: Path):
    """Return the CT, and the masks by label set and structure."""
    from labelcritic_gui.core.geometry import Geometry, Mask, Volume

    with np.load(file) as stored:
        ct = np.asfortranarray(stored["ct"])
        geometry = Geometry(ct.shape, stored["affine"])
        masks = {
            (label_set, name): Mask(
                np.asfortranarray(stored[f"{label_set}/{name}"]),
                tuple(int(v) for v in stored[f"{label_set}/{name}/origin"]),
                geometry,
            )
            for label_set in LABEL_SETS
            for name in ERRORS
        }
    return Volume(ct, geometry), masks


def ours(ct, masks) -> dict[str, float]:
    """Measure the case as the program does; return the seconds of each part."""
    from labelcritic_gui.bootstrap import build_services
    from labelcritic_gui.core.measures.candidate_facts import measure
    from labelcritic_gui.core.measures.distances import surface_agreement
    from labelcritic_gui.core.measures.neighbours import Neighbours
    from labelcritic_gui.core.measures.pair_facts import measure_pair
    from labelcritic_gui.core.measures.regions import Context, differences
    from labelcritic_gui.core.patient.field_of_view import field_of_view
    from labelcritic_gui.core.patient.landmarks import find_landmarks
    from labelcritic_gui.core.patient.scan import judgeable
    from labelcritic_gui.core.rules import findings_of
    from labelcritic_gui.settings import Settings

    table, parts = build_services(Settings()).structures, Parts()
    landmarks = find_landmarks(ct)
    parts.done("landmarks")
    view = field_of_view(ct, landmarks)
    judgeable(ct, landmarks, view)
    parts.done("field of view")
    neighbours = Neighbours.of(((label_set, name, mask) for (label_set, name), mask in masks.items()), ct.geometry)
    parts.done("neighbours")
    facts = {
        (label_set, name): measure(
            mask, ct, landmarks, structure=table.get(name), neighbours=neighbours, label_set=label_set
        )
        for (label_set, name), mask in masks.items()
    }
    parts.done("facts of candidates")
    pairs = {name: (masks[LABEL_SETS[0], name], masks[LABEL_SETS[1], name]) for name in ERRORS}
    told = [measure_pair(*pair, ct) for pair in pairs.values()]
    parts.done("facts of pairs")
    if "hd95_mm" not in type(told[0]).__slots__:  # else they are among the facts of pairs
        for pair in pairs.values():
            surface_agreement(*pair)
    parts.done("surface distances")
    for name, pair in pairs.items():
        differences(*pair, ct, Context(landmarks, neighbours, table.get(name), LABEL_SETS))
    parts.done("differing regions")
    for (_, name), found in facts.items():
        findings_of(table.get(name), found)
    parts.done("findings")
    return parts.seconds


def plain(ct, masks) -> dict[str, float]:
    """Measure about the same on whole volumes, as one would write it down with SciPy and numpy."""
    from scipy import ndimage

    corners, parts, spacing = np.ones((3, 3, 3)), Parts(), ct.geometry.spacing
    hu = ct.voxels
    body, count = ndimage.label(hu > -300)
    largest = body == 1 + int(np.argmax(np.bincount(body.ravel(order="K"))[1:]))
    ndimage.binary_fill_holes(largest)
    del body, largest
    parts.done("landmarks")
    full = {key: mask.full() for key, mask in masks.items()}
    parts.skipped()  # the masks as a reader of files gives them
    for mask in full.values():
        _, count = ndimage.label(mask, structure=corners)
        (ndimage.binary_fill_holes(mask) & ~mask).sum()
        values = hu[mask]
        np.mean(values), np.std(values), np.percentile(values, (5, 50, 95))
        for low, high in ((-190, -30), (-1024, -300), (300, 3071)):
            np.mean((values >= low) & (values <= high))
        ndimage.center_of_mass(mask)
        (mask & ~ndimage.binary_erosion(mask)).sum()
    parts.done("facts of candidates")
    for name in ERRORS:
        one, two = full[LABEL_SETS[0], name], full[LABEL_SETS[1], name]
        2.0 * (one & two).sum() / (one.sum() + two.sum())
        for part in (one & ~two, two & ~one):
            numbers, count = ndimage.label(part, structure=corners)
            ndimage.mean(hu, numbers, np.arange(1, min(count, 8) + 1))
    parts.done("differing regions")
    for name in ERRORS:
        edges = [mask & ~ndimage.binary_erosion(mask) for mask in (full[s, name] for s in LABEL_SETS)]
        away = [ndimage.distance_transform_edt(~there, sampling=spacing)[here] for here, there in (edges, edges[::-1])]
        max(np.percentile(found, 95) for found in away)
        np.concatenate(away).mean()
        [np.mean(np.concatenate(away) <= mm) for mm in (1.0, 2.0, 3.0)]
    parts.done("surface distances")
    return parts.seconds


class Parts:
    """The seconds of this process that each part of the work took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.process_time()

    def done(self, name: str) -> None:
        """Say that a part is done."""
        self.seconds[name] = time.process_time() - self._since
        self.skipped()

    def skipped(self) -> None:
        """Leave out what was done since."""
        self._since = time.process_time()


WAYS: dict[str, Callable[..., dict[str, float]]] = {"ours": ours, "plain": plain}


def peak_mb() -> float:
    """Return the most memory this process has held, in MB."""
    text = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in text.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def run(way: str, file: Path) -> None:
    """Do the work once in this process and print what it took."""
    ct, masks = load_case(file)
    import scipy.ndimage  # what both use is loaded before the clock starts
    import scipy.sparse.csgraph
    import scipy.spatial
    import scipy.special  # noqa: F401

    if way == "ours":
        import cv2

        cv2.setNumThreads(1)
    before, start = peak_mb(), time.perf_counter()
    parts = WAYS[way](ct, masks)
    wall = time.perf_counter() - start
    print(json.dumps({"parts": parts, "wall": wall, "before_mb": before, "peak_mb": peak_mb()}))


def contest(file: Path, *, runs: int, with_plain: bool) -> int:
    """Run the ways in fresh processes and print what they took; return 1 when a target is missed."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    medians = {}
    for way, times in (("ours", runs), ("plain", 1 if with_plain else 0)):
        found = []
        for _ in range(times):
            command = [sys.executable, "-m", "benchmarks.facts", "--run", way, str(file)]
            done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
            found.append(json.loads(done.stdout.splitlines()[-1]))
        if not found:
            continue
        print(f"{way}, median of {times}" if times > 1 else f"{way}, once")
        for part in found[0]["parts"]:
            print(f"  {part:24}{statistics.median(f['parts'][part] for f in found):8.2f} s")
        totals = [sum(f["parts"].values()) for f in found]
        wall, peak = (statistics.median(f[key] for f in found) for key in ("wall", "peak_mb"))
        medians[way] = (statistics.median(totals), peak)
        print(f"  {'all':24}{medians[way][0]:8.2f} s ({min(totals):.2f}-{max(totals):.2f}; {wall:.2f} s by the clock)")
        print(f"  most memory {peak:.0f} MB, of them {found[0]['before_mb']:.0f} for the case itself", flush=True)
    seconds, peak = medians["ours"]
    print(f"\nours: {seconds:.2f} s of at most {MOST_SECONDS:.0f}; {peak:.0f} MB of at most {MOST_MB:.0f}", end="")
    ratio = medians["plain"][0] / seconds if with_plain else LEAST_RATIO
    print(f"; {ratio:.1f}x faster than the plain way, at least {LEAST_RATIO:.0f}" if with_plain else "")
    return 0 if seconds <= MOST_SECONDS and peak <= MOST_MB and ratio >= LEAST_RATIO else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of ours (default 3); the plain way runs once")
    parser.add_argument("--case", type=Path, help="the file of the synthetic case, made there when it is absent")
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE, help="grid of the case (default 512 512 400)")
    parser.add_argument("--ours", action="store_true", help="leave the plain way out: it takes minutes and 5 GB")
    parser.add_argument("--run", nargs=2, metavar=("WAY", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], Path(asked.run[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = asked.case or Path(folder) / "case.npz"
        if not file.exists():
            make_case(file, tuple(asked.shape))
        raise SystemExit(contest(file, runs=asked.runs, with_plain=not asked.ours))


if __name__ == "__main__":
    main()
