# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 分组讲解 · Grouping explained
#
# 一份病案为什么进了这个病组？先按主要诊断进大类（MDC），再按主手术或诊断进核心组（ADRG），最后按并发症分细组（DRG）。
#
# Why is a stay in its group? The principal diagnosis chooses the major category, procedure or diagnosis the adjacent
# group, complications the group itself. The case below is made up.

# %% tags=["parameters"]
scheme_name = "chs-drg-1.1"
diagnoses = ["I63.900", "J96.000"]  # principal first: cerebral infarction, acute respiratory failure
procedures = []
age = 60

# %%
import actuary
from actuary.drg.cases import Case

scheme = actuary.load_scheme(scheme_name)
case = Case(case_id="example", sex=1, age_years=age, dx=diagnoses, px=procedures)
explanation = actuary.explain_case(case, scheme)
explanation

# %% tags=["keep_output", "nbval-check-output"]
result = explanation.result
print(result.status, result.mdc, result.adrg, result.drg, result.severity, result.rule_id)
for found in explanation.complications:
    print(found.code, found.level, "counted" if found.counted else "not counted")

# %% [markdown]
# ## 走过的每一步 · Every step
#
# 只列成立的条件。Conditions that held.

# %% tags=["keep_output", "nbval-check-output"]
steps = explanation.to_frame()
print(steps.loc[steps["held"] & (steps["step"] != "check"), ["step", "mdc", "item", "condition", "codes"]].to_string(index=False))

# %% [markdown]
# ## 换一种编码会怎样 · What if it were coded otherwise
#
# 换主要诊断、去掉一个编码：哪些改变病组？审核人员从这里看出编码的分量，也看出高套的路子。
# Another principal diagnosis, one code less: which changes move the group? It shows what hangs on a code, and where
# upcoding would begin.

# %% tags=["keep_output", "nbval-check-output"]
for one in actuary.what_if(case, scheme).alternatives:
    print(f"{one.change:13} {one.code}  {result.drg} -> {one.result.drg}")

# %% [markdown]
# ## 一批病例 · Many cases
#
# 分不了组的行留在表里，写明原因。A row that cannot be grouped stays, with its reason.

# %% tags=["keep_output", "nbval-check-output"]
import pandas as pd

cases = pd.DataFrame(
    {
        "case_id": ["a", "b", "c", "d"],
        "sex": [1, 2, 1, 2],
        "age_years": [60, 31, 60, 45],
        "age_days": [None] * 4,
        "birth_weight_g": [None] * 4,
        "dx": [["I21.401"], ["O80.000"], ["Z99.X99"], ["I63.900"]],
        "px": [["36.0700"], [], [], []],
    }
)
print(actuary.group_cases(cases)[["case_id", "status", "reason", "mdc", "adrg", "drg"]].to_string(index=False))
