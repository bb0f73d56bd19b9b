"""Settle one setting of a sweep after the other over the same cases: quickly where it may be, plainly where not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from actuary.kernels.exact import WHOLE_CONSTANT
from actuary.kernels.settlement import NOT_LEVEL, price_range, settle_range
from actuary.payment.case_kinds import sort_cases
from actuary.payment.case_sums import CaseKey
from actuary.payment.cases import CaseTable
from actuary.payment.cell_compiler import compile_cells
from actuary.payment.chunks import run_chunks, sums_by_code
from actuary.payment.compiled import keys_of, point_places
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.fraction_arrays import FractionArray
from actuary.payment.paid_classes import PaidClass
from actuary.payment.payers import other_payers
from actuary.payment.point_value import COMMON, budgets_of, point_value
from actuary.payment.policy_changes import change_policy
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.settle import settle_cases
from actuary.payment.sweep_lines import SettingLines, TooLargeError
from actuary.payment.sweep_result import SWEPT, Outcome
from actuary.payment.sweep_tables import lines_of_setting, terms_of_kinds

__all__ = ["SweptCases"]

#: Keys whose values change neither which kinds of cases there are nor who pays besides the fund.
_QUICK: Final = re.compile(
    r"class\[\d+\]\.(k|share|op|pay|threshold|factor_on_excess|excess_base|cap\[\d+\]\.k)"
    r"|price\.(rate\[\d+\]\.value|(floor|ceiling|fund_share|budget_value|budget)(\[\d+\]\.value)?|adjust_share)"
    r"|coefficient\.((?P<form>tier|hospital)\.(?P<name>.+)|base_group\.value)"
)
_BUDGET: Final = re.compile(r"budget(?:\.(?P<insurance>.+))?")


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Hold the row of each case, its points, how many cases each row has, and whether they are paid."""

    row: NDArray[np.int32]
    points: NDArray[np.int64]
    cases: NDArray[np.int64]


class SweptCases:
    """Hold what no setting changes, and settle one setting after the other.

    Parameters
    ----------
    table : CaseTable
        The cases.
    policy : PaymentPolicy
        The policy that the settings change.
    keys : mapping of str to CaseKey
        By what outcomes are added up.
    threads : int
        Threads.
    """

    def __init__(self, table: CaseTable, policy: PaymentPolicy, keys: Mapping[str, CaseKey], threads: int) -> None:
        self.table, self.policy, self.keys, self.threads = table, policy, keys, threads
        codes = table.insurance_code[table.valid]
        present = np.bincount(codes[codes >= 0], minlength=len(table.insurance_names))
        self.insurances = [name for name, count in zip(table.insurance_names, present.tolist(), strict=True) if count]
        self.ready = False

    def _prepare(self) -> None:
        """Sort the cases and their kinds; without it nothing is quick."""
        self.ready, self.quick = True, False
        table, policy = self.table, self.policy
        kinds = sort_cases(table, policy)
        if kinds.decided is not None or policy.fund_formula == "by_ratio":
            return
        compiled = compile_cells(table, kinds, policy, threads=self.threads)
        try:
            self.kinds = terms_of_kinds(compiled)
        except TooLargeError:
            return
        self.compiled = compiled
        self.out = np.empty(len(table), np.int32), np.empty(len(table), np.int64), np.empty(len(table), np.int64)
        sides = [side for side in other_payers(table, policy) if side is not None]
        self.sides = np.sum(sides, axis=0, dtype=np.int64) if sides else np.zeros(len(table), np.int64)
        apart = kinds.deducted is not None and policy.ratio is not None and policy.ratio.deducted == "paid_apart"
        self.apart = kinds.deducted if apart and kinds.deducted is not None else np.zeros(len(table), np.int64)
        self.insurance = CaseKey((*table.insurance_names, ""), np.where(
            table.insurance_code < 0, len(table.insurance_names), table.insurance_code).astype(np.int32))  # fmt: skip
        self.priced = self._fixed_sums(compiled.slot[self._keys()] >= 0)
        self.quick = True

    def _keys(self) -> NDArray[np.int64]:
        rows = np.arange(len(self.table))
        keys = keys_of(self.compiled.codes, rows)
        keys[~self.compiled.codes.payable] = 0
        return keys

    def _fixed_sums(self, rows: NDArray[np.bool_]) -> dict[str, dict[str, list[int]]]:
        """Return what does not depend on prices, over some cases and by every key."""
        rows = rows & self.compiled.codes.payable
        parts = {
            "paid_cases": rows.astype(np.int64),
            "sides": np.where(rows, self.sides, 0),
            "apart": np.where(rows, self.apart, 0),
            "cost": np.where(rows, self.table.cost_fen, 0),
        }
        keys = {**self.keys, "": self.insurance}
        return {key: {name: one.add(part) for name, part in parts.items()} for key, one in keys.items()}

    def outcome(self, setting: Mapping[str, object], usual: Any) -> Outcome:
        """Settle one setting.

        Parameters
        ----------
        setting : mapping of str to object
            Values by key path; ``budget`` is the budget.
        usual : mapping, number or None
            The budget of a setting that gives none.
        """
        changes, budget = _parted(setting, usual)
        policy = change_policy(self.policy, changes) if changes else self.policy
        if policy.partial:
            policy = load_payment_policy(policy.source_path)
        pools = budgets_of(policy, budget, self.insurances)
        if all(map(self._is_quick, changes)):
            if not self.ready:
                self._prepare()
            if self.quick:
                try:
                    return self._quick(policy, pools)
                except TooLargeError:
                    pass
        return self._plain(policy, budget)

    def _is_quick(self, path: str) -> bool:
        found = _QUICK.fullmatch(path)
        if found is None:
            return False
        # A place that the policy does not name yet may get a price by it, which adds kinds of cases.
        form, name = found["form"], found["name"]
        return form is None or name in getattr(self.policy.coefficient, form)

    def _plain(self, policy: PaymentPolicy, budget: Any) -> Outcome:
        settled = settle_cases(self.table, policy, budget=budget, threads=self.threads)
        amounts = {
            "paid_cases": settled.paid.astype(np.int64),
            "standard_fen": settled.standard_fen,
            "fund_fen": settled.payers.fund_fen,
            "gain_fen": settled.payers.gain_fen,
        }
        codes = np.where(settled.paid, settled.class_code, -1)
        return Outcome(
            sums={key: {name: one.add(amounts[name]) for name in SWEPT} for key, one in self.keys.items()},
            classes=np.bincount(codes + 1, minlength=len(PaidClass) + 1)[1:].tolist(),
            point_values={one.insurance: one.value for one in settled.point_values},
            quick=False,
        )

    def _quick(self, policy: PaymentPolicy, pools: Mapping[str, int]) -> Outcome:
        lines = lines_of_setting(self.kinds, policy)
        lines.constant.num[lines.pending], lines.slope.num[lines.pending] = 0, 0
        rounding, fixed = policy.rounding, policy.price.mode == "fixed"
        scale, step = 10**rounding.money_places, 10 ** (2 - rounding.money_places)
        values: dict[str, Fraction | None] = {}
        if fixed and rounding.stage == "output":
            answers = self._answers(policy, lines, lines.constant * lines.price, lines.slope * lines.price, scale)
            standard = answers.points if step == 1 else answers.points * step
        else:
            paid_in_points = FractionArray(
                np.where(lines.in_money, 0, 1).astype(object), np.ones(len(lines.kind), object)
            )
            points = (lines.constant * paid_in_points, lines.slope * paid_in_points)
            answers = self._answers(policy, lines, *points, 10 ** point_places(policy))
            prices = lines.price
            if not fixed:
                values = self._values(policy, lines, answers, pools)
                prices = self._pool_prices(lines, values, pools)
            standard = self._money(policy, lines, answers, prices)
        sums = self.priced
        if answers.cases[lines.pending].any():
            sums = self._fixed_sums((answers.row >= 0) & ~lines.pending[answers.row])
        paid = np.where(lines.pending, 0, answers.cases)
        return Outcome(
            sums={key: self._sums(key, standard, sums[key], policy) for key in self.keys},
            classes=np.bincount(lines.class_code, weights=paid, minlength=len(PaidClass)).astype(np.int64).tolist(),
            point_values=values,
            quick=True,
        )

    def _sums(
        self, key: str, standard: NDArray[np.int64], fixed: Mapping[str, list[int]], policy: PaymentPolicy
    ) -> dict[str, list[int]]:
        paid = self.keys[key].add(standard, threads=self.threads)
        parts = list(zip(paid, fixed["sides"], fixed["apart"], fixed["cost"], strict=True))
        takes_off = policy.fund_formula == "subtract"
        fund = [amount - side if takes_off else amount for amount, side, _, _ in parts]
        gain = [own + side + apart - cost for own, (_, side, apart, cost) in zip(fund, parts, strict=True)]
        return {"paid_cases": fixed["paid_cases"], "standard_fen": paid, "fund_fen": fund, "gain_fen": gain}

    def _answers(
        self, policy: PaymentPolicy, lines: SettingLines, constant: FractionArray, slope: FractionArray, scale: int
    ) -> _Answers:
        compiled, codes = self.compiled, self.compiled.codes
        table = lines.line_table(constant, slope, highest=compiled.highest, scale=scale, mode=policy.rounding.mode)
        row, points, _ = self.out
        fixed = (codes.group, codes.place, codes.insurance, codes.variant, codes.shape, codes.payable)
        tables = (compiled.slot, lines.cells, table.rows, table.floats, policy.rounding.mode == "half_even")

        def settle(first: int, end: int) -> None:
            settle_range(*fixed, compiled.variable, *tables, first, end, row, points)

        run_chunks(settle, len(row), self.threads)
        return _Answers(row, points, np.bincount(row + 1, minlength=len(lines.kind) + 1)[1:])

    def _values(
        self, policy: PaymentPolicy, lines: SettingLines, answers: _Answers, pools: Mapping[str, int]
    ) -> dict[str, Fraction | None]:
        """Return the value of a point in each pool; one whose rounding hangs on a last digit is left to settlement."""
        rounded = policy.rounding.stage == "each_case"
        counted = ~lines.pending
        of_row = [self._pool(self.compiled.keys[kind].insurance, pools) for kind in lines.kind.tolist()]
        money = lines.in_money & counted & (answers.cases > 0)
        variables = sums_by_code(answers.row, self.compiled.variable, len(of_row), threads=self.threads)
        if rounded:
            units = sums_by_code(answers.row, answers.points, len(of_row), threads=self.threads)
            scale, slack = 10 ** point_places(policy), 0
        else:
            scale, slack = 10**30, len(of_row)
            total = lines.constant * _column(answers.cases) + lines.slope * _column(variables)
            units = (total.num * scale // total.den).tolist()
        actual = (lines.slope.num * 100 == lines.slope.den) & (lines.constant.num == 0)
        if (money & ~actual.astype(bool)).any() or (money.any() and policy.rounding.money_places < 2):
            raise TooLargeError
        pending = answers.cases[lines.pending].any()
        sides = self.priced if not pending else self._fixed_sums((answers.row >= 0) & counted[answers.row])
        values: dict[str, Fraction | None] = {}
        for pool, budget_fen in pools.items():
            rows = [number for number, name in enumerate(of_row) if name == pool and counted[number]]
            points = sum(units[number] for number in rows if not lines.in_money[number])
            others = sum(
                amount
                for name, amount in zip(self.insurance.names, sides[""]["sides"], strict=True)
                if name and self._pool(name, pools) == pool
            )
            found = {
                point_value(
                    policy,
                    pool,
                    budget_fen=budget_fen,
                    points=Fraction(points + more, scale),
                    other_payers_fen=others,
                    outside_fen=sum(variables[number] for number in rows if lines.in_money[number]),
                ).value
                for more in (0, slack)
            }
            if len(found) > 1 or None in found:
                raise TooLargeError
            values[pool] = found.pop()
        return values

    @staticmethod
    def _pool(insurance: str, pools: Mapping[str, int]) -> str:
        return insurance if insurance in pools else COMMON

    def _pool_prices(
        self, lines: SettingLines, values: Mapping[str, Fraction | None], pools: Mapping[str, int]
    ) -> FractionArray:
        by_insurance = {name: values.get(self._pool(name, pools)) or Fraction(0) for name in self.table.insurance_names}
        of_kind = FractionArray.of([by_insurance[key.insurance] for key in self.compiled.keys])
        prices = of_kind[lines.kind]
        return FractionArray(np.where(lines.in_money, 1, prices.num), np.where(lines.in_money, 1, prices.den))

    def _money(
        self, policy: PaymentPolicy, lines: SettingLines, answers: _Answers, prices: FractionArray
    ) -> NDArray[np.int64]:
        rounding, out = policy.rounding, self.out[2]
        constant, slope, highest = lines.constant * prices, lines.slope * prices, self.compiled.highest
        of_points = np.zeros(0, np.bool_)
        if rounding.stage == "each_case":
            of_points = ~lines.in_money & (prices.num > 0).astype(bool)
            unit = prices * Fraction(1, 10 ** point_places(policy))
            constant = FractionArray(np.where(of_points, 0, constant.num), constant.den)
            slope = FractionArray(np.where(of_points, unit.num, slope.num), np.where(of_points, unit.den, slope.den))
            highest = max(highest, int(answers.points.max(initial=0)), 1)
        scale, step = 10**rounding.money_places, 10 ** (2 - rounding.money_places)
        rises = (slope.num != 0).astype(bool)
        table = lines.line_table(constant, slope, highest=highest, scale=scale, mode=rounding.mode, bounded=False)
        levels = np.where(rises, NOT_LEVEL, table.rows[:, WHOLE_CONSTANT] * step)
        tables = (of_points, levels, table.rows, table.floats, step, rounding.mode == "half_even")

        def price(first: int, end: int) -> None:
            price_range(answers.row, self.compiled.variable, answers.points, *tables, first, end, out)

        run_chunks(price, len(out), self.threads)
        return out


def _column(numbers: Any) -> FractionArray:
    num = np.empty(len(numbers), object)
    num[:] = [int(number) for number in numbers]
    return FractionArray(num, np.ones(len(numbers), object))


def _parted(setting: Mapping[str, object], usual: Any) -> tuple[dict[str, object], Any]:
    """Part a setting into changes of the policy and its budget."""
    changes, given = {}, {}
    for path, value in setting.items():
        found = _BUDGET.fullmatch(path)
        if found is None:
            changes[path] = value
        else:
            given[found["insurance"] or COMMON] = value
    if not given:
        return changes, usual
    below = dict(usual) if isinstance(usual, Mapping) and COMMON not in given else {}
    return changes, below | given
