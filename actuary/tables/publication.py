"""Make a table of counts fit for publication: small cells blank, and others with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.tables.count_columns import CountColumns, PublicationRules, load_publication_rules, sort_counts
from actuary.tables.personal_rules import PersonalRules, load_personal_rules
from actuary.tables.publication_columns import TOTAL, is_figure, read_counts, tells_others
from actuary.tables.small_cells import counts_apart, protect_counts, protect_list

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TOTAL", "suppress_small_cells", "suppress_small_lists", "suppress_small_subjects"]


def suppress_small_cells(
    frame: pd.DataFrame,
    *,
    by: Sequence[str],
    counts: str | Sequence[str] = "cases",
    totals: bool = False,
    rules: PersonalRules | None = None,
    columns: PublicationRules | None = None,
) -> pd.DataFrame:
    """Return a table in which cells of few cases are blank, and so many others that nothing gives them away.

    Parameters
    ----------
    frame : DataFrame
        One row a cell: columns of keys, counts of cases (or of persons), and figures of these cases such as means.
    by : sequence of str
        One or two columns of keys, such as hospital and group; a pair that has no row is a cell of none.
    counts : str or sequence of str
        Columns of counts [cases]. Those that are counts by their name, such as ``rejected_cases``, are guarded as well.
    totals : bool
        Whether rows with the totals of the counts are added: these are the ones that may be published with the table.
    rules : PersonalRules, optional
        Least count of a cell and least width of what may be worked out; as declared when left out.
    columns : PublicationRules, optional
        Which columns are counts, which add up, and which figures rest on which; as declared when left out.

    Returns
    -------
    DataFrame
        A copy with a column `suppressed`, true where something is blank in the row: a count that is small, or one that
        would give it away, and every figure of its cases. Words stay. Rows of totals have 合计 among their keys.

    Raises
    ------
    TableError
        When a column is missing, a pair of keys occurs twice or stands for a total, or a count is no whole number of 0
        or more.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = pd.DataFrame({"hospital": ["A", "B", "C"], "cases": [90, 80, 70], "rejected_cases": [1, 30, 0],
    ...                       "mean_cost": [900.0, 800.0, 700.0]})
    >>> suppress_small_cells(cells, by=["hospital"])["cases"].isna().tolist()
    [True, True, False]
    """
    told = [counts] if isinstance(counts, str) else list(counts)
    return _published({"": (frame, list(by))}, told, rules, columns, totals=totals)[""]


def suppress_small_lists(
    frames: Mapping[str, tuple[pd.DataFrame, str]],
    *,
    counts: str | Sequence[str] = "cases",
    totals: bool = False,
    rules: PersonalRules | None = None,
    columns: PublicationRules | None = None,
) -> dict[str, pd.DataFrame]:
    """Return several lists of the same cases that may be published side by side, such as by hospital and by group.

    Such lists have their totals in common and nothing else: what is blank in one cannot be worked out of another,
    unless the total itself must not be known, which then is blank in all.

    Parameters
    ----------
    frames : mapping of str to tuple of (DataFrame, str)
        Name to a list and its column of keys.
    counts, totals, rules, columns :
        As in :func:`suppress_small_cells`.

    Returns
    -------
    dict of str to DataFrame
        Name to the list as :func:`suppress_small_cells` returns it.

    Raises
    ------
    TableError
        As :func:`suppress_small_cells`.

    Examples
    --------
    >>> import pandas as pd
    >>> lists = {name: (pd.DataFrame({name: ["X", "Y"], "cases": cases}), name)
    ...          for name, cases in (("hospital", [20, 30]), ("group", [4, 46]))}
    >>> [shown["suppressed"].tolist() for shown in suppress_small_lists(lists).values()]
    [[False, False], [True, True]]
    """
    told = [counts] if isinstance(counts, str) else list(counts)
    given = {name: (frame, [by]) for name, (frame, by) in frames.items()}
    return _published(given, told, rules, columns, totals=totals)


@dataclass(frozen=True, slots=True)
class _Guarded:
    """Hold which cells of a leaf are blank: of the rows, and of the totals by their keys."""

    rows: NDArray[np.bool_]
    totals: Mapping[tuple[str, ...], bool]


def _published(
    frames: Mapping[str, tuple[pd.DataFrame, list[str]]],
    counts: list[str],
    rules: PersonalRules | None,
    declared: PublicationRules | None,
    *,
    totals: bool,
) -> dict[str, pd.DataFrame]:
    rules, declared = rules or load_personal_rules(), declared or load_publication_rules()
    sorted_, guarded = {}, {}
    for name, (frame, by) in frames.items():
        sorted_[name] = sort_counts(read_counts(frame, by, counts, declared), declared)
        guarded[name] = {leaf: _guard(frame, by, held, rules) for leaf, held in sorted_[name].leaves.items()}
    # A total that one list must not tell would follow from another that shows every cell.
    untold = {leaf for one in guarded.values() for leaf, held in one.items() if held.totals.get((TOTAL,), False)}
    shown = {}
    for name, (frame, by) in frames.items():
        for leaf in untold & set(guarded[name]) if len(frames) > 1 else ():
            held = guarded[name][leaf]
            guarded[name][leaf] = _Guarded(sorted_[name].leaves[leaf] > 0, dict.fromkeys(held.totals, True))
        shown[name] = _blanked(frame, by, sorted_[name], guarded[name], declared, totals=totals)
    return shown


def _guard(frame: pd.DataFrame, by: list[str], numbers: NDArray[np.int64], rules: PersonalRules) -> _Guarded:
    """Say where a count is blank in its rows and totals."""
    import pandas as pd  # noqa: PLC0415

    few, width = rules.least_cases, rules.least_width
    keys = [pd.factorize(frame[name].astype("string").fillna(""), sort=True) for name in by]
    if len(keys) == 1:
        codes, names = keys[0]
        listed = np.zeros(len(names), np.int64)
        listed[codes] = numbers
        mask, total = protect_list(listed, least_cases=few, least_width=width)
        return _Guarded(mask[codes], {(TOTAL,): total})
    (rows, row_names), (columns, column_names) = keys
    table = np.zeros((len(row_names), len(column_names)), np.int64)
    table[rows, columns] = numbers
    found = protect_counts(table, least_cases=few, least_width=width)
    more: dict[tuple[str, ...], bool] = {}
    more |= {(str(name), TOTAL): bool(found.rows[at]) for at, name in enumerate(row_names)}
    more |= {(TOTAL, str(name)): bool(found.columns[at]) for at, name in enumerate(column_names)}
    return _Guarded(found.cells[rows, columns], {**more, (TOTAL, TOTAL): found.total})


def _blanked(
    frame: pd.DataFrame,
    by: list[str],
    sorted_: CountColumns,
    guarded: Mapping[str, _Guarded],
    declared: PublicationRules,
    *,
    totals: bool,
) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    def hidden(leaves: Iterable[str]) -> NDArray[np.bool_]:
        blank = np.zeros(len(frame), dtype=bool)
        for leaf in leaves:
            blank |= guarded[leaf].rows
        return blank

    shown, some = frame.copy(), np.zeros(len(frame), dtype=bool)
    for name, numbers in sorted_.columns.items():
        blank = hidden(sorted_.made_of[name])
        shown[name] = pd.array(numbers, dtype="Int64")
        shown[name] = shown[name].mask(pd.Series(blank, index=shown.index))
        some |= blank
    for name in frame.columns:
        if name in by or name in sorted_.columns or not is_figure(frame[name]):
            continue
        blank = hidden(sorted_.behind(name, declared)) | tells_others(frame, name, declared)
        shown[name] = shown[name].mask(pd.Series(blank, index=shown.index))
        some |= blank
    if totals:
        added = _total_rows(frame, by, sorted_, guarded)
        some = np.r_[some, added.pop("suppressed").to_numpy(dtype=bool)]
        shown = pd.concat([shown, added], ignore_index=True)[list(frame.columns)]
    return shown.assign(suppressed=some)


def _total_rows(
    frame: pd.DataFrame, by: list[str], sorted_: CountColumns, guarded: Mapping[str, _Guarded]
) -> pd.DataFrame:
    """Return a row a total: every count that may be told, and whether one is blank."""
    import pandas as pd  # noqa: PLC0415

    keys = frame[by].astype("string").fillna("")
    rows = []
    for names in next(iter(guarded.values())).totals:
        inside = np.ones(len(frame), dtype=bool)
        for column, name in zip(by, names, strict=True):
            inside &= np.ones(len(frame), dtype=bool) if name == TOTAL else (keys[column] == name).to_numpy(dtype=bool)
        row: dict[str, object] = {**dict(zip(by, names, strict=True)), "suppressed": False}
        for column, numbers in sorted_.columns.items():
            blank = any(guarded[leaf].totals[names] for leaf in sorted_.made_of[column])
            row[column] = pd.NA if blank else int(numbers[inside].sum())
            row["suppressed"] = row["suppressed"] or blank
        rows.append(row)
    added = pd.DataFrame(rows)
    return added.astype(dict.fromkeys(sorted_.columns, "Int64"))


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
    blank in every figure; one that has few cases behind one figure is blank in that. So is a share that is one of few
    cases, or of all but few, for it tells their number; and an amount that leaves out few cases which another counts:
    the two tell what these few cost.

    Parameters
    ----------
    frame : DataFrame
        One row a subject and figure.
    subject, figure, counts : str
        Columns: whose figure it is, which, and how many cases are behind it.
    values : sequence of str
        Columns that are blank where something is hidden; the first holds the figure, its unit stands in ``unit``.
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
    checked = read_counts(frame, [subject, figure], [counts], load_publication_rules())
    numbers = pd.Series(checked[counts], index=frame.index)
    few, width = rules.least_cases, rules.least_width
    counted = numbers.to_numpy(dtype=np.int64)
    whole = numbers.groupby(frame[subject], sort=True).max()
    mask, _ = protect_list(whole.to_numpy(dtype=np.int64), least_cases=few, least_width=width)
    of_few = frame[subject].isin(whole.index[mask]).to_numpy(dtype=bool)
    blank = np.zeros(len(frame), dtype=bool)
    telling = of_few | few_in_shares(frame, values[0], counted, few) | _apart_in_money(frame, subject, counted, few)
    for places in frame.groupby(figure, sort=False).indices.values():
        blank[places], _ = protect_list(counted[places], least_cases=few, least_width=width, hidden=telling[places])
    shown = frame.copy()
    for name in values:
        shown[name] = (shown[name].astype("Int64") if name == counts else shown[name]).mask(blank)
    return shown.assign(suppressed=blank)


def few_in_shares(frame: pd.DataFrame, value: str, counted: NDArray[np.int64], few: int) -> NDArray[np.bool_]:
    """Return where a share of cases is one of few cases, or of all but few.

    Parameters
    ----------
    frame : DataFrame
        One row a figure; where it has a column ``unit``, only those in ``share`` and ``ratio`` are looked at.
    value : str
        Column of the figures.
    counted : array of int
        Cases of which each is a share.
    few : int
        Least cases that may be told.
    """
    import pandas as pd  # noqa: PLC0415

    share = pd.to_numeric(frame[value], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if "unit" in frame.columns:
        share = np.where(frame["unit"].isin(("share", "ratio")).to_numpy(dtype=bool), share, np.nan)
    part = share * counted
    whole = np.round(np.nan_to_num(part, nan=-1.0))
    # A share of money is no whole number of cases, but by chance.
    of_cases = (np.abs(part - whole) <= 1e-6 * np.maximum(1.0, whole)) & (whole >= 0) & (whole <= counted)
    rest = counted - whole
    return of_cases & (((whole > 0) & (whole < few)) | ((rest > 0) & (rest < few)))


def _apart_in_money(frame: pd.DataFrame, subject: str, counted: NDArray[np.int64], few: int) -> NDArray[np.bool_]:
    """Return where an amount counts all cases but few of another amount of the same subject."""
    blank = np.zeros(len(frame), dtype=bool)
    if "unit" not in frame.columns:
        return blank
    money = frame["unit"].astype("string").str.contains("yuan", na=False).to_numpy(dtype=bool)
    for places in frame.groupby(subject, sort=False).indices.values():
        blank[places] = counts_apart(np.where(money[places], counted[places], 0), few)
    return blank
