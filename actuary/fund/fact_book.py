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
from actuary.tables.selection import FACT_KEY

__all__ = ["PROVISIONAL", "FactBook", "load_fact_book", "province_id"]

#: Publications that a later one replaces: flash reports and the monthly release for a whole year.
PROVISIONAL: tuple[str, ...] = ("flash", "monthly_1_12")


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
    def places(self) -> dict[tuple[str, ...], list[int]]:
        """Places among the observed rows of every value for a fact, by what names the fact."""
        found: dict[tuple[str, ...], list[int]] = {}
        if not self.observed.empty:
            names = self.observed[list(FACT_KEY)].itertuples(index=False, name=None)
            for place, key in enumerate(names):
                found.setdefault(key, []).append(place)
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
