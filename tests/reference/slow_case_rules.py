"""Plain twins of what is decided of cases before their ratio: one loop each, no arrays."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation


def fen_of(text: str) -> int | str:
    """Return an amount in fen, or what is wrong with it."""
    word = text.strip(" \t\r\n")
    if word.lower() in {"", "na", "n/a", "nan", "null", "none", "-", "—"}:
        return "missing"
    word = unicodedata.normalize("NFKC", word)
    whole = word.lstrip("+-").split(".")[0].split(",")
    if len(whole) > 1 and 1 <= len(whole[0]) <= 3 and all(len(part) == 3 for part in whole[1:]):
        word = word.replace(",", "")
    try:
        number = Decimal(word)
    except InvalidOperation:
        return "no number"
    if not number.is_finite() or "_" in word or len(word) > 64:
        return "no number"
    if number < 0:
        return "negative"
    if number > 10**9:
        return "too high"
    return int(number * 100) if number * 100 == int(number * 100) else "too precise"


def repeated(names: Sequence[str]) -> list[bool]:
    """Say of each name whether it stood earlier."""
    return [name in names[:place] for place, name in enumerate(names)]


def earlier_of_readmissions(stays: Sequence[tuple[str, str, int, int]], days: int) -> set[int]:
    """Return the earlier stay of each pair of stays (person, group, admission, discharge) that follow closely.

    A stay's next one is the first of the same person and group that begins no earlier in the order of admission.
    """
    found = set()
    order = sorted(range(len(stays)), key=lambda row: (stays[row][2], stays[row][3], row))
    for place, row in enumerate(order):
        person, group, _, discharge = stays[row]
        for later in order[place + 1 :]:
            if stays[later][:2] == (person, group):
                if 0 <= stays[later][2] - discharge <= days:
                    found.add(row)
                break
    return found


def beyond_caps(cases: Sequence[tuple[str, int]], caps: Mapping[str, int]) -> set[int]:
    """Return the cases (group, day) that come when the places of their group are taken."""
    used: dict[str, int] = {}
    beyond = set()
    for row in sorted(range(len(cases)), key=lambda row: (cases[row][1], row)):
        group = cases[row][0]
        if group in caps:
            used[group] = used.get(group, 0) + 1
            if used[group] > caps[group]:
                beyond.add(row)
    return beyond
