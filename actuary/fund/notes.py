"""What a reader of a projection should know of how its figures came about, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from actuary.fund.assembly import SchemePaths
from actuary.fund.missing import SCHEME_NAMES, Note
from actuary.fund.sources import RegionFacts, SeasonalSource
from actuary.fund.variables import SCHEMES
from actuary.periods import Quarter
from actuary.policy import Region

__all__ = ["describe_notes"]


def describe_notes(
    published: RegionFacts,
    season: SeasonalSource,
    *,
    season_place: Region,
    report: Quarter,
    projections: Mapping[str, SchemePaths],
    months_basis: Mapping[str, str],
    laid_on_active: Mapping[str, bool],
) -> tuple[Note, ...]:
    """Say which seasons were used, where the valuation date lies, and what is not known apart.

    Parameters
    ----------
    published : RegionFacts
        The figures.
    season : SeasonalSource
        The seasons.
    season_place : Region
        Where the seasons come from.
    report : Quarter
        The report quarter.
    projections : mapping
        The projected schemes.
    months_basis : mapping
        ``scheme -> "pooled" or "undivided"``.
    laid_on_active : mapping
        ``scenario -> whether`` the accounts' income was laid on active members alone.
    """
    notes = []
    if season.profiles:
        years = [str(year) for year in season.years]
        notes.append(
            Note(
                f"季节分布取自{season_place.name('zh')}{'、'.join(years)}年公布的四个季度"
                + ("（晚于报告季度，因此前无完整年度）" if season.later else "")
                + ("，其中部分月份由次年公布的同比增速倒推" if season.calculated else "")
                + "；两个已公布累计数之间按其月度分布分摊，四个季度之和等于全年数，公布数与年度终值之差计入第四季度。",
                f"Seasons are those of the four published quarters of {season_place.name('en')}, {', '.join(years)}"
                + (" (later than the report quarter, for want of an earlier full year)" if season.later else "")
                + (", some months of which are calculated from published growth" if season.calculated else "")
                + "; between two published cumulative figures flows follow their months, quarters add up to the year, "
                "and what the final year has over the published months is in the fourth quarter.",
            )
        )
    for scheme, one in projections.items():
        if one.valuation < report:
            zh, en = SCHEME_NAMES[scheme]
            notes.append(
                Note(
                    f"{zh}的估值日为{one.valuation.year}年末，其后至报告季度为测算数。",
                    f"{en} is valued at the end of {one.valuation}; the quarters from there to the report are "
                    "projected.",
                )
            )
    if months_basis["employee"] == "undivided" and published.figures.values("employee", "balance_end"):
        notes.append(
            Note(
                "职工基本医疗保险未公布统筹基金与个人账户各自的收支和结余，可支付月数按含个人账户的全部基金计算。",
                "Income, spending and balance of the pool and of the personal accounts of employees are not published "
                "apart; months payable count the whole fund, personal accounts included.",
            )
        )
    if any(laid_on_active.values()):
        notes.append(
            Note(
                "个人缴费按推算基数计已超过个人账户收入，账户收入全部按在职人数分摊。",
                "Employees' own contributions on the implied base exceed the accounts' income, which is laid on active "
                "members alone.",
            )
        )
    recalled = _recalled_years(published)
    if recalled:
        notes.append(
            Note(
                f"下列年份含凭记忆录入、未核对原文的数字：{'、'.join(recalled)}。",
                f"Figures of these years were recalled and not checked against the original: {', '.join(recalled)}.",
            )
        )
    return tuple(notes)


def _recalled_years(published: RegionFacts) -> list[str]:
    rows = published.selected
    mask = rows["confidence"].eq("recalled") & rows["scheme"].isin(list(SCHEMES)) & rows["period"].str.len().eq(4)
    used = rows.loc[mask & rows["indicator"].isin(["active", "retired", "enrolled", "income", "expenditure"]), "period"]
    balances = rows.loc[mask & rows["indicator"].str.endswith("balance_end"), "period"]
    return sorted({*used, *balances})
