"""Benefit modules of a model: switches and dated figures, age profiles, procurement rounds and birth policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.age_profiles import AgeProfile, read_profiles
from actuary.policy.dated import DatedBook
from actuary.policy.fingerprints import fingerprint
from actuary.policy.module_tables import BirthPolicy, ProcurementRound, read_policies, read_rounds
from actuary.policy.parameters import AssumptionParameter, read_groups
from actuary.policy.regions import region_folder
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
                held, found = read_policies(file, sources=sources)
                policies.update(held)
                problems += found
        if _PROFILES in wanted:
            label = folder.relative_to(base).as_posix()
            more, found = read_profiles(folder / _PROFILES, sources=sources, label=label)
            profiles.update(more)
            problems += found
        if _ROUNDS in wanted:
            rounds, found = read_rounds(folder / _ROUNDS, sources=sources, root=base)
            problems += found
    if not problems:
        problems = [
            Problem(f"{region}, {MODULE_FILE}: {key}", "nothing", "a dated figure")
            for key in MODULE_KEYS
            if key not in parameters
        ]
    if not problems:
        problems = _check_choices(parameters, policies, region=region)
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
