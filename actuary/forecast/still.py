"""Width for series that have only ever been zero: nothing has happened yet, which does not say that nothing will."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.forecast.panel import Panel
from actuary.seeds import stream

__all__ = ["still_series", "widen_zeros"]

type FloatArray = NDArray[np.float64]


def still_series(panel: Panel) -> tuple[int, ...]:
    """Return the rows of a panel that never had a value other than zero."""
    return tuple(row for row, values in enumerate(panel.values) if not np.nan_to_num(values).any())


def widen_zeros(panel: Panel, futures: FloatArray, *, seed: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Draw the futures of series of zeros anew, so that a first value other than zero stays possible.

    After n periods of zero the chance of another value in a period follows the beta law of shapes 1/2 and n + 1/2
    (Jeffreys' prior), one chance a draw. The size of a value is exponential about the median of the smallest values
    other than zero of the other series, or 1 where there is none: nothing tells how large a first one would be.

    Parameters
    ----------
    panel : Panel
        The series.
    futures : array, shape (draw, series, horizon)
        Futures of the model [unit of the series].
    seed : int
        Root seed.

    Returns
    -------
    futures : array, shape (draw, series, horizon)
        The same where a series has moved.
    notes : tuple of str
        Which series were drawn so.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.forecast.panel import build_panel
    >>> years = [str(year) for year in range(2010, 2020)]
    >>> panel = build_panel(pd.DataFrame({"series_id": "a", "period": years, "value": 0.0}))
    >>> found, notes = widen_zeros(panel, np.zeros((4000, 1, 1)), seed=1)
    >>> round(float((found > 0).mean()), 2)
    0.05
    """
    rows = still_series(panel)
    if not rows:
        return futures, ()
    sizes = [
        np.abs(values[np.nan_to_num(values) != 0]).min()
        for row, values in enumerate(panel.values)
        if row not in set(rows)
    ]
    size = float(np.median(sizes)) if sizes else 1.0
    drawn = futures.copy()
    for row in rows:
        rng = stream(seed, f"forecast/still/{panel.series[row]}")
        known = int((~np.isnan(panel.values[row])).sum())
        chance = rng.beta(0.5, known + 0.5, size=(futures.shape[0], 1))
        happens = rng.random(futures[:, row].shape) < chance
        drawn[:, row] = np.where(happens, rng.exponential(size, size=happens.shape), 0.0)
    names = [panel.series[row] for row in rows]
    shown = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    note = f"only zeros so far, a first value of about {size:g} stays possible: {shown}"
    return drawn, (note,)
