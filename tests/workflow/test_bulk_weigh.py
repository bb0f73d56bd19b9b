"""Weights from parts are the weights from the whole."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from actuary.cli import app
from actuary.errors import TableError
from actuary.payment.cost_structure import ITEM_CLASSES
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import coefficient_rule
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.weights_of_cases import weigh_cases
from actuary.workflow.bulk.weigh import weigh_dataset

POLICY = """
[policy]
id = "weighed"
schema = 1
family = "points"
provenance = [{{ field = "*", source = "judgement", tag = "judgement" }}]
[rounding]
points = 4
point_value = 4
money = 2
mode = "half_up"
[weights]
file = "weights.csv"
scale = 100
overall_mean_cost = 9876.54
basis = "{basis}"
years = [{years}]
trim = {{ {trim} }}
[price]
mode = "pool"
represents = "total_cost"
[coefficient]
form = "tier"
tier = {{ "2" = 0.97, "3" = 1.0325 }}
[ratio]
denominator = "city_group_mean"
"""


def policy_of(folder: Path, *, basis: str = "charge", **given: object) -> PaymentPolicy:
    (folder / "weights.csv").write_text("group,rw\nAA11,0.5123\nBB11,1.3\nCC11,2.0071\nDD11,1\n", encoding="utf-8")
    (folder / "weighed.toml").write_text(POLICY.format(basis=basis, **given), encoding="utf-8")
    return load_payment_policy(folder / "weighed.toml", partial_ok=True)


def yuan(fen: np.ndarray) -> list[str]:
    return [f"{one // 100}.{one % 100:02d}" for one in fen.tolist()]


def stays(count: int = 300) -> pa.Table:
    rng = np.random.default_rng(5)
    cost = np.rint(np.exp(rng.normal(8.8, 0.9, count)) * 100).astype(np.int64)
    shares = rng.dirichlet([3, 1, 2, 5, 1], count).T[:-1]
    classes = [*(first := np.floor(shares * cost).astype(np.int64)), cost - first.sum(axis=0)]
    classes[0] = classes[0] + (rng.random(count) < 0.05)  # some do not add up
    frame = pd.DataFrame(
        {
            "case_id": [f"c{number}" for number in rng.integers(0, count * 3, count)],
            "hospital": rng.choice(["H1", "H2", "H3"], count),
            "tier": rng.choice(["2", "3"], count),
            "insurance": "employee",
            "drg": rng.choice(["AA11", "BB11", "CC11"], count),
            "total_cost": yuan(cost),
            **dict(zip(ITEM_CLASSES, map(yuan, classes), strict=True)),
            "month": rng.choice(["2022-03", "2023-04", "2024-11"], count),
        }
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


def lay_out(table: pa.Table, root: Path, cuts: list[int]) -> None:
    for number, (begin, end) in enumerate(itertools.pairwise([0, *cuts, table.num_rows])):
        (root / str(number)).mkdir(parents=True)
        pq.write_table(table.slice(begin, end - begin), root / str(number) / "part.parquet")


YEARS = "{ year = 2022, w = 0.1 }, { year = 2023, w = 0.2 }, { year = 2024, w = 0.7 }"


@pytest.mark.parametrize(
    ("trim", "years", "basis"),
    [
        ('method = "iqr", k = 1.5, log = true, quantile_type = 7', "", "charge"),
        ('method = "quantile", low = 0.05, high = 0.95, quantile_type = 6', YEARS, "charge"),
        ('method = "quantile", low = 0.05, high = 0.95, quantile_type = 6', YEARS, "structure_adjusted"),
        ('method = "sigma", k = 2, sd = "sample", rounds = 2', "", "structure_adjusted"),
    ],
)
@pytest.mark.parametrize("cuts", [[], [0, 100, 101, 101, 250]])
def test_weights_of_parts_are_those_of_the_whole(
    tmp_path: Path, trim: str, years: str, basis: str, cuts: list[int]
) -> None:
    policy = policy_of(tmp_path, trim=trim, years=years, basis=basis)
    table = stays()
    whole = weigh_cases(table, policy, threads=1)
    lay_out(table, tmp_path / "in", cuts)
    rule = coefficient_rule(policy, form="group_hospital")
    found = weigh_dataset(tmp_path / "in", tmp_path / "weights.csv", policy, coefficients=rule, threads=1)
    assert found.weights.table_bytes() == whole.weights.table_bytes()
    assert found.weights.groups == whole.weights.groups
    assert found.weights.summary() == whole.weights.summary()
    assert found.weights.left_out == whole.weights.left_out
    assert found.coefficients is not None
    assert found.coefficients.cells == whole.coefficients(rule).cells
    quality = whole.quality()
    assert found.scheme.overall_after == quality.overall_after
    assert found.scheme.overall_before == quality.overall_before
    assert not list(tmp_path.glob(".*"))


def test_the_command_weighs_a_folder(tmp_path: Path) -> None:
    policy_of(tmp_path, trim='method = "none"', years="")
    lay_out(stays(), tmp_path / "in", [100])
    pq.write_table(stays(), tmp_path / "cases.parquet")
    for cases in ("in", "cases.parquet"):
        words = ["weights", tmp_path / cases, "-p", tmp_path / "weighed.toml", "-o", tmp_path / f"{cases}.csv"]
        words += ["--coefficients", tmp_path / f"{cases}-k.csv"]
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output
    for end in (".csv", "-k.csv"):
        assert (tmp_path / f"in{end}").read_bytes() == (tmp_path / f"cases.parquet{end}").read_bytes()


def test_a_class_of_items_that_is_empty_everywhere_is_told(tmp_path: Path) -> None:
    policy = policy_of(tmp_path, trim='method = "none"', years="", basis="structure_adjusted")
    table = stays(20)
    at = table.column_names.index("drug_cost")
    lay_out(table.set_column(at, "drug_cost", pa.array(["0"] * 20)), tmp_path / "in", [10])
    with pytest.raises(TableError, match="column drug_cost: found 0 in every case"):
        weigh_dataset(tmp_path / "in", tmp_path / "weights.csv", policy, threads=1)
    lay_out(table.drop_columns(["drug_cost"]), tmp_path / "less", [10])
    with pytest.raises(TableError, match="drug_cost"):
        weigh_dataset(tmp_path / "less", tmp_path / "weights.csv", policy, threads=1)
