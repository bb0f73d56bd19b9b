"""The part of `actuary forecast` that forecasts the funds of a region from its published figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from actuary.cli.console import say

__all__ = ["forecast_city"]


def forecast_city(  # noqa: PLR0913  (one argument an option)
    city: str,
    *,
    to: str,
    out: Path,
    lang: str,
    model: str,
    draws: int,
    seed: int,
    threads: int | None,
    progress: Callable[[float, str], None] | None,
) -> None:
    """Write the forecast of a region's funds and print what it says.

    Parameters are those of :func:`actuary.workflow.write_fund_forecast`.
    """
    from actuary.workflow import write_fund_forecast  # noqa: PLC0415  (heavy: loads when the verb runs)

    written = write_fund_forecast(
        city,
        to=to,
        out=out,
        lang=lang,
        model=model,
        draws=draws,
        seed=seed,
        threads=threads,
        progress=progress,
    )
    found = written.forecast
    gate = "not sampled" if found.gate is None else "gate open" if found.gate.passed else "GATE SHUT"
    say(
        f"model {model}, unit {found.unit}, {draws:,} joint draws, seed {seed}, fingerprint {found.fingerprint}, {gate}"
    )
    by_year = found.by_year().to_dict("records")
    for scheme, fund in found.leading.items():
        for row in (row for row in by_year if row["fund"] == fund and row["variable"] == "payable_months"):
            span = f"{row['q10']:.1f} to {row['q90']:.1f}"
            say(f"{scheme}, end of {row['year']}: {row['q50']:.1f} months payable ({span} in 80 % of the draws)")
        last = found.crossings().query("fund == @fund and period == @found.to")
        for row in last.to_dict("records"):
            say(f"{scheme}, ever below {row['months']:g} months up to {found.to}: {row['ever']:.1%} ({row['level']})")
    for row in written.backtest.to_dict("records"):
        say(
            f"back-test {row['set']}: error {row['error']:.2f} of carrying on, coverage {row['cover80']:.0%},"
            f" {row['cases']} cases"
        )
    for path in written.files:
        typer.echo(str(path))
