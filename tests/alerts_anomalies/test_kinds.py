"""One small table a kind, with figures that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from actuary.alerts.anomalies import detect_anomalies


def only(found, kind):
    """Return the findings of one kind, which are at one hospital."""
    listed = [one for one in found.findings if one.kind == kind]
    assert [one.hospital for one in listed] == ["H00"]
    return listed[0]


def test_nothing_is_found_where_all_are_alike(plain):
    found = detect_anomalies(plain, scheme=None)
    assert len(found) == 0
    assert not found.not_assessable
    assert found.to_frame().empty
    assert found.evidence.num_rows == 0


def test_upcoding(plain):
    """20 in 100 stays of every hospital lie in the gravest group; H00 moves 30 of its other 80 there."""
    own = plain[(plain["hospital"] == "H00") & (plain["drg"] == "BR25")].index[:30]
    plain.loc[own, ["drg", "severity"]] = ["BR21", "MCC"]
    found = detect_anomalies(plain, scheme=None, kinds=["upcoding"])
    one = only(found, "upcoding")
    assert (one.base, one.observed) == (100, 0.5)
    # The peers have 20 in 100 each; H00 is conspicuous and sets no standard for them.
    evidence = found.assessments["upcoding"].evidence
    assert evidence.expected == pytest.approx(np.full(8, 0.2), abs=1e-9)
    assert evidence.effect[1:] == pytest.approx(np.zeros(7), abs=1e-9)
    assert one.expected == pytest.approx(0.2, abs=1e-3)
    assert one.low < one.effect < one.high
    assert 0.25 < one.effect <= 0.3
    behind = found.cases(one)
    assert set(behind["drg"]) == {"BR21"}
    assert set(behind["at_hospital"]) == {"H00"}
    assert behind["suspicion"].sum() == pytest.approx(one.effect * 100, abs=2)


def test_split_stays(plain):
    """Twenty stays of H00 come back three days after another of the person; nobody else's do."""
    own = plain.index[plain["hospital"] == "H00"]
    for first, second in zip(own[:40:2], own[1:40:2], strict=True):
        plain.loc[second, "person_key"] = plain.loc[first, "person_key"]
        plain.loc[second, "drg"] = plain.loc[first, "drg"]
        plain.loc[second, "admission_date"] = plain.loc[first, "discharge_date"] + pd.Timedelta(days=3)
        plain.loc[second, "discharge_date"] = plain.loc[second, "admission_date"] + pd.Timedelta(days=7)
    found = detect_anomalies(plain, scheme=None, kinds=["split_stay"])
    one = only(found, "split_stay")
    assert one.observed == 0.2
    assert one.expected < 0.01
    behind = found.cases(one).set_index("case_id")
    assert set(behind.index) == {f"c{i:05d}" for i in range(40)}
    assert (behind["note"] == "second stay").sum() == 20
    assert set(behind.index[behind["note"] == "second stay"]) == {f"c{i:05d}" for i in range(1, 40, 2)}


@pytest.mark.parametrize(("days", "counts"), [(10, True), (11, False)])
def test_readmissions_count_within_the_declared_days(make_cases, days, counts):
    table = make_cases()
    own = table.index[table["hospital"] == "H00"]
    for first, second in zip(own[:40:2], own[1:40:2], strict=True):
        table.loc[second, ["person_key", "drg"]] = table.loc[first, ["person_key", "drg"]].to_list()
        table.loc[second, "admission_date"] = table.loc[first, "discharge_date"] + pd.Timedelta(days=days)
        table.loc[second, "discharge_date"] = table.loc[second, "admission_date"] + pd.Timedelta(days=7)
    found = detect_anomalies(table, scheme=None, kinds=["split_stay"])
    assert bool(found.assessments["split_stay"].evidence.observed[0]) is counts


def test_light_admissions(plain):
    """Thirty more stays of two days at a third of the cost."""
    extra = plain[plain["hospital"] == "H00"].iloc[:30].copy()
    extra["case_id"] = [f"x{i}" for i in range(30)]
    extra["person_key"] = [f"q{i}" for i in range(30)]
    extra["los_days"] = 2
    extra["total_cost"] /= 3
    found = detect_anomalies(pd.concat([plain, extra], ignore_index=True), scheme=None, kinds=["light_admission"])
    one = only(found, "light_admission")
    assert one.observed == pytest.approx(30 / 130)
    assert set(found.cases(one)["case_id"]) == {f"x{i}" for i in range(30)}


def test_a_quick_hospital_is_not_a_light_one(plain):
    """Whoever is quick and cheap throughout admits nobody lightly, though some stays are short and cheap."""
    own = plain["hospital"] == "H00"
    plain.loc[own, "los_days"] = np.rint(plain.loc[own, "los_days"] * 0.7)
    plain.loc[own, "total_cost"] *= 0.55
    found = detect_anomalies(plain, scheme=None, kinds=["light_admission"])
    assert len(found) == 0


def test_refusing_severe(make_cases):
    """H00 has no grave complication at all where its peers have 20 in 100; they are its patients elsewhere."""
    table = make_cases(stays=300)
    own = table[(table["hospital"] == "H00") & (table["drg"] == "BR21")].index
    table.loc[own[:55], "hospital"] = "H01"
    found = detect_anomalies(table, scheme=None, kinds=["refusing_severe"])
    one = only(found, "refusing_severe")
    assert one.effect > 0.6
    assert one.money_fen is None
    assert "elsewhere" in one.money_basis


def test_cost_shifting(plain):
    """H00's outpatient bills are 400 yuan higher, and nothing else."""
    own = plain["hospital"] == "H00"
    plain.loc[own, "outpatient_cost_14d"] += 400
    found = detect_anomalies(plain, scheme=None, kinds=["cost_shifting"])
    one = only(found, "cost_shifting")
    assert one.observed - one.expected == pytest.approx(400, abs=1)
    assert one.money_fen == pytest.approx(400 * 100 * 100, rel=0.01)
    assert one.money_low_fen <= one.money_fen <= one.money_high_fen


def test_growth(plain):
    """H00 has 40 more stays in October, of 100."""
    extra = plain[plain["hospital"] == "H00"].iloc[:40].copy()
    extra["case_id"] = [f"x{i}" for i in range(40)]
    extra["person_key"] = [f"q{i}" for i in range(40)]
    extra["admission_date"] = np.datetime64("2024-10-10")
    extra["discharge_date"] = np.datetime64("2024-10-17")
    table = pd.concat([plain, extra], ignore_index=True)
    found = detect_anomalies(table, scheme=None, kinds=["growth"])
    evidence = found.assessments["growth"].evidence
    # Admissions begin every 3.65 days from 1 January; the middle of the discharges is 6 July.
    later = (plain["admission_date"] >= np.datetime64("2024-07-06"))[plain["hospital"] == "H00"].sum()
    assert evidence.observed[0] == pytest.approx((later + 40) / 140, abs=0.01)
    assert evidence.effect.argmax() == 0


@pytest.mark.parametrize("kind", ["drug_spike", "consumable_spike"])
def test_spikes(make_cases, kind):
    """In the third quarter H00 uses half as much again; a spike of one is none of the other."""
    table = make_cases(hospitals=10, stays=200)
    quarter = pd.to_datetime(table["admission_date"]).dt.quarter
    rows = (table["hospital"] == "H00") & (quarter == 3)
    drugs = table["drug_cost"] - table["consumable_cost"]
    more = 0.5 * (drugs if kind == "drug_spike" else table["consumable_cost"]).where(rows, 0.0)
    table["total_cost"] += more
    table["drug_cost"] += more
    if kind == "consumable_spike":
        table["consumable_cost"] += more
    found = detect_anomalies(table, scheme=None, kinds=["drug_spike", "consumable_spike"])
    assert [(one.hospital, one.kind, one.where) for one in found.findings] == [("H00", kind, ("B 2024Q3",))]
    one = found.findings[0]
    # What was added, less what the raised share of the hospital itself hides.
    assert one.money_fen == pytest.approx(more.sum() * 100, rel=0.05)
    assert one.cases == rows.sum()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dropped", "kinds"),
    [
        (["person_key"], {"split_stay"}),
        (["los_days", "admission_date"], {"light_admission", "split_stay"}),
        (["drug_cost"], {"drug_spike", "consumable_spike"}),
        (["consumable_cost"], {"drug_spike", "consumable_spike"}),
        (["outpatient_cost_14d", "fully_self_paid"], {"cost_shifting"}),
        (["admission_date", "discharge_date"], {"split_stay", "growth", "drug_spike", "consumable_spike"}),
        (["severity"], {"upcoding", "refusing_severe"}),
        (["outpatient_cost_14d"], set()),
    ],
)
def test_what_is_missing_is_named(plain, dropped, kinds):
    found = detect_anomalies(plain.drop(columns=dropped), scheme=None)
    assert {one.kind for one in found.not_assessable} == kinds
    assert all(one.reason for one in found.not_assessable)
    assert not kinds & set(found.scores()["kind"])


def test_a_short_period_says_nothing_about_time(plain):
    plain["admission_date"] = np.datetime64("2024-01-01") + (np.arange(len(plain)) % 60).astype("timedelta64[D]")
    plain["discharge_date"] = plain["admission_date"] + pd.Timedelta(days=7)
    found = detect_anomalies(plain, scheme=None)
    assert {one.kind: one.reason for one in found.not_assessable}[
        "growth"
    ] == "the cases lie within 59 days; 150 are needed"


def test_materials_above_drugs_with_materials_are_a_contradiction(plain):
    plain["drug_cost"] -= 3500
    found = detect_anomalies(plain, scheme=None)
    assert "must hold drugs and materials together" in found.not_assessable[-1].reason


def test_a_hospital_alone_in_its_tier_is_not_judged_by_itself(make_cases):
    table = make_cases(hospitals=9)
    table.loc[table["hospital"] == "H00", "outpatient_cost_14d"] += 400
    table.loc[table["hospital"].isin(["H00", "H08"]), "tier"] = "1"
    found = detect_anomalies(table, scheme=None, kinds=["cost_shifting", "growth", "drug_spike"])
    assert len(found) == 0
    assert [one.kind for one in found.not_assessable] == ["cost_shifting", "growth"]
    assert "tier 1 has fewer than 3 hospitals to compare: H00, H08" in found.not_assessable[0].reason
    assert "growth in part" in found.summary()
    scores = found.scores().set_index(["kind", "hospital"])["posterior"]
    assert scores["cost_shifting"][["H00", "H08"]].isna().all()
    assert scores["drug_spike"].notna().all()


def test_two_hospitals_are_no_peers(make_cases):
    found = detect_anomalies(make_cases(hospitals=2), scheme=None)
    assert len(found.not_assessable) == 8
    assert "fewer than 5 hospitals" in found.not_assessable[0].reason
