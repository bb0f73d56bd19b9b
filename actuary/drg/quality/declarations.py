"""Read what models/national/settlement_list declares: tables, checks, limits and lists of codes."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from actuary.drg.quality.shapes import (
    FIELD_TYPES,
    SEVERITIES,
    CaseColumn,
    Codes,
    CodeSet,
    Declarations,
    Field,
    Limited,
    Message,
    Rule,
    TableShape,
)
from actuary.errors import DeclarationError, Problem, raise_all
from actuary.files import parse_toml
from actuary.paths import models_root

__all__ = ["check_declarations", "load_declarations"]

_FOLDER = Path("national") / "settlement_list"
_FILES = ("tables", "rules", "limits", "codes", "case_file")


def load_declarations(root: Path | str | None = None) -> Declarations:
    """Read the declared tables, checks, limits and lists of codes.

    Parameters
    ----------
    root : path, optional
        A models folder; the one that comes with the package when left out.

    Raises
    ------
    DeclarationError
        With every problem of the files.

    Examples
    --------
    >>> declared = load_declarations()
    >>> declared.rules["Q03"].severity, declared.limits["newborn_days"]
    ('E', 28)
    >>> declared.tables["case"].fields["gend"].zh
    '性别'
    """
    return _load(Path(root) if root is not None else models_root())


def check_declarations(root: Path | str | None = None) -> list[Problem]:
    """Return every problem of the declared tables, checks, limits and lists of codes.

    Parameters
    ----------
    root : path, optional
        A models folder; the one that comes with the package when left out.

    Examples
    --------
    >>> check_declarations()
    []
    """
    try:
        load_declarations(root)
    except DeclarationError as error:
        return list(error.problems)
    return []


@lru_cache(maxsize=4)
def _load(root: Path) -> Declarations:
    problems: list[Problem] = []
    read: dict[str, dict[str, Any]] = {}
    for name in _FILES:
        path = root / _FOLDER / f"{name}.toml"
        where = f"{root.name}/{_FOLDER.as_posix()}/{name}.toml"
        try:
            read[name] = parse_toml(path.read_text(encoding="utf-8"))
        except OSError:
            problems.append(Problem(where, "no such file", "the declaration of the settlement list"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(Problem(where, str(error), "a TOML file in UTF-8"))
    raise_all(problems, DeclarationError)
    reader = _Reader(f"{root.name}/{_FOLDER.as_posix()}")
    declared = reader.take("case_file", "the five files", partial(reader.declarations, read))
    raise_all(reader.problems, DeclarationError)
    assert declared is not None  # noqa: S101 (without problems there is an answer)
    return declared


class _Reader:
    """Turn parsed TOML into typed declarations, collecting every problem."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.problems: list[Problem] = []

    def declarations(self, read: Mapping[str, dict[str, Any]]) -> Declarations | None:
        tables, codes = dict(read["tables"]), dict(read["codes"])
        blank = tuple(tables.pop("blank", ("",)))
        limited, code_sets = codes.pop("limited", []), codes.pop("code_set", [])
        made = {name: self.take("tables", name, partial(self._table, name, body)) for name, body in tables.items()}
        shapes = _present(made)
        rules = {
            name: self.take("rules", name, partial(self._rule, name, body, shapes))
            for name, body in read["rules"].items()
        }
        limits = {name: self.take("limits", name, partial(_limit, body)) for name, body in read["limits"].items()}
        lists = {name: self.take("codes", name, partial(_codes, body)) for name, body in codes.items()}
        limits_of = [self.take("codes", "limited", partial(_limited, body)) for body in limited]
        sets = [self.take("codes", "code_set", partial(_code_set, body)) for body in code_sets]
        columns = {
            name: self.take("case_file", name, partial(_case_column, name, body))
            for name, body in read["case_file"]["columns"].items()
        }
        if self.problems:
            return None
        return Declarations(
            tables=shapes,
            blank=blank,
            rules=_present(rules),
            limits=_present(limits),
            codes=_present(lists),
            limited=tuple(item for item in limits_of if item is not None),
            code_sets=tuple(item for item in sets if item is not None),
            case_columns=_present(columns),
            separator=read["case_file"]["separator"],
        )

    def take[T](self, file: str, key: str, make: Callable[[], T]) -> T | None:
        """Return what is made of a part of a file; None and a problem where it is not what it should be."""
        try:
            return make()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            found = f"no {error}" if isinstance(error, KeyError) else str(error)
            self._problem(file, key, found)
            return None

    def _problem(self, file: str, key: str, found: str, expected: str = "a complete declaration") -> None:
        self.problems.append(Problem(f"{self.where}/{file}.toml, {key}", found, expected))

    def _table(self, name: str, body: Mapping[str, Any]) -> TableShape:
        fields: dict[str, Field] = {}
        for key, given in body.get("fields", {}).items():
            made = self.take("tables", f"{name}.{key}", partial(_field, key, given))
            if made is None:
                continue
            if made.type not in FIELD_TYPES:
                self._problem("tables", f"{name}.{key}", f"type {made.type!r}", ", ".join(FIELD_TYPES))
            fields[key] = made
        return TableShape(name, body.get("name", name), body.get("name_en", name), body.get("block", name), fields)

    def _rule(self, name: str, body: Mapping[str, Any], shapes: Mapping[str, TableShape]) -> Rule | None:
        rule = self.take("rules", name, partial(_rule, name, body))
        if rule is None:
            return None
        if rule.severity not in SEVERITIES:
            self._problem("rules", name, f"severity {rule.severity!r}", ", ".join(SEVERITIES))
        for table, key in (*rule.needs, *rule.uses):
            if table not in shapes or key not in shapes[table].fields:
                self._problem("rules", name, f"the field {table}.{key}", "a field of tables.toml")
        for key, message in rule.messages.items():
            for text in (message.zh, message.en, message.mend_zh, message.mend_en):
                try:
                    list(string.Formatter().parse(text))
                except (ValueError, TypeError) as error:
                    self._problem("rules", f"{name}.messages.{key}", f"{text!r} ({error})", "matching braces")
        return rule


def _present[T](given: Mapping[str, T | None]) -> dict[str, T]:
    return {name: item for name, item in given.items() if item is not None}


def _field(name: str, given: Mapping[str, Any]) -> Field:
    return Field(name=name, **given)


def _limit(body: Mapping[str, Any]) -> int:
    if not body["source"]:
        raise ValueError("no source")
    return int(body["value"])


def _pair(name: str) -> tuple[str, str]:
    table, _, key = name.partition(".")
    return table, key


def _rule(name: str, body: Mapping[str, Any]) -> Rule:
    return Rule(
        id=name,
        zh=body["zh"],
        en=body["en"],
        severity=body["severity"],
        source=body["source"],
        needs=tuple(_pair(item) for item in body.get("needs", ())),
        uses=tuple(_pair(item) for item in body.get("uses", ())),
        dictionary=bool(body.get("dictionary", False)),
        messages={key: Message(**texts) for key, texts in body["messages"].items()},
    )


def _codes(body: Mapping[str, Any]) -> Codes:
    prefixes, values = tuple(body.get("prefixes", ())), frozenset(body.get("values", ()))
    if bool(prefixes) == bool(values) or not body["source"]:
        raise ValueError("neither or both of prefixes and values")
    return Codes(body["name"], body["name_en"], prefixes, frozenset(body.get("except", ())), values)


def _limited(body: Mapping[str, Any]) -> Limited:
    return Limited(
        table=body["table"],
        zh=body["name"],
        en=body["name_en"],
        prefixes=tuple(body["prefixes"]),
        sex=body.get("sex", ""),
        age_min=body.get("age_min"),
        age_max=body.get("age_max"),
    )


def _code_set(body: Mapping[str, Any]) -> CodeSet:
    kinds = ("diagnosis", "procedure", "diagnosis_map", "procedure_map")
    return CodeSet(body["name"], body["name_en"], body["from"], {kind: body[kind] for kind in kinds})


def _case_column(name: str, body: Mapping[str, Any]) -> CaseColumn:
    fields = tuple(_pair(item) for item in body["fields"])
    return CaseColumn(name, body["zh"], body["en"], bool(body["required"]), fields, body.get("maximum"))
