"""Write the folder of a new city: templates that say in Chinese and English what every line wants."""

from __future__ import annotations

import re

from actuary.demography.population_files import FILES
from actuary.errors import DeclarationError, Problem
from actuary.fund.model.city_folder import BORROW_FILE, FIGURES_FILE
from actuary.policy import list_regions
from actuary.policy.regions import region_folder

__all__ = ["UNFILLED", "city_templates"]

#: What stands in a template where a word is still to be written.
UNFILLED = "待填写"
_ID = re.compile(r"[a-z][a-z0-9_]*")

_README = """# {city}

本文件夹是一个统筹区的全部输入；填好之后不写代码即可测算。
This folder holds every input of one pooling region; once it is filled, a projection needs no code.

    actuary check {city}                          # 还缺什么 · what is still to fill
    actuary project --model {city} --to 2050 --out out/{city}

| 文件 file | 内容 what | 必填 needed |
|---|---|---|
| city.toml | 名称与说明 names and notes | 是 yes |
| sources.md | 来源目录，编号S1、S2…不改 list of sources, ids never change | 是 yes |
| figures.csv | 基年与上一年的参保人数、收入、支出、结余 members, income, spending, balance of two years | 是 yes |
| population/base_population.csv | 年初分性别年龄人口 people by sex and age on 1 January | 是 yes |
| population/*.csv | 死亡率、生育率、出生性别比、净迁移 rates and migration | 是，或借用全国 yes, or borrowed |
| population/borrow.toml | 借用全国率的声明 which rates are the nation's | 否 no |
| assumptions/people.toml | 本地假设；其余沿用全国 own assumptions; the rest is the nation's | 否 no |
| policy/contributions.toml | 本地费率；其余沿用全国 own rates; the rest is the nation's | 否 no |
| model/README.md | 待遇结构如何本地化 how to declare benefits of your own | 否 no |
| scenarios/*.toml | 本地情景 scenarios of your own | 否 no |

不要填估计数充当公布数；判断写judgement并给理由。
Write no guess as if it were published; a choice of yours is `judgement`, with its reason.
"""

_CITY = """# 统筹区本身 · the pooling region itself
# id：本地区在各表中的代号，换文件夹名不变 · what the place is called in tables, whatever the folder is called
id = "{city}"
# name_zh：中文名，写入报告与图表 · name in Chinese, as it stands in tables
name_zh = "{unfilled}"
# name_en：英文名 · name in English
name_en = "{unfilled}"
# kind：city 市、county 县、province 省 · city, county or province
kind = "city"
# province：所在省，可不填（删去#） · province, may be left out (remove the #)
# province = "…省"
# province_en = "…"
# note_zh、note_en：读者应知道的口径差异 · what a reader should know of how figures are counted
# note_zh = "…"
# note_en = "…"
"""

_SOURCES = """# 来源 · Sources

编号不改，不重用。每行一个：[S1] 标题，发布者，日期，网址或文号。
Ids are never renumbered. One a line: [S1] title, publisher, date, address or number.

[S1] {unfilled}
"""

_FIGURES_HEAD = """# 年末人数与全年收支；金额单位yuan、10k_yuan（万元）、100m_yuan（亿元），人数persons、10k_persons（万人）。
# Members at the year-end and flows of the year; money in yuan, 10k_yuan or 100m_yuan, people in persons or 10k_persons.
# 填两年：基年（最近一个完整年度，2024年或以后）和上一年（只要人数）。value留空＝还没有；source写文件名称。
# Fill two years: the base year (the latest full one, 2024 or later) and the year before (members only). An empty value is
# still to be given; source names the document.
# active 在职 · retired 退休 · enrolled 居民参保 · income 收入 · expenditure 支出 · balance_end 累计结余
# pooled_… 统筹基金、personal_… 个人账户：有分账数就填六行，没有则按不分账测算（删去这些行）
# pooled_… and personal_…: where pool and accounts are known apart fill all six, else remove them: the fund is undivided
year,scheme,indicator,value,unit,source
"""  # noqa: E501
_FIGURES = (
    ("before", "employee", "active", "10k_persons"),
    ("before", "employee", "retired", "10k_persons"),
    ("before", "resident", "enrolled", "10k_persons"),
    ("base", "employee", "active", "10k_persons"),
    ("base", "employee", "retired", "10k_persons"),
    ("base", "employee", "income", "100m_yuan"),
    ("base", "employee", "expenditure", "100m_yuan"),
    ("base", "employee", "balance_end", "100m_yuan"),
    ("base", "employee", "pooled_income", "100m_yuan"),
    ("base", "employee", "pooled_expenditure", "100m_yuan"),
    ("base", "employee", "pooled_balance_end", "100m_yuan"),
    ("base", "employee", "personal_income", "100m_yuan"),
    ("base", "employee", "personal_expenditure", "100m_yuan"),
    ("base", "employee", "personal_balance_end", "100m_yuan"),
    ("base", "resident", "enrolled", "10k_persons"),
    ("base", "resident", "income", "100m_yuan"),
    ("base", "resident", "expenditure", "100m_yuan"),
    ("base", "resident", "balance_end", "100m_yuan"),
)

_PEOPLE = """# 人口 · People

每个文件第一行是列名，下面填数；数字不带单位与千分位。
The first line of each file names its columns; write numbers below it, without units.

| 文件 file | 列 columns | 说明 |
|---|---|---|
| base_population.csv | age,sex,population | 首个测算年1月1日人数（人，不是万人）；sex写male或female；最大年龄是开口组 · persons on 1 January of the first projected year; the largest age is open |
| mortality.csv | year,age,sex,mx | 死亡率（每人年） · deaths per person-year |
| fertility.csv | year,age,asfr | 分年龄生育率（每妇女每年） · births per woman and year |
| srb.csv | year,srb | 出生性别比：男婴除以女婴，约1.05 · boys per girl born |
| migration.csv | year,age,sex,net_migrants | 净迁入人数，无迁移写0 · persons who move in less those who leave; write 0 where nobody moves |

首个测算年＝基年的下一年。年龄用单岁；只有五岁组时可借用全国的率（见borrow.toml），人数按全国同性别的单岁结构拆开。
The first projected year follows the base year. Ages are single years; with five-year groups borrow the nation's rates
(see borrow.toml): people are split as the nation's of that sex are.
"""  # noqa: E501

_BORROW = """# 没有本地死亡率、生育率时，可声明借用全国（世界人口展望2024年修订本）；删去下面三行的#即生效，结果会注明。
# Without rates of your own, say that those of the nation are used (World Population Prospects 2024): remove the # of the
# three lines below; the result says so.
# first_year：base_population.csv的年份，2024或2025 · the year of base_population.csv, 2024 or 2025
# first_year = {first_year}
# rates：死亡率、生育率、出生性别比取自何处 · where death rates, births per woman and the sex ratio come from
# rates = "national"
# migration：none 不计净迁移；national 按人口比例取全国 · none, or the nation's in proportion
# migration = "none"
"""  # noqa: E501

_ASSUMPTIONS = """# 本地假设；没有写的沿用全国assumptions/people.toml · own assumptions; what is not here is the nation's
name_zh = "{unfilled}"
name_en = "{unfilled}"
# extends：垫底的假设 · the assumptions below yours
extends = "national:people"

# 季节分布：national 借用全国，own 用本地分月数 · whose months are used: national, or own figures by month
[seasonal.source_region]
name = "季节分布取自"
name_en = "Whose seasons are used"
unit = "name"
choices = ["own", "national"]

[[seasonal.source_region.values]]
from = 2014-01-01
value = "national"
source = "judgement"
reason = "没有本地的分月数"
reason_en = "No figures by month of its own"

# 例：本地缴费基数增速。删去#，改值，写理由；from是起始日，最后一个值沿用到测算终点。
# An example: growth of the contribution base. Remove the #, write value and reason; from is the first day, and the last
# value is carried on to the end of the projection.
# [employee.contribution_base_growth]
# name = "人均缴费基数年增长率"
# name_en = "Annual growth of the contribution base per active member"
# unit = "share"
# minimum = -0.2
# maximum = 0.3
#
# [[employee.contribution_base_growth.values]]
# from = {first_year}-01-01
# value = 0.03
# source = "judgement"
# reason = "……"
# reason_en = "…"
"""  # noqa: E501

_POLICY = """# 本地规定；没有写的沿用全国policy/*.toml · own rules; what is not here is the nation's
# 例：单位费率。0.08就是8%；from是生效日；source是sources.md中的编号。
# An example: the employer's rate. 0.08 is 8 %; from is the first day in force; source is an id of sources.md.
# [employee.employer_rate]
# name = "用人单位缴费费率"
# name_en = "Employer contribution rate"
# unit = "share"
# minimum = 0
# maximum = 0.2
# values = [
#   {{ from = 2020-01-01, value = 0.08, first_record = true, source = "S1" }},
# ]
"""

_MODEL = """# 待遇结构 · Benefits

没有finance.toml时使用全国的待遇结构，水平由本地总收支定标，系数在结果的定标表中列出。
Without finance.toml the nation's benefits are used; their level is set by your own totals, and the factors are listed
with the result.

有本地住院率、次均费用、支付比例时，把全国的models/national/model/finance.toml与age_profiles.csv复制到这里，
base_year改为本地基年，逐项改数并写来源。membership.toml只写与全国不同的项。
With admission rates, costs per stay and shares of your own, copy the nation's finance.toml and age_profiles.csv here, set
base_year, and change what differs, each with its source. membership.toml holds only what differs from the nation.
"""  # noqa: E501

_SCENARIO = """# 本地情景放在这里：每个文件一个，写法见models/scenarios。
# Scenarios of your own, one file each, laid out as in models/scenarios.
"""


def city_templates(city: str, *, base_year: int = 2024) -> dict[str, str]:
    """Return the files of a new city's folder.

    Parameters
    ----------
    city : str
        Id of the city: small letters, digits, underscores.
    base_year : int
        Latest full year with figures.

    Returns
    -------
    dict
        Path inside the folder to content.

    Raises
    ------
    DeclarationError
        When the id cannot be one.

    Examples
    --------
    >>> files = city_templates("my_city")
    >>> "figures.csv" in files, "population/base_population.csv" in files
    (True, True)
    >>> city_templates("My")
    Traceback (most recent call last):
    actuary.errors.DeclarationError: CITY: found 'My'; expected small letters, digits and underscores, as in my_city
    """
    if not _ID.fullmatch(city) or city == "national":
        raise DeclarationError(Problem("CITY", repr(city), "small letters, digits and underscores, as in my_city"))
    words = {"city": city, "unfilled": UNFILLED, "first_year": base_year + 1}
    years = {"before": base_year - 1, "base": base_year}
    figures = "".join(f"{years[when]},{scheme},{name},,{unit},\n" for when, scheme, name, unit in _FIGURES)
    declared = _declared_files(city)
    files = {
        "README.md": _README.format(**words),
        "city.toml": _CITY.format(**words),
        "sources.md": _SOURCES.format(**words),
        FIGURES_FILE: _FIGURES_HEAD + figures,
        "population/README.md": _PEOPLE,
        **{f"population/{name}": ",".join(form.columns) + "\n" for name, form in FILES.items()},
        f"population/{BORROW_FILE}": _BORROW.format(**words),
        "assumptions/people.toml": _ASSUMPTIONS.format(**words),
        "policy/contributions.toml": _POLICY.format(**words),
        "model/README.md": _MODEL,
        "scenarios/README.md": _SCENARIO,
    }
    return files | declared


def _declared_files(city: str) -> dict[str, str]:
    """Return what is declared of a city already, its rules with their sources: its folder begins with them."""
    if city not in list_regions():
        return {}
    folder = region_folder(city)
    parts = ("city.toml", "sources.md", "policy/*.toml", "assumptions/*.toml", "model/*.toml", "model/*.csv")
    found = {path.relative_to(folder).as_posix(): path for part in parts for path in sorted(folder.glob(part))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in found.items()}
    # The schemas lie beside the declarations, not beside a team's folder.
    texts = {name: text.partition("\n")[2] if text.startswith("#:schema") else text for name, text in texts.items()}
    return texts | {"city.toml": f'id = "{city}"\n{texts["city.toml"]}'}
