"""What a report tells of settled cases: figures by tier, hospital, class and group, and not a row of a case.

Hospitals with fewer cases than the declared least are told together with others of their tier, and a count that the
total would give away is hidden, so that nothing printed rests on fewer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from actuary.errors import Problem, TableError
from actuary.files import parse_json
from actuary.report.case_limits import CaseLimits, HiddenTree, hidden_places, hidden_tree, load_case_limits
from actuary.report.case_merging import OTHERS, told_together
from actuary.report.case_search import search_cases
from actuary.report.case_source import SettledCases
from actuary.tables.publication import suppress_small_subjects

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.case_cells import Coded

__all__ = ["CaseFigures", "figure_cases"]

#: Indicators printed of every hospital and tier.
_INDICATORS = (
    *("cmi", "grouping_rate", "cost_index", "time_index", "inpatient_cost_per_stay_yuan", "length_of_stay_days"),
    *("settlement_rate", "cost_accuracy"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFigures:
    """Hold the figures; every row is a mapping that JSON can hold, money in yuan, shares 0 to 1.

    Parameters
    ----------
    region, period : str
        Of which region, and of which quarter, or year.
    policy, policy_fingerprint, fingerprint : str
        By what the cases were settled, and the fingerprint of the settlement.
    family : str
        ``rate``, ``points`` or ``dip``.
    policy_zh, policy_en : str
        Name of the policy.
    synthetic : bool
        Whether the cases are made up.
    checksums : mapping of str to str
        File to its SHA-256.
    held_first, held_last : str
        First and last month of the settlement.
    held_cases, cases : int
        Cases of the settlement, and those of the period.
    missing_months : tuple of str
        Months of the period without a case.
    least : int
        No cell rests on fewer cases.
    shown : mapping of str to int
        How many hospitals, groups, findings and pages stand in the text.
    city : mapping
        The figures of all cases of the period.
    tiers, hospitals, classes, statuses, groups, pools, books, clearing, use, findings : tuple of mapping
        Rows; a count that may not be printed is None.
    searched : str
        ``""`` where oddities were searched for, else why not.
    not_searched : tuple of mapping
        Kinds of oddities that could not be assessed.
    """

    region: str
    period: str
    policy: str
    policy_fingerprint: str
    fingerprint: str
    family: str
    policy_zh: str
    policy_en: str
    synthetic: bool
    checksums: Mapping[str, str]
    held_first: str
    held_last: str
    held_cases: int
    cases: int
    missing_months: tuple[str, ...]
    least: int
    shown: Mapping[str, int]
    city: Mapping[str, Any]
    tiers: tuple[Mapping[str, Any], ...]
    hospitals: tuple[Mapping[str, Any], ...]
    classes: tuple[Mapping[str, Any], ...]
    statuses: tuple[Mapping[str, Any], ...]
    groups: tuple[Mapping[str, Any], ...]
    pools: tuple[Mapping[str, Any], ...]
    books: tuple[Mapping[str, Any], ...]
    clearing: tuple[Mapping[str, Any], ...]
    use: tuple[Mapping[str, Any], ...]
    findings: tuple[Mapping[str, Any], ...]
    searched: str = ""
    not_searched: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> str:
        """Return the figures as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> CaseFigures:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        TableError
            When it is something else.
        """
        try:
            held: dict[str, Any] = parse_json(text)
            read: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in held.items()}
            return cls(**read)
        except (ValueError, TypeError, AttributeError):
            expected = "the figures of cases that a report wrote"
            raise TableError(Problem("the figures of cases", "another text", expected)) from None

    def of_hospital(self, name: str) -> Mapping[str, Any] | None:
        """Return the row of a hospital by its code; None where it is told together with others."""
        return next((row for row in self.hospitals if row["hospital"] == name), None)

    def of_tier(self, name: str) -> Mapping[str, Any] | None:
        """Return the row of a tier."""
        return next((row for row in self.tiers if row["tier"] == name), None)


def figure_cases(
    settled: SettledCases, region: str, period: str, *, months: Sequence[str], models: Path | None = None
) -> CaseFigures:
    """Add the cases of a period up.

    Parameters
    ----------
    settled : SettledCases
        The cases, see :func:`~actuary.report.case_source.open_cases`.
    region, period : str
        Region id; the quarter, or the year.
    months : sequence of str
        Months of the period.
    models : Path, optional
        Root of the models.

    Raises
    ------
    TableError
        When the period has fewer cases than may be printed.
    DeclarationError
        When the declared limits are not valid.
    """
    limits = load_case_limits(models)
    desk = _Desk(settled, period, tuple(months), limits)
    if desk.count < limits.least:
        found = f"{desk.count} cases of {period}"
        raise TableError(Problem("--cases", found, f"{limits.least} or more: a report prints no fewer together"))
    record, header = settled.record, settled.policy.declared.policy
    findings, left, why = search_cases(settled, limits, frozenset(desk.shown_hospitals))
    held = sorted(name for name in desk.held_months if name)
    return CaseFigures(
        region=region,
        period=period,
        policy=str(record["policy"]),
        policy_fingerprint=str(record["policy_fingerprint"]),
        fingerprint=str(record["fingerprint"]),
        family=str(record["family"]),
        policy_zh=header.name_zh or str(record["policy"]),
        policy_en=header.name_en or header.name_zh or str(record["policy"]),
        synthetic=bool(record["synthetic"]) or settled.table.synthetic,
        checksums=dict(settled.checksums),
        held_first=held[0],
        held_last=held[-1],
        held_cases=settled.cases.num_rows,
        cases=desk.count,
        missing_months=tuple(month for month in months if month not in desk.held_months),
        least=limits.least,
        shown={
            "hospitals": limits.hospitals_in_text,
            "groups": limits.groups_in_text,
            "findings": limits.findings_in_text,
            "pages": limits.hospital_pages,
        },
        city=desk.rows(())[0],
        tiers=tuple(desk.rows(("tier",))),
        hospitals=tuple(desk.rows(("tier", "hospital"))),
        classes=tuple(desk.counted("class")),
        statuses=tuple(desk.counted("reason")),
        groups=tuple(desk.groups()),
        pools=tuple(_pools(record)),
        books=tuple(_lines(settled.books)),
        clearing=tuple(_lines(settled.clearing)),
        use=tuple(desk.use()),
        findings=tuple(findings),
        searched=why,
        not_searched=tuple(left),
    )


def _pools(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "insurance": str(pool["insurance"]),
            "budget_yuan": float(pool["budget_yuan"]),
            "adjusting_yuan": float(pool["adjusting_fund_yuan"]),
            "points": float(pool["points"]),
            "value_yuan": None if pool["value_yuan"] is None else float(pool["value_yuan"]),
            "bound": str(pool["bound"]),
        }
        for pool in record["point_values"]
    ]


def _lines(lines: Sequence[tuple[str, str, float]]) -> list[dict[str, Any]]:
    return [{"insurance": insurance, "line": line, "amount_yuan": amount} for insurance, line, amount in lines]


class _Desk:
    """Hold the cases of the period, small hospitals and small tiers told together."""

    def __init__(self, settled: SettledCases, period: str, months: tuple[str, ...], limits: CaseLimits) -> None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.compute as pc  # noqa: PLC0415

        self.settled, self.period, self.limits = settled, period, limits
        month = settled.cases["month"].cast(pa.string())
        self.held_months = {str(one) for one in month.unique().to_pylist() if one is not None}
        inside = pc.fill_null(pc.is_in(month, value_set=pa.array(list(months))), fill_value=False)
        tier_of, hospital_of = told_together(settled.table, np.asarray(inside), limits)
        cases = settled.cases
        cases = _replaced(cases, "tier", tier_of)
        self.every = _replaced(cases, "hospital", hospital_of)
        self.cases = self.every.filter(inside).combine_chunks()
        self.inside = np.asarray(inside)
        self.count = self.cases.num_rows
        self.table = replace(settled.table, coded={**settled.table.coded, "tier": tier_of, "hospital": hospital_of})
        self._frames: dict[str, pd.DataFrame] = {}
        self._trees: dict[tuple[str, ...], tuple[HiddenTree, ...]] = {}
        self.shown_hospitals = [name for name in hospital_of.names if not name.startswith(OTHERS)]

    def _totals(self, keys: tuple[str, ...]) -> pd.DataFrame:
        from actuary.payment.case_columns import MISSING  # noqa: PLC0415
        from actuary.payment.totals import totals_by  # noqa: PLC0415

        charged = None
        if "fund_charged_fen" in self.cases.column_names:
            column = self.cases["fund_charged_fen"].fill_null(MISSING)
            charged = np.asarray(column.to_numpy(), dtype=np.int64)
        return totals_by(self.cases, keys, policy=self.settled.policy, fund_charged_fen=charged)

    def rows(self, keys: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the figures of the city, of every tier, or of every hospital."""
        totals = self._totals(keys)
        by = keys[-1] if keys else "city"
        indicators = self._indicators(by)
        hospitals = self._hospitals_by(keys)
        high = self._share_of(keys, ("high", "extreme"), totals)
        low = self._share_of(keys, ("low",), totals)
        found = []
        for place, row in enumerate(totals.to_dict("records")):
            subject = str(row[by]) if keys else "city"
            found.append(
                {
                    **{key: str(row[key]) for key in keys},
                    "hospitals": hospitals.get(tuple(str(row[key]) for key in keys), 0),
                    "title": self.settled.titles.get(subject, ""),
                    "cases": int(row["cases"]),
                    "paid_cases": int(row["paid_cases"]) if not keys else None,
                    "cost_yuan": row["cost_fen"] / 100,
                    "standard_yuan": row["standard_fen"] / 100,
                    "fund_yuan": row["fund_fen"] / 100,
                    "gap_yuan": (row["standard_fen"] - row["cost_fen"]) / 100,
                    "standard_to_cost": _number(row["standard_to_cost"]),
                    "high_share": high[place],
                    "low_share": low[place],
                    **indicators.get(subject, {}),
                }
            )
        return found

    def _hospitals_by(self, keys: tuple[str, ...]) -> dict[tuple[str, ...], int]:
        """Return how many hospitals stand behind every row."""
        names = self.settled.table.coded["hospital"].codes
        code = np.zeros(len(names), np.int64)
        labels: list[tuple[str, ...]] = [()]
        for key in keys:
            held = self.table.coded[key]
            code = code * (len(held.names) + 1) + np.where(held.codes < 0, len(held.names), held.codes)
            labels = [(*one, name) for one in labels for name in (*held.names, "None")]
        pairs = {(int(a), int(b)) for a, b in zip(code[self.inside], names[self.inside], strict=True)}
        counts: dict[tuple[str, ...], int] = {}
        for place, hospital in pairs:
            if hospital >= 0:
                counts[labels[place]] = counts.get(labels[place], 0) + 1
        return counts

    def _share_of(self, keys: tuple[str, ...], classes: tuple[str, ...], totals: pd.DataFrame) -> list[float | None]:
        """Return the share of cases of some classes by row; None where too few cases are behind it."""
        frame = self._totals((*keys, "class"))
        frame = frame[frame["class"].isin(classes)]
        if keys:
            counts = frame.groupby(list(keys), dropna=False)["cases"].sum().to_dict()
            names = [
                row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys) for row in totals.to_dict("records")
            ]
            numbers = [int(counts.get(name, 0)) for name in names]
        else:
            numbers = [int(frame["cases"].sum())]
        hidden = self._hidden_shares(keys, classes)
        return [
            None if place in hidden else number / int(of)
            for place, (number, of) in enumerate(zip(numbers, totals["cases"], strict=True))
        ]

    def _hidden_shares(self, keys: tuple[str, ...], classes: tuple[str, ...]) -> frozenset[int]:
        """Return the rows whose share of some classes is one of few cases, or of all but few, or would tell such."""
        if classes not in self._trees:
            every = self._totals(("tier", "hospital"))
            frame = self._totals(("tier", "hospital", "class"))
            frame = frame[frame["class"].isin(classes)]
            counts = frame.groupby(["tier", "hospital"], dropna=False)["cases"].sum().to_dict()
            rows = every.to_dict("records")
            within = [int(counts.get((row["tier"], row["hospital"]), 0)) for row in rows]
            without = [int(row["cases"]) - number for row, number in zip(rows, within, strict=True)]
            tiers = [str(row["tier"]) for row in rows]
            self._trees[classes] = tuple(hidden_tree(numbers, tiers, self.limits) for numbers in (within, without))
        found: set[int] = set()
        for tree in self._trees[classes]:
            if not keys:
                found |= {0} if tree.city else set()
            elif len(keys) == 1:
                names = [str(row["tier"]) for row in self._totals(keys).to_dict("records")]
                found |= {place for place, name in enumerate(names) if name in tree.tiers}
            else:
                found |= tree.hospitals
        return frozenset(found)

    def _indicators(self, by: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for row in self._indicator_frame(by).to_dict("records"):
            if row["indicator"] in _INDICATORS:
                value = None if row["suppressed"] else _number(row["value"])
                found.setdefault(str(row["subject"]), {})[str(row["indicator"])] = value
        return found

    def _indicator_frame(self, by: str) -> pd.DataFrame:
        if by in self._frames:
            return self._frames[by]
        import pyarrow as pa  # noqa: PLC0415

        from actuary.indicators.case_indicators import indicators_of_table  # noqa: PLC0415
        from actuary.payment.declared_rules import weights_of_table  # noqa: PLC0415

        policy = self.settled.policy
        paid = np.asarray(self.settled.cases["status"].cast(pa.string()).to_numpy(zero_copy_only=False)) == "paid"
        fund = np.where(paid, np.asarray(self.settled.cases["fund_fen"].to_numpy(), dtype=np.int64), -1)
        weights = weights_of_table(policy.weight_table, policy)
        found = indicators_of_table(self.table, weights, fund_fen=fund, by=by, quarter=self.period)
        self._frames[by] = suppress_small_subjects(found.frame, values=("value",), rules=self.limits.rules)
        return self._frames[by]

    def use(self) -> list[dict[str, Any]]:
        """Return the indicators of use and payment of all cases of the period that may be printed.

        An amount that leaves out a few cases is not told: with the amount of all it would tell theirs.
        """
        found: list[dict[str, Any]] = []
        for row in self._indicator_frame("city").to_dict("records"):
            value, cases = _number(row["value"]), int(row["cases"])
            told_apart = "yuan" in str(row["unit"]) and 0 < self.count - cases < self.limits.least
            if value is not None and cases and not row["suppressed"] and not told_apart:
                words = {name: str(row[name]) for name in ("indicator", "family", "zh", "en", "unit")}
                found.append({**words, "value": value, "cases": cases})
        return found

    def counted(self, key: str) -> list[dict[str, Any]]:
        """Return cases and money by class, or by what became of them; what rests on few cases has no figure."""
        frame = self._totals((key,))
        counts = [int(one) for one in frame["cases"]]
        hidden = hidden_places(counts, self.limits)
        rows = []
        for place, row in enumerate(frame.to_dict("records")):
            told = place not in hidden
            rows.append(
                {
                    key: str(row[key]),
                    "cases": counts[place] if told else None,
                    "share": counts[place] / self.count if told else None,
                    "cost_yuan": (row["cost_fen"] + row["unpaid_cost_fen"]) / 100 if told else None,
                    "standard_yuan": row["standard_fen"] / 100 if told else None,
                    "standard_to_cost": _number(row["standard_to_cost"]) if told else None,
                }
            )
        return sorted(rows, key=lambda row: -(row["cases"] or 0))

    def groups(self) -> list[dict[str, Any]]:
        """Return the groups that may be printed, the dearest first."""
        frame = self._totals(("paid_group",))
        frame = frame[frame["paid_group"].notna()].reset_index(drop=True)
        hidden = hidden_places([int(one) for one in frame["paid_cases"]], self.limits)
        frame = frame[[place not in hidden and cases > 0 for place, cases in enumerate(frame["paid_cases"])]]
        frame = frame.sort_values(["cost_fen", "paid_group"], ascending=[False, True])
        return [
            {
                "group": str(row["paid_group"]),
                "cases": int(row["paid_cases"]),
                "weight": float(row["weight"]) / int(row["paid_cases"]),
                "cost_yuan": row["cost_fen"] / 100,
                "cost_per_stay_yuan": row["cost_fen"] / 100 / int(row["paid_cases"]),
                "standard_to_cost": _number(row["standard_to_cost"]),
            }
            for row in frame.to_dict("records")
        ]


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _replaced(cases: pa.Table, name: str, coded: Coded) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415

    indices = pa.array(coded.codes, mask=coded.codes < 0)
    column = pa.DictionaryArray.from_arrays(indices, pa.array(list(coded.names), pa.string()))
    if name not in cases.column_names:
        return cases.append_column(name, column)
    return cases.set_column(cases.column_names.index(name), name, column)
