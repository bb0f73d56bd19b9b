"""Find what in a grouping scheme contradicts itself, and tell what is known already from what is new.

Rows that name a category, group or list the scheme does not have are refused when it is loaded; here are the
contradictions that leave a scheme usable.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from actuary.drg.rule_reach import covers_every_case, nearly_unreachable_rules, unreachable_drgs, unreachable_rules
from actuary.drg.scheme import Rule, Scheme
from actuary.drg.scheme_findings import CHECKS, KNOWN_FINDINGS, Finding, findings_frame, read_known_findings

__all__ = ["CHECKS", "KNOWN_FINDINGS", "Finding", "check_scheme", "findings_frame"]

#: What the last character of a group says of its severity, by custom.
_SUFFIXES: Mapping[str, set[str]] = {"1": {"MCC"}, "3": {"CC", "CC_ONLY"}, "5": {"none"}, "9": {"undivided"}}


def check_scheme(
    scheme: Scheme, *, dictionaries: tuple[Collection[str], Collection[str]] | None = None
) -> tuple[Finding, ...]:
    """Find what in a scheme contradicts itself.

    Parameters
    ----------
    scheme : Scheme
        A loaded scheme.
    dictionaries : tuple of two collections of str, optional
        Known codes of diagnoses and of procedures; without them no code is looked up.

    Returns
    -------
    tuple of Finding
        In the order of `CHECKS`; findings named in the scheme's ``known_findings.toml`` say where they are known from.

    Raises
    ------
    DeclarationError
        When ``known_findings.toml`` cannot be read.

    Examples
    --------
    >>> from actuary.drg.scheme import load_scheme
    >>> found = check_scheme(load_scheme("chs-drg-1.1"))
    >>> next(finding.text("en") for finding in found if finding.subject == "RA4")
    'RA4: earlier rules take nearly every case of the rule (RA1, RA2, RA3; 229 / 15930)'
    >>> [finding.subject for finding in found if not finding.known]
    []
    """
    known = read_known_findings(scheme.folder)
    rank = {name: number for number, name in enumerate(CHECKS)}
    found = [
        *_severity_tables(scheme),
        *_groups(scheme),
        *_reach(scheme),
        *_diagnoses(scheme),
        *_lists(scheme),
        *(_codes(scheme, *dictionaries) if dictionaries else ()),
    ]
    found.sort(key=lambda finding: (rank[finding.check], finding.subject))
    return tuple(replace(finding, known=known.get((finding.check, finding.subject), "")) for finding in found)


def _finding(check: str, subject: str, detail: str = "") -> Finding:
    return Finding(check, subject, CHECKS[check].severity, detail)


def _severity_tables(scheme: Scheme) -> Iterator[Finding]:
    for file, code, tables in scheme.repeated:
        detail = f"{file}: {', '.join(str(table) for table in tables)}"
        yield _finding("code_in_two_exclusion_tables", code, detail)
    for code in sorted(scheme.mcc.keys() & scheme.cc.keys()):
        yield _finding("code_in_mcc_and_cc", code)
    tables_used = set(scheme.exclusions.values())
    for level, codes in (("MCC", scheme.mcc), ("CC", scheme.cc)):
        for code, table in sorted(codes.items()):
            if table not in tables_used:
                yield _finding("exclusion_table_empty", code, f"{level} {table}")


def _groups(scheme: Scheme) -> Iterator[Finding]:
    ruled = {rule.adrg for rule in scheme.rules}
    for rule in scheme.rules:
        if rule.mdc != scheme.adrgs[rule.adrg].mdc:
            yield _finding("rule_in_other_mdc", rule.rule_id, f"{rule.mdc}, {scheme.adrgs[rule.adrg].mdc}")
    for adrg in scheme.adrgs:
        rows = scheme.drgs.get(adrg, ())
        if adrg not in ruled:
            yield _finding("adrg_without_rule", adrg)
        if not rows:
            yield _finding("adrg_without_drg", adrg)
        elif not covers_every_case(rows):
            yield _finding("adrg_without_end", adrg, ", ".join(f"{row.drg} {row.severity}" for row in rows))
        for row in rows:
            if len(row.drg) == len(adrg) + 1 and row.severity not in _SUFFIXES.get(row.drg[-1], {row.severity}):
                yield _finding("drg_suffix_disagrees", row.drg, row.severity)


def _reach(scheme: Scheme) -> Iterator[Finding]:
    for rule, left, pairs, taking in nearly_unreachable_rules(scheme):
        yield _finding("rule_nearly_unreachable", rule.rule_id, f"{', '.join(taking)}; {left} / {pairs}")
    dead: dict[str, tuple[str, ...]] = {}
    groups = {rule.rule_id: rule.adrg for rule in scheme.rules}
    for rule, taking in unreachable_rules(scheme):
        dead[rule.rule_id] = taking
        own = bool(taking) and {groups.get(name) for name in taking} == {rule.adrg}
        yield _finding("rule_redundant" if own else "unreachable_rule", rule.rule_id, ", ".join(taking))
    alive = {rule.adrg for rule in scheme.rules if rule.rule_id not in dead}
    takers = {rule.adrg: dead[rule.rule_id] for rule in scheme.rules if rule.rule_id in dead}
    for adrg, rows in scheme.drgs.items():
        if adrg in takers and adrg not in alive:
            for row in rows:
                yield _finding("unreachable_drg", row.drg, ", ".join(takers[adrg]))
        else:
            for row, taking in unreachable_drgs(rows):
                yield _finding("unreachable_drg", row.drg, ", ".join(taking))


def _listed_dx(rule: Rule, scheme: Scheme) -> frozenset[str]:
    numbers = (rule.pdx_list, rule.anydx_list, rule.odx_list)
    return frozenset().union(*(scheme.adrg_dx[rule.adrg, number] for number in numbers if number is not None))


def _asks_for_procedure(rule: Rule) -> bool:
    wanted = rule.ppx_list is not None or bool(rule.apx_lists) or rule.px_pair_list is not None
    return wanted or rule.px_flag == "main_valid"


def _by_code(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join the places of each code, in the order of the codes."""
    places: dict[str, set[str]] = {}
    for code, place in pairs:
        places.setdefault(code, set()).add(place)
    for code, found in sorted(places.items()):
        yield code, ", ".join(sorted(found))


def _diagnoses(scheme: Scheme) -> Iterator[Finding]:
    listed_somewhere = frozenset().union(*scheme.mdc_pdx.values())
    by_diagnosis = {row.mdc for row in scheme.mdcs if row.dx_role != "none"}
    stray = [
        (code, rule.adrg)
        for rule in scheme.rules
        if rule.mdc in by_diagnosis and rule.pdx_list is not None
        for code in scheme.adrg_dx[rule.adrg, rule.pdx_list] - scheme.mdc_pdx[rule.mdc].keys()
    ]
    for code, adrgs in _by_code(pair for pair in stray if pair[0] not in listed_somewhere):
        yield _finding("dx_in_no_mdc", code, adrgs)
    for code, adrgs in _by_code(pair for pair in stray if pair[0] in listed_somewhere):
        yield _finding("dx_not_in_own_mdc", code, adrgs)
    for row in scheme.mdcs:
        rules = [rule for rule in scheme.rules if rule.mdc == row.mdc]
        open_rules = [rule for rule in rules if not _asks_for_procedure(rule)]
        if any(not _listed_dx(rule, scheme) for rule in open_rules):
            continue  # a group that asks for no diagnosis takes what is left
        named = frozenset().union(*(_listed_dx(rule, scheme) for rule in rules))
        served = frozenset().union(*(_listed_dx(rule, scheme) for rule in open_rules))
        for code in sorted(scheme.mdc_pdx[row.mdc]):
            if code not in named:
                yield _finding("dx_in_no_adrg", f"{row.mdc} {code}")
            elif code not in served:
                yield _finding("dx_only_with_procedure", f"{row.mdc} {code}")
    for code in sorted(listed_somewhere - scheme.exclusions.keys()):
        yield _finding("principal_without_table", code)


def _lists(scheme: Scheme) -> Iterator[Finding]:
    used_dx: set[tuple[str, int]] = set()
    used_px: set[tuple[str, int]] = set()
    gated = {row.mdc for row in scheme.mdcs if row.needs_valid_main_px}
    invalid: dict[str, set[str]] = {}
    for rule in scheme.rules:
        for number in (rule.pdx_list, rule.not_pdx_list, rule.anydx_list, rule.odx_list):
            if number is not None:
                used_dx.add((rule.adrg, number))
        for number in (rule.ppx_list, rule.px_pair_list, *rule.apx_lists):
            if number is not None:
                used_px.add((rule.adrg, number))
        if rule.ppx_list is not None and (rule.mdc in gated or rule.px_flag == "main_valid"):
            for code in scheme.adrg_px[rule.adrg, rule.ppx_list] - scheme.valid_px:
                invalid.setdefault(code, set()).add(rule.adrg)
    for code, adrgs in sorted(invalid.items()):
        yield _finding("px_not_valid_in_gate", code, ", ".join(sorted(adrgs)))
    for kind, lists, used in (("dx", scheme.adrg_dx, used_dx), ("px", scheme.adrg_px, used_px)):
        for adrg, number in sorted(lists.keys() - used):
            yield _finding("list_unused", f"{adrg} {kind} {number}", f"{len(lists[adrg, number])}")


def _codes(scheme: Scheme, known_dx: Collection[str], known_px: Collection[str]) -> Iterator[Finding]:
    dx_lists: dict[str, frozenset[str] | set[str]] = {
        **{f"MDC {mdc}": set(codes) for mdc, codes in scheme.mdc_pdx.items()},
        **{f"{adrg} dx {number}": codes for (adrg, number), codes in scheme.adrg_dx.items()},
        "MCC": set(scheme.mcc),
        "CC": set(scheme.cc),
        "exclusions": set(scheme.exclusions),
    }
    px_lists: dict[str, frozenset[str] | set[str]] = {
        **{f"{adrg} px {number}": codes for (adrg, number), codes in scheme.adrg_px.items()},
        "valid": scheme.valid_px,
    }
    for check, lists, known in (("dx_unknown", dx_lists, known_dx), ("px_unknown", px_lists, known_px)):
        unknown: dict[str, list[str]] = {}
        for place, codes in lists.items():
            for code in codes:
                if code not in known:
                    unknown.setdefault(code, []).append(place)
        for code, places in sorted(unknown.items()):
            yield _finding(check, code, ", ".join(sorted(places)))
