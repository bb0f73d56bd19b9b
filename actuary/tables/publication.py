"""Make a table of counts fit for publication: small cells blank, and others with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all, unknown_name
from actuary.tables.personal_rules import PersonalRules, load_personal_rules
from actuary.tables.small_cells import protect_counts, protect_list

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOTAL", "suppress_small_cells", "suppress_small_subjects"]

#: What stands in a column of keys in the row of a total.
TOTAL = "合计"
#: Keys that stand for totals in tables that come with them: taken for a cell, a total would give the others away.
_TOTALS = frozenset({TOTAL, "总计", "小计", "总数", "全部", "total", "totals", "subtotal", "all"})
#: What stands around the digits of a number in a table for people, in its plain form.
_AROUND_NUMBERS = r"[\s,%‰¥$元万亿<>≤≥~≈*]"


def suppress_small_cells(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    counts: str = "cases",
    totals: bool = False,
    rules: PersonalRules | None = None,
) -> pd.DataFrame:
    """Return a table in which cells of few cases are blank, and so many others that no total gives them away.

    Parameters
    ----------
    frame : DataFrame
        One row a cell: columns of keys, the count of cases (or of persons), and figures of these cases such as means.
    by : sequence of str
        One or two columns of keys, such as hospital and group; a pair that has no row is a cell of none.
    counts : str
        Column of the counts [cases].
    totals : bool
        Whether rows with the totals of the counts are added: these are the ones that may be published with the table.
    rules : PersonalRules, optional
        Least count of a cell and least width of what may be worked out; as declared when left out.

    Returns
    -------
    DataFrame
        A copy with a column `suppressed`; in the rows where it is true the count and every other column of numbers are
        missing. Words stay. Rows of totals have 合计 among their keys.

    Raises
    ------
    TableError
        When a column is missing, a pair of keys occurs twice or stands for a total, or a count is no whole number of 0
        or more.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"hospital": ["A", "A", "B", "B"], "group": ["X", "Y", "X", "Y"],
    ...                       "cases": [3, 40, 60, 30], "mean_cost": [900.0, 800.0, 700.0, 750.0]})
    >>> suppress_small_cells(cells, by=["hospital", "group"])["suppressed"].tolist()
    [True, True, True, True]
    """
    import pandas as pd  # noqa: PLC0415  (only where a table is published)

    rules = rules or load_personal_rules()
    numbers = _checked(frame, list(by), counts)
    keys = [pd.factorize(frame[name].astype("string").fillna(""), sort=True) for name in by]
    more: list[tuple[tuple[str, ...], int, bool]]
    if len(keys) == 1:
        codes = keys[0][0]
        listed = np.zeros(len(keys[0][1]), np.int64)
        listed[codes] = numbers
        mask, total = protect_list(listed, least_cases=rules.least_cases, least_width=rules.least_width)
        blank = mask[codes]
        more = [((TOTAL,), int(numbers.sum()), total)]
    else:
        (rows, row_names), (columns, column_names) = keys
        table = np.zeros((len(row_names), len(column_names)), np.int64)
        table[rows, columns] = numbers
        found = protect_counts(table, least_cases=rules.least_cases, least_width=rules.least_width)
        blank = found.cells[rows, columns]
        more = [((str(name), TOTAL), int(table[at].sum()), bool(found.rows[at])) for at, name in enumerate(row_names)]
        more += [
            ((TOTAL, str(name)), int(table[:, at].sum()), bool(found.columns[at]))
            for at, name in enumerate(column_names)
        ]
        more.append(((TOTAL, TOTAL), int(table.sum()), found.total))
    shown = frame.copy()
    shown[counts] = pd.array(numbers, dtype="Int64")
    if totals:
        added = pd.DataFrame([{**dict(zip(by, names, strict=True)), counts: count} for names, count, _ in more])
        added[counts] = added[counts].astype("Int64")
        shown = pd.concat([shown, added], ignore_index=True)[list(frame.columns)]
        blank = np.r_[blank, [hidden for *_, hidden in more]]
    for name in shown.columns:
        if name not in by and (name == counts or _is_figure(shown[name])):
            shown[name] = shown[name].mask(pd.Series(blank, index=shown.index))
    return shown.assign(suppressed=blank)


def suppress_small_subjects(
    frame: pd.DataFrame,
    *,
    subject: str = "subject",
    figure: str = "indicator",
    counts: str = "cases",
    values: Sequence[str] = ("value", "cases"),
    rules: PersonalRules | None = None,
) -> pd.DataFrame:
    """Return a list of figures by subject in which those of few cases are blank, and as many others as hide them.

    The same figures of all subjects together are taken to be published as well. A subject that has few cases in all is
    blank in every figure; one that has few cases behind one figure is blank in that.

    Parameters
    ----------
    frame : DataFrame
        One row a subject and figure.
    subject, figure, counts : str
        Columns: whose figure it is, which, and how many cases are behind it.
    values : sequence of str
        Columns that are blank where something is hidden.
    rules : PersonalRules, optional
        Least count of a cell and least width of what may be worked out; as declared when left out.

    Returns
    -------
    DataFrame
        A copy with a column `suppressed`.

    Raises
    ------
    TableError
        When a column is missing or a count is no whole number of 0 or more.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(one, name, n, 1.5) for one, n in (("A", 4), ("B", 30), ("C", 50)) for name in ("cost", "days")]
    >>> frame = pd.DataFrame(rows, columns=["subject", "indicator", "cases", "value"])
    >>> suppress_small_subjects(frame)["suppressed"].tolist()
    [True, True, True, True, False, False]
    """
    import pandas as pd  # noqa: PLC0415

    rules = rules or load_personal_rules()
    numbers = pd.Series(_checked(frame, [subject, figure], counts), index=frame.index)
    few, width = rules.least_cases, rules.least_width
    counted = numbers.to_numpy(dtype=np.int64)
    whole = numbers.groupby(frame[subject], sort=True).max()
    mask, _ = protect_list(whole.to_numpy(dtype=np.int64), least_cases=few, least_width=width)
    of_few = frame[subject].isin(whole.index[mask]).to_numpy(dtype=bool)
    blank = np.zeros(len(frame), dtype=bool)
    for places in frame.groupby(figure, sort=False).indices.values():
        blank[places], _ = protect_list(counted[places], least_cases=few, least_width=width, hidden=of_few[places])
    shown = frame.copy()
    for name in values:
        shown[name] = (shown[name].astype("Int64") if name == counts else shown[name]).mask(blank)
    return shown.assign(suppressed=blank)


def _checked(frame: pd.DataFrame, by: list[str], counts: str) -> NDArray[np.int64]:
    import pandas as pd  # noqa: PLC0415

    names = [str(name) for name in frame.columns]
    problems = [unknown_name("the table", name, names, what="column") for name in (*by, counts) if name not in names]
    if len(set(by)) != len(by) or not 1 <= len(by) <= 2 or counts in by:
        mend = "publish a table of more keys as several of two, or join two columns into one"
        problems.append(Problem("by", ", ".join(by) or "nothing", "one or two columns of keys", mend))
    raise_all(problems, TableError)
    numbers = pd.to_numeric(frame[counts], errors="coerce")
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers % 1 == 0)).to_numpy(dtype=bool, na_value=False))
    if len(wrong):
        rows = ", ".join(str(at + 2) for at in wrong[:10].tolist())
        problems.append(Problem(f"column {counts}, row {rows}", "no count", "whole numbers of 0 or more in every row"))
    for name in by:
        keys = frame[name].astype("string").str.normalize("NFKC").str.strip().str.lower()
        if found := sorted(set(keys.dropna()) & _TOTALS):
            mend = "take the rows of totals out: --totals adds those that may be published"
            problems.append(Problem(f"column {name}", ", ".join(found), "cells, and no totals among them", mend))
    twice = int(frame.duplicated(by).sum())
    if twice:
        expected = f"every {' and '.join(by)} once"
        problems.append(Problem(", ".join(by), f"{twice} rows of a cell that is there already", expected))
    raise_all(problems, TableError)
    return numbers.to_numpy(dtype=np.int64)


def _is_figure(column: pd.Series) -> bool:
    """Return whether a column holds figures: numbers, or texts of which one is a number, however many say "n/a"."""
    import pandas as pd  # noqa: PLC0415

    if column.dtype.kind == "b" or isinstance(column.dtype, pd.BooleanDtype):
        return False
    if column.dtype.kind in "iufc":
        return True
    texts = column.astype("string").str.normalize("NFKC").str.replace(_AROUND_NUMBERS, "", regex=True)
    return bool(pd.to_numeric(texts, errors="coerce").notna().any())
