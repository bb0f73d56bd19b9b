"""The rules of the schemes on the last day of the quarter, and what has changed."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Column, Mark, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import Scale, scale_in_unit
from actuary.report.sections.citations import Citations
from actuary.report.sections.year_tables import MARKS, mark_notes

__all__ = ["all_rules_table", "build", "shown_value"]

#: Groups whose rules stand in the body; the whole book is in the annex.
_BODY_GROUPS = ("employee", "resident", "retirement", "maternity", "critical_illness", "long_term_care")
_MONTHS_BACK = 12
_MONTHS_AHEAD = 12


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on the rules in force.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the policy book.
    composer : Composer
        Writes tables and sentences.
    """
    day = inputs.quarter.last_day
    intro = "rules.intro_city" if _is_city(inputs) else "rules.intro"
    blocks: list[Block] = [composer.say(intro, day=day.isoformat(), region=inputs.region_name)]
    full = inputs.full("rules_in_force")
    rules = [key for key in inputs.book.on(day) if _is_rule(inputs, key)]
    keys = [key for key in rules if full or key.split(".")[0] in _BODY_GROUPS]
    if keys:
        table = _table(inputs, composer, "rules_in_force", keys, day, compact=True)
        if full:
            blocks += [composer.heading("rules.heading_in_force"), table]
        else:
            composer.annex.append(table)
            blocks.append(composer.say("rules.in_annex", table=f"[[table:{table.id}]]"))
    blocks.append(composer.heading("rules.heading_changes"))
    first, last = _shift(day, -_MONTHS_BACK) + dt.timedelta(days=1), _shift(day, _MONTHS_AHEAD)
    changes = [change for change in inputs.book.changes(first, last) if _is_event(inputs, change)]
    blocks.append(_changes(inputs, composer, changes) if changes else composer.say("rules.no_changes"))
    return composer.section("rules_in_force", blocks)


def _is_city(inputs: ReportInputs) -> bool:
    return bool(inputs.region.id != "national")


def _is_rule(inputs: ReportInputs, key: str) -> bool:
    """Return whether a declared value is a rule, not a statistic or a target."""
    return bool(inputs.book.parameter(key).kind == "rule")


def _is_event(inputs: ReportInputs, change: Any) -> bool:
    """Return whether a change of the book happened in the world: the first record of an older rule did not."""
    if not _is_rule(inputs, change.key):
        return False
    if change.after is None:
        return True
    # A local value that follows a national one, given for reference, or the other way round, is no change of a rule.
    told = [change.day] if change.before is None else [change.day - dt.timedelta(days=1), change.day]
    places = {inputs.book.origin(change.key, day).partition(":")[0] for day in told}
    return len(places) == 1 and not inputs.book.entry(change.key, change.day).first_record


def _scope(inputs: ReportInputs, composer: Composer, key: str, day: dt.date) -> str:
    """Say whether a value is the place's own or the nation's, given for reference."""
    national = inputs.book.origin(key, day).startswith("national")
    return composer.text("phrases.scope_national" if national else "phrases.scope_own")


def _marks(entry: Any, row: int, *, value: str, since: str = "") -> list[Mark]:
    """Mark a value that was recalled and a date that is only that of the first record."""
    found = [Mark(row, value, MARKS["recalled"])] if entry.confidence == "recalled" else []
    if since and entry.first_record:
        found.append(Mark(row, since, MARKS["first_record"]))
    return found


def all_rules_table(inputs: ReportInputs, composer: Composer) -> ReportTable:
    """Build the annex table of every rule in force on the last day of the quarter."""
    day = inputs.quarter.last_day
    return _table(inputs, composer, "all_rules", list(inputs.book.on(day)), day)


def _shift(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months on, or the last of the month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def shown_value(lang: str, value: Any, unit: str, composer: Composer) -> tuple[Cell, str, int]:
    """Return a declared value as a cell, with its unit and digits.

    Parameters
    ----------
    lang : str
        Language of the report.
    value : float, bool, str or date
        The value.
    unit : str
        Its unit.
    composer : Composer
        Gives the words for yes and no.
    """
    if value is None:
        return None, "", 0
    if isinstance(value, bool):
        return composer.text("phrases.yes" if value else "phrases.no"), "", 0
    if not isinstance(value, (int, float)):
        return value.isoformat() if isinstance(value, dt.date) else _choice(composer, str(value)), "", 0
    scale: Scale = scale_in_unit(lang, unit, value=float(value))
    cell = scale.show(float(value))
    return cell, scale.unit, _needed(cell, scale.decimals)


def _choice(composer: Composer, name: str) -> str:
    key = f"choices.{name}"
    return composer.text(key) if composer.wording.has(key) else name


def _needed(cell: float | None, least: int) -> int:
    """Return the digits that print a declared value whole, at most four."""
    if cell is None:
        return least
    return next((count for count in range(5) if abs(round(cell, count) - cell) < 1e-9), 4)


def _table(
    inputs: ReportInputs, composer: Composer, table_id: str, keys: list[str], day: dt.date, *, compact: bool = False
) -> ReportTable:
    cited = Citations()
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    marks: list[Mark] = []
    city = _is_city(inputs)
    for key in keys:
        parameter, entry = inputs.book.parameter(key), inputs.book.entry(key, day)
        cell, unit, digits = shown_value(inputs.lang, entry.value, parameter.unit, composer)
        source = source_words(composer, inputs.book.source_text(key, day))
        decimals.append(digits)
        marks += _marks(entry, len(rows), value="value", since="since")
        rows.append(
            [
                _name(inputs, parameter),
                cell,
                unit,
                entry.first_day.isoformat(),
                *([_scope(inputs, composer, key, day)] if city else []),
                cited(source) if compact else source,
            ]
        )
    columns: list[Column] = [
        composer.text_column("rule"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("since", kind="period"),
        *([composer.text_column("scope")] if city else []),
        composer.text_column("source"),
    ]
    return composer.table(
        table_id,
        f"tables.{table_id}",
        columns=columns,
        rows=rows,
        notes=[
            *([composer.text("rules.note_scope")] if city else []),
            *mark_notes(composer, [mark.mark for mark in marks]),
            *cited.notes(),
        ],
        source=composer.text("sources.rules"),
        marks=marks,
        row_decimals=decimals,
        title_values={"day": day.isoformat()},
    )


def _name(inputs: ReportInputs, parameter: Any) -> str:
    return str(parameter.name_en if inputs.lang == "en" else parameter.name)


def source_words(composer: Composer, source: str) -> str:
    """Return the title of a source without its address, or the word for a judgement."""
    return composer.text(f"phrases.source_{source}") if source in {"std", "judgement"} else plain_source(source)


def plain_source(source: str) -> str:
    """Return the title of a source without its addresses.

    Examples
    --------
    >>> plain_source("2024年公报，国家医保局，http://example.org/a ; http://example.org/b")
    '2024年公报，国家医保局'
    """
    return re.sub(r"\s*;?\s*https?://\S+", "", source).strip(" ,;，；：:、")


def _changes(inputs: ReportInputs, composer: Composer, changes: Any) -> ReportTable:
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    cited = Citations()
    marks: list[Mark] = []
    city = _is_city(inputs)
    for change in changes:
        told = change.day if change.after is not None else change.day - dt.timedelta(days=1)
        key = "after" if change.after is not None else "before"
        marks += _marks(inputs.book.entry(change.key, told), len(rows), value=key)
        before, unit, digits = shown_value(inputs.lang, change.before, change.unit, composer)
        after, unit_after, digits_after = shown_value(inputs.lang, change.after, change.unit, composer)
        decimals.append(max(digits, digits_after))
        name = change.name_en if inputs.lang == "en" else change.name
        rows.append(
            [
                change.day.isoformat(),
                str(name),
                before,
                after,
                unit_after or unit,
                *([_scope(inputs, composer, change.key, told)] if city else []),
                cited(source_words(composer, change.source)),
            ]
        )
    columns = [
        composer.text_column("day", kind="period"),
        composer.text_column("rule"),
        composer.text_column("before", kind="mixed"),
        composer.text_column("after", kind="mixed"),
        composer.text_column("unit"),
        *([composer.text_column("scope")] if city else []),
        composer.text_column("source"),
    ]
    return composer.table(
        "rule_changes",
        "tables.rule_changes",
        columns=columns,
        rows=rows,
        notes=[
            composer.text("rules.note_changes"),
            *mark_notes(composer, [mark.mark for mark in marks]),
            *cited.notes(),
        ],
        source=composer.text("sources.rules"),
        marks=marks,
        row_decimals=decimals,
    )
