"""`actuary audit`: draw claims for the second review, read what was found, extrapolate it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Models, print_frame, say, teaching
from actuary.cli.personal_options import reads_persons

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Audit claims by sample: draw the list, read the results, extrapolate.")

_PRINTED = 30


@app.command("sample")
@teaching
@reads_persons
def sample(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[Path, typer.Argument(help="Claims that passed the first review, .parquet or .csv.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder; it appears whole or not at all.")],
    seed: Annotated[int, typer.Option(min=0, help="Root seed; note it in the minutes.")] = 1,
    year: Annotated[int | None, typer.Option(help="Year of discharge.", show_default="every year")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Column that parts strata: insurance, department … (may be repeated).")
    ] = None,
    amount: Annotated[
        str | None, typer.Option(help="Column of the amounts.", show_default="that of models/alerts/audit.toml")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Payment policy with a table audit.", show_default="that of models/alerts/audit.toml"),
    ] = None,
    spend: Annotated[
        Path | None, typer.Option(help="Pooled spending of the year where it is more: hospital, spend_yuan.")
    ] = None,
    models: Models = None,
) -> None:
    """Draw the claims for the second review, and write the list that the reviewers fill in."""
    from actuary.workflow.audits import sample_claims  # noqa: PLC0415  (loads tables)

    drawn = sample_claims(
        cases, out, seed=seed, year=year, by=by or (), amount=amount, policy=policy, spend=spend, models=models
    )
    for reason, count in drawn.left_out.items():
        say(f"left out: {count:,} claims {reason}.")
    say(f"first review: {int(drawn.providers['first_review_claims'].sum()):,} claims by the rule.")
    say(("合成数据 · synthetic. " if drawn.synthetic else "") + drawn.summary() + ".")
    typer.echo(str(out))


@app.command("read")
@teaching
def read(
    results: Annotated[Path, typer.Argument(help="The list that the reviewers filled in, .xlsx or .csv.")],
    sampling: Annotated[Path, typer.Option("--sample", help="Folder that `actuary audit sample` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder to write to; printed only without.")] = None,
    models: Models = None,
) -> None:
    """Read the results, and extrapolate the errors to all claims with an interval, per provider and in all."""
    from actuary.alerts.ledger.export import with_yuan  # noqa: PLC0415
    from actuary.workflow.audits import read_audit  # noqa: PLC0415  (loads tables)

    found = read_audit(results, sampling, out=out, models=models)
    columns = ["hospital", "year", "claims", "reviewed_claims", "claims_with_error", "found_yuan", "estimate_yuan"]
    shown = found.providers.sort_values("estimate_fen", ascending=False, ignore_index=True).head(_PRINTED)
    print_frame(with_yuan(shown), title="providers, yuan", columns=[*columns, "low_yuan", "high_yuan"])
    if len(found.providers) > _PRINTED:
        say(f"{len(found.providers)} providers and years, {_PRINTED} of them shown: --out writes all.")
    if len(found.kinds):
        print_frame(with_yuan(found.kinds), title="found, by kind of error")
    typer.echo(("合成数据 · synthetic: " if found.synthetic else "") + found.summary())
    if out is not None:
        typer.echo(str(out))
