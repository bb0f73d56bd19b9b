"""Stop soon after the word: Python hears a signal only between its own steps, and one step of a library may be long.

The system's own handler writes every signal into a pair of sockets at once. A thread reads there; where the verb has
not ended by itself within its time (a library computes on and lets nobody in, or has swallowed the interruption), the
thread removes what was begun and ends the process. Nothing is lost that a kill would not leave whole.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from types import FrameType

from actuary.durable.unfinished import note_stop, remove_unfinished

__all__ = ["STOPPED", "listen_for_stops", "stopped"]

#: Exit status of a verb that was stopped.
STOPPED = 130

#: What a verb may take to unwind by itself [s].
_PATIENCE_SECONDS = 2.0
_SENTENCE = "actuary: stopped; nothing was written."
_AT_ONCE = "actuary: stopped at once; what was not finished is removed."
_STOPS = {int(signal.SIGINT), int(signal.SIGTERM)}

_told = False
#: Kept open for as long as the process lives.
_ends: list[socket.socket] = []


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    note_stop()
    raise KeyboardInterrupt


def listen_for_stops() -> None:
    """Let SIGTERM interrupt as Ctrl-C does, and see to it that either is obeyed; from the main thread."""
    signal.signal(signal.SIGTERM, _interrupt)
    # Whoever is born deaf to Ctrl-C stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    _ends[:] = [ours, theirs]
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(ours,), daemon=True, name="actuary-stops").start()


def _watch(ours: socket.socket) -> None:
    while numbers := ours.recv(64):
        # What ignores Ctrl-C, as in the background of a shell, has no handler that would write here.
        if _STOPS & set(numbers):
            time.sleep(_PATIENCE_SECONDS)
            _leave()


def stopped() -> str:
    """Return the sentence of a verb that was stopped, and note that it is said.

    Examples
    --------
    >>> stopped()
    'actuary: stopped; nothing was written.'
    """
    global _told  # noqa: PLW0603  (one process says it once)
    _told = True
    # Python notes that code made from a text, such as that of a dataclass, was interrupted, and at its end would die of
    # SIGINT instead of giving our status; running another text takes the note back.
    eval("None")  # noqa: S307  (a text of our own)
    return _SENTENCE


def _leave() -> None:
    remove_unfinished()
    # A bar of progress hides the cursor.
    shown = "\x1b[?25h" if sys.stderr.isatty() else ""
    os.write(2, f"{shown}{'' if _told else _AT_ONCE + chr(10)}".encode())
    os._exit(STOPPED)
