"""One target a family of readers: any bytes give a result, or an error that teaches; nothing else is ever raised.

A target takes bytes. It raises what it finds wrong: an exception that is no :class:`~actuary.errors.ActuaryError`, a
problem without words, a text that is read back other than it was written.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from actuary.errors import ActuaryError
from actuary.files import FileNote, csv_bytes, neutral, plain_decimal, read_delimited, read_workbook, unguarded
from actuary.paths import models_root

__all__ = ["TARGETS", "Finding", "run_target"]

_MEMORY = Path("/dev/shm")  # noqa: S108  (files that last for one input are written into memory where there is such)

type Target = Callable[[bytes], None]


class Finding(AssertionError):  # noqa: N818  (what a search finds)
    """A property of a reader does not hold."""


@cache
def _folder() -> Path:
    """Return a folder for the files of this process."""
    base = _MEMORY if _MEMORY.is_dir() else None
    return Path(tempfile.mkdtemp(prefix=f"actuary-fuzz-{os.getpid()}-", dir=base))


@cache
def _models() -> Path:
    """Return a copy of the declarations, whose files are replaced one at a time."""
    return Path(shutil.copytree(models_root(), _folder() / "models"))


def _written(name: str, content: bytes) -> Path:
    path = _folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _choice(content: bytes, options: int) -> tuple[int, bytes]:
    """Use the first byte to choose, the rest as the input."""
    return (content[0] % options if content else 0), content[1:]


def _teaches(error: ActuaryError) -> None:
    for problem in error.problems:
        if not (problem.where.strip() and problem.found.strip() and problem.expected.strip()):
            raise Finding(f"a problem without words: {problem!r}")


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
            _teaches(error)
            return "refused"
    return "read"


def _delimited(content: bytes) -> None:
    """Hold any table of text: what was read is written in every encoding and dialect, and read back the same."""
    which, content = _choice(content, 16)
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
            _teaches(error)
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

    parquet, content = _choice(content, 4)
    read_cases(_written("cases.parquet" if parquet == 3 else "cases.csv", content), threads=1)


def _stays(content: bytes) -> None:
    from actuary.drg.group_files import group_file  # noqa: PLC0415

    parquet, content = _choice(content, 4)
    source = _written("stays.parquet" if parquet == 3 else "stays.csv", content)
    group_file(source, _folder() / ("grouped.csv" if parquet % 2 else "grouped.parquet"), _scheme(), threads=1)


@cache
def _scheme() -> Any:
    from actuary.drg.scheme import load_scheme  # noqa: PLC0415

    return load_scheme("chs-drg-1.1")


def _settlement_list(content: bytes) -> None:
    from actuary.drg.quality import check_settlement_list  # noqa: PLC0415

    parquet, content = _choice(content, 4)
    check_settlement_list(_written("list.parquet" if parquet == 3 else "list.csv", content))


def _scheme_tables(content: bytes) -> None:
    from actuary.drg.scheme_tables import TABLES, read_tables  # noqa: PLC0415

    which, content = _choice(content, len(TABLES))
    folder = _folder() / "scheme"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / list(TABLES)[which]).write_bytes(content)
    for problem in read_tables(folder)[1]:
        _teaches(ActuaryError(problem))


def _declarations(content: bytes) -> None:
    """Hold declarations of every kind: the first byte says in whose place the file stands."""
    which, content = _choice(content, len(_PLACES))
    place, load = list(_PLACES.items())[which]
    path = _models() / place
    before = path.read_bytes()
    try:
        path.write_bytes(content)
        load(path)
    finally:
        path.write_bytes(before)


def _checked_file(path: Path) -> None:
    from actuary.policy.check import check_file  # noqa: PLC0415

    for problem in check_file(path, root=_models()):
        _teaches(ActuaryError(problem))


def _payment_policy(path: Path) -> None:
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415

    load_payment_policy(path, root=_models(), partial_ok=True)


def _method(path: Path) -> None:
    from actuary.payment.method_files import load_method_rules  # noqa: PLC0415

    load_method_rules(path, root=_models())


def _modules(_path: Path) -> None:
    from actuary.policy.module_model import load_modules  # noqa: PLC0415

    load_modules("national", root=_models())


def _membership(_path: Path) -> None:
    from actuary.policy.membership_model import load_membership_model  # noqa: PLC0415

    load_membership_model("national", root=_models())


def _forecast_pooled(path: Path) -> None:
    from actuary.forecast.spec import load_pooled_spec  # noqa: PLC0415

    load_pooled_spec(path)


def _forecast_fund(path: Path) -> None:
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415

    load_fund_spec(path, models=_models())


def _forecast_reserving(path: Path) -> None:
    from actuary.forecast.delay_spec import load_delay_spec  # noqa: PLC0415

    load_delay_spec(path)


def _forecast_structural(path: Path) -> None:
    from actuary.forecast.bayes_spec import load_bayes_spec  # noqa: PLC0415

    load_bayes_spec(path, models=_models())


def _anomaly_rules(path: Path) -> None:
    from actuary.alerts.anomalies.rules import load_anomaly_rules  # noqa: PLC0415

    load_anomaly_rules(path)


def _credit_rules(_path: Path) -> None:
    from actuary.alerts.credit_rules import load_credit_rules  # noqa: PLC0415

    load_credit_rules(_models())


def _ledger_rules(_path: Path) -> None:
    from actuary.alerts.ledger.rules import load_ledger_rules  # noqa: PLC0415

    load_ledger_rules(_models())


def _audit_plan(_path: Path) -> None:
    from actuary.alerts.audit.rules import load_audit_plan  # noqa: PLC0415

    load_audit_plan(_models())


def _synth_plan(path: Path) -> None:
    from actuary.synth.plan import load_plan  # noqa: PLC0415

    load_plan(path)


def _synth_costs(path: Path) -> None:
    _synth_plan(path.with_name("shape.toml"))


_PLACES: dict[str, Callable[[Path], None]] = {
    "scenarios/adverse.toml": _checked_file,
    "national/policy/payment.toml": _checked_file,
    "national/assumptions/base.toml": _checked_file,
    "national/region.toml": _checked_file,
    "alerts/fund.toml": _checked_file,
    "reports/quarterly.toml": _checked_file,
    "national/model/finance.toml": _checked_file,
    "national/model/membership.toml": _checked_file,
    "national/model/modules.toml": _modules,
    "national/payment/points-linear.toml": _payment_policy,
    "cities/shenyang/payment/2021.toml": _payment_policy,
    "forecast/pooled.toml": _forecast_pooled,
    "forecast/fund.toml": _forecast_fund,
    "forecast/reserving.toml": _forecast_reserving,
    "forecast/structural.toml": _forecast_structural,
    "alerts/anomalies.toml": _anomaly_rules,
    "alerts/credit.toml": _credit_rules,
    "alerts/ledger.toml": _ledger_rules,
    "alerts/audit.toml": _audit_plan,
    "synth/shape.toml": _synth_plan,
    "synth/relative_cost.csv": _synth_costs,
    "national/sources.md": lambda path: _checked_file(path.parent / "region.toml"),
}


def _series(content: bytes) -> None:
    from actuary.forecast.panel import read_panel  # noqa: PLC0415
    from actuary.forecast.reserving import read_expected  # noqa: PLC0415
    from actuary.forecast.triangles import read_triangle  # noqa: PLC0415

    which, content = _choice(content, 3)
    (read_panel, read_triangle, read_expected)[which](_written("series.csv", content))


def _facts(content: bytes) -> None:
    from actuary.tables import SCHEMAS, read_file  # noqa: PLC0415

    which, content = _choice(content, len(SCHEMAS))
    read_file(_written("facts.csv", content), sorted(SCHEMAS)[which])


def _people(content: bytes) -> None:
    from actuary.demography.population_files import FILES, read_rows  # noqa: PLC0415
    from actuary.fund.model.city_folder import read_city_figures  # noqa: PLC0415

    names = [*FILES, "figures.csv"]
    which, content = _choice(content, len(names))
    path = _written(names[which], content)
    if names[which] == "figures.csv":
        read_city_figures(path)
        return
    for problem in read_rows(path)[1]:
        _teaches(ActuaryError(problem))


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
    which, content = _choice(content, len(readers))
    readers[which](_written("list.csv", content))


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

    which, content = _choice(content, 5)
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
        _written("settled/books.csv", b"insurance,item,amount_yuan\n")
        read_settled_pools(_written("settled/settlement.json", content).parent)
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
    "declarations": _declarations,
    "series": _series,
    "facts": _facts,
    "people": _people,
    "lists": _lists,
    "workbook": _workbook,
    "documents": _documents,
}
