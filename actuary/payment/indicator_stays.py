"""Indicators and the ranking of gains straight from a case table or from the cases of a settlement."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import Problem, UnknownNameError, unknown_name
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_rules import weights_of_table
from actuary.payment.hospital_indicators import HospitalIndicators, IndicatorStays, compute_indicators
from actuary.payment.indicator_limits import IndicatorLimits, load_indicator_limits
from actuary.payment.statuses import PaymentReason, PaymentStatus

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from actuary.payment.settlement import Settlement

__all__ = ["RANKED_BY", "indicators_of_cases", "indicators_of_settlement", "rank_gains", "stays_of_cases"]

#: By what gains can be ranked.
RANKED_BY = ("hospital", "department", "drg", "paid_group", "insurance", "month", "tier")

#: Answers of the grouper that are no group.
_NOT_GROUPED = ("ungrouped", "check_failed")


def indicators_of_cases(
    cases: CaseTable,
    weights: Mapping[str, Fraction],
    *,
    standard_fen: NDArray[np.int64] | None = None,
    limits: IndicatorLimits | None = None,
    zero_deaths_low_risk: bool = True,
) -> HospitalIndicators:
    """Compute the indicators of the hospitals of a case table.

    Parameters
    ----------
    cases : CaseTable
        The cases. A row whose only fault is its missing group counts as not grouped, as does one that the grouper
        refused (`group_status`) or whose group has no weight and no name in `weights`.
    weights : mapping of str to Fraction
        Weight by group; a group that is not named has none.
    standard_fen : int64 array, shape (case,), optional
        Amount the fund pays by the rule, negative where it pays nothing [fen].
    limits : IndicatorLimits, optional
        Limits; the national ones when left out.
    zero_deaths_low_risk : bool
        Whether a group without deaths is one of low risk.

    Returns
    -------
    HospitalIndicators
        The indicators.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.case_files import read_cases
    >>> rows = pd.DataFrame({"case_id": ["a", "b"], "hospital": "H1", "tier": "3", "insurance": "employee",
    ...                      "drg": ["BR25", ""], "total_cost": [12000.0, 9000.0]})
    >>> found = indicators_of_cases(read_cases(rows), {"BR25": Fraction(1)})
    >>> found.to_frame()[["cases", "grouping_rate"]].values.tolist()[0]
    [2.0, 0.5]
    """
    return compute_indicators(
        stays_of_cases(cases, weights, standard_fen=standard_fen),
        limits or load_indicator_limits(),
        zero_deaths_low_risk=zero_deaths_low_risk,
        synthetic=cases.synthetic,
    )


def stays_of_cases(
    cases: CaseTable,
    weights: Mapping[str, Fraction],
    *,
    standard_fen: NDArray[np.int64] | None = None,
    subjects: tuple[tuple[str, ...], NDArray[np.int64]] | None = None,
) -> IndicatorStays:
    """Return the stays of a case table as indicators read them; see :func:`indicators_of_cases`.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    weights : mapping of str to Fraction
        Weight by group.
    standard_fen : int64 array, shape (case,), optional
        Amount the fund pays by the rule, negative where it pays nothing [fen].
    subjects : (tuple of str, int64 array), optional
        Names, and the place of each case among them, in the place of the hospitals.
    """
    names, code = subjects or (cases.hospital_names, cases.hospital_code.astype(np.int64))
    group = cases.group_code.astype(np.int64)
    if cases.has("group_status"):
        status = cases.coded["group_status"]
        refused = np.array([*(name in _NOT_GROUPED for name in status.names), False])
        group = np.where(refused[status.codes], -1, group)
    valid = cases.valid | (cases.reason == PaymentReason.GROUP_MISSING.number)
    days = None
    if cases.has("los_days"):
        held = cases.numbers["los_days"]
        days = np.where(held == MISSING, -1, held)
    charged = None
    if cases.has("fund_charged"):
        held = cases.numbers["fund_charged"]
        charged = np.where(held == MISSING, -1, held)
    return IndicatorStays(
        hospitals=names,
        groups=cases.group_names,
        hospital_code=code,
        group_code=group,
        cost_fen=cases.cost_fen,
        valid=valid,
        weights=tuple(weights.get(name) for name in cases.group_names),
        days=days,
        died=cases.flag("death") if cases.has("death") else None,
        charged_fen=charged,
        standard_fen=standard_fen,
    )


def indicators_of_settlement(
    settlement: Settlement, *, limits: IndicatorLimits | None = None, zero_deaths_low_risk: bool = True
) -> HospitalIndicators:
    """Compute the indicators of the hospitals of a settlement, with the weights of its policy and what the fund pays.

    Parameters
    ----------
    settlement : Settlement
        What :func:`actuary.payment.settle.settle_cases` returned. A case that is not paid has no standard.
    limits : IndicatorLimits, optional
        Limits; the national ones when left out.
    zero_deaths_low_risk : bool
        Whether a group without deaths is one of low risk.

    Examples
    --------
    >>> import pandas as pd
    >>> from actuary.payment.settle import settle_cases
    >>> stays = pd.DataFrame(
    ...     {"case_id": ["a"], "hospital": ["H1"], "tier": ["3"], "insurance": ["employee"],
    ...      "drg": ["BR25"], "total_cost": ["9000.00"]}
    ... )
    >>> indicators_of_settlement(settle_cases(stays, "suzhou-2022")).figures["grouping_rate"].tolist()
    [1.0]
    """
    policy = settlement.policy
    return indicators_of_cases(
        settlement.table,
        weights_of_table(policy.weight_table, policy),
        standard_fen=np.where(settlement.paid, settlement.payers.fund_fen, -1),
        limits=limits,
        zero_deaths_low_risk=zero_deaths_low_risk,
    )


def rank_gains(settled: pa.Table, *, by: str = "hospital") -> pd.DataFrame:
    """Rank hospitals, departments or groups by what they gain or lose.

    Parameters
    ----------
    settled : pyarrow.Table
        Cases of a settlement: columns `status`, `cost_fen`, `standard_fen`, `gain_fen` and the one named by `by`.
        Only paid cases count.
    by : str
        One of :data:`RANKED_BY`.

    Returns
    -------
    DataFrame
        ``rank``, the name, ``cases, cost_yuan, standard_yuan, gain_yuan, gain_per_case_yuan, gain_share`` (gain over
        cost), the largest gain first; equal gains stand in the order of their names.

    Raises
    ------
    UnknownNameError
        When gains cannot be ranked by that.

    Examples
    --------
    >>> import pyarrow as pa
    >>> table = pa.table(
    ...     {
    ...         "hospital": ["H1", "H2", "H2"],
    ...         "status": ["paid", "paid", "paid"],
    ...         "cost_fen": [100_00, 100_00, 100_00],
    ...         "standard_fen": [90_00, 120_00, 110_00],
    ...         "gain_fen": [-10_00, 20_00, 10_00],
    ...     }
    ... )
    >>> rank_gains(table)[["hospital", "gain_yuan", "gain_share"]].values.tolist()
    [['H2', 30.0, 0.15], ['H1', -10.0, -0.1]]
    """
    import pyarrow.compute as pc  # noqa: PLC0415  (only where a table is at hand)

    if by not in RANKED_BY or by not in settled.column_names:
        raise UnknownNameError(
            unknown_name("by", by, [name for name in RANKED_BY if name in settled.column_names], what="column")
        )
    amounts = ("cost_fen", "standard_fen", "gain_fen")
    lacking = [name for name in ("status", *amounts) if name not in settled.column_names]
    if lacking:
        raise UnknownNameError(
            [Problem("settled cases", f"no column {name}", "a table of settled cases") for name in lacking]
        )
    status: Any = pc.cast(settled.column("status"), "string")
    paid = settled.filter(pc.equal(status, PaymentStatus.PAID.value))
    totals = paid.group_by(by).aggregate([("gain_fen", "count"), *((name, "sum") for name in amounts)]).to_pandas()
    frame = totals.sort_values(["gain_fen_sum", by], ascending=[False, True], ignore_index=True)
    ranked: pd.DataFrame = frame[[by]].copy()
    ranked.insert(0, "rank", np.arange(1, len(frame) + 1))
    ranked["cases"] = frame["gain_fen_count"]
    for name in amounts:
        ranked[name.replace("_fen", "_yuan")] = frame[f"{name}_sum"] / 100
    ranked["gain_per_case_yuan"] = ranked["gain_yuan"] / ranked["cases"]
    ranked["gain_share"] = ranked["gain_yuan"] / ranked["cost_yuan"].where(ranked["cost_yuan"] != 0)
    return ranked
