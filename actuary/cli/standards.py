"""`actuary standards`: the payment standard of every group, tier and insurance under a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching, write_table
from actuary.errors import ActuaryError, Problem

__all__ = ["read_point_values", "register"]

Values = Annotated[
    list[str] | None,
    typer.Option(
        "--point-value",
        metavar="[INSURANCE=]YUAN",
        help="Value of a point, for all or by insurance: --point-value employee=53.8381. May be repeated.",
    ),
]


def read_point_values(given: list[str] | None) -> dict[str, str]:
    """Read the option --point-value: ``employee=53.8381``, or one number for all.

    Parameters
    ----------
    given : list of str or None
        What was written.

    Raises
    ------
    ActuaryError
        When something is not a number.

    Examples
    --------
    >>> read_point_values(["employee=53.8381", "resident=52.8094"])
    {'employee': '53.8381', 'resident': '52.8094'}
    """
    from actuary.payment.exact import as_fraction  # noqa: PLC0415  (loads numpy)

    values: dict[str, str] = {}
    for text in given or []:
        name, separator, number = text.rpartition("=")
        try:
            as_fraction(number.strip())
        except ValueError:
            expected = "a value in yuan, such as employee=53.8381"
            raise ActuaryError(Problem("--point-value", repr(text), expected)) from None
        values[name.strip() if separator and name.strip() != "all" else "*"] = number.strip()
    return values


@teaching
def standards(
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="Payment policy: the name of a shipped one, or a TOML file.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file: drg, tier, insurance, amount.")] = None,
    point_value: Values = None,
    hospital: Annotated[
        str, typer.Option("--hospital", help="Hospital whose coefficient counts, where hospitals have their own.")
    ] = "*",
    thresholds: Annotated[
        bool, typer.Option("--thresholds", help="Add the costs at which a case turns low or high.")
    ] = False,
    unpriced: Annotated[
        Path | None, typer.Option("--unpriced", help="CSV file of the groups without a standard, and why.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the shipped policies instead.")] = False,
    models: Models = None,
) -> None:
    """Write the payment standard of every group, tier and insurance, exact, rounded once as the policy declares."""
    if list_all:
        from actuary.payment.shipped_policies import describe_payment_policies  # noqa: PLC0415

        print_frame(describe_payment_policies(models), title="Payment policies")
        return
    if policy is None or out is None:
        missing = "--policy" if policy is None else "--out"
        mend = "write: actuary standards --policy suzhou-2022 --out standards.csv (names: actuary standards --list)"
        raise ActuaryError(Problem("actuary standards", f"no {missing}", "a policy and a file to write", mend))
    from actuary.files import csv_bytes  # noqa: PLC0415
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.payment.standards import payment_standards  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    loaded = load_payment_policy(policy, root=models)
    found = payment_standards(loaded, point_values=read_point_values(point_value), hospital=hospital)
    # Codes and numbers only: no byte-order mark stands before the first heading.
    replace_file(out, csv_bytes(found.to_frame(thresholds=thresholds), mark=False))
    if unpriced is not None:
        write_table(found.unpriced_frame(), unpriced)
    say(found.summary())
    if loaded.unsourced:
        say(f"{len(loaded.unsourced)} numbers without a source count as judgement; actuary check lists them.")
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("standards")(standards)
