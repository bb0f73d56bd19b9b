"""Record signals: open a case, see an open one again, or link a case to the closed one before it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from actuary.alerts.ledger.events import LedgerEvent, body_of
from actuary.alerts.ledger.rules import LedgerRules
from actuary.alerts.ledger.store import Writing
from actuary.alerts.signals import Signal
from actuary.policy.fingerprints import fingerprint

__all__ = ["Recorded", "record_signal", "signal_content"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Say what became of a signal.

    Parameters
    ----------
    key : str
        Key of its matter.
    case : int
        Number of the case that it is part of.
    outcome : {"opened", "seen", "reopened", "known"}
        opened: the first of its matter. seen: its case is open, the signal was appended. reopened: the case before is
        closed or dismissed, a new one is linked to it. known: the same signal was recorded before, nothing was written.
    """

    key: str
    case: int
    outcome: Literal["opened", "seen", "reopened", "known"]


def signal_content(signal: Signal) -> str:
    """Return the fingerprint of what a signal says, whichever run said it."""
    said = {name: value for name, value in signal.to_dict().items() if name != "fingerprint"}
    return fingerprint(said)


def record_signal(writing: Writing, signal: Signal, rules: LedgerRules, *, who: str, at: str) -> Recorded:
    """Append what a signal adds to the ledger.

    Parameters
    ----------
    writing : Writing
        The ledger, held.
    signal : Signal
        The signal.
    rules : LedgerRules
        The declaration.
    who, at : str
        Who records, and when.
    """
    key, content = signal.key, signal_content(signal)
    execute = writing.connection.execute
    before = execute('SELECT "case" FROM events WHERE content = ? AND matter = ?', (content, key)).fetchone()
    if before is not None:
        return Recorded(key, int(before[0]), "known")
    latest = execute(
        'SELECT "case", state FROM events WHERE matter = ? ORDER BY number DESC LIMIT 1', (key,)
    ).fetchone()
    if latest is not None and not rules.is_final(latest[1]):
        case, state = int(latest[0]), str(latest[1])
        body = {"signal": signal.to_dict(), "revises": _same_period(writing.connection, case, signal.period)}
        writing.append(_draft("seen", case, state, signal=signal, content=content, body=body, who=who, at=at))
        return Recorded(key, case, "seen")
    case = next_case(writing.connection)
    reopens = None if latest is None else int(latest[0])
    opening = {"signal": signal.to_dict(), "reopens": reopens}
    writing.append(_draft("open", case, rules.initial, signal=signal, content=content, body=opening, who=who, at=at))
    return Recorded(key, case, "opened" if latest is None else "reopened")


def next_case(connection: sqlite3.Connection) -> int:
    """Return the number of the next case."""
    return int(connection.execute('SELECT coalesce(max("case"), 0) + 1 FROM events').fetchone()[0])


def _same_period(connection: sqlite3.Connection, case: int, period: str) -> int | None:
    """Return the last event that told of the same period: what is recorded now revises it, both are kept."""
    query = (
        "SELECT number FROM events WHERE \"case\" = ? AND content != '' "
        "AND json_extract(body, '$.signal.period') = ? ORDER BY number DESC LIMIT 1"
    )
    row = connection.execute(query, (case, period)).fetchone()
    return None if row is None else int(row[0])


def _draft(
    action: str, case: int, state: str, *, signal: Signal, content: str, body: Mapping[str, object], who: str, at: str
) -> LedgerEvent:
    return LedgerEvent(
        number=0,
        case=case,
        action=action,
        state=state,
        who=who,
        at=at,
        matter=signal.key,
        content=content,
        recovered_fen=0,
        body=body_of(body),
        previous="",
    )


def by_period(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return the signals by period, so that a matter's quarters are appended in their order."""
    return tuple(sorted(signals, key=lambda signal: signal.period))
