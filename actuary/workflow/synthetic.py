"""Write a synthetic city into a folder: cases for everybody, the truth for those who test the monitoring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from actuary.files import csv_bytes
from actuary.paths import data_root, models_root
from actuary.payment.declared_rules import coefficient_rule
from actuary.payment.policy_files import load_payment_policy
from actuary.payment.weight_files import write_computed_policy
from actuary.payment.weights_of_cases import weigh_cases
from actuary.synth import SyntheticCity, synthesise_city
from actuary.workflow.manifest import write_manifest
from actuary.workflow.outputs import check_output, staged_output

__all__ = ["WrittenCity", "write_synthetic_city"]

_README = """\
# 合成数据 · Synthetic data

由种子 {seed} 生成，{cases:,} 例，形状参照{city}的已公布总量（见 figures.csv）。
不含任何真实医院、真实患者的数据，不得当作该市的数据引用。

Made from seed {seed}: {cases:,} stays, shaped by published totals of {city} (figures.csv). No real hospital and no real
patient is in it; it must never be quoted as data of that city.

| file | content |
|---|---|
| cases.parquet | one row a stay: what a bureau holds, grouped with {scheme}; money in yuan |
| hospitals.csv | hospital and tier |
| policy.toml, weights.csv | a policy by points with weights and tier coefficients computed from these cases |
| budget.csv | what the pools were charged item by item, as budget |
| figures.csv | published figures that shaped it, with source |
| truth/cases.parquet | what was really behind each stay: `kind` of misbehaviour (empty: none), `true_drg` |
| truth/hospitals.csv | where each kind of misbehaviour is found |

    actuary settle cases.parquet --policy policy.toml --budget budget.csv --out settled
    actuary clear settled --scores scores.csv
"""

#: The shipped policy that the city's own extends: every number in it is judgement, and it is no real city's.
_POLICY = "points-from-cases"


@dataclass(frozen=True, slots=True)
class WrittenCity:
    """Hold what was written.

    Parameters
    ----------
    folder : Path
        The folder.
    cases, hospitals : int
        How many of them.
    kinds : dict of str to int
        Stays behind which each kind of misbehaviour is.
    city : SyntheticCity
        The recipe.
    """

    folder: Path
    cases: int
    hospitals: int
    kinds: dict[str, int]
    city: SyntheticCity

    #: Always true.
    synthetic: bool = True


def write_synthetic_city(
    city: str = "shenyang",
    out: Path | str = "output/synthetic",
    *,
    cases: int = 200_000,
    seed: int = 1,
    plan: Path | None = None,
    data: Path | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> WrittenCity:
    """Write a synthetic city shaped by the published figures of a real one.

    Parameters
    ----------
    city : str
        Region whose published figures are used.
    out : Path or str
        The folder; it appears whole or not at all.
    cases : int
        Stays in the year.
    seed : int
        Root seed: the same seed gives the same files, byte for byte, but for the time in the manifest.
    plan, data : Path, optional
        Another declared shape; another folder of tables.
    progress : callable, optional
        Called with the cases done and their number.

    Returns
    -------
    WrittenCity
        What was written.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    DeclarationError, TableError
        See :func:`actuary.synth.synthesise_city`.
    """
    target = check_output(Path(out))
    recipe = synthesise_city(city, cases=cases, seed=seed, plan=plan, data=data)
    kinds: dict[str, int] = {}
    with staged_output(target) as staging:
        (staging / "truth").mkdir()
        done = 0
        writers: list[pq.ParquetWriter] = []
        try:
            for part in recipe.parts():
                if not writers:
                    # A settlement, and a report on it, read there whose cases they imitate.
                    schema = part.cases.schema.with_metadata({"city": city, "synthetic": "true"})
                    writers.append(pq.ParquetWriter(staging / "cases.parquet", schema, compression="zstd"))
                    writers.append(
                        pq.ParquetWriter(staging / "truth" / "cases.parquet", part.truth.schema, compression="zstd")
                    )
                writers[0].write_table(part.cases.replace_schema_metadata(schema.metadata))
                writers[1].write_table(part.truth)
                for entry in part.truth["kind"].value_counts().to_pylist():
                    if entry["values"]:
                        kinds[entry["values"]] = kinds.get(entry["values"], 0) + entry["counts"]
                done += part.cases.num_rows
                if progress is not None:
                    progress(done, cases)
        finally:
            for writer in writers:
                writer.close()
        (staging / "hospitals.csv").write_bytes(csv_bytes(recipe.hospitals(), mark=False))
        (staging / "figures.csv").write_bytes(csv_bytes(recipe.figure_table(), mark=False))
        (staging / "truth" / "hospitals.csv").write_bytes(csv_bytes(recipe.hospital_truth(), mark=False))
        _write_policy(staging)
        text = _README.format(seed=seed, cases=cases, city=city, scheme=recipe.scheme.name)
        (staging / "README.md").write_text(text, encoding="utf-8")
        write_manifest(
            staging,
            command=["actuary", "synth", "--city", city, "--cases", str(cases), "--seed", str(seed), "--out", str(out)],
            run={"synthetic": True, "city": city, "cases": cases, "scheme": recipe.scheme.fingerprint, "kinds": kinds},
            roots={"models": models_root() / "synth", "data": data or data_root()},
            seed=seed,
        )
    return WrittenCity(folder=target, cases=done, hospitals=len(recipe.setting.hospitals), kinds=kinds, city=recipe)


def _write_policy(folder: Path) -> None:
    """Write the policy by which the city can be settled at once, and its budget."""
    policy = load_payment_policy(_POLICY, partial_ok=True)
    weighed = weigh_cases(folder / "cases.parquet", policy)
    write_computed_policy(policy, weighed.weights, folder, coefficients=weighed.coefficients(coefficient_rule(policy)))
    charged = pq.read_table(folder / "cases.parquet", columns=["insurance", "fund_charged"])
    sums = charged.group_by("insurance").aggregate([("fund_charged", "sum")])
    rows = sorted(zip(sums["insurance"].to_pylist(), sums["fund_charged_sum"].to_pylist(), strict=True))
    lines = ["insurance,budget_yuan", *(f"{insurance},{amount}" for insurance, amount in rows)]
    (folder / "budget.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
