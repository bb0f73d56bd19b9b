"""Pay a case of one group as another, or add to its weight: share of traditional medicine, cross-references, additions.

The first rule of a group that holds applies; the group it leads to is not looked up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from actuary.payment.case_cells import Coded
from actuary.payment.case_columns import MISSING
from actuary.payment.cases import CaseTable
from actuary.payment.declared_substitutes import SubstituteRule, WeightAddition
from actuary.payment.exact import highest_below

__all__ = ["Substituted", "substitute_groups", "weight_additions"]


@dataclass(frozen=True, slots=True)
class Substituted:
    """Say what the cases are paid as.

    Parameters
    ----------
    group : Coded
        The group each case is paid as.
    undecided : int64
        Rows of which a rule reads a number that is missing.
    """

    group: Coded
    undecided: NDArray[np.int64]


def _number_holds(values: NDArray[np.int64], rule: SubstituteRule, parts: int) -> NDArray[np.bool_]:
    """Compare whole numbers with a decimal bound exactly."""
    bound = Fraction(rule.value or 0) * parts
    if rule.op == "==":
        return values == int(bound) if bound.denominator == 1 else np.zeros(len(values), bool)
    # v < b and v >= b turn on the highest whole number below b, v <= b and v > b on the highest up to b.
    last = highest_below(bound, strict=rule.op in {"<", ">="})
    below: NDArray[np.bool_] = values <= last
    return below if rule.op in {"<", "<="} else ~below


def _text_holds(cases: CaseTable, rows: NDArray[np.int64], name: str, text: str | None) -> NDArray[np.bool_]:
    coded = cases.coded.get(name)
    if coded is None or text not in coded.names:
        return np.zeros(len(rows), bool)
    matches: NDArray[np.bool_] = coded.codes[rows] == coded.names.index(text)
    return matches


def substitute_groups(cases: CaseTable, group: Coded, rules: Sequence[SubstituteRule]) -> Substituted:
    """Apply the rules of a policy.

    Parameters
    ----------
    cases : CaseTable
        The cases.
    group : Coded
        The group of each.
    rules : sequence of SubstituteRule
        The rules, the first that holds applies.

    Returns
    -------
    Substituted
        The groups they are paid as, and the rows that cannot be decided because a number is missing.
    """
    places = {name: place for place, name in enumerate(group.names)}
    concerned = [rule for rule in rules if rule.group in places]
    if not concerned:
        return Substituted(group, np.zeros(0, np.int64))
    names = dict(places)
    marked = np.zeros(len(group.names) + 1, bool)
    marked[[places[rule.group] for rule in concerned]] = True
    rows = np.flatnonzero(marked[group.codes])
    codes = group.codes.copy()
    open_rows = np.ones(len(rows), bool)
    undecided = np.zeros(len(rows), bool)
    for rule in concerned:
        mine = np.flatnonzero(open_rows & (group.codes[rows] == places[rule.group]))
        if rule.text is not None:
            holds = _text_holds(cases, rows[mine], rule.field, rule.text)
        else:
            values = cases.numbers[rule.field][rows[mine]] if rule.field in cases.numbers else None
            missing = np.ones(len(mine), bool) if values is None else values == MISSING
            undecided[mine[missing]] = True
            open_rows[mine[missing]] = False
            holds = np.zeros(len(mine), bool)
            if values is not None:
                holds = ~missing & _number_holds(values, rule, cases.parts(rule.field))
        codes[rows[mine[holds]]] = names.setdefault(rule.to, len(names))
        open_rows[mine[holds]] = False
    return Substituted(Coded(codes, tuple(names)), rows[undecided])


def weight_additions(
    cases: CaseTable, group: Coded, additions: Sequence[WeightAddition]
) -> tuple[NDArray[np.int16], tuple[Fraction, ...]] | None:
    """Find the part of its group's weight that is added to each case.

    Parameters
    ----------
    cases : CaseTable
        The cases; the reason stands in the column `substitute_reason`.
    group : Coded
        The group of each.
    additions : sequence of WeightAddition
        What is added, by group and reason.

    Returns
    -------
    tuple or None
        Number of each case's part, and the parts; None where nothing is added to any case.
    """
    places = {name: place for place, name in enumerate(group.names)}
    parts = [Fraction(0)]
    codes = np.zeros(len(cases), np.int16)
    for addition in additions:
        if addition.group not in places:
            continue
        rows = np.flatnonzero(group.codes == places[addition.group])
        rows = rows[_text_holds(cases, rows, "substitute_reason", addition.reason)]
        share = Fraction(addition.weight_share)
        if share not in parts:
            parts.append(share)
        codes[rows[codes[rows] == 0]] = parts.index(share)
    return (codes, tuple(parts)) if codes.any() else None
