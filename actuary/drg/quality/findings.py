"""What a check answers, and how it becomes rows that a person can read and mend by."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.quality.columns import Mask, Numbers
from actuary.drg.quality.settlement_list import Place, SettlementList
from actuary.drg.quality.shapes import Rule
from actuary.tables.personal_cells import masked_texts

__all__ = ["FINDING_COLUMNS", "Hit", "findings_table", "rejected_cases"]

#: Columns of the findings, in order.
FINDING_COLUMNS = (
    "rule",
    "severity",
    "hospital",
    "case_id",
    "table",
    "row",
    "field",
    "value",
    "suggested",
    "message_zh",
    "message_en",
    "mend_zh",
    "mend_en",
)

#: Columns that quote cells.
_QUOTING = ("value", "suggested", "message_zh", "message_en", "mend_zh", "mend_en")

type Filling = pa.Array | Numbers | str | int


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """Hold the rows that break a rule in one way.

    Parameters
    ----------
    rule, message : str
        Which rule, and which of its messages.
    table : str
        Whose rows they are.
    rows : array of int or None
        Positions in that table; None for the heading.
    field : (str, str) or str
        The field, with its table where that is another one.
    value : pyarrow.Array or str, optional
        What stands there; looked up when left out.
    suggested : pyarrow.Array, optional
        What should stand there, as far as that is known.
    filling : mapping
        Values of the other names in the message, one for all rows or one a row.
    """

    rule: str
    message: str
    table: str
    rows: npt.NDArray[np.int64] | None
    field: tuple[str, str] | str
    value: pa.Array | str | None = None
    suggested: pa.Array | None = None
    filling: Mapping[str, Filling] = dataclasses.field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str]:
        """Return the table and the name of the field."""
        return self.field if isinstance(self.field, tuple) else (self.table, self.field)

    def __len__(self) -> int:
        """Return the number of rows; a finding on the heading is one."""
        return 1 if self.rows is None else len(self.rows)


def rejected_cases(hits: Iterable[Hit], lists: SettlementList, rules: Mapping[str, Rule]) -> Mask:
    """Return for each case whether a finding of severity E concerns it or one of its child rows."""
    rejected = np.zeros(len(lists.case), dtype=bool)
    for hit in hits:
        if hit.rows is None or rules[hit.rule].severity != "E":
            continue
        if hit.table == "case":
            rejected[hit.rows] = True
        else:
            marked = np.zeros(len(lists.tables[hit.table]), dtype=bool)
            marked[hit.rows] = True
            rejected |= lists.any_of(hit.table, marked)
    return rejected


def findings_table(hits: Iterable[Hit], lists: SettlementList, rules: Mapping[str, Rule]) -> pa.Table:
    """Write findings out as a table, in the order of the cases, then of the rules.

    Parameters
    ----------
    hits : iterable of Hit
        What the checks answered.
    lists : SettlementList
        What was checked.
    rules : mapping of str to Rule
        The words.

    Returns
    -------
    pyarrow.Table
        Columns :data:`FINDING_COLUMNS`.
    """
    order = {name: at for at, name in enumerate(rules)}
    pieces: list[pa.Table] = []
    keys: list[npt.NDArray[np.int64]] = []
    case_of = {name: lists.case_of(name) for name in lists.tables}
    for hit in hits:
        if not len(hit):
            continue
        cases = np.array([-1]) if hit.rows is None else case_of[hit.table][hit.rows]
        piece = _piece(hit, lists, rules[hit.rule], cases)
        pieces.append(piece)
        rule = np.full(len(cases), order[hit.rule])
        keys.append(np.stack([cases, rule, np.asarray(piece.column("row").to_numpy())]))
    if not pieces:
        return pa.table({name: pa.array([], pa.int64() if name == "row" else pa.string()) for name in FINDING_COLUMNS})
    cases, rule, row = np.concatenate(keys, axis=1)
    return _masked(pa.concat_tables(pieces)).take(pa.array(np.lexsort((row, rule, cases)))).combine_chunks()


def _masked(table: pa.Table) -> pa.Table:
    """Return findings in which no quoted cell tells the number of a person: lists are printed, sent and kept."""
    for name in _QUOTING:
        at = table.schema.get_field_index(name)
        column = masked_texts(table.column(at).combine_chunks())
        table = table.set_column(at, name, column)
    return table


def _piece(hit: Hit, lists: SettlementList, rule: Rule, cases: npt.NDArray[np.int64]) -> pa.Table:
    count = len(cases)
    place = lists.place(*hit.place)
    value = _value(hit, lists, count)
    row = np.array([1]) if hit.rows is None else lists.tables[hit.table].rows[hit.rows]
    message = rule.messages[hit.message]
    filling = {
        "value": value,
        "name": place.zh,
        "name_en": place.en,
        **{name: _text(given) for name, given in hit.filling.items()},
    }
    return pa.table(
        {
            "rule": _repeat(rule.id, count),
            "severity": _repeat(rule.severity, count),
            "hospital": _of_case(lists, "fixmedins_code", cases),
            "case_id": _case_ids(hit, lists, cases),
            "table": _repeat(_shown_table(hit, lists, place), count),
            "row": pa.array(row, pa.int64()),
            "field": _repeat(place.field, count),
            "value": value,
            "suggested": hit.suggested if hit.suggested is not None else _repeat("", count),
            "message_zh": _fill(message.zh, filling, count),
            "message_en": _fill(message.en, filling, count),
            "mend_zh": _fill(message.mend_zh, filling, count),
            "mend_en": _fill(message.mend_en, filling, count),
        }
    )


def _shown_table(hit: Hit, lists: SettlementList, place: Place) -> str:
    return place.table if lists.flat else hit.table


def _value(hit: Hit, lists: SettlementList, count: int) -> pa.Array:
    if isinstance(hit.value, str):
        return _repeat(hit.value, count)
    if hit.value is not None:
        return hit.value
    table, name = hit.place
    if hit.rows is None or table != hit.table or not lists.has(table, name):
        return _repeat("", count)
    return lists.column(table, name).text(hit.rows)


def _of_case(lists: SettlementList, name: str, cases: npt.NDArray[np.int64]) -> pa.Array:
    if not lists.has("case", name):
        return _repeat("", len(cases))
    text = lists.column("case", name).text(np.maximum(cases, 0))
    return pc.if_else(pa.array(cases >= 0), text, "")


def _case_ids(hit: Hit, lists: SettlementList, cases: npt.NDArray[np.int64]) -> pa.Array:
    ids = _of_case(lists, "mdtrt_id", cases)
    if hit.rows is None or hit.table == "case" or (cases >= 0).all():
        return ids
    # A row that belongs to no case says itself which one it means.
    own = lists.column(hit.table, "mdtrt_id").text(hit.rows)
    return pc.if_else(pa.array(cases >= 0), ids, own)


def _repeat(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _text(given: Filling) -> pa.Array | str:
    if isinstance(given, str):
        return given
    if isinstance(given, np.ndarray):
        return pc.cast(pa.array(given), pa.string())
    return given if isinstance(given, pa.Array) else str(given)


@cache
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(template))


def _fill(template: str, filling: Mapping[str, pa.Array | str], count: int) -> pa.Array:
    parts: list[pa.Array | str] = []
    for literal, name in _parts(template):
        if literal:
            parts.append(literal)
        if name is not None:
            parts.append(filling[name])
    if not any(isinstance(part, pa.Array) for part in parts):
        return _repeat("".join(str(part) for part in parts), count)
    return pc.binary_join_element_wise(*parts, "")
