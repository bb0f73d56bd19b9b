"""What the leadership reads first: main figures and warning level of each scheme, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actuary.alerts.warning import LEVELS, worst_level
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Bullets, Cell, Mark, Paragraph, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.sections.balance import SCHEMES, fund_prefix
from actuary.report.sections.hospital_cases import case_finding
from actuary.report.sections.projection import deficit_since, milestone_table
from actuary.report.sections.year_tables import Field, figures_source, mark_notes, mark_of, weakest, year_value

__all__ = ["build"]

_RAISED = ("red", "orange", "yellow")


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the key findings; it is written last, for it quotes the tables of the other sections.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Holds the tables written so far.
    """
    years = {scheme: _last_year(inputs, scheme) for scheme in SCHEMES}
    known = [scheme for scheme in SCHEMES if years[scheme] is not None]
    blocks: list[Block] = []
    if inputs.synthetic:
        blocks.append(composer.callout("synthetic", "data.synthetic"))
    elif inputs.made_up:
        blocks.append(composer.callout("synthetic", "data.synthetic_cases"))
    if not known:
        blocks.append(
            composer.callout(
                "missing", "findings.missing", items=inputs.missing_reference(composer), region=inputs.region_name
            )
        )
        published = _published_city(inputs, composer)
        of_cases = case_finding(inputs, composer)
        return composer.section(
            "key_findings", [*published, *([Bullets(tuple(of_cases))] if of_cases else []), *blocks]
        )
    table = _table(inputs, composer, known, years)
    items = [_scheme_item(inputs, composer, table, row, scheme) for row, scheme in enumerate(known)]
    items += _ratio_item(composer)
    items += [item for scheme in known if (item := _projection_item(inputs, composer, scheme)) is not None]
    items += case_finding(inputs, composer)
    blocks += [Bullets(tuple(items)), table]
    blocks += _stale(inputs, composer, {scheme: years[scheme] for scheme in known})
    lacking = [scheme for scheme in SCHEMES if scheme not in known]
    for scheme in lacking:
        name = composer.text(f"schemes.{scheme}")
        blocks.append(
            composer.callout(
                "missing", "findings.missing_scheme", items=inputs.missing_reference(composer), scheme=name
            )
        )
    return composer.section("key_findings", blocks)


def _last_year(inputs: ReportInputs, scheme: str) -> int | None:
    years = inputs.paths.years(("income_yuan", "payable_months"), scheme)
    return years[-1] if years else None


def _table(inputs: ReportInputs, composer: Composer, known: list[str], years: dict[str, int | None]) -> ReportTable:
    rows: list[list[Cell]] = []
    marks = _summary_marks(inputs, known, years)
    enrolled: list[float | None] = []
    for scheme in known:
        year = years[scheme] or 0
        income, spending = (inputs.paths.year(f"{name}_yuan", scheme, year) for name in ("income", "expenditure"))
        enrolled.append(inputs.paths.year("enrolled_persons", scheme, year))
        rows.append(
            [
                composer.text(f"schemes.{scheme}"),
                year,
                composer.show(enrolled[-1], "people"),
                composer.show(income, "money"),
                composer.show(_growth(inputs, "income_yuan", scheme, year), "share"),
                composer.show(spending, "money"),
                composer.show(_growth(inputs, "expenditure_yuan", scheme, year), "share"),
                composer.show(
                    inputs.paths.year(f"{fund_prefix(inputs, scheme)}balance_end_yuan", scheme, year), "money"
                ),
                composer.show(inputs.paths.year("payable_months", scheme, year), "months"),
                worst_level(inputs.warnings, scheme),
            ]
        )
    columns = [
        composer.text_column("scheme"),
        composer.text_column("year", kind="year"),
        composer.column("enrolled", "people", enrolled),
        composer.column("income", "money"),
        composer.column("income_growth", "share", growth=True),
        composer.column("expenditure", "money"),
        composer.column("expenditure_growth", "share", growth=True),
        composer.column("judged_balance", "money"),
        composer.column("payable_months", "months"),
        composer.text_column("level", kind="level"),
    ]
    return composer.table(
        "summary",
        "tables.summary",
        columns=columns,
        rows=rows,
        notes=[
            composer.text(f"findings.{'note' if fund_prefix(inputs, 'employee') else 'note_undivided'}"),
            *mark_notes(composer, [mark.mark for mark in marks]),
        ],
        marks=marks,
        source=figures_source(inputs, composer, known, ["income", "enrolled", "pooled_balance_end"]),
        synthetic=inputs.synthetic,
    )


def _growth(inputs: ReportInputs, name: str, scheme: str, year: int) -> float | None:
    return year_value(inputs, Field("growth", name, change=True), scheme, year)


def _summary_marks(inputs: ReportInputs, known: list[str], years: Mapping[str, int | None]) -> list[Mark]:
    """Mark what was recalled or conflicts, and what is computed from it."""
    found = []
    for row, scheme in enumerate(known):
        for field in (
            Field("enrolled", "enrolled_persons"),
            Field("income", "income_yuan"),
            Field("income_growth", "income_yuan", change=True),
            Field("expenditure", "expenditure_yuan"),
            Field("expenditure_growth", "expenditure_yuan", change=True),
            Field("judged_balance", f"{fund_prefix(inputs, scheme)}balance_end_yuan"),
            Field("payable_months", "payable_months"),
        ):
            letter = weakest([mark_of(inputs, field, scheme, years[scheme] or 0)])
            if letter and year_value(inputs, field, scheme, years[scheme] or 0) is not None:
                found.append(Mark(row, field.key, letter))
    return found


def _pool_sentence(inputs: ReportInputs, composer: Composer, year: Cell) -> list[Paragraph]:
    """Say how the pool grew, on which the employee scheme is judged, and what its growth contains."""
    table = composer.tables.get("employee_pool_by_year")
    if table is None or table.cell(-1, "year") != year:
        return []
    keys = ("pooled_income", "pooled_income_growth", "pooled_expenditure", "pooled_expenditure_growth")
    if any(table.cell(-1, key) is None for key in keys):
        return []
    said = composer.say(
        "findings.pool",
        income=composer.ref(table, -1, keys[0]),
        income_change=composer.change(table, -1, keys[1]),
        expenditure=composer.ref(table, -1, keys[2]),
        expenditure_change=composer.change(table, -1, keys[3]),
    )
    remarks = inputs.remarks_on("employee", ["pooled_income_yuan", "pooled_expenditure_yuan"], [int(str(year))])
    return [said, *(Paragraph(text) for text in remarks)]


def _unknown_sentence(composer: Composer, scheme: str) -> list[Paragraph]:
    """Say how many rules of a scheme could not be evaluated."""
    table = composer.tables.get("warning_counts")
    name = composer.text(f"schemes.{scheme}")
    row = next((n for n, cells in enumerate(table.rows) if cells[0] == name), None) if table else None
    if table is None or row is None or not table.cell(row, "count_not_assessable"):
        return []
    return [composer.say("findings.unknown", count=composer.ref(table, row, "count_not_assessable"))]


def _scheme_item(inputs: ReportInputs, composer: Composer, table: ReportTable, row: int, scheme: str) -> Paragraph:
    level = str(table.cell(row, "level"))
    sentences = [
        composer.say(
            "findings.scheme" if _compared(table, row) else "findings.scheme_plain",
            year=str(table.cell(row, "year")),
            income=composer.ref(table, row, "income"),
            income_change=composer.change(table, row, "income_growth"),
            expenditure=composer.ref(table, row, "expenditure"),
            expenditure_change=composer.change(table, row, "expenditure_growth"),
        )
    ]
    if scheme == "employee":
        sentences += _pool_sentence(inputs, composer, table.cell(row, "year"))
    if table.cell(row, "payable_months") is not None:
        fund = composer.text(f"funds.{scheme}_{'pooled' if fund_prefix(inputs, scheme) else 'undivided'}")
        sentences.append(
            composer.say(
                "findings.months",
                fund=fund,
                balance=composer.ref(table, row, "judged_balance"),
                months=composer.ref(table, row, "payable_months"),
            )
        )
    names = _raised_rules(inputs, scheme)
    if names:
        sentences.append(composer.say("findings.raised", rules=composer.text("phrases.list_gap").join(names)))
    elif level in {"normal", "blue"}:
        sentences.append(composer.say(f"findings.{level}"))
    elif any(warning.scheme == scheme and warning.level == "normal" for warning in inputs.warnings):
        sentences.append(composer.say("findings.partly_normal"))
    sentences += _unknown_sentence(composer, scheme)
    return composer.headed(composer.join(*sentences), name=composer.text(f"schemes.{scheme}"), level=level)


def _compared(table: ReportTable, row: int) -> bool:
    return all(table.cell(row, key) is not None for key in ("income_growth", "expenditure_growth"))


def _raised_rules(inputs: ReportInputs, scheme: str) -> list[str]:
    raised = sorted(
        (w for w in inputs.warnings if w.scheme == scheme and w.level in _RAISED), key=lambda w: LEVELS.index(w.level)
    )
    names = []
    told: set[str] = set()
    for warning in raised:
        # Two rules on one indicator say the same thing: the graver one speaks for both.
        if warning.indicator in told:
            continue
        told.add(warning.indicator)
        rule = next((rule for rule in inputs.rules if rule.id == warning.rule_id), None)
        names.append(inputs.word(rule, "name") if rule is not None else str(warning.rule_id))
    return list(dict.fromkeys(names))


def _ratio_item(composer: Composer) -> list[Paragraph]:
    table = composer.tables.get("membership")
    if table is None or table.cell(len(table.rows) - 1, "dependency_ratio") is None:
        return []
    refs: dict[str, str | CellRef] = {
        name: composer.ref(table, -1, key)
        for name, key in (("active", "active"), ("retired", "retired"), ("ratio", "dependency_ratio"))
    }
    year = str(table.cell(len(table.rows) - 1, "year"))
    return [
        composer.headed(composer.say("findings.ratio", year=year, **refs), name=composer.text("findings.ratio_lead"))
    ]


def _projection_item(inputs: ReportInputs, composer: Composer, scheme: str) -> Paragraph | None:
    table = composer.tables.get(f"scenarios_{scheme}")
    if table is None:
        return None
    name = composer.text(f"schemes.{scheme}")
    parts = [
        composer.say(
            "findings.projection",
            year=str(table.cell(len(table.rows) - 1, "year")),
            scenario=inputs.scenario_name(inputs.scenarios[0]),
            months=composer.months(table, -1, f"months_{inputs.scenarios[0].name}"),
        )
    ]
    parts += [
        composer.say(
            "findings.projection_other",
            scenario=inputs.scenario_name(scenario),
            months=composer.months(table, -1, f"months_{scenario.name}"),
        )
        for scenario in inputs.scenarios[1:]
    ]
    since = deficit_since(inputs, scheme)
    deficit = _first_deficit(inputs, scheme)
    if since is not None:
        parts.append(composer.say("findings.deficit_since", year=str(since)))
    elif deficit is not None and milestone_table(inputs, composer) is not None:
        parts.append(composer.say("findings.deficit", year=deficit))
    return composer.headed(composer.join(*parts), name=composer.text("findings.projection_lead", scheme=name))


def _first_deficit(inputs: ReportInputs, scheme: str) -> str | None:
    frame = inputs.projection.milestones
    rows: list[dict[str, Any]] = [] if frame is None else frame.to_dict("records")
    for row in rows:
        if row["scheme"] == scheme and row["scenario"] == inputs.scenarios[0].name:
            year = row.get("first_deficit_year")
            return None if year is None or year != year else str(int(year))  # noqa: PLR0124 - NaN
    return None


def _published_city(inputs: ReportInputs, composer: Composer) -> list[Block]:
    """Return what the city's own page says of its fund, so that the first page is not empty."""
    table = composer.tables.get(f"city_{inputs.region.id}")
    if table is None:
        return []
    blocks: list[Block] = [composer.paragraphs[table.id]] if table.id in composer.paragraphs else []
    items = [
        composer.headed(
            composer.say("findings.raised", rules=composer.text("phrases.list_gap").join(names)),
            name=composer.text(f"schemes.{scheme}"),
            level=worst_level(inputs.warnings, scheme),
        )
        for scheme in SCHEMES
        if (names := _raised_rules(inputs, scheme))
    ]
    blocks += [Bullets(tuple(items))] if items else []
    blocks += _stale(inputs, composer, {"all": _fund_period(inputs)})
    remarks = inputs.remarks_on("employee", ["active_persons", "dependency_ratio"], range(inputs.last_year + 1))
    blocks += [Paragraph(text) for text in remarks]
    return [*blocks, composer.say("findings.city_only", region=inputs.region_name, table=f"[[table:{table.id}]]")]


def _stale(inputs: ReportInputs, composer: Composer, flows: Mapping[str, int | None]) -> list[Block]:
    """Name what is older than the report period: income and spending by scheme, and the ratio of members."""
    items = [
        composer.text("findings.stale_flows", scheme=composer.text(f"schemes.{scheme}"), year=str(year))
        for scheme, year in flows.items()
        if year is not None and year < inputs.last_year
    ]
    ratios = inputs.paths.years(("dependency_ratio",), "employee")
    if ratios and ratios[-1] < inputs.last_year:
        items.append(composer.text("findings.stale_ratio", year=str(ratios[-1])))
    return [composer.callout("caution", "findings.stale", items=items)] if items else []


def _fund_period(inputs: ReportInputs) -> int | None:
    """Return the last year with published income of all schemes."""
    years = inputs.paths.years(("income_yuan",), "all")
    return years[-1] if years else None
