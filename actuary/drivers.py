"""The contract between forecasts and the fund: which drivers a projection takes, over which dims, in which unit.

A fund projection can be driven by an assumption basis, a scenario file or forecast draws, as long as each of them
hands over these variables. The contract knows nothing of either side.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ALL_DRIVERS",
    "BENEFIT_DRIVERS",
    "DRIVERS",
    "PEOPLE_DRIVERS",
    "POPULATION_DRIVERS",
    "TREND_FACTORS",
    "Driver",
]


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

#: What moves the cost of a use and the number of uses at a given age, apart from people; in their order.
TREND_FACTORS: tuple[str, ...] = ("price", "use", "technology", "policy")

_FACTOR_WORDS = {
    "price": ("价格", "prices"),
    "use": ("使用率", "use at a given age"),
    "technology": ("技术进步", "medical technology"),
    "policy": ("政策（集采、支付方式、目录）", "policy: purchasing, payment by case, catalogue"),
}
_SCHEME_WORDS = {"employee": ("职工", "employees"), "resident": ("居民", "residents")}
_BENEFIT_WORDS = {
    "inpatient": ("住院", "inpatient care"),
    "outpatient": ("门诊", "outpatient care"),
    "chronic": ("门诊慢特病", "chronic outpatient care"),
    "out_of_area": ("异地就医", "care out of area"),
    "maternity": ("生育", "maternity"),
    "critical_illness": ("大病保险", "critical illness"),
    "assistance": ("医疗救助", "assistance"),
    "long_term_care": ("长期护理", "long-term care"),
}


def _trend(scheme: str, factor: str, benefit: str = "") -> Driver:
    scheme_zh, scheme_en = _SCHEME_WORDS[scheme]
    zh, en = _FACTOR_WORDS[factor]
    name = f"{scheme}.{benefit}_{factor}_growth" if benefit else f"{scheme}.{factor}_growth"
    what_zh, what_en = _BENEFIT_WORDS.get(benefit, ("", ""))
    of = f" of {what_en}" if what_en else ""
    return Driver(name, "share", _DIMS, f"{scheme_zh}{what_zh}费用年增长：{zh}", f"Cost growth{of}, {scheme_en}: {en}")


#: Every driver of the people-driven model beside those it shares with the other, by name.
PEOPLE_DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        Driver("employee.wage_spread", "ratio", _DIMS, "工资对数标准差", "Standard deviation of log wages"),
        Driver("employee.collection_rate", "share", _DIMS, "职工缴费征缴率", "Collection of employees' contributions"),
        Driver(
            "employee.employer_rate_reduction", "share", _DIMS, "单位缴费减征比例", "Employer contribution not levied"
        ),
        Driver("employee.flexible_collection_rate", "share", _DIMS, "灵活就业征缴率", "Collection of flexible workers"),
        Driver(
            "employee.flexible_base", "ratio", _DIMS, "灵活就业缴费基数", "Base of flexible workers to average wage"
        ),
        Driver("employee.flexible_pool_rate", "share", _DIMS, "灵活就业统筹费率", "Pool rate of flexible workers"),
        Driver(
            "employee.flexible_account_rate", "share", _DIMS, "灵活就业账户费率", "Account rate of flexible workers"
        ),
        Driver("employee.other_income_share", "share", _DIMS, "财政补贴及其他收入占征缴", "Subsidies and other income"),
        Driver("employee.reserve_interest", "share", _DIMS, "职工统筹结余利率", "Interest on the employee pool"),
        Driver("employee.account_interest", "share", _DIMS, "个人账户利率", "Interest on personal accounts"),
        Driver("employee.account_spending_share", "ratio", _DIMS, "个人账户支出占收入", "Account spending to credits"),
        Driver("resident.subsidy_growth", "share", _DIMS, "居民财政补助年增长率", "Growth of the subsidy per resident"),
        Driver("resident.premium_growth", "share", _DIMS, "居民个人缴费年增长率", "Growth of the premium per resident"),
        Driver("resident.collection_rate", "share", _DIMS, "居民缴费征缴率", "Collection of residents' premiums"),
        Driver("resident.reserve_interest", "share", _DIMS, "居民结余利率", "Interest on the resident fund"),
        Driver("valuation.discount_rate", "share", _DIMS, "精算折现率", "Discount rate of the valuation"),
        *(_trend(scheme, factor) for scheme in _SCHEME_WORDS for factor in TREND_FACTORS),
    )
}

#: Trends of single benefits: where one is declared it holds in place of the scheme's own.
BENEFIT_DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        _trend(scheme, factor, benefit)
        for scheme in _SCHEME_WORDS
        for benefit in _BENEFIT_WORDS
        for factor in TREND_FACTORS
    )
}

#: What a scenario may change of the people themselves; a region's tables hold them, no assumption basis does.
POPULATION_DRIVERS: dict[str, Driver] = {
    driver.name: driver
    for driver in (
        Driver("population.total_fertility", "ratio", _DIMS, "总和生育率", "Births per woman"),
        Driver("population.mortality", "ratio", _DIMS, "死亡率", "Death rates"),
        Driver("population.net_migrants", "persons", _DIMS, "净迁入人数", "Net migrants"),
    )
}

#: Every driver of either projection.
ALL_DRIVERS: dict[str, Driver] = {**DRIVERS, **PEOPLE_DRIVERS, **BENEFIT_DRIVERS}
