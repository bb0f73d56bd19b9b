"""The ledger of cases: record, move, note, attach, list, verify. Nothing in it is ever changed or deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from actuary.alerts.ledger.attachments import Attachment, attachment_place
from actuary.alerts.ledger.entries import check_entry, keep_file, name_problems
from actuary.alerts.ledger.events import Head, LedgerEvent, body_of, stamp
from actuary.alerts.ledger.listing import CaseFilter, case_table
from actuary.alerts.ledger.personal import signal_problems
from actuary.alerts.ledger.rules import LedgerRules, load_ledger_rules
from actuary.alerts.ledger.sightings import Recorded, by_period, record_signal
from actuary.alerts.ledger.store import COLUMNS, LedgerError, Writing, read_head, reading, writing
from actuary.alerts.ledger.verify import Verification, verify_ledger
from actuary.alerts.signals import Signal
from actuary.errors import Problem, raise_all, unknown_name

if TYPE_CHECKING:
    import pandas as pd

    from actuary.alerts.ledger.panel import LedgerPanel

__all__ = ["CaseLedger"]

_SELECT = f"SELECT {', '.join(f'"{name}"' for name in COLUMNS)} FROM events"  # noqa: S608  (names of columns)
_MOST_FEN = 10**15


class CaseLedger:
    """Keep what became of every warning, in one SQLite file.

    Every event carries the hash of the one before. Several processes may use one ledger at a time; a write that is
    killed leaves the ledger as it was. The ledger has no clock of its own: every change is given its moment, or the
    ledger is given a clock, as :func:`actuary.workflow.case_ledger.open_ledger` does.

    Parameters
    ----------
    path : path
        The file; the first signal makes it.
    rules : LedgerRules, optional
        Its declaration; that of the package when left out.
    clock : callable, optional
        Returns the moment, with time zone, where a change is not given its own.

    Examples
    --------
    >>> import tempfile
    >>> day = dt.datetime(2025, 4, 10, tzinfo=dt.UTC)
    >>> signal = Signal(kind="provider", region="lanzhou", subject="H03", rule_id="upcoding", period="2025Q1",
    ...                 level="orange", title_zh="疑似高套", title_en="Suspected upcoding", synthetic=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ledger = CaseLedger(Path(folder) / "cases.sqlite")
    ...     recorded = ledger.record([signal], who="office", at=day)
    ...     moved = ledger.move(1, "checking", who="office", at=day)
    ...     recorded[0].outcome, moved.state, ledger.verify().sound
    ('opened', 'checking', True)
    """

    def __init__(
        self,
        path: Path | str,
        *,
        rules: LedgerRules | None = None,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        self._clock = clock
        self.rules = rules if rules is not None else load_ledger_rules()

    def __repr__(self) -> str:
        """Return the name of the file."""
        return f"CaseLedger({str(self.path)!r})"

    @property
    def _wait(self) -> int:
        return self.rules.limits.wait_seconds

    def _moment(self, at: dt.datetime | None) -> str:
        if at is None and self._clock is not None:
            at = self._clock()
        if at is None:
            mend = "give at = …, or open the ledger with actuary.workflow.case_ledger.open_ledger"
            raise LedgerError(Problem("at", "no moment and no clock", "when it happens", mend))
        return stamp(at)

    def record(self, signals: Iterable[Signal], *, who: str, at: dt.datetime | None = None) -> tuple[Recorded, ...]:
        """Open a case for every new matter; append to the open case of a known one; link a case to a closed one.

        All signals are recorded, or none. The same signal recorded twice changes nothing.

        Parameters
        ----------
        signals : iterable of Signal
            The signals; those of one matter are taken in the order of their periods.
        who : str
            Who records.
        at : datetime, optional
            When, with time zone; the clock of the ledger says it when left out.

        Returns
        -------
        tuple of Recorded
            One a signal, in the order of periods.

        Raises
        ------
        LedgerError
            When a signal holds a number of a person, `who` is empty, or the ledger cannot be written.
        """
        known = by_period(signals)
        problems = [problem for signal in known for problem in signal_problems(signal, self.rules.personal)]
        raise_all([*problems, *name_problems(who, self.rules)], LedgerError)
        name, moment = who.strip(), self._moment(at)
        with writing(self.path, wait_seconds=self._wait, create=True) as open_book:
            return tuple(record_signal(open_book, signal, self.rules, who=name, at=moment) for signal in known)

    def move(
        self,
        case: int,
        to: str,
        *,
        who: str,
        at: dt.datetime | None = None,
        note: str = "",
        attachment: Path | str | None = None,
        recovered_fen: int = 0,
    ) -> LedgerEvent:
        """Take a case to another state by a declared step.

        Parameters
        ----------
        case : int
            Number of the case.
        to : str
            The state.
        who : str
            Who does it.
        at : datetime, optional
            When, with time zone; the clock of the ledger says it when left out.
        note : str
            Why, or what was found; some steps demand it.
        attachment : path, optional
            A file that shows it.
        recovered_fen : int
            Money that came back; negative to correct an earlier figure [fen].

        Raises
        ------
        LedgerError
            When there is no such case or step, what the step needs is missing, the note holds a number of a person,
            or the file or the ledger cannot be read or written.
        """
        if to not in self.rules.names:
            raise LedgerError(unknown_name("state", to, self.rules.names, what="state"))
        check_entry(who, note, self.rules)
        given = {"note": bool(note.strip()), "attachment": attachment is not None}
        # Looked at before the file is kept, so that a refusal leaves none behind; and again under the lock.
        with reading(self.path, wait_seconds=self._wait) as connection:
            self._check_step(self._last_of(connection, case), to, given)
        kept = None if attachment is None else keep_file(self.path, Path(attachment), self.rules)
        with writing(self.path, wait_seconds=self._wait) as open_book:
            last = self._last(open_book, case)
            self._check_step(last, to, given)
            told = {"from": last.state, "note": note.strip(), "attachment": kept and kept.to_dict()}
            moved = replace(last, action="move", state=to, who=who.strip(), at=self._moment(at), body=body_of(told))
            return self._append(open_book, moved, recovered_fen)

    def note(
        self, case: int, text: str, *, who: str, at: dt.datetime | None = None, recovered_fen: int = 0
    ) -> LedgerEvent:
        """Write something down in a case, whatever its state; money that came back may be added.

        Raises
        ------
        LedgerError
            As :meth:`move`; also when there is neither text nor money.
        """
        check_entry(who, text, self.rules)
        if not text.strip() and not recovered_fen:
            raise LedgerError(Problem(f"case {case}, note", "nothing", "a text, or money that came back"))
        with writing(self.path, wait_seconds=self._wait) as open_book:
            last = self._last(open_book, case)
            noted = replace(
                last, action="note", who=who.strip(), at=self._moment(at), body=body_of({"note": text.strip()})
            )
            return self._append(open_book, noted, recovered_fen)

    def attach(
        self, case: int, file: Path | str, *, who: str, at: dt.datetime | None = None, note: str = ""
    ) -> LedgerEvent:
        """Attach a file to a case; its hash becomes part of the chain.

        Raises
        ------
        LedgerError
            As :meth:`move`; also when the file is empty or too large.
        """
        check_entry(who, note, self.rules)
        with reading(self.path, wait_seconds=self._wait) as connection:
            self._last_of(connection, case)
        kept = keep_file(self.path, Path(file), self.rules)
        with writing(self.path, wait_seconds=self._wait) as open_book:
            last = self._last(open_book, case)
            told = {"attachment": kept.to_dict(), "note": note.strip()}
            attached = replace(last, action="attach", who=who.strip(), at=self._moment(at), body=body_of(told))
            return self._append(open_book, attached, 0)

    def cases(self, chosen: CaseFilter | None = None, *, at: dt.datetime | None = None) -> pd.DataFrame:
        """Return one row a case, the last changed first.

        Parameters
        ----------
        chosen : CaseFilter, optional
            Which cases; all when left out.
        at : datetime, optional
            Moment at which the age of cases that are not final is counted; without it or a clock there is no age.
        """
        if at is None and self._clock is not None:
            at = self._clock()
        with reading(self.path, wait_seconds=self._wait) as connection:
            return case_table(connection, self.rules, chosen or CaseFilter(), at=at)

    def snapshot(
        self, chosen: CaseFilter | None = None, *, at: dt.datetime
    ) -> tuple[pd.DataFrame, list[LedgerEvent], Head]:
        """Return cases, their events and the head as they stand at one moment; see :meth:`cases`."""
        with reading(self.path, wait_seconds=self._wait) as connection:
            cases = case_table(connection, self.rules, chosen or CaseFilter(), at=at)
            kept = set(cases["case"])
            rows = connection.execute(f"{_SELECT} ORDER BY number")
            events = [event for event in map(_event, rows) if event.case in kept]
            return cases, events, read_head(connection)

    def history(self, case: int) -> tuple[LedgerEvent, ...]:
        """Return every event of a case, the first one first.

        Raises
        ------
        LedgerError
            When there is no such case.
        """
        with reading(self.path, wait_seconds=self._wait) as connection:
            self._last_of(connection, case)
            rows = connection.execute(f'{_SELECT} WHERE "case" = ? ORDER BY number', (case,)).fetchall()
        return tuple(_event(row) for row in rows)

    def events(self) -> Iterator[LedgerEvent]:
        """Yield every event, the first one first, as the ledger stands when the first is asked for."""
        with reading(self.path, wait_seconds=self._wait) as connection:
            for row in connection.execute(f"{_SELECT} ORDER BY number"):
                yield _event(row)

    def head(self) -> Head:
        """Return how far the chain has come, for the minutes."""
        with reading(self.path, wait_seconds=self._wait) as connection:
            return read_head(connection)

    def verify(self, noted: Head | None = None) -> Verification:
        """Compute the whole chain again and compare every attachment with its hash.

        Parameters
        ----------
        noted : Head, optional
            A head noted earlier: whether the ledger still holds it.
        """
        with reading(self.path, wait_seconds=self._wait, objects=False) as connection:
            return verify_ledger(connection, self.path, self.rules, noted=noted)

    def attachments(self, case: int) -> tuple[tuple[Attachment, Path], ...]:
        """Return the attachments of a case with the places where they are kept."""
        parts = [event.told.get("attachment") for event in self.history(case)]
        try:
            found = [Attachment(**part) for part in parts if part]
        except TypeError:
            mend = "`actuary cases verify` says more; put the last good copy back"
            where = f"case {case}, attachment"
            raise LedgerError(Problem(where, "other fields", "name, size and hash", mend)) from None
        return tuple((one, attachment_place(self.path, one.sha256)) for one in found)

    def panel(self, *, who: str = "", lang: Literal["zh", "en"] = "zh") -> LedgerPanel:
        """Return the ledger as a table with a form, for a notebook.

        Parameters
        ----------
        who : str
            Who works with it; may be filled in there.
        lang : {"zh", "en"}
            Language of the labels.
        """
        from actuary.alerts.ledger.panel import LedgerPanel  # noqa: PLC0415  (loads ipywidgets)

        return LedgerPanel(self, who=who, lang=lang)

    def _last(self, open_book: Writing, case: int) -> LedgerEvent:
        return self._last_of(open_book.connection, case)

    def _last_of(self, connection: Any, case: int) -> LedgerEvent:
        row = connection.execute(f'{_SELECT} WHERE "case" = ? ORDER BY number DESC LIMIT 1', (case,)).fetchone()
        if row is None:
            known = connection.execute('SELECT coalesce(max("case"), 0) FROM events').fetchone()[0]
            expected = f"a case from 1 to {known}" if known else "a case; the ledger holds none yet"
            raise LedgerError(Problem(str(self.path), f"no case {case}", expected, "`actuary cases list` shows them"))
        return replace(_event(row), content="", recovered_fen=0)

    def _append(self, open_book: Writing, event: LedgerEvent, recovered_fen: int) -> LedgerEvent:
        query = 'SELECT coalesce(sum(recovered_fen), 0) FROM events WHERE "case" = ?'
        before = int(open_book.connection.execute(query, (event.case,)).fetchone()[0])
        if before + recovered_fen < 0 or abs(recovered_fen) > _MOST_FEN:
            found = f"{recovered_fen} fen, though {before} came back so far"
            raise LedgerError(
                Problem(f"case {event.case}, money recovered", found, "a sum of all entries of 0 or more, below 10¹⁵")
            )
        return open_book.append(replace(event, recovered_fen=recovered_fen))

    def _check_step(self, last: LedgerEvent, to: str, given: Mapping[str, bool]) -> None:
        steps = self.rules.steps_from(last.state)
        step = next((step for step in steps if step.to == to), None)
        if step is None:
            raise LedgerError(self._no_step(last, to))
        told = {"note": "why", "attachment": "a file that shows it"}
        raise_all(
            (
                Problem(f"case {last.case}, {last.state} to {to}", f"no {need}", told[need], f"add --{need} …")
                for need in step.needs
                if not given[need]
            ),
            LedgerError,
        )

    def _no_step(self, last: LedgerEvent, to: str) -> Problem:
        steps = self.rules.steps_from(last.state)
        where, found = f"case {last.case}", f"{last.state} ({self.rules.state_zh(last.state)}), asked to become {to}"
        if not steps:
            mend = "write a note; a new signal of the matter opens a case that is linked to it"
            return Problem(where, found, "no further step: the state is final", mend)
        ways = ", ".join(f"{step.to} ({step.name_zh})" for step in steps)
        return Problem(where, found, f"one of the steps {ways}")


def _event(row: tuple[Any, ...]) -> LedgerEvent:
    return LedgerEvent(**dict(zip(COLUMNS, row, strict=True)))
