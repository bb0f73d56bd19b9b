"""Write a parallel run as a folder of tables for people, in yuan, and its main figures as JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.files import csv_bytes
from actuary.payment.comparison import PolicyComparison
from actuary.payment.exact import fen_to_yuan
from actuary.tables.personal_door import persons_told

if TYPE_CHECKING:
    import pandas as pd

    from actuary.payment.coverage import Coverage

__all__ = ["in_yuan", "write_comparison"]

#: Tables by their file, with the key that they are added up by.
_TABLES: Mapping[str, str] = {
    "tiers.csv": "tier",
    "groups.csv": "drg",
    "departments.csv": "department",
    "insurances.csv": "insurance",
    "months.csv": "month",
}


def in_yuan(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table as people read it: fen as yuan with two decimals, shares with six.

    Parameters
    ----------
    frame : DataFrame
        Columns of amounts end in ``_fen``, of shares in ``_share``.
    """
    shown = frame.copy()
    for name in frame.columns:
        if name.endswith("_fen"):
            shown[name] = [str(fen_to_yuan(int(amount))) for amount in frame[name]]
        elif name.endswith("_share"):
            shown[name] = ["" if share != share else f"{share:.6f}" for share in frame[name]]  # noqa: PLR0124
    names = {name: f"{name.removesuffix('_fen')}_yuan" for name in frame.columns if name.endswith("_fen")}
    return shown.rename(columns=names)


def write_comparison(comparison: PolicyComparison, folder: Path, *, coverage: Coverage | None = None) -> None:
    """Write a parallel run into a folder.

    Parameters
    ----------
    comparison : PolicyComparison
        The run.
    folder : Path
        Where to write; it exists and is empty.
    coverage : Coverage, optional
        The reach under the second policy against a plan.

    Notes
    -----
    ``hospitals.csv, tiers.csv, groups.csv, departments.csv, insurances.csv, months.csv`` as far as the cases say them;
    ``rules.csv`` and ``rules_by_hospital.csv``; ``classes.csv``; ``unpaid.csv``; ``books.csv``; ``coverage.csv``;
    ``summary.json``; ``manifest.json``.
    """
    frames: dict[str, Any] = {"hospitals.csv": comparison.hospitals}
    frames |= {name: comparison.by(key) for name, key in _TABLES.items() if key in comparison.keys}
    frames |= {
        "rules.csv": comparison.rules,
        "rules_by_hospital.csv": comparison.rules_by("hospital"),
        "classes.csv": comparison.class_changes,
        "unpaid.csv": comparison.unpaid,
        "books.csv": comparison.books,
    }
    if coverage is not None:
        frames["coverage.csv"] = coverage.to_frame()
    for name, frame in frames.items():
        shown = in_yuan(frame)
        if comparison.synthetic:
            shown = shown.assign(synthetic=True)
        (folder / name).write_bytes(csv_bytes(shown))
    record = comparison.summary() | ({"coverage": coverage.summary()} if coverage is not None else {})
    _write_json(folder / "summary.json", record)
    outputs = [
        {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.iterdir())
    ]
    marks = {"synthetic": str(comparison.synthetic).lower(), "fingerprint": comparison.fingerprint}
    _write_json(folder / "manifest.json", {**marks, **persons_told(), "outputs": outputs})


def _write_json(path: Path, record: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
