"""Stays in miniature: for every group of a scheme, combinations of codes that the grouper really puts there."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from actuary.drg.grouper import group_cases
from actuary.drg.scheme import MdcRow, Rule, Scheme

__all__ = ["AGE_BANDS", "Prototypes", "build_prototypes"]

#: Ages at which a combination is tried, in order: grown, aged, child, infant, newborn [years, days, birth weight in g].
AGE_BANDS: tuple[tuple[str, int, int | None, int | None], ...] = (
    ("adult", 45, None, None),
    ("child", 8, None, None),
    ("infant", 0, 120, None),
    ("newborn", 0, 5, 3200),
    ("newborn_small", 0, 5, 2300),
    ("newborn_light", 0, 5, 1700),
    ("newborn_very_light", 0, 5, 1200),
)

#: Severity as asked for by a secondary diagnosis, lightest first.
_LEVELS = ("none", "CC", "MCC")

#: Level, its codes with their exclusion tables, and the codes in order.
_Listed = tuple[tuple[str, Mapping[str, int], tuple[str, ...]], ...]


@dataclass(frozen=True, eq=False)
class Prototypes:
    """Hold combinations of codes with the group that each of them lands in.

    Parameters
    ----------
    table : pyarrow.Table
        One row a prototype: `drg`, `adrg`, `sex` (``"1"``, ``"2"``), `band` (of `AGE_BANDS`), `dx`, `px` (lists),
        `base` (number shared by the prototypes that differ only in their complication), `level`.
    drgs : tuple of str
        Groups of the scheme that have at least one prototype, in the scheme's order.
    missing : tuple of str
        Groups for which no combination was found.
    start : array, shape (len(drgs) + 1,)
        Where the prototypes of each group begin in `table`, which is sorted by group.
    heavier : array, shape (rows,)
        Row of the same stay with a graver complication that lands in another group of the ADRG, or -1.
    """

    table: pa.Table
    drgs: tuple[str, ...]
    missing: tuple[str, ...]
    start: NDArray[np.int64] = field(repr=False)
    heavier: NDArray[np.int64] = field(repr=False)


@functools.lru_cache(maxsize=4096)
def _sorted(codes: frozenset[str]) -> tuple[str, ...]:
    """Return codes in one order, so that the seed alone decides what is drawn."""
    return tuple(sorted(codes))


def _first(codes: Iterable[str], rng: np.random.Generator, count: int) -> list[str]:
    """Return a few codes of a list, drawn at random when it holds more."""
    ordered = codes if isinstance(codes, tuple) else _sorted(frozenset(codes))
    if len(ordered) <= count:
        return list(ordered)
    picked = np.unique(rng.integers(0, len(ordered), size=count))
    return [ordered[i] for i in picked]


def _principals(scheme: Scheme, rule: Rule, mdc: MdcRow, rng: np.random.Generator, count: int) -> list[str]:
    """Return principal diagnoses that a stay under this rule may have."""
    of_mdc = set(scheme.mdc_pdx.get(mdc.mdc, {}))
    if rule.pdx_list is not None:
        listed = scheme.adrg_dx.get((rule.adrg, rule.pdx_list), frozenset())
        return _first(frozenset(listed & of_mdc) or listed, rng, count)
    if mdc.dx_role == "none":
        pool = {code for codes in scheme.mdc_pdx.values() for code in codes}
        return _first(frozenset(pool), rng, count)
    pool = set(of_mdc)
    if rule.not_pdx_list is not None:
        pool -= scheme.adrg_dx.get((rule.adrg, rule.not_pdx_list), frozenset())
    return _first(frozenset(pool), rng, count)


def _procedures(scheme: Scheme, rule: Rule, rng: np.random.Generator, turn: int) -> tuple[str, ...]:
    """Return the procedures a stay under this rule has, the main one first."""
    chosen: list[str] = []
    lists = ([] if rule.ppx_list is None else [rule.ppx_list]) + list(rule.apx_lists)
    for number in lists:
        options = _first(scheme.adrg_px.get((rule.adrg, number), frozenset()), rng, 6)
        if options:
            chosen.append(options[turn % len(options)])
    if rule.px_pair_list is not None:
        options = _first(scheme.adrg_px.get((rule.adrg, rule.px_pair_list), frozenset()), rng, 6)
        chosen.extend(options[turn % max(len(options) - 1, 1) :][:2])
    if rule.px_flag == "main_valid" and not chosen:
        valid = _first(scheme.valid_px, rng, 6)
        chosen.extend(valid[turn % len(valid) :][:1])
    return tuple(dict.fromkeys(chosen))


def _others(scheme: Scheme, rule: Rule, mdc: MdcRow, principal: str, rng: np.random.Generator) -> list[str]:
    """Return the secondary diagnoses that the rule or its category asks for."""
    others: list[str] = []
    for number in (rule.odx_list, rule.anydx_list):
        if number is not None:
            listed = scheme.adrg_dx.get((rule.adrg, number), frozenset()) - {principal}
            others.extend(_first(frozenset(listed), rng, 1))
    if mdc.dx_role == "sites":
        sites = scheme.mdc_pdx.get(mdc.mdc, {})
        other = sorted({code for code, site in sites.items() if site and site != sites.get(principal)})
        others.extend(_first(other, rng, 1))
    return others


def _complications(
    scheme: Scheme, listed: _Listed, principal: str, rng: np.random.Generator, count: int
) -> Iterator[tuple[str, str]]:
    """Yield (level, code): complications that the principal diagnosis does not void, a few of each level."""
    void = scheme.exclusions.get(principal)
    yield "none", ""
    for level, table, codes in listed:
        alive = [code for code in _first(codes, rng, 4 * count) if table[code] != void]
        for code in alive[:count]:
            yield level, code


def _candidates(scheme: Scheme, rng: np.random.Generator, per_rule: int) -> Iterator[tuple[object, ...]]:
    """Yield combinations worth trying: base number, level, sex, band, diagnoses, procedures."""
    mdcs = {mdc.mdc: mdc for mdc in scheme.mdcs}
    listed = tuple((level, table, tuple(sorted(table))) for level, table in (("CC", scheme.cc), ("MCC", scheme.mcc)))
    base = 0
    for rule in scheme.rules:
        mdc = mdcs[rule.mdc]
        sexes = (mdc.sex,) if mdc.sex else ("1", "2")
        bands = [band for band in AGE_BANDS if (not mdc.age_years_must_be_0) or band[1] == 0]
        young = mdc.age_years_must_be_0 or rule.age_days_max is not None or rule.weight_g_max is not None
        shown = bands if young else bands[:2]
        for turn, principal in enumerate(_principals(scheme, rule, mdc, rng, per_rule)):
            px = _procedures(scheme, rule, rng, turn)
            others = _others(scheme, rule, mdc, principal, rng)
            for sex in sexes:
                for band in shown:
                    base += 1
                    for level, code in _complications(scheme, listed, principal, rng, 2):
                        dx = [principal, *others, *([code] if code else [])]
                        yield base, level, sex, band[0], dx, list(px)


def build_prototypes(scheme: Scheme, *, rng: np.random.Generator, per_rule: int = 8) -> Prototypes:
    """Find combinations of codes for every group of a scheme and let the grouper say where each lands.

    Nothing is taken on trust: a combination counts for the group that `group_cases` gives it, whatever it was meant
    for.

    Parameters
    ----------
    scheme : Scheme
        The scheme.
    rng : numpy.random.Generator
        Which of the many codes are tried.
    per_rule : int
        Principal diagnoses tried for each rule.

    Returns
    -------
    Prototypes
        At least one combination for nearly every group; `missing` names the others.

    Examples
    --------
    >>> from actuary.drg.scheme import load_scheme
    >>> from actuary.seeds import stream
    >>> found = build_prototypes(load_scheme(), rng=stream(1, "doc"), per_rule=2)
    >>> len(found.drgs) > 550
    True
    """
    rows = list(_candidates(scheme, rng, per_rule))
    bands = {name: (years, days, grams) for name, years, days, grams in AGE_BANDS}
    cases = pa.table(
        {
            "case_id": pa.array([str(i) for i in range(len(rows))]),
            "sex": pa.array([row[2] for row in rows]),
            "age_years": pa.array([bands[str(row[3])][0] for row in rows]),
            "age_days": pa.array([bands[str(row[3])][1] for row in rows]),
            "birth_weight_g": pa.array([bands[str(row[3])][2] for row in rows]),
            "los_days": pa.array([7] * len(rows)),
            "dx": pa.array([row[4] for row in rows], pa.list_(pa.string())),
            "px": pa.array([row[5] for row in rows], pa.list_(pa.string())),
        }
    )
    answer = group_cases(cases, scheme)
    landed = answer["drg"].to_pylist()
    grouped = [status == "grouped" for status in answer["status"].to_pylist()]
    order = {row.drg: i for i, row in enumerate(row for rows_ in scheme.drgs.values() for row in rows_)}
    seen: set[tuple[object, ...]] = set()
    kept: list[tuple[int, int]] = []
    for i, (drg, good) in enumerate(zip(landed, grouped, strict=True)):
        key: tuple[object, ...] = (drg, rows[i][2], rows[i][3], tuple(rows[i][4]), tuple(rows[i][5]))  # type: ignore[arg-type]
        if good and drg in order and key not in seen:
            seen.add(key)
            kept.append((order[drg], i))
    kept.sort()
    chosen = np.array([i for _, i in kept], dtype=np.int64)
    numbers = np.array([number for number, _ in kept], dtype=np.int64)
    present = np.unique(numbers)
    names = list(order)
    table = cases.take(pa.array(chosen)).select(["sex", "dx", "px"])
    table = table.append_column("drg", pa.array([landed[i] for i in chosen]))
    table = table.append_column("adrg", answer["adrg"].take(pa.array(chosen)))
    table = table.append_column("band", pa.array([str(rows[i][3]) for i in chosen]))
    bases = np.array([rows[i][0] for i in chosen], dtype=np.int64)
    levels = np.array([_LEVELS.index(str(rows[i][1])) for i in chosen], dtype=np.int64)
    table = table.append_column("base", pa.array(bases)).append_column("level", pa.array(levels))
    return Prototypes(
        table=table,
        drgs=tuple(names[i] for i in present),
        missing=tuple(name for i, name in enumerate(names) if i not in set(present.tolist())),
        start=np.searchsorted(numbers, np.append(present, numbers[-1] + 1)).astype(np.int64),
        heavier=_find_heavier(bases, levels, [landed[i] for i in chosen], answer["adrg"].take(pa.array(chosen))),
    )


def _find_heavier(
    bases: NDArray[np.int64], levels: NDArray[np.int64], drgs: list[str], adrgs: pa.ChunkedArray
) -> NDArray[np.int64]:
    """Return for each prototype the gravest of its base that lands in another group of the same ADRG, or -1."""
    by_base: dict[int, list[int]] = {}
    for row, base in enumerate(bases.tolist()):
        by_base.setdefault(base, []).append(row)
    groups = adrgs.to_pylist()
    heavier = np.full(bases.size, -1, dtype=np.int64)
    for members in by_base.values():
        for row in members:
            better = [
                other
                for other in members
                if levels[other] > levels[row] and drgs[other] != drgs[row] and groups[other] == groups[row]
            ]
            if better:
                heavier[row] = max(better, key=lambda other: (levels[other], other))
    return heavier
