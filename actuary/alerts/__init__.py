"""Warnings and what becomes of them: declared rules held against indicators, the ledger of cases, audit, credit.

The names load their part of the package when they are first used, so that the ledger opens without the funds.

Examples
--------
>>> from actuary.alerts import evaluate_rules, worst_level
>>> from actuary.fund import project_fund
>>> from actuary.indicators import compute_indicators
>>> from actuary.policy import load_alert_rules
>>> projection = project_fund("national", "2024Q4", scenarios=("base",))
>>> warnings = evaluate_rules(projection, compute_indicators(projection), load_alert_rules())
>>> worst_level(warnings, "employee")
'orange'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.alerts.evaluate import evaluate_rules
    from actuary.alerts.outlook import Outlook, fund_outlook
    from actuary.alerts.warning import LEVEL_NAMES, LEVELS, Warning, warning_table, worst_level  # noqa: A004
    from actuary.alerts.warning_signals import signals_of_warnings

__all__ = [
    "LEVELS",
    "LEVEL_NAMES",
    "Outlook",
    "Warning",
    "evaluate_rules",
    "fund_outlook",
    "signals_of_warnings",
    "warning_table",
    "worst_level",
]

_HOMES = {
    **dict.fromkeys(__all__, "warning"),
    "evaluate_rules": "evaluate",
    **dict.fromkeys(("Outlook", "fund_outlook"), "outlook"),
    "signals_of_warnings": "warning_signals",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
