"""Turn a scheme into the arrays of the grouping loop: one number per code, and per code what it leads to."""

from __future__ import annotations

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actuary.drg.cases import NO_ADRG, NO_DRG, NO_MDC, QY
from actuary.drg.scheme import Conditions, DrgRow, Scheme
from actuary.drg.statuses import Severity
from actuary.errors import DeclarationError, Problem
from actuary.kernels import grouping_arrays as ga

__all__ = ["CompiledScheme", "compile_scheme"]

_MOST_MDCS = 62
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
        When it has more than 62 categories, more than 62 body sites, or several categories by body sites.
    """
    known = _COMPILED.get(scheme)
    if known is None:
        known = _COMPILED[scheme] = _Compiler(scheme).compile()
    return known


def _frozen[T: np.generic](values: object, dtype: type[T]) -> NDArray[T]:
    array: NDArray[T] = np.ascontiguousarray(values, dtype=dtype)
    array.flags.writeable = False
    return array


def _csr(count: int, pairs: Iterable[tuple[int, int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    table = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2)
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(np.bincount(table[:, 0], minlength=count), out=offsets[1:])
    return _frozen(offsets, np.int32), _frozen(table[:, 1], np.int32)


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
        self.stays: list[list[int]] = []
        self.sets: list[list[int]] = []
        self.discharges: dict[str, int] = {}
        self.departments: dict[str, int] = {}

    def compile(self) -> CompiledScheme:
        scheme = self.scheme
        self._check_limits()
        rows, apx, ways = self._rules()
        drgs = [row for adrg in scheme.adrgs for row in scheme.drgs.get(adrg, ())]
        drg_rows = [self._drg(row) for row in drgs]
        pdx, anywhere, by_prefix, sites = self._entries()
        complications = {name: self._tables(getattr(scheme, name), -2) for name in ("mcc", "cc")}
        dx_rules = _csr(self.count, ways["dx"])
        flags = np.zeros(self.count, np.uint8)
        flags[np.diff(dx_rules[0]) > 0] |= ga.DX_LEADS
        flags[(anywhere | by_prefix) != 0] |= ga.DX_ENTERS
        flags[(complications["mcc"] != -2) | (complications["cc"] != -2)] |= ga.DX_WEIGHS
        first_rules = [0] * (len(scheme.mdcs) + 1)
        for row in rows:
            first_rules[row[ga.RULE_MDC] + 1] += 1
        open_rules = _csr(len(scheme.mdcs), ways["open"])
        listed = np.zeros(self.count, np.uint8)
        listed[: self.known] = 2
        for members in scheme.mdc_pdx.values():
            listed[[self.dx_number[code] for code in members]] |= 1
        valid = np.zeros(len(self.px), np.uint8)
        valid[[self.px_number[code] for code in scheme.valid_px]] = 1
        conflicts, conflict_mdcs = self._conflicts()
        only = scheme.adrg_dx.get((scheme.roles.newborn_only_adrg, 1), frozenset())
        newborn_only = np.zeros(self.count, np.uint8)
        newborn_only[[self.dx_number[code] for code in only]] = 1
        dx_lists = self._lists(self.count, scheme.adrg_dx, self.dx_number, self.dx_list)
        px_lists = self._lists(len(self.px), scheme.adrg_px, self.px_number, self.px_list)
        pdx_rules, ppx_rules = _csr(self.count, ways["pdx"]), _csr(len(self.px), ways["ppx"])
        px_rules = _csr(len(self.px), ways["px"])
        mdc_from = np.cumsum(first_rules)
        arrays = ga.SchemeArrays(
            options=_frozen(self._options(), np.int32),
            dx_flags=_frozen(flags, np.uint8),
            pdx_mdcs=_frozen(pdx, np.int64),
            any_mdcs=_frozen(anywhere, np.int64),
            prefix_mdcs=_frozen(by_prefix, np.int64),
            sites=_frozen(sites, np.int64),
            excl=_frozen(self._tables(scheme.exclusions, -1), np.int32),
            mcc=_frozen(complications["mcc"], np.int32),
            cc=_frozen(complications["cc"], np.int32),
            dx_lists_from=dx_lists[0],
            dx_lists=dx_lists[1],
            pdx_rules_from=pdx_rules[0],
            pdx_rules=pdx_rules[1],
            dx_rules_from=dx_rules[0],
            dx_rules=dx_rules[1],
            px_valid=_frozen(valid, np.uint8),
            px_lists_from=px_lists[0],
            px_lists=px_lists[1],
            ppx_rules_from=ppx_rules[0],
            ppx_rules=ppx_rules[1],
            px_rules_from=px_rules[0],
            px_rules=px_rules[1],
            open_rules_from=open_rules[0],
            open_rules=open_rules[1],
            masks=_frozen(self._masks(open_rules[0]), np.int64),
            mdc_from=_frozen(mdc_from, np.int32),
            mdc_qy=_frozen(self._first_medical(mdc_from), np.int32),
            rules=_frozen(np.array(rows, np.int32).reshape(-1, 12), np.int32),
            apx=_frozen(apx, np.int32),
            stays=_frozen(np.array(self.stays, np.int32).reshape(-1, 12), np.int32),
            sets_from=_frozen(np.cumsum([0, *map(len, self.sets)]), np.int32),
            sets=_frozen([member for members in self.sets for member in members], np.int32),
            drg_from=_frozen(np.cumsum([0, *(len(scheme.drgs.get(adrg, ())) for adrg in scheme.adrgs)]), np.int32),
            drgs=_frozen(np.array(drg_rows, np.int32).reshape(-1, 3), np.int32),
            conflicts=_frozen(conflicts, np.uint8),
            conflict_mdcs=_frozen(np.array(conflict_mdcs, np.int32).reshape(-1, 3), np.int32),
            newborn_only=_frozen(newborn_only, np.uint8),
            listed=_frozen(listed, np.uint8),
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

    def _tables(self, table_of: Mapping[str, int], none: int) -> NDArray[np.int32]:
        tables = np.full(self.count, none, np.int32)
        tables[[self.dx_number[code] for code in table_of]] = list(table_of.values())
        return tables

    def _lists(
        self,
        count: int,
        lists: Mapping[tuple[str, int], frozenset[str]],
        number: Mapping[str, int],
        list_number: Mapping[tuple[str, int], int],
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        return _csr(count, ((number[code], list_number[key]) for key, codes in lists.items() for code in codes))

    def _entries(self) -> tuple[NDArray[np.int64], ...]:
        pdx, anywhere, by_prefix, sites = (np.zeros(self.count, np.int64) for _ in range(4))
        for number, row in enumerate(self.scheme.mdcs):
            bit = np.int64(1 << number)
            members = self.scheme.mdc_pdx[row.mdc]
            codes = [self.dx_number[code] for code in members]
            if row.dx_role in {"principal", "sites"}:
                pdx[codes] |= bit
            elif row.dx_role == "any":
                anywhere[codes] |= bit
            if row.dx_role == "sites":
                names = sorted({site for site in members.values() if site})
                sites[codes] = [1 << names.index(site) if site else 0 for site in members.values()]
            if row.any_dx_prefix:
                by_prefix[[self.dx_number[code] for code in self.dx if code.startswith(row.any_dx_prefix)]] |= bit
                for prefix, other in self.prefixes.items():
                    if prefix.startswith(row.any_dx_prefix):
                        by_prefix[other] |= bit
        return pdx, anywhere, by_prefix, sites

    def _masks(self, open_from: NDArray[np.int32]) -> list[int]:
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
            mask(lambda j: bool(open_from[j + 1] > open_from[j])),
        ]

    def _first_medical(self, mdc_from: NDArray[np.int64]) -> list[int]:
        firsts = []
        for number in range(len(self.scheme.mdcs)):
            first, last = int(mdc_from[number]), int(mdc_from[number + 1])
            kinds = [self.scheme.adrgs[rule.adrg].kind for rule in self.scheme.rules[first:last]]
            firsts.append(first + kinds.index("medical") if "medical" in kinds else last)
        return firsts

    def _rules(self) -> tuple[list[list[int]], list[int], dict[str, list[tuple[int, int]]]]:
        rows: list[list[int]] = []
        apx: list[int] = []
        ways: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for number, rule in enumerate(self.scheme.rules):

            def dx(wanted: int | None, adrg: str = rule.adrg) -> int:
                return -1 if wanted is None else self.dx_list[adrg, wanted]

            def px(wanted: int | None, adrg: str = rule.adrg) -> int:
                return -1 if wanted is None else self.px_list[adrg, wanted]

            everywhere = [self.px_list[rule.adrg, wanted] for wanted in rule.apx_lists]
            row = [
                self.mdc[rule.mdc],
                self.adrg[rule.adrg],
                dx(rule.pdx_list),
                dx(rule.not_pdx_list),
                dx(rule.anydx_list),
                dx(rule.odx_list),
                px(rule.ppx_list),
                px(rule.px_pair_list),
                _FLAGS[rule.px_flag],
                len(apx),
                len(apx) + len(everywhere),
                self._stay(rule),
            ]
            apx += everywhere
            self._lead(number, row, apx, ways)
            rows.append(row)
        return rows, apx, dict.fromkeys(("pdx", "dx", "ppx", "px", "open"), []) | dict(ways)

    def _lead(self, number: int, row: list[int], apx: Sequence[int], ways: Mapping[str, list[tuple[int, int]]]) -> None:
        """Choose the code that leads to a rule, and take from the rule what that code has settled."""
        if not hasattr(self, "dx_members"):
            self.dx_members = {number: self.scheme.adrg_dx[key] for key, number in self.dx_list.items()}
            self.px_members = {number: self.scheme.adrg_px[key] for key, number in self.px_list.items()}
        if row[ga.RULE_PPX] >= 0:
            ways["ppx"].extend((self.px_number[code], number) for code in self.px_members[row[ga.RULE_PPX]])
            row[ga.RULE_PPX] = -1
        elif row[ga.RULE_APX_FROM] < row[ga.RULE_APX_TO]:
            leading = apx[row[ga.RULE_APX_FROM]]
            ways["px"].extend((self.px_number[code], number) for code in self.px_members[leading])
            row[ga.RULE_APX_FROM] += 1
        elif row[ga.RULE_PAIR] >= 0:
            ways["px"].extend((self.px_number[code], number) for code in self.px_members[row[ga.RULE_PAIR]])
        elif row[ga.RULE_PDX] >= 0:
            ways["pdx"].extend((self.dx_number[code], number) for code in self.dx_members[row[ga.RULE_PDX]])
            row[ga.RULE_PDX] = -1
        elif row[ga.RULE_ODX] >= 0:
            ways["dx"].extend((self.dx_number[code], number) for code in self.dx_members[row[ga.RULE_ODX]])
        elif row[ga.RULE_ANYDX] >= 0:
            ways["dx"].extend((self.dx_number[code], number) for code in self.dx_members[row[ga.RULE_ANYDX]])
            row[ga.RULE_ANYDX] = -1
        else:
            ways["open"].append((row[ga.RULE_MDC], number))

    def _stay(self, row: Conditions) -> int:
        values = [ga.LOWEST, ga.HIGHEST] * 5 + [-1, -1]
        for name, column in _RANGES:
            low, high = getattr(row, f"{name}_min"), getattr(row, f"{name}_max")
            if low is not None:
                values[column] = low
            if high is not None:
                values[column + 1] = high - 1 if name == "weight_g" else high
        for codes, numbers, column in (
            (row.discharge, self.discharges, ga.STAY_DISCHARGE),
            (row.department, self.departments, ga.STAY_DEPARTMENT),
        ):
            if codes:
                values[column] = len(self.sets)
                self.sets.append([numbers.setdefault(code, len(numbers)) for code in codes])
        if values == [ga.LOWEST, ga.HIGHEST] * 5 + [-1, -1]:
            return -1
        self.stays.append(values)
        return len(self.stays) - 1

    def _drg(self, row: DrgRow) -> list[int]:
        answered = Severity("CC" if row.severity == "CC_ONLY" else row.severity)
        return [_SEVERITY_TESTS[row.severity], answered.number, self._stay(row)]

    def _conflicts(self) -> tuple[NDArray[np.uint8], list[list[int]]]:
        scheme = self.scheme
        bound = np.zeros(self.count, np.uint8)
        rows: list[list[int]] = []
        if scheme.switches.sex_conflict == "next_mdc":
            return bound, rows
        names = [mdc for mdc in scheme.roles.sex_mdcs if mdc in self.mdc]
        for mdc in names:
            row = scheme.mdcs[self.mdc[mdc]]
            if not row.sex:
                continue
            codes = [self.dx_number[code] for code in scheme.mdc_pdx[mdc] if code not in scheme.sex_conflict_exempt]
            bound[codes] |= 1 << len(rows)
            answered = names[0] if scheme.switches.sex_conflict == "mqy" else mdc
            rows.append([self.mdc[mdc], int(row.sex), self.mdc[answered]])
        return bound, rows

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
