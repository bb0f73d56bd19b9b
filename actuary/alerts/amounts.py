"""Amounts as people write them, in whole fen."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from actuary.errors import ActuaryError, Problem

__all__ = ["fen_of_text", "require_fen"]

_MOST_YUAN = 10**13


def fen_of_text(text: str) -> int | None:
    """Return an amount in yuan as whole fen; None where the text is none, or holds parts of a fen.

    Parameters
    ----------
    text : str
        Digits with at most two decimals; commas between thousands are left out.

    Examples
    --------
    >>> fen_of_text("12,345.60"), fen_of_text("-0.01"), fen_of_text("1.234"), fen_of_text("many"), fen_of_text("1e99")
    (1234560, -1, None, None, None)
    """
    try:
        yuan = Decimal(text.replace(",", "").replace("，", "").strip())
    except InvalidOperation:
        return None
    if not yuan.is_finite() or abs(yuan) >= _MOST_YUAN:
        return None
    fen = yuan * 100
    return int(fen) if fen == fen.to_integral_value() else None


def require_fen(text: str, *, where: str) -> int:
    """Return an amount in yuan as whole fen.

    Raises
    ------
    ActuaryError
        When the text is no such amount.

    Examples
    --------
    >>> require_fen("ten", where="--recovered-yuan")
    Traceback (most recent call last):
    actuary.errors.ActuaryError: --recovered-yuan: found 'ten'; expected an amount in yuan with at most two decimals
    """
    fen = fen_of_text(text)
    if fen is None:
        raise ActuaryError(Problem(where, repr(text), "an amount in yuan with at most two decimals"))
    return fen
