# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 付费与并行测算 · Payment and parallel run
#
# 一份病案为什么付这么多？换一套办法，谁得谁失，差在哪一条？全部在合成城市上算到分。
#
# Why is a stay paid what it is paid? Under other rules, who gains, who loses, and by which rule? On a synthetic city, to
# the fen.

# %% tags=["parameters"]
cases = 20000
seed = 1
adjusting = 0.03  # part of the budget kept as adjusting fund in the second policy

# %%
import tempfile
from pathlib import Path

import pandas as pd

import actuary
from actuary.workflow.synthetic import write_synthetic_city

folder = tempfile.TemporaryDirectory()
city = write_synthetic_city("shenyang", Path(folder.name) / "city", cases=cases, seed=seed)
budget = pd.read_csv(city.folder / "budget.csv", dtype=str).set_index("insurance")["budget_yuan"].to_dict()

# %% [markdown]
# ## 结算 · Settlement
#
# 点数 = 权重 × 100 × 等级系数；预算留调节金后除以总点数即点值。账必须平：预算 = 支付 + 结余。
# Points are weight × 100 × coefficient; the budget, less the adjusting fund, over all points is the value of a point.

# %%
settled = actuary.settle_cases(city.folder / "cases.parquet", city.folder / "policy.toml", budget=budget)
settled

# %% tags=["keep_output", "nbval-check-output"]
for value in settled.point_values:
    print(f"{value.insurance}: {float(value.value)} yuan a point")
classes = settled.totals(by=("class",))[["class", "cases", "points", "standard_to_cost"]]
print(classes.round({"points": 1, "standard_to_cost": 4}).to_string(index=False))

# %% [markdown]
# ## 两套办法 · Two policies
#
# 第二套只改两处：调节金的比例和三级医院的系数。差额按条款逐项分解，相加等于总差额。
# The second policy changes the adjusting fund and the coefficient of tier 3. The difference is told
# apart rule by rule and closes to the fen.

# %%
from actuary.payment.policy_changes import change_policy
from actuary.payment.policy_files import load_payment_policy

today = load_payment_policy(city.folder / "policy.toml")
other = change_policy(today, {"price.adjust_share": adjusting, "coefficient.tier.3": 1.05})
run = actuary.compare_policies(city.folder / "cases.parquet", today, other, budget_a=budget)
run

# %% tags=["keep_output", "nbval-check-output"]
print(run.rules[["rule", "difference_fen"]].to_string(index=False))
print("closes:", int(run.rules["difference_fen"].sum()) == run.difference_fen)

# %% tags=["keep_output", "nbval-check-output"]
tiers = run.by("tier")
print(tiers[[name for name in ("tier", "cases", "a_fen", "b_fen", "difference_fen") if name in tiers]].to_string(index=False))

# %% tags=["keep_output", "nbval-check-output"]
columns = [name for name in ("hospital", "tier", "cases", "difference_fen") if name in run.gainers()]
print(run.gainers(3)[columns].to_string(index=False))

# %% [markdown]
# ## 一百种设定 · Many settings
#
# 同一批病例在许多设定下各结算一遍。The same stays under many settings.

# %% tags=["keep_output", "nbval-check-output"]
settings = [{"coefficient.tier.3": factor} for factor in (1.0, 1.05, 1.1)]
sweep = actuary.sweep_policy(city.folder / "cases.parquet", today, settings, budget=budget)
print((sweep.total("fund_fen") / 100).tolist())

# %% [markdown]
# ## 自己动手 · What if
#
# 办法里有哪些数，面板就有哪些滑块：预算、调节金、等级系数、病例界限。每动一次，两万份病案重新结算，平到分；
# 可存成办法文件，`actuary settle` 直接用。
# The sliders are the numbers of the policy: budget, adjusting fund, coefficients, boundaries. Each move settles all cases
# again, to the fen, and can be kept as a policy that `actuary settle` reads.

# %%
panel = actuary.panel_payment(city.folder / "cases.parquet", today, budget=budget, folder=folder.name)
panel

# %% tags=["keep_output", "nbval-check-output"]
panel.set(adjust_share=100 * adjusting)
print(panel.tables["每点的价值"].round(4).to_string(index=False))
print(panel.table.round(2).to_string(index=False))
