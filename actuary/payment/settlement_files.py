"""Write a settlement as a folder: cases, totals, problems, books, and the policy that made them.

`cases.parquet` holds every case, money in fen; the tables for people hold yuan with two decimals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.files import csv_bytes
from actuary.payment.compiled import point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import as_decimal, fen_to_yuan
from actuary.payment.point_value import PointValue
from actuary.payment.policy_copy import write_policy_copy
from actuary.payment.policy_files import payment_policy_paths
from actuary.payment.review import ReviewQuota
from actuary.payment.settlement import BookRow, Settlement
from actuary.payment.settlement_problems import problem_frame
from actuary.payment.settlement_sums import SettlementSums, settled_cases, sums_of_settlement
from actuary.payment.statuses import REASON_STATUS, REASONS, PaymentStatus
from actuary.payment.totals import MONEY_TOTALS
from actuary.tables.file_marks import file_marks
from actuary.tables.personal_door import persons_told

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "record_of_sums",
    "settlement_record",
    "write_settled_cases",
    "write_settlement",
    "write_settlement_tables",
]

_FEN = (*MONEY_TOTALS, "unpaid_cost_fen", "fund_charged_fen")


def settlement_record(settlement: Settlement) -> dict[str, Any]:
    """Return what identifies a settlement and what it comes to, as JSON can hold it; numbers are texts.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    """
    return record_of_sums(
        settlement.policy,
        sums_of_settlement(settlement, tables={}),
        settlement.point_values,
        fingerprint=settlement.fingerprint,
        source=Path(settlement.table.source),
    )


def record_of_sums(
    policy: PaymentPolicy,
    sums: SettlementSums,
    values: Sequence[PointValue],
    *,
    fingerprint: str,
    source: Path,
    city: str = "",
) -> dict[str, Any]:
    """Return what identifies a settlement and what it comes to, as JSON can hold it; numbers are texts.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    sums : SettlementSums
        What all cases come to.
    values : sequence of PointValue
        What a point is worth in each pool.
    fingerprint : str
        The settlement's.
    source : Path
        Where the cases stood.
    city : str
        Whose cases they are, where neither policy nor source tell.
    """
    counts: dict[str, int] = {status.value: 0 for status in PaymentStatus}
    reasons: dict[str, int] = {}
    for number, cases in enumerate(sums.reasons):
        counts[REASON_STATUS[number].value] += cases
        if cases:
            reasons[REASONS[number].value] = cases
    return {
        "policy": policy.id,
        "family": policy.family,
        "price_mode": policy.price.mode,
        "policy_fingerprint": policy.fingerprint,
        "fingerprint": fingerprint,
        "synthetic": sums.synthetic,
        "source": source.name,
        "city": _city_of(policy, source) or city,
        "renamed_columns": dict(sums.renamed),
        "remarks": list(sums.remarks),
        "cases": sum(sums.reasons),
        "cases_by_status": counts,
        "cases_by_reason": reasons,
        "points": str(Decimal(sums.points).scaleb(-point_places(policy))),
        "totals_yuan": {name: str(fen_to_yuan(amount)) for name, amount in sums.money.items()},
        "point_values": [
            {
                "insurance": pool.insurance,
                "budget_yuan": str(fen_to_yuan(pool.budget_fen)),
                "adjusting_fund_yuan": str(fen_to_yuan(pool.adjusting_fen)),
                "points": str(as_decimal(pool.points)),
                "value_yuan": None if pool.value is None else str(as_decimal(pool.value)),
                "bound": pool.bound,
            }
            for pool in values
        ],
    }


def _city_of(policy: PaymentPolicy, source: Path) -> str:
    """Return whose cases they are: of the policy's city, else as the file of the cases says; empty where none does."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    path = payment_policy_paths().get(policy.id)
    if path is not None and path.parent.parent.parent.name == "cities":
        return path.parent.parent.name
    if source.suffix.lower() != ".parquet" or not source.is_file():
        return ""
    try:
        return file_marks(pq.read_schema(source).metadata).get("city", "")
    except (OSError, pa.ArrowException):
        return ""


def _in_yuan(frame: pd.DataFrame) -> pd.DataFrame:
    """Return totals as people read them: fen as yuan with two decimals, shares with six."""
    shown = frame.copy()
    for name in frame.columns:
        if name in _FEN:
            shown[name] = [str(fen_to_yuan(int(amount))) for amount in frame[name]]
        elif name in {"settlement_rate", "standard_to_cost"}:
            shown[name] = ["" if share != share else f"{share:.6f}" for share in frame[name]]  # noqa: PLR0124
    return shown.rename(columns={name: f"{name.removesuffix('_fen')}_yuan" for name in _FEN})


def _write_csv(frame: pd.DataFrame, path: Path, *, synthetic: bool) -> None:
    if synthetic:
        frame = frame.assign(synthetic=True)
    # The byte-order mark lets spreadsheets read Chinese.
    path.write_bytes(csv_bytes(frame))


def write_settlement(settlement: Settlement, folder: Path, *, lang: str = "zh") -> None:
    """Write a settlement into a folder.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    folder : Path
        Where to write; it exists and is empty.
    lang : str
        Language of the reasons in the list of problems, ``zh`` or ``en``.

    Notes
    -----
    ``cases.parquet``; the tables of :data:`TABLES`; ``problems.csv`` (every case that is not paid); ``books.csv``;
    ``reviews.csv`` where there were special reviews; ``settlement.json``; ``policy.toml`` with its tables, a copy that
    needs no other file; ``manifest.json``.
    """
    sums = sums_of_settlement(settlement)
    write_settled_cases(settlement, folder / "cases.parquet", fingerprint=settlement.fingerprint)
    _write_csv(problem_frame(settlement, lang=lang), folder / "problems.csv", synthetic=sums.synthetic)
    record = record_of_sums(
        settlement.policy,
        sums,
        settlement.point_values,
        fingerprint=settlement.fingerprint,
        source=Path(settlement.table.source),
    )
    titles = settlement.table.hospital_titles
    write_settlement_tables(
        folder,
        settlement.policy,
        sums,
        record=record,
        books=settlement.books,
        titles=titles,
        quotas=settlement.kinds.quotas,
    )
    _write_manifest(folder, {"synthetic": settlement.synthetic, "fingerprint": settlement.fingerprint})


def write_settled_cases(settlement: Settlement, path: Path, *, fingerprint: str, synthetic: bool = False) -> None:
    """Write the cases of a settlement, or of a part of one, with what identifies it.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    path : Path
        The Parquet file.
    fingerprint : str
        That of the whole settlement.
    synthetic : bool
        Whether cases of another part are made up.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415

    cases = settled_cases(settlement)
    coded = [field.name for field in cases.schema if str(field.type).startswith("dictionary")]
    marks = {"synthetic": str(synthetic or settlement.synthetic).lower(), "fingerprint": fingerprint}
    tagged = cases.replace_schema_metadata(
        {**marks, "policy": settlement.policy.id, "points_decimals": str(settlement.point_places)}
    )
    pq.write_table(tagged, path, compression="snappy", use_dictionary=coded)


def write_settlement_tables(
    folder: Path,
    policy: PaymentPolicy,
    sums: SettlementSums,
    *,
    record: Mapping[str, Any],
    books: Sequence[BookRow],
    titles: Mapping[str, str],
    quotas: Sequence[ReviewQuota] = (),
) -> None:
    """Write the totals, the books, the record and the copy of the policy.

    Parameters
    ----------
    folder : Path
        Where to write.
    policy : PaymentPolicy
        The policy.
    sums : SettlementSums
        What all cases come to.
    record : mapping
        See :func:`record_of_sums`.
    books : sequence of BookRow
        The books.
    titles : mapping of str to str
        Names of hospitals, as far as a list gives them.
    quotas : sequence of ReviewQuota
        The book of the special reviews.
    """
    import pandas  # noqa: ICN001, PLC0415  (only where files are written)

    for name, totals in sums.totals.items():
        frame = _in_yuan(totals.to_frame(points_places=point_places(policy)))
        _write_csv(_named(frame, titles), folder / name, synthetic=sums.synthetic)
    if quotas:
        _write_csv(pandas.DataFrame(list(quotas)), folder / "reviews.csv", synthetic=sums.synthetic)
    rows = [(row.insurance, row.item, str(fen_to_yuan(row.amount_fen))) for row in books]
    _write_csv(
        pandas.DataFrame(rows, columns=["insurance", "item", "amount_yuan"]),
        folder / "books.csv",
        synthetic=sums.synthetic,
    )
    write_policy_copy(policy, folder)
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (folder / "settlement.json").write_text(text + "\n", encoding="utf-8")


def _named(frame: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Add the names of hospitals where the list of hospitals gives them."""
    if "hospital" in frame.columns and titles:
        frame.insert(1, "name", [titles.get(name, "") for name in frame["hospital"]])
    return frame


def _write_manifest(folder: Path, marks: Mapping[str, object]) -> None:
    outputs = [
        {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.iterdir())
    ]
    text = json.dumps({**marks, **persons_told(), "outputs": outputs}, ensure_ascii=False, indent=1)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
