"""Group means drawn towards their family: recovery, the limits, bad input, real stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.errors import TableError
from actuary.forecast.delay_spec import load_small_group_spec
from actuary.forecast.made_up import made_up_stays as simulate
from actuary.forecast.small_groups import shrink_group_means


@pytest.mark.slow
def test_true_means_are_nearer_and_covered() -> None:
    inside, raw, shrunk = [], [], []
    for seed in range(5):
        cases, true = simulate(seed)
        table = shrink_group_means(cases).table.set_index("drg")
        wanted = true[table.index]
        inside.append((wanted >= table["low"]) & (wanted <= table["high"]))
        raw.append(np.log(table["raw_mean"] / wanted) ** 2)
        shrunk.append(np.log(table["shrunk_mean"] / wanted) ** 2)
    assert np.mean(shrunk) < 0.6 * np.mean(raw)
    assert 0.7 <= np.mean(inside) <= 0.92


def test_spreads_are_recovered() -> None:
    found = shrink_group_means(simulate(1)[0]).spreads
    assert found["case"] == pytest.approx(0.6, rel=0.1)
    assert found["drg"] == pytest.approx(0.15, abs=0.08)
    assert found["hospital"] == pytest.approx(0.2, abs=0.08)


@pytest.mark.slow
def test_total_weight_is_the_number_of_cases_and_many_cases_keep_their_mean() -> None:
    cases, _ = simulate(2)
    many = pd.concat([cases, cases[cases["drg"] == "F001"].sample(20_000, replace=True, random_state=1)])
    table = shrink_group_means(many.reset_index(drop=True)).table.set_index("drg")
    assert (table["weight"] * table["cases"]).sum() == pytest.approx(len(many))
    assert table.loc["F001", "shrunk_mean"] == pytest.approx(table.loc["F001", "raw_mean"], rel=0.02)
    assert (table["low"] < table["shrunk_mean"]).all()
    assert (table["shrunk_mean"] < table["high"]).all()
    assert table.loc["F001", "belief"] > 0.9


@pytest.mark.slow
def test_scale_and_order_of_the_cases_do_not_matter() -> None:
    cases, _ = simulate(3)
    one = shrink_group_means(cases).table
    turned = cases.sample(frac=1, random_state=1).reset_index(drop=True)
    two = shrink_group_means(turned.assign(cost=turned["cost"] * 100)).table
    np.testing.assert_allclose(one["weight"], two["weight"], rtol=1e-3)
    np.testing.assert_allclose(one["shrunk_mean"] * 100, two["shrunk_mean"], rtol=1e-3)


def test_the_declaration_is_part_of_the_answer_and_of_its_fingerprint() -> None:
    cases, _ = simulate(3)
    spec = load_small_group_spec()
    one, two = (shrink_group_means(cases, spec=s) for s in (spec, spec.model_copy(update={"variance_worth": 50.0})))
    assert one.fingerprint != two.fingerprint
    assert not np.allclose(one.table["low"], two.table["low"], rtol=1e-6)


def test_cases_without_a_cost_are_counted_and_left_out() -> None:
    cases, _ = simulate(4)
    cases.loc[:9, "cost"] = [0.0, -1.0, np.nan, np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    found = shrink_group_means(cases)
    assert found.left_out == 10
    assert found.table["cases"].sum() == len(cases) - 10


def test_every_problem_is_named() -> None:
    cases, _ = simulate(5)
    with pytest.raises(TableError, match="column mdc"):
        shrink_group_means(cases.drop(columns="mdc"))
    cases.loc[0, "adrg"], cases.loc[1, "hospital"] = "F19", None
    with pytest.raises(TableError) as caught:
        shrink_group_means(cases)
    assert [part in str(caught.value) for part in ("2 values of adrg", "1 empty cells")] == [True, True]
    with pytest.raises(TableError, match="2 cases or more"):
        shrink_group_means(simulate(5)[0].assign(cost=0.0))


@pytest.mark.slow
@pytest.mark.reference
def test_real_stays_are_predicted_better_than_by_raw_and_family_means(reference: Path) -> None:
    stays = pd.read_csv(reference / "series" / "sparcs_msk_cases.csv.gz", low_memory=False)
    stays = stays[stays["severity"].notna() & (stays["costs"] > 0)]
    columns = {"adrg": stays["drg"].astype(str), "tier": stays["severity"].astype(str), "cost": stays["costs"]}
    cases = pd.DataFrame(columns | {"hospital": stays["hospital"].fillna(-1).astype(str), "mdc": "08"})
    cases["drg"] = cases["adrg"] + "-" + cases["tier"]
    first = np.random.default_rng(1).random(len(cases)) < 0.5
    found = shrink_group_means(cases[first])
    came = cases[~first].groupby("drg")["cost"].agg(came="mean", further="size")
    table = found.table.merge(came, left_on="drg", right_index=True)
    table["family"] = table["adrg"].map(cases[first].groupby("adrg")["cost"].mean())
    error = {
        name: np.sqrt((np.log(table[name] / table["came"]) ** 2).mean())
        for name in ("raw_mean", "family", "shrunk_mean")
    }
    assert error["shrunk_mean"] < 0.9 * error["raw_mean"] < error["family"]
    interval = found.future_means(table.set_index("drg")["further"]).set_index("drg").loc[table["drg"]]
    inside = (table["came"].to_numpy() >= interval["low"]) & (table["came"].to_numpy() <= interval["high"])
    assert 0.65 <= inside.mean() <= 0.9
