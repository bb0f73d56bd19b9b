"""Age profiles: how use or price moves with age and sex, as a table of relative values with their sources."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from actuary.errors import Problem
from actuary.files import read_records
from actuary.policy.shapes import check_source

__all__ = ["AgeProfile", "ProfileRow", "read_profiles"]

_COLUMNS = ("profile", "sex", "age_from", "age_to", "value", "source", "note")
_SEXES = ("male", "female")
_OLDEST = 200


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """Hold the value of a group of ages.

    Parameters
    ----------
    sex : str
        male or female.
    first_age, last_age : int
        Ages included; the last group is open.
    value : float
        Relative use or price.
    source : str
        ``S1``, ``std`` or ``judgement``.
    note : str
        What a reader should know.
    """

    sex: str
    first_age: int
    last_age: int
    value: float
    source: str
    note: str


@dataclass(frozen=True)
class AgeProfile:
    """Hold the rows of one profile, both sexes, from age 0 to an open age without a gap.

    Parameters
    ----------
    name : str
        Name of the profile.
    groups : tuple of ProfileRow
        Rows in order of sex and age.
    """

    name: str
    groups: tuple[ProfileRow, ...]

    @property
    def rows(self) -> list[list[str | int | float]]:
        """Return the content as plain values, for a fingerprint."""
        return [[one.sex, one.first_age, one.last_age, one.value, one.source] for one in self.groups]

    def value(self, sex: str, age: int) -> float:
        """Return the relative value at an age; the last group holds for every age above it.

        Raises
        ------
        KeyError
            When the sex is neither male nor female.
        """
        known = [one for one in self.groups if one.sex == sex]
        if not known:
            raise KeyError(sex)
        return next((one.value for one in known if one.first_age <= age <= one.last_age), known[-1].value)


def read_profiles(
    path: Path, *, sources: Mapping[str, str] | None, label: str = ""
) -> tuple[dict[str, AgeProfile], list[Problem]]:
    """Read a table of age profiles.

    Parameters
    ----------
    path : Path
        The table; columns profile, sex, age_from, age_to, value, source, note. The last group of each sex has an empty
        ``age_to``: it is open.
    sources : mapping or None
        The list of sources that its rows cite.
    label : str
        Folder as messages name it.

    Returns
    -------
    tuple
        ``{name: profile}`` of the sound ones, and every problem.
    """
    name = f"{label}/{path.name}" if label else path.name
    records, problems = read_records(path, _COLUMNS, label=name)
    found: dict[str, list[ProfileRow]] = {}
    for line, record in records:
        row, wrong = _read_row(record, where=f"{name} line {line}", sources=sources, label=name)
        problems += wrong
        if row is not None:
            found.setdefault(record["profile"], []).append(row)
    profiles = {}
    for profile, rows in found.items():
        wrong = [] if problems else _check_ages(rows, where=f"{name}, profile {profile}")
        problems += wrong
        if not wrong:
            ordered = sorted(rows, key=lambda one: (_SEXES.index(one.sex), one.first_age))
            profiles[profile] = AgeProfile(profile, tuple(ordered))
    if not found and not problems:
        problems.append(Problem(name, "no row", "at least one age profile"))
    return profiles, problems


def _read_row(
    record: Mapping[str, str | None], *, where: str, sources: Mapping[str, str] | None, label: str
) -> tuple[ProfileRow | None, list[Problem]]:
    cells = {column: (record.get(column) or "").strip() for column in _COLUMNS}
    problems: list[Problem] = []
    if not cells["profile"]:
        problems.append(Problem(f"{where}, profile", "an empty cell", "the name of a profile"))
    if cells["sex"] not in _SEXES:
        problems.append(Problem(f"{where}, sex", repr(cells["sex"]), "male or female"))
    ages = []
    for column in ("age_from", "age_to"):
        whole = cells[column].isdecimal() or (column == "age_to" and not cells[column])
        if not whole:
            problems.append(Problem(f"{where}, {column}", repr(cells[column]), "a whole age from 0 on"))
        ages.append(int(cells[column]) if cells[column].isdecimal() else _OLDEST)
    try:
        value = float(cells["value"])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        problems.append(Problem(f"{where}, value", repr(cells["value"]), "a number from 0 on"))
    problems += check_source(cells["source"], where=f"{where}, source", sources=sources, label=label)
    if problems:
        return None, problems
    return ProfileRow(cells["sex"], ages[0], ages[1], value, cells["source"], cells["note"]), []


def _check_ages(rows: list[ProfileRow], *, where: str) -> list[Problem]:
    problems = []
    for sex in _SEXES:
        groups = sorted((one for one in rows if one.sex == sex), key=lambda one: one.first_age)
        expected = 0
        for one in groups:
            if one.first_age != expected or one.last_age < one.first_age:
                problems.append(
                    Problem(
                        f"{where}, {sex}",
                        f"a group from {one.first_age} to {one.last_age}",
                        f"one that begins at {expected} and ends later",
                        "groups follow one another from age 0 on, without gap or overlap",
                    )
                )
                break
            expected = one.last_age + 1
        else:
            if expected != _OLDEST + 1:
                last = "no group" if not groups else f"a last age of {groups[-1].last_age}"
                problems.append(
                    Problem(
                        f"{where}, {sex}", last, "an open last group", "leave its age_to empty; both sexes have one"
                    )
                )
    return problems
