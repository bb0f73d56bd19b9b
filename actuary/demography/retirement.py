"""Who is retired when: the gradual reform by month of birth, earlier and later choices, and cohorts by quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.periods import Quarter
from actuary.policy.dated import spans_of
from actuary.policy.policy_book import PolicyBook
from actuary.policy.retirement import RETIREMENT_GROUPS

__all__ = ["RetirementGroup", "RetirementRule", "retirement_rule"]

_SEX_OF_GROUP = {"men": "male", "women_55": "female", "women_50": "female"}
_SEXES = ("male", "female")
#: Everybody retires at the month that the law gives.
_AT_THE_MONTH: Mapping[int, float] = MappingProxyType({0: 1.0})


@dataclass(frozen=True, slots=True)
class RetirementGroup:
    """Hold the rule of one group.

    Parameters
    ----------
    name : str
        ``men``, ``women_55`` or ``women_50``.
    share : float
        Share of the group among the members of its sex [share].
    old_age_months, end_age_months : int
        Retirement age before the reform and when it is complete [months].
    step_months : int
        Months of birth for each month of delay.
    offsets : mapping
        ``months before (-) or after (+) the statutory month -> share of the group`` that chooses it.
    """

    name: str
    share: float
    old_age_months: int
    end_age_months: int
    step_months: int
    offsets: Mapping[int, float]

    @property
    def sex(self) -> str:
        """Sex of the group."""
        return _SEX_OF_GROUP[self.name]


@dataclass(frozen=True)
class RetirementRule:
    """Hold the statutory retirement of all groups, and what people choose around it.

    Parameters
    ----------
    groups : tuple of RetirementGroup
        Men, and the two groups of women.
    reform_month : int or None
        First month of the reform, counted ``12 year + month - 1``; None: ages stay as they were.
    early_max_months, late_max_months : int
        Longest flexible retirement each way; never below the old age [months].
    """

    groups: tuple[RetirementGroup, ...]
    reform_month: int | None
    early_max_months: int = 0
    late_max_months: int = 0

    def __post_init__(self) -> None:
        problems = []
        for group in self.groups:
            place = f"retirement of {group.name}"
            wrong = {months: share for months, share in group.offsets.items() if not 0 <= share <= 1}
            problems += [
                Problem(f"{place}, offset {m} months", f"{s:g}", "a share from 0 to 1") for m, s in wrong.items()
            ]
            total = sum(group.offsets.values())
            if not wrong and abs(total - 1) > 1e-9:
                problems.append(Problem(f"{place}, offsets", f"shares that add to {total:.6g}", "shares that add to 1"))
            if not 0 <= group.share <= 1:
                problems.append(Problem(f"{place}, share", f"{group.share:g}", "a share from 0 to 1"))
            if group.end_age_months < group.old_age_months or group.step_months < 1:
                problems.append(Problem(place, "an age that falls, or a step below one month", "a rising age"))
        for sex in _SEXES:
            total = sum(group.share for group in self.groups if group.sex == sex)
            if abs(total - 1) > 1e-9:
                problems.append(Problem(f"groups of {sex}", f"shares that add to {total:.6g}", "shares that add to 1"))
        raise_all(problems, DeclarationError)

    def group(self, name: str) -> RetirementGroup:
        """Return a group by name.

        Raises
        ------
        UnknownNameError
            When there is no such group.
        """
        for group in self.groups:
            if group.name == name:
                return group
        raise UnknownNameError(unknown_name("group", name, [group.name for group in self.groups], what="group"))

    def delay(self, group: str, birth_months: ArrayLike) -> NDArray[np.int64]:
        """Return the delay for months of birth [months].

        delay = min(cap, ceil(k / step)), where k counts the months of birth from the first affected one, which is 1.

        Parameters
        ----------
        group : str
            Name of the group.
        birth_months : array_like of int
            Months of birth, counted ``12 year + month - 1``.
        """
        birth = np.asarray(birth_months, np.int64)
        if self.reform_month is None:
            return np.zeros(birth.shape, np.int64)
        rule = self.group(group)
        order = birth - (self.reform_month - rule.old_age_months) + 1
        delayed = -(-order // rule.step_months)
        return np.clip(delayed, 0, rule.end_age_months - rule.old_age_months)

    def statutory_months(self, group: str, birth_months: ArrayLike) -> NDArray[np.int64]:
        """Return the month of statutory retirement, counted ``12 year + month - 1``.

        Examples
        --------
        >>> from actuary.policy import load_policy_book
        >>> rule = retirement_rule(load_policy_book("national"))
        >>> divmod(int(rule.statutory_months("men", 12 * 1965)), 12)
        (2025, 1)
        """
        birth = np.asarray(birth_months, np.int64)
        return birth + self.group(group).old_age_months + self.delay(group, birth)

    def schedule(self, group: str, *, first: tuple[int, int], last: tuple[int, int]) -> pd.DataFrame:
        """Return the table of delays by month of birth.

        Parameters
        ----------
        group : str
            Name of the group.
        first, last : tuple of int
            Year and month of birth, both included.

        Returns
        -------
        DataFrame
            Columns group, birth_month, delay_months, retire_age_years, retire_age_extra_months, retire_month.
        """
        birth = np.arange(12 * first[0] + first[1] - 1, 12 * last[0] + last[1])
        delay = self.delay(group, birth)
        age = self.group(group).old_age_months + delay
        return pd.DataFrame(
            {
                "group": group,
                "birth_month": [_label(int(month)) for month in birth],
                "delay_months": delay,
                "retire_age_years": age // 12,
                "retire_age_extra_months": age % 12,
                "retire_month": [_label(int(month)) for month in birth + age],
            }
        )

    def retired_share(self, birth_years: ArrayLike, quarters: Sequence[Quarter]) -> NDArray[np.float64]:
        r"""Return the share of each cohort that has retired by each quarter-end.

        Births are even over the twelve months of the year. Whoever reaches the statutory month before the reform begins
        retires in it; from then on the declared offsets apply, never below the old age and never beyond the longest
        flexible retirement.

        .. math:: F_{s,b}(q) = \tfrac1{12} \sum_m \sum_g w_g \sum_o p_{g,o} \, [\text{month}(b, m, g, o) \le q]

        Parameters
        ----------
        birth_years : array_like of int
            Calendar years of birth.
        quarters : sequence of Quarter
            Quarter-ends.

        Returns
        -------
        ndarray, shape (2, birth years, quarters)
            Share retired, male before female [share].

        Examples
        --------
        Men born in 1964 retire at 60, all of them by the end of 2024; those born in 1965 begin in 2025.

        >>> from actuary.policy import load_policy_book
        >>> rule = retirement_rule(load_policy_book("national"))
        >>> ends = [Quarter(2024, 4), Quarter(2025, 1), Quarter(2026, 1)]
        >>> rule.retired_share([1964, 1965], ends)[0].round(3).tolist()
        [[1.0, 1.0, 1.0], [0.0, 0.167, 1.0]]
        """
        years = np.asarray(birth_years, np.int64)
        ends = np.array([12 * quarter.year + 3 * quarter.number - 1 for quarter in quarters], np.int64)
        birth = 12 * years[:, None] + np.arange(12)
        share = np.zeros((2, years.size, ends.size))
        for group in self.groups:
            for months, weight in self._choices(group, birth):
                # The month of retirement is counted into the quarter in which it lies.
                position = np.searchsorted(ends, months)
                counts = np.zeros((years.size, ends.size + 1))
                for month in range(12):
                    counts[np.arange(years.size), position[:, month]] += weight / 12
                share[_SEXES.index(group.sex)] += group.share * counts.cumsum(axis=1)[:, :-1]
        return np.clip(share, 0.0, 1.0)

    def mean_delay(self, birth_years: ArrayLike) -> NDArray[np.float64]:
        """Return by how much later than before the reform a cohort retires on average.

        Returns
        -------
        ndarray, shape (2, birth years)
            Mean delay, choices included [years].
        """
        birth = 12 * np.asarray(birth_years, np.int64)[:, None] + np.arange(12)
        delay = np.zeros((2, birth.shape[0]))
        for group in self.groups:
            for months, weight in self._choices(group, birth):
                late = (months - birth - group.old_age_months).mean(axis=1)
                delay[_SEXES.index(group.sex)] += group.share * weight * late / 12
        return delay

    def _choices(self, group: RetirementGroup, birth: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], float]]:
        statutory = self.statutory_months(group.name, birth)
        if self.reform_month is None:
            return [(statutory, 1.0)]
        old = birth + group.old_age_months
        chosen = []
        for offset, share in group.offsets.items():
            limited = min(max(offset, -self.early_max_months), self.late_max_months)
            month = np.maximum(statutory + limited, old)
            chosen.append((np.where(statutory >= self.reform_month, month, statutory), share))
        return chosen

    def without_reform(self) -> RetirementRule:
        """Return the rule as it stood before the reform: the old ages for every cohort, and no choice."""
        return replace(self, reform_month=None, early_max_months=0, late_max_months=0)

    def without_flexibility(self) -> RetirementRule:
        """Return the rule with everybody retiring in the statutory month."""
        groups = tuple(replace(group, offsets=_AT_THE_MONTH) for group in self.groups)
        return replace(self, groups=groups, early_max_months=0, late_max_months=0)


def _label(month: int) -> str:
    year, number = divmod(month, 12)
    return f"{year}-{number + 1:02d}"


def retirement_rule(
    book: PolicyBook,
    *,
    women_55_share: float = 0.5,
    offsets: Mapping[str, Mapping[int, float]] | None = None,
    end_age_years: Mapping[str, float] | None = None,
    step_months: Mapping[str, int] | None = None,
) -> RetirementRule:
    """Build the retirement rule from the declared policy.

    Parameters
    ----------
    book : PolicyBook
        Rules of a region, after any scenario: ``retirement.start_age_…``, ``end_age_…``, ``delay_step_…`` and the
        longest flexible retirement.
    women_55_share : float
        Share of women members who retired at 55 before the reform [share].
    offsets : mapping, optional
        For each group the months before or after the statutory month with their shares; all at the month when left out.
    end_age_years, step_months : mapping, optional
        Ages and steps of another reform, by group, in place of the declared ones.

    Raises
    ------
    UnknownNameError, DeclarationError
        When a group or a rule is not known, a rule is not in force, or shares do not add to 1.

    Examples
    --------
    >>> from actuary.policy import load_policy_book
    >>> rule = retirement_rule(load_policy_book("national"))
    >>> [group.end_age_months // 12 for group in rule.groups]
    [63, 58, 55]
    """
    problems = [
        unknown_name(what, name, RETIREMENT_GROUPS, what="group")
        for what, given in (("offsets", offsets), ("end_age_years", end_age_years), ("step_months", step_months))
        for name in given or {}
        if name not in RETIREMENT_GROUPS
    ]
    raise_all(problems, UnknownNameError)
    begin = spans_of(book.parameter("retirement.start_age_men"))[0].first_day
    weights = {"men": 1.0, "women_55": women_55_share, "women_50": 1.0 - women_55_share}
    groups = []
    for name in RETIREMENT_GROUPS:
        end = spans_of(book.parameter(f"retirement.end_age_{name}"))[-1].entry.value
        step = book.value(f"retirement.delay_step_{name}", begin)
        groups.append(
            RetirementGroup(
                name=name,
                share=weights[name],
                old_age_months=round(12 * book.value(f"retirement.start_age_{name}", begin)),
                end_age_months=round(12 * (end_age_years or {}).get(name, float(end))),  # type: ignore[arg-type]
                step_months=round((step_months or {}).get(name, step)),
                offsets=MappingProxyType(dict((offsets or {}).get(name, _AT_THE_MONTH))),
            )
        )
    return RetirementRule(
        groups=tuple(groups),
        reform_month=12 * begin.year + begin.month - 1,
        early_max_months=round(12 * book.value("retirement.flexible_early_max", begin)),
        late_max_months=round(12 * book.value("retirement.flexible_late_max", begin)),
    )
