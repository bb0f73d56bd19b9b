"""Fan charts of a fund forecast: months payable, and income and spending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.forecast.fund_series import FLOWS
from actuary.forecast.pool_share import known_shares
from actuary.report.fan import Fan, fan_png, fan_svg
from actuary.report.figures import Line, Series
from actuary.report.numbers import scale_of
from actuary.report.wording import load_wording

if TYPE_CHECKING:
    from actuary.forecast.fund_forecast import FundForecast
    from actuary.forecast.probabilities import WatchedLevel

__all__ = ["FanChart", "flows_chart", "months_chart"]

#: Probabilities of the bands, the widest first.
_BANDS = (0.95, 0.8, 0.5)


@dataclass(frozen=True, slots=True)
class FanChart:
    """Hold what one fan chart shows; it is drawn as SVG or PNG."""

    id: str
    fans: tuple[Fan, ...]
    points: tuple[Series, ...]
    levels: tuple[Line, ...]
    y_label: str
    x_label: str
    zero: bool

    def svg(self, alt: str) -> str:
        """Return the chart as SVG with a description."""
        return fan_svg(
            self.id,
            self.fans,
            points=self.points,
            levels=self.levels,
            y_label=self.y_label,
            x_label=self.x_label,
            alt=alt,
            zero=self.zero,
        )

    def png(self) -> bytes:
        """Return the chart as a PNG picture."""
        return fan_png(
            self.fans,
            points=self.points,
            levels=self.levels,
            y_label=self.y_label,
            x_label=self.x_label,
            zero=self.zero,
        )


def _end(label: str) -> float:
    """Return the end of a period on an axis where a year's number stands at its end."""
    return float(label[:4]) + (int(label[-1]) / 4 - 1 if "Q" in label else 0.0)


def _middle(label: str) -> float:
    """Return the middle of a period on an axis where a year's number stands at its beginning."""
    return float(label[:4]) + ((int(label[-1]) - 0.5) / 4 if "Q" in label else 0.5)


def _fan(label: str, role: str, positions: list[float], values: Any, show: Callable[[float], float], lang: str) -> Fan:
    words = load_wording(lang)
    bands = []
    for share in _BANDS:
        low, high = np.quantile(values, ((1 - share) / 2, (1 + share) / 2), axis=0)
        name = words.text("phrases.interval", share=f"{share:.0%}")
        bands.append((name, tuple(show(float(x)) for x in low), tuple(show(float(x)) for x in high)))
    median = tuple(show(float(x)) for x in np.median(values, axis=0))
    return Fan(label, role, tuple(positions), median, tuple(bands))


def months_chart(
    forecast: FundForecast,
    scheme: str,
    *,
    lang: str,
    history: Mapping[int, float],
    base: Mapping[int, float],
    levels: tuple[WatchedLevel, ...] = (),
) -> FanChart:
    """Lay out the fan of months payable of a scheme's leading fund.

    Parameters
    ----------
    forecast : FundForecast
        The forecast.
    scheme : str
        ``employee`` or ``resident``.
    lang : str
        ``zh`` or ``en``.
    history, base : mapping
        Year to months payable at its end, as published and in the base of the projection; empty for none.
    levels : tuple of WatchedLevel
        Warning levels within sight of the fan.
    """
    words = load_wording(lang)
    fund = forecast.funds[forecast.leading[scheme]]
    values = fund.values("payable_months")
    label = words.text("phrases.median_forecast")
    positions = [_end(period) for period in fund.periods]
    seen_years = {year: value for year, value in history.items() if year >= int(forecast.history.periods[0][:4])}
    last = _end(forecast.origin)
    if last in seen_years:
        # The fan opens at the last published figure.
        begin = np.full((values.shape[0], 1), seen_years[int(last)])
        values, positions = np.concatenate([begin, values], axis=1), [last, *positions]
    fan = _fan(label, "forecast", positions, values, float, lang)
    known = tuple((float(year), value) for year, value in seen_years.items())
    points = [Series(words.text("phrases.history"), "history", known)]
    if base:
        points.append(Series(words.text("phrases.base_path"), "base", tuple((float(y), v) for y, v in base.items())))
    lowest = min(fan.bands[0][1])
    seen = [
        Line(f"{words.text(f'levels.{one.level}')} {one.months:g}", one.months)
        for one in levels
        if one.months > lowest / 3
    ]
    return FanChart(
        f"forecast_months_{scheme}",
        (fan,),
        tuple(points),
        tuple(seen),
        words.text("axes.months"),
        words.text("axes.year_end"),
        zero=True,
    )


def flows_chart(forecast: FundForecast, scheme: str, *, lang: str) -> FanChart:
    """Lay out income and spending of a scheme's leading fund: history as drawn, and the fan.

    Parameters
    ----------
    forecast : FundForecast
        The forecast.
    scheme : str
        ``employee`` or ``resident``.
    lang : str
        ``zh`` or ``en``.
    """
    words, scale = load_wording(lang), scale_of(lang, "money")
    name = forecast.leading[scheme]
    # Before the pool's share was first published nothing is known of it.
    shares = [min(known_shares(forecast.history, flow)) for flow in FLOWS] if name.endswith("_pooled") else [0]
    fans = []
    for flow, role, key in (("income", "income", "income"), ("expenditure", "spending", "expenditure")):
        before = forecast.past.sel(series=f"{name}.{flow}")
        after = forecast.draws.sel(series=f"{name}.{flow}")
        values = np.concatenate([before.transpose("draw", "period"), after.transpose("draw", "period")], axis=1)
        labels = [str(label) for part in (before, after) for label in part["period"].to_numpy()]
        known = ~np.isnan(values).any(axis=0) & np.array([int(label[:4]) >= max(shares) for label in labels])
        positions = [_middle(label) for label, seen in zip(labels, known, strict=True) if seen]
        label = words.text(f"columns.{key}")
        fan = _fan(label, role, positions, values[:, known], lambda value: value / scale.divisor, lang)
        # Two fans over one another stay legible with one band each.
        fans.append(Fan(fan.label, fan.role, fan.positions, fan.median, fan.bands[1:2]))
    return FanChart(
        f"forecast_flows_{scheme}",
        tuple(fans),
        (),
        (),
        words.text("axes.money"),
        words.text("axes.year"),
        zero=False,
    )
