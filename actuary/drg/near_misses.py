"""What one more code, or one other attribute, would have changed.

A rule that failed by exactly one condition, a category that was closed by exactly one, a group of the ADRG that lacked
a complication: each is tried with a change that meets the condition, the changed cases are grouped together, and what
gives another group is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from actuary.drg.case_changes import Change, change_case, changes_for
from actuary.drg.case_values import CaseValues, read_case
from actuary.drg.cases import Case, Result
from actuary.drg.panel_words import answer_text, condition_text, word
from actuary.drg.regroup import group_values
from actuary.drg.scheme import Scheme
from actuary.drg.trace_rows import Condition, MdcTrace, RuleTrace
from actuary.drg.tracing import Trace, trace_case
from actuary.tables.sheets import DrawnAsSheet, Row, Section, Sheet

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NearMiss", "NearMisses", "find_near_misses", "near_misses", "near_misses_section"]

#: How many codes of a list are tried, and how many that work are named.
_TRIED, _NAMED = 6, 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Hold one condition that was lacking, and what meeting it would have given.

    Parameters
    ----------
    kind : str
        ``rule``, ``mdc`` or ``drg``: what the condition belongs to.
    mdc, adrg, item : str
        Category, ADRG (empty for a category) and the rule, category or group concerned.
    lacking : Condition
        The one condition that did not hold.
    change : str
        What would meet it: ``add_dx``, ``add_px``, ``set_principal``, ``set_main``, ``set_age_days`` …
    examples : tuple of str
        Codes, or the value, with which it was tried and which all give `would_give`.
    choices : int
        How many codes could meet it without completing an earlier rule; 1 for an attribute.
    held : int
        How many other conditions the case meets; the more, the nearer.
    recorded : bool
        Whether the case has such a code already, in a place that does not count.
    would_give : Result
        The answer after the change.
    """

    kind: str
    mdc: str
    adrg: str
    item: str
    lacking: Condition
    change: str
    examples: tuple[str, ...]
    choices: int
    held: int
    recorded: bool
    would_give: Result

    def text(self, lang: str = "zh") -> str:
        """Return the lacking condition in words."""
        return condition_text(self.lacking, lang)


@dataclass(frozen=True, kw_only=True)
class NearMisses(DrawnAsSheet):
    """Hold the near misses of one case, nearest first; it draws itself in a notebook."""

    scheme: str
    base: Result
    near_misses: tuple[NearMiss, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {"scheme": self.scheme, "base": asdict(self.base), "near_misses": [asdict(n) for n in self.near_misses]}

    def to_frame(self) -> pd.DataFrame:
        """Return one row a near miss, nearest first."""
        import pandas as pd  # noqa: PLC0415  (one case needs no frames)

        columns = ["kind", "mdc", "adrg", "item", "lacking", "wanted", "change", "examples", "choices", "held"]
        rows = [
            (
                *(n.kind, n.mdc, n.adrg, n.item, n.lacking.name, n.lacking.wanted, n.change, "|".join(n.examples)),
                *(n.choices, n.held, n.recorded, str(n.would_give.status), n.would_give.drg),
            )
            for n in self.near_misses
        ]
        return pd.DataFrame(rows, columns=[*columns, "recorded", "status", "drg"])

    def to_sheet(self, lang: str = "zh") -> Sheet:
        """Return the sheet in Chinese (``zh``) or English (``en``)."""
        return Sheet(
            title=word("near", lang),
            headline=f"{word('base', lang)}: {answer_text(self.base, lang)}",
            lines=(self.scheme,),
            sections=(near_misses_section(self.near_misses, lang, title=""),),
            lang=lang,
        )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Hold a condition that lacked, with what it belongs to and how near the rest is."""

    kind: str
    mdc: str
    adrg: str
    item: str
    lacking: Condition
    held: int
    changes: Change


def near_misses(case: Case, scheme: Scheme, *, limit: int | None = 20) -> NearMisses:
    """Find what one more code, or one other attribute, would have changed.

    They are ranked: first where the code is recorded in a place that does not count, then by how many other conditions
    the case meets, then in the order of evaluation. They follow from the rules alone; they are no advice on coding.

    Parameters
    ----------
    case : Case
        One stay.
    scheme : Scheme
        The scheme as it is to be read.
    limit : int, optional
        How many are kept; all with None.

    Examples
    --------
    >>> from actuary.drg.scheme import load_scheme
    >>> case = Case(sex=1, age_years=60, dx=["I63.900"], px=[])
    >>> found = near_misses(case, load_scheme("chs-drg-1.1")).near_misses
    >>> [(near.item, near.lacking.wanted, near.change) for near in found[:2]]
    [('BR21', 'MCC', 'add_dx'), ('BR23', 'CC', 'add_dx')]
    """
    values = read_case(case)
    return NearMisses(
        scheme=scheme.name,
        base=group_values([values], scheme)[0],
        near_misses=find_near_misses(values, scheme, limit=limit),
    )


def find_near_misses(values: CaseValues, scheme: Scheme, *, limit: int | None = 20) -> tuple[NearMiss, ...]:
    """Find the near misses of a converted case; all changed cases are grouped in one batch."""
    trace = trace_case(values, scheme)
    candidates = list(_candidates(values, trace, scheme))
    trials: list[tuple[_Candidate, str, CaseValues]] = [
        (candidate, example, change_case(values, candidate.changes.kind, example))
        for candidate in candidates
        for example in candidate.changes.options[:_TRIED]
    ]
    answers = group_values([changed for _, _, changed in trials], scheme) if trials else ()
    outcomes: dict[int, list[tuple[str, Result]]] = {}
    for (candidate, example, _), answer in zip(trials, answers, strict=True):
        aimed = candidate.kind == "mdc" or candidate.item in (answer.rule_id, answer.drg)
        if aimed and (answer.status, answer.drg) != (trace.result.status, trace.result.drg):
            outcomes.setdefault(id(candidate), []).append((example, answer))
    found = [_near_miss(candidate, outcomes[id(candidate)]) for candidate in candidates if id(candidate) in outcomes]
    found.sort(key=lambda near: (not near.recorded, -near.held))
    return tuple(found[:limit])


def _near_miss(candidate: _Candidate, outcomes: Sequence[tuple[str, Result]]) -> NearMiss:
    """Keep the examples that give what the first one gives."""
    chosen = outcomes[0][1]
    examples = [example for example, answer in outcomes if answer.drg == chosen.drg]
    return NearMiss(
        kind=candidate.kind,
        mdc=candidate.mdc,
        adrg=candidate.adrg,
        item=candidate.item,
        lacking=candidate.lacking,
        change=candidate.changes.kind,
        examples=tuple(examples[:_NAMED]),
        choices=len(candidate.changes.options),
        held=candidate.held,
        recorded=bool(candidate.lacking.elsewhere),
        would_give=chosen,
    )


def _candidates(values: CaseValues, trace: Trace, scheme: Scheme) -> Iterator[_Candidate]:
    for mdc in trace.mdcs:
        yield from _of_entry(mdc, values, scheme)
        # A code that completes an earlier rule never reaches a later one of the same category.
        claimed: dict[str, set[str]] = {}
        for rule in mdc.rules:
            if len(rule.lacking) != 1:
                continue
            lacking, held = rule.lacking[0], len(rule.conditions) - 1
            if lacking.name == "pdx_list" and not lacking.elsewhere and held == 0:
                continue
            changes = changes_for(lacking, values, scheme, mdc=mdc.mdc, adrg=rule.adrg)
            changes = changes and changes.without(claimed.setdefault(changes.kind, set()))
            if changes:
                claimed[changes.kind].update(changes.options)
                yield _Candidate("rule", mdc.mdc, rule.adrg, rule.rule_id, lacking, held, changes)
    if trace.rule:
        yield from _of_groups(trace, trace.rule, values, scheme)


def _of_groups(trace: Trace, rule: RuleTrace, values: CaseValues, scheme: Scheme) -> Iterator[_Candidate]:
    for test in trace.drgs:
        lacking = [condition for condition in test.conditions if not condition.held]
        if test.tried and len(lacking) == 1:
            changes = changes_for(lacking[0], values, scheme, mdc=rule.mdc, adrg=rule.adrg)
            if changes:
                # The whole rule holds and only the group is missed: nearer than any other rule of the same length.
                held = len(rule.conditions) + 1
                yield _Candidate("drg", rule.mdc, rule.adrg, test.drg, lacking[0], held, changes)


def _of_entry(mdc: MdcTrace, values: CaseValues, scheme: Scheme) -> Iterator[_Candidate]:
    if mdc.entered:
        return
    lacking = [condition for condition in mdc.entry if not condition.held and condition.name != "any_dx_prefix"]
    prefixes = [condition for condition in mdc.entry if not condition.held and condition.name == "any_dx_prefix"]
    ways = [condition for condition in lacking if condition.name.startswith("mdc_")]
    gates = [condition for condition in lacking if not condition.name.startswith("mdc_")]
    by_prefix = any(condition.held for condition in mdc.entry if condition.name == "any_dx_prefix")
    alone: Iterable[Condition] = ()
    if not gates:
        alone = (*ways, *prefixes) if len(ways) == 1 else prefixes
    elif len(gates) == 1 and (not ways or by_prefix):
        alone = gates
    for condition in alone:
        # Another principal diagnosis opens any category; the recorded ones are tried as principal by `what_if`.
        if condition.name == "mdc_pdx":
            continue
        changes = changes_for(condition, values, scheme, mdc=mdc.mdc, adrg="")
        if changes:
            held = sum(other.held for other in mdc.entry)
            yield _Candidate("mdc", mdc.mdc, "", mdc.mdc, condition, held, changes)


def near_misses_section(found: Collection[NearMiss], lang: str, *, title: str) -> Section:
    """Return the table of near misses."""
    rows = []
    for near in found:
        examples = ", ".join(near.examples)
        if near.choices > len(near.examples):
            examples = word("examples_of", lang).format(examples=examples, n=near.choices)
        where = near.item if near.kind != "mdc" else f"MDC{near.mdc}"
        change = f"{word(near.change, lang)} {examples}"
        cells = (where, condition_text(near.lacking, lang), change, answer_text(near.would_give, lang))
        rows.append(Row(cells, "" if near.recorded or near.held else "dim"))
    return Section(
        title=title,
        columns=(word("item", lang), word("lacking", lang), word("change", lang), word("would_give", lang)),
        rows=tuple(row for row in rows if not row.mark),
        folded=tuple(row for row in rows if row.mark),
        folded_title=word("folded_near", lang).format(n=sum(bool(row.mark) for row in rows)),
        note=word("near_note", lang),
    )
