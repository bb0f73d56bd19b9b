"""Benefit modules: declared changes of the people-driven projection, each switched on by a scenario.

Examples
--------
>>> sorted(MODULES)
['birth_policy', 'critical_illness', 'epidemic', 'long_term_care', 'medical_assistance', 'procurement']
"""

from __future__ import annotations

from actuary.fund.modules.aggregate import AggregateClaims, StopLoss, aggregate_claims
from actuary.fund.modules.apply import MODULES, add_modules, module_effects, module_view
from actuary.fund.modules.birth_costs import BirthPolicyCosts, cost_birth_policies, maternity_causes
from actuary.fund.modules.births import birth_flows
from actuary.fund.modules.critical_illness import CoverTerms, cover_claims, cover_cost, cover_premium
from actuary.fund.modules.epidemic import contribution_cut, implied_monthly_base, use_course, vaccine_cost
from actuary.fund.modules.long_term_care import care_rates
from actuary.fund.modules.procurement import purchasing_saving, retained_surplus
from actuary.fund.modules.severity import LAWS, fit_law
from actuary.fund.modules.view import ModuleDelta, ModuleView

__all__ = [
    "LAWS",
    "MODULES",
    "AggregateClaims",
    "BirthPolicyCosts",
    "CoverTerms",
    "ModuleDelta",
    "ModuleView",
    "StopLoss",
    "add_modules",
    "aggregate_claims",
    "birth_flows",
    "care_rates",
    "contribution_cut",
    "cost_birth_policies",
    "cover_claims",
    "cover_cost",
    "cover_premium",
    "fit_law",
    "implied_monthly_base",
    "maternity_causes",
    "module_effects",
    "module_view",
    "purchasing_saving",
    "retained_surplus",
    "use_course",
    "vaccine_cost",
]
