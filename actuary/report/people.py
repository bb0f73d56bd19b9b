"""What the people-driven model says for a report: scenarios, single assumptions, drawn paths, births and their cost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from actuary.errors import PeriodError
from actuary.paths import data_root, models_root
from actuary.periods import Quarter
from actuary.seeds import stream

if TYPE_CHECKING:
    from actuary.fund.model.back_test import BackTest
    from actuary.fund.model.face import Model
    from actuary.fund.model.run import Run
    from actuary.fund.model.sensitivity import Range, Sensitivity
    from actuary.fund.model.stochastic_run import StochasticRun
    from actuary.fund.modules import BirthPolicyCosts
    from actuary.policy.report_plans import PeoplePages

__all__ = ["PeoplePart", "drawn_assumptions", "look_at_people"]

_BASE = "base"
#: Drawn assumptions are those that act by adding; members and people have draws of their own.
_ADDED = "add"
_KEPT = 4


@dataclass(frozen=True)
class PeoplePart:
    """Hold what the people-driven model says of a region.

    Parameters
    ----------
    pages : PeoplePages
        What the report plan asks for.
    model : Model
        The model of the region; it lists what is missing.
    late : int or None
        Base year of the model where it lies after the report quarter: the model knows what the report cannot.
    no_season : bool
        Whether no year is published by quarter, so that years cannot be parted into quarters.
    run : Run or None
        Base and scenarios; None where the model cannot be run.
    far : Run or None
        The base to the distant horizon.
    sensitivity : Sensitivity or None
        Single assumptions.
    mixed, people_only : StochasticRun or None
        Paths with drawn people and assumptions, and with drawn people alone; None where people are in wide groups.
    drawn : Dataset or None
        Births of every drawn path, and how many people have reached each declared age, dims (draw, year[, group]).
    costs : BirthPolicyCosts or None
        What birth policies cost.
    back_test : BackTest or None
        The model held against history; None where the plan does not ask for it, or figures do not reach back so far.
    """

    pages: PeoplePages
    model: Model
    late: int | None = None
    no_season: bool = False
    run: Run | None = None
    far: Run | None = None
    sensitivity: Sensitivity | None = None
    mixed: StochasticRun | None = None
    people_only: StochasticRun | None = None
    drawn: xr.Dataset | None = None
    costs: BirthPolicyCosts | None = None
    back_test: BackTest | None = None

    @property
    def schemes(self) -> tuple[str, ...]:
        """Schemes that are projected."""
        return () if self.run is None else self.run.projection.projected_schemes

    @property
    def base_year(self) -> int:
        """Base year of the model."""
        return int(self.model.base_quarter.year)

    def years(self, *, last: int | None = None) -> list[int]:
        """Return the base year, the first projected one, and every so many years up to the horizon."""
        if self.run is None:
            return []
        end = last or self.run.projection.horizon.year
        apart = self.pages.years_apart
        rest = [year for year in range(self.base_year + 1, end + 1) if year % apart == 0]
        return sorted({self.base_year, *rest, end})

    def known(self, names: Sequence[str]) -> list[str]:
        """Return the scenarios of a list that this model has, in their order."""
        return [] if self.run is None else [name for name in names if name in self.run.scenarios]


_SEEN: dict[tuple[Any, ...], PeoplePart] = {}


def look_at_people(
    region: str, quarter: Quarter, pages: PeoplePages, *, models: Path | None = None, data: Path | None = None
) -> PeoplePart:
    """Run the people-driven model of a region for a report.

    Both languages of a report, and reports of neighbouring quarters, rest on the same runs: within a process they are
    kept while no file of rules or figures changes.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        Report quarter.
    pages : PeoplePages
        What the report plan asks for.
    models, data : Path, optional
        Folders.

    Raises
    ------
    DeclarationError, UnknownNameError, TableError, PeriodError
        When a declaration or a table is not what it should be.

    Examples
    --------
    >>> from actuary.policy import load_report_plan
    >>> pages = load_report_plan().people
    >>> look_at_people("shenyang", Quarter(2024, 4), pages).run is None
    True
    """
    from actuary.fund.model.face import load_model  # noqa: PLC0415 - loads the model
    from actuary.fund.model.projection import NoSeasonError  # noqa: PLC0415

    roots = (models or models_root(), data or data_root())
    key = (region, str(quarter), pages.model_dump_json(), *(str(root) for root in roots), *map(_state, roots))
    if key in _SEEN:
        return _SEEN[key]
    model = load_model(region, models=models, data=data)
    found = PeoplePart(pages, model)
    if not model.needed:
        base = model.base_quarter
        try:
            found = PeoplePart(pages, model, late=base.year) if base > quarter else _run(model, pages, data)
        except NoSeasonError:
            found = PeoplePart(pages, model, no_season=True)
    while len(_SEEN) >= _KEPT:
        _SEEN.pop(next(iter(_SEEN)))
    _SEEN[key] = found
    return found


def _state(root: Path) -> str:
    """Return a hash of all files under a folder: what a part kept in this process rests on."""
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.*")):
        if path.is_file():
            content = path.read_bytes()
            found.update(f"{path.relative_to(root)} {len(content)} ".encode() + content)
    return found.hexdigest()


def _test_back(model: Model, pages: PeoplePages, data: Path | None) -> BackTest | None:
    from actuary.fund.model.back_test import back_test, load_back_test_rules  # noqa: PLC0415

    if pages.back_test_from is None or model.base is None or "employee" not in model.base.schemes:
        return None
    rules = load_back_test_rules(model.models)
    try:
        return back_test(model.region, pages.back_test_from, end=model.base_quarter.year, rules=rules, data=data)
    except PeriodError:
        return None  # the figures do not reach back so far


def _run(model: Model, pages: PeoplePages, data: Path | None) -> PeoplePart:
    from actuary.demography.stochastic import draw_population_paths, run_population_paths  # noqa: PLC0415
    from actuary.fund.model.sensitivity import load_ranges, run_sensitivity  # noqa: PLC0415
    from actuary.fund.model.stochastic_run import run_stochastic  # noqa: PLC0415
    from actuary.fund.modules import cost_birth_policies, module_view  # noqa: PLC0415

    names = [_BASE, *(name for name in pages.scenarios if name in model.scenarios)]
    run = model.project(to=pages.horizon, scenarios=names)
    far = run if pages.distant is None else model.project(to=pages.distant)
    ranges = load_ranges(model.region, root=model.models)
    tested = [one for one in ranges if not pages.sensitivity or one.key in pages.sensitivity]
    inputs = run.members[_BASE].population.inputs
    mixed = people_only = drawn = None
    if inputs.step == 1:
        paths = draw_population_paths(inputs, pages.draws, seed=pages.seed, models=model.models)
        base = model.project(to=pages.horizon)
        drivers = drawn_assumptions(base, ranges, pages.draws, seed=pages.seed, share=pages.range_share)
        if pages.people_alone:
            people_only = run_stochastic(base, pages.draws, seed=pages.seed, paths=paths)
        mixed = run_stochastic(base, pages.draws, seed=pages.seed, paths=paths, drivers=drivers)
        weights = {str(age): np.tile(inputs.ages >= age, (2, 1)).astype(float) for age in pages.ages}
        drawn = run_population_paths(paths, weights=weights)[["births", "population"]]
    return PeoplePart(
        pages=pages,
        model=model,
        run=run,
        far=far,
        sensitivity=run_sensitivity(model, at=pages.sensitivity_at, ranges=tested) if tested else None,
        mixed=mixed,
        people_only=people_only,
        drawn=drawn,
        costs=cost_birth_policies(module_view(far.projection)),
        back_test=_test_back(model, pages, data),
    )


def drawn_assumptions(run: Run, ranges: Sequence[Range], draws: int, *, seed: int, share: float) -> xr.Dataset:
    r"""Draw assumptions around the base: each leaves it by one amount, for good.

    A declared range from :math:`l` to :math:`h` around the base is read as the middle `share` of what may be,

    .. math:: x_d = x + z_d \cdot \frac{h}{q} \quad (z_d \ge 0), \qquad x_d = x - z_d \cdot \frac{l}{q} \quad (z_d < 0)

    with standard normal :math:`z_d` and :math:`q` its quantile at :math:`(1 + share) / 2`. Assumptions of the same name
    move together for both schemes, the others on their own.

    Parameters
    ----------
    run : Run
        The base; it says which years are projected.
    ranges : sequence of Range
        Declared ranges; those that do not add to an assumption of the funds are left out.
    draws : int
        Number of draws.
    seed : int
        Root seed.
    share : float
        Probability of the range [share].

    Returns
    -------
    Dataset, dims (draw, year)
        By the keys of the assumptions, within their declared bounds.

    Examples
    --------
    >>> from actuary.fund.model.face import load_model
    >>> from actuary.fund.model.sensitivity import load_ranges
    >>> run = load_model("national").project(to="2030Q4")
    >>> found = drawn_assumptions(run, load_ranges("national"), 50, seed=1, share=0.8)
    >>> found["employee.use_growth"].dims
    ('draw', 'year')
    """
    from actuary.fund.model.drivers import driver_variable, read_path  # noqa: PLC0415

    basis = run.model.assumptions
    first, last = run.projection.base_quarter.year + 1, run.projection.horizon.year
    scale = NormalDist().inv_cdf((1 + share) / 2)
    held: dict[str, tuple[tuple[str, str], Any]] = {}
    years = list(range(first, last + 1))
    for one in ranges:
        if one.operation != _ADDED or one.key not in basis or driver_variable(one.key) is None:
            continue
        normal = stream(seed, f"report/{one.key.partition('.')[2]}").standard_normal(draws)
        moved = np.where(normal >= 0, normal * one.high, -normal * one.low) / scale
        path = read_path(basis, one.key, [Quarter(year, 1) for year in years])
        act = np.array([year >= one.first_day.year for year in years])
        low, high = basis.parameter(one.key).bounds
        held[one.key] = (("draw", "year"), np.clip(path + moved[:, None] * act, low, high))
    return xr.Dataset(held, coords={"draw": np.arange(draws), "year": years})
