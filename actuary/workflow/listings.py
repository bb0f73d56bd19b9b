"""What there is: regions, tables, rules in force."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pandas as pd

from actuary.errors import ActuaryError
from actuary.paths import given_folder
from actuary.policy import list_regions, load_policy_book, load_region
from actuary.tables import known_regions, last_quarter, load_catalog

__all__ = ["list_cities", "list_data", "rules_in_force"]


#: A source ends in its addresses; a list shows the title only.
_TITLE = re.compile(r"[，,;；\s]*https?://.*", re.DOTALL)


def _last_quarter(region: str, data: Path | None) -> str:
    try:
        return str(last_quarter(region, data))
    except ActuaryError:  # a region of which only targets are published
        return ""


def list_cities(*, models: Path | str | None = None, data: Path | str | None = None) -> pd.DataFrame:
    """List the regions with declared rules and what is known of them.

    Parameters
    ----------
    models, data : Path, optional
        Folders laid out as ``models/`` and ``data/``; those of the package when left out.

    Returns
    -------
    DataFrame
        Columns city, name_zh, name_en, last_quarter (empty where no figure is published).

    Raises
    ------
    ActuaryError
        When a folder that is named does not exist, or a file in it is not valid.

    Examples
    --------
    >>> list_cities().set_index("city").loc["shenyang"].tolist()
    ['沈阳市', 'Shenyang', '2024Q4']
    """
    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    known = set(known_regions(data))
    return pd.DataFrame(
        [
            {
                "city": region.id,
                "name_zh": region.name_zh,
                "name_en": region.name_en,
                "last_quarter": _last_quarter(region.id, data) if region.id in known else "",
            }
            for region in (load_region(name, root=models) for name in list_regions(models))
        ]
    )


def list_data(*, data: Path | str | None = None) -> pd.DataFrame:
    """List the tables of the catalog: name, titles, period, unit, rows, publisher, licence, confidence."""
    columns = (
        *("name", "title_zh", "title_en", "period", "unit"),
        *("rows", "publisher", "licence", "confidence", "synthetic"),
    )
    return pd.DataFrame(
        [
            {name: getattr(entry, name) for name in columns}
            for entry in load_catalog(given_folder(data, what="data")).entries
        ],
        columns=columns,
    )


def rules_in_force(
    city: str = "national", day: dt.date | None = None, *, models: Path | str | None = None
) -> pd.DataFrame:
    """List the rules in force on a day, or the newest value of every rule.

    Parameters
    ----------
    city : str
        Region id; a city inherits the national rules that it does not override.
    day : date, optional
        The day; without it the last declared value of every rule is listed, also where it starts later.
    models : Path, optional
        Folder of declared rules.

    Returns
    -------
    DataFrame
        Columns key, name, value, unit, from, to, source, confidence (empty where the source was seen).
    """
    book = load_policy_book(city, root=given_folder(models, what="models"))
    rows = []
    for key in book.parameters:
        parameter = book.parameter(key)
        entry = parameter.values[-1] if day is None else parameter.entry(day)  # noqa: PD011  (a tuple of entries)
        if entry is not None:
            rows.append(
                {
                    "key": key,
                    "name": parameter.name,
                    "value": entry.value,
                    "unit": parameter.unit,
                    "from": entry.first_day.isoformat(),
                    "to": entry.last_day.isoformat() if entry.last_day else "",
                    "source": _TITLE.sub("", book.source_text(key, entry.first_day)),
                    "confidence": entry.confidence or "",
                }
            )
    return pd.DataFrame(rows, columns=["key", "name", "value", "unit", "from", "to", "source", "confidence"])
