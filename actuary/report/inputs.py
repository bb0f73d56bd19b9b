"""Everything the sections are written from, gathered once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from actuary.periods import Quarter
from actuary.report.case_figures import CaseFigures
from actuary.report.paths_view import PathsView
from actuary.report.previous import PreviousReport, SchemeReconciliation

if TYPE_CHECKING:
    from actuary.report.composer import Composer
    from actuary.report.people import PeoplePart

__all__ = ["CityFacts", "ReportInputs", "plain_name", "without_files"]


def plain_name(variable: str) -> str:
    """Return the indicator that a variable of a projection holds, without its unit.

    Examples
    --------
    >>> plain_name("pooled_income_yuan")
    'pooled_income'
    """
    return variable.removesuffix("_yuan").removesuffix("_persons")


def without_files(text: str) -> str:
    """Return a sentence without the names of files that stand in brackets in it.

    Examples
    --------
    >>> without_files("an assumption basis (assumptions/base.toml): annual growth")
    'an assumption basis: annual growth'
    """
    return re.sub(r"\s*[（(][^（）()]*\.(?:toml|csv)[）)]", "", text)


@dataclass(frozen=True)
class CityFacts:
    """Hold what is published about one city.

    Parameters
    ----------
    region : Region
        The city.
    facts : DataFrame
        Its fact rows, one a fact, the preferred value.
    missing : tuple
        Inputs nobody has published, each with ``what_zh``, ``what_en``, ``needed_for_zh``, ``needed_for_en``.
    rows : DataFrame
        All its fact rows, those that were not preferred too.
    """

    region: Any
    facts: pd.DataFrame
    missing: tuple[Any, ...] = ()
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ReportInputs:
    """Hold what the sections of one report are written from.

    Parameters
    ----------
    lang : str
        ``zh`` or ``en``.
    region : Region
        The region, with its names.
    quarter : Quarter
        Report quarter.
    projection : FundProjection
        History and projection.
    paths : PathsView
        The figures of the projection.
    indicators : DataFrame
        Indicators of the quarter.
    warnings : tuple of Warning
        Evaluated rules, the gravest first.
    rules : tuple of AlertRule
        The rules themselves.
    book : PolicyBook
        Rules in force.
    basis : AssumptionBasis or None
        Assumptions; None where the region has none.
    scenarios : tuple of Scenario
        Scenarios shown, the base first.
    facts : DataFrame
        Every fact row up to the quarter.
    selected : DataFrame
        One row a fact, the preferred value.
    conflicts : DataFrame
        Values that differ from the preferred one, side by side.
    names : mapping
        Indicator of a fact to its name in the language of the report.
    cities : tuple of CityFacts
        Cities with a page of their own.
    catalog : Catalog
        The tables, with publisher and licence.
    confidences : mapping
        ``(scheme, year, indicator) -> confidence`` of the published year figures.
    remarks : tuple of ReportRemark
        What a reader must know of some figures of the region.
    evidence : ForecastEvidence or None
        Back-test of the fund series, and the forecast of the region where it may be shown.
    place_names : mapping
        Region of the back-test to its name in the language of the report.
    alert_sources : mapping
        Id of a source of the warning rules to its title.
    track : mapping
        Id of a warning rule to its records on past series, as far as they are of the rule as it is now.
    causes : mapping
        Scheme to the changes of its spending and income in the last year told, split by cause.
    previous : tuple of PreviousReport, or None
        What earlier reports expected against what came, that of the year-end before last; None where nothing is
        forecast.
    payments : tuple of PaymentPolicy
        Payment policies on record of the region, the oldest first.
    cases : CaseFigures or None
        What its settled cases tell; None where none are given.
    kind : str
        ``quarterly`` or ``annual``.
    brief : frozenset of str
        Sections that are told in short.
    people : PeoplePart or None
        What the people-driven model says; None where the plan does not ask for it.
    """

    lang: str
    region: Any
    quarter: Quarter
    projection: Any
    paths: PathsView
    indicators: pd.DataFrame
    warnings: tuple[Any, ...]
    rules: tuple[Any, ...]
    book: Any
    basis: Any
    scenarios: tuple[Any, ...]
    facts: pd.DataFrame
    selected: pd.DataFrame
    conflicts: pd.DataFrame
    names: Mapping[str, str]
    cities: tuple[CityFacts, ...]
    catalog: Any
    confidences: Mapping[tuple[str, int, str], str] = field(default_factory=dict)
    alert_sources: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[Any, ...] = ()
    evidence: Any = None
    place_names: Mapping[str, str] = field(default_factory=dict)
    track: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    causes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    previous: tuple[PreviousReport, ...] | None = None
    payments: tuple[Any, ...] = ()
    cases: CaseFigures | None = None
    kind: str = "quarterly"
    brief: frozenset[str] = frozenset()
    people: PeoplePart | None = None

    def full(self, section: str) -> bool:
        """Return whether a section is told in full."""
        return section not in self.brief

    def word(self, thing: object, name: str) -> str:
        """Return the words of a declared thing in the language of the report, Chinese where there is no English."""
        keys = (f"{name}_zh", name) if self.lang == "zh" else (f"{name}_en", name, f"{name}_zh")
        return next((str(text) for key in keys if (text := getattr(thing, key, None))), "")

    def scenario_name(self, scenario: object) -> str:
        """Return the name of a scenario as it stands inside a sentence."""
        return self.word(scenario, "name").lower()

    @property
    def region_name(self) -> str:
        """Name of the region."""
        return self.word(self.region, "name")

    @property
    def synthetic(self) -> bool:
        """Whether any of the figures of the funds were made up."""
        return bool(getattr(self.projection, "synthetic", False))

    @property
    def made_up(self) -> bool:
        """Whether anything at all was made up, the cases too: the cover says so."""
        return self.synthetic or (self.cases is not None and self.cases.synthetic)

    @property
    def reconciled(self) -> list[SchemeReconciliation]:
        """What every earlier report expected of each scheme against what came, where all of it has come."""
        return [one for previous in self.previous or () if previous.settled for one in previous.schemes.values()]

    def missing(self, scheme: str | None = None) -> tuple[Any, ...]:
        """Return the inputs that the region lacks, of one scheme or of all."""
        found: Sequence[Any] = self.projection.missing
        return tuple(item for item in found if scheme in {None, "all"} or item.scheme in {scheme, "all"})

    def missing_lines(self, scheme: str | None = None) -> list[str]:
        """Return the missing inputs in words, each once."""
        return list(dict.fromkeys(without_files(self.word(item, "what")) for item in self.missing(scheme)))

    def missing_reference(self, composer: Composer) -> list[str]:
        """Return the sentence that says where the missing inputs are listed: they are listed once in a report."""
        if not self.missing_lines() and not self.own_page:
            return []
        return [composer.text("phrases.missing_in_city_page" if self.own_page else "phrases.missing_in_data_notes")]

    @property
    def own_page(self) -> bool:
        """Whether the region has a city page of its own, where its missing inputs are listed."""
        return any(city.region.id == self.region.id for city in self.cities)

    @property
    def projected(self) -> bool:
        """Whether any scheme is projected."""
        names = ("payable_months", "income_yuan", "expenditure_yuan")
        return any(self.paths.years(names, scheme, projected=True) for scheme in self.paths.schemes)

    def confidence(self, scheme: str, year: int, indicator: str) -> str:
        """Return the confidence of the published year figure, empty where none is published."""
        return self.confidences.get((scheme, year, indicator), "")

    def is_break(self, scheme: str, name: str, year: int) -> bool:
        """Return whether coverage changed with a year, so that growth on the year before tells nothing."""
        return bool(self.remarks_on(scheme, [name], [year], kind="break"))

    def remarks_on(self, scheme: str, names: Iterable[str], years: Iterable[int], *, kind: str = "") -> list[str]:
        """Return the remarks on some variables of a scheme in some years, each once."""
        wanted, when = {plain_name(name) for name in names}, set(years)
        found = [
            self.word(remark, "text")
            for remark in self.remarks
            if scheme in remark.schemes
            and wanted.intersection(remark.indicators)
            and when.intersection(remark.years)
            and kind in {"", remark.kind}
        ]
        return list(dict.fromkeys(found))

    @property
    def last_year(self) -> int:
        """Last calendar year that has ended by the report quarter."""
        return self.quarter.year if self.quarter.number == 4 else self.quarter.year - 1
