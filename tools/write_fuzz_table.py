"""Write the table of docs/hard-inputs.md from the runs in fuzz/results.json; ``--check`` says if it is stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "fuzz" / "results.json", ROOT / "docs" / "hard-inputs.md"
BEGIN, END = "<!-- runs: begin -->", "<!-- runs: end -->"

#: What each target holds, in the words of the page.
_HOLDS = {
    "delimited": "any table of text, written again in every encoding and dialect",
    "exports": "any text in an exported CSV, read back",
    "cases": "cases to be paid: CSV and Parquet",
    "stays": "stays to be grouped: CSV and Parquet, and the file of answers",
    "settlement_list": "settlement lists: CSV and Parquet, every check",
    "scheme_tables": "the tables of a grouping scheme",
    "declarations": "TOML, sources and tables under models/, in 22 places",
    "series": "series, vintages and expected amounts of a forecast",
    "facts": "tables of figures, of every schema",
    "people": "tables of people, and a city's figures",
    "lists": "hospitals, scores, prepayments, deductions, weights, coefficients, budgets, assessments",
    "workbook": "workbooks that come back filled in",
    "documents": "JSON that is read back, and what is typed as an option",
    "cli": "every verb with odd values and odd files, each call a process",
}


def table(runs: list[dict[str, object]]) -> str:
    """Return the rows: executions, hours and findings of every target, added over its runs."""
    lines = ["| target | holds | executions | hours | findings |", "|---|---|---:|---:|---:|"]
    total = [0, 0.0, 0]
    for target, words in _HOLDS.items():
        own = [run for run in runs if run["target"] == target]
        done = sum(int(str(run["executions"])) for run in own)
        hours = sum(float(str(run["seconds"])) for run in own) / 3600
        found = sum(len(run["findings"]) for run in own if isinstance(run["findings"], list))
        total = [total[0] + done, total[1] + hours, total[2] + found]
        lines.append(f"| `{target}` | {words} | {done:,} | {hours:.2f} | {found} |")
    lines.append(f"| all | | {total[0]:,} | {total[1]:.2f} | {total[2]} |")
    days = sorted({str(run["day"]) for run in runs})
    return "\n".join([f"Runs from {days[0]} to {days[-1]}:" if days else "No run yet.", "", *lines])


def main() -> int:
    """Write the page, or with ``--check`` return 1 when it would change."""
    runs = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    new = f"{before}{BEGIN}\n{table(runs)}\n{END}{after}"
    if "--check" in sys.argv:
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
