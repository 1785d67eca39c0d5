"""Shape, course and densities of bodies whose numbers are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labelcritic_gui.core.geometry import Geometry, Mask
from labelcritic_gui.core.measures.densities import QUANTILES, Histogram, quantile_distance
from labelcritic_gui.core.measures.shapes import principal_axes, sphericity
from labelcritic_gui.core.measures.surfaces import surface_of
from labelcritic_gui.core.measures.tubes import course_of

HU = hnp.arrays(np.int16, st.integers(1, 60), elements=st.integers(-1500, 3000))


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """Load what the first example would have to wait for."""
    import scipy.ndimage
    import scipy.special  # noqa: F401


def ellipsoid(radii: tuple[float, ...], spacing: tuple[float, ...], turn: np.ndarray) -> np.ndarray:
    size = [int(2 * max(radii) / s) + 5 for s in spacing]
    grid = (np.moveaxis(np.indices(size), 0, -1) - (np.array(size) - 1) / 2) * spacing
    inside: np.ndarray = (((grid @ turn) / radii) ** 2).sum(axis=-1) <= 1
    return inside


def turned(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.5)])
def test_that_the_axes_of_an_ellipsoid_are_its_own(spacing: tuple[float, ...]) -> None:
    turn = turned(30.0)
    lengths, directions = principal_axes(ellipsoid((20.0, 12.0, 8.0), spacing, turn), np.diag(spacing))
    assert lengths == pytest.approx((40.0, 24.0, 16.0), rel=0.03)
    assert np.abs(np.array(directions) @ turn) == pytest.approx(np.eye(3), abs=0.02)
    assert all(max(direction, key=abs) > 0 for direction in directions)


def test_that_the_axes_do_not_hang_on_the_grids_direction() -> None:
    voxels, turn = ellipsoid((20.0, 12.0, 8.0), (1.0, 1.0, 1.0), np.eye(3)), turned(20.0)
    lengths, _ = principal_axes(voxels, np.eye(3))
    oblique, directions = principal_axes(voxels, turn)
    assert oblique == pytest.approx(lengths)
    assert np.abs(np.array(directions) @ turn) == pytest.approx(np.eye(3), abs=0.02)


def test_that_one_voxel_is_as_long_as_it_is_wide() -> None:
    lengths, _ = principal_axes(np.ones((1, 1, 1), bool), np.diag([1.0, 1.0, 1.0]))
    assert lengths == pytest.approx((2 * np.sqrt(5 / 12),) * 3)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 0.8, 2.5)])
def test_that_a_ball_is_a_sphere_and_a_rod_is_not(spacing: tuple[float, ...]) -> None:
    found = []
    for radii in ((20.0, 20.0, 20.0), (40.0, 5.0, 5.0)):
        voxels = ellipsoid(radii, spacing, np.eye(3))
        geometry = Geometry((voxels.shape[0], voxels.shape[1], voxels.shape[2]), np.diag([*spacing, 1.0]))
        mask = Mask.from_array(voxels, geometry)
        found.append(sphericity(mask.volume_ml, surface_of(mask).area_cm2) or 0.0)
    assert found[0] == pytest.approx(1.0, abs=0.03)
    assert found[1] < 0.75
    assert sphericity(0.0, 0.0) is None


def tube(points: np.ndarray, radius: float, size: tuple[int, int, int], mm: tuple[float, ...]) -> np.ndarray:
    """Return the cells within a radius in mm of a line through points in mm."""
    grid = np.moveaxis(np.indices(size), 0, -1) * np.array(mm)
    inside = np.zeros(size, bool)
    for point in points:
        inside |= ((grid - point) ** 2).sum(axis=-1) <= radius**2
    return inside


def line(low: tuple[float, ...], high: tuple[float, ...]) -> np.ndarray:
    return np.linspace(low, high, 120)


@pytest.mark.parametrize("high", [(30.0, 30.0, 150.0), (90.0, 30.0, 130.0)])
@pytest.mark.parametrize("mm", [(2.0, 2.0, 2.0), (1.6, 1.6, 3.0)])
def test_that_a_straight_tube_has_its_length_and_radius(high: tuple[float, ...], mm: tuple[float, ...]) -> None:
    size = (int(130 / mm[0]), int(60 / mm[1]), int(180 / mm[2]))
    low = (30.0, 30.0, 20.0)
    course = course_of(tube(line(low, high), 9.0, size, mm), (mm[0], mm[1], mm[2]))
    assert course is not None
    assert course.radius_mm == pytest.approx(9.0, rel=0.1)
    assert course.length_mm == pytest.approx(np.linalg.norm(np.subtract(high, low)) + 18.0, rel=0.1)
    assert course.gaps == 0


def test_that_a_tube_is_measured_around_its_bend_and_where_it_is_narrow() -> None:
    turn = np.linspace(0, np.pi, 100)
    bend = np.stack([60 + 40 * np.cos(turn), np.full(100, 30.0), 40 + 40 * np.sin(turn)], axis=1)
    cells = tube(bend, 10.0, (60, 30, 50), (2.0, 2.0, 2.0))
    whole = course_of(cells, (2.0, 2.0, 2.0))
    assert whole is not None
    assert whole.length_mm == pytest.approx(np.pi * 40 + 20.0, rel=0.12)
    assert whole.radius_mm == pytest.approx(10.0, rel=0.15)
    narrow = cells & ~tube(bend[40:60], 30.0, (60, 30, 50), (2.0, 2.0, 2.0))
    narrow |= tube(bend, 4.0, (60, 30, 50), (2.0, 2.0, 2.0))
    found = course_of(narrow, (2.0, 2.0, 2.0))
    assert found is not None
    assert (found.least_mm or 99.0) < 6.0 < (whole.least_mm or 0.0)


def test_that_a_tube_that_breaks_off_has_gaps() -> None:
    cells = tube(line((20.0, 20.0, 10.0), (20.0, 20.0, 150.0)), 6.0, (20, 20, 80), (2.0, 2.0, 2.0))
    cells[:, :, 30:34] = False
    cells[:, :, 50:53] = False
    found = course_of(cells, (2.0, 2.0, 2.0))
    assert found is not None
    assert found.gaps == 2
    assert course_of(np.zeros((3, 3, 3), bool), (2.0, 2.0, 2.0)) is None
    speck = course_of(np.ones((2, 2, 2), bool), (2.0, 2.0, 2.0))
    assert speck is not None
    assert (speck.length_mm, speck.radius_mm, speck.gaps) == (None, None, 0)


@settings(deadline=None)
@given(HU)
def test_that_a_histogram_tells_what_the_voxels_do(hu: np.ndarray) -> None:
    counted = Histogram.of(hu)
    mean, sd = counted.mean_and_sd()
    assert counted.total == hu.size
    assert mean == pytest.approx(hu.mean(), abs=1e-6)
    assert sd == pytest.approx(hu.std(), abs=1e-6)
    assert counted.share(-190, -30) == pytest.approx(((hu >= -190) & (hu <= -30)).mean())
    assert counted.share(None, -301) == pytest.approx((hu < -300).mean())
    assert counted.share(301, None) == pytest.approx((hu > 300).mean())
    assert counted.quantiles() == pytest.approx(np.quantile(hu, QUANTILES, method="inverted_cdf"))
    high = counted.above(0)
    assert (0 if high is None else high.total) == (hu >= 0).sum()


@settings(deadline=None)
@given(HU, st.sampled_from([np.int32, np.float32, np.float64, ">i2"]))
def test_that_the_type_of_the_densities_changes_nothing(hu: np.ndarray, kind: object) -> None:
    one, two = Histogram.of(hu), Histogram.of(hu.astype(kind))  # type: ignore[call-overload]
    assert one.low == two.low
    assert np.array_equal(one.counts, two.counts)


def test_that_what_is_no_number_counts_as_air() -> None:
    assert Histogram.of(np.array([np.nan, 0.0])).mean_and_sd()[0] == -512.0


def test_that_the_distance_to_a_normal_distribution_is_that_of_an_independent_sum() -> None:
    from scipy.stats import norm, wasserstein_distance

    rng = np.random.default_rng(0)
    hu = np.rint(np.concatenate([rng.normal(60, 15, 4000), rng.normal(-90, 15, 1000)])).astype(np.int16)
    low, high = np.quantile(hu, (0.25, 0.75), method="inverted_cdf")
    normal = norm.ppf((np.arange(20_000) + 0.5) / 20_000, loc=60.0, scale=(high - low) / 1.349)
    found = Histogram.of(hu).distance_to_normal(60.0)
    assert found == pytest.approx(wasserstein_distance(hu, normal), abs=0.3)


def test_that_one_tissue_is_near_and_a_shift_or_a_second_tissue_far() -> None:
    rng = np.random.default_rng(0)
    liver = np.rint(rng.normal(60, 15, 5000)).astype(np.int16)
    assert Histogram.of(liver).distance_to_normal(60.0) < 1.5
    assert Histogram.of(liver).distance_to_normal(100.0) == pytest.approx(40.0, abs=1.0)
    mixed = liver.copy()
    mixed[:1000] = -90
    assert Histogram.of(mixed).distance_to_normal(60.0) > 25.0


@settings(deadline=None)
@given(HU, HU)
def test_that_quantiles_give_about_the_distance_of_two_histograms(one: np.ndarray, two: np.ndarray) -> None:
    a, b = (Histogram.of(hu).quantiles() for hu in (one, two))
    assert quantile_distance(a, b) == quantile_distance(b, a)
    assert quantile_distance(a, a) == 0.0
    assert quantile_distance(a, tuple(v + 10.0 for v in a)) == pytest.approx(10.0)
    assert quantile_distance(a, ()) is None
