"""`actuary forecast`: joint draws of the future of series in a file."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actuary.cli.console import Lang, Language, say, teaching
from actuary.errors import DeclarationError, Problem, raise_all

if TYPE_CHECKING:
    from actuary.forecast.result import Forecast

__all__ = ["register"]


#: Seconds before a run without a terminal says what it is doing: short ones stay silent.
_SILENT = 3.0


def _progress() -> Callable[[float, str], None]:
    """Return what shows phase, share and time left: in place on a terminal, elsewhere one line a phase."""
    begin = time.monotonic()
    watched = sys.stderr.isatty()
    told = ""

    def show(share: float, phase: str) -> None:
        nonlocal told
        spent = time.monotonic() - begin
        if watched:
            left = f"{spent * (1 - share) / share:,.0f} s left" if share > 0.02 else ""
            sys.stderr.write(f"\r\033[K{share:4.0%}  {phase}  {left}" if share < 1 else "\r\033[K")
        elif phase and phase != told and share < 1 and spent > _SILENT:
            told = phase
            sys.stderr.write(f"{spent:4.0f} s {share:4.0%}  {phase}\n")
        sys.stderr.flush()

    return show


def _contradictions(
    series: Path | None, *, horizon: int | None, out: Path | None, city: str | None, to: str | None
) -> list[Problem]:
    """Return what is missing or too much: a file and its horizon, or a region and its last quarter."""
    if series is None and city is None:
        return [Problem("forecast", "neither a file nor --city", "one of them", "actuary forecast --help")]
    if series is not None and city is not None:
        return [Problem("forecast", "a file and --city", "one of them", "leave one of them out")]
    needed = {"--out": out} | ({"--to": to} if city is not None else {"--horizon": horizon})
    extra = {"--horizon": horizon} if city is not None else {"--to": to}
    problems = [Problem(name, "nothing", "a value") for name, value in needed.items() if value is None]
    partner = "--city" if city is not None else "a file"
    return problems + [
        Problem(name, f"{value} beside {partner}", "nothing", "leave it out")
        for name, value in extra.items()
        if value is not None
    ]


def _record(found: Forecast, content: bytes, scores: Mapping[Any, Any] | None) -> bytes:
    """Return what stands beside the draws: how they came about, and the status of every series."""
    gate = None if found.gate is None else {"open": bool(found.gate.passed), "reasons": list(found.gate.reasons)}
    told = None if scores is None else {name: value for name, value in scores.items() if value == value}  # noqa: PLR0124
    record = {
        "model": found.model,
        "horizon": found.horizon,
        "draws": int(found.flat().sizes["draw"]),
        "seed": found.seed,
        "unit": found.unit,
        "fingerprint": found.fingerprint,
        "sha256": hashlib.sha256(content).hexdigest(),
        "gate": gate,
        "backtest": told,
        "notes": list(found.notes),
        "series": found.status().to_dict("records"),
    }
    return json.dumps(record, ensure_ascii=False, indent=1).encode() + b"\n"


@teaching
def forecast(  # noqa: PLR0913, PLR0917  (one argument an option)
    series: Annotated[
        Path | None, typer.Argument(help="CSV file in UTF-8: series_id, period (2019, 2019Q3 or 2019-07), value.")
    ] = None,
    horizon: Annotated[int | None, typer.Option(help="Periods ahead of each series' own end.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="CSV file to write: series_id, origin, period, sample_or_quantile, value; with --city a folder.",
        ),
    ] = None,
    city: Annotated[
        str | None, typer.Option("--city", "-c", help="Forecast the funds of this region instead of a file.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Last quarter of the funds' forecast, such as 2026Q4.")] = None,
    lang: Lang = Language.ZH,
    season: Annotated[int | None, typer.Option(help="Periods in a cycle; 1 for none.", show_default="a year")] = None,
    draws: Annotated[int, typer.Option(help="Joint futures.")] = 1000,
    seed: Annotated[int, typer.Option(help="Root seed.")] = 1,
    model: Annotated[
        str, typer.Option(help="pooled, theta, ets, naive; sampled: structural, fund_quarters.")
    ] = "pooled",
    threads: Annotated[int | None, typer.Option(help="Threads to use.", show_default="one a core")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the values, such as yuan.", show_default="not stated")] = "",
    products: Annotated[
        Path | None,
        typer.Option(help="TOML file of [[product]] tables (name, parts): volume times price, added as series."),
    ] = None,
    backtest: Annotated[
        int,
        typer.Option(help="Forecast again from so many earlier origins and tell the coverage.", show_default="none"),
    ] = 0,
    accept_shut_gate: Annotated[
        bool,
        typer.Option("--accept-shut-gate", help="Write the draws of a sampled model though its checks have failed."),
    ] = False,
) -> None:
    """Forecast series: joint draws, one sample number being one future of all of them.

    A series with fewer than 3 known values is left out and named, the others are forecast; status, seed, unit, model,
    fingerprint and gate also stand in OUT.json beside OUT. A file in which nothing can be forecast is refused.

    A sampled model that fails its checks writes nothing and ends with status 2; --accept-shut-gate writes it all the
    same. The forecast of a region's funds knows no such exception.
    """
    for_files = {"--accept-shut-gate": accept_shut_gate, "--unit": unit, "--products": products, "--backtest": backtest}
    refused = [
        Problem(name, "given beside --city", "nothing", "leave it out")
        for name, value in for_files.items()
        if value and city is not None
    ]
    raise_all(refused, DeclarationError)
    raise_all([Problem("--backtest", str(backtest), "0 or more")] if backtest < 0 else [], DeclarationError)
    raise_all(_contradictions(series, horizon=horizon, out=out, city=city, to=to), DeclarationError)
    if city is not None and to is not None and out is not None:
        from actuary.cli.forecast_fund import forecast_city  # noqa: PLC0415

        forecast_city(
            city,
            to=to,
            out=out,
            lang=lang.value,
            model=model,
            draws=draws,
            seed=seed,
            threads=threads,
            progress=_progress(),
        )
        return
    assert series is not None and horizon is not None and out is not None  # noqa: S101, PT018  said above
    from actuary.forecast.face import check_options, forecast_series  # noqa: PLC0415  (loads numpy and pandas)
    from actuary.forecast.panel import read_panel  # noqa: PLC0415
    from actuary.forecast.products import read_products  # noqa: PLC0415
    from actuary.workflow.outputs import replace_file  # noqa: PLC0415

    check_options(model=model, horizon=horizon, draws=draws, seed=seed, threads=threads)
    declared = () if products is None else read_products(products)
    panel = read_panel(series, season=season, unit=unit)
    progress = _progress()
    found = forecast_series(
        panel,
        horizon=horizon,
        draws=draws,
        seed=seed,
        model=model,
        threads=threads,
        progress=progress,
        products=declared,
    )
    progress(1.0, "")
    for line in (*found.describe(), *(f"note: {note}" for note in found.notes)):
        say(line)
    if found.gate is not None and not accept_shut_gate:
        found.gate.require()
    scores = None
    if backtest:
        scores = found.backtest(origins=backtest).summary().iloc[-1].to_dict()
        told = f"80 % intervals held {scores['cover80']:.0%}, of the sum over the horizon {scores['cum_cover80']:.0%}"
        say(f"back-test, {scores['series']} forecasts from earlier origins: {told}")
    content = found.csv_bytes()
    replace_file(out.with_name(f"{out.name}.json"), _record(found, content, scores))
    replace_file(out, content)
    typer.echo(str(out))


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("forecast")(forecast)
