r"""The innovations recursion over a whole panel, with its exact gradient: what a sampler needs.

The recursion is that of :mod:`actuary.kernels.innovations` with opening states as arguments:

.. math::

    m_t &= d_{t-1} + \phi (b_{t-1} - d_{t-1}), \qquad f_t = \ell_{t-1} + m_t + s_p, \qquad e_t = z_t - f_t \\
    \ell_t &= \ell_{t-1} + m_t + \alpha e_t, \qquad b_t = m_t + \beta e_t, \qquad s_p = s_p + \gamma e_t,
    \qquad d_t = \kappa (\ell_t - \ell_0) / t

where p is the position of the period in its cycle. Where a value is missing, or still to come, its innovation is an
argument instead of its value; so one loop serves the fit, simulation and forecasts. The gradient runs the same loop
backwards, by hand: a tenth of the time of a differentiated scan, and nothing to compile anew for another panel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.jit import njit

__all__ = ["KNOWN", "MISSING", "OUTSIDE", "panel_errors", "panel_paths", "panel_pullback"]

type FloatArray = NDArray[np.float64]
type StatusArray = NDArray[np.int8]

#: What a period is to a series: not lived through, with a value, or with an innovation in its place.
OUTSIDE, KNOWN, MISSING = 0, 1, 2

_njit = njit(cache=True, nogil=True)


@_njit
def _forward(z, given, status, opening, rates, phase, errors, filled):  # type: ignore[no-untyped-def]
    """Run one series; `opening` is level, slope, season ...; `rates` is alpha, beta, gamma, phi, kappa."""
    alpha, beta, gamma, phi, kappa = rates[0], rates[1], rates[2], rates[3], rates[4]
    level = opening[0]
    slope = opening[1]
    drift = kappa * slope
    states = opening[2:].copy()
    season = states.size
    age = 0.0
    for t in range(z.size):
        errors[t] = 0.0
        filled[t] = np.nan
        if status[t] == 0:
            continue
        age += 1.0
        p = (t + phase) % season
        moved = drift + phi * (slope - drift)
        forecast = level + moved + states[p]
        error = z[t] - forecast if status[t] == 1 else given[t]
        errors[t] = error
        filled[t] = forecast + error
        level += moved + alpha * error
        slope = moved + beta * error
        states[p] += gamma * error
        drift = kappa * (level - opening[0]) / age


@_njit
def panel_errors(z, given, status, opening, rates, phase):  # type: ignore[no-untyped-def]
    """Return the innovations of a panel, shape (series, period); 0 in periods outside a series.

    Parameters
    ----------
    z : array, shape (series, period)
        Values on the scale of the recursion; read where `status` is KNOWN.
    given : array, shape (series, period)
        Innovations; read where `status` is MISSING.
    status : int8 array, shape (series, period)
        OUTSIDE, KNOWN or MISSING.
    opening : array, shape (series, 2 + season)
        Level, slope and season before the first period; the season by position in the cycle.
    rates : array, shape (series, 5)
        alpha, beta, gamma, phi, kappa.
    phase : int
        Position in the cycle of the first period.
    """
    errors = np.empty(z.shape)
    filled = np.empty(z.shape[1])
    for i in range(z.shape[0]):
        _forward(z[i], given[i], status[i], opening[i], rates[i], phase, errors[i], filled)
    return errors


@_njit
def panel_pullback(z, given, status, opening, rates, phase, cotangent):  # type: ignore[no-untyped-def]  # noqa: PLR0915
    """Return the gradients of a function of the innovations: by value or innovation, by opening states, by rates.

    Parameters
    ----------
    z, given, status, opening, rates, phase
        As in :func:`panel_errors`.
    cotangent : array, shape (series, period)
        Derivative of the function by each innovation.

    Returns
    -------
    tuple of array
        By `z` where known and by `given` where missing, in one array; by `opening`; by `rates`.
    """
    count, size = z.shape
    season = opening.shape[1] - 2
    by_value = np.zeros((count, size))
    by_opening = np.zeros(opening.shape)
    by_rates = np.zeros(rates.shape)
    error_at = np.empty(size)
    level_at = np.empty(size)
    slope_at = np.empty(size + 1)
    drift_at = np.empty(size + 1)
    states = np.empty(season)
    for i in range(count):
        alpha, beta, gamma, phi, kappa = rates[i, 0], rates[i, 1], rates[i, 2], rates[i, 3], rates[i, 4]
        first = opening[i, 0]
        level = first
        slope_at[0] = opening[i, 1]
        drift_at[0] = kappa * opening[i, 1]
        states[:] = opening[i, 2:]
        lived = 0
        for t in range(size):
            if status[i, t] == 0:
                continue
            p = (t + phase) % season
            moved = drift_at[lived] + phi * (slope_at[lived] - drift_at[lived])
            error = z[i, t] - (level + moved + states[p]) if status[i, t] == 1 else given[i, t]
            level += moved + alpha * error
            states[p] += gamma * error
            error_at[lived] = error
            level_at[lived] = level
            lived += 1
            slope_at[lived] = moved + beta * error
            drift_at[lived] = kappa * (level - first) / lived
        # Backwards: level, b, d and states hold the derivative by what stood after the period.
        level = 0.0
        b = 0.0
        d = 0.0
        states[:] = 0.0
        age = lived
        for t in range(size - 1, -1, -1):
            if status[i, t] == 0:
                continue
            p = (t + phase) % season
            share = d * kappa / age
            level += share
            by_opening[i, 0] -= share
            by_rates[i, 4] += d * (level_at[age - 1] - first) / age
            error = error_at[age - 1]
            by_error = cotangent[i, t] + alpha * level + beta * b + gamma * states[p]
            by_rates[i, 0] += level * error
            by_rates[i, 1] += b * error
            by_rates[i, 2] += states[p] * error
            by_moved = level + b
            by_value[i, t] = by_error
            if status[i, t] == 1:
                level -= by_error
                by_moved -= by_error
                states[p] -= by_error
            age -= 1
            by_rates[i, 3] += by_moved * (slope_at[age] - drift_at[age])
            d = by_moved * (1.0 - phi)
            b = by_moved * phi
        by_rates[i, 4] += d * opening[i, 1]
        by_opening[i, 0] += level
        by_opening[i, 1] += b + d * kappa
        by_opening[i, 2:] += states
    return by_value, by_opening, by_rates


@_njit
def panel_paths(z, given, status, opening, rates, phase):  # type: ignore[no-untyped-def]
    """Run many draws of a panel; return innovations and completed values, each of shape (draw, series, period).

    Parameters
    ----------
    z : array, shape (draw, series, period)
        Values on the scale of the recursion.
    given : array, shape (draw, series, period)
        Innovations where there is no value.
    status : int8 array, shape (series, period)
        OUTSIDE, KNOWN or MISSING.
    opening : array, shape (draw, series, 2 + season)
        Opening states.
    rates : array, shape (draw, series, 5)
        alpha, beta, gamma, phi, kappa.
    phase : int
        Position in the cycle of the first period.

    Examples
    --------
    >>> status = np.array([[1, 1, 2]], dtype=np.int8)
    >>> z = np.array([[[0.0, 1.0, 0.0]]])
    >>> found = panel_paths(z, np.zeros((1, 1, 3)), status, np.zeros((1, 1, 3)), np.full((1, 1, 5), 0.5), 0)
    >>> found[1].round(3).tolist()
    [[[0.0, 1.0, 1.312]]]
    """
    errors = np.empty(given.shape)
    filled = np.empty(given.shape)
    for j in range(given.shape[0]):
        for i in range(given.shape[1]):
            _forward(z[j, i], given[j, i], status[i], opening[j, i], rates[j, i], phase, errors[j, i], filled[j, i])
    return errors, filled
