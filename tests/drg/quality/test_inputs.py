"""Folders, flat files, frames; what stops a file and what only becomes a finding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actuary.drg.quality import QualityResult, check_settlement_list, is_case_data, load_dictionary
from actuary.errors import TableError, UnknownNameError

type Rows = dict[str, list[dict[str, str]]]
type Run = Callable[..., QualityResult]

_FLAT = "case_id,sex,age_years,age_days,birth_weight_g,los_days,discharge_status,department,dx,px\n"


def _write(rows: Rows, folder: Path, *, suffix: str = ".csv") -> Path:
    for name, table in rows.items():
        frame = pd.DataFrame(table)
        if suffix == ".csv":
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
        else:
            frame.to_parquet(folder / f"{name}{suffix}", index=False)
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_folder_is_read_like_frames(suffix: str, rows: Rows, run: Run, dictionary: Path, tmp_path: Path) -> None:
    rows["case"][1].update(gend="9", total_cost="1")
    from_folder = check_settlement_list(_write(rows, tmp_path, suffix=suffix), dictionary=dictionary)
    pd.testing.assert_frame_equal(from_folder.findings, run(rows).findings)
    assert from_folder.findings["row"].tolist() == [3, 3, 3]


def test_the_block_names_of_the_interface_are_understood(rows: Rows, dictionary: Path, tmp_path: Path) -> None:
    blocks = {
        "case": "setlinfo",
        "diagnosis": "diseinfo",
        "procedure": "oprninfo",
        "item": "iteminfo",
        "fund": "payinfo",
    }
    _write({blocks[name]: table for name, table in rows.items()}, tmp_path)
    assert len(check_settlement_list(tmp_path, dictionary=dictionary).findings) == 0
    assert is_case_data(tmp_path)


def test_typed_frames_are_read_exactly(rows: Rows, run: Run) -> None:
    for row in rows["case"]:
        for name in ("psn_selfpay", "psn_ownpay", "acct_pay", "psn_cashpay", "total_cost"):
            row[name] = float(row[name])  # type: ignore[assignment]
        for name in ("adm_time", "dscg_time"):
            row[name] = pd.Timestamp(row[name])  # type: ignore[assignment]
        row["act_ipt_days"] = int(row["act_ipt_days"])  # type: ignore[assignment]
        row["gend"] = float(row["gend"])  # type: ignore[assignment]
    assert len(run(rows).findings) == 0
    rows["case"][0]["total_cost"] = 1000.005  # type: ignore[assignment]
    assert run(rows).findings[["rule", "field"]].to_numpy().tolist() == [["F01", "total_cost"]]


@pytest.mark.parametrize(
    "moment", ["2024-03-05T10:00", "2024/3/5 10:00", "20240305100000", "2024年3月5日", "2024.03.05"]
)
def test_times_may_be_written_in_many_ways(moment: str, rows: Rows, run: Run) -> None:
    rows["case"][0].update(dscg_time=moment)
    assert len(run(rows).findings) == 0


def test_a_flat_file_says_which_checks_could_not_run(tmp_path: Path, dictionary: Path) -> None:
    path = tmp_path / "cases.csv"
    text = (
        _FLAT
        + "1,1,54,,,4,1,03,I21.001|I10.x00,36.0700\n2,x,,,,4,1,,I21.001,\n3,2,0,28,,4,1,,P07.300,\n4,2,40,,,1,1,,,\n"
    )
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    result = check_settlement_list(path, dictionary=dictionary)
    found = result.findings[["rule", "case_id", "row", "field", "value"]].to_numpy().tolist()
    assert found == [
        ["F02", "2", 3, "sex", "x"],
        ["Q01", "2", 3, "age_years", ""],
        ["Q06", "3", 4, "birth_weight_g", ""],
        ["Q01", "4", 5, "dx", ""],
    ]
    status = result.summary().set_index("rule")["status"]
    assert [rule for rule in status.index if status[rule] == "skipped"] == [
        "Q02", "Q04", "Q05", "Q07", "Q09", "Q10", "Q11", "Q15", "Q16",
    ]  # fmt: skip
    assert "case.adm_time" in result.summary().set_index("rule").loc["Q02", "missing"]
    assert result.accepted["case_id"].tolist() == ["1"]
    assert result.rejected["rejected_by"].tolist() == ["F02;Q01", "Q06", "Q01"]


def test_without_a_dictionary_its_checks_are_left_out_by_name(
    rows: Rows, run: Run, monkeypatch: pytest.MonkeyPatch, dictionary: Path
) -> None:
    monkeypatch.delenv("ACTUARY_DICTIONARY", raising=False)
    summary = run(rows, dictionary=None).summary().set_index("rule")
    assert summary.loc[["Q13", "C01", "C02", "C03"], "status"].tolist() == ["skipped"] * 4
    assert summary.loc["Q13", "missing"] == "dictionary of codes"
    monkeypatch.setenv("ACTUARY_DICTIONARY", str(dictionary))
    assert run(rows, dictionary=None).edition == "医保版2.0"


def test_lists_of_any_shape_are_read(dictionary: Path) -> None:
    cases = pd.DataFrame(
        {
            "case_id": ["a", "b", "c", "d"],
            "sex": [1, "1", "x", None],
            "age_years": [50, 50, 50, 50],
            "dx": [["I21.001"], np.array(["I21.001", None]), None, "I21.001|I10.x00"],
            "px": [None, [], ["36.0700"] * 500, "36.0700"],
        }
    )
    result = check_settlement_list(cases, dictionary=dictionary)
    found = result.findings[["rule", "case_id", "field"]].to_numpy().tolist()
    assert found == [["Q01", "b", "dx"], ["F02", "c", "sex"], ["Q01", "c", "dx"], ["Q01", "d", "sex"]]


def test_rows_with_wrong_cells_and_blank_lines_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text('case_id,sex,age_years,dx\n1,1,50,A01\n\n2,1\n3,1,50,"A,01",x\n"4\n4",9,50,A01\n', encoding="utf-8")
    result = check_settlement_list(path)
    found = result.findings.query("rule in ('F09', 'F02')")[["rule", "case_id", "row", "value"]].to_numpy().tolist()
    assert found == [["F09", "2", 4, "2"], ["F09", "3", 5, "5"], ["F02", "4\n4", 6, "9"]]
    assert result.case_count == 4


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (_FLAT.encode(), "a heading and no rows"),
        ((_FLAT + "1,1,50,,,4,1,心内科,A01,\n").encode() + b"2,1,50,,,4,1,\xd0\xc4,A01,\n", "not UTF-8 on line 3"),
        ("case_id，sex\n1，1\n".encode(), "separated by full-width commas"),
        (b"case_id,sex,sex\n1,1,1\n", "the column 'sex' twice"),
    ],
)
def test_a_file_that_is_no_table_stops_with_a_sentence(content: bytes, found: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=found):
        check_settlement_list(path)


def test_a_parquet_file_that_was_cut_off_stops_with_a_sentence(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    pq.write_table(pa.table({"case_id": ["1"] * 1000}), whole)
    cut.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(TableError, match="cannot be read"):
        check_settlement_list(cut)


def test_what_is_missing_is_named(tmp_path: Path, rows: Rows, run: Run) -> None:
    with pytest.raises(TableError, match="no such file"):
        check_settlement_list(tmp_path / "none.csv")
    with pytest.raises(TableError, match="no table of stays"):
        check_settlement_list(tmp_path)
    with pytest.raises(TableError, match="did you mean 'diagnosis'"):
        check_settlement_list({"case": pd.DataFrame({"mdtrt_id": ["1"]}), "diagnose": pd.DataFrame({"a": [1]})})
    with pytest.raises(TableError, match="did you mean 'mdtrtid'"):
        check_settlement_list({"case": pd.DataFrame({"mdtrt_id": ["1"]}), "item": pd.DataFrame({"mdtrtid": ["1"]})})
    with pytest.raises(TableError, match=r"dx_yb2\.csv"):
        load_dictionary(tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean 'upload_days'"):
        run(rows, limits={"upload_day": 3})


def test_the_panel_and_the_hospitals_count_the_same(rows: Rows, run: Run) -> None:
    rows["case"][0].update(gend="9", medcasno="<b>")
    rows["case"][1].update(fixmedins_code="H002", dcla_time="2025-01-01")
    result = run(rows)
    table = result.by_hospital().set_index("hospital")
    assert table.loc["H001", ["cases", "rejected", "accepted"]].tolist() == [2, 1, 1]
    assert table.loc["H002", ["findings_E", "findings_W", "findings_R"]].tolist() == [0, 1, 0]
    panel = result._repr_html_()
    assert "拒收 rejected 1" in panel
    assert "<b>&" not in panel
    assert result.error_count == 1


def test_columns_of_any_type_are_read(dictionary: Path) -> None:
    cases = pa.table(
        {
            "mdtrt_id": [1, 2],
            "gend": pa.array(["1.0", "2"]).dictionary_encode(),
            "age": pa.array([50, None], pa.int8()),
            "adm_time": pa.array([pd.Timestamp("2024-01-01 08:00"), None], pa.timestamp("us")),
            "dscg_time": pa.array(["2024-01-05", "bad"], pa.large_string()),
            "act_ipt_days": pa.array([4.0, 2.5]),
            "total_cost": pa.array(["10.00", "3.5"]).cast(pa.decimal128(9, 2)),
            "psn_selfpay": [10, 3],
            "psn_ownpay": [0.0, float("nan")],
            "days_rinp_flag_31": [True, None],
            "setl_id": pa.nulls(2),
        }
    )
    empty = {name: pa.nulls(0) for name in ("mdtrt_id", "med_chrgitm", "amt")}
    result = check_settlement_list({"case": cases, "item": pa.table(empty)}, dictionary=dictionary)
    found = result.findings.query("row > 1")[["rule", "case_id", "field", "value"]].to_numpy().tolist()
    assert found == [
        ["Q01", "1", "setl_id", ""],
        ["Q04", "1", "total_cost", "10.00"],
        ["Q10", "1", "act_ipt_days", "4"],
        ["F01", "2", "dscg_time", "bad"],
        ["F01", "2", "act_ipt_days", "2.5"],
        ["Q01", "2", "setl_id", ""],
        ["Q01", "2", "adm_time", ""],
        ["Q01", "2", "days_rinp_flag_31", ""],
        ["Q01", "2", "psn_ownpay", ""],
        ["Q01", "2", "age", ""],
        ["Q04", "2", "total_cost", "3.50"],
    ]
