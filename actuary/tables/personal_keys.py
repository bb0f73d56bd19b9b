"""Keys that stand for persons: a salted hash with a secret that lies in a file of its own.

The same number gives the same key in every file, so that readmissions still link; without the secret nobody can try all
the numbers there are. An identity number of fifteen digits gives the key of its form of eighteen. The last digits of a
key are a mark of its secret: who holds the secret can tell whether a key was made by it, and nobody else can.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from actuary.durable.files import create_file
from actuary.errors import OutputError, Problem, TableError
from actuary.files.opening import check_regular
from actuary.personal_numbers import find_numbers, identity_check_digit, plain_text

__all__ = ["PersonalKey", "new_personal_key", "read_personal_key"]

_HEAD = "actuary personal key 1"
_BYTES = 32
#: Most numbers stand as they are meant, and need no closer look.
_PLAIN = re.compile(r"[0-9]{17}[0-9Xx]|1[0-9]{10}")
#: What a key looks like. Tables come through the door more than once: part by part, and from one verb to the next.
_KEY = re.compile(r"p[0-9a-f]{32}")
#: Digits of a key that tell its secret from others.
_MARK_DIGITS = 4
_MEND = "make one with: actuary personal key new FILE"


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """Hold a secret; it shows its id only.

    Parameters
    ----------
    secret : bytes
        Thirty-two random bytes.

    Examples
    --------
    >>> key = PersonalKey(bytes(32))
    >>> key
    PersonalKey('cb546ff9a507')
    >>> key.of("11010519491231002x") == key.of(" 110105 19491231 002X") != key.of("11010519491231003X")
    True
    """

    secret: bytes

    def __repr__(self) -> str:
        """Return the id; the secret is never shown."""
        return f"PersonalKey({self.id!r})"

    @property
    def id(self) -> str:
        """Which secret it is, without telling anything of it: twelve hexadecimal digits for manifests."""
        return hashlib.blake2b(b"which key", key=self.secret, digest_size=6, person=b"actuary-keyid").hexdigest()

    def of(self, value: str) -> str:
        """Return the key of a value: ``p`` and thirty-two hexadecimal digits; nothing stays nothing.

        Parameters
        ----------
        value : str
            A number, a name, an address. Case, spaces, full-width signs and the dashes of a number make no difference.
            What is a key already stays as it is.
        """
        if _KEY.fullmatch(value):
            return value
        text = _canonical(value)
        if not text:
            return ""
        digits = hashlib.blake2b(text.encode(), key=self.secret, digest_size=14, person=b"actuary-person").hexdigest()
        return f"p{digits}{self._mark(digits)}"

    def is_foreign(self, value: str) -> bool:
        """Return whether a cell is a key that another secret made; it would link to nothing that this one makes.

        Parameters
        ----------
        value : str
            A cell. One in 65,536 foreign keys has the right mark by chance: a column of them is known all the same.

        Examples
        --------
        >>> one, other = PersonalKey(bytes(32)), PersonalKey(bytes(range(32)))
        >>> made = one.of("11010519491231002X")
        >>> one.is_foreign(made), other.is_foreign(made), other.is_foreign("H1")
        (False, True, False)
        """
        return _KEY.fullmatch(value) is not None and self._mark(value[1:-_MARK_DIGITS]) != value[-_MARK_DIGITS:]

    def _mark(self, digits: str) -> str:
        return hashlib.blake2b(
            digits.encode(), key=self.secret, digest_size=_MARK_DIGITS // 2, person=b"actuary-keymark"
        ).hexdigest()


def _canonical(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value.upper()
    text = " ".join(plain_text(value).split()).upper()
    found = find_numbers(text)
    if len(found) != 1 or found[0].kind == "email":
        return text
    if not (text[: found[0].start] + text[found[0].end :]).strip("+0 "):
        text = "".join(letter for letter in text.partition(".0")[0] if letter.isalnum())
        if found[0].kind == "old_identity":
            text = f"{text[:6]}19{text[6:]}"
            text += identity_check_digit(text)
        elif found[0].kind == "mobile":
            text = text[-11:]
    return text


def new_personal_key(path: Path | str) -> PersonalKey:
    """Write a new secret into a file that only its owner may read.

    Parameters
    ----------
    path : path
        The file; it must not exist yet.

    Returns
    -------
    PersonalKey
        The key.

    Raises
    ------
    OutputError
        When there is such a file already, or the folder is missing or cannot be written.
    """
    path = Path(path).expanduser()
    key = PersonalKey(secrets.token_bytes(_BYTES))
    try:
        create_file(path, f"{_HEAD}\n{key.secret.hex()}\n".encode("ascii"), mode=0o600)
    except FileExistsError:
        mend = "choose another name: a key that is lost or replaced links nothing any more"
        raise OutputError(Problem(str(path), "a file", "no such file yet", mend)) from None
    return key


def read_personal_key(path: Path | str) -> PersonalKey:
    """Read a secret, once it is sure that nobody else can.

    Parameters
    ----------
    path : path
        The file that :func:`new_personal_key` wrote.

    Raises
    ------
    TableError
        When there is no such file, others may read it, or it holds no secret.
    """
    path = Path(path).expanduser()
    if path.exists():  # a pipe that nobody writes into would be waited for
        check_regular(path, where=str(path), expected="the file of a personal key")
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(1024)
    except OSError as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else (error.strerror or "an unreadable file")
        raise TableError(Problem(str(path), found, "the file of a personal key", _MEND)) from None
    if mode & 0o077:
        mend = f"chmod 600 {path.name}; if others have had it, make a new one"
        raise TableError(Problem(str(path), f"a file that others may use (mode {mode:04o})", "mode 0600", mend))
    head, _, rest = content.decode("latin-1").partition("\n")
    try:
        secret = bytes.fromhex(rest.strip())
    except ValueError:
        secret = b""
    if head.strip() != _HEAD or len(secret) != _BYTES:
        raise TableError(Problem(str(path), "no personal key", f"the line {_HEAD!r} and {2 * _BYTES} digits", _MEND))
    return PersonalKey(secret)
