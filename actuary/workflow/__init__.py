"""Runs as a whole: what the command line and the Python face call.

The clock, the file system of outputs and the progress of a run live here and nowhere below.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.workflow.checks import check_inputs
    from actuary.workflow.cities import check_city, init_city, project_model_files
    from actuary.workflow.fund_forecast import WrittenForecast, write_fund_forecast
    from actuary.workflow.fund_warnings import FundWarnings, find_warnings, warn_city
    from actuary.workflow.indicators import indicator_history, indicators_of_city, targets_of_city, trace_city
    from actuary.workflow.listings import list_cities, list_data, rules_in_force
    from actuary.workflow.quarterly import WrittenReport, write_report
    from actuary.workflow.regions import project_city
    from actuary.workflow.several import ReportOutcome, WrittenReports, write_reports
    from actuary.workflow.synthetic import WrittenCity, write_synthetic_city

__all__ = [
    "FundWarnings",
    "ReportOutcome",
    "WrittenCity",
    "WrittenForecast",
    "WrittenReport",
    "WrittenReports",
    "check_city",
    "check_inputs",
    "find_warnings",
    "indicator_history",
    "indicators_of_city",
    "init_city",
    "list_cities",
    "list_data",
    "project_city",
    "project_model_files",
    "rules_in_force",
    "targets_of_city",
    "trace_city",
    "warn_city",
    "write_fund_forecast",
    "write_report",
    "write_reports",
    "write_synthetic_city",
]

_HOMES = {
    "WrittenCity": "synthetic",
    "WrittenForecast": "fund_forecast",
    "WrittenReport": "quarterly",
    "check_inputs": "checks",
    "write_fund_forecast": "fund_forecast",
    "write_report": "quarterly",
    **dict.fromkeys(("ReportOutcome", "WrittenReports", "write_reports"), "several"),
    "write_synthetic_city": "synthetic",
    **dict.fromkeys(("check_city", "init_city", "project_model_files"), "cities"),
    **dict.fromkeys(("list_cities", "list_data", "rules_in_force"), "listings"),
    **dict.fromkeys(("FundWarnings", "find_warnings", "warn_city"), "fund_warnings"),
    **dict.fromkeys(("indicator_history", "indicators_of_city", "targets_of_city", "trace_city"), "indicators"),
    "project_city": "regions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
