"""From the declared rules and the published figures to the finished report data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from actuary.errors import OutputError, PeriodError, Problem, UnknownNameError, unknown_name
from actuary.periods import Quarter
from actuary.report.case_figures import CaseFigures
from actuary.report.cases_given import cases_of_report
from actuary.report.composer import Composer, number_report
from actuary.report.contracts import Callout, Cover, Gap, ReportData, Section
from actuary.report.dated_words import dated_words
from actuary.report.expectations import YearExpectation, read_expectations
from actuary.report.inputs import CityFacts, ReportInputs
from actuary.report.numbers import format_number
from actuary.report.paths_view import BASE, PathsView
from actuary.report.people import PeoplePart, look_at_people
from actuary.report.previous import compare_with_previous
from actuary.report.sections import PEOPLE_SECTIONS, SECTIONS
from actuary.report.sections.appendix import annex_tables
from actuary.report.wording import LANGUAGES, Wording

if TYPE_CHECKING:
    from actuary.payment.settlement import Settlement

__all__ = ["assemble_report", "build_report_data", "check_period", "gather_inputs"]

#: Sections that quote tables of others are written after them.
_LATE = ("key_findings", "appendix")
_NO_SECTION = "cover"
_CITY_PAGES = "city_pages"
_OPEN = ("：", ":")
_YEAR_END = 4
#: Years looked at, from the last one back, for the newest change that can be told.
_TRIED = 5


def build_report_data(  # noqa: PLR0913 (what a report is asked for)
    region: str,
    quarter: str | Quarter,
    *,
    lang: str = "zh",
    plan: str = "quarterly",
    basis: str | None = None,
    horizon: str | None = None,
    cases: CaseFigures | Settlement | Path | str | None = None,
    previous: Path | str | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> ReportData:
    """Build the report of a region at a quarter: project, compute indicators, evaluate rules, write every section.

    A region whose inputs are not published gets the same report with what is published; every part that cannot be
    computed says which inputs to supply.

    Parameters
    ----------
    region : str
        Region id.
    quarter : str or Quarter
        Report quarter.
    lang : str
        ``zh`` or ``en``.
    plan : str
        Report plan under ``models/reports``: ``quarterly`` tells some sections in short, ``annual`` all in full.
    basis, horizon : str, optional
        Assumption basis and last projected quarter; those of the plan when left out.
    cases : CaseFigures, Settlement or path, optional
        Settled cases of a city, see :func:`~actuary.report.cases_given.cases_of_report`; what the data folder holds
        under ``settled/<city>/<quarter>`` when left out.
    previous : path, optional
        Folder of an earlier report of the region, to be held against what came; the quarter before is forecast again
        when left out.
    models, data : Path, optional
        Folders; those of the package when left out.

    Raises
    ------
    UnknownNameError, PeriodError, DeclarationError, TableError
        When region, quarter, rules or tables are not what they should be.
    OutputError
        When the language is unknown or a figure cannot be drawn.

    Examples
    --------
    >>> report = build_report_data("national", "2024Q4", lang="en")
    >>> round(report.table("payable_months").cell(-1, "employee_months"), 1)
    27.6
    """
    from actuary.policy import load_report_plan  # noqa: PLC0415 - names load their module when used

    if lang not in LANGUAGES:
        raise OutputError(unknown_name("lang", lang, LANGUAGES, what="language"))
    declared = load_report_plan(plan, root=models)
    check_period(Quarter.parse(quarter), declared)
    inputs = gather_inputs(
        region,
        Quarter.parse(quarter),
        lang=lang,
        plan=declared,
        basis=basis or declared.basis,
        horizon=horizon or declared.horizon,
        cases=cases_of_report(cases, region, Quarter.parse(quarter), kind=declared.kind, models=models, data=data),
        previous=None if previous is None else read_expectations(previous, region, Quarter.parse(quarter)),
        models=models,
        data=data,
    )
    return assemble_report(inputs, plan=declared)


def check_period(quarter: Quarter, plan: Any) -> None:
    """Check that a report plan suits a quarter: an annual report ends with a year.

    Raises
    ------
    PeriodError
        When it does not.

    Examples
    --------
    >>> from actuary.policy import load_report_plan
    >>> check_period(Quarter(2024, 4), load_report_plan("annual"))
    """
    if plan.kind == "annual" and quarter.number != _YEAR_END:
        raise PeriodError(
            Problem(
                "--annual",
                f"{quarter}, within a year",
                "the fourth quarter of a year",
                f"ask for {Quarter(quarter.year - 1, _YEAR_END)}, or for a quarterly report",
            )
        )


def gather_inputs(  # noqa: PLR0913 (what a report is asked for)
    region: str,
    quarter: Quarter,
    *,
    lang: str,
    plan: Any,
    basis: str,
    horizon: str,
    cases: CaseFigures | None = None,
    previous: tuple[str, Sequence[YearExpectation]] | None = None,
    models: Path | None = None,
    data: Path | None = None,
) -> ReportInputs:
    """Project a region and gather everything its report is written from.

    Parameters and errors are those of :func:`build_report_data`; `plan` is a loaded report plan.
    """
    from actuary.alerts import evaluate_rules, fund_outlook  # noqa: PLC0415
    from actuary.alerts.track_file import load_track  # noqa: PLC0415
    from actuary.forecast.evidence import forecast_evidence  # noqa: PLC0415
    from actuary.fund import project_fund  # noqa: PLC0415
    from actuary.indicators import compute_indicators  # noqa: PLC0415
    from actuary.policy import load_alert_rules, load_basis, load_policy_book, load_region, load_scenario  # noqa: PLC0415
    from actuary.tables import conflicts, facts, load_catalog, load_indicators, select_facts  # noqa: PLC0415

    names = (BASE, *(name for name in plan.scenarios if name != BASE))
    projection = project_fund(
        region, str(quarter), horizon=horizon, basis=basis, scenarios=names, models=models, data=data
    )
    indicators = compute_indicators(projection)
    rules = load_alert_rules(models)
    place = load_region(region, root=models)
    catalog = load_catalog(data)
    rows = facts(region, root=data, until=quarter, observed=True)
    selected = select_facts(rows, catalog.preference)
    pages = [region] if region != "national" else []
    pages += [name for name in plan.city_pages.get(region, ()) if name not in pages]
    dictionary = load_indicators(data)
    evidence = forecast_evidence(region, quarter, models=models, data=data)
    outlook = fund_outlook(region, quarter, rules, verdict=evidence.verdict, models=models, data=data)
    return ReportInputs(
        lang=lang,
        region=place,
        quarter=quarter,
        projection=projection,
        paths=PathsView(projection.paths, quarter),
        indicators=indicators,
        warnings=evaluate_rules(projection, indicators, rules, outlook=outlook, models=models),
        rules=tuple(rules),
        book=load_policy_book(region, root=models),
        basis=load_basis(region, basis, root=models) if place.bases else None,
        scenarios=tuple(load_scenario(name, root=models) for name in names) if place.bases else (),
        facts=rows,
        selected=selected,
        conflicts=conflicts(rows, catalog.preference),
        names={name: entry.zh if lang == "zh" else entry.en for name, entry in dictionary.items()},
        cities=tuple(_city(name, quarter, models=models, data=data) for name in pages),
        catalog=catalog,
        confidences=_confidences(selected),
        alert_sources=_alert_sources(models),
        kind=plan.kind,
        people=_people(region, quarter, plan, models=models, data=data),
        brief=frozenset(plan.brief),
        remarks=tuple(remark for remark in plan.remarks if remark.region == region),
        evidence=evidence,
        track=load_track(rules, models),
        previous=compare_with_previous(projection, evidence, given=previous, models=models, data=data),
        payments=_payments(region, models),
        cases=cases,
        causes=_causes(projection, quarter, models),
        place_names={name: _place_name(name, lang, models) for name in evidence.backtest["region"].unique()},
    )


def _people(region: str, quarter: Quarter, plan: Any, *, models: Path | None, data: Path | None) -> PeoplePart | None:
    """Run the people-driven model, where the plan has a section that tells what it says."""
    if plan.people is None or not {section.id for section in plan.sections}.intersection(PEOPLE_SECTIONS):
        return None
    return look_at_people(region, quarter, plan.people, models=models, data=data)


def _payments(region: str, models: Path | None) -> tuple[Any, ...]:
    """Load the payment policies on record of a city, the oldest first; those that lack inputs too."""
    from actuary.payment.policy_files import load_payment_policy, payment_policy_paths  # noqa: PLC0415

    names = [name for name, path in payment_policy_paths(models).items() if path.parent.parent.name == region]
    found = [load_payment_policy(name, root=models, partial_ok=True) for name in names]
    return tuple(sorted(found, key=lambda policy: (str(policy.valid.first_day or ""), policy.id)))


def _causes(projection: Any, quarter: Quarter, models: Path | None) -> dict[str, Sequence[Any]]:
    """Split the change of the last year of every scheme that has two years in a row."""
    from actuary.alerts.causes import explain_year  # noqa: PLC0415

    last = quarter.year if quarter.number == _YEAR_END else quarter.year - 1
    found: dict[str, Sequence[Any]] = {}
    for scheme in projection.schemes:
        tried = (
            explain_year(projection, scheme, Quarter(year, _YEAR_END), models=models)
            for year in range(last, last - _TRIED, -1)
        )
        found[scheme] = next((one for one in tried if one), ())
    return found


def _place_name(name: str, lang: str, models: Path | None) -> str:
    from actuary.policy import load_region  # noqa: PLC0415

    place = load_region(name, root=models)
    return str(place.name_zh if lang == "zh" else place.name_en)


def _city(name: str, quarter: Quarter, *, models: Path | None, data: Path | None) -> CityFacts:
    from actuary.policy import load_region  # noqa: PLC0415
    from actuary.tables import facts, load_catalog, select_facts  # noqa: PLC0415

    place = load_region(name, root=models)
    try:
        rows = facts(name, root=data, until=quarter, observed=True)
    except (UnknownNameError, PeriodError):
        rows = pd.DataFrame()
    chosen = select_facts(rows, load_catalog(data).preference) if len(rows) else rows
    chosen.attrs = dict(rows.attrs)
    return CityFacts(place, chosen, tuple(place.required_inputs), rows)


def _confidences(selected: pd.DataFrame) -> dict[tuple[str, int, str], str]:
    found = {}
    for row in selected.to_dict("records"):
        period = str(row["period"])
        if period.isdigit() and not row.get("group"):
            found[str(row["scheme"]), int(period), str(row["indicator"])] = str(row["confidence"])
    return found


def _alert_sources(models: Path | None) -> Mapping[str, str]:
    from actuary.paths import models_root  # noqa: PLC0415
    from actuary.policy.toml_files import read_sources  # noqa: PLC0415
    from actuary.report.sections.rules_in_force import plain_source  # noqa: PLC0415

    root = models or models_root()
    sources, _ = read_sources(root / "alerts", root=root)
    return {key: plain_source(text) for key, text in (sources or {}).items()}


def assemble_report(inputs: ReportInputs, *, plan: Any) -> ReportData:
    """Write the sections of a plan from the inputs, number everything and put the cover on.

    Parameters
    ----------
    inputs : ReportInputs
        Everything the sections are written from.
    plan : ReportPlan
        Which sections, in which order, under which headings.

    Raises
    ------
    OutputError
        When the plan names an unknown section, or a figure cannot be drawn.
    """
    composer = Composer(inputs.lang)
    wanted = [section for section in plan.sections if section.id != _NO_SECTION]
    for section in wanted:
        if section.id not in SECTIONS:
            raise OutputError(unknown_name(f"report plan {plan.name}", section.id, SECTIONS, what="section"))
    composer.annex.extend(annex_tables(inputs, composer))
    written: dict[str, Section | None] = {}
    for section in sorted(wanted, key=lambda one: one.id in _LATE):
        composer.titles[section.id] = inputs.word(section, "title")
        written[section.id] = SECTIONS[section.id](inputs, composer)
    body = [part for section in wanted if (part := written[section.id]) is not None]
    if not body:
        raise OutputError(Problem(f"report plan {plan.name}", "no section", "at least one"))
    sections, annex = number_report(composer.wording, body, composer.annex)
    return ReportData(
        lang=inputs.lang,
        cover=replace(_cover(inputs, composer, plan), gaps=_gaps(inputs, composer, sections)),
        sections=sections,
        annex=annex,
        meta=_meta(composer.wording),
    )


def _gaps(inputs: ReportInputs, composer: Composer, sections: Sequence[Section]) -> tuple[Gap, ...]:
    """Gather what the sections say is missing; pages on other places speak of those places, not of this report."""
    found = []
    for section in sections:
        if section.id == _CITY_PAGES and not inputs.own_page:
            continue
        said = [block for block in section.blocks if isinstance(block, Callout) and block.level == "missing"]
        # A remark that ends in a list is told by its title, as a sentence: the list stands in the section.
        stop = composer.text("phrases.stop")
        reasons = [f"{one.title}{stop}" if one.text.endswith(_OPEN) or not one.text else one.text for one in said]
        if reasons:
            joined = composer.text("phrases.reason_gap").join(dict.fromkeys(reasons))
            found.append(Gap(section.id, section.title, joined))
    return tuple(found)


def _meta(wording: Wording) -> dict[str, Any]:
    return {"labels": wording.group("labels"), "levels": wording.group("levels")}


def _nature(inputs: ReportInputs, composer: Composer) -> str:
    """Say what the figures are, and how many of the rows used were entered from memory."""
    if inputs.synthetic:
        return composer.text("cover.synthetic_yes")
    if inputs.made_up:
        return composer.text("cover.synthetic_cases")
    recalled = int((inputs.facts["confidence"] == "recalled").sum()) if len(inputs.facts) else 0
    if not recalled:
        return composer.text("cover.synthetic_no")
    share = format_number(100 * recalled / len(inputs.facts), 1)
    return composer.text("cover.synthetic_recalled", count=f"{recalled:,}", share=f"{share}%")


def _cover(inputs: ReportInputs, composer: Composer, plan: Any) -> Cover:
    projection = inputs.projection
    quarter = composer.text(
        "cover.quarter",
        year=str(inputs.quarter.year),
        number=composer.text(f"ordinals.quarter_{inputs.quarter.number}"),
    )
    scenarios = tuple(scenario.name for scenario in inputs.scenarios)
    horizon = str(projection.horizon)
    observed = inputs.facts["quarter"].max() if len(inputs.facts) else str(inputs.quarter)
    shown = composer.text("phrases.list_gap").join(inputs.word(scenario, "name") for scenario in inputs.scenarios)
    none = composer.text("cover.none")
    header = getattr(inputs.basis, "header", None)
    basis = inputs.word(header, "name") if header is not None else none
    values = {
        "region": inputs.region_name,
        "kind": composer.text(f"report_kinds.{inputs.kind}"),
        "quarter": quarter,
        "data_until": inputs.quarter.last_day.isoformat() if str(observed) == str(inputs.quarter) else str(observed),
        "basis": basis,
        "scenarios": shown or none,
        "horizon": horizon if scenarios else none,
        "synthetic": _nature(inputs, composer),
        "fingerprint": projection.fingerprint[:16],
        "data_fingerprint": projection.data_fingerprint[:16],
        "responsible": composer.text("cover.responsible_blank"),
    }
    return Cover(
        title=composer.text(
            "cover.title", region=inputs.region_name, title=inputs.word(plan, "title"), quarter=quarter
        ),
        subtitle=composer.text("cover.subtitle"),
        region=inputs.region.id,
        region_name=inputs.region_name,
        quarter=str(inputs.quarter),
        data_until=str(observed),
        basis=projection.basis,
        scenarios=scenarios,
        horizon=horizon,
        fingerprint=projection.fingerprint,
        data_fingerprint=projection.data_fingerprint,
        synthetic=inputs.made_up,
        heading=composer.text("cover.heading", region=inputs.region_name, title=inputs.word(plan, "title")),
        period=quarter,
        lines=tuple(
            (composer.text(f"cover_lines.{key}"), dated_words(composer.wording, value)) for key, value in values.items()
        ),
    )
