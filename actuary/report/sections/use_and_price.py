"""Use and price of care: admissions, cost per stay, outpatient and out-of-area care, reforms, as far as published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Mark, Paragraph, ReportFigure, ReportTable, Section
from actuary.report.figures import Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import Scale, scale_in_unit
from actuary.report.sections.year_tables import MARKS, growth, mark_notes

__all__ = ["build"]

_SCHEMES = ("employee", "resident", "all", "none")
_COST, _RATE = "inpatient_cost_per_stay", "admission_rate"
#: What care is used and what it costs, in the order it is told.
_USE = (
    _RATE,
    "admission_rate_active",
    "admission_rate_retired",
    "inpatient_visits",
    "inpatient_visits_growth",
    "light_case_visits_growth",
    _COST,
    "inpatient_cost_per_stay_tertiary",
    "inpatient_cost_per_stay_secondary",
    "inpatient_cost_per_stay_primary",
    "average_length_of_stay",
    "inpatient_catalogue_reimbursement_rate",
    "inpatient_eligible_reimbursement_rate",
    "pooled_inpatient_expenditure_growth",
    "outpatient_visits",
    "chronic_outpatient_visits",
    "benefit_visits",
    "medical_cost_total",
    "out_of_area_cost",
    "out_of_area_visits",
    "expenditure_share_in_province_outside_city",
    "expenditure_share_outside_province",
)
#: What reforms of payment and purchasing cover.
_REFORMS = (
    "drg_share_of_inpatient_cost",
    "drg_share_of_inpatient_fund",
    "platform_drug_share",
    "platform_consumable_share",
    "procured_drugs",
    "procured_consumables",
)
#: Without these a reader cannot tell use from price; what nobody published is named.
_ESSENTIAL = (
    _RATE,
    "inpatient_visits",
    _COST,
    "average_length_of_stay",
    "outpatient_visits",
    "outpatient_cost",
    "medical_cost_total",
    "out_of_area_cost",
    "drg_share_of_inpatient_cost",
    "platform_drug_share",
)
#: Growth that was printed as such: a change of it says nothing.
_CHANGES = ("inpatient_visits_growth", "light_case_visits_growth", "pooled_inpatient_expenditure_growth")
_YEARS = 7


@dataclass(frozen=True, slots=True)
class _Row:
    """Hold the newest figure of an indicator, and that of the year before where there is one."""

    scheme: str
    indicator: str
    year: int
    now: Any
    before: Any


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on use and price.

    Parameters
    ----------
    inputs : ReportInputs
        Published facts.
    composer : Composer
        Writes tables and sentences.
    """
    rows = [
        row for indicator in (*_USE, *_REFORMS) for scheme in _SCHEMES if (row := _newest(inputs, scheme, indicator))
    ]
    if not rows:
        callout = composer.callout("missing", "use.missing", items=inputs.missing_reference(composer))
        return composer.section("use_and_price", [callout])
    table = _table(inputs, composer, rows)
    blocks: list[Block] = [composer.say("use.intro"), *_sentences(inputs, composer, table, rows), table]
    years = _by_year(inputs, composer)
    if years is not None:
        blocks += [*_volume_or_price(composer, years), years]
        chart = _chart(inputs, composer)
        blocks += [chart] if chart is not None else []
    blocks += _lacking(inputs, composer, rows)
    return composer.section("use_and_price", blocks)


def _facts(inputs: ReportInputs, scheme: str, indicator: str) -> dict[int, Any]:
    frame: pd.DataFrame = inputs.selected
    if not len(frame):
        return {}
    mine = frame[frame["scheme"].eq(scheme) & frame["indicator"].eq(indicator) & frame["value"].notna()]
    return {
        int(row["period"]): row
        for row in mine.to_dict("records")
        if str(row["period"]).isdigit() and not row.get("group")
    }


def _newest(inputs: ReportInputs, scheme: str, indicator: str) -> _Row | None:
    found = _facts(inputs, scheme, indicator)
    if not found:
        return None
    year = max(found)
    before = None if indicator in _CHANGES else found.get(year - 1)
    return _Row(scheme, indicator, year, found[year], before)


def _scheme_word(composer: Composer, scheme: str) -> str:
    return "" if scheme == "none" else composer.text(f"schemes.{scheme}")


def _table(inputs: ReportInputs, composer: Composer, rows: Sequence[_Row]) -> ReportTable:
    cells: list[list[Cell]] = []
    decimals: list[int] = []
    marks: list[Mark] = []
    for number, row in enumerate(rows):
        scale = _scale(inputs, row.now)
        share = row.now["unit"] == "share"
        now, before = row.now["value"], None if row.before is None else row.before["value"]
        # The year before is printed with as many digits: it may have been published with more.
        decimals.append(max(scale.decimals, 0 if row.before is None else _scale(inputs, row.before).decimals))
        cells.append(
            [
                inputs.names.get(row.indicator, row.indicator),
                _scheme_word(composer, row.scheme),
                row.year,
                scale.show(now),
                scale.show(before),
                scale.unit,
                None if share else composer.show(growth(now, before), "share"),
                composer.show(now - before, "points") if share and before is not None else None,
            ]
        )
        for key, fact in (("value", row.now), ("value_before", row.before)):
            letter = MARKS.get(str(fact["confidence"]), "") if fact is not None else ""
            if letter:
                marks.append(Mark(number, key, letter))
    columns = [
        composer.text_column("indicator"),
        composer.text_column("scheme"),
        composer.text_column("year", kind="year"),
        composer.text_column("value", kind="mixed"),
        composer.text_column("value_before", kind="mixed"),
        composer.text_column("unit"),
        composer.column("growth_rate", "share", growth=True),
        composer.column("difference_points", "points", growth=True),
    ]
    return composer.table(
        "use_latest",
        "tables.use_latest",
        columns=columns,
        rows=cells,
        notes=[composer.text("use.note"), *mark_notes(composer, [mark.mark for mark in marks])],
        source=_source(inputs, composer, (*_USE, *_REFORMS)),
        synthetic=inputs.synthetic,
        marks=marks,
        row_decimals=decimals,
    )


def _scale(inputs: ReportInputs, fact: Any) -> Scale:
    published = str(fact["value_published"])
    return scale_in_unit(inputs.lang, str(fact["unit_published"]), value=fact["value"], published=published)


def _source(inputs: ReportInputs, composer: Composer, indicators: Sequence[str]) -> str:
    rows = inputs.selected[inputs.selected["indicator"].isin(indicators)]
    gap = composer.text("phrases.list_comma")
    titles = [inputs.word(entry, "title") for entry in inputs.catalog.entries if entry.name in set(rows["table"])]
    bases = [composer.text(f"bases.{name}") for name in rows["basis"].value_counts().index]
    return composer.text("sources.figures", tables=gap.join(titles), bases=gap.join(bases))


def _sentences(inputs: ReportInputs, composer: Composer, table: ReportTable, rows: Sequence[_Row]) -> list[Block]:
    """Say the level and the change of what leads, one paragraph a scheme, and what the reforms cover."""
    told: list[Block] = []
    for scheme in _SCHEMES:
        parts = [
            _sentence(inputs, composer, table, number, row)
            for number, row in enumerate(rows)
            if row.scheme == scheme
            and row.indicator in (_RATE, "inpatient_visits_growth", _COST, "average_length_of_stay")
        ]
        if parts:
            told.append(composer.headed(composer.join(*parts), name=_scheme_word(composer, scheme)))
    reforms = [
        _sentence(inputs, composer, table, number, row, named=True)
        for number, row in enumerate(rows)
        if row.indicator in _REFORMS
    ]
    if reforms:
        told.append(composer.headed(composer.join(*reforms), name=composer.text("use.reforms")))
    return told


def _sentence(
    inputs: ReportInputs, composer: Composer, table: ReportTable, number: int, row: _Row, *, named: bool = False
) -> Paragraph:
    name = _full_name(inputs, composer, row) if named else inputs.names.get(row.indicator, row.indicator)
    value = composer.ref(table, number, "value")
    plain = composer.say("use.level", year=str(row.year), indicator=name, value=value)
    points = table.cell(number, "difference_points")
    if isinstance(points, float):
        way = "points_up" if points > 0 else "points_down"
        change = composer.ref(table, number, "difference_points", absolute=True)
        return composer.say(f"use.{way}", year=str(row.year), indicator=name, value=value, change=change)
    if table.cell(number, "growth_rate") is not None:
        change = composer.change(table, number, "growth_rate")
        return composer.say("use.changed", year=str(row.year), indicator=name, value=value, change=change)
    return plain


def _full_name(inputs: ReportInputs, composer: Composer, row: _Row) -> str:
    name, scheme = inputs.names.get(row.indicator, row.indicator), _scheme_word(composer, row.scheme)
    return composer.text("use.of_scheme", indicator=name, scheme=scheme) if scheme else name


def _by_year(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    """Build the table of admission rate and cost per stay by year; None where fewer than two years are published."""
    schemes = [
        one for one in _SCHEMES[:3] if len(_facts(inputs, one, _COST)) > 1 or len(_facts(inputs, one, _RATE)) > 1
    ]
    years = sorted({year for one in schemes for name in (_RATE, _COST) for year in _facts(inputs, one, name)})[-_YEARS:]
    if not years:
        return None
    columns = [composer.text_column("year", kind="year")]
    rows: list[list[Cell]] = [[year] for year in years]
    marks: list[Mark] = []
    for scheme in schemes:
        short = composer.text(f"schemes.{scheme}_short")
        for name, quantity in ((_RATE, "share"), (_COST, "yuan")):
            found = _facts(inputs, scheme, name)
            if not found:
                continue
            key = f"{scheme}_{name}"
            columns.append(composer.column(key, quantity, label=composer.text(f"columns.{name}_of", scheme=short)))
            for number, year in enumerate(years):
                fact = found.get(year)
                rows[number].append(None if fact is None else composer.show(fact["value"], quantity))
                letter = MARKS.get(str(fact["confidence"]), "") if fact is not None else ""
                if letter:
                    marks.append(Mark(number, key, letter))
        found = _facts(inputs, scheme, _COST)
        if len(found) <= 1:
            continue
        label = composer.text("columns.cost_per_stay_growth", scheme=short)
        columns.append(composer.column(f"{scheme}_cost_growth", "share", label=label, growth=True))
        for number, year in enumerate(years):
            now, before = found.get(year), found.get(year - 1)
            change = None if now is None or before is None else growth(now["value"], before["value"])
            rows[number].append(composer.show(change, "share"))
    return composer.table(
        "use_by_year",
        "tables.use_by_year",
        columns=columns,
        rows=rows,
        notes=mark_notes(composer, [mark.mark for mark in marks]),
        source=_source(inputs, composer, (_RATE, _COST)),
        synthetic=inputs.synthetic,
        marks=marks,
    )


def _volume_or_price(composer: Composer, table: ReportTable) -> list[Block]:
    """Say of the newest year with both whether admissions or their price moved the cost of inpatient care."""
    told: list[Block] = []
    for scheme in _SCHEMES[:3]:
        keys = [f"{scheme}_{_RATE}", f"{scheme}_cost_growth"]
        if not all(any(column.key == key for column in table.columns) for key in keys):
            continue
        for number in range(len(table.rows) - 1, 0, -1):
            now, then = table.cell(number, keys[0]), table.cell(number - 1, keys[0])
            price = table.cell(number, keys[1])
            if not (isinstance(now, float) and isinstance(then, float) and isinstance(price, float)):
                continue
            ways = f"{'more' if now > then else 'fewer'}_{'dearer' if price > 0 else 'cheaper'}"
            told.append(
                composer.say(
                    f"use.{ways}",
                    year=str(table.cell(number, "year")),
                    scheme=composer.text(f"schemes.{scheme}"),
                    rate=composer.ref(table, number, keys[0]),
                    before=composer.ref(table, number - 1, keys[0]),
                    change=composer.change(table, number, keys[1]),
                )
            )
            break
    return told


def _chart(inputs: ReportInputs, composer: Composer) -> ReportFigure | None:
    roles = {"employee": "base", "resident": "favourable", "all": "history"}
    series = []
    for scheme, role in roles.items():
        found = _facts(inputs, scheme, _COST)
        if len(found) > 1:
            points = tuple((float(year), float(found[year]["value"])) for year in sorted(found)[-_YEARS:])
            series.append(Series(composer.text(f"schemes.{scheme}"), role, points))
    if not series:
        return None
    svg = lines(
        "cost_per_stay",
        series,
        y_label=composer.text("axes.cost_per_stay"),
        x_label=composer.text("axes.year"),
        alt=composer.text("figures.cost_per_stay_alt"),
    )
    note = composer.text("sources.figure", table="[[table:use_by_year]]")
    return composer.figure("cost_per_stay", "figures.cost_per_stay", svg=svg, note=note)


def _lacking(inputs: ReportInputs, composer: Composer, rows: Sequence[_Row]) -> list[Block]:
    """Say up to which year each figure is published, where that is before the last year, and what never was."""
    comma = composer.text("phrases.list_comma")
    items = []
    late = sorted({row.year for row in rows if row.year < inputs.last_year}, reverse=True)
    if late and len({row.year for row in rows}) == 1:
        items.append(composer.text("use.up_to_all", year=str(late[0])))
        late = []
    for year in late:
        names = [_full_name(inputs, composer, row) for row in rows if row.year == year]
        items.append(composer.text("use.up_to", year=str(year), names=comma.join(names)))
    known = {row.indicator for row in rows}
    never = [inputs.names.get(name, name) for name in _ESSENTIAL if name not in known]
    if never:
        items.append(composer.text("use.never", names=comma.join(never)))
    return [composer.callout("info", "use.lacking", items=items)] if items else []
