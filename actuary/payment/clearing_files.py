"""Read a settlement's folder for clearing, and write what the clearing made of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.errors import Problem, TableError, raise_all
from actuary.payment.clearing_run import ClearedYear, SettledPools, hospital_years
from actuary.payment.exact import as_decimal, fen_to_yuan, yuan_to_fen
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.statuses import PaymentStatus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["manifest_with_clearing", "read_settled_pools", "write_clearing"]

#: Files of a settlement that a clearing reads.
_NEEDED = ("cases.parquet", "books.csv", "settlement.json", "policy.toml")


def read_settled_pools(folder: Path | str) -> SettledPools:
    """Read what a settlement made due from the folder that it wrote.

    Parameters
    ----------
    folder : path
        The folder that ``actuary settle … --out`` wrote.

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
    mend = "name the folder that `actuary settle … --out` wrote"
    if not place.is_dir():
        raise TableError(Problem(str(folder), "no such folder", "the folder of a settlement", mend))
    raise_all(
        (
            Problem(str(place), f"no {name}", "the folder of a settlement", mend)
            for name in _NEEDED
            if not (place / name).is_file()
        ),
        TableError,
    )
    header = _read_header(place / "settlement.json")
    books = _read_books(place / "books.csv")
    budgets = {insurance: amount for (insurance, item), amount in books.items() if item == "budget"}
    rows, charged = _read_cases(place / "cases.parquet")
    hospitals = hospital_years(rows, budgets, charged=charged)
    due: dict[str, int] = {}
    for year in hospitals:
        due[year.insurance] = due.get(year.insurance, 0) + year.payable_fen
    raise_all(
        (
            Problem(
                f"{place / 'cases.parquet'}, {insurance}",
                f"{fen_to_yuan(due.get(insurance, 0)):,} yuan due",
                f"{fen_to_yuan(paid):,} yuan, as books.csv says",
                "settle the cases again: the files are not of one settlement",
            )
            for (insurance, item), paid in books.items()
            if item == "paid_by_fund" and paid != due.get(insurance, 0)
        ),
        TableError,
    )
    policy = load_payment_policy(place / "policy.toml")
    synthetic = bool(header.get("synthetic", False))
    return SettledPools(policy, hospitals, budgets, str(header.get("fingerprint", "")), synthetic)


def _read_header(path: Path) -> Mapping[str, Any]:
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TableError(Problem(str(path), f"no JSON ({error})", "the JSON that a settlement writes")) from None
    if not isinstance(header, dict):
        raise TableError(Problem(str(path), "no table of keys", "the JSON that a settlement writes"))
    return header


def _read_books(path: Path) -> dict[tuple[str, str], int]:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    try:
        return {(row["insurance"], row["item"]): yuan_to_fen(row["amount_yuan"]) for row in rows}
    except (KeyError, ValueError, TypeError):
        expected = "the columns insurance, item, amount_yuan, amounts with at most two decimals"
        raise TableError(Problem(str(path), "another table", expected)) from None


def _read_cases(path: Path) -> tuple[list[dict[str, Any]], bool]:
    """Add the cases up by hospital and insurance; say whether the charge of every paid case is known."""
    import pyarrow as pa  # noqa: PLC0415  (only where a folder is read)
    import pyarrow.compute as pc  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns = ["hospital", "insurance", "status", "points", "fund_fen"]
    try:
        names = pq.read_schema(path).names
        charged = "fund_charged_fen" in names
        table = pq.read_table(path, columns=[*columns, "fund_charged_fen"] if charged else columns)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise TableError(Problem(str(path), str(error), "the cases that a settlement writes")) from None
    if missing := [name for name in columns if name not in table.column_names]:
        expected = f"the columns {', '.join(columns)}"
        raise TableError(Problem(str(path), f"no {', '.join(missing)}", expected))
    paid = pc.equal(table["status"].cast(pa.string()), PaymentStatus.PAID.value)
    if charged:
        charged = table.filter(paid)["fund_charged_fen"].null_count == 0
    sums = ["points", "fund_fen", *(["fund_charged_fen"] if charged else [])]
    for name in ("hospital", "insurance"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    # Hospitals of which no case is paid keep their row: nothing is due to them, and they are not lost.
    zero = pa.scalar(0, pa.int64())
    for name in sums:
        kept = pc.if_else(paid, table[name].cast(pa.int64()), zero)
        table = table.set_column(table.column_names.index(name), name, kept)
    grouped = table.group_by(["hospital", "insurance"]).aggregate([(name, "sum") for name in sums])
    rows = [{key.removesuffix("_sum"): value for key, value in row.items()} for row in grouped.to_pylist()]
    rows.sort(key=lambda row: (row["hospital"] or "", row["insurance"] or ""))
    return rows, charged


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
        (folder / name).write_bytes(frame.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))
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
