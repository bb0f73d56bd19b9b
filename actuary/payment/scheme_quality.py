"""How well a grouping explains costs: spread within groups (CV) and the part of the variance it explains (RIV)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, TableError
from actuary.kernels.cost_cells import sort_by_cell
from actuary.payment.trimming import CostMoments, TrimRule, trim_cells

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "GroupingQuality",
    "SchemeQuality",
    "compare_groupings",
    "grouping_quality",
    "measure_scheme",
    "quality_of_moments",
]

type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingQuality:
    """Hold the figures of one grouping over one set of cases.

    Parameters
    ----------
    cases, groups : int
        Cases, and groups that have some.
    riv : float
        Part of the variance of costs that lies between groups, 0-1; NaN where all costs are equal.
    low_cv_groups, low_cv_cases : float
        Share of groups, and of the cases in them, whose coefficient of variation is below `cv_limit`; groups without
        one (a single case with n - 1) are left out of both.
    cv_limit : float
        The limit.
    """

    cases: int
    groups: int
    riv: float
    low_cv_groups: float
    low_cv_cases: float
    cv_limit: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SchemeQuality:
    """Hold how well a scheme groups, before and after trimming.

    Parameters
    ----------
    names : tuple of str
        Groups.
    before, after : tuple of CostMoments
        Costs of each group.
    overall_before, overall_after : GroupingQuality
        Figures of the whole.
    sd : str
        ``sample`` or ``population``.
    """

    names: tuple[str, ...]
    before: tuple[CostMoments, ...]
    after: tuple[CostMoments, ...]
    overall_before: GroupingQuality
    overall_after: GroupingQuality
    sd: str

    def to_frame(self) -> pd.DataFrame:
        """Return one row a group: ``group, n, mean_yuan, cv`` before and after trimming."""
        import pandas as pd  # noqa: PLC0415  (only those who look at tables need it)

        rows = []
        for name, before, after in zip(self.names, self.before, self.after, strict=True):
            row: dict[str, object] = {"group": name}
            for label, moments in (("before", before), ("after", after)):
                row[f"n_{label}"] = moments.n
                row[f"mean_{label}_yuan"] = math.nan if moments.mean is None else float(moments.mean / 100)
                row[f"cv_{label}"] = coefficient_of_variation(moments, self.sd)
            rows.append(row)
        return pd.DataFrame(rows).sort_values("group", ignore_index=True)

    def summary(self) -> str:
        """Return one line before and one after trimming."""
        return "\n".join(
            f"{label}: {part.cases:,} cases, {part.groups:,} groups, RIV {part.riv:.4f}, "
            f"CV < {part.cv_limit:g} in {part.low_cv_groups:.1%} of groups with {part.low_cv_cases:.1%} of cases"
            for label, part in (("before trimming", self.overall_before), ("after trimming", self.overall_after))
        )

    def _repr_html_(self) -> str:
        text = self.summary().replace("\n", "<br>")
        return f"<p>{text}</p>{self.to_frame().to_html(index=False, max_rows=30)}"


def coefficient_of_variation(moments: CostMoments, sd: str) -> float:
    """Return sd / mean; NaN where it is undefined.

    Parameters
    ----------
    moments : CostMoments
        Costs of a group.
    sd : str
        ``sample`` or ``population``.

    Examples
    --------
    >>> coefficient_of_variation(CostMoments(3, 6, 14), "sample")
    0.5
    """
    squared = moments.cv_squared(sd)
    return math.nan if squared is None else math.sqrt(squared)


def grouping_quality(groups: Sequence[CostMoments], *, cv_limit: Fraction = Fraction(1), sd: str) -> GroupingQuality:
    """Measure a grouping from the moments of its groups.

    ``RIV = sum_g n_g (m_g - m)^2 / sum_i (C_i - m)^2 = 1 - SSW / SST``, computed with fractions.

    Parameters
    ----------
    groups : sequence of CostMoments
        Costs of each group; empty ones are left out.
    cv_limit : Fraction
        Limit of the coefficient of variation; the limit itself does not pass.
    sd : str
        ``sample`` or ``population``.

    Examples
    --------
    >>> groups = [CostMoments(3, 6, 14), CostMoments(3, 33, 365)]
    >>> round(grouping_quality(groups, sd="sample").riv, 6)
    0.968127
    """
    present = [group for group in groups if group.n]
    n, total = sum(group.n for group in present), sum(group.total for group in present)
    overall = CostMoments(n, total, sum(group.squares for group in present))
    within, whole = sum((group.deviations for group in present), Fraction(0)), overall.deviations
    spreads = [(group.n, group.cv_squared(sd)) for group in present]
    known = [(number, squared) for number, squared in spreads if squared is not None]
    low = [number for number, squared in known if squared < cv_limit**2]
    return GroupingQuality(
        cases=n,
        groups=len(present),
        riv=float(1 - within / whole) if whole else math.nan,
        low_cv_groups=len(low) / len(known) if known else math.nan,
        low_cv_cases=sum(low) / sum(number for number, _ in known) if known else math.nan,
        cv_limit=float(cv_limit),
    )


def measure_scheme(
    group_names: Sequence[str],
    group_code: IntArray,
    cost_fen: IntArray,
    *,
    trim: TrimRule,
    cv_limit: Fraction = Fraction(1),
) -> SchemeQuality:
    """Measure a grouping over cases, before and after trimming.

    Parameters
    ----------
    group_names : sequence of str
        Names of the groups.
    group_code : int array, shape (case,)
        Place of the group of each case; a negative one leaves the case out.
    cost_fen : int64 array, shape (case,)
        Costs [fen].
    trim : TrimRule
        How costs are trimmed, all years together; it also says which standard deviation is meant.
    cv_limit : Fraction
        Limit of the coefficient of variation.

    Returns
    -------
    SchemeQuality
        The figures.

    Raises
    ------
    TableError
        When no case is grouped.

    Examples
    --------
    >>> codes, costs = np.array([0, 0, 0, 1, 1, 1]), np.array([1, 2, 3, 10, 11, 12])
    >>> measure_scheme(["A", "B"], codes, costs, trim=TrimRule()).overall_after.groups
    2
    """
    values, starts = sort_by_cell(np.asarray(group_code, dtype=np.int64), cost_fen, cells=len(group_names))
    if not values.size:
        raise TableError(Problem("cases", "none with a group", "grouped cases"))
    trimmed = trim_cells(values, starts, trim)
    return quality_of_moments(group_names, trimmed.before, trimmed.after, cv_limit=cv_limit, sd=trim.sd)


def quality_of_moments(
    group_names: Sequence[str],
    before: Sequence[CostMoments],
    after: Sequence[CostMoments],
    *,
    cv_limit: Fraction = Fraction(1),
    sd: str,
) -> SchemeQuality:
    """Measure a grouping from the moments of its groups before and after trimming.

    Parameters
    ----------
    group_names : sequence of str
        Names of the groups.
    before, after : sequence of CostMoments
        Costs of each group.
    cv_limit, sd :
        As in :func:`grouping_quality`.
    """
    present = [g for g, moments in enumerate(before) if moments.n]
    return SchemeQuality(
        names=tuple(group_names[g] for g in present),
        before=tuple(before[g] for g in present),
        after=tuple(after[g] for g in present),
        overall_before=grouping_quality(before, cv_limit=cv_limit, sd=sd),
        overall_after=grouping_quality(after, cv_limit=cv_limit, sd=sd),
        sd=sd,
    )


def compare_groupings(
    groupings: Mapping[str, tuple[Sequence[str], IntArray]],
    cost_fen: IntArray,
    *,
    trim: TrimRule,
    cv_limit: Fraction = Fraction(1),
) -> pd.DataFrame:
    """Measure several groupings over the cases that all of them group.

    Parameters
    ----------
    groupings : mapping of str to (names, codes)
        Name of a scheme to the names of its groups and the place of the group of each case.
    cost_fen : int64 array, shape (case,)
        Costs [fen].
    trim : TrimRule
        How costs are trimmed.
    cv_limit : Fraction
        Limit of the coefficient of variation.

    Returns
    -------
    DataFrame
        One row a scheme, before and after trimming: ``scheme, trimmed, cases, groups, riv, low_cv_groups,
        low_cv_cases, cv_limit``.

    Raises
    ------
    TableError
        When they have no case in common.

    Examples
    --------
    >>> codes = {"fine": (["A", "B"], np.array([0, 0, 1, 1])), "coarse": (["A"], np.array([0, 0, 0, 0]))}
    >>> compare_groupings(codes, np.array([1, 2, 8, 9]), trim=TrimRule())["riv"].round(2).tolist()
    [0.98, 0.98, 0.0, 0.0]
    """
    import pandas as pd  # noqa: PLC0415  (only those who look at tables need it)

    common = np.logical_and.reduce([np.asarray(codes) >= 0 for _, codes in groupings.values()])
    rows = []
    for scheme, (names, codes) in groupings.items():
        measured = measure_scheme(names, np.where(common, codes, -1), cost_fen, trim=trim, cv_limit=cv_limit)
        for trimmed, part in ((False, measured.overall_before), (True, measured.overall_after)):
            figures = {name: getattr(part, name) for name in part.__slots__}
            rows.append({"scheme": scheme, "trimmed": trimmed, **figures})
    return pd.DataFrame(rows)
