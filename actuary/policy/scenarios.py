"""Scenarios as deltas: what is added to, multiplied into or put in place of rules and assumptions, from a day on."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from actuary.drivers import BENEFIT_DRIVERS, PEOPLE_DRIVERS, POPULATION_DRIVERS
from actuary.errors import DeclarationError, Problem, UnknownNameError, raise_all, unknown_name
from actuary.paths import models_root
from actuary.policy.assumptions import ASSUMPTION_KEYS, AssumptionBasis, load_basis
from actuary.policy.dated import DatedBook, Span, close, overlay, spans_of
from actuary.policy.fingerprints import fingerprint
from actuary.policy.membership_model import MEMBERSHIP_KEYS
from actuary.policy.module_model import MODULE_KEYS
from actuary.policy.parameters import DatedValue, Parameter, Value, check_bounds
from actuary.policy.policy_book import PolicyBook, load_policy_book, read_policy_folder
from actuary.policy.shapes import Shape, Text, check_source, fit, shown
from actuary.policy.toml_files import TomlFile, read_sources, read_toml

__all__ = [
    "Delta",
    "Resolved",
    "Scenario",
    "apply_deltas",
    "list_scenarios",
    "load_scenario",
    "read_scenario_file",
    "resolve",
    "scenario_keys",
]


class Delta(Shape):
    """Hold one change of a rule or an assumption.

    Attributes
    ----------
    key : str
        Rule or assumption that is touched.
    operation : str
        add, multiply or replace.
    value : float, bool, str or datetime.date
        What is added, multiplied or put in place.
    first_day : datetime.date
        First day of the change (``from``).
    last_day : datetime.date or None
        Last day (``to``); None: it stays.
    source : str
        ``S1``, ``std`` or ``judgement``.
    reason, reason_en : str
        Why this much.
    """

    key: Text
    operation: Literal["add", "multiply", "replace"]
    value: Value
    first_day: dt.date = Field(alias="from")
    last_day: dt.date | None = Field(default=None, alias="to")
    source: str
    reason: Text
    reason_en: Text | None = None


class ScenarioFile(Shape):
    """Hold a file of models/scenarios."""

    name_zh: Text
    name_en: Text
    description_zh: Text
    description_en: Text
    delta: tuple[Delta, ...]


@dataclass(frozen=True)
class Scenario:
    """Hold a scenario: a list of deltas to the base.

    Parameters
    ----------
    name : str
        Name of its file.
    name_zh, name_en, description_zh, description_en : str
        What it is, in words.
    deltas : tuple of Delta
        Applied in this order; none: the base itself.
    sources : mapping
        The list of sources its deltas cite.
    """

    name: str
    name_zh: str
    name_en: str
    description_zh: str
    description_en: str
    deltas: tuple[Delta, ...]
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """Return name and number of changes."""
        return f"<Scenario {self.name}: {self.name_zh} {self.name_en}, {len(self.deltas)} changes>"

    def _repr_html_(self) -> str:
        head = "<tr><th>key</th><th>operation</th><th>value</th><th>from</th><th>to</th><th>reason</th></tr>"
        rows = "".join(
            f"<tr><td>{escape(one.key)}</td><td>{one.operation}</td><td>{escape(str(one.value))}</td>"
            f"<td>{one.first_day}</td><td>{one.last_day or ''}</td><td>{escape(one.reason)}</td></tr>"
            for one in self.deltas
        )
        told = f"<p><b>{escape(self.name_zh)} {escape(self.name_en)}</b><br>{escape(self.description_en)}</p>"
        return f"{told}<table><thead>{head}</thead><tbody>{rows}</tbody></table>"

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the deltas."""
        return fingerprint({"scenario": self.name, "deltas": self.deltas})


@dataclass(frozen=True)
class Resolved:
    """Hold the rules and assumptions of a region after a scenario was applied.

    Parameters
    ----------
    policy : PolicyBook
        Rules.
    assumptions : AssumptionBasis
        Assumptions.
    scenario : Scenario
        The scenario.
    """

    policy: PolicyBook
    assumptions: AssumptionBasis
    scenario: Scenario

    @property
    def deltas(self) -> tuple[Delta, ...]:
        """The deltas that were applied."""
        return self.scenario.deltas

    @property
    def unused(self) -> tuple[str, ...]:
        """Keys that the scenario touches and neither the rules nor the basis hold: they change nothing here."""
        keys = dict.fromkeys(delta.key for delta in self.deltas)
        return tuple(key for key in keys if key not in self.policy and key not in self.assumptions)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every rule and assumption as resolved."""
        return fingerprint({"policy": self.policy.fingerprint, "assumptions": self.assumptions.fingerprint})


def list_scenarios(root: Path | None = None) -> tuple[str, ...]:
    """Return the names of all declared scenarios, the base first.

    Examples
    --------
    >>> list_scenarios()[:3]
    ('base', 'adverse', 'contribution_halving_5_months')
    """
    names = sorted(path.stem for path in ((root or models_root()) / "scenarios").glob("*.toml"))
    return tuple(sorted(names, key=lambda name: name != "base"))


def scenario_keys(root: Path) -> dict[str, Parameter | None]:
    """Return every key a scenario may touch: the drivers, and the rules declared for the nation or a city.

    Parameters
    ----------
    root : Path
        Root of the models.

    Returns
    -------
    dict
        Key to the national rule, or None where there is none to compare with.
    """
    folders = [path.parent for path in sorted((root / "cities").glob("*/policy"))]
    # Every scenario asks for them, so they are read once for the content that the files have.
    content = hashlib.blake2b()
    for folder in (root / "national", *folders):
        for path in (folder / "sources.md", *sorted((folder / "policy").glob("*"))):
            content.update(f"{path}\0".encode())
            content.update(path.read_bytes() if path.is_file() else b"")
    return dict(_keys_of(root, tuple(folders), content.digest()))


@lru_cache(maxsize=8)
def _keys_of(root: Path, folders: tuple[Path, ...], _content: bytes) -> dict[str, Parameter | None]:
    keys: dict[str, Parameter | None] = dict.fromkeys(
        (*ASSUMPTION_KEYS, *MEMBERSHIP_KEYS, *MODULE_KEYS, *POPULATION_DRIVERS)
    )
    for folder in folders:
        keys.update(dict.fromkeys(read_policy_folder(folder, root=root)[0]))
    keys.update({key: rule for key, (rule, _) in read_policy_folder(root / "national", root=root)[0].items()})
    return keys


def read_scenario_file(
    file: TomlFile, *, known: Mapping[str, Parameter | None], sources: Mapping[str, str] | None
) -> tuple[Scenario | None, list[Problem]]:
    """Read one scenario file that was parsed.

    Parameters
    ----------
    file : TomlFile
        The file.
    known : mapping
        Keys it may touch, from :func:`scenario_keys`.
    sources : mapping or None
        The list of sources of its folder.

    Returns
    -------
    tuple
        The scenario or None, and every problem of the file.
    """
    declared, problems = fit(ScenarioFile, file.data, file=file)
    rows = file.data.get("delta", ())
    for number, row in enumerate(rows if isinstance(rows, tuple) else (), 1):
        if isinstance(row, Mapping):
            problems += _check_delta(row, file=file, place=f"delta[{number}]", known=known, sources=sources)
    if declared is None or problems:
        return None, problems
    return Scenario(
        name=file.path.stem,
        name_zh=declared.name_zh,
        name_en=declared.name_en,
        description_zh=declared.description_zh,
        description_en=declared.description_en,
        deltas=declared.delta,
        sources=sources or {},
    ), []


def _check_delta(
    row: Mapping[str, Any],
    *,
    file: TomlFile,
    place: str,
    known: Mapping[str, Parameter | None],
    sources: Mapping[str, str] | None,
) -> list[Problem]:
    problems: list[Problem] = []
    key, source, first, last = (row.get(name) for name in ("key", "source", "from", "to"))
    if isinstance(key, str) and key.strip() and key not in known:
        problems.append(unknown_name(file.where(f"{place}.key"), key, known, what="rule or assumption"))
    problems += _check_delta_value(row, where=file.where(f"{place}.value"))
    if isinstance(first, dt.date) and isinstance(last, dt.date) and last < first:
        problems.append(Problem(file.where(f"{place}.to"), shown(last), f"a day from {first.isoformat()} on"))
    rule = known.get(key) if isinstance(key, str) else None
    if isinstance(first, dt.date) and rule is not None and first < rule.values[0].first_day:
        begin = rule.values[0].first_day.isoformat()
        problems.append(
            Problem(file.where(f"{place}.from"), shown(first), f"a day from {begin} on", f"{key} begins on that day")
        )
    if isinstance(source, str):
        where = file.where(f"{place}.source")
        problems += check_source(source, where=where, sources=sources, label=file.label)
    return problems


def _check_delta_value(row: Mapping[str, Any], *, where: str) -> list[Problem]:
    value, operation = row.get("value"), row.get("operation")
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(where, shown(value), "a finite number")]
    if operation in ("add", "multiply") and isinstance(value, bool | str | dt.date):
        return [Problem(where, shown(value), f"a number to {operation}", "write it as a bare number")]
    return []


def load_scenario(name: str, *, root: Path | None = None) -> Scenario:
    """Load a scenario.

    Parameters
    ----------
    name : str
        Name of its file under models/scenarios.
    root : Path, optional
        Root of the models.

    Returns
    -------
    Scenario
        Its names and deltas.

    Raises
    ------
    UnknownNameError
        When there is no such scenario; the message names the nearest one.
    DeclarationError
        When the file is not valid; every problem is listed.

    Examples
    --------
    >>> load_scenario("base").deltas
    ()
    """
    base = root or models_root()
    if name not in list_scenarios(base):
        raise UnknownNameError(unknown_name("scenario", name, list_scenarios(base), what="scenario"))
    path = base / "scenarios" / f"{name}.toml"
    sources, problems = read_sources(path.parent, root=base)
    file, found = read_toml(path, root=base)
    problems += found
    scenario: Scenario | None = None
    if file is not None:
        scenario, found = read_scenario_file(file, known=scenario_keys(base), sources=sources)
        problems += found
    raise_all(problems, DeclarationError)
    if scenario is None:
        raise DeclarationError(Problem(path.name, "nothing", "a scenario"))
    return scenario


def _operate(entry: DatedValue, delta: Delta) -> DatedValue:
    value: Any = delta.value
    if delta.operation == "add":
        value = entry.value + value
    elif delta.operation == "multiply":
        value = entry.value * value
    return entry.model_copy(update={"value": value, "source": delta.source, "confidence": None})


def _change_spans(
    spans: list[Span], parameter: Parameter, delta: Delta, *, where: str, origin: str
) -> tuple[list[Span], list[Problem]]:
    """Apply one delta to the spans of one parameter; days outside the delta keep their value."""
    first, last = delta.first_day, delta.last_day or dt.date.max
    if delta.operation != "replace" and any(not isinstance(span.entry.value, float) for span in spans):
        return spans, [Problem(where, delta.operation, "replace", f"{delta.key} is no number")]
    changed = [
        Span(max(span.first_day, first), min(span.last_day, last), _operate(span.entry, delta), origin)
        for span in spans
        if span.first_day <= last and span.last_day >= first
    ]
    if not changed:
        expected = f"a time within {spans[0].first_day.isoformat()} and after, when it is in force"
        return spans, [Problem(where, f"from {first.isoformat()}", expected, "change the days of the delta")]
    for span in changed:
        problems = check_bounds(parameter, span.entry.value, where=f"{where} from {span.first_day.isoformat()}")
        if problems:
            return spans, problems
    return overlay(spans, changed), []


def apply_deltas[B: DatedBook](book: B, scenario: Scenario) -> tuple[B, list[Problem]]:
    """Apply the deltas of a scenario that touch a book.

    Parameters
    ----------
    book : DatedBook
        Rules or assumptions.
    scenario : Scenario
        The scenario; a delta on a key that is not in the book changes nothing.

    Returns
    -------
    tuple
        The book with the deltas applied, and every delta that leads out of bounds or touches no day in force.
    """
    parameters, origins = dict(book.parameters), dict(book.origins)
    problems: list[Problem] = []
    origin = f"scenario {scenario.name}: scenarios/{scenario.name}.toml"
    for delta in scenario.deltas:
        key = delta.key
        if key not in book:
            continue
        parameter = parameters[key]
        spans, found = _change_spans(
            spans_of(parameter, origins.get(key, ())),
            parameter,
            delta,
            where=f"scenario {scenario.name}, {key} of {book.region}",
            origin=origin,
        )
        problems += found
        parameters[key] = parameter.model_copy(update={"values": close(spans)})
        origins[key] = tuple(span.origin for span in spans)
    sources = {**book.sources, f"scenario {scenario.name}": scenario.sources}
    return replace(book, parameters=parameters, origins=origins, sources=sources), problems


def resolve(region: str, *, basis: str = "base", scenario: str | None = None, root: Path | None = None) -> Resolved:
    """Load the rules and assumptions of a region and apply a scenario to them.

    Parameters
    ----------
    region : str
        Region id.
    basis : str
        Assumption basis.
    scenario : str, optional
        Scenario; the base when left out.
    root : Path, optional
        Root of the models.

    Raises
    ------
    UnknownNameError
        When region, basis or scenario are not declared, or the scenario touches a key this region does not have.
    DeclarationError
        When a file is not valid, the region has no basis, or a delta leads out of bounds.

    Examples
    --------
    >>> import datetime as dt
    >>> day = dt.date(2030, 1, 1)
    >>> base = resolve("national").assumptions.value("employee.pooled_cost_growth", day)
    >>> worse = resolve("national", scenario="adverse").assumptions.value("employee.pooled_cost_growth", day)
    >>> worse > base
    True
    """
    book = load_policy_book(region, root=root)
    assumptions = load_basis(region, basis, root=root)
    chosen = load_scenario(scenario or "base", root=root)
    # A driver of the people-driven model that another basis lacks changes nothing there; see Resolved.unused.
    elsewhere = (*PEOPLE_DRIVERS, *BENEFIT_DRIVERS, *MEMBERSHIP_KEYS, *MODULE_KEYS, *POPULATION_DRIVERS)
    known = (*book.keys(), *assumptions.keys(), *elsewhere)
    raise_all(
        [
            unknown_name(f"scenario {chosen.name} for {region}", delta.key, known, what="rule or assumption")
            for delta in chosen.deltas
            if delta.key not in known
        ],
        UnknownNameError,
    )
    if not chosen.deltas:
        return Resolved(book, assumptions, chosen)
    rules, problems = apply_deltas(book, chosen)
    drivers, found = apply_deltas(assumptions, chosen)
    raise_all(problems + found, DeclarationError)
    return Resolved(rules, drivers, chosen)
