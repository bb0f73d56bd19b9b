# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 基金推算与情景 · Funds and scenarios
#
# 照现行规定和写明的假设走下去，钱够用到什么时候？换一个假设又怎样？情景不是概率：它回答“如果……会怎样”。
#
# Under today's rules and assumptions that are written down, how long does the money last, and what if one of them
# changes? A scenario is no probability: it answers “what if”.

# %% tags=["parameters"]
region = "national"
to = "2040Q4"
scenarios = ["base", "adverse", "favourable", "cost_surge", "delayed_retirement"]

# %%
import actuary

model = actuary.load_model(region)
run = model.project(to=to, scenarios=scenarios)
run

# %% [markdown]
# ## 底线情景 · The base
#
# 收入 = 人 × 缴费工资 × 费率（居民：人 × 个人缴费和补助）；支出 = 人 × 使用率 × 单价 × 支付比例；结余滚动。金额为亿元。
# Income is persons × wage × rate, or persons × premium and subsidy; spending is persons × use × price × share paid; the
# balance rolls on. Money in 亿元 (100 million yuan).

# %% tags=["keep_output", "nbval-check-output"]
base = run.annual("employee")
base = base[(base["scenario"] == "base") & base["year"].isin([2025, 2026, 2030, 2035, 2040])]
money = ["pooled_income_yuan", "pooled_expenditure_yuan", "pooled_balance_end_yuan"]
print((base.set_index("year")[money] / 1e8).round(0).astype(int).to_string())

# %% [markdown]
# ## 几个情景并排 · Scenarios side by side

# %% tags=["keep_output", "nbval-check-output"]
yearly = run.annual()
months = yearly[yearly["year"].isin([2025, 2030, 2035, 2040])]
wide = months.pivot(index=["scheme", "scenario"], columns="year", values="payable_months")
print(wide.round(1).to_string())

# %%
from actuary.report.plots import plot_years

employee = yearly[yearly["scheme"] == "employee"]
plot_years(employee, "payable_months", by="scenario", label="可支付月数 months payable", levels=[("6", 6)], zero=True)

# %% [markdown]
# ## 何时出事 · When it turns
#
# 首个当期赤字年、首次不足六个月的季度、结余用完的季度、月数最低的季度；`-` 为推算期内没有。
# First year of a deficit, first quarter below six months, quarter the balance is gone, quarter of the fewest months; `-`
# means not before the horizon.

# %% tags=["keep_output", "nbval-check-output"]
columns = ["scheme", "scenario", "first_deficit_year", "months_below_6", "exhaustion_quarter", "minimum_months_quarter"]
print(run.milestones[columns].fillna("-").to_string(index=False))

# %% [markdown]
# ## 哪个假设最要紧 · Which assumption matters most
#
# 一次只动一个假设，幅度写在 `models/national/model/sensitivity.toml`。结果是2035年末的月数（亏空为负）。
# One assumption at a time, within declared ranges; the outcome is the balance at the end of 2035 in months of spending.

# %% tags=["keep_output", "nbval-check-output"]
tornado = model.sensitivity(at="2035Q4").tornado("employee")
print(tornado.head(6).round(2).to_string(index=False))

# %% [markdown]
# ## 自己动手 · What if
#
# 拖动滑块，半秒之内重算；图旁有表，滑块带单位。得出的方案可以存成情景文件，命令行也认。用代码也能拨动，如下。
# Move a slider and the model answers within half a second, with a table beside the picture. What you find can be kept as a
# scenario that the command line reads. Code can move it too, as below.

# %%
panel = actuary.panel_fund(model, to=to)
panel

# %% tags=["keep_output", "nbval-check-output"]
asked = panel.set(employer_rate=0.5, cost_trend=-0.3).table
asked.columns = ["scheme", "year", "base_months", "months", "more_months", "base_100m", "balance_100m", "more_100m"]
print(asked[["scheme", "year", "base_months", "months", "more_months"]].round(1).to_string(index=False))

# %% [markdown]
# ## 要留六个月，费率要多少 · The rate that leaves six months
#
# `change` 是自 `first` 起单位费率要加（减）多少，`level` 是加后的费率，均为份额（0.01 = 1 个百分点）。
# `change` is what the employer rate needs added from `first` on, `level` the rate with it; both are shares.

# %% tags=["keep_output", "nbval-check-output"]
needed = run.keep_months("employee", months=6, at="2040Q4")
print(needed[["scenario", "lever", "first", "at", "change", "level"]].round(4).to_string(index=False))

