# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 预警与办理 · Warnings and cases
#
# 规则说什么情况叫不好，指标和预测说是不是到了那一步，台账说谁接手、办成了什么。没人接手的预警只是噪音。
#
# Rules say what is bad, indicators and forecasts whether it has come to that, and the ledger who took it up and what came
# of it. A warning nobody answers for is noise.

# %% tags=["parameters"]
city = "national"
quarter = "2024Q4"
earlier = "2023Q4"  # a quarter whose warnings are in the ledger already
ledger_file = None  # your ledger; None: a new one in a folder of its own
who = "稽核科"

# %%
import actuary
from actuary.workflow import find_warnings

warnings = find_warnings(city, quarter, forecast=False)
warnings

# %% [markdown]
# 红橙黄蓝、正常，还有**无法评估**：数没有公布，就不能说正常。
# Red to blue, normal, and **not assessable**: what nobody has published is never green.

# %% tags=["keep_output", "nbval-check-output"]
table = warnings.to_frame()
print(table.groupby(["level", "scheme"]).size().unstack(fill_value=0).to_string())

# %% tags=["keep_output", "nbval-check-output"]
raised = table[table["level"].isin(["red", "orange", "yellow"])]
for one in raised.itertuples():
    print(one.rule_id, one.scheme, one.level, one.period, one.status)
    print("  ", one.text_zh)
    print("  ", one.text_en)
    print("  ", one.action_zh)

# %% [markdown]
# 为什么有的无法评估？Why are some not assessable?

# %% tags=["keep_output", "nbval-check-output"]
left_open = table[(table["level"] == "not_assessable") & (table["scheme"] == "employee")]
print(left_open[["rule_id", "text_en"]].to_string(index=False))

# %% [markdown]
# 上面没有用预测（`forecast=False`）：问概率的规则因此留空。去掉这个参数，预测抽样，几秒之后它们也有答案。
# Rules that ask for a probability stayed open because no forecast was drawn. Leave `forecast=False` out and they answer.

# %% [markdown]
# ## 门槛该定在哪里 · Where a threshold should stand
#
# 把门槛挪一挪：本期会报什么，过去几年会报几次？报得太多没人看，太少等于没有。挪过的门槛是判断，不是文件规定。
# Move a threshold: what would be raised now, and in how many of the past years? Too many are ignored, too few are none.

# %%
panel = actuary.panel_warnings(city, quarter, rules=("PR-1", "PR-9"))
panel

# %% tags=["keep_output", "nbval-check-output"]
panel.set(pr_1_payable_months_6=10)
for caption, frame in panel.tables.items():
    print(caption)
    print(frame.round(2).to_string(index=False))

# %% [markdown]
# ## 立案 · Cases
#
# 每条预警开一个案件；以后各期同一事项接到原案件上；同一份预警再记一次，什么也不会多出来。
# Every warning opens a case (`opened`); a later period's of the same matter joins it (`seen`); the same warnings recorded
# again add nothing (`known`).

# %%
import tempfile
from pathlib import Path

from actuary.workflow.case_ledger import open_ledger

folder = tempfile.TemporaryDirectory()
path = Path(ledger_file or Path(folder.name) / "cases.sqlite")
before = find_warnings(city, earlier, forecast=False).record(path, who=who)
recorded = warnings.record(path, who=who)
ledger = open_ledger(path)

# %% tags=["keep_output", "nbval-check-output"]
for outcomes in (before, recorded, warnings.record(path, who=who)):
    print([(one.case, one.outcome) for one in outcomes])

# %% tags=["keep_output", "nbval-check-output"]
shown = ledger.cases().sort_values("case")
columns = ["case", "rule_id", "subject", "level", "first_period", "last_period", "times_seen"]
print(shown[columns].to_string(index=False))

# %% [markdown]
# 上一年有、这一年没有再出现的案件不会自己消失，仍待办理。怎样核查、约谈、追回、办结、核验，见 `case_ledger.ipynb`。
# A case whose matter did not come up again does not vanish: somebody still has to answer it. `case_ledger.ipynb` shows how
# cases are worked on, what came back, and how the chain is verified.
