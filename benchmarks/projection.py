"""Measure the projection of a case against the plain way, in one run: `python -m benchmarks.projection`.

Makes a synthetic 512x512x400 CT and nine structures in two label sets, then lets each contestant project all of them
into PNG pictures, every time in a fresh process, taking turns, and prints the medians. All pictures are compared.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

SHAPE = (512, 512, 400)
SPACING = (0.8, 0.8, 1.25)
WINDOWS = {"organs": (-150, 250), "bone": (-500, 1500), "skeleton": (400, 2000)}
LABEL_SETS = ("one", "two")
STRUCTURES = {  # centre and radii as shares of the grid
    "liver": (0.66, 0.5, 0.6, 0.17, 0.18, 0.12),
    "spleen": (0.28, 0.4, 0.65, 0.07, 0.09, 0.08),
    "kidney_left": (0.34, 0.36, 0.48, 0.05, 0.06, 0.09),
    "kidney_right": (0.66, 0.36, 0.46, 0.05, 0.06, 0.09),
    "pancreas": (0.47, 0.52, 0.52, 0.13, 0.04, 0.04),
    "aorta": (0.47, 0.42, 0.5, 0.022, 0.022, 0.45),
    "postcava": (0.54, 0.44, 0.5, 0.025, 0.025, 0.4),
    "stomach": (0.38, 0.6, 0.62, 0.1, 0.1, 0.09),
    "gallbladder": (0.62, 0.6, 0.52, 0.03, 0.04, 0.04),
}
COLOUR = (255, 0, 0)
LANES = 2


def make_case(folder: Path) -> None:
    """Write the CT and the masks, stored as LPS-like files often are (first two axes reversed)."""
    import nibabel as nib

    affine = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    rng = np.random.default_rng(7)
    x, y = (np.linspace(0, 1, n, dtype=np.float32) for n in SHAPE[:2])
    body = ((x[:, None] - 0.5) / 0.42) ** 2 + ((y[None, :] - 0.5) / 0.32) ** 2 < 1
    spine = ((x[:, None] - 0.5) / 0.05) ** 2 + ((y[None, :] - 0.68) / 0.06) ** 2 < 1
    ct = np.empty(SHAPE, dtype=np.int16, order="F")
    for z in range(SHAPE[2]):
        plane = np.where(body, 40.0, -1000.0) + np.where(spine, 300.0 + 500.0 * (z % 24 < 16), 0.0)
        noise = rng.standard_normal(SHAPE[:2], dtype=np.float32)
        ct[:, :, z] = np.where(body, plane + 24 * noise, np.maximum(plane + 12 * noise, -1000))
    nib.save(nib.Nifti1Image(ct, affine), folder / "ct.nii.gz")
    for index, label_set in enumerate(LABEL_SETS):
        (folder / label_set).mkdir()
        for name, shares in STRUCTURES.items():
            mask = _ellipsoid(shares, grown=1.0 + 0.06 * index)
            nib.save(nib.Nifti1Image(mask, affine), folder / label_set / f"{name}.nii.gz")


def _ellipsoid(shares, *, grown):
    """Return a mask in the file's order, from shares in patient order."""
    mask = np.zeros(SHAPE, dtype=np.uint8, order="F")
    terms = []
    for axis, n in enumerate(SHAPE):
        centre = shares[axis] if axis == 2 else 1.0 - shares[axis]
        terms.append(((np.linspace(0, 1, n, dtype=np.float32) - centre) / (shares[axis + 3] * grown)) ** 2)
    for z in range(SHAPE[2]):
        mask[:, :, z] = terms[0][:, None] + terms[1][None, :] + terms[2][z] < 1
    return mask


def run_ours(case: Path, out: Path) -> None:
    from labelcritic_gui.core.cases import MaskSource
    from labelcritic_gui.services.projection import project_case, write_pictures

    sources = {f"{s}/{name}": MaskSource(str(case / s / f"{name}.nii.gz")) for s in LABEL_SETS for name in STRUCTURES}
    with ThreadPoolExecutor(LANES) as pool:
        pictures = project_case(case / "ct.nii.gz", sources, map_function=pool.map)
        if pictures.refused:
            raise SystemExit(str(pictures.refused))
        write_pictures(out, "case", pictures, map_function=pool.map)


def run_ours_one_thread(case: Path, out: Path) -> None:
    global LANES
    LANES = 1
    run_ours(case, out)


def run_plain(case: Path, out: Path, *, dtype=np.float64) -> None:
    """Do what a careful script does: read each file once by nibabel, whole, as floats; then numpy and OpenCV."""
    import cv2
    import nibabel as nib

    def load(path):
        return nib.as_closest_canonical(nib.load(path)).get_fdata(dtype=dtype)[::-1]

    ct = load(case / "ct.nii.gz")
    size = tuple(int(round(n * s, 4)) for n, s in zip((SHAPE[2], SHAPE[0]), (SPACING[2], SPACING[0]), strict=True))
    pictures = {}
    for window, (low, high) in WINDOWS.items():
        total = ((np.clip(ct, low, high) - low) / (high - low)).sum(axis=1)
        share = cv2.resize((total / max(total.max(), 1e-9)).astype(np.float32), size)
        if window == "skeleton":
            share = cv2.createCLAHE(5.0, (8, 8)).apply((share * 255).astype(np.uint8)).astype(np.float32)
            share = (share - share.min()) / max(share.max() - share.min(), 1e-9)
            share[share < 0.01] = 0
            share **= 0.6
        pictures[window] = np.rot90(np.rint(share * 255).astype(np.uint8))
        (out / "case").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(out / "case" / f"{window}.png"), pictures[window], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    del ct
    for label_set in LABEL_SETS:
        (out / "case" / label_set).mkdir(parents=True, exist_ok=True)
        for name in STRUCTURES:
            hit = (load(case / label_set / f"{name}.nii.gz") > 0).any(axis=1).astype(np.uint8)
            shadow = np.rot90(cv2.resize(hit, size, interpolation=cv2.INTER_NEAREST))[..., None] > 0
            for window, picture in pictures.items():
                grey = np.repeat(picture[..., None], 3, axis=2).astype(np.float32)
                colour = np.array(COLOUR[::-1], dtype=np.float32)
                drawn = np.rint(np.where(shadow, grey / 2 + colour / 2, grey)).astype(np.uint8)
                path = out / "case" / label_set / f"{name}_{window}.png"
                cv2.imwrite(str(path), drawn, [cv2.IMWRITE_PNG_COMPRESSION, 1])


def run_floor(case: Path, _out: Path) -> None:
    """Only read and decompress, by isal into one reused buffer, on one thread."""
    from isal import igzip

    buffer = memoryview(bytearray(512 * 1024))
    for path in _inputs(case):
        with path.open("rb") as raw, igzip.open(raw) as file:
            while file.readinto(buffer):
                pass


CONTESTANTS = {
    "ours, two threads": run_ours,
    "ours, one thread": run_ours_one_thread,
    "plain, float64": run_plain,
    "plain, float32": partial(run_plain, dtype=np.float32),
    "floor: read and decompress only": run_floor,
}


def _inputs(case: Path) -> list[Path]:
    return sorted(case.rglob("*.nii.gz"))


def measure(contestant: str, case: Path, out: Path) -> tuple[float, float]:
    """Return wall seconds of a fresh process, imports included, and its peak memory in MB."""
    command = [sys.executable, "-m", "benchmarks.projection", "--run", contestant, str(case), str(out)]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - start, json.loads(done.stdout)["peak_mb"]


def compare(first: Path, second: Path) -> tuple[int, int]:
    """Return how many pictures there are and the largest difference in grey levels; the names must agree."""
    import cv2

    names = [sorted(str(p.relative_to(folder)) for p in folder.rglob("*.png")) for folder in (first, second)]
    if names[0] != names[1] or not names[0]:
        raise SystemExit(f"different pictures: {sorted(set(names[0]) ^ set(names[1]))}")
    worst = 0
    for name in names[0]:
        one, two = (cv2.imread(str(folder / name), cv2.IMREAD_UNCHANGED).astype(int) for folder in (first, second))
        worst = max(worst, int(np.abs(one - two).max()))
    return len(names[0]), worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each contestant (default 5)")
    parser.add_argument("--case", type=Path, help="where the synthetic case is, or is made and kept")
    parser.add_argument("--run", nargs=3, metavar=("CONTESTANT", "CASE", "OUT"), help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        CONTESTANTS[asked.run[0]](Path(asked.run[1]), Path(asked.run[2]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(json.dumps({"peak_mb": peak / (2**20 if sys.platform == "darwin" else 2**10)}))
    elif asked.make:
        make_case(asked.make)
    else:
        with tempfile.TemporaryDirectory() as folder:
            raise SystemExit(contest(Path(folder), asked.case or Path(folder) / "input", runs=asked.runs))


def contest(folder: Path, case: Path, *, runs: int) -> int:
    """Run everyone in turn and print the table; return 1 when pictures differ by more than one grey level."""
    if not (case / "ct.nii.gz").exists():
        case.mkdir(parents=True, exist_ok=True)
        # in a process of its own: a child's peak memory would start from its parent's
        subprocess.run([sys.executable, "-m", "benchmarks.projection", "--make", str(case)], check=True)
    walls, peaks = {name: [] for name in CONTESTANTS}, {name: [] for name in CONTESTANTS}
    outs = {name: folder / f"out{number}" for number, name in enumerate(CONTESTANTS)}
    for _ in range(runs):
        for name in CONTESTANTS:
            wall, peak = measure(name, case, outs[name])
            walls[name].append(wall)
            peaks[name].append(peak)
    size = sum(path.stat().st_size for path in _inputs(case)) / 1e6
    print(f"{'x'.join(map(str, SHAPE))} CT, {len(STRUCTURES)} structures x {len(LABEL_SETS)} label sets,", end=" ")
    print(f"{size:.0f} MB in {len(_inputs(case))} files; fresh processes, imports included, median of {runs}\n")
    print(f"{'':34}{'wall':>9}{'ratio':>8}{'range':>15}{'peak':>9}{'ratio':>8}")
    base, base_peak = statistics.median(walls["plain, float64"]), statistics.median(peaks["plain, float64"])
    for name in CONTESTANTS:
        wall, peak = statistics.median(walls[name]), statistics.median(peaks[name])
        spread = f"{min(walls[name]):.2f}-{max(walls[name]):.2f}"
        print(f"{name:34}{wall:7.2f} s{base / wall:7.1f}x{spread:>15}{peak:6.0f} MB{base_peak / peak:7.1f}x")
    worst = 0
    for other in ("ours, one thread", "plain, float64", "plain, float32"):
        count, difference = compare(outs["ours, two threads"], outs[other])
        print(f"{count} pictures against {other}: largest difference {difference} grey level(s)")
        worst = max(worst, difference)
    return 0 if worst <= 1 else 1


if __name__ == "__main__":
    main()
