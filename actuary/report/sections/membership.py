"""Who is insured: active and retired members, their ratio, residents."""

from __future__ import annotations

from actuary.report.composer import CellRef, Composer
from actuary.report.contracts import Block, ReportFigure, Section
from actuary.report.figures import Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.sections.year_tables import Field, year_table

__all__ = ["build", "ratio_series"]

_YEARS = 8
_FIELDS = (
    Field("enrolled", "enrolled_persons", "people", "employee", label="columns.enrolled_employee"),
    Field("active", "active_persons", "people", "employee"),
    Field("active_growth", "active_persons", "people", "employee", change=True, label="columns.growth"),
    Field("retired", "retired_persons", "people", "employee"),
    Field("retired_growth", "retired_persons", "people", "employee", change=True, label="columns.growth"),
    Field("dependency_ratio", "dependency_ratio", "ratio", "employee"),
    Field("resident_enrolled", "enrolled_persons", "people", "resident", label="columns.enrolled_resident"),
)


def build(inputs: ReportInputs, composer: Composer) -> Section:
    """Write the section on membership.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Writes tables and sentences.
    """
    names = ("enrolled_persons", "active_persons", "dependency_ratio")
    years = sorted({*inputs.paths.years(names, "employee"), *inputs.paths.years(names, "resident")})[-_YEARS:]
    if not years:
        callout = composer.callout("missing", "membership.missing", items=inputs.missing_reference(composer))
        return composer.section("membership", [callout])
    table = year_table(
        inputs,
        composer,
        "membership",
        scheme="employee",
        years=years,
        fields=_FIELDS,
        notes=[composer.text("membership.note")],
    )
    blocks: list[Block] = []
    last = len(table.rows) - 1
    year = str(years[-1])
    if table.cell(last, "dependency_ratio") is not None:
        refs: dict[str, str | CellRef] = {
            "enrolled": composer.ref(table, last, "enrolled"),
            "active": composer.ref(table, last, "active"),
            "active_change": composer.change(table, last, "active_growth"),
            "retired": composer.ref(table, last, "retired"),
            "retired_change": composer.change(table, last, "retired_growth"),
            "ratio": composer.ref(table, last, "dependency_ratio"),
        }
        compared = all(table.cell(last, key) is not None for key in ("active_growth", "retired_growth"))
        sentences = [
            composer.say("membership.employee" if compared else "membership.employee_plain", year=year, **refs)
        ]
        earlier = [row for row in range(last) if table.cell(row, "dependency_ratio") is not None]
        if earlier:
            then, now = table.cell(earlier[0], "dependency_ratio"), table.cell(last, "dependency_ratio")
            way = "lower" if isinstance(then, float) and isinstance(now, float) and now < then else "higher"
            sentences.append(
                composer.say(
                    f"membership.ratio_{way}",
                    year=str(table.cell(earlier[0], "year")),
                    ratio=composer.ref(table, earlier[0], "dependency_ratio"),
                )
            )
        blocks.append(composer.join(*sentences))
    elif inputs.missing("employee"):
        blocks.append(composer.callout("missing", "membership.missing", items=inputs.missing_reference(composer)))
    if table.cell(last, "resident_enrolled") is not None:
        blocks.append(
            composer.say("membership.resident", year=year, enrolled=composer.ref(table, last, "resident_enrolled"))
        )
    blocks.append(table)
    if len([1 for y in years if inputs.paths.year("dependency_ratio", "employee", y) is not None]) > 1:
        blocks.append(_chart(inputs, composer))
    return composer.section("membership", blocks)


def ratio_series(inputs: ReportInputs, composer: Composer) -> list[Series]:
    """Return the ratio of active to retired members, history only, as a series of a figure."""
    years = inputs.paths.years(("dependency_ratio",), "employee")
    points = tuple((float(year), inputs.paths.year("dependency_ratio", "employee", year)) for year in years)
    return [Series(composer.text("phrases.history"), "history", points)]


def _chart(inputs: ReportInputs, composer: Composer) -> ReportFigure:
    svg = lines(
        "dependency_ratio",
        ratio_series(inputs, composer),
        y_label=composer.text("axes.ratio"),
        x_label=composer.text("axes.year_end"),
        alt=composer.text("figures.dependency_ratio_alt"),
    )
    note = composer.text("sources.figure_part", table="[[table:membership]]")
    return composer.figure("dependency_ratio", "figures.dependency_ratio", svg=svg, note=note)
