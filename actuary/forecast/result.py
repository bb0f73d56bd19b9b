"""A forecast: joint draws of every series, what they rest on, and how to look at them."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.dims import CI_PROB
from actuary.errors import UnknownNameError, unknown_name
from actuary.files import neutral
from actuary.forecast.panel import Panel, period_labels

if TYPE_CHECKING:
    from actuary.forecast.backtest import Backtest
    from actuary.forecast.conditional import Conditioned

__all__ = ["QUANTILES", "Forecast", "Progress", "Run", "draws_array"]

type FloatArray = NDArray[np.float64]
#: Called with the share that is done and what is being done now.
type Progress = Callable[[float, str], None]

#: Probabilities of the quantiles of a summary: median, the project's interval, and 95 %.
QUANTILES = (0.025, (1 - CI_PROB) / 2, 0.5, (1 + CI_PROB) / 2, 0.975)


@dataclass(frozen=True, eq=False)
class Run:
    """Hold what a model gives back.

    Parameters
    ----------
    futures : array, shape (draw, series, horizon)
        Values in the unit of the series, from the period after each series' own end.
    weights : DataFrame or None
        Weight of every voice: series, voice, weight.
    posterior, gate : object or None
        See :class:`actuary.forecast.result.Forecast`.
    notes : tuple of str
        What a reader should know.
    """

    futures: FloatArray
    weights: pd.DataFrame | None = None
    posterior: Any = None
    gate: Any = None
    notes: tuple[str, ...] = ()


def draws_array(panel: Panel, futures: FloatArray) -> xr.DataArray:
    """Lay futures that begin after each series' own end out on one calendar.

    Parameters
    ----------
    panel : Panel
        The series.
    futures : array, shape (draw, series, horizon)
        Values in the unit of the series.

    Returns
    -------
    DataArray, dims (draw, series, period)
        NaN in periods that are not a future of a series.

    Examples
    --------
    >>> rows = pd.DataFrame({"series_id": "a", "period": ["2019", "2020", "2021"], "value": [1.0, 2.0, 4.0]})
    >>> from actuary.forecast.panel import build_panel
    >>> draws_array(build_panel(rows), np.ones((2, 1, 2))).period.values.tolist()
    ['2022', '2023']
    """
    draws, series, horizon = futures.shape
    ends = np.asarray(panel.ends)
    begin = int(ends.min())
    laid = np.full((draws, series, int(ends.max()) + horizon - begin), np.nan)
    for row, end in enumerate(ends):
        laid[:, row, end - begin : end - begin + horizon] = futures[:, row]
    periods = period_labels(panel.freq, panel.first + begin, laid.shape[2])
    coords = {"draw": np.arange(draws), "series": list(panel.series), "period": list(periods)}
    return xr.DataArray(laid, dims=("draw", "series", "period"), coords=coords, attrs={"unit": panel.unit})


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """Hold the joint draws of the future of every series of a panel.

    Parameters
    ----------
    panel : Panel
        The series it was made from.
    model : str
        Name of the model.
    horizon : int
        Periods ahead of each series' own end.
    seed : int
        Root seed.
    draws : DataArray, dims (draw, series, period) or (chain, draw, series, period)
        Values in the unit of the series; one draw is one joint future. NaN in periods that are not a future of a
        series (series may end at different periods).
    weights : DataFrame or None
        Weight of every voice of a stack: series, voice, weight; None for a single model.
    posterior : DataTree or None
        Posterior as ArviZ reads it, where the model has one.
    gate : object or None
        What the checks of the sampler said, where the model was sampled.
    notes : tuple of str
        What a reader should know of how the draws came about.
    again : callable or None
        Makes the same forecast of another panel with another seed; see :meth:`backtest`.
    """

    panel: Panel
    model: str
    horizon: int
    seed: int
    draws: xr.DataArray
    weights: pd.DataFrame | None = None
    posterior: Any = None
    gate: Any = None
    notes: tuple[str, ...] = ()
    again: Callable[[Panel, int], Forecast] | None = field(default=None, repr=False)

    @property
    def unit(self) -> str:
        """Unit of the values, as far as known."""
        return self.panel.unit

    @property
    def synthetic(self) -> bool:
        """Whether the series are made up."""
        return self.panel.synthetic

    @property
    def series(self) -> tuple[str, ...]:
        """Names of the series."""
        return self.panel.series

    @property
    def origins(self) -> tuple[str, ...]:
        """Last period of every series' history."""
        return tuple(period_labels(self.panel.freq, self.panel.first + end - 1, 1)[0] for end in self.panel.ends)

    @property
    def fingerprint(self) -> str:
        """Hash of the series, the model, the seed and the draws."""
        digest = hashlib.sha256()
        head = (self.model, self.horizon, self.seed, self.panel.freq, self.panel.season, self.panel.first)
        digest.update(repr((head, self.panel.series)).encode())
        for array in (self.panel.values, self.flat().to_numpy()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def flat(self) -> xr.DataArray:
        """Return the draws with chains, if any, laid end to end: dims (draw, series, period)."""
        if "chain" not in self.draws.dims:
            return self.draws
        stacked = self.draws.stack(sample=("chain", "draw"))  # noqa: PD013  (of xarray, not of pandas)
        stacked = stacked.transpose("sample", "series", "period")
        return stacked.drop_vars(["sample", "chain", "draw"]).rename(sample="draw")

    def futures(self, series: str) -> FloatArray:
        """Return the futures of one series, shape (draw, horizon) [unit of the series].

        Raises
        ------
        UnknownNameError
            When there is no such series.
        """
        if series not in self.panel.series:
            raise UnknownNameError(unknown_name("forecast", series, self.panel.series, what="series"))
        row = self.panel.series.index(series)
        begin = int(self.panel.ends[row]) - int(min(self.panel.ends))
        values: FloatArray = self.flat().to_numpy()[:, row, begin : begin + self.horizon]
        return values

    def summary(self) -> pd.DataFrame:
        """Return mean, standard deviation and quantiles of every series and period.

        Returns
        -------
        DataFrame
            series, origin, period, mean, sd, and the quantiles q2.5, q10, q50, q90, q97.5 [unit of the series].
        """
        parts = []
        for name, origin, end in zip(self.panel.series, self.origins, self.panel.ends, strict=True):
            futures = self.futures(name)
            periods = period_labels(self.panel.freq, self.panel.first + int(end), self.horizon)
            part: dict[str, Any] = {"series": name, "origin": origin, "period": periods}
            part |= {"mean": futures.mean(axis=0), "sd": futures.std(axis=0, ddof=1)}
            found = np.quantile(futures, QUANTILES, axis=0)
            part |= {f"q{round(100 * p, 1):g}": row for p, row in zip(QUANTILES, found, strict=True)}
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a draw: series_id, origin, period, sample_or_quantile (s0, s1 …), value."""
        draws = self.flat().sizes["draw"]
        labels = np.array([f"s{number}" for number in range(draws)], dtype=object)
        parts = []
        for name, origin, end in zip(self.panel.series, self.origins, self.panel.ends, strict=True):
            periods = np.array(period_labels(self.panel.freq, self.panel.first + int(end), self.horizon), dtype=object)
            part = {"series_id": name, "origin": origin, "period": np.tile(periods, draws)}
            part |= {"sample_or_quantile": np.repeat(labels, self.horizon), "value": self.futures(name).ravel()}
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

    def csv_bytes(self) -> bytes:
        """Return the rows of :meth:`to_frame` as a CSV file in UTF-8."""
        import pyarrow as pa  # noqa: PLC0415  (only those who write a file load it)
        from pyarrow import csv  # noqa: PLC0415

        sink = pa.BufferOutputStream()
        frame = self.to_frame()
        frame["series_id"] = frame["series_id"].map({name: neutral(name) for name in self.panel.series})
        table = pa.Table.from_pandas(frame, preserve_index=False)
        csv.write_csv(table, sink, csv.WriteOptions(quoting_style="needed"))
        return bytes(sink.getvalue())

    def backtest(self, *, origins: int = 3, step: int | None = None, seed: int | None = None) -> Backtest:
        """Forecast again from earlier origins within the history, and score what came.

        Parameters
        ----------
        origins : int
            How many origins, the last first.
        step : int, optional
            Periods between origins; half the horizon when left out.
        seed : int, optional
            Root seed; that of the forecast when left out.

        Returns
        -------
        Backtest
            Scores of every series and origin, and their means.
        """
        from actuary.forecast.backtest import backtest_panel  # noqa: PLC0415  (a forecast without one needs none)

        return backtest_panel(self, origins=origins, step=step, seed=seed)

    def status(self) -> pd.DataFrame:
        """Return which series were forecast and which were left out: series, status, reason."""
        rows = [(name, "forecast", "") for name in self.series]
        rows += [(name, "left out", reason) for name, reason in self.panel.left_out]
        return pd.DataFrame(rows, columns=["series", "status", "reason"])

    def describe(self) -> tuple[str, ...]:
        """Return in lines what a reader must know: model, draws, seed, unit, fingerprint, gate, what was left out."""
        out = self.panel.left_out
        whole = len(self.series) + len(out)
        count = self.flat().sizes["draw"]
        gate = "not sampled, so without a gate"
        if self.gate is not None:
            gate = "gate open" if self.gate.passed else f"GATE SHUT: {'; '.join(self.gate.reasons)}"
        return (
            f"model {self.model}, {len(self.series)} of {whole} series, {self.horizon} periods, {count:,} joint draws, "
            f"seed {self.seed}",
            f"unit {self.unit or 'as in the rows (not stated)'}, fingerprint {self.fingerprint}, {gate}",
            *(f"left out: {name}: {reason}" for name, reason in out),
        )

    def given(
        self, ratios: Mapping[str, float], *, method: Literal["weights", "regression"] = "weights"
    ) -> Conditioned:
        """Return the futures in which some series turn out otherwise; see :func:`condition_draws`.

        Parameters
        ----------
        ratios : mapping of str to float
            Series to the ratio of its mean over the horizon to the mean expected: ``{"admissions": 1.05}``.
        method : str
            ``weights`` or ``regression``.

        Raises
        ------
        UnknownNameError
            When there is no such series.
        ActuaryError
            When the draws hold no such future.

        Examples
        --------
        >>> from actuary.forecast.face import forecast_series
        >>> rng = np.random.default_rng(1)
        >>> use = 100 + rng.normal(0, 5, 30).cumsum()
        >>> years = [str(year) for year in range(1990, 2020)]
        >>> parts = {"use": use, "cost": 2 * use}
        >>> rows = pd.concat([pd.DataFrame({"series_id": k, "period": years, "value": v}) for k, v in parts.items()])
        >>> found = forecast_series(rows, horizon=2, draws=1000)
        >>> asked = found.given({"use": 1.05}, method="regression").draws
        >>> means = found.flat().mean(("draw", "period"))
        >>> float((asked.mean(("draw", "period")) / means).sel(series="use").round(3))
        1.05
        """
        from actuary.forecast.conditional import condition_draws  # noqa: PLC0415  (only who asks loads it)

        return condition_draws(self.flat(), ratios, method=method, seed=self.seed)

    def sums(self, parts: Mapping[str, Sequence[str]]) -> xr.DataArray:
        """Return the draws with sums over series added: the parts add up to the whole in every draw.

        Parameters
        ----------
        parts : mapping
            Name of a sum to its parts, series or other sums.

        Examples
        --------
        >>> from actuary.forecast.face import forecast_series
        >>> years = [str(year) for year in range(2000, 2020)]
        >>> rows = pd.DataFrame({"series_id": list("ab") * 20, "period": sorted(years * 2), "value": [2.0, 3.0] * 20})
        >>> found = forecast_series(rows, horizon=1, draws=10, model="naive")
        >>> float(found.sums({"all": ("a", "b")}).sel(series="all").mean())
        5.0
        """
        from actuary.forecast.hierarchy import aggregate_draws  # noqa: PLC0415  (only who asks loads it)

        return aggregate_draws(self.flat(), parts)

    def below(self, levels: Mapping[str, float]) -> pd.DataFrame:
        """Return how likely series fall below given levels: at a period, and ever up to it.

        Parameters
        ----------
        levels : mapping of str to float
            Series to level [unit of the series].

        Returns
        -------
        DataFrame
            series, level, period, at, ever, shortfall (mean of the worst tenth of the draws) [unit of the series].

        Examples
        --------
        >>> from actuary.forecast.face import forecast_series
        >>> years = [str(year) for year in range(2000, 2020)]
        >>> rows = pd.DataFrame({"series_id": "a", "period": years, "value": 2.0})
        >>> forecast_series(rows, horizon=1, draws=10, model="naive").below({"a": 3.0})["ever"].tolist()
        [1.0]
        """
        from actuary.forecast.probabilities import expected_shortfall  # noqa: PLC0415  (only who asks loads it)

        parts = []
        for name, level in levels.items():
            futures = self.futures(name)
            end = int(self.panel.ends[self.panel.series.index(name)])
            part: dict[str, Any] = {"series": name, "level": level}
            part |= {"period": period_labels(self.panel.freq, self.panel.first + end, self.horizon)}
            part |= {"at": (futures < level).mean(axis=0)}
            part |= {"ever": (np.minimum.accumulate(futures, axis=1) < level).mean(axis=0)}
            part |= {"shortfall": expected_shortfall(futures)}
            parts.append(pd.DataFrame(part))
        return pd.concat(parts, ignore_index=True)

    def _repr_html_(self) -> str:
        """Return a heading and the first and last period of every series as HTML."""
        shown = self.summary().groupby("series", sort=False).nth([0, -1])
        made_up = " · made-up series" if self.synthetic else ""
        said = (*self.describe(), *self.notes)
        notes = "".join(f"<li>{html.escape(line)}</li>" for line in said)
        table = shown.to_html(index=False, float_format="{:,.4g}".format)
        return f"<p><b>Forecast</b> {made_up}</p>{table}<ul>{notes}</ul>"

    def __repr__(self) -> str:
        shut = ", GATE SHUT" if self.gate is not None and not self.gate.passed else ""
        return f"Forecast({self.model!r}, {len(self.series)} series, horizon {self.horizon}, {self.fingerprint}{shut})"
