"""A small policy of points with every rule that looks at more than the cost, for results computed by hand.

A point is worth 100 yuan and the city's mean cost is 10,000 yuan, so that a group of weight 1 has 100 points and a
standard of 10,000 yuan.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from actuary.payment.declaration import PaymentPolicy
from actuary.payment.policy_files import load_payment_policy

WEIGHTS = """group,rw,mark
AA11,1,stable
BB15,2,stable
TC19,1.5,tcm
WE25,0.5,stable
OB19,0.6,stable
NO10,,no_weight
"""

TOML = """
[policy]
id = "small"
schema = 1
valid = { from = 2024-01-01, to = 2024-12-31 }
family = "points"
provenance = [{ field = "*", source = "judgement", tag = "judgement" }]

[rounding]
points = 4
money = 2
mode = "half_up"
stage = "each_case"

[weights]
file = "weights.csv"
scale = 100
overall_mean_cost = 10000

[price]
mode = "fixed"
represents = "total_cost"
rate = [{ tier = "*", scheme = "*", value = 100 }]

[coefficient]
form = "tier"
tier = { "3" = 1.1, "2" = 1.0 }

[ratio]
denominator = "city_group_mean"
deduct = ["negotiated_drugs"]

[[class]]
name = "low"
op = "<"
k = 0.4
pay = "points_no_factor"

[[class]]
name = "high"
op = ">"
k = 3
pay = "linear"

[incomplete]
formula = "without_coef"

[readmission]
days = 15
same_group = true
effect = "halve_earlier"
exempt = ["chemo"]

[bed_day]
points_per_day = 3.2

[review]
quota = { "3" = 0.25, "2" = 0.25 }
result = "actual"

[substitute]
rules = [{ group = "TC19", to = "WE25", field = "tcm_share", op = "<", value = 0.6 }]
additions = [{ group = "OB19", reason = "complication", weight_share = 0.5 }]

[volume_cap]
BB15 = 2
beyond = "share"
share = 0.5

[settlement]
subtract = ["cash"]
"""


def small_policy(folder: Path, *, without: tuple[str, ...] = ()) -> PaymentPolicy:
    """Write the policy into a folder and load it, without some of its lines."""
    (folder / "weights.csv").write_text(WEIGHTS, encoding="utf-8")
    lines = [line for line in TOML.splitlines() if not line.startswith(without)] if without else TOML.splitlines()
    path = folder / "small.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_payment_policy(path)


def stays(*rows: dict[str, object]) -> pd.DataFrame:
    """Return cases: the given cells in place of the usual ones."""
    usual = {"hospital": "H1", "tier": "2", "insurance": "employee", "drg": "AA11", "total_cost": "9000.00"}
    usual |= {"patient_cash": "0"}
    return pd.DataFrame([{"case_id": f"c{number}", **usual, **row} for number, row in enumerate(rows)])
