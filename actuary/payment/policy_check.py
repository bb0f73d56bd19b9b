"""Find what in a payment policy contradicts itself or names what does not exist."""

from __future__ import annotations

from actuary.errors import Problem
from actuary.payment.declaration import PaymentPolicy
from actuary.policy.toml_files import TomlFile

__all__ = ["policy_problems"]


def policy_problems(policy: PaymentPolicy, file: TomlFile) -> list[Problem]:
    """Find every problem of a policy whose file and tables could be read.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy.
    file : TomlFile
        For the places in messages.

    Returns
    -------
    list of Problem
        None when it is sound.
    """
    valid = policy.valid
    problems = []
    if valid.first_day is not None and valid.last_day is not None and valid.last_day < valid.first_day:
        mend = "exchange the two dates"
        problems.append(
            Problem(
                file.where("policy.valid"),
                f"to {valid.last_day}, before from {valid.first_day}",
                "from before to",
                mend,
            )
        )
    return problems
