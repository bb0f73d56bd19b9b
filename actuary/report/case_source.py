"""The settled cases that a report is given: found, checked, and read; a wrong one is refused before any long work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import Problem, TableError, raise_all
from actuary.files import parse_json
from actuary.payment.policy_files import load_payment_policy, payment_policy_paths
from actuary.periods import Quarter

if TYPE_CHECKING:
    import pyarrow as pa

    from actuary.payment.cases import CaseTable
    from actuary.payment.declaration import PaymentPolicy
    from actuary.payment.exact import Number
    from actuary.payment.settlement import Settlement

__all__ = ["CaseRequest", "SettledCases", "check_settled", "find_cases", "is_settled", "of_settlement", "open_cases"]

_RECORD, _MANIFEST = "settlement.json", "manifest.json"
#: Files of a settlement that a report reads.
_NEEDED = ("books.csv", _RECORD, "policy.toml", _MANIFEST)
#: Its cases: one file, or the folder of a settlement part by part.
_CASES, _PARTS = "cases.parquet", "cases"
_COLUMNS = (
    *("case_id", "hospital", "insurance", "tier", "drg", "paid_group", "class", "points", "status"),
    *("cost_fen", "standard_fen", "fund_fen", "patient_fen", "other_fen", "gain_fen"),
)
_EXPECTED = "the folder that `actuary settle … --out` wrote, or a .parquet or .csv file of cases with --policy"
#: Where the data folder of a pooling region may hold its settled cases, by city and quarter.
_PLACE = "settled"
_SHOWN_MONTHS = 6
_SHOWN_FILES = 4


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """Say which cases a report is asked to use.

    Parameters
    ----------
    cases : Path
        Folder of a settlement, or file of cases.
    policy : str, optional
        Payment policy by which a file of cases is settled: a name or a file.
    budget : mapping of str to number, or number, optional
        Budgets of its pools, where its price floats [yuan].
    hospitals : Path, optional
        List of hospitals with their tiers.
    """

    cases: Path
    policy: str | None = None
    budget: Mapping[str, Number] | Number | None = None
    hospitals: Path | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class SettledCases:
    """Hold settled cases and what says how they were settled.

    Parameters
    ----------
    cases : pyarrow.Table
        The cases of a settlement, see :attr:`~actuary.payment.settlement.Settlement.cases`.
    table : CaseTable
        The same as the indicators read them.
    policy : PaymentPolicy
        By which they were settled.
    record : mapping
        Of :func:`~actuary.payment.settlement_files.settlement_record`.
    books : tuple of (str, str, float)
        Insurance, line and amount [yuan] of the books of the settlement.
    clearing : tuple of (str, str, float)
        The same of the clearing; empty where the year is not cleared.
    titles : mapping of str to str
        Hospital to its name.
    searched : pyarrow.Table or Path
        What is searched for oddities of hospitals: the file of cases, with all its columns, or the settled cases.
    checksums : mapping of str to str
        File to its SHA-256.
    options : mapping
        Options that repeat the search: budget and hospitals of a file of cases.
    """

    cases: pa.Table
    table: CaseTable
    policy: PaymentPolicy
    record: Mapping[str, Any]
    books: tuple[tuple[str, str, float], ...] = ()
    clearing: tuple[tuple[str, str, float], ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    searched: pa.Table | Path
    checksums: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def find_cases(given: Path | str | None, region: str, quarter: Quarter, *, data: Path | None = None) -> Path | None:
    """Return where the settled cases of a region and quarter lie.

    A folder that holds settlements by city and quarter, ``<city>/<quarter>`` or ``<city>`` for one of a year, may be
    given in the place of one settlement; so may the data folder hold them, under ``settled/``.

    Parameters
    ----------
    given : path, optional
        What the user named.
    region : str
        Region id.
    quarter : Quarter
        Report quarter.
    data : Path, optional
        Data folder, looked into where nothing is named.

    Returns
    -------
    Path or None
        The folder or file; None where nothing is named and the data folder holds none.
    """
    if given is None:
        from actuary.paths import data_root  # noqa: PLC0415

        base = (data or data_root()) / _PLACE
        return next((place for place in _by_place(base, region, quarter) if (place / _RECORD).is_file()), None)
    path = Path(given).expanduser()
    if path.is_dir() and not (path / _RECORD).exists():
        return next((place for place in _by_place(path, region, quarter) if (place / _RECORD).is_file()), path)
    return path


def is_settled(folder: Path) -> bool:
    """Return whether a folder looks like one that a settlement wrote, whole or not."""
    return any((folder / name).exists() for name in (_CASES, _RECORD, _MANIFEST))


def _case_files(folder: Path) -> tuple[Path, ...]:
    """Return the file of cases of a settlement, or its parts in their order; none where it holds none."""
    whole = folder / _CASES
    return (whole,) if whole.is_file() else tuple(sorted((folder / _PARTS).rglob("*.parquet")))


def _by_place(base: Path, region: str, quarter: Quarter) -> tuple[Path, ...]:
    return base / region / str(quarter), base / region / str(quarter.year), base / region


def open_cases(request: CaseRequest, region: str, *, months: Sequence[str], models: Path | None = None) -> SettledCases:
    """Read the cases, settled or to be settled, and check that they are of the region and of the months.

    Parameters
    ----------
    request : CaseRequest
        What the user named.
    region : str
        Region of the report.
    months : sequence of str
        Months of the report, such as 2024-12: at least one case must be of them.
    models : Path, optional
        Root of the models.

    Raises
    ------
    TableError
        When the folder or file is not there, not whole, empty, of another city or of other months.
    DeclarationError, BudgetError
        When the policy or the budget are not what they should be.
    """
    path = request.cases
    where = f"--cases {path}"
    if not path.exists():
        raise TableError(Problem(where, "no such file or folder", _EXPECTED))
    given = [name for name in ("policy", "budget", "hospitals") if getattr(request, name) is not None]
    if path.is_dir():
        if given:
            options = ", ".join(f"--{name}" for name in given)
            raise TableError(Problem(where, f"a folder, with {options}", "them with a file of cases only"))
        _check_folder(path, where)
        _check_record(_record(path), region, where, models)
        held = {month for part in _case_files(path) for month in _months_of_file(part, where)}
        _check_months(sorted(held), months, where)
        return _of_folder(path)
    if request.policy is None:
        mend = "name the policy by which they are settled, or settle them first with `actuary settle`"
        raise TableError(Problem(where, "a file of cases without --policy", _EXPECTED, mend))
    return _of_file(path, request, region, months, where, models)


def _check_folder(folder: Path, where: str) -> None:
    """Check that every file is there and is the one that the settlement wrote."""
    if (folder / _CASES).is_file() and not (folder / _RECORD).exists():
        mend = f"settle it: actuary settle {folder / _CASES} --policy … --out settled"
        raise TableError(Problem(where, "cases that are not settled", "the folder of a settlement", mend))
    mend = "settle the cases again, or take the whole folder"
    files = [path.relative_to(folder).as_posix() for path in _case_files(folder)] or [_CASES]
    needed = (*files, *_NEEDED)
    lacking = [name for name in needed if not (folder / name).is_file()]
    if len(lacking) == len(needed):
        held = sorted(path.parent.relative_to(folder).as_posix() for path in folder.glob(f"*/**/{_RECORD}"))
        held = held or sorted(path.name for path in folder.iterdir())
        rest = " …" if len(held) > _SHOWN_FILES else ""
        found = f"a folder with {', '.join(held[:_SHOWN_FILES])}{rest}" if held else "an empty folder"
        raise TableError(Problem(where, found, _EXPECTED))
    raise_all((Problem(where, f"no {name}", "the folder of a settlement", mend) for name in lacking), TableError)
    try:
        listed = {str(one["file"]): str(one["sha256"]) for one in _json(folder / _MANIFEST)["outputs"]}
    except (ValueError, KeyError, TypeError):
        expected = "the manifest that a settlement writes: outputs with file and sha256"
        raise TableError(Problem(str(folder / _MANIFEST), "what cannot be read", expected, mend)) from None
    problems = [
        Problem(str(folder / _MANIFEST), f"no checksum of {name}", "one of every file", mend)
        for name in needed
        if name != _MANIFEST and name not in listed
    ]
    for name, told in listed.items():
        found = _sha256(folder / name) if (folder / name).is_file() else "no such file"
        if found != told:
            problems.append(Problem(str(folder / name), f"checksum {found[:12]}", f"{told[:12]}, as written", mend))
    raise_all(problems, TableError)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _json(path: Path) -> Any:
    return parse_json(path.read_text(encoding="utf-8"))


def _record(folder: Path) -> Mapping[str, Any]:
    found = _json(folder / _RECORD)
    if not isinstance(found, dict) or "policy" not in found or "cases" not in found:
        raise TableError(Problem(str(folder / _RECORD), "another table", "the record that a settlement writes"))
    return found


def _check_record(record: Mapping[str, Any], region: str, where: str, models: Path | None) -> None:
    """Check whose cases they are, as far as the settlement or its policy says."""
    name = str(record["policy"])
    path = payment_policy_paths(models).get(name)
    of_policy = path.parent.parent.name if path is not None and path.parent.parent.parent.name == "cities" else ""
    for found, what in (
        (str(record.get("city") or ""), "cases of {}"),
        (of_policy, f"a settlement by {name}, of {{}}"),
    ):
        if found and found != region:
            raise TableError(
                Problem(where, what.format(found), f"cases of {region}", f"name them, or report on --city {found}")
            )


def _months_of_file(path: Path, where: str) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        schema = pq.read_schema(path)
        lacking = [name for name in _COLUMNS if name not in schema.names]
        if lacking:
            raise TableError(
                Problem(str(path), f"no column {', '.join(lacking)}", "the cases that a settlement writes")
            )
        if "month" not in schema.names:
            return []
        found = pq.read_table(path, columns=["month"])["month"].cast(pa.string()).unique().to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            Problem(where, str(error).splitlines()[0][:200], "the cases that a settlement writes")
        ) from None
    return sorted(str(month) for month in found if month is not None)


def _check_months(held: Sequence[str], months: Sequence[str], where: str) -> None:
    span = f"{months[0]} to {months[-1]}"
    if not held:
        mend = "settle them again with a column month or discharge_date"
        raise TableError(Problem(where, "no case with a month of discharge", f"cases of {span}", mend))
    if not set(held) & set(months):
        found = ", ".join(held) if len(held) <= _SHOWN_MONTHS else f"{held[0]} to {held[-1]}"
        mend = "name the cases of that quarter, or report on a quarter that they are of"
        raise TableError(Problem(where, f"cases of {found}", f"cases of {span}", mend))


def _of_folder(folder: Path) -> SettledCases:
    from functools import reduce  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    from actuary.payment.clearing_files import DueSums, read_due, read_settled_pools  # noqa: PLC0415

    parts = _case_files(folder)
    books = _books(folder / "books.csv")
    if books:  # the cases must add up to them; a policy of fixed prices without a budget keeps none
        read_settled_pools(folder, due=reduce(DueSums.joined, map(read_due, parts)))
    cases = pa.concat_tables(
        (pq.ParquetFile(part).read() for part in parts), promote_options="permissive"
    ).unify_dictionaries()
    record = _record(folder)
    table, searched = _table_of_settled(cases, synthetic=bool(record.get("synthetic")))
    clearing = folder / "clearing" / "clearing.json"
    lines = _json(clearing)["books"] if clearing.is_file() else ()
    return SettledCases(
        cases=cases,
        table=table,
        policy=load_payment_policy(folder / "policy.toml"),
        record=record,
        books=books,
        clearing=tuple((str(one["insurance"]), str(one["line"]), float(one["amount_yuan"])) for one in lines),
        titles=_titles(folder / "hospitals.csv"),
        searched=searched,
        checksums={
            path.relative_to(folder).as_posix(): _sha256(path)
            for path in (*parts, *(folder / name for name in _NEEDED))
        },
    )


def _books(path: Path) -> tuple[tuple[str, str, float], ...]:
    import pandas as pd  # noqa: PLC0415

    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    return tuple(
        (str(row["insurance"]), str(row["item"]), float(row["amount_yuan"])) for row in frame.to_dict("records")
    )


def _titles(path: Path) -> dict[str, str]:
    import pandas as pd  # noqa: PLC0415

    if not path.is_file():
        return {}
    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    if "name" not in frame.columns:
        return {}
    return {str(row["hospital"]): str(row["name"]) for row in frame.to_dict("records") if row["name"]}


def _table_of_settled(cases: pa.Table, *, synthetic: bool) -> tuple[CaseTable, pa.Table]:
    """Return settled cases as the readers of cases take them: what they cost, in yuan."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.compute as pc  # noqa: PLC0415

    from actuary.payment.case_files import read_cases  # noqa: PLC0415

    def yuan(name: str) -> Any:
        whole = cases[name].cast(pa.decimal128(21, 2))
        return pc.divide(whole, pa.scalar(100, pa.decimal128(3, 0))).cast(pa.decimal128(21, 2))

    kept = ("case_id", "hospital", "tier", "insurance", "drg", "department", "month", "los_days")
    columns: dict[str, Any] = {name: cases[name] for name in kept if name in cases.column_names}
    columns["total_cost"] = yuan("cost_fen")
    if "fund_charged_fen" in cases.column_names:
        columns["fund_charged"] = yuan("fund_charged_fen")
    columns["synthetic"] = pa.array([synthetic] * cases.num_rows)
    table = pa.table(columns)
    return read_cases(table), table


def _of_file(
    path: Path, request: CaseRequest, region: str, months: Sequence[str], where: str, models: Path | None
) -> SettledCases:
    from actuary.payment.case_files import read_cases  # noqa: PLC0415
    from actuary.payment.settle import settle_cases  # noqa: PLC0415

    policy = load_payment_policy(str(request.policy), root=models)
    _check_record({"policy": policy.id, "city": _city_beside(path)}, region, where, models)
    table = read_cases(path, hospitals=request.hospitals)
    if not len(table):
        raise TableError(Problem(where, "no case", "one or more"))
    _check_months(_months_of_table(table), months, where)
    settlement = settle_cases(table, policy, budget=request.budget)
    found = of_settlement(settlement)
    files = [path, *([request.hospitals] if request.hospitals is not None else [])]
    return SettledCases(
        cases=found.cases,
        table=table,
        policy=policy,
        record=found.record,
        books=found.books,
        titles=table.hospital_titles,
        searched=path,
        checksums={one.name: _sha256(one) for one in files},
        options={"policy": policy, "budget": request.budget, "hospitals": request.hospitals},
    )


def check_settled(settled: SettledCases, region: str, months: Sequence[str], models: Path | None = None) -> None:
    """Check that a settlement made in this process is of the region and of the months.

    Raises
    ------
    TableError
        When it is not.
    """
    where = "the settlement"
    _check_record(settled.record, region, where, models)
    _check_months(_months_of_table(settled.table), months, where)


def _months_of_table(table: CaseTable) -> list[str]:
    held = table.coded.get("month")
    return [] if held is None else sorted(held.names[place] for place in set(held.codes[held.codes >= 0].tolist()))


def _city_beside(path: Path) -> str:
    """Return the city that the manifest beside a file of made-up cases names; empty where there is none."""
    try:
        run = _json(path.parent / _MANIFEST)["run"]
        return str(run["city"]) if run["synthetic"] else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def of_settlement(settlement: Settlement) -> SettledCases:
    """Return a settlement made in this process as a report takes it.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    """
    import pyarrow as pa  # noqa: PLC0415

    from actuary.payment.case_columns import MISSING  # noqa: PLC0415
    from actuary.payment.exact import fen_to_yuan  # noqa: PLC0415
    from actuary.payment.settlement_files import settlement_record  # noqa: PLC0415

    cases = settlement.cases
    for name, column in (("fund_charged", "fund_charged_fen"), ("los_days", "los_days")):
        held = settlement.table.numbers.get(name)
        if held is not None:
            cases = cases.append_column(column, pa.array(held, mask=held == MISSING))
    return SettledCases(
        cases=cases,
        table=settlement.table,
        policy=settlement.policy,
        record=settlement_record(settlement),
        books=tuple((row.insurance, row.item, float(fen_to_yuan(row.amount_fen))) for row in settlement.books),
        titles=settlement.table.hospital_titles,
        searched=_table_of_settled(cases, synthetic=settlement.synthetic)[1],
    )
