"""Medical assistance (医疗救助): the burden insurance leaves to the entitled, the share paid of it, and a ceiling."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from actuary.fund.modules.severity import fit_law
from actuary.fund.modules.view import ModuleDelta, ModuleView

__all__ = ["assistance_per_person", "medical_assistance", "residual_burden"]

_NAME = "medical_assistance"
_BENEFITS = ("inpatient", "out_of_area", "chronic")


def residual_burden(view: ModuleView) -> xr.DataArray:
    """Return what insurance leaves of the covered cost of a resident, dims (quarter) [yuan a person and year].

    Covered cost less what the fund pays of it, and less critical illness; over inpatient, out-of-area and chronic care.
    """
    shares = view.inputs.calibration.fund_share.sel(scheme="resident", drop=True)
    season = view.season("resident", "expenditure")
    left = view.quarterly(np.zeros(len(view.quarters)))
    for benefit in _BENEFITS:
        share = float(shares.sel(benefit=benefit))
        if share > 0:
            left = left + view.spent("resident", benefit) * (1 - share) / share
    left = left - view.spent("resident", "critical_illness")
    return (left / season / view.persons("resident")).clip(min=0.0)


def assistance_per_person(
    burden: NDArray[np.float64], *, variation: float, share: NDArray[np.float64], ceiling: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Return the mean assistance of persons with a skewed burden, up to a ceiling.

    .. math:: E[\min(sX, C)] = s\,(E[X] - E[(X - C/s)^+])

    Parameters
    ----------
    burden : array, shape (n,)
        Mean burden [yuan].
    variation : float
        Coefficient of variation of the burden [ratio].
    share : array, shape (n,)
        Share paid [share].
    ceiling : array, shape (n,)
        Most that a person gets in a year [yuan].

    Returns
    -------
    array, shape (n,)
        Mean assistance [yuan].

    Examples
    --------
    >>> paid = assistance_per_person(
    ...     np.array([4000.0]), variation=2.5, share=np.array([0.7]), ceiling=np.array([50000.0])
    ... )
    >>> bool(2500 < paid[0] < 2800)
    True
    """
    paid = np.zeros(len(burden))
    for row, (mean, part, most) in enumerate(zip(burden, share, ceiling, strict=True)):
        if mean > 0 and part > 0:
            above = float(fit_law("lognormal", mean=mean, variation=variation).excess(most / part))
            paid[row] = part * (mean - above)
    return paid


def medical_assistance(view: ModuleView) -> list[ModuleDelta]:
    """Return what assistance adds to the resident fund: its spending, and what the budget pays towards it."""
    if "resident" not in view.schemes:
        return []
    burden = residual_burden(view) * view.path("aid.relative_use")
    ceiling = view.path("aid.ceiling") * view.level("aid.ceiling_growth")
    per_person = assistance_per_person(
        burden.to_numpy(),
        variation=view.scalar("aid.burden_variation", view.quarters[0]),
        share=view.path("aid.share").to_numpy(),
        ceiling=ceiling.to_numpy(),
    )
    eligible = view.persons("resident") * view.path("aid.eligible_share")
    season = view.season("resident", "expenditure")
    paid = eligible * view.quarterly(per_person) * season * view.switch(_NAME)
    return [
        ModuleDelta(_NAME, "benefits", "spending", "resident", "assistance", paid),
        ModuleDelta(_NAME, "budget", "income", "resident", "subsidy", paid * view.path("aid.budget_share")),
    ]
