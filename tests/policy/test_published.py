"""The declared rules against the reference tables of the folder beside the checkout."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from actuary.errors import DeclarationError, UnknownNameError
from actuary.policy import load_basis, load_policy_book, retirement_delay, retirement_month

FUND = Path(__file__).resolve().parents[2] / "../shared/fund"

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(not FUND.is_dir(), reason="../shared/fund is not there"),
]

#: parameter of the published table -> key here; {group} is the group of the row.
KEYS = {
    "retirement_age_start": "retirement.start_age_{group}",
    "retirement_age_end": "retirement.end_age_{group}",
    "retirement_delay_step": "retirement.delay_step_{group}",
    "flexible_early_max": "retirement.flexible_early_max",
    "flexible_late_max": "retirement.flexible_late_max",
    "pension_min_contribution_years": "retirement.pension_min_contribution_years",
    "resident_subsidy_per_head": "resident.subsidy_per_head",
    "resident_premium_per_head": "resident.premium_per_head",
    "resident_fund_per_head_2021": "resident.funding_per_head_actual",
    "employer_rate": "employee.employer_rate",
    "employee_rate": "employee.employee_rate",
    "account_credit_active": "employee.personal_credit_active",
    "account_credit_retired": "employee.personal_credit_retired",
    "outpatient_pool_reimb_min": "employee.outpatient_pool_reimbursement_min",
    "account_share_of_employer_before_reform": "employee.employer_share_to_personal",
    "contribution_halving_max_months": "employee.contribution_halving_max_months",
    "contribution_halving_min_reserve": "employee.contribution_halving_min_reserve",
    "contribution_deferral_max": "employee.contribution_deferral_max",
    "contribution_cut_total_2020": "employee.contribution_cut_total",
    "vbp_surplus_retention_max": "procurement.surplus_retention_max",
    "drg_payment_coverage_2024": "payment.case_payment_fund_share",
    "maternity_merge": "maternity.merged_into_employee",
    "maternity_allowance_2023": "maternity.allowance_per_recipient",
    "maternity_leave_base": "maternity.leave_base",
    "three_child_policy": "maternity.three_child_policy",
    "two_child_policy": "maternity.two_child_policy",
    "critical_illness_funding_share": "critical_illness.funding_share",
    "critical_illness_reimb_min": "critical_illness.reimbursement_min",
    "ltci_pilot_cities": "long_term_care.pilot_cities",
    "ltci_covered": "long_term_care.covered_persons",
    "ltci_funding_per_head_2020": "long_term_care.funding_per_head",
    "contribution_base_floor": "employee.contribution_base_floor",
    "contribution_base_cap": "employee.contribution_base_cap",
    "resident_subsidy_to_premium_target": "resident.subsidy_to_premium_max",
}


def read(name: str) -> list[dict[str, str]]:
    with (FUND / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def base_value(row: dict[str, str]) -> float:
    """Turn a published value into the base unit of the rule."""
    value, unit = float(row["value"]), row["unit"]
    if unit.startswith("pct"):
        return value / 100
    return value * {"100m_yuan": 1e8, "10k_persons": 1e4}.get(unit, 1)


def first_day(text: str) -> dt.date:
    parts = [int(part) for part in text.split("-")] if text else [1998]
    return dt.date(*[*parts, 1, 1][:3])


def test_every_published_parameter_is_declared() -> None:
    books = {"national": load_policy_book("national"), "Shenyang": load_policy_book("shenyang")}
    rows = read("policy_params.csv")
    assert len(rows) == 71
    for row in rows:
        key = KEYS[row["parameter"]].format(group=row["group"])
        entry = books[row["scope"]].entry(key, first_day(row["effective_from"]))
        assert float(entry.value) == pytest.approx(base_value(row), rel=1e-12), row
        assert entry.first_day == first_day(row["effective_from"]), row
        published = None if row["confidence"] == "verified" else row["confidence"]
        assert entry.confidence == published, row


def test_the_retirement_rule_reproduces_the_schedule() -> None:
    book = load_policy_book("national")
    rows = read("retirement_schedule.csv")
    assert len(rows) == 480
    for row in rows:
        year, month = (int(part) for part in row["birth_month"].split("-"))
        delay, age = retirement_delay(row["group"], year, birth_month=month, book=book)
        assert delay == int(row["delay_months"]), row
        assert age == 12 * int(row["retire_age_years"]) + int(row["retire_age_extra_months"]), row
        assert (
            "{}-{:02d}".format(*retirement_month(row["group"], year, birth_month=month, book=book))
            == (row["retire_month"])
        ), row


def test_the_retirement_rule_refuses_other_groups_and_months() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'women_50'"):
        retirement_month("women50", 1970, birth_month=1)
    with pytest.raises(DeclarationError, match="a month from 1 to 12"):
        retirement_month("men", 1970, birth_month=13)


def test_the_growth_of_2024_in_the_notes_is_the_published_one() -> None:
    rows = {
        (int(row["year"]), row["scheme"], row["indicator"]): float(row["value"])
        for row in read("national_annual.csv")
        if row["basis"] == "bulletin"
    }

    def of(year: int, indicator: str, scheme: str = "employee") -> float:
        return rows[year, scheme, indicator]

    def growth(new: float, old: float) -> float:
        return new / old - 1

    basis, day = load_basis("national"), dt.date(2025, 1, 1)
    ratio = basis.value("employee.relative_cost_retired", day)
    weighted = {year: of(year, "active") + ratio * of(year, "retired") for year in (2023, 2024)}
    heads = {year: of(year, "enrolled") for year in (2023, 2024)}
    residents = {year: of(year, "enrolled", "resident") for year in (2023, 2024)}
    personal_2023 = of(2023, "expenditure") - of(2023, "pooled_expenditure")
    expected = {
        "employee.active_growth": growth(of(2024, "active"), of(2023, "active")),
        "employee.retired_growth": growth(of(2024, "retired"), of(2023, "retired")),
        "employee.contribution_base_growth": growth(
            of(2024, "pooled_income") / of(2024, "active"), of(2023, "pooled_income") / of(2023, "active")
        ),
        "employee.pooled_cost_growth": growth(
            of(2024, "pooled_expenditure") / weighted[2024], of(2023, "pooled_expenditure") / weighted[2023]
        ),
        "employee.personal_spending_growth": growth(
            of(2024, "account_expenditure") / heads[2024], personal_2023 / heads[2023]
        ),
        "resident.enrolled_growth": growth(residents[2024], residents[2023]),
        "resident.cost_growth": growth(
            of(2024, "expenditure", "resident") / residents[2024], of(2023, "expenditure", "resident") / residents[2023]
        ),
    }
    for key, value in expected.items():
        note = (basis.entry(key, day).note or "").replace("−", "-")
        told = [float(number) for number in re.findall(r"(-?\d+\.\d+)%", note)]
        assert any(abs(number - 100 * value) < 0.06 for number in told), (key, value, note)
    assert ratio == pytest.approx(39.5 / 9.9, abs=5e-3)


def test_the_growth_quoted_for_the_employee_scheme_compares_like_with_like() -> None:
    rows = {
        (int(row["year"]), row["scheme"], row["indicator"]): float(row["value"])
        for row in read("national_annual.csv")
        if row["basis"] == "bulletin"
    }
    basis, day = load_basis("national"), dt.date(2025, 1, 1)
    ratio = basis.value("employee.relative_cost_retired", day)

    def yearly(flow: str, heads: tuple[float, float], *, years: tuple[int, int]) -> float:
        first, last = (
            rows[year, "employee", flow] + (rows[year, "maternity", flow] if year == 2018 else 0.0) for year in years
        )
        return float(100 * ((last / heads[1] / (first / heads[0])) ** (1 / (years[1] - years[0])) - 1))

    years = (2018, 2024)
    active = tuple(rows[year, "employee", "active"] for year in years)
    retired = tuple(rows[year, "employee", "retired"] for year in years)
    weighted = tuple(one + ratio * other for one, other in zip(active, retired, strict=True))
    income = yearly("income", (active[0], active[1]), years=years)
    spending = yearly("expenditure", (weighted[0], weighted[1]), years=years)
    assert f"年均增{income:.1f}%" in basis.reason("employee.contribution_base_growth", day)
    assert f"年均增{spending:.1f}%" in basis.reason("employee.pooled_cost_growth", day)
