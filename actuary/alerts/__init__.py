"""Warnings: declared rules held against the indicators of a projection.

Examples
--------
>>> from actuary.fund import project_fund
>>> from actuary.indicators import compute_indicators
>>> from actuary.policy import load_alert_rules
>>> projection = project_fund("national", "2024Q4", scenarios=("base",))
>>> warnings = evaluate_rules(projection, compute_indicators(projection), load_alert_rules())
>>> worst_level(warnings, "employee")
'orange'
"""

from __future__ import annotations

from actuary.alerts.evaluate import LEVELS, Warning, evaluate_rules, warning_table, worst_level  # noqa: A004

__all__ = ["LEVELS", "Warning", "evaluate_rules", "warning_table", "worst_level"]
