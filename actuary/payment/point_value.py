"""What a point is worth: the budget of a pool over its points, rounded as declared, between floor and ceiling."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from actuary.errors import ActuaryError, Problem, nearest_name, raise_all
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_values import INSURANCES
from actuary.payment.exact import MOST_YUAN, Number, RoundingMode, as_fraction, in_units, round_to
from actuary.payment.pricing import for_insurance

__all__ = [
    "BudgetError",
    "PointValue",
    "budgets_of",
    "control_factor",
    "divide_by_points",
    "leaves_only_rounding",
    "point_value",
    "pool_of",
]

#: The pool of every insurance that has none of its own.
COMMON = "all"


class BudgetError(ActuaryError):
    """The budget of a pool is missing, or cannot be divided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointValue:
    """Hold the value of a point in one pool and what it came from.

    Parameters
    ----------
    insurance : str
        employee, resident, or all for a common pool.
    budget_fen : int
        Budget of the pool [fen].
    adjusting_fen : int
        Part of it kept as adjusting fund [fen].
    other_payers_fen : int
        What patients and others paid for the cases, which points of total cost stand for besides [fen].
    outside_fen : int
        What was paid to cases without points [fen]; it is taken off before the division.
    points : Fraction
        Points of the pool.
    exact : Fraction or None
        What is divided over the points [yuan]; None: there are no points.
    value : Fraction or None
        The same rounded and kept between floor and ceiling.
    bound : {"", "floor", "ceiling"}
        Which bound was met.
    """

    insurance: str
    budget_fen: int
    adjusting_fen: int = 0
    other_payers_fen: int = 0
    outside_fen: int = 0
    points: Fraction
    exact: Fraction | None
    value: Fraction | None
    bound: Literal["", "floor", "ceiling"] = ""

    def rounding_fen(self, priced_fen: int) -> int:
        """Return what rounding of the value and of the cases left of the amount that was divided [fen].

        Parameters
        ----------
        priced_fen : int
            Standards of the cases of the pool, those without points included [fen].
        """
        if self.exact is None or self.value is None:
            return 0
        # At a bound the amount was not divided: what the bound leaves of it is no rounding.
        value = self.value if self.bound else self.exact
        return in_units(value * self.points * 100 + self.outside_fen - priced_fen, 0)


def divide_by_points(
    amount_yuan: Number, points: Number, *, decimals: int | None = None, mode: RoundingMode = "half_up"
) -> Fraction:
    """Return the value of a point: an amount over points, rounded once.

    Parameters
    ----------
    amount_yuan : number
        Amount to divide [yuan], above 0.
    points : number
        Points, above 0.
    decimals : int, optional
        Decimals of the value; None: not rounded.
    mode : {"half_up", "half_even"}
        Where a half goes.

    Raises
    ------
    BudgetError
        When there is nothing to divide, or nothing to divide it by.

    Examples
    --------
    >>> divide_by_points(3_000_000_000, 3_000_000_000, decimals=4)
    Fraction(1, 1)
    """
    amount, units = as_fraction(amount_yuan), as_fraction(points)
    problems = []
    if amount <= 0:
        problems.append(Problem("budget", f"{amount_yuan} yuan", "an amount above 0", "give the budget of the pool"))
    if units <= 0:
        mend = "check that some case has a group with a weight"
        problems.append(Problem("points", str(points), "a sum of points above 0", mend))
    raise_all(problems, BudgetError)
    return round_to(amount / units, decimals, mode)


def control_factor(value: Number, city_mean_yuan: Number, *, scale: Number = 1, decimals: int | None = 3) -> Fraction:
    """Return the control factor: the value of a point over the mean cost that one point stands for.

    Parameters
    ----------
    value : number
        Value of a point [yuan].
    city_mean_yuan : number
        Mean cost of all cases [yuan].
    scale : number
        Points of a weight of 1.
    decimals : int, optional
        Decimals kept.

    Examples
    --------
    >>> control_factor("52.8094", "5270.76", scale=100)
    Fraction(501, 500)
    """
    return round_to(as_fraction(value) * as_fraction(scale) / as_fraction(city_mean_yuan), decimals)


def budgets_of(
    policy: PaymentPolicy, budget: Mapping[str, Number] | Number | None, insurances: Sequence[str]
) -> dict[str, int]:
    """Return the budget of every pool [fen].

    Parameters
    ----------
    policy : PaymentPolicy
        The policy; its own budgets count where none is given.
    budget : mapping of str to number, number or None
        Budgets by insurance, or one for a common pool [yuan].
    insurances : sequence of str
        Insurances of the cases.

    Returns
    -------
    dict of str to int
        By insurance; ``all`` for a common pool. Empty when there is no budget.

    Raises
    ------
    BudgetError
        When an insurance is unknown, a budget is not above 0, or a pool that is to be divided has none.
    """
    if budget is None:
        given: dict[str, Number] = {row.insurance: row.value for row in policy.price.budget}
    else:
        given = dict(budget) if isinstance(budget, Mapping) else {COMMON: budget}
    problems, pools = [], {}
    for name, amount in given.items():
        insurance = COMMON if name in {"*", COMMON} else name
        if insurance not in (*INSURANCES, COMMON):
            near = nearest_name(name, INSURANCES)
            mend = f"did you mean {near!r}?" if near else ""
            problems.append(Problem("budget", repr(name), f"an insurance ({', '.join(INSURANCES)})", mend))
            continue
        try:
            pools[insurance] = in_units(amount if not isinstance(amount, float) else repr(amount), 2)
        except (TypeError, ValueError):
            problems.append(Problem(f"budget {name}", repr(amount), "an amount in yuan"))
            continue
        if pools[insurance] <= 0:
            mend = "give what the pool has for these cases"
            problems.append(Problem(f"budget {name}", f"{amount} yuan", "an amount above 0", mend))
        if pools[insurance] >= MOST_YUAN * 100:
            problems.append(Problem(f"budget {name}", f"{amount} yuan", "an amount below 10¹⁵ yuan"))
    if policy.price.mode != "fixed" and not problems:
        for insurance in insurances:
            if insurance not in pools and COMMON not in pools:
                expected = "the yearly budget of every insurance that has cases [yuan]"
                mend = (
                    f"give --budget {insurance}=AMOUNT, in Python budget={{{insurance!r}: AMOUNT}}; or one number for "
                    "a common pool"
                )
                problems.append(Problem(f"budget of {insurance}", "nothing", expected, mend))
    raise_all(problems, BudgetError)
    return pools


def pool_of(insurance: str, pools: Container[str]) -> str:
    """Return the pool that pays an insurance: its own where there is one, else the common one.

    Examples
    --------
    >>> pool_of("employee", ["all"]), pool_of("employee", ["employee", "resident"])
    ('all', 'employee')
    """
    return insurance if insurance in pools else COMMON


def leaves_only_rounding(policy: PaymentPolicy) -> bool:
    """Say whether a pool pays out its whole budget but for rounding, whatever the cases bring.

    Not where the price is declared or meets a bound, where the budget is divided by an expected share of the fund, or
    where the fund's part is not what is left of the standard: there the gap is the reserve's.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    """
    price = policy.declared.price
    if price is None or price.mode != "pool":
        return False
    if price.represents == "fund":
        return policy.fund_formula == "fund"
    return policy.fund_formula == "subtract" and not price.fund_share


def point_value(
    policy: PaymentPolicy,
    insurance: str,
    *,
    budget_fen: int,
    points: Fraction,
    other_payers_fen: int = 0,
    outside_fen: int = 0,
) -> PointValue:
    """Divide the budget of a pool by its points, as the policy says.

    The adjusting fund is kept back first. Where points stand for the total cost, what others paid is added, or the
    budget is divided by the fund's share of the cost where the policy declares one. What was paid to cases without
    points is taken off.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    insurance : str
        The pool.
    budget_fen : int
        Its budget [fen].
    points : Fraction
        Its points.
    other_payers_fen : int
        What patients and other payers paid [fen].
    outside_fen : int
        What cases without points are paid [fen].

    Returns
    -------
    PointValue
        Without a value when there are no points, or nothing is left for them.
    """
    price, rounding = policy.price, policy.rounding
    adjusting = in_units(budget_fen * Fraction(price.adjust_share or 0), 0, rounding.mode)
    amount = Fraction(budget_fen - adjusting, 100)
    others = other_payers_fen
    if price.represents == "total_cost":
        share = for_insurance(price.fund_share, insurance)
        if share is None:
            amount += Fraction(others, 100)
        else:
            amount, others = amount / share, 0
    else:
        others = 0
    amount -= Fraction(outside_fen, 100)
    exact = value = None
    bound: Literal["", "floor", "ceiling"] = ""
    if points > 0 and amount > 0:
        exact = amount / points
        value = divide_by_points(amount, points, decimals=rounding.point_value, mode=rounding.mode)
        value, bound = _bounded(policy, insurance, value)
    return PointValue(
        insurance=insurance,
        budget_fen=budget_fen,
        adjusting_fen=adjusting,
        other_payers_fen=others,
        outside_fen=outside_fen,
        points=points,
        exact=exact,
        value=value,
        bound=bound,
    )


def _bounded(
    policy: PaymentPolicy, insurance: str, value: Fraction
) -> tuple[Fraction, Literal["", "floor", "ceiling"]]:
    price, rounding = policy.price, policy.rounding
    if price.mode != "pool_bounded":
        return value, ""
    unit = Fraction(1)
    if price.bounds == "budget_value":
        unit = for_insurance(price.budget_value, insurance) or unit
    floor, ceiling = for_insurance(price.floor, insurance), for_insurance(price.ceiling, insurance)
    if floor is not None and value < floor * unit:
        return round_to(floor * unit, rounding.point_value, rounding.mode), "floor"
    if ceiling is not None and value > ceiling * unit:
        return round_to(ceiling * unit, rounding.point_value, rounding.mode), "ceiling"
    return value, ""
