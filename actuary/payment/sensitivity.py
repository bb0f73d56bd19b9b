"""How much what the fund pays hangs on single numbers of a policy: one changed at a time, and the widest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, fen_to_yuan, in_units
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.sweep import sweep_policy
from actuary.payment.sweep_result import Sweep

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.cases import CaseTable
    from actuary.payment.hospital_list import HospitalList

__all__ = ["Sensitivity", "policy_sensitivity", "single_numbers"]

_OUTCOMES: Final = ("fund_fen", "standard_fen", "gain_fen")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Sensitivity:
    """Hold a policy with one of its numbers changed at a time.

    Parameters
    ----------
    paths : tuple of str
        The numbers.
    low, base, high : tuple
        Their values: lowered, as declared, raised.
    sweep : Sweep
        First the policy as it is, then each number lowered and raised.
    """

    paths: tuple[str, ...]
    low: tuple[object, ...]
    base: tuple[object, ...]
    high: tuple[object, ...]
    sweep: Sweep

    def to_frame(self, outcome: str = "fund_fen", *, by: str | None = None, place: str | None = None) -> pd.DataFrame:
        """Return the data of a tornado: one row a number, the widest swing first.

        Parameters
        ----------
        outcome : str
            fund_fen, standard_fen or gain_fen.
        by, place : str, optional
            A key and one of its places, such as hospital and its name; all cases when left out.

        Raises
        ------
        UnknownNameError
            When there is no such outcome, key or place.
        ActuaryError
            When only one of `by` and `place` is given.

        Returns
        -------
        DataFrame
            ``number, low, base, high`` (values), ``at_low_fen, at_base_fen, at_high_fen``, ``swing_fen`` (the widest
            less the narrowest of the three).
        """
        import pandas  # noqa: ICN001, PLC0415  (only where tables are wanted)

        self._check(outcome, by, place)
        if by is None or place is None:
            amounts = self.sweep.total(outcome).tolist()
        else:
            amounts = self.sweep.data[f"{outcome}_by_{by}"].sel({by: place}).to_numpy().tolist()
        usual, rows = amounts[0], []
        for number, path in enumerate(self.paths):
            low, high = amounts[1 + 2 * number], amounts[2 + 2 * number]
            swing = max(low, usual, high) - min(low, usual, high)
            rows.append((path, self.low[number], self.base[number], self.high[number], low, usual, high, swing))
        columns = ["number", "low", "base", "high", "at_low_fen", "at_base_fen", "at_high_fen", "swing_fen"]
        frame = pandas.DataFrame(rows, columns=columns)
        return frame.sort_values("swing_fen", ascending=False, kind="stable", ignore_index=True)

    def _check(self, outcome: str, by: str | None, place: str | None) -> None:
        problems = []
        if outcome not in _OUTCOMES:
            problems.append(unknown_name("outcome", outcome, _OUTCOMES, what="outcome"))
        keys = [str(dim) for dim in self.sweep.data.dims if f"{_OUTCOMES[0]}_by_{dim}" in self.sweep.data]
        if by is not None and by not in keys:
            problems.append(unknown_name("by", by, keys, what="key of this sweep"))
        elif by is not None and place is not None:
            names = self.sweep.data[by].to_numpy().tolist()
            if place not in names:
                problems.append(unknown_name("place", place, names, what=by))
        raise_all(problems, UnknownNameError)
        if (by is None) != (place is None):
            found = f"by={by!r}, place={place!r}"
            raise ActuaryError(Problem("to_frame", found, "both or neither", "such as by='tier', place='3'"))

    def __repr__(self) -> str:
        """Return policy, numbers and the widest swing."""
        frame = self.to_frame()
        widest = f", widest {frame['number'][0]} {fen_to_yuan(frame['swing_fen'][0]):,} yuan" if len(frame) else ""
        return f"Sensitivity({self.sweep.policy.id!r}, {len(self.paths):,} numbers{widest})"

    def _repr_html_(self) -> str:
        html: str = self.to_frame().to_html(index=False)
        return html


def single_numbers(policy: PaymentPolicy) -> dict[str, Decimal]:
    """Return the numbers of a policy that are usually tried out: rates, coefficients of places, boundaries of classes.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.

    Returns
    -------
    dict of str to Decimal
        Values by key path.

    Examples
    --------
    >>> list(single_numbers(load_payment_policy("jilin-2022")))
    ['price.rate[1].value', 'class[1].k', 'class[2].k']
    """
    found: dict[str, Decimal] = {}
    for number, row in enumerate(policy.price.rate, 1):
        found[f"price.rate[{number}].value"] = row.value
    for form in ("tier", "hospital"):
        if policy.coefficient.form == form:
            found |= {f"coefficient.{form}.{name}": value for name, value in getattr(policy.coefficient, form).items()}
    base = policy.coefficient.base_group
    if base is not None and base.value is not None:
        found["coefficient.base_group.value"] = base.value
    for number, rule in enumerate(policy.classes, 1):
        if rule.k is not None:
            found[f"class[{number}].k"] = rule.k
        found |= {f"class[{number}].cap[{place}].k": band.k for place, band in enumerate(rule.cap, 1)}
        if rule.share is not None and rule.share > 0:
            found[f"class[{number}].share"] = rule.share
    return found


def policy_sensitivity(  # noqa: PLR0913  (each is a choice of its own)
    cases: CaseTable | pd.DataFrame | pa.Table | str | Path,
    policy: PaymentPolicy | str | Path,
    *,
    change: str | Decimal = "0.1",
    numbers: Mapping[str, Sequence[object]] | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    hospitals: HospitalList | pd.DataFrame | str | Path | None = None,
    by: Sequence[str] = ("hospital", "tier"),
    threads: int | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Sensitivity:
    """Change one number of a policy at a time and settle the same cases.

    Parameters
    ----------
    cases : CaseTable, DataFrame, pyarrow.Table or path
        The cases.
    policy : PaymentPolicy, str or Path
        The policy.
    change : str or Decimal
        Part by which every number is lowered and raised, 0-1; only where `numbers` does not say it. Coefficients keep
        the decimals of the policy's rounding, and shares end at 1.
    numbers : mapping of str to (low, high), optional
        Values by key path; else those of :func:`single_numbers`, and the budgets.
    budget : mapping of str to number, or number, optional
        Budgets [yuan].
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    by : sequence of str
        By what outcomes are added up.
    threads : int, optional
        Threads.
    progress : callable, optional
        Called with the settings done, and how many there are.

    Returns
    -------
    Sensitivity
        One row a number.

    Raises
    ------
    ActuaryError
        When `change` is no share, or a number that is named has no low and high.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"], "drg": ["AA19"],
    ...      "total_cost": ["9000.00"]}
    ... )
    >>> told = policy_sensitivity(stays, "suzhou-2022", change="0.05").to_frame()
    >>> told[["number", "swing_fen"]].head(2).values.tolist()
    [['price.rate[1].value', 3362724], ['coefficient.tier.3', 3362724]]
    """
    rules = policy if isinstance(policy, PaymentPolicy) else load_payment_policy(policy)
    low, base, high = _values(rules, change, numbers, budget)
    settings: list[dict[str, object]] = [{}]
    for path in base:
        settings += [{path: low[path]}, {path: high[path]}]
    sweep = sweep_policy(
        cases, rules, settings, budget=budget, hospitals=hospitals, by=by, threads=threads, progress=progress
    )
    return Sensitivity(
        paths=tuple(base), low=tuple(low.values()), base=tuple(base.values()), high=tuple(high.values()), sweep=sweep
    )


def _values(
    policy: PaymentPolicy, change: str | Decimal, numbers: Mapping[str, Sequence[object]] | None, budget: Any
) -> tuple[dict[str, object], dict[str, object], dict[str, object]]:
    """Return the lowered, usual and raised value of each number."""
    budgets = budget if isinstance(budget, Mapping) else ({} if budget is None else {"": budget})
    usual: dict[str, Any] = dict(single_numbers(policy))
    usual |= {f"budget.{name}".rstrip("."): Decimal(str(amount)) for name, amount in budgets.items()}
    if numbers is not None:
        wrong = [
            Problem(f"numbers, {path}", repr(pair), "two values: low, high")
            for path, pair in numbers.items()
            if isinstance(pair, str) or len(pair) != 2
        ]
        if wrong:
            raise ActuaryError(wrong)
        low = {path: pair[0] for path, pair in numbers.items()}
        high = {path: pair[1] for path, pair in numbers.items()}
        return low, {path: usual.get(path) for path in numbers}, high
    part = Decimal(str(change))
    if not 0 < part < 1:
        raise ActuaryError(Problem("change", str(change), "a share above 0 and below 1", "5 % is 0.05"))
    moved: list[dict[str, object]] = [
        {path: _allowed(policy, path, value * (1 + sign * part)) for path, value in usual.items()} for sign in (-1, 1)
    ]
    return moved[0], usual, moved[1]


def _allowed(policy: PaymentPolicy, path: str, value: Decimal) -> Decimal:
    """Return a moved number as the policy can take it: coefficients rounded as it says, shares of at most 1."""
    places = policy.rounding.coefficient
    if places is not None and path.startswith(("coefficient.tier.", "coefficient.hospital.")):
        return Decimal(in_units(value, places, policy.rounding.mode)).scaleb(-places)
    return min(value, Decimal(1)) if path.endswith("].share") else value
