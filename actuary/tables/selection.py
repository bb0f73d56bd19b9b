"""Choose one of several published values for one key, and show the others beside it."""

from __future__ import annotations

import pandas as pd

from actuary.tables.catalog import Preference

__all__ = ["FACT_KEY", "conflicts", "select_facts"]

#: Columns that name a fact; several values for one of them are alternatives.
FACT_KEY = ("region", "period", "scheme", "indicator", "scope", "group")


def select_facts(frame: pd.DataFrame, preference: Preference) -> pd.DataFrame:
    """Keep the preferred value of every fact.

    The basis decides, then the confidence, then the order of the table. Scope (all accounts, pooled fund only) and
    group, where the table has them, belong to the fact. A row without a value is never chosen.

    Parameters
    ----------
    frame : DataFrame
        Rows of facts, as :func:`~actuary.tables.facts` or :func:`~actuary.tables.read_table` returns them.
    preference : Preference
        The order of preference, from the catalogue.

    Returns
    -------
    DataFrame
        One row for each region, period, scheme and indicator (and scope, group), in the order of the frame.

    Examples
    --------
    >>> from actuary.tables import load_catalog, read_table
    >>> table = read_table("national_annual")
    >>> income = table[(table.period == "2024") & (table.scheme == "all") & (table.indicator == "income")]
    >>> len(income), select_facts(income, load_catalog().preference).value_published.to_list()
    (2, ['34913.37'])
    """
    ranked = _ranked(frame, preference)
    return frame.loc[ranked.drop_duplicates(_key(frame)).index.sort_values()]


def conflicts(frame: pd.DataFrame, preference: Preference) -> pd.DataFrame:
    """Show every value that differs from the preferred one of the same fact.

    Parameters
    ----------
    frame : DataFrame
        Rows of facts.
    preference : Preference
        The order of preference, from the catalogue.

    Returns
    -------
    DataFrame
        Columns: those that name the fact, `unit`, `value`, `basis`, `confidence`, `source` of the chosen row, the
        same with `other_` of the other, `difference` (other less chosen, in `unit`) and `difference_share`
        (difference by chosen). Values that agree are not shown.

    Examples
    --------
    >>> from actuary.tables import load_catalog, read_table
    >>> shown = conflicts(read_table("national_annual"), load_catalog().preference)
    >>> row = shown[(shown.period == "2024") & (shown.scheme == "all") & (shown.indicator == "income")].iloc[0]
    >>> row.basis, row.other_basis, round(row.difference)
    ('bulletin', 'flash', -10342000000)
    """
    key = _key(frame)
    shown = ["value", "basis", "confidence", "source"]
    chosen = select_facts(frame, preference)
    others = _ranked(frame, preference).drop(index=chosen.index)
    pairs = chosen[[*key, "unit", *shown]].merge(
        others[[*key, *shown]].rename(columns={name: f"other_{name}" for name in shown}), on=key
    )
    pairs["difference"] = pairs["other_value"] - pairs["value"]
    pairs["difference_share"] = pairs["difference"] / pairs["value"]
    return pairs[pairs["difference"] != 0].reset_index(drop=True)


def _key(frame: pd.DataFrame) -> list[str]:
    return [name for name in FACT_KEY if name in frame.columns]


def _ranked(frame: pd.DataFrame, preference: Preference) -> pd.DataFrame:
    order = {
        "_basis": frame["basis"].map({name: rank for rank, name in enumerate(preference.basis)}),
        "_confidence": frame["confidence"].map({name: rank for rank, name in enumerate(preference.confidence)}),
    }
    ranked = frame.assign(**order)[frame["value"].notna()]
    return ranked.sort_values(list(order), kind="stable").drop(columns=list(order))
