"""Read models/personal/rules.toml: names of personal columns, thresholds, least size of a published cell."""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actuary.errors import DeclarationError, Problem, raise_all
from actuary.files.documents import parse_toml
from actuary.paths import models_root
from actuary.personal_numbers import NUMBER_KINDS

__all__ = ["COLUMN_OF_NUMBER", "PersonalKind", "PersonalRules", "bare_name", "load_personal_rules"]

_POLICIES = ("refuse", "skip")
#: Kinds of numbers that make a column of another kind.
_KINDS_OF_COLUMNS = {"old_identity": "identity", "mobile": "telephone", "landline": "telephone"}
_SIGNS = re.compile(r"[\W_]+")
_DOOR: Mapping[str, type] = {
    "policy": str,
    "sampled_rows": int,
    "least_share": float,
    "least_genuine": float,
    "stray_cells": int,
    "money_endings": list,
    "source": str,
}
_PUBLICATION: Mapping[str, type] = {"least_cases": int, "least_width": int, "source": str}
_KIND: Mapping[str, type] = {
    **dict.fromkeys(("name", "name_zh", "name_en", "source"), str),
    **dict.fromkeys(("names", "contains", "not"), list),
}


@dataclass(frozen=True, slots=True)
class PersonalKind:
    """Describe one kind of personal column.

    Parameters
    ----------
    name, name_zh, name_en : str
        What it is.
    names : frozenset of str
        Names of columns without case and signs (:func:`bare_name`).
    contains, excepted : tuple of str
        What such names hold, and what one of another kind holds besides.
    """

    name: str
    name_zh: str
    name_en: str
    names: frozenset[str]
    contains: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()

    def names_column(self, bare: str) -> bool:
        """Return whether a column of this name, without case and signs, is of this kind."""
        if bare in self.names:
            return True
        return any(part in bare for part in self.contains) and not any(part in bare for part in self.excepted)


@dataclass(frozen=True, slots=True)
class PersonalRules:
    """Hold how personal data are treated.

    Parameters
    ----------
    kinds : tuple of PersonalKind
        Kinds of columns.
    policy : str
        ``refuse`` or ``skip``: what becomes of a file with personal columns that are not read.
    sampled_rows : int
        Rows looked at before reading.
    least_share, least_genuine : float
        Shares from which a column is personal by its content.
    stray_cells : int
        Distinct cells of the look of an identity number that are checked in a batch.
    money_endings : tuple of str
        How the names of columns of money end; eleven digits alone are an amount there, no telephone.
    least_cases : int
        Least cases of a published cell that is not empty.
    least_width : int
        Least width of what can be worked out of a suppressed cell [cases].
    """

    kinds: tuple[PersonalKind, ...]
    policy: str
    sampled_rows: int
    least_share: float
    least_genuine: float
    stray_cells: int
    money_endings: tuple[str, ...]
    least_cases: int
    least_width: int

    def kind_of_name(self, column: str) -> PersonalKind | None:
        """Return the kind that a column has by its name.

        Examples
        --------
        >>> rules = load_personal_rules()
        >>> [getattr(rules.kind_of_name(name), "name", None) for name in ("PSN_NAME", "患者姓名", "hospital", "sfzh")]
        ['name', 'name', None, 'identity']
        """
        bare = bare_name(column)
        return next((kind for kind in self.kinds if kind.names_column(bare)), None)

    def is_money(self, column: str) -> bool:
        """Return whether the name of a column ends in a unit of money.

        Examples
        --------
        >>> [load_personal_rules().is_money(name) for name in ("fund_yuan", "基金支付（元）", "total_cost", "tel")]
        [True, True, False, False]
        """
        return bare_name(column).endswith(self.money_endings)

    def words(self, kind: str) -> tuple[str, str]:
        """Return the Chinese and the English words for a kind of column or of number."""
        for one in self.kinds:
            if one.name == kind:
                return one.name_zh, one.name_en
        return self.words(_KINDS_OF_COLUMNS[kind]) if kind in _KINDS_OF_COLUMNS else (kind, kind)


def bare_name(column: str) -> str:
    """Return the name of a column without case, spaces, signs and brackets.

    Examples
    --------
    >>> bare_name(" Psn_Name "), bare_name("联系人（电话）")
    ('psnname', '联系人电话')
    """
    return _SIGNS.sub("", unicodedata.normalize("NFKC", column).casefold())


@functools.lru_cache(maxsize=8)
def load_personal_rules(root: Path | None = None) -> PersonalRules:
    """Read the rules on personal data.

    Parameters
    ----------
    root : Path, optional
        Folder of declared rules; that of the package when left out, or when it has no rules on personal data.

    Raises
    ------
    DeclarationError
        With every problem of the file.

    Examples
    --------
    >>> load_personal_rules().least_cases
    11
    """
    path = (root or models_root()) / "personal" / "rules.toml"
    if root is not None and not path.is_file():
        return load_personal_rules()
    where = f"{path.parent.name}/{path.name}"
    try:
        declared = parse_toml(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DeclarationError(Problem(where, f"a file that cannot be read ({error})", "TOML in UTF-8")) from None
    door, publication = declared.get("door", {}), declared.get("publication", {})
    kinds = declared.get("kind", [])
    problems = [*_wrong(door, _DOOR, f"{where}, door"), *_wrong(publication, _PUBLICATION, f"{where}, publication")]
    if not isinstance(kinds, list) or not kinds:
        problems.append(Problem(f"{where}, kind", "no kind of columns", "tables [[kind]]"))
        kinds = []
    for number, kind in enumerate(kinds, 1):
        problems += _wrong(kind, _KIND, f"{where}, kind[{number}]", optional=("contains", "not"))
    raise_all(problems, DeclarationError)
    problems += _beyond(door, publication, where)
    raise_all(problems, DeclarationError)
    return PersonalRules(
        tuple(_kind(kind) for kind in kinds),
        **{name: door[name] for name in _DOOR if name not in {"source", "money_endings"}},
        money_endings=tuple(bare_name(ending) for ending in door["money_endings"]),
        **{name: publication[name] for name in _PUBLICATION if name != "source"},
    )


def _kind(declared: Mapping[str, Any]) -> PersonalKind:
    return PersonalKind(
        declared["name"],
        declared["name_zh"],
        declared["name_en"],
        frozenset(bare_name(name) for name in declared["names"]),
        tuple(bare_name(part) for part in declared.get("contains", ())),
        tuple(bare_name(part) for part in declared.get("not", ())),
    )


def _wrong(table: Any, keys: Mapping[str, type], where: str, *, optional: tuple[str, ...] = ()) -> list[Problem]:
    if not isinstance(table, dict):
        return [Problem(where, f"a {type(table).__name__}", "a table")]
    problems = [
        Problem(f"{where}.{key}", "a key that is not known", ", ".join(keys)) for key in table if key not in keys
    ]
    for key, kind in keys.items():
        value = table.get(key)
        if value is None and key not in optional:
            problems.append(Problem(f"{where}.{key}", "nothing", f"a {kind.__name__}"))
        elif value is not None and not _is_of(value, kind):
            expected = "a list of words" if kind is list else f"a {kind.__name__}"
            problems.append(Problem(f"{where}.{key}", repr(value)[:60], expected))
    return problems


def _is_of(value: Any, kind: type) -> bool:
    # True is an integer to Python, and 1 would do for a share: neither is what the file should say.
    return type(value) is kind and (not isinstance(value, list) or all(isinstance(part, str) for part in value))


def _beyond(door: Mapping[str, Any], publication: Mapping[str, Any], where: str) -> list[Problem]:
    problems = []
    if door["policy"] not in _POLICIES:
        problems.append(Problem(f"{where}, door.policy", repr(door["policy"]), " or ".join(_POLICIES)))
    problems += [
        Problem(f"{where}, door.{name}", repr(door[name]), "a share above 0 and up to 1")
        for name in ("least_share", "least_genuine")
        if not 0 < door[name] <= 1
    ]
    counts = {name: door[name] for name in ("sampled_rows", "stray_cells")}
    counts |= {name: publication[name] for name in ("least_cases", "least_width")}
    return problems + [Problem(f"{where}, {name}", repr(n), "1 or more") for name, n in counts.items() if n < 1]


#: Kinds of numbers that a content check looks for, with the kind of column that they make.
COLUMN_OF_NUMBER = {kind: _KINDS_OF_COLUMNS.get(kind, kind) for kind in NUMBER_KINDS}
