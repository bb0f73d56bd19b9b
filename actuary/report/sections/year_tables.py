"""Tables by year from the paths of a projection: figures, growth, and letters that say how a figure is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from actuary.report.composer import Composer
from actuary.report.contracts import Cell, Column, Mark, ReportTable
from actuary.report.inputs import ReportInputs, plain_name
from actuary.report.paths_view import BASE

__all__ = ["MARKS", "Field", "figures_source", "growth", "mark_notes", "mark_of", "weakest", "year_table", "year_value"]

#: Note letter of each way a figure is known that is not plain publication.
MARKS = {
    "derived": "a",
    "apportioned": "b",
    "interpolated": "c",
    "recalled": "d",
    "conflicting": "e",
    "first_record": "f",
    "break": "g",
    "projected": "p",
}


#: Figures from which ratios and months are computed.
_PARTS = frozenset({"expenditure", "balance_end", "active", "retired"})


@dataclass(frozen=True, slots=True)
class Field:
    """Describe one column of a table by year.

    Parameters
    ----------
    key : str
        Key of the column.
    name : str
        Variable of the projection; two joined by ``-`` are subtracted.
    quantity : str
        What it measures, for its unit.
    scheme : str
        Scheme, where it is not that of the table.
    change : bool
        Whether it is the growth on the year before.
    label : str
        Key of the heading; ``columns.<key>`` when empty.
    """

    key: str
    name: str
    quantity: str = "money"
    scheme: str = ""
    change: bool = False
    label: str = ""


def growth(new: float | None, old: float | None) -> float | None:
    """Return the growth of a figure as a share, or None where there is nothing to compare.

    Examples
    --------
    >>> growth(110.0, 100.0), growth(1.0, None)
    (0.1, None)
    """
    if new is None or old is None or old <= 0:
        return None
    return round(new / old - 1.0, 12)


def year_value(inputs: ReportInputs, field: Field, scheme: str, year: int, *, scenario: str = BASE) -> float | None:
    """Return the figure of a field in a year, in its base unit."""
    where = field.scheme or scheme
    parts = [inputs.paths.year(name, where, year, scenario=scenario) for name in field.name.split("-")]
    if parts[0] is None or None in parts:
        return None
    value = parts[0] - sum(part for part in parts[1:] if part is not None)
    if not field.change:
        return value
    if inputs.is_break(where, field.name, year):
        return None
    plain = Field(field.key, field.name, field.quantity, field.scheme)
    return growth(value, year_value(inputs, plain, scheme, year - 1, scenario=scenario))


def mark_of(inputs: ReportInputs, field: Field, scheme: str, year: int) -> str:
    """Return the note letter of a figure, empty for a published one."""
    where = field.scheme or scheme
    if field.change and inputs.is_break(where, field.name, year):
        return MARKS["break"]
    if field.change or "-" in field.name:
        years = (year, year - 1) if field.change else (year,)
        return weakest(
            mark_of(inputs, Field(field.key, name), where, one) for one in years for name in field.name.split("-")
        )
    if field.name == "payable_months":
        return weakest(_months_marks(inputs, where, year))
    status = inputs.paths.year_status(field.name, where, year)
    confidence = inputs.confidence(where, year, plain_name(field.name))
    if status in {"published", "derived"} and confidence in {"recalled", "conflicting"}:
        return MARKS[confidence]
    if status == "published" and confidence == "derived":
        return MARKS["derived"]
    return MARKS.get(status, "")


def weakest(marks: Iterable[str]) -> str:
    """Return the letter that a figure takes over from those it is computed from: recalled before conflicting.

    Examples
    --------
    >>> weakest(["a", "e", "d"]), weakest(["a", ""])
    ('d', '')
    """
    found = set(marks)
    return next((MARKS[name] for name in ("recalled", "conflicting") if MARKS[name] in found), "")


def _months_marks(inputs: ReportInputs, scheme: str, year: int) -> list[str]:
    prefix = inputs.paths.fund_prefix(scheme)
    return [
        mark_of(inputs, Field(name, f"{prefix}{name}_yuan"), scheme, year) for name in ("balance_end", "expenditure")
    ]


def mark_notes(composer: Composer, used: Sequence[str]) -> list[str]:
    """Return the note that explains the letters used, or none."""
    words = [composer.text(f"marks.{name}") for name, letter in MARKS.items() if letter in used]
    return [composer.text("phrases.list_gap").join(words) + composer.text("phrases.stop")] if words else []


def year_table(  # noqa: PLR0913 - a table is its id, caption, scheme, years, fields and scenario
    inputs: ReportInputs,
    composer: Composer,
    table_id: str,
    *,
    scheme: str,
    years: Sequence[int],
    fields: Sequence[Field],
    notes: Sequence[str] = (),
    scenario: str = BASE,
    title: str = "",
    mark_projected: bool = False,
    title_values: Mapping[str, str] | None = None,
) -> ReportTable:
    """Build a table with one row a year.

    Parameters
    ----------
    inputs : ReportInputs
        The figures.
    composer : Composer
        Collects the table.
    table_id : str
        Id of the table; its caption is the sentence ``tables.<id>`` unless `title` is given.
    scheme : str
        Scheme of the fields that name none.
    years : sequence of int
        The rows.
    fields : sequence of Field
        The columns after the year.
    notes : sequence of str
        Notes beside the letters.
    scenario : str
        Scenario.
    title : str
        Key of the caption.
    mark_projected : bool
        Whether projected rows are shaded.
    title_values : mapping, optional
        Values of the placeholders of the caption.
    """
    values = {
        field.key: [year_value(inputs, field, scheme, year, scenario=scenario) for year in years] for field in fields
    }
    columns: list[Column] = [composer.text_column("year", kind="year")]
    people = [
        value for field in fields if field.quantity == "people" and not field.change for value in values[field.key]
    ]
    for field in fields:
        label = composer.text(field.label) if field.label else None
        quantity = "share" if field.change else field.quantity
        # People of one table are printed with the same digits, whichever column is the larger.
        sized = people if quantity == "people" else values[field.key]
        columns.append(composer.column(field.key, quantity, sized, label=label, growth=field.change))
    rows: list[list[Cell]] = []
    marks: list[Mark] = []
    for number, year in enumerate(years):
        row: list[Cell] = [year]
        for field in fields:
            quantity = "share" if field.change else field.quantity
            row.append(composer.show(values[field.key][number], quantity))
            letter = mark_of(inputs, field, scheme, year)
            known = values[field.key][number] is not None or letter == MARKS["break"]
            if known and letter and letter != MARKS["projected"]:
                marks.append(Mark(number, field.key, letter))
        rows.append(row)
    shaded = [
        "projection" if mark_projected and inputs.paths.year_status(_first(fields), scheme, y) == "projected" else ""
        for y in years
    ]
    return composer.table(
        table_id,
        title or f"tables.{table_id}",
        columns=columns,
        rows=rows,
        notes=[
            *notes,
            *mark_notes(composer, [mark.mark for mark in marks]),
            *(
                text
                for one in sorted({scheme, *_schemes(fields)})
                for text in _remarks(inputs, fields, one, scheme, years)
            ),
        ],
        source=_source(inputs, composer, scheme, fields, projected="projection" in shaded),
        synthetic=inputs.synthetic,
        marks=marks,
        row_styles=shaded,
        title_values=title_values,
    )


def _source(inputs: ReportInputs, composer: Composer, scheme: str, fields: Sequence[Field], *, projected: bool) -> str:
    names = [name for field in fields for name in field.name.split("-")]
    if all(inputs.paths.fund_prefix(one) for one in ("employee", "resident")):
        names += [name.removeprefix("pooled_") for name in names if scheme == "resident"]
    figures = figures_source(inputs, composer, sorted({scheme, *_schemes(fields)}), names)
    return composer.text("sources.figures_and_projection", figures=figures) if projected else figures


def figures_source(inputs: ReportInputs, composer: Composer, schemes: Sequence[str], names: Sequence[str]) -> str:
    """Return the tables and the kinds of publication from which variables of some schemes were taken.

    Parameters
    ----------
    inputs : ReportInputs
        Holds the fact rows and the catalogue.
    composer : Composer
        Gives the words.
    schemes, names : sequence of str
        Schemes and variables.
    """
    rows = inputs.facts[inputs.facts["scheme"].isin([*schemes, "all"])] if len(inputs.facts) else inputs.facts
    if not len(rows):
        return composer.text("sources.projection")
    exact = rows[rows["indicator"].isin({plain_name(name) for name in names} | _PARTS) & rows["scheme"].isin(schemes)]
    rows = exact if len(exact) else rows
    gap = composer.text("phrases.list_comma")
    titles = [inputs.word(entry, "title") for entry in inputs.catalog.entries if entry.name in set(rows["table"])]
    bases = [composer.text(f"bases.{name}") for name in rows["basis"].value_counts().index]
    return composer.text("sources.figures", tables=gap.join(titles), bases=gap.join(bases))


def _schemes(fields: Sequence[Field]) -> list[str]:
    return [field.scheme for field in fields if field.scheme]


def _remarks(
    inputs: ReportInputs, fields: Sequence[Field], wanted: str, scheme: str, years: Sequence[int]
) -> list[str]:
    """Return the remarks on the figures of one scheme in a table."""
    names = [name for field in fields if (field.scheme or scheme) == wanted for name in field.name.split("-")]
    return inputs.remarks_on(wanted, names, years)


def _first(fields: Sequence[Field]) -> str:
    return next(field.name for field in fields if not field.change and "-" not in field.name)
