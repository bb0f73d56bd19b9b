"""The sentences of a warning, in Chinese and in English."""

from __future__ import annotations

import math

from actuary.alerts.certainty import tell_certainty
from actuary.alerts.finding import Finding, close_sentence, shown_unit
from actuary.alerts.warning import LEVEL_NAMES, LEVELS
from actuary.alerts.words import describe_period, describe_value
from actuary.fund import SCHEME_NAMES
from actuary.indicators import INDICATORS
from actuary.policy import NOT_ASSESSABLE, AlertCase, AlertCondition, AlertRule

__all__ = ["tell"]


def tell(finding: Finding, *, cause: tuple[str, str], start: int | None, level_start: int | None) -> dict[str, str]:
    """Return every sentence of a warning by the name of its field.

    Parameters
    ----------
    finding : Finding
        What was found.
    cause : (str, str)
        Why, in Chinese and English.
    start, level_start : int or None
        Position in the path of the first period of the episode, and of the run at the present level.
    """
    said: dict[str, str] = {}
    raised = finding.judged.level not in ("normal", NOT_ASSESSABLE)
    for lang in (0, 1):
        name = ("zh", "en")[lang]
        said[f"text_{name}"] = _text(finding, lang)
        said[f"extent_{name}"] = _extent(finding, lang) if raised else ""
        said[f"since_{name}"] = _since(finding, lang, start, level_start) if raised else ""
        said[f"cause_{name}"] = close_sentence(cause[lang], lang) if raised else ""
        said[f"sure_{name}"] = tell_certainty(finding, lang) if finding.judged.level != NOT_ASSESSABLE else ""
    return said


def _text(finding: Finding, lang: int) -> str:
    rule, row, case = finding.rule, finding.row, finding.judged.case
    if finding.reason is not None:
        last = finding.last_level
        told = "" if last in ("normal", NOT_ASSESSABLE) or not finding.outdated else LEVEL_NAMES[last][lang]
        if lang == 0:
            return f"无法评估：{finding.reason[0]}{f'，当时为{told}' if told else ''}。"
        return f"Not assessable: {finding.reason[1]}{f'; at that time: {told}' if told else ''}."
    name = str(row.get(("zh", "en")[lang], "")) or (rule.name_zh, rule.name_en)[lang]
    if row.get("status") == "beyond_horizon" and not rule.own.of_forecast:
        reason = str(row["reason_zh"] if lang == 0 else row["reason_en"])
        return (f"{name}：{reason}。" if lang == 0 else f"{name}: {reason}.") + _fund_note(finding, lang)
    if rule.own.of_forecast and case is None:
        return _quiet_forecast(finding, lang)
    if case is None:
        value = describe_value(finding.value, shown_unit(rule.own), lang=("zh", "en")[lang])
        if rule.own.measure in ("change", "slope"):
            name, value = _trend(finding, name, lang), ""
        told = (f"{name}：{value}" if lang == 0 else f"{name}: {value}") if value else name
        text = f"{told}，未达到预警条件。" if lang == 0 else f"{told}, no condition met."
    else:
        text = (case.text_zh, case.text_en)[lang].format(**_inserts(finding, case, lang))
    if not finding.counted and "{period}" not in (case.text_zh if case else ""):
        said = describe_period(finding.period, lang=("zh", "en")[lang])
        text = f"{said}{text}" if lang == 0 else f"{said[0].upper()}{said[1:]}: {text}"
    return text + _fund_note(finding, lang)


def _fund_note(finding: Finding, lang: int) -> str:
    """Rules for a pool are held against the whole fund where the pool is not published apart: a reader must know."""
    if not INDICATORS[finding.rule.indicator].of_money or not _undivided(finding):
        return ""
    return "按含个人账户的全部基金计算。" if lang == 0 else " Personal accounts are counted in."


def _undivided(finding: Finding) -> bool:
    projection = finding.projection
    return finding.scheme in projection.schemes and projection.fund_prefix(finding.scheme) == ""


def _trend(finding: Finding, name: str, lang: int) -> str:
    """Say by how much an indicator rose or fell over the span of the rule."""
    own = finding.rule.own
    count, words = own.over_years, ("年", "year")
    if count is None:
        count, words = own.over_quarters or 0, ("个季度", "quarter")
    size = describe_value(abs(finding.value), shown_unit(own), lang=("zh", "en")[lang])
    if lang == 0:
        return f"{name}{count}{words[0]}来{'上升' if finding.value >= 0 else '下降'}{size}"
    span = words[1] if count == 1 else f"{count} {words[1]}s"
    return f"{name} {'rose' if finding.value >= 0 else 'fell'} by {size} within {'a ' if count == 1 else ''}{span}"


def _quiet_forecast(finding: Finding, lang: int) -> str:
    own, name = finding.rule.own, (finding.rule.name_zh, finding.rule.name_en)[lang]
    years = own.within_years or 0
    if math.isinf(finding.value):
        if lang == 0:
            return f"{name}：半数以上的预测情景在{years}年内未出现，未达到预警条件。"
        return f"{name}: more than half of the futures see none within {years} years, no condition met."
    value = describe_value(finding.value, shown_unit(own), lang=("zh", "en")[lang])
    return f"{name}：{value}，未达到预警条件。" if lang == 0 else f"{name}: {value}, no condition met."


def _inserts(finding: Finding, case: AlertCase, lang: int) -> dict[str, str]:
    name = ("zh", "en")[lang]
    rule, unit = finding.rule, shown_unit(finding.rule.own)
    condition = _own_condition(rule, case)
    indicator_unit = "" if not finding.row else str(finding.row["unit"])
    event = None if condition is None else condition.below if condition.below is not None else condition.above
    within = rule.own.within_years
    inserts = {
        "value": describe_value(finding.value, unit, lang=name),
        "magnitude": describe_value(abs(finding.value), unit, lang=name),
        "threshold": "" if condition is None else describe_value(condition.threshold, unit, lang=name, exact=True),
        "period": describe_period(finding.period, lang=name),
        "scheme": SCHEME_NAMES.get(finding.scheme, (finding.scheme, finding.scheme))[lang],
        "region": finding.projection.region_name(name),
        "event": "" if event is None else describe_value(event, indicator_unit or "months", lang=name, exact=True),
        "within": "" if within is None else describe_value(float(within), "years", lang=name),
        "before": describe_value(finding.before, indicator_unit, lang=name) if math.isfinite(finding.before) else "",
        "after": describe_value(finding.after, indicator_unit, lang=name) if math.isfinite(finding.after) else "",
        "own": "",
        "reference": "",
        "reference_period": "",
    }
    for key, compared in zip(("own", "reference"), INDICATORS[rule.indicator].compares, strict=False):
        other = finding.rows[compared]
        inserts[key] = describe_value(float(other["value"]), str(other["unit"]), lang=name)
        inserts[f"{key}_period"] = describe_period(str(other["period"]), lang=name)
    return inserts


def _own_condition(rule: AlertRule, case: AlertCase) -> AlertCondition | None:
    return next((one for one in case.all if one.axis == rule.own.axis), None)


def _extent(finding: Finding, lang: int) -> str:
    """Say how far the value is from the threshold of its level, and from that of the next graver one."""
    rule, judged, name = finding.rule, finding.judged, ("zh", "en")[lang]
    unit = shown_unit(rule.own)
    if judged.case is None or not math.isfinite(finding.value):
        return ""
    condition = _own_condition(rule, judged.case)
    parts: list[str] = []
    # The distance of two shares is told in percentage points.
    apart = "share" if unit == "percent" else unit
    if judged.held:
        raw = LEVEL_NAMES[judged.raw_level][lang]
        parts.append(
            f"本期数值已回到{raw}范围，尚未越过退出门槛，级别保持"
            if lang == 0
            else f"the value is back in the range of {raw}, not yet far enough to leave the level"
        )
    elif condition is not None:
        distance = describe_value(abs(finding.value - condition.threshold), apart, lang=name)
        threshold = describe_value(condition.threshold, unit, lang=name, exact=True)
        below = condition.operator.startswith("<")
        if finding.counted and condition.threshold == 0 and finding.value <= 0:
            pass  # The event is there already, as the text says.
        elif math.isclose(finding.value, condition.threshold, abs_tol=1e-12):
            parts.append(f"恰为门槛值{threshold}" if lang == 0 else f"just at the threshold of {threshold}")
        elif condition.threshold == 0:
            side = ("低于" if below else "高于", "below" if below else "above")[lang]
            parts.append(f"门槛为零，现{side}零{distance}" if lang == 0 else f"{distance} {side} zero, the threshold")
        else:
            side = ("低于" if below else "高于", "below" if below else "above")[lang]
            past = f"{distance} {side} the threshold of {threshold}"
            parts.append(f"{side}门槛值{threshold}，相差{distance}" if lang == 0 else past)
    graver = _next_graver(finding)
    if graver is not None:
        level, distance_left = graver
        left, told = describe_value(distance_left, apart, lang=name), LEVEL_NAMES[level][lang]
        parts.append(f"距{told}门槛还差{left}" if lang == 0 else f"{left} short of {told}")
    elif judged.level == LEVELS[0]:
        parts.append("已是最高级别" if lang == 0 else "the gravest level")
    return close_sentence(("；" if lang == 0 else "; ").join(parts), lang)


def _next_graver(finding: Finding) -> tuple[str, float] | None:
    """Return the next graver level on the same side, and how far it is."""
    found = []
    now = None if finding.judged.case is None else _own_condition(finding.rule, finding.judged.case)
    for case in finding.rule.case:
        own = _own_condition(finding.rule, case)
        if own is None or len(case.all) > 1 or LEVELS.index(case.level) >= LEVELS.index(finding.judged.level):
            continue
        same_side = now is not None and now.operator[0] == own.operator[0]
        if same_side and not own.holds(finding.value):
            found.append((case.level, abs(finding.value - own.threshold)))
    return min(found, key=lambda one: one[1], default=None)


def _since(finding: Finding, lang: int, start: int | None, level_start: int | None) -> str:
    if start is None or level_start is None:
        return ""
    first, level_first = (
        describe_period(str(finding.quarters[one]), lang=("zh", "en")[lang]) for one in (start, level_start)
    )
    forecast = finding.rule.own.of_forecast
    if finding.counted and len(finding.quarters) == 1:
        if lang == 0:
            return f"{first}的{'预测' if forecast else '推演'}如此；此前没有可比的{'预测' if forecast else '推演'}。"
        made = "forecast" if forecast else "projection"
        return f"So by the {made} of {first}; no {made} before it can be compared."
    early = start == 0
    if lang == 0:
        text = f"{first}起" + (f"，更早无可比{'预测' if forecast else '数字'}" if early else "")
        text += f"；{level_first}起为本级" if level_start != start else ""
        return close_sentence(text + ("（各年末均按当时数据预测）" if forecast else ""), lang)
    text = first + (f", {'no forecast' if forecast else 'nothing'} comparable is known before" if early else "")
    text += f"; at this level since {level_first}" if level_start != start else ""
    return close_sentence(text + (" (every forecast by what was known then)" if forecast else ""), lang)
