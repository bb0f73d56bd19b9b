"""Search settled cases for anomalies of providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.alerts.anomalies.assess import Assessment, assess
from actuary.alerts.anomalies.content import cases_fingerprint
from actuary.alerts.anomalies.features import Features
from actuary.alerts.anomalies.findings import Finding, Findings, discoveries
from actuary.alerts.anomalies.money import Behind, Stake, Stakes, quarter_name
from actuary.alerts.anomalies.pricing import payments
from actuary.alerts.anomalies.rules import KINDS, AnomalyRules, load_anomaly_rules
from actuary.alerts.anomalies.stays import read_stays
from actuary.drg.scheme import Scheme, load_scheme
from actuary.errors import Problem, UnknownNameError, raise_all, unknown_name
from actuary.policy.fingerprints import fingerprint

if TYPE_CHECKING:
    import pandas as pd

    from actuary.payment.declaration import PaymentPolicy
    from actuary.payment.exact import Number

__all__ = ["detect_anomalies"]


def detect_anomalies(
    cases: pd.DataFrame | pa.Table | str | Path,
    *,
    policy: PaymentPolicy | str | Path | None = None,
    budget: Mapping[str, Number] | Number | None = None,
    scheme: Scheme | str | Path | None = "chs-drg-1.1",
    hospitals: pd.DataFrame | str | Path | None = None,
    rules: AnomalyRules | str | Path | None = None,
    level: float | None = None,
    kinds: Sequence[str] | None = None,
) -> Findings:
    """Search settled cases for upcoding, split stays, light admissions, refusals, cost shifting, growth and spikes.

    Every hospital is compared with peers of its tier, mix for mix, itself left out. The spread of honest hospitals is
    estimated robustly; what lies beyond it is a finding when false discoveries over hospitals and kinds stay within
    `level` and the finding is likely enough. Statistics, formulas and limits: docs/anomalies.md.

    Parameters
    ----------
    cases : DataFrame, pyarrow.Table or path
        Settled cases, see :func:`~actuary.alerts.anomalies.stays.read_stays`. A kind whose columns are missing is not
        assessable; the result says why.
    policy : PaymentPolicy, str or Path, optional
        Prices findings; without one the pool money charged is taken where the table has it.
    budget : mapping of str to number, or number, optional
        Budgets of the policy's pools [yuan], where its price floats.
    scheme : Scheme, str or Path, optional
        Groups suspicious stays again; None for no regrouping.
    hospitals : DataFrame or path, optional
        List of hospitals with their tiers.
    rules : AnomalyRules or path, optional
        Declared rules; models/alerts/anomalies.toml when left out.
    level : float, optional
        Nominal false discovery rate [share]; that of the rules when left out.
    kinds : sequence of str, optional
        Kinds wanted; all when left out.

    Returns
    -------
    Findings
        Ranked findings, their cases, and what was not assessable.

    Raises
    ------
    TableError
        With every problem of the tables.
    UnknownNameError
        When a kind is unknown, or `level` is not between 0 and 1.
    DeclarationError, BudgetError
        When the rules or the policy are not valid, or a pool has no budget.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "case_id": [f"c{i}" for i in range(600)], "hospital": [f"H{i % 6}" for i in range(600)], "tier": "3",
    ...     "drg": "BR25", "total_cost": 9000.0,
    ...     "fully_self_paid": [3000.0 if i % 6 == 0 else 500.0 + i % 7 for i in range(600)],
    ... })
    >>> found = detect_anomalies(table, scheme=None, kinds=["cost_shifting", "growth"])
    >>> [(one.hospital, one.kind) for one in found.findings], [one.kind for one in found.not_assessable]
    ([('H0', 'cost_shifting')], ['growth'])
    """
    wanted = tuple(KINDS if kinds is None else kinds)
    problems = [unknown_name("kinds", kind, KINDS, what="kind") for kind in wanted if kind not in KINDS]
    if level is not None and not 0 < level < 1:
        problems.append(Problem("level", str(level), "a share above 0 and below 1"))
    raise_all(problems, UnknownNameError)
    declared = rules if isinstance(rules, AnomalyRules) else load_anomaly_rules(rules)
    loaded = load_scheme(scheme) if isinstance(scheme, str | Path) else scheme
    stays = read_stays(cases, hospitals=hospitals, scheme=loaded)
    settled = None if policy is None else payments(stays, policy, budget=budget, hospitals=hospitals)
    features = Features(stays, declared)
    assessments, left_out = assess(features, wanted)
    nominal = declared.statistics.level if level is None else level
    stakes = Stakes(features, settled=settled, scheme=loaded, assessments=assessments)
    chosen = _choose(assessments, declared, nominal)
    priced = [(kind, number, q, *stakes.of(kind, number)) for kind, number, q in chosen]
    priced.sort(key=lambda row: _order(assessments[row[0]], row[1], row[3], (stays.hospitals[row[1]], row[0])))
    findings = [
        _finding(features, assessments[kind], kind, number, rank=rank, q=q, stake=stake, behind=behind)
        for rank, (kind, number, q, stake, behind) in enumerate(priced, start=1)
    ]
    named = "" if settled is None else f"{settled.policy.id} {settled.policy.fingerprint[:12]}"
    return Findings(
        findings=tuple(findings),
        not_assessable=left_out,
        assessments=assessments,
        hospitals=stays.hospitals,
        tiers=tuple(stays.tiers[place] for place in stays.tier_of.tolist()),
        evidence=_evidence(features, findings, [row[4] for row in priced]),
        case_id=stays.case_id,
        rows=features.rows,
        hospital_of=features.hospital,
        rules=declared,
        level=nominal,
        period=_period(features),
        excluded=len(stays) - len(features.rows),
        policy=named,
        fingerprint=fingerprint(
            [cases_fingerprint(stays), declared.model_dump(mode="json"), named, list(wanted), repr(nominal),
             "" if loaded is None else loaded.fingerprint]
        ),
        synthetic=stays.synthetic,
    )  # fmt: skip


def _choose(assessments: Mapping[str, Assessment], rules: AnomalyRules, level: float) -> list[tuple[str, int, float]]:
    """Return the findings: kind, place of the hospital, q-value over all hospitals and kinds together."""
    pairs = [(kind, number) for kind, one in assessments.items() for number in range(len(one.p_value))]
    if not pairs:
        return []
    q = discoveries(np.concatenate([one.p_value for one in assessments.values()]))
    likely = np.concatenate([one.posterior for one in assessments.values()])
    found = np.flatnonzero((np.nan_to_num(q, nan=1.0) <= level) & (likely >= rules.statistics.least_posterior))
    return [(*pairs[place], float(q[place])) for place in found.tolist()]


def _order(
    one: Assessment, number: int, stake: Stake, name: tuple[str, str]
) -> tuple[float, int, float, tuple[str, str]]:
    """Rank the surest first, among equally sure ones the dearest."""
    return -round(float(one.posterior[number]), 3), -(stake.money or 0), float(one.p_value[number]), name


def _finding(
    features: Features,
    one: Assessment,
    kind: str,
    number: int,
    *,
    rank: int,
    q: float,
    stake: Stake,
    behind: Behind,
) -> Finding:
    given, evidence = features.rules.statistics, one.evidence
    posterior = float(one.posterior[number])
    level = "orange" if posterior >= given.orange_posterior else "yellow"
    if posterior >= given.red_posterior and (stake.money or 0) >= given.red_money_yuan * 100:
        level = "red"
    return Finding(
        rank=rank,
        hospital=features.stays.hospitals[number],
        tier=features.stays.tiers[int(features.stays.tier_of[number])],
        kind=kind,
        base=int(evidence.base[number]),
        observed=float(evidence.observed[number]),
        expected=float(one.expected[number]),
        effect=float(one.effect[number]),
        low=float(one.low[number]),
        high=float(one.high[number]),
        unit=evidence.unit,
        p_value=float(one.p_value[number]),
        q_value=q,
        posterior=posterior,
        money_fen=stake.money,
        money_low_fen=stake.low,
        money_high_fen=stake.high,
        money_basis=stake.basis,
        cases=len(behind.cases),
        level=level,
        where=_where(features, one, number),
    )


def _where(features: Features, one: Assessment, number: int) -> tuple[str, ...]:
    """Return the categories and quarters of a spike."""
    scan = one.evidence.scan
    if scan is None:
        return ()
    cells = np.flatnonzero((scan.hospital == number) & (scan.posterior > features.rules.statistics.cell_posterior))
    return tuple(
        f"{features.stays.mdcs[int(scan.category[cell])]} {quarter_name(features, int(scan.quarter[cell]))}"
        for cell in cells.tolist()
    )


def _period(features: Features) -> str:
    """Return the quarter of the last discharge; 1970 where no day is known."""
    if not features.dated.any():
        return "1970"
    last = np.datetime64(int(features.end[features.dated].max()), "D").astype("datetime64[M]").astype(np.int64)
    return f"{1970 + int(last) // 12}Q{int(last) % 12 // 3 + 1}"


def _evidence(features: Features, findings: Sequence[Finding], behind: Sequence[Behind]) -> pa.Table:
    """Return the cases behind all findings in one table; pseudonymous case ids, no persons."""
    stays = features.stays
    counts = np.array([len(one.cases) for one in behind], np.int64)
    which = np.repeat(np.arange(len(behind)), counts)
    cases: NDArray[np.int64] = np.concatenate([one.cases for one in behind]) if behind else np.empty(0, np.int64)
    money = [one.money_fen if one.money_fen is not None else np.zeros(len(one.cases), np.int64) for one in behind]
    known = [np.full(len(one.cases), one.money_fen is not None) for one in behind]
    suspicion = np.concatenate([one.suspicion for one in behind]) if behind else np.empty(0)
    hospitals, drgs = pa.array(stays.hospitals, pa.string()), pa.array(stays.drgs, pa.string())
    return pa.table(
        {
            "rank": pa.array(np.array([one.rank for one in findings], np.int64)[which]),
            "hospital": pa.array([one.hospital for one in findings], pa.string()).take(pa.array(which)),
            "kind": pa.array([one.kind for one in findings], pa.string()).take(pa.array(which)),
            "case_id": stays.case_id.take(pa.array(features.rows[cases])),
            "at_hospital": hospitals.take(pa.array(features.hospital[cases])),
            "drg": drgs.take(pa.array(features.drg[cases])),
            "suspicion": pa.array(np.round(suspicion, 4)),
            "total_cost_yuan": pa.array(np.round(features.cost[cases], 2)),
            "money_fen": pa.array(
                np.concatenate(money) if money else np.empty(0, np.int64),
                mask=~(np.concatenate(known) if known else np.empty(0, bool)),
            ),
            "note": pa.array([note for one in behind for note in one.note], pa.string()),
            "synthetic": pa.array(np.full(len(cases), stays.synthetic)),
        }
    )
