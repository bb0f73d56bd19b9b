"""Audits: what the rule demands is drawn, everything wrong with the results is said, intervals cover the truth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from actuary.alerts.audit import (
    AuditResults,
    AuditSampling,
    audit_of_policy,
    draw_audit,
    estimate_audit,
    load_audit_plan,
    read_results,
)
from actuary.alerts.audit.files import read_sampling, write_sampling
from actuary.errors import ActuaryError, TableError
from actuary.payment.case_files import read_cases
from actuary.workflow.audits import read_audit, sample_claims

PLAN = load_audit_plan()
RULE = audit_of_policy("shenyang-2021")


def claims(count: int = 600, hospitals: int = 2, seed: int = 5, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    fund = np.round(rng.lognormal(8.6, 0.8, count), 2)
    frame = pd.DataFrame(
        {
            "case_id": [f"C{number:05d}" for number in range(count)],
            "hospital": [f"H{number % hospitals}" for number in range(count)],
            "insurance": np.where(np.arange(count) % 3 == 0, "resident", "employee"),
            "drg": "GD25",
            "tier": "3",
            "total_cost": np.round(fund * 1.4, 2),
            "fund_charged": fund,
            "discharge_date": "2024-05-01",
        }
    )
    return frame.assign(**columns)


def draw(frame: pd.DataFrame, seed: int = 1, **options: object) -> AuditSampling:
    return draw_audit(read_cases(frame), PLAN, rule=RULE, seed=seed, **options)  # type: ignore[arg-type]


def filled(sampling: AuditSampling, folder: Path, **columns: object) -> Path:
    listed = sampling.review_list().assign(result="合规").assign(**columns)
    path = folder / "results.csv"
    listed.to_csv(path, index=False)
    return path


def test_at_least_five_percent_is_drawn_of_a_small_provider() -> None:
    found = draw(claims()).providers
    assert found["reached"].all()
    assert found["first_review_claims"].equals(found["claims"])
    assert (found["drawn_fen"] >= found["amount_fen"] * 0.05).all()
    assert (found["required_fen"] == [round(amount * 0.05) for amount in found["amount_fen"]]).all()


def test_at_least_five_million_is_drawn_of_a_large_provider() -> None:
    found = draw(claims(3000, 1), spend_fen={"H0": 12_000_000_000}).providers.iloc[0]
    assert found["required_fen"] == 500_000_000
    assert found["drawn_fen"] >= 500_000_000
    assert found["drawn_claims"] < found["claims"]
    boundary = draw(claims(3000, 1), spend_fen={"H0": 10_000_000_000}).providers.iloc[0]
    below = draw(claims(3000, 1), spend_fen={"H0": 9_999_999_999}).providers.iloc[0]
    assert boundary["required_fen"] == below["required_fen"] == 500_000_000


def test_a_provider_with_too_few_claims_is_reviewed_as_a_whole_and_says_so() -> None:
    sampling = draw(claims(50, 1), spend_fen={"H0": 12_000_000_000})
    row = sampling.providers.iloc[0]
    assert (row["drawn_claims"], bool(row["reached"])) == (50, False)
    assert "1 providers have too few claims" in sampling.summary()


def test_the_draw_follows_the_seed_and_not_the_order_of_the_rows() -> None:
    frame = claims()
    first, again, other = draw(frame), draw(frame.sample(frac=1, random_state=3)), draw(frame, seed=2)
    pd.testing.assert_frame_equal(first.population, again.population)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert not first.population["drawn"].equals(other.population["drawn"])


def test_the_largest_claims_are_certain_and_every_stratum_has_its_claims() -> None:
    sampling = draw(claims(2000, 1), by=["insurance"])
    population = sampling.population
    assert population["stratum"].max() == 6
    certain = population["stratum"] == 0
    assert certain.any()
    assert population.loc[certain, "amount_fen"].min() >= population.loc[~certain, "amount_fen"].max()
    assert (population.loc[certain, "drawn"] > 0).all()
    assert population.loc[certain, "amount_fen"].sum() <= 0.2 * sampling.providers["required_fen"].iloc[0]
    drawn = population[population["drawn"] > 0].groupby("stratum").size()
    assert (drawn.loc[1:] >= PLAN.design.min_claims).all()


@pytest.mark.parametrize("count", [1, 2, 3, 11, 21])
def test_providers_of_few_claims_can_be_drawn_and_extrapolated(count: int) -> None:
    sampling = draw(claims(count, 1), by=["insurance"])
    keys = [tuple(row) for row in sampling.population[["hospital", "year", "case_id"]].itertuples(index=False)]
    found = estimate_audit(sampling, AuditResults(dict.fromkeys(keys, 0), {}))
    assert found.total_fen == 0
    assert found.high_fen >= 0


def test_small_providers_are_not_overburdened() -> None:
    found = draw(claims(3000, 20), by=["insurance"]).providers
    assert (found["drawn_claims"] <= 0.05 * found["claims"] + 1.5 * PLAN.design.min_claims).all()


def test_claims_that_cannot_be_drawn_are_counted_by_their_reason() -> None:
    frame = claims(100, 1)
    frame["fund_charged"] = frame["fund_charged"].astype(object)
    frame.loc[0, "fund_charged"] = 0
    frame.loc[1, "hospital"] = ""
    frame.loc[2, "discharge_date"] = ""
    frame.loc[3, "discharge_date"] = "2023-12-31"
    sampling = draw(frame, year=2024)
    assert sampling.left_out["of another year"] == 1
    assert sampling.left_out["without an amount above 0"] == 1
    assert sum(sampling.left_out.values()) + len(sampling.population) == 100
    both = draw(frame)
    assert both.providers["year"].tolist() == [2023, 2024]


def test_what_a_table_lacks_is_said() -> None:
    with pytest.raises(ActuaryError, match=r"no column 'fund_charged'.*\n.*did you mean 'insurance'"):
        draw(claims().drop(columns="fund_charged"), by=["insurence"])
    with pytest.raises(ActuaryError, match="give --year"):
        draw(claims().drop(columns="discharge_date"))
    assert draw(claims().drop(columns="discharge_date"), year=2024).providers["year"].tolist() == [2024, 2024]
    with pytest.raises(ActuaryError, match=r"no claim that can be drawn \(600 of another year\)"):
        draw(claims(), year=2020)


def test_a_policy_without_a_sample_says_so() -> None:
    with pytest.raises(ActuaryError, match=r"audit\.sample: found nothing"):
        audit_of_policy("suzhou-2022")


def test_an_error_in_every_claim_is_extrapolated_exactly() -> None:
    sampling = draw(claims())
    drawn = sampling.population[sampling.population["drawn"] > 0]
    errors = {(row.hospital, row.year, row.case_id): int(row.amount_fen) for row in drawn.itertuples()}
    found = estimate_audit(sampling, AuditResults(errors, dict.fromkeys(errors, "price")))
    assert found.total_fen == pytest.approx(sampling.providers["amount_fen"].sum())
    assert found.high_fen == pytest.approx(found.total_fen)
    assert found.kinds["found_fen"].tolist() == [sampling.providers["drawn_fen"].sum()]


def test_no_error_found_is_no_proof_of_none() -> None:
    sampling = draw(claims(600, 1))
    drawn = sampling.population[sampling.population["drawn"] > 0]
    errors = {(row.hospital, row.year, row.case_id): 0 for row in drawn.itertuples()}
    found = estimate_audit(sampling, AuditResults(errors, {}))
    at_random = int((drawn["stratum"] > 0).sum())
    left = sampling.providers["amount_fen"].iloc[0] - sampling.providers["drawn_fen"].iloc[0]
    assert (found.total_fen, found.low_fen) == (0, 0)
    assert found.high_fen == pytest.approx(left * (1 - 0.05 ** (1 / at_random)))


@pytest.mark.slow
def test_intervals_cover_the_truth() -> None:
    frame = claims(3000, 1)
    cases, rng = read_cases(frame), np.random.default_rng(11)
    wrong = rng.random(len(frame)) < 0.2
    share = np.where(wrong, rng.uniform(0.1, 0.8, len(frame)), 0)
    by_case = dict(zip(frame["case_id"], share, strict=True))
    totals, covered, runs = [], 0, 120
    for seed in range(runs):
        sampling = draw_audit(cases, PLAN, rule=RULE, seed=seed)
        population = sampling.population
        errors = {
            (row.hospital, row.year, row.case_id): int(row.amount_fen * by_case[row.case_id])
            for row in population[population["drawn"] > 0].itertuples()
        }
        truth = sum(int(row.amount_fen * by_case[row.case_id]) for row in population.itertuples())
        found = estimate_audit(sampling, AuditResults(errors, {}))
        totals.append(found.total_fen / truth)
        covered += found.low_fen <= truth <= found.high_fen
    assert covered / runs >= 0.90, "nominal 95 %; 120 runs leave a standard error of 2 points"
    assert np.mean(totals) == pytest.approx(1, abs=0.05)


def test_results_are_read_back_from_the_workbook(tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    claims(200, 1).to_csv(path, index=False)
    out = tmp_path / "audit"
    sampling = sample_claims(path, out, seed=4)
    book = openpyxl.load_workbook(out / "list.xlsx")
    sheet = book["list"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, heads["result"], "合规")
    sheet.cell(2, heads["result"], "违规")
    sheet.cell(2, heads["error_yuan"], 12.34)
    sheet.cell(2, heads["error_kind"], "高套病组")
    book.save(tmp_path / "results.xlsx")
    found = read_audit(tmp_path / "results.xlsx", out, out=tmp_path / "estimate")
    assert found.found_fen == 1234
    assert found.kinds["error_kind"].tolist() == ["upcoding"]
    assert found.low_fen >= 1234
    written = json.loads((tmp_path / "estimate" / "estimate.json").read_text(encoding="utf-8"))
    assert written["found_yuan"] == 12.34
    kept = (tmp_path / "estimate" / "deductions.csv").read_text(encoding="utf-8-sig")
    hospital, insurance = sheet.cell(2, heads["hospital"]).value, found.deductions["insurance"].iloc[0]
    assert kept == f"hospital,year,insurance,deduction_yuan\n{hospital},2024,{insurance},12.34\n"
    assert insurance == claims().set_index("case_id")["insurance"][sheet.cell(2, heads["case_id"]).value]
    assert written["fingerprint"] == sampling.fingerprint


def test_a_folder_gives_back_what_was_drawn(tmp_path: Path) -> None:
    sampling = draw(claims())
    write_sampling(sampling, PLAN, tmp_path, policy="shenyang-2021")
    again = read_sampling(tmp_path)
    pd.testing.assert_frame_equal(again.population, sampling.population, check_dtype=False)
    assert (again.seed, again.probability, again.fingerprint) == (1, 0.95, sampling.fingerprint)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (shutil.rmtree, "found no such folder"),
        (lambda folder: (shutil.rmtree(folder), folder.touch()), "found a file"),
        (lambda folder: (folder / "audit.json").unlink(), "found no audit.json in it"),
        (lambda folder: (folder / "audit.json").write_text('{"seed": 1'), "found a damaged audit.json"),
        (lambda folder: (folder / "audit.json").write_text("[]"), "found a damaged audit.json"),
        (
            lambda folder: (folder / "population.parquet").write_bytes(b"PAR1"),
            "damaged audit.json or population",
        ),
    ],
)
def test_what_is_no_audit_is_told_without_a_number_of_the_system(
    tmp_path: Path, harm: Callable[[Path], object], told: str
) -> None:
    (folder := tmp_path / "audit").mkdir()
    write_sampling(draw(claims()), PLAN, folder, policy="shenyang-2021")
    harm(folder)
    with pytest.raises(TableError, match=told) as caught:
        read_sampling(folder)
    assert "Errno" not in str(caught.value)


def test_everything_wrong_with_the_results_is_said_at_once(tmp_path: Path) -> None:
    sampling = draw(claims())
    path = filled(sampling, tmp_path, result="合规")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, "result"] = ""
    frame.loc[1, "result"] = "maybe"
    frame.loc[2, ["result", "error_yuan", "error_kind"]] = ["违规", "1.234", "price"]
    frame.loc[3, ["result", "error_yuan", "error_kind"]] = ["违规", "9999999", "price"]
    frame.loc[4, ["result", "error_yuan", "error_kind"]] = ["error", "5", "upcodin"]
    frame.loc[5, ["result", "error_yuan"]] = ["ok", "7"]
    frame.loc[6, "amount_yuan"] = "1.00"
    frame.loc[7, "case_id"] = "C99999"
    frame.loc[8, "case_id"] = frame.loc[9, "case_id"]
    frame.loc[10, ["result", "error_yuan"]] = ["违规", ""]
    frame = frame.drop(index=11)
    frame.to_csv(path, index=False)
    with pytest.raises(TableError) as caught:
        read_results(path, sampling, PLAN)
    text = str(caught.value)
    for part in (
        "row 2, result: found nothing",
        "row 3, result: found 'maybe'",
        "row 4, error_yuan: found '1.234'",
        "row 5, error_yuan: found 9999999 yuan; expected at most",
        "row 6, error_kind: found 'upcodin'",
        "row 7: found ok and an error (7)",
        "row 8, amount_yuan: found the amount '1.00'",
        "row 9: found case 'C99999'",
        "row 11: found case",
        "row 12, error_yuan: found nothing",
        "no row for case",
    ):
        assert part in text, part
    assert text.count("no row for case") == 3


def test_a_list_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("hospital,case_id\nH0,C1\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"no column 'year'(.|\n)*no column 'result'"):
        read_results(path, draw(claims()), PLAN)
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(TableError, match="no workbook"):
        read_results(tmp_path / "broken.xlsx", draw(claims()), PLAN)


def test_the_rule_is_that_of_the_plan() -> None:
    assert [(one.spend_from, one.min_amount, one.min_share) for one in RULE.sample] == [
        (Decimal(100_000_000), Decimal(5_000_000), None),
        (None, None, Decimal("0.05")),
    ]
    assert RULE.first_review == 1
