"""The compiled settlement is its slow twin, and keeps its identities whatever the policy."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from actuary.payment.settle import settle_cases
from actuary.payment.statuses import REASONS


def _beside(name, folder):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent.parent / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


drawn_policies = _beside("drawn_policies", "payment")
slow = _beside("slow_settlement", "reference")
slowly = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def settled(drawn, **options):
    with tempfile.TemporaryDirectory() as folder:
        policy = drawn.load(Path(folder))
        budget = options.pop("budget", drawn.budget)
        return policy, settle_cases(drawn_policies.frame_of(drawn.cases), policy, budget=budget, **options)


@pytest.mark.slow
@slowly
@given(drawn=drawn_policies.drawn_settlements())
def test_compiled_is_the_slow_twin(drawn):
    policy, result = settled(drawn)
    budget = None if drawn.budget is None else {name: Fraction(amount) for name, amount in drawn.budget.items()}
    answers, standards, points, values = slow.slow_settle(drawn.cases, policy, budget)
    assert [REASONS[number].value for number in result.reason.tolist()] == [answer.reason for answer in answers]
    assert {value.insurance: value.value for value in result.point_values} == values
    assert result.standard_fen.tolist() == standards
    assert [Fraction(number, 10**result.point_places) for number in result.points.tolist()] == points
    classes = [name for name, paid in zip(result.cases["class"].to_pylist(), result.paid, strict=True) if paid]
    assert classes == [answer.case_class for answer, paid in zip(answers, result.paid, strict=True) if paid]


@pytest.mark.slow
@slowly
@given(drawn=drawn_policies.drawn_settlements())
def test_books_close_and_payers_add_up(drawn):
    _, result = settled(drawn)
    books = {}
    for row in result.books:
        books.setdefault(row.insurance, {})[row.item] = row.amount_fen
    for lines in books.values():
        assert lines["budget"] == lines["adjusting_fund"] + lines["paid_by_fund"] + lines["residual"] + lines["reserve"]
    paid, payers = result.paid, result.payers
    total = payers.fund_fen + payers.patient_fen + payers.other_fen - payers.gain_fen
    assert (total[paid] == result.table.cost_fen[paid]).all()
    assert not payers.fund_fen[~paid].any()
