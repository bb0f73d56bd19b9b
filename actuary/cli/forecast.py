"""`actuary forecast`: joint draws of the future of series in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from actuary.cli.console import say, teaching

__all__ = ["register"]


def _progress() -> Callable[[float, str], None] | None:
    """Return what shows phase, share and time left on the terminal; None where nobody watches."""
    if not sys.stderr.isatty():
        return None
    begin = time.monotonic()

    def show(share: float, phase: str) -> None:
        spent = time.monotonic() - begin
        left = f"{spent * (1 - share) / share:,.0f} s left" if share > 0.02 else ""
        sys.stderr.write(f"\r\033[K{share:4.0%}  {phase}  {left}" if share < 1 else "\r\033[K")
        sys.stderr.flush()

    return show


@teaching
def forecast(
    series: Annotated[Path, typer.Argument(help="CSV file: series_id, period (2019, 2019Q3 or 2019-07), value.")],
    horizon: Annotated[int, typer.Option(help="Periods ahead of each series' own end.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="CSV file to write: series_id, origin, period, sample_or_quantile, value."),
    ],
    season: Annotated[int | None, typer.Option(help="Periods in a cycle; 1 for none.", show_default="a year")] = None,
    draws: Annotated[int, typer.Option(help="Joint futures.")] = 1000,
    seed: Annotated[int, typer.Option(help="Root seed.")] = 1,
    model: Annotated[str, typer.Option(help="pooled, theta, ets or naive.")] = "pooled",
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="one a core")] = None,
) -> None:
    """Forecast series: joint draws, one sample number being one future of all of them."""
    from actuary.forecast.face import check_options, forecast_series  # noqa: PLC0415  (loads numpy and pandas)
    from actuary.forecast.panel import read_panel  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    check_options(model=model, horizon=horizon, draws=draws, seed=seed, threads=threads)
    panel = read_panel(series, season=season)
    progress = _progress()
    found = forecast_series(
        panel, horizon=horizon, draws=draws, seed=seed, model=model, threads=threads, progress=progress
    )
    if progress is not None:
        progress(1.0, "")
    for note in found.notes:
        say(f"note: {note}")
    replace_file(out, found.csv_bytes())
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("forecast")(forecast)
