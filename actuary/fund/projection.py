"""From published figures, rules and assumptions to the projection of a region's funds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import UnknownNameError, raise_all, unknown_name
from actuary.fund.assembly import SchemePaths, assemble_paths
from actuary.fund.employee import EmployeeBase, calibrate_employee, project_employee
from actuary.fund.fact_book import load_fact_book, province_id
from actuary.fund.figures import BALANCES, FLOWS, Figures
from actuary.fund.history import Grid, build_history
from actuary.fund.inputs import Declared, find_late_assumptions, load_declared, read_drivers, read_funding, read_rates
from actuary.fund.milestones import find_milestones
from actuary.fund.missing import MissingInput, find_missing_figures, find_valuation_year
from actuary.fund.notes import describe_notes
from actuary.fund.recalled import find_recalled
from actuary.fund.report_quarter import check_horizon, check_quarter
from actuary.fund.resident import ResidentBase, calibrate_resident, project_resident
from actuary.fund.result import FundProjection
from actuary.fund.seasons import Profile
from actuary.fund.side_tables import calibration_table, difference_table, laid_on_active, revision_table
from actuary.fund.sources import (
    NATION,
    SeasonalSource,
    load_national_ratios,
    load_profiles,
    load_region_facts,
    load_shapes,
)
from actuary.fund.variables import SCHEMES
from actuary.periods import Quarter, quarter_range
from actuary.policy import RequiredInput, fingerprint, list_scenarios, load_alert_rules, load_basis, load_region
from actuary.tables import data_fingerprint

__all__ = ["METHOD", "project_fund", "season_region", "watched_months"]

#: Version of the method; it is part of every fingerprint and changes whenever a number could.
METHOD = "3"


def project_fund(
    region: str,
    quarter: str | Quarter,
    *,
    horizon: str | Quarter = "2035Q4",
    basis: str = "base",
    scenarios: Sequence[str] = ("base", "adverse", "favourable"),
    models: Path | None = None,
    data: Path | None = None,
) -> FundProjection:
    """Project members, income, spending and balances of a region's funds by quarter.

    History runs to the report quarter as far as figures are published. Each scheme is valued at the last year-end
    whose people, flows and balance are all known, calibrated to give back that year, and projected from there to the
    horizon under every scenario. What cannot be projected is listed in `missing`; nothing is made up.

    Parameters
    ----------
    region : str
        Region id, such as ``national``.
    quarter : str or Quarter
        The report quarter: facts of later quarters are left out.
    horizon : str or Quarter
        Last projected quarter.
    basis : str
        Assumption basis.
    scenarios : sequence of str
        Scenarios, the first of which is shown first.
    models, data : Path, optional
        Folders; those that come with the package when left out.

    Returns
    -------
    FundProjection
        The result; warnings and reports are computed from it.

    Raises
    ------
    UnknownNameError
        When region, basis or a scenario is not declared.
    PeriodError
        When the quarter lies outside the published figures, or the horizon not after it.
    DeclarationError, TableError
        When a file under models/ or data/ is not valid.

    Examples
    --------
    >>> projection = project_fund("national", "2024Q4", scenarios=("base",))
    >>> at_report = projection.paths["payable_months"].sel(scheme="employee", quarter="2024Q4")
    >>> round(float(at_report[0]), 1)
    27.6
    """
    models, data = (None if folder is None else Path(folder) for folder in (models, data))
    place = load_region(region, root=models)
    report = check_quarter(region, quarter, data=data)
    last = check_horizon(report, horizon)
    known = list_scenarios(models)
    raise_all(
        [
            unknown_name(
                "--scenario", name, known, what="scenario", declare=f"declare it: models/scenarios/{name}.toml"
            )
            for name in scenarios
            if name not in known
        ],
        UnknownNameError,
    )
    chosen = tuple(dict.fromkeys(scenarios)) or ("base",)
    declared = load_declared(region, basis=basis, scenarios=chosen, models=models)
    published = load_region_facts(region, until=report, data=data)
    season = load_profiles(season_region(declared, report, models=models), until=report, data=data)
    shapes = load_shapes(region, season.courses, published.figures, until=report, data=data)
    # A projection starts from the quarters of its valuation year, however old that is.
    valued = [find_valuation_year(published.figures, scheme) for scheme in ("employee", "resident")]
    shapes = replace(shapes, first_year=min([shapes.first_year, *(year for year in valued if year is not None)]))
    # Employees and residents are shown even where nothing is published: their gaps are findings.
    known_schemes = {scheme for scheme, _, _ in published.figures.rows()} | {"employee", "resident"}
    schemes = [scheme for scheme in SCHEMES if scheme in known_schemes]
    history = build_history(published.figures, shapes, schemes=schemes, last=report)
    projections: dict[str, SchemePaths] = {}
    calibrations: list[pd.DataFrame] = []
    missing: list[MissingInput] = []
    for scheme in ("employee", "resident"):
        one, levels, gaps = _project_scheme(
            scheme, published.figures, history, declared, season, report=report, last=last
        )
        missing += gaps
        if one is not None and levels is not None:
            projections[scheme] = one
            calibrations.append(calibration_table(scheme, one.valuation.year, levels))
    empty = calibration_table("", 0, None)
    calibration = pd.concat(calibrations, ignore_index=True) if calibrations else empty
    missing = _declared_missing(missing, place.required_inputs)
    months_basis = _months_basis(published.figures, schemes, projections)
    paths = assemble_paths(
        history,
        projections,
        scenarios=chosen,
        report=report,
        horizon=last,
        months_basis=months_basis,
    )
    return FundProjection(
        region=region,
        quarter=report,
        horizon=last,
        basis=basis,
        scenarios=chosen,
        paths=paths,
        missing=tuple(missing),
        notes=describe_notes(
            published,
            season,
            season_place=load_region(season.region, root=models),
            report=report,
            projections=projections,
            months_basis=months_basis,
            laid_on_active=laid_on_active(calibration),
        ),
        differences=difference_table(published.differences),
        conflicts=published.conflicts,
        calibration=calibration,
        milestones=find_milestones(paths, months=watched_months(models)),
        fingerprint=_fingerprint(declared, region=region, report=report, last=last, scenarios=chosen, data=data),
        data_fingerprint=data_fingerprint(data),
        synthetic=published.synthetic,
        place=place,
        revisions=revision_table(published.figures, shapes),
        recalled=find_recalled(published.figures),
        published_balances={
            key: figure.value
            for key, figure in published.figures.rows().items()
            if key[0] in SCHEMES and key[1].endswith("current_balance")
        },
        facts=load_fact_book(region, until=report, data=data),
        province_facts=load_fact_book(province_id(place), until=report, data=data),
        national_facts=load_fact_book("" if region == NATION else NATION, until=report, data=data),
        national_ratios={} if region == NATION else load_national_ratios(until=report, data=data),
    )


def season_region(declared: Declared, report: Quarter, *, models: Path | None) -> str:
    """Return the region whose seasons a projection uses: its own, or the one its assumptions name."""
    # A region without assumptions of its own takes the nation's word, as it does for rules.
    resolved = next(iter(declared.resolved.values()), None)
    basis = load_basis(NATION, root=models) if resolved is None else resolved.assumptions
    parameter = basis.parameter("seasonal.source_region")
    # A choice declared later holds for earlier reports too: nothing else says whose seasons to use.
    entry = parameter.entry(report.first_day)
    first, *_ = parameter.values  # noqa: PD011  (entries of a declaration, not of a frame)
    source = (entry or first).value
    return basis.region if source == "own" else str(source)


def _project_scheme(
    scheme: str,
    figures: Figures,
    history: Grid,
    declared: Declared,
    season: SeasonalSource,
    *,
    report: Quarter,
    last: Quarter,
) -> tuple[SchemePaths | None, xr.Dataset | None, list[MissingInput]]:
    year = find_valuation_year(figures, scheme)
    missing = find_missing_figures(figures, scheme, year)
    if not declared.resolved:
        missing.append(_no_basis(scheme))
    elif missing:
        # Without a valuation year the report itself says from when on a projection would start.
        base_year = (report + 1).year - 1 if year is None else year
        missing += find_late_assumptions(declared, scheme, base_year=base_year)
    profiles = [season.profiles.get((scheme, flow)) for flow in FLOWS]
    if missing or year is None or profiles[0] is None or profiles[1] is None:
        return None, None, missing or [_no_season(scheme)]
    divided = _is_divided(figures, year)
    unused = () if divided else ("employee.personal_spending_growth",)
    drivers, missing = read_drivers(declared, scheme, base_year=year, last_year=last.year, unused=unused)
    quarters = list(quarter_range(Quarter(year + 1, 1), last))
    if scheme == "employee":
        rates, gaps = read_rates(declared, list(quarter_range(Quarter(year, 1), last)))
        if missing + gaps:
            return None, None, missing + gaps
        base = _employee_base(figures, history, year, divided=divided, profiles=(profiles[0], profiles[1]))
        paths = project_employee(base, drivers, rates=rates, quarters=quarters)
        levels = calibrate_employee(base, drivers, rates)
        return SchemePaths(Quarter(year, 4), "pooled" if base.divided else "undivided", paths), levels, []
    if missing:
        return None, None, missing
    funding, gaps = read_funding(declared, drivers["resident.funding_growth"], base_year=year, last_year=last.year)
    if gaps:
        return None, None, gaps
    resident = ResidentBase(
        year=year,
        enrolled=_stock(history, scheme, "enrolled_persons", year),
        income=_value(figures, scheme, "income", year),
        expenditure=_value(figures, scheme, "expenditure", year),
        balance=_value(figures, scheme, "balance_end", year),
        income_profile=profiles[0],
        expenditure_profile=profiles[1],
    )
    paths = project_resident(resident, drivers, funding=funding, quarters=quarters)
    return SchemePaths(Quarter(year, 4), "pooled", paths), calibrate_resident(resident, funding), []


def _is_divided(figures: Figures, year: int) -> bool:
    parts = [f"{fund}{name}" for fund in ("pooled_", "personal_") for name in (*FLOWS, *BALANCES)]
    return all(figures.get("employee", name, year) is not None for name in parts)


def _employee_base(
    figures: Figures, history: Grid, year: int, *, divided: bool, profiles: tuple[Profile, Profile]
) -> EmployeeBase:
    funds = ("pooled_", "personal_") if divided else ("",)
    return EmployeeBase(
        year=year,
        active=_stock(history, "employee", "active_persons", year),
        retired=_stock(history, "employee", "retired_persons", year),
        flows={f"{fund}{flow}": _value(figures, "employee", f"{fund}{flow}", year) for fund in funds for flow in FLOWS},
        balances={fund: _value(figures, "employee", f"{fund}balance_end", year) for fund in funds},
        income_profile=profiles[0],
        expenditure_profile=profiles[1],
    )


def _stock(history: Grid, scheme: str, name: str, year: int) -> NDArray[np.float64]:
    first = history.position(Quarter(year - 1, 4))
    return history.series[name][history.schemes.index(scheme), first : first + 5]


def _value(figures: Figures, scheme: str, indicator: str, year: int) -> float:
    figure = figures.get(scheme, indicator, year)
    return float("nan") if figure is None else figure.value


def _months_basis(figures: Figures, schemes: Sequence[str], projections: Mapping[str, SchemePaths]) -> dict[str, str]:
    basis = {scheme: one.months_basis for scheme, one in projections.items()}
    for scheme in schemes:
        if scheme not in basis and scheme != "all":
            # Some places publish the balance of the pool alone.
            balances = [*figures.values(scheme, "balance_end"), *figures.values(scheme, "pooled_balance_end")]
            year = max(balances, default=0)
            known = figures.get(scheme, "pooled_balance_end", year) and figures.get(scheme, "pooled_expenditure", year)
            basis[scheme] = "pooled" if known or scheme == "resident" else "undivided"
    # Together the schemes have a pool apart from accounts only where the employees do.
    basis["all"] = basis.get("employee", "undivided")
    return {scheme: basis[scheme] for scheme in schemes}


def _declared_missing(found: Sequence[MissingInput], required: Sequence[RequiredInput]) -> list[MissingInput]:
    """Put what a region declares as missing in the place of what was found, scheme by scheme."""
    schemes = {one.scheme for one in found}
    named = {one.scheme for one in required}
    declared = [
        MissingInput(one.scheme, one.what_zh, one.what_en, one.needed_for_en, one.needed_for_zh, one.key)
        for one in required
        if one.scheme in schemes or (one.scheme == "all" and schemes)
    ]
    return declared + [one for one in found if one.scheme not in named]


def _no_basis(scheme: str) -> MissingInput:
    return MissingInput(
        scheme,
        "测算假设（assumptions/base.toml）",
        "an assumption basis (assumptions/base.toml)",
        "the projection of this scheme",
        "该险种的测算",
        "assumptions.base",
    )


def _no_season(scheme: str) -> MissingInput:
    return MissingInput(
        scheme,
        "某一年四个季度的基金收支（未公布的，可在假设中以 seasonal.source_region 指定借用的地区）",
        "income and spending of the four quarters of one year (where they are not published, the assumption"
        " seasonal.source_region may name the nation)",
        "the seasonal profile of this scheme",
        "该险种的季节分布",
        f"{scheme}.seasons",
    )


def watched_months(models: Path | None) -> list[float]:
    """Return the levels of payable months that the warning rules watch, in order; changes are no levels [months]."""
    conditions = (
        condition
        for rule in load_alert_rules(models)
        for case in rule.case
        if case.level in ("red", "orange", "yellow")
        for condition in case.all
    )
    return sorted(
        {
            one.threshold
            for one in conditions
            if one.indicator == "payable_months" and one.measure == "value" and one.operator.startswith("<")
        }
    )


def _fingerprint(
    declared: Declared, *, region: str, report: Quarter, last: Quarter, scenarios: Sequence[str], data: Path | None
) -> str:
    resolved = {name: one.fingerprint for name, one in declared.resolved.items()}
    return fingerprint(
        {
            "method": METHOD,
            "region": region,
            "quarter": str(report),
            "horizon": str(last),
            "scenarios": list(scenarios),
            "models": resolved or {"policy": declared.book.fingerprint},
            "data": data_fingerprint(data),
        }
    )
