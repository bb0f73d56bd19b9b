"""Check a table of a TOML file against its declared shape and say every difference in plain words."""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from actuary.errors import Problem, nearest_name, unknown_name
from actuary.policy.toml_files import TomlFile

__all__ = ["Shape", "Text", "check_source", "fit", "shown"]

_SOURCE_ID = re.compile(r"\A(S[1-9]\d*|std|judgement)\Z")

#: Text that says something.
Text = Annotated[str, StringConstraints(pattern=r"\S")]


class Shape(BaseModel):
    """Hold a declared table: frozen, strictly typed, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_EXPECTED = {
    "date_type": ("a date", "write it without quotation marks, such as 2019-01-01"),
    "float_type": ("a number", "write it without quotation marks, such as 0.08"),
    "string_type": ("text", "put it in quotation marks"),
    "string_pattern_mismatch": ("text that is not empty", ""),
    "bool_type": ("true or false", "write it without quotation marks"),
    "tuple_type": ("a list", "write it as [ … ]"),
    "model_type": ("a table", "write it as [name] or { … }"),
    "too_short": ("a list with at least one entry", ""),
    "finite_number": ("a finite number", ""),
}


def shown(value: object) -> str:
    """Return a TOML value as a reader of the file knows it.

    Examples
    --------
    >>> shown("8%"), shown(True), shown(dt.date(2019, 1, 1)), shown(float("nan"))
    ("the text '8%'", 'true', 'the date 2019-01-01', 'nan')
    """
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, str(value).lower()),
        (str, f"the text {value!r}" if str(value).strip() else "empty text"),
        (dt.datetime, f"the date with time {value}"),
        (dt.date, f"the date {value}"),
        (Mapping, "a table"),
    )
    if isinstance(value, tuple | list):
        return f"a list of {len(value)}"
    return next((words for kind, words in kinds if isinstance(value, kind)), str(value))


def _join(parts: tuple[int | str, ...], prefix: str) -> str:
    path = prefix
    for part in parts:
        path = f"{path}[{part + 1}]" if isinstance(part, int) else f"{path}.{part}" if path else part
    return path


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the shape of the table in which a location lies."""
    for part in location:
        if isinstance(part, int):
            continue
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)
        pending: list[Any] = [field.annotation if field else None]
        while pending:
            candidate = pending.pop()
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
                break
            pending.extend(typing.get_args(candidate))
    return model


def fit[M: BaseModel](
    model: type[M], data: Any, *, file: TomlFile, key_path: str = ""
) -> tuple[M | None, list[Problem]]:
    """Fit a table into its shape; return it, or None, and every difference found.

    A misspelt key is one problem: the key that is missing because of it is not reported again.

    Parameters
    ----------
    model : type
        The shape.
    data : object
        The table as read.
    file : TomlFile
        The file, for the place.
    key_path : str
        Key path of the table in the file.

    Returns
    -------
    tuple
        The fitted table or None, and the problems.
    """
    try:
        return model.model_validate(data), []
    except ValidationError as caught:
        errors = caught.errors(include_url=False, include_context=True)
    strangers: dict[tuple[int | str, ...], list[str]] = {}
    for error in errors:
        if error["type"] == "extra_forbidden":
            strangers.setdefault(error["loc"][:-1], []).append(str(error["loc"][-1]))
    problems: list[Problem] = []
    for error in errors:
        location = error["loc"]
        where = file.where(_join(location, key_path))
        name = str(location[-1]) if location else ""
        if error["type"] == "too_short" and error["input"]:
            continue  # its entries were refused one by one, each with its own line
        if error["type"] == "missing":
            near = strangers.get(location[:-1], [])
            if not any(nearest_name(stranger, [name]) for stranger in near):
                problems.append(Problem(where, "nothing", f"the key {name!r}", f"add {name} = …"))
        elif error["type"] == "extra_forbidden":
            fields = _model_at(model, location[:-1]).model_fields
            known = [declared.alias or label for label, declared in fields.items()]
            problems.append(unknown_name(where, name, known, what="key"))
        elif error["type"] == "literal_error":
            choices = re.findall(r"'([^']+)'", str(error["ctx"]["expected"]))
            problems.append(unknown_name(where, error["input"], choices, what=name if name else "word"))
        else:
            problems.append(_typed_problem(where, dict(error)))
    return None, problems


def _typed_problem(where: str, error: Mapping[str, Any]) -> Problem:
    expected, mend = _EXPECTED.get(error["type"], (str(error["msg"]).removeprefix("Value error, "), ""))
    return Problem(where, shown(error["input"]), expected, mend)


def check_source(source: str, *, where: str, sources: Mapping[str, str] | None, label: str) -> list[Problem]:
    """Check that a source is std, judgement or an id in the list of sources.

    Parameters
    ----------
    source : str
        What is cited.
    where : str
        Its place.
    sources : mapping or None
        The list of sources of the folder; None when there is none.
    label : str
        File that cites, to say where the list belongs.

    Examples
    --------
    >>> check_source("S1", where="x", sources={"S1": "a notice"}, label="x.toml")
    []
    >>> check_source("S9", where="x", sources={"S1": "a notice"}, label="x.toml")[0].mend
    'add a line [S9] … to sources.md'
    """
    if not _SOURCE_ID.match(source):
        return [Problem(where, shown(source), "S and a number, std or judgement", 'write source = "S1"')]
    if source in ("std", "judgement"):
        return []
    if sources is None:
        return [Problem(where, f"{source!r}, but no sources.md", f"a sources.md beside or above {label}",
                        f"write one with a line [{source}] title, publisher, date, address")]  # fmt: skip
    if source not in sources:
        listed = ", ".join(sorted(sources, key=lambda item: int(item[1:]))[:12]) or "it is empty"
        return [Problem(where, repr(source), f"an id listed in sources.md ({listed}), std or judgement",
                        f"add a line [{source}] … to sources.md")]  # fmt: skip
    return []
