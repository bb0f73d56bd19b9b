"""What is incurred but not yet reported: joint draws of what every period of service will come to."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.errors import Problem, TableError, UnknownNameError, raise_all, unknown_name
from actuary.files import plain_decimal, read_bytes, read_delimited
from actuary.forecast.delay_spec import DelaySpec, load_delay_spec
from actuary.forecast.result import QUANTILES
from actuary.forecast.triangles import Triangle, build_triangle, read_triangle
from actuary.policy import fingerprint

__all__ = ["METHODS", "Reserve", "read_expected", "reserve_claims"]

type FloatArray = NDArray[np.float64]

#: Names of the methods.
METHODS = ("delay", "mack", "bootstrap", "bornhuetter-ferguson")


@dataclass(frozen=True, eq=False, repr=False)
class Reserve:
    """Hold joint draws of the final amount of every period of service.

    Parameters
    ----------
    triangle : Triangle
        What it was made from.
    method : str
        One of :data:`METHODS`.
    draws : DataArray, dims (draw, series, period)
        Amount of a period once all is reported, or, where `horizon` is given, as it will stand that many periods
        after the last cut-off [unit of the triangle]. One draw is one joint outcome.
    seed : int
        Root seed.
    horizon : int or None
        Periods after the last cut-off; None for the final amount.
    settings : dict
        What the method found out: spreads of the delay, drift and volume.
    notes : tuple of str
        What a reader should know.
    declared : str
        Fingerprint of the declaration the method rests on.
    """

    triangle: Triangle
    method: str
    draws: xr.DataArray
    seed: int
    horizon: int | None = None
    settings: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    declared: str = ""

    @property
    def unit(self) -> str:
        """Unit of the amounts, as far as known."""
        return self.triangle.unit

    @property
    def basis(self) -> str:
        """What the amounts are: by period of service, and as of when."""
        stand = "when all is reported" if self.horizon is None else f"{self.horizon} periods after the cut-off"
        return f"by period of service, cut-off {self.triangle.cutoff_labels[-1]}, {stand}"

    @property
    def synthetic(self) -> bool:
        """Whether the amounts are made up."""
        return self.triangle.synthetic

    @property
    def fingerprint(self) -> str:
        """Hash of the triangle, the method, its declaration, the seed and the draws."""
        digest = hashlib.sha256()
        head = (
            self.method,
            self.declared,
            self.horizon,
            self.seed,
            self.triangle.freq,
            self.triangle.first,
            self.triangle.cutoffs,
        )
        digest.update(repr((head, self.triangle.series)).encode())
        for array in (self.triangle.amounts, self.draws.to_numpy()):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    @property
    def reported(self) -> xr.DataArray:
        """Amounts known at the last cut-off, dims (series, period); 0 where nothing is."""
        latest = pd.DataFrame(self.triangle.latest, self.triangle.series, self.triangle.periods)
        kept = latest[list(self.draws.period.to_numpy())].fillna(0.0)
        coords = {"series": self.draws.series, "period": self.draws.period}
        return xr.DataArray(kept.to_numpy(), dims=("series", "period"), coords=coords, attrs={"unit": self.unit})

    def outstanding(self) -> xr.DataArray:
        """Return draws of what is still to come, dims (draw, series, period) [unit of the triangle]."""
        return (self.draws - self.reported).assign_attrs(unit=self.unit)

    def summary(self) -> pd.DataFrame:
        """Return what is known and what is to come of every series and period.

        Returns
        -------
        DataFrame
            series, period, reported, mean and sd of the final amount, its quantiles q2.5, q10, q50, q90, q97.5,
            outstanding (mean) [unit of the triangle], completion (share known, of the mean).
        """
        return self._summarise(self.draws, self.reported)

    def totals(self) -> pd.DataFrame:
        """Return the summary of the sum over the periods of every series and, last, over all series."""
        draws, reported = self.draws.sum("period"), self.reported.sum("period")
        every = draws.sum("series").expand_dims(series=["all"], axis=1)
        if len(self.triangle.series) > 1:
            draws = xr.concat([draws, every], "series")
            reported = xr.concat([reported, reported.sum("series").expand_dims(series=["all"])], "series")
        return self._summarise(draws.expand_dims(period=["all"], axis=2), reported.expand_dims(period=["all"], axis=1))

    def _summarise(self, draws: xr.DataArray, reported: xr.DataArray) -> pd.DataFrame:
        values, known = draws.to_numpy(), reported.to_numpy()
        series = np.repeat(draws.series.to_numpy(), draws.sizes["period"])
        columns = {"series": series, "period": np.tile(draws.period.to_numpy(), draws.sizes["series"])}
        mean = values.mean(axis=0)
        numbers = {"reported": known, "mean": mean, "sd": values.std(axis=0, ddof=1)}
        found = np.quantile(values, QUANTILES, axis=0)
        numbers |= {f"q{round(100 * p, 1):g}": row for p, row in zip(QUANTILES, found, strict=True)}
        numbers |= {"outstanding": mean - known, "completion": known / np.where(mean > 0, mean, np.nan)}
        return pd.DataFrame(columns | {name: array.ravel() for name, array in numbers.items()})

    def to_frame(self) -> pd.DataFrame:
        """Return one row a draw: series_id, origin, period, sample_or_quantile (s0, s1 …), value."""
        draws, series, periods = (self.draws.sizes[name] for name in ("draw", "series", "period"))
        labels = np.array([f"s{number}" for number in range(draws)], dtype=object)
        names = self.draws.series.to_numpy().astype(object)
        columns = {
            "series_id": np.tile(np.repeat(names, periods), draws),
            "origin": self.triangle.cutoff_labels[-1],
            "period": np.tile(self.draws.period.to_numpy().astype(object), draws * series),
            "sample_or_quantile": np.repeat(labels, series * periods),
            "value": self.draws.to_numpy().ravel(),
        }
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        """Return one line: method, cut-off, outstanding with its interval."""
        total = self.outstanding().sum(("series", "period")).to_numpy()
        low, middle, high = np.quantile(total, QUANTILES[1:4])
        said = f"outstanding {middle:,.4g} [{low:,.4g}, {high:,.4g}]"
        return f"Reserve({self.method}, cut-off {self.triangle.cutoff_labels[-1]}: {said})"

    def _repr_html_(self) -> str:
        said = html.escape(f"{self!r}; {self.basis}; unit {self.unit or 'as given'}; {self.fingerprint}")
        mark = "<p><b>synthetic</b></p>" if self.synthetic else ""
        return f"<p>{said}</p>{mark}{self.totals().to_html(index=False, float_format='{:,.4g}'.format)}"


def _expected_array(triangle: Triangle, expected: pd.DataFrame | None) -> FloatArray | None:
    """Return expected amounts, shape (series, period), or raise what is missing."""
    if expected is None:
        return None
    missing = {"series_id", "period", "value"} - set(expected.columns)
    if missing:
        found = f"columns {', '.join(map(str, expected.columns))}"
        raise TableError(Problem("expected", found, "columns series_id, period, value"))
    table = expected.assign(series_id=expected["series_id"].astype(str), period=expected["period"].astype(str))
    doubled = table[table.duplicated(["series_id", "period"])]
    problems = [
        Problem(f"expected, {row.series_id} {row.period}", "two rows", "one row a series and period")
        for row in doubled.itertuples()
    ]
    raise_all(problems, TableError)
    wide = table.pivot_table(index="series_id", columns="period", values="value")
    laid = wide.reindex(index=list(triangle.series), columns=list(triangle.periods)).to_numpy(float)
    problems = [
        Problem(
            f"expected, {triangle.series[i]} {triangle.periods[j]}",
            "nothing" if np.isnan(laid[i, j]) else f"{laid[i, j]:g}",
            "an amount above 0",
        )
        for i, j in np.argwhere(~(laid > 0))[:8]
    ]
    raise_all(problems, TableError)
    return laid


def read_expected(path: Path | str) -> pd.DataFrame:
    """Read a CSV file of amounts expected beforehand: series_id, period, value.

    Raises
    ------
    TableError
        When the file cannot be read or an amount is not a number.
    """
    path = Path(path).expanduser()
    content = read_bytes(path, where=str(path), expected="a CSV file with a line of names")
    table = read_delimited(content, where=path.name)
    raise_all(table.problems(path.name), TableError)
    frame = pd.DataFrame(table.rows, columns=list(table.columns), dtype=str)
    if "value" in frame:
        numbers = [plain_decimal(text) for text in frame["value"]]
        problems = [
            Problem(f"{path.name} row {line}, value", repr(text), "a number")
            for line, text, number in zip(table.lines, frame["value"], numbers, strict=True)
            if number is None
        ]
        raise_all(problems, TableError)
        frame["value"] = np.array(numbers, dtype=np.float64)
    return frame


def reserve_claims(
    claims: Triangle | pd.DataFrame | Path | str,
    *,
    method: str = "delay",
    horizon: int | None = None,
    expected: pd.DataFrame | None = None,
    draws: int = 1000,
    seed: int = 1,
    spec: DelaySpec | None = None,
) -> Reserve:
    """Estimate what periods of service will come to when all claims are in.

    Parameters
    ----------
    claims : Triangle, DataFrame or path
        Vintages or payments; see :func:`actuary.forecast.triangles.build_triangle`.
    method : str
        ``delay`` (Bayesian reporting delay with drift and season, pooled over series), ``mack`` (chain ladder with
        Mack's error), ``bootstrap`` (chain ladder on over-dispersed Poisson resamples) or ``bornhuetter-ferguson``
        (the same resamples with an expected amount).
    horizon : int, optional
        Give the amounts as they will stand so many periods after the last cut-off (``delay`` only); the final amounts
        when left out.
    expected : DataFrame, optional
        Columns ``series_id, period, value``: what the amounts are measured by, such as premium or enrolment (``delay``)
        or the amount expected beforehand (``bornhuetter-ferguson``, which needs it).
    draws : int
        How many joint draws.
    seed : int
        Root seed.
    spec : DelaySpec, optional
        Priors and constants of ``delay``; models/forecast/reserving.toml when left out.

    Returns
    -------
    Reserve
        Joint draws; ``summary()``, ``totals()``, ``outstanding()``.

    Raises
    ------
    TableError
        With every problem of the rows.
    UnknownNameError
        When there is no such method.

    Examples
    --------
    >>> share = {0: 0.5, 1: 0.9, 2: 1.0}
    >>> rows = [(f"{year}", f"{year + lag}", 100.0 * share[min(lag, 2)]) for year in range(2012, 2020)
    ...         for lag in range(8) if year + lag <= 2019]
    >>> reserve = reserve_claims(pd.DataFrame(rows, columns=["period", "cutoff", "value"]), draws=200)
    >>> float(reserve.summary().loc[7, "reported"])
    50.0
    """
    if method not in METHODS:
        raise UnknownNameError(unknown_name("method", method, METHODS, what="method"))
    problems = []
    if draws < 2:
        problems.append(Problem("draws", str(draws), "2 or more"))
    if horizon is not None and (method != "delay" or horizon < 1):
        problems.append(Problem("horizon", f"{horizon} with {method}", "1 or more, with the method delay"))
    if method == "bornhuetter-ferguson" and expected is None:
        problems.append(Problem("expected", "nothing", "the amount expected of every series and period"))
    raise_all(problems, TableError)
    if isinstance(claims, Triangle):
        triangle = claims
    else:
        triangle = build_triangle(claims) if isinstance(claims, pd.DataFrame) else read_triangle(claims)
    spec = spec or load_delay_spec()
    laid = _expected_array(triangle, expected)
    if method == "delay":
        from actuary.forecast.delay_draws import draw_delay  # noqa: PLC0415  (each method loads what it needs)

        values, settings, notes = draw_delay(
            triangle, horizon=horizon, expected=laid, draws=draws, seed=seed, spec=spec
        )
    else:
        from actuary.forecast.chain_ladder import draw_chain_ladder  # noqa: PLC0415  (loads chainladder)

        values, settings, notes = draw_chain_ladder(triangle, method, expected=laid, draws=draws, seed=seed)
    periods = list(triangle.periods)[-values.shape[2] :]
    coords = {"draw": np.arange(draws), "series": list(triangle.series), "period": periods}
    laid_out = xr.DataArray(values, dims=("draw", "series", "period"), coords=coords, attrs={"unit": triangle.unit})
    return Reserve(triangle, method, laid_out, seed, horizon, settings, (*triangle.notes, *notes), fingerprint(spec))
