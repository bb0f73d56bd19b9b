"""Published figures, with their origin, arrive in the annex workbook to the digits they were published with."""

from __future__ import annotations

import io

import openpyxl
import pytest

from actuary.report import render_excel
from actuary.report.contracts import ReportData
from actuary.report.render_excel import sheet_names

_BULLETIN = "2024年全国医疗保障事业发展统计公报"
_PLAN = "沈阳市“十四五”医疗保障事业发展规划"


@pytest.fixture(scope="module")
def book(national_zh: ReportData) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(render_excel(national_zh)))


@pytest.mark.parametrize(
    ("table", "column", "decimals", "expected", "origin"),
    [
        ("membership", "dependency_ratio", 2, 2.63, f"{_BULLETIN}: 27,491.84 active, 10,457.50 retired (10k persons)"),
        ("payable_months", "employee_months", 1, 27.6, f"{_BULLETIN}: 30,445.50 / (13,222.71 / 12)"),
        ("payable_months", "resident_months", 1, 9.2, f"{_BULLETIN}: 8,183 / (10,661.5 / 12)"),
        ("employee_pool_by_year", "pooled_income_growth", 1, 4.6, f"{_BULLETIN}: pool income +4.6 %"),
        ("employee_pool_by_year", "pooled_expenditure_growth", 1, 13.5, f"{_BULLETIN}: pool spending +13.5 %"),
    ],
)
def test_national_figures_of_2024(
    national_zh: ReportData,
    book: openpyxl.Workbook,
    table: str,
    column: str,
    decimals: int,
    expected: float,
    origin: str,
) -> None:
    sheet = book[sheet_names(national_zh)[table]]
    keys = [one.key for one in national_zh.table(table).columns]
    row = next(row for row in sheet.iter_rows(min_row=5, values_only=True) if row[0] == 2024)
    value = row[keys.index(column)]
    assert isinstance(value, (int, float))
    assert round(value, decimals) == expected, origin


@pytest.mark.parametrize("city_report", ["national_zh", "shenyang_zh"])
@pytest.mark.parametrize(
    ("indicator", "scheme", "expected", "origin"),
    [
        ("职退比", "职工医保", 1.47, _PLAN),
        ("当期结余", "基本医疗保险合计", 30.2, f"{_PLAN}: 190.6 - 160.4 (100 m yuan)"),
        ("基金收入", "基本医疗保险合计", 190.6, _PLAN),
        ("基金支出", "基本医疗保险合计", 160.4, _PLAN),
    ],
)
def test_shenyang_figures_of_2020(
    request: pytest.FixtureRequest, city_report: str, indicator: str, scheme: str, expected: float, origin: str
) -> None:
    report: ReportData = request.getfixturevalue(city_report)
    sheet = openpyxl.load_workbook(io.BytesIO(render_excel(report)))[sheet_names(report)["city_shenyang"]]
    values = [
        row[3]
        for row in sheet.iter_rows(min_row=5, values_only=True)
        if row[0] == indicator and row[1] == scheme and row[2] == "2020"
    ]
    assert values == [expected], origin


def test_the_pool_of_the_bulletin_stands_in_billions_in_english(national_en: ReportData) -> None:
    table = national_en.table("employee_pool_by_year")
    assert table.column("pooled_income").unit == "bn yuan"
    value = table.cell(len(table.rows) - 1, "pooled_income")
    assert isinstance(value, float)
    assert round(value, 1) == 1734.2, f"{_BULLETIN}: 17,342.45 (100 m yuan)"
