"""The declared formula of the credit score: weights, points, grades, and what a score moves."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from pydantic import Field

from actuary.alerts.ledger.rules import load_ledger_rules
from actuary.alerts.signals import SIGNAL_LEVELS
from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = ["CREDIT_FILE", "UNRECORDED", "CreditRules", "load_credit_rules"]

#: Where the declaration lies under models/.
CREDIT_FILE = "alerts/credit.toml"

#: State of a finding that no ledger holds.
UNRECORDED = "unrecorded"


class _Header(Shape):
    name_zh: Text
    name_en: Text
    source: str
    reason_zh: Text | None = None
    reason_en: Text | None = None


class _Formula(Shape):
    assessment_weight: Decimal = Field(ge=0, le=1)
    repeat_factor: Decimal = Field(ge=1)
    money_points_per_percent: Decimal = Field(ge=0)
    money_points_most: Decimal = Field(ge=0, le=100)
    decimals: int = Field(ge=0, le=4)


class _Level(Shape):
    name: Text
    points: Decimal = Field(ge=0, le=100)


class _State(Shape):
    name: Text
    factor: Decimal = Field(ge=0, le=1)


class _Grade(Shape):
    name: Text
    name_zh: Text
    start: Decimal = Field(alias="from", ge=0, le=100)


class _Budget(Shape):
    reference_score: Decimal = Field(ge=0, le=100)
    tilt: Decimal = Field(ge=0)
    least_factor: Decimal = Field(gt=0, le=1)
    most_factor: Decimal = Field(ge=1)


class CreditRules(Shape):
    """Hold the declared formula.

    Attributes
    ----------
    credit : table
        Names and source.
    formula : table
        Weight of the assessment, factor of a matter that came again, points for money recovered, decimals.
    level : tuple
        Points of a matter by its level.
    state : tuple
        Part of the points that counts, by the state of its case; ``unrecorded`` where there is no case.
    grade : tuple
        Lowest score of each grade.
    budget : table
        How a score moves next year's share.

    Examples
    --------
    >>> rules = load_credit_rules()
    >>> rules.points("red"), rules.factor("dismissed"), rules.grade_of(Decimal("80"))
    (Decimal('15'), Decimal('0'), 'B')
    """

    credit: _Header
    formula: _Formula
    level: tuple[_Level, ...]
    state: tuple[_State, ...]
    grade: tuple[_Grade, ...] = Field(min_length=1)
    budget: _Budget

    def points(self, level: str) -> Decimal:
        """Return the points of a level."""
        return next(one.points for one in self.level if one.name == level)

    def factor(self, state: str) -> Decimal:
        """Return the part of the points that counts in a state."""
        return next(one.factor for one in self.state if one.name == state)

    def grade_of(self, score: Decimal) -> str:
        """Return the grade of a score."""
        reached = [grade for grade in self.grade if score >= grade.start]
        return max(reached, key=lambda grade: grade.start).name

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states that have a factor."""
        return tuple(one.name for one in self.state)


def load_credit_rules(root: Path | None = None) -> CreditRules:
    """Load the declared formula.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Raises
    ------
    DeclarationError
        With every problem of the file: a level or state without points, a graver level with fewer points, scores
        without a grade.
    """
    base = root or models_root()
    file, problems = read_toml(base / CREDIT_FILE, root=base, exact=True)
    if file is None:
        raise DeclarationError(problems)
    rules, problems = fit(CreditRules, _decimals(file.data), file=file)
    if rules is None:
        raise DeclarationError(problems)
    sources, problems = read_sources(file.path.parent, root=base)
    where = file.where("credit.source")
    problems += check_source(rules.credit.source, where=where, sources=sources, label=file.label)
    wanted = {"level": SIGNAL_LEVELS, "state": (UNRECORDED, *load_ledger_rules(root).names)}
    problems += _names(file, "level", [one.name for one in rules.level], wanted["level"])
    problems += _names(file, "state", [one.name for one in rules.state], wanted["state"])
    raise_all([*problems, *_order(rules, file)], DeclarationError)
    return rules


def _decimals(value: object) -> object:
    """Take whole numbers as decimals where the shape wants decimals; `decimals` itself is a count."""
    if isinstance(value, dict):
        return {name: part if name == "decimals" else _decimals(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_decimals(part) for part in value)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _names(file: TomlFile, table: str, found: list[str], wanted: tuple[str, ...]) -> list[Problem]:
    problems = [unknown_name(file.where(table), name, wanted, what=table) for name in found if name not in wanted]
    problems += [
        Problem(file.where(table), f"no {table} {name!r}", f"every {table} once", f"add a [[{table}]]")
        for name in wanted
        if name not in found
    ]
    twice = sorted({name for name in found if found.count(name) > 1})
    return problems + [Problem(file.where(table), f"{name!r} again", f"every {table} once") for name in twice]


def _order(rules: CreditRules, file: TomlFile) -> list[Problem]:
    problems = []
    points = {one.name: one.points for one in rules.level}
    for graver, lesser in pairwise(SIGNAL_LEVELS):
        if graver in points and lesser in points and points[graver] < points[lesser]:
            found = f"{points[graver]} points for {graver}, {points[lesser]} for {lesser}"
            problems.append(Problem(file.where("level"), found, "no fewer points for the graver level"))
    starts = [grade.start for grade in rules.grade]
    if min(starts) != 0 or len(set(starts)) != len(starts):
        problems.append(Problem(file.where("grade"), f"grades from {', '.join(map(str, starts))}",
                                "each from another score, the lowest from 0"))  # fmt: skip
    return problems
