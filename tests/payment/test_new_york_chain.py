"""Real stays from weights through points to clearing: what has to hold at every step."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from actuary.errors import TableError
from actuary.payment.clearing_run import ClearedYear, ClearingFiles, clear_settlement
from actuary.payment.declared_rules import coefficient_rule
from actuary.payment.indicator_stays import indicators_of_cases, indicators_of_settlement, rank_gains
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.settlement import Settlement
from actuary.payment.stability import Stability
from actuary.payment.weight_files import write_computed_policy
from actuary.payment.weights_of_cases import WeighedCases, weigh_cases
from actuary.tables.new_york_stays import read_new_york_stays

pytestmark = pytest.mark.reference

_SHARE, _PART = Decimal("0.7"), Decimal("0.97")


@pytest.fixture(scope="module")
def stays(reference: Path) -> pd.DataFrame:
    return read_new_york_stays(reference / "series" / "sparcs_msk_cases.csv.gz", fund_share=_SHARE)


@pytest.fixture(scope="module")
def weighed(stays: pd.DataFrame) -> WeighedCases:
    return weigh_cases(stays, load_payment_policy("points-from-cases", partial_ok=True))


@pytest.fixture(scope="module")
def budget(stays: pd.DataFrame) -> dict[str, Decimal]:
    charged = stays["fund_charged"].map(Decimal).groupby(stays["insurance"]).sum()
    return {str(pool): (amount * _PART).quantize(Decimal("0.01")) for pool, amount in charged.items()}


@pytest.fixture(scope="module")
def settled(weighed: WeighedCases, budget: dict[str, Decimal], tmp_path_factory: pytest.TempPathFactory) -> Settlement:
    policy = load_payment_policy("points-from-cases", partial_ok=True)
    coefficients = weighed.coefficients(coefficient_rule(policy))
    assert coefficients.residual == 0
    assert abs(coefficients.total_after - coefficients.total_before) < 1
    folder = tmp_path_factory.mktemp("policy")
    computed = write_computed_policy(policy, weighed.weights, folder, coefficients=coefficients)
    assert not computed.partial
    return settle_cases(weighed.cases, computed, budget=budget)


@pytest.fixture(scope="module")
def cleared(settled: Settlement, tmp_path_factory: pytest.TempPathFactory) -> ClearedYear:
    scores = tmp_path_factory.mktemp("scores") / "scores.csv"
    hospitals = settled.table.hospital_names
    rows = [f"{name},{60 + 40 * place / len(hospitals):.1f}" for place, name in enumerate(hospitals)]
    scores.write_text("\n".join(["hospital,score", *rows]), encoding="utf-8")
    return clear_settlement(settled, ClearingFiles(scores=scores))


def test_the_stays_are_all_there(stays: pd.DataFrame) -> None:
    assert len(stays) == 24_612
    assert stays["hospital"].nunique() == 101
    total = stays["total_cost"].map(Decimal)
    assert (total == stays["fund_charged"].map(Decimal) + stays["patient_cash"].map(Decimal)).all()
    assert stays.groupby("hospital")["tier"].nunique().max() == 1


def test_the_total_weight_is_kept(weighed: WeighedCases) -> None:
    weights = weighed.weights
    assert weights.left_out == {}
    assert weights.cases == 24_612
    # Rounding to four decimals moves each case by half of the last one at most.
    assert abs(weights.total_after - weights.total_before) <= Fraction(24_612, 20_000)
    assert sum(weight.after.n for weight in weights.groups) == int(weighed.kept.sum())
    kept = weighed.cost_fen[weighed.kept]
    assert weights.overall_mean_fen == Fraction(int(kept.sum()), len(kept))


def test_means_are_those_of_pandas(weighed: WeighedCases) -> None:
    names = np.array(weighed.cases.group_names)[weighed.group_code]
    means = pd.Series(weighed.cost_fen[weighed.kept]).groupby(names[weighed.kept]).mean()
    for weight in weighed.weights.groups:
        assert weight.mean_fen is not None
        assert float(weight.mean_fen) == pytest.approx(means[weight.group])
    cv = pd.Series(weighed.cost_fen[weighed.kept]).groupby(names[weighed.kept]).agg(lambda x: x.std() / x.mean())
    stable = {weight.group for weight in weighed.weights.groups if weight.stability is Stability.STABLE}
    counts = pd.Series(names[weighed.kept]).value_counts()
    assert stable == {group for group in cv.index if cv[group] <= 1 and counts[group] >= 5}


def test_severer_stays_weigh_more(weighed: WeighedCases) -> None:
    weights = {weight.group: weight.rw for weight in weighed.weights.groups if weight.stability is Stability.STABLE}
    steps = [(f"{drg}-{level}", f"{drg}-{level + 1}") for drg in {g[:3] for g in weights} for level in (1, 2, 3)]
    rises = [weights[low] < weights[high] for low, high in steps if low in weights and high in weights]  # type: ignore[operator]
    assert len(rises) > 60
    assert sum(rises) / len(rises) > 0.95


def test_trimming_explains_more_variance(weighed: WeighedCases) -> None:
    quality = weighed.quality()
    assert quality.overall_before.riv == pytest.approx(0.3096, abs=5e-5)
    assert quality.overall_after.riv == pytest.approx(0.4640, abs=5e-5)
    assert quality.overall_after.low_cv_groups > quality.overall_before.low_cv_groups


def test_every_stay_is_paid_and_the_shares_add_up(settled: Settlement) -> None:
    assert settled.paid.all()
    payers = settled.payers
    shares = payers.fund_fen + payers.patient_fen + payers.other_fen - payers.gain_fen
    assert (shares == settled.table.cost_fen).all()


def test_the_pool_is_spent_to_the_fen(settled: Settlement, budget: dict[str, Decimal]) -> None:
    for pool, amount in budget.items():
        lines = {row.item: row.amount_fen for row in settled.books if row.insurance == pool}
        assert lines.pop("budget") == int(amount * 100) == sum(lines.values())
        assert abs(lines["residual"]) < 24_612


def test_the_books_close(cleared: ClearedYear, settled: Settlement) -> None:
    clearing = cleared.clearing
    assert clearing.closes
    for pool in clearing.insurances:
        assert clearing.amount(pool, "budget") == sum(
            clearing.amount(pool, line)
            for line in ("payments", "deposit_kept", "adjusting_unspent", "rounding_residual", "reserve")
        )
    assert sum(row.payable_fen for row in clearing.hospitals) == settled.fund_total_fen
    # Unequal pools of the same hospitals: every one has its own row.
    assert len(clearing.hospitals) == len({(row.hospital, row.insurance) for row in clearing.hospitals})


def test_indicators_and_ranking_agree_with_the_settlement(settled: Settlement, weighed: WeighedCases) -> None:
    weights = {weight.group: weight.rw for weight in weighed.weights.groups if weight.rw is not None}
    found = indicators_of_cases(settled.table, weights, standard_fen=settled.payers.fund_fen)
    assert (found.figures["grouping_rate"] == 1).all()
    # Together the hospitals cost what the groups cost on average.
    base = settled.table.numbers["los_days"] <= 60
    assert found.base.sum() == base.sum()
    frame = pd.DataFrame({"g": settled.table.group_code, "h": settled.table.hospital_code, "c": settled.table.cost_fen})
    frame = frame[base]
    usual = frame["c"].groupby(frame["g"]).transform("mean").groupby(frame["h"]).sum()
    assert (found.figures["cost_index"] * usual).sum() == pytest.approx(frame["c"].sum())
    again = indicators_of_settlement(settled)
    for name, figures in found.figures.items():
        np.testing.assert_array_equal(again.figures[name], figures, err_msg=name)
    ranked = rank_gains(settled.cases)
    assert ranked["cases"].sum() == 24_612
    assert round(ranked["gain_yuan"].sum() * 100) == int(settled.payers.gain_fen.sum())
    assert ranked["gain_yuan"].is_monotonic_decreasing


def test_the_order_of_the_stays_does_not_matter(stays: pd.DataFrame, weighed: WeighedCases) -> None:
    shuffled = stays.sample(frac=1, random_state=7)
    policy = load_payment_policy("points-from-cases", partial_ok=True)
    assert weigh_cases(shuffled, policy).weights.table_bytes() == weighed.weights.table_bytes()


def test_a_missing_or_foreign_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        read_new_york_stays(tmp_path / "none.csv")
    path = tmp_path / "other.csv"
    path.write_text("hospital,drg\n1,2\n", encoding="utf-8")
    with pytest.raises(TableError, match="no column 'costs'"):
        read_new_york_stays(path)
    path.write_text("hospital,drg,severity,los,costs,payer,med_surg,death\n1,2,Minor,3,x,y,M,0\n", encoding="utf-8")
    with pytest.raises(TableError, match="row 1, costs: found 'x'"):
        read_new_york_stays(path)
