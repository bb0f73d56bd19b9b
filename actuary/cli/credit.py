"""`actuary credit`: score providers by assessment and findings, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching

__all__ = ["register"]


@teaching
def credit(  # noqa: PLR0913, PLR0917  (one argument an option)
    assessment: Annotated[
        Path, typer.Argument(help="Assessments: hospital, score (0-100), spend_yuan, payable_yuan; .csv or .xlsx.")
    ],
    findings: Annotated[
        Path | None, typer.Option(help="Findings: hospital, kind, level; as `actuary anomalies` writes them.")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="Ledger of cases: what became of the findings.")] = None,
    region: Annotated[str | None, typer.Option(help="Region of the cases.")] = None,
    year: Annotated[int | None, typer.Option(help="Cases last seen in that year.", show_default="all")] = None,
    policy: Annotated[str | None, typer.Option(help="Payment policy whose deposit is settled on payable_yuan.")] = None,
    budget_yuan: Annotated[
        str | None, typer.Option(help="Budget of the next year, divided by spend_yuan and credit.")
    ] = None,
    hospital: Annotated[str | None, typer.Option(help="Print the calculation of one hospital.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to.")] = None,
    models: Models = None,
) -> None:
    """Score providers by a declared formula; the scores feed the deposit (actuary clear --scores) and the budget."""
    from actuary.errors import UnknownNameError, unknown_name  # noqa: PLC0415
    from actuary.workflow.credit import score_providers, write_credit  # noqa: PLC0415  (loads tables)

    run = score_providers(
        assessment,
        findings=findings,
        ledger=ledger,
        region=region,
        year=year,
        policy=policy,
        budget_yuan=budget_yuan,
        models=models,
    )
    if hospital is not None:
        chosen = {one.hospital: one for one in run.scores}
        if hospital not in chosen:
            raise UnknownNameError(unknown_name("--hospital", hospital, chosen, what="hospital of the assessment"))
        one = chosen[hospital]
        print_frame(one.to_frame(), title=f"{hospital}: {one.reason or f'{one.score} {one.grade}'}")
    else:
        print_frame(run.to_frame(), title="credit" + (" — synthetic 合成数据" if run.synthetic else ""))
    for note in run.notes:
        say(f"{note}.")
    if out is not None:
        write_credit(run, out)
        typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("credit")(credit)
