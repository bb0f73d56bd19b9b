"""Measure how often the interval of an audit holds the truth: python benchmarks/audit_coverage.py [--draws 100].

Each line is one made-up population of claims whose errors are known; it is audited again and again with other seeds.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from actuary.alerts.audit import AuditResults, audit_of_policy, draw_audit, estimate_audit, load_audit_plan
from actuary.payment.case_files import read_cases

#: Claims, share of them with an error, providers.
POPULATIONS = ((1500, 0.2, 1), (1500, 0.05, 1), (6000, 0.05, 1), (6000, 0.6, 1), (3000, 0.1, 4), (400, 0.2, 1))


def made_up(count: int, hospitals: int) -> pd.DataFrame:
    """Return claims with log-normal amounts, spread evenly over providers."""
    fund = np.round(np.random.default_rng(5).lognormal(8.6, 0.8, count), 2)
    fixed = {"insurance": "employee", "drg": "GD25", "tier": "3", "discharge_date": "2024-05-01"}
    names = {
        "case_id": [f"C{number:05d}" for number in range(count)],
        "hospital": [f"H{number % hospitals}" for number in range(count)],
    }
    return pd.DataFrame({**names, "total_cost": np.round(fund * 1.4, 2), "fund_charged": fund}).assign(**fixed)


def measure(count: int, rate: float, hospitals: int, draws: int) -> tuple[int, float, float, float]:
    """Return claims drawn, share of draws whose interval holds the truth, mean and spread of estimate to truth."""
    plan = load_audit_plan()
    rule = audit_of_policy(plan.audit.policy)
    frame = made_up(count, hospitals)
    cases, rng = read_cases(frame), np.random.default_rng(11)
    shares = np.where(rng.random(count) < rate, rng.uniform(0.1, 0.8, count), 0)
    by_case = dict(zip(frame["case_id"], shares, strict=True))
    ratios, covered, drawn = [], 0, 0
    for seed in range(draws):
        sampling = draw_audit(cases, plan, rule=rule, seed=seed)
        claims = sampling.population
        errors = (claims["amount_fen"] * claims["case_id"].map(by_case)).astype(np.int64)
        keys = zip(claims["hospital"], claims["year"], claims["case_id"], strict=True)
        found = {key: error for key, error, place in zip(keys, errors, claims["drawn"], strict=True) if place}
        estimate = estimate_audit(sampling, AuditResults(found, {}))
        truth = int(errors.sum())
        ratios.append(estimate.total_fen / truth)
        covered += estimate.low_fen <= truth <= estimate.high_fen
        drawn = len(found)
    return drawn, covered / draws, float(np.mean(ratios)), float(np.std(ratios))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=100)
    given = parser.parse_args()
    print("| claims | with an error | providers | drawn | covered | mean of estimate / truth | its spread |")
    print("|---|---|---|---|---|---|---|")
    for count, rate, hospitals in POPULATIONS:
        drawn, covered, mean, spread = measure(count, rate, hospitals, given.draws)
        print(f"| {count:,} | {rate:.0%} | {hospitals} | {drawn} | {covered:.0%} | {mean:.2f} | {spread:.2f} |")


if __name__ == "__main__":
    main()
