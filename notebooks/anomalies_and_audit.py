# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 异常与抽审 · Anomalies and audit
#
# 哪家医院与同级同病组的医院差得太多，先看哪些病例，可能涉及多少钱？全部在一座合成城市上做：没有真实的医院和患者。
#
# Which hospital differs too much from its peers, which stays should be looked at first, and how much money hangs on it?
# All on a synthetic city: no real hospital, no real patient. A finding is a reason to look, no verdict.

# %% tags=["parameters"]
cases = 20000  # stays of the synthetic year
seed = 1

# %%
import tempfile
from pathlib import Path

import pandas as pd

import actuary
from actuary.workflow.synthetic import write_synthetic_city

folder = tempfile.TemporaryDirectory()
city = write_synthetic_city("shenyang", Path(folder.name) / "city", cases=cases, seed=seed)

# %% tags=["keep_output", "nbval-check-output"]
print(f"{city.cases:,} stays, {city.hospitals} hospitals, synthetic: {city.synthetic}")
print(pd.Series(city.kinds).sort_index().to_string())

# %% [markdown]
# ## 与同行比 · Compared with peers
#
# 每家医院按同级、同病组的期望值来比，自己不算在内；诚实医院之间的差异估出来当尺子；误报率平均控制在10%以内。
# Each hospital is held against what its peers would show on the same mix, itself left out. The spread of honest hospitals
# is the yardstick; on average over many cities at most a tenth of the findings may be false.

# %%
budget = pd.read_csv(city.folder / "budget.csv", dtype=str).set_index("insurance")["budget_yuan"].to_dict()
found = actuary.detect_anomalies(
    city.folder / "cases.parquet",
    policy=city.folder / "policy.toml",
    budget=budget,
    hospitals=city.folder / "hospitals.csv",
)
found

# %% tags=["keep_output", "nbval-check-output"]
table = found.to_frame()
columns = ["rank", "hospital", "kind", "base", "observed", "expected", "q_value", "level"]
print(table[columns].head(8).round(3).to_string(index=False))

# %% [markdown]
# 读第一行：这家医院每次住院前后的门诊费用，比同行多出多少；`effect` 是向同行收缩后的估计，附区间。
# Read the first row: outpatient cost around a stay against that of peers. `effect` is the estimate drawn to the peers.

# %% tags=["keep_output", "nbval-check-output"]
first = table.iloc[0]
print(first["kind"], "-", first["unit"])
print(f"effect {first['effect']:.0f} ({first['low']:.0f} to {first['high']:.0f})")
money = [first[name] / 1e6 for name in ("money_fen", "money_low_fen", "money_high_fen")]
print(f"money at stake {money[0]:.2f} ({money[1]:.2f} to {money[2]:.2f}) 万元: {first['money_basis']}")

# %% [markdown]
# ## 找对了吗 · Was it right
#
# 合成城市知道真相。The synthetic city knows the truth.

# %% tags=["keep_output", "nbval-check-output"]
truth = pd.read_csv(city.folder / "truth" / "hospitals.csv")
marked = table.merge(truth.assign(true=1), on=["hospital", "kind"], how="left")
print("findings:", len(marked), " true:", int(marked["true"].fillna(0).sum()), " of", len(truth), "hidden ones")
print(marked.groupby("kind")["true"].agg(found="size", true="sum").astype(int).to_string())

# %% [markdown]
# 大医院里的容易找到，小医院里的找不到：几十次住院说明不了什么（`docs/anomalies.md` 的局限一节）。
# What hides in small hospitals stays hidden: a few dozen stays tell nothing.
#
# 这只是一次抽取（一个种子、一座小城）的结果，换一个种子就会不同；多个种子、更大城市的平均见 `docs/anomalies.md`。
# This is one draw, one seed and one small city, and another seed gives another count. `docs/anomalies.md` has the means over
# several seeds and larger cities.

# %% tags=["keep_output", "nbval-check-output"]
behind = found.cases(1)
print(list(behind.columns)[:6], len(behind))

# %% [markdown]
# ## 抽审 · Audit by sample
#
# 初审之外，每家再抽一部分复审：抽多少由办法规定，抽哪些由种子决定，抽前把种子记进会议纪要。
# Beyond the first review a part of every provider's claims is reviewed again. How much is declared; which ones, the seed
# says: note it in the minutes before drawing.

# %%
sampling = actuary.sample_claims(city.folder / "cases.parquet", Path(folder.name) / "audit", seed=7, year=2024)
sampling

# %% tags=["keep_output", "nbval-check-output"]
print(sampling.summary())
drawn = sampling.to_frame()
print(drawn[["hospital", "claims", "drawn_claims", "reached"]].tail(4).to_string(index=False))

# %% [markdown]
# 复审人员填好 `audit/list.xlsx` 后，`actuary.read_audit` 读回并外推，附区间（`docs/audit-sampling.md`）。
# The reviewers fill in `audit/list.xlsx`; `actuary.read_audit` reads it back and extrapolates with an interval.
