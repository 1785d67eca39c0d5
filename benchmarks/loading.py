"""Measure loading in one run, `python -m benchmarks.loading`: a CT against other libraries, a case of 2 x 25 masks.

Makes a synthetic 512x512x400 int16 CT of more than 100 MB compressed and 25 structures in two label sets, one file
each. Every contestant runs in a fresh process, imports included and left out, taking turns; medians. Before each
opening of the case its files are dropped from the system's cache where the system allows it ("cold").
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

SHAPE = (512, 512, 400)
SPACING = (0.8, 0.8, 1.25)
LABEL_SETS = ("one", "two")
STRUCTURES = 25
FLOATS = 4
"""Masks that are stored as float32 besides, as some tools do."""
WORKERS = 2


# --- the case ------------------------------------------------------------------------------------------------------


def make_case(folder: Path) -> None:
    """Write the CT and the masks, stored as LPS-like files often are (first two axes reversed)."""
    import nibabel as nib

    affine = np.diag([-SPACING[0], -SPACING[1], SPACING[2], 1.0])
    rng = np.random.default_rng(7)
    x, y = (np.linspace(0, 1, n, dtype=np.float32) for n in SHAPE[:2])
    body = ((x[:, None] - 0.5) / 0.42) ** 2 + ((y[None, :] - 0.5) / 0.32) ** 2 < 1
    ct = np.empty(SHAPE, dtype=np.int16, order="F")
    for z in range(SHAPE[2]):
        noise = rng.standard_normal(SHAPE[:2], dtype=np.float32)
        ct[:, :, z] = np.where(body, 40 + 24 * noise, np.maximum(-1000 + 12 * noise, -1024))
    nib.save(nib.Nifti1Image(ct, affine), folder / "ct.nii.gz")
    del ct
    places = rng.uniform([0.25, 0.3, 0.1, 0.03, 0.03, 0.03], [0.75, 0.7, 0.9, 0.12, 0.1, 0.2], (STRUCTURES, 6))
    for index, label_set in enumerate(LABEL_SETS):
        (folder / label_set).mkdir()
        for number, place in enumerate(places):
            mask = _blob(place, grown=1.0 + 0.06 * index, rng=rng)
            nib.save(nib.Nifti1Image(mask, affine), folder / label_set / f"structure_{number:02}.nii.gz")
    (folder / "floats").mkdir()
    for number, place in enumerate(places[:FLOATS]):
        mask = _blob(place, grown=1.0, rng=rng).astype(np.float32)
        nib.save(nib.Nifti1Image(mask, affine), folder / "floats" / f"structure_{number:02}.nii.gz")


def _blob(place, *, grown, rng):
    """Return an ellipsoid with a rough edge, so that it does not compress better than drawn labels do."""
    mask = np.zeros(SHAPE, dtype=np.uint8, order="F")
    terms = [
        ((np.linspace(0, 1, n, dtype=np.float32) - place[axis]) / (place[axis + 3] * grown)) ** 2
        for axis, n in enumerate(SHAPE)
    ]
    for z in np.flatnonzero(terms[2] < 1):
        rough = rng.normal(0, 0.04, SHAPE[:2]).astype(np.float32)
        mask[:, :, z] = terms[0][:, None] + terms[1][None, :] + terms[2][z] + rough < 1
    return mask


# --- one CT --------------------------------------------------------------------------------------------------------


def ours(case: Path) -> object:
    from labelcritic_gui.formats.nifti import load_ct

    return load_ct(case / "ct.nii.gz").voxels


def nibabel_get_fdata(case: Path) -> object:
    import nibabel as nib

    return nib.load(case / "ct.nii.gz").get_fdata()


def nibabel_dataobj(case: Path) -> object:
    import nibabel as nib

    return np.asanyarray(nib.load(case / "ct.nii.gz").dataobj)


def simpleitk(case: Path) -> object:
    import SimpleITK as sitk

    return sitk.ReadImage(str(case / "ct.nii.gz"))


def isal_public(case: Path) -> object:
    """Decompress by isal's public reader into one preallocated buffer."""
    from isal import igzip

    with (case / "ct.nii.gz").open("rb", buffering=0) as raw, igzip.open(raw) as file:
        return _filled(file)


def isal_inner(case: Path) -> object:
    """The same by isal's inner reader, which copies once less: what no reader of the whole can undercut."""
    from isal import isal_zlib

    with (case / "ct.nii.gz").open("rb", buffering=0) as raw:
        return _filled(isal_zlib._GzipReader(raw, 512 * 1024))


def _filled(source) -> object:
    buffer = np.empty(352 + int(np.prod(SHAPE)) * 2, dtype=np.uint8)
    view, done = memoryview(buffer), 0
    while got := source.readinto(view[done : done + 512 * 1024]):
        done += got
    return buffer


LOADERS = {
    "ours (load_ct)": ours,
    "nibabel get_fdata()": nibabel_get_fdata,
    "nibabel np.asanyarray(dataobj)": nibabel_dataobj,
    "SimpleITK ReadImage": simpleitk,
    "isal into one buffer": isal_public,
    "isal's inner reader into one buffer": isal_inner,
}


# --- a case of 2 x 25 masks ----------------------------------------------------------------------------------------


def open_case(case: Path, *, workers: int, masks_only: bool = False) -> object:
    """Load the image and all masks as forming opinions does: fit checked, boxes kept, files hashed."""
    from labelcritic_gui.core.cancel import NeverCancel
    from labelcritic_gui.core.cases import Candidate, CandidateId, MaskSource
    from labelcritic_gui.formats import nifti
    from labelcritic_gui.services.masks import load_masks

    files = {
        CandidateId("case", path.name.removesuffix(".nii.gz"), label_set): path
        for label_set in LABEL_SETS
        for path in sorted((case / label_set).glob("*.nii.gz"))
    }
    candidates = [Candidate(key, MaskSource(str(path))) for key, path in files.items()]
    image = nifti.read_geometry(case / "ct.nii.gz")

    def masks_of(some):
        loaded = load_masks(files, some, image=image, cancel=NeverCancel())
        if loaded.refused:
            raise SystemExit(str(loaded.refused))
        return loaded.masks

    if workers == 1:
        return (None if masks_only else nifti.load_ct(case / "ct.nii.gz"), masks_of(candidates))
    with ThreadPoolExecutor(workers) as pool:
        volume = None if masks_only else pool.submit(nifti.load_ct, case / "ct.nii.gz")
        masks = list(pool.map(lambda c: masks_of([c]), candidates))
        return (volume and volume.result(), masks)


def float_masks(case: Path, *, how: str) -> object:
    """Load the masks stored as float32: ours, through the cache of masks (filled before), or by nibabel."""
    files = sorted((case / "floats").glob("*.nii.gz"))
    if how == "nibabel":
        import nibabel as nib

        return [np.asanyarray(nib.load(file).dataobj).astype(bool) for file in files]
    from labelcritic_gui.formats import nifti

    if how == "plain":
        return [nifti.load_mask(file) for file in files]
    from labelcritic_gui.services.mask_cache import cached_masks

    return [cached_masks(case / "review", file, [None], nifti.load_masks)[0] for file in files]


def project_case(case: Path, *, workers: int, structures: int) -> object:
    """Project the image and 2 x `structures` masks, as the window does when a case's pictures are not kept yet."""
    from labelcritic_gui.core.cases import MaskSource
    from labelcritic_gui.services.projection import project_case as project

    paths = [p for s in LABEL_SETS for p in sorted((case / s).glob("*.nii.gz"))[:structures]]
    sources = {str(p): MaskSource(str(p)) for p in paths}
    if workers == 1:
        return project(case / "ct.nii.gz", sources)
    with ThreadPoolExecutor(workers) as pool:
        return project(case / "ct.nii.gz", sources, map_function=pool.map)


OPENINGS = {
    f"{FLOATS} float32 masks": lambda case: float_masks(case, how="plain"),
    f"{FLOATS} float32 masks, kept crops": lambda case: float_masks(case, how="cache"),
    f"{FLOATS} float32 masks, nibabel dataobj": lambda case: float_masks(case, how="nibabel"),
    "image and 2 x 25 masks, one worker": lambda case: open_case(case, workers=1),
    "image and 2 x 25 masks, two workers": lambda case: open_case(case, workers=WORKERS),
    "2 x 25 masks alone, one worker": lambda case: open_case(case, workers=1, masks_only=True),
    "pictures of 2 x 9 masks, one worker": lambda case: project_case(case, workers=1, structures=9),
    "pictures of 2 x 9 masks, two workers": lambda case: project_case(case, workers=WORKERS, structures=9),
    "pictures of 2 x 25 masks, one worker": lambda case: project_case(case, workers=1, structures=STRUCTURES),
    "pictures of 2 x 25 masks, two workers": lambda case: project_case(case, workers=WORKERS, structures=STRUCTURES),
}


# --- measuring -----------------------------------------------------------------------------------------------------


def run(contestant: str, case: Path) -> None:
    """Do one contestant's work in this process and print what it took."""
    work = {**LOADERS, **OPENINGS}[contestant]
    _import_of(contestant)
    start = time.perf_counter()
    kept = work(case)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    print(json.dumps({"seconds": seconds, "peak_mb": peak}))
    del kept


def _import_of(contestant: str) -> None:
    """Import what the contestant needs, so that only its work is timed; the wall time has both."""
    if "nibabel" in contestant:
        import nibabel  # noqa: F401
    elif "SimpleITK" in contestant:
        import SimpleITK  # noqa: F401
    else:
        import isal.igzip
        import isal.isal_zlib  # noqa: F401
    if "ours" in contestant or contestant in OPENINGS:
        import labelcritic_gui.formats.nifti
        import labelcritic_gui.services.masks
        import labelcritic_gui.services.projection  # noqa: F401


def measure(contestant: str, case: Path) -> tuple[float, float, float]:
    """Return seconds of the work, wall seconds of the whole fresh process, and its peak memory in MB."""
    if contestant in OPENINGS:
        drop_from_cache(case)
    command = [sys.executable, "-m", "benchmarks.loading", "--run", contestant, str(case)]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    said = json.loads(done.stdout)
    return said["seconds"], time.perf_counter() - start, said["peak_mb"]


def drop_from_cache(case: Path) -> None:
    """Ask the system to forget the case's files, where it has a call for that."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in case.rglob("*.nii.gz"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def table(names: list[str], case: Path, *, runs: int) -> dict[str, float]:
    """Run all in turn, print their medians, and return the median seconds of the work."""
    taken = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            taken[name].append(measure(name, case))
    print(f"{'':40}{'work':>9}{'range':>14}{'process':>10}{'peak':>9}")
    medians = {}
    for name, found in taken.items():
        work, wall, peak = (statistics.median(column) for column in zip(*found, strict=True))
        spread = f"{min(f[0] for f in found):.2f}-{max(f[0] for f in found):.2f}"
        print(f"{name:40}{work:7.2f} s{spread:>14}{wall:8.2f} s{peak:6.0f} MB", flush=True)
        medians[name] = work
    return medians


def contest(case: Path, *, runs: int) -> int:
    """Print both tables; return 1 when a target is missed."""
    size = (case / "ct.nii.gz").stat().st_size / 1e6
    print(
        f"{'x'.join(map(str, SHAPE))} int16, {size:.0f} MB compressed; fresh processes taking turns, median of {runs}"
    )
    took = table(list(LOADERS), case, runs=runs)
    own, fdata, dataobj, itk, public, inner = took.values()
    floor = min(public, inner)
    ratios = {
        "faster than get_fdata, at least 2": (fdata / own, fdata / own >= 2),
        "faster than dataobj, at least 2": (dataobj / own, dataobj / own >= 2),
        "faster than SimpleITK, at least 1": (itk / own, itk / own >= 1),
        "of the faster isal, at most 1.15": (own / floor, own / floor <= 1.15),
    }
    print("\nours: " + "; ".join(f"{value:.2f}x {name}" for name, (value, _) in ratios.items()))
    masks = sum(p.stat().st_size for s in LABEL_SETS for p in (case / s).glob("*.nii.gz")) / 1e6
    measure(f"{FLOATS} float32 masks, kept crops", case)  # from here on they are kept
    print(f"\nopening the case cold (2 x {STRUCTURES} files of masks, {masks:.1f} MB), median of {runs}")
    table(list(OPENINGS), case, runs=runs)
    return 0 if all(well for _, well in ratios.values()) else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each contestant (default 5)")
    parser.add_argument("--case", type=Path, help="where the synthetic case is, or is made and kept")
    parser.add_argument("--run", nargs=2, metavar=("CONTESTANT", "CASE"), help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        run(asked.run[0], Path(asked.run[1]))
    elif asked.make:
        make_case(asked.make)
    else:
        with tempfile.TemporaryDirectory() as folder:
            case = asked.case or Path(folder) / "input"
            if not (case / "ct.nii.gz").exists():
                case.mkdir(parents=True, exist_ok=True)
                # in a process of its own: a child's peak memory would start from its parent's
                subprocess.run([sys.executable, "-m", "benchmarks.loading", "--make", str(case)], check=True)
            raise SystemExit(contest(case, runs=asked.runs))


if __name__ == "__main__":
    main()
