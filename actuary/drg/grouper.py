"""Group cases: columns in, one answer a case out, the same for any number of threads."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from actuary.drg.arrow_arrays import arrow_numbers, arrow_texts
from actuary.drg.case_columns import arrow_columns, check_table
from actuary.drg.cases import Case, Result
from actuary.drg.compiled import CompiledScheme, compile_scheme
from actuary.drg.encode import CodeBook, encode_cases
from actuary.drg.scheme import Scheme, load_scheme
from actuary.drg.statuses import Reason, Severity, Status
from actuary.kernels import grouping_arrays as ga
from actuary.kernels.grouping import group_range
from actuary.kernels.grouping_arrays import AnswerRows, CaseArrays
from actuary.tables.personal_door import Admission, admit_frame
from actuary.tables.personal_sample import text_of
from actuary.threads import worker_threads

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ANSWERS",
    "Case",
    "Grouper",
    "Result",
    "group_cases",
    "group_each",
    "group_one",
    "loaded_scheme",
]

#: Columns of the answers, in this order.
ANSWERS = ("case_id", "status", "mdc", "adrg", "drg", "severity", "reason")

#: Rows of the answers by name.
_ROWS = {
    "status": ga.STATUS,
    "mdc": ga.MDC,
    "adrg": ga.ADRG,
    "drg": ga.DRG,
    "severity": ga.SEVERITY,
    "reason": ga.REASON,
    "rule": ga.RULE,
}

_BOOKS: weakref.WeakKeyDictionary[CompiledScheme, tuple[CodeBook, CodeBook]] = weakref.WeakKeyDictionary()

#: Cases a thread takes at a time.
_SHARE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Grouper:
    """Hold a scheme made ready, for those who group many batches.

    Parameters
    ----------
    scheme : Scheme
        The scheme.
    compiled : CompiledScheme
        Its arrays.
    books : tuple of CodeBook
        Its codes.
    """

    scheme: Scheme
    compiled: CompiledScheme
    books: tuple[CodeBook, CodeBook]

    @classmethod
    def of(cls, scheme: Scheme) -> Grouper:
        """Make a scheme ready."""
        compiled = compile_scheme(scheme)
        books = _BOOKS.get(compiled)
        if books is None:
            books = _BOOKS[compiled] = CodeBook(compiled.dx, compiled.prefixes), CodeBook(compiled.px, {})
        return cls(scheme, compiled, books)

    def encode(self, columns: Mapping[str, Any]) -> CaseArrays:
        """Encode a batch of columns, each one array."""
        return encode_cases(columns, self.compiled, self.books)

    def group(self, cases: CaseArrays, *, pool: ThreadPoolExecutor | None = None) -> AnswerRows:
        """Group an encoded batch, in shares of fixed size, so that the threads change nothing but the time."""
        count = cases.numbers.shape[1]
        answers = np.empty((len(_ROWS), count), np.int16)

        def share(first: int) -> None:
            last = min(first + _SHARE, count)
            group_range(self.compiled.arrays, cases, answers, first=first, last=last)

        starts = range(0, count, _SHARE)
        if pool is None or len(starts) == 1:
            for first in starts:
                share(first)
        else:
            list(pool.map(share, starts))
        return answers

    def words(self) -> dict[str, Any]:
        """Return the words of each answer by number, as Arrow arrays."""
        compiled = self.compiled
        listed = {
            "status": [status.value for status in Status],
            "mdc": compiled.mdcs,
            "adrg": compiled.adrgs,
            "drg": compiled.drgs,
            "severity": [*(level.value for level in Severity), ""],
            "reason": [reason.value for reason in Reason],
        }
        return {name: arrow_texts(words) for name, words in listed.items()}

    def decode(self, answers: AnswerRows, *, as_dictionary: bool = False) -> dict[str, Any]:
        """Return the answers in words, as Arrow arrays of text or of dictionaries."""
        columns = {}
        for name, words in self.words().items():
            indices = arrow_numbers(answers[_ROWS[name]])
            columns[name] = pa.DictionaryArray.from_arrays(indices, words) if as_dictionary else words.take(indices)
        return columns


def group_cases(
    cases: pd.DataFrame | pa.Table | pa.RecordBatch,
    scheme: str | Path | Scheme = "chs-drg-1.1",
    *,
    threads: int | None = None,
    switches: Mapping[str, str] | None = None,
) -> Any:
    """Group a table of cases.

    Parameters
    ----------
    cases : pandas.DataFrame, pyarrow.Table or pyarrow.RecordBatch
        Columns ``case_id, sex, age_years, age_days, birth_weight_g, dx, px``, and of ``los_days, discharge_status,
        department, icu_hours`` those that the scheme reads; `dx` and `px` are lists of codes or texts joined by ``|``,
        the principal diagnosis and the main procedure first. Ages in years and days, weight in g.
    scheme : str, Path or Scheme
        Name or folder of a scheme, or a loaded one.
    threads : int, optional
        Threads to use; as many as there are cores when left out. The answers do not depend on it.
    switches : mapping of str to str, optional
        Readings that replace the scheme's own.

    Returns
    -------
    pandas.DataFrame or pyarrow.Table
        As given (a table for a batch): `case_id, status, mdc, adrg, drg, severity, reason`, one row a case in the same
        order.

    Raises
    ------
    TableError
        When a column is missing, there twice or of a type that cannot hold it, `cases` is something else, or it holds
        persons and no way for them was chosen (:func:`~actuary.tables.personal_door.personal_door`).
    UnknownNameError
        When the scheme or a switch is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> cases = pd.DataFrame({
    ...     "case_id": ["a"], "sex": [1], "age_years": [60], "age_days": [None], "birth_weight_g": [None],
    ...     "dx": [["I21.401"]], "px": [["36.0700"]],
    ... })
    >>> group_cases(cases)[["status", "adrg", "drg"]].values.tolist()
    [['grouped', 'FM1', 'FM19']]
    """
    if isinstance(cases, pa.RecordBatch):
        cases = pa.Table.from_batches([cases])
    check_table(cases)
    loaded = loaded_scheme(scheme, switches)
    grouper = Grouper.of(loaded)
    admission = admit_frame(cases, where="the table of cases" if isinstance(cases, pa.Table) else "the frame of cases")
    admission.require(grouper.compiled.reads)
    columns, case_ids = arrow_columns(cases, grouper.compiled.reads, scheme=loaded.name)
    with worker_threads(threads) as pool:
        answers = grouper.group(grouper.encode(columns), pool=pool)
    decoded = grouper.decode(answers)
    if isinstance(cases, pa.Table):
        # Nothing else of the table is answered.
        return pa.table({"case_id": admission.rows(pa.table({"case_id": case_ids}))["case_id"], **decoded})
    import pandas as pd  # noqa: PLC0415  (Arrow users need no pandas)

    case_id = _names_of(cases["case_id"], admission)
    return pd.DataFrame(
        {"case_id": case_id, **{name: pd.array(decoded[name], dtype="str") for name in ANSWERS[1:]}},
        index=cases.index,
    )


def _names_of(names: pd.Series[Any], admission: Admission) -> Any:
    """Return the names of the cases of a frame; numbers of persons among them are replaced by keys, or refused."""
    try:
        told = pa.table({"case_id": pa.array(names, from_pandas=True)})
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        told = pa.table({"case_id": pa.array([text_of(name) for name in names])})
    admitted = admission.rows(told)["case_id"]
    return names if admitted.equals(told["case_id"]) else admitted.to_pandas().to_numpy()


def loaded_scheme(scheme: str | Path | Scheme, switches: Mapping[str, str] | None) -> Scheme:
    """Return a scheme given by name, folder or as such, under the readings wanted."""
    if not isinstance(scheme, Scheme):
        return load_scheme(scheme, switches=switches)
    return scheme.with_switches(switches) if switches else scheme


def group_one(case: Case, scheme: Scheme) -> Result:
    """Group one case.

    Parameters
    ----------
    case : Case
        The stay.
    scheme : Scheme
        A loaded scheme.

    Returns
    -------
    Result
        Its answer, with the rule that held.

    Examples
    --------
    >>> case = Case(case_id="a", sex=1, age_years=60, dx=["I21.401"], px="36.0700")
    >>> group_one(case, load_scheme("chs-drg-1.1")).drg
    'FM19'
    """
    return group_each([case], scheme)[0]


def group_each(cases: Sequence[Case], scheme: Scheme) -> tuple[Result, ...]:
    """Group a handful of single cases in one batch, each answer with the rule that held.

    Examples
    --------
    >>> stroke = Case(case_id="a", sex=1, age_years=60, dx=["I63.900"])
    >>> [answer.rule_id for answer in group_each([stroke], load_scheme("chs-drg-1.1"))]
    ['BR2']
    """
    if not cases:
        return ()
    grouper = Grouper.of(scheme)
    columns, _ = arrow_columns(cases, grouper.compiled.reads, scheme=scheme.name)
    answers = grouper.group(grouper.encode(columns))
    compiled = grouper.compiled
    statuses, reasons, severities = list(Status), list(Reason), [*Severity, None]
    rows = zip(*(answers[row].tolist() for row in _ROWS.values()), strict=True)
    results = []
    for case, row in zip(cases, rows, strict=True):
        found = dict(zip(_ROWS, row, strict=True))
        results.append(
            Result(
                case_id=case.case_id,
                status=statuses[found["status"]],
                mdc=compiled.mdcs[found["mdc"]],
                adrg=compiled.adrgs[found["adrg"]],
                drg=compiled.drgs[found["drg"]],
                severity=severities[found["severity"]],
                reason=reasons[found["reason"]],
                rule_id=compiled.rules[found["rule"]] if found["rule"] >= 0 else "",
            )
        )
    return tuple(results)
