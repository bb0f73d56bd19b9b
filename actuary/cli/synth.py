"""`actuary synth`: write a synthetic city to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import Data, say, teaching
from actuary.cli.group import Progress

__all__ = ["register"]


@teaching
def synth(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder; it appears whole or not at all.")],
    city: Annotated[str, typer.Option(help="Region whose published figures shape it.")] = "shenyang",
    cases: Annotated[int, typer.Option(help="Stays in the year.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Root seed: the same seed gives the same city.")] = 1,
    shape: Annotated[Path | None, typer.Option(help="Another declared shape, like models/synth/shape.toml.")] = None,
    data: Data = None,
) -> None:
    """Write a synthetic city: cases, hospitals, and the truth about deliberate misbehaviour, kept apart."""
    from actuary.workflow import write_synthetic_city  # noqa: PLC0415  (loads the grouper)

    with Progress() as progress:
        written = write_synthetic_city(city, out, cases=cases, seed=seed, plan=shape, data=data, progress=progress)
    say(f"合成数据 · synthetic, not data of {city}: {written.cases:,} stays of {written.hospitals} hospitals")
    say("misbehaviour, truth in truth/: " + "; ".join(f"{kind} {n:,}" for kind, n in sorted(written.kinds.items())))
    typer.echo(str(written.folder))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("synth")(synth)
