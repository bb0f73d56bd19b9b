r"""Innovations recursions: level, damped slope around a long-run drift, evolving season; their errors and futures.

One recursion serves the fit and the future, so that a forecast is the fit carried on:

.. math::

    f_t &= \ell_{t-1} + d_{t-1} + \phi (b_{t-1} - d_{t-1}) + s_{t-m}, \qquad e_t = z_t - f_t \\
    \ell_t &= \ell_{t-1} + d_{t-1} + \phi (b_{t-1} - d_{t-1}) + \alpha e_t, \qquad
    b_t = d_{t-1} + \phi (b_{t-1} - d_{t-1}) + \beta e_t, \qquad s_t = s_{t-m} + \gamma e_t \\
    d_t &= \kappa (\ell_t - \ell_0) / t

The drift d is a share kappa of the growth seen so far. A missing value leaves no innovation: the states move on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.jit import njit

__all__ = ["PARAMETERS", "innovation_losses", "innovation_paths", "one_step_errors"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

#: Columns of a table of parameters.
PARAMETERS = ("alpha", "beta", "gamma", "phi", "kappa")

#: Distance of the tenth and ninetieth hundredths from the middle of a normal law, in standard deviations.
_TENTH = 1.2815515655446004

_njit = njit(cache=True, nogil=True)


@_njit
def _cycle_mean(z, begin, season):  # type: ignore[no-untyped-def]
    """Return the mean of a whole cycle; NaN where a value of it is missing."""
    total = 0.0
    for i in range(begin, begin + season):
        total += z[i]
    return total / season


@_njit
def _begin_season(z, season, states):  # type: ignore[no-untyped-def]
    """Write the season: means by position of up to three whole cycles, each less its own mean; two are needed."""
    cycles = 0
    for cycle in range(min(3, z.size // season)):
        mean = _cycle_mean(z, cycle * season, season)
        if np.isnan(mean):
            continue
        cycles += 1
        for i in range(season):
            states[3 + i] += z[cycle * season + i] - mean
    if cycles < 2:
        states[3:] = 0.0
        return
    states[3:] /= cycles
    states[3:] -= states[3:].mean()


@_njit
def _known_mean(z, season, states, begin, end):  # type: ignore[no-untyped-def]
    """Return the mean of the known values of a stretch less their season, and how many they are."""
    total = 0.0
    known = 0
    for i in range(begin, min(end, z.size)):
        if not np.isnan(z[i]):
            total += z[i] - states[3 + i % season]
            known += 1
    return (total / known if known > 0 else 0.0), known


@_njit
def _begin(z, season, states):  # type: ignore[no-untyped-def]
    """Write level, slope and season before the first period into `states` (level, slope, drift, season ...)."""
    states[:] = 0.0
    if season > 1:
        _begin_season(z, season, states)
    width = max(season, 2)
    first, n_first = _known_mean(z, season, states, 0, width)
    second, n_second = _known_mean(z, season, states, width, 2 * width)
    if n_first == 0:
        states[0] = _known_mean(z, season, states, 0, z.size)[0]
        return
    states[0] = first
    if n_second > width // 2 and n_first > width // 2 and z.size > 2 * width:
        states[1] = (second - first) / width
        states[0] -= states[1] * (width + 1) / 2


@_njit
def _step(value, t, season, parameters, states, opening):  # type: ignore[no-untyped-def]
    """Move the states over period `t` and return its forecast and innovation; a missing value brings none."""
    moved = states[2] + parameters[3] * (states[1] - states[2])
    forecast = states[0] + moved + states[3 + t % season]
    error = 0.0 if np.isnan(value) else value - forecast
    states[0] += moved + parameters[0] * error
    states[1] = moved + parameters[1] * error
    states[3 + t % season] += parameters[2] * error
    states[2] = parameters[4] * (states[0] - opening) / (t + 1.0)
    return forecast, error


@_njit
def _inverse(value, power):  # type: ignore[no-untyped-def]
    """Undo the Box-Cox scale; what falls below its floor is zero."""
    if power == 1.0:
        return value + 1.0
    if power == 0.0:
        return np.exp(min(value, 60.0))
    base = value * power + 1.0
    if base <= 0.0:
        return 0.0
    # The declared power: a square is several times as fast as a power.
    return base * base if power == 0.5 else base ** (1.0 / power)


@_njit
def _reaches(parameters, season, out):  # type: ignore[no-untyped-def]
    """Write the variance of the error at every horizon, as a multiple of that of one innovation."""
    reach = 0.0
    slope = 0.0
    damped = 1.0
    for h in range(out.size):
        if h == 0:
            weight = 1.0
        else:
            damped *= parameters[3]
            slope += damped
            weight = parameters[0] + parameters[1] * slope
            if h % season == 0:
                weight += parameters[2]
        reach += weight * weight
        out[h] = reach


@_njit
def _losses(z, y, season, table, horizon, back, half_life, power):  # type: ignore[no-untyped-def]
    size = z.size
    states = np.empty(3 + season)
    ahead = np.empty(3 + season)
    reaches = np.empty(horizon)
    first = max(2 * season + 1, size - horizon - back)
    fading = 0.5 ** (1.0 / half_life)
    out = np.empty(table.shape[0])
    missed = np.empty((table.shape[0], max(size - horizon - first + 1, 0)))
    for j in range(table.shape[0]):
        parameters = table[j]
        _reaches(parameters, season, reaches)
        _begin(z, season, states)
        opening = states[0]
        states[2] = parameters[4] * states[1]
        total = 0.0
        count = 0
        squares = 0.0
        seen = 0.0
        for t in range(size - horizon):
            error = _step(z[t], t, season, parameters, states, opening)[1]
            if t >= season and not np.isnan(z[t]):
                squares = fading * squares + error * error
                seen = fading * seen + 1.0
            if t + 1 < first:
                continue
            variance = squares / seen if seen > 0.0 else 0.0
            # Ahead of the data nothing is learnt: the drift stays what it was.
            ahead[:] = states
            drift = states[2]
            came = 0.0
            for h in range(horizon):
                moved = drift + parameters[3] * (ahead[1] - drift)
                ahead[0] += moved
                ahead[1] = moved
                actual = y[t + 1 + h]
                if not np.isnan(actual):
                    middle = ahead[0] + ahead[3 + (t + 1 + h) % season]
                    away = _TENTH * np.sqrt(variance * reaches[h])
                    low = _inverse(middle - away, power)
                    high = _inverse(middle + away, power)
                    outside = max(low - actual, 0.0) + max(actual - high, 0.0)
                    error = actual - _inverse(middle, power)
                    total += (abs(error) + 2.0 * (0.1 * (high - low) + outside)) / 3.0
                    count += 1
                    came += error
                else:
                    came = np.nan
            missed[j, t + 1 - first] = came / horizon
        out[j] = total / count if count > 0 else np.nan
    return out, missed


@_njit
def _errors(z, season, table, out):  # type: ignore[no-untyped-def]
    states = np.empty(3 + season)
    for j in range(table.shape[0]):
        _begin(z, season, states)
        opening = states[0]
        states[2] = table[j, 4] * states[1]
        for t in range(z.size):
            error = _step(z[t], t, season, table[j], states, opening)[1]
            out[j, t] = np.nan if np.isnan(z[t]) else error


@_njit
def _paths(z, season, table, chosen, shocks, power, out):  # type: ignore[no-untyped-def]
    states = np.empty(3 + season)
    fitted = np.empty((table.shape[0], 3 + season))
    done = np.zeros(table.shape[0], dtype=np.bool_)
    for i in range(chosen.size):
        j = chosen[i]
        if not done[j]:
            _begin(z, season, states)
            opening = states[0]
            states[2] = table[j, 4] * states[1]
            for t in range(z.size):
                _step(z[t], t, season, table[j], states, opening)
            fitted[j] = states
            done[j] = True
        states[:] = fitted[j]
        drift = states[2]
        for h in range(shocks.shape[1]):
            position = 3 + (z.size + h) % season
            moved = drift + table[j, 3] * (states[1] - drift)
            shock = shocks[i, h]
            out[i, h] = _inverse(states[0] + moved + states[position] + shock, power)
            states[0] += moved + table[j, 0] * shock
            states[1] = moved + table[j, 1] * shock
            states[position] += table[j, 2] * shock


def innovation_losses(
    z: FloatArray,
    y: FloatArray,
    *,
    season: int,
    table: FloatArray,
    horizon: int,
    back: int,
    half_life: float,
    power: float,
) -> tuple[FloatArray, FloatArray]:
    r"""Return how well each set of parameters would have forecast from points within the history.

    The loss is two thirds of the quantile losses of the tenth, fiftieth and ninetieth hundredths, a coarse CRPS; the
    forecast is normal around the recursion carried on, with the errors that its innovations so far lead to:

    .. math:: \operatorname{var} e_h = v_t \sum_{k<h} \psi_k^2, \quad \psi_0 = 1, \quad
        \psi_k = \alpha + \beta \sum_{i=1}^{k} \phi^i + \gamma [m \mid k], \quad
        v_t = \frac{\sum_s 2^{-(t-s)/\lambda} e_s^2}{\sum_s 2^{-(t-s)/\lambda}}

    Parameters
    ----------
    z : array, shape (period,)
        Values on the Box-Cox scale; NaN where missing.
    y : array, shape (period,)
        The same on the original scale, divided by the series' own size.
    season : int
        Periods in a cycle; 1 for none.
    table : array, shape (draw, 5)
        Parameters in the order of `PARAMETERS`.
    horizon : int
        Periods ahead.
    back : int
        At most so many origins before the last one that has a whole horizon behind it.
    half_life : float
        Periods after which a past innovation counts half in the width.
    power : float
        Power of the Box-Cox scale.

    Returns
    -------
    losses : array, shape (draw,)
        Mean loss over origins and horizons [units of `y`]; NaN when the history is too short for an origin.
    missed : array, shape (draw, origin)
        What came less the forecast, mean over the horizon [units of `y`]; NaN where some of it is not known.

    Examples
    --------
    A straight line is forecast without error when all of its growth goes on.

    >>> y = np.arange(1.0, 25.0)
    >>> table = np.array([[0.5, 0.1, 0.1, 0.9, 1.0]])
    >>> told = {"season": 1, "horizon": 4, "back": 8, "half_life": 12.0, "power": 1.0}
    >>> found, missed = innovation_losses(y - 1.0, y, table=table, **told)
    >>> found.round(6).tolist(), missed.shape
    ([0.0], (1, 9))
    """
    losses, missed = _losses(z, y, season, table, horizon, back, half_life, power)
    return losses, missed


def one_step_errors(z: FloatArray, *, season: int, table: FloatArray) -> FloatArray:
    """Return the innovations of every set of parameters, shape (draw, period); NaN where the value is missing.

    Parameters
    ----------
    z : array, shape (period,)
        Values on the Box-Cox scale.
    season : int
        Periods in a cycle.
    table : array, shape (draw, 5)
        Parameters in the order of `PARAMETERS`.
    """
    out = np.empty((table.shape[0], z.size))
    _errors(z, season, table, out)
    return out


def innovation_paths(
    z: FloatArray, *, season: int, table: FloatArray, chosen: IntArray, shocks: FloatArray, power: float
) -> FloatArray:
    """Carry the fit on into the future with given shocks.

    Parameters
    ----------
    z : array, shape (period,)
        Values on the Box-Cox scale; NaN where missing.
    season : int
        Periods in a cycle.
    table : array, shape (draw, 5)
        Parameters in the order of `PARAMETERS`.
    chosen : int array, shape (path,)
        Row of `table` that each path follows.
    shocks : array, shape (path, horizon)
        Innovations of the future on the Box-Cox scale.
    power : float
        Power of the Box-Cox scale.

    Returns
    -------
    array, shape (path, horizon)
        Values on the original scale, divided by the series' own size; not below zero unless `power` is 1.
    """
    out = np.empty(shocks.shape)
    _paths(z, season, table, chosen, shocks, power, out)
    return out
