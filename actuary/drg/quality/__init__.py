"""Check settlement lists (医保基金结算清单) and files of cases before they are grouped.

Everything here is loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.drg.quality.declarations import check_declarations, load_declarations
    from actuary.drg.quality.dictionaries import CodeDictionary, load_dictionary
    from actuary.drg.quality.result import QualityResult
    from actuary.drg.quality.run import check_settlement_list
    from actuary.drg.quality.settlement_list import is_case_data

__all__ = [
    "CodeDictionary",
    "QualityResult",
    "check_declarations",
    "check_settlement_list",
    "is_case_data",
    "load_declarations",
    "load_dictionary",
]

_HOMES = {
    "CodeDictionary": "dictionaries",
    "QualityResult": "result",
    "check_declarations": "declarations",
    "check_settlement_list": "run",
    "is_case_data": "settlement_list",
    "load_declarations": "declarations",
    "load_dictionary": "dictionaries",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
