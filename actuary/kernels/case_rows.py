"""Loops over the rows of case tables: numbers written as text, names that occur twice, sums by code.

Texts come as Arrow keeps them: one run of bytes, and where each text begins. Nothing here allocates a text.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import compiled

__all__ = [
    "MISSING_CELL",
    "NEGATIVE",
    "NOT_PLAIN",
    "TOO_HIGH",
    "TOO_PRECISE",
    "add_by_code",
    "mark_repeats",
    "parse_decimals",
    "share_texts",
]

#: What can be wrong with a number; 0 is nothing.
MISSING_CELL, NOT_PLAIN, NEGATIVE, TOO_PRECISE, TOO_HIGH = 1, 2, 3, 4, 5


@compiled
def parse_decimals(  # noqa: C901, PLR0912, PLR0915  (one pass over the bytes)
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    present: NDArray[np.bool_],
    digits: int,
    highest: int,
    values: NDArray[np.int64],
    faults: NDArray[np.int8],
) -> None:
    """Read plain decimal numbers as whole numbers of 10**-digits.

    Parameters
    ----------
    offsets : int64 (cells + 1)
        Where each text begins in `data`.
    data : uint8
        The bytes of all texts.
    present : bool (cells)
        Whether a cell holds a text.
    digits : int
        Decimals that are kept; further ones are dropped and marked unless they are zeros.
    highest : int
        The highest magnitude [10**-digits], at most 10**17.
    values : int64 (cells)
        Filled with the numbers; 0 where there is none.
    faults : int8 (cells)
        Filled with 0, or what is wrong: the first that applies of not plain, too high, negative, too precise.
    """
    for i in range(offsets.size - 1):
        values[i] = 0
        begin, end = offsets[i], offsets[i + 1]
        while begin < end and data[begin] <= 32:
            begin += 1
        while end > begin and data[end - 1] <= 32:
            end -= 1
        if not present[i] or begin == end:
            faults[i] = MISSING_CELL
            continue
        negative = data[begin] == 45
        if negative or data[begin] == 43:
            begin += 1
        number = 0
        seen = 0
        decimals = -1
        high = False
        lost = False
        plain = True
        for j in range(begin, end):
            byte = data[j]
            if byte == 46 and decimals < 0:
                decimals = 0
            elif 48 <= byte <= 57:
                seen += 1
                if decimals >= digits:
                    lost = lost or byte != 48
                    continue
                if decimals >= 0:
                    decimals += 1
                number = number * 10 + (byte - 48)
                if number > highest:
                    high = True
                    number = highest
            else:
                plain = False
                break
        if not plain or seen == 0:
            faults[i] = NOT_PLAIN
            continue
        for _ in range(digits - max(decimals, 0)):
            number *= 10
            if number > highest:
                high = True
                number = highest
        values[i] = -number if negative else number
        if negative and (number > 0 or lost):
            faults[i] = NEGATIVE
        elif high:
            faults[i] = TOO_HIGH
        elif lost:
            faults[i] = TOO_PRECISE
        else:
            faults[i] = 0


@compiled
def _same(data: NDArray[np.uint8], offsets: NDArray[np.int64], one: int, other: int) -> bool:
    length = offsets[one + 1] - offsets[one]
    if offsets[other + 1] - offsets[other] != length:
        return False
    for k in range(length):  # noqa: SIM110  (compiled: no generators)
        if data[offsets[one] + k] != data[offsets[other] + k]:
            return False
    return True


@compiled
def mark_repeats(
    offsets: NDArray[np.int64],
    data: NDArray[np.uint8],
    taking_part: NDArray[np.bool_],
    table: NDArray[np.int32],
    repeats: NDArray[np.bool_],
) -> None:
    """Mark every text that stood in an earlier row already.

    Parameters
    ----------
    offsets : int64 (rows + 1)
        Where each text begins in `data`.
    data : uint8
        The bytes of all texts.
    taking_part : bool (rows)
        Rows that are compared; the others neither repeat nor are repeated.
    table : int32
        Room to work in: a power of two of at least twice as many places as rows, all -1.
    repeats : bool (rows)
        Filled: whether an earlier row that takes part holds the same text.
    """
    rows = offsets.size - 1
    mask = table.size - 1
    for i in range(rows):
        repeats[i] = False
        if not taking_part[i]:
            continue
        hashed = np.uint64(14695981039346656037)
        for k in range(offsets[i], offsets[i + 1]):
            hashed = (hashed ^ np.uint64(data[k])) * np.uint64(1099511628211)
        hashed ^= hashed >> np.uint64(32)
        slot = np.int64(hashed & np.uint64(mask))
        while table[slot] >= 0:
            if _same(data, offsets, table[slot], i):
                repeats[i] = True
                break
            slot = (slot + 1) & mask
        if not repeats[i]:
            table[slot] = i


@compiled
def share_texts(offsets: NDArray[np.int64], data: NDArray[np.uint8], shares: int, share: NDArray[np.int32]) -> None:
    """Give every text one of some shares: equal texts the same one, on every machine.

    Parameters
    ----------
    offsets : int64 (rows + 1)
        Where each text begins in `data`.
    data : uint8
        The bytes of all texts.
    shares : int
        How many shares, a power of two up to 2**31.
    share : int32 (rows)
        Filled with the share of each text, from 0.
    """
    for i in range(offsets.size - 1):
        hashed = np.uint64(14695981039346656037)
        for k in range(offsets[i], offsets[i + 1]):
            hashed = (hashed ^ np.uint64(data[k])) * np.uint64(1099511628211)
        # Other bits than those that mark_repeats takes its places from.
        hashed ^= hashed >> np.uint64(29)
        share[i] = np.int32((hashed >> np.uint64(20)) & np.uint64(shares - 1))


@compiled
def add_by_code(
    codes: NDArray[np.int64], taking_part: NDArray[np.bool_], values: NDArray[np.int64], sums: NDArray[np.int64]
) -> None:
    """Add values of the rows of each code.

    Parameters
    ----------
    codes : int64 (rows)
        Place among the sums.
    taking_part : bool (rows)
        Rows that are added.
    values : int64 (rows)
        What is added; a sum stays within int64 for 90 million amounts of at most 10**11.
    sums : int64
        Added to.
    """
    for i in range(codes.size):
        if taking_part[i]:
            sums[codes[i]] += values[i]
