"""The result of a parallel run (模拟运行): the same cases under two policies, who gains and loses, by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import UnknownNameError, raise_all, unknown_name
from actuary.payment.attribution import Attribution
from actuary.payment.case_sums import CaseKey
from actuary.payment.exact import exact_sum, fen_to_yuan
from actuary.payment.paid_classes import PaidClass
from actuary.payment.settlement import Settlement
from actuary.payment.statuses import REASON_STATUS, REASONS, PaymentStatus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PolicyComparison"]

_UNPAID = "unpaid"
_SHOWN = 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PolicyComparison:
    """Hold the same cases settled under two policies, a and b; differences are b less a.

    Parameters
    ----------
    first, second : Settlement
        The settlements under a and under b.
    keys : mapping of str to CaseKey
        By what the cases can be added up.
    attribution : Attribution
        The difference of what the fund pays, rule by rule.
    fingerprint : str
        Hash of both settlements and the attribution's method.
    """

    first: Settlement
    second: Settlement
    keys: Mapping[str, CaseKey]
    attribution: Attribution
    fingerprint: str

    def __repr__(self) -> str:
        """Return policies, cases and difference."""
        names = f"{self.first.policy.id!r}, {self.second.policy.id!r}"
        return f"PolicyComparison({names}, {len(self.first):,} cases, {fen_to_yuan(self.difference_fen):+,} yuan)"

    @property
    def synthetic(self) -> bool:
        """Whether the cases are made up."""
        return self.first.synthetic

    @property
    def difference_fen(self) -> int:
        """What the fund pays more under b [fen]."""
        return self.second.fund_total_fen - self.first.fund_total_fen

    @property
    def difference_paid_by_both_fen(self) -> int:
        """What the fund pays more under b for the cases that both policies pay [fen]."""
        both = self.first.paid & self.second.paid
        return exact_sum(self.second.payers.fund_fen[both]) - exact_sum(self.first.payers.fund_fen[both])

    def _key(self, by: str) -> CaseKey:
        if by not in self.keys:
            raise_all([unknown_name("by", by, self.keys, what="column of the cases")], UnknownNameError)
        return self.keys[by]

    def by(self, key: str = "hospital") -> pd.DataFrame:
        """Return both settlements added up.

        Parameters
        ----------
        key : str
            hospital, tier, drg, department, insurance or month, as far as the cases say it.

        Returns
        -------
        DataFrame
            The key; ``cases, paid_a, paid_b`` [cases]; ``cost_fen`` of all its cases; ``standard_a_fen,
            standard_b_fen, fund_a_fen, fund_b_fen, gain_a_fen, gain_b_fen`` of the paid ones; ``difference_fen`` (fund
            b less fund a) and ``difference_share`` of fund a; ``rank``, 1 for who gains most; equal differences share
            one. Rows in the order of the key.

        Raises
        ------
        UnknownNameError
            When the cases have no such column.
        """
        import pandas  # noqa: ICN001, PLC0415  (only where tables are wanted)

        places = self._key(key)
        columns: dict[str, Any] = {key: list(places.names), "cases": places.count()}
        columns["paid_a"], columns["paid_b"] = places.count(self.first.paid), places.count(self.second.paid)
        columns["cost_fen"] = places.add(self.first.table.cost_fen)
        for what in ("standard", "fund", "gain"):
            for side, settled in (("a", self.first), ("b", self.second)):
                amounts = settled.standard_fen if what == "standard" else getattr(settled.payers, f"{what}_fen")
                columns[f"{what}_{side}_fen"] = places.add(amounts)
        pairs = list(zip(columns["fund_a_fen"], columns["fund_b_fen"], strict=True))
        differences = [after - before for before, after in pairs]
        columns["difference_fen"] = differences
        columns["difference_share"] = [(after - before) / before if before else np.nan for before, after in pairs]
        first_of: dict[int, int] = {}
        for rank, difference in enumerate(sorted(differences, reverse=True), 1):
            first_of.setdefault(difference, rank)
        columns["rank"] = [first_of[difference] for difference in differences]
        return pandas.DataFrame(columns)

    @cached_property
    def hospitals(self) -> pd.DataFrame:
        """Both settlements by hospital, with the names that the list of hospitals gives."""
        frame = self.by("hospital")
        titles = self.first.table.hospital_titles
        if titles:
            frame.insert(1, "name", [titles.get(name, "") for name in frame["hospital"]])
        return frame

    @cached_property
    def rules(self) -> pd.DataFrame:
        """The difference rule by rule: step, parts, what changes, cases moved, ``difference_fen``; they add up."""
        import pandas  # noqa: ICN001, PLC0415

        rows = [
            (number, step.name, step.text("zh"), step.text("en"), step.changes, step.cases, step.total_fen)
            for number, step in enumerate(self.attribution.steps, 1)
        ]
        names = ["step", "rule", "rule_zh", "rule_en", "changes", "cases", "difference_fen"]
        return pandas.DataFrame(rows, columns=names)

    def rules_by(self, key: str = "hospital") -> pd.DataFrame:
        """Return the difference rule by rule for each name of a key: the key, ``rule, difference_fen``.

        Parameters
        ----------
        key : str
            As of :meth:`by`.
        """
        import pandas  # noqa: ICN001, PLC0415

        names = self._key(key).names
        rows = [
            (name, step.name, amount)
            for step in self.attribution.steps
            for name, amount in zip(names, step.by_key[key], strict=True)
        ]
        return pandas.DataFrame(rows, columns=[key, "rule", "difference_fen"]).sort_values(
            key, kind="stable", ignore_index=True
        )

    def gainers(self, count: int = _SHOWN) -> pd.DataFrame:
        """Return the hospitals that the fund pays more under b, the largest difference first."""
        return self._ranked(1, count)

    def losers(self, count: int = _SHOWN) -> pd.DataFrame:
        """Return the hospitals that the fund pays less under b, the largest difference first."""
        return self._ranked(-1, count)

    def _ranked(self, sign: int, count: int) -> pd.DataFrame:
        frame = self.hospitals
        chosen = frame[np.array([sign * amount > 0 for amount in frame["difference_fen"]], np.bool_)]
        return chosen.sort_values("rank", ascending=sign > 0).head(count).reset_index(drop=True)

    @cached_property
    def class_changes(self) -> pd.DataFrame:
        """Cases by their class under a and under b, with what the fund pays.

        ``class_a, class_b`` (unpaid where a case is not paid), ``cases, changed, fund_a_fen, fund_b_fen,
        difference_fen``.
        """
        import pandas  # noqa: ICN001, PLC0415

        count = len(PaidClass) + 1
        pair = _classes(self.first) * count + _classes(self.second)
        names = [*(one.value for one in PaidClass), _UNPAID]
        found, codes = np.unique(pair, return_inverse=True)
        key = CaseKey(tuple(map(str, found.tolist())), codes.astype(np.int32))
        before, after = (key.add(one.payers.fund_fen) for one in (self.first, self.second))
        rows = []
        for place, cases in enumerate(key.count()):
            class_a, class_b = (names[code] for code in divmod(int(found[place]), count))
            moved = after[place] - before[place]
            rows.append((class_a, class_b, cases, class_a != class_b, before[place], after[place], moved))
        columns = ["class_a", "class_b", "cases", "changed", "fund_a_fen", "fund_b_fen", "difference_fen"]
        return pandas.DataFrame(rows, columns=columns)

    def changed_cases(self) -> pd.DataFrame:
        """Return the cases whose class changes: case_id, class under a and b, what the fund pays under each [fen]."""
        import pandas  # noqa: ICN001, PLC0415
        import pyarrow as pa  # noqa: PLC0415

        before, after = _classes(self.first), _classes(self.second)
        rows = np.flatnonzero(before != after)
        names = np.array([*(one.value for one in PaidClass), _UNPAID])
        return pandas.DataFrame(
            {
                "case_id": self.first.table.case_id.take(pa.array(rows)).to_pylist(),
                "class_a": names[before[rows]],
                "class_b": names[after[rows]],
                "fund_a_fen": self.first.payers.fund_fen[rows],
                "fund_b_fen": self.second.payers.fund_fen[rows],
            }
        )

    @cached_property
    def unpaid(self) -> pd.DataFrame:
        """Cases that one of the policies does not pay, by reason.

        ``side`` (a or b), ``policy, status, reason, reason_zh, reason_en, cases, cost_fen``.
        """
        import pandas  # noqa: ICN001, PLC0415

        rows = []
        for side, settled in (("a", self.first), ("b", self.second)):
            key = CaseKey(tuple(reason.value for reason in REASONS), settled.reason.astype(np.int32))
            costs = key.add(settled.table.cost_fen)
            for number, cases in enumerate(key.count()):
                status = REASON_STATUS[number]
                if cases and status is not PaymentStatus.PAID:
                    reason = REASONS[number]
                    texts = (status.value, reason.value, reason.zh, reason.en)
                    rows.append((side, settled.policy.id, *texts, cases, costs[number]))
        columns = ["side", "policy", "status", "reason", "reason_zh", "reason_en", "cases", "cost_fen"]
        return pandas.DataFrame(rows, columns=columns)

    @cached_property
    def books(self) -> pd.DataFrame:
        """Books of both: ``side, policy, insurance, item, amount_fen``; budgets, payments, residuals, reserves."""
        import pandas  # noqa: ICN001, PLC0415

        rows = [
            (side, settled.policy.id, row.insurance, row.item, row.amount_fen)
            for side, settled in (("a", self.first), ("b", self.second))
            for row in settled.books
        ]
        return pandas.DataFrame(rows, columns=["side", "policy", "insurance", "item", "amount_fen"])

    def to_frame(self) -> pd.DataFrame:
        """Return both settlements by hospital."""
        return self.hospitals

    def summary(self) -> dict[str, Any]:
        """Return the main figures: what the fund pays under both, who gains and loses, by which rule."""
        differences = self.hospitals["difference_fen"].tolist()
        changes = self.class_changes
        return {
            "policy_a": self.first.policy.id,
            "policy_b": self.second.policy.id,
            "cases": len(self.first),
            "paid_a": int(self.first.paid.sum()),
            "paid_b": int(self.second.paid.sum()),
            "fund_a_yuan": fen_to_yuan(self.first.fund_total_fen),
            "fund_b_yuan": fen_to_yuan(self.second.fund_total_fen),
            "difference_yuan": fen_to_yuan(self.difference_fen),
            "paid_by_both": int((self.first.paid & self.second.paid).sum()),
            "difference_paid_by_both_yuan": fen_to_yuan(self.difference_paid_by_both_fen),
            "hospitals_gaining": sum(amount > 0 for amount in differences),
            "hospitals_losing": sum(amount < 0 for amount in differences),
            "cases_changing_class": int(changes.loc[changes["changed"], "cases"].sum()),
            "attribution": self.attribution.method,
            "rules_yuan": {step.name: fen_to_yuan(step.total_fen) for step in self.attribution.steps},
            "synthetic": self.synthetic,
            "fingerprint": self.fingerprint,
        }

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{key}</th><td>{value}</td></tr>" for key, value in self.summary().items())
        return f"<table>{rows}</table>"


def _classes(settled: Settlement) -> NDArray[np.int64]:
    """Return the number of the class of each case; the last one for a case that is not paid."""
    codes = settled.class_code.astype(np.int64)
    return np.where(settled.paid & (codes >= 0), codes, len(PaidClass))
