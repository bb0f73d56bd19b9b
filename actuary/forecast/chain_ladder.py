"""Chain ladder with Mack's error, its bootstrap, and Bornhuetter–Ferguson, by the package chainladder."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, raise_all
from actuary.forecast.delay_spec import load_delay_spec
from actuary.forecast.triangles import Triangle
from actuary.seeds import stream

__all__ = ["draw_chain_ladder"]

type FloatArray = NDArray[np.float64]
type Answer = tuple[FloatArray, dict[str, float], tuple[str, ...]]

#: Months in a period, by frequency.
_MONTHS = {"M": 1, "Q": 3, "A": 12}


def _package() -> Any:
    """Return the package chainladder, loaded when it is first used; it is not typed."""
    return importlib.import_module("chainladder")


def _cells(triangle: Any) -> FloatArray:
    """Return the amounts of the one column of a triangle of the package, shape (series, origin, development)."""
    cells: FloatArray = np.asarray(triangle.values, dtype=float)[:, 0]
    return cells


def _days(triangle: Triangle, numbers: NDArray[np.int64]) -> pd.DatetimeIndex:
    """Return the first day of periods."""
    months = numbers * _MONTHS[triangle.freq]
    texts = [f"{month // 12:04d}-{month % 12 + 1:02d}-01" for month in months]
    return pd.to_datetime(texts)


def _is_full(triangle: Triangle) -> bool:
    """Return whether every cut-off from the first period on is there."""
    cutoffs = np.asarray(triangle.cutoffs)
    return bool(cutoffs[0] == triangle.first and (np.diff(cutoffs) == 1).all())


def _square(triangle: Triangle, amounts: FloatArray) -> Any:
    series, period, cutoff = np.nonzero((triangle.lags >= 0) & ~np.isnan(amounts))
    columns = {
        "series": [triangle.series[i] for i in series],
        "origin": _days(triangle, triangle.first + period),
        "valuation": _days(triangle, np.asarray(triangle.cutoffs)[cutoff]),
        "value": amounts[series, period, cutoff],
    }
    options = {"index": "series", "origin": "origin", "development": "valuation", "columns": "value"}
    return _package().Triangle(pd.DataFrame(columns), cumulative=True, **options)


def _lognormal(mean: FloatArray, error: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return draws of positive amounts of that mean and standard deviation, shape (draw, …)."""
    mean = np.maximum(mean, 0.0)
    safe = np.where(mean > 0, mean, 1.0)
    width = np.sqrt(np.log1p((error / safe) ** 2))
    values: FloatArray = mean * np.exp(width * rng.standard_normal((draws, *mean.shape)) - width**2 / 2)
    return values


def _mack(square: Any, latest: FloatArray, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return final amounts, shape (draw, series, period)."""
    fitted = _package().MackChainladder().fit(square)
    ultimate = np.nan_to_num(_cells(fitted.ultimate_)[:, :, -1])
    error = np.nan_to_num(_cells(fitted.mack_std_err_)[:, :, -1])
    return latest + _lognormal(ultimate - latest, error, draws, rng)


def _bootstrap(
    square: Any, latest: FloatArray, expected: FloatArray | None, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return final amounts of one series, shape (draw, period): resampled factors, then process noise."""
    seed = int(rng.integers(2**31))
    sample = _package().BootstrapODPSample(n_sims=draws, random_state=seed).fit(square)
    resampled = sample.resampled_triangles_
    if expected is None:
        outstanding = _package().Chainladder().fit(resampled).ibnr_
    else:
        beforehand = square.latest_diagonal.copy()
        beforehand.values = expected.reshape(beforehand.shape)
        fitted = _package().BornhuetterFerguson().fit(resampled, sample_weight=beforehand)
        outstanding = fitted.ibnr_
    outstanding = np.maximum(np.nan_to_num(_cells(outstanding)[:, :, -1]), 0.0)
    scale = float(np.squeeze(np.asarray(sample.scale_)))
    if not (np.isfinite(scale) and scale > 0):
        unchanged: FloatArray = latest + outstanding
        return unchanged
    values: FloatArray = latest + scale * rng.gamma(np.maximum(outstanding / scale, 1e-12))
    return values


def _full(triangle: Triangle, method: str, expected: FloatArray | None, draws: int, seed: int) -> Answer:
    rng = stream(seed, f"forecast/reserve/{method}")
    latest = triangle.latest
    if np.isnan(latest).any():
        problem = Problem("triangle", "periods without an amount", "all of them", "use the method delay")
        raise TableError(problem)
    square = _square(triangle, triangle.amounts)
    if method == "mack":
        return _mack(square, latest, draws, rng), {}, ("Mack's errors are drawn independently by period and series",)
    values = np.empty((draws, *latest.shape))
    problems = []
    for row, name in enumerate(triangle.series):
        own = None if expected is None else expected[row]
        try:
            values[:, row] = _bootstrap(square.iloc[row], latest[row], own, draws, rng)
        except (ValueError, np.linalg.LinAlgError, IndexError) as error:
            mend = "use the method delay, or leave the series out"
            problems.append(Problem(f"triangle, {name}", f"{error}", "a triangle that can be resampled", mend))
    raise_all(problems, TableError)
    return values, {}, ("series are resampled independently",)


def _links(triangle: Triangle, gap: int) -> list[tuple[int, FloatArray, FloatArray]]:
    """Return, for every young lag, the period it stands for now and the pairs of amounts a gap apart, by series."""
    last = triangle.amounts.shape[1] - 1
    complete_after = load_delay_spec().window.complete_after[triangle.freq]
    links = []
    for lag in range(min(complete_after, last + 1)):
        earlier = last - gap - lag
        if earlier < 0:
            break
        before, after = triangle.amounts[:, earlier, -2], triangle.amounts[:, earlier, -1]
        known = (before > 0) & (after > 0)
        if known.sum() >= 3:
            links.append((last - lag, before[known], after[known]))
    return links


def _pseudo_triangle(before: FloatArray, after: FloatArray, now: float) -> Any:
    """Return a two-column triangle for the package: the series as origins, and one more to develop."""
    count = before.size
    years = np.r_[np.arange(count + 1), np.arange(count)] + 1900
    columns = {"origin": years.astype(str), "valuation": np.r_[years[: count + 1], years[count + 1 :] + 1].astype(str)}
    frame = pd.DataFrame(columns).assign(value=np.r_[before, now, after])
    square = _package().Triangle(frame, origin="origin", development="valuation", columns="value", cumulative=True)
    return square[square.development <= 24]


def _sparse(triangle: Triangle, method: str, expected: FloatArray | None, draws: int, seed: int) -> Answer:
    """Develop with the factors of all series between the last two cut-offs, when cut-offs lie far apart."""
    gap = triangle.cutoffs[-1] - triangle.cutoffs[-2]
    if 2 * gap < load_delay_spec().window.complete_after[triangle.freq] or len(triangle.series) < 3:
        found = f"{len(triangle.series)} series with cut-offs {gap} periods apart"
        wanted = (
            "every cut-off from the first period on, or 3 series with cut-offs so far apart that all comes in between"
        )
        raise TableError(Problem("triangle", found, wanted, "use the method delay"))
    rng = stream(seed, f"forecast/reserve/{method}")
    latest = np.nan_to_num(triangle.latest)
    values = np.broadcast_to(latest, (draws, *latest.shape)).copy()
    for column, before, after in _links(triangle, gap):
        now = latest[:, column]
        if method == "mack":
            for row in np.flatnonzero(now > 0):
                fitted = _package().MackChainladder().fit(_pseudo_triangle(before, after, float(now[row])))
                rise = np.array(float(_cells(fitted.ultimate_)[0, -1, -1]) - now[row])
                error = np.array(float(_cells(fitted.mack_std_err_)[0, -1, -1]))
                values[:, row, column] += _lognormal(rise, error, draws, rng)
            continue
        picked = rng.integers(before.size, size=(draws, before.size))
        factor = after[picked].sum(axis=1) / before[picked].sum(axis=1)
        usual = after.sum() / before.sum()
        scatter = np.sum((after - usual * before) ** 2 / before) / (before.size - 1)
        base = np.broadcast_to(now, (draws, now.size)) * (factor[:, None] - 1)
        if expected is not None:
            base = expected[:, column] * (1 - 1 / factor[:, None])
        # Process noise of Mack's model: the variance grows with the amount that is developed.
        noise = np.sqrt(scatter * now) * rng.standard_normal((draws, now.size))
        values[:, :, column] += np.maximum(base + noise, 0.0)
    said = f"factors of all series between the last two cut-offs: amounts as they stand {gap} periods later"
    return values, {}, (said,)


def draw_chain_ladder(triangle: Triangle, method: str, *, expected: FloatArray | None, draws: int, seed: int) -> Answer:
    """Draw final amounts by chain ladder.

    A triangle with every cut-off is developed series by series. Where there are only a few cut-offs far apart, the
    factor of a lag is that of all series together between the last two cut-offs, and the series take the place of
    the years of origin.

    Parameters
    ----------
    triangle : Triangle
        The triangle.
    method : str
        ``mack``, ``bootstrap`` or ``bornhuetter-ferguson``.
    expected : array, shape (series, period), or None
        Amounts expected beforehand, for Bornhuetter–Ferguson.
    draws : int
        How many draws.
    seed : int
        Root seed.

    Returns
    -------
    values : array, shape (draw, series, period)
        Final amounts.
    settings : dict
        Empty: chain ladder learns no spreads.
    notes : tuple of str
        What a reader should know.

    Raises
    ------
    TableError
        When the triangle cannot be developed so.
    """
    wanted = expected if method == "bornhuetter-ferguson" else None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # The package warns of pandas' changes and divides by empty cells on its way; neither concerns the reader.
        warnings.simplefilter("ignore")
        develop = _full if _is_full(triangle) else _sparse
        return develop(triangle, method, wanted, draws, seed)
