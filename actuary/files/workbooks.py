"""Open workbooks of strangers: a workbook is an archive, which may hold far more than it weighs, or point elsewhere."""

from __future__ import annotations

import datetime as dt
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from actuary.errors import ActuaryError, Problem, TableError

__all__ = ["check_archive", "read_workbook"]

#: Members of a workbook; each sheet, picture and chart is one or two.
_MOST_MEMBERS = 5_000
#: Bytes of all members unpacked. A full sheet of a million rows and ten columns has about 400 MB of XML.
_MOST_UNPACKED = 512 * 2**20
#: How many times its packed size an archive may unpack to, once it unpacks to more than the least below. Sheets of
#: equal rows reach about 100; archives made to exhaust memory reach 1,000 a layer.
_MOST_RATIO = 250
_RATIO_FROM = 16 * 2**20
#: Cells that are read, empty ones before the last in a row included: 24 columns of a full list of 100,000 rows.
_MOST_CELLS = 2_400_000
#: Whole numbers from which a spreadsheet, which keeps 15 digits, has lost the last ones.
_LAST_EXACT = 10**15
_PIECE = 1 << 20
_EXPECTED = "a workbook (.xlsx)"
_SAVE = "open it in a spreadsheet program and save it again as .xlsx, or as CSV UTF-8"


def check_archive(content: bytes, *, where: str, error: type[ActuaryError] = TableError) -> None:
    """Make sure that an archive unpacks to what its bytes can fairly hold, inside itself, before anyone unpacks it.

    Every member is unpacked once and counted, since what an archive says of itself need not be true.

    Parameters
    ----------
    content : bytes
        The archive.
    where : str
        How messages name it.
    error : type
        Class of the error.

    Raises
    ------
    ActuaryError
        Of class `error`: it is broken or locked by a password; it has too many members, unpacks to too much or to
        other sizes than it says; a member has a path outside, is a link or twice there; an XML part declares a
        document type, as no spreadsheet program writes it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise error(Problem(where, f"{len(members):,} members", f"at most {_MOST_MEMBERS:,} in a workbook"))
            problem = _names_problem(members, where) or _sizes_problem(
                sum(one.file_size for one in members), len(content), where, "says that it unpacks to"
            )
            if problem is not None:
                raise error(problem)
            total = 0
            for member in members:
                total += _unpacked(archive, member, total, len(content), where, error)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError) as said:
        raise error(Problem(where, f"no workbook ({_said(said)})", _EXPECTED, _SAVE)) from None


def _said(failure: BaseException) -> str:
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0][:160]


def _names_problem(members: list[zipfile.ZipInfo], where: str) -> Problem | None:
    seen: set[str] = set()
    for member in members:
        name = member.filename
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
            return Problem(where, f"a member with the path {name!r}", "paths inside the workbook", _SAVE)
        if stat.S_ISLNK(member.external_attr >> 16):
            return Problem(where, f"the member {name!r}, which is a link", "files", _SAVE)
        if member.flag_bits & 1:
            return Problem(where, "a workbook that is locked by a password", _EXPECTED, "save it without a password")
        if name in seen:
            return Problem(where, f"the member {name!r} twice", "every member once", _SAVE)
        seen.add(name)
    return None


def _sizes_problem(unpacked: int, packed: int, where: str, says: str) -> Problem | None:
    if unpacked > _MOST_UNPACKED:
        expected = f"at most {_MOST_UNPACKED:,} bytes"
        return Problem(
            where, f"an archive that {says} {unpacked:,} bytes", expected, "give the table as CSV or Parquet"
        )
    if unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * packed:
        found = f"an archive of {packed:,} bytes that {says} {unpacked:,}"
        return Problem(where, found, f"at most {_MOST_RATIO} times its size", "give the table as CSV or Parquet")
    return None


def _unpacked(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, before: int, packed: int, where: str, error: type[ActuaryError]
) -> int:
    size, last = 0, b""
    xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            size += len(piece)
            problem = _sizes_problem(before + size, packed, where, "unpacks to")
            if problem is None and xml:
                # An entity of a document type may stand for a gigabyte, or for a file of the reader's machine.
                text = (last + piece).replace(b"\0", b"").upper()
                if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                    found = f"a document type in {member.filename!r}"
                    problem = Problem(where, found, "the plain XML of a spreadsheet program", _SAVE)
                last = piece[-32:]
            if problem is not None:
                raise error(problem)
    if size != member.file_size:
        found = f"{size:,} bytes in {member.filename!r}, which says {member.file_size:,}"
        raise error(Problem(where, found, "members of the size that they say", _SAVE))
    return size


def read_workbook(content: bytes, *, where: str, error: type[ActuaryError] = TableError) -> list[list[str]]:
    """Read the first sheet of a workbook as text: the shown values, never formulas.

    Whole numbers come without decimals, days as 2024-01-31.

    Parameters
    ----------
    content : bytes
        The workbook.
    where : str
        How messages name it.
    error : type
        Class of the error.

    Returns
    -------
    list of list of str
        Rows of cells, the first row being that of the headings.

    Raises
    ------
    ActuaryError
        Of class `error`: as :func:`check_archive`; no worksheet; too many cells; numbers of more than 15 digits.
    """
    import openpyxl  # noqa: PLC0415  (only where a workbook is read)

    check_archive(content, where=where, error=error)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = book.worksheets
        rows = list(_rows(sheets[0], where, error)) if sheets else None
    except ActuaryError:
        raise
    except Exception as failure:
        raise error(Problem(where, f"no workbook ({_said(failure)})", _EXPECTED, _SAVE)) from None
    if rows is None:
        raise error(Problem(where, "a workbook without a worksheet", _EXPECTED))
    return rows


def _rows(sheet: Any, where: str, error: type[ActuaryError]) -> Iterator[list[str]]:
    # What a sheet says of its own size decides how far rows are filled up: it is not believed.
    sheet.reset_dimensions()
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells += len(row) + 1
        if cells > _MOST_CELLS:
            found, mend = f"more than {_MOST_CELLS:,} cells", "delete empty rows and columns, or give it as CSV"
            raise error(Problem(where, found, "a list", mend))
        yield [_text(value, f"{where} row {number}, cell {place}", error) for place, value in enumerate(row, 1)]


def _text(value: Any, where: str, error: type[ActuaryError]) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _LAST_EXACT:
        mend = "format the column as text and enter the numbers again: the last digits are lost"
        raise error(Problem(where, "a number of more than 15 digits", "a text: a spreadsheet keeps 15 digits", mend))
    if isinstance(value, float):
        # A spreadsheet's sums end in digits that nobody wrote.
        return str(int(value)) if value.is_integer() else repr(round(value, 6))
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    return str(value)
