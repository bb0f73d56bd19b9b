"""The contract between forecasts and the fund: which drivers a projection takes, over which dims, in which unit.

A fund projection can be driven by an assumption basis, a scenario file or forecast draws, as long as each of them
hands over these variables. The contract knows nothing of either side.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DRIVERS", "Driver"]


@dataclass(frozen=True, slots=True)
class Driver:
    """Describe one driver of the fund projection.

    Parameters
    ----------
    name : str
        Key in an assumption basis, such as ``employee.active_growth``.
    unit : str
        Unit of its value.
    dims : tuple of str
        Dimensions it may vary over, in the project's order.
    zh, en : str
        What it is, in words.
    """

    name: str
    unit: str
    dims: tuple[str, ...]
    zh: str
    en: str


_DIMS = ("draw", "scenario", "year")

#: Every driver of the fund projection, by name.
DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        Driver("employee.active_growth", "share", _DIMS, "在职职工人数年增长率", "Annual growth of active members"),
        Driver("employee.retired_growth", "share", _DIMS, "退休人员年增长率", "Annual growth of retired members"),
        Driver(
            "employee.contribution_base_growth", "share", _DIMS, "人均缴费基数年增长率", "Annual growth of the base"
        ),
        Driver("employee.pooled_cost_growth", "share", _DIMS, "统筹基金人均费用年增长率", "Annual growth of pool cost"),
        Driver("employee.relative_cost_retired", "ratio", _DIMS, "退休对在职人均费用之比", "Retired to active cost"),
        Driver(
            "employee.personal_spending_growth", "share", _DIMS, "个人账户人均支出年增长率", "Account spending growth"
        ),
        Driver(
            "resident.enrolled_growth", "share", _DIMS, "居民参保人数年增长率", "Annual growth of residents enrolled"
        ),
        Driver("resident.funding_growth", "share", _DIMS, "居民人均筹资年增长率", "Annual growth of funding per head"),
        Driver("resident.cost_growth", "share", _DIMS, "居民人均费用年增长率", "Annual growth of cost per head"),
    )
}
