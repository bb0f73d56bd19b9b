"""Tables for offices: CSV and Excel files that open as text and numbers, never as formulas, and are read back."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import Problem, TableError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FilledTable", "csv_bytes", "neutral", "read_filled", "xlsx_bytes"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_FIXED = dt.datetime(2000, 1, 1)
_SHEET_ROWS = 1_048_575
_FONT = "Microsoft YaHei"


def neutral(text: str) -> str:
    """Return a text that a spreadsheet shows and does not compute.

    Parameters
    ----------
    text : str
        The cell of a CSV file. What begins like a formula gets an apostrophe ahead; numbers stay.

    Examples
    --------
    >>> neutral("=HYPERLINK(1)"), neutral("-5.20"), neutral("约谈"), neutral(" @SUM(A1)")
    ("'=HYPERLINK(1)", '-5.20', '约谈', "' @SUM(A1)")
    """
    if not text.startswith(_FORMULA) and not text.lstrip().startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _plain(text: str) -> str:
    """Undo :func:`neutral`."""
    return text[1:] if text.startswith("'") and neutral(text[1:]) == text else text


def csv_bytes(frame: pd.DataFrame) -> bytes:
    r"""Write a frame as CSV in UTF-8 with a byte-order mark; texts are neutralised.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_bytes(pd.DataFrame({"note": ["=1+1"], "fen": [5]})).decode("utf-8-sig")
    "note,fen\n'=1+1,5\n"
    """
    shown = frame.rename(columns=lambda name: neutral(str(name)))
    for name in shown.columns:
        if shown[name].dtype.kind not in "iufbM":
            shown[name] = shown[name].map(lambda value: _cell(value) if isinstance(value, str) else value)
    return bytes(shown.to_csv(index=False, lineterminator="\n").encode("utf-8-sig", "replace"))


def _cell(text: str) -> str:
    # A lone carriage return is not quoted, and ends a row for spreadsheets: what follows would be a cell of its own.
    return neutral(text.replace("\r\n", "\n").replace("\r", "\n"))


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
        The file, .xlsx or .csv in UTF-8.

    Raises
    ------
    TableError
        When it cannot be read.
    """
    place = Path(path).expanduser()
    try:
        content = place.read_bytes()
    except OSError as error:
        found = (error.strerror or "an unreadable file").lower()
        raise TableError(Problem(str(place), found, "a workbook or a CSV file")) from None
    grid = _workbook(content, place) if content.startswith(b"PK") else _text(content, place)
    header = [cell.strip() for cell in (grid[0] if grid else [])]
    if not any(header):
        raise TableError(Problem(str(place), "no headings in row 1", "the headings of the list, in row 1"))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise TableError(Problem(str(place), f"the column {twice[0]!r} twice", "every column once"))
    rows = []
    for number, cells in enumerate(grid[1:], 2):
        row = {name: _plain(cell.strip()) for name, cell in zip(header, cells, strict=False) if name}
        if any(row.values()):
            rows.append((number, row))
    return FilledTable(place.name, tuple(name for name in header if name), tuple(rows))


def _text(content: bytes, place: Path) -> list[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        mend = "save it as CSV in UTF-8, or as .xlsx"
        raise TableError(Problem(str(place), "text that is not UTF-8", "a CSV file in UTF-8", mend)) from None
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise TableError(Problem(str(place), f"no CSV file ({error})", "a CSV file")) from None


def _workbook(content: bytes, place: Path) -> list[list[str]]:
    import openpyxl  # noqa: PLC0415  (only where a workbook is read)

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError) as error:
        raise TableError(Problem(str(place), f"no workbook ({error})", "a workbook (.xlsx)")) from None
    return [[_cell_text(value) for value in row] for row in rows]


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        # A spreadsheet's sums end in digits that nobody wrote.
        return str(int(value)) if value.is_integer() else repr(round(value, 6))
    return value.date().isoformat() if isinstance(value, dt.datetime) else str(value)
