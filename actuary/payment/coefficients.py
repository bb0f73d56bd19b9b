"""Coefficients (系数) from cases: how much dearer a tier or a hospital treats the same groups than all do together."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import DeclarationError, Problem, TableError, raise_all, unknown_name
from actuary.files import neutral
from actuary.kernels.cost_cells import cell_sums
from actuary.payment.exact import RoundingMode, as_decimal, round_to
from actuary.payment.rescaling import Rescaled, rescale_to_total

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FORMS",
    "CoefficientCell",
    "CoefficientRule",
    "CoefficientSet",
    "coefficients_of_sums",
    "compute_coefficients",
    "unit_sums",
]

type IntArray = NDArray[np.int64]

#: What a coefficient depends on.
FORMS = ("tier", "hospital", "group_tier", "group_hospital")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientRule:
    """Declare how coefficients are computed.

    Parameters
    ----------
    form : str
        ``tier``, ``hospital``, ``group_tier`` or ``group_hospital``.
    min_cases : int
        Fewest cases after trimming; with fewer the coefficient is 1.
    floor, ceiling : Fraction, optional
        Bounds of a coefficient.
    decimals : int
        Decimals of a coefficient.
    mode : str
        Where a half goes.

    Raises
    ------
    DeclarationError
        With every field that is wrong.

    Examples
    --------
    >>> CoefficientRule(form="tier", floor=Fraction(1, 2)).decimals
    4
    """

    form: str
    min_cases: int = 1
    floor: Fraction | None = None
    ceiling: Fraction | None = None
    decimals: int = 4
    mode: RoundingMode = "half_up"

    def __post_init__(self) -> None:
        problems = []
        if self.form not in FORMS:
            problems.append(unknown_name("coefficient.form", self.form, FORMS, what="form"))
        if self.min_cases < 1:
            problems.append(Problem("coefficient.min_cases", str(self.min_cases), "a number of at least 1"))
        if self.floor is not None and not 0 <= self.floor <= 1:
            problems.append(Problem("coefficient.floor", f"{float(self.floor):g}", "a number from 0 to 1"))
        if self.ceiling is not None and self.ceiling < 1:
            problems.append(Problem("coefficient.ceiling", f"{float(self.ceiling):g}", "a number of at least 1"))
        raise_all(problems, DeclarationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoefficientCell:
    """Hold one coefficient and what it rests on.

    Parameters
    ----------
    group, unit : str
        Group (``*`` for all) and tier or hospital.
    n, n_kept : int
        Cases, and cases after trimming.
    raw : Fraction or None
        Costs over what the same cases cost on average; None without cases after trimming.
    coef : Fraction
        Coefficient, rounded.
    too_few : bool
        Whether it is 1 because there are too few cases.
    """

    group: str
    unit: str
    n: int
    n_kept: int
    raw: Fraction | None
    coef: Fraction
    too_few: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class CoefficientSet:
    """Hold the coefficients of one computation.

    Parameters
    ----------
    rule : CoefficientRule
        The declaration.
    cells : tuple of CoefficientCell
        One a tier, a hospital, or a group at one of them.
    total_before, total_after : Fraction
        Total weight of the cases without and with the coefficients as written.
    residual : Fraction
        Weight that could not be kept because bounds left no room, before rounding.
    """

    rule: CoefficientRule
    cells: tuple[CoefficientCell, ...]
    total_before: Fraction
    total_after: Fraction
    residual: Fraction

    @property
    def unit(self) -> str:
        """What stands beside the group: ``tier`` or ``hospital``."""
        return "tier" if self.rule.form.endswith("tier") else "hospital"

    def to_frame(self) -> pd.DataFrame:
        """Return one row a coefficient: ``group, tier or hospital, n, n_kept, raw, coef, too_few``."""
        import pandas as pd  # noqa: PLC0415  (only those who look at tables need it)

        return pd.DataFrame(
            [
                {
                    "group": cell.group,
                    self.unit: cell.unit,
                    "n": cell.n,
                    "n_kept": cell.n_kept,
                    "raw": math.nan if cell.raw is None else float(cell.raw),
                    "coef": float(cell.coef),
                    "too_few": cell.too_few,
                }
                for cell in self.cells
            ]
        )

    def table_bytes(self) -> bytes:
        """Return the coefficient table of a policy as CSV: ``group,tier,coef`` or ``group,hospital,coef``."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["group", self.unit, "coef"])
        writer.writerows([neutral(cell.group), neutral(cell.unit), self._text(cell.coef)] for cell in self.cells)
        return text.getvalue().encode("utf-8")

    def toml(self, file: str = "") -> str:
        """Return the section ``[coefficient]`` of a policy; the forms by group name a file."""
        lines = ["[coefficient]", f'form = "{self.rule.form}"']
        if self.rule.form in ("tier", "hospital"):
            pairs = ", ".join(f'"{cell.unit}" = {self._text(cell.coef)}' for cell in self.cells)
            lines.append(f"{self.unit} = {{ {pairs} }}")
        else:
            lines += [f'file = "{file}"', "new_group = 1"]
        return "\n".join(lines) + "\n"

    def _text(self, coef: Fraction) -> str:
        return f"{as_decimal(coef):.{self.rule.decimals}f}"

    def summary(self) -> str:
        """Return a line on what was computed."""
        return (
            f"{len(self.cells):,} coefficients by {self.rule.form}, {sum(cell.too_few for cell in self.cells):,} of "
            f"them 1 for want of cases; total weight {float(self.total_before):,.4f} without, "
            f"{float(self.total_after):,.4f} with them"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>{self.to_frame().to_html(index=False, max_rows=30)}"


def compute_coefficients(
    group_code: IntArray,
    unit_code: IntArray,
    cost_fen: IntArray,
    *,
    keep: NDArray[np.bool_],
    names: tuple[Sequence[str], Sequence[str]],
    weights: Sequence[Fraction | None],
    rule: CoefficientRule,
) -> CoefficientSet:
    """Compute coefficients by tier or hospital, for all groups together or for each.

    For one group: ``K = mean cost of the unit / mean cost of all`` (Jinhua's cost coefficient of a hospital, the
    adjustment coefficient of a tier). For all groups together our reading is the same with a fixed mix of groups:
    ``K = sum of costs / sum of the mean costs of their groups``. Both over the cases that trimming kept. Then, one
    group at a time or for all at once, coefficients are multiplied by one factor, within the bounds, so that the total
    weight of all cases (trimmed ones included) stays; those that are 1 for want of cases stay 1.

    Parameters
    ----------
    group_code, unit_code : int array, shape (case,)
        Places of group and of tier or hospital among their names; a case with a negative one is left out.
    cost_fen : int64 array, shape (case,)
        Costs [fen].
    keep : bool array, shape (case,)
        Cases that trimming kept.
    names : (sequence of str, sequence of str)
        Names of the groups and of the tiers or hospitals.
    weights : sequence of Fraction or None
        Weight of each group; a group without one is left out.
    rule : CoefficientRule
        The declaration.

    Returns
    -------
    CoefficientSet
        The coefficients.

    Raises
    ------
    TableError
        When no case is left.

    Examples
    --------
    >>> found = compute_coefficients(
    ...     np.array([0, 0, 0, 0]),
    ...     np.array([0, 0, 1, 1]),
    ...     np.array([10450, 10450, 8550, 8550]),
    ...     keep=np.ones(4, dtype=bool),
    ...     names=(["GD25"], ["H1", "H2"]),
    ...     weights=[Fraction(1)],
    ...     rule=CoefficientRule(form="group_hospital"),
    ... )
    >>> [(cell.unit, str(cell.coef)) for cell in found.cells]
    [('H1', '11/10'), ('H2', '9/10')]
    """
    counted = unit_sums(group_code, unit_code, cost_fen, keep=keep, shape=(len(names[0]), len(names[1])))
    return coefficients_of_sums(names, counted, weights=weights, rule=rule)


def unit_sums(
    group_code: IntArray, unit_code: IntArray, cost_fen: IntArray, *, keep: NDArray[np.bool_], shape: tuple[int, int]
) -> tuple[IntArray, IntArray, IntArray]:
    """Count the cases of each group and unit, and count and add up those that trimming kept.

    Parameters
    ----------
    group_code, unit_code, cost_fen, keep :
        As in :func:`compute_coefficients`; the cases may be a part of all.
    shape : (int, int)
        How many groups and units.
    """
    size = shape[0] * shape[1]
    inside = (group_code >= 0) & (unit_code >= 0)
    cell = np.where(inside, group_code.astype(np.int64) * shape[1] + unit_code, -1)
    n = cell_sums(cell, cost_fen, cells=size)[0].reshape(shape)
    kept, total = (part.reshape(shape) for part in cell_sums(np.where(keep, cell, -1), cost_fen, cells=size))
    return n, kept, total


def coefficients_of_sums(
    names: tuple[Sequence[str], Sequence[str]],
    sums: tuple[IntArray, IntArray, IntArray],
    *,
    weights: Sequence[Fraction | None],
    rule: CoefficientRule,
) -> CoefficientSet:
    """Compute coefficients from the sums of every group and unit.

    Parameters
    ----------
    names, weights, rule :
        As in :func:`compute_coefficients`.
    sums : tuple of int64 arrays, shape (group, unit)
        What :func:`unit_sums` returns.

    Raises
    ------
    TableError
        When no case is left.
    """
    weighed = np.array([weight is not None for weight in weights], dtype=bool)
    n, kept, total = (np.where(weighed[:, None], part, 0) for part in sums)
    if not n.any():
        raise TableError(Problem("cases", "none with a weight and a tier or hospital", "cases that have both"))
    units = names[1]
    plain = [weight or Fraction(0) for weight in weights]
    if rule.form.startswith("group"):
        return _by_group(names, (n, kept, total), plain, rule)
    return _for_all(units, (n, kept, total), plain, rule)


def _rescaled(
    raw: Sequence[Fraction | None], loads: Sequence[Fraction], kept: Sequence[int], rule: CoefficientRule
) -> tuple[Rescaled, list[bool]]:
    """Bring coefficients to a mean of 1 over the weight they are applied to."""
    too_few = [value is None or number < rule.min_cases for value, number in zip(raw, kept, strict=True)]
    one = Fraction(1)
    rescaled = rescale_to_total(
        [one if few or value is None else value for value, few in zip(raw, too_few, strict=True)],
        loads,
        sum(loads, Fraction(0)),
        lower=[one if few else rule.floor for few in too_few],
        upper=[one if few else rule.ceiling for few in too_few],
    )
    return rescaled, too_few


def _by_group(
    names: tuple[Sequence[str], Sequence[str]],
    counted: tuple[IntArray, IntArray, IntArray],
    weights: Sequence[Fraction],
    rule: CoefficientRule,
) -> CoefficientSet:
    n, kept, total = counted
    groups, units = names
    cells: list[CoefficientCell] = []
    before = after = residual = Fraction(0)
    for g in sorted(np.flatnonzero(n.sum(axis=1)).tolist(), key=lambda place: groups[place]):
        here = sorted(np.flatnonzero(n[g]).tolist(), key=lambda place: units[place])
        of_group = Fraction(int(total[g].sum()), max(int(kept[g].sum()), 1))
        counts, kept_here = [int(n[g, u]) for u in here], [int(kept[g, u]) for u in here]
        raw = [
            Fraction(int(total[g, u]), number) / of_group if total[g, u] else None
            for u, number in zip(here, kept_here, strict=True)
        ]
        rescaled, too_few = _rescaled(raw, [Fraction(number) for number in counts], kept_here, rule)
        coefs = [round_to(value, rule.decimals, rule.mode) for value in rescaled.scaled]
        cells += [
            CoefficientCell(group=groups[g], unit=units[u], n=a, n_kept=b, raw=c, coef=d, too_few=e)
            for u, a, b, c, d, e in zip(here, counts, kept_here, raw, coefs, too_few, strict=True)
        ]
        before += weights[g] * sum(counts)
        after += weights[g] * sum((number * coef for number, coef in zip(counts, coefs, strict=True)), Fraction(0))
        residual += weights[g] * rescaled.residual
    return CoefficientSet(rule=rule, cells=tuple(cells), total_before=before, total_after=after, residual=residual)


def _for_all(
    units: Sequence[str],
    counted: tuple[IntArray, IntArray, IntArray],
    weights: Sequence[Fraction],
    rule: CoefficientRule,
) -> CoefficientSet:
    n, kept, total = counted
    here = sorted(np.flatnonzero(n.sum(axis=0)).tolist(), key=lambda place: units[place])
    of_group = [
        Fraction(cost, number) if number else Fraction(0)
        for cost, number in zip(total.sum(axis=1).tolist(), kept.sum(axis=1).tolist(), strict=True)
    ]
    raw: list[Fraction | None] = []
    for u in here:
        usual = sum((number * of_group[g] for g, number in enumerate(kept[:, u].tolist()) if number), Fraction(0))
        spent = int(total[:, u].sum())
        raw.append(spent / usual if spent else None)
    loads = [
        sum((number * weights[g] for g, number in enumerate(n[:, u].tolist()) if number), Fraction(0)) for u in here
    ]
    kept_here = kept.sum(axis=0)[here].tolist()
    rescaled, too_few = _rescaled(raw, loads, kept_here, rule)
    coefs = [round_to(value, rule.decimals, rule.mode) for value in rescaled.scaled]
    columns = (here, n.sum(axis=0)[here].tolist(), kept_here, raw, coefs, too_few)
    cells = tuple(
        CoefficientCell(group="*", unit=units[u], n=a, n_kept=b, raw=c, coef=d, too_few=e)
        for u, a, b, c, d, e in zip(*columns, strict=True)
    )
    after = sum((load * coef for load, coef in zip(loads, coefs, strict=True)), Fraction(0))
    total_before = sum(loads, Fraction(0))
    return CoefficientSet(
        rule=rule, cells=cells, total_before=total_before, total_after=after, residual=rescaled.residual
    )
