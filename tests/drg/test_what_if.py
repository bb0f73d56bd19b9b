"""What another order of the codes, or one code less, would give: the same as grouping the changed case."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actuary.drg.cases import Case
from actuary.drg.grouper import group_one
from actuary.drg.scheme import Scheme, load_scheme
from actuary.drg.what_if import what_if

SCHEME = load_scheme("chs-drg-1.1")
DX = ["I63.900", "J96.000", "K80.201", "S06.400", "Z37.000", "B20.001", "nonsense"]
PX = ["36.0700", "51.2300", "01.2400x005", "88.5500"]


@pytest.fixture(scope="module")
def scheme() -> Scheme:
    return SCHEME


def test_every_code_is_tried_in_every_role(scheme: Scheme) -> None:
    case = Case(sex=1, age_years=60, dx=["I63.900", "J96.000", "K80.201"], px=["51.2300", "36.0700"])
    tried = [(one.change, one.code) for one in what_if(case, scheme).alternatives]
    assert tried == [
        ("as_principal", "J96.000"),
        ("as_principal", "K80.201"),
        ("as_main", "36.0700"),
        ("drop_dx", "I63.900"),
        ("drop_dx", "J96.000"),
        ("drop_dx", "K80.201"),
        ("drop_px", "51.2300"),
        ("drop_px", "36.0700"),
    ]


@given(
    dx=st.lists(st.sampled_from(DX), min_size=1, max_size=5),
    px=st.lists(st.sampled_from(PX), max_size=3),
    sex=st.sampled_from([1, 2]),
)
def test_an_alternative_is_what_the_changed_case_gets(dx: list[str], px: list[str], sex: int) -> None:
    case = Case(sex=sex, age_years=60, dx=dx, px=px)
    found = what_if(case, SCHEME)
    base = group_one(case, SCHEME)
    assert found.base == base
    for one in found.alternatives:
        if one.change == "as_principal":
            place = dx.index(one.code)
            changed = dataclasses.replace(case, dx=[one.code, *dx[:place], *dx[place + 1 :]])
        elif one.change == "as_main":
            place = px.index(one.code)
            changed = dataclasses.replace(case, px=[one.code, *px[:place], *px[place + 1 :]])
        elif one.change == "drop_dx":
            changed = dataclasses.replace(case, dx=[code for code in dx if code != one.code])
        else:
            changed = dataclasses.replace(case, px=[code for code in px if code != one.code])
        assert one.result == group_one(changed, SCHEME)
        assert one.differs == ((one.result.status, one.result.drg) != (base.status, base.drg))


def test_a_case_without_diagnoses_has_no_alternatives(scheme: Scheme) -> None:
    assert what_if(Case(sex=1, age_years=60, dx=[], px=[]), scheme).alternatives == ()


def test_it_is_data_and_a_panel(scheme: Scheme) -> None:
    found = what_if(Case(sex=1, age_years=60, dx=["I63.900", "J96.000"]), scheme)
    frame = found.to_frame()
    assert frame.query("change == 'drop_dx' and code == 'J96.000'")["drg"].tolist() == ["BR25"]
    assert found.to_dict()["base"]["drg"] == "BR21"
    assert "作主要诊断 J96.000" in found._repr_html_()
    assert "as principal diagnosis J96.000" in found.to_html("en")
