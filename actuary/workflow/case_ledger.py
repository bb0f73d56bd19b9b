"""The ledger of cases as the verbs use it: its usual place, the clock, who works with it."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from actuary.alerts.ledger import CaseLedger, LedgerError, Recorded
from actuary.alerts.ledger.entries import name_problems
from actuary.alerts.ledger.store import check_place
from actuary.alerts.signals import Signal
from actuary.errors import Problem, raise_all
from actuary.workflow.outputs import replace_file

__all__ = [
    "check_ledger",
    "default_ledger",
    "now",
    "open_ledger",
    "record_signals",
    "recorded_summary",
    "save_attachments",
    "whoever",
]

_OUTCOMES = {"opened": "new", "seen": "seen again", "reopened": "linked to a closed one", "known": "known already"}


def now() -> dt.datetime:
    """Return the moment, with its time zone."""
    return dt.datetime.now(dt.UTC)


def default_ledger() -> Path:
    """Return where the ledger lies when nobody says: ``ACTUARY_LEDGER``, else ledger/cases.sqlite in this folder."""
    return Path(os.environ.get("ACTUARY_LEDGER") or Path("ledger") / "cases.sqlite")


def whoever(who: str | None) -> str:
    """Return who works with the ledger: the name given, else the name under which one is logged in."""
    if who is not None:
        return who
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def open_ledger(path: Path | str | None = None) -> CaseLedger:
    """Return the ledger of a path, or the usual one, with the clock; nothing is read or written yet.

    Parameters
    ----------
    path : path, optional
        The file.

    Examples
    --------
    >>> open_ledger("output/cases.sqlite")
    CaseLedger('output/cases.sqlite')
    """
    return CaseLedger(default_ledger() if path is None else path, clock=now)


def check_ledger(ledger: Path | str | None = None, *, who: str | None = None) -> None:
    """Check that signals could be recorded, before the work that finds them.

    Parameters
    ----------
    ledger : path, optional
        The ledger; the usual one when left out.
    who : str, optional
        Who will record; the name under which one is logged in when left out.

    Raises
    ------
    LedgerError
        When there is no name, the ledger is damaged or was lost, or it cannot be written or begun there.

    Examples
    --------
    >>> check_ledger("/dev/null", who="auditor")
    Traceback (most recent call last):
    actuary.alerts.ledger.store.LedgerError: /dev/null: found a device or a pipe; ...
    """
    book = open_ledger(ledger)
    raise_all(name_problems(whoever(who), book.rules), LedgerError)
    check_place(book.path)
    if book.path.is_file():
        book.head()


def save_attachments(ledger: CaseLedger, case: int, folder: Path) -> list[Path]:
    """Copy the attachments of a case into a folder, each as the first digits of its hash and its name.

    Raises
    ------
    LedgerError
        When there is no such case or folder, or an attachment is no longer the file that was attached.
    """
    if not folder.is_dir():
        raise LedgerError(Problem(str(folder), "no such folder", "an existing folder"))
    written = []
    for kept, place in ledger.attachments(case):
        content = place.read_bytes() if place.is_file() else b""
        if hashlib.sha256(content).hexdigest() != kept.sha256:
            mend = "`actuary cases verify` says more; put the file back from a copy"
            raise LedgerError(Problem(kept.name, "another file than was attached", f"SHA-256 {kept.sha256}", mend))
        target = folder / f"{kept.sha256[:8]}-{kept.name}"
        replace_file(target, content)
        written.append(target)
    return written


def record_signals(
    signals: Iterable[Signal], *, ledger: Path | str | None = None, who: str | None = None
) -> tuple[Recorded, ...]:
    """Record signals in a ledger, now.

    Parameters
    ----------
    signals : iterable of Signal
        What was found.
    ledger : path, optional
        The ledger; the usual one when left out.
    who : str, optional
        Who records; the name under which one is logged in when left out.

    Returns
    -------
    tuple of Recorded
        What became of each signal: a new case, or one that was known.

    Raises
    ------
    LedgerError
        See :meth:`actuary.alerts.ledger.CaseLedger.record`.

    Examples
    --------
    >>> import tempfile
    >>> record_signals([], ledger=Path(tempfile.mkdtemp()) / "cases.sqlite", who="auditor")
    ()
    """
    return open_ledger(ledger).record(signals, who=whoever(who))


def recorded_summary(recorded: Iterable[Recorded]) -> str:
    """Say in one line what became of the signals.

    Examples
    --------
    >>> recorded_summary([Recorded("a", 1, "opened"), Recorded("b", 2, "opened"), Recorded("c", 3, "known")])
    '2 new, 1 known already'
    """
    counts: Counter[str] = Counter(one.outcome for one in recorded)
    return ", ".join(f"{counts[name]} {words}" for name, words in _OUTCOMES.items() if counts[name]) or "no signal"
