from __future__ import annotations

from actuary.fund.figures import Figure, Figures, complete_figures, is_whole_of_two


def figures(**rows: float) -> Figures:
    """Read ``employee__active__2024=...``."""
    split = {name: tuple(name.split("__")) for name in rows}
    return Figures({(s, i, int(y)): Figure(float(rows[name])) for name, (s, i, y) in split.items()})


def test_the_published_enrolment_is_kept_and_the_difference_recorded():
    completed, differences = complete_figures(
        figures(
            employee__active__2024=274_918_400,
            employee__retired__2024=104_575_000,
            employee__enrolled__2024=379_483_400,
        )
    )
    assert completed.get("employee", "enrolled", 2024) == Figure(379_483_400, "published")
    (difference,) = differences
    assert (difference.published, difference.implied, difference.kept) == (379_483_400, 379_493_400, "published")


def test_what_is_not_published_is_derived_without_a_difference():
    completed, differences = complete_figures(figures(employee__active__2024=3, employee__retired__2024=1))
    assert completed.get("employee", "enrolled", 2024) == Figure(4.0, "derived")
    assert differences == ()


def test_a_figure_of_a_lesser_basis_yields_to_the_sum_of_better_ones():
    # 2023: 133,386.9 in the flash report; 37,095 + 96,294 = 133,389 in the bulletin (10k persons).
    parts = {
        ("employee", "enrolled", 2023): Figure(370_950_000.0),
        ("resident", "enrolled", 2023): Figure(962_940_000.0),
    }
    for rank, value, kept in ((4, 1_333_890_000.0, "implied"), (0, 1_333_869_000.0, "published")):
        flash = Figure(1_333_869_000.0, rank=rank)
        completed, (difference,) = complete_figures(Figures(parts | {("all", "enrolled", 2023): flash}))
        assert (completed.value("all", "enrolled", 2023), difference.kept) == (value, kept)


def test_a_published_total_of_all_schemes_is_kept():
    completed, (difference,) = complete_figures(
        figures(all__income__2019=24_421, employee__income__2019=15_845, resident__income__2019=8_575)
    )
    assert completed.get("all", "income", 2019) == Figure(24_421.0, "published")
    assert (difference.implied, difference.kept) == (24_420.0, "published")
    assert is_whole_of_two(completed, "income", 2019)


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
    assert (differences[0].indicator, differences[0].kept) == ("personal_income", "implied")


def test_a_total_balance_is_the_sum_of_its_parts():
    completed, differences = complete_figures(
        figures(
            employee__balance_end__2019=2185029e6,
            employee__pooled_balance_end__2019=1412800e6,
            employee__personal_balance_end__2019=842600e6,
        )
    )
    assert completed.value("employee", "balance_end", 2019) == 2255400e6
    assert (differences[0].published, differences[0].kept) == (2185029e6, "implied")


def test_the_resident_fund_is_pooled_whole():
    completed, _ = complete_figures(figures(resident__income__2024=5.0))
    assert completed.value("resident", "pooled_income", 2024) == 5.0
    assert completed.value("resident", "personal_income", 2024) == 0.0


def test_a_third_scheme_keeps_the_published_total():
    rows = {"all__income__2018": 30.0, "employee__income__2018": 10.0, "resident__income__2018": 12.0}
    completed, differences = complete_figures(figures(**rows, nrcms__income__2018=8.0))
    assert completed.value("all", "income", 2018) == 30.0
    assert not differences
    assert not is_whole_of_two(completed, "income", 2018)
    completed, differences = complete_figures(figures(**rows))
    assert completed.value("all", "income", 2018) == 30.0
    assert differences[0].implied == 22.0


def test_a_published_current_balance_is_compared():
    _, differences = complete_figures(
        figures(employee__income__2024=10.0, employee__expenditure__2024=7.0, employee__current_balance__2024=2.0)
    )
    assert differences[0].identity == "current_balance = income - expenditure"
