"""Epidemic: the amounts of 2020, and sums that must come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actuary.errors import DeclarationError
from actuary.fund.model import project_model
from actuary.fund.modules import (
    ModuleView,
    contribution_cut,
    implied_monthly_base,
    module_effects,
    use_course,
    vaccine_cost,
)
from actuary.policy import load_policy_book


def test_the_halving_in_shenyang_implies_the_base() -> None:
    book = load_policy_book("shenyang")
    figures = {
        name: book.parameter(f"employee.contribution_cut_{name}").values[0].value for name in ("total", "persons")
    }
    how = {"employer_rate": 0.08, "reduction": 0.5, "months": 5.0}
    base = implied_monthly_base(forgone_yuan=figures["total"], persons=figures["persons"], **how)
    assert base == pytest.approx(5080, abs=1)
    assert contribution_cut(persons=1.447e6, monthly_base_yuan=base, **how) == pytest.approx(1.47e9)


def test_the_vaccines_in_shenyang() -> None:
    assert vaccine_cost(persons=7.415e6, cost_per_head_yuan=200, fund_share=0.8) == pytest.approx(1.186e9, rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(
    fall=st.floats(0, 1),
    persistence=st.floats(0, 0.9),
    share=st.floats(0, 1),
    after=st.integers(1, 8),
    over=st.integers(1, 8),
)
def test_what_does_not_come_back_is_lost(fall: float, persistence: float, share: float, after: int, over: int) -> None:
    course = use_course(
        400, fall=fall, persistence=persistence, rebound_share=share, rebound_after=after, rebound_quarters=over
    )
    forgone = fall / (1 - persistence)
    assert course.sum() == pytest.approx(-(1 - share) * forgone, abs=1e-9)
    assert course[0] == pytest.approx(-fall)


def test_the_declared_fall_is_that_of_2020(see: Callable[[str], ModuleView]) -> None:
    """Inpatient pool spending of employees fell by 14 % in Shenyang in 2020."""
    view = see("epidemic_shock")
    first = view.first_on("epidemic")
    course = use_course(
        4,
        fall=view.scalar("epidemic.use_fall", first),
        persistence=view.scalar("epidemic.persistence", first),
        rebound_share=0.0,
        rebound_after=4,
        rebound_quarters=1,
    )
    assert course.mean() == pytest.approx(-0.14, abs=0.002)


def test_the_amounts_of_the_shock(see: Callable[[str], ModuleView]) -> None:
    view = see("epidemic_shock")
    held = module_effects(view).groupby(["item", "scheme", "year"])["yuan"].sum()
    # Five months of 0.31 of what employers pay, spread over the year by its season.
    employer = view.received("employee", "employer").sel(quarter=[f"2027Q{n}" for n in (1, 2)]).to_numpy()
    expected = -0.31 * (employer[0] + employer[1] * 2 / 3)
    assert held["reduced_contributions", "employee", 2027] == pytest.approx(expected)
    for scheme in ("employee", "resident"):
        advances = held["advances", scheme]
        assert advances[2027] > 0
        assert advances.sum() == pytest.approx(0, abs=1e-3)
        persons = float(view.persons(scheme).sel(quarter=[f"2028Q{n}" for n in range(1, 5)]).mean())
        assert held["vaccines", scheme].sum() == pytest.approx(persons * 160, rel=1e-9)
    assert set(held["vaccines", "employee"][lambda one: one > 0].index) == {2028}


def test_more_than_five_months_is_refused(models: Path) -> None:
    path = models / "scenarios" / "epidemic_shock.toml"
    path.write_text(
        path.read_text(encoding="utf-8")
        + '\n[[delta]]\nkey = "epidemic.reduction_months"\noperation = "add"\nvalue = 1\nfrom = 2027-01-01\n'
        'source = "judgement"\nreason = "试"\nreason_en = "a trial"\n',
        encoding="utf-8",
    )
    with pytest.raises(DeclarationError, match="0 to 5"):
        project_model("national", to="2028Q4", scenarios=["epidemic_shock"], models=models)


def test_the_course_has_no_rebound_before_its_time() -> None:
    course = use_course(6, fall=0.2, persistence=0.5, rebound_share=1.0, rebound_after=3, rebound_quarters=2)
    np.testing.assert_allclose(course, [-0.2, -0.1, -0.05, 0.2 - 0.025, 0.2 - 0.0125, -0.00625])
