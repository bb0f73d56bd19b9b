"""Which rules and groups of a scheme can never be reached, because earlier ones take every case of theirs."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from actuary.drg.scheme import Conditions, DrgRow, MdcRow, Rule, Scheme

__all__ = [
    "covers_every_case",
    "nearly_unreachable_rules",
    "stay_implies",
    "unreachable_drgs",
    "unreachable_rules",
]

#: What a group asks of the complications, as the states (has MCC, has CC) it takes.
_STATES: Mapping[str, frozenset[tuple[bool, bool]]] = {
    "MCC": frozenset({(True, False), (True, True)}),
    "CC": frozenset({(True, False), (True, True), (False, True)}),
    "CC_ONLY": frozenset({(False, True)}),
    "none": frozenset({(False, False), (True, False), (True, True), (False, True)}),
    "undivided": frozenset({(False, False), (True, False), (True, True), (False, True)}),
}

#: The numeric limits, by pairs of lower and upper.
_LIMITS = [
    (low.name, high.name)
    for low, high in pairwise(entry for entry in dataclasses.fields(Conditions))
    if low.name.endswith("_min") and high.name.endswith("_max")
]


def stay_implies(later: Conditions, earlier: Conditions) -> bool:
    """Return whether every stay that meets the conditions of `later` meets those of `earlier` too.

    Examples
    --------
    >>> stay_implies(Conditions(age_days_max=7), Conditions(age_days_max=28))
    True
    """
    for low, high in _LIMITS:
        lower, upper = getattr(earlier, low), getattr(earlier, high)
        own_lower, own_upper = getattr(later, low), getattr(later, high)
        if lower is not None and (own_lower is None or own_lower < lower):
            return False
        if upper is not None and (own_upper is None or own_upper > upper):
            return False
    for name in ("discharge", "department"):
        wanted, own = set(getattr(earlier, name)), set(getattr(later, name))
        if wanted and not (own and own <= wanted):
            return False
    return True


def covers_every_case(rows: Iterable[DrgRow]) -> bool:
    """Return whether the groups of an ADRG take every case between them."""
    taken: set[tuple[bool, bool]] = set()
    for row in rows:
        if stay_implies(Conditions(), row):
            taken |= _STATES[row.severity]
    return taken == _STATES["none"]


def unreachable_drgs(rows: Iterable[DrgRow]) -> Iterator[tuple[DrgRow, tuple[str, ...]]]:
    """Find the groups of one ADRG that no case can reach, with the earlier groups that take all of theirs."""
    earlier: list[DrgRow] = []
    for row in rows:
        taking = [other for other in earlier if stay_implies(row, other)]
        taken = frozenset().union(*(_STATES[other.severity] for other in taking))
        if _STATES[row.severity] <= taken:
            yield row, tuple(other.drg for other in taking)
        earlier.append(row)


#: A rule by name, the principal diagnoses and the main procedures it takes; None for any.
type _Rectangle = tuple[str, frozenset[str] | None, frozenset[str] | None]


class _MdcRules:
    """Compare the rules of one MDC with each other."""

    def __init__(self, scheme: Scheme, row: MdcRow) -> None:
        self.scheme = scheme
        self.row = row
        listed = frozenset(scheme.mdc_pdx.get(row.mdc, {}))
        by_principal = row.dx_role in ("principal", "sites") and not row.any_dx_prefix
        self.principals = listed if by_principal else None

    def dx(self, rule: Rule, number: int) -> frozenset[str]:
        return self.scheme.adrg_dx.get((rule.adrg, number), frozenset())

    def px(self, rule: Rule, number: int) -> frozenset[str]:
        return self.scheme.adrg_px.get((rule.adrg, number), frozenset())

    def principal_domain(self, rule: Rule) -> frozenset[str] | None:
        """Return the principal diagnoses with which the rule can hold; None for any code at all."""
        domain = self.principals
        if rule.pdx_list is not None:
            listed = self.dx(rule, rule.pdx_list)
            domain = listed if domain is None else domain & listed
        if rule.not_pdx_list is not None and domain is not None:
            domain -= self.dx(rule, rule.not_pdx_list)
        return domain

    def main_domain(self, rule: Rule) -> frozenset[str] | None:
        """Return the main procedures with which the rule can hold; None for any, and for none at all."""
        domain = None if rule.ppx_list is None else self.px(rule, rule.ppx_list)
        valid = self.scheme.valid_px
        if rule.px_flag == "main_valid" or self.row.needs_valid_main_px:
            domain = valid if domain is None else domain & valid
        elif rule.px_flag in ("none_valid", "main_not_valid") and domain is not None:
            domain -= valid
        return domain

    def can_hold(self, rule: Rule) -> bool:
        return self.principal_domain(rule) != frozenset() and self.main_domain(rule) != frozenset()

    def rest_implied(self, later: Rule, earlier: Rule) -> bool:
        """Return whether `later` implies all of `earlier` but its principal diagnosis and main procedure."""
        return stay_implies(later, earlier) and self._dx_implied(later, earlier) and self._px_implied(later, earlier)

    def _dx_implied(self, later: Rule, earlier: Rule) -> bool:
        own_others = [] if later.odx_list is None else [self.dx(later, later.odx_list)]
        own_any = list(own_others)
        if later.anydx_list is not None:
            own_any.append(self.dx(later, later.anydx_list))
        domain = self.principal_domain(later)
        if domain is not None:
            own_any.append(domain)
        if earlier.anydx_list is not None and not _some_within(own_any, self.dx(earlier, earlier.anydx_list)):
            return False
        if earlier.not_pdx_list is not None and self.principal_domain(earlier) is None:
            barred = self.dx(earlier, earlier.not_pdx_list)
            if domain is None or domain & barred:
                return False
        return earlier.odx_list is None or _some_within(own_others, self.dx(earlier, earlier.odx_list))

    def _px_implied(self, later: Rule, earlier: Rule) -> bool:
        own_pair = [] if later.px_pair_list is None else [self.px(later, later.px_pair_list)]
        own = [self.px(later, number) for number in later.apx_lists] + own_pair
        main = self.main_domain(later)
        if main is not None:
            own.append(main)
        if not all(_some_within(own, self.px(earlier, number)) for number in earlier.apx_lists):
            return False
        if earlier.px_pair_list is not None and not _some_within(own_pair, self.px(earlier, earlier.px_pair_list)):
            return False
        if earlier.px_flag == "none_valid":
            return later.px_flag == "none_valid"
        if earlier.px_flag == "main_not_valid":
            nothing_valid = main is not None and not main & self.scheme.valid_px
            return nothing_valid or later.px_flag in ("none_valid", "main_not_valid")
        return True

    def rectangles(self, later: Rule, earlier_rules: Iterable[Rule]) -> list[_Rectangle]:
        """Return what the earlier rules that `later` implies take: principal diagnoses by main procedures."""
        return [
            (rule.rule_id, self.principal_domain(rule), self.main_domain(rule))
            for rule in earlier_rules
            if self.rest_implied(later, rule)
        ]

    def taken_by(self, later: Rule, earlier_rules: Iterable[Rule]) -> tuple[str, ...]:
        """Return the earlier rules that take every case of `later` between them; none when some case is left."""
        rectangles = self.rectangles(later, earlier_rules)
        principals, mains = self.principal_domain(later), self.main_domain(later)
        alone = next((rule_id for rule_id, dx, px in rectangles if _within(principals, dx) and _within(mains, px)), "")
        if alone:
            return (alone,)
        if principals is None:
            return ()
        used: dict[str, None] = {}
        for code in sorted(principals):
            covering = [(rule_id, px) for rule_id, dx, px in rectangles if dx is None or code in dx]
            if not _covered(mains, [px for _, px in covering]):
                return ()
            used.update(dict.fromkeys(rule_id for rule_id, _ in covering))
        return tuple(used)

    def pairs_left(self, later: Rule, earlier_rules: Iterable[Rule]) -> tuple[int, int, tuple[str, ...]]:
        """Count the pairs of principal diagnosis and main procedure that reach `later`, and all of its pairs."""
        principals, mains = self.principal_domain(later), self.main_domain(later)
        if principals is None or mains is None:
            return 0, 0, ()
        rectangles = self.rectangles(later, earlier_rules)
        rectangles = [(name, dx, px) for name, dx, px in rectangles if px is None or not px.isdisjoint(mains)]
        # Diagnoses that the same rules take are counted together.
        alike = Counter(tuple(dx is None or code in dx for _, dx, _ in rectangles) for code in principals)
        left = 0
        used: set[str] = set()
        for covered, codes in alike.items():
            covering = [(name, px) for (name, _, px), is_covered in zip(rectangles, covered, strict=True) if is_covered]
            used.update(name for name, _ in covering)
            taken = frozenset().union(*(mains if px is None else px for _, px in covering))
            left += codes * len(mains - taken)
        return left, len(principals) * len(mains), tuple(sorted(used))


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _some_within(candidates: Iterable[frozenset[str]], wanted: frozenset[str]) -> bool:
    return any(candidate <= wanted for candidate in candidates)


def _covered(inner: frozenset[str] | None, outers: list[frozenset[str] | None]) -> bool:
    if any(outer is None for outer in outers):
        return True
    if inner is None:
        return False
    return inner <= frozenset().union(*(outer for outer in outers if outer is not None))


def _taken_by_qy(scheme: Scheme, row: MdcRow, reach: _MdcRules) -> Callable[[Rule], bool]:
    """Return the test whether ambiguity (QY) stops every case before the rule is tried."""
    on = row.qy and scheme.switches.qy in ("main", "any")

    def taken(rule: Rule) -> bool:
        main = reach.main_domain(rule)
        return on and scheme.adrgs[rule.adrg].kind == "medical" and main is not None and main <= scheme.valid_px

    return taken


def unreachable_rules(scheme: Scheme) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """Find the rules that no case can reach.

    Parameters
    ----------
    scheme : Scheme
        The scheme as it is to be read.

    Yields
    ------
    tuple
        The rule, and the earlier rules that take every case of its; ``("QY",)`` where ambiguity does, and nothing where
        the rule contradicts itself or its MDC (its principal diagnoses are not those of the MDC).
    """
    for row in scheme.mdcs:
        reach = _MdcRules(scheme, row)
        by_qy = _taken_by_qy(scheme, row, reach)
        earlier: list[Rule] = []
        for rule in (rule for rule in scheme.rules if rule.mdc == row.mdc):
            if not reach.can_hold(rule):
                yield rule, ()
            elif by_qy(rule):
                yield rule, ("QY",)
            elif taking := reach.taken_by(rule, earlier):
                yield rule, taking
            earlier.append(rule)


def nearly_unreachable_rules(
    scheme: Scheme, *, share: float = 0.05
) -> Iterator[tuple[Rule, int, int, tuple[str, ...]]]:
    """Find the rules whose pairs of principal diagnosis and main procedure are nearly all taken by earlier rules.

    Parameters
    ----------
    scheme : Scheme
        The scheme as it is to be read.
    share : float
        Share of its pairs up to which a rule counts as nearly unreachable; above 0 [share].

    Yields
    ------
    tuple
        The rule, its pairs that are left, all of its pairs, and the earlier rules that take the others.
    """
    for row in scheme.mdcs:
        reach = _MdcRules(scheme, row)
        earlier: list[Rule] = []
        for rule in (rule for rule in scheme.rules if rule.mdc == row.mdc):
            left, pairs, taking = reach.pairs_left(rule, earlier)
            if 0 < left <= share * pairs:
                yield rule, left, pairs, taking
            earlier.append(rule)
