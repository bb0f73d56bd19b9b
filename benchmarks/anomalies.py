"""Measure the search for anomalies: python benchmarks/anomalies.py [--cases 200000] [--seeds 1 2 3 4 5] [--shape F].

Synthetic cities are drawn by seed. For every kind of misbehaviour: area under the precision-recall curve
(average precision) over hospitals and over cases, beside a plain z-score against the mean of the tier and
scikit-learn's isolation forest on the same hospitals in the same run (and, to tell the figures from the judgement, both
on the search's own adjusted figures); and the false discovery rate reached at the
nominal level: the mean over seeds of false findings over findings (0 where there are none). An honest city, drawn from
the same seeds with no hospital misbehaving, shows how many findings there are where there is nothing to find.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from anomaly_peers import forest_scores, raw_indicators, z_scores
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from actuary.alerts.anomalies import Findings, detect_anomalies
from actuary.synth import SyntheticCity, synthesise_city
from actuary.synth.plan import KINDS

type FloatArray = NDArray[np.float64]

#: What the search is measured against: the plain methods on the usual indicators.
PLAIN = ("z-score", "forest, all", "forest, own")
#: The same methods on the figures that the search itself has adjusted for mix and tier.
ADJUSTED = ("z, adjusted", "forest, adj.")
SCORES = ("ours", *PLAIN, *ADJUSTED)


def draw(city: SyntheticCity) -> tuple[pa.Table, NDArray[np.object_]]:
    """Return the cases of a city and the kind behind each."""
    parts = list(city.parts())
    cases = pa.concat_tables([part.cases for part in parts], promote_options="permissive").unify_dictionaries()
    truth = pa.concat_tables([part.truth for part in parts])["kind"]
    return cases, truth.to_numpy(zero_copy_only=False)


def precision_area(truth: NDArray[np.bool_], score: FloatArray) -> float:
    """Return the average precision; NaN where there is nothing to find."""
    return float(average_precision_score(truth, score)) if truth.any() else float("nan")


def measure_city(city: SyntheticCity, *, seed: int) -> dict[str, dict[str, Any]]:
    """Measure one city: per kind the areas of all scores, and the findings that are false."""
    cases, kind_of = draw(city)
    started = time.perf_counter()
    found = detect_anomalies(cases)
    seconds = time.perf_counter() - started
    names = found.hospitals
    truth = city.hospital_truth()
    table, signs = raw_indicators(cases, names)
    z = z_scores(table, np.array(found.tiers))
    together, alone = forest_scores(z, seed=seed)
    adjusted = z_scores(adjusted_figures(found), np.array(found.tiers))
    _, isolated = forest_scores(adjusted, seed=seed)
    code = np.searchsorted(names, np.asarray(cases["hospital"].cast(pa.string()).to_pylist()))
    scores = found.scores()
    results: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        bad = np.isin(names, truth["hospital"][truth["kind"] == kind].to_numpy())
        own = scores[scores["kind"] == kind].set_index("hospital").reindex(names)
        listed = {one.hospital for one in found.findings if one.kind == kind}
        hits = sum(bool(bad[names.index(one)]) for one in listed)
        others = (z[kind].to_numpy(), together, alone[kind], adjusted[kind].to_numpy(), isolated[kind])
        plain = dict(zip((*PLAIN, *ADJUSTED), others, strict=True))
        ours = own["posterior"].fillna(-1.0).to_numpy() + 1e-6 * _ranks(own["z"].to_numpy())
        behind = kind_of == kind
        suspicion = found.case_scores(kind) if kind in found.assessments else np.zeros(len(behind))
        by_case = {name: np.where(signs[kind], value[code], value.min() - 1) for name, value in plain.items()}
        results[kind] = {
            "hospitals": {"ours": precision_area(bad, ours), **{n: precision_area(bad, v) for n, v in plain.items()}},
            "cases": {
                "ours": precision_area(behind, suspicion),
                **{n: precision_area(behind, v) for n, v in by_case.items()},
            },
            "findings": len(listed),
            "false": len(listed) - hits,
            "true": int(bad.sum()),
        }
    results["all"] = {"seconds": seconds, "findings": len(found), "cases": cases.num_rows}
    return results


def adjusted_figures(found: Findings) -> pd.DataFrame:
    """Return the effect of each hospital and kind before it is judged; of spikes the log evidence."""
    figures = {}
    for kind in KINDS:
        one = found.assessments[kind].evidence
        figures[kind] = one.effect if one.scan is None else np.nan_to_num(one.scan.log_evidence, neginf=0.0)
    return pd.DataFrame(figures)


def _ranks(z: FloatArray) -> FloatArray:
    """Return places from 0 to 1, so that equally sure hospitals are ordered by distance."""
    order = np.argsort(np.nan_to_num(z, nan=-np.inf), kind="stable")
    ranks = np.empty(len(z))
    ranks[order] = np.arange(len(z)) / max(len(z) - 1, 1)
    return ranks


def measure(cases: int, seeds: list[int], shape: Path | None, city: str) -> dict[str, Any]:
    """Measure all seeds, and an honest city of each."""
    runs, honest = [], []
    for seed in seeds:
        drawn = synthesise_city(city, cases=cases, seed=seed, plan=shape)
        runs.append(measure_city(drawn, seed=seed))
        quiet: Findings = detect_anomalies(draw(drawn.honest())[0])
        honest.append({"findings": len(quiet), "kinds": sorted(one.kind for one in quiet.findings)})
    return {"runs": runs, "honest": honest, "level": detect_level()} | _means(runs)


def _means(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return over seeds, by kind, our area and that of the better plain method; and the share of false findings."""
    kinds = {}
    for kind in KINDS:
        areas = {name: float(np.nanmean([run[kind]["hospitals"][name] for run in runs])) for name in SCORES}
        rate = float(np.mean([false_share(run[kind]) for run in runs]))
        kinds[kind] = areas | {"best peer": max(areas[name] for name in PLAIN), "false_rate": rate}
    return {"kinds": kinds, "false_rate": float(np.mean([false_share(_all_kinds(run)) for run in runs]))}


def _all_kinds(run: dict[str, Any]) -> dict[str, int]:
    return {name: sum(run[kind][name] for kind in KINDS) for name in ("findings", "false", "true")}


def false_share(run: dict[str, Any]) -> float:
    """Return false findings over findings; 0 where there are none."""
    return float(run["false"] / run["findings"]) if run["findings"] else 0.0


def _table(report: dict[str, Any], seeds: list[int]) -> str:
    runs, honest = report["runs"], report["honest"]
    lines = []
    for of, title in (("hospitals", "hospitals"), ("cases", "cases")):
        lines.append(f"area under the precision-recall curve over {title}, mean of {len(seeds)} seeds (lowest)")
        lines.append(f"{'':18s}" + "".join(f"{name:>20s}" for name in SCORES) + f"{'ahead on':>12s}")
        for kind in KINDS:
            values = {name: np.array([run[kind][of][name] for run in runs]) for name in SCORES}
            cells = "".join(f"{np.nanmean(v):>12.3f} ({np.nanmin(v):.3f})" for v in values.values())
            best = np.max([values[name] for name in PLAIN], axis=0)
            lines.append(f"{kind:18s}{cells}{int((values['ours'] > best).sum()):>6d} of {len(seeds)}")
        lines.append("")
    lines.append(
        f"false discovery rate at the nominal level {report['level']:g}:"
        " mean over seeds of false findings over findings"
    )
    lines.append(f"{'':18s}{'rate':>8s}{'findings':>10s}{'false':>7s}{'to find':>9s}")
    for kind in KINDS:
        rate = report["kinds"][kind]["false_rate"]
        sums = [sum(run[kind][name] for run in runs) for name in ("findings", "false", "true")]
        lines.append(f"{kind:18s}{rate:>8.3f}{sums[0]:>10d}{sums[1]:>7d}{sums[2]:>9d}")
    whole = [_all_kinds(run) for run in runs]
    sums = [sum(one[name] for one in whole) for name in ("findings", "false", "true")]
    lines.append(f"{'all kinds':18s}{report['false_rate']:>8.3f}{sums[0]:>10d}{sums[1]:>7d}{sums[2]:>9d}")
    quiet = ", ".join(str(one["findings"]) for one in honest)
    lines.append(f"honest cities of the same seeds: {quiet} findings")
    seconds = ", ".join(f"{run['all']['seconds']:.1f}" for run in runs)
    lines.append(f"{runs[0]['all']['cases']:,} cases each; search {seconds} s")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--shape", type=Path)
    parser.add_argument("--city", default="shenyang")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    report = measure(given.cases, given.seeds, given.shape, given.city)
    print(json.dumps(report, indent=1) if given.json else _table(report, given.seeds))


def detect_level() -> float:
    """Return the nominal level of the declared rules."""
    from actuary.alerts.anomalies import load_anomaly_rules  # noqa: PLC0415

    return load_anomaly_rules().statistics.level


if __name__ == "__main__":
    sys.exit(main())
