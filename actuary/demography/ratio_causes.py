"""Why the ratio of active to retired members changes: cause by cause, and rule by rule."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_rules import MembershipRules
from actuary.demography.membership_steps import CAUSES
from actuary.demography.population import PopulationProjection
from actuary.demography.statuses import CONTRIBUTING
from actuary.errors import PeriodError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.periods import Quarter

__all__ = ["RULES", "RuleEffects", "decompose_ratio", "rule_effects"]

#: Causes that are one to a reader of the ratio.
_JOINED: Mapping[str, str] = MappingProxyType(
    {"migration_in": "migration", "migration_out": "migration", "paid_up": "retirements"}
)
_JOINED_NAMES = {"migration": ("迁移", "Migration"), "retirements": CAUSES["retirements"]}


def _logarithmic_mean(before: float, after: float) -> float:
    """Return the mean m with after - before = m ln(after / before)."""
    if before == after:
        return before
    return (after - before) / float(np.log(after / before))


def decompose_ratio(
    membership: Membership, *, first: Quarter | str | None = None, last: Quarter | str | None = None
) -> pd.DataFrame:
    r"""Divide the change of the ratio of active to retired members among its causes.

    .. math:: \Delta\rho = L(\rho) \sum_c \left( \frac{a_c}{L(A)} - \frac{r_c}{L(R)} \right)

    where a and r are the changes of active A and retired R members by a cause, and L is the logarithmic mean of first
    and last value. The parts add to the change exactly and do not depend on their order.

    Parameters
    ----------
    membership : Membership
        The members.
    first, last : Quarter or str, optional
        Two quarter-ends; the opening and the last one when left out.

    Returns
    -------
    DataFrame
        Columns cause, name, name_en, active [persons], retired [persons], effect [ratio]; last a row ``total``.

    Raises
    ------
    PeriodError
        When a quarter is not projected, they are not in order, or nobody is active or retired at one of them.

    Examples
    --------
    >>> from actuary.demography.membership_rules import load_membership_rules, membership_anchors
    >>> from actuary.demography.population import project_population
    >>> from actuary.demography.population_sources import load_population
    >>> people = project_population(load_population("national"))
    >>> rules = load_membership_rules("national", anchors=membership_anchors("national", 2024))
    >>> table = decompose_ratio(project_membership(people, rules, quarters=["2024Q4", "2026Q4"])).set_index("cause")
    >>> parts = table["effect"].drop("total")
    >>> bool(abs(parts.sum() - table["effect"]["total"]) < 1e-12), parts.idxmin()
    (True, 'retirements')
    """
    quarters = membership.quarters
    begin = Quarter.parse(membership.label(first if first is not None else quarters[0]))
    end = Quarter.parse(membership.label(last if last is not None else quarters[-1]))
    if end <= begin:
        raise PeriodError(Problem("last quarter", str(end), f"a quarter after {begin}"))
    stocks = {str(q): membership.by_status().sel(quarter=str(q)) for q in (begin, end)}
    active = [float(one.sel(status=list(CONTRIBUTING)).sum()) for one in stocks.values()]
    retired = [float(one.sel(status="employee_retired")) for one in stocks.values()]
    if min(*active, *retired) <= 0:
        raise PeriodError(
            Problem(f"ratio from {begin} to {end}", "nobody active or nobody retired", "both at both ends")
        )
    ratios = [a / r for a, r in zip(active, retired, strict=True)]
    mean, mean_active, mean_retired = (_logarithmic_mean(*pair) for pair in (ratios, active, retired))
    chosen = membership.flows.sel(quarter=slice(str(begin + 1), str(end))).sum("quarter")
    parts: dict[str, list[float]] = {}
    for cause in CAUSES:
        change = chosen[cause]
        held = parts.setdefault(_JOINED.get(cause, cause), [0.0, 0.0])
        held[0] += float(change.sel(status=list(CONTRIBUTING)).sum())
        held[1] += float(change.sel(status="employee_retired"))
    rows = []
    for cause, (a, r) in parts.items():
        names = _JOINED_NAMES.get(cause) or CAUSES[cause]
        # Who pays on stays among the active: nothing but rounding is left of such a cause.
        if abs(a) + abs(r) > 1e-12 * (active[0] + retired[0]):
            rows.append((cause, *names, a, r, mean * (a / mean_active - r / mean_retired)))
    total = ("total", "合计", "Total", active[1] - active[0], retired[1] - retired[0], ratios[1] - ratios[0])
    return pd.DataFrame([*rows, total], columns=["cause", "name", "name_en", "active", "retired", "effect"])


#: Rules that can be taken away, with their names and the world without each.
RULES: Mapping[str, tuple[str, str, Callable[[MembershipRules], MembershipRules]]] = MappingProxyType(
    {
        "retirement_reform": ("延迟退休", "Gradual delay of retirement", lambda rules: rules.without_reform()),
        "flexible_retirement": ("弹性退休", "Flexible retirement", lambda rules: rules.without_flexibility()),
        "minimum_years": (
            "最低缴费年限",
            "Least years of contribution",
            lambda rules: rules.with_values(
                {"membership.min_contribution_years_men": 0.0, "membership.min_contribution_years_women": 0.0}
            ),
        ),
        "lapses": ("断保", "Lapses", lambda rules: rules.with_values({"membership.flexible_lapse_rate": 0.0})),
        "coverage_expansion": (
            "扩面",
            "Widening of coverage",
            lambda rules: rules.with_values({"membership.coverage_expansion": 0.0}),
        ),
        "retired_mortality": (
            "退休人员死亡率差异",
            "Lower mortality of retired members",
            lambda rules: rules.with_values({"membership.retired_mortality": 1.0, "membership.insured_mortality": 1.0}),
        ),
    }
)


@dataclass(frozen=True, eq=False, repr=False)
class RuleEffects:
    """Hold what each rule does to the ratio of active to retired members at a quarter-end.

    Parameters
    ----------
    quarter : str
        The quarter.
    without_any, with_all : float
        The ratio without any of the rules and with all of them [ratio].
    table : DataFrame
        One row a rule: rule, name, name_en, alone (ratio with all less ratio without this one), in_order (what it adds
        to the rules before it), interaction (the difference of the two), ratio_without [ratio].
    """

    quarter: str
    without_any: float
    with_all: float
    table: pd.DataFrame

    @property
    def interaction(self) -> float:
        """What the rules do together beyond each alone: whole change less the sum of ``alone`` [ratio]."""
        return self.with_all - self.without_any - float(self.table["alone"].sum())

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.table.copy()

    def summary(self) -> pd.DataFrame:
        """Return the effects with their sums: those in order add to the whole change exactly."""
        total = {
            "name": "合计",
            "name_en": "Total",
            "alone": self.table["alone"].sum(),
            "in_order": self.table["in_order"].sum(),
            "interaction": self.table["interaction"].sum(),
        }
        columns = ["name", "name_en", "alone", "in_order", "interaction"]
        return pd.concat([self.table[columns], pd.DataFrame([total])], ignore_index=True)

    def __repr__(self) -> str:
        return (
            f"<RuleEffects at {self.quarter}: {self.without_any:.3f} without the rules, {self.with_all:.3f} with them>"
        )

    def _repr_html_(self) -> str:
        head = f"<p>Active per retired at {html.escape(self.quarter)}: {self.without_any:.3f} → {self.with_all:.3f}</p>"
        return head + str(self.summary().to_html(index=False, float_format=lambda value: f"{value:+.3f}"))


def rule_effects(
    population: PopulationProjection,
    rules: MembershipRules,
    *,
    quarter: Quarter | str,
    order: Sequence[str] | None = None,
) -> RuleEffects:
    """Run the members with and without each rule and compare the ratio.

    Rules interact: the reform delays fewer people where fewer are covered. So every rule is shown twice: alone (all
    rules less all but this one) and in order (added to those before it); the latter add to the whole change exactly.

    Parameters
    ----------
    population : PopulationProjection
        People.
    rules : MembershipRules
        All rules.
    quarter : Quarter or str
        Quarter-end at which the ratio is compared.
    order : sequence of str, optional
        Rules of :data:`RULES` to look at, in this order; all when left out.

    Raises
    ------
    UnknownNameError
        When a rule is not known.

    Examples
    --------
    >>> from actuary.demography.membership_rules import load_membership_rules, membership_anchors
    >>> from actuary.demography.population import project_population
    >>> from actuary.demography.population_sources import load_population
    >>> people = project_population(load_population("national"))
    >>> rules = load_membership_rules("national", anchors=membership_anchors("national", 2024))
    >>> effects = rule_effects(people, rules, quarter="2030Q4", order=["retirement_reform"])
    >>> effects.with_all > effects.without_any, round(effects.interaction, 12) == 0
    (True, True)
    """
    chosen = tuple(order) if order is not None else tuple(RULES)
    wrong = [unknown_name("order", name, RULES, what="rule") for name in chosen if name not in RULES]
    raise_all(wrong, UnknownNameError)
    end = Quarter.parse(quarter)

    def ratio(without: Sequence[str]) -> float:
        changed = rules
        for name in without:
            changed = RULES[name][2](changed)
        held = project_membership(population, changed, quarters=[end]).dependency_ratio(end)
        return float(held)

    whole, none = ratio(()), ratio(chosen)
    rows, before = [], none
    for number, name in enumerate(chosen):
        without = ratio((name,))
        # With the last rule all are in force.
        reached = ratio(chosen[number + 1 :]) if number + 1 < len(chosen) else whole
        alone, added = whole - without, reached - before
        rows.append((name, *RULES[name][:2], alone, added, added - alone, without))
        before = reached
    columns = ["rule", "name", "name_en", "alone", "in_order", "interaction", "ratio_without"]
    return RuleEffects(str(end), none, whole, pd.DataFrame(rows, columns=columns))
