# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["notebook-only"]
# # 季度精算报告 · Quarterly actuarial report
#
# Choose the region and the quarter in the next cell and run all cells. What the cells show is what the exported report
# shows: remarks written in Markdown cells of a copy of this notebook appear in the HTML report, code does not.

# %% tags=["parameters"]
city = "national"
quarter = "2024Q4"
lang = "zh"
basis = "base"
plan = "quarterly"  # or "annual", every section in full
cases = None  # a city's settled cases: the folder that `actuary settle` wrote; None: those of the data folder
previous = None  # folder of an earlier report, to compare with; None: the quarter before, forecast again
models = None  # folder of declared rules; None: the one of the package
data = None  # folder of published figures; None: the one of the package
output = None  # where to write the report data as JSON; None: nowhere

# %%
from pathlib import Path

from IPython.display import display

from actuary.report import build_report_data, printed_table, show_cover, show_section

# %%
report = build_report_data(
    city,
    quarter,
    lang=lang,
    basis=basis,
    plan=plan,
    cases=cases,
    previous=previous,
    models=Path(models) if models else None,
    data=Path(data) if data else None,
)

# %%
show_cover(report)

# %%
show_section(report, "key_findings")

# %%
for section in report.sections:
    if section.id != "key_findings":
        display(show_section(report, section))

# %% [markdown] tags=["notebook-only"]
# ## Checks
#
# The outputs below are stored and compared whenever the notebook is tested: a figure that moves makes the test fail.

# %% tags=["keep_output", "nbval-check-output"]
print(printed_table(report, "membership"))

# %% tags=["keep_output", "nbval-check-output"]
print(printed_table(report, "payable_months"))

# %% tags=["keep_output", "nbval-check-output"]
print(printed_table(report, "projection_employee"))
print(printed_table(report, "projection_resident"))

# %% tags=["keep_output", "nbval-check-output"]
print(printed_table(report, "scenarios_employee"))
print(printed_table(report, "scenarios_resident"))

# %% tags=["keep_output", "nbval-check-output"]
print(printed_table(report, "city_shenyang"))

# %% tags=["notebook-only"]
if output is not None:
    Path(output).write_text(report.to_json(), encoding="utf-8")
