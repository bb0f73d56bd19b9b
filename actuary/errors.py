"""Errors that teach: where, what is there, what was expected, how to mend it.

Every problem of a file is collected as a :class:`Problem`; :func:`raise_all` raises them together, once.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actuary.personal_numbers import mask_numbers

__all__ = [
    "ActuaryError",
    "DeclarationError",
    "OutputError",
    "PeriodError",
    "Problem",
    "TableError",
    "UnitError",
    "UnknownNameError",
    "nearest_name",
    "raise_all",
    "unknown_name",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """State one thing that is wrong, so that its reader can mend it.

    Parameters
    ----------
    where : str
        File and key, or table, row and column.
    found : str
        What is there.
    expected : str
        What was expected instead.
    mend : str
        How to mend it; empty when `expected` says it already.

    Notes
    -----
    A cell that is quoted may hold a number of a person: every text is masked here, so that no reader can forget
    (:func:`~actuary.personal_numbers.mask_numbers`).

    Examples
    --------
    >>> print(Problem("fund.csv row 3, value", "text 'abc'", "a number", "write 12.5"))
    fund.csv row 3, value: found text 'abc'; expected a number; write 12.5
    >>> Problem("cases.csv row 3, tier", "'11010519491231002X'", "a tier").found
    "'‹18 characters, like an identity number›'"
    """

    where: str
    found: str
    expected: str
    mend: str = ""

    def __post_init__(self) -> None:
        """Mask numbers of persons."""
        for name in ("where", "found", "expected", "mend"):
            object.__setattr__(self, name, mask_numbers(str(getattr(self, name))))

    def __str__(self) -> str:
        """Return the problem as one line."""
        parts = [f"{self.where}: found {self.found}", f"expected {self.expected}"]
        if self.mend:
            parts.append(self.mend)
        return "; ".join(parts)


class ActuaryError(Exception):
    """Report one or more problems; the root of every error this package raises on purpose.

    Parameters
    ----------
    problems : Problem or sequence of Problem
        What is wrong, in the order of the file.

    Examples
    --------
    >>> error = ActuaryError(Problem("base.toml, employer_rate", "'8 %'", "a share", "write 0.08"))
    >>> print(error)
    base.toml, employer_rate: found '8 %'; expected a share; write 0.08
    >>> error.problems[0].mend
    'write 0.08'
    """

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(str(self))

    def __reduce__(self) -> tuple[type[ActuaryError], tuple[tuple[Problem, ...]]]:
        """Travel between processes with every problem: the text alone would be taken for a list of them."""
        return type(self), (self.problems,)

    def __str__(self) -> str:
        """Return one line a problem, headed by their number when there are several."""
        if len(self.problems) == 1:
            return str(self.problems[0])
        return "\n".join([f"{len(self.problems)} problems:", *(f"  {problem}" for problem in self.problems)])


class DeclarationError(ActuaryError):
    """A file under models/ is not a valid declaration."""


class TableError(ActuaryError):
    """A table under data/, or one the user gave, is not what its schema says."""


class UnknownNameError(ActuaryError):
    """A name (city, scheme, indicator, scenario …) is not known."""


class PeriodError(ActuaryError):
    """A period cannot be read, or lies outside the data."""


class UnitError(ActuaryError):
    """A unit is unknown, or two units do not measure the same thing."""


class OutputError(ActuaryError):
    """An output cannot be written where it was asked for."""


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to a misspelt one, or None.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What could have been meant.

    Examples
    --------
    >>> nearest_name("shengyang", ["shenyang", "anyang"])
    'shenyang'
    """
    names = sorted(set(known))
    lowered = {candidate.lower(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(str(name).lower(), list(lowered), n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def unknown_name(where: str, name: object, known: Iterable[str], *, what: str = "name", declare: str = "") -> Problem:
    """Build the problem for an unknown name, with the nearest known one.

    Parameters
    ----------
    where : str
        File and key, or the option that was given.
    name : object
        What was written.
    known : iterable of str
        The names that exist.
    what : str
        What kind of name it is, in words.
    declare : str
        How a new one is declared, for a name that is like no other.

    Examples
    --------
    >>> print(unknown_name("--city", "shenyan", ["anyang", "shenyang"], what="city"))
    --city: found 'shenyan'; expected a known city (anyang, shenyang); did you mean 'shenyang'?
    """
    names = sorted(set(known))
    shown = ", ".join(names[:12]) + (f" … {len(names)} in all" if len(names) > 12 else "") or "there is none"
    close = nearest_name(str(name), names)
    mend = f"did you mean {close!r}?" if close else declare
    return Problem(where, repr(name), f"a known {what} ({shown})", mend)


def raise_all(problems: Iterable[Problem], error: type[ActuaryError] = ActuaryError) -> None:
    """Raise every collected problem as one error; return quietly when there is none.

    Parameters
    ----------
    problems : iterable of Problem
        What was collected.
    error : type
        The class to raise.

    Raises
    ------
    ActuaryError
        Of class `error`, when there is at least one problem.

    Examples
    --------
    >>> raise_all([])
    """
    collected = tuple(problems)
    if collected:
        raise error(collected)
