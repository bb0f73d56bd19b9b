"""Call the command line over and over: everything is loaded once, and each call is a copy of that process.

A call may take so much work of the processor and so much memory. What needs more, waits without working, ends in a
program error, or leaves part of an output behind, is a finding.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import resource
import signal
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["CALL_BYTES", "CALL_SECONDS", "LONG_SECONDS", "STATUSES", "Call", "load_everything", "run_call"]

#: 0 done, 1 a check found problems, 2 wrong input, 3 a report lacks parts, 4 some of several not written, 130 stopped.
STATUSES = frozenset({0, 1, 2, 3, 4, 130})
#: Seconds of the processor that a call may take on inputs of some kilobytes: not of the clock, for others work too.
CALL_SECONDS = 60
#: Verbs that draw, compile or write whole reports in earnest.
LONG_SECONDS = {"report": 600, "forecast": 600, "warn": 600, "reserve": 300, "synth": 300}
#: A call waits for something when the clock has gone on for so many times its seconds.
_WAITS = 10
#: Bytes that a call may hold at once, and those that it is stopped at.
CALL_BYTES, _STOP_BYTES = 3 * 2**30, 12 * 2**30

#: What :func:`actuary.cli.main` says where a traceback would have stood; texts of an error of the machine.
_BROKEN = ("Traceback (most recent call last)", "actuary: a program error", "found too little memory")
#: A line of a taught error, and the frame in which Typer puts what is wrong with an option.
_TAUGHT = ("; expected ", "Usage: ")
#: Kept on purpose after a run in parts was refused.
_KEPT = ".work"


@dataclass(frozen=True, slots=True)
class Call:
    """Hold what was called and how it ended.

    Parameters
    ----------
    words : list of str
        What was called.
    status : int
        How it ended; 128 and the number of the signal where it was stopped.
    said : str
        Everything that it printed.
    seconds : float
        Work of the processor [s].
    clock_seconds : float
        By the clock [s].
    bytes : int
        Most memory held at once, beyond what the process it is a copy of held.
    left : tuple of str
        Files that stood in the folder of its output though nothing was to be written.
    """

    words: list[str]
    status: int
    said: str
    seconds: float
    clock_seconds: float
    bytes: int = 0
    left: tuple[str, ...] = field(default=())

    @property
    def finding(self) -> str:
        """Return what is wrong with it, or nothing."""
        untaught = self.status == 2 and not any(words in self.said for words in _TAUGHT)
        waited = f"waits: {self.clock_seconds:.0f} s by the clock, {self.seconds:.0f} s of work"
        found = (
            *((words in self.said, words.removeprefix("actuary: ")) for words in _BROKEN),
            (self.status == 128 + signal.SIGXCPU, f"more than {limit_of(self.words)} s of work"),
            (self.status == 128 + signal.SIGALRM, waited),
            (self.status not in STATUSES, f"status {self.status}"),
            (self.bytes > CALL_BYTES, f"{self.bytes >> 20:,} MiB held"),
            (bool(self.left), f"left behind: {', '.join(self.left[:3])}"),
            (untaught, "refused without saying what was expected"),
        )
        return next((words for wrong, words in found if wrong), "")


def limit_of(words: list[str]) -> int:
    """Return the seconds of the processor that a call may take."""
    return LONG_SECONDS.get(words[0] if words else "", CALL_SECONDS)


def load_everything() -> None:
    """Load every module of the package, so that no call has to."""
    import actuary  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in pkgutil.walk_packages(actuary.__path__, "actuary."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def run_call(words: list[str], place: Path, *, out: Path | None = None, limit: int = 0) -> Call:
    """Call the command line in a copy of this process.

    Parameters
    ----------
    words : list of str
        What is called.
    place : Path
        Folder of the call, which is its current one.
    out : Path, optional
        Folder of its outputs, which is empty.
    limit : int
        Seconds of the processor; those of the verb when 0.
    """
    log = place / "said.log"
    begun = time.monotonic()
    limit = limit or limit_of(words)
    before = _held_bytes()
    child = os.fork()
    if not child:
        _in_child(words, place, log, limit)
    _, ended, used = os.wait4(child, 0)
    status = 128 + os.WTERMSIG(ended) if os.WIFSIGNALED(ended) else os.WEXITSTATUS(ended)
    said = log.read_text(encoding="utf-8", errors="replace")
    left: tuple[str, ...] = ()
    if out is not None and status in {2, 130}:
        left = tuple(sorted(path.name for path in out.iterdir() if path.suffix != _KEPT))
    clock = time.monotonic() - begun
    # A copy begins with everything that this process holds, a whole session of tests for instance.
    held = max(used.ru_maxrss * 1024 - before, 0)
    return Call(words, status, said, used.ru_utime + used.ru_stime, clock, held, left)


def _held_bytes() -> int:
    """Return the bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def _in_child(words: list[str], place: Path, log: Path, limit: int) -> None:
    import traceback  # noqa: PLC0415

    status = 1
    try:
        os.setsid()
        os.chdir(place)
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(stream, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # Whoever forked may have put something of its own in their place, as pytest does.
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        # The file of a finding holds the whole story; nothing here is anybody's.
        os.environ["ACTUARY_TRACEBACK"] = "1"
        resource.setrlimit(resource.RLIMIT_AS, (_STOP_BYTES, _STOP_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        for one in (signal.SIGALRM, signal.SIGXCPU):
            signal.signal(one, signal.SIG_DFL)
        signal.alarm(_WAITS * limit)
        sys.argv = ["actuary", *words]
        from actuary.cli import main  # noqa: PLC0415

        main()
        status = 0
    except SystemExit as done:
        status = done.code if isinstance(done.code, int) else 0 if done.code is None else 1
    except BaseException:
        traceback.print_exc()
        status = 70
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(status)
