"""Births: how many may come, what maternity costs, what birth policies cost, and who pays."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportFigure, ReportTable, Section
from actuary.report.fan import Fan, fan_svg
from actuary.report.figures import Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import number_or_none, scale_of
from actuary.report.sections.ageing import scenario_name
from actuary.report.sections.citations import Citations
from actuary.report.sections.people_parts import ANNUAL_BASE, PeopleView, column_table, people_section
from actuary.report.sections.rules_in_force import source_words

__all__ = ["build"]

_MATERNITY = "maternity"
_BANDS = (0.95, 0.8, 0.5)
_LOW, _HIGH = 0.1, 0.9
_SPANS = (1, 5, 10)
#: What a name says in brackets stands in the other tables.
_BRACKETED = re.compile(r"\s*[（(].*$")


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on births and birth policy; None where the report plan does not ask for it.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the runs of the people-driven model.
    composer : Composer
        Writes tables and sentences.
    """
    return people_section(inputs, composer, "birth_policy", partial(_blocks, inputs, composer))


def _blocks(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    blocks: list[Block] = [composer.heading("births.heading_births"), *_births(inputs, composer, view)]
    blocks += [composer.heading("births.heading_maternity"), *_maternity(inputs, composer, view)]
    blocks += [composer.heading("births.heading_policies"), composer.callout("info", "births.nature")]
    blocks += _policies(inputs, composer, view)
    return blocks


def _births(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    part = view.part
    names = [ANNUAL_BASE, *part.known(part.pages.births)]
    people = {name: view.run.members[name].population for name in names}

    def born(year: int, name: str) -> float | None:
        births = people[name].births.sum("sex")
        return number_or_none(births.sel(year=year)) if year in births["year"].to_numpy() else None

    def bound(year: int, share: float) -> float | None:
        drawn = part.drawn
        known = drawn is not None and year in drawn["year"].to_numpy()
        return float(np.quantile(drawn["births"].sel(year=year), share)) if drawn is not None and known else None

    def fertility(year: int) -> float | None:
        given = people[ANNUAL_BASE].inputs
        return float(given.tfr[list(given.years).index(year)]) if year in given.years else None

    columns: list[tuple[str, str, str, Any]] = [
        ("fertility", "ratio", composer.text("columns.fertility"), fertility),
        *(
            (f"births_{name}", "people", scenario_name(inputs, composer, name), partial(born, name=name))
            for name in names
        ),
    ]
    notes = [composer.text("births.note_births")]
    if part.drawn is not None:
        columns += [
            ("births_low", "people", composer.text("columns.births_low"), partial(bound, share=_LOW)),
            ("births_high", "people", composer.text("columns.births_high"), partial(bound, share=_HIGH)),
        ]
        notes.append(composer.text("people.note_interval", share=f"{_HIGH - _LOW:.0%}"))
    table = column_table(inputs, composer, "births", rows=part.years(), columns=columns, notes=notes)
    last, key = len(table.rows) - 1, f"births_{ANNUAL_BASE}"
    sentences = [
        composer.say(
            "births.births",
            first=str(table.cell(0, "year")),
            last=str(table.cell(last, "year")),
            before=composer.ref(table, 0, key),
            after=composer.became(table, last, key),
        )
    ]
    if part.drawn is None:
        return [composer.join(*sentences), table]
    words = {"low": composer.ref(table, last, "births_low"), "high": composer.ref(table, last, "births_high")}
    sentences.append(composer.say("births.interval", **words))
    return [composer.join(*sentences), table, _births_fan(inputs, composer, view, table, names)]


def _births_fan(
    inputs: ReportInputs, composer: Composer, view: PeopleView, table: ReportTable, names: list[str]
) -> ReportFigure:
    drawn = view.part.drawn
    assert drawn is not None  # noqa: S101 (asked for where there are draws)
    known = set(drawn["year"].to_numpy().tolist())
    years = [year for year in range(view.part.base_year, view.run.projection.horizon.year + 1) if year in known]
    scale = scale_of(inputs.lang, "people")
    values = drawn["births"].sel(year=years).transpose("draw", "year").to_numpy() / scale.divisor
    bands = []
    for share in _BANDS:
        low, high = np.quantile(values, ((1 - share) / 2, (1 + share) / 2), axis=0)
        bands.append((composer.text("phrases.interval", share=f"{share:.0%}"), tuple(low), tuple(high)))
    fan = Fan(composer.text("phrases.median_drawn"), "forecast", tuple(map(float, years)),
              tuple(np.median(values, axis=0)), tuple(bands))  # fmt: skip
    points = [
        Series(
            table.column(f"births_{name}").label,
            name,
            tuple((float(str(table.cell(row, "year"))), _float(table.cell(row, f"births_{name}")))
                  for row in range(len(table.rows))),
        )
        for name in names
    ]  # fmt: skip
    svg = fan_svg(
        "births",
        [fan],
        points=points,
        y_label=composer.text("axes.births", unit=scale.unit),
        x_label=composer.text("axes.year"),
        alt=composer.text("figures.births_alt"),
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    return composer.figure("births", "figures.births", svg=svg, note=note)


def _float(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) else None


def _maternity(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    from actuary.fund.modules import maternity_causes  # noqa: PLC0415

    part = view.part
    frame = view.run.projection.spending_frame()
    frame = frame[(frame["scenario"] == ANNUAL_BASE) & (frame["benefit"] == _MATERNITY)]
    spent = {(str(row["scheme"]), int(row["year"])): float(row["yuan"]) for row in frame.to_dict("records")}
    births = view.run.members[ANNUAL_BASE].population.births.sum("sex")

    def total(year: int) -> float:
        return sum(spent.get((scheme, year), 0.0) for scheme in part.schemes)

    def share(year: int) -> float | None:
        whole = [view.value("pooled_expenditure_yuan", scheme, year) for scheme in part.schemes]
        known = sum(value for value in whole if value is not None)
        return total(year) / known if known else None

    columns: list[tuple[str, str, str, Any]] = [
        (f"maternity_{scheme}", "money", composer.text(f"schemes.{scheme}"),
         partial(lambda year, scheme: spent.get((scheme, year)), scheme=scheme))
        for scheme in part.schemes
    ]  # fmt: skip
    columns += [
        ("maternity_all", "money", composer.text("columns.maternity_all"), total),
        ("maternity_share", "share", composer.text("columns.maternity_share"), share),
        (
            "per_birth",
            "yuan",
            composer.text("columns.per_birth"),
            lambda year: total(year) / float(births.sel(year=year)),
        ),
    ]
    years = view.future()
    table = column_table(inputs, composer, "maternity", rows=years, columns=columns,
                         notes=[composer.text("births.note_maternity")])  # fmt: skip
    first, last = years[0], years[-1]
    causes = maternity_causes(
        {"spending_yuan": total(first), "births": float(births.sel(year=first))},
        {"spending_yuan": total(last), "births": float(births.sel(year=last))},
    )
    change = total(last) - total(first)
    parts = composer.table(
        "maternity_causes",
        "tables.maternity_causes",
        columns=[composer.text_column("cause"), composer.column("amount", "money", growth=True)],
        rows=[
            [composer.text("births.cause_births"), composer.show(causes["births"], "money")],
            [composer.text("births.cause_per_birth"), composer.show(causes["benefit_per_birth"], "money")],
            [composer.text("births.cause_change"), composer.show(change, "money")],
        ],
        notes=[composer.text("births.note_causes")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
        row_styles=["", "", "total"],
        title_values={"first": str(first), "last": str(last)},
    )
    end = len(table.rows) - 1
    sentence = composer.say(
        "births.maternity",
        first=str(first),
        last=str(last),
        before=composer.ref(table, 0, "maternity_all"),
        after=composer.became(table, end, "maternity_all"),
        births=composer.moved(parts, 0, "amount"),
        per_birth=composer.moved(parts, 1, "amount"),
    )
    return [sentence, table, parts]


def _policies(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    from actuary.fund.modules import module_view  # noqa: PLC0415

    costs = view.part.costs
    if costs is None:
        return [composer.callout("missing", "births.no_policies")]
    policies = module_view(view.part.far.projection if view.part.far is not None else view.run.projection)
    declared = {name: policy for name, policy in policies.modules.policies.items() if name != costs.against}
    words = {name: inputs.word(policy, "name") for name, policy in policies.modules.policies.items()}
    horizon = view.part.far.projection.horizon.year if view.part.far is not None else 0
    table = _cost_table(inputs, composer, costs, words, horizon=horizon)
    sentences = []
    for number, row in enumerate(table.rows):
        if row[1] == composer.text("payers.public"):
            ten = _float(table.cell(number, "cost_10"))
            way = "dearer" if ten is not None and ten > 0 else "cheaper"
            sentences.append(
                composer.say(
                    f"births.policy_{way}",
                    policy=str(row[0]),
                    against=words[costs.against],
                    cost=composer.ref(table, number, "cost_10", absolute=True),
                    births=composer.moved(table, number, "more_births"),
                )
            )
    blocks: list[Block] = [composer.join(*sentences), table, _who_pays(inputs, composer, costs, words)]
    blocks += [_cost_figure(inputs, composer, costs, words), _assumed(inputs, composer, declared)]
    return blocks


def _cost_table(
    inputs: ReportInputs, composer: Composer, costs: Any, words: dict[str, str], *, horizon: int
) -> ReportTable:
    rows: list[list[Cell]] = []
    births, start = costs.births, costs.start.year
    for row in costs.summary(_SPANS).to_dict("records"):
        if row["policy"] == costs.against:
            continue
        within = births[(births["policy"] == row["policy"]) & births["year"].between(start, start + _SPANS[-1] - 1)]
        even = None if pd.isna(row["break_even_year"]) else int(row["break_even_year"])
        never = composer.text("phrases.not_by", year=str(horizon))
        last = row[f"cost_{_SPANS[-1]}_years_yuan"]
        rows.append(
            [
                words[str(row["policy"])],
                composer.text(f"payers.{row['payer']}"),
                *(composer.show(row[f"cost_{span}_years_yuan"], "money") for span in _SPANS),
                composer.show(float(within["more_births"].sum()), "people"),
                composer.text("births.saves") if last <= 0 else never if even is None else str(even),
            ]
        )
    columns = [
        composer.text_column("policy_of_births"),
        composer.text_column("payer"),
        *(composer.column(f"cost_{span}", "money", growth=True,
                          label=composer.text("columns.cost_years", years=str(span))) for span in _SPANS),
        composer.column("more_births", "people", growth=True),
        composer.text_column("break_even", kind="period"),
    ]  # fmt: skip
    return composer.table(
        "birth_policies",
        "tables.birth_policies",
        columns=columns,
        rows=rows,
        notes=[composer.text("births.note_policies", start=str(start), against=words[costs.against])],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
    )


def _who_pays(inputs: ReportInputs, composer: Composer, costs: Any, words: dict[str, str]) -> ReportTable:
    start = costs.start.year
    frame = costs.table[costs.table["year"].between(start, start + _SPANS[-1] - 1)]
    names = [name for name in dict.fromkeys(frame["policy"]) if name != costs.against]
    sums = frame.groupby(["policy", "payer", "scheme", "item"], sort=False)["cost_yuan"].sum()
    keys = list(dict.fromkeys((payer, scheme, item) for _, payer, scheme, item in sums.index))
    rows: list[list[Cell]] = []
    for payer, scheme, item in keys:
        row: list[Cell] = [
            composer.text(f"payers.{payer}"),
            _item(composer, scheme, item),
        ]
        row += [composer.show(number_or_none(sums.get((name, payer, scheme, item))), "money") for name in names]
        rows.append(row)
    whole: list[Cell] = [composer.text("payers.public"), composer.text("births.all_items")]
    whole += [composer.show(float(frame.loc[frame["policy"] == name, "cost_yuan"].sum()), "money") for name in names]
    rows.append(whole)
    columns = [
        composer.text_column("payer"),
        composer.text_column("item"),
        *(
            composer.column(f"paid_{name}", "money", growth=True, label=_BRACKETED.sub("", words[name]))
            for name in names
        ),
    ]
    return composer.table(
        "birth_payers",
        "tables.birth_payers",
        columns=columns,
        rows=rows,
        notes=[composer.text("births.note_payers")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
        row_styles=[*("" for _ in keys), "total"],
        title_values={"first": str(start), "last": str(start + _SPANS[-1] - 1)},
    )


def _item(composer: Composer, scheme: str, item: str) -> str:
    words = composer.text(f"birth_items.{item}")
    if scheme == "none":
        return words
    return composer.text("births.item_of", scheme=composer.text(f"schemes.{scheme}_short"), item=words)


def _cost_figure(inputs: ReportInputs, composer: Composer, costs: Any, words: dict[str, str]) -> ReportFigure:
    yearly = costs.yearly()
    last = costs.start.year + _SPANS[-1] - 1
    yearly = yearly[(yearly["payer"] == "public") & yearly["year"].between(costs.start.year, last)]
    scale = scale_of(inputs.lang, "money")
    names = [name for name in dict.fromkeys(yearly["policy"]) if name != costs.against]
    series = [
        Series(
            words[name],
            role,
            tuple((float(row["year"]), scale.show(row["cost_yuan"]))
                  for row in yearly[yearly["policy"] == name].to_dict("records")),
        )
        for name, role in zip(names, ("favourable", "base", "adverse", "other_1", "other_2"), strict=False)
    ]  # fmt: skip
    table = _yearly_table(inputs, composer, yearly, names, words)
    composer.annex.append(table)
    svg = lines(
        "birth_costs",
        series,
        y_label=composer.text("axes.money"),
        x_label=composer.text("axes.year"),
        alt=composer.text("figures.birth_costs_alt"),
        zero=True,
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    return composer.figure("birth_costs", "figures.birth_costs", svg=svg, note=note)


def _yearly_table(
    inputs: ReportInputs, composer: Composer, yearly: Any, names: list[str], words: dict[str, str]
) -> ReportTable:
    held = {(str(row["policy"]), int(row["year"])): float(row["cost_yuan"]) for row in yearly.to_dict("records")}
    return column_table(
        inputs,
        composer,
        "birth_costs",
        rows=sorted({year for _, year in held}),
        columns=[
            (f"cost_{name}", "money", words[name], partial(lambda year, name: held.get((name, year)), name=name))
            for name in names
        ],
    )


def _assumed(inputs: ReportInputs, composer: Composer, declared: dict[str, Any]) -> ReportTable:
    cited = Citations()
    rows: list[list[Cell]] = []
    for policy in declared.values():
        factor = policy.path("births_factor")
        shift = policy.path("mean_age_shift")
        source = policy.source
        rows.append(
            [
                inputs.word(policy, "name"),
                composer.show(factor[max(factor)] - 1, "share"),
                composer.show(shift[max(shift)], "ratio"),
                float(policy.leave_days),
                float(policy.subsidy_per_year_yuan),
                float(policy.subsidy_years),
                inputs.word(policy, "reason"),
                source_words(composer, source) if source in {"std", "judgement"} else composer.text("births.in_part"),
            ]
        )
    columns = [
        composer.text_column("policy_of_births"),
        composer.column("births_change", "share", growth=True),
        composer.column("age_shift", "ratio", growth=True),
        composer.column("leave_days", "count"),
        composer.column("subsidy_a_year", "yuan"),
        composer.column("subsidy_years", "count"),
        composer.text_column("reason"),
        composer.text_column("source"),
    ]
    return composer.table(
        "birth_assumptions",
        "tables.birth_assumptions",
        columns=columns,
        rows=rows,
        notes=cited.notes(),
        source=composer.text("sources.assumptions"),
    )
