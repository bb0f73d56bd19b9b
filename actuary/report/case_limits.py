"""What of cases a report prints: its declared limits, and the least cell of all that is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.payment.indicator_limits import Limit
from actuary.policy.shapes import Shape, check_source, fit
from actuary.policy.toml_files import read_sources, read_toml
from actuary.tables.personal_rules import load_personal_rules

__all__ = ["CaseLimits", "hidden_places", "load_case_limits"]

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
    least : int
        Least cases behind any cell, that of every published table [cases].
    hospitals_in_text, groups_in_text, findings_in_text, hospital_pages : int
        How many of them stand in the text.
    """

    least: int
    hospitals_in_text: int
    groups_in_text: int
    findings_in_text: int
    hospital_pages: int


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
        least=load_personal_rules(models).least_cases,
        **{name: int(getattr(declared, name).value) for name in _Declared.model_fields},
    )


def hidden_places(counts: Sequence[int], least: int) -> frozenset[int]:
    """Return which of the counts that add up to a known total may not be printed.

    Counts below the least are hidden, but 0; with a single hidden one, or few cases hidden in all, the next larger ones
    are hidden too: else the total would give them away.

    Parameters
    ----------
    counts : sequence of int
        Cases of every cell of a row or column whose total is printed.
    least : int
        Least cases behind a cell.

    Examples
    --------
    >>> sorted(hidden_places([500, 4, 0, 20], 10)), sorted(hidden_places([500, 0, 20], 10))
    ([1, 3], [])
    """
    hidden = {place for place, count in enumerate(counts) if 0 < count < least}
    others = sorted((count, place) for place, count in enumerate(counts) if count >= least)
    while hidden and others and (len(hidden) == 1 or sum(counts[place] for place in hidden) < least):
        hidden.add(others.pop(0)[1])
    return frozenset(hidden)
