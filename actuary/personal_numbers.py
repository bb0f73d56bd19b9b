"""Numbers that lead to a person: what they look like, which are genuine by their check digit, how to quote them.

Identity numbers are those of GB 11643-1999 (eighteen characters, the last a check by ISO 7064, MOD 11-2) and their
fifteen-digit forerunners; cards are checked by ISO/IEC 7812 (Luhn); mobile numbers have eleven digits, 13 to 19 first;
other telephones are known by the sign between area code and number.
Names of persons look like nothing in particular: they are known by their column only (:mod:`actuary.tables.personal`).
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

__all__ = [
    "NUMBER_KINDS",
    "SUSPECT",
    "FoundNumber",
    "find_numbers",
    "identity_check_digit",
    "mask_numbers",
    "plain_text",
]

#: Kinds of numbers, with the words that stand for one where it would have been quoted.
NUMBER_KINDS = {
    "identity": "18 characters, like an identity number",
    "old_identity": "15 digits, like an identity number",
    "mobile": "11 digits, like a mobile number",
    "landline": "an area code and 7 or 8 digits, like a telephone number",
    "card": "16 to 19 digits, like the number of a card",
    "email": "letters and an @, like an e-mail address",
}

#: A text without a match holds no such number: ten digits or more with at most one sign between two, or an at sign.
SUSPECT = re.compile(r"\d(?:[\s.,·_/-]?\d){9}|@|＠|\d[eE]\+?1[4-9]|\(0\d{2,3}\)")

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-2])"
_GAP, _SIGN = r"[ .·_/-]?", r"[ .·_/-]"
#: A day behind the code of a department, as numbers of stays have it: 0301-20240101.
_DAY = r"20[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BEFORE, _AFTER = r"(?<![0-9A-Za-z.])", r"(?![0-9A-Za-z]|\.\d)"
#: Units of money of a fund; 分机 is an extension of a telephone, 分管 an office.
_MONEY = "(?:yuan|fen|元|分(?![\u4e00-\u9fff]))"
_SHAPES = {
    "identity": re.compile(
        rf"{_BEFORE}{_PROVINCE}\d{{4}}{_GAP}(?:18|19|20)\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{2}}{_GAP}\d{{3}}[\dXx]{_AFTER}"
        rf"|{_BEFORE}{_PROVINCE}\d{{2}}(?P<s>{_SIGN})\d{{2}}(?:18|19|20)(?P=s)\d{{4}}(?P=s)\d{{4}}(?P=s)\d[\dXx]{_AFTER}"
        # As a spreadsheet writes it once it took it for a number.
        rf"|{_BEFORE}[1-9]\.\d{{4,17}}[eE]\+?17{_AFTER}|{_BEFORE}{_PROVINCE}\d{{4}}(?:18|19|20)\d{{10}}\.0+{_AFTER}"
    ),
    "old_identity": re.compile(
        rf"{_BEFORE}{_PROVINCE}\d{{6}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{{3}}(?:\.0+)?{_AFTER}"
    ),
    "mobile": re.compile(
        rf"(?:{_BEFORE}|(?<=[0 +])86[ -]?|(?<![0-9])86[ -]?)1[3-9]\d"
        rf"(?:\d{{8}}(?:\.0+)?(?! ?{_MONEY})|([ ·_/-])\d{{4}}\1\d{{4}}){_AFTER}"
    ),
    "landline": re.compile(
        rf"{_BEFORE}(?:\(0(?:10|2\d|[3-9]\d{{2}})\) ?|0(?:10|2\d|[3-9]\d{{2}})[ -](?!{_DAY}{_AFTER}))"
        rf"[2-8]\d{{6,7}}{_AFTER}"
    ),
    "card": re.compile(rf"{_BEFORE}(?:62|4|5[1-5]|35|9)\d(?:[ -]?\d){{13,17}}{_AFTER}"),
    "email": re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"),
}

#: Eleven digits that are money of a fund: a round figure that was read as a number.
_AMOUNT = re.compile(r"\d{7}0{4}\.0+(?!\d)")
#: Years of a life: fifteen digits of somebody older are a number of a stay with its day, 240101 for 2024-01-01.
_OLDEST = 100


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """Say where in a text a number of a person stands.

    Parameters
    ----------
    kind : str
        One of :data:`NUMBER_KINDS`.
    start, end : int
        Its place in the text, which is :func:`plain_text` of what was given.
    genuine : bool
        Whether what can be checked (date, check digit) holds.
    """

    kind: str
    start: int
    end: int
    genuine: bool


def plain_text(text: str) -> str:
    """Return a text with full-width digits and signs as plain ones and without invisible characters.

    Examples
    --------
    >>> plain_text("１３８－0000 0000")
    '138-0000 0000'
    """
    if text.isascii():
        return text
    narrow = re.sub("[‐-―−ー]", "-", unicodedata.normalize("NFKC", text))
    return "".join(letter for letter in narrow if unicodedata.category(letter) != "Cf")


def identity_check_digit(first_seventeen: str) -> str:
    """Return the check character of an identity number, by ISO 7064, MOD 11-2.

    Parameters
    ----------
    first_seventeen : str
        Seventeen digits.

    Examples
    --------
    >>> identity_check_digit("11010519491231002")
    'X'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def find_numbers(text: str) -> list[FoundNumber]:
    """Find what looks like a number of a person in a plain text, from left to right; the first kind that fits counts.

    Parameters
    ----------
    text : str
        A text as :func:`plain_text` returns it.

    Examples
    --------
    >>> [(one.kind, one.genuine) for one in find_numbers("11010519491231002X, 138-0000-0000; 20240101")]
    [('identity', True), ('mobile', True)]
    >>> [(one.kind, one.genuine) for one in find_numbers("110105194912310021")]
    [('identity', False)]
    """
    if not SUSPECT.search(text):
        return []
    found: list[FoundNumber] = []
    for kind, shape in _SHAPES.items():
        for match in shape.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            genuine = _genuine(kind, match[0])
            if kind in {"old_identity", "card"} and not genuine:
                continue
            found.append(FoundNumber(kind, match.start(), match.end(), genuine))
    return sorted(found, key=lambda one: one.start)


def _genuine(kind: str, text: str) -> bool:
    digits = "".join(letter for letter in text.partition(".0")[0] if letter.isalnum()).upper()
    if kind == "identity":
        whole = re.fullmatch(r"[0-9]{17}[0-9X]", digits) is not None
        return whole and _is_day(digits[6:14]) and identity_check_digit(digits[:17]) == digits[17]
    if kind == "old_identity":
        return _is_day(f"19{digits[6:12]}") and int(f"19{digits[6:8]}") > dt.date.today().year - _OLDEST
    if kind == "card":
        return 16 <= len(digits) <= 19 and _luhn(digits)
    return True


def _is_day(text: str) -> bool:
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:])) <= dt.date.today()
    except ValueError:
        return False


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def mask_numbers(text: str) -> str:
    """Return a text with every number of a person replaced by what it looks like.

    Parameters
    ----------
    text : str
        Any text, such as a message that quotes a cell.

    Examples
    --------
    >>> mask_numbers("case_id '11010519491231002X'")
    "case_id '‹18 characters, like an identity number›'"
    >>> mask_numbers("2024-01-01, 1234.50 yuan")
    '2024-01-01, 1234.50 yuan'
    >>> mask_numbers("found 19060000000.0; 13800000000 yuan")
    'found 19060000000.0; 13800000000 yuan'
    """
    plain = plain_text(text)
    found = [one for one in find_numbers(plain) if one.kind != "mobile" or not _AMOUNT.match(plain, one.start)]
    if not found:
        return text
    pieces, done = [], 0
    for one in found:
        pieces += [plain[done : one.start], f"‹{NUMBER_KINDS[one.kind]}›"]
        done = one.end
    return "".join([*pieces, plain[done:]])


def without_cells(words: object) -> str:
    """Return what a library says of a file, on one line, without the cells that it quotes.

    Parameters
    ----------
    words : object
        The error, or its text.

    Examples
    --------
    >>> without_cells("CSV parse error: Row #3: Expected 2 columns, got 3: somebody,1,2")
    'CSV parse error: Row #3: Expected 2 columns, got 3'
    >>> without_cells("In CSV column #0: conversion error to int64: invalid value 'somebody'")
    "In CSV column #0: conversion error to int64: invalid value '…'"
    """
    first = next(iter(str(words).strip().splitlines()), "") or type(words).__name__
    first = re.sub(r"(got \d+):.*", r"\1", first)
    return re.sub(r"'.*'|\".*\"", "'…'", first)
