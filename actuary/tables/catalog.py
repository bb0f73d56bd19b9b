"""Read data/catalog.toml: one entry a file, with its checksum, source, licence and unit."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from actuary.errors import Problem, TableError, UnknownNameError, raise_all, unknown_name
from actuary.files import parse_toml
from actuary.paths import data_root
from actuary.tables.schemas import BASES, CONFIDENCES, SCHEMAS
from actuary.units import UNITS

__all__ = [
    "CATALOG_FILE",
    "Catalog",
    "CatalogEntry",
    "Preference",
    "data_fingerprint",
    "load_catalog",
    "read_catalog",
]

CATALOG_FILE = "catalog.toml"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MIXED = "mixed"
_SEAL = "run `actuary data seal` after checking the change"
# key -> (type, what is expected in words)
_KEYS: dict[str, tuple[type, str]] = {
    "path": (str, "a path inside the data folder, such as 'reference/facts.csv'"),
    "sha256": (str, "the checksum of the file"),
    "schema": (str, "the name of a schema"),
    "title_zh": (str, "a Chinese title"),
    "title_en": (str, "an English title"),
    "publisher": (str, "who published the figures"),
    "period": (str, "the period covered, such as '2007-2024'"),
    "unit": (str, "a unit, or 'mixed'"),
    "licence": (str, "the licence of the figures"),
    "confidence": (str, "a confidence, or 'mixed'"),
    "synthetic": (bool, "true or false"),
    "rows": (int, "the number of rows"),
}


@dataclass(frozen=True, slots=True)
class CatalogEntry:
    """Describe one file under data/.

    Parameters
    ----------
    name : str
        Name by which :func:`~actuary.tables.read_table` finds it.
    path : str
        Where it lies, inside the data folder.
    sha256 : str
        Checksum of its bytes; empty while it was never sealed.
    schema : str
        Which schema it follows.
    title_zh, title_en : str
        What it holds.
    publisher : str
        Who published the figures.
    period : str
        The period covered.
    unit : str
        Published unit, or ``mixed``.
    licence : str
        Licence of the figures.
    confidence : str
        Confidence of every row, or ``mixed``.
    synthetic : bool
        Whether the rows are made up; whatever is computed from them says so.
    rows : int
        Number of rows.
    """

    name: str
    path: str
    sha256: str
    schema: str
    title_zh: str
    title_en: str
    publisher: str
    period: str
    unit: str
    licence: str
    confidence: str
    synthetic: bool
    rows: int


@dataclass(frozen=True, slots=True)
class Preference:
    """Say which of several values for one key is shown first.

    Parameters
    ----------
    basis : tuple of str
        Kinds of publication, the preferred first.
    confidence : tuple of str
        Confidences, the preferred first; decides between values of one basis.
    """

    basis: tuple[str, ...]
    confidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalog:
    """Hold every entry of data/catalog.toml.

    Parameters
    ----------
    root : Path
        The data folder.
    entries : tuple of CatalogEntry
        In the order of the file.
    preference : Preference
        Which of several values is shown first.
    """

    root: Path
    entries: tuple[CatalogEntry, ...]
    preference: Preference

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tables."""
        return tuple(entry.name for entry in self.entries)

    def entry(self, name: str) -> CatalogEntry:
        """Return the entry of that name.

        Raises
        ------
        UnknownNameError
            When there is none; the message names the nearest one.
        """
        for entry in self.entries:
            if entry.name == name:
                return entry
        raise UnknownNameError(unknown_name(f"{self.root.name}/{CATALOG_FILE}", name, self.names, what="table"))

    def file(self, entry: CatalogEntry) -> Path:
        """Return where the file of an entry lies."""
        return self.root / entry.path

    def where(self, entry: CatalogEntry) -> str:
        """Return how messages name the file of an entry."""
        return f"{self.root.name}/{entry.path}"


def load_catalog(root: Path | str | None = None) -> Catalog:
    """Read the catalogue of the data folder, strictly.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Returns
    -------
    Catalog
        Frozen; files are not opened yet.

    Raises
    ------
    TableError
        With every problem of the file: an unknown or missing key, a wrong type, a path outside the folder, two
        entries for one file, a table that was never sealed.

    Examples
    --------
    >>> load_catalog().entry("national_annual").schema
    'facts'
    """
    catalog, problems = read_catalog(root)
    where = f"{catalog.root.name}/{CATALOG_FILE}"
    problems += [
        Problem(f"{where} [table.{entry.name}] sha256", "''", "the checksum of the file", _SEAL)
        for entry in catalog.entries
        if not entry.sha256
    ]
    raise_all(problems, TableError)
    return catalog


def read_catalog(root: Path | str | None = None) -> tuple[Catalog, list[Problem]]:
    """Read the catalogue as far as it can be read, with its problems; an entry that was never sealed is no problem.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.
    """
    folder = data_root() if root is None else Path(root).resolve()
    where = f"{folder.name}/{CATALOG_FILE}"
    try:
        content = (folder / CATALOG_FILE).read_bytes()
    except FileNotFoundError:
        empty = Catalog(folder, (), Preference(BASES, CONFIDENCES))
        return empty, [Problem(where, "no such file", "a catalogue of the tables in this folder")]
    catalog, problems = _read_content(content, folder)
    return catalog, list(problems)


# A run asks for the same catalogue dozens of times; another text is another key.
@lru_cache(maxsize=16)
def _read_content(content: bytes, folder: Path) -> tuple[Catalog, tuple[Problem, ...]]:
    where = f"{folder.name}/{CATALOG_FILE}"
    empty = Catalog(folder, (), Preference(BASES, CONFIDENCES))
    try:
        declared_tables = parse_toml(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return empty, (Problem(where, "bytes that are not UTF-8", "text in UTF-8", "save the file as UTF-8"),)
    except tomllib.TOMLDecodeError as error:
        return empty, (Problem(where, f"text that is not TOML ({error})", "a TOML file"),)
    problems = [
        unknown_name(f"{where} top level", key, ("preference", "table"), what="key")
        for key in declared_tables
        if key not in ("preference", "table")
    ]
    preference, found = _read_preference(declared_tables.get("preference"), where)
    problems += found
    entries: list[CatalogEntry] = []
    tables = declared_tables.get("table", {})
    if not isinstance(tables, dict):
        problems.append(Problem(f"{where} table", repr(tables), "sections [table.<name>]"))
        tables = {}
    for name, declared in tables.items():
        entry, found = _read_entry(name, declared, folder, where)
        problems += found
        if entry is not None:
            entries.append(entry)
    problems += _shared_paths(entries, where)
    return Catalog(folder, tuple(entries), preference), tuple(problems)


def data_fingerprint(root: Path | str | None = None) -> str:
    """Return the hash over every catalogue entry and the order of preference.

    Two folders with the same fingerprint hold the same figures and show the same one first.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Raises
    ------
    TableError
        When the catalogue is not valid.

    Examples
    --------
    >>> len(data_fingerprint())
    64
    """
    catalog = load_catalog(root)
    entries = sorted((asdict(entry) for entry in catalog.entries), key=lambda entry: str(entry["name"]))
    text = json.dumps(
        {"entries": entries, "preference": asdict(catalog.preference)},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _read_preference(declared: object, where: str) -> tuple[Preference, list[Problem]]:
    place = f"{where} [preference]"
    known: dict[str, tuple[str, ...]] = {"basis": BASES, "confidence": CONFIDENCES}
    if not isinstance(declared, Mapping):
        mend = "add the section with the lists basis and confidence"
        return Preference(BASES, CONFIDENCES), [Problem(place, "no such section", "the order of preference", mend)]
    problems = [unknown_name(place, key, known, what="key") for key in declared if key not in known]
    chosen: dict[str, tuple[str, ...]] = {}
    for key, names in known.items():
        order = declared.get(key)
        if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
            problems.append(Problem(f"{place} {key}", repr(order), f"a list of names ({', '.join(names)})"))
            continue
        problems += [unknown_name(f"{place} {key}", name, names, what=key) for name in order if name not in names]
        doubled = sorted({name for name in order if order.count(name) > 1})
        missing = [name for name in names if name not in order]
        if doubled:
            problems.append(Problem(f"{place} {key}", f"{', '.join(doubled)} twice", "every name once"))
        if missing:
            problems.append(Problem(f"{place} {key}", f"no {', '.join(missing)}", "every name once"))
        chosen[key] = tuple(order)
    return Preference(chosen.get("basis", BASES), chosen.get("confidence", CONFIDENCES)), problems


def _read_entry(name: str, declared: object, folder: Path, where: str) -> tuple[CatalogEntry | None, list[Problem]]:
    place = f"{where} [table.{name}]"
    if not isinstance(declared, Mapping):
        return None, [Problem(place, repr(declared), "a section with the keys of a table")]
    problems: list[Problem] = []
    if not _NAME.fullmatch(name):
        problems.append(Problem(place, repr(name), "a name of small letters, digits and underscores"))
    problems += [unknown_name(place, key, _KEYS, what="key") for key in declared if key not in _KEYS]
    for key, (kind, expected) in _KEYS.items():
        if key not in declared:
            problems.append(Problem(place, f"no key {key!r}", expected))
        elif type(declared[key]) is not kind or (key != "sha256" and not str(declared[key]).strip()):
            problems.append(Problem(f"{place} {key}", repr(declared[key]), expected))
    if problems:
        return None, problems
    problems += _value_problems(declared, folder, place)
    return CatalogEntry(name=name, **dict(declared)) if not problems else None, problems


def _value_problems(declared: Mapping[str, Any], folder: Path, place: str) -> list[Problem]:
    problems: list[Problem] = []
    path = PurePosixPath(declared["path"])
    outside = path.is_absolute() or ".." in path.parts or "\\" in str(path) or ":" in str(path)
    if outside or not (folder / path).resolve().is_relative_to(folder.resolve()):
        problems.append(Problem(f"{place} path", repr(str(path)), "a path inside the data folder, written with '/'"))
    elif path.suffix != ".csv":
        problems.append(Problem(f"{place} path", repr(str(path)), "a file that ends in .csv"))
    if declared["sha256"] and not _SHA256.fullmatch(declared["sha256"]):
        problems.append(Problem(f"{place} sha256", repr(declared["sha256"]), "64 hexadecimal digits", _SEAL))
    choices = {"schema": tuple(SCHEMAS), "unit": (*UNITS, _MIXED), "confidence": (*CONFIDENCES, _MIXED)}
    problems += [
        unknown_name(f"{place} {key}", declared[key], names, what=key)
        for key, names in choices.items()
        if declared[key] not in names
    ]
    if declared["rows"] < 0:
        problems.append(Problem(f"{place} rows", repr(declared["rows"]), "0 or more"))
    return problems


def _shared_paths(entries: list[CatalogEntry], where: str) -> list[Problem]:
    first: dict[str, str] = {}
    problems = []
    for entry in entries:
        if entry.path in first:
            found = f"{entry.path!r}, which [table.{first[entry.path]}] names already"
            problems.append(Problem(f"{where} [table.{entry.name}] path", found, "one entry a file"))
        first.setdefault(entry.path, entry.name)
    return problems
