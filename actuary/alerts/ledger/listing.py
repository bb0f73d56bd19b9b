"""List cases: one row each, out of the events."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actuary.alerts.ledger.rules import LedgerRules
from actuary.alerts.ledger.store import LedgerError
from actuary.alerts.signals import KINDS, SIGNAL_LEVELS
from actuary.errors import Problem, raise_all, unknown_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CaseFilter", "case_table"]

# The first event tells what the case is, the last one where it stands, the last sighting how grave it is.
_QUERY = """
WITH spans AS (
    SELECT "case", min(number) AS first, max(number) AS last, count(*) AS events,
           sum(content != '') AS seen, max(CASE WHEN content != '' THEN number END) AS sighted,
           coalesce(max(CASE WHEN action = 'move' THEN number END), min(number)) AS moved,
           sum(action = 'attach' OR body LIKE '%"attachment":{%') AS attachments,
           sum(recovered_fen) AS recovered_fen
    FROM events GROUP BY "case")
SELECT spans."case" AS "case", b.state, json_extract(s.body, '$.signal.level') AS level,
       json_extract(a.body, '$.signal.kind') AS kind, json_extract(a.body, '$.signal.region') AS region,
       json_extract(a.body, '$.signal.subject') AS subject, json_extract(a.body, '$.signal.rule_id') AS rule_id,
       json_extract(s.body, '$.signal.title_zh') AS title_zh, json_extract(s.body, '$.signal.title_en') AS title_en,
       json_extract(a.body, '$.signal.period') AS first_period, json_extract(s.body, '$.signal.period') AS last_period,
       spans.seen AS times_seen, json_extract(s.body, '$.signal.money_at_stake_fen') AS money_at_stake_fen,
       spans.recovered_fen, json_extract(a.body, '$.reopens') AS reopens, a.at AS opened_at, m.at AS moved_at,
       b.at AS changed_at, b.who AS changed_by, spans.events, spans.attachments,
       json_extract(s.body, '$.signal.synthetic') AS synthetic, a.matter
FROM spans JOIN events AS a ON a.number = spans.first JOIN events AS b ON b.number = spans.last
     JOIN events AS s ON s.number = spans.sighted JOIN events AS m ON m.number = spans.moved
"""
_WHOLE = ("money_at_stake_fen", "reopens")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Choose cases; what is left out does not choose.

    Parameters
    ----------
    case : int, optional
        Number of one case.
    state : str, optional
        A state, or ``unfinished`` for every one that is not final.
    kind, region, level, subject, rule_id : str, optional
        As in the signal.
    older_than_days : int, optional
        Cases that were opened more than so many days ago and are not final [days].
    """

    case: int | None = None
    state: str | None = None
    kind: str | None = None
    region: str | None = None
    level: str | None = None
    subject: str | None = None
    rule_id: str | None = None
    older_than_days: int | None = None

    def check(self, rules: LedgerRules) -> None:
        """Refuse names that no case can have.

        Raises
        ------
        LedgerError
            With every one of them.

        Examples
        --------
        >>> from actuary.alerts.ledger.rules import load_ledger_rules
        >>> CaseFilter(state="opne").check(load_ledger_rules())
        Traceback (most recent call last):
        actuary.alerts.ledger.store.LedgerError: state: found 'opne'; expected a known state (checking, closed,
        dismissed, interviewed, open, rectifying, unfinished); did you mean 'open'?
        """
        known = {"state": (*rules.names, "unfinished"), "kind": KINDS, "level": SIGNAL_LEVELS}
        problems = [
            unknown_name(name, getattr(self, name), names, what=name)
            for name, names in known.items()
            if getattr(self, name) is not None and getattr(self, name) not in names
        ]
        if self.older_than_days is not None and self.older_than_days < 0:
            problems.append(Problem("older than", f"{self.older_than_days} days", "0 days or more"))
        raise_all(problems, LedgerError)


#: As :func:`~actuary.alerts.ledger.events.stamp` writes moments.
_MOMENT = "%Y-%m-%dT%H:%M:%S%z"


def case_table(
    connection: sqlite3.Connection, rules: LedgerRules, chosen: CaseFilter, *, at: dt.datetime | None
) -> pd.DataFrame:
    """Return one row a case, the last changed first.

    Parameters
    ----------
    connection : sqlite3.Connection
        The ledger.
    rules : LedgerRules
        The declaration, for the Chinese names of the states.
    chosen : CaseFilter
        Which cases.
    at : datetime or None
        Moment at which ages are counted: days from the opening to it, or to the last step of a case that is final.

    Returns
    -------
    DataFrame
        Money in fen, and in yuan as text where it is exact; missing where it is not known.

    Raises
    ------
    LedgerError
        When the filter names what no case has, or asks for an age without a moment.
    """
    import pandas as pd  # noqa: PLC0415  (only where cases are listed)

    chosen.check(rules)
    if chosen.older_than_days is not None and at is None:
        raise LedgerError(Problem("older than", "no moment to count from", "the moment at", "give at = …"))
    where, values = _conditions(chosen, rules, at)
    cursor = connection.execute(f"{_QUERY} {where} ORDER BY spans.last DESC", values)
    frame = pd.DataFrame.from_records(cursor.fetchall(), columns=[column[0] for column in cursor.description])
    frame.insert(2, "state_zh", [rules.state_zh(state) for state in frame["state"]])
    for name in _WHOLE:
        frame[name] = frame[name].astype("Int64")
    frame["synthetic"] = frame["synthetic"].astype(bool)
    if at is not None:
        final = frame["state"].map(rules.is_final).astype(bool)
        try:
            opened, moved = (
                pd.to_datetime(frame[name], utc=True, format=_MOMENT) for name in ("opened_at", "moved_at")
            )
        except (ValueError, OverflowError):
            mend = "`actuary cases verify` says more; put the last good copy back"
            raise LedgerError(Problem("events, at", "what is no moment", "moments of events", mend)) from None
        until = moved.where(final, pd.Timestamp(at).tz_convert("UTC"))
        frame.insert(3, "age_days", (until - opened).dt.days.astype("Int64"))
    return frame


def _conditions(chosen: CaseFilter, rules: LedgerRules, at: dt.datetime | None) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for name, sql in (
        ("case", 'spans."case"'),
        ("kind", "json_extract(a.body, '$.signal.kind')"),
        ("region", "json_extract(a.body, '$.signal.region')"),
        ("subject", "json_extract(a.body, '$.signal.subject')"),
        ("rule_id", "json_extract(a.body, '$.signal.rule_id')"),
        ("level", "json_extract(s.body, '$.signal.level')"),
    ):
        if (value := getattr(chosen, name)) is not None:
            parts.append(f"{sql} = ?")
            values.append(value)
    final = [state.name for state in rules.state if state.final]
    unfinished = f"b.state NOT IN ({', '.join('?' * len(final))})"
    if chosen.state == "unfinished":
        parts.append(unfinished)
        values += final
    elif chosen.state is not None:
        parts.append("b.state = ?")
        values.append(chosen.state)
    if chosen.older_than_days is not None and at is not None:
        parts += ["a.at < ?", unfinished]
        before = at.astimezone(dt.UTC) - dt.timedelta(days=chosen.older_than_days)
        values += [before.isoformat(timespec="seconds"), *final]
    return (f"WHERE {' AND '.join(parts)}" if parts else ""), values
