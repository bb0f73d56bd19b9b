"""The verbs: cases, audit, credit, as one types them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from actuary.cli import app

ADD = [
    "add",
    "--kind",
    "provider",
    "--region",
    "lanzhou",
    "--subject",
    "H03",
    "--title",
    "=疑似高套",
    "--who",
    "office",
]


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTUARY_LEDGER", str(tmp_path / "cases.sqlite"))
    monkeypatch.setenv("COLUMNS", "250")
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["cases", *words])


def test_a_case_from_opening_to_archive(cases: Path) -> None:
    assert run(*ADD, "--period", "2025Q1").exit_code == 0
    assert "seen again" in run(*ADD, "--period", "2025Q2").output
    refused = run("move", "1", "closed", "--note", "x")
    assert refused.exit_code == 2
    assert "checking (开始核查)" in refused.output
    (cases / "minutes.txt").write_text("记录", encoding="utf-8")
    for words in (
        ("move", "1", "checking"),
        ("move", "1", "interviewed", "--attachment", "minutes.txt"),
        ("move", "1", "rectifying"),
        ("note", "1", "已退款", "--recovered-yuan", "1,234.50"),
        ("attach", "1", "minutes.txt"),
        ("move", "1", "closed", "--note", "整改完成"),
    ):
        done = run(*words, "--who", "office")
        assert done.exit_code == 0, done.output
    assert "linked to a closed one" in run(*ADD, "--period", "2025Q3").output
    listed = run("list", "--state", "closed")
    assert "1,234.50" in listed.output
    assert "1 cases" in listed.output
    shown = run("show", "1", "--save", str(cases))
    assert shown.exit_code == 0
    assert "整改完成" in shown.output
    assert [path.read_text(encoding="utf-8") for path in cases.glob("*-minutes.txt")] == ["记录"]
    assert "reopens case 1" in run("show", "2").output


def test_exports_hold_the_same_in_three_forms(cases: Path) -> None:
    run(*ADD, "--period", "2025Q1")
    run("note", "1", "+约谈", "--who", "office")
    for name, more in (("c.csv", ()), ("e.csv", ("--events",)), ("l.json", ()), ("l.xlsx", ())):
        done = run("export", "--out", name, *more)
        assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO((cases / "e.csv").read_text(encoding="utf-8-sig"))))
    assert [row["note"] for row in rows] == ["", "'+约谈"]
    assert rows[0]["title_zh"] == "'=疑似高套"
    told = json.loads((cases / "l.json").read_text(encoding="utf-8"))
    head = run("head").output.strip()
    assert told["head"] == head == f"2:{rows[1]['hash']}"
    assert [event["hash"] for event in told["events"]] == [row["hash"] for row in rows]
    book = openpyxl.load_workbook(cases / "l.xlsx")
    assert book.sheetnames == ["cases", "events", "notes"]
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert run("export", "--out", "l.doc").exit_code == 2


def test_verify_fails_where_a_row_was_edited_or_a_noted_head_is_gone(cases: Path) -> None:
    import sqlite3  # noqa: PLC0415

    run(*ADD, "--period", "2025Q1")
    head = run("head").output.strip()
    assert run("verify", "--head", head).exit_code == 0
    assert run("verify", "--head", f"1:{'0' * 64}").exit_code == 1
    assert run("verify", "--head", "yesterday").exit_code == 2
    with sqlite3.connect(cases / "cases.sqlite") as connection:
        connection.execute("DROP TRIGGER events_are_fixed")
        connection.execute("UPDATE events SET who = 'somebody'")
    connection.close()
    found = run("verify")
    assert found.exit_code == 1
    assert "edited" in found.output
    assert "guard" in found.output


def test_a_missing_ledger_is_said_and_not_made(cases: Path) -> None:
    for words in (("list",), ("show", "1"), ("move", "1", "checking"), ("verify",), ("export", "--out", "x.csv")):
        done = run(*words, "--ledger", "none.sqlite")
        assert done.exit_code == 2
        assert "no such file" in done.output
    assert list(cases.iterdir()) == []


def test_audit_and_credit_are_typed(cases: Path) -> None:
    lines = ["case_id,hospital,insurance,drg,total_cost,fund_charged,discharge_date"]
    lines += [f"C{n:04d},H{n % 2},employee,GD25,{1000 + n}.50,{700 + n}.25,2024-03-01" for n in range(300)]
    (cases / "claims.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["audit", "sample", "claims.csv", "--out", "audit", "--seed", "3"])
    assert done.exit_code == 0, done.output
    text = (cases / "audit" / "list.csv").read_text(encoding="utf-8-sig")
    unfilled = CliRunner().invoke(app, ["audit", "read", "audit/list.csv", "--sample", "audit"])
    assert unfilled.exit_code == 2
    assert "row 2, result: found nothing" in unfilled.output
    rows = list(csv.DictReader(io.StringIO(text)))
    with (cases / "results.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows({**row, "result": "合规"} for row in rows)
    done = CliRunner().invoke(app, ["audit", "read", "results.csv", "--sample", "audit", "--out", "estimate"])
    assert done.exit_code == 0, done.output
    assert "0.00 yuan found" in done.output
    (cases / "assessment.csv").write_text("hospital,score,spend_yuan\nH0,95,1000\nH1,70,1000\n", encoding="utf-8")
    words = ["credit", "assessment.csv", "--budget-yuan", "2000.01", "--out", "credit"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "97.0" in done.output
    done = CliRunner().invoke(app, ["credit", "assessment.csv", "--hospital", "H9"])
    assert done.exit_code == 2
