"""Read a settlement's folder for clearing, and write what the clearing made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import Problem, TableError, raise_all
from actuary.files import csv_bytes, parse_json, read_bytes, read_records
from actuary.payment.clearing_run import ClearedYear, SettledPools, hospital_years
from actuary.payment.exact import as_decimal, fen_to_yuan, yuan_to_fen
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.statuses import PaymentStatus
from actuary.personal_numbers import without_cells

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["DueSums", "manifest_with_clearing", "read_due", "read_settled_pools", "write_clearing"]

#: Files of a settlement that a clearing reads, beside the cases.
_NEEDED = ("books.csv", "settlement.json", "policy.toml")

_MEND = "name the folder that `actuary settle … --out` wrote"


@dataclass(frozen=True, slots=True)
class DueSums:
    """Hold what paid cases add up to by hospital and insurance; sums of parts add up to those of the whole.

    Parameters
    ----------
    rows : mapping of (str or None, str or None) to tuple of int
        Points, what the fund pays and what it was charged [fen].
    charged : bool
        Whether the charge of every paid case is known.

    Examples
    --------
    >>> one = DueSums({("H1", "employee"): (1, 2, 3)}, charged=True)
    >>> one.joined(DueSums({("H1", "employee"): (1, 1, 0)}, charged=False))
    DueSums(rows={('H1', 'employee'): (2, 3, 3)}, charged=False)
    """

    rows: Mapping[tuple[str | None, str | None], tuple[int, int, int]]
    charged: bool

    def joined(self, other: DueSums) -> DueSums:
        """Return the sums of two parts together."""
        rows = dict(self.rows)
        for key, (points, fund, charged) in other.rows.items():
            before = rows.get(key, (0, 0, 0))
            rows[key] = (before[0] + points, before[1] + fund, before[2] + charged)
        return DueSums(rows, charged=self.charged and other.charged)

    def records(self) -> list[dict[str, Any]]:
        """Return one row a hospital and insurance, in their order."""
        order = sorted(self.rows, key=lambda key: (key[0] or "", key[1] or ""))
        found = []
        for key in order:
            points, fund, charged = self.rows[key]
            row = {"hospital": key[0], "insurance": key[1], "points": points, "fund_fen": fund}
            found.append({**row, "fund_charged_fen": charged} if self.charged else row)
        return found


def read_settled_pools(folder: Path | str, *, due: DueSums | None = None) -> SettledPools:
    """Read what a settlement made due from the folder that it wrote.

    Parameters
    ----------
    folder : path
        The folder that ``actuary settle … --out`` wrote.
    due : DueSums, optional
        What its cases add up to, where they were added up already; read from ``cases.parquet`` when left out.

    Returns
    -------
    SettledPools
        Hospitals, budgets, policy.

    Raises
    ------
    TableError
        When a file is missing or is not what a settlement writes, or the cases do not add up to the books.
    DeclarationError
        When the policy in the folder is not valid.
    """
    place = Path(folder).expanduser()
    mend = _MEND
    if not place.is_dir():
        raise TableError(Problem(str(folder), "no such folder", "the folder of a settlement", mend))
    raise_all(
        (
            Problem(str(place), f"no {name}", "the folder of a settlement", mend)
            for name in (*_NEEDED, *(("cases.parquet",) if due is None else ()))
            if not (place / name).is_file()
        ),
        TableError,
    )
    header = _read_header(place / "settlement.json")
    books = _read_books(place / "books.csv")
    budgets = {insurance: amount for (insurance, item), amount in books.items() if item == "budget"}
    added = read_due(place / "cases.parquet") if due is None else due
    hospitals = hospital_years(added.records(), budgets, charged=added.charged)
    payable: dict[str, int] = {}
    for year in hospitals:
        payable[year.insurance] = payable.get(year.insurance, 0) + year.payable_fen
    raise_all(
        (
            Problem(
                f"{place / 'cases.parquet'}, {insurance}",
                f"{fen_to_yuan(payable.get(insurance, 0)):,} yuan due",
                f"{fen_to_yuan(paid):,} yuan, as books.csv says",
                "settle the cases again: the files are not of one settlement",
            )
            for (insurance, item), paid in books.items()
            if item == "paid_by_fund" and paid != payable.get(insurance, 0)
        ),
        TableError,
    )
    policy = load_payment_policy(place / "policy.toml")
    synthetic = bool(header.get("synthetic", False))
    return SettledPools(policy, hospitals, budgets, str(header.get("fingerprint", "")), synthetic)


def _read_header(path: Path) -> Mapping[str, Any]:
    try:
        header = parse_json(read_bytes(path, where=str(path), expected="the JSON that a settlement writes"))
    except ValueError as error:
        raise TableError(Problem(str(path), f"no JSON ({error})", "the JSON that a settlement writes")) from None
    if not isinstance(header, dict):
        raise TableError(Problem(str(path), "no table of keys", "the JSON that a settlement writes"))
    return header


def _read_books(path: Path) -> dict[tuple[str, str], int]:
    rows, problems = read_records(path, ("insurance", "item", "amount_yuan"), label=str(path))
    raise_all(problems, TableError)
    try:
        return {(row["insurance"], row["item"]): yuan_to_fen(row["amount_yuan"]) for _, row in rows}
    except (ArithmeticError, ValueError, TypeError):
        expected = "the columns insurance, item, amount_yuan, amounts with at most two decimals"
        raise TableError(Problem(str(path), "another table", expected)) from None


def read_due(path: Path) -> DueSums:
    """Add settled cases up by hospital and insurance.

    Parameters
    ----------
    path : Path
        The cases that a settlement wrote, or a part of them.

    Raises
    ------
    TableError
        When it is no such table.
    """
    import pyarrow as pa  # noqa: PLC0415  (only where a folder is read)
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = ["hospital", "insurance", "status", "points", "fund_fen"]
    expected = "the cases that a settlement writes"
    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            charged = "fund_charged_fen" in names
            wanted = [name for name in columns if name in names]
            table = file.read(columns=[*wanted, "fund_charged_fen"] if charged else wanted)
    except (pa.ArrowException, OSError, UnicodeError, KeyError) as error:
        raise TableError(Problem(str(path), without_cells(error), expected)) from None
    if missing := [name for name in columns if name not in table.column_names]:
        raise TableError(Problem(str(path), f"no {', '.join(missing)}", f"the columns {', '.join(columns)}"))
    try:
        return _due_of(table, charged=charged)
    except pa.ArrowException as error:
        raise TableError(Problem(str(path), without_cells(error), expected)) from None


def _due_of(table: pa.Table, *, charged: bool) -> DueSums:
    import pyarrow as pa  # noqa: PLC0415  (only where a folder is read)
    import pyarrow.compute as pc  # noqa: PLC0415

    paid = pc.equal(table["status"].cast(pa.string()), PaymentStatus.PAID.value)
    if charged:
        charged = table.filter(paid)["fund_charged_fen"].null_count == 0
    sums = ["points", "fund_fen", *(["fund_charged_fen"] if "fund_charged_fen" in table.column_names else [])]
    for name in ("hospital", "insurance"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    # Hospitals of which no case is paid keep their row: nothing is due to them, and they are not lost.
    zero = pa.scalar(0, pa.int64())
    for name in sums:
        kept = pc.if_else(paid, pc.fill_null(table[name].cast(pa.int64()), zero), zero)
        table = table.set_column(table.column_names.index(name), name, kept)
    grouped = table.group_by(["hospital", "insurance"]).aggregate([(name, "sum") for name in sums])
    rows = {
        (row["hospital"], row["insurance"]): (
            row["points_sum"],
            row["fund_fen_sum"],
            row.get("fund_charged_fen_sum", 0),
        )
        for row in grouped.to_pylist()
    }
    return DueSums(rows, charged=charged)


def write_clearing(cleared: ClearedYear, folder: Path) -> None:
    """Write hospitals.csv, books.csv, clearing.json and, where there are alliances, alliances.csv into a folder.

    Parameters
    ----------
    cleared : ClearedYear
        What was cleared.
    folder : Path
        An empty folder.
    """
    clearing = cleared.clearing
    frames = {"hospitals.csv": clearing.to_frame(), "books.csv": clearing.books_frame()}
    if cleared.alliances:
        frames["alliances.csv"] = _alliance_frame(cleared)
    for name, frame in frames.items():
        (folder / name).write_bytes(csv_bytes(frame))
    summary = {
        "policy": cleared.policy_id,
        "fingerprint": clearing.fingerprint,
        "synthetic": clearing.synthetic,
        "closes": clearing.closes,
        "hospitals": len({row.hospital for row in clearing.hospitals}),
        "books": [
            {"insurance": line.insurance, "line": line.line, "amount_yuan": str(fen_to_yuan(line.amount_fen))}
            for line in clearing.books
        ],
        "alliances": [
            {
                "name": settled.name,
                "insurance": settled.insurance,
                "pool_yuan": str(fen_to_yuan(settled.pool_fen)),
                "balance_yuan": str(fen_to_yuan(settled.balance_fen)),
                "fund_back_yuan": str(fen_to_yuan(settled.fund_back_fen)),
                "fund_extra_yuan": str(fen_to_yuan(settled.fund_extra_fen)),
                "carried_yuan": str(fen_to_yuan(settled.carried_fen)),
                "cash_yuan": str(fen_to_yuan(settled.cash_fen)),
            }
            for settled in cleared.alliances
        ],
        "notes": list(cleared.notes),
    }
    files = [*frames, "clearing.json"]
    (folder / "clearing.json").write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    manifest = {"outputs": [{"file": name} for name in files]}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def manifest_with_clearing(folder: Path) -> bytes | None:
    """Return the manifest of a settlement's folder with the files of its clearing; None where it has no manifest.

    A folder whose manifest lists all that it holds may be replaced by a later settlement.

    Parameters
    ----------
    folder : Path
        The settlement's folder, its clearing written.
    """
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        outputs = [entry for entry in manifest["outputs"] if not entry["file"].startswith("clearing/")]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for written in sorted((folder / "clearing").iterdir()):
        digest = hashlib.sha256(written.read_bytes()).hexdigest()
        outputs.append({"file": f"clearing/{written.name}", "sha256": digest})
    return (json.dumps({**manifest, "outputs": outputs}, ensure_ascii=False, indent=1) + "\n").encode()


def _alliance_frame(cleared: ClearedYear) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415  (only when a table is wanted)

    return pd.DataFrame(
        [
            {
                "alliance": settled.name,
                "insurance": settled.insurance,
                "hospital": member.hospital,
                "inside_yuan": fen_to_yuan(member.inside_fen),
                "share": _rounded(as_decimal(member.share)),
                "adjustment_yuan": fen_to_yuan(member.adjustment_fen),
                "entitlement_yuan": fen_to_yuan(member.entitlement_fen),
            }
            for settled in cleared.alliances
            for member in settled.members
        ]
    )


def _rounded(share: Decimal) -> Decimal:
    return round(share, 6)
