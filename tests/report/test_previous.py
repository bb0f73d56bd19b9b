"""What earlier reports expected against what came or is expected now: every difference closes to the yuan."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from actuary.errors import OutputError, TableError
from actuary.forecast.fund_forecast import forecast_fund
from actuary.fund import project_fund
from actuary.paths import data_root
from actuary.periods import Quarter
from actuary.report.composer import Composer
from actuary.report.contracts import ReportData
from actuary.report.expectations import EXPECTED_TABLE, expected_years, read_expectations
from actuary.report.previous import PreviousReport, compare_with_previous
from actuary.report.sections.reconciliation import _one
from actuary.tables.sealing import seal_catalog

_QUARTER, _NEXT = Quarter(2024, 4), Quarter(2025, 1)


def _compared(region: str, quarter: Quarter, *, data: Path | None = None, ahead: int = 8) -> dict[str, PreviousReport]:
    """Compare with the quickest of the models; the arithmetic is the same for every one."""
    projection = project_fund(region, quarter, scenarios=("base",), data=data)
    forecast = forecast_fund(region, to=quarter + ahead, until=quarter, draws=60, model="naive", data=data)
    found = compare_with_previous(projection, SimpleNamespace(forecast=forecast, model="naive"), data=data)
    assert found is not None
    return {one.kind: one for one in found}


def _closes(reports: Iterable[PreviousReport]) -> None:
    for report in reports:
        assert report.schemes
        for one in report.schemes.values():
            assert one.forecast_yuan + sum(step.amount_yuan for step in one.steps) == one.came_yuan
            assert [step.item for step in one.steps] == ["start", "income", "expenditure", "other"]
            assert one.figures[-1].name == "balance_end"


@pytest.fixture(scope="module")
def national() -> dict[str, PreviousReport]:
    return _compared("national", _QUARTER)


def test_the_quarter_before_and_the_year_end_before_are_compared(national: dict[str, PreviousReport]) -> None:
    assert {kind: one.quarter for kind, one in national.items()} == {"quarter": "2024Q3", "year_end": "2023Q4"}
    assert all(one.settled and one.year == 2024 for one in national.values())
    _closes(national.values())
    # The quarter before knew months of the year that the year-end before did not.
    figures = [one.schemes["resident"].figures[0] for one in national.values()]
    assert figures[0].forecast != figures[1].forecast
    assert figures[0].came == figures[1].came


def test_a_quarter_before_that_knew_no_more_is_left_out() -> None:
    found = _compared("city_panel", Quarter(2022, 4))
    assert list(found) == ["year_end"]
    _closes(found.values())


@pytest.mark.slow
def test_a_revised_opening_balance_is_a_step_of_its_own(tmp_path: Path, national: dict[str, PreviousReport]) -> None:
    data = Path(shutil.copytree(data_root(), tmp_path / "data"))
    table = data / "reference/national_annual.csv"
    head, *rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    row = next(one for one in rows if one.startswith("national,2023,resident,balance_end,7663.7,"))
    table.write_text(
        head + "".join(rows) + row.replace("7663.7", "7600.5").replace(",bulletin,", ",flash,"), encoding="utf-8"
    )
    seal_catalog(data)
    found = _compared("national", _QUARTER, data=data)
    _closes(found.values())
    for kind, one in found.items():
        steps = {step.item: step.amount_yuan for step in one.schemes["resident"].steps}
        assert steps["start"] == 6_320_000_000
        assert {step.item: step.amount_yuan for step in national[kind].schemes["resident"].steps}["start"] == 0


def test_before_a_year_has_come_what_is_expected_now_is_compared() -> None:
    projection = project_fund("national", _QUARTER, scenarios=("base",))
    forecast = forecast_fund("national", to="2026Q4", until=_QUARTER, draws=60, model="naive")
    then = tuple(one for one in expected_years(forecast, opening=lambda *_asked: None) if one.year == 2025)
    shifted = tuple(replace(one, opening_yuan=one.opening_yuan - 1e9) for one in then)
    evidence = SimpleNamespace(forecast=forecast, model="naive")
    found = compare_with_previous(projection, evidence, given=("2024Q3", shifted))
    assert found is not None
    given = found[0]
    assert (given.kind, given.quarter, given.year, given.settled) == ("given", "2024Q3", 2025, False)
    _closes(found)
    for one in given.schemes.values():
        assert one.steps[1].amount_yuan == one.steps[2].amount_yuan == 0
        assert one.steps[0].amount_yuan != 0
    empty = compare_with_previous(projection, evidence, given=("2024Q3", ()))
    assert empty is not None
    assert empty[0].schemes == {}
    assert empty[0].year == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_earlier_report_that_cannot_be_compared_is_told_why_and_what_to_do(lang: str) -> None:
    inputs = SimpleNamespace(quarter=_QUARTER)
    for year, key in ((0, "empty"), (2023, "nothing")):
        previous = PreviousReport(year, {}, "given", "2022Q4", settled=False)
        composer = Composer(lang)
        (told,) = _one(inputs, composer, previous)
        assert told.title == composer.text(f"reconciliation.{key}_title")
        assert ("2023" in told.text) == bool(year)
        assert len(told.items) == 2
        assert "--previous" in told.items[-1]


def test_the_annex_holds_what_the_next_report_reads(national_en: ReportData, tmp_path: Path) -> None:
    (tmp_path / "report_data.json").write_text(national_en.to_json(), encoding="utf-8")
    quarter, found = read_expectations(tmp_path, "national", Quarter(2025, 1))
    table = next(one for one in national_en.annex if one.id == EXPECTED_TABLE)
    assert quarter == "2024Q4"
    assert {(one.scheme, one.year) for one in found} == {(s, y) for s in ("employee", "resident") for y in (2025, 2026)}
    first = next(one for one in found if one.scheme == "employee" and one.year == 2025)
    assert first.opening_yuan == 3_044_550_000_000
    assert first.figures["income"][0] == table.cell(1, "forecast")
    assert first.figures["income"][1] < first.figures["income"][0] < first.figures["income"][2]


def test_a_wrong_earlier_report_is_refused_in_words(national_en: ReportData, tmp_path: Path) -> None:
    def refused(folder: Path, region: str = "national", quarter: Quarter = _NEXT) -> str:
        with pytest.raises((TableError, OutputError)) as caught:
            read_expectations(folder, region, quarter)
        return str(caught.value)

    assert "no such folder" in refused(tmp_path / "nowhere")
    assert "a folder without report_data.json" in refused(tmp_path)
    path = tmp_path / "report_data.json"
    path.write_text(national_en.to_json(), encoding="utf-8")
    assert "a report on national; expected one on shenyang" in refused(tmp_path, "shenyang")
    assert "a report on 2024Q4; expected one on a quarter before 2024Q4" in refused(tmp_path, quarter=_QUARTER)
    without = replace(national_en, annex=())
    path.write_text(without.to_json(), encoding="utf-8")
    assert read_expectations(tmp_path, "national", Quarter(2025, 1)) == ("2024Q4", ())
    for text in ("{", json.dumps({"version": 0}), "\ufffe"):
        path.write_text(text, encoding="utf-8")
        assert "report_data.json" in refused(tmp_path)
