# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 权重 · Weights
#
# 一个病组值多少，由病例说了算：组均费用 ÷ 全体均费。怎样去掉极端值、什么样的组算稳定，写在办法里。
#
# What a group is worth is what its cases cost: mean of the group over mean of all. How extremes are trimmed and when a group
# is stable is declared. Here on a synthetic city; `weights_to_clearing` does it on real stays where they are at hand.

# %% tags=["parameters"]
cases = 20000
seed = 2

# %%
import tempfile
from pathlib import Path

from actuary.payment.policy_files import load_payment_policy
from actuary.payment.weights_of_cases import weigh_cases
from actuary.workflow.synthetic import write_synthetic_city

folder = tempfile.TemporaryDirectory()
city = write_synthetic_city("shenyang", Path(folder.name) / "city", cases=cases, seed=seed)
policy = load_payment_policy("points-from-cases", partial_ok=True)
print(policy.weights.trim, policy.weights.stable, sep="\n")

# %%
weighed = weigh_cases(city.folder / "cases.parquet", policy)
table = weighed.weights.to_frame()

# %% tags=["keep_output", "nbval-check-output"]
columns = ["group", "n", "n_trimmed", "mean_yuan", "trimmed_mean_yuan", "cv", "rw", "stable"]
print(table.sort_values("n", ascending=False)[columns].head(8).round(3).to_string(index=False))
print("stable:", int(table["stable"].sum()), "of", len(table))

# %% [markdown]
# ## 截尾改变什么 · What trimming changes
#
# 少数极贵的病例会把均值抬高；截去它们，变异系数（CV）下降。
# A few very dear stays lift the mean; without them the coefficient of variation falls.

# %% tags=["keep_output", "nbval-check-output"]
large = table[table["n"] >= 30]
print(large[["cv_before", "cv"]].describe().loc[["25%", "50%", "75%"]].round(3).to_string())

# %% [markdown]
# ## 分组好不好 · How good the grouping is
#
# RIV：组间差异占总差异的比重，越大越好。RIV is the part of the variance that lies between groups.

# %% tags=["keep_output", "nbval-check-output"]
from actuary.payment.indicator_limits import load_indicator_limits

limits = load_indicator_limits()
print(weighed.quality(cv_limit=limits.cv_under.exact).summary())

# %% [markdown]
# ## 不稳定的组 · Groups that are not stable

# %% tags=["keep_output", "nbval-check-output"]
print(table.loc[~table["stable"], "reason_en"].str.replace(r"\d[\d.]*", "N", regex=True).value_counts().head(4).to_string())

# %% [markdown]
# ## 等级系数 · Coefficients of tiers
#
# 扣除病组构成之后，一个等级有多贵。How dear a tier is once its mix of groups is taken out.

# %% tags=["keep_output", "nbval-check-output"]
from actuary.payment.declared_rules import coefficient_rule

print(weighed.coefficients(coefficient_rule(policy)).to_frame().round(4).to_string(index=False))
