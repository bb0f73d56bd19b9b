"""Tables of benefit modules: rounds of procurement and birth policies."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.errors import Problem, unknown_name
from actuary.files import read_records
from actuary.policy.finance_model import BENEFITS
from actuary.policy.shapes import Shape, Text, check_source, fit
from actuary.policy.toml_files import TomlFile

__all__ = ["BirthPolicy", "ProcurementRound", "read_policies", "read_rounds"]

_ROUND_COLUMNS = (
    "round", "scheme", "benefit", "first_day", "spending_share", "price_cut", "volume_change", "source", "note",
)  # fmt: skip
_SCHEMES = ("employee", "resident")


@dataclass(frozen=True, slots=True)
class ProcurementRound:
    """Hold what a round of volume-based procurement does to the price of some items of a benefit.

    Parameters
    ----------
    name : str
        Name of the round.
    scheme, benefit : str
        Which spending it touches.
    first_day : datetime.date
        Day from which the new price holds.
    spending_share : float
        Share of that spending that goes to the items [share].
    price_cut : float
        Fall of their price [share].
    volume_change : float
        Rise of their volume [share].
    source, note : str
        Where it comes from.
    """

    name: str
    scheme: str
    benefit: str
    first_day: dt.date
    spending_share: float
    price_cut: float
    volume_change: float
    source: str
    note: str

    @property
    def saving_share(self) -> float:
        """Share of the items' spending that is saved: 1 - (1 - cut)(1 + change of volume)."""
        return 1.0 - (1.0 - self.price_cut) * (1.0 + self.volume_change)


class BirthPolicy(Shape):
    """Hold a birth policy: what it does to fertility, to leave and to cash.

    Attributes
    ----------
    name : str
        Name in code.
    leave_days : float
        Days of paid leave [days].
    subsidy_per_year_yuan : float
        Cash for each child and year, paid by the budget [yuan a year].
    subsidy_years : int
        Years for which it is paid, from birth on.
    births_factor : mapping
        Fertility over that of the medium projection, by years since the policy began; straight lines between them,
        level after the last [ratio].
    mean_age_shift : mapping
        Years by which the mean age at birth moves, likewise [years].
    source, reason, reason_en : str
        Where it comes from.
    """

    name: Text
    name_zh: Text
    name_en: Text
    leave_days: float = Field(ge=0, le=1000)
    subsidy_per_year_yuan: float = Field(ge=0)
    subsidy_years: int = Field(ge=0, le=30)
    births_factor: dict[str, float] = Field(min_length=1)
    mean_age_shift: dict[str, float] = Field(min_length=1)
    source: str
    confidence: Literal["verified", "derived", "recalled", "conflicting"] | None = None
    reason: Text
    reason_en: Text

    def path(self, name: Literal["births_factor", "mean_age_shift"]) -> dict[int, float]:
        """Return a path as ``{years since the policy began: value}``."""
        held: dict[str, float] = getattr(self, name)
        return {int(years): value for years, value in held.items()}


class BirthPolicyFile(Shape):
    """Hold a file birth_policies.toml."""

    policy: tuple[BirthPolicy, ...] = Field(min_length=1)


def read_policies(file: TomlFile, *, sources: Mapping[str, str] | None) -> tuple[dict[str, BirthPolicy], list[Problem]]:
    """Read a file of birth policies: the sound ones by name, and every problem."""
    declared, problems = fit(BirthPolicyFile, _as_floats(file.data), file=file)
    if declared is None:
        return {}, problems
    held: dict[str, BirthPolicy] = {}
    for number, one in enumerate(declared.policy, 1):
        place = f"policy[{number}]"
        problems += check_source(one.source, where=file.where(f"{place}.source"), sources=sources, label=file.label)
        if one.name in held:
            problems.append(Problem(file.where(f"{place}.name"), f"{one.name} again", "every policy once"))
        for what in ("births_factor", "mean_age_shift"):
            for year, value in getattr(one, what).items():
                where = file.where(f"{place}.{what}")
                if not year.isdigit() or len(year) > 2:
                    problems.append(Problem(where, repr(year), "years since the policy began, 0 to 99"))
                low = 0.0 if what == "births_factor" else -10.0
                if not low <= value <= 10.0:
                    problems.append(Problem(where, f"{value:g} in {year}", f"a number from {low:g} to 10"))
        held[one.name] = one
    return held, problems


def _as_floats(node: Any, *, inside: bool = False) -> Any:
    """Turn the whole numbers of the paths by year into floats, which TOML tells apart."""
    if isinstance(node, Mapping):
        return {name: _as_floats(item, inside=name in ("births_factor", "mean_age_shift") or inside)
                for name, item in node.items()}  # fmt: skip
    if isinstance(node, tuple):
        return tuple(_as_floats(item, inside=inside) for item in node)
    return float(node) if inside and isinstance(node, int) and not isinstance(node, bool) else node


def read_rounds(
    path: Path, *, sources: Mapping[str, str] | None, root: Path
) -> tuple[tuple[ProcurementRound, ...], list[Problem]]:
    """Read a table of procurement rounds: one for each scheme, and every problem."""
    label = path.relative_to(root).as_posix()
    records, problems = read_records(path, _ROUND_COLUMNS, label=label)
    rounds: list[ProcurementRound] = []
    for line, row in records:
        read, found = _read_round(row, where=f"{label} line {line}", sources=sources, label=label)
        rounds += read
        problems += found
    return tuple(rounds), problems


def _read_round(
    row: Mapping[str, str], *, where: str, sources: Mapping[str, str] | None, label: str
) -> tuple[list[ProcurementRound], list[Problem]]:
    problems = check_source(row["source"], where=f"{where}, source", sources=sources, label=label)
    if row["scheme"] not in (*_SCHEMES, "both"):
        problems.append(unknown_name(f"{where}, scheme", row["scheme"], (*_SCHEMES, "both"), what="scheme"))
    if row["benefit"] not in BENEFITS:
        problems.append(unknown_name(f"{where}, benefit", row["benefit"], BENEFITS, what="benefit"))
    numbers = {}
    for name, low, high in (("spending_share", 0.0, 1.0), ("price_cut", 0.0, 1.0), ("volume_change", -1.0, 10.0)):
        try:
            numbers[name] = float(row[name])
        except ValueError:
            numbers[name] = math.nan
        if not low <= numbers[name] <= high:
            problems.append(Problem(f"{where}, {name}", repr(row[name]), f"a number from {low:g} to {high:g}"))
    try:
        day = dt.date.fromisoformat(row["first_day"])
    except ValueError:
        day = dt.date.min
        problems.append(Problem(f"{where}, first_day", repr(row["first_day"]), "a day such as 2026-04-01"))
    if problems:
        return [], problems
    schemes = _SCHEMES if row["scheme"] == "both" else (row["scheme"],)
    return [
        ProcurementRound(row["round"], scheme, row["benefit"], day, **numbers, source=row["source"], note=row["note"])
        for scheme in schemes
    ], []
