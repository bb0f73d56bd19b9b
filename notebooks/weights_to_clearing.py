# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 从权重到清算 · From weights to clearing
#
# 用 24,612 份真实病案走一遍按病组付费的全过程：测算权重和系数、算点数、定点值、结算、年终清算，最后两本账平到分。
#
# 24,612 real hospital stays go the whole way of payment by groups: weights and coefficients from cases, points, the value
# of a point, settlement, clearing at the year's end, and books that close to the fen.
#
# **数据 · The data.** 美国纽约州2020年骨骼肌肉系统住院病案（SPARCS，已去标识），101家医院；费用是真实的（美元）。医保基金所需的其余信息是
# 替代品：医院等级按住院人次划分，两个基金池按付费方划分，基金按项目应付一律取费用的七成。它们与中国任何统筹区无关；金额栏里的“元”实为美元。
#
# Stays of New York State in 2020, musculoskeletal system (SPARCS, de-identified), 101 hospitals; the costs are real (US
# dollars). What else a pool needs is stood in for: tiers by number of stays, two pools by payer, seven tenths of every
# cost as what the pool would have paid item by item. None of it says anything on China, and “yuan” are dollars here.

# %% [markdown]
# 数据不随软件分发。找不到文件时，本笔记在下面第二个单元停下，并说明需要什么。
# The data do not come with the package. Without them the notebook stops at its second cell and says what it needs.

# %% tags=["parameters"]
stays_file = None  # path of the stays; None: the reference folder beside the checkout
fund_share = "0.7"  # part of every cost that the pool would have paid item by item
budget_part = "0.97"  # the year's budget as part of what would have been paid item by item

# %%
from decimal import Decimal
from pathlib import Path

from actuary.paths import notebooks_root
from actuary.tables.new_york_stays import read_new_york_stays

beside = notebooks_root().parents[1] / "shared" / "series" / "sparcs_msk_cases.csv.gz"
stays = read_new_york_stays(stays_file or beside, fund_share=fund_share)
stays.head()

# %% tags=["keep_output", "nbval-check-output"]
hospitals = stays.groupby("tier")["hospital"].nunique()
print(f"{len(stays):,} stays, {stays['hospital'].nunique()} hospitals, {stays['drg'].nunique()} groups")
print("hospitals by tier:", hospitals.to_dict())
print("cost:", f"{stays['total_cost'].map(Decimal).sum():,}")

# %% [markdown]
# ## 1 规则 · The rules
#
# 规则写在文件里（`models/national/payment/points-from-cases.toml`），代码里没有数。它是一个演示用的点数法，不是任何城市的办法。
# The rules stand in a file; the code holds no number. It is a points method made for this page, and no city's.

# %%
from actuary.payment.policy_files import load_payment_policy

policy = load_payment_policy("points-from-cases", partial_ok=True)
print("trim:  ", policy.weights.trim)
print("stable:", policy.weights.stable)
for missing in policy.required_inputs:
    print("still to be given:", missing.key, missing.what_zh, missing.what_en)

# %% [markdown]
# ## 2 裁剪与权重 · Trimming and weights
#
# 每组费用取对数，四分位距1.5倍以外的病例不参与均值（裁剪）。**权重 = 本组裁剪后均值 ÷ 全部病例裁剪后均值。** 不足5例或变异系数大于1的组不稳定，
# 改用所属ADRG（此处为APR-DRG基本组）的均值；改动之后其余权重同比例调整，总权重不变。
#
# On the logarithm of costs, cases beyond 1.5 interquartile ranges do not count in the mean. **Weight = mean of the group
# over mean of all cases, both trimmed.** Groups with fewer than 5 cases or a coefficient of variation above 1 are not
# stable and take the mean of their ADRG (here: the base APR-DRG); the other weights are rescaled so that the total holds.

# %%
from actuary.payment.weights_of_cases import weigh_cases

weighed = weigh_cases(stays, policy)
weights = weighed.weights
table = weights.to_frame()
columns = ["group", "n", "n_trimmed", "mean_yuan", "trimmed_mean_yuan", "cv_before", "cv", "rw", "stable", "reason_zh"]
table[columns].sort_values("n", ascending=False).head(12).round(3)

# %% tags=["keep_output", "nbval-check-output"]
print(weights.summary())
print(table.loc[~table["stable"], ["group", "n", "cv", "rw", "reason_en"]].round(3).to_string(index=False))

# %% [markdown]
# ## 3 分组好不好 · How good the grouping is
#
# **CV** 看组内差异，小于1为好；**RIV** 是组间差异占总差异的比重，大于0.7为好。骨骼肌肉一个系统内部，RIV自然低于全部病种。
# **CV** measures the spread within groups, below 1 is good; **RIV** is the part of the variance that lies between groups,
# above 0.7 is good. Within one system of the body it is naturally lower than over all diseases.

# %% tags=["keep_output", "nbval-check-output"]
from actuary.payment.indicator_limits import load_indicator_limits

limits = load_indicator_limits()
quality = weighed.quality(cv_limit=limits.cv_under.exact)
print(quality.summary())
print(f"target: RIV above {limits.riv_over.value} ({limits.riv_over.name}, {limits.riv_over.source})")

# %%
import matplotlib.pyplot as plt

figure, axis = plt.subplots(figsize=(7, 3))
spread = quality.to_frame()
axis.hist([spread["cv_before"].dropna(), spread["cv_after"].dropna()], bins=20, label=["before", "after trimming"])
axis.axvline(float(limits.cv_under.value), color="black", linewidth=1)
axis.set(xlabel="coefficient of variation of a group", ylabel="groups")
axis.legend()
plt.show()

# %% [markdown]
# ## 4 等级系数 · Coefficients of tiers
#
# 系数 = 本等级实际费用 ÷ 同样病组按全体均值应花的费用，再调整到总权重不变。大医院贵，不是因为病组不同：病组已经扣除。
# Coefficient = what a tier spent over what the same groups cost on average, rescaled so that the total weight holds. The
# mix of groups is taken out: what is left is how dear a tier is.

# %% tags=["keep_output", "nbval-check-output"]
from actuary.payment.declared_rules import coefficient_rule

coefficients = weighed.coefficients(coefficient_rule(policy))
print(coefficients.summary())
print(coefficients.to_frame().round(4).to_string(index=False))

# %% [markdown]
# ## 5 预算与点值 · Budget and the value of a point
#
# 预算 = 按项目应付的97%，分职工、居民两池（此处是替代品）。先留5%作调节金，其余除以总点数即**点值**。病例点数 = 权重 × 100 × 等级系数；
# 费用低于均值四成的按实际比例给点，高于三倍的加点。
#
# The budget is 97 % of what would have been paid item by item, in two pools. 5 % is kept as adjusting fund; the rest over
# all points is the **value of a point**. Points = weight x 100 x coefficient; below 0.4 of the mean by the ratio, above 3
# times the mean with an addition.

# %%
import tempfile

from actuary.payment.settle import settle_cases
from actuary.payment.weight_files import write_computed_policy

work = tempfile.TemporaryDirectory()
computed = write_computed_policy(policy, weights, Path(work.name), coefficients=coefficients)
charged = stays["fund_charged"].map(Decimal).groupby(stays["insurance"]).sum()
budget = {pool: (amount * Decimal(budget_part)).quantize(Decimal("0.01")) for pool, amount in charged.items()}
settled = settle_cases(weighed.cases, computed, budget=budget)
settled

# %% tags=["keep_output", "nbval-check-output"]
for value in settled.point_values:
    print(f"{value.insurance}: {float(value.points):,.4f} points, {float(value.value)} a point")
classes = settled.totals(by=("class",))[["class", "cases", "points", "standard_to_cost"]]
print(classes.round({"points": 2, "standard_to_cost": 4}).to_string(index=False))
for line in settled.books:
    print(f"{line.insurance:<9} {line.item:<15} {line.amount_fen / 100:>17,.2f}")

# %% [markdown]
# ## 6 谁得谁失 · Who gains, who loses
#
# 盈亏 = 支付标准 − 费用。费用消耗指数大于1的医院，同样的病组花得比别人多，多半亏损。
# Gain = payment standard less cost. A hospital whose cost consumption index is above 1 spends more on the same groups than
# others do, and mostly loses.

# %% tags=["keep_output", "nbval-check-output"]
from actuary.payment.indicator_stays import indicators_of_cases, rank_gains

rw = {weight.group: weight.rw for weight in weights.groups if weight.rw is not None}
indicators = indicators_of_cases(settled.table, rw, standard_fen=settled.payers.fund_fen)
ranked = rank_gains(settled.cases, by="hospital")
shown = indicators.to_frame()[["hospital", "cases", "cmi", "cost_index", "time_index", "cost_accuracy"]]
joined = ranked[["rank", "hospital", "gain_yuan", "gain_share"]].merge(shown, on="hospital")
large = joined[joined["cases"] >= 200]
print(large.head(6).round(3).to_string(index=False))
print(large.tail(6).round(3).to_string(index=False, header=False))

# %%
figure, axis = plt.subplots(figsize=(6, 4))
axis.scatter(large["cost_index"], large["gain_share"], s=large["cases"] / 8, alpha=0.6)
axis.axhline(0, color="black", linewidth=0.8)
axis.axvline(1, color="black", linewidth=0.8)
axis.set(xlabel="cost consumption index", ylabel="gain / cost", title="hospitals with at least 200 stays")
plt.show()

# %% tags=["keep_output", "nbval-check-output"]
for by in ("tier", "department", "insurance"):
    print(rank_gains(settled.cases, by=by)[[by, "cases", "gain_per_case_yuan", "gain_share"]].round(4).to_string(index=False))

# %% [markdown]
# ## 7 年终清算 · Clearing at the year's end
#
# 应付扣5%保证金，按考核分返还（满90分全返，60–90分按分返，不足60分不返）；实际费用不到应付85%的按实际付，超支10%以内的由调节金分担一半。
# 考核分此处由费用消耗指数推出，只为演示。**预算 = 支付 + 未返还保证金 + 未用调节金 + 舍入余数，一分不差。**
#
# 5 % of what is due is withheld and comes back by score; below 85 % of what is due the hospital gets what it spent, and of
# an overspend of up to 10 % the adjusting fund bears half. The scores are made from the cost consumption index here, only
# to show the step. **Budget = payments + deposit not returned + unspent adjusting fund + rounding residual, to the fen.**

# %%
from actuary.payment.clearing_run import ClearingFiles, clear_settlement

scores = indicators.to_frame()[["hospital"]]
scores["score"] = (100 - 100 * (indicators.figures["cost_index"] - 1).clip(0, 0.5)).round(1)
scores.to_csv(Path(work.name) / "scores.csv", index=False)
cleared = clear_settlement(settled, ClearingFiles(scores=Path(work.name) / "scores.csv"))
cleared.clearing.to_frame().head(8)

# %% tags=["keep_output", "nbval-check-output"]
print(cleared.clearing.summary())
print(cleared.clearing.books_frame("en")[["insurance", "text", "amount_yuan"]].to_string(index=False))

# %% tags=["keep_output", "nbval-check-output"]
for pool in cleared.clearing.insurances:
    print(pool, "difference of the books in fen:", cleared.clearing.difference_fen(pool))
