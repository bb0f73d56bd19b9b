"""Each of the sixteen rules and of the code checks: a row that passes, a row that breaks it, the bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actuary.drg.quality import QualityResult

type Rows = dict[str, list[dict[str, str]]]
type Run = Callable[..., QualityResult]


def _broken(result: QualityResult, *, but: tuple[str, ...] = ()) -> list[tuple[str, str, str, int, str, str]]:
    found = result.findings
    columns = ["rule", "case_id", "table", "row", "field", "value"]
    return [tuple(row) for row in found[~found["rule"].isin(but)][columns].to_numpy().tolist()]


def test_a_sound_list_has_no_finding_and_every_check_ran(rows: Rows, run: Run) -> None:
    result = run(rows)
    assert _broken(result) == []
    assert set(result.summary()["status"]) == {"run"}
    assert result.rejected_count == 0


@pytest.mark.parametrize(
    ("rule", "table", "at", "changes", "expected"),
    [
        ("Q01", "case", 0, {"medcasno": ""}, [("s1", "case", 2, "medcasno", "")]),
        ("Q01", "case", 0, {"medcasno": "-"}, [("s1", "case", 2, "medcasno", "-")]),
        ("Q01", "case", 0, {"age": "", "nwb_age": "", "brdy": ""}, [("s1", "case", 2, "age", "")]),
        ("Q01", "case", 2, {"nwb_age": "", "brdy": ""}, [("s3", "case", 4, "nwb_age", "")]),
        ("Q01", "diagnosis", 3, {"diag_code": ""}, [("s2", "diagnosis", 5, "diag_code", "")]),
        ("Q02", "procedure", 0, {"oprn_oprt_date": "2024-03-01"}, []),
        ("Q02", "procedure", 0, {"oprn_oprt_date": "2024-03-05"}, []),
        ("Q02", "procedure", 0, {"oprn_oprt_date": "2024-03-01 08:30:00"}, []),
        (
            "Q02",
            "procedure",
            0,
            {"oprn_oprt_date": "2024-03-01 08:29:59"},
            [("s1", "procedure", 2, "oprn_oprt_date", "2024-03-01 08:29:59")],
        ),
        (
            "Q02",
            "procedure",
            1,
            {"oprn_oprt_date": "2024-03-05 10:00:01"},
            [("s2", "procedure", 3, "oprn_oprt_date", "2024-03-05 10:00:01")],
        ),
        ("Q02", "procedure", 1, {"oprn_oprt_date": "20240306"}, [("s2", "procedure", 3, "oprn_oprt_date", "20240306")]),
        ("Q03", "case", 0, {"act_ipt_days": "0"}, [("s1", "case", 2, "act_ipt_days", "0")]),
        ("Q03", "case", 0, {"act_ipt_days": "5"}, [("s1", "case", 2, "act_ipt_days", "5")]),
        ("Q03", "case", 0, {"adm_time": "2024-03-01 23:59:59"}, []),
        ("Q04", "case", 0, {"total_cost": "1000.02"}, [("s1", "case", 2, "total_cost", "1000.02")]),
        ("Q04", "case", 0, {"total_cost": "1000.01"}, []),
        ("Q04", "item", 1, {"claa_sumfee": "99.99"}, []),
        ("Q04", "item", 1, {"claa_sumfee": "99.98"}, [("s1", "item", 3, "amt", "100.00")]),
        ("Q05", "fund", 0, {"fund_payamt": "699.99"}, []),
        ("Q05", "fund", 0, {"fund_payamt": "699.98"}, [("s1", "case", 2, "total_cost", "1000.00")]),
        ("Q05", "fund", 0, {"fund_pay_type": "310200"}, [("s1", "case", 2, "total_cost", "1000.00")]),
        ("Q05", "case", 0, {"psn_cashpay": "251.00"}, [("s1", "case", 2, "psn_cashpay", "251.00")]),
        ("Q06", "case", 2, {"nwb_adm_type": ""}, [("s3", "case", 4, "nwb_adm_type", "")]),
        ("Q06", "case", 2, {"nwb_age": "28", "nwb_adm_wt": ""}, [("s3", "case", 4, "nwb_adm_wt", "")]),
        ("Q06", "case", 2, {"nwb_age": "29", "nwb_adm_wt": "", "nwb_adm_type": ""}, []),
        ("Q06", "case", 2, {"nwb_adm_wt": "100"}, []),
        ("Q06", "case", 2, {"nwb_adm_wt": "9999"}, []),
        ("Q06", "case", 2, {"nwb_adm_wt": "99"}, [("s3", "case", 4, "nwb_adm_wt", "99")]),
        ("Q06", "case", 2, {"nwb_age": "", "nwb_adm_wt": ""}, [("s3", "case", 4, "nwb_adm_wt", "")]),
        ("Q07", "case", 1, {"nwb_bir_wt": ""}, [("s2", "case", 3, "nwb_bir_wt", "")]),
        ("Q07", "case", 1, {"nwb_bir_wt": "99"}, [("s2", "case", 3, "nwb_bir_wt", "99")]),
        ("Q07", "case", 1, {"nwb_bir_wt": "100"}, []),
        ("Q07", "case", 1, {"nwb_bir_wt": "9999"}, []),
        ("Q07", "case", 1, {"nwb_bir_wt": "10000"}, [("s2", "case", 3, "nwb_bir_wt", "10000")]),
        ("Q08", "diagnosis", 0, {"maindiag_flag": "0"}, [("s1", "case", 2, "maindiag_flag", "")]),
        ("Q08", "diagnosis", 1, {"maindiag_flag": "1", "adm_cond_type": "1"}, [("s1", "case", 2, "maindiag_flag", "")]),
        ("Q08", "diagnosis", 0, {"diag_code": "V01.000"}, [("s1", "diagnosis", 2, "diag_code", "V01.000")]),
        ("Q08", "diagnosis", 0, {"diag_code": "R05.x02"}, [("s1", "diagnosis", 2, "diag_code", "R05.x02")]),
        ("Q08", "diagnosis", 0, {"diag_code": "Z51.100"}, []),
        ("Q08", "diagnosis", 0, {"adm_cond_type": "4"}, [("s1", "diagnosis", 2, "adm_cond_type", "I21.001")]),
        ("Q09", "procedure", 0, {"oprn_oprt_code": ""}, [("s1", "case", 2, "amt", "600.00")]),
        ("Q10", "item", 1, {"med_chrgitm": "09"}, [("s1", "case", 2, "act_ipt_days", "4")]),
        ("Q10", "item", 1, {"med_chrgitm": "护理费"}, []),
        ("Q11", "case", 0, {"vent_used_dura": "0/2/0"}, [("s1", "case", 2, "vent_used_dura", "0/2/0")]),
        ("Q11", "case", 0, {"vent_used_dura": "0/0/0"}, []),
        ("Q11", "procedure", 0, {"oprn_oprt_code": "96.7201"}, [("s1", "case", 2, "vent_used_dura", "")]),
        ("Q12", "diagnosis", 3, {"diag_code": "C61.x00"}, [("s2", "diagnosis", 5, "diag_code", "C61.x00")]),
        ("Q12", "case", 1, {"gend": "1"}, [("s2", "diagnosis", 4, "diag_code", "O80.000x001")]),
        ("Q12", "case", 1, {"age": "9"}, []),
        ("Q12", "case", 1, {"age": "8"}, [("s2", "diagnosis", 4, "diag_code", "O80.000x001")]),
        ("Q12", "case", 1, {"age": "64"}, []),
        ("Q12", "case", 1, {"age": "65"}, [("s2", "diagnosis", 4, "diag_code", "O80.000x001")]),
        ("Q12", "procedure", 0, {"oprn_oprt_code": "74.1x00"}, [("s1", "procedure", 2, "oprn_oprt_code", "74.1x00")]),
        ("Q13", "diagnosis", 1, {"diag_code": "XX9.999"}, [("s1", "diagnosis", 3, "diag_code", "XX9.999")]),
        ("Q13", "diagnosis", 1, {"diag_code": " i10.X00 "}, [("s1", "diagnosis", 3, "diag_code", " i10.X00 ")]),
        ("Q13", "diagnosis", 1, {"diag_code": "A01.000x002"}, [("s1", "diagnosis", 3, "diag_code", "A01.000x002")]),
        ("Q13", "diagnosis", 1, {"diag_code": "BNP110", "diag_type": "2"}, []),
        ("Q13", "case", 0, {"adm_time": "2020-03-01", "dscg_time": "2020-03-05"}, []),
        ("Q14", "diagnosis", 1, {"diag_code": "R96.001"}, [("s1", "diagnosis", 3, "diag_code", "R96.001")]),
        ("Q14", "case", 0, {"dscg_way": "5"}, []),
        (
            "Q14",
            "case",
            0,
            {"dscg_way": "5", "days_rinp_flag_31": "1"},
            [("s1", "case", 2, "days_rinp_flag_31", "1")],
        ),
        ("Q16", "case", 0, {"dcla_time": "2024-03-15 23:00:00"}, []),
        ("Q16", "case", 0, {"dcla_time": "2024-03-16"}, [("s1", "case", 2, "dcla_time", "2024-03-16")]),
        ("Q16", "case", 0, {"dcla_time": "2024-03-04"}, [("s1", "case", 2, "dcla_time", "2024-03-04")]),
        ("C01", "diagnosis", 0, {"diag_code": "I21.000"}, [("s1", "diagnosis", 2, "diag_code", "I21.000")]),
        ("C02", "diagnosis", 1, {"diag_code": "K56.500"}, []),
        ("C03", "procedure", 0, {"oprn_oprt_code": "88.5500"}, [("s1", "case", 2, "amt", "600.00")]),
        ("C03", "procedure", 0, {"oprn_oprt_code": "00.3101"}, []),
    ],
)
def test_a_changed_row_breaks_its_rule_or_not(
    rule: str,
    table: str,
    at: int,
    changes: dict[str, str],
    expected: list[tuple[str, str, int, str, str]],
    rows: Rows,
    run: Run,
) -> None:
    rows[table][at].update(changes)
    result = run(rows)
    assert [found[1:] for found in _broken(result) if found[0] == rule] == expected
    rejects = rule in {"Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "Q07", "Q13", "Q15"}
    if expected and rejects:
        assert result.rejected["mdtrt_id"].tolist() == [expected[0][0]]
        assert rule in result.rejected["rejected_by"].iloc[0].split(";")


def test_a_stay_without_diagnosis_lacks_a_required_field(rows: Rows, run: Run) -> None:
    rows["diagnosis"] = rows["diagnosis"][2:]
    assert ("Q01", "s1", "case", 2, "diag_code", "") in _broken(run(rows))


def test_a_discharge_before_the_admission_is_found_once(rows: Rows, run: Run) -> None:
    rows["case"][0].update(adm_time="2024-03-06 08:00:00")
    rules = [found[0] for found in _broken(run(rows)) if found[2] == "case"]
    assert rules == ["Q02"]


@pytest.mark.parametrize("code", ["O83.400", "Z37.100", "Z37.400"])
def test_these_diagnoses_need_no_birth_weight(code: str, rows: Rows, run: Run) -> None:
    rows["diagnosis"][2].update(diag_code=code)
    rows["case"][1].update(nwb_bir_wt="")
    assert "Q07" not in set(run(rows).findings["rule"])


@pytest.mark.parametrize("code", ["O84.900", "Z37.000x001", "Z37.200", "Z37.301", "Z37.500", "Z37.600"])
def test_these_diagnoses_need_a_birth_weight(code: str, rows: Rows, run: Run) -> None:
    rows["diagnosis"][3].update(diag_code=code)
    rows["case"][1].update(nwb_bir_wt="")
    assert "Q07" in set(run(rows).findings["rule"])


def test_a_main_diagnosis_among_factors_only_is_reviewed(rows: Rows, run: Run) -> None:
    rows["diagnosis"][0].update(diag_code="Z51.100")
    rows["diagnosis"][1].update(diag_code="Z80.000")
    assert ("Q08", "s1", "diagnosis", 2, "diag_code", "Z51.100") in _broken(run(rows))


@pytest.mark.parametrize(
    ("duration", "code", "breaks"),
    [
        ("4/0/0", "96.7101", False),
        ("4/0/1", "96.7101", True),
        ("97", "96.7101", True),
        ("4/0/0", "96.7201", False),
        ("3/23/59", "96.7201", True),
        ("4/0/1", "96.7201", False),
        ("0/5/0", "96.7101", False),
    ],
)
def test_ventilation_is_compared_with_its_code(duration: str, code: str, breaks: bool, rows: Rows, run: Run) -> None:
    rows["case"][0].update(vent_used_dura=duration)
    rows["procedure"].append({**rows["procedure"][0], "oprn_oprt_type": "2", "oprn_oprt_code": code})
    assert ("Q11" in set(run(rows).findings["rule"])) is breaks


def test_death_without_any_care_is_reviewed(rows: Rows, run: Run) -> None:
    rows["case"][0].update(dscg_way="5")
    for item in rows["item"][:3]:
        item.update(med_chrgitm="01")
    assert ("Q14", "s1", "case", 2, "dscg_way", "5") in _broken(run(rows))


def test_double_stays_are_all_rejected(rows: Rows, run: Run) -> None:
    rows["case"][1].update(psn_key="p1")
    result = run(rows)
    assert [found[1] for found in _broken(result) if found[0] == "Q15"] == ["s1", "s2"]
    assert result.rejected["mdtrt_id"].tolist() == ["s1", "s2"]


@pytest.mark.parametrize("changes", [{"psn_key": ""}, {"fixmedins_code": "H002"}, {"dscg_time": "2024-03-05 10:00:01"}])
def test_other_persons_hospitals_and_times_are_other_stays(changes: dict[str, str], rows: Rows, run: Run) -> None:
    rows["case"][1].update({"psn_key": "p1", **changes})
    assert "Q15" not in set(run(rows).findings["rule"])


def test_the_window_of_a_region_replaces_the_declared_one(rows: Rows, run: Run) -> None:
    assert "Q16" in set(run(rows, limits={"upload_days": 4}).findings["rule"])


def test_unknown_codes_come_with_the_code_that_is_meant(rows: Rows, run: Run) -> None:
    for at, code in enumerate(["A01.000x002", "i10.x00", "I21.099"]):
        rows["diagnosis"][2 * at + 1].update(diag_code=code)
    found = run(rows).findings.query("rule == 'Q13'")
    assert found["suggested"].tolist() == ["A01.003", "I10.x00", ""]
    assert "临床版" in found["message_zh"].iloc[0]
    assert "I21.001" in found["mend_en"].iloc[2]


def test_codes_of_both_editions_are_doubtful_beside_clinical_codes(rows: Rows, run: Run) -> None:
    rows["diagnosis"][1].update(diag_code="K56.500")
    rows["diagnosis"][3].update(diag_code="A01.000x002")
    found = run(rows).findings.query("rule == 'C02'")
    assert found[["case_id", "value", "suggested"]].to_numpy().tolist() == [["s1", "K56.500", "K56.500x003"]]
    rows["case"][1].update(fixmedins_code="H002")
    assert "C02" not in set(run(rows).findings["rule"])


def test_a_lesser_main_procedure_beside_surgery_is_reviewed(rows: Rows, run: Run) -> None:
    rows["procedure"][0].update(oprn_oprt_code="88.5500")
    rows["procedure"].append({**rows["procedure"][0], "oprn_oprt_type": "2", "oprn_oprt_code": "47.0100"})
    found = run(rows).findings.query("rule == 'C03'")
    assert found["value"].tolist() == ["88.5500"]
    assert "47.0100" in found["message_en"].iloc[0]


@pytest.mark.parametrize(
    ("rule", "table", "changes", "field"),
    [
        ("F01", "case", {"act_ipt_days": "4天"}, "act_ipt_days"),
        ("F01", "case", {"total_cost": "1,000.00"}, "total_cost"),
        ("F01", "case", {"total_cost": "1000.005"}, "total_cost"),
        ("F01", "case", {"adm_time": "2024-02-30"}, "adm_time"),
        ("F01", "case", {"days_rinp_flag_31": "2"}, "days_rinp_flag_31"),
        ("F01", "case", {"vent_used_dura": "1/24/0"}, "vent_used_dura"),
        ("F02", "case", {"gend": "x"}, "gend"),
        ("F02", "case", {"dscg_way": "7"}, "dscg_way"),
        ("F03", "case", {"adm_way": "8"}, "adm_way"),
        ("F04", "case", {"age": "-1"}, "age"),
        ("F04", "case", {"age": "151"}, "age"),
        ("F05", "case", {"insuplc": "2101001"}, "insuplc"),
        ("F06", "case", {"mdtrt_id": "s2"}, "mdtrt_id"),
        ("F07", "item", {"mdtrt_id": "s9"}, "mdtrt_id"),
    ],
)
def test_the_form_of_values_is_checked(
    rule: str, table: str, changes: dict[str, str], field: str, rows: Rows, run: Run
) -> None:
    rows[table][0].update(changes)
    found = run(rows).findings.query("rule == @rule")
    assert set(found["field"]) == {field}
    assert set(found["value"]) == set(changes.values())


def test_missing_and_unknown_columns_are_said_once(rows: Rows, run: Run) -> None:
    for row in rows["case"]:
        del row["medcasno"]
        row["medcasno_"] = "x"
    found = run(rows).findings
    assert found[["rule", "row", "value"]].to_numpy().tolist() == [["F08", 1, "medcasno_"], ["Q01", 1, "medcasno"]]
    assert "medcasno" in found["message_en"].iloc[0]


def test_every_rule_has_words_in_both_languages_that_can_be_filled(rows: Rows, run: Run) -> None:
    for at, row in enumerate(rows["case"]):
        row.update(total_cost="7", age="200", gend="9", insuplc="1234567", act_ipt_days="0", psn_cashpay=f"{at}x")
    found = run(rows).findings
    assert len(found) > 10
    for name in ("message_zh", "message_en", "mend_zh", "mend_en"):
        assert found[name].str.len().min() > 1
        assert not found[name].str.contains("[{}]").any()
    assert found["message_zh"].str.contains("[\u4e00-\u9fff]").all()
    assert not found["message_en"].str.contains("[\u4e00-\u9fff]").any()
