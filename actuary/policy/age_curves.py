"""Curves over age and tables of shares: small CSV files of a declared model, each row with its source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from actuary.errors import Problem
from actuary.files import read_records
from actuary.policy.shapes import check_source

__all__ = ["AgeCurve", "read_curves", "read_offsets"]

_CURVE_COLUMNS = ("profile", "sex", "age", "value", "source", "note")
_OFFSET_COLUMNS = ("group", "offset_months", "share", "source", "note")
_SEXES = ("male", "female")
#: A curve that ends before this age leaves the old without a value.
_LAST_AGE = 80


@dataclass(frozen=True, slots=True)
class AgeCurve:
    """Hold a curve of shares over age: straight lines between the ages given, level after the last.

    Parameters
    ----------
    name : str
        Name of the profile.
    knots : mapping
        For ``male`` and ``female`` the pairs (age, share).
    """

    name: str
    knots: Mapping[str, tuple[tuple[float, float], ...]]


def read_curves(
    path: Path, *, sources: Mapping[str, str] | None, label: str
) -> tuple[dict[str, AgeCurve], list[Problem]]:
    """Read a table of age curves.

    Parameters
    ----------
    path : Path
        Columns profile, sex (male, female or both), age, value (share 0-1), source, note.
    sources : mapping or None
        The list of sources its rows cite.
    label : str
        How messages name the file.

    Returns
    -------
    tuple
        ``{name: curve}`` of the sound ones, and every problem.
    """
    records, problems = read_records(path, _CURVE_COLUMNS, label=label)
    points: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line, record in records:
        where = f"{label} line {line}"
        problems += check_source(record["source"], where=f"{where}, source", sources=sources, label=label)
        age, found = _number(record["age"], where=f"{where}, age", low=0, high=150, expected="an age from 0 to 150")
        problems += found
        share, found = _number(record["value"], where=f"{where}, value", low=0, high=1, expected="a share from 0 to 1")
        problems += found
        if record["sex"] not in (*_SEXES, "both"):
            problems.append(Problem(f"{where}, sex", repr(record["sex"]), "male, female or both"))
        curve = points.setdefault(record["profile"], {sex: [] for sex in _SEXES})
        for sex in _SEXES if record["sex"] == "both" else (record["sex"],):
            curve.setdefault(sex, []).append((age, share))
    curves = {}
    for name, by_sex in points.items():
        found = [problem for sex in _SEXES for problem in _check_knots(by_sex[sex], f"{label}, {name} of {sex}")]
        problems += found
        if not found:
            curves[name] = AgeCurve(name, {sex: tuple(by_sex[sex]) for sex in _SEXES})
    return curves, problems


def _check_knots(knots: Sequence[tuple[float, float]], where: str) -> list[Problem]:
    ages = [age for age, _ in knots]
    if any(not math.isfinite(age) for age in ages):
        return []  # named with its line already
    if not ages or ages[0] != 0 or ages[-1] < _LAST_AGE:
        span = f"ages {ages[0]:g} to {ages[-1]:g}" if ages else "no age"
        return [Problem(where, span, f"ages from 0 to {_LAST_AGE} or more", "add the ages that are missing")]
    back = [(a, b) for a, b in pairwise(ages) if b <= a]
    return [Problem(where, f"age {b:g} after {a:g}", "ages in rising order, each once") for a, b in back]


def read_offsets(
    path: Path, *, sources: Mapping[str, str] | None, groups: Sequence[str], label: str
) -> tuple[dict[str, dict[int, float]], list[Problem]]:
    """Read when people retire around their statutory month.

    Parameters
    ----------
    path : Path
        Columns group, offset_months (negative: earlier), share (0-1), source, note.
    sources : mapping or None
        The list of sources its rows cite.
    groups : sequence of str
        Groups that must be there; the shares of each add to 1.
    label : str
        How messages name the file.

    Returns
    -------
    tuple
        ``{group: {months: share}}``, and every problem.
    """
    records, problems = read_records(path, _OFFSET_COLUMNS, label=label)
    offsets: dict[str, dict[int, float]] = {}
    for line, record in records:
        where = f"{label} line {line}"
        problems += check_source(record["source"], where=f"{where}, source", sources=sources, label=label)
        months, found = _number(
            record["offset_months"], where=f"{where}, offset_months", low=-240, high=240, expected="months, -240 to 240"
        )
        problems += found
        share, wrong = _number(record["share"], where=f"{where}, share", low=0, high=1, expected="a share from 0 to 1")
        problems += wrong
        held = offsets.setdefault(record["group"], {})
        if not found and months in held:
            problems.append(Problem(where, f"{months:g} months again", "every offset of a group once"))
        elif not found:
            held[round(months)] = share
    for group in groups:
        total = sum(offsets.get(group, {}).values())
        if not problems and abs(total - 1) > 1e-9:
            problems.append(Problem(f"{label}, {group}", f"shares that add to {total:.6g}", "shares that add to 1"))
    return offsets, problems


def _number(text: str, *, where: str, low: float, high: float, expected: str) -> tuple[float, list[Problem]]:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if low <= value <= high:
        return value, []
    mend = "write shares as 0.08 for 8 %" if high == 1 and value > 1 else ""
    return math.nan, [Problem(where, repr(text), expected, mend)]
