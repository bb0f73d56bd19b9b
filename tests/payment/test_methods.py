"""The other ways of paying: shipped rule sets, boundaries, faults that are named."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import ActuaryError, DeclarationError, UnknownNameError
from actuary.payment.declared_classes import BedDay, BedDayBand
from actuary.payment.declared_settlement import AuditSample
from actuary.payment.method_files import check_method_file, list_method_rules, load_method_rules, method_rule_paths
from actuary.payment.methods.audit_sample import draw_claims, estimate_errors, required_sample
from actuary.payment.methods.bed_day import bed_day_amount, paid_days, tariff_per_day
from actuary.payment.methods.capitation import CapitationCell, capitation_amount
from actuary.payment.methods.dip import announced_value, settlement_value, trimmed_hospitals
from actuary.payment.methods.item_by_item import item_amount
from actuary.payment.methods.new_technology import NewTechnology, weigh_technology
from actuary.payment.methods.outpatient_groups import settle_outpatient
from actuary.payment.methods.procurement import ProcurementEvent, Purchase, event_effects, retain_surplus
from actuary.payment.methods.single_disease import SingleDiseasePrice, single_disease_amount


def test_every_shipped_rule_set_is_sound() -> None:
    assert {"chongqing-psychiatry", "shishi-bed_day", "taicang-quota", "national-dip_years"} <= set(list_method_rules())
    for path in method_rule_paths().values():
        assert check_method_file(path) == []


def test_unknown_rule_set_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'taicang-quota'"):
        load_method_rules("taicang-quotas")
    with pytest.raises(DeclarationError, match=r"no section \[bed_day\]"):
        load_method_rules("taicang-quota").section("bed_day")


def test_number_without_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[method]\nid = "own"\nschema = 1\nname_zh = "自定"\nname_en = "own"\n'
        'provenance = [{ field = "tariff", source = "judgement" }]\n'
        '[bed_day]\ntariff = [{ tier = "2", value = 100 }]\nbands = [{ to = 30, pay = 0.8 }]\n',
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError) as caught:
        load_method_rules(path)
    assert "bed_day.bands[1].to" in str(caught.value)
    assert "a number without a source" in str(caught.value)


def test_shishi_pays_less_the_longer_a_stay_lasts() -> None:
    rules = load_method_rules("shishi-bed_day")
    bands = rules.section("bed_day").bands
    assert [paid_days(days, bands) for days in (0, 30, 31, 60, 61, 90, 400)] == [
        0, 24, Fraction("24.6"), 42, Fraction("42.5"), 57, 57
    ]  # fmt: skip
    assert [needed.key for needed in rules.required_inputs] == ["bed_day.tariff"]


@given(st.integers(0, 200), st.integers(0, 200))
def test_longer_stay_is_never_paid_less(days: int, more: int) -> None:
    bands = load_method_rules("shishi-bed_day").section("bed_day").bands
    assert paid_days(days, bands) <= paid_days(days + more, bands) <= days + more


def test_bed_day_faults_are_named() -> None:
    rule = BedDay(tariff=({"tier": "tertiary", "value": 179},))
    with pytest.raises(ActuaryError, match="did you mean tier 'tertiary'"):
        tariff_per_day(rule, tier="tertiery", insurance="resident")
    with pytest.raises(ActuaryError, match="the user gives it"):
        bed_day_amount(3, BedDay(), tier="2")
    with pytest.raises(ActuaryError, match="none may overlap"):
        paid_days(50, [BedDayBand(to=30, pay=1), BedDayBand(to=20, pay=1)])
    with pytest.raises(ActuaryError, match="days: found -1"):
        paid_days(-1, [])


def test_tariff_of_the_insurance_goes_before_that_of_all() -> None:
    rule = BedDay(tariff=({"tier": "2", "value": 100}, {"tier": "2", "insurance": "employee", "value": 120}))
    assert tariff_per_day(rule, tier="2", insurance="employee") == 120
    assert tariff_per_day(rule, tier="2", insurance="resident") == 100


def test_heads_lie_in_one_cell_each() -> None:
    cells = [CapitationCell(age_to=60, rate=1), CapitationCell(age_from=60, rate=2)]
    with pytest.raises(ActuaryError) as caught:
        capitation_amount({(60, "male", ""): 1, (20, "male", ""): -1}, cells)
    assert "found 2 cells" in str(caught.value)
    assert "found -1 persons" in str(caught.value)


def test_dip_values() -> None:
    assert settlement_value("100.01", 3, fund_share=1) == Fraction(10001, 300)
    with pytest.raises(ActuaryError, match="total score: found 0"):
        settlement_value(100, 0)
    with pytest.raises(ActuaryError, match="score of B: found nothing"):
        announced_value([1], [1], scores={"A": 1}, cases={"B": 1})
    assert trimmed_hospitals({}, low=0, high=1) == ()
    assert trimmed_hospitals({"A": 3, "B": 1}, low=0, high=1) == ("A", "B")


def test_outpatient_pool_is_divided_whole() -> None:
    visits = {"H1": {"A": 3, "B": 1}, "H2": {"B": 5}}
    pool = settle_outpatient(visits, {"A": 125, "B": "33.3"}, budget_fen=1_000_001, residual="largest_remainder")
    assert sum(pool.divided.shares_fen) == 1_000_001
    with pytest.raises(ActuaryError, match="group 'C' without points"):
        settle_outpatient({"H1": {"C": 1}}, {"A": 1}, budget_fen=1)


def test_retention_of_a_dearer_purchase_is_nothing() -> None:
    rules = {"fund_share": "0.6", "retain_share": "0.5", "assessment": 1}
    dearer = retain_surplus(Purchase(100, 1, selected_volume=100, price_after=2), **rules)
    assert (dearer.base_fen, dearer.retained_fen) == (-6000, 0)


def test_events_of_one_group_add_up() -> None:
    day = dt.date(2021, 1, 1)
    events = [ProcurementEvent("F", "stent", day, 10, 4, 5), ProcurementEvent("F", "drug", day, 2, 1, 10)]
    assert event_effects(events, {"F": 10}) == {"F": (Fraction(-4), False)}
    with pytest.raises(ActuaryError, match="group F, stent: found no cases"):
        event_effects(events[:1], {})


def test_technology_that_costs_more_than_it_saves() -> None:
    entry = NewTechnology("G", 10, added_yuan=300, saved_yuan=100, standard_yuan=900, cost_yuan=800, extra_pay_yuan=150)
    benefit = weigh_technology([entry])[0]
    assert (benefit.total_yuan, benefit.hospital_yuan, benefit.fund_yuan) == (-2000, -500, -1500)
    assert benefit.gain_per_case_yuan == 900 + 150 - (800 + 300 - 100)


def test_single_disease_and_items_refuse_what_cannot_be() -> None:
    price = SingleDiseasePrice(disease="K80", price="8000.5", form="lower_of")
    assert single_disease_amount(800_051, price) == 800_050
    with pytest.raises(ActuaryError, match="excluded implants"):
        single_disease_amount(100, price, apart_fen=101)
    assert item_amount(100, deductions_fen={"deductible": 500}, pooled_share=1) == 0
    with pytest.raises(ActuaryError, match="a share from 0 to 1"):
        item_amount(100, deductions_fen={}, pooled_share=80)


@given(st.lists(st.integers(-(10**6), 10**7), max_size=60), st.integers(0, 10**8), st.integers(0, 5))
def test_draw_reaches_the_amount_or_takes_every_claim(amounts: list[int], required: int, seed: int) -> None:
    claims = np.array(amounts, np.int64)
    sample = draw_claims(claims, required_fen=required, rng=np.random.default_rng(seed))
    assert len(set(sample.chosen.tolist())) == len(sample.chosen)
    assert sample.amount_fen == sum(amounts[place] for place in sample.chosen)
    assert sample.reached or len(sample.chosen) == len(amounts)


def test_sample_rules_meet_at_their_boundary() -> None:
    rules = [AuditSample(spend_from=100_000_000, min_amount=5_000_000), AuditSample(min_share="0.05")]
    assert required_sample(9_999_999_999, rules) == 500_000_000
    with pytest.raises(ActuaryError, match="no rule for"):
        required_sample(1, rules[:1])


def test_interval_covers_the_errors_of_all_claims() -> None:
    rng = np.random.default_rng(20)
    amounts = rng.integers(10_000, 2_000_000, 4000)
    errors = np.where(rng.random(4000) < 0.2, amounts // 4, 0)
    strata = np.searchsorted([500_000, 1_200_000], amounts)
    covered = 0
    for _ in range(100):
        chosen = rng.choice(4000, 400, replace=False)
        found = estimate_errors(amounts, strata, chosen=chosen, errors_fen=errors[chosen])
        covered += found.low_fen <= errors.sum() <= found.high_fen
    assert 88 <= covered <= 100
    with pytest.raises(ActuaryError, match="expected at least two"):
        estimate_errors(amounts, strata, chosen=np.array([0]), errors_fen=np.array([0]))


def test_psychiatric_tariff_is_that_of_the_source() -> None:
    reformed = load_method_rules("chongqing-psychiatry").section("bed_day")
    assert [row.value for row in reformed.tariff] == [Decimal(value) for value in (84, 112, 179, 223)]
