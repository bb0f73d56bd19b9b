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
    from actuary.alerts.anomalies import detect_anomalies
    from actuary.alerts.ledger import CaseLedger
    from actuary.demography.life_table import life_table
    from actuary.demography.membership import project_membership
    from actuary.demography.membership_paths import run_membership_paths
    from actuary.demography.membership_rules import load_membership_rules, membership_anchors
    from actuary.demography.population import project_population
    from actuary.demography.population_inputs import read_population_inputs
    from actuary.demography.population_sources import load_population
    from actuary.demography.stochastic import draw_population_paths, run_population_paths
    from actuary.demography.variants import make_variant
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
    from actuary.fund.model.face import load_model
    from actuary.indicators.case_indicators import compute_case_indicators
    from actuary.payment.alliance import settle_alliance
    from actuary.payment.budget_sources import load_budget
    from actuary.payment.clearing_run import clear_settlement
    from actuary.payment.compare import compare_policies
    from actuary.payment.coverage import measure_coverage
    from actuary.payment.indicator_stays import indicators_of_cases, rank_gains
    from actuary.payment.method_files import load_method_rules
    from actuary.payment.policy_files import list_payment_policies, load_payment_policy
    from actuary.payment.sensitivity import policy_sensitivity
    from actuary.payment.settle import settle_cases
    from actuary.payment.standards import payment_standards
    from actuary.payment.sweep import sweep_policy
    from actuary.payment.weights_of_cases import weights_from_cases
    from actuary.periods import Quarter
    from actuary.policy import load_basis, load_policy_book, load_scenario
    from actuary.report.panels import panel_fund, panel_payment, panel_warnings, progress_bar
    from actuary.tables import facts, read_table
    from actuary.tables.personal_door import personal_door
    from actuary.tables.personal_files import check_personal, replace_personal
    from actuary.tables.publication import suppress_small_cells
    from actuary.workflow import (
        check_inputs,
        indicator_history,
        indicators_of_city,
        list_cities,
        project_city,
        targets_of_city,
        trace_city,
        warn_city,
        write_report,
        write_reports,
    )
    from actuary.workflow.audits import read_audit, sample_claims
    from actuary.workflow.bulk.check import check_dataset
    from actuary.workflow.bulk.clear import clear_dataset
    from actuary.workflow.bulk.group import group_dataset
    from actuary.workflow.bulk.indicators import indicators_of_dataset, trace_dataset
    from actuary.workflow.bulk.settle import settle_dataset
    from actuary.workflow.bulk.weigh import weigh_dataset
    from actuary.workflow.case_ledger import record_signals
    from actuary.workflow.credit import score_providers

__all__ = [
    "ActuaryError",
    "CaseLedger",
    "FundProjection",
    "Quarter",
    "check_dataset",
    "check_inputs",
    "check_personal",
    "check_settlement_list",
    "clear_dataset",
    "clear_settlement",
    "compare_policies",
    "compare_schemes",
    "compute_case_indicators",
    "detect_anomalies",
    "draw_population_paths",
    "explain_case",
    "facts",
    "facts_page",
    "forecast",
    "forecast_fund",
    "forecast_series",
    "group_cases",
    "group_dataset",
    "group_file",
    "indicator_history",
    "indicators_of_cases",
    "indicators_of_city",
    "indicators_of_dataset",
    "life_table",
    "list_cities",
    "list_payment_policies",
    "load_basis",
    "load_budget",
    "load_membership_rules",
    "load_method_rules",
    "load_model",
    "load_payment_policy",
    "load_policy_book",
    "load_population",
    "load_scenario",
    "load_scheme",
    "make_variant",
    "measure_coverage",
    "membership_anchors",
    "panel_fund",
    "panel_payment",
    "panel_warnings",
    "payment_standards",
    "personal_door",
    "policy_sensitivity",
    "progress_bar",
    "project_city",
    "project_membership",
    "project_population",
    "rank_gains",
    "read_audit",
    "read_population_inputs",
    "read_table",
    "record_signals",
    "replace_personal",
    "reserve_claims",
    "run_membership_paths",
    "run_population_paths",
    "sample_claims",
    "score_providers",
    "settle_alliance",
    "settle_cases",
    "settle_dataset",
    "shrink_group_means",
    "suppress_small_cells",
    "sweep_policy",
    "targets_of_city",
    "trace_city",
    "trace_dataset",
    "warn_city",
    "weigh_dataset",
    "weights_from_cases",
    "what_if",
    "write_report",
    "write_reports",
]

_HOMES = {
    "weigh_dataset": "workflow.bulk.weigh",
    "trace_dataset": "workflow.bulk.indicators",
    "settle_dataset": "workflow.bulk.settle",
    "indicators_of_dataset": "workflow.bulk.indicators",
    "group_dataset": "workflow.bulk.group",
    "clear_dataset": "workflow.bulk.clear",
    "check_dataset": "workflow.bulk.check",
    "ActuaryError": "errors",
    "CaseLedger": "alerts.ledger",
    "check_personal": "tables.personal_files",
    "personal_door": "tables.personal_door",
    "read_audit": "workflow.audits",
    "record_signals": "workflow.case_ledger",
    "replace_personal": "tables.personal_files",
    "sample_claims": "workflow.audits",
    "score_providers": "workflow.credit",
    "FundProjection": "fund",
    "Quarter": "periods",
    "check_inputs": "workflow",
    "check_settlement_list": "drg.quality",
    "clear_settlement": "payment.clearing_run",
    "compare_policies": "payment.compare",
    "compute_case_indicators": "indicators.case_indicators",
    "compare_schemes": "drg.compare",
    "detect_anomalies": "alerts.anomalies",
    "draw_population_paths": "demography.stochastic",
    "explain_case": "drg.explain",
    "facts": "tables",
    "facts_page": "fund",
    "forecast_fund": "forecast.fund_forecast",
    "forecast_series": "forecast.face",
    "group_cases": "drg.grouper",
    "group_file": "drg.group_files",
    "indicators_of_cases": "payment.indicator_stays",
    "indicator_history": "workflow",
    "indicators_of_city": "workflow",
    "suppress_small_cells": "tables.publication",
    "targets_of_city": "workflow",
    "trace_city": "workflow",
    "life_table": "demography.life_table",
    "list_cities": "workflow",
    "list_payment_policies": "payment.policy_files",
    "load_basis": "policy",
    "load_budget": "payment.budget_sources",
    "load_method_rules": "payment.method_files",
    "load_payment_policy": "payment.policy_files",
    "load_membership_rules": "demography.membership_rules",
    "load_model": "fund.model.face",
    "load_policy_book": "policy",
    "load_population": "demography.population_sources",
    "load_scenario": "policy",
    "load_scheme": "drg.scheme",
    "measure_coverage": "payment.coverage",
    "panel_fund": "report.panels",
    "panel_payment": "report.panels",
    "panel_warnings": "report.panels",
    "progress_bar": "report.panels",
    "payment_standards": "payment.standards",
    "policy_sensitivity": "payment.sensitivity",
    "project_city": "workflow",
    "rank_gains": "payment.indicator_stays",
    "read_table": "tables",
    "settle_alliance": "payment.alliance",
    "settle_cases": "payment.settle",
    "sweep_policy": "payment.sweep",
    "make_variant": "demography.variants",
    "membership_anchors": "demography.membership_rules",
    "project_membership": "demography.membership",
    "project_population": "demography.population",
    "read_population_inputs": "demography.population_inputs",
    "run_membership_paths": "demography.membership_paths",
    "run_population_paths": "demography.stochastic",
    "reserve_claims": "forecast.reserving",
    "shrink_group_means": "forecast.small_groups",
    "warn_city": "workflow",
    "weights_from_cases": "payment.weights_of_cases",
    "what_if": "drg.what_if",
    "write_report": "workflow",
    "write_reports": "workflow",
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
