"""The conformance cases: known numbers of bad sexes and ages, and nothing the grouper refuses is let through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from actuary.drg.quality import check_settlement_list, load_declarations, load_dictionary

pytestmark = pytest.mark.reference


def test_bad_sex_and_age_are_counted_and_refused_cases_are_rejected(reference: Path) -> None:
    path = reference / "drg" / "conformance" / "cases-public.parquet"
    result = check_settlement_list(path, dictionary=reference / "drg" / "icd")
    assert result.case_count == 150_060
    found = result.findings.groupby(["rule", "field"]).size()
    table = result.lists.case.raw.table  # type: ignore[union-attr]
    sex, age = table.column("sex"), table.column("age_years")
    assert found["F02", "sex"] == pc.sum(pc.invert(pc.is_in(sex.drop_null(), pc.cast([1, 2], sex.type)))).as_py() == 635
    assert found["Q01", "sex"] == sex.null_count == 209
    assert found["Q01", "age_years"] == age.null_count == 655
    assert found["F04", "age_years"] == pc.sum(pc.less(age, 0)).as_py() == 165
    refused = np.asarray(pc.equal(table.column("expected_status"), "check_failed").to_numpy(), dtype=bool)
    assert refused.sum() == 3479
    assert result.rejected_mask[refused].all()
    assert len(result.accepted_table) + len(result.rejected_table) == result.case_count
    assert result.unjudged_cases == 0


def test_the_national_dictionary_is_read_whole(reference: Path) -> None:
    codes = load_dictionary(reference / "drg" / "icd")
    assert codes is not None
    assert (len(codes.diagnosis.grey), sum(codes.diagnosis.grey.values())) == (33_307, 2_695)
    assert (len(codes.procedure.grey), len(codes.diagnosis.clinical), len(codes.procedure.clinical)) == (
        13_686, 4_388, 559,
    )  # fmt: skip


def test_every_declared_prefix_stands_for_codes_of_the_dictionary(reference: Path) -> None:
    codes = load_dictionary(reference / "drg" / "icd")
    assert codes is not None
    declared = load_declarations()
    known = {"diagnosis": list(codes.diagnosis.grey), "procedure": list(codes.procedure.grey)}
    idle = [
        (limited.en, prefix)
        for limited in declared.limited
        for prefix in limited.prefixes
        if not any(code.startswith(prefix) for code in known[limited.table])
    ]
    assert idle == []
