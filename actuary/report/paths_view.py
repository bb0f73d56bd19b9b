"""Read a projection the way the report tells it: by scheme and year, with how each figure is known."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from actuary.periods import Quarter
from actuary.report.numbers import number_or_none

__all__ = ["BASE", "PathsView", "worst"]

#: The scenario that is the base itself.
BASE = "base"
_FLOWS = ("income", "expenditure", "adjustment")
_ORDER = ("published", "derived", "apportioned", "interpolated", "projected", "gap")


class PathsView:
    """Look figures up in the Dataset of a projection.

    Parameters
    ----------
    paths : xarray.Dataset
        Dims (scenario, scheme, quarter); variables and statuses as a fund projection holds them.
    quarter : Quarter
        Report quarter.
    """

    def __init__(self, paths: Any, quarter: Quarter) -> None:
        self.quarter = quarter
        self.scenarios = tuple(str(name) for name in paths["scenario"].values)
        self.schemes = tuple(str(name) for name in paths["scheme"].values)
        self.quarters = tuple(Quarter.parse(str(label)) for label in paths["quarter"].values)
        self._paths = paths
        self._column = {label: number for number, label in enumerate(self.quarters)}

    @cached_property
    def _arrays(self) -> dict[str, tuple[tuple[str, ...], Any]]:
        everything = {**self._paths.data_vars, **self._paths.coords}
        return {str(name): (tuple(str(d) for d in array.dims), array.values) for name, array in everything.items()}

    def has(self, name: str) -> bool:
        """Return whether the projection holds a variable."""
        return name in self._arrays

    def _pick(self, name: str, scheme: str, quarter: Quarter, scenario: str) -> Any:
        if name not in self._arrays or scheme not in self.schemes or quarter not in self._column:
            return None
        dims, values = self._arrays[name]
        place = {
            "scenario": self.scenarios.index(scenario) if scenario in self.scenarios else 0,
            "scheme": self.schemes.index(scheme),
            "quarter": self._column[quarter],
        }
        return values[tuple(place[dim] for dim in dims)]

    def value(self, name: str, scheme: str, quarter: Quarter, *, scenario: str = BASE) -> float | None:
        """Return a figure of a quarter in its base unit, or None where there is none."""
        return number_or_none(self._pick(name, scheme, quarter, scenario))

    def status(self, name: str, scheme: str, quarter: Quarter) -> str:
        """Return how a figure is known: ``published`` … ``projected``, or ``gap``."""
        group = str(self._paths[name].attrs.get("status", "")) if name in self._paths else ""
        found = self._pick(group, scheme, quarter, BASE)
        return "gap" if found is None else str(found)

    def months_basis(self, scheme: str) -> str:
        """Return whether months are those of the ``pooled`` fund or of an ``undivided`` one."""
        dims, values = self._arrays.get("months_basis", ((), None))
        return str(values[self.schemes.index(scheme)]) if dims == ("scheme",) and scheme in self.schemes else "pooled"

    def fund_prefix(self, scheme: str) -> str:
        """Return the prefix of the variables on which a scheme is judged: the pool's, or none when undivided."""
        return "" if self.months_basis(scheme) == "undivided" else "pooled_"

    def is_projected(self, scheme: str, quarter: Quarter) -> bool:
        """Return whether a quarter of a scheme lies in the projection."""
        return str(self._pick("phase", scheme, quarter, BASE)) == "projection"

    def year(self, name: str, scheme: str, year: int, *, scenario: str = BASE) -> float | None:
        """Return the figure of a year: the flow of the whole year, a stock or ratio at its end."""
        if not _is_flow(name):
            return self.value(name, scheme, Quarter(year, 4), scenario=scenario)
        if self.has(f"year_{name}"):
            return self.value(f"year_{name}", scheme, Quarter(year, 4), scenario=scenario)
        parts = [self.value(name, scheme, Quarter(year, number), scenario=scenario) for number in range(1, 5)]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == 4 else None

    def year_status(self, name: str, scheme: str, year: int) -> str:
        """Return how the figure of a year is known.

        The quarters of a published year may be apportioned while the year itself is published.
        """
        if not _is_flow(name):
            return self.status(name, scheme, Quarter(year, 4))
        if self.is_projected(scheme, Quarter(year, 4)):
            return "projected"
        if self.has(f"year_{name}_status"):
            return str(self._pick(f"year_{name}_status", scheme, Quarter(year, 4), BASE) or "gap")
        statuses = [self.status(name, scheme, Quarter(year, number)) for number in range(1, 5)]
        return "gap" if "gap" in statuses else "published"

    def years(self, names: Iterable[str], scheme: str, *, projected: bool = False) -> list[int]:
        """Return the years with a figure of any of the variables, history only or projection only."""
        wanted = tuple(names)
        found = []
        for year in sorted({quarter.year for quarter in self.quarters}):
            if self.is_projected(scheme, Quarter(year, 4)) != projected:
                continue
            if any(self.year(name, scheme, year) is not None for name in wanted):
                found.append(year)
        return found

    def last_quarters(self, count: int) -> list[Quarter]:
        """Return the quarters up to the report quarter, so many at most."""
        return [quarter for quarter in self.quarters if self.quarter + -count < quarter <= self.quarter]

    def history_quarters(self, names: Iterable[str], scheme: str) -> list[Quarter]:
        """Return the quarters of history with a figure of any of the variables."""
        wanted = tuple(names)
        return [
            quarter
            for quarter in self.quarters
            if not self.is_projected(scheme, quarter)
            and any(self.value(n, scheme, quarter) is not None for n in wanted)
        ]


def _is_flow(name: str) -> bool:
    return name.endswith("_yuan") and any(flow in name for flow in _FLOWS)


def worst(statuses: Iterable[str]) -> str:
    """Return the least known of several statuses.

    Examples
    --------
    >>> worst(["published", "projected", "derived"])
    'projected'
    """
    return max(statuses, key=_ORDER.index, default="gap")
