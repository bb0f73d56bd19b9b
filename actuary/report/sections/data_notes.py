"""What the figures rest on: sources, how sure they are, where they disagree, and what is missing."""

from __future__ import annotations

import re

import pandas as pd

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Paragraph, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import number_or_none, scale_in_unit
from actuary.report.sections.year_tables import figures_source

__all__ = ["all_conflicts_table", "build", "differences_table"]

_CONFIDENCES = ("verified", "derived", "recalled", "conflicting")
_CONFLICT_ROWS = 14
_CONFLICT_YEARS = 5
_LEADING = (
    "income",
    "expenditure",
    "balance_end",
    "current_balance",
    "enrolled",
    "active",
    "retired",
    "dependency_ratio",
)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on data.

    Parameters
    ----------
    inputs : ReportInputs
        Facts, conflicts and the catalogue.
    composer : Composer
        Writes tables and sentences.
    """
    blocks: list[Block] = [composer.say("data.intro", until=inputs.quarter.last_day.isoformat())]
    if inputs.synthetic:
        blocks.append(composer.callout("synthetic", "data.synthetic"))
    full = inputs.full("data_notes")
    sources = _sources(inputs, composer)
    if full:
        blocks += [composer.heading("data.heading_sources"), sources]
    else:
        composer.annex.append(sources)
        blocks.append(composer.say("data.sources_in_annex", table=f"[[table:{sources.id}]]"))
    confidence = _confidence(inputs, composer)
    blocks += [composer.heading("data.heading_confidence"), _confidence_sentence(composer, confidence), confidence]
    blocks += [composer.heading("data.heading_conflicts"), *_disagreeing(inputs, composer)]
    if full:
        blocks += [composer.heading("data.heading_checks"), *_checks(composer)]
    blocks.append(composer.heading("data.heading_gaps"))
    lines = inputs.missing_lines()
    if inputs.own_page:
        blocks.append(composer.say("data.gaps_elsewhere"))
    elif lines:
        blocks.append(composer.callout("missing", "data.gaps", items=lines))
    if inputs.projected:
        blocks.append(composer.say("data.gaps_quarters"))
    elif not inputs.own_page and not lines:
        blocks.append(composer.say("data.gaps_none"))
    if full:
        blocks += [composer.heading("data.heading_signoff"), composer.say("data.signoff")]
    return composer.section("data_notes", blocks)


def _disagreeing(inputs: ReportInputs, composer: Composer) -> list[Block]:
    """Tell where sources disagree: the leading figures of late in full, a reference to the annex in short."""
    if not len(inputs.conflicts):
        return [composer.say("data.no_conflicts")]
    said = composer.say("data.conflicts")
    if not inputs.full("data_notes"):
        return [said, composer.say("data.conflicts_in_annex", table="[[table:all_conflicts]]")]
    recent = inputs.conflicts["period"].astype(str).str[:4].astype(int) > inputs.quarter.year - _CONFLICT_YEARS
    leading = inputs.conflicts[inputs.conflicts["indicator"].isin(_LEADING) & recent]
    newest = leading.sort_values("period", ascending=False, kind="stable").head(_CONFLICT_ROWS)
    shown = newest if len(newest) else inputs.conflicts.head(_CONFLICT_ROWS)
    return [said, _conflicts(inputs, composer, "conflicts", shown)]


def _checks(composer: Composer) -> list[Block]:
    """Say how the figures were checked and what was changed in them, with the table of what was."""
    adjusted = any(table.id == "differences" for table in composer.annex)
    found: list[Block] = [composer.say("data.checks")]
    if adjusted:
        found.append(composer.say("data.adjusted", table="[[table:differences]]"))
    return [*found, composer.say("data.limits")]


def all_conflicts_table(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    """Build the annex table of every value that differs from the preferred one; None when there is none."""
    return _conflicts(inputs, composer, "all_conflicts", inputs.conflicts) if len(inputs.conflicts) else None


def differences_table(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    """Build the annex table of published figures that do not obey an identity; None when there is none."""
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for row in inputs.projection.differences.to_dict("records"):
        scale = scale_in_unit(inputs.lang, str(row["unit"]), value=number_or_none(row["published"]))
        decimals.append(scale.decimals + 1)
        rows.append(
            [
                composer.text(f"schemes.{row['scheme']}"),
                inputs.names.get(str(row["indicator"]), str(row["indicator"])),
                int(row["year"]),
                scale.show(row["published"]),
                scale.show(row["difference"]),
                scale.unit,
                _identity_words(inputs, composer, str(row["identity"])),
            ]
        )
    if not rows:
        return None
    columns = [
        composer.text_column("scheme"),
        composer.text_column("indicator"),
        composer.text_column("year", kind="year"),
        composer.text_column("published", kind="mixed"),
        composer.text_column("beyond_identity", kind="mixed"),
        composer.text_column("unit"),
        composer.text_column("identity"),
    ]
    return composer.table(
        "differences",
        "tables.differences",
        columns=columns,
        rows=rows,
        notes=[composer.text("data.note_differences")],
        source=figures_source(inputs, composer, inputs.paths.schemes, _LEADING),
        row_decimals=decimals,
    )


def _identity_words(inputs: ReportInputs, composer: Composer, identity: str) -> str:
    """Write an identity with the names of its indicators and schemes instead of their names in code."""

    def word(match: re.Match[str]) -> str:
        name = match[0]
        scheme = f"schemes.{name}_short"
        return composer.text(scheme) if composer.wording.has(scheme) else inputs.names.get(name, name)

    return re.sub(r"[a-z][a-z_]*", word, identity)


def _sources(inputs: ReportInputs, composer: Composer) -> ReportTable:
    parts = [inputs.facts, *(city.facts for city in inputs.cities if city.region.id != inputs.region.id)]
    used = pd.concat([part[["table", "period"]] for part in parts if len(part)]) if any(map(len, parts)) else None
    rows: list[list[Cell]] = []
    for entry in inputs.catalog.entries:
        periods = [] if used is None else sorted(str(one) for one in used.loc[used["table"] == entry.name, "period"])
        if periods:
            first, last = periods[0][:4], periods[-1][:4]
            span = first if first == last else f"{first}\N{EN DASH}{last}"
            rows.append([inputs.word(entry, "title"), entry.publisher, span, float(len(periods))])
    columns = [
        composer.text_column("table_title"),
        composer.text_column("publisher"),
        composer.text_column("span"),
        composer.column("rows_used", "count"),
    ]
    return composer.table(
        "sources", "tables.sources", columns=columns, rows=rows, notes=[composer.text("data.note_sources")], source=""
    )


def _confidence(inputs: ReportInputs, composer: Composer) -> ReportTable:
    counts = inputs.facts["confidence"].value_counts()
    total = float(counts.sum())
    rows: list[list[Cell]] = []
    for name in _CONFIDENCES:
        count = float(counts.get(name, 0))
        share = count / total if total else None
        rows.append(
            [
                composer.text(f"confidences.{name}"),
                composer.text(f"confidence_meanings.{name}"),
                count,
                composer.show(share, "share"),
            ]
        )
    columns = [
        composer.text_column("confidence"),
        composer.text_column("meaning"),
        composer.column("rows_used", "count"),
        composer.column("share", "share"),
    ]
    return composer.table("confidence", "tables.confidence", columns=columns, rows=rows, source="")


def _confidence_sentence(composer: Composer, table: ReportTable) -> Paragraph:
    return composer.say(
        "data.confidence",
        verified=composer.ref(table, 0, "rows_used"),
        share=composer.ref(table, 0, "share"),
        recalled=composer.ref(table, 2, "rows_used"),
        conflicting=composer.ref(table, 3, "rows_used"),
    )


def _basis_words(composer: Composer, basis: object, confidence: object) -> str:
    """Name a basis, and how sure the figure is where it was not simply verified."""
    words = composer.text(f"bases.{basis}")
    if str(confidence) == "verified":
        return words
    return composer.text("data.basis_confidence", basis=words, confidence=composer.text(f"confidences.{confidence}"))


def _conflicts(inputs: ReportInputs, composer: Composer, table_id: str, frame: pd.DataFrame) -> ReportTable:
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for row in frame.to_dict("records"):
        unit = str(row["unit"])
        scale = scale_in_unit(inputs.lang, unit, value=number_or_none(row["value"]))
        decimals.append(scale.decimals)
        key = f"schemes.{row['scheme']}"
        rows.append(
            [
                str(row["period"]),
                composer.text(key) if composer.wording.has(key) else str(row["scheme"]),
                inputs.names.get(str(row["indicator"]), str(row["indicator"])),
                scale.show(row["value"]),
                _basis_words(composer, row["basis"], row["confidence"]),
                scale.show(row["other_value"]),
                _basis_words(composer, row["other_basis"], row["other_confidence"]),
                composer.show(row["difference_share"], "share"),
                scale.unit,
            ]
        )
    columns = [
        composer.text_column("period", kind="period"),
        composer.text_column("scheme"),
        composer.text_column("indicator"),
        composer.text_column("used_value", kind="mixed"),
        composer.text_column("used_basis"),
        composer.text_column("other_value", kind="mixed"),
        composer.text_column("other_basis"),
        composer.column("difference", "share", growth=True),
        composer.text_column("unit"),
    ]
    return composer.table(
        table_id,
        f"tables.{table_id}",
        columns=columns,
        rows=rows,
        notes=[composer.text("data.note_conflicts")],
        source=composer.text("sources.rows"),
        row_decimals=decimals,
    )
