"""The budget above the pool: from expected income to what is left for payment by group, every step with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from actuary.errors import ActuaryError, Problem, raise_all
from actuary.payment.apportion import apportion
from actuary.payment.exact import Number, RoundingMode, as_fraction, fen_to_yuan, in_units, yuan_to_fen

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BudgetChain",
    "BudgetStep",
    "build_budget",
    "divide_by_insurance",
    "split_budget",
]

#: A share is taken of the amount the chain began with, or of what the steps before have left.
StepBase = Literal["start", "remaining"]


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """Take one part out of the budget.

    Parameters
    ----------
    name : str
        What the part is for: reserve, out_of_area, outpatient_chronic, other_methods …
    source : str
        Where the share or amount stands, or ``user`` when the user gives it.
    share : Decimal, optional
        Share of the base, 0-1.
    amount_yuan : Decimal, optional
        Amount instead of a share [yuan].
    base : {"start", "remaining"}
        What a share is taken of.
    """

    name: str
    source: str
    share: Decimal | None = None
    amount_yuan: Decimal | None = None
    base: StepBase = "start"


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    base_fen: int
    share: Decimal | None
    amount_fen: int
    left_fen: int
    source: str


@dataclass(frozen=True)
class BudgetChain:
    """Hold the chain of one insurance, step by step.

    Parameters
    ----------
    insurance : str
        Insurance whose budget it is.
    start_fen : int
        Amount the chain begins with [fen].
    lines : tuple
        One line for each step.
    pool_fen : int
        What is left for payment by group or points, before the adjusting fund is set aside [fen].
    adjusting_fen : int
        Adjusting fund kept back for the year's end [fen].
    """

    insurance: str
    start_fen: int
    lines: tuple[_Line, ...]
    pool_fen: int
    adjusting_fen: int

    @property
    def payable_fen(self) -> int:
        """Return what the points or weights of the year divide: the pool less the adjusting fund [fen]."""
        return self.pool_fen - self.adjusting_fen

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each step: base, share, amount and what is left [yuan], and its source."""
        import pandas as pd  # noqa: PLC0415  (only when a table is wanted)

        return pd.DataFrame(
            [
                {
                    "insurance": self.insurance,
                    "step": line.name,
                    "base_yuan": fen_to_yuan(line.base_fen),
                    "share": line.share,
                    "amount_yuan": fen_to_yuan(line.amount_fen),
                    "left_yuan": fen_to_yuan(line.left_fen),
                    "source": line.source,
                }
                for line in self.lines
            ],
            columns=["insurance", "step", "base_yuan", "share", "amount_yuan", "left_yuan", "source"],
        )

    def summary(self) -> str:
        """Say in one line what goes in and what is left."""
        return (
            f"{self.insurance}: {fen_to_yuan(self.start_fen):,} yuan, {len(self.lines)} steps, "
            f"pool {fen_to_yuan(self.pool_fen):,} yuan, of it adjusting fund {fen_to_yuan(self.adjusting_fen):,} yuan"
        )

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html(index=False))


def _check_step(step: BudgetStep, place: str) -> list[Problem]:
    problems = []
    if (step.share is None) == (step.amount_yuan is None):
        found = "neither share nor amount" if step.share is None else "a share and an amount"
        problems.append(Problem(place, found, "one of share and amount_yuan"))
    if step.share is not None and not 0 <= step.share <= 1:
        problems.append(Problem(f"{place}.share", str(step.share), "a share from 0 to 1"))
    if step.amount_yuan is not None and step.amount_yuan < 0:
        problems.append(Problem(f"{place}.amount_yuan", str(step.amount_yuan), "0 or more"))
    if not step.source.strip():
        problems.append(
            Problem(f"{place}.source", "nothing", "where the figure stands", 'write source = "user" for your own')
        )
    return problems


def build_budget(
    start_yuan: Number,
    steps: Sequence[BudgetStep],
    *,
    insurance: str = "all",
    adjust_share: Number = 0,
    mode: RoundingMode = "half_up",
) -> BudgetChain:
    """Take the declared parts out of an insurance's budget, one after the other, to the fen.

    Parameters
    ----------
    start_yuan : int, str, Decimal or Fraction
        Budget of the insurance for the year: its expected income, or what was set [yuan].
    steps : sequence of BudgetStep
        Parts taken out, in order: reserve, care outside the area, outpatient and chronic care, other methods …
    insurance : str
        Whose budget it is.
    adjust_share : int, str, Decimal or Fraction
        Share of the pool kept as adjusting fund, 0-1.
    mode : {"half_up", "half_even"}
        Rounding of each share to the fen.

    Returns
    -------
    BudgetChain
        With ``start = sum of amounts + pool``, to the fen.

    Raises
    ------
    ActuaryError
        With every problem: a step without figure or source, shares outside 0-1, parts that exceed what is left.

    Examples
    --------
    >>> steps = [BudgetStep("reserve", "user", share=Decimal("0.05")),
    ...          BudgetStep("out_of_area", "user", amount_yuan=Decimal("200000"))]
    >>> chain = build_budget("1000000", steps, insurance="resident", adjust_share="0.05")
    >>> chain.pool_fen, chain.adjusting_fen, chain.payable_fen
    (75000000, 3750000, 71250000)
    """
    problems = [
        p for number, step in enumerate(steps, 1) for p in _check_step(step, f"budget step {number} ({step.name})")
    ]
    names = [step.name for step in steps]
    problems += [
        Problem("budget", f"two steps {name!r}", "each step once") for name in {n for n in names if names.count(n) > 1}
    ]
    start = as_fraction(start_yuan)
    if start < 0:
        problems.append(Problem(f"budget of {insurance}", f"{start_yuan} yuan", "0 or more"))
    if not 0 <= as_fraction(adjust_share) <= 1:
        problems.append(Problem("adjust_share", str(adjust_share), "a share from 0 to 1"))
    raise_all(problems)
    start_fen = left = in_units(start, 2, mode)
    lines = []
    for number, step in enumerate(steps, 1):
        base = start_fen if step.base == "start" else left
        part = step.amount_yuan if step.share is None else None
        amount = yuan_to_fen(part) if part is not None else in_units(base * as_fraction(step.share or 0), 0, mode)
        if amount > left:
            raise ActuaryError(
                Problem(
                    f"budget step {number} ({step.name})",
                    f"{fen_to_yuan(amount):,} yuan",
                    f"at most {fen_to_yuan(left):,} yuan, which the steps before have left",
                )
            )
        left -= amount
        lines.append(_Line(step.name, base, step.share, amount, left, step.source))
    adjusting = in_units(left * as_fraction(adjust_share), 0, mode)
    return BudgetChain(insurance, start_fen, tuple(lines), left, adjusting)


def divide_by_insurance(total_yuan: Number, shares: Mapping[str, Number]) -> dict[str, int]:
    """Divide the expected income between insurances by declared shares, to the fen.

    Parameters
    ----------
    total_yuan : int, str, Decimal or Fraction
        Expected income [yuan].
    shares : mapping of str to number
        Share of each insurance, 0-1; together 1.

    Returns
    -------
    dict of str to int
        Amount of each insurance [fen]; together the income.

    Raises
    ------
    ActuaryError
        When the shares do not add up to 1.

    Examples
    --------
    >>> divide_by_insurance("100.01", {"employee": "0.7", "resident": "0.3"})
    {'employee': 7001, 'resident': 3000}
    """
    total_share = sum((as_fraction(share) for share in shares.values()), as_fraction(0))
    if total_share != 1:
        raise ActuaryError(Problem("shares of the insurances", f"{float(total_share):.6g} in all", "1 in all"))
    return dict(zip(shares, apportion(yuan_to_fen(total_yuan), list(shares.values())), strict=True))


def split_budget(
    amount_fen: int, hospital_weights: Mapping[str, Number], *, month_weights: Sequence[Number] = (1,) * 12
) -> dict[str, tuple[int, ...]]:
    """Split a budget by hospital and month, for planning the prepayment.

    Parameters
    ----------
    amount_fen : int
        What is split [fen].
    hospital_weights : mapping of str to number
        Weight of each hospital, such as its points or charges of last year.
    month_weights : sequence of number
        Weight of each month; equal ones when left out.

    Returns
    -------
    dict of str to tuple of int
        Amounts of the months [fen] of each hospital; all together the budget.

    Examples
    --------
    >>> split = split_budget(100, {"A": 2, "B": 1}, month_weights=(1, 1))
    >>> split, sum(map(sum, split.values()))
    ({'A': (34, 33), 'B': (17, 16)}, 100)
    """
    yearly = apportion(amount_fen, list(hospital_weights.values()))
    return {name: apportion(part, month_weights) for name, part in zip(hospital_weights, yearly, strict=True)}
