"""Find and read payment policies: shipped ones by name, a user's own by path, one file that completes another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.payment.coefficient_tables import CoefficientTable, read_coefficients
from actuary.payment.declaration import PaymentPolicy, PolicyFile, PolicyInput
from actuary.payment.policy_check import policy_problems
from actuary.payment.provenance import provenance_problems, unsourced_numbers
from actuary.payment.weight_tables import WeightTable, read_weights
from actuary.policy.fingerprints import fingerprint
from actuary.policy.shapes import fit
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "PartialPolicyError",
    "check_payment_file",
    "list_payment_policies",
    "load_payment_policy",
    "payment_policy_paths",
    "policy_fingerprint",
]

_TABLE_KEYS = ("weights.file", "coefficient.file", "ratio.group_means")


class PartialPolicyError(DeclarationError):
    """A policy lacks inputs that are not published; its user must give them in a file that extends it."""


@dataclass(frozen=True)
class _Resolved:
    """Hold a file merged over those it extends."""

    file: TomlFile
    data: dict[str, Any]
    folders: Mapping[str, Path]


def payment_policy_paths(root: Path | None = None) -> dict[str, Path]:
    """Return the files of all shipped payment policies by name.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Returns
    -------
    dict
        ``{"suzhou-2022": path}``: a city and the name of its file, or the name alone for policies of no city.
    """
    base = root or models_root()
    named = {f"{path.parent.parent.name}-{path.stem}": path for path in base.glob("cities/*/payment/*.toml")}
    named |= {path.stem: path for path in base.glob("national/payment/*.toml")}
    return dict(sorted(named.items()))


def list_payment_policies(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of all shipped payment policies.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Returns
    -------
    tuple of str
        Names as :func:`load_payment_policy` takes them.

    Examples
    --------
    >>> "suzhou-2022" in list_payment_policies()
    True
    """
    return tuple(payment_policy_paths(root))


def load_payment_policy(
    name_or_path: str | Path, *, root: Path | None = None, partial_ok: bool = False
) -> PaymentPolicy:
    """Load a payment policy with its tables, every problem of them found at once.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped policy, such as ``suzhou-2022``, or a TOML file anywhere, its tables beside it.
    root : Path, optional
        Root of the models.
    partial_ok : bool
        Whether a policy that lacks inputs is returned; else it is refused with the list of them.

    Returns
    -------
    PaymentPolicy
        The policy with its weights, prices and coefficients, as exact decimals.

    Raises
    ------
    UnknownNameError
        When no policy has that name; the message names the nearest one.
    DeclarationError
        When the file or one of its tables is not valid; every problem is listed.
    PartialPolicyError
        When inputs are missing that the user must give.

    Examples
    --------
    >>> policy = load_payment_policy("suzhou-2022")
    >>> policy.family, policy.price.rate[0].value, policy.coefficient.tier["3"]
    ('rate', Decimal('9435.25'), Decimal('1.20'))
    """
    path = _find(name_or_path, root=root)
    resolved, problems = _resolve(path, root=root, seen=())
    policy: PaymentPolicy | None = None
    if resolved is not None and not problems:
        policy, problems = _build(resolved, root=root, strict=_is_shipped(path, root))
    raise_all(problems, DeclarationError)
    if policy is None:
        raise DeclarationError(Problem(str(path), "nothing", "a payment policy"))
    if policy.partial and not partial_ok:
        raise PartialPolicyError([_input_problem(policy, item) for item in policy.required_inputs])
    return policy


def _input_problem(policy: PaymentPolicy, item: PolicyInput) -> Problem:
    return Problem(
        f"payment policy {policy.id}, {item.key}",
        "nothing: it is not published",
        f"{item.what_en} ({item.what_zh})",
        f'write a TOML file with extends = "{policy.id}" that gives {item.key}, and name that file as the policy',
    )


def check_payment_file(path: Path, *, root: Path | None = None) -> list[Problem]:
    """Find every problem of one payment policy and its tables; here a number without a source is one.

    Parameters
    ----------
    path : Path
        The TOML file.
    root : Path, optional
        Root of the models.
    """
    resolved, problems = _resolve(path, root=root, seen=())
    if resolved is None or problems:
        return problems
    return _build(resolved, root=root, strict=True)[1]


def _find(name_or_path: str | Path, *, root: Path | None, near: Path | None = None) -> Path:
    known = payment_policy_paths(root)
    text = str(name_or_path)
    if text in known and not isinstance(name_or_path, Path):
        return known[text]
    path = Path(text).expanduser()
    if near is not None and not path.is_absolute():
        path = near / path
    if path.is_file():
        return path
    if path.is_dir() or path.suffix == ".toml" or "/" in text:
        raise DeclarationError(Problem(text, "no such file", "a payment policy (.toml), or the name of a shipped one"))
    raise UnknownNameError(unknown_name("payment policy", text, known, what="payment policy"))


def _is_shipped(path: Path, root: Path | None) -> bool:
    return path.resolve().is_relative_to((root or models_root()).resolve())


def _resolve(path: Path, *, root: Path | None, seen: tuple[Path, ...]) -> tuple[_Resolved | None, list[Problem]]:
    """Read a file and merge it over the one it extends; its tables stay beside the file that names them."""
    here = path.resolve()
    base_root = (root or models_root()) if _is_shipped(path, root) else here.parent
    file, problems = read_toml(path, root=base_root, exact=True)
    problems += _misplaced_extends(file) if file is not None else []
    if file is None or problems:
        return None, problems
    data = dict(file.data)
    below = data.pop("extends", None)
    folders = {key: here.parent for key in _TABLE_KEYS if _value_at(data, key) is not None}
    if below is None:
        return _Resolved(file, data, folders), []
    where = file.where("extends")
    if not isinstance(below, str) or here in seen:
        found = "a file that extends itself" if here in seen else repr(below)
        return None, [Problem(where, found, "the name or path of another payment policy")]
    try:
        target = _find(below, root=root, near=here.parent)
    except (UnknownNameError, DeclarationError) as error:
        return None, [Problem(where, item.found, item.expected, item.mend) for item in error.problems]
    base, problems = _resolve(target, root=root, seen=(*seen, here))
    if base is None:
        return None, problems
    return _Resolved(file, _merge(_named_sources(base), data), {**base.folders, **folders}), problems


def _misplaced_extends(file: TomlFile) -> list[Problem]:
    header = file.data.get("policy")
    if not isinstance(header, Mapping) or "extends" not in header:
        return []
    found, wanted = "extends inside the table [policy]", "extends above every table"
    return [Problem(file.where("policy.extends"), found, wanted, "move the line to the top of the file")]


def _named_sources(base: _Resolved) -> dict[str, Any]:
    """Give the ids of sources the name of their policy, since another folder may count its own."""
    header = dict(base.data.get("policy", {}))
    entries = header.get("provenance", ())
    if isinstance(entries, tuple) and all(isinstance(entry, Mapping) for entry in entries):
        name = header.get("id", base.file.label)
        header["provenance"] = tuple({**entry, "source": f"{name}: {entry.get('source')}"} for entry in entries)
    return {**base.data, "policy": header}


def _merge(below: Mapping[str, Any], above: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Lay a file over the one it extends: tables are merged, values and lists replaced, provenance added."""
    merged = dict(below)
    for key, value in above.items():
        held = merged.get(key)
        place = f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and isinstance(held, Mapping):
            merged[key] = _merge(held, value, place)
        elif place == "policy.provenance" and isinstance(value, tuple) and isinstance(held, tuple):
            merged[key] = (*value, *held)
        else:
            merged[key] = value
    return merged


def _value_at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return None
        value = value[key]
    return value


def _build(resolved: _Resolved, *, root: Path | None, strict: bool) -> tuple[PaymentPolicy | None, list[Problem]]:
    file, data = resolved.file, resolved.data
    declared, problems = fit(PolicyFile, data, file=file)
    tables: dict[str, WeightTable | CoefficientTable | None] = {}
    files: dict[str, Path] = {}
    for key in _TABLE_KEYS:
        name = _value_at(data, key)
        if isinstance(name, str):
            files[key] = resolved.folders[key] / name
            tables[key], found = _read_table(
                key, files[key], where=f"{file.label.rpartition('/')[0]}/{name}".lstrip("/")
            )
            problems += found
    if declared is None or problems:
        return None, problems
    weight_table = tables.get("weights.file") or WeightTable()
    coefficient_table = tables.get("coefficient.file") or CoefficientTable()
    group_means = tables.get("ratio.group_means")
    assert isinstance(weight_table, WeightTable)  # noqa: S101 (read as such)
    assert isinstance(coefficient_table, CoefficientTable)  # noqa: S101
    assert group_means is None or isinstance(group_means, WeightTable)  # noqa: S101
    missing = tuple(item for item in declared.required_inputs if _value_at(data, item.key) is None)
    policy = PaymentPolicy(
        declared=declared,
        weight_table=weight_table,
        coefficient_table=coefficient_table,
        group_means=group_means,
        source_path=file.path,
        fingerprint=policy_fingerprint(data, (weight_table, coefficient_table, group_means)),
        unsourced=unsourced_numbers(declared.policy, data),
        required_inputs=missing,
        data=data,
        files=files,
    )
    problems = policy_problems(policy, file)
    if strict:
        folder_root = (root or models_root()) if _is_shipped(file.path, root) else file.path.resolve().parent
        sources, found = read_sources(file.path.parent, root=folder_root)
        problems += found + provenance_problems(declared.policy, data, file=file, sources=sources)
    return (None if problems else policy), problems


def _read_table(key: str, path: Path, *, where: str) -> tuple[WeightTable | CoefficientTable | None, list[Problem]]:
    if key == "coefficient.file":
        return read_coefficients(path, where=where)
    return read_weights(path, where=where, needs_weight=key == "weights.file")


def policy_fingerprint(data: Mapping[str, Any], tables: Iterable[WeightTable | CoefficientTable | None]) -> str:
    """Return one fingerprint of a resolved policy file and its tables.

    Parameters
    ----------
    data : mapping
        The resolved file.
    tables : iterable of WeightTable, CoefficientTable or None
        Its tables.
    """
    return fingerprint({"policy": _plain(data), "tables": [table.sha256 for table in tables if table is not None]})


def _plain(value: Any) -> Any:
    """Turn decimals into their shortest text, so that 9435.250 and 9435.25 are one number."""
    if isinstance(value, Decimal | float):
        return format(Decimal(str(value)).normalize(), "f")
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
