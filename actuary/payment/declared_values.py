"""The kinds of numbers and names that a payment policy may hold: exact decimals, shares, places of rounding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from actuary.files.numbers import can_be_written_out
from actuary.policy.shapes import Shape, Text

__all__ = [
    "EVERY",
    "INSURANCES",
    "CaseCount",
    "Comparison",
    "Days",
    "Insurance",
    "InsuranceRow",
    "InsuranceValue",
    "NonNegative",
    "Number",
    "PerInsurance",
    "Places",
    "Positive",
    "RateRow",
    "Share",
    "TierName",
]

#: The one wildcard: every tier, every insurance.
EVERY = "*"
#: Insurances whose pools are kept apart.
INSURANCES = ("employee", "resident")
_LARGEST_PLACES = 12
_PLAIN = re.compile(r"\A[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z")


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("a number")
    if isinstance(value, str) and not _PLAIN.match(value.strip()):
        raise ValueError("a number; a long decimal may stand in quotation marks")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("a number") from None
    if not number.is_finite() or not can_be_written_out(number):
        raise ValueError("a finite number of few digits")
    return number


def _non_negative(value: object) -> Decimal:
    number = _decimal(value)
    if number < 0:
        raise ValueError("a number of 0 or more")
    return number


def _positive(value: object) -> Decimal:
    number = _decimal(value)
    if number <= 0:
        raise ValueError("a number above 0")
    return number


def _share(value: object) -> Decimal:
    number = _decimal(value)
    if not 0 <= number <= 1:
        raise ValueError("a share from 0 to 1 (5 % is 0.05)")
    return number


def _whole(value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"a whole number of {least} or more")
    return value


def _places(value: object) -> int | None:
    if value is None or value == "none":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_PLACES:
        raise ValueError(f'a whole number of decimals from 0 to {_LARGEST_PLACES}, or "none" for no rounding')
    return value


def _every(value: object) -> object:
    """Read ``all`` as the wildcard, as published tables write it."""
    return EVERY if value == "all" else value


def _tier(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _every(value)


#: Exact number.
Number = Annotated[Decimal, BeforeValidator(_decimal)]
#: Exact number above 0.
Positive = Annotated[Decimal, BeforeValidator(_positive)]
#: Exact number of 0 or more.
NonNegative = Annotated[Decimal, BeforeValidator(_non_negative)]
#: Exact share, 0-1.
Share = Annotated[Decimal, BeforeValidator(_share)]
#: Decimals to round to; None: not rounded (``"none"`` in the file).
Places = Annotated[int | None, BeforeValidator(_places)]
#: Whole days, 1 or more.
Days = Annotated[int, BeforeValidator(lambda value: _whole(value, 1))]
#: Whole number of cases, 1 or more.
CaseCount = Annotated[int, BeforeValidator(lambda value: _whole(value, 1))]
#: Name of a tier of hospitals, or the wildcard.
TierName = Annotated[Text, BeforeValidator(_tier)]
#: employee, resident, or the wildcard.
Insurance = Annotated[Literal["employee", "resident", "*"], BeforeValidator(_every)]
#: A boundary's operator; it is part of the rule.
Comparison = Literal["<", "<=", ">", ">="]


class InsuranceRow(Shape):
    """Read the key ``scheme`` of a row as ``insurance``; both at once are left for the shape to refuse.

    Attributes
    ----------
    insurance : str
        employee, resident or ``*``.
    """

    insurance: Insurance = "*"

    @model_validator(mode="before")
    @classmethod
    def _read_alias(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and "scheme" in row and "insurance" not in row:
            return {("insurance" if key == "scheme" else key): value for key, value in row.items()}
        return row


class RateRow(InsuranceRow):
    """Hold the price of one tier and insurance.

    Attributes
    ----------
    tier : str
        Tier of hospitals, or ``*``.
    value : Decimal
        Price [yuan per weight, per point or per day].
    """

    tier: TierName = EVERY
    value: Positive


class InsuranceValue(InsuranceRow):
    """Hold a number of one insurance.

    Attributes
    ----------
    value : Decimal
        The number.
    """

    value: Positive


def _per_insurance(value: object) -> object:
    """Bring ``5``, ``{ employee = 5 }`` and ``[{ insurance = "employee", value = 5 }]`` into the last shape."""
    if isinstance(value, Mapping):
        return tuple({"insurance": name, "value": number} for name, number in value.items())
    if isinstance(value, tuple | list):
        return tuple(value)
    return ({"insurance": EVERY, "value": value},)


#: A number for all, by insurance, or as rows; kept as rows.
PerInsurance = Annotated[tuple[InsuranceValue, ...], BeforeValidator(_per_insurance)]
