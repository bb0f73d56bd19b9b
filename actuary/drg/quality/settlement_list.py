"""Hold a settlement list as typed tables joined by the stay, from a folder, a case file, or frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from actuary.drg.quality.columns import Column, Mask, Numbers, as_text, read_column
from actuary.drg.quality.files import RawTable, raw_from_frame, read_header, read_raw
from actuary.drg.quality.shapes import Declarations, Field, TableShape
from actuary.errors import Problem, TableError, raise_all, unknown_name

__all__ = ["ListTable", "Place", "SettlementList", "is_case_data", "read_settlement_list"]

_KEY = "mdtrt_id"
_SUFFIXES = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Place:
    """Say how a field is called where the user sees it."""

    table: str
    field: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True, eq=False)
class ListTable:
    """Hold one table: its columns, the number of each row, and the stay each row belongs to (-1: none)."""

    name: str
    columns: Mapping[str, Column]
    rows: npt.NDArray[np.int64]
    stay: npt.NDArray[np.int64]
    raw: RawTable | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


@dataclass(frozen=True, slots=True, eq=False)
class SettlementList:
    """Hold the tables of a settlement list.

    Parameters
    ----------
    flat : bool
        Whether it came as one row a stay with lists of codes.
    tables : mapping of str to ListTable
        Always a table ``case``; the others as far as they were given.
    stays : int
        Number of distinct stays.
    declared : Declarations
        What the tables should be.
    places : mapping
        How fields are called, where that differs from the schema.
    repeats : mapping of str to array of int
        By rule, how often the stay of each row stands in a whole of which these lists are a part; empty where they are
        the whole.
    """

    flat: bool
    tables: Mapping[str, ListTable]
    stays: int
    declared: Declarations
    places: Mapping[tuple[str, str], Place]
    repeats: Mapping[str, npt.NDArray[np.int64]] = dataclasses.field(default_factory=dict)

    @property
    def case(self) -> ListTable:
        """Return the table of stays."""
        return self.tables["case"]

    def has(self, table: str, *fields: str) -> bool:
        """Return whether a table has some columns."""
        return table in self.tables and all(field in self.tables[table].columns for field in fields)

    def column(self, table: str, field: str) -> Column:
        """Return a column of a table."""
        return self.tables[table].columns[field]

    def place(self, table: str, field: str) -> Place:
        """Return how a field is called where the user sees it."""
        if (table, field) in self.places:
            return self.places[table, field]
        declared = self.declared.tables[table].fields.get(field)
        return Place(table, field, declared.zh if declared else field, declared.en if declared else field)

    def only_case(self) -> npt.NDArray[np.int64]:
        """Return for each stay the position of its row in the table of stays; -1 where it has several.

        Which of several rows a child belongs to is not known, and their order must not decide.
        """
        only = np.full(self.stays, -1, dtype=np.int64)
        only[self.case.stay] = np.arange(len(self.case))
        only[np.bincount(self.case.stay, minlength=self.stays) > 1] = -1
        return only

    def case_of(self, table: str) -> npt.NDArray[np.int64]:
        """Return for each row of a table the position of its case; -1 where it belongs to none, or to several."""
        if table == "case":
            return np.arange(len(self.case))
        stay = self.tables[table].stay
        return np.where(stay >= 0, self.only_case()[stay], -1)

    def any_of(self, table: str, mask: Mask) -> Mask:
        """Return for each case whether any of its rows in a table is marked."""
        stay = self.tables[table].stay
        marked = np.zeros(self.stays, dtype=bool)
        marked[stay[mask & (stay >= 0)]] = True
        return marked[self.case.stay]

    def count_of(self, table: str, mask: Mask) -> npt.NDArray[np.int64]:
        """Return for each case how many of its rows in a table are marked."""
        stay = self.tables[table].stay
        return np.bincount(stay[mask & (stay >= 0)], minlength=self.stays)[self.case.stay]

    def sum_of(self, table: str, values: Numbers, mask: Mask) -> npt.NDArray[np.int64]:
        """Return for each case the exact sum of the marked values of its rows in a table."""
        stay = self.tables[table].stay
        wanted = mask & (stay >= 0)
        total = np.zeros(self.stays, dtype=np.int64)
        np.add.at(total, stay[wanted], values[wanted])
        return total[self.case.stay]

    def first_of(self, table: str, mask: Mask) -> npt.NDArray[np.int64]:
        """Return for each case the position of its first marked row in a table; -1 where there is none."""
        stay = self.tables[table].stay
        at = np.flatnonzero(mask & (stay >= 0))
        first = np.full(self.stays, -1, dtype=np.int64)
        first[stay[at][::-1]] = at[::-1]
        return first[self.case.stay]


def is_case_data(path: Path) -> bool:
    """Return whether a path holds stays: a folder with case.csv or case.parquet, or a file with their columns.

    Parameters
    ----------
    path : Path
        Whatever a person named.
    """
    if path.is_dir():
        return any((path / f"{name}{suffix}").is_file() for name in ("case", "setlinfo") for suffix in _SUFFIXES)
    if path.suffix.lower() == ".parquet":
        return True
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    try:
        names = read_header(path)
    except TableError:
        return False
    return _KEY in names or "case_id" in names


def read_settlement_list(source: Any, declared: Declarations) -> SettlementList:
    """Read a settlement list or a flat case file; values that cannot be read stay in their rows.

    Parameters
    ----------
    source : path, DataFrame, pyarrow.Table or mapping of str to any of them
        A folder with case.csv, diagnosis.csv … (or .parquet; the block names of interface 4101 are understood too),
        one file of cases, one frame of cases, or frames by table.
    declared : Declarations
        What the tables should be.

    Raises
    ------
    TableError
        When a file cannot be read at all, there are no cases, or the tables cannot be joined.
    """
    raws = _raw_tables(source, declared)
    names = raws["case"].table.column_names
    if not raws["case"].table.num_rows:
        raise TableError(Problem(raws["case"].where, "a heading and no rows", "at least one case"))
    if len(raws) == 1 and "case_id" in names and _KEY not in names:
        return _from_case_file(raws["case"], declared)
    return _from_tables(raws, declared)


def _raw_tables(source: Any, declared: Declarations) -> dict[str, RawTable]:
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_dir():
            if not path.is_file():
                raise TableError(Problem(str(source), "no such file", "a folder with case.csv, or a file of cases"))
            return {"case": read_raw(path)}
        found: dict[str, Any] = {}
        for name, shape in declared.tables.items():
            files = [path / f"{stem}{suffix}" for stem in (name, shape.block) for suffix in _SUFFIXES]
            present = [file for file in files if file.is_file()]
            if len(present) > 1:
                both = f"{present[0].name} and {present[1].name}"
                raise TableError(Problem(str(source), both, f"one file of the table {name}", "remove one of them"))
            if present:
                found[name] = present[0]
        source = found
    if not isinstance(source, Mapping):
        return {"case": raw_from_frame(source, where="cases")}
    wrong = [
        unknown_name("tables", name, declared.tables, what="table") for name in source if name not in declared.tables
    ]
    raise_all(wrong, TableError)
    if "case" not in source:
        raise TableError(Problem("settlement list", "no table of stays", "case.csv or case.parquet"))
    return {
        name: read_raw(Path(given)) if isinstance(given, str | Path) else raw_from_frame(given, where=name)
        for name, given in source.items()
    }


def _array(table: pa.Table, name: str) -> pa.Array:
    whole = table.column(name).combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _typed(raw: RawTable, shape: TableShape, declared: Declarations) -> dict[str, Column]:
    return {
        name: read_column(field, _array(raw.table, name), blank=declared.blank)
        for name, field in shape.fields.items()
        if name in raw.table.column_names
    }


def _ids(column: Column) -> pa.Array:
    return pc.if_else(pa.array(column.known), pc.utf8_trim_whitespace(as_text(column.raw)), None)


def _from_tables(raws: Mapping[str, RawTable], declared: Declarations) -> SettlementList:
    missing = [
        unknown_name(f"{raw.where} heading", _KEY, raw.table.column_names, what="column")
        for raw in raws.values()
        if _KEY not in raw.table.column_names
    ]
    raise_all(missing, TableError)
    cases = _typed(raws["case"], declared.tables["case"], declared)
    stay, known = _number_stays(cases[_KEY])
    tables = {"case": ListTable("case", cases, raws["case"].rows, stay, raws["case"])}
    for name, raw in raws.items():
        if name == "case":
            continue
        columns = _typed(raw, declared.tables[name], declared)
        found = pc.fill_null(pc.index_in(_ids(columns[_KEY]), value_set=known), -1)
        parent = np.where(columns[_KEY].known, np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64), -1)
        tables[name] = ListTable(name, columns, raw.rows, parent, raw)
    return SettlementList(False, tables, int(stay.max()) + 1, declared, {})


def _number_stays(key: Column) -> tuple[npt.NDArray[np.int64], pa.Array]:
    encoded = pc.dictionary_encode(_ids(key))
    stay = np.asarray(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    # Rows without an id are stays of their own.
    nameless = stay < 0
    stay[nameless] = len(encoded.dictionary) + np.arange(int(nameless.sum()))
    return stay, encoded.dictionary


def _from_case_file(raw: RawTable, declared: Declarations) -> SettlementList:
    shape, names = declared.tables["case"], raw.table.column_names
    columns: dict[str, Column] = {}
    children: dict[str, ListTable] = {}
    places: dict[tuple[str, str], Place] = {}
    listed = {one.name for one in declared.case_columns.values() if any(table != "case" for table, _ in one.fields)}
    raise_all(_unreadable(raw, {*shape.fields, *declared.case_columns}, listed), TableError)
    for given in declared.case_columns.values():
        if given.name not in names:
            continue
        for table, field in given.fields:
            places[table, field] = Place("case", given.name, given.zh, given.en)
            array = _array(raw.table, given.name)
            if table == "case":
                described = dataclasses.replace(shape.fields[field], required=given.required)
                if given.maximum is not None:
                    described = dataclasses.replace(described, maximum=given.maximum)
                columns[field] = read_column(described, array, blank=declared.blank)
            else:
                children[table] = _from_lists(table, field, array, raw, declared)
                flag = {"diagnosis": "maindiag_flag", "procedure": "oprn_oprt_type"}[table]
                places[table, flag] = places[table, field]
    for name, field_shape in shape.fields.items():
        if name in names and name not in columns:
            columns[name] = read_column(field_shape, _array(raw.table, name), blank=declared.blank)
    stay = np.arange(raw.table.num_rows, dtype=np.int64)
    tables = {"case": ListTable("case", columns, raw.rows, stay, raw), **children}
    return SettlementList(True, tables, raw.table.num_rows, declared, places)


def _unreadable(raw: RawTable, known: Collection[str], listed: Collection[str]) -> list[Problem]:
    """Name the columns whose cells are neither one value each nor, where codes are listed, lists of texts."""
    problems = []
    for field in raw.table.schema:
        kind, codes = field.type, field.name in listed
        if codes and (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
            kind = kind.value_type
        if field.name in known and pa.types.is_nested(kind):
            expected = "texts, or lists of texts" if codes else "one text, number or day a cell"
            problems.append(Problem(f"{raw.where}, {field.name}", f"cells of the type {field.type}", expected))
    return problems


def _from_lists(table: str, field: str, array: pa.Array, raw: RawTable, declared: Declarations) -> ListTable:
    fields = declared.tables[table].fields
    lists = _split(array, declared)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    codes = pc.list_flatten(lists)
    stay = np.repeat(np.arange(len(lists), dtype=np.int64), lengths)
    first = np.zeros(len(codes), dtype=bool)
    first[(np.cumsum(lengths) - lengths)[lengths > 0]] = True
    columns = {field: read_column(fields[field], codes, blank=declared.blank)}
    if table == "diagnosis":
        columns["maindiag_flag"] = _constant(fields["maindiag_flag"], first, ("1", "0"), declared)
    else:
        columns["oprn_oprt_type"] = _constant(fields["oprn_oprt_type"], first, ("1", "2"), declared)
    return ListTable(table, columns, raw.rows[stay], stay, None)


def _constant(field: Field, first: Mask, texts: tuple[str, str], declared: Declarations) -> Column:
    indices = pa.array(np.where(first, 0, 1).astype(np.int32))
    return read_column(field, pa.DictionaryArray.from_arrays(indices, pa.array(texts)), blank=declared.blank)


def _split(array: pa.Array, declared: Declarations) -> pa.Array:
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = kind.value_type
        return array if pa.types.is_string(inner) else pc.cast(array, pa.list_(pa.string()))
    text = as_text(array) if not pa.types.is_null(kind) else pa.nulls(len(array), pa.string())
    blank = pc.is_in(pc.utf8_trim_whitespace(text), pa.array(list(declared.blank), pa.string()))
    return pc.split_pattern(pc.if_else(blank, None, text), declared.separator)
