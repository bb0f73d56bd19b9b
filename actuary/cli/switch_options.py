"""The options that say which scheme is used and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from actuary.errors import Problem, UnknownNameError, raise_all

__all__ = ["SchemeName", "SwitchPositions", "read_positions"]

SchemeName = Annotated[
    str,
    typer.Option("--scheme", "-s", help="Scheme by name or folder (see: actuary scheme list).", metavar="NAME|FOLDER"),
]
SwitchPositions = Annotated[
    list[str] | None,
    typer.Option("--switch", help="Reading that replaces the scheme's own; may be repeated.", metavar="NAME=POSITION"),
]


def read_positions(written: Sequence[str] | None) -> dict[str, str]:
    """Read switches written as ``name=position``; the names themselves are judged by the scheme.

    Raises
    ------
    UnknownNameError
        When one is not written so, or stands twice.

    Examples
    --------
    >>> read_positions(["qy=main", "hiv=any"])
    {'qy': 'main', 'hiv': 'any'}
    """
    positions: dict[str, str] = {}
    problems = []
    for text in written or ():
        name, equals, position = text.partition("=")
        if not (name and equals and position):
            problems.append(Problem("--switch", repr(text), "NAME=POSITION, such as qy=main"))
        elif name in positions:
            problems.append(Problem("--switch", f"{name} twice", "each switch once"))
        positions[name] = position
    raise_all(problems, UnknownNameError)
    return positions
