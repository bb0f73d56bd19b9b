"""The gradual delay of the statutory retirement age, from its declared parameters."""

from __future__ import annotations

import math

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.policy.policy_book import PolicyBook, load_policy_book

__all__ = ["RETIREMENT_GROUPS", "retirement_delay", "retirement_month"]

#: Groups of the decision: men, women who retired at 55, women who retired at 50.
RETIREMENT_GROUPS: tuple[str, ...] = ("men", "women_55", "women_50")


def retirement_delay(
    group: str, birth_year: int, *, birth_month: int, book: PolicyBook | None = None
) -> tuple[int, int]:
    """Return by how many months retirement is delayed, and the age in months at which it falls.

    delay = min(cap, ceil(k / step)), where k counts the months of birth from the first affected one (which is 1),
    step is the months of birth for each month of delay and cap is twelve times the rise of the age in years. The
    first affected month of birth is the reform's first month less the old age. Nobody born earlier is delayed.

    Parameters
    ----------
    group : str
        men, women_55 or women_50.
    birth_year, birth_month : int
        Month of birth.
    book : PolicyBook, optional
        Rules; the national ones when left out.

    Returns
    -------
    tuple of int
        Delay [months] and retirement age [months].

    Raises
    ------
    UnknownNameError
        When the group is unknown.
    DeclarationError
        When the month is not 1 to 12.

    Examples
    --------
    >>> retirement_delay("men", 1976, birth_month=9)
    (36, 756)
    >>> retirement_delay("men", 1964, birth_month=12)
    (0, 720)
    """
    if group not in RETIREMENT_GROUPS:
        raise UnknownNameError(unknown_name("group", group, RETIREMENT_GROUPS, what="group"))
    if not 1 <= birth_month <= 12:
        raise_all([Problem("birth_month", str(birth_month), "a month from 1 to 12")], DeclarationError)
    rules = book if book is not None else load_policy_book("national")
    begin = rules.parameter(f"retirement.start_age_{group}").values[0]
    start = rules.value(f"retirement.start_age_{group}", begin.first_day)
    end = rules.parameter(f"retirement.end_age_{group}").values[-1].value
    step = rules.value(f"retirement.delay_step_{group}", begin.first_day)
    old_age = round(12 * start)
    reform = 12 * begin.first_day.year + begin.first_day.month - 1
    order = 12 * birth_year + birth_month - 1 - (reform - old_age) + 1
    cap = round(12 * (float(end) - start))  # type: ignore[arg-type]
    delay = min(cap, max(0, math.ceil(order / step)))
    return delay, old_age + delay


def retirement_month(
    group: str, birth_year: int, *, birth_month: int, book: PolicyBook | None = None
) -> tuple[int, int]:
    """Return year and month of statutory retirement for a month of birth.

    Parameters
    ----------
    group : str
        men, women_55 or women_50.
    birth_year, birth_month : int
        Month of birth.
    book : PolicyBook, optional
        Rules; the national ones when left out.

    Returns
    -------
    tuple of int
        Year and month.

    Raises
    ------
    UnknownNameError, DeclarationError
        As :func:`retirement_delay`.

    Examples
    --------
    >>> retirement_month("men", 1965, birth_month=1)
    (2025, 2)
    >>> retirement_month("women_50", 1984, birth_month=11)
    (2039, 11)
    """
    _, age = retirement_delay(group, birth_year, birth_month=birth_month, book=book)
    year, month = divmod(12 * birth_year + birth_month - 1 + age, 12)
    return year, month + 1
