"""Write a settlement as a folder: cases, totals, problems, books, and the policy that made them.

`cases.parquet` holds every case, money in fen; the tables for people hold yuan with two decimals.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.payment.case_columns import MISSING
from actuary.payment.exact import as_decimal, exact_sum, fen_to_yuan
from actuary.payment.policy_copy import write_policy_copy
from actuary.payment.settlement import Settlement
from actuary.payment.settlement_problems import problem_frame
from actuary.payment.statuses import REASON_STATUS, REASONS, PaymentStatus
from actuary.payment.totals import MONEY_TOTALS
from actuary.tables.personal_door import persons_told

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "settlement_record", "write_settlement"]

#: Tables of totals by their file, with the keys that they are added up by.
TABLES: Mapping[str, tuple[str, ...]] = {
    "hospitals.csv": ("hospital", "insurance"),
    "departments.csv": ("hospital", "department"),
    "groups.csv": ("paid_group",),
    "months.csv": ("month", "insurance"),
    "insurances.csv": ("insurance",),
    "classes.csv": ("class",),
}

_FEN = (*MONEY_TOTALS, "unpaid_cost_fen", "fund_charged_fen")


def settlement_record(settlement: Settlement) -> dict[str, Any]:
    """Return what identifies a settlement and what it comes to, as JSON can hold it; numbers are texts.

    Parameters
    ----------
    settlement : Settlement
        The settlement.
    """
    policy, table = settlement.policy, settlement.table
    counts: dict[str, int] = {status.value: 0 for status in PaymentStatus}
    reasons: dict[str, int] = {}
    for number, cases in enumerate(_counts(settlement)):
        counts[REASON_STATUS[number].value] += cases
        if cases:
            reasons[REASONS[number].value] = cases
    paid = settlement.paid
    money = {
        "cost": exact_sum(table.cost_fen[paid]),
        "unpaid_cost": exact_sum(table.cost_fen[~paid]),
        "standard": exact_sum(settlement.standard_fen),
        "fund": settlement.fund_total_fen,
        "patient": exact_sum(settlement.payers.patient_fen),
        "other": exact_sum(settlement.payers.other_fen),
        "gain": exact_sum(settlement.payers.gain_fen),
    }
    return {
        "policy": policy.id,
        "family": policy.family,
        "price_mode": policy.price.mode,
        "policy_fingerprint": policy.fingerprint,
        "fingerprint": settlement.fingerprint,
        "synthetic": settlement.synthetic,
        "source": Path(table.source).name,
        "renamed_columns": dict(table.renamed),
        "remarks": list(settlement.kinds.remarks),
        "cases": len(settlement),
        "cases_by_status": counts,
        "cases_by_reason": reasons,
        "points": str(Decimal(exact_sum(settlement.points)).scaleb(-settlement.point_places)),
        "totals_yuan": {name: str(fen_to_yuan(amount)) for name, amount in money.items()},
        "point_values": [
            {
                "insurance": pool.insurance,
                "budget_yuan": str(fen_to_yuan(pool.budget_fen)),
                "adjusting_fund_yuan": str(fen_to_yuan(pool.adjusting_fen)),
                "points": str(as_decimal(pool.points)),
                "value_yuan": None if pool.value is None else str(as_decimal(pool.value)),
                "bound": pool.bound,
            }
            for pool in settlement.point_values
        ],
    }


def _counts(settlement: Settlement) -> list[int]:
    import numpy as np  # noqa: PLC0415

    counts: list[int] = np.bincount(settlement.reason, minlength=len(REASONS)).tolist()
    return counts


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
    path.write_bytes(frame.to_csv(index=False, lineterminator="\n").encode("utf-8-sig"))


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
    import pandas  # noqa: ICN001, PLC0415  (only where files are written)
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    cases, made_up = settlement.cases, settlement.synthetic
    coded = [field.name for field in cases.schema if str(field.type).startswith("dictionary")]
    record = settlement_record(settlement)
    marks = {"synthetic": str(settlement.synthetic).lower(), "fingerprint": settlement.fingerprint}
    charged = settlement.table.numbers.get("fund_charged")
    if charged is not None:
        cases = cases.append_column("fund_charged_fen", pa.array(charged, mask=charged == MISSING))
    tagged = cases.replace_schema_metadata(
        {**marks, "policy": settlement.policy.id, "points_decimals": str(settlement.point_places)}
    )
    pq.write_table(tagged, folder / "cases.parquet", compression="snappy", use_dictionary=coded)
    for name, keys in TABLES.items():
        present = tuple(key for key in keys if key in cases.column_names)
        if present == keys:
            _write_csv(_named(settlement, _in_yuan(settlement.totals(keys))), folder / name, synthetic=made_up)
    _write_csv(problem_frame(settlement, lang=lang), folder / "problems.csv", synthetic=made_up)
    books = [(row.insurance, row.item, str(fen_to_yuan(row.amount_fen))) for row in settlement.books]
    _write_csv(
        pandas.DataFrame(books, columns=["insurance", "item", "amount_yuan"]), folder / "books.csv", synthetic=made_up
    )
    if settlement.kinds.quotas:
        _write_csv(pandas.DataFrame(list(settlement.kinds.quotas)), folder / "reviews.csv", synthetic=made_up)
    write_policy_copy(settlement.policy, folder)
    text = json.dumps(record, ensure_ascii=False, indent=1)
    (folder / "settlement.json").write_text(text + "\n", encoding="utf-8")
    _write_manifest(folder, {**marks, "synthetic": settlement.synthetic})


def _named(settlement: Settlement, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the names of hospitals where the list of hospitals gives them."""
    titles = settlement.table.hospital_titles
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
