"""The classes that a settled case can fall into, each with its Chinese and English text."""

from __future__ import annotations

import enum

__all__ = ["PaidClass"]


class PaidClass(enum.StrEnum):
    """Say by which kind of rule a case is paid.

    Examples
    --------
    >>> PaidClass.HIGH.zh, PaidClass("bed_day").text("en"), PaidClass.NORMAL.number
    ('高倍率', 'paid by the day', 0)
    """

    NORMAL = "normal"
    LOW = "low"
    HIGH = "high"
    EXTREME = "extreme"
    INCOMPLETE = "incomplete"
    UNSTABLE = "unstable"
    UNGROUPABLE = "ungroupable"
    BED_DAY = "bed_day"
    DAY_SURGERY = "day_surgery"
    REVIEW = "review"
    ITEM_BY_ITEM = "item_by_item"
    OVER_CAP = "over_cap"

    @property
    def number(self) -> int:
        """Place among the classes, from 0."""
        return _NUMBERS[self.value]

    @property
    def zh(self) -> str:
        """Meaning in Chinese."""
        return _TEXTS[self.value][0]

    @property
    def en(self) -> str:
        """Meaning in English."""
        return _TEXTS[self.value][1]

    def text(self, lang: str = "zh") -> str:
        """Return the meaning in Chinese (``zh``) or English (``en``)."""
        return self.zh if lang == "zh" else self.en


_TEXTS = {
    "normal": ("正常倍率", "normal"),
    "low": ("低倍率", "low"),
    "high": ("高倍率", "high"),
    "extreme": ("极高倍率", "extreme"),
    "incomplete": ("不完整住院", "incomplete stay"),
    "unstable": ("非稳定病组", "unstable group"),
    "ungroupable": ("无法入组", "not grouped"),
    "bed_day": ("床日", "paid by the day"),
    "day_surgery": ("日间手术", "day surgery"),
    "review": ("特病单议", "special review"),
    "item_by_item": ("按项目付费", "paid item by item"),
    "over_cap": ("超出年度例数", "beyond the yearly number of cases"),
}

_NUMBERS = {one.value: number for number, one in enumerate(PaidClass)}
