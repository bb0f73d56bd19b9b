"""Payment by head (按人头付费): heads in cells of age, sex and risk; programmes that cost a price a head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actuary.errors import Problem, raise_all
from actuary.payment.declared_values import NonNegative
from actuary.payment.exact import Number, RoundingMode, as_fraction, in_units
from actuary.policy.shapes import Shape, Text

__all__ = ["CapitationCell", "CapitationYear", "capitation_amount", "programme_cost", "settle_capitation"]


class CapitationCell(Shape):
    """Give the heads of one cell their rate.

    Attributes
    ----------
    age_from : int
        Youngest age in full years, inclusive.
    age_to : int or None
        Oldest age, inclusive; None: no end.
    sex : str
        male, female or ``*``.
    risk : str
        Risk group, such as hypertension, or ``*``.
    rate : Decimal
        Rate [yuan per head and year].
    """

    age_from: int = 0
    age_to: int | None = None
    sex: Text = "*"
    risk: Text = "*"
    rate: NonNegative

    def holds(self, age: int, sex: str, risk: str) -> bool:
        """Say whether a person lies in the cell."""
        old_enough = self.age_from <= age and (self.age_to is None or age <= self.age_to)
        return old_enough and self.sex in ("*", sex) and self.risk in ("*", risk)


@dataclass(frozen=True, slots=True)
class CapitationYear:
    """Hold the year of a provider that is paid by head.

    Parameters
    ----------
    due_fen : int
        Heads × rates [fen].
    elsewhere_fen : int
        Care of its people elsewhere, taken off [fen].
    spent_fen : int
        Care given by itself [fen].
    """

    due_fen: int
    elsewhere_fen: int
    spent_fen: int

    @property
    def payment_fen(self) -> int:
        """What it is paid: due less care elsewhere [fen]; negative when that exceeds what is due."""
        return self.due_fen - self.elsewhere_fen

    @property
    def surplus_fen(self) -> int:
        """What it keeps [fen]; negative for a loss that it bears."""
        return self.payment_fen - self.spent_fen


def capitation_amount(
    heads: Mapping[tuple[int, str, str], int], cells: Sequence[CapitationCell], *, mode: RoundingMode = "half_up"
) -> int:
    """Return what the heads of a provider are worth [fen]: Σ heads × rate of their cell.

    Parameters
    ----------
    heads : mapping
        ``(age in years, sex, risk)`` to number of persons; risk may be empty.
    cells : sequence of CapitationCell
        Cells that do not overlap.
    mode : {"half_up", "half_even"}
        Rounding of the sum to the fen.

    Raises
    ------
    ActuaryError
        With every group of persons that lies in no cell, or in several, or is negative.

    Examples
    --------
    >>> cells = [CapitationCell(age_to=59, rate="80.50"), CapitationCell(age_from=60, rate=200)]
    >>> capitation_amount({(30, "female", ""): 10, (70, "male", ""): 2}, cells)
    120500
    """
    problems, total = [], as_fraction(0)
    for (age, sex, risk), count in heads.items():
        found = [cell for cell in cells if cell.holds(age, sex, risk)]
        place = f"heads of age {age}, {sex}" + (f", {risk}" if risk else "")
        if count < 0:
            problems.append(Problem(place, f"{count} persons", "0 or more"))
        elif len(found) != 1:
            problems.append(Problem(place, f"{len(found)} cells", "one cell", "let the cells meet, not overlap"))
        else:
            total += count * as_fraction(found[0].rate)
    raise_all(problems)
    return in_units(total, 2, mode)


def settle_capitation(due_fen: int, *, elsewhere_fen: int, spent_fen: int) -> CapitationYear:
    """Settle the year of a provider paid by head.

    Parameters
    ----------
    due_fen : int
        Heads × rates [fen].
    elsewhere_fen : int
        Care of its people elsewhere [fen], 0 or more.
    spent_fen : int
        Care given by itself [fen], 0 or more.

    Raises
    ------
    ActuaryError
        When one of the two is negative.

    Examples
    --------
    >>> settle_capitation(120_500, elsewhere_fen=20_500, spent_fen=90_000).surplus_fen
    10000
    """
    raise_all(
        Problem(name, f"{amount} fen", "0 or more")
        for name, amount in (("care elsewhere", elsewhere_fen), ("care given", spent_fen))
        if amount < 0
    )
    return CapitationYear(due_fen, elsewhere_fen, spent_fen)


def programme_cost(
    heads: int, prices_yuan: Sequence[Number], *, fund_share: Number, mode: RoundingMode = "half_up"
) -> int:
    """Return what a programme costs the fund [fen]: heads × (sum of prices) × fund's share, such as a vaccination.

    Parameters
    ----------
    heads : int
        Persons reached.
    prices_yuan : sequence of number
        Prices a head: the good, its administration … [yuan].
    fund_share : number
        Share that the fund bears, 0-1.
    mode : {"half_up", "half_even"}
        Rounding to the fen.

    Examples
    --------
    >>> programme_cost(7_415_000, [180, 20], fund_share="0.8") // 100
    1186400000
    """
    price = sum((as_fraction(part) for part in prices_yuan), as_fraction(0))
    return in_units(heads * price * as_fraction(fund_share), 2, mode)
