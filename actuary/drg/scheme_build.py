"""Turn the tables of a scheme into its rows and lists, and check that they belong together."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from actuary.drg.scheme_rows import AdrgRow, DrgRow, MdcRow, Rule
from actuary.drg.scheme_tables import Table
from actuary.drg.switches import Switches
from actuary.errors import Problem, unknown_name

__all__ = ["ENTRIES", "Roles", "SchemeParts", "apply_switches", "assemble", "check_relations"]

#: Columns of a rule that name a list of diagnoses, and of procedures, of its ADRG.
_DX_LISTS = ("pdx_list", "not_pdx_list", "anydx_list", "odx_list")
_PX_LISTS = ("ppx_list", "px_pair_list")

#: MDCs that can be entered through a diagnosis.
ENTRIES = ("principal", "any", "sites")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Name the categories and groups to which the switches apply.

    Parameters
    ----------
    hiv_mdc : str
        Category of HIV, for `hiv`.
    newborn_mdc, newborn_rest_adrg, newborn_rest_list_of, newborn_only_adrg : str
        Category of newborns; its last group, for `pv1`, and the group that lends it a list of diagnoses where it has
        none; the group whose list makes older infants ambiguous, for `neonate_elsewhere`.
    delivery_mdc, delivery_adrg, delivery_prefix : str
        Category of childbirth, for `mdco_sex` and `z37`; the group of deliveries; the codes of their outcome.
    sex_mdcs : tuple of str
        Categories in which the other sex is a conflict, for `sex_conflict`; the first of them names ``mqy``.
    """

    hiv_mdc: str = "Y"
    newborn_mdc: str = "P"
    newborn_rest_adrg: str = "PV1"
    newborn_rest_list_of: str = "PU1"
    newborn_only_adrg: str = "PR1"
    delivery_mdc: str = "O"
    delivery_adrg: str = "OR1"
    delivery_prefix: str = "Z37."
    sex_mdcs: tuple[str, ...] = ("M", "N")


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemeParts:
    """Hold everything the tables of a scheme say, in the order of evaluation."""

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
    repeated: tuple[tuple[str, str, tuple[int, ...]], ...]


def _rows(table: Table, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    present = [column for column in columns if column in table.columns]
    cells = zip(*(table.columns[column] for column in present), strict=True)
    return [dict(zip(present, row, strict=True)) for row in cells]


def _names(row: type) -> tuple[str, ...]:
    return tuple(entry.name for entry in dataclasses.fields(row))


def _lists(table: Table, code: str) -> dict[tuple[str, int], frozenset[str]]:
    grouped: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    columns: Mapping[str, list[Any]] = table.columns
    for adrg, number, member in zip(columns["adrg"], columns["list"], columns[code], strict=True):
        grouped[adrg, number].add(member)
    return {key: frozenset(members) for key, members in grouped.items()}


def _table_of_code(table: Table, code: str, repeated: list[tuple[str, str, tuple[int, ...]]]) -> dict[str, int]:
    first: dict[str, int] = {}
    several: defaultdict[str, list[int]] = defaultdict(list)
    columns: Mapping[str, list[Any]] = table.columns
    for member, number in zip(columns[code], columns["excl_table"], strict=True):
        if first.setdefault(member, number) != number:
            several[member].append(number)
    repeated += [(table.name, member, (first[member], *others)) for member, others in sorted(several.items())]
    return first


def assemble(tables: Mapping[str, Table]) -> SchemeParts:
    """Build the rows and lists of a scheme from its tables, which must have passed `check_relations`.

    A code that stands in two exclusion tables keeps the first; all of them are kept in ``repeated``.
    """
    repeated: list[tuple[str, str, tuple[int, ...]]] = []
    mdcs = sorted((MdcRow(**row) for row in _rows(tables["mdc.csv"], _names(MdcRow))), key=lambda row: row.order)
    if "qy" not in tables["mdc.csv"].columns:
        mdcs = _default_qy(mdcs, tables["adrg_rules.csv"])
    place = {row.mdc: number for number, row in enumerate(mdcs)}
    rules = [Rule(**row) for row in _rows(tables["adrg_rules.csv"], _names(Rule))]
    drgs: defaultdict[str, list[DrgRow]] = defaultdict(list)
    for row in _rows(tables["drg.csv"], _names(DrgRow)):
        drgs[row["adrg"]].append(DrgRow(**row))
    mdc_pdx: dict[str, dict[str, str]] = {row.mdc: {} for row in mdcs}
    entries: Mapping[str, list[Any]] = tables["mdc_pdx.csv"].columns
    sites = entries.get("site", [""] * len(entries["icd"]))
    for mdc, icd, site in zip(entries["mdc"], entries["icd"], sites, strict=True):
        mdc_pdx[mdc][icd] = site
    valid: Mapping[str, list[Any]] = tables["px_valid.csv"].columns
    exempt: Mapping[str, list[Any]] = (
        tables["sex_conflict_exempt.csv"].columns if "sex_conflict_exempt.csv" in tables else {"icd": []}
    )
    return SchemeParts(
        mdcs=tuple(mdcs),
        rules=tuple(sorted(rules, key=lambda rule: (place[rule.mdc], rule.seq))),
        adrgs={row["adrg"]: AdrgRow(**row) for row in _rows(tables["adrg.csv"], _names(AdrgRow))},
        drgs={adrg: tuple(rows) for adrg, rows in drgs.items()},
        mdc_pdx=mdc_pdx,
        adrg_dx=_lists(tables["adrg_dx.csv"], "icd"),
        adrg_px=_lists(tables["adrg_px.csv"], "icd9"),
        mcc=_table_of_code(tables["mcc.csv"], "icd", repeated),
        cc=_table_of_code(tables["cc.csv"], "icd", repeated),
        exclusions=_table_of_code(tables["exclusions.csv"], "pdx", repeated),
        px_valid={
            name: frozenset(code for code, on in zip(valid["icd9"], column, strict=True) if on)
            for name, column in valid.items()
            if name != "icd9"
        },
        sex_conflict_exempt=frozenset(exempt["icd"]),
        repeated=tuple(repeated),
    )


def _default_qy(mdcs: list[MdcRow], rules: Table) -> list[MdcRow]:
    """Say where ambiguity can arise in a scheme without the column `qy`.

    It can in every MDC entered by a diagnosis that has no group open to any valid main procedure.
    """
    columns: Mapping[str, list[Any]] = rules.columns
    flags = columns.get("px_flag", [""] * len(rules.lines))
    open_to_all = {mdc for mdc, flag in zip(columns["mdc"], flags, strict=True) if flag == "main_valid"}
    return [dataclasses.replace(row, qy=row.dx_role in ENTRIES and row.mdc not in open_to_all) for row in mdcs]


def check_relations(tables: Mapping[str, Table]) -> list[Problem]:
    """Find rows that name a category, group or list that the scheme does not have, and keys that stand twice."""
    problems: list[Problem] = []
    mdcs: list[Any] = tables["mdc.csv"].columns["mdc"]
    adrgs: list[Any] = tables["adrg.csv"].columns["adrg"]
    for name, column, known, what in (
        ("mdc_pdx.csv", "mdc", mdcs, "MDC"),
        ("adrg.csv", "mdc", mdcs, "MDC"),
        ("adrg_rules.csv", "mdc", mdcs, "MDC"),
        ("adrg_rules.csv", "adrg", adrgs, "ADRG"),
        ("adrg_dx.csv", "adrg", adrgs, "ADRG"),
        ("adrg_px.csv", "adrg", adrgs, "ADRG"),
        ("drg.csv", "adrg", adrgs, "ADRG"),
    ):
        table, names = tables[name], set(known)
        problems += [
            unknown_name(table.place(row, column), value, names, what=what)
            for row, value in enumerate(table.columns[column])
            if value not in names
        ]
    for name, column in (("mdc.csv", "mdc"), ("mdc.csv", "order"), ("adrg.csv", "adrg"), ("drg.csv", "drg")):
        problems += _repeated_keys(tables[name], column)
    problems += _repeated_keys(tables["adrg_rules.csv"], "rule_id")
    problems += _repeated_keys(tables["adrg_rules.csv"], "seq", within="mdc")
    return problems + _missing_lists(tables)


def _repeated_keys(table: Table, column: str, *, within: str = "") -> list[Problem]:
    seen: dict[object, int] = {}
    problems: list[Problem] = []
    for row, value in enumerate(table.columns[column]):
        key = (table.columns[within][row], value) if within else value
        if key in seen:
            found = f"{value!r}, as in row {table.lines[seen[key]]}"
            problems.append(Problem(table.place(row, column), found, f"every {column} once"))
        seen.setdefault(key, row)
    return problems


def _missing_lists(tables: Mapping[str, Table]) -> list[Problem]:
    rules = tables["adrg_rules.csv"]
    problems: list[Problem] = []
    for file, names in (("adrg_dx.csv", _DX_LISTS), ("adrg_px.csv", (*_PX_LISTS, "apx_lists"))):
        lists = tables[file].columns
        known = set(zip(lists["adrg"], lists["list"], strict=True))
        for name in names:
            for row, value in enumerate(rules.columns.get(name, ())):
                wanted = value if isinstance(value, tuple) else (value,)
                adrg = rules.columns["adrg"][row]
                problems += [
                    Problem(rules.place(row, name), f"list {number}", f"a list of {adrg} in {file}")
                    for number in wanted
                    if number is not None and (adrg, number) not in known
                ]
    return problems


def apply_switches(parts: SchemeParts, switches: Switches, roles: Roles) -> tuple[SchemeParts, list[Problem]]:
    """Write the readings that concern single categories and groups into the rows themselves.

    Parameters
    ----------
    parts : SchemeParts
        The scheme as its tables have it.
    switches : Switches
        The readings wanted.
    roles : Roles
        Which categories and groups they concern.

    Returns
    -------
    tuple
        The scheme as it is to be read, and what a reading needs but the scheme lacks.
    """
    problems: list[Problem] = []
    if switches.pv1 == "requires_list":
        parts = _lend_list(parts, roles)
    rules = []
    for rule in parts.rules:
        read = rule
        if rule.adrg == roles.newborn_rest_adrg:
            read = _read_rest_of_newborns(read, parts, switches, problems)
        if rule.adrg == roles.delivery_adrg and switches.z37 != "as_declared":
            listed = rule.pdx_list or rule.odx_list
            own = switches.z37 == "principal"
            read = dataclasses.replace(read, pdx_list=listed if own else None, odx_list=None if own else listed)
        rules.append(read)
    mdcs = []
    for row in parts.mdcs:
        entry = row
        if row.mdc == roles.hiv_mdc and row.dx_role in {"principal", "any"}:
            entry = dataclasses.replace(entry, dx_role=switches.hiv)
        if row.mdc == roles.delivery_mdc:
            if switches.mdco_sex == "female":
                entry = dataclasses.replace(entry, sex="2")
            if switches.z37 == "other":
                entry = dataclasses.replace(entry, any_dx_prefix=roles.delivery_prefix, any_dx_prefix_sex="2")
        mdcs.append(entry)
    return dataclasses.replace(parts, mdcs=tuple(mdcs), rules=tuple(rules)), problems


def _read_rest_of_newborns(rule: Rule, parts: SchemeParts, switches: Switches, problems: list[Problem]) -> Rule:
    if switches.pv1 == "catch_all":
        return dataclasses.replace(rule, pdx_list=None, age_days_min=None)
    if rule.pdx_list is None and (rule.adrg, 1) not in parts.adrg_dx:
        found = f"requires_list, but {rule.adrg} has no list of diagnoses"
        problems.append(Problem("switch pv1", found, f"list 1 of {rule.adrg} in adrg_dx.csv", "choose catch_all"))
    return rule if rule.pdx_list else dataclasses.replace(rule, pdx_list=1)


def _lend_list(parts: SchemeParts, roles: Roles) -> SchemeParts:
    """Give the last group of newborns the list of the group that has the same diagnoses, where it has none."""
    own, lender = (roles.newborn_rest_adrg, 1), (roles.newborn_rest_list_of, 1)
    if own in parts.adrg_dx or lender not in parts.adrg_dx:
        return parts
    return dataclasses.replace(parts, adrg_dx={**parts.adrg_dx, own: parts.adrg_dx[lender]})
