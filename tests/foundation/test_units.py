"""Units convert exactly and refuse to mix quantities."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import UnitError
from actuary.units import UNITS, base_unit, convert, get_unit

printed = st.decimals(-(10**6), 10**6, places=4, allow_nan=False)


@given(printed)
def test_printed_figures_convert_without_a_rounding_trace(value: Decimal) -> None:
    assert convert(str(value), "100m_yuan") == float(value * 10**8)
    assert convert(str(value), "100m_yuan", "10k_yuan") == float(value * 10**4)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_every_unit_has_a_base_of_its_quantity(name: str) -> None:
    base = get_unit(base_unit(name))
    assert base.factor == 1
    assert base.quantity == get_unit(name).quantity
    assert convert("1", name, name) == 1.0


def test_the_surplus_of_shenyang_comes_out_to_the_yuan() -> None:
    # Origin: Shenyang plan 2021-25, box 1: income 190.6 and spending 160.4 亿元 in 2020.
    assert convert("190.6", "100m_yuan") - convert("160.4", "100m_yuan") == 3_020_000_000.0


def test_an_unknown_unit_names_the_nearest() -> None:
    with pytest.raises(UnitError, match=r"found '100m_yaun'; .*did you mean '100m_yuan'"):
        convert(1, "100m_yaun")


def test_people_are_not_money() -> None:
    with pytest.raises(UnitError, match="found people; expected money"):
        convert(1, "10k_persons", "yuan")


def test_text_is_not_a_number() -> None:
    with pytest.raises(UnitError, match="found '约5'; expected a number"):
        convert("约5", "100m_yuan")
