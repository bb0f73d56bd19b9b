"""Year figures of the schemes, completed by the identities they obey.

What is published stays as it is; what follows from it by addition is derived; where the two differ the difference is
listed with the one that is kept, never settled silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actuary.fund.seasons import DERIVED, PUBLISHED

__all__ = ["BALANCES", "FLOWS", "Difference", "Figure", "Figures", "complete_figures", "is_whole_of_two"]

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
    rank : int
        Place of its basis in the order of preference of the catalogue, 0 being the best; a derived figure has that of
        the least of its parts.
    recalled : bool
        Whether it, or a part of it, was recalled and not checked against the original.
    """

    value: float
    status: str = PUBLISHED
    rank: int = 0
    recalled: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """Record where a published figure differs from what the other published figures add up to.

    Parameters
    ----------
    scheme, indicator : str
        Which figure.
    year : int
        Of which year.
    published, implied : float
        The published figure, and what the other published figures add up to.
    kept : str
        ``published`` or ``implied``: which of the two the model keeps.
    identity : str
        The identity, written with indicator names.
    """

    scheme: str
    indicator: str
    year: int
    published: float
    implied: float
    kept: str
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

    A published figure is kept, and only what is not published is derived, with two exceptions, each listed among the
    differences. A figure of a lesser basis (a flash report, monthly statistics) yields to the sum of figures of a
    better one. And a fund, its pool and its accounts must add up, so that one of three published figures yields: of
    flows that of the accounts, of balances the total.

    Parameters
    ----------
    figures : Figures
        Published year figures.

    Returns
    -------
    figures : Figures
        The completed figures, obeying every identity.
    differences : tuple of Difference
        Where a published figure is not what the others add up to, and which of the two is kept.

    Examples
    --------
    >>> published = Figures({
    ...     ("employee", "active", 2024): Figure(274_918_400.0),
    ...     ("employee", "retired", 2024): Figure(104_575_000.0),
    ...     ("employee", "enrolled", 2024): Figure(379_483_400.0),
    ... })
    >>> completed, differences = complete_figures(published)
    >>> completed.value("employee", "enrolled", 2024), differences[0].implied, differences[0].kept
    (379483400.0, 379493400.0, 'published')
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


def is_whole_of_two(figures: Figures, indicator: str, year: int) -> bool:
    """Say whether a figure of all schemes is known beside those of employees and residents, with no third scheme.

    The published total need not be their sum to the last digit.

    Examples
    --------
    >>> rows = {("employee", "income", 2019): Figure(15_845.0), ("resident", "income", 2019): Figure(8_575.0)}
    >>> is_whole_of_two(Figures(rows | {("all", "income", 2019): Figure(24_421.0)}), "income", 2019)
    True
    """
    known = all(figures.get(scheme, indicator, year) is not None for scheme in ("all", "employee", "resident"))
    return known and not _has_third(figures.rows(), indicator, year)


type _Rows = dict[tuple[str, str, int], Figure]


def _settle(
    rows: _Rows,
    key: tuple[str, str, int],
    parts: tuple[Figure, ...],
    identity: str,
    differences: list[Difference],
    *,
    bound: bool = False,
) -> None:
    # The sign of each part is in its value already. A bound figure must obey the identity, whatever was published.
    recalled = any(part.recalled for part in parts)
    implied = Figure(sum(part.value for part in parts), DERIVED, max(part.rank for part in parts), recalled)
    published = rows.get(key)
    if published is None:
        rows[key] = implied
    elif published.value != implied.value:
        yields = bound or published.rank > implied.rank
        kept = "implied" if yields else "published"
        differences.append(Difference(*key, published.value, implied.value, kept, identity))
        if yields:
            rows[key] = implied


def _minus(figure: Figure) -> Figure:
    return Figure(-figure.value, figure.status, figure.rank, figure.recalled)


def _complete_employee(rows: _Rows, year: int, differences: list[Difference]) -> None:
    def get(indicator: str) -> Figure | None:
        return rows.get(("employee", indicator, year))

    def settle(indicator: str, parts: tuple[Figure, ...], identity: str, *, bound: bool) -> None:
        _settle(rows, ("employee", indicator, year), parts, f"{indicator} = {identity}", differences, bound=bound)

    active, retired = get("active"), get("retired")
    if active and retired:
        settle("enrolled", (active, retired), "active + retired", bound=False)
    for name in _PARTED:
        total, pooled, personal = get(name), get(f"pooled_{name}"), get(f"personal_{name}")
        if pooled and personal and (total is None or name in BALANCES):
            settle(name, (pooled, personal), f"pooled_{name} + personal_{name}", bound=True)
        elif total and pooled:
            settle(f"personal_{name}", (total, _minus(pooled)), f"{name} - pooled_{name}", bound=True)
        elif total and personal:
            settle(f"pooled_{name}", (total, _minus(personal)), f"{name} - personal_{name}", bound=True)


def _complete_resident(rows: _Rows, year: int) -> None:
    for name in _PARTED:
        total = rows.get(("resident", name, year))
        if total is not None:
            rows[("resident", f"pooled_{name}", year)] = total
            rows[("resident", f"personal_{name}", year)] = Figure(0.0, DERIVED, total.rank)


def _complete_all(rows: _Rows, year: int, differences: list[Difference]) -> None:
    for name in ("enrolled", *_MONEY):
        employee, resident = rows.get(("employee", name, year)), rows.get(("resident", name, year))
        if employee and resident and not _has_third(rows, name, year):
            _settle(rows, ("all", name, year), (employee, resident), f"all {name} = employee + resident", differences)


def _has_third(rows: _Rows, indicator: str, year: int) -> bool:
    bare = indicator.removeprefix("pooled_").removeprefix("personal_")
    return ("nrcms", bare, year) in rows


def _compare_current_balance(rows: _Rows, key: tuple[str, str, int], differences: list[Difference]) -> None:
    scheme, indicator, year = key
    if not indicator.endswith("current_balance"):
        return
    part = indicator.removesuffix("current_balance")
    income, expenditure = rows.get((scheme, f"{part}income", year)), rows.get((scheme, f"{part}expenditure", year))
    if income and expenditure and income.value - expenditure.value != rows[key].value:
        implied = income.value - expenditure.value
        identity = f"{indicator} = {part}income - {part}expenditure"
        # Of a year, the model holds income and spending; their balance is computed wherever it is shown.
        differences.append(Difference(*key, rows[key].value, implied, "implied", identity))
