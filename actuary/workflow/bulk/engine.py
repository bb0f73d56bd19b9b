"""Engines run one task on every partition; what they hand back is small, so that no row passes through the driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from actuary.threads import one_blas_thread, worker_threads
from actuary.workflow.bulk.partitions import Partition

__all__ = ["Engine", "LocalEngine", "PartDone", "PartTask", "PartWork"]


class PartTask(Protocol):
    """Work on one partition: a frozen dataclass that can be pickled, with all that it needs in its fields.

    It reads its own partition, writes its own files into the folder that it is given, and returns sums: whole numbers,
    texts, and lists and mappings of them, as JSON holds them. The answer depends on the partition and the fields alone.
    """

    def __call__(self, partition: Partition, folder: Path) -> Mapping[str, Any]:
        """Read, work, write into the folder, and return the sums."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """Say that the work on a partition is done.

    Parameters
    ----------
    number : int
        The number of the partition.
    rows : int
        Its rows.
    folder : str
        Where its files stand.
    sums : mapping
        What the task returned.
    kept : bool
        Whether it was done by an earlier run.
    """

    number: int
    rows: int
    folder: str
    sums: Mapping[str, Any] = field(default_factory=dict)
    kept: bool = False


#: What an engine runs: it can be pickled, and may be run again anywhere without harm.
type PartWork = Callable[[Partition], PartDone]


class Engine(Protocol):
    """Run work on partitions, on one machine or on many.

    An engine may run the work in any order, on any number of threads, processes or machines, and again where one was
    lost; the caller puts the answers into the order of the partitions.
    """

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
        ActuaryError
            As the work raises it: the first error ends the run, and what is not begun is not begun any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalEngine:
    """Run partitions side by side on threads of this process.

    Parameters
    ----------
    threads : int
        Partitions in work at a time; they decide the memory, never the answer.

    Examples
    --------
    >>> LocalEngine(2).threads
    2
    """

    threads: int = 1

    def run(self, work: PartWork, partitions: Sequence[Partition]) -> Iterator[PartDone]:
        """Yield every answer once, as it comes."""
        if self.threads <= 1:
            with one_blas_thread():
                yield from map(work, partitions)
            return
        waiting: set[Future[PartDone]] = set()
        with worker_threads(self.threads) as pool:
            try:
                for partition in partitions:
                    waiting.add(pool.submit(work, partition))
                    if len(waiting) > self.threads:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            finally:
                for future in waiting:
                    future.cancel()
