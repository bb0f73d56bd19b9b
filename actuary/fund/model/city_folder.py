"""A city's own folder: its figures, people, rules and assumptions, laid over those of the nation."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from actuary.demography.life_table import SEXES
from actuary.demography.population import PopulationInputs
from actuary.demography.population_files import FILES, read_rows
from actuary.demography.population_inputs import read_population_inputs
from actuary.demography.population_sources import load_population
from actuary.errors import DeclarationError, Problem, TableError, raise_all, unknown_name
from actuary.files import decode_text, parse_toml, plain_decimal, read_bytes, read_delimited
from actuary.fund.figures import Figure, Figures, complete_figures
from actuary.fund.model.figure_checks import contradictions
from actuary.paths import models_root
from actuary.units import UNITS, base_unit, convert

__all__ = ["BORROW_FILE", "FIGURES_FILE", "CityFolder", "open_city_folder", "read_city_figures", "read_city_people"]

#: Figures of the funds by year-end, in a city's folder.
FIGURES_FILE = "figures.csv"
#: Says which tables of people are those of the nation.
BORROW_FILE = "borrow.toml"

_COLUMNS = ("year", "scheme", "indicator", "value", "unit", "source")
_MONEY = tuple(
    f"{fund}{name}" for fund in ("", "pooled_", "personal_") for name in ("income", "expenditure", "balance_end")
)
_KNOWN: Mapping[str, Mapping[str, str]] = {
    "employee": {"active": "persons", "retired": "persons", **dict.fromkeys(_MONEY, "yuan")},
    "resident": {"enrolled": "persons", **dict.fromkeys(("income", "expenditure", "balance_end"), "yuan")},
}
_NATIONAL_PARTS = ("region.toml", "sources.md", "policy", "assumptions", "model")
_SHARED = ("scenarios", "alerts", "reports", "schema")
_OTHER = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, eq=False)
class CityFolder:
    """Hold a city's folder laid over the declarations of the nation.

    Parameters
    ----------
    region : str
        Region id, from ``id`` of city.toml, or else the name of the folder.
    folder : Path
        Where the team keeps it.
    root : Path
        A root of models that holds the nation and this city; it lives as long as this object.
    figures : Figures
        Its year figures, completed by their identities [yuan, persons].
    """

    region: str
    folder: Path
    root: Path
    figures: Figures


def open_city_folder(folder: Path, *, models: Path | None = None) -> CityFolder:
    """Open a city's folder: read its figures, and lay its declarations over those of the nation.

    Parameters
    ----------
    folder : Path
        Folder with ``city.toml``, as ``actuary init`` writes it.
    models : Path, optional
        Declarations of the nation; those that come with the package when left out.

    Raises
    ------
    DeclarationError
        When the folder has no ``city.toml``.
    TableError
        With every problem of the figures.
    """
    folder = folder.expanduser().resolve()
    if not (folder / "city.toml").is_file():
        raise DeclarationError(
            Problem(str(folder), "no city.toml", "the folder of a city", f"write one with: actuary init {folder.name}")
        )
    region = _id_of(_declared_id(folder / "city.toml") or folder.name)
    figures = read_city_figures(folder / FIGURES_FILE)
    root, base = Path(tempfile.mkdtemp(prefix="actuary-")), models or models_root()
    for part in _NATIONAL_PARTS:
        _copy(base / "national" / part, root / "national" / part)
    for part in _SHARED:
        _copy(base / part, root / part)
    _copy(folder, root / "cities" / region)
    # A template with every line still a comment declares nothing.
    for blank in (root / "cities" / region / "policy").glob("*.toml"):
        if not any(line.strip() and not line.startswith("#") for line in _text_of(blank).splitlines()):
            blank.unlink()
    for own in sorted((folder / "scenarios").glob("*.toml")):
        _copy(own, root / "scenarios" / own.name)
    city = CityFolder(region, folder, root, figures)
    weakref.finalize(city, shutil.rmtree, root, ignore_errors=True)
    return city


def _declared_id(path: Path) -> str:
    """Return the id that the file gives the place, or nothing; what else is wrong in it is said where it is read."""
    try:
        given = parse_toml(_text_of(path)).get("id")
    except tomllib.TOMLDecodeError:
        return ""
    return given if isinstance(given, str) else ""


def _id_of(name: str) -> str:
    """Make an id of a folder's name: small letters, digits and underscores, beginning with a letter."""
    plain = _OTHER.sub("_", name.lower()).strip("_")
    return plain if plain[:1].isalpha() and plain != "national" else f"city_{plain}"


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def read_city_figures(path: Path) -> Figures:
    """Read the year figures that a team filled in; rows without a value are still to be filled and left out.

    Parameters
    ----------
    path : Path
        CSV with the columns year, scheme, indicator, value, unit, source.

    Returns
    -------
    Figures
        In yuan and persons, completed by their identities; empty where there is no such file.

    Raises
    ------
    TableError
        With every row that cannot be used.
    """
    if not path.is_file():
        return Figures()
    where = path.name
    table = read_delimited(read_bytes(path, where=where), where=where, comments=True)
    lacking = [name for name in _COLUMNS if name not in table.columns]
    if lacking:
        raise TableError(Problem(where, f"no column {', '.join(lacking)}", f"the columns {', '.join(_COLUMNS)}"))
    problems = table.problems(where)
    rows: dict[tuple[str, str, int], Figure] = {}
    for number, row in table.records():
        given = {name: row[name].strip() for name in _COLUMNS}
        if not given["value"]:
            continue
        place = f"{where} row {number} ({given['scheme']} {given['indicator']} {given['year']})"
        found = _row_problems(given, place=place)
        key = (given["scheme"], given["indicator"], int(given["year"]) if given["year"].isdecimal() else 0)
        if not found and key in rows:
            found = [Problem(place, "the same figure again", "every figure once")]
        problems += found
        if not found:
            rows[key] = Figure(convert(str(plain_decimal(given["value"])), given["unit"]))
    raise_all(problems, TableError)
    completed, differences = complete_figures(Figures(rows))
    raise_all(contradictions(differences, where=where), TableError)
    return completed


def _text_of(path: Path) -> str:
    """Return the text of a file; one that a spreadsheet saved in another encoding is named with its mend."""
    return decode_text(read_bytes(path, where=path.name), where=path.name)


def _row_problems(row: Mapping[str, str], *, place: str) -> list[Problem]:
    if row["scheme"] not in _KNOWN:
        return [unknown_name(place, row["scheme"], _KNOWN, what="scheme")]
    known = _KNOWN[row["scheme"]]
    if row["indicator"] not in known:
        return [unknown_name(place, row["indicator"], known, what=f"indicator of the {row['scheme']} scheme")]
    problems = []
    if not (row["year"].isdecimal() and len(row["year"]) == 4):
        problems.append(Problem(place, repr(row["year"]), "a year such as 2024"))
    quantity = known[row["indicator"]]
    fitting = [name for name, unit in UNITS.items() if base_unit(unit.name) == quantity]
    if row["unit"] not in fitting:
        problems.append(unknown_name(place, row["unit"], fitting, what="unit of such a figure"))
    value = plain_decimal(row["value"])
    if value is None:
        problems.append(Problem(place, repr(row["value"]), "a number"))
    elif value < 0 and not row["indicator"].endswith("balance_end"):
        problems.append(Problem(place, row["value"], "a number from 0 on"))
    if not row["source"]:
        problems.append(Problem(place, "no source", "who says so", "write the document in the column source"))
    return problems


def _has_rows(path: Path) -> bool:
    if not path.is_file():
        return False
    lines = [line for line in _text_of(path).splitlines() if line.strip()]
    return len(lines) > 1


def read_city_people(folder: Path, *, region: str = "", models: Path | None = None) -> PopulationInputs:
    """Read a city's tables of people; what its team chose to borrow comes from the nation, and is noted.

    Parameters
    ----------
    folder : Path
        Folder ``population`` of the city: the tables of
        :func:`~actuary.demography.population_inputs.read_population_inputs`, or ``base_population.csv`` alone with
        ``borrow.toml`` (first_year, rates, migration). Groups of ages in a borrowed projection are split as the
        nation's people of that sex are.
    region : str
        Name for the result.
    models : Path, optional
        Declarations.

    Raises
    ------
    TableError
        When tables are missing or not valid; every problem is listed.
    """
    borrowed = _borrow_declared(folder / BORROW_FILE)
    if not borrowed:
        lacking = [name for name in FILES if not _has_rows(folder / name)]
        raise_all(
            [
                Problem(f"population/{name}", "no rows", "figures of the place", f"fill it, or see {BORROW_FILE}")
                for name in lacking
            ],
            TableError,
        )
        return read_population_inputs(folder, region=region, variant="medium")
    if not _has_rows(folder / "base_population.csv"):
        raise TableError(Problem("population/base_population.csv", "no rows", "people by age and sex"))
    nation = load_population("national", first_year=int(str(borrowed["first_year"])), models=models)
    base = _split_like(nation, folder)
    migration = np.zeros_like(nation.migration)
    if borrowed.get("migration") == "national":
        migration = nation.migration * (base.sum() / nation.base.sum())
    return PopulationInputs(
        years=nation.years,
        ages=nation.ages,
        base=base,
        mx=nation.mx,
        asfr=nation.asfr,
        srb=nation.srb,
        migration=migration,
        region=region,
        variant="medium",
        source=f"own people; rates of the nation ({nation.source})",
        notes=(
            "death rates, births per woman and the sex ratio at birth are those of the nation, as "
            f"{BORROW_FILE} says; net migration is {borrowed.get('migration', 'none')}",
        ),
    )


def _borrow_declared(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        given = parse_toml(_text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise TableError(Problem(path.name, str(error), "a TOML file")) from None
    if not given:
        return {}
    keys = ("first_year", "rates", "migration")
    problems = [unknown_name(path.name, name, keys, what="key") for name in given if name not in keys]
    if not isinstance(given.get("first_year"), int):
        problems.append(Problem(f"{path.name}, first_year", repr(given.get("first_year")), "a year such as 2025"))
    if given.get("rates") != "national":
        problems.append(Problem(f"{path.name}, rates", repr(given.get("rates")), '"national"'))
    if given.get("migration", "none") not in ("none", "national"):
        problems.append(Problem(f"{path.name}, migration", repr(given.get("migration")), '"none" or "national"'))
    raise_all(problems, TableError)
    return given


def _split_like(nation: PopulationInputs, folder: Path) -> np.ndarray:
    """Lay given ages out by single age: a group has the make-up of the nation's people of that sex."""
    rows, problems, _ = read_rows(folder / "base_population.csv")
    raise_all(problems, TableError)
    if rows is None:
        raise TableError(Problem("base_population.csv", "no rows", "people by age and sex"))
    ages, sexes = np.asarray(rows.keys["age"]), np.asarray(rows.keys["sex"])
    base = np.zeros_like(nation.base)
    top = int(nation.ages[-1])
    for number, sex in enumerate(SEXES):
        own = np.flatnonzero(sexes == number)
        lower = np.sort(ages[own])
        if len(lower) < 2 or lower[0] != 0 or lower[-1] > top or len(np.unique(lower)) < len(lower):
            expected = f"ages from 0 to an open group of at most {top}"
            raise TableError(Problem(f"base_population.csv, {sex}", f"ages {lower[:1]} to {lower[-1:]}", expected))
        for age, value in zip(ages[own], rows.values[own], strict=True):
            after = lower[lower > age]
            upper = int(after[0]) if len(after) else top + 1
            group = nation.base[number, int(age) : upper]
            base[number, int(age) : upper] = value * group / group.sum()
    if base.sum() < 1000:
        raise TableError(
            Problem("base_population.csv", f"{base.sum():g} people in all", "persons, not thousands or 万人")
        )
    return base
