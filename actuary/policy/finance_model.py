"""The finance part of a people-driven model: how a region's income and each of its benefits are made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.policy.age_profiles import AgeProfile, read_profiles
from actuary.policy.finance_shapes import (
    BENEFITS,
    FINANCE_FILE,
    BenefitModel,
    FinanceFile,
    check_benefits,
    check_employee,
    check_stated,
)
from actuary.policy.fingerprints import fingerprint
from actuary.policy.regions import region_folder
from actuary.policy.shapes import fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = ["BENEFITS", "FINANCE_FILE", "FinanceFile", "FinanceModel", "load_finance_model", "read_finance_file"]


@dataclass(frozen=True)
class FinanceModel:
    """Hold the finance part of a region's model.

    Parameters
    ----------
    region : str
        Region whose file it is; a city without one uses the nation's.
    declared : FinanceFile
        The file.
    profiles : mapping
        Age profiles by name.
    sources : mapping
        The list of sources its figures cite.
    """

    region: str
    declared: FinanceFile
    profiles: Mapping[str, AgeProfile]
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    def benefit(self, scheme: str, benefit: str) -> BenefitModel | None:
        """Return how one benefit of one scheme is made up, or None where nothing is declared of it."""
        for one in self.declared.benefit:
            if (one.scheme, one.benefit) == (scheme, benefit):
                return one
        return None

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over everything declared; names, notes and reasons count too."""
        return fingerprint({"finance": self.declared, "profiles": {k: v.rows for k, v in self.profiles.items()}})


def read_finance_file(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[FinanceFile | None, dict[str, AgeProfile], list[Problem]]:
    """Read a finance file that was parsed, and the age profiles beside it.

    Parameters
    ----------
    file : TomlFile
        The file.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        The file or None, the age profiles, and every problem of both.
    """
    declared, problems = fit(FinanceFile, file.data, file=file)
    profiles, found = read_profiles(
        file.path.parent / "age_profiles.csv", sources=sources, label=str(Path(file.label).parent)
    )
    problems += found
    problems += check_stated(file.data, file=file, place="", sources=sources)
    if declared is not None:
        problems += check_employee(declared.employee, file=file)
        problems += check_benefits(declared, profiles, file=file)
    return (None if problems else declared), profiles, problems


def _for_another(declared: FinanceFile) -> FinanceFile:
    """Leave out what is a figure of the nation itself: published totals are no one else's."""
    benefits = tuple(
        one.model_copy(update={"level": "scheme", "published_total_yuan": None}) if one.level == "published" else one
        for one in declared.benefit
    )
    employee = declared.employee.model_copy(update={"wage_base": "implied", "average_wage_yuan": None})
    return declared.model_copy(update={"benefit": benefits, "employee": employee})


def load_finance_model(region: str, *, root: Path | None = None) -> FinanceModel:
    """Load the finance part of a region's model; a region without one uses that of the nation without its totals.

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
        When a file is not valid; every problem is listed.

    Examples
    --------
    >>> model = load_finance_model("national")
    >>> model.benefit("employee", "maternity").level
    'published'
    """
    base = root or models_root()
    owner = region if (region_folder(region, root=base) / "model" / FINANCE_FILE).is_file() else "national"
    path = region_folder(owner, root=base) / "model" / FINANCE_FILE
    sources, problems = read_sources(path.parent, root=base)
    file, found = read_toml(path, root=base)
    problems += found
    if file is not None:
        declared, profiles, found = read_finance_file(file, sources=sources)
        problems += found
        if declared is not None and not problems:
            held = declared if owner == region else _for_another(declared)
            return FinanceModel(owner, held, profiles, sources or {})
    raise_all(problems, DeclarationError)
    raise DeclarationError(Problem(path.name, "nothing", "a finance model"))
