"""Write a payment policy as one file that needs no other, with its tables beside it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from actuary.payment.declaration import PaymentPolicy

__all__ = ["write_policy_copy"]


def _value(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool | int | float):
        return repr(value).lower()
    if isinstance(value, Decimal | dt.date):
        return format(value, "f" if isinstance(value, Decimal) else "%Y-%m-%d")
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_value(item) for item in value)}]"
    return json.dumps(str(value), ensure_ascii=False)


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if plain else json.dumps(key, ensure_ascii=False)


def _table(path: str, table: Mapping[str, Any]) -> list[str]:
    lines = [f"[{path}]"]
    inner = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            inner += _table(f"{path}.{_key(key)}", value)
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    return [*lines, "", *inner]


def _at(data: dict[str, Any], path: str, value: str) -> None:
    first, _, rest = path.partition(".")
    if rest:
        data[first] = dict(data[first])
        _at(data[first], rest, value)
    else:
        data[first] = value


def write_policy_copy(policy: PaymentPolicy, folder: Path) -> None:
    """Write ``policy.toml`` and the tables of a policy into a folder.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy; files that it extends are part of the copy.
    folder : Path
        Where to write; it exists.
    """
    data = dict(policy.data)
    for path, source in policy.files.items():
        # Under its own name, so that the fingerprint of the copy is that of the policy.
        taken = (folder / source.name).exists()
        name = f"{path.partition('.')[0]}-{source.name}" if taken else source.name
        (folder / name).write_bytes(source.read_bytes())
        _at(data, path, name)
    header = {key: value for key, value in data.items() if not isinstance(value, Mapping)}
    lines: list[str] = []
    arrays: list[str] = []
    for key, value in header.items():
        rows = isinstance(value, Sequence) and not isinstance(value, str) and value
        if rows and all(isinstance(item, Mapping) for item in value):
            for item in value:
                arrays += [f"[[{_key(key)}]]", *(f"{_key(name)} = {_value(one)}" for name, one in item.items()), ""]
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in data.items():
        if isinstance(value, Mapping):
            lines += ["", *_table(_key(key), value)]
    (folder / "policy.toml").write_text("\n".join([*lines, *arrays]).strip() + "\n", encoding="utf-8")
    sources = policy.source_path.parent / "sources.md"
    for candidate in (sources, policy.source_path.parent.parent / "sources.md"):
        if candidate.is_file():
            (folder / "sources.md").write_bytes(candidate.read_bytes())
            break
