"""What was found for one rule and scheme, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actuary.alerts.episodes import Judged
from actuary.alerts.history import end_of
from actuary.alerts.outlook_draws import Outlook, OutlookValue
from actuary.fund import FundProjection
from actuary.indicators import INDICATORS
from actuary.periods import Quarter
from actuary.policy import AlertCondition, AlertRule

__all__ = ["Finding", "close_sentence", "shown_unit"]


@dataclass(frozen=True, eq=False)
class Finding:
    """Hold what was found for one rule and scheme.

    Parameters
    ----------
    projection : FundProjection
        The projection.
    rule : AlertRule
        The rule.
    scheme : str
        The scheme.
    rows : mapping of str to mapping
        Rows of the indicators of the scheme.
    judged : Judged
        The level that is told.
    value, before : float
        Of the rule's own measure; of its indicator at the beginning of a trend. NaN where there is none.
    measured : OutlookValue or None
        The value with its interval, where it is one of the forecast.
    outlook : Outlook
        The forecast.
    quarters : tuple of Quarter
        Quarters at whose end the rule was held against figures, the last of them now.
    path : tuple of Judged
        Its level at each.
    reason : (str, str) or None
        Why it cannot be assessed.
    last_level : str
        The level that the figures there are would give.
    """

    projection: FundProjection
    rule: AlertRule
    scheme: str
    rows: Mapping[str, Mapping[str, Any]]
    judged: Judged
    value: float
    before: float
    measured: OutlookValue | None
    outlook: Outlook
    quarters: tuple[Quarter, ...]
    path: tuple[Judged, ...]
    reason: tuple[str, str] | None
    last_level: str

    @property
    def row(self) -> Mapping[str, Any]:
        """The row of the rule's own indicator."""
        return self.rows.get(self.rule.indicator, {})

    @property
    def counted(self) -> bool:
        """Whether the measure is counted from the report quarter on."""
        return self.rule.own.of_forecast or self.rule.indicator.startswith("years_to_")

    @property
    def period(self) -> str:
        """The period the value belongs to."""
        if self.rule.own.of_forecast:
            return str(self.projection.quarter)
        return str(self.row.get("period", self.projection.quarter))

    @property
    def end(self) -> Quarter:
        """The quarter at whose end the figures stand."""
        return self.projection.quarter if self.counted else end_of(self.period)


def shown_unit(condition: AlertCondition) -> str:
    """Return in which unit a measure is told: a share that is no difference of two as a percentage.

    Parameters
    ----------
    condition : AlertCondition
        On the measure.
    """
    known = INDICATORS.get(condition.indicator)
    difference = condition.measure in ("change", "slope") or (known is not None and known.is_difference)
    return "percent" if condition.unit == "share" and not difference else condition.unit


def close_sentence(text: str, lang: int) -> str:
    """Return a text as a sentence, 0 for Chinese and 1 for English; nothing stays nothing.

    Examples
    --------
    >>> close_sentence("a figure", 1), close_sentence("", 0)
    ('A figure.', '')
    """
    if not text:
        return ""
    return f"{text}。" if lang == 0 else f"{text[0].upper()}{text[1:]}."
