"""Check every declared file at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from actuary.errors import DeclarationError, Problem, UnknownNameError, unknown_name
from actuary.paths import models_root
from actuary.policy.alert_rules import OTHER_FORMS, load_alert_rules, read_alert_file
from actuary.policy.assumptions import read_basis_file
from actuary.policy.finance_model import FINANCE_FILE, read_finance_file
from actuary.policy.membership_model import MEMBERSHIP_FILE, load_membership_model, read_membership_file
from actuary.policy.module_model import MODULE_FILE, load_modules
from actuary.policy.policy_book import load_policy_book, read_policy_file
from actuary.policy.regions import list_regions, read_region_file
from actuary.policy.report_plans import read_report_file
from actuary.policy.scenarios import list_scenarios, read_scenario_file, scenario_keys
from actuary.policy.toml_files import TomlFile, locate_root, read_sources, read_toml

__all__ = ["check_file", "check_models", "file_kind"]

_FOLDERS = {
    "policy": "policy",
    "assumptions": "assumptions",
    "scenarios": "scenario",
    "alerts": "alerts",
    "reports": "report",
}
_NAMES = {"region.toml": "region", "city.toml": "region", FINANCE_FILE: "finance", MEMBERSHIP_FILE: "membership"}
# Grouping schemes, the settlement list, payment policies, synthetic cities and parts of the people-driven model have
# forms of their own; those who read them check them.
_OTHER_FORMS = ("drg", "settlement_list", "payment", "synth", "model", "forecast", "personal", *OTHER_FORMS)
# What a city may have that publishes how it pays hospitals but nothing of its fund.
_PAYMENT_ALONE = {"payment", "sources.md"}


def file_kind(path: Path) -> str | None:
    """Return the kind of a file under models/ by its place, or None.

    Examples
    --------
    >>> file_kind(Path("models/national/policy/payment.toml")), file_kind(Path("models/x.toml"))
    ('policy', None)
    """
    folder = path.resolve().parent.name
    if folder == "alerts" and path.name in OTHER_FORMS:
        return None
    return _NAMES.get(path.name) or _FOLDERS.get(folder)


_Reader = Callable[[TomlFile, Mapping[str, str] | None, Path], list[Problem]]
_READERS: dict[str, _Reader] = {
    "policy": lambda file, sources, _root: read_policy_file(file, sources=sources)[1],
    "assumptions": lambda file, sources, _root: read_basis_file(
        file, region=file.path.resolve().parent.parent.name, sources=sources
    )[1],
    "scenario": lambda file, sources, root: read_scenario_file(file, known=scenario_keys(root), sources=sources)[1],
    "alerts": lambda file, sources, _root: read_alert_file(file, sources=sources)[1],
    "report": lambda file, _sources, root: read_report_file(
        file, scenarios=list_scenarios(root), regions=list_regions(root)
    )[1],
    "region": lambda file, _sources, _root: read_region_file(file)[1],
    "finance": lambda file, sources, _root: read_finance_file(file, sources=sources)[2],
    "membership": lambda file, sources, _root: read_membership_file(file, sources=sources)[2],
}


def _read(file: TomlFile, kind: str, *, root: Path) -> list[Problem]:
    sources, problems = read_sources(file.path.parent, root=root)
    return problems + _READERS[kind](file, sources, root)


def _check_header(file: TomlFile, kind: str, *, root: Path) -> list[Problem]:
    target = root.resolve() / "schema" / f"{kind}.schema.json"
    line = f"#:schema {Path(os.path.relpath(target, file.path.resolve().parent)).as_posix()}"
    first = file.path.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip()
    if first == line:
        return []
    return [Problem(f"{file.label} line 1", repr(first), repr(line), "put that line first, editors need it")]


def check_file(path: Path, *, root: Path | None = None) -> list[Problem]:
    """Find every problem of one file under models/.

    Parameters
    ----------
    path : Path
        The file.
    root : Path, optional
        Root of the models; looked for above the file when left out.

    Returns
    -------
    list of Problem
        None when the file is sound.
    """
    base = root if root is not None else locate_root(path)
    file, problems = read_toml(path, root=base)
    if file is None:
        return problems
    kind = file_kind(path)
    if kind is None and base == path.resolve().parent:
        return _check_alone(file)
    if kind is None:
        known = (*_FOLDERS, *_NAMES)
        return [unknown_name(file.label, path.resolve().parent.name, known, what="folder or file of declarations")]
    return [*_check_header(file, kind, root=base), *_read(file, kind, root=base)]


def _check_alone(file: TomlFile) -> list[Problem]:
    """Check a file with no models around it by the kind that its content shows; its names are those of the package."""
    folder, root = file.path.resolve().parent, models_root()
    own = (folder / "sources.md").is_file()
    sources, problems = read_sources(folder if own else root / "national", root=folder if own else root)
    return problems + _READERS[_kind_of_content(file)](file, sources, root)


def _kind_of_content(file: TomlFile) -> str:
    """Return the kind of a file by the tables that only that kind has; policy when none of them is there."""
    for kind, name in (("alerts", "rule"), ("report", "section"), ("scenario", "delta")):
        if name in file.data:
            return kind
    if "kind" in file.data or "required_inputs" in file.data:
        return "region"
    if "benefit" in file.data:
        return "finance"
    if "membership" in file.data or "retirement_variant" in file.data:
        return "membership"
    reasoned = any(
        isinstance(entry, dict) and "reason" in entry
        for group in file.data.values()
        for table in (group.values() if isinstance(group, dict) else ())
        for entry in (table.get("values", ()) if isinstance(table, dict) else ())
    )
    return "assumptions" if reasoned else "policy"


def check_models(root: Path | None = None) -> list[Problem]:
    """Find every problem of every file under models/, and of the files together.

    Parameters
    ----------
    root : Path, optional
        Root of the models.

    Returns
    -------
    list of Problem
        None when everything is sound.

    Examples
    --------
    >>> check_models()
    []
    """
    base = root or models_root()
    problems: list[Problem] = []
    for path in sorted(base.rglob("*.toml")):
        if set(path.relative_to(base).parts) & set(_OTHER_FORMS) and file_kind(path) is None:
            continue
        problems += [problem for problem in check_file(path, root=base) if problem not in problems]
    for folder in sorted((base / "cities").glob("*/")):
        alone = {item.name for item in folder.iterdir()} == _PAYMENT_ALONE
        if not alone and not (folder / "city.toml").is_file():
            problems.append(Problem(f"cities/{folder.name}", "no city.toml", "a city.toml", "describe the city in one"))
    if problems:
        return problems
    return _check_together(base)


def _check_together(base: Path) -> list[Problem]:
    """Find what no file shows alone: a key in two files, a unit that differs, a rule id in two files."""
    loads: list[Callable[[], object]] = [partial(load_policy_book, name, root=base) for name in list_regions(base)]
    loads.append(partial(load_alert_rules, base))
    if (base / "national" / "model" / MEMBERSHIP_FILE).is_file():
        loads += [partial(load_membership_model, name, root=base) for name in list_regions(base)]
    if (base / "national" / "model" / MODULE_FILE).is_file():
        loads += [partial(load_modules, name, root=base) for name in list_regions(base)]
    problems: list[Problem] = []
    for load in loads:
        try:
            load()
        except (DeclarationError, UnknownNameError) as error:
            problems += [problem for problem in error.problems if problem not in problems]
    return problems
