"""From cases through a settlement's folder to its clearing: whole files, closing books, faults that teach."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from actuary.cli import app
from actuary.payment.clearing_files import read_settled_pools, write_clearing
from actuary.payment.clearing_run import ClearingFiles, clear_pools, clear_settlement
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.settlement_files import write_settlement
from actuary.workflow.outputs import check_output

POLICY = """
[policy]
id = "town-2025"
schema = 1
valid = { from = 2025-01-01, to = 2025-12-31 }
family = "points"
provenance = [{ field = "*", source = "judgement" }]
[rounding]
points = 4
point_value = 4
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 100
[price]
mode = "pool"
represents = "fund"
adjust_share = 0.05
[settlement]
deposit = 0.10
deposit_return = [{ score_from = 90, share = 1.0 }, { score_from = 60, form = "score_percent" }]
bands = [
  { to = 0.85, rule = "actual" },
  { to = 1.0, rule = "keep" },
  { to = 1.1, rule = "share", fund = 0.5 },
  { rule = "none" },
]
"""
SCORES = "hospital,score\nH1,95\nH2,80\nH3,50\n"


def _cases() -> pd.DataFrame:
    insurances, groups = ("employee", "resident"), ("AA11", "BB15")
    rows = [
        (f"c{number}", f"H{number % 3 + 1}", "3", insurances[number % 2], groups[number % 5 == 0])
        for number in range(60)
    ]
    frame = pd.DataFrame(rows, columns=["case_id", "hospital", "tier", "insurance", "drg"])
    frame["total_cost"] = [f"{900 + 7 * number}.5" for number in range(60)]
    frame["fund_charged"] = [f"{600 + 5 * number}.25" for number in range(60)]
    frame.loc[7, "total_cost"] = "-3"
    return frame


def _settle(folder: Path, *, charged: bool = True, text: str = POLICY) -> Settlement:
    (folder / "weights.csv").write_text("group,rw,mark\nAA11,0.7531,\nBB15,1.9,\n", encoding="utf-8")
    (folder / "town.toml").write_text(text, encoding="utf-8")
    policy = load_payment_policy(folder / "town.toml")
    cases = _cases() if charged else _cases().drop(columns="fund_charged")
    return settle_cases(cases, policy, budget={"employee": "22000.01", "resident": 21_000}, threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "settled"
    out.mkdir()
    write_settlement(_settle(tmp_path), out)
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8-sig")
    return out


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["clear", *map(str, arguments)])


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def test_folder_and_settlement_are_cleared_alike(folder: Path, tmp_path: Path) -> None:
    files = ClearingFiles(scores=tmp_path / "scores.csv")
    from_folder = clear_pools(read_settled_pools(folder), files)
    at_once = clear_settlement(_settle(tmp_path), files)
    assert from_folder.clearing.hospitals == at_once.clearing.hospitals
    assert from_folder.clearing.books == at_once.clearing.books
    assert from_folder.clearing.closes
    assert len(from_folder.clearing.hospitals) == 6


def test_verb_writes_whole_folder_whose_books_close(folder: Path, tmp_path: Path) -> None:
    prepaid = tmp_path / "prepaid.csv"
    prepaid.write_text("医院,险种,预付金额\nH1,职工,3000.5\nH2,居民,2000\n", encoding="utf-8-sig")
    result = _run(folder, "--scores", tmp_path / "scores.csv", "--prepaid", prepaid, "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "rounding residual" in result.output
    assert "no prepayment is given for 4 of 6 hospitals and pools" in result.output
    hospitals = _rows(folder / "clearing" / "hospitals.csv")
    lines = _rows(folder / "clearing" / "books.csv")
    books = {(row["insurance"], row["line"]): Decimal(row["amount_yuan"]) for row in lines}
    for insurance, budget in (("employee", "22000.01"), ("resident", "21000")):
        mine = [row for row in hospitals if row["insurance"] == insurance]
        paid = sum(Decimal(row["payment_yuan"]) + Decimal(row["deposit_kept_yuan"]) for row in mine)
        rest = books[insurance, "adjusting_unspent"] + books[insurance, "rounding_residual"]
        assert paid + rest == Decimal(budget)
    summary = json.loads((folder / "clearing" / "clearing.json").read_text(encoding="utf-8"))
    assert summary["closes"] is True
    again = _run(folder, "--scores", tmp_path / "scores.csv")
    assert again.exit_code == 0, again.output
    # The settlement's own manifest lists the clearing, so that a later settlement may replace the folder.
    assert check_output(folder) == folder.resolve()


def test_what_the_policy_needs_is_asked_for(folder: Path, tmp_path: Path) -> None:
    result = _run(folder)
    assert result.exit_code == 2
    assert "no score of H1, H2, H3" in result.output
    assert not (folder / "clearing").exists()
    bare = tmp_path / "bare"
    bare.mkdir()
    write_settlement(_settle(tmp_path, charged=False), bare)
    result = _run(bare, "--scores", tmp_path / "scores.csv")
    assert result.exit_code == 2
    assert "no charges item by item of H1, H2, H3" in result.output
    charged = tmp_path / "charged.csv"
    charged.write_text("hospital,charged_yuan\nH1,100\n", encoding="utf-8")
    result = _run(bare, "--scores", tmp_path / "scores.csv", "--charged", charged)
    assert "H1 without insurance, though 2 pools pay it" in result.output


def test_strangers_and_bad_cells_are_named_together(folder: Path, tmp_path: Path) -> None:
    scores, prepaid = tmp_path / "wrong.csv", tmp_path / "prepaid.csv"
    scores.write_text("hospital,score\nH11,95\nH2,101\nH3,abc\nH1,60\nH1,61\n", encoding="utf-8")
    prepaid.write_text("hospital,insurance,prepaid_yuan\nH1,employe,1\nH2,resident,1.005\n", encoding="utf-8")
    result = _run(folder, "--scores", scores, "--prepaid", prepaid)
    assert result.exit_code == 2
    for words in (
        "'H11'; expected a known hospital of the settlement",
        "found 101; expected a score from 0 to 100",
        "found 'abc'; expected a number",
        "each hospital and insurance once",
        "did you mean 'employee'?",
        "expected yuan with at most two decimals",
    ):
        assert words in result.output
    scores.write_text("clinic,points\nH1,95\n", encoding="utf-8")
    assert "expected the column 'hospital'" in _run(folder, "--scores", scores).output
    assert "no such file" in _run(folder, "--scores", tmp_path / "absent.csv").output


def test_folder_of_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    assert "found no such folder" in _run(tmp_path / "absent").output
    result = _run(tmp_path)
    assert "found no cases.parquet" in result.output
    assert "actuary settle" in result.output
    books = (folder / "books.csv").read_text(encoding="utf-8-sig")
    (folder / "books.csv").write_text(books.replace("paid_by_fund,", "paid_by_fund,1"), encoding="utf-8")
    assert "the files are not of one settlement" in _run(folder).output
    (folder / "books.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "the columns insurance, item, amount_yuan" in _run(folder).output
    (folder / "settlement.json").write_text("{", encoding="utf-8")
    assert "the JSON that a settlement writes" in _run(folder).output


def test_alliance_takes_what_its_members_are_paid(folder: Path, tmp_path: Path) -> None:
    alliances = tmp_path / "alliances.toml"
    alliances.write_text(
        '[[alliance]]\nname = "east"\ninsurance = "resident"\npool_yuan = 30000\noutside_yuan = 5000\n'
        'retain_share = 1\noverspend = "none"\ncriteria = { score = 1 }\n'
        'member = [{ hospital = "H1", figures = { score = 95 } }, { hospital = "H2", figures = { score = 80 } }]\n',
        encoding="utf-8",
    )
    files = ClearingFiles(scores=tmp_path / "scores.csv", alliances=alliances)
    cleared = clear_pools(read_settled_pools(folder), files)
    settled = cleared.alliances[0]
    paid = {row.hospital: row.payment_fen for row in cleared.clearing.hospitals if row.insurance == "resident"}
    assert [member.inside_fen for member in settled.members] == [paid["H1"], paid["H2"]]
    assert settled.difference_fen == 0
    out = tmp_path / "out"
    out.mkdir()
    write_clearing(cleared, out)
    assert sum(Decimal(row["entitlement_yuan"]) for row in _rows(out / "alliances.csv")) == 25_000
    alliances.write_text(alliances.read_text(encoding="utf-8").replace('"H2"', '"H9"'), encoding="utf-8")
    result = _run(folder, "--scores", tmp_path / "scores.csv", "--alliances", alliances)
    assert "expected a known hospital of the settlement" in result.output


def test_common_pool_pays_every_insurance(tmp_path: Path) -> None:
    _settle(tmp_path)
    policy = load_payment_policy(tmp_path / "town.toml")
    settlement = settle_cases(_cases(), policy, budget=43_000, threads=1)
    (tmp_path / "scores.csv").write_text(SCORES, encoding="utf-8")
    clearing = clear_settlement(settlement, ClearingFiles(scores=tmp_path / "scores.csv")).clearing
    assert [(row.hospital, row.insurance) for row in clearing.hospitals] == [(f"H{n}", "all") for n in (1, 2, 3)]
    assert clearing.closes
    assert clearing.amount("all", "budget") == 4_300_000


def test_gap_of_a_rate_is_booked_against_the_reserve() -> None:
    cases = pd.DataFrame(
        {
            "case_id": ["a", "b"],
            "hospital": ["H1", "H2"],
            "tier": ["3", "2"],
            "insurance": ["employee", "employee"],
            "drg": ["BR25", "BR25"],
            "total_cost": ["9000.00", "30000.00"],
        }
    )
    for budget in (100_000, 1):
        clearing = clear_settlement(settle_cases(cases, "suzhou-2022", budget=budget, threads=1)).clearing
        paid = sum(row.payment_fen for row in clearing.hospitals)
        assert clearing.amount("all", "reserve") == budget * 100 - paid
        assert clearing.amount("all", "rounding_residual") == 0
        assert clearing.closes
