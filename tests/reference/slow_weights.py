"""Plain twins of trimming and of weights: one case after the other, fractions only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def quantile(values: Sequence[int], p: Fraction, quantile_type: int) -> Fraction:
    """Return a quantile by the formulas of Hyndman and Fan, as they print them."""
    ordered, n = sorted(values), len(values)

    def x(place: int) -> int:
        return ordered[min(max(place, 1), n) - 1]

    m = {
        1: Fraction(0),
        2: Fraction(0),
        3: Fraction(-1, 2),
        4: Fraction(0),
        5: Fraction(1, 2),
        6: p,
        7: 1 - p,
        8: (p + 1) / 3,
        9: p / 4 + Fraction(3, 8),
    }[quantile_type]
    j = math.floor(n * p + m)
    g = n * p + m - j
    if quantile_type == 1:
        gamma = Fraction(g > 0)
    elif quantile_type == 2:
        gamma = Fraction(1) if g > 0 else Fraction(1, 2)
    elif quantile_type == 3:
        gamma = Fraction(0) if g == 0 and j % 2 == 0 else Fraction(1)
    else:
        gamma = g
    return (1 - gamma) * x(j) + gamma * x(j + 1)


def keeps(
    cost: int, group: Sequence[int], method: str, k: tuple[Fraction, Fraction], quantile_type: int, sd: str
) -> bool:
    """Say whether a cost of a group is kept, by the words of each rule."""
    n, total = len(group), sum(group)
    mean = Fraction(total, n)
    low, high = k
    if method == "iqr":
        q1, q3 = (quantile(group, Fraction(part, 4), quantile_type) for part in (1, 3))
        return q1 - low * (q3 - q1) <= cost <= q3 + high * (q3 - q1)
    if method == "quantile":
        return quantile(group, low, quantile_type) <= cost <= quantile(group, high, quantile_type)
    if method == "multiple":
        return low * mean <= cost <= high * mean
    divisor = n - 1 if sd == "sample" else n
    if divisor == 0:
        return True
    variance = sum((value - mean) ** 2 for value in group) / divisor
    side = high if cost >= mean else low
    return (cost - mean) ** 2 <= side**2 * variance


def weights(groups: dict[str, list[int]]) -> dict[str, Fraction]:
    """Return mean over overall mean of each group."""
    every = [cost for costs in groups.values() for cost in costs]
    overall = Fraction(sum(every), len(every))
    return {group: Fraction(sum(costs), len(costs)) / overall for group, costs in groups.items()}
