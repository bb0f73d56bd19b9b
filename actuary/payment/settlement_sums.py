"""What a settlement comes to, exactly: sums of parts of the cases add up to those of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import numpy as np

from actuary.payment.case_columns import MISSING
from actuary.payment.case_oddities import CaseOddities
from actuary.payment.exact import exact_sum
from actuary.payment.settlement import Settlement
from actuary.payment.statuses import REASONS
from actuary.payment.totals import CaseTotals, sum_by

__all__ = ["TABLES", "SettlementSums", "settled_cases", "sums_of_settlement"]

#: Tables of totals by their file, with the keys that they are added up by.
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "hospitals.csv": ("hospital", "insurance"),
    "departments.csv": ("hospital", "department"),
    "groups.csv": ("paid_group",),
    "months.csv": ("month", "insurance"),
    "insurances.csv": ("insurance",),
    "classes.csv": ("class",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementSums:
    """Hold what all cases of a settlement, or a part of them, come to.

    Parameters
    ----------
    reasons : tuple of int
        Cases by the number of their reason.
    points : int
        Points [last decimal].
    money : mapping of str to int
        cost, unpaid_cost, standard, fund, patient, other, gain [fen].
    totals : mapping of str to CaseTotals
        By file of :data:`TABLES`.
    rule_remarks : tuple of str
        Rules that could not be applied, the same for every part.
    oddities : CaseOddities
        What is odd about the cases.
    renamed : mapping of str to str
        Columns that have another name in the table.
    synthetic : bool
        Whether a case is made up.
    """

    reasons: tuple[int, ...]
    points: int
    money: Mapping[str, int]
    totals: Mapping[str, CaseTotals] = field(default_factory=dict)
    rule_remarks: tuple[str, ...] = ()
    oddities: CaseOddities = field(default_factory=CaseOddities)
    renamed: Mapping[str, str] = field(default_factory=dict)
    synthetic: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """Rules that could not be applied, and what is odd about the cases."""
        return (*self.rule_remarks, *self.oddities.remarks())

    def joined(self, other: SettlementSums) -> SettlementSums:
        """Return what two parts come to together."""
        return SettlementSums(
            reasons=tuple(a + b for a, b in zip(self.reasons, other.reasons, strict=True)),
            points=self.points + other.points,
            money={name: amount + other.money[name] for name, amount in self.money.items()},
            totals={name: totals.joined(other.totals[name]) for name, totals in self.totals.items()},
            rule_remarks=self.rule_remarks,
            oddities=self.oddities.joined(other.oddities),
            renamed=self.renamed,
            synthetic=self.synthetic or other.synthetic,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the same as JSON can hold it; a fraction is a text."""
        return {
            "reasons": list(self.reasons),
            "points": self.points,
            "money": dict(self.money),
            "totals": {name: _totals_json(totals) for name, totals in self.totals.items()},
            "rule_remarks": list(self.rule_remarks),
            "oddities": {
                "misspelt": list(self.oddities.misspelt),
                "payers": list(self.oddities.payers),
                "tiers": {name: list(tiers) for name, tiers in self.oddities.tiers.items()},
                "above": self.oddities.above,
                "below": self.oddities.below,
                "turned": self.oddities.turned,
            },
            "renamed": dict(self.renamed),
            "synthetic": self.synthetic,
        }

    @classmethod
    def from_json(cls, held: Mapping[str, Any]) -> SettlementSums:
        """Return what :meth:`to_json` wrote."""
        odd = held["oddities"]
        return cls(
            reasons=tuple(held["reasons"]),
            points=held["points"],
            money=held["money"],
            totals={name: _totals_of(totals) for name, totals in held["totals"].items()},
            rule_remarks=tuple(held["rule_remarks"]),
            oddities=CaseOddities(
                misspelt=tuple(odd["misspelt"]),
                payers=tuple(odd["payers"]),
                tiers={name: tuple(tiers) for name, tiers in odd["tiers"].items()},
                above=odd["above"],
                below=odd["below"],
                turned=odd["turned"],
            ),
            renamed=held["renamed"],
            synthetic=held["synthetic"],
        )


def _totals_json(totals: CaseTotals) -> dict[str, Any]:
    # A weight is the one number that may be a fraction.
    at = totals.columns.index("weight") if "weight" in totals.columns else None
    rows = []
    for names, sums in totals.rows.items():
        row = [*names, *sums]
        if at is not None:
            weight = sums[at]
            row[len(names) + at] = f"{weight.numerator}/{weight.denominator}"
        rows.append(row)
    return {"keys": list(totals.keys), "columns": list(totals.columns), "rows": rows}


def _totals_of(held: Mapping[str, Any]) -> CaseTotals:
    keys, columns = tuple(held["keys"]), tuple(held["columns"])
    width = len(keys)
    at = width + columns.index("weight") if "weight" in columns else None
    rows: dict[tuple[str | None, ...], tuple[int | Fraction, ...]] = {}
    for row in held["rows"]:
        if at is not None:
            numerator, _, denominator = row[at].partition("/")
            row[at] = Fraction(int(numerator), int(denominator))
        rows[tuple(row[:width])] = tuple(row[width:])
    return CaseTotals(keys=keys, columns=columns, rows=rows)


def settled_cases(settlement: Settlement) -> Any:
    """Return the cases as they are written: with what the fund was charged and the days, where those are known."""
    import pyarrow as pa  # noqa: PLC0415  (only where files are written)

    cases = settlement.cases
    for name, column in (("fund_charged", "fund_charged_fen"), ("los_days", "los_days")):
        held = settlement.table.numbers.get(name)
        if held is not None:
            cases = cases.append_column(column, pa.array(held, mask=held == MISSING))
    return cases


def sums_of_settlement(
    settlement: Settlement,
    *,
    tables: Mapping[str, tuple[str, ...]] = TABLES,
    weights: dict[tuple[str, str], Fraction] | None = None,
) -> SettlementSums:
    """Add up a settlement.

    Parameters
    ----------
    settlement : Settlement
        All cases, or a part of them.
    tables : mapping of str to tuple of str
        Which totals are wanted; those of which the cases lack a key are left out.
    weights : dict, optional
        Weights by group and tier that were looked up for other cases of the policy; it is added to.
    """
    table, paid, cases = settlement.table, settlement.paid, settlement.cases
    charged = table.numbers.get("fund_charged")
    known = {} if weights is None else weights
    totals = {
        name: sum_by(cases, keys, policy=settlement.policy, fund_charged_fen=charged, known=known)
        for name, keys in tables.items()
        if all(key in cases.column_names for key in keys)
    }
    return SettlementSums(
        reasons=tuple(np.bincount(settlement.reason, minlength=len(REASONS)).tolist()),
        points=exact_sum(settlement.points),
        money={
            "cost": exact_sum(table.cost_fen[paid]),
            "unpaid_cost": exact_sum(table.cost_fen[~paid]),
            "standard": exact_sum(settlement.standard_fen),
            "fund": settlement.fund_total_fen,
            "patient": exact_sum(settlement.payers.patient_fen),
            "other": exact_sum(settlement.payers.other_fen),
            "gain": exact_sum(settlement.payers.gain_fen),
        },
        totals=totals,
        rule_remarks=settlement.kinds.rule_remarks,
        oddities=settlement.kinds.oddities,
        renamed=dict(table.renamed),
        synthetic=settlement.synthetic,
    )
