"""Calibrate the sampled models by simulation; write the ranks, a figure of each model and a page of tables.

    python tools/simulation_based_calibration.py [--model structural ...] [--simulations 200] [--out docs/calibration]

Every panel's ranks are written as they are found: a run that was stopped goes on where it ended. Ranks of a model that
has been declared anew since are dropped. A panel takes a second or two on two quiet cores; compiling comes once.
"""

from __future__ import annotations

import argparse
import csv
import html
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd

from actuary.forecast.bayes_spec import load_bayes_spec
from actuary.forecast.calibration import (
    RANKS,
    calibration_fingerprint,
    ecdf_band,
    rank_simulation,
    summarise_ranks,
)

SHIPPED = ("structural", "fund_quarters")
#: Columns of a file of ranks before those of the quantities.
HEAD = ("simulation", "model", "divergences")

PREFACE = (
    "Written by `make calibration`. Parameters are drawn from the prior, a panel of three series and 28 quarters"
    " from the parameters, and the model is fitted to it, with the effort of its back-tests (`[trial]` in its"
    " declaration). The rank of the truth among 99 draws of the posterior must be uniform over many panels. Mean"
    " rank: 0.50 where nothing is shifted. Spread: of the ranks over that of a uniform law; above 1 the posterior"
    " is too narrow, below 1 too wide. Distance: largest difference between the ranks' distribution and the"
    " uniform one; the band is what chance gives all quantities of a model together in 95 of 100 runs. The panel"
    " runs from 2016Q1 to 2022Q4, so that effects and outbreaks with dates in it are among what is ranked."
)


def read_ranks(path: Path, key: str) -> pd.DataFrame:
    """Return the ranks that are there of the model as it is declared now."""
    if not path.is_file():
        return pd.DataFrame(columns=list(HEAD))
    rows = pd.read_csv(path, dtype={"model": str}).drop_duplicates("simulation")
    return rows[rows["model"] == key].reset_index(drop=True)


def run_simulations(model: str, path: Path, *, simulations: int, seed: int) -> pd.DataFrame:
    """Rank the panels that are still wanting, each written at once, and return all."""
    spec = load_bayes_spec(model)
    key = calibration_fingerprint(spec)
    done = read_ranks(path, key)
    done.to_csv(path, index=False, lineterminator="\n") if len(done) else path.unlink(missing_ok=True)
    wanting = sorted(set(range(simulations)) - set(done["simulation"]))
    begin = time.monotonic()
    for count, number in enumerate(wanting, start=1):
        found = {"simulation": number, "model": key, **rank_simulation(spec, number, seed=seed)}
        is_new = not path.is_file()
        with path.open("a", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            if is_new:
                writer.writerow(found)
            writer.writerow(found.values())
        if count % 10 == 0 or count == len(wanting):
            spent = time.monotonic() - begin
            sys.stderr.write(f"{model}: {count} of {len(wanting)}, {spent:,.0f} s, {spent / count:.1f} s a panel\n")
    return read_ranks(path, key).sort_values("simulation", ignore_index=True)


def draw_figure(ranks: pd.DataFrame, path: Path) -> None:
    """Draw for every quantity how far its ranks run from the diagonal, with the band of chance.

    Written as plain SVG: a plotting library takes three times the bytes for thirty small panels.
    """
    band = ecdf_band(len(ranks), level=1 - 0.05 / ranks.shape[1])
    columns, wide, high, gap = 6, 120, 60, 22
    rows = -(-ranks.shape[1] // columns)
    scale = high / 2 / (1.6 * band)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * (wide + 10)} {rows * (high + gap) + 14}"'
        ' font-family="sans-serif" font-size="8">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, name in enumerate(ranks.columns):
        left, top = number % columns * (wide + 10) + 5, number // columns * (high + gap) + 12
        middle = top + high / 2
        shares = (np.sort(ranks[name]) + 0.5) / (RANKS + 1)
        away = np.arange(1, shares.size + 1) / shares.size - shares
        line = " ".join(f"{left + wide * x:.0f},{middle - scale * y:.1f}" for x, y in zip(shares, away, strict=True))
        parts += [
            f'<text x="{left}" y="{top - 3}">{html.escape(name)}</text>',
            f'<path d="M{left} {middle}h{wide}" stroke="#eee" stroke-width="{2 * scale * band:.1f}"/>',
            f'<path d="M{left} {middle}h{wide}" stroke="#999" stroke-width=".5"/>',
            f'<polyline points="{line}" fill="none" stroke="#005f87"/>',
        ]
    told = f"distribution of the rank of the truth less the uniform one; grey: band of chance, ±{band:.3f}"
    parts.append(f'<text x="5" y="{rows * (high + gap) + 8}">{told}</text></svg>')
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def table_of(table: pd.DataFrame) -> str:
    """Return the summary of a model's ranks as Markdown."""
    lines = ["| quantity | mean rank | spread | distance | inside the band |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.quantity} | {row.mean:.2f} | {row.spread:.2f} | {row.distance:.3f} | {'yes' if row.inside else 'no'} |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines)


def write_page(folder: Path, results: dict[str, pd.DataFrame]) -> bool:
    """Write the page of all models; return whether every quantity lies inside its band."""
    parts = [f"# Calibration by simulation\n\n{textwrap.fill(PREFACE, 120)}\n"]
    good = True
    for model, rows in results.items():
        ranks = rows.drop(columns=list(HEAD))
        table = summarise_ranks(ranks)
        good &= bool(table["inside"].all())
        diverged = rows["divergences"]
        told = (
            f"{len(rows)} panels, band {table['band'].iloc[0]:.3f}; {int(table['inside'].sum())} of {len(table)}"
            f" quantities inside. {int((diverged > 0).sum())} panels had divergences, {int(diverged.sum())} in all, the"
            f" most {int(diverged.max())}."
        )
        figure = f"![Ranks of {model}]({model}.svg)"
        parts.append(f"## {model}\n\n{textwrap.fill(told, 120)}\n\n{figure}\n\n{table_of(table)}\n")
        draw_figure(ranks, folder / f"{model}.svg")
    (folder / "README.md").write_text("\n".join(parts), encoding="utf-8")
    return good


def main() -> int:
    """Run what is wanting and write the page; return 1 where a quantity leaves its band."""
    parser = argparse.ArgumentParser(description="Calibrate the sampled models by simulation.")
    parser.add_argument("--model", nargs="+", default=list(SHIPPED))
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("docs/calibration"), help="folder to write into")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    results = {
        model: run_simulations(model, given.out / f"{model}_ranks.csv", simulations=given.simulations, seed=given.seed)
        for model in given.model
    }
    # The page shows every model whose ranks are here, whichever were asked for.
    for model in SHIPPED:
        if model not in results:
            rows = read_ranks(given.out / f"{model}_ranks.csv", calibration_fingerprint(load_bayes_spec(model)))
            if len(rows):
                results[model] = rows
    return 0 if write_page(given.out, results) else 1


if __name__ == "__main__":
    sys.exit(main())
