"""`actuary weights`: compute the weights of groups from cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actuary.cli.console import Models, say, teaching, write_table
from actuary.cli.in_parts import Engine, Restart, Scheduler, chosen_engine, in_parts, showing_progress
from actuary.cli.personal_options import reads_persons

if TYPE_CHECKING:
    from actuary.payment.coefficients import CoefficientSet
    from actuary.payment.scheme_quality import SchemeQuality
    from actuary.payment.weight_set import WeightSet

__all__ = ["register"]


@teaching
@reads_persons
def weights(  # noqa: PLR0913, PLR0917  (one argument an option)
    cases: Annotated[
        Path,
        typer.Argument(
            help="Cases, .parquet or .csv: case_id, hospital, insurance, drg, total_cost; or a folder of Parquet files."
        ),
    ],
    policy: Annotated[str, typer.Option("--policy", "-p", help="Payment policy: a name or a .toml file.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Weight table to write: group, rw, mark, mean_cost.")],
    hospitals: Annotated[Path | None, typer.Option(help="List of hospitals: hospital, tier.")] = None,
    earlier: Annotated[
        Path | None,
        typer.Option(help="Weight table in force before (smoothing, freezing).", show_default="that of the policy"),
    ] = None,
    quality: Annotated[Path | None, typer.Option(help="Also write cases, means, CV and reasons by group.")] = None,
    coefficients: Annotated[Path | None, typer.Option(help="Also write coefficients computed from the cases.")] = None,
    form: Annotated[
        str | None,
        typer.Option(help="tier, hospital, group_tier or group_hospital.", show_default="that of the policy"),
    ] = None,
    engine: Engine = None,
    scheduler: Scheduler = None,
    restart: Restart = False,
    models: Models = None,
) -> None:
    """Compute weights of groups from cases, trimmed, judged and rounded as a payment policy declares."""
    from actuary.payment.declared_rules import coefficient_rule  # noqa: PLC0415  (loads numpy and the tables)
    from actuary.payment.indicator_limits import load_indicator_limits  # noqa: PLC0415
    from actuary.payment.policy_files import load_payment_policy  # noqa: PLC0415
    from actuary.payment.weight_files import read_earlier_weights  # noqa: PLC0415

    runner = chosen_engine(engine, scheduler)
    loaded = load_payment_policy(policy, root=models, partial_ok=True)
    before = None if earlier is None else read_earlier_weights(earlier, loaded)
    rule = coefficient_rule(loaded, form=form) if coefficients is not None else None
    limit = load_indicator_limits().cv_under.exact

    def write(found: WeightSet, measured: SchemeQuality, factors: CoefficientSet | None) -> None:
        _write(found, measured, factors, out=out, quality=quality, coefficients=coefficients)

    if in_parts(cases, engine):
        from actuary.workflow.bulk.weigh import weigh_dataset  # noqa: PLC0415

        with showing_progress() as progress:
            weigh_dataset(
                cases,
                out,
                loaded,
                hospitals=hospitals,
                earlier=before,
                coefficients=rule,
                cv_limit=limit,
                write=lambda found: write(found.weights, found.scheme, found.coefficients),
                engine=runner,
                restart=restart,
                progress=progress,
            )
        return
    from actuary.payment.weights_of_cases import weigh_cases  # noqa: PLC0415

    weighed = weigh_cases(cases, loaded, hospitals=hospitals, earlier=before)
    # Everything that can fail has to come before the first file is written.
    write(weighed.weights, weighed.quality(cv_limit=limit), None if rule is None else weighed.coefficients(rule))


def _write(
    found: WeightSet,
    measured: SchemeQuality,
    factors: CoefficientSet | None,
    *,
    out: Path,
    quality: Path | None,
    coefficients: Path | None,
) -> None:
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    say(found.summary())
    say(measured.summary())
    reasons: dict[str, int] = {}
    for weight in found.without_weight:
        reasons[weight.reason("en")] = reasons.get(weight.reason("en"), 0) + 1
    for reason, groups in reasons.items():
        say(f"{groups:,} groups without a weight: {reason}")
    replace_file(out, found.table_bytes())
    typer.echo(str(out))
    if quality is not None:
        write_table(found.to_frame(), quality)
        typer.echo(str(quality))
    if factors is not None and coefficients is not None:
        say(factors.summary())
        replace_file(coefficients, factors.table_bytes())
        typer.echo(str(coefficients))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("weights")(weights)
