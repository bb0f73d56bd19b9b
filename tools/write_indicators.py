"""Write docs/indicators.md, the registry of indicators as tables: python tools/write_indicators.py."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from actuary.indicators import registry_table
from actuary.workflow import indicators_of_city

PAGE = Path(__file__).resolve().parent.parent / "docs" / "indicators.md"

_FAMILIES = {
    "fund": "The funds",
    "use": "Use and price",
    "payment": "Hospital payment",
    "plan": "Targets of a plan",
}
_PUBLISHED = (
    ("urumqi", "2013Q4", "employee", "payable_months", "17 (22.48 ÷ (15.67 ÷ 12))", "{:.1f}"),
    ("national", "2024Q4", "employee", "payable_months", "27.6", "{:.1f}"),
    ("national", "2024Q4", "resident", "payable_months", "9.2", "{:.1f}"),
    ("shenyang", "2020Q4", "employee", "dependency_ratio", "1.47", "{:.2f}"),
    ("national", "2024Q4", "employee", "dependency_ratio", "2.63", "{:.2f}"),
    ("anyang", "2019Q4", "all", "settlement_rate", "92 %", "{:.1%}"),
    ("anyang", "2021Q4", "all", "settlement_rate", "100.4 %", "{:.1%}"),
    ("anyang", "2018Q4", "all", "inpatient_cost_per_stay_yuan", "11,080", "{:,.0f}"),
    ("anyang", "2021Q4", "all", "inpatient_cost_per_stay_yuan", "10,468", "{:,.0f}"),
    ("national", "2021Q4", "employee", "admission_ratio_retired_active", "3.99", "{:.2f}"),
    ("huoshan", "2025Q1", "resident", "spending_progress", "24.71 %", "{:.2%}"),
    ("shenyang", "2020Q4", "employee", "plan_inpatient_eligible_reimbursement_rate", "79.8 % of 80 %", "{:+.1%}"),
    ("shenyang", "2020Q4", "resident", "plan_inpatient_eligible_reimbursement_rate", "68.4 % of 70 %", "{:+.1%}"),
)

_HEAD = """# The indicators

Written by `python tools/write_indicators.py`; a test holds the page against the registry.

```sh
actuary indicators --city shenyang --quarter 2020Q4            # every value, or why there is none
actuary indicators --list --family payment                     # the registry
actuary indicators --city urumqi --trace payable_months        # the published rows behind a value
actuary indicators --city shenyang --targets                   # the plan's targets against what was reached
actuary indicators --city city_panel --since 2018Q4 --out history.csv
actuary indicators cases.parquet --policy policy.toml --budget budget.csv --by hospital
actuary indicators cases.parquet --policy policy.toml --trace cmi --subject SYN2-008
actuary indicators cases/ --settled settled --by hospital --out indicators.csv    # a folder, part by part
```

In Python: `actuary.indicators_of_city`, `actuary.trace_city`, `actuary.indicator_history`, `actuary.targets_of_city`,
`actuary.compute_case_indicators`; of a folder, `actuary.indicators_of_dataset` and
`actuary.trace_dataset` ([streaming](streaming.md)).

- **A value is the latest one known up to the report quarter** and says of which period it is. Without a published
  figure, or with nothing to be divided by, it is *not assessable* (status `gap`), with the reason; that is never a good
  value.
- **Revised figures are kept both.** A value rests on final figures (the order is in `data/catalog.toml`); where they
  replaced provisional ones of a flash report or of the monthly release, `provisional_value` is the value as first
  published and `revision` the difference.
- **Every value can be traced**: to rows of a table (file, line, figure as printed, source, other values printed for the
  same fact), or to the cases and what each adds above and below the line.
- **Over time** a quarter knows the figures of periods up to its end and none of later ones. When a figure was published
  is not known, so that the final figure of a year stands for that year.
- Money is that of the pool where it is published apart from the personal accounts, else that of the whole fund.
- A city's own figures (cost and visits of outpatient and out-of-area care, contributions due, the budget of the year)
  fill what no table that comes with the package holds: rows in a folder named with `--data`.
- The way to a target is taken as a straight line from the plan's starting value (judgement).

## Published figures that come out

| region | quarter | scheme | indicator | printed | computed |
|---|---|---|---|---|---|
{published}
"""


def page() -> str:
    """Return the text of the page."""
    rows = []
    for region, quarter, scheme, name, printed, form in _PUBLISHED:
        found = indicators_of_city(region, quarter)
        value = found[(found["scheme"] == scheme) & (found["indicator"] == name)]["value"].item()
        shown = form.format(value).replace("-", "−")
        rows.append(f"| {region} | {quarter} | {scheme} | `{name}` | {printed} | {shown} |")
    parts = [_HEAD.format(published="\n".join(rows))]
    for family, title in _FAMILIES.items():
        table = registry_table([family])
        parts.append(f"## {title}\n\n| indicator | 中文名 | name | unit | better | schemes | from | formula | source |")
        parts.append("|---|---|---|---|---|---|---|---|---|")
        columns = ("zh", "en", "unit", "direction", "schemes", "from", "formula", "source")
        parts += [
            f"| `{row['indicator']}` | " + " | ".join(str(row[name]) for name in columns) + " |"
            for row in table.to_dict("records")
        ]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def main() -> None:
    """Write the page, or say whether it is as it would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is another")
    text = page()
    if parser.parse_args().check:
        sys.exit(
            0 if PAGE.read_text(encoding="utf-8") == text else f"{PAGE.name} is not what is computed; write it again"
        )
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
