"""Volume-based procurement: what price cuts save, what hospitals keep of it, and what a freeze of weights withholds."""

from __future__ import annotations

import numpy as np
import xarray as xr

from actuary.errors import DeclarationError, Problem
from actuary.fund.modules.view import ModuleDelta, ModuleView
from actuary.periods import Quarter
from actuary.policy.module_tables import ProcurementRound

__all__ = ["procurement", "purchasing_saving", "retained_surplus"]

_NAME = "procurement"
_LARGEST_RULE = "procurement.surplus_retention_max"


def purchasing_saving(
    *,
    volume: float,
    price_before_yuan: float,
    price_after_yuan: float,
    insured_share: float = 1.0,
    payment_share: float = 1.0,
) -> float:
    """Return the saving base: agreed volume × fall of price × share of insured patients × share the fund pays [yuan].

    Examples
    --------
    >>> saved = purchasing_saving(volume=3362, price_before_yuan=45988, price_after_yuan=27814)
    >>> round(saved / 1e6, 1)
    61.1
    """
    return volume * (price_before_yuan - price_after_yuan) * insured_share * payment_share


def retained_surplus[T: (float, xr.DataArray)](saving_yuan: T, *, retained_share: T, assessment: T) -> T:
    """Return what hospitals keep of a saving: the share, graded by the assessment [yuan].

    Examples
    --------
    >>> retained_surplus(1_000_000, retained_share=0.5, assessment=0.9)
    450000.0
    """
    return saving_yuan * retained_share * assessment


def procurement(view: ModuleView) -> list[ModuleDelta]:
    r"""Return what rounds of procurement change, each from its first whole quarter while the module is on.

    A round lowers the spending on a benefit by :math:`g\,(1-(1-c)(1+v))` with the share :math:`g` of its items, the cut
    :math:`c` and the change of volume :math:`v`. Where stays are paid by group, the fund sees none of it while the
    weights are frozen. Of what it sees in the first quarters hospitals get a part back later.

    Raises
    ------
    DeclarationError
        When the share that hospitals keep is more than the rule allows.
    """
    largest = view.policy.value(_LARGEST_RULE, view.quarters[0].first_day) if _LARGEST_RULE in view.policy else 1.0
    kept = view.path("purchasing.retained_share").to_numpy().max()
    if kept > largest:
        raise DeclarationError(
            Problem("purchasing.retained_share", f"{kept:g}", f"at most {largest:g}, see {_LARGEST_RULE}")
        )
    deltas: list[ModuleDelta] = []
    for one in view.modules.rounds:
        if one.scheme in view.schemes:
            deltas += _round(view, one)
    return deltas


def _round(view: ModuleView, one: ProcurementRound) -> list[ModuleDelta]:
    begin = Quarter((one.first_day.year), (one.first_day.month - 1) // 3 + 1)
    if one.first_day > begin.first_day:
        begin = begin + 1
    begin = max(begin, view.first_on(_NAME))
    since = np.array([quarter - begin for quarter in view.quarters])
    on = view.switch(_NAME) * view.quarterly((since >= 0).astype(float))
    gross = view.spent(one.scheme, one.benefit) * one.spending_share * one.saving_share * on
    frozen = view.quarterly((since < view.scalar("purchasing.freeze_quarters", view.quarters[0])).astype(float))
    by_case = view.path("purchasing.case_paid_share") if one.benefit in ("inpatient", "out_of_area") else 0.0
    withheld = gross * frozen * by_case
    seen = gross - withheld
    shared = view.quarterly((since < view.scalar("purchasing.retained_quarters", view.quarters[0])).astype(float))
    owed = retained_surplus(
        seen * shared,
        retained_share=view.path("purchasing.retained_share"),
        assessment=view.path("purchasing.assessment"),
    )
    lag = int(view.scalar("purchasing.retained_lag_quarters", view.quarters[0]))
    paid = owed.shift(quarter=lag, fill_value=0.0)
    line = (one.scheme, one.benefit)
    return [
        ModuleDelta(_NAME, "price_cuts", "spending", *line, -gross),
        ModuleDelta(_NAME, "frozen_weights", "spending", *line, withheld),
        ModuleDelta(_NAME, "retained_surplus", "spending", *line, paid),
    ]
