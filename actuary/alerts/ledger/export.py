"""Take the ledger out: cases and events as CSV, JSON or a workbook, with the head of the chain."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from actuary.alerts.ledger.book import CaseLedger
from actuary.alerts.ledger.events import LedgerEvent
from actuary.alerts.ledger.listing import CaseFilter
from actuary.alerts.ledger.store import LedgerError
from actuary.alerts.sheets import xlsx_bytes
from actuary.errors import unknown_name
from actuary.files import csv_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EXPORT_FORMS", "event_table", "export_ledger", "with_yuan"]

#: Endings of the files that can be written.
EXPORT_FORMS: tuple[str, ...] = (".csv", ".json", ".xlsx")


def event_table(events: list[LedgerEvent]) -> pd.DataFrame:
    """Return one row an event, with what it tells in columns.

    Parameters
    ----------
    events : list of LedgerEvent
        The events.
    """
    import pandas as pd  # noqa: PLC0415  (only where a table is wanted)

    rows = []
    for event in events:
        told = event.told
        signal, kept = told.get("signal") or {}, told.get("attachment") or {}
        rows.append(
            {
                **{name: getattr(event, name) for name in ("number", "case", "action", "state", "who", "at")},
                "from": told.get("from", ""),
                "note": told.get("note", ""),
                "period": signal.get("period", ""),
                "level": signal.get("level", ""),
                "title_zh": signal.get("title_zh", ""),
                "reopens": told.get("reopens"),
                "revises": told.get("revises"),
                "attachment": kept.get("name", ""),
                "attachment_sha256": kept.get("sha256", ""),
                "recovered_fen": event.recovered_fen,
                "hash": event.hash,
            }
        )
    columns = ["number", "case", "action", "state", "who", "at", "from", "note", "period", "level", "title_zh"]
    columns += ["reopens", "revises", "attachment", "attachment_sha256", "recovered_fen", "hash"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"reopens": "Int64", "revises": "Int64"})


def with_yuan(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its money in yuan: exact, as every amount is whole fen.

    Examples
    --------
    >>> import pandas as pd
    >>> with_yuan(pd.DataFrame({"recovered_fen": [150]})).to_dict("list")
    {'recovered_yuan': [1.5]}
    """
    money = [name for name in frame.columns if name.endswith("_fen")]
    shown = frame.assign(**{name: frame[name].astype(float) / 100 for name in money})
    return shown.rename(columns={name: f"{name.removesuffix('_fen')}_yuan" for name in money})


def export_ledger(
    ledger: CaseLedger,
    form: str,
    *,
    at: dt.datetime,
    chosen: CaseFilter | None = None,
    what: Literal["cases", "events"] = "cases",
) -> bytes:
    """Return cases, and in JSON and workbooks their events too, as the content of a file.

    Parameters
    ----------
    ledger : CaseLedger
        The ledger.
    form : {".csv", ".json", ".xlsx"}
        Ending of the file.
    at : datetime
        Moment of the export: ages are counted at it.
    chosen : CaseFilter, optional
        Which cases; all when left out.
    what : {"cases", "events"}
        What a CSV file holds.

    Raises
    ------
    LedgerError
        When the form is unknown, or the ledger cannot be read.
    """
    if form not in EXPORT_FORMS:
        raise LedgerError(unknown_name("file", form, EXPORT_FORMS, what="ending"))
    cases, events, chain = ledger.snapshot(chosen, at=at)
    if form == ".csv":
        return csv_bytes(with_yuan(cases if what == "cases" else event_table(events)))
    head = str(chain)
    if form == ".json":
        return _json(ledger.path, cases, events, head=head, at=at)
    notes = [f"ledger {ledger.path.name}", f"head {head}", f"exported {at.isoformat(timespec='seconds')}"]
    if cases["synthetic"].any():
        notes.append("合成数据 · some cases rest on synthetic data")
    return xlsx_bytes({"cases": with_yuan(cases), "events": with_yuan(event_table(events))}, notes=notes)


def _json(path: Path, cases: pd.DataFrame, events: list[LedgerEvent], *, head: str, at: dt.datetime) -> bytes:
    rows: list[dict[str, Any]] = json.loads(cases.to_json(orient="records", force_ascii=False))
    content = {
        "ledger": path.name,
        "head": head,
        "exported": at.isoformat(timespec="seconds"),
        "synthetic": bool(cases["synthetic"].any()),
        "cases": rows,
        "events": [dict(zip(type(event).__slots__, event.row(), strict=True)) for event in events],
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
