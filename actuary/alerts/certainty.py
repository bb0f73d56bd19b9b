"""How sure a warning is, in words: status and revision of its figures, or interval and back-test of its forecast."""

from __future__ import annotations

import math

from actuary.alerts.finding import Finding, close_sentence, shown_unit
from actuary.alerts.warning import LEVEL_NAMES
from actuary.alerts.words import describe_value
from actuary.indicators import INDICATORS

__all__ = ["tell_certainty"]

_STATUS = {
    "published": ("原始公布数", "a published figure"),
    "derived": ("由公布数计算", "computed from published figures"),
    "apportioned": ("按季分摊的估计数", "estimated: a year's total laid out by quarter"),
    "interpolated": ("按年末数内插的估计数", "estimated: between two year-ends"),
    "projected": ("推演数", "projected"),
}


def tell_certainty(finding: Finding, lang: int) -> str:
    """Say how sure a warning is, 0 for Chinese and 1 for English.

    Parameters
    ----------
    finding : Finding
        What was found.
    lang : int
        Which language.
    """
    rule, row, name = finding.rule, finding.row, ("zh", "en")[lang]
    unit = shown_unit(rule.own)
    if rule.own.of_forecast:
        return _sure_of_forecast(finding, lang)
    if finding.counted:
        if lang == 0:
            return "基准情景的单一路径，没有概率；概率见预测规则。"
        return "One path, that of the base, without a probability; see the rules on the forecast."
    status = _STATUS.get(str(row.get("status")), ("", ""))[lang]
    parts = [status] if status else []
    if bool(row.get("recalled", False)):
        parts.append("含凭记忆录入、未核对的数字" if lang == 0 else "with figures recalled and not checked")
    provisional = float(row.get("provisional_value", math.nan))
    if math.isfinite(provisional) and rule.own.measure == "value":
        first, last = (describe_value(one, unit, lang=name) for one in (provisional, finding.value))
        level = LEVEL_NAMES[rule.level({**_others(finding), rule.own.axis: provisional})][lang]
        parts.append(
            f"首次公布的数为{first}（{level}），修订后为{last}"
            if lang == 0
            else f"{first} by the figures first published ({level}), {last} after their revision"
        )
    elif INDICATORS[rule.indicator].of_money:
        revised = _revision_size(finding)
        if revised is not None:
            count, size = revised
            parts.append(
                f"以往{count}个收支数的修订平均为{100 * size:.1f}%"
                if lang == 0
                else f"{count} flows were revised by {100 * size:.1f} % on average"
            )
    age = finding.projection.quarter - finding.end
    if age >= 1:
        parts.append(f"为{age}个季度前的数字" if lang == 0 else f"the figure is {age} quarters old")
    return close_sentence(("；" if lang == 0 else "; ").join(parts), lang)


def _others(finding: Finding) -> dict[str, float]:
    """Return the values of the plain conditions beside the rule's own."""
    return {
        one.axis: float(finding.rows.get(one.indicator, {}).get("value", math.nan))
        for one in finding.rule.conditions
        if one.measure == "value"
    }


def _revision_size(finding: Finding) -> tuple[int, float] | None:
    """Return how many flows of the scheme were revised, and by what share of them on average."""
    table = finding.projection.revisions
    mine = table[table["scheme"] == finding.scheme] if len(table) else table
    if not len(mine):
        return None
    return len(mine), float((mine["revision"] / mine["final"]).abs().mean())


def _sure_of_forecast(finding: Finding, lang: int) -> str:
    measured, outlook, name = finding.measured, finding.outlook, ("zh", "en")[lang]
    if measured is None:
        return ""
    unit = shown_unit(finding.rule.own)
    ends = [
        describe_value(one, unit, lang=name)
        if math.isfinite(one)
        else ("期限外" if lang == 0 else "beyond the horizon")
        for one in (measured.low, measured.high)
    ]
    tested = bool(outlook.cases)
    if lang == 0:
        text = f"{measured.draws:,}个联合预测情景，90%区间为{ends[0]}至{ends[1]}"
        text += (
            f"；回测{outlook.cases}例，80%区间实际覆盖{100 * outlook.cover:.0f}%" if tested else "；历史太短，未能回测"
        )
    else:
        text = f"{measured.draws:,} joint futures, interval of 90 % from {ends[0]} to {ends[1]}"
        told = f"; in {outlook.cases} back-test cases the 80 % interval held {100 * outlook.cover:.0f} %"
        text += told if tested else "; too short a history for a back-test"
    return close_sentence(text, lang)
