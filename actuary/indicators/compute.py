"""Values of every indicator for a projection."""

from __future__ import annotations

import pandas as pd

from actuary.fund import LATE_ASSUMPTIONS, FundProjection
from actuary.indicators.definition import Indicator
from actuary.indicators.reading import Reading
from actuary.indicators.registry import INDICATORS
from actuary.indicators.view import BASE_SCENARIO, SchemeView

__all__ = ["compute_indicators"]


def compute_indicators(projection: FundProjection) -> pd.DataFrame:
    """Compute every indicator of every scheme at the report quarter; a comparison with the nation not of the nation.

    The value is the latest one known up to the report quarter, and says of which period it is. Flows and balances are
    those of the pool, or of the undivided fund where the pool is not published apart.

    Parameters
    ----------
    projection : FundProjection
        The projection.

    Returns
    -------
    DataFrame
        Columns region, scheme, indicator, zh, en, value (NaN where unknown, or where an event does not happen before
        the horizon), unit, period, status, formula, source, direction, recalled (whether it is computed
        from a figure that was recalled and not checked), difference (whether a share is a difference of two, told in
        percentage points), reason_zh, reason_en (why there is no value, ""
        where there is one).

    Examples
    --------
    >>> from actuary.fund import project_fund
    >>> found = compute_indicators(project_fund("shenyang", "2020Q4"))
    >>> row = found[(found.scheme == "all") & (found.indicator == "current_balance_yuan")].iloc[0]
    >>> float(row.value), row.period
    (3020000000.0, '2020')
    """
    rows = []
    for scheme in projection.schemes:
        view = SchemeView(projection, scheme)
        for indicator in INDICATORS.values():
            if scheme not in indicator.schemes or (projection.region_kind == "nation" and not indicator.in_nation):
                continue
            reading = indicator.function(view)
            reason_zh, reason_en = _reason(projection, scheme, indicator, reading)
            rows.append(
                {
                    "region": projection.region,
                    "scheme": scheme,
                    "indicator": indicator.name,
                    "zh": indicator.zh,
                    "en": indicator.en,
                    "value": reading.value,
                    "unit": indicator.unit,
                    "period": reading.period,
                    "status": reading.status,
                    "formula": indicator.formula,
                    "source": indicator.source,
                    "direction": indicator.direction,
                    "recalled": reading.recalled,
                    "difference": indicator.is_difference,
                    "reason_zh": reason_zh,
                    "reason_en": reason_en,
                }
            )
    return pd.DataFrame(rows)


def _reason(projection: FundProjection, scheme: str, indicator: Indicator, reading: Reading) -> tuple[str, str]:
    if reading.status == "beyond_horizon":
        return f"测算期内（至{projection.horizon}）未出现", f"does not happen before {projection.horizon}"
    if reading.status != "gap":
        return "", ""
    if not indicator.name.startswith("years_to_"):
        return "计算所需的数字未公布", "the figures it is computed from are not published"
    if BASE_SCENARIO not in projection.scenarios:
        return "未按基准情景推演", "the base scenario was not projected"
    ours = [one for one in projection.missing if one.scheme in (scheme, "all")]
    lacking = [one for one in ours if one.key != LATE_ASSUMPTIONS]
    late = [one for one in ours if one.key == LATE_ASSUMPTIONS]
    zh = [f"缺：{'；'.join(one.what_zh for one in lacking)}"] if lacking else []
    en = [f"for want of {'; '.join(one.what_en for one in lacking)}"] if lacking else []
    return (
        "；".join([f"未推演，{zh[0]}" if zh else "未推演", *(one.what_zh for one in late)]),
        "; ".join([f"not projected, {en[0]}" if en else "not projected", *(one.what_en for one in late)]),
    )
