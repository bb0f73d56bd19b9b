"""Benefit modules of a model: switches and dated figures, age profiles, procurement rounds and birth policies."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.age_profiles import AgeProfile, read_profiles
from actuary.policy.dated import DatedBook
from actuary.policy.finance_model import BENEFITS
from actuary.policy.fingerprints import fingerprint
from actuary.policy.parameters import AssumptionParameter, read_groups
from actuary.policy.regions import region_folder
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "MODULE_FILE",
    "MODULE_KEYS",
    "MODULE_NAMES",
    "BirthPolicy",
    "ModuleDeclaration",
    "ProcurementRound",
    "load_modules",
]

#: Name of the file in the folder model of a region.
MODULE_FILE = "modules.toml"

#: Benefit modules, in the order in which they act.
MODULE_NAMES: tuple[str, ...] = (
    "birth_policy",
    "epidemic",
    "procurement",
    "critical_illness",
    "long_term_care",
    "medical_assistance",
)

_FIGURES: Mapping[str, tuple[str, ...]] = {
    "modules": MODULE_NAMES,
    "large_claims": (
        "law", "burdened_share", "mean_burden", "burden_variation", "burden_growth", "deductible", "deductible_growth",
        "fund_share", "favoured_share", "favoured_deductible_factor", "favoured_fund_share", "loading_share",
    ),
    "care": (
        "coverage", "claim_share", "benefit_per_person", "benefit_growth", "pool_share", "subsidy_share",
    ),
    "aid": (
        "eligible_share", "relative_use", "share", "ceiling", "ceiling_growth", "burden_variation", "budget_share",
    ),
    "purchasing": (
        "retained_share", "assessment", "retained_quarters", "retained_lag_quarters", "freeze_quarters",
        "case_paid_share",
    ),
    "epidemic": (
        "contribution_reduction", "reduction_months", "reduced_base_share", "use_fall", "persistence", "rebound_share",
        "rebound_after_quarters", "rebound_quarters", "advance_share", "advance_quarters", "vaccinated_share",
        "vaccine_cost_per_head", "vaccine_fund_share", "vaccine_after_quarters", "vaccine_quarters",
    ),
    "births": (
        "policy", "employee_mother_share", "delivery_cost_employee", "delivery_cost_resident", "delivery_cost_growth",
        "mother_wage_ratio", "allowance_claim_share", "early_years",
    ),
}  # fmt: skip

#: Every dated figure of the modules; a scenario may touch each of them.
MODULE_KEYS: tuple[str, ...] = tuple(f"{group}.{name}" for group, names in _FIGURES.items() for name in names)

_PROFILES = "module_profiles.csv"
_ROUNDS = "procurement_rounds.csv"
_POLICIES = "birth_policies.toml"
_ROUND_COLUMNS = (
    "round", "scheme", "benefit", "first_day", "spending_share", "price_cut", "volume_change", "source", "note",
)  # fmt: skip
_SCHEMES = ("employee", "resident")


@dataclass(frozen=True, slots=True)
class ProcurementRound:
    """Hold what a round of volume-based procurement does to the price of some items of a benefit.

    Parameters
    ----------
    name : str
        Name of the round.
    scheme, benefit : str
        Which spending it touches.
    first_day : datetime.date
        Day from which the new price holds.
    spending_share : float
        Share of that spending that goes to the items [share].
    price_cut : float
        Fall of their price [share].
    volume_change : float
        Rise of their volume [share].
    source, note : str
        Where it comes from.
    """

    name: str
    scheme: str
    benefit: str
    first_day: dt.date
    spending_share: float
    price_cut: float
    volume_change: float
    source: str
    note: str

    @property
    def saving_share(self) -> float:
        """Share of the items' spending that is saved: 1 - (1 - cut)(1 + change of volume)."""
        return 1.0 - (1.0 - self.price_cut) * (1.0 + self.volume_change)


class BirthPolicy(Shape):
    """Hold a birth policy: what it does to fertility, to leave and to cash.

    Attributes
    ----------
    name : str
        Name in code.
    leave_days : float
        Days of paid leave [days].
    subsidy_per_year_yuan : float
        Cash for each child and year, paid by the budget [yuan a year].
    subsidy_years : int
        Years for which it is paid, from birth on.
    births_factor : mapping
        Fertility over that of the medium projection, by years since the policy began; straight lines between them,
        level after the last [ratio].
    mean_age_shift : mapping
        Years by which the mean age at birth moves, likewise [years].
    source, reason, reason_en : str
        Where it comes from.
    """

    name: Text
    name_zh: Text
    name_en: Text
    leave_days: float = Field(ge=0, le=1000)
    subsidy_per_year_yuan: float = Field(ge=0)
    subsidy_years: int = Field(ge=0, le=30)
    births_factor: dict[str, float] = Field(min_length=1)
    mean_age_shift: dict[str, float] = Field(min_length=1)
    source: str
    confidence: Literal["verified", "derived", "recalled", "conflicting"] | None = None
    reason: Text
    reason_en: Text

    def path(self, name: Literal["births_factor", "mean_age_shift"]) -> dict[int, float]:
        """Return a path as ``{years since the policy began: value}``."""
        held: dict[str, float] = getattr(self, name)
        return {int(years): value for years, value in held.items()}


class BirthPolicyFile(Shape):
    """Hold a file birth_policies.toml."""

    policy: tuple[BirthPolicy, ...] = Field(min_length=1)


@dataclass(frozen=True)
class ModuleDeclaration:
    """Hold what a region declares of its benefit modules; what it does not declare is the nation's.

    Parameters
    ----------
    region : str
        Region id.
    book : DatedBook
        Switches and dated figures by key.
    profiles : mapping
        Age profiles by name.
    rounds : tuple of ProcurementRound
        Rounds of procurement.
    policies : mapping
        Birth policies by name.
    """

    region: str
    book: DatedBook
    profiles: Mapping[str, AgeProfile] = field(repr=False)
    rounds: tuple[ProcurementRound, ...] = field(repr=False)
    policies: Mapping[str, BirthPolicy] = field(repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every figure, profile, round and policy."""
        return fingerprint(
            {
                "book": self.book.fingerprint,
                "profiles": {name: held.rows for name, held in self.profiles.items()},
                "rounds": [
                    [one.name, one.scheme, one.benefit, one.first_day, one.spending_share, one.price_cut,
                     one.volume_change]
                    for one in self.rounds
                ],
                "policies": dict(self.policies),
            }
        )  # fmt: skip


def load_modules(region: str, *, root: Path | None = None) -> ModuleDeclaration:
    """Load the benefit modules of a region; the nation's figures hold where the region says nothing.

    Parameters
    ----------
    region : str
        Region id.
    root : Path, optional
        Root of the models.

    Raises
    ------
    UnknownNameError
        When the region is not declared.
    DeclarationError
        When a file is not valid or a figure is missing; every problem of every file is listed.

    Examples
    --------
    >>> import datetime as dt
    >>> modules = load_modules("national")
    >>> modules.book.value("modules.epidemic", dt.date(2026, 1, 1))
    False
    >>> list(modules.policies)
    ['one_child', 'two_child', 'three_child', 'subsidised']
    """
    base = root or models_root()
    folders = [(name, region_folder(name, root=base) / "model") for name in dict.fromkeys(("national", region))]
    problems: list[Problem] = []
    parameters: dict[str, AssumptionParameter] = {}
    origins: dict[str, tuple[str, ...]] = {}
    profiles: dict[str, AgeProfile] = {}
    rounds: tuple[ProcurementRound, ...] = ()
    policies: dict[str, BirthPolicy] = {}
    cited: dict[str, Mapping[str, str]] = {}
    for name, folder in folders:
        sources, found = read_sources(folder, root=base)
        problems += found
        cited[name] = sources or {}
        wanted = [file for file in (MODULE_FILE, _PROFILES, _ROUNDS, _POLICIES)
                  if name == "national" or (folder / file).is_file()]  # fmt: skip
        for part in (MODULE_FILE, _POLICIES):
            if part not in wanted:
                continue
            file, found = read_toml(folder / part, root=base)
            problems += found
            if file is not None and part == MODULE_FILE:
                read, found = _read_figures(file, sources=sources)
                parameters.update(read)
                origins.update({key: (f"{name}: {file.label}",) * len(one.values) for key, one in read.items()})
                problems += found
            elif file is not None:
                held, found = _read_policies(file, sources=sources)
                policies.update(held)
                problems += found
        if _PROFILES in wanted:
            label = folder.relative_to(base).as_posix()
            more, found = read_profiles(folder / _PROFILES, sources=sources, label=label)
            profiles.update(more)
            problems += found
        if _ROUNDS in wanted:
            rounds, found = _read_rounds(folder / _ROUNDS, sources=sources, root=base)
            problems += found
    if not problems:
        problems = [
            Problem(f"{region}, {MODULE_FILE}: {key}", "nothing", "a dated figure")
            for key in MODULE_KEYS
            if key not in parameters
        ]
        problems += _check_choices(parameters, policies, region=region)
    raise_all(problems, DeclarationError)
    book = DatedBook(region=region, parameters=parameters, origins=origins, sources=cited)
    return ModuleDeclaration(region, book, profiles, rounds, policies)


def _check_choices(
    parameters: Mapping[str, AssumptionParameter], policies: Mapping[str, BirthPolicy], *, region: str
) -> list[Problem]:
    problems = [
        unknown_name(f"{region}, births.policy", choice, policies, what="birth policy")
        for choice in parameters["births.policy"].choices or ()
        if choice not in policies
    ]
    for key, unit in (*((f"modules.{name}", "flag") for name in MODULE_NAMES), ("births.policy", "name")):
        if parameters[key].unit != unit:
            problems.append(Problem(f"{region}, {MODULE_FILE}: {key}.unit", repr(parameters[key].unit), repr(unit)))
    return problems


def _read_figures(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[dict[str, AssumptionParameter], list[Problem]]:
    problems = [
        unknown_name(file.where(name), name, _FIGURES, what="table") for name in file.data if name not in _FIGURES
    ]
    groups = {name: content for name, content in file.data.items() if name in _FIGURES}
    parameters, found = read_groups(AssumptionParameter, groups, file=file, sources=sources)
    problems += found
    for group, content in groups.items():
        problems += [
            unknown_name(file.where(f"{group}.{name}"), f"{group}.{name}", MODULE_KEYS, what="figure of a module")
            for name in (content if isinstance(content, Mapping) else ())
            if f"{group}.{name}" not in MODULE_KEYS
        ]
    return parameters, problems


def _read_policies(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[dict[str, BirthPolicy], list[Problem]]:
    declared, problems = fit(BirthPolicyFile, _as_floats(file.data), file=file)
    if declared is None:
        return {}, problems
    held: dict[str, BirthPolicy] = {}
    for number, one in enumerate(declared.policy, 1):
        place = f"policy[{number}]"
        problems += check_source(one.source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
        if one.name in held:
            problems.append(Problem(file.where(f"{place}.name"), f"{one.name} again", "every policy once"))
        for what in ("births_factor", "mean_age_shift"):
            for year, value in getattr(one, what).items():
                where = file.where(f"{place}.{what}")
                if not year.isdigit() or len(year) > 2:
                    problems.append(Problem(where, repr(year), "years since the policy began, 0 to 99"))
                low = 0.0 if what == "births_factor" else -10.0
                if not low <= value <= 10.0:
                    problems.append(Problem(where, f"{value:g} in {year}", f"a number from {low:g} to 10"))
        held[one.name] = one
    return held, problems


def _as_floats(node: Any, *, inside: bool = False) -> Any:
    """Turn the whole numbers of the paths by year into floats, which TOML tells apart."""
    if isinstance(node, Mapping):
        return {name: _as_floats(item, inside=name in ("births_factor", "mean_age_shift") or inside)
                for name, item in node.items()}  # fmt: skip
    if isinstance(node, tuple):
        return tuple(_as_floats(item, inside=inside) for item in node)
    return float(node) if inside and isinstance(node, int) and not isinstance(node, bool) else node


def _read_rounds(
    path: Path, *, sources: Mapping[str, str] | None, root: Path
) -> tuple[tuple[ProcurementRound, ...], list[Problem]]:
    label = path.relative_to(root).as_posix()
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return (), [Problem(label, "no such file", f"a table with the columns {', '.join(_ROUND_COLUMNS)}")]
    except UnicodeDecodeError:
        return (), [Problem(label, "text that is not UTF-8", "UTF-8 text", "save it as UTF-8")]
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in _ROUND_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        return (), [Problem(f"{label} line 1", "nothing", f"the columns {', '.join(missing)}")]
    rounds: list[ProcurementRound] = []
    problems: list[Problem] = []
    for line, row in enumerate(reader, 2):
        read, found = _read_round(row, where=f"{label} line {line}", sources=sources, label=label)
        rounds += read
        problems += found
    return tuple(rounds), problems


def _read_round(
    row: Mapping[str, str], *, where: str, sources: Mapping[str, str] | None, label: str
) -> tuple[list[ProcurementRound], list[Problem]]:
    problems = check_source(row["source"], where=f"{where}, source", sources=sources, label=label)
    if row["scheme"] not in (*_SCHEMES, "both"):
        problems.append(unknown_name(f"{where}, scheme", row["scheme"], (*_SCHEMES, "both"), what="scheme"))
    if row["benefit"] not in BENEFITS:
        problems.append(unknown_name(f"{where}, benefit", row["benefit"], BENEFITS, what="benefit"))
    numbers = {}
    for name, low, high in (("spending_share", 0.0, 1.0), ("price_cut", 0.0, 1.0), ("volume_change", -1.0, 10.0)):
        try:
            numbers[name] = float(row[name])
        except ValueError:
            numbers[name] = math.nan
        if not low <= numbers[name] <= high:
            problems.append(Problem(f"{where}, {name}", repr(row[name]), f"a number from {low:g} to {high:g}"))
    try:
        day = dt.date.fromisoformat(row["first_day"])
    except ValueError:
        day = dt.date.min
        problems.append(Problem(f"{where}, first_day", repr(row["first_day"]), "a day such as 2026-04-01"))
    if problems:
        return [], problems
    schemes = _SCHEMES if row["scheme"] == "both" else (row["scheme"],)
    return [
        ProcurementRound(row["round"], scheme, row["benefit"], day, **numbers, source=row["source"], note=row["note"])
        for scheme in schemes
    ], []
