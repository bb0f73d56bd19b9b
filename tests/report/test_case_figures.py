"""Figures of settled cases: they add up, rest on enough cases, and hold no case; wrong ones are refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from actuary.errors import DeclarationError, TableError
from actuary.paths import models_root
from actuary.payment.settle import settle_cases
from actuary.periods import Quarter
from actuary.report.case_figures import CaseFigures, figure_cases
from actuary.report.case_limits import hidden_places, hidden_tree, load_case_limits
from actuary.report.case_merging import OTHERS
from actuary.report.case_source import CaseRequest, check_settled, find_cases, of_settlement, open_cases
from actuary.report.cases_given import case_period, cases_of_report
from actuary.tables.personal_rules import load_personal_rules
from actuary.workflow.bulk.settle import settle_dataset

_POLICY = "suzhou-2022"
_GROUPS = ("BR25", "GD25", "ES33", "FM35")
_SIZES = {"H1": 60, "H2": 40, "H3": 30, "H4": 3, "H5": 25, "H6": 2}
_TIERS = {"H1": "3", "H2": "3", "H3": "2", "H4": "2", "H5": "2", "H6": "1"}


def _cases(months: tuple[str, ...] = ("2024-10", "2024-11", "2024-12", "2024-07")) -> pd.DataFrame:
    """Return made-up cases of six hospitals, two of them with very few."""
    rng = np.random.default_rng(7)
    rows = [
        {
            "case_id": f"secret-case-{hospital}-{month}-{number}",
            "person_key": f"secret-person-{number}",
            "hospital": hospital,
            "tier": _TIERS[hospital],
            "insurance": "employee" if number % 3 else "resident",
            "drg": _GROUPS[number % len(_GROUPS)],
            "month": month,
            "total_cost": f"{float(rng.lognormal(9.0, 1.0)):.2f}",
            "synthetic": True,
        }
        for hospital, size in _SIZES.items()
        for month in months
        for number in range(size)
    ]
    return pd.DataFrame(rows)


def _figures(months: tuple[str, ...] = ("2024-10", "2024-11", "2024-12", "2024-07")) -> CaseFigures:
    period, wanted = case_period(Quarter(2024, 4), "quarterly")
    return figure_cases(of_settlement(settle_cases(_cases(months), _POLICY)), "somewhere", period, months=wanted)


@pytest.fixture(scope="module")
def figures() -> CaseFigures:
    return _figures()


def test_figures_of_hospitals_add_up_to_their_tier_and_to_the_city(figures: CaseFigures) -> None:
    assert (figures.held_cases, figures.cases) == (160 * 4, 160 * 3)
    assert figures.city["cases"] == figures.cases == sum(row["cases"] for row in figures.tiers)
    for tier in figures.tiers:
        mine = [row for row in figures.hospitals if row["tier"] == tier["tier"]]
        for key in ("cases", "hospitals"):
            assert sum(row[key] for row in mine) == tier[key]
        for key in ("cost_yuan", "standard_yuan", "fund_yuan"):
            assert sum(row[key] for row in mine) == pytest.approx(tier[key], rel=1e-12)
    assert sum(row["hospitals"] for row in figures.tiers) == len(_SIZES)


def test_no_cell_rests_on_fewer_cases_than_declared(figures: CaseFigures) -> None:
    least = load_case_limits().least
    for rows in (figures.tiers, figures.hospitals, figures.groups, figures.use):
        assert all(row["cases"] >= least for row in rows)
    for rows in (figures.classes, figures.statuses):
        assert all(row["cases"] is None or row["cases"] >= least for row in rows)
        assert sum(row["cases"] is None for row in rows) != 1
    # H4 has 9 cases in the quarter and H6, the only one of its tier, 6: each stands with another, under no name.
    names = {row["hospital"] for row in figures.hospitals}
    assert not names & {"H4", "H6"}
    assert any(name.startswith(OTHERS) for name in names)
    assert {row["tier"] for row in figures.tiers} == {"3", "1+2"}


def test_a_share_that_the_total_gives_away_is_hidden(figures: CaseFigures) -> None:
    for tier in figures.tiers:
        mine = [row for row in figures.hospitals if row["tier"] == tier["tier"]]
        for key in ("high_share", "low_share"):
            assert sum(row[key] is None for row in mine) != 1 or len(mine) == 1


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [([], set()), ([0, 0], set()), ([9], {0}), ([10, 12], set()), ([9, 12, 30], {0, 1}), ([2, 3, 40, 50], {0, 1, 2}),
     ([6, 7, 40], {0, 1})],
)  # fmt: skip
def test_hidden_counts_do_not_follow_from_their_total(counts: list[int], hidden: set[int]) -> None:
    limits = load_case_limits()
    ten = replace(limits, rules=replace(limits.rules, least_cases=10))
    assert hidden_places(counts, ten) == hidden


@settings(max_examples=15)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.integers(0, 30)))
def test_no_count_follows_from_hospitals_tiers_and_city_together(counts: np.ndarray) -> None:
    limits = load_case_limits()
    tiers = [str(tier) for tier in range(len(counts)) for _ in range(counts.shape[1])]
    found = hidden_tree(counts.ravel().tolist(), tiers, limits)
    hidden = np.isin(np.arange(counts.size), list(found.hospitals)).reshape(counts.shape)
    gone = np.array([str(tier) in found.tiers for tier in range(len(counts))], dtype=bool)
    assert hidden[(counts > 0) & (counts < limits.least)].all()
    assert gone[(counts.sum(axis=1) > 0) & (counts.sum(axis=1) < limits.least)].all()
    # A hidden tier cannot be added up; what is hidden in a printed tier, and in the city, holds enough together.
    assert hidden[gone][counts[gone] > 0].all()
    for tier, blank in zip(counts[~gone], hidden[~gone], strict=True):
        assert not blank.any() or (blank.sum() > 1 and tier[blank].sum() >= limits.least)
    sums = counts.sum(axis=1)
    assert found.city or not gone.any() or (gone.sum() > 1 and sums[gone].sum() >= limits.least)


def test_figures_come_back_as_written_and_hold_no_case(figures: CaseFigures) -> None:
    text = figures.to_json()
    assert CaseFigures.from_json(text).to_json() == text
    assert "secret-case" not in text
    assert "secret-person" not in text
    assert figures.synthetic
    with pytest.raises(TableError, match="the figures of cases"):
        CaseFigures.from_json('{"region": 1}')
    with pytest.raises(TableError, match="the figures of cases"):
        CaseFigures.from_json("not json")


def test_no_amount_leaves_out_a_few_cases_that_another_counts(figures: CaseFigures) -> None:
    cases = _cases()
    cases.loc[0, "total_cost"] = "1.00"  # too cheap to count in indicators of payment
    period, months = case_period(Quarter(2024, 4), "quarterly")
    found = figure_cases(of_settlement(settle_cases(cases, _POLICY)), "somewhere", period, months=months)
    few = [row["unit"] for row in found.use if found.cases - 11 < row["cases"] < found.cases]
    assert few
    assert not [unit for unit in few if "yuan" in unit]
    assert [row for row in figures.use if "yuan" in row["unit"]]


def test_months_without_a_case_are_named() -> None:
    assert _figures(("2024-10", "2024-12")).missing_months == ("2024-11",)


def test_cases_of_another_city_or_quarter_are_refused() -> None:
    settled = of_settlement(settle_cases(_cases(("2023-01",)), _POLICY))
    with pytest.raises(TableError, match="of suzhou; expected cases of shenyang"):
        check_settled(settled, "shenyang", ("2023-01",))
    with pytest.raises(TableError, match="found cases of 2023-01; expected cases of 2024-10 to 2024-12"):
        check_settled(settled, "suzhou", ("2024-10", "2024-11", "2024-12"))
    undated = of_settlement(settle_cases(_cases().drop(columns="month"), _POLICY))
    with pytest.raises(TableError, match="no case with a month of discharge"):
        check_settled(undated, "suzhou", ("2024-10",))


def test_too_few_cases_together_are_no_figures() -> None:
    few = _cases(("2024-12",)).query("hospital == 'H4'")
    with pytest.raises(TableError, match="found 3 cases of 2024Q4; expected 11 or more"):
        figure_cases(of_settlement(settle_cases(few, _POLICY)), "somewhere", "2024Q4", months=("2024-12",))


def test_settlements_are_found_by_city_and_quarter(tmp_path: Path) -> None:
    for place in ("shenyang/2024Q4", "shenyang/2023", "anyang"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "settlement.json").write_text("{}", encoding="utf-8")
    for region, quarter, place in (
        ("shenyang", Quarter(2024, 4), "shenyang/2024Q4"),
        ("shenyang", Quarter(2023, 2), "shenyang/2023"),
        ("anyang", Quarter(2021, 1), "anyang"),
        ("shenyang", Quarter(2022, 1), ""),
    ):
        assert find_cases(tmp_path, region, quarter) == tmp_path / place
    assert find_cases(None, "shenyang", Quarter(2024, 4), data=tmp_path) is None
    (tmp_path / "data").mkdir()
    (tmp_path / "shenyang").rename(tmp_path / "data" / "shenyang")
    (tmp_path / "data").rename(tmp_path / "settled")
    assert find_cases(None, "shenyang", Quarter(2024, 4), data=tmp_path) == tmp_path / "settled/shenyang/2024Q4"


def test_a_settlement_part_by_part_gives_the_figures_of_the_whole(tmp_path: Path, figures: CaseFigures) -> None:
    (tmp_path / "listed").mkdir()
    cases = _cases()
    for month, rows in cases.groupby("month"):
        rows.to_parquet(tmp_path / "listed" / f"{month}.parquet")
    settle_dataset(tmp_path / "listed", tmp_path / "settled", _POLICY)
    request, (period, months) = CaseRequest(tmp_path / "settled"), case_period(Quarter(2024, 4), "quarterly")
    found = figure_cases(open_cases(request, "suzhou", months=months), "somewhere", period, months=months)
    keys = ("hospital", "tier", "cases", "cost_yuan", "fund_yuan")
    assert [[row[key] for key in keys] for row in found.hospitals] == [
        [row[key] for key in keys] for row in figures.hospitals
    ]
    assert {"cases/2024-07.parquet", "cases/2024-12.parquet", "books.csv"} < set(found.checksums)
    (tmp_path / "settled/cases/2024-10.parquet").unlink()
    with pytest.raises(TableError, match=r"2024-10\.parquet.*no such file"):
        open_cases(request, "suzhou", months=months)


def test_what_is_given_is_checked_in_words(figures: CaseFigures, tmp_path: Path) -> None:
    def refused(given: object, **options: object) -> str:
        with pytest.raises(TableError) as caught:
            cases_of_report(given, "shenyang", Quarter(2024, 4), **options)  # type: ignore[arg-type]
        return str(caught.value)

    assert "no such file or folder" in refused(tmp_path / "nowhere")
    assert "an empty folder" in refused(tmp_path)
    assert "--policy: found no --cases" in refused(None, policy="p")
    assert "figures of somewhere, 2024Q4" in refused(figures)
    (tmp_path / "cases.csv").write_text("", encoding="utf-8")
    assert "a file of cases without --policy" in refused(tmp_path / "cases.csv")
    (tmp_path / "own.toml").write_text('extends = "suzhou-2022"\n[policy]\nid = "own"\n', encoding="utf-8")
    assert "an empty file" in refused(tmp_path / "cases.csv", policy=str(tmp_path / "own.toml"))
    (tmp_path / "own.toml").unlink()
    (tmp_path / "note.txt").write_text("x", encoding="utf-8")
    (tmp_path / "cases.csv").unlink()
    assert "a folder with note.txt" in refused(tmp_path)
    (tmp_path / "cases.parquet").write_bytes(b"x")
    assert "cases that are not settled" in refused(tmp_path)
    (tmp_path / "settlement.json").write_text("{}", encoding="utf-8")
    assert "no manifest.json" in refused(tmp_path)
    assert cases_of_report(None, "national", Quarter(2024, 4)) is None
    with pytest.raises(TableError, match="a city or a county: no other region pays hospitals"):
        cases_of_report(tmp_path, "national", Quarter(2024, 4))


def test_the_least_cell_is_that_of_every_published_table(tmp_path: Path) -> None:
    (tmp_path / "personal").mkdir()
    text = (models_root() / "personal/rules.toml").read_text(encoding="utf-8")
    changed = text.replace("least_cases = 11", "least_cases = 25")
    assert changed != text
    (tmp_path / "personal/rules.toml").write_text(changed, encoding="utf-8")
    assert load_case_limits(tmp_path).least == 25
    assert load_case_limits().least == load_personal_rules().least_cases


def test_limits_are_whole_numbers_of_one_or_more(tmp_path: Path) -> None:
    folder = tmp_path / "national/payment/reporting"
    folder.mkdir(parents=True)
    text = (models_root() / "national/payment/reporting/limits.toml").read_text(encoding="utf-8")
    (folder / "limits.toml").write_text(text.replace("value = 15", "value = 25"), encoding="utf-8")
    assert load_case_limits(tmp_path).groups_in_text == 25
    (folder / "limits.toml").write_text(text.replace("value = 15", "value = 0.5"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="a whole number, 1 or more"):
        load_case_limits(tmp_path)
