"""Why income and spending of a scheme changed over the last year, from what is published of it, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from actuary.errors import ActuaryError
from actuary.fund import FundProjection
from actuary.fund.causes import Decomposition, FlowEffect, GroupFigures, decompose_change
from actuary.periods import Quarter

__all__ = ["FLOWS", "FlowCauses", "describe_causes", "explain_members", "explain_year"]

#: Flows that are explained, and their names.
FLOWS: dict[str, tuple[str, str]] = {"expenditure": ("支出", "spending"), "income": ("收入", "income")}

_QUARTERS_A_YEAR = 4
_HUNDRED_MILLION, _BILLION = 1e8, 1e9
_FACTORS: dict[str, tuple[str, str]] = {
    "members": ("参保人数（数量）", "members (volume)"),
    "mix": ("险种构成（结构）", "mix of schemes (structure)"),
    "use": ("人均就诊次数（数量）", "visits per member (volume)"),
    "cost_per_use": ("次均费用（价格）", "cost per visit (price)"),
    "share_paid": ("基金支付比例（政策）", "share the fund pays (policy)"),
    "standard": ("筹资标准（政策）", "funding standard (policy)"),
    "rate_to_standard": ("标准外的人均收入（价格）", "income per member beside the standard (price)"),
    "per_member": ("人均额（使用、价格、政策不可分）", "amount per member (use, price and policy not separable)"),
    "cost_and_share": (
        "次均基金支付（价格与支付比例不可分）",
        "fund payment per visit (price and share paid not separable)",
    ),
    "everything": ("全部变化不可分", "the whole change, not separable"),
}
#: What keeps the amount a member of an income together.
_OF_INCOME = ("人均额（缴费基数、费率与征缴不可分）", "amount per member (base, rate and collection not separable)")
_MISSING: dict[str, tuple[str, str]] = {
    "members": ("参保人数", "members"),
    "uses": ("就诊人次", "visits"),
    "cost": ("医疗总费用", "total medical cost"),
}


@dataclass(frozen=True, slots=True)
class FlowCauses:
    """Hold the causes of the change of one flow within a year.

    Parameters
    ----------
    flow : str
        ``expenditure`` or ``income``.
    end : Quarter
        End of the later year.
    found : Decomposition
        The parts, which add up to the change.
    """

    flow: str
    end: Quarter
    found: Decomposition


def explain_year(
    projection: FundProjection, scheme: str, end: Quarter, *, models: Path | None = None
) -> tuple[FlowCauses, ...]:
    """Split the change of income and spending of a scheme between two years by cause.

    Parameters
    ----------
    projection : FundProjection
        Its history.
    scheme : str
        The scheme; all schemes together are split by scheme too.
    end : Quarter
        End of the later year; the earlier one ends four quarters before.
    models : Path, optional
        Folder of the declared one-offs and standards.

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> projection = project_fund("city_panel", "2022Q4", scenarios=("base",))
    >>> spending, income = explain_year(projection, "resident", Quarter(2022, 4))
    >>> {cause: round(amount / 1e8, 1) for cause, amount in spending.found.by_cause().items()}
    {'volume': -0.7, 'not_separable': 9.8}
    """
    found = []
    for flow in FLOWS:
        parts = ("employee", "resident") if scheme == "all" else (scheme,)
        before, after = (_groups(projection, parts, flow, one, models) for one in (end + -_QUARTERS_A_YEAR, end))
        if before is None or after is None:
            continue
        effects = _effects(projection, parts, flow, end, models)
        found.append(FlowCauses(flow, end, decompose_change(before, after, effects=effects)))
    return tuple(found)


def _at(projection: FundProjection, scheme: str, name: str, quarter: Quarter) -> float:
    paths = projection.paths
    labels = paths["quarter"].to_numpy()
    if name not in paths or scheme not in projection.schemes or str(quarter) not in labels:
        return math.nan
    row = projection.schemes.index(scheme)
    return float(paths[name].isel(scenario=0, scheme=row).to_numpy()[int(np.flatnonzero(labels == str(quarter))[0])])


def _groups(
    projection: FundProjection, schemes: Sequence[str], flow: str, end: Quarter, models: Path | None
) -> dict[str, GroupFigures] | None:
    """Return the figures of every scheme in the year up to a quarter, or None where a flow is not known."""
    found = {}
    for scheme in schemes:
        fund = projection.fund_prefix(scheme)
        total = _at(projection, scheme, f"year_{fund}{flow}_yuan", end)
        if not math.isfinite(total):
            return None
        ends = [_at(projection, scheme, "enrolled_persons", one) for one in (end + -_QUARTERS_A_YEAR, end)]
        members = float(np.mean(ends)) if math.isfinite(sum(ends)) else ends[1]
        uses = cost = standard = None
        # Visits and what they cost are of the whole scheme: beside a pool that pays part of them they say nothing.
        whole = end.number == _QUARTERS_A_YEAR and (scheme == "resident" or fund == "")
        if whole and flow == "expenditure":
            figures = projection.facts.figures
            uses = figures.value(scheme, "benefit_visits", end.year)
            cost = figures.value(scheme, "medical_cost_total", end.year)
        elif whole and scheme == "resident":
            standard = _standard(projection.region, end.year, models)
        found[scheme] = GroupFigures(total, members if math.isfinite(members) else None, uses, cost, standard)
    return found


@lru_cache(maxsize=256)
def _standard(region: str, year: int, models: Path | None) -> float | None:
    """Return what premium and subsidy of a resident come to by the rules of a year [yuan], None where not declared."""
    import datetime as dt  # noqa: PLC0415

    from actuary.policy import load_policy_book  # noqa: PLC0415

    view = load_policy_book(region, root=models).on(dt.date(year, 1, 1))
    try:
        return float(view["resident.premium_per_head"]) + float(view["resident.subsidy_per_head"])
    except (ActuaryError, KeyError, TypeError, ValueError):
        return None


def _effects(
    projection: FundProjection, schemes: Sequence[str], flow: str, end: Quarter, models: Path | None
) -> tuple[FlowEffect, ...]:
    """Return the declared one-offs of either year whose size is published."""
    if end.number != _QUARTERS_A_YEAR:
        return ()
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415  (loads the numerical libraries)

    found = []
    for one in load_fund_spec(models=models).intervention:
        if one.region != projection.region or one.scheme not in schemes or one.indicator != flow:
            continue
        size = projection.facts.figures.value(one.scheme, one.fact, one.year)
        if size is None:
            size = _published(projection, one.scheme, one.fact, one.year)
        if size is None or one.year not in (end.year - 1, end.year):
            continue
        # What is put back into a history was taken away from the flow.
        taken = -one.sign * size
        before, after = (taken if one.year == year else 0.0 for year in (end.year - 1, end.year))
        found.append(FlowEffect("one_off", one.name_zh, one.name_en, before, after))
    return tuple(found)


def _published(projection: FundProjection, scheme: str, indicator: str, year: int) -> float | None:
    rows = projection.facts.chosen
    if rows.empty:
        return None
    mine = rows[rows["scheme"].eq(scheme) & rows["indicator"].eq(indicator) & rows["period"].eq(str(year))]
    return float(mine["value"].iloc[0]) if len(mine) else None


def explain_members(projection: FundProjection, end: Quarter) -> tuple[str, str]:
    """Say how active and retired members of the employee scheme changed within a year, in Chinese and English.

    Parameters
    ----------
    projection : FundProjection
        Its history.
    end : Quarter
        End of the year.
    """
    grown = []
    for name in ("active_persons", "retired_persons"):
        first, last = (_at(projection, "employee", name, one) for one in (end + -_QUARTERS_A_YEAR, end))
        grown.append(last / first - 1 if first else math.nan)
    if not all(math.isfinite(one) for one in grown):
        return "一年前的在职、退休人数未公布，变化原因不可分", "a year before, members are not published: not separable"
    active, retired = (f"{100 * one:+.1f}%".replace("-", "\N{MINUS SIGN}") for one in grown)
    return (
        f"一年来在职职工{active}，退休人员{retired}（结构）",
        f"within a year active members {active}, retired members {retired} (structure)",
    )


def describe_causes(causes: Sequence[FlowCauses]) -> tuple[str, str]:
    """Say what made flows change, in Chinese and English; the parts add up to the change.

    Parameters
    ----------
    causes : sequence of FlowCauses
        See :func:`explain_year`.
    """
    if not causes:
        return (
            "两年的收支未全部公布，变化原因不可分",
            "the flows of both years are not published: causes not separable",
        )
    said = [_describe(one, lang) for lang in (0, 1) for one in causes]
    half = len(causes)
    return "；".join(said[:half]), "; ".join(said[half:])


def _describe(causes: FlowCauses, lang: int) -> str:
    found = causes.found
    scale, unit = ((_HUNDRED_MILLION, "亿元"), (_BILLION, " bn yuan"))[lang]
    digits = 1 if lang == 0 else 2

    def money(amount: float) -> str:
        return f"{amount / scale:+,.{digits}f}".replace("-", "\N{MINUS SIGN}") + unit

    factors = _FACTORS | ({"per_member": _OF_INCOME} if causes.flow == "income" else {})
    names = [(part.name_zh, part.name_en)[lang] or factors[part.factor][lang] for part in found.parts]
    parts = [
        f"{name}{' ' if lang else ''}{money(part.amount_yuan)}" for part, name in zip(found.parts, names, strict=True)
    ]
    grown = 100 * found.change_yuan / found.before_yuan if found.before_yuan else math.nan
    percent = f"{grown:+.1f}%".replace("-", "\N{MINUS SIGN}")
    # What an income lacks is told with its factor.
    missing = [_MISSING[one][lang] for one in found.missing if causes.flow != "income" or one == "members"]
    if lang == 0:
        lack = f"（未公布{'、'.join(missing)}）" if missing else ""
        return f"{FLOWS[causes.flow][0]}比上年{money(found.change_yuan)}（{percent}）：{'，'.join(parts)}{lack}"
    lack = f" (no figures of {', '.join(missing)})" if missing else ""
    head = f"{FLOWS[causes.flow][1]} {money(found.change_yuan)} on the year before ({percent})"
    return f"{head}: {', '.join(parts)}{lack}"
