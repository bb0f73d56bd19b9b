"""What may come: the base and its scenarios by year, their turning points, and what they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, ReportFigure, ReportTable, Section
from actuary.report.figures import Band, Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.paths_view import BASE
from actuary.report.sections.balance import SCHEMES, fund_prefix, normal_bands
from actuary.report.sections.year_tables import Field, year_table

__all__ = ["build", "deficit_since", "fund_caption", "milestone_table"]

_HISTORY_YEARS = 2


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on projection and scenarios.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    projected = [scheme for scheme in SCHEMES if inputs.paths.years(("payable_months",), scheme, projected=True)]
    if not projected:
        callout = composer.callout("missing", "projection.missing", items=inputs.missing_reference(composer))
        return composer.section("projection", [callout])
    blocks: list[Block] = [composer.callout("info", "projection.nature"), *_descriptions(inputs, composer)]
    milestones = milestone_table(inputs, composer)
    if milestones is not None:
        blocks += [composer.heading("projection.heading_milestones"), milestones]
    for scheme in SCHEMES:
        name = composer.text(f"schemes.{scheme}")
        blocks.append(composer.heading(f"projection.heading_{scheme}"))
        if scheme not in projected:
            blocks.append(
                composer.callout(
                    "missing", "projection.missing_scheme", items=inputs.missing_reference(composer), scheme=name
                )
            )
            continue
        blocks += _scheme(inputs, composer, scheme)
    return composer.section("projection", blocks)


def _descriptions(inputs: ReportInputs, composer: Composer) -> list[Block]:
    return [
        composer.headed(
            composer.say("projection.scenario", text=inputs.word(scenario, "description")),
            name=inputs.word(scenario, "name"),
        )
        for scenario in inputs.scenarios
        if inputs.word(scenario, "description")
    ]


def _scheme(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Block]:
    prefix = fund_prefix(inputs, scheme)
    future = inputs.paths.years(("payable_months",), scheme, projected=True)
    past = [year for year in inputs.paths.years(("payable_months",), scheme) if year >= future[0] - _HISTORY_YEARS]
    fields = [
        Field("income", f"{prefix}income_yuan", label=f"columns.{prefix if scheme == 'employee' else ''}income"),
        Field(
            "expenditure",
            f"{prefix}expenditure_yuan",
            label=f"columns.{prefix if scheme == 'employee' else ''}expenditure",
        ),
        Field("current_balance", f"{prefix}income_yuan-{prefix}expenditure_yuan"),
        Field(
            "balance_end",
            f"{prefix}balance_end_yuan",
            label=f"columns.{prefix if scheme == 'employee' else ''}balance_end",
        ),
        Field("payable_months", "payable_months", "months"),
    ]
    if scheme == "employee":
        fields.append(Field("dependency_ratio", "dependency_ratio", "ratio"))
    else:
        fields.insert(0, Field("enrolled", "enrolled_persons", "people"))
    table = year_table(
        inputs,
        composer,
        f"projection_{scheme}",
        title="tables.projection",
        title_values={"fund": fund_caption(inputs, composer, scheme)},
        scheme=scheme,
        years=[*past, *future],
        fields=fields,
        notes=[composer.text("projection.note_shaded")],
        mark_projected=True,
    )
    comparison = _comparison(inputs, composer, scheme, future)
    blocks: list[Block] = [_sentence(composer, table, comparison, scheme, inputs), table]
    blocks.append(_months_chart(inputs, composer, scheme))
    blocks += [comparison, _balance_chart(inputs, composer, scheme)]
    if scheme == "employee":
        blocks.append(_ratio_chart(inputs, composer))
    return blocks


def _sentence(
    composer: Composer, table: ReportTable, comparison: ReportTable, scheme: str, inputs: ReportInputs
) -> Block:
    last = len(table.rows) - 1
    sentences = [
        composer.say(
            "projection.base",
            scheme=composer.text(f"schemes.{scheme}"),
            year=str(table.cell(last, "year")),
            months=composer.months(table, last, "payable_months"),
            balance=composer.ref(table, last, "current_balance", absolute=True),
            balance_word=composer.text(
                "phrases.deficit" if _negative(table.cell(last, "current_balance")) else "phrases.surplus"
            ),
        )
    ]
    for scenario in inputs.scenarios:
        key = f"months_{scenario.name}"
        if scenario.name != BASE and any(column.key == key for column in comparison.columns):
            sentences.append(
                composer.say(
                    "projection.other",
                    scenario=inputs.scenario_name(scenario),
                    months=composer.months(comparison, -1, key),
                )
            )
    if scheme == "employee" and table.cell(last, "dependency_ratio") is not None:
        sentences.append(composer.say("projection.ratio", ratio=composer.ref(table, last, "dependency_ratio")))
    return composer.join(*sentences)


def _negative(cell: Cell) -> bool:
    return isinstance(cell, (int, float)) and cell < 0


def _comparison(inputs: ReportInputs, composer: Composer, scheme: str, years: list[int]) -> ReportTable:
    prefix = fund_prefix(inputs, scheme)
    columns = [composer.text_column("year", kind="year")]
    rows: list[list[Cell]] = [[year] for year in years]
    for kind, quantity in (("balance", "money"), ("months", "months")):
        for scenario in inputs.scenarios:
            label = composer.text(f"columns.scenario_{kind}", scenario=inputs.word(scenario, "name"))
            columns.append(composer.column(f"{kind}_{scenario.name}", quantity, label=label))
            for number, year in enumerate(years):
                rows[number].append(composer.show(_value(inputs, kind, prefix, scheme, year, scenario.name), quantity))
    return composer.table(
        f"scenarios_{scheme}",
        "tables.scenarios",
        title_values={"fund": fund_caption(inputs, composer, scheme)},
        columns=columns,
        rows=rows,
        notes=[composer.text("projection.note_comparison")],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def _value(inputs: ReportInputs, kind: str, prefix: str, scheme: str, year: int, scenario: str) -> float | None:
    if kind == "months":
        return inputs.paths.year("payable_months", scheme, year, scenario=scenario)
    income = inputs.paths.year(f"{prefix}income_yuan", scheme, year, scenario=scenario)
    spending = inputs.paths.year(f"{prefix}expenditure_yuan", scheme, year, scenario=scenario)
    return None if income is None or spending is None else income - spending


def milestone_table(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    """Build the table of turning points, or None where nothing is projected; built once, returned again later."""
    if "milestones" in composer.tables:
        return composer.tables["milestones"]
    frame = inputs.projection.milestones
    if frame is None or not len(frame):
        return None
    limits = sorted(
        (name for name in frame.columns if name.startswith("months_below_")),
        key=lambda name: -float(name.rsplit("_", 1)[1]),
    )
    names = {scenario.name: inputs.word(scenario, "name") for scenario in inputs.scenarios}
    none = composer.text("phrases.not_before_horizon")

    def when(value: Any) -> str:
        missing = value is None or value != value  # noqa: PLR0124 - NaN
        return none if missing else str(value).removesuffix(".0")

    rows: list[list[Cell]] = []
    for row in frame.to_dict("records"):
        if row["scenario"] not in names or row["scheme"] not in SCHEMES:
            continue
        rows.append(
            [
                composer.text(f"schemes.{row['scheme']}"),
                names[row["scenario"]],
                _deficit(inputs, composer, str(row["scheme"]), when(row.get("first_deficit_year"))),
                *(when(row.get(limit)) for limit in limits),
                when(row.get("exhaustion_quarter")),
                composer.show(row.get("minimum_months"), "months"),
                composer.show(row.get("horizon_months"), "months"),
            ]
        )
    if not rows:
        return None
    columns = [
        composer.text_column("scheme"),
        composer.text_column("scenario"),
        composer.text_column("first_deficit_year", kind="period"),
        *(
            composer.text_column(
                limit, kind="period", label=composer.text("columns.months_below", months=limit.rsplit("_", 1)[1])
            )
            for limit in limits
        ),
        composer.text_column("exhaustion", kind="period"),
        composer.column("minimum_months", "months"),
        composer.column("horizon_months", "months"),
    ]
    return composer.table(
        "milestones",
        "tables.milestones",
        columns=columns,
        rows=rows,
        notes=[composer.text("projection.note_milestones")],
        source=composer.text("sources.projection"),
        synthetic=inputs.synthetic,
    )


def deficit_since(inputs: ReportInputs, scheme: str) -> int | None:
    """Return the first year of the deficits that history ends with, or None where its last year shows none."""
    prefix = fund_prefix(inputs, scheme)
    since = None
    for year in reversed(inputs.paths.years((f"{prefix}income_yuan",), scheme)):
        balance = _value(inputs, "balance", prefix, scheme, year, BASE)
        if balance is None or balance >= 0 or (since is not None and year != since - 1):
            break
        since = year
    return since


def _deficit(inputs: ReportInputs, composer: Composer, scheme: str, projected: str) -> str:
    since = deficit_since(inputs, scheme)
    return projected if since is None else composer.text("phrases.since_year", year=str(since))


def _scenario_series(inputs: ReportInputs, composer: Composer, chart: _Chart) -> list[Series]:
    def points(years: Sequence[int], scenario: str) -> tuple[tuple[float, float | None], ...]:
        return tuple(
            (
                float(year),
                composer.show(inputs.paths.year(chart.name, chart.scheme, year, scenario=scenario), chart.quantity),
            )
            for year in years
        )

    history = points(inputs.paths.years((chart.name,), chart.scheme), BASE)
    future = inputs.paths.years((chart.name,), chart.scheme, projected=True)
    # A scenario begins at the last observed point, so that no gap stands between history and projection.
    return [
        Series(composer.text("phrases.history"), "history", history),
        *(
            Series(inputs.word(scenario, "name"), scenario.name, (*history[-1:], *points(future, scenario.name)))
            for scenario in inputs.scenarios
        ),
    ]


def fund_caption(inputs: ReportInputs, composer: Composer, scheme: str) -> str:
    """Return the fund on which a scheme is judged, as captions name it."""
    return composer.text(f"fund_captions.{scheme}_{'pooled' if fund_prefix(inputs, scheme) else 'undivided'}")


@dataclass(frozen=True, slots=True)
class _Chart:
    """Say what one figure of history and scenarios shows: key of its caption, table of its figures."""

    id: str
    title: str
    scheme: str
    name: str
    quantity: str
    table: str
    zero: bool = True


def _draw(inputs: ReportInputs, composer: Composer, chart: _Chart, bands: Sequence[Band] = ()) -> ReportFigure:
    past = inputs.paths.years((chart.name,), chart.scheme)
    caption = {"fund": fund_caption(inputs, composer, chart.scheme)}
    svg = lines(
        chart.id,
        _scenario_series(inputs, composer, chart),
        y_label=composer.text(f"axes.{chart.quantity}"),
        x_label=composer.text("axes.year_end"),
        alt=composer.text(f"{chart.title}_alt", **caption),
        bands=bands,
        projected_from=float(past[-1]) if past else None,
        projected_label=composer.text("phrases.projection"),
        zero=chart.zero,
    )
    # The balances of the other scenarios stand in the annex only.
    words = "sources.figure_annex" if chart.quantity == "money" else "sources.figure_scenarios"
    note = composer.text(words, table=f"[[table:{chart.table}]]")
    return composer.figure(chart.id, chart.title, svg=svg, note=note, **caption)


def _months_chart(inputs: ReportInputs, composer: Composer, scheme: str) -> ReportFigure:
    table = f"scenarios_{scheme}"
    chart = _Chart(f"months_{scheme}", "figures.months", scheme, "payable_months", "months", table)
    return _draw(inputs, composer, chart, normal_bands(inputs, composer, scheme))


def _balance_chart(inputs: ReportInputs, composer: Composer, scheme: str) -> ReportFigure:
    name = f"{fund_prefix(inputs, scheme)}balance_end_yuan"
    return _draw(
        inputs,
        composer,
        _Chart(f"balance_{scheme}", "figures.balance", scheme, name, "money", f"projection_{scheme}"),
    )


def _ratio_chart(inputs: ReportInputs, composer: Composer) -> ReportFigure:
    chart = _Chart(
        "ratio_projection",
        "figures.ratio_projection",
        "employee",
        "dependency_ratio",
        "ratio",
        "projection_employee",
        zero=False,
    )
    return _draw(inputs, composer, chart)
