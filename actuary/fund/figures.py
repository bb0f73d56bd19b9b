"""Year figures of the schemes, completed by the identities they obey.

What is published stays as it is; what follows from it by addition is derived; what contradicts it by more than nothing
is kept beside it as a difference, never silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actuary.fund.seasons import DERIVED, PUBLISHED

__all__ = ["BALANCES", "FLOWS", "Difference", "Figure", "Figures", "complete_figures"]

FLOWS = ("income", "expenditure")
BALANCES = ("balance_end",)
_PARTED = (*FLOWS, *BALANCES)
_MONEY = tuple(part + name for part in ("", "pooled_", "personal_") for name in _PARTED)


@dataclass(frozen=True, slots=True)
class Figure:
    """Hold one year figure in its base unit.

    Parameters
    ----------
    value : float
        Yuan or persons.
    status : str
        ``published`` or ``derived``.
    """

    value: float
    status: str = PUBLISHED


@dataclass(frozen=True, slots=True)
class Difference:
    """Record where a published figure differs from what the other published figures add up to.

    Parameters
    ----------
    scheme, indicator : str
        Which figure.
    year : int
        Of which year.
    published, used : float
        The published figure, and the one the model uses because it obeys the identity.
    identity : str
        The identity, written with indicator names.
    """

    scheme: str
    indicator: str
    year: int
    published: float
    used: float
    identity: str


class Figures:
    """Hold year figures by scheme, indicator and year.

    Parameters
    ----------
    rows : mapping, optional
        ``(scheme, indicator, year) -> Figure``.

    Examples
    --------
    >>> figures = Figures({("employee", "active", 2024): Figure(274_918_400.0)})
    >>> figures.value("employee", "active", 2024), figures.value("employee", "retired", 2024)
    (274918400.0, None)
    """

    def __init__(self, rows: Mapping[tuple[str, str, int], Figure] | None = None) -> None:
        self._rows: dict[tuple[str, str, int], Figure] = dict(rows or {})

    def get(self, scheme: str, indicator: str, year: int) -> Figure | None:
        """Return a figure, or None."""
        return self._rows.get((scheme, indicator, year))

    def value(self, scheme: str, indicator: str, year: int) -> float | None:
        """Return the value of a figure, or None."""
        figure = self.get(scheme, indicator, year)
        return None if figure is None else figure.value

    def values(self, scheme: str, indicator: str) -> dict[int, float]:
        """Return the years of a scheme's indicator, in order of time."""
        return {year: figure.value for year, figure in self.years(scheme, indicator)}

    def years(self, scheme: str, indicator: str) -> Iterator[tuple[int, Figure]]:
        """Yield year and figure of a scheme's indicator, in order of time."""
        found = ((year, figure) for (s, i, year), figure in self._rows.items() if (s, i) == (scheme, indicator))
        yield from sorted(found, key=lambda pair: pair[0])

    def rows(self) -> dict[tuple[str, str, int], Figure]:
        """Return a copy of every figure, by scheme, indicator and year."""
        return dict(self._rows)


def complete_figures(figures: Figures) -> tuple[Figures, tuple[Difference, ...]]:
    """Derive what follows from the published year figures, and list where they disagree.

    * Enrolled employees are active plus retired.
    * Personal accounts are the total less the pool for flows; the total is pool plus accounts for balances.
    * The resident fund is pooled whole: it has no personal accounts.
    * The schemes together are employees plus residents, in years without a third scheme.

    Parameters
    ----------
    figures : Figures
        Published year figures.

    Returns
    -------
    figures : Figures
        The completed figures, obeying every identity.
    differences : tuple of Difference
        Where a published figure was set aside for the identity, or a published balance of the year contradicts it.

    Examples
    --------
    >>> published = Figures({
    ...     ("employee", "active", 2024): Figure(274_918_400.0),
    ...     ("employee", "retired", 2024): Figure(104_575_000.0),
    ...     ("employee", "enrolled", 2024): Figure(379_483_400.0),
    ... })
    >>> completed, differences = complete_figures(published)
    >>> completed.value("employee", "enrolled", 2024), differences[0].published - differences[0].used
    (379493400.0, -10000.0)
    """
    rows = figures.rows()
    differences: list[Difference] = []
    for year in sorted({year for _, _, year in rows}):
        _complete_employee(rows, year, differences)
        _complete_resident(rows, year)
        _complete_all(rows, year, differences)
    for key in sorted(rows):
        _compare_current_balance(rows, key, differences)
    return Figures(rows), tuple(differences)


type _Rows = dict[tuple[str, str, int], Figure]


def _put(
    rows: _Rows, key: tuple[str, str, int], parts: tuple[Figure, ...], identity: str, differences: list[Difference]
) -> None:
    # The sign of each part is in its value already; a published figure that agrees keeps its status.
    value = sum(part.value for part in parts)
    old = rows.get(key)
    if old is not None and old.value == value:
        return
    if old is not None:
        differences.append(Difference(key[0], key[1], key[2], old.value, value, identity))
    rows[key] = Figure(value, DERIVED)


def _minus(figure: Figure) -> Figure:
    return Figure(-figure.value, figure.status)


def _complete_employee(rows: _Rows, year: int, differences: list[Difference]) -> None:
    def get(indicator: str) -> Figure | None:
        return rows.get(("employee", indicator, year))

    active, retired = get("active"), get("retired")
    if active and retired:
        identity = "enrolled = active + retired"
        _put(rows, ("employee", "enrolled", year), (active, retired), identity, differences)
    for name in _PARTED:
        total, pooled, personal = get(name), get(f"pooled_{name}"), get(f"personal_{name}")
        if pooled and personal and (total is None or name in BALANCES):
            identity = f"{name} = pooled_{name} + personal_{name}"
            _put(rows, ("employee", name, year), (pooled, personal), identity, differences)
        elif total and pooled:
            identity = f"personal_{name} = {name} - pooled_{name}"
            _put(rows, ("employee", f"personal_{name}", year), (total, _minus(pooled)), identity, differences)
        elif total and personal:
            identity = f"pooled_{name} = {name} - personal_{name}"
            _put(rows, ("employee", f"pooled_{name}", year), (total, _minus(personal)), identity, differences)


def _complete_resident(rows: _Rows, year: int) -> None:
    for name in _PARTED:
        total = rows.get(("resident", name, year))
        if total is not None:
            rows[("resident", f"pooled_{name}", year)] = total
            rows[("resident", f"personal_{name}", year)] = Figure(0.0, DERIVED)


def _complete_all(rows: _Rows, year: int, differences: list[Difference]) -> None:
    third = {indicator for scheme, indicator, when in rows if scheme == "nrcms" and when == year}
    for name in ("enrolled", *_MONEY):
        employee, resident = rows.get(("employee", name, year)), rows.get(("resident", name, year))
        bare = name.removeprefix("pooled_").removeprefix("personal_")
        if employee and resident and bare not in third:
            identity = f"all {name} = employee + resident"
            _put(rows, ("all", name, year), (employee, resident), identity, differences)


def _compare_current_balance(rows: _Rows, key: tuple[str, str, int], differences: list[Difference]) -> None:
    scheme, indicator, year = key
    if not indicator.endswith("current_balance"):
        return
    part = indicator.removesuffix("current_balance")
    income, expenditure = rows.get((scheme, f"{part}income", year)), rows.get((scheme, f"{part}expenditure", year))
    if income and expenditure and income.value - expenditure.value != rows[key].value:
        used = income.value - expenditure.value
        identity = f"{indicator} = {part}income - {part}expenditure"
        differences.append(Difference(scheme, indicator, year, rows[key].value, used, identity))
