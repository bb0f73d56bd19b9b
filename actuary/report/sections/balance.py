"""How long the reserves last: closing balance, spending of the last twelve months, months payable, official bands."""

from __future__ import annotations

from dataclasses import replace

from actuary.report.bands import MonthsBand, months_bands
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Mark, Paragraph, ReportFigure, ReportTable, Section
from actuary.report.figures import Band, Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.sections.citations import Citations
from actuary.report.sections.year_tables import Field, figures_source, mark_notes, mark_of

__all__ = ["SCHEMES", "build", "fund_prefix"]

SCHEMES = ("employee", "resident")
_YEARS = 8


def fund_prefix(inputs: ReportInputs, scheme: str) -> str:
    """Return the prefix of the fund on which a scheme is judged: the pool, or the undivided fund."""
    return inputs.paths.fund_prefix(scheme)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on balance and ability to pay.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    shown = [scheme for scheme in SCHEMES if inputs.paths.years(("payable_months",), scheme)]
    if not shown:
        callout = composer.callout("missing", "balance.missing", items=inputs.missing_reference(composer))
        return composer.section("balance", [callout])
    table = _table(inputs, composer, shown)
    bands = _bands_table(inputs, composer)
    blocks: list[Block] = []
    for scheme in SCHEMES:
        if scheme in shown:
            blocks += _sentence(inputs, composer, table, bands, scheme)
        else:
            name = composer.text(f"schemes.{scheme}")
            blocks.append(
                composer.callout(
                    "missing", "balance.missing_scheme", items=inputs.missing_reference(composer), scheme=name
                )
            )
    blocks += [table, *([bands] if bands else [])]
    if len(table.rows) > 1:
        blocks.append(_chart(inputs, composer, shown))
    return composer.section("balance", blocks)


def _table(inputs: ReportInputs, composer: Composer, shown: list[str]) -> ReportTable:
    years = sorted({year for scheme in shown for year in inputs.paths.years(("payable_months",), scheme)})[-_YEARS:]
    columns = [composer.text_column("year", kind="year")]
    rows: list[list[Cell]] = [[year] for year in years]
    marks: list[Mark] = []
    for scheme in shown:
        prefix, name = fund_prefix(inputs, scheme), composer.text(f"schemes.{scheme}_short")
        for key, field in (
            ("balance", Field("b", f"{prefix}balance_end_yuan")),
            ("spending", Field("s", f"{prefix}expenditure_yuan")),
            ("months", Field("m", "payable_months", "months")),
        ):
            column = f"{scheme}_{key}"
            label = composer.text(f"columns.fund_{key}", scheme=name)
            columns.append(composer.column(column, field.quantity, label=label))
            for number, year in enumerate(years):
                value = inputs.paths.year(field.name, scheme, year)
                rows[number].append(composer.show(value, field.quantity))
                letter = mark_of(inputs, field, scheme, year) if value is not None else ""
                if letter:
                    marks.append(Mark(number, column, letter))
    return composer.table(
        "payable_months",
        "tables.payable_months",
        columns=columns,
        rows=rows,
        notes=[
            composer.text(f"balance.{'note_formula' if fund_prefix(inputs, 'employee') else 'note_formula_undivided'}"),
            *_published_months(inputs, composer, shown, years),
            *mark_notes(composer, [mark.mark for mark in marks]),
        ],
        source=figures_source(inputs, composer, shown, ["balance_end", "pooled_balance_end", "pooled_expenditure"]),
        synthetic=inputs.synthetic,
        marks=marks,
    )


def _published_months(inputs: ReportInputs, composer: Composer, shown: list[str], years: list[int]) -> list[str]:
    """Return the note that quotes months payable as published, or none."""
    rows = (
        inputs.selected[inputs.selected["indicator"] == "payable_months"] if len(inputs.selected) else inputs.selected
    )
    words = [
        composer.text(
            "balance.published_value",
            year=str(row["period"]),
            scheme=composer.text(f"schemes.{row['scheme']}_short"),
            months=str(row["value_published"]),
            unit=composer.column("payable_months", "months").unit,
        )
        for row in rows.to_dict("records")
        if row["scheme"] in shown and str(row["period"]).isdigit() and int(row["period"]) in years
    ]
    return (
        [composer.text("balance.note_published", values=composer.text("phrases.list_gap").join(words))] if words else []
    )


def _sentence(
    inputs: ReportInputs, composer: Composer, table: ReportTable, bands: ReportTable | None, scheme: str
) -> list[Block]:
    last = next(
        (row for row in reversed(range(len(table.rows))) if table.cell(row, f"{scheme}_months") is not None), None
    )
    if last is None:
        return []
    refs: dict[str, str | CellRef] = {
        "year": str(table.cell(last, "year")),
        "fund": composer.text(f"funds.{scheme}_{'pooled' if fund_prefix(inputs, scheme) else 'undivided'}"),
        "balance": composer.ref(table, last, f"{scheme}_balance"),
        "months": composer.ref(table, last, f"{scheme}_months"),
    }
    sentences = [composer.say("balance.months", **refs)]
    months = table.cell(last, f"{scheme}_months")
    # The bands are those of the pool: they say nothing of a fund that is not divided.
    if bands is not None and isinstance(months, float) and fund_prefix(inputs, scheme):
        sentences += _band_sentence(inputs, composer, bands, scheme, months)
    before = last - 1
    if before >= 0 and table.cell(before, f"{scheme}_months") is not None:
        then = table.cell(before, f"{scheme}_months")
        way = "fewer" if isinstance(months, float) and isinstance(then, float) and months < then else "more"
        sentences.append(composer.say(f"balance.{way}", months=composer.ref(table, before, f"{scheme}_months")))
    return [composer.join(*sentences)]


def _bands(inputs: ReportInputs) -> list[tuple[str, MonthsBand]]:
    # The bands are those of the pool: they say nothing of a fund that is not divided.
    divided = [scheme for scheme in SCHEMES if fund_prefix(inputs, scheme)]
    return [(scheme, band) for scheme in divided for band in months_bands(inputs.rules, scheme)]


def _band_sentence(
    inputs: ReportInputs, composer: Composer, table: ReportTable, scheme: str, months: float
) -> list[Paragraph]:
    bands = _bands(inputs)
    row = next((n for n, (name, band) in enumerate(bands) if name == scheme and band.holds(months)), None)
    if row is None:
        return []
    band = bands[row][1]
    shape = "open_below" if band.low is None else "open_above" if band.high is None else "between"
    values: dict[str, str | CellRef] = {"grade": composer.text(f"levels.{band.level}")}
    if band.low is not None:
        values["low"] = composer.ref(table, row, "from_months", unit=False)
    if band.high is not None:
        values["high"] = composer.ref(table, row, "below_months", unit=False)
    official = band.status == "official"
    sentences = [composer.say(f"balance.band_{shape}_{'official' if official else 'judgement'}", **values)]
    return [*sentences, composer.say("balance.reference")] if official and inputs.region.id == "national" else sentences


def _band_status(composer: Composer, band: MonthsBand) -> str:
    status = composer.text(f"statuses.{band.status}")
    return composer.text("balance.status_recalled", status=status) if band.recalled else status


def _bands_table(inputs: ReportInputs, composer: Composer) -> ReportTable | None:
    cited = Citations()
    rows: list[list[Cell]] = [
        [
            composer.text(f"schemes.{scheme}"),
            band.low,
            band.high,
            band.level,
            _band_status(composer, band),
            cited(inputs.alert_sources[band.source]) if band.source in inputs.alert_sources else "",
        ]
        for scheme, band in _bands(inputs)
    ]
    if not rows:
        return None
    whole = all(
        limit is None or float(limit).is_integer() for _, band in _bands(inputs) for limit in (band.low, band.high)
    )
    limits = [composer.column(key, "months") for key in ("from_months", "below_months")]
    columns = [
        composer.text_column("scheme"),
        *(replace(column, decimals=0) if whole else column for column in limits),
        composer.text_column("level", kind="level"),
        composer.text_column("status"),
        composer.text_column("source"),
    ]
    return composer.table(
        "official_bands",
        "tables.official_bands",
        columns=columns,
        rows=rows,
        notes=[composer.text("balance.note_bands"), *cited.notes()],
        source=composer.text("sources.alert_rules"),
    )


def _chart(inputs: ReportInputs, composer: Composer, shown: list[str]) -> ReportFigure:
    roles = {"employee": "history", "resident": "base"}
    series = [
        Series(
            composer.text(f"schemes.{scheme}"),
            roles[scheme],
            tuple(
                (float(year), inputs.paths.year("payable_months", scheme, year))
                for year in inputs.paths.years(("payable_months",), scheme)
            ),
        )
        for scheme in shown
    ]
    svg = lines(
        "payable_months_history",
        series,
        y_label=composer.text("axes.months"),
        x_label=composer.text("axes.year_end"),
        alt=composer.text("figures.payable_months_history_alt"),
        bands=normal_bands(inputs, composer, shown[0]),
    )
    note = composer.text("sources.figure_part", table="[[table:payable_months]]")
    return composer.figure("payable_months_history", "figures.payable_months_history", svg=svg, note=note)


def normal_bands(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Band]:
    """Return the lowest band of months that an official rule calls normal, to draw behind a figure."""
    if not fund_prefix(inputs, scheme):
        return []  # the official band is one of the pool
    found = [
        band for band in months_bands(inputs.rules, scheme) if band.level == "normal" and band.status == "official"
    ]
    return [
        Band(composer.text("phrases.normal_band", low=f"{band.low:g}", high=f"{band.high:g}"), band.low, band.high)
        for band in found[:1]
        if band.low is not None and band.high is not None
    ]
