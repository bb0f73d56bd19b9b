"""What may be entered into the ledger: who, which text, which file."""

from __future__ import annotations

from pathlib import Path

from actuary.alerts.ledger.attachments import Attachment, store_attachment
from actuary.alerts.ledger.personal import personal_problems
from actuary.alerts.ledger.rules import LedgerRules
from actuary.alerts.ledger.store import LedgerError
from actuary.errors import Problem, raise_all

__all__ = ["check_entry", "keep_file", "name_problems"]

_LONGEST_NAME = 60


def check_entry(who: str, note: str, rules: LedgerRules) -> None:
    """Check who enters a note, and the note.

    Parameters
    ----------
    who : str
        The name.
    note : str
        The note; may be empty.
    rules : LedgerRules
        The declaration.

    Raises
    ------
    LedgerError
        When there is no name, the note is too long or holds a number of a person or what is no text.

    Examples
    --------
    >>> from actuary.alerts.ledger.rules import load_ledger_rules
    >>> check_entry("", "seen", load_ledger_rules())
    Traceback (most recent call last):
    actuary.alerts.ledger.store.LedgerError: who: found ''; expected the name of who does it, at most 60 characters;
    give --who NAME
    """
    problems = [*name_problems(who, rules), *personal_problems(note, rules.personal, where="note")]
    longest = rules.limits.note_characters
    if len(note) > longest:
        found, expected = f"{len(note):,} characters", f"at most {longest:,}"
        problems.append(Problem("note", found, expected, "attach a longer text as a file"))
    if not _is_text(note):
        problems.append(Problem("note", "characters that no text file can hold", "text"))
    raise_all(problems, LedgerError)


def name_problems(who: str, rules: LedgerRules) -> list[Problem]:
    """Return what is wrong with the name of who acts; nothing where all is well."""
    if not who.strip() or len(who) > _LONGEST_NAME or not who.isprintable():
        expected = f"the name of who does it, at most {_LONGEST_NAME} characters"
        return [Problem("who", repr(who[:_LONGEST_NAME]), expected, "give --who NAME")]
    return personal_problems(who, rules.personal, where="who")


def keep_file(ledger: Path, file: Path, rules: LedgerRules) -> Attachment:
    """Check the name of a file and copy it into the folder of a ledger.

    Parameters
    ----------
    ledger, file : Path
        The ledger and the file.
    rules : LedgerRules
        The declaration: limits, numbers of persons.

    Raises
    ------
    LedgerError
        When its name holds a number of a person, it cannot be read, is empty or too large.
    """
    source = file.expanduser()
    raise_all(personal_problems(source.name, rules.personal, where="name of the attachment"), LedgerError)
    limits = rules.limits
    return store_attachment(ledger, source, largest=limits.attachment_bytes, longest_name=limits.file_name_characters)


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
