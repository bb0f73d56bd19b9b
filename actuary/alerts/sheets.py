"""Tables for offices: workbooks that hold texts and numbers, never formulas, and lists that come back filled in."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import Problem, TableError, raise_all
from actuary.files import check_title, clean_heading, read_bytes, read_delimited, read_workbook
from actuary.files.delimited import TITLE_ROWS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FilledTable", "read_filled", "xlsx_bytes"]

_FIXED = dt.datetime(2000, 1, 1)
_SHEET_ROWS = 1_048_575
_FONT = "Microsoft YaHei"


def xlsx_bytes(
    sheets: Mapping[str, pd.DataFrame],
    *,
    filled: Collection[str] = (),
    choices: Mapping[str, Sequence[str]] | None = None,
    notes: Sequence[str] = (),
) -> bytes:
    """Write frames as sheets of a workbook: texts as texts, numbers as numbers, headings frozen.

    Parameters
    ----------
    sheets : mapping of str to DataFrame
        Name of the sheet to its rows.
    filled : collection of str
        Columns that the reader fills in: they are marked.
    choices : mapping of str to sequence of str, optional
        What may be chosen in a column.
    notes : sequence of str
        Lines of a last sheet.

    Raises
    ------
    TableError
        When a frame has more rows than a sheet.
    """
    import xlsxwriter  # noqa: PLC0415  (only where a workbook is written)

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"created": _FIXED})
        body = {"font_name": _FONT, "font_size": 10, "valign": "top"}
        plain, head = book.add_format(body), book.add_format({**body, "bold": True, "bg_color": "#f0f3f6"})
        asked = book.add_format({**body, "bold": True, "bg_color": "#fff2cc"})
        for name, frame in sheets.items():
            if len(frame) > _SHEET_ROWS:
                found = f"{len(frame):,} rows"
                raise TableError(Problem(f"sheet {name}", found, f"at most {_SHEET_ROWS:,}", "write CSV instead"))
            sheet = book.add_worksheet(name)
            for column, label in enumerate(frame.columns):
                sheet.write_string(0, column, str(label), asked if label in filled else head)
                sheet.set_column(column, column, 40 if label in {"note", "title_zh", "title_en"} else 16)
                for row, value in enumerate(frame[label].tolist(), 1):
                    _write_cell(sheet, row, column, value, plain)
                if choices and label in choices and len(frame):
                    sheet.data_validation(1, column, len(frame), column,
                                          {"validate": "list", "source": list(choices[label])})  # fmt: skip
            sheet.freeze_panes(1, 0)
            if len(frame) and len(frame.columns):
                sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
        if notes:
            sheet = book.add_worksheet("notes")
            sheet.set_column(0, 0, 120)
            for row, line in enumerate(notes):
                sheet.write_string(row, 0, line, plain)
    return buffer.getvalue()


def _write_cell(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    import pandas as pd  # noqa: PLC0415  (who has a frame has loaded it)

    if value is None or pd.isna(value):
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value)[:32_767], style)


@dataclass(frozen=True, slots=True)
class FilledTable:
    """Hold a table that somebody filled in, as text.

    Parameters
    ----------
    name : str
        The file, for messages.
    columns : tuple of str
        Headings.
    rows : tuple of (int, dict)
        Row as the reader counts, the heading being row 1, and its cells; rows without any content are left out.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


def read_filled(path: Path | str) -> FilledTable:
    """Read the first sheet of a workbook, or a CSV file, as text.

    Parameters
    ----------
    path : path
        The file: .xlsx, or CSV as :func:`~actuary.files.read_delimited` reads it.

    Raises
    ------
    TableError
        When it cannot be read.
    """
    place = Path(path).expanduser()
    content = read_bytes(place, where=str(place), expected="a workbook or a CSV file")
    if content.startswith(b"PK"):
        return _filled(read_workbook(content, where=str(place)), place)
    table = read_delimited(content, where=str(place))
    raise_all(table.problems(str(place)), TableError)
    return _filled([list(table.columns), *table.rows], place, lines=[1, *table.lines])


def _filled(grid: list[list[str]], place: Path, *, lines: Sequence[int] | None = None) -> FilledTable:
    header = [clean_heading(cell) for cell in (grid[0] if grid else [])]
    if not any(header):
        raise TableError(Problem(str(place), "no headings in row 1", "the headings of the list, in row 1"))
    for following in grid[1 : 1 + TITLE_ROWS]:
        check_title(header, following, where=str(place))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TableError(Problem(str(place), f"the column {twice[0]!r} twice", "every column once"))
    rows = []
    for place_in_grid, cells in enumerate(grid[1:], 1):
        number = lines[place_in_grid] if lines else place_in_grid + 1
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
        if any(row.values()):
            rows.append((number, row))
    return FilledTable(place.name, tuple(name for name in header if name), tuple(rows))
