"""Keep what is finished: a work folder beside the output, from which a run that was killed goes on.

Every finished part is renamed into place with the checksums of its files. The work folder belongs to one output; in it
every combination of inputs, parameters and version of the package has a folder of its own, so that runs never mix.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from actuary.durable.locks import exclusive
from actuary.errors import OutputError, Problem
from actuary.policy.fingerprints import canonical_json, fingerprint
from actuary.tables.personal_door import Door, current_door, same_door
from actuary.threads import threads_to_use
from actuary.workflow.bulk.engine import Engine, LocalEngine, PartDone, PartTask
from actuary.workflow.bulk.partitions import Partition
from actuary.workflow.bulk.progress import Pace, Progress

__all__ = ["Journal", "KeptTask", "open_journal"]

#: Raised when what is kept would no longer be understood.
_FORM = 2
_DONE = "done.json"
_CHECKERS = 4


@dataclass(frozen=True, slots=True)
class KeptTask:
    """Run a task on a partition and rename its files into place once they are whole.

    It may run again, elsewhere, at the same time: the first to finish counts, and all write the same.

    Parameters
    ----------
    task : PartTask
        The task.
    folder : str
        Where the parts of its stage are kept.
    door : Door
        What becomes of persons, wherever the task runs.
    """

    task: PartTask
    folder: str
    door: Door = field(default_factory=current_door)

    def __call__(self, partition: Partition) -> PartDone:
        """Do a partition."""
        target = Path(self.folder) / _part_name(partition)
        try:
            staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.folder))
            try:
                with same_door(self.door):
                    sums = dict(self.task(partition, staging))
                _write_record(staging, partition, sums)
                try:
                    staging.rename(target)
                except OSError:
                    # Another worker was first, or an earlier run left a part that is not whole.
                    if read_kept(target, partition) is None:
                        shutil.rmtree(target, ignore_errors=True)
                        staging.rename(target)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
        except OSError as error:
            found = f"{error.strerror or error} while writing a part"
            mend = "make room and run the same command again: what is finished is kept"
            raise OutputError(Problem(self.folder, found, "room and leave to write", mend)) from None
        return PartDone(number=partition.number, rows=partition.rows, folder=str(target), sums=sums)


def _part_name(partition: Partition) -> str:
    return f"{partition.number:06d}"


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != _DONE:
            with path.open("rb") as stream:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _write_record(folder: Path, partition: Partition, sums: Mapping[str, Any]) -> None:
    record = {"partition": partition.fingerprint, "rows": partition.rows, "sums": dict(sums), "files": _digests(folder)}
    record["check"] = fingerprint(record)
    (folder / _DONE).write_text(canonical_json(record), encoding="utf-8")


def read_kept(folder: Path, partition: Partition) -> PartDone | None:
    """Return a part that is kept, once every file of it has its checksum; None where it has to be done again.

    Parameters
    ----------
    folder : Path
        The part.
    partition : Partition
        What it is to be of.
    """
    try:
        record = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        check = record.pop("check")
        whole = (
            fingerprint(record) == check
            and record["partition"] == partition.fingerprint
            and record["files"] == _digests(folder)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not whole:
        return None
    return PartDone(number=partition.number, rows=partition.rows, folder=str(folder), sums=record["sums"], kept=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Run stages and keep their parts.

    Parameters
    ----------
    folder : Path
        The folder of this run within the work folder.
    engine : Engine
        What runs the tasks.
    progress : callable, optional
        Told how far a stage is.
    """

    folder: Path
    engine: Engine
    progress: Callable[[Progress], None] | None = None

    def stage(self, name: str, task: PartTask, partitions: Sequence[Partition]) -> tuple[PartDone, ...]:
        """Do every partition that is not done yet.

        Parameters
        ----------
        name : str
            The stage; the same name stands for the same task with the same fields.
        task : PartTask
            The task.
        partitions : sequence of Partition
            What it is done to.

        Returns
        -------
        tuple of PartDone
            In the order of the partitions, whatever the engine and its order.
        """
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(".partial-*"):
            shutil.rmtree(left, ignore_errors=True)
        done: dict[int, PartDone] = {}
        with ThreadPoolExecutor(_CHECKERS) as pool:
            for one in pool.map(lambda part: read_kept(folder / _part_name(part), part), partitions):
                if one is not None:
                    done[one.number] = one
        pace = Pace(name, sum(part.rows for part in partitions), sum(one.rows for one in done.values()))
        self._tell(pace)
        work = KeptTask(task, str(folder))
        for one in self.engine.run(work, [part for part in partitions if part.number not in done]):
            done[one.number] = one
            pace.add(one.rows)
            self._tell(pace)
        return tuple(done[part.number] for part in partitions)

    def _tell(self, pace: Pace) -> None:
        if self.progress is not None:
            self.progress(pace.now())

    def buckets(self, count: int, rows: int) -> tuple[Partition, ...]:
        """Return partitions that stand for the shares of a key, for stages that join what several partitions wrote.

        Parameters
        ----------
        count : int
            Shares.
        rows : int
            Rows in all, for the progress.
        """
        mark = fingerprint([self.folder.name, count])
        empty = Partition(
            number=0, path="", name="", out="", first_group=0, end_group=0, first_row=0, rows=0, fingerprint=mark,
            content=mark,
        )  # fmt: skip
        return tuple(
            replace(empty, number=number, name=f"share {number + 1} of {count}", rows=rows // count)
            for number in range(count)
        )


@contextmanager
def open_journal(
    out: Path,
    identity: Mapping[str, Any],
    engine: Engine | None,
    *,
    threads: int | None = None,
    restart: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[Journal]:
    """Open the work folder of an output; it goes once the block ends well, and stays otherwise.

    Parameters
    ----------
    out : Path
        The output: the work folder stands beside it, named ``.<output>.work``.
    identity : mapping
        All that decides the answer: inputs, parameters, declarations; as JSON holds it.
    engine : Engine or None
        What runs the tasks; threads of this process where there is none.
    threads : int, optional
        Threads of this process then; as many as there are cores when left out.
    restart : bool
        Whether everything that is kept is discarded first.
    progress : callable, optional
        Told how far a stage is.

    Yields
    ------
    Journal
        Where stages are run.

    Raises
    ------
    OutputError
        When another run is at work on the same output, or the work folder cannot be written.
    """
    out = out.expanduser().resolve()
    work = out.parent / f".{out.name}.work"
    version = importlib.metadata.version("actuary")
    mark = fingerprint({"form": _FORM, "version": version, "persons": current_door().way, **identity})
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"{error.strerror} ({work})"
        raise OutputError(Problem(f"--out {out}", found, "a folder that can be written")) from None
    with exclusive(work / "lock", where=f"--out {out}"):
        if restart:
            for left in work.iterdir():
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
        folder = work / mark[:32]
        folder.mkdir(exist_ok=True)
        (folder / "run.json").write_text(json.dumps(dict(identity), ensure_ascii=False, indent=1), encoding="utf-8")
        yield Journal(folder=folder, engine=engine or LocalEngine(threads_to_use(threads)), progress=progress)
        for left in work.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):  # another run may have begun there
        work.rmdir()
