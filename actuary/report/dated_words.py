"""Write quarters and days inside Chinese text as official style does: 2035年第四季度, 2023年1月1日."""

from __future__ import annotations

import re

from actuary.report.wording import Wording

__all__ = ["dated_words"]

_QUARTER = re.compile(r"(?<![A-Za-z0-9])((?:19|20|21)\d{2})Q([1-4])(?![A-Za-z0-9])")
_DAY = re.compile(r"(?<!\d)((?:19|20|21)\d{2})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(?!\d)")


def dated_words(wording: Wording, text: str) -> str:
    """Return a text with its quarters and days written as words; English keeps both as they are.

    Parameters
    ----------
    wording : Wording
        Sentences of the language.
    text : str
        Any text of a report.

    Examples
    --------
    >>> from actuary.report.wording import load_wording
    >>> dated_words(load_wording("zh"), "至2035Q4") == dated_words(load_wording("en"), "至2035Q4")
    False
    >>> dated_words(load_wording("en"), "from 2023-01-01 to 2035Q4")
    'from 2023-01-01 to 2035Q4'
    """
    if wording.lang != "zh":
        return text

    def quarter(found: re.Match[str]) -> str:
        number = wording.text(f"ordinals.quarter_{found[2]}")
        return wording.text("phrases.quarter_of", year=found[1], number=number)

    def day(found: re.Match[str]) -> str:
        return wording.text("phrases.day_of", year=found[1], month=str(int(found[2])), day=str(int(found[3])))

    return _DAY.sub(day, _QUARTER.sub(quarter, text))
