# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 案件台账 · The ledger of cases
#
# 从预警到归档：线索立案、核查、约谈、整改、办结，每一步留痕，不改不删。这里的线索都是合成的，不指任何真实机构。
#
# From alert to archive: signals become cases, every step leaves a trace, nothing is changed or deleted. The signals below are
# synthetic and mean no real provider.
#
# 预警从哪里来、怎样立案，见 `warnings_and_cases.ipynb`；这里讲立案之后。
# Where warnings come from is in `warnings_and_cases.ipynb`; this one begins where a case has been opened.

# %% tags=["parameters"]
ledger_file = None  # your ledger; None: a new one in a folder of its own
who = "稽核科"

# %%
import tempfile
from pathlib import Path

from actuary.alerts.signals import Signal
from actuary.workflow.case_ledger import open_ledger

folder = tempfile.TemporaryDirectory()
ledger = open_ledger(ledger_file or Path(folder.name) / "cases.sqlite")

# %% [markdown]
# `actuary warn --record` 与 `actuary anomalies --record` 把线索记入台账；这里手工造三条。
# `actuary warn --record` and `actuary anomalies --record` write signals; here are three by hand.

# %%
upcoding = {"rule_id": "upcoding", "title_zh": "疑似高套（合成）", "title_en": "Suspected upcoding (synthetic)"}
split = {"rule_id": "split_stay", "title_zh": "疑似分解住院（合成）", "title_en": "Suspected split stays (synthetic)"}
shared = {"kind": "provider", "region": "synthetic", "synthetic": True}
signals = [
    Signal(**shared, **upcoding, subject="H01", period="2025Q1", level="orange", money_at_stake_fen=12_000_000),
    Signal(**shared, **split, subject="H02", period="2025Q1", level="yellow"),
    Signal(**shared, **upcoding, subject="H01", period="2025Q2", level="red", money_at_stake_fen=20_000_000),
]
recorded = ledger.record(signals, who=who)

# %% [markdown]
# 下一季度的同一事项接到原案件上。The next quarter's signal of the same matter joins its case.

# %% tags=["keep_output", "nbval-check-output"]
print([(one.case, one.outcome) for one in recorded])

# %% [markdown]
# ## 台账面板 · The panel
#
# 筛选、看办理过程、填表转下一步。Filter, read the history, move a case on with the form.

# %%
panel = ledger.panel(who=who)
panel

# %% [markdown]
# 同样的事可以用代码做。The same can be done in code.

# %%
ledger.move(1, "checking", who=who)
ledger.move(1, "interviewed", who=who, note="约谈医保办")
ledger.move(2, "dismissed", who=who, note="计划再入院")
ledger.note(1, "首批退回", who=who, recovered_fen=5_000_000)
panel.refresh()

# %% tags=["keep_output", "nbval-check-output"]
shown = ledger.cases().sort_values("case")
print(shown[["case", "state", "level", "times_seen", "recovered_fen"]].to_string(index=False))

# %% [markdown]
# ## 核验 · Verification
#
# 整条链重算一遍。把 `ledger.head()` 记进会议纪要，日后可查此前有无改动。
# The whole chain is computed again. Note `ledger.head()` in the minutes: whoever holds it can see whether the past was changed.

# %% tags=["keep_output", "nbval-check-output"]
found = ledger.verify(noted=ledger.head())
print(found.sound, found.events, found.cases)
