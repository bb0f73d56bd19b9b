"""A city's own scheme: a folder like the national one, with the conditions that city builds add."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from actuary.drg.cases import Case
from actuary.drg.grouper import group_cases, group_one
from actuary.drg.scheme import Scheme, load_scheme
from actuary.errors import TableError

STEMI = {"sex": 1, "age_years": 60, "dx": ["I21.401"], "px": ["36.0700"]}


def _rewrite(path: Path, columns: list[str], change: dict[str, list[dict[str, str]]], key: str) -> None:
    """Add columns to a table, and put other rows in the place of some."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if "seq" in row:
            row["seq"] += "0"  # room for rules in between
    header = [*rows[0], *columns]
    written = [{**row, **new} for row in rows for new in change.get(row[key], [{}])]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(written)


@pytest.fixture
def city(national: Scheme, tmp_path: Path) -> Path:
    """Return a city scheme that divides FM1 further."""
    folder = tmp_path / "city-drg"
    shutil.copytree(national.folder, folder)
    _rewrite(
        folder / "drg.csv",
        ["age_years_max", "los_max", "discharge", "icu_hours_min", "icu_hours_max", "department", "los_min"],
        {
            "FM19": [
                {"drg": "FM17", "los_max": "4", "discharge": "2;5"},
                {"drg": "FM1A", "icu_hours_min": "121"},
                {"drg": "FM1B", "icu_hours_min": "1", "icu_hours_max": "120"},
                {"drg": "FM1C", "department": "ICU"},
                {"drg": "FM1D", "age_years_max": "13"},
                {"drg": "FM1E", "los_min": "61"},
                {"drg": "FM14", "severity": "CC_ONLY"},
                {"drg": "FM11", "severity": "MCC"},
                {"drg": "FM19"},
            ]
        },
        "drg",
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stay", "drg"),
    [
        ({}, "FM19"),
        ({"los_days": 4, "discharge_status": "2"}, "FM17"),
        ({"los_days": 4, "discharge_status": 5}, "FM17"),
        ({"los_days": 5, "discharge_status": "2"}, "FM19"),
        ({"los_days": None, "discharge_status": "2"}, "FM19"),
        ({"los_days": "?", "discharge_status": "2"}, "FM19"),
        ({"los_days": 4, "discharge_status": "1"}, "FM19"),
        ({"icu_hours": 121}, "FM1A"),
        ({"icu_hours": 120}, "FM1B"),
        ({"icu_hours": 0}, "FM19"),
        ({"department": "ICU"}, "FM1C"),
        ({"age_years": 13}, "FM1D"),
        ({"age_years": 14}, "FM19"),
        ({"los_days": 61}, "FM1E"),
        ({"dx": ["I21.401", "cc"]}, "FM14"),
        ({"dx": ["I21.401", "mcc"]}, "FM11"),
        ({"dx": ["I21.401", "mcc", "cc"]}, "FM11"),
    ],
)
def test_groups_divided_by_the_stay(city: Path, stay: dict[str, Any], drg: str) -> None:
    scheme = load_scheme(city)
    voided = scheme.exclusions["I21.401"]
    codes = {
        "cc": min(code for code, table in scheme.cc.items() if table != voided),
        "mcc": min(code for code, table in scheme.mcc.items() if table != voided),
    }
    changed = {**STEMI, **stay}
    changed["dx"] = [codes.get(code, code) for code in changed["dx"]]
    assert group_one(Case(**changed), scheme).drg == drg


def test_columns_are_asked_for_only_where_they_are_read(city: Path, national: Scheme) -> None:
    frame = pd.DataFrame([{"case_id": "a", "age_days": None, "birth_weight_g": None, **STEMI}])
    assert group_cases(frame, national)["drg"].tolist() == ["FM19"]
    with pytest.raises(TableError) as caught:
        group_cases(frame, load_scheme(city))
    missing = {"department", "discharge_status", "icu_hours", "los_days"}
    assert {problem.found.split("'")[1] for problem in caught.value.problems} == missing


def test_rules_with_the_conditions_of_city_builds(national: Scheme, tmp_path: Path) -> None:
    folder = tmp_path / "city-drg"
    shutil.copytree(national.folder, folder)
    before = str(next(rule.seq for rule in national.rules if rule.rule_id == "FM1"))
    _rewrite(
        folder / "adrg_rules.csv",
        ["not_pdx_list", "px_pair_list", "age_years_min"],
        {
            "FM1": [
                {"rule_id": "FM1_1", "px_pair_list": "1", "ppx_list": ""},
                {"rule_id": "FM1_2", "seq": before + "1", "age_years_min": "80"},
            ],
        },
        "rule_id",
    )
    scheme = load_scheme(folder)
    stents = sorted(scheme.adrg_px["FM1", 1])[:2]

    def rule(**changes: Any) -> str:
        return group_one(Case(**{**STEMI, **changes}), scheme).rule_id

    assert rule(px=stents) == "FM1_1"
    assert rule(px=[stents[0], stents[0]]) not in {"FM1_1", "FM1_2"}
    assert rule(px=stents[:1], age_years=80) == "FM1_2"
    assert rule(px=stents[:1], age_years=79) not in {"FM1_1", "FM1_2"}
