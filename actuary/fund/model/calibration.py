"""The levels at which the model gives back the figures of its base year, and how far each declared one was moved."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.fund.model.base_year import GROUPS, MODEL_SCHEMES, BaseYear
from actuary.fund.model.calibration_income import COLUMNS, calibrate_funding, calibrate_wage, table_row
from actuary.fund.model.exposure import lay_profiles
from actuary.fund.seasons import Profile
from actuary.periods import Quarter, quarter_range
from actuary.policy import BENEFITS, FinanceModel

__all__ = ["Calibration", "calibrate", "calibrate_again"]


@dataclass(frozen=True)
class Calibration:
    """Hold the levels of the base year.

    Parameters
    ----------
    year : int
        Base year.
    weights : mapping
        ``"use" | "weighted" -> DataArray, dims (scheme, benefit, status, sex, age)``: uses a person a year, and uses
        weighted with the relative price at each age, for :func:`actuary.fund.model.exposure.measure_exposure`.
    price : DataArray, dims (scheme, benefit)
        Price of a use [yuan].
    within_policy_share, fund_share : DataArray, dims (scheme, benefit)
        Shares [share].
    level_factor : DataArray, dims (scheme, benefit)
        Factor that makes the scheme's spending come out [ratio].
    base_weighted : DataArray, dims (scheme, benefit)
        Weighted uses of the base year [uses a year].
    average_wage : DataArray, dims (scenario)
        Average wage of the base year [yuan a year].
    collection_factor, account_factor, account_spending_factor, funding_factor : DataArray, dims (scenario)
        Factors on contributions, on what goes to accounts, on account spending and on residents' funding [ratio].
    retiree_credit : DataArray, dims (scenario)
        Credit to each retired member's account, fixed for good [yuan a year].
    subsidy_season : tuple of four floats
        Share of the residents' subsidy in each quarter; empty without residents.
    table : DataFrame
        Every factor and level: scheme, name, declared, factor, value, unit, note_zh, note_en.
    """

    year: int
    weights: Mapping[str, xr.DataArray]
    price: xr.DataArray
    within_policy_share: xr.DataArray
    fund_share: xr.DataArray
    level_factor: xr.DataArray
    base_weighted: xr.DataArray
    average_wage: xr.DataArray
    collection_factor: xr.DataArray
    account_factor: xr.DataArray
    account_spending_factor: xr.DataArray
    funding_factor: xr.DataArray
    retiree_credit: xr.DataArray
    subsidy_season: tuple[float, ...]
    table: pd.DataFrame

    @property
    def unit_cost(self) -> xr.DataArray:
        """What the fund pays for a weighted use at base-year prices, dims (scheme, benefit) [yuan]."""
        return self.price * self.within_policy_share * self.fund_share * self.level_factor


def calibrate(
    model: FinanceModel,
    base: BaseYear,
    drivers: xr.Dataset,
    structure: xr.DataArray,
    *,
    seasons: Mapping[tuple[str, str], Profile],
) -> Calibration:
    r"""Find the levels of the base year.

    Use: the profile is moved so that the declared mean use of each group of statuses comes out. Price: the declared
    mean price of a use. Spending: benefits whose own total is published meet it; the others are moved by one factor a
    scheme so that all of them add up to what the scheme spent,

    .. math:: k = \frac{E - \sum_{\text{published}} E_b}{\sum_{\text{others}} S_b}.

    Income: with contributions of :math:`A_p` and :math:`A_a` to pool and accounts for each yuan of average wage,
    average wage :math:`W`, credit to each retired member :math:`c` and interest :math:`I`,

    .. math:: A_p W - c R + I_p = F_p, \qquad A_a W + c R + I_a = F_a.

    Where own contributions alone exceed the accounts' income there is no credit, and a factor lowers what goes to the
    accounts.

    Parameters
    ----------
    model : FinanceModel
        Declaration.
    base : BaseYear
        Figures of the base year.
    drivers : Dataset
        Drivers that hold the four quarters of the base year.
    structure : DataArray, dims (status, sex, age)
        Average persons of the base year; only their make-up within each published group counts.
    seasons : mapping
        ``(scheme, "income" | "expenditure") -> four shares``.

    Raises
    ------
    DeclarationError
        When a group that uses a benefit has no person of an age that does.
    """
    people = scale_structure(structure, base)
    rows: list[dict[str, object]] = []
    weights, price = _calibrate_use(model, people, rows)
    weighted = (weights["weighted"] * people).sum(("status", "sex", "age"))
    shares = {name: _shares(model, name) for name in ("within_policy_share", "fund_share")}
    level = _calibrate_spending(
        model, base, weighted * price * shares["within_policy_share"] * shares["fund_share"], rows
    )
    quarters = list(quarter_range(Quarter(base.year, 1), Quarter(base.year, 4)))
    now = drivers.sel(quarter=[str(quarter) for quarter in quarters])
    into = {scheme: _season(seasons, scheme, "income", now) for scheme in base.schemes}
    wage = calibrate_wage(model, base, now, people, into, rows)
    funding, course = calibrate_funding(model, base, now, into, rows)
    return Calibration(
        year=base.year,
        weights=weights,
        price=price,
        within_policy_share=shares["within_policy_share"],
        fund_share=shares["fund_share"],
        level_factor=level,
        base_weighted=weighted,
        **wage,
        funding_factor=funding,
        subsidy_season=course,
        table=pd.DataFrame(rows, columns=list(COLUMNS)),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What levels are found from: two that hold the same are one."""

    content: bytes
    given: Any = field(compare=False, repr=False)


@lru_cache(maxsize=8)
def _found(asked: _Asked) -> Calibration:
    model, base, drivers, structure, seasons = asked.given
    return calibrate(model, base, drivers, structure, seasons=seasons)


def calibrate_again(
    model: FinanceModel,
    base: BaseYear,
    drivers: xr.Dataset,
    structure: xr.DataArray,
    *,
    seasons: Mapping[tuple[str, str], Profile],
) -> Calibration:
    """Find the levels of the base year as :func:`calibrate` does, once for the same inputs.

    What is moved in later years leaves the base year as it is: a panel that asks again and again finds it here.

    Parameters
    ----------
    model, base, drivers, structure, seasons
        As :func:`calibrate`.

    Raises
    ------
    DeclarationError
        As :func:`calibrate`.
    """
    now = drivers.sel(quarter=[str(Quarter(base.year, number)) for number in range(1, 5)])
    content = pickle.dumps((model.fingerprint, base, now.to_dict(), structure.to_dict(), dict(seasons)))
    found = _found(_Asked(content, (model, base, now, structure, seasons)))
    return replace(found, table=found.table.copy())


def scale_structure(structure: xr.DataArray, base: BaseYear) -> xr.DataArray:
    """Scale the make-up of each published group to the average number of its members in the base year."""
    factor = xr.zeros_like(structure.isel(sex=0, age=0, drop=True))
    for group, (_, statuses) in GROUPS.items():
        held = float(structure.sel(status=list(statuses)).sum())
        if group in base.average and held > 0:
            factor.loc[{"status": list(statuses)}] = base.average[group] / held
    return structure * factor


def _season(seasons: Mapping[tuple[str, str], Profile], scheme: str, flow: str, now: xr.Dataset) -> xr.DataArray:
    return xr.DataArray(list(seasons[scheme, flow]), dims="quarter", coords={"quarter": now["quarter"]})


def _calibrate_use(
    model: FinanceModel, people: xr.DataArray, rows: list[dict[str, object]]
) -> tuple[dict[str, xr.DataArray], xr.DataArray]:
    use, relative = lay_profiles(model, people["age"].to_numpy())
    price = xr.DataArray(
        np.zeros((len(MODEL_SCHEMES), len(BENEFITS))),
        dims=("scheme", "benefit"),
        coords={"scheme": list(MODEL_SCHEMES), "benefit": list(BENEFITS)},
    )
    problems = []
    factor = xr.zeros_like(use.isel(sex=0, age=0, drop=True))
    for one in model.declared.benefit:
        if one.level == "none" or one.part_of is not None:
            continue
        parts = [
            p
            for p in model.declared.benefit
            if p.scheme == one.scheme and p.part_of and p.part_of.benefit == one.benefit
        ]
        rest = 1.0 - sum(p.part_of.share.value for p in parts if p.part_of)
        if not rest > 0:
            problems.append(Problem(f"{one.scheme} {one.benefit}", f"{1 - rest:g} of it in parts", "a share below 1"))
            continue
        mean_price = one.price.value if one.price else 0.0
        own_price = mean_price / (
            rest + sum(p.part_of.share.value * p.part_of.relative_price.value for p in parts if p.part_of)
        )
        price.loc[one.scheme, one.benefit] = own_price
        for level in one.use:
            members = people.sel(status=list(level.statuses))
            shape = use.sel(scheme=one.scheme, benefit=one.benefit, status=list(level.statuses))
            held, laid = float(members.sum()), float((members * shape).sum())
            if held > 0 and not laid > 0 and level.value > 0:
                where = f"{one.scheme} {one.benefit}, {', '.join(level.statuses)}"
                problems.append(
                    Problem(where, "no person of an age that uses it", "some", f"see the profile {one.profile}")
                )
                continue
            moved = level.value * held / laid if laid > 0 else 0.0
            factor.loc[one.scheme, one.benefit, list(level.statuses)] = moved * rest
            name = f"{one.benefit}: use of {', '.join(level.statuses)}"
            rows.append(
                table_row(
                    one.scheme, name, 1.0, moved, level.value, "uses a person a year", level.reason, level.reason_en
                )
            )
        for part in parts:
            if part.part_of is not None:
                share = part.part_of.share.value / rest
                factor.loc[one.scheme, part.benefit] = factor.sel(scheme=one.scheme, benefit=one.benefit) * share
                price.loc[one.scheme, part.benefit] = own_price * part.part_of.relative_price.value
    raise_all(problems, DeclarationError)
    weights = use * factor
    uses = (weights * people).sum(("status", "sex", "age"))
    mean_relative = (weights * relative * people).sum(("status", "sex", "age")) / uses.where(uses > 0, 1.0)
    weighted = weights * relative / mean_relative.where(mean_relative > 0, 1.0)
    return {"use": weights, "weighted": weighted}, price


def _shares(model: FinanceModel, name: str) -> xr.DataArray:
    rows = np.zeros((len(MODEL_SCHEMES), len(BENEFITS)))
    for one in model.declared.benefit:
        stated = getattr(one, name)
        if stated is not None:
            rows[MODEL_SCHEMES.index(one.scheme), BENEFITS.index(one.benefit)] = stated.value
    coords = {"scheme": list(MODEL_SCHEMES), "benefit": list(BENEFITS)}
    return xr.DataArray(rows, dims=("scheme", "benefit"), coords=coords)


def _calibrate_spending(
    model: FinanceModel, base: BaseYear, prior: xr.DataArray, rows: list[dict[str, object]]
) -> xr.DataArray:
    level = xr.ones_like(prior)
    for scheme in base.schemes:
        own = [one for one in model.declared.benefit if one.scheme == scheme]
        published = 0.0
        for one in own:
            if one.level == "published" and one.published_total_yuan is not None:
                total, found = one.published_total_yuan, float(prior.sel(scheme=scheme, benefit=one.benefit))
                level.loc[scheme, one.benefit] = total.value / found if found else 0.0
                published += total.value
                name = f"{one.benefit}: spending of the base year"
                rows.append(
                    table_row(
                        scheme,
                        name,
                        found,
                        total.value / found if found else 0.0,
                        total.value,
                        "yuan",
                        total.reason,
                        total.reason_en,
                    )
                )
        moved = [one.benefit for one in own if one.level == "scheme"]
        before = float(prior.sel(scheme=scheme, benefit=moved).sum())
        rest = base.flows[scheme, "pooled_expenditure"] - published
        if rest < 0 or not before > 0:
            where = f"{scheme}, spending of {base.year}"
            raise DeclarationError(
                Problem(where, f"{published:g} yuan of published benefits", "less than all that the pool spent")
            )
        level.loc[scheme, moved] = rest / before
        rows.append(
            table_row(
                scheme,
                f"{', '.join(moved)}: spending of the base year",
                before,
                rest / before,
                rest,
                "yuan",
                "使声明的使用、单价与支付比例合计等于公布的统筹支出（减去单列公布的待遇）",
                "Makes declared levels add up to the published pool spending less benefits published apart",
            )
        )
    return level
