"""Track records on file: written by a replay, read by reports, dropped where the rule has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from actuary.alerts.track import TrackRecord, wilson_interval
from actuary.errors import Problem, TableError, raise_all
from actuary.files import read_records
from actuary.paths import models_root
from actuary.policy import AlertRule, fingerprint

__all__ = ["TRACK_FILE", "load_track", "rule_fingerprint", "show_records", "track_frame"]

#: Beside the rules whose record it holds.
TRACK_FILE = "alerts/track_record.csv"

_COLUMNS = ("rule_id", "series", "scheme", "first", "last", "periods", "events", "hits")
_COUNTS = ("alarms", "false_alarms", "open_alarms")


def rule_fingerprint(rule: AlertRule) -> str:
    """Return the hash of what decides a rule's levels and its record; its texts may change without it.

    Parameters
    ----------
    rule : AlertRule
        The rule.
    """
    held = rule.model_dump(mode="json", include={"indicator", "fund", "otherwise", "hysteresis", "outcome"})
    for name in ("name_zh", "name_en"):
        if held["outcome"] is not None:
            held["outcome"].pop(name)
    cases = [[case.level, [str(condition) for condition in case.all]] for case in rule.case]
    return fingerprint({"rule": held, "cases": cases})[:16]


def track_frame(records: Iterable[TrackRecord], rules: Iterable[AlertRule]) -> pd.DataFrame:
    """Return one row a rule and series, with counts, rates and their intervals of 90 %.

    Parameters
    ----------
    records : iterable of TrackRecord
        What a replay found.
    rules : iterable of AlertRule
        The rules, for their fingerprints.
    """
    marks = {rule.id: rule_fingerprint(rule) for rule in rules}
    rows = []
    for one in records:
        row: dict[str, object] = {name: getattr(one, name) for name in (*_COLUMNS, "hit_rate")}
        row["hit_low"], row["hit_high"] = wilson_interval(one.hits, one.events)
        row |= {name: getattr(one, name) for name in (*_COUNTS, "false_alarm_rate")}
        row["false_low"], row["false_high"] = wilson_interval(one.false_alarms, one.alarms)
        row["lead_years"] = one.lead_years
        row["lead_least"], row["lead_most"] = min(one.leads, default=None), max(one.leads, default=None)
        row |= {"reason_zh": one.reason_zh, "reason_en": one.reason_en, "rule_fingerprint": marks[one.rule_id]}
        rows.append(row)
    return pd.DataFrame(rows)


def load_track(rules: Sequence[AlertRule], models: Path | None = None) -> Mapping[str, pd.DataFrame]:
    """Return the records on file of every rule that has not changed since they were made.

    Parameters
    ----------
    rules : sequence of AlertRule
        The rules as they are now.
    models : Path, optional
        Models folder.
    """
    path = (models or models_root()) / TRACK_FILE
    if not path.is_file():
        return {}
    table = _read(path)
    marks = {rule.id: rule_fingerprint(rule) for rule in rules}
    fresh = table[
        [marks.get(rule) == mark for rule, mark in zip(table["rule_id"], table["rule_fingerprint"], strict=True)]
    ]
    return {str(rule): rows.reset_index(drop=True) for rule, rows in fresh.groupby("rule_id", sort=False)}


_WORDS = ("rule_id", "series", "scheme", "first", "last", "reason_zh", "reason_en", "rule_fingerprint")
_FIGURES = ("periods", "events", "hits", "hit_rate", "hit_low", "hit_high", *_COUNTS, "false_alarm_rate", "false_low",
            "false_high", "lead_years", "lead_least", "lead_most")  # fmt: skip


def _read(path: Path) -> pd.DataFrame:
    """Read the file: words as words, figures as numbers, blank where nothing is known."""
    label, mend = TRACK_FILE, "write it again: make warn-record"
    rows, problems = read_records(path, (*_WORDS, *_FIGURES), label=label)
    raise_all(problems, TableError)
    table = pd.DataFrame([row for _, row in rows], columns=[*_WORDS, *_FIGURES])
    for name in _FIGURES:
        column = pd.to_numeric(table[name].replace("", None), errors="coerce")
        wrong = column.isna() & table[name].ne("")
        raise_all(
            (
                Problem(f"{label} line {rows[place][0]}, {name}", repr(rows[place][1][name]), "a number", mend)
                for place in wrong.to_numpy().nonzero()[0].tolist()
            ),
            TableError,
        )
        table[name] = column
    return table


def show_records(table: pd.DataFrame) -> pd.DataFrame:
    """Return records as they are read: counts with rates, intervals in brackets, a dash where nothing was counted.

    Parameters
    ----------
    table : DataFrame
        See :func:`track_frame`.

    Examples
    --------
    >>> rows = [TrackRecord("PR-9", "here", "all", "2010Q4", "2015Q4", 6, 3, 2, 4, 1, 0, (1.0, 2.0))]
    >>> from actuary.policy import load_alert_rules
    >>> shown = show_records(track_frame(rows, load_alert_rules())).iloc[0]
    >>> shown.hit_rate, shown.false_alarm_rate, shown.lead_years
    ('2/3, 67 % (25-92)', '1/4, 25 % (6-64)', '1.5 (1-2)')
    """
    rows = []
    for row in table.to_dict("records"):
        lead = (
            "-" if pd.isna(row["lead_years"]) else f"{row['lead_years']:g} ({row['lead_least']:g}-{row['lead_most']:g})"
        )
        rows.append(
            {
                **{name: row[name] for name in ("series", "rule_id", "scheme", "periods", "events")},
                "hit_rate": _rate(row, "hits", "events", "hit_rate", ("hit_low", "hit_high")),
                "false_alarm_rate": _rate(
                    row, "false_alarms", "alarms", "false_alarm_rate", ("false_low", "false_high")
                ),
                "lead_years": lead,
            }
        )
    return pd.DataFrame(rows)


def _rate(row: Mapping[Any, Any], count: str, total: str, rate: str, ends: tuple[str, str]) -> str:
    if not row[total]:
        return "-"
    low, high = (100 * float(row[end]) for end in ends)
    return f"{row[count]}/{row[total]}, {100 * float(row[rate]):.0f} % ({low:.0f}-{high:.0f})"
