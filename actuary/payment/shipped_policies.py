"""Check and list the payment policies that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from actuary.errors import Problem
from actuary.paths import models_root
from actuary.payment.policy_files import (
    check_payment_file,
    list_payment_policies,
    load_payment_policy,
    payment_policy_paths,
)
from actuary.policy.toml_files import read_toml

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_payment_policies", "describe_payment_policies"]


def check_payment_policies(root: Path | None = None) -> list[Problem]:
    """Find every problem of every shipped payment policy.

    Parameters
    ----------
    root : Path, optional
        Root of the models.
    """
    base = root or models_root()
    problems: list[Problem] = []
    for name, path in payment_policy_paths(base).items():
        found = check_payment_file(path, root=base)
        problems += found
        file, _ = read_toml(path, root=base, exact=True)
        header = file.data.get("policy", {}) if file is not None else {}
        if not found and file is not None and header.get("id") != name:
            problems.append(Problem(file.where("policy.id"), repr(header.get("id")), repr(name), "name it so"))
        recalled = [entry.get("field") for entry in header.get("provenance", ()) if entry.get("tag") == "M"]
        if file is not None and recalled and "cities" in path.parts:
            expected = "numbers of a city that were read or derived, never recalled"
            problems.append(Problem(file.where("policy.provenance"), f"tag M on {recalled[0]!r}", expected,
                                    "leave the number out and name it in required_inputs"))  # fmt: skip
    return problems


def describe_payment_policies(root: Path | None = None) -> pd.DataFrame:
    """List the shipped policies: id, family, weights, what the user must still give, and the name.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Returns
    -------
    DataFrame
        policy, family, groups, missing, name_zh, name_en.
    """
    import pandas as pd  # noqa: PLC0415  (a policy is read without it)

    rows = []
    for name in list_payment_policies(root):
        policy = load_payment_policy(name, root=root, partial_ok=True)
        header = policy.declared.policy
        rows.append(
            {
                "policy": name,
                "family": policy.family,
                "groups": len(policy.weight_table.groups),
                "missing": ", ".join(item.key for item in policy.required_inputs),
                "name_zh": header.name_zh or "",
                "name_en": header.name_en or "",
            }
        )
    return pd.DataFrame(rows)
