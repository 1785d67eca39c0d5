"""Plots of how often a critic is right, as SVG text. Layer: imaging.

Light ground whatever the window's theme: they go into reports and papers. The colours are those of Okabe and Ito,
which people who do not see red or green still tell apart; nothing is told by colour alone. What is drawn is also
written, as a table of numbers in `<desc>`, for whoever cannot see it.
"""

import html
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from labelcritic_gui.core.bench_report import Bin, Calibration
from labelcritic_gui.core.statistics import Share

WIDTH = 800
BLUE, ORANGE, BLACK, QUIET, LINE = "#0072b2", "#e69f00", "#1a1a1a", "#595959", "#d9d9d9"
TYPE = 'font-family="Inter, Helvetica, Arial, sans-serif" font-size="13"'
LARGE, GLYPH = 17, 0.56
"""Size of the title, px, and the width of a letter in sizes that is safe for mixed text; SVG cannot measure."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not allow even escaped."""


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """How one group of questions was answered: right of those decided, decided of those asked.

    `heading` starts a part of the chart where it differs from the row above; targets are 0..1, None for no target.
    """

    name: str
    accuracy: Share
    decided: Share
    target: float | None = None
    decided_target: float | None = None
    heading: str = ""


def written(share: Share) -> str:
    """Return a share with its 95 % interval and counts in words."""
    if share.value is None:
        return "none"
    low, high = share.interval.low, share.interval.high
    return f"{100 * share.value:.1f} % ({100 * low:.0f} to {100 * high:.0f}), {share.k} of {share.n}"


# --- calibration ---------------------------------------------------------------------------------------------------

SIDE, LEFT, TOP, COUNTS = 460, 84, 76, 90
"""Of the reliability diagram, px: its square's side and place, and the height of the counts below it."""


def calibration_svg(found: Calibration, *, title: str = "Calibration") -> str:
    """Return a reliability diagram: how often right over what was stated, with Wilson intervals, and counts below."""
    bins, error = found.bins, found.error
    told = "no decided pair" if error is None else f"expected calibration error {100 * error:.1f} %"
    sheet = _Sheet(TOP + SIDE + 46 + COUNTS + 44, f"{title}: {told}")
    least = 0.5 if bins and min(one.stated for one in bins) >= 0.5 else 0.0
    _square(sheet, least)
    if not bins:
        sheet.text(LEFT + SIDE / 2, TOP + SIDE / 2, "Nothing to draw: no pair was decided.", anchor="middle")
    points = [(_across(one.stated, least), _up(one.right.value or 0.0)) for one in bins]
    sheet.line(points, BLUE, width=1.5)
    for one, (x, y) in zip(bins, points, strict=True):
        sheet.whisker(x, _up(one.right.interval.low), x, _up(one.right.interval.high))
        sheet.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{BLUE}" stroke="#ffffff"/>')
    _counts(sheet, bins, least)
    _legend(sheet, bins)
    told_rows = [f"stated {_range(one)} (mean {100 * one.stated:.1f} %): right {written(one.right)}" for one in bins]
    return sheet.svg([told, *told_rows])


def _square(sheet: "_Sheet", least: float) -> None:
    """Draw the axes, their numbers and the diagonal, where stated and observed are the same."""
    for step in range(11):
        value = step / 10
        y = _up(value)
        sheet.line([(LEFT, y), (LEFT + SIDE, y)], LINE)
        sheet.text(LEFT - 8, y + 4, f"{100 * value:.0f} %", anchor="end", colour=QUIET)
        if value >= least:
            x = _across(value, least)
            sheet.line([(x, TOP), (x, TOP + SIDE)], LINE)
            sheet.text(x, TOP + SIDE + 18, f"{100 * value:.0f} %", anchor="middle", colour=QUIET)
    sheet.line([(_across(least, least), _up(least)), (_across(1, least), _up(1))], BLACK, dash="6 4")
    sheet.text(LEFT + SIDE / 2, TOP + SIDE + 36, "stated confidence", anchor="middle")
    middle = TOP + SIDE / 2
    sheet.text(24, middle, "how often it was right", anchor="middle", turn=f"rotate(-90 24 {middle:.0f})")


def _counts(sheet: "_Sheet", bins: Sequence[Bin], least: float) -> None:
    """Draw how many opinions there are in each bin, with the number on the bar."""
    floor = TOP + SIDE + 46 + COUNTS
    most = max((one.right.n for one in bins), default=1)
    sheet.line([(LEFT, floor), (LEFT + SIDE, floor)], LINE)
    for one in bins:
        left, right = _across(max(one.low, least), least), _across(min(one.high, 1.0), least)
        tall = (COUNTS - 22) * one.right.n / most
        sheet.bar(left + 1, floor - tall, max(1.0, right - left - 2), tall, "#9a9a9a")
        sheet.text((left + right) / 2, floor - tall - 5, str(one.right.n), anchor="middle", colour=QUIET)
    sheet.text(LEFT + SIDE / 2, floor + 20, "decided pairs with that confidence", anchor="middle")


def _legend(sheet: "_Sheet", bins: Sequence[Bin]) -> None:
    x, y = LEFT + SIDE + 24, TOP + 14
    sheet.line([(x, y - 4), (x + 28, y - 4)], BLACK, dash="6 4")
    sheet.text(x + 36, y, "stated = observed")
    sheet.whisker(x, y + 18, x + 28, y + 18)
    sheet.text(x + 36, y + 22, "95 % interval (Wilson)")
    sheet.text(x, y + 54, "below the line: overconfident", colour=QUIET)
    sheet.text(x, y + 72, "above it: too modest", colour=QUIET)
    for place, one in enumerate(bins):
        sheet.text(x, y + 108 + 18 * place, f"{_range(one)}: {one.right.k} of {one.right.n} right")


def _range(one: Bin) -> str:
    return f"{100 * one.low:.0f} to {100 * one.high:.0f} %"


def _across(value: float, least: float) -> float:
    return LEFT + SIDE * (value - least) / (1 - least)


def _up(value: float) -> float:
    return TOP + SIDE * (1 - value)


# --- accuracy ------------------------------------------------------------------------------------------------------

NAMES, BARS, BARS_WIDE = 16, 236, 316
"""Where names and bars begin, and how long 100 % is, px."""
NUMBERS = BARS + BARS_WIDE + 20
ROW, HEAD, LETTERS = 46, 34, 28
"""Heights of a row and a heading, px; letters of a name that fit on a line."""


def accuracy_svg(rows: Sequence[AccuracyRow], *, title: str = "Accuracy") -> str:
    """Return horizontal bars: accuracy on decided with Wilson interval, the decided share below, targets as ticks."""
    heights = [max(ROW, 20 + 16 * len(_lines(row.name))) for row in rows]
    starts = [row.heading != before for row, before in zip(rows, ["", *(row.heading for row in rows)], strict=False)]
    tall = TOP + 40 + sum(heights) + HEAD * sum(starts)
    decided = sum(row.decided.k for row in rows)
    sheet = _Sheet(tall + (0 if rows else ROW), f"{title}: accuracy on decided, and share decided")
    _key(sheet)
    if not decided:
        sheet.text(NAMES, TOP + 36, "Nothing was decided." if rows else "Nothing was asked.", colour=QUIET)
    y = float(TOP + 12 + (0 if decided else 24))
    for row, height, begins in zip(rows, heights, starts, strict=True):
        if begins:
            sheet.text(NAMES, y + 20, row.heading, strong=True)
            y += HEAD
        _row(sheet, row, y, height)
        y += height
    for step in range(0, 101, 20):
        x = BARS + BARS_WIDE * step / 100
        sheet.text(x, y + 14, f"{step} %", anchor="middle", colour=QUIET)
    return sheet.svg([_told(row) for row in rows] or ["nothing was asked"])


def _key(sheet: "_Sheet") -> None:
    y = 52
    sheet.bar(NAMES, y - 10, 24, 12, BLUE)
    sheet.text(NAMES + 32, y, "accuracy on decided")
    sheet.bar(196, y - 7, 24, 5, ORANGE)
    sheet.text(228, y, "share decided")
    sheet.whisker(346, y - 4, 374, y - 4)
    sheet.text(382, y, "95 % interval (Wilson)")
    sheet.line([(560, y - 12), (560, y + 4)], BLACK, dash="3 2", width=2)
    sheet.text(570, y, "target")


def _row(sheet: "_Sheet", row: AccuracyRow, y: float, height: float) -> None:
    for step in range(0, 101, 20):
        x = BARS + BARS_WIDE * step / 100
        sheet.line([(x, y), (x, y + height)], LINE)
    for place, words in enumerate(_lines(row.name)):
        sheet.text(NAMES, y + 17 + 16 * place, words)
    for share, target, top, thick, colour in (
        (row.accuracy, row.target, y + 5, 14, BLUE),
        (row.decided, row.decided_target, y + 25, 6, ORANGE),
    ):
        middle = top + thick / 2
        if share.value is not None:
            sheet.bar(BARS, top, BARS_WIDE * share.value, thick, colour)
            low, high = (BARS + BARS_WIDE * end for end in (share.interval.low, share.interval.high))
            sheet.whisker(low, middle, high, middle)
        if target is not None:
            x = BARS + BARS_WIDE * target
            sheet.line([(x, top - 4), (x, top + thick + 4)], BLACK, dash="3 2", width=2)
    sheet.text(NUMBERS, y + 17, written(row.accuracy) if row.decided.k else "nothing decided")
    sheet.text(NUMBERS, y + 34, f"decided {row.decided.k} of {row.decided.n}", colour=QUIET)


def _told(row: AccuracyRow) -> str:
    name = f"{row.heading}, {row.name}" if row.heading else row.name
    targets = "".join(
        f"; target of {what} {100 * target:g} %"
        for what, target in (("accuracy", row.target), ("share decided", row.decided_target))
        if target is not None
    )
    return f"{name}: right {written(row.accuracy)}; decided {written(row.decided)}{targets}"


def _lines(name: str) -> list[str]:
    """Break a name into lines that fit beside the bars: at spaces, a word longer than a line anywhere."""
    return textwrap.wrap(name, LETTERS) or [""]


# --- SVG -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sheet:
    """Collects the elements of one drawing."""

    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def add(self, element: str) -> None:
        self.parts.append(element)

    def bar(self, x: float, y: float, wide: float, tall: float, colour: str) -> None:
        self.add(f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{colour}"/>')

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, width: float = 1, dash: str = "") -> None:
        if len(points) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            self.add(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>')

    def whisker(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Draw an interval, with a short stroke across each end."""
        self.line([(x0, y0), (x1, y1)], BLACK, width=1.5)
        across, along = (4, 0) if x0 == x1 else (0, 4)
        for x, y in ((x0, y0), (x1, y1)):
            self.line([(x - across, y - along), (x + across, y + along)], BLACK, width=1.5)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: str = "start",
        colour: str = BLACK,
        strong: bool = False,
        turn: str = "",
    ) -> None:
        weight = ' font-weight="600"' if strong else ""
        turned = f' transform="{turn}"' if turn else ""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
        self.add(f"<text {place}{weight}{turned}>{_escaped(words)}</text>")

    def svg(self, numbers: Sequence[str]) -> str:
        """Return the document: title and numbers for screen readers, a white ground, the elements."""
        told = _escaped("\n".join(numbers))
        size = min(LARGE, (WIDTH - 32) / (GLYPH * max(1, len(self.title))))
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height:.0f}" '
            f'viewBox="0 0 {WIDTH} {self.height:.0f}" role="img" aria-labelledby="title numbers" {TYPE}>',
            f'<title id="title">{_escaped(self.title)}</title>',
            f'<desc id="numbers">{told}</desc>',
            f'<rect width="{WIDTH}" height="{self.height:.0f}" fill="#ffffff"/>',
            f'<text x="16" y="28" fill="{BLACK}" font-size="{size:.1f}" font-weight="600">'
            f"{_escaped(self.title)}</text>",
            *self.parts,
            "</svg>",
        ]
        return "\n".join(parts) + "\n"


def _escaped(words: str) -> str:
    return html.escape(NOT_XML.sub("\N{REPLACEMENT CHARACTER}", words))
