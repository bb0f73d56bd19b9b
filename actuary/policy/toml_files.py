"""Read the TOML files and the lists of sources under models/, and know the line of every key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from actuary.errors import Problem, TableError
from actuary.files import parse_toml, read_bytes

__all__ = ["TomlFile", "locate_root", "read_sources", "read_toml"]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?\Z")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-]+|\"[^\"]+\")\s*=\s*(.*)\Z")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_SOURCE = re.compile(r"\A\s*(?:[-*]\s+)?\[S(\d+)\]\s+(.+?)\s*\Z")
_INDEX = re.compile(r"\[\d+\]\Z")

#: Bytes of a declaration: people write them, and the longest that ship have some 100 KB.
_MOST_BYTES = 8 * 2**20

#: Folders and files that mark the root of the declared models.
_ROOT_MARKS = ("national", "cities", "scenarios")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """Hold one file that could be read, with the place of its keys.

    Parameters
    ----------
    path : Path
        The file.
    label : str
        Its path relative to the root of the models, with slashes: how messages name it.
    data : dict
        Its content; lists are tuples.
    lines : mapping
        Key path such as ``employee.employer_rate.values[1]`` to line number.
    """

    path: Path
    label: str
    data: dict[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def where(self, key_path: str = "") -> str:
        """Return file, line (of the key or of the nearest table around it) and key path, for a message."""
        near = key_path
        while near and near not in self.lines:
            index = _INDEX.search(near)
            near = near[: index.start()] if index else near.rpartition(".")[0]
        line = f" line {self.lines[near]}" if near else ""
        return f"{self.label}{line}" + (f", {key_path}" if key_path else "")


def locate_root(path: Path) -> Path:
    """Return the root of the models in which a file lies: the nearest folder above with national, cities or scenarios.

    Parameters
    ----------
    path : Path
        A file under models/; where no folder above looks like the root, its own folder is returned.

    Examples
    --------
    >>> from actuary.paths import models_root
    >>> locate_root(models_root() / "scenarios" / "adverse.toml") == models_root().resolve()
    True
    """
    resolved = path.resolve()
    for folder in resolved.parents:
        if any((folder / mark).is_dir() for mark in _ROOT_MARKS):
            return folder
    return resolved.parent


def _label(path: Path, root: Path) -> str:
    resolved = path.resolve()
    base = root.resolve()
    return resolved.relative_to(base).as_posix() if resolved.is_relative_to(base) else path.name


def _read_text(path: Path, label: str) -> tuple[str | None, list[Problem]]:
    try:
        return read_bytes(path, where=label, expected="a file that exists", most=_MOST_BYTES).decode("utf-8-sig"), []
    except TableError as error:
        return None, list(error.problems)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        likely = "GB18030" if _decodes(error.object, "gb18030") else "another encoding"
        return None, [Problem(f"{label} line {line}", f"text that is not UTF-8 (it looks like {likely})", "UTF-8 text",
                              "open it in that encoding and save it as UTF-8")]  # fmt: skip


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: _tuples(item) for key, item in value.items()}
    return value


def read_toml(path: Path, *, root: Path | None = None, exact: bool = False) -> tuple[TomlFile | None, list[Problem]]:
    """Read one TOML file; what keeps it from being read comes back as a problem with line and column.

    Parameters
    ----------
    path : Path
        The file.
    root : Path, optional
        Root of the models, for the name in messages; looked for above the file when left out.
    exact : bool
        Keep every printed digit: numbers with a decimal point come as Decimal, not as float.

    Returns
    -------
    tuple
        The file, or None, and the problems (none when there is a file).
    """
    label = _label(path, root if root is not None else locate_root(path))
    text, problems = _read_text(path, label)
    if text is None:
        return None, problems
    try:
        data, lines = _parse(text, exact)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax_problem(label, text, str(error))]
    return TomlFile(path, label, dict(data), lines), []


@lru_cache(maxsize=512)
def _parse(text: str, exact: bool) -> tuple[dict[str, Any], Mapping[str, int]]:
    """Return content and lines; a projection reads the same few rules again and again."""
    data = parse_toml(text, parse_float=Decimal if exact else float)
    return _tuples(data), dict(_index_lines(text))


def _syntax_problem(label: str, text: str, message: str) -> Problem:
    place = _PLACE.search(message)
    said = message[: place.start()] if place else message
    rows = text.splitlines()
    number = int(place[1]) if place and place[1] else len(rows)
    column = int(place[2]) if place and place[2] else len(rows[-1]) + 1 if rows else 1
    row = rows[number - 1].strip() if 0 < number <= len(rows) else ""
    if "overwrite" in said or "twice" in said:
        expected, mend = "every key and table once", "remove or rename one of the two"
    elif "date" in said.lower():
        expected, mend = "a date that exists, such as 2019-01-31", "correct the date"
    else:
        expected = "valid TOML"
        mend = "text stands in quotation marks, numbers and dates do not, entries of a list end in a comma"
    return Problem(f"{label} line {number} column {column}", f"{row!r} ({said[:1].lower()}{said[1:]})", expected, mend)


def _parts(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def _index_lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield key paths with line numbers; entries of a list are counted from 1."""
    counts: dict[str, int] = {}
    groups: set[str] = set()
    table, array, depth, quoted = "", "", 0, False
    for number, row in enumerate(text.splitlines(), 1):
        fences = row.count('"""') + row.count("'''")
        if quoted:
            quoted = fences % 2 == 0
            continue
        if depth:
            if row.lstrip().startswith("{"):
                counts[array] = counts.get(array, 0) + 1
                yield f"{array}[{counts[array]}]", number
            depth = max(0, depth + _open_brackets(row))
            continue
        header = _HEADER.match(row)
        if header:
            parts = _parts(header[2])
            table = _table_path(parts, counts, is_array=header[1] == "[[")
            if len(parts) > 1 and parts[0] not in groups:
                groups.add(parts[0])
                yield parts[0], number
            yield table, number
            continue
        key = _KEY.match(row)
        if key:
            path = ".".join([part for part in (table, *_parts(key[1])) if part])
            yield path, number
            quoted = fences % 2 == 1
            depth = max(0, _open_brackets(key[2]))
            array = path


def _table_path(parts: list[str], counts: dict[str, int], *, is_array: bool) -> str:
    path = ""
    for part in parts[:-1]:
        path = f"{path}.{part}" if path else part
        if path in counts:
            path += f"[{counts[path]}]"
    path = f"{path}.{parts[-1]}" if path else parts[-1]
    if is_array:
        counts[path] = counts.get(path, 0) + 1
        path += f"[{counts[path]}]"
    return path


def _open_brackets(row: str) -> int:
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", row).partition("#")[0]
    return bare.count("[") - bare.count("]")


def read_sources(folder: Path, *, root: Path) -> tuple[dict[str, str] | None, list[Problem]]:
    """Read the list of sources that belongs to a folder: ``sources.md`` in it or in the nearest folder above.

    Parameters
    ----------
    folder : Path
        Folder of the file that cites.
    root : Path
        Root of the models; nothing above it is read.

    Returns
    -------
    tuple
        ``{"S1": "title, publisher, date, address"}`` and the problems of the list; None and no problem when there is
        no list.
    """
    base = root.resolve()
    here = folder.resolve()
    for candidate in (here, *here.parents):
        path = candidate / "sources.md"
        if path.is_file():
            return _parse_sources(path, base)
        if candidate == base:
            break
    return None, []


def _parse_sources(path: Path, root: Path) -> tuple[dict[str, str] | None, list[Problem]]:
    label = _label(path, root)
    text, problems = _read_text(path, label)
    if text is None:
        return None, problems
    sources: dict[str, str] = {}
    for number, row in enumerate(text.splitlines(), 1):
        match = _SOURCE.match(row)
        if match is None:
            continue
        if f"S{match[1]}" in sources:
            problems.append(
                Problem(
                    f"{label} line {number}", f"[S{match[1]}] again", "every id once", "give it the next free number"
                )
            )
        else:
            sources[f"S{match[1]}"] = match[2]
    return sources, problems
