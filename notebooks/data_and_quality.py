# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 数据与质量 · Data and quality
#
# 一个数从哪里来、可信到什么程度、错了会怎样？每个已公布的数占一行：地区、时期、险种、口径、来源、核对程度。未公布的数留空并说明，不猜。
#
# Where does a figure come from, how far was it checked, and what happens when it is wrong? Every published figure is one
# row: region, period, scheme, basis, source, confidence. What is not published stays open and is named; nothing is guessed.

# %% tags=["parameters"]
city = "national"
quarter = "2024Q4"

# %%
import actuary

rows = actuary.facts(city, until=quarter)
rows[["period", "scheme", "indicator", "value", "unit", "basis", "confidence", "source"]].tail(8)

# %% [markdown]
# ## 口径与核对程度 · Basis and confidence
#
# 快报（flash）先出，公报（bulletin）后出，两者都保留；优先顺序写在 `data/catalog.toml`，不在代码里。
# Flash figures come first, bulletins later. Both are kept; which goes before the other is declared, not coded.

# %% tags=["keep_output", "nbval-check-output"]
print(rows.groupby(["basis", "confidence"]).size().unstack(fill_value=0).to_string())

# %% [markdown]
# ## 一个数的来历 · Where one figure comes from
#
# 可支付月数 = 统筹基金累计结余 ÷（近四个季度支出 ÷ 12）。`trace_city` 把结果拆回到公布的原行，并重算一遍。
# Months payable = balance of the pool ÷ (spending of four quarters ÷ 12). `trace_city` leads back to the published rows and
# computes the value again from them.

# %% tags=["keep_output", "nbval-check-output"]
trace = actuary.trace_city(city, "payable_months", quarter)[0]
print(trace.formula)
print(f"{trace.zh} {trace.en}: {trace.value:.2f}, recomputed {trace.recomputed:.2f}")
for row in trace.rows:
    print(row.table, row.row, row.scheme, row.indicator, row.printed, row.printed_unit, row.basis, row.confidence)

# %% [markdown]
# 快报的数仍看得见：用它算会差多少？The flash figures stay in sight: how much would they change?

# %% tags=["keep_output", "nbval-check-output"]
found = actuary.indicators_of_city(city, quarter)
names = ["payable_months", "surplus_rate", "growth_gap"]
chosen = found[found["indicator"].isin(names) & found["provisional_value"].notna()]
print(chosen[["scheme", "indicator", "value", "provisional_value", "revision"]].round(4).to_string(index=False))

# %% [markdown]
# ## 错误会被挡住 · Mistakes are stopped
#
# 把一行的单位写错、把险种写错：读表时一次列出所有错误，说出位置、看到的、应有的、最接近的名称。
# A wrong unit, a scheme misspelt: reading names every mistake at once, with its place, what stands there and what was
# expected. (A third message says that the file no longer has its noted checksum.)

# %%
import shutil
import tempfile
from pathlib import Path

from actuary.paths import data_root

folder = tempfile.TemporaryDirectory()
copy = Path(shutil.copytree(data_root(), Path(folder.name) / "data"))
broken = copy / "reference" / "national_annual.csv"
text = broken.read_text(encoding="utf-8-sig")
changed = text.replace("employee", "employe", 1).replace("100m_yuan", "10m_yuan", 1)
_ = broken.write_text(changed, encoding="utf-8-sig")

# %% tags=["keep_output", "nbval-check-output"]
outcome = actuary.check_inputs(data=copy)
for problem in outcome.problems[:2]:
    print(problem)

# %% [markdown]
# 自己的数据：`actuary check FOLDER` 做同样的检查，见 `docs/model.md`。
# Your own data: `actuary check FOLDER` does the same; see `docs/model.md`.
