"""Published tables are attacked: what a reader works out of all columns, rows and totals together is no small cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

from actuary.errors import DeclarationError
from actuary.paths import models_root
from actuary.payment.settlement_sums import TABLES
from actuary.payment.totals import MONEY_TOTALS
from actuary.tables.count_columns import load_publication_rules, sort_counts
from actuary.tables.personal_rules import load_personal_rules
from actuary.tables.publication import suppress_small_cells, suppress_small_lists, suppress_small_subjects
from actuary.tables.publication_columns import TOTAL

RULES = load_personal_rules()
K, WIDTH = RULES.least_cases, RULES.least_width
PARTS = ("paid_cases", "pending_cases", "unpriced_cases", "rejected_cases")
_FEW = st.one_of(st.just(0), st.integers(1, 14), st.integers(1, 300))

type Combination = Mapping[tuple[int, str], int]


class Reader:
    """Know a published table, its totals, which columns add up, and which is part of which; work out the rest."""

    def __init__(self, shown: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> None:
        cells = shown[~(shown[list(by)] == TOTAL).any(axis=1)]
        self.number = {place: at for at, place in enumerate(product(range(len(cells)), columns))}
        self.bounds: list[tuple[float, float | None]] = []
        for row, column in self.number:
            value = cells[column].iloc[row]
            # Of none is published: a blank cell holds one at least.
            self.bounds.append((1, None) if pd.isna(value) else (int(value), int(value)))
        self.equal: list[tuple[Combination, int]] = []
        self.at_least: list[Combination] = []
        for _, total in shown[(shown[list(by)] == TOTAL).any(axis=1)].iterrows():
            inside = [
                row for row in range(len(cells)) if all(total[key] in (TOTAL, cells[key].iloc[row]) for key in by)
            ]
            for column in columns:
                if not pd.isna(total[column]):
                    self.equal.append(({(row, column): 1 for row in inside}, int(total[column])))
        self.rows = range(len(cells))

    def adds_up(self, whole: str, parts: Sequence[str]) -> None:
        """Know that columns add up to another."""
        for row in self.rows:
            self.equal.append(({(row, whole): 1, **{(row, part): -1 for part in parts}}, 0))

    def holds(self, whole: str, part: str) -> None:
        """Know that a column is a part of another."""
        self.at_least += [{(row, whole): 1, (row, part): -1} for row in self.rows]

    def width(self, target: Combination) -> float:
        """Return the width of what can be worked out of a combination of cells."""
        ends = []
        for way in (1, -1):
            found = linprog(
                way * self._vector(target),
                A_eq=np.array([self._vector(left) for left, _ in self.equal]) if self.equal else None,
                b_eq=[right for _, right in self.equal] if self.equal else None,
                A_ub=-np.array([self._vector(one) for one in self.at_least]) if self.at_least else None,
                b_ub=np.zeros(len(self.at_least)) if self.at_least else None,
                bounds=self.bounds,
                method="highs",
            )
            assert found.status in (0, 3), found.message
            ends.append(-np.inf if found.status == 3 else found.fun)
        return -(ends[0] + ends[1])

    def _vector(self, combination: Combination) -> np.ndarray:
        vector = np.zeros(len(self.number))
        for place, factor in combination.items():
            vector[self.number[place]] = factor
        return vector


def _settled(counts: np.ndarray, by: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return a table as a settlement writes it: keys, counts by status, money of the paid and of the others."""
    frame = pd.DataFrame({**by, "cases": counts.sum(axis=1), **dict(zip(PARTS, counts.T, strict=True))})
    money = {"cost_yuan": counts[:, 0] * 1000.25, "unpaid_cost_yuan": counts[:, 1:].sum(axis=1) * 999.5}
    return frame.assign(**{name: [f"{one:.2f}" for one in amounts] for name, amounts in money.items()})


def _attacked(frame: pd.DataFrame, shown: pd.DataFrame, by: Sequence[str]) -> None:
    columns = ("cases", *PARTS)
    reader = Reader(shown, by, columns)
    reader.adds_up("cases", PARTS)
    body = shown.iloc[: len(frame)]
    for row, column in reader.number:
        value = int(frame[column].iloc[row])
        if 0 < value < K:
            assert pd.isna(body[column].iloc[row])
            assert reader.width({(row, column): 1}) >= WIDTH - 1e-6, (row, column)
    for row in reader.rows:
        # What is left of all cases is a count of its own.
        if 0 < frame["cases"].iloc[row] - frame["paid_cases"].iloc[row] < K:
            assert reader.width({(row, "cases"): 1, (row, "paid_cases"): -1}) >= WIDTH - 1e-6
    for figure, over in (("cost_yuan", PARTS[:1]), ("unpaid_cost_yuan", PARTS[1:])):
        cases = frame[list(over)].to_numpy()
        blank = body[figure].isna().to_numpy()
        assert blank[((cases > 0) & (cases < K)).any(axis=1)].all()
        if len(by) == 1 and blank.any() and (cases.sum(axis=0) >= K).all():
            # The total of the money is known somewhere: what is left of it tells of no few cases.
            assert blank.sum() >= 2
            assert cases[blank].sum() >= K


@settings(max_examples=4)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 4), st.just(4)), elements=_FEW))
def test_no_small_count_of_a_settlement_follows_from_its_other_columns(counts: np.ndarray) -> None:
    frame = _settled(counts, {"hospital": [f"H{at}" for at in range(len(counts))]})
    _attacked(frame, suppress_small_cells(frame, by=["hospital"], totals=True), ["hospital"])


@pytest.mark.slow
@settings(max_examples=25)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 3), st.integers(1, 3), st.just(4)), elements=_FEW))
def test_nor_in_a_table_by_two_keys(counts: np.ndarray) -> None:
    pairs = [(f"H{i}", f"G{j}") for i in range(counts.shape[0]) for j in range(counts.shape[1])]
    keys = {"hospital": [one for one, _ in pairs], "group": [one for _, one in pairs]}
    frame = _settled(counts.reshape(-1, 4), keys)
    _attacked(frame, suppress_small_cells(frame, by=list(keys), totals=True), list(keys))


@settings(max_examples=8)
@given(hnp.arrays(np.int64, st.tuples(st.integers(1, 5), st.just(3)), elements=_FEW))
def test_what_is_left_of_a_count_without_another_is_guarded(counts: np.ndarray) -> None:
    # Columns of which nothing is declared: who reads the heading knows that one is part of the other.
    frame = pd.DataFrame(
        {
            "hospital": [f"H{at}" for at in range(len(counts))],
            "stays": counts.sum(axis=1),
            "night_stays": counts[:, :2].sum(axis=1),
            "long_night_stays": counts[:, 0],
            "mean_days": 3.5,
        }
    )
    shown = suppress_small_cells(frame, by=["hospital"], counts="stays", totals=True)
    reader = Reader(shown, ["hospital"], ["stays", "night_stays", "long_night_stays"])
    nested = [("stays", "night_stays"), ("night_stays", "long_night_stays"), ("stays", "long_night_stays")]
    for whole, part in nested:
        reader.holds(whole, part)
    body = shown.iloc[: len(frame)]
    for row in reader.rows:
        for column in ("stays", "night_stays", "long_night_stays"):
            if 0 < frame[column].iloc[row] < K:
                assert reader.width({(row, column): 1}) >= WIDTH - 1e-6
                assert pd.isna(body["mean_days"].iloc[row])
        for whole, part in nested:
            if 0 < frame[whole].iloc[row] - frame[part].iloc[row] < K:
                assert reader.width({(row, whole): 1, (row, part): -1}) >= WIDTH - 1e-6, (whole, part)


def test_one_rejected_case_does_not_give_its_cost_away() -> None:
    counts = np.array([[90, 0, 0, 1], [80, 0, 0, 25], [70, 0, 0, 0]])
    frame = _settled(counts, {"paid_group": ["A", "B", "C"]})
    shown = suppress_small_cells(frame, by=["paid_group"], totals=True)
    # What was paid stands; what was not, and all cases, from which it would follow, are blank.
    assert shown["paid_cases"].tolist() == [90, 80, 70, 240]
    assert shown["cost_yuan"].iloc[:3].notna().all()
    for name in ("cases", "rejected_cases", "unpaid_cost_yuan"):
        assert shown[name].isna().tolist()[:3] == [True, True, False], name
    assert shown["cases"].tolist()[3] == 266
    # Were the count and its cost alone blank, the row would give them away.
    naive = shown.assign(cases=[91, 105, 70, 266])
    reader = Reader(naive, ["paid_group"], ["cases", *PARTS])
    reader.adds_up("cases", PARTS)
    assert reader.width({(0, "rejected_cases"): 1}) == 0


def test_a_rate_that_leaves_out_few_cases_is_blank() -> None:
    frame = pd.DataFrame({"hospital": ["A", "B"], "cases": [50, 60], "paid_cases": [50, 60]})
    frame = frame.assign(fund_yuan=["5000.00", "6100.00"], fund_charged_yuan=["4000.00", "5000.00"])
    frame = frame.assign(settlement_rate=["1.250000", "1.200000"])
    shown = suppress_small_cells(frame, by=["hospital"])
    # 5,000 × 1.2 is 6,000: what is left, 100 yuan, was paid for cases without a charge, perhaps for one.
    for name in ("fund_charged_yuan", "settlement_rate"):
        assert shown[name].isna().tolist() == [False, True]
    assert shown["fund_yuan"].tolist() == ["5000.00", "6100.00"]


def test_a_total_that_must_not_be_known_is_in_no_list() -> None:
    rejected = {"hospital": [3, 1, 1, 1, 1, 1, 1, 1, 1, 1], "group": [12, 0]}
    lists = {
        name: (pd.DataFrame({name: [f"{name}{at}" for at in range(len(n))], "cases": 50, "rejected_cases": n}), name)
        for name, n in rejected.items()
    }
    alone = suppress_small_cells(lists["group"][0], by=["group"])
    assert not alone["suppressed"].any()
    together = suppress_small_lists(lists, totals=True)
    for shown in together.values():
        assert shown["rejected_cases"].dropna().eq(0).all()


def test_a_name_for_the_same_count_does_not_give_it_away() -> None:
    frame = pd.DataFrame({"hospital": ["A", "B"], "cases": [50, 60], "stays": [50, 60], "paid_cases": [48, 60]})
    shown = suppress_small_cells(frame, by=["hospital"])
    assert shown["cases"].isna().equals(shown["stays"].isna())
    assert shown["stays"].isna().any()


def test_every_column_of_a_settlement_is_declared() -> None:
    rules = load_publication_rules()
    counts = {name: np.array([4 if name == "cases" else 1]) for name in ("cases", *PARTS)}
    assert set(sort_counts(counts, rules).leaves) == set(PARTS)
    money = {f"{name.removesuffix('_fen')}_yuan" for name in (*MONEY_TOTALS, "unpaid_cost_fen", "fund_charged_fen")}
    figures = {*money, "weight", "points", "settlement_rate", "standard_to_cost"}
    assert figures == set(rules.rests_on)
    assert not [name for keys in TABLES.values() for name in keys if rules.is_count(name)]


def test_shares_of_few_and_money_without_few_are_blank() -> None:
    rows = [
        ("A", "readmission_rate", "share", 200, 3 / 200),
        ("A", "grouping_rate", "share", 200, 195 / 200),
        ("A", "cost_index", "ratio", 200, 0.98765),
        ("A", "cost_per_stay", "yuan", 200, 9000.0),
        ("A", "paid_per_stay", "yuan", 197, 8000.0),
        ("A", "death_rate", "share", 200, 40 / 200),
    ]
    names = ["subject", "indicator", "unit", "cases", "value"]
    frame = pd.DataFrame([*rows, *(("B", *row[1:3], 300, 0.123456) for row in rows)], columns=names)
    shown = suppress_small_subjects(frame)
    hidden = shown[shown["suppressed"] & (shown["subject"] == "A")]["indicator"].tolist()
    assert hidden == ["readmission_rate", "grouping_rate", "paid_per_stay"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('product = "fund_yuan"', "product = 3"), "figure[3].product"),
        (lambda text: text.replace('column = "cases"', "colum = 1"), "whole[1].column"),
        (lambda text: text.replace("[counts]", "[count]"), "counts.endings"),
        (lambda text: text + "\n=", "cannot be read"),
    ],
)
def test_wrong_declarations_are_told(tmp_path: Path, change: Callable[[str], str], told: str) -> None:
    text = (models_root() / "personal/publication.toml").read_text(encoding="utf-8")
    folder = tmp_path / "personal"
    folder.mkdir()
    assert change(text) != text
    (folder / "publication.toml").write_text(change(text), encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_publication_rules(tmp_path)
    assert told in str(caught.value)
