"""The long view: ratio, rates of cost and income, balance, months payable, years of deficit and of exhaustion."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportTable, Section
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import number_or_none, scale_of
from actuary.report.paths_view import BASE
from actuary.report.sections.ageing import scenario_name
from actuary.report.sections.people_parts import (
    ANNUAL_BASE,
    PeopleView,
    column_table,
    figure_of,
    people_section,
)

__all__ = ["build", "turning_rows", "watched_months"]

_QUANTILES = (0.1, 0.5, 0.9)


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on the long term; None where the report plan does not ask for it.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the runs of the people-driven model.
    composer : Composer
        Writes tables and sentences.
    """
    return people_section(inputs, composer, "long_term", partial(_blocks, inputs, composer))


def _blocks(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    blocks: list[Block] = [composer.callout("info", "long_term.nature", year=str(view.part.base_year))]
    milestones = _milestones(inputs, composer, view)
    blocks += [composer.heading("long_term.heading_milestones"), _milestone_words(composer, view, milestones)]
    blocks.append(milestones)
    timing = _timing(inputs, composer, view)
    if timing is not None:
        blocks += [_timing_words(composer, view, timing), timing]
    for scheme in view.part.schemes:
        blocks += [composer.heading(f"long_term.heading_{scheme}"), *_scheme(inputs, composer, view, scheme)]
    beside = _beside(inputs, composer, view)
    if beside is not None:
        blocks += [composer.heading("long_term.heading_beside"), composer.say("long_term.beside"), beside]
    balance = _valuations(inputs, composer, view) if inputs.full("long_term") else None
    if balance is not None:
        blocks += [composer.heading("long_term.heading_valuation"), composer.say("long_term.valuation"), balance]
    return blocks


def _scheme(inputs: ReportInputs, composer: Composer, view: PeopleView, scheme: str) -> list[Block]:
    def held(name: str) -> Any:
        return partial(lambda year, name: view.value(name, scheme, year), name=name)

    def rate(year: int, name: str) -> float | None:
        base = view.sum_of_year("contribution_base_yuan", scheme, year)
        value = view.value(name, scheme, year)
        return None if value is None or not base else value / base

    columns: list[tuple[str, str, str, Any]] = [
        ("dependency_ratio", "ratio", composer.text("columns.dependency_ratio"), view.ratio)
        if scheme == "employee"
        else ("enrolled", "people", composer.text("columns.enrolled"), held("enrolled_persons")),
        ("income", "money", composer.text("columns.income"), held("pooled_income_yuan")),
        ("expenditure", "money", composer.text("columns.expenditure"), held("pooled_expenditure_yuan")),
        ("current_balance", "money", composer.text("columns.current_balance"), held("pooled_current_balance_yuan")),
        ("balance_end", "money", composer.text("columns.balance_end"), held("pooled_balance_end_yuan")),
        ("payable_months", "months", composer.text("columns.payable_months"), held("payable_months")),
        ("income_rate", "share", composer.text("columns.income_rate"), partial(rate, name="pooled_income_yuan")),
        ("cost_rate", "share", composer.text("columns.cost_rate"), partial(rate, name="pooled_expenditure_yuan")),
    ]
    fund = composer.text(f"fund_captions.{scheme}_{'pooled' if _divided(view, scheme) else 'undivided'}")
    table = column_table(
        inputs,
        composer,
        f"long_term_{scheme}",
        rows=view.future(),
        columns=columns,
        title="tables.long_term",
        values={"fund": fund},
        notes=[composer.text(f"long_term.note_rates_{scheme}"), composer.text("long_term.note_negative")],
    )
    names = [ANNUAL_BASE, *view.part.known(view.part.pages.outlook)]
    months = column_table(
        inputs,
        composer,
        f"long_term_months_{scheme}",
        rows=view.future(),
        columns=[
            (f"months_{name}", "months", scenario_name(inputs, composer, name),
             partial(lambda year, name: view.value("payable_months", scheme, year, scenario=name), name=name))
            for name in names
        ],
        title="tables.long_term_months",
        values={"fund": fund},
        notes=[composer.text("projection.note_comparison")],
    )  # fmt: skip
    last = len(table.rows) - 1
    sentence = composer.say(
        "long_term.rates",
        scheme=composer.text(f"schemes.{scheme}"),
        first=str(table.cell(0, "year")),
        last=str(table.cell(last, "year")),
        cost_before=composer.ref(table, 0, "cost_rate"),
        cost_after=composer.became(table, last, "cost_rate"),
        income_after=composer.ref(table, last, "income_rate"),
    )
    figure = figure_of(
        composer,
        months,
        [(f"months_{name}", name) for name in names],
        figure_id=f"long_term_months_{scheme}",
        y_label=composer.text("axes.months"),
        zero=True,
        fund=fund,
    )
    return [sentence, table, months, figure]


def _divided(view: PeopleView, scheme: str) -> bool:
    return scheme == "resident" or bool(view.run.projection.inputs.base.divided)


def watched_months(view: PeopleView) -> str:
    """Return the highest number of months below which the declared warning rules look."""
    names = [str(name).removeprefix("months_below_") for name in view.run.milestones.columns
             if str(name).startswith("months_below_")]  # fmt: skip
    return max(names, key=float)


def turning_rows(inputs: ReportInputs, composer: Composer, view: PeopleView, names: list[str]) -> list[list[Cell]]:
    """Return, by scheme and scenario, the first deficit, the quarter of exhaustion, and what is lowest."""
    none = composer.text("phrases.not_before_horizon")

    def when(value: Any) -> str:
        if value is None or value != value:  # noqa: PLR0124 - NaN
            return none
        return str(value).removesuffix(".0")

    limit = f"months_below_{watched_months(view)}"
    frame = view.run.milestones.set_index(["scheme", "scenario"])
    rows: list[list[Cell]] = []
    for scheme in view.part.schemes:
        for name in names:
            row = frame.loc[(scheme, name)]
            rows.append(
                [
                    composer.text(f"schemes.{scheme}"),
                    scenario_name(inputs, composer, name),
                    when(row["first_deficit_year"]),
                    when(row.get(limit)),
                    when(row["exhaustion_quarter"]),
                ]
            )
    return rows


def _milestones(inputs: ReportInputs, composer: Composer, view: PeopleView) -> ReportTable:
    names = [ANNUAL_BASE, *view.part.known(view.part.pages.outlook)]
    limit = watched_months(view)
    columns = [
        composer.text_column("scheme"),
        composer.text_column("scenario"),
        composer.text_column("first_deficit_year", kind="period"),
        composer.text_column("below_limit", kind="period", label=composer.text("columns.months_below", months=limit)),
        composer.text_column("exhaustion", kind="period"),
    ]
    return composer.table(
        "long_term_milestones",
        "tables.long_term_milestones",
        columns=columns,
        rows=turning_rows(inputs, composer, view, names),
        notes=[composer.text("projection.note_milestones")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
        title_values={"year": str(view.run.projection.horizon.year)},
    )


def _milestone_words(composer: Composer, view: PeopleView, table: ReportTable) -> Block:
    count = len(table.rows) // len(view.part.schemes)
    none = composer.text("phrases.not_before_horizon")
    sentences = []
    for number, scheme in enumerate(view.part.schemes):
        row = number * count
        deficit, out = str(table.cell(row, "first_deficit_year")), str(table.cell(row, "exhaustion"))
        way = "never" if deficit == none else "deficit" if out == none else "exhausted"
        sentences.append(
            composer.say(
                f"long_term.turn_{way}",
                scheme=composer.text(f"schemes.{scheme}"),
                horizon=str(view.run.projection.horizon.year),
                **({} if way == "never" else {"deficit": deficit}),
                **({"out": out} if way == "exhausted" else {}),
            )
        )
    return composer.join(*sentences)


def _timing(inputs: ReportInputs, composer: Composer, view: PeopleView) -> ReportTable | None:
    """Build the table of when deficit and exhaustion come, over the drawn paths."""
    mixed = view.part.mixed
    if mixed is None:
        return None
    years = mixed.paths["year"].to_numpy()
    middle = _middle_year(view)
    rows: list[list[Cell]] = []
    for scheme in view.part.schemes:
        held = mixed.paths.sel(scheme=scheme).transpose("draw", "year")
        deficit = (held["year_pooled_expenditure_yuan"] > held["year_pooled_income_yuan"]).to_numpy()
        out = (held["pooled_balance_end_yuan"] < 0).to_numpy()
        for event, happened in (("deficit", deficit), ("exhausted", out)):
            ever = happened.any(axis=1)
            first = np.where(ever, years[happened.argmax(axis=1)], years[-1] + 1)
            rows.append(
                [
                    composer.text(f"schemes.{scheme}"),
                    composer.text(f"events.{event}"),
                    *(_year_or_never(composer, np.quantile(first, share, method="inverted_cdf"), int(years[-1]))
                      for share in _QUANTILES),
                    composer.show(float((first <= middle).mean()), "share"),
                    composer.show(float(ever.mean()), "share"),
                ]
            )  # fmt: skip
    last = int(years[-1])
    columns = [
        composer.text_column("scheme"),
        composer.text_column("event"),
        *(composer.text_column(f"year_q{share * 100:.0f}", kind="period") for share in _QUANTILES),
        composer.column("by_middle", "share", label=composer.text("columns.chance_by", year=str(middle))),
        composer.column("by_end", "share", label=composer.text("columns.chance_by", year=str(last))),
    ]
    return composer.table(
        "long_term_timing",
        "tables.long_term_timing",
        columns=columns,
        rows=rows,
        notes=[composer.text("long_term.note_timing", year=str(last)), composer.text("people.note_drawn")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
    )


def _middle_year(view: PeopleView) -> int:
    from actuary.periods import Quarter  # noqa: PLC0415

    return Quarter.parse(view.part.pages.sensitivity_at).year


def _year_or_never(composer: Composer, year: float, last: int) -> str:
    return composer.text("phrases.not_by", year=str(last)) if year > last else str(int(year))


def _timing_words(composer: Composer, view: PeopleView, table: ReportTable) -> Block:
    sentences = []
    for number, scheme in enumerate(view.part.schemes):
        sentences.append(
            composer.say(
                "long_term.chances",
                scheme=composer.text(f"schemes.{scheme}"),
                middle=str(_middle_year(view)),
                last=str(view.run.projection.horizon.year),
                deficit=composer.ref(table, 2 * number, "by_middle"),
                out=composer.ref(table, 2 * number + 1, "by_end"),
            )
        )
    return composer.join(*sentences)


def _beside(inputs: ReportInputs, composer: Composer, view: PeopleView) -> ReportTable | None:
    """Put the two projections side by side where both reach: they are made in different ways."""
    rows: list[list[Cell]] = []
    for scheme in view.part.schemes:
        reached = [
            year
            for year in inputs.paths.years(("payable_months",), scheme, projected=True)
            if view.value("payable_months", scheme, year) is not None
        ]
        if not reached:
            continue
        year = reached[-1]
        prefix = inputs.paths.fund_prefix(scheme)
        by_figures = {name: inputs.paths.year(f"{prefix}{name}", scheme, year, scenario=BASE)
                      for name in ("income_yuan", "expenditure_yuan", "balance_end_yuan")}  # fmt: skip
        by_people = {name: view.value(f"pooled_{name}", scheme, year) for name in by_figures}
        for key, quantity in (("income", "money"), ("expenditure", "money"), ("balance_end", "money")):
            rows.append(
                _pair(composer, scheme, year, key, quantity, by_figures[f"{key}_yuan"], by_people[f"{key}_yuan"])
            )
        rows.append(
            _pair(composer, scheme, year, "payable_months", "months",
                  inputs.paths.year("payable_months", scheme, year, scenario=BASE),
                  view.value("payable_months", scheme, year))
        )  # fmt: skip
    if not rows:
        return None
    columns = [
        composer.text_column("scheme"),
        composer.text_column("year", kind="year"),
        composer.text_column("indicator"),
        composer.text_column("by_figures", kind="mixed"),
        composer.text_column("by_people", kind="mixed"),
        composer.text_column("unit"),
    ]
    months = composer.text("columns.payable_months")
    digits = [scale_of(inputs.lang, "months" if row[2] == months else "money").decimals for row in rows]
    return composer.table(
        "long_term_beside",
        "tables.long_term_beside",
        columns=columns,
        rows=rows,
        notes=[composer.text("long_term.note_beside")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
        row_decimals=digits,
    )


def _pair(
    composer: Composer, scheme: str, year: int, key: str, quantity: str, one: float | None, other: float | None
) -> list[Cell]:
    return [
        composer.text(f"schemes.{scheme}"),
        year,
        composer.text(f"columns.{key}"),
        composer.show(one, quantity),
        composer.show(other, quantity),
        scale_of(composer.lang, quantity).unit,
    ]


def _valuations(inputs: ReportInputs, composer: Composer, view: PeopleView) -> ReportTable | None:
    far = view.part.far
    if far is None or not view.part.pages.valuations:
        return None
    frame = far.valuation(view.part.pages.valuations)
    if not len(frame):
        return None
    rows: list[list[Cell]] = []
    for row in frame.to_dict("records"):
        if row["scenario"] != far.scenarios[0]:
            continue
        rows.append(
            [
                composer.text(f"schemes.{row['scheme']}"),
                float(row["years"]),
                *(composer.show(number_or_none(row[name]), "share")
                  for name in ("income_rate", "cost_rate", "actuarial_balance")),
                *(composer.show(number_or_none(row[name]), "money")
                  for name in ("reserve", "pv_income", "pv_cost", "pv_target_fund")),
            ]
        )  # fmt: skip
    columns = [
        composer.text_column("scheme"),
        composer.column("valuation_years", "count"),
        composer.column("income_rate", "share", label=composer.text("columns.summarised_income")),
        composer.column("cost_rate", "share", label=composer.text("columns.summarised_cost")),
        composer.column("actuarial_balance", "share", growth=True),
        *(composer.column(name, "money") for name in ("reserve", "pv_income", "pv_cost", "pv_target_fund")),
    ]
    return composer.table(
        "valuation",
        "tables.valuation",
        columns=columns,
        rows=rows,
        notes=[composer.text("long_term.note_valuation")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
    )
