"""What a sampled model is given: a panel on the scale of the recursion, sums that are known, columns of effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.forecast.bayes_spec import BayesSpec
from actuary.forecast.panel import Panel
from actuary.forecast.terms import effect_columns, effect_members, outbreak_windows
from actuary.kernels.panel_recursion import KNOWN, MISSING, OUTSIDE

__all__ = ["BayesData", "KnownSum", "from_scale", "prepare_data", "sums_of_cumulative", "to_scale"]

type FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownSum:
    """Hold the sum of periods that were not published one by one.

    Parameters
    ----------
    series : str
        Name.
    begin, end : int
        Columns of the panel: first of the periods, after the last.
    total : float
        Their sum [unit of the series].
    """

    series: str
    begin: int
    end: int
    total: float


@dataclass(frozen=True, eq=False)
class BayesData:
    """Hold a panel as the sampler sees it; shapes are (series, period) unless said otherwise."""

    panel: Panel
    power: float
    size: FloatArray
    z: FloatArray
    status: NDArray[np.int8]
    centre: FloatArray
    group: NDArray[np.int64]
    groups: tuple[str, ...]
    columns: FloatArray
    members: NDArray[np.bool_]
    windows: FloatArray
    sums: tuple[KnownSum, ...]

    @property
    def phase(self) -> int:
        """Position in the cycle of the first period."""
        return self.panel.first % self.panel.season

    @property
    def missing(self) -> NDArray[np.int64]:
        """Flat places of the periods whose innovation is a parameter."""
        return np.flatnonzero(self.status == MISSING)

    def sum_places(self) -> dict[int, tuple[NDArray[np.int64], FloatArray]]:
        """Return sums by their number of periods: flat places (sum, period) and totals over the series' size (sum,)."""
        width = self.z.shape[1]
        rows = {name: number for number, name in enumerate(self.panel.series)}
        found: dict[int, tuple[list[list[int]], list[float]]] = {}
        for one in self.sums:
            row = rows[one.series]
            places, totals = found.setdefault(one.end - one.begin, ([], []))
            places.append([row * width + column for column in range(one.begin, one.end)])
            totals.append(one.total / self.size[row])
        return {k: (np.array(places), np.array(totals)) for k, (places, totals) in sorted(found.items())}


def to_scale(y: FloatArray, *, power: float, floor: float) -> FloatArray:
    """Return values over their size on the Box-Cox scale.

    Examples
    --------
    >>> to_scale(np.array([1.0, 4.0]), power=0.5, floor=0.001).tolist()
    [0.0, 2.0]
    """
    if power == 1.0:
        return y - 1.0
    return np.log(np.maximum(y, floor)) if power == 0.0 else (np.maximum(y, 0.0) ** power - 1.0) / power


def from_scale(z: FloatArray, *, power: float) -> FloatArray:
    """Undo :func:`to_scale`; what falls below its floor is zero.

    Examples
    --------
    >>> from_scale(np.array([0.0, 2.0, -9.0]), power=0.5).tolist()
    [1.0, 4.0, 0.0]
    """
    if power == 1.0:
        return z + 1.0
    if power == 0.0:
        return np.exp(np.minimum(z, 60.0))
    found: FloatArray = np.maximum(z * power + 1.0, 0.0) ** (1.0 / power)
    return found


def sums_of_cumulative(frame: pd.DataFrame, panel: Panel) -> tuple[Panel, tuple[KnownSum, ...]]:
    """Turn year-to-date figures into periods, and into sums where periods were skipped.

    Parameters
    ----------
    frame : DataFrame
        Rows `series_id`, `period`, `value`, cumulative from the beginning of each year.
    panel : Panel
        The same rows as a panel (values as published).

    Returns
    -------
    tuple
        The panel with single periods where two neighbours were published, else a gap; and what is known of the gaps.

    Raises
    ------
    TableError
        When a cumulative figure falls so that periods without a figure of their own would add to nothing or less.

    Examples
    --------
    >>> rows = pd.DataFrame({"series_id": "a", "period": ["2023Q1", "2023Q2", "2023Q4"], "value": [1.0, 3.0, 7.0]})
    >>> from actuary.forecast.panel import build_panel
    >>> panel, sums = sums_of_cumulative(rows, build_panel(rows))
    >>> panel.values.tolist(), sums[0].total
    ([[1.0, 2.0, nan, nan]], 4.0)
    """
    assert set(frame["series_id"].astype(str)) <= set(panel.series)  # noqa: S101
    values = np.full(panel.values.shape, np.nan)
    sums: list[KnownSum] = []
    problems: list[Problem] = []
    per_year = panel.season
    for row, name in enumerate(panel.series):
        last: int | None = None
        so_far = 0.0
        for column in map(int, np.flatnonzero(~np.isnan(panel.values[row]))):
            year = (panel.first + column) // per_year
            if last is None or (panel.first + last) // per_year != year:
                last, so_far = year * per_year - panel.first - 1, 0.0
            if last < -1:
                # The year began before the panel: its first figure holds periods that are not here.
                last, so_far = column, float(panel.values[row, column])
                continue
            total = float(panel.values[row, column]) - so_far
            if column - last == 1:
                values[row, column] = total
            elif total > 0:
                sums.append(KnownSum(name, last + 1, column + 1, total))
            else:
                label = panel.periods[column]
                expected = "a cumulative figure that rises over periods without one of their own"
                problems.append(Problem(f"series {name}, {label}", f"{total:g} since the last figure", expected))
            last, so_far = column, float(panel.values[row, column])
    raise_all(problems, TableError)
    laid = Panel(panel.series, panel.freq, panel.season, panel.first, values, panel.unit, panel.synthetic, panel.ends)
    return laid, tuple(sums)


def _groups(spec: BayesSpec, series: Sequence[str]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if spec.groups == "none":
        return np.zeros(len(series), dtype=np.int64), ("",)
    labels = [name.rpartition("/")[0] or name for name in series]
    names = tuple(dict.fromkeys(labels))
    return np.array([names.index(label) for label in labels], dtype=np.int64), names


def prepare_data(
    panel: Panel,
    spec: BayesSpec,
    *,
    horizon: int,
    sums: Sequence[KnownSum] = (),
    covariates: Mapping[str, pd.DataFrame] | None = None,
) -> BayesData:
    """Lay a panel out for the sampler.

    Parameters
    ----------
    panel : Panel
        The series.
    spec : BayesSpec
        The declaration.
    horizon : int
        Periods ahead.
    sums : sequence of KnownSum, optional
        Sums of periods that were not published one by one; see :func:`sums_of_cumulative`.
    covariates : mapping of str to DataFrame, optional
        Rows of every declared covariate.

    Raises
    ------
    TableError
        When a series has no value in its first cycle or a sum does not fit.
    """
    values = panel.values
    known = ~np.isnan(values)
    size = np.array([np.abs(values[row][known[row]]).mean() if known[row].any() else 0.0 for row in range(len(values))])
    size = np.where(size > 0, size, 1.0)
    power = 1.0 if (values[known] < 0).any() else spec.scale.power
    z = to_scale(np.where(known, values, 0.0) / size[:, None], power=power, floor=spec.scale.floor)
    status = np.full(values.shape, OUTSIDE, dtype=np.int8)
    centre = np.zeros(len(values))
    in_sum = np.zeros(values.shape, dtype=bool)
    problems = [
        Problem(f"sum of {one.series}", f"{one.total:g}", "a positive sum of at least two periods of the panel")
        for one in sums
        if one.series not in panel.series or one.total <= 0 or not 0 <= one.begin < one.end - 1 < values.shape[1]
    ]
    raise_all(problems, TableError)
    starts = [int(np.flatnonzero(known[row])[0]) if known[row].any() else values.shape[1] for row in range(len(values))]
    for one in sums:
        row = panel.series.index(one.series)
        in_sum[row, one.begin : one.end] = True
        starts[row] = min(starts[row], one.begin)
    for row, begin in enumerate(starts):
        end = panel.ends[row]
        lived = known[row] | in_sum[row]
        status[row, begin:end] = np.where(lived[begin:end], KNOWN, MISSING)
        first = known[row, begin : begin + max(panel.season, 2)]
        head = z[row, begin : begin + max(panel.season, 2)][first]
        centre[row] = head.mean() if head.size else z[row][known[row]].mean() if known[row].any() else 0.0
    group, groups = _groups(spec, panel.series)
    members = np.array([effect_members(one, panel.series) for one in spec.effect]).reshape(-1, len(panel.series))
    columns = effect_columns(spec.effect, panel, horizon=horizon, covariates=covariates)
    windows = outbreak_windows(spec.outbreak, panel, horizon=horizon)
    return BayesData(
        panel,
        power,
        size,
        np.where(known, z, 0.0),
        status,
        centre,
        group,
        groups,
        columns,
        members,
        windows,
        tuple(sums),
    )
