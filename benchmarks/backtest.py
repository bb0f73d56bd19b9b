"""Measure forecasts against what came: python benchmarks/backtest.py [--case quarterly] [--model pooled] [--json].

The core series of the reference folder go through its harness, which knows nothing of the model: rolling origins, the
whole command each time. Beside ours stands the seasonal naive forecast, in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import forecast_backtest_table as table  # noqa: E402  (the tools are no package of the installed project)


def measure(case: table.Case, models: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return mean scores of the models on the series of a case, its totals left out."""
    with tempfile.TemporaryDirectory() as folder:
        table.SCORES = Path(folder)
        for model in models:
            table.run_case(case, model, fresh=True)
        scores = table.read_scores(case)
    mean = table.means(scores[scores["kind"] == "series"], ["model"]).set_index("model")
    return json.loads(pd.DataFrame(mean).to_json(orient="index"))


def main() -> None:
    cases = {one.name: one for one in table.CASES}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=cases, default="quarterly")
    parser.add_argument("--models", nargs="+", choices=table.MODELS, default=["pooled", "naive"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not (table.REFERENCE / "series").is_dir():
        sys.exit(f"{table.REFERENCE / 'series'}: found no such folder; expected the reference series and their harness")
    found = measure(cases[given.case], tuple(given.models))
    if given.json:
        print(json.dumps(found))
        return
    for model, one in found.items():
        print(
            f"{model:8} {one['n']:5.0f} forecasts  sCRPS {one['scrps']:.3f}  80 % covers {one['cov80']:.2f}"
            f"  cumulative {one['cum_scrps']:.3f}, {one['cum_cov80']:.2f}  {one['secs']:.2f} s a series"
        )


if __name__ == "__main__":
    main()
