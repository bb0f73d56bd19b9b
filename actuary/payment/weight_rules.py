"""What a policy declares about its weights, in the form in which they are computed: exact fractions, no gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.payment.exact import RoundingMode
from actuary.payment.stability import StabilityRule
from actuary.payment.trimming import TrimRule

__all__ = ["BASES", "WeightRule"]

#: What a cost is: as charged, or brought to equal shares of five classes of items.
BASES = ("charge", "structure_adjusted")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRule:
    """Declare how weights are computed from cases.

    Parameters
    ----------
    trim : TrimRule
        Which costs of a group count, in each year by itself.
    stable : StabilityRule
        Which groups have a weight of their own, and what the others get.
    basis : str
        ``charge`` or ``structure_adjusted``.
    years : mapping of int to Fraction
        Part of each year in a mean, such as 1, 2 and 7; empty: all cases are one year.
    decimals : int
        Decimals of a weight.
    mode : str
        Where a half goes.
    scale : Fraction
        Base points of a weight of 1.
    holds : str
        What the table that is written holds: ``weight`` or ``points``.
    keep_total : bool
        Rescale after edits, so that the total weight of the cases stays.
    freeze : tuple of str
        Groups whose weight must not fall below the earlier one.
    smoothing : Fraction
        Part of the new weight; the rest is the earlier weight. 1: no smoothing.

    Raises
    ------
    DeclarationError
        With every field that is wrong.

    Examples
    --------
    >>> WeightRule(years={2020: Fraction(1), 2021: Fraction(2), 2022: Fraction(7)}).decimals
    4
    """

    trim: TrimRule = field(default_factory=TrimRule)
    stable: StabilityRule = field(default_factory=StabilityRule)
    basis: str = "charge"
    years: Mapping[int, Fraction] = field(default_factory=dict)
    decimals: int = 4
    mode: RoundingMode = "half_up"
    scale: Fraction = Fraction(1)
    holds: str = "weight"
    keep_total: bool = False
    freeze: tuple[str, ...] = ()
    smoothing: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        problems = []
        if self.basis not in BASES:
            problems.append(unknown_name("weights.basis", self.basis, BASES, what="basis"))
        problems += [
            Problem(f"weights.years {year}", str(part), "a part above 0")
            for year, part in self.years.items()
            if part <= 0
        ]
        if not 0 < self.smoothing <= 1:
            problems.append(Problem("weights.smoothing", str(self.smoothing), "a part above 0 and up to 1"))
        raise_all(problems, DeclarationError)
