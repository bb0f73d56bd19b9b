"""Project the people of a place from a folder of tables to a folder of tables."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from actuary.demography.population import PopulationProjection, project_population
from actuary.demography.population_inputs import read_population_inputs
from actuary.files import csv_bytes
from actuary.workflow.outputs import MANIFEST, check_output, staged_output

__all__ = ["project_population_files"]


def project_population_files(
    inputs: Path | str,
    out: Path | str,
    *,
    parquet: bool = False,
    accept_implausible: bool = False,
    migration_timing: str = "standard",
) -> PopulationProjection:
    """Project a folder of inputs and write the people and the flows, whole or not at all.

    Parameters
    ----------
    inputs : path
        See :func:`actuary.demography.population_inputs.read_population_inputs`.
    out : path
        Folder that receives ``population.csv`` (year, age, sex, population: persons on 31 December), ``flows.csv``
        (year, births, deaths, net_migrants: persons) and ``manifest.json``. Numbers have all their digits.
    parquet : bool
        Write ``population.parquet`` and ``flows.parquet`` as well.
    accept_implausible : bool
        Take figures that are possible but not plausible.
    migration_timing : str
        ``standard``, ``end`` or ``even``: when migrants move within a step.

    Returns
    -------
    PopulationProjection
        What was written.

    Raises
    ------
    TableError
        With every problem of the inputs.
    OutputError
        When the folder cannot be written.
    """
    target = check_output(Path(out))
    read = read_population_inputs(inputs, accept_implausible=accept_implausible, migration_timing=migration_timing)
    projection = project_population(read)
    with staged_output(target) as staging:
        for name, frame in zip(("population", "flows"), projection.to_frames(), strict=True):
            (staging / f"{name}.csv").write_bytes(csv_bytes(frame, mark=False))
            if parquet:
                frame.to_parquet(staging / f"{name}.parquet", index=False)
        outputs = [
            {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in sorted(staging.iterdir())
        ]
        manifest = {
            "fingerprint": projection.fingerprint,
            "notes": [*projection.inputs.notes, *projection.notes],
            "outputs": outputs,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (staging / MANIFEST).write_text(f"{text}\n", encoding="utf-8")
    return projection
