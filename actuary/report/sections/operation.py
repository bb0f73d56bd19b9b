"""How the funds ran: income, spending and balance by year and by quarter, pool and personal accounts."""

from __future__ import annotations

from actuary.periods import Quarter
from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, Cell, Mark, Paragraph, ReportFigure, ReportTable, Section
from actuary.report.figures import Series, grouped_bars
from actuary.report.inputs import ReportInputs
from actuary.report.sections.year_tables import MARKS, Field, figures_source, growth, mark_notes, year_table

__all__ = ["build"]

_YEARS = 7
_QUARTERS = 8
_TOTALS = (
    Field("income", "income_yuan"),
    Field("income_growth", "income_yuan", change=True),
    Field("expenditure", "expenditure_yuan"),
    Field("expenditure_growth", "expenditure_yuan", change=True),
    Field("current_balance", "income_yuan-expenditure_yuan"),
    Field("balance_end", "balance_end_yuan"),
)
_POOL = (
    Field("pooled_income", "pooled_income_yuan"),
    Field("pooled_income_growth", "pooled_income_yuan", change=True, label="columns.income_growth"),
    Field("pooled_expenditure", "pooled_expenditure_yuan"),
    Field("pooled_expenditure_growth", "pooled_expenditure_yuan", change=True, label="columns.expenditure_growth"),
    Field("pooled_current_balance", "pooled_income_yuan-pooled_expenditure_yuan"),
    Field("pooled_adjustment", "pooled_adjustment_yuan"),
    Field("pooled_balance_end", "pooled_balance_end_yuan"),
)
_ACCOUNTS = (
    Field("personal_income", "personal_income_yuan"),
    Field("personal_expenditure", "personal_expenditure_yuan"),
    Field("personal_current_balance", "personal_income_yuan-personal_expenditure_yuan"),
    Field("personal_balance_end", "personal_balance_end_yuan"),
)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on fund operation.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    blocks: list[Block] = []
    for scheme in ("employee", "resident", "all"):
        blocks += _scheme(inputs, composer, scheme)
    return composer.section("operation", blocks)


def _scheme(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Block]:
    blocks: list[Block] = [composer.heading(f"operation.heading_{scheme}")]
    years = inputs.paths.years(("income_yuan", "expenditure_yuan"), scheme)[-_YEARS:]
    if not years:
        blocks.append(
            composer.callout(
                "missing",
                "operation.missing",
                items=inputs.missing_reference(composer),
                scheme=composer.text(f"schemes.{scheme}"),
            )
        )
        return blocks
    table = year_table(
        inputs,
        composer,
        f"{scheme}_by_year",
        scheme=scheme,
        years=years,
        fields=_TOTALS,
        notes=[composer.text(f"operation.note_{scheme}")],
    )
    blocks += [_year_sentence(composer, table, scheme), table]
    if scheme == "employee":
        blocks += _parts(inputs, composer)
    if scheme != "all":
        blocks += _quarters(inputs, composer, scheme)
        if len(years) > 1:
            blocks.append(_chart(inputs, composer, scheme, years))
    return blocks


def _year_sentence(composer: Composer, table: ReportTable, scheme: str) -> Paragraph:
    values: dict[str, str | CellRef] = {
        "year": str(table.cell(-1, "year")),
        "scheme": composer.text(f"schemes.{scheme}"),
        "income": composer.ref(table, -1, "income"),
        "income_change": composer.change(table, -1, "income_growth"),
        "expenditure": composer.ref(table, -1, "expenditure"),
        "expenditure_change": composer.change(table, -1, "expenditure_growth"),
        "balance": composer.ref(table, -1, "current_balance", absolute=True),
        "balance_word": composer.text(f"phrases.{_sign(table.cell(-1, 'current_balance'))}"),
    }
    compared = table.cell(-1, "income_growth") is not None and table.cell(-1, "expenditure_growth") is not None
    first = composer.say("operation.year" if compared else "operation.year_plain", **values)
    sentences = [first]
    if table.cell(-1, "balance_end") is not None:
        sentences.append(composer.say("operation.year_stock", stock=composer.ref(table, -1, "balance_end")))
    gap = _gap(table.cell(-1, "income_growth"), table.cell(-1, "expenditure_growth"))
    if gap:
        sentences.append(composer.say(f"operation.growth_{gap}"))
    return composer.join(*sentences)


def _sign(value: Cell) -> str:
    return "deficit" if isinstance(value, (int, float)) and value < 0 else "surplus"


def _gap(income: Cell, spending: Cell) -> str:
    if not isinstance(income, (int, float)) or not isinstance(spending, (int, float)):
        return ""
    return "spending_faster" if spending > income else "income_faster" if income > spending else ""


def _parts(inputs: ReportInputs, composer: Composer) -> list[Block]:
    years = inputs.paths.years(("pooled_income_yuan", "pooled_balance_end_yuan"), "employee")
    years = [year for year in years if year > years[-1] - _YEARS + 1] if years else []
    if not years:
        return [composer.callout("missing", "operation.parts_missing")]
    blocks: list[Block] = []
    for table_id, fields in (("employee_pool_by_year", _POOL), ("employee_accounts_by_year", _ACCOUNTS)):
        notes = [composer.text("operation.note_adjustment")] if fields is _POOL else []
        table = year_table(inputs, composer, table_id, scheme="employee", years=years, fields=fields, notes=notes)
        last = len(table.rows) - 1
        flows = [field.key for field in fields if field.name.endswith(("income_yuan", "expenditure_yuan"))]
        if all(table.cell(last, key) is not None for key in flows):
            refs: dict[str, str | CellRef] = {
                field.key: composer.change(table, last, field.key)
                if field.change
                else composer.ref(table, last, field.key)
                for field in fields
                if "-" not in field.name and field.key != "pooled_adjustment"
            }
            compared = all(table.cell(last, field.key) is not None for field in fields if field.change)
            key = f"operation.{table_id}" if compared else f"operation.{table_id}_plain"
            blocks.append(composer.say(key, year=str(table.cell(last, "year")), **refs))
        blocks.append(table)
    return blocks


def _quarters(inputs: ReportInputs, composer: Composer, scheme: str) -> list[Block]:
    names = ("pooled_income_yuan", "pooled_expenditure_yuan", "pooled_balance_end_yuan")
    whole = ("income_yuan", "expenditure_yuan", "balance_end_yuan")
    quarters = inputs.paths.last_quarters(_QUARTERS)
    told = {
        group: set(inputs.paths.history_quarters(group[:2], scheme)).intersection(quarters) for group in (names, whole)
    }
    if len(told[whole]) > len(told[names]):
        names = whole
    if not told[names]:
        return [composer.callout("missing", "operation.quarters_missing", scheme=composer.text(f"schemes.{scheme}"))]
    pooled = names[0].startswith("pooled") and scheme == "employee"
    keys = (
        ("pooled_income", "pooled_expenditure", "pooled_balance_end")
        if pooled
        else ("income", "expenditure", "balance_end")
    )
    columns = [composer.text_column("quarter", kind="period"), *(composer.column(key, "money") for key in keys)]
    growth_key = f"{keys[1]}_growth"
    columns.insert(
        3, composer.column(growth_key, "share", label=composer.text("columns.expenditure_growth"), growth=True)
    )
    rows: list[list[Cell]] = []
    marks: list[Mark] = []
    for number, quarter in enumerate(quarters):
        past = quarter in told[names] or not inputs.paths.is_projected(scheme, quarter)
        values = [inputs.paths.value(name, scheme, quarter) if past else None for name in names]
        change = _quarter_growth(inputs, names[1], scheme, quarter) if past else None
        shown: list[Cell] = [composer.show(value, "money") for value in values]
        rows.append([str(quarter), shown[0], shown[1], composer.show(change, "share"), shown[2]])
        for key, name, value in zip(keys, names, values, strict=True):
            letter = MARKS.get(inputs.paths.status(name, scheme, quarter), "") if value is not None else ""
            if letter:
                marks.append(Mark(number, key, letter))
    return [
        composer.table(
            f"{scheme}_by_quarter",
            f"tables.{scheme}_by_quarter",
            columns=columns,
            rows=rows,
            notes=[composer.text("operation.note_quarters"), *mark_notes(composer, [mark.mark for mark in marks])],
            source=figures_source(inputs, composer, [scheme], names),
            synthetic=inputs.synthetic,
            marks=marks,
        )
    ]


def _quarter_growth(inputs: ReportInputs, name: str, scheme: str, quarter: Quarter) -> float | None:
    """Return the growth on the same quarter of the year before, or None where either is apportioned by season."""
    known = {inputs.paths.status(name, scheme, one) for one in (quarter, quarter + -4)} <= {"published", "derived"}
    before = inputs.paths.value(name, scheme, quarter + -4)
    return growth(inputs.paths.value(name, scheme, quarter), before) if known else None


def _chart(inputs: ReportInputs, composer: Composer, scheme: str, years: list[int]) -> ReportFigure:
    def series(name: str, role: str) -> Series:
        points = tuple(
            (float(number), composer.show(inputs.paths.year(name, scheme, year), "money"))
            for number, year in enumerate(years)
        )
        return Series(composer.text(f"columns.{name.removesuffix('_yuan')}"), role, points)

    figure_id = f"{scheme}_income_spending"
    title = f"figures.{figure_id}"
    svg = grouped_bars(
        figure_id,
        [series("income_yuan", "income"), series("expenditure_yuan", "spending")],
        ticks=[str(year) for year in years],
        y_label=composer.text("axes.money"),
        x_label=composer.text("axes.year"),
        alt=composer.text(f"{title}_alt"),
    )
    return composer.figure(
        figure_id, title, svg=svg, note=composer.text("sources.figure", table=f"[[table:{scheme}_by_year]]")
    )
