"""Every published row of a region that a report may draw on, with the choice among several values for one fact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from actuary.fund.figures import Figures, complete_figures
from actuary.fund.sources import year_figures
from actuary.periods import Quarter
from actuary.policy import Region
from actuary.tables import Preference, facts, known_regions, load_catalog, read_table, select_facts

__all__ = ["PROVISIONAL", "FactBook", "FactRow", "fact_rows_of", "load_fact_book", "province_id"]

#: Publications that a later one replaces: flash reports and the monthly release for a whole year.
PROVISIONAL: tuple[str, ...] = ("flash", "monthly_1_12")


@dataclass(frozen=True, slots=True)
class FactRow:
    """Point at one row of a table of published facts.

    Parameters
    ----------
    table : str
        Name in the catalogue.
    row : int
        Line of its file.
    region, period, scheme, indicator : str
        What it is a figure of.
    value : float
        In `unit`, the base unit.
    unit : str
        Base unit.
    printed, printed_unit : str
        The figure as it was printed.
    basis, confidence : str
        What kind of publication, and how far it was checked.
    source, url : str
        Where it stands.
    scope, group : str
        Which accounts or which people, "" where the table does not say.
    """

    table: str
    row: int
    region: str
    period: str
    scheme: str
    indicator: str
    value: float
    unit: str
    printed: str
    printed_unit: str
    basis: str
    confidence: str
    source: str
    url: str
    scope: str = ""
    group: str = ""

    @property
    def fact(self) -> tuple[str, ...]:
        """What names the fact: region, period, scheme, indicator, scope, group."""
        return (self.region, self.period, self.scheme, self.indicator, self.scope, self.group)


_ROW = (
    "table",
    "row",
    "region",
    "period",
    "scheme",
    "indicator",
    "value",
    "unit",
    "value_published",
    "unit_published",
    "basis",
    "confidence",
    "source",
    "url",
    "scope",
    "group",
)


def fact_rows_of(frame: pd.DataFrame) -> tuple[FactRow, ...]:
    """Return every row of a frame of facts.

    Parameters
    ----------
    frame : DataFrame
        As :func:`actuary.tables.facts` returns it.
    """
    if frame.empty:
        return ()
    return tuple(
        FactRow(table, int(row), *rest) for table, row, *rest in frame[list(_ROW)].itertuples(index=False, name=None)
    )


@dataclass(frozen=True, eq=False)
class FactBook:
    """Hold the rows of a region as they lie in the tables.

    Parameters
    ----------
    observed : DataFrame
        Observed rows up to the report quarter, as :func:`actuary.tables.facts` returns them: every value for a fact.
    planned : DataFrame
        Plans, budgets and targets of any period, in the same columns.
    targets : DataFrame
        Rows of the tables of targets, with `relation`, `base_period`, `base_value`, `nature` and `target_text`.
    preference : Preference
        Which of several values for one fact is shown first.
    """

    observed: pd.DataFrame = field(default_factory=pd.DataFrame)
    planned: pd.DataFrame = field(default_factory=pd.DataFrame)
    targets: pd.DataFrame = field(default_factory=pd.DataFrame)
    preference: Preference = field(default_factory=lambda: Preference((), ()))

    @cached_property
    def chosen(self) -> pd.DataFrame:
        """The preferred observed row of every fact."""
        return self.observed if self.observed.empty else select_facts(self.observed, self.preference)

    @cached_property
    def rows(self) -> tuple[FactRow, ...]:
        """Every observed row, in the order of the frame."""
        return fact_rows_of(self.observed)

    @cached_property
    def chosen_rows(self) -> tuple[FactRow, ...]:
        """The preferred row of every fact."""
        return tuple(self.rows[place] for place in self.chosen.index)

    @cached_property
    def first_rows(self) -> tuple[FactRow, ...]:
        """The row of every fact as it was first published."""
        return tuple(self.rows[place] for place in self.first_published.index)

    @cached_property
    def by_fact(self) -> dict[tuple[str, ...], list[FactRow]]:
        """Every value observed for a fact, by region, period, scheme, indicator, scope and group."""
        found: dict[tuple[str, ...], list[FactRow]] = {}
        for row in self.rows:
            found.setdefault(row.fact, []).append(row)
        return found

    @cached_property
    def first_published(self) -> pd.DataFrame:
        """The observed row of every fact as it was first published: the provisional one where there is one."""
        if self.observed.empty:
            return self.observed
        late = [basis for basis in self.preference.basis if basis not in PROVISIONAL]
        early = Preference((*PROVISIONAL, *late), self.preference.confidence)
        return select_facts(self.observed, early)

    @cached_property
    def figures(self) -> Figures:
        """Completed year figures of the preferred rows."""
        if self.observed.empty:
            return Figures()
        figures, _ = complete_figures(year_figures(self.chosen, self.preference))
        return figures

    @cached_property
    def first_figures(self) -> Figures:
        """Completed year figures of the rows as they were first published."""
        if self.observed.empty:
            return Figures()
        rows = year_figures(self.first_published, self.preference).rows()
        # A first figure yields to no sum of later ones: then it would be a first figure no more.
        figures, _ = complete_figures(Figures({key: replace(one, rank=0) for key, one in rows.items()}))
        return figures


def load_fact_book(region: str, *, until: Quarter, data: Path | None = None) -> FactBook:
    """Load the rows of a region: observed ones up to a quarter, plans and targets of any period.

    Parameters
    ----------
    region : str
        Region id; one without rows gives an empty book.
    until : Quarter
        The report quarter.
    data : Path, optional
        Data folder.

    Raises
    ------
    TableError
        When a table is not valid.

    Examples
    --------
    >>> book = load_fact_book("national", until=Quarter(2024, 4))
    >>> row = book.chosen.query("period == '2024' and scheme == 'all' and indicator == 'income'").iloc[0]
    >>> first = book.first_published.loc[book.first_published.period.eq("2024")]
    >>> row.value_published, first.query("scheme == 'all' and indicator == 'income'").value_published.item()
    ('34913.37', '34809.95')
    """
    catalog = load_catalog(data)
    if region not in known_regions(data):
        return FactBook(preference=catalog.preference)
    every = facts(region, root=data)
    seen = facts(region, root=data, observed=True)
    seen_rows = set(zip(seen["table"], seen["row"], strict=True))
    plans = [key not in seen_rows for key in zip(every["table"], every["row"], strict=True)]
    targets = [read_table(entry.name, root=data) for entry in catalog.entries if entry.schema == "targets"]
    named = [table[table["region"].eq(region)].assign(table=table.attrs["name"]) for table in targets]
    return FactBook(
        observed=facts(region, root=data, until=until, observed=True),
        planned=every[plans].reset_index(drop=True),
        targets=pd.concat(named, ignore_index=True) if named else pd.DataFrame(),
        preference=catalog.preference,
    )


def province_id(place: Region) -> str:
    """Return the region id under which facts of a place's province lie, "" where it names none.

    Examples
    --------
    >>> from actuary.policy import load_region
    >>> province_id(load_region("anyang")), province_id(load_region("national"))
    ('henan', '')
    """
    return (place.province_en or "").lower().replace(" ", "_")
