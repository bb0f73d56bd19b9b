# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 未报告赔款准备金 · Reserving
#
# 已经发生、还没报上来的费用有多少？异地就医和手工报销晚几个月才到。本例的三角形是合成的，不是任何地方的数据。
#
# How much has been incurred but not yet reported? Claims from elsewhere come months late. The triangle is synthetic.

# %%
import pandas as pd

from actuary import reserve_claims

share = [0.55, 0.8, 0.92, 0.98, 1.0]  # known after 0, 1, 2 … years: made up
ends = {year: 100 * 1.06 ** (year - 2012) * (1 + 0.03 * (-1) ** year) for year in range(2012, 2022)}
rows = [
    (str(year), str(cutoff), ends[year] * share[min(cutoff - year, 4)] * (1 + 0.01 * ((year + cutoff) % 3 - 1)))
    for year in ends
    for cutoff in range(year, 2022)
]
triangle = pd.DataFrame(rows, columns=["period", "cutoff", "value"])

# %% [markdown]
# ## 三角形 · The triangle
#
# 一行一个发生年，一列一个截止时点。One row a year of service, one column a cut-off.

# %% tags=["keep_output", "nbval-check-output"]
print(triangle.pivot(index="period", columns="cutoff", values="value").iloc[-5:, -5:].round(1).to_string())

# %% [markdown]
# ## 链梯法 · Chain ladder
#
# 过去从第一年到第二年涨多少，今后也涨多少；Mack 给出误差。What came late before will come late again; Mack adds the error.

# %% tags=["keep_output", "nbval-check-output"]
reserve = reserve_claims(triangle, method="mack", draws=500, seed=1)
print(reserve.summary().tail(4).round(0).to_string())
print(reserve.totals().round(0).to_string())
