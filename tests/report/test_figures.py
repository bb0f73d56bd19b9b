from __future__ import annotations

import re

import pytest

from actuary.errors import OutputError
from actuary.report.contracts import ReportData
from actuary.report.figures import Band, Line, Series, _legend_columns, grouped_bars, lines
from actuary.report.fonts import missing_characters
from actuary.report.style import SERIES

_HISTORY = Series("历史", "history", ((2014.0, 16.0), (2023.0, 27.2), (2024.0, 27.6)))
_BASE = Series("基准", "base", ((2024.0, 27.6), (2025.0, 28.2)))


def _draw(label: str = "可支付月数（个月）") -> str:
    return lines(
        "months",
        [_HISTORY, _BASE],
        y_label=label,
        x_label="年末",
        alt="a & b",
        bands=[Band("正常区间", 6.0, 9.0)],
        levels=[Line("上限", 15.0)],
        projected_from=2024.0,
        projected_label="测算期",
        zero=True,
    )


def test_a_character_the_font_lacks_is_an_error() -> None:
    with pytest.raises(OutputError, match="characters of Noto Sans SC"):
        _draw("\U00020bb7野家")
    assert missing_characters("职退比 2.63") == []
    assert missing_characters("\U00020bb7") == ["\U00020bb7"]


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert _draw() == _draw()


def test_a_figure_carries_no_date_no_address_no_font_and_a_description() -> None:
    svg = _draw()
    assert svg.startswith('<svg role="img"')
    assert "<title>a &amp; b</title>" in svg
    assert "<text" not in svg
    assert "<metadata" not in svg
    assert "<style" not in svg
    assert set(re.findall(r'https?://[^"]+', svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_identifiers_begin_with_the_name_of_the_figure(national_zh: ReportData) -> None:
    for figure in national_zh.figures():
        assert all(name.startswith(f"{figure.id}-") for name in re.findall(r'\bid="([^"]+)"', figure.svg))
        assert all(name.startswith(f"{figure.id}-") for name in re.findall(r'href="#([^"]+)"', figure.svg))
        assert all(name.startswith(f"{figure.id}-") for name in re.findall(r"url\(#([^)]+)\)", figure.svg))


def test_a_line_breaks_where_years_are_missing() -> None:
    xs, ys = _HISTORY.with_gaps()
    assert xs == [2014.0, 2022.5, 2023.0, 2024.0]
    assert ys[1] != ys[1]


def test_no_two_series_share_their_look_in_grey_print() -> None:
    looks = [(repr(style.line), style.marker) for style in SERIES.values() if style.marker]
    scenarios = [looks[list(SERIES).index(name)] for name in ("history", "base", "adverse", "favourable", "other_1")]
    assert len(set(scenarios)) == len(scenarios)
    assert SERIES["income"].hatch != SERIES["spending"].hatch


def test_bars_shade_what_is_projected() -> None:
    svg = grouped_bars(
        "bars",
        [Series("收入", "income", ((0.0, 1.0), (1.0, None)))],
        ticks=["2024", "2025"],
        y_label="金额（亿元）",
        x_label="年",
        alt="柱状图",
        projected_from=1,
        projected_label="测算期",
    )
    assert "bars-patch" in svg


def test_every_figure_names_a_unit_on_its_axis_and_its_table(national_zh: ReportData) -> None:
    figures = list(national_zh.figures())
    assert len(figures) == 29
    assert all(re.search(r"表\d+", figure.note) for figure in figures)


@pytest.mark.parametrize(
    ("widths", "columns"),
    [([8, 8, 8], 3), ([18, 18, 20, 20], 2), ([40, 40], 2), ([20] * 6, 3), ([60, 60, 60], 1), ([24] * 5, 3)],
)
def test_a_legend_stays_as_wide_as_its_figure(widths: list[int], columns: int) -> None:
    assert _legend_columns(widths) == columns
