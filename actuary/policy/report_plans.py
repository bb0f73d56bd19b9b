"""Report plans: which sections in which order, which scenarios, which city pages, in which language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.errors import DeclarationError, PeriodError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.periods import Quarter
from actuary.policy.regions import list_regions
from actuary.policy.scenarios import list_scenarios
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import TomlFile, read_toml

__all__ = [
    "PeoplePages",
    "ReportPlan",
    "ReportPlanFile",
    "ReportRemark",
    "ReportSection",
    "ScenarioGroup",
    "list_report_plans",
    "load_report_plan",
    "read_report_file",
]

SectionId = Literal[
    "cover",
    "key_findings",
    "rules_in_force",
    "operation",
    "membership",
    "use_and_price",
    "causes",
    "balance",
    "projection",
    "long_term",
    "stress",
    "forecast",
    "ageing",
    "birth_policy",
    "reconciliation",
    "warnings",
    "payment",
    "city_pages",
    "data_notes",
    "method_notes",
    "opinion",
    "appendix",
]


class ReportSection(Shape):
    """Hold one section of a report.

    Attributes
    ----------
    id : str
        Which section.
    title_zh, title_en : str
        Its heading.
    """

    id: SectionId
    title_zh: Text
    title_en: Text


class ReportRemark(Shape):
    """Hold what a reader must know of some published figures.

    Attributes
    ----------
    region : str
        Region whose figures they are.
    schemes, indicators : tuple of str
        Which figures, such as income of the employee scheme.
    years : tuple of int
        In which years.
    kind : str
        ``break`` where coverage changed with these years, so that growth on the year before tells nothing; ``note``
        where it is only said.
    text_zh, text_en : str
        The remark.
    """

    region: Text
    schemes: tuple[Text, ...] = Field(min_length=1)
    indicators: tuple[Text, ...] = Field(min_length=1)
    years: tuple[int, ...] = Field(min_length=1)
    kind: Literal["break", "note"]
    text_zh: Text
    text_en: Text


class ScenarioGroup(Shape):
    """Hold scenarios that stand under one heading.

    Attributes
    ----------
    title_zh, title_en : str
        The heading.
    scenarios : tuple of str
        Scenarios, in this order.
    """

    title_zh: Text
    title_en: Text
    scenarios: tuple[Text, ...] = Field(min_length=1)


class PeoplePages(Shape):
    """Hold what the pages say that are written from the people-driven model.

    Attributes
    ----------
    horizon : str
        Last quarter of every scenario.
    distant : str
        Last quarter of the base alone, for long valuations and what takes decades to be earned back; that of the
        scenarios when left out.
    years_apart : int
        Years between the rows of long tables [years].
    ages, cost_ages : tuple of int
        First ages of the groups that people, and their cost, are shown in [years].
    elderly : int
        Age from which on people count as elderly in shares; one of `ages` [years].
    people_alone : bool
        Whether paths with drawn people alone stand beside those with drawn assumptions too.
    back_test_from : int
        Year-end from which the model is held against history; it is not when left out.
    ratio, births : tuple of str
        Scenarios whose ratio, and whose births, stand beside the base.
    outlook : tuple of str
        Scenarios whose long-term finances stand beside the base.
    valuations : tuple of int
        Lengths over which the actuarial balance is struck [years].
    sensitivity_at : str
        Quarter at which single assumptions are tested.
    sensitivity : tuple of str
        Assumptions tested; all that have a declared range when left out.
    draws, seed : int
        Number of drawn paths, and root seed.
    range_share : float
        Probability that a drawn assumption lies within its declared range [share]; judgement.
    group : tuple of ScenarioGroup
        Scenarios and stress tests, by kind.
    """

    horizon: Text
    distant: Text | None = None
    years_apart: int = Field(ge=1)
    ages: tuple[int, ...] = Field(min_length=2)
    cost_ages: tuple[int, ...] = Field(min_length=2)
    elderly: int
    people_alone: bool = False
    back_test_from: int | None = None
    ratio: tuple[Text, ...] = Field(min_length=1)
    births: tuple[Text, ...] = Field(min_length=1)
    outlook: tuple[Text, ...] = Field(min_length=1)
    valuations: tuple[int, ...] = ()
    sensitivity_at: Text
    sensitivity: tuple[Text, ...] = ()
    draws: int = Field(ge=20)
    seed: int
    range_share: float = Field(gt=0, lt=1)
    group: tuple[ScenarioGroup, ...] = Field(min_length=1)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Every scenario named, each once."""
        grouped = (name for one in self.group for name in one.scenarios)
        return tuple(dict.fromkeys((*self.outlook, *self.ratio, *self.births, *grouped)))


class ReportPlanFile(Shape):
    """Hold a file of models/reports."""

    extends: Text | None = None
    kind: Literal["quarterly", "annual"] = "quarterly"
    title_zh: Text
    title_en: Text
    language: Literal["zh", "en"]
    basis: Text
    scenarios: tuple[Text, ...] = Field(min_length=1)
    horizon: Text
    brief: tuple[SectionId, ...] = ()
    city_pages: Mapping[str, tuple[Text, ...]] = Field(default_factory=dict)
    people: PeoplePages | None = None
    section: tuple[ReportSection, ...] = ()
    remark: tuple[ReportRemark, ...] = ()


#: What a plan takes from the one it extends where it is silent.
_INHERITED = ("city_pages", "people", "section", "remark")


@dataclass(frozen=True)
class ReportPlan:
    """Hold a report plan.

    Parameters
    ----------
    name : str
        Name of its file.
    title_zh, title_en : str
        Title of the report.
    language : str
        Language when none is asked for, zh or en.
    basis : str
        Assumption basis.
    scenarios : tuple of str
        Scenarios shown, in this order.
    horizon : str
        Last quarter projected.
    city_pages : mapping
        For a region the regions that get a page of their own.
    sections : tuple of ReportSection
        In order.
    remarks : tuple of ReportRemark
        What a reader must know of some published figures.
    kind : str
        ``quarterly`` or ``annual``.
    brief : tuple of str
        Sections that are told in short; the others are told in full.
    people : PeoplePages or None
        What the pages of the people-driven model say.
    """

    name: str
    title_zh: str
    title_en: str
    language: str
    basis: str
    scenarios: tuple[str, ...]
    horizon: str
    city_pages: Mapping[str, tuple[str, ...]]
    sections: tuple[ReportSection, ...]
    remarks: tuple[ReportRemark, ...] = ()
    kind: str = "quarterly"
    brief: tuple[str, ...] = ()
    people: PeoplePages | None = None

    def title(self, lang: str = "zh") -> str:
        """Return the title in a language, zh or en."""
        return self.title_en if lang == "en" else self.title_zh


def read_report_file(
    file: TomlFile, *, scenarios: Iterable[str], regions: Iterable[str]
) -> tuple[ReportPlan | None, list[Problem]]:
    """Read one report plan that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    scenarios, regions : iterable of str
        Names that exist.

    Returns
    -------
    tuple
        The plan or None, and every problem of the file.
    """
    file, problems = _extended(file)
    declared, found = fit(ReportPlanFile, file.data, file=file)
    problems += found
    known_scenarios, known_regions = tuple(scenarios), tuple(regions)
    data = file.data
    for number, name in enumerate(_list(data.get("scenarios")), 1):
        if isinstance(name, str) and name.strip() and name not in known_scenarios:
            problems.append(unknown_name(file.where(f"scenarios[{number}]"), name, known_scenarios, what="scenario"))
    pages = data.get("city_pages")
    for region, names in pages.items() if isinstance(pages, Mapping) else ():
        where = file.where(f"city_pages.{region}")
        for name in (region, *(item for item in _list(names) if isinstance(item, str) and item.strip())):
            if name not in known_regions:
                problems.append(unknown_name(where, name, known_regions, what="region"))
    problems += _unknown_places(file, known_regions)
    problems += _undated(file)
    if not data.get("section"):
        problems.append(Problem(file.where("section"), "no section", "at least one, or a plan that it extends"))
    if declared is not None and declared.people is not None:
        problems += _unsound_people(file, declared.people, known_scenarios)
    ids = [row.get("id") for row in _list(data.get("section")) if isinstance(row, Mapping)]
    for number, name in enumerate(ids, 1):
        if name in ids[: number - 1]:
            problems.append(Problem(file.where(f"section[{number}].id"), f"{name!r} again", "every section once"))
    if declared is None or problems:
        return None, problems
    return ReportPlan(
        name=file.path.stem,
        title_zh=declared.title_zh,
        title_en=declared.title_en,
        language=declared.language,
        basis=declared.basis,
        scenarios=declared.scenarios,
        horizon=declared.horizon,
        city_pages=declared.city_pages,
        sections=declared.section,
        remarks=declared.remark,
        kind=declared.kind,
        brief=declared.brief,
        people=declared.people,
    ), []


def _extended(file: TomlFile) -> tuple[TomlFile, list[Problem]]:
    """Return a plan with what it takes from the one it extends."""
    other = file.data.get("extends")
    if not isinstance(other, str):
        return file, []
    folder = file.path.parent
    others = sorted(path.stem for path in folder.glob("*.toml") if path != file.path)
    if other not in others:
        return file, [unknown_name(file.where("extends"), other, others, what="report plan")]
    under, problems = read_toml(folder / f"{other}.toml", root=folder.parent)
    if under is None:
        return file, problems
    if "extends" in under.data:
        problems.append(Problem(under.where("extends"), "a plan that extends another", "a plan that stands alone"))
    taken = {key: under.data[key] for key in _INHERITED if key in under.data}
    return replace(file, data={**taken, **file.data}), problems


def _undated(file: TomlFile) -> list[Problem]:
    """Return a problem for every quarter that is none."""
    people = file.data.get("people")
    people = people if isinstance(people, Mapping) else {}
    dated = {"horizon": file.data.get("horizon")}
    dated |= {f"people.{key}": people.get(key) for key in ("horizon", "distant", "sensitivity_at")}
    problems: list[Problem] = []
    for key, text in dated.items():
        if isinstance(text, str) and text.strip():
            try:
                Quarter.parse(text, where=file.where(key))
            except PeriodError as error:
                problems += error.problems
    return problems


def _unsound_people(file: TomlFile, people: PeoplePages, scenarios: tuple[str, ...]) -> list[Problem]:
    """Return a problem for every scenario that does not exist, and for ages that do not rise from 0."""
    problems = [
        unknown_name(file.where("people"), name, scenarios, what="scenario")
        for name in people.scenarios
        if name not in scenarios
    ]
    for name, ages in (("ages", people.ages), ("cost_ages", people.cost_ages)):
        if list(ages) != sorted(set(ages)) or ages[0] != 0:
            problems.append(Problem(file.where(f"people.{name}"), str(list(ages)), "ages from 0 on, rising"))
    if people.elderly not in people.ages:
        problems.append(Problem(file.where("people.elderly"), str(people.elderly), f"one of {list(people.ages)}"))
    return problems


def _unknown_places(file: TomlFile, regions: tuple[str, ...]) -> list[Problem]:
    """Return a problem for every remark on a region that does not exist."""
    rows = [row if isinstance(row, Mapping) else {} for row in _list(file.data.get("remark"))]
    return [
        unknown_name(file.where(f"remark[{number}].region"), name, regions, what="region")
        for number, row in enumerate(rows, 1)
        if isinstance(name := row.get("region"), str) and name.strip() and name not in regions
    ]


def _list(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else ()


def list_report_plans(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of the report plans.

    Examples
    --------
    >>> list_report_plans()
    ('annual', 'quarterly')
    """
    return tuple(sorted(path.stem for path in ((root or models_root()) / "reports").glob("*.toml")))


def load_report_plan(name: str = "quarterly", root: Path | None = None) -> ReportPlan:
    """Load a report plan; what it does not say itself is that of the plan it extends.

    Parameters
    ----------
    name : str
        Name of its file under models/reports.
    root : Path, optional
        Root of the models.

    Raises
    ------
    UnknownNameError
        When there is no such plan; the message names the nearest one.
    DeclarationError
        When the file is not valid; every problem is listed.

    Examples
    --------
    >>> plan = load_report_plan()
    >>> plan.horizon, plan.city_pages["national"], plan.sections[0].id
    ('2035Q4', ('shenyang',), 'cover')
    """
    base = root or models_root()
    known = list_report_plans(base)
    if name not in known:
        raise UnknownNameError(unknown_name("report plan", name, known, what="report plan"))
    file, problems = read_toml(base / "reports" / f"{name}.toml", root=base)
    plan: ReportPlan | None = None
    if file is not None:
        plan, problems = read_report_file(file, scenarios=list_scenarios(base), regions=list_regions(base))
    raise_all(problems, DeclarationError)
    if plan is None:
        raise DeclarationError(Problem(name, "nothing", "a report plan"))
    return plan
