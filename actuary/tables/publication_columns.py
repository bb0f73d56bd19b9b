"""Read the columns of a table that is to be published: counts, figures, and figures that tell of other cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all, unknown_name
from actuary.tables.count_columns import PublicationRules

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOTAL", "is_figure", "read_counts", "tells_others"]

#: What stands in a column of keys in the row of a total.
TOTAL = "合计"
#: Keys that stand for totals in tables that come with them: taken for a cell, a total would give the others away.
_TOTALS = frozenset({TOTAL, "总计", "小计", "总数", "全部", "total", "totals", "subtotal", "all"})
#: What stands around the digits of a number in a table for people, in its plain form.
_AROUND_NUMBERS = r"[\s,%‰¥$元角分万亿千百<>≤≥~≈*+]|(?:例|人次|人|次|床|天|日|个|件|yuan|cases?|days?|persons?)$"
#: More cases than there are: above it numbers of double precision are not whole.
_MOST = 2**53
#: Share of itself within which a rounded figure of six digits is known.
_ROUNDED = 1e-6


def read_counts(
    frame: pd.DataFrame, by: list[str], counts: list[str], declared: PublicationRules
) -> dict[str, NDArray[np.int64]]:
    """Return the columns of counts: those that were named, and those that are counts by their name.

    Parameters
    ----------
    frame : DataFrame
        One row a cell.
    by : list of str
        One or two columns of keys.
    counts : list of str
        Columns of counts that were named.
    declared : PublicationRules
        Which others are counts.

    Raises
    ------
    TableError
        When a column is missing, a cell is there twice or a total, or a named count is none.
    """
    import pandas as pd  # noqa: PLC0415

    names = [str(name) for name in frame.columns]
    problems = [unknown_name("the table", name, names, what="column") for name in (*by, *counts) if name not in names]
    if len(set(by)) != len(by) or not 1 <= len(by) <= 2 or set(counts) & set(by):
        mend = "publish a table of more keys as several of two, or join two columns into one"
        problems.append(Problem("by", ", ".join(by) or "nothing", "one or two columns of keys", mend))
    raise_all(problems, TableError)
    found = {}
    for name in dict.fromkeys((*counts, *(one for one in names if one not in by and declared.is_count(one)))):
        numbers = pd.to_numeric(frame[name], errors="coerce")
        right = (numbers >= 0) & (numbers < _MOST) & (numbers % 1 == 0)
        wrong = np.flatnonzero(~right.to_numpy(dtype=bool, na_value=False))
        if not len(wrong):
            found[name] = numbers.to_numpy(dtype=np.int64)
        elif name in counts:
            rows = ", ".join(str(at + 2) for at in wrong[:10].tolist())
            problems.append(
                Problem(f"column {name}, row {rows}", "no count", "whole numbers of 0 or more in every row")
            )
    for name in by:
        keys = frame[name].astype("string").str.normalize("NFKC").str.strip().str.lower()
        if totals := sorted(set(keys.dropna()) & _TOTALS):
            mend = "take the rows of totals out: --totals adds those that may be published"
            problems.append(Problem(f"column {name}", ", ".join(totals), "cells, and no totals among them", mend))
    twice = int(frame.duplicated(by).sum())
    if twice:
        expected = f"every {' and '.join(by)} once"
        problems.append(Problem(", ".join(by), f"{twice} rows of a cell that is there already", expected))
    raise_all(problems, TableError)
    return found


def is_figure(column: pd.Series) -> bool:
    """Return whether a column holds figures: numbers, or texts of which one is a number, however many say "n/a".

    Parameters
    ----------
    column : Series
        The column.
    """
    import pandas as pd  # noqa: PLC0415

    if column.dtype.kind == "b" or isinstance(column.dtype, pd.BooleanDtype):
        return False
    if column.dtype.kind in "iufc":
        return True
    texts = column.astype("string").str.normalize("NFKC").str.replace(_AROUND_NUMBERS, "", regex=True)
    return bool(pd.to_numeric(texts, errors="coerce").notna().any())


def tells_others(frame: pd.DataFrame, name: str, declared: PublicationRules) -> NDArray[np.bool_]:
    """Return where a figure of some cases would tell what the others come to: a rate times what it is a rate of.

    Parameters
    ----------
    frame : DataFrame
        One row a cell.
    name : str
        The figure.
    declared : PublicationRules
        Which products give back a figure of all cases.
    """
    import pandas as pd  # noqa: PLC0415

    blank = np.zeros(len(frame), dtype=bool)
    for (one, other), whole in declared.products.items():
        if name not in {one, other} or not {one, other} <= set(frame.columns):
            continue
        first, second = (pd.to_numeric(frame[column], errors="coerce") for column in (one, other))
        if whole not in frame.columns:
            blank |= True
            continue
        all_ = pd.to_numeric(frame[whole], errors="coerce")
        # What is rounded gives back no more than this.
        near = _ROUNDED * first.abs() + _ROUNDED * second.abs() + _ROUNDED * (first * second).abs() + 0.01
        blank |= ~((first * second - all_).abs() <= near).to_numpy(dtype=bool, na_value=False)
    return blank
