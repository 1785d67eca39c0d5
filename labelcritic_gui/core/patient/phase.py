"""Which contrast phase a CT shows, from the densities inside labels of vessels and organs. Layer: core.

Every structure speaks for each phase by how usual its density is there; a structure whose density is usual in no
phase is most likely a wrong label and speaks for none. Where the best phase is not clearly the best, none is said.

Sources: without contrast the aorta has 37.7 HU on average and the vena cava 36.1 (423 abdominal CTs correlated with
haemoglobin, unenhanced), 39 to 50 HU without and 25 to 37 with anaemia; kidneys 30 to 50. Enhancement over that after
2 ml/kg of 300 mgI/ml at 4 ml/s: Goshima et al., AJR 187 (2006) W25-W32, 171 patients: late arterial (10 to 15 s after
the bolus trigger) aorta 300 to 336 HU, spleen 97 to 108, portal vein 75 to 104, liver 15 to 25; portal (45 to 55 s)
liver 59 to 63, aorta 117 to 125, spleen 73 to 82. Kidneys: Goshima et al., Eur J Radiol 2007 (PubMed 17367973),
128 patients: cortex 195 to 217 with cortex 110 to 140 over medulla in the arterial scans, medulla 145 and less than 30
between them at 55 s. Late scans (3 minutes and more): no published means used; equilibrium means one density in all
vessels, below that of the portal phase. The spreads are wide bounds for other doses, weights and tube voltages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Mask, Volume
from labelcritic_gui.core.metrics import eroded, thinned, thinning

PLAIN, ARTERIAL, PORTAL, LATE = "plain", "arterial", "portal", "late"
PHASES = (PLAIN, ARTERIAL, PORTAL, LATE)

_KIDNEY = {PLAIN: (33.0, 10.0), ARTERIAL: (160.0, 40.0), PORTAL: (185.0, 35.0), LATE: (150.0, 35.0)}
TYPICAL: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "aorta": {PLAIN: (39.0, 9.0), ARTERIAL: (340.0, 70.0), PORTAL: (158.0, 25.0), LATE: (102.0, 14.0)},
    "spleen": {PLAIN: (47.0, 8.0), ARTERIAL: (130.0, 32.0), PORTAL: (124.0, 17.0), LATE: (92.0, 12.0)},
    "kidney_left": _KIDNEY,
    "kidney_right": _KIDNEY,
    "liver": {PLAIN: (53.0, 17.0), ARTERIAL: (72.0, 20.0), PORTAL: (108.0, 28.0), LATE: (85.0, 22.0)},  # fat lowers it
    "portal_vein_and_splenic_vein": {
        PLAIN: (38.0, 9.0),
        ARTERIAL: (115.0, 40.0),
        PORTAL: (165.0, 25.0),
        LATE: (104.0, 15.0),
    },
    "postcava": {PLAIN: (37.0, 9.0), ARTERIAL: (85.0, 40.0), PORTAL: (138.0, 30.0), LATE: (102.0, 15.0)},
}
"""Usual median density in HU, and its spread, per structure and phase, at 120 kV; the sources are the module's."""
_DOUBT, _ANY_HU = 0.04, 500.0
"""Share of labels that hold something else, of any density within a range that wide."""
_CLEAR, _NEAR = 0.9, 2.5
_CORE_VOXELS, _LEAST_VOXELS = 40, 20
_PAIRED = {"kidney_left": "kidneys", "kidney_right": "kidneys"}
"""Structures that have one density: each speaks as another label set's opinion of the same thing would."""
_SAID = {PLAIN: "without contrast", ARTERIAL: "arterial", PORTAL: "portal venous", LATE: "late"}


@dataclass(frozen=True, slots=True)
class Phase:
    """The contrast phase of a CT.

    Attributes:
        name: "plain", "arterial", "portal", "late", or "" when it is not known.
        why: one sentence with the densities it rests on, or why it is not known.
        shares: how likely each phase is, 0..1; empty without any label to go by.
    """

    name: str = ""
    why: str = "No label of a vessel or an organ tells the contrast phase."
    shares: Mapping[str, float] = field(default_factory=dict)


def phase_of(hu_by_structure: Mapping[str, float | Sequence[float]]) -> Phase:
    """Return the phase that explains the median densities (HU) of structures by name, one value per label set.

    Structures that are not in `TYPICAL` are left out. Of several label sets each may be the right one. One label that
    holds something else does not decide: what it says is bounded, and two that contradict each other give no phase.
    """
    found: dict[str, NDArray[np.float64]] = {}
    for name in (n for n in TYPICAL if n in hu_by_structure):
        values = _values(hu_by_structure[name])
        if values.size:
            spoken = _PAIRED.get(name, name)
            found[spoken] = np.concatenate([found.get(spoken, values[:0]), values])
    if not found:
        return Phase()
    likelihood = np.prod([_likelihood(name, values) for name, values in found.items()], axis=0)
    shares = dict(zip(PHASES, (float(v) for v in likelihood / likelihood.sum()), strict=True))
    name = max(PHASES, key=lambda phase: shares[phase])
    told = ", ".join(f"{_plain_name(n)} {np.median(values):.0f} HU" for n, values in found.items())
    usual = [n for n, values in found.items() if _fits(n, values, name)]
    if shares[name] < _CLEAR:
        return Phase("", f"The contrast phase is not clear from these densities: {told}.", shares)
    if not usual:
        return Phase("", f"No contrast phase has these densities: {told}.", shares)
    return Phase(name, f"Densities of a scan {_scan_words(name)}: {told}.", shares)


def phase_from_masks(masks: Iterable[tuple[str, Mask]], ct: Volume) -> Phase:
    """Return the phase of a CT (canonical view) from (structure, mask) of all its label sets."""
    found: dict[str, list[float]] = {}
    for name, mask in masks:
        value = core_density(mask, ct) if name in TYPICAL else None
        if value is not None:
            found.setdefault(name, []).append(value)
    return phase_of(found)


def core_density(mask: Mask, ct: Volume) -> float | None:
    """Return the median HU well inside a mask, on a grid of about 2 mm; None when the mask is too small.

    One layer of that grid is taken off, so that neighbours and partial volume do not count; not from a mask that would
    vanish.
    """
    if mask.is_empty:
        return None
    steps = thinning(mask.geometry.spacing)
    inside = thinned(mask.voxels, steps)
    core = eroded(inside)
    if np.count_nonzero(core) < _CORE_VOXELS:
        core = inside
    values = ct.voxels[mask.box][:: steps[0], :: steps[1], :: steps[2]][core]
    return float(np.median(values)) if values.size >= _LEAST_VOXELS else None


def _values(given: float | Sequence[float]) -> NDArray[np.float64]:
    values = np.atleast_1d(np.asarray(given, dtype=np.float64))
    return values[np.isfinite(values)]


def _usual(name: str) -> Mapping[str, tuple[float, float]]:
    return _KIDNEY if name == "kidneys" else TYPICAL[name]


def _likelihood(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how usual the values are in each phase (per HU), the mean over label sets."""
    means, spreads = np.array([_usual(name)[phase] for phase in PHASES]).T
    if name == "aorta":  # a low tube voltage makes it denser still: all the more arterial
        values = np.minimum(values, _usual(name)[ARTERIAL][0])
    usual = np.exp(-0.5 * ((values[:, None] - means) / spreads) ** 2) / (spreads * np.sqrt(2.0 * np.pi))
    mixed: NDArray[np.float64] = ((1.0 - _DOUBT) * usual + _DOUBT / _ANY_HU).mean(axis=0)
    return mixed


def _fits(name: str, values: NDArray[np.float64], phase: str) -> bool:
    mean, spread = _usual(name)[phase]
    values = np.minimum(values, _usual(name)[ARTERIAL][0]) if name == "aorta" else values
    return bool((np.abs(values - mean) <= _NEAR * spread).any())


def _plain_name(name: str) -> str:
    return name.replace("_", " ")


def _scan_words(name: str) -> str:
    return _SAID[name] if name == PLAIN else f"in the {_SAID[name]} phase"
