"""Many paths of a model at once: drawn people and drawn assumptions through the finance model, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from actuary.demography.membership_paths import run_membership_paths
from actuary.demography.statuses import STATUS_NAMES
from actuary.demography.stochastic import PopulationPaths, draw_population_paths
from actuary.errors import PeriodError, Problem, TableError
from actuary.fund.model.base_year import MODEL_SCHEMES
from actuary.fund.model.driver_draws import check_driver_draws, lay_driver_draws
from actuary.fund.model.exposure import Exposure
from actuary.fund.model.finance import FinanceInputs, project_finance
from actuary.fund.recursion import QUARTERS_A_YEAR
from actuary.periods import Quarter, quarter_range
from actuary.policy import BENEFITS, fingerprint
from actuary.threads import worker_threads

if TYPE_CHECKING:
    from actuary.fund.model.run import Run

__all__ = ["STOCHASTIC_VARIABLES", "StochasticRun", "run_stochastic"]

type FloatArray = NDArray[np.float64]

#: What is kept of every path at each year-end: name, unit.
STOCHASTIC_VARIABLES: dict[str, str] = {
    "payable_months": "months",
    "pooled_balance_end_yuan": "yuan",
    "year_pooled_income_yuan": "yuan",
    "year_pooled_expenditure_yuan": "yuan",
}
_CHUNK = 200
_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_SCHEMES = ("all", *MODEL_SCHEMES)


@dataclass(frozen=True, eq=False, repr=False)
class StochasticRun:
    """Hold the year-ends of many paths.

    Parameters
    ----------
    region, scenario : str
        What was run.
    paths : Dataset, dims (draw, scheme, year)
        Months payable, pool balance, income and spending of the year; ``dependency_ratio`` (draw, year).
    seed : int or None
        Root seed of the drawn people; None where only assumptions were drawn.
    fingerprint : str
        Hash of everything that decides the numbers.
    synthetic : bool
        Whether any figure was made up.
    """

    region: str
    scenario: str
    paths: xr.Dataset
    seed: int | None
    fingerprint: str
    synthetic: bool = field(default=False)

    @property
    def draws(self) -> int:
        """Number of paths."""
        return int(self.paths.sizes["draw"])

    def fan(self, variable: str = "payable_months", *, quantiles: Sequence[float] = _QUANTILES) -> pd.DataFrame:
        """Return quantiles by scheme and year.

        Parameters
        ----------
        variable : str
            One of :data:`STOCHASTIC_VARIABLES`, or ``dependency_ratio``.
        quantiles : sequence of float
            Shares of the paths below.
        """
        values = self.paths[variable]
        rank = values.quantile(list(quantiles), dim="draw", skipna=False)
        frame = rank.rename("value").to_dataframe().reset_index()
        keys = [name for name in ("scheme", "year") if name in frame]
        table = frame.pivot_table(index=keys, columns="quantile", values="value", sort=False)
        return table.rename(columns=lambda share: f"q{100 * share:g}").reset_index().rename_axis(columns=None)

    def probabilities(self, months: Sequence[float] = (6.0, 3.0, 1.0)) -> pd.DataFrame:
        """Return how many of the paths are in trouble, by scheme and year.

        Parameters
        ----------
        months : sequence of float
            Levels of payable months [months].

        Returns
        -------
        DataFrame
            Rows by scheme and year [share]: `deficit`, the pool spends more than it takes in; `deficit_by_now`, it
            did so in this year or before; `below_<N>` and `below_<N>_by_now`; `exhausted_by_now`.
        """
        held = self.paths
        known = (held["payable_months"] == held["payable_months"]).all("draw")
        events = {"deficit": held["year_pooled_expenditure_yuan"] > held["year_pooled_income_yuan"]}
        events |= {f"below_{level:g}": held["payable_months"] < level for level in months}
        out = held["pooled_balance_end_yuan"] < 0
        table = {}
        for name, event in events.items():
            table[name] = event.mean("draw").where(known)
            table[f"{name}_by_now"] = _so_far(event).mean("draw").where(known)
        table["exhausted_by_now"] = _so_far(out).mean("draw").where(known)
        frame = xr.Dataset(table).to_dataframe(dim_order=["scheme", "year"]).reset_index()
        return frame.dropna(subset=["deficit"]).reset_index(drop=True)

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each path, scheme and year."""
        return self.paths[list(STOCHASTIC_VARIABLES)].to_dataframe(dim_order=["draw", "scheme", "year"]).reset_index()

    def summary(self) -> pd.DataFrame:
        """Return median and 80 % interval of the months payable, and the chances of trouble, every fifth year."""
        fan = self.fan(quantiles=(0.1, 0.5, 0.9))
        both = fan.merge(self.probabilities(), on=["scheme", "year"])
        first = int(both["year"].min())
        return both[(both["year"] % 5 == 0) | (both["year"] == first)].reset_index(drop=True)

    def __repr__(self) -> str:
        years = self.paths["year"].to_numpy()
        return f"<StochasticRun of {self.region}, {self.scenario}: {self.draws:,} draws, {years[0]}-{years[-1]}>"

    def _repr_html_(self) -> str:
        note = ", made-up data" if self.synthetic else ""
        table = self.summary().to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep="")
        return f"<p>{self!r}<br><small>fingerprint {self.fingerprint[:12]}{note}</small></p>".replace(
            "<StochasticRun", "StochasticRun", 1
        ).replace("><br>", "<br>", 1) + str(table)


def _so_far(event: xr.DataArray) -> xr.DataArray:
    return event.copy(data=np.maximum.accumulate(event.transpose(..., "year").to_numpy(), axis=-1))


def run_stochastic(
    run: Run,
    draws: int = 1000,
    *,
    seed: int = 0,
    scenario: str | None = None,
    paths: PopulationPaths | None = None,
    drivers: xr.Dataset | None = None,
    people: bool = True,
    threads: int | None = None,
) -> StochasticRun:
    r"""Run many paths through the model of a run.

    Drawn people carry their members to each year-end in one compiled loop; persons by status and weighted uses of each
    benefit are kept, no ages. Their ratio to those of the run's own people moves the exposure of each quarter,

    .. math:: X_{d,q} = X_q \left[(1 - s) \rho_{d,y-1} + s \rho_{d,y}\right], \qquad
        \rho_{d,y} = \frac{W_{d,y}}{W_y}

    with the share :math:`s` of the year that has passed, so that a draw with the run's own people is the run itself.
    Draws go through the recursion in chunks: memory does not grow with their number but for the year-ends kept.

    Parameters
    ----------
    run : Run
        A run under the scenario; its horizon is that of the paths.
    draws : int
        Number of paths. More with the same seed begin with the same ones.
    seed : int
        Root seed of the people.
    scenario : str, optional
        Scenario of the run; its first when left out.
    paths : PopulationPaths, optional
        Drawn people; drawn around the run's own when left out.
    drivers : Dataset, dims among (draw, scenario, year), optional
        Draws of assumptions by their keys (:mod:`actuary.drivers`), such as a forecast's; as many as `draws`.
    people : bool
        Whether people are drawn; without, only the drivers are.
    threads : int, optional
        Threads; all cores when left out. The result does not depend on it.

    Returns
    -------
    StochasticRun

    Raises
    ------
    UnknownNameError
        When drivers do not obey the contract.
    TableError
        When there are no draws, their numbers differ, or people are in five-year groups.
    PeriodError
        When there is no whole year.

    Examples
    --------
    >>> from actuary.fund.model.face import load_model
    >>> few = run_stochastic(load_model("national").project(to="2030Q4"), 20, seed=1)
    >>> few.draws, few.paths["payable_months"].dims
    (20, ('draw', 'scheme', 'year'))
    """
    if draws < 1:
        raise TableError(Problem("draws", str(draws), "1 or more"))
    chosen = scenario or run.scenarios[0]
    projection = run.projection
    quarters = list(quarter_range(projection.base_quarter + 1, projection.horizon))
    count = len(quarters) // QUARTERS_A_YEAR
    if not count:
        raise PeriodError(Problem("to", str(projection.horizon), "at least one whole year"))
    quarters = quarters[: count * QUARTERS_A_YEAR]
    if drivers is not None:
        check_driver_draws(drivers)
        given = drivers.sizes.get("draw", draws)
        if given != draws:
            raise TableError(Problem("drivers", f"{given} draws", f"{draws}, as many as paths of people"))
    inputs = one_scenario(projection.inputs, chosen)
    exposure = one_exposure(projection.exposure, chosen, [str(quarter) for quarter in quarters])
    drawn: PopulationPaths | None = None
    ratios: xr.Dataset | None = None
    if people:
        drawn = paths or draw_population_paths(
            run.members[chosen].population.inputs, draws, seed=seed, models=run.model.models
        )
        if drawn.draws != draws:
            raise TableError(Problem("paths", f"{drawn.draws} draws", f"{draws}, as asked for"))
        ratios = _ratios(run, chosen, drawn, quarters=quarters, threads=threads)
    years = [quarter.year for quarter in quarters[QUARTERS_A_YEAR - 1 :: QUARTERS_A_YEAR]]
    held = {name: np.empty((draws, len(_SCHEMES), count)) for name in STOCHASTIC_VARIABLES}
    basis = run.model.assumptions

    def work(first: int) -> None:
        part = slice(first, min(first + _CHUNK, draws))
        moved = exposure if ratios is None else _moved(exposure, ratios.isel(draw=part), quarters)
        own = inputs
        if drivers is not None:
            cut = drivers.isel(draw=part) if "draw" in drivers.dims else drivers
            cut = cut.sel(scenario=chosen, drop=True) if "scenario" in cut.dims else cut
            own = replace(inputs, drivers=lay_driver_draws(inputs.drivers, cut, basis=basis))
        found, _ = project_finance(own, moved, quarters)
        for name, values in _year_ends(found, part.stop - part.start).items():
            held[name][part] = values

    with worker_threads(threads) as pool:
        list(pool.map(work, range(0, draws, _CHUNK)))
    data: dict[str, tuple[tuple[str, ...], FloatArray, dict[str, str]]] = {
        name: (("draw", "scheme", "year"), held[name], {"unit": unit}) for name, unit in STOCHASTIC_VARIABLES.items()
    }
    if ratios is not None:
        data["dependency_ratio"] = (("draw", "year"), ratios["dependency_ratio"].to_numpy()[:, 1:], {"unit": "ratio"})
    mark = {
        "run": projection.fingerprint,
        "scenario": chosen,
        "people": drawn.fingerprint if drawn is not None else None,
        "drivers": None
        if drivers is None
        else {str(k): v.to_numpy().tobytes().hex()[:4096] for k, v in drivers.items()},
    }
    return StochasticRun(
        region=projection.region,
        scenario=chosen,
        paths=xr.Dataset(data, coords={"draw": np.arange(draws), "scheme": list(_SCHEMES), "year": years}),
        seed=seed if people else None,
        fingerprint=fingerprint(mark),
        synthetic=projection.synthetic,
    )


def one_scenario(inputs: FinanceInputs, scenario: str) -> FinanceInputs:
    """Return the inputs of one scenario, without a scenario dim."""
    calibration = inputs.calibration
    arrays: dict[str, Any] = {
        name: value.sel(scenario=scenario, drop=True)
        for name, value in vars(calibration).items()
        if isinstance(value, xr.DataArray) and "scenario" in value.dims
    }
    levers: dict[str, Any] = {
        name: value.sel(scenario=scenario, drop=True)
        for name, value in vars(inputs.levers).items()
        if isinstance(value, xr.DataArray) and "scenario" in value.dims
    }
    return replace(
        inputs,
        drivers=inputs.drivers.sel(scenario=scenario, drop=True),
        calibration=replace(calibration, **arrays),
        levers=replace(inputs.levers, **levers),
    )


def one_exposure(exposure: Exposure, scenario: str, labels: Sequence[str]) -> Exposure:
    """Return the exposure of one scenario and some quarters, without a scenario dim."""

    def cut(value: xr.DataArray) -> xr.DataArray:
        value = value.sel(quarter=list(labels))
        return value.sel(scenario=scenario, drop=True) if "scenario" in value.dims else value

    return Exposure(cut(exposure.average), cut(exposure.closing), cut(exposure.uses), cut(exposure.weighted))


def _ratios(
    run: Run, scenario: str, drawn: PopulationPaths, *, quarters: Sequence[Quarter], threads: int | None
) -> xr.Dataset:
    """Return, for each year-end from the base on, drawn people over the run's own: by status and by weighted use."""
    weights = run.projection.inputs.calibration.weights["weighted"].transpose(
        "scheme", "benefit", "status", "sex", "age"
    )
    flat = weights.to_numpy().reshape(-1, *weights.shape[2:])
    # Benefits of one age shape move together: each shape is carried once.
    total = flat.reshape(len(flat), -1).sum(axis=1)
    shapes: dict[bytes, int] = {}
    place = np.full(len(flat), -1)
    for number in np.flatnonzero(total > 0):
        key = np.round(flat[number] / total[number], 14).tobytes()
        place[number] = shapes.setdefault(key, len(shapes))
    first_of = {shape: int(np.flatnonzero(place == shape)[0]) for shape in range(len(shapes))}
    profiles = {f"shape {shape}": flat[number] for shape, number in first_of.items()}
    rules = run.model.membership_rules(scenario)
    found = run_membership_paths(drawn, rules, weights=profiles, threads=threads)
    members = run.members[scenario]
    years = [quarters[0].year - 1, *(quarter.year for quarter in quarters if quarter.number == QUARTERS_A_YEAR)]
    found = found.sel(year=years)
    own = members.year_ends().sel(year=years)
    persons = own.sum(("sex", "age")).to_numpy()
    by_status = np.ones((drawn.draws, len(STATUS_NAMES), len(years)))
    np.divide(found["persons"].to_numpy(), persons, out=by_status, where=persons > 0)
    stocks = own.to_numpy().reshape(-1, len(years))
    by_use = np.ones((drawn.draws, len(flat), len(years)))
    for shape, row in first_of.items():
        base = flat[row].reshape(1, -1) @ stocks
        moved = found["weighted"].to_numpy()[:, shape] / np.where(base > 0, base, 1.0)
        by_use[:, place == shape] = moved[:, None]
    births = _births_ratio(run, scenario, drawn, years=years)
    shaped = by_use.reshape(drawn.draws, len(MODEL_SCHEMES), len(BENEFITS), len(years))
    return xr.Dataset(
        {
            "by_status": (("draw", "status", "year"), by_status),
            "by_use": (("draw", "scheme", "benefit", "year"), shaped),
            "births": (("draw", "year"), births),
            "dependency_ratio": (("draw", "year"), found["dependency_ratio"].to_numpy()),
        },
        coords={"status": list(STATUS_NAMES), "scheme": list(MODEL_SCHEMES), "benefit": list(BENEFITS), "year": years},
    )


def _births_ratio(run: Run, scenario: str, drawn: PopulationPaths, *, years: Sequence[int]) -> FloatArray:
    """Return drawn births over the run's own: maternity follows births, whoever the mothers are."""
    from actuary.demography.stochastic import run_population_paths  # noqa: PLC0415 (only here)

    own = run.members[scenario].population
    births = own.births.sum("sex") if "sex" in own.births.dims else own.births
    everyone = {"people": np.ones((2, len(drawn.inputs.ages)))}
    found = run_population_paths(drawn, weights=everyone)["births"]
    known = [year for year in years if year in births["year"].to_numpy()]
    ratio = np.ones((drawn.draws, len(years)))
    places = [list(years).index(year) for year in known]
    ratio[:, places] = found.sel(year=known).to_numpy() / births.sel(year=known).to_numpy()
    return ratio


def _moved(exposure: Exposure, ratios: xr.Dataset, quarters: Sequence[Quarter]) -> Exposure:
    """Move the exposure of each quarter by the drawn ratio between its two year-ends."""
    end = np.array([(quarter.number) / QUARTERS_A_YEAR for quarter in quarters])
    row = np.array([quarter.year - quarters[0].year for quarter in quarters])
    labels = [str(quarter) for quarter in quarters]

    def at(name: str, share: FloatArray) -> xr.DataArray:
        held = ratios[name].transpose(..., "year").to_numpy()
        values = (1 - share) * held[..., row] + share * held[..., row + 1]
        dims = [dim for dim in ratios[name].dims if dim != "year"]
        coords = {dim: ratios[dim] for dim in dims if dim in ratios.coords}
        return xr.DataArray(values, dims=(*dims, "quarter"), coords={**coords, "quarter": labels})

    middle = end - 0.5 / QUARTERS_A_YEAR
    uses = at("by_use", middle)
    # Births are those of the year itself, no stock between two year-ends.
    mothers = uses["benefit"] == "maternity"
    uses = uses.where(~mothers, at("births", np.ones(len(labels)))).transpose(*uses.dims)
    status = at("by_status", middle)
    return Exposure(
        average=status * exposure.average,
        closing=at("by_status", end) * exposure.closing,
        uses=uses * exposure.uses,
        weighted=uses * exposure.weighted,
    )


def _year_ends(found: xr.Dataset, draws: int) -> dict[str, FloatArray]:
    """Return what is kept of a chunk: shape (draw, all + schemes, year)."""

    def laid(name: str) -> FloatArray:
        values = found[name]
        lead = ("draw",) if "draw" in values.dims else ()
        array = values.transpose(*lead, "scheme", "quarter").to_numpy()
        whole: FloatArray = np.broadcast_to(array, (draws, *array.shape[-2:]))
        return whole

    def with_all(values: FloatArray) -> FloatArray:
        return np.concatenate([values.sum(axis=1, keepdims=True), values], axis=1)

    last = slice(QUARTERS_A_YEAR - 1, None, QUARTERS_A_YEAR)
    balance = with_all(laid("pooled_balance_end_yuan")[..., last])
    shape = (draws, len(MODEL_SCHEMES), -1, QUARTERS_A_YEAR)
    spent = with_all(laid("pooled_expenditure_yuan").reshape(shape).sum(axis=-1))
    income = with_all(laid("pooled_income_yuan").reshape(shape).sum(axis=-1))
    months = np.full(balance.shape, np.nan)
    np.divide(balance, spent / 12.0, out=months, where=spent > 0)
    return {
        "payable_months": np.maximum(months, 0.0),
        "pooled_balance_end_yuan": balance,
        "year_pooled_income_yuan": income,
        "year_pooled_expenditure_yuan": spent,
    }
