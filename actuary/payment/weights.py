"""Weights of groups (权重) from cases: trimmed means over the overall mean, edited as declared, rounded once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.kernels.cost_cells import sort_by_cell
from actuary.payment.exact import round_to
from actuary.payment.rescaling import rescale_to_total
from actuary.payment.stability import Stability, Treatment, judge_stability
from actuary.payment.trimming import CostMoments, Trimmed, trim_cells
from actuary.payment.weight_rules import WeightRule
from actuary.payment.weight_set import GroupWeight, WeightSet

__all__ = [
    "check_earlier",
    "check_years",
    "counts_by_year",
    "weigh_cells",
    "weigh_groups",
    "weight_cells",
    "year_cells",
]

type IntArray = NDArray[np.int64]

#: Characters of a group that name its ADRG.
_ADRG_LENGTH = 3


def weigh_groups(
    group_names: Sequence[str],
    group_code: IntArray,
    cost_fen: IntArray,
    *,
    rule: WeightRule,
    year: IntArray | None = None,
    earlier: Mapping[str, Fraction] | None = None,
    known: Iterable[str] = (),
) -> WeightSet:
    """Compute the weights of groups from the costs of their cases.

    ``RW_g = m_g / m``: mean cost of the group over the mean cost of all cases, both after trimming; with years,
    ``m_g = sum_y w_y m_gy / sum_y w_y`` over the years in which the group has cases, and `m` in the same way. Then, in
    this order: unstable groups get what the rule gives them; smoothing ``w = a x new + (1 - a) x earlier``; frozen
    groups are held at their earlier weight at least; the others are rescaled so that the total weight of all cases is
    that before the edits; each weight is rounded once. A weight of 1 that stands for the overall mean is not rescaled.

    Parameters
    ----------
    group_names : sequence of str
        Names of the groups.
    group_code : int array, shape (case,)
        Place of the group of each case among the names; a negative one leaves the case out.
    cost_fen : int64 array, shape (case,)
        Cost of each case [fen].
    rule : WeightRule
        The declaration.
    year : int array, shape (case,), optional
        Year of each case; needed when the rule weights several years.
    earlier : mapping of str to Fraction, optional
        Weights in force before, for smoothing and freezing.
    known : iterable of str
        Groups of the scheme, so that those without a case are listed as well.

    Returns
    -------
    WeightSet
        The weights.

    Raises
    ------
    TableError
        When no case counts, a declared year has no case, a year is needed and missing, or an earlier weight is.

    Examples
    --------
    >>> costs = np.array([100_00, 300_00, 500_00, 700_00])
    >>> weights = weigh_groups(["AA19", "BB29"], np.array([0, 0, 1, 1]), costs, rule=WeightRule())
    >>> [(weight.group, str(weight.rw)) for weight in weights.groups], float(weights.overall_mean_fen)
    ([('AA19', '1/2'), ('BB29', '3/2')], 40000.0)
    """
    listed = set(known)
    names = [*group_names, *sorted(listed - set(group_names))]
    check_earlier(rule, earlier or {})
    cell, left_out = weight_cells(np.asarray(group_code, dtype=np.int64), rule, year)
    values, starts = sort_by_cell(cell, cost_fen, cells=len(names) * max(1, len(rule.years)))
    trimmed = trim_cells(values, starts, rule.trim)
    return weigh_cells(names, trimmed, rule, earlier=earlier, known=listed, left_out=left_out)


def weigh_cells(
    names: Sequence[str],
    trimmed: Trimmed,
    rule: WeightRule,
    *,
    earlier: Mapping[str, Fraction] | None = None,
    known: Iterable[str] = (),
    left_out: Mapping[str, int],
) -> WeightSet:
    """Compute the weights of groups from the trimmed costs of every group and year.

    Parameters
    ----------
    names : sequence of str
        Names of the groups, those without a case included.
    trimmed : Trimmed
        One cell a group and declared year, those of a group together; one a group where no years are declared.
    rule, earlier, known :
        As in :func:`weigh_groups`.
    left_out : mapping of str to int
        Cases that do not count, by reason.

    Raises
    ------
    TableError
        When no case counts, or none is left after trimming.
    """
    earlier, listed = earlier or {}, set(known)
    years = rule.years or {0: Fraction(1)}
    if not any(cell.n for cell in trimmed.before):
        raise TableError(Problem("cases", "none that counts", "cases with a group, of a declared year"))
    parts = list(years.values())
    grid = [trimmed.after[g * len(parts) : (g + 1) * len(parts)] for g in range(len(names))]
    overall = _weighted_mean([_pooled(of_year) for of_year in zip(*grid, strict=True)], parts)
    if not overall:
        raise TableError(Problem("cases", "none with a cost left after trimming", "costs above 0"))
    order = sorted(range(len(names)), key=lambda g: names[g])
    found = {}
    for g in order:
        before = _pooled(trimmed.before[g * len(parts) : (g + 1) * len(parts)])
        if before.n == 0 and names[g] not in listed:
            continue  # a name that only cases left out bear
        found[names[g]] = (before, grid[g])
    return _edit(found, parts, overall, rule, earlier, trimmed, left_out)


def check_earlier(rule: WeightRule, earlier: Mapping[str, Fraction]) -> None:
    """Raise when weights in force before are needed and missing.

    Raises
    ------
    TableError
        Names every frozen group without one.
    """
    where = "weights in force before"
    problems = [
        Problem(where, f"none for the frozen group {group}", "a weight below which it must not fall", "give them")
        for group in rule.freeze
        if group not in earlier
    ]
    if rule.smoothing != 1 and not earlier:
        problems.append(Problem(where, "none", "weights to smooth with", "give them"))
    raise_all(problems, TableError)


def weight_cells(group: IntArray, rule: WeightRule, year: IntArray | None) -> tuple[IntArray, dict[str, int]]:
    """Return group and year of each case as one number, and how many cases do not count.

    Parameters
    ----------
    group : int64 array, shape (case,)
        Place of the group; a negative one leaves the case out.
    rule : WeightRule
        It says which years count.
    year : int array, shape (case,), optional
        Year of each case.

    Returns
    -------
    cell : int64 array, shape (case,)
        ``group x number of years + place of the year``; -1 where the case does not count.
    left_out : dict of str to int
        Cases that do not count, by reason.

    Raises
    ------
    TableError
        When a declared year has no case, or years are needed and missing.
    """
    left_out = {"no group": int((group < 0).sum())}
    if not counts_by_year(rule, year):
        return group, left_out
    cell, counts, outside = year_cells(group, rule, year)
    check_years(rule, counts, {int(one) for one in np.unique(year)} if year is not None else set())
    left_out["not of a declared year"] = outside
    return cell, left_out


def counts_by_year(rule: WeightRule, year: IntArray | None) -> bool:
    """Say whether it matters of which year a case is.

    Raises
    ------
    TableError
        When it does, and the cases do not say it.
    """
    if not rule.years or (len(rule.years) == 1 and year is None):
        return False
    if year is None:
        expected = f"cases of {_listed(list(rule.years))}"
        raise TableError(Problem("cases", "no year", expected, "give a discharge date or a month"))
    return True


def year_cells(group: IntArray, rule: WeightRule, year: IntArray | None) -> tuple[IntArray, dict[int, int], int]:
    """Return group and year of each case as one number, the cases of each declared year, and those of no such year.

    Parameters
    ----------
    group, rule, year :
        As in :func:`weight_cells`; the cases may be a part of all.
    """
    declared = list(rule.years)
    place = np.full(group.shape, -1, dtype=np.int64)
    for number, one in enumerate(declared):
        place[year == one] = number
    counts = {one: int(((place == number) & (group >= 0)).sum()) for number, one in enumerate(declared)}
    cell = np.where((group < 0) | (place < 0), -1, group * len(declared) + place)
    return cell, counts, int(((place < 0) & (group >= 0)).sum())


def check_years(rule: WeightRule, counts: Mapping[int, int], present: Iterable[int]) -> None:
    """Raise when a declared year has no case.

    Raises
    ------
    TableError
        Names every such year, and those that there are.
    """
    here = sorted(set(present) - {-1})
    raise_all(
        [
            Problem(
                f"cases of {one}",
                "none",
                f"cases of each of the years {_listed(list(rule.years))}",
                "the cases are of " + _listed(here),
            )
            for one, count in counts.items()
            if not count
        ],
        TableError,
    )


def _listed(years: Sequence[int]) -> str:
    return ", ".join(str(year) for year in years) or "no year"


def _pooled(cells: Iterable[CostMoments]) -> CostMoments:
    several = list(cells)
    return CostMoments(
        sum(cell.n for cell in several), sum(cell.total for cell in several), sum(cell.squares for cell in several)
    )


def _weighted_mean(cells: Sequence[CostMoments], parts: Sequence[Fraction]) -> Fraction | None:
    """Return the mean of yearly means over the years that have cases."""
    present = [(cell.mean, part) for cell, part in zip(cells, parts, strict=True) if cell.mean is not None]
    if not present:
        return None
    return sum((mean * part for mean, part in present), Fraction(0)) / sum(part for _, part in present)


def _edit(
    found: Mapping[str, tuple[CostMoments, Sequence[CostMoments]]],
    parts: Sequence[Fraction],
    overall: Fraction,
    rule: WeightRule,
    earlier: Mapping[str, Fraction],
    trimmed: Trimmed,
    left_out: Mapping[str, int],
) -> WeightSet:
    """Judge, treat, smooth, freeze, rescale and round."""
    adrg_means = _adrg_means(found, parts)
    drafts: list[tuple[str, Fraction | None, Stability, Treatment]] = []
    values: dict[str, Fraction] = {}
    floors: dict[str, Fraction] = {}
    fixed: set[str] = set()
    for group, (before, cells) in found.items():
        mean = _weighted_mean(cells, parts)
        stability = judge_stability(_pooled(cells), rule.stable, cases=before.n)
        value, treatment = _treated(stability, rule, mean, adrg_means.get(group[:_ADRG_LENGTH]), overall)
        drafts.append((group, mean, stability, treatment))
        if value is None:
            continue
        if treatment is Treatment.OVERALL_MEAN:
            fixed.add(group)
        elif group in earlier:
            value = rule.smoothing * value + (1 - rule.smoothing) * earlier[group]
        if group in rule.freeze:
            floors[group] = earlier[group]
        values[group] = value
    # The raw weight counts where there is one; a group without cases adds nothing either way.
    raw = {group: mean / overall for group, mean, *_ in drafts if mean is not None}
    counts = {group: found[group][0].n for group in values}
    before_total = sum((counts[group] * raw.get(group, Fraction(0)) for group in values), Fraction(0))
    rescaled = _rescaled(values, counts, before_total, rule, floors, fixed)
    rounded = {group: round_to(value, rule.decimals, rule.mode) for group, value in rescaled[0].items()}
    final = {group: rw for group, rw in rounded.items() if rw}  # a weight of nothing would price nothing
    weights = tuple(
        GroupWeight(
            group=group,
            before=found[group][0],
            after=_pooled(found[group][1]),
            mean_fen=mean,
            raw=raw.get(group),
            rw=final.get(group),
            stability=stability if group in final or group not in rounded else Stability.ROUNDS_TO_ZERO,
            treatment=treatment if group in final or treatment is Treatment.REVIEW else Treatment.NONE,
            frozen=group in floors and rescaled[0][group] == floors[group],
        )
        for group, mean, stability, treatment in drafts
    )
    after_total = sum((counts[group] * final[group] for group in final), Fraction(0))
    return WeightSet(
        groups=weights,
        rule=rule,
        overall_mean_fen=overall,
        total_before=before_total,
        total_after=after_total,
        factor=rescaled[1],
        trimmed=trimmed,
        left_out=left_out,
    )


def _adrg_means(
    found: Mapping[str, tuple[CostMoments, Sequence[CostMoments]]], parts: Sequence[Fraction]
) -> dict[str, Fraction]:
    members: dict[str, list[Sequence[CostMoments]]] = {}
    for group, (_, cells) in found.items():
        members.setdefault(group[:_ADRG_LENGTH], []).append(cells)
    means = {
        adrg: _weighted_mean([_pooled(of_year) for of_year in zip(*several, strict=True)], parts)
        for adrg, several in members.items()
    }
    return {adrg: mean for adrg, mean in means.items() if mean}


def _treated(
    stability: Stability, rule: WeightRule, own: Fraction | None, of_adrg: Fraction | None, overall: Fraction
) -> tuple[Fraction | None, Treatment]:
    """Return the weight of a group before smoothing, and where it comes from."""
    if stability is Stability.STABLE:
        return (own or Fraction(0)) / overall, Treatment.OWN_MEAN
    otherwise = rule.stable.otherwise
    if otherwise is Treatment.OVERALL_MEAN:
        return Fraction(1), otherwise
    if otherwise is Treatment.ADRG_MEAN and of_adrg:
        return of_adrg / overall, otherwise
    if otherwise is Treatment.OWN_MEAN and own:
        return own / overall, otherwise
    return None, Treatment.REVIEW if otherwise is Treatment.REVIEW else Treatment.NONE


def _rescaled(
    values: Mapping[str, Fraction],
    counts: Mapping[str, int],
    total: Fraction,
    rule: WeightRule,
    floors: Mapping[str, Fraction],
    fixed: set[str],
) -> tuple[dict[str, Fraction], Fraction]:
    if not rule.keep_total:
        return {group: max(value, floors.get(group, value)) for group, value in values.items()}, Fraction(1)
    groups = list(values)
    rescaled = rescale_to_total(
        [values[group] for group in groups],
        [counts[group] for group in groups],
        total,
        lower=[values[group] if group in fixed else floors.get(group) for group in groups],
        upper=[values[group] if group in fixed else None for group in groups],
    )
    return dict(zip(groups, rescaled.scaled, strict=True)), rescaled.factor
