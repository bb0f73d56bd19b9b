"""Hold the fast paths of reserves and of small groups against the same models sampled with NUTS.

    make sampled-reserves

Writes docs/reserves-sampled.md. Compiling and sampling take some minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from actuary.forecast.sampled_reserves import Comparison, compare_delay, compare_groups

ROOT = Path(__file__).resolve().parent.parent
SIZES = ((1, 10), (10, 30), (30, 1000))

TEXT = """# Reserves and small groups: the fast path beside the sampled model

Made by `make sampled-reserves`; do not edit by hand.

Both fast paths learn spreads by expectation-maximisation and take the posterior as normal about its mean. Here the same
models, with the same declared priors, are drawn by NUTS through PyMC (`actuary/forecast/sampled_reserves.py`): every
spread and every weight of a tail is drawn instead of learned. Differences of means are in standard deviations of the
sampled posterior; widths are ratios of standard deviations, fast over sampled, medians over the rows.

## Delay model

A made-up payer of three series and two cut-offs, log of the final amount; {delay_told}.

{delay}

## Small groups

60 made-up groups of 2 to 119 stays, log of the mean cost; {groups_told}.

{groups}

Reading: a width above 1 is one the fast path draws too wide. The draws of a reserve are widened for series whose
spreads are learned from few cells (`draws.tail`); the sampled model knows of that itself. The centre of the fast
reserve lies above the sampled one, by up to two fifths of its standard deviation: the correction of the mode is of
first order.
"""


def told(found: Comparison, draws: int) -> str:
    """Return how the sampler did."""
    return f"2 chains of {draws} draws, largest R-hat {found.rhat:.3f}, {found.divergences} divergences"


def row(label: str, part: pd.DataFrame) -> str:
    """Return one line of a table."""
    away = (part["mean fast"] - part["mean sampled"]) / part["sd sampled"]
    ratio = part["sd fast"] / part["sd sampled"]
    cells = [f"{away.mean():+.2f}", f"{away.abs().max():.2f}", f"{np.median(part['sd sampled']):.3f}"]
    return f"| {label} | {len(part)} | {' | '.join(cells)} | {ratio.median():.2f} |"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "reserves-sampled.md")
    options = parser.parse_args()
    with ProcessPoolExecutor(2) as pool:
        jobs = [pool.submit(compare, draws=options.draws) for compare in (compare_delay, compare_groups)]
        delay, groups = (job.result() for job in jobs)
    head = "| {} | rows | mean difference | largest | sampled sd [log] | width |\n|---|---|---|---|---|---|"
    lags = [row(str(lag), part) for lag, part in delay.rows.groupby("lag")]
    sizes = [
        row(
            f"{low}-{high - 1}" if high < 1000 else f"{low} and more",
            groups.rows[groups.rows["cases"].between(low, high - 1)],
        )
        for low, high in SIZES
    ]
    tables = {"delay": "\n".join([head.format("lag"), *lags]), "groups": "\n".join([head.format("cases"), *sizes])}
    said = {"delay_told": told(delay, options.draws), "groups_told": told(groups, options.draws)}
    options.out.write_text(TEXT.format(**tables, **said), encoding="utf-8")


if __name__ == "__main__":
    main()
