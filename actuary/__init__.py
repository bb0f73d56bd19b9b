"""Actuarial work for China's public medical insurance funds.

The names below are the Python face; each loads its part of the package when it is first used, so that
``import actuary`` stays quick.

Examples
--------
>>> import actuary
>>> actuary.Quarter.parse("2024Q4") + 1
Quarter(year=2025, number=1)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.drg.compare import compare_schemes
    from actuary.drg.explain import explain_case
    from actuary.drg.group_files import group_file
    from actuary.drg.grouper import group_cases
    from actuary.drg.quality import check_settlement_list
    from actuary.drg.scheme import load_scheme
    from actuary.drg.what_if import what_if
    from actuary.errors import ActuaryError
    from actuary.forecast.face import forecast_series
    from actuary.forecast.fund_forecast import forecast_fund
    from actuary.forecast.reserving import reserve_claims
    from actuary.forecast.small_groups import shrink_group_means
    from actuary.fund import FundProjection, facts_page
    from actuary.periods import Quarter
    from actuary.policy import load_basis, load_policy_book, load_scenario
    from actuary.tables import facts, read_table
    from actuary.workflow import check_inputs, indicators_of_city, list_cities, project_city, warn_city, write_report

__all__ = [
    "ActuaryError",
    "FundProjection",
    "Quarter",
    "check_inputs",
    "check_settlement_list",
    "compare_schemes",
    "explain_case",
    "facts",
    "facts_page",
    "forecast",
    "forecast_fund",
    "forecast_series",
    "group_cases",
    "group_file",
    "indicators_of_city",
    "list_cities",
    "load_basis",
    "load_policy_book",
    "load_scenario",
    "load_scheme",
    "project_city",
    "read_table",
    "reserve_claims",
    "shrink_group_means",
    "warn_city",
    "what_if",
    "write_report",
]

_HOMES = {
    "ActuaryError": "errors",
    "FundProjection": "fund",
    "Quarter": "periods",
    "check_inputs": "workflow",
    "check_settlement_list": "drg.quality",
    "compare_schemes": "drg.compare",
    "explain_case": "drg.explain",
    "facts": "tables",
    "facts_page": "fund",
    "forecast_fund": "forecast.fund_forecast",
    "forecast_series": "forecast.face",
    "group_cases": "drg.grouper",
    "group_file": "drg.group_files",
    "indicators_of_city": "workflow",
    "list_cities": "workflow",
    "load_basis": "policy",
    "load_policy_book": "policy",
    "load_scenario": "policy",
    "load_scheme": "drg.scheme",
    "project_city": "workflow",
    "read_table": "tables",
    "reserve_claims": "forecast.reserving",
    "shrink_group_means": "forecast.small_groups",
    "warn_city": "workflow",
    "what_if": "drg.what_if",
    "write_report": "workflow",
}


def __getattr__(name: str) -> Any:
    # The package of forecasts is a function of its own name as well: actuary.forecast(rows, horizon=8).
    if name == "forecast":
        return importlib.import_module("actuary.forecast")
    if name not in _HOMES:
        raise AttributeError(f"module 'actuary' has no attribute {name!r}")
    return getattr(importlib.import_module(f"actuary.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
