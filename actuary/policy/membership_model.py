"""The membership part of a people-driven model: dated assumptions, curves over age, and variants of retirement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.age_curves import AgeCurve, read_curves, read_offsets
from actuary.policy.dated import DatedBook
from actuary.policy.fingerprints import fingerprint
from actuary.policy.parameters import AssumptionParameter, read_groups
from actuary.policy.regions import region_folder
from actuary.policy.retirement import RETIREMENT_GROUPS
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "MEMBERSHIP_CURVES",
    "MEMBERSHIP_FILE",
    "MEMBERSHIP_KEYS",
    "MembershipFile",
    "MembershipModel",
    "MembershipParameter",
    "RetirementVariant",
    "load_membership_model",
    "read_membership_file",
]

#: Name of the file in the folder model of a region.
MEMBERSHIP_FILE = "membership.toml"
_CURVES_FILE = "membership_profiles.csv"
_OFFSETS_FILE = "flexible_retirement.csv"

#: Assumptions that a model of membership needs.
MEMBERSHIP_KEYS: tuple[str, ...] = tuple(
    f"membership.{name}"
    for name in (
        "women_55_share",
        "child_below",
        "elderly_from",
        "entry_factor",
        "coverage_expansion",
        "flexible_lapse_rate",
        "lapse_uninsured_share",
        "job_to_flexible_rate",
        "pay_on_share",
        "min_contribution_years_men",
        "min_contribution_years_women",
        "contribution_years_men",
        "contribution_years_women",
        "contribution_years_spread",
        "retired_mortality",
        "insured_mortality",
        "migration_turnover",
        "migrant_contributing",
        "migrant_retired",
        "migrant_uninsured",
        "resident_participation",
    )
)
#: Curves over age that it needs.
MEMBERSHIP_CURVES: tuple[str, ...] = (
    "employee_covered",
    "retired_covered",
    "flexible_share",
    "resident_participation",
    "expansion_shape",
)


class MembershipParameter(AssumptionParameter):
    """Hold a dated assumption and say what holds after its last day.

    Attributes
    ----------
    after_end : str
        ``carry``: the last value goes on; ``refuse``: a projection beyond the last day is refused.
    """

    after_end: Literal["carry", "refuse"] = "refuse"


class RetirementVariant(Shape):
    """Hold a variant of the retirement ages, for comparison.

    Attributes
    ----------
    name : str
        Name in code.
    reform : bool
        Whether ages rise at all.
    step_months, end_age_years : mapping
        For a group other months of birth for each month of delay, or another age at the end.
    """

    name: Text
    name_zh: Text
    name_en: Text
    source: str
    reason: Text
    reason_en: Text
    reform: bool = True
    step_months: dict[str, int] = Field(default_factory=dict)
    end_age_years: dict[str, float] = Field(default_factory=dict)


class MembershipFile(Shape):
    """Hold a file membership.toml."""

    membership: dict[str, MembershipParameter] = Field(default_factory=dict)
    retirement_variant: tuple[RetirementVariant, ...] = ()


@dataclass(frozen=True)
class MembershipModel:
    """Hold what a region declares of its members; what it does not declare is the nation's.

    Parameters
    ----------
    region : str
        Region id.
    book : DatedBook
        Dated assumptions by key.
    curves : mapping
        Curves over age by name.
    offsets : mapping
        For each group of retirement the months before or after the statutory month with their shares.
    variants : mapping
        Variants of the retirement ages by name; ``as_decided`` is the rule in force.
    """

    region: str
    book: DatedBook
    curves: Mapping[str, AgeCurve] = field(repr=False)
    offsets: Mapping[str, Mapping[int, float]] = field(repr=False)
    variants: Mapping[str, RetirementVariant] = field(repr=False)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every assumption, curve and variant."""
        return fingerprint(
            {
                "book": self.book.fingerprint,
                "curves": {
                    name: {sex: [list(knot) for knot in knots] for sex, knots in curve.knots.items()}
                    for name, curve in self.curves.items()
                },
                "offsets": {name: {str(m): s for m, s in held.items()} for name, held in self.offsets.items()},
                "variants": dict(self.variants),
            }
        )


def read_membership_file(
    file: TomlFile, *, sources: Mapping[str, str] | None
) -> tuple[dict[str, MembershipParameter], tuple[RetirementVariant, ...], list[Problem]]:
    """Read one membership.toml that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        The sound assumptions by key, the variants of retirement, and every problem of the file.
    """
    problems = [
        unknown_name(file.where(name), name, MembershipFile.model_fields, what="table")
        for name in file.data
        if name not in MembershipFile.model_fields
    ]
    group = {name: content for name, content in file.data.items() if name == "membership"}
    parameters, found = read_groups(MembershipParameter, group, file=file, sources=sources)
    problems += found
    held = group.get("membership", {})
    problems += [
        unknown_name(file.where(f"membership.{name}"), f"membership.{name}", MEMBERSHIP_KEYS, what="assumption")
        for name in held
        if f"membership.{name}" not in MEMBERSHIP_KEYS
    ]
    variants = []
    for number, row in enumerate(file.data.get("retirement_variant", ()), 1):
        place = f"retirement_variant[{number}]"
        variant, found = fit(RetirementVariant, row, file=file, key_path=place)
        problems += found
        if variant is None:
            continue
        problems += check_source(variant.source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
        problems += [
            unknown_name(file.where(f"{place}.{what}"), name, RETIREMENT_GROUPS, what="group")
            for what in ("step_months", "end_age_years")
            for name in getattr(variant, what)
            if name not in RETIREMENT_GROUPS
        ]
        variants.append(variant)
    return parameters, tuple(variants), problems


def load_membership_model(region: str, *, root: Path | None = None) -> MembershipModel:
    """Load the membership part of a region's model; the nation's holds where the region says nothing.

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
        When a file is not valid or something is missing; every problem of every file is listed.

    Examples
    --------
    >>> import datetime as dt
    >>> model = load_membership_model("national")
    >>> model.book.value("membership.pay_on_share", dt.date(2025, 1, 1))
    0.8
    >>> sorted(model.variants)
    ['as_decided', 'equal_ages', 'faster', 'no_reform']
    """
    base = root or models_root()
    folders = [(name, region_folder(name, root=base) / "model") for name in dict.fromkeys(("national", region))]
    problems: list[Problem] = []
    parameters: dict[str, MembershipParameter] = {}
    origins: dict[str, tuple[str, ...]] = {}
    curves: dict[str, AgeCurve] = {}
    offsets: dict[str, dict[int, float]] = {}
    variants: dict[str, RetirementVariant] = {}
    cited: dict[str, Mapping[str, str]] = {}
    for name, folder in folders:
        sources, found = read_sources(folder, root=base)
        problems += found
        cited[name] = sources or {}
        own = name == "national"
        path = folder / MEMBERSHIP_FILE
        if own or path.is_file():
            file, found = read_toml(path, root=base)
            problems += found
            if file is not None:
                read, more, found = read_membership_file(file, sources=sources)
                problems += found
                parameters.update(read)
                origins.update({key: (f"{name}: {file.label}",) * len(one.values) for key, one in read.items()})
                variants.update({variant.name: variant for variant in more})
        path = folder / _CURVES_FILE
        if own or path.is_file():
            label = path.relative_to(base).as_posix()
            read_curve, found = read_curves(path, sources=sources, label=label)
            problems += found
            problems += [
                unknown_name(label, curve, MEMBERSHIP_CURVES, what="curve")
                for curve in read_curve
                if curve not in MEMBERSHIP_CURVES
            ]
            curves.update(read_curve)
        path = folder / _OFFSETS_FILE
        if own or path.is_file():
            label = path.relative_to(base).as_posix()
            offset, found = read_offsets(path, sources=sources, groups=RETIREMENT_GROUPS, label=label)
            problems += found
            offsets.update(offset)
    if not problems:
        problems += [
            Problem(f"{region}, {MEMBERSHIP_FILE}: {key}", "nothing", "a dated assumption")
            for key in MEMBERSHIP_KEYS
            if key not in parameters
        ]
        problems += [
            Problem(f"{region}, {_CURVES_FILE}: {name}", "nothing", "a curve over age")
            for name in MEMBERSHIP_CURVES
            if name not in curves
        ]
    raise_all(problems, DeclarationError)
    book = DatedBook(region=region, parameters=parameters, origins=origins, sources=cited)
    return MembershipModel(region, book, curves, offsets, variants)
