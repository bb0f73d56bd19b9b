"""Tell by which rule two policies differ: exchange their parts one by one over the same cases, to the fen.

The order of the exchange matters: what the first part moves is seen under the rest of the first policy, what the last
one moves under the rest of the second. The mean over all orders (Shapley) does not depend on one, and costs one
settlement for every set of parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.payment.case_sums import CaseKey
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.exact import Number, exact_sum, fen_to_yuan
from actuary.payment.policy_parts import POLICY_PARTS, differing_parts, mixed_policy, part_changes, tied_parts
from actuary.payment.settlement import Settlement

__all__ = ["SHAPLEY_PARTS", "Attribution", "AttributionStep", "attribute_difference", "check_order"]

#: The most parts whose orders are all gone through: each set of them is one settlement.
SHAPLEY_PARTS: Final = 6

type Budgets = Mapping[str, Number] | Number | None
type Settle = Callable[[PaymentPolicy, Budgets], Settlement]
type Sums = dict[str, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionStep:
    """Hold what the exchange of one part, or of parts that go together, moves.

    Parameters
    ----------
    parts : tuple of str
        Names of :data:`~actuary.payment.policy_parts.POLICY_PARTS`.
    changes : str
        The values that change, in words.
    total_fen : int
        What the fund pays more by it [fen].
    by_key : mapping of str to tuple of int
        The same by key and place [fen]. In the mean over all orders each place is rounded by itself, so that its parts
        add up to its difference; the sum over places may then be some fen beside `total_fen`.
    cases : int
        Cases whose payment it moves; in the mean over all orders those that it moves alone in the first policy.
    """

    parts: tuple[str, ...]
    changes: str
    total_fen: int
    by_key: Mapping[str, tuple[int, ...]]
    cases: int

    @property
    def name(self) -> str:
        """Names of the parts, joined."""
        return " + ".join(self.parts)

    def text(self, lang: str = "zh") -> str:
        """Return what the parts are, in Chinese (``zh``) or English (``en``)."""
        known = {part.name: part for part in POLICY_PARTS}
        texts = [known[name].zh if lang == "zh" else known[name].en for name in self.parts]
        return ("、" if lang == "zh" else "; ").join(texts)


@dataclass(frozen=True, slots=True)
class Attribution:
    """Hold the difference of two policies, rule by rule.

    Parameters
    ----------
    method : {"ordered", "shapley"}
        How it was told apart.
    steps : tuple of AttributionStep
        One a part that differs, in the order of the exchange; they add up to the difference, to the fen.
    """

    method: Literal["ordered", "shapley"]
    steps: tuple[AttributionStep, ...]


def attribute_difference(
    first: Settlement,
    second: Settlement,
    *,
    budgets: tuple[Budgets, Budgets],
    keys: Mapping[str, CaseKey],
    settle: Settle,
    order: Sequence[str] | None = None,
    method: Literal["ordered", "shapley"] = "ordered",
    progress: Callable[[int, int | None], None] | None = None,
) -> Attribution:
    """Tell by which rule two settlements of the same cases differ.

    Parameters
    ----------
    first, second : Settlement
        The same cases under two policies.
    budgets : tuple
        Budgets of the first and of the second; they go with the part `price`.
    keys : mapping of str to CaseKey
        By what the differences are added up.
    settle : callable
        Settles the cases under a mix of both policies, with a budget.
    order : sequence of str, optional
        Names of parts in the order of their exchange; parts that are not named follow in the usual order.
    method : {"ordered", "shapley"}
        One order, or the mean over all of them.
    progress : callable, optional
        Called with the parts exchanged, and how many there are; over all orders with the settlements done.

    Returns
    -------
    Attribution
        Steps that add up to the difference for every place of every key.

    Raises
    ------
    UnknownNameError
        When the order names no part.
    ActuaryError
        When there are too many parts for the mean over all orders, or a mix of them cannot be settled.

    Notes
    -----
    A part whose mix could not be settled, or would leave a case unpaid that both policies pay, waits until others are
    exchanged; where it never goes by itself, it goes together with another.
    """
    check_order(order)
    known = [part.name for part in POLICY_PARTS]
    mixes = _Mixes(first, second, budgets, keys, settle)
    parts = [name for name in dict.fromkeys((*(order or ()), *known)) if name in mixes.differing]
    steps = _joined(parts, tied_parts(first.policy, second.policy))
    if method == "ordered":
        return Attribution("ordered", mixes.one_by_one(steps, progress))
    if len(steps) > SHAPLEY_PARTS:
        found = f"{len(steps)} parts that differ ({', '.join(' + '.join(step) for step in steps)})"
        mend = "use the ordered attribution, or compare policies that differ in fewer parts"
        raise ActuaryError(Problem("attribution over all orders", found, f"at most {SHAPLEY_PARTS}", mend))
    return Attribution("shapley", mixes.over_all_orders(steps, progress))


def check_order(order: Sequence[str] | None) -> None:
    """Refuse an order of exchange that names something else than parts of a policy.

    Parameters
    ----------
    order : sequence of str or None
        Names of :data:`~actuary.payment.policy_parts.POLICY_PARTS`.

    Raises
    ------
    UnknownNameError
        With the nearest names.
    """
    known = [part.name for part in POLICY_PARTS]
    unknown = [unknown_name("order", name, known, what="part of a policy") for name in order or () if name not in known]
    raise_all(unknown, UnknownNameError)


def _joined(parts: Sequence[str], tied: Sequence[frozenset[str]]) -> list[tuple[str, ...]]:
    """Put parts that go together into one step, at the place of the first of them."""
    steps: list[tuple[str, ...]] = []
    placed: set[str] = set()
    for part in parts:
        if part in placed:
            continue
        joined = frozenset({part}).union(*(ties for ties in tied if part in ties))
        step = tuple(name for name in parts if name in joined and name not in placed)
        placed |= set(step)
        steps.append(step)
    return steps


class _Mixes:
    """Settle mixes of two policies and add up what the fund pays under each."""

    def __init__(
        self,
        first: Settlement,
        second: Settlement,
        budgets: tuple[Budgets, Budgets],
        keys: Mapping[str, CaseKey],
        settle: Settle,
    ) -> None:
        self.first, self.second = first, second
        self.budgets, self.keys, self.settle = budgets, keys, settle
        self.paid_by_both = first.paid & second.paid
        differing = set(differing_parts(first.policy, second.policy))
        if _pools(first) != _pools(second):
            differing.add("price")
        self.differing = frozenset(differing)

    def settled(self, taken: frozenset[str]) -> Settlement:
        if not taken:
            return self.first
        if taken == self.differing:
            return self.second
        mix = mixed_policy(self.first.policy, self.second.policy, taken)
        return self.settle(mix, self.budgets["price" in taken])

    def sums(self, fund_fen: NDArray[np.int64]) -> Sums:
        return {"": [exact_sum(fund_fen)]} | {key: one.add(fund_fen) for key, one in self.keys.items()}

    def one_by_one(
        self, steps: list[tuple[str, ...]], progress: Callable[[int, int | None], None] | None
    ) -> tuple[AttributionStep, ...]:
        found: list[AttributionStep] = []
        before, taken = self.first.payers.fund_fen, frozenset[str]()
        waiting: list[tuple[str, ...]] = []

        def exchange(parts: tuple[str, ...]) -> bool:
            nonlocal before, taken
            after = self._usable(taken | set(parts))
            if after is None:
                return False
            moved = after - before
            found.append(self._step(parts, self.sums(moved), int(np.count_nonzero(moved))))
            before, taken = after, taken | set(parts)
            return True

        for number, step in enumerate(steps):
            if exchange(step):
                # What waited may go by itself now; those that went make room for others.
                while (freed := next((one for one in waiting if exchange(one)), None)) is not None:
                    waiting.remove(freed)
            elif waiting and exchange(tuple(name for one in (*waiting, step) for name in one)):
                waiting = []
            else:
                waiting.append(step)
            if progress is not None:
                progress(number + 1, len(steps))
        # The whole second policy is never left out: whatever still waits goes together.
        if waiting:
            exchange(tuple(name for one in waiting for name in one))
        return tuple(found)

    def _usable(self, taken: frozenset[str]) -> NDArray[np.int64] | None:
        """Return what the fund pays under a mix; None where the mix says nothing by itself."""
        try:
            mix = self.settled(taken)
        except (ActuaryError, ValueError):
            # Such as a class of ratios without a mean to take the ratio to.
            return None
        return None if (self.paid_by_both & ~mix.paid).any() else mix.payers.fund_fen

    def _step(self, parts: tuple[str, ...], sums: Sums, cases: int) -> AttributionStep:
        return AttributionStep(
            parts=parts,
            changes=self._changes(parts),
            total_fen=sums[""][0],
            by_key={key: tuple(amounts) for key, amounts in sums.items() if key},
            cases=cases,
        )

    def _changes(self, parts: tuple[str, ...]) -> str:
        texts = [part_changes(self.first.policy, self.second.policy, parts)]
        if "price" in parts and _pools(self.first) != _pools(self.second):
            old, new = _pools(self.first), _pools(self.second)
            texts += [
                f"budget {name} {_yuan(old.get(name))} → {_yuan(new.get(name))}"
                for name in dict.fromkeys((*old, *new))
                if old.get(name) != new.get(name)
            ]
        return "; ".join(text for text in texts if text)

    def over_all_orders(
        self, steps: list[tuple[str, ...]], progress: Callable[[int, int | None], None] | None
    ) -> tuple[AttributionStep, ...]:
        count = len(steps)
        # Whole numbers: every sum counts count! times, and what one part moves is divided by that in the end.
        moved: list[Sums] = [{} for _ in steps]
        alone = [0] * count
        done = 0
        for size in range(count + 1):
            for chosen in combinations(range(count), size):
                fund = self._fund_of(frozenset(name for place in chosen for name in steps[place]))
                sums = self.sums(fund)
                if size == 1:
                    alone[chosen[0]] = int(np.count_nonzero(fund != self.first.payers.fund_fen))
                for place in range(count):
                    after = size - 1 if place in chosen else size
                    orders = math.factorial(after) * math.factorial(count - 1 - after)
                    _add_times(moved[place], sums, orders if place in chosen else -orders)
                done += 1
                if progress is not None:
                    progress(done, 2**count)
        whole = math.factorial(count)
        shares = {key: _whole_fen([one[key] for one in moved], whole) for key in (moved[0] if moved else {})}
        return tuple(
            self._step(step, {key: amounts[place] for key, amounts in shares.items()}, alone[place])
            for place, step in enumerate(steps)
        )

    def _fund_of(self, taken: frozenset[str]) -> NDArray[np.int64]:
        try:
            return self.settled(taken).payers.fund_fen
        except (ActuaryError, ValueError) as error:
            found = f"a mix that cannot be settled ({', '.join(sorted(taken))} of the second): {error}"
            mend = "use the ordered attribution"
            raise ActuaryError(Problem("attribution over all orders", found, "any mix of the parts", mend)) from None


def _pools(settlement: Settlement) -> dict[str, int]:
    return {row.insurance: row.amount_fen for row in settlement.books if row.item == "budget"}


def _yuan(amount_fen: int | None) -> str:
    return "nothing" if amount_fen is None else f"{fen_to_yuan(amount_fen):,} yuan"


def _add_times(into: Sums, sums: Sums, factor: int) -> None:
    for key, amounts in sums.items():
        held = into.setdefault(key, [0] * len(amounts))
        into[key] = [one + factor * amount for one, amount in zip(held, amounts, strict=True)]


def _whole_fen(moved: list[list[int]], whole: int) -> list[list[int]]:
    """Divide by a number; of each place the fen that are left go to the largest remainders, so that sums hold."""
    shares = [[amount // whole for amount in one] for one in moved]
    for place in range(len(moved[0])):
        rests = [one[place] % whole for one in moved]
        for number in sorted(range(len(moved)), key=lambda number: -rests[number])[: sum(rests) // whole]:
            shares[number][place] += 1
    return shares
