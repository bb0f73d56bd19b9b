"""What the sections written from the people-driven model share: what is missing, years, scenarios, words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from actuary.periods import Quarter
from actuary.report.composer import Composer
from actuary.report.contracts import Block, Cell, Column, ReportTable, Section
from actuary.report.figures import Series, lines
from actuary.report.inputs import ReportInputs
from actuary.report.numbers import number_or_none
from actuary.report.people import PeoplePart

__all__ = ["ANNUAL_BASE", "PeopleView", "at_end", "column_table", "figure_of", "people_section"]

#: The scenario that is the base itself.
ANNUAL_BASE = "base"
_YEAR_END = 4
_PERSON_DIGITS = 2
_ORDER = ("long_term", "stress", "ageing", "birth_policy")


def people_section(
    inputs: ReportInputs, composer: Composer, section: str, write: Callable[[PeopleView], list[Block]]
) -> Section | None:
    """Write a section from the people-driven model, or say what the model lacks.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the runs of the people-driven model.
    composer : Composer
        Writes tables and sentences.
    section : str
        Name of the section.
    write : callable
        Writes its blocks where the model could be run.

    Returns
    -------
    Section or None
        None where the report plan does not ask for the section.
    """
    if inputs.people is None:
        return None
    return _not_possible(inputs, composer, section) or composer.section(section, write(PeopleView(inputs.people)))


def _not_possible(inputs: ReportInputs, composer: Composer, section: str) -> Section | None:
    """Return the section that says what the people-driven model lacks, or None where it can be run.

    What is missing is listed once, in the first of the sections; the others refer to it.
    """
    part = inputs.people
    if part is None or part.run is not None:
        return None
    if part.late is not None:
        callout = composer.callout("missing", "people.late", year=str(part.late))
        return composer.section(section, [callout])
    first = next(name for name in _ORDER if name in composer.titles)
    if first != section:
        callout = composer.callout("missing", "people.missing_there", section=composer.titles[first])
        return composer.section(section, [callout])
    words = {one.key: f"people.needed_{one.key.replace('.', '_')}" for one in part.model.needed}
    items = [composer.text(key) for key in words.values() if composer.wording.has(key)]
    if part.no_season:
        items.append(composer.text("people.needed_season"))
    # Figures of the funds are missing for the other projection too, and listed there.
    if len(items) < len(words):
        items += inputs.missing_reference(composer)
    return composer.section(section, [composer.callout("missing", "people.missing", items=items)])


def at_end(composer: Composer, quarter: object) -> str:
    """Return a quarter as it stands before "end of": a fourth quarter is named by its year."""
    found = Quarter.parse(str(quarter))
    return composer.text("phrases.of_year", year=str(found.year)) if found.number == _YEAR_END else str(found)


@dataclass(frozen=True)
class PeopleView:
    """Look figures up in the runs of the people-driven model.

    Parameters
    ----------
    part : PeoplePart
        What was run.
    """

    part: PeoplePart

    @property
    def run(self) -> Any:
        """The run of base and scenarios."""
        return self.part.run

    @cached_property
    def _years(self) -> dict[tuple[str, str, int], dict[str, Any]]:
        rows = self.run.annual().to_dict("records")
        return {(str(row["scenario"]), str(row["scheme"]), int(row["year"])): row for row in rows}

    def value(self, name: str, scheme: str, year: int, *, scenario: str = ANNUAL_BASE) -> float | None:
        """Return a figure of a year, in its base unit; None where there is none."""
        return number_or_none(self._years.get((scenario, scheme, year), {}).get(name))

    def ratio(self, year: int, *, scenario: str = ANNUAL_BASE) -> float | None:
        """Return active members per retired one at the end of a year; that of the base year comes from the members."""
        if year == self.part.base_year:
            return number_or_none(self.run.members[scenario].dependency_ratio(f"{year}Q4"))
        return self.value("dependency_ratio", "employee", year, scenario=scenario)

    def future(self) -> list[int]:
        """Return the years shown, the base year left out."""
        return [year for year in self.part.years() if year > self.part.base_year]

    def sum_of_year(self, name: str, scheme: str, year: int) -> float | None:
        """Return the sum of a quarterly path over a year, under the base."""
        path = self.run.paths[name].sel(scenario=ANNUAL_BASE, scheme=scheme)
        held = [path.sel(quarter=f"{year}Q{number}").item() for number in range(1, 5)]
        return number_or_none(sum(held))


def column_table(
    inputs: ReportInputs,
    composer: Composer,
    table_id: str,
    *,
    rows: Sequence[int],
    columns: Sequence[tuple[str, str, str, Callable[[int], float | None]]],
    notes: Sequence[str] = (),
    title: str = "",
    values: dict[str, str] | None = None,
) -> ReportTable:
    """Build a table of years down and quantities across.

    Parameters
    ----------
    inputs : ReportInputs
        Says whether figures are made up.
    composer : Composer
        Builds the table.
    table_id : str
        Its id; its caption is ``tables.<id>`` unless `title` is given.
    rows : sequence of int
        Years.
    columns : sequence of (key, quantity, label, value of a year)
        Columns; the value is in the base unit.
    notes, title, values
        Notes, key of the caption, and what it is filled with.
    """
    found = [[_whole(value(year), quantity) for _, quantity, _, value in columns] for year in rows]
    heads: list[Column] = [composer.text_column("year", kind="year")]
    for place, (key, quantity, label, _) in enumerate(columns):
        heads.append(composer.column(key, quantity, [row[place] for row in found], label=label))
    cells: list[list[Cell]] = [
        [year, *(composer.show(value, quantity) for value, (_, quantity, _, _) in zip(row, columns, strict=True))]
        for year, row in zip(rows, found, strict=True)
    ]
    return composer.table(
        table_id,
        title or f"tables.{table_id}",
        title_values=values,
        columns=heads,
        rows=cells,
        notes=notes,
        source=composer.text("sources.people"),
        synthetic=inputs.synthetic or bool(inputs.people and inputs.people.run and inputs.people.run.synthetic),
    )


def _whole(value: float | None, quantity: str) -> float | None:
    """Take the last digits of a machine off a number of people: those of the base year are published whole."""
    return round(value, _PERSON_DIGITS) if value is not None and quantity == "people" else value


def figure_of(
    composer: Composer,
    table: ReportTable,
    columns: Sequence[tuple[str, str]],
    *,
    figure_id: str,
    y_label: str,
    zero: bool = False,
    **values: str,
) -> Any:
    """Draw columns of a table of years as lines: what the figure shows is what the table prints.

    Parameters
    ----------
    composer : Composer
        Gives the words.
    table : ReportTable
        Years down.
    columns : sequence of (key, role)
        Columns, and the role that chooses colour, line and marker.
    figure_id : str
        Id of the figure; its caption is ``figures.<id>`` without a scheme behind it.
    y_label : str
        Label of the axis, with its unit.
    zero : bool
        Whether the axis must show zero.
    values
        What the caption is filled with.
    """
    series = []
    for key, role in columns:
        points = []
        for number in range(len(table.rows)):
            cell, year = table.cell(number, key), table.cell(number, "year")
            points.append((float(year or 0), cell if isinstance(cell, float) else None))
        series.append(Series(table.column(key).label, role, tuple(points)))
    title = f"figures.{figure_id.removesuffix('_employee').removesuffix('_resident')}"
    svg = lines(
        figure_id,
        [Series(one.label, one.role, one.points) for one in series],
        y_label=y_label,
        x_label=composer.text("axes.year_end"),
        alt=composer.text(f"{title}_alt", **values),
        zero=zero,
        joined=True,
    )
    note = composer.text("sources.figure", table=f"[[table:{table.id}]]")
    return composer.figure(figure_id, title, svg=svg, note=note, **values)
