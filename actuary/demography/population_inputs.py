"""Read what a projection of people needs from five CSV files, with every problem of all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from actuary.demography.life_table import SEXES, life_table
from actuary.demography.population import PopulationInputs
from actuary.demography.population_checks import implausible, remarkable
from actuary.demography.population_files import FILES, SURVIVAL_FILE, Rows, list_spans, read_rows
from actuary.errors import Problem, TableError, raise_all

__all__ = ["read_population_inputs"]

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]

_BASE, _MORTALITY, _FERTILITY, _SRB, _MIGRATION = FILES
_STEPS = (1, 5)


def read_population_inputs(
    folder: Path | str,
    *,
    accept_implausible: bool = False,
    migration_timing: str = "standard",
    region: str = "",
    variant: str = "",
) -> PopulationInputs:
    """Read the inputs of a projection from a folder.

    Parameters
    ----------
    folder : path
        Holds ``base_population.csv`` (age, sex, population: persons on 1 January of the first year),
        ``mortality.csv`` (year, age, sex, mx), ``fertility.csv`` (year, age, asfr), ``srb.csv`` (year, srb) and
        ``migration.csv`` (year, age, sex, net_migrants: persons). The largest age of the base file is open. Ages are
        single years, or five-year groups named by their lower bounds (then `mx` has 0, 1, 5, 10 … and each year
        stands for the five that begin with it). A file ``survival.csv`` (year, age, sex, sx), where it is there, gives
        the survival ratios by age at the end of the step in place of those of the life tables.
    accept_implausible : bool
        Take figures that are possible but not plausible; what was found stands in the notes then.
    migration_timing : str
        See :class:`~actuary.demography.population.PopulationInputs`.
    region, variant : str
        Names for the result.

    Returns
    -------
    PopulationInputs
        With notes on everything that was not taken as it stands.

    Raises
    ------
    TableError
        With every problem of all files: a missing file, age or year, a cell that is no number, a negative rate, a
        sex that is not known, a row twice, years that differ between the files, and what is not plausible (a base
        in thousands beside migrants in persons, births per 1,000 women …).

    Examples
    --------
    >>> import tempfile
    >>> read_population_inputs(tempfile.mkdtemp())
    Traceback (most recent call last):
    actuary.errors.TableError: 5 problems:
      base_population.csv: found no such file; expected a file with age, sex, population
    ...
    """
    path = Path(folder)
    if not path.is_dir():
        raise TableError(Problem(str(folder), "no such folder", f"a folder with {', '.join(FILES)}"))
    tables: dict[str, Rows] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    optional = (SURVIVAL_FILE,) if (path / SURVIVAL_FILE).exists() else ()
    for name in (*FILES, *optional):
        rows, found, said = read_rows(path / name)
        problems += found
        notes += said
        if rows is not None and len(rows.lines):
            tables[name] = rows
    ages, found, said = _age_grid(tables.get(_BASE))
    problems += found
    notes += said
    arrays: dict[str, FloatArray] = {}
    years: IntArray | None = None
    oldest = 0
    if ages is not None:
        years, found = _year_grid(tables, step=int(ages[1] - ages[0]))
        problems += found
    if ages is not None and years is not None:
        filled = _fill_all(tables, years=years, ages=ages)
        arrays, oldest = filled.arrays, filled.oldest
        problems += filled.problems
        notes += filled.notes
    doubts = implausible(arrays, ages=ages, years=years) if ages is not None and years is not None else []
    raise_all([*problems, *(() if accept_implausible else doubts)], TableError)
    assert ages is not None  # noqa: S101 (without problems there are ages and years)
    assert years is not None  # noqa: S101
    return PopulationInputs(
        years=years,
        ages=ages,
        base=arrays["base"],
        mx=_open_at(arrays["mx"], ages, oldest=oldest),
        asfr=arrays["asfr"],
        srb=arrays["srb"],
        migration=arrays["migration"],
        survival=arrays.get("survival"),
        migration_timing=migration_timing,
        region=region,
        variant=variant,
        source=str(path),
        notes=(
            *notes,
            *remarkable(arrays["base"], arrays["asfr"], ages=ages, years=years),
            *(f"taken although not plausible: {doubt}" for doubt in doubts),
        ),
    )


class _Filled(NamedTuple):
    arrays: dict[str, FloatArray]
    oldest: int
    problems: list[Problem]
    notes: list[str]


def _age_grid(base: Rows | None) -> tuple[IntArray | None, list[Problem], list[str]]:
    """Return the lower bounds of the age groups, from those that the base population has."""
    if base is None:
        return None, [], []
    present = np.unique(base.keys["age"])
    notes: list[str] = []
    if 1 in present and set(present.tolist()) - {1} <= set(range(0, 151, 5)):
        notes.append(f"{_BASE}: the ages 0 and 1–4 are taken together as 0–4")
        present = present[present != 1]
    widths = np.diff(present)
    step = int(widths.min()) if len(widths) else 0
    if len(present) < 3 or step not in _STEPS:
        shown = list_spans(present.tolist())
        expected = "single years 0, 1, 2 … or five-year groups 0, 5, 10 …, the last one open"
        return None, [Problem(f"{_BASE}, age", shown, expected)], []
    ages = np.arange(0, int(present[-1]) + 1, step, dtype=np.int64)
    strange = sorted(set(present.tolist()) - set(ages.tolist()))
    if strange:
        found = f"{list_spans(strange)} beside groups of {step} years"
        return None, [Problem(f"{_BASE}, age", found, "age groups of one width")], []
    return ages, [], notes


def _year_grid(tables: Mapping[str, Rows], *, step: int) -> tuple[IntArray | None, list[Problem]]:
    """Return the years of the steps: all that some file has; a file that lacks some of them is named."""
    given = {name: set(rows.keys["year"].tolist()) for name, rows in tables.items() if "year" in rows.keys}
    if not given:
        return None, []
    together = set().union(*given.values())
    years = np.arange(min(together), max(together) + 1, step, dtype=np.int64)
    problems = []
    wanted = set(years.tolist())
    for name, own in given.items():
        between = sorted(own - wanted)
        if between:
            found = f"{list_spans(between)}"
            expected = f"one year every {step}: {years[0]}, {years[min(1, len(years) - 1)]} …"
            problems.append(Problem(f"{name}, year", found, expected))
        lacking = sorted(wanted - own)
        if lacking:
            # The file that has most of what is lacking says best what was meant.
            counts = {key: len(other & set(lacking)) for key, other in given.items()}
            most = max(counts, key=counts.__getitem__)
            origin = f", as in {most}" if counts[most] else ""
            found = f"no rows for {list_spans(lacking)}"
            expected = f"every year from {years[0]} to {years[-1]}{origin}"
            problems.append(Problem(f"{name}, year", found, expected, "give all files the same years"))
    return years, problems


def _fill_all(tables: Mapping[str, Rows], *, years: IntArray, ages: IntArray) -> _Filled:
    """Lay the rows of every file out by year, sex and age, and name what is missing."""
    step, top = int(ages[1] - ages[0]), int(ages[-1])
    arrays: dict[str, FloatArray] = {}
    problems: list[Problem] = []
    notes: list[str] = []
    oldest = top
    if _BASE in tables:
        rows = _joined(tables[_BASE], step=step)
        arrays["base"], found = _laid_out(rows, {"sex": np.arange(2), "age": ages})
        problems += found
    if _MORTALITY in tables:
        rows = tables[_MORTALITY]
        oldest = max(top, int(rows.keys["age"].max()))
        life_ages = np.arange(0, oldest + 1, step)
        if step == 5:
            life_ages = np.concatenate([[0, 1], life_ages[1:]])
        arrays["mx"], found = _laid_out(rows, {"year": years, "sex": np.arange(2), "age": life_ages})
        problems += found
        if oldest > top:
            notes.append(f"{_MORTALITY}: rates up to {oldest} are joined into the open age {top}+ of the base")
    if _FERTILITY in tables:
        arrays["asfr"], found, said = _fertility(tables[_FERTILITY], years=years, ages=ages)
        problems += found
        notes += said
    if _SRB in tables:
        arrays["srb"], found = _laid_out(tables[_SRB], {"year": years})
        problems += found
    if _MIGRATION in tables:
        rows = _joined(tables[_MIGRATION], step=step)
        above = rows.keys["age"] > top
        if above.any():
            notes.append(f"{_MIGRATION}: migrants above {top} are added to the open age {top}+ of the base")
            rows = Rows(
                rows.name, {**rows.keys, "age": np.minimum(rows.keys["age"], top)}, rows.values, rows.lines, rows.whole
            )
        arrays["migration"], found = _laid_out(rows, {"year": years, "sex": np.arange(2), "age": ages})
        problems += found
    if SURVIVAL_FILE in tables:
        grid = {"year": years, "sex": np.arange(2), "age": ages}
        arrays["survival"], found = _laid_out(tables[SURVIVAL_FILE], grid)
        problems += found
        notes.append(f"{SURVIVAL_FILE}: its survival ratios are used in place of those of the life tables")
        if (np.nan_to_num(arrays["survival"]) > 1.0).any():
            found_text = f"ratios up to {np.nanmax(arrays['survival']):g}"
            problems.append(
                Problem(f"{SURVIVAL_FILE}, sx", found_text, "shares of 0 to 1 that are alive after the step")
            )
    return _Filled(arrays, oldest, problems, notes)


def _joined(rows: Rows, *, step: int) -> Rows:
    """Take the ages 0 and 1–4 together where groups have five years."""
    if step == 1:
        return rows
    age = rows.keys["age"]
    return Rows(rows.name, {**rows.keys, "age": np.where(age == 1, 0, age)}, rows.values, rows.lines, rows.whole)


def _laid_out(rows: Rows, grid: Mapping[str, IntArray]) -> tuple[FloatArray, list[Problem]]:
    """Lay rows out on a grid of keys; figures of one cell add up; NaN where there is none."""
    places, inside = [], np.ones(len(rows.lines), dtype=bool)
    for key, wanted in grid.items():
        place = np.searchsorted(wanted, rows.keys[key]).clip(0, len(wanted) - 1)
        inside &= wanted[place] == rows.keys[key]
        places.append(place)
    shape = tuple(len(wanted) for wanted in grid.values())
    values, count = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    at = tuple(place[inside] for place in places)
    np.add.at(values, at, rows.values[inside])
    np.add.at(count, at, 1)
    values[count == 0] = np.nan
    problems = []
    if "age" in grid:
        strange = sorted(set(rows.keys["age"].tolist()) - set(grid["age"].tolist()))
        if strange:
            expected = f"{', '.join(str(age) for age in grid['age'][:4])} … {grid['age'][-1]}, as the base population"
            problems.append(Problem(f"{rows.name}, age", f"the ages {list_spans(strange)}", expected))
    return values, problems + _missing(rows, count, grid)


def _missing(rows: Rows, count: IntArray, grid: Mapping[str, IntArray]) -> list[Problem]:
    """Name the ages that lack rows, together for the years and sexes for which the same ages lack them."""
    if "age" not in grid or not rows.whole:
        return []
    names = list(grid)
    lacking = count == 0
    if "year" in grid:
        # Years without any row were named already.
        empty = lacking.reshape(len(grid["year"]), -1).all(axis=1)
        lacking = lacking & ~empty.reshape(-1, *[1] * (lacking.ndim - 1))
    groups: dict[tuple[tuple[int, ...], str], list[int]] = {}
    for index in np.argwhere(lacking.any(axis=-1)):
        where = dict(zip(names[:-1], (int(i) for i in index), strict=True))
        ages = tuple(int(age) for age in grid["age"][lacking[tuple(index)]])
        sex = SEXES[where["sex"]] if "sex" in where else ""
        groups.setdefault((ages, sex), []).append(int(grid["year"][where["year"]]) if "year" in where else 0)
    problems = []
    last = int(grid["age"][-1])
    for (ages, sex), at in groups.items():
        when = f" in {list_spans(at)}" if "year" in grid else ""
        who = f" of {sex}" if sex else ""
        word = "age" if len(ages) == 1 else "ages"
        expected = f"a row for every age from 0 to {last}"
        problems.append(Problem(f"{rows.name}, age", f"no row for {word} {list_spans(ages)}{who}{when}", expected))
    return problems


def _fertility(rows: Rows, *, years: IntArray, ages: IntArray) -> tuple[FloatArray, list[Problem], list[str]]:
    """Lay fertility out; ages below the first and above the last with a rate have none."""
    step, given = int(ages[1] - ages[0]), np.unique(rows.keys["age"])
    if step == 1 and len(given) > 1 and np.diff(given).min() == 5:
        found = f"the ages {', '.join(str(age) for age in given[:4])} …"
        mend = "give births per woman for every single year of age"
        return (
            np.full((len(years), len(ages)), np.nan),
            [Problem(f"{rows.name}, age", found, "single years, as in the base population", mend)],
            [],
        )
    span = ages[(ages >= given[0]) & (ages <= given[-1])]
    asfr = np.zeros((len(years), len(ages)))
    laid, problems = _laid_out(rows, {"year": years, "age": span})
    asfr[:, np.isin(ages, span)] = laid
    if len(span) == len(ages):
        return asfr, problems, []
    last = int(span[-1]) + step - 1
    return asfr, problems, [f"{rows.name}: no births are counted below {given[0]} and above {last}, ages without rows"]


def _open_at(mx: FloatArray, ages: IntArray, *, oldest: int) -> FloatArray:
    """Join the rates from the open age of the base on: deaths per person-year of the life table there."""
    top = int(ages[-1])
    if oldest == top:
        return mx
    step = int(ages[1] - ages[0])
    all_ages = np.arange(0, oldest + 1, step)
    if step == 5:
        all_ages = np.concatenate([[0, 1], all_ages[1:]])
    at = int(np.flatnonzero(all_ages == top)[0])
    joined = np.array(mx[:, :, : at + 1])
    for s, sex in enumerate(SEXES):
        table = life_table(mx[:, s], sex, ages=all_ages)
        joined[:, s, at] = table.lx[:, at] / table.Tx[:, at]
    return joined
