"""Write the tables of docs/population.md: python tools/population_closeness.py [--check].

They compare what `load_population("national")` leads to with the published outlook that is shipped, so that they can be
made in any checkout.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from actuary.demography.calibration import BOUNDS, compare_bands
from actuary.demography.population import project_population
from actuary.demography.population_sources import load_outlook, load_population
from actuary.demography.stochastic import draw_population_paths, run_population_paths

PAGE = Path(__file__).resolve().parent.parent / "docs" / "population.md"
YEARS = (2024, 2030, 2040, 2050, 2060, 2070, 2080, 2090, 2100)
PATHS = 10_000
SEED = 1


def closeness() -> str:
    """Return people of three variants, births and deaths against the published ones, in per cent."""
    outlook = load_outlook()
    runs = {name: project_population(load_population("national", variant=name)) for name in ("medium", "low", "high")}
    _, flows = runs["medium"].to_frames()
    flows = flows.set_index("year")
    lines = ["| year | people | low variant | high variant | births | deaths |", "|---|---|---|---|---|---|"]
    for year in YEARS:
        people = [
            100 * (float(run.total.sel(year=year)) / outlook.value("population", year, column=name) - 1)
            for name, run in runs.items()
        ]
        moves = [100 * (flows.loc[year, name] / outlook.value(name, year) - 1) for name in ("births", "deaths")]
        lines.append(f"| {year} | " + " | ".join(_cell(value, 2) for value in (*people, *moves)) + " |")
    return "\n".join(lines)


def bands() -> str:
    """Return the drawn bounds of people, births and deaths against the published ones, in per cent."""
    drawn = run_population_paths(draw_population_paths(load_population("national"), PATHS, seed=SEED))
    found = compare_bands(drawn, years=(2030, 2050, 2075, 2100))
    words = {"low_95": "95 % low", "low_80": "80 % low", "high_80": "80 % high", "high_95": "95 % high"}
    lines = ["| | year | " + " | ".join(words[bound] for bound in BOUNDS) + " |", "|---|---|" + "---|" * len(BOUNDS)]
    for name, word in (("population", "people"), ("births", "births"), ("deaths", "deaths")):
        for year, rows in found[found["series"] == name].groupby("year"):
            values = rows.set_index("bound")["off_pct"]
            lines.append(f"| {word} | {year} | " + " | ".join(_cell(values[bound], 1) for bound in BOUNDS) + " |")
    return "\n".join(lines)


def _cell(value: float, digits: int) -> str:
    text = f"{value:+.{digits}f}"
    return text.lstrip("+-") if float(text) == 0 else text


def written(page: str) -> str:
    """Return the page with its tables made anew."""
    for name, table in (("closeness", closeness()), ("bands", bands())):
        pattern = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
        page = pattern.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", page)
    return page


def main() -> None:
    """Write the page, or say that it is not what the package computes."""
    now = PAGE.read_text(encoding="utf-8")
    made = written(now)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(made, encoding="utf-8")
    elif made != now:
        raise SystemExit(
            "docs/population.md is not what the package computes: run python tools/population_closeness.py"
        )


if __name__ == "__main__":
    main()
