"""How many threads work side by side, and that those of the libraries beneath them keep out of the way."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from actuary.errors import Problem, UnknownNameError

__all__ = ["available_cores", "one_blas_thread", "threads_to_use", "worker_threads"]

#: Says how many threads to use where no argument does, for machines that are shared.
_VARIABLE = "ACTUARY_THREADS"

_COUNTING = threading.Lock()
_LIMITED: list[ExitStack] = []
_USERS = 0


def available_cores() -> int:
    """Return the cores that this process may use.

    What the operating system lets it run on, no more than the quota of its control group (a container that is given two
    cores of sixty-four sees all of them, and is slowed down when it uses them), and no more than ``ACTUARY_THREADS``
    says.

    Returns
    -------
    int
        From 1.

    Raises
    ------
    UnknownNameError
        When ``ACTUARY_THREADS`` is no whole number from 1.

    Examples
    --------
    >>> available_cores() >= 1
    True
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    said = os.environ.get(_VARIABLE, "").strip()
    if said:
        if not (said.isascii() and said.isdigit() and int(said)):
            raise UnknownNameError(Problem(_VARIABLE, repr(said), "a whole number from 1", "mend it, or unset it"))
        return min(cores, int(said))
    return min(cores, _quota() or cores)


def _quota(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the whole cores of the control group's quota, at least 1; None where there is no quota."""
    try:
        try:
            quota, period = (root / "cpu.max").read_text(encoding="ascii").split()
        except OSError:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        share = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
    return max(1, int(share)) if share > 0 else None


def threads_to_use(threads: int | None) -> int:
    """Return the number of threads: as wanted, else as many as this process may use.

    Parameters
    ----------
    threads : int or None
        What was wanted.

    Raises
    ------
    UnknownNameError
        When fewer than one is wanted.

    Examples
    --------
    >>> threads_to_use(3)
    3
    """
    if threads is None:
        return available_cores()
    if threads < 1:
        raise UnknownNameError(Problem("--threads", str(threads), "a whole number from 1"))
    return threads


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let the linear algebra of numpy and scipy use one thread each while the block runs.

    Threads that each start a pool of their own fight for the cores; and sums split over another number of threads end
    in other last digits. Blocks may overlap in several threads: the first one sets the limit, the last one lifts it.

    Examples
    --------
    >>> with one_blas_thread():
    ...     pass
    """
    global _USERS  # noqa: PLW0603  (the limit is one of the process, whoever asks)
    with _COUNTING:
        if not _USERS:
            import threadpoolctl  # noqa: PLC0415  (only where something is computed)

            stack = ExitStack()
            stack.enter_context(threadpoolctl.threadpool_limits(limits=1, user_api="blas"))
            _LIMITED.append(stack)
        _USERS += 1
    try:
        yield
    finally:
        with _COUNTING:
            _USERS -= 1
            if not _USERS:
                from threadpoolctl import OpenBLASController  # noqa: PLC0415

                # The last block may end in another thread than the first one began in, which alone may lift the limit.
                OpenBLASController.clear_controlling_thread(force=True)
                _LIMITED.pop().close()


def _limit_own() -> None:
    """Hold BLAS at one thread in a new thread, where its library keeps a number for each (OpenMP)."""
    import threadpoolctl  # noqa: PLC0415

    threadpoolctl.threadpool_limits(limits=1, user_api="blas")


@contextmanager
def worker_threads(threads: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of threads for work on arrays: as many as there are cores, and one of BLAS in each.

    Parameters
    ----------
    threads : int, optional
        As many as wanted instead. The answer of what runs in it does not depend on the number.

    Yields
    ------
    ThreadPoolExecutor
        The pool; it is closed with the block.

    Raises
    ------
    UnknownNameError
        When fewer than one is wanted.

    Examples
    --------
    >>> with worker_threads(2) as pool:
    ...     list(pool.map(abs, [-1, 2]))
    [1, 2]
    """
    with one_blas_thread(), ThreadPoolExecutor(threads_to_use(threads), initializer=_limit_own) as pool:
        yield pool
