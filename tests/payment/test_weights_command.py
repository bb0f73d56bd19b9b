"""`actuary weights`: what it writes, what it says, and how it fails."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases

_RUN = CliRunner()


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    rows = [
        {
            "case_id": f"{group}{place}",
            "hospital": ("H1", "H2")[place % 2],
            "insurance": "employee",
            "drg": group,
            "total_cost": f"{cost * (10 + place % 3) / 10:.2f}",
        }
        for group, cost, number in (("AB11", 9000, 12), ("AB13", 6000, 12), ("CD21", 3000, 40), ("EF19", 800, 3))
        for place in range(number)
    ]
    path = tmp_path / "cases.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture
def hospitals(tmp_path: Path) -> Path:
    path = tmp_path / "hospitals.csv"
    path.write_text("hospital,tier\nH1,3\nH2,2\n", encoding="utf-8")
    return path


def test_a_table_that_settles_the_cases_it_was_made_from(cases: Path, hospitals: Path, tmp_path: Path) -> None:
    out, quality, coefficients = (tmp_path / name for name in ("weights.csv", "quality.csv", "coefficients.csv"))
    done = _RUN.invoke(
        app,
        ["weights", str(cases), "--policy", "points-from-cases", "--out", str(out), "--hospitals", str(hospitals),
         "--quality", str(quality), "--coefficients", str(coefficients)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "67 cases of 4 groups" in done.output
    assert "1 groups without a weight: too few cases: no weight" not in done.output
    table = pd.read_csv(out).set_index("group")
    assert table.loc["EF19", "mark"] == "unstable"
    assert table.loc["CD21", "mark"] == "stable"
    assert set(pd.read_csv(quality)) >= {"cv_before", "cv", "reason_zh", "n_trimmed"}
    assert pd.read_csv(coefficients)["tier"].tolist() == [2, 3]
    policy = tmp_path / "own.toml"
    policy.write_text(
        'extends = "points-from-cases"\n[weights]\nfile = "weights.csv"\n'
        '[coefficient]\nfile = "coefficients.csv"\ntier = { "2" = 0.98, "3" = 1.02 }\n',
        encoding="utf-8",
    )
    stays = pd.read_csv(cases, dtype=str).assign(patient_cash="0")
    settled = settle_cases(stays, load_payment_policy(policy), budget={"employee": 200_000}, hospitals=hospitals)
    assert settled.paid.all()


def test_groups_without_a_weight_are_said_with_the_reason(cases: Path, tmp_path: Path) -> None:
    policy = tmp_path / "review.toml"
    policy.write_text('extends = "points-from-cases"\n[weights.stable]\notherwise = "review"\n', encoding="utf-8")
    done = _RUN.invoke(app, ["weights", str(cases), "-p", str(policy), "-o", str(tmp_path / "w.csv")])
    assert done.exit_code == 0, done.output
    assert "1 groups without a weight: too few cases: no weight: its cases go to special review" in done.output
    row = pd.read_csv(tmp_path / "w.csv").set_index("group").loc["EF19"]
    assert row["mark"] == "special_review"
    assert pd.isna(row["rw"])


def test_earlier_weights_hold_frozen_groups(cases: Path, tmp_path: Path) -> None:
    policy, earlier, out = (tmp_path / name for name in ("freeze.toml", "earlier.csv", "w.csv"))
    policy.write_text('extends = "points-from-cases"\n[weights]\nfreeze = ["CD21"]\n', encoding="utf-8")
    command = ["weights", str(cases), "-p", str(policy), "-o", str(out)]
    refused = _RUN.invoke(app, command)
    assert refused.exit_code == 2
    assert "none for the frozen group CD21" in refused.output
    assert not out.exists()
    earlier.write_text("group,rw\nCD21,0.9\n", encoding="utf-8")
    assert _RUN.invoke(app, [*command, "--earlier", str(earlier)]).exit_code == 0
    assert pd.read_csv(out).set_index("group").loc["CD21", "rw"] == 0.9


def test_nothing_is_written_when_something_is_wrong(cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "w.csv"
    wrong = ["weights", str(cases), "-p", "points-from-case", "-o", str(out)]
    assert "did you mean 'points-from-cases'" in _RUN.invoke(app, wrong).output
    tiers = [
        "weights",
        str(cases),
        "-p",
        "points-from-cases",
        "-o",
        str(out),
        "--coefficients",
        str(tmp_path / "c.csv"),
    ]
    refused = _RUN.invoke(app, tiers)
    assert refused.exit_code == 2
    assert "a column tier, or a list of hospitals" in refused.output
    form = _RUN.invoke(app, [*tiers, "--form", "tiers"])
    assert "did you mean 'tier'" in form.output
    assert not out.exists()
