"""Check a dataset of cases before it is grouped, part by part; lists that stand twice are found wherever they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from actuary.drg.quality.declarations import load_declarations
from actuary.drg.quality.dictionaries import CodeDictionary, load_dictionary
from actuary.drg.quality.repeats import REPEATS
from actuary.drg.quality.result import CheckRun
from actuary.drg.quality.shapes import Declarations
from actuary.policy.fingerprints import fingerprint
from actuary.workflow.bulk.check_tasks import CheckTask, CountTask, KeyTask
from actuary.workflow.bulk.engine import Engine, PartDone
from actuary.workflow.bulk.journal import open_journal
from actuary.workflow.bulk.keys import shares_for
from actuary.workflow.bulk.partitions import PARTITION_ROWS, Dataset, find_partitions
from actuary.workflow.bulk.progress import Progress
from actuary.workflow.bulk.publish import csv_bytes, output_beside, publish

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckedDataset", "check_dataset"]

#: Findings that are held for showing; all of them stand on the disk.
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDataset:
    """Say what the checks of a dataset found; the findings themselves stand on the disk.

    Parameters
    ----------
    path : Path
        The folder that was written.
    case_count, rejected_count, error_count : int
        Cases, cases with a finding of severity E, and such findings [count].
    partitions : int
        How many parts.
    runs : tuple of CheckRun
        Every check, whether it ran or not.
    edition : str
        Edition of the code dictionary; empty when there was none.
    unjudged_cases : int
        Cases discharged before that edition was in use.
    """

    path: Path
    case_count: int
    rejected_count: int
    error_count: int
    partitions: int
    runs: tuple[CheckRun, ...]
    edition: str
    unjudged_cases: int

    def __repr__(self) -> str:
        """Return the main counts in a line."""
        return (
            f"<checks of {self.case_count:,} cases in {self.partitions:,} parts: {self.rejected_count:,} rejected, "
            f"{self.findings_count:,} findings>"
        )

    @property
    def findings_count(self) -> int:
        """Findings of all checks."""
        return sum(run.findings for run in self.runs)

    def first_findings(self, count: int = _SHOWN) -> pd.DataFrame:
        """Return the first findings, in the order of the cases."""
        import pandas as pd  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        frames: list[pd.DataFrame] = []
        for partition in find_partitions(self.path / "findings").partitions if self.findings_count else ():
            wanted = count - sum(map(len, frames))
            if wanted <= 0:
                break
            with pq.ParquetFile(partition.path) as file:
                for batch in file.iter_batches(batch_size=wanted):
                    frames.append(batch.to_pandas())
                    break
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def summary(self) -> pd.DataFrame:
        """Return every check with its status, findings and cases, and what it lacked."""
        import pandas as pd  # noqa: PLC0415

        names = ("rule", "severity", "zh", "en", "status", "findings", "cases")
        columns = {name: [getattr(run, name) for run in self.runs] for name in names}
        return pd.DataFrame({**columns, "missing": [", ".join(run.missing) for run in self.runs]})


def check_dataset(  # noqa: PLR0913  (what a run can be asked for)
    path: str | Path,
    out: str | Path,
    *,
    dictionary: CodeDictionary | Path | str | None = None,
    limits: Mapping[str, int] | None = None,
    root: Path | str | None = None,
    engine: Engine | None = None,
    threads: int | None = None,
    partition_rows: int = PARTITION_ROWS,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> CheckedDataset:
    """Check a folder of Parquet files of cases, or one large file by its row groups.

    Parameters
    ----------
    path : str or Path
        The dataset: flat cases, or the case table of interface 4101.
    out : str or Path
        Folder to write: ``findings/`` and ``rejected/`` laid out as the input, ``summary.csv``, ``manifest.json``.
    dictionary : path, optional
        Folder of the code dictionary; what the variable ACTUARY_DICTIONARY names when left out.
    limits : mapping, optional
        Thresholds of the region by their name.
    root : Path, optional
        Folder of declarations; those of the package when left out.
    engine : Engine, optional
        What runs the parts; threads of this process when left out.
    threads : int, optional
        Threads of that engine; as many as there are cores when left out.
    partition_rows : int
        Rows of a part at most, as far as the row groups allow it [rows].
    restart : bool
        Whether what an earlier run kept is discarded.
    progress : callable, optional
        Told how far it is.

    Returns
    -------
    CheckedDataset
        The same findings as from one table of all cases.

    Raises
    ------
    TableError
        When a file cannot be read.
    UnknownNameError
        When a limit is not known.
    OutputError
        When the output cannot be written, or another run is at work on it.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (Path(folder) / "cases").mkdir()
    ...     pq.write_table(pa.table({"case_id": ["1", "1"], "sex": [1, 3]}), Path(folder) / "cases" / "a.parquet")
    ...     found = check_dataset(Path(folder) / "cases", Path(folder) / "checked")
    >>> found.case_count
    2
    """
    target = output_beside(path, out)
    declared = load_declarations(root).with_limits(limits or {})
    codes = dictionary if isinstance(dictionary, CodeDictionary) else load_dictionary(dictionary, declared=declared)
    dataset = _with_rows(find_partitions(path, partition_rows=partition_rows))
    marks = {"verb": "check", "rules": _rules_fingerprint(declared), "codes": _codes_fingerprint(codes)}
    identity = {**marks, "dataset": dataset.fingerprint}
    with open_journal(target, identity, engine, threads=threads, restart=restart, progress=progress) as journal:
        repeats = None
        if len(dataset.partitions) > 1:
            shares = shares_for(dataset.rows)
            keyed = journal.stage("1 keys", KeyTask(declared, shares), dataset.partitions)
            rules = tuple(rule for rule in REPEATS if any(rule in part.sums["rules"] for part in keyed))
            count = CountTask(tuple(part.folder for part in keyed), rules)
            counted = journal.stage("2 repeated lists", count, journal.buckets(shares, dataset.rows))
            repeats = _files_of(counted, rules)
        task = CheckTask(declared=declared, codes=codes, repeats=repeats)
        parts = journal.stage("3 check", task, dataset.partitions)
        found = CheckedDataset(
            path=target,
            case_count=dataset.rows,
            rejected_count=sum(part.sums["rejected"] for part in parts),
            error_count=sum(part.sums["errors"] for part in parts),
            partitions=len(parts),
            runs=_runs(declared, parts),
            edition=parts[0].sums["edition"],
            unjudged_cases=sum(part.sums["unjudged"] for part in parts),
        )

        def more(folder: Path) -> None:
            frame = found.summary()
            (folder / "summary.csv").write_bytes(csv_bytes(list(frame.columns), frame.itertuples(index=False)))

        tables = {"findings.parquet": "findings", "rejected.parquet": "rejected"}
        publish(target, dataset, parts, tables=tables, more=more, marks=marks)
    return found


def _with_rows(dataset: Dataset) -> Dataset:
    """Leave out partitions without a row: there is nothing in them that could be checked."""
    some = [partition for partition in dataset.partitions if partition.rows]
    return replace(dataset, partitions=tuple(replace(one, number=number) for number, one in enumerate(some)))


def _files_of(counted: Sequence[PartDone], rules: Sequence[str]) -> dict[str, dict[int, tuple[str, ...]]]:
    files: dict[str, dict[int, tuple[str, ...]]] = {rule: {} for rule in rules}
    for part in counted:
        for rule, numbers in part.sums["found"].items():
            for number in numbers:
                path = str(Path(part.folder) / f"{rule}-{number:06d}.npy")
                files[rule][number] = (*files[rule].get(number, ()), path)
    return files


def _runs(declared: Declarations, parts: Sequence[PartDone]) -> tuple[CheckRun, ...]:
    runs = []
    for at, rule in enumerate(declared.rules.values()):
        rows = [part.sums["runs"][at] for part in parts]
        status, missing = rows[0][2], tuple(rows[0][3])
        findings, cases = sum(row[0] for row in rows), sum(row[1] for row in rows)
        runs.append(CheckRun(rule.id, rule.zh, rule.en, rule.severity, status, missing, findings, cases))
    return tuple(runs)


def _rules_fingerprint(declared: Declarations) -> str:
    return fingerprint(repr(declared))


def _codes_fingerprint(codes: CodeDictionary | None) -> str:
    return "" if codes is None else fingerprint(repr(codes))
