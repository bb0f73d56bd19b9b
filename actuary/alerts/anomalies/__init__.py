"""Anomalies of providers over settled cases: who codes, admits, refuses, shifts or uses unlike its peers.

Nothing is loaded until it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.alerts.anomalies.detect import detect_anomalies
    from actuary.alerts.anomalies.findings import Finding, Findings
    from actuary.alerts.anomalies.rules import AnomalyRules, load_anomaly_rules

__all__ = ["AnomalyRules", "Finding", "Findings", "detect_anomalies", "load_anomaly_rules"]

_HOMES = {
    "AnomalyRules": "rules",
    "Finding": "findings",
    "Findings": "findings",
    "detect_anomalies": "detect",
    "load_anomaly_rules": "rules",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
