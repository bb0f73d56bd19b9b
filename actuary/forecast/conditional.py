"""Ask what the draws say if something turned out otherwise: weights on joint draws, or a regression among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.forecast.joint import FundPaths

__all__ = ["Conditioned", "condition_draws", "effective_size"]

type FloatArray = NDArray[np.float64]

#: Fewer effective draws than this are no answer.
_LEAST = 100.0
#: A condition this many standard deviations from the mean of the draws is outside what they can tell.
_FARTHEST = 3.0


def effective_size(weights: FloatArray) -> float:
    """Return how many equally weighted draws weights are worth, ``(sum w)^2 / sum w^2``.

    Examples
    --------
    >>> effective_size(np.ones(8)), effective_size(np.array([1.0, 0.0]))
    (8.0, 1.0)
    """
    largest = float(weights.max(initial=0.0))
    if largest <= 0:
        return 0.0
    # By the largest weight: squares of the smallest numbers would be nothing.
    relative = weights / largest
    return float(relative.sum() ** 2 / (relative**2).sum())


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Hold draws that obey a condition.

    Parameters
    ----------
    draws : DataArray, dims (draw, series, ...)
        Equally weighted draws under the condition.
    method : str
        ``weights`` or ``regression``.
    effective_draws : float
        What the answer is worth: with weights the effective number of draws, with regression the number of draws times
        the share that is not extrapolation (the overlap of the draws with the condition).
    distance : float
        How far the condition lies from the mean of the draws [standard deviations].
    given : mapping
        The condition.
    chosen : array of int, shape (draw,), or None
        Which of the draws these are; None where they were moved by regression.
    """

    draws: xr.DataArray
    method: str
    effective_draws: float
    distance: float
    given: Mapping[str, float]
    chosen: NDArray[np.int64] | None = None

    def of_fund(self, fund: FundPaths) -> FundPaths:
        """Return the futures of a fund under the same condition: the same draws, chosen as often.

        Parameters
        ----------
        fund : FundPaths
            Futures of a fund from the draws that were conditioned, in their order.

        Raises
        ------
        ActuaryError
            When the draws were moved by regression, which moves no balance, or their number differs.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> coords = {"series": ["use"], "period": ["2025"]}
        >>> use = xr.DataArray(rng.normal(100, 5, (4000, 1, 1)), dims=("draw", "series", "period"), coords=coords)
        >>> spending = use.sel(series="use", drop=True)
        >>> from actuary.forecast.joint import fund_paths
        >>> past = xr.DataArray(np.zeros(0), dims=("period",))
        >>> fund = fund_paths(spending * 0 + 100, spending, opening=50.0, past_spending=past, season=1)
        >>> more = condition_draws(use, {"use": 1.05}).of_fund(fund)
        >>> round(float(fund.values("balance").mean())), round(float(more.values("balance").mean()))
        (50, 45)
        """
        if self.chosen is None:
            found = "draws that were moved by regression"
            raise ActuaryError(Problem("of_fund", found, "draws chosen by weights", "leave method out"))
        if fund.paths.sizes["draw"] != self.chosen.size:
            found = f"{fund.paths.sizes['draw']:,} draws of the fund, {self.chosen.size:,} of the condition"
            raise ActuaryError(Problem("of_fund", found, "the same draws of both"))
        paths = fund.paths.isel(draw=self.chosen).assign_coords(draw=np.arange(self.chosen.size))
        return replace(fund, paths=paths, opening=fund.opening.isel(draw=self.chosen))


def condition_draws(
    draws: xr.DataArray,
    given: Mapping[str, float],
    *,
    method: Literal["weights", "regression"] = "weights",
    width: float = 0.25,
    least: float = _LEAST,
    seed: int = 1,
) -> Conditioned:
    r"""Return draws in which some series average to given multiples of what is expected.

    ``given={"admissions": 1.05}`` asks for futures in which the mean of admissions over the periods is 5 % above the
    mean of all draws. With weights, draws near the condition are drawn again and again,

    .. math:: w_i \propto \exp\{-\tfrac12 (x_i - x^*)^T (h^2 S)^{-1} (x_i - x^*)\}

    and nothing is assumed of how series hang together. With regression every draw is moved along the regression of
    its values on the condition, ``y + B (x* - x)``, which keeps all draws and the spread that the condition does not
    explain, and assumes a linear relation. Neither says that one causes the other: it is what goes with it in these
    draws.

    Parameters
    ----------
    draws : DataArray, dims (draw, series, ...)
        Joint draws.
    given : mapping of str to float
        Series to the ratio of its mean over periods to the mean expected.
    method : str
        ``weights`` or ``regression``.
    width : float
        Width h of the window of the weights, in standard deviations of the conditioned series.
    least : float
        Fewest effective draws that are an answer.
    seed : int
        Root seed of the drawing with replacement.

    Raises
    ------
    UnknownNameError
        When a series is not among the draws.
    ActuaryError
        When a condition cannot be: a series that does not vary or is zero on average, a condition too far away, or
        too few effective draws.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> use = rng.normal(1.0, 0.05, 4000)
    >>> both = np.stack([use, 2 * use + rng.normal(0, 0.01, 4000)], axis=1)
    >>> joint = xr.DataArray(both, dims=("draw", "series"), coords={"series": ["use", "cost"]})
    >>> found = condition_draws(joint, {"use": 1.05}, method="regression")
    >>> round(float(found.draws.sel(series="cost").mean()), 2)
    2.1
    """
    known = [str(name) for name in draws["series"].to_numpy()]
    unknown = [unknown_name("given", name, known, what="series") for name in given if name not in known]
    raise_all(unknown, UnknownNameError)
    raise_all([] if given else [Problem("given", "no condition", "at least one series")], ActuaryError)
    inner = [dim for dim in draws.dims if dim not in {"draw", "series"}]
    x = draws.sel(series=list(given)).mean(inner).transpose("draw", "series").to_numpy()
    mean, spread = x.mean(axis=0), x.std(axis=0)
    problems = [
        Problem(f"given, {name}", "a series that is zero on average or does not vary", "one that can be conditioned on")
        for name, m, s in zip(given, mean, spread, strict=True)
        if not np.isfinite(m) or m == 0 or s <= 1e-12 * abs(m)
    ]
    raise_all(problems, ActuaryError)
    target = mean * np.array(list(given.values()))
    covariance = np.atleast_2d(np.cov(x, rowvar=False))
    away = target - mean
    distance = float(np.sqrt(away @ np.linalg.pinv(covariance) @ away))
    gap = x - target
    inverse = np.linalg.pinv(covariance * width**2)
    log = -0.5 * np.einsum("ij,jk,ik->i", gap, inverse, gap)
    weights = np.exp(log - log.max()) if log.max() > -50 else np.exp(log)
    size = effective_size(weights) if weights.sum() > 0 else 0.0
    if method == "regression":
        # Overlap of the draws with the condition: 1 at their mean, small where the line is carried beyond them.
        size = float(x.shape[0] * np.exp(-0.5 * distance**2))
    _refuse(given, distance=distance, size=size, least=least, method=method)
    if method == "regression":
        moved = _regress(draws, x, target)
        return Conditioned(moved, method, size, distance, dict(given))
    rng = np.random.default_rng(seed)
    # Systematic drawing: one uniform for all, so that the counts differ from the weights by less than one.
    steps = (rng.random() + np.arange(x.shape[0])) / x.shape[0]
    chosen = np.searchsorted(np.cumsum(weights / weights.sum()), steps).clip(max=x.shape[0] - 1)
    again = draws.isel(draw=chosen)
    if "draw" in again.coords:
        again = again.assign_coords(draw=np.arange(x.shape[0]))
    return Conditioned(again, method, size, distance, dict(given), chosen)


def _refuse(given: Mapping[str, float], *, distance: float, size: float, least: float, method: str) -> None:
    named = ", ".join(f"{name} at {ratio:g} times what is expected" for name, ratio in given.items())
    problems = []
    if distance > _FARTHEST:
        problems.append(
            Problem(
                f"given, {named}",
                f"{distance:.1f} standard deviations from the mean of the draws",
                f"at most {_FARTHEST:g}: the draws hold no such future",
                "ask for less, or change the model's inputs and forecast again",
            )
        )
    if size < least:
        mend = "more draws, a nearer condition" + (", or method='regression'" if method == "weights" else "")
        problems.append(Problem(f"given, {named}", f"{size:.0f} effective draws", f"at least {least:g}", mend))
    raise_all(problems, ActuaryError)


def _regress(draws: xr.DataArray, x: FloatArray, target: FloatArray) -> xr.DataArray:
    order = ("draw", *[dim for dim in draws.dims if dim != "draw"])
    laid = draws.transpose(*order)
    y = laid.to_numpy().reshape(laid.sizes["draw"], -1)
    inside = x - x.mean(axis=0)
    # Series end at different periods: where one has no future there is nothing to move.
    moved, known = y.copy(), np.isfinite(y).all(axis=0)
    slope = np.linalg.lstsq(inside, y[:, known] - y[:, known].mean(axis=0), rcond=None)[0]
    moved[:, known] = y[:, known] + (target - x) @ slope
    return laid.copy(data=moved.reshape(laid.shape)).transpose(*draws.dims)
