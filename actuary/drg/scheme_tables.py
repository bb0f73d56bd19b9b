"""Read the tables of a grouping scheme strictly: every problem of every table, with its file, line and column."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from actuary.drg.scheme_rows import DRG_SEVERITIES, DX_ROLES, PX_FLAGS
from actuary.errors import Problem, TableError, unknown_name
from actuary.files import read_bytes, read_delimited

__all__ = ["CONDITION_COLUMNS", "TABLES", "Table", "read_tables"]

type Cell = str | int | bool | tuple[int, ...] | tuple[str, ...] | None

#: Optional columns with conditions on the stay, for rules and groups of city schemes.
CONDITION_COLUMNS: Mapping[str, str] = {
    "age_days_max": "number",
    "age_days_min": "number",
    "weight_g_min": "number",
    "weight_g_max": "number",
    "age_years_min": "number",
    "age_years_max": "number",
    "los_min": "number",
    "los_max": "number",
    "discharge": "texts",
    "icu_hours_min": "number",
    "icu_hours_max": "number",
    "department": "texts",
}

_SEPARATE = " (several are separated by semicolons)"


@dataclass(frozen=True, slots=True)
class Layout:
    """Say which columns a table has, and what may stand in them."""

    required: Mapping[str, str]
    optional: Mapping[str, str]
    file_optional: bool = False
    may_be_empty: bool = False
    open_columns: bool = False


TABLES: Mapping[str, Layout] = {
    "mdc.csv": Layout(
        {"mdc": "code", "name": "text", "order": "whole", "dx_role": "role", "sex": "sex"},
        {
            "age_years_must_be_0": "flag",
            "needs_valid_main_px": "flag",
            "any_dx_prefix": "text",
            "qy": "flag",
        },
    ),
    "mdc_pdx.csv": Layout({"mdc": "code", "icd": "code"}, {"site": "text"}),
    "adrg.csv": Layout({"adrg": "code", "mdc": "code", "name": "text", "kind": "kind", "priority": "whole"}, {}),
    "adrg_rules.csv": Layout(
        {"rule_id": "code", "adrg": "code", "mdc": "code", "seq": "whole"},
        {
            "pdx_list": "number",
            "anydx_list": "number",
            "odx_list": "number",
            "ppx_list": "number",
            "apx_lists": "numbers",
            "px_flag": "px_flag",
            "not_pdx_list": "number",
            "px_pair_list": "number",
            **CONDITION_COLUMNS,
        },
    ),
    "adrg_dx.csv": Layout({"adrg": "code", "list": "whole", "icd": "code"}, {}, may_be_empty=True),
    "adrg_px.csv": Layout({"adrg": "code", "list": "whole", "icd9": "code"}, {}, may_be_empty=True),
    "mcc.csv": Layout({"icd": "code", "excl_table": "whole"}, {}, may_be_empty=True),
    "cc.csv": Layout({"icd": "code", "excl_table": "whole"}, {}, may_be_empty=True),
    "exclusions.csv": Layout({"excl_table": "whole", "pdx": "code"}, {}, may_be_empty=True),
    "drg.csv": Layout(
        {"drg": "code", "adrg": "code", "name": "text", "severity": "severity"},
        {"reference_weight": "text", **CONDITION_COLUMNS},
    ),
    "px_valid.csv": Layout({"icd9": "code"}, {}, may_be_empty=True, open_columns=True),
    "sex_conflict_exempt.csv": Layout({"icd": "code"}, {}, file_optional=True, may_be_empty=True),
    "disputes.csv": Layout({"list": "code", "code": "code"}, {}, file_optional=True, open_columns=True),
}


@dataclass(frozen=True, slots=True)
class Table:
    """Hold the columns of a table, converted, and the line of each row.

    Parameters
    ----------
    name : str
        File name.
    columns : mapping of str to list
        Values by column; an optional column that the file lacks is missing here too.
    lines : list of int
        Line of each row, as an editor counts.
    """

    name: str
    columns: Mapping[str, list[Cell]]
    lines: list[int]

    def place(self, row: int, column: str = "") -> str:
        """Return how messages name a row, or a cell."""
        return f"{self.name} row {self.lines[row]}" + (f", {column}" if column else "")


def _number(text: str) -> int | None:
    if text == "":
        return None
    if not text.isascii() or not text.isdigit():
        raise ValueError
    return int(text)


def _whole(text: str) -> int:
    number = _number(text)
    if number is None:
        raise ValueError
    return number


def _code(text: str) -> str:
    if not text or text != text.strip():
        raise ValueError
    return text


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(_whole(part) for part in text.split(";")) if text else ()


def _texts(text: str) -> tuple[str, ...]:
    return tuple(_code(part) for part in text.split(";")) if text else ()


def _flag(text: str) -> bool:
    return {"": False, "0": False, "1": True}[text]


def _one_of(*choices: str) -> Callable[[str], str]:
    def choose(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return choose


_KINDS: Mapping[str, tuple[Callable[[str], Cell], str]] = {
    "text": (str, "a text"),
    "code": (_code, "a code without spaces around it"),
    "whole": (_whole, "a whole number"),
    "number": (_number, "a whole number, or nothing"),
    "numbers": (_numbers, f"whole numbers, or nothing{_SEPARATE}"),
    "texts": (_texts, f"codes, or nothing{_SEPARATE}"),
    "flag": (_flag, "1, 0 or nothing"),
    "sex": (_one_of("", "1", "2"), "1 (male), 2 (female) or nothing"),
    "role": (_one_of(*DX_ROLES), f"one of {', '.join(DX_ROLES)}"),
    "kind": (_one_of("surgical", "procedure", "medical"), "surgical, procedure or medical"),
    "px_flag": (_one_of(*PX_FLAGS), f"one of {', '.join(PX_FLAGS[1:])}, or nothing"),
    "severity": (_one_of(*DRG_SEVERITIES), f"one of {', '.join(DRG_SEVERITIES)}"),
}


def read_tables(folder: Path) -> tuple[dict[str, Table], list[Problem]]:
    """Read all tables of a scheme's folder.

    Parameters
    ----------
    folder : Path
        The scheme.

    Returns
    -------
    tuple
        The tables by file name, and everything that is wrong with them (empty when all is well).
    """
    tables: dict[str, Table] = {}
    problems: list[Problem] = []
    for name, layout in TABLES.items():
        path = folder / name
        if not path.is_file():
            if not layout.file_optional:
                problems.append(Problem(str(path), "no such file", "the tables of a scheme: " + ", ".join(_needed())))
            continue
        table = _read_table(name, read_bytes(path, where=str(path), expected="a table of a scheme"), layout, problems)
        if table is not None:
            tables[name] = table
    return tables, problems


def _needed() -> list[str]:
    return [name for name, layout in TABLES.items() if not layout.file_optional]


def _read_table(name: str, content: bytes, layout: Layout, problems: list[Problem]) -> Table | None:
    try:
        table = read_delimited(content, where=name)
    except TableError as error:
        problems += error.problems
        return None
    header, rows, lines = list(table.columns), table.rows, table.lines
    for cells, uneven in table.uneven.items():
        expected = f"{len(header)}, as in the header"
        problems += [Problem(f"{name} row {line}", f"{cells} cells", expected) for line in uneven]
    before = len(problems)
    _check_header(name, header, layout, problems)
    if not rows and not layout.may_be_empty and len(problems) == before:
        problems.append(Problem(name, "no rows", "at least one row"))
    if len(problems) > before:
        return None
    return _convert(name, header, (rows, lines), layout, problems)


def _check_header(name: str, header: list[str], layout: Layout, problems: list[Problem]) -> None:
    place = f"{name} header"
    known = [*layout.required, *layout.optional]
    problems += [
        Problem(place, f"no column {column!r}", f"the columns {', '.join(layout.required)}")
        for column in layout.required
        if column not in header
    ]
    problems += [
        Problem(place, f"the column {column!r} {header.count(column)} times", "every column once")
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    if not layout.open_columns:
        problems += [unknown_name(place, column, known, what="column") for column in header if column not in known]


def _convert(
    name: str, header: list[str], body: tuple[list[list[str]], list[int]], layout: Layout, problems: list[Problem]
) -> Table:
    rows, lines = body
    kinds = {**layout.required, **layout.optional}
    columns: dict[str, list[Cell]] = {}
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    for column, texts in zip(header, cells, strict=True):
        convert, expected = _KINDS[kinds.get(column, "flag" if name == "px_valid.csv" else "text")]
        values: dict[str, Cell] = {}
        wrong: set[str] = set()
        for text in set(texts):
            try:
                values[text] = convert(text)
            except (ValueError, KeyError):
                wrong.add(text)
        if wrong:
            problems += [
                Problem(f"{name} row {line}, {column}", f"{text!r}" if text else "nothing", expected)
                for line, text in zip(lines, texts, strict=True)
                if text in wrong
            ]
        columns[column] = [values.get(text) for text in texts]
    return Table(name, columns, lines)
