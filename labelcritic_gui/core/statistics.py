"""Shares, preferences and agreement, each with its 95 % interval. Layer: core.

Score intervals throughout: they stay inside their range and keep their coverage for few observations and for shares
near 0 and 1, where the usual interval (estimate plus or minus two standard errors) claims certainty.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Z95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: 95 % of it lies within."""
_HALVINGS = 60
"""Bisections of a range of 2: far below the last digit of a float."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed range that holds the true value in 95 % of all samples."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Say whether the value lies inside."""
        return self.low <= value <= self.high


def wilson(k: float, n: float) -> Interval:
    """Return the score interval of a share of k in n (0 <= k <= n, else ValueError); [0, 1] for nothing observed.

    Wilson 1927, J Am Stat Assoc 22:209; recommended by Brown, Cai and DasGupta 2001, Stat Sci 16:101.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        return Interval(0.0, 1.0)
    spread = Z95 * math.sqrt(k * (n - k) / n + Z95**2 / 4)
    middle, whole = k + Z95**2 / 2, n + Z95**2
    # at the ends the formula is exact and its last digit is not
    low = 0.0 if k == 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if k == n else min(1.0, (middle + spread) / whole)
    return Interval(low, high)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the interval; `value` is None for nothing observed."""

    k: int
    n: int
    interval: Interval

    @property
    def value(self) -> float | None:
        """The share, 0..1."""
        return self.k / self.n if self.n else None


def share_of(k: int, n: int) -> Share:
    """Return a share with its Wilson interval."""
    return Share(k, n, wilson(k, n))


def exact_binomial(k: int, n: int) -> Interval:
    """Return the exact interval of a share of k in n (0 <= k <= n, else ValueError); [0, 1] for nothing observed.

    Clopper and Pearson 1934, Biometrika 26:404: never covers less than 95 %, whatever the true share.
    """
    from scipy.special import betaincinv

    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    tail = 0.025
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return Interval(low, high)


@dataclass(frozen=True, slots=True)
class Preference:
    """How often one of two was preferred, the other, and neither.

    `value` counts neither as half: 0.5 is no preference. None for nothing observed.
    """

    plus: int
    minus: int
    neither: int
    interval: Interval

    @property
    def n(self) -> int:
        """Observations in all."""
        return self.plus + self.minus + self.neither

    @property
    def value(self) -> float | None:
        """The preference for the one: 1 always, 0 always the other, 0.5 none."""
        return (self.plus + self.neither / 2) / self.n if self.n else None


def preference_of(plus: int, minus: int, neither: int) -> Preference:
    """Return a preference with its score interval for matched pairs (Tango 1998, Stat Med 17:891).

    Of every pair both answers are counted, so they are not independent: an interval of a plain share would be wrong.
    Raises ValueError for negative counts.
    """
    if min(plus, minus, neither) < 0:
        raise ValueError("counts are not negative")
    n = plus + minus + neither
    if n == 0:
        return Preference(0, 0, 0, Interval(0.0, 1.0))
    low = _crossing(lambda d: _tango(plus, minus, n, d) - Z95)
    high = _crossing(lambda d: _tango(plus, minus, n, d) + Z95)
    return Preference(plus, minus, neither, Interval((1 + low) / 2, (1 + high) / 2))


def _tango(plus: int, minus: int, n: int, difference: float) -> float:
    """Return the score statistic of a difference of matched proportions; it falls as the difference grows.

    Its variance is taken at the most likely probabilities that have this difference.
    """
    b = -plus - minus + (2 * n - plus + minus) * difference
    c = -minus * difference * (1 - difference)
    least = (math.sqrt(max(0.0, b * b - 8 * n * c)) - b) / (4 * n)
    variance = n * (2 * least + difference * (1 - difference))
    excess = plus - minus - n * difference
    if variance <= 0:
        return math.copysign(math.inf, excess) if excess else 0.0
    return excess / math.sqrt(variance)


def _crossing(falling: Callable[[float], float]) -> float:
    """Return where a falling function of -1..1 becomes negative."""
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True, slots=True)
class Concordance:
    """How often two raters said the same: raw, and beyond what chance explains (Cohen's kappa).

    `kappa` is None where chance alone explains everything (both always said the same one thing). Its interval is None
    where the sample shows no variation (they never differed): the raw share's interval then says how little that is.
    """

    raw: Share
    kappa: float | None
    kappa_interval: Interval | None


def concordance_of(said: Iterable[tuple[str, str]]) -> Concordance:
    """Return the agreement of two raters over what each said of the same things.

    Kappa: Cohen 1960, Educ Psychol Meas 20:37; its standard error: Fleiss, Cohen and Everitt 1969, Psychol Bull 72:323.
    """
    table = Counter(said)
    n = table.total()
    same = sum(count for (one, other), count in table.items() if one == other)
    raw = share_of(same, n)
    if not n:
        return Concordance(raw, None, None)
    rows: Counter[str] = Counter()
    columns: Counter[str] = Counter()
    for (one, other), count in table.items():
        rows[one] += count
        columns[other] += count
    by_chance = math.fsum(rows[name] * columns[name] for name in rows) / n**2
    if by_chance >= 1.0:
        return Concordance(raw, None, None)
    kappa = (same / n - by_chance) / (1 - by_chance)
    error = _kappa_error(table, rows, columns, kappa, by_chance)
    if error == 0.0:
        return Concordance(raw, kappa, None)
    reach = Z95 * error
    return Concordance(raw, kappa, Interval(max(-1.0, kappa - reach), min(1.0, kappa + reach)))


def _kappa_error(
    table: Counter[tuple[str, str]], rows: Counter[str], columns: Counter[str], kappa: float, by_chance: float
) -> float:
    """Return the standard error of kappa; 0 where the sample shows none."""
    n = table.total()
    terms = []
    for (one, other), count in table.items():
        margins = (rows[other] + columns[one]) / n
        weight = 1 - margins * (1 - kappa) if one == other else -margins * (1 - kappa)
        terms.append(count / n * weight**2)
    variance = math.fsum(terms) - (kappa - by_chance * (1 - kappa)) ** 2
    return math.sqrt(max(0.0, variance) / n) / (1 - by_chance) if variance > 1e-12 else 0.0
