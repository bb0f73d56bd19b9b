"""Turn a scheme into the arrays of the grouping loop: one number per code, and per code what it leads to."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.drg.cases import NO_ADRG, NO_DRG, NO_MDC, QY
from actuary.drg.cell_words import department_code, discharge_code
from actuary.drg.scheme import Conditions, DrgRow, Rule, Scheme
from actuary.drg.statuses import Severity
from actuary.errors import DeclarationError, Problem
from actuary.kernels import grouping_arrays as ga

__all__ = ["CompiledScheme", "compile_scheme"]

_MOST_MDCS = 62
_MOST_ROWS = 32_767
_SEVERITY_TESTS = {"MCC": 0, "CC": 1, "CC_ONLY": 2, "none": 3, "undivided": 3}
_FLAGS = {"": 0, "main_valid": 1, "none_valid": 2, "main_not_valid": 3}
_RANGES = (
    ("age_days", ga.STAY_AGE_DAYS),
    ("age_years", ga.STAY_AGE_YEARS),
    ("weight_g", ga.STAY_WEIGHT),
    ("los", ga.STAY_LOS),
    ("icu_hours", ga.STAY_ICU),
)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class CompiledScheme:
    """Hold a scheme as arrays, and the words for its numbers.

    Parameters
    ----------
    arrays : SchemeArrays
        What the loop reads.
    dx, px : list of str
        Codes by number. The empty code is the last diagnosis but the prefixes.
    prefixes : mapping of str to int
        Number that stands for an unknown diagnosis that starts so.
    mdcs, adrgs, drgs, rules : list of str
        Words of the answers by number.
    discharges, departments : mapping of str to int
        Numbers of the codes on which conditions are stated.
    reads : frozenset of str
        Columns of the cases that the scheme reads.
    """

    arrays: ga.SchemeArrays
    dx: list[str]
    px: list[str]
    prefixes: Mapping[str, int]
    mdcs: list[str]
    adrgs: list[str]
    drgs: list[str]
    rules: list[str]
    discharges: Mapping[str, int]
    departments: Mapping[str, int]
    reads: frozenset[str]


_COMPILED: weakref.WeakKeyDictionary[Scheme, CompiledScheme] = weakref.WeakKeyDictionary()


def compile_scheme(scheme: Scheme) -> CompiledScheme:
    """Compile a scheme, once.

    Raises
    ------
    DeclarationError
        When it has more than 62 categories or body sites, several categories by body sites, or more rules or groups
        than an answer has room for (32,767).
    """
    known = _COMPILED.get(scheme)
    if known is None:
        known = _COMPILED[scheme] = _Compiler(scheme).compile()
    return known


def _frozen[T: np.generic](values: object, dtype: type[T]) -> NDArray[T]:
    array: NDArray[T] = np.ascontiguousarray(values, dtype=dtype)
    array.flags.writeable = False
    return array


class _Members:
    """Collect lists of any length in one array; a row says from where to where its list stands."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.int32]] = []
        self.size = 0

    def add(self, members: Sequence[int]) -> tuple[int, int]:
        """Add one list; return where it begins and ends."""
        begin, self.size = self.size, self.size + len(members)
        self.parts.append(np.asarray(members, dtype=np.int32))
        return begin, self.size

    def add_by_code(self, count: int, pairs: Iterable[tuple[int, int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Add the sorted list of each code; return where they begin and where they end."""
        table = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
        ends = self.size + np.cumsum(np.bincount(table[:, 0], minlength=count)).astype(np.int32)
        begins = np.concatenate([np.array([self.size], np.int32), ends[:-1]])
        self.add(table[:, 1])  # type: ignore[arg-type]
        return begins, ends

    def array(self) -> NDArray[np.int32]:
        """Return all members."""
        return _frozen(np.concatenate([np.empty(0, np.int32), *self.parts]), np.int32)


class _Compiler:
    """Number everything in a scheme and write its arrays."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.mdc = {row.mdc: number for number, row in enumerate(scheme.mdcs)}
        self.adrg = {adrg: number for number, adrg in enumerate(scheme.adrgs)}
        known_dx = set(scheme.mcc) | set(scheme.cc) | set(scheme.exclusions)
        known_dx.update(*scheme.mdc_pdx.values(), *scheme.adrg_dx.values())
        known_dx.discard("")
        prefixes = sorted({row.any_dx_prefix for row in scheme.mdcs if row.any_dx_prefix}, key=len)
        self.known = len(known_dx)
        self.dx = [*sorted(known_dx), ""]
        self.prefixes = {prefix: len(self.dx) + number for number, prefix in enumerate(prefixes)}
        self.dx_number = {code: number for number, code in enumerate(self.dx)}
        self.count = len(self.dx) + len(prefixes)
        self.px = sorted(set().union(*scheme.adrg_px.values(), *scheme.px_valid.values()))
        self.px_number = {code: number for number, code in enumerate(self.px)}
        self.dx_list = {key: number for number, key in enumerate(sorted(scheme.adrg_dx))}
        self.px_list = {key: number for number, key in enumerate(sorted(scheme.adrg_px))}
        self.dx_members = {number: scheme.adrg_dx[key] for key, number in self.dx_list.items()}
        self.px_members = {number: scheme.adrg_px[key] for key, number in self.px_list.items()}
        self.members = _Members()
        self.stays: list[list[int]] = []
        self.discharges: dict[str, int] = {}
        self.departments: dict[str, int] = {}

    def compile(self) -> CompiledScheme:
        scheme = self.scheme
        self._check_limits()
        rules, ways = self._rules()
        drgs = [row for adrg in scheme.adrgs for row in scheme.drgs.get(adrg, ())]
        drg_rows = [self._drg(row) for row in drgs]
        entries = self._entries()
        conflicts, conflict_of_dx = self._conflicts()
        dx = self._dx(ways, conflict_of_dx)
        mdcs = self._mdcs(rules, ways["open"])
        arrays = ga.SchemeArrays(
            options=_frozen(self._options(), np.int32),
            masks=_frozen(self._masks(mdcs), np.int64),
            dx_flags=_frozen(self._flags(dx, entries), np.uint8),
            dx=_frozen(dx, np.int32),
            entries=_frozen(entries, np.int64),
            px=_frozen(self._px(ways), np.int32),
            mdcs=_frozen(mdcs, np.int32),
            rules=_frozen(np.array(rules, np.int32).reshape(-1, 12), np.int32),
            stays=_frozen(np.array(self.stays, np.int32).reshape(-1, 14), np.int32),
            adrgs=_frozen(np.cumsum([0, *(len(scheme.drgs.get(adrg, ())) for adrg in scheme.adrgs)]), np.int32),
            drgs=_frozen(np.array(drg_rows, np.int32).reshape(-1, 3), np.int32),
            conflicts=_frozen(np.array(conflicts, np.int32).reshape(-1, 3), np.int32),
            members=self.members.array(),
        )
        return CompiledScheme(
            arrays=arrays,
            dx=self.dx,
            px=self.px,
            prefixes=self.prefixes,
            mdcs=[*self.mdc, NO_MDC],
            adrgs=[*self.adrg, QY, NO_ADRG],
            drgs=[*(row.drg for row in drgs), *(f"{mdc}{QY}" for mdc in self.mdc), NO_DRG],
            rules=[rule.rule_id for rule in scheme.rules],
            discharges=self.discharges,
            departments=self.departments,
            reads=self._reads(drgs),
        )

    def _check_limits(self) -> None:
        scheme = self.scheme
        by_site = [row.mdc for row in scheme.mdcs if row.dx_role == "sites"]
        sites = {site for mdc in by_site for site in scheme.mdc_pdx[mdc].values() if site}
        problems = [
            Problem(f"{scheme.name}/mdc.csv", f"{found} {what}", f"at most {most}")
            for found, what, most in (
                (len(scheme.mdcs), "categories", _MOST_MDCS),
                (len(by_site), "categories entered by body sites", 1),
                (len(sites), "body sites", _MOST_MDCS),
                (len(scheme.rules), "rules", _MOST_ROWS),
                (sum(map(len, scheme.drgs.values())) + len(scheme.mdcs) + 1, "groups", _MOST_ROWS),
            )
            if found > most
        ]
        if problems:
            raise DeclarationError(problems)

    def _options(self) -> list[int]:
        chosen = self.scheme.switches
        newborn_mdc = self.mdc.get(self.scheme.roles.newborn_mdc, -1)
        return [
            {"off": 0, "any": 1, "main": 2}[chosen.qy],
            int(chosen.sex_check == "one_or_two"),
            int(chosen.newborn_check != "off"),
            int(chosen.missing_age_days == "zero"),
            int(chosen.empty_dx == "fails"),
            int(chosen.fall_through == "on"),
            int(chosen.severity_from_principal == "on"),
            newborn_mdc if chosen.neonate_elsewhere == "pqy" else -1,
            self.dx_number[""],
        ]

    def _dx(self, ways: Mapping[str, list[tuple[int, int]]], conflicts: NDArray[np.int32]) -> NDArray[np.int32]:
        scheme = self.scheme
        table = np.zeros((self.count, 10), np.int32)
        for column, tables, none in (
            (ga.DX_EXCL, scheme.exclusions, -1),
            (ga.DX_MCC, scheme.mcc, -2),
            (ga.DX_CC, scheme.cc, -2),
        ):
            table[:, column] = none
            table[self._numbers(tables), column] = list(tables.values())
        lists = self._lists(scheme.adrg_dx, self.dx_number, self.dx_list)
        for column, pairs in ((ga.DX_LISTS, lists), (ga.DX_PDX_RULES, ways["pdx"]), (ga.DX_RULES, ways["dx"])):
            table[:, column], table[:, column + 1] = self.members.add_by_code(self.count, pairs)
        table[:, ga.DX_CONFLICTS] = conflicts
        return table

    def _px(self, ways: Mapping[str, list[tuple[int, int]]]) -> NDArray[np.int32]:
        table = np.zeros((len(self.px), 7), np.int32)
        table[[self.px_number[code] for code in self.scheme.valid_px], ga.PX_VALID] = 1
        lists = self._lists(self.scheme.adrg_px, self.px_number, self.px_list)
        for column, pairs in ((ga.PX_LISTS, lists), (ga.PX_MAIN_RULES, ways["ppx"]), (ga.PX_RULES, ways["px"])):
            table[:, column], table[:, column + 1] = self.members.add_by_code(len(self.px), pairs)
        return table

    def _flags(self, dx: NDArray[np.int32], entries: NDArray[np.int64]) -> NDArray[np.uint8]:
        scheme = self.scheme
        flags = np.zeros(self.count, np.uint8)
        flags[dx[:, ga.DX_RULES] < dx[:, ga.DX_RULES_END]] |= ga.DX_LEADS
        flags[(entries[:, ga.ENTRY_ANY] | entries[:, ga.ENTRY_PREFIX]) != 0] |= ga.DX_ENTERS
        flags[(dx[:, ga.DX_MCC] != -2) | (dx[:, ga.DX_CC] != -2)] |= ga.DX_WEIGHS
        flags[: self.known] |= ga.DX_KNOWN
        for members in scheme.mdc_pdx.values():
            flags[self._numbers(members)] |= ga.DX_LISTED
        flags[self._numbers(scheme.adrg_dx.get((scheme.roles.newborn_only_adrg, 1), ()))] |= ga.DX_NEWBORN
        return flags

    def _mdcs(self, rules: Sequence[Sequence[int]], open_rules: Iterable[tuple[int, int]]) -> NDArray[np.int32]:
        count = len(self.scheme.mdcs)
        table = np.zeros((count + 1, 4), np.int32)
        sizes = np.bincount(np.array([row[ga.RULE_MDC] for row in rules], np.int64), minlength=count)
        table[1:, ga.MDC_FIRST] = np.cumsum(sizes)
        for number in range(count):
            first, last = int(table[number, ga.MDC_FIRST]), int(table[number + 1, ga.MDC_FIRST])
            kinds = [self.scheme.adrgs[rule.adrg].kind for rule in self.scheme.rules[first:last]]
            table[number, ga.MDC_MEDICAL] = first + kinds.index("medical") if "medical" in kinds else last
        table[:count, ga.MDC_OPEN], table[:count, ga.MDC_OPEN_END] = self.members.add_by_code(count, open_rules)
        return table

    def _numbers(self, codes: Iterable[str]) -> list[int]:
        return [self.dx_number[code] for code in codes]

    def _lists(
        self,
        lists: Mapping[tuple[str, int], frozenset[str]],
        number: Mapping[str, int],
        list_number: Mapping[tuple[str, int], int],
    ) -> list[tuple[int, int]]:
        return [(number[code], list_number[key]) for key, codes in lists.items() for code in codes]

    def _entries(self) -> NDArray[np.int64]:
        table = np.zeros((self.count, 4), np.int64)
        for place, row in enumerate(self.scheme.mdcs):
            bit = np.int64(1 << place)
            members = self.scheme.mdc_pdx[row.mdc]
            codes = self._numbers(members)
            if row.dx_role in {"principal", "sites"}:
                table[codes, ga.ENTRY_PDX] |= bit
            elif row.dx_role == "any":
                table[codes, ga.ENTRY_ANY] |= bit
            if row.dx_role == "sites":
                names = sorted({site for site in members.values() if site})
                table[codes, ga.ENTRY_SITE] = [1 << names.index(site) if site else 0 for site in members.values()]
            if row.any_dx_prefix:
                starting = self._numbers(code for code in self.dx if code.startswith(row.any_dx_prefix))
                starting += [number for prefix, number in self.prefixes.items() if prefix.startswith(row.any_dx_prefix)]
                table[starting, ga.ENTRY_PREFIX] |= bit
        return table

    def _masks(self, mdcs: NDArray[np.int32]) -> list[int]:
        def mask(condition: Callable[[int], bool]) -> int:
            return sum(1 << number for number in range(len(rows)) if condition(number))

        rows = self.scheme.mdcs
        on = self.scheme.switches.qy != "off"
        return [
            mask(lambda j: rows[j].dx_role == "none"),
            mask(lambda j: rows[j].dx_role == "sites"),
            mask(lambda j: rows[j].sex == "1"),
            mask(lambda j: rows[j].sex == "2"),
            mask(lambda j: rows[j].age_years_must_be_0),
            mask(lambda j: rows[j].any_dx_prefix_sex == "2"),
            mask(lambda j: rows[j].needs_valid_main_px),
            mask(lambda j: on and rows[j].qy),
            mask(lambda j: bool(mdcs[j, ga.MDC_OPEN] < mdcs[j, ga.MDC_OPEN_END])),
        ]

    def _rules(self) -> tuple[list[list[int]], dict[str, list[tuple[int, int]]]]:
        rows: list[list[int]] = []
        ways: dict[str, list[tuple[int, int]]] = {way: [] for way in ("pdx", "dx", "ppx", "px", "open")}
        for number, rule in enumerate(self.scheme.rules):
            row = self._rule(rule, number, ways)
            row[ga.RULE_ASKS] = int(
                any(row[column] >= 0 for column in range(ga.RULE_PDX, ga.RULE_FLAG))
                or row[ga.RULE_FLAG] > 0
                or row[ga.RULE_APX] < row[ga.RULE_APX_END]
                or row[ga.RULE_STAY] >= 0
            )
            rows.append(row)
        return rows, ways

    def _rule(self, rule: Rule, number: int, ways: Mapping[str, list[tuple[int, int]]]) -> list[int]:
        """Choose the code that leads to a rule, and write the conditions that are left once it has."""

        def dx(wanted: int | None) -> int:
            return -1 if wanted is None else self.dx_list[rule.adrg, wanted]

        pdx, odx, anydx = rule.pdx_list, rule.odx_list, rule.anydx_list
        everywhere = [self.px_list[rule.adrg, wanted] for wanted in rule.apx_lists]
        pair = -1 if rule.px_pair_list is None else self.px_list[rule.adrg, rule.px_pair_list]
        if rule.ppx_list is not None:
            ways["ppx"].extend((self.px_number[code], number) for code in self.scheme.adrg_px[rule.adrg, rule.ppx_list])
        elif everywhere or pair >= 0:
            leading = everywhere.pop(0) if everywhere else pair
            ways["px"].extend((self.px_number[code], number) for code in self.px_members[leading])
        elif pdx is not None:
            ways["pdx"].extend((self.dx_number[code], number) for code in self.dx_members[dx(pdx)])
            pdx = None
        elif odx is not None:
            ways["dx"].extend((self.dx_number[code], number) for code in self.dx_members[dx(odx)])
        elif anydx is not None:
            ways["dx"].extend((self.dx_number[code], number) for code in self.dx_members[dx(anydx)])
            anydx = None
        else:
            ways["open"].append((self.mdc[rule.mdc], number))
        return [
            self.mdc[rule.mdc],
            self.adrg[rule.adrg],
            dx(pdx),
            dx(rule.not_pdx_list),
            dx(anydx),
            dx(odx),
            pair,
            _FLAGS[rule.px_flag],
            *self.members.add(everywhere),
            self._stay(rule),
            0,
        ]

    def _stay(self, row: Conditions) -> int:
        values = [ga.LOWEST, ga.HIGHEST] * 5 + [-1] * 4
        for name, column in _RANGES:
            low, high = getattr(row, f"{name}_min"), getattr(row, f"{name}_max")
            if low is not None:
                values[column] = low
            if high is not None:
                values[column + 1] = high - 1 if name == "weight_g" else high
        for codes, numbers, compared, column in (
            (row.discharge, self.discharges, discharge_code, ga.STAY_DISCHARGE),
            (row.department, self.departments, department_code, ga.STAY_DEPARTMENT),
        ):
            if codes:
                members = [numbers.setdefault(compared(code) or "", len(numbers)) for code in codes]
                values[column], values[column + 1] = self.members.add(members)
        if values == [ga.LOWEST, ga.HIGHEST] * 5 + [-1] * 4:
            return -1
        self.stays.append(values)
        return len(self.stays) - 1

    def _drg(self, row: DrgRow) -> list[int]:
        answered = Severity("CC" if row.severity == "CC_ONLY" else row.severity)
        return [_SEVERITY_TESTS[row.severity], answered.number, self._stay(row)]

    def _conflicts(self) -> tuple[list[list[int]], NDArray[np.int32]]:
        scheme = self.scheme
        bound = np.zeros(self.count, np.int32)
        rows: list[list[int]] = []
        if scheme.switches.sex_conflict == "next_mdc":
            return rows, bound
        names = [mdc for mdc in scheme.roles.sex_mdcs if mdc in self.mdc]
        for mdc in names:
            row = scheme.mdcs[self.mdc[mdc]]
            if not row.sex:
                continue
            codes = [self.dx_number[code] for code in scheme.mdc_pdx[mdc] if code not in scheme.sex_conflict_exempt]
            bound[codes] |= 1 << len(rows)
            answered = names[0] if scheme.switches.sex_conflict == "mqy" else mdc
            rows.append([self.mdc[mdc], int(row.sex), self.mdc[answered]])
        return rows, bound

    def _reads(self, drgs: Sequence[DrgRow]) -> frozenset[str]:
        rows: list[Conditions] = [*self.scheme.rules, *drgs]
        columns = {
            "los_days": ("los_min", "los_max"),
            "icu_hours": ("icu_hours_min", "icu_hours_max"),
            "discharge_status": ("discharge",),
            "department": ("department",),
        }
        always = {"case_id", "sex", "age_years", "age_days", "birth_weight_g", "dx", "px"}
        return frozenset(always) | {
            column
            for column, names in columns.items()
            if any(getattr(row, name) not in (None, ()) for row in rows for name in names)
        }
