"""Ageing: people by age, active per retired, cost a head by age, and what ageing alone adds to spending."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportFigure, ReportTable, Section
from actuary.report.figures import Series, grouped_bars
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import number_or_none
from actuary.report.sections.people_parts import ANNUAL_BASE, PeopleView, column_table, figure_of, people_section
from actuary.report.stacked_bars import stacked_bars

__all__ = ["build"]

_CAUSES = ("persons", "ageing", "price", "use", "technology", "policy", "other")
_INTERVAL = (0.1, 0.9)
_NEGLIGIBLE = 1e-6


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on ageing; None where the report plan does not ask for it.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the runs of the people-driven model.
    composer : Composer
        Writes tables and sentences.
    """
    return people_section(inputs, composer, "ageing", partial(_blocks, inputs, composer))


def _blocks(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    blocks: list[Block] = [composer.callout("info", "ageing.nature")]
    blocks += [composer.heading("ageing.heading_people"), *_people(inputs, composer, view)]
    if "employee" in view.part.schemes:
        blocks += [composer.heading("ageing.heading_ratio"), *_ratio(inputs, composer, view)]
    blocks += [composer.heading("ageing.heading_cost"), *_cost(inputs, composer, view)]
    blocks += [composer.heading("ageing.heading_spending"), *_spending(inputs, composer, view)]
    return blocks


def _group_label(composer: Composer, ages: Sequence[int], place: int) -> str:
    if place == len(ages) - 1:
        return composer.text("phrases.age_group_from", low=str(ages[place]))
    return composer.text("phrases.age_group", low=str(ages[place]), high=str(ages[place + 1] - 1))


def _people(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    part = view.part
    ages, elderly = part.pages.ages, part.pages.elderly
    people = view.run.members[ANNUAL_BASE].population.population.sum("sex")
    held = people["age"].to_numpy()

    def group(year: int, low: int, high: int | None) -> float:
        chosen = (held >= low) & (held < high if high is not None else True)
        return float(people.sel(year=year).to_numpy()[chosen].sum())

    def bound(year: int, share: float) -> float | None:
        if part.drawn is None or year not in part.drawn["year"].to_numpy():
            return None
        drawn = part.drawn["population"].sel(year=year)
        return float(np.quantile(drawn.sel(group=str(elderly)) / drawn.sel(group=str(ages[0])), share))

    columns: list[tuple[str, str, str, Any]] = []
    for place, low in enumerate(ages):
        high = ages[place + 1] if place + 1 < len(ages) else None
        columns.append((f"age_{low}", "people", _group_label(composer, ages, place),
                        partial(group, low=low, high=high)))  # fmt: skip
    columns += [
        ("people_all", "people", composer.text("columns.people_all"), lambda year: group(year, 0, None)),
        ("elderly_share", "share", composer.text("columns.elderly_share", age=str(elderly)),
         lambda year: group(year, elderly, None) / group(year, 0, None)),
    ]  # fmt: skip
    notes = [composer.text("ageing.note_people")]
    if part.drawn is not None:
        for key, share in zip(("elderly_low", "elderly_high"), _INTERVAL, strict=True):
            columns.append((key, "share", composer.text(f"columns.{key}"), partial(bound, share=share)))
        notes.append(composer.text("people.note_interval", share=_middle()))
    table = column_table(inputs, composer, "ageing_people", rows=part.years(), columns=columns, notes=notes)
    last = len(table.rows) - 1
    sentence = composer.say(
        "ageing.people",
        first=str(table.cell(0, "year")),
        last=str(table.cell(last, "year")),
        before=composer.ref(table, 0, "elderly_share"),
        after=composer.became(table, last, "elderly_share"),
        people_before=composer.ref(table, 0, "people_all"),
        people_after=composer.became(table, last, "people_all"),
    )
    if part.drawn is not None:
        words = {"low": composer.ref(table, last, "elderly_low"), "high": composer.ref(table, last, "elderly_high")}
        sentence = composer.join(
            sentence, composer.say("ageing.people_interval", year=str(table.cell(last, "year")), **words)
        )
    figure = _pyramid(composer, table, [f"age_{low}" for low in ages])
    return [sentence, table, figure]


def _middle() -> str:
    return f"{_INTERVAL[1] - _INTERVAL[0]:.0%}"


def _pyramid(composer: Composer, table: ReportTable, keys: Sequence[str]) -> ReportFigure:
    parts = [
        (table.column(key).label, tuple(_number(table.cell(row, key)) for row in range(len(table.rows))))
        for key in keys
    ]
    unit = table.column(keys[0]).unit
    svg = stacked_bars(
        "ageing_people",
        parts,
        ticks=[str(table.cell(row, "year")) for row in range(len(table.rows))],
        y_label=composer.text("axes.people", unit=unit),
        x_label=composer.text("axes.year_end"),
        alt=composer.text("figures.ageing_people_alt"),
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    return composer.figure("ageing_people", "figures.ageing_people", svg=svg, note=note)


def _number(cell: Cell) -> float:
    return float(cell) if isinstance(cell, (int, float)) else 0.0


def _ratio(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    names = [ANNUAL_BASE, *view.part.known(view.part.pages.ratio)]
    people = view.run.members[ANNUAL_BASE]

    def status(year: int, which: str) -> float:
        held = people.contributing() if which == "active" else people.retired()
        return float(held.sel(quarter=f"{year}Q4").sum())

    columns: list[tuple[str, str, str, Any]] = [
        (which, "people", composer.text(f"columns.{which}"), partial(status, which=which))
        for which in ("active", "retired")
    ]
    columns += [
        (f"ratio_{name}", "ratio", scenario_name(inputs, composer, name), partial(view.ratio, scenario=name))
        for name in names
    ]
    table = column_table(
        inputs,
        composer,
        "ageing_ratio",
        rows=view.part.years(),
        columns=columns,
        notes=[composer.text("ageing.note_ratio")],
    )
    last = len(table.rows) - 1
    key = f"ratio_{ANNUAL_BASE}"
    sentences = [
        composer.say(
            "ageing.ratio",
            first=str(table.cell(0, "year")),
            last=str(table.cell(last, "year")),
            before=composer.ref(table, 0, key),
            after=composer.became(table, last, key),
        )
    ]
    sentences += [
        composer.say(
            "ageing.ratio_other",
            scenario=scenario_name(inputs, composer, name),
            ratio=composer.ref(table, last, f"ratio_{name}"),
        )
        for name in names[1:]
    ]
    figure = figure_of(
        composer,
        table,
        [(f"ratio_{name}", name) for name in names],
        figure_id="ageing_ratio",
        y_label=composer.text("axes.ratio"),
    )
    return [composer.join(*sentences), table, figure]


def scenario_name(inputs: ReportInputs, composer: Composer, name: str) -> str:
    """Return the declared name of a scenario of the people-driven model."""
    from actuary.policy import load_scenario  # noqa: PLC0415

    assert inputs.people is not None  # noqa: S101 (asked for by sections that have it)
    if name == ANNUAL_BASE:
        return composer.text("phrases.base")
    return inputs.word(load_scenario(name, root=inputs.people.model.models), "name")


def _cost(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    part, projection = view.part, view.run.projection
    ages = part.pages.cost_ages
    calibration = projection.inputs.calibration
    stocks = view.run.members[ANNUAL_BASE].stocks.sel(quarter=f"{part.base_year}Q4")
    held = stocks["age"].to_numpy()
    rows: list[list[Cell]] = []
    each: dict[str, list[float | None]] = {scheme: [] for scheme in part.schemes}
    persons: dict[str, list[float]] = {scheme: [] for scheme in part.schemes}
    for scheme in part.schemes:
        own = [name for name in stocks["status"].to_numpy() if str(name).startswith(f"{scheme}_")]
        weight = (calibration.weights["weighted"] * calibration.unit_cost).sel(scheme=scheme).sum("benefit")
        cost = (weight * stocks).sel(status=own).sum(("status", "sex")).transpose("age").to_numpy()
        count = stocks.sel(status=own).sum(("status", "sex")).transpose("age").to_numpy()
        for place, low in enumerate(ages):
            chosen = (held >= low) & (held < ages[place + 1] if place + 1 < len(ages) else True)
            number = float(count[chosen].sum())
            persons[scheme].append(number)
            # A handful of persons tells no cost a head.
            each[scheme].append(float(cost[chosen].sum()) / number if number >= 1.0 else None)
    for place in range(len(ages)):
        row: list[Cell] = [_group_label(composer, ages, place)]
        for scheme in part.schemes:
            row += [composer.show(persons[scheme][place], "people"), composer.show(each[scheme][place], "yuan")]
        rows.append(row)
    columns = [composer.text_column("age_group")]
    for scheme in part.schemes:
        short = composer.text(f"schemes.{scheme}_short")
        columns.append(composer.column(f"{scheme}_persons", "people", persons[scheme],
                                       label=composer.text("columns.persons_of", scheme=short)))  # fmt: skip
        columns.append(composer.column(f"{scheme}_cost", "yuan", label=composer.text("columns.cost_of", scheme=short)))
    table = composer.table(
        "ageing_cost",
        "tables.ageing_cost",
        columns=columns,
        rows=rows,
        notes=[composer.text("ageing.note_cost")],
        source=composer.text("sources.people_profiles"),
        synthetic=inputs.synthetic,
        title_values={"year": str(part.base_year)},
    )
    sentences = []
    for scheme in part.schemes:
        known = [place for place, value in enumerate(each[scheme]) if value is not None]
        low = min(known, key=lambda place: each[scheme][place] or 0.0)
        high = max(known, key=lambda place: each[scheme][place] or 0.0)
        sentences.append(
            composer.say(
                "ageing.cost",
                scheme=composer.text(f"schemes.{scheme}"),
                low_group=composer.ref(table, low, "age_group"),
                high_group=composer.ref(table, high, "age_group"),
                low=composer.ref(table, low, f"{scheme}_cost"),
                high=composer.ref(table, high, f"{scheme}_cost"),
            )
        )
    roles = {"employee": "income", "resident": "spending"}
    series = [
        Series(
            composer.text(f"schemes.{scheme}"),
            roles[scheme],
            tuple((float(place), value) for place, value in enumerate(each[scheme])),
        )
        for scheme in part.schemes
    ]
    svg = grouped_bars(
        "ageing_cost",
        series,
        ticks=[str(row[0]) for row in rows],
        y_label=composer.text("axes.cost_a_head"),
        x_label=composer.text("columns.age_group"),
        alt=composer.text("figures.ageing_cost_alt"),
    )
    note = composer.text("sources.figure", table="[[table:ageing_cost]]")
    return [composer.join(*sentences), table, composer.figure("ageing_cost", "figures.ageing_cost", svg=svg, note=note)]


def _spending(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    from actuary.fund.model.causes import ageing_index  # noqa: PLC0415

    part, projection = view.part, view.run.projection
    frame = projection.growth_causes()
    frame = frame[frame["scenario"] == ANNUAL_BASE]
    years = part.years()
    # What modules change beside the trends: nothing, unless the base switches one on.
    small = _NEGLIGIBLE * float(frame["growth_yuan"].abs().max())
    causes_shown = [cause for cause in _CAUSES if cause != "other" or frame["other_yuan"].abs().max() > small]
    rows: list[list[Cell]] = []
    for scheme in part.schemes:
        own = frame[frame["scheme"] == scheme].set_index("year")
        for first, last in pairwise(years):
            within = own.loc[first + 1 : last]
            parts = [float(within[f"{cause}_yuan"].sum()) for cause in causes_shown]
            growth = float(within["growth_yuan"].sum())
            rows.append(
                [
                    composer.text(f"schemes.{scheme}"),
                    composer.text("phrases.from_to", first=str(first), last=str(last)),
                    *(composer.show(value, "money") for value in (*parts, growth)),
                    composer.show(parts[1] / growth if growth > 0 else None, "share"),
                ]
            )
    causes = composer.table(
        "ageing_growth",
        "tables.ageing_growth",
        columns=[
            composer.text_column("scheme"),
            composer.text_column("span_years", kind="period"),
            *(composer.column(f"cause_{cause}", "money") for cause in causes_shown),
            composer.column("cause_growth", "money"),
            composer.column("ageing_part", "share"),
        ],
        rows=rows,
        notes=[composer.text("ageing.note_causes")],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
    )
    measured = ageing_index(projection)
    index = measured[measured["scenario"] == ANNUAL_BASE].set_index(["scheme", "year"])["index"]
    table = column_table(
        inputs,
        composer,
        "ageing_index",
        rows=years,
        columns=[
            (f"index_{scheme}", "ratio", composer.text(f"schemes.{scheme}"),
             partial(lambda year, scheme: number_or_none(index.get((scheme, year))), scheme=scheme))
            for scheme in part.schemes
        ],
        notes=[composer.text("ageing.note_index")],
    )  # fmt: skip
    last = len(table.rows) - 1
    per_scheme = len(years) - 1
    sentences = []
    for number, scheme in enumerate(part.schemes):
        sentences.append(
            composer.say(
                "ageing.index",
                scheme=composer.text(f"schemes.{scheme}"),
                last=str(table.cell(last, "year")),
                base=str(part.base_year),
                index=composer.ref(table, last, f"index_{scheme}"),
            )
        )
        final = (number + 1) * per_scheme - 1
        if causes.cell(final, "ageing_part") is not None:
            sentences.append(
                composer.say(
                    "ageing.part",
                    span=composer.ref(causes, final, "span_years"),
                    part=composer.ref(causes, final, "ageing_part"),
                    amount=composer.ref(causes, final, "cause_ageing"),
                )
            )
    figure = figure_of(
        composer,
        table,
        [(f"index_{scheme}", role) for scheme, role in zip(part.schemes, ("history", "base"), strict=False)],
        figure_id="ageing_index",
        y_label=composer.text("axes.index", year=str(part.base_year)),
    )
    blocks: list[Block] = [composer.join(*sentences), causes]
    return [*blocks, table, figure] if inputs.full("ageing") else [*blocks, figure, table]
