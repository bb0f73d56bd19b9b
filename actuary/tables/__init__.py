"""Read the published figures under data/: catalogue, schemas, facts, and the flows behind cumulative figures.

Everything here is loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actuary.tables.catalog import Catalog, CatalogEntry, Preference, data_fingerprint, load_catalog
    from actuary.tables.fact_rows import facts, known_regions, last_quarter
    from actuary.tables.flows import cumulative_flows, cumulative_points, quarterly_flows
    from actuary.tables.readers import Indicator, load_indicators, read_file, read_table
    from actuary.tables.schemas import BASES, CONFIDENCES, SCHEMAS, SCHEMES, SCOPES
    from actuary.tables.sealing import check_data, seal_catalog
    from actuary.tables.selection import conflicts, select_facts

__all__ = [
    "BASES",
    "CONFIDENCES",
    "SCHEMAS",
    "SCHEMES",
    "SCOPES",
    "Catalog",
    "CatalogEntry",
    "Indicator",
    "Preference",
    "check_data",
    "conflicts",
    "cumulative_flows",
    "cumulative_points",
    "data_fingerprint",
    "facts",
    "known_regions",
    "last_quarter",
    "load_catalog",
    "load_indicators",
    "quarterly_flows",
    "read_file",
    "read_table",
    "seal_catalog",
    "select_facts",
]

_HOMES = {
    "BASES": "schemas",
    "CONFIDENCES": "schemas",
    "SCHEMAS": "schemas",
    "SCHEMES": "schemas",
    "SCOPES": "schemas",
    "Catalog": "catalog",
    "CatalogEntry": "catalog",
    "Indicator": "readers",
    "Preference": "catalog",
    "check_data": "sealing",
    "conflicts": "selection",
    "cumulative_flows": "flows",
    "cumulative_points": "flows",
    "data_fingerprint": "catalog",
    "facts": "fact_rows",
    "known_regions": "fact_rows",
    "last_quarter": "fact_rows",
    "load_catalog": "catalog",
    "load_indicators": "readers",
    "quarterly_flows": "flows",
    "read_file": "readers",
    "read_table": "readers",
    "seal_catalog": "sealing",
    "select_facts": "selection",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
