from __future__ import annotations

from actuary.fund.figures import Figure, Figures, complete_figures


def figures(**rows: float) -> Figures:
    """Read ``employee__active__2024=...``."""
    split = {name: tuple(name.split("__")) for name in rows}
    return Figures({(s, i, int(y)): Figure(float(rows[name])) for name, (s, i, y) in split.items()})


def test_the_model_keeps_enrolled_as_active_plus_retired_and_records_the_difference():
    completed, differences = complete_figures(
        figures(
            employee__active__2024=274_918_400,
            employee__retired__2024=104_575_000,
            employee__enrolled__2024=379_483_400,
        )
    )
    assert completed.value("employee", "enrolled", 2024) == 379_493_400
    (difference,) = differences
    assert (difference.published, difference.used) == (379_483_400, 379_493_400)


def test_agreeing_figures_stay_published_without_a_difference():
    completed, differences = complete_figures(
        figures(
            employee__active__2021=261_060_000, employee__retired__2021=93_240_000, employee__enrolled__2021=354_300_000
        )
    )
    assert completed.get("employee", "enrolled", 2021).status == "published"
    assert differences == ()


def test_personal_flows_are_the_total_less_the_pool():
    completed, differences = complete_figures(
        figures(
            employee__income__2024=2373247e6,
            employee__pooled_income__2024=1734245e6,
            employee__personal_income__2024=639001e6,
        )
    )
    assert completed.value("employee", "personal_income", 2024) == 639002e6
    assert differences[0].indicator == "personal_income"


def test_a_total_balance_is_the_sum_of_its_parts():
    completed, differences = complete_figures(
        figures(
            employee__balance_end__2019=2185029e6,
            employee__pooled_balance_end__2019=1412800e6,
            employee__personal_balance_end__2019=842600e6,
        )
    )
    assert completed.value("employee", "balance_end", 2019) == 2255400e6
    assert differences[0].published == 2185029e6


def test_the_resident_fund_is_pooled_whole():
    completed, _ = complete_figures(figures(resident__income__2024=5.0))
    assert completed.value("resident", "pooled_income", 2024) == 5.0
    assert completed.value("resident", "personal_income", 2024) == 0.0


def test_a_third_scheme_keeps_the_published_total():
    rows = {"all__income__2018": 30.0, "employee__income__2018": 10.0, "resident__income__2018": 12.0}
    completed, differences = complete_figures(figures(**rows, nrcms__income__2018=8.0))
    assert completed.value("all", "income", 2018) == 30.0
    assert not differences
    completed, _ = complete_figures(figures(**rows))
    assert completed.value("all", "income", 2018) == 22.0


def test_a_published_current_balance_is_compared():
    _, differences = complete_figures(
        figures(employee__income__2024=10.0, employee__expenditure__2024=7.0, employee__current_balance__2024=2.0)
    )
    assert differences[0].identity == "current_balance = income - expenditure"
