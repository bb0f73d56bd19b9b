"""Sums over a hierarchy that hold in every draw: the parts are drawn jointly and added up, nothing is reconciled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name

__all__ = ["aggregate_draws", "check_sums", "leaves_of"]


def leaves_of(node: str, parts: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the series at the bottom under a node, in order.

    Parameters
    ----------
    node : str
        Name of a node.
    parts : mapping
        Node to its parts; a name that is not a key is at the bottom.

    Raises
    ------
    DeclarationError
        When a node is a part of itself.

    Examples
    --------
    >>> leaves_of("scheme", {"scheme": ("east", "west"), "east": ("h1", "h2")})
    ('h1', 'h2', 'west')
    """
    return _leaves(node, parts, ())


def _leaves(node: str, parts: Mapping[str, Sequence[str]], above: tuple[str, ...]) -> tuple[str, ...]:
    if node in above:
        ring = " > ".join((*above[above.index(node) :], node))
        raise DeclarationError(Problem(f"hierarchy, {node}", f"part of itself: {ring}", "a tree"))
    if node not in parts:
        return (node,)
    return tuple(leaf for part in parts[node] for leaf in _leaves(part, parts, (*above, node)))


def aggregate_draws(draws: xr.DataArray, parts: Mapping[str, Sequence[str]]) -> xr.DataArray:
    """Add joint draws of the bottom series up to every node of a hierarchy.

    Each draw of a node is the sum of the same draw of its parts, so that errors the parts share stay in the total.

    Parameters
    ----------
    draws : DataArray, dims (draw, series, ...)
        Joint draws of the bottom series. A period missing in a part is missing in the whole.
    parts : mapping
        Node to its parts, such as ``{"scheme": ("city a", "city b"), "city a": ("hospital 1", "hospital 2")}``.

    Returns
    -------
    DataArray, dims (draw, series, ...)
        Every node above, in the order of `parts`, then the bottom series as they came.

    Raises
    ------
    DeclarationError
        With every problem: a part that is neither a series nor a node, a node that has the name of a series, no parts,
        a series counted twice under one node, a ring.

    Examples
    --------
    >>> bottom = xr.DataArray(np.ones((2, 3)), dims=("draw", "series"), coords={"series": ["a", "b", "c"]})
    >>> total = aggregate_draws(bottom, {"all": ("ab", "c"), "ab": ("a", "b")})
    >>> total.sel(series="all").values.tolist(), total.series.values.tolist()
    ([3.0, 3.0], ['all', 'ab', 'a', 'b', 'c'])
    """
    bottom = [str(name) for name in draws["series"].to_numpy()]
    problems = [
        unknown_name(f"hierarchy, {node}", part, [*bottom, *parts], what="series or node")
        for node, members in parts.items()
        for part in members
        if part not in bottom and part not in parts
    ]
    problems += [
        Problem(f"hierarchy, {node}", "a node with the name of a series", "another name")
        for node in parts
        if node in bottom
    ]
    problems += [Problem(f"hierarchy, {node}", "no part", "at least one") for node in parts if not parts[node]]
    raise_all(problems, DeclarationError)
    under = {node: leaves_of(node, parts) for node in parts}
    twice = {node: sorted({name for name in found if found.count(name) > 1}) for node, found in under.items()}
    raise_all(
        [
            Problem(f"hierarchy, {node}", f"{', '.join(names)} counted twice", "every series once")
            for node, names in twice.items()
            if names
        ],
        DeclarationError,
    )
    sums = [draws.sel(series=list(found)).sum("series", skipna=False) for found in under.values()]
    above = [one.expand_dims(series=[node]) for node, one in zip(under, sums, strict=True)]
    return xr.concat([*above, draws], dim="series").transpose(*draws.dims)


def check_sums(
    draws: xr.DataArray, parts: Mapping[str, Sequence[str]], *, tolerance: float = 1e-9
) -> tuple[Problem, ...]:
    """Find the draws in which the parts of a node do not add up to it.

    Parameters
    ----------
    draws : DataArray, dims (draw, series, ...)
        Draws of nodes and parts.
    parts : mapping
        Node to its parts.
    tolerance : float
        Largest difference that counts as none, as a share of the sum of the parts without their signs.

    Returns
    -------
    tuple of Problem
        One for each node that is not the sum of its parts; none where all hold.

    Examples
    --------
    >>> rows = xr.DataArray([[2.0, 1.0, 1.5]], dims=("draw", "series"), coords={"series": ["all", "a", "b"]})
    >>> [problem.found for problem in check_sums(rows, {"all": ("a", "b")})]
    ['1 of 1 draws differ, by up to 0.5']
    """
    problems = []
    for node, members in parts.items():
        inside = draws.sel(series=list(members))
        gap = abs(inside.sum("series", skipna=False) - draws.sel(series=node, drop=True))
        size = abs(inside).sum("series")
        wrong = (gap > tolerance * size.clip(min=np.finfo(float).tiny)).any([d for d in gap.dims if d != "draw"])
        if bool(wrong.any()):
            found = f"{int(wrong.sum())} of {wrong.sizes['draw']} draws differ, by up to {float(gap.max()):g}"
            problems.append(Problem(f"hierarchy, {node}", found, "the sum of its parts in every draw"))
    return tuple(problems)
