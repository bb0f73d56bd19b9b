"""The appendix: terms, and the list of the tables that only the workbook holds; and those tables."""

from __future__ import annotations

from actuary.periods import Quarter
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Mark, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.paths_view import BASE
from actuary.report.sections.city_pages import fact_table
from actuary.report.sections.data_notes import all_conflicts_table, differences_table
from actuary.report.sections.rules_in_force import all_rules_table
from actuary.report.sections.year_tables import MARKS, Field, figures_source, mark_notes, year_table

__all__ = ["annex_tables", "build"]

_FIELDS = (
    Field("enrolled", "enrolled_persons", "people"),
    Field("active", "active_persons", "people"),
    Field("retired", "retired_persons", "people"),
    Field("unassigned", "unassigned_persons", "people"),
    Field("dependency_ratio", "dependency_ratio", "ratio"),
    Field("income", "income_yuan"),
    Field("expenditure", "expenditure_yuan"),
    Field("adjustment", "adjustment_yuan"),
    Field("balance_end", "balance_end_yuan"),
    Field("pooled_income", "pooled_income_yuan"),
    Field("pooled_expenditure", "pooled_expenditure_yuan"),
    Field("pooled_adjustment", "pooled_adjustment_yuan"),
    Field("pooled_balance_end", "pooled_balance_end_yuan"),
    Field("personal_income", "personal_income_yuan"),
    Field("personal_expenditure", "personal_expenditure_yuan"),
    Field("personal_adjustment", "personal_adjustment_yuan"),
    Field("personal_balance_end", "personal_balance_end_yuan"),
    Field("payable_months", "payable_months", "months"),
)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the appendix; the tables of the annex must have been built before.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    del inputs
    terms = [[term, meaning] for term, meaning in _terms(composer)]
    blocks: list[Block] = [
        composer.heading("appendix.heading_terms"),
        composer.table(
            "terms",
            "tables.terms",
            columns=[composer.text_column("term"), composer.text_column("meaning")],
            rows=terms,
        ),
    ]
    if composer.annex:
        rows: list[list[Cell]] = [
            [f"[[table:{table.id}]]", table.title, float(len(table.rows))] for table in composer.annex
        ]
        columns = [composer.text_column("number"), composer.text_column("table"), composer.column("rows", "count")]
        blocks += [
            composer.heading("appendix.heading_annex"),
            composer.say("appendix.annex"),
            composer.table("annex_list", "tables.annex_list", columns=columns, rows=rows),
        ]
    return composer.section("appendix", blocks)


def _terms(composer: Composer) -> list[tuple[str, str]]:
    words = composer.wording.group("terms")
    keys = sorted({key.removesuffix("_meaning") for key in words})
    return [(words[key], words[f"{key}_meaning"]) for key in keys]


def annex_tables(inputs: ReportInputs, composer: Composer) -> list[ReportTable]:
    """Build the tables that stand in the workbook only: full paths by year and quarter, rules, facts, differences.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Builds the tables.
    """
    found: list[ReportTable] = []
    for scheme in inputs.paths.schemes:
        for scenario in inputs.scenarios or (None,):
            name = BASE if scenario is None else scenario.name
            if name != BASE and not inputs.paths.years(("income_yuan", "enrolled_persons"), scheme, projected=True):
                continue
            table = _full_table(
                inputs, composer, scheme, name, "" if scenario is None else inputs.word(scenario, "name")
            )
            if table is not None:
                found.append(table)
    for scheme in inputs.paths.schemes:
        for scenario in inputs.scenarios or (None,):
            quarters = _quarter_table(
                inputs,
                composer,
                scheme,
                BASE if scenario is None else scenario.name,
                "" if scenario is None else inputs.word(scenario, "name"),
            )
            if quarters is not None:
                found.append(quarters)
    found.append(all_rules_table(inputs, composer))
    conflicts = all_conflicts_table(inputs, composer)
    if conflicts is not None:
        found.append(conflicts)
    differences = differences_table(inputs, composer)
    if differences is not None:
        found.append(differences)
    if len(inputs.selected):
        found.append(
            fact_table(
                inputs,
                composer,
                "all_facts",
                inputs.facts,
                used=inputs.selected,
                title="tables.all_facts",
                city=inputs.region_name,
            )
        )
    found += [
        fact_table(
            inputs,
            composer,
            f"facts_{city.region.id}",
            city.rows,
            used=city.facts,
            title="tables.all_facts",
            city=inputs.word(city.region, "name"),
        )
        for city in inputs.cities
        if city.region.id != inputs.region.id and len(city.facts)
    ]
    return found


def _projected(inputs: ReportInputs, scheme: str, quarter: Quarter) -> bool:
    shown = ("income_yuan", "enrolled_persons")
    return inputs.paths.is_projected(scheme, quarter) and any(
        inputs.paths.value(name, scheme, quarter) is not None for name in shown
    )


def _known(inputs: ReportInputs, scheme: str, years: list[int]) -> list[Field]:
    return [f for f in _FIELDS if any(inputs.paths.year(f.name, scheme, year) for year in years)]


def _full_table(inputs: ReportInputs, composer: Composer, scheme: str, scenario: str, name: str) -> ReportTable | None:
    names = [field.name for field in _FIELDS]
    past = inputs.paths.years(names, scheme)
    future = inputs.paths.years(names, scheme, projected=True)
    years = sorted({*past, *future}) if scenario == BASE else future
    fields = _known(inputs, scheme, years)
    if not years or not fields:
        return None
    return year_table(
        inputs,
        composer,
        f"full_{scheme}_{scenario}",
        scheme=scheme,
        years=years,
        fields=fields,
        scenario=scenario,
        notes=[composer.text("appendix.note_unassigned") for field in fields if field.key == "unassigned"],
        title="tables.full",
        mark_projected=True,
        title_values={"scheme": composer.text(f"schemes.{scheme}"), "scenario": name or composer.text("phrases.base")},
    )


def _quarter_table(
    inputs: ReportInputs, composer: Composer, scheme: str, scenario: str, name: str
) -> ReportTable | None:
    names = [field.name for field in _FIELDS]
    past = set(inputs.paths.history_quarters(names, scheme)) if scenario == BASE else set()
    quarters = [quarter for quarter in inputs.paths.quarters if quarter in past or _projected(inputs, scheme, quarter)]

    def value(field: Field, quarter: Quarter) -> float | None:
        return inputs.paths.value(field.name, scheme, quarter, scenario=scenario)

    # A column of nothing but zeros, such as the accounts of residents, tells nothing.
    fields = [field for field in _FIELDS if any(value(field, quarter) for quarter in quarters)]
    if not quarters or not fields:
        return None
    marks: list[Mark] = []
    rows: list[list[Cell]] = []
    for number, quarter in enumerate(quarters):
        row: list[Cell] = [str(quarter)]
        for field in fields:
            known = value(field, quarter)
            row.append(composer.show(known, field.quantity))
            letter = MARKS.get(inputs.paths.status(field.name, scheme, quarter), "") if known is not None else ""
            if letter and letter != MARKS["projected"]:
                marks.append(Mark(number, field.key, letter))
        rows.append(row)
    columns = [composer.text_column("quarter", kind="period")]
    columns += [
        composer.column(field.key, field.quantity, [value(field, quarter) for quarter in quarters]) for field in fields
    ]
    return composer.table(
        f"quarters_{scheme}_{scenario}",
        "tables.quarters",
        columns=columns,
        rows=rows,
        notes=[
            *(composer.text("appendix.note_unassigned") for field in fields if field.key == "unassigned"),
            *mark_notes(composer, [mark.mark for mark in marks]),
        ],
        source=figures_source(inputs, composer, [scheme], names),
        synthetic=inputs.synthetic,
        marks=marks,
        row_styles=["" if quarter in past else "projection" for quarter in quarters],
        title_values={"scheme": composer.text(f"schemes.{scheme}"), "scenario": name or composer.text("phrases.base")},
    )
