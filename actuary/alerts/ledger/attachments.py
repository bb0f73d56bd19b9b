"""Attachments: kept by the hash of their content in a folder beside the ledger; the hash is part of the chain."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from actuary.alerts.ledger.store import LedgerError, attachment_folder
from actuary.durable.files import replace_file
from actuary.errors import OutputError, Problem

__all__ = ["Attachment", "attachment_folder", "attachment_place", "clean_file_name", "store_attachment"]

_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?\Z")
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """Hold what the chain says of an attachment.

    Parameters
    ----------
    sha256 : str
        Hash of its content.
    name : str
        Its name, cleaned.
    size : int
        Size [bytes].
    """

    sha256: str
    name: str
    size: int

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields."""
        return asdict(self)


def attachment_place(ledger: Path, digest: str) -> Path:
    """Return where the attachment with that hash is kept."""
    return attachment_folder(ledger) / digest[:2] / digest


def clean_file_name(name: str, *, longest: int) -> str:
    r"""Return a file name that is safe to show and to write: the last part, visible characters, no reserved word.

    Parameters
    ----------
    name : str
        What the file was called.
    longest : int
        Most characters; the ending is kept.

    Examples
    --------
    >>> [clean_file_name(name, longest=100) for name in ("../../etc/约谈记录 .pdf", "C:\\temp\\a\u202egnp.exe")]
    ['约谈记录.pdf', 'agnp.exe']
    >>> clean_file_name("..", longest=100), clean_file_name("con.txt", longest=100)
    ('attachment', '_con.txt')
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN)
    stem, dot, ending = _FORBIDDEN.sub("_", seen).strip(". ").rpartition(".")
    stem, ending = (stem.rstrip(), ending) if dot else (ending, "")
    ending = f".{ending[:10]}" if ending else ""
    cleaned = f"{stem[: longest - len(ending)]}{ending}"
    return f"_{cleaned}" if _RESERVED.match(cleaned) else cleaned or "attachment"


def store_attachment(ledger: Path, source: Path, *, largest: int, longest_name: int) -> Attachment:
    """Copy a file into the folder of a ledger, whole or not at all; the same content is kept once.

    Parameters
    ----------
    ledger : Path
        The ledger.
    source : Path
        The file.
    largest : int
        Largest size [bytes].
    longest_name : int
        Longest name [characters].

    Raises
    ------
    LedgerError
        When the file cannot be read, is empty or too large, or the folder cannot be written.
    """
    content = _content(source, largest)
    digest = hashlib.sha256(content).hexdigest()
    place = attachment_place(ledger, digest)
    if not place.exists() or place.read_bytes() != content:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place, content)
        except OutputError as error:
            raise LedgerError(error.problems) from None
        except OSError as error:
            found = error.strerror or "an error of the file system"
            raise LedgerError(Problem(str(place.parent), found, "a folder that can be written")) from None
    return Attachment(digest, clean_file_name(source.name, longest=longest_name), len(content))


def _content(source: Path, largest: int) -> bytes:
    where = f"attachment {source.name}"
    try:
        if not source.is_file():
            found = "a folder" if source.is_dir() else "no such file"
            raise LedgerError(Problem(where, found, "a file"))
        size = source.stat().st_size
        # One byte more than allowed: a file that grows while it is read is caught as well.
        with source.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise LedgerError(Problem(where, error.strerror or "an unreadable file", "a file that can be read")) from None
    if len(content) > largest:
        expected = f"at most {largest:,} bytes"
        raise LedgerError(Problem(where, f"{max(size, len(content)):,} bytes", expected, "attach an extract of it"))
    if not content:
        raise LedgerError(Problem(where, "an empty file", "a file with content"))
    return content
