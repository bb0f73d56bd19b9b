"""The money at stake behind a finding, and the cases that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from actuary.alerts.anomalies.assess import Assessment
from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.peers import cell_codes, sum_by
from actuary.alerts.anomalies.pricing import Regrouped, price_difference, regroup_without
from actuary.alerts.anomalies.suspicion import linked_hospitals

if TYPE_CHECKING:
    from actuary.drg.scheme import Scheme
    from actuary.payment.settlement import Settlement

__all__ = ["Behind", "Stake", "Stakes"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """Hold the money at stake of one finding [fen], with its interval, and what it is or why it is unknown."""

    money: int | None
    low: int | None
    high: int | None
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Behind:
    """Hold the cases behind one finding, the most suspicious first.

    Parameters
    ----------
    cases : int array
        Places among the usable cases.
    suspicion : float array
        Probability that misbehaviour is behind each.
    money_fen : int array or None
        What hangs on each [fen].
    note : tuple of str
        What was seen, where there is more to say.
    """

    cases: IntArray
    suspicion: FloatArray
    money_fen: IntArray | None
    note: tuple[str, ...]


class Stakes:
    """Price findings: one a table of cases.

    Parameters
    ----------
    features : Features
        The cases.
    settled : Settlement or None
        The same cases settled under the policy.
    scheme : Scheme or None
        Groups stays again.
    assessments : mapping of str to Assessment
        What was judged.
    """

    def __init__(
        self,
        features: Features,
        *,
        settled: Settlement | None,
        scheme: Scheme | None,
        assessments: Mapping[str, Assessment],
    ) -> None:
        self.features = features
        self.settled = settled
        self.scheme = scheme
        self.assessments = assessments
        self.paid_fen, self.paid_basis = self._payments()

    def _payments(self) -> tuple[IntArray | None, str]:
        """Return what each usable case is paid, and by whose word."""
        if self.settled is not None:
            standard = self.settled.standard_fen[self.features.rows]
            return standard, f"standard by the policy {self.settled.policy.id}"
        if self.features.has("fund_charged"):
            charged = np.nan_to_num(self.features.number("fund_charged"))
            return np.rint(charged * 100).astype(np.int64), "pool money charged item by item; no policy was given"
        return None, "unknown: no policy was given, and the cases have no fund_charged"

    def of(self, kind: str, hospital: int) -> tuple[Stake, Behind]:
        """Return the money at stake and the cases of one finding."""
        one = self.assessments[kind]
        if kind == "refusing_severe":
            return self._refused(one, hospital)
        listed = one.suspicion > 0 if one.evidence.scan is None else one.evidence.flagged
        rows = np.flatnonzero((self.features.hospital == hospital) & listed)
        rows = rows[np.argsort(-one.suspicion[rows], kind="stable")]
        suspicion = one.suspicion[rows]
        if kind == "cost_shifting":
            return self._shifted(one, hospital, rows)
        if one.evidence.scan is not None:
            return self._spiked(one, kind, rows)
        if kind == "upcoding":
            return self._upcoded(one, hospital, rows)
        money = None if self.paid_fen is None else self.paid_fen[rows]
        note = ("",) * len(rows)
        counted = suspicion
        if kind == "split_stay":
            # Both parts are listed; the payment of the second is what the split adds.
            second = self.features.readmitted[rows]
            note = tuple("second stay" if one else "first stay" for one in second.tolist())
            counted = np.where(second, suspicion, 0.0)
            money = None if money is None else np.where(second, money, 0)
        what = {"split_stay": "payment of the second stays", "growth": "payment of the stays beyond peers' growth"}
        words = f"{what.get(kind, 'payment of the stays')}: {self.paid_basis}"
        return self._expected(one, hospital, counted, money, words), Behind(
            cases=rows, suspicion=suspicion, money_fen=money, note=note
        )

    def _expected(
        self, one: Assessment, hospital: int, suspicion: FloatArray, money: IntArray | None, basis: str
    ) -> Stake:
        """Return the mean amount of the suspicious cases times how many are beyond what is expected."""
        if money is None:
            return Stake(money=None, low=None, high=None, basis=basis)
        weight = float(suspicion.sum())
        mean = float(suspicion @ money) / weight if weight > 0 else 0.0
        base = float(one.evidence.base[hospital])
        ends = [max(float(end[hospital]), 0.0) * base * mean for end in (one.effect, one.low, one.high)]
        return _stake(*ends, basis=basis)

    @cached_property
    def _without_codes(self) -> tuple[Regrouped | str, IntArray | None, IntArray]:
        """Return the suspicious stays of all findings grouped again, what that changes, and the place of each case."""
        place = np.full(len(self.features.rows), -1, np.int64)
        if self.scheme is None:
            return "no scheme was given to group them again", None, place
        one = self.assessments["upcoding"]
        likely = np.nan_to_num(one.posterior) >= self.features.rules.statistics.least_posterior
        cases = np.flatnonzero((one.suspicion > 0) & likely[self.features.hospital])
        found = regroup_without(self.features.stays, self.features.rows[cases], self.scheme)
        place[cases] = np.arange(len(cases))
        if isinstance(found, str) or self.settled is None:
            return found, None, place
        return found, price_difference(self.settled, found), place

    def _upcoded(self, one: Assessment, hospital: int, rows: IntArray) -> tuple[Stake, Behind]:
        suspicion = one.suspicion[rows]
        found, difference, place = self._without_codes
        if isinstance(found, str):
            nothing = Behind(cases=rows, suspicion=suspicion, money_fen=None, note=("",) * len(rows))
            return Stake(money=None, low=None, high=None, basis=f"unknown: {found}"), nothing
        note = tuple(
            f"without {found.codes[i]}: {found.drg[i] or 'not grouped'}"
            if found.codes[i]
            else "no secondary code decides"
            for i in place[rows].tolist()
        )
        if difference is None:
            behind = Behind(cases=rows, suspicion=suspicion, money_fen=None, note=note)
            return Stake(money=None, low=None, high=None, basis="unknown: no policy was given"), behind
        money = difference[place[rows]]
        words = f"payment that the suspicious codes add: {self.paid_basis}"
        stake = self._expected(one, hospital, suspicion, money, words)
        return stake, Behind(cases=rows, suspicion=suspicion, money_fen=money, note=note)

    @cached_property
    def _moved(self) -> tuple[FloatArray, str]:
        """Return of each case the outpatient cost and the cost outside the catalogue above what peers have [yuan]."""
        features = self.features
        names = [name for name in ("outpatient_cost_14d", "fully_self_paid") if features.has(name)]
        honest = ~(np.nan_to_num(self.assessments["cost_shifting"].posterior) > 0.5)[features.hospital]
        moved = np.zeros(len(features.rows))
        for name in names:
            amount = np.nan_to_num(features.number(name))
            per = np.ones(len(amount)) if name == "outpatient_cost_14d" else features.cost
            # What is usual is taken from hospitals that are not found, so that the others do not raise it.
            code = cell_codes(features.insurance, features.tier)
            size = int(code.max()) + 1
            base = sum_by(code[honest], per[honest], size=size)
            usual = sum_by(code[honest], amount[honest], size=size) / np.where(base > 0, base, 1.0)
            moved += amount - usual[code] * per
        return moved, f"{' and '.join(names)} above those of peers"

    def _shifted(self, one: Assessment, hospital: int, rows: IntArray) -> tuple[Stake, Behind]:
        moved, basis = self._moved
        own = moved[self.features.hospital == hospital]
        total, noise = float(own.sum()) * 100, float(own.std() * np.sqrt(len(own))) * 100
        wide = _normal_quantile(self.features.rules.statistics.interval)
        stake = _stake(total, total - wide * noise, total + wide * noise, basis=basis)
        money = np.rint(moved[rows] * 100).astype(np.int64)
        return stake, Behind(cases=rows, suspicion=one.suspicion[rows], money_fen=money, note=("",) * len(rows))

    def _spiked(self, one: Assessment, kind: str, rows: IntArray) -> tuple[Stake, Behind]:
        """Return what was used beyond the usual for the same services."""
        features, evidence = self.features, one.evidence
        assert evidence.usual is not None  # noqa: S101  spikes have it
        goods, materials = features.number("drug_cost")[rows], features.number("consumable_cost")[rows]
        used = materials if kind == "consumable_spike" else goods - materials
        usual = evidence.usual[rows]
        amount = (used - (features.cost[rows] - goods) * usual / (1 - usual)) * 100
        hospital = int(features.hospital[rows[0]]) if len(rows) else 0
        rise, sd = float(evidence.effect[hospital]), float(np.sqrt(evidence.variance[hospital]))
        error = _normal_quantile(features.rules.statistics.interval) * sd / rise if rise > 0 else 0.0
        total = float(amount.sum())
        word = "materials" if kind == "consumable_spike" else "drugs"
        stake = _stake(total, total * (1 - error), total * (1 + error), basis=f"{word} beyond the usual share")
        labels = [quarter_name(features, number) for number in range(int(features.quarter.max()) + 1)]
        note = tuple(
            f"{features.stays.mdcs[mdc]} {labels[quarter]}"
            for mdc, quarter in zip(features.mdc[rows].tolist(), features.quarter[rows].tolist(), strict=True)
        )
        money = np.rint(amount).astype(np.int64)
        return stake, Behind(cases=rows, suspicion=one.suspicion[rows], money_fen=money, note=note)

    def _refused(self, one: Assessment, hospital: int) -> tuple[Stake, Behind]:
        """Return severe stays elsewhere of persons whom the hospital has treated; no money can be named."""
        bad = np.zeros(len(self.features.stays.hospitals), bool)
        bad[hospital] = True
        rows, _ = linked_hospitals(self.features, bad)
        rows = np.unique(rows)
        rows = rows[one.suspicion[rows] > 0]
        rows = rows[np.argsort(-one.suspicion[rows], kind="stable")]
        stake = Stake(money=None, low=None, high=None, basis="none can be named: the patients were treated elsewhere")
        note = ("treated elsewhere; the hospital knows the patient",) * len(rows)
        return stake, Behind(cases=rows, suspicion=one.suspicion[rows], money_fen=None, note=note)


def quarter_name(features: Features, quarter: int) -> str:
    """Return the label of a quarter of the cases, such as ``2024Q3``."""
    number = features.first_quarter + quarter
    return f"{1970 + number // 4}Q{number % 4 + 1}"


def _normal_quantile(interval: float) -> float:
    return float(stats.norm.ppf(0.5 + interval / 2))


def _stake(money: float, low: float, high: float, *, basis: str) -> Stake:
    whole = [max(round(amount), 0) for amount in (money, low, high)]
    return Stake(money=whole[0], low=min(whole[0], whole[1]), high=max(whole[0], whole[2]), basis=basis)
