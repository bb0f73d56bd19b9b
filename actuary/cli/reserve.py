"""`actuary reserve`: claims that are incurred but not yet reported."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import print_frame, say, teaching, write_table

__all__ = ["register"]


@teaching
def reserve(
    triangle: Annotated[
        Path,
        typer.Argument(
            help="CSV of vintages (series_id, period, cutoff, value known so far) or of payments "
            "(series_id, period, paid_month, value); periods 2019, 2019Q3 or 2019-07."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV of the answer.")],
    method: Annotated[str, typer.Option("--method", help="delay, mack, bootstrap or bornhuetter-ferguson.")] = "delay",
    horizon: Annotated[
        int | None,
        typer.Option(help="As it will stand so many periods after the cut-off.", show_default="when all is in"),
    ] = None,
    expected: Annotated[
        Path | None, typer.Option(help="CSV of amounts expected beforehand: series_id, period, value.")
    ] = None,
    rows: Annotated[str, typer.Option(help="summary: one row a period; draws: one row a draw.")] = "summary",
    draws: Annotated[int, typer.Option(help="Number of joint draws.")] = 1000,
    seed: Annotated[int, typer.Option(help="Root seed.")] = 1,
) -> None:
    """Estimate what periods of service will come to when all claims are in (已发生未报告)."""
    from actuary.errors import ActuaryError, raise_all, unknown_name  # noqa: PLC0415
    from actuary.forecast.reserving import read_expected, reserve_claims  # noqa: PLC0415

    if rows not in {"summary", "draws"}:
        raise_all([unknown_name("--rows", rows, ("summary", "draws"), what="kind of rows")], ActuaryError)
    beforehand = None if expected is None else read_expected(expected)
    found = reserve_claims(triangle, method=method, horizon=horizon, expected=beforehand, draws=draws, seed=seed)
    for note in found.notes:
        say(f"Note: {note}.")
    columns = ["series", "reported", "outstanding", "mean", "q10", "q50", "q90", "completion"]
    print_frame(found.totals(), title=f"Amounts {found.basis}", columns=columns)
    write_table(found.summary() if rows == "summary" else found.to_frame(), out)
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("reserve")(reserve)
