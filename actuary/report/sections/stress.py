"""How sure the long view is: single assumptions, scenarios by kind, stress tests, and everything at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from actuary.drivers import ALL_DRIVERS, POPULATION_DRIVERS
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportFigure, ReportTable, Section
from actuary.report.fan import Fan, fan_svg
from actuary.report.figures import Line, Series
from actuary.report.inputs import ReportInputs, without_files
from actuary.report.numbers import number_or_none, scale_of
from actuary.report.sections.long_term import turning_rows, watched_months
from actuary.report.sections.people_parts import ANNUAL_BASE, PeopleView, at_end, column_table, people_section
from actuary.report.tornado import tornado

__all__ = ["build"]

_BANDS = (0.95, 0.8, 0.5)
_QUANTILES = (("low", 0.1), ("median", 0.5), ("high", 0.9))
_MONTHS_A_YEAR = 12


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on sensitivity, scenarios and stress; None where the report plan does not ask for it.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the runs of the people-driven model.
    composer : Composer
        Writes tables and sentences.
    """
    return people_section(inputs, composer, "stress", partial(_blocks, inputs, composer))


def _blocks(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    blocks: list[Block] = [composer.callout("info", "stress.nature")]
    if view.part.sensitivity is not None:
        blocks.append(composer.heading("stress.heading_single"))
        for scheme in view.part.schemes:
            blocks += _single(inputs, composer, view, scheme)
    blocks += [composer.heading("stress.heading_scenarios"), *_scenarios(inputs, composer, view)]
    if view.part.mixed is not None:
        blocks += [composer.heading("stress.heading_mixed"), composer.say("stress.mixed")]
        for scheme in view.part.schemes:
            blocks += _mixed(inputs, composer, view, scheme)
        blocks.append(_drawn_table(inputs, composer, view))
    return blocks


def _assumption_name(inputs: ReportInputs, key: str) -> str:
    assert inputs.people is not None  # noqa: S101 (asked for by sections that have it)
    basis = inputs.people.model.assumptions
    if key in basis:
        return inputs.word(basis.parameter(key), "name") if inputs.lang == "en" else str(basis.parameter(key).name)
    driver = ALL_DRIVERS.get(key) or POPULATION_DRIVERS.get(key)
    if driver is not None:
        return driver.zh if inputs.lang == "zh" else driver.en
    from actuary.policy.membership_model import load_membership_model  # noqa: PLC0415

    model = load_membership_model(inputs.people.model.region, root=inputs.people.model.models)
    if key in model.book:
        parameter = model.book.parameter(key)
        return str(parameter.name if inputs.lang == "zh" else parameter.name_en)
    return key


def _single(inputs: ReportInputs, composer: Composer, view: PeopleView, scheme: str) -> list[Block]:
    sensitivity = view.part.sensitivity
    assert sensitivity is not None  # noqa: S101 (asked for where it was run)
    order = sensitivity.tornado(scheme)
    held = sensitivity.table[sensitivity.table["scheme"] == scheme].set_index(["key", "end"])
    rows: list[list[Cell]] = []
    decimals: list[int] = []
    for key in order["key"]:
        low, high = held.loc[(key, "low")], held.loc[(key, "high")]
        # What belongs to the other scheme moves nothing here.
        if abs(low["difference"]) < 1e-9 and abs(high["difference"]) < 1e-9:
            continue
        added = low["operation"] == "add"
        quantity = "ratio" if not added or key.startswith("population.") else "points"
        unit = scale_of(inputs.lang, quantity).unit
        decimals.append(2)
        rows.append(
            [
                _assumption_name(inputs, str(key)),
                composer.text(f"operations.{low['operation']}"),
                composer.show(low["change"], quantity),
                composer.show(high["change"], quantity),
                unit,
                float(low["difference"]),
                float(high["difference"]),
                composer.text("phrases.source_judgement") if low["source"] == "judgement" else "",
                str(low["reason"] if inputs.lang == "zh" else low["reason_en"]),
            ]
        )
    full = inputs.full("stress")
    columns = [
        composer.text_column("assumption"),
        composer.text_column("operation"),
        composer.text_column("range_low", kind="mixed"),
        composer.text_column("range_high", kind="mixed"),
        composer.text_column("unit"),
        composer.column("at_low", "months", growth=True),
        composer.column("at_high", "months", growth=True),
        *([composer.text_column("set_by"), composer.text_column("reason")] if full else []),
    ]
    at = at_end(composer, sensitivity.at)
    table = composer.table(
        f"sensitivity_{scheme}",
        "tables.sensitivity",
        columns=columns,
        rows=rows if full else [row[:-2] for row in rows],
        notes=[composer.text("stress.note_single", months=scale_of(inputs.lang, "months").unit)],
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic,
        row_decimals=decimals,
        title_values={"scheme": composer.text(f"schemes.{scheme}"), "period": at},
    )
    if not rows:
        return []
    sentence = composer.say(
        "stress.single",
        scheme=composer.text(f"schemes.{scheme}"),
        period=at,
        first=str(table.cell(0, "assumption")),
        low=composer.moved(table, 0, "at_low"),
        high=composer.moved(table, 0, "at_high"),
    )
    svg = tornado(
        f"sensitivity_{scheme}",
        [(str(row[0]), float(row[5] or 0), float(row[6] or 0)) for row in rows],
        low=composer.text("columns.range_low"),
        high=composer.text("columns.range_high"),
        x_label=composer.text("axes.months_change"),
        alt=composer.text("figures.sensitivity_alt", scheme=composer.text(f"schemes.{scheme}")),
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    figure = composer.figure(f"sensitivity_{scheme}", "figures.sensitivity", svg=svg, note=note,
                             scheme=composer.text(f"schemes.{scheme}"))  # fmt: skip
    return [sentence, table, figure]


def _told(inputs: ReportInputs, text: str) -> str:
    """Return the description of a scenario with the names of other scenarios instead of those of their files."""
    from actuary.policy import list_scenarios, load_scenario  # noqa: PLC0415

    assert inputs.people is not None  # noqa: S101 (asked for by sections that have it)
    root = inputs.people.model.models
    for name in sorted(list_scenarios(root), key=len, reverse=True):
        if "_" in name and name in text:
            text = text.replace(name, inputs.word(load_scenario(name, root=root), "name"))
    return without_files(text)


def _scenarios(inputs: ReportInputs, composer: Composer, view: PeopleView) -> list[Block]:
    from actuary.policy import load_scenario  # noqa: PLC0415

    part = view.part
    groups = [(inputs.word(group, "title"), part.known(group.scenarios)) for group in part.pages.group]
    told: list[Block] = []
    if inputs.full("stress"):
        items = []
        for _, names in groups:
            for name in names:
                scenario = load_scenario(name, root=part.model.models)
                items.append((inputs.word(scenario, "name"), _told(inputs, inputs.word(scenario, "description"))))
        table = composer.table(
            "scenario_list",
            "tables.scenario_list",
            columns=[composer.text_column("scenario"), composer.text_column("meaning")],
            rows=[list(item) for item in items],
            source=composer.text("sources.scenarios"),
        )
        told = [composer.say("stress.described", table="[[table:scenario_list]]"), table]
    kinds = [composer.text("stress.base_kind"), *(title for title, names in groups for _ in names)]
    names = [ANNUAL_BASE, *(name for _, chosen in groups for name in chosen)]
    at = _year(view)
    blocks: list[Block] = [*told]
    count = len(names)
    turning = turning_rows(inputs, composer, view, names)
    for number, scheme in enumerate(part.schemes):
        base = view.value("pooled_balance_end_yuan", scheme, at)
        rows: list[list[Cell]] = []
        for kind, name, turn in zip(kinds, names, turning[number * count : (number + 1) * count], strict=True):
            balance = view.value("pooled_balance_end_yuan", scheme, at, scenario=name)
            row: list[Cell] = [kind, turn[1]]
            if scheme == "employee":
                row.append(composer.show(view.ratio(at, scenario=name), "ratio"))
            row += [
                composer.show(view.value("payable_months", scheme, at, scenario=name), "months"),
                composer.show(None if balance is None or base is None else balance - base, "money"),
                *turn[2:],
            ]
            rows.append(row)
        columns = [
            composer.text_column("kind"),
            composer.text_column("scenario"),
            *([composer.column("dependency_ratio", "ratio")] if scheme == "employee" else []),
            composer.column("payable_months", "months"),
            composer.column("against_base", "money", growth=True),
            composer.text_column("first_deficit_year", kind="period", label=composer.text("columns.deficit_year")),
            composer.text_column("below_limit", kind="period",
                                 label=composer.text("columns.below_limit_short", months=watched_months(view))),
            composer.text_column("exhaustion", kind="period", label=composer.text("columns.spent_in")),
        ]  # fmt: skip
        table = composer.table(
            f"stress_{scheme}",
            "tables.stress",
            columns=columns,
            rows=rows,
            notes=[composer.text("stress.note_scenarios", year=str(view.run.projection.horizon.year))],
            source=composer.text("sources.people"),
            synthetic=inputs.synthetic,
            title_values={"scheme": composer.text(f"schemes.{scheme}"), "year": str(at)},
        )
        worst = min(range(1, count), key=lambda place: float(rows[place][-4] or 0.0), default=0)
        best = max(range(1, count), key=lambda place: float(rows[place][-4] or 0.0), default=0)
        blocks.append(
            composer.say(
                "stress.scenarios",
                scheme=composer.text(f"schemes.{scheme}"),
                year=str(at),
                worst=composer.ref(table, worst, "scenario"),
                worst_months=composer.months(table, worst, "payable_months"),
                worst_change=composer.moved(table, worst, "against_base"),
                best=composer.ref(table, best, "scenario"),
                best_months=composer.months(table, best, "payable_months"),
            )
        )
        blocks.append(table)
    return blocks


def _year(view: PeopleView) -> int:
    from actuary.periods import Quarter  # noqa: PLC0415

    return Quarter.parse(view.part.pages.sensitivity_at).year


def _mixed(inputs: ReportInputs, composer: Composer, view: PeopleView, scheme: str) -> list[Block]:
    mixed, alone = view.part.mixed, view.part.people_only
    assert mixed is not None  # noqa: S101 (asked for where there are draws)
    limit = float(watched_months(view))
    chances = mixed.probabilities((limit,)).set_index(["scheme", "year"])
    held = {"": mixed} | ({"alone_": alone} if alone is not None else {})

    def quantile(year: int, which: str, share: float) -> float | None:
        values = held[which].paths["payable_months"].sel(scheme=scheme, year=year)
        return number_or_none(np.quantile(values, share))

    def chance(year: int, name: str) -> float | None:
        return number_or_none(chances.loc[(scheme, year), name])

    columns: list[tuple[str, str, str, Any]] = [
        (f"{which}{key}", "months", composer.text(f"columns.drawn_{which}{key}"),
         partial(quantile, which=which, share=share))
        for which in held
        for key, share in _QUANTILES
        if not (which and key == "median")
    ]  # fmt: skip
    columns += [
        ("deficit", "share", composer.text("columns.deficit_by_now"), partial(chance, name="deficit_by_now")),
        ("below", "share", composer.text("columns.below_by_now", months=f"{limit:g}"),
         partial(chance, name=f"below_{limit:g}_by_now")),
        ("exhausted", "share", composer.text("columns.exhausted_by_now"), partial(chance, name="exhausted_by_now")),
    ]  # fmt: skip
    fund = composer.text(
        f"fund_captions.{scheme}_{'pooled' if view.run.projection.inputs.base.divided else 'undivided'}"
    )
    table = column_table(
        inputs,
        composer,
        f"mixed_{scheme}",
        rows=view.future(),
        columns=columns,
        title="tables.mixed",
        values={"fund": fund},
        notes=[composer.text("people.note_interval", share="80%"), composer.text("people.note_drawn"),
               composer.text("stress.note_mixed")],
    )  # fmt: skip
    place = next((n for n in range(len(table.rows)) if table.cell(n, "year") == _year(view)), len(table.rows) - 1)
    sentence = composer.say(
        "stress.mixed_result",
        fund=fund,
        year=str(table.cell(place, "year")),
        median=composer.ref(table, place, "median"),
        low=composer.ref(table, place, "low"),
        high=composer.ref(table, place, "high"),
        out=composer.ref(table, place, "exhausted"),
        last=str(table.cell(len(table.rows) - 1, "year")),
        out_last=composer.ref(table, -1, "exhausted"),
    )
    return [sentence, table, _fan(composer, view, scheme, fund, limit)]


def _fan(composer: Composer, view: PeopleView, scheme: str, fund: str, limit: float) -> ReportFigure:
    mixed = view.part.mixed
    assert mixed is not None  # noqa: S101 (asked for where there are draws)
    values = mixed.paths["payable_months"].sel(scheme=scheme).transpose("draw", "year").to_numpy()
    years = tuple(float(year) for year in mixed.paths["year"].to_numpy())
    bands = []
    for share in _BANDS:
        low, high = np.quantile(values, ((1 - share) / 2, (1 + share) / 2), axis=0)
        bands.append((composer.text("phrases.interval", share=f"{share:.0%}"), tuple(low), tuple(high)))
    fan = Fan(composer.text("phrases.median_drawn"), "forecast", years, tuple(np.median(values, axis=0)), tuple(bands))
    base = Series(
        composer.text("phrases.base"),
        "base",
        tuple((float(year), view.value("payable_months", scheme, year)) for year in view.future()),
    )
    svg = fan_svg(
        f"mixed_{scheme}",
        [fan],
        points=[base],
        levels=[Line(f"{limit:g}", limit)],
        y_label=composer.text("axes.months"),
        x_label=composer.text("axes.year_end"),
        alt=composer.text("figures.mixed_alt", fund=fund),
    )
    note = composer.text("sources.figure", table=f"[[table:mixed_{scheme}]]")
    return composer.figure(f"mixed_{scheme}", "figures.mixed", svg=svg, note=note, fund=fund)


def _drawn_table(inputs: ReportInputs, composer: Composer, view: PeopleView) -> ReportTable:
    """Say what was drawn, and how widely."""
    from actuary.fund.model.drivers import driver_variable  # noqa: PLC0415
    from actuary.fund.model.sensitivity import load_ranges  # noqa: PLC0415

    model, pages = view.part.model, view.part.pages
    rows: list[list[Cell]] = [
        [
            _assumption_name(inputs, one.key),
            composer.show(one.low, "points"),
            composer.show(one.high, "points"),
            composer.show(pages.range_share, "share"),
            composer.text("phrases.source_judgement"),
        ]
        for one in load_ranges(model.region, root=model.models)
        if one.operation == "add" and one.key in model.assumptions and driver_variable(one.key) is not None
    ]
    rows.append([composer.text("stress.drawn_people"), None, None, None, composer.text("stress.drawn_people_source")])
    columns = [
        composer.text_column("assumption"),
        composer.column("range_low", "points", growth=True),
        composer.column("range_high", "points", growth=True),
        composer.column("range_share", "share"),
        composer.text_column("set_by"),
    ]
    return composer.table(
        "drawn_assumptions",
        "tables.drawn_assumptions",
        columns=columns,
        rows=rows,
        notes=[composer.text("stress.note_drawn", draws=f"{pages.draws:,}", seed=str(pages.seed))],
        source=composer.text("sources.people"),
    )
