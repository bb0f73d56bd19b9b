"""Files around weights: earlier tables in, and a policy that prices by weights and coefficients computed from cases."""

from __future__ import annotations

import os
import tempfile
from fractions import Fraction
from pathlib import Path

from actuary.durable.files import replace_file
from actuary.errors import TableError, raise_all
from actuary.payment.coefficients import CoefficientSet
from actuary.payment.declaration import PaymentPolicy
from actuary.payment.declared_rules import weights_of_table
from actuary.payment.policy_files import load_payment_policy, payment_policy_paths
from actuary.payment.weight_set import WeightSet
from actuary.payment.weight_tables import WeightTable, read_weights

__all__ = ["read_earlier_weights", "write_computed_policy"]


def read_earlier_weights(path: Path, policy: PaymentPolicy) -> dict[str, Fraction]:
    """Read the weights in force before, for smoothing and freezing.

    Parameters
    ----------
    path : Path
        A weight table, written in the same way as that of the policy.
    policy : PaymentPolicy
        It says whether the table holds weights or base points.

    Raises
    ------
    TableError
        With every problem of the table.
    """
    table, problems = read_weights(path, where=str(path))
    raise_all(problems, TableError)
    return weights_of_table(table or WeightTable(), policy)


def write_computed_policy(
    policy: PaymentPolicy, weights: WeightSet, folder: Path, *, coefficients: CoefficientSet | None = None
) -> PaymentPolicy:
    """Write a policy that extends another one by computed weights and coefficients, and load it.

    Parameters
    ----------
    policy : PaymentPolicy
        The policy by whose declaration they were computed.
    weights : WeightSet
        Its weights.
    folder : Path
        Where to write ``policy.toml``, ``weights.csv`` and, with coefficients by group, ``coefficients.csv``.
    coefficients : CoefficientSet, optional
        Its coefficients.

    Returns
    -------
    PaymentPolicy
        The policy with both; its id ends in ``-computed``.

    Raises
    ------
    DeclarationError
        When the two do not go together, such as a weight without a coefficient.
    """
    source = f'source = "computed from {_quoted(Path(weights.source).name)}", tag = "D"'
    fields = ["weights", *(["coefficient"] if coefficients is not None else [])]
    lines = [
        f'extends = "{_quoted(_name_of(policy, folder))}"',
        "",
        "[policy]",
        f'id = "{policy.id}-computed"',
        "provenance = [" + ", ".join(f'{{ field = "{field}", {source} }}' for field in fields) + "]",
        "",
        "[weights]",
        'file = "weights.csv"',
        "",
    ]
    files = {"weights.csv": weights.table_bytes()}
    if coefficients is not None:
        lines.append(coefficients.toml("coefficients.csv"))
        if coefficients.rule.form.startswith("group"):
            files["coefficients.csv"] = coefficients.table_bytes()
    files["policy.toml"] = "\n".join(lines).encode()
    # Tried out beside the folder first, so that a policy that does not load leaves nothing behind. Its declaration goes
    # first and comes last: a killed run leaves no policy of one time with the tables of another.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as trial:
        for name, content in files.items():
            (Path(trial) / name).write_bytes(content)
        load_payment_policy(Path(trial) / "policy.toml")
        (folder / "policy.toml").unlink(missing_ok=True)
        for name, content in files.items():
            replace_file(folder / name, content)
    return load_payment_policy(folder / "policy.toml")


def _name_of(policy: PaymentPolicy, folder: Path) -> str:
    """Return how a file in that folder names a policy: a shipped one by name, another by the way to its file."""
    path = policy.source_path.resolve()
    shipped = {where.resolve(): name for name, where in payment_policy_paths().items()}
    return shipped.get(path) or Path(os.path.relpath(path, folder.resolve())).as_posix()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
