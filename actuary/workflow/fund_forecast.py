"""The joint forecast of a region's funds as a folder: tables, fan charts, and the evidence they rest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from actuary.errors import ActuaryError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.files import csv_bytes
from actuary.paths import data_root, given_folder, models_root
from actuary.workflow.manifest import write_manifest
from actuary.workflow.outputs import MANIFEST, check_output, staged_output
from actuary.workflow.quarterly import LANGUAGES

if TYPE_CHECKING:
    from actuary.forecast.fund_forecast import FundForecast
    from actuary.fund import FundProjection

__all__ = ["WrittenForecast", "compare_with_base", "write_fund_forecast"]

_TRY = {
    "error": "another model, or a longer history of one coverage",
    "cover": "a model with wider shocks, or declare the breaks of the history",
}


@dataclass(frozen=True, slots=True)
class WrittenForecast:
    """Say where a forecast lies.

    Parameters
    ----------
    forecast : FundForecast
        The forecast itself.
    backtest : DataFrame
        How the model has done on the region's series.
    base : DataFrame
        Ends of years beside the base of the projection; empty where the region is not projected.
    folder : Path
        Where it lies.
    files : tuple of Path
        Its files.
    """

    forecast: FundForecast
    backtest: pd.DataFrame
    base: pd.DataFrame
    folder: Path
    files: tuple[Path, ...]

    def _repr_html_(self) -> str:
        rows = "".join(f'<li><a href="{path.as_uri()}">{path.name}</a></li>' for path in self.files)
        return f"{self.forecast._repr_html_()}<ul>{rows}</ul>"


def compare_with_base(forecast: FundForecast, projection: FundProjection) -> pd.DataFrame:
    """Put the forecast of the ends of years beside the base of the projection.

    Parameters
    ----------
    forecast : FundForecast
        The forecast.
    projection : FundProjection
        The projection; its scenario ``base`` is compared.

    Returns
    -------
    DataFrame
        scheme, fund, year, variable, q10, q50, q90, base [yuan, months], place (share of draws below the base).
    """
    names = {"balance": "balance_end_yuan", "income": "income_yuan", "spending": "expenditure_yuan"}
    rows = []
    paths = projection.paths.sel(scenario="base")
    table = forecast.by_year().to_dict("records")
    for scheme, fund in forecast.leading.items():
        prefix = "pooled_" if fund.endswith("_pooled") else ""
        periods = forecast.funds[fund].periods
        for row in (row for row in table if row["fund"] == fund):
            year, variable = int(row["year"]), str(row["variable"])
            variable_name = "payable_months" if variable == "payable_months" else f"{prefix}{names[variable]}"
            quarters = [f"{year}Q{number}" for number in range(1, 5)]
            if not set(quarters) <= {str(label) for label in paths["quarter"].to_numpy()}:
                continue
            of_year = paths[variable_name].sel(scheme=scheme, quarter=quarters)
            is_flow = variable in {"income", "spending"}
            base = float(of_year.sum(skipna=False)) if is_flow else float(of_year[-1])
            inside = [number for number, label in enumerate(periods) if label.startswith(str(year))]
            draws = forecast.funds[fund].values(variable)[:, inside]
            drawn = draws.sum(axis=1) if is_flow else draws[:, -1]
            rows.append((scheme, fund, year, variable, row["q10"], row["q50"], row["q90"], base, (drawn < base).mean()))
    columns = ["scheme", "fund", "year", "variable", "q10", "q50", "q90", "base", "place"]
    return pd.DataFrame(rows, columns=columns).dropna(ignore_index=True)


def repeat_command(city: str, *, to: str, out: Path, lang: str, model: str, draws: int, seed: int) -> list[str]:
    """Return the command that makes the same forecast again, beside the folder it is in."""
    asked = {"city": city, "to": to, "model": model, "lang": lang, "draws": draws, "seed": seed, "out": out.name}
    return ["actuary", "forecast", *(word for name, value in asked.items() for word in (f"--{name}", str(value)))]


def write_fund_forecast(  # noqa: PLR0913  (one argument an option)
    city: str = "national",
    *,
    to: str,
    out: Path | str,
    lang: str = "zh",
    model: str = "pooled",
    draws: int = 2000,
    seed: int = 1,
    basis: str = "base",
    models: Path | str | None = None,
    data: Path | str | None = None,
    threads: int | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> WrittenForecast:
    """Forecast the funds of a region and write tables and fan charts.

    The folder appears whole or not at all. It holds `summary`, `by_year`, `deficits`, `levels`, `shortfalls`, `base`
    and `backtest` as CSV, every draw as `draws.parquet`, and fan charts of months payable, income and spending as SVG
    and PNG.

    Parameters
    ----------
    city : str
        Region id.
    to : str
        Last quarter, such as ``2026Q4``.
    out : path
        Folder to write.
    lang : str
        ``zh`` or ``en``, of the figures.
    model : str
        Name of the model of the series.
    draws, seed : int
        Joint futures, and root seed.
    basis : str
        Assumption basis of the projection beside the forecast.
    models, data : path, optional
        Folders; those of the package when left out.
    threads : int, optional
        Threads to use.
    progress : callable, optional
        Called with the share that is done and the phase.

    Raises
    ------
    UnknownNameError, PeriodError
        When region, model or quarter are not what they should be.
    ActuaryError
        When the figures are too few, or the model fails its back-test or its checks: the reasons, and what to try.
    OutputError
        When the folder cannot be written.
    """
    from actuary.forecast.fund_backtest import backtest_funds, judge  # noqa: PLC0415  (loads the numerical libraries)
    from actuary.forecast.fund_forecast import forecast_fund  # noqa: PLC0415
    from actuary.forecast.fund_spec import load_fund_spec  # noqa: PLC0415
    from actuary.forecast.probabilities import watched_levels  # noqa: PLC0415
    from actuary.report.forecast_figures import flows_chart, months_chart  # noqa: PLC0415
    from actuary.report.paths_view import BASE, PathsView  # noqa: PLC0415
    from actuary.report.wording import load_wording  # noqa: PLC0415
    from actuary.workflow.regions import project_city  # noqa: PLC0415

    if lang not in LANGUAGES:
        raise UnknownNameError(unknown_name("--lang", lang, LANGUAGES, what="language"))
    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    folder = check_output(Path(out))
    tell = progress or (lambda _share, _phase: None)
    spec = load_fund_spec(models=models)
    found = forecast_fund(
        city,
        to=to,
        draws=draws,
        seed=seed,
        model=model,
        spec=spec,
        models=models,
        data=data,
        threads=threads,
        progress=lambda share, phase: tell(0.6 * share, phase),
    )
    # A sampler that has not converged is a reason to stop before its back-test is drawn.
    if found.gate is not None:
        found.gate.require()
    backtest = backtest_funds(
        (city,),
        spec=spec,
        model=model,
        seed=seed,
        data=data,
        threads=threads,
        progress=lambda share, phase: tell(0.6 + 0.3 * share, phase),
    )
    verdict = judge(backtest, city, spec.gate)
    problems = [
        Problem(f"{name or model}, {code}", f"{value:.2f}", f"{limit:g}", _TRY[code])
        for code, name, value, limit in verdict.reasons
        if code in _TRY
    ]
    raise_all(problems, ActuaryError)
    tell(0.9, "write")
    projection = project_city(city, None, basis=basis, scenarios="base", models=models, data=data)
    base = compare_with_base(found, projection)
    view = PathsView(projection.paths, projection.quarter)
    last = int(found.to[:4])
    with staged_output(folder) as staging:
        for name, table in (
            ("summary", found.summary()),
            ("by_year", found.by_year()),
            ("deficits", found.deficits()),
            ("levels", found.crossings()),
            ("shortfalls", found.shortfalls()),
            ("base", base),
            ("backtest", backtest),
        ):
            (staging / f"{name}.csv").write_bytes(csv_bytes(table, mark=False))
        found.to_frame().to_parquet(staging / "draws.parquet", index=False)
        for scheme in found.leading:
            months = [
                {
                    year: value
                    for year in view.years(("payable_months",), scheme, projected=ahead)
                    if year <= last and (value := view.year("payable_months", scheme, year, scenario=BASE)) is not None
                }
                for ahead in (False, True)
            ]
            levels = watched_levels(scheme, models=models)
            charts = {
                "months": months_chart(found, scheme, lang=lang, history=months[0], base=months[1], levels=levels),
                "flows": flows_chart(found, scheme, lang=lang),
            }
            for name, chart in charts.items():
                alt = load_wording(lang).text(f"figures.forecast_{name}_alt", fund=f"{city}, {scheme}")
                (staging / f"{name}_{scheme}.svg").write_text(chart.svg(alt), encoding="utf-8")
                (staging / f"{name}_{scheme}.png").write_bytes(chart.png())
        command = repeat_command(city, to=to, out=Path(out), lang=lang, model=model, draws=draws, seed=seed)
        run: dict[str, object] = {
            "city": city,
            "to": found.to,
            "model": model,
            "basis": basis,
            "fingerprint": found.fingerprint,
        }
        run |= {"data_fingerprint": found.data_fingerprint, "synthetic": found.synthetic}
        roots = {"models": (models or models_root()).resolve(), "data": (data or data_root()).resolve()}
        write_manifest(staging, command=command, run=run, roots=roots, seed=seed)
        names = sorted(path.name for path in staging.iterdir())
    tell(1.0, "")
    files = tuple(folder / name for name in sorted(names, key=lambda name: (name == MANIFEST, name)))
    return WrittenForecast(found, backtest, base, folder, files)
