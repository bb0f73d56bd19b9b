"""The shape of a finance file: what may stand in it, and what its tables need beside their types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from actuary.errors import Problem, unknown_name
from actuary.policy.age_profiles import AgeProfile
from actuary.policy.shapes import Shape, Text, check_source, shown
from actuary.policy.toml_files import TomlFile

__all__ = [
    "BENEFITS",
    "FINANCE_FILE",
    "BenefitModel",
    "EmployeeFinance",
    "FinanceFile",
    "PartOf",
    "ResidentFinance",
    "Stated",
    "UseLevel",
    "check_benefits",
    "check_employee",
    "check_stated",
]

#: Name of the file in the folder model of a region.
FINANCE_FILE = "finance.toml"

#: Benefits of a fund, in their order; the personal account is no benefit of the pool.
BENEFITS: tuple[str, ...] = (
    "inpatient",
    "outpatient",
    "chronic",
    "out_of_area",
    "maternity",
    "critical_illness",
    "assistance",
    "long_term_care",
)

_SchemeName = Literal["employee", "resident"]
_BenefitName = Literal[
    "inpatient",
    "outpatient",
    "chronic",
    "out_of_area",
    "maternity",
    "critical_illness",
    "assistance",
    "long_term_care",
]
_StatusName = Literal[
    "employee_active",
    "employee_flexible",
    "employee_retired",
    "resident_child",
    "resident_adult",
    "resident_elderly",
    "uninsured",
]
_Profile = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Stated(Shape):
    """Hold one figure with its source and the reason for it.

    Attributes
    ----------
    value : float
        In the unit that its place says.
    source : str
        ``S1``, ``std`` or ``judgement``.
    confidence : str or None
        How the figure is known, where it was not simply seen in its source.
    reason, reason_en : str
        Why this much.
    """

    value: float
    source: str
    confidence: Literal["verified", "derived", "recalled", "conflicting"] | None = None
    reason: Text
    reason_en: Text


class UseLevel(Stated):
    """Hold the mean use of the persons of some statuses in the base year [uses a person a year]."""

    statuses: tuple[_StatusName, ...] = Field(min_length=1)


class PartOf(Shape):
    """Say that a benefit is a part of another: a share of its uses, at a relative price.

    Attributes
    ----------
    benefit : str
        The benefit that is divided; its use and price stand for both parts together.
    share : Stated
        Share of the uses [share].
    relative_price : Stated
        Price of a use of this part over one of the rest [ratio].
    """

    benefit: _BenefitName
    share: Stated
    relative_price: Stated


class BenefitModel(Shape):
    """Hold how the spending on one benefit of one scheme is made up in the base year.

    Attributes
    ----------
    scheme, benefit : str
        Which one.
    level : str
        ``scheme``: its level is moved with those of the scheme's other benefits until they add up to what the scheme
        spent; ``published``: its own spending is published (`published_total_yuan`) and is met exactly; ``none``: the
        fund does not pay it, and a scenario or module may.
    profile, price_profile : str or None
        Age profiles of use and of the price of a use; without a price profile a use costs the same at every age.
    use : tuple of UseLevel
        Mean use of groups of statuses.
    price : Stated
        Price of a use [yuan].
    within_policy_share, fund_share : Stated
        Share of the price that the catalogue covers, and share of that which the fund pays.
    part_of : PartOf or None
        The benefit that this one is a part of; it has no use and price of its own then.
    published_total_yuan : Stated or None
        Spending of the base year [yuan].
    reason, reason_en : str or None
        Why the fund does not pay it, for level ``none``.
    """

    scheme: _SchemeName
    benefit: _BenefitName
    level: Literal["scheme", "published", "none"]
    profile: _Profile | None = None
    price_profile: _Profile | None = None
    use: tuple[UseLevel, ...] = ()
    price: Stated | None = None
    within_policy_share: Stated | None = None
    fund_share: Stated | None = None
    part_of: PartOf | None = None
    published_total_yuan: Stated | None = None
    reason: Text | None = None
    reason_en: Text | None = None


class EmployeeFinance(Shape):
    """Say how the wage base of employees is known.

    Attributes
    ----------
    wage_base : str
        ``implied``: the average wage at which the base year's income comes out; ``declared``: `average_wage_yuan`, and
        a factor of collection makes the base year's income come out.
    average_wage_yuan : Stated or None
        Average wage of the base year [yuan a year].
    """

    wage_base: Literal["implied", "declared"]
    average_wage_yuan: Stated | None = None


class ResidentFinance(Shape):
    """Say how residents pay.

    Attributes
    ----------
    premium_in_season : Stated
        Share of the premium paid in the last quarter of the notice year; the rest is paid in the quarter after it.
    subsidy_to_premium_max : Stated or None
        Largest ratio of subsidy to premium, where the region's rules have none of their own.
    on_breach : str
        ``raise_premium``: the premium is lifted to the ratio; ``report``: the years are listed; ``refuse``: it is an
        error.
    """

    premium_in_season: Stated
    subsidy_to_premium_max: Stated | None = None
    on_breach: Literal["raise_premium", "report", "refuse"] = "report"


class FinanceFile(Shape):
    """Hold a file model/finance.toml."""

    name_zh: Text
    name_en: Text
    note: Text | None = None
    note_en: Text | None = None
    base_year: int = Field(ge=1950, le=2200)
    employee: EmployeeFinance
    resident: ResidentFinance
    benefit: tuple[BenefitModel, ...] = Field(min_length=1)


def check_stated(node: Any, *, file: TomlFile, place: str, sources: Mapping[str, str] | None) -> list[Problem]:
    """Check every figure of the file, wherever it stands: it is finite and cites a listed source."""
    problems: list[Problem] = []
    if isinstance(node, tuple):
        for number, item in enumerate(node, 1):
            problems += check_stated(item, file=file, place=f"{place}[{number}]", sources=sources)
    if isinstance(node, Mapping):
        value, source = node.get("value"), node.get("source")
        if isinstance(value, float) and not math.isfinite(value):
            problems.append(Problem(file.where(f"{place}.value"), shown(value), "a finite number"))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            problems += _check_range(value, place=place, file=file)
        if isinstance(source, str):
            problems += check_source(source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
        for name, item in node.items():
            problems += check_stated(item, file=file, place=f"{place}.{name}" if place else name, sources=sources)
    return problems


def _check_range(value: float | int, *, place: str, file: TomlFile) -> list[Problem]:
    name = place.rpartition(".")[2]
    top = 1.0 if name.endswith(("share", "_in_season")) else math.inf
    if 0 <= value <= top:
        return []
    mend = "write shares as 0.08 for 8 %" if top == 1.0 and value > 1 else ""
    expected = "a share from 0 to 1" if top == 1.0 else "a number from 0 on"
    return [Problem(file.where(f"{place}.value"), shown(value), expected, mend)]


def check_employee(employee: EmployeeFinance, *, file: TomlFile) -> list[Problem]:
    """Find whether the average wage is given where, and only where, the wage base is declared."""
    given = employee.average_wage_yuan is not None
    if given == (employee.wage_base == "declared"):
        return []
    where = file.where("employee.average_wage_yuan")
    if given:
        return [Problem(where, "an average wage", "none, for wage_base is implied", 'write wage_base = "declared"')]
    return [Problem(where, "nothing", "the average wage of the base year", 'or write wage_base = "implied"')]


_STATUSES_OF = {
    "employee": ("employee_active", "employee_flexible", "employee_retired"),
    "resident": ("resident_child", "resident_adult", "resident_elderly"),
}


def check_benefits(declared: FinanceFile, profiles: Mapping[str, AgeProfile], *, file: TomlFile) -> list[Problem]:
    """Find benefits that stand twice, lack what their level needs, or name an unknown profile or status."""
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    named: dict[tuple[str, str], BenefitModel] = {(one.scheme, one.benefit): one for one in declared.benefit}
    for number, one in enumerate(declared.benefit, 1):
        place = f"benefit[{number}]"
        key = (one.scheme, one.benefit)
        if key in seen:
            problems.append(Problem(file.where(place), f"{one.scheme} {one.benefit} again", "every benefit once"))
        seen.add(key)
        problems += _check_parts(one, named, place=place, file=file)
        for name in ("profile", "price_profile"):
            wanted = getattr(one, name)
            if wanted is not None and wanted not in profiles:
                problems.append(unknown_name(file.where(f"{place}.{name}"), wanted, profiles, what="age profile"))
        covered = [status for level in one.use for status in level.statuses]
        wrong = [status for status in covered if status not in _STATUSES_OF[one.scheme]]
        if wrong:
            problems.append(unknown_name(file.where(f"{place}.use"), wrong[0], _STATUSES_OF[one.scheme], what="status"))
        if len(set(covered)) < len(covered):
            problems.append(Problem(file.where(f"{place}.use"), "a status in two groups", "every status once"))
    return problems


def _check_parts(
    one: BenefitModel, named: Mapping[tuple[str, str], BenefitModel], *, place: str, file: TomlFile
) -> list[Problem]:
    """Check that a benefit has what its level needs, and nothing that would be ignored."""
    shares = ("within_policy_share", "fund_share")
    own = ("profile", "use", "price")
    needed: tuple[str, ...] = {"none": ("reason", "reason_en")}.get(one.level, (*shares, *own))
    if one.part_of is not None:
        needed = shares
        whole = named.get((one.scheme, one.part_of.benefit))
        if whole is None or whole.part_of is not None or whole.level == "none" or whole is one:
            return [Problem(file.where(f"{place}.part_of"), one.part_of.benefit, "a whole benefit of the same scheme")]
    if one.level == "published":
        needed = (*needed, "published_total_yuan")
    problems = [
        Problem(file.where(f"{place}.{name}"), "nothing", f"the key {name!r}", f"add {name} = …")
        for name in needed
        if not getattr(one, name)
    ]
    fields = (*own, *shares, "price_profile", "published_total_yuan", "reason", "reason_en")
    extra = [name for name in fields if getattr(one, name) and name not in needed]
    for name in extra:
        if name in ("price_profile", "reason", "reason_en") and one.level != "none" and one.part_of is None:
            continue
        problems.append(Problem(file.where(f"{place}.{name}"), name, f"a benefit of level {one.level!r} without it"))
    return problems
