"""Put the parts of a run and its tables into the folder of the output, which appears whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actuary.durable.folders import MANIFEST, check_output, staged_output
from actuary.errors import OutputError, Problem
from actuary.files import neutral
from actuary.tables.personal_door import persons_told
from actuary.workflow.bulk.engine import PartDone
from actuary.workflow.bulk.partitions import Dataset, Partition

__all__ = ["csv_bytes", "output_beside", "publish", "refuse_overlap"]


def refuse_overlap(dataset_root: Path | str, out: Path) -> None:
    """Raise when an output would lie in the folder of the cases, or replace it.

    Raises
    ------
    OutputError
        When one lies within the other.
    """
    root, target = Path(dataset_root).expanduser().resolve(), out.expanduser().resolve()
    if target == root or root in target.parents or target in root.parents:
        found, mend = "a folder that holds the cases, or lies among them", "choose a folder beside them"
        raise OutputError(Problem(f"--out {out}", found, "another folder: cases are never overwritten", mend))


def output_beside(dataset_root: Path | str, out: Path | str) -> Path:
    """Return the folder of an output once it is clear that it can be written, and that no case lies in it.

    Parameters
    ----------
    dataset_root : path
        The cases.
    out : path
        The wanted folder.

    Raises
    ------
    OutputError
        When it cannot be written, or one lies within the other.
    """
    target = check_output(Path(out))
    refuse_overlap(dataset_root, target)
    return target


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    r"""Return a table as CSV with a byte-order mark, by which spreadsheets read Chinese.

    Examples
    --------
    >>> csv_bytes(["a", "b"], [(1, "x")]).decode("utf-8-sig")
    'a,b\n1,x\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([neutral(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _put(source: Path, target: Path) -> None:
    """Give a finished file a second name where the file system can, else copy it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def publish(
    out: Path,
    dataset: Dataset,
    parts: Sequence[PartDone],
    *,
    tables: Mapping[str, str],
    more: Callable[[Path], None],
    marks: Mapping[str, Any],
) -> Path:
    """Write the folder of an output.

    Parameters
    ----------
    out : Path
        The folder; an earlier output in it is replaced as a whole.
    dataset : Dataset
        What was worked on.
    parts : sequence of PartDone
        One a partition, in their order.
    tables : mapping of str to str
        File in the folder of a part to the folder of the output that takes it: ``cases.parquet`` of every part becomes
        ``cases/<as the input>.parquet``. A part may lack one.
    more : callable
        Writes the tables of the whole into the folder.
    marks : mapping
        What identifies the run, for the manifest.

    Returns
    -------
    Path
        The folder.
    """
    with staged_output(out) as staging:
        for partition, part in zip(dataset.partitions, parts, strict=True):
            for name, folder in tables.items():
                source = Path(part.folder) / name
                if source.is_file():
                    _put(source, staging / folder / _named(partition, name))
        more(staging)
        outputs = []
        for path in sorted(staging.rglob("*")):
            if path.is_file():
                with path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                outputs.append({"file": path.relative_to(staging).as_posix(), "sha256": digest})
        manifest = {
            **marks,
            # How many tables there are, not which of them this run has read and which an earlier one.
            **{
                name: {key: one for key, one in told.items() if key != "tables"}
                for name, told in persons_told().items()
            },
            "partitions": len(dataset.partitions),
            "rows": dataset.rows,
            "input": dataset.content,
            "version": importlib.metadata.version("actuary"),
            "outputs": outputs,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (staging / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return out


def _named(partition: Partition, name: str) -> str:
    return str(Path(partition.out).with_suffix(Path(name).suffix))
