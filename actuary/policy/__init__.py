"""The policy layer: declared rules, assumptions, scenarios, warning rules and report plans under models/.

Every name loads its module when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.policy.alert_rules import (
        LEVELS,
        NOT_ASSESSABLE,
        AlertCase,
        AlertCondition,
        AlertOutcome,
        AlertRule,
        load_alert_rules,
    )
    from actuary.policy.assumptions import AssumptionBasis, freeze_basis, load_basis
    from actuary.policy.check import check_file, check_models
    from actuary.policy.dated import DatedBook
    from actuary.policy.finance_model import BENEFITS, FinanceModel, load_finance_model
    from actuary.policy.fingerprints import canonical_json, fingerprint
    from actuary.policy.module_model import MODULE_NAMES, BirthPolicy, ModuleDeclaration, load_modules
    from actuary.policy.parameters import AssumptionParameter, AssumptionValue, DatedValue, Parameter
    from actuary.policy.policy_book import PolicyBook, PolicyChange, PolicyView, load_policy_book
    from actuary.policy.regions import Region, RequiredInput, list_regions, load_region
    from actuary.policy.report_plans import ReportPlan, ReportSection, list_report_plans, load_report_plan
    from actuary.policy.retirement import retirement_delay, retirement_month
    from actuary.policy.scenarios import Delta, Resolved, Scenario, list_scenarios, load_scenario, resolve
    from actuary.policy.schema import write_schemas

__all__ = [
    "BENEFITS",
    "LEVELS",
    "MODULE_NAMES",
    "NOT_ASSESSABLE",
    "AlertCase",
    "AlertCondition",
    "AlertOutcome",
    "AlertRule",
    "AssumptionBasis",
    "AssumptionParameter",
    "AssumptionValue",
    "BirthPolicy",
    "DatedBook",
    "DatedValue",
    "Delta",
    "FinanceModel",
    "ModuleDeclaration",
    "Parameter",
    "PolicyBook",
    "PolicyChange",
    "PolicyView",
    "Region",
    "ReportPlan",
    "ReportSection",
    "RequiredInput",
    "Resolved",
    "Scenario",
    "canonical_json",
    "check_file",
    "check_models",
    "fingerprint",
    "freeze_basis",
    "list_regions",
    "list_report_plans",
    "list_scenarios",
    "load_alert_rules",
    "load_basis",
    "load_finance_model",
    "load_modules",
    "load_policy_book",
    "load_region",
    "load_report_plan",
    "load_scenario",
    "resolve",
    "retirement_delay",
    "retirement_month",
    "write_schemas",
]

_HOMES = {
    "alert_rules": (
        "LEVELS",
        "NOT_ASSESSABLE",
        "AlertCase",
        "AlertCondition",
        "AlertOutcome",
        "AlertRule",
        "load_alert_rules",
    ),
    "assumptions": ("AssumptionBasis", "freeze_basis", "load_basis"),
    "check": ("check_file", "check_models"),
    "dated": ("DatedBook",),
    "finance_model": ("BENEFITS", "FinanceModel", "load_finance_model"),
    "fingerprints": ("canonical_json", "fingerprint"),
    "module_model": ("MODULE_NAMES", "BirthPolicy", "ModuleDeclaration", "load_modules"),
    "parameters": ("AssumptionParameter", "AssumptionValue", "DatedValue", "Parameter"),
    "policy_book": ("PolicyBook", "PolicyChange", "PolicyView", "load_policy_book"),
    "regions": ("Region", "RequiredInput", "list_regions", "load_region"),
    "report_plans": ("ReportPlan", "ReportSection", "list_report_plans", "load_report_plan"),
    "retirement": ("retirement_delay", "retirement_month"),
    "scenarios": ("Delta", "Resolved", "Scenario", "list_scenarios", "load_scenario", "resolve"),
    "schema": ("write_schemas",),
}

_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'actuary.policy' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"actuary.policy.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
