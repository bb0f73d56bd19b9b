"""Load a grouping scheme: tables and switches in, one frozen object out."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actuary.drg.scheme_build import Roles, SchemeParts, apply_switches, assemble, check_relations
from actuary.drg.scheme_places import find_scheme, known_schemes, user_schemes
from actuary.drg.scheme_rows import AdrgRow, Conditions, DrgRow, MdcRow, Rule
from actuary.drg.scheme_tables import TABLES, read_tables
from actuary.drg.switches import Switches, read_switches
from actuary.durable.folders import staged_output
from actuary.errors import (
    DeclarationError,
    OutputError,
    Problem,
    TableError,
    UnknownNameError,
    raise_all,
    unknown_name,
)
from actuary.files import parse_toml

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AdrgRow",
    "Conditions",
    "DrgRow",
    "MdcRow",
    "Roles",
    "Rule",
    "Scheme",
    "import_scheme",
    "list_schemes",
    "load_scheme",
]

DECLARATION = "scheme.toml"
_HEADINGS = ("title", "title_en", "publisher", "published", "licence", "source", "note")

#: The reading of a folder whose tables have the columns of CHS-DRG 2.0.
_LATER_READING = Switches(
    qy="main",
    hiv="any",
    pv1="requires_list",
    z37="as_declared",
    newborn_check="off",
    missing_age_days="zero",
    empty_dx="fails",
    neonate_elsewhere="pqy",
    sex_conflict="mqy",
    severity_from_principal="on",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scheme:
    """Hold a grouping scheme as it is to be read: its tables with the switches applied.

    Parameters
    ----------
    name, title : str
        Its name and its published title.
    folder : Path
        Where its tables are.
    switches : Switches
        The reading of the disputed points.
    reading : str
        How that reading was found: declared by the scheme, or inferred from its columns.
    roles : Roles
        Categories and groups the switches concern.
    mdcs : tuple of MdcRow
        Categories in the order of evaluation.
    rules : tuple of Rule
        Rules in the order of evaluation: by category, then by ``seq``.
    adrgs : mapping of str to AdrgRow
        Adjacent groups by code.
    drgs : mapping of str to tuple of DrgRow
        Groups of each ADRG, in the order in which they are tried.
    mdc_pdx : mapping of str to mapping of str to str
        Diagnoses of each category with their body site (empty where sites do not matter).
    adrg_dx, adrg_px : mapping of (str, int) to frozenset of str
        Lists of diagnoses and procedures by ADRG and number.
    mcc, cc : mapping of str to int
        Complications with the number of the exclusion table that voids them.
    exclusions : mapping of str to int
        Exclusion table of each principal diagnosis.
    px_valid : mapping of str to frozenset of str
        Lists of valid procedures by name; `valid_main` is the one in use.
    sex_conflict_exempt : frozenset of str
        Diagnoses that contradict no sex.
    repeated : tuple
        Codes found in several exclusion tables: file, code, tables; the first is used.
    declared : SchemeParts or None
        The tables as they were before the switches were applied; None for a scheme built by hand.
    fingerprint : str
        Hash of everything that decides a group: tables and switches.
    """

    name: str
    title: str
    folder: Path
    switches: Switches
    reading: str
    roles: Roles
    mdcs: tuple[MdcRow, ...]
    rules: tuple[Rule, ...]
    adrgs: Mapping[str, AdrgRow]
    drgs: Mapping[str, tuple[DrgRow, ...]]
    mdc_pdx: Mapping[str, Mapping[str, str]]
    adrg_dx: Mapping[tuple[str, int], frozenset[str]]
    adrg_px: Mapping[tuple[str, int], frozenset[str]]
    mcc: Mapping[str, int]
    cc: Mapping[str, int]
    exclusions: Mapping[str, int]
    px_valid: Mapping[str, frozenset[str]]
    sex_conflict_exempt: frozenset[str]
    repeated: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    declared: SchemeParts | None = dataclasses.field(default=None, repr=False, compare=False)

    def with_switches(self, positions: Mapping[str, str]) -> Scheme:
        """Return the same tables under other readings, without reading them again.

        Parameters
        ----------
        positions : mapping of str to str
            Switches that change, such as ``{"qy": "main"}``; the others stay.

        Raises
        ------
        UnknownNameError
            When there is no such switch or position; names the nearest.
        DeclarationError
            When a reading needs what the tables lack.

        Examples
        --------
        >>> load_scheme("chs-drg-1.1").with_switches({"hiv": "any"}).switches.hiv
        'any'
        """
        chosen, problems = read_switches(positions, self.switches, lists=tuple(self.px_valid), where="--switch")
        raise_all(problems, UnknownNameError)
        if self.declared is None:
            return dataclasses.replace(self, switches=chosen)
        parts, problems = apply_switches(self.declared, chosen, self.roles)
        raise_all(problems, DeclarationError)
        changed = {entry.name: getattr(parts, entry.name) for entry in dataclasses.fields(parts)}
        return dataclasses.replace(self, switches=chosen, **changed)

    @property
    def valid_px(self) -> frozenset[str]:
        """The valid procedures: the list that the switch `valid_px` names."""
        return self.px_valid[self.switches.valid_px]

    @functools.cached_property
    def fingerprint(self) -> str:
        """Hash of everything that decides a group: tables and switches."""
        digest = hashlib.sha256()
        told = {"switches": self.switches.as_dict(), "roles": dataclasses.asdict(self.roles)}
        digest.update(json.dumps(told, sort_keys=True).encode())
        for part in (self.mdcs, self.rules, self.adrgs, self.drgs, self.mcc, self.cc, self.exclusions):
            rows = sorted(part.items()) if isinstance(part, Mapping) else part
            digest.update(repr(rows).encode())
        for lists in (self.adrg_dx, self.adrg_px, self.px_valid):
            digest.update(repr([(key, sorted(members)) for key, members in sorted(lists.items())]).encode())
        for mdc, members in sorted(self.mdc_pdx.items()):
            digest.update(repr((mdc, sorted(members.items()))).encode())
        digest.update(repr(sorted(self.sex_conflict_exempt)).encode())
        return digest.hexdigest()

    def __repr__(self) -> str:
        """Return its name and size."""
        groups = sum(len(rows) for rows in self.drgs.values())
        return f"Scheme({self.name}: {len(self.mdcs)} MDC, {len(self.adrgs)} ADRG, {groups} DRG)"


def load_scheme(
    name_or_folder: str | Path = "chs-drg-1.1",
    *,
    switches: Mapping[str, str] | None = None,
    root: Path | None = None,
) -> Scheme:
    """Load a scheme by its name or from a folder of tables.

    Parameters
    ----------
    name_or_folder : str or Path
        A shipped or imported scheme, or a folder with the tables of one. A folder without ``scheme.toml`` is read as
        CHS-DRG 2.0 when its tables have the columns of that scheme, otherwise as 1.1; ``Scheme.reading`` says which.
    switches : mapping of str to str, optional
        Readings that replace the scheme's own, such as ``{"qy": "main"}``.
    root : Path, optional
        Folder laid out as models/; that of the package when left out.

    Returns
    -------
    Scheme
        Checked as a whole.

    Raises
    ------
    UnknownNameError
        When there is no such scheme or switch; names the nearest.
    TableError
        When a table is missing or a row is broken; names file, row and column of each.
    DeclarationError
        When ``scheme.toml`` cannot be read.

    Examples
    --------
    >>> load_scheme("chs-drg-1.1")
    Scheme(chs-drg-1.1: 26 MDC, 376 ADRG, 628 DRG)
    >>> load_scheme("chs-drg-1.l")
    Traceback (most recent call last):
    ...
    actuary.errors.UnknownNameError: --scheme: found 'chs-drg-1.l'; ... did you mean 'chs-drg-1.1'?
    """
    folder = find_scheme(name_or_folder, root)
    if folder is None:
        mend = "a scheme that is not shipped is brought in with: actuary scheme import FOLDER --name NAME"
        problem = unknown_name("--scheme", str(name_or_folder), known_schemes(root), what="scheme")
        raise UnknownNameError(problem if problem.mend else dataclasses.replace(problem, mend=mend))
    parts, declared, inferred = _read_folder(folder)
    lists = tuple(parts.px_valid)
    base, problems = read_switches(
        declared.get("switches", {}), _inferred_reading(inferred), lists=lists, where=f"{folder.name}/{DECLARATION}"
    )
    raise_all(problems, DeclarationError)
    chosen, problems = read_switches(switches or {}, base, lists=lists, where="--switch")
    if chosen.valid_px not in lists:
        problems.append(unknown_name(f"{folder.name} switch valid_px", chosen.valid_px, lists, what="list"))
    raise_all(problems, UnknownNameError)
    roles = _roles(declared.get("roles", {}))
    tables = parts
    parts, problems = apply_switches(tables, chosen, roles)
    raise_all(problems, DeclarationError)
    reading = "declared in scheme.toml" if declared.get("switches") else f"inferred from the columns: as {inferred}"
    return Scheme(
        name=folder.resolve().name,
        title=str(declared.get("title", folder.resolve().name)),
        folder=folder,
        switches=chosen,
        reading=reading,
        roles=roles,
        declared=tables,
        **{entry.name: getattr(parts, entry.name) for entry in dataclasses.fields(parts)},
    )


def _roles(declared: dict[str, Any]) -> Roles:
    named: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in declared.items()}
    return Roles(**named)


def _inferred_reading(inferred: str) -> Switches:
    return _LATER_READING if inferred == "CHS-DRG 2.0" else Switches()


def _read_folder(folder: Path) -> tuple[SchemeParts, dict[str, Any], str]:
    tables, problems = read_tables(folder)
    if not problems:
        problems = check_relations(tables)
    located = [dataclasses.replace(problem, where=_in_folder(folder, problem.where)) for problem in problems]
    raise_all(located, TableError)
    columns = tables["mdc.csv"].columns
    later = "qy" in columns or "any_dx_prefix" in columns or "sex_conflict_exempt.csv" in tables
    return assemble(tables), _declaration(folder), "CHS-DRG 2.0" if later else "CHS-DRG 1.1"


def _in_folder(folder: Path, where: str) -> str:
    return where if where.startswith(str(folder)) else f"{folder.name}/{where}"


def _declaration(folder: Path) -> dict[str, Any]:
    path = folder / DECLARATION
    if not path.is_file():
        return {}
    place = f"{folder.name}/{DECLARATION}"
    try:
        declared = parse_toml(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(Problem(place, str(error), "a TOML file in UTF-8")) from None
    problems = [
        unknown_name(place, key, [*_HEADINGS, "switches", "roles"], what="key")
        for key in declared
        if key not in _HEADINGS and key not in {"switches", "roles"}
    ]
    known = {entry.name for entry in dataclasses.fields(Roles)}
    for section in ("switches", "roles"):
        if not isinstance(declared.get(section, {}), dict):
            problems.append(Problem(f"{place} {section}", "a single value", f"a section [{section}]"))
            declared[section] = {}
    problems += [
        unknown_name(f"{place} [roles]", key, known, what="role")
        for key in declared.get("roles", {})
        if key not in known
    ]
    raise_all(problems, DeclarationError)
    return declared


def list_schemes(root: Path | None = None) -> pd.DataFrame:
    """List the schemes that can be used by name.

    Parameters
    ----------
    root : Path, optional
        Folder laid out as models/; that of the package when left out.

    Returns
    -------
    DataFrame
        Columns ``scheme, title, origin, folder``; origin is ``shipped`` or ``imported``.

    Examples
    --------
    >>> "chs-drg-1.1" in set(list_schemes()["scheme"])
    True
    """
    import pandas as pd  # noqa: PLC0415  (loading a scheme needs no frames)

    own = user_schemes()
    rows = [
        {
            "scheme": name,
            "title": str(_declaration(folder).get("title", name)),
            "origin": "imported" if folder.parent == own else "shipped",
            "folder": str(folder),
        }
        for name, folder in sorted(known_schemes(root).items())
    ]
    return pd.DataFrame(rows, columns=["scheme", "title", "origin", "folder"])


def import_scheme(folder: str | Path, name: str, *, root: Path | None = None) -> Scheme:
    """Copy a folder of tables into the user's schemes, once it has passed every check of loading.

    Parameters
    ----------
    folder : str or Path
        Tables of the scheme, with or without ``scheme.toml``.
    name : str
        Its name from then on; an imported scheme of that name is replaced, a shipped one cannot be.
    root : Path, optional
        Folder laid out as models/; that of the package when left out.

    Returns
    -------
    Scheme
        The imported scheme.

    Raises
    ------
    UnknownNameError, TableError, DeclarationError
        As `load_scheme`; nothing is copied then.
    OutputError
        When the name is taken by a shipped scheme, is no plain name, or the folder cannot be written.
    """
    source = Path(folder).expanduser()
    if not source.is_dir():
        found, mend = ("a file", "unpack an archive first") if source.is_file() else ("no such folder", "")
        raise TableError(Problem(str(folder), found, "a folder with the tables of a scheme", mend))
    target = user_schemes() / name
    taken = known_schemes(root).get(name)
    if not name or Path(name).name != name or name.startswith("."):
        raise OutputError(Problem("--name", repr(name), "a plain name, such as chs-drg-2.0"))
    if taken is not None and taken != target:
        raise OutputError(Problem("--name", f"{name!r}, which is shipped", "another name"))
    scheme = load_scheme(source.absolute(), root=root)
    where = f"{target} (ACTUARY_SCHEMES names another place)"
    with staged_output(target, where=where, owned=True) as staging:
        for file in (*TABLES, DECLARATION, "sources.md", "known_findings.toml"):
            if (source / file).is_file():
                shutil.copyfile(source / file, staging / file)
        if not (source / DECLARATION).is_file():
            (staging / DECLARATION).write_text(_declared_reading(scheme, name), encoding="utf-8")
        # What was written is read once more before it takes the place of an earlier import.
        load_scheme(staging, root=root)
    return load_scheme(target, root=root)


def _declared_reading(scheme: Scheme, name: str) -> str:
    """Write down the reading of a folder that declares none, so that it can be seen and changed."""
    switches = "\n".join(f'{switch} = "{position}"' for switch, position in scheme.switches.as_dict().items())
    return f'title = "{name}"\nnote = "reading {scheme.reading}"\n\n[switches]\n{switches}\n'
