"""Change single values of a payment policy, for what-ifs and sweeps, without writing a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from actuary.errors import DeclarationError, Problem, raise_all, unknown_name
from actuary.payment.declaration import PaymentPolicy, PolicyFile
from actuary.payment.policy_check import policy_problems
from actuary.payment.policy_files import policy_fingerprint
from actuary.policy.shapes import fit
from actuary.policy.toml_files import TomlFile

__all__ = ["change_policy"]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def change_policy(policy: PaymentPolicy, changes: Mapping[str, object], *, name: str | None = None) -> PaymentPolicy:
    """Return a policy with some values changed; tables stay, and everything is checked again.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy; it stays as it is.
    changes : mapping of str to object
        New values by key path; entries of lists are counted from 1, as in messages.
    name : str, optional
        Name of the changed policy; the old one with a remark when left out.

    Returns
    -------
    PaymentPolicy
        With a fingerprint of its own.

    Raises
    ------
    DeclarationError
        When a path leads nowhere, names a table, or the changed policy contradicts itself.

    Examples
    --------
    >>> from actuary.payment.policy_files import load_payment_policy
    >>> changed = change_policy(load_payment_policy("jilin-2022"), {"class[2].k": "2.5", "price.rate[1].value": 9000})
    >>> changed.classes[1].k, changed.price.rate[0].value, changed.id
    (Decimal('2.5'), Decimal('9000'), 'jilin-2022, changed')
    """
    problems: list[Problem] = []
    data: Any = policy.data
    label = f"changes to {policy.id}"
    for path, value in changes.items():
        steps = [key or int(number) - 1 for key, number in _STEP.findall(path)]
        if path in policy.files or steps[:1] in (["policy"], ["required_inputs"]):
            expected = "a value: tables and names are changed in a file that extends the policy"
            problems.append(Problem(f"{label}, {path}", "no value", expected))
            continue
        data = _changed(data, steps, value, where=f"{label}, {path}", problems=problems)
    raise_all(problems, DeclarationError)
    header = {**data["policy"], "id": name or f"{policy.id}, changed"}
    data = {**data, "policy": header}
    file = TomlFile(policy.source_path, label, data)
    declared, problems = fit(PolicyFile, data, file=file)
    raise_all(problems, DeclarationError)
    assert declared is not None  # noqa: S101 (a table that does not fit comes with a problem)
    given = tuple(item for item in policy.required_inputs if not any(_gives(path, item.key) for path in changes))
    tables = (policy.weight_table, policy.coefficient_table, policy.group_means)
    changed = replace(
        policy,
        declared=declared,
        data=data,
        fingerprint=policy_fingerprint(data, tables),
        unsourced=tuple(dict.fromkeys((*policy.unsourced, *changes))),
        required_inputs=given,
    )
    raise_all(policy_problems(changed, file), DeclarationError)
    return changed


def _gives(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


def _changed(held: Any, steps: list[str | int], value: object, *, where: str, problems: list[Problem]) -> Any:
    """Return a copy of a nested value with one place changed; a key that is not there yet is added."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if not isinstance(held, tuple) or not 0 <= step < len(held):
            count = len(held) if isinstance(held, tuple) else 0
            problems.append(Problem(where, f"entry {step + 1}", f"one of the {count} entries that there are"))
            return held
        new = _changed(held[step], rest, value, where=where, problems=problems)
        return (*held[:step], new, *held[step + 1 :])
    if held is None:
        held = {}
    if not isinstance(held, Mapping):
        problems.append(unknown_name(where, step, [], what="key"))
        return held
    return {**held, step: _changed(held.get(step), rest, value, where=where, problems=problems)}
