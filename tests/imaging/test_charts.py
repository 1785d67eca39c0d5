"""Plots of how often a critic is right: valid, complete, and true to the counts."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelcritic_gui.core.bench_report import Bin, Calibration
from labelcritic_gui.core.statistics import share_of, wilson
from labelcritic_gui.imaging.charts import (
    BARS,
    BARS_WIDE,
    BLUE,
    ORANGE,
    WIDTH,
    AccuracyRow,
    accuracy_svg,
    calibration_svg,
)

SVG = "{http://www.w3.org/2000/svg}"
BINS = Calibration(
    (
        Bin(0.0, 0.6, 0.55, share_of(11, 20)),
        Bin(0.6, 0.8, 0.7, share_of(24, 30)),
        Bin(0.9, 1.0, 0.97, share_of(120, 122)),
    ),
    0.0273,
)


def row(name: str, right: int, decided: int, asked: int, heading: str = "", **targets: float) -> AccuracyRow:
    return AccuracyRow(name, share_of(right, decided), share_of(decided, asked), heading=heading, **targets)


ROWS = (
    row("below 0.8", 97, 98, 100, "Dice between the two", target=0.97, decided_target=0.9),
    row("0.8 to 0.95", 40, 45, 60, "Dice between the two", target=0.92, decided_target=0.8),
    row("kidney left", 12, 12, 12, "Structure"),
)


@st.composite
def counted(draw: st.DrawFn) -> AccuracyRow:
    asked = draw(st.integers(0, 50))
    decided = draw(st.integers(0, asked))
    return row(draw(st.text()), draw(st.integers(0, decided)), decided, asked, draw(st.text()))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.encode())


def texts(svg: str) -> str:
    return "\n".join(one.text or "" for one in parsed(svg).iter(f"{SVG}text"))


def described(svg: str) -> str:
    return parsed(svg).findtext(f"{SVG}desc") or ""


def bars(svg: str, colour: str) -> list[float]:
    """Return the lengths of the bars of a colour, without the legend's."""
    found = [one for one in parsed(svg).iter(f"{SVG}rect") if one.get("fill") == colour]
    return [float(one.get("width", "")) for one in found if float(one.get("x", "")) == BARS]


@given(rows=st.lists(counted(), max_size=6), title=st.text())
def test_that_any_name_gives_valid_xml_and_every_row_its_numbers(rows: list[AccuracyRow], title: str) -> None:
    svg = accuracy_svg(rows, title=title)
    assert parsed(svg).tag == f"{SVG}svg"
    assert texts(svg).count("decided") >= len(rows)


@given(title=st.text())
def test_that_any_title_gives_a_valid_diagram(title: str) -> None:
    assert parsed(calibration_svg(BINS, title=title)).get("width") == str(WIDTH)


def test_that_markup_in_a_name_stays_text() -> None:
    name = '<script x="1">&amp;</script>'
    svg = accuracy_svg([row(name, 1, 1, 1)])
    assert not list(parsed(svg).iter(f"{SVG}script"))
    assert name in described(svg)


def test_that_the_calibration_error_is_in_the_title() -> None:
    title = parsed(calibration_svg(BINS)).findtext(f"{SVG}title") or ""
    assert title == "Calibration: expected calibration error 2.7 %"


def test_that_a_perfectly_calibrated_critic_lies_on_the_diagonal() -> None:
    bins = (Bin(0.5, 0.7, 0.6, share_of(60, 100)), Bin(0.8, 1.0, 0.9, share_of(90, 100)))
    root = parsed(calibration_svg(Calibration(bins, 0.0)))
    dots = [(float(one.get("cx", "")), float(one.get("cy", ""))) for one in root.iter(f"{SVG}circle")]
    dashed = next(one for one in root.iter(f"{SVG}polyline") if one.get("stroke-dasharray"))
    (x0, y0), (x1, y1) = (tuple(map(float, pair.split(","))) for pair in dashed.get("points", "").split())
    for x, y in dots:
        assert y == pytest.approx(y0 + (y1 - y0) * (x - x0) / (x1 - x0), abs=0.2)


def test_that_counts_and_intervals_of_every_filled_bin_are_drawn_and_told() -> None:
    svg = calibration_svg(BINS)
    assert len(list(parsed(svg).iter(f"{SVG}circle"))) == 3
    low = 100 * wilson(24, 30).low
    assert f"stated 60 to 80 % (mean 70.0 %): right 80.0 % ({low:.0f} to" in described(svg)
    assert "24 of 30" in texts(svg)
    assert {"20", "30", "122"} <= set(texts(svg).splitlines())


def test_that_the_scale_begins_at_a_half_only_where_no_confidence_is_below() -> None:
    assert texts(calibration_svg(BINS)).splitlines().count("20 %") == 1
    below = Calibration((Bin(0.0, 0.6, 0.25, share_of(1, 4)), *BINS.bins), 0.03)
    assert texts(calibration_svg(below)).splitlines().count("20 %") == 2


def test_that_a_diagram_without_decided_pairs_says_so() -> None:
    svg = calibration_svg(Calibration((), None))
    assert "Nothing to draw: no pair was decided." in texts(svg)
    assert not list(parsed(svg).iter(f"{SVG}circle"))


def test_that_bars_are_as_long_as_the_shares() -> None:
    svg = accuracy_svg(ROWS)
    assert bars(svg, BLUE) == pytest.approx([BARS_WIDE * 97 / 98, BARS_WIDE * 40 / 45, BARS_WIDE], abs=0.06)
    assert bars(svg, ORANGE) == pytest.approx([BARS_WIDE * 0.98, BARS_WIDE * 0.75, BARS_WIDE], abs=0.06)


def test_that_targets_are_drawn_where_there_are_any() -> None:
    ticks = [one for one in parsed(accuracy_svg(ROWS)).iter(f"{SVG}polyline") if one.get("stroke-dasharray")]
    places = [float((one.get("points") or "").split(",")[0]) for one in ticks]
    assert places[1:] == pytest.approx([BARS + BARS_WIDE * t for t in (0.97, 0.9, 0.92, 0.8)], abs=0.06)
    assert "target of accuracy 97 %; target of share decided 90 %" in described(accuracy_svg(ROWS))


def test_that_a_heading_is_written_once_for_the_rows_below_it() -> None:
    assert texts(accuracy_svg(ROWS)).count("Dice between the two") == 1
    assert described(accuracy_svg(ROWS)).count("Dice between the two") == 2


def test_that_nothing_decided_is_said_and_no_accuracy_is_claimed() -> None:
    svg = accuracy_svg([row("liver", 0, 0, 5)])
    assert "Nothing was decided." in texts(svg)
    assert bars(svg, BLUE) == []
    assert "Nothing was asked." in texts(accuracy_svg([]))


def test_that_a_long_name_is_broken_and_kept_whole() -> None:
    name = "a very long structure name that nobody would ever give " + "x" * 60
    shown = texts(accuracy_svg([replace(ROWS[2], name=name)]))
    assert re.sub(r"\s", "", name) in re.sub(r"\s", "", shown)
    assert max(len(line) for line in shown.splitlines()) < 60
