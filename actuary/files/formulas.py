"""Keep texts from becoming formulas in a spreadsheet, and give them back as they were."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["COMPUTING", "GUARDED", "neutral", "unguarded"]

_STARTS = frozenset("=+-@\t\r")
_NUMBER = re.compile(r"\s*[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?(?:[eE][+-]?\d+)?%?\s*", re.ASCII)

#: A cell that may compute, and one that may hold a guard, as expressions for texts in columns: they find all such cells
#: and some more.
COMPUTING = r"^(?:[\t\r]|'*[\s\p{Z}\p{C}]*[=+\-@＝＋－＠﹢﹣﹦﹫⁺₊⁻₋⁼₌﬩])"
GUARDED = "^'+[^']"


def _computes(text: str) -> bool:
    """Say whether a spreadsheet would compute a cell: invisible marks and blanks ahead of it do not count."""
    first = text[:1]
    if first in {"\t", "\r"}:
        return True
    place = 0
    while place < len(text) and (text[place].isspace() or unicodedata.category(text[place]) in {"Cf", "Cc"}):
        place += 1
    rest = text[place:]
    if not rest or unicodedata.normalize("NFKC", rest[0])[:1] not in _STARTS:
        return False
    return len(rest.strip()) > 1 and not (_NUMBER.fullmatch(text) and any(c.isdigit() for c in rest))


def neutral(text: str) -> str:
    """Return a text that a spreadsheet shows and does not compute; :func:`unguarded` gives the text back.

    Parameters
    ----------
    text : str
        The cell of a CSV file. What begins like a formula, also in full-width characters or behind blanks and
        invisible marks, gets an apostrophe ahead; numbers and a lone sign stay.

    Examples
    --------
    >>> neutral("=HYPERLINK(1)"), neutral("-5.20"), neutral("约谈"), neutral(" @SUM(A1)")
    ("'=HYPERLINK(1)", '-5.20', '约谈', "' @SUM(A1)")
    """
    # A text that begins with apostrophes by itself gets one more, so that taking one away is always right.
    return f"'{text}" if _computes(text.lstrip("'")) else text


def unguarded(text: str) -> str:
    """Return the text that :func:`neutral` was given.

    Examples
    --------
    >>> [unguarded(neutral(text)) for text in ("=1+1", "'=1+1", "'quoted'", "-5")]
    ['=1+1', "'=1+1", "'quoted'", '-5']
    """
    return text[1:] if text.startswith("'") and _computes(text.lstrip("'")) else text
