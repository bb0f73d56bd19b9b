"""Two schemes over the same cases: every case is behind exactly one cell."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from actuary.drg.compare import compare_schemes
from actuary.drg.grouper import group_cases
from actuary.drg.scheme import Scheme, load_scheme
from actuary.errors import TableError

CASES = pd.DataFrame(
    {
        "case_id": ["a", "b", "c", "d"],
        "sex": [1, 1, 2, 9],
        "age_years": [60, 50, 40, 30],
        "age_days": pd.array([None] * 4, dtype="Int64"),
        "birth_weight_g": pd.array([None] * 4, dtype="Int64"),
        "dx": [["I21.401"], ["K80.201"], ["nothing"], ["K80.201"]],
        "px": [["36.0700"], ["01.2400x005"], [], []],
    }
)


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return load_scheme("chs-drg-1.1")


def test_every_case_is_behind_one_cell(scheme: Scheme) -> None:
    compared = compare_schemes(CASES, scheme, scheme.with_switches({"qy": "main"}))
    frame = compared.to_frame()
    cells = {(row.first, row.second): row.case_ids for row in frame.itertuples()}
    assert cells == {
        ("FM19", "FM19"): "a",
        ("HU15", "HQY"): "b",
        ("ungrouped", "ungrouped"): "c",
        ("check_failed", "check_failed"): "d",
    }
    assert compared.cases_of("HU15", "HQY") == ["b"]
    assert frame["share"].sum() == pytest.approx(1.0)
    assert compared.summary() == {"cases": 4, "same": 3, "changed": 1, "share_changed": 0.25, "renamed": 0}
    assert compared.by_status().loc["grouped"].to_dict() == {
        "grouped": 1,
        "check_failed": 0,
        "ungrouped": 0,
        "ambiguous_qy": 1,
    }
    mdcs = compared.by_mdc().set_index("mdc")
    assert mdcs.loc["H", ["cases", "changed", "left"]].tolist() == [1, 1, 0]


def test_a_file_a_table_and_a_frame_compare_alike(scheme: Scheme, tmp_path: Path) -> None:
    other = scheme.with_switches({"qy": "any"})
    frame = compare_schemes(CASES, scheme, other).to_frame()
    path = tmp_path / "cases.parquet"
    CASES.to_parquet(path)
    csv = tmp_path / "cases.csv"
    joined = CASES.assign(dx=CASES["dx"].map("|".join), px=CASES["px"].map("|".join))
    joined.to_csv(csv, index=False)
    done: list[tuple[int, int | None]] = []
    for cases in (path, str(csv), pa.Table.from_pandas(CASES)):
        again = compare_schemes(cases, scheme, other, progress=lambda now, all_: done.append((now, all_)))
        pd.testing.assert_frame_equal(again.to_frame(), frame)
    assert done == [(4, 4), (4, None), (4, 4)]


def test_no_cases_compare_to_nothing(scheme: Scheme) -> None:
    compared = compare_schemes(CASES.head(0), scheme, scheme)
    assert compared.to_frame().empty
    assert compared.summary()["cases"] == 0
    assert compared._repr_html_().startswith("<div")


def test_a_missing_column_is_named(scheme: Scheme) -> None:
    with pytest.raises(TableError, match="no column 'sex'"):
        compare_schemes(CASES.drop(columns="sex"), scheme, scheme)


@pytest.mark.slow
@pytest.mark.reference
def test_the_national_schemes_over_public_cases(reference: Path) -> None:
    folder = reference / "drg"
    path = folder / "conformance" / "cases-public.parquet"
    cases = pd.read_parquet(path).head(20_000)
    schemes = [load_scheme(folder / name) for name in ("chs-drg-1.1", "chs-drg-2.0")]
    compared = compare_schemes(cases, *schemes)
    table = compared.transitions()
    assert table["cases"].sum() == len(cases)
    assert (table.groupby("first")["share_of_first"].sum() - 1).abs().max() < 1e-9
    first = group_cases(cases, schemes[0])["drg"]
    grouped = compared.cases["first_status"] == "grouped"
    assert (compared.cases.loc[grouped, "first"].astype("str").tolist()) == first[grouped.to_numpy()].tolist()
    row = table[table["changed"]].iloc[0]
    assert len(compared.cases_of(row["first"], row["second"])) == row["cases"]
    for lang, heading in (("zh", "去向表"), ("en", "Transitions")):
        assert heading in compared.to_html(lang)
