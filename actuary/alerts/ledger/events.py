"""One event of the ledger, and the hash that ties it to the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actuary.errors import ActuaryError, Problem
from actuary.policy.fingerprints import canonical_json

__all__ = ["ACTIONS", "GENESIS", "Head", "LedgerEvent", "chain_hash", "stamp"]

#: What an event does: a case begins, its matter is seen again, it moves, something is written or attached to it.
ACTIONS: tuple[str, ...] = ("open", "seen", "move", "note", "attach")

#: Stands where the first event names its predecessor.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """Hold how far the chain has come: note it outside the ledger, and nothing before it can be changed unseen.

    Parameters
    ----------
    number : int
        Events so far.
    hash : str
        Hash of the last one.

    Examples
    --------
    >>> Head.parse("2:" + "a" * 64).number
    2
    >>> Head.parse("two")
    Traceback (most recent call last):
    actuary.errors.ActuaryError: --head: found 'two'; expected NUMBER:HASH, as `actuary cases head` prints it
    """

    number: int
    hash: str

    def __str__(self) -> str:
        """Return the text that :meth:`parse` reads."""
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """Read a head that was noted.

        Raises
        ------
        ActuaryError
            When it is none.
        """
        number, _, digest = text.strip().partition(":")
        if not number.isdigit() or len(digest) != len(GENESIS) or set(digest) - set("0123456789abcdef"):
            raise ActuaryError(Problem("--head", repr(text), "NUMBER:HASH, as `actuary cases head` prints it"))
        return cls(int(number), digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEvent:
    """Hold one event as it stands in the ledger.

    Parameters
    ----------
    number : int
        Place in the chain, from 1 without a gap.
    case : int
        Number of the case.
    action : str
        One of :data:`ACTIONS`.
    state : str
        State of the case after the event.
    who, at : str
        Who did it, and when (UTC).
    matter : str
        Key of the matter, see :attr:`actuary.alerts.signals.Signal.key`.
    content : str
        Fingerprint of the signal that was recorded; empty for other actions.
    recovered_fen : int
        Money recovered; negative where an earlier figure is corrected [fen].
    body : str
        Canonical JSON: signal, note, attachment, from which state, which case is reopened.
    previous, hash : str
        Hash of the event before, and of this one.
    """

    number: int
    case: int
    action: str
    state: str
    who: str
    at: str
    matter: str
    content: str
    recovered_fen: int
    body: str
    previous: str
    hash: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """The body as a mapping."""
        return dict(json.loads(self.body))

    @property
    def note(self) -> str:
        """What was written; empty where nothing was."""
        return str(self.told.get("note", ""))

    def row(self) -> tuple[int | str, ...]:
        """Return the fields in the order of the table."""
        return tuple(getattr(self, name) for name in type(self).__slots__)


def chain_hash(event: LedgerEvent) -> str:
    """Return the SHA-256 of the content of an event and the hash of the event before.

    The content is every field but the hash itself, as a JSON list in the order of the fields.

    Examples
    --------
    >>> event = LedgerEvent(number=1, case=1, action="note", state="open", who="office", at="2025-01-01T00:00:00+00:00",
    ...                     matter="m", content="", recovered_fen=0, body="{}", previous=GENESIS)
    >>> chain_hash(event)[:8]
    '9d4ef2e5'
    """
    content = json.dumps(event.row()[:-1], ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate can stand in a text that was put in by hand: it must be found, not stop the reader.
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def body_of(parts: Mapping[str, Any]) -> str:
    """Write what an event tells as canonical JSON; parts that are empty are left out."""
    return canonical_json({name: part for name, part in parts.items() if part not in (None, "", (), {})})


def stamp(at: dt.datetime) -> str:
    """Write a moment in UTC, to the second.

    Raises
    ------
    ActuaryError
        When the moment does not say its time zone.

    Examples
    --------
    >>> stamp(dt.datetime(2025, 1, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8))))
    '2025-01-01T00:00:00+00:00'
    """
    if at.tzinfo is None:
        found, mend = f"{at.isoformat()} without a time zone", "give datetime.now(datetime.UTC)"
        raise ActuaryError(Problem("at", found, "a moment with its time zone", mend))
    return at.astimezone(dt.UTC).isoformat(timespec="seconds")
