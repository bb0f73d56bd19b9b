"""What the forecast says of the measures of rules: probabilities and medians from draws that passed their gate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from actuary.alerts.outlook_draws import (
    NO_FORECAST,
    Outlook,
    OutlookValue,
    SchemeDraws,
    draw_scheme,
    load_outlook,
    measure_draws,
    outlooks,
    store_outlook,
)
from actuary.durable.checked import say_once
from actuary.errors import ActuaryError
from actuary.periods import Quarter
from actuary.policy import AlertRule, fingerprint

if TYPE_CHECKING:
    from actuary.forecast.fund_backtest import Verdict

__all__ = ["NO_FORECAST", "Outlook", "OutlookValue", "SchemeDraws", "fund_outlook", "measure_draws"]

#: Raised whenever what is kept changes its meaning.
_VERSION = 1
#: Joint futures, and completed histories they begin from: a probability of 25 % is known to 1.4 points.
_DRAWS, _HISTORIES = 1000, 10
_MODEL, _SEED = "pooled", 1
#: What is made once covers every horizon that a rule may ask.
_FURTHEST_YEARS = 10
_QUARTERS_A_YEAR = 4
#: How many ends of years a level is followed over.
_ORIGINS = 8

_REASONS = {
    "error": (
        "预测误差未通过回测检验（{found:.2f}，上限{limit:g}）",
        "the error in the back-test is too large ({found:.2f}, bound {limit:g})",
    ),
    "cover": (
        "预测区间覆盖率未通过回测检验（{found:.2f}，下限{limit:g}）",
        "the intervals held too little in the back-test ({found:.2f}, bound {limit:g})",
    ),
    "sampler": ("抽样未通过检验", "the sampler did not pass its checks"),
}


def fund_outlook(
    region: str,
    quarter: Quarter,
    rules: Iterable[AlertRule],
    *,
    verdict: Verdict | None = None,
    earlier: bool = True,
    models: Path | None = None,
    data: Path | None = None,
    folder: Path | None = None,
) -> Outlook:
    """Forecast the funds of a region as far as the rules ask, where the back-test of its series allows it.

    The draws are kept on disk by everything they rest on, data, declaration, code and libraries, so that the next call
    answers at once.

    Parameters
    ----------
    region : str
        Region id.
    quarter : Quarter
        Report quarter: nothing later is known.
    rules : iterable of AlertRule
        The rules; without one that asks the forecast none is made.
    verdict : Verdict, optional
        What the checks of a forecast made elsewhere said: where it is shut this one is too.
    earlier : bool
        Forecast from the ends of the years before too, each from what was known then, back to the first that has no
        forecast: the course that a level is followed over.
    models, data : Path, optional
        Folders; those of the package when left out.
    folder : Path, optional
        Where draws are kept; the user's own cache when left out.
    """
    if not any(rule.of_forecast for rule in rules):
        return Outlook(quarter, reason_zh=NO_FORECAST[0], reason_en=NO_FORECAST[1])
    if verdict is not None and not verdict.passed:
        # It is told and not kept: others may ask without it.
        return _shut(quarter, verdict, "")
    found = _outlook(region, quarter, models, data, folder, _key(region, quarter, models, data))
    before: list[Outlook] = []
    while earlier and found.schemes and len(before) < _ORIGINS:
        origin = Quarter(quarter.year - 1 - len(before), _QUARTERS_A_YEAR)
        one = _outlook(region, origin, models, data, folder, _key(region, origin, models, data))
        if not one.schemes:
            break
        before.insert(0, one)
    return replace(found, earlier=tuple(before)) if before else found


def _key(region: str, quarter: Quarter, models: Path | None, data: Path | None) -> str:
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415  (loads the numerical libraries)
    from actuary.forecast.kept_draws import code_fingerprints  # noqa: PLC0415
    from actuary.tables import data_fingerprint  # noqa: PLC0415

    made = (_VERSION, _DRAWS, _HISTORIES, _MODEL, _SEED, _FURTHEST_YEARS)
    spec = load_fund_spec(models=models).model_dump(mode="json")
    asked = {"region": region, "quarter": str(quarter), "made": list(made)}
    return fingerprint(
        {"asked": asked, "spec": spec, "data": data_fingerprint(data), "code": dict(code_fingerprints())}
    )


@lru_cache(maxsize=32)
def _outlook(
    region: str,
    quarter: Quarter,
    models: Path | None,
    data: Path | None,
    folder: Path | None,
    key: str,
) -> Outlook:
    from actuary.forecast.posterior_cache import cache_folder  # noqa: PLC0415

    kept = outlooks(cache_folder(folder) if folder is not None else cache_folder().parent / "alerts")
    found = load_outlook(kept, key, quarter)
    if found is None:
        found = _make(region, quarter, models, data, key)
        store_outlook(kept, key, found)
    say_once(kept.notes)
    return found


def _shut(quarter: Quarter, verdict: Verdict, key: str) -> Outlook:
    """Return no forecast, with what shut its gate."""
    said = [(code, found, limit) for code, _, found, limit in verdict.reasons if code in _REASONS]
    texts = [[_REASONS[code][lang].format(found=found, limit=limit) for code, found, limit in said] for lang in (0, 1)]
    return Outlook(quarter, reason_zh="；".join(texts[0]), reason_en="; ".join(texts[1]), fingerprint=key)


def _make(region: str, quarter: Quarter, models: Path | None, data: Path | None, key: str) -> Outlook:
    from actuary.forecast.fund_backtest import backtest_funds, judge  # noqa: PLC0415
    from actuary.forecast.fund_forecast import forecast_fund  # noqa: PLC0415
    from actuary.forecast.fund_series import fund_history  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415

    spec = load_fund_spec(models=models)
    few = Outlook(
        quarter,
        reason_zh="公布的历史太短，不能预测（至少需要同一险种三年的收入和支出）",
        reason_en="the history is too short for a forecast (it takes income and spending of one scheme in three years)",
        fingerprint=key,
    )
    try:
        history = fund_history(region, spec=spec, until=quarter, data=data, draws=1, seed=_SEED)
    except ActuaryError:
        return few
    if not history.schemes:
        return few
    table = backtest_funds((region,), spec=spec, until=quarter, model=_MODEL, seed=_SEED, data=data)
    judged = judge(table, region, spec.gate)
    if not judged.passed:
        return _shut(quarter, judged, key)
    origin = history.periods[-1]
    ends = Quarter.parse(origin) if "Q" in origin else Quarter(int(origin), _QUARTERS_A_YEAR)
    if quarter - ends >= _QUARTERS_A_YEAR:
        return Outlook(
            quarter,
            reason_zh=f"公布的收支止于{origin}，早于报告季度一年以上",
            reason_en=f"published income and spending end with {origin}, a year or more before the report quarter",
            fingerprint=key,
        )
    season = history.season
    furthest = ends + _QUARTERS_A_YEAR * _FURTHEST_YEARS
    try:
        forecast = forecast_fund(
            region,
            to=furthest if season > 1 else Quarter(furthest.year, _QUARTERS_A_YEAR),
            until=quarter,
            draws=_DRAWS,
            seed=_SEED,
            model=_MODEL,
            spec=spec.model_copy(update={"histories": _HISTORIES}),
            models=models,
            data=data,
        )
    except ActuaryError as error:
        return Outlook(quarter, reason_zh="预测无法完成", reason_en=f"no forecast: {error}", fingerprint=key)
    own = table[table["region"] == region]
    cases = int(own["cases"].sum())
    cover = float((own["cover80"] * own["cases"]).sum() / cases) if cases else math.nan
    schemes = {scheme: draw_scheme(forecast, scheme) for scheme in forecast.leading}
    return Outlook(quarter, schemes, origin=origin, cases=cases, cover=cover, fingerprint=key)
