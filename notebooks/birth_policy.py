# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 生育政策 · Birth policy
#
# 多生一个孩子，基金先出钱后收钱：产检、分娩、生育津贴在前，儿童参保的保费和成年后的缴费在后。几年回本？对谁回本？
#
# With another child the fund pays first and earns later: delivery and leave now, premiums and contributions after
# decades. When is it earned back, and by whom?

# %% tags=["parameters"]
region = "national"
to = "2100Q4"

# %%
from actuary.fund.model import project_model
from actuary.fund.modules import cost_birth_policies, module_view

run = project_model(region, to=to, scenarios=("base",))
costs = cost_birth_policies(module_view(run))
costs

# %% [markdown]
# 与现行“三孩”规定相比的成本，亿元；负数是少花。一孩、二孩用来衡量放开本身，“补贴”在三孩之上加补贴和税费优惠。
# 政策对出生的影响是判断，成本几乎与它成正比（`models/national/model/birth_policies.toml`）。
#
# Cost against the three-child rule in force, in 亿元; negative is less. What a policy does to births is judgement, and the
# cost hangs on it nearly in proportion.

# %% tags=["keep_output", "nbval-check-output"]
summary = costs.summary()
money = [name for name in summary.columns if name.endswith("_yuan")]
summary[money] = (summary[money] / 1e8).round(0)
print(summary.to_string(index=False))

# %% [markdown]
# ## 回本的路 · The road to break-even
#
# 贴现后的累计成本。先升后降：孩子长大、缴费，基金收回；财政的补贴收不回。
# Discounted cost, summed up: it rises while children cost and falls when they contribute. What the budget gives stays given.

# %%
from actuary.report.plots import plot_years

yearly = costs.yearly()
subsidised = yearly[yearly["policy"] == "subsidised"]
plot_years(subsidised, "cumulative_yuan", by="payer", divisor=1e8, label="累计贴现成本，亿元 discounted cost", zero=True)

# %% tags=["keep_output", "nbval-check-output"]
years = subsidised[subsidised["year"].isin([2026, 2030, 2040, 2060, 2080, 2100])]
print((years.pivot(index="year", columns="payer", values="cumulative_yuan") / 1e8).round(0).to_string())

# %% [markdown]
# 谁付钱：基金的与财政的相加就是公共的，分文不差。Who pays: fund and budget add up to what the public pays.

# %% tags=["keep_output", "nbval-check-output"]
wide = yearly.pivot(index=["policy", "year"], columns="payer", values="cost_yuan")
gap = (wide["fund"] + wide["budget"] - wide["public"]).abs().max()
print("largest difference below one yuan:", gap < 1)
