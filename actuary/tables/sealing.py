"""Check everything under data/, and seal tables that were changed on purpose."""

from __future__ import annotations

import re
from pathlib import Path

from actuary.durable.files import replace_file
from actuary.errors import Problem, TableError, raise_all
from actuary.tables.catalog import CATALOG_FILE, Catalog, read_catalog
from actuary.tables.readers import Examined, examine_entry, seal_problems

__all__ = ["check_data", "seal_catalog"]

_SECTION = re.compile(r"\s*\[\s*table\s*\.\s*\"?([a-z0-9_]+)\"?\s*\]\s*(#.*)?")
_SHA256 = re.compile(r"(\s*sha256\s*=\s*)\"[^\"]*\"")
_ROWS = re.compile(r"(\s*rows\s*=\s*)\d+")
# Explanations, what a seeded command writes, and settled cases, which have manifests, are no published figures.
_NO_TABLES = (CATALOG_FILE, "README.md", "README.zh.md")
_NO_FOLDERS = ("settled", "synthetic")


def check_data(root: Path | str | None = None) -> list[Problem]:
    """Return everything that is wrong under the data folder: catalogue, files, checksums and rows.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Returns
    -------
    list of Problem
        Empty when all is well.

    Examples
    --------
    >>> check_data()
    []
    """
    catalog, problems = read_catalog(root)
    for entry in catalog.entries:
        examined = examine_entry(entry, catalog)
        problems += examined.problems
        problems += seal_problems(entry, catalog, examined)
    # A broken dictionary of indicators is found again behind every table that needs it.
    return list(dict.fromkeys([*problems, *_files_without_entry(catalog)]))


def seal_catalog(root: Path | str | None = None) -> list[str]:
    """Write the checksum and the number of rows of every changed table into the catalogue.

    A table is sealed only when it is valid, so that a seal always says that somebody could read it.

    Parameters
    ----------
    root : path, optional
        A data folder; the one that comes with the package when left out.

    Returns
    -------
    list of str
        Names of the tables that were sealed anew.

    Raises
    ------
    TableError
        When the catalogue or a changed table is not valid; nothing is written then.
    """
    catalog, problems = read_catalog(root)
    changed: dict[str, Examined] = {}
    for entry in catalog.entries:
        examined = examine_entry(entry, catalog)
        if (examined.sha256, examined.rows) != (entry.sha256, entry.rows):
            changed[entry.name] = examined
            problems += examined.problems
    raise_all(dict.fromkeys(problems), TableError)
    if changed:
        _rewrite(catalog.root / CATALOG_FILE, changed)
    return list(changed)


def _rewrite(path: Path, changed: dict[str, Examined]) -> None:
    section: str | None = None
    lines = []
    for line in path.read_bytes().decode("utf-8").splitlines(keepends=True):
        heading = _SECTION.match(line)
        if heading or line.lstrip().startswith("["):
            section = heading[1] if heading else None
        if section in changed:
            line = _SHA256.sub(rf'\g<1>"{changed[section].sha256}"', line, count=1)  # noqa: PLW2901
            line = _ROWS.sub(rf"\g<1>{changed[section].rows}", line, count=1)  # noqa: PLW2901
        lines.append(line)
    replace_file(path, "".join(lines).encode())


def _files_without_entry(catalog: Catalog) -> list[Problem]:
    if not catalog.root.is_dir():
        return []
    named = {entry.path for entry in catalog.entries}
    problems = []
    for path in sorted(catalog.root.rglob("*")):
        relative = path.relative_to(catalog.root)
        if path.is_dir() or relative.parts[0] in _NO_FOLDERS or any(part.startswith(".") for part in relative.parts):
            continue
        if relative.as_posix() in named or relative.name in _NO_TABLES:
            continue
        where = f"{catalog.root.name}/{relative.as_posix()}"
        mend = f"add a section [table.{path.stem}] to {CATALOG_FILE}, or delete the file"
        problems.append(Problem(where, "a file that the catalogue does not name", "one entry a file", mend))
    return problems
