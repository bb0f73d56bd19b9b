"""Indicators of a fund: a registry of what each is, and their values for a projection.

Examples
--------
>>> INDICATORS["payable_months"].zh
'可支付月数'
"""

from __future__ import annotations

from actuary.indicators.compute import compute_indicators
from actuary.indicators.definition import Indicator
from actuary.indicators.history import indicator_history
from actuary.indicators.plan_reading import plan_targets
from actuary.indicators.reading import Reading
from actuary.indicators.registry import INDICATORS, get_indicator, registry_table
from actuary.indicators.trace import Trace, trace_indicator

__all__ = [
    "INDICATORS",
    "Indicator",
    "Reading",
    "Trace",
    "compute_indicators",
    "get_indicator",
    "indicator_history",
    "plan_targets",
    "registry_table",
    "trace_indicator",
]
