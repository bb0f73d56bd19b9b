"""Cases become whole numbers and codes; a bad cell is wrong for its own row only, and said."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import TableError
from actuary.kernels.case_rows import MISSING_CELL, NEGATIVE, NOT_PLAIN, TOO_HIGH, TOO_PRECISE, mark_repeats
from actuary.payment.case_cells import read_codes, read_dates, read_decimals, read_flags, text_buffers
from actuary.payment.case_columns import HIGHEST_FEN, MISSING
from actuary.payment.case_files import read_cases
from actuary.payment.cases import CaseTable
from actuary.payment.hospital_list import read_hospitals
from actuary.payment.statuses import REASON_STATUS, REASONS, PaymentReason, PaymentStatus

_SPEC = importlib.util.spec_from_file_location(
    "slow_case_rules", Path(__file__).resolve().parents[1] / "reference" / "slow_case_rules.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
slow = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(slow)

_FAULTS = {
    MISSING_CELL: "missing",
    NOT_PLAIN: "no number",
    NEGATIVE: "negative",
    TOO_PRECISE: "too precise",
    TOO_HIGH: "too high",
}


def frame(**columns: object) -> pd.DataFrame:
    """Return a frame of cases, the given columns in place of the usual ones."""
    count = max((len(column) for column in columns.values() if isinstance(column, list)), default=1)
    usual = {
        "case_id": [f"c{row}" for row in range(count)],
        "hospital": "H1",
        "tier": "3",
        "insurance": "employee",
        "drg": "BR25",
        "total_cost": "100.00",
    }
    return pd.DataFrame({**usual, **columns}, index=range(count))


def reasons(table: CaseTable) -> list[str]:
    return [REASONS[number].value for number in table.reason.tolist()]


def test_every_reason_has_a_status_and_texts() -> None:
    assert len(REASONS) == len(REASON_STATUS)
    for reason in PaymentReason:
        assert reason.zh
        assert reason.en
        assert reason.status is REASON_STATUS[reason.number]
    assert PaymentReason.REVIEW_OVER_QUOTA.status is PaymentStatus.PAID
    assert PaymentReason.CAP_RULE_MISSING.status is PaymentStatus.UNPRICED
    assert PaymentReason.FIELD_INVALID.status is PaymentStatus.REJECTED


_AMOUNTS = st.one_of(
    st.decimals(min_value=-20, max_value=2 * 10**9, places=None, allow_nan=False, allow_infinity=False).map(str),
    st.integers(-100, 10**12).map(lambda fen: str(decimal.Decimal(fen).scaleb(-2))),
    st.sampled_from(
        ["", " ", "nan", "1e3", "1E-2", "12.3400", "+5", ".5", "5.", "1,000", "12元", "１２", "1000000000.00"]
    ),
    st.sampled_from(["1000000000.01", "-0", "-0.004", "0.001", "--1", "inf", "0" * 30 + "7", "9" * 30, "1 2", "0x10"]),
)


@settings(max_examples=300)
@given(st.lists(_AMOUNTS, max_size=6))
def test_amounts_are_read_as_the_plain_twin_reads_them(texts: list[str]) -> None:
    read = read_decimals(pa.array(texts, pa.string()), digits=2, exact=True, highest=HIGHEST_FEN)
    for text, value, fault in zip(texts, read.whole.tolist(), read.faults.tolist(), strict=True):
        assert (_FAULTS[fault] if fault else value) == slow.fen_of(text), text


@pytest.mark.parametrize(
    ("column", "fen"),
    [
        (pa.array([12.34, 0.07, 1.1, 123456789.01]), [1234, 7, 110, 12345678901]),
        (pa.array([12, 0], pa.int32()), [1200, 0]),
        (pa.array([decimal.Decimal("12.34"), decimal.Decimal("5.000")]), [1234, 500]),
        (pa.array(["12.34", "7", "12.34"]).dictionary_encode(), [1234, 700, 1234]),
        (pa.array([b"12.34"]), [1234]),
        (pa.array(["12.34"], pa.large_string()), [1234]),
        (pa.array([12.25], pa.float32()), [1225]),
    ],
)
def test_money_of_any_type_is_exact(column: pa.Array, fen: list[int]) -> None:
    read = read_decimals(column, digits=2, exact=True, highest=HIGHEST_FEN)
    assert read.whole.tolist() == fen
    assert not read.faults.any()


def test_floats_are_taken_only_beside_their_fen() -> None:
    column = pa.array([12.345, 12.3400000001, None, float("nan"), float("inf"), -1.0, 1e9, 1e9 + 0.01, 1e300])
    read = read_decimals(column, digits=2, exact=True, highest=HIGHEST_FEN)
    assert [_FAULTS.get(fault, "") for fault in read.faults.tolist()] == [
        "too precise", "", "missing", "missing", "no number", "negative", "", "too high", "too high",
    ]  # fmt: skip
    assert read.whole.tolist()[1] == 1234
    assert read.whole.tolist()[6] == HIGHEST_FEN


def test_slices_of_arrays_are_read_from_where_they_begin() -> None:
    column = pa.array(["1", "2.50", None, "4"]).slice(1)
    assert read_decimals(column, digits=2, exact=True).whole.tolist() == [250, MISSING, 400]
    assert read_codes(pa.array(["a", "b", "a"]).slice(1)).names == ("b", "a")


def test_dates_and_flags_in_many_words() -> None:
    words = ["2024-03-05", "2024/3/5 08:30", "20240305", "2024年3月5日", "2024-02-30", "soon", ""]
    read = read_dates(pa.array(words))
    day = (dt.date(2024, 3, 5) - dt.date(1970, 1, 1)).days
    assert read.whole.tolist() == [day, day, day, day, MISSING, MISSING, MISSING]
    assert read.faults.tolist() == [0, 0, 0, 0, NOT_PLAIN, NOT_PLAIN, MISSING_CELL]
    assert read_dates(pa.array([dt.datetime(2024, 3, 5, 23, 59), None])).whole.tolist() == [day, MISSING]
    assert read_dates(pa.array([dt.date(1969, 12, 31)])).whole.tolist() == [-1]
    flags = read_flags(pa.array(["是", "否", "TRUE", "0", "maybe", None]))
    assert flags.whole.tolist() == [1, 0, 1, 0, MISSING, MISSING]
    assert read_flags(pa.array([True, False, None])).whole.tolist() == [1, 0, MISSING]
    assert read_flags(pa.array([1.0, 0.0])).whole.tolist() == [1, 0]


@settings(max_examples=100)
@given(st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "医", "a医"]), max_size=12))
def test_repeats_are_marked_as_the_plain_twin_does(names: list[str]) -> None:
    offsets, data = text_buffers(pa.array(names, pa.large_string()))
    table = np.full(64, -1, np.int32)
    repeats = np.zeros(len(names), bool)
    mark_repeats(offsets, data, np.ones(len(names), bool), table, repeats)
    assert repeats.tolist() == slow.repeated(names)


def test_bad_rows_keep_their_place_and_get_a_reason() -> None:
    costs = ["9000.00", "-1", "", "12.345", "1000000000", "1000000000.01", "abc"]
    table = read_cases(frame(total_cost=costs))
    assert reasons(table) == [
        "regular", "cost_negative", "cost_missing", "cost_too_precise", "regular", "cost_too_high", "cost_not_a_number",
    ]  # fmt: skip
    assert table.cost_fen.tolist() == [900000, 0, 0, 0, 10**11, 0, 0]
    (note,) = table.notes
    assert (note.column, note.rows.tolist(), note.found) == (
        "total_cost",
        [1, 3, 5, 6],
        ("-1", "12.345", "1000000000.01", "abc"),
    )
    assert note.cell_of(3) == "12.345"
    assert note.cell_of(2) == ""


def test_of_a_case_that_stands_twice_the_first_payable_row_counts() -> None:
    table = read_cases(frame(case_id=["a", "a", "a", "b"], total_cost=["-1", "5", "6", "7"]))
    assert reasons(table) == ["cost_negative", "regular", "duplicate", "regular"]


def test_missing_names_and_unknown_insurances_are_said() -> None:
    table = read_cases(
        frame(
            case_id=["", "b", "c", "d", "e"],
            hospital=["H1", None, "H1", "H1", "H1"],
            insurance=["employee", "employee", "", "martian", "居民医保"],
        )
    )
    assert reasons(table) == [
        "case_id_missing",
        "hospital_missing",
        "insurance_missing",
        "insurance_unknown",
        "regular",
    ]
    assert table.insurance_names[table.insurance_code[4]] == "resident"


def test_optional_cells_that_cannot_be_read_reject_their_row() -> None:
    table = read_cases(
        frame(
            patient_cash=["10.005", "10", None],
            los_days=["3", "x", None],
            tcm_share=[0.6, 0.59999999, None],
            policy_ratio=["0.8", "0.85", ""],
        )
    )
    assert reasons(table) == ["amount_invalid", "field_invalid", "regular"]
    assert table.numbers["tcm_share"].tolist() == [600_000_000, 599_999_990, MISSING]
    assert table.numbers["policy_ratio"].tolist() == [800_000, 850_000, MISSING]
    assert table.amount("patient_cash").tolist() == [0, 1000, 0]
    assert not table.flag("death").any()


def test_names_of_the_settlement_list_are_understood_and_told() -> None:
    table = read_cases(
        pd.DataFrame(
            {
                "setl_id": ["1"],
                "fixmedins_code": ["H1"],
                "hi_setl_lv": [3.0],
                "hi_type": [390],
                "drg": ["BR25"],
                "medfee_sumamt": [12.5],
                "dscg_time": ["2024-05-06 10:00:00"],
            }
        )
    )
    assert table.renamed["total_cost"] == "medfee_sumamt"
    assert table.tier_names == ("3",)
    assert table.insurance_names == ("resident",)
    assert table.coded["month"].names == ("2024-05",)


def test_a_table_without_a_column_names_the_nearest_one() -> None:
    with pytest.raises(TableError, match=r"no column 'total_cost'.*rename 'totalcost'"):
        read_cases(frame().rename(columns={"total_cost": "totalcost"}))
    with pytest.raises(TableError, match="a list"):
        read_cases([1])  # type: ignore[arg-type]
    with pytest.raises(TableError, match="no such file"):
        read_cases("nowhere.parquet")


def test_the_list_of_hospitals_gives_tiers_and_names_strangers(tmp_path: Path) -> None:
    path = tmp_path / "hospitals.csv"
    path.write_text("hospital,tier,coefficient,name\nH1,2,0.92,第一医院\nH2,,,\n", encoding="utf-8-sig")
    table = read_cases(frame(hospital=["H1", "H2", "H9"], tier=["3", "3", "3"]), hospitals=path)
    assert [table.tier_names[code] for code in table.tier_code.tolist()] == ["2", "3", "3"]
    assert reasons(table) == ["regular", "regular", "hospital_unknown"]
    assert table.hospital_coefficients == {"H1": decimal.Decimal("0.92")}
    assert table.hospital_titles == {"H1": "第一医院"}


def test_a_bad_list_of_hospitals_tells_every_row() -> None:
    with pytest.raises(TableError) as caught:
        read_hospitals(pd.DataFrame({"hospital": ["H1", "H1", ""], "coefficient": ["x", 1, 1], "teir": 1, "beds": 9}))
    text = str(caught.value)
    assert "4 problems" in text, text
    assert "did you mean 'tier'" in text
    assert "a second time" in text


def _wide(count: int) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    costs = [f"{fen / 100:.2f}" for fen in rng.integers(1, 10**7, count).tolist()]
    costs[3], costs[count - 1] = "-5", "x"
    return frame(
        case_id=[f"n{number}" for number in rng.integers(0, count * 3, count).tolist()],
        hospital=[f"H{number}" for number in rng.integers(0, 9, count).tolist()],
        drg=[("BR25", "GD25", None)[number] for number in rng.integers(0, 3, count).tolist()],
        total_cost=costs,
        discharge_date=[f"2024-0{month}-01" for month in rng.integers(1, 9, count).tolist()],
    )


def _facts(table: CaseTable) -> list[tuple[object, ...]]:
    def words(name: str) -> list[str | None]:
        coded = table.coded[name]
        return [None if code < 0 else coded.names[code] for code in coded.codes.tolist()]

    columns = [words(name) for name in ("hospital", "drg", "month", "insurance")]
    return list(zip(table.case_id.to_pylist(), table.cost_fen.tolist(), table.reason.tolist(), *columns, strict=True))


def test_frames_files_and_batches_of_any_size_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = _wide(40_000)
    expected = _facts(read_cases(cases, threads=1))
    cases.to_csv(tmp_path / "cases.csv", index=False)
    pq.write_table(pa.Table.from_pandas(cases), tmp_path / "cases.parquet", row_group_size=20_000)
    for source in (tmp_path / "cases.csv", tmp_path / "cases.parquet", pa.Table.from_pandas(cases)):
        assert _facts(read_cases(source, threads=2)) == expected
    monkeypatch.setattr("actuary.payment.case_files._BATCH_CASES", 777)
    table = read_cases(tmp_path / "cases.parquet", threads=2)
    assert _facts(table) == expected
    assert [(note.rows.tolist(), note.found) for note in table.notes] == [([3], ("-5",)), ([39_999], ("x",))]


def test_a_table_without_cases_is_read() -> None:
    table = read_cases(frame().iloc[:0])
    assert len(table) == 0
    assert table.tier_names == ()


def test_cells_of_mixed_types_are_read_one_by_one() -> None:
    table = read_cases(
        frame(total_cost=[1, "2.50", None, decimal.Decimal("3.1"), "\ud800"], hospital=["H", 1, 1.0, b"H", "H"])
    )
    assert table.cost_fen.tolist() == [100, 250, 0, 310, 0]
    assert reasons(table)[2:5] == ["cost_missing", "regular", "cost_not_a_number"]


def test_one_made_up_case_makes_the_table_synthetic() -> None:
    assert read_cases(frame(synthetic=[False, True])).synthetic
    assert not read_cases(frame(synthetic=[False, False])).synthetic
    assert not read_cases(frame()).synthetic


def test_further_columns_are_read_where_they_are_asked_for() -> None:
    table = read_cases(frame(radio=["是", "0.25"]), extra=("radio",))
    assert table.numbers["radio"].tolist() == [table.parts("radio"), table.parts("radio") // 4]
    with pytest.raises(TableError, match=r"no column 'radio'.*rename 'radi'"):
        read_cases(frame(radi=["1"]), extra=("radio",))
