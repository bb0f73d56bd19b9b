"""Trimming (裁剪): which costs of a group are too far from the others to count in its mean.

Every rule leaves an interval of costs, bounds included. On costs themselves the bounds are exact: they are found with
whole numbers and fractions, so a case that lies on a bound is kept on every machine. On logarithms of costs the bounds
are numbers without end; they are found with double precision, and a case within 1e-12 of a bound (in logarithms) is
taken to lie on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.kernels.cost_cells import COST_BITS, segment_squares
from actuary.payment.quantiles import QUANTILE_TYPES, quantile, quantile_place

__all__ = ["TRIM_METHODS", "CostMoments", "TrimRule", "Trimmed", "trim_cells"]

type IntArray = NDArray[np.int64]

TRIM_METHODS = ("none", "iqr", "sigma", "quantile", "multiple")

#: Above every cost that is held: the upper bound of a cell that has none.
_NO_LIMIT = (1 << COST_BITS) - 1

#: How near to a bound in logarithms a cost lies on it.
_LOG_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimRule:
    """Declare how the costs of a cell are trimmed.

    Parameters
    ----------
    method : str
        ``none``; ``iqr``: from Q1 - low x IQR to Q3 + high x IQR; ``sigma``: from mean - low x sd to mean + high x sd;
        ``quantile``: from the quantile `low` to the quantile `high`; ``multiple``: from low x mean to high x mean.
    low, high : Fraction, optional
        The two numbers of the rule; None leaves that side open.
    log : bool
        Apply the rule to ln cost; for ``multiple`` to the geometric mean.
    quantile_type : int
        Definition of a quantile, 1 to 9.
    sd : str
        ``sample`` (divides by n - 1) or ``population`` (by n).
    rounds : int
        How often the rule is applied, each time to what the round before has left; it ends early once nothing more
        falls out.

    Raises
    ------
    DeclarationError
        With every field that is wrong.

    Examples
    --------
    >>> TrimRule(method="iqr", low=Fraction(3, 2), high=Fraction(3, 2)).method
    'iqr'
    >>> TrimRule(method="iqr", quantile_type=12)
    Traceback (most recent call last):
    actuary.errors.DeclarationError: weights.trim.quantile_type: found 12; expected a type from 1 to 9
    """

    method: str = "none"
    low: Fraction | None = None
    high: Fraction | None = None
    log: bool = False
    quantile_type: int = 7
    sd: str = "sample"
    rounds: int = 1

    def __post_init__(self) -> None:
        where = "weights.trim"
        problems = [
            unknown_name(f"{where}.{name}", value, known, what=what)
            for name, value, known, what in (
                ("method", self.method, TRIM_METHODS, "method"),
                ("sd", self.sd, ("sample", "population"), "kind of standard deviation"),
            )
            if value not in known
        ]
        if self.quantile_type not in QUANTILE_TYPES:
            problems.append(Problem(f"{where}.quantile_type", str(self.quantile_type), "a type from 1 to 9"))
        if self.rounds < 1:
            problems.append(Problem(f"{where}.rounds", str(self.rounds), "a number of at least 1"))
        limit = 1 if self.method == "quantile" else None
        for name, value in (("low", self.low), ("high", self.high)):
            if value is not None and (value < 0 or (limit is not None and value > limit)):
                expected = "a probability from 0 to 1" if limit else "a number of at least 0"
                problems.append(Problem(f"{where}.{name}", f"{float(value):g}", expected))
        low, high = (Fraction(0), Fraction(0)) if self.low is None or self.high is None else (self.low, self.high)
        if self.method in ("quantile", "multiple") and low > high:
            problems.append(Problem(f"{where}.low", f"{low} above high {high}", "a low below the high"))
        raise_all(problems, DeclarationError)


@dataclass(frozen=True, slots=True)
class CostMoments:
    """Hold number, sum and sum of squares of the costs of a cell, exactly.

    Parameters
    ----------
    n : int
        Cases.
    total : int
        Sum of costs [fen].
    squares : int
        Sum of squared costs [fen squared].

    Examples
    --------
    >>> moments = CostMoments(3, 6, 14)
    >>> moments.mean, moments.variance("sample"), moments.variance("population")
    (Fraction(2, 1), Fraction(1, 1), Fraction(2, 3))
    """

    n: int
    total: int
    squares: int

    @property
    def mean(self) -> Fraction | None:
        """Mean cost [fen]; None without cases."""
        return Fraction(self.total, self.n) if self.n else None

    @property
    def deviations(self) -> Fraction:
        """Sum of squared deviations from the mean [fen squared]."""
        return self.squares - Fraction(self.total**2, self.n) if self.n else Fraction(0)

    def variance(self, kind: str) -> Fraction | None:
        """Variance [fen squared] with n - 1 (``sample``) or n (``population``); None with too few cases."""
        divisor = self.n - 1 if kind == "sample" else self.n
        return self.deviations / divisor if divisor > 0 else None

    def cv_squared(self, kind: str) -> Fraction | None:
        """Square of the coefficient of variation, exact; None where it is undefined."""
        variance = self.variance(kind)
        return variance / self.mean**2 if variance is not None and self.mean else None


@dataclass(frozen=True, slots=True, eq=False)
class Trimmed:
    """Hold what a rule left of each cell.

    Parameters
    ----------
    low_fen, high_fen : int64 array, shape (cell,)
        Least and greatest cost that counts [fen]; an empty interval where nothing is left.
    first, last : int64 array, shape (cell,)
        Where the kept costs of a cell lie among the sorted ones.
    before, after : tuple of CostMoments
        Moments of each cell before and after.
    """

    low_fen: IntArray
    high_fen: IntArray
    first: IntArray
    last: IntArray
    before: tuple[CostMoments, ...]
    after: tuple[CostMoments, ...]

    def keep(self, cell: IntArray, cost_fen: IntArray) -> NDArray[np.bool_]:
        """Say of each case whether it counts; a case with a negative cell does not."""
        inside = cell >= 0
        place = np.where(inside, cell, 0)
        return inside & (cost_fen >= self.low_fen[place]) & (cost_fen <= self.high_fen[place])


def _moments(values: IntArray, sums: IntArray, first: IntArray, last: IntArray) -> tuple[CostMoments, ...]:
    squares = segment_squares(values, first, last)
    n, total = (last - first).tolist(), (sums[last] - sums[first]).tolist()
    return tuple(CostMoments(*three) for three in zip(n, total, squares, strict=True))


def trim_cells(values: IntArray, starts: IntArray, rule: TrimRule) -> Trimmed:
    """Apply a rule to every cell.

    Parameters
    ----------
    values : int64 array, shape (case,)
        Costs sorted by cell and within it, see :func:`actuary.kernels.cost_cells.sort_by_cell` [fen].
    starts : int64 array, shape (cell + 1,)
        Where each cell begins.
    rule : TrimRule
        The rule. A cell with too few cases for it (one case and a sample sd) is kept whole.

    Returns
    -------
    Trimmed
        Bounds, kept parts and moments.

    Examples
    --------
    >>> values, starts = np.array([1, 2, 3, 4, 100]), np.array([0, 5])
    >>> half = Fraction(3, 2)
    >>> trimmed = trim_cells(values, starts, TrimRule(method="iqr", low=half, high=half))
    >>> trimmed.low_fen.tolist(), trimmed.high_fen.tolist(), trimmed.after[0].total
    ([0], [7], 10)
    """
    sums = np.zeros(values.size + 1, dtype=np.int64)
    np.cumsum(values, out=sums[1:])
    first, last = starts[:-1].copy(), starts[1:].copy()
    low = np.zeros(first.size, dtype=np.int64)
    high = np.full(first.size, _NO_LIMIT, dtype=np.int64)
    before = _moments(values, sums, first, last)
    if rule.method != "none":
        bounds = _bounds_of(rule)
        for cell in range(first.size):
            whole = values[starts[cell] : starts[cell + 1]]
            begin, end = 0, whole.size
            for _round in range(rule.rounds):
                if begin == end:
                    break
                least, most = bounds(whole[begin:end])
                low[cell], high[cell] = max(low[cell], least), min(high[cell], most)
                kept = np.searchsorted(whole, [low[cell], high[cell] + 1]).tolist()
                if kept == [begin, end]:
                    break
                begin, end = kept[0], max(kept)
            first[cell], last[cell] = starts[cell] + begin, starts[cell] + end
    return Trimmed(low, high, first, last, before, _moments(values, sums, first, last))


def _bounds_of(rule: TrimRule) -> Callable[[IntArray], tuple[int, int]]:
    """Return the function that finds least and greatest kept cost of sorted costs."""
    exact = {"iqr": _iqr, "quantile": _quantiles, "sigma": _sigma, "multiple": _multiple}
    logged = {"iqr": _log_iqr, "quantile": _log_quantiles, "sigma": _log_sigma, "multiple": _log_multiple}
    if not rule.log:
        find = exact[rule.method]
        return lambda values: find(values, rule)
    find_log = logged[rule.method]

    def from_logs(values: IntArray) -> tuple[int, int]:
        # A cost of nothing has no logarithm; it lies below every bound that there is.
        logs = np.log(values[values > 0].astype(np.float64))
        if not logs.size:
            return 0, _NO_LIMIT
        least, most = find_log(logs, rule)
        kept = np.flatnonzero((logs >= least - _LOG_TOLERANCE) & (logs <= most + _LOG_TOLERANCE))
        if not kept.size:
            return 1, 0
        positive = values[values > 0]
        lower_open = least == -math.inf
        upper_open = most == math.inf
        return (0 if lower_open else int(positive[kept[0]])), (_NO_LIMIT if upper_open else int(positive[kept[-1]]))

    return from_logs


def _interval(least: Fraction | None, most: Fraction | None) -> tuple[int, int]:
    return (
        0 if least is None else min(max(0, math.ceil(least)), _NO_LIMIT),
        _NO_LIMIT if most is None else min(math.floor(most), _NO_LIMIT),
    )


def _iqr(values: IntArray, rule: TrimRule) -> tuple[int, int]:
    q1, q3 = (quantile(values, Fraction(p, 4), rule.quantile_type) for p in (1, 3))
    return _interval(
        None if rule.low is None else q1 - rule.low * (q3 - q1),
        None if rule.high is None else q3 + rule.high * (q3 - q1),
    )


def _quantiles(values: IntArray, rule: TrimRule) -> tuple[int, int]:
    least, most = (None if p is None else quantile(values, p, rule.quantile_type) for p in (rule.low, rule.high))
    return _interval(least, most)


def _multiple(values: IntArray, rule: TrimRule) -> tuple[int, int]:
    mean = Fraction(int(values.sum()), values.size)
    return _interval(*(None if k is None else k * mean for k in (rule.low, rule.high)))


def _sigma(values: IntArray, rule: TrimRule) -> tuple[int, int]:
    ends = np.array([0]), np.array([values.size])
    n, total = values.size, int(values.sum())
    variance = CostMoments(n, total, segment_squares(values, *ends)[0]).variance(rule.sd)
    if variance is None:
        return 0, _NO_LIMIT

    def reach(k: Fraction) -> int:
        """Return the greatest whole number whose square is at most (n k sd)^2: no root is rounded."""
        return math.isqrt(math.floor(n * n * k * k * variance))

    return _interval(
        None if rule.low is None else Fraction(total - reach(rule.low), n),
        None if rule.high is None else Fraction(total + reach(rule.high), n),
    )


def _log_quantile(logs: NDArray[np.float64], p: Fraction, quantile_type: int) -> float:
    first, second, share = quantile_place(logs.size, p, quantile_type)
    return float(logs[first] + float(share) * (logs[second] - logs[first]))


def _log_iqr(logs: NDArray[np.float64], rule: TrimRule) -> tuple[float, float]:
    q1, q3 = (_log_quantile(logs, Fraction(p, 4), rule.quantile_type) for p in (1, 3))
    return (
        -math.inf if rule.low is None else q1 - float(rule.low) * (q3 - q1),
        math.inf if rule.high is None else q3 + float(rule.high) * (q3 - q1),
    )


def _log_quantiles(logs: NDArray[np.float64], rule: TrimRule) -> tuple[float, float]:
    return (
        -math.inf if rule.low is None else _log_quantile(logs, rule.low, rule.quantile_type),
        math.inf if rule.high is None else _log_quantile(logs, rule.high, rule.quantile_type),
    )


def _log_sigma(logs: NDArray[np.float64], rule: TrimRule) -> tuple[float, float]:
    if logs.size < 2 and rule.sd == "sample":
        return -math.inf, math.inf
    mean, sd = float(logs.mean()), float(logs.std(ddof=1 if rule.sd == "sample" else 0))
    return (
        -math.inf if rule.low is None else mean - float(rule.low) * sd,
        math.inf if rule.high is None else mean + float(rule.high) * sd,
    )


def _log_multiple(logs: NDArray[np.float64], rule: TrimRule) -> tuple[float, float]:
    mean = float(logs.mean())
    return (
        -math.inf if not rule.low else mean + math.log(rule.low),
        math.inf if not rule.high else mean + math.log(rule.high),
    )
