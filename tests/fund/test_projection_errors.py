from __future__ import annotations

import pytest

from actuary.errors import PeriodError, UnknownNameError
from actuary.fund import project_fund


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (
            {"quarter": "2025Q2"},
            PeriodError,
            "--quarter: found 2025Q2; expected a quarter from 2007Q4 to 2024Q4, the last with published figures for "
            "national; choose 2024Q4, or add newer figures to a table under data/",
        ),
        ({"quarter": "1999Q1"}, PeriodError, "choose 2007Q4 or a later one"),
        ({"quarter": "2024-12"}, PeriodError, "expected a quarter written YYYYQn"),
        (
            {"horizon": "2024Q4"},
            PeriodError,
            "--until: found 2024Q4; expected a quarter after the report quarter 2024Q4",
        ),
        ({"scenarios": ("base", "advers")}, UnknownNameError, "did you mean 'adverse'?"),
        ({"basis": "bsae"}, UnknownNameError, "did you mean 'base'?"),
        (
            {"region": "shenyang", "basis": "prudent"},
            UnknownNameError,
            "basis of shenyang: found 'prudent'; expected no basis: none is declared for shenyang; leave the basis out",
        ),
        (
            {"region": "liuyang"},
            PeriodError,
            "--quarter: found 2024Q4; expected a quarter with published figures; of liuyang there are plans and "
            "targets only; choose another region, or add published figures to a table under data/",
        ),
        ({"region": "shenyan"}, UnknownNameError, "did you mean 'shenyang'?"),
    ],
)
def test_errors_teach(arguments, error, says):
    given = {"region": "national", "quarter": "2024Q4", **arguments}
    with pytest.raises(error) as caught:
        project_fund(given.pop("region"), given.pop("quarter"), **given)
    assert says in str(caught.value)


def test_an_unknown_scheme_is_named():
    projection = project_fund("national", "2024Q4", scenarios=("base",), horizon="2025Q4")
    with pytest.raises(UnknownNameError, match="did you mean 'employee'"):
        projection.annual("employees")
