"""Report plans: which sections in which order, which scenarios, which city pages, in which language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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

__all__ = ["ReportPlan", "ReportPlanFile", "ReportRemark", "ReportSection", "load_report_plan", "read_report_file"]

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
    "forecast",
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


class ReportPlanFile(Shape):
    """Hold a file of models/reports."""

    title_zh: Text
    title_en: Text
    language: Literal["zh", "en"]
    basis: Text
    scenarios: tuple[Text, ...] = Field(min_length=1)
    horizon: Text
    city_pages: Mapping[str, tuple[Text, ...]] = Field(default_factory=dict)
    section: tuple[ReportSection, ...] = Field(min_length=1)
    remark: tuple[ReportRemark, ...] = ()


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
    declared, problems = fit(ReportPlanFile, file.data, file=file)
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
    if isinstance(data.get("horizon"), str) and data["horizon"].strip():
        try:
            Quarter.parse(data["horizon"], where=file.where("horizon"))
        except PeriodError as error:
            problems += error.problems
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
    ), []


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


def load_report_plan(name: str = "quarterly", root: Path | None = None) -> ReportPlan:
    """Load a report plan.

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
    known = sorted(path.stem for path in (base / "reports").glob("*.toml"))
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
