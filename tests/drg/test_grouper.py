"""What must not change an answer, and what a row may hold without stopping a batch."""

from __future__ import annotations

import decimal
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.drg.cases import Case
from actuary.drg.grouper import ANSWERS, group_cases, group_one
from actuary.drg.scheme import Scheme
from actuary.drg.statuses import Reason, Severity, Status
from actuary.errors import TableError, UnknownNameError

STEMI = {"sex": 1, "age_years": 60, "age_days": None, "birth_weight_g": None, "dx": ["I21.401"], "px": ["36.0700"]}
PLACES = [name for name in ANSWERS if name != "case_id"]


@pytest.fixture(scope="module")
def sample() -> pd.DataFrame:
    path = Path(__file__).parent / "data" / "conformance_sample.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in ("dx", "px"):
        frame[column] = frame[column].str.split("|")
    return frame


def _stays(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"case_id": str(row), **STEMI, **change} for row, change in enumerate(changes)])


def _answers(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(frame[PLACES].itertuples(index=False, name=None))


# --- what must not change an answer ---------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1))
def test_order_and_repetition_of_secondary_codes_and_unknown_codes_change_nothing(
    national: Scheme, sample: pd.DataFrame, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    changed = sample.copy()
    changed["dx"] = [_shuffled(codes, rng) for codes in sample["dx"]]
    changed["px"] = [_shuffled(codes, rng) for codes in sample["px"]]
    assert _answers(group_cases(changed, national)) == _answers(group_cases(sample, national))


def _shuffled(codes: list[str], rng: np.random.Generator) -> list[str]:
    others = codes[1:]
    others += [others[k] for k in rng.integers(0, len(others), len(others) // 2)] if others else []
    # Without a first code, one that nobody knows would become the first.
    others += ["ZZ9.999", "a16.205"][: rng.integers(0, 3)] if codes else []
    return codes[:1] + [others[k] for k in rng.permutation(len(others))]


@pytest.mark.slow
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(0, 835), max_size=4))
def test_a_batch_may_be_cut_anywhere(national: Scheme, sample: pd.DataFrame, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(sample)]
    parts = [group_cases(sample.iloc[a:b], national) for a, b in itertools.pairwise(edges)]
    assert _answers(pd.concat(parts)) == _answers(group_cases(sample, national))


def test_threads_and_containers_change_nothing(national: Scheme, sample: pd.DataFrame) -> None:
    many = pd.concat([sample] * 200, ignore_index=True)  # several shares of work
    one = group_cases(many, national, threads=1)
    pd.testing.assert_frame_equal(one, group_cases(many, national, threads=2))
    table = group_cases(pa.Table.from_pandas(many), national)
    assert table.column_names == list(ANSWERS)
    assert table["drg"].to_pylist() == one["drg"].tolist()
    joined = many.assign(dx=many["dx"].str.join("|"), px=many["px"].str.join("|"))
    assert group_cases(joined, national)["drg"].tolist() == one["drg"].tolist()
    chunks = pa.concat_tables([pa.Table.from_pandas(sample)] * 200)
    assert group_cases(chunks, national)["drg"].to_pylist() == one["drg"].tolist()


def test_one_case_is_the_batch_of_one(national: Scheme, sample: pd.DataFrame) -> None:
    batch = group_cases(sample, national)
    for row in range(0, len(sample), 37):
        cells = sample.iloc[row]
        case = Case(**{name: cells[name] for name in ("case_id", *STEMI)})
        found = group_one(case, national)
        expected = batch.iloc[row]
        assert (found.case_id, found.status, found.drg) == (expected.case_id, expected.status, expected.drg)
        assert (found.severity or "", found.reason) == (expected.severity, expected.reason)


def test_index_and_names_are_kept(national: Scheme) -> None:
    frame = _stays({}, {}).assign(case_id=[7, 8])
    frame.index = pd.Index(["a", "b"])
    found = group_cases(frame, national)
    assert found.index.tolist() == ["a", "b"]
    assert found["case_id"].tolist() == [7, 8]


def test_result_carries_rule_and_severity(national: Scheme) -> None:
    found = group_one(Case(case_id="x", **STEMI), national)
    assert (found.status, found.adrg, found.rule_id) == (Status.GROUPED, "FM1", "FM1")
    assert found.severity is Severity.UNDIVIDED
    missing = group_one(Case(case_id="x", **{**STEMI, "sex": None}), national)
    assert (missing.reason, missing.severity, missing.rule_id) == (Reason.SEX_INVALID, None, "")


# --- bad rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sex", "expected"),
    [
        ("1", "grouped"),
        (" 2 ", "grouped"),
        (1.0, "grouped"),
        ("1.0", "grouped"),
        (np.int8(2), "grouped"),
        (decimal.Decimal(1), "grouped"),
        ("x", "check_failed"),
        ("", "check_failed"),
        (3, "check_failed"),
        (1.5, "check_failed"),
        ("1.5", "check_failed"),
        (float("inf"), "check_failed"),
        (None, "check_failed"),
        ("男", "check_failed"),
    ],
)
def test_sex_is_read_from_any_type(national: Scheme, sex: object, expected: str) -> None:
    alone = group_cases(_stays({"sex": sex}), national)
    assert alone["status"].tolist() == [expected]
    if expected == "check_failed":
        assert alone["reason"].tolist() == ["sex_invalid"]
    mixed = group_cases(_stays({}, {"sex": sex}, {"sex": "x"}), national)
    assert mixed["status"].tolist() == ["grouped", expected, "check_failed"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"age_years": "x"}, "age_invalid"),
        ({"age_years": None}, "age_missing"),
        ({"age_years": float("nan")}, "age_missing"),
        ({"age_years": ""}, "age_missing"),
        ({"age_years": 1e300}, "age_invalid"),
        ({"age_years": "60"}, "rule_hit"),
        ({"age_years": 60.9}, "rule_hit"),
        ({"age_years": 0}, "age_days_missing"),
        ({"age_years": 0.9}, "age_days_missing"),
        ({"age_years": 0, "age_days": "x"}, "age_days_missing"),
        ({"age_years": 0, "age_days": 28}, "birth_weight_missing"),
        ({"age_years": 0, "age_days": "28", "birth_weight_g": "?"}, "birth_weight_missing"),
        ({"age_years": 0, "age_days": 29}, "rule_hit"),
        ({"age_days": "x", "birth_weight_g": "y"}, "rule_hit"),
        ({"dx": None}, "no_diagnosis"),
        ({"dx": []}, "no_diagnosis"),
        ({"dx": ""}, "principal_dx_empty"),
        ({"dx": [""]}, "principal_dx_empty"),
        ({"dx": [None, "I21.401"]}, "principal_dx_empty"),
        ({"dx": ["i21.401"]}, "principal_dx_unknown"),
        ({"dx": [" I21.401 "]}, "principal_dx_unknown"),
        ({"dx": 5}, "principal_dx_unknown"),
        ({"dx": ["I21.401", None, "", 7]}, "rule_hit"),
        ({"dx": ["I21.401"] * 500, "px": ["36.0700"] * 500}, "rule_hit"),
        ({"px": None}, "rule_hit"),
        ({"px": ["", "36.0700"]}, "rule_hit"),
        ({"px": "36.0700|88.5500"}, "rule_hit"),
    ],
)
def test_a_bad_row_gets_a_reason_and_stops_nobody(national: Scheme, change: dict[str, Any], reason: str) -> None:
    assert group_cases(_stays(change), national)["reason"].tolist() == [reason]
    found = group_cases(_stays({}, change, {}), national)
    assert found["reason"].tolist() == ["rule_hit", reason, "rule_hit"]
    assert found["drg"].tolist()[::2] == ["FM19", "FM19"]
    one = group_one(Case(case_id="0", **{**STEMI, **change}), national)
    assert one.reason == reason


def test_500_different_codes(national: Scheme) -> None:
    codes = sorted(national.exclusions)[:500]
    found = group_cases(_stays({"dx": ["I21.401", *codes], "px": sorted(national.valid_px)[:500]}), national)
    assert found["status"].tolist() == ["grouped"]


def test_columns_of_any_arrow_type(national: Scheme) -> None:
    plain = group_cases(pa.Table.from_pandas(_stays({}, {"px": []})), national)["drg"].to_pylist()
    for kind in (
        pa.int8(),
        pa.uint16(),
        pa.int64(),
        pa.float32(),
        pa.string(),
        pa.large_string(),
        pa.decimal128(21, 1),
    ):
        numbers = {name: pa.array([STEMI[name]] * 2).cast(kind) for name in ("sex", "age_years")}
        for codes in (
            pa.large_list(pa.string()),
            pa.list_(pa.large_string()),
            pa.list_(pa.dictionary(pa.int32(), pa.string())),
        ):
            table = pa.table(
                {
                    "case_id": ["a", "b"],
                    **numbers,
                    "age_days": pa.nulls(2),
                    "birth_weight_g": pa.nulls(2, pa.int32()),
                    "dx": pa.array([["I21.401"]] * 2).cast(codes),
                    "px": pa.array([["36.0700"], []]).cast(codes),
                }
            )
            assert group_cases(table, national)["drg"].to_pylist() == plain
            assert group_cases(table.slice(1), national)["drg"].to_pylist() == plain[1:]


def test_no_cases_at_all(national: Scheme) -> None:
    nothing = group_cases(_stays({}).iloc[:0], national)
    assert nothing.columns.tolist() == list(ANSWERS)
    assert len(nothing) == 0
    assert group_cases(pa.Table.from_pandas(_stays({})).slice(0, 0), national).num_rows == 0


# --- bad tables -----------------------------------------------------------------------------------------------------


def test_missing_columns_are_all_named_with_the_nearest(national: Scheme) -> None:
    frame = _stays({}).rename(columns={"age_years": "age_year"}).drop(columns="px")
    with pytest.raises(TableError) as caught:
        group_cases(frame, national)
    said = str(caught.value)
    assert "no column 'age_years'" in said
    assert "rename 'age_year'?" in said
    assert "no column 'px'" in said


def test_threads_and_switches_are_checked(national: Scheme) -> None:
    with pytest.raises(UnknownNameError, match="--threads: found 0; expected a whole number from 1"):
        group_cases(_stays({}), national, threads=0)
    with pytest.raises(UnknownNameError, match="did you mean 'main'"):
        group_cases(_stays({}), national, switches={"qy": "mian"})
    assert group_cases(_stays({"px": ["44.6902"]}), national, switches={"qy": "main"})["drg"].tolist() == ["FQY"]
