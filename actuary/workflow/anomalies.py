"""Write what a search for anomalies found into a folder, and record it in the ledger of cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from actuary.paths import models_root
from actuary.workflow.manifest import file_sha256, write_manifest
from actuary.workflow.outputs import check_output, staged_output
from actuary.workflow.publication import public_findings

if TYPE_CHECKING:
    from actuary.alerts.anomalies.findings import Findings
    from actuary.alerts.ledger import Recorded

__all__ = ["record_findings", "write_findings"]


def write_findings(
    findings: Findings,
    out: Path | str,
    *,
    command: Sequence[str] = (),
    inputs: Sequence[Path] = (),
    publish: bool = False,
) -> Path:
    """Write findings, the cases behind them, every score, and a manifest; the folder appears whole or not at all.

    Parameters
    ----------
    findings : Findings
        What was found.
    out : path
        The folder.
    command : sequence of str
        The command that repeats the run.
    inputs : sequence of Path
        Files that were read; the manifest lists their checksums.
    publish : bool
        Whether it is fit for publication: neither cases nor scores, and no figure of few cases.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    import pandas as pd  # noqa: PLC0415  (only this function writes tables)

    from actuary.files import csv_bytes  # noqa: PLC0415

    target = check_output(Path(out))
    left = [{"kind": one.kind, "reason": one.reason} for one in findings.not_assessable]
    tables = {
        "findings.csv": public_findings(findings) if publish else findings.to_frame(),
        "not_assessable.csv": pd.DataFrame(left, columns=["kind", "reason"]),
    }
    if not publish:
        tables["scores.csv"] = findings.scores()
    with staged_output(target) as folder:
        for name, frame in tables.items():
            (folder / name).write_bytes(csv_bytes(frame))
        if not publish:
            pq.write_table(findings.evidence, folder / "cases.parquet", compression="zstd")
        write_manifest(
            folder,
            command=command,
            run={
                "fingerprint": findings.fingerprint,
                "synthetic": findings.synthetic,
                "period": findings.period,
                "policy": findings.policy,
                "level": findings.level,
                "findings": len(findings),
                "not_assessable": left,
                "cases_left_out": findings.excluded,
                "inputs": [{"file": path.name, "sha256": file_sha256(path)} for path in inputs],
            },
            roots={"models/alerts": models_root() / "alerts"},
            seed=0,
        )
    return target


def record_findings(
    findings: Findings,
    ledger: Path | str | None = None,
    *,
    who: str | None = None,
    region: str = "region",
    period: str | None = None,
) -> tuple[Recorded, ...]:
    """Record every finding in a ledger of cases.

    Parameters
    ----------
    findings : Findings
        What was found.
    ledger : path, optional
        The ledger; the usual one when left out.
    who : str, optional
        Who records; the name under which one is logged in when left out.
    region : str
        Region of the hospitals.
    period : str, optional
        Quarter or year; that of the last discharge when left out.

    Returns
    -------
    tuple of Recorded
        What became of every signal.
    """
    from actuary.workflow.case_ledger import record_signals  # noqa: PLC0415

    return record_signals(findings.signals(period=period, region=region), ledger=ledger, who=who)
