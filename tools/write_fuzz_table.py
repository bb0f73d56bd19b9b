"""Write the tables of docs/hard-inputs.md from fuzz/results.json and fuzz/covered.json; ``--check`` says if stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "fuzz" / "results.json", ROOT / "docs" / "hard-inputs.md"
COVERED = ROOT / "fuzz" / "covered.json"
#: Calls of a verb that are named for a reader; more reach most of them.
_SHOWN_VERBS = 4

#: What each target holds, in the words of the page.
_HOLDS = {
    "delimited": "any table of text, written again in every encoding and dialect",
    "exports": "any text in an exported CSV, read back",
    "cases": "cases to be paid: CSV and Parquet",
    "stays": "stays to be grouped: CSV and Parquet, and the file of answers",
    "settlement_list": "settlement lists: CSV and Parquet, every check",
    "scheme_tables": "the tables of a grouping scheme",
    "declarations": "TOML, sources and tables under models/, each in the place of one that ships",
    "given": "TOML files that users give (products, alliances, budgets), keys, values of options",
    "series": "series, vintages and expected amounts of a forecast",
    "facts": "tables of figures, of every schema",
    "side_tables": "the dictionary of codes, the catalogue, series and stays of elsewhere",
    "people": "tables of people, and a city's figures",
    "lists": "hospitals, scores, prepayments, deductions, weights, coefficients, budgets, assessments",
    "workbook": "workbooks that come back filled in",
    "documents": "JSON that is read back, and what is typed as an option",
    "ledger": "ledgers of cases, changed as files and through SQL; what is verified is what was written",
    "audit": "the folder of an audit, and the list as reviewers send it back",
    "read_back": "the folder of a settlement, of an earlier report, and figures of cases",
    "parts": "a folder of Parquet files of which one is bent",
    "sealed": "caches, and what work in parts has kept: changed, it is not used",
    "cli": "every verb with odd values and odd files",
    "bent": "calls of every verb that succeed, one of their files bent or replaced by a hard input",
}


def table(runs: list[dict[str, object]]) -> str:
    """Return the rows: executions, hours and findings of every target, added over its runs."""
    lines = [
        "| target | holds | executions | hours | of these worked | findings |",
        "|---|---|---:|---:|---:|---:|",
    ]
    total = [0, 0.0, 0.0, 0]
    for target, words in _HOLDS.items():
        own = [run for run in runs if run["target"] == target]
        done = sum(int(str(run["executions"])) for run in own)
        hours = sum(float(str(run["seconds"])) for run in own) / 3600
        found = sum(len(run["findings"]) for run in own if isinstance(run["findings"], list))
        worked = sum(float(str(run.get("cpu_seconds", 0))) for run in own) / 3600
        total = [total[0] + done, total[1] + hours, total[2] + worked, total[3] + found]
        lines.append(f"| `{target}` | {words} | {done:,} | {hours:.2f} | {worked:.2f} | {found} |")
    lines.append(f"| all | | {total[0]:,} | {total[1]:.2f} | {total[2]:.2f} | {total[3]} |")
    days = sorted({str(run["day"]) for run in runs})
    return "\n".join([f"Runs from {days[0]} to {days[-1]}:" if days else "No run yet.", "", *lines])


def readers(covered: dict[str, dict[str, list[str]]]) -> str:
    """Return the readers by what reaches them: the targets, and the verbs whose files are bent."""
    held: dict[tuple[str, str], list[str]] = {}
    for reader, reached in covered.items():
        verbs = reached["verbs"]
        more = f" and {len(verbs) - _SHOWN_VERBS} more" if len(verbs) > _SHOWN_VERBS else ""
        targets = ", ".join(f"`{name}`" for name in reached["targets"])
        calls = ", ".join(f"`{name}`" for name in verbs[:_SHOWN_VERBS]) + more
        held.setdefault((targets or "–", calls or "–"), []).append(f"`{reader.replace(':', '.')}`")
    lines = ["| reader | targets | calls |", "|---|---|---|"]
    lines += [f"| {', '.join(names)} | {targets} | {calls} |" for (targets, calls), names in held.items()]
    return "\n".join(lines)


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    return f"{page.partition(begin)[0]}{begin}\n{text}\n{end}{page.partition(end)[2]}"


def main() -> int:
    """Write the page, or with ``--check`` return 1 when it would change."""
    runs = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    page = PAGE.read_text(encoding="utf-8")
    new = _between(page, "runs", table(runs))
    new = _between(new, "readers", readers(json.loads(COVERED.read_text(encoding="utf-8"))))
    if "--check" in sys.argv:
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
