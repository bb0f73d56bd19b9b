"""Read settled cases into flat arrays for the detection of anomalies; what is missing is remembered, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from actuary.alerts.anomalies.arrow_cells import codes_of, day_column, number_column, open_table
from actuary.errors import Problem, TableError, raise_all, unknown_name
from actuary.payment.case_build import check_cell_types
from actuary.payment.case_columns import SYNONYMS
from actuary.tables.personal_door import admit_table

if TYPE_CHECKING:
    import pandas as pd

    from actuary.drg.scheme import Scheme

__all__ = ["OPTIONAL", "Stays", "read_stays"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]
type BoolArray = NDArray[np.bool_]

_REQUIRED = ("case_id", "hospital", "drg", "total_cost")

#: Columns whose cells may be lists of codes.
_LISTED = frozenset({"dx", "px"})

#: Columns that some kinds of anomaly need, by name: what they are.
OPTIONAL: Mapping[str, str] = {
    "tier": "tier of the hospital",
    "insurance": "employee or resident",
    "adrg": "group before complications",
    "mdc": "major diagnostic category",
    "severity": "severity of the group",
    "person_key": "pseudonymous person",
    "age_years": "age",
    "admission_date": "day of admission",
    "discharge_date": "day of discharge",
    "los_days": "length of stay",
    "drug_cost": "drugs and materials",
    "consumable_cost": "materials",
    "fully_self_paid": "outside the catalogue",
    "outpatient_cost_14d": "outpatient cost within 14 days around the stay",
    "fund_charged": "pool money charged",
    "dx": "diagnoses",
    "synthetic": "whether the case is made up",
}

_NUMBERS = ("age_years", "los_days", "drug_cost", "consumable_cost", "fully_self_paid", "outpatient_cost_14d",
            "fund_charged")  # fmt: skip

#: Severity of a group in words, as a number; groups that the scheme does not divide have none.
SEVERITIES: Mapping[str, int] = {"none": 0, "CC": 1, "MCC": 2}

_SHOWN = 5

#: What says yes in a column of yes and no.
_YES = frozenset(("true", "1", "1.0", "yes", "y", "是"))


@dataclass(frozen=True, kw_only=True, eq=False, slots=True)
class Stays:
    """Hold the cases; arrays have one place a case, in the order of the table.

    Parameters
    ----------
    case_id : pyarrow.ChunkedArray
        Names of the cases.
    hospital : int array
        Place of the hospital among `hospitals`.
    hospitals : tuple of str
        Hospitals, in order of their names.
    tier_of : int array, shape (hospitals,)
        Place of the hospital's tier among `tiers`.
    tiers : tuple of str
        Tiers.
    drg, adrg, mdc, insurance : int array
        Places among `drgs` and so on; -1 where missing.
    drgs, adrgs, mdcs : tuple of str
        Names.
    severity_of : int array, shape (drgs,)
        0, 1, 2 for groups without complication, with one, with a grave one; -1 undivided or unknown.
    cost : float array
        Total cost [yuan].
    numbers : mapping of str to float array
        Other columns by name [yuan, days, years]; NaN where a cell is missing.
    admission, discharge : int array or None
        Days since 1970-01-01; the smallest number where missing.
    person : int array or None
        Number of the person, -1 where missing.
    usable : bool array
        Cases with hospital, group and a cost above 0; the others take no part.
    missing : tuple of str
        Optional columns that the table lacks.
    table : pyarrow.Table
        What was read.
    names : mapping of str to str
        Name of a column here to its name in the table.
    synthetic : bool
        Whether the cases are made up.
    source : str
        Where they come from.
    """

    case_id: pa.ChunkedArray
    hospital: IntArray
    hospitals: tuple[str, ...]
    tier_of: IntArray
    tiers: tuple[str, ...]
    drg: IntArray
    drgs: tuple[str, ...]
    adrg: IntArray
    adrgs: tuple[str, ...]
    mdc: IntArray
    mdcs: tuple[str, ...]
    insurance: IntArray
    severity_of: IntArray
    cost: FloatArray
    numbers: Mapping[str, FloatArray]
    admission: IntArray | None
    discharge: IntArray | None
    person: IntArray | None
    usable: BoolArray
    missing: tuple[str, ...]
    table: pa.Table = field(repr=False)
    names: Mapping[str, str]
    synthetic: bool
    source: str

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.cost)

    @property
    def tier(self) -> IntArray:
        """Tier of each case's hospital."""
        return self.tier_of[self.hospital]


def read_stays(
    cases: pd.DataFrame | pa.Table | str | Path,
    *,
    hospitals: pd.DataFrame | pa.Table | str | Path | None = None,
    scheme: Scheme | None = None,
) -> Stays:
    """Read settled cases.

    Parameters
    ----------
    cases : DataFrame, pyarrow.Table or path
        At least ``case_id, hospital, drg, total_cost`` and, here or in `hospitals`, ``tier``; names of the settlement
        list are understood. Money in yuan.
    hospitals : DataFrame or path, optional
        List of hospitals: ``hospital, tier``.
    scheme : Scheme, optional
        Says how grave groups are where the table has no ``severity``.

    Returns
    -------
    Stays
        The cases as arrays.

    Raises
    ------
    TableError
        With every problem: columns that are missing, case ids that occur twice, hospitals that the list does not
        know, hospitals without a tier or with two.

    Examples
    --------
    >>> import pandas as pd
    >>> stays = read_stays(pd.DataFrame({"case_id": ["a", "b"], "hospital": ["H", "H"], "tier": ["3", "3"],
    ...                                  "drg": ["BR21", "BR25"], "total_cost": [900.0, 800.0]}))
    >>> len(stays), stays.hospitals, stays.adrgs
    (2, ('H',), ('BR2',))
    """
    table, source = open_table(cases, "the cases given")
    table = admit_table(table, where=source).table
    chosen = {}
    for name in (*_REQUIRED, *OPTIONAL):
        found = next((one for one in (name, *SYNONYMS.get(name, ())) if one in table.column_names), None)
        if found is not None:
            chosen[name] = found
    problems = [
        unknown_name(f"{source}, columns", name, table.column_names, what="column")
        for name in _REQUIRED
        if name not in chosen
    ]
    if table.num_rows == 0:
        problems.append(Problem(source, "no cases", "at least one"))
    raise_all(problems, TableError)
    check_cell_types(table.schema, [column for name, column in chosen.items() if name not in _LISTED], source)

    def text(name: str) -> tuple[IntArray, tuple[str, ...]]:
        if name not in chosen:
            return np.full(table.num_rows, -1, np.int64), ()
        return codes_of(table[chosen[name]])

    problems += _doubled(table[chosen["case_id"]].cast(pa.string()), source)
    hospital, names = text("hospital")
    tier_of, tiers, wrong = _tiers(hospital, names, text("tier"), hospitals, source)
    raise_all([*problems, *wrong], TableError)
    drg, drgs = text("drg")
    adrg, adrgs = _completed(*text("adrg"), _shortened(drg, drgs, 3))
    mdc, mdcs = _completed(*text("mdc"), _shortened(drg, drgs, 1))
    cost = number_column(table[chosen["total_cost"]])
    usable = (hospital >= 0) & (drg >= 0) & (cost > 0)
    if not usable.any():
        raise TableError(Problem(source, "no case with a hospital, a group and a cost above 0", "at least one"))
    person = text("person_key")[0] if "person_key" in chosen else None
    days = {name: day_column(table[chosen[name]]) if name in chosen else None
            for name in ("admission_date", "discharge_date")}  # fmt: skip
    numbers = {name: number_column(table[chosen[name]]) for name in _NUMBERS if name in chosen}
    first, last = days["admission_date"], days["discharge_date"]
    if "los_days" not in numbers and first is not None and last is not None:
        known = (first > _NO_DAY) & (last > _NO_DAY)
        numbers["los_days"] = np.where(known, np.maximum(last - first, 1), np.nan)
    words = set() if "synthetic" not in chosen else set(pc.unique(table["synthetic"].cast(pa.string())).to_pylist())
    synthetic = bool({str(word).strip().lower() for word in words} & _YES)
    return Stays(
        case_id=table[chosen["case_id"]].cast(pa.string()),
        hospital=hospital,
        hospitals=names,
        tier_of=tier_of,
        tiers=tiers,
        drg=drg,
        drgs=drgs,
        adrg=adrg,
        adrgs=adrgs,
        mdc=mdc,
        mdcs=mdcs,
        insurance=text("insurance")[0],
        severity_of=_severities(drg, drgs, text("severity"), scheme),
        cost=cost,
        numbers=numbers,
        admission=first,
        discharge=last,
        person=person,
        usable=usable,
        missing=tuple(name for name in OPTIONAL if name not in chosen),
        table=table,
        names=chosen,
        synthetic=synthetic,
        source=source,
    )


_NO_DAY = int(np.iinfo(np.int64).min)


def _doubled(column: pa.ChunkedArray, source: str) -> list[Problem]:
    """Find case ids that occur twice or not at all."""
    problems = []
    if column.null_count:
        problems.append(Problem(f"{source}, case_id", f"{column.null_count:,} cases without one", "an id a case"))
    if pc.count_distinct(column, mode="only_valid").as_py() < len(column) - column.null_count:
        counts = pc.value_counts(column)
        twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
        shown = ", ".join(str(one) for one in twice.slice(0, _SHOWN).to_pylist())
        problems.append(
            Problem(f"{source}, case_id", f"{len(twice):,} ids that occur twice ({shown})", "each id once",
                    "leave out the doubled settlements")
        )  # fmt: skip
    return problems


def _tiers(
    hospital: IntArray, names: tuple[str, ...], column: tuple[IntArray, tuple[str, ...]], listed: Any, source: str
) -> tuple[IntArray, tuple[str, ...], list[Problem]]:
    """Return the tier of each hospital, from the list where there is one, else from the cases."""
    problems: list[Problem] = []
    known: dict[str, str] = {}
    label = f"{source}, tier"
    if listed is not None:
        table, label = open_table(listed, "the list of hospitals")
        lacking = [name for name in ("hospital", "tier") if name not in table.column_names]
        problems += [unknown_name(f"{label}, columns", name, table.column_names, what="column") for name in lacking]
        if lacking:
            return np.zeros(len(names), np.int64), (), problems
        pairs = zip(*(table[name].cast(pa.string()).to_pylist() for name in ("hospital", "tier")), strict=True)
        known = {str(one): tier for one, tier in pairs if one is not None and tier}
        given = set(table["hospital"].cast(pa.string()).to_pylist())
        strangers = [one for one in names if one not in given]
        problems += [unknown_name(f"{source}, hospital", one, sorted(given), what="hospital") for one in strangers]
        names_without = [one for one in names if one in given and one not in known]
    else:
        codes, words = column
        if not words:
            mend = "add the column tier, or give a list of hospitals with --hospitals"
            return np.zeros(len(names), np.int64), (), [Problem(label, "no tiers", "the tier of each hospital", mend)]
        ok = (hospital >= 0) & (codes >= 0)
        pairs_seen = np.unique(hospital[ok] * len(words) + codes[ok])
        for pair in pairs_seen.tolist():
            one, tier = names[pair // len(words)], words[pair % len(words)]
            if known.setdefault(one, tier) != tier:
                problems.append(
                    Problem(label, f"hospital {one} in tiers {known[one]} and {tier}", "one tier a hospital")
                )
        names_without = [one for one in names if one not in known]
    problems += [Problem(label, f"hospital {one} without a tier", "the tier of each hospital",
                         "add it to the list of hospitals") for one in names_without]  # fmt: skip
    tiers = tuple(sorted(set(known.values())))
    return np.array([tiers.index(known[one]) if one in known else 0 for one in names], np.int64), tiers, problems


def _shortened(codes: IntArray, names: tuple[str, ...], letters: int) -> tuple[IntArray, tuple[str, ...]]:
    """Return codes of the first letters of the names."""
    short = tuple(sorted({name[:letters] for name in names}))
    place = np.array([short.index(name[:letters]) for name in names] + [-1], np.int64)
    return place[codes], short


def _completed(
    codes: IntArray, names: tuple[str, ...], short: tuple[IntArray, tuple[str, ...]]
) -> tuple[IntArray, tuple[str, ...]]:
    """Return codes of a column, with those of the shortened group where a cell is missing."""
    lacking = (codes < 0) & (short[0] >= 0)
    if not lacking.any():
        return codes, names
    both = tuple(sorted({*names, *short[1]}))
    own, other = (np.array([*(both.index(name) for name in some), -1], np.int64) for some in (names, short[1]))
    return np.where(lacking, other[short[0]], own[codes]), both


def _severities(
    drg: IntArray, drgs: tuple[str, ...], column: tuple[IntArray, tuple[str, ...]], scheme: Scheme | None
) -> IntArray:
    """Return how grave each group is: from the column, where most cases of a group say the same, else the scheme."""
    codes, words = column
    found = np.full(len(drgs), -1, np.int64)
    if words:
        ok = (drg >= 0) & (codes >= 0)
        flat = np.bincount(drg[ok] * len(words) + codes[ok], minlength=len(drgs) * len(words))
        counts = flat.reshape(len(drgs), len(words))
        of_word = np.array([SEVERITIES.get(word, -1) for word in words], np.int64)
        found = np.where(counts.sum(axis=1) > 0, of_word[counts.argmax(axis=1)], -1)
    elif scheme is not None:
        of_group = {row.drg: row.severity for rows in scheme.drgs.values() for row in rows}
        found = np.array([SEVERITIES.get(of_group.get(name, ""), -1) for name in drgs], np.int64)
    return found
