"""A city's folder from templates to a projection, and the people-driven projection written as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from actuary.errors import ActuaryError, DeclarationError, OutputError, Problem, raise_all
from actuary.files import csv_bytes
from actuary.fund.model.city_folder import FIGURES_FILE
from actuary.fund.model.face import load_model
from actuary.fund.model.init_city import UNFILLED, city_templates
from actuary.fund.model.needed import needed_problems
from actuary.fund.model.run import Run
from actuary.paths import data_root, given_folder, models_root
from actuary.policy import check_file
from actuary.workflow.manifest import write_manifest
from actuary.workflow.outputs import check_output, staged_output

__all__ = ["check_city", "init_city", "project_model_files"]


def init_city(city: str, out: Path | str | None = None, *, base_year: int = 2024) -> Path:
    """Write the folder of a new city, whole or not at all.

    Parameters
    ----------
    city : str
        Id of the city.
    out : Path, optional
        Folder to write, absent or empty; one named after the city in the current folder when left out.
    base_year : int
        Latest full year with figures.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DeclarationError
        When the id cannot be one.
    OutputError
        When the folder holds files or cannot be written.
    """
    files = city_templates(city, base_year=base_year)
    folder = check_output(Path(out) if out is not None else Path(city))
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(Problem(f"--out {folder}", "files", "a new or empty folder", "choose another with --out"))
    with staged_output(folder) as staging:
        for name, text in files.items():
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return folder


def check_city(folder: Path | str, *, models: Path | None = None) -> tuple[Problem, ...]:
    """Find what is still to fill in a city's folder, and what is wrong in it.

    Parameters
    ----------
    folder : Path
        Folder with ``city.toml``.
    models : Path, optional
        Declarations of the nation.

    Returns
    -------
    tuple of Problem
        None when the city can be projected.
    """
    folder = Path(folder)
    problems = [
        Problem(f"{path.relative_to(folder)} line {number}", UNFILLED, "the words of the place", "write them")
        for path in sorted((*folder.rglob("*.toml"), folder / "sources.md"))
        if path.is_file()
        # A file in another encoding is named where it is read.
        for number, line in enumerate(path.read_text("utf-8-sig", errors="replace").splitlines(), 1)
        if UNFILLED in line and not line.startswith("#")
    ]
    for path in sorted(folder.glob("assumptions/*.toml")) + sorted(folder.glob("model/finance.toml")):
        # Editors want a first line that names the schema; outside the repository there is none to name.
        problems += [one for one in check_file(path) if "#:schema" not in one.expected]
    try:
        model = load_model(folder, models=models)
    except ActuaryError as error:
        return (*problems, *error.problems)
    problems += needed_problems(model.needed, model.region)
    if model.base is not None and model.base.missing:
        problems += [
            Problem(
                f"{FIGURES_FILE}: {one.key}", "nothing", f"{one.what_en} ({one.what_zh})", "write it in figures.csv"
            )
            for one in model.base.missing
        ]
    if not problems:
        try:
            model.project(to=model.base_quarter.year + 2)
        except ActuaryError as error:
            problems += list(error.problems)
    return tuple(dict.fromkeys(problems))


def project_model_files(
    region: str | Path,
    out: Path | str,
    *,
    to: str = "2050Q4",
    scenarios: Sequence[str] = (),
    models: Path | str | None = None,
    data: Path | str | None = None,
    command: Sequence[str] = (),
) -> Run:
    """Project a place from its people and write the result, whole or not at all.

    Parameters
    ----------
    region : str or Path
        Region id, or the folder of a city.
    out : Path
        Folder that receives, each as CSV and Parquet, ``annual``, ``quarters``, ``members``, ``spending``, ``income``,
        ``calibration``, ``growth_causes``, ``valuation`` and ``milestones``, with several scenarios ``differences``;
        ``summary.csv``, ``summary.md`` and ``manifest.json``. Money in yuan, people in persons; the summary in 亿元
        and 万人.
    to : str
        Last quarter or year.
    scenarios : sequence of str
        Scenarios beside the base.
    models, data : Path, optional
        Folders.
    command : sequence of str
        The command that repeats the run, for the manifest.

    Returns
    -------
    Run
        What was written.

    Raises
    ------
    ActuaryError
        When inputs are missing or not valid, or the folder cannot be written.
    """
    target = check_output(Path(out))
    model = load_model(region, models=models, data=data)
    raise_all(needed_problems(model.needed, model.region), DeclarationError)
    run = model.project(to=to, scenarios=("base", *scenarios))
    tables = run_tables(run)
    with staged_output(target) as staging:
        for name, frame in tables.items():
            (staging / f"{name}.csv").write_bytes(csv_bytes(frame))
            frame.to_parquet(staging / f"{name}.parquet", index=False)
        summary = run.summary()
        (staging / "summary.csv").write_bytes(csv_bytes(summary))
        (staging / "summary.md").write_text(_summary_text(run, summary), encoding="utf-8")
        write_manifest(
            staging,
            command=list(command),
            run={
                "model": str(region),
                "to": str(run.projection.horizon),
                "scenarios": list(run.scenarios),
                "fingerprint": run.fingerprint,
                "synthetic": run.synthetic,
                "notes": list(run.notes),
            },
            roots={
                "models": model.models or models_root(),
                "data": given_folder(data, what="data") or data_root(),
            },
            seed=0,
        )
    return run


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return every table of a run by name.

    Examples
    --------
    >>> from actuary.fund.model.face import load_model
    >>> sorted(run_tables(load_model("national").project(to="2026Q4")))[:3]
    ['annual', 'calibration', 'growth_causes']
    """
    members = pd.concat({name: one.to_frame() for name, one in run.members.items()}, names=["scenario"])
    valuation = run.valuation()
    tables = {
        "annual": run.annual(),
        "quarters": run.to_frame(),
        "members": members.reset_index(level=0).reset_index(drop=True),
        "spending": run.projection.spending_frame(),
        "income": run.projection.income_frame(),
        "calibration": run.projection.calibration,
        "growth_causes": run.projection.growth_causes(),
        "milestones": run.milestones,
    }
    if len(valuation):
        tables["valuation"] = valuation
    if len(run.scenarios) > 1:
        tables["differences"] = run.differences()
    return tables


def _summary_text(run: Run, summary: pd.DataFrame) -> str:
    place = run.projection.place
    lines = [
        f"# {place.name_zh} {place.name_en}",
        "",
        f"人口驱动模型，{run.projection.base_quarter}至{run.projection.horizon}；情景：{'、'.join(run.scenarios)}。",
        f"People-driven model, {run.projection.base_quarter} to {run.projection.horizon}; "
        f"scenarios {', '.join(run.scenarios)}.",
        "",
        f"fingerprint {run.fingerprint}" + ("；含虚构数据 made-up data" if run.synthetic else ""),
        "",
        *(f"- {note}" for note in run.notes),
        "",
        _markdown(summary),
        "",
        _markdown(run.milestones),
    ]
    return "\n".join(lines) + "\n"


def _markdown(frame: pd.DataFrame) -> str:
    def cell(value: object) -> str:
        if value is None or value != value:  # noqa: PLR0124  (NaN)
            return ""
        return f"{value:,.2f}" if isinstance(value, float) else str(value)

    head = "| " + " | ".join(map(str, frame.columns)) + " |"
    rule = "|" + "---|" * len(frame.columns)
    rows = ["| " + " | ".join(cell(value) for value in row) + " |" for row in frame.itertuples(index=False)]
    return "\n".join([head, rule, *rows])
