"""Replay the warning rules over history: write their records beside the rules and the table in docs/warnings.md.

    python tools/warning_record.py

The reference series lies in the folder beside the checkout; where it is not there it is skipped by name, and the table
says so.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from actuary.alerts.track_file import TRACK_FILE, show_records
from actuary.workflow.outputs import replace_file
from actuary.workflow.warning_replay import WarningReplay, replay_warnings

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT.parent / "shared" / "series"
PAGE = ROOT / "docs" / "warnings.md"
BEGIN, END = "<!-- table of records: written by tools/warning_record.py -->", "<!-- end of the table -->"


def page_table(found: WarningReplay) -> str:
    """Return the table of the page: what each rule warns of, its records by series, and why there are none."""
    frame = found.to_frame()
    kept = frame[frame["reason_en"].eq("")]
    outcomes = {rule.id: rule.outcome.name_en for rule in found.rules if rule.outcome is not None}
    lines = [
        "| rule | warns of | series | scheme | periods | span | hits | false alarms | lead, years |",
        "| --- | --- | --- | --- | ---: | --- | --- | --- | --- |",
    ]
    for row, shown in zip(kept.to_dict("records"), show_records(kept).to_dict("records"), strict=True):
        span = f"{row['first']} to {row['last']}"
        cells = [row["rule_id"], outcomes[row["rule_id"]], row["series"], row["scheme"], row["periods"], span]
        cells += [shown["hit_rate"], shown["false_alarm_rate"], shown["lead_years"]]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    without = frame[frame["reason_en"].ne("")]
    lines += ["", "No record:", ""]
    for (rule, reason), rows in without.groupby(["rule_id", "reason_en"], sort=False):
        places = ", ".join(f"{row['series']} {row['scheme']}" for row in rows.to_dict("records"))
        lines.append(f"- {rule}: {reason} ({places})")
    lines += [f"- {name}: not there when this table was written, skipped" for name in found.skipped]
    return "\n".join(lines)


def write(found: WarningReplay) -> None:
    """Write the records beside the rules, and the table of the page."""
    frame: pd.DataFrame = found.to_frame()
    replace_file(
        ROOT / "models" / TRACK_FILE, frame.to_csv(index=False, lineterminator="\n", float_format="%.6g").encode()
    )
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    replace_file(PAGE, f"{head}{BEGIN}\n\n{page_table(found)}\n\n{END}{tail}".encode())


if __name__ == "__main__":
    write(replay_warnings(series=REFERENCE, tell=lambda text: print(text, file=sys.stderr)))
