"""What was found: ranked findings with their interval, cases and money, and what could not be assessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.alerts.anomalies.assess import Assessment, NotAssessable
from actuary.alerts.anomalies.rules import AnomalyRules
from actuary.alerts.signals import Signal
from actuary.errors import UnknownNameError, raise_all, unknown_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Finding", "Findings", "discoveries"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """State one finding: a hospital and a kind.

    Parameters
    ----------
    rank : int
        Place in the list, from 1.
    hospital, tier, kind : str
        Whom and what.
    base : int
        Cases it is judged by.
    observed, expected : float
        In `unit`.
    effect, low, high : float
        Shrunken effect above what honest hospitals of the tier show, with its interval, in `unit`.
    unit : str
        Unit.
    p_value, q_value, posterior : float
        Under the spread of honest hospitals; with false discoveries controlled; probability of lying beyond it.
    money_fen, money_low_fen, money_high_fen : int or None
        Money at stake with its interval [fen]; None where it cannot be named.
    money_basis : str
        What the money is, or why there is none.
    cases : int
        Cases behind it.
    level : str
        red, orange or yellow.
    where : tuple of str
        For spikes: category and quarter, such as ``F 2024Q3``.
    """

    rank: int
    hospital: str
    tier: str
    kind: str
    base: int
    observed: float
    expected: float
    effect: float
    low: float
    high: float
    unit: str
    p_value: float
    q_value: float
    posterior: float
    money_fen: int | None
    money_low_fen: int | None
    money_high_fen: int | None
    money_basis: str
    cases: int
    level: str
    where: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Findings:
    """Hold the ranked findings over settled cases.

    Parameters
    ----------
    findings : tuple of Finding
        The findings, the surest and dearest first.
    not_assessable : tuple of NotAssessable
        Kinds that could not be assessed, with the reason.
    assessments : mapping of str to Assessment
        Every hospital by kind.
    hospitals, tiers : tuple of str
        Hospitals and the tier of each.
    evidence : pyarrow.Table
        Cases behind the findings: `rank, hospital, kind, case_id, at_hospital, drg, suspicion, total_cost_yuan,
        money_fen, note`.
    case_id : pyarrow.ChunkedArray
        Names of all cases.
    rows : int array
        Rows of the usable cases.
    hospital_of : int array
        Hospital of each usable case.
    rules : AnomalyRules
        The rules.
    level : float
        Nominal false discovery rate.
    period : str
        Quarter of the last discharge; the year, or ``0`` where no day is known.
    excluded : int
        Cases that could not be read and took no part.
    policy : str
        Policy that priced, with the first digits of its fingerprint; empty without one.
    fingerprint : str
        Hash of the cases, the rules and the policy.
    synthetic : bool
        Whether the cases are made up.
    """

    findings: tuple[Finding, ...]
    not_assessable: tuple[NotAssessable, ...]
    assessments: Mapping[str, Assessment]
    hospitals: tuple[str, ...]
    tiers: tuple[str, ...]
    evidence: pa.Table = field(repr=False)
    case_id: pa.ChunkedArray = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    hospital_of: NDArray[np.int64] = field(repr=False)
    rules: AnomalyRules
    level: float
    period: str
    excluded: int
    policy: str
    fingerprint: str
    synthetic: bool

    #: Amounts.
    unit: str = "fen"

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __repr__(self) -> str:
        """Return the summary."""
        return f"<Findings: {self.summary()}>"

    def summary(self) -> str:
        """Return one line on size."""
        money = sum(one.money_fen or 0 for one in self.findings) / 100
        made_up = "; synthetic (合成数据)" if self.synthetic else ""
        left = f"; not assessable: {', '.join(one.kind for one in self.not_assessable)}" if self.not_assessable else ""
        return (
            f"{len(self.findings)} findings at {len({one.hospital for one in self.findings})} of "
            f"{len(self.hospitals)} hospitals, {money:,.2f} yuan at stake, "
            f"nominal false discovery rate {self.level:g}{left}{made_up}"
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a finding."""
        import pandas as pd  # noqa: PLC0415

        names = list(Finding.__slots__)
        rows = [
            {**{name: getattr(one, name) for name in names}, "where": "; ".join(one.where), "synthetic": self.synthetic}
            for one in self.findings
        ]
        frame = pd.DataFrame(rows, columns=[*names, "synthetic"])
        for name in ("money_fen", "money_low_fen", "money_high_fen"):
            frame[name] = frame[name].astype("Int64")
        return frame

    def scores(self) -> pd.DataFrame:
        """Return one row a hospital and kind, found or not: what was observed, expected, and how sure it is."""
        import pandas as pd  # noqa: PLC0415

        parts = []
        for kind, one in self.assessments.items():
            parts.append(
                pd.DataFrame(
                    {
                        "hospital": self.hospitals, "tier": self.tiers, "kind": kind, "base": one.evidence.base,
                        "observed": one.evidence.observed, "expected": one.expected, "effect": one.effect,
                        "low": one.low, "high": one.high, "z": one.z, "p_value": one.p_value,
                        "posterior": one.posterior, "found": [(h, kind) in self._found for h in self.hospitals],
                    }
                )
            )  # fmt: skip
        if not parts:
            return pd.DataFrame(columns=["hospital", "tier", "kind", "posterior", "found"])
        return pd.concat(parts, ignore_index=True)

    @property
    def _found(self) -> set[tuple[str, str]]:
        return {(one.hospital, one.kind) for one in self.findings}

    def case_scores(self, kind: str) -> NDArray[np.float64]:
        """Return for every case of the table the probability that this kind is behind it.

        Raises
        ------
        UnknownNameError
            When the kind was not assessed.
        """
        raise_all(
            [unknown_name("kind", kind, self.assessments, what="assessed kind")]
            if kind not in self.assessments
            else [],
            UnknownNameError,
        )
        one = self.assessments[kind]
        scores = np.zeros(len(self.case_id))
        own = 1.0 if kind == "refusing_severe" else np.nan_to_num(one.posterior)[self.hospital_of]
        scores[self.rows] = own * one.suspicion
        return scores

    def cases(self, finding: Finding | int) -> pd.DataFrame:
        """Return the cases behind a finding, the most suspicious first.

        Parameters
        ----------
        finding : Finding or int
            The finding, or its rank.
        """
        rank = finding if isinstance(finding, int) else finding.rank
        frame = self.evidence.to_pandas()
        chosen: pd.DataFrame = frame[frame["rank"] == rank].drop(columns="rank").reset_index(drop=True)
        return chosen

    def signals(self, *, period: str | None = None, region: str = "region") -> tuple[Signal, ...]:
        """Return one signal a finding, for the ledger of cases.

        Parameters
        ----------
        period : str, optional
            Quarter or year in which it is reported; that of the last discharge when left out.
        region : str
            Region of the hospitals.
        """
        return tuple(self._signal(one, period or self.period, region) for one in self.findings)

    def _signal(self, one: Finding, period: str, region: str) -> Signal:
        rule = self.rules.of(one.kind)
        shown = self.cases(one)["case_id"].tolist()[:_SHOWN_CASES]
        evidence: tuple[tuple[str, Any], ...] = (
            ("what_zh", rule.what_zh),
            ("what_en", rule.what_en),
            ("tier", one.tier),
            *((name, round(value, 6)) for name in _SHOWN_FIGURES
              if np.isfinite(value := getattr(one, name))),
            ("unit", one.unit),
            ("cases", one.cases),
            ("case_ids", shown),
            ("money_basis", one.money_basis),
            *((("where", list(one.where)),) if one.where else ()),
        )  # fmt: skip
        return Signal(
            kind="provider", region=region, subject=one.hospital, rule_id=one.kind, period=period, level=one.level,
            title_zh=rule.name_zh, title_en=rule.name_en, evidence=evidence,
            money_at_stake_fen=one.money_fen, fingerprint=self.fingerprint, synthetic=self.synthetic,
        )  # fmt: skip

    def _repr_html_(self) -> str:
        import html  # noqa: PLC0415

        reasons = "".join(f"<li>{html.escape(one.kind)}: {html.escape(one.reason)}</li>" for one in self.not_assessable)
        left = f"<p>not assessable</p><ul>{reasons}</ul>" if reasons else ""
        return f"<p>{html.escape(self.summary())}</p>{self.to_frame().to_html(index=False, max_rows=50)}{left}"


#: Figures that a signal carries.
_SHOWN_FIGURES = ("observed", "expected", "effect", "low", "high", "posterior", "q_value")
#: Case ids that a signal names; the rest stand in the table of cases.
_SHOWN_CASES = 20


def discoveries(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return q-values after Benjamini and Hochberg: the least level at which each test is a discovery.

    .. math:: q_{(i)} = \min_{j \ge i} \frac{m}{j} p_{(j)}

    Examples
    --------
    >>> discoveries([0.01, 0.04, 0.03, float("nan")]).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    p = np.asarray(p_values, np.float64)
    known = np.flatnonzero(np.isfinite(p))
    found = np.full(len(p), np.nan)
    order = known[np.argsort(p[known], kind="stable")]
    ranks = np.arange(1, len(order) + 1)
    raw = p[order] * len(order) / ranks
    found[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return found
