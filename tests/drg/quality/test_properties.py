"""Counts add up whatever stands in the rows, and the order of rows does not matter."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.drg.quality import check_settlement_list

_CELL = st.sampled_from(["", "1", "2", "9", "x", "0", "28", "2024-03-01", "2024-03-04 10:00:00", "100.00", "50,0", " "])
_IDS = st.sampled_from(["a", "b", "c", "d", "", "e "])
_CODES = st.sampled_from(
    ["I21.001", "O80.000x001", "Z37.000", "R05.x02", "V01.000", "P07.300", "", "j18.900 ", "C61.x00"]
)
_CASE = st.fixed_dictionaries(
    {
        "mdtrt_id": _IDS,
        **dict.fromkeys(
            (
                "psn_key",
                "fixmedins_code",
                "gend",
                "age",
                "nwb_age",
                "nwb_adm_wt",
                "nwb_bir_wt",
                "adm_time",
                "dscg_time",
            ),
            _CELL,
        ),
        **dict.fromkeys(("act_ipt_days", "dscg_way", "total_cost", "psn_selfpay", "psn_ownpay", "dcla_time"), _CELL),
    }
)
_DIAGNOSIS = st.fixed_dictionaries(
    {"mdtrt_id": _IDS, "maindiag_flag": st.sampled_from(["0", "1", ""]), "diag_code": _CODES}
)
_ITEM = st.fixed_dictionaries({"mdtrt_id": _IDS, "med_chrgitm": st.sampled_from(["06", "07", ""]), "amt": _CELL})
_SHOWN = ["rule", "case_id", "table", "field", "value"]


@pytest.mark.slow
@given(
    cases=st.lists(_CASE, min_size=1, max_size=8),
    diagnoses=st.lists(_DIAGNOSIS, min_size=1, max_size=12),
    items=st.lists(_ITEM, min_size=1, max_size=8),
    data=st.data(),
)
def test_counts_add_up_and_order_does_not_matter(
    cases: list[dict[str, str]], diagnoses: list[dict[str, str]], items: list[dict[str, str]], data: st.DataObject
) -> None:
    tables = {"case": pd.DataFrame(cases), "diagnosis": pd.DataFrame(diagnoses), "item": pd.DataFrame(items)}
    result = check_settlement_list(tables)
    accepted, rejected = result.accepted, result.rejected
    assert len(accepted) + len(rejected) == len(cases) == result.case_count
    whole = pd.concat([accepted, rejected[accepted.columns]])
    pd.testing.assert_frame_equal(
        whole.sort_values(list(whole.columns), ignore_index=True),
        tables["case"].sort_values(list(whole.columns), ignore_index=True),
    )
    assert (rejected["rejected_by"] != "").all()
    assert sum(run.findings for run in result.runs) == len(result.findings)
    order = data.draw(st.permutations(range(len(cases))))
    others = data.draw(st.permutations(range(len(diagnoses))))
    again = check_settlement_list(
        {**tables, "case": tables["case"].iloc[order], "diagnosis": tables["diagnosis"].iloc[others]}
    )
    assert sorted(map(tuple, result.findings[_SHOWN].to_numpy())) == sorted(
        map(tuple, again.findings[_SHOWN].to_numpy())
    )
    assert again.rejected_count == result.rejected_count


@given(sexes=st.lists(st.sampled_from([0, 1, 2, 3, None, "1", "x"]), min_size=1, max_size=20))
def test_bad_sexes_are_counted_in_a_flat_file(sexes: list[object]) -> None:
    count = len(sexes)
    texts = [None if sex is None else str(sex) for sex in sexes]
    cases = pa.table(
        {
            "case_id": [str(at) for at in range(count)],
            "sex": pa.array(texts, pa.string()),
            "age_years": [40] * count,
            "dx": [["I21.001"]] * count,
        }
    )
    assert check_settlement_list(cases).rejected_count == sum(text not in ("1", "2") for text in texts)
