"""What stands behind the warnings: how bad, since when, how sure, why, and how often each rule was right before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from actuary.report.composer import Composer
from actuary.report.contracts import Cell, ReportTable
from actuary.report.inputs import ReportInputs

__all__ = ["causes_table", "evidence_table", "track_table"]

_SUFFIXES = ("years", "quarters")


def evidence_table(inputs: ReportInputs, composer: Composer, groups: Sequence[tuple[Any, str]]) -> ReportTable:
    """Say of every warning how bad it is, since when, how sure it is, and what record its rule has.

    Parameters
    ----------
    inputs : ReportInputs
        The records of the rules.
    composer : Composer
        Writes the table.
    groups : sequence of (Warning, str)
        Warnings, and the ids of the rules that share one.
    """
    rows: list[list[Cell]] = [
        [
            warning.level,
            composer.text(f"schemes.{warning.scheme}_short"),
            ids,
            inputs.word(warning, "extent"),
            inputs.word(warning, "since"),
            inputs.word(warning, "sure"),
            _record(inputs, composer, warning.rule_id),
        ]
        for warning, ids in groups
    ]
    columns = [
        composer.text_column("level", kind="level"),
        composer.text_column("scheme"),
        composer.text_column("rule_id", kind="period"),
        *(composer.text_column(key) for key in ("extent", "episode", "sure", "track")),
    ]
    return composer.table(
        "warning_evidence",
        "tables.warning_evidence",
        columns=columns,
        rows=rows,
        notes=[composer.text("warnings.note_interval")],
        source=composer.text("sources.alert_rules"),
        synthetic=inputs.synthetic,
    )


def causes_table(inputs: ReportInputs, composer: Composer, warnings: Sequence[Any]) -> ReportTable | None:
    """Say why the flows and members behind the warnings changed, once a scheme and cause.

    Parameters
    ----------
    inputs : ReportInputs
        The language.
    composer : Composer
        Writes the table.
    warnings : sequence of Warning
        Warnings that are raised.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for warning in warnings:
        cause = inputs.word(warning, "cause")
        if cause:
            ids = found.setdefault((warning.scheme, cause), [])
            ids += [warning.rule_id] if warning.rule_id not in ids else []
    if not found:
        return None
    gap = composer.text("phrases.list_gap")
    rows: list[list[Cell]] = [
        [composer.text(f"schemes.{scheme}_short"), gap.join(ids), cause] for (scheme, cause), ids in found.items()
    ]
    columns = [composer.text_column("scheme"), composer.text_column("rule_id", kind="period")]
    columns.append(composer.text_column("cause"))
    return composer.table(
        "warning_causes",
        "tables.warning_causes",
        columns=columns,
        rows=rows,
        notes=[composer.text("warnings.note_causes")],
        source=composer.text("sources.alert_rules"),
        synthetic=inputs.synthetic,
    )


def track_table(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    """Print how often each rule was right before, by series; None where no rule has a record.

    Parameters
    ----------
    inputs : ReportInputs
        The records of the rules.
    composer : Composer
        Writes the table.
    """
    from actuary.alerts.track_file import show_records  # noqa: PLC0415  (loads when a report is written)

    tables = [table[table["reason_en"].eq("")] for table in inputs.track.values()]
    tables = [table for table in tables if len(table)]
    if not tables:
        return None
    shown = show_records(pd.concat(tables, ignore_index=True))
    rules = {rule.id: rule for rule in inputs.rules}
    rows: list[list[Cell]] = [
        [
            str(row["rule_id"]),
            inputs.word(rules[str(row["rule_id"])].outcome, "name"),
            _series(inputs, composer, str(row["series"])),
            composer.text(f"schemes.{row['scheme']}_short"),
            float(row["periods"]),
            str(row["hit_rate"]),
            str(row["false_alarm_rate"]),
            str(row["lead_years"]),
        ]
        for row in shown.to_dict("records")
    ]
    columns = [composer.text_column("rule_id", kind="period"), composer.text_column("outcome")]
    columns += [composer.text_column("series"), composer.text_column("scheme"), composer.column("periods", "count")]
    columns += [composer.text_column(key) for key in ("hits", "false_alarms", "lead")]
    return composer.table(
        "warning_track",
        "tables.warning_track",
        columns=columns,
        rows=rows,
        notes=[composer.text("warnings.note_track")],
        source=composer.text("sources.alert_rules"),
    )


def _series(inputs: ReportInputs, composer: Composer, name: str) -> str:
    """Return the name of a series: the region and how often its figures come."""
    place, _, suffix = name.rpartition("_")
    if suffix not in _SUFFIXES:
        return name
    known = inputs.place_names.get(place)
    words = known if known is not None else composer.text("warnings.reference_series")
    return composer.text(f"warnings.series_{suffix}", place=words)


def _record(inputs: ReportInputs, composer: Composer, rule_id: str) -> str:
    """Return the record of a rule over all series, in counts."""
    table = inputs.track.get(rule_id)
    if table is None:
        return composer.text("warnings.no_record")
    sums = table[["hits", "events", "false_alarms", "alarms"]].sum()
    if not sums["events"] and not sums["alarms"]:
        return composer.text("warnings.no_events")
    return composer.text("warnings.record", **{name: f"{int(count)}" for name, count in sums.items()})
