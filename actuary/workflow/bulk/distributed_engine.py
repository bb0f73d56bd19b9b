"""Run partitions on the workers of a Dask cluster, which read and write the shared storage themselves."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import os
import platform
import traceback
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import actuary
from actuary.errors import ActuaryError, Problem, raise_all
from actuary.paths import models_root
from actuary.workflow.bulk.engine import PartDone, PartWork
from actuary.workflow.bulk.partitions import Partition

__all__ = ["ClusterError", "DistributedEngine"]

#: Partitions that lie ready at the scheduler for every thread of a worker: it never waits for the driver.
_AHEAD: Final = 3
#: Where the answer could differ in its last bytes: these have to be the same on every machine.
_SAME: Final = ("actuary", "numpy", "pyarrow", "numba")
_CONNECT_SECONDS: Final = 20
_SAME_PACKAGE: Final = "install the same lock file and the same package on every machine"


class ClusterError(ActuaryError):
    """The cluster cannot be reached, is not fit for the work, or was lost."""


def _distributed() -> Any:
    try:
        import distributed  # noqa: PLC0415  (an optional extra)
    except ImportError:
        mend = "install the extra: pip install 'actuary[distributed]', or leave --engine out"
        raise ClusterError(
            Problem("--engine distributed", "no package 'distributed'", "Dask's package 'distributed'", mend)
        ) from None
    return distributed


def _content(root: Path, endings: Container[str]) -> str:
    """Return the hash of the files of a folder that have one of some endings."""
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in endings and path.is_file():
            digest.update(
                path.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest()
            )
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=1)
def _versions() -> dict[str, str]:
    """Return the versions of what decides the bytes of an answer, and what the package itself and its rules hold."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _SAME},
        # A checkout changes without its version.
        "sources": _content(Path(actuary.__file__).parent, (".py",)),
        "declarations": _content(models_root(), (".toml", ".csv", ".md")),
    }


def _probe(paths: Sequence[str], folder: str) -> dict[str, Any]:
    """Say what a worker sees: versions, files of the dataset, and whether it may write where parts are kept."""
    seen: dict[str, int | str] = {}
    for path in paths:
        try:
            seen[path] = Path(path).stat().st_size
        except OSError as error:
            seen[path] = error.strerror or type(error).__name__
    writes = not folder or os.access(folder, os.W_OK | os.X_OK)
    return {"versions": _versions(), "sizes": seen, "writes": writes}


def _differences(there: Mapping[str, Any], here: Mapping[str, Any], *, where: str, folder: str) -> list[Problem]:
    """Return why a worker would answer otherwise than the driver, or cannot work; nothing where it is fit."""
    problems = []
    mine, theirs = here["versions"], there["versions"]
    if other := sorted(name for name, version in mine.items() if theirs.get(name) != version):
        found = ", ".join(f"{name} {theirs.get(name, 'none')}" for name in other)
        expected = ", ".join(f"{name} {mine[name]}" for name in other)
        problems.append(Problem(where, found, f"{expected}, as here", _SAME_PACKAGE))
    mend = "mount the storage at the same path"
    problems += [
        Problem(where, f"{path}: {there['sizes'][path]}", f"{size} bytes, as here", mend)
        for path, size in here["sizes"].items()
        if there["sizes"][path] != size
    ]
    if not there["writes"]:
        mend = "put --out on storage that every worker may write"
        problems.append(Problem(where, f"{folder}, which it may not write", "a folder that workers share", mend))
    return problems


def _refuse_stranger(plugin: Any, address: str) -> None:
    """Look at a worker before its first part: it may have joined after the driver asked all that were there."""
    if plugin.problems is None:
        there = _probe(list(plugin.here["sizes"]), plugin.folder)
        where = f"worker {address}, which joined later"
        plugin.problems = _differences(there, plugin.here, where=where, folder=plugin.folder)
    raise_all(plugin.problems, ClusterError)


def _work_on(name: str, partition: Partition) -> PartDone:
    """Run the work that was given to the worker under a name."""
    from distributed import get_worker  # noqa: PLC0415  (runs on workers only)

    worker = get_worker()
    plugin: Any = worker.plugins[name]
    work: PartWork = plugin.work
    _refuse_stranger(plugin, worker.address)
    try:
        return work(partition)
    except (ActuaryError, OSError):
        raise
    except Exception as error:
        # Dask writes the text of an error into the logs of its workers, and libraries quote cells in theirs.
        if os.environ.get("ACTUARY_TRACEBACK"):
            raise
        at = traceback.extract_tb(error.__traceback__)[-1]
        found = f"{type(error).__name__} in {Path(at.filename).name}, line {at.lineno}, over {partition.name}"
        raise RuntimeError(found) from None


def _plugin(name: str, work: PartWork, here: Mapping[str, Any]) -> Any:
    """Wrap work so that every worker gets it once, also one that joins or is started again later, with what is here."""
    from distributed import WorkerPlugin  # noqa: PLC0415

    plugin: Any = WorkerPlugin()
    plugin.name = name
    plugin.work, plugin.here, plugin.folder, plugin.problems = work, here, _folder_of(work), None
    return plugin


def _folder_of(work: PartWork) -> str:
    return str(getattr(work, "folder", ""))


@dataclass(frozen=True, slots=True)
class DistributedEngine:
    """Run partitions on the workers of a Dask cluster.

    A worker gets the task once and then the names of partitions; it reads its rows from the shared storage, writes its
    files there, and hands back sums. No row passes through the driver or the scheduler. What a worker had in work when
    it was lost is done again by another one; the answer is that of the local engine to the last byte.

    Parameters
    ----------
    scheduler : str
        Address of the scheduler, such as ``tcp://10.0.0.1:8786``, or the path of a scheduler file.
    workers : int
        Workers to wait for before the work begins.
    wait_seconds : float
        How long to wait for them [s].

    Examples
    --------
    >>> DistributedEngine("tcp://10.0.0.1:8786").workers
    1
    """

    scheduler: str
    workers: int = 1
    wait_seconds: float = 60.0

    def run(self, work: PartWork, partitions: Sequence[Partition]) -> Iterator[PartDone]:
        """Yield every answer once, as it comes.

        Parameters
        ----------
        work : callable
            Takes a partition; can be pickled.
        partitions : sequence of Partition
            What is to be done.

        Raises
        ------
        ClusterError
            When the extra ``distributed`` is not installed, the scheduler cannot be reached, no worker comes, a worker
            has other versions or does not see the files, the cluster is lost, or several workers died one after the
            other over one partition.
        ActuaryError
            As the work raises it.
        """
        if not partitions:
            return
        with self._client() as client:
            here = self._check(client, work, partitions)
            name = f"actuary-{uuid4().hex}"
            client.register_plugin(_plugin(name, work, here))
            try:
                yield from self._answers(client, name, partitions)
            finally:
                with suppress(Exception):  # a cluster that is gone needs no tidying
                    client.unregister_worker_plugin(name)

    @contextmanager
    def _client(self) -> Iterator[Any]:
        distributed = _distributed()
        where = f"--scheduler {self.scheduler}"
        place = {"scheduler_file": self.scheduler} if Path(self.scheduler).is_file() else {"address": self.scheduler}
        try:
            client = distributed.Client(**place, timeout=_CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            found = f"nothing that answers ({str(error).splitlines()[0]})" if str(error) else "nothing that answers"
            mend = "start one with `dask scheduler`, and name the address that it prints"
            raise ClusterError(Problem(where, found, "a Dask scheduler, such as tcp://10.0.0.1:8786", mend)) from None
        try:
            try:
                client.wait_for_workers(self.workers, timeout=self.wait_seconds)
            except TimeoutError:
                found = f"{len(client.scheduler_info(n_workers=-1)['workers'])} workers after {self.wait_seconds:.0f} s"
                mend = f"start them on the machines with `dask worker {self.scheduler}`"
                raise ClusterError(Problem(where, found, f"at least {self.workers}", mend)) from None
            yield client
        finally:
            client.close()

    def _check(self, client: Any, work: PartWork, partitions: Sequence[Partition]) -> Mapping[str, Any]:
        """Refuse workers that would answer otherwise, or do not see the storage; return what is here."""
        paths = sorted({one.path for one in (partitions[0], partitions[-1]) if one.path})
        folder = _folder_of(work)
        here = _probe(paths, folder)
        problems = []
        for address, there in client.run(_probe, paths, folder, on_error="return").items():
            where = f"--scheduler {self.scheduler}, worker {address}"
            if isinstance(there, BaseException):
                found = f"a worker that cannot run this package ({type(there).__name__})"
                problems.append(Problem(where, found, "the package as it is here", _SAME_PACKAGE))
            else:
                problems += _differences(there, here, where=where, folder=folder)
        raise_all(problems, ClusterError)
        return here

    def _answers(self, client: Any, name: str, partitions: Sequence[Partition]) -> Iterator[PartDone]:
        distributed = _distributed()
        threads = sum(client.nthreads().values()) or 1
        waiting = iter(partitions)
        in_work: dict[Any, Partition] = {}

        def submit(partition: Partition) -> Any:
            # A name of its own each time: an answer of an earlier run is never taken for this one.
            future = client.submit(_work_on, name, partition, key=f"{name}-{partition.number}", pure=False)
            in_work[future] = partition
            return future

        first = [submit(partition) for partition in _take(waiting, threads * (1 + _AHEAD))]
        answers = distributed.as_completed(first, loop=client.loop)
        try:
            for future in answers:
                partition = in_work.pop(future)
                yield self._answer(distributed, future, partition)
                for following in _take(waiting, 1):
                    answers.add(submit(following))
        finally:
            client.cancel(list(in_work), force=True)

    def _answer(self, distributed: Any, future: Any, partition: Partition) -> PartDone:
        """Return an answer, or say what became of it."""
        again = "run the same command again: what is finished is kept"
        where = f"--scheduler {self.scheduler}"
        try:
            answer: PartDone = future.result()
        except distributed.scheduler.KilledWorker as error:
            tries = error.allowed_failures + 1
            last = error.last_worker.address
            found = f"{tries} workers that died over {partition.name} ({partition.rows:,} rows), the last {last}"
            mend = f"give workers more memory or fewer threads, or write files with smaller row groups; then {again}"
            raise ClusterError(Problem(where, found, "workers that stay alive", mend)) from None
        except (distributed.CancelledError, distributed.client.FutureCancelledError, OSError, TimeoutError) as error:
            if isinstance(error, ActuaryError):
                raise
            found = f"the cluster was lost while {partition.name} was in work"
            raise ClusterError(Problem(where, found, "a scheduler that stays", again)) from None
        return answer


def _take[T](waiting: Iterator[T], count: int) -> list[T]:
    return [one for _, one in zip(range(count), waiting, strict=False)]
