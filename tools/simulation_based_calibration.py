"""Calibrate a sampled model by simulation; write the ranks, a table and one small figure.

    python tools/simulation_based_calibration.py --model structural --simulations 200 --out docs/calibration

One panel takes a few seconds after the first, which compiles.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from actuary.forecast.bayes_spec import load_bayes_spec
from actuary.forecast.calibration import calibrate_by_simulation, ecdf_band, summarise_ranks


def draw_figure(ranks, path: Path) -> None:
    """Draw for every quantity how far its ranks run from the diagonal, with the band of chance."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415

    mpl.rcParams |= {"svg.hashsalt": "calibration", "svg.fonttype": "path", "font.size": 7}
    names = list(dict.fromkeys(ranks["quantity"]))
    band = ecdf_band(int(ranks["simulation"].nunique()), level=1 - 0.05 / len(names))
    figure, axes = plt.subplots(2, -(-len(names) // 2), figsize=(7.2, 2.8), sharex=True, sharey=True)
    for axis, name in zip(axes.flat, names, strict=False):
        values = np.sort(ranks.loc[ranks["quantity"] == name, "rank"])
        axis.axhspan(-band, band, color="0.9")
        axis.step(values, np.arange(1, values.size + 1) / values.size - values, where="post", color="#005f87", lw=1)
        axis.set_title(name, fontsize=6.5)
        axis.set_ylim(-1.6 * band, 1.6 * band)
    for axis in list(axes.flat)[len(names) :]:
        axis.axis("off")
    figure.supxlabel("rank of the truth", fontsize=7)
    figure.supylabel("distribution less uniform", fontsize=7)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> int:
    """Run the calibration; return 1 where a quantity leaves its band."""
    parser = argparse.ArgumentParser(description="Calibrate a sampled model by simulation.")
    parser.add_argument("--model", default="structural")
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--draws", type=int, default=500, help="a chain; two chains")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    given = parser.parse_args()
    spec = load_bayes_spec(given.model)
    effort = {"chains": 2, "tune": given.draws, "draws": given.draws}
    spec = spec.model_copy(update={"sampler": spec.sampler.model_copy(update=effort), "effect": (), "outbreak": ()})

    def show(share: float, phase: str) -> None:
        sys.stderr.write(f"\r{share:4.0%} {phase}")

    ranks = calibrate_by_simulation(spec, simulations=given.simulations, seed=given.seed, progress=show)
    table = summarise_ranks(ranks)
    given.out.mkdir(parents=True, exist_ok=True)
    table.to_csv(given.out / f"{given.model}_calibration.csv", index=False, float_format="%.4f", lineterminator="\n")
    draw_figure(ranks, given.out / f"{given.model}_calibration.svg")
    sys.stderr.write("\n")
    sys.stdout.write(table.to_string(index=False) + "\n")
    return 0 if table["inside"].all() else 1


if __name__ == "__main__":
    sys.exit(main())
