"""What of cases a report prints: its declared limits, and the least cell of all that is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.payment.indicator_limits import Limit
from actuary.policy.shapes import Shape, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml
from actuary.tables.personal_rules import PersonalRules, load_personal_rules
from actuary.tables.small_cells import protect_list

__all__ = ["CaseLimits", "HiddenTree", "hidden_places", "hidden_tree", "load_case_limits"]

_FILE = Path("national") / "payment" / "reporting" / "limits.toml"


class _Declared(Shape):
    hospitals_in_text: Limit
    groups_in_text: Limit
    findings_in_text: Limit
    hospital_pages: Limit


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseLimits:
    """Hold every limit.

    Parameters
    ----------
    rules : PersonalRules
        What holds for every published table: least cases behind a cell, least width of what may be worked out.
    hospitals_in_text, groups_in_text, findings_in_text, hospital_pages : int
        How many of them stand in the text.
    """

    rules: PersonalRules
    hospitals_in_text: int
    groups_in_text: int
    findings_in_text: int
    hospital_pages: int

    @property
    def least(self) -> int:
        """Least cases behind any cell [cases]."""
        return self.rules.least_cases

    @property
    def width(self) -> int:
        """Least width of what can be worked out of a hidden count [cases]."""
        return self.rules.least_width


def load_case_limits(models: Path | None = None) -> CaseLimits:
    """Read the limits: how much stands in the text, and from ``models/personal/rules.toml`` the least cell.

    Parameters
    ----------
    models : Path, optional
        Root of the models; the shipped limits count where it declares none.

    Raises
    ------
    DeclarationError
        With every problem of a file.

    Examples
    --------
    >>> limits = load_case_limits()
    >>> limits.least, limits.hospitals_in_text
    (11, 20)
    """
    root = models if models is not None and (models / _FILE).is_file() else models_root()
    file, problems = read_toml(root / _FILE, root=root, exact=True)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  (a file that cannot be read comes with a problem)
    declared, problems = fit(_Declared, file.data, file=file)
    raise_all(problems, DeclarationError)
    assert declared is not None  # noqa: S101  (a table that does not fit comes with a problem)
    sources, problems = read_sources(file.path.parent, root=root)
    for name in _Declared.model_fields:
        limit: Limit = getattr(declared, name)
        problems += check_source(limit.source, where=file.where(f"{name}.source"), sources=sources, label=file.label)
        if limit.value != int(limit.value) or limit.value < 1:
            problems.append(Problem(file.where(f"{name}.value"), str(limit.value), "a whole number, 1 or more"))
    raise_all(problems, DeclarationError)
    return CaseLimits(
        rules=load_personal_rules(models),
        **{name: int(getattr(declared, name).value) for name in _Declared.model_fields},
    )


def hidden_places(counts: Sequence[int], limits: CaseLimits) -> frozenset[int]:
    """Return which of the counts that add up to a known total may not be printed, by the rule of published lists.

    Parameters
    ----------
    counts : sequence of int
        Cases of every cell of a row or column whose total is printed.
    limits : CaseLimits
        Least cases behind a cell.

    Examples
    --------
    >>> limits = load_case_limits()
    >>> sorted(hidden_places([500, 4, 0, 20], limits)), sorted(hidden_places([500, 0, 20], limits))
    ([1, 3], [])
    """
    mask, _ = protect_list(np.array(counts, dtype=np.int64), least_cases=limits.least, least_width=limits.width)
    return frozenset(np.flatnonzero(mask).tolist())


@dataclass(frozen=True, slots=True)
class HiddenTree:
    """Say what may not be printed of counts by hospital, by tier and of the city.

    Parameters
    ----------
    hospitals : frozenset of int
        Places among the hospitals.
    tiers : frozenset of str
        Tiers.
    city : bool
        Whether the count of the city is one of them.
    """

    hospitals: frozenset[int]
    tiers: frozenset[str]
    city: bool


def hidden_tree(counts: Sequence[int], tiers: Sequence[str], limits: CaseLimits) -> HiddenTree:
    """Return which counts of hospitals, of their tiers and of the city may not be printed side by side.

    Hospitals add up to their tier, tiers to the city: what is hidden must not follow from either. A tier that is hidden
    hides its hospitals, from which it would follow.

    Parameters
    ----------
    counts : sequence of int
        Cases by hospital.
    tiers : sequence of str
        Tier of every hospital.
    limits : CaseLimits
        Least cases behind a cell.

    Examples
    --------
    >>> found = hidden_tree([4, 50, 60, 70], ["2", "2", "3", "3"], load_case_limits())
    >>> sorted(found.hospitals), sorted(found.tiers), found.city
    ([0, 1], [], False)
    """
    few, width = limits.least, limits.width
    numbers, of = np.array(counts, dtype=np.int64), np.array(tiers, dtype=object)
    names = sorted(set(tiers))
    hidden, sums, untold = np.zeros(len(numbers), dtype=bool), [], []
    for name in names:
        hidden[of == name], total = protect_list(numbers[of == name], least_cases=few, least_width=width)
        sums.append(int(numbers[of == name].sum()))
        untold.append(total)
    told = np.array(sums, dtype=np.int64), np.array(untold, dtype=bool)
    mask, city = protect_list(told[0], least_cases=few, least_width=width, hidden=told[1])
    gone = frozenset(name for name, blank in zip(names, mask, strict=True) if blank)
    hidden |= (numbers > 0) & np.isin(of, list(gone))
    return HiddenTree(frozenset(np.flatnonzero(hidden).tolist()), gone, city)
