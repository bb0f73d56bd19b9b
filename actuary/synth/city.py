"""A synthetic city from a seed: parts of cases and their truth, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from actuary.drg.scheme import Scheme, load_scheme
from actuary.errors import DeclarationError, Problem, raise_all
from actuary.seeds import stream
from actuary.synth.anchors import Figure, find_figures
from actuary.synth.bills import draw_bills
from actuary.synth.misbehaviour import misbehave
from actuary.synth.plan import KINDS, load_plan
from actuary.synth.rows import case_rows, truth_rows
from actuary.synth.setting import Setting, build_setting
from actuary.synth.stays import LAST_DAY, Stays, draw_stays

__all__ = ["Part", "SyntheticCity", "synthesise_city"]

#: Stays that are drawn at once; part of the recipe, because each part has its own random streams.
PART = 250_000


@dataclass(frozen=True, slots=True)
class Part:
    """Hold some cases of a synthetic city and the truth behind them, row by row."""

    cases: pa.Table
    truth: pa.Table


@dataclass(frozen=True, eq=False)
class SyntheticCity:
    """Hold a synthetic city that is ready to be drawn.

    Parameters
    ----------
    city : str
        Region whose published figures shape it.
    cases : int
        How many cases it has.
    seed : int
        Root seed.
    setting : Setting
        Hospitals and case mix.
    scheme : Scheme
        The grouping scheme.
    figures : dict of str to Figure
        Published figures that shaped it.
    """

    city: str
    cases: int
    seed: int
    setting: Setting
    scheme: Scheme
    figures: dict[str, Figure]

    #: Always true.
    synthetic: bool = True

    def parts(self) -> Iterator[Part]:
        """Draw the city part by part; the same seed gives the same parts.

        Returns
        -------
        iterator of Part
            At most 250,000 cases each.
        """
        persons = 0
        for number, first in enumerate(range(0, self.cases, PART)):
            size = min(PART, self.cases - first)
            rng = stream(self.seed, f"synth/stays/{number}")
            # Some of those drawn are discharged in another year; what is too many is left out again.
            drawn = draw_stays(self.setting, size + size // 5 + 100, rng=rng)
            stays = _trim(misbehave(self.setting, drawn, chunk=number), size, rng)
            bills = draw_bills(self.setting, stays, rng=rng)
            cases = case_rows(self.setting, stays, bills, scheme=self.scheme, first=first, person_offset=persons)
            persons += int(stays.person.max()) + 1
            yield Part(cases, truth_rows(self.setting, stays, first=first))

    def hospitals(self) -> pd.DataFrame:
        """Return the hospitals: name, tier and that they are synthetic."""
        tiers = [self.setting.plan.hospitals.tiers[t] for t in self.setting.tier]
        return pd.DataFrame({"hospital": self.setting.hospitals, "tier": tiers, "synthetic": True})

    def honest(self) -> SyntheticCity:
        """Return the same city with nobody misbehaving, as a shape with ``misbehaviour.hospitals = 0`` gives it."""
        nobody = {kind: np.zeros_like(where) for kind, where in self.setting.misbehaving.items()}
        return replace(self, setting=replace(self.setting, misbehaving=nobody))

    def hospital_truth(self) -> pd.DataFrame:
        """Return where each kind of misbehaviour is found: one row a hospital and kind."""
        rows = [
            {"hospital": self.setting.hospitals[number], "kind": kind}
            for kind in KINDS
            for number in np.flatnonzero(self.setting.misbehaving[kind])
        ]
        return pd.DataFrame(rows, columns=["hospital", "kind"])

    def figure_table(self) -> pd.DataFrame:
        """Return the published figures that shaped the city, each with its source."""
        return pd.DataFrame(
            [
                {"name": f.name, "value": f.value, "unit": f.unit, "region": f.region, "period": f.period,
                 "source": f.source, "confidence": f.confidence}
                for f in self.figures.values()
            ]
        )  # fmt: skip


def _trim(stays: Stays, size: int, rng: np.random.Generator) -> Stays:
    """Keep the year's discharges, leave out honest ones at random until the number is right, put the rest in order."""
    discharge = stays.admission + stays.los_days
    stays = stays.take((discharge >= 0) & (discharge <= LAST_DAY))
    surplus = len(stays) - size
    if surplus > 0:
        # In a very small city there may be fewer honest stays than are too many: then others go as well.
        honest = rng.permutation(np.flatnonzero(stays.kind == 0))
        others = rng.permutation(np.flatnonzero(stays.kind != 0))
        keep = np.ones(len(stays), dtype=np.bool_)
        keep[np.concatenate([honest, others])[:surplus]] = False
        stays = stays.take(keep)
    return stays.take(np.argsort(stays.admission + stays.los_days, kind="stable"))


def synthesise_city(
    city: str = "shenyang", *, cases: int = 200_000, seed: int = 1, plan: Path | None = None, data: Path | None = None
) -> SyntheticCity:
    """Prepare a synthetic city shaped by the published figures of a real one.

    Insured, admission rates, cost and length of stay are published; hospitals, case mix, spread and misbehaviour are
    judgement, declared in models/synth/. Nothing in it is about a real hospital or a real patient.

    Parameters
    ----------
    city : str
        Region whose published figures are used.
    cases : int
        Stays in the year.
    seed : int
        Root seed: the same seed gives the same city.
    plan : Path, optional
        Another declared shape.
    data : Path, optional
        Folder of the tables.

    Returns
    -------
    SyntheticCity
        Draw it with :meth:`SyntheticCity.parts`.

    Raises
    ------
    DeclarationError
        When `cases` or `seed` is out of range, or the shape is not valid.
    TableError
        When a needed figure is not published.

    Examples
    --------
    >>> city = synthesise_city("shenyang", cases=1000, seed=1)
    >>> part = next(city.parts())
    >>> part.cases.num_rows, bool(city.synthetic)
    (1000, True)
    """
    problems = []
    if cases < 1:
        problems.append(Problem("--cases", str(cases), "at least 1"))
    if seed < 0:
        problems.append(Problem("--seed", str(seed), "0 or more"))
    raise_all(problems, DeclarationError)
    shape, costs = load_plan(plan)
    figures = find_figures(city, shape.anchors, data=data)
    scheme = load_scheme(shape.scheme)
    setting = build_setting(shape, costs, scheme, figures, seed=seed)
    return SyntheticCity(city=city, cases=cases, seed=seed, setting=setting, scheme=scheme, figures=figures)
