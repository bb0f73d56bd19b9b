"""Say which columns of a table are counts, which of them add up, and which figures rest on which counts.

A count that can be worked out of others is a count too: what is left of all cases without the paid ones, and what is
left of a column that is nowhere smaller than another. Every count is put together from leaves, counts that are put
together from nothing else; a column is shown where all its leaves may be.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.paths import models_root
from actuary.tables.personal_rules import bare_name

__all__ = ["CountColumns", "PublicationRules", "load_publication_rules", "sort_counts"]

type Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PublicationRules:
    """Hold what is declared of columns of published tables.

    Parameters
    ----------
    names, endings : tuple of str
        Names of counts, and ends of such names, without case and signs.
    wholes : mapping of str to tuple of str
        Count to the counts that add up to it.
    rests_on : mapping of str to tuple of str
        Figure to the counts whose cases are behind it.
    products : mapping of tuple of str to str
        Two figures of some of the cases to the figure of all that their product gives back where these are all.
    """

    names: tuple[str, ...]
    endings: tuple[str, ...]
    wholes: Mapping[str, tuple[str, ...]]
    rests_on: Mapping[str, tuple[str, ...]]
    products: Mapping[tuple[str, str], str]

    def is_count(self, column: str) -> bool:
        """Return whether a column is one of counts by its name.

        Examples
        --------
        >>> rules = load_publication_rules()
        >>> [rules.is_count(name) for name in ("rejected_cases", "住院人次", "cost_yuan")]
        [True, True, False]
        """
        declared = {*self.wholes, *(part for parts in self.wholes.values() for part in parts)}
        # Of an ending its sign counts: `showcases` is no count of cases.
        name = column.strip().casefold()
        return column in declared or bare_name(column) in self.names or name.endswith(self.endings)


@functools.lru_cache(maxsize=8)
def load_publication_rules(root: Path | None = None) -> PublicationRules:
    """Read models/personal/publication.toml.

    Parameters
    ----------
    root : Path, optional
        Folder of declared rules; that of the package when left out, or when it has no such file.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_publication_rules().wholes["cases"][:2]
    ('paid_cases', 'pending_cases')
    """
    path = (root or models_root()) / "personal" / "publication.toml"
    if root is not None and not path.is_file():
        return load_publication_rules()
    where = f"{path.parent.name}/{path.name}"
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(Problem(where, f"a file that cannot be read ({error})", "TOML in UTF-8")) from None
    problems: list[Problem] = []

    def words(table: object, key: str, place: str) -> tuple[str, ...]:
        value = table.get(key) if isinstance(table, dict) else None
        if isinstance(value, list) and value and all(isinstance(one, str) and one for one in value):
            return tuple(value)
        problems.append(Problem(f"{where}, {place}.{key}", repr(value)[:60], "a list of names of columns"))
        return ()

    def tables(key: str) -> list[Any]:
        value = declared.get(key, [])
        if isinstance(value, list):
            return value
        problems.append(Problem(f"{where}, {key}", f"a {type(value).__name__}", f"tables [[{key}]]"))
        return []

    counts = declared.get("counts")
    names, endings = words(counts, "names", "counts"), words(counts, "endings", "counts")
    wholes: dict[str, tuple[str, ...]] = {}
    rests: dict[str, tuple[str, ...]] = {}
    products: dict[tuple[str, str], str] = {}
    for at, one in enumerate(tables("whole"), 1):
        place = f"whole[{at}]"
        column = one.get("column") if isinstance(one, dict) else None
        if not isinstance(column, str) or not column:
            problems.append(Problem(f"{where}, {place}.column", repr(column)[:60], "the name of a column"))
        wholes[str(column)] = words(one, "parts", place)
    for at, one in enumerate(tables("figure"), 1):
        place = f"figure[{at}]"
        columns, over = words(one, "columns", place), words(one, "over", place)
        rests |= dict.fromkeys(columns, over)
        product = one.get("product") if isinstance(one, dict) else None
        if product is None:
            continue
        if not isinstance(product, str) or len(columns) != 2:
            expected = "the name of the column that the product of two columns gives back"
            problems.append(Problem(f"{where}, {place}.product", repr(product)[:60], expected))
        else:
            products[columns[0], columns[1]] = product
    raise_all(problems, DeclarationError)
    plain = tuple(bare_name(name) for name in names)
    return PublicationRules(plain, tuple(one.casefold() for one in endings), wholes, rests, products)


@dataclass(frozen=True, slots=True)
class CountColumns:
    """Hold the counts of a table.

    Parameters
    ----------
    columns : mapping of str to array of int
        Every column of counts.
    leaves : mapping of str to array of int
        What they are put together from; some stand in no column.
    made_of : mapping of str to frozenset of str
        Column to its leaves.
    """

    columns: Mapping[str, Counts]
    leaves: Mapping[str, Counts]
    made_of: Mapping[str, frozenset[str]]

    def behind(self, figure: str, rules: PublicationRules) -> frozenset[str]:
        """Return the leaves behind a figure: those that are declared, or all where nothing is.

        Parameters
        ----------
        figure : str
            The column.
        rules : PublicationRules
            What is declared.
        """
        over = rules.rests_on.get(figure, ())
        if not over or any(name not in self.columns for name in over):
            return frozenset(self.leaves)
        return frozenset().union(*(self.made_of[name] for name in over))


def sort_counts(columns: Mapping[str, Counts], rules: PublicationRules) -> CountColumns:
    """Say what the counts of a table are put together from.

    Parameters
    ----------
    columns : mapping of str to array of int
        The columns of counts.
    rules : PublicationRules
        What is declared.

    Returns
    -------
    CountColumns
        Their leaves.

    Examples
    --------
    >>> found = sort_counts({"cases": np.array([9, 20]), "rejected_cases": np.array([1, 0])}, load_publication_rules())
    >>> {name: counts.tolist() for name, counts in found.leaves.items()}
    {'rejected_cases': [1, 0], 'cases − rejected_cases': [8, 20]}
    """
    rest: dict[str, Counts] = {}
    parts_of: dict[str, list[str]] = {}
    of_one_whole: set[frozenset[str]] = set()
    for whole, declared in rules.wholes.items():
        parts = [name for name in declared if name in columns]
        left = columns[whole] - sum(columns[name] for name in parts) if whole in columns and parts else np.array([-1])
        if (left < 0).any():
            continue
        parts_of[whole] = parts
        of_one_whole |= {frozenset(pair) for pair in combinations(parts, 2)}
        if left.any():
            name = " − ".join((whole, *parts))
            rest[name] = left
            parts_of[whole] = [*parts, name]
    for large, small in _nested(columns, of_one_whole):
        known = small in _leaves_of(large, parts_of) or small in parts_of.get(large, ())
        if known or frozenset((large, small)) in of_one_whole:
            continue
        name = f"{large} − {small}"
        rest[name] = columns[large] - columns[small]
        parts_of.setdefault(large, []).extend((small, name))
    for one, other in combinations(columns, 2):
        # Two names for one count: where the one may not be shown, the other would give it away.
        if one in parts_of and other not in parts_of and np.array_equal(columns[one], columns[other]):
            parts_of |= {} if other in _leaves_of(one, parts_of) else {other: [one]}
        elif other in parts_of and one not in parts_of and np.array_equal(columns[one], columns[other]):
            parts_of |= {} if one in _leaves_of(other, parts_of) else {one: [other]}
    made_of = {name: _leaves_of(name, parts_of) for name in columns}
    leaves = {name: counts for name, counts in (*columns.items(), *rest.items()) if name not in parts_of}
    return CountColumns(dict(columns), leaves, made_of)


def _nested(columns: Mapping[str, Counts], apart: set[frozenset[str]]) -> list[tuple[str, str]]:
    """Return the pairs of which one is nowhere smaller than the other, without those that follow from two pairs."""

    def holds(large: str, small: str) -> bool:
        more = columns[large] - columns[small]
        return frozenset((large, small)) not in apart and bool((more >= 0).all() and more.any())

    below = {one: [other for other in columns if other != one and holds(one, other)] for one in columns}
    return [
        (one, other) for one, all_ in below.items() for other in all_ if not any(other in below[via] for via in all_)
    ]


def _leaves_of(name: str, parts_of: Mapping[str, Sequence[str]]) -> frozenset[str]:
    if name not in parts_of:
        return frozenset((name,))
    return frozenset().union(*(_leaves_of(part, parts_of) for part in parts_of[name]))
