"""The cost of birth policies over 1, 5 and 10 years, and the year in which it is earned back."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from actuary.errors import Problem, TableError, raise_all
from actuary.fund.model.labels import exact_labels
from actuary.fund.modules.births import BirthFlows, birth_flows
from actuary.fund.modules.view import ModuleView
from actuary.periods import Quarter

__all__ = ["PAYERS", "BirthPolicyCosts", "cost_birth_policies", "maternity_causes"]

#: Whose money: the two pools, the budget, and both with what passes between them left out.
PAYERS: tuple[str, ...] = ("fund", "budget", "public")


@dataclass(frozen=True, eq=False, repr=False)
class BirthPolicyCosts:
    """Hold what birth policies cost against one of them.

    Parameters
    ----------
    against : str
        The policy they are held against.
    start : Quarter
        First quarter of all of them.
    table : DataFrame
        Columns policy, year, payer (fund or budget), scheme, item, cost_yuan: what is paid more, less what comes in.
    births : DataFrame
        Columns policy, year, births, births_against, more_births.
    discount : Series
        Factor by year, to the beginning of the policy.
    """

    against: str
    start: Quarter
    table: pd.DataFrame
    births: pd.DataFrame
    discount: pd.Series

    def yearly(self) -> pd.DataFrame:
        """Return the net cost by policy, payer and year.

        Returns
        -------
        DataFrame
            Columns policy, payer, year, cost_yuan, discounted_yuan, cumulative_yuan (discounted). For the public what
            the budget gives to the funds is no cost, for the one pays it and the other has it.
        """
        parts = self.table.groupby(["policy", "payer", "year"], as_index=False)["cost_yuan"].sum()
        both = self.table.groupby(["policy", "year"], as_index=False)["cost_yuan"].sum().assign(payer=PAYERS[-1])
        whole = pd.concat([parts, both], ignore_index=True)
        whole["discounted_yuan"] = whole["cost_yuan"] * whole["year"].map(self.discount)
        order = pd.Categorical(whole["payer"], categories=list(PAYERS), ordered=True)
        whole = whole.assign(payer=order).sort_values(["policy", "payer", "year"], ignore_index=True)
        whole["cumulative_yuan"] = whole.groupby(["policy", "payer"], observed=True)["discounted_yuan"].cumsum()
        shown: pd.DataFrame = whole.assign(payer=whole["payer"].astype(str))
        return shown[["policy", "payer", "year", "cost_yuan", "discounted_yuan", "cumulative_yuan"]]

    def summary(self, years: Sequence[int] = (1, 5, 10)) -> pd.DataFrame:
        """Return the cost of the first years and the year in which it is earned back.

        Parameters
        ----------
        years : sequence of int
            Numbers of years from the start on.

        Returns
        -------
        DataFrame
            Columns policy, payer, ``cost_<n>_years_yuan`` (not discounted), ``break_even_year``: the first year after
            which the discounted sum stays at 0 or below until the horizon, having been above it; missing where it
            never does, or never cost anything.
        """
        rows = []
        for (policy, payer), held in self.yearly().groupby(["policy", "payer"], sort=False):
            row: dict[str, object] = {"policy": policy, "payer": payer}
            for count in years:
                within = held["year"].between(self.start.year, self.start.year + count - 1)
                row[f"cost_{count}_years_yuan"] = float(held.loc[within, "cost_yuan"].sum())
            row["break_even_year"] = _break_even(held["year"].to_numpy(), held["cumulative_yuan"].to_numpy())
            rows.append(row)
        frame = pd.DataFrame(rows)
        return frame.assign(break_even_year=frame["break_even_year"].astype("Int64"))

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(self.table["policy"]))
        return f"<BirthPolicyCosts of {names} against {self.against} from {self.start}>"

    def _repr_html_(self) -> str:
        head = f"<p>Birth policies against {html.escape(self.against)}, from {self.start}; yuan</p>"
        return head + str(self.summary().to_html(index=False, float_format=lambda value: f"{value:,.0f}", na_rep=""))


def _break_even(years: np.ndarray, cumulative: np.ndarray) -> int | None:
    above = np.flatnonzero(cumulative > 0)
    if len(above) == 0 or above[-1] == len(years) - 1:
        return None
    return int(years[above[-1] + 1])


def cost_birth_policies(
    view: ModuleView,
    policies: Sequence[str] | None = None,
    *,
    against: str = "three_child",
    start: Quarter | str | None = None,
) -> BirthPolicyCosts:
    """Return what birth policies cost the funds and the budget against one of them.

    Births, and every person who is there because of them, follow from the projection of people; delivery and leave,
    subsidies and premiums, the use of care at each age, and contributions from the age of work on follow from the
    levels of the run.

    Parameters
    ----------
    view : ModuleView
        From :func:`actuary.fund.modules.module_view`; its last quarter is the horizon.
    policies : sequence of str, optional
        Policies; all that are declared when left out.
    against : str
        The policy they are held against; ``three_child`` is what the projection of people holds already.
    start : Quarter or str, optional
        First quarter of every policy; the second projected year when left out.

    Raises
    ------
    UnknownNameError
        When a policy is not declared.
    TableError
        When the start is not the first quarter of a projected year.
    """
    begin = Quarter(view.quarters[0].year + 1, 1) if start is None else Quarter.parse(start)
    if begin not in view.quarters or begin.number != 1:
        raise TableError(
            Problem("start", str(begin), f"a first quarter from {view.quarters[0]} to {view.quarters[-1]}")
        )
    chosen = tuple(policies) if policies is not None else tuple(view.modules.policies)
    rows, counted = [], []
    with exact_labels():
        for name in chosen:
            flows = birth_flows(view, name, against=against, start=begin)
            rows += _rows(view, flows)
            pair = flows.births.to_numpy()
            counted += [
                (name, int(year), float(a), float(b), float(a - b))
                for year, a, b in zip(flows.births["year"].to_numpy(), *pair, strict=True)
            ]
    table = pd.DataFrame(rows, columns=["policy", "year", "payer", "scheme", "item", "cost_yuan"])
    births = pd.DataFrame(counted, columns=["policy", "year", "births", "births_against", "more_births"])
    return BirthPolicyCosts(against, begin, table, births, _discount(view, begin))


def _rows(view: ModuleView, flows: BirthFlows) -> list[tuple[object, ...]]:
    years = np.array([quarter.year for quarter in view.quarters])
    rows: list[tuple[object, ...]] = []
    held: dict[tuple[str, str, str], np.ndarray] = {}
    for one in flows.fund:
        sign = 1.0 if one.flow == "spending" else -1.0
        key = ("fund", one.scheme, one.item)
        held[key] = held.get(key, np.zeros(len(years))) + sign * one.yuan.to_numpy()
    for item, yuan in flows.budget.items():
        held["budget", "none" if item == "cash_subsidy" else "resident", item] = yuan.to_numpy()
    for (payer, scheme, item), cost in held.items():
        rows += [
            (flows.policy, int(year), payer, scheme, item, float(cost[years == year].sum()))
            for year in np.unique(years)
        ]
    return rows


def _discount(view: ModuleView, start: Quarter) -> pd.Series:
    """Return the factor of each year, from its middle to the beginning of the start; 1 and above before it."""
    rate = view.inputs.drivers["discount_rate"].sel(quarter=view.labels).to_numpy()
    years = np.array([quarter.year for quarter in view.quarters])
    held = sorted(set(years.tolist()))
    growth = np.array([1.0 + float(rate[years == year][0]) for year in held])
    level = np.concatenate([[1.0], np.cumprod(growth)])
    base = level[held.index(start.year)]
    return pd.Series(base / (level[:-1] * np.sqrt(growth)), index=held)


def maternity_causes(
    before: dict[str, float], after: dict[str, float], *, names: tuple[str, str] = ("spending_yuan", "births")
) -> dict[str, float]:
    r"""Return how far births and the benefit for each birth changed maternity spending, closing exactly.

    .. math:: \Delta E = L(E_1,E_0)\left(\ln\frac{B_1}{B_0} + \ln\frac{E_1/B_1}{E_0/B_0}\right),
        \quad L(a,b) = \frac{a-b}{\ln a - \ln b}

    Parameters
    ----------
    before, after : dict
        Spending [yuan] and births of two years.
    names : pair of str
        Their keys.

    Raises
    ------
    TableError
        When a figure is not above 0.

    Examples
    --------
    >>> causes = maternity_causes(
    ...     {"spending_yuan": 85.18e9, "births": 10.46e6}, {"spending_yuan": 140.293e9, "births": 8.82e6}
    ... )
    >>> round(causes["births"] / 1e9, 1), round(causes["benefit_per_birth"] / 1e9, 1)
    (-18.8, 73.9)
    """
    spending = names[0]
    raise_all(
        [
            Problem(f"{key} {when}", f"{held[key]:g}", "a number above 0")
            for when, held in (("before", before), ("after", after))
            for key in names
            if not held[key] > 0
        ],
        TableError,
    )
    change = after[spending] - before[spending]
    logs = [float(np.log(after[key] / before[key])) for key in names]
    mean = change / logs[0] if logs[0] else after[spending]
    return {"births": mean * logs[1], "benefit_per_birth": mean * (logs[0] - logs[1])}
