"""Findings as a whole: order of rows, names, honest cities, bad input, money, signals, what is written."""

from __future__ import annotations

import json
import subprocess

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import actuary
from actuary.alerts.anomalies import detect_anomalies, load_anomaly_rules
from actuary.alerts.anomalies.rules import KINDS
from actuary.alerts.signals import Signal
from actuary.errors import DeclarationError, TableError, UnknownNameError
from actuary.payment.settle import settle_cases
from actuary.workflow.anomalies import record_findings, write_findings


@pytest.fixture(scope="module")
def found(city_cases):
    return detect_anomalies(city_cases, policy="suzhou-2022")


def test_most_findings_are_true(city, found):
    truth = {(row.hospital, row.kind) for row in city.hospital_truth().itertuples()}
    listed = [(one.hospital, one.kind) for one in found.findings]
    assert len(listed) > 20
    assert sum(one in truth for one in listed) >= 0.9 * len(listed)
    assert found.synthetic
    assert "synthetic" in found.summary()
    assert "synthetic" in found._repr_html_()


def test_findings_are_complete(found):
    frame = found.to_frame()
    assert frame["rank"].tolist() == list(range(1, len(found) + 1))
    assert (frame["q_value"] <= found.level).all()
    assert (frame["posterior"] >= found.rules.statistics.least_posterior).all()
    priced = frame[frame["money_fen"].notna()]
    assert (priced["money_low_fen"] <= priced["money_fen"]).all()
    assert (priced["money_fen"] <= priced["money_high_fen"]).all()
    assert set(frame.loc[frame["money_fen"].isna(), "kind"]) <= {"refusing_severe"}
    counts = pa.table(found.evidence).group_by("rank").aggregate([("case_id", "count")])
    by_rank = dict(zip(counts["rank"].to_pylist(), counts["case_id_count"].to_pylist(), strict=True))
    assert all(by_rank.get(one.rank, 0) == one.cases for one in found.findings)
    assert not set(found.evidence.column_names) & {"person_key", "dx", "age_years"}


@pytest.mark.slow
def test_neither_the_order_of_rows_nor_names_matter(city_cases, found):
    rng = np.random.default_rng(5)
    frame = city_cases.to_pandas()
    renamed = {name: f"X{number:03d}" for number, name in enumerate(rng.permutation(frame["hospital"].unique()))}
    frame["hospital"] = frame["hospital"].astype(str).map(renamed)
    other = detect_anomalies(frame.sample(frac=1, random_state=3), policy="suzhou-2022")
    keep = ["hospital", "kind", "cases", "money_fen"]
    mine = found.to_frame()[keep].assign(hospital=lambda table: table["hospital"].map(renamed))
    theirs = other.to_frame()[keep]
    keys = ["hospital", "kind"]
    mine, theirs = (table.sort_values(keys).reset_index(drop=True) for table in (mine, theirs))
    assert mine[keys].equals(theirs[keys])
    for name in ("cases", "money_fen"):
        both = mine[name].notna()
        assert mine.loc[both, name].astype(float).to_numpy() == pytest.approx(
            theirs.loc[both, name].astype(float).to_numpy(), rel=0.02
        )


@pytest.mark.slow
def test_an_honest_city_has_next_to_no_findings_and_uniform_p_values(honest_cases):
    quiet = detect_anomalies(honest_cases)
    assert len(quiet) <= 1
    scores = quiet.scores()
    rates = scores[~scores["kind"].str.endswith("spike")].dropna(subset=["p_value"])
    for share in (0.05, 0.2, 0.5):
        assert (rates["p_value"] < share).mean() == pytest.approx(share, abs=0.06)
    spikes = scores[scores["kind"].str.endswith("spike")]
    assert (spikes["p_value"] < 0.05).mean() <= 0.05


def test_the_same_cases_give_the_same_fingerprint(plain):
    one, same = (detect_anomalies(plain, scheme=None).fingerprint for _ in range(2))
    plain.loc[0, "total_cost"] += 1
    assert one == same != detect_anomalies(plain, scheme=None).fingerprint


def test_upcoded_money_is_the_difference_of_two_settlements(city_cases, found):
    """Case by case and to the fen: settle the stay as it is, and in the group it has without the code."""
    frame = found.evidence.to_pandas()
    rows = frame[(frame["kind"] == "upcoding") & (frame["money_fen"].fillna(0) != 0)].head(25)
    assert len(rows) == 25
    cases = city_cases.to_pandas().set_index("case_id").loc[rows["case_id"]].reset_index()
    columns = ["case_id", "hospital", "tier", "insurance", "drg", "total_cost"]
    before = settle_cases(cases[columns], "suzhou-2022")
    other = cases[columns].assign(drg=[note.rpartition(": ")[2] for note in rows["note"]])
    after = settle_cases(other, "suzhou-2022")
    assert (before.standard_fen - after.standard_fen).tolist() == rows["money_fen"].astype(int).tolist()
    assert (rows["note"].str.startswith("without ")).all()


def test_light_money_is_what_the_stays_are_paid(city_cases, found):
    frame = found.evidence.to_pandas()
    rows = frame[frame["kind"] == "light_admission"].head(20)
    settled = settle_cases(city_cases, "suzhou-2022")
    paid = dict(zip(city_cases["case_id"].to_pylist(), settled.standard_fen.tolist(), strict=True))
    assert rows["money_fen"].astype(int).tolist() == [paid[one] for one in rows["case_id"]]


@pytest.mark.slow
def test_without_a_policy_the_charge_counts_and_is_named(city_cases):
    found = detect_anomalies(city_cases, scheme=None, kinds=["upcoding", "light_admission"])
    by_kind = {one.kind: one for one in found.findings}
    assert "no policy" in by_kind["light_admission"].money_basis
    assert by_kind["light_admission"].money_fen > 0
    assert by_kind["upcoding"].money_fen is None
    assert "no scheme" in by_kind["upcoding"].money_basis


def test_signals_go_into_the_ledger_and_find_their_predecessors(plain, tmp_path):
    plain.loc[plain["hospital"] == "H00", "outpatient_cost_14d"] += 400
    found = detect_anomalies(plain, scheme=None)
    (signal,) = found.signals(region="shenyang")
    assert isinstance(signal, Signal)
    assert (signal.subject, signal.rule_id, signal.period) == ("H00", "cost_shifting", "2025Q1")
    assert signal.title_zh == "疑似费用转嫁"
    ledger = tmp_path / "cases.sqlite"
    first = record_findings(found, ledger, who="checker", region="shenyang", period="2024Q4")
    again = record_findings(found, ledger, who="checker", region="shenyang", period="2025Q1")
    assert [one.outcome for one in (*first, *again)] == ["opened", "seen"]


def test_every_problem_of_the_tables_is_told_at_once(plain):
    plain.loc[1, "case_id"] = "c00000"
    plain.loc[plain["hospital"] == "H03", "hospital"] = "H99"
    listed = pd.DataFrame(
        {"hospital": [f"H{i:02d}" for i in range(8)], "tier": ["3", "3", "3", "3", None, "3", "2", "2"]}
    )
    with pytest.raises(TableError) as caught:
        detect_anomalies(plain, hospitals=listed, scheme=None)
    text = str(caught.value)
    assert "3 problems" in text
    assert "1 ids that occur twice (c00000)" in text
    assert "'H99'" in text
    assert "H04 without a tier" in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns=["tier"]), "no tiers"),
        (lambda t: t.drop(columns=["drg", "hospital"]), "2 problems"),
        (lambda t: t.assign(tier=np.where(t.index == 0, "2", "3")), "hospital H00 in tiers"),
        (lambda t: t.iloc[:0], "no cases"),
    ],
)
def test_tables_that_cannot_be_read_say_why(plain, change, words):
    with pytest.raises(TableError, match=words):
        detect_anomalies(change(plain), scheme=None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.assign(case_id=None), "800 cases without one"),
        (lambda t: t.assign(total_cost="9,000.00"), "a cost above 0"),
        (lambda t: pd.concat([t, t["tier"]], axis=1), "every name once"),
        (lambda t: pa.Table.from_pandas(t).append_column("tier", pa.nulls(len(t))), "two columns tier"),
        (lambda t: t.assign(remark=[object()] * len(t)), "columns of one kind"),
    ],
)
def test_tables_of_strangers_are_refused_with_a_reason(plain, change, words):
    with pytest.raises(TableError, match=words):
        detect_anomalies(change(plain), scheme=None)


@pytest.mark.parametrize("value", [np.inf, -1e6])
def test_numbers_that_no_amount_can_be_count_as_missing(plain, value):
    columns = ["drug_cost", "consumable_cost", "outpatient_cost_14d", "fully_self_paid", "los_days"]
    plain[columns] = plain[columns].astype(float)
    odd, missing = plain.copy(), plain.copy()
    for number, column in enumerate(columns):
        rows = [3 + number, 150 + number]
        odd.loc[rows, column], missing.loc[rows, column] = value, np.nan
    one, other = (detect_anomalies(table, scheme=None).scores() for table in (odd, missing))
    pd.testing.assert_frame_equal(one, other)


def test_an_infinite_cost_takes_no_part(plain):
    plain.loc[:1, "total_cost"] = np.inf
    assert detect_anomalies(plain, scheme=None).excluded == 2


def test_a_missing_adrg_or_category_is_read_off_the_group(plain):
    rows = plain.index % 3 == 0
    gaps = plain.assign(adrg=plain["adrg"].mask(rows), mdc=plain["mdc"].mask(rows))
    one, other = (detect_anomalies(table, scheme=None).scores() for table in (plain, gaps))
    pd.testing.assert_frame_equal(one, other)


def test_names_are_carried_as_they_are_and_start_no_formula_in_a_sheet(plain, tmp_path):
    names = {"H00": "=1+1", "H01": "H,01", "H02": "<b>医院"}
    plain["hospital"] = plain["hospital"].replace(names)
    plain.loc[plain["hospital"].isin(names.values()), "outpatient_cost_14d"] += 400
    found = detect_anomalies(plain, scheme=None, kinds=["cost_shifting"])
    assert {one.hospital for one in found.findings} == set(names.values())
    assert "<b>" not in found._repr_html_()
    out = write_findings(found, tmp_path / "out")
    written = set(pd.read_csv(out / "findings.csv")["hospital"])
    assert written == {"'=1+1", "H,01", "<b>医院"}
    assert set(pq.read_table(out / "cases.parquet")["hospital"].to_pylist()) <= set(names.values())


def test_other_bad_input(plain, tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'upcoding'"):
        detect_anomalies(plain, kinds=["upcodin"])
    with pytest.raises(UnknownNameError, match="above 0 and below 1"):
        detect_anomalies(plain, level=1.5)
    with pytest.raises(TableError, match="no such file"):
        detect_anomalies(tmp_path / "none.parquet")
    text = (
        (load_path())
        .read_text(encoding="utf-8")
        .replace("prior_share", "prior_shar")
        .replace("level = 0.10", "level = 2")
    )
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match="2 problems"):
        load_anomaly_rules(tmp_path / "rules.toml")


def load_path():
    from actuary.paths import models_root  # noqa: PLC0415

    return models_root() / "alerts" / "anomalies.toml"


def test_rows_that_cannot_be_read_take_no_part(plain):
    plain.loc[:4, "total_cost"] = [0.0, -1.0, np.nan, np.nan, 0.0]
    assert detect_anomalies(plain, scheme=None).excluded == 5


def test_a_csv_says_the_same_as_a_frame(plain, tmp_path):
    """Codes stay text, made-up cases stay marked, names of the settlement list are understood."""
    plain.loc[plain["hospital"] == "H00", "outpatient_cost_14d"] += 400
    plain["synthetic"] = True
    renamed = {"case_id": "setl_id", "hospital": "fixmedins_code", "total_cost": "medfee_sumamt"}
    plain.rename(columns=renamed).to_csv(tmp_path / "cases.csv", index=False)
    mine, theirs = detect_anomalies(plain, scheme=None), detect_anomalies(tmp_path / "cases.csv", scheme=None)
    assert mine.synthetic
    assert theirs.synthetic
    assert theirs.to_frame().drop(columns="rank").equals(mine.to_frame().drop(columns="rank"))


def test_every_kind_is_named_in_both_languages():
    rules = load_anomaly_rules()
    assert all(rules.of(kind).name_zh and rules.of(kind).name_en for kind in KINDS)
    assert actuary.detect_anomalies is detect_anomalies


def test_the_folder_appears_whole(plain, tmp_path):
    plain.loc[plain["hospital"] == "H00", "outpatient_cost_14d"] += 400
    found = detect_anomalies(plain.drop(columns=["severity"]), scheme=None)
    out = write_findings(found, tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == [
        "cases.parquet", "findings.csv", "manifest.json", "not_assessable.csv", "scores.csv",
    ]  # fmt: skip
    assert pq.read_table(out / "cases.parquet").num_rows == sum(one.cases for one in found.findings)
    run = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["run"]
    assert run["fingerprint"] == found.fingerprint
    assert run["synthetic"] is False
    assert {one["kind"] for one in run["not_assessable"]} == {"upcoding", "refusing_severe"}


@pytest.mark.slow
def test_the_command_writes_and_records(plain, tmp_path, actuary_command):
    plain.loc[plain["hospital"] == "H00", "outpatient_cost_14d"] += 400
    plain.to_parquet(tmp_path / "cases.parquet")
    verb = [*actuary_command, "anomalies", str(tmp_path / "cases.parquet"), "--lang", "en"]
    given = [*verb, "--kinds", "cost_shifting,growth", "--out", str(tmp_path / "out")]
    given += ["--record", str(tmp_path / "ledger.sqlite"), "--who", "checker"]
    done = subprocess.run(given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Suspected cost shifting" in done.stdout
    assert "1 new" in done.stderr
    again = subprocess.run([*actuary_command, "anomalies", str(tmp_path / "cases.parquet"), "--kinds", "growt"],
                           capture_output=True, text=True, check=False)  # fmt: skip
    assert again.returncode == 2
    assert "did you mean 'growth'" in again.stderr
