"""Yearly values of DIP (按病种分值付费): group means of three years, scores, the value before and after the year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.exact import Number, as_fraction
from actuary.payment.quantiles import quantile_place

__all__ = [
    "announced_value",
    "group_score",
    "settlement_value",
    "trimmed_hospitals",
    "weighted_mean_cost",
]


def weighted_mean_cost(means: Sequence[Number], year_weights: Sequence[Number]) -> Fraction:
    """Return the mean cost of a group over several years.

    mean = Σ weight × mean of the year / Σ weight; only the proportion of the weights matters, 1:2:7 is 0.1, 0.2, 0.7.

    Parameters
    ----------
    means : sequence of number
        Mean cost of each year, earliest first [yuan].
    year_weights : sequence of number
        Weight of each year.

    Raises
    ------
    ActuaryError
        When there are not as many means as weights, or no weight above 0.

    Examples
    --------
    >>> weighted_mean_cost([9000, 10000, 11000], ["0.1", "0.2", "0.7"])
    Fraction(10600, 1)
    """
    weights = [as_fraction(weight) for weight in year_weights]
    total = sum(weights, Fraction(0))
    if len(means) != len(weights) or total <= 0 or min(weights) < 0:
        raise ActuaryError(
            Problem("year weights", f"{len(weights)} for {len(means)} means", "one of 0 or more for each, not all 0")
        )
    return sum((weight * as_fraction(mean) for weight, mean in zip(weights, means, strict=True)), Fraction(0)) / total


def _positive(name: str, number: Number) -> Fraction:
    exact = as_fraction(number)
    if exact <= 0:
        raise ActuaryError(Problem(name, str(number), "a number above 0"))
    return exact


def group_score(group_mean: Number, overall_mean: Number, *, scale: Number = 1) -> Fraction:
    """Return the score of a group: mean cost of the group / mean cost of all × scale.

    Parameters
    ----------
    group_mean, overall_mean : number
        Mean costs [yuan].
    scale : number
        Score of an average case: 1000, 100 or 1.

    Raises
    ------
    ActuaryError
        When the overall mean is not above 0.

    Examples
    --------
    >>> round(float(group_score(10600, 12000)), 6)
    0.883333
    """
    return as_fraction(group_mean) / _positive("overall mean", overall_mean) * as_fraction(scale)


def announced_value(
    mean_cost_yuan: Sequence[Number],
    year_weights: Sequence[Number],
    *,
    scores: Mapping[str, Number],
    cases: Mapping[str, int],
) -> Fraction:
    """Return the value announced before the year: what a score cost on average in the years before.

    value = weighted mean of the yearly inpatient cost / Σ score × cases.

    Parameters
    ----------
    mean_cost_yuan : sequence of number
        Inpatient cost of each year, earliest first [yuan].
    year_weights : sequence of number
        Weight of each year.
    scores : mapping of str to number
        Score of each group.
    cases : mapping of str to int
        Expected cases of each group.

    Returns
    -------
    Fraction
        Value [yuan per score].

    Raises
    ------
    ActuaryError
        When a group with cases has no score, or the scores add up to nothing.

    Examples
    --------
    >>> announced_value([100, 100, 100], [1, 2, 7], scores={"A": 2}, cases={"A": 5})
    Fraction(10, 1)
    """
    raise_all(
        Problem(f"score of {group}", "nothing", "a score for every group with cases")
        for group in cases
        if group not in scores
    )
    total = sum((as_fraction(scores[group]) * count for group, count in cases.items()), Fraction(0))
    return weighted_mean_cost(mean_cost_yuan, year_weights) / _positive("total score", total)


def settlement_value(fund_yuan: Number, total_score: Number, *, fund_share: Number = 1) -> Fraction:
    """Return the value after the year: (fund / fund's share of the cost) / total score.

    Parameters
    ----------
    fund_yuan : number
        Fund money of the pool [yuan].
    total_score : number
        Scores of all cases, factors and supplements included.
    fund_share : number
        Fund's share of the cost where a score stands for total cost, 0-1; 1 where it stands for fund money.

    Returns
    -------
    Fraction
        Value [yuan per score].

    Raises
    ------
    ActuaryError
        When the score or the share is not above 0.

    Examples
    --------
    >>> settlement_value(80_000_000, 2_000_000, fund_share="0.8")
    Fraction(50, 1)
    """
    return as_fraction(fund_yuan) / _positive("fund share", fund_share) / _positive("total score", total_score)


def trimmed_hospitals(
    values: Mapping[str, Number], *, low: Number, high: Number, quantile_type: int = 7
) -> tuple[str, ...]:
    """Return the hospitals whose cost per score lies between two quantiles, for a value that outliers do not move.

    Parameters
    ----------
    values : mapping of str to number
        Cost per score of each hospital [yuan].
    low, high : number
        Shares of the two quantiles, such as 0.025 and 0.975; both ends are kept.
    quantile_type : int
        Definition of a sample quantile, 1-9.

    Returns
    -------
    tuple of str
        Names in the order given.

    Examples
    --------
    >>> trimmed_hospitals({"A": 1, "B": 50, "C": 51, "D": 52, "E": 990}, low="0.025", high="0.975")
    ('B', 'C', 'D')
    """
    ordered = sorted(as_fraction(value) for value in values.values())
    if not ordered:
        return ()

    def bound(share: Number) -> Fraction:
        first, second, part = quantile_place(len(ordered), as_fraction(share), quantile_type)
        return ordered[first] + part * (ordered[second] - ordered[first])

    least, most = bound(low), bound(high)
    return tuple(name for name, value in values.items() if least <= as_fraction(value) <= most)
