# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 人口与抚养比 · People and the ratio
#
# 几个在职的养一个退休的，将来怎样，为什么？人口按联合国的方法逐岁推算，参保人按制度规定在状态间移动。
#
# How many active members stand behind each retired one, what will become of it, and why? People are projected by single
# ages in the United Nations' way; members move between statuses by the rules of the scheme.

# %% tags=["parameters"]
region = "national"
to = "2050Q4"

# %%
import actuary

people = actuary.project_population(actuary.load_population(region))
people

# %% [markdown]
# ## 参保人 · Members
#
# 职工医保只有在职人员缴费，退休人员不缴费。**抚养比** = 在职 ÷ 退休。
# In the employee scheme only active members contribute. The **ratio** is active over retired members.

# %%
model = actuary.load_model(region)
scenarios = ["base", "no_delayed_retirement", "delayed_retirement"]
run = model.project(to=to, scenarios=scenarios)

# %% tags=["keep_output", "nbval-check-output"]
import pandas as pd

ratios = {name: run.members[name].yearly_ratio().to_series() for name in scenarios}
table = pd.DataFrame(ratios)
print(table.iloc[[0, 1, 6, 11, 16, 21, 26]].round(2).to_string())

# %% [markdown]
# 底线情景已含渐进式延迟退休；`no_delayed_retirement` 去掉它，用来衡量这项改革本身；`delayed_retirement` 是快一倍的推进。
# The base holds the gradual reform of the retirement age; leaving it out measures the reform itself.

# %%
from actuary.report.plots import plot_years

long = table.rename_axis("year").reset_index().melt("year", var_name="scenario", value_name="ratio")
plot_years(long, "ratio", by="scenario", label="在职 ÷ 退休 active per retired")

# %% [markdown]
# ## 为什么下降 · Why it falls
#
# 变化按原因分解，各项相加等于总变化，没有余项。The change is taken apart by cause; the causes add up to it exactly.

# %% tags=["keep_output", "nbval-check-output"]
causes = run.members["base"].decompose_ratio("2024Q4", "2035Q4")
print(causes[["cause", "name", "effect"]].round(3).to_string(index=False))
parts = causes.loc[causes["cause"] != "total", "effect"].sum()
print("closes:", abs(parts - causes.set_index("cause").loc["total", "effect"]) < 1e-9)

# %% [markdown]
# ## 有多不确定 · How uncertain people are
#
# 生育、寿命、迁移按公布的区间抽样（判断见 `models/national/model/population_paths.toml`），其余假设不动：下面只是人口带来的差异。
# Fertility, survival and migration are drawn from published bounds and nothing else moves: what is shown comes from people
# alone. Uncertainty of prices, use and wages comes on top.

# %% tags=["keep_output", "nbval-check-output"]
many = model.project(to="2035Q4").stochastic(200, seed=1)
for variable in ("dependency_ratio", "payable_months"):
    fan = many.fan(variable)
    at = fan[fan["year"].isin([2030, 2035]) & (fan.get("scheme", "employee") == "employee")].set_index("year")
    print(variable)
    print(at[["q10", "q50", "q90"]].round(2).to_string())
    print(f"80 % band over its median in 2035: {(at['q90'] - at['q10']).loc[2035] / at['q50'].loc[2035]:.0%}")

# %% [markdown]
# 到2035年，比值的80%区间宽约为中位数的百分之几，可支付月数的却超过四分之一：结余是逐年差额的累积，两边的小差异会越积越大。
# By 2035 the 80 % band of the ratio is a few hundredths of it, that of the months payable more than a quarter: the balance
# adds up every year's gap between income and spending, so small differences on both sides grow.
