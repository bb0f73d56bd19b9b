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
# 已经发生、还没报上来的费用有多少？异地就医和手工报销晚几个月才到。本例的付费方是造出来的，最终数因此已知，可以对答案；
# 不是任何地方的数据。
#
# How much has been incurred but not yet reported? Claims from elsewhere come months late. The payer is made up, so what
# every month finally comes to is known and the answers can be checked.

# %% tags=["parameters"]
seed = 3
draws = 1000

# %%
from actuary import reserve_claims
from actuary.forecast.made_up import made_up_payer

rows, final = made_up_payer(seed, series=2, months=18, cutoffs=tuple(range(18)), drift=0.1)
rows["value"] /= 1e4  # 万元
truth = final.sum() / 1e4
rows.head()

# %% [markdown]
# ## 三角形 · The triangle
#
# 一行一个发生月，一列一个统计时点，数为到那时已报的金额，万元。右下角空着的，就是准备金要补上的。
# One row a month of service, one column a moment of looking; amounts known by then, 10k yuan. What is missing at the lower
# right is what reserves are for.

# %% tags=["keep_output", "nbval-check-output"]
one = rows[rows["series_id"] == "s0"]
print(one.pivot(index="period", columns="cutoff", values="value").iloc[-6:, -6:].round(1).to_string(na_rep=""))

# %% [markdown]
# ## 链梯法 · Chain ladder
#
# 过去从第一个月到第二个月涨多少，今后也涨多少；Mack 给出误差。`outstanding` 是还没报的，`q10`–`q90` 是最终数的80%区间。
# What came late before will come late again; Mack adds the error. `outstanding` is what is still to come.

# %%
mack = reserve_claims(rows, method="mack", draws=draws, seed=1)
mack

# %% tags=["keep_output", "nbval-check-output"]
columns = ["series", "period", "reported", "q10", "q50", "q90", "outstanding", "completion"]
print(mack.summary()[columns].tail(4).round(2).to_string(index=False))

# %% [markdown]
# ## 报告延迟模型 · A model of the delay
#
# 链梯法只看比例，假定报告的快慢不变。`delay` 模型分开估计两样东西：花了多少，报得多快；快慢可以逐时点变动，各序列互相借力，
# 因此报告变慢不会被误认作费用下降。先验写在 `models/forecast/reserving.toml`。
#
# Chain ladder sees ratios and takes the speed of reporting as fixed. The `delay` model tells how much was spent from how fast
# it is reported; the speed may drift, and series borrow strength, so that slower reporting is not taken for lower cost.

# %%
delay = reserve_claims(rows, method="delay", draws=draws, seed=1)
delay

# %% tags=["keep_output", "nbval-check-output"]
print(delay.summary()[columns].tail(4).round(1).to_string(index=False))

# %% [markdown]
# ## 对答案 · Checked against the truth
#
# 两种办法对全部月份合计的估计，与真实的最终数。一次对中不说明什么；许多次的成绩见 `docs/reserving.md`。
# Both estimates of the sum of all months beside what it truly comes to. Once proves nothing: `docs/reserving.md` has many.

# %% tags=["keep_output", "nbval-check-output"]
for name, found in {"mack": mack, "delay": delay}.items():
    total = found.totals().query("series == 'all'").iloc[0]
    inside = total["q10"] <= truth <= total["q90"]
    print(f"{name:6} median {total['q50'] / truth:.2f} of the truth, 80 % interval holds it: {inside}")

# %% [markdown]
# ## 用哪一个 · Which one
#
# 报告快慢一直不变、每月都有统计时点时，链梯法够用；时点少而相隔远、快慢在变、小序列要借力时用 `delay`。两者在公开数据上
# 各有胜负，`delay` 对平稳的付费方区间偏宽（`docs/reserving.md`）。
#
# Where the speed holds and every month was looked at, chain ladder will do; where cut-offs are few, the speed drifts or series
# are small, use `delay`. On public data each wins somewhere; for calm payers the intervals of `delay` are too wide.
