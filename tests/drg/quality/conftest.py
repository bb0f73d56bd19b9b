"""A sound settlement list of three stays, as text, and a small dictionary of codes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from actuary.drg.quality import QualityResult, check_settlement_list

type Rows = dict[str, list[dict[str, str]]]

_CASE = {
    "mdtrt_id": "s1",
    "setl_id": "t1",
    "psn_key": "p1",
    "fixmedins_code": "H001",
    "hi_setl_lv": "03",
    "medcasno": "m1",
    "dcla_time": "2024-03-10 09:00:00",
    "gend": "1",
    "brdy": "1970-01-01",
    "age": "54",
    "nwb_age": "",
    "nwb_adm_type": "",
    "nwb_bir_wt": "",
    "nwb_adm_wt": "",
    "hi_type": "310",
    "insuplc": "210100",
    "ipt_med_type": "1",
    "adm_way": "1",
    "trt_type": "1",
    "adm_time": "2024-03-01 08:30:00",
    "adm_caty": "03",
    "dscg_time": "2024-03-05 10:00:00",
    "dscg_caty": "03",
    "act_ipt_days": "4",
    "vent_used_dura": "",
    "dscg_way": "1",
    "days_rinp_flag_31": "0",
    "psn_selfpay": "200.00",
    "psn_ownpay": "100.00",
    "acct_pay": "50.00",
    "psn_cashpay": "250.00",
    "hi_paymtd": "4",
    "total_cost": "1000.00",
}


def _sound() -> Rows:
    newborn = {
        "age": "0",
        "nwb_age": "3",
        "brdy": "2024-02-27",
        "nwb_adm_type": "1",
        "nwb_adm_wt": "3100",
    }
    rows: Rows = {name: [] for name in ("case", "diagnosis", "procedure", "item", "fund")}
    for number, changes in enumerate([{}, {"gend": "2", "age": "30", "nwb_bir_wt": "3200"}, newborn], start=1):
        key = f"s{number}"
        own = {"mdtrt_id": key, "setl_id": f"t{number}", "psn_key": f"p{number}", "medcasno": f"m{number}"}
        rows["case"].append({**_CASE, **own, **changes})
        main = {1: "I21.001", 2: "O80.000x001", 3: "P07.300"}[number]
        rows["diagnosis"] += [
            {"mdtrt_id": key, "maindiag_flag": "1", "diag_type": "1", "diag_code": main, "adm_cond_type": "1"},
            {"mdtrt_id": key, "maindiag_flag": "0", "diag_type": "1", "diag_code": "I10.x00", "adm_cond_type": "4"},
        ]
        rows["procedure"].append(
            {
                "mdtrt_id": key,
                "oprn_oprt_type": "1",
                "oprn_oprt_code": "36.0700",
                "oprn_oprt_date": "2024-03-02",
            }
        )
        for category, amount in (("06", "600.00"), ("07", "100.00"), ("09", "300.00")):
            rows["item"].append(
                {
                    "mdtrt_id": key,
                    "med_chrgitm": category,
                    "amt": amount,
                    "claa_sumfee": amount,
                    "clab_amt": "0",
                    "fulamt_ownpay_amt": "0.00",
                    "oth_amt": "0",
                }
            )
        rows["fund"].append({"mdtrt_id": key, "fund_pay_type": "310100", "fund_payamt": "700.00"})
    return rows


@pytest.fixture
def rows() -> Rows:
    """Return the rows of a list in which nothing is wrong."""
    return copy.deepcopy(_sound())


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small dictionary of codes."""
    folder = tmp_path_factory.mktemp("dictionary")
    tables = {
        "dx_yb2": "icd,name,grey\nI21.000,a,1\nI21.001,b,0\nI21.002,c,0\nO80.000x001,d,0\nO83.400,d,0\nP07.300,e,0\n"
        "I10.x00,f,0\nK56.500,g,0\nK56.500x003,h,0\nC61.x00,i,0\nA01.003,j,0\n",
        "px_yb2": "icd9,name,grey,class\n36.0700,a,0,intervention\n88.5500,b,0,diagnostic\n96.7201,c,0,therapeutic\n"
        "96.7101,d,0,therapeutic\n47.0100,e,0,surgery\n00.3101,f,0,\n",
        "dx_gl2_to_yb2": "gl,yb\nA01.000x002,A01.003\nK56.500,K56.500x003\n",
        "px_gl3_to_yb2": "gl,yb\n36.0600x099,36.0700\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def run(dictionary: Path) -> Callable[..., QualityResult]:
    """Return a function that checks rows with the small dictionary."""

    def checked(tables: Rows, **options: object) -> QualityResult:
        frames = {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}
        return check_settlement_list(frames, **{"dictionary": dictionary, **options})

    return checked
