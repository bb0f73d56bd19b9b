from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import OutputError
from actuary.report.contracts import Column
from actuary.report.numbers import excel_format, format_cell, format_number, scale_in_unit, scale_of


@settings(deadline=None)
@given(
    st.floats(min_value=-1e15, max_value=1e15, allow_nan=False),
    st.integers(min_value=0, max_value=4),
)
def test_a_printed_number_reads_back_rounded_half_away_from_zero(value: float, decimals: int) -> None:
    printed = format_number(value, decimals)
    read = Decimal(printed.replace(",", "").replace("−", "-"))
    assert read == Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    assert not printed.startswith("−0") or read != 0


@pytest.mark.parametrize(
    ("value", "decimals", "signed", "printed"),
    [
        (19_103.25, 1, False, "19,103.3"),
        (-0.04, 1, False, "0.0"),
        (-0.05, 1, False, "−0.1"),
        (0.05, 1, True, "+0.1"),
        (0.0, 1, True, "0.0"),
        (None, 1, False, "—"),
        (float("nan"), 1, False, "—"),
    ],
)
def test_numbers_are_printed_as_the_bulletins_print_them(
    value: float | None, decimals: int, signed: bool, printed: str
) -> None:
    assert format_number(value, decimals, signed=signed) == printed


def test_both_languages_print_the_same_digits() -> None:
    for quantity, value in (("money", 1_734_245_000_000.0), ("people", 3_551_000.0)):
        digits = set()
        for lang in ("zh", "en"):
            scale = scale_of(lang, quantity)
            digits.add(format_number(scale.show(value), scale.decimals).replace(",", "").replace(".", ""))
        assert len(digits) == 1


def test_national_membership_has_a_digit_less_than_a_city() -> None:
    assert scale_of("zh", "people", [379_493_400.0]).decimals == 0
    assert scale_of("zh", "people", [3_551_000.0, None]).decimals == 1


def test_a_share_is_shown_without_binary_noise() -> None:
    assert scale_of("zh", "share").show(0.29) == 29.0


@pytest.mark.parametrize(
    ("lang", "unit", "value", "published", "unit_printed", "printed"),
    [
        ("zh", "100m_yuan", 19.06e9, "190.6", "亿元", "190.6"),
        ("en", "100m_yuan", 19.06e9, "190.6", "bn yuan", "19.06"),
        ("zh", "10k_persons", 40_323.0, "4.0323", "万人", "4.0323"),
        ("en", "10k_persons", 40_323.0, "4.0323", "persons", "40,323"),
        ("zh", "yuan", 4.1e11, None, "亿元", "4,100.0"),
        ("zh", "yuan", 380.0, None, "元", "380"),
        ("zh", "share", 0.089, None, "%", "8.9"),
        ("zh", "ratio", 1.47, None, "", "1.47"),
    ],
)
def test_one_figure_keeps_its_published_digits(
    lang: str, unit: str, value: float, published: str | None, unit_printed: str, printed: str
) -> None:
    scale = scale_in_unit(lang, unit, value=value, published=published)
    assert (scale.unit, format_number(scale.show(value), scale.decimals)) == (unit_printed, printed)


def test_unknown_quantities_and_languages_are_refused() -> None:
    with pytest.raises(OutputError, match="did you mean 'money'"):
        scale_of("zh", "mony")
    with pytest.raises(OutputError, match="a known language"):
        scale_of("fr", "money")


def test_cells_of_every_kind() -> None:
    assert format_cell("red", Column("l", "L", "", "level"), level_name={"red": "红色"}.__getitem__) == "红色"
    assert format_cell(2024, Column("y", "Y", "", "year")) == "2024"
    assert format_cell(4.6, Column("g", "G", "%", "growth", 1)) == "+4.6"
    assert format_cell(1.4689, Column("v", "V", "", "mixed"), decimals=2) == "1.47"
    assert excel_format(Column("y", "Y", "", "year")) == "0"
    assert excel_format(Column("g", "G", "%", "growth", 1)) == "+#,##0.0;−#,##0.0;#,##0.0"
    assert excel_format(Column("v", "V", "", "mixed"), 2) == "#,##0.00;−#,##0.00"
