"""Write what a nation's year takes into docs/distributed.md, from kept benchmarks; ``--check`` says if it is stale."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results.json", ROOT / "docs" / "distributed.md"
BEGIN, END = "<!-- nation: begin -->", "<!-- nation: end -->"

#: What a verb reads and writes, each time a whole stage of the data; it reads some columns of it only.
_READS = {"group": ("cases",), "settle": ("grouped", "grouped"), "clear": ("settled",)}
_WRITES = {"group": ("grouped",), "settle": ("settled",), "clear": ()}
#: Cases of a part, as the page recommends.
_PART = 300_000


def _moved(nation: Mapping[str, Any], stages: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    return {verb: sum(nation["gigabytes"][name] for name in names) for verb, names in stages.items()}


def _row(head: str, values: Mapping[str, float]) -> str:
    return f"| {head} | {' | '.join(f'{value:,.3g}' for value in values.values())} | {sum(values.values()):,.3g} |"


def table(results: Mapping[str, Any]) -> str:
    """Return the text between the marks."""
    nation = results.get("nation")
    if nation is None:
        return "Not measured yet: `make bench`."
    verbs = list(_READS)
    read, written = _moved(nation, _READS), _moved(nation, _WRITES)
    gigabytes = sum(read.values()) + sum(written.values())
    memory = {one["name"]: one["value"] for one in results["aims"] if one["name"].startswith("in parts: memory")}
    used = ", ".join(f"{name.removeprefix('in parts: memory of ')} {value:,.0f} MiB" for name, value in memory.items())
    growth = [one for one in results["growth"] if one["name"].startswith("in parts")]
    slopes = "; ".join(
        f"{one['name'].split(', ')[1]} {', '.join(f'{slope:.2f}' for slope in one['exponents'])}" for one in growth
    )
    each = nation["stays"] / nation["parts"]
    parts = round(nation["stays"] / _PART)
    lines = [
        f"{nation['stays']:,} stays, reckoned in proportion from {nation['from']:,} on a cluster of two processes"
        f" (two cores of {results['machine']['processor']}):",
        "",
        f"| | {' | '.join(verbs)} | all |",
        f"|---|{'---:|' * (len(verbs) + 1)}",
        _row("core hours", {verb: nation["core_hours"][verb] for verb in verbs}),
        _row("read from the storage, at most, GB", read),
        _row("written to it, GB", written),
        "",
        "| cores | hours, all three | the storage has to give and take, MB a second |",
        "|---:|---:|---:|",
    ]
    lines += [
        f"| {cores} | {hours:,.2g} | {gigabytes * 1000 / (hours * 3600):,.0f} |"
        for cores, hours in nation["hours"].items()
    ]
    held = ", ".join(f"{name} {size:,.1f} GB" for name, size in nation["gigabytes"].items())
    lines += [
        "",
        f"- Disk: {held}; {sum(nation['gigabytes'].values()):,.0f} GB in all.",
        "  While a verb runs its finished parts stand in the work folder; they get a second name in the output where",
        "  the file system has links, and are copied where not: then what is written is needed twice for a while.",
        f"- Parts: measured with {each:,.0f} cases each ({nation['parts']:,} parts). With {_PART:,} each there are",
        f"  {parts:,}, of {nation['gigabytes']['cases'] * 1000 / parts:,.0f} MB of cases;"
        f" {parts // 64:,} for each of 64 cores, so that none waits long at the end.",
        f"- Memory of one process of two threads, at the parts measured: {used}.",
        "  It grows with the part, not with the number of parts.",
        "- On one machine seconds grow with the cases by these exponents, from size to size:",
        f"  {slopes}. Below 1, for the start of the processes weighs less and less:",
        "  in proportion is rather too much.",
        "- Cost: the core hours times the price of one, and the storage for as long as it is kept. Checks, weights and",
        "  indicators have not been measured on a cluster; each reads the cases once or twice.",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> int:
    """Write the page, or with ``--check`` return 1 when it would change."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    new = f"{before}{BEGIN}\n{table(results)}\n{END}{after}"
    if "--check" in sys.argv:
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
