"""What is likely: joint forecasts of the funds where the evidence allows them, and the back-test, always shown."""

from __future__ import annotations

from typing import Any

from actuary.dims import CI_PROB
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportFigure, ReportTable, Section
from actuary.report.forecast_figures import FanChart, flows_chart, months_chart
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import format_number
from actuary.report.paths_view import BASE
from actuary.report.sections.projection import fund_caption

__all__ = ["build"]

_SHARE = f"{CI_PROB:.0%}"


def build(inputs: ReportInputs, composer: Composer) -> Section | None:
    """Write the section on the forecast and its back-test; none where nothing could be tested.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    evidence = inputs.evidence
    if evidence is None or evidence.backtest.empty:
        return None
    backtest = _backtest(inputs, composer)
    blocks: list[Block] = []
    if evidence.forecast is None:
        blocks.append(_no_forecast(inputs, composer, backtest))
    else:
        blocks.append(composer.callout("info", "forecast.nature"))
        for scheme in evidence.forecast.leading:
            blocks += [composer.heading(f"forecast.heading_{scheme}"), *_scheme(inputs, composer, scheme)]
    blocks += [composer.heading("forecast.heading_backtest"), backtest]
    return composer.section("forecast", blocks)


def _set_name(inputs: ReportInputs, composer: Composer, name: str) -> str:
    rows = inputs.evidence.backtest
    region = str(rows[rows["set"] == name]["region"].iloc[0])
    kind = name.removeprefix(f"{region}_")
    return composer.text(f"forecast.set_{kind}", place=inputs.place_names.get(region, region))


def _no_forecast(inputs: ReportInputs, composer: Composer, backtest: ReportTable) -> Block:
    verdict = inputs.evidence.verdict
    if verdict.passed:
        return composer.callout("missing", "forecast.missing", items=inputs.missing_reference(composer))
    sets = list(inputs.evidence.backtest["set"])
    items = []
    for code, name, _, _ in verdict.reasons:
        if code == "sampler":
            items.append(composer.text("forecast.try_sampler"))
            continue
        key = {"error": "error", "cover": "cover80"}[code]
        found = composer.ref(backtest, sets.index(name), key).text
        items.append(composer.text(f"forecast.try_{code}", set=_set_name(inputs, composer, name), found=found))
    return composer.callout("missing", "forecast.stopped", items=items)


def _backtest(inputs: ReportInputs, composer: Composer) -> ReportTable:
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415  (loads when a report is written)

    gate = load_fund_spec().gate
    frame = inputs.evidence.backtest
    rows: list[list[Cell]] = [
        [
            _set_name(inputs, composer, str(row["set"])),
            float(row["horizon"]),
            float(row["origins"]),
            float(row["cases"]),
            float(row["error"]),
            float(row["crps"]),
            composer.show(row["cover80"], "share"),
        ]
        for row in frame.to_dict("records")
    ]
    columns = [
        composer.text_column("set", label=composer.text("columns.backtest_set")),
        composer.column("horizon", "count", label=composer.text("columns.backtest_horizon")),
        composer.column("origins", "count", label=composer.text("columns.backtest_origins")),
        composer.column("cases", "count", label=composer.text("columns.backtest_cases")),
        composer.column("error", "ratio", label=composer.text("columns.backtest_error")),
        composer.column("crps", "ratio", label=composer.text("columns.backtest_crps")),
        composer.column("cover80", "share", label=composer.text("columns.backtest_cover")),
    ]
    few = [
        composer.text("forecast.few", set=_set_name(inputs, composer, name))
        for code, name, _, _ in inputs.evidence.verdict.reasons
        if code == "few" and name
    ]
    limits = {
        "cases": f"{gate.least_cases:,}",
        "error": format_number(gate.worst_error, 2),
        "cover": f"{gate.least_cover:.0%}",
    }
    notes = [
        composer.text("forecast.note_scores", share=_SHARE),
        composer.text("forecast.note_gate", **limits),
        composer.text("forecast.note_backtest"),
        *few,
    ]
    return composer.table(
        "forecast_backtest",
        "tables.forecast_backtest",
        columns=columns,
        rows=rows,
        notes=notes,
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _scheme(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Block]:
    caption = {"fund": fund_caption(inputs, composer, scheme)}
    table = _quarters(inputs, composer, scheme, caption)
    levels = _levels(inputs, composer, scheme)
    beside = _beside(inputs, composer, scheme, caption)
    last = len(table.rows) - 1
    sentences = [
        composer.say(
            "forecast.result",
            fund=caption["fund"],
            period=str(table.cell(last, "period")),
            months=composer.ref(table, last, "months_median"),
            low=composer.ref(table, last, "months_low"),
            high=composer.ref(table, last, "months_high"),
            deficit=composer.ref(table, last, "deficit"),
            share=_SHARE,
        )
    ]
    if levels is not None:
        sentences.append(
            composer.say(
                "forecast.level",
                months=composer.ref(levels, 0, "threshold"),
                period=str(table.cell(last, "period")),
                ever=composer.ref(levels, 0, "ever"),
            )
        )
    if beside is not None and beside.cell(-1 % len(beside.rows), "base_months") is not None:
        sentences.append(
            composer.say(
                "forecast.against_base",
                year=str(beside.cell(len(beside.rows) - 1, "year")),
                base=composer.ref(beside, -1, "base_months"),
                median=composer.ref(beside, -1, "months_median"),
            )
        )
    blocks: list[Block] = [composer.join(*sentences), table]
    blocks.append(_months_figure(inputs, composer, scheme, caption))
    blocks += [part for part in (levels, beside) if part is not None]
    blocks.append(_flows_figure(inputs, composer, scheme, caption))
    return blocks


def _quarters(inputs: ReportInputs, composer: Composer, scheme: str, caption: dict[str, str]) -> ReportTable:
    forecast = inputs.evidence.forecast
    name = forecast.leading[scheme]
    fund = forecast.funds[name]
    summary = fund.summary().set_index(["variable", "period"])
    deficits = forecast.deficits()
    chance = deficits[deficits["fund"] == name].set_index("period")["probability"]

    def cell(variable: str, period: str, column: str, quantity: str) -> Cell:
        return composer.show(summary.loc[(variable, period), column], quantity)

    rows: list[list[Cell]] = [
        [
            period,
            cell("income", period, "q50", "money"),
            cell("spending", period, "q50", "money"),
            cell("balance", period, "q50", "money"),
            cell("payable_months", period, "q10", "months"),
            cell("payable_months", period, "q50", "months"),
            cell("payable_months", period, "q90", "months"),
            composer.show(chance[period], "share"),
        ]
        for period in fund.periods
    ]
    money = [("income", "forecast_income"), ("spending", "forecast_spending"), ("balance", "forecast_balance")]
    columns = [
        composer.text_column("period", kind="period"),
        *(composer.column(key, "money", label=composer.text(f"columns.{label}")) for key, label in money),
        *(composer.column(key, "months") for key in ("months_low", "months_median", "months_high")),
        composer.column("deficit", "share", label=composer.text("columns.deficit_probability")),
    ]
    notes = [composer.text("forecast.note_interval", share=_SHARE), composer.text("forecast.note_history")]
    if name.endswith("_pooled"):
        notes.append(composer.text("forecast.note_pool"))
    notes += [
        composer.text("forecast.note_intervention", name=inputs.word(one, "name"))
        for one in forecast.history.interventions
        if one.scheme == scheme
    ]
    return composer.table(
        f"forecast_{scheme}",
        "tables.forecast",
        title_values=caption,
        columns=columns,
        rows=rows,
        notes=notes,
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _levels(inputs: ReportInputs, composer: Composer, scheme: str) -> ReportTable | None:
    forecast = inputs.evidence.forecast
    table = forecast.crossings()
    table = table[table["fund"] == forecast.leading[scheme]] if len(table) else table
    if table.empty:
        return None
    last = table["period"].iloc[-1]
    rows: list[list[Cell]] = [
        [row["level"], float(row["months"]), composer.show(row["at"], "share"), composer.show(row["ever"], "share")]
        for row in table[table["period"] == last].to_dict("records")
    ]
    columns = [
        composer.text_column("level", kind="level"),
        composer.column("threshold", "months"),
        composer.column("at", "share", label=composer.text("columns.level_at", period=str(last))),
        composer.column("ever", "share", label=composer.text("columns.level_ever", period=str(last))),
    ]
    return composer.table(
        f"forecast_levels_{scheme}",
        "tables.forecast_levels",
        columns=columns,
        rows=rows,
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _beside(inputs: ReportInputs, composer: Composer, scheme: str, caption: dict[str, str]) -> ReportTable | None:
    """Put the ends of the years of the forecast beside the base of the projection."""
    forecast = inputs.evidence.forecast
    name = forecast.leading[scheme]
    frame = forecast.by_year()
    frame = frame[frame["fund"] == name].set_index(["year", "variable"])
    years = sorted({year for year, _ in frame.index})
    if not years:
        return None
    prefix = "pooled_" if name.endswith("_pooled") else ""

    def base(variable: str, year: int) -> float | None:
        return inputs.paths.year(variable, scheme, year, scenario=BASE)

    rows: list[list[Cell]] = [
        [
            year,
            *(composer.show(frame.loc[(year, "balance"), column], "money") for column in ("q10", "q50", "q90")),
            composer.show(base(f"{prefix}balance_end_yuan", year), "money"),
            composer.show(frame.loc[(year, "payable_months"), "q50"], "months"),
            composer.show(base("payable_months", year), "months"),
        ]
        for year in years
    ]
    columns = [
        composer.text_column("year", kind="year"),
        *(composer.column(key, "money") for key in ("forecast_low", "forecast_median", "forecast_high")),
        composer.column("base_balance", "money"),
        composer.column("months_median", "months"),
        composer.column("base_months", "months"),
    ]
    return composer.table(
        f"forecast_base_{scheme}",
        "tables.forecast_base",
        title_values=caption,
        columns=columns,
        rows=rows,
        notes=[composer.text("forecast.note_interval", share=_SHARE)],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _months_figure(inputs: ReportInputs, composer: Composer, scheme: str, caption: dict[str, str]) -> ReportFigure:
    from actuary.forecast.probabilities import watched_levels  # noqa: PLC0415

    forecast = inputs.evidence.forecast
    last = int(forecast.to[:4])
    view = inputs.paths

    def months(years: Any) -> dict[int, float]:
        found = {year: view.year("payable_months", scheme, year, scenario=BASE) for year in years}
        return {year: value for year, value in found.items() if value is not None}

    chart = months_chart(
        forecast,
        scheme,
        lang=inputs.lang,
        history=months(view.years(("payable_months",), scheme)),
        base=months(year for year in view.years(("payable_months",), scheme, projected=True) if year <= last),
        levels=watched_levels(scheme, models=forecast.models),
    )
    return _figure(composer, chart, "figures.forecast_months", f"forecast_{scheme}", caption)


def _flows_figure(inputs: ReportInputs, composer: Composer, scheme: str, caption: dict[str, str]) -> ReportFigure:
    chart = flows_chart(inputs.evidence.forecast, scheme, lang=inputs.lang)
    return _figure(composer, chart, "figures.forecast_flows", f"forecast_{scheme}", caption)


def _figure(composer: Composer, chart: FanChart, title: str, table: str, caption: dict[str, str]) -> ReportFigure:
    svg = chart.svg(composer.text(f"{title}_alt", **caption))
    note = composer.text("sources.figure", table=f"[[table:{table}]]")
    return composer.figure(chart.id, title, svg=svg, note=note, **caption)
