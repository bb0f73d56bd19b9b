"""What a warning says: what, how bad, since when, why, how sure, what to do, who."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd

from actuary.policy import NOT_ASSESSABLE

__all__ = ["LEVELS", "LEVEL_NAMES", "Warning", "warning_table", "worst_level"]

#: Levels from the gravest to the least. What cannot be assessed is worse than normal, for it may be anything.
LEVELS: tuple[str, ...] = ("red", "orange", "yellow", "blue", NOT_ASSESSABLE, "normal")

#: What a reader sees, in Chinese and English.
LEVEL_NAMES: dict[str, tuple[str, str]] = {
    "red": ("红色", "red"),
    "orange": ("橙色", "orange"),
    "yellow": ("黄色", "yellow"),
    "blue": ("蓝色", "blue"),
    NOT_ASSESSABLE: ("无法评估", "not assessable"),
    "normal": ("正常", "normal"),
}

_HEADINGS = {
    "zh": ("情况", "程度", "起始", "原因", "把握", "措施", "责任"),
    "en": ("What", "How bad", "Since", "Why", "How sure", "To do", "Owner"),
}


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001  (the word of the field; Python's own is never raised here)
    """Say at which level a measure of a scheme stands, by which rule, and what a reader must know of it.

    Parameters
    ----------
    rule_id : str
        Identifier of the rule.
    level : str
        ``red``, ``orange``, ``yellow``, ``blue``, ``normal`` or ``not_assessable``.
    scheme, indicator : str
        What was judged.
    value : float or None
        In `unit`; None where it is not known or does not happen before the horizon.
    unit, period : str
        Unit of the value and the period it belongs to.
    threshold : str
        The conditions that hold, such as ``payable_months > 15``; empty where none does.
    text_zh, text_en : str
        What is to be said; for a level that cannot be assessed the reason.
    source : str
        ``S1`` of the rules' list of sources, or ``judgement``.
    status : str
        ``official``, ``practice`` or ``judgement``.
    name_zh, name_en : str
        What the rule watches.
    action_zh, action_en, owner_zh, owner_en : str
        What is to be done, and by whom; the action is empty where no condition holds.
    confidence : str
        How the case of the rule is known; empty where it was seen in its source.
    value_status : str
        How the value is known; ``forecast`` where it was drawn.
    recalled : bool
        Whether the value rests on a figure that was recalled and not checked.
    measure : str
        ``value``, ``change``, ``slope``, ``probability`` or ``median``.
    raw_level : str
        The level by the values of this period alone; another one than `level` where that is held, see `held`.
    since : str
        First quarter of the present episode: of the run of warnings without a break; empty where there is none.
    level_since : str
        First quarter of it at the present level.
    since_open : bool
        Whether the episode reaches back to the first figure, so that it may have begun earlier.
    low, high : float or None
        Ends of the interval of 90 % of a forecast's measure, in `unit`.
    provisional_value, revision : float or None
        The value from the figures as first published, and what their revision made of it; None where none was revised.
    extent_zh, extent_en, since_zh, since_en, cause_zh, cause_en, sure_zh, sure_en : str
        How bad, since when, why and how sure, in words; empty where no warning stands.
    """

    rule_id: str
    level: str
    scheme: str
    indicator: str
    value: float | None
    unit: str
    period: str
    threshold: str
    text_zh: str
    text_en: str
    source: str
    status: str
    name_zh: str
    name_en: str
    action_zh: str = ""
    action_en: str = ""
    owner_zh: str = ""
    owner_en: str = ""
    confidence: str = ""
    value_status: str = ""
    recalled: bool = False
    measure: str = "value"
    raw_level: str = ""
    since: str = ""
    level_since: str = ""
    since_open: bool = False
    low: float | None = None
    high: float | None = None
    provisional_value: float | None = None
    revision: float | None = None
    extent_zh: str = ""
    extent_en: str = ""
    since_zh: str = ""
    since_en: str = ""
    cause_zh: str = ""
    cause_en: str = ""
    sure_zh: str = ""
    sure_en: str = ""

    @property
    def held(self) -> bool:
        """Whether the level is held by the rule's hysteresis though the value alone would give a milder one."""
        return self.level != self.raw_level

    @property
    def raised(self) -> bool:
        """Whether it warns."""
        return self.level not in ("normal", NOT_ASSESSABLE)

    def lines(self, lang: str) -> list[tuple[str, str]]:
        """Return heading and sentence of everything a reader must know, in one language.

        Parameters
        ----------
        lang : str
            ``zh`` or ``en``.
        """
        names = ("text", "extent", "since", "cause", "sure", "action", "owner")
        said = [str(getattr(self, f"{name}_{lang}")) for name in names]
        return [(heading, text) for heading, text in zip(_HEADINGS[lang], said, strict=True) if text]


def worst_level(warnings: Sequence[Warning], scheme: str | None = None) -> str:
    """Return the gravest level of a scheme, or of all.

    Parameters
    ----------
    warnings : sequence of Warning
        The warnings.
    scheme : str, optional
        One scheme; all of them when left out.

    Returns
    -------
    str
        One of :data:`LEVELS`; ``not_assessable`` when no rule is for the scheme.
    """
    levels = [warning.level for warning in warnings if scheme in (None, warning.scheme)]
    return min(levels, key=LEVELS.index, default=NOT_ASSESSABLE)


def warning_table(warnings: Sequence[Warning]) -> pd.DataFrame:
    """Return one row a warning, with every field as a column.

    Examples
    --------
    >>> list(warning_table([]).columns)[:4]
    ['rule_id', 'level', 'scheme', 'indicator']
    """
    return pd.DataFrame([asdict(one) for one in warnings], columns=[field.name for field in fields(Warning)])
