"""Rule sets of the other ways of paying, as data: tariffs, quotas, programmes, with the source of every number."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.payment.declaration import PolicyInput, Provenance
from actuary.payment.declared_classes import BedDay, DaySurgery
from actuary.payment.declared_values import NonNegative, Positive, Share
from actuary.payment.methods.capitation import CapitationCell
from actuary.payment.methods.single_disease import SingleDiseasePrice
from actuary.payment.methods.tcm import SamePriceRule
from actuary.payment.provenance import covers, number_paths
from actuary.policy.fingerprints import fingerprint
from actuary.policy.shapes import Shape, Text, fit
from actuary.policy.toml_files import TomlFile, locate_root, read_sources, read_toml

__all__ = [
    "AnnualQuota",
    "MethodRules",
    "ScoreYears",
    "VaccinationProgramme",
    "check_method_file",
    "is_method_file",
    "list_method_rules",
    "load_method_rules",
    "method_rule_paths",
]

_SOURCE_ID = re.compile(r"\AS\d+\Z")


class AnnualQuota(Shape):
    """Say how a hospital's annual quota is settled.

    Attributes
    ----------
    share_limit : Decimal
        Largest overspend of which the fund bears a part, as share of the quota, inclusive.
    overspend_share : Decimal
        The part it bears.
    reward_share : Decimal
        Part of a saving that is rewarded.
    reward_limit : Decimal
        Largest reward, as share of the quota.
    """

    share_limit: NonNegative
    overspend_share: Share
    reward_share: Share
    reward_limit: NonNegative


class VaccinationProgramme(Shape):
    """Give the prices of a programme that is paid by head.

    Attributes
    ----------
    price_yuan : Decimal
        Price of the good [yuan a head].
    fee_yuan : Decimal
        Price of giving it [yuan a head].
    fund_share : Decimal
        Share that the fund bears.
    """

    price_yuan: NonNegative
    fee_yuan: NonNegative
    fund_share: Share


class ScoreYears(Shape):
    """Give the years of a mean cost their weights, and an average case its score.

    Attributes
    ----------
    year_weights : tuple of Decimal
        Weights, earliest year first.
    trim_low, trim_high : Decimal or None
        Quantiles outside which hospitals do not count for the value.
    """

    year_weights: tuple[Positive, ...]
    trim_low: Share | None = None
    trim_high: Share | None = None


class _Header(Shape):
    id: Text
    version: Literal[1] = Field(alias="schema")
    name_zh: Text
    name_en: Text
    first_day: dt.date | None = None
    last_day: dt.date | None = None
    note_zh: Text | None = None
    note_en: Text | None = None
    provenance: tuple[Provenance, ...] = Field(min_length=1)


class MethodFile(Shape):
    """Hold a rule set as its file says it; every section may be left out."""

    method: _Header
    bed_day: BedDay | None = None
    day_surgery: DaySurgery | None = None
    quota: AnnualQuota | None = None
    programme: VaccinationProgramme | None = None
    score_years: ScoreYears | None = None
    capitation: tuple[CapitationCell, ...] = ()
    single_disease: tuple[SingleDiseasePrice, ...] = ()
    tcm: SamePriceRule | None = None
    required_inputs: tuple[PolicyInput, ...] = ()


@dataclass(frozen=True, eq=False)
class MethodRules:
    """Hold a rule set of another way of paying.

    Parameters
    ----------
    declared : MethodFile
        What the file says.
    source_path : Path
        The file.
    fingerprint : str
        SHA-256 of its content.
    """

    declared: MethodFile
    source_path: Path
    fingerprint: str

    def __repr__(self) -> str:
        """Return id and fingerprint."""
        return f"MethodRules({self.id!r}, {len(self.required_inputs)} inputs to be given, {self.fingerprint[:12]})"

    @property
    def id(self) -> str:
        """Name of the rule set."""
        return self.declared.method.id

    @property
    def required_inputs(self) -> tuple[PolicyInput, ...]:
        """What nobody has published and the user must give."""
        return self.declared.required_inputs

    def section(self, name: str) -> Any:
        """Return a section of the file.

        Raises
        ------
        DeclarationError
            When the file has no such section.

        Examples
        --------
        >>> rules = load_method_rules("taicang-quota")
        >>> rules.section("quota").overspend_share
        Decimal('0.50')
        """
        value = getattr(self.declared, name, None)
        if value is None or value == ():
            raise DeclarationError(Problem(str(self.source_path), f"no section [{name}]", f"a rule set with [{name}]"))
        return value


def method_rule_paths(root: Path | None = None) -> dict[str, Path]:
    """Return the files of the shipped rule sets by name: a city and the name of its file, or ``national-`` and that.

    Parameters
    ----------
    root : Path, optional
        Root of the models.
    """
    base = root or models_root()
    named = {f"{path.parents[2].name}-{path.stem}": path for path in base.glob("cities/*/payment/methods/*.toml")}
    named |= {f"national-{path.stem}": path for path in base.glob("national/payment/methods/*.toml")}
    return dict(sorted(named.items()))


def list_method_rules(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of the shipped rule sets.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Examples
    --------
    >>> "chongqing-psychiatry" in list_method_rules()
    True
    """
    return tuple(method_rule_paths(root))


def load_method_rules(name_or_path: str | Path, *, root: Path | None = None) -> MethodRules:
    """Load a rule set, every problem of it found at once.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped rule set, or a TOML file anywhere.
    root : Path, optional
        Root of the models.

    Returns
    -------
    MethodRules
        The sections of the rule set, each with its sources.

    Raises
    ------
    UnknownNameError
        When no rule set has that name; the message names the nearest one.
    DeclarationError
        When the file is not valid.

    Examples
    --------
    >>> load_method_rules("chongqing-psychiatry").section("bed_day").tariff[1].value
    Decimal('112')
    """
    paths = method_rule_paths(root)
    path = Path(name_or_path)
    if path.suffix != ".toml":
        if str(name_or_path) not in paths:
            raise UnknownNameError(unknown_name("rule set", name_or_path, paths, what="rule set of another method"))
        path = paths[str(name_or_path)]
    declared, file, problems = _read(path, root=root)
    raise_all(problems, DeclarationError)
    if declared is None or file is None:
        raise DeclarationError(Problem(str(path), "nothing", "a rule set"))
    return MethodRules(declared, path, fingerprint(_texts(file.data)))


def check_method_file(path: Path, *, root: Path | None = None) -> list[Problem]:
    """Find every problem of one rule set, numbers without a source among them.

    Parameters
    ----------
    path : Path
        The TOML file.
    root : Path, optional
        Root of the models.
    """
    return _read(path, root=root)[2]


def is_method_file(path: Path) -> bool:
    """Say whether a file is a rule set of another method: by its folder, or by its table ``[method]``.

    Parameters
    ----------
    path : Path
        A TOML file.
    """
    if path.resolve().parent.name == "methods":
        return True
    file, _ = read_toml(path)
    return file is not None and "method" in file.data


def _read(path: Path, *, root: Path | None) -> tuple[MethodFile | None, TomlFile | None, list[Problem]]:
    file, problems = read_toml(path, root=root, exact=True)
    if file is None:
        return None, None, problems
    declared, problems = fit(MethodFile, file.data, file=file)
    if declared is None:
        return None, file, problems
    shipped = method_rule_paths(root)
    names = [name for name, known in shipped.items() if known.resolve() == path.resolve()]
    if names and declared.method.id != names[0]:
        problems.append(Problem(file.where("method.id"), repr(declared.method.id), repr(names[0]), "as its place says"))
    return declared, file, [*problems, *_unsourced(declared, file, root=root)]


def _unsourced(declared: MethodFile, file: TomlFile, *, root: Path | None) -> list[Problem]:
    numbers = number_paths({key: value for key, value in file.data.items() if key != "method"})
    entries = declared.method.provenance
    listed, problems = read_sources(file.path.parent, root=locate_root(file.path) if root is None else root)
    problems += [
        Problem(file.where(f"method.provenance[{place}].source"), entry.source, "an id listed in sources.md")
        for place, entry in enumerate(entries, 1)
        if _SOURCE_ID.match(entry.source) and entry.source not in (listed or {})
    ]
    return problems + [
        Problem(file.where(path), "a number without a source", "an entry of method.provenance that covers it")
        for path in numbers
        if not any(covers(entry, path) for entry in entries)
    ]


def _texts(value: Any) -> Any:
    """Write numbers as text, so that the fingerprint keeps every printed digit."""
    if isinstance(value, Mapping):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_texts(item) for item in value]
    return value if isinstance(value, str | bool | dt.date) else str(value)
