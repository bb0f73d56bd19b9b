"""Critical illness insurance (大病保险): cost above a deductible, the premium that covers it, and stop-loss."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from actuary.fund.modules.aggregate import AggregateClaims, aggregate_claims
from actuary.fund.modules.severity import SeverityLaw, fit_law
from actuary.fund.modules.view import ModuleDelta, ModuleView

__all__ = ["CoverTerms", "cover_claims", "cover_cost", "cover_premium", "cover_terms", "critical_illness"]

_NAME = "critical_illness"


@dataclass(frozen=True, slots=True)
class CoverTerms:
    """Hold the terms of the cover in one year, and the law of what it covers.

    Parameters
    ----------
    law : SeverityLaw
        Law of the burden of a person who has one [yuan a year].
    burdened_share : float
        Share of members who have one [share].
    deductible : float
        Deductible [yuan].
    fund_share : float
        Share paid above it [share].
    favoured_share, favoured_deductible, favoured_fund_share : float
        Share of members with better terms, and those terms.
    loading_share : float
        Share of the premium that is not paid out [share].

    Examples
    --------
    >>> law = fit_law("lognormal", mean=6000, variation=1.6)
    >>> old = CoverTerms(law, 0.15, 15000, 0.5)
    >>> new = CoverTerms(law, 0.15, 15000, 0.5, favoured_share=1, favoured_deductible=7500, favoured_fund_share=0.7)
    >>> round(new.cost_per_member / old.cost_per_member, 2)
    2.67
    """

    law: SeverityLaw
    burdened_share: float
    deductible: float
    fund_share: float
    favoured_share: float = 0.0
    favoured_deductible: float = 0.0
    favoured_fund_share: float = 0.0
    loading_share: float = 0.0

    @property
    def claimant_share(self) -> float:
        """Share of members who are paid something in a year [share]."""
        above = [float(self.law.exceedance(one)) for one in (self.deductible, self.favoured_deductible)]
        mixed = (1 - self.favoured_share) * above[0] + self.favoured_share * above[1]
        return self.burdened_share * mixed

    @property
    def cost_per_member(self) -> float:
        r"""Mean payment a member and year [yuan]: :math:`q\,(s\,E[(X-d)^+])`, over both kinds of terms."""
        plain = self.fund_share * float(self.law.excess(self.deductible))
        better = self.favoured_fund_share * float(self.law.excess(self.favoured_deductible))
        return self.burdened_share * ((1 - self.favoured_share) * plain + self.favoured_share * better)

    @property
    def premium_per_member(self) -> float:
        """Premium that pays the cost and the loading, no more and no less (以收定支) [yuan a year]."""
        return self.cost_per_member / (1 - self.loading_share)


def cover_terms(view: ModuleView, *, declared: bool = False) -> list[CoverTerms]:
    """Return the terms of every quarter.

    Parameters
    ----------
    view : ModuleView
        Figures and quarters.
    declared : bool
        Whether to take the figures as they were before the scenario.
    """
    book = view.declared if declared else view.book
    names = ("mean_burden", "burden_variation", "burdened_share", "deductible", "fund_share", "favoured_share",
             "favoured_deductible_factor", "favoured_fund_share", "loading_share")  # fmt: skip
    held = {name: view.path(f"large_claims.{name}", declared=declared).to_numpy() for name in names}
    for name in ("burden", "deductible"):
        amount = "mean_burden" if name == "burden" else name
        held[amount] = held[amount] * view.level(f"large_claims.{name}_growth", declared=declared).to_numpy()
    terms = []
    for place, quarter in enumerate(view.quarters):
        now = {name: float(values[place]) for name, values in held.items()}
        name = str(book.value("large_claims.law", quarter.first_day))
        terms.append(
            CoverTerms(
                law=fit_law(name, mean=now["mean_burden"], variation=now["burden_variation"]),
                burdened_share=now["burdened_share"],
                deductible=now["deductible"],
                fund_share=now["fund_share"],
                favoured_share=now["favoured_share"],
                favoured_deductible=now["deductible"] * now["favoured_deductible_factor"],
                favoured_fund_share=now["favoured_fund_share"],
                loading_share=now["loading_share"],
            )
        )
    return terms


def critical_illness(view: ModuleView) -> list[ModuleDelta]:
    r"""Return what other terms of the cover change: the spending of the run moves with the expected cost a member.

    .. math:: \Delta_t = E_t\,\left(\frac{c_t(\text{scenario})}{c_t(\text{declared})} - 1\right)

    so the level stays that of the base year's figures, and only the layer decides the change.
    """
    if "resident" not in view.schemes:
        return []
    before, after = (cover_terms(view, declared=held) for held in (True, False))
    ratio = [new.cost_per_member / old.cost_per_member - 1 for new, old in zip(after, before, strict=True)]
    yuan = view.spent("resident", _NAME) * view.quarterly(ratio) * view.switch(_NAME)
    return [ModuleDelta(_NAME, "other_terms", "spending", "resident", _NAME, yuan)]


def cover_cost(view: ModuleView) -> pd.DataFrame:
    """Return the cost and the premium of the cover by year, from the law alone and from the level of the run.

    Returns
    -------
    DataFrame
        Columns year, deductible_yuan, claimant_share, cost_per_member_yuan, premium_per_member_yuan (law alone, terms
        of the last quarter), and run_cost_per_member_yuan: pool spending a resident with the module applied.
    """
    rows = []
    whole = view.spent("resident", _NAME) + sum(one.yuan for one in critical_illness(view))
    on = view.switch(_NAME).to_numpy() > 0
    old, new = (cover_terms(view, declared=held) for held in (True, False))
    persons = view.persons("resident")
    for year in sorted({quarter.year for quarter in view.quarters}):
        places = [n for n, quarter in enumerate(view.quarters) if quarter.year == year]
        terms = new[places[-1]] if on[places[-1]] else old[places[-1]]
        rows.append(
            {
                "year": year,
                "deductible_yuan": terms.deductible,
                "claimant_share": terms.claimant_share,
                "cost_per_member_yuan": terms.cost_per_member,
                "premium_per_member_yuan": terms.premium_per_member,
                "run_cost_per_member_yuan": float(whole[places].sum() / persons[places].mean()),
            }
        )
    return pd.DataFrame(rows)


def cover_premium(terms: CoverTerms, *, members: float, funding_per_member_yuan: float) -> dict[str, float]:
    """Hold a funding per head against what the cover costs.

    Parameters
    ----------
    terms : CoverTerms
        Terms.
    members : float
        Members [persons].
    funding_per_member_yuan : float
        Funding [yuan a year].

    Returns
    -------
    dict
        ``cost_yuan``, ``income_yuan``, ``balance_yuan`` of a year, and ``needed_per_member_yuan`` (以收定支).
    """
    income = members * funding_per_member_yuan
    paid = members * terms.cost_per_member
    return {
        "income_yuan": income,
        "cost_yuan": paid,
        "loading_yuan": income * terms.loading_share,
        "balance_yuan": income * (1 - terms.loading_share) - paid,
        "needed_per_member_yuan": terms.premium_per_member,
    }


def cover_claims(terms: CoverTerms, *, members: float, step: float, overdispersion: float = 1.0) -> AggregateClaims:
    """Return the distribution of a year's payments under the ordinary terms, for a stop-loss on them.

    Parameters
    ----------
    terms : CoverTerms
        Terms.
    members : float
        Members [persons].
    step : float
        Width of the grid [yuan].
    overdispersion : float
        Variance of the number of persons with a burden over its mean [ratio].
    """
    return aggregate_claims(
        terms.law,
        claimants=members * terms.burdened_share,
        deductible=terms.deductible,
        fund_share=terms.fund_share,
        step=step,
        overdispersion=overdispersion,
    )
