"""Measure slices, a case in memory and the difference tour: `python -m benchmarks.slices [--runs 40] [--case FOLDER]`.

A CT of 512 x 512 x 400 (int16, stored as LPS files are) and 2 x 9 masks. Printed are medians in ms beside their
targets, and beside them what the plain way takes in the same run:

* a slice of each plane as grey levels (targets: the floors of a prototype, axial 0.24, coronal 0.5, sagittal 3.5);
  plainly: the window in floating point, on a copy;
* the label slice of two masks;
* the case from its files: the image and 18 masks, target 1.5 s; plainly: nibabel;
* the tour of two masks of a liver's size that differ by a leak, a hole and their boundary, target 150 ms; plainly:
  numbering the parts of both differences on the whole grid.

Exit code 1 when a target is missed by more than half.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from labelcritic_gui.core.cancel import NeverCancel
from labelcritic_gui.core.cases import Candidate, CandidateId, CaseId, MaskSource
from labelcritic_gui.core.geometry import Geometry, Mask, Volume
from labelcritic_gui.core.tour import find_tour
from labelcritic_gui.imaging.frame import View
from labelcritic_gui.imaging.slices import hu_slice, label_slice, slice_count
from labelcritic_gui.imaging.window import PRESETS, to_grey
from labelcritic_gui.services.masks import load_masks
from labelcritic_gui.services.slices import load_image

SHAPE = (512, 512, 400)
SPACING = (0.8, 0.8, 1.25)
FLOORS = {View.AXIAL: 0.24, View.FRONTAL: 0.5, View.LATERAL: 3.5}
LOAD_MS, TOUR_MS = 1500.0, 150.0
MASKS = 18
SLACK = 1.5


def main() -> None:
    """Measure, print, and say by the exit code whether the targets are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--case", type=Path, help="where the files of a run before are, or are made and kept")
    arguments = parser.parse_args()
    volume = body()
    kept = [*slices(volume, arguments.runs), tour(volume)]
    with tempfile.TemporaryDirectory() as folder:
        kept.append(loading(arguments.case or Path(folder), volume))
    sys.exit(0 if all(kept) else 1)


def body() -> Volume:
    """Return a noisy body in air, as a canonical view of what an LPS file holds."""
    rng = np.random.default_rng(7)
    x, y = np.ogrid[: SHAPE[0], : SHAPE[1]]
    inside = ((x - 256) / 215) ** 2 + ((y - 256) / 165) ** 2 < 1
    stored = np.empty(SHAPE, dtype=np.int16, order="F")
    for z in range(SHAPE[2]):
        noise = rng.standard_normal(SHAPE[:2], dtype=np.float32)
        stored[:, :, z] = np.where(inside, 40 + 24 * noise, -1000 + 12 * noise)
    return Volume(stored[::-1, ::-1], Geometry(SHAPE, np.diag([*SPACING, 1.0])))


def ball(middle: tuple[int, int, int], radii: tuple[int, int, int]) -> np.ndarray:
    """Return an ellipsoid on the whole grid, bool in Fortran order."""
    out = np.zeros(SHAPE, dtype=np.bool_, order="F")
    box = tuple(slice(max(0, m - r), m + r + 1) for m, r in zip(middle, radii, strict=True))
    grid = np.ogrid[box]
    out[box] = sum(((g - m) / r) ** 2 for g, m, r in zip(grid, middle, radii, strict=True)) <= 1
    return out


def median_ms(work: Callable[[int], object], runs: int) -> float:
    """Return what a piece of work takes at the median, in ms."""
    taken = []
    for n in range(runs):
        start = time.perf_counter()
        work(n)
        taken.append(1000.0 * (time.perf_counter() - start))
    return statistics.median(taken)


def told(name: str, ms: float, plain: float, target: float | None) -> bool:
    """Print one row; say whether the target is kept."""
    well = target is None or ms <= SLACK * target
    aim = "" if target is None else f"target {target:8.2f}"
    print(f"{name:34}{ms:9.2f} ms   plainly {plain:9.2f} ms  {plain / ms:6.1f}x   {aim}{'' if well else '  MISSED'}")
    return well


# --- slices --------------------------------------------------------------------------------------------------------


def slices(volume: Volume, runs: int) -> list[bool]:
    """Measure grey and label slices of every plane."""
    window, kept = PRESETS["abdomen"], []
    pair = [
        Mask.from_array(ball((330, 260, 200), (110, 90, 80)), volume.geometry),
        Mask.from_array(ball((334, 262, 203), (108, 92, 79)), volume.geometry),
    ]

    def plain(view: View, at: int) -> object:
        picked = tuple(at if axis == view.ray else slice(None) for axis in range(3))
        hu = volume.voxels[picked].T[::-1, ::-1].astype(np.float32)
        return (np.clip((hu - window.low) / window.width, 0, 1) * 255).astype(np.uint8)

    for view, floor in FLOORS.items():
        count = slice_count(volume.geometry, view)
        ours = median_ms(lambda n, v=view, c=count: to_grey(hu_slice(volume, v, 37 * n % c), window), runs)
        other = median_ms(lambda n, v=view, c=count: plain(v, 37 * n % c), runs)
        kept.append(told(f"{view.value} slice as grey", ours, other, floor))
        middle = count // 2
        both = [mask.full() for mask in pair]
        label = median_ms(lambda n, v=view, m=middle: label_slice(pair, v, m + n % 40 - 20), runs)

        def whole(n: int, v: View = view, m: int = middle, both: list[np.ndarray] = both) -> object:
            picked = tuple(m + n % 40 - 20 if axis == v.ray else slice(None) for axis in range(3))
            return np.where(both[1][picked], 2, both[0][picked]).T[::-1, ::-1].copy()

        told(f"{view.value} slice of two labels", label, median_ms(whole, runs), None)
    return kept


# --- the tour ------------------------------------------------------------------------------------------------------


def tour(volume: Volume) -> bool:
    """Measure the tour of two livers."""
    from scipy import ndimage

    liver = ball((330, 260, 200), (110, 90, 80))
    first = liver | ball((230, 250, 210), (30, 30, 20))
    second = ball((331, 261, 201), (110, 90, 80)) & ~ball((340, 270, 190), (18, 18, 12))
    masks = Mask.from_array(first, volume.geometry), Mask.from_array(second, volume.geometry)
    found = find_tour(*masks, volume)
    ours = median_ms(lambda _: find_tour(*masks, volume), 5)

    def plain(_: int) -> object:
        return [ndimage.label(only, structure=np.ones((3, 3, 3)))[1] for only in (first & ~second, second & ~first)]

    kept = told(f"tour of {masks[0].volume_ml:.0f} ml, {len(found.stops)} stops", ours, median_ms(plain, 1), TOUR_MS)
    for stop in found.stops:
        print(f"    {stop.claimant:7}{stop.volume_ml:8.1f} ml{'  boundary' if stop.rim else ''}")
    return kept


# --- a case from its files -----------------------------------------------------------------------------------------


def loading(folder: Path, volume: Volume) -> bool:
    """Measure reading an image and its masks, as slices need them."""
    import nibabel as nib

    from labelcritic_gui.formats import nifti

    image = folder / "ct.nii.gz"
    files = [folder / f"mask_{n:02}.nii.gz" for n in range(MASKS)]
    if not image.exists():
        folder.mkdir(parents=True, exist_ok=True)
        nifti.write_ct(image, volume)
        for n, file in enumerate(files):
            place = (120 + 55 * (n % 6), 200 + 60 * (n % 3), 60 + 16 * n)
            nifti.write_mask(file, Mask.from_array(ball(place, (40 + n, 30, 25)), volume.geometry))
    named = {CandidateId(CaseId("case"), f"s{n}", "one"): file for n, file in enumerate(files)}
    candidates = [Candidate(one, MaskSource(file.name)) for one, file in named.items()]

    def ours(_: int) -> object:
        found = load_image(image, cancel=NeverCancel())
        return found, load_masks(named, candidates, image=found.geometry, cancel=NeverCancel())

    def plain(_: int) -> object:
        return [np.asanyarray(nib.load(file).dataobj) for file in (image, *files)]

    return told(f"image and {MASKS} masks from files", median_ms(ours, 3), median_ms(plain, 1), LOAD_MS)


if __name__ == "__main__":
    main()
