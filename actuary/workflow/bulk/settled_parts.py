"""The folder of a settlement part by part, as later steps take it: whole, and of the cases that they read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from actuary.durable.folders import MANIFEST
from actuary.errors import Problem, TableError
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.partitions import Dataset, Partition

__all__ = ["check_settled", "is_whole", "settled_part"]


def settled_part(folder: str | Path, partition: Partition) -> Path:
    """Return where the cases of a partition stand in the folder of their settlement."""
    return Path(folder) / "cases" / partition.out


def _manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest of an output says; nothing where there is none."""
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def is_whole(folder: Path) -> bool:
    """Say whether every file that an output lists is there with its checksum.

    Parameters
    ----------
    folder : Path
        The output.

    Examples
    --------
    >>> is_whole(Path("nowhere"))
    False
    """
    listed = _manifest(folder).get("outputs")
    try:
        for entry in listed or ():
            with (folder / entry["file"]).open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != entry["sha256"]:
                    return False
    except (OSError, KeyError, TypeError):
        return False
    return bool(listed)


def check_settled(folder: Path, dataset: Dataset, *, hospitals: str) -> str:
    """Check that a folder holds the settlement of a dataset; return the hash of its cases.

    Parameters
    ----------
    folder : Path
        What :func:`~actuary.workflow.bulk.settle.settle_dataset` wrote.
    dataset : Dataset
        The cases.
    hospitals : str
        Fingerprint of the list of hospitals with which the cases are read, see
        :func:`~actuary.workflow.bulk.case_parts.hospitals_fingerprint`.

    Raises
    ------
    TableError
        When it holds no such settlement, that of other cases or with another list of hospitals, or files that are not
        those it lists.
    """
    where, told = f"--settled {folder}", _manifest(folder)
    expected = "what actuary settle wrote from these cases, part by part"
    mend = f"actuary settle {dataset.root} --policy … --out {folder}"
    if told.get("verb") != "settle":
        found = "no settlement" if not told else "a settlement at once" if "fingerprint" in told else "another output"
        raise TableError(Problem(where, found, expected, mend))
    if told.get("input") != dataset.content or told.get("partitions") != len(dataset.partitions):
        raise TableError(Problem(where, "a settlement of other cases", expected, mend))
    if not is_whole(folder):
        raise TableError(Problem(where, "files that are not those of its manifest", "an unchanged folder", mend))
    if "hospitals" not in told:
        raise TableError(Problem(where, "a settlement that does not say with which list of hospitals", expected, mend))
    if told["hospitals"] != hospitals:
        # A hospital that is not on the list has no case that counts, and the list gives tiers.
        found = "another list of hospitals" if hospitals else "no list of hospitals"
        expected = "the list that the cases were settled with" if told["hospitals"] else "none, as they were settled"
        raise TableError(Problem("--hospitals", found, expected))
    # Not the fingerprint of the settlement: it is the same for another version of the package.
    return fingerprint([entry for entry in told["outputs"] if entry["file"].startswith("cases/")])
