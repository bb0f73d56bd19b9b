"""What a sampled model expects before and after it has seen the data, beside the data: predictive checks for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from actuary.dims import CI_PROB
from actuary.errors import DeclarationError, Problem
from actuary.forecast.bayes_data import from_scale, prepare_data
from actuary.forecast.bayes_paths import flatten_draws, one_step_ranks, prior_draws, replicate
from actuary.forecast.bayes_spec import BayesSpec, load_bayes_spec
from actuary.forecast.result import Forecast
from actuary.seeds import stream

__all__ = ["Predictive", "check_predictive"]

type FloatArray = NDArray[np.float64]

_TENTHS = 10


@dataclass(frozen=True, eq=False, repr=False)
class Predictive:
    """Hold histories that a model makes up, and where the real one lies among them.

    Parameters
    ----------
    series, periods : tuple of str
        What was known.
    unit : str
        Unit of the values.
    season : int
        Periods a year.
    observed : array, shape (series, period)
        The real history [unit].
    prior, posterior : array, shape (draw, series, period)
        Histories drawn from the priors alone, and from the posterior [unit].
    ranks : array, shape (series, period)
        Probability that the model gave, one period ahead, to less than what came (PIT) [share].
    synthetic : bool
        Whether the series are made up.
    """

    series: tuple[str, ...]
    periods: tuple[str, ...]
    unit: str
    season: int
    observed: FloatArray
    prior: FloatArray
    posterior: FloatArray
    ranks: FloatArray
    synthetic: bool

    def growth(self) -> pd.DataFrame:
        """Return the spread of yearly growth: in made-up histories of the prior and the posterior, and as observed.

        Returns
        -------
        DataFrame
            Rows prior, posterior, observed; columns q2.5, q10, q50, q90, q97.5 of growth over a year [share].
        """
        found = {}
        for name, values in (("prior", self.prior), ("posterior", self.posterior), ("observed", self.observed)):
            with np.errstate(divide="ignore", invalid="ignore"):
                growth = values[..., self.season :] / values[..., : -self.season] - 1
            found[name] = np.nanquantile(growth, [0.025, 0.1, 0.5, 0.9, 0.975])
        return pd.DataFrame.from_dict(found, orient="index", columns=["q2.5", "q10", "q50", "q90", "q97.5"])

    def tenths(self) -> pd.DataFrame:
        """Return how many of the observed values fell into each tenth of what was expected one period ahead.

        Returns
        -------
        DataFrame
            Columns tenth (its upper end [share]), values [count], expected [count]: where the intervals are honest,
            each tenth holds about as many as expected.
        """
        known = self.ranks[~np.isnan(self.ranks)]
        counts = np.histogram(known, bins=_TENTHS, range=(0, 1))[0]
        ends = np.arange(1, _TENTHS + 1) / _TENTHS
        return pd.DataFrame({"tenth": ends, "values": counts, "expected": known.size / _TENTHS})

    def coverage(self) -> float:
        """Return the share of observed values inside their 80 % interval one period ahead [share]."""
        known = self.ranks[~np.isnan(self.ranks)]
        edge = (1 - CI_PROB) / 2
        return float(((known >= edge) & (known <= 1 - edge)).mean())

    def summary(self) -> pd.DataFrame:
        """Return :meth:`growth`."""
        return self.growth()

    def __repr__(self) -> str:
        return f"Predictive({len(self.series)} series, {len(self.periods)} periods, {len(self.posterior)} histories)"

    def _repr_html_(self) -> str:
        made_up = " · made-up series" if self.synthetic else ""
        growth = self.growth().to_html(float_format="{:.1%}".format)
        return f"<p><b>Yearly growth</b>, expected and observed [share]{made_up}</p>{growth}"


def check_predictive(
    forecast: Forecast, *, spec: BayesSpec | None = None, draws: int = 400, seed: int | None = None
) -> Predictive:
    """Draw histories from the priors and from the posterior of a sampled forecast.

    Parameters
    ----------
    forecast : Forecast
        A forecast of a sampled model, without known sums or covariates.
    spec : BayesSpec, optional
        Its declaration; the one of the model's name when left out.
    draws : int
        Histories of each kind.
    seed : int, optional
        Root seed; that of the forecast when left out.

    Returns
    -------
    Predictive

    Raises
    ------
    DeclarationError
        When the forecast was not sampled.
    """
    if forecast.posterior is None:
        expected, mend = "a sampled model", 'forecast with model="structural"'
        raise DeclarationError(Problem(f"model {forecast.model}", "no posterior", expected, mend))
    declared = spec or load_bayes_spec(forecast.model)
    root = forecast.seed if seed is None else seed
    panel = forecast.panel
    data = prepare_data(panel, declared, horizon=forecast.horizon)
    rng = stream(root, "forecast/predictive")
    posterior = forecast.posterior["posterior"]
    arrays = {str(name): np.asarray(posterior[name].to_numpy()) for name in posterior.data_vars}
    chosen = flatten_draws(arrays, count=draws, rng=rng)

    def history(drawn: object) -> FloatArray:
        made = from_scale(replicate(drawn, data, rng=rng), power=data.power)  # type: ignore[arg-type]
        return np.asarray(made * data.size[None, :, None], dtype=np.float64)

    return Predictive(
        series=panel.series,
        periods=tuple(panel.periods),
        unit=panel.unit,
        season=panel.season,
        observed=panel.values,
        prior=history(prior_draws(data, declared, count=draws, rng=rng)),
        posterior=history(chosen),
        ranks=one_step_ranks(chosen, data, rng=rng),
        synthetic=panel.synthetic,
    )
