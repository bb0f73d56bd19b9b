"""Procurement: published purchases, and where the saving of every round goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.errors import DeclarationError
from actuary.fund.modules import ModuleView, module_effects, purchasing_saving, retained_surplus
from actuary.fund.modules.procurement import procurement
from actuary.policy import load_modules


def test_the_stents_of_anyang() -> None:
    """3,362 cases at 45,988 yuan, 27,814 after the purchase; half of what the fund saves goes back."""
    saved = purchasing_saving(volume=3362, price_before_yuan=45988, price_after_yuan=27814)
    assert saved == pytest.approx(61.1e6, rel=1e-3)
    assert retained_surplus(saved, retained_share=0.5, assessment=1.0) == pytest.approx(saved / 2)
    devices = [one for one in load_modules("national").rounds if one.name == "devices_next"]
    assert {one.price_cut for one in devices} == {0.395}
    assert devices[0].price_cut == pytest.approx(1 - 27814 / 45988, abs=5e-4)


@given(
    volume=st.floats(0, 1e6),
    price=st.floats(0, 1e5),
    cut=st.floats(0, 1),
    insured=st.floats(0, 1),
    paid=st.floats(0, 1),
)
def test_the_saving_scales(volume: float, price: float, cut: float, insured: float, paid: float) -> None:
    how = {"price_before_yuan": price, "price_after_yuan": price * (1 - cut)}
    saved = purchasing_saving(volume=volume, **how, insured_share=insured, payment_share=paid)
    whole = purchasing_saving(volume=2 * volume, **how)
    assert saved == pytest.approx(whole * insured * paid / 2, abs=1e-6)


def test_the_saving_is_kept_shared_or_withheld(see: Callable[[str], ModuleView]) -> None:
    view = see("procurement_rounds")
    held = module_effects(view).groupby(["item", "scheme", "line", "year"])["yuan"].sum()
    gross, kept, frozen = (held[name] for name in ("price_cuts", "retained_surplus", "frozen_weights"))
    assert (gross.xs(2027, level="year") < 0).all()
    for scheme in ("employee", "resident"):
        # What is not paid by group is seen at once, and half of it, graded, comes a year later.
        outpatient = -gross[scheme, "outpatient"]
        assert frozen[scheme, "outpatient"].sum() == 0
        assert kept[scheme, "outpatient"].sum() == pytest.approx(
            0.45 * float(_shared(view, scheme, "outpatient")), rel=1e-9
        )
        assert kept[scheme, "outpatient"].sum() <= 0.5 * outpatient.sum()
        # While weights are frozen the fund sees 21 % of what is saved on stays.
        assert frozen[scheme, "inpatient"][2026] == pytest.approx(-0.79 * gross[scheme, "inpatient"][2026])
        assert (frozen[scheme, "inpatient"].loc[2028:] == 0).all()
    assert (kept.xs(2030, level="year") == 0).all()


def _shared(view: ModuleView, scheme: str, benefit: str) -> float:
    """Return the gross saving of the eight quarters from 2026-04 on."""
    (one,) = [one for one in view.modules.rounds if (one.scheme, one.benefit) == (scheme, benefit)]
    quarters = [str(quarter) for quarter in view.quarters[5:13]]
    assert quarters[0] == "2026Q2"
    return float(view.spent(scheme, benefit).sel(quarter=quarters).sum()) * one.spending_share * one.saving_share


def test_a_cut_of_nothing_saves_nothing(see: Callable[[str], ModuleView]) -> None:
    view = see("procurement_rounds")
    rounds = tuple(replace(one, price_cut=0.0, volume_change=0.0) for one in view.modules.rounds)
    deltas = procurement(replace(view, modules=replace(view.modules, rounds=rounds)))
    assert all(float(abs(one.yuan).max()) == 0 for one in deltas)


def test_more_than_half_for_hospitals_is_refused(see: Callable[[str], ModuleView]) -> None:
    view = see("procurement_rounds")
    parameter = view.book.parameter("purchasing.retained_share")
    entry = parameter.values[0].model_copy(update={"value": 0.6})
    book = replace(
        view.book,
        parameters={
            **view.book.parameters,
            "purchasing.retained_share": parameter.model_copy(update={"values": (entry,)}),
        },
    )
    with pytest.raises(DeclarationError, match=r"at most 0\.5"):
        procurement(replace(view, book=book))
