"""The Python face of the people-driven model: load a place, look at what it lacks, project it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from actuary.demography.membership import Membership, project_membership
from actuary.demography.membership_anchors import MembershipAnchors
from actuary.demography.membership_rules import MembershipRules, load_membership_rules
from actuary.demography.population import PopulationInputs, PopulationProjection, project_population
from actuary.demography.population_inputs import read_population_inputs
from actuary.demography.population_sources import load_population
from actuary.demography.scenario_people import change_people
from actuary.errors import DeclarationError, PeriodError, Problem, TableError, UnknownNameError, raise_all, unknown_name
from actuary.fund.figures import Figures, complete_figures
from actuary.fund.missing import MissingInput, find_missing_figures, find_valuation_year
from actuary.fund.model.base_year import MODEL_SCHEMES, BaseYear, read_base_year
from actuary.fund.model.city_folder import (
    BORROW_FILE,
    CityFolder,
    open_city_folder,
    read_city_figures,
    read_city_people,
)
from actuary.fund.model.figure_checks import implausible_figures
from actuary.fund.model.levers import Levers
from actuary.fund.model.needed import NeededInput, needed_figure, needed_frame, needed_problems
from actuary.fund.model.projection import acting_keys, project_model
from actuary.fund.sources import load_region_facts
from actuary.paths import given_folder
from actuary.periods import Quarter
from actuary.policy import (
    AssumptionBasis,
    PolicyBook,
    Region,
    Resolved,
    list_regions,
    list_scenarios,
    load_basis,
    load_finance_model,
    load_policy_book,
    load_region,
    load_scenario,
    resolve,
)
from actuary.policy.regions import region_folder
from actuary.policy.scenarios import apply_deltas

if TYPE_CHECKING:
    from actuary.fund.model.run import Run
    from actuary.fund.model.sensitivity import Sensitivity

__all__ = ["PEOPLE_BASIS", "Model", "last_quarter_of", "load_model"]

#: Assumption basis of the people-driven model.
PEOPLE_BASIS = "people"
_LAST_YEAR = 2100
_STRESS = "Stress: "
_GROUPS = {
    "contributing": ("employee", "active"),
    "retired": ("employee", "retired"),
    "resident": ("resident", "enrolled"),
}


def last_quarter_of(to: str | int | Quarter) -> Quarter:
    """Return the last quarter that is wanted: of a quarter itself, of a year its fourth.

    Examples
    --------
    >>> str(last_quarter_of("2050")), str(last_quarter_of("2050Q2"))
    ('2050Q4', '2050Q2')
    """
    if isinstance(to, Quarter):
        return to
    text = str(to).strip()
    return Quarter(int(text), 4) if text.isdecimal() and len(text) == 4 else Quarter.parse(text, where="--to")


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """Hold a place whose funds can be projected from its people, or what it still lacks for that.

    Parameters
    ----------
    region : str
        Region id.
    place : Region
        What is declared of the region itself.
    base : BaseYear or None
        Figures of the base year; None where no year has any.
    population : PopulationInputs or None
        People and their rates; None where nobody has given them.
    anchors : MembershipAnchors or None
        Published members of the base year.
    needed : tuple of NeededInput
        What must be given before the funds can be projected, and how; empty when all is there.
    basis_name : str
        Assumption basis.
    models, data : Path or None
        Folders of declarations and of figures.
    notes : tuple of str
        What was borrowed or derived.
    """

    region: str
    place: Region
    base: BaseYear | None
    population: PopulationInputs | None
    anchors: MembershipAnchors | None
    needed: tuple[NeededInput, ...]
    basis_name: str = PEOPLE_BASIS
    models: Path | None = None
    data: Path | None = None
    notes: tuple[str, ...] = ()
    _folder: CityFolder | None = field(default=None, repr=False)
    _cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def missing(self) -> pd.DataFrame:
        """Inputs that must be given: key, scheme, what and how, in Chinese and English; empty when all is there."""
        return needed_frame(self.needed)

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names of the declared scenarios that change something in this model, the base first."""
        if "scenarios" not in self._cache:
            self._cache["scenarios"] = tuple(name for name in list_scenarios(self.models) if self._acts(name))
        names: tuple[str, ...] = self._cache["scenarios"]
        return names

    def _acts(self, scenario: str) -> bool:
        try:
            resolved = self._policy_under(scenario)[1]
        except (DeclarationError, UnknownNameError):
            # What is wrong with it is said when it is asked for.
            return True
        return not resolved.deltas or bool(acting_keys(resolved))

    @property
    def assumptions(self) -> AssumptionBasis:
        """The assumptions, with sources and reasons."""
        return load_basis(self.region, self.basis_name, root=self.models)

    @property
    def rules(self) -> PolicyBook:
        """The dated rules in force."""
        return load_policy_book(self.region, root=self.models)

    @property
    def base_quarter(self) -> Quarter:
        """End of the base year.

        Raises
        ------
        DeclarationError
            When there is no base year, with what is missing.
        """
        if self.base is not None:
            return Quarter(self.base.year, 4)
        if self.anchors is not None:
            return Quarter(self.anchors.year, 4)
        raise DeclarationError(needed_problems(self.needed, self.region))

    def scenario_name(self, name: str) -> str:
        """Return the declared name of a scenario; a hyphen stands for an underscore.

        Raises
        ------
        UnknownNameError
            When there is none; the message names the nearest one.
        """
        known = list_scenarios(self.models)
        for candidate in (name, name.replace("-", "_")):
            if candidate in known:
                return candidate
        wanted = name.replace("-", "_")
        declare = f"declare it: models/scenarios/{wanted}.toml"
        raise UnknownNameError(unknown_name("scenario", wanted, self.scenarios, what="scenario", declare=declare))

    def project(
        self,
        *,
        to: str | int | Quarter = "2050Q4",
        scenario: str | None = None,
        scenarios: Sequence[str] | None = None,
        levers: Levers | None = None,
        population: PopulationProjection | None = None,
    ) -> Run:
        """Project members, income, spending and balances.

        Parameters
        ----------
        to : str, int or Quarter
            Last quarter, or a year whose fourth quarter is the last.
        scenario : str, optional
            One scenario alone; the base when left out. A hyphen stands for an underscore.
        scenarios : sequence of str, optional
            Several, side by side; the first is shown first.
        levers : Levers, optional
            What modules change.
        population : PopulationProjection, optional
            Other people, under every scenario that does not change them itself.

        Returns
        -------
        Run
            Paths by quarter, years, milestones, and comparisons.

        Raises
        ------
        DeclarationError
            When inputs are missing, with every one and how to give it; or when a rule does not reach the last quarter.
        UnknownNameError
            When a scenario is not declared, or touches a key that does not exist.
        PeriodError
            When the last quarter is not after the base year or beyond the people.

        Examples
        --------
        >>> run = load_model("national").project(to="2035Q4", scenario="delayed-retirement")
        >>> run.scenarios
        ('delayed_retirement',)
        """
        from actuary.fund.model.run import Run  # noqa: PLC0415 (it reads this module)

        if scenario is not None and scenarios is not None:
            raise UnknownNameError(Problem("scenario, scenarios", "both", "one of them"))
        raise_all(needed_problems(self.needed, self.region), DeclarationError)
        given = [scenarios] if isinstance(scenarios, str) else list(scenarios or [scenario or "base"])
        names = tuple(dict.fromkeys(self.scenario_name(name) for name in given))
        last = last_quarter_of(to)
        members = self.project_members(to=last, scenarios=names, population=population)
        projection = project_model(
            self.region,
            to=last,
            scenarios=names,
            basis=self.basis_name,
            members=members,
            base=self.base,
            levers=levers,
            models=self.models,
            data=self.data,
        )
        return Run(self, projection, members)

    def project_members(
        self,
        *,
        to: str | int | Quarter = "2050Q4",
        scenarios: Sequence[str] = ("base",),
        population: PopulationProjection | None = None,
    ) -> Mapping[str, Membership]:
        """Project the members alone: it needs published totals and people, no figure of the funds.

        Parameters
        ----------
        to, scenarios, population
            As :meth:`project`.

        Returns
        -------
        mapping
            ``scenario -> Membership``.

        Raises
        ------
        DeclarationError
            When people or totals are missing.
        """
        if (population is None and self.population is None) or self.anchors is None:
            wanted = [one for one in self.needed if one.key.startswith(("population", "members"))]
            raise DeclarationError(needed_problems(wanted or self.needed, self.region))
        last, start = last_quarter_of(to), self.base_quarter
        if last <= start:
            raise PeriodError(Problem("--to", str(last), f"a quarter after {start}, the end of the base year"))
        found: dict[str, Membership] = {}
        by_content: dict[Any, Membership] = {}
        for given in scenarios:
            name = self.scenario_name(given)
            people = self.people_under(name, population=population)
            if last.year > int(people.inputs.end_years[-1]):
                raise PeriodError(
                    Problem("--to", str(last), f"a quarter to {int(people.inputs.end_years[-1])}Q4, where people end")
                )
            rules = self.membership_rules(name)
            key = (people.fingerprint, rules.fingerprint, str(last))
            if key not in by_content:
                if key not in self._cache:
                    self._cache[key] = project_membership(people, rules, quarters=[start, last])
                by_content[key] = self._cache[key]
            found[name] = by_content[key]
        return found

    def sensitivity(self, *, at: Quarter | str = "2035Q4") -> Sensitivity:
        """Move each declared assumption within its range; see :func:`actuary.fund.model.sensitivity.run_sensitivity`.

        Parameters
        ----------
        at : Quarter or str
            When the outcome is read.
        """
        from actuary.fund.model.sensitivity import run_sensitivity  # noqa: PLC0415 (it reads this module)

        return run_sensitivity(self, at=at)

    @property
    def stress_tests(self) -> tuple[str, ...]:
        """Names of the scenarios that call themselves stress tests."""
        chosen = {name: load_scenario(name, root=self.models) for name in self.scenarios}
        return tuple(name for name, one in chosen.items() if one.name_en.startswith(_STRESS))

    def people_under(self, scenario: str, *, population: PopulationProjection | None = None) -> PopulationProjection:
        """Return the people of a scenario: those of the base unless it changes them itself."""
        inputs = population.inputs if population is not None else self.population
        if inputs is None:
            raise DeclarationError(needed_problems(self.needed, self.region))
        changed = change_people(inputs, load_scenario(scenario, root=self.models))
        if changed is inputs and population is not None:
            return population
        key = ("people", changed.fingerprint)
        if key not in self._cache:
            self._cache[key] = project_population(changed)
        projected: PopulationProjection = self._cache[key]
        return projected

    def membership_rules(self, scenario: str = "base") -> MembershipRules:
        """Return the rules of membership under a scenario, scaled to the totals of the base year."""
        policy, chosen = self._policy_under(scenario)
        return load_membership_rules(
            self.region, policy=policy, anchors=self.anchors, scenario=chosen.scenario, root=self.models
        )

    def _policy_under(self, scenario: str) -> tuple[PolicyBook, Resolved]:
        # Members need no assumption of the funds: a place without a basis of its own uses the nation's word for them.
        bases = self.place.bases
        owner = self.region if self.basis_name in bases else "national"
        chosen = resolve(owner, basis=self.basis_name, scenario=scenario, root=self.models)
        if owner == self.region:
            return chosen.policy, chosen
        book, problems = apply_deltas(load_policy_book(self.region, root=self.models), chosen.scenario)
        raise_all(problems, DeclarationError)
        return book, chosen

    def __repr__(self) -> str:
        state = f"{len(self.needed)} inputs missing" if self.needed else f"figures to {self.base_quarter}"
        return f"<Model of {self.region}: {state}>"

    def _repr_html_(self) -> str:
        head = f"<p><b>{html.escape(self.place.name_zh)} {html.escape(self.place.name_en)}</b>: "
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        foot = f"<ul>{notes}</ul>" if notes else ""
        if self.needed:
            table = self.missing[["scheme", "what_zh", "what_en", "how_zh", "how_en"]].to_html(index=False)
            return f"{head}{len(self.needed)} inputs to be given before the funds can be projected</p>{table}{foot}"
        scenarios = ", ".join(self.scenarios)
        return f"{head}figures to {self.base_quarter}, scenarios {html.escape(scenarios)}</p>{foot}"


def load_model(
    region: str | Path = "national",
    *,
    figures: Path | str | Figures | None = None,
    population: Path | str | PopulationInputs | None = None,
    models: Path | str | None = None,
    data: Path | str | None = None,
) -> Model:
    """Load the people-driven model of a place: a declared region, or the folder of a city that a team keeps.

    Parameters
    ----------
    region : str or Path
        Region id such as ``national`` or ``shenyang``, or the path of a folder that ``actuary init`` wrote.
    figures : path or Figures, optional
        Year figures beside the published ones, laid out as ``figures.csv`` of a city's folder; they go before them.
    population : path or PopulationInputs, optional
        Folder of tables of people, or the inputs themselves.
    models, data : path, optional
        Folders; those of the package when left out.

    Returns
    -------
    Model
        A place with gaps loads too: `missing` lists what must be given, and how.

    Raises
    ------
    UnknownNameError
        When there is no such region; the message names the nearest one.
    DeclarationError, TableError
        When a file is not valid.

    Examples
    --------
    >>> load_model("national").missing.empty
    True
    >>> sorted(load_model("shenyang").missing["scheme"].unique())
    ['all', 'employee', 'resident']
    """
    models, data = given_folder(models, what="models"), given_folder(data, what="data")
    known = list_regions(models)
    name = str(region)
    city: CityFolder | None = None
    own = Figures()
    borrowed = ""
    if name in known and _is_own_folder(name, models=models):
        city = open_city_folder(Path(name), models=models)
        borrowed = f"the folder {name} here is taken, not the declared region / 取当前目录下的文件夹{name}"
    elif name not in known and ("/" in name or isinstance(region, Path) or Path(name).expanduser().is_dir()):
        city = open_city_folder(Path(name), models=models)
    elif name not in known:
        raise UnknownNameError(unknown_name("--model", name, known, what="region, or folder of a city"))
    if city is None and (figures is not None or population is not None) and name != "national":
        city = open_city_folder(region_folder(name, root=models), models=models)
    if figures is not None:
        own = figures if isinstance(figures, Figures) else read_city_figures(Path(figures))
    root = city.root if city is not None else models
    identity = city.region if city is not None else name
    said: tuple[str, ...] = (borrowed,) if borrowed else ()
    if city is not None:
        said += tuple(note for note in (_borrow_basis(root, identity),) if note)
        own = Figures({**city.figures.rows(), **own.rows()})
    raise_all(implausible_figures(own, data=data), TableError)
    place = load_region(identity, root=root)
    return _assemble(identity, place, own, population, city=city, models=root, data=data, said=said)


def _is_own_folder(name: str, *, models: Path | None) -> bool:
    """Say whether a folder of a declared region's name lies here, filled by a team: it goes before the declared one."""
    here = Path(name)
    return (here / "city.toml").is_file() and here.resolve() != region_folder(name, root=models).resolve()


def _borrow_basis(root: Path | None, region: str) -> str:
    """Lay the nation's assumptions under a city whose folder has none of its own."""
    assert root is not None  # noqa: S101 (an opened folder has a root)
    folder = root / "cities" / region / "assumptions"
    if (folder / f"{PEOPLE_BASIS}.toml").is_file():
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    text = f'name_zh = "沿用全国假设"\nname_en = "As the nation"\nextends = "national:{PEOPLE_BASIS}"\n'
    (folder / f"{PEOPLE_BASIS}.toml").write_text(text + _SEASON, encoding="utf-8")
    return "assumptions are those of the nation / 假设沿用全国"


_SEASON = """
[seasonal.source_region]
name = "季节分布取自"
name_en = "Whose seasons are used"
unit = "name"
choices = ["own", "national"]

[[seasonal.source_region.values]]
from = 2014-01-01
value = "national"
source = "judgement"
reason = "没有本地的分月数"
reason_en = "No figures by month of its own"
"""


def _assemble(
    region: str,
    place: Region,
    own: Figures,
    given_people: Path | str | PopulationInputs | None,
    *,
    city: CityFolder | None,
    models: Path | None,
    data: Path | None,
    said: tuple[str, ...] = (),
) -> Model:
    notes = list(said)
    needed: list[NeededInput] = []
    figures, synthetic = _figures_of(region, own, data=data)
    years = [year for year in (find_valuation_year(figures, scheme) for scheme in MODEL_SCHEMES) if year is not None]
    declared = load_finance_model(region, root=models)
    base: BaseYear | None = None
    if declared.region == region:
        years = [declared.declared.base_year]
    if years:
        base = read_base_year(region, max(years), figures=figures)
        needed += [needed_figure(one, region) for one in base.missing]
        if synthetic:
            base = BaseYear(**{**vars(base), "synthetic": True})
    else:
        needed += [
            needed_figure(one, region)
            for scheme in MODEL_SCHEMES
            for one in find_missing_figures(figures, scheme, None) or _no_common_year(scheme)
        ]
    # One scheme that is complete is projected; the other stays in the list of what is missing for it alone.
    projectable = base is not None and bool(base.schemes)
    anchors = _anchors_of(figures, base.year if base is not None else None)
    people = _people_of(region, given_people, city=city, models=models, data=data)
    blocking: list[NeededInput] = [] if projectable else needed
    if people is None:
        blocking.append(_NEEDED_PEOPLE)
    else:
        notes += list(people.notes)
    if anchors is None:
        blocking.append(_NEEDED_MEMBERS)
    if PEOPLE_BASIS not in place.bases and region != "national":
        blocking.append(_NEEDED_BASIS)
    if projectable and base is not None:
        notes += [f"not projected: {one.what_en} / {one.what_zh}" for one in base.missing]
    return Model(
        region,
        place,
        base,
        people,
        anchors,
        tuple(blocking),
        models=models,
        data=data,
        notes=tuple(notes),
        _folder=city,
    )


_NEEDED_PEOPLE = NeededInput(
    "population",
    "all",
    "按性别年龄的人口（年初）与死亡率、生育率、迁移",
    "people by sex and age on 1 January, with death rates, births per woman and migration",
    "填population文件夹的表（actuary init），或load_model(…, population=…)",
    "fill the tables of the folder population (actuary init), or load_model(…, population=…)",
)
_NEEDED_MEMBERS = NeededInput(
    "members",
    "all",
    "年末在职、退休与居民参保人数",
    "active, retired and resident members at a year-end",
    "写入figures.csv，或load_model(…, figures=…)",
    "write them in figures.csv, or load_model(…, figures=…)",
)
_NEEDED_BASIS = NeededInput(
    "assumptions.people",
    "all",
    "精算假设（assumptions/people.toml）",
    "an assumption basis (assumptions/people.toml)",
    'actuary init写出模板；沿用全国假设写extends = "national:people"',
    'actuary init writes a template; extends = "national:people" takes those of the nation',
)


def _no_common_year(scheme: str) -> list[MissingInput]:
    return [
        MissingInput(
            scheme,
            f"{scheme}：同一年度的人数、收支与结余",
            f"{scheme}: members, flows and balance of one and the same year",
            "the projection of this scheme",
            "该险种的测算",
            f"{scheme}.year",
        )
    ]


def _figures_of(region: str, own: Figures, *, data: Path | None) -> tuple[Figures, bool]:
    published: dict[Any, Any] = {}
    synthetic = False
    try:
        facts = load_region_facts(region, until=Quarter(_LAST_YEAR, 4), data=data)
    except UnknownNameError:
        # A team's own city is in no table of published facts.
        pass
    else:
        published, synthetic = facts.figures.rows(), facts.synthetic
    if not own.rows():
        return Figures(published), synthetic
    return complete_figures(Figures({**published, **own.rows()}))[0], synthetic


def _anchors_of(figures: Figures, year: int | None) -> MembershipAnchors | None:
    years = [year] if year is not None else sorted(set(figures.values("employee", "active")), reverse=True)
    for one in years:
        held = {name: figures.value(scheme, indicator, one) for name, (scheme, indicator) in _GROUPS.items()}
        known = {name: value for name, value in held.items() if value is not None}
        if {"contributing", "retired"} <= set(known) or "resident" in known:
            return MembershipAnchors(year=one, **known, source="figures of the model")
    return None


def _people_of(
    region: str,
    given: Path | str | PopulationInputs | None,
    *,
    city: CityFolder | None,
    models: Path | None,
    data: Path | None,
) -> PopulationInputs | None:
    if isinstance(given, PopulationInputs):
        return given
    if given is not None:
        folder = Path(given)
        borrows = (folder / BORROW_FILE).is_file()
        read = (
            partial(read_city_people, models=models) if borrows else partial(read_population_inputs, variant="medium")
        )
        return read(folder, region=region)
    if city is not None and (city.folder / "population").is_dir():
        try:
            return read_city_people(city.folder / "population", region=region, models=models)
        except TableError as error:
            if all("no rows" in problem.found for problem in error.problems):
                return None
            raise
    try:
        return load_population(region, models=models, data=data)
    except TableError as error:
        if any("no table of the people" in problem.found for problem in error.problems):
            return None
        raise
