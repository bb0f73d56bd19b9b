"""The options of every verb that reads cases: what becomes of the persons in them."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actuary.cli.console import say

if TYPE_CHECKING:
    from actuary.tables.personal_door import Door

__all__ = ["PersonalKeyFile", "reads_persons"]

_PANEL = "Persons (docs/personal-data.md)"

DropPersonal = Annotated[
    bool,
    typer.Option("--drop-personal", help="Leave out columns that hold persons.", rich_help_panel=_PANEL),
]
PersonalKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--personal-key",
        help="Replace persons by keys of this secret (actuary personal key new FILE).",
        envvar="ACTUARY_PERSONAL_KEY",
        dir_okay=False,
        rich_help_panel=_PANEL,
    ),
]
NotPersonal = Annotated[
    list[str] | None,
    typer.Option("--not-personal", help="A column that holds no persons; repeatable.", rich_help_panel=_PANEL),
]

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "drop_personal": (DropPersonal, False),
    "personal_key": (PersonalKeyFile, None),
    "not_personal": (NotPersonal, None),
}


def reads_persons[**P](command: Callable[P, None]) -> Callable[..., None]:
    """Give a verb the options on persons, and set the door by them while it runs; the outer one is :func:`teaching`.

    Parameters
    ----------
    command : callable
        The verb, which needs to know nothing of it.
    """

    @functools.wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        drop = kwargs.pop("drop_personal", False)
        key = kwargs.pop("personal_key", None)
        trusted = kwargs.pop("not_personal", None) or ()
        # The door loads Arrow: a verb that reads no table of cases this time does not wait for it.
        from actuary.tables.personal_door import personal_door  # noqa: PLC0415
        from actuary.tables.personal_rules import load_personal_rules  # noqa: PLC0415

        rules = load_personal_rules(kwargs.get("models"))
        with personal_door(drop=drop, key=key, not_personal=trusted, rules=rules) as door:
            try:
                command(*args, **kwargs)
            finally:
                _tell(door)

    signature = inspect.signature(command, eval_str=False)
    hints = typing.get_type_hints(command, include_extras=True)
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)
        for name, (hint, default) in _OPTIONS.items()
    ]
    given = [one.replace(annotation=hints.get(name, one.annotation)) for name, one in signature.parameters.items()]
    wrapped.__signature__ = signature.replace(parameters=[*given, *added])  # type: ignore[attr-defined]
    wrapped.__annotations__ = {**hints, **{name: hint for name, (hint, _) in _OPTIONS.items()}}
    return wrapped


def _tell(door: Door) -> None:
    """Say what was left out or replaced: names of columns, never a value; tables with the same columns in one line."""
    told = door.told()
    tables: dict[tuple[str, ...], set[str]] = {}
    for one in told["tables"]:
        tables.setdefault(tuple(one["dropped"] or one["keyed"]), set()).add(one["table"])
    for columns, names in sorted(tables.items()):
        first, *others = sorted(names)
        table = f"{first} and {len(others):,} more" if len(others) > 1 else ", ".join((first, *others))
        if columns and door.drop:
            say(f"personal data, {table}: left out {', '.join(columns)}")
        elif columns:
            say(f"personal data, {table}: replaced by keys {', '.join(columns)} (key {told['key_id']})")
