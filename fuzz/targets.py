"""One target a family of readers: any bytes give a result, or an error that teaches; nothing else is ever raised.

A target takes bytes. It raises what it finds wrong: an exception that is no :class:`~actuary.errors.ActuaryError`, a
problem without words, a text that is read back other than it was written.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError
from actuary.files import FileNote, csv_bytes, neutral, plain_decimal, read_delimited, read_workbook, unguarded
from fuzz.base import Finding, choice, scratch, teaches, written
from fuzz.declared import declarations, given
from fuzz.kept import audit, ledger, parts, read_back, sealed

__all__ = ["TARGETS", "UNCHOSEN", "Finding", "run_target"]

type Target = Callable[[bytes], None]


def _delimited(content: bytes) -> None:
    """Hold any table of text: what was read is written in every encoding and dialect, and read back the same."""
    which, content = choice(content, 16)
    table = read_delimited(content, where="t.csv")
    grid = [list(table.columns), *table.rows]
    if any(not name for name in table.columns) or len(table.columns) < 2:
        return
    encoding = ("utf-8", "utf-8-sig", "utf-16", "gb18030")[which % 4]
    separator = ",;\t|"[which // 4]
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerows([neutral(cell) for cell in row] for row in grid)
    try:
        written = out.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", FileNote)
        try:
            again = read_delimited(written, where="t.csv")
        except ActuaryError as error:
            teaches(error)
            return
    told = any("could be" in str(note.message) for note in notes)
    if [list(again.columns), *again.rows] != grid and not told:
        raise Finding(f"written in {encoding} with {separator!r}, read back as {again.columns} {again.rows[:3]}")


def _exports(content: bytes) -> None:
    """Hold every text in a frame: its CSV holds no formula, and is read back as it was."""
    import pandas as pd  # noqa: PLC0415

    cells = content.decode("utf-8", "replace").split("\x1e")[:40]
    for cell in cells:
        if unguarded(neutral(cell)) != cell:
            raise Finding(f"{cell!r} comes back as {unguarded(neutral(cell))!r}")
    written = csv_bytes(pd.DataFrame({"name": [f"n{cell}" for cell in cells], "note": cells}, dtype=object))
    again = read_delimited(written, where="t.csv")
    wanted = [cell.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd") for cell in cells]
    if [row[1] for row in again.rows] != wanted:
        raise Finding(f"notes come back as {[row[1] for row in again.rows]!r}, were {wanted!r}")


def _cases(content: bytes) -> None:
    from actuary.payment.case_files import read_cases  # noqa: PLC0415

    parquet, content = choice(content, 4)
    read_cases(written("cases.parquet" if parquet == 3 else "cases.csv", content), threads=1)


def _stays(content: bytes) -> None:
    from actuary.drg.group_files import group_file  # noqa: PLC0415

    parquet, content = choice(content, 4)
    source = written("stays.parquet" if parquet == 3 else "stays.csv", content)
    group_file(source, scratch() / ("grouped.csv" if parquet % 2 else "grouped.parquet"), _scheme(), threads=1)


@cache
def _scheme() -> Any:
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    return load_scheme("chs-drg-1.1")


def _settlement_list(content: bytes) -> None:
    from actuary.drg.quality import check_settlement_list  # noqa: PLC0415

    parquet, content = choice(content, 4)
    check_settlement_list(written("list.parquet" if parquet == 3 else "list.csv", content))


def _scheme_tables(content: bytes) -> None:
    from actuary.drg.scheme_tables import TABLES, read_tables  # noqa: PLC0415

    which, content = choice(content, len(TABLES))
    folder = scratch() / "scheme"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / list(TABLES)[which]).write_bytes(content)
    for problem in read_tables(folder)[1]:
        teaches(ActuaryError(problem))


def _series(content: bytes) -> None:
    from actuary.forecast.panel import read_panel  # noqa: PLC0415
    from actuary.forecast.reserving import read_expected  # noqa: PLC0415
    from actuary.forecast.triangles import read_triangle  # noqa: PLC0415

    which, content = choice(content, 3)
    (read_panel, read_triangle, read_expected)[which](written("series.csv", content))


def _facts(content: bytes) -> None:
    from actuary.tables import SCHEMAS, read_file  # noqa: PLC0415

    which, content = choice(content, len(SCHEMAS))
    read_file(written("facts.csv", content), sorted(SCHEMAS)[which])


_DICTIONARY = ("dx_yb2.csv", "px_yb2.csv", "dx_gl2_to_yb2.csv", "px_gl3_to_yb2.csv")


def _side_tables(content: bytes) -> None:
    """Hold tables beside the cases: the dictionary of codes, the catalogue, series and stays of elsewhere."""
    from actuary.drg.quality.dictionaries import load_dictionary  # noqa: PLC0415
    from actuary.tables.catalog import load_catalog  # noqa: PLC0415
    from actuary.tables.new_york_stays import read_new_york_stays  # noqa: PLC0415
    from actuary.workflow.warning_replay import read_reference  # noqa: PLC0415

    which, content = choice(content, len(_DICTIONARY) + 3)
    if which < len(_DICTIONARY):
        for name, head in zip(_DICTIONARY, ("icd,grey", "icd9,grey,class", "gl,yb", "gl,yb"), strict=True):
            written(f"dictionary/{name}", f"{head}\nA01,B02,C\n".encode())
        load_dictionary(written(f"dictionary/{_DICTIONARY[which]}", content).parent)
    elif which == len(_DICTIONARY):
        load_catalog(written("data/catalog.toml", content).parent)
    else:
        (read_reference, read_new_york_stays)[which - len(_DICTIONARY) - 1](written("other.csv", content))


def _people(content: bytes) -> None:
    from actuary.demography.population_files import FILES, read_rows  # noqa: PLC0415
    from actuary.fund.model.city_folder import read_city_figures  # noqa: PLC0415

    names = [*FILES, "figures.csv"]
    which, content = choice(content, len(names))
    path = written(names[which], content)
    if names[which] == "figures.csv":
        read_city_figures(path)
        return
    for problem in read_rows(path)[1]:
        teaches(ActuaryError(problem))


def _lists(content: bytes) -> None:
    """Hold lists that people fill in: hospitals, figures of a clearing, weights, coefficients, budgets, assessments."""
    from actuary.alerts.credit_files import read_assessments  # noqa: PLC0415
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.payment.clearing_inputs import read_figures  # noqa: PLC0415
    from actuary.payment.coefficient_tables import read_coefficients  # noqa: PLC0415
    from actuary.payment.hospital_list import read_hospitals  # noqa: PLC0415
    from actuary.payment.weight_tables import read_weights  # noqa: PLC0415

    known = [("H1", "employee"), ("H1", "resident"), ("H2", "employee")]
    readers: list[Callable[[Path], object]] = [
        read_hospitals,
        lambda path: read_figures(path, "score", known=known),
        lambda path: read_figures(path, "prepaid", known=known),
        lambda path: read_figures(path, "deduction", known=known),
        read_weights,
        read_coefficients,
        lambda path: read_budget([str(path)]),
        lambda path: read_budget([str(path.rename(path.with_suffix(".toml")))]),
        read_assessments,
    ]
    which, content = choice(content, len(readers))
    readers[which](written("list.csv", content))


def _workbook(content: bytes) -> None:
    for row in read_workbook(content, where="list.xlsx"):
        for cell in row:
            if not isinstance(cell, str):
                raise Finding(f"a cell that is no text: {cell!r}")


def _documents(content: bytes) -> None:
    """Hold JSON that is read back: reports, signals, settlements; and what is typed as an option."""
    from actuary.alerts.signals import Signal  # noqa: PLC0415
    from actuary.cli.settle import read_budget  # noqa: PLC0415
    from actuary.payment.clearing_files import read_settled_pools  # noqa: PLC0415
    from actuary.periods import Quarter  # noqa: PLC0415
    from actuary.report.contracts import ReportData  # noqa: PLC0415

    which, content = choice(content, 5)
    text = content.decode("utf-8", "replace")
    if which == 0:
        ReportData.from_json(content)
    elif which == 1:
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            return
        if isinstance(fields, dict):
            Signal.from_dict(fields)
    elif which == 2:
        written("settled/books.csv", b"insurance,item,amount_yuan\n")
        read_settled_pools(written("settled/settlement.json", content).parent)
    elif which == 3:
        Quarter.parse(text)
    else:
        plain_decimal(text)
        if "/" not in text and ".csv" not in text and ".toml" not in text:
            read_budget([text])


TARGETS: dict[str, Target] = {
    "delimited": _delimited,
    "exports": _exports,
    "cases": _cases,
    "stays": _stays,
    "settlement_list": _settlement_list,
    "scheme_tables": _scheme_tables,
    "declarations": declarations,
    "given": given,
    "series": _series,
    "facts": _facts,
    "side_tables": _side_tables,
    "people": _people,
    "lists": _lists,
    "workbook": _workbook,
    "documents": _documents,
    "ledger": ledger,
    "audit": audit,
    "read_back": read_back,
    "parts": parts,
    "sealed": sealed,
}

#: Targets whose first byte is part of the input, and chooses nothing.
UNCHOSEN = frozenset({"exports", "parts", "workbook"})


def run_target(name: str, content: bytes) -> str:
    """Run a target on an input; return ``read`` or ``refused``.

    Raises
    ------
    Exception
        Whatever is found.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            TARGETS[name](content)
        except ActuaryError as error:
            teaches(error)
            return "refused"
    return "read"
